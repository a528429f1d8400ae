//! Traceability specifications as people use the program: drafted, filled in, added, read.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use verifold_package::{ClaimedPackage, Limits, write};

struct Desk(tempfile::TempDir);

impl Desk {
    /// A folder with the honest sample as it was before it was signed.
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-q1/package.zkaudit");
        let package = ClaimedPackage::read(&fs::read(sample).unwrap(), &Limits::default()).unwrap();
        fs::write(desk.at("package.zkaudit"), write(&package.contents()).unwrap()).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], exit: i32, part: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_verifold")).args(arguments).current_dir(self.0.path()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{text}");
        assert!(text.contains(part), "{part:?} is not in {text}");
        text
    }

    /// Fills in what a draft leaves open.
    fn fill_in(&self, name: &str) {
        let text = fs::read_to_string(self.at(name)).unwrap();
        fs::write(self.at(name), text.replace("REQUIRED: day", "2026-05-20").replace("REQUIRED: ", "")).unwrap();
    }
}

#[test]
fn a_draft_is_refused_until_it_is_filled_in_and_then_travels_with_the_package() {
    let desk = Desk::new();
    desk.says(
        &["traceability", "new", "monitoring", "--package", "package.zkaudit", "-o", "m.toml"],
        0,
        "fields are to be filled in by a person",
    );
    desk.says(&["traceability", "new", "monitoring", "-o", "m.toml"], 2, "what was there before is unchanged");
    desk.says(&["traceability", "show", "m.toml"], 0, "REQUIRED: what is to be verified, and for whom");
    let refused = desk.says(&["traceability", "check", "m.toml"], 3, "context.objective: is to be filled in by a person [unfilled]");
    assert!(refused.contains("line 13, column 13"), "{refused}");
    desk.says(&["traceability", "add", "package.zkaudit", "m.toml"], 3, "no package was made");
    desk.fill_in("m.toml");
    desk.says(&["traceability", "check", "m.toml"], 0, "decision nova-pasta-ipa with scored-cohort/v1@");
    desk.says(&["traceability", "add", "package.zkaudit", "m.toml", "-o", "with.zkaudit"], 0, "Traceability of monitoring");
    desk.says(&["inspect", "with.zkaudit"], 0, "TRACEABILITY of monitoring, claimed by the provider");

    // Of another proof than the package's.
    let text = fs::read_to_string(desk.at("m.toml")).unwrap();
    fs::write(desk.at("other.toml"), text.replace("circuit = \"scored-cohort/v1@f20", "circuit = \"scored-cohort/v1@f64")).unwrap();
    desk.says(&["traceability", "add", "package.zkaudit", "other.toml"], 2, "decision.circuit: states scored-cohort/v1@f64");

    // Signed, a package stays as it is.
    fs::write(desk.at("passphrase"), "correct horse battery\n").unwrap();
    desk.says(&["key", "new", "-o", "bank.key", "--name", "A Bank", "--passphrase-file", "passphrase"], 0, "Fingerprint");
    desk.says(&["sign", "with.zkaudit", "--key", "bank.key", "--passphrase-file", "passphrase"], 0, "Signed by");
    desk.says(&["traceability", "add", "with.zkaudit", "m.toml"], 2, "would void its signatures");
}

#[test]
fn a_stage_without_a_proof_is_drafted_without_a_package_only() {
    let desk = Desk::new();
    desk.says(&["traceability", "new", "training", "--package", "package.zkaudit"], 2, "no proof of stage training");
    desk.says(&["traceability", "new", "training"], 0, "circuit = \"REQUIRED: circuit and shape; this program has none for this stage\"");
    desk.says(&["traceability", "new", "deployment"], 2, "expected one of data, training, inference, monitoring");
    desk.says(&["traceability", "systems"], 0, "plonky3-stark");
}
