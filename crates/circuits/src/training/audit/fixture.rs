//! A training small enough to look at wire by wire: two features of three bits, 21 rows a minibatch.

use std::sync::Arc;

use ff::Field;
use verifold_model::cohort::{Outcome, VoidReason};

use crate::{
    audit::recorder::Audited,
    field::F,
    layout::{Dimensions, NO_HIDDEN},
    rows::{RowKind, RowRecord},
    streams::{OutcomeStream, RowStream, outcome_commitment, row_commitment},
    training::{
        descent::Descent,
        native::{data_element, initial_elements},
        rule::Rule,
        step::{Context, Step},
        witness::{TrainingSteps, trained},
    },
    wires::Overrides,
};

impl Audited for Step {
    fn overrides(&self) -> Option<&Overrides> {
        self.overrides.as_deref()
    }
}

pub(crate) const TINY: Dimensions = Dimensions { features: 2, width: 3, groups: 2, bins: 10, histograms: 0, rows: 21, hidden: NO_HIDDEN };

/// One log-odds.
pub(crate) const UNIT: i64 = 1 << 30;

/// Rates and decay are multiples of the first divisor of the learning rate, 7.
pub(crate) fn rule() -> Rule {
    Rule {
        document: F::from(11),
        schema: F::from(12),
        riskier: true,
        fraction_bits: 16,
        numerator: 7 * 16_384 + 5,
        offset: 7,
        decay: 7 << 17,
        centres: vec![3, 1],
        initial: vec![UNIT / 2 + 1, -UNIT, UNIT / 4],
        rates: vec![7 << 12, 7 << 13, 7 << 14],
    }
}

pub(crate) fn scored(key: u64, features: Vec<u32>, outcome: Outcome) -> RowRecord {
    RowRecord { key, group: (key % 2) as u8, kind: RowKind::Scored { features, logged: key.is_multiple_of(3), outcome } }
}

/// Rows of every kind: scored with each outcome, void with each reason.
pub(crate) fn mixed_rows(count: u64) -> Vec<RowRecord> {
    (0..count)
        .map(|i| {
            let key = 3 * i + i % 2;
            if i % 5 == 3 {
                RowRecord { key, group: (i % 2) as u8, kind: RowKind::Void(VoidReason::ALL[(i % 4) as usize]) }
            } else {
                scored(key, vec![(i * 3 % 8) as u32, (i * 5 % 7) as u32], Outcome::ALL[(i % 3) as usize])
            }
        })
        .collect()
}

/// The steps of a training, and the state before them.
pub(crate) fn steps(dimensions: Dimensions, rule: impl Into<Descent>, epochs: u32, rows: &[RowRecord]) -> ([F; 7], Vec<Step>) {
    let rule = rule.into();
    let [row_salt, outcome_salt, model_salt] = [101, 202, 404].map(F::from);
    let mut row_stream = RowStream::with(dimensions, rule.schema(), row_salt);
    let mut outcome_stream = OutcomeStream::with(dimensions, rule.schema(), outcome_salt);
    for row in rows {
        row_stream.push(row);
        outcome_stream.push(row);
    }
    let n = rows.len() as u64;
    let data = data_element(row_commitment(row_stream.absorbed(), n), outcome_commitment(outcome_stream.absorbed(), n));
    let weights = trained(&rule, dimensions, epochs, rows).unwrap();
    let model = rule.rounded(&weights, dimensions.features).element(dimensions, model_salt);
    let initial = initial_elements(F::from(77), &rule, model, data);
    let context = Arc::new(Context { dimensions, rule, row_salt, outcome_salt, model_salt });
    let steps: Vec<Step> = TrainingSteps::new(context, epochs, initial, rows).collect();
    assert!(steps.last().is_some_and(|step| step.after[6] == F::ZERO));
    (initial, steps)
}
