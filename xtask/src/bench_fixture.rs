//! Is verification flat in the number of batches? The packages to measure it with.
//!
//! Two packages of the same shape, the smallest on the menu, one with few batches and one with many,
//! each with one row-filled step per batch; rows are drawn evenly and mean nothing. Making the large
//! one takes tens of minutes, so it is never part of continuous integration; both stay under `target`.

use std::{path::Path, time::Instant as Clock};

use anyhow::Context as _;
use verifold_circuits::{Keys, MonitoringWitness, Prover};
use verifold_model::shape::{CircuitFamily, CircuitId, Shape};
use verifold_prove::{monitoring::contents, synthetic};

/// Arguments of `cargo xtask bench-fixture`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Monitoring batches of each package to make
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [10, 10_000])]
    batches: Vec<u32>,
}

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
        let witness = synthetic::witness(circuit, *batches, 1)?;
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
        prover.fold(step)?;
        if prover.folded().is_multiple_of(100) {
            let per_step = begun.elapsed().as_secs_f64() / prover.folded() as f64;
            println!("{} of {total} steps, {:.0} s left", prover.folded(), per_step * (total - prover.folded()) as f64);
        }
    }
    Ok(prover.compress()?)
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
        let witness = synthetic::witness(circuit, 3, 1).unwrap();
        assert_eq!((witness.statement().batches.len(), witness.statement().steps), (4, 4));
    }
}
