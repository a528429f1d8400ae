//! Packages: what is written is read back, and whatever is altered is refused with its cause.

use proptest::prelude::*;
use verifold_model::{
    cohort::{BatchRole, BatchStatement, BatchTable},
    digest::{Commitment, Digest, canonical_json},
    instant::Instant,
    plan::{
        Calendar, Feature, Grouping, Histogram, MissingRule, ModelKind, OutcomeDefinition, OutsideRule, Plan, PlanSchema, ScoreDirection,
        Scoring,
    },
    proof_system::{ProofSystem, Property},
    shape::{CircuitFamily, CircuitId, Shape},
    state::{Exit, Stage},
    statement::{Header, MonitoringStatement, Period, StatementKind, Subject},
    traceability::{Constraint, Traceability},
};
use verifold_package::{
    ClaimedPackage, ClaimedProof, ClaimedSegment, Contents, EntryRole, Limit, Limits, Manifest, PackageError, SecretKey, container,
    manifest::SCHEMA, signing, traceability, write,
};

fn at(date: &str) -> Instant {
    format!("{date}T00:00:00Z").parse().unwrap()
}

fn plan() -> Plan {
    Plan {
        schema: PlanSchema::V1,
        shape: Shape::new(8, 8, 2, 10, 1, 15).unwrap(),
        features: vec![Feature {
            name: "income".to_owned(),
            unit: "EUR".to_owned(),
            offset: "0".parse().unwrap(),
            step: "0.5".parse().unwrap(),
            max: 255,
            outside: OutsideRule::Clamp,
            missing: MissingRule::Void,
        }],
        scoring: Scoring {
            kind: ModelKind::LogisticRegression,
            scale_bits: 12,
            direction: ScoreDirection::HigherIsRiskier,
            edges: (-4..5).collect(),
            cutoff: 4,
            expected_bad_ppm: vec![10_000; 10],
        },
        outcome: OutcomeDefinition { bad_means: "Ninety days past due.".to_owned(), maturity_days: 90 },
        grouping: Grouping { attribute: "sex".to_owned(), names: vec!["f".to_owned(), "m".to_owned()], not_disclosed: None },
        histograms: vec![Histogram { feature: "income".to_owned(), edges: (1..10).collect() }],
        calendar: Calendar::IsoWeek,
    }
}

fn subject() -> Subject {
    Subject { name: "A Bank".to_owned(), lei: "00000000000000000000".to_owned(), system: "Scorecard".to_owned(), model: "1".to_owned() }
}

fn period() -> Period {
    Period { start: at("2026-06-01"), end: at("2026-06-15") }
}

fn statement(batches: u32) -> MonitoringStatement {
    let plan = plan();
    let commitment = |byte| Commitment::from_bytes([byte; 32]);
    let batch = |index| BatchStatement {
        index,
        role: if index == 0 { BatchRole::Reference } else { BatchRole::Monitoring },
        start: at("2026-06-01"),
        end: at("2026-06-08"),
        rows: 0,
        row_commitment: commitment(1),
        outcome_commitment: commitment(2),
        table: BatchTable::empty(&plan),
        table_salt: commitment(3),
    };
    MonitoringStatement {
        header: Header {
            statement: StatementKind::MonitoringV1,
            circuit: CircuitId { family: CircuitFamily::ScoredCohortV1, shape: plan.shape },
            subject: subject(),
            period: period(),
            previous_chain_head: None,
        },
        plan_commitment: commitment(4),
        model_commitment: commitment(5),
        steps: 1,
        chain_head: commitment(6),
        batches: (0..batches).map(batch).collect(),
    }
}

fn proof(id: &str) -> ClaimedProof {
    ClaimedProof {
        id: id.to_owned(),
        title: "Monitoring".to_owned(),
        stage: Stage::Monitoring,
        kind: StatementKind::MonitoringV1,
        system: ProofSystem::NovaPastaIpa,
        statement: statement(1),
        bytes: b"proof".to_vec(),
        further: Vec::new(),
    }
}

fn contents() -> Contents {
    Contents {
        written_by: "test 1".to_owned(),
        created: at("2026-07-01"),
        subject: subject(),
        period: period(),
        plan: plan(),
        stages: Vec::new(),
        changes: Vec::new(),
        traceability: Vec::new(),
        proofs: vec![proof("monitoring")],
    }
}

fn read(bytes: &[u8]) -> Result<ClaimedPackage, PackageError> {
    ClaimedPackage::read(bytes, &Limits::default())
}

/// Entries of the small package: path and bytes, in order.
fn entries() -> Vec<(String, Vec<u8>)> {
    let file = write(&contents()).unwrap();
    container::decode(&file, &Limits::default()).unwrap().iter().map(|entry| (entry.path.to_owned(), entry.bytes.to_vec())).collect()
}

/// Lists sizes and digests anew, as a forger would, then applies `edit` to the manifest.
fn repacked(entries: &[(String, Vec<u8>)], edit: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let mut manifest: Manifest = serde_json::from_slice(&entries[0].1).unwrap();
    for listed in &mut manifest.entries {
        let (_, bytes) = entries.iter().find(|(path, _)| *path == listed.path).unwrap();
        listed.size = bytes.len() as u64;
        listed.sha256 = Digest::of(bytes);
    }
    edit(&mut manifest);
    let mut entries = entries.to_vec();
    entries[0].1 = canonical_json(&manifest);
    container::encode(&entries)
}

/// The small package with the text of one entry edited and everything recomputed over it.
fn edited(path: &str, from: &str, to: &str) -> Vec<u8> {
    let mut entries = entries();
    let entry = entries.iter_mut().find(|(name, _)| name == path).unwrap();
    let text = String::from_utf8(entry.1.clone()).unwrap();
    assert!(text.contains(from), "{from:?} is not in {path}");
    entry.1 = text.replacen(from, to, 1).into_bytes();
    if path == container::MANIFEST { container::encode(&entries) } else { repacked(&entries, |_| {}) }
}

#[track_caller]
fn check(what: &str, bytes: &[u8], cause: &str, exit: Exit, place: &str) {
    let error = read(bytes).expect_err(what);
    assert_eq!((error.cause(), error.exit(), error.place()), (cause, exit, place), "{what}: {error}");
}

#[test]
fn what_is_written_is_read() {
    let mut contents = contents();
    contents.proofs.push(proof("monitoring-2"));
    let file = write(&contents).unwrap();
    let package = read(&file).unwrap();
    assert_eq!(package.contents(), contents);
    assert_eq!((package.digest, package.size), (Digest::of(&file), file.len() as u64));
    let paths: Vec<&str> = package.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "manifest.json",
            "plan.json",
            "proofs/monitoring-2.bin",
            "proofs/monitoring.bin",
            "statements/monitoring-2.json",
            "statements/monitoring.json"
        ]
    );
    assert_eq!(write(&contents).unwrap(), file);
}

#[test]
fn any_zip_tool_opens_a_package() {
    let file = write(&contents()).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&file)).unwrap();
    assert_eq!(archive.len(), 4);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("plan.json").unwrap(), &mut text).unwrap();
    assert_eq!(text.as_bytes(), canonical_json(&plan()));
}

#[test]
fn every_flipped_bit_is_refused() {
    let file = write(&contents()).unwrap();
    let mut altered = file.clone();
    for i in 0..file.len() {
        for bit in 0..8 {
            altered[i] = file[i] ^ (1 << bit);
            assert!(read(&altered).is_err(), "bit {bit} of byte {i}");
        }
        altered[i] = file[i];
    }
}

#[test]
fn every_shortening_is_refused() {
    let file = write(&contents()).unwrap();
    for end in 0..file.len() {
        assert!(read(&file[..end]).is_err(), "the first {end} bytes");
    }
}

#[test]
fn the_container_has_one_form() {
    let file = write(&contents()).unwrap();
    let entries = entries();
    let malformed = Exit::Malformed;
    check("no zip at all", b"PDF", "not-a-zip", malformed, "");
    check("an empty file", b"", "not-a-zip", malformed, "");
    check("without its end", &file[..file.len() - 1], "truncated", malformed, "");
    check("a byte behind the end", &[&file[..], b"x"].concat(), "trailing-bytes", malformed, "");
    let mut commented = file.clone();
    let length = commented.len();
    commented[length - 2] = 5;
    commented.extend(b"hello");
    check("an archive comment", &commented, "archive-comment", malformed, "");
    check("a byte in front", &[b"x", &file[..]].concat(), "not-a-zip", malformed, "");
    check("an empty container", &container::encode::<&str, &[u8]>(&[]), "missing-manifest", malformed, "manifest.json");

    let mut swapped = entries.clone();
    swapped.swap(1, 2);
    check("entries out of order", &container::encode(&swapped), "entry-order", malformed, "plan.json");
    let mut behind = entries.clone();
    behind.rotate_left(1);
    check("the manifest last", &container::encode(&behind), "entry-order", malformed, "manifest.json");
    let mut twice = entries.clone();
    twice.insert(2, twice[1].clone());
    check("an entry twice", &container::encode(&twice), "duplicate-entry", malformed, "plan.json");
    for (path, place) in [
        ("../plan.json", "../plan.json"),
        ("/plan.json", "/plan.json"),
        ("a\\plan.json", "a\\\\plan.json"),
        ("c:plan.json", "c:plan.json"),
        ("a//plan.json", "a//plan.json"),
        ("./plan.json", "./plan.json"),
        ("Plan.json", "Plan.json"),
        ("plän.json", "pl\\xc3\\xa4n.json"),
        ("", ""),
    ] {
        let mut entries = entries.clone();
        entries[1].0 = path.to_owned();
        check(path, &container::encode(&entries), "path-refused", malformed, place);
    }
}

#[test]
fn headers_are_what_the_canonical_form_makes_them() {
    let file = write(&contents()).unwrap();
    let directory = file.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let with = |offset: usize, byte: u8| {
        let mut file = file.clone();
        file[offset] ^= byte;
        file
    };
    let first = "manifest.json";
    check("compressed, says the directory", &with(directory + 10, 8), "compressed-entry", Exit::Malformed, first);
    check("a time stamp in the directory", &with(directory + 12, 1), "container-not-canonical", Exit::Malformed, "");
    check("a time stamp in the entry", &with(10, 1), "container-not-canonical", Exit::Malformed, "");
    check("a flag in the entry", &with(6, 8), "container-not-canonical", Exit::Malformed, "");
    check("another path in the entry", &with(30, 1), "container-not-canonical", Exit::Malformed, "");
    check("an entry that begins elsewhere", &with(directory + 42, 1), "entry-misplaced", Exit::Malformed, first);
    check("another checksum", &with(directory + 16, 1), "checksum-differs", Exit::Rejected, first);
    check("other content", &with(60, 1), "checksum-differs", Exit::Rejected, first);
}

#[test]
fn the_manifest_lists_what_is_there() {
    let all = entries();
    let malformed = Exit::Malformed;
    check("no manifest", &container::encode(&all[1..]), "missing-manifest", malformed, "manifest.json");
    check("a missing plan", &container::encode(&[all[0].clone(), all[2].clone(), all[3].clone()]), "missing-entry", malformed, "plan.json");
    let mut more = all.clone();
    more.push(("z.txt".to_owned(), b"hidden".to_vec()));
    check("an unlisted entry", &container::encode(&more), "unlisted-entry", malformed, "z.txt");
    let listing = repacked(&more, |manifest| {
        let mut extra = manifest.entries[0].clone();
        (extra.path, extra.size, extra.sha256) = ("z.txt".to_owned(), 6, Digest::of(b"hidden"));
        manifest.entries.push(extra);
    });
    check("a listed entry without a role", &listing, "manifest-contradicts", malformed, "manifest.json");
    let twice = repacked(&all, |manifest| manifest.entries.insert(1, manifest.entries[0].clone()));
    check("an entry listed twice", &twice, "listed-twice", malformed, "plan.json");
    let unsorted = repacked(&all, |manifest| manifest.entries.swap(0, 1));
    check("a list out of order", &unsorted, "manifest-contradicts", malformed, "manifest.json");
    let proof_path = "proofs/monitoring.bin";
    check("another size", &repacked(&all, |manifest| manifest.entries[1].size += 1), "size-differs", Exit::Rejected, proof_path);
    let other_digest = repacked(&all, |manifest| manifest.entries[1].sha256 = Digest::of(b""));
    check("another digest", &other_digest, "digest-differs", Exit::Rejected, proof_path);
    let mut other = all.clone();
    other[2].1[0] ^= 1;
    check("other bytes under the listed digest", &container::encode(&other), "digest-differs", Exit::Rejected, proof_path);
    type Edit = fn(&mut Manifest);
    let contradictions: [(&str, Edit); 8] = [
        ("another role", |manifest| manifest.entries[0].role = EntryRole::Proof),
        ("another media type", |manifest| manifest.entries[0].media_type = "text/plain".to_owned()),
        ("an id that is no id", |manifest| manifest.proofs[0].id = "A b".to_owned()),
        ("an empty id", |manifest| manifest.proofs[0].id = String::new()),
        ("an id twice", |manifest| manifest.proofs.push(manifest.proofs[0].clone())),
        ("a statement elsewhere", |manifest| manifest.proofs[0].statement_path = "plan.json".to_owned()),
        ("a proof elsewhere", |manifest| manifest.proofs[0].proof_path = "plan.json".to_owned()),
        ("another stage", |manifest| manifest.proofs[0].stage = Stage::Training),
    ];
    for (what, edit) in contradictions {
        check(what, &repacked(&all, edit), "manifest-contradicts", malformed, "manifest.json");
    }
    check("no proof", &repacked(&all, |manifest| manifest.proofs.clear()), "no-proofs", malformed, "manifest.json");
}

#[test]
fn json_has_one_spelling() {
    let malformed = Exit::Malformed;
    for path in ["plan.json", "statements/monitoring.json", "manifest.json"] {
        let cause = "json-not-canonical";
        check("white space", &edited(path, "{\"", "{ \""), cause, malformed, path);
        check("white space in front", &edited(path, "{\"", " {\""), cause, malformed, path);
        check("an unknown field", &edited(path, "{\"", "{\"aaa\":1,\""), "json-malformed", malformed, path);
        check("not an object", &edited(path, "{\"", "\""), "json-malformed", malformed, path);
        check("a control character", &edited(path, "{\"", "{\"\u{0}"), "json-malformed", malformed, path);
    }
    let plan = "plan.json";
    let days = "\"maturity_days\":90";
    check("another form of a number", &edited(plan, days, "\"maturity_days\":9e1"), "json-malformed", malformed, plan);
    check("a field twice", &edited(plan, days, "\"maturity_days\":90,\"maturity_days\":90"), "json-malformed", malformed, plan);
    check("an escaped letter", &edited(plan, "\"sex\"", "\"\\u0073ex\""), "json-not-canonical", malformed, plan);
    check("an integer no double holds", &edited(plan, "[-4,", "[-9007199254740993,"), "json-not-canonical", malformed, plan);
    check("a shape off the menu", &edited(plan, "f8.w8", "f9.w8"), "json-malformed", malformed, plan);
    check("deep nesting", &edited(plan, "[-4,", &"[".repeat(100_000)), "json-malformed", malformed, plan);
}

#[test]
fn texts_can_be_printed() {
    let malformed = Exit::Malformed;
    check("a terminal escape", &edited("plan.json", "\"sex\"", "\"\\u001b[2J\""), "text-refused", malformed, "plan.json");
    check("a direction mark", &edited("plan.json", "\"sex\"", "\"\u{202e}xes\""), "text-refused", malformed, "plan.json");
    check("a long name", &edited("manifest.json", "test 1", &"x".repeat(201)), "text-refused", malformed, "manifest.json");
}

/// A traceability specification, complete or not: a package does not ask.
fn document(stage: Stage) -> Traceability {
    let score = serde_json::json!({ "holds": "yes", "reason": "so" });
    let scores: serde_json::Map<String, serde_json::Value> =
        Property::ALL.iter().map(|property| (property.name().to_owned(), score.clone())).collect();
    let person = serde_json::json!({ "name": "A. Person", "agreed_on": "2026-05-20" });
    serde_json::from_value(serde_json::json!({
        "schema": "traceability/v1", "stage": stage, "title": "How it is proven", "version": "1", "system": "S",
        "context": { "objective": "Approval rates", "model_category": "linear", "statement": "monitoring/v1", "confidential": "Rows" },
        "candidate": [{ "system": "a", "title": "A", "strength": "", "assessment": "REQUIRED", "scores": scores }],
        "decision": { "system": "a", "circuit": "c", "rationale": "It folds" },
        "roles": { "solution_architect": person, "ml_engineer": person },
    }))
    .unwrap()
}

#[test]
fn traceability_specifications_are_listed_and_have_one_spelling() {
    let with = |documents: &[Traceability]| Contents { traceability: documents.to_vec(), ..contents() };
    let file = write(&with(&[document(Stage::Data), document(Stage::Monitoring)])).unwrap();
    let package = read(&file).unwrap();
    let listed: Vec<(&str, &str)> =
        package.entries.iter().filter(|e| e.role == "traceability").map(|e| (e.path.as_str(), e.media_type.as_str())).collect();
    assert_eq!(listed, [("traceability/data.json", "application/json"), ("traceability/monitoring.json", "application/json")]);
    assert_eq!(package.traceability, [document(Stage::Data), document(Stage::Monitoring)]);
    assert_eq!(write(&package.contents()).unwrap(), file);

    let path = "traceability/monitoring.json";
    let altered = |from: &str, to: &str| {
        let file = write(&with(&[document(Stage::Monitoring)])).unwrap();
        let entries = container::decode(&file, &Limits::default()).unwrap();
        let mut entries: Vec<(String, Vec<u8>)> = entries.iter().map(|entry| (entry.path.to_owned(), entry.bytes.to_vec())).collect();
        let entry = entries.iter_mut().find(|(name, _)| name == path).unwrap();
        let text = String::from_utf8(entry.1.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        entry.1 = text.replacen(from, to, 1).into_bytes();
        repacked(&entries, |_| {})
    };
    let malformed = Exit::Malformed;
    check("white space", &altered("{\"", "{ \""), "json-not-canonical", malformed, path);
    check("an unknown field", &altered("{\"", "{\"aaa\":1,\""), "json-malformed", malformed, path);
    check("a terminal escape", &altered("It folds", "\\u001b[2J"), "text-refused", malformed, path);
    check("a line break", &altered("It folds", "It\\nfolds"), "text-refused", malformed, path);
    check("a long name", &altered("A. Person", &"x".repeat(201)), "text-refused", malformed, path);
    check(
        "a document of another stage",
        &altered("\"stage\":\"monitoring\"", "\"stage\":\"data\""),
        "manifest-contradicts",
        malformed,
        "manifest.json",
    );
    check("a large document", &altered("It folds", &"x".repeat(64 << 10)), "entry-too-large", Exit::Limits, path);
    let twice = write(&with(&[document(Stage::Data), document(Stage::Data)])).unwrap_err();
    assert_eq!(twice.cause(), "duplicate-entry");
    let other_path = repacked(&entries(), |manifest| manifest.entries[0].role = EntryRole::Traceability);
    check("another role", &other_path, "manifest-contradicts", malformed, "manifest.json");
    assert_eq!(traceability::check(&document(Stage::Data)), Ok(()));
    let mut long = document(Stage::Data);
    long.decision.rationale = "x".repeat(2_001);
    assert_eq!(traceability::check(&long).unwrap_err().cause(), "text-refused");
    long.decision.rationale = "x".repeat(2_000);
    long.constraint = vec![Constraint { text: "x".repeat(2_000), demands: Vec::new() }; 32];
    assert_eq!(traceability::check(&long).unwrap_err().cause(), "entry-too-large");
}

#[test]
fn what_this_program_does_not_know_is_not_called_wrong() {
    let unknown = Exit::NotChecked;
    let (manifest, statement) = ("manifest.json", "statements/monitoring.json");
    check("a later format", &edited(manifest, "verifold-package/v1", "verifold-package/v4"), "unknown-schema", unknown, manifest);
    check("a later statement", &edited(manifest, "\"monitoring/v1\"", "\"monitoring/v2\""), "unknown-statement", unknown, "monitoring");
    check("another system", &edited(manifest, "nova-pasta-ipa", "stark"), "unknown-proof-system", unknown, "monitoring");
    check("a later circuit", &edited(statement, "scored-cohort/v1", "scored-cohort/v2"), "unknown-circuit", unknown, "monitoring");
}

/// A proof of five batches in three segments: 0 and 1, 2, 3 and 4.
fn segmented() -> Contents {
    let segment = |first_batch, bytes: &[u8]| ClaimedSegment { first_batch, bytes: bytes.to_vec() };
    let further = vec![segment(2, b"second"), segment(3, b"third")];
    Contents { proofs: vec![ClaimedProof { statement: statement(5), further, ..proof("monitoring") }], ..contents() }
}

#[test]
fn segments_are_listed_where_they_begin() {
    let file = write(&segmented()).unwrap();
    let package = read(&file).unwrap();
    assert_eq!(package.contents(), segmented());
    assert_eq!(write(&package.contents()).unwrap(), file);
    let segments: Vec<_> = package.proofs[0].segments().collect();
    assert_eq!(segments, [(0..2, b"proof".as_slice()), (2..3, b"second"), (3..5, b"third")]);
    assert_eq!(package.proofs[0].proof_bytes(), 16);
    let paths: Vec<&str> = package.entries.iter().map(|entry| entry.path.as_str()).filter(|path| path.starts_with("proofs/")).collect();
    assert_eq!(paths, ["proofs/monitoring.2.bin", "proofs/monitoring.3.bin", "proofs/monitoring.bin"]);
    // One piece, and the manifest does not speak of segments, nor of a version that has them.
    let manifest = &entries()[0].1;
    assert!(!String::from_utf8_lossy(manifest).contains("segments"));
    assert_eq!(read(&write(&contents()).unwrap()).unwrap().proofs[0].segments().collect::<Vec<_>>(), [(0..1, b"proof".as_slice())]);
}

#[test]
fn segments_have_one_spelling() {
    let file = write(&segmented()).unwrap();
    let entries: Vec<(String, Vec<u8>)> =
        container::decode(&file, &Limits::default()).unwrap().iter().map(|entry| (entry.path.to_owned(), entry.bytes.to_vec())).collect();
    let refused = |what: &str, edit: fn(&mut Manifest)| {
        check(what, &repacked(&entries, edit), "manifest-contradicts", Exit::Malformed, "manifest.json");
    };
    refused("the version without segments", |manifest| manifest.schema = SCHEMA.to_owned());
    refused("the first again", |manifest| manifest.proofs[0].further_segments[0].first_batch = 0);
    refused("two at one batch", |manifest| manifest.proofs[0].further_segments[1].first_batch = 2);
    refused("out of order", |manifest| manifest.proofs[0].further_segments[0].first_batch = 4);
    refused("behind the last batch", |manifest| manifest.proofs[0].further_segments[1].first_batch = 5);
    refused("exchanged paths", |manifest| {
        let segments = &mut manifest.proofs[0].further_segments;
        let second = segments[0].proof_path.clone();
        segments[0].proof_path = std::mem::replace(&mut segments[1].proof_path, second);
    });
    refused("the first's bytes once more", |manifest| {
        let first = manifest.proofs[0].proof_path.clone();
        manifest.proofs[0].further_segments[0].proof_path = first;
    });
    let alone = edited("manifest.json", "verifold-package/v1", "verifold-package/v2");
    check("the version of segments without any", &alone, "manifest-contradicts", Exit::Malformed, "manifest.json");
    // A segment that is not listed is an entry too many.
    check(
        "left out of the list",
        &repacked(&entries, |manifest| drop(manifest.proofs[0].further_segments.pop())),
        "manifest-contradicts",
        Exit::Malformed,
        "manifest.json",
    );
    let limits = Limits::default().with(Limit::Segments, 2);
    let error = ClaimedPackage::read(&file, &limits).unwrap_err();
    assert_eq!((error.cause(), error.exit(), error.place()), ("too-many-segments", Exit::Limits, "manifest.json"));
}

#[test]
fn manifest_and_statement_speak_of_the_same() {
    let (manifest, statement) = ("manifest.json", "statements/monitoring.json");
    check("another subject", &edited(statement, "A Bank", "B Bank"), "subject-differs", Exit::Rejected, "monitoring");
    check("another subject in the manifest", &edited(manifest, "A Bank", "B Bank"), "subject-differs", Exit::Rejected, "monitoring");
    check("a wider period in the manifest", &edited(manifest, "2026-06-15", "2026-06-22"), "period-differs", Exit::Rejected, "monitoring");
    check("a later one in the manifest", &edited(manifest, "2026-06-01", "2026-06-02"), "period-differs", Exit::Rejected, "monitoring");
    check("a period beyond", &edited(statement, "2026-06-15", "2026-06-22"), "period-differs", Exit::Rejected, "monitoring");
}

#[test]
fn limits_hold() {
    let mut contents = contents();
    contents.proofs[0].statement = statement(3);
    contents.proofs[0].statement.steps = 7;
    contents.proofs[0].further = vec![ClaimedSegment { first_batch: 1, bytes: b"proof".to_vec() }];
    contents.proofs.push(proof("monitoring-2"));
    contents.traceability = vec![document(Stage::Monitoring)];
    let key = SecretKey::from_seed(&[1; 32].into());
    let file = signing::sign(&write(&contents).unwrap(), &key, "A Bank", at("2026-06-20")).unwrap();
    let all = container::decode(&file, &Limits::default()).unwrap();
    let size = |path: &str| all.iter().find(|entry| entry.path == path).unwrap().bytes.len();
    let envelope = signing::envelope_path(key.public_key());
    // Just kept, and just exceeded: name, value, what was found and what moves it are said.
    let mut seen = Vec::new();
    let mut check = |limit: Limit, most: usize, cause: &str, place: &str| {
        let most = most as u64;
        let at = |value: u64| ClaimedPackage::read(&file, &Limits::default().with(limit, value));
        assert!(at(most).is_ok(), "{}", limit.key());
        let error = at(most - 1).unwrap_err();
        assert_eq!((error.cause(), error.exit(), error.place()), (cause, Exit::Limits, place), "{error}");
        let text = error.to_string();
        assert!(text.starts_with(&format!("expected at most {} ", most - 1)), "{text}");
        assert!(
            text.contains(&format!("(limit `{}`), found {most}; `{} = …` under [limits] in the policy", limit.key(), limit.key())),
            "{text}"
        );
        seen.push(limit);
    };
    let statement = "statements/monitoring.json";
    assert!(size(statement) > size("plan.json") && size(statement) > size("manifest.json"));
    check(Limit::PackageBytes, file.len(), "file-too-large", "");
    check(Limit::Entries, all.len(), "too-many-entries", "");
    check(Limit::JsonBytes, size(statement), "entry-too-large", statement);
    check(Limit::ProofBytes, 5, "entry-too-large", "proofs/monitoring-2.bin");
    check(Limit::TraceabilityBytes, size("traceability/monitoring.json"), "entry-too-large", "traceability/monitoring.json");
    check(Limit::EnvelopeBytes, size(&envelope), "entry-too-large", &envelope);
    check(Limit::Envelopes, 1, "too-many-envelopes", "");
    check(Limit::Signatures, 1, "too-many-signatures", &envelope);
    check(Limit::Proofs, 2, "too-many-proofs", "manifest.json");
    check(Limit::Segments, 2, "too-many-segments", "manifest.json");
    check(Limit::Batches, 3, "too-many-batches", statement);
    check(Limit::Steps, 7, "too-many-steps", statement);
    check(Limit::Features, 8, "too-many-features", statement);
    check(Limit::Constraints, 1 << 15, "circuit-too-large", statement);
    // What is left is no part of a package.
    let others = [
        Limit::Anchors,
        Limit::AnchorBytes,
        Limit::Tokens,
        Limit::TokenBytes,
        Limit::Deposits,
        Limit::DepositBytes,
        Limit::ReceivedBytes,
        Limit::ModelSignatureBytes,
        Limit::ModelKeyBytes,
        Limit::MemoryBytes,
        Limit::CpuSeconds,
        Limit::TextBytes,
        Limit::DocumentBytes,
        Limit::FrameBytes,
    ];
    assert!(Limit::ALL.iter().all(|limit| seen.contains(limit) != others.contains(limit)));
    let over = |limit: Limit| PackageError::from(Limits::default().with(limit, 0).check(limit, 1, "").unwrap_err());
    assert!(others.map(over).iter().all(|error| (error.cause(), error.exit()) == ("limit-exceeded", Exit::Limits)));
}

#[test]
fn nothing_is_written_that_would_not_be_read() {
    let refused = |edit: fn(&mut Contents)| {
        let mut contents = contents();
        edit(&mut contents);
        write(&contents).unwrap_err().cause()
    };
    assert_eq!(refused(|contents| contents.proofs.clear()), "no-proofs");
    assert_eq!(refused(|contents| contents.proofs[0].bytes = vec![0; 65_537]), "entry-too-large");
    assert_eq!(refused(|contents| contents.proofs[0].id = "../x".to_owned()), "path-refused");
    assert_eq!(refused(|contents| contents.subject.name = "B".to_owned()), "subject-differs");
}

#[test]
fn as_many_batches_as_allowed_fit_one_entry() {
    let mut plan = plan();
    plan.shape = Shape::new(20, 8, 4, 10, 4, 16).unwrap();
    let mut batch = statement(1).batches.remove(0);
    batch.table = BatchTable::empty(&plan);
    batch.table.counts.iter_mut().flatten().for_each(|cell| *cell = [12; 6]);
    batch.table.histograms.iter_mut().flatten().for_each(|count| *count = 1_024);
    let bytes = canonical_json(&batch).len() as u64 + 1;
    let (batches, json_bytes) = (Limit::Batches.most(), Limit::JsonBytes.default());
    assert!(bytes * batches <= json_bytes, "{bytes} bytes for each of {batches} batches");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_then_read_is_the_same(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        ids in proptest::collection::btree_set("[a-z0-9-]{1,48}", 1..5),
        title in "[ -~äöü–]{0,60}",
        batches in 0..4_u32,
    ) {
        let mut contents = contents();
        contents.proofs =
            ids.iter().map(|id| ClaimedProof { title: title.clone(), bytes: bytes.clone(), statement: statement(batches), ..proof(id) }).collect();
        let file = write(&contents).unwrap();
        let package = read(&file).unwrap();
        prop_assert_eq!(package.contents(), contents);
        prop_assert_eq!(write(&package.contents()).unwrap(), file);
    }

    #[test]
    fn noise_in_a_package_is_refused(
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        at in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = write(&contents()).unwrap();
        let start = at.index(file.len());
        let end = (start + cut.index(300)).min(file.len());
        let unchanged = file[start..end] == noise[..];
        file.splice(start..end, noise);
        prop_assert!(unchanged || read(&file).is_err());
    }

    #[test]
    fn an_end_record_of_noise_is_refused(
        noise in proptest::collection::vec(any::<u8>(), 18),
        middle in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let file = [b"PK\x03\x04".as_slice(), &middle, b"PK\x05\x06", &noise].concat();
        prop_assert!(read(&file).is_err());
    }
}
