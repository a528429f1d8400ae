//! What a pipeline specification says: how development rows are split, and how the model is trained or where it is.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use verifold_model::{
    digest::Digest,
    shape::{MAX_HIDDEN_LAYERS, Shape},
    statement::Period,
};

use crate::error::ProveError;

/// Version of the pipeline specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum PipelineSchema {
    /// First version.
    #[serde(rename = "pipeline-spec/v1")]
    V1,
}

/// How development rows are split, and the model trained on them or imported, beside a monitoring specification.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Version of this structure.
    pub schema: PipelineSchema,
    /// Development rows.
    pub development: DevelopmentSpec,
    /// Training; absent where the model is imported.
    pub training: Option<TrainingChoices>,
    /// Model that was trained elsewhere; absent where it is trained here.
    pub model: Option<ImportedModel>,
}

/// Development rows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevelopmentSpec {
    /// When the rows arose.
    pub period: Period,
    /// Column that identifies a row; its keyed hash orders the rows.
    pub id: String,
    /// Share of rows to train on, in percent.
    pub training_percent: u32,
    /// Binary logarithm of the padded constraints of a preparation step, 16 to 18.
    pub size_log2: u8,
}

/// A model trained elsewhere: no proof says how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedModel {
    /// ONNX, as scikit-learn or PyTorch exports it; a relative path is read from the folder of the specification.
    pub path: PathBuf,
}

/// Training.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingChoices {
    /// Times all training rows are gone through.
    pub epochs: u32,
    /// Neurons of each hidden layer of a network, from the features on, as a shape on the menu has them; empty for a scorecard.
    #[serde(default)]
    pub hidden: Vec<u8>,
    /// 32 bytes, in hexadecimal digits, that a network's initial weights follow from; absent for a scorecard.
    pub seed: Option<Digest>,
    /// Learning rate of the first minibatch, for standardised features.
    pub learning_rate: f64,
    /// Minibatches after which the rate has halved.
    pub half_after: u64,
    /// Binary logarithm of the padded constraints of a training step, 15 to 18; with it goes the size of a minibatch.
    pub size_log2: u8,
}

/// The place of a table's key in a specification, or of the table.
pub(crate) fn offset_of(text: &str, table: &str, key: &str) -> usize {
    let Some(start) = text.find(table) else { return 0 };
    let inside = &text[start + table.len()..];
    let inside = inside.find("\n[").map_or(inside, |end| &inside[..end]);
    inside.find(&format!("\n{key}")).map_or(start, |at| start + table.len() + at + 1)
}

/// What is wrong with a specification, at the line and column of an offset.
pub(crate) fn refused(text: &str, path: &Path, offset: usize, problem: String) -> ProveError {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    ProveError::Spec { path: path.to_owned(), line, column, problem }
}

/// What is wrong with the network that a training names.
fn network_problem(training: &TrainingChoices) -> Option<(&'static str, String)> {
    let TrainingChoices { hidden, seed, .. } = training;
    let widths: Vec<usize> = hidden.iter().map(|neurons| usize::from(*neurons)).collect();
    match (hidden.is_empty(), seed) {
        (true, None) => None,
        (true, Some(_)) => Some(("seed", "`seed`: a scorecard begins at zero; `hidden` with it names a network's layers".to_owned())),
        (false, _) if Shape::hidden_for(&widths).as_ref() != Some(hidden) => Some((
            "hidden",
            format!("`hidden`: no shape has these layers, 1 to {MAX_HIDDEN_LAYERS} of them are trained ({})", Shape::MENU_TEXT),
        )),
        (false, None) => Some((
            "hidden",
            "no `seed` beside `hidden`: 64 hexadecimal digits that the initial weights follow from, public and in the proof".to_owned(),
        )),
        (false, Some(_)) => None,
    }
}

impl Pipeline {
    /// Reads a pipeline specification.
    ///
    /// # Errors
    /// [`ProveError::Spec`] with line and column.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ProveError> {
        let fail = |offset: usize, problem: String| refused(text, path, offset, problem);
        let mut pipeline: Self =
            toml::from_str(text).map_err(|error| fail(error.span().map_or(0, |span| span.start), error.message().trim_end().to_owned()))?;
        let at = |key: &str| text.find(key).unwrap_or(0);
        if !(1..=99).contains(&pipeline.development.training_percent) {
            return Err(fail(at("training_percent"), "`training_percent`: 1 to 99".to_owned()));
        }
        match (&pipeline.training, &mut pipeline.model) {
            (Some(training), None) => {
                let rate = training.learning_rate;
                if !(rate.is_finite() && rate > 0.0 && rate <= 64.0) {
                    return Err(fail(at("learning_rate"), "`learning_rate`: above 0, at most 64".to_owned()));
                }
                if training.half_after == 0 || training.half_after > u64::from(u32::MAX) {
                    return Err(fail(at("half_after"), "`half_after`: 1 to 2^32 − 1".to_owned()));
                }
                if let Some((key, problem)) = network_problem(training) {
                    return Err(fail(offset_of(text, "[training]", key), problem));
                }
            }
            (None, Some(model)) => model.path = path.parent().unwrap_or(Path::new("")).join(&model.path),
            (Some(_), Some(_)) => {
                return Err(fail(
                    at("[model]"),
                    "`[model]` beside `[training]`: the model is imported or trained here, keep one of them".to_owned(),
                ));
            }
            (None, None) => {
                return Err(fail(
                    text.len(),
                    "no model: `[training]` says how one is trained here, `[model]` with `path = \"model.onnx\"` imports one".to_owned(),
                ));
            }
        }
        Ok(pipeline)
    }
}
