//! `verifold bench`: what verifying and proving cost on this machine, beside each other.
//!
//! Timings only mean something as ratios taken in one run: everything compared is measured in turn,
//! round by round, with keys in memory, so that whatever else the machine does falls on all alike.

mod package;
mod shape;
mod timing;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use verifold_model::{shape::Shape, state::Exit};

use crate::{failure::Failure, files};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Packages to verify in turn; two of one shape show whether verification is flat in the number of batches. They are
    /// parsed in this process, which is not isolated: measure packages you made.
    #[arg(required_unless_present = "shapes")]
    packages: Vec<PathBuf>,
    /// What is demanded of the packages.
    #[arg(long, value_name = "P.toml", required_unless_present = "shapes")]
    policy: Option<PathBuf>,
    /// What the auditor expects of the packages.
    #[arg(long, value_name = "E.toml")]
    engagement: Option<PathBuf>,
    /// Shapes to fold and compress synthetic rows with; takes a minute or more each.
    #[arg(long = "shape", value_name = "SHAPE")]
    shapes: Vec<Shape>,
    /// Rounds; medians are taken over them.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// JSON in place of a table.
    #[arg(long)]
    json: bool,
}

/// What was measured. Times are in microseconds.
#[derive(Debug, Serialize)]
struct Figures {
    program: String,
    threads: usize,
    rounds: u32,
    packages: Vec<package::Figures>,
    /// Proof check of the package with most batches over that of the one with fewest, same circuit, medians of CPU time.
    #[serde(skip_serializing_if = "Option::is_none")]
    flatness: Option<package::Flatness>,
    shapes: Vec<shape::Figures>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let packages = match &arguments.policy {
        Some(path) if !arguments.packages.is_empty() => {
            let policy = files::policy(path)?;
            let engagement = arguments.engagement.as_deref().map(files::engagement).transpose()?;
            let subjects = package::subjects(&arguments.packages, &policy, engagement.as_ref())?;
            package::measure(&subjects, &package::Cold { policy: path, engagement: arguments.engagement.as_deref() }, arguments.rounds)?
        }
        _ => Vec::new(),
    };
    let figures = Figures {
        program: format!("Verifold {}", env!("CARGO_PKG_VERSION")),
        threads: rayon::current_num_threads(),
        rounds: arguments.rounds,
        flatness: package::flatness(&packages),
        packages,
        shapes: arguments.shapes.iter().map(|shape| shape::measure(*shape)).collect::<Result<_, _>>()?,
    };
    if arguments.json {
        let text = serde_json::to_string_pretty(&figures).map_err(|error| Failure::new(Exit::Usage, error.to_string(), ""))?;
        println!("{text}");
    } else {
        println!(
            "{}, {} threads; medians with least and most of {} rounds, keys in memory",
            figures.program, figures.threads, figures.rounds
        );
        for package in &figures.packages {
            package.print();
        }
        if let Some(flatness) = &figures.flatness {
            flatness.print();
        }
        for shape in &figures.shapes {
            shape.print();
        }
    }
    Ok(Exit::Met)
}
