//! The long run of the fuzzers: the functions of `fuzz/targets.rs` under libFuzzer, seeded from the sample audits.
//!
//! A table at the end gives, for each target, inputs executed, edges of the program reached, and crashes.
//!
//! Needs cargo-fuzz (`cargo install cargo-fuzz`). Instrumentation is asked of the toolchain at hand; sanitizers are not used,
//! as the code is free of `unsafe`. What it finds stays in `fuzz/artifacts`, what it learnt in `fuzz/corpus`.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

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
    /// Run the fuzzer as it was built last
    #[arg(long)]
    as_built: bool,
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
    let fuzzer = root.join("fuzz/target/x86_64-unknown-linux-gnu/release/parsers");
    if !args.as_built {
        let built = Command::new("cargo")
            .current_dir(root.join("fuzz"))
            // Coverage instrumentation is not asked of stable toolchains otherwise.
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["fuzz", "build", "--target", "x86_64-unknown-linux-gnu", "--sanitizer", "none", "parsers"])
            .status()
            .context("starting cargo fuzz: install it with `cargo install cargo-fuzz`")?;
        ensure!(built.success(), "the fuzzer was not built");
    }
    let mut lines = Vec::new();
    let mut crashed = Vec::new();
    for name in chosen {
        let (ended, last) = fuzz(root, &fuzzer, name, args)?;
        lines.push(format!("{name:<13} {last}"));
        if !ended {
            crashed.push(*name);
        }
    }
    println!("{}", lines.join("\n"));
    if !crashed.is_empty() {
        bail!("inputs that should not be: {}; see fuzz/artifacts", crashed.join(", "));
    }
    Ok(())
}

/// Runs one target; whether it ended well, and the last thing it counted: executions, `cov` for edges, crashes.
fn fuzz(root: &Path, fuzzer: &Path, name: &str, args: &Args) -> anyhow::Result<(bool, String)> {
    let (corpus, artifacts) = (root.join("fuzz/corpus").join(name), root.join("fuzz/artifacts").join(name));
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    for (at, seed) in seeds::of(name).iter().enumerate() {
        fs::write(corpus.join(format!("seed-{at}")), seed)?;
    }
    println!("{name}: {} minutes", args.minutes);
    let mut child = Command::new(fuzzer)
        .env("VERIFOLD_TARGET", name)
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={}", args.minutes * 60))
        .arg(format!("-fork={}", args.processes))
        .args(["-max_len=300000", "-timeout=20", "-rss_limit_mb=4096"])
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", fuzzer.display()))?;
    let mut last = String::from("counted nothing");
    for line in BufReader::new(child.stderr.take().context("it has no standard error")?).lines() {
        let line = line?;
        if line.starts_with('#') && line.contains(" cov: ") {
            last = line;
        } else if line.contains("ERROR") || line.contains("panicked") {
            println!("  {line}");
        }
    }
    Ok((child.wait()?.success(), last))
}
