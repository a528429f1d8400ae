//! Monitoring as drawn: choice of metric, chart, batches, groups, drift.

use egui::{Align, ComboBox, Frame, Margin, ScrollArea, Sense, Stroke, Ui, UiBuilder, vec2};
use verifold_model::{
    format,
    record::{AuditRecord, BatchRecord, Standing},
};

use super::{
    bars::{drift_ui, groups_ui},
    chart::chart_ui,
    export::{csv, svg},
    model::{Choice, Drift, Groups, Model},
};
use crate::{
    action::Action,
    panels::Asked,
    place::Selection,
    tokens::tokens,
    widgets::{
        button, card,
        controls::Weight,
        segments,
        table::{Cell, Column, Row, table},
        text::{Fit, kind, paint_text, sentence, strong, width},
        theme,
    },
};

/// What a person set in this room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Position of the metric shown among the choices.
    pub choice: usize,
    /// Only batches that do not satisfy, or have no value where batches are not judged.
    pub outstanding: bool,
    /// Batch that the table was scrolled to, or that was selected in it.
    pub followed: Option<u32>,
}

const COLUMNS: [Column; 6] = [
    Column::number("Batch", 38.0),
    Column::text("From", 50.0, 0.4),
    Column::number("n", 30.0),
    Column::number("Value", 46.0),
    Column::number("Margin", 46.0),
    Column::text("State", 60.0, 0.6),
];

/// Position of the margin among the columns.
const MARGIN: usize = 4;

/// Segments offered beside the list of all series.
const MOST_SEGMENTS: usize = 5;

/// Draws the room.
pub fn monitoring_ui(
    ui: &mut Ui,
    record: &AuditRecord,
    choices: &[Choice],
    model: &Model,
    view: &mut View,
    selection: &Selection,
    asked: &mut Asked,
) {
    let colors = theme(ui).color;
    let selected = match selection {
        Selection::Batch(number) => Some(*number),
        _ => None,
    };
    let full = ui.available_height();
    ScrollArea::vertical().id_salt("monitoring").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 10.0;
        choose(ui, choices, model, view);
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            sentence(ui, &model.title, kind().title, colors.text);
            sentence(ui, &format!("{} · {}", model.formula, model.rows), kind().caption.with(crate::tokens::Face::Regular), colors.text3);
            let height = (full * 0.34).clamp(170.0, 340.0);
            if let Some(at) = chart_ui(ui, model, selected, height) {
                asked.push(Action::Select(Selection::Batch(model.slots[at].number)));
            }
        });
        let batch = selected.and_then(|number| record.batches.iter().find(|b| b.number == number));
        let wide = ui.available_width() >= 680.0;
        let room = (full - ui.min_rect().height() - 12.0).max(320.0);
        if wide {
            let whole = ui.available_width();
            let left = (whole - 10.0) * 0.54;
            let (rect, _) = ui.allocate_exact_size(vec2(whole, room), Sense::hover());
            let mut first = ui.new_child(UiBuilder::new().max_rect(rect.with_max_x(rect.left() + left)).id_salt("batches"));
            batches(&mut first, model, view, selected, room, asked);
            let mut second = ui.new_child(UiBuilder::new().max_rect(rect.with_min_x(rect.left() + left + 10.0)).id_salt("details"));
            ScrollArea::vertical().id_salt("details").auto_shrink([false, false]).show(&mut second, |ui| {
                ui.spacing_mut().item_spacing.y = 10.0;
                details(ui, record, model, batch);
            });
        } else {
            batches(ui, model, view, selected, 340.0, asked);
            details(ui, record, model, batch);
        }
    });
}

fn choose(ui: &mut Ui, choices: &[Choice], model: &Model, view: &mut View) {
    // The list of all metrics and two buttons stand behind the segments.
    let mut room = ui.available_width() - 280.0;
    // Those a requirement limits stand first.
    let mut labels: Vec<String> = Vec::new();
    for label in choices.iter().filter(|choice| choice.requirement.is_some()).take(MOST_SEGMENTS).map(short) {
        room -= width(ui, &label, strong(kind().control).font()) + 22.0;
        if room < 0.0 && !labels.is_empty() {
            break;
        }
        labels.push(label);
    }
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    ui.horizontal_wrapped(|ui| {
        if let Some(clicked) = segments(ui, &names, view.choice) {
            view.choice = clicked;
        }
        ui.spacing_mut().interact_size.y = tokens().size.button;
        ui.spacing_mut().button_padding = vec2(10.0, 4.0);
        let current = choices.get(view.choice).filter(|_| view.choice >= names.len());
        let text = current.map_or_else(|| "All metrics".to_owned(), full);
        let response = ComboBox::from_id_salt("all metrics").selected_text(text).width(150.0).show_ui(ui, |ui| {
            for (i, choice) in choices.iter().enumerate() {
                if ui.selectable_label(i == view.choice, full(choice)).clicked() {
                    view.choice = i;
                }
            }
        });
        response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "All metrics"));
        copies(ui, model);
    });
}

/// The chart, to paste elsewhere.
fn copies(ui: &mut Ui, model: &Model) {
    if button(ui, None, "SVG", "", Weight::Quiet, true).on_hover_text("Copy the chart as SVG").clicked() {
        ui.copy_text(svg(model, theme(ui)));
    }
    if button(ui, None, "CSV", "", Weight::Quiet, true).on_hover_text("Copy the values as CSV").clicked() {
        ui.copy_text(csv(model));
    }
}

/// A title short enough for a segment, with the requirement it answers.
fn short(choice: &Choice) -> String {
    let base = choice.title.split(',').next().unwrap_or(&choice.title);
    match &choice.requirement {
        Some(id) => format!("{id} {base}"),
        None => base.to_owned(),
    }
}

/// A title with the requirement it answers.
fn full(choice: &Choice) -> String {
    match &choice.requirement {
        Some(id) => format!("{} ({id})", choice.title),
        None => choice.title.clone(),
    }
}

fn batches(ui: &mut Ui, model: &Model, view: &mut View, selected: Option<u32>, height: f32, asked: &mut Asked) {
    let colors = theme(ui).color;
    let outstanding = model.outstanding();
    let filter = format!("{}, {}", if model.judges_batches { "Not satisfied" } else { "Without a value" }, outstanding.len());
    let listed: Vec<usize> = if view.outstanding { outstanding } else { (0..model.slots.len()).collect() };
    Frame::new()
        .fill(colors.panel)
        .stroke(Stroke::new(1.0, colors.line))
        .corner_radius(tokens().radius.card)
        .inner_margin(Margin::same(1))
        .show(ui, |ui| {
            ui.set_min_size(vec2(ui.available_width(), height - 2.0));
            ui.set_max_height(height - 2.0);
            ui.spacing_mut().item_spacing.y = 0.0;
            Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    let count = format!("{} of {}", listed.len(), model.slots.len());
                    let (rect, response) = ui.allocate_exact_size(
                        vec2(
                            width(ui, "Batches", kind().title.font()) + width(ui, &count, kind().table.font()) + 14.0,
                            tokens().size.button,
                        ),
                        Sense::hover(),
                    );
                    let covered = paint_text(ui, rect, Align::Min, "Batches", kind().title, colors.text, Fit::Must);
                    paint_text(ui, rect.with_min_x(covered.right() + 8.0), Align::Min, &count, kind().table, colors.text3, Fit::Must);
                    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Heading, true, format!("Batches, {count}")));
                    if let Some(clicked) = segments(ui, &["All", &filter], usize::from(view.outstanding)) {
                        view.outstanding = clicked == 1;
                    }
                });
            });
            if listed.is_empty() {
                ui.add_space(20.0);
                let all = if model.judges_batches { "Every batch satisfies" } else { "Every batch has a value; none is judged" };
                ui.vertical_centered(|ui| sentence(ui, all, kind().body, colors.text3));
                return;
            }
            let at = selected.and_then(|number| listed.iter().position(|i| model.slots[*i].number == number));
            let follow = view.followed != selected;
            view.followed = selected;
            let mut columns = COLUMNS;
            columns[2].hold_number(ui, &model.widest.n);
            columns[3].hold_number(ui, &model.widest.value);
            columns[4].hold_number(ui, &model.widest.margin);
            for word in &model.widest.words {
                columns[5].hold(ui, word, 24.0);
            }
            let all: f32 = columns.iter().map(|column| column.least + 12.0).sum::<f32>() + 12.0;
            // The margin is in the inspector too: it goes first where room is short.
            let short = all > ui.available_width();
            let columns: Vec<Column> =
                columns.into_iter().enumerate().filter(|(i, _)| !short || *i != MARGIN).map(|(_, column)| column).collect();
            let clicked = table(ui, "batches", &columns, listed.len(), at, follow, |i| row(model, listed[i], short));
            if let Some(i) = clicked {
                // The row is under the pointer: the table stays where it is.
                view.followed = Some(model.slots[listed[i]].number);
                asked.push(Action::Select(Selection::Batch(model.slots[listed[i]].number)));
            }
        });
}

fn row(model: &Model, i: usize, short: bool) -> Row {
    let slot = &model.slots[i];
    let value = match (&slot.value, slot.beyond) {
        (Some(_), true) => Cell::Alarm(slot.text.clone()),
        (Some(_), false) => Cell::Number(slot.text.clone()),
        (None, _) => Cell::Quiet("–".into()),
    };
    let mut cells = vec![
        Cell::Number(slot.number.to_string()),
        Cell::Quiet(slot.day.clone()),
        Cell::Number(if slot.n == 0 { "–".into() } else { format::count(slot.n) }),
        value,
        Cell::Number(slot.margin.clone()),
        Cell::Verdict(slot.verdict.clone()),
    ];
    if short {
        cells.remove(MARGIN);
    }
    Row::Cells(cells, format!("Batch {}, {}, {}, {}", slot.number, slot.day, slot.verdict.word.to_lowercase(), slot.text))
}

fn details(ui: &mut Ui, record: &AuditRecord, model: &Model, batch: Option<&BatchRecord>) {
    let look = theme(ui);
    let Some(batch) = batch else {
        card(ui, |ui| sentence(ui, "Select a batch in the chart or the table to see its groups and drift.", kind().body, look.color.text2));
        return;
    };
    if batch.standing == Standing::Missing {
        card(ui, |ui| {
            sentence(ui, &format!("Batch {} is missing", batch.number), kind().title, look.color.text);
            sentence(
                ui,
                &format!(
                    "{}, {} – {}, is expected by the engagement, and the package has no evidence for it.",
                    batch.label,
                    batch.start.date_text(),
                    batch.end.date_text()
                ),
                kind().body,
                look.color.text2,
            );
        });
        return;
    }
    if let Some(groups) = Groups::new(batch, model) {
        card(ui, |ui| groups_ui(ui, &groups));
    }
    if let Some(drift) = Drift::new(record, batch) {
        card(ui, |ui| drift_ui(ui, &drift));
    }
}
