//! Signed model files against a record's model commitment, as people use the program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use verifold_model::digest::Commitment;
use verifold_package::ModelKey;
use verifold_prove::{integer::quantise_model, layout::Layout, onnx::Numbers, spec::Spec};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn signed(name: &str) -> PathBuf {
    repository("crates/package/tests/fixtures/model-signing").join(name)
}

/// A folder with the model of the samples, what opens a commitment to it, and the record of a sample with that commitment.
struct Desk(tempfile::TempDir);

const SPEC: &str = "scripts/data/monitoring.toml";
const MODEL: &str = "scripts/data/retail-scorecard-4.2.onnx";

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::copy(repository(MODEL), desk.at("model.onnx")).unwrap();
        // What a proof would have left behind.
        let spec = Spec::parse(&fs::read_to_string(repository(SPEC)).unwrap(), Path::new(SPEC)).unwrap();
        let inputs: Vec<&str> = spec.features.iter().map(|feature| feature.name.as_str()).collect();
        let onnx = fs::read(repository(MODEL)).unwrap();
        let Numbers { coefficients, intercept, .. } = Numbers::read(&onnx, &inputs, Path::new(MODEL)).unwrap();
        let integers = quantise_model(&coefficients, intercept, &Layout::new(&spec).unwrap(), spec.scoring.scale_bits).unwrap();
        let salt = Commitment::from_bytes([7; 32].map(|byte| byte & 0x0f));
        let secrets = json!({
            "schema": "secrets/v1",
            "package_sha256": "0".repeat(64),
            "weights": integers.weights,
            "bias": integers.bias,
            "model_salt": salt,
            "batches": [],
        });
        fs::write(desk.at("mine.secrets"), secrets.to_string()).unwrap();
        let spec = repository(SPEC);
        let open = ["model", "open", "--secrets", "mine.secrets", "--spec", spec.to_str().unwrap(), "-o", "model.opening"];
        desk.says(&open, 0, "Opening of the model commitment");
        desk.says(&open, 2, "");
        let opening: Value = serde_json::from_slice(&fs::read(desk.at("model.opening")).unwrap()).unwrap();

        let record = fs::read_to_string(repository("sample-audits/credit-scoring-q1/expected.record.json")).unwrap();
        let theirs: Value = serde_json::from_str(&record).unwrap();
        let theirs = theirs["model"]["value"].as_str().unwrap().to_owned();
        fs::write(desk.at("record.json"), record.replace(&theirs, opening["model_commitment"].as_str().unwrap())).unwrap();
        let key = ModelKey::read(&fs::read(signed("bank.pub")).unwrap()).unwrap().fingerprint.to_string();
        desk.engagement(&key);
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn engagement(&self, key: &str) {
        let text = "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n";
        let signer = format!("[[model_signer]]\nname = \"Model risk, Merian Bank\"\nkey = \"{key}\"\norigin = \"handed over\"\n");
        fs::write(self.at("engagement.toml"), format!("{text}{signer}")).unwrap();
    }

    fn edit(&self, file: &str, edit: impl FnOnce(&mut Value)) {
        let mut value = serde_json::from_slice(&fs::read(self.at(file)).unwrap()).unwrap();
        edit(&mut value);
        fs::write(self.at(file), value.to_string()).unwrap();
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], exit: i32, part: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_verifold")).args(arguments).current_dir(self.0.path()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        // Text is filled to a width.
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(exit), "{text}");
        assert!(said.contains(part), "{part:?} is not in {text}");
        said
    }

    /// What a check of `model` with a bundle and a key of the fixtures says, and `more` arguments.
    #[track_caller]
    fn check(&self, [model, bundle, key]: [&str; 3], more: &[&str], exit: i32, part: &str) -> String {
        let (bundle, key) = (signed(bundle), signed(key));
        let mut arguments = vec!["model", "check", "--record", "record.json", "--model", model];
        arguments.extend(["--bundle", bundle.to_str().unwrap(), "--key", key.to_str().unwrap()]);
        arguments.extend(more);
        self.says(&arguments, exit, part)
    }
}

const OPENED: [&str; 4] = ["--opening", "model.opening", "--engagement", "engagement.toml"];
const SIGNED: [&str; 3] = ["model.onnx", "file.sig", "bank.pub"];

#[test]
fn the_signed_file_is_the_one_behind_the_commitment() {
    let desk = Desk::new();
    for bundle in ["file.sig", "folder.sig"] {
        let said = desk.check(["model.onnx", bundle, "bank.pub"], &OPENED, 0, "is the one behind the model commitment of the record.");
        for part in [
            "Checked the signature over",
            "Trusted the engagement lists the key as that of Model risk, Merian Bank (handed over)",
            "Checked the model file is the one listed as",
            "and the salt of the opening give the model commitment",
            "Claimed the order in which the file takes its inputs: ",
            "Recorded a valid proof of monitoring is about that commitment; it was not verified again here",
        ] {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
    }
}

#[test]
fn what_is_missing_is_not_called_shown() {
    let desk = Desk::new();
    let claimed = desk.check(SIGNED, &OPENED[2..], 8, "Claimed that this file is behind the model commitment");
    assert!(claimed.starts_with("Nothing here shows that the model file is the one behind"), "{claimed}");
    let unknown = desk.check(SIGNED, &OPENED[..2], 5, "Unknown who holds the key: no engagement was given");
    assert!(unknown.starts_with("The model file is the one behind"), "{unknown}");
    desk.engagement(&"0".repeat(64));
    desk.check(SIGNED, &OPENED, 5, "Unknown who holds the key: the engagement does not list it");

    let desk = Desk::new();
    desk.edit("record.json", |record| record["model"]["source"] = json!("package"));
    desk.check(SIGNED, &OPENED, 0, "Claimed that the commitment is of the model in use");
    desk.edit("record.json", |record| record["model"]["source"] = json!("contradicted"));
    desk.check(SIGNED, &OPENED, 9, "pins another commitment");
    let desk = Desk::new();
    desk.edit("record.json", |record| record["proofs"][0]["state"] = json!("rejected"));
    desk.check(SIGNED, &OPENED, 8, "the record has no valid proof of monitoring about it");
    // A valid proof about another commitment is none about this one.
    let desk = Desk::new();
    desk.edit("record.json", |record| record["proofs"][0]["z0"][2] = json!("0".repeat(64)));
    desk.check(SIGNED, &OPENED, 8, "the record has no valid proof of monitoring about it");
    let desk = Desk::new();
    desk.edit("record.json", |record| record["plan"] = Value::Null);
    desk.check(SIGNED, &OPENED, 7, "the record holds no plan");
    desk.edit("record.json", |record| record["model"] = Value::Null);
    desk.check(SIGNED, &OPENED, 7, "the record names no model commitment");
}

#[test]
fn what_contradicts_is_rejected() {
    let desk = Desk::new();
    desk.check(["model.onnx", "file.sig", "other.pub"], &OPENED, 4, "Rejected the signature does not hold under the key");
    desk.check(["model.onnx", "another.sig", "bank.pub"], &OPENED, 4, "is none of those listed");
    let other = repository("scripts/data/retail-scorecard-4.3.onnx");
    let said = desk.check([other.to_str().unwrap(), "file.sig", "bank.pub"], &OPENED, 4, "is none of those listed");
    assert!(said.contains("file and opening give the model commitment"), "{said}");
    desk.edit("model.opening", |opening| opening["model_salt"] = json!("1".repeat(62) + "00"));
    desk.check(SIGNED, &OPENED, 4, "file and opening give the model commitment");
    // Two inputs swapped: the same file, and other integers.
    let desk = Desk::new();
    desk.edit("model.opening", |opening| opening["inputs"].as_array_mut().unwrap().swap(0, 1));
    desk.check(SIGNED, &OPENED, 4, "file and opening give the model commitment");
}

#[test]
fn what_cannot_be_checked_here_says_so() {
    let desk = Desk::new();
    desk.check(["model.onnx", "certificate.sig", "bank.pub"], &OPENED, 7, "under a certificate or an identity");
    desk.check(["model.onnx", "shards.sig", "bank.pub"], &OPENED, 7, "the way files are put together is shards");
    desk.check(["model.onnx", "file.sig", "p384.pub"], &OPENED, 7, "not one on the curve P-256");
    desk.check(["model.onnx", "bank.pub", "bank.pub"], &OPENED, 3, "not a model signature");
    desk.check(["model.onnx", "file.sig", "file.sig"], &OPENED, 3, "not a public key in PEM");
    desk.check(["missing.onnx", "file.sig", "bank.pub"], &OPENED, 2, "cannot be read");
    // Signed, and no model.
    fs::write(desk.at("another.onnx"), "another model").unwrap();
    let said = desk.check(["another.onnx", "another.sig", "bank.pub"], &OPENED, 7, "not readable as an ONNX file");
    assert!(said.contains("the model file is the one listed"), "{said}");
    desk.edit("model.opening", |opening| drop(opening["inputs"].as_array_mut().unwrap().pop()));
    desk.check(SIGNED, &OPENED, 7, "the plan has");
    let desk = Desk::new();
    desk.edit("model.opening", |opening| opening["model_salt"] = json!("f".repeat(64)));
    desk.check(SIGNED, &OPENED, 7, "the salt is damaged");
    fs::write(desk.at("model.opening"), "{}").unwrap();
    desk.check(SIGNED, &OPENED, 3, "the opening cannot be read");
}

/// They are read before the worker gives up memory.
#[test]
fn a_signature_or_a_key_that_is_too_large_is_not_read() {
    let desk = Desk::new();
    let large = |name: &str, length: u64| fs::File::create(desk.at(name)).unwrap().set_len(length).unwrap();
    large("large.sig", (4 << 20) + 1);
    large("large.pub", (4 << 10) + 1);
    let check = |bundle: PathBuf, key: PathBuf, part: &str| {
        let [bundle, key] = [&bundle, &key].map(|path| path.to_str().unwrap());
        desk.says(&["model", "check", "--record", "record.json", "--model", "model.onnx", "--bundle", bundle, "--key", key], 6, part);
    };
    check(desk.at("large.sig"), signed("bank.pub"), "(limit `model_signature_bytes`), found 4194305; no policy allows more");
    check(signed("file.sig"), desk.at("large.pub"), "(limit `model_key_bytes`), found 4097; no policy allows more");
}
