//! Were policy, its overlays, plan and engagement fixed before the period they are about?
//!
//! Deposits are the auditor's evidence: digests, cosigned with the time by an auditor or timestamper who is trusted.
//! What is at hand now is compared with what was laid down then. No document vouches for itself: a policy, with its
//! overlays, counts by keys of the engagement, an engagement by keys of the policy, and both by keys the auditor names. It
//! does not establish that nothing else was laid down.

use verifold_model::{
    deposited::Deposited,
    digest::Digest,
    instant::Instant,
    plan::Plan,
    record::Finding,
    statement::{MonitoringStatement, Period},
    tailoring::OverlaySummary,
};
use verifold_package::Deposit;
use verifold_policy::{Engagement, OriginDemand, Policy, Stated, TrustedSigner};

use crate::{anchors::Arrival, run::Received, scope::Scope};

/// Compares policy, the overlays that change it, plan and engagement with the deposits received.
pub(crate) fn reconcile_deposits(
    scope: &mut Scope,
    policy: &Policy,
    engagement: Option<&Engagement>,
    overlays: &[OverlaySummary],
    received: &Received,
    statement: &MonitoringStatement,
    plan: &Plan,
) {
    let mut note = |cause: &str, blocking: bool, text: String, place: &str| {
        scope.findings.push(Finding { cause: cause.to_owned(), blocking, text, place: place.to_owned() });
    };
    let (of_policy, of_engagement) = (&policy.signers[..], engagement.map_or(&[][..], |engagement| &engagement.signers));
    let listed: Vec<&TrustedSigner> = of_policy.iter().chain(of_engagement).chain(&received.trusted).collect();
    let everyone = OriginDemand { threshold: 0, signers: listed };
    // Keys that may speak of a document: not those that it lists itself.
    let vouching = |what: Deposited| -> Vec<&TrustedSigner> {
        let (policy, engagement): (&[TrustedSigner], &[TrustedSigner]) = match what {
            Deposited::Policy | Deposited::Overlay => (&[], of_engagement),
            Deposited::Engagement => (of_policy, &[]),
            Deposited::Plan => (of_policy, of_engagement),
        };
        policy.iter().chain(engagement).chain(&received.trusted).collect()
    };
    let cosigned = |deposit: &Deposit, signers: &[&TrustedSigner]| {
        let arrival = |signer: &&TrustedSigner| {
            let at = deposit.cosigned_at(signer.public_key).filter(|at| everyone.receives(signer.public_key, *at))?;
            Some(Arrival { at, by: signer.text() })
        };
        signers.iter().filter_map(arrival).min()
    };
    for deposit in received.deposits.iter().filter(|deposit| cosigned(deposit, &everyone.signers).is_none()) {
        let mut known = everyone.signers.iter().filter_map(|signer| Some((signer, deposit.cosigned_at(signer.public_key)?)));
        let by = known.clone().find_map(|(signer, at)| everyone.outside_window(signer.public_key, at));
        let by = by.or_else(|| known.next().map(|(signer, _)| signer.text_with_role()));
        let by = by.unwrap_or_else(|| "no trusted auditor or timestamper".to_owned());
        let text = format!("A deposit is cosigned by {by}; it was not used");
        note("deposit-not-trusted", false, text, &deposit.digest.short());
    }
    let begin: Instant = engagement
        .and_then(|engagement| engagement.period.as_ref())
        .and_then(Stated::pinned)
        .map_or(statement.header.period.start, |period: &Period| period.start);
    let begun = begin.date_text();
    if engagement.is_none() && policy.deposited.contains(&Deposited::Engagement) {
        let text = format!("the engagement must be laid down before {begun}, and none is given");
        note("not-deposited", true, text, "engagement");
    }
    let mut items = vec![(Deposited::Policy, policy.digest, "policy".to_owned()), (Deposited::Plan, plan.digest(), "plan".to_owned())];
    items.extend(engagement.map(|engagement| (Deposited::Engagement, engagement.digest, "engagement".to_owned())));
    let applied = overlays.iter().filter(|overlay| overlay.changes.iter().any(|change| change.applied));
    items.extend(applied.map(|overlay| (Deposited::Overlay, overlay.digest, format!("overlay {}", overlay.id))));
    for (what, ours, word) in items {
        let word = word.as_str();
        let asked = |wanted: Deposited| policy.deposited.contains(&wanted) || engagement.is_some_and(|all| all.deposited.contains(&wanted));
        // A policy that must be older than the results is not changed after them by an overlay.
        let demanded = asked(what) || (what == Deposited::Overlay && asked(Deposited::Policy));
        let laid_down = |signers: &[&TrustedSigner]| -> Vec<(Digest, Arrival)> {
            let of = |deposit: &Deposit| {
                let at = cosigned(deposit, signers);
                let digests = deposit.digests.iter().filter(|(kind, _)| *kind == what);
                digests.filter_map(|(_, digest)| Some((*digest, at.clone()?))).collect::<Vec<_>>()
            };
            received.deposits.iter().flat_map(of).collect()
        };
        let (known, all) = (laid_down(&vouching(what)), laid_down(&everyone.signers));
        let earliest =
            |all: &[(Digest, Arrival)]| all.iter().filter(|(digest, _)| *digest == ours).map(|(_, arrival)| arrival.clone()).min();
        // Whoever says that a document was another speaks against it. Of several overlays, none is known to have been one.
        let differs = |(digest, _): &&(Digest, Arrival)| what != Deposited::Overlay && *digest != ours;
        let other = all.iter().filter(differs).min_by_key(|(_, arrival)| arrival);
        match (earliest(&known), other) {
            (Some(Arrival { at, by }), _) if at <= begin => {
                let text = format!("the {word} is the one laid down on {} with {by}, before the period began on {begun}", at.date_text());
                note("deposited", false, text, word);
            }
            (Some(Arrival { at, by }), _) => {
                let text = format!("the {word} was laid down on {} with {by}, after the period began on {begun}", at.date_text());
                note("deposited-late", demanded, text, word);
            }
            (None, Some((theirs, Arrival { at, by }))) => {
                let text = format!(
                    "the {word} was changed since it was laid down on {} with {by}: expected SHA-256 {}, found {}",
                    at.date_text(),
                    theirs.short(),
                    ours.short()
                );
                note("changed-since-deposit", demanded, text, word);
            }
            (None, None) => {
                if let Some(Arrival { at, by }) = earliest(&all) {
                    let text = format!(
                        "the {word} was laid down on {} with {by}, by its own word alone: only it lists the key that says so; name the key with --trust",
                        at.date_text()
                    );
                    note("deposited-by-own-word", demanded, text, word);
                } else if demanded {
                    note("not-deposited", true, format!("the {word} was to be laid down before the period, and no deposit has it"), word);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use verifold_model::tailoring::{ChangedField, TailoredChange};
    use verifold_package::{ClaimedPackage, Limits, SecretKey};

    use super::*;

    fn sample(file: &str) -> Vec<u8> {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-q1").join(file)).unwrap()
    }

    fn key(n: u8) -> SecretKey {
        SecretKey::from_seed(&[n; 32].into())
    }

    fn deposit(digests: &[(Deposited, Digest)], at: &str, n: u8) -> Deposit {
        Deposit::read(Deposit::cosigned(digests, "auditor", at.parse().unwrap(), &key(n)).unwrap().as_bytes()).unwrap()
    }

    /// Cause, whether it blocks, and what it is about.
    fn check(demand: &str, deposits: &dyn Fn(Digest, Digest) -> Vec<Deposit>) -> Vec<(String, bool, String)> {
        check_all(demand, &[], false, &|policy, plan, _| deposits(policy, plan))
    }

    /// The same with overlays in force, whether the auditor's key is named for the run, and the engagement's digest at hand.
    fn check_all(
        demand: &str,
        overlays: &[OverlaySummary],
        named: bool,
        deposits: &dyn Fn(Digest, Digest, Digest) -> Vec<Deposit>,
    ) -> Vec<(String, bool, String)> {
        let package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
        let policy = Policy::read(&String::from_utf8(sample("policy.toml")).unwrap()).unwrap();
        let signer = format!("[[signer]]\nname = \"Auditor\"\nrole = \"auditor\"\npublic_key = \"{}\"", key(1).public_key());
        let engagement = Engagement::read(&format!("schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n{demand}\n{signer}\n")).unwrap();
        let deposits = deposits(policy.digest, package.plan.digest(), engagement.digest);
        let trusted = if named { engagement.signers.clone() } else { Vec::new() };
        let received = Received { deposits, trusted, ..Received::default() };
        let (mut scope, first) = (Scope::default(), &package.proofs[0].statement);
        reconcile_deposits(&mut scope, &policy, Some(&engagement), overlays, &received, first, &package.plan);
        scope.findings.into_iter().map(|finding| (finding.cause, finding.blocking, finding.place)).collect()
    }

    /// A name could be anybody's: with whom something was laid down is said with the key.
    #[test]
    fn who_received_a_deposit_is_named() {
        let policy = Policy::read(&String::from_utf8(sample("policy.toml")).unwrap()).unwrap();
        let package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
        let text = |role: &str, n: u8| {
            let signer = format!("[[signer]]\nname = \"Halm\"\nrole = \"{role}\"\npublic_key = \"{}\"", key(1).public_key());
            let engagement = Engagement::read(&format!("schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n{signer}\n")).unwrap();
            let deposits = vec![deposit(&[(Deposited::Policy, policy.digest)], "2026-05-29T00:00:00Z", n)];
            let received = Received { deposits, ..Received::default() };
            let (mut scope, first) = (Scope::default(), &package.proofs[0].statement);
            reconcile_deposits(&mut scope, &policy, Some(&engagement), &[], &received, first, &package.plan);
            scope.findings.swap_remove(0).text
        };
        let halm = format!("Halm, key {}", key(1).public_key().fingerprint());
        assert_eq!(
            text("auditor", 1),
            format!("the policy is the one laid down on 29 May 2026 with {halm}, before the period began on 1 Jun 2026")
        );
        assert_eq!(text("provider", 1), format!("A deposit is cosigned by {halm}, listed as provider; it was not used"));
        assert_eq!(text("auditor", 2), "A deposit is cosigned by no trusted auditor or timestamper; it was not used");
    }

    #[test]
    fn what_was_changed_after_it_was_laid_down_shows() {
        const DEMANDED: &str = "[deposited]\nbefore_period = [\"policy\", \"plan\"]";
        let found = |cause: &str, blocking, what: &str| (cause.to_owned(), blocking, what.to_owned());
        let both = |at: &'static str, n| move |policy, plan| vec![deposit(&[(Deposited::Policy, policy), (Deposited::Plan, plan)], at, n)];
        assert_eq!(check("", &|_, _| vec![]), []);
        assert_eq!(check(DEMANDED, &|_, _| vec![]), [found("not-deposited", true, "policy"), found("not-deposited", true, "plan")]);
        let first_second = both("2026-06-01T00:00:00Z", 1);
        assert_eq!(check(DEMANDED, &first_second), [found("deposited", false, "policy"), found("deposited", false, "plan")]);
        let second_second = both("2026-06-01T00:00:01Z", 1);
        assert_eq!(check(DEMANDED, &second_second), [found("deposited-late", true, "policy"), found("deposited-late", true, "plan")]);
        assert_eq!(check("", &second_second), [found("deposited-late", false, "policy"), found("deposited-late", false, "plan")]);
        let changed =
            |_, plan| vec![deposit(&[(Deposited::Policy, Digest::of(b"before")), (Deposited::Plan, plan)], "2026-05-01T00:00:00Z", 1)];
        assert_eq!(check(DEMANDED, &changed), [found("changed-since-deposit", true, "policy"), found("deposited", false, "plan")]);
        // Of a key that nobody trusts.
        let causes: Vec<String> = check(DEMANDED, &both("2026-05-01T00:00:00Z", 2)).into_iter().map(|(cause, ..)| cause).collect();
        assert_eq!(causes, ["deposit-not-trusted", "not-deposited", "not-deposited"]);
    }

    #[test]
    fn an_engagement_does_not_vouch_for_its_own_deposit() {
        const DEMANDED: &str = "[deposited]\nbefore_period = [\"engagement\"]";
        let laid_down = |_, _, engagement| vec![deposit(&[(Deposited::Engagement, engagement)], "2026-05-29T00:00:00Z", 1)];
        let found = |cause: &str, blocking| vec![(cause.to_owned(), blocking, "engagement".to_owned())];
        assert_eq!(check_all(DEMANDED, &[], false, &laid_down), found("deposited-by-own-word", true));
        assert_eq!(check_all("", &[], false, &laid_down), found("deposited-by-own-word", false));
        assert_eq!(check_all(DEMANDED, &[], true, &laid_down), found("deposited", false));
        // It is believed when it says that the engagement was another.
        let before = |_, _, _| vec![deposit(&[(Deposited::Engagement, Digest::of(b"before"))], "2026-05-29T00:00:00Z", 1)];
        assert_eq!(check_all(DEMANDED, &[], false, &before), found("changed-since-deposit", true));
        assert_eq!(check_all("", &[], false, &before), found("changed-since-deposit", false));
    }

    #[test]
    fn an_engagement_that_a_policy_wants_laid_down_has_to_be_there() {
        let package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
        let text = String::from_utf8(sample("policy.toml")).unwrap();
        let found = |table: &str| {
            let policy = Policy::read(&format!("{text}\n{table}")).unwrap();
            let (mut scope, first) = (Scope::default(), &package.proofs[0].statement);
            reconcile_deposits(&mut scope, &policy, None, &[], &Received::default(), first, &package.plan);
            scope.findings.into_iter().map(|finding| (finding.cause, finding.blocking, finding.place)).collect::<Vec<_>>()
        };
        assert_eq!(found(""), []);
        let not_there = ("not-deposited".to_owned(), true, "engagement".to_owned());
        assert_eq!(found("[deposited]\nbefore_period = [\"engagement\"]"), [not_there]);
    }

    /// Else whoever finds a limit missed could lift it after the results, and the policy would still be the one laid down.
    #[test]
    fn an_overlay_is_as_old_as_the_policy_must_be() {
        const DEMANDED: &str = "[deposited]\nbefore_period = [\"policy\"]";
        let change = |applied| TailoredChange {
            requirement: "MO-1".to_owned(),
            field: ChangedField::Severity,
            before: "mandatory".to_owned(),
            after: "advisory".to_owned(),
            rationale: String::new(),
            owner: String::new(),
            expires: "2027-01-01T00:00:00Z".parse().unwrap(),
            applied,
            reason: String::new(),
        };
        let overlay = |applied| OverlaySummary {
            id: "o".to_owned(),
            title: String::new(),
            digest: Digest::of(b"overlay"),
            signatures: Vec::new(),
            compared_with: String::new(),
            changes: vec![change(applied)],
        };
        let with = |at: Option<&'static str>| {
            move |policy, _, _| {
                let first = deposit(&[(Deposited::Policy, policy)], "2026-05-29T00:00:00Z", 1);
                let second = at.map(|at| deposit(&[(Deposited::Overlay, Digest::of(b"overlay"))], at, 1));
                [Some(first), second].into_iter().flatten().collect()
            }
        };
        let found = |cause: &str, blocking| (cause.to_owned(), blocking, "overlay o".to_owned());
        let policy = || ("deposited".to_owned(), false, "policy".to_owned());
        assert_eq!(check_all(DEMANDED, &[overlay(true)], false, &with(None)), [policy(), found("not-deposited", true)]);
        let late = with(Some("2026-06-02T00:00:00Z"));
        assert_eq!(check_all(DEMANDED, &[overlay(true)], false, &late), [policy(), found("deposited-late", true)]);
        let early = with(Some("2026-05-30T00:00:00Z"));
        assert_eq!(check_all(DEMANDED, &[overlay(true)], false, &early), [policy(), found("deposited", false)]);
        // One that changes nothing owes nothing.
        assert_eq!(check_all(DEMANDED, &[overlay(false)], false, &with(None)), [policy()]);
        assert_eq!(check_all("", &[overlay(true)], false, &with(None)), [policy()]);
    }
}
