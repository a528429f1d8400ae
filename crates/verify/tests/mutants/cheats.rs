//! What a cheating bank would do, told one by one: each with the one cause it must be refused for.

use verifold_circuits::{CircuitFacts, native};
use verifold_model::{
    cohort::{BatchRole, BatchTable},
    shape::Shape,
};
use verifold_package::{ClaimedPackage, Limit, Limits, signing};

use super::{
    Liar,
    draw::Draw,
    proof::spliced,
    sample::{Parts, SIGNED_AT, Sample, bank},
    statement::{moved, other_element},
    tables::exchange,
};

/// Samples by their folder's name; the first is the honest one.
pub(crate) struct Samples<'a>(pub(crate) &'a [Sample]);

impl Samples<'_> {
    fn named(&self, name: &str) -> &Sample {
        self.0.iter().find(|sample| sample.name == name).unwrap()
    }

    fn honest(&self) -> &Sample {
        &self.0[0]
    }
}

/// An edit of the honest parts.
type Change = fn(&Samples<'_>, &mut Parts);

/// What is left as the edit left it, or computed anew over it as far as that goes without proving.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chain {
    Kept,
    Forged,
}

use Chain::{Forged, Kept};

const WEEK: i64 = 604_800;

/// A batch in the middle of the period, and the one before it.
const MIDDLE: usize = 12;

const CHANGES: &[(&str, Chain, &str, Change)] = &[
    ("a batch's histogram replaced by another's", Kept, "table-impossible", |_, parts| {
        parts.statement.batches[3].table.histograms[0] = parts.statement.batches[4].table.histograms[0].clone();
    }),
    ("income counted as in the reference, scaled to the week", Forged, "final-state-differs", |_, parts| {
        let histogram = &mut parts.statement.batches[3].table.histograms[0];
        let (scored, bins) = (histogram.iter().sum::<u32>(), u32::try_from(histogram.len()).unwrap());
        histogram.fill(scored / bins);
        histogram[0] += scored % bins;
    }),
    ("unknown outcomes called good in every week", Forged, "final-state-differs", |_, parts| {
        for batch in &mut parts.statement.batches[1..] {
            for cell in batch.table.counts.iter_mut().flatten() {
                *cell = [0, 0, cell[2] + cell[0], cell[3] + cell[1], cell[4], cell[5]];
            }
        }
    }),
    ("bad outcomes called unknown in one week", Forged, "final-state-differs", |_, parts| {
        for cell in parts.statement.batches[2].table.counts.iter_mut().flatten() {
            *cell = [cell[0] + cell[4], cell[1] + cell[5], cell[2], cell[3], 0, 0];
        }
    }),
    ("declined young applicants approved, the chain kept", Kept, "chain-differs", |_, parts| {
        parts.statement.batches[MIDDLE].table.counts[9][0].swap(0, 1);
    }),
    ("the rows of two groups exchanged in one week", Forged, "final-state-differs", |_, parts| {
        for groups in &mut parts.statement.batches[MIDDLE].table.counts {
            groups.swap(0, 3);
        }
    }),
    ("void rows moved to another group", Forged, "final-state-differs", |_, parts| parts.statement.batches[0].table.void.swap(0, 3)),
    ("an opening with another salt", Forged, "final-state-differs", |_, parts| {
        parts.statement.batches[5].table_salt = parts.statement.batches[6].table_salt;
    }),
    ("openings of two weeks exchanged, the chain kept", Kept, "chain-differs", |_, parts| {
        exchange(&mut parts.statement.batches, 5, 6, |a, b| {
            std::mem::swap(&mut a.table, &mut b.table);
            std::mem::swap(&mut a.table_salt, &mut b.table_salt);
            std::mem::swap(&mut a.rows, &mut b.rows);
        });
    }),
    ("openings of two weeks exchanged", Forged, "final-state-differs", |_, parts| {
        exchange(&mut parts.statement.batches, 5, 6, |a, b| {
            std::mem::swap(&mut a.table, &mut b.table);
            std::mem::swap(&mut a.table_salt, &mut b.table_salt);
            std::mem::swap(&mut a.rows, &mut b.rows);
        });
    }),
    ("the reference exchanged with a week", Forged, "final-state-differs", |_, parts| {
        exchange(&mut parts.statement.batches, 0, MIDDLE, |a, b| {
            std::mem::swap(a, b);
            std::mem::swap(&mut a.index, &mut b.index);
            std::mem::swap(&mut a.role, &mut b.role);
            std::mem::swap(&mut a.start, &mut b.start);
            std::mem::swap(&mut a.end, &mut b.end);
        });
    }),
    ("a good week as a second reference", Kept, "reference-not-first", |_, parts| {
        parts.statement.batches[MIDDLE].role = BatchRole::Reference;
    }),
    ("the reference counted as a week", Forged, "final-state-differs", |_, parts| {
        parts.statement.batches[0].role = BatchRole::Monitoring;
    }),
    ("every week moved to the week before", Forged, "final-state-differs", |_, parts| {
        for batch in &mut parts.statement.batches[1..] {
            (batch.start, batch.end) = (moved(batch.start, -WEEK).unwrap(), moved(batch.end, -WEEK).unwrap());
        }
    }),
    ("a week stretched over the one after it, which is left out", Forged, "proof-rejected", |_, parts| {
        let after = parts.statement.batches.remove(MIDDLE + 1);
        parts.statement.batches[MIDDLE].end = after.end;
        (0..).zip(&mut parts.statement.batches).for_each(|(index, batch)| batch.index = index);
    }),
    ("a withheld week filled with an empty batch", Forged, "proof-rejected", |samples, parts| {
        *parts = samples.named("cheat-batch-withheld").parts.clone();
        let missing = &samples.honest().parts.statement.batches[MIDDLE + 1];
        let mut empty = missing.clone();
        empty.table = BatchTable::empty(&parts.plan);
        empty.rows = 0;
        let at = parts.statement.batches.iter().position(|batch| batch.start >= missing.end).unwrap();
        parts.statement.batches.insert(at, empty);
        (0..).zip(&mut parts.statement.batches).for_each(|(index, batch)| batch.index = index);
    }),
    ("a withheld week taken from the honest statement", Forged, "proof-rejected", |samples, parts| {
        parts.proof = samples.named("cheat-batch-withheld").parts.proof.clone();
    }),
    ("a period widened in the manifest", Kept, "period-differs", |_, parts| {
        parts.manifest.period.end = moved(parts.manifest.period.end, WEEK).unwrap();
    }),
    ("a period widened everywhere", Forged, "proof-rejected", |_, parts| {
        let end = moved(parts.manifest.period.end, WEEK).unwrap();
        (parts.manifest.period.end, parts.statement.header.period.end) = (end, end);
    }),
    ("another bank's proof under this bank's name", Forged, "proof-rejected", |_, parts| {
        for subject in [&mut parts.manifest.subject, &mut parts.statement.header.subject] {
            subject.name = "Another Bank AG".to_owned();
        }
    }),
    ("a package that says it continues another", Forged, "proof-rejected", |_, parts| {
        parts.statement.header.previous_chain_head = Some(parts.statement.chain_head);
    }),
    ("one step more", Kept, "step-count-differs", |_, parts| parts.statement.steps += 1),
    ("codes of two groups exchanged in the plan, the commitment kept", Kept, "plan-commitment-differs", |_, parts| {
        parts.plan.grouping.names.swap(0, 3);
    }),
    ("codes of two groups exchanged in the plan", Forged, "proof-rejected", |_, parts| parts.plan.grouping.names.swap(0, 3)),
    ("a group without a name of its own", Forged, "table-impossible", |_, parts| {
        parts.plan.grouping.names.pop();
        parts.statement.plan_commitment = native::plan_commitment(&parts.plan);
    }),
    ("another cut-off", Forged, "proof-rejected", |_, parts| parts.plan.scoring.cutoff -= 1),
    ("ties decided the other way", Forged, "proof-rejected", |_, parts| parts.plan.scoring.edges.iter_mut().for_each(|edge| *edge += 1)),
    ("score bins in which the shift does not show", Forged, "proof-rejected", |_, parts| {
        (-4..).zip(&mut parts.plan.scoring.edges).for_each(|(at, edge)| *edge = at);
    }),
    ("expected shares that fit what happened", Forged, "proof-rejected", |_, parts| parts.plan.scoring.expected_bad_ppm[9] = 300_000),
    ("the score read the other way", Forged, "proof-rejected", |_, parts| {
        parts.plan.scoring.direction = verifold_model::plan::ScoreDirection::HigherIsSafer;
    }),
    ("the released model's commitment on a proof of another model", Forged, "proof-rejected", |samples, parts| {
        let model = parts.statement.model_commitment;
        *parts = samples.named("cheat-other-model-consistent").parts.clone();
        parts.statement.model_commitment = model;
    }),
    ("a commitment to no model", Kept, "proof-rejected", |_, parts| {
        parts.statement.model_commitment = other_element(&mut Draw::new(1, "model", 0));
    }),
    ("the honest statement with a proof of another half-year", Kept, "final-state-differs", |samples, parts| {
        parts.proof = samples.named("credit-scoring-drift").parts.proof.clone();
    }),
    ("the statement of another half-year with the honest proof", Kept, "final-state-differs", |samples, parts| {
        parts.statement = samples.named("credit-scoring-drift").parts.statement.clone();
    }),
    ("half of each of two proofs", Kept, "proof-rejected", |samples, parts| {
        let (honest, other) = (samples.honest(), samples.named("credit-scoring-drift"));
        parts.proof = spliced(&mut Draw::new(1, "splice", 0), &honest.elements, &honest.parts.proof, &other.parts.proof);
    }),
    ("a commitment of the proof as the identity, in a second spelling", Kept, "proof-not-canonical", |samples, parts| {
        let point = &mut parts.proof[samples.honest().elements[0]..][..32];
        point.fill(0);
        point[31] = 0x80;
    }),
    ("statement and proof under another model", Kept, "model-differs", |samples, parts| {
        let other = &samples.named("cheat-other-model-consistent").parts;
        (parts.statement, parts.proof) = (other.statement.clone(), other.proof.clone());
    }),
    ("statement and proof without a week", Kept, "batch-missing", |samples, parts| {
        let other = &samples.named("cheat-batch-withheld").parts;
        (parts.statement, parts.proof) = (other.statement.clone(), other.proof.clone());
    }),
    ("statement and proof of another half-year", Kept, "requirement-violated", |samples, parts| {
        let other = &samples.named("credit-scoring-drift").parts;
        (parts.statement, parts.proof) = (other.statement.clone(), other.proof.clone());
    }),
];

/// Every cheat as name, package and cause. `full` adds those that take seconds or much memory.
pub(crate) fn packages(samples: &Samples<'_>, full: bool) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let honest = samples.honest();
    let mut packages: Vec<(&str, Vec<u8>, &str)> = CHANGES
        .iter()
        .map(|(name, chain, cause, change)| {
            let mut parts = honest.parts.clone();
            change(samples, &mut parts);
            if *chain == Forged {
                honest.forge(&mut parts);
            }
            (*name, parts.sealed(), *cause)
        })
        .collect();
    packages.push(("the honest proof once more, under another identifier", second_proof(honest, |_| {}), "proof-left-out"));
    let lie = |parts: &mut Parts| parts.statement.batches[MIDDLE].table.counts[9][0].swap(0, 1);
    packages.push(("a false statement in front of the honest one", second_proof(honest, lie), "final-state-differs"));
    if full {
        packages.push(("a circuit of another size behind the same statement", other_size(honest), "proof-length-differs"));
        packages.push(("more batches than the limit", many_batches(honest), "too-many-batches"));
        packages.push(("a file above the limit", vec![0; (64 << 20) + 1], "file-too-large"));
    }
    packages
}

/// What a prover with a weaker circuit hands over: five rows that nobody scored, all approved, in the smallest circuit.
pub(crate) fn lied(samples: &Samples<'_>, liar: Liar) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let honest = samples.honest();
    let mut parts = in_circuit(honest, "f8.w8.g2.b10.h1.n15");
    parts.plan.features.truncate(8);
    parts.plan.histograms.truncate(1);
    parts.plan.grouping.names.truncate(2);
    parts.plan.grouping.not_disclosed = None;
    let statement = &mut parts.statement;
    statement.batches = vec![statement.batches[MIDDLE].clone()];
    let batch = &mut statement.batches[0];
    (batch.index, batch.rows) = (0, 5);
    batch.table = BatchTable::empty(&parts.plan);
    batch.table.counts[0][0][1] = 5;
    batch.table.histograms.iter_mut().for_each(|histogram| histogram[0] = 5);
    forge_in_circuit(honest, &mut parts);
    let stated = native::replay(&parts.statement, &parts.plan).unwrap().transition();
    parts.proof = liar(&stated);
    vec![("a proof of rows that nobody scored, in a circuit that constrains nothing", parts.sealed(), "proof-rejected")]
}

/// The honest package with a second proof behind the first, which `change` alters and which is forged anew.
fn second_proof(honest: &Sample, change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = honest.parts.clone();
    change(&mut parts);
    honest.forge(&mut parts);
    let mut contents = ClaimedPackage::read(&honest.package, &Limits::default()).unwrap().contents();
    let mut second = contents.proofs[0].clone();
    second.id.push_str("-again");
    contents.proofs[0].statement = parts.statement;
    contents.proofs.push(second);
    let package = verifold_package::write(&contents).unwrap();
    signing::sign(&package, &bank(), "Merian Bank AG", SIGNED_AT.parse().unwrap()).unwrap()
}

/// The honest statement as one of a larger circuit, which the policy accepts too.
fn other_size(honest: &Sample) -> Vec<u8> {
    let mut parts = in_circuit(honest, "f20.w8.g4.b10.h4.n17");
    forge_in_circuit(honest, &mut parts);
    parts.sealed()
}

/// The honest parts in a circuit of another shape; the rest is to be forged.
fn in_circuit(honest: &Sample, shape: &str) -> Parts {
    let mut parts = honest.parts.clone();
    let shape: Shape = shape.parse().unwrap();
    parts.plan.shape = shape;
    parts.statement.header.circuit.shape = shape;
    parts
}

fn forge_in_circuit(honest: &Sample, parts: &mut Parts) {
    let rows_per_step = CircuitFacts::of(parts.statement.header.circuit).unwrap().rows_per_step;
    honest.forge_with(parts, rows_per_step);
}

fn many_batches(honest: &Sample) -> Vec<u8> {
    let mut parts = honest.parts.clone();
    let batch = parts.statement.batches[1].clone();
    parts.statement.batches = vec![batch; usize::try_from(Limit::Batches.default()).unwrap() + 1];
    parts.sealed()
}
