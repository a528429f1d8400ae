//! The list of requirements as drawn.

use egui::{Frame, Stroke, Ui};

use super::model::{Line, Model, Order};
use crate::{
    action::Action,
    panels::Asked,
    place::Selection,
    tokens::tokens,
    widgets::{
        segments,
        table::{Cell, Column, Row, table},
        text::{kind, sentence},
        text_field, theme, title_row,
    },
};

/// What a person set in this room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Grouping.
    pub order: Order,
    /// Text looked for.
    pub filter: String,
}

const COLUMNS: [Column; 6] = [
    Column::text("State", 118.0, 0.0),
    Column::text("Id", 42.0, 0.0),
    Column::text("Requirement", 150.0, 1.0),
    Column::number("Actual", 60.0),
    Column::number("Limit", 60.0),
    Column::number("Margin", 56.0),
];

/// Draws title, filter, grouping and list.
pub fn requirements_ui(ui: &mut Ui, model: &Model, view: &mut View, selection: &Selection, asked: &mut Asked) {
    let colors = theme(ui).color;
    title_row(ui, "Requirements", &model.settled, 356.0, |ui| {
        let at = Order::ALL.iter().position(|order| *order == view.order).unwrap_or_default();
        if let Some(clicked) = segments(ui, &Order::ALL.map(Order::title), at) {
            view.order = Order::ALL[clicked];
        }
        text_field(ui, "Filter requirements", "Filter", &mut view.filter, 140.0);
    });
    ui.add_space(6.0);
    let selected = match selection {
        Selection::Requirement(id) => model.position(id),
        _ => None,
    };
    Frame::new().fill(colors.panel).stroke(Stroke::new(1.0, colors.line)).corner_radius(tokens().radius.card).inner_margin(1).show(
        ui,
        |ui| {
            if model.lines.is_empty() {
                ui.set_min_size(ui.available_size());
                ui.centered_and_justified(|ui| sentence(ui, "No requirement matches the filter", kind().body, colors.text3));
                return;
            }
            let mut columns = COLUMNS;
            for line in &model.lines {
                let Line::Requirement { id, verdict, actual, limit, margin, .. } = line else { continue };
                columns[0].hold(ui, &verdict.word, 24.0);
                columns[1].hold(ui, id, 3.0);
                for (column, text) in columns[3..].iter_mut().zip([actual, limit, margin]) {
                    column.hold_number(ui, text);
                }
            }
            let clicked = table(ui, "requirements", &columns, model.lines.len(), selected, false, |i| row(&model.lines[i]));
            if let Some(Line::Requirement { id, .. }) = clicked.and_then(|i| model.lines.get(i)) {
                asked.push(Action::Select(Selection::Requirement(id.clone())));
            }
        },
    );
}

fn row(line: &Line) -> Row {
    match line {
        Line::Group(title, count) => Row::Group(title.clone(), count.clone()),
        Line::Requirement { id, verdict, title, actual, limit, margin, missed } => {
            let margin_cell = if *missed { Cell::Alarm(margin.clone()) } else { Cell::Number(margin.clone()) };
            let cells = vec![
                Cell::Verdict(verdict.clone()),
                Cell::Strong(id.clone()),
                Cell::Words(title.clone()),
                Cell::Number(actual.clone()),
                Cell::Number(limit.clone()),
                margin_cell,
            ];
            Row::Cells(cells, format!("{id}, {}, {title}, actual {actual}, limit {limit}", verdict.word.to_lowercase()))
        }
    }
}
