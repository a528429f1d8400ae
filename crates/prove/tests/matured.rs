//! Matured cohorts from files, as far as they go without a proof.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use verifold_circuits::{native, revision};
use verifold_model::{
    cohort::{BatchRole, Outcome},
    digest::{Commitment, Digest},
    plan::Plan,
    statement::{MonitoringStatement, StatementKind},
};
use verifold_prove::{
    Event, OnBadRow, Progress, ProveError, RowSources, Sources,
    matured::{Matured, committed},
    monitoring::prepare,
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

fn rows() -> RowSources {
    RowSources { spec: data("spec.toml"), reference: data("reference.csv"), batches: data("batches.csv"), outcomes: None }
}

/// What a run of `verifold prove monitoring` states and leaves behind.
struct Proven {
    plan: Plan,
    statement: MonitoringStatement,
    secrets: Secrets,
}

fn proven() -> Proven {
    let prepared = prepare(&Sources { rows: rows(), on_bad_row: OnBadRow::Void, model: data("sklearn_plain.onnx") }, &mut Silent).unwrap();
    let statement = prepared.witness().unwrap().statement().clone();
    let secrets = Secrets::new(Digest::of(b"package"), &prepared.model, &prepared.model_salt, &prepared.batches);
    Proven { plan: prepared.plan, statement, secrets }
}

/// Identifier and outcome cell of every row of the period, as its table has them.
fn cells() -> BTreeMap<String, String> {
    let text = fs::read_to_string(data("batches.csv")).unwrap();
    let of = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[cells.len() - 1].to_owned())
    };
    text.lines().skip(1).map(of).collect()
}

/// What the prover makes of a later table with these cells.
fn run(proven: &Proven, cells: &BTreeMap<String, String>, on_bad_row: OnBadRow) -> Result<Matured, ProveError> {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later.csv");
    let lines: String = cells.iter().map(|(id, cell)| format!("{id},{cell}\n")).collect();
    fs::write(&later, format!("application,defaulted\n{lines}")).unwrap();
    committed(&rows(), on_bad_row, &later, &proven.secrets, &proven.plan, (0, &proven.statement), &mut Silent)
}

fn problem(result: Result<Matured, ProveError>) -> String {
    result.err().expect("refused").to_string()
}

#[test]
fn later_outcomes_are_of_the_rows_the_package_commits_to() {
    let proven = proven();
    let mut cells = cells();
    let [good, bad, unknown] = ["0.0", "1.0", ""].map(|wanted| cells.iter().find(|(_, cell)| *cell == wanted).unwrap().0.clone());
    cells.insert(good, "1".to_owned());
    cells.insert(bad, String::new());
    cells.insert(unknown, "0".to_owned());
    let matured = run(&proven, &cells, OnBadRow::Void).unwrap();
    let (cohort, changes) = (matured.cohort(), matured.revision());
    assert_eq!(cohort.header.statement, StatementKind::MaturedCohortV1);
    assert!(native::replay(cohort, &proven.plan).is_ok());
    assert!(revision::replay(changes, &proven.plan).is_ok());
    for ((ours, theirs), revised) in cohort.batches.iter().zip(&proven.statement.batches).zip(&changes.batches) {
        assert_eq!((ours.row_commitment, ours.start, ours.rows), (theirs.row_commitment, theirs.start, theirs.rows));
        assert_eq!((revised.earlier, revised.later), (theirs.outcome_commitment, ours.outcome_commitment));
        // Even where nothing changed the later stream has a salt of its own.
        assert_ne!(revised.earlier, revised.later);
    }
    let monitored = cohort.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring);
    let counts: Vec<_> = monitored.map(|batch| changes.batches[batch.index as usize].counts).collect();
    let of = |earlier, later| counts.iter().map(|counts| counts.of(earlier, later)).sum::<u32>();
    use Outcome::{Bad, Good, Unknown};
    assert_eq!([of(Good, Bad), of(Bad, Unknown), of(Unknown, Good)], [1, 1, 1]);
    assert_eq!([of(Bad, Good), of(Good, Unknown), of(Unknown, Bad)], [0, 0, 0]);
    let kept = matured.secrets(Digest::of(b"manifest"));
    assert_eq!(kept.outcome_salts.len(), proven.statement.batches.len());
}

#[test]
fn tables_that_are_not_the_rows_are_named() {
    let proven = proven();
    let mut short = cells();
    let (first, _) = short.pop_first().unwrap();
    let said = problem(run(&proven, &short, OnBadRow::Stop));
    assert!(said.contains(&format!("{first:?} has no line in the table of outcomes")), "{said}");
    // As a void row it would be another row than the one committed to.
    let said = problem(run(&proven, &short, OnBadRow::Void));
    assert!(said.contains("with later outcomes the rows of batch") && said.contains("are read differently"), "{said}");

    let mut foreign = cells();
    foreign.insert("B9-0001".to_owned(), "1".to_owned());
    let said = problem(run(&proven, &foreign, OnBadRow::Void));
    assert!(said.contains("1 of ") && said.contains("\"B9-0001\" the first"), "{said}");

    let mut range = cells();
    range.insert(first, "2".to_owned());
    let said = problem(run(&proven, &range, OnBadRow::Void));
    assert!(said.contains("later.csv, line 2, column `defaulted`: \"2\" is no outcome"), "{said}");
}

#[test]
fn what_is_not_the_packages_is_named() {
    let refused = |edit: &dyn Fn(&mut Proven)| {
        let mut proven = proven();
        edit(&mut proven);
        problem(run(&proven, &cells(), OnBadRow::Void))
    };
    let other = Commitment::from_bytes([7; 32]);
    let rows = |p: &mut Proven| p.statement.batches[2].row_commitment = other;
    assert_eq!(refused(&rows), "matured cohort: the rows of batch 2 are not those the package commits to");
    // The rows of one batch under the outcomes of another.
    let outcomes = |p: &mut Proven| p.statement.batches[2].outcome_commitment = p.statement.batches[1].outcome_commitment;
    let said = "the earlier outcomes of batch 2 are not those the package commits to; give the table it was made with";
    assert_eq!(refused(&outcomes), format!("matured cohort: {said}"));
    let salt = |p: &mut Proven| p.secrets.batches[1].outcome_salt = other;
    assert!(refused(&salt).contains("the earlier outcomes of batch 1 are not"));
    let model = |p: &mut Proven| p.secrets.model_salt = other;
    assert_eq!(refused(&model), "matured cohort: the model and its salt are not those the package commits to");
    let plan = |p: &mut Proven| p.statement.plan_commitment = other;
    assert!(refused(&plan).contains("not the one its monitoring proof is about"));
    let fewer = |p: &mut Proven| p.secrets.batches.truncate(1);
    assert!(refused(&fewer).contains("the secrets hold"));
}
