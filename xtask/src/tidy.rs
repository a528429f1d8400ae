//! Does the tree keep the rules that no compiler knows?
//!
//! - [`arrows`]: which crate may depend on which
//! - [`supply`]: network crates, features, licences, duplicates and sources, against `deny.toml`
//! - [`words`]: what may not stand in a file, documentation at the head of a module, links that lead somewhere
//!
//! It reads manifests, `cargo tree` and files. It does not compile, and it consults no advisory database: that needs
//! the network and is what `cargo deny check advisories` is for.

mod arrows;
mod deny;
mod graph;
mod supply;
mod words;

use std::{fmt, path::Path};

use anyhow::{Context as _, bail};

/// A broken rule: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Runs every check over the workspace at `root` and prints what is broken.
///
/// # Errors
/// If a rule is broken, or if a check could not be made.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let deny = deny::Config::read(&root.join("deny.toml"))?;
    let mut broken = 0;
    let mut report = |check: &str, findings: Vec<Finding>| {
        println!("{:<12} {}", check, if findings.is_empty() { "ok" } else { "BROKEN" });
        for finding in &findings {
            println!("  {finding}");
        }
        broken += findings.len();
    };

    report("arrows", arrows::check(root).context("crate arrows")?);
    report("words", words::check(root).context("words")?);
    report("sources", supply::check_sources(root, &deny).context("package sources")?);
    let graphs = supply::Graphs::load(root, &deny)?;
    report("network", supply::check_network(&graphs, &deny));
    report("features", supply::check_features(&graphs, &deny));
    report("duplicates", supply::check_duplicates(&graphs, &deny)?);
    report("licences", supply::check_licences(root, &graphs, &deny)?);

    match broken {
        0 => Ok(()),
        1 => bail!("1 rule is broken"),
        n => bail!("{n} rules are broken"),
    }
}
