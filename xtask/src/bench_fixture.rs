//! Is verification flat in the number of batches? The packages to measure it with.
//!
//! Two packages of the same shape, the smallest on the menu, one with few batches and one with many,
//! each with one row-filled step per batch; rows are drawn evenly and mean nothing. Making the large
//! one takes tens of minutes, so it is never part of continuous integration; both stay under `target`.

use std::{path::Path, time::Instant as Clock};

use anyhow::{Context as _, ensure};
use verifold_circuits::{BatchRows, CircuitFacts, Keys, Model, MonitoringWitness, Prover, RowKind, RowRecord, Salt};
use verifold_model::{
    cohort::{BatchRole, Outcome},
    decimal::Decimal,
    instant::Instant,
    plan::{
        Calendar, Feature, Grouping, Histogram, MissingRule, ModelKind, OutcomeDefinition, OutsideRule, Plan, PlanSchema, ScoreDirection,
        Scoring,
    },
    shape::{CircuitFamily, CircuitId, Shape},
    statement::{Header, Period, StatementKind, Subject},
};
use verifold_prove::monitoring::contents;

use crate::samples::random::Random;

/// Arguments of `cargo xtask bench-fixture`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Monitoring batches of each package to make
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [10, 10_000])]
    batches: Vec<u32>,
}

/// Seconds of a week.
const WEEK: u64 = 7 * 86_400;

/// First Monday of 2000, 00:00 UTC.
const FIRST_MONDAY: u64 = 946_857_600;

/// Writes `target/bench/N.zkaudit` and one policy for all of them.
///
/// # Errors
/// If a proof cannot be made or a file not be written.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let folder = root.join("target/bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    std::fs::write(folder.join("policy.toml"), POLICY)?;
    let shape: Shape = "f8.w8.g2.b10.h1.n15".parse()?;
    let circuit = CircuitId { family: CircuitFamily::ScoredCohortV1, shape };
    let keys = Keys::derive(circuit)?;
    for batches in &args.batches {
        let witness = witness(circuit, *batches)?;
        let proof = fold(&keys, &witness)?;
        let contents =
            contents(&witness, proof, "2026-11-17T08:00:00Z".parse()?, concat!("verifold ", env!("CARGO_PKG_VERSION")).to_owned());
        let path = folder.join(format!("{batches}.zkaudit"));
        std::fs::write(&path, verifold_package::write(&contents)?).with_context(|| format!("writing {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a shell measures how long it works")]
fn fold(keys: &Keys, witness: &MonitoringWitness) -> anyhow::Result<Vec<u8>> {
    let begun = Clock::now();
    let total = witness.statement().steps;
    let mut prover = Prover::new(keys, witness.initial_state())?;
    for step in witness.steps() {
        prover.fold(&step)?;
        if prover.folded().is_multiple_of(100) {
            let per_step = begun.elapsed().as_secs_f64() / prover.folded() as f64;
            println!("{} of {total} steps, {:.0} s left", prover.folded(), per_step * (total - prover.folded()) as f64);
        }
    }
    Ok(prover.compress()?)
}

fn witness(circuit: CircuitId, batches: u32) -> anyhow::Result<MonitoringWitness> {
    let plan = plan(circuit.shape)?;
    let rows_per_step = CircuitFacts::of(circuit).context("the circuit has no room for rows")?.rows_per_step;
    let mut random = Random::stream(1, "bench");
    let mut rows_of = |start: u64| -> anyhow::Result<BatchRows> {
        let (start, end) = (instant(start)?, instant(start + WEEK)?);
        let rows = (0..rows_per_step as u64)
            .map(|sequence| RowRecord {
                key: start.first_key() + sequence,
                group: u8::from(random.chance(0.5)),
                kind: RowKind::Scored {
                    features: plan.features.iter().map(|feature| random.whole(0, i64::from(feature.max)).unsigned_abs() as u32).collect(),
                    logged: random.chance(0.7),
                    outcome: Outcome::ALL[random.among(&[0.5, 0.4, 0.1])],
                },
            })
            .collect();
        Ok(BatchRows {
            role: BatchRole::Monitoring,
            start,
            end,
            rows,
            row_salt: Salt::random()?,
            outcome_salt: Salt::random()?,
            table_salt: Salt::random()?,
        })
    };
    let weeks: Vec<u64> = (0..=u64::from(batches)).map(|week| FIRST_MONDAY + week * WEEK).collect();
    let mut chain = weeks.iter().map(|start| rows_of(*start)).collect::<anyhow::Result<Vec<_>>>()?;
    // The first week is what the others are compared with.
    if let Some(reference) = chain.first_mut() {
        reference.role = BatchRole::Reference;
    }
    ensure!(chain.len() > 1, "a package needs a batch");
    let header = Header {
        statement: StatementKind::MonitoringV1,
        circuit,
        subject: Subject {
            name: "Measured Bank".to_owned(),
            lei: "0000MERIANBANK000010".to_owned(),
            system: "bench".to_owned(),
            model: "bench".to_owned(),
        },
        period: Period { start: instant(weeks[1])?, end: instant(FIRST_MONDAY + (u64::from(batches) + 1) * WEEK)? },
        previous_chain_head: None,
    };
    let model = Model { weights: vec![3, -2, 5, 1, -4, 2, -1, 6], bias: -900 };
    Ok(MonitoringWitness::new(header, plan, model, Salt::random()?, chain)?)
}

fn instant(unix_secs: u64) -> anyhow::Result<Instant> {
    Instant::from_unix_secs(unix_secs).context("after the year 9999")
}

fn plan(shape: Shape) -> anyhow::Result<Plan> {
    let [zero, one] = [Decimal::integer(0), Decimal::integer(1)].map(|decimal| decimal.context("one digit"));
    let (zero, one) = (zero?, one?);
    let feature = |at: usize| Feature {
        name: format!("x{at}"),
        unit: String::new(),
        offset: zero,
        step: one,
        max: 255,
        outside: OutsideRule::Void,
        missing: MissingRule::Void,
    };
    Ok(Plan {
        schema: PlanSchema::V1,
        shape,
        features: (0..shape.features()).map(feature).collect(),
        scoring: Scoring {
            kind: ModelKind::LogisticRegression,
            scale_bits: 12,
            direction: ScoreDirection::HigherIsRiskier,
            edges: vec![-600, -300, -50, 150, 350, 550, 750, 1_000, 1_300],
            cutoff: 6,
            expected_bad_ppm: vec![200_000; shape.bins()],
        },
        outcome: OutcomeDefinition { bad_means: "Drawn evenly; means nothing.".to_owned(), maturity_days: 90 },
        grouping: Grouping { attribute: "side".to_owned(), names: vec!["left".to_owned(), "right".to_owned()], not_disclosed: None },
        histograms: vec![Histogram { feature: "x0".to_owned(), edges: (1..10).map(|at| at * 25).collect() }],
        calendar: Calendar::IsoWeek,
    })
}

const POLICY: &str = r#"# What the packages of the bench are verified under: enough to compute, nothing to fail.
schema = "policy/v1"
id = "bench"
title = "Bench"
version = "1"
illustrative = true
caveat = "For measuring; it says nothing about a bank."
min_cell = 0
pinned = []
properties = ["non-interactive", "transparent-setup", "succinct", "zero-knowledge"]

[[circuit]]
family = "scored-cohort/v1"

[[source]]
id = "none"
title = "No law"
version = "1"
in_force_from = "never"
reviewed_on = "2026-11-20"

[[requirement]]
id = "B-1"
title = "Volume"
area = "Bench"
stage = "monitoring"
severity = "mandatory"
assertion = "completeness"
kind = "metric"
metric = "volume"
comparator = "at-least"
limit = "1"
scope = "each-batch"
legal = [{ source = "none", place = "nowhere" }]

[[requirement]]
id = "B-2"
title = "Adverse-impact ratio"
area = "Bench"
stage = "monitoring"
severity = "advisory"
assertion = "accuracy"
kind = "metric"
metric = "adverse-impact-ratio"
decisions = "logged"
comparator = "at-least"
limit = "0.20"
scope = "each-batch"
minimum_n = 10
minimum_group_n = 5
legal = [{ source = "none", place = "nowhere" }]

[[requirement]]
id = "B-3"
title = "Score PSI"
area = "Bench"
stage = "monitoring"
severity = "advisory"
assertion = "accuracy"
kind = "metric"
metric = "score-psi"
comparator = "at-most"
limit = "5"
scope = "each-batch"
minimum_n = 10
legal = [{ source = "none", place = "nowhere" }]
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_reads_without_an_error() {
        let policy = verifold_policy::Policy::read(POLICY);
        assert!(policy.is_ok(), "{:?}", policy.err());
    }

    #[test]
    fn a_small_fixture_can_be_proven_from() {
        let circuit = CircuitId { family: CircuitFamily::ScoredCohortV1, shape: "f8.w8.g2.b10.h1.n15".parse().unwrap() };
        let witness = witness(circuit, 3).unwrap();
        assert_eq!((witness.statement().batches.len(), witness.statement().steps), (4, 4));
    }
}
