//! How a policy was tailored: each change of an overlay, and what became of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{digest::Digest, document::DocumentSignature, instant::Instant};

/// What of a requirement an overlay can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedField {
    /// The limit of a metric.
    Limit,
    /// The warning level of a metric.
    Warn,
    /// Rows a value must rest on.
    MinimumN,
    /// Rows a group must have to be compared.
    MinimumGroupN,
    /// Mandatory or advisory.
    Severity,
    /// Whether it applies at all.
    Disabled,
}

impl ChangedField {
    /// As written in files, and read on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Warn => "warn",
            Self::MinimumN => "minimum_n",
            Self::MinimumGroupN => "minimum_group_n",
            Self::Severity => "severity",
            Self::Disabled => "disabled",
        }
    }

    /// What values it takes.
    pub const fn takes(self) -> &'static str {
        match self {
            Self::Limit | Self::Warn => "a decimal in quotes, such as \"0.15\"",
            Self::MinimumN | Self::MinimumGroupN => "a whole number of 0 or more",
            Self::Severity => "\"mandatory\" or \"advisory\"",
            Self::Disabled => "true",
        }
    }
}

/// One change of an overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TailoredChange {
    /// Identifier of the requirement.
    pub requirement: String,
    /// What of it.
    pub field: ChangedField,
    /// Value in the policy; empty if it was not applied.
    pub before: String,
    /// Value in the overlay.
    pub after: String,
    /// Why, in the overlay's words.
    pub rationale: String,
    /// Who answers for it.
    pub owner: String,
    /// First time at which it holds no more.
    pub expires: Instant,
    /// Whether it was applied.
    pub applied: bool,
    /// Why not; empty if it was.
    pub reason: String,
}

impl TailoredChange {
    /// The change as one line: what, from what to what, why, who, until when, and whether it counts.
    pub fn text(&self) -> String {
        let Self { requirement, after, rationale, owner, expires, .. } = self;
        let field = self.field.word();
        let what = if self.applied {
            format!("{requirement}: {field} changed from {} to {after}", self.before)
        } else {
            format!("{requirement}: {field} NOT changed to {after}, {}", self.reason)
        };
        format!("{what}. Rationale: {}. Owner: {owner}. Until {expires}", rationale.trim().trim_end_matches('.'))
    }
}

/// An overlay in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlaySummary {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// SHA-256 of the overlay file.
    pub digest: Digest,
    /// Signatures of it at hand; none means not signed.
    pub signatures: Vec<DocumentSignature>,
    /// What expiry was compared with, in words.
    pub compared_with: String,
    /// Its changes in order.
    pub changes: Vec<TailoredChange>,
}
