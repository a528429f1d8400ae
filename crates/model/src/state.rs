//! Verdict words: life-cycle stages, requirement states, trust ladder, exit codes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stage of the machine-learning life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Data and preprocessing.
    Data,
    /// Training and offline metrics.
    Training,
    /// Inference.
    Inference,
    /// Online monitoring.
    Monitoring,
}

impl Stage {
    /// In life-cycle order.
    pub const ALL: [Self; 4] = [Self::Data, Self::Training, Self::Inference, Self::Monitoring];

    /// As written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Training => "training",
            Self::Inference => "inference",
            Self::Monitoring => "monitoring",
        }
    }

    /// As read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Data => "Data & preprocessing",
            Self::Training => "Training & offline metrics",
            Self::Inference => "Inference",
            Self::Monitoring => "Online monitoring",
        }
    }
}

/// Whether the total depends on a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Must be settled for the policy to be met.
    Mandatory,
    /// Reported, without effect on the total.
    Advisory,
}

/// How far a person's judgement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Nobody has decided.
    Open,
    /// Determined met by a named person.
    Met,
    /// Determined not met by a named person.
    NotMet,
}

/// The computed state of a requirement, or of one batch under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Evidence is there, but its proof, link, digest or signature fails: an alarm.
    Rejected,
    /// Checked, and the limit is missed.
    Violated,
    /// No evidence, too few rows, or an undefined metric.
    Uncovered,
    /// Evidence is there; this program cannot check it.
    Unverifiable,
    /// Only a person can decide.
    Judgement(Judgement),
    /// Outside the declared scope.
    NotApplicable,
    /// Proven, and the limit is met.
    Satisfied,
}

impl State {
    /// The word for the state; nothing else is used on screen or in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "Rejected",
            Self::Violated => "Violated",
            Self::Uncovered => "Uncovered",
            Self::Unverifiable => "Unverifiable",
            Self::Judgement(Judgement::Open) => "Judgement, open",
            Self::Judgement(Judgement::Met) => "Determined, met",
            Self::Judgement(Judgement::NotMet) => "Determined, not met",
            Self::NotApplicable => "Not applicable",
            Self::Satisfied => "Satisfied",
        }
    }

    /// Whether a mandatory requirement in this state stands in the way of the total.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Satisfied | Self::NotApplicable | Self::Judgement(Judgement::Met))
    }
}

/// A rung of the trust ladder, never merged with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RungName {
    /// Container and digests.
    Integrity,
    /// Signature by a trusted signer.
    Origin,
    /// Proofs under keys derived here.
    Proof,
    /// Right subject, model, plan and period; every expected batch; control totals.
    Scope,
    /// The requirements.
    Policy,
}

impl RungName {
    /// From the first to the last.
    pub const ALL: [Self; 5] = [Self::Integrity, Self::Origin, Self::Proof, Self::Scope, Self::Policy];

    /// As read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Integrity => "Integrity",
            Self::Origin => "Origin",
            Self::Proof => "Proof",
            Self::Scope => "Scope",
            Self::Policy => "Policy",
        }
    }

    /// What the rung answers, in one sentence.
    pub const fn question(self) -> &'static str {
        match self {
            Self::Integrity => "Nothing was altered since it was packed",
            Self::Origin => "Signed by someone this audit trusts",
            Self::Proof => "Each claim is mathematically proven",
            Self::Scope => "It is the right system, model, plan and period, and nothing expected is missing",
            Self::Policy => "The proven values meet the limits",
        }
    }
}

/// Where a rung stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RungState {
    /// Checked and held.
    Holds,
    /// Checked and failed: evidence is altered, forged or wrong.
    Fails,
    /// The policy rung only: limits missed.
    NotMet,
    /// There was nothing to check: grey, never a tick.
    NotEstablished,
    /// Something is there that this program cannot check.
    NotCheckable,
    /// The policy rung only: evidence missing or judgement open.
    Undecided,
    /// Not reached because an earlier rung failed or the run was cancelled.
    NotReached,
}

/// Exit codes of `verify`, as documented for pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// 0: all mandatory requirements met.
    Met,
    /// 1: a mandatory requirement is violated.
    Violated,
    /// 2: the command line is wrong.
    Usage,
    /// 3: a file is malformed.
    Malformed,
    /// 4: a proof, link or digest is rejected.
    Rejected,
    /// 5: origin is not as demanded.
    Origin,
    /// 6: a limit is exceeded.
    Limits,
    /// 7: something could not be checked here.
    NotChecked,
    /// 8: incomplete: evidence missing or judgement open.
    Incomplete,
    /// 9: scope: wrong subject, model, plan or period, or an expected batch is missing.
    Scope,
}

impl Exit {
    /// Several apply: the first of these wins.
    pub const PRECEDENCE: [Self; 10] = [
        Self::Usage,
        Self::Malformed,
        Self::Limits,
        Self::Rejected,
        Self::Origin,
        Self::Scope,
        Self::NotChecked,
        Self::Violated,
        Self::Incomplete,
        Self::Met,
    ];

    /// The process exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Met => 0,
            Self::Violated => 1,
            Self::Usage => 2,
            Self::Malformed => 3,
            Self::Rejected => 4,
            Self::Origin => 5,
            Self::Limits => 6,
            Self::NotChecked => 7,
            Self::Incomplete => 8,
            Self::Scope => 9,
        }
    }

    /// The exit of a process exit code, if it is one of ours.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::PRECEDENCE.into_iter().find(|exit| exit.code() == code)
    }

    /// The one that wins among several; [`Exit::Met`] if there are none.
    pub fn first_of(candidates: &[Self]) -> Self {
        Self::PRECEDENCE.into_iter().find(|exit| candidates.contains(exit)).unwrap_or(Self::Met)
    }

    /// What the code says, in a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Met => "all mandatory requirements are met",
            Self::Violated => "a mandatory requirement is violated",
            Self::Usage => "the command line is wrong",
            Self::Malformed => "a file is malformed",
            Self::Rejected => "a proof, link or digest is rejected",
            Self::Origin => "origin is not as demanded",
            Self::Limits => "a limit is exceeded",
            Self::NotChecked => "something could not be checked here",
            Self::Incomplete => "evidence is missing or a judgement is open",
            Self::Scope => "wrong subject, model, plan or period, or an expected batch is missing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_in_precedence_wins() {
        assert_eq!(Exit::first_of(&[Exit::Incomplete, Exit::Violated]), Exit::Violated);
        assert_eq!(Exit::first_of(&[Exit::Scope, Exit::Rejected]), Exit::Rejected);
        assert_eq!(Exit::first_of(&[]), Exit::Met);
        let order: Vec<u8> = Exit::PRECEDENCE.iter().map(|exit| exit.code()).collect();
        assert_eq!(order, [2, 3, 6, 4, 5, 9, 7, 1, 8, 0]);
    }
}
