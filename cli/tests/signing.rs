//! Keys, signatures, anchors and deposits, as people use the program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use verifold_package::{AnchoredBatch, Checkpoint, ClaimedPackage, Limits, SecretKey, anchor::log_name};

const PASSPHRASE: &str = "correct horse battery";

fn sample(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-q1").join(file)
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.at("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program in this folder; the passphrase comes from the file.
    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_verifold")).args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], exit: i32, part: &str) -> String {
        let output = self.run(arguments);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{text}");
        assert!(text.contains(part), "{part:?} is not in {text}");
        assert!(!text.contains(PASSPHRASE));
        text
    }

    /// A key, and its public line.
    fn key(&self, name: &str) -> String {
        self.says(&["key", "new", "-o", name, "--name", "A Bank", "--passphrase-file", "passphrase"], 0, "Fingerprint");
        let public = fs::read_to_string(self.at(&format!("{name}.pub"))).unwrap();
        public.split(' ').next().unwrap().to_owned()
    }
}

#[test]
fn a_key_is_made_once_and_signs_once() {
    let desk = Desk::new();
    let public = desk.key("bank.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(desk.at("bank.key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let pass = ["--passphrase-file", "passphrase"];
    desk.says(&[&["key", "new", "-o", "bank.key", "--name", "A Bank"], &pass[..]].concat(), 2, "left alone");
    desk.says(&["key", "show", "bank.key.pub"], 0, &public);
    desk.says(&[&["key", "show", "bank.key"], &pass[..]].concat(), 0, &public);
    fs::write(desk.at("wrong"), "another passphrase").unwrap();
    desk.says(&["key", "show", "bank.key", "--passphrase-file", "wrong"], 2, "does not open");

    fs::copy(sample("package.zkaudit"), desk.at("p.zkaudit")).unwrap();
    let before = ClaimedPackage::read(&fs::read(desk.at("p.zkaudit")).unwrap(), &Limits::default()).unwrap();
    let sign = [&["sign", "p.zkaudit", "--key", "bank.key"], &pass[..]].concat();
    desk.says(&sign, 0, &format!("Manifest     {}", before.manifest_digest));
    let after = ClaimedPackage::read(&fs::read(desk.at("p.zkaudit")).unwrap(), &Limits::default()).unwrap();
    assert_eq!((after.manifest_digest, after.envelopes.len()), (before.manifest_digest, before.envelopes.len() + 1));
    desk.says(&sign, 2, "already");
    fs::write(desk.at("broken.zkaudit"), b"PK\x03\x04").unwrap();
    desk.says(&[&["sign", "broken.zkaudit", "--key", "bank.key"], &pass[..]].concat(), 3, "cannot be read");
    assert_eq!(fs::read(desk.at("broken.zkaudit")).unwrap(), b"PK\x03\x04");

    // The bytes to sign elsewhere are those of the one envelope; an envelope of another package is not taken.
    desk.says(&["sign", "p.zkaudit", "--statement", &public, "--name", "A Bank", "-o", "payload"], 0, "Not signed");
    assert!(fs::read_to_string(desk.at("payload")).unwrap().contains(&after.manifest_digest.to_string()));
    let theirs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/package/tests/fixtures/securesystemslib.dsse.json");
    let mut other = after.contents();
    other.written_by = "somebody else".to_owned();
    fs::write(desk.at("other.zkaudit"), verifold_package::write(&other).unwrap()).unwrap();
    desk.says(&["sign", "other.zkaudit", "--envelope", theirs.to_str().unwrap()], 4, "another manifest");
}

#[test]
fn an_anchor_is_kept_until_it_is_handed_over_and_its_salts_with_it() {
    let desk = Desk::new();
    desk.key("bank.key");
    for (theirs, ours) in [
        ("spec.toml", "spec.toml"),
        ("sklearn_plain.onnx", "model.onnx"),
        ("reference.csv", "reference.csv"),
        ("batches.csv", "batches.csv"),
    ] {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/prove/tests/data").join(theirs), desk.at(ours)).unwrap();
    }
    let make = |log: &'static str, day: &'static str, output: &'static str| {
        let rows = ["anchor", "make", "--spec", "spec.toml", "--reference", "reference.csv", "--batches", "batches.csv"];
        let key = ["--on-bad-row", "void", "--model", "model.onnx", "--key", "bank.key", "--passphrase-file", "passphrase"];
        [&rows[..], &key, &["--log", log, "--date", day, "-o", output]].concat()
    };
    let read = |name: &str| Checkpoint::read(&fs::read(desk.at(name)).unwrap()).unwrap();
    let (first, second) = ("2026-01-12T06:00:00Z", "2026-01-26T06:00:00Z");
    desk.says(&make("log", first, "1.checkpoint"), 0, "1 batch anchored, 1 in all");
    let (log, anchor) = (fs::read(desk.at("log")).unwrap(), fs::read(desk.at("1.checkpoint")).unwrap());

    // Not handed over yet, perhaps.
    desk.says(&make("log", second, "1.checkpoint"), 2, "nothing was anchored: 1.checkpoint");
    assert_eq!((fs::read(desk.at("log")).unwrap(), fs::read(desk.at("1.checkpoint")).unwrap()), (log, anchor));
    desk.says(&make("log", second, "2.checkpoint"), 0, "2 batches anchored, 3 in all");
    assert_eq!((read("2.checkpoint").size, read("2.checkpoint").added.len()), (3, 2));
    // A script that runs every day under one name has nothing to lose on a day without a batch.
    desk.says(&make("log", second, "2.checkpoint"), 0, "nothing was written");

    // Two names of one log, and one whose disk is not there.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("elsewhere", desk.at("link")).unwrap();
        desk.says(&make("link", first, "3.checkpoint"), 2, "so nothing was anchored: link");
        assert!(desk.at("link").is_symlink() && !desk.at("elsewhere").exists() && !desk.at("3.checkpoint").exists());
        desk.says(&make("elsewhere", first, "3.checkpoint"), 0, "1 batch anchored, 1 in all");
        desk.says(&make("link", second, "4.checkpoint"), 0, "2 batches anchored, 3 in all");
        assert!(desk.at("link").is_symlink());
        desk.says(&make("elsewhere", second, "5.checkpoint"), 0, "nothing was written");
    }

    // Whoever comes second finds what the first committed: each batch is announced once.
    let runs: Vec<_> = ["a.checkpoint", "b.checkpoint", "c.checkpoint", "d.checkpoint"]
        .map(|output| {
            Command::new(env!("CARGO_BIN_EXE_verifold")).args(make("both", second, output)).current_dir(desk.0.path()).spawn().unwrap()
        })
        .into();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    let written = ["a.checkpoint", "b.checkpoint", "c.checkpoint", "d.checkpoint"].into_iter().filter(|name| desk.at(name).exists());
    assert_eq!(written.count(), 1);
}

#[test]
fn what_is_received_is_filed_with_its_time() {
    let desk = Desk::new();
    let auditor = desk.key("auditor.key");
    let bank = SecretKey::from_seed(&[1; 32].into());
    let signer = |role: &str, key: &str| format!("[[signer]]\nname = \"{role}\"\nrole = \"{role}\"\npublic_key = \"{key}\"\n");
    let known = format!(
        "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n[subject]\nsystem = {{ value = \"Retail scorecard\", origin = \"register\" }}\n{}{}",
        signer("provider", &bank.public_key().to_string()),
        signer("auditor", &auditor)
    );
    fs::write(desk.at("engagement.toml"), known).unwrap();
    let package = ClaimedPackage::read(&fs::read(sample("package.zkaudit")).unwrap(), &Limits::default()).unwrap();
    let week = &package.proofs[0].statement.batches[1];
    let batch = AnchoredBatch { start: week.start, end: week.end, row_commitment: week.row_commitment };
    let name = log_name(&package.subject, package.period);
    let made = |key: &SecretKey| Checkpoint::sign(&name, std::slice::from_ref(&batch), 1, week.end, key).unwrap();
    fs::write(desk.at("good"), made(&bank)).unwrap();
    fs::write(desk.at("stranger"), made(&SecretKey::from_seed(&[2; 32].into()))).unwrap();

    let with =
        ["--engagement", "engagement.toml", "--key", "auditor.key", "--passphrase-file", "passphrase", "--date", "2026-06-08T09:00:00Z"];
    desk.says(&[&["anchor", "add", "stranger"], &with[..]].concat(), 5, "not signed by a provider");
    let other = Checkpoint::sign(&name.to_lowercase(), std::slice::from_ref(&batch), 1, week.end, &bank).unwrap();
    fs::write(desk.at("other"), other).unwrap();
    desk.says(&[&["anchor", "add", "other"], &with[..]].concat(), 9, "the engagement is about system");
    desk.says(&[&["anchor", "add", "good"], &with[..]].concat(), 0, "Filed");
    desk.says(&[&["anchor", "add", "good"], &with[..]].concat(), 2, "filed already");
    let filed = Checkpoint::read(&fs::read(desk.at("anchors/000001.checkpoint")).unwrap()).unwrap();
    assert_eq!(filed.cosigned_at(auditor.parse().unwrap()), Some("2026-06-08T09:00:00Z".parse().unwrap()));

    let policy = sample("policy.toml");
    desk.says(&[&["deposit", "--policy", policy.to_str().unwrap()], &with[..]].concat(), 0, "Laid down");
    assert_eq!(fs::read_dir(desk.at("deposits")).unwrap().count(), 1);
    let elsewhere = sample("engagement.toml");
    let mut strange = vec!["deposit", "--policy", policy.to_str().unwrap(), "--engagement", elsewhere.to_str().unwrap()];
    strange.extend(&with[2..]);
    desk.says(&strange, 2, "its time would count for nothing");
}

/// Verifying something that is no package derives no key, and says all the same who stands behind policy and engagement.
#[test]
fn policy_and_engagement_say_who_stands_behind_them() {
    let desk = Desk::new();
    let auditor = desk.key("auditor.key");
    let policy = "schema = \"policy/v1\"\nid = \"p\"\ntitle = \"P\"\nversion = \"1\"\n[[circuit]]\nfamily = \"scored-cohort/v1\"\n\
                  [[requirement]]\nid = \"R-1\"\ntitle = \"t\"\narea = \"a\"\nassertion = \"accuracy\"\nstage = \"monitoring\"\n\
                  severity = \"mandatory\"\nkind = \"model-unchanged\"\n";
    fs::write(desk.at("policy.toml"), policy).unwrap();
    let engagement = |role: &str| {
        format!(
            "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n[[signer]]\nname = \"Halm\"\nrole = \"{role}\"\npublic_key = \"{auditor}\"\n"
        )
    };
    fs::write(desk.at("engagement.toml"), engagement("auditor")).unwrap();
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(desk.says(&["engagement", "check", "engagement.toml"], 0, "[no-origin]"));
    let (fixed, open) = text.split_once("Left open: ").unwrap();
    assert!(fixed.contains("0 errors, 2 warnings") && fixed.contains("Trusted Halm, key "), "{text}");
    assert!(open.contains("Period not said") && open.contains("Signatures not demanded here; the policy may"), "{text}");
    fs::write(desk.at("none.zkaudit"), b"none").unwrap();
    let verify = ["verify", "--policy", "policy.toml", "--engagement", "engagement.toml", "none.zkaudit", "--record", "r.json"];
    desk.says(&verify, 3, "not signed");

    let with = ["--key", "auditor.key", "--passphrase-file", "passphrase", "--date", "2026-05-29T10:00:00Z"];
    desk.says(&[&["sign", "policy.toml"], &with[..]].concat(), 0, "Signature    policy.toml.");
    desk.says(&[&["sign", "policy.toml"], &with[..]].concat(), 2, "already");
    desk.says(&[&["sign", "engagement.toml"], &with[..]].concat(), 0, "Signature    engagement.toml.");
    let text = words(desk.says(&verify, 3, "signed by Halm, key "));
    assert!(text.contains(", trusted by the engagement"), "{text}");
    let text = words(desk.says(&verify, 3, "its signer is not trusted"));
    assert!(text.contains("Engagement t, SHA-256"), "{text}");
    desk.says(&[&verify[..], &["--trust", "auditor.key.pub"]].concat(), 3, "trusted by a key given for this run");
    let record = fs::read_to_string(desk.at("r.json")).unwrap();
    assert_eq!(record.matches("\"state\":\"trusted\"").count(), 2, "{record}");

    // A limit that is tailored is said, and who stands behind the overlay.
    let digest = verifold_policy::Policy::read(policy).unwrap().digest;
    let overlay = format!(
        "schema = \"overlay/v1\"\nid = \"o-1\"\ntitle = \"O\"\n[policy]\nid = \"p\"\nversion = \"1\"\ndigest = \"{digest}\"\n\
         [[change]]\nrequirement = \"R-1\"\nfield = \"severity\"\nvalue = \"advisory\"\nrationale = \"r\"\nowner = \"Head of risk\"\n\
         expires = \"2027-01-01T00:00:00Z\"\n"
    );
    fs::write(desk.at("o.toml"), &overlay).unwrap();
    desk.says(&["policy", "check", "policy.toml", "--overlay", "o.toml"], 0, "severity changed from mandatory to advisory");
    let tailored = [&verify[..], &["--overlay", "o.toml", "--date", "2026-11-01T00:00:00Z"]].concat();
    let text = words(desk.says(&tailored, 3, "R-1: severity changed from mandatory to advisory"));
    assert!(text.contains("not signed - R-1"), "{text}");
    desk.says(&[&["sign", "o.toml"], &with[..]].concat(), 0, "Signature    o.toml.");
    let text = words(desk.says(&tailored, 3, "Owner: Head of risk"));
    assert!(text.contains("by its signer) - R-1"), "{text}");
    let later = [&verify[..], &["--overlay", "o.toml", "--date", "2027-01-01T00:00:00Z"]].concat();
    desk.says(&later, 3, "NOT changed to advisory");
    fs::write(desk.at("other.toml"), overlay.replace("R-1", "R-2")).unwrap();
    desk.says(&[&verify[..], &["--overlay", "other.toml"]].concat(), 3, "no requirement R-2");

    // The engagement changed since, and lists the key in another role.
    fs::write(desk.at("engagement.toml"), engagement("provider")).unwrap();
    let text = words(desk.says(&verify, 3, "NOT signed as it is"));
    assert!(text.contains("is listed by the engagement as provider"), "{text}");

    // Elsewhere signed, and given by option.
    desk.says(&["sign", "policy.toml", "--statement", &auditor, "--name", "A Bank", "-o", "payload"], 0, "Not signed");
    let mut beside = fs::read_dir(desk.0.path()).unwrap().map(|entry| entry.unwrap().path());
    let signature = beside.find(|path| path.to_str().unwrap().contains("policy.toml.")).unwrap();
    fs::rename(&signature, desk.at("elsewhere.json")).unwrap();
    desk.says(&verify, 3, "not signed");
    desk.says(&[&verify[..], &["--signature", "elsewhere.json", "--trust", "auditor.key.pub"]].concat(), 3, "given for this run");
    desk.says(&["sign", "policy.toml", "--envelope", "elsewhere.json"], 0, "Signed by");
    fs::write(desk.at("other.toml"), policy.replace("title = \"P\"", "title = \"Q\"")).unwrap();
    desk.says(&["sign", "other.toml", "--envelope", "elsewhere.json"], 4, "another document");
    fs::write(desk.at("x.toml"), "schema = \"plan/v1\"").unwrap();
    desk.says(&[&["sign", "x.toml"], &with[..]].concat(), 3, "nothing was signed");
    fs::write(desk.at("policy.toml.x.dsse.json"), "{}").unwrap();
    desk.says(&verify, 3, "nothing was checked");
}

/// A token of an authority stands in for the auditor's own cosignature, or beside it.
#[test]
fn a_token_is_asked_for_and_filed() {
    let desk = Desk::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/package/tests/fixtures/timestamp");
    let fixture = |name: &str| fixtures.join(name).to_str().unwrap().to_owned();
    let bank = SecretKey::from_seed(&[1; 32].into());
    let certificate = verifold_model::digest::Digest::of(&fs::read(fixture("rsa.der")).unwrap());
    let engagement = |pinned: &str| {
        format!(
            "schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n[[signer]]\nname = \"Bank\"\nrole = \"provider\"\npublic_key = \"{}\"\n{pinned}",
            bank.public_key()
        )
    };
    fs::write(desk.at("engagement.toml"), engagement("")).unwrap();
    let anchor = fixture("anchor.checkpoint");
    desk.says(&["anchor", "request", &anchor, "-o", "a.tsq"], 0, "Request");
    assert_eq!(fs::read(desk.at("a.tsq")).unwrap(), fs::read(fixture("anchor.tsq")).unwrap(), "as OpenSSL asks");

    let add = |token: &str| {
        vec![
            "anchor".to_owned(),
            "add".into(),
            anchor.clone(),
            "--engagement".into(),
            "engagement.toml".into(),
            "--token".into(),
            fixture(token),
        ]
    };
    let says = |token: &str, exit: i32, part: &str| {
        let arguments = add(token);
        desk.says(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), exit, part)
    };
    let text = says("rsa.tsr", 5, "of no time-stamp authority");
    assert!(text.contains(&certificate.to_string()), "{text}");
    fs::write(
        desk.at("engagement.toml"),
        engagement(&format!("[[timestamp_authority]]\nname = \"Stamps\"\ncertificate = \"{certificate}\"\n")),
    )
    .unwrap();
    says("p256.tst", 5, "does not carry the pinned certificate");
    says("other-file.tst", 4, "over another file");
    says("refused.tsr", 3, "did not grant the request");
    assert!(!desk.at("anchors").exists());
    says("rsa.tsr", 0, "by Stamps");
    assert_eq!(fs::read(desk.at("anchors/000001.tst")).unwrap().len(), fs::read(fixture("rsa.tst")).unwrap().len());
    assert_eq!(fs::read(desk.at("anchors/000001.checkpoint")).unwrap(), fs::read(&anchor).unwrap());
    says("rsa.tst", 2, "filed already");
    fs::remove_file(desk.at("anchors/000001.tst")).unwrap();
    says("rsa.tst", 0, "by Stamps");
    desk.says(&["anchor", "add", &anchor, "--engagement", "engagement.toml"], 2, "--key");
}
