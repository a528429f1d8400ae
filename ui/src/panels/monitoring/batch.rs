//! The inspector of one batch.

use egui::Ui;
use verifold_model::{
    cohort::{BatchRole, Outcome},
    format,
    record::{AuditRecord, BatchMatured, BatchRecord, BatchRevision, Standing},
};

use super::model::Model;
use crate::{
    action::Action,
    icons::Icon,
    panels::Asked,
    place::{Screen, Selection},
    tokens::Face,
    verdict::{Form, Verdict},
    widgets::{
        button, caption,
        controls::Weight,
        digest, divider, key_value, link, note,
        text::{kind, sentence, strong},
        theme, verdict_chip, verdict_line,
    },
};

/// Draws everything known about a batch.
pub fn batch_ui(ui: &mut Ui, record: &AuditRecord, model: Option<&Model>, batch: &BatchRecord, asked: &mut Asked) {
    let colors = theme(ui).color;
    let slot = model.and_then(|m| m.slots.iter().find(|slot| slot.number == batch.number));
    let words = |ui: &mut Ui, text: &str| {
        sentence(ui, text, kind().table, colors.text);
    };
    if let (Some(slot), Some(model)) = (slot, model) {
        ui.horizontal_wrapped(|ui| {
            verdict_chip(ui, &slot.verdict);
            if let Some(id) = &model.requirement {
                sentence(ui, id, kind().table, colors.text2);
            }
        });
        ui.add_space(4.0);
        let limit = model.limit.as_ref().map(|(_, text)| format!(" The limit is {text}.")).unwrap_or_default();
        sentence(ui, &format!("{} is {}.{limit}", model.key, slot.text), strong(kind().body), colors.text);
        ui.add_space(4.0);
    }
    key_value(ui, "Label", |ui| words(ui, &batch.label));
    key_value(ui, "From", |ui| words(ui, &batch.start.date_text()));
    key_value(ui, "Until", |ui| words(ui, &format!("before {}", batch.end.date_text())));
    if let Some(own) = &batch.model {
        key_value(ui, "Model", |ui| {
            digest(ui, "model of the batch", &own.to_string(), batch.standing != Standing::Proven);
        });
    }
    if let Some(content) = &batch.content {
        key_value(ui, "Rows", |ui| words(ui, &format!("{} scored, {} void", format::count(content.scored), format::count(content.void))));
        key_value(ui, "Outcomes", |ui| {
            words(ui, &if content.known == 0 { "none known yet".to_owned() } else { format!("{} known", format::count(content.known)) });
        });
        if let Some(later) = &content.matured {
            key_value(ui, "Later", |ui| words(ui, &known_later(later)));
        }
        key_value(ui, "Approved", |ui| words(ui, &format!("{} logged", format::count(content.logged_approvals))));
    }
    if !batch.control.is_empty() {
        divider(ui);
        caption(ui, "Control totals");
        for expectation in &batch.control {
            verdict_line(ui, &agreement(expectation.holds, batch.standing));
            sentence(
                ui,
                &format!(
                    "{}: expected {}, found {}. From {}.",
                    expectation.what, expectation.expected, expectation.found, expectation.origin
                ),
                kind().table,
                colors.text2,
            );
        }
    }
    also(ui, record, model, batch, asked);
    divider(ui);
    caption(ui, "Evidence");
    match (&batch.content, batch.standing) {
        (Some(content), standing) => {
            let claimed = standing != Standing::Proven;
            sentence(
                ui,
                if claimed { "Claimed: no valid proof binds it" } else { "Proven: bound by a proof checked here" },
                kind().table,
                colors.text,
            );
            let proof = content.proof.as_ref().and_then(|id| record.proofs.iter().find(|proof| proof.id == *id));
            if let Some(proof) = proof
                && link(ui, &proof.title).clicked()
            {
                asked.push(Action::Open(Screen::Proofs, Selection::Proof(proof.id.clone())));
            }
            for (name, value) in [
                ("Rows", &content.row_commitment),
                ("Outcomes", &content.outcome_commitment),
                ("Table", &content.table_commitment),
                ("Chain", &content.chain),
            ] {
                key_value(ui, name, |ui| {
                    digest(ui, name, &value.to_string(), claimed);
                });
            }
        }
        (None, _) => {
            sentence(ui, "The package has no evidence for it.", kind().table, colors.text2);
        }
    }
    if let Some(result) = model.and_then(|m| m.requirement.as_ref()).and_then(|id| record.requirements.iter().find(|r| r.id == *id)) {
        ui.add_space(8.0);
        note(ui, Icon::EyeSlash, "This does not show", &result.does_not_show);
        ui.add_space(6.0);
        if button(ui, Some(Icon::ListChecks), &format!("Why {}", result.id), "", Weight::Default, true).clicked() {
            asked.push(Action::Open(Screen::Requirements, Selection::Requirement(result.id.clone())));
        }
    }
}

/// Outcomes that became known after the batch was monitored, and those that turned since.
fn known_later(later: &BatchMatured) -> String {
    use Outcome::{Bad, Good, Unknown};
    let known = format!("{} known, {} of them bad", format::count(later.known), format::count(later.bad));
    let Some(BatchRevision { counts, .. }) = &later.revision else { return known };
    let [to_bad, to_good] = [counts.of(Good, Bad), counts.of(Bad, Good)].map(|rows| format::count(u64::from(rows)));
    let withdrawn = u64::from(counts.of(Good, Unknown)) + u64::from(counts.of(Bad, Unknown));
    format!("{known}; {to_bad} turned bad, {to_good} turned good, {} withdrawn", format::count(withdrawn))
}

/// Agreement with what is only claimed settles nothing, so it is never green.
fn agreement(holds: bool, standing: Standing) -> Verdict {
    let (form, word) = match (holds, standing) {
        (false, _) => (Form::Rejected, "Differs"),
        (true, Standing::Proven) => (Form::Satisfied, "Agrees"),
        (true, Standing::Claimed | Standing::Missing) => (Form::Neutral, "Agrees with the claim"),
    };
    Verdict { form, word: word.into() }
}

fn also(ui: &mut Ui, record: &AuditRecord, model: Option<&Model>, batch: &BatchRecord, asked: &mut Asked) {
    if batch.role != BatchRole::Monitoring {
        return;
    }
    let others: Vec<_> = record
        .requirements
        .iter()
        .filter(|r| Some(&r.id) != model.and_then(|m| m.requirement.as_ref()))
        .filter_map(|r| Some((r, r.batches.iter().find(|b| b.number == batch.number)?)))
        .collect();
    if others.is_empty() {
        return;
    }
    let colors = theme(ui).color;
    divider(ui);
    caption(ui, "Also in this batch");
    for (result, found) in others {
        ui.horizontal_wrapped(|ui| {
            verdict_line(ui, &Verdict::from(found));
            if link(ui, &result.id).clicked() {
                asked.push(Action::ShowMetric(result.id.clone(), batch.number));
            }
            sentence(ui, &found.actual, kind().mono, colors.text);
        });
        sentence(ui, &result.title, kind().caption.with(Face::Regular), colors.text3);
    }
}
