//! Names of the constraint families: the paragraphs of the written argument.

pub(crate) const STEP_FLAGS: &str = "step flags";
pub(crate) const BEGIN: &str = "begin";
pub(crate) const FRESH_STATE: &str = "fresh state";
pub(crate) const OPEN_STATE: &str = "open state";
pub(crate) const FRESH_PART: &str = "fresh part";
pub(crate) const RULES_OPENING: &str = "rules opening";

pub(crate) const SLOT_FILLED: &str = "slot filled";
pub(crate) const KEY_GAP: &str = "key gap";
pub(crate) const KEY_LIMIT: &str = "key limit";
pub(crate) const ROW_KEY: &str = "row key";
pub(crate) const GROUP: &str = "group";
pub(crate) const LOGGED: &str = "logged decision";
pub(crate) const OUTCOME: &str = "outcome";
pub(crate) const REGION: &str = "region";
pub(crate) const RULE: &str = "rule of the region";
pub(crate) const RAW: &str = "raw value";
pub(crate) const MAPPED: &str = "mapped value";
pub(crate) const BOUND_BITS: &str = "bound bits";
pub(crate) const PREPARED_BITS: &str = "prepared bits";
pub(crate) const REMAINDER_BITS: &str = "remainder bits";
pub(crate) const REASON: &str = "reason";
pub(crate) const COLUMN: &str = "column";
pub(crate) const SET_ASIDE: &str = "set aside";
pub(crate) const VOID_KIND: &str = "void kind";
pub(crate) const KEPT: &str = "kept values";
pub(crate) const GROUP_CELL: &str = "cell of a group";

pub(crate) const FIRST_ROW: &str = "every step has a row";
pub(crate) const FULL: &str = "open part is full";
pub(crate) const STREAM_SELECT: &str = "stream select";
pub(crate) const CHAIN: &str = "chain";
pub(crate) const INDEX: &str = "part index";
pub(crate) const ROWS: &str = "row count";
pub(crate) const HANDED_ON: &str = "state handed on";
pub(crate) const OPEN_NEXT: &str = "next open state";

pub(crate) const HASH_RULES: &str = "hash: rules";
pub(crate) const HASH_ROWS: &str = "hash: row streams";
pub(crate) const HASH_OUTCOMES: &str = "hash: outcome streams";
pub(crate) const HASH_PROFILE: &str = "hash: profile";
pub(crate) const HASH_STATE: &str = "hash: open state";
pub(crate) const HASH_CHAIN: &str = "hash: chain";
