//! Receipts and samples as people check them: against a record, without package or key.
//!
//! The record is that of a sample audit, into which the roots of two batches of invented rows are written: whoever holds
//! a record trusts it, and what is tested here is that it is held against every receipt.

use std::{fs, path::PathBuf, process::Command};

use verifold_circuits::{
    Model, RowKind, RowRecord, Salt,
    receipts::{Issuer, ReceiptTree, leaf_salt},
};
use verifold_model::{
    cohort::{Outcome, VoidReason},
    digest::{Commitment, Digest},
    receipts::{Receipt, ReceiptBatch, ReceiptRow},
    record::{AuditRecord, BatchReceipts, Standing},
    sample::{SampleOpenings, SampleRequest, SampleSchema},
};
use verifold_prove::receipts::{KeptBatch, KeptRow, ReceiptSecrets, ReceiptSecretsSchema};
use verifold_verify::{
    manifest_digest,
    sample::{Wanted, draw, drawable},
};

struct Desk {
    folder: tempfile::TempDir,
    record: AuditRecord,
    /// Receipts of batches 1 and 2.
    receipts: [Vec<Receipt>; 2],
    /// What opens them.
    secrets: ReceiptSecrets,
}

impl Desk {
    fn new() -> Self {
        let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-q1/expected.record.json");
        let mut record: AuditRecord = serde_json::from_slice(&fs::read(sample).unwrap()).unwrap();
        let plan = record.plan.as_ref().unwrap().plan.clone();
        let weights: Vec<i64> = (0..plan.features.len() as i64).map(|i| i % 5 - 2).collect();
        let model = Model { weights: weights.clone(), bias: 40 }.into();
        let seed = Salt::from_bytes([9; 32]).unwrap();
        let subject = record.subject.as_ref().unwrap().value.clone();
        let manifest_sha256 = manifest_digest(&record).unwrap();
        let issuer = Issuer { manifest_sha256, subject: &subject, plan: &plan, model: &model, seed: &seed };
        let mut kept = Vec::new();
        let receipts = [1, 2].map(|index| {
            let batch = record.batches.iter_mut().find(|batch| batch.index == Some(index)).unwrap();
            let rows: Vec<RowRecord> = (0..80 + u64::from(index))
                .map(|i| {
                    let features = plan.features.iter().enumerate().map(|(f, feature)| (i * 7 + f as u64 * 3) as u32 % (feature.max + 1));
                    let kind = if i % 9 == 4 {
                        RowKind::Void(VoidReason::MissingValue)
                    } else {
                        RowKind::Scored { features: features.collect(), logged: i % 3 > 0, outcome: Outcome::Unknown }
                    };
                    RowRecord { key: batch.start.first_key() + i, group: (i % 2) as u8, kind }
                })
                .collect();
            let tree = ReceiptTree::new(&plan, &model, &rows, &|position| leaf_salt(&seed, index, position)).unwrap();
            kept.push(KeptBatch { index, root: tree.root(), rows: rows.iter().map(kept_row).collect() });
            let span = ReceiptBatch { index, start: batch.start, end: batch.end };
            let content = batch.content.as_mut().unwrap();
            content.rows = rows.len() as u64;
            content.receipts = Some(BatchReceipts { root: tree.root(), proof: "receipts".into() });
            (0u32..).zip(&rows).map(|(position, row)| issuer.receipt(span, &tree, position, row).unwrap()).collect()
        });
        let secrets = ReceiptSecrets {
            schema: ReceiptSecretsSchema::V1,
            manifest_sha256,
            weights,
            bias: 40,
            layers: Vec::new(),
            seed: Commitment::from_bytes([9; 32]),
            batches: kept,
        };
        Self { folder: tempfile::tempdir().unwrap(), record, receipts, secrets }
    }

    fn write<T: serde::Serialize>(&self, name: &str, value: &T) {
        fs::write(self.folder.path().join(name), serde_json::to_vec(value).unwrap()).unwrap();
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], exit: i32, part: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_verifold")).args(arguments).current_dir(self.folder.path()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{text}");
        assert!(text.contains(part), "{part:?} is not in {text}");
        text
    }

    /// Checks a receipt of batch 1 after both were edited.
    #[track_caller]
    fn check(&self, edit: impl FnOnce(&mut Receipt, &mut AuditRecord), exit: i32, part: &str) -> String {
        let (mut receipt, mut record) = (self.receipts[0][30].clone(), self.record.clone());
        edit(&mut receipt, &mut record);
        self.write("receipt.json", &receipt);
        self.write("record.json", &record);
        self.says(&["receipt", "check", "receipt.json", "--record", "record.json"], exit, part)
    }
}

fn kept_row(row: &RowRecord) -> KeptRow {
    let (void, logged, features) = match &row.kind {
        RowKind::Void(reason) => (Some(*reason), false, Vec::new()),
        RowKind::Scored { features, logged, .. } => (None, *logged, features.clone()),
    };
    KeptRow { key: row.key, group: row.group, void, logged, features }
}

fn scored(receipt: &mut Receipt) -> (&mut Vec<verifold_model::receipts::FeatureValue>, &mut i64, &mut bool, &mut bool) {
    match &mut receipt.row {
        ReceiptRow::Scored { features, score, model_approves, logged_approval } => (features, score, model_approves, logged_approval),
        ReceiptRow::Void { .. } => panic!("row 30 is scored"),
    }
}

fn receipts_of(record: &mut AuditRecord, index: u32) -> &mut Option<BatchReceipts> {
    &mut record.batches.iter_mut().find(|batch| batch.index == Some(index)).unwrap().content.as_mut().unwrap().receipts
}

#[test]
fn a_receipt_holds_and_each_cheat_is_refused_for_its_own_cause() {
    let desk = Desk::new();
    let said = desk.check(|_, _| {}, 0, "The receipt holds");
    assert!(said.contains("row 31 of 81") && said.contains("Score"), "{said}");
    desk.check(|r, _| *r = desk.receipts[0][31].clone(), 0, "not scored: missing value");

    desk.check(|r, _| *scored(r).1 -= 1, 4, "(leaf-differs)");
    desk.check(|r, _| *scored(r).3 ^= true, 4, "(leaf-differs)");
    desk.check(|r, _| *scored(r).2 ^= true, 4, "(decision-contradicts-score)");
    desk.check(
        |r, _| {
            r.group =
                if r.group == desk.receipts[0][0].group { desk.receipts[0][1].group.clone() } else { desk.receipts[0][0].group.clone() }
        },
        4,
        "(leaf-differs)",
    );
    desk.check(|r, _| scored(r).0[0].value = desk.receipts[0][32].clone().row_value(0), 4, "(leaf-differs)");
    desk.check(|r, _| scored(r).0[0].name.push('x'), 4, "(not-a-row-of-the-plan)");
    desk.check(|r, _| r.path = desk.receipts[0][29].path.clone(), 4, "(path-differs)");
    desk.check(|r, _| r.path = desk.receipts[1][30].path.clone(), 4, "(path-differs)");
    // A whole receipt of batch 2, said to be of batch 1: times give it away, or else the root does.
    desk.check(|r, _| r.batch.index = 2, 4, "(batch-times-differ)");
    let moved = |r: &mut Receipt, record: &mut AuditRecord| {
        let theirs = desk.receipts[1][30].clone();
        let batch = record.batches.iter_mut().find(|batch| batch.index == Some(1)).unwrap();
        (batch.start, batch.end) = (theirs.batch.start, theirs.batch.end);
        *r = Receipt { batch: ReceiptBatch { index: 1, ..theirs.batch }, ..theirs };
    };
    desk.check(moved, 4, "(root-of-another-batch)");
    // A row that is in no batch, with a tree of its own: everything in it hangs together, and nothing proves it.
    let invented = |r: &mut Receipt, _: &mut AuditRecord| {
        let other = Desk::new();
        let seed = Salt::from_bytes([8; 32]).unwrap();
        let plan = other.record.plan.as_ref().unwrap().plan.clone();
        let model = Model { weights: vec![1; plan.features.len()], bias: 0 }.into();
        let rows: Vec<RowRecord> = (0..81)
            .map(|i| RowRecord { key: r.batch.start.first_key() + i, group: 0, kind: RowKind::Void(VoidReason::Unreadable) })
            .collect();
        let tree = ReceiptTree::new(&plan, &model, &rows, &|position| leaf_salt(&seed, 1, position)).unwrap();
        let issuer = Issuer { manifest_sha256: r.manifest_sha256, subject: &r.subject, plan: &plan, model: &model, seed: &seed };
        *r = issuer.receipt(r.batch, &tree, 30, &rows[30]).unwrap();
    };
    desk.check(invented, 4, "(root-not-proven)");
    let elsewhere = desk.check(
        |r, record| {
            r.manifest_sha256 = Digest::of(b"another");
            receipts_of(record, 1).as_mut().unwrap().root = Commitment::from_bytes([3; 32]);
        },
        9,
        "(root-not-proven)",
    );
    assert!(elsewhere.contains("different packages"), "{elsewhere}");

    desk.check(|_, record| *receipts_of(record, 1) = None, 7, "(receipts-not-proven)");
    desk.check(|_, record| record.batches.iter_mut().for_each(|b| b.standing = Standing::Claimed), 7, "(batch-not-proven)");
    desk.check(|_, record| record.plan = None, 7, "(record-without-plan)");
    desk.check(|r, _| r.batch.index = 999, 9, "(batch-not-in-record)");
    fs::write(desk.folder.path().join("receipt.json"), "{}").unwrap();
    desk.says(&["receipt", "check", "receipt.json", "--record", "record.json"], 3, "the receipt cannot be read");
}

/// What one feature of a scored receipt says.
trait RowValue {
    fn row_value(self, feature: usize) -> verifold_model::decimal::Decimal;
}

impl RowValue for Receipt {
    fn row_value(mut self, feature: usize) -> verifold_model::decimal::Decimal {
        scored(&mut self).0[feature].value
    }
}

const NONCE: &str = "6 3 1 4 4 2 5 6 1 dice";

fn request(desk: &Desk) -> SampleRequest {
    draw(manifest_digest(&desk.record).unwrap(), NONCE, &drawable(&desk.record), &[Wanted { first: 1, last: 2, size: 12 }]).unwrap()
}

fn openings(desk: &Desk, request: &SampleRequest) -> SampleOpenings {
    let receipt = |row: verifold_model::sample::SampledRow| desk.receipts[row.batch as usize - 1][row.position as usize].clone();
    SampleOpenings { schema: SampleSchema::V1, request_sha256: request.digest(), receipts: request.rows().map(receipt).collect() }
}

const CHECK: [&str; 6] = ["sample", "check", "request.json", "openings.json", "--record", "record.json"];

#[test]
fn a_sample_is_drawn_opened_compared_and_concluded_from() {
    let desk = Desk::new();
    let request = request(&desk);
    desk.write("record.json", &desk.record);
    desk.write("request.json", &request);
    desk.write("openings.json", &openings(&desk, &request));
    desk.says(&[&CHECK[..], &["--worksheet", "sheet.csv"]].concat(), 8, "12 rows drawn by manifest and nonce, and opened as proven");

    let sheet = fs::read_to_string(desk.folder.path().join("sheet.csv")).unwrap();
    assert_eq!(sheet.lines().count(), 13);
    // What somebody has filled in by hand is not written over.
    fs::write(desk.folder.path().join("sheet.csv"), "filled in").unwrap();
    desk.says(&[&CHECK[..], &["--worksheet", "sheet.csv"]].concat(), 2, "what was there before is unchanged: sheet.csv");
    assert_eq!(fs::read_to_string(desk.folder.path().join("sheet.csv")).unwrap(), "filled in");
    let filled = |result: &dyn Fn(usize) -> &'static str| {
        let line = |(i, line): (usize, &str)| if i == 0 { line.to_owned() } else { line.replacen(",,", &format!(",{},", result(i)), 1) };
        let text: Vec<String> = sheet.lines().enumerate().map(line).collect();
        fs::write(desk.folder.path().join("filled.csv"), text.join("\n")).unwrap();
    };
    let conclude = |output| [&CHECK[..], &["--results", "filled.csv", "-o", output]].concat();
    // 12 of 163 rows: the bound of none found, and of two, is what the hypergeometric law gives.
    filled(&|_| "agrees");
    desk.says(
        &conclude("result.json"),
        0,
        "With 95 % confidence at most 34 of 163 rows differ from their documents or have none (0 errors found in 12 drawn).",
    );
    filled(&|i| {
        if i == 3 {
            "differs"
        } else if i == 7 {
            "missing"
        } else {
            "agrees"
        }
    });
    // Neither the first conclusion nor the sheet it rests on gives way to a second.
    for name in ["result.json", "filled.csv"] {
        let before = fs::read(desk.folder.path().join(name)).unwrap();
        desk.says(&conclude(name), 2, &format!("what was there before is unchanged: {name}"));
        assert_eq!(fs::read(desk.folder.path().join(name)).unwrap(), before);
    }
    desk.says(&conclude("second.json"), 0, "at most 69 of 163 rows differ from their documents or have none (2 errors found in 12 drawn)");
    filled(&|i| if i == 5 { "" } else { "agrees" });
    desk.says(&conclude("third.json"), 8, "has 0 results, where one is needed");
    filled(&|_| "fine");
    desk.says(&conclude("third.json"), 3, "is none of agrees, differs, missing");
}

#[test]
fn receipts_and_openings_replace_nothing() {
    let desk = Desk::new();
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-q1/package.zkaudit");
    desk.write("mine.receipts", &desk.secrets);
    desk.write("request.json", &request(&desk));
    let with = ["--secrets", "mine.receipts", "--package", package.to_str().unwrap()];
    let first = desk.receipts[0][0].time.to_string();
    let make =
        |row: &str| [&["receipt", "make", "--key", row, "-o", "receipt.json"].map(str::to_owned)[..], &with.map(str::to_owned)].concat();
    let says = |arguments: &[String], exit, part: &str| {
        desk.says(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), exit, part);
    };
    says(&make(&first), 0, "1 receipt written");
    let receipt = fs::read(desk.folder.path().join("receipt.json")).unwrap();
    assert!(serde_json::from_slice::<Receipt>(&receipt).unwrap() == desk.receipts[0][0]);
    says(&make(&format!("{first}/1")), 2, "a file is there already, so nothing was written: receipt.json");
    assert_eq!(fs::read(desk.folder.path().join("receipt.json")).unwrap(), receipt);

    // The second of two is there: the first is not written either.
    let both = || [make(&first), vec!["--key".to_owned(), format!("{first}/1")]].concat();
    let both = both().into_iter().map(|word| if word == "receipt.json" { "several".to_owned() } else { word }).collect::<Vec<_>>();
    says(&both, 0, "2 receipts written");
    let mut names: Vec<_> = fs::read_dir(desk.folder.path().join("several")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    fs::remove_file(&names[0]).unwrap();
    says(&both, 2, "a file is there already, so nothing was written: several");
    assert!(!names[0].exists());

    let open = |output| [&["sample", "open", "request.json", "-o", output], &with[..]].concat();
    desk.says(&open("receipt.json"), 2, "what was there before is unchanged: receipt.json");
    desk.says(&open("openings.json"), 0, "12 rows opened");
}

#[test]
fn a_sample_that_was_steered_or_not_opened_is_refused() {
    let desk = Desk::new();
    let check = |edit: &dyn Fn(&mut SampleRequest, &mut SampleOpenings, &mut AuditRecord), exit: i32, part: &str| {
        let mut request = request(&desk);
        let (mut openings, mut record) = (openings(&desk, &request), desk.record.clone());
        edit(&mut request, &mut openings, &mut record);
        desk.write("record.json", &record);
        desk.write("request.json", &request);
        desk.write("openings.json", &openings);
        desk.says(&CHECK, exit, part);
    };
    check(&|_, _, _| {}, 8, "opened as proven");
    check(&|r, _, _| r.strata[0].rows[4].position ^= 1, 4, "draw other rows than the request names");
    check(&|r, _, _| r.nonce.push('!'), 4, "draw other rows than the request names");
    check(&|r, _, _| r.strata[0].population += 1, 4, "draw other rows than the request names");
    check(&|r, _, _| r.manifest_sha256 = Digest::of(b"another"), 9, "was drawn from the package with manifest");
    check(&|_, o, _| o.request_sha256 = Digest::of(b"another"), 4, "answer request");
    check(&|_, o, _| drop(o.receipts.pop()), 8, "was drawn and is not opened");
    check(&|_, o, _| o.receipts[2] = desk.receipts[0][0].clone(), 4, "opening 3 is row 0 of batch 1");
    check(&|_, o, _| o.receipts[2].sequence += 1, 4, "hash to");
    check(&|_, _, record| *receipts_of(record, 2) = None, 4, "draw other rows than the request names");
}

/// The receipts two applicants of the sample bank were given, and the record its auditor published.
#[test]
fn the_receipts_of_the_sample_hold_and_do_not_hold_for_each_other() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-lifecycle");
    let desk = Desk::new();
    let record = folder.join("expected.record.json");
    let check = |receipt: &std::path::Path, exit, part: &str| {
        desk.says(&["receipt", "check", receipt.to_str().unwrap(), "--record", record.to_str().unwrap()], exit, part);
    };
    check(&folder.join("receipt-approved.json"), 0, "On file approved");
    check(&folder.join("receipt-declined.json"), 0, "On file declined");
    let read = |name: &str| serde_json::from_slice::<Receipt>(&fs::read(folder.join(name)).unwrap()).unwrap();
    // The bank decided against this applicant, and tells them otherwise.
    desk.write("told.json", &Receipt { row: read("receipt-approved.json").row, ..read("receipt-declined.json") });
    check(&desk.folder.path().join("told.json"), 4, "(leaf-differs)");
}

#[test]
fn what_is_wrong_with_a_receipt_is_said_without_steering_the_terminal() {
    let desk = Desk::new();
    desk.write("record.json", &desk.record);
    fs::write(desk.folder.path().join("receipt.json"), r#"{"\u001b[2J\u202e":1}"#).unwrap();
    let said = desk.says(&["receipt", "check", "receipt.json", "--record", "record.json"], 3, "unknown field `\u{fffd}[2J\u{fffd}`");
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
}
