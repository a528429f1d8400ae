//! The inspector beside the overview: key facts of the audit, or one rung with its findings.

use egui::{Align, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use verifold_model::{
    cohort::BatchRole,
    document::signed_text,
    format,
    record::{AuditRecord, PlanChoice, Rung, Source},
    state::Severity,
};

use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::{Screen, Selection},
    tokens::Face,
    verdict::{Form, Verdict, source_words},
    widgets::{
        caption, digest, divider, focus_ring, key_value, note,
        text::{Fit, kind, paint_icon, paint_text, sentence, strong},
        theme, verdict_chip, verdict_line,
    },
};

/// Key facts, what is left to settle, what is not shown.
pub fn engagement_ui(ui: &mut Ui, record: &AuditRecord, asked: &mut Asked) {
    let colors = theme(ui).color;
    let words = |ui: &mut Ui, text: &str| {
        sentence(ui, text, kind().table, colors.text);
    };
    let aside = |ui: &mut Ui, text: &str| {
        sentence(ui, text, kind().caption.with(Face::Regular), colors.text3);
    };
    caption(ui, "Key facts");
    if let Some(subject) = &record.subject {
        key_value(ui, "Subject", |ui| {
            words(ui, &subject.value.name);
            aside(ui, &format!("{}, {}", subject.value.model, source_words(subject.source)));
        });
        key_value(ui, "LEI", |ui| words(ui, &subject.value.lei));
    }
    if let Some(period) = &record.period {
        key_value(ui, "Period", |ui| {
            words(ui, &period.value.text());
            aside(ui, source_words(period.source));
        });
    }
    let monitored: Vec<_> = record.batches.iter().filter(|b| b.role == BatchRole::Monitoring).collect();
    if !monitored.is_empty() {
        let there = monitored.iter().filter(|b| b.content.is_some()).count();
        let scored: u64 = monitored.iter().filter_map(|b| b.content.as_ref()).map(|c| c.scored).sum();
        let expected = record.engagement.as_ref().is_some_and(|engagement| engagement.expected_batches > 0);
        let batches =
            if expected { format!("{there} of {} expected", monitored.len()) } else { format!("{there}, as the package lists them") };
        key_value(ui, "Batches", |ui| words(ui, &batches));
        key_value(ui, "Rows", |ui| words(ui, &format!("{} scored", format::count(scored))));
    }
    if let Some(model) = &record.model {
        key_value(ui, "Model", |ui| {
            digest(ui, "model", &model.value.to_string(), model.source == Source::Package);
            aside(ui, source_words(model.source));
        });
    }
    for change in &record.model_changes {
        key_value(ui, "Model change", |ui| {
            words(ui, &format!("{}, in {}", change.at.date_text(), change.new_proof));
            digest(ui, "new model", &change.new_model.to_string(), change.source == Source::Package);
            aside(ui, source_words(change.source));
            aside(ui, &change.record_words());
        });
    }
    if let Some(plan) = &record.plan {
        key_value(ui, "Plan", |ui| {
            digest(ui, "plan", &plan.digest.to_string(), plan.source == Source::Package);
            let open = plan.choices.iter().filter(|choice| choice.constraint.is_none()).count();
            aside(ui, &format!("{} of {} choices are the provider’s alone", open, plan.choices.len()));
        });
    }
    key_value(ui, "Policy", |ui| {
        words(ui, &format!("{} {}", record.policy.title, record.policy.version));
        digest(ui, "policy", &record.policy.digest.to_string(), false);
        aside(ui, &signed_text(&record.policy.signatures));
    });
    for overlay in &record.overlays {
        key_value(ui, "Overlay", |ui| {
            words(ui, &format!("{}, {}", overlay.id, overlay.title));
            digest(ui, "overlay", &overlay.digest.to_string(), false);
            aside(ui, &signed_text(&overlay.signatures));
            for change in &overlay.changes {
                words(ui, &change.text());
            }
        });
    }
    key_value(ui, "Engagement", |ui| match &record.engagement {
        Some(engagement) => {
            words(ui, &engagement.title);
            digest(ui, "engagement", &engagement.digest.to_string(), false);
            aside(ui, &signed_text(&engagement.signatures));
        }
        None => words(ui, "None given: nothing is pinned, so everything above is the package’s own word"),
    });
    key_value(ui, "Package", |ui| {
        words(
            ui,
            &format!(
                "{}, {}",
                format::counted(record.package.entries.len() as u64, "entry", "entries"),
                format::bytes(record.package.size)
            ),
        );
        digest(ui, "package", &record.package.digest.to_string(), false);
    });
    to_settle(ui, record, asked);
    if let Some(plan) = &record.plan {
        let chosen = |title: &str, choices: Vec<String>, ui: &mut Ui| {
            if !choices.is_empty() {
                divider(ui);
                caption(ui, title);
                for line in choices {
                    sentence(ui, &line, kind().table, colors.text2);
                }
            }
        };
        let constrained = |c: &PlanChoice| c.constraint.clone().unwrap_or_default();
        let broken = plan.choices.iter().filter(|c| !c.holds).map(|c| format!("{}: {}; the policy: {}", c.what, c.chosen, constrained(c)));
        chosen("Chosen by the provider against the policy", broken.collect(), ui);
        let open = plan.choices.iter().filter(|c| c.constraint.is_none()).map(|c| format!("{}: {}", c.what, c.chosen));
        chosen("Chosen by the provider, no policy constrains it", open.collect(), ui);
    }
    divider(ui);
    note(ui, Icon::EyeSlash, "What this audit does not show", &record.not_shown.join(" "));
}

fn to_settle(ui: &mut Ui, record: &AuditRecord, asked: &mut Asked) {
    let mut open: Vec<_> = record.requirements.iter().filter(|r| r.severity == Severity::Mandatory && !r.state.is_settled()).collect();
    if open.is_empty() {
        return;
    }
    open.sort_by_key(|r| Form::from(r.state));
    divider(ui);
    caption(ui, "To settle, most serious first");
    let look = theme(ui);
    for result in open {
        let verdict = Verdict::from(result);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::click());
        if response.hovered() {
            ui.painter().rect_filled(rect.expand2(vec2(4.0, 0.0)), 4, look.color.hover);
        }
        paint_icon(ui, pos2(rect.left() + 8.0, rect.center().y), verdict.form.icon(), 16.0, verdict.form.colors(look).mark);
        let id =
            paint_text(ui, rect.with_min_x(rect.left() + 24.0), Align::Min, &result.id, strong(kind().table), look.color.text, Fit::Must);
        paint_text(
            ui,
            rect.with_min_x(id.right().max(rect.left() + 66.0) + 8.0),
            Align::Min,
            &result.title,
            kind().table,
            look.color.text2,
            Fit::MayCut,
        );
        focus_ring(ui, &response, 4);
        let name = format!("{}, {}, {}", result.id, verdict.word.to_lowercase(), result.title);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Settle {name}")));
        if response.on_hover_text(name).clicked() {
            asked.push(Action::Open(Screen::Requirements, Selection::Requirement(result.id.clone())));
        }
    }
}

/// One rung: what it asks, where it stands, everything found.
pub fn rung_ui(ui: &mut Ui, rung: &Rung) {
    let colors = theme(ui).color;
    verdict_chip(ui, &Verdict::from(rung));
    ui.add_space(4.0);
    sentence(ui, rung.name.question(), strong(kind().body), colors.text);
    sentence(ui, &rung.detail, kind().body, colors.text2);
    divider(ui);
    caption(ui, "Found");
    if rung.findings.is_empty() {
        sentence(ui, "Nothing beyond the line above.", kind().table, colors.text2);
    }
    for finding in &rung.findings {
        ui.add_space(4.0);
        if finding.blocking {
            verdict_line(ui, &Verdict { form: Verdict::from(rung).form, word: "Stands in the way".into() });
        }
        sentence(ui, &finding.text, kind().table, colors.text);
        let place = if finding.place.is_empty() { finding.cause.clone() } else { format!("{} · {}", finding.place, finding.cause) };
        sentence(ui, &place, kind().mono, colors.text3);
    }
}
