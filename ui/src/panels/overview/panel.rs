//! Overview as drawn.

use egui::{Align, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::model::{Model, Tile};
use crate::{
    action::Action,
    panels::Asked,
    place::{Screen, Selection},
    tokens::{Face, tokens},
    verdict::Form,
    widgets::{
        dashed_rect, focus_ring,
        text::{Fit, heading, kind, paint_icon, paint_text, sentence, strong, width},
        theme,
    },
};

/// Draws headline, counts and matrix.
pub fn overview_ui(ui: &mut Ui, model: &Model, selection: &Selection, asked: &mut Asked) {
    ScrollArea::vertical().id_salt("overview").auto_shrink([false, false]).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 10.0;
        headline(ui, model);
        counts(ui, model);
        ScrollArea::horizontal().id_salt("matrix").auto_shrink([false, true]).show(ui, |ui| matrix(ui, model, selection, asked));
        ui.add_space(6.0);
    });
}

fn headline(ui: &mut Ui, model: &Model) {
    let look = theme(ui);
    let paint = model.form.colors(look);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 28.0), Sense::hover());
        paint_icon(ui, rect.center(), model.form.icon(), 24.0, if model.form == Form::Satisfied { paint.mark } else { paint.ink });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            heading(ui, &model.title, kind().headline);
            sentence(ui, &model.detail, kind().body, look.color.text2);
        });
    });
}

fn counts(ui: &mut Ui, model: &Model) {
    let look = theme(ui);
    let colors = look.color;
    let total = ui.available_width();
    let galley = ui.painter().layout(model.formula.clone(), kind().caption.font(), colors.text2, total - 24.0);
    let wanted: Vec<f32> = model
        .counts
        .iter()
        .map(|count| {
            (width(ui, count.word, kind().caption.font()) + 18.0 + 18.0)
                .max(width(ui, &format!("{} of {}", count.n, count.of), kind().count.font()) + 18.0)
        })
        .collect();
    // Cells share the width; where they do not fit beside each other, they take a second line.
    let mut lines: Vec<Vec<usize>> = vec![Vec::new()];
    let mut filled = 0.0;
    let needed = (wanted.iter().sum::<f32>() / total).ceil().max(1.0);
    let most = (wanted.len() as f32 / needed).ceil() as usize;
    for (i, w) in wanted.iter().enumerate() {
        if (filled + w > total && filled > 0.0) || lines.last().is_some_and(|line| line.len() == most) {
            lines.push(Vec::new());
            filled = 0.0;
        }
        filled += w;
        if let Some(line) = lines.last_mut() {
            line.push(i);
        }
    }
    let cell_height = 54.0;
    let height = cell_height * lines.len() as f32 + galley.size().y + 12.0;
    let (rect, response) = ui.allocate_exact_size(vec2(total, height), Sense::hover());
    ui.painter().rect(rect, tokens().radius.card, colors.panel, Stroke::new(1.0, colors.line), StrokeKind::Inside);
    let mut y = rect.top();
    for line in &lines {
        let sum: f32 = line.iter().map(|i| wanted[*i]).sum();
        let mut x = rect.left();
        for (k, i) in line.iter().enumerate() {
            let count = &model.counts[*i];
            let wide = wanted[*i] * total / sum;
            let cell = Rect::from_min_size(pos2(x, y), vec2(wide, cell_height)).shrink2(vec2(9.0, 6.0));
            let upper = cell.with_max_y(cell.top() + 24.0);
            let lower = cell.with_min_y(cell.top() + 24.0);
            let n = paint_text(ui, upper, Align::Min, &count.n.to_string(), kind().count, colors.text, Fit::Must);
            paint_text(
                ui,
                upper.with_min_x(n.right() + 5.0),
                Align::Min,
                &format!("of {}", count.of),
                kind().caption,
                colors.text3,
                Fit::Must,
            );
            if let Some(form) = count.form {
                let paint = form.colors(look);
                paint_icon(ui, pos2(lower.left() + 7.0, lower.center().y), form.icon(), 14.0, paint.mark);
                paint_text(ui, lower.with_min_x(lower.left() + 18.0), Align::Min, count.word, kind().caption, colors.text2, Fit::Must);
            } else {
                paint_text(ui, lower, Align::Min, count.word, strong(kind().caption), colors.text, Fit::Must);
            }
            x += wide;
            if k + 1 < line.len() {
                ui.painter().vline(x, y..=y + cell_height, Stroke::new(1.0, colors.line));
            }
        }
        y += cell_height;
        ui.painter().hline(rect.x_range(), y, Stroke::new(1.0, colors.line));
    }
    ui.painter().galley(pos2(rect.left() + 12.0, y + 6.0), galley, colors.text2);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &model.formula));
}

fn matrix(ui: &mut Ui, model: &Model, selection: &Selection, asked: &mut Asked) {
    let look = theme(ui);
    let colors = look.color;
    let first = if ui.available_width() < 760.0 { 132.0 } else { 150.0 };
    // Each stage is as wide as its widest tile needs; what is left is shared.
    let mut columns = [0, 1, 2, 3].map(|stage| {
        let title = model.stages[stage].0;
        let title = width(ui, title.split(" &").next().unwrap_or(title), strong(kind().table).font()) + 26.0;
        let tiles = model.areas.iter().flat_map(|row| &row.cells[stage]);
        tiles
            .map(|tile| tile_width(ui, tile) + 12.0)
            .fold(title.max(width(ui, &model.stages[stage].1, kind().caption.font()) + 26.0), f32::max)
    });
    let left_over = (ui.available_width() - first - columns.iter().sum::<f32>()).max(0.0);
    let even = (ui.available_width() - first) / 4.0;
    if columns.iter().all(|column| *column <= even) {
        columns = [even; 4];
    } else {
        columns = columns.map(|column| column + left_over / 4.0);
    }
    let total = first + columns.iter().sum::<f32>();
    let tile_height = tokens().size.tile;
    let header_height = 46.0;
    let heights: Vec<f32> = model
        .areas
        .iter()
        .map(|row| {
            let tallest = row.cells.iter().map(Vec::len).max().unwrap_or(0) as f32;
            let area = ui.painter().layout(row.area.clone(), strong(kind().table).font(), colors.text, first - 24.0).size().y;
            (tallest * (tile_height + 5.0) + 9.0).max(area + 27.0)
        })
        .collect();
    let (rect, _) = ui.allocate_exact_size(vec2(total, header_height + heights.iter().sum::<f32>()), Sense::hover());
    ui.painter().rect(rect, tokens().radius.card, colors.panel, Stroke::new(1.0, colors.line), StrokeKind::Inside);
    let at = |stage: usize| rect.left() + first + columns[..stage].iter().sum::<f32>();
    two_lines(ui, Rect::from_min_size(rect.min, vec2(first, header_height)), "Area", "legal reference");
    for (stage, (title, settled)) in model.stages.iter().enumerate() {
        let column = columns[stage];
        let fits = width(ui, title, strong(kind().table).font()) <= column - 24.0;
        let title = if fits { title } else { title.split(" &").next().unwrap_or(title) };
        two_lines(ui, Rect::from_min_size(pos2(at(stage), rect.top()), vec2(column, header_height)), title, settled);
        ui.painter().vline(at(stage), rect.y_range(), Stroke::new(1.0, colors.line));
    }
    let mut y = rect.top() + header_height;
    for (row, height) in model.areas.iter().zip(&heights) {
        ui.painter().hline(rect.x_range(), y, Stroke::new(1.0, colors.line));
        let lead = Rect::from_min_size(pos2(rect.left(), y), vec2(first, *height));
        let label = lead.shrink2(vec2(12.0, 0.0));
        let area = ui.painter().layout(row.area.clone(), strong(kind().table).font(), colors.text, label.width());
        let top = lead.center().y - (area.size().y + 17.0) / 2.0;
        let law = label.with_min_y(top + area.size().y).with_max_y(top + area.size().y + 17.0);
        ui.painter().galley(pos2(label.left(), top), area, colors.text);
        paint_text(ui, law, Align::Min, &row.law, kind().caption.with(Face::Regular), colors.text3, Fit::MayCut);
        for (stage, tiles) in row.cells.iter().enumerate() {
            let cell = Rect::from_min_size(pos2(at(stage), y), vec2(columns[stage], *height));
            if tiles.is_empty() {
                paint_text(ui, cell, Align::Center, "–", kind().table, colors.text3, Fit::Must);
            }
            let stack = tiles.len() as f32 * (tile_height + 5.0) - 5.0;
            let mut top = cell.center().y - stack / 2.0;
            for tile in tiles {
                let place = Rect::from_min_size(pos2(cell.left() + 6.0, top), vec2(columns[stage] - 12.0, tile_height));
                let selected = matches!(selection, Selection::Requirement(id) if *id == tile.id);
                if draw_tile(ui, place, tile, selected) {
                    asked.push(Action::Open(Screen::Requirements, Selection::Requirement(tile.id.clone())));
                }
                top += tile_height + 5.0;
            }
        }
        y += height;
    }
}

fn two_lines(ui: &Ui, rect: Rect, upper: &str, lower: &str) {
    let colors = theme(ui).color;
    let rect = rect.shrink2(vec2(12.0, 4.0));
    paint_text(ui, rect.with_max_y(rect.center().y), Align::Min, upper, strong(kind().table), colors.text, Fit::MayCut);
    paint_text(ui, rect.with_min_y(rect.center().y), Align::Min, lower, kind().caption, colors.text3, Fit::MayCut);
}

/// Least width of a tile: icon, identifier, and the word or the value.
fn tile_width(ui: &Ui, tile: &Tile) -> f32 {
    let id = width(ui, &tile.id, kind().caption.with(Face::SemiBold).font());
    let word = width(ui, &tile.verdict.word, kind().caption.with(Face::Regular).font());
    let value = width(ui, &tile.value, kind().caption.font());
    let shown = if tile.verdict.form == Form::Satisfied && !tile.value.is_empty() { value } else { word };
    22.0 + id + 4.0 + shown + 6.0
}

fn draw_tile(ui: &mut Ui, rect: Rect, tile: &Tile, selected: bool) -> bool {
    let look = theme(ui);
    let paint = tile.verdict.form.colors(look);
    let response = ui.interact(rect, ui.scope_id().with(("tile", &tile.id)), Sense::click());
    let radius = tokens().radius.chip;
    ui.painter().rect_filled(rect, radius, paint.chip_fill);
    if selected || response.hovered() {
        ui.painter().rect_stroke(rect, radius, Stroke::new(1.5, paint.mark), StrokeKind::Inside);
    } else if tile.verdict.form.is_dashed() {
        dashed_rect(ui.painter(), rect.shrink(0.5), paint.chip_stroke);
    } else {
        ui.painter().rect_stroke(rect, radius, Stroke::new(1.0, paint.chip_stroke), StrokeKind::Inside);
    }
    paint_icon(ui, pos2(rect.left() + 12.0, rect.center().y), tile.verdict.form.icon(), 14.0, paint.chip_text);
    let inside = rect.with_min_x(rect.left() + 22.0).with_max_x(rect.right() - 5.0);
    let id = paint_text(ui, inside, Align::Min, &tile.id, kind().caption.with(Face::SemiBold), paint.chip_text, Fit::Must);
    let rest = inside.with_min_x(id.right() + 4.0);
    let value_width = width(ui, &tile.value, kind().caption.font());
    let word_width = width(ui, &tile.verdict.word, kind().caption.with(Face::Regular).font());
    let both = word_width + value_width + 8.0 <= rest.width();
    // Where both do not fit, what is satisfied shows its value, anything else its word; the icon stays with both.
    let value_fits = !tile.value.is_empty() && value_width <= rest.width();
    let word_first = !value_fits || (tile.verdict.form != Form::Satisfied && word_width <= rest.width());
    if both || word_first {
        paint_text(ui, rest, Align::Min, &tile.verdict.word, kind().caption.with(Face::Regular), paint.chip_text, Fit::Must);
    }
    if both || !word_first {
        paint_text(ui, rest, Align::Max, &tile.value, kind().caption, paint.chip_text, Fit::MayCut);
    }
    focus_ring(ui, &response, radius);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &tile.sentence));
    response.on_hover_text(&tile.sentence).clicked()
}
