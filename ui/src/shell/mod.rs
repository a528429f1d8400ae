//! What surrounds the rooms: top bar, trust ladder, tree, inspector, status bar, palette, sheets.

mod bars;
mod inspector;
mod ladder;
mod palette;
mod report;
mod running;
mod tree;

pub use palette::Palette;

use egui::{CentralPanel, Frame, Margin, Panel, Stroke, Ui};

use crate::{
    action::Action,
    panels::{
        Asked,
        lifecycle::lifecycle_ui,
        monitoring::{monitoring_ui, unmeasured_ui},
        overview::overview_ui,
        proofs::proofs_ui,
        requirements::requirements_ui,
        welcome::welcome_ui,
    },
    place::{Screen, Selection},
    tokens::tokens,
    widgets::{
        button,
        controls::Weight,
        text::{kind, sentence},
        theme,
    },
    workbench::{Run, Workbench},
};

/// Below this width the inspector is a drawer.
const DRAWER_BELOW: f32 = 1_100.0;
/// Below this width the left pane shows icons only.
const ICONS_BELOW: f32 = 880.0;

/// Draws everything.
pub(crate) fn frame_ui(workbench: &mut Workbench, ui: &mut Ui, asked: &mut Asked) {
    let size = tokens().size;
    let colors = theme(ui).color;
    let width = ui.available_width();
    let bar = Frame::new().fill(colors.panel).stroke(Stroke::NONE).inner_margin(Margin::symmetric(12, 0));
    Panel::top("top bar").exact_size(size.top_bar).frame(bar).show(ui, |ui| bars::top_ui(workbench, ui, asked));
    Panel::bottom("status bar").exact_size(size.status_bar).frame(bar).show(ui, |ui| bars::status_ui(workbench, ui, asked));
    let welcome = workbench.here().screen == Screen::Welcome || workbench.audit.is_none();
    let verifying = matches!(workbench.run, Run::Verifying(_));
    if verifying || !welcome {
        Panel::top("ladder")
            .exact_size(size.ladder)
            .frame(Frame::new().fill(colors.panel))
            .show(ui, |ui| ladder::ladder_ui(workbench, ui, asked));
    }
    if !verifying && !welcome {
        let narrow = width < ICONS_BELOW;
        let pane = Frame::new().fill(colors.sunken).inner_margin(Margin::symmetric(8, 8));
        Panel::left("tree")
            .exact_size(if narrow { 52.0 } else { size.left_pane })
            .resizable(false)
            .frame(pane)
            .show(ui, |ui| tree::tree_ui(workbench, ui, narrow, asked));
        let drawer = width < DRAWER_BELOW;
        if narrow && workbench.drawer {
            // No room for two panes: the inspector takes the place of the room until it is closed.
            CentralPanel::default()
                .frame(Frame::new().fill(colors.panel))
                .show(ui, |ui| inspector::inspector_ui(workbench, ui, true, asked));
            palette::palette_ui(workbench, ui.ctx(), asked);
            return report::report_ui(workbench, ui.ctx(), asked);
        }
        if !drawer || workbench.drawer {
            let wanted = match workbench.here().selection {
                Selection::Requirement(_) if !drawer => (width - size.left_pane - 746.0).clamp(360.0, 504.0),
                _ => size.inspector,
            };
            let pane = Frame::new().fill(colors.panel);
            let id = if matches!(workbench.here().selection, Selection::Requirement(_)) { "why" } else { "inspector" };
            Panel::right(id)
                .default_size(wanted)
                .size_range(if drawer { wanted..=wanted } else { 280.0..=560.0 })
                .resizable(!drawer)
                .frame(pane)
                .show(ui, |ui| inspector::inspector_ui(workbench, ui, drawer, asked));
        }
    }
    let margin = if width < ICONS_BELOW { Margin::same(10) } else { Margin::symmetric(20, 12) };
    CentralPanel::default().frame(Frame::new().fill(colors.canvas).inner_margin(margin)).show(ui, |ui| main_ui(workbench, ui, asked));
    palette::palette_ui(workbench, ui.ctx(), asked);
    report::report_ui(workbench, ui.ctx(), asked);
}

fn main_ui(workbench: &mut Workbench, ui: &mut Ui, asked: &mut Asked) {
    match workbench.run.clone() {
        Run::Verifying(progress) => return running::running_ui(ui, &progress, asked),
        Run::Failed { message } => return ended_ui(ui, "The audit could not be done", &message, asked),
        Run::Cancelled { during } => {
            return ended_ui(
                ui,
                "Cancelled, nothing is concluded",
                &format!("Ended during “{during}”. Nothing read from the package is shown."),
                asked,
            );
        }
        Run::Idle => {}
    }
    let here = workbench.here().clone();
    let (Some(audit), false) = (&workbench.audit, here.screen == Screen::Welcome) else {
        let problem = workbench.problem.clone();
        return welcome_ui(ui, &mut workbench.files, workbench.samples.as_deref(), problem.as_deref(), asked);
    };
    match here.screen {
        Screen::Welcome => {}
        Screen::Overview => overview_ui(ui, &audit.overview, &here.selection, asked),
        Screen::Requirements => {
            if let Some(model) = audit.requirements() {
                requirements_ui(ui, model, &mut workbench.view.requirements, &here.selection, asked);
            }
        }
        Screen::Lifecycle => lifecycle_ui(ui, &audit.lifecycle, &here.selection, asked),
        Screen::Monitoring => match audit.monitoring() {
            Some(model) => monitoring_ui(ui, &audit.record, &audit.choices, model, &mut workbench.view.monitoring, &here.selection, asked),
            None => unmeasured_ui(ui, &audit.record, &here.selection, asked),
        },
        Screen::Proofs => {
            let selected = match &here.selection {
                Selection::Proof(id) => audit.record.proofs.iter().find(|proof| proof.id == *id),
                _ => None,
            };
            proofs_ui(ui, audit, selected.or(audit.record.proofs.first()), asked);
        }
    }
}

fn empty_ui(ui: &mut Ui, title: &str, text: &str) {
    let colors = theme(ui).color;
    ui.add_space(24.0);
    sentence(ui, title, kind().headline, colors.text);
    sentence(ui, text, kind().body, colors.text2);
}

fn ended_ui(ui: &mut Ui, title: &str, text: &str, asked: &mut Asked) {
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        empty_ui(ui, title, text);
        ui.add_space(12.0);
        ui.horizontal_wrapped(|ui| {
            if button(ui, Some(crate::icons::Icon::ArrowsClockwise), "Verify again", "", Weight::Primary, true).clicked() {
                asked.push(Action::Verify);
            }
            if button(ui, Some(crate::icons::Icon::FolderOpen), "Choose other files", "", Weight::Default, true).clicked() {
                asked.push(Action::Go(Screen::Welcome));
            }
        });
    });
}
