//! Vouching: rows drawn after a package was handed over, opened by the provider, compared with source documents.
//!
//! A proof says nothing of whether committed rows are the real world's. A sample does, as far as samples go: how many
//! rows drawn by chance differ from their documents bounds how many of all rows do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{digest::Digest, receipts::Receipt};

/// Version of the sample's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SampleSchema {
    /// First version.
    #[serde(rename = "sample/v1")]
    V1,
}

/// What the auditor asks the provider to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleRequest {
    /// Version of this structure.
    pub schema: SampleSchema,
    /// SHA-256 of the manifest of the package drawn from; signatures do not change it.
    pub manifest_sha256: Digest,
    /// What the auditor added, so that nobody could foresee the draw when the package was made.
    pub nonce: String,
    /// What was drawn, stratum by stratum.
    pub strata: Vec<Stratum>,
}

impl SampleRequest {
    /// SHA-256 of the canonical JSON: what openings refer to.
    pub fn digest(&self) -> Digest {
        Digest::of_canonical(self)
    }

    /// Every row drawn, stratum by stratum.
    pub fn rows(&self) -> impl Iterator<Item = SampledRow> {
        self.strata.iter().flat_map(|stratum| stratum.rows.iter().copied())
    }
}

/// Batches that follow one another, drawn from as one population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// Index of the first batch.
    pub first: u32,
    /// Index of the last batch.
    pub last: u32,
    /// Rows of these batches.
    pub population: u64,
    /// Rows drawn, each once, by batch and position.
    pub rows: Vec<SampledRow>,
}

/// One row drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampledRow {
    /// Index of its batch.
    pub batch: u32,
    /// Position in the batch, from 0.
    pub position: u32,
}

/// What the provider hands over: one receipt for each row drawn, in the request's order. Personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleOpenings {
    /// Version of this structure.
    pub schema: SampleSchema,
    /// SHA-256 of the request's canonical JSON.
    pub request_sha256: Digest,
    /// Receipts in the request's order.
    pub receipts: Vec<Receipt>,
}

/// What comparing a row with its source document found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Vouched {
    /// Row and document agree.
    Agrees,
    /// They differ: an error.
    Differs,
    /// There is no document: an error.
    Missing,
}

impl Vouched {
    /// As written in a worksheet.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::Missing => "missing",
        }
    }

    /// Whether it counts as an error.
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::Agrees)
    }
}

/// What the sample says about all rows. The auditor's own working paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleResult {
    /// Version of this structure.
    pub schema: SampleSchema,
    /// SHA-256 of the request's canonical JSON.
    pub request_sha256: Digest,
    /// SHA-256 of the record the openings were checked against.
    pub record_sha256: Digest,
    /// Confidence of the bounds, in millionths.
    pub confidence_ppm: u32,
    /// Stratum by stratum.
    pub strata: Vec<StratumResult>,
    /// Rows of all strata.
    pub population: u64,
    /// Rows drawn.
    pub drawn: u64,
    /// Rows drawn that differ from their document or have none.
    pub errors: u64,
    /// At most so many rows of the population do, at this confidence: the sum of the strata's bounds.
    pub at_most: u64,
    /// Every row with what was found.
    pub rows: Vec<VouchedRow>,
}

/// What the sample says about one stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StratumResult {
    /// Index of the first batch.
    pub first: u32,
    /// Index of the last batch.
    pub last: u32,
    /// Rows.
    pub population: u64,
    /// Rows drawn.
    pub drawn: u64,
    /// Rows drawn that differ from their document or have none.
    pub errors: u64,
    /// Upper bound of such rows in the stratum, at a confidence that leaves the sum its own.
    pub at_most: u64,
}

/// One row with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VouchedRow {
    /// The row.
    pub row: SampledRow,
    /// What was found.
    pub result: Vouched,
    /// The auditor's note; may be empty.
    pub note: String,
}
