//! An overlay changes the one policy it names, for as long as it says, or says why not.

use verifold_model::tailoring::TailoredChange;
use verifold_policy::{Overlay, Policy, Reference, Rule, Tailored, tailor};

const POLICY: &str = include_str!("../../../assets/policies/eu-ai-act-credit-scoring.toml");

fn policy() -> Policy {
    Policy::read(POLICY).unwrap()
}

/// An overlay of the policy with one table a change: requirement, field, value as written.
fn overlay_text(id: &str, changes: &[(&str, &str, &str)]) -> String {
    let Policy { id: policy, version, digest, .. } = policy();
    let mut text = format!(
        "schema = \"overlay/v1\"\nid = \"{id}\"\ntitle = \"t\"\n[policy]\nid = \"{policy}\"\nversion = \"{version}\"\ndigest = \"{digest}\"\n"
    );
    for (requirement, field, value) in changes {
        text.push_str(&format!(
            "[[change]]\nrequirement = \"{requirement}\"\nfield = \"{field}\"\nvalue = {value}\nrationale = \"r\"\nowner = \"o\"\nexpires = \"2027-01-01T00:00:00Z\"\n"
        ));
    }
    text
}

fn overlay(id: &str, changes: &[(&str, &str, &str)]) -> Overlay {
    Overlay::read(&overlay_text(id, changes), None).unwrap()
}

/// The causes for which a text is refused, against the policy.
#[track_caller]
fn check(text: &str, causes: &[&str]) {
    let lint = Overlay::lint(text, Some(&policy()));
    let found: Vec<&str> = lint.notices.iter().map(|notice| notice.cause).collect();
    assert_eq!(found, causes, "{:?}", lint.notices);
    assert_eq!(lint.value.is_some(), causes.is_empty());
}

fn applied(tailored: &Tailored) -> Vec<(String, bool)> {
    tailored.changes.iter().flatten().map(|change: &TailoredChange| (change.requirement.clone(), change.applied)).collect()
}

#[test]
fn changes_are_applied_to_the_requirements_they_name_alone() {
    let overlay = overlay(
        "halm-1",
        &[
            ("MO-1", "limit", "\"0.75\""),
            ("MO-1", "warn", "\"0.82\""),
            ("MO-1", "minimum_n", "200"),
            ("MO-1", "minimum_group_n", "40"),
            ("MO-10", "severity", "\"mandatory\""),
            ("MO-12", "disabled", "true"),
            ("MO-8", "minimum_n", "400"),
        ],
    );
    let tailored = tailor(&policy(), &[(&overlay, None)], None);
    assert!(tailored.changes[0].iter().all(|change| change.applied), "{:#?}", tailored.changes);
    let before_after: Vec<(&str, &str)> =
        tailored.changes[0].iter().map(|change| (change.before.as_str(), change.after.as_str())).collect();
    assert_eq!(
        before_after,
        [
            ("0.80", "0.75"),
            ("0.85", "0.82"),
            ("300", "200"),
            ("60", "40"),
            ("advisory", "mandatory"),
            ("in force", "disabled"),
            ("1000", "400")
        ]
    );
    assert_eq!(tailored.policy.digest, policy().digest, "the digest is that of the policy as written");
    for (before, after) in policy().requirements.iter().zip(&tailored.policy.requirements) {
        let touched = ["MO-1", "MO-10", "MO-12", "MO-8"].contains(&before.id.as_str());
        assert_eq!(before != after, touched, "{}", before.id);
        assert_eq!(!after.tailoring.is_empty(), touched, "{}", before.id);
    }
    let of = |id: &str| tailored.policy.requirements.iter().find(|requirement| requirement.id == id).unwrap();
    assert_eq!(of("MO-1").tailoring[0], "limit changed by overlay halm-1 from 0.80 to 0.75");
    assert!(of("MO-1").sentence().contains("0.75"), "{}", of("MO-1").sentence());
    assert!(matches!(&of("MO-1").rule, Rule::Metric(rule) if rule.minimum_n == 200 && rule.minimum_group_n == Some(40)));
    let exemption = of("MO-12").exemption.as_ref().unwrap();
    assert_eq!((exemption.person.as_str(), exemption.reason.as_str()), ("o", "disabled by overlay halm-1: r"));
}

#[test]
fn an_overlay_that_does_not_fit_is_refused_with_its_place() {
    let good = overlay_text("o", &[("MO-1", "limit", "\"0.75\"")]);
    check(&good, &[]);
    check(&good.replace(&policy().digest.to_string(), &"0".repeat(64)), &["other-policy"]);
    check(&good.replace("version = \"0.1\"", "version = \"0.2\""), &["other-policy"]);
    check(&good.replace("MO-1\"", "MO-99\""), &["change"]);
    check(&good.replace("rationale = \"r\"", "rationale = \" \""), &["empty"]);
    check(&good.replace("rationale = \"r\"\n", ""), &["toml"]);
    check(&good.replace("owner = \"o\"\n", ""), &["toml"]);
    // An escape hides in a file what would reorder or rewrite the line it is printed in; paragraphs have lines.
    for hidden in ["\\u202E", "\\u001B", "\\u200B", "\\r"] {
        check(&good.replace("rationale = \"r\"", &format!("rationale = \"r{hidden}\"")), &["unprintable"]);
    }
    for line in ["\n", "\r\n"] {
        check(&good.replace("rationale = \"r\"", &format!("rationale = \"\"\"{line}r{line}\tr\"\"\"")), &[]);
    }
    check(&good.replace("expires = \"2027-01-01T00:00:00Z\"\n", ""), &["toml"]);
    check(&good.replace("field = \"limit\"", "field = \"metric\""), &["toml"]);
    check(&good.replace("\"0.75\"", "0.75"), &["toml"]);
    check(&good.replace("\"0.75\"", "\"much\""), &["value"]);
    check(&overlay_text("o", &[]), &["no-change"]);
    check(&overlay_text("o", &[("MO-1", "limit", "\"0.75\""), ("MO-1", "limit", "\"0.70\"")]), &["changed-twice", "change"]);
    for (requirement, field, value, problem) in [
        ("MO-1", "limit", "\"1.5\"", "values of this metric are between 0 and 1"),
        ("MO-1", "limit", "\"0.85\"", "a warning comes before the limit"),
        ("MO-1", "warn", "\"0.80\"", "a warning comes before the limit"),
        ("MO-1", "limit", "\"0.80\"", "is 0.80 already"),
        ("MO-13", "limit", "\"0.80\"", "is of metrics"),
        ("MO-15", "minimum_n", "3", "has no meaning for the metric"),
        ("MO-11", "minimum_group_n", "3", "has no meaning for the metric"),
        ("MO-1", "severity", "\"mandatory\"", "is mandatory already"),
        ("MO-99", "limit", "\"0.80\"", "no requirement MO-99"),
    ] {
        let lint = Overlay::lint(&overlay_text("o", &[(requirement, field, value)]), Some(&policy()));
        let texts: Vec<&str> = lint.notices.iter().map(|notice| notice.text.as_str()).collect();
        assert!(texts.len() == 1 && texts[0].contains(problem), "{requirement} {field}: {texts:?}");
    }
}

#[test]
fn what_has_expired_is_not_applied_and_named() {
    let overlay = overlay("o", &[("MO-1", "limit", "\"0.75\"")]);
    let at = |time: &str| time.parse().unwrap();
    for (reference, holds) in [
        (Reference::EndOfPeriod(at("2027-01-01T00:00:00Z")), true),
        (Reference::EndOfPeriod(at("2027-01-01T00:00:01Z")), false),
        (Reference::Review(at("2026-12-31T23:59:59Z")), true),
        (Reference::Review(at("2027-01-01T00:00:00Z")), false),
    ] {
        let tailored = tailor(&policy(), &[(&overlay, None)], Some(reference));
        assert_eq!(applied(&tailored), [("MO-1".to_owned(), holds)], "{reference:?}");
        assert_eq!(tailored.policy == policy(), !holds);
        assert_eq!(tailored.changes[0][0].reason.contains("expired on 2027-01-01"), !holds);
    }
}

#[test]
fn overlays_of_one_requirement_agree_or_do_not_count() {
    let first = overlay("first", &[("MO-1", "limit", "\"0.75\"")]);
    let second = overlay("second", &[("MO-1", "limit", "\"0.70\""), ("MO-1", "warn", "\"0.78\"")]);
    let both = tailor(&policy(), &[(&first, None), (&second, None)], None);
    assert_eq!(applied(&both), [("MO-1".to_owned(), true), ("MO-1".to_owned(), false), ("MO-1".to_owned(), true)]);
    // A warning level that agrees only with a limit that is not applied goes with it.
    let voided = tailor(&policy(), &[(&first, Some("a reason".to_owned())), (&second, None)], None);
    assert_eq!(applied(&voided), [("MO-1".to_owned(), false), ("MO-1".to_owned(), true), ("MO-1".to_owned(), true)]);
    assert_eq!(voided.changes[0][0].reason, "a reason");
    let warn = overlay("warn", &[("MO-1", "warn", "\"0.78\"")]);
    let alone = tailor(&policy(), &[(&warn, None)], None);
    assert_eq!(applied(&alone), [("MO-1".to_owned(), false)]);
    assert_eq!(alone.policy, policy());
}
