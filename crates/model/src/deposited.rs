//! What can be laid down before a period begins, so that a later change shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A document that is laid down by its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deposited {
    /// A policy file.
    Policy,
    /// A measurement plan, by its canonical JSON.
    Plan,
    /// An engagement file.
    Engagement,
    /// An overlay of the policy.
    Overlay,
}

impl Deposited {
    /// In the order they are spoken of.
    pub const ALL: [Self; 4] = [Self::Policy, Self::Plan, Self::Engagement, Self::Overlay];

    /// As written in files, and read on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Plan => "plan",
            Self::Engagement => "engagement",
            Self::Overlay => "overlay",
        }
    }
}
