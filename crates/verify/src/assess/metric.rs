//! Does a metric keep its limit: over all rows together, in each batch, or but for so many batches in a row?

use std::cmp::Ordering;

use verifold_model::{
    cohort::{BatchStatement, BatchTable},
    decimal::Decimal,
    format::{count, counted, listed, true_minus},
    metric::{Metric, Unit, Value},
    record::{BatchResult, WhyNode},
    revision::RevisionCounts,
    state::State,
};
use verifold_policy::{Comparator, MetricRule, OnMissing, Requirement, Scope as RuleScope};

use super::{Case, Verdict, leaf};
use crate::{
    evidence::{VerifiedRevision, period::VerifiedPeriod},
    metrics::{Measured, measure, measure_period, measure_revision, total},
};

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
pub(super) fn limit_text(rule: &MetricRule) -> String {
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
    let rows = match rule.key.metric {
        Metric::TruePositiveRate => "bad outcomes",
        Metric::FalsePositiveRate | Metric::EqualOpportunityGap => "good outcomes",
        metric if metric.definition().needs_outcomes => "known outcomes",
        _ => "rows",
    };
    let missing = if measured.is_absent {
        Some(measured.undefined.clone())
    } else if measured.n < rule.minimum_n {
        Some(format!("{} {rows}, the policy asks for at least {}", count(measured.n), count(rule.minimum_n)))
    } else if measured.value.is_none() {
        Some(measured.undefined.clone())
    } else {
        None
    };
    let (Some(value), None) = (&measured.value, &missing) else {
        let reason = missing.unwrap_or_default();
        let state = match on_missing {
            // Too few rows may be nobody's fault; what the package leaves out is.
            OnMissing::NotApplicable { .. } if !measured.is_absent => State::NotApplicable,
            OnMissing::NotApplicable { .. } | OnMissing::Uncovered => State::Uncovered,
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
        let mut child = leaf(format!("left out: {}", group.name), Some(State::Uncovered), "–", "");
        child.note = format!("{}, fewer than {}", counted(group.whole, "row", "rows"), count(rule.minimum_group_n.unwrap_or(1)));
        node.children.push(child);
    }
    let left_out = measured.left_out.iter().map(|group| group.name.clone()).collect();
    Compared { state, watch, crosses: kept.is_none(), actual, margin, units, n: measured.n, left_out, reason, node }
}

/// A metric over what the proofs of a period, or the one of the test rows, counted: drift against the reference of a batch's own model.
pub(super) fn metric(rule: &MetricRule, requirement: &Requirement, case: &Case<'_>, evidence: &VerifiedPeriod<'_>) -> Verdict {
    let plan = evidence.plan();
    let minimum_group = rule.minimum_group_n.unwrap_or(1);
    let of = |batch: &BatchStatement, reference: Option<&BatchTable>| measure(plan, &batch.table, reference, &rule.key, minimum_group);
    judged(rule, requirement, case, evidence, &of, &|| {
        let sum = total(plan, evidence.monitoring().map(|(batch, _)| &batch.table))?;
        Some(measure_period(evidence, &sum, &rule.key, minimum_group))
    })
}

/// A metric between the outcomes of monitoring and later ones, over what one proof counted of every monitored batch with rows.
pub(super) fn revision(
    rule: &MetricRule,
    requirement: &Requirement,
    case: &Case<'_>,
    monitored: &VerifiedPeriod<'_>,
    revisions: &[&VerifiedRevision],
) -> Verdict {
    let counts = |batch: &BatchStatement| {
        let compared = revisions.iter().find_map(|revision| revision.batch(batch.index));
        compared.map_or_else(RevisionCounts::default, |compared| compared.counts)
    };
    let of = |counts: &RevisionCounts| measure_revision(counts, rule.key.metric);
    judged(rule, requirement, case, monitored, &|batch, _| of(&counts(batch)), &|| {
        RevisionCounts::total(monitored.monitoring().map(|(batch, _)| counts(batch))).map(|sum| of(&sum))
    })
}

/// A metric against its rule, over all monitored batches together or in each.
fn judged(
    rule: &MetricRule,
    requirement: &Requirement,
    case: &Case<'_>,
    evidence: &VerifiedPeriod<'_>,
    of: &dyn Fn(&BatchStatement, Option<&BatchTable>) -> Measured,
    overall: &dyn Fn() -> Option<Measured>,
) -> Verdict {
    if rule.scope == RuleScope::Overall {
        let Some(measured) = overall() else {
            return Verdict::plain(State::Unverifiable, "the period holds more rows than this program adds up");
        };
        let mut found = compare(rule, &requirement.on_missing, "all batches together", &measured);
        if found.state == State::Satisfied && !found.left_out.is_empty() {
            found.state = State::Uncovered;
            found.node.state = Some(State::Uncovered);
        }
        let mut verdict =
            Verdict::plain(found.state, overall_reason(&found, rule, requirement)).with(found.actual, limit_text(rule), found.margin);
        verdict.watch = found.watch;
        verdict.n = count(found.n);
        verdict.why = vec![found.node];
        return verdict;
    }
    let compared: Vec<(u32, String, Compared)> = evidence
        .monitoring()
        .map(|(batch, reference)| {
            let (number, label) = (case.label)(batch);
            let found = compare(rule, &requirement.on_missing, &format!("batch {number}, {label}"), &of(batch, reference));
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
            // A batch that gives no value neither breaks a run nor adds to it.
            State::NotApplicable | State::Uncovered => {}
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
    // Of batches that are left out none may miss; one without a value is owed, and may still.
    let allowed = rule.tolerance.allowed(small(judged + uncovered));
    let run = longest_run(&compared);
    let violated = match rule.scope {
        RuleScope::Consecutive(k) => run >= k,
        RuleScope::EachBatch | RuleScope::Overall => small(missed) > allowed || (kept == 0 && missed > 0),
    };
    let worst = compared.iter().filter(|(.., found)| found.units != i128::MAX).min_by_key(|(.., found)| found.units);
    let numbers = |state: State| {
        let list: Vec<String> =
            compared.iter().filter(|(.., f)| f.state == state).map(|(number, label, _)| format!("{number} ({label})")).collect();
        listed(&list, ", ")
    };
    let total = compared.len() + absent;
    // A group too small in a week is a matter of that week; one that is compared in none could be anything.
    let mut never: Vec<&String> = compared.iter().flat_map(|(.., found)| &found.left_out).collect();
    never.sort_unstable();
    never.dedup();
    let judges = |state: State| matches!(state, State::Satisfied | State::Violated);
    never.retain(|group| compared.iter().all(|(.., found)| !judges(found.state) || found.left_out.contains(group)));
    let state = if violated {
        State::Violated
    } else if judged > 0 && !never.is_empty() {
        State::Uncovered
    } else if judged == 0 && left_out > 0 && uncovered + absent == 0 {
        State::NotApplicable
    } else if kept == 0 || uncovered + absent > 0 {
        State::Uncovered
    } else {
        State::Satisfied
    };
    let mut reasons = Vec::new();
    if missed > 0 {
        let allowed = match rule.scope {
            RuleScope::Consecutive(_) if kept == 0 && !violated => format!("; the longest run is {run}, and no batch keeps it"),
            RuleScope::Consecutive(k) => format!("; the longest run is {run}, and {k} in a row would violate the requirement"),
            _ if violated && small(missed) <= allowed => format!("; {allowed} may, but no batch keeps it"),
            _ if violated => String::new(),
            _ => format!("; {allowed} may"),
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
            listed(&labels, ", ")
        ));
    }
    if left_out > 0
        && let OnMissing::NotApplicable { reason } = &requirement.on_missing
    {
        let list = numbers(State::NotApplicable);
        reasons.push(format!("{left_out} of {total} batches are left out, {list}: {}", reason.trim_end_matches('.')));
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
    if judged > 0 && !never.is_empty() {
        let never: Vec<&str> = never.iter().map(|group| group.as_str()).collect();
        reasons.push(format!("nothing is known of {}: compared in no batch", never.join(", ")));
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
            _ => format!("≥ {} of {judged}", judged.saturating_sub(allowed as usize).max(judged.min(1))),
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
