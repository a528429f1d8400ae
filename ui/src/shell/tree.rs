//! The left pane: rooms, then the evidence by stage.

use egui::{Align, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use verifold_model::{cohort::BatchRole, state::Stage};

use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::{Screen, Selection},
    tokens::{Face, tokens},
    verdict::Verdict,
    widgets::{
        caption, divider, focus_ring,
        text::{Fit, kind, paint_icon, paint_text},
        theme,
    },
    workbench::Workbench,
};

/// Draws rooms and evidence; icons alone in a narrow window.
pub(super) fn tree_ui(workbench: &Workbench, ui: &mut Ui, narrow: bool, asked: &mut Asked) {
    let Some(audit) = &workbench.audit else { return };
    let record = &audit.record;
    let monitored = record.batches.iter().filter(|b| b.role == BatchRole::Monitoring).count();
    ScrollArea::vertical().id_salt("tree").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for screen in Screen::ROOMS {
            let Some(offer) = Action::Go(screen).offer() else { continue };
            let count = match screen {
                Screen::Requirements => record.requirements.len(),
                Screen::Monitoring => monitored,
                Screen::Proofs => record.proofs.len(),
                Screen::Overview | Screen::Lifecycle | Screen::Welcome => 0,
            };
            let count = if count == 0 { String::new() } else { count.to_string() };
            if nav(ui, offer.icon, offer.label, offer.tooltip, &count, workbench.here().screen == screen, narrow) {
                asked.push(Action::Go(screen));
            }
        }
        if narrow || record.proofs.is_empty() {
            return;
        }
        divider(ui);
        caption(ui, "Evidence");
        ui.add_space(4.0);
        for stage in Stage::ALL {
            let proofs: Vec<_> = record.proofs.iter().filter(|proof| proof.stage == stage).collect();
            if proofs.is_empty() {
                continue;
            }
            stage_row(ui, stage.title());
            for proof in proofs {
                let selected = matches!(&workbench.here().selection, Selection::Proof(id) if *id == proof.id);
                // Under the stage's own name the title of its only proof would say nothing more.
                let title =
                    if proof.title == stage.title() && monitored > 0 { format!("Batches 1–{monitored}") } else { proof.title.clone() };
                if evidence(ui, &Verdict::from(proof.state), &title, selected) {
                    asked.push(Action::Open(Screen::Proofs, Selection::Proof(proof.id.clone())));
                }
            }
        }
    });
}

fn nav(ui: &mut Ui, icon: Icon, label: &str, tooltip: &str, count: &str, selected: bool, narrow: bool) -> bool {
    let colors = theme(ui).color;
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), if narrow { 36.0 } else { tokens().size.nav_row }), Sense::click());
    if selected || response.hovered() {
        ui.painter().rect_filled(rect, tokens().radius.control, if selected { colors.select } else { colors.hover });
    }
    let ink = if selected { colors.text } else { colors.text2 };
    if narrow {
        paint_icon(ui, rect.center(), icon, 18.0, ink);
    } else {
        paint_icon(ui, pos2(rect.left() + 16.0, rect.center().y), icon, 16.0, ink);
        let face = if selected { kind().body.with(Face::Medium) } else { kind().body };
        paint_text(ui, rect.with_min_x(rect.left() + 32.0), Align::Min, label, face, ink, Fit::Must);
        paint_text(ui, rect.with_max_x(rect.right() - 8.0), Align::Max, count, kind().table, colors.text3, Fit::Must);
    }
    focus_ring(ui, &response, tokens().radius.control);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, label));
    response.on_hover_text(tooltip).clicked()
}

fn stage_row(ui: &mut Ui, title: &str) {
    let colors = theme(ui).color;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), tokens().size.tree_row), Sense::hover());
    paint_text(ui, rect.with_min_x(rect.left() + 8.0), Align::Min, title, kind().table.with(Face::Medium), colors.text, Fit::Must);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, title));
}

fn evidence(ui: &mut Ui, verdict: &Verdict, title: &str, selected: bool) -> bool {
    let look = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), tokens().size.tree_row), Sense::click());
    if selected || response.hovered() {
        ui.painter().rect_filled(rect, tokens().radius.control, if selected { look.color.select } else { look.color.hover });
    }
    paint_icon(ui, pos2(rect.left() + 18.0, rect.center().y), verdict.form.icon(), 14.0, verdict.form.colors(look).mark);
    paint_text(
        ui,
        rect.with_min_x(rect.left() + 32.0).with_max_x(rect.right() - 6.0),
        Align::Min,
        title,
        kind().table,
        look.color.text2,
        Fit::MayCut,
    );
    focus_ring(ui, &response, tokens().radius.control);
    let name = format!("{title}, {}", verdict.word.to_lowercase());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, format!("Evidence {name}")));
    response.on_hover_text(name).clicked()
}
