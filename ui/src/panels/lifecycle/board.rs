//! Which areas of the policy have evidence at which stage; what has none shows as a gap.

use egui::{Align, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use verifold_model::state::Stage;

use super::model::{Covered, Model};
use crate::{
    action::Action,
    panels::Asked,
    place::{Screen, Selection},
    tokens::{Face, tokens},
    verdict::{Form, Verdict},
    widgets::{
        dashed_rect, focus_ring,
        text::{Fit, kind, paint_icon, paint_text, strong, width},
        theme,
    },
};

const HEADER: f32 = 30.0;
const CELL: f32 = 44.0;

/// Draws the board; a click on a cell opens its most serious requirement.
pub(super) fn board_ui(ui: &mut Ui, model: &Model, asked: &mut Asked) {
    let colors = theme(ui).color;
    let first = if ui.available_width() < 760.0 { 136.0 } else { 170.0 };
    let total = ui.available_width().max(first + 4.0 * 132.0);
    let column = (total - first) / 4.0;
    let heights: Vec<f32> = model
        .rows
        .iter()
        .map(|row| ui.painter().layout(row.area.clone(), strong(kind().table).font(), colors.text, first - 20.0).size().y)
        .map(|area| (CELL + 10.0).max(area + 14.0))
        .collect();
    let (rect, _) = ui.allocate_exact_size(vec2(total, HEADER + heights.iter().sum::<f32>()), Sense::hover());
    ui.painter().rect(rect, tokens().radius.card, colors.panel, Stroke::new(1.0, colors.line), StrokeKind::Inside);
    let head = rect.with_max_y(rect.top() + HEADER);
    let small = kind().caption;
    paint_text(ui, head.with_min_x(rect.left() + 12.0), Align::Min, "Area", small, colors.text3, Fit::Must);
    for (i, stage) in Stage::ALL.into_iter().enumerate() {
        let cell =
            Rect::from_x_y_ranges(rect.left() + first + column * i as f32..=rect.left() + first + column * (i + 1) as f32, head.y_range());
        let title = stage.title();
        let fits = width(ui, title, small.font()) <= column - 20.0;
        let title = if fits { title } else { title.split(" &").next().unwrap_or(title) };
        paint_text(ui, cell.shrink2(vec2(12.0, 0.0)), Align::Min, title, small, colors.text3, Fit::Must);
    }
    let mut y = head.bottom();
    for (row, height) in model.rows.iter().zip(heights) {
        ui.painter().hline(rect.x_range(), y, Stroke::new(1.0, colors.line));
        let area = ui.painter().layout(row.area.clone(), strong(kind().table).font(), colors.text, first - 20.0);
        ui.painter().galley(pos2(rect.left() + 12.0, y + (height - area.size().y) / 2.0), area, colors.text);
        for (i, covered) in row.cells.iter().enumerate() {
            let left = rect.left() + first + column * i as f32;
            let place = Rect::from_min_size(pos2(left + 6.0, y + (height - CELL) / 2.0), vec2(column - 12.0, CELL));
            if let Some(id) = cell(ui, place, &row.area, Stage::ALL[i], covered) {
                asked.push(Action::Open(Screen::Requirements, Selection::Requirement(id)));
            }
        }
        y += height;
    }
}

/// Draws a cell; returns the requirement a click asks for.
fn cell(ui: &mut Ui, rect: Rect, area: &str, stage: Stage, covered: &Covered) -> Option<String> {
    let look = theme(ui);
    let (ids, said) = match covered {
        Covered::NotAsked => {
            let response = ui.interact(rect, ui.scope_id().with((area, stage)), Sense::hover());
            paint_text(ui, rect, Align::Center, "nothing asked", kind().caption.with(Face::Regular), look.color.text3, Fit::Must);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Cell {area}, {}: nothing asked", stage.title())));
            return None;
        }
        Covered::Gap { ids } => (ids, Verdict { form: Form::Uncovered, word: "No evidence".into() }),
        Covered::Evidence { ids, verdict } => (ids, verdict.clone()),
    };
    let paint = said.form.colors(look);
    let response = ui.interact(rect, ui.scope_id().with((area, stage)), Sense::click());
    let radius = tokens().radius.chip;
    let gap = said.form == Form::Uncovered && matches!(covered, Covered::Gap { .. });
    let fill = match (gap, response.hovered()) {
        (_, true) => look.color.hover,
        (true, false) => look.color.panel,
        (false, false) => look.color.sunken,
    };
    ui.painter().rect_filled(rect, radius, fill);
    if gap {
        dashed_rect(ui.painter(), rect.shrink(0.5), paint.chip_stroke);
    } else {
        ui.painter().rect_stroke(rect, radius, Stroke::new(1.0, look.color.line), StrokeKind::Inside);
    }
    let inside = rect.shrink2(vec2(8.0, 4.0));
    let (upper, lower) = (inside.with_max_y(inside.center().y), inside.with_min_y(inside.center().y));
    paint_icon(ui, pos2(upper.left() + 7.0, upper.center().y), said.form.icon(), 14.0, paint.mark);
    paint_text(ui, upper.with_min_x(upper.left() + 19.0), Align::Min, &said.word, kind().caption, paint.ink, Fit::Must);
    let list = ids.join(", ");
    paint_text(
        ui,
        lower.with_min_x(lower.left() + 19.0),
        Align::Min,
        &list,
        kind().caption.with(Face::Regular),
        look.color.text3,
        Fit::MayCut,
    );
    focus_ring(ui, &response, radius);
    let name = format!("Cell {area}, {}: {}, {list}", stage.title(), said.word.to_lowercase());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    response.on_hover_text(&name).clicked().then(|| ids.first().cloned()).flatten()
}
