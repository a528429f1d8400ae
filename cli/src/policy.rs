//! `verifold policy check`.

use std::path::PathBuf;

use clap::Subcommand;
use verifold_model::{
    format::counted,
    state::{Exit, Severity},
};
use verifold_policy::{Level, Policy};

use crate::{
    failure::Failure,
    files,
    wrap::{fill, pad},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a policy and print what it demands, one sentence a requirement.
    Check {
        /// The policy.
        policy: PathBuf,
    },
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    let Command::Check { policy: path } = command;
    let lint = Policy::lint(&files::text("policy", path)?);
    for notice in &lint.notices {
        println!("{}: {notice}", path.display());
    }
    let of = |level| lint.notices.iter().filter(|notice| notice.level == level).count() as u64;
    println!("{}, {}", counted(of(Level::Error), "error", "errors"), counted(of(Level::Warning), "warning", "warnings"));
    let Some(policy) = lint.value else { return Ok(Exit::Malformed) };
    let illustrative = if policy.illustrative { " (illustrative)" } else { "" };
    println!("\n{} {}{illustrative}\nSHA-256 {}\n", policy.title, policy.version, policy.digest);
    for requirement in &policy.requirements {
        let severity = if requirement.severity == Severity::Mandatory { "" } else { "(advisory) " };
        print!("{}", fill(&format!("  {} ", pad(&requirement.id, 6)), "         ", &format!("{severity}{}", requirement.sentence())));
    }
    Ok(Exit::Met)
}
