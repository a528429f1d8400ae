//! The long run of the fuzzers: the functions of `fuzz/targets.rs` under libFuzzer, seeded from the sample audits.
//!
//! Needs cargo-fuzz (`cargo install cargo-fuzz`). Instrumentation is asked of the toolchain at hand; sanitizers are not used,
//! as the code is free of `unsafe`. What it finds stays in `fuzz/artifacts`, what it learnt in `fuzz/corpus`.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail, ensure};

#[expect(dead_code, clippy::expect_used, reason = "the names of the targets are wanted; the targets say what must hold")]
#[path = "../../fuzz/targets.rs"]
mod targets;

#[expect(clippy::expect_used, reason = "without samples there is nothing to begin with")]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Targets; all if none is named
    targets: Vec<String>,
    /// Minutes for each
    #[arg(long, value_name = "N", default_value_t = 20)]
    minutes: u32,
    /// Processes for each
    #[arg(long, value_name = "N", default_value_t = 1)]
    processes: u32,
}

/// Runs the targets one after the other.
///
/// # Errors
/// If a target is unknown, cannot be built, or crashes.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let known: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).chain(["proof"]).collect();
    for name in &args.targets {
        ensure!(known.contains(&name.as_str()), "there is no target {name}; there are {}", known.join(", "));
    }
    let chosen = known.iter().filter(|name| args.targets.is_empty() || args.targets.iter().any(|wanted| wanted == *name));
    let mut crashed = Vec::new();
    for name in chosen {
        let corpus = root.join("fuzz/corpus").join(name);
        fs::create_dir_all(&corpus).with_context(|| format!("creating {}", corpus.display()))?;
        for (at, seed) in seeds::of(name).iter().enumerate() {
            fs::write(corpus.join(format!("seed-{at}")), seed)?;
        }
        println!("{name}: {} minutes", args.minutes);
        let ended = Command::new("cargo")
            .current_dir(root.join("fuzz"))
            // Coverage instrumentation is not asked of stable toolchains otherwise.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("VERIFOLD_TARGET", name)
            .args(["fuzz", "run", "--sanitizer", "none", "parsers"])
            .arg(&corpus)
            .arg("--")
            .arg(format!("-max_total_time={}", args.minutes * 60))
            .arg(format!("-fork={}", args.processes))
            .args(["-max_len=200000", "-timeout=20", "-rss_limit_mb=4096"])
            .status()
            .context("starting cargo fuzz: install it with `cargo install cargo-fuzz`")?;
        if !ended.success() {
            crashed.push(*name);
        }
    }
    if !crashed.is_empty() {
        bail!("inputs that should not be: {}; see fuzz/artifacts", crashed.join(", "));
    }
    Ok(())
}
