//! Is a proof valid, and for exactly the statement it comes with?
//!
//! The first and last state are built here from the statement and the plan; the proof system is asked whether
//! it is convinced from one to the other in exactly that many steps. Only then is there [`VerifiedEvidence`].

pub(crate) mod matured;
pub(crate) mod period;
pub(crate) mod segments;

use std::sync::{Arc, LazyLock};

use verifold_circuits::{
    CircuitFacts, KeyError, ProofError, Transition, VerifierKey,
    native::{self, Link, ReplayError},
    preparation::{self, PreparationReplayError},
    receipts::{self, ReceiptsReplayError},
    training, verify_proof,
};
use verifold_model::{
    cohort::{BatchRole, BatchStatement, BatchTable},
    plan::Plan,
    preparation::PreparationStatement,
    proof_system::ProofSystem,
    receipts::ReceiptsStatement,
    record::ProofState,
    shape::CircuitId,
    statement::{Header, MonitoringStatement, StageStatement},
    training::TrainingStatement,
};
use verifold_package::{ClaimedProof, ClaimedStage};
use verifold_policy::Policy;

pub(crate) use self::matured::VerifiedRevision;
use self::segments::Segment;
use crate::keys::KeyStore;

/// What a valid proof establishes. Built nowhere but in [`check`], from what the proof system returned.
#[derive(Debug)]
pub struct VerifiedEvidence {
    statement: MonitoringStatement,
    plan: Plan,
    system: ProofSystem,
}

impl VerifiedEvidence {
    /// As if a proof of the statement had been checked, for tests of what follows from evidence.
    #[cfg(test)]
    pub(crate) const fn assumed(statement: MonitoringStatement, plan: Plan) -> Self {
        Self { statement, plan, system: ProofSystem::NovaPastaIpa }
    }

    /// The proof system that was convinced.
    pub const fn system(&self) -> ProofSystem {
        self.system
    }

    /// The statement, every value of which the proof binds.
    pub const fn statement(&self) -> &MonitoringStatement {
        &self.statement
    }

    /// The plan behind the statement's plan commitment.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The proven reference table, if the first batch is a reference.
    pub fn reference(&self) -> Option<&BatchTable> {
        self.statement.reference()
    }

    /// Proven monitoring batches in chain order.
    pub fn monitoring(&self) -> impl Iterator<Item = &BatchStatement> {
        self.statement.batches.iter().filter(|batch| batch.role != BatchRole::Reference)
    }
}

/// A package without a monitoring proof, which no reader accepts, gives none.
static NOTHING: LazyLock<Refusal> = LazyLock::new(|| refusal(ProofState::NotReached, "not-reached", "", "not reached"));

/// Why a proof gives no evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) state: ProofState,
    pub(crate) cause: &'static str,
    /// In a few words, for everything that rests on the proof.
    pub(crate) short: String,
    /// With what was found, once, where the proof itself is spoken of.
    pub(crate) text: String,
    pub(crate) place: String,
}

/// What became of a proof.
pub(crate) struct Checked<T = VerifiedEvidence> {
    pub(crate) outcome: Result<T, Refusal>,
    pub(crate) key: Option<Arc<VerifierKey>>,
    /// States and steps as the statement has them.
    pub(crate) transition: Option<Transition>,
    /// Links as the statement has them; claimed unless the outcome is evidence.
    pub(crate) links: Vec<Link>,
    /// What became of each segment, if there are several.
    pub(crate) segments: Vec<ProofState>,
}

impl<T> Checked<T> {
    fn unreached() -> Self {
        Self::refused(NOTHING.clone())
    }

    fn refused(refusal: Refusal) -> Self {
        Self { outcome: Err(refusal), key: None, transition: None, links: Vec::new(), segments: Vec::new() }
    }
}

fn refusal(state: ProofState, cause: &'static str, place: impl Into<String>, text: impl Into<String>) -> Refusal {
    let text = text.into();
    Refusal { state, cause, short: words(cause).map_or_else(|| text.clone(), str::to_owned), text, place: place.into() }
}

/// What a cause says about a proof, without the values.
fn words(cause: &str) -> Option<&'static str> {
    Some(match cause {
        "circuit-of-another-kind" => "its circuit does not prove statements of its kind",
        "roles-differ" => "its batches have roles that statements of its kind do not have",
        "rules-contradict" => "its preparation rules contradict themselves or the measurement plan",
        "training-contradicts" => "its training specification contradicts itself or the measurement plan",
        "parts-impossible" => "its parts are not training rows and test rows",
        "profile-impossible" => "a profile holds counts that no rows give",
        "receipts-contradict" => "its batches, step roots and roots do not follow from one another",
        "receipts-of-other-rows" => "its receipts are not of the monitored rows and model",
        "matured-of-other-rows" => "its later outcomes are not of the monitored rows and model",
        "revision-of-other-outcomes" => "it does not compare the outcomes of monitoring with those of the matured cohort",
        "revision-contradicts" => "its counts and batches do not follow from one another",
        "revision-contradicts-tables" => "its counts are not those of the tables",
        "plan-contradicts" => "its measurement plan contradicts itself",
        "plan-commitment-differs" => "it commits to another measurement plan than the one in the package",
        "batch-index-differs" => "its batches are not numbered as they stand",
        "reference-not-first" | "batch-ends-before-start" | "batches-overlap" => "its batches do not follow one another",
        "table-impossible" => "a table holds counts that no rows give",
        "commitment-not-canonical" => "a commitment is not one",
        "step-count-differs" => "its number of steps does not follow from its rows",
        "proof-left-out" => "a monitoring proof before it was left out",
        "proofs-out-of-order" => "the monitoring proofs stand in another order than they were made in",
        "periods-overlap" => "two monitoring proofs speak of the same time",
        "period-inverted" => "its period ends before it begins",
        "references-differ" => "one model has two references",
        "periods-apart" => "no monitoring proof speaks of some time between two",
        "chain-differs" => "its batches do not chain to the value it ends with",
        "proof-length-differs" | "proof-structure-differs" | "proof-undecodable" | "proof-trailing-bytes" | "proof-not-canonical" => {
            "the proof's bytes do not have the form of a proof of its circuit"
        }
        "segment-repeated" => "one of its segments stands there twice",
        "segment-of-another-period" => "one of its segments is of another subject, period or circuit",
        "segment-of-another-plan" => "one of its segments was measured by another plan",
        "segment-under-another-model" => "one of its segments was scored by another model",
        "segment-misplaced" => "one of its segments stands in another's place",
        "segment-missing" => "one of its segments was left out, or cut elsewhere",
        "proof-rejected" => "the proof does not hold for its statement",
        "final-state-differs" => "the proof is about other values than its statement's",
        "proof-check-panicked" => "the proof brought its check down",
        _ => return None,
    })
}

/// Foreign errors become causes here and nowhere else.
fn replay_refusal(error: &ReplayError) -> Refusal {
    let batch = |position: &usize| format!("batch {position}");
    let (cause, place) = match error {
        ReplayError::Plan(_) => ("plan-contradicts", "plan".into()),
        ReplayError::Shape { .. } => ("shape-differs", "plan".into()),
        ReplayError::NoRoom(_) => ("shape-without-room", "plan".into()),
        ReplayError::PlanCommitment { .. } => ("plan-commitment-differs", "plan".into()),
        ReplayError::NoBatches => ("no-batches", String::new()),
        ReplayError::Index { position, .. } => ("batch-index-differs", batch(position)),
        ReplayError::Role { position } => ("reference-not-first", batch(position)),
        ReplayError::Empty { position, .. } => ("batch-ends-before-start", batch(position)),
        ReplayError::Overlap { position, .. } => ("batches-overlap", batch(position)),
        ReplayError::Table { position, .. } => ("table-impossible", batch(position)),
        ReplayError::NotCanonical { place, .. } => ("commitment-not-canonical", place.clone()),
        ReplayError::Steps { .. } => ("step-count-differs", String::new()),
        ReplayError::ChainHead { .. } => ("chain-differs", String::new()),
    };
    refusal(ProofState::Rejected, cause, place, error.to_string())
}

fn proof_refusal(error: &ProofError) -> Refusal {
    let cause = match error {
        ProofError::Length { .. } => "proof-length-differs",
        ProofError::Structure { .. } => "proof-structure-differs",
        ProofError::Decode { .. } => "proof-undecodable",
        ProofError::TrailingBytes { .. } => "proof-trailing-bytes",
        ProofError::NotCanonical { .. } => "proof-not-canonical",
        ProofError::InitialState { .. } => "initial-state-differs",
        ProofError::Steps { .. } => "proof-steps-differ",
        ProofError::Rejected { .. } => "proof-rejected",
        ProofError::FinalState { .. } => "final-state-differs",
        ProofError::Panicked => "proof-check-panicked",
    };
    let text = match error {
        ProofError::Rejected { reason } => format!("the proof does not hold for the statement it comes with (nova-snark: {reason})"),
        error => error.to_string(),
    };
    refusal(ProofState::Rejected, cause, "", text)
}

fn preparation_refusal(error: &PreparationReplayError) -> Refusal {
    let cause = match error {
        PreparationReplayError::Rules(_) => "rules-contradict",
        PreparationReplayError::Shape { .. } => "shape-differs",
        PreparationReplayError::Parts { .. } | PreparationReplayError::Rows { .. } => "parts-impossible",
        PreparationReplayError::Profile { .. } => "profile-impossible",
        PreparationReplayError::NotCanonical { .. } => "commitment-not-canonical",
        PreparationReplayError::Steps { .. } => "step-count-differs",
        PreparationReplayError::ChainHead { .. } => "chain-differs",
    };
    refusal(ProofState::Rejected, cause, "", error.to_string())
}

fn training_refusal(error: &training::ReplayError) -> Refusal {
    use training::ReplayError;
    let cause = match error {
        ReplayError::Plan(_) => "plan-contradicts",
        ReplayError::Spec(_) => "training-contradicts",
        ReplayError::Kind { .. } => "circuit-of-another-kind",
        ReplayError::Shape { .. } => "shape-differs",
        ReplayError::NoRoom(_) => "shape-without-room",
        ReplayError::Rows { .. } => "parts-impossible",
        ReplayError::NotCanonical { .. } => "commitment-not-canonical",
        ReplayError::Steps { .. } => "step-count-differs",
    };
    refusal(ProofState::Rejected, cause, "", error.to_string())
}

fn receipts_refusal(error: &ReceiptsReplayError) -> Refusal {
    let cause = match error {
        ReceiptsReplayError::Plan(_) => "plan-contradicts",
        ReceiptsReplayError::Shape { .. } => "shape-differs",
        ReceiptsReplayError::NoRoom(_) => "shape-without-room",
        ReceiptsReplayError::PlanCommitment { .. } => "plan-commitment-differs",
        ReceiptsReplayError::NoBatches => "no-batches",
        ReceiptsReplayError::Order { .. }
        | ReceiptsReplayError::Rows { .. }
        | ReceiptsReplayError::StepRoots { .. }
        | ReceiptsReplayError::Root { .. } => "receipts-contradict",
        ReceiptsReplayError::NotCanonical { .. } => "commitment-not-canonical",
        ReceiptsReplayError::Steps { .. } => "step-count-differs",
        ReceiptsReplayError::ChainHead { .. } => "chain-differs",
    };
    refusal(ProofState::Rejected, cause, "", error.to_string())
}

/// What counts is decided by the policy before a proof is looked at.
fn accepted(header: &Header, system: ProofSystem, policy: &Policy) -> Result<(), Refusal> {
    let circuit = header.circuit;
    if !header.statement.families().contains(&circuit.family) {
        let text = format!("statements of kind {} are not proven by circuits of {}", header.statement.name(), circuit.family.name());
        return Err(refusal(ProofState::Rejected, "circuit-of-another-kind", "", text));
    }
    if !circuit.is_consistent() {
        let layers = if circuit.family.has_hidden_layers() { "hidden layers" } else { "no hidden layers" };
        let text = format!("circuits of {} have {layers}, shape {} is of another kind", circuit.family.name(), circuit.shape);
        return Err(refusal(ProofState::Rejected, "circuit-of-another-kind", "", text));
    }
    if !policy.accepts(circuit)
        && !policy.requirements.iter().any(|r| policy.circuits_for(r).iter().any(|accepted| accepted.accepts(circuit)))
    {
        let text = format!("the policy does not accept proofs of circuit {circuit}");
        return Err(refusal(ProofState::NotCheckable, "circuit-not-accepted", "", text));
    }
    if let Some(refused) = policy.system_refused_everywhere(system) {
        return Err(refusal(ProofState::NotCheckable, refused.cause, "", refused.text));
    }
    if CircuitFacts::of(circuit).is_none() {
        let text = format!("shape {} leaves no room for rows", circuit.shape);
        return Err(refusal(ProofState::NotCheckable, "shape-without-room", "", text));
    }
    Ok(())
}

/// Derives the key and checks proof bytes as a proof of exactly this transition; notes what it saw on the way.
fn settle<T>(checked: &mut Checked<T>, circuit: CircuitId, transition: Transition, bytes: &[u8], keys: &KeyStore) -> Result<(), Refusal> {
    checked.transition = Some(transition);
    let key = key(circuit, keys)?;
    checked.key = Some(Arc::clone(&key));
    check_transition(&key, &transition, bytes)
}

/// The key of a circuit, derived here.
fn key(circuit: CircuitId, keys: &KeyStore) -> Result<Arc<VerifierKey>, Refusal> {
    keys.key(circuit).map_err(|error| key_refusal(&error))
}

fn key_refusal(error: &KeyError) -> Refusal {
    let cause = match error {
        KeyError::NoRoom(_) => "shape-without-room",
        KeyError::Setup { .. } => "key-not-derived",
        KeyError::NotPinned { .. } => "key-not-pinned",
    };
    refusal(ProofState::NotCheckable, cause, "", format!("{error}; this program must not be relied on for it"))
}

/// Checks one proof of a cohort, monitoring or offline, against its statement, the package's plan and what the policy accepts.
fn check_cohort(
    first: u32,
    statement: &MonitoringStatement,
    system: ProofSystem,
    parts: &[Segment<'_>],
    plan: &Plan,
    policy: &Policy,
    keys: &KeyStore,
) -> Checked {
    let mut checked = Checked::unreached();
    checked.outcome = (|| {
        accepted(&statement.header, system, policy)?;
        if !statement.roles_fit() {
            let text = format!("the batches' roles are not those of a statement of kind {}", statement.header.statement.name());
            return Err(refusal(ProofState::Rejected, "roles-differ", "", text));
        }
        let replay = native::replay_from(first, statement, plan).map_err(|error| replay_refusal(&error))?;
        checked.links.clone_from(&replay.links);
        if let [(_, bytes)] = parts {
            settle(&mut checked, statement.header.circuit, replay.transition(), bytes, keys)?;
        } else {
            checked.transition = Some(replay.transition());
            let transitions = segments::transitions(&replay, statement, parts)?;
            let key = key(statement.header.circuit, keys)?;
            checked.key = Some(Arc::clone(&key));
            let found = segments::check(&key, &replay, statement, parts, &transitions);
            checked.segments = found.iter().map(|found| found.as_ref().err().map_or(ProofState::Valid, |refusal| refusal.state)).collect();
            found.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(VerifiedEvidence { statement: statement.clone(), plan: plan.clone(), system })
    })();
    checked
}

/// Checks a monitoring proof, each of its segments; its batches are numbered from `first` on.
fn check_from(first: u32, proof: &ClaimedProof, plan: &Plan, policy: &Policy, keys: &KeyStore) -> Checked {
    let parts: Vec<Segment<'_>> = proof.segments().collect();
    check_cohort(first, &proof.statement, proof.system, &parts, plan, policy, keys)
}

/// What a valid proof other than monitoring's establishes. Built nowhere but in [`check_stage`].
#[derive(Debug)]
pub enum VerifiedStage {
    /// Rows were prepared by these rules.
    Preparation(Box<VerifiedPreparation>),
    /// A model came out of the stated training.
    Training(Box<VerifiedTraining>),
    /// Training rows, then test rows, were counted under one model.
    OfflineMetrics(Box<VerifiedEvidence>),
    /// Each monitored row has an opening under a root.
    Receipts(Box<VerifiedReceipts>),
    /// Monitored rows were counted once more, under later outcomes.
    MaturedCohort(Box<VerifiedEvidence>),
    /// The outcomes of monitored rows were compared with later ones.
    OutcomeRevision(Box<VerifiedRevision>),
}

impl VerifiedStage {
    /// The monitored batches under later outcomes, if it establishes that.
    pub(crate) fn matured(&self) -> Option<&VerifiedEvidence> {
        if let Self::MaturedCohort(matured) = self { Some(matured) } else { None }
    }

    /// The changes of outcomes, if it establishes those.
    pub(crate) fn revision(&self) -> Option<&VerifiedRevision> {
        if let Self::OutcomeRevision(revision) = self { Some(revision) } else { None }
    }

    /// Subject, period, circuit.
    pub fn header(&self) -> &Header {
        match self {
            Self::Preparation(preparation) => &preparation.statement.header,
            Self::Training(training) => &training.statement.header,
            Self::OfflineMetrics(evidence) | Self::MaturedCohort(evidence) => &evidence.statement.header,
            Self::Receipts(receipts) => &receipts.statement.header,
            Self::OutcomeRevision(revision) => &revision.statement().header,
        }
    }

    /// Folding steps.
    pub fn steps(&self) -> u64 {
        match self {
            Self::Preparation(preparation) => preparation.statement.steps,
            Self::Training(training) => training.statement.steps,
            Self::OfflineMetrics(evidence) | Self::MaturedCohort(evidence) => evidence.statement.steps,
            Self::Receipts(receipts) => receipts.statement.steps,
            Self::OutcomeRevision(revision) => revision.statement().steps,
        }
    }
}

/// A preparation statement every value of which a proof binds.
#[derive(Debug)]
pub struct VerifiedPreparation {
    statement: PreparationStatement,
}

impl VerifiedPreparation {
    /// The statement.
    pub const fn statement(&self) -> &PreparationStatement {
        &self.statement
    }
}

/// A training statement every value of which a proof binds, but for the rows in the last minibatch of an epoch: how many there are is
/// held to the preparation by their link alone.
#[derive(Debug)]
pub struct VerifiedTraining {
    statement: TrainingStatement,
}

impl VerifiedTraining {
    /// The statement.
    pub const fn statement(&self) -> &TrainingStatement {
        &self.statement
    }
}

/// A receipts statement every value of which a proof binds, about the rows of the package's monitoring statement.
#[derive(Debug)]
pub struct VerifiedReceipts {
    statement: ReceiptsStatement,
}

impl VerifiedReceipts {
    /// As if a proof of the statement had been checked, for tests of what follows from evidence.
    #[cfg(test)]
    pub(crate) const fn assumed(statement: ReceiptsStatement) -> Self {
        Self { statement }
    }

    /// The statement.
    pub const fn statement(&self) -> &ReceiptsStatement {
        &self.statement
    }
}

/// The monitoring statement whose batches a proof beside it is about: that of its period, or else the first, which it will differ from.
fn monitored<'a>(header: &Header, monitoring: &'a [ClaimedProof]) -> Result<&'a MonitoringStatement, Refusal> {
    let of_period = monitoring.iter().find(|proof| proof.statement.header.period == header.period);
    of_period.or(monitoring.first()).map(|proof| &proof.statement).ok_or_else(|| NOTHING.clone())
}

/// Receipts are of the monitored rows if header, plan, model and every row commitment are those of monitoring.
fn same_rows(receipts: &ReceiptsStatement, monitoring: &MonitoringStatement) -> Result<(), Refusal> {
    let refuse = |place: String, text: String| Err(refusal(ProofState::Rejected, "receipts-of-other-rows", place, text));
    let (ours, theirs) = (&receipts.header, &monitoring.header);
    if (&ours.subject, ours.period, ours.previous_chain_head) != (&theirs.subject, theirs.period, theirs.previous_chain_head) {
        return refuse(String::new(), "the receipts are of another subject or period than the monitored batches".to_owned());
    }
    for (what, ours, theirs) in
        [("plan", receipts.plan_commitment, monitoring.plan_commitment), ("model", receipts.model_commitment, monitoring.model_commitment)]
    {
        if ours != theirs {
            return refuse(String::new(), format!("the receipts are under {what} {ours}, the monitored batches under {theirs}"));
        }
    }
    for batch in &receipts.batches {
        let place = format!("batch {}", batch.index);
        let Some(monitored) = monitoring.batches.iter().find(|monitored| monitored.index == batch.index) else {
            return refuse(place, format!("there are receipts for batch {}, which is not monitored", batch.index));
        };
        if (monitored.rows, monitored.row_commitment) != (batch.rows, batch.row_commitment) {
            let text = format!(
                "the receipts of batch {} are of {} rows {}, monitored were {} rows {}",
                batch.index, batch.rows, batch.row_commitment, monitored.rows, monitored.row_commitment
            );
            return refuse(place, text);
        }
    }
    Ok(())
}

/// Checks a proof other than monitoring's.
///
/// Receipts and later outcomes are of the rows and the model of one of `monitoring`, whatever becomes of its own proof; changes
/// of outcomes are between these and those of the cohort among `beside` that is of the same period.
pub(crate) fn check_stage(
    stage: &ClaimedStage,
    monitoring: &[ClaimedProof],
    beside: &[ClaimedStage],
    plan: &Plan,
    policy: &Policy,
    keys: &KeyStore,
) -> Checked<VerifiedStage> {
    match &stage.statement {
        StageStatement::Receipts(statement) => {
            let mut checked = Checked::unreached();
            checked.outcome = (|| {
                accepted(&statement.header, stage.system, policy)?;
                let transition = receipts::replay(statement, plan).map_err(|error| receipts_refusal(&error))?;
                checked.transition = Some(transition);
                same_rows(statement, monitored(&statement.header, monitoring)?)?;
                let key = key(statement.header.circuit, keys)?;
                checked.key = Some(Arc::clone(&key));
                check_transition(&key, &transition, &stage.bytes)?;
                Ok(VerifiedStage::Receipts(Box::new(VerifiedReceipts { statement: (**statement).clone() })))
            })();
            checked
        }
        StageStatement::OfflineMetrics(statement) => {
            let whole = (0..statement.batches.len(), stage.bytes.as_slice());
            let Checked { outcome, key, transition, links, segments } =
                check_cohort(0, statement, stage.system, &[whole], plan, policy, keys);
            let outcome = outcome.map(|evidence| VerifiedStage::OfflineMetrics(Box::new(evidence)));
            Checked { outcome, key, transition, links, segments }
        }
        StageStatement::MaturedCohort(statement) => {
            let first = monitored(&statement.header, monitoring).and_then(|monitored| {
                matured::same_cohort(statement, monitored)?;
                Ok(monitored.batches.first().map_or(0, |batch| batch.index))
            });
            let first = match first {
                Ok(first) => first,
                Err(refusal) => return Checked::refused(refusal),
            };
            let whole = (0..statement.batches.len(), stage.bytes.as_slice());
            let Checked { outcome, key, transition, links, segments } =
                check_cohort(first, statement, stage.system, &[whole], plan, policy, keys);
            let outcome = outcome.map(|evidence| VerifiedStage::MaturedCohort(Box::new(evidence)));
            Checked { outcome, key, transition, links, segments }
        }
        StageStatement::OutcomeRevision(statement) => match monitored(&statement.header, monitoring) {
            Ok(monitored) => {
                let matured = matured::cohort_of(&statement.header, beside);
                matured::check_revision(stage, statement, monitored, matured, plan, policy, keys)
            }
            Err(refusal) => Checked::refused(refusal),
        },
        StageStatement::Training(statement) => {
            let mut checked = Checked::unreached();
            checked.outcome = (|| {
                accepted(&statement.header, stage.system, policy)?;
                let transition = training::replay(statement, plan).map_err(|error| training_refusal(&error))?;
                settle(&mut checked, statement.header.circuit, transition, &stage.bytes, keys)?;
                Ok(VerifiedStage::Training(Box::new(VerifiedTraining { statement: (**statement).clone() })))
            })();
            checked
        }
        StageStatement::Preparation(statement) => {
            let mut checked = Checked::unreached();
            checked.outcome = (|| {
                accepted(&statement.header, stage.system, policy)?;
                let transition = preparation::replay(statement, plan).map_err(|error| preparation_refusal(&error))?;
                // The circuit prepares by any rules. Those of a plan prepare what it measures.
                let rules = statement.preparation.check_against(plan).map_err(PreparationReplayError::from);
                rules.map_err(|error| preparation_refusal(&error))?;
                settle(&mut checked, statement.header.circuit, transition, &stage.bytes, keys)?;
                Ok(VerifiedStage::Preparation(Box::new(VerifiedPreparation { statement: (**statement).clone() })))
            })();
            checked
        }
    }
}

/// Checks proof bytes as a proof of exactly this transition.
fn check_transition(key: &VerifierKey, transition: &Transition, bytes: &[u8]) -> Result<(), Refusal> {
    let Transition { z0, zn, steps, names } = transition;
    let reached = verify_proof(key, z0, *steps, bytes).map_err(|error| proof_refusal(&error))?;
    if reached == *zn {
        return Ok(());
    }
    let differing: Vec<String> = names
        .iter()
        .zip(reached.0.iter().zip(&zn.0))
        .filter(|(_, (reached, stated))| reached != stated)
        .map(|(name, (reached, stated))| format!("{name} (proven {reached}, stated {stated})"))
        .collect();
    let text = format!("the proof is about other values than the statement's: its last state differs in {}", differing.join(", "));
    Err(refusal(ProofState::Rejected, "final-state-differs", "", text))
}

#[cfg(test)]
pub(crate) mod tests;
