//! Where do the sample audits come from, and do they still end as they should?
//!
//! 1. [`population`], [`ledger`]: invented applicants, and what a bank records about them, from [`random`] streams
//! 2. [`tables`]: the CSV files the bank would have, under `target/samples`
//! 3. [`packages`]: proofs over those tables, and cheats made of them
//!    [`lifecycle`]: the samples over all stages; [`changed`]: the one with a change of model
//! 4. [`anchors`]: what the bank committed to week by week, where a sample has that
//! 5. [`folder`]: the files an auditor would have, with README and expected outcome, under `sample-audits`
//! 6. [`check`]: every folder ends with its exit code and its record
//!
//! Salts come from the operating system, so a proof made anew is another proof; only what changed is proven again.

mod anchors;
mod changed;
mod check;
mod folder;
mod ledger;
mod lifecycle;
mod packages;
mod population;
pub(crate) mod random;
mod stories;
mod tables;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use stories::{STORIES, Story};

/// Arguments of `cargo xtask samples`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this sample
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Write nothing; fail if a sample does not end as it should
    #[arg(long, conflicts_with_all = ["data", "records"])]
    check: bool,
    /// Write the tables under target/samples and stop
    #[arg(long, conflicts_with = "records")]
    data: bool,
    /// Prove nothing; write READMEs, policies, expected records and expected exit codes anew
    #[arg(long)]
    records: bool,
    /// Prove again even what has not changed
    #[arg(long)]
    again: bool,
}

/// Folders the command reads and writes.
struct Places {
    /// The workspace.
    root: PathBuf,
    /// Specification and models, committed.
    inputs: PathBuf,
    /// Sample audits, committed.
    samples: PathBuf,
    /// Tables and secrets, never committed.
    scratch: PathBuf,
}

impl Places {
    fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            inputs: root.join("scripts/data"),
            samples: root.join("sample-audits"),
            scratch: root.join("target/samples"),
        }
    }
}

/// Writes or checks the sample audits.
///
/// # Errors
/// If a file cannot be read or written, a proof cannot be made, or a sample ends otherwise than its story.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let places = Places::new(root);
    if args.data {
        return tables::write(&places);
    }
    let wanted: Vec<&Story> = STORIES.iter().filter(|story| args.only.as_deref().is_none_or(|only| only == story.name)).collect();
    if wanted.is_empty() {
        let names: Vec<&str> = STORIES.iter().map(|story| story.name).collect();
        bail!("no sample has that name; the samples are {}", names.join(", "));
    }
    if args.check {
        return check::run(&places, &wanted);
    }
    if !args.records {
        tables::write(&places)?;
        packages::write(&places, &wanted, args.again)?;
    }
    folder::write_texts(&places, &wanted)?;
    check::write_expected(&places, &wanted)
}

/// Reads a file as text, naming it if that fails.
fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// Writes a file and the folder it stands in, if its content differs: an untouched file stays untouched.
fn write_if_changed(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if std::fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    std::fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}
