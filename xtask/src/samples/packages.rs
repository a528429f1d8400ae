//! How are the packages of the samples made, the honest ones and the cheats?
//!
//! A proof is made once for each [`Proof`]; cheats that only edit reuse it. A cheat here is as good
//! as a cheat can be: whatever can be computed anew without proving is computed anew.

use std::{
    collections::BTreeMap,
    io::IsTerminal as _,
    path::PathBuf,
    time::{Duration, Instant as Clock},
};

use anyhow::{Context as _, bail, ensure};
use verifold_circuits::{CircuitFacts, Keys, Salt, native, pinned_digest};
use verifold_model::{
    cohort::Outcome,
    digest::{Commitment, Digest},
    plan::{Calendar, Plan},
    statement::{MonitoringStatement, Period},
};
use verifold_package::{ClaimedPackage, Contents, Limits, SecretKey, signing};
use verifold_prove::{
    calendar,
    monitoring::{OnBadRow, Prepared, RowSources, Sources, contents, fold, prepare},
    progress::{Event, Progress},
};

use super::{
    Places, anchors, changed, folder, lifecycle, read_text,
    stories::{ALTERED_BATCH, Edit, Proof, STORIES, Story, TROUBLED_BATCH},
    tables, write_if_changed,
};

/// Time written into the packages: the morning after the tables were drawn.
pub(super) const CREATED: &str = "2026-11-17T08:00:00Z";

/// Time of signing written into the packages' signatures.
const SIGNED: &str = "2026-11-17T08:30:00Z";

/// Passphrase of the key files of invented people.
const SAMPLE_PASSPHRASE: &str = "an invented bank's key";

/// Applicants the altered count moves from declined to approved.
const ALTERED_ROWS: u32 = 8;

/// What a package was proven from.
#[derive(PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Stamp {
    /// Digest of tables, model and specification.
    inputs: Digest,
    /// Digest of the circuit's public parameters.
    circuit: Commitment,
}

/// Proves and edits what the stories need, and writes their engagements.
pub(super) fn write(places: &Places, stories: &[&Story], again: bool) -> anyhow::Result<()> {
    let stamps_path = places.samples.join("inputs.json");
    let mut stamps: BTreeMap<String, Stamp> =
        if stamps_path.exists() { serde_json::from_str(&read_text(&stamps_path)?)? } else { BTreeMap::new() };
    let signers = anchors::Keys { bank: sample_key(places, "bank")?, auditor: sample_key(places, "auditor")? };
    let mut keys = None;
    // What a cheat is made of comes before it.
    for story in STORIES.iter().filter(|story| story.edit == Edit::None && !matches!(story.proof, Proof::Lifecycle | Proof::Changed)) {
        let needed = stories.iter().any(|wanted| wanted.proof == story.proof || registered(wanted).name == story.name);
        let inputs = inputs_digest(places, story)?;
        if !needed
            || (!again
                && package_path(places, story).exists()
                && stamps.get(story.name).is_some_and(|stamp| stamp.inputs == inputs && is_current(places, story, stamp)))
        {
            continue;
        }
        println!("{}: proving", story.name);
        let mut prepared = prepared(places, story.proof)?;
        if let Proof::Anchored(withheld) = story.proof {
            anchors::anchor_and_withhold(places, story, &mut prepared, withheld, &signers)?;
        }
        let circuit = prepared.header.circuit;
        let keys = match &mut keys {
            Some((of, keys)) if *of == circuit => keys,
            other => &mut other.insert((circuit, Keys::derive(circuit)?)).1,
        };
        let witness = prepared.witness()?;
        let proof = fold(&witness, keys, &mut Watch::new())?;
        write_package(places, story, &contents(&witness, proof, CREATED.parse()?, written_by()))?;
        stamps.insert(story.name.to_owned(), Stamp { inputs, circuit: keys.digest() });
        write_if_changed(&stamps_path, format!("{}\n", serde_json::to_string_pretty(&stamps)?).as_bytes())?;
    }
    lifecycle::write(places, stories, again)?;
    changed::write(places, stories, again)?;
    for story in stories {
        if story.edit != Edit::None && story.proof != Proof::Lifecycle {
            let unedited =
                STORIES.iter().find(|other| other.proof == story.proof && other.edit == Edit::None).context("an edit needs a proof")?;
            let mut contents = read(places, unedited)?.contents();
            edit(places, story.edit, &mut contents)?;
            write_package(places, story, &contents)?;
        }
        sign_package(places, story, &signers.bank)?;
        if let Proof::Anchored(_) = story.proof {
            anchors::sign_again(places, story, &signers)?;
        }
        folder::write_engagement(places, story, &signers)?;
    }
    Ok(())
}

/// Whether reviewed circuit code still derives the parameters a package was proven under, as far as they are pinned.
fn is_current(places: &Places, story: &Story, stamp: &Stamp) -> bool {
    let circuit = read(places, story).ok().and_then(|package| Some(package.proofs.first()?.statement.header.circuit));
    circuit.is_some_and(|circuit| pinned_digest(circuit).is_none_or(|pinned| pinned == stamp.circuit))
}

/// The sample whose model, plan and period the auditor of this one expects.
///
/// A package made of the honest one, or proven with a model that should not have been used, is audited
/// with what the honest lender registered.
pub(super) fn registered(story: &Story) -> &Story {
    match story.proof {
        Proof::Honest | Proof::OtherModel | Proof::Anchored(_) => &STORIES[0],
        Proof::Drift | Proof::Withheld(_) | Proof::Network | Proof::Changed => story,
        Proof::Lifecycle => STORIES.iter().find(|other| other.proof == Proof::Lifecycle).unwrap_or(story),
    }
}

/// The table a proof is made over.
pub(super) const fn table_of(proof: Proof) -> &'static str {
    match proof {
        Proof::Drift => "drift",
        Proof::Lifecycle => "lifecycle",
        Proof::Network => "network",
        Proof::Changed => "changed",
        Proof::Honest | Proof::Withheld(_) | Proof::Anchored(_) | Proof::OtherModel => "honest",
    }
}

fn model_of(places: &Places, proof: Proof) -> PathBuf {
    places.inputs.join(match proof {
        Proof::OtherModel => "retail-scorecard-4.3.onnx",
        Proof::Network => "retail-network-1.0.onnx",
        _ => "retail-scorecard-4.2.onnx",
    })
}

fn spec_path(places: &Places, proof: Proof) -> PathBuf {
    places.inputs.join(if proof == Proof::Network { "network-monitoring.toml" } else { "monitoring.toml" })
}

pub(super) fn package_path(places: &Places, story: &Story) -> PathBuf {
    places.samples.join(story.name).join("package.zkaudit")
}

pub(super) fn written_by() -> String {
    concat!("verifold ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// Reads a sample's package as written here; a claim, like any other.
pub(super) fn read(places: &Places, story: &Story) -> anyhow::Result<ClaimedPackage> {
    let path = package_path(places, story);
    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    ClaimedPackage::read(&bytes, &Limits::default()).with_context(|| format!("reading {}", path.display()))
}

/// The one statement of a sample's package, where it has one.
pub(super) fn monitoring(package: &ClaimedPackage) -> anyhow::Result<&MonitoringStatement> {
    match &package.proofs[..] {
        [proof] => Ok(&proof.statement),
        other => bail!("{} proofs where a sample has one", other.len()),
    }
}

/// The weeks of a period.
pub(super) fn weeks(period: Period) -> anyhow::Result<Vec<Period>> {
    calendar::slots(Calendar::IsoWeek, period, &[]).map_err(anyhow::Error::msg)
}

/// Everything a proof depends on but chance: the same digest, and the package at hand will do.
fn inputs_digest(places: &Places, story: &Story) -> anyhow::Result<Digest> {
    let spec = std::fs::read(spec_path(places, story.proof))?;
    let mut parts = vec![format!("{:?} {CREATED} {}", story.proof, written_by())];
    for bytes in [
        spec,
        std::fs::read(model_of(places, story.proof))?,
        std::fs::read(tables::path(places, "reference"))?,
        std::fs::read(tables::path(places, table_of(story.proof)))?,
    ] {
        parts.push(Digest::of(&bytes).to_string());
    }
    Ok(Digest::of_canonical(&parts))
}

/// What an honest prover would prove, or what a dishonest one puts in its place.
fn prepared(places: &Places, proof: Proof) -> anyhow::Result<Prepared> {
    let sources = Sources {
        rows: RowSources {
            spec: spec_path(places, proof),
            reference: tables::path(places, "reference"),
            batches: tables::path(places, table_of(proof)),
            outcomes: None,
        },
        on_bad_row: OnBadRow::Void,
        model: model_of(places, proof),
    };
    let mut prepared = prepare(&sources, &mut Watch::new())?;
    if !matches!(proof, Proof::OtherModel | Proof::Network) {
        prepared.model_salt = salt_of_the_model_in_use(places)?;
    }
    if let Proof::Withheld(position) = proof {
        // The reference stands in front of the period's batches.
        ensure!(position + 1 < prepared.batches.len(), "there is no batch {position} to withhold");
        prepared.batches.remove(position + 1);
    }
    Ok(prepared)
}

/// One salt for every package under the model in use, as a bank that registered one commitment has it.
///
/// It stays under `target`; when that is gone the commitments change with the next proofs.
pub(super) fn salt_of_the_model_in_use(places: &Places) -> anyhow::Result<Salt> {
    let path = places.scratch.join("model.salt");
    if let Ok(bytes) = std::fs::read(&path) {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| anyhow::anyhow!("{} does not hold 32 bytes", path.display()))?;
        return Ok(Salt::from_bytes(bytes)?);
    }
    let salt = Salt::random()?;
    write_if_changed(&path, salt.as_bytes())?;
    Ok(salt)
}

pub(super) fn write_package(places: &Places, story: &Story, contents: &Contents) -> anyhow::Result<()> {
    let bytes = verifold_package::write(contents).with_context(|| format!("assembling {}", story.name))?;
    write_if_changed(&package_path(places, story), &bytes)
}

/// Signs a package as the bank, unless it is signed so already: the bank stands behind its cheats as well.
fn sign_package(places: &Places, story: &Story, bank: &SecretKey) -> anyhow::Result<()> {
    let path = package_path(places, story);
    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let unsigned = signing::unsigned(&bytes)?;
    let name = read(places, story)?.subject.name;
    let signed = signing::sign(&unsigned, bank, &name, SIGNED.parse()?)?;
    write_if_changed(&path, &signed)
}

/// The key that the invented bank or its auditor signs with.
///
/// It stays under `target`; when that is gone every package is signed anew, with a new key, and its engagement names that.
fn sample_key(places: &Places, whose: &str) -> anyhow::Result<SecretKey> {
    let path = places.scratch.join(format!("{whose}.key"));
    if path.exists() {
        return SecretKey::from_pem(&read_text(&path)?, SAMPLE_PASSPHRASE).with_context(|| format!("reading {}", path.display()));
    }
    let key = SecretKey::random()?;
    write_if_changed(&path, key.to_pem(SAMPLE_PASSPHRASE)?.as_bytes())?;
    Ok(key)
}

fn edit(places: &Places, edit: Edit, contents: &mut Contents) -> anyhow::Result<()> {
    let plan = contents.plan.clone();
    let statement = &mut contents.proofs.first_mut().context("a package has a proof")?.statement;
    match edit {
        Edit::None | Edit::OtherTraining | Edit::StricterPolicy => {}
        Edit::AlterCount => {
            alter_count(statement)?;
            chain_anew(statement, &plan)?;
        }
        Edit::RemoveBatch => {
            statement.batches.remove(TROUBLED_BATCH + 1);
            for (index, batch) in (0..).zip(&mut statement.batches) {
                batch.index = index;
            }
            let rows_per_step = CircuitFacts::of(statement.header.circuit).context("the circuit has no room for rows")?.rows_per_step;
            statement.steps = statement.batches.iter().map(|batch| native::steps_of(batch.rows, rows_per_step)).sum();
            chain_anew(statement, &plan)?;
        }
        Edit::ClaimModelInUse => statement.model_commitment = monitoring(&read(places, &STORIES[0])?)?.model_commitment,
    }
    Ok(())
}

/// Approves declined applicants of the youngest group in the riskiest bin of one batch.
fn alter_count(statement: &mut MonitoringStatement) -> anyhow::Result<()> {
    let batch = statement.batches.get_mut(ALTERED_BATCH + 1).context("the batch to alter is there")?;
    let cell = batch.table.counts.last_mut().and_then(|bin| bin.first_mut()).context("a table has a cell")?;
    let declined = 2 * Outcome::Unknown.code();
    cell[declined] = cell[declined].checked_sub(ALTERED_ROWS).context("fewer declined applicants than the cheat wants to approve")?;
    cell[declined + 1] += ALTERED_ROWS;
    Ok(())
}

/// Chain head as the edited batches give it.
fn chain_anew(statement: &mut MonitoringStatement, plan: &Plan) -> anyhow::Result<()> {
    ensure!(plan.shape == statement.header.circuit.shape, "statement and plan differ in shape");
    let mut chain = native::header_element(&statement.header);
    for batch in &statement.batches {
        let table = native::table_commitment(&batch.table, batch.table_salt)?;
        chain = native::chain_link(chain, batch, table)?;
    }
    statement.chain_head = chain;
    native::replay(statement, plan).context("the edited statement should contradict nothing but the proof")?;
    Ok(())
}

/// Says how far folding has come, at most once a second on a terminal and every twenty seconds elsewhere.
pub(super) struct Watch {
    begun: Clock,
    said: Duration,
    every: Duration,
}

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "a shell measures how long it works")]
    pub(super) fn new() -> Self {
        let every = Duration::from_secs(if std::io::stdout().is_terminal() { 1 } else { 20 });
        Self { begun: Clock::now(), said: Duration::ZERO, every }
    }
}

impl Progress for Watch {
    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn report(&mut self, event: Event) {
        match event {
            Event::Phase(phase) => println!("  {:>4} s  {}", self.elapsed().as_secs(), phase.title()),
            Event::Folded(folded) if self.elapsed().saturating_sub(self.said) >= self.every => {
                self.said = self.elapsed();
                println!(
                    "  {:>4} s  {} of {} steps, {:.0} rows/s",
                    self.elapsed().as_secs(),
                    folded.steps,
                    folded.steps_total,
                    folded.rows_per_sec()
                );
            }
            Event::Folded(_) | Event::Kept { .. } => {}
        }
    }
}
