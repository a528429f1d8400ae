//! Families of `outcome-revision/v1` beside those it shares with `scored-cohort/v1`.

pub(crate) const OUTCOME_PAIR: &str = "outcome pair";
pub(crate) const KEY_BITS: &str = "key bits";
pub(crate) const CARRIED_STREAM: &str = "carried stream";
pub(crate) const NEXT_STREAM: &str = "next outcome stream";
pub(crate) const NEXT_ROWS: &str = "next row count";
pub(crate) const NEXT_COUNTS: &str = "next counts";
pub(crate) const NEXT_OPEN: &str = "next open flag";
