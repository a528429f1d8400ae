//! Limits as a policy sets them, and what going over one ends with. Those of a package's parts are tried in `package`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use verifold_model::limits::Limit;

struct Desk(tempfile::TempDir);

impl Desk {
    /// The sample audit, with more at the end of its policy.
    fn new(policy: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-q1");
        for file in ["policy.toml", "engagement.toml", "package.zkaudit"] {
            fs::copy(sample.join(file), desk.at(file)).unwrap();
        }
        let text = fs::read_to_string(desk.at("policy.toml")).unwrap();
        fs::write(desk.at("policy.toml"), format!("{text}\n{policy}")).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), bytes).unwrap();
    }

    /// Exit code and everything said by a verification.
    fn verify(&self) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_verifold"));
        command.args(["verify", "--policy", "policy.toml", "--engagement", "engagement.toml", "package.zkaudit"]);
        let output = command.current_dir(self.0.path()).output().unwrap();
        // Text is filled to a width.
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// Over a limit that the policy sets to `value`: exit 6, naming limit, value and what was found.
#[track_caller]
fn check(limit: Limit, value: u64, found: &str, prepare: impl FnOnce(&Desk)) {
    let desk = Desk::new(&format!("[limits]\n{} = {value}\n", limit.key()));
    prepare(&desk);
    let (exit, said) = desk.verify();
    assert_eq!(exit, Some(6), "{said}");
    let name = format!("limit `{}`", limit.key());
    let moved = format!("`{} = …` under [limits] in the policy moves it, up to {}", limit.key(), limit.most());
    for part in [name.as_str(), &value.to_string(), found, &moved] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

/// The sample's circuit has 2^16 constraints: nothing is synthesised, and no key derived.
#[test]
fn a_package_does_not_choose_how_large_a_key_is_derived() {
    check(Limit::Constraints, 1 << 15, "found 65536", |_| {});
}

#[test]
fn a_policy_tightens_what_a_package_may_be() {
    check(Limit::PackageBytes, 4_096, "found 46", |_| {});
    check(Limit::Steps, 10, "found 238", |_| {});
    check(Limit::Batches, 3, "found 25", |_| {});
}

#[test]
fn what_was_received_has_limits() {
    let two = |folder: &'static str, extension: &'static str| {
        move |desk: &Desk| ["a", "b"].iter().for_each(|name| desk.file(&format!("{folder}/{name}.{extension}"), b"x"))
    };
    check(Limit::Anchors, 1, "found 2", two("anchors", "checkpoint"));
    check(Limit::AnchorBytes, 1_024, "found 1025", |desk| desk.file("anchors/a.checkpoint", &[b'x'; 1_025]));
    check(Limit::Tokens, 1, "found 2", two("anchors", "tst"));
    check(Limit::TokenBytes, 1_024, "found 1025", |desk| desk.file("anchors/a.tst", &[b'x'; 1_025]));
    check(Limit::Deposits, 1, "found 2", two("deposits", "deposit"));
    check(Limit::DepositBytes, 256, "found 257", |desk| desk.file("deposits/a.deposit", &[b'x'; 257]));
    check(Limit::ReceivedBytes, 4_096, "found 4097", |desk| {
        [("a", 2_048), ("b", 2_049)]
            .iter()
            .for_each(|(name, length)| desk.file(&format!("anchors/{name}.checkpoint"), &vec![b'x'; *length]));
    });
    check(Limit::Envelopes, 1, "found 2", |desk| {
        ["a", "b"].iter().for_each(|key| desk.file(&format!("policy.toml.{key}.dsse.json"), b"x"));
    });
    check(Limit::EnvelopeBytes, 1_024, "found 1025", |desk| desk.file("policy.toml.a.dsse.json", &[b'x'; 1_025]));
}

/// As many as allowed are read; what is wrong with them is another matter.
#[test]
fn what_was_received_is_read_up_to_its_limits() {
    let desk = Desk::new("[limits]\nanchors = 1\nanchor_bytes = 1024\n");
    desk.file("anchors/a.checkpoint", &[b'x'; 1_024]);
    let (exit, said) = desk.verify();
    assert_eq!(exit, Some(3), "{said}");
    let desk = Desk::new("[limits]\ntokens = 1\ntoken_bytes = 1024\n");
    desk.file("anchors/a.tst", &[b'x'; 1_024]);
    let (exit, said) = desk.verify();
    assert_eq!(exit, Some(3), "{said}");
    let desk = Desk::new("[limits]\ndeposits = 1\ndeposit_bytes = 256\n");
    desk.file("deposits/a.deposit", &[b'x'; 256]);
    let (exit, said) = desk.verify();
    assert_eq!(exit, Some(3), "{said}");
}

/// Deriving the sample's key takes more than a second, and more than 64 MiB.
#[test]
#[cfg(target_os = "linux")]
fn the_worker_is_stopped_at_its_limits() {
    check(Limit::CpuSeconds, 1, "which is 1;", |_| {});
    check(Limit::MemoryBytes, 64 << 20, "which is 67108864;", |_| {});
}

/// A file with a hole takes no room on disk.
#[test]
fn a_text_has_a_limit_that_no_policy_moves() {
    let desk = Desk::new("");
    let file = fs::OpenOptions::new().write(true).open(desk.at("engagement.toml")).unwrap();
    file.set_len(Limit::DocumentBytes.most() + 1).unwrap();
    let (exit, said) = desk.verify();
    assert_eq!(exit, Some(6), "{said}");
    assert!(said.contains("limit `document_bytes`") && said.contains("no policy allows more"), "{said}");
    let (exit, said) = Desk::new("[limits]\ntext_bytes = 1\n").verify();
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("whatever a policy says"), "{said}");
}

#[test]
fn a_limit_that_is_none_is_named_with_its_place() {
    let (exit, said) = Desk::new("[limits]\nbatch = 3\n").verify();
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("unknown variant `batch`") && said.contains("column 1"), "{said}");
    let (exit, said) = Desk::new("[limits]\nconstraints = 524288\n").verify();
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("`constraints` lies between 32768 and 262144, found 524288 [limits-range]"), "{said}");
    let (_, said) = Desk::new("[limits]\nbatches = 20001\n").verify();
    assert!(said.contains("it may only be tightened"), "{said}");
}
