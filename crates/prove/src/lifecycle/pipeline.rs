//! What a pipeline specification says: how development rows are split, and how the model is trained or where it is.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use verifold_model::statement::Period;

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
    /// Learning rate of the first minibatch, for standardised features.
    pub learning_rate: f64,
    /// Minibatches after which the rate has halved.
    pub half_after: u64,
    /// Binary logarithm of the padded constraints of a training step, 15 to 18; with it goes the size of a minibatch.
    pub size_log2: u8,
}

impl Pipeline {
    /// Reads a pipeline specification.
    ///
    /// # Errors
    /// [`ProveError::Spec`] with line and column.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ProveError> {
        let fail = |offset: usize, problem: String| {
            let before = &text[..offset.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
            ProveError::Spec { path: path.to_owned(), line, column, problem }
        };
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
