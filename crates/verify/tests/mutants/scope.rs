//! A package that holds, handed over for something else than it is: what the auditor expects, was sent before, or demands,
//! against it. Told one by one.

use verifold_model::{cohort::BatchRole, deposited::Deposited, digest::Digest, document::DocumentKind, state::RungName};
use verifold_package::{AnchoredBatch, Checkpoint, Deposit, DocumentEnvelope, Limits, SecretKey, anchor::log_name, document};

use super::{
    sample::bank,
    statement::moved,
    told::{Audit, Lie, Must::Stop, Told},
};

/// The lies over the honest half-year.
pub(crate) const TOLD: Told = Told { sample: "credit-scoring-q1", packages: &[], audits: AUDITS, few: 0 };

const DAY: i64 = 86_400;

/// The auditor, who receives anchors and deposits.
fn auditor() -> SecretKey {
    SecretKey::from_seed(&[8; 32].into())
}

/// The auditor lists a key of their own, and demands something.
fn with_auditor(audit: &mut Audit, demand: &str) {
    let key = auditor().public_key();
    audit.engagement_and(&format!("{demand}\n[[signer]]\nname = \"Halm\"\nrole = \"auditor\"\npublic_key = \"{key}\""));
}

/// The weeks of the period as the bank anchors them.
fn weeks(audit: &Audit) -> Vec<AnchoredBatch> {
    let monitoring = audit.contents.proofs[0].statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring);
    monitoring.map(|batch| AnchoredBatch { start: batch.start, end: batch.end, row_commitment: batch.row_commitment }).collect()
}

/// The anchor of the first `size` batches of a log, received so many days after the last of them ended.
fn anchor(audit: &Audit, log: &[AnchoredBatch], size: usize, days: i64) -> Checkpoint {
    let header = &audit.contents.proofs[0].statement.header;
    let end = log[size - 1].end;
    let text = Checkpoint::sign(&log_name(&header.subject, header.period), &log[..size], 1, end, &bank()).unwrap();
    let text = Checkpoint::cosigned(&text, "halm", moved(end, days * DAY).unwrap(), &auditor()).unwrap();
    Checkpoint::read(text.as_bytes()).unwrap()
}

const WITHIN: &str = "[anchors]\nwithin_days = 3";

/// An anchor for each week of a log that `edit` changed, received within what is demanded.
fn anchored(audit: &mut Audit, demand: &str, edit: fn(&mut Vec<AnchoredBatch>)) {
    with_auditor(audit, demand);
    let mut log = weeks(audit);
    edit(&mut log);
    audit.received.anchors = (1..=log.len()).map(|size| anchor(audit, &log, size, 1)).collect();
}

/// A deposit of the plan, cosigned by the auditor.
fn deposit(digest: Digest, at: &str) -> Deposit {
    let text = Deposit::cosigned(&[(Deposited::Plan, digest)], "halm", at.parse().unwrap(), &auditor()).unwrap();
    Deposit::read(text.as_bytes()).unwrap()
}

const PLAN_BEFORE: &str = "[deposited]\nbefore_period = [\"plan\"]";

/// The auditor's signature over an engagement with this digest.
fn signed(digest: Digest, edit: fn(&mut String)) -> DocumentEnvelope {
    let at = "2026-05-29T10:00:00Z".parse().unwrap();
    let bytes = document::envelope(DocumentKind::Engagement, "engagement.toml", digest, &auditor(), "Halm", at);
    let mut text = String::from_utf8(bytes).unwrap();
    edit(&mut text);
    DocumentEnvelope::read("x", text.as_bytes(), &Limits::default()).unwrap()
}

const AUDITS: &[Lie<Audit>] = &[
    ("the package of another bank", Stop(RungName::Scope, &["subject-differs"]), |a| {
        a.engagement(&[("value = \"Merian Bank AG\"", "value = \"Another Bank AG\"")]);
    }),
    ("the package of another period", Stop(RungName::Scope, &["period-differs", "batch-missing"]), |a| {
        a.engagement(&[("end = \"2026-11-16", "end = \"2026-11-23")]);
    }),
    ("the package under another plan", Stop(RungName::Scope, &["plan-differs"]), |a| {
        a.engagement(&[("digest = \"b93d", "digest = \"c93d")]);
    }),
    ("a package that does not go on from the one before", Stop(RungName::Scope, &["previous-chain-head-differs"]), |a| {
        a.engagement_and(&format!("[previous]\nchain_head = \"{}\"\norigin = \"record\"", "1".repeat(64)));
    }),
    ("a week handed over a second time", Stop(RungName::Scope, &["batch-of-earlier-package"]), |a| {
        a.engagement_and("[[earlier]]\nstart = \"2026-06-01T00:00:00Z\"\nend = \"2026-06-08T00:00:00Z\"\norigin = \"record\"");
    }),
    ("fewer rows than were scored", Stop(RungName::Scope, &["control-total-differs"]), |a| a.engagement(&[("rows = 487", "rows = 488")])),
    ("rows of days that no batch begins on", Stop(RungName::Scope, &["control-without-batch"]), |a| {
        // A calendar would have no place for such a total.
        let calendar = "[calendar]\nkind = \"iso-week\"\norigin = \"measurement plan deposited on 29 May 2026\"\n";
        a.engagement(&[(calendar, ""), ("rows = 487", "rows = 487\n\n[[controls.batch]]\nstart = \"2026-06-03T00:00:00Z\"\nrows = 5")]);
    }),
    ("a week that was not to be monitored", Stop(RungName::Scope, &["period-differs", "batch-unexpected"]), |a| {
        let control = "[[controls.batch]]\nstart = \"2026-06-01T00:00:00Z\"  # 2026-W23\nrows = 487\n";
        a.engagement(&[("start = \"2026-06-01T00:00:00Z\"\nend", "start = \"2026-06-08T00:00:00Z\"\nend"), (control, "")]);
    }),
    ("no anchor for what was to be anchored", Stop(RungName::Scope, &["no-anchors"]), |a| with_auditor(a, WITHIN)),
    ("the last week not anchored", Stop(RungName::Scope, &["batch-not-anchored"]), |a| {
        anchored(a, WITHIN, |log| log.truncate(log.len() - 1));
    }),
    ("an anchored week that is not there", Stop(RungName::Scope, &["anchored-batch-missing"]), |a| {
        anchored(a, "", |log| log[4].end = moved(log[4].end, -DAY).unwrap());
    }),
    ("a week anchored a second beyond the period", Stop(RungName::Scope, &["anchored-batch-missing"]), |a| {
        anchored(a, "", |log| log[23].end = moved(log[23].end, 1).unwrap());
    }),
    ("anchors under another spelling of the bank", Stop(RungName::Scope, &["anchor-of-other-log"]), |a| {
        let (log, header) = (weeks(a), &a.contents.proofs[0].statement.header);
        let name = log_name(&header.subject, header.period).to_lowercase();
        let text = Checkpoint::sign(&name, &log, log.len(), log[23].end, &bank()).unwrap();
        a.received.anchors = vec![Checkpoint::read(text.as_bytes()).unwrap()];
    }),
    ("two roots of one log, behind anchors held back", Stop(RungName::Scope, &["anchor-history-differs"]), |a| {
        let (log, mut other) = (weeks(a), weeks(a));
        other[2].row_commitment = other[3].row_commitment;
        with_auditor(a, "");
        a.received.anchors = [&log, &other].map(|log| anchor(a, log, 5, 1)).to_vec();
    }),
    ("other rows than were anchored", Stop(RungName::Scope, &["anchored-rows-differ"]), |a| {
        anchored(a, WITHIN, |log| log[4].row_commitment = log[5].row_commitment);
    }),
    ("anchored weeks that overlap", Stop(RungName::Scope, &["anchored-batches-overlap", "anchored-batch-missing"]), |a| {
        anchored(a, "", |log| log[1].start = log[0].start);
    }),
    ("a week anchored too late", Stop(RungName::Scope, &["anchored-late"]), |a| {
        anchored(a, WITHIN, |_| ());
        a.received.anchors[2] = anchor(a, &weeks(a), 3, 4);
    }),
    ("an anchor held back", Stop(RungName::Scope, &["anchor-gap", "batch-not-anchored"]), |a| {
        anchored(a, WITHIN, |_| ());
        a.received.anchors.remove(7);
    }),
    ("two histories anchored", Stop(RungName::Scope, &["anchor-history-differs", "anchor-root-differs"]), |a| {
        anchored(a, WITHIN, |_| ());
        let mut other = weeks(a);
        other[4].row_commitment = other[5].row_commitment;
        a.received.anchors.push(anchor(a, &other, 5, 1));
    }),
    ("an anchor over other weeks than were told", Stop(RungName::Scope, &["anchor-root-differs"]), |a| {
        anchored(a, WITHIN, |_| ());
        let mut other = weeks(a);
        other[4].row_commitment = other[5].row_commitment;
        a.received.anchors[23] = anchor(a, &other, 24, 1);
    }),
    ("a plan never laid down", Stop(RungName::Scope, &["not-deposited"]), |a| with_auditor(a, PLAN_BEFORE)),
    ("a plan laid down after the period began", Stop(RungName::Scope, &["deposited-late"]), |a| {
        with_auditor(a, PLAN_BEFORE);
        a.received.deposits.push(deposit(a.contents.plan.digest(), "2026-06-01T00:00:01Z"));
    }),
    ("another plan than was laid down", Stop(RungName::Scope, &["changed-since-deposit"]), |a| {
        with_auditor(a, PLAN_BEFORE);
        a.received.deposits.push(deposit(Digest::of(b"before"), "2026-05-29T00:00:00Z"));
    }),
    ("an engagement that vouches for itself", Stop(RungName::Scope, &["deposited-by-own-word"]), |a| {
        with_auditor(a, "[deposited]\nbefore_period = [\"engagement\"]");
        let laid_down = [(Deposited::Engagement, a.engagement.digest)];
        let text = Deposit::cosigned(&laid_down, "halm", "2026-05-29T00:00:00Z".parse().unwrap(), &auditor()).unwrap();
        a.received.deposits.push(Deposit::read(text.as_bytes()).unwrap());
    }),
    ("an engagement exchanged after it was signed", Stop(RungName::Scope, &["document-not-as-signed"]), |a| {
        a.received.engagement_signatures.push(signed(Digest::of(b"before"), |_| ()));
    }),
    ("a signature of the engagement that is none", Stop(RungName::Scope, &["document-signature-invalid"]), |a| {
        a.received.engagement_signatures.push(signed(a.engagement.digest, |text| {
            let at = text.find("\"sig\":\"").unwrap() + "\"sig\":\"".len();
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            text.replace_range(at..=at, other);
        }));
    }),
    ("one signature where two are demanded", Stop(RungName::Origin, &["threshold-not-met"]), |a| {
        let key = SecretKey::from_seed(&[9; 32].into()).public_key();
        a.engagement_and(&format!(
            "[origin]\nthreshold = 2\n[[signer]]\nname = \"Its auditor\"\nrole = \"provider\"\npublic_key = \"{key}\""
        ));
    }),
    ("a proof system without what every requirement asks for", Stop(RungName::Proof, &["property-missing"]), |a| {
        a.policy("\"zero-knowledge\"]", "\"zero-knowledge\", \"post-quantum\"]");
    }),
    ("a proof system weaker than the policy asks for", Stop(RungName::Proof, &["security-too-low"]), |a| {
        a.policy("min_cell = 5", "min_cell = 5\nsecurity_bits_at_least = 128");
    }),
    ("a proof system without what one requirement asks for", Stop(RungName::Policy, &["requirement-unverifiable"]), |a| {
        a.policy("kind = \"model-unchanged\"", "kind = \"model-unchanged\"\nproperties = [\"post-quantum\"]");
    }),
    ("a circuit that the policy does not list", Stop(RungName::Proof, &["circuit-not-accepted"]), |a| {
        a.policy("[[circuit]]\nfamily = \"scored-cohort/v1\"\n", "");
    }),
    ("a larger file than the auditor takes", Stop(RungName::Integrity, &["file-too-large"]), |a| a.limit("package_bytes = 1024")),
    ("more batches than the auditor takes", Stop(RungName::Integrity, &["too-many-batches"]), |a| a.limit("batches = 24")),
    ("more features than the auditor takes", Stop(RungName::Integrity, &["too-many-features"]), |a| a.limit("features = 19")),
];
