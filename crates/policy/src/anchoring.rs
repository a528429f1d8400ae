//! What must have been fixed before results were known: batches while they were made, documents before the period?

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use verifold_model::deposited::Deposited;

use crate::{engagement::Engagement, notice::Notices, policy::Policy};

/// Most days that can be demanded: an anchor received a year later shows nothing about the period.
const MAX_DAYS: u32 = 366;

/// Demands that batches were anchored while they were made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnchorsFile {
    /// Days after the end of a batch until which its anchor must have been received, by the receiver's clock.
    #[schemars(with = "u32")]
    within_days: Spanned<u32>,
}

/// Demands that documents were laid down before the period.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DepositedFile {
    /// What a trusted auditor or timestamper must have cosigned before the period began.
    pub(crate) before_period: Vec<Deposited>,
}

/// The days a file demands, if it does.
pub(crate) fn within_days(notices: &mut Notices<'_>, file: Option<&AnchorsFile>) -> Option<u32> {
    let days = &file?.within_days;
    if *days.get_ref() > MAX_DAYS {
        notices.error("anchors", days.span(), format!("{} days; at most {MAX_DAYS} can be demanded", days.get_ref()));
    }
    Some(*days.get_ref())
}

/// Days after the end of a batch until which policy and engagement demand its anchor: the fewer of the two.
pub fn anchored_within_days(policy: &Policy, engagement: Option<&Engagement>) -> Option<u32> {
    [policy.anchored_within_days, engagement.and_then(|engagement| engagement.anchored_within_days)].into_iter().flatten().min()
}
