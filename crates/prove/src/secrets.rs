//! What must the prover keep, and never hand over?
//!
//! `NAME.secrets` opens the commitments of one package: the integer model and the salts. Whoever
//! has it and the data can show later that a row was in a batch; whoever has it without leave can
//! guess at rows and weights. It is plain JSON, readable by its owner alone (mode 0600 where the
//! system has modes), and not encrypted: keep it where keys are kept.

use serde::{Deserialize, Serialize};
use verifold_circuits::{
    AnyModel, BatchRows, Model, Salt,
    neural::{Layer, Perceptron},
};
use verifold_model::{
    digest::{Commitment, Digest},
    shape::Shape,
};

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
    /// Integer weights of a logistic regression, in plan order; empty for a network.
    pub weights: Vec<i64>,
    /// Integer bias of a logistic regression; 0 for a network.
    pub bias: i64,
    /// Layers of a network, from the features on, in plan order; none for a logistic regression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerSecrets>,
    /// Salt of the model commitment.
    pub model_salt: Commitment,
    /// Salts of each batch, in chain order.
    pub batches: Vec<BatchSecrets>,
    /// Of monitoring proofs behind the first, in time order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<ModelSecrets>,
    /// Of the stages before monitoring, if the package proves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<DevelopmentSecrets>,
}

/// Openings of a monitoring proof behind the first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSecrets {
    /// Integer weights of a logistic regression, in plan order; empty for a network.
    pub weights: Vec<i64>,
    /// Integer bias of a logistic regression; 0 for a network.
    pub bias: i64,
    /// Layers of a network, from the features on, in plan order; none for a logistic regression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerSecrets>,
    /// Salt of the model commitment.
    pub model_salt: Commitment,
    /// Salts of each batch, in chain order.
    pub batches: Vec<BatchSecrets>,
}

/// What the commitments of one monitoring proof open to.
pub(crate) struct OpenedModel<'a> {
    pub(crate) weights: &'a Vec<i64>,
    pub(crate) bias: i64,
    pub(crate) layers: &'a Vec<LayerSecrets>,
    pub(crate) model_salt: Commitment,
    pub(crate) batches: &'a [BatchSecrets],
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

/// One layer of a network as integers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerSecrets {
    /// For each neuron, one weight for each value the layer sums.
    pub weights: Vec<Vec<i64>>,
    /// For each neuron, what is added to its sum.
    pub biases: Vec<i64>,
}

impl From<&Layer> for LayerSecrets {
    fn from(layer: &Layer) -> Self {
        Self { weights: layer.weights.clone(), biases: layer.biases.clone() }
    }
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

/// Weights and bias of a logistic regression, or layers of a network, as files keep them.
pub(crate) fn kept(model: &AnyModel) -> (Vec<i64>, i64, Vec<LayerSecrets>) {
    match model {
        AnyModel::Scorecard(model) => (model.weights.clone(), model.bias, Vec::new()),
        AnyModel::Perceptron(network) => (Vec::new(), 0, network.layers.iter().map(LayerSecrets::from).collect()),
    }
}

/// The model that files keep so, under a shape.
pub(crate) fn model_of(weights: &[i64], bias: i64, layers: &[LayerSecrets], shape: Shape) -> AnyModel {
    if layers.is_empty() {
        return Model { weights: weights.to_vec(), bias }.into();
    }
    let layers = layers.iter().map(|kept| Layer { weights: kept.weights.clone(), biases: kept.biases.clone() }).collect();
    Perceptron { feature_bits: shape.width_bits(), layers }.into()
}

impl Secrets {
    /// The secrets of a package.
    pub fn new(package_sha256: Digest, model: &AnyModel, model_salt: &Salt, batches: &[BatchRows]) -> Self {
        let bytes = |salt: &Salt| Commitment::from_bytes(*salt.as_bytes());
        let (weights, bias, layers) = kept(model);
        Self {
            schema: SecretsSchema::V1,
            package_sha256,
            weights,
            bias,
            layers,
            model_salt: bytes(model_salt),
            batches: batches
                .iter()
                .map(|batch| BatchSecrets { row_salt: bytes(&batch.row_salt), outcome_salt: bytes(&batch.outcome_salt) })
                .collect(),
            further: Vec::new(),
            development: None,
        }
    }

    /// The model of each monitoring proof, in time order.
    pub(crate) fn models(&self) -> impl DoubleEndedIterator<Item = OpenedModel<'_>> {
        let Self { weights, bias, layers, model_salt, batches, .. } = self;
        let first = OpenedModel { weights, bias: *bias, layers, model_salt: *model_salt, batches };
        std::iter::once(first).chain(self.further.iter().map(|next| OpenedModel {
            weights: &next.weights,
            bias: next.bias,
            layers: &next.layers,
            model_salt: next.model_salt,
            batches: &next.batches,
        }))
    }
}
