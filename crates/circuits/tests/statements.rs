//! What the prover refuses to begin, and what the verifier's replay refuses to believe.

mod fixture;

use fixture::{at, circuit, model, plan, salt, witness};
use verifold_circuits::{
    AnyModel, AnyModelError, BatchRows, Model, ModelError, MonitoringWitness, NotCanonical, RowError, RowKind, RowRecord, Salt,
    WitnessError,
    native::{self, ReplayError, replay},
    neural::{Perceptron, PerceptronError},
    pinned_circuits, pinned_digest,
};
use verifold_model::{
    cohort::{BatchRole, TableError, VoidReason},
    digest::Commitment,
    plan::Plan,
    statement::MonitoringStatement,
};

const SHAPE: &str = "f8.w8.g2.b10.h1.n15";

#[track_caller]
fn check_replay(edit: impl FnOnce(&mut MonitoringStatement, &mut Plan), expected: impl FnOnce(&MonitoringStatement) -> ReplayError) {
    let witness = witness(circuit(SHAPE), 5);
    let (mut statement, mut plan) = (witness.statement().clone(), witness.plan().clone());
    assert!(replay(&statement, &plan).is_ok());
    edit(&mut statement, &mut plan);
    assert_eq!(replay(&statement, &plan), Err(expected(witness.statement())));
}

#[test]
fn each_contradiction_of_a_statement_is_named() {
    let beyond = Commitment::from_bytes([0xff; 32]);
    let source = NotCanonical { commitment: beyond };
    let other = Commitment::from_bytes([7; 32]);
    check_replay(
        |_, plan| plan.features.clear(),
        |_| {
            let mut plan = plan(circuit(SHAPE), 5);
            plan.features.clear();
            ReplayError::Plan(plan.check().unwrap_err())
        },
    );
    check_replay(
        |s, _| s.header.circuit = circuit("f16.w8.g2.b10.h1.n15"),
        |_| ReplayError::Shape { circuit: circuit("f16.w8.g2.b10.h1.n15").shape, plan: circuit(SHAPE).shape },
    );
    check_replay(
        |_, plan| plan.scoring.cutoff = 5,
        |s| {
            let mut plan = plan(circuit(SHAPE), 5);
            plan.scoring.cutoff = 5;
            ReplayError::PlanCommitment { stated: s.plan_commitment, found: native::plan_commitment(&plan) }
        },
    );
    check_replay(
        |s, _| s.model_commitment = beyond,
        |_| ReplayError::NotCanonical { place: "model commitment".into(), source: source.clone() },
    );
    check_replay(|s, _| s.batches.clear(), |_| ReplayError::NoBatches);
    check_replay(|s, _| s.batches[1].index = 2, |_| ReplayError::Index { position: 1, stated: 2 });
    check_replay(|s, _| s.batches[1].role = BatchRole::Reference, |_| ReplayError::Role { position: 1 });
    check_replay(|s, _| s.batches[1].end = at(1000), |_| ReplayError::Empty { position: 1, start: at(1000), end: at(1000) });
    check_replay(|s, _| s.batches[1].start = at(999), |_| ReplayError::Overlap { position: 1, start: at(999), previous_end: at(1000) });
    check_replay(|s, _| s.batches[1].rows = 1, |_| ReplayError::Table { position: 1, source: TableError::Rows { stated: 1, counted: 0 } });
    check_replay(
        |s, _| s.batches[2].row_commitment = beyond,
        |_| ReplayError::NotCanonical { place: "batch 2".into(), source: source.clone() },
    );
    check_replay(
        |s, _| s.batches[2].table_salt = beyond,
        |_| ReplayError::NotCanonical { place: "batch 2".into(), source: source.clone() },
    );
    check_replay(|s, _| s.steps += 1, |s| ReplayError::Steps { stated: s.steps + 1, computed: s.steps });
    check_replay(|s, _| s.chain_head = other, |s| ReplayError::ChainHead { stated: other, computed: s.chain_head });
}

#[test]
fn every_stated_value_of_a_batch_moves_the_chain() {
    let other = Commitment::from_bytes([7; 32]);
    let edits: [fn(&mut MonitoringStatement, Commitment); 9] = [
        |s, c| s.batches[0].row_commitment = c,
        |s, c| s.batches[2].outcome_commitment = c,
        |s, c| s.batches[1].table_salt = c,
        |s, _| s.batches[0].role = BatchRole::Monitoring,
        |s, _| s.batches[1].end = at(2001),
        |s, _| s.batches[2].start = at(2999),
        |s, _| s.header.subject.model.push('x'),
        |s, _| {
            let cells = s.batches[0].table.counts.iter_mut().flatten();
            let cell = cells.into_iter().find(|cell| cell[1] > 0).unwrap();
            (cell[1], cell[2]) = (cell[1] - 1, cell[2] + 1);
        },
        |s, _| {
            let moved = s.batches[2].table.histograms[0].iter().position(|n| *n > 0).unwrap();
            s.batches[2].table.histograms[0][moved] -= 1;
            s.batches[2].table.histograms[0][9 - moved] += 1;
        },
    ];
    for (i, edit) in edits.into_iter().enumerate() {
        let witness = witness(circuit(SHAPE), 5);
        let mut statement = witness.statement().clone();
        edit(&mut statement, other);
        assert_ne!(&statement, witness.statement(), "edit {i} changes nothing");
        let found = replay(&statement, witness.plan());
        assert!(matches!(found, Err(ReplayError::ChainHead { .. })), "edit {i}: {found:?}");
    }
}

#[test]
fn segments_join_to_the_whole() {
    let witness = witness(circuit(SHAPE), 5);
    let statement = witness.statement();
    let whole = replay(statement, witness.plan()).unwrap();
    for cuts in [vec![0, 3], vec![0, 1, 3], vec![0, 2, 3], vec![0, 1, 2, 3]] {
        let segments: Vec<_> = cuts.windows(2).map(|cut| whole.segment(statement, cut[0]..cut[1]).unwrap()).collect();
        assert_eq!(segments[0].z0, whole.transition().z0);
        assert_eq!(segments[segments.len() - 1].zn, whole.transition().zn);
        assert_eq!(segments.iter().map(|segment| segment.steps).sum::<u64>(), whole.steps);
        assert!(segments.windows(2).all(|pair| pair[0].zn == pair[1].z0));
    }
    for (start, end) in [(0, 0), (1, 1), (2, 4), (3, 4), (2, 1)] {
        assert_eq!(whole.segment(statement, start..end), None, "{start}..{end}");
        assert!(witness.segment(start..end).unwrap().is_none(), "{start}..{end}");
    }
}

fn row(key: u64, features: Vec<u32>) -> RowRecord {
    RowRecord { key, group: 0, kind: RowKind::Scored { features, logged: false, outcome: verifold_model::cohort::Outcome::Unknown } }
}

#[track_caller]
fn check_witness(edit: impl FnOnce(&mut Model, &mut Vec<BatchRows>), expected: WitnessError) {
    let plan = plan(circuit(SHAPE), 2);
    let batch = |role, start| BatchRows {
        role,
        start: at(start),
        end: at(start + 10),
        rows: vec![row(at(start).first_key(), vec![1, 2])],
        row_salt: salt(1),
        outcome_salt: salt(2),
        table_salt: salt(3),
    };
    let mut batches = vec![batch(BatchRole::Reference, 0), batch(BatchRole::Monitoring, 10)];
    let mut model = model(2);
    let header = witness(circuit(SHAPE), 2).statement().header.clone();
    assert!(MonitoringWitness::new(header.clone(), plan.clone(), model.clone(), salt(9), batches.clone()).is_ok());
    edit(&mut model, &mut batches);
    assert_eq!(MonitoringWitness::new(header, plan, model, salt(9), batches).err(), Some(expected));
}

#[test]
fn each_row_batch_or_model_that_does_not_fit_is_named() {
    let in_row = |source| WitnessError::Row { batch: 1, row: 0, source };
    let start = at(10).first_key();
    let end = at(20).first_key();
    let in_model = |source| WitnessError::Model(AnyModelError::Scorecard(source));
    check_witness(|m, _| m.weights.push(1), in_model(ModelError::Weights { expected: 2, found: 3 }));
    check_witness(|m, _| m.weights[1] = 1 << 15, in_model(ModelError::WeightRange { index: 1 }));
    check_witness(|m, _| m.bias = 1 << 40, in_model(ModelError::BiasRange { bits: 27 }));
    check_witness(|_, b| b.clear(), WitnessError::NoBatches);
    check_witness(|_, b| b[1].role = BatchRole::Reference, WitnessError::Role { batch: 1 });
    check_witness(|_, b| b[1].start = at(9), WitnessError::Span { batch: 1, start: at(9), end: at(20), floor: at(10) });
    check_witness(|_, b| b[1].rows = vec![row(start, vec![1])], in_row(RowError::Features { expected: 2, found: 1 }));
    check_witness(|_, b| b[1].rows = vec![row(start, vec![1, 256])], in_row(RowError::FeatureRange { index: 1, max: 255, found: 256 }));
    check_witness(|_, b| b[1].rows[0].group = 2, in_row(RowError::Group { names: 2, found: 2 }));
    check_witness(|_, b| b[1].rows[0].key = end, in_row(RowError::Key { floor: start, end, found: end }));
    check_witness(|_, b| b[1].rows[0].key = start - 1, in_row(RowError::Key { floor: start, end, found: start - 1 }));
    let twice = WitnessError::Row { batch: 1, row: 1, source: RowError::Key { floor: start + 1, end, found: start } };
    check_witness(|_, b| b[1].rows.push(RowRecord { key: start, group: 1, kind: RowKind::Void(VoidReason::Unreadable) }), twice);
    let header = witness(circuit(SHAPE), 2).statement().header.clone();
    let other = plan(circuit("f16.w8.g2.b10.h1.n15"), 2);
    let shapes = WitnessError::Shape { header: circuit(SHAPE).shape, plan: other.shape };
    assert_eq!(MonitoringWitness::new(header.clone(), other, model(2), salt(9), vec![]).err(), Some(shapes));
    let large = circuit("f64.w16.g8.b20.h8.n15");
    let no_room =
        MonitoringWitness::new(verifold_model::statement::Header { circuit: large, ..header }, plan(large, 8), model(8), salt(9), vec![]);
    assert_eq!(no_room.err(), Some(WitnessError::NoRoom(large.shape)));
}

#[test]
fn salts_differ_and_are_canonical() {
    let (one, other) = (Salt::random().unwrap(), Salt::random().unwrap());
    assert!(one != other);
    assert!(Salt::from_bytes(*one.as_bytes()).unwrap() == one);
    assert!(Salt::from_bytes([0xff; 32]).is_err());
    assert_eq!(format!("{one:?}"), "Salt(…)");
}

#[test]
fn every_pinned_line_names_a_circuit_and_a_digest() {
    let circuits: Vec<_> = pinned_circuits().collect();
    assert_eq!(circuits.len(), 14);
    assert!(circuits.iter().all(|circuit| pinned_digest(*circuit).is_some()));
    assert_eq!(pinned_digest(circuit("f64.w16.g8.b20.h8.n18")), None);
}

#[track_caller]
fn check_network(edit: impl FnOnce(&mut Perceptron), expected: PerceptronError) {
    let circuit = circuit("f8.w8.g2.b10.h1.n15.l8");
    let plan = plan(circuit, 5);
    let mut network = fixture::network(5);
    network.check(&plan).unwrap();
    edit(&mut network);
    assert_eq!(network.check(&plan), Err(expected));
}

#[test]
fn each_number_of_a_network_that_does_not_fit_is_named() {
    let shape = circuit("f8.w8.g2.b10.h1.n15.l8").shape;
    check_network(|n| n.feature_bits = 12, PerceptronError::FeatureBits { shape, found: 12 });
    check_network(|n| n.layers.truncate(1), PerceptronError::Layers { shape, expected: 2, found: 1 });
    check_network(
        |n| {
            n.layers[0].weights.resize(9, vec![0; 5]);
            n.layers[0].biases.resize(9, 0);
        },
        PerceptronError::Neurons { layer: 1, room: 8, found: 9 },
    );
    check_network(|n| n.layers[1].biases.push(0), PerceptronError::Neurons { layer: 2, room: 1, found: 2 });
    check_network(|n| n.layers[0].weights[3].push(1), PerceptronError::Weights { layer: 1, neuron: 4, expected: 5, found: 6 });
    check_network(|n| n.layers[1].weights[0].truncate(5), PerceptronError::Weights { layer: 2, neuron: 1, expected: 6, found: 5 });
    check_network(|n| n.layers[0].weights[1][2] = 1 << 15, PerceptronError::WeightRange { layer: 1, neuron: 2, index: 3 });
    check_network(|n| n.layers[0].biases[5] = 1 << 23, PerceptronError::BiasRange { layer: 1, neuron: 6, bits: 24 });
    check_network(|n| n.layers[1].biases[0] = -(1 << 34) - 1, PerceptronError::BiasRange { layer: 2, neuron: 1, bits: 35 });
    check_network(|n| n.layers[0].weights[2] = vec![(1 << 15) - 1; 5], PerceptronError::Reach { layer: 1, neuron: 3, bits: 24 });
    check_network(|n| n.layers[0].weights[2] = vec![-(1 << 15); 5], PerceptronError::Reach { layer: 1, neuron: 3, bits: 24 });
}

#[test]
fn a_model_of_another_kind_than_the_plans_is_refused() {
    for (shape, model, kind) in [
        ("f8.w8.g2.b10.h1.n15", fixture::network(5).into(), "logistic regression"),
        ("f8.w8.g2.b10.h1.n15.l8", AnyModel::from(model(5)), "multilayer perceptron"),
    ] {
        let found = model.check(&plan(circuit(shape), 5));
        assert_eq!(found, Err(AnyModelError::Kind(kind)));
    }
    let mut other = plan(circuit("f8.w8.g2.b10.h1.n15.l8"), 5);
    other.scoring.kind = verifold_model::plan::ModelKind::LogisticRegression;
    assert_eq!(other.check().unwrap_err().field, "scoring.kind");
}
