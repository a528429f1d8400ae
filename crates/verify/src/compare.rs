//! What changed since an earlier record?
//!
//! The earlier record is a claim: it was read from disk, and what it says is set beside what was found now, not trusted.
//! A limit that moved mends nothing, so [`compare`] tells a demand that changed from a result that did.

use verifold_model::{
    digest::Digest,
    format::printable,
    metric::Unit,
    record::{AuditRecord, Change, Comparison, Difference, RequirementResult},
    state::{Severity, State},
};

/// Differences between an earlier record and this one: what they are of, then requirement by requirement.
pub(crate) fn compare(earlier: &AuditRecord, against: Digest, now: &AuditRecord) -> Comparison {
    let mut changes = Vec::new();
    let mut unchanged = 0;
    for result in &now.requirements {
        let before = earlier.requirements.iter().find(|old| old.id == result.id);
        match before.map_or(Some("new"), |old| kind(old, result)) {
            Some(kind) => changes.push(change(kind, before, Some(result))),
            None => unchanged += 1,
        }
    }
    for old in earlier.requirements.iter().filter(|old| now.requirements.iter().all(|result| result.id != old.id)) {
        changes.push(change("gone", Some(old), None));
    }
    Comparison { against, earlier_package: earlier.package.digest, differs: differs(earlier, now), changes, unchanged }
}

/// What became of a requirement in both records; `None` if nothing did.
fn kind(old: &RequirementResult, now: &RequirementResult) -> Option<&'static str> {
    if !is_same_demand(old, now) {
        return Some("demand changed");
    }
    // Under one demand a requirement is settled by being met: what does not apply demands nothing.
    match (old.state.is_settled(), now.state.is_settled()) {
        (false, true) => Some("fixed"),
        (true, false) => Some("regressed"),
        _ if old.state == now.state && measured(old) == measured(now) => None,
        _ => Some("changed"),
    }
}

/// Whether both ask the same: a state is better or worse than another only then.
fn is_same_demand(old: &RequirementResult, now: &RequirementResult) -> bool {
    // A rule without a metric has the limit its evidence sets, and none where there is no evidence.
    let limits = old.limit == now.limit || old.limit.is_empty() || now.limit.is_empty();
    let of = |result: &RequirementResult| (result.severity, result.limit_value, result.warn_value, result.limit_is_maximum);
    // The sentence is written from the whole rule, numbers of rows and scope included.
    limits
        && of(old) == of(now)
        && old.metric == now.metric
        && old.sentence == now.sentence
        && (old.state == State::NotApplicable) == (now.state == State::NotApplicable)
}

/// What is asked, in words.
fn demand(result: &RequirementResult) -> String {
    if result.state == State::NotApplicable {
        return format!("nothing: {}", result.reason);
    }
    let mut parts = vec![match result.severity {
        Severity::Mandatory => "mandatory".to_owned(),
        Severity::Advisory => "advisory".to_owned(),
    }];
    if !result.limit.is_empty() {
        parts.push(format!("limit {}", result.limit));
    }
    if let Some(warn) = result.warn_value {
        let unit = result.metric.as_ref().map_or(Unit::Ratio, |key| key.metric.definition().unit);
        let level = if matches!(unit, Unit::Rows | Unit::Percent) { unit.text(warn) } else { warn.to_string() };
        parts.push(format!("warning at {level}"));
    }
    format!("{}. {}", parts.join(", "), result.sentence)
}

/// What was found, in words.
fn measured(result: &RequirementResult) -> String {
    let n = if result.n.is_empty() { String::new() } else { format!("n {}", result.n) };
    let watch = if result.watch { "watch" } else { "" };
    [&result.actual, watch, &n].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn change(kind: &str, old: Option<&RequirementResult>, now: Option<&RequirementResult>) -> Change {
    // Of the earlier record nobody knows who wrote it.
    let text = |result: Option<&RequirementResult>, of: fn(&RequirementResult) -> String| printable(&result.map_or_else(String::new, of));
    let demand = |result| if kind == "demand changed" { text(result, demand) } else { String::new() };
    Change {
        requirement: text(now.or(old), |result| result.id.clone()),
        kind: kind.to_owned(),
        before: old.map(|result| result.state),
        after: now.map(|result| result.state),
        before_actual: text(old, measured),
        after_actual: text(now, measured),
        before_demand: demand(old),
        after_demand: demand(now),
    }
}

/// A part of what a record is of, and how it reads.
type Part = (&'static str, fn(&AuditRecord) -> String);

/// What one record is of and the other is not: a requirement met there is then not the one missed here.
fn differs(earlier: &AuditRecord, now: &AuditRecord) -> Vec<Difference> {
    let of: [Part; 5] = [
        ("subject", |record| {
            let subject = record.subject.as_ref().map(|subject| &subject.value);
            subject.map_or_else(none, |of| format!("{}, LEI {}, {}, model {}", of.name, of.lei, of.system, of.model))
        }),
        ("period", |record| record.period.as_ref().map_or_else(none, |of| format!("{} to {}", of.value.start, of.value.end))),
        ("policy", |record| format!("{} {}, {}", record.policy.id, record.policy.version, record.policy.digest)),
        ("overlays", |record| {
            let each: Vec<_> = record.overlays.iter().map(|overlay| format!("{}, {}", overlay.id, overlay.digest)).collect();
            if each.is_empty() { none() } else { each.join("; ") }
        }),
        ("engagement", |record| record.engagement.as_ref().map_or_else(none, |of| format!("{}, {}", of.id, of.digest))),
    ];
    let pairs = of.map(|(what, text)| (what, printable(&text(earlier)), printable(&text(now))));
    let differing = pairs.into_iter().filter(|(_, before, after)| before != after);
    differing.map(|(what, before, after)| Difference { what: what.to_owned(), before, after }).collect()
}

fn none() -> String {
    "none".to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use verifold_model::state::Judgement;

    use super::*;

    /// A sample whose MO-1 is violated at 0.629 of at least 0.80, and whose IN-2 is satisfied, watched.
    fn drift() -> AuditRecord {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-drift/expected.record.json");
        AuditRecord::read(&std::fs::read(path).unwrap()).unwrap()
    }

    fn of<'a>(record: &'a mut AuditRecord, id: &str) -> &'a mut RequirementResult {
        record.requirements.iter_mut().find(|result| result.id == id).unwrap()
    }

    fn against(earlier: &AuditRecord, now: &AuditRecord) -> Comparison {
        compare(earlier, Digest::of(b"earlier"), now)
    }

    /// The one change that `alter` makes of requirement `id`.
    #[track_caller]
    fn check(id: &str, alter: impl Fn(&mut RequirementResult), kind: &str) -> Change {
        let (earlier, mut now) = (drift(), drift());
        alter(of(&mut now, id));
        let found = against(&earlier, &now);
        assert_eq!(found.unchanged as usize, now.requirements.len() - 1);
        assert_eq!(found.changes.len(), 1);
        assert_eq!((found.changes[0].requirement.as_str(), found.changes[0].kind.as_str()), (id, kind));
        assert_eq!(found.changes[0].before_demand.is_empty(), kind != "demand changed");
        found.changes[0].clone()
    }

    #[test]
    fn a_demand_that_was_lowered_is_neither_fixed_nor_unchanged() {
        let moved = |result: &mut RequirementResult| {
            result.state = State::Satisfied;
            result.limit = "≥ 0.60".into();
            result.limit_value = Some("0.60".parse().unwrap());
            result.sentence = result.sentence.replace("0.80", "0.60");
        };
        let change = check("MO-1", moved, "demand changed");
        assert!(
            change.before_demand.starts_with("mandatory, limit ≥ 0.80, warning at 0.85. In every weekly batch, "),
            "{}",
            change.before_demand
        );
        assert!(
            change.after_demand.starts_with("mandatory, limit ≥ 0.60, warning at 0.85. In every weekly batch, "),
            "{}",
            change.after_demand
        );

        let disabled = |result: &mut RequirementResult| {
            result.state = State::NotApplicable;
            result.reason = "Head of risk: disabled by overlay O-1: too strict.".into();
        };
        let change = check("MO-1", disabled, "demand changed");
        assert_eq!(change.after_demand, "nothing: Head of risk: disabled by overlay O-1: too strict.");

        let change = check("MO-1", |result| result.severity = Severity::Advisory, "demand changed");
        assert!(change.after_demand.starts_with("advisory, limit ≥ 0.80, warning at 0.85. "), "{}", change.after_demand);
        check("MO-1", |result| result.sentence = result.sentence.replace("at least 300", "at least 30"), "demand changed");
        let change = check("IN-2", |result| (result.watch, result.warn_value) = (false, None), "demand changed");
        assert!(change.before_demand.starts_with("mandatory, limit ≤ 8.00\u{202F}%, warning at "), "{}", change.before_demand);
    }

    #[test]
    fn a_result_under_the_same_demand_is_fixed_regressed_or_changed() {
        assert_eq!(check("MO-1", |result| result.state = State::Satisfied, "fixed").before, Some(State::Violated));
        check("TR-2", |result| result.state = State::Judgement(Judgement::Met), "fixed");
        check("MO-12", |result| result.state = State::Violated, "regressed");
        check("MO-1", |result| result.state = State::Rejected, "changed");
        check("MO-1", |result| result.actual = "0.7".into(), "changed");
        let change = check("IN-2", |result| result.watch = false, "changed");
        let n = drift().requirements.iter().find(|result| result.id == "IN-2").unwrap().n.clone();
        assert_eq!(change.before_actual, format!("7.08\u{202F}%, watch, n {n}"));
        assert_eq!(change.after_actual, format!("7.08\u{202F}%, n {n}"));
        assert_eq!(check("MO-1", |result| result.n = "9".into(), "changed").after_actual, "0.629, n 9");
        // Rules without a metric have no limit while there is nothing to measure.
        check("MO-13", |result| (result.state, result.limit) = (State::Rejected, String::new()), "regressed");
    }

    #[test]
    fn a_comparison_says_first_what_the_records_are_not_both_of() {
        let (mut earlier, now) = (drift(), drift());
        assert_eq!(against(&earlier, &now).differs, []);
        earlier.subject.as_mut().unwrap().value.system = "other\u{1b}[2J".into();
        earlier.period = None;
        earlier.policy.digest = Digest::of(b"another policy");
        earlier.engagement = None;
        let differs = against(&earlier, &now).differs;
        let whats: Vec<_> = differs.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(whats, ["subject", "period", "policy", "engagement"]);
        assert!(differs[0].before.contains("other\u{FFFD}[2J"), "{}", differs[0].before);
        assert_eq!([&differs[1].before, &differs[3].before], ["none", "none"]);
        assert!(differs[2].before.ends_with(&Digest::of(b"another policy").to_string()));
        assert_eq!(differs[2].after, format!("{} {}, {}", now.policy.id, now.policy.version, now.policy.digest));
    }

    #[test]
    fn requirements_that_came_or_went_are_named() {
        let (mut earlier, mut now) = (drift(), drift());
        let gone = now.requirements.remove(0).id;
        let new = earlier.requirements.pop().unwrap().id;
        let found = against(&earlier, &now).changes;
        let each: Vec<_> = found.iter().map(|change| (change.requirement.as_str(), change.kind.as_str())).collect();
        assert_eq!(each, [(new.as_str(), "new"), (gone.as_str(), "gone")]);
        let absent: Vec<_> = found.iter().map(|change| (change.before.is_none(), change.after.is_none())).collect();
        assert_eq!(absent, [(true, false), (false, true)]);
    }
}
