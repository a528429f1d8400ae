//! Is every altered package refused, for the reason it should be?
//!
//! The engine is that of `verify`'s tests, which run a sample of it; `--full` runs every byte of the honest package and
//! hundreds of mutants of each class over all sample audits. The lying prover is a matter of the tests alone: nothing here names the
//! proof system.

#[path = "../../crates/verify/tests/mutants/mod.rs"]
mod engine;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, bail};
use verifold_model::state::Exit;
use verifold_verify::KeyStore;

use crate::programs;

/// Arguments of `cargo xtask mutants`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Every byte, and hundreds of mutants of each class; takes tens of minutes
    #[arg(long)]
    full: bool,
    /// One class alone
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// One sample alone
    #[arg(long, value_name = "NAME")]
    sample: Option<String>,
    /// Give so many of the mutants, evenly chosen, to the program as well
    #[arg(long, value_name = "N", default_value_t = 0)]
    program: usize,
    /// What the mutants are drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Runs the mutants and prints a table.
///
/// # Errors
/// If a mutant is accepted, crashes the library or is refused for another reason than it should be.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a shell measures how long it works")]
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let kept = tempfile::tempdir().context("a scratch folder")?;
    let keep = (args.program > 0).then(|| kept.path().to_owned());
    let options = engine::Options {
        seed: args.seed,
        class: args.class.clone(),
        sample: args.sample.clone(),
        full: args.full,
        threads,
        keep,
        liar: None,
    };
    let mut faults = engine::run(&root.join("sample-audits"), &KeyStore::new(), &options, &|| begun.elapsed());
    if args.program > 0 {
        faults.extend(through_the_program(root, kept.path(), args.program)?);
    }
    println!("{:.0} seconds in all", begun.elapsed().as_secs_f64());
    for fault in faults.iter().take(40) {
        println!("  {fault}");
    }
    if faults.is_empty() { Ok(()) } else { bail!("{} mutants did not end as they should", faults.len()) }
}

/// Has the program verify mutants that were kept: each must end in a refusal, by a command and a worker that both live to say
/// so, within the limits of the worker. The bank's key here is not the one the samples' auditors trust, so that what is refused
/// for nothing else is refused for its origin.
fn through_the_program(root: &Path, kept: &Path, most: usize) -> anyhow::Result<Vec<String>> {
    let [verifold] = programs::build(root, ["verifold"])?;
    let mut files: Vec<PathBuf> = fs::read_dir(kept)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    files.sort();
    let step = files.len().div_ceil(most).max(1);
    let (mut faults, mut ends) = (Vec::new(), std::collections::BTreeMap::<u8, usize>::new());
    for file in files.iter().step_by(step) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let sample = root.join("sample-audits").join(name.split_once("--").map_or("", |(sample, _)| sample));
        let output = Command::new(&verifold)
            .args(["verify", "--quiet", "--policy"])
            .arg(sample.join("policy.toml"))
            .arg("--engagement")
            .arg(sample.join("engagement.toml"))
            .arg(file)
            .output()
            .context("starting the program")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let exit = output.status.code().and_then(|code| u8::try_from(code).ok()).and_then(Exit::of_code);
        match exit {
            Some(exit @ (Exit::Malformed | Exit::Rejected | Exit::Origin | Exit::Limits | Exit::NotChecked | Exit::Scope))
                if !said.contains("the verifier stopped") =>
            {
                *ends.entry(exit.code()).or_default() += 1;
            }
            _ => faults.push(format!("program, {name}: ended with {}: {said}", output.status)),
        }
    }
    println!("through the program: {} mutants, exit codes {ends:?}", files.len().div_ceil(step));
    Ok(faults)
}
