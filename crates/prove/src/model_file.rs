//! Is a model file the one behind a model commitment?
//!
//! A model commitment is salted, so nobody can tell from it which model is behind it. [`ModelOpening`] is what the audited
//! party hands to somebody who has the file and may know: the salt, and the order of the model's inputs.
//! [`ModelOpening::commitment_of`] then reads the file's coefficients, rounds them by the plan, as the prover does, and
//! commits to the integers: the same commitment means the same integers, as another model would be a collision of the hash.
//!
//! It does not establish that a proof is about that commitment, nor what rounding to integers loses.

use std::path::Path;

use serde::{Deserialize, Serialize};
use verifold_circuits::{Salt, native::model_commitment};
use verifold_model::{digest::Commitment, plan::Plan};

use crate::{
    error::ProveError,
    integer::quantise_any,
    layout::Layout,
    onnx::Numbers,
    secrets::{Secrets, model_of},
    spec::Spec,
    table,
};

/// Version of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelOpeningSchema {
    /// First version.
    #[serde(rename = "model-opening/v1")]
    V1,
}

/// What opens one model commitment to whoever has the model. With it, guesses at a model can be tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelOpening {
    /// Version of this structure.
    pub schema: ModelOpeningSchema,
    /// The commitment it opens.
    pub model_commitment: Commitment,
    /// Its salt.
    pub model_salt: Commitment,
    /// Names of the features the model takes, in the order it takes them.
    pub inputs: Vec<String>,
}

fn refuse(problem: impl Into<String>) -> ProveError {
    ProveError::Opening { problem: problem.into() }
}

fn salt(bytes: Commitment) -> Result<Salt, ProveError> {
    Salt::from_bytes(*bytes.as_bytes()).map_err(|_| refuse("the salt is damaged: it is no field element"))
}

impl ModelOpening {
    /// The opening of the model commitment of a package, from what the package left behind and its specification.
    ///
    /// # Errors
    /// If a file cannot be read, or secrets and specification do not fit.
    pub fn of(spec: &Path, secrets: &Path) -> Result<Self, ProveError> {
        let text = String::from_utf8(table::bytes(spec)?)
            .map_err(|_| ProveError::Table { path: spec.to_owned(), problem: "the specification is not UTF-8".to_owned() })?;
        let spec = Spec::parse(&text, spec)?;
        let kept: Secrets = serde_json::from_slice(&table::bytes(secrets)?)
            .map_err(|error| refuse(format!("the secrets cannot be read ({error}): {}", secrets.display())))?;
        let widths: Vec<usize> = kept.layers.iter().map(|layer| layer.biases.len()).collect();
        let shape = Layout::new(&spec)?.with_hidden(widths.split_last().map_or(&[][..], |(_, hidden)| hidden))?.shape;
        let held = kept.layers.first().and_then(|layer| layer.weights.first()).unwrap_or(&kept.weights).len();
        if held != spec.features.len() {
            return Err(refuse(format!("the secrets hold {held} weights, the specification lists {} features", spec.features.len())));
        }
        let model = model_of(&kept.weights, kept.bias, &kept.layers, shape);
        Ok(Self {
            schema: ModelOpeningSchema::V1,
            model_commitment: model_commitment(shape, &model, &salt(kept.model_salt)?),
            model_salt: kept.model_salt,
            inputs: spec.features.into_iter().map(|feature| feature.name).collect(),
        })
    }

    /// The commitment to an ONNX file's coefficients, rounded by `plan`, under this opening's salt.
    ///
    /// # Errors
    /// If the file is not read as a model of the plan's kind, its numbers leave their range, or opening and plan do not
    /// fit; `path` only says where the bytes came from.
    pub fn commitment_of(&self, onnx: &[u8], path: &Path, plan: &Plan) -> Result<Commitment, ProveError> {
        plan.check()?;
        let place = |name: &String| self.inputs.iter().position(|input| input == name);
        let model_position: Option<Vec<usize>> = plan.features.iter().map(|feature| place(&feature.name)).collect();
        let Some(model_position) = model_position.filter(|_| self.inputs.len() == plan.features.len()) else {
            let planned: Vec<&str> = plan.features.iter().map(|feature| feature.name.as_str()).collect();
            return Err(refuse(format!("its inputs are {}, the plan has {}", self.inputs.join(", "), planned.join(", "))));
        };
        let layout = Layout {
            features: plan.features.clone(),
            model_position,
            histograms: Vec::new(),
            added_histograms: Vec::new(),
            shape: plan.shape,
        };
        let inputs: Vec<&str> = self.inputs.iter().map(String::as_str).collect();
        let numbers = Numbers::read(onnx, &inputs, path)?;
        let layout = layout.with_hidden(&numbers.widths())?;
        if layout.shape != plan.shape {
            return Err(refuse(format!("it has layers for shape {}, the plan scores with a {}", layout.shape, plan.model_words())));
        }
        let (model, _) = quantise_any(&numbers, &layout, plan.scoring.scale_bits)?;
        Ok(model_commitment(plan.shape, &model, &salt(self.model_salt)?))
    }
}
