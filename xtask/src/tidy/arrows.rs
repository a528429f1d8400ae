//! Which crate may depend on which?
//!
//! Two tables: arrows between our crates, and foreign crates that only some of ours may name. Both speak of normal
//! dependencies; what a test uses never reaches a shipped binary.

use std::path::Path;

use super::{Finding, graph::manifests};

/// Our crates, each with those of ours it may depend on.
///
/// `model` depends on nothing. The workbench sees `model`, and as a program the host, which sees no more: it can show a
/// record and cannot verify. The prover
/// stands below nothing but the shells, so no verifier's verdict rests on it.
const ARROWS: &[(&str, &[&str])] = &[
    ("verifold-model", &[]),
    ("verifold-policy", &["verifold-model"]),
    ("verifold-package", &["verifold-model"]),
    ("verifold-circuits", &["verifold-model"]),
    ("verifold-report", &["verifold-model"]),
    ("verifold-host", &["verifold-model"]),
    ("verifold-workbench", &["verifold-model", "verifold-host"]),
    ("verifold-shell", &["verifold-model", "verifold-host"]),
    ("verifold-verify", &["verifold-model", "verifold-policy", "verifold-package", "verifold-circuits"]),
    ("verifold-prove", &["verifold-model", "verifold-policy", "verifold-package", "verifold-circuits", "verifold-verify"]),
    (
        "verifold-cli",
        &[
            "verifold-model",
            "verifold-policy",
            "verifold-package",
            "verifold-circuits",
            "verifold-verify",
            "verifold-prove",
            "verifold-report",
            "verifold-host",
        ],
    ),
    (
        "xtask",
        &[
            "verifold-model",
            "verifold-policy",
            "verifold-package",
            "verifold-circuits",
            "verifold-verify",
            "verifold-prove",
            "verifold-report",
            "verifold-host",
        ],
    ),
];

/// Foreign crates (by prefix of the name) with the only crates of ours that may name them.
const CONFINED: &[(&str, &[&str], &str)] = &[
    ("nova-snark", &["verifold-circuits", "verifold-verify", "verifold-prove"], "the proof system stays behind its port"),
    ("tract-", &["verifold-prove"], "model files are read where packages are made"),
    ("parquet", &["verifold-prove"], "batches are read where packages are made"),
    ("typst", &["verifold-report"], "documents are set in one place"),
    ("plotters", &["verifold-report"], "printed charts are drawn in one place"),
    ("egui", &["verifold-workbench"], "nothing below the workbench draws"),
    ("eframe", &["verifold-workbench"], "nothing below the workbench opens a window"),
    ("rfd", &["verifold-workbench"], "nothing below the workbench asks for a file"),
    ("tauri", &["verifold-shell"], "the web engine stays in a workspace of its own"),
    ("wasm-bindgen", &["verifold-workbench", "xtask"], "nothing below the workbench stands on a page"),
    ("zip", &["verifold-package"], "the container has one reader and one writer"),
    ("landlock", &["verifold-cli"], "the worker isolates itself in one place"),
    ("seccompiler", &["verifold-cli"], "the worker isolates itself in one place"),
    (
        "sha2",
        &["verifold-model", "verifold-package"],
        "digests have one home, verifold_model::digest; signatures of others come over SHA-384 and SHA-512",
    ),
    ("clap", &["verifold-cli", "xtask"], "only command lines read arguments"),
    ("anyhow", &["verifold-cli", "xtask"], "the core names its errors"),
];

/// A crate of ours and the crates it names as normal dependencies.
struct Crate {
    name: String,
    needs: Vec<String>,
}

pub(super) fn check(roots: &[&Path]) -> anyhow::Result<Vec<Finding>> {
    let manifests: Vec<_> = roots.iter().map(|root| manifests(root, false)).collect::<Result<_, _>>()?;
    let crates: Vec<Crate> = manifests
        .into_iter()
        .flatten()
        .map(|m| Crate { name: m.name, needs: m.dependencies.into_iter().filter(|d| d.kind.is_none()).map(|d| d.name).collect() })
        .collect();
    Ok(broken(&crates))
}

fn broken(crates: &[Crate]) -> Vec<Finding> {
    let ours = |name: &str| crates.iter().any(|c| c.name == name);
    let mut findings = Vec::new();
    for Crate { name, needs } in crates {
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| from == name) else {
            findings.push(Finding::new(name, "stands in no row of the arrow table: say there what it may depend on"));
            continue;
        };
        for need in needs {
            if ours(need) && !allowed.contains(&need.as_str()) {
                let known = if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") };
                findings.push(Finding::new(name, format!("depends on {need}; allowed: {known}")));
            }
            for (prefix, homes, reason) in CONFINED {
                if need.starts_with(prefix) && !homes.contains(&name.as_str()) {
                    findings.push(Finding::new(name, format!("names {need}; only {} may: {reason}", homes.join(", "))));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(crates: &[(&str, &[&str])], expected: &[&str]) {
        let crates: Vec<Crate> = crates
            .iter()
            .map(|(name, needs)| Crate { name: (*name).to_owned(), needs: needs.iter().map(|n| (*n).to_owned()).collect() })
            .collect();
        let found: Vec<String> = broken(&crates).iter().map(Finding::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn arrows_that_go_one_way_pass() {
        check(
            &[
                ("verifold-model", &["serde"]),
                ("verifold-circuits", &["verifold-model", "nova-snark"]),
                ("verifold-verify", &["verifold-circuits"]),
            ],
            &[],
        );
    }

    #[test]
    fn the_model_may_depend_on_nothing_of_ours() {
        check(
            &[("verifold-model", &["verifold-policy"]), ("verifold-policy", &[])],
            &["verifold-model: depends on verifold-policy; allowed: none of ours"],
        );
    }

    #[test]
    fn the_workbench_cannot_verify() {
        check(
            &[("verifold-workbench", &["verifold-verify"]), ("verifold-verify", &[])],
            &["verifold-workbench: depends on verifold-verify; allowed: verifold-model, verifold-host"],
        );
    }

    #[test]
    fn the_verifier_cannot_rest_on_the_prover() {
        let allowed = "verifold-model, verifold-policy, verifold-package, verifold-circuits";
        check(
            &[("verifold-verify", &["verifold-prove"]), ("verifold-prove", &[])],
            &[&format!("verifold-verify: depends on verifold-prove; allowed: {allowed}")],
        );
    }

    #[test]
    fn only_three_crates_may_name_nova() {
        check(
            &[("verifold-package", &["nova-snark"])],
            &[
                "verifold-package: names nova-snark; only verifold-circuits, verifold-verify, verifold-prove may: the proof system stays behind its port",
            ],
        );
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        check(&[("verifold-new", &[])], &["verifold-new: stands in no row of the arrow table: say there what it may depend on"]);
    }
}
