//! Names of the constraint families of `training/v1`: the paragraphs of its written argument.

pub(crate) use crate::family::{
    FEATURE_BITS, GROUP, HASH_MODEL, HASH_OUTCOMES, HASH_ROWS, KEY_GAP, LOGGED, OUTCOME, ROW_KEY, SCORE, SLOT_FILLED, SLOT_KIND,
};
#[cfg(test)]
pub(crate) use crate::family::{OUTCOME_SELECT, ROW_SELECT};

pub(crate) const STEP_FLAGS: &str = "step flags";
pub(crate) const SPEC_OPENING: &str = "rule opening";
pub(crate) const OPEN_STATE: &str = "open state";
pub(crate) const FRESH_STEP: &str = "fresh step count";
pub(crate) const FRESH_WEIGHTS: &str = "fresh weights";
pub(crate) const EPOCH_ROWS: &str = "epoch's first row";
pub(crate) const EPOCH_KEY: &str = "epoch's first key";
pub(crate) const EPOCH_ROW_STREAM: &str = "epoch's row stream";
pub(crate) const EPOCH_OUTCOME_STREAM: &str = "epoch's outcome stream";

pub(crate) const BASE_SCORE: &str = "score at zero";
pub(crate) const MAGNITUDE: &str = "magnitude of the score";
pub(crate) const SIGN: &str = "sign of the score";
pub(crate) const SEGMENT: &str = "segment";
pub(crate) const SEGMENT_BITS: &str = "place in the segment";
pub(crate) const BEYOND: &str = "beyond the curve";
pub(crate) const SEGMENT_SUM: &str = "segment of the score";
pub(crate) const CURVE: &str = "curve";
pub(crate) const TARGET: &str = "target";
pub(crate) const ERROR: &str = "error";
pub(crate) const GRADIENT: &str = "gradient";

pub(crate) const STARTED: &str = "minibatch has a row";
pub(crate) const FULL: &str = "open epoch is full";
pub(crate) const LAST_KEY: &str = "last key";
pub(crate) const LEARNING_RATE: &str = "learning rate";
pub(crate) const LEARNING_RATE_BITS: &str = "learning rate bits";
pub(crate) const LEARNING_RATE_REMAINDER: &str = "learning rate remainder";
pub(crate) const CENTRED: &str = "gradient at the centre";
pub(crate) const RATED: &str = "rate of an input";
pub(crate) const DECAY: &str = "decay";
pub(crate) const UPDATE: &str = "update";
pub(crate) const UPDATE_REMAINDER: &str = "update remainder";
pub(crate) const TRAINED_RANGE: &str = "trained weight range";

pub(crate) const EPOCH_END: &str = "end of an epoch";
pub(crate) const RESET: &str = "next epoch";
pub(crate) const FINAL_BIAS: &str = "bias off the centres";
pub(crate) const FINISHED: &str = "finished weight";
pub(crate) const ROUNDING: &str = "rounding";
pub(crate) const ROUNDING_REMAINDER: &str = "rounding remainder";
pub(crate) const MODEL_RANGE: &str = "model range";
pub(crate) const MODEL_OPENING: &str = "model opening";
pub(crate) const EPOCH: &str = "epoch";
pub(crate) const STEP_COUNT: &str = "step count";
pub(crate) const OPEN_NEXT: &str = "next open state";

pub(crate) const HASH_SPEC: &str = "hash: rule";
pub(crate) const HASH_STATE: &str = "hash: training state";
pub(crate) const HASH_DATA: &str = "hash: data";
