//! Requirements about proofs, the links between them, and the stages other than monitoring.

use verifold_model::{
    digest::Commitment,
    format::counted,
    lineage::{LineageLink, LinkName, LinkState},
    record::ProofState,
    state::{Stage, State},
    statement::StatementKind,
};
use verifold_policy::{MetricRule, Requirement, Rule};

use super::{Case, Staged, Verdict, leaf, uncounted};
use crate::evidence::{Refusal, VerifiedReceipts, VerifiedRevision, VerifiedStage, period::VerifiedPeriod};

/// A valid proof of the kind wanted is there.
pub(super) fn evidence_verdict(wanted: &str, circuit: String, steps: u64) -> Verdict {
    let mut verdict = Verdict::plain(State::Satisfied, String::new()).with("1 valid proof", "1 valid proof", String::new());
    verdict.why =
        vec![leaf(format!("proof of kind {wanted} under {circuit}"), Some(State::Satisfied), counted(steps, "step", "steps"), "valid")];
    verdict
}

/// A valid proof other than monitoring's is there, of a kind that counts.
pub(super) fn stage_evidence(requirement: &Requirement, wanted: &str, case: &Case<'_>) -> Verdict {
    let verified = match valid(wanted, case) {
        Ok(verified) => verified,
        Err(verdict) => return *verdict,
    };
    let uncounted = staged(wanted, case)
        .zip(&verified)
        .find_map(|(stage, verified)| uncounted(requirement, case, verified.header().circuit, stage.system));
    let lacking = || match verified.first() {
        Some(VerifiedStage::Receipts(receipts)) => receipts_verdict(receipts, case),
        Some(VerifiedStage::Training(training)) => of_other_model(training.statement().model_commitment, "training", case),
        Some(VerifiedStage::OfflineMetrics(measured)) => of_other_model(measured.statement().model_commitment, "test", case),
        Some(VerifiedStage::MaturedCohort(_)) => matured(case).err().map(|verdict| *verdict),
        Some(VerifiedStage::OutcomeRevision(_)) => revisions(case).err().map(|verdict| *verdict),
        _ => None,
    };
    let circuit = verified.first().map_or_else(String::new, |verified| verified.header().circuit.to_string());
    let steps = verified.iter().map(|verified| verified.steps()).sum();
    uncounted.or_else(lacking).unwrap_or_else(|| evidence_verdict(wanted, circuit, steps))
}

/// What the proofs of a kind establish, at least one; or why that is not all of them, or none.
fn valid<'a>(wanted: &str, case: &Case<'a>) -> Result<Vec<&'a VerifiedStage>, Box<Verdict>> {
    // Rejected is an alarm, whatever else could not be checked.
    let refusals = || staged(wanted, case).filter_map(|stage| stage.outcome.err());
    if let Some(refusal) = refusals().find(|refusal| refusal.state == ProofState::Rejected).or_else(|| refusals().next()) {
        return Err(Box::new(refused(refusal)));
    }
    let verified: Vec<&VerifiedStage> = staged(wanted, case).filter_map(|stage| stage.outcome.ok()).collect();
    if verified.is_empty() {
        return Err(Box::new(Verdict::plain(State::Uncovered, format!("no valid proof of kind {wanted} is in the package"))));
    }
    Ok(verified)
}

/// What a training or a test says nothing about: another model than its own that scored monitored batches, all of them or some.
fn of_other_model(model: Commitment, what: &str, case: &Case<'_>) -> Option<Verdict> {
    let monitored = case.evidence.ok()?;
    let other = monitored.models().find(|monitored| *monitored != model)?;
    Some(if monitored.models().all(|monitored| monitored != model) {
        Verdict::plain(State::Rejected, format!("the {what} is of model {model}, and the monitored batches were scored by model {other}"))
    } else {
        let reason = format!(
            "the {what} is of model {model}, and some monitored batches were scored by model {other}, of which no {what} is in the package"
        );
        Verdict::plain(State::Uncovered, reason)
    })
}

/// What receipts lack: they are evidence only if every row of every monitored batch has one.
fn receipts_verdict(receipts: &VerifiedReceipts, case: &Case<'_>) -> Option<Verdict> {
    short_of_batches(case, "have receipts", &|index| receipts.statement().batches.iter().any(|batch| batch.index == index))
}

/// What a proof about monitored batches lacks: the monitoring proof itself, or some of its batches with rows.
fn short_of_batches(case: &Case<'_>, have: &str, given: &dyn Fn(u32) -> bool) -> Option<Verdict> {
    let monitored = match case.evidence {
        Ok(evidence) => evidence,
        Err(refusal) => return Some(refused(refusal)),
    };
    let (with, without): (Vec<_>, Vec<_>) =
        monitored.monitoring().map(|(batch, _)| batch).filter(|batch| batch.rows > 0).partition(|batch| given(batch.index));
    let first = without.first()?;
    let (number, label) = (case.label)(first);
    let (n, all) = (with.len(), with.len() + without.len());
    let reason = format!("{n} of {all} batches {have}; the first without is {number} ({label})");
    Some(Verdict::plain(State::Uncovered, reason).with(format!("{n} of {all}"), format!("{all} of {all}"), String::new()))
}

/// Proofs of a kind: one, or of later outcomes one for each monitoring proof.
fn staged<'a>(kind: &str, case: &Case<'a>) -> impl Iterator<Item = &'a Staged<'a>> {
    case.stages.iter().filter(move |stage| stage.kind.name() == kind)
}

/// What a proof that is not valid means for everything that rests on it.
pub(super) fn refused(refusal: &Refusal) -> Verdict {
    let state = match refusal.state {
        ProofState::NotCheckable => State::Unverifiable,
        ProofState::Rejected | ProofState::Valid => State::Rejected,
        ProofState::NotReached => State::Uncovered,
    };
    Verdict::plain(state, format!("it has no valid evidence: {}", refusal.short))
}

pub(super) fn link_verdict(requirement: &Requirement, name: LinkName, case: &Case<'_>) -> Verdict {
    let Some(link) = case.lineage.links.iter().find(|link| link.name == name) else {
        return match case.evidence {
            Err(refusal) => refused(refusal),
            Ok(_) if !name.is_of_every_chain() => Verdict::plain(State::Uncovered, "no later outcomes are in the package"),
            Ok(_) => Verdict::plain(State::Uncovered, "the package has no chain of stages"),
        };
    };
    let state = match link.state {
        LinkState::Holds => match uncounted_end(requirement, link, case) {
            Some(verdict) => return verdict,
            None => State::Satisfied,
        },
        LinkState::Broken => State::Rejected,
        LinkState::Missing => State::Uncovered,
        // A proof that binds an end is not valid; why decides whether that is an alarm.
        LinkState::Claimed => {
            let invalid =
                case.stages.iter().filter(|stage| link.proofs.iter().any(|proof| proof == stage.id)).find_map(|stage| stage.outcome.err());
            match invalid.or(case.evidence.err()) {
                Some(refusal) => return refused(refusal),
                None => State::Uncovered,
            }
        }
    };
    let reason = if state == State::Satisfied { String::new() } else { link.text.clone() };
    let agreeing = link.compared.iter().filter(|value| value.earlier == value.later).count();
    let mut verdict = Verdict::plain(state, reason);
    if link.compared.is_empty() {
        verdict = verdict.with(link.state.word().to_lowercase(), "linked", String::new());
    } else {
        verdict = verdict.with(
            format!("{agreeing} of {} equal", link.compared.len()),
            format!("{0} of {0} equal", link.compared.len()),
            String::new(),
        );
    }
    verdict.why = link
        .compared
        .iter()
        .map(|value| {
            let holds = if value.earlier == value.later { State::Satisfied } else { State::Rejected };
            leaf(format!("commitment to {}", value.what), Some(holds), value.later.short(), format!("= {}", value.earlier.short()))
        })
        .collect();
    verdict
}

/// Why a link that holds does not count: a proof that binds an end of it is none the requirement takes.
fn uncounted_end(requirement: &Requirement, link: &LineageLink, case: &Case<'_>) -> Option<Verdict> {
    let binds = |id: &str| link.proofs.iter().any(|proof| proof == id);
    let stages = case.stages.iter().filter(|stage| binds(stage.id));
    let of_stages = stages.filter_map(|stage| Some((stage.outcome.ok()?.header().circuit, stage.system)));
    let monitoring = case.proofs.iter().zip(case.evidence.iter().flat_map(|period| period.proofs()));
    let of_monitoring = monitoring.filter(|(id, _)| binds(id)).map(|(_, proof)| (proof.statement().header.circuit, proof.system()));
    of_stages.chain(of_monitoring).find_map(|(circuit, system)| uncounted(requirement, case, circuit, system))
}

/// Test rows counted under the monitored model; or why no offline metric can be taken from the package.
///
/// Counts under another model, or of rows that are not those set apart to test on, say nothing about this one. A policy
/// may ask for each link as well; a metric does not lean on the policy to have done so.
pub(super) fn offline<'a>(case: &Case<'a>) -> Result<VerifiedPeriod<'a>, Box<Verdict>> {
    let none = |state, reason: String| Err(Box::new(Verdict::plain(state, reason)));
    let name = StatementKind::OfflineMetricsV2.name();
    let measured = match valid(name, case)?.as_slice() {
        [VerifiedStage::OfflineMetrics(measured), ..] => &**measured,
        _ => return none(State::Uncovered, format!("no valid proof of kind {name} is in the package")),
    };
    if let Some(verdict) = of_other_model(measured.statement().model_commitment, "test", case) {
        return Err(Box::new(verdict));
    }
    match case.lineage.links.iter().find(|link| link.name == LinkName::MeasuredOnPrepared) {
        Some(link) if link.state == LinkState::Holds => Ok(VerifiedPeriod::alone(measured)),
        Some(link) if link.state == LinkState::Broken => none(State::Rejected, link.text.clone()),
        link => {
            let why = link.map_or("the package has no chain of stages", |link| link.text.as_str());
            none(State::Uncovered, format!("nothing shows that the rows counted are those set apart to test on: {why}"))
        }
    }
}

/// Every monitored batch under later outcomes; or why no metric can be taken from them.
pub(super) fn matured<'a>(case: &Case<'a>) -> Result<VerifiedPeriod<'a>, Box<Verdict>> {
    let name = StatementKind::MaturedCohortV1.name();
    let verified = valid(name, case)?;
    let cohorts: Vec<_> = verified.iter().filter_map(|verified| verified.matured()).collect();
    let given = |index: u32| cohorts.iter().any(|matured| matured.statement().batch(index).is_some());
    if let Some(verdict) = short_of_batches(case, "have later outcomes", &given) {
        return Err(Box::new(verdict));
    }
    let none = || Box::new(Verdict::plain(State::Uncovered, format!("no valid proof of kind {name} is in the package")));
    VerifiedPeriod::matured(&cohorts).ok_or_else(none)
}

/// The changes of every monitored batch, between outcomes that are both proven; or why no metric can be taken from them.
pub(super) fn revisions<'a>(case: &Case<'a>) -> Result<Vec<&'a VerifiedRevision>, Box<Verdict>> {
    let verified = valid(StatementKind::OutcomeRevisionV1.name(), case)?;
    let revisions: Vec<_> = verified.iter().filter_map(|verified| verified.revision()).collect();
    // What the later stream is of stands in the matured cohort alone.
    matured(case)?;
    match short_of_batches(case, "have their outcomes compared", &|index| revisions.iter().any(|changes| changes.batch(index).is_some())) {
        Some(verdict) => Err(Box::new(verdict)),
        None => Ok(revisions),
    }
}

/// A metric between two outcomes: both cohorts and the comparison have to count for the requirement.
pub(super) fn changed(rule: &MetricRule, requirement: &Requirement, case: &Case<'_>) -> Verdict {
    let revisions = match revisions(case) {
        Ok(revisions) => revisions,
        Err(verdict) => return *verdict,
    };
    for stage in case.stages.iter().filter(|stage| stage.kind.is_about_later_outcomes()) {
        if let Ok(verified) = stage.outcome
            && let Some(verdict) = uncounted(requirement, case, verified.header().circuit, stage.system)
        {
            return verdict;
        }
    }
    match case.evidence {
        Ok(monitored) => {
            let counts =
                monitored.proofs().find_map(|proof| uncounted(requirement, case, proof.statement().header.circuit, proof.system()));
            counts.unwrap_or_else(|| super::metric::revision(rule, requirement, case, monitored, &revisions))
        }
        Err(refusal) => refused(refusal),
    }
}

/// Whether a metric looks at the outcomes of the matured cohort.
pub(super) fn is_matured(requirement: &Requirement) -> bool {
    matches!(&requirement.rule, Rule::Metric(rule) if rule.key.matured)
}

/// The proofs a requirement rests on: the monitoring proofs, one of an earlier stage, those of a link, or none.
pub(super) fn resting_on(requirement: &Requirement, case: &Case<'_>) -> Vec<String> {
    let stage = |kind: &str| -> Vec<String> { staged(kind, case).map(|stage| stage.id.to_owned()).collect() };
    match &requirement.rule {
        Rule::Judgement { .. } => Vec::new(),
        Rule::Link(name) => case.lineage.links.iter().find(|link| link.name == *name).map_or_else(Vec::new, |link| link.proofs.clone()),
        Rule::Evidence { statement } if statement != StatementKind::MonitoringV1.name() => stage(statement),
        Rule::Metric(_) if is_offline(requirement) => stage(StatementKind::OfflineMetricsV2.name()),
        Rule::Metric(rule) if rule.key.matured || rule.key.metric.definition().between_outcomes => {
            let mut proofs = stage(StatementKind::MaturedCohortV1.name());
            if rule.key.metric.definition().between_outcomes {
                proofs.extend(stage(StatementKind::OutcomeRevisionV1.name()));
            }
            proofs.extend(case.proofs.iter().map(|proof| (*proof).to_owned()));
            proofs
        }
        _ => case.proofs.iter().map(|proof| (*proof).to_owned()).collect(),
    }
}

/// Whether a metric is one of the test rows: those of the training stage are.
pub(super) fn is_offline(requirement: &Requirement) -> bool {
    requirement.stage == Stage::Training && matches!(requirement.rule, Rule::Metric(_))
}
