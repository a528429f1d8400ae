//! Families of a receipts step beside those it shares with `scored-cohort/v1`.

pub(crate) const ROW_HEAD: &str = "row head";
pub(crate) const LEAF: &str = "leaf";
pub(crate) const CLOSED_ROWS: &str = "rows of a closed batch";
pub(crate) const CLOSED_COMMITMENT: &str = "commitment of a closed batch";
pub(crate) const NEXT_STREAM: &str = "next row stream";
pub(crate) const NEXT_ROWS: &str = "next row count";
pub(crate) const NEXT_OPEN: &str = "next open flag";

pub(crate) const HASH_LEAF: &str = "hash: leaf";
pub(crate) const HASH_NODE: &str = "hash: node";
pub(crate) const HASH_STEP: &str = "hash: step root";
