//! Everything that needs keys or a proof: one derivation and one proving run on the smallest shape of each family.

mod fixture;

use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use verifold_circuits::{
    CircuitFacts, Keys, ProofError, Prover, PublicState, Transition, claimed_final_state, constraint_count,
    native::{Replay, State, replay},
    pinned_digest, receipts, revision,
    training::{self, TrainingWitness},
    verify_proof,
};
use verifold_model::{
    digest::{Commitment, Digest},
    training::TrainingStatement,
};

/// The smallest circuit of the menu that holds a histogram.
const SMALLEST: &str = "f8.w8.g2.b10.h1.n15";

/// The smallest one with a hidden layer.
const NETWORK: &str = "f8.w8.g2.b10.h1.n15.l8";

struct Run {
    keys: Keys,
    replay: Replay,
    proof: Vec<u8>,
    receipts: Receipts,
}

/// The same rows once more, with receipts.
struct Receipts {
    keys: Keys,
    transition: Transition,
    proof: Vec<u8>,
}

impl Receipts {
    fn new(shape: &str) -> Self {
        let witness = fixture::receipts(shape, 5);
        let keys = Keys::derive_unpinned(witness.statement().header.circuit).unwrap();
        let transition = receipts::replay(witness.statement(), witness.plan()).unwrap();
        let mut prover = Prover::new(&keys, transition.z0).unwrap();
        for step in witness.steps() {
            prover.fold(step).unwrap();
        }
        Self { transition, proof: prover.compress().unwrap(), keys }
    }
}

impl Run {
    fn new() -> Self {
        let circuit = fixture::circuit(SMALLEST);
        let keys = Keys::derive_unpinned(circuit).unwrap();
        let witness = fixture::witness(circuit, 5);
        let mut prover = Prover::new(&keys, witness.initial_state()).unwrap();
        for step in witness.steps() {
            prover.fold(step).unwrap();
        }
        let proof = prover.compress().unwrap();
        let replay = replay(witness.statement(), witness.plan()).unwrap();
        Self { keys, replay, proof, receipts: Receipts::new(SMALLEST) }
    }

    fn verify(&self, bytes: &[u8]) -> Result<PublicState, ProofError> {
        verify_proof(self.keys.verifier(), self.replay.z0, self.replay.steps, bytes)
    }

    fn changed(&self, change: impl FnOnce(&mut Vec<u8>)) -> Result<PublicState, ProofError> {
        let mut bytes = self.proof.clone();
        change(&mut bytes);
        assert_ne!(bytes, self.proof, "the mutation changes nothing");
        self.verify(&bytes)
    }

    /// Offsets and values of vector lengths: what looks like a small number in eight bytes and is held to it.
    fn prefixes(&self) -> Vec<(usize, u64)> {
        let word = |o: usize| u64::from_le_bytes(self.proof[o..o + 8].try_into().unwrap());
        let small = (0..self.proof.len() - 8).map(|o| (o, word(o))).filter(|(_, n)| (1..=20).contains(n));
        small.filter(|(o, _)| matches!(self.changed(|b| b[*o] += 1), Err(ProofError::Structure { .. }))).collect()
    }
}

fn expect(condition: bool, message: impl Into<String>) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(Failed::from(message.into())) }
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Failed> {
    expect(found == expected, format!("found {found:?}\nexpected {expected:?}"))
}

fn the_proof_leads_where_the_replay_says(run: &Run) -> Result<(), Failed> {
    same(run.verify(&run.proof), Ok(run.replay.zn.into()))?;
    same(run.replay.steps, 2 + 1 + 3)?;
    same(run.proof.len(), run.keys.verifier().proof_bytes())
}

fn the_derived_key_is_the_pinned_one(run: &Run) -> Result<(), Failed> {
    same(Some(run.keys.digest()), pinned_digest(fixture::circuit(SMALLEST)))
}

fn the_formula_counts_what_nova_synthesises(run: &Run) -> Result<(), Failed> {
    let shape = fixture::circuit(SMALLEST).shape;
    same(Some(run.keys.constraints().0), constraint_count(fixture::circuit(SMALLEST)))?;
    expect(run.keys.variables().0 <= 1 << shape.size_log2(), "variables exceed the size")
}

fn a_receipts_proof_leads_where_its_replay_says(run: &Run) -> Result<(), Failed> {
    leads_where_its_replay_says(&run.receipts, 3 + 1 + 5)
}

fn leads_where_its_replay_says(Receipts { keys, transition, proof }: &Receipts, steps: u64) -> Result<(), Failed> {
    same(verify_proof(keys.verifier(), transition.z0, transition.steps, proof), Ok(transition.zn))?;
    same(transition.steps, steps)?;
    let circuit = keys.verifier().circuit();
    same(Some(keys.digest()), pinned_digest(circuit))?;
    same(Some(keys.constraints().0), CircuitFacts::of(circuit).map(|facts| facts.constraints_per_step))?;
    expect(keys.variables().0 <= 1 << circuit.shape.size_log2(), "variables exceed the size")
}

fn a_proof_of_one_family_is_none_of_another(run: &Run) -> Result<(), Failed> {
    let Receipts { keys, transition, proof } = &run.receipts;
    for (key, z0, steps, proof) in [
        (run.keys.verifier(), transition.z0, transition.steps, proof),
        (keys.verifier(), run.replay.z0.into(), run.replay.steps, &run.proof),
    ] {
        let found = verify_proof(key, z0, steps, proof);
        expect(found.is_err(), format!("{found:?}"))?;
    }
    Ok(())
}

fn another_initial_state_or_step_count_is_rejected(run: &Run) -> Result<(), Failed> {
    let Replay { z0, steps, .. } = run.replay;
    let other = Commitment::from_bytes([1; 32]);
    let states = [
        State { header: other, ..z0 },
        State { plan: other, ..z0 },
        State { model: other, ..z0 },
        State { chain: other, ..z0 },
        State { index: 1, ..z0 },
        State { key_floor: 1, ..z0 },
        State { open: other, ..z0 },
    ];
    for state in states {
        let found = verify_proof(run.keys.verifier(), state, steps, &run.proof);
        expect(matches!(found, Err(ProofError::Rejected { .. })), format!("{state:?}: {found:?}"))?;
    }
    for steps in [0, steps - 1, steps + 1, u64::MAX] {
        let found = verify_proof(run.keys.verifier(), z0, steps, &run.proof);
        expect(matches!(found, Err(ProofError::Rejected { .. })), format!("{steps}: {found:?}"))?;
    }
    let beyond = State { plan: Commitment::from_bytes([0xff; 32]), ..z0 };
    let found = verify_proof(run.keys.verifier(), beyond, steps, &run.proof);
    expect(matches!(found, Err(ProofError::InitialState(_))), format!("{found:?}"))
}

/// Each segment is proven without the other; between them they lead where the whole proof leads, and only in their places.
fn segments_join_at_the_end_of_a_batch(run: &Run) -> Result<(), Failed> {
    let circuit = fixture::circuit(SMALLEST);
    let witness = fixture::witness(circuit, 5);
    let key = run.keys.verifier();
    let mut proven = Vec::new();
    for batches in [0..2, 2..3] {
        let (transition, steps) = witness.segment(batches)?.ok_or("no such batches")?;
        let mut prover = Prover::new(&run.keys, transition.z0)?;
        for step in steps {
            prover.fold(step)?;
        }
        same(prover.folded(), transition.steps)?;
        proven.push((transition, prover.compress()?));
    }
    let [(first, one), (second, two)] = proven.as_slice() else { return Err("two segments".into()) };
    same((first.z0, second.zn, first.steps + second.steps), (run.replay.z0.into(), run.replay.zn.into(), run.replay.steps))?;
    same(verify_proof(key, first.z0, first.steps, one), Ok(first.zn))?;
    // The second begins where the first was verified to end.
    same(verify_proof(key, first.zn, second.steps, two), Ok(second.zn))?;
    for (bytes, reached) in [(one, first.zn), (two, second.zn)] {
        same(claimed_final_state(key, bytes), Some(reached))?;
    }
    let rejected = |what: &str, z0: PublicState, steps: u64, bytes: &[u8]| {
        let found = verify_proof(key, z0, steps, bytes);
        expect(matches!(found, Err(ProofError::Rejected { .. })), format!("{what}: {found:?}"))
    };
    rejected("the first left out", first.z0, second.steps, two)?;
    rejected("the first replayed", first.zn, first.steps, one)?;
    rejected("the last left out", first.z0, run.replay.steps, one)?;
    for element in 0..7 {
        let mut other = first.zn;
        other.0[element] = Commitment::from_bytes([1; 32]);
        rejected(&format!("element {element} of the seam"), other, second.steps, two)?;
    }
    Ok(())
}

fn truncated_and_extended_proofs_are_refused_by_length(run: &Run) -> Result<(), Failed> {
    let length = run.proof.len();
    for kept in (0..length).step_by(251).chain([length - 1]) {
        same(run.changed(|b| b.truncate(kept)), Err(ProofError::Length { expected: length, found: kept }))?;
    }
    for extra in [1, 32, 4096] {
        same(run.changed(|b| b.extend(vec![0; extra])), Err(ProofError::Length { expected: length, found: length + extra }))?;
    }
    Ok(())
}

/// A change of proof bytes.
type Edit<'a> = &'a dyn Fn(&mut Vec<u8>);

fn every_vector_keeps_its_length(run: &Run) -> Result<(), Failed> {
    let prefixes = run.prefixes();
    // Per Spartan proof of r rounds: 3 sum-checks with 3r + 1 rounds in all, evaluations, two argument vectors.
    let expected = |rounds: usize| 3 + (3 * rounds + 1) + 1 + 2;
    same(prefixes.len(), 5 + expected(15) + expected(14) + 1)?;
    let length = run.proof.len();
    for (offset, n) in prefixes {
        let structure = |found: Result<PublicState, ProofError>, claimed: u64| match found {
            Err(ProofError::Structure { offset: o, expected, found, .. }) => same((o, expected, found), (offset, n, claimed)),
            other => Err(Failed::from(format!("byte {offset}: {other:?}"))),
        };
        // The claim alone.
        for claimed in [0, n - 1, n + 1, 1 << 40, u64::MAX] {
            structure(run.changed(|b| b[offset..offset + 8].copy_from_slice(&claimed.to_le_bytes())), claimed)?;
        }
        // Emptied, shortened and extended together with the contents.
        let contents = offset + 8;
        let cases: [(u64, Edit<'_>); 3] = [
            (0, &|b| drop(b.drain(contents..(contents + 32 * n as usize).min(length)))),
            (n - 1, &|b| drop(b.drain(contents..contents + 32))),
            (n + 1, &|b| drop(b.splice(contents..contents, [0; 32]))),
        ];
        for (claimed, cut) in cases {
            let edited = |b: &mut Vec<u8>| {
                cut(b);
                b[offset..contents].copy_from_slice(&claimed.to_le_bytes());
            };
            let found = run.changed(edited);
            expect(matches!(found, Err(ProofError::Length { .. })), format!("byte {offset}: {found:?}"))?;
            // And made up for at the end, so that the length is right again.
            structure(
                run.changed(|b| {
                    edited(b);
                    b.resize(length, 0);
                }),
                claimed,
            )?;
        }
    }
    Ok(())
}

fn other_spellings_of_points_and_elements_are_refused(run: &Run) -> Result<(), Failed> {
    // The identity with its sign bit set decodes to the identity, and would encode without the bit.
    let identity = run.changed(|b| {
        b[..32].fill(0);
        b[31] = 0x80;
    });
    expect(matches!(identity, Err(ProofError::NotCanonical { .. } | ProofError::Decode { .. })), format!("{identity:?}"))?;
    let end = run.proof.len();
    let beyond_modulus = run.changed(|b| b[end - 32..].fill(0xff));
    expect(matches!(beyond_modulus, Err(ProofError::Decode { .. })), format!("{beyond_modulus:?}"))?;
    let other_final_state = run.changed(|b| b[end - 32] ^= 1);
    expect(matches!(other_final_state, Err(ProofError::Rejected { .. })), format!("{other_final_state:?}"))
}

fn flipped_bits_are_refused(run: &Run) -> Result<(), Failed> {
    for (i, byte) in (0..run.proof.len()).step_by(101).enumerate() {
        let found = run.changed(|b| b[byte] ^= 1 << (i % 8));
        let refused = matches!(
            found,
            Err(ProofError::Structure { .. } | ProofError::Decode { .. } | ProofError::NotCanonical { .. } | ProofError::Rejected { .. })
        );
        expect(refused, format!("byte {byte}: {found:?}"))?;
    }
    Ok(())
}

/// Two epochs, folded, compressed and verified; the proof says nothing about another model, rule or number of steps.
fn a_training_leads_where_its_replay_says(_: &Run) -> Result<(), Failed> {
    check_training(&fixture::training().witness()?)
}

/// A network trained, folded, compressed and verified; a statement of another training is another proof's.
fn a_network_is_trained_as_its_replay_says(_: &Run) -> Result<(), Failed> {
    check_training(&fixture::network_training().witness_under("f8.w8.g2.b10.h0.n16.l8".parse()?)?)
}

fn check_training(witness: &TrainingWitness) -> Result<(), Failed> {
    let circuit = witness.statement().header.circuit;
    let keys = Keys::derive_unpinned(circuit)?;
    same(Some(keys.digest()), pinned_digest(circuit))?;
    let facts = CircuitFacts::of(circuit).ok_or("no room")?;
    same(keys.constraints().0, facts.constraints_per_step)?;
    expect(keys.variables().0 <= facts.padded, "variables exceed the size")?;

    let mut prover = Prover::new(&keys, witness.initial_state())?;
    for step in witness.steps() {
        prover.fold(step)?;
    }
    let proof = prover.compress()?;
    let Transition { z0, zn, steps, .. } = training::replay(witness.statement(), witness.plan())?;
    same(verify_proof(keys.verifier(), z0, steps, &proof), Ok(zn))?;
    for element in 0..7 {
        let mut other = z0;
        other.0[element] = Commitment::from_bytes([1; 32]);
        let found = verify_proof(keys.verifier(), other, steps, &proof);
        expect(matches!(found, Err(ProofError::Rejected { .. })), format!("element {element}: {found:?}"))?;
    }
    let found = verify_proof(keys.verifier(), z0, steps - 1, &proof);
    expect(matches!(found, Err(ProofError::Rejected { .. })), format!("{found:?}"))?;

    // Whatever else a statement says of the training, its proof would be another one.
    type Edit = fn(&mut TrainingStatement);
    let cases: [(&str, Edit); 6] = [
        ("other training rows", |s| s.row_commitment = s.outcome_commitment),
        ("other outcomes", |s| s.outcome_commitment = s.row_commitment),
        ("another model", |s| s.model_commitment = s.row_commitment),
        ("fewer epochs", |s| (s.spec.epochs, s.steps) = (s.spec.epochs - 1, s.steps / 2)),
        ("another schedule", |s| s.spec.rate_offset += 1),
        ("another start", |s| match &mut s.spec.network {
            Some(network) => network.seed = Digest::of(b"another seed"),
            None => s.spec.centres[0] += 1,
        }),
    ];
    for (what, edit) in cases {
        let mut statement = witness.statement().clone();
        edit(&mut statement);
        let other = training::replay(&statement, witness.plan())?;
        let found = verify_proof(keys.verifier(), other.z0, other.steps, &proof);
        expect(matches!(found, Err(ProofError::Rejected { .. })), format!("{what}: {found:?}"))?;
    }
    Ok(())
}

/// Two outcome streams compared over batches of one step, none and one more, folded, compressed and verified.
fn a_revision_leads_where_its_replay_says(_: &Run) -> Result<(), Failed> {
    let witness = fixture::revision(SMALLEST, 5);
    let circuit = witness.statement().header.circuit;
    let keys = Keys::derive_unpinned(circuit)?;
    same(Some(keys.digest()), pinned_digest(circuit))?;
    let facts = CircuitFacts::of(circuit).ok_or("no room")?;
    same(keys.constraints().0, facts.constraints_per_step)?;
    expect(keys.variables().0 <= facts.padded, "variables exceed the size")?;
    let mut prover = Prover::new(&keys, revision::replay(witness.statement(), witness.plan())?.z0)?;
    for step in witness.steps() {
        prover.fold(step)?;
    }
    let proof = prover.compress()?;
    let Transition { z0, zn, steps, .. } = revision::replay(witness.statement(), witness.plan())?;
    same(steps, 1 + 1 + 1)?;
    same(verify_proof(keys.verifier(), z0, steps, &proof), Ok(zn))?;
    for element in 0..7 {
        let mut other = z0;
        other.0[element] = Commitment::from_bytes([1; 32]);
        let found = verify_proof(keys.verifier(), other, steps, &proof);
        expect(matches!(found, Err(ProofError::Rejected { .. })), format!("element {element}: {found:?}"))?;
    }
    Ok(())
}

/// Rows scored by a network, folded, compressed and verified; the proof is none under a scorecard's key.
fn a_network_leads_where_the_replay_says(run: &Run) -> Result<(), Failed> {
    let circuit = fixture::circuit(NETWORK);
    let keys = Keys::derive_unpinned(circuit)?;
    same(Some(keys.digest()), pinned_digest(circuit))?;
    same(Some(keys.constraints().0), constraint_count(circuit))?;
    expect(keys.variables().0 <= 1 << circuit.shape.size_log2(), "variables exceed the size")?;
    let witness = fixture::witness(circuit, 5);
    let mut prover = Prover::new(&keys, witness.initial_state())?;
    for step in witness.steps() {
        prover.fold(step)?;
    }
    let proof = prover.compress()?;
    let replay = replay(witness.statement(), witness.plan())?;
    same(verify_proof(keys.verifier(), replay.z0, replay.steps, &proof), Ok(replay.zn.into()))?;
    let other = State { model: Commitment::from_bytes([1; 32]), ..replay.z0 };
    let found = verify_proof(keys.verifier(), other, replay.steps, &proof);
    expect(matches!(found, Err(ProofError::Rejected { .. })), format!("{found:?}"))?;
    let found = verify_proof(run.keys.verifier(), replay.z0, replay.steps, &proof);
    expect(found.is_err(), format!("{found:?}"))
}

/// Receipts for rows scored by a network; the proof says nothing about another network.
fn a_networks_receipts_lead_where_their_replay_says(_: &Run) -> Result<(), Failed> {
    let receipts = Receipts::new(NETWORK);
    leads_where_its_replay_says(&receipts, 3 + 1 + 5)?;
    let Receipts { keys, transition: Transition { mut z0, steps, .. }, proof } = receipts;
    z0.0[2] = Commitment::from_bytes([1; 32]);
    let found = verify_proof(keys.verifier(), z0, steps, &proof);
    expect(matches!(found, Err(ProofError::Rejected { .. })), format!("{found:?}"))
}

/// All checks as one test: for runners that give each test a process, and so a proving run, of its own.
fn all(tests: &[(&'static str, Test)], run: &Run) -> Result<(), Failed> {
    let failures: Vec<String> = tests
        .iter()
        .filter_map(|(name, test)| test(run).err().map(|failed| format!("{name}: {}", failed.message().unwrap_or("failed"))))
        .collect();
    expect(failures.is_empty(), failures.join("\n"))
}

type Test = fn(&Run) -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    // Derived when the first test runs, so that listing tests stays quick.
    let run: Arc<OnceLock<Run>> = Arc::default();
    let tests: [(&str, Test); 16] = [
        ("the proof leads where the replay says", the_proof_leads_where_the_replay_says),
        ("the derived key is the pinned one", the_derived_key_is_the_pinned_one),
        ("the formula counts what nova synthesises", the_formula_counts_what_nova_synthesises),
        ("a receipts proof leads where its replay says", a_receipts_proof_leads_where_its_replay_says),
        ("a proof of one family is none of another", a_proof_of_one_family_is_none_of_another),
        ("another initial state or step count is rejected", another_initial_state_or_step_count_is_rejected),
        ("segments join at the end of a batch", segments_join_at_the_end_of_a_batch),
        ("truncated and extended proofs are refused by length", truncated_and_extended_proofs_are_refused_by_length),
        ("every vector keeps its length", every_vector_keeps_its_length),
        ("other spellings of points and elements are refused", other_spellings_of_points_and_elements_are_refused),
        ("flipped bits are refused", flipped_bits_are_refused),
        ("a training leads where its replay says", a_training_leads_where_its_replay_says),
        ("a revision leads where its replay says", a_revision_leads_where_its_replay_says),
        ("a network is trained as its replay says", a_network_is_trained_as_its_replay_says),
        ("a network leads where the replay says", a_network_leads_where_the_replay_says),
        ("a network's receipts lead where their replay says", a_networks_receipts_lead_where_their_replay_says),
    ];
    #[expect(clippy::disallowed_methods, reason = "the runner says so in the environment alone")]
    let process_each = std::env::var_os("NEXTEST").is_some();
    let trials = if process_each {
        vec![Trial::test("one proving run", move || all(&tests, run.get_or_init(Run::new)))]
    } else {
        let trial = |(name, test): (&str, Test)| {
            let run = Arc::clone(&run);
            Trial::test(name, move || test(run.get_or_init(Run::new)))
        };
        tests.into_iter().map(trial).collect()
    };
    libtest_mimic::run(&arguments, trials).exit();
}
