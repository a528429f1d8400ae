//! What is in a dependency graph, as cargo resolves it for given packages, targets and kinds of edge?
//!
//! `cargo tree` is asked rather than `cargo metadata`, whose graph joins the features of tests and of every platform
//! and so holds crates that no build contains. [`manifests`] asks `cargo metadata` for what stands in manifests alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};
use semver::Version;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A crate in one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub name: String,
    pub version: Version,
}

/// What cargo says of a package in this graph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    /// The licence expression of its manifest, empty if it has none.
    pub licence: String,
    /// Features that are on.
    pub features: BTreeSet<String>,
}

/// A package as its manifest describes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub name: String,
    #[serde(deserialize_with = "version")]
    pub version: Version,
    /// Where the manifest lies.
    pub manifest_path: PathBuf,
    /// What it asks for, on any target.
    pub dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub kind: Option<String>,
}

/// Reads a version without semver's own serde feature, which would compile half of the graph a second time.
fn version<'de, D: Deserializer<'de>>(d: D) -> Result<Version, D::Error> {
    Version::parse(&String::deserialize(d)?).map_err(D::Error::custom)
}

/// Manifests of the members of the workspace, or with `everything` of all packages in the lock file.
///
/// # Errors
/// If cargo fails or answers in another form.
pub(crate) fn manifests(root: &Path, everything: bool) -> anyhow::Result<Vec<Manifest>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Manifest>,
    }
    let mut arguments = vec!["metadata", "--quiet", "--format-version", "1"];
    if !everything {
        arguments.push("--no-deps");
    }
    let metadata: Metadata = serde_json::from_str(&cargo(root, &arguments)?).context("cargo metadata answers in another form")?;
    Ok(metadata.packages)
}

/// What a cargo command prints, with the lock file as it is.
fn cargo(root: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("cargo").current_dir(root).args(arguments).arg("--locked").output().context("starting cargo")?;
    if !output.status.success() {
        bail!("cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("cargo did not answer in UTF-8")
}

/// A dependency graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub packages: BTreeMap<Package, Facts>,
    /// (who asks, what for).
    edges: BTreeSet<(Package, Package)>,
}

impl Graph {
    /// Asks cargo; `selection` holds arguments such as `--workspace` or `-p NAME`, `edges` a list such as
    /// `normal,build`.
    ///
    /// # Errors
    /// If cargo fails or answers in another form.
    pub(crate) fn ask(root: &Path, selection: &[&str], edges: &str, target: &str) -> anyhow::Result<Self> {
        let mut arguments = vec!["tree", "--quiet", "--prefix", "depth", "--format", "|{p}|{l}|{f}", "--edges", edges, "--target", target];
        arguments.extend(selection);
        Self::parse(&cargo(root, &arguments)?)
    }

    /// Reads lines `DEPTH|NAME vVERSION …|LICENCE|FEATURES`, with ` (*)` at the end of a package told before.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut graph = Self::default();
        let mut path: Vec<Package> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let read = || {
                let mut fields = line.splitn(4, '|');
                let depth: usize = fields.next()?.parse().ok()?;
                let mut words = fields.next()?.split_whitespace();
                let name = words.next()?.to_owned();
                let version = Version::parse(words.next()?.strip_prefix('v')?).ok()?;
                let licence = fields.next()?.to_owned();
                let features = fields.next()?.trim_end_matches("(*)").trim();
                let features = features.split(',').filter(|f| !f.is_empty()).map(str::to_owned).collect();
                Some((depth, Package { name, version }, Facts { licence, features }))
            };
            let (depth, package, facts) = read().with_context(|| format!("cargo tree line not understood: {line:?}"))?;
            path.truncate(depth);
            if let Some(parent) = path.last() {
                graph.edges.insert((parent.clone(), package.clone()));
            }
            path.push(package.clone());
            let known = graph.packages.entry(package).or_default();
            known.licence = facts.licence;
            known.features.extend(facts.features);
        }
        if graph.packages.is_empty() {
            bail!("cargo tree named no package");
        }
        Ok(graph)
    }

    /// Takes in what another graph has, as of another target.
    pub(crate) fn join(&mut self, other: Self) {
        for (package, facts) in other.packages {
            let known = self.packages.entry(package).or_default();
            known.licence = facts.licence;
            known.features.extend(facts.features);
        }
        self.edges.extend(other.edges);
    }

    /// What `package` asks for directly, in order.
    pub(crate) fn dependencies<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Package> {
        self.edges.iter().filter(move |(from, _)| from == package).map(|(_, to)| to)
    }

    /// Names of the packages that ask for `package` directly.
    pub(crate) fn dependants<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a str> {
        self.edges.iter().filter(move |(_, to)| to == package).map(|(from, _)| from.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_becomes_packages_features_and_edges() {
        let graph = Graph::parse(
            "0|app v0.1.0 (/somewhere/app)|MIT|\n\
             1|serde v1.0.2|MIT OR Apache-2.0|default,std\n\
             2|derive v1.0.0 (proc-macro)|MIT|\n\
             1|other v2.0.0|MIT|\n\
             2|serde v1.0.2|MIT OR Apache-2.0|default,std (*)\n\n\
             0|second v0.1.0 (/somewhere/second)|MIT|\n",
        )
        .expect("a well-formed tree");
        assert_eq!(graph.packages.len(), 5);
        let serde = graph.packages.keys().find(|p| p.name == "serde").expect("serde");
        assert_eq!(graph.packages[serde].licence, "MIT OR Apache-2.0");
        assert!(graph.packages[serde].features.iter().eq(["default", "std"]));
        assert!(graph.dependants(serde).eq(["app", "other"]));
        let second = graph.packages.keys().find(|p| p.name == "second").expect("second");
        assert_eq!(graph.dependants(second).count(), 0);
    }

    #[test]
    fn a_line_of_another_form_is_an_error_and_not_an_empty_graph() {
        assert!(Graph::parse("app v0.1.0\n").is_err());
        assert!(Graph::parse("").is_err());
    }
}
