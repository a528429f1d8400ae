//! Is there a traceability specification of a stage, complete and at odds with nothing?

use verifold_model::{
    state::{Stage, State},
    traceability::Problem,
};

use super::{Case, Verdict, leaf, rules::settled, stages::refused};

/// Absent, or without a proof of its stage to be about: no evidence. About one that is not valid: as that. Incomplete or
/// contradicting: violated.
pub(super) fn traceability(stage: Stage, case: &Case<'_>) -> Verdict {
    let of_stage = stage.title().to_lowercase();
    let Some(found) = case.traceability.iter().find(|summary| summary.document.stage == stage) else {
        return Verdict::plain(State::Uncovered, format!("no traceability specification of {of_stage} is in the package"));
    };
    if found.proofs.is_empty() {
        let reason = format!("the package has no proof of {of_stage} that its traceability specification could be about");
        return Verdict::plain(State::Uncovered, reason);
    }
    let mut about = case.stages.iter().filter(|stage| found.proofs.iter().any(|proof| proof == stage.id));
    if let Some(refusal) = about.find_map(|stage| stage.outcome.err()) {
        return refused(refusal);
    }
    let clauses = |problems: &[Problem]| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let mut reasons = Vec::new();
    if !found.contradictions.is_empty() {
        reasons.push(format!("the traceability specification contradicts the package or itself: {}", clauses(&found.contradictions)));
    }
    if !found.gaps.is_empty() {
        reasons.push(format!("it is incomplete: {}", clauses(&found.gaps)));
    }
    let holds = reasons.is_empty();
    let decision = &found.document.decision;
    let mut verdict = Verdict::plain(settled(holds), reasons.join(". "));
    verdict.why = vec![
        leaf("complete", Some(settled(found.gaps.is_empty())), count(&found.gaps), "0 fields missing"),
        leaf(
            "agrees with package and itself",
            Some(settled(found.contradictions.is_empty())),
            count(&found.contradictions),
            "0 contradictions",
        ),
        leaf("decision, as claimed", None, format!("{}, {}", decision.system, decision.circuit), ""),
    ];
    verdict
}

fn count(problems: &[Problem]) -> String {
    problems.len().to_string()
}
