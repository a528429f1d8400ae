//! Does the tree keep the rules that no compiler knows?
//!
//! - [`arrows`]: which crate may depend on which
//! - [`supply`]: network crates, features, licences, duplicates and sources, against `deny.toml`, for the workspace and for
//!   the desktop shell, which is one of its own
//! - [`words`]: what may not stand in a file, documentation at the head of a module, links that lead somewhere
//!
//! It reads manifests, `cargo tree` and files. It does not compile, and it consults no advisory database: that needs
//! the network and is what `cargo deny check advisories` is for.

mod arrows;
pub(crate) mod deny;
pub(crate) mod graph;
mod supply;
mod words;

use std::{
    fmt,
    path::{Path, PathBuf},
};

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

/// Each workspace with the packages whose programs are handed to users.
pub(crate) fn shipped(root: &Path) -> [(PathBuf, &'static [&'static str]); 2] {
    [(root.to_owned(), &["verifold-cli", "verifold-workbench"]), (root.join("src-tauri"), &["verifold-shell"])]
}

/// Libraries in the programs of these packages on this system: name, version, licence.
///
/// # Errors
/// If cargo fails.
#[cfg(feature = "window")]
pub(crate) fn libraries(root: &Path, packages: &[&str]) -> anyhow::Result<Vec<(String, String, String)>> {
    let host = std::process::Command::new("rustc").args(["--print", "host-tuple"]).output().context("starting rustc")?;
    let host = String::from_utf8_lossy(&host.stdout).trim().to_owned();
    let selection: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).collect();
    let graph = graph::Graph::ask(root, &selection, "normal", &host)?;
    let foreign = graph.packages.into_iter().filter(|(package, _)| !package.name.starts_with("verifold"));
    Ok(foreign.map(|(package, facts)| (package.name, package.version.to_string(), facts.licence)).collect())
}

/// Runs every check over the workspace at `root` and prints what is broken.
///
/// # Errors
/// If a rule is broken, or if a check could not be made.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut broken = 0;
    let mut report = |check: &str, findings: Vec<Finding>| {
        println!("{:<18} {}", check, if findings.is_empty() { "ok" } else { "BROKEN" });
        for finding in &findings {
            println!("  {finding}");
        }
        broken += findings.len();
    };

    let shell = root.join("src-tauri");
    report("arrows", arrows::check(&[root, &shell]).context("crate arrows")?);
    report("words", words::check(root).context("words")?);
    report("agreement", supply::check_agreement(root, &shell).context("the two lock files")?);
    for ((root, shipped), name) in shipped(root).iter().zip(["", " of shell"]) {
        let deny = deny::Config::read(&root.join("deny.toml"))?;
        let mut report = |check: &str, findings| report(&format!("{check}{name}"), findings);
        report("sources", supply::check_sources(root, &deny).context("package sources")?);
        let graphs = supply::Graphs::load(root, &deny, shipped)?;
        report("network", supply::check_network(&graphs, &deny));
        report("features", supply::check_features(&graphs, &deny));
        report("duplicates", supply::check_duplicates(&graphs, &deny)?);
        report("licences", supply::check_licences(root, &graphs, &deny)?);
    }

    match broken {
        0 => Ok(()),
        1 => bail!("1 rule is broken"),
        n => bail!("{n} rules are broken"),
    }
}
