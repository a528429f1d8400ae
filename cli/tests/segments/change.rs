//! The same period goes on under another model, and then under the first again: two more proofs in one package.

use std::{fs, path::Path};

use verifold_model::{
    digest::Commitment,
    record::{AuditRecord, ProofState, Source, Standing},
    state::{Exit, RungName, State},
};
use verifold_package::{ClaimedChange, ClaimedPackage, Contents, Limits, write};
use verifold_policy::{Engagement, Policy};
use verifold_verify::{Inputs, KeyStore, Received, verify};

use super::{Cheat, Silent, Site, refusal};

const POLICY: &str = r#"
schema = "policy/v1"
id = "changes"
title = "Changes of model"
version = "1"

[[circuit]]
family = "scored-cohort/v1"

[[requirement]]
id = "M-1"
title = "Changes are recorded"
area = "Model"
assertion = "authorisation"
stage = "monitoring"
severity = "mandatory"
kind = "change-recorded"

[[requirement]]
id = "M-2"
title = "One model"
area = "Model"
assertion = "authorisation"
stage = "monitoring"
severity = "advisory"
kind = "model-unchanged"
"#;

const RECORD: &str = r#"
schema = "change-record/v1"
reason = "Retrained on the applications of 2025"
approver = "J. Weiss, model risk committee"
date = "2026-01-20"
reference = "MRC 2026-03"
"#;

/// The last week's rows again, `weeks` later, with a specification of that week.
fn later(site: &Site, name: &str, weeks: u64) {
    let day = |days: u64| {
        let at = verifold_model::instant::Instant::from_unix_secs(1_768_780_800 + days * 86_400).unwrap();
        at.to_string()[..10].to_owned()
    };
    let rows = fs::read_to_string(site.path("batches.csv")).unwrap();
    let (head, body) = rows.split_once('\n').unwrap();
    let mut moved = format!("{head}\n");
    for line in body.lines() {
        if let Some(offset) = (0..7).find(|offset| line.contains(&format!(",{} ", day(*offset)))) {
            moved.push_str(&line.replace(&day(offset), &day(offset + 7 * weeks)).replace("A2-", &format!("{name}-")));
            moved.push('\n');
        }
    }
    assert!(moved.lines().count() > 10, "a week has rows");
    fs::write(site.path(&format!("{name}.csv")), moved).unwrap();
    let spec = fs::read_to_string(site.path("monitoring.toml")).unwrap();
    // The end first: the start may become what the end was.
    let spec = spec.replacen("2026-01-26T", &format!("{}T", day(7 * (weeks + 1))), 1);
    let spec = spec.replacen("2026-01-05T", &format!("{}T", day(7 * weeks)), 1);
    fs::write(site.path(&format!("{name}.toml")), spec).unwrap();
}

fn verified(package: &[u8], engagement: Option<&str>, keys: &KeyStore) -> AuditRecord {
    let policy = Policy::read(POLICY).unwrap();
    let engagement = engagement.map(|text| Engagement::read(text).unwrap());
    let received = Received::default();
    let inputs =
        Inputs { policy: &policy, engagement: engagement.as_ref(), received: &received, package, file_name: "q1.zkaudit", against: None };
    verify(&inputs, keys, &mut Silent)
}

fn expecting(models: &[Commitment]) -> String {
    let model = |model: &Commitment| format!("[[model]]\ncommitment = \"{model}\"\norigin = \"model inventory\"\n");
    format!("schema = \"engagement/v1\"\nid = \"e\"\ntitle = \"E\"\n{}", models.iter().map(model).collect::<String>())
}

fn state(record: &AuditRecord, id: &str) -> (State, String) {
    let result = record.requirements.iter().find(|result| result.id == id).unwrap();
    (result.state, result.reason.clone())
}

/// From `q1.zkaudit`, which is there in three segments.
pub(crate) fn a_period_goes_on_under_another_model(site: &Site, store: &KeyStore) {
    later(site, "second", 1);
    later(site, "third", 2);
    fs::write(site.path("change.toml"), RECORD).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/prove/tests/data");
    fs::copy(data.join("sklearn_scaled.onnx"), site.path("other.onnx")).unwrap();
    let prove = |name: &str, rest: &str| {
        format!("verifold prove monitoring --spec {name}.toml --reference reference.csv --batches {name}.csv --on-bad-row void {rest}")
    };
    // What does not follow is refused before anything is folded.
    let not = |line: String, says: &str| site.line(&line, false, says);
    not(prove("third", "--after q1.zkaudit --model other.onnx -o x.zkaudit"), "one must begin where the other ends");
    let same = "--after q1.zkaudit --model model.onnx --change-record change.toml -o x.zkaudit";
    not(prove("second", same), "there is no change for a change record to be about");
    fs::write(site.path("wrong.toml"), format!("{RECORD}old_model = \"{}\"\n", Commitment::from_bytes([1; 32]))).unwrap();
    not(prove("second", "--after q1.zkaudit --model other.onnx --change-record wrong.toml -o x.zkaudit"), "as the old model");
    fs::write(site.path("wrong.toml"), RECORD.replace("2026-01-20", "soon")).unwrap();
    not(prove("second", "--after q1.zkaudit --model other.onnx --change-record wrong.toml -o x.zkaudit"), "is not a date");
    let spec = fs::read_to_string(site.path("second.toml")).unwrap();
    fs::write(site.path("groups.toml"), spec.replace("\"18–29\"", "\"under 30\"")).unwrap();
    fs::copy(site.path("second.csv"), site.path("groups.csv")).unwrap();
    not(prove("groups", "--after q1.zkaudit --model other.onnx -o x.zkaudit"), "groups differ");
    assert!(!site.path("x.zkaudit").exists() && !site.path("x.secrets").exists(), "nothing is written");

    let with_record = "--after q1.zkaudit --model other.onnx --change-record change.toml -o two.zkaudit";
    site.line(&prove("second", with_record), true, "two.zkaudit");
    site.line(&prove("third", "--after two.zkaudit --model model.onnx -o three.zkaudit"), true, "three.zkaudit");
    site.line("verifold inspect three.zkaudit", true, "CHANGE OF MODEL from 26 Jan 2026 on, as stated by monitoring and monitoring-2");

    let read = |name: &str| {
        let file = fs::read(site.path(name)).unwrap();
        let package = ClaimedPackage::read(&file, &Limits::default()).unwrap();
        (file, package)
    };
    let (two, package) = read("two.zkaudit");
    let models: Vec<Commitment> = package.proofs.iter().map(|proof| proof.statement.model_commitment).collect();
    let record = verified(&two, None, store);
    assert_eq!((record.exit, refusal(&record).0.as_str()), (Exit::Met, ""), "{}", record.headline.title);
    let [change] = record.model_changes.as_slice() else { panic!("{:?}", record.model_changes) };
    assert_eq!((change.old_model, change.new_model, change.batch, change.standing), (models[0], models[1], 4, Standing::Proven));
    assert_eq!(change.record.as_ref().unwrap().document.new_model, models[1], "the prover names what nobody could name before");
    assert_eq!(state(&record, "M-2").0, State::Violated);
    let indices: Vec<u32> = record.batches.iter().filter_map(|batch| batch.index).collect();
    assert_eq!(indices, [0, 4, 1, 2, 3, 5], "numbered on, the references first");
    assert!(record.series.iter().all(|series| series.points.len() == 4 && series.overall.is_some()));
    assert_eq!(record.period.as_ref().unwrap().value.text(), "5 Jan 2026 – 1 Feb 2026");

    // Who expects one model, or another, is told which came.
    assert_eq!(verified(&two, Some(&expecting(&models)), store).model_changes[0].source, Source::Pinned);
    let silent = verified(&two, Some(&expecting(&models[..1])), store);
    assert_eq!(silent.exit, Exit::Scope);
    assert_eq!(
        silent.headline.title,
        "The proof is valid, but the model changed on 26 Jan 2026 to one that the engagement does not expect"
    );
    let scope = silent.ladder.iter().find(|rung| rung.name == RungName::Scope).unwrap();
    assert_eq!(scope.findings[0].cause, "model-changed");
    assert!(scope.findings[0].text.contains(&models[1].to_string()), "{}", scope.findings[0].text);

    // Back to the first model, which keeps its commitment, and without a word.
    let (three, package) = read("three.zkaudit");
    assert_eq!(package.proofs[2].statement.model_commitment, models[0]);
    let record = verified(&three, None, store);
    assert_eq!((record.exit, refusal(&record).0.as_str()), (Exit::Incomplete, ""), "{}", record.headline.title);
    let (uncovered, reason) = state(&record, "M-1");
    assert_eq!(uncovered, State::Uncovered);
    assert!(reason.starts_with("The model changed on 2 Feb 2026, with batch 5: ") && reason.contains("no change record"), "{reason}");
    let silently = record.ladder.iter().flat_map(|rung| &rung.findings).find(|finding| finding.cause == "model-changed-silently").unwrap();
    assert!(silently.text.contains(&format!("from {} in monitoring-2 to {} in monitoring-3", models[1], models[0])), "{}", silently.text);

    no_cheat_passes(&package, &record, store);
}

fn no_cheat_passes(package: &ClaimedPackage, honest: &AuditRecord, store: &KeyStore) {
    assert!(honest.proofs.iter().all(|proof| proof.state == ProofState::Valid));
    let heads: Vec<String> = package.proofs.iter().map(|proof| proof.statement.chain_head.to_string()).collect();
    let left_out: &dyn Fn(&mut Contents) = &|c| {
        drop(c.proofs.remove(1));
        c.changes.clear();
    };
    let cases: [(&str, Cheat<'_>, &str, &str, &str); 7] = [
        ("the middle proof left out", left_out, "proof-left-out", "monitoring-3", &heads[1]),
        ("two swapped", &|c| c.proofs.swap(1, 2), "proofs-out-of-order", "monitoring-3", &heads[1]),
        (
            "overlapping periods",
            &|c| c.proofs[1].statement.header.period.start = c.proofs[0].statement.batches[3].start,
            "periods-overlap",
            "monitoring-2",
            "before that of monitoring ends",
        ),
        (
            "batches numbered anew",
            &|c| c.proofs[1].statement.batches.iter_mut().zip(0..).for_each(|(batch, index)| batch.index = index),
            "batch-index-differs",
            "batch 4",
            "batch 4 says it has index 0",
        ),
        (
            "a change of model denied",
            &|c| {
                c.proofs[1].statement.model_commitment = c.proofs[0].statement.model_commitment;
                c.changes.clear();
            },
            "references-differ",
            "monitoring-2",
            "under the same model",
        ),
        (
            "a model that nobody committed to",
            &|c| {
                c.proofs[1].statement.model_commitment = c.proofs[0].statement.chain_head;
                c.changes.clear();
            },
            "proof-rejected",
            "",
            "does not hold for the statement",
        ),
        (
            "a proof of another week in its place",
            &|c| c.proofs[2].bytes = c.proofs[1].bytes.clone(),
            "proof-rejected",
            "",
            "does not hold for the statement",
        ),
    ];
    for (what, edit, cause, place, part) in cases {
        let mut contents = package.contents();
        edit(&mut contents);
        if let Some(last) = contents.proofs.iter().map(|proof| proof.statement.header.period.end).max() {
            contents.period.end = last;
        }
        let Ok(bytes) = write(&contents) else { panic!("{what}: no package: {}", write(&contents).unwrap_err()) };
        let record = verified(&bytes, None, store);
        assert_eq!(record.exit, Exit::Rejected, "{what}: {}", record.headline.title);
        assert_eq!(refusal(&record), (cause.to_owned(), place.to_owned()), "{what}");
        let rung = record.ladder.iter().find(|rung| rung.name == RungName::Proof).unwrap();
        assert!(rung.findings[0].text.contains(part), "{what}: {}", rung.findings[0].text);
        assert!(record.series.is_empty(), "{what}");
    }

    // A record of another change: rejected where records are demanded, and named in any case.
    let mut contents = package.contents();
    let ClaimedChange { record, .. } = &mut contents.changes[0];
    record.new_model = record.old_model;
    let wrong = verified(&write(&contents).unwrap(), None, store);
    assert_eq!(wrong.exit, Exit::Rejected, "{}", wrong.headline.title);
    let (rejected, reason) = state(&wrong, "M-1");
    assert!(rejected == State::Rejected && reason.contains("as the new model, the proofs carry"), "{reason}");
    assert!(wrong.ladder.iter().flat_map(|rung| &rung.findings).any(|finding| finding.cause == "change-record-differs"));
    // And where no model changes there is none to be about.
    let mut contents = package.contents();
    contents.proofs[1].statement.model_commitment = contents.proofs[0].statement.model_commitment;
    assert!(write(&contents).unwrap_err().to_string().contains("a record only where the model changes"));
}
