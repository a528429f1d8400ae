//! Welcome as drawn.

use egui::{Align, Frame, Margin, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2};
use verifold_model::{format, state::RungName};

use crate::{
    action::{Action, shortcut_text},
    backend::{AuditFiles, Pick, Sample},
    icons::Icon,
    panels::Asked,
    tokens::{Face, tokens},
    verdict::Verdict,
    widgets::{
        button, card,
        controls::Weight,
        dashed_rect, focus_ring, heading, icon_button, note,
        text::{Fit, kind, paint_icon, paint_text, sentence, strong, width},
        text_field, theme, verdict_chip,
    },
};

/// Draws the room. `samples` is absent until the host has looked for them.
pub fn welcome_ui(ui: &mut Ui, files: &mut AuditFiles, samples: Option<&[Sample]>, problem: Option<&str>, asked: &mut Asked) {
    let colors = theme(ui).color;
    let hovering = ui.ctx().input(|i| !i.raw.hovered_files.is_empty());
    ScrollArea::vertical().id_salt("welcome").auto_shrink([false, false]).show(ui, |ui| {
        let whole = ui.available_width();
        let side = if whole >= 1_060.0 { 320.0 } else { 0.0 };
        let margin = ((whole - 1_240.0) / 2.0).max(if whole < 700.0 { 0.0 } else { 20.0 });
        ui.add_space(if whole < 700.0 { 4.0 } else { 20.0 });
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            let main = whole - 2.0 * margin - if side > 0.0 { side + 32.0 } else { 16.0 };
            ui.allocate_ui_with_layout(vec2(main, 0.0), egui::Layout::top_down(Align::Min), |ui| {
                ui.set_width(main);
                ui.spacing_mut().item_spacing.y = 8.0;
                heading(ui, "Verify a model’s record without seeing the model or the data", kind().welcome);
                sentence(ui, "Choose the policy, then the package. Everything is checked on this computer, offline.", kind().body, colors.text2);
                ui.add_space(8.0);
                if let Some(problem) = problem {
                    alarm(ui, problem);
                }
                inputs(ui, files, hovering, asked);
                ui.add_space(14.0);
                sample_list(ui, samples, asked);
                ui.add_space(8.0);
                note(ui, Icon::Info, "", "A proof shows that committed data and the committed model give the stated result. It does not show that the data are true, complete or lawfully obtained.");
                if side == 0.0 {
                    ui.add_space(8.0);
                    ladder_card(ui);
                }
                ui.add_space(12.0);
            });
            if side > 0.0 {
                ui.add_space(24.0);
                ui.allocate_ui_with_layout(vec2(side, 0.0), egui::Layout::top_down(Align::Min), |ui| {
                    ui.set_width(side);
                    ladder_card(ui);
                });
            }
        });
    });
}

fn alarm(ui: &mut Ui, problem: &str) {
    let look = theme(ui);
    let paint = look.state.violated;
    Frame::new()
        .fill(paint.chip_fill)
        .stroke(Stroke::new(1.0, paint.chip_stroke))
        .corner_radius(tokens().radius.note)
        .inner_margin(Margin::symmetric(12, 10))
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                let (rect, _) = ui.allocate_exact_size(Vec2::splat(20.0), Sense::hover());
                paint_icon(ui, rect.center(), Icon::Warning, 18.0, paint.mark);
                sentence(ui, problem, kind().body, look.color.text);
            });
        });
}

fn inputs(ui: &mut Ui, files: &mut AuditFiles, hovering: bool, asked: &mut Asked) {
    let colors = theme(ui).color;
    let whole = ui.available_width();
    let beside = whole >= 720.0;
    if beside {
        let each = (whole - 24.0) / 3.0;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            for pick in [Pick::Policy, Pick::Engagement, Pick::Package] {
                ui.allocate_ui_with_layout(vec2(each, 170.0), egui::Layout::top_down(Align::Min), |ui| {
                    ui.set_width(each);
                    input(ui, files, pick, hovering, asked);
                });
            }
        });
    } else {
        for pick in [Pick::Policy, Pick::Engagement, Pick::Package] {
            input(ui, files, pick, hovering, asked);
        }
    }
    further(ui, files);
    ui.horizontal_wrapped(|ui| {
        let keys = Action::Verify.offer().and_then(|offer| offer.shortcut).map(shortcut_text).unwrap_or_default();
        let ready = files.is_complete();
        let response = button(ui, Some(Icon::ArrowsClockwise), "Verify", &keys, Weight::Primary, ready);
        if response.clicked() {
            asked.push(Action::Verify);
        }
        if !ready {
            let missing = match (files.policy.trim().is_empty(), files.package.trim().is_empty()) {
                (true, true) => "Policy and package are still missing",
                (true, false) => "The policy is still missing",
                _ => "The package is still missing",
            };
            sentence(ui, missing, kind().table, colors.text3);
        } else if files.engagement.trim().is_empty() {
            sentence(
                ui,
                "Without an engagement nothing is pinned: subject, model and period are the package’s own word",
                kind().table,
                colors.text3,
            );
        }
    });
}

/// Overlays and trusted keys that were added, each with a way to leave it out again.
fn further(ui: &mut Ui, files: &mut AuditFiles) {
    let colors = theme(ui).color;
    for (icon, what, paths) in [(Icon::Scales, "Overlay", &mut files.overlays), (Icon::Key, "Trusted key", &mut files.trusted)] {
        let mut left_out = None;
        for (at, path) in paths.iter().enumerate() {
            ui.horizontal(|ui| {
                let room = vec2(ui.available_width() - tokens().size.button - 16.0, tokens().size.button);
                let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
                paint_icon(ui, pos2(rect.left() + 11.0, rect.center().y), icon, 16.0, colors.text2);
                let name = rect.with_min_x(rect.left() + 30.0);
                paint_text(ui, name, Align::Min, what, strong(kind().table), colors.text, Fit::Must);
                let after = name.left() + width(ui, what, strong(kind().table).font()) + 10.0;
                paint_text(ui, rect.with_min_x(after), Align::Min, path, kind().table, colors.text2, Fit::MayCut);
                response.on_hover_text(path);
                if icon_button(ui, Icon::X, &format!("Leave out {path}"), true).clicked() {
                    left_out = Some(at);
                }
            });
        }
        if let Some(at) = left_out {
            paths.remove(at);
        }
    }
}

fn input(ui: &mut Ui, files: &mut AuditFiles, pick: Pick, hovering: bool, asked: &mut Asked) {
    let colors = theme(ui).color;
    let (icon, title, aside, text, field, label) = match pick {
        Pick::Policy => (
            Icon::Scales,
            "Policy",
            "what must hold",
            "Requirements, limits and accepted circuits, fixed before results.",
            &mut files.policy,
            "Policy path",
        ),
        Pick::Engagement => (
            Icon::Crosshair,
            "Engagement",
            "optional, yours",
            "What you expect: subject, model, calendar, control totals.",
            &mut files.engagement,
            "Engagement path",
        ),
        Pick::Package | Pick::Overlay | Pick::Key | Pick::Report => (
            Icon::Cube,
            "Proof package",
            "received",
            "Drop a .zkaudit file here. Read in a process of its own, never trusted.",
            &mut files.package,
            "Package path",
        ),
    };
    let target = pick == Pick::Package;
    let response = Frame::new()
        .fill(if target && hovering { colors.select } else { colors.panel })
        .stroke(Stroke::new(1.0, if target { egui::Color32::TRANSPARENT } else { colors.line }))
        .corner_radius(tokens().radius.card)
        .inner_margin(Margin::symmetric(14, 12))
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
            ui.horizontal_wrapped(|ui| {
                let (rect, _) = ui.allocate_exact_size(Vec2::splat(22.0), Sense::hover());
                paint_icon(ui, rect.center(), icon, 20.0, colors.text);
                sentence(ui, title, kind().section, colors.text);
                sentence(ui, aside, kind().table, colors.text3);
            });
            sentence(ui, text, kind().body, colors.text2);
            ui.add_space(4.0);
            let wide = ui.available_width();
            text_field(ui, label, "Path", field, wide);
            browse(ui, pick, Weight::Default, asked);
            // What tailors a policy stands beside it, and whose signatures count beside what is expected of signers.
            match pick {
                Pick::Policy => browse(ui, Pick::Overlay, Weight::Quiet, asked),
                Pick::Engagement => browse(ui, Pick::Key, Weight::Quiet, asked),
                _ => {
                    // As high as a button.
                    let (rect, _) = ui.allocate_exact_size(vec2(wide, tokens().size.button), Sense::hover());
                    paint_text(ui, rect, Align::Min, "The other files can be dropped too.", kind().table, colors.text3, Fit::MayCut);
                }
            }
        })
        .response;
    if target {
        dashed_rect(ui.painter(), response.rect.shrink(0.5), colors.accent);
    }
}

fn browse(ui: &mut Ui, pick: Pick, weight: Weight, asked: &mut Asked) {
    let Some(offer) = Action::Browse(pick).offer() else { return };
    let response = button(ui, Some(offer.icon), offer.label, "", weight, true);
    let keys = offer.shortcut.map(shortcut_text).unwrap_or_default();
    if response.on_hover_text(format!("{}  {keys}", offer.tooltip)).clicked() {
        asked.push(Action::Browse(pick));
    }
}

fn sample_list(ui: &mut Ui, samples: Option<&[Sample]>, asked: &mut Asked) {
    let colors = theme(ui).color;
    ui.horizontal_wrapped(|ui| {
        sentence(ui, "Sample audits", kind().section, colors.text);
        sentence(ui, "With the outcome you should see", kind().table, colors.text3);
    });
    let samples = match samples {
        None => return,
        Some([]) => {
            card(ui, |ui| {
                sentence(ui, "No samples found", kind().title, colors.text);
                sentence(
                    ui,
                    "The program looks for a folder named sample-audits beside itself, in the working folder and above it. Copy the folder there, or choose files above.",
                    kind().body,
                    colors.text2,
                );
            });
            return;
        }
        Some(samples) => samples,
    };
    let whole = ui.available_width();
    let columns = ((whole + 12.0) / 292.0).floor().clamp(1.0, 3.0) as usize;
    let wide = (whole - 12.0 * (columns as f32 - 1.0)) / columns as f32;
    for line in samples.chunks(columns) {
        // All cards of a line are as high as the one with the most text.
        let height = line.iter().map(|sample| 78.0 + text_height(ui, sample, wide - 28.0)).fold(0.0, f32::max);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            for sample in line {
                sample_card(ui, sample, vec2(wide, height), asked);
            }
        });
        ui.add_space(2.0);
    }
}

fn text_height(ui: &Ui, sample: &Sample, room: f32) -> f32 {
    let font = kind().table.font();
    ui.painter().layout(sample.summary.clone(), font, egui::Color32::PLACEHOLDER, room).size().y
        + ui.painter().layout(sample.title.clone(), strong(kind().body).font(), egui::Color32::PLACEHOLDER, room - 96.0).size().y
}

fn sample_card(ui: &mut Ui, sample: &Sample, size: Vec2, asked: &mut Asked) {
    let colors = theme(ui).color;
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let fill = if response.hovered() { colors.hover } else { colors.panel };
    ui.painter().rect(
        rect,
        tokens().radius.card,
        fill,
        Stroke::new(1.0, if response.hovered() { colors.line_strong } else { colors.line }),
        StrokeKind::Inside,
    );
    let mut inside = ui.new_child(
        UiBuilder::new().max_rect(rect.shrink2(vec2(14.0, 12.0))).layout(egui::Layout::top_down(Align::Min)).id_salt(&sample.name),
    );
    inside.horizontal_top(|ui| {
        let chip = sample.expected.map(Verdict::from);
        let room = ui.available_width() - chip.as_ref().map_or(0.0, |c| width(ui, &c.word, kind().caption.font()) + 42.0);
        ui.allocate_ui(vec2(room, 22.0), |ui| {
            ui.set_width(room);
            sentence(ui, &sample.title, strong(kind().body), colors.text);
        });
        if let Some(chip) = chip {
            verdict_chip(ui, &chip);
        }
    });
    sentence(&mut inside, &sample.summary, kind().table, colors.text2);
    let foot = Rect::from_min_max(pos2(rect.left() + 14.0, rect.bottom() - 32.0), pos2(rect.right() - 14.0, rect.bottom() - 10.0));
    paint_text(
        ui,
        foot.with_max_x(foot.right() - 56.0),
        Align::Min,
        &format!("{} · {}", sample.name, format::bytes(sample.package_bytes)),
        kind().caption.with(Face::Regular),
        colors.text3,
        Fit::MayCut,
    );
    paint_text(ui, foot.with_min_x(foot.right() - 50.0), Align::Max, "Open →", kind().control, colors.accent, Fit::Must);
    focus_ring(ui, &response, tokens().radius.card);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Open sample {}", sample.title)));
    if response.clicked() {
        asked.push(Action::VerifyFiles(sample.files.clone()));
    }
}

fn ladder_card(ui: &mut Ui) {
    let colors = theme(ui).color;
    card(ui, |ui| {
        sentence(ui, "Five checks, never merged into one", kind().title, colors.text);
        ui.add_space(6.0);
        for (i, rung) in RungName::ALL.into_iter().enumerate() {
            ui.horizontal_top(|ui| {
                let (rect, _) = ui.allocate_exact_size(Vec2::splat(26.0), Sense::hover());
                ui.painter().circle_stroke(rect.center(), 11.0, Stroke::new(1.0, colors.line_strong));
                paint_text(ui, rect, Align::Center, &(i + 1).to_string(), kind().caption, colors.text2, Fit::Must);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    sentence(ui, rung.title(), strong(kind().table), colors.text);
                    sentence(ui, rung.question(), kind().table, colors.text2);
                });
            });
            ui.add_space(4.0);
        }
        sentence(ui, "The first check that fails becomes the headline of the audit.", kind().table, colors.text3);
    });
}
