//! What is inside the programs we hand out? A bill of materials for each, in CycloneDX 1.5 JSON.
//!
//! Components are the crates a program is linked from (and the macros that wrote parts of them) on any target `deny.toml`
//! names, with licence, checksum of the lock file, and who asks for whom. The same tree and lock file give the same
//! bytes: no serial number, no time. [`check_shape`] must be content before anything is written.
//!
//! It does not list the Rust standard library, the compiler, or system libraries a program loads when it runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::tidy::{
    deny::Config,
    graph::{Graph, Package},
};

/// Arguments of `cargo xtask sbom`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder the bills go to, one PACKAGE.cdx.json for each program
    #[arg(long, short, default_value = "target/sbom")]
    output: PathBuf,
}

/// Writes a bill for each shipped program.
///
/// # Errors
/// If cargo cannot be asked, a bill is out of shape, or a file cannot be written.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    write(root, &root.join(&args.output)).map(drop)
}

/// Writes the bills into a folder and says their names.
pub(crate) fn write(root: &Path, folder: &Path) -> anyhow::Result<Vec<String>> {
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let mut names = Vec::new();
    for (workspace, programs) in crate::tidy::shipped(root) {
        let deny = Config::read(&workspace.join("deny.toml"))?;
        let lock = fs::read_to_string(workspace.join("Cargo.lock")).context("reading Cargo.lock")?;
        for program in programs {
            let mut graph = Graph::default();
            for target in &deny.graph.targets {
                graph.join(Graph::ask(&workspace, &["--package", program], "normal", target)?);
            }
            let bill = bill(program, &graph, &lock, &deny)?;
            let faults = check_shape(&bill);
            if !faults.is_empty() {
                bail!("the bill of {program} is out of shape: {}", faults.join("; "));
            }
            let name = format!("{program}.cdx.json");
            let path = folder.join(&name);
            fs::write(&path, format!("{bill:#}\n")).with_context(|| format!("writing {}", path.display()))?;
            println!("{} components  {}", graph.packages.len() - 1, path.display());
            names.push(name);
        }
    }
    Ok(names)
}

#[derive(serde::Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(serde::Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// SHA-256 of the crate's archive; absent for members of a workspace.
    checksum: Option<String>,
}

/// The reference of a package in its bill, and its package URL (purl-spec, type cargo).
fn purl(package: &Package) -> String {
    // Build metadata stands behind a plus, which a package URL percent-encodes.
    format!("pkg:cargo/{}@{}", package.name, package.version.to_string().replace('+', "%2B"))
}

/// The bill of `program`, whose dependencies are `graph`.
fn bill(program: &str, graph: &Graph, lock: &str, deny: &Config) -> anyhow::Result<Value> {
    let lock: Lock = toml::from_str(lock).context("Cargo.lock")?;
    let checksums: BTreeMap<(&str, &str), &str> = lock
        .package
        .iter()
        .filter_map(|locked| Some(((locked.name.as_str(), locked.version.as_str()), locked.checksum.as_deref()?)))
        .collect();
    let mut main = None;
    let mut components = Vec::new();
    for (package, facts) in &graph.packages {
        let clarified = deny
            .licenses
            .clarify
            .iter()
            .find(|clarify| clarify.spec.matches(&package.name, &package.version))
            .map(|clarify| clarify.expression.as_str());
        // Old manifests write a slash for OR.
        let licence = clarified.unwrap_or(&facts.licence).replace('/', " OR ").replace("  ", " ");
        let version = package.version.to_string();
        let reference = purl(package);
        let mut component = json!({ "bom-ref": reference, "name": package.name, "purl": reference, "type": "library", "version": version });
        if !licence.is_empty() {
            component["licenses"] = json!([{ "expression": licence }]);
        }
        if let Some(checksum) = checksums.get(&(package.name.as_str(), version.as_str())) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        if package.name == program {
            component["type"] = json!("application");
            main = Some(component);
        } else {
            components.push(component);
        }
    }
    let main = main.with_context(|| format!("cargo tree does not name {program}"))?;
    let dependencies: Vec<Value> = graph
        .packages
        .keys()
        .map(|package| json!({ "ref": purl(package), "dependsOn": graph.dependencies(package).map(purl).collect::<Vec<_>>() }))
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": main },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// What is not as CycloneDX 1.5 has it, of the parts a bill of ours uses: fixed values, required fields, types, enumerated
/// words, and references that are unique and lead somewhere.
fn check_shape(bill: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    let keys = |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<BTreeSet<_>>()).unwrap_or_default();
    let all: BTreeSet<String> = ["bomFormat", "specVersion", "version", "metadata", "components", "dependencies"].map(str::to_owned).into();
    expect(keys(bill) == all, format!("fields {:?}", keys(bill)));
    expect(bill["bomFormat"] == "CycloneDX" && bill["specVersion"] == "1.5" && bill["version"] == 1, "format or version".to_owned());
    let main = &bill["metadata"]["component"];
    expect(main["type"] == "application", "the program is no application".to_owned());
    let listed = bill["components"].as_array().cloned().unwrap_or_default();
    let mut references = BTreeSet::new();
    for component in [main].into_iter().chain(&listed) {
        let text = |field: &str| component[field].as_str().filter(|text| !text.is_empty());
        let name = text("name").unwrap_or("?");
        let known = ["bom-ref", "hashes", "licenses", "name", "purl", "type", "version"];
        expect(keys(component).iter().all(|key| known.contains(&key.as_str())), format!("{name}: a field that is not known"));
        expect(matches!(text("type"), Some("application" | "library")), format!("{name}: type"));
        for field in ["bom-ref", "name", "version"] {
            expect(text(field).is_some(), format!("{name}: no {field}"));
        }
        expect(text("purl").is_some_and(|purl| purl.starts_with("pkg:cargo/") && !purl.contains([' ', '+'])), format!("{name}: purl"));
        expect(references.insert(text("bom-ref").unwrap_or_default().to_owned()), format!("{name}: there twice"));
        for hash in component["hashes"].as_array().into_iter().flatten() {
            let digits = hash["content"].as_str().unwrap_or_default();
            let whole = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            expect(hash["alg"] == "SHA-256" && whole, format!("{name}: hash"));
        }
        for licence in component["licenses"].as_array().into_iter().flatten() {
            expect(licence["expression"].as_str().is_some_and(|text| !text.contains('/')), format!("{name}: licence"));
        }
    }
    let mut told = BTreeSet::new();
    for dependency in bill["dependencies"].as_array().into_iter().flatten() {
        let from = dependency["ref"].as_str().unwrap_or_default().to_owned();
        expect(references.contains(&from), format!("{from:?} depends and is not listed"));
        for to in dependency["dependsOn"].as_array().into_iter().flatten() {
            expect(to.as_str().is_some_and(|to| references.contains(to)), format!("{from} depends on {to}, which is not listed"));
        }
        expect(told.insert(from.clone()), format!("{from}: its dependencies stand there twice"));
    }
    expect(told == references, "not every component says what it depends on".to_owned());
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0|app v0.1.0 (/somewhere/app)|MIT OR Apache-2.0|\n1|old v1.0.0+up.2|MIT/Apache-2.0|std\n1|told v2.0.0|MIT|\n2|old v1.0.0+up.2|MIT/Apache-2.0|std (*)\n";

    fn made() -> Value {
        let digits = "ab".repeat(32);
        let lock = format!(
            "version = 4\n[[package]]\nname = \"old\"\nversion = \"1.0.0+up.2\"\nchecksum = \"{digits}\"\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n"
        );
        let deny =
            Config::parse("[graph]\ntargets = []\n[sources]\nallow-registry = []\n[licenses]\nallow = []\n[bans]\ndeny = []\nskip = []\n")
                .unwrap();
        bill("app", &Graph::parse(TREE).unwrap(), &lock, &deny).unwrap()
    }

    #[test]
    fn a_bill_names_every_crate_with_licence_checksum_and_whom_it_asks_for() {
        let bill = made();
        assert_eq!(check_shape(&bill), [""; 0]);
        assert_eq!(bill["metadata"]["component"]["name"], "app");
        let old = &bill["components"][0];
        assert_eq!((&old["purl"], &old["licenses"][0]["expression"]), (&json!("pkg:cargo/old@1.0.0%2Bup.2"), &json!("MIT OR Apache-2.0")));
        assert_eq!(old["hashes"][0]["content"], "ab".repeat(32));
        let app = bill["dependencies"].as_array().unwrap().iter().find(|line| line["ref"] == "pkg:cargo/app@0.1.0").unwrap();
        assert_eq!(app["dependsOn"], json!(["pkg:cargo/old@1.0.0%2Bup.2", "pkg:cargo/told@2.0.0"]));
        assert_eq!(made().to_string(), bill.to_string(), "the same tree gives the same bytes");
    }

    #[test]
    fn a_bill_out_of_shape_is_not_written() {
        let faults = |edit: &dyn Fn(&mut Value)| {
            let mut bill = made();
            edit(&mut bill);
            check_shape(&bill).len()
        };
        assert_eq!(faults(&|_| {}), 0);
        let edits: [&dyn Fn(&mut Value); 8] = [
            &|bill| bill["specVersion"] = json!("9"),
            &|bill| bill["serialNumber"] = json!("x"),
            &|bill| bill["components"][0]["type"] = json!("crate"),
            &|bill| bill["components"][0]["name"] = json!(""),
            &|bill| bill["components"][0]["hashes"][0]["content"] = json!("ab"),
            &|bill| bill["components"][1] = bill["components"][0].clone(),
            &|bill| bill["dependencies"][0]["dependsOn"] = json!(["pkg:cargo/missing@1.0.0"]),
            &|bill| drop(bill["dependencies"].as_array_mut().map(Vec::pop)),
        ];
        for (i, edit) in edits.iter().enumerate() {
            assert!(faults(edit) > 0, "edit {i}");
        }
    }
}
