//! Every commitment and the chain, computed a second time on `pasta_curves` and `neptune`.
//!
//! No code of the crate is used for the expected values: layouts, tags and patterns are written out
//! again from the written specification, on another field implementation and another Poseidon.

mod fixture;

use std::sync::OnceLock;

use ff::{Field, PrimeField};
use generic_array::typenum::{U4, U8, U24};
use neptune::{
    Strength,
    poseidon::PoseidonConstants,
    sponge::{
        api::{IOPattern, SpongeAPI, SpongeOp},
        vanilla::{Mode::Simplex, Sponge, SpongeTrait},
    },
};
use pasta_curves::Fq;
use verifold_circuits::{OutcomeStream, RowKind, RowRecord, RowStream, native};
use verifold_model::{
    cohort::BatchStatement,
    digest::{Commitment, Digest},
    statement::MonitoringStatement,
};

macro_rules! sponge {
    ($name:ident, $arity:ty) => {
        fn $name(tag: u32, inputs: &[Fq]) -> Fq {
            static CONSTANTS: OnceLock<PoseidonConstants<Fq, $arity>> = OnceLock::new();
            let constants = CONSTANTS.get_or_init(|| Sponge::<Fq, $arity>::api_constants(Strength::Standard));
            let mut sponge = Sponge::new_with_constants(constants, Simplex);
            let length = inputs.len() as u32;
            sponge.start(IOPattern(vec![SpongeOp::Absorb(length), SpongeOp::Squeeze(1)]), Some(tag), &mut ());
            SpongeAPI::absorb(&mut sponge, length, inputs, &mut ());
            SpongeAPI::squeeze(&mut sponge, 1, &mut ())[0]
        }
    };
}

sponge!(narrow, U4);
sponge!(middle, U8);
sponge!(wide, U24);

fn read(bytes: &[u8; 32]) -> Fq {
    let mut little = *bytes;
    little.reverse();
    Fq::from_repr(little).unwrap()
}

fn printed(element: Fq) -> Commitment {
    let mut bytes = element.to_repr();
    bytes.reverse();
    Commitment::from_bytes(bytes)
}

fn digest_element(bytes: &[u8; 32]) -> Fq {
    let mut low = *bytes;
    low[0] &= 3;
    read(&low)
}

fn integer(value: i64) -> Fq {
    if value < 0 { -Fq::from(value.unsigned_abs()) } else { Fq::from(value.unsigned_abs()) }
}

/// `Σ value · 2^shift`.
fn packed(parts: impl IntoIterator<Item = (u64, u64)>) -> Fq {
    parts.into_iter().map(|(value, shift)| Fq::from(value) * Fq::from(2).pow([shift])).sum()
}

fn salt(index: u64) -> Fq {
    read(fixture::salt(index).as_bytes())
}

/// A row as committed, in one element or two.
fn row_elements(row: &RowRecord, in_first: usize, elements: usize) -> Vec<Fq> {
    let mut first = vec![(row.key, 0), (u64::from(row.group), 64)];
    let mut second = vec![];
    match &row.kind {
        RowKind::Scored { features, logged, .. } => {
            first.extend([(u64::from(*logged), 67), (1, 68)]);
            for (f, x) in features.iter().enumerate() {
                if f < in_first {
                    first.push((u64::from(*x), 71 + 8 * f as u64));
                } else {
                    second.push((u64::from(*x), 8 * (f - in_first) as u64));
                }
            }
        }
        RowKind::Void(reason) => first.push((2 + *reason as u64, 68)),
    }
    [first, second].into_iter().take(elements).map(packed).collect()
}

/// `row-stream/v1` for one element a row (`second` empty) or two.
fn row_stream(schema: Fq, salt: Fq, rows: &[RowRecord], in_first: usize, elements: usize) -> Fq {
    let each = if elements == 1 { 21 } else { 10 };
    let mut accumulator = narrow(0x5646_0011, &[schema, salt]);
    for block in rows.chunks(each) {
        let mut inputs = vec![accumulator];
        inputs.extend(block.iter().flat_map(|row| row_elements(row, in_first, elements)));
        inputs.resize(1 + each * elements, Fq::ZERO);
        accumulator = wide(0x5646_0012, &inputs);
    }
    narrow(0x5646_0013, &[accumulator, Fq::from(rows.len() as u64)])
}

/// `outcome-stream/v1`: blocks of 21 rows, or 20 where a row has two elements.
fn outcome_stream(schema: Fq, salt: Fq, rows: &[RowRecord], elements: usize) -> Fq {
    let each = if elements == 1 { 21 } else { 20 };
    let mut accumulator = narrow(0x5646_0021, &[schema, salt]);
    for block in rows.chunks(each) {
        let mut inputs = vec![accumulator];
        for three in block.chunks(3) {
            let code = |row: &RowRecord| if let RowKind::Scored { outcome, .. } = row.kind { outcome as u64 } else { 0 };
            inputs.push(packed(three.iter().enumerate().flat_map(|(i, row)| [(row.key, 66 * i as u64), (code(row), 66 * i as u64 + 64)])));
        }
        inputs.resize(8, Fq::ZERO);
        accumulator = middle(0x5646_0022, &inputs);
    }
    narrow(0x5646_0023, &[accumulator, Fq::from(rows.len() as u64)])
}

/// The table commitment of a batch, from its stated counts.
fn table(batch: &BatchStatement) -> Fq {
    let mut inputs = vec![read(batch.table_salt.as_bytes())];
    for (bin, groups) in batch.table.counts.iter().enumerate() {
        for (group, cell) in groups.iter().enumerate() {
            let mut counts = cell.to_vec();
            if bin == 0 {
                counts.extend(batch.table.void[group]);
            }
            inputs.push(packed(counts.iter().enumerate().map(|(i, n)| (u64::from(*n), 24 * i as u64))));
        }
    }
    for histogram in &batch.table.histograms {
        for ten in histogram.chunks(10) {
            inputs.push(packed(ten.iter().enumerate().map(|(i, n)| (u64::from(*n), 24 * i as u64))));
        }
    }
    middle(0x5646_0031, &inputs)
}

/// A score from the definition of a model.
fn score(circuit: verifold_model::shape::CircuitId, features: usize, x: &[u32]) -> i64 {
    let sum = |bias: i64, weights: &[i64], x: &[i64]| bias + x.iter().zip(weights).map(|(x, w)| x * w).sum::<i64>();
    let x: Vec<i64> = x.iter().map(|x| i64::from(*x)).collect();
    if circuit.shape.hidden().is_empty() {
        let model = fixture::model(features);
        return sum(model.bias, &model.weights, &x);
    }
    let network = fixture::network(features);
    let [hidden, last] = &network.layers[..] else { panic!("one hidden layer") };
    let handed_on: Vec<i64> =
        hidden.weights.iter().zip(&hidden.biases).map(|(weights, bias)| sum(*bias, weights, &x).max(0).div_euclid(256)).collect();
    assert!(handed_on.iter().any(|y| *y > 0));
    sum(last.biases[0], &last.weights[0], &handed_on)
}

/// The commitment to the network under a shape of eight features of eight bits and eight neurons.
fn network_commitment(features: usize) -> Fq {
    let network = fixture::network(features);
    let at = |layer: usize, neuron: usize, value: usize| {
        network.layers[layer].weights.get(neuron).and_then(|w| w.get(value)).copied().unwrap_or(0)
    };
    let mut weights: Vec<i64> = (0..64).map(|i| at(0, i / 8, i % 8)).collect();
    weights.extend((0..8).map(|value| at(1, 0, value)));
    let mut biases = network.layers[0].biases.clone();
    biases.resize(8, 0);
    biases.push(network.layers[1].biases[0]);
    let mut inputs = vec![packed([(8, 0), (8, 8), (8, 16)])];
    inputs.extend(weights.chunks(15).map(|words| packed((0..).zip(words).map(|(i, w)| ((w + 32_768) as u64, 16 * i)))));
    inputs.extend(biases.chunks(6).map(|words| packed((0..).zip(words).map(|(i, b)| ((b + (1 << 39)) as u64, 40 * i)))));
    inputs.push(salt(99));
    wide(0x5646_0003, &inputs)
}

/// Counts of a batch, row by row from the definition of a bin.
fn counted(circuit: verifold_model::shape::CircuitId, features: usize, rows: &[RowRecord]) -> verifold_model::cohort::BatchTable {
    let plan = fixture::plan(circuit, features);
    let mut table = verifold_model::cohort::BatchTable::empty(&plan);
    for row in rows {
        let group = usize::from(row.group);
        match &row.kind {
            RowKind::Void(reason) => table.void[group][*reason as usize] += 1,
            RowKind::Scored { features: x, logged, outcome } => {
                let score = score(circuit, features, x);
                let bin = (0..plan.shape.bins())
                    .find(|&j| {
                        (j == 0 || plan.scoring.edges[j - 1] <= score) && (j == plan.scoring.edges.len() || score < plan.scoring.edges[j])
                    })
                    .unwrap();
                table.counts[bin][group][*outcome as usize * 2 + usize::from(*logged)] += 1;
                for (h, histogram) in plan.histograms.iter().enumerate() {
                    let bin = histogram.edges.iter().filter(|edge| **edge <= x[h]).count();
                    table.histograms[h][bin] += 1;
                }
            }
        }
    }
    table
}

fn check(shape: &str, features: usize, in_first: usize, elements: usize) {
    let circuit = fixture::circuit(shape);
    let witness = fixture::witness(circuit, features);
    let MonitoringStatement { header, plan_commitment, model_commitment, chain_head, batches, .. } = witness.statement();
    let plan = witness.plan();
    let schema = digest_element(plan.row_schema_digest().as_bytes());

    let mut inputs = vec![digest_element(plan.digest().as_bytes()), schema, Fq::from((1u64 << features) - 1)];
    inputs.extend(plan.scoring.edges.iter().map(|edge| integer(*edge)));
    inputs.extend(plan.histograms.iter().flat_map(|h| &h.edges).map(|edge| Fq::from(u64::from(*edge))));
    assert_eq!(printed(wide(0x5646_0001, &inputs)), *plan_commitment);

    let model = fixture::model(features);
    let mut inputs: Vec<Fq> = model.weights.iter().map(|w| integer(*w)).collect();
    inputs.resize(plan.shape.features(), Fq::ZERO);
    inputs.extend([integer(model.bias), salt(99)]);
    let scorecard = wide(0x5646_0002, &inputs);
    let expected = if plan.shape.hidden().is_empty() { scorecard } else { network_commitment(features) };
    assert_eq!(printed(expected), *model_commitment);

    let header = digest_element(header.digest().as_bytes());
    let mut chain = header;
    for (i, (batch, rows)) in batches.iter().zip(fixture::plain_rows(features)).enumerate() {
        assert_eq!(batch.table, counted(circuit, features, &rows));
        let bins = batch.table.counts.iter().filter(|groups| groups.iter().flatten().any(|n| *n > 0)).count();
        let least = if plan.shape.hidden().is_empty() { 5 } else { 3 };
        assert!(rows.is_empty() || bins >= least, "the rows say little: {bins} bins");
        let row_commitment = row_stream(schema, salt(10 * i as u64 + 1), &rows, in_first, elements);
        let outcome_commitment = outcome_stream(schema, salt(10 * i as u64 + 2), &rows, elements);
        assert_eq!(printed(row_commitment), batch.row_commitment);
        assert_eq!(printed(outcome_commitment), batch.outcome_commitment);
        let start = batch.start.unix_secs() << 24;
        let end = batch.end.unix_secs() << 24;
        let role = if i == 0 { 1 } else { 2 };
        let numbers = [i as u64, role, start, end].map(Fq::from);
        chain = middle(0x5646_0033, &[&[chain], &numbers[..], &[row_commitment, outcome_commitment, table(batch)]].concat());
    }
    assert_eq!(printed(chain), *chain_head);

    let replay = native::replay(witness.statement(), plan).unwrap();
    assert_eq!(replay.z0, witness.initial_state());
    assert_eq!((replay.z0.header, replay.z0.chain), (printed(header), printed(header)));
    assert_eq!(replay.zn.chain, *chain_head);
}

#[test]
fn one_element_a_row() {
    check("f8.w8.g2.b10.h1.n15", 5, 22, 1);
}

#[test]
fn rows_scored_by_a_network() {
    check("f8.w8.g2.b10.h1.n15.l8", 5, 22, 1);
}

#[test]
fn two_elements_a_row_and_histograms_of_two_words() {
    check("f32.w8.g4.b20.h4.n17", 30, 22, 2);
}

/// Leaves, tree and chain of a receipts statement, from the written specification.
fn check_receipts(shape: &str, features: usize, in_first: usize, elements: usize, rows_per_step: usize) {
    let (circuit, witness, batches) = (fixture::circuit(shape), fixture::receipts(shape, features), fixture::receipt_rows(features));
    let seed = fixture::salt(7);
    let chunk = if elements == 1 { 21 } else { 20 };
    let mut chain = digest_element(witness.statement().header.digest().as_bytes());
    for (stated, batch) in witness.statement().batches.iter().zip(&batches) {
        let leaf = |position: usize, row: &RowRecord| {
            let (batch, position) = (batch.index.to_be_bytes(), (position as u32).to_be_bytes());
            let salted = [b"verifold receipt salt v1", &seed.as_bytes()[..], &batch, &position].concat();
            let mut inputs = vec![digest_element(Digest::of(&salted).as_bytes())];
            inputs.extend(row_elements(row, in_first, elements));
            inputs.push(match &row.kind {
                RowKind::Scored { features: x, .. } => integer(score(circuit, features, x)),
                RowKind::Void(_) => Fq::ZERO,
            });
            narrow(0x5646_0061, &inputs)
        };
        let mut leaves: Vec<Fq> = batch.rows.iter().enumerate().map(|(position, row)| leaf(position, row)).collect();
        leaves.resize(leaves.len().div_ceil(rows_per_step).max(1) * rows_per_step, Fq::ZERO);
        let nodes = |leaves: &[Fq]| leaves.chunks(chunk).map(|leaves| wide(0x5646_0062, leaves)).collect::<Vec<_>>();
        let mut level: Vec<Fq> = leaves.chunks(rows_per_step).map(|leaves| wide(0x5646_0063, &nodes(leaves))).collect();
        assert_eq!(level.iter().copied().map(printed).collect::<Vec<_>>(), stated.step_roots);
        for (i, root) in level.iter().enumerate() {
            let closing = i + 1 == level.len();
            let closed = if closing { [read(stated.row_commitment.as_bytes()), Fq::from(u64::from(stated.rows))] } else { [Fq::ZERO; 2] };
            chain = narrow(0x5646_0065, &[chain, *root, closed[0], closed[1]]);
        }
        while level.len() > 1 {
            let mut padded = level.clone();
            padded.resize(level.len().div_ceil(8) * 8, Fq::ZERO);
            level = padded.chunks(8).map(|eight| middle(0x5646_0064, eight)).collect();
        }
        assert_eq!(printed(level[0]), stated.root);
    }
    assert_eq!(printed(chain), witness.statement().chain_head);
}

#[test]
fn receipts_of_one_element_a_row() {
    check_receipts("f8.w8.g2.b10.h1.n15", 5, 22, 1, 21);
}

#[test]
fn receipts_of_rows_scored_by_a_network() {
    check_receipts("f8.w8.g2.b10.h1.n15.l8", 5, 22, 1, 21);
}

#[test]
fn receipts_of_two_elements_a_row_and_several_nodes_a_step() {
    check_receipts("f32.w8.g4.b20.h4.n17", 30, 22, 2, 140);
}

/// Both streams, counts and chain of an outcome-revision statement, from the written specification.
fn check_revision(shape: &str, features: usize, elements: usize) {
    let witness = fixture::revision(shape, features);
    let statement = witness.statement();
    let schema = digest_element(witness.plan().row_schema_digest().as_bytes());
    let mut chain = digest_element(statement.header.digest().as_bytes());
    for (stated, rows) in statement.batches.iter().zip(fixture::plain_rows(features)) {
        let salts = [2, 4].map(|n| salt(10 * u64::from(stated.index) + n));
        let mut later = rows.clone();
        let mut counts = [[0u64; 3]; 3];
        for (position, row) in later.iter_mut().enumerate() {
            let found = fixture::later(position, row);
            match &mut row.kind {
                RowKind::Scored { outcome, .. } => {
                    counts[*outcome as usize][found as usize] += 1;
                    *outcome = found;
                }
                RowKind::Void(_) => counts[0][0] += 1,
            }
        }
        let streams = [outcome_stream(schema, salts[0], &rows, elements), outcome_stream(schema, salts[1], &later, elements)];
        assert_eq!(streams.map(printed), [stated.earlier, stated.later]);
        assert_eq!(counts.map(|line| line.map(|n| n as u32)), stated.counts.0);
        let word = packed(counts.iter().flatten().enumerate().map(|(i, n)| (*n, 24 * i as u64)));
        chain = narrow(0x5646_0081, &[chain, streams[0], streams[1], word]);
    }
    assert_eq!(printed(chain), statement.chain_head);
}

#[test]
fn changes_of_outcomes_in_blocks_of_21_rows() {
    check_revision("f8.w8.g2.b10.h1.n15", 5, 1);
}

#[test]
fn changes_of_outcomes_in_blocks_of_20_rows() {
    check_revision("f32.w8.g4.b20.h4.n17", 30, 2);
}

#[test]
fn a_training_commits_to_its_rule_data_and_model() {
    let rows = fixture::training().rows;
    let witness = fixture::training().witness().unwrap();
    let (statement, plan) = (witness.statement(), witness.plan());
    let spec = &statement.spec;
    let features = plan.shape.features();
    let schema = digest_element(plan.row_schema_digest().as_bytes());

    let mut rule = vec![digest_element(spec.digest().as_bytes()), schema, Fq::ONE, Fq::from(1 << 18)];
    rule.extend([spec.rate_numerator, spec.rate_offset, spec.decay].map(Fq::from));
    let filled = |list: Vec<Fq>| list.into_iter().chain(std::iter::repeat(Fq::ZERO)).take(features).collect::<Vec<_>>();
    rule.extend(filled(spec.centres.iter().map(|c| Fq::from(u64::from(*c))).collect()));
    rule.extend(filled(spec.initial_weights.iter().map(|w| integer(*w)).collect()));
    rule.push(integer(spec.initial_bias));
    rule.extend(filled(spec.feature_rates.iter().map(|r| Fq::from(u64::from(*r))).collect()));
    rule.push(Fq::from(u64::from(spec.bias_rate)));

    let row_commitment = row_stream(schema, salt(7), &rows, 22, 1);
    let outcome_commitment = outcome_stream(schema, salt(8), &rows, 1);
    assert_eq!(printed(row_commitment), statement.row_commitment);
    assert_eq!(printed(outcome_commitment), statement.outcome_commitment);
    let scorecard = witness.model().scorecard().unwrap();
    let mut model = filled(scorecard.weights.iter().map(|w| integer(*w)).collect());
    model.extend([integer(scorecard.bias), salt(9)]);
    assert_eq!(printed(wide(0x5646_0002, &model)), statement.model_commitment);

    let z0 = [
        digest_element(statement.header.digest().as_bytes()),
        wide(0x5646_0071, &rule),
        wide(0x5646_0002, &model),
        narrow(0x5646_0072, &[row_commitment, outcome_commitment]),
    ];
    let transition = verifold_circuits::training::replay(statement, plan).unwrap();
    assert_eq!(transition.z0.0[..4], z0.map(printed));
    let counts = [u64::from(spec.epochs), statement.steps, 0];
    assert_eq!(transition.zn.0[4..], counts.map(|n| printed(Fq::from(n))));
}

#[test]
fn a_prefix_that_ends_with_a_block_is_a_commitment_of_its_own() {
    let shape = fixture::circuit("f8.w8.g2.b10.h1.n15").shape;
    let [rows, ..] = fixture::plain_rows(5);
    let plan = fixture::plan(fixture::circuit("f8.w8.g2.b10.h1.n15"), 5);
    let schema = digest_element(plan.row_schema_digest().as_bytes());
    let mut stream = RowStream::new(shape, plan.row_schema_digest(), &fixture::salt(1));
    let mut outcomes = OutcomeStream::new(shape, plan.row_schema_digest(), &fixture::salt(2));
    for (n, row) in rows.iter().enumerate() {
        if n % 21 == 0 {
            assert_eq!(stream.commitment(), printed(row_stream(schema, salt(1), &rows[..n], 22, 1)));
            assert_eq!(outcomes.commitment(), printed(outcome_stream(schema, salt(2), &rows[..n], 1)));
        }
        stream.push(row);
        outcomes.push(row);
    }
}
