//! The samples over all stages: how is a scorecard made, measured and monitored under proof, and how is that faked?

use anyhow::{Context as _, ensure};
use verifold_circuits::Salt;
use verifold_model::{digest::Digest, receipts::ReceiptRow, sample::SampledRow};
use verifold_package::{ClaimedPackage, Contents};
use verifold_prove::{
    layout::Layout,
    lifecycle::{
        Developed, LifecycleSources, develop, keys, monitored, offline, prove_offline, prove_preparation, prove_training, retrained,
    },
    monitoring::{OnBadRow, RowSources, contents, fold},
    receipts::{self, ReceiptSecrets},
    salts::Salts,
    spec::Spec,
};

use super::{
    Places,
    packages::{self, CREATED, Watch, package_path, write_package, written_by},
    stories::{Edit, Proof, STORIES, Story},
    tables, write_if_changed,
};

/// Epochs of the training that is put in the place of the true one.
const OTHER_EPOCHS: u32 = 1;

/// Proves both samples, unless they are there and nothing they are made from has changed.
pub(super) fn write(places: &Places, stories: &[&Story], again: bool) -> anyhow::Result<()> {
    if !stories.iter().any(|story| story.proof == Proof::Lifecycle) {
        return Ok(());
    }
    tables::write_lifecycle_development(places)?;
    let (spec, pipeline) = (places.inputs.join("lifecycle-monitoring.toml"), places.inputs.join("lifecycle-pipeline.toml"));
    let development = tables::path(places, "lifecycle-development");
    let mut inputs = vec![format!("{CREATED} {}", written_by())];
    for path in [&spec, &pipeline, &development, &tables::path(places, "reference")] {
        inputs.push(Digest::of(&std::fs::read(path).with_context(|| format!("reading {}", path.display()))?).to_string());
    }
    let inputs = Digest::of_canonical(&inputs).to_string();
    let stamp = places.samples.join("lifecycle-inputs.txt");
    let there = || STORIES.iter().filter(|story| story.proof == Proof::Lifecycle).all(|story| package_path(places, story).exists());
    if !again && there() && std::fs::read_to_string(&stamp).is_ok_and(|stamped| stamped.trim() == inputs) {
        return Ok(());
    }
    let sources = LifecycleSources {
        rows: RowSources { spec, reference: tables::path(places, "reference"), batches: tables::path(places, "lifecycle"), outcomes: None },
        on_bad_row: OnBadRow::Void,
        pipeline,
        development,
    };
    println!("life cycle: preparing and training");
    let progress = &mut Watch::new();
    let salts = Salts::fresh()?;
    let (spec, pipeline, developed) = develop(&sources, &salts, progress)?;
    let (coefficients, intercept) = plain(&spec, &developed)?;
    // The bank decides by the model it has just trained.
    tables::write_lifecycle_period(places, &spec, &coefficients, intercept)?;
    let prepared = monitored(&sources, &developed, &salts, progress)?;
    let plan = prepared.plan.clone();
    let test = offline(&spec, &pipeline, &developed, &prepared, &salts)?;
    println!("life cycle: proving the preparation");
    let preparation = prove_preparation(&developed, &plan, None, progress)?;
    println!("life cycle: proving two trainings");
    let training = prove_training(developed.training().context("the sample trains its model")?, &plan, None, progress)?;
    let other = prove_training(&retrained(&developed, OTHER_EPOCHS, &salts)?, &plan, None, progress)?;
    println!("life cycle: proving test metrics and monitoring");
    let keys = keys(prepared.header.circuit, progress)?;
    let measured = prove_offline(&test, &keys, None, progress)?;
    let witness = prepared.witness()?;
    let proof = fold(&witness, &keys, progress)?;
    println!("life cycle: proving receipts");
    let seed = Salt::random()?;
    let opened = receipts::witness(&prepared, witness.statement(), &[], seed.clone())?;
    let given = receipts::prove(&opened, progress)?;
    let whole = contents(&witness, proof, CREATED.parse()?, written_by());
    for story in STORIES.iter().filter(|story| story.proof == Proof::Lifecycle) {
        let training = if story.edit == Edit::OtherTraining { &other } else { &training };
        let stages = vec![preparation.clone(), training.clone(), measured.clone(), given.clone()];
        write_package(places, story, &Contents { stages, ..whole.clone() })?;
        if story.edit == Edit::None {
            let package = packages::read(places, story)?;
            let secrets = ReceiptSecrets::new(package.manifest_digest, &prepared.model, &seed, &opened);
            give_receipts(places, story, &package, &secrets)?;
        }
    }
    write_if_changed(&stamp, format!("{inputs}\n").as_bytes())
}

/// Two applicants of the first week get theirs: one approved, one declined.
fn give_receipts(places: &Places, story: &Story, package: &ClaimedPackage, secrets: &ReceiptSecrets) -> anyhow::Result<()> {
    let rows: Vec<SampledRow> = (0..40).map(|position| SampledRow { batch: 1, position }).collect();
    let receipts = secrets.issue(package, &rows)?;
    for (name, wanted) in [("approved", true), ("declined", false)] {
        let found =
            receipts.iter().find(|receipt| matches!(receipt.row, ReceiptRow::Scored { logged_approval, .. } if logged_approval == wanted));
        let receipt = found.with_context(|| format!("none of the first rows was {name}"))?;
        let mut text = serde_json::to_vec_pretty(receipt)?;
        text.push(b'\n');
        write_if_changed(&places.samples.join(story.name).join(format!("receipt-{name}.json")), &text)?;
    }
    Ok(())
}

/// The trained integers as coefficients of plain values, in the order of the specification's features.
fn plain(spec: &Spec, developed: &Developed) -> anyhow::Result<(Vec<f64>, f64)> {
    let training = developed.training().context("the sample trains its model")?;
    let model = training.model().scorecard().context("the sample trains a scorecard")?;
    let plan = training.plan();
    let layout = Layout::new(spec)?;
    let scale = f64::from(1u32 << plan.scoring.scale_bits);
    ensure!(layout.features.len() == model.weights.len(), "the model has another number of weights than the plan has features");
    let mut coefficients = vec![0.0; layout.features.len()];
    let mut intercept = model.bias as f64 / scale;
    for ((feature, input), weight) in layout.features.iter().zip(&layout.model_position).zip(&model.weights) {
        let slope = *weight as f64 / scale / feature.step.to_f64();
        coefficients[*input] = slope;
        intercept -= slope * feature.offset.to_f64();
    }
    Ok((coefficients, intercept))
}
