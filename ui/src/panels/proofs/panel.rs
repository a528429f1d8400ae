//! The table of proofs, the selected statement in words, the properties of its proof system.

use egui::{Align, Frame, Margin, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use verifold_model::record::{AuditRecord, ProofState, ProofSummary, Source};

use super::{model::property_rows, traceability::traceability_ui};
use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::Selection,
    tokens::{Face, tokens},
    verdict::Form,
    widgets::{
        card, dashed_rect, digest, heading, key_value, note,
        table::{Cell, Column, Row, table},
        text::{Fit, kind, paint_icon, paint_text, sentence, strong},
        theme,
    },
    workbench::Audit,
};

const COLUMNS: [Column; 7] = [
    Column::text("State", 98.0, 0.0),
    Column::text("Statement", 130.0, 0.3),
    Column::text("Circuit", 106.0, 0.1),
    Column::text("Note", 40.0, 0.6),
    Column::number("Steps", 36.0),
    Column::number("Size", 30.0),
    Column::number("Proof", 40.0),
];

/// Draws the room.
pub fn proofs_ui(ui: &mut Ui, audit: &Audit, selected: Option<&ProofSummary>, asked: &mut Asked) {
    let (record, model) = (&audit.record, &audit.proofs);
    let colors = theme(ui).color;
    ScrollArea::vertical().id_salt("proofs").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 10.0;
        heading(ui, &model.title, kind().headline);
        if let Some(missing) = &audit.isolation {
            note(ui, Icon::Warning, "Isolation", &format!("On this computer {missing}."));
        }
        if model.rows.is_empty() {
            card(ui, |ui| {
                sentence(
                    ui,
                    "The package could not be read far enough to list its proofs. The first rung of the ladder says where reading ended.",
                    kind().body,
                    colors.text2,
                )
            });
            return;
        }
        let rows = model.rows.len().min(12) as f32;
        Frame::new()
            .fill(colors.panel)
            .stroke(Stroke::new(1.0, colors.line))
            .corner_radius(tokens().radius.card)
            .inner_margin(Margin::same(1))
            .show(ui, |ui| {
                ui.set_max_height(tokens().size.table_header + rows * tokens().size.table_row + 8.0);
                let at = selected.and_then(|proof| model.rows.iter().position(|row| row.id == proof.id));
                let mut columns = COLUMNS;
                for row in &model.rows {
                    columns[0].hold(ui, &row.verdict.word, 24.0);
                    for (column, text) in columns[4..].iter_mut().zip([&row.steps, &row.size, &row.bytes]) {
                        column.hold_number(ui, text);
                    }
                }
                let clicked = table(ui, "proofs", &columns, model.rows.len(), at, false, |i| {
                    let row = &model.rows[i];
                    let cells = vec![
                        Cell::Verdict(row.verdict.clone()),
                        Cell::Words(row.title.clone()),
                        Cell::Quiet(row.circuit.clone()),
                        Cell::Quiet(row.note.clone()),
                        Cell::Number(row.steps.clone()),
                        Cell::Number(row.size.clone()),
                        Cell::Number(row.bytes.clone()),
                    ];
                    Row::Cells(
                        cells,
                        format!(
                            "Proof {}, {}{}",
                            row.title,
                            row.verdict.word.to_lowercase(),
                            if row.note.is_empty() { String::new() } else { format!(", {}", row.note) }
                        ),
                    )
                });
                if let Some(row) = clicked.and_then(|i| model.rows.get(i)) {
                    asked.push(Action::Select(Selection::Proof(row.id.clone())));
                }
            });
        if let Some(proof) = selected {
            one(ui, record, proof);
        }
        for summary in &record.traceability {
            traceability_ui(ui, summary);
        }
        ui.add_space(6.0);
    });
}

/// The selected proof: what it states, and by which system.
fn one(ui: &mut Ui, record: &AuditRecord, proof: &ProofSummary) {
    if ui.available_width() >= 720.0 {
        let each = (ui.available_width() - 10.0) / 2.0;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            for side in 0..2 {
                ui.allocate_ui_with_layout(vec2(each, 0.0), egui::Layout::top_down(Align::Min), |ui| {
                    ui.set_width(each);
                    if side == 0 { statement(ui, record, proof) } else { properties(ui, proof) }
                });
            }
        });
    } else {
        statement(ui, record, proof);
        properties(ui, proof);
    }
}

fn statement(ui: &mut Ui, record: &AuditRecord, proof: &ProofSummary) {
    let colors = theme(ui).color;
    let claimed = proof.state != ProofState::Valid;
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        sentence(ui, "Statement in plain words", kind().title, colors.text);
        let inside = ui.scope(|ui| {
            if claimed {
                sentence(ui, "Claimed: no valid proof establishes it.", strong(kind().body), colors.text2);
            }
            sentence(ui, &proof.plain_words, kind().body, if claimed { colors.text2 } else { colors.text });
        });
        if claimed {
            dashed_rect(ui.painter(), inside.response.rect.expand(4.0), colors.text3);
            ui.add_space(6.0);
        }
        ui.add_space(4.0);
        if let Some(model) = &record.model {
            // Each monitoring proof carries its own.
            let own = proof.zn.iter().zip(&proof.state_names).find(|(_, name)| *name == "model").map_or(model.value, |(value, _)| *value);
            key_value(ui, "Model", |ui| {
                digest(ui, "model", &own.to_string(), claimed || model.source == Source::Package);
            });
        }
        if let Some(plan) = &record.plan {
            key_value(ui, "Plan", |ui| {
                digest(ui, "plan commitment", &plan.commitment.to_string(), claimed || plan.source == Source::Package);
            });
        }
        if let Some(last) = proof.zn.iter().zip(&proof.state_names).find(|(_, name)| name.contains("chain")) {
            key_value(ui, "Chain end", |ui| {
                digest(ui, "chain end", &last.0.to_string(), claimed);
            });
        }
        key_value(ui, "Kind", |ui| {
            sentence(ui, proof.statement.name(), kind().mono, colors.text);
        });
        ui.add_space(6.0);
        note(ui, Icon::EyeSlash, "This does not show", &proof.does_not_show);
    });
}

fn properties(ui: &mut Ui, proof: &ProofSummary) {
    let look = theme(ui);
    let colors = look.color;
    card(ui, |ui| {
        sentence(ui, "Proof-system properties", kind().title, colors.text);
        sentence(ui, proof.system.title(), kind().caption.with(Face::Regular), colors.text3);
        ui.spacing_mut().item_spacing.y = 0.0;
        for line in property_rows(proof) {
            let reason_width = ui.available_width() - 140.0;
            let galley = ui.painter().layout(line.reason.clone(), kind().caption.with(Face::Regular).font(), colors.text3, reason_width);
            let height = galley.size().y + 30.0;
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            ui.painter().hline(rect.x_range(), rect.top(), Stroke::new(1.0, colors.grid));
            let title = rect.with_max_y(rect.top() + 26.0).with_max_x(rect.left() + reason_width);
            paint_text(ui, title, Align::Min, &line.title, kind().table, colors.text, Fit::Must);
            ui.painter().galley(pos2(rect.left(), rect.top() + 23.0), galley, colors.text3);
            let at = rect.right() - 132.0;
            let paint = line.form.colors(look);
            let icon = if line.form == Form::Satisfied { Icon::Check } else { line.form.icon() };
            paint_icon(ui, pos2(at + 8.0, title.center().y), icon, 15.0, paint.mark);
            let word = rect.with_min_x(at + 20.0).with_max_y(title.bottom());
            paint_text(ui, word, Align::Min, &line.word, strong(kind().table), paint.ink, Fit::Must);
            let asked = rect.with_min_x(at + 48.0).with_max_y(title.bottom());
            paint_text(ui, asked, Align::Max, &line.asked, kind().table, colors.text3, Fit::Must);
            let said = format!("{}: {}, {}. {}", line.title, line.word.to_lowercase(), line.asked, line.reason);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
        }
    });
}
