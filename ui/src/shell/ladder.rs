//! The trust ladder: five rungs, never merged; only the first that fails is tinted.

use egui::{Align, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use verifold_model::{
    protocol::WorkPhase,
    state::{RungName, RungState},
};

use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::Selection,
    tokens::Face,
    verdict::{Form, Verdict},
    widgets::{
        focus_ring,
        text::{Fit, kind, paint_icon, paint_text, strong, width},
        theme,
    },
    workbench::{Progress, Run, Workbench},
};

/// Draws the rungs; a click selects one for the inspector.
pub(super) fn ladder_ui(workbench: &Workbench, ui: &mut Ui, asked: &mut Asked) {
    let colors = theme(ui).color;
    let bar = ui.max_rect();
    let each = bar.width() / 5.0;
    let running = if let Run::Verifying(progress) = &workbench.run { Some(progress) } else { None };
    let record = workbench.audit.as_ref().map(|audit| &audit.record);
    let headline = record.and_then(|record| record.headline.rung);
    for (i, name) in RungName::ALL.into_iter().enumerate() {
        let cell = Rect::from_min_size(pos2(bar.left() + each * i as f32, bar.top()), vec2(each, bar.height() - 1.0));
        let rung = record.and_then(|record| record.ladder.iter().find(|rung| rung.name == name));
        let drawn = match (running, rung) {
            (Some(progress), _) => checking(name, progress),
            (None, Some(rung)) => Drawn {
                verdict: Verdict::from(rung),
                icon: match rung.state {
                    RungState::NotReached => Icon::Clock,
                    _ => Verdict::from(rung).form.icon(),
                },
                detail: rung.detail.clone(),
                tint: (headline == Some(name)).then_some(Verdict::from(rung).form),
                active: false,
            },
            (None, None) => Drawn {
                verdict: Verdict { form: Form::Neutral, word: "Not reached".into() },
                icon: Icon::Clock,
                detail: String::new(),
                tint: None,
                active: false,
            },
        };
        let selected = matches!(&workbench.here().selection, Selection::Rung(at) if *at == name) && running.is_none();
        if rung_ui(ui, cell, i + 1, name, &drawn, selected) && running.is_none() {
            asked.push(Action::Select(Selection::Rung(name)));
        }
        if i > 0 {
            paint_icon(ui, pos2(cell.left(), cell.center().y), Icon::CaretRight, 12.0, colors.line_strong);
        }
    }
    ui.painter().hline(bar.x_range(), bar.bottom() - 0.5, Stroke::new(1.0, colors.line));
}

struct Drawn {
    verdict: Verdict,
    icon: Icon,
    detail: String,
    tint: Option<Form>,
    active: bool,
}

/// While checking, nothing is concluded: rungs are waiting, being checked, or read.
fn checking(name: RungName, progress: &Progress) -> Drawn {
    let of = match name {
        RungName::Integrity | RungName::Origin => WorkPhase::Read,
        RungName::Proof => WorkPhase::CheckProofs,
        RungName::Scope => WorkPhase::Replay,
        RungName::Policy => WorkPhase::Assess,
    };
    let at = progress.phase.map(|phase| if phase == WorkPhase::DeriveKeys { WorkPhase::CheckProofs } else { phase });
    let (word, detail, active) = match at {
        Some(at) if at == of => (
            "Checking",
            if progress.done.1 > 0 { format!("{} of {} done", progress.done.0, progress.done.1) } else { "under way".into() },
            true,
        ),
        Some(at) if at > of => ("Read", "concluded at the end".to_owned(), false),
        _ => ("Waiting", "not assessed yet".to_owned(), false),
    };
    Drawn { verdict: Verdict { form: Form::Neutral, word: word.into() }, icon: Icon::Clock, detail, tint: None, active }
}

fn rung_ui(ui: &mut Ui, cell: Rect, number: usize, name: RungName, drawn: &Drawn, selected: bool) -> bool {
    let look = theme(ui);
    let colors = look.color;
    let response = ui.interact(cell, ui.scope_id().with(("rung", number)), Sense::click());
    if let Some(form) = drawn.tint {
        let (fill, bar) = match form {
            Form::Rejected => (look.state.rejected.soft_fill, look.state.rejected.mark),
            other => (other.colors(look).chip_fill, other.colors(look).mark),
        };
        ui.painter().rect_filled(cell, 0, fill);
        ui.painter().rect_filled(cell.with_min_y(cell.bottom() - 2.0), 0, bar);
    } else if drawn.active {
        ui.painter().rect_filled(cell, 0, colors.select);
        ui.painter().rect_filled(cell.with_min_y(cell.bottom() - 2.0), 0, colors.accent);
    } else if response.hovered() {
        ui.painter().rect_filled(cell, 0, colors.hover);
    }
    if selected {
        ui.painter().rect_filled(cell.with_max_y(cell.top() + 2.0), 0, colors.accent);
    }
    let paint = drawn.verdict.form.colors(look);
    let small = cell.width() < 150.0;
    let (lead, trail) = if small { (7.0, 2.0) } else { (48.0, 8.0) };
    if !small {
        let center = pos2(cell.left() + 27.0, cell.center().y);
        ui.painter().circle_stroke(center, 11.0, Stroke::new(1.0, colors.line_strong));
        paint_text(
            ui,
            Rect::from_center_size(center, vec2(20.0, 20.0)),
            Align::Center,
            &number.to_string(),
            kind().caption,
            colors.text2,
            Fit::Must,
        );
    }
    let inside = cell.with_min_x(cell.left() + lead).with_max_x(cell.right() - trail);
    let top = if small { 2.0 } else { 8.0 };
    let upper = inside.with_min_y(cell.top() + top).with_max_y(cell.top() + top + 21.0);
    let lower = inside.with_min_y(upper.bottom()).with_max_y(cell.top() + 47.0);
    let title = paint_text(ui, upper, Align::Min, name.title(), strong(kind().body), colors.text, Fit::MayCut);
    let word_face = kind().table.with(Face::SemiBold);
    let beside = title.right() + 30.0 + width(ui, &drawn.verdict.word, word_face.font()) <= inside.right();
    // Where the word does not fit beside the name, it takes the second line and the detail is left to the inspector.
    let at = if beside { upper.with_min_x(title.right() + 8.0) } else { lower };
    let (mark, ink) = if drawn.active { (colors.accent, colors.accent) } else { (paint.mark, paint.ink) };
    paint_icon(ui, pos2(at.left() + 8.0, at.center().y), drawn.icon, 15.0, mark);
    let room = at.right() - at.left() - 18.0;
    if width(ui, &drawn.verdict.word, word_face.font()) <= room {
        paint_text(ui, at.with_min_x(at.left() + 20.0), Align::Min, &drawn.verdict.word, word_face, ink, Fit::Must);
    } else {
        // In a very narrow cell the word takes two small lines.
        let galley = ui.painter().layout(drawn.verdict.word.clone(), kind().caption.font(), ink, room);
        ui.painter().galley(pos2(at.left() + 18.0, cell.bottom() - 4.0 - galley.size().y.min(32.0)), galley, ink);
    }
    if beside {
        paint_text(ui, lower, Align::Min, &drawn.detail, kind().caption.with(Face::Regular), colors.text2, Fit::MayCut);
    }
    focus_ring(ui, &response, 2);
    let sentence = format!("{} {}: {}. {}", number, name.title(), drawn.verdict.word.to_lowercase(), drawn.detail);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &sentence));
    response.on_hover_text(format!("{}\n{}: {}", name.question(), drawn.verdict.word, drawn.detail)).clicked()
}
