//! Why a stage is proven the way it is: a card for each traceability specification, as the provider claims it.

use egui::Ui;
use verifold_model::{
    proof_system::Property,
    record::TraceabilitySummary,
    traceability::{CLAIMED, Problem, role_title},
};

use crate::{
    tokens::Face,
    verdict::{Form, Verdict},
    widgets::{
        caption, card, dashed_rect, digest, divider, key_value,
        text::{kind, sentence, strong},
        theme, verdict_chip,
    },
};

/// How a document stands: what is missing in it, or what it is at odds with.
pub fn standing(summary: &TraceabilitySummary) -> Verdict {
    let (form, word) = match (summary.contradictions.is_empty(), summary.gaps.is_empty(), summary.proofs.is_empty()) {
        (false, ..) => (Form::Violated, "Contradicts"),
        (true, false, _) => (Form::Violated, "Incomplete"),
        (true, true, true) => (Form::Uncovered, "Without a proof"),
        (true, true, false) => (Form::Neutral, "Complete, claimed"),
    };
    Verdict { form, word: word.to_owned() }
}

/// Draws a document.
pub fn traceability_ui(ui: &mut Ui, summary: &TraceabilitySummary) {
    let colors = theme(ui).color;
    let document = &summary.document;
    let words = |ui: &mut Ui, text: &str| {
        sentence(ui, text, kind().table, colors.text);
    };
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        sentence(ui, &format!("Traceability: {}", document.stage.title().to_lowercase()), kind().title, colors.text);
        sentence(ui, &format!("{CLAIMED}."), kind().caption.with(Face::Regular), colors.text3);
        verdict_chip(ui, &standing(summary));
        for Problem { field, text } in summary.contradictions.iter().chain(&summary.gaps) {
            sentence(ui, &format!("{field}: {text}"), kind().table, colors.text);
        }
        ui.add_space(8.0);
        let inside = ui.scope(|ui| {
            sentence(ui, &document.title, strong(kind().body), colors.text2);
            sentence(ui, &document.context.objective, kind().body, colors.text2);
            key_value(ui, "Model", |ui| words(ui, &document.context.model_category));
            key_value(ui, "Hidden", |ui| words(ui, &document.context.confidential));
            for constraint in &document.constraint {
                key_value(ui, "Constraint", |ui| {
                    words(ui, &constraint.text);
                    if !constraint.demands.is_empty() {
                        let demands: Vec<&str> = constraint.demands.iter().map(|demand| demand.name()).collect();
                        sentence(ui, &format!("demands {}", demands.join(", ")), kind().caption.with(Face::Regular), colors.text3);
                    }
                });
            }
            divider(ui);
            candidates(ui, summary);
            divider(ui);
            key_value(ui, "Decision", |ui| {
                words(ui, &document.decision.rationale);
                sentence(
                    ui,
                    &format!("{}, {}", document.decision.system, document.decision.circuit),
                    kind().caption.with(Face::Regular),
                    colors.text3,
                );
            });
            for consequence in &document.consequence {
                key_value(ui, "Consequence", |ui| words(ui, &consequence.text));
            }
            for (role, person) in document.roles.each() {
                key_value(ui, "Decided by", |ui| {
                    words(ui, &format!("{}, {}", person.name, person.agreed_on));
                    sentence(ui, role_title(role), kind().caption.with(Face::Regular), colors.text3);
                });
            }
        });
        dashed_rect(ui.painter(), inside.response.rect.expand(8.0), colors.text3);
        ui.add_space(10.0);
        key_value(ui, "SHA-256", |ui| {
            digest(ui, "document", &summary.digest.to_string(), true);
        });
    });
}

/// The candidates on each property, in plain words: a tick would look like something checked.
fn candidates(ui: &mut Ui, summary: &TraceabilitySummary) {
    let colors = theme(ui).color;
    caption(ui, "Candidates, as the provider scores them");
    for candidate in &summary.document.candidate {
        let chosen = candidate.system == summary.document.decision.system;
        ui.add_space(4.0);
        let title = if chosen { format!("{}, chosen", candidate.title) } else { candidate.title.clone() };
        sentence(ui, &title, if chosen { strong(kind().table) } else { kind().table }, colors.text);
        let score = |property: Property| format!("{}: {}", property.title(), candidate.scores.of(property).holds.word());
        sentence(ui, &Property::ALL.map(score).join(" · "), kind().caption.with(Face::Regular), colors.text2);
        sentence(ui, &candidate.assessment, kind().caption.with(Face::Regular), colors.text3);
    }
}
