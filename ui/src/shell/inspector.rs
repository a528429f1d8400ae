//! The right pane: everything about what is selected.

use egui::{Align, Frame, Layout, Margin, ScrollArea, Sense, Stroke, Ui, vec2};

use verifold_model::lineage::LinkState;

use crate::{
    action::Action,
    icons::Icon,
    panels::{
        Asked,
        lifecycle::{link_head, link_ui},
        monitoring::batch_ui,
        overview::{engagement_ui, rung_ui},
        proofs::circuit_ui,
        requirements::why_ui,
    },
    place::Selection,
    tokens::tokens,
    widgets::{
        icon_button,
        text::{Fit, kind, paint_icon, paint_text},
        theme,
    },
    workbench::Workbench,
};

/// Draws header and content.
pub(super) fn inspector_ui(workbench: &Workbench, ui: &mut Ui, drawer: bool, asked: &mut Asked) {
    let Some(audit) = &workbench.audit else { return };
    let record = &audit.record;
    let selection = workbench.here().selection.clone();
    let requirement = match &selection {
        Selection::Requirement(id) => record.requirements.iter().find(|r| r.id == *id),
        _ => None,
    };
    let (icon, title) = match &selection {
        Selection::Engagement => (Icon::Folder, "Audit".to_owned()),
        Selection::Rung(name) => (Icon::Info, format!("Rung: {}", name.title().to_lowercase())),
        Selection::Requirement(id) => {
            (Icon::Info, requirement.map_or_else(|| id.clone(), |r| format!("Why {} is {}", id, word(r.state.word()))))
        }
        Selection::Proof(_) => (Icon::Cpu, "Circuit".to_owned()),
        Selection::Link(name) => {
            let broken = record.lineage.links.iter().any(|link| link.name == *name && link.state == LinkState::Broken);
            (if broken { Icon::LinkBreak } else { Icon::Link }, link_head(*name))
        }
        Selection::Batch(0) => (Icon::CalendarBlank, "Reference".to_owned()),
        Selection::Batch(number) => (Icon::CalendarBlank, format!("Batch {number}")),
    };
    header(workbench, ui, icon, &title, drawer, asked);
    ScrollArea::vertical().id_salt(("inspector", &title)).auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin::symmetric(16, 12)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            match &selection {
                Selection::Engagement => engagement_ui(ui, record, asked),
                Selection::Rung(name) => {
                    if let Some(rung) = record.ladder.iter().find(|rung| rung.name == *name) {
                        rung_ui(ui, rung);
                    }
                }
                Selection::Requirement(_) => {
                    if let Some(result) = requirement {
                        why_ui(ui, record, result, asked);
                    }
                }
                Selection::Proof(id) => {
                    if let Some(proof) = record.proofs.iter().find(|proof| proof.id == *id) {
                        circuit_ui(ui, record, proof);
                    }
                }
                Selection::Link(name) => {
                    if let Some(link) = record.lineage.links.iter().find(|link| link.name == *name) {
                        link_ui(ui, record, link, asked);
                    }
                }
                Selection::Batch(number) => {
                    if let Some(batch) = record.batches.iter().find(|batch| batch.number == *number) {
                        batch_ui(ui, record, audit.monitoring(), batch, asked);
                    }
                }
            }
        });
    });
}

/// A state word inside a sentence.
fn word(state: &str) -> String {
    match state.split_once(", ") {
        Some(("Judgement", rest)) => format!("{rest}: a judgement"),
        _ => state.to_lowercase(),
    }
}

fn header(workbench: &Workbench, ui: &mut Ui, icon: Icon, title: &str, drawer: bool, asked: &mut Asked) {
    let colors = theme(ui).color;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), tokens().size.pane_header), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, colors.line));
    let mut bar = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 0.0))).layout(Layout::right_to_left(Align::Center)));
    let ui = &mut bar;
    ui.spacing_mut().item_spacing.x = 2.0;
    if drawer && icon_button(ui, Icon::X, "Close inspector", true).clicked() {
        asked.push(Action::Inspector);
    }
    if icon_button(ui, Icon::ArrowRight, "Forward", workbench.history.has_forward()).clicked() {
        asked.push(Action::Forward);
    }
    if icon_button(ui, Icon::ArrowLeft, "Back", workbench.history.has_back()).clicked() {
        asked.push(Action::Back);
    }
    let rest = ui.available_rect_before_wrap();
    paint_icon(ui, egui::pos2(rest.left() + 16.0, rest.center().y), icon, 16.0, colors.text);
    let place = rest.with_min_x(rest.left() + 32.0);
    paint_text(ui, place, Align::Min, title, kind().title, colors.text, Fit::MayCut);
    let response = ui.interact(rest, ui.scope_id().with("title"), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, title));
}
