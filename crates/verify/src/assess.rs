//! Is each requirement met? Rules applied to verified evidence, with the reason spelled out.
//!
//! An interval that crosses its limit does not keep it: what cannot be shown to hold is not said to hold.
//! Such a requirement is violated, and its reason says that the table leaves the value open.

use verifold_model::{
    change::ModelChange,
    cohort::BatchStatement,
    lineage::Lineage,
    proof_system::ProofSystem,
    record::{BatchResult, RequirementResult, TraceabilitySummary, WhyNode},
    shape::CircuitId,
    state::{Judgement, State},
    statement::StatementKind,
};
use verifold_policy::{Comparator, Engagement, Policy, Requirement, Rule};

use self::{
    metric::limit_text,
    stages::{changed, evidence_verdict, is_matured, is_offline, link_verdict, matured, offline, refused, resting_on, stage_evidence},
};
use crate::{
    evidence::{Refusal, VerifiedStage, period::VerifiedPeriod},
    scope::Scope,
};

/// Everything a requirement is assessed against.
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) engagement: Option<&'a Engagement>,
    pub(crate) evidence: Result<&'a VerifiedPeriod<'a>, &'a Refusal>,
    /// Proofs other than monitoring's.
    pub(crate) stages: &'a [Staged<'a>],
    pub(crate) lineage: &'a Lineage,
    /// Monitoring proofs by identifier, in time order.
    pub(crate) proofs: &'a [&'a str],
    pub(crate) scope: &'a Scope,
    pub(crate) traceability: &'a [TraceabilitySummary],
    pub(crate) changes: &'a [ModelChange],
    pub(crate) label: &'a dyn Fn(&BatchStatement) -> (u32, String),
}

/// A proof other than monitoring's, as checked.
pub(crate) struct Staged<'a> {
    pub(crate) id: &'a str,
    pub(crate) kind: StatementKind,
    pub(crate) system: ProofSystem,
    pub(crate) outcome: Result<&'a VerifiedStage, &'a Refusal>,
}

/// What a rule came to.
struct Verdict {
    state: State,
    watch: bool,
    reason: String,
    actual: String,
    limit: String,
    margin: String,
    n: String,
    batches: Vec<BatchResult>,
    why: Vec<WhyNode>,
}

impl Verdict {
    fn plain(state: State, reason: impl Into<String>) -> Self {
        Self {
            state,
            watch: false,
            reason: reason.into(),
            actual: String::new(),
            limit: String::new(),
            margin: String::new(),
            n: String::new(),
            batches: Vec::new(),
            why: Vec::new(),
        }
    }

    fn with(mut self, actual: impl Into<String>, limit: impl Into<String>, margin: impl Into<String>) -> Self {
        self.actual = actual.into();
        self.limit = limit.into();
        self.margin = margin.into();
        self
    }
}

fn leaf(label: impl Into<String>, state: Option<State>, actual: impl Into<String>, threshold: impl Into<String>) -> WhyNode {
    WhyNode {
        label: label.into(),
        note: String::new(),
        state,
        actual: actual.into(),
        threshold: threshold.into(),
        margin: String::new(),
        integers: String::new(),
        children: Vec::new(),
    }
}

/// A rule over what the proofs of a period, or one of an earlier stage, bound.
fn rule(requirement: &Requirement, case: &Case<'_>, evidence: &VerifiedPeriod<'_>) -> Verdict {
    match &requirement.rule {
        Rule::Metric(rule) => metric::metric(rule, requirement, case, evidence),
        Rule::BatchesComplete => rules::batches_complete(case),
        Rule::NoOverlap => rules::no_overlap(case, evidence),
        Rule::ControlTotals => rules::control_totals(case, evidence),
        Rule::ModelUnchanged => rules::model_unchanged(evidence, case.changes),
        Rule::ChangeRecorded => rules::change_recorded(case.changes),
        Rule::PlanConstraints => rules::plan_constraints(case.policy, evidence),
        Rule::ReferencePresent { minimum_n } => rules::reference_present(*minimum_n, evidence),
        Rule::Evidence { statement: wanted } => {
            let steps = evidence.proofs().map(|proof| proof.statement().steps).sum();
            evidence_verdict(wanted, evidence.first().statement().header.circuit.to_string(), steps)
        }
        Rule::Traceability => traceability::traceability(requirement.stage, case),
        Rule::Link(_) | Rule::Judgement { .. } => Verdict::plain(State::Judgement(Judgement::Open), "nobody has determined this yet"),
    }
}

/// Whether a valid proof counts for a requirement: its circuit and what its proof system offers.
fn uncounted(requirement: &Requirement, case: &Case<'_>, circuit: CircuitId, system: ProofSystem) -> Option<Verdict> {
    if !case.policy.circuits_for(requirement).iter().any(|accepted| accepted.accepts(circuit)) {
        let reason = format!("the requirement does not accept proofs of circuit {circuit}");
        return Some(Verdict::plain(State::Unverifiable, reason));
    }
    let refused = case.policy.system_refused(requirement, system)?;
    Some(Verdict::plain(State::Unverifiable, refused.text))
}

/// What the evidence comes to, before exemptions and pins.
fn assessed(requirement: &Requirement, case: &Case<'_>) -> Verdict {
    let evidence = match &requirement.rule {
        Rule::Judgement { .. } => return Verdict::plain(State::Judgement(Judgement::Open), "nobody has determined this yet"),
        Rule::Link(name) => return link_verdict(requirement, *name, case),
        // Evidence of another stage is its own, whatever became of the monitoring proof.
        Rule::Evidence { statement } if statement != StatementKind::MonitoringV1.name() => {
            return stage_evidence(requirement, statement, case);
        }
        Rule::Metric(rule) if rule.key.metric.definition().between_outcomes => return changed(rule, requirement, case),
        _ if is_matured(requirement) => matured(case),
        _ if is_offline(requirement) => offline(case),
        _ => case.evidence.cloned().map_err(|refusal| Box::new(refused(refusal))),
    };
    match evidence {
        Err(verdict) => *verdict,
        Ok(evidence) => {
            let mut each = evidence.proofs();
            each.find_map(|proof| uncounted(requirement, case, proof.statement().header.circuit, proof.system()))
                .unwrap_or_else(|| rule(requirement, case, &evidence))
        }
    }
}

fn verdict(requirement: &Requirement, case: &Case<'_>) -> Verdict {
    let mut verdict = assessed(requirement, case);
    // Nobody exempts what is wrong.
    if let Some(exemption) = &requirement.exemption
        && verdict.state != State::Rejected
    {
        return Verdict::plain(State::NotApplicable, format!("{}: {}", exemption.person, exemption.reason));
    }
    if matches!(verdict.state, State::Rejected | State::Unverifiable | State::Judgement(_)) {
        return verdict;
    }
    for pin in &requirement.pinned {
        if let Err(reason) = case.scope.holds(*pin, case.engagement) {
            // Missing evidence never counts as met; a limit missed stays missed.
            if verdict.state == State::Satisfied {
                verdict.state = State::Uncovered;
                verdict.watch = false;
            }
            verdict.reason = if verdict.reason.is_empty() { reason } else { format!("{reason}. {}", sentence(&verdict.reason)) };
        }
    }
    verdict
}

/// The result of one requirement.
pub(crate) fn assess(requirement: &Requirement, case: &Case<'_>) -> RequirementResult {
    let verdict = verdict(requirement, case);
    let metric = if let Rule::Metric(rule) = &requirement.rule { Some(rule) } else { None };
    let limit = if verdict.limit.is_empty() { metric.map_or_else(String::new, limit_text) } else { verdict.limit };
    let mut why = leaf(requirement.title.clone(), Some(verdict.state), verdict.actual.clone(), limit.clone());
    why.margin.clone_from(&verdict.margin);
    why.children = verdict.why;
    // A rule of one node is shown as that node.
    if metric.is_some() && why.children.len() == 1 {
        why = why.children.remove(0);
    }
    why.children.extend(requirement.tailoring.iter().map(|change| leaf(change.clone(), None, "", "")));
    RequirementResult {
        id: requirement.id.clone(),
        title: requirement.title.clone(),
        area: requirement.area.clone(),
        sentence: requirement.sentence(),
        stage: requirement.stage,
        severity: requirement.severity,
        assertion: requirement.assertion.words().to_owned(),
        state: verdict.state,
        watch: verdict.watch,
        reason: sentence(&verdict.reason),
        actual: verdict.actual,
        limit,
        margin: verdict.margin,
        n: verdict.n,
        metric: metric.map(|rule| rule.key.clone()),
        limit_value: metric.map(|rule| rule.limit),
        warn_value: metric.and_then(|rule| rule.warn),
        limit_is_maximum: metric.is_none_or(|rule| rule.comparator == Comparator::AtMost),
        batches: verdict.batches,
        why,
        proofs: resting_on(requirement, case),
        legal: case.policy.legal_text(requirement),
        does_not_show: requirement.does_not_show(),
    }
}

/// First letter large, full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => {
            let stop = if text.ends_with('.') { "" } else { "." };
            format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
        }
    }
}

mod metric;
mod rules;
mod stages;
mod traceability;

#[cfg(test)]
mod tests;
