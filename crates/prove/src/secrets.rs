//! What must the prover keep, and never hand over?
//!
//! `NAME.secrets` opens the commitments of one package: the integer model and the salts. Whoever
//! has it and the data can show later that a row was in a batch; whoever has it without leave can
//! guess at rows and weights. It is plain JSON, readable by its owner alone (mode 0600 where the
//! system has modes), and not encrypted: keep it where keys are kept.

use serde::{Deserialize, Serialize};
use verifold_circuits::{BatchRows, Model, Salt};
use verifold_model::digest::{Commitment, Digest};

/// Version of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretsSchema {
    /// First version.
    #[serde(rename = "secrets/v1")]
    V1,
}

/// Openings of one package's commitments.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Version of this structure.
    pub schema: SecretsSchema,
    /// SHA-256 of the package the secrets belong to.
    pub package_sha256: Digest,
    /// Integer weights, in plan order.
    pub weights: Vec<i64>,
    /// Integer bias.
    pub bias: i64,
    /// Salt of the model commitment.
    pub model_salt: Commitment,
    /// Salts of each batch, in chain order.
    pub batches: Vec<BatchSecrets>,
    /// Of the stages before monitoring, if the package proves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<DevelopmentSecrets>,
}

/// Salts of the development stages, beside those of monitoring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevelopmentSecrets {
    /// Key of the pseudonyms that order the rows.
    pub pseudonym_key: Commitment,
    /// Salts of prepared training and test rows: row stream, outcome stream.
    pub parts: Vec<[Commitment; 2]>,
}

/// Salts of one batch's streams; the salt of its table is in the package.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchSecrets {
    /// Salt of the row stream.
    pub row_salt: Commitment,
    /// Salt of the outcome stream.
    pub outcome_salt: Commitment,
}

impl Secrets {
    /// The secrets of a package.
    pub fn new(package_sha256: Digest, model: &Model, model_salt: &Salt, batches: &[BatchRows]) -> Self {
        let bytes = |salt: &Salt| Commitment::from_bytes(*salt.as_bytes());
        Self {
            schema: SecretsSchema::V1,
            package_sha256,
            weights: model.weights.clone(),
            bias: model.bias,
            model_salt: bytes(model_salt),
            batches: batches
                .iter()
                .map(|batch| BatchSecrets { row_salt: bytes(&batch.row_salt), outcome_salt: bytes(&batch.outcome_salt) })
                .collect(),
            development: None,
        }
    }
}
