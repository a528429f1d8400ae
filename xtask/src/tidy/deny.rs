//! `deny.toml`, as far as the checks here use it.
//!
//! The format is cargo-deny's, so both read one file; keys that only cargo-deny uses are passed over. Every ban and
//! every exception must carry its reason.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};
use semver::{Version, VersionReq};
use serde::{Deserialize, Deserializer, de::Error as _};

#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    pub graph: Graph,
    pub sources: Sources,
    pub licenses: Licenses,
    pub bans: Bans,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Graph {
    /// Target triples the product is built for.
    pub targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Sources {
    pub allow_registry: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Licenses {
    /// SPDX identifiers, with their exception where there is one.
    pub allow: Vec<String>,
    #[serde(default)]
    pub clarify: Vec<Clarify>,
}

/// The licence of a crate whose manifest does not state one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Clarify {
    #[serde(rename = "crate")]
    pub spec: Spec,
    pub expression: String,
    pub license_files: Vec<LicenseFile>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LicenseFile {
    /// Path inside the crate.
    pub path: String,
    /// XXH32 of the text with unix line ends, seed 0.
    pub hash: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bans {
    pub deny: Vec<Ban>,
    pub skip: Vec<Skip>,
    #[serde(default)]
    pub features: Vec<FeatureBan>,
}

/// A crate that may not be in the graph, save directly below one of its wrappers.
#[derive(Debug, Deserialize)]
pub(crate) struct Ban {
    #[serde(rename = "crate")]
    pub spec: Spec,
    #[serde(default)]
    pub wrappers: Vec<String>,
    pub reason: String,
}

/// An older version that may stand beside the newest.
#[derive(Debug, Deserialize)]
pub(crate) struct Skip {
    #[serde(rename = "crate")]
    pub spec: Spec,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FeatureBan {
    #[serde(rename = "crate")]
    pub spec: Spec,
    pub deny: Vec<String>,
}

/// `name`, `name@version` or `name:requirement`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    pub name: String,
    pub version: VersionReq,
}

impl Spec {
    pub(crate) fn matches(&self, name: &str, version: &Version) -> bool {
        self.name == name && self.version.matches(version)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let (name, version) = if let Some((name, version)) = text.split_once('@') {
            (name, VersionReq::parse(&format!("={version}"))?)
        } else if let Some((name, version)) = text.split_once(':') {
            (name, VersionReq::parse(version)?)
        } else {
            (text, VersionReq::STAR)
        };
        Ok(Self { name: name.to_owned(), version })
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).map_err(|e| D::Error::custom(format!("crate {text:?}: {e}")))
    }
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, is not of this form, or leaves a reason empty.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("reading {}", path.display()))
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        let bans = config.bans.deny.iter().map(|b| (&b.spec, &b.reason));
        let skips = config.bans.skip.iter().map(|s| (&s.spec, &s.reason));
        for (spec, reason) in bans.chain(skips) {
            if reason.trim().is_empty() {
                bail!("the entry of {} gives no reason", spec.name);
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A small configuration for the tests of the checks.
    pub(in super::super) fn config(bans: &str) -> Config {
        Config::parse(&format!(
            r#"
            graph.targets = ["x86_64-unknown-linux-gnu"]
            sources.allow-registry = ["https://registry.example/index"]
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            [bans]
            {bans}
            "#
        ))
        .expect("a well-formed configuration")
    }

    #[test]
    fn a_spec_is_a_name_a_version_or_a_requirement() {
        let spec = |text| Spec::parse(text).expect("a well-formed spec");
        let version = |text| Version::parse(text).expect("a version");
        assert!(spec("syn").matches("syn", &version("9.9.9")));
        assert!(spec("syn:^1").matches("syn", &version("1.0.109")));
        assert!(!spec("syn:^1").matches("syn", &version("2.0.0")));
        assert!(!spec("syn@1.0.1").matches("syn", &version("1.0.2")));
        assert!(!spec("syn").matches("synstructure", &version("1.0.0")));
    }

    #[test]
    fn an_exception_without_a_reason_is_refused() {
        let text = r#"
            graph.targets = []
            sources.allow-registry = []
            licenses.allow = []
            bans.deny = []
            bans.skip = [{ crate = "syn:^1", reason = " " }]
        "#;
        let error = Config::parse(text).expect_err("an empty reason");
        assert_eq!(error.to_string(), "the entry of syn gives no reason");
    }
}
