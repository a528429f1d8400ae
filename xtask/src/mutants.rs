//! Is every altered package refused, for the reason it should be?
//!
//! The engine is that of `verify`'s tests, which run a sample of it; `--full` runs every byte of the honest package and
//! hundreds of mutants of each class over all sample audits.

#[path = "../../crates/verify/tests/mutants/mod.rs"]
mod engine;

use std::{path::Path, time::Instant};

use anyhow::bail;
use verifold_verify::KeyStore;

/// Arguments of `cargo xtask mutants`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Every byte, and hundreds of mutants of each class; takes tens of minutes
    #[arg(long)]
    full: bool,
    /// One class alone
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
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
    let options = engine::Options { seed: args.seed, class: args.class.clone(), full: args.full, threads };
    let faults = engine::run(&root.join("sample-audits"), &KeyStore::new(), &options, &|| begun.elapsed());
    println!("{:.0} seconds in all", begun.elapsed().as_secs_f64());
    for fault in faults.iter().take(40) {
        println!("  {fault}");
    }
    if faults.is_empty() { Ok(()) } else { bail!("{} mutants did not end as they should", faults.len()) }
}
