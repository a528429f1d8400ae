//! Lies told one by one: what is handed over, or what the auditor has beside it, changed, each with all the causes it must
//! be refused for.
//!
//! Whoever tells them is the bank: everything is computed anew over an edit that can be without proving, and signed.

use std::path::Path;

use verifold_model::{
    record::{AuditRecord, ProofState},
    state::{Exit, RungName, State},
};
use verifold_package::{ClaimedPackage, Contents, Limits, signing, write};
use verifold_policy::{Engagement, Policy};
use verifold_verify::{KeyStore, Received};

use super::{
    causes::exit_of,
    judge::{Ending, expected_exit},
    sample::{SIGNED_AT, bank, trusting_the_bank, verified},
};

/// What is told, what it must come to, and the edit.
pub(crate) type Lie<T> = (&'static str, Must, fn(&mut T));

/// Lies about one sample.
pub(crate) struct Told {
    pub(crate) sample: &'static str,
    /// In the package.
    pub(crate) packages: &'static [Lie<Contents>],
    /// In anything of the audit.
    pub(crate) audits: &'static [Lie<Audit>],
    /// How many of the packages a sampled run takes, of the first; all audits are.
    pub(crate) few: usize,
}

/// A sample as an auditor has it.
#[derive(Clone)]
pub(crate) struct Audit {
    policy_text: String,
    engagement_text: String,
    pub(crate) policy: Policy,
    pub(crate) engagement: Engagement,
    pub(crate) received: Received,
    pub(crate) contents: Contents,
}

/// What an edit must come to.
#[derive(Clone, Copy)]
pub(crate) enum Must {
    /// Refused on the proof rung, for these causes and no other; the proof of this name is rejected.
    BeRefused(&'static [&'static str], &'static str),
    /// Refused on this rung, for these causes and no other, each as often as it occurs.
    Stop(RungName, &'static [&'static str]),
    /// Nothing is refused, and this requirement is uncovered.
    LeaveUncovered(&'static str),
}

impl Audit {
    /// Reads a sample, to be signed anew by the bank whose key is at hand.
    ///
    /// # Panics
    /// If it is not there.
    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let file = std::fs::read(folder.join("package.zkaudit")).unwrap();
        let (policy_text, engagement_text) = (text("policy.toml"), text("engagement.toml"));
        Self {
            policy: Policy::read(&policy_text).unwrap(),
            engagement: trusting_the_bank(&engagement_text),
            policy_text,
            engagement_text,
            received: Received::default(),
            contents: ClaimedPackage::read(&file, &Limits::default()).unwrap().contents(),
        }
    }

    /// That refusals are not true for the wrong reason.
    ///
    /// # Panics
    /// If it does not end as it should.
    pub(crate) fn assert_met(&self, keys: &KeyStore) {
        let untouched = self.verify(&self.package(), keys);
        assert!(untouched.headline.rung.is_none(), "the untouched sample passes: {}", untouched.headline.title);
        assert_eq!(untouched.exit, Exit::Met);
    }

    /// The package, signed by the bank.
    pub(crate) fn package(&self) -> Vec<u8> {
        signing::sign(&write(&self.contents).unwrap(), &bank(), "Merian Bank AG", SIGNED_AT.parse().unwrap()).unwrap()
    }

    pub(crate) fn verify(&self, package: &[u8], keys: &KeyStore) -> AuditRecord {
        verified(&self.policy, Some(&self.engagement), &self.received, package, keys)
    }

    /// Reads the policy anew, with another text once.
    pub(crate) fn policy(&mut self, from: &str, to: &str) {
        self.policy = Policy::read(&replaced(&self.policy_text, from, to)).unwrap();
    }

    /// Reads the policy anew, with a narrower limit.
    pub(crate) fn limit(&mut self, line: &str) {
        self.policy = Policy::read(&format!("{}\n[limits]\n{line}\n", self.policy_text)).unwrap();
    }

    /// Reads the engagement anew, with other texts in the place of some, each once.
    pub(crate) fn engagement(&mut self, replace: &[(&str, &str)]) {
        for (from, to) in replace {
            self.engagement_text = replaced(&self.engagement_text, from, to);
        }
        self.engagement = trusting_the_bank(&self.engagement_text);
    }

    /// Reads the engagement anew, with more behind its end.
    pub(crate) fn engagement_and(&mut self, more: &str) {
        self.engagement_text = format!("{}\n{more}\n", self.engagement_text);
        self.engagement = trusting_the_bank(&self.engagement_text);
    }
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not there");
    text.replacen(from, to, 1)
}

impl Told {
    /// How many there are.
    pub(crate) fn len(&self, full: bool) -> usize {
        self.audits.len() + if full { self.packages.len() } else { self.few }
    }

    /// The lie of this number: its name, what it must come to, and the audit with it.
    pub(crate) fn told(&self, honest: &Audit, number: usize) -> (&'static str, Must, Audit) {
        let mut audit = honest.clone();
        if let Some((name, must, edit)) = self.audits.get(number) {
            edit(&mut audit);
            return (name, *must, audit);
        }
        let (name, must, edit) = self.packages[number - self.audits.len()];
        edit(&mut audit.contents);
        (name, must, audit)
    }
}

/// Whether a lie came to what it must.
pub(crate) fn judge(record: &AuditRecord, must: Must) -> Ending {
    let found_on = |name: RungName| {
        let rung = record.ladder.iter().find(|rung| rung.name == name);
        let blocking = rung.into_iter().flat_map(|rung| &rung.findings).filter(|finding| finding.blocking);
        let mut found: Vec<&str> = blocking.map(|finding| finding.cause.as_str()).collect();
        found.sort_unstable();
        found
    };
    let sorted = |causes: &[&'static str]| {
        let mut causes = causes.to_vec();
        causes.sort_unstable();
        causes
    };
    let refused = |rung: RungName, causes: &[&str]| Ending::Refused(causes.iter().map(|cause| (rung, (*cause).to_owned())).collect());
    let of_proof = found_on(RungName::Proof);
    let said = format!("{:?} {of_proof:?}, exit {:?}: {}", record.headline.rung, record.exit, record.headline.title);
    match must {
        Must::BeRefused(causes, id) => {
            let state = record.proofs.iter().find(|proof| proof.id == id).map(|proof| proof.state);
            let causes = sorted(causes);
            let known = causes.iter().all(|cause| exit_of(RungName::Proof, cause) == Some(Exit::Rejected));
            if record.exit == Exit::Met || state == Some(ProofState::Valid) {
                Ending::Accepted(said)
            } else if of_proof == causes && known && state == Some(ProofState::Rejected) && record.exit == Exit::Rejected {
                refused(RungName::Proof, &causes)
            } else {
                Ending::Unexpected(said)
            }
        }
        Must::Stop(rung, causes) => {
            let (found, causes) = (found_on(rung), sorted(causes));
            let known = causes.iter().all(|cause| exit_of(rung, cause).is_some());
            if record.exit == Exit::Met || record.headline.rung.is_none_or(|first| first > rung) {
                Ending::Accepted(said)
            } else if found == causes
                && known
                && record.headline.rung == Some(rung)
                && record.exit == expected_exit(record, rung, Exit::Met)
            {
                refused(rung, &causes)
            } else {
                Ending::Unexpected(format!("{found:?} on rung {rung:?}; {said}"))
            }
        }
        Must::LeaveUncovered(id) => {
            let state = record.requirements.iter().find(|result| result.id == id).map(|result| result.state);
            match (state, record.exit) {
                (Some(State::Uncovered), Exit::Incomplete) if of_proof.is_empty() => refused(RungName::Policy, &["requirement-open"]),
                (Some(State::Satisfied), _) | (_, Exit::Met) => Ending::Accepted(said),
                _ => Ending::Unexpected(said),
            }
        }
    }
}
