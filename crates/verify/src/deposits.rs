//! Were policy, plan and engagement fixed before the period they are about?
//!
//! Deposits are the auditor's evidence: digests, cosigned with the time by an auditor or timestamper who is trusted.
//! What is at hand now is compared with what was laid down then. It does not establish that nothing else was.

use verifold_model::{
    deposited::Deposited,
    digest::Digest,
    instant::Instant,
    plan::Plan,
    record::Finding,
    signer::SignerRole,
    statement::{MonitoringStatement, Period},
};
use verifold_package::Deposit;
use verifold_policy::{Engagement, OriginDemand, Policy, Stated};

use crate::scope::Scope;

/// Compares policy, plan and engagement with the deposits received.
pub(crate) fn reconcile_deposits(
    scope: &mut Scope,
    policy: &Policy,
    engagement: Option<&Engagement>,
    deposits: &[Deposit],
    statement: &MonitoringStatement,
    plan: &Plan,
) {
    let mut note = |cause: &str, blocking: bool, text: String, place: &str| {
        scope.findings.push(Finding { cause: cause.to_owned(), blocking, text, place: place.to_owned() });
    };
    let trusted = OriginDemand::of(policy, engagement);
    let mut laid_down: Vec<(Deposited, Digest, Instant)> = Vec::new();
    for deposit in deposits {
        let receivers = trusted.signers.iter().filter(|signer| signer.role != SignerRole::Provider);
        let times = receivers.filter_map(|signer| deposit.cosigned_at(signer.public_key).filter(|at| signer.is_valid_at(*at)));
        match times.min() {
            Some(at) => laid_down.extend(deposit.digests.iter().map(|(what, digest)| (*what, *digest, at))),
            None => {
                let text = "A deposit is cosigned by no trusted auditor or timestamper; it was not used".to_owned();
                note("deposit-not-trusted", false, text, &deposit.digest.short());
            }
        }
    }
    let begin: Instant = engagement
        .and_then(|engagement| engagement.period.as_ref())
        .and_then(Stated::pinned)
        .map_or(statement.header.period.start, |period: &Period| period.start);
    let begun = begin.date_text();
    for what in Deposited::ALL {
        let ours = match what {
            Deposited::Policy => policy.digest,
            Deposited::Plan => plan.digest(),
            Deposited::Engagement => match engagement {
                Some(engagement) => engagement.digest,
                None => continue,
            },
        };
        let demanded = policy.deposited.contains(&what) || engagement.is_some_and(|engagement| engagement.deposited.contains(&what));
        let word = what.word();
        let same = laid_down.iter().filter(|(kind, digest, _)| *kind == what && *digest == ours).map(|(_, _, at)| *at).min();
        let other = laid_down.iter().filter(|(kind, ..)| *kind == what).min_by_key(|(_, _, at)| *at);
        match (same, other) {
            (Some(at), _) if at <= begin => {
                let text = format!("the {word} is the one laid down on {}, before the period began on {begun}", at.date_text());
                note("deposited", false, text, word);
            }
            (Some(at), _) => {
                let text = format!("the {word} was laid down on {}, after the period began on {begun}", at.date_text());
                note("deposited-late", demanded, text, word);
            }
            (None, Some((_, theirs, at))) => {
                let text = format!(
                    "the {word} was changed since it was laid down on {}: expected SHA-256 {}, found {}",
                    at.date_text(),
                    theirs.short(),
                    ours.short()
                );
                note("changed-since-deposit", demanded, text, word);
            }
            (None, None) if demanded => {
                note("not-deposited", true, format!("the {word} was to be laid down before the period, and no deposit has it"), word);
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        let package = ClaimedPackage::read(&sample("package.zkaudit"), &Limits::default()).unwrap();
        let policy = Policy::read(&String::from_utf8(sample("policy.toml")).unwrap()).unwrap();
        let signer = format!("[[signer]]\nname = \"Auditor\"\nrole = \"auditor\"\npublic_key = \"{}\"", key(1).public_key());
        let engagement = Engagement::read(&format!("schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n{demand}\n{signer}\n")).unwrap();
        let deposits = deposits(policy.digest, package.plan.digest());
        let mut scope = Scope::default();
        reconcile_deposits(&mut scope, &policy, Some(&engagement), &deposits, &package.proofs[0].statement, &package.plan);
        scope.findings.into_iter().map(|finding| (finding.cause, finding.blocking, finding.place)).collect()
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
}
