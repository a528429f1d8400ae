//! Specification, models and tables, as far as they go without a proof.

use std::{
    fs,
    path::{Path, PathBuf},
};

use verifold_circuits::RowKind;
use verifold_model::{
    cohort::{Outcome, VoidReason},
    plan::{ModelKind, Plan},
};
use verifold_prove::{
    error::ProveError,
    integer,
    layout::Layout,
    onnx::FloatModel,
    plan,
    rows::{Ingested, OutcomeTable, PreparedRow, ingest},
    spec::Spec,
};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn spec_text() -> String {
    fs::read_to_string(data("spec.toml")).unwrap()
}

fn spec_with(edits: &[(&str, &str)]) -> Spec {
    let text = edits.iter().fold(spec_text(), |text, (from, to)| {
        assert!(text.contains(from), "the specification has no {from:?}");
        text.replacen(from, to, 1)
    });
    Spec::parse(&text, Path::new("spec.toml")).unwrap()
}

fn spec() -> Spec {
    spec_with(&[])
}

fn features(spec: &Spec) -> Vec<&str> {
    spec.features.iter().map(|feature| feature.name.as_str()).collect()
}

fn model(name: &str) -> Result<FloatModel, ProveError> {
    let spec = spec();
    FloatModel::read(&fs::read(data(name)).unwrap(), &features(&spec), Path::new(name))
}

// ── Specification ────────────────────────────────────────────────────────────────────────────────

/// Replaces `from` by `to` in the example and expects the error text, its place included.
#[track_caller]
fn refused_spec(from: &str, to: &str, expected: &str) {
    let text = spec_text();
    assert!(text.contains(from), "the specification has no {from:?}");
    let error = Spec::parse(&text.replacen(from, to, 1), Path::new("spec.toml")).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_example_specification_is_read() {
    let spec = spec();
    assert_eq!(spec.slots().unwrap().len(), 3);
    let layout = Layout::new(&spec).unwrap();
    assert_eq!(layout.shape.to_string(), "f8.w8.g4.b10.h1.n15");
    assert!(layout.added_histograms.is_empty());
}

#[test]
fn a_specification_is_refused_at_its_line_and_column() {
    refused_spec(
        "width_bits = 8",
        "width_bits = 8\nrows = 3",
        "unknown field `rows`, expected one of `size_log2`, `groups`, `bins`, `width_bits`\n  at line 27, column 1 of spec.toml",
    );
    refused_spec("step = 50 ", "step = 0 ", "`feature[1].step`: the step must be positive\n  at line 70, column 8 of spec.toml");
    refused_spec(
        "start = \"2026-01-05T00:00:00Z\"",
        "start = \"2026-01-06T00:00:00Z\"",
        "`batches`: with this calendar the start must lie on a Monday at 00:00:00 UTC, it is 2026-01-06T00:00:00Z\n  at line 19, column 1 of spec.toml",
    );
    refused_spec(
        "cutoff = { probability = 0.35 }",
        "cutoff = { probability = 1.5 }",
        "expected one of `probability` (between 0 and 1), `log_odds` and `score` (an integer)\n  at line 64, column 10 of spec.toml",
    );
    refused_spec(
        "values = [\"60+\"]",
        "values = [\"30-59\"]",
        "`grouping.group`: the data value \"30-59\" is listed twice\n  at line 40, column 1 of spec.toml",
    );
    refused_spec(
        "good = [\"0\"]",
        "good = [\"1.0\"]",
        "`columns.outcome`: the data value \"1\" is listed twice\n  at line 33, column 11 of spec.toml",
    );
    refused_spec(
        "lei = \"529900EXAMPLE0000042\"",
        "lei = \"x\"",
        "`subject.lei`: a Legal Entity Identifier has 20 digits and capitals, found \"x\"\n  at line 7, column 7 of spec.toml",
    );
}

#[test]
fn histograms_come_first_and_fill_up_the_menu() {
    let spec = spec_with(&[
        (
            "step = 0.01\nmax = 255\noutside = \"void\"\n",
            "step = 0.01\nmax = 255\noutside = \"void\"\nhistogram = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n",
        ),
        ("histogram = \"reference-quantiles\"   #", "#"),
        ("max = 100", "max = 100\nhistogram = \"reference-quantiles\""),
    ]);
    let layout = Layout::new(&spec).unwrap();
    let names: Vec<&str> = layout.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["debt_ratio", "utilisation", "income", "age", "late_payments", "tenure"]);
    assert_eq!(layout.shape.histograms(), 4);
    assert_eq!(layout.added_histograms, ["income", "age"]);
    assert_eq!(layout.model_position, [1, 5, 0, 2, 3, 4]);
}

// ── Models ───────────────────────────────────────────────────────────────────────────────────────

#[derive(serde::Deserialize)]
struct Expected {
    rows: Vec<Vec<f32>>,
    plain: ExpectedModel,
    scaled: ExpectedModel,
}

#[derive(serde::Deserialize)]
struct ExpectedModel {
    coefficients: Vec<f64>,
    intercept: f64,
    probability: Vec<f64>,
}

/// Coefficients and the model's own run against scikit-learn's.
#[track_caller]
fn reads(name: &str, class: &str, expected: impl Fn(&Expected) -> &ExpectedModel) {
    let found = model(name).unwrap();
    let all: Expected = serde_json::from_slice(&fs::read(data("models.expected.json")).unwrap()).unwrap();
    let expected = expected(&all);
    assert_eq!(found.class, class);
    let near = |a: f64, b: f64| assert!((a - b).abs() <= 2e-6 * b.abs().max(1.0), "{a} is not {b}");
    near(found.numbers.intercept, expected.intercept);
    assert_eq!(found.numbers.coefficients.len(), expected.coefficients.len());
    for (found, expected) in found.numbers.coefficients.iter().zip(&expected.coefficients) {
        near(*found, *expected);
    }
    let probabilities = found.probabilities(all.rows.iter().map(|row| &row[..])).unwrap();
    assert_eq!(probabilities.len(), expected.probability.len());
    for ((probability, expected), row) in probabilities.iter().zip(&expected.probability).zip(&all.rows) {
        near(*probability, *expected);
        near(integer::probability(found.numbers.log_odds(row)), *expected);
    }
}

#[test]
fn scikit_learn_and_pytorch_graphs_are_read_as_they_compute() {
    reads("sklearn_plain.onnx", "1", |all| &all.plain);
    reads("sklearn_labels.onnx", "default", |all| &all.plain);
    reads("sklearn_scaled.onnx", "1", |all| &all.scaled);
    for kind in ["traced", "captured"] {
        reads(&format!("torch_linear_{kind}.onnx"), "1", |all| &all.plain);
        reads(&format!("torch_flat_{kind}.onnx"), "1", |all| &all.plain);
        reads(&format!("torch_two_classes_{kind}.onnx"), "1", |all| &all.plain);
        reads(&format!("torch_scaled_{kind}.onnx"), "1", |all| &all.scaled);
    }
    reads("matmul_sigmoid.onnx", "1", |all| &all.plain);
}

#[track_caller]
fn refused_model(name: &str, expected: &str) {
    let error = model(name).err().unwrap();
    assert_eq!(error.to_string(), format!("{expected}\n  in the model {name}"));
}

#[test]
fn other_graphs_are_refused_by_the_node_at_fault() {
    let read = "is not part of a logistic regression or multilayer perceptron as this program reads them: LinearClassifier, Normalizer, Scaler, Gemm, MatMul, Add, Sub, Mul, Div, Relu, Sigmoid, Softmax over two classes, Concat of both classes, Cast, Identity, Flatten and Squeeze are read";
    refused_model("refused_trees.onnx", &format!("node `TreeEnsembleClassifier` (TreeEnsembleClassifier) {read}"));
    refused_model(
        "refused_zipmap.onnx",
        "node `ZipMap` (ZipMap) packs probabilities into a dictionary: export from scikit-learn with `zipmap=False`",
    );
    refused_model("refused_three_classes.onnx", "node `LinearClassifier` (LinearClassifier) has 3 classes, a logistic regression has two");
    let error = FloatModel::read(&fs::read(data("sklearn_plain.onnx")).unwrap(), &["income", "age"], Path::new("m.onnx")).err().unwrap();
    assert_eq!(error.to_string(), "the model takes 6 features, the specification lists 2: income, age\n  in the model m.onnx");
    let error = FloatModel::read(b"not a model", &["x"], Path::new("m.onnx")).err().unwrap();
    assert!(error.to_string().starts_with("not readable as an ONNX file: "), "{error}");
}

#[test]
fn a_weight_beyond_sixteen_bits_names_its_feature_and_the_scale_that_fits() {
    let spec = spec_with(&[("scale_bits = 15", "scale_bits = 24")]);
    let layout = Layout::new(&spec).unwrap();
    let float = model("sklearn_plain.onnx").unwrap();
    let quantise = |bits| integer::quantise_model(&float.numbers.coefficients, float.numbers.intercept, &layout, bits);
    let error = quantise(24).unwrap_err();
    let ProveError::WeightRange { feature, fitting_scale_bits: Some(fitting), .. } = &error else { panic!("{error}") };
    assert_eq!(feature, "late_payments");
    assert!(quantise(*fitting).is_ok());
    assert!(quantise(fitting + 1).is_err());
}

// ── Tables ───────────────────────────────────────────────────────────────────────────────────────

fn read(spec: &Spec, path: &Path, outcomes: Option<&OutcomeTable>) -> Result<Ingested, ProveError> {
    ingest(spec, &Layout::new(spec).unwrap(), path, &spec.slots().unwrap(), outcomes)
}

/// A table written for one test.
struct Table {
    folder: tempfile::TempDir,
    path: PathBuf,
}

fn table(text: &str) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    fs::write(&path, text).unwrap();
    Table { folder, path }
}

const HEADER: &str = "application,decided_at,age_band,decision,income,debt_ratio,age,late_payments,tenure,utilisation,defaulted\n";

#[test]
fn the_same_rows_are_read_from_every_format() {
    let spec = spec();
    let csv = read(&spec, &data("batches.csv"), None).unwrap();
    assert_eq!(csv.read, 73);
    assert_eq!(csv.batches.iter().map(Vec::len).collect::<Vec<_>>(), [32, 0, 41]);
    assert_eq!((csv.dropped, csv.bad.count, csv.unplaced.count, csv.repeated_ids), (0, 0, 0, 0));
    for parquet in ["batches_ms.parquet", "batches_us.parquet", "batches_ns.parquet"] {
        assert_eq!(read(&spec, &data(parquet), None).unwrap(), csv, "{parquet}");
    }
}

#[test]
fn rows_stand_in_order_of_time_and_keys_increase() {
    let spec = spec();
    let ingested = read(&spec, &data("batches.csv"), None).unwrap();
    for (slot, rows) in spec.slots().unwrap().iter().zip(&ingested.batches) {
        let keys: Vec<u64> = rows.iter().map(|row| row.record.key).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(keys.iter().all(|key| (slot.start.first_key()..slot.end.first_key()).contains(key)));
    }
    let twice = "A1,2026-01-05 00:00:01,60+,approved,0,0,18,0,0,0,\nA2,2026-01-05T01:00:00.5+01:00,60+,declined,0,0,18,0,0,0,1\nA3,2026-01-05,60+,approved,0,0,18,0,0,0,\n";
    let table = table(&format!("{HEADER}{twice}"));
    let rows = &read(&spec, &table.path, None).unwrap().batches[0];
    let first = spec.period.start.first_key();
    let keys: Vec<u64> = rows.iter().map(|row| row.record.key - first).collect();
    assert_eq!(keys, [0, 1, 1 << 24]);
    let RowKind::Scored { logged, outcome, .. } = rows[1].record.kind else { panic!("void") };
    assert_eq!((logged, outcome), (false, Outcome::Bad));
}

/// One row of the example's columns: what becomes of it, and the text of its fault.
#[track_caller]
fn row(cells: &str, expected: Result<(u8, [u32; 6]), (u8, VoidReason, &str)>) {
    let table = table(&format!("{HEADER}{cells}\n"));
    let ingested = read(&spec(), &table.path, None).unwrap();
    let [row] = &ingested.batches[0][..] else { panic!("{ingested:?}") };
    let faults: Vec<String> = ingested.bad.first.iter().chain(&ingested.void_by_rule.first).map(ToString::to_string).collect();
    match (&row.record.kind, expected) {
        (RowKind::Scored { features, .. }, Ok((group, expected))) => assert_eq!((row.record.group, &features[..]), (group, &expected[..])),
        (RowKind::Void(reason), Err((group, expected, fault))) => {
            assert_eq!((row.record.group, *reason), (group, expected));
            assert_eq!(faults, [format!("rows.csv, line 2, column {fault}")]);
        }
        (found, expected) => panic!("{found:?} is not {expected:?}"),
    }
}

#[test]
fn cells_are_judged_as_the_plan_says() {
    row("A,2026-01-05,18-29,approved,1000,0.25,30,2,12,0.5,", Ok((0, [20, 25, 12, 2, 12, 50])));
    // Clamped at both ends; missing values the plan gives a stand-in for; a group of undisclosed people.
    row("A,2026-01-05,,approved,99999,0.25,17,,NA,0.5,", Ok((3, [255, 25, 0, 0, 120, 50])));
    row("A,2026-01-05,18-29,approved,,0.25,30,2,12,0.5,", Err((0, VoidReason::MissingValue, "`income`: no value")));
    row(
        "A,2026-01-05,30-59,approved,1000,-0.25,30,2,12,0.5,",
        Err((1, VoidReason::OutsideDomain, "`debt_ratio`: -0.25 lies outside the domain: 0 to 255 steps of 0.01 above 0")),
    );
    row("A,2026-01-05,60+,approved,1000,0.25,thirty,2,12,0.5,", Err((2, VoidReason::Unreadable, "`age`: \"thirty\" is no number")));
    row(
        "A,2026-01-05,60+,maybe,1000,0.25,30,2,12,0.5,",
        Err((2, VoidReason::Unreadable, "`decision`: \"maybe\" is no decision; the decisions are \"approved\", \"declined\"")),
    );
    row(
        "A,2026-01-05,60+,approved,1000,0.25,30,2,12,0.5,7",
        Err((2, VoidReason::Unreadable, "`defaulted`: \"7\" is no outcome; the outcomes are \"0\", \"1\" and an empty cell for unknown")),
    );
    row(
        "A,2026-01-05,teen,approved,1000,0.25,30,2,12,0.5,",
        Err((3, VoidReason::UnknownGroup, "`age_band`: \"teen\" is no group; the groups are \"\", \"18-29\", \"30-59\", \"60+\"")),
    );
}

#[test]
fn rows_outside_the_period_are_dropped_and_counted() {
    let table =
        table(&format!("{HEADER}A,2026-01-04,x,,,,,,,,\nB,2026-01-26,x,,,,,,,,\nB,2026-01-25 23:59:59,60+,approved,1,0,18,0,0,0,\n"));
    let ingested = read(&spec(), &table.path, None).unwrap();
    assert_eq!((ingested.read, ingested.dropped, ingested.bad.count), (3, 2, 0));
    assert_eq!(ingested.batches[2].len(), 1);
}

#[test]
fn rows_without_a_place_in_time_are_named() {
    let table = table(&format!("{HEADER}A,yesterday,60+,approved,1,0,18,0,0,0,\nB,2026-01-05\nC,2026-01-05,60+,approved,1,0,18,0,0,0,\n"));
    let ingested = read(&spec(), &table.path, None).unwrap();
    let faults: Vec<String> = ingested.unplaced.first.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "rows.csv, line 2, column `decided_at`: \"yesterday\" is no time; expected RFC 3339, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD`",
            "rows.csv, line 3: 2 fields where the header has 11",
        ]
    );
    let error = ProveError::UnplacedRows { rows: ingested.unplaced }.to_string();
    assert!(
        error.starts_with("2 rows cannot be placed in time and can be neither scored nor committed as void:\n  rows.csv, line 2"),
        "{error}"
    );
}

#[test]
fn a_missing_column_lists_those_there_are() {
    let table = table("application,decided_at\nA,2026-01-05\n");
    let error = read(&spec(), &table.path, None).unwrap_err();
    assert_eq!(error.to_string(), format!("no column `age_band`; the columns are application, decided_at\n  in {}", table.path.display()));
}

#[test]
fn a_folder_is_read_in_name_order() {
    let table = table(&format!("{HEADER}B,2026-01-05,60+,declined,1,0,18,0,0,0,\n"));
    fs::write(table.folder.path().join("a.csv"), format!("{HEADER}A,2026-01-05,60+,approved,1,0,18,0,0,0,\n")).unwrap();
    fs::write(table.folder.path().join(".hidden"), "x").unwrap();
    let ingested = read(&spec(), table.folder.path(), None).unwrap();
    let logged = |row: &PreparedRow| matches!(row.record.kind, RowKind::Scored { logged: true, .. });
    assert_eq!(ingested.batches[0].iter().map(logged).collect::<Vec<_>>(), [true, false]);
    fs::write(table.folder.path().join("notes.txt"), "x").unwrap();
    let error = read(&spec(), table.folder.path(), None).unwrap_err().to_string();
    assert!(error.starts_with("expected a file ending in .csv or .parquet, found .txt\n  in "), "{error}");
}

#[test]
fn outcomes_are_joined_by_identifier() {
    let rows = table(&format!("{HEADER}A,2026-01-05,60+,approved,1,0,18,0,0,0,0\nB,2026-01-05,60+,approved,1,0,18,0,0,0,\n"));
    let later = table("application,defaulted\nB,1\nC,0\n");
    let spec = spec();
    let outcomes = OutcomeTable::read(&spec, &later.path).unwrap();
    let ingested = read(&spec, &rows.path, Some(&outcomes)).unwrap();
    let outcome = |row: &PreparedRow| match row.record.kind {
        RowKind::Scored { outcome, .. } => outcome,
        RowKind::Void(_) => panic!("void"),
    };
    assert_eq!(ingested.batches[0].iter().map(outcome).collect::<Vec<_>>(), [Outcome::Unknown, Outcome::Bad]);
    let contradictory = table("application,defaulted\nB,1\nB,0\n");
    let error = OutcomeTable::read(&spec, &contradictory.path).unwrap_err().to_string();
    assert!(error.starts_with("rows.csv, line 3: \"B\" has two different outcomes\n"), "{error}");
}

#[test]
fn rows_without_times_stand_at_the_start_of_their_batch() {
    let rows = table(&format!(
        "{HEADER}1,2,60+,approved,1,0,18,0,0,0,\n2,1.0,60+,approved,1,0,18,0,0,0,\n3,2,60+,approved,1,0,18,0,0,0,\n4,9,60+,approved,1,0,18,0,0,0,\n"
    ));
    let numbered = spec_with(&[("time = { column = \"decided_at\" }", "time = { batch_column = \"decided_at\" }")]);
    let ingested = read(&numbered, &rows.path, None).unwrap();
    assert_eq!(ingested.batches.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 0]);
    assert_eq!(ingested.dropped, 1);
    let second = numbered.slots().unwrap()[1].start.first_key();
    assert_eq!(ingested.batches[1].iter().map(|row| row.record.key).collect::<Vec<_>>(), [second, second + 1]);

    let counted = spec_with(&[("time = { column = \"decided_at\" }", "time = { rows_per_batch = 2 }")]);
    let ingested = read(&counted, &rows.path, None).unwrap();
    assert_eq!(ingested.batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 0]);
}

// ── Plan ─────────────────────────────────────────────────────────────────────────────────────────

fn derived(spec: &Spec) -> Result<(Plan, integer::QuantisationError), ProveError> {
    let layout = Layout::new(spec).unwrap();
    let float = model("sklearn_scaled.onnx").unwrap();
    let (integer, _) = integer::quantise_any(&float.numbers, &layout, spec.scoring.scale_bits).unwrap();
    let reference = ingest(spec, &layout, &data("reference.csv"), &[spec.reference], None).unwrap();
    let rows = &reference.batches[0];
    let decision = (spec.scoring.cutoff, spec.scoring.direction);
    let (probabilities, error) = integer::compare(&float, Path::new("m.onnx"), &integer, spec.scoring.scale_bits, decision, rows.iter())?;
    Ok((plan::derive(spec, &layout, &integer, rows, &probabilities)?, error))
}

#[test]
fn the_plan_follows_from_the_reference() {
    let (plan, error) = derived(&spec()).unwrap();
    assert_eq!(plan.scoring.kind, ModelKind::LogisticRegression);
    let cutoff = plan.scoring.edges[usize::from(plan.scoring.cutoff)];
    // round(2^15 · ln(0.35 / 0.65))
    assert_eq!(cutoff, -20285);
    assert!(plan.scoring.expected_bad_ppm.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", plan.scoring.expected_bad_ppm);
    assert_eq!(plan.histograms.len(), 1);
    assert_eq!(plan.grouping.not_disclosed, Some(3));
    assert_eq!(error.rows, 200);
    // Every feature lies on its grid, so only the rounding of weights is left.
    assert!(error.max_log_odds < 0.02 && error.max_probability < 0.005 && error.decisions_differing <= 2, "{error:?}");
    assert_eq!(derived(&spec()).unwrap().0.digest(), plan.digest());
}

#[test]
fn an_explicit_cutoff_must_be_an_edge() {
    let edges: Vec<String> = (1..10).map(|edge| (edge * 1000).to_string()).collect();
    let explicit = |score: &str| {
        let edges = format!("edges = [{}]", edges.join(", "));
        spec_with(&[
            ("edges = \"reference-quantiles\"", &edges),
            ("cutoff = { probability = 0.35 }", &format!("cutoff = {{ score = {score} }}")),
        ])
    };
    assert_eq!(derived(&explicit("4000")).unwrap().0.scoring.cutoff, 3);
    let error = derived(&explicit("4001")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the cut-off is the score 4001, which is none of `scoring.edges`: the model's decision must be a function of the bin"
    );
}
