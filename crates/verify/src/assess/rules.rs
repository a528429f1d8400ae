//! Rules about the monitoring statement other than metrics: batches, totals, model, plan, reference.

use verifold_model::{
    calendar::Slot,
    change::ModelChange,
    cohort::{BatchStatement, BatchTable},
    format::{count, counted, listed},
    record::PlanChoice,
    state::State,
};
use verifold_policy::{Pin, Policy};

use super::{Case, Verdict, leaf};
use crate::evidence::{VerifiedEvidence, period::VerifiedPeriod};

pub(super) fn settled(holds: bool) -> State {
    if holds { State::Satisfied } else { State::Violated }
}

/// Every batch the engagement expects is there, and no other.
pub(super) fn batches_complete(case: &Case<'_>) -> Verdict {
    let slots = case.engagement.map_or(&[][..], |engagement| engagement.expected_slots());
    if slots.is_empty() {
        let reason = if case.engagement.is_some() {
            "the engagement does not say which batches to expect"
        } else {
            "no engagement says which batches to expect"
        };
        return Verdict::plain(State::Uncovered, reason);
    }
    // Of those missing, some may be known from anchors alone.
    let beyond_calendar = |slot: &&Slot| !slots.iter().any(|known| known.start == slot.start && known.end == slot.end);
    let of = slots.len() + case.scope.missing.iter().filter(beyond_calendar).count();
    let (missing, extra) = (case.scope.missing.len(), case.scope.unexpected.len());
    let mut reasons: Vec<String> = case.scope.missing.iter().map(|slot| format!("batch {} is missing", slot.label)).collect();
    reasons.extend(case.scope.unexpected.iter().map(|start| format!("the batch starting {start} is not expected")));
    let state = if missing > 0 { State::Uncovered } else { settled(extra == 0) };
    let mut verdict = Verdict::plain(state, listed(&reasons, "; ")).with(
        format!("{} of {of}", of - missing),
        format!("{of} of {of}"),
        if missing == 0 { "0".to_owned() } else { format!("\u{2212}{missing}") },
    );
    verdict.why = case
        .scope
        .missing
        .iter()
        .map(|slot| leaf(format!("batch {}", slot.label), Some(State::Uncovered), "no batch in the package", "a proven batch"))
        .collect();
    verdict
}

/// No batch lies in a period that an earlier package covered, and the engagement says which those are, or that there is none.
pub(super) fn no_overlap(case: &Case<'_>, evidence: &VerifiedPeriod<'_>) -> Verdict {
    let batches: Vec<&BatchStatement> = evidence.monitoring().map(|(batch, _)| batch).collect();
    let repeated: Vec<&BatchStatement> = batches.iter().copied().filter(|batch| case.scope.repeated.contains(&batch.start)).collect();
    let earlier = Pin::EarlierPackages;
    if repeated.is_empty() && !case.engagement.is_some_and(|engagement| engagement.pins(earlier)) {
        let reason = "no engagement confirms which periods earlier packages covered ([[earlier]]), or that there is none ([first_package])";
        return Verdict::plain(State::Uncovered, reason);
    }
    let named = |batch: &&BatchStatement| {
        let (number, label) = (case.label)(batch);
        format!("batch {number} ({label})")
    };
    let names: Vec<String> = repeated.iter().map(named).collect();
    // A package that continues another is not the first, so what that one covered is not known.
    let (state, reason) = match case.scope.holds(earlier, case.engagement) {
        _ if !names.is_empty() => (State::Violated, format!("an earlier package covered {}", listed(&names, ", "))),
        Err(_) => {
            (State::Uncovered, "the engagement says that this is the first package, and it continues the chain of another".to_owned())
        }
        Ok(()) => (State::Satisfied, String::new()),
    };
    let (apart, of) = (batches.len() - repeated.len(), batches.len());
    let mut verdict = Verdict::plain(state, reason).with(format!("{apart} of {of}"), format!("{of} of {of}"), String::new());
    verdict.why = names.into_iter().map(|name| leaf(name, Some(State::Violated), "in a period covered before", "in none")).collect();
    verdict
}

/// The rows of each batch, and whatever else it counts, are those of an independent source. Approvals alone are no total: rows that
/// were declined could be left out.
pub(super) fn control_totals(case: &Case<'_>, evidence: &VerifiedPeriod<'_>) -> Verdict {
    let batches: Vec<_> = evidence.monitoring().map(|(batch, _)| batch).collect();
    let lines = |batch: &BatchStatement| case.engagement.map_or_else(Vec::new, |engagement| crate::scope::control_lines(engagement, batch));
    let controlled: Vec<_> = batches.iter().map(|batch| (*batch, lines(batch))).collect();
    let counts_rows = |batch: &BatchStatement| {
        case.engagement.and_then(|engagement| engagement.control(batch.start)).is_some_and(|control| control.rows.is_some())
    };
    let with = batches.iter().filter(|batch| counts_rows(batch)).count();
    if controlled.iter().all(|(_, lines)| lines.is_empty()) && case.scope.unbatched.is_empty() {
        return Verdict::plain(State::Uncovered, "the engagement carries no control totals");
    }
    let mut why = Vec::new();
    let mut equal = 0;
    for (batch, lines) in &controlled {
        let (number, label) = (case.label)(batch);
        let holds = counts_rows(batch) && lines.iter().all(|line| line.holds);
        equal += usize::from(holds);
        for line in lines.iter().filter(|line| !line.holds) {
            why.push(leaf(
                format!("batch {number}, {label}: {}", line.what),
                Some(State::Violated),
                line.found.clone(),
                format!("= {}", line.expected),
            ));
        }
    }
    for start in &case.scope.unbatched {
        let control = case.engagement.and_then(|engagement| engagement.control(*start)).and_then(|control| control.rows);
        let expected = control.map_or_else(|| "in the package".to_owned(), |rows| format!("= {rows}"));
        why.push(leaf(format!("batch starting {}", start.date_text()), Some(State::Violated), "no batch".to_owned(), expected));
    }
    let state = if !case.scope.uncontrolled.is_empty() || !case.scope.unbatched.is_empty() {
        State::Violated
    } else if with < batches.len() {
        State::Uncovered
    } else {
        State::Satisfied
    };
    let (uncontrolled, unbatched) = (batches.len() - with, case.scope.unbatched.len());
    let of = batches.len() + unbatched;
    let reason = if state == State::Satisfied {
        String::new()
    } else {
        let mut parts = vec![format!("{equal} of {of} batches agree with an independent source")];
        for (number, what) in [(uncontrolled, "without a control total of rows"), (unbatched, "counted there and not in the package")] {
            parts.extend((number > 0).then(|| format!("{number} {what}")));
        }
        parts.join(", ")
    };
    let mut verdict = Verdict::plain(state, reason).with(format!("{equal} of {of}"), format!("{of} of {of}"), String::new());
    verdict.why = why;
    verdict
}

/// One model scored the whole period: one commitment goes through every step of every proof.
pub(super) fn model_unchanged(evidence: &VerifiedPeriod<'_>, changes: &[ModelChange]) -> Verdict {
    let state = settled(!evidence.has_several_models());
    let events: Vec<String> = changes.iter().map(ModelChange::words).collect();
    let mut models: Vec<_> = evidence.models().collect();
    models.sort_unstable();
    models.dedup();
    let actual = counted(models.len() as u64, "model", "models");
    let mut verdict = Verdict::plain(state, events.join("; ")).with(actual, "1 model", String::new());
    verdict.why = vec![leaf(
        format!("model commitment {}", evidence.first().statement().model_commitment.short()),
        Some(state),
        if events.is_empty() { "in every step" } else { "not in every step" },
        "one for the period",
    )];
    verdict.why.extend(changes.iter().map(|change| leaf(change.words(), Some(State::Violated), change.record_words(), "")));
    verdict
}

/// Every change of model has a record in the package that names it, with an approval that did not come after it. Without a
/// change there is nothing to record.
pub(super) fn change_recorded(changes: &[ModelChange]) -> Verdict {
    if changes.is_empty() {
        return Verdict::plain(State::NotApplicable, "one model scored the whole period");
    }
    let state_of = |change: &ModelChange| match &change.record {
        None => State::Uncovered,
        Some(record) if record.contradiction.is_some() => State::Rejected,
        Some(_) => settled(!change.approved_late()),
    };
    let of = |state: State| changes.iter().filter(move |change| state_of(change) == state);
    let recorded = of(State::Satisfied).count();
    let worst = [State::Rejected, State::Violated, State::Uncovered].into_iter().find(|state| of(*state).next().is_some());
    let state = worst.unwrap_or(State::Satisfied);
    let open = changes.iter().filter(|change| state_of(change) != State::Satisfied);
    let reasons: Vec<String> = open.map(|change| format!("{}; {}", change.words(), change.record_words())).collect();
    let mut verdict = Verdict::plain(state, reasons.join(". ")).with(
        format!("{recorded} of {}", changes.len()),
        format!("{0} of {0}", changes.len()),
        String::new(),
    );
    verdict.why = changes
        .iter()
        .map(|change| {
            leaf(change.words(), Some(state_of(change)), change.record_words(), "a record that names both models, approved by then")
        })
        .collect();
    verdict
}

/// The measurement plan keeps what the policy asks of it.
pub(super) fn plan_constraints(policy: &Policy, evidence: &VerifiedPeriod<'_>) -> Verdict {
    // Of several models the reference of each: a bin may be well filled by one and empty under another.
    let mut choices: Vec<PlanChoice> = Vec::new();
    for choice in evidence.proofs().flat_map(|proof| policy.plan_choices(proof.plan(), proof.reference())) {
        if choice.constraint.is_some() && !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    let failing: Vec<String> = choices
        .iter()
        .filter(|choice| !choice.holds)
        .map(|choice| format!("{} is {}, not {}", choice.what, choice.chosen, choice.constraint.clone().unwrap_or_default()))
        .collect();
    let kept = choices.len() - failing.len();
    let mut verdict = Verdict::plain(settled(failing.is_empty()), failing.join("; ")).with(
        format!("{kept} of {}", choices.len()),
        format!("{0} of {0}", choices.len()),
        String::new(),
    );
    verdict.why = choices
        .iter()
        .map(|choice| {
            leaf(choice.what.clone(), Some(settled(choice.holds)), choice.chosen.clone(), choice.constraint.clone().unwrap_or_default())
        })
        .collect();
    verdict
}

/// There is a reference to measure drift against, with enough rows; of several models, one of each.
pub(super) fn reference_present(minimum_n: u64, evidence: &VerifiedPeriod<'_>) -> Verdict {
    let references: Option<Vec<&BatchTable>> = evidence.proofs().map(VerifiedEvidence::reference).collect();
    let smallest = references.and_then(|references| references.into_iter().min_by_key(|table| table.scored()));
    match smallest {
        None => {
            let without = evidence.proofs().position(|proof| proof.reference().is_none()).unwrap_or(0);
            let model = if without == 0 { "" } else { " of a later model" };
            Verdict::plain(State::Uncovered, format!("the chain{model} begins without a reference batch"))
        }
        Some(table) => {
            let holds = table.scored() >= minimum_n;
            let reason = if holds { String::new() } else { format!("the reference has {} scored rows", count(table.scored())) };
            let mut verdict = Verdict::plain(if holds { State::Satisfied } else { State::Uncovered }, reason).with(
                count(table.scored()),
                format!("≥ {}", count(minimum_n)),
                String::new(),
            );
            verdict.n = count(table.scored());
            verdict
        }
    }
}
