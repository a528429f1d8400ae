//! A network small enough to look at wire by wire: two features of three bits, two layers of two neurons, 21 rows a minibatch.

use crate::{
    layout::Dimensions,
    training::{
        audit::{fixture, lie::Subject},
        curve::Curve,
        network::NetworkRule,
        rule::Rule,
    },
};

pub(crate) const TINY: Dimensions = Dimensions { hidden: [2, 2, 0], ..fixture::TINY };

/// The model's numbers as trained ones.
pub(crate) fn trained(model: &[i64]) -> Vec<i64> {
    model.iter().map(|number| number << 12).collect()
}

/// Under these numbers row 1 of `mixed_rows` is scored −3¾ log-odds, and neuron 1 of the first layer hands nothing on in row 2.
pub(crate) const MODEL: [i64; 15] = [8192, 4096, -6000, 9000, 5000, 7000, 9000, -4000, -200, 60, 3000, -2000, -(1 << 24), 1 << 22, 6900];

pub(crate) fn rule() -> NetworkRule {
    let Rule { document, schema, riskier, numerator, offset, centres, .. } = fixture::rule();
    NetworkRule {
        dimensions: TINY,
        document,
        schema,
        riskier,
        scale: 1 << 10,
        numerator,
        offset,
        centres,
        // Multiples of the first divisor of the learning rate, 7.
        weight_rates: vec![vec![7 << 11, 7 << 10], vec![7 << 5], vec![7]],
        bias_rates: vec![7 << 12, 7 << 12, 7 << 2],
        initial: trained(&MODEL),
    }
}

pub(crate) fn subject() -> Subject {
    Subject { dimensions: TINY, rule: rule().into(), curve: Curve::NETWORK }
}
