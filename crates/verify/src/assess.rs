//! Is each requirement met? Rules applied to verified evidence, with the reason spelled out.
//!
//! An interval that crosses its limit does not keep it: what cannot be shown to hold is not said to hold.
//! Such a requirement is violated, and its reason says that the table leaves the value open.

use std::cmp::Ordering;

use verifold_model::{
    cohort::{BatchStatement, BatchTable},
    decimal::Decimal,
    format::{count, counted, true_minus},
    lineage::{Lineage, LinkName, LinkState},
    metric::{Unit, Value},
    record::{BatchResult, ProofState, RequirementResult, TraceabilitySummary, WhyNode},
    shape::CircuitId,
    state::{Judgement, Stage, State},
    statement::StatementKind,
};
use verifold_policy::{Comparator, Engagement, MetricRule, OnMissing, Policy, Requirement, Rule, Scope as RuleScope};

use crate::{
    evidence::{Refusal, VerifiedEvidence, VerifiedStage},
    metrics::{Measured, measure, total},
    scope::Scope,
};

/// Everything a requirement is assessed against.
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) engagement: Option<&'a Engagement>,
    pub(crate) evidence: Result<&'a VerifiedEvidence, &'a Refusal>,
    /// Proofs of stages before monitoring.
    pub(crate) stages: &'a [Staged<'a>],
    pub(crate) lineage: &'a Lineage,
    pub(crate) proof: &'a str,
    pub(crate) scope: &'a Scope,
    pub(crate) traceability: &'a [TraceabilitySummary],
    pub(crate) label: &'a dyn Fn(&BatchStatement) -> (u32, String),
}

/// A proof of a stage before monitoring, as checked.
pub(crate) struct Staged<'a> {
    pub(crate) id: &'a str,
    pub(crate) kind: StatementKind,
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

/// Whether every value of the interval keeps a limit, none does, or the interval crosses it.
fn keeps(value: &Value, comparator: Comparator, limit: Decimal) -> Option<bool> {
    let side = |ordering: Ordering| match comparator {
        Comparator::AtMost => ordering != Ordering::Less,
        Comparator::AtLeast => ordering != Ordering::Greater,
    };
    if let Some(fraction) = value.exact {
        return Some(side(limit.cmp_ratio(i128::from(fraction.numerator), i128::from(fraction.denominator))));
    }
    let (low, high) = (side(limit.cmp(&value.lo)), side(limit.cmp(&value.hi)));
    if low == high { Some(low) } else { None }
}

/// Room left (positive) or missing (negative) at the worse end of the interval, in units of `10^-9`.
fn margin_units(value: &Value, comparator: Comparator, limit: Decimal) -> i128 {
    let nano = |d: Decimal| i128::from(d.mantissa()) * 1_000_000_000 / i128::from(d.denominator());
    match comparator {
        Comparator::AtMost => nano(limit) - nano(value.hi),
        Comparator::AtLeast => nano(value.lo) - nano(limit),
    }
}

fn margin_text(units: i128, unit: Unit) -> String {
    let Some(margin) = i64::try_from(units).ok().and_then(|units| Decimal::new(units, 9)) else { return String::new() };
    let text = unit.text(margin);
    if units >= 0 { format!("+{text}") } else { true_minus(&text) }
}

/// A limit as its policy wrote it: ratios keep their digits, shares become percent.
fn limit_text(rule: &MetricRule) -> String {
    let unit = rule.key.metric.definition().unit;
    let text = match unit {
        Unit::Ratio | Unit::RateDifference => rule.limit.to_string(),
        Unit::Percent | Unit::Rows => unit.text(rule.limit),
    };
    format!("{} {text}", rule.comparator.symbol())
}

/// The comparison in whole numbers, for an exact value.
fn integers(value: &Value, rule: &MetricRule, holds: bool) -> String {
    let Some(fraction) = value.exact else { return String::new() };
    let left = i128::from(fraction.numerator) * i128::from(rule.limit.denominator());
    let right = i128::from(rule.limit.mantissa()) * i128::from(fraction.denominator);
    let sign = match (rule.comparator, holds) {
        (Comparator::AtMost, true) => "≤",
        (Comparator::AtMost, false) => ">",
        (Comparator::AtLeast, true) => "≥",
        (Comparator::AtLeast, false) => "<",
    };
    format!(
        "{} × {} = {left} {sign} {right} = {} × {}",
        fraction.numerator,
        rule.limit.denominator(),
        rule.limit.mantissa(),
        fraction.denominator
    )
}

/// One value of a metric against its rule.
struct Compared {
    state: State,
    watch: bool,
    crosses: bool,
    actual: String,
    margin: String,
    units: i128,
    n: u64,
    /// Groups too small to be compared.
    left_out: Vec<String>,
    reason: String,
    node: WhyNode,
}

fn compare(rule: &MetricRule, on_missing: &OnMissing, label: &str, measured: &Measured) -> Compared {
    let unit = rule.key.metric.definition().unit;
    let limit = limit_text(rule);
    let rows = if rule.key.metric.definition().needs_outcomes { "known outcomes" } else { "rows" };
    let missing = if measured.n < rule.minimum_n {
        Some(format!("{} {rows}, the policy asks for at least {}", count(measured.n), count(rule.minimum_n)))
    } else if measured.value.is_none() {
        Some(measured.undefined.clone())
    } else {
        None
    };
    let (Some(value), None) = (&measured.value, &missing) else {
        let reason = missing.unwrap_or_default();
        let state = match on_missing {
            OnMissing::Uncovered => State::Uncovered,
            OnMissing::NotApplicable { .. } => State::NotApplicable,
        };
        let mut node = leaf(label, Some(state), "–", limit);
        node.note.clone_from(&reason);
        return Compared {
            state,
            watch: false,
            crosses: false,
            actual: "–".into(),
            margin: String::new(),
            units: i128::MAX,
            n: measured.n,
            left_out: Vec::new(),
            reason,
            node,
        };
    };
    let kept = keeps(value, rule.comparator, rule.limit);
    let watch = kept == Some(true) && rule.warn.is_some_and(|warn| keeps(value, rule.comparator, warn) != Some(true));
    let state = if kept == Some(true) { State::Satisfied } else { State::Violated };
    let units = margin_units(value, rule.comparator, rule.limit);
    let (actual, margin) = (value.text(unit), margin_text(units, unit));
    let reason = match kept {
        Some(true) if watch => format!("{actual} keeps the limit and is beyond the warning level"),
        Some(true) => String::new(),
        Some(false) => format!("{actual} misses the limit {limit}"),
        None => format!("the table leaves the value between {} and {}, across the limit {limit}", unit.text(value.lo), unit.text(value.hi)),
    };
    let mut node = leaf(label, Some(state), actual.clone(), limit.clone());
    node.margin.clone_from(&margin);
    node.integers = integers(value, rule, kept == Some(true));
    node.note = format!("n {}", count(measured.n));
    for (i, group) in measured.groups.iter().enumerate() {
        let rank = if i == 0 {
            "highest: "
        } else if i + 1 == measured.groups.len() {
            "lowest: "
        } else {
            ""
        };
        let rate = crate::fixed::Ratio::of(group.part, group.whole)
            .map_or_else(String::new, |ratio| Unit::RateDifference.text(crate::fixed::exact(ratio).mid()));
        let mut child = leaf(format!("{rank}{}", group.name), None, rate, "");
        child.note = format!("{} / {}", group.part, group.whole);
        node.children.push(child);
    }
    for group in &measured.left_out {
        let mut child = leaf(format!("left out: {}", group.name), None, "–", "");
        child.note = format!("{}, fewer than {}", counted(group.whole, "row", "rows"), count(rule.minimum_group_n.unwrap_or(1)));
        node.children.push(child);
    }
    let left_out = measured.left_out.iter().map(|group| group.name.clone()).collect();
    Compared { state, watch, crosses: kept.is_none(), actual, margin, units, n: measured.n, left_out, reason, node }
}

fn metric(rule: &MetricRule, requirement: &Requirement, case: &Case<'_>, evidence: &VerifiedEvidence) -> Verdict {
    let (plan, reference) = (evidence.plan(), evidence.reference());
    let minimum_group = rule.minimum_group_n.unwrap_or(1);
    let of = |table: &BatchTable| measure(plan, table, reference, &rule.key, minimum_group);
    let limit = limit_text(rule);
    if rule.scope == RuleScope::Overall {
        let Some(sum) = total(plan, evidence.monitoring().map(|batch| &batch.table)) else {
            return Verdict::plain(State::Unverifiable, "the period holds more rows than this program adds up");
        };
        let found = compare(rule, &requirement.on_missing, "all batches together", &of(&sum));
        let mut verdict = Verdict::plain(found.state, overall_reason(&found, rule, requirement)).with(found.actual, limit, found.margin);
        verdict.watch = found.watch;
        verdict.n = count(found.n);
        verdict.why = vec![found.node];
        return verdict;
    }
    let compared: Vec<(u32, String, Compared)> = evidence
        .monitoring()
        .map(|batch| {
            let (number, label) = (case.label)(batch);
            let found = compare(rule, &requirement.on_missing, &format!("batch {number}, {label}"), &of(&batch.table));
            (number, label, found)
        })
        .collect();
    each_batch(rule, requirement, case, compared)
}

fn overall_reason(found: &Compared, rule: &MetricRule, requirement: &Requirement) -> String {
    let without = if found.left_out.is_empty() {
        String::new()
    } else {
        let least = count(rule.minimum_group_n.unwrap_or(1));
        format!("compared without groups that have fewer than {least} rows: {}", found.left_out.join(", "))
    };
    let reason = match (&requirement.on_missing, found.state) {
        (OnMissing::NotApplicable { reason }, State::NotApplicable) => format!("{}: {}", reason.trim_end_matches('.'), found.reason),
        _ => found.reason.clone(),
    };
    [reason, without].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ")
}

/// The longest run of batches that miss their limit.
fn longest_run(compared: &[(u32, String, Compared)]) -> u32 {
    let (mut run, mut longest) = (0, 0);
    for (.., found) in compared {
        match found.state {
            State::Violated => run += 1,
            // A batch that is left out neither breaks a run nor adds to it.
            State::NotApplicable => {}
            _ => run = 0,
        }
        longest = longest.max(run);
    }
    longest
}

fn each_batch(rule: &MetricRule, requirement: &Requirement, case: &Case<'_>, compared: Vec<(u32, String, Compared)>) -> Verdict {
    let of = |state: State| compared.iter().filter(|(.., found)| found.state == state).count();
    let (missed, uncovered, kept, left_out) = (of(State::Violated), of(State::Uncovered), of(State::Satisfied), of(State::NotApplicable));
    let absent = case.scope.missing.len();
    let judged = kept + missed;
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let run = longest_run(&compared);
    let violated = match rule.scope {
        RuleScope::Consecutive(k) => run >= k,
        RuleScope::EachBatch | RuleScope::Overall => small(missed) > rule.tolerance.allowed(small(compared.len())),
    };
    let worst = compared.iter().filter(|(.., found)| found.units != i128::MAX).min_by_key(|(.., found)| found.units);
    let numbers = |state: State| {
        let list: Vec<String> =
            compared.iter().filter(|(.., f)| f.state == state).map(|(number, label, _)| format!("{number} ({label})")).collect();
        if list.len() > 6 { format!("{} and {} more", list[..6].join(", "), list.len() - 6) } else { list.join(", ") }
    };
    let total = compared.len() + absent;
    let state = if violated {
        State::Violated
    } else if judged == 0 && left_out > 0 && uncovered + absent == 0 {
        State::NotApplicable
    } else if judged == 0 || uncovered + absent > 0 {
        State::Uncovered
    } else {
        State::Satisfied
    };
    let mut reasons = Vec::new();
    if missed > 0 {
        let allowed = match rule.scope {
            RuleScope::Consecutive(k) => format!("; the longest run is {run}, and {k} in a row would violate the requirement"),
            _ if violated => String::new(),
            _ => format!("; {} may", rule.tolerance.allowed(small(compared.len()))),
        };
        reasons.push(format!("{missed} of {judged} batches miss the limit: {}{allowed}", numbers(State::Violated)));
        if compared.iter().any(|(.., found)| found.crosses) {
            reasons.push("in some of them the value is an interval across the limit, so that it cannot be shown to hold".to_owned());
        }
    }
    if uncovered > 0 {
        let first = compared.iter().find(|(.., f)| f.state == State::Uncovered).map_or("", |(.., f)| f.reason.as_str());
        reasons.push(format!("{uncovered} of {total} batches give no value: {} ({first})", numbers(State::Uncovered)));
    }
    if absent > 0 {
        let labels: Vec<&str> = case.scope.missing.iter().map(|slot| slot.label.as_str()).collect();
        reasons.push(format!(
            "{} not in the package: {}",
            counted(absent as u64, "expected batch is", "expected batches are"),
            labels.join(", ")
        ));
    }
    if left_out > 0
        && let OnMissing::NotApplicable { reason } = &requirement.on_missing
    {
        reasons.push(format!("{left_out} of {total} batches are left out: {}", reason.trim_end_matches('.')));
    }
    // A group that shrinks below the minimum would otherwise vanish from the comparison without a word.
    let mut small_groups: Vec<&str> = compared.iter().flat_map(|(.., found)| &found.left_out).map(String::as_str).collect();
    small_groups.sort_unstable();
    small_groups.dedup();
    if !small_groups.is_empty() {
        let affected = compared.iter().filter(|(.., found)| !found.left_out.is_empty()).count();
        reasons.push(format!(
            "{affected} of {total} batches compare without groups that have fewer than {} rows in them: {}",
            count(rule.minimum_group_n.unwrap_or(1)),
            small_groups.join(", ")
        ));
    }
    let watched = compared.iter().filter(|(.., found)| found.watch).count();
    let watch = state == State::Satisfied && (watched > 0 || missed > 0);
    if watched > 0 {
        reasons.push(format!("{} beyond the warning level", counted(watched as u64, "batch is", "batches are")));
    }
    let (actual, margin, closest) = worst.map_or_else(Default::default, |(number, label, f)| {
        (f.actual.clone(), f.margin.clone(), format!("worst: batch {number}, {label}"))
    });
    let n: u64 = compared.iter().map(|(.., found)| found.n).sum();
    let mut root = leaf(
        match rule.scope {
            RuleScope::Consecutive(k) => format!("no {k} batches in a row miss the limit"),
            _ => "every proven batch".to_owned(),
        },
        Some(state),
        format!("{kept} of {judged}"),
        match rule.scope {
            RuleScope::Consecutive(k) => format!("longest run < {k}"),
            _ => format!("≥ {} of {judged}", judged.saturating_sub(rule.tolerance.allowed(small(compared.len())) as usize)),
        },
    );
    root.note = closest;
    let mut sorted: Vec<&(u32, String, Compared)> = compared.iter().collect();
    sorted.sort_by_key(|(number, _, found)| (found.state, found.units, *number));
    let shown = missed + uncovered + usize::from(kept > 0);
    root.children = sorted.iter().take(shown.max(1)).map(|(.., found)| found.node.clone()).collect();
    let hidden = sorted.len().saturating_sub(shown.max(1));
    if hidden > 0 {
        root.children.push(leaf(format!("{hidden} others"), None, "", ""));
    }
    let sentence = reasons.join(". ");
    let mut verdict = Verdict::plain(state, sentence).with(actual, limit_text(rule), margin);
    verdict.watch = watch;
    verdict.n = format!("{} in {}", count(n), counted(compared.len() as u64, "batch", "batches"));
    verdict.why = vec![root];
    verdict.batches = compared
        .into_iter()
        .map(|(number, _, f)| BatchResult {
            number,
            state: f.state,
            watch: f.watch,
            actual: f.actual,
            margin: f.margin,
            n: f.n,
            reason: f.reason,
        })
        .collect();
    verdict
}

fn settled(holds: bool) -> State {
    if holds { State::Satisfied } else { State::Violated }
}

fn rule(requirement: &Requirement, case: &Case<'_>, evidence: &VerifiedEvidence) -> Verdict {
    let statement = evidence.statement();
    let engagement = case.engagement;
    match &requirement.rule {
        Rule::Metric(rule) => metric(rule, requirement, case, evidence),
        Rule::BatchesComplete => {
            let expected = engagement.map_or(0, |engagement| engagement.expected_slots().len());
            if expected == 0 {
                return Verdict::plain(State::Uncovered, "no engagement says which batches to expect");
            }
            let (missing, extra) = (case.scope.missing.len(), case.scope.unexpected.len());
            let mut reasons: Vec<String> = case.scope.missing.iter().map(|slot| format!("batch {} is missing", slot.label)).collect();
            reasons.extend(case.scope.unexpected.iter().map(|start| format!("the batch starting {start} is not expected")));
            let state = if missing > 0 { State::Uncovered } else { settled(extra == 0) };
            let mut verdict = Verdict::plain(state, reasons.join("; ")).with(
                format!("{} of {expected}", expected - missing),
                format!("{expected} of {expected}"),
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
        Rule::ControlTotals => {
            let batches: Vec<_> = evidence.monitoring().collect();
            let lines =
                |batch: &BatchStatement| engagement.map_or_else(Vec::new, |engagement| crate::scope::control_lines(engagement, batch));
            let controlled: Vec<_> = batches.iter().map(|batch| (*batch, lines(batch))).collect();
            let with = controlled.iter().filter(|(_, lines)| !lines.is_empty()).count();
            if with == 0 {
                return Verdict::plain(State::Uncovered, "the engagement carries no control totals");
            }
            let mut why = Vec::new();
            let mut equal = 0;
            for (batch, lines) in &controlled {
                let (number, label) = (case.label)(batch);
                let holds = !lines.is_empty() && lines.iter().all(|line| line.holds);
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
            let state = if !case.scope.uncontrolled.is_empty() {
                State::Violated
            } else if with < batches.len() {
                State::Uncovered
            } else {
                State::Satisfied
            };
            let reason = if state == State::Satisfied {
                String::new()
            } else {
                format!(
                    "{equal} of {} batches agree with an independent source, {} have no control total",
                    batches.len(),
                    batches.len() - with
                )
            };
            let mut verdict = Verdict::plain(state, reason).with(
                format!("{equal} of {}", batches.len()),
                format!("{0} of {0}", batches.len()),
                String::new(),
            );
            verdict.why = why;
            verdict
        }
        Rule::ModelUnchanged => {
            let mut verdict = Verdict::plain(State::Satisfied, String::new()).with("1 model", "1 model", String::new());
            verdict.why = vec![leaf(
                format!("model commitment {}", statement.model_commitment.short()),
                Some(State::Satisfied),
                "in every step",
                "one for the period",
            )];
            verdict
        }
        Rule::PlanConstraints => {
            let choices: Vec<_> = case
                .policy
                .plan_choices(evidence.plan(), evidence.reference())
                .into_iter()
                .filter(|choice| choice.constraint.is_some())
                .collect();
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
                    leaf(
                        choice.what.clone(),
                        Some(settled(choice.holds)),
                        choice.chosen.clone(),
                        choice.constraint.clone().unwrap_or_default(),
                    )
                })
                .collect();
            verdict
        }
        Rule::ReferencePresent { minimum_n } => match evidence.reference() {
            None => Verdict::plain(State::Uncovered, "the chain begins without a reference batch"),
            Some(table) => {
                let holds = table.scored() >= *minimum_n;
                let reason = if holds { String::new() } else { format!("the reference has {} scored rows", count(table.scored())) };
                let mut verdict = Verdict::plain(if holds { State::Satisfied } else { State::Uncovered }, reason).with(
                    count(table.scored()),
                    format!("≥ {}", count(*minimum_n)),
                    String::new(),
                );
                verdict.n = count(table.scored());
                verdict
            }
        },
        Rule::Evidence { statement: wanted } => evidence_verdict(wanted, statement.header.circuit.to_string(), statement.steps),
        Rule::Traceability => traceability::traceability(requirement.stage, case.traceability),
        Rule::Link(_) | Rule::Judgement { .. } => Verdict::plain(State::Judgement(Judgement::Open), "nobody has determined this yet"),
    }
}

/// A valid proof of the kind wanted is there.
fn evidence_verdict(wanted: &str, circuit: String, steps: u64) -> Verdict {
    let mut verdict = Verdict::plain(State::Satisfied, String::new()).with("1 valid proof", "1 valid proof", String::new());
    verdict.why =
        vec![leaf(format!("proof of kind {wanted} under {circuit}"), Some(State::Satisfied), counted(steps, "step", "steps"), "valid")];
    verdict
}

/// What a proof that is not valid means for everything that rests on it.
fn refused(refusal: &Refusal) -> Verdict {
    let state = match refusal.state {
        ProofState::NotCheckable => State::Unverifiable,
        ProofState::Rejected | ProofState::Valid => State::Rejected,
        ProofState::NotReached => State::Uncovered,
    };
    Verdict::plain(state, format!("it has no valid evidence: {}", refusal.short))
}

fn link_verdict(name: LinkName, case: &Case<'_>) -> Verdict {
    let Some(link) = case.lineage.links.iter().find(|link| link.name == name) else {
        return match case.evidence {
            Err(refusal) => refused(refusal),
            Ok(_) => Verdict::plain(State::Uncovered, "the package has no chain of stages"),
        };
    };
    let state = match link.state {
        LinkState::Holds => State::Satisfied,
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

/// The proofs a requirement rests on: the monitoring proof, one of an earlier stage, those of a link, or none.
fn resting_on(requirement: &Requirement, case: &Case<'_>) -> Vec<String> {
    let stage =
        |kind: &str| case.stages.iter().filter(|stage| stage.kind.name() == kind).map(|stage| stage.id.to_owned()).take(1).collect();
    match &requirement.rule {
        Rule::Judgement { .. } => Vec::new(),
        Rule::Link(name) => case.lineage.links.iter().find(|link| link.name == *name).map_or_else(Vec::new, |link| link.proofs.clone()),
        Rule::Evidence { statement } if statement != StatementKind::MonitoringV1.name() => stage(statement),
        Rule::Metric(_) if is_offline(requirement) => stage(StatementKind::OfflineMetricsV1.name()),
        _ if case.proof.is_empty() => Vec::new(),
        _ => vec![case.proof.to_owned()],
    }
}

/// Whether a metric is one of the test rows: those of the training stage are.
fn is_offline(requirement: &Requirement) -> bool {
    requirement.stage == Stage::Training && matches!(requirement.rule, Rule::Metric(_))
}

fn verdict(requirement: &Requirement, case: &Case<'_>) -> Verdict {
    let exempt = || requirement.exemption.as_ref().map(|e| Verdict::plain(State::NotApplicable, format!("{}: {}", e.person, e.reason)));
    let accepts = |circuit: CircuitId| {
        let accepted = case.policy.circuits_for(requirement).iter().any(|accepted| accepted.accepts(circuit));
        (!accepted).then(|| Verdict::plain(State::Unverifiable, format!("the requirement does not accept proofs of circuit {circuit}")))
    };
    let stage_of = |kind: &str| case.stages.iter().find(|stage| stage.kind.name() == kind);
    let mut verdict = match &requirement.rule {
        Rule::Judgement { .. } => {
            return exempt().unwrap_or_else(|| Verdict::plain(State::Judgement(Judgement::Open), "nobody has determined this yet"));
        }
        Rule::Link(name) => match exempt() {
            Some(verdict) => return verdict,
            None => link_verdict(*name, case),
        },
        Rule::Evidence { statement } if statement != StatementKind::MonitoringV1.name() => {
            // Evidence of another kind than monitoring is its own, whatever became of the monitoring proof.
            match stage_of(statement).map(|stage| stage.outcome) {
                Some(Err(refusal)) => return refused(refusal),
                found => {
                    if let Some(verdict) = exempt() {
                        return verdict;
                    }
                    match found {
                        Some(Ok(stage)) => {
                            let (circuit, steps) = (stage.header().circuit, stage.steps());
                            accepts(circuit).unwrap_or_else(|| evidence_verdict(statement, circuit.to_string(), steps))
                        }
                        _ => Verdict::plain(State::Uncovered, format!("no valid proof of kind {statement} is in the package")),
                    }
                }
            }
        }
        _ => {
            let evidence = if is_offline(requirement) {
                match stage_of(StatementKind::OfflineMetricsV1.name()).map(|stage| stage.outcome) {
                    Some(Ok(VerifiedStage::OfflineMetrics(evidence))) => Ok(&**evidence),
                    Some(Err(refusal)) => Err(refusal),
                    _ => {
                        return exempt().unwrap_or_else(|| {
                            Verdict::plain(State::Uncovered, "no valid proof of kind offline-metrics/v1 is in the package")
                        });
                    }
                }
            } else {
                case.evidence
            };
            let evidence = match evidence {
                Err(refusal) => return refused(refusal),
                Ok(evidence) => evidence,
            };
            if let Some(verdict) = exempt() {
                return verdict;
            }
            let system = || {
                let refused = case.policy.system_refused(requirement, evidence.system())?;
                Some(Verdict::plain(State::Unverifiable, refused.text))
            };
            accepts(evidence.statement().header.circuit).or_else(system).unwrap_or_else(|| rule(requirement, case, evidence))
        }
    };
    if verdict.state == State::Unverifiable {
        return verdict;
    }
    for pin in &requirement.pinned {
        if let Err(reason) = case.scope.holds(*pin, case.engagement) {
            // Missing evidence never counts as met; a limit missed stays missed.
            if verdict.state == State::Satisfied {
                verdict.state = State::Uncovered;
                verdict.watch = false;
            }
            verdict.reason = if verdict.reason.is_empty() { reason } else { format!("{reason}. {}", verdict.reason) };
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

mod traceability;

#[cfg(test)]
mod tests;
