//! Models and data to statements, proofs and packages. This crate never serves a verifier: nothing
//! it says about data, models or rounding is established by its saying so. [`model_file`] alone is for both sides: whoever
//! has a model file computes its commitment anew.
//!
//! - [`spec`]: what a specification says; [`calendar`]: the batches it cuts a period into
//! - [`table`]: CSV and Parquet as rows of texts; [`rows`]: texts as rows to commit; [`number`]: exact decimals
//! - [`onnx`]: coefficients of an ONNX model, and its own float run; [`integer`]: the integers that stand for them
//! - [`layout`], [`plan`]: the measurement plan that follows
//! - [`monitoring`]: the whole way, to [`prove_monitoring`]; [`progress`]: hearing about it and stopping it
//! - [`after`]: a package whose period goes on, under the same model or another
//! - [`segments`]: a long period split into segments that are proven apart; [`mod@join`]: one package of them
//! - [`receipts`]: one opening for each row, under a proof of its own
//! - [`matured`]: outcomes that became known later, for the rows of a package, and how many changed
//! - [`lifecycle`]: from development rows to one package over all stages
//! - [`anchoring`]: batches committed to while they are made, and proven as they were then
//! - [`salts`]: where salts come from; [`secrets`]: what the prover keeps; [`synthetic`]: rows that mean nothing, for measuring
//!
//! Files are read and written here because streaming tables is this crate's work; the clock and
//! cancellation come from the caller through [`Progress`], randomness from the operating system.

pub mod after;
pub mod anchoring;
pub mod calendar;
mod development;
pub mod error;
mod fold;
pub mod integer;
pub mod join;
pub mod layout;
pub mod lifecycle;
pub mod matured;
pub mod model_file;
pub mod monitoring;
mod network;
pub mod number;
pub mod onnx;
mod output;
pub mod plan;
pub mod progress;
mod ranking;
pub mod receipts;
mod recount;
mod room;
pub mod rows;
pub mod salts;
pub mod secrets;
pub mod segments;
pub mod spec;
pub mod synthetic;
pub mod table;

pub use crate::{
    after::After,
    anchoring::AnchorLog,
    error::ProveError,
    join::{JoinRequest, join},
    lifecycle::{LifecycleReport, LifecycleRequest, LifecycleSources, prove_lifecycle, prove_stage},
    matured::{MaturedRequest, prove_matured},
    model_file::ModelOpening,
    monitoring::{OnBadRow, Report, Request, RowSources, Sources, prove_monitoring},
    progress::{Event, Progress},
    receipts::{ReceiptsRequest, prove_receipts},
    segments::{PartOutcome, SegmentRequest, SplitRequest, prove_segment, split},
};
