//! The inspector of a requirement: the sentence, the rule with values filled in, source, law, limits of what it shows.

use egui::{Align, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use verifold_model::{
    record::{AuditRecord, RequirementResult},
    state::{Severity, State},
};

use super::model::{WhyRow, why_rows};
use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::{Screen, Selection},
    tokens::Face,
    verdict::{Form, Verdict},
    widgets::{
        button, caption,
        controls::Weight,
        divider, link, note, segments,
        text::{Fit, kind, paint_icon, paint_text, sentence, strong, width},
        theme, verdict_chip,
    },
};

/// Rows of the rule shown before the rest is folded away.
const MOST_ROWS: usize = 60;

/// Draws why a requirement is in its state.
pub fn why_ui(ui: &mut Ui, record: &AuditRecord, result: &RequirementResult, asked: &mut Asked) {
    let colors = theme(ui).color;
    verdict_chip(ui, &Verdict::from(result));
    let severity = match result.severity {
        Severity::Mandatory => "Mandatory",
        Severity::Advisory => "Advisory",
    };
    sentence(ui, &format!("{severity} · {} · {}", result.stage.title(), result.assertion), kind().table, colors.text2);
    ui.add_space(4.0);
    sentence(ui, &result.sentence, strong(kind().body), colors.text);
    sentence(ui, &result.reason, kind().body, colors.text2);
    divider(ui);
    rule(ui, result);
    if result.batches.len() > 1 {
        batches(ui, result, asked);
    }
    divider(ui);
    caption(ui, "Source");
    if result.proofs.is_empty() {
        sentence(ui, "Rests on no proof", kind().table, colors.text2);
    }
    for id in &result.proofs {
        let Some(proof) = record.proofs.iter().find(|proof| proof.id == *id) else { continue };
        let verdict = Verdict::from(proof.state);
        if link(ui, &format!("Proof “{}”, {}", proof.title, verdict.word.to_lowercase())).clicked() {
            asked.push(Action::Open(Screen::Proofs, Selection::Proof(id.clone())));
        }
        sentence(ui, &proof.circuit.to_string(), kind().mono, colors.text3);
    }
    if !result.n.is_empty() {
        sentence(ui, &format!("Rests on {}", result.n), kind().table, colors.text2);
    }
    if !result.legal.is_empty() {
        ui.add_space(6.0);
        caption(ui, "Legal references");
        for law in &result.legal {
            sentence(ui, law, kind().table, colors.text);
        }
    }
    ui.add_space(8.0);
    note(ui, Icon::EyeSlash, "This does not show", &result.does_not_show);
    if let Some(metric) = &result.metric {
        ui.add_space(6.0);
        if button(ui, Some(Icon::ChartLine), "Show in Monitoring", "", Weight::Default, true).on_hover_text(metric.to_string()).clicked() {
            let batch = result.batches.iter().find(|b| b.state == State::Violated).or(result.batches.first()).map_or(1, |b| b.number);
            asked.push(Action::ShowMetric(result.id.clone(), batch));
        }
    }
}

fn rule(ui: &mut Ui, result: &RequirementResult) {
    let look = theme(ui);
    let colors = look.color;
    let rows = why_rows(&result.why);
    // Columns as wide as their widest value, so that nothing in them is cut.
    let mono = kind().mono.font();
    let widest = |ui: &Ui, title: &str, pick: fn(&WhyRow) -> &str| {
        rows.iter().take(MOST_ROWS).map(|row| width(ui, pick(row), mono.clone())).fold(width(ui, title, kind().caption.font()), f32::max)
            + 12.0
    };
    let widths =
        [widest(ui, "Actual", |r| &r.node.actual), widest(ui, "Limit", |r| &r.node.threshold), widest(ui, "Margin", |r| &r.node.margin)];
    let room = ui.available_width();
    let values: f32 = widths.iter().sum();
    // Where label and values do not fit beside each other, values take a line of their own.
    let stacked = room - values < 150.0;
    if !stacked {
        let (rect, _) = ui.allocate_exact_size(vec2(room, 24.0), Sense::hover());
        paint_text(ui, rect, Align::Min, "Rule", kind().caption, colors.text3, Fit::Must);
        columns(ui, rect, &widths, ["Actual", "Limit", "Margin"], false, true);
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, colors.line));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    for row in rows.iter().take(MOST_ROWS) {
        let indent = 18.0 * row.depth as f32;
        let node = &row.node;
        let has_values = !(node.actual.is_empty() && node.threshold.is_empty() && node.margin.is_empty());
        let label_room = if stacked { room - indent - 22.0 } else { room - values - indent - 22.0 };
        let face = if row.depth == 0 { strong(kind().table) } else { kind().table };
        let text = if node.note.is_empty() { node.label.clone() } else { format!("{}  {}", node.label, node.note) };
        let galley = ui.painter().layout(text.clone(), face.font(), colors.text, label_room.max(80.0));
        let line = (galley.size().y + 8.0).max(26.0);
        let height = if stacked && has_values { line + 20.0 } else { line };
        let (rect, response) = ui.allocate_exact_size(vec2(room, height), Sense::hover());
        for level in 0..row.depth {
            ui.painter().vline(rect.left() + 8.0 + 18.0 * level as f32, rect.y_range(), Stroke::new(1.0, colors.line_strong));
        }
        if let Some(state) = node.state {
            let form = Form::from(state);
            paint_icon(ui, pos2(rect.left() + indent + 9.0, rect.top() + 13.0), form.icon(), 15.0, form.colors(look).mark);
        }
        let y = rect.top() + (line - galley.size().y) / 2.0;
        ui.painter().galley(pos2(rect.left() + indent + 21.0, y), galley, colors.text);
        let alarm = node.state == Some(State::Violated);
        let place = if stacked { rect.with_min_y(rect.top() + line - 2.0) } else { rect.with_max_y(rect.top() + line) };
        if has_values {
            columns(ui, place, &widths, [&node.actual, &node.threshold, &node.margin], alarm, false);
        }
        ui.painter().hline(rect.left() + indent..=rect.right(), rect.bottom() - 0.5, Stroke::new(1.0, colors.grid));
        let word = node.state.map_or("", State::word).to_lowercase();
        let sentence = [text.as_str(), word.as_str(), node.actual.as_str(), node.threshold.as_str()]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
        if !node.integers.is_empty() {
            ui.add_space(4.0);
            sentence_in(ui, &format!("In whole numbers: {}", node.integers), indent + 21.0);
            ui.add_space(4.0);
        }
    }
    ui.spacing_mut().item_spacing.y = 4.0;
    if rows.len() > MOST_ROWS {
        ui.add_space(4.0);
        caption(ui, &format!("{} more lines of the rule are in the record", rows.len() - MOST_ROWS));
    }
}

fn sentence_in(ui: &mut Ui, text: &str, indent: f32) {
    let color = theme(ui).color.text2;
    ui.horizontal_top(|ui| {
        ui.add_space(indent);
        sentence(ui, text, kind().mono, color);
    });
}

fn columns(ui: &Ui, rect: Rect, widths: &[f32; 3], texts: [&str; 3], alarm: bool, header: bool) {
    let look = theme(ui);
    let mut right = rect.right();
    for (i, (wide, text)) in widths.iter().zip(texts).enumerate().rev() {
        let place = Rect::from_x_y_ranges(right - wide..=right, rect.y_range());
        let (face, color) = match (header, i) {
            (true, _) => (kind().caption, look.color.text3),
            (false, 2) if alarm => (kind().mono.with(Face::MonoBold), look.state.violated.ink),
            (false, 1) => (kind().mono, look.color.text3),
            (false, _) => (kind().mono, look.color.text),
        };
        paint_text(ui, place, Align::Max, text, face, color, Fit::MayCut);
        right -= wide;
    }
}

fn batches(ui: &mut Ui, result: &RequirementResult, asked: &mut Asked) {
    let violated: Vec<_> = result.batches.iter().filter(|b| b.state == State::Violated).collect();
    if violated.is_empty() {
        return;
    }
    ui.add_space(8.0);
    caption(ui, "Batches beyond the limit");
    let labels: Vec<String> = violated.iter().take(12).map(|b| format!("Batch {}", b.number)).collect();
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    if let Some(clicked) = segments(ui, &names, usize::MAX) {
        asked.push(Action::ShowMetric(result.id.clone(), violated[clicked].number));
    }
    if violated.len() > 12 {
        caption(ui, &format!("and {} more", violated.len() - 12));
    }
}
