//! `verifold`: verify proof packages, check policies, draft engagements, prove, from the command line.
//!
//! This is a shell: it reads files and the clock, prints, and turns outcomes into exit codes. What is
//! verified and assessed is decided in the crates below it.

#[macro_use]
mod out;

mod anchor;
mod bench;
mod circuits;
mod deposit;
mod documents;
mod engagement;
mod failure;
mod files;
mod host;
mod inspect;
mod isolation;
mod key;
mod memo;
mod model;
mod pages;
mod policy;
mod prove;
mod receipt;
mod received;
mod report;
mod sample;
mod segments;
mod sign;
mod tables;
mod traceability;
mod verify;
mod worker;
mod wrap;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use verifold_model::state::Exit;

use crate::failure::Failure;

/// Verifies proof packages about machine-learning systems, locally and offline.
#[derive(Debug, Parser)]
#[command(name = "verifold", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes of verify:
  0  all mandatory requirements are met
  1  a mandatory requirement is violated
  2  the command line is wrong
  3  a file is malformed
  4  a proof, link or digest is rejected
  5  origin is not as demanded
  6  a limit is exceeded
  7  something could not be checked here
  8  evidence is missing or a judgement is open
  9  wrong subject, model, plan or period, or an expected batch is missing
Several apply: the first of 2 3 6 4 5 9 7 1 8.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify a package against a policy, and against what the auditor expects.
    Verify(verify::Arguments),
    /// Show what a package claims, believing none of it.
    Inspect(inspect::Arguments),
    /// Work with policies.
    Policy {
        #[command(subcommand)]
        command: policy::Command,
    },
    /// Work with engagements.
    Engagement {
        #[command(subcommand)]
        command: engagement::Command,
    },
    /// List circuits with what each costs.
    Circuits(circuits::Arguments),
    /// Measure verifying and proving on this machine.
    Bench(bench::Arguments),
    /// Render an audit record as a PDF report.
    Report(report::Arguments),
    /// Make a proof package.
    Prove {
        #[command(subcommand)]
        command: prove::Command,
    },
    /// Join the segments of a long period to one package.
    Join(segments::Join),
    /// Sign a package, a policy or an engagement: say who stands behind it.
    Sign(sign::Arguments),
    /// Work with signing keys.
    Key {
        #[command(subcommand)]
        command: key::Command,
    },
    /// Work with anchors: what was committed to while it was made.
    Anchor {
        #[command(subcommand)]
        command: anchor::Command,
    },
    /// Work with receipts: what one applicant can check of a proof.
    Receipt {
        #[command(subcommand)]
        command: receipt::Command,
    },
    /// Work with samples: rows drawn, opened, and compared with their source documents.
    Sample {
        #[command(subcommand)]
        command: sample::Command,
    },
    /// Work with model files: what was signed, and what stands behind a model commitment.
    Model {
        #[command(subcommand)]
        command: model::Command,
    },
    /// Work with traceability specifications: why a stage is proven the way it is.
    Traceability {
        #[command(subcommand)]
        command: traceability::Command,
    },
    /// Lay down policy, overlays, plan and engagement before the period, so that a later change shows.
    Deposit(deposit::Arguments),
    /// Print the completions of a shell.
    Completions(pages::Completions),
    /// Write the manual, a page for each command.
    #[command(hide = true)]
    Man(pages::Man),
    /// Carry out one request from standard input, isolated; other commands and the workbench start it.
    Worker(worker::Arguments),
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Policy { command } => policy::run(&command),
        Command::Engagement { command } => engagement::run(&command),
        Command::Circuits(arguments) => circuits::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Prove { command } => prove::run(command),
        Command::Join(arguments) => segments::join(arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Key { command } => key::run(&command),
        Command::Anchor { command } => anchor::run(command),
        Command::Receipt { command } => receipt::run(&command),
        Command::Sample { command } => sample::run(&command),
        Command::Model { command } => model::run(&command),
        Command::Traceability { command } => traceability::run(&command),
        Command::Deposit(arguments) => deposit::run(&arguments),
        Command::Completions(arguments) => Ok(pages::completions(&arguments)),
        Command::Man(arguments) => pages::man(&arguments),
        Command::Worker(arguments) => worker::run(&arguments),
    }
}

fn main() -> ExitCode {
    // clap itself exits with 2 on a wrong command line, which is Exit::Usage.
    let exit = run(Arguments::parse().command).unwrap_or_else(|failure| {
        eprintln!("{failure}");
        failure.exit
    });
    if let Err(error) = out::finish() {
        eprintln!("verifold: standard output could not be written ({error}), so what was printed is not whole");
        return ExitCode::from(Exit::Usage.code());
    }
    ExitCode::from(exit.code())
}
