//! The sample with a change of model: two proofs, the first in two segments, and outcomes that became known since.

use anyhow::{Context as _, ensure};
use verifold_model::{
    change::{ChangeRecord, ChangeSchema},
    digest::Digest,
    state::Stage,
};
use verifold_package::{ClaimedChange, ClaimedProof, ClaimedSegment, Contents};
use verifold_prove::{
    lifecycle::keys,
    matured::Matured,
    monitoring::{OnBadRow, Prepared, RowSources, Sources, contents, fold_batches, prepare},
    salts::Salts,
    spec::Spec,
};

use super::{
    Places,
    packages::{CREATED, Watch, package_path, salt_of_the_model_in_use, write_package, written_by},
    read_text,
    stories::{Proof, STORIES},
    tables, write_if_changed,
};

/// The day from which the successor scores: four weeks after the period begins, and two before it ends.
const CHANGE: &str = "2026-06-29T00:00:00Z";
const END: &str = "2026-07-13T00:00:00Z";

/// Position of the first batch of the second segment; the reference and two weeks are in the first.
const SECOND_SEGMENT: usize = 3;

/// Why, as the invented bank says.
fn record(old: &Prepared, new: &Prepared) -> anyhow::Result<ChangeRecord> {
    Ok(ChangeRecord {
        schema: ChangeSchema::V1,
        old_model: old.witness()?.statement().model_commitment,
        new_model: new.witness()?.statement().model_commitment,
        reason: "Retrained on the applications of 2025; the scorecard in use had been built before instalments were recorded".to_owned(),
        approver: "J. Weiss, model risk committee".to_owned(),
        date: "2026-06-24".to_owned(),
        reference: "MRC 2026-14, release note 4.3".to_owned(),
    })
}

/// Proves the sample, unless it is there and nothing it is made from has changed.
pub(super) fn write(places: &Places, stories: &[&super::Story], again: bool) -> anyhow::Result<()> {
    if !stories.iter().any(|story| story.proof == Proof::Changed) {
        return Ok(());
    }
    let story = STORIES.iter().find(|story| story.proof == Proof::Changed).context("the sample has a story")?;
    let whole = specification(places, "2026-06-01T00:00:00Z", END)?;
    tables::write_changed(places, &Spec::parse(&whole, &places.inputs)?)?;
    let mut inputs = vec![format!("{CREATED} {} {CHANGE} {SECOND_SEGMENT}", written_by()), whole];
    for path in ["retail-scorecard-4.2.onnx", "retail-scorecard-4.3.onnx"].map(|name| places.inputs.join(name)) {
        inputs.push(Digest::of(&std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?).to_string());
    }
    for path in ["reference", "changed", "changed-later"].map(|name| tables::path(places, name)) {
        inputs.push(Digest::of(&std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?).to_string());
    }
    let inputs = Digest::of_canonical(&inputs).to_string();
    let stamp = places.samples.join("changed-inputs.txt");
    if !again && package_path(places, story).exists() && std::fs::read_to_string(&stamp).is_ok_and(|stamped| stamped.trim() == inputs) {
        return Ok(());
    }

    println!("{}: proving", story.name);
    let progress = &mut Watch::new();
    let before = sources(places, "4.2", "2026-06-01T00:00:00Z", CHANGE)?;
    let after = sources(places, "4.3", CHANGE, END)?;
    let (mut old, mut new) = (prepare(&before, progress)?, prepare(&after, progress)?);
    old.model_salt = salt_of_the_model_in_use(places)?;
    let keys = keys(old.header.circuit, progress)?;
    let witness = old.witness()?;
    let count = old.batches.len();
    let first = fold_batches(&witness, 0..SECOND_SEGMENT, &keys, progress)?;
    let second = fold_batches(&witness, SECOND_SEGMENT..count, &keys, progress)?;
    let mut whole = contents(&witness, first, CREATED.parse()?, written_by());
    let proof = whole.proofs.first_mut().context("a package has a proof")?;
    proof.further.push(ClaimedSegment { first_batch: u32::try_from(SECOND_SEGMENT)?, bytes: second });

    // The second proof goes on where the first ends.
    ensure!(new.plan == old.plan, "both models are measured by one plan");
    new.header.previous_chain_head = Some(witness.statement().chain_head);
    new.first_index = u32::try_from(count)?;
    let following = new.witness()?;
    let bytes = fold_batches(&following, 0..new.batches.len(), &keys, progress)?;
    let next: ClaimedProof = ClaimedProof {
        id: "monitoring-2".to_owned(),
        title: format!("Online monitoring from {}", new.header.period.start.date_text()),
        statement: following.statement().clone(),
        stage: Stage::Monitoring,
        bytes,
        further: Vec::new(),
        ..whole.proofs[0].clone()
    };
    whole.period.end = new.header.period.end;
    whole.proofs.push(next);
    whole.changes.push(ClaimedChange { proof: "monitoring-2".to_owned(), record: record(&old, &new)? });
    drop(keys);

    for (prepared, sources, proof) in [(&old, before, 0), (&new, after, 1)] {
        let rows = RowSources { outcomes: Some(tables::path(places, "changed-later")), ..sources.rows };
        let later = Sources { rows, ..sources };
        let later = prepare(&later, progress)?;
        let proof = &whole.proofs[proof];
        let matured = Matured::new(prepared, &later.batches, &proof.statement, &Salts::fresh()?)?;
        let stages = matured.prove(&proof.id, progress)?;
        whole.stages.extend(stages);
    }
    whole.stages.sort_by_key(|stage| (stage.kind.position(), stage.statement.header().period.start));
    write_package(places, story, &Contents { ..whole })?;
    write_if_changed(&stamp, format!("{inputs}\n").as_bytes())
}

/// The specification of the other samples for a part of their period, over a shorter reference.
fn specification(places: &Places, start: &str, end: &str) -> anyhow::Result<String> {
    let mut text = read_text(&places.inputs.join("monitoring.toml"))?;
    for (there, instead) in [
        ("start = \"2026-06-01T00:00:00Z\"\nend = \"2026-11-16T00:00:00Z\"", format!("start = \"{start}\"\nend = \"{end}\"")),
        ("start = \"2025-07-01T00:00:00Z\"", "start = \"2025-09-15T00:00:00Z\"".to_owned()),
        // Two releases of one scorecard: a statement names what both are.
        ("model = \"retail-scorecard-4.2\"", "model = \"retail-scorecard-4\"".to_owned()),
    ] {
        ensure!(text.matches(there).count() == 1, "the specification has {there:?} once");
        text = text.replace(there, &instead);
    }
    Ok(text)
}

fn sources(places: &Places, release: &str, start: &str, end: &str) -> anyhow::Result<Sources> {
    let spec = places.scratch.join(format!("changed-{release}.toml"));
    write_if_changed(&spec, specification(places, start, end)?.as_bytes())?;
    Ok(Sources {
        rows: RowSources { spec, reference: tables::path(places, "reference"), batches: tables::path(places, "changed"), outcomes: None },
        model: places.inputs.join(format!("retail-scorecard-{release}.onnx")),
        on_bad_row: OnBadRow::Void,
    })
}
