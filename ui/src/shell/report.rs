//! The sheet that asks where the report goes and says how it went.

use egui::{Context, Frame, Id, Margin, Modal, Stroke};

use crate::{
    action::Action,
    backend::Pick,
    icons::Icon,
    panels::Asked,
    tokens::{look, tokens},
    verdict::{Form, Verdict},
    widgets::{
        button,
        controls::{Weight, spinner},
        text::{kind, sentence},
        text_field, verdict_line,
    },
    workbench::{ReportState, Workbench},
};

/// Draws the sheet if it is open.
pub(super) fn report_ui(workbench: &mut Workbench, ctx: &Context, asked: &mut Asked) {
    let Some(sheet) = &mut workbench.report else { return };
    let colors = look(ctx.global_style().visuals.dark_mode).color;
    let frame = Frame::new()
        .fill(colors.raised)
        .stroke(Stroke::new(1.0, colors.line_strong))
        .corner_radius(tokens().radius.card)
        .inner_margin(Margin::symmetric(20, 16));
    let width = (ctx.content_rect().width() - 80.0).min(520.0);
    let modal = Modal::new(Id::NULL.with("report")).frame(frame).show(ctx, |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 8.0;
        sentence(ui, "Write the report", kind().section, colors.text);
        sentence(
            ui,
            "A PDF/A drawn from this audit’s record, attached unless the policy masks small counts. It says that the evidence was checked in this run.",
            kind().body,
            colors.text2,
        );
        text_field(ui, "Report path", "Path of the PDF", &mut sheet.path, width);
        if !sheet.path.contains(['/', '\\']) {
            sentence(ui, "A name without a folder is written where the program was started.", kind().caption, colors.text3);
        }
        match &sheet.state {
            ReportState::Asking => {}
            ReportState::Writing => {
                ui.horizontal(|ui| {
                    spinner(ui, 18.0);
                    sentence(ui, "Writing the report", kind().body, colors.text2);
                });
            }
            ReportState::Written { pages } => {
                verdict_line(ui, &Verdict { form: Form::Satisfied, word: "Written".into() });
                sentence(ui, &format!("{pages} pages, {}", sheet.path), kind().table, colors.text2);
            }
            ReportState::Failed { message } => {
                verdict_line(ui, &Verdict { form: Form::Violated, word: "Not written".into() });
                sentence(ui, message, kind().table, colors.text);
            }
        }
        let writing = sheet.state == ReportState::Writing;
        ui.horizontal_wrapped(|ui| {
            if button(ui, Some(Icon::FileText), "Write report", "", Weight::Primary, !writing && !sheet.path.trim().is_empty()).clicked() {
                asked.push(Action::WriteReport);
            }
            if button(ui, Some(Icon::Folder), "Browse…", "", Weight::Default, !writing).clicked() {
                asked.push(Action::Browse(Pick::Report));
            }
            if button(ui, None, "Close", "", Weight::Quiet, true).clicked() {
                asked.push(Action::Dismiss);
            }
        });
    });
    if modal.backdrop_response.clicked() && workbench.report.as_ref().is_some_and(|sheet| sheet.state != ReportState::Writing) {
        asked.push(Action::Dismiss);
    }
}
