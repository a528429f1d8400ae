//! The room as drawn: conclusion, chain, legend, coverage.

use egui::{Align, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use verifold_model::lineage::LinkState;

use super::{board::board_ui, development::development_ui, diagram, model::Model};
use crate::{
    icons::Icon,
    panels::Asked,
    place::Selection,
    tokens::Face,
    widgets::{
        card,
        text::{Fit, heading, kind, paint_icon, paint_text, sentence, width},
        theme,
    },
};

/// Draws the room.
pub fn lifecycle_ui(ui: &mut Ui, model: &Model, selection: &Selection, asked: &mut Asked) {
    let colors = theme(ui).color;
    ScrollArea::vertical().id_salt("life cycle").auto_shrink([false, false]).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 10.0;
        conclusion(ui, model);
        if model.nodes.is_empty() {
            card(ui, |ui| sentence(ui, "Nothing in the package could be read, so no artefact is shown.", kind().body, colors.text2));
        } else {
            ScrollArea::horizontal().id_salt("chain").auto_shrink([false, true]).show(ui, |ui| {
                // Room for the ring around what has the keyboard.
                egui::Frame::new().inner_margin(3).show(ui, |ui| diagram::diagram_ui(ui, model, selection, asked));
            });
            legend(ui, model);
            for change in &model.changes {
                ui.horizontal_top(|ui| {
                    let (rect, _) = ui.allocate_exact_size(vec2(20.0, 18.0), Sense::hover());
                    paint_icon(ui, rect.center(), Icon::TreeStructure, 15.0, colors.text2);
                    sentence(ui, change, kind().body, colors.text);
                });
            }
        }
        ui.add_space(4.0);
        heading(ui, "Coverage", kind().section);
        sentence(ui, &model.coverage, kind().body, colors.text2);
        ScrollArea::horizontal().id_salt("coverage").auto_shrink([false, true]).show(ui, |ui| board_ui(ui, model, asked));
        if let Some(development) = &model.development {
            ui.add_space(4.0);
            development_ui(ui, development);
        }
        ui.add_space(6.0);
    });
}

fn conclusion(ui: &mut Ui, model: &Model) {
    let look = theme(ui);
    let paint = model.form.colors(look);
    let icon = if model.legend[2] > 0 { Icon::LinkBreak } else { Icon::Link };
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 28.0), Sense::hover());
        paint_icon(ui, rect.center(), icon, 22.0, paint.mark);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            heading(ui, &model.title, kind().headline);
            sentence(ui, &model.detail, kind().body, look.color.text2);
        });
    });
}

/// What the forms of lines mean, each with how many there are.
fn legend(ui: &mut Ui, model: &Model) {
    let colors = theme(ui).color;
    let face = kind().caption.with(Face::Regular);
    let states = [LinkState::Holds, LinkState::Claimed, LinkState::Broken, LinkState::Missing];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        for (state, n) in states.into_iter().zip(model.legend) {
            let words = match state {
                LinkState::Holds => format!("proven link, {n}"),
                LinkState::Claimed => format!("claimed only, {n}"),
                LinkState::Broken => format!("broken, {n}"),
                LinkState::Missing => format!("not covered, {n}"),
            };
            let (rect, response) = ui.allocate_exact_size(vec2(44.0 + width(ui, &words, face.font()), 28.0), Sense::hover());
            let y = rect.center().y;
            if state == LinkState::Broken {
                let paint = theme(ui).state.rejected;
                ui.painter().circle_filled(pos2(rect.left() + 24.0, y), 10.0, paint.chip_fill);
                paint_icon(ui, pos2(rect.left() + 24.0, y), Icon::LinkBreak, 13.0, paint.chip_text);
            } else {
                diagram::line(ui, pos2(rect.left(), y), pos2(rect.left() + 36.0, y), state);
            }
            paint_text(ui, rect.with_min_x(rect.left() + 43.0), Align::Min, &words, face, colors.text2, Fit::Must);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Legend: {words}")));
        }
    });
}
