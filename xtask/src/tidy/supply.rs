//! Is what we build on what we agreed to build on?
//!
//! - [`check_agreement`]: two lock files hold one version of what they share
//! - [`check_sources`]: every package in the lock file comes from an allowed registry
//! - [`check_network`]: no shipped binary, on any target, holds a banned crate
//! - [`check_features`]: no banned feature is on
//! - [`check_duplicates`]: one version per crate, or an exception with its reason
//! - [`check_licences`]: every licence expression can be satisfied by the allowed licences

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, bail};
use semver::Version;

use super::{
    Finding,
    deny::{Clarify, Config},
    graph::{Graph, Package, manifests},
};

/// Every graph the checks ask about, each with a name for the reader.
pub(super) struct Graphs {
    /// Normal dependencies of one shipped package on one target.
    shipped: Vec<(String, Graph)>,
    /// What the workspace is built from on one target.
    built: Vec<(String, Graph)>,
    /// As `built`, and what its tests need.
    tested: Vec<(String, Graph)>,
}

impl Graphs {
    /// `shipped`: the packages whose binaries are handed to users.
    pub(super) fn load(root: &Path, config: &Config, shipped: &[&str]) -> anyhow::Result<Self> {
        let mut graphs = Self { shipped: Vec::new(), built: Vec::new(), tested: Vec::new() };
        for target in &config.graph.targets {
            for package in shipped {
                let graph = Graph::ask(root, &["--package", package], "normal", target)?;
                graphs.shipped.push((format!("{package} on {target}"), graph));
            }
            let graph = Graph::ask(root, &["--workspace"], "normal,build", target)?;
            graphs.built.push((target.clone(), graph));
            let graph = Graph::ask(root, &["--workspace"], "normal,build,dev", target)?;
            graphs.tested.push((target.clone(), graph));
        }
        Ok(graphs)
    }
}

pub(super) fn check_sources(root: &Path, config: &Config) -> anyhow::Result<Vec<Finding>> {
    foreign_sources(&fs::read_to_string(root.join("Cargo.lock")).context("reading Cargo.lock")?, config)
}

#[derive(serde::Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(serde::Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// Absent for members of the workspace.
    source: Option<String>,
}

/// What two workspaces both build on, they build on in one version: a mended library is mended in both. Versions that one
/// of them excuses are held back by somebody else.
pub(super) fn check_agreement(first: &Path, second: &Path) -> anyhow::Result<Vec<Finding>> {
    let configs = [Config::read(&first.join("deny.toml"))?, Config::read(&second.join("deny.toml"))?];
    let read =
        |root: &Path| fs::read_to_string(root.join("Cargo.lock")).with_context(|| format!("reading Cargo.lock in {}", root.display()));
    disagreements(&read(first)?, &read(second)?, &configs)
}

fn disagreements(first: &str, second: &str, configs: &[Config]) -> anyhow::Result<Vec<Finding>> {
    let versions = |lock: &str| -> anyhow::Result<BTreeMap<(String, String), BTreeSet<Version>>> {
        let lock: Lock = toml::from_str(lock).context("reading Cargo.lock")?;
        let mut versions: BTreeMap<_, BTreeSet<Version>> = BTreeMap::new();
        for package in lock.package {
            let version = Version::parse(&package.version).with_context(|| format!("the version of {}", package.name))?;
            if configs.iter().flat_map(|config| &config.bans.skip).any(|skip| skip.spec.matches(&package.name, &version)) {
                continue;
            }
            versions.entry((package.name, compatible(&version))).or_default().insert(version);
        }
        Ok(versions)
    };
    let (first, second) = (versions(first)?, versions(second)?);
    Ok(first
        .iter()
        .filter_map(|(key, here)| second.get(key).filter(|there| *there != here).map(|there| (&key.0, here, there)))
        .map(|(name, here, there)| {
            let told = |versions: &BTreeSet<Version>| versions.iter().map(Version::to_string).collect::<Vec<_>>().join(", ");
            Finding::new(name, format!("is {} in one Cargo.lock and {} in the other: cargo update --precise", told(here), told(there)))
        })
        .collect())
}

/// The leading numbers that compatible versions share.
fn compatible(version: &Version) -> String {
    match (version.major, version.minor) {
        (0, 0) => format!("0.0.{}", version.patch),
        (0, minor) => format!("0.{minor}"),
        (major, _) => major.to_string(),
    }
}

fn foreign_sources(lock: &str, config: &Config) -> anyhow::Result<Vec<Finding>> {
    let lock: Lock = toml::from_str(lock).context("reading Cargo.lock")?;
    let allowed =
        |source: &str| config.sources.allow_registry.iter().any(|registry| source.strip_prefix("registry+") == Some(registry.as_str()));
    Ok(lock
        .package
        .into_iter()
        .filter_map(|p| {
            p.source.filter(|s| !allowed(s)).map(|s| Finding::new(format!("{} {}", p.name, p.version), format!("comes from {s}")))
        })
        .collect())
}

pub(super) fn check_network(graphs: &Graphs, config: &Config) -> Vec<Finding> {
    graphs.shipped.iter().flat_map(|(name, graph)| banned(name, graph, config)).collect()
}

fn banned(name: &str, graph: &Graph, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in graph.packages.keys() {
        let Some(ban) = config.bans.deny.iter().find(|ban| ban.spec.matches(&package.name, &package.version)) else { continue };
        for dependant in graph.dependants(package).filter(|d| !ban.wrappers.iter().any(|w| w == d)) {
            findings.push(Finding::new(name, format!("{} is banned ({}) and {dependant} asks for it", package.name, ban.reason)));
        }
    }
    findings
}

pub(super) fn check_features(graphs: &Graphs, config: &Config) -> Vec<Finding> {
    graphs.built.iter().chain(&graphs.shipped).flat_map(|(name, graph)| banned_features(name, graph, config)).collect()
}

fn banned_features(name: &str, graph: &Graph, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, facts) in &graph.packages {
        for rule in config.bans.features.iter().filter(|rule| rule.spec.matches(&package.name, &package.version)) {
            for feature in rule.deny.iter().filter(|f| facts.features.contains(*f)) {
                findings.push(Finding::new(name, format!("feature {feature} of {} is on and may never be", package.name)));
            }
        }
    }
    findings
}

pub(super) fn check_duplicates(graphs: &Graphs, config: &Config) -> anyhow::Result<Vec<Finding>> {
    duplicates(&graphs.built, config)
}

fn duplicates(graphs: &[(String, Graph)], config: &Config) -> anyhow::Result<Vec<Finding>> {
    let mut findings = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (_, graph) in graphs {
        let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
        for package in graph.packages.keys() {
            versions.entry(&package.name).or_default().push(package);
        }
        for (name, packages) in versions.iter().filter(|(_, packages)| packages.len() > 1) {
            let excused = |package: &Package| config.bans.skip.iter().position(|s| s.spec.matches(&package.name, &package.version));
            used.extend(packages.iter().filter_map(|p| excused(p)));
            let left: Vec<&&Package> = packages.iter().filter(|p| excused(p).is_none()).collect();
            if left.len() > 1 {
                let told: Vec<String> = left
                    .iter()
                    .map(|p| format!("{} for {}", p.version, graph.dependants(p).take(3).collect::<Vec<_>>().join(", ")))
                    .collect();
                findings.insert(Finding::new(
                    *name,
                    format!("stands in the graph as {}: unite them or excuse all but one", told.join(" and as ")),
                ));
            }
            if left.is_empty() {
                bail!("every version of {name} is excused, so none is the one kept: check bans.skip");
            }
        }
    }
    for (index, skip) in config.bans.skip.iter().enumerate().filter(|(index, _)| !used.contains(index)) {
        let place = format!("bans.skip entry {}", index + 1);
        findings
            .insert(Finding::new(place, format!("{} {} is no duplicate any more: delete the entry", skip.spec.name, skip.spec.version)));
    }
    Ok(findings.into_iter().collect())
}

pub(super) fn check_licences(root: &Path, graphs: &Graphs, config: &Config) -> anyhow::Result<Vec<Finding>> {
    let clarified = clarified(root, &config.licenses.clarify)?;
    Ok(unlicensed(&graphs.tested, config, &clarified))
}

/// Licence expressions that stand in for a missing one, of those entries whose licence text is the pinned one.
fn clarified(root: &Path, entries: &[Clarify]) -> anyhow::Result<BTreeMap<Package, String>> {
    let manifests = manifests(root, true)?;
    let mut clarified = BTreeMap::new();
    for entry in entries {
        for package in manifests.iter().filter(|p| entry.spec.matches(&p.name, &p.version)) {
            let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
            for file in &entry.license_files {
                let text = fs::read_to_string(folder.join(&file.path))
                    .with_context(|| format!("reading {} of {} {}", file.path, package.name, package.version))?;
                let hash = xxh32(text.replace("\r\n", "\n").as_bytes());
                if hash != file.hash {
                    bail!(
                        "{} of {} {} has hash {hash:#010x}, pinned {:#010x}: read the text again",
                        file.path,
                        package.name,
                        package.version,
                        file.hash
                    );
                }
            }
            let package = Package { name: package.name.clone(), version: package.version.clone() };
            clarified.insert(package, entry.expression.clone());
        }
    }
    Ok(clarified)
}

fn unlicensed(graphs: &[(String, Graph)], config: &Config, clarified: &BTreeMap<Package, String>) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (package, facts) in graphs.iter().flat_map(|(_, graph)| &graph.packages) {
        let place = format!("{} {}", package.name, package.version);
        let expression = clarified.get(package).unwrap_or(&facts.licence);
        if expression.is_empty() {
            findings.insert(Finding::new(place, "states no licence: read its text and clarify it in deny.toml"));
            continue;
        }
        match satisfied(expression, &mut |licence| {
            let allowed = config.licenses.allow.iter().find(|a| *a == licence);
            used.extend(allowed);
            allowed.is_some()
        }) {
            Some(true) => {}
            Some(false) => {
                findings.insert(Finding::new(place, format!("licence {expression} is not among those allowed")));
            }
            None => {
                findings.insert(Finding::new(place, format!("licence {expression:?} is no SPDX expression")));
            }
        }
    }
    for licence in config.licenses.allow.iter().filter(|l| !used.contains(l)) {
        findings.insert(Finding::new("licenses.allow", format!("{licence} is not met in the graph: delete it")));
    }
    findings.into_iter().collect()
}

/// Whether an SPDX expression can be satisfied, or `None` if it is not one.
///
/// `A/B`, as older manifests write it, means `A OR B`. A licence with an exception is asked for as one name,
/// `A WITH E`.
fn satisfied(expression: &str, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    let text = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = text.split_whitespace().peekable();
    let answer = alternatives(&mut words, allowed)?;
    words.next().is_none().then_some(answer)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn alternatives(words: &mut Words<'_>, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    let mut answer = conjunction(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        answer |= conjunction(words, allowed)?;
    }
    Some(answer)
}

fn conjunction(words: &mut Words<'_>, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    let mut answer = licence(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        answer &= licence(words, allowed)?;
    }
    Some(answer)
}

fn licence(words: &mut Words<'_>, allowed: &mut dyn FnMut(&str) -> bool) -> Option<bool> {
    match words.next()? {
        "(" => {
            let answer = alternatives(words, allowed)?;
            (words.next()? == ")").then_some(answer)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        name if words.next_if_eq(&"WITH").is_some() => Some(allowed(&format!("{name} WITH {}", words.next()?))),
        name => Some(allowed(name)),
    }
}

/// XXH32 with seed 0, the hash that cargo-deny pins licence texts with. It guards against an unnoticed change of
/// text, not against an adversary; the lock file's checksums do that.
fn xxh32(bytes: &[u8]) -> u32 {
    const PRIMES: [u32; 5] = [0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F, 0x1656_67B1];
    let [p1, p2, p3, p4, p5] = PRIMES;
    let (lanes, rest) = bytes.split_at(bytes.len() / 16 * 16);
    let mut hash = if lanes.is_empty() {
        p5
    } else {
        let mut state = [p1.wrapping_add(p2), p2, 0, 0_u32.wrapping_sub(p1)];
        for (index, word) in lanes.as_chunks::<4>().0.iter().enumerate() {
            let lane = &mut state[index % 4];
            *lane = lane.wrapping_add(u32::from_le_bytes(*word).wrapping_mul(p2)).rotate_left(13).wrapping_mul(p1);
        }
        let [a, b, c, d] = state;
        a.rotate_left(1).wrapping_add(b.rotate_left(7)).wrapping_add(c.rotate_left(12)).wrapping_add(d.rotate_left(18))
    };
    // The algorithm takes the length modulo 2^32.
    hash = hash.wrapping_add(bytes.len() as u32);
    let (words, tail) = rest.as_chunks::<4>();
    for word in words {
        hash = hash.wrapping_add(u32::from_le_bytes(*word).wrapping_mul(p3)).rotate_left(17).wrapping_mul(p4);
    }
    for byte in tail {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(p5)).rotate_left(11).wrapping_mul(p1);
    }
    hash = (hash ^ (hash >> 15)).wrapping_mul(p2);
    hash = (hash ^ (hash >> 13)).wrapping_mul(p3);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::{super::deny::tests::config, *};

    fn graph(text: &str) -> Vec<(String, Graph)> {
        vec![("here".to_owned(), Graph::parse(text).expect("a well-formed tree"))]
    }

    #[track_caller]
    fn check(findings: &[Finding], expected: &[&str]) {
        let found: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(found, expected);
    }

    const BANS: &str = r#"
        deny = [
          { crate = "hyper", reason = "HTTP" },
          { crate = "zbus", wrappers = ["accesskit_unix"], reason = "D-Bus" },
        ]
        skip = []
        features = [{ crate = "nova-snark", deny = ["evm"] }]
    "#;

    #[test]
    fn a_network_crate_is_refused_and_the_one_who_asks_is_named() {
        let graph = &graph("0|app v1.0.0|MIT|\n1|client v1.0.0|MIT|\n2|hyper v1.0.0|MIT|\n")[0].1;
        check(&banned("app on linux", graph, &config(BANS)), &["app on linux: hyper is banned (HTTP) and client asks for it"]);
    }

    #[test]
    fn a_wrapper_may_ask_and_nobody_else() {
        let allowed = &graph("0|app v1.0.0|MIT|\n1|accesskit_unix v1.0.0|MIT|\n2|zbus v1.0.0|MIT|\n")[0].1;
        check(&banned("app", allowed, &config(BANS)), &[]);
        let refused = &graph("0|app v1.0.0|MIT|\n1|accesskit_unix v1.0.0|MIT|\n2|zbus v1.0.0|MIT|\n1|zbus v1.0.0|MIT|\n")[0].1;
        check(&banned("app", refused, &config(BANS)), &["app: zbus is banned (D-Bus) and app asks for it"]);
    }

    #[test]
    fn a_banned_feature_is_refused() {
        let with = |features| banned_features("app", &graph(&format!("0|nova-snark v0.76.0||{features}\n"))[0].1, &config(BANS));
        check(&with("default"), &[]);
        check(&with("default,evm"), &["app: feature evm of nova-snark is on and may never be"]);
    }

    #[test]
    fn two_locks_hold_one_version_of_what_they_share() {
        let lock = |versions: &[(&str, &str)]| {
            versions.iter().map(|(name, version)| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n")).collect::<String>()
        };
        let here = lock(&[("serde", "1.0.2"), ("syn", "1.0.9"), ("syn", "2.0.1"), ("toml", "0.8.1"), ("egui", "0.37.0")]);
        let there = lock(&[("serde", "1.0.3"), ("syn", "2.0.1"), ("syn", "3.0.0"), ("toml", "0.9.4")]);
        let config = config("deny = []\nskip = [{ crate = \"toml:^0.8\", reason = \"old\" }]");
        let there = there + &lock(&[("toml", "0.8.2")]);
        check(
            &disagreements(&here, &there, &[config]).expect("two locks"),
            &["serde: is 1.0.2 in one Cargo.lock and 1.0.3 in the other: cargo update --precise"],
        );
        check(&disagreements(&here, &here, &[]).expect("two locks"), &[]);
    }

    const TWICE: &str = "0|app v1.0.0|MIT|\n1|syn v1.0.0|MIT|\n1|syn v2.0.0|MIT|\n1|syn v3.0.0|MIT|\n";

    #[test]
    fn a_new_duplicate_is_refused() {
        let config = config(r#"deny = [], skip = [{ crate = "syn:^1", reason = "old" }]"#.replace(", skip", "\nskip").as_str());
        check(
            &duplicates(&graph(TWICE), &config).expect("an answer"),
            &["syn: stands in the graph as 2.0.0 for app and as 3.0.0 for app: unite them or excuse all but one"],
        );
    }

    #[test]
    fn an_excused_duplicate_passes_and_an_idle_excuse_does_not() {
        let config = config(
            "deny = []\nskip = [{ crate = \"syn:^1\", reason = \"old\" }, { crate = \"syn:^2\", reason = \"old\" }, \
             { crate = \"rand:^0.8\", reason = \"old\" }]",
        );
        check(
            &duplicates(&graph(TWICE), &config).expect("an answer"),
            &["bans.skip entry 3: rand ^0.8 is no duplicate any more: delete the entry"],
        );
    }

    #[test]
    fn a_licence_expression_is_weighed_as_a_whole() {
        let weigh = |expression| satisfied(expression, &mut |l| ["MIT", "Apache-2.0 WITH LLVM-exception"].contains(&l));
        assert_eq!(weigh("MIT"), Some(true));
        assert_eq!(weigh("GPL-3.0-only"), Some(false));
        assert_eq!(weigh("GPL-3.0-only OR MIT"), Some(true));
        assert_eq!(weigh("Unlicense/MIT"), Some(true));
        assert_eq!(weigh("GPL-3.0-only AND MIT"), Some(false));
        assert_eq!(weigh("(GPL-3.0-only OR MIT) AND (MIT)"), Some(true));
        assert_eq!(weigh("MIT OR GPL-3.0-only AND GPL-2.0-only"), Some(true));
        assert_eq!(weigh("Apache-2.0 WITH LLVM-exception"), Some(true));
        assert_eq!(weigh("Apache-2.0"), Some(false));
        assert_eq!(weigh("MIT OR"), None);
        assert_eq!(weigh("(MIT"), None);
        assert_eq!(weigh("MIT MIT"), None);
    }

    #[test]
    fn a_crate_without_a_fitting_licence_is_refused() {
        let config = config("deny = []\nskip = []");
        let graphs = graph("0|a v1.0.0|GPL-3.0-only|\n0|b v1.0.0||\n0|c v1.0.0|MIT and more|\n0|d v1.0.0|Apache-2.0 AND MIT|\n");
        check(
            &unlicensed(&graphs, &config, &BTreeMap::new()),
            &[
                "a 1.0.0: licence GPL-3.0-only is not among those allowed",
                "b 1.0.0: states no licence: read its text and clarify it in deny.toml",
                "c 1.0.0: licence \"MIT and more\" is no SPDX expression",
                "licenses.allow: Apache-2.0 WITH LLVM-exception is not met in the graph: delete it",
            ],
        );
    }

    #[test]
    fn a_package_from_elsewhere_is_refused() {
        let lock = |source| format!("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n");
        let foreign = |source| foreign_sources(&lock(source), &config("deny = []\nskip = []")).expect("an answer");
        check(&foreign("registry+https://registry.example/index"), &[]);
        check(&foreign("git+https://forge.example/a"), &["a 1.0.0: comes from git+https://forge.example/a"]);
    }

    #[test]
    fn xxh32_gives_the_published_values() {
        assert_eq!(xxh32(b""), 0x02CC_5D05);
        assert_eq!(xxh32(b"abc"), 0x32D1_53FF);
        assert_eq!(xxh32(b"Nobody inspects the spammish repetition"), 0xE229_3B2F);
    }
}
