//! A network through the life cycle, trained here or from an ONNX file, as far as it goes without a proof: what each stage states,
//! and how the statements hang together.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use verifold_circuits::{AnyModel, native, preparation, training};
use verifold_model::{
    cohort::BatchRole,
    shape::CircuitFamily,
    statement::{MonitoringStatement, StatementKind},
};
use verifold_prove::{
    Event, LifecycleSources, OnBadRow, Progress, ProveError, RowSources,
    lifecycle::{Pipeline, develop, monitored, offline, retrained},
    prove_stage,
    salts::Salts,
};

const PIPELINE: &str = r#"
schema = "pipeline-spec/v1"

[development]
period = { start = "2025-09-15T00:00:00Z", end = "2026-01-01T00:00:00Z" }
id = "application_id"
training_percent = 70
size_log2 = 16

[model]
path = "models/network.onnx"
"#;

struct Silent;

impl Progress for Silent {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn report(&mut self, _: Event) {}
}

/// Names of the twenty features of the bank's network, in its specification's order.
fn features(spec: &str) -> Vec<&str> {
    spec.split("[[feature]]").skip(1).filter_map(|part| part.split_once("name = \"")?.1.split('"').next()).collect()
}

/// Invented applications inside every domain, `day` by day.
fn table(features: &[&str], months: &[&str], count: usize) -> String {
    let mut text = format!("application_id,decided_at,age_band,{},decision,outcome\n", features.join(","));
    for i in 0..count {
        let (month, day) = (months[i % months.len()], 1 + i % 28);
        let band = ["18-29", "30-44", "45-59", "60+"][i % 4];
        write!(text, "{month}-{i},{month}-{day:02}T08:{:02}:00Z,{band}", i % 60).unwrap();
        for (at, name) in features.iter().enumerate() {
            let value = if *name == "tenant" { i % 2 } else { (i * (2 * at + 3) + 7 * at) % 10 };
            write!(text, ",{value}").unwrap();
        }
        let (decision, outcome) = (["approved", "declined"][i % 2], ["good", "bad", "good"][i % 3]);
        writeln!(text, ",{decision},{outcome}").unwrap();
    }
    text
}

/// A small network trained on the development rows, in place of one that is imported.
const TRAINING: &str = "\n[training]\nhidden = [8]\nseed = \"6b51d431df5d7f141cbececcf79edf3dd861c3b4069f0b11661a3eefacbba918\"\n\
                        epochs = 2\nlearning_rate = 0.2\nhalf_after = 500\nsize_log2 = 16\n";

fn trained_pipeline() -> String {
    let (development, _) = PIPELINE.split_once("\n[model]").unwrap();
    format!("{development}{TRAINING}")
}

fn sources(folder: &Path) -> LifecycleSources {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/data");
    let spec = fs::read_to_string(data.join("network-monitoring.toml")).unwrap();
    let features = features(&spec);
    assert_eq!(features.len(), 20);
    let write = |name: &str, text: &str| -> PathBuf {
        fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    fs::create_dir(folder.join("models")).unwrap();
    fs::copy(data.join("retail-network-1.0.onnx"), folder.join("models/network.onnx")).unwrap();
    LifecycleSources {
        pipeline: write("pipeline.toml", PIPELINE),
        development: write("development.csv", &table(&features, &["2025-10", "2025-11", "2025-12"], 150)),
        rows: RowSources {
            reference: write("reference.csv", &table(&features, &["2025-10", "2025-11", "2025-12"], 200)),
            batches: write("batches.csv", &table(&features, &["2026-06"], 60)),
            outcomes: None,
            spec: write("spec.toml", &spec),
        },
        on_bad_row: OnBadRow::Void,
    }
}

#[test]
fn test_rows_and_period_are_counted_under_the_imported_network_and_no_training_is_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(folder.path());
    let salts = Salts::fresh().unwrap();
    let (spec, pipeline, developed) = develop(&sources, &salts, &mut Silent).unwrap();
    assert!(developed.training().is_none());
    let prepared = monitored(&sources, &developed, &salts, &mut Silent).unwrap();
    assert!(matches!(prepared.model, AnyModel::Perceptron(_)));
    let measured = offline(&spec, &pipeline, &developed, &prepared, &salts).unwrap();
    let period = prepared.witness().unwrap();

    let MonitoringStatement { header, model_commitment, batches, .. } = measured.statement();
    assert_eq!((header.statement, header.circuit.family), (StatementKind::OfflineMetricsV2, CircuitFamily::NeuralCohortV1));
    assert_eq!(batches.iter().map(|batch| batch.role).collect::<Vec<_>>(), [BatchRole::Reference, BatchRole::Test]);
    for (batch, part) in batches.iter().zip(&developed.preparation.statement().parts) {
        assert_eq!((batch.row_commitment, batch.outcome_commitment), (part.row_commitment, part.outcome_commitment));
    }
    assert_eq!(*model_commitment, period.statement().model_commitment);
    assert_eq!(header.circuit, period.statement().header.circuit);
    assert!(preparation::replay(developed.preparation.statement(), &prepared.plan).is_ok());
    assert!(native::replay(measured.statement(), &prepared.plan).is_ok());

    // There is nothing to train again, and no stage of training to prove.
    assert!(matches!(retrained(&developed, 1, &salts), Err(ProveError::Proof { .. })));
    let work = folder.path().join("q1.work");
    let refused = |part: &str| {
        let stage = prove_stage(&sources, &work, StatementKind::TrainingV1, &mut Silent);
        let text = stage.unwrap_err().to_string();
        assert!(text.contains(part) && !work.exists(), "{text}");
    };
    refused("the pipeline imports its model: no training is proven");
    // What the specification or a table is refused for leaves no folder of secrets behind either.
    fs::write(&sources.pipeline, PIPELINE.replace("training_percent = 70", "training_percent = 100")).unwrap();
    refused("`training_percent`: 1 to 99");
    fs::write(&sources.pipeline, PIPELINE.replace("id = \"application_id\"", "id = \"client\"")).unwrap();
    refused("client");
}

#[test]
fn a_network_is_trained_on_the_prepared_rows_and_measured_and_monitored_as_trained() {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(folder.path());
    let with = |edit: fn(String) -> String| {
        fs::write(&sources.pipeline, edit(trained_pipeline())).unwrap();
        let salts = Salts::fresh().unwrap();
        develop(&sources, &salts, &mut Silent).map(|developed| (salts, developed))
    };
    // These rows hardly vary, so the network's own integers would outgrow what a step has room for.
    let wide = with(|text| text).err().unwrap().to_string();
    assert!(wide.contains("`scale_bits` of `[scoring]` is 22, for this network at most 18"), "{wide}");
    let text = fs::read_to_string(&sources.rows.spec).unwrap();
    fs::write(&sources.rows.spec, text.replace("scale_bits = 22", "scale_bits = 18")).unwrap();
    let (salts, (spec, pipeline, developed)) = with(|text| text).unwrap();
    let prepared = monitored(&sources, &developed, &salts, &mut Silent).unwrap();
    let measured = offline(&spec, &pipeline, &developed, &prepared, &salts).unwrap();
    let training = developed.training().unwrap();
    let (statement, raw) = (training.statement(), developed.preparation.statement());

    assert_eq!(statement.header.circuit.to_string(), "neural-training/v2@f20.w8.g4.b10.h0.n16.l8");
    assert_eq!(prepared.header.circuit.to_string(), "neural-cohort/v1@f20.w8.g4.b10.h4.n17.l8");
    assert_eq!(raw.header.circuit.to_string(), "preparation/v1@f20.w8.g4.b10.h0.n16");
    // 105 rows twice, 21 a minibatch.
    assert_eq!((statement.rows, statement.steps), (105, 10));
    assert_eq!((statement.row_commitment, statement.outcome_commitment), (raw.parts[0].row_commitment, raw.parts[0].outcome_commitment));
    assert_eq!(statement.model_commitment, measured.statement().model_commitment);
    assert_eq!(statement.model_commitment, prepared.witness().unwrap().statement().model_commitment);
    assert_eq!(training::replay(statement, &prepared.plan).unwrap().z0, training.initial_state());
    assert!(preparation::replay(raw, &prepared.plan).is_ok() && native::replay(measured.statement(), &prepared.plan).is_ok());
    assert_eq!(retrained(&developed, 1, &salts).unwrap().statement().steps, 5);

    // What does not fit is refused before a row is read, with what does.
    let refused = |edit: fn(String) -> String, parts: &[&str]| {
        let text = with(edit).err().unwrap().to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    fs::remove_file(&sources.development).unwrap();
    let two = |text: String| text.replace("hidden = [8]", "hidden = [16, 8]");
    refused(two, &["a row of a network 20-16-8-1 under neural-training/v2: `size_log2` has to be 17 (21 rows a step) or 18", "line 16"]);
    refused(|text| text.replace("hidden = [8]", "hidden = [64, 32]"), &["neural-cohort/v1: `size_log2` has to be 18", "spec.toml"]);
    let text = fs::read_to_string(&sources.rows.spec).unwrap();
    let sixteen: Vec<&str> = text.split("[[feature]]").take(17).collect();
    fs::write(&sources.rows.spec, sixteen.join("[[feature]]")).unwrap();
    refused(
        |text| text,
        &["no circuit prepares rows of 16 features of 8 bits; list 17 to 20 features", "`verifold prove monitoring`", "spec.toml"],
    );
}

#[test]
fn a_pipeline_trains_its_model_or_imports_it() {
    let parse = |text: &str| Pipeline::parse(text, Path::new("bank/pipeline.toml"));
    let training = "\n[training]\nepochs = 1\nlearning_rate = 1.0\nhalf_after = 80\nsize_log2 = 16\n";
    let imported = parse(PIPELINE).unwrap();
    assert_eq!(imported.model.unwrap().path, Path::new("bank/models/network.onnx"));
    let (without, _) = PIPELINE.split_once("[model]").unwrap();
    let trained = parse(&format!("{without}{training}")).unwrap();
    assert!(trained.model.is_none() && trained.training.is_some());
    let refused = |text: &str, line: usize, part: &str| match parse(text) {
        Err(ProveError::Spec { line: found, problem, .. }) => assert!(found == line && problem.contains(part), "{found}: {problem}"),
        other => panic!("{other:?}"),
    };
    refused(&format!("{PIPELINE}{training}"), 10, "keep one of them");
    refused(without, 10, "no model: `[training]` says how one is trained here");
    refused(&PIPELINE.replace("path", "file"), 11, "unknown field `file`");

    let network = trained_pipeline();
    let choices = parse(&network).unwrap().training.unwrap();
    assert!(choices.hidden == [8] && choices.seed.is_some());
    let seed = network.lines().find(|line| line.starts_with("seed")).unwrap();
    refused(&network.replace(seed, ""), 11, "no `seed` beside `hidden`");
    refused(&network.replace("hidden = [8]\n", ""), 11, "a scorecard begins at zero");
    for off in ["[9]", "[8, 16]", "[8, 8, 8, 8]"] {
        refused(&network.replace("[8]", off), 11, "no shape has these layers, 1 to 3 of them are trained (features 8, 16");
    }
    assert!(parse(&network.replace("6b51", "zz51")).is_err());
}
