//! Verification under way: phases, what exactly, elapsed, Cancel. No conclusion, no invented percentage.

use egui::{Align, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use verifold_model::protocol::WorkPhase;

use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    tokens::Face,
    verdict::Form,
    widgets::{
        button, card,
        controls::{Weight, spinner},
        heading, note,
        text::{Fit, kind, paint_icon, paint_text, sentence},
        theme,
    },
    workbench::Progress,
};

const PHASES: [WorkPhase; 5] = [WorkPhase::Read, WorkPhase::DeriveKeys, WorkPhase::CheckProofs, WorkPhase::Replay, WorkPhase::Assess];

/// `00:01.9`.
pub(super) fn clock(secs: f64) -> String {
    let tenths = (secs.max(0.0) * 10.0) as u64;
    format!("{:02}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Draws what the worker is at.
pub(super) fn running_ui(ui: &mut Ui, progress: &Progress, asked: &mut Asked) {
    let look = theme(ui);
    let colors = look.color;
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 10.0;
        ui.set_max_width(ui.available_width().min(820.0));
        card(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                spinner(ui, 20.0);
                heading(ui, progress.title(), kind().headline);
            });
            if !progress.detail.is_empty() {
                sentence(ui, &progress.detail, kind().table, colors.text2);
            }
            let counted = if progress.done.1 > 0 { format!("{} of {} done", progress.done.0, progress.done.1) } else { "Time depends on the number and size of circuits".to_owned() };
            sentence(ui, &counted, kind().body, colors.text2);
            ui.horizontal_wrapped(|ui| {
                sentence(ui, &clock(progress.elapsed), kind().elapsed, colors.text);
                sentence(ui, "elapsed", kind().table, colors.text3);
                if button(ui, Some(Icon::X), "Cancel", "Esc", Weight::Default, true).clicked() {
                    asked.push(Action::Cancel);
                }
            });
            if progress.done.1 > 0 {
                segments_bar(ui, progress.done);
            }
        });
        card(ui, |ui| {
            sentence(ui, "Steps", kind().title, colors.text);
            ui.spacing_mut().item_spacing.y = 0.0;
            for phase in PHASES {
                step(ui, phase, progress);
            }
        });
        note(ui, Icon::Info, "", "The package is read in a separate process. No conclusion is shown until every proof is checked; Cancel ends that process at once.");
    });
}

fn segments_bar(ui: &mut Ui, (done, total): (u32, u32)) {
    let look = theme(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 8.0), Sense::hover());
    let shown = total.clamp(1, 60);
    let each = rect.width() / shown as f32;
    for i in 0..shown {
        let cell = Rect::from_min_size(pos2(rect.left() + each * i as f32, rect.top()), vec2((each - 3.0).max(1.0), rect.height()));
        let filled = u64::from(i) * u64::from(total) < u64::from(done) * u64::from(shown);
        ui.painter().rect_filled(cell, 2, if filled { look.chart.blue } else { look.color.select });
    }
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, format!("{done} of {total} done")));
}

fn step(ui: &mut Ui, phase: WorkPhase, progress: &Progress) {
    let look = theme(ui);
    let colors = look.color;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.top(), Stroke::new(1.0, colors.grid));
    let ended = progress.ended.iter().find(|(at, _)| *at == phase);
    let running = progress.phase == Some(phase);
    let (icon, color, word) = match (ended, running) {
        (_, true) => (Icon::CircleNotch, colors.accent, "Running".to_owned()),
        (Some((_, secs)), _) => (Icon::Check, Form::Neutral.colors(look).ink, format!("{secs:.1} s")),
        _ if progress.phase.is_some_and(|at| at > phase) => (Icon::Check, Form::Neutral.colors(look).ink, "Done".to_owned()),
        _ => (Icon::Clock, colors.text3, "Waiting".to_owned()),
    };
    paint_icon(ui, pos2(rect.left() + 8.0, rect.center().y), icon, 16.0, color);
    paint_text(
        ui,
        rect.with_min_x(rect.left() + 26.0),
        Align::Min,
        phase.words(),
        kind().table.with(if running { Face::SemiBold } else { Face::Regular }),
        colors.text,
        Fit::Must,
    );
    paint_text(ui, rect, Align::Max, &word, kind().mono, colors.text2, Fit::Must);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}: {}", phase.words(), word.to_lowercase())));
}

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn elapsed_reads_as_minutes_and_seconds() {
        assert_eq!(clock(1.94), "00:01.9");
        assert_eq!(clock(754.0), "12:34.0");
    }
}
