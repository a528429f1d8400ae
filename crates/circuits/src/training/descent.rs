//! The descent of any kind of model behind one type: what a witness trains by, and what a step proves.

use verifold_model::{plan::Plan, training::TrainingSpec};

use super::{
    network::{NetworkRule, OutOfRange},
    open::OpenTraining,
    rule::{self, Rule},
};
use crate::{
    field::F,
    layout::{Dimensions, NO_HIDDEN},
    model::AnyModel,
    rows::RowRecord,
};

/// A training specification as the numbers a circuit uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Descent {
    Scorecard(Rule),
    Network(NetworkRule),
}

/// A trained number left its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Diverged {
    Scorecard(rule::Diverged),
    Network(OutOfRange),
}

impl From<Rule> for Descent {
    fn from(rule: Rule) -> Self {
        Self::Scorecard(rule)
    }
}

impl From<NetworkRule> for Descent {
    fn from(rule: NetworkRule) -> Self {
        Self::Network(rule)
    }
}

impl Descent {
    /// The numbers of a specification that has passed its check against the plan.
    pub(crate) fn of(spec: &TrainingSpec, plan: &Plan) -> Self {
        match &spec.network {
            None => Self::Scorecard(Rule::of(spec, plan)),
            Some(network) => Self::Network(NetworkRule::of(spec, network, plan)),
        }
    }

    /// A rule without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(d: Dimensions) -> Self {
        if d.hidden == NO_HIDDEN { Self::Scorecard(Rule::blank(d.features)) } else { Self::Network(NetworkRule::blank(d)) }
    }

    /// Digest of the schema that rows are committed under.
    pub(crate) fn schema(&self) -> F {
        match self {
            Self::Scorecard(rule) => rule.schema,
            Self::Network(rule) => rule.schema,
        }
    }

    /// Weights and biases before the first minibatch.
    pub(crate) fn initial(&self) -> &[i64] {
        match self {
            Self::Scorecard(rule) => &rule.initial,
            Self::Network(rule) => &rule.initial,
        }
    }

    /// The commitment to the rule; it has no salt, as all of it is public.
    pub(crate) fn commitment(&self) -> F {
        match self {
            Self::Scorecard(rule) => rule.commitment(),
            Self::Network(rule) => rule.commitment(),
        }
    }

    /// The hash carried in the public state between steps.
    pub(crate) fn state(&self, open: &OpenTraining) -> F {
        self.state_of(&open.weights, open.parts())
    }

    /// The same of its parts.
    pub(crate) fn state_of(&self, weights: &[i64], parts: [F; 4]) -> F {
        match self {
            Self::Scorecard(_) => Rule::state(weights, parts),
            Self::Network(rule) => rule.state(weights, parts),
        }
    }

    /// What stands there before the first step: nothing, or the hash of a network that nothing has been trained of.
    pub(crate) fn beginning(&self) -> F {
        match self {
            Self::Scorecard(_) => F::default(),
            Self::Network(_) => self.state(&OpenTraining::begun(self)),
        }
    }

    /// The weights after minibatch `t`.
    ///
    /// # Errors
    /// [`Diverged`] for the first number that leaves its range.
    pub(crate) fn minibatch(&self, weights: &[i64], t: u64, rows: &[RowRecord]) -> Result<Vec<i64>, Diverged> {
        match self {
            Self::Scorecard(rule) => rule.minibatch(weights, t, rows).map_err(Diverged::Scorecard),
            Self::Network(rule) => rule.minibatch(weights, t, rows).map_err(Diverged::Network),
        }
    }

    /// The model that weights are rounded to, without the features beyond `features`.
    pub(crate) fn rounded(&self, weights: &[i64], features: usize) -> AnyModel {
        match self {
            Self::Scorecard(rule) => {
                let mut model = rule.rounded(weights);
                model.weights.truncate(features);
                model.into()
            }
            Self::Network(rule) => rule.rounded(weights, features).into(),
        }
    }
}
