//! Names of the constraint families: the paragraphs of the written argument.
//!
//! Each family is one thing that is enforced; docs/circuits/scored-cohort-v1.md says why, and for each a
//! test holds a falsehood that becomes provable without it.

pub(crate) const STEP_FLAGS: &str = "step flags";
pub(crate) const OPEN_STATE: &str = "open state";
pub(crate) const FRESH_TABLE: &str = "fresh table";
pub(crate) const FRESH_ROWS: &str = "fresh row count";
pub(crate) const FRESH_KEY: &str = "fresh key";
pub(crate) const FRESH_ROW_STREAM: &str = "fresh row stream";
pub(crate) const FRESH_OUTCOME_STREAM: &str = "fresh outcome stream";
pub(crate) const BATCH_GAP: &str = "gap before the batch";
pub(crate) const BATCH_ORDER: &str = "batch order";
pub(crate) const PLAN_OPENING: &str = "plan opening";
pub(crate) const FEATURE_MASK: &str = "feature mask";
pub(crate) const MODEL_OPENING: &str = "model opening";
pub(crate) const WEIGHT_RANGE: &str = "weight range";
pub(crate) const UNUSED_WEIGHT: &str = "unused weight";
pub(crate) const BIAS_RANGE: &str = "bias range";

pub(crate) const SLOT_FILLED: &str = "slot filled";
pub(crate) const SLOT_KIND: &str = "slot kind";
pub(crate) const KEY_GAP: &str = "key gap";
pub(crate) const ROW_KEY: &str = "row key";
pub(crate) const GROUP: &str = "group";
pub(crate) const LOGGED: &str = "logged decision";
pub(crate) const OUTCOME: &str = "outcome";
pub(crate) const FEATURE_BITS: &str = "feature bits";
pub(crate) const SCORE: &str = "score";
pub(crate) const BIN: &str = "score bin";
pub(crate) const CELL: &str = "cell";
pub(crate) const GROUP_CELL: &str = "cell of a group";
pub(crate) const COUNT: &str = "count";
pub(crate) const BIN_BOUNDS: &str = "score bounds";
pub(crate) const BOUND_BITS: &str = "score bound bits";
pub(crate) const HISTOGRAM_BIN: &str = "histogram bin";
pub(crate) const HISTOGRAM_EDGE: &str = "histogram edge";
pub(crate) const HISTOGRAM_BOUNDS: &str = "histogram bounds";
pub(crate) const HISTOGRAM_BOUND_BITS: &str = "histogram bound bits";

pub(crate) const STARTED: &str = "started batch has a row";
pub(crate) const FULL: &str = "open batch is full";
pub(crate) const BATCH_END: &str = "batch end";
pub(crate) const EDGE_REMAINDER: &str = "edge remainder";
pub(crate) const ROW_SELECT: &str = "row block select";
pub(crate) const OUTCOME_SELECT: &str = "outcome block select";
pub(crate) const CHAIN: &str = "chain";
pub(crate) const INDEX: &str = "batch index";
pub(crate) const KEY_FLOOR: &str = "key floor";
pub(crate) const OPEN_NEXT: &str = "next open state";

pub(crate) const HASH_PLAN: &str = "hash: plan";
pub(crate) const HASH_MODEL: &str = "hash: model";
pub(crate) const HASH_ROWS: &str = "hash: row stream";
pub(crate) const HASH_OUTCOMES: &str = "hash: outcome stream";
pub(crate) const HASH_TABLE: &str = "hash: table";
pub(crate) const HASH_STATE: &str = "hash: open state";
pub(crate) const HASH_CHAIN: &str = "hash: chain";
