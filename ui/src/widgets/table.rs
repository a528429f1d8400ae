//! A table of many rows of which only the visible ones are laid out.
//!
//! The header stays; each row is one target with the sentence it would be read as. Columns share
//! the width that fixed ones leave; below the sum of their least widths the table scrolls sideways.

use egui::{Align, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{
    focus_ring,
    text::{Fit, kind, paint_icon, paint_text, strong, width},
    theme,
};
use crate::{
    tokens::{Face, tokens},
    verdict::Verdict,
};

/// Room at each side of a cell.
const GAP: f32 = 6.0;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// In the header.
    pub title: &'static str,
    /// Least width in points.
    pub least: f32,
    /// Part of the width left over; 0 keeps the least width.
    pub share: f32,
    /// Numbers stand at the right.
    pub align: Align,
}

impl Column {
    /// Text at the left.
    pub const fn text(title: &'static str, least: f32, share: f32) -> Self {
        Self { title, least, share, align: Align::Min }
    }

    /// A number at the right.
    pub const fn number(title: &'static str, least: f32) -> Self {
        Self { title, least, share: 0.0, align: Align::Max }
    }
}

impl Column {
    /// Widens to hold a number.
    pub fn hold_number(&mut self, ui: &Ui, text: &str) {
        self.least = self.least.max(width(ui, text, kind().mono.font()) + 1.0);
    }

    /// Widens to hold words behind `lead` points.
    pub fn hold(&mut self, ui: &Ui, text: &str, lead: f32) {
        self.least = self.least.max(width(ui, text, kind().table.with(Face::Medium).font()) + lead + 1.0);
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Words(String),
    /// Words of second rank.
    Quiet(String),
    /// An identifier.
    Strong(String),
    /// A number in the monospaced face.
    Number(String),
    /// A number that misses its limit.
    Alarm(String),
    /// A verdict with icon and word.
    Verdict(Verdict),
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A heading over rows: title and aside.
    Group(String, String),
    /// Cells and the sentence the row is read as.
    Cells(Vec<Cell>, String),
}

/// Draws a table; returns the row clicked. `row` is asked for visible rows only.
pub fn table(
    ui: &mut Ui,
    name: &str,
    columns: &[Column],
    rows: usize,
    selected: Option<usize>,
    follow: bool,
    row: impl Fn(usize) -> Row,
) -> Option<usize> {
    let least: f32 = columns.iter().map(|column| column.least + 2.0 * GAP).sum::<f32>() + 2.0 * GAP;
    // Rows end before the bar that scrolls them.
    let width = (ui.available_width() - ui.spacing().scroll.floating_allocated_width).max(least);
    let left_over = width - least;
    let shares: f32 = columns.iter().map(|column| column.share).sum::<f32>().max(f32::EPSILON);
    let mut edges = Vec::with_capacity(columns.len());
    let mut x = GAP;
    for column in columns {
        let wide = column.least + 2.0 * GAP + left_over * column.share / shares;
        edges.push((x + GAP, x + wide - GAP));
        x += wide;
    }
    let mut clicked = None;
    let height = tokens().size.table_row;
    ScrollArea::horizontal().id_salt((name, "sideways")).auto_shrink([false, false]).show(ui, |ui| {
        ui.set_min_width(width);
        ui.spacing_mut().item_spacing.y = 0.0;
        header(ui, columns, &edges, width);
        let mut area = ScrollArea::vertical().id_salt((name, "rows")).auto_shrink([false, false]);
        if let (true, Some(selected)) = (follow, selected) {
            area = area.vertical_scroll_offset((height * selected as f32 - ui.available_height() / 2.0).max(0.0));
        }
        area.show_rows(ui, height, rows, |ui, visible| {
            for i in visible {
                if draw(ui, columns, &edges, width, row(i), selected == Some(i)) {
                    clicked = Some(i);
                }
            }
        });
    });
    clicked
}

fn header(ui: &mut Ui, columns: &[Column], edges: &[(f32, f32)], width: f32) {
    let colors = theme(ui).color;
    let (rect, _) = ui.allocate_exact_size(vec2(width, tokens().size.table_header), Sense::hover());
    for (column, (from, to)) in columns.iter().zip(edges) {
        let cell = Rect::from_x_y_ranges(rect.left() + from..=rect.left() + to, rect.y_range());
        paint_text(ui, cell, column.align, column.title, kind().caption, colors.text3, Fit::Must);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, colors.line));
}

fn draw(ui: &mut Ui, columns: &[Column], edges: &[(f32, f32)], width: f32, row: Row, selected: bool) -> bool {
    let look = theme(ui);
    let colors = look.color;
    let size = vec2(width, tokens().size.table_row);
    let (cells, name) = match row {
        Row::Group(title, aside) => {
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            ui.painter().rect_filled(rect, 0, colors.sunken);
            let covered = paint_text(ui, rect.shrink2(vec2(14.0, 0.0)), Align::Min, &title, strong(kind().table), colors.text, Fit::Must);
            paint_text(
                ui,
                rect.with_min_x(covered.right() + 8.0).with_max_x(rect.right() - 14.0),
                Align::Min,
                &aside,
                kind().table,
                colors.text3,
                Fit::MayCut,
            );
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, colors.grid));
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{title}, {aside}")));
            return false;
        }
        Row::Cells(cells, name) => (cells, name),
    };
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    if selected || response.hovered() {
        ui.painter().rect_filled(rect, 0, if selected { colors.select } else { colors.hover });
    }
    let plain = kind().table;
    for ((cell, column), (from, to)) in cells.iter().zip(columns).zip(edges) {
        let place = Rect::from_x_y_ranges(rect.left() + from..=rect.left() + to, rect.y_range());
        match cell {
            Cell::Empty => {}
            Cell::Words(text) => {
                paint_text(ui, place, column.align, text, plain, colors.text, Fit::MayCut);
            }
            Cell::Quiet(text) => {
                paint_text(ui, place, column.align, text, plain, colors.text2, Fit::MayCut);
            }
            Cell::Strong(text) => {
                paint_text(ui, place, column.align, text, strong(plain), colors.text, Fit::Must);
            }
            Cell::Number(text) => {
                paint_text(ui, place, column.align, text, kind().mono, colors.text, Fit::Must);
            }
            Cell::Alarm(text) => {
                paint_text(ui, place, column.align, text, kind().mono.with(Face::MonoBold), look.state.violated.ink, Fit::Must);
            }
            Cell::Verdict(verdict) => {
                let paint = verdict.form.colors(look);
                paint_icon(ui, pos2(place.left() + 8.0, place.center().y), verdict.form.icon(), 16.0, paint.mark);
                paint_text(
                    ui,
                    place.with_min_x(place.left() + 22.0),
                    Align::Min,
                    &verdict.word,
                    plain.with(Face::Medium),
                    paint.ink,
                    Fit::Must,
                );
            }
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, colors.grid));
    focus_ring(ui, &response, 0);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, selected, &name));
    response.clicked()
}
