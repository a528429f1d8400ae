//! Every kind of model behind one type: what scores a row, and what commits to it.

use verifold_model::plan::Plan;

use crate::{
    field::F,
    layout::{Dimensions, NO_HIDDEN},
    native::model_element,
    neural::{Perceptron, PerceptronError, network_element},
    rows::{Model, ModelError},
};

/// A model as integers, whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyModel {
    /// A logistic regression.
    Scorecard(Model),
    /// A multilayer perceptron.
    Perceptron(Perceptron),
}

/// Why a model does not fit a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnyModelError {
    /// The plan scores with another kind of model.
    #[error("the plan scores with a {}", .0)]
    Kind(&'static str),
    /// A logistic regression does not fit.
    #[error(transparent)]
    Scorecard(#[from] ModelError),
    /// A network does not fit.
    #[error(transparent)]
    Perceptron(#[from] PerceptronError),
}

impl From<Model> for AnyModel {
    fn from(model: Model) -> Self {
        Self::Scorecard(model)
    }
}

impl From<Perceptron> for AnyModel {
    fn from(network: Perceptron) -> Self {
        Self::Perceptron(network)
    }
}

impl AnyModel {
    /// Checks the model against a plan.
    ///
    /// # Errors
    /// [`AnyModelError`] for the first number the circuit has no room for.
    pub fn check(&self, plan: &Plan) -> Result<(), AnyModelError> {
        match (self, plan.shape.hidden_layers()) {
            (Self::Scorecard(model), 0) => Ok(model.check(plan)?),
            (Self::Perceptron(network), 1..) => Ok(network.check(plan)?),
            _ => Err(AnyModelError::Kind(plan.scoring.kind.words())),
        }
    }

    /// The score of quantised features.
    ///
    /// Exact for a model and features that pass their checks.
    pub fn score(&self, features: &[u32]) -> i64 {
        match self {
            Self::Scorecard(model) => model.score(features),
            Self::Perceptron(network) => network.score(features),
        }
    }

    /// The logistic regression, if it is one.
    pub fn scorecard(&self) -> Option<&Model> {
        match self {
            Self::Scorecard(model) => Some(model),
            Self::Perceptron(_) => None,
        }
    }

    /// Neurons of each hidden layer; none in a logistic regression.
    pub fn hidden_widths(&self) -> Vec<usize> {
        match self {
            Self::Scorecard(_) => Vec::new(),
            Self::Perceptron(network) => {
                network.layers.split_last().map_or(&[][..], |(_, hidden)| hidden).iter().map(|l| l.biases.len()).collect()
            }
        }
    }

    pub(crate) fn element(&self, d: Dimensions, salt: F) -> F {
        match self {
            Self::Scorecard(model) => model_element(d.features, model, salt),
            Self::Perceptron(network) => network_element(d, network, salt),
        }
    }

    /// A model of zeros of the kind the dimensions are for.
    pub(crate) fn blank(d: Dimensions) -> Self {
        if d.hidden == NO_HIDDEN {
            Self::Scorecard(Model { weights: Vec::new(), bias: 0 })
        } else {
            Self::Perceptron(Perceptron { feature_bits: d.width, layers: Vec::new() })
        }
    }
}
