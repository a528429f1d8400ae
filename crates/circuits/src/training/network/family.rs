//! Families of `neural-training/v2` beside those it shares with `training/v1` and `neural-cohort/v1`.

pub(crate) const UNDER_WAY: &str = "epoch under way";
pub(crate) const OPENED_RANGE: &str = "opened weight range";
pub(crate) const SCALED: &str = "score on the curve";
pub(crate) const HANDED_BACK: &str = "error handed back";
pub(crate) const GATED: &str = "error of a neuron";
