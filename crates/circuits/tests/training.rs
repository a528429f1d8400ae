//! Trainings on generated rows: what is stated, what is refused, and what a second implementation trains.

mod fixture;

use fixture::{circuit, salt};
use verifold_circuits::{
    Model, NotCanonical, RowError, RowKind, RowRecord, native,
    neural::{Layer, Perceptron},
    training::{ReplayError, TrainingWitness, TrainingWitnessError, replay, spec_commitment, training_shape},
};
use verifold_model::{
    cohort::{Outcome, VoidReason},
    digest::{Commitment, Digest},
    plan::{Plan, ScoreDirection},
    shape::{CircuitFamily, CircuitId, Shape},
    statement::StatementKind,
    training::{TrainingSpec, TrainingSpecSchema, TrainingStatement},
};

/// The shape of the plan: its bins and histograms are not those of the training.
const PLAN_SHAPE: &str = "f8.w8.g2.b10.h1.n15";

fn training_circuit(shape: &str) -> CircuitId {
    CircuitId { family: CircuitFamily::TrainingV1, shape: shape.parse().unwrap() }
}

fn witness(edit: impl FnOnce(&mut fixture::Training)) -> Result<TrainingWitness, TrainingWitnessError> {
    let mut training = fixture::training();
    edit(&mut training);
    training.witness()
}

#[test]
fn a_training_states_what_its_replay_leads_to() {
    let witness = witness(|_| ()).unwrap();
    let (statement, plan) = (witness.statement(), witness.plan());
    let transition = replay(statement, plan).unwrap();
    assert_eq!(transition.z0, witness.initial_state());
    assert_eq!(transition.z0.0[1], spec_commitment(&statement.spec, plan));
    assert_eq!(transition.zn.0[..4], transition.z0.0[..4]);
    assert_eq!(transition.zn.0[6], native::NOTHING_OPEN);
    assert_eq!((transition.steps, statement.rows), (statement.steps, 150));
    assert_eq!(witness.steps().count() as u64, statement.steps);
    assert!(witness.steps().filter(|step| step.ends_epoch()).count() == 2);
}

#[test]
fn the_model_is_committed_as_a_monitoring_opens_it() {
    let witness = witness(|_| ()).unwrap();
    let committed = native::model_commitment(witness.plan().shape, witness.model(), &salt(9));
    assert_eq!(witness.statement().model_commitment, committed);
    assert!(witness.model().scorecard().unwrap().weights.iter().any(|w| *w != 0));
    witness.model().check(witness.plan()).unwrap();
}

#[track_caller]
fn check_replay(edit: impl FnOnce(&mut TrainingStatement, &mut Plan), expected: impl FnOnce(&TrainingStatement, &Plan) -> ReplayError) {
    let witness = witness(|_| ()).unwrap();
    let (mut statement, mut plan) = (witness.statement().clone(), witness.plan().clone());
    edit(&mut statement, &mut plan);
    assert_eq!(replay(&statement, &plan), Err(expected(&statement, &plan)));
}

#[test]
fn each_contradiction_of_a_statement_is_named() {
    let beyond = Commitment::from_bytes([0xff; 32]);
    let source = || NotCanonical { commitment: beyond };
    check_replay(|_, plan| plan.features.clear(), |_, plan| ReplayError::Plan(plan.check().unwrap_err()));
    check_replay(|s, _| s.spec.epochs = 0, |s, plan| ReplayError::Spec(s.spec.check(plan).unwrap_err()));
    check_replay(|_, p| p.scoring.direction = ScoreDirection::HigherIsSafer, |s, p| ReplayError::Spec(s.spec.check(p).unwrap_err()));
    check_replay(
        |s, _| s.header.circuit = circuit(PLAN_SHAPE),
        |_, _| ReplayError::Kind { statement: StatementKind::TrainingV1, circuit: circuit(PLAN_SHAPE) },
    );
    check_replay(
        |s, _| s.header.statement = StatementKind::MonitoringV1,
        |s, _| ReplayError::Kind { statement: StatementKind::MonitoringV1, circuit: s.header.circuit },
    );
    for shape in ["f8.w8.g2.b10.h1.n15", "f8.w8.g2.b20.h0.n15", "f16.w8.g2.b10.h0.n15", "f8.w12.g2.b10.h0.n15", "f8.w8.g4.b10.h0.n15"] {
        check_replay(
            |s, _| s.header.circuit = training_circuit(shape),
            |_, plan| ReplayError::Shape { circuit: shape.parse().unwrap(), wanted: training_shape(plan, 15).unwrap() },
        );
    }
    check_replay(|s, _| s.rows = 0, |_, _| ReplayError::Rows { rows: 0 });
    check_replay(|s, _| s.rows = 1 << 24, |_, _| ReplayError::Rows { rows: 1 << 24 });
    check_replay(|s, _| s.row_commitment = beyond, |_, _| ReplayError::NotCanonical { place: "row commitment", source: source() });
    check_replay(|s, _| s.outcome_commitment = beyond, |_, _| ReplayError::NotCanonical { place: "outcome commitment", source: source() });
    check_replay(|s, _| s.model_commitment = beyond, |_, _| ReplayError::NotCanonical { place: "model commitment", source: source() });
    check_replay(|s, _| s.steps += 1, |s, _| ReplayError::Steps { stated: s.steps, computed: s.steps - 1 });
}

#[test]
fn every_stated_value_moves_the_states() {
    let other = Commitment::from_bytes([7; 32]);
    let edits: [fn(&mut TrainingStatement, Commitment); 10] = [
        |s, c| s.row_commitment = c,
        |s, c| s.outcome_commitment = c,
        |s, c| s.model_commitment = c,
        |s, _| s.header.subject.model.push('x'),
        |s, _| s.spec.centres[0] += 1,
        |s, _| s.spec.feature_rates[2] += 1,
        |s, _| s.spec.bias_rate += 1,
        |s, _| s.spec.rate_numerator += 1,
        |s, _| s.spec.rate_offset += 1,
        |s, _| s.spec.decay += 1,
    ];
    let witness = witness(|_| ()).unwrap();
    let honest = replay(witness.statement(), witness.plan()).unwrap();
    let mut seen = vec![honest.z0];
    for (i, edit) in edits.into_iter().enumerate() {
        let mut statement = witness.statement().clone();
        edit(&mut statement, other);
        let z0 = replay(&statement, witness.plan()).unwrap().z0;
        assert!(!seen.contains(&z0), "edit {i}");
        seen.push(z0);
    }
    let mut longer = witness.statement().clone();
    (longer.spec.epochs, longer.steps) = (3, 3 * longer.steps / 2);
    let longer = replay(&longer, witness.plan()).unwrap();
    assert!(longer.zn != honest.zn && longer.z0 != honest.z0);
}

/// A training as scripts/training_twin.py writes it down.
#[derive(serde::Deserialize)]
struct Expected {
    shape: Shape,
    spec: TrainingSpec,
    /// Outcome code, then features; nothing for a void row.
    rows: Vec<Option<Vec<u32>>>,
    weights: Vec<i64>,
    bias: i64,
}

fn expected_kind(row: Option<&[u32]>) -> RowKind {
    match row {
        None => RowKind::Void(VoidReason::MissingValue),
        Some([code, features @ ..]) => {
            RowKind::Scored { features: features.to_vec(), logged: false, outcome: Outcome::ALL[*code as usize] }
        }
        Some([]) => panic!("a row without an outcome"),
    }
}

#[test]
fn a_second_implementation_trains_the_same_integers() {
    let text = include_str!("../../../scripts/data/expected-training.json");
    let cases: Vec<Expected> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 3);
    for Expected { shape, spec, rows, weights, bias } in cases {
        let mut training = fixture::training();
        training.plan = fixture::plan(CircuitId { family: CircuitFamily::ScoredCohortV1, shape }, spec.centres.len());
        training.plan.scoring.scale_bits = spec.scale_bits;
        training.plan.scoring.direction = spec.direction;
        training.spec = spec;
        training.rows = (0..).zip(rows).map(|(key, row)| RowRecord { key, group: 0, kind: expected_kind(row.as_deref()) }).collect();
        let witness = training.witness_under(shape).unwrap();
        assert!(*witness.model() == Model { weights, bias }.into(), "{shape}");
    }
}

/// A network's training as scripts/neural_training_twin.py writes it down.
#[derive(serde::Deserialize)]
struct ExpectedNetwork {
    shape: Shape,
    spec: TrainingSpec,
    /// Outcome code, then features; nothing for a void row.
    rows: Vec<Option<Vec<u32>>>,
    layers: Vec<ExpectedLayer>,
}

#[derive(serde::Deserialize)]
struct ExpectedLayer {
    weights: Vec<Vec<i64>>,
    biases: Vec<i64>,
}

#[test]
fn a_second_implementation_trains_the_same_networks() {
    let text = include_str!("../../../scripts/data/expected-neural-training.json");
    let cases: Vec<ExpectedNetwork> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 2);
    for ExpectedNetwork { shape, spec, rows, layers } in cases {
        let mut training = fixture::network_training();
        training.plan = fixture::plan(CircuitId { family: CircuitFamily::NeuralCohortV1, shape }, spec.centres.len());
        training.plan.scoring.scale_bits = spec.scale_bits;
        training.plan.scoring.direction = spec.direction;
        training.spec = spec;
        training.rows = (0..).zip(rows).map(|(key, row)| RowRecord { key, group: 0, kind: expected_kind(row.as_deref()) }).collect();
        let witness = training.witness_under(shape).unwrap();
        let layers = layers.into_iter().map(|ExpectedLayer { weights, biases }| Layer { weights, biases }).collect();
        assert!(*witness.model() == Perceptron { feature_bits: 8, layers }.into(), "{shape}");
    }
}

fn network_witness(edit: impl FnOnce(&mut fixture::Training)) -> Result<TrainingWitness, TrainingWitnessError> {
    let mut training = fixture::network_training();
    edit(&mut training);
    training.witness_under("f8.w8.g2.b10.h0.n16.l8".parse().unwrap())
}

#[test]
fn a_network_s_training_states_what_its_replay_leads_to() {
    let witness = network_witness(|_| ()).unwrap();
    let (statement, plan) = (witness.statement(), witness.plan());
    let transition = replay(statement, plan).unwrap();
    assert_eq!(transition.z0, witness.initial_state());
    assert_eq!(transition.z0.0[1], spec_commitment(&statement.spec, plan));
    assert_ne!(transition.z0.0[6], native::NOTHING_OPEN);
    assert_eq!(transition.zn.0[..4], transition.z0.0[..4]);
    assert_eq!(transition.zn.0[6], native::NOTHING_OPEN);
    assert_eq!((statement.steps, witness.steps().count()), (4, 4));
    assert_eq!(statement.model_commitment, native::model_commitment(plan.shape, witness.model(), &salt(9)));

    // Seed, schedule, rates: each is another beginning, with the same rows and the same model commitment.
    let edits: [fn(&mut TrainingSpec); 6] = [
        |s| s.network.as_mut().unwrap().seed = Digest::of(b"another"),
        |s| s.network.as_mut().unwrap().layer_spreads[0] += 1,
        |s| s.network.as_mut().unwrap().bias_rates[1] += 1,
        |s| s.rate_offset += 1,
        |s| s.feature_rates[0] += 1,
        |s| s.centres[0] += 1,
    ];
    for (at, edit) in edits.into_iter().enumerate() {
        let mut other = statement.clone();
        edit(&mut other.spec);
        let other = replay(&other, plan).unwrap();
        assert_ne!(other.z0.0[1], transition.z0.0[1]);
        // Another seed or spread is another initial network as well.
        assert_eq!(other.z0.0[6] != transition.z0.0[6], at < 2, "edit {at}");
    }
}

#[test]
fn a_network_s_rule_is_held_to_its_ranges_and_to_the_plan() {
    type Edit = fn(&mut TrainingSpec);
    let cases: [(&str, Edit); 13] = [
        ("schema", |s| s.schema = TrainingSpecSchema::V1),
        ("network", |s| s.network = None),
        ("scale_bits", |s| s.scale_bits = 25),
        ("initial_weights", |s| s.initial_weights = vec![0]),
        ("initial_bias", |s| s.initial_bias = 1),
        ("bias_rate", |s| s.bias_rate = 1),
        ("decay", |s| s.decay = 1),
        ("network.hidden", |s| s.network.as_mut().unwrap().hidden = vec![16]),
        ("network.feature_spreads", |s| s.network.as_mut().unwrap().feature_spreads.push(1)),
        ("network.layer_spreads[0]", |s| s.network.as_mut().unwrap().layer_spreads[0] = 1 << 27),
        ("network.layer_rates", |s| s.network.as_mut().unwrap().layer_rates.clear()),
        ("network.layer_rates[0]", |s| s.network.as_mut().unwrap().layer_rates[0] = 1 << 20),
        ("network.bias_rates[1]", |s| s.network.as_mut().unwrap().bias_rates[1] = 1 << 20),
    ];
    for (field, edit) in cases {
        match network_witness(|t| edit(&mut t.spec)).err() {
            Some(TrainingWitnessError::Rule(ReplayError::Spec(error))) => assert_eq!(error.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

/// A start of the provider's choice, or rates that move nothing, would call any model trained.
#[test]
fn a_training_that_trains_nothing_is_none() {
    type Edit = fn(&mut TrainingStatement);
    let cases: [(&str, Edit); 5] = [
        ("initial_weights[1]", |s| s.spec.initial_weights[1] = 1),
        ("initial_bias", |s| s.spec.initial_bias = 1),
        ("feature_rates", |s| s.spec.feature_rates.fill(0)),
        ("rate_numerator", |s| s.spec.rate_numerator = s.spec.rate_offset - 1),
        ("rate_numerator", |s| s.spec.rate_numerator = s.spec.rate_offset + s.steps - 2),
    ];
    let witness = witness(|_| ()).unwrap();
    for (field, edit) in cases {
        let mut statement = witness.statement().clone();
        edit(&mut statement);
        match replay(&statement, witness.plan()) {
            Err(ReplayError::Spec(error)) => assert_eq!(error.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let mut least = witness.statement().clone();
    least.spec.rate_numerator = least.spec.rate_offset + least.steps - 1;
    assert!(replay(&least, witness.plan()).is_ok());
}

#[test]
fn a_network_that_leaves_its_ranges_is_named_by_layer_and_neuron() {
    let wild = network_witness(|t| {
        let most = (1 << 20) - 1;
        t.spec.rate_numerator = (t.spec.rate_offset << 20) - 1;
        t.spec.feature_rates = vec![most; 5];
        let network = t.spec.network.as_mut().unwrap();
        (network.layer_rates, network.bias_rates) = (vec![most], vec![most; 2]);
    })
    .err();
    assert!(matches!(wild, Some(TrainingWitnessError::OutOfRange { layer: 1..=2, neuron: 1..=8, .. })), "{wild:?}");
    let scorecard = CircuitId { family: CircuitFamily::TrainingV1, shape: "f8.w8.g2.b10.h0.n15".parse().unwrap() };
    let mut statement = network_witness(|_| ()).unwrap().statement().clone();
    statement.header.circuit = scorecard;
    let expected = ReplayError::Kind { statement: StatementKind::TrainingV1, circuit: scorecard };
    assert_eq!(replay(&statement, &fixture::network_training().plan), Err(expected));
}

#[track_caller]
fn check_witness(edit: impl FnOnce(&mut fixture::Training), expected: TrainingWitnessError) {
    assert_eq!(witness(edit).err(), Some(expected));
}

#[test]
fn each_row_or_choice_that_cannot_be_trained_on_is_named() {
    check_witness(|t| t.rows.clear(), ReplayError::Rows { rows: 0 }.into());
    check_witness(
        |t| t.rows[3].key = t.rows[2].key,
        TrainingWitnessError::Row {
            row: 3,
            source: RowError::Key { floor: fixture::training().rows[2].key + 1, end: u64::MAX, found: fixture::training().rows[2].key },
        },
    );
    check_witness(
        |t| t.rows[3].kind = RowKind::Scored { features: vec![1], logged: false, outcome: Outcome::Good },
        TrainingWitnessError::Row { row: 3, source: RowError::Features { expected: 5, found: 1 } },
    );
    check_witness(
        |t| {
            t.spec.feature_rates = vec![(1 << 20) - 1; 5];
            t.spec.rate_numerator = (t.spec.rate_offset << 20) - 1;
        },
        TrainingWitnessError::Diverged { minibatch: 0, input: "column 0".into() },
    );
}

#[test]
fn rows_that_are_void_or_of_unknown_outcome_do_not_move_the_model() {
    let all = witness(|_| ()).unwrap();
    let altered = witness(|t| {
        for row in &mut t.rows {
            match &mut row.kind {
                RowKind::Void(reason) => *reason = VoidReason::Unreadable,
                RowKind::Scored { outcome: Outcome::Unknown, features, .. } => features.reverse(),
                RowKind::Scored { .. } => {}
            }
        }
    })
    .unwrap();
    assert!(all.model() == altered.model());
    assert_ne!(all.statement().row_commitment, altered.statement().row_commitment);
    assert_ne!(altered.statement().row_commitment, altered.statement().outcome_commitment);
}
