//! Receipts from files, as far as they go without a proof.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use verifold_circuits::{
    AnyModel, Model, MonitoringWitness, RowKind, Salt,
    receipts::{OpeningError, opened_root, replay},
};
use verifold_model::{cohort::BatchRole, digest::Digest, instant::Instant, receipts::ReceiptRow, sample::SampledRow, shape::CircuitFamily};
use verifold_package::{ClaimedPackage, Limits};
use verifold_prove::{
    Event, OnBadRow, Progress, ProveError, RowSources, Sources,
    monitoring::{Prepared, contents, prepare},
    receipts::{ReceiptSecrets, openings, witness},
    secrets::Secrets,
};

struct Silent;

impl Progress for Silent {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn report(&mut self, _: Event) {}
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

const SCORECARD: &str = "sklearn_plain.onnx";
const NETWORK: &str = "sklearn_network.onnx";

fn prepared() -> Prepared {
    prepared_under(SCORECARD)
}

fn prepared_under(model: &str) -> Prepared {
    // A step of 2^15 constraints has no room for rows that a network scores.
    let text = std::fs::read_to_string(data("spec.toml")).unwrap().replacen("size_log2 = 15", "size_log2 = 16", 1);
    let mut spec = tempfile::NamedTempFile::new().unwrap();
    spec.write_all(text.as_bytes()).unwrap();
    let sources = Sources {
        rows: RowSources { spec: spec.path().to_owned(), reference: data("reference.csv"), batches: data("batches.csv"), outcomes: None },
        on_bad_row: OnBadRow::Void,
        model: data(model),
    };
    prepare(&sources, &mut Silent).unwrap()
}

fn seed() -> Salt {
    Salt::from_bytes([7; 32]).unwrap()
}

/// What a run of `verifold prove monitoring` leaves behind, but for the proof.
struct Package {
    monitoring: MonitoringWitness,
    secrets: Secrets,
    claimed: ClaimedPackage,
}

fn package() -> Package {
    package_under(SCORECARD)
}

fn package_under(model: &str) -> Package {
    let prepared = prepared_under(model);
    let monitoring = prepared.witness().unwrap();
    let at = Instant::from_unix_secs(1_800_000_000).unwrap();
    let bytes = verifold_package::write(&contents(&monitoring, vec![0; 64], at, "test".to_owned())).unwrap();
    let secrets = Secrets::new(Digest::of(&bytes), &prepared.model, &prepared.model_salt, &prepared.batches);
    Package { monitoring, secrets, claimed: ClaimedPackage::read(&bytes, &Limits::default()).unwrap() }
}

/// The same files read again, with the salts of the package.
fn again(package: &Package) -> Prepared {
    let mut prepared = prepared();
    openings(&mut prepared, &package.secrets).unwrap();
    prepared
}

fn scorecard(prepared: &mut Prepared) -> &mut Model {
    match &mut prepared.model {
        AnyModel::Scorecard(model) => model,
        AnyModel::Perceptron(_) => panic!("a network"),
    }
}

fn problem<T>(result: Result<T, ProveError>) -> String {
    match result {
        Err(ProveError::Receipts { problem }) => problem,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("not refused"),
    }
}

#[test]
fn files_read_again_give_the_rows_the_package_commits_to() {
    let package = package();
    let statement = package.monitoring.statement();
    let receipts = witness(&again(&package), statement, &[], seed()).unwrap();
    let monitored: Vec<u32> = statement.batches.iter().filter(|b| b.role == BatchRole::Monitoring).map(|b| b.index).collect();
    assert_eq!(receipts.statement().batches.iter().map(|batch| batch.index).collect::<Vec<_>>(), monitored);
    assert!(replay(receipts.statement(), receipts.plan()).is_ok());
    assert_eq!(witness(&again(&package), statement, &[2, 1, 2], seed()).unwrap().statement().batches.len(), 2);

    assert_eq!(problem(witness(&again(&package), statement, &[77], seed())), "the package has no batch 77");
    let mut other = again(&package);
    other.batches[1].rows.pop();
    assert_eq!(problem(witness(&other, statement, &[], seed())), "the rows of batch 1 are not those the package commits to");
    let mut other = again(&package);
    scorecard(&mut other).bias += 1;
    assert!(problem(witness(&other, statement, &[], seed())).starts_with("the model and its salt"));
    let mut other = again(&package);
    other.plan.outcome.maturity_days += 1;
    assert!(problem(witness(&other, statement, &[], seed())).starts_with("specification and reference"));
    let mut fresh = prepared();
    scorecard(&mut fresh).weights[0] += 1;
    assert_eq!(problem(openings(&mut fresh, &package.secrets)), "the model is not the one in the secrets");
    let mut fresh = prepared();
    fresh.model = prepared_under(NETWORK).model;
    assert_eq!(problem(openings(&mut fresh, &package.secrets)), "the model is not the one in the secrets");
    let mut fresh = prepared();
    fresh.batches.pop();
    assert!(problem(openings(&mut fresh, &package.secrets)).starts_with("the files give"));
}

#[test]
fn rows_kept_open_to_the_root_that_was_stated() {
    let package = package();
    let receipts = witness(&again(&package), package.monitoring.statement(), &[], seed()).unwrap();
    let kept = ReceiptSecrets::new(package.claimed.manifest_digest, &prepared().model, &seed(), &receipts);
    let kept: ReceiptSecrets = serde_json::from_slice(&serde_json::to_vec(&kept).unwrap()).unwrap();

    let mut opened = 0;
    for (batch, stated) in receipts.batches().iter().zip(&receipts.statement().batches) {
        for (position, row) in (0u32..).zip(&batch.rows) {
            assert_eq!(kept.rows_with_key(row.key), [SampledRow { batch: batch.index, position }]);
            if position % 5 == 0 {
                let receipt = kept.issue(&package.claimed, &[SampledRow { batch: batch.index, position }]).unwrap().swap_remove(0);
                assert_eq!(opened_root(receipts.plan(), stated.rows, &receipt), Ok(stated.root));
                opened += 1;
            }
        }
    }
    assert!(opened > 3, "{opened}");
    assert_eq!(kept.rows_with_key(1), []);

    let first = receipts.batches()[0].index;
    let refused = |kept: &ReceiptSecrets, row| problem(kept.issue(&package.claimed, &[row]));
    let row = SampledRow { batch: first, position: 0 };
    assert_eq!(refused(&kept, SampledRow { position: 1 << 20, ..row }), format!("batch {first} has no row 1048576"));
    assert_eq!(refused(&kept, SampledRow { batch: 77, ..row }), "there are no receipts for batch 77");
    let altered = |edit: &dyn Fn(&mut ReceiptSecrets)| {
        let mut altered = kept.clone();
        edit(&mut altered);
        refused(&altered, row)
    };
    let rows = format!("the rows kept of batch {first} do not lead to its root");
    assert_eq!(altered(&|kept| kept.batches[0].rows[0].logged ^= true), rows);
    assert_eq!(altered(&|kept| kept.bias += 1), rows);
    assert_eq!(altered(&|kept| kept.batches[0].rows[0].group = 200), rows);
    assert!(altered(&|kept| kept.manifest_sha256 = Digest::of(b"another")).starts_with("they are of the package with manifest"));
}

/// A package of a network: the same road, through the file its receipts are kept in.
#[test]
fn rows_scored_by_a_network_open_with_its_score_alone() {
    let package = package_under(NETWORK);
    let mut prepared = prepared_under(NETWORK);
    openings(&mut prepared, &package.secrets).unwrap();
    let receipts = witness(&prepared, package.monitoring.statement(), &[], seed()).unwrap();
    assert_eq!(receipts.statement().header.circuit.family, CircuitFamily::NeuralReceiptsV1);
    assert!(replay(receipts.statement(), receipts.plan()).is_ok());
    let kept = ReceiptSecrets::new(package.claimed.manifest_digest, &prepared.model, &seed(), &receipts);
    let kept: ReceiptSecrets = serde_json::from_slice(&serde_json::to_vec(&kept).unwrap()).unwrap();

    let (batch, stated) = (&receipts.batches()[0], &receipts.statement().batches[0]);
    let place = |position| SampledRow { batch: batch.index, position };
    let mut scored = 0;
    for (position, row) in (0u32..).zip(&batch.rows) {
        let mut receipt = kept.issue(&package.claimed, &[place(position)]).unwrap().swap_remove(0);
        assert_eq!(opened_root(receipts.plan(), stated.rows, &receipt), Ok(stated.root));
        let (RowKind::Scored { features, .. }, ReceiptRow::Scored { score, .. }) = (&row.kind, &mut receipt.row) else { continue };
        assert_eq!(*score, prepared.model.score(features));
        // Another score with the same decision opens nothing.
        *score += if *score < 0 { -1 } else { 1 };
        assert!(matches!(
            opened_root(receipts.plan(), stated.rows, &receipt),
            Err(OpeningError::Leaf { .. } | OpeningError::Decision { .. })
        ));
        scored += 1;
    }
    assert!(scored > 3, "{scored}");
    assert_eq!(problem(kept.issue(&package.claimed, &[place(1 << 20)])), format!("batch {} has no row 1048576", batch.index));

    // Another network gives other leaves, and so do the integers of a scorecard.
    let rows = format!("the rows kept of batch {} do not lead to its root", batch.index);
    let altered = |edit: &dyn Fn(&mut ReceiptSecrets)| {
        let mut altered = kept.clone();
        edit(&mut altered);
        problem(altered.issue(&package.claimed, &[place(0)]))
    };
    assert_eq!(altered(&|kept| kept.layers[1].biases[0] += 1), rows);
    assert_eq!(altered(&|kept| kept.layers[0].weights[0].swap(0, 1)), rows);
    assert_eq!(altered(&|kept| drop(kept.layers.pop())), rows);
    assert_eq!(altered(&|kept| (kept.weights, kept.layers) = (vec![1; 6], Vec::new())), rows);
    let mut other = prepared_under(NETWORK);
    match &mut other.model {
        AnyModel::Perceptron(network) => network.layers[1].biases[0] += 1,
        AnyModel::Scorecard(_) => panic!("a scorecard"),
    }
    assert_eq!(problem(openings(&mut other, &package.secrets)), "the model is not the one in the secrets");
    other.model_salt = prepared.model_salt.clone();
    assert!(problem(witness(&other, package.monitoring.statement(), &[], seed())).starts_with("the model and its salt"));
}
