//! What fuzzing begins with: the files of the sample audits, taken apart by the parser they are for.

use std::{fs, path::Path};

use verifold_model::{digest::Digest, document::DocumentKind, state::Stage};
use verifold_package::{Limits, SecretKey, container, document};
use verifold_policy::TraceabilityDraft;

/// Seeds for a target.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits");
    let mut folders: Vec<_> = fs::read_dir(samples).expect("the samples are there").flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let files = |name: &str| folders.iter().filter_map(|folder| fs::read(folder.join(name)).ok()).collect::<Vec<_>>();
    let entries = |wanted: &dyn Fn(&str) -> bool| {
        let mut found = Vec::new();
        for file in files("package.zkaudit").iter().take(2) {
            let all = container::decode(file, &Limits::default()).expect("a sample's container reads");
            found
                .extend(all.iter().enumerate().filter(|(_, entry)| wanted(entry.path)).map(|(at, entry)| (at as u8, entry.bytes.to_vec())));
        }
        found
    };
    let bytes = |found: Vec<(u8, Vec<u8>)>| found.into_iter().map(|(_, bytes)| bytes).collect();
    match target {
        "container" => files("package.zkaudit").into_iter().take(2).collect(),
        "package" => entries(&|_| true).into_iter().map(|(at, bytes)| [vec![at], bytes].concat()).collect(),
        "statement" => bytes(entries(&|path| path.starts_with("statements/"))),
        "proof" => bytes(entries(&|path| path.starts_with("proofs/"))),
        "envelope" => {
            let of_package: Vec<Vec<u8>> = bytes(entries(&|path| path.starts_with("signatures/")));
            let at = "2026-05-29T10:00:00Z".parse().expect("a time");
            let key = SecretKey::from_seed(&[1; 32].into());
            let of_policy = document::envelope(DocumentKind::Policy, "policy.toml", Digest::of(b""), &key, "Auditor", at);
            of_package.into_iter().chain([of_policy]).collect()
        }
        "policy" => files("policy.toml").into_iter().take(1).collect(),
        "engagement" => files("engagement.toml").into_iter().take(2).collect(),
        "record" => files("expected.record.json").into_iter().take(1).collect(),
        "anchor" => vec![
            b"verifold/0000MERIANBANK000010/Retail%20scorecard/2026-06-01\n2\ndY9kR3ue9BXrjhTbaZbckZCI/w2Q0honfTYwBMXOCPo=\n\
              time 2026-06-15T06:00:00Z\n\
              batch 2026-06-08T00:00:00Z 2026-06-15T00:00:00Z 1fcb03a5fe76eb917d2b9e60926bdd8b52ee028447f25ccd296c42c0e0df5a48\n\n\
              \xe2\x80\x94 a AAAAAAAA\n"
                .to_vec(),
        ],
        "traceability" => {
            let draft = TraceabilityDraft {
                stage: Stage::Monitoring,
                system: Some("S".to_owned()),
                model_category: Some("linear".to_owned()),
                used: None,
                cost: String::new(),
                circuits: Vec::new(),
            };
            let draft = draft.to_toml();
            vec![draft.replace("REQUIRED: day", "2026-05-20").replace("REQUIRED: ", "").into_bytes(), draft.into_bytes()]
        }
        "protocol" => vec![br#"{"request":"verify","policy":"p.toml","engagement":null,"package":"p.zkaudit"}"#.to_vec()],
        _ => Vec::new(),
    }
}
