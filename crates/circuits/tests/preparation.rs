//! Preparations of generated rows, as a second implementation prepares and counts them.

mod fixture;

use std::collections::BTreeSet;

use fixture::salt;
use verifold_circuits::{
    RowKind, RowRecord,
    preparation::{PreparationWitness, RawPart, RawRow, replay},
};
use verifold_model::{
    cohort::{Outcome, VoidReason},
    plan::Plan,
    preparation::{Preparation, Profile, Rule},
    shape::{CircuitFamily, CircuitId},
    statement::StatementKind,
};

/// A preparation as scripts/preparation_twin.py writes it down.
#[derive(serde::Deserialize)]
struct Expected {
    preparation: Preparation,
    parts: [ExpectedPart; 2],
}

#[derive(serde::Deserialize)]
struct ExpectedPart {
    profile: Profile,
    rows: Vec<ExpectedRow>,
}

/// Key, codes of group, outcome and logged decision, raw values, what became of them.
type ExpectedRow = (u64, [u8; 3], Vec<u32>, Became);

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Became {
    SetAside(Reason),
    Prepared(Vec<u32>),
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Missing,
    Outside,
}

impl ExpectedPart {
    fn raw(&self) -> Vec<RawRow> {
        let row = |(key, [group, outcome, logged], values, _): &ExpectedRow| RawRow {
            key: *key,
            group: *group,
            values: values.clone(),
            logged: *logged == 1,
            outcome: Outcome::ALL[usize::from(*outcome)],
        };
        self.rows.iter().map(row).collect()
    }

    fn prepared(self) -> Vec<RowRecord> {
        let kind = |outcome: u8, logged: u8, became| match became {
            Became::SetAside(Reason::Missing) => RowKind::Void(VoidReason::MissingValue),
            Became::SetAside(Reason::Outside) => RowKind::Void(VoidReason::OutsideDomain),
            Became::Prepared(features) => RowKind::Scored { features, logged: logged == 1, outcome: Outcome::ALL[usize::from(outcome)] },
        };
        let row = |(key, [group, outcome, logged], _, became): ExpectedRow| RowRecord { key, group, kind: kind(outcome, logged, became) };
        self.rows.into_iter().map(row).collect()
    }
}

/// The plan that quantises as the rules map: in steps of one from zero.
fn plan(preparation: &Preparation) -> Plan {
    let circuit = CircuitId { family: CircuitFamily::ScoredCohortV1, shape: preparation.shape };
    let mut plan = fixture::plan(circuit, preparation.columns.len());
    for (feature, column) in plan.features.iter_mut().zip(&preparation.columns) {
        feature.unit.clone_from(&column.unit);
        feature.step = "1".parse().unwrap();
    }
    plan.grouping = preparation.grouping.clone();
    plan
}

fn cases() -> Vec<Expected> {
    serde_json::from_str(include_str!("../../../scripts/data/expected-preparation.json")).unwrap()
}

#[test]
fn a_second_implementation_prepares_and_counts_the_same() {
    let cases = cases();
    assert_eq!(cases.len(), 2);
    for Expected { preparation, parts } in cases {
        let plan = plan(&preparation);
        let mut index = 20;
        let mut next = || {
            index += 1;
            salt(index)
        };
        let raw_salts = [next(), next()];
        let raw = parts.each_ref().map(|part| RawPart { rows: part.raw(), row_salt: next(), outcome_salt: next(), profile_salt: next() });
        let circuit = CircuitId { family: CircuitFamily::PreparationV1, shape: preparation.shape };
        let header = fixture::header(StatementKind::PreparationV1, circuit);
        let witness = PreparationWitness::new(header, &plan, preparation, raw_salts, raw).unwrap();
        assert_eq!(replay(witness.statement(), &plan).unwrap().steps, witness.statement().steps);
        for (position, expected) in parts.into_iter().enumerate() {
            assert_eq!(witness.statement().parts[position].profile, expected.profile, "part {position}");
            let (found, ..) = witness.prepared(position);
            let expected = expected.prepared();
            assert_eq!(found.len(), expected.len(), "part {position}");
            for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_eq!(found, expected, "part {position}, row {row}");
            }
        }
    }
}

#[test]
fn the_generated_rows_meet_every_rule_reason_group_label_and_decision() {
    let (mut rules, mut reasons, mut codes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for Expected { preparation, parts } in cases() {
        for (_, [group, outcome, logged], values, became) in parts.iter().flat_map(|part| &part.rows) {
            codes.insert((*group, *outcome, *logged));
            if let Became::SetAside(reason) = became {
                reasons.insert((*group, *reason as u8));
            }
            rules.extend(preparation.columns.iter().zip(values).map(|(column, value)| {
                let (region, rule) = column.prepared(*value);
                (region as u8, rule == Rule::Void)
            }));
        }
    }
    // Inside there is the map alone; in the three other regions a value or setting aside.
    assert_eq!((rules.len(), reasons.len(), codes.len()), (1 + 2 * 3, 4 * 2, 4 * 3 * 2));
}
