//! Does a verification that is killed leave anything half-written?
//!
//! The engine is that of the command line's tests, which kill a few.

#[expect(clippy::expect_used, reason = "without a scratch folder there is nothing to try")]
#[path = "../../cli/tests/kills/engine.rs"]
mod engine;

use std::path::Path;

use anyhow::{bail, ensure};

use crate::programs;

/// Arguments of `cargo xtask kills`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Workers to kill while they run
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u32,
    /// What the points are drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Kills verifications, one in eight while it derives its key and checks its proof, and prints how they ended.
///
/// # Errors
/// If one leaves a file that is neither whole nor as it was.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    ensure!(cfg!(target_os = "linux"), "worker processes are found in /proc, which this system does not have");
    let [verifold] = programs::build(root, ["verifold"])?;
    let tally = engine::run(&verifold, &root.join("sample-audits"), args.kills, 8, args.seed);
    let engine::Tally { tries, hits, stopped, killed, finished, leftovers, faults } = &tally;
    let faults = faults.len();
    println!("{hits} kills met a running worker, of {tries} verifications begun");
    println!(
        "{stopped} workers stopped, {killed} commands killed, {finished} through before; {leftovers} temporary files left; {faults} faults"
    );
    for fault in &tally.faults {
        println!("  {fault}");
    }
    if tally.faults.is_empty() { Ok(()) } else { bail!("{} killed verifications left what they should not", tally.faults.len()) }
}
