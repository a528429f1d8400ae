//! One verification from bytes to record.

use std::{collections::BTreeMap, time::Duration};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use verifold_circuits::CircuitFacts;
use verifold_model::{
    cohort::{BatchRole, BatchStatement},
    digest::Digest,
    format::{bytes, counted, printable},
    instant::Instant,
    lineage::Lineage,
    protocol::WorkPhase,
    record::{
        AuditRecord, EngagementSummary, PackageSummary, Phase, PlanSummary, PolicySummary, ProofState, RecordSchema, Source, Sourced,
        Totals, Volatile,
    },
    shape::CircuitId,
    state::{RungName, RungState},
    tailoring::OverlaySummary,
};
use verifold_package::{Checkpoint, ClaimedPackage, Deposit, DocumentEnvelope, EntryRole, PackageError, Token};
use verifold_policy::{Engagement, Overlay, Policy, Requirement, TrustedSigner};

use crate::{
    anchors::reconcile_anchors,
    assess::{Case, Staged, assess},
    compare::compare,
    deposits::reconcile_deposits,
    development::development,
    documents,
    evidence::{
        Checked, Refusal, VerifiedStage, check_stage,
        period::{VerifiedPeriod, check_all},
    },
    headline,
    keys::KeyStore,
    lineage::Chain,
    origin::origin,
    scope::{Scope, early_outcomes, reconcile, reconcile_own_period},
    traceability::summaries,
};

/// What the auditor has outside packages, each in any order.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Anchors: commitments to batches.
    pub anchors: Vec<Checkpoint>,
    /// Time-stamp tokens over anchors.
    pub tokens: Vec<Token>,
    /// Deposits: digests of what was laid down before the period.
    pub deposits: Vec<Deposit>,
    /// Signatures that are said to be of the policy.
    pub policy_signatures: Vec<DocumentEnvelope>,
    /// Signatures that are said to be of the engagement.
    pub engagement_signatures: Vec<DocumentEnvelope>,
    /// Overlays that tailor the policy, in this order, each with signatures that are said to be of it.
    pub overlays: Vec<(Overlay, Vec<DocumentEnvelope>)>,
    /// When the audit is reviewed, by the shell's clock: changes of overlays expire.
    pub reviewed_at: Option<Instant>,
    /// Keys the auditor trusts for documents by word of mouth, as on a command line.
    pub trusted: Vec<TrustedSigner>,
}

/// What one verification looks at.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What is demanded.
    pub policy: &'a Policy,
    /// What the auditor expects.
    pub engagement: Option<&'a Engagement>,
    /// What the auditor received beside the package, while it was made.
    pub received: &'a Received,
    /// What was handed over.
    pub package: &'a [u8],
    /// Name of the package's file, without folders.
    pub file_name: &'a str,
    /// An earlier record to compare with, and the digest of its file.
    pub against: Option<(&'a AuditRecord, Digest)>,
}

/// Where a shell follows a verification, and its clock.
pub trait Progress {
    /// A phase began, or got on.
    fn phase(&mut self, phase: WorkPhase, detail: &str, done: u32, total: u32);

    /// Time since the shell began; differences of it are recorded.
    fn elapsed(&self) -> Duration;
}

/// Phases with their durations.
struct Timed<'a> {
    progress: &'a mut dyn Progress,
    phases: Vec<Phase>,
}

impl Timed<'_> {
    fn run<T>(&mut self, phase: WorkPhase, detail: &str, work: impl FnOnce() -> T) -> T {
        self.progress.phase(phase, detail, 0, 0);
        let begun = self.progress.elapsed();
        let result = work();
        let micros = self.progress.elapsed().saturating_sub(begun).as_micros();
        let name = if detail.is_empty() { phase.words().to_owned() } else { format!("{}: {detail}", phase.words()) };
        self.phases.push(Phase { name, elapsed_micros: u64::try_from(micros).unwrap_or(u64::MAX) });
        result
    }
}

/// Verifies a package and assesses a policy on what is proven.
///
/// A bad package is a finding, not an error: the record says what failed, on which rung, and with which exit code.
/// The key of the one circuit a policy names is derived before the package is looked at; any other only after, as which
/// one is needed stands in the package.
pub fn verify(inputs: &Inputs<'_>, store: &KeyStore, progress: &mut dyn Progress) -> AuditRecord {
    let mut timed = Timed { progress, phases: Vec::new() };
    let (policy, overlays) = documents::tailored(inputs);
    let inputs = &Inputs { policy: &policy, ..*inputs };
    if let Some(circuit) = named_circuit(inputs.policy) {
        // A key that cannot be derived is reported where the proof needs it.
        let _ = timed.run(WorkPhase::DeriveKeys, &circuit.to_string(), || store.key(circuit).is_ok());
    }
    let read = timed.run(WorkPhase::Read, "", || ClaimedPackage::read(inputs.package, &inputs.policy.limits));
    let mut record = match read {
        Ok(package) => assess_package(inputs, overlays, &package, store, &mut timed),
        Err(error) => unreadable(inputs, overlays, &error),
    };
    record.totals = Totals::of(&record.requirements);
    headline::conclude(&mut record, inputs.policy);
    record.comparison = inputs.against.map(|(earlier, digest)| compare(earlier, digest, &record));
    record.volatile = Volatile {
        finished: None,
        host: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        threads: u32::try_from(rayon::current_num_threads()).unwrap_or(u32::MAX),
        isolation_missing: Vec::new(),
        phases: timed.phases,
    };
    record
}

/// The one circuit a policy names with a shape: its key is worth deriving before the package is read.
fn named_circuit(policy: &Policy) -> Option<CircuitId> {
    match policy.circuits.as_slice() {
        [accepted] => match accepted.shapes.as_slice() {
            [shape] => Some(CircuitId { family: accepted.family, shape: *shape }),
            _ => None,
        },
        _ => None,
    }
}

fn sorted(digests: impl Iterator<Item = Digest>) -> Vec<Digest> {
    let mut digests: Vec<Digest> = digests.collect();
    digests.sort_unstable();
    digests
}

fn blank(inputs: &Inputs<'_>, overlays: Vec<OverlaySummary>, package: PackageSummary) -> AuditRecord {
    AuditRecord {
        schema: RecordSchema::V1,
        program: format!("Verifold {}", env!("CARGO_PKG_VERSION")),
        headline: headline::none(),
        exit: verifold_model::state::Exit::Met,
        ladder: Vec::new(),
        policy: PolicySummary { signatures: documents::of_policy(inputs), ..inputs.policy.summary() },
        overlays,
        engagement: inputs.engagement.map(|engagement| EngagementSummary {
            id: engagement.id.clone(),
            title: engagement.title.clone(),
            digest: engagement.digest,
            signatures: documents::of_engagement(inputs, engagement),
            expectations: Vec::new(),
            anchors: sorted(inputs.received.anchors.iter().map(|anchor| anchor.digest)),
            tokens: sorted(inputs.received.tokens.iter().map(|token| token.digest)),
            deposits: sorted(inputs.received.deposits.iter().map(|deposit| deposit.digest)),
            expected_batches: u32::try_from(engagement.expected_slots().len()).unwrap_or(u32::MAX),
            control_totals: engagement
                .controls
                .as_ref()
                .and_then(|stated| stated.pinned())
                .map_or(0, |totals| u32::try_from(totals.len()).unwrap_or(u32::MAX)),
        }),
        package,
        subject: None,
        period: None,
        model: None,
        model_changes: Vec::new(),
        plan: None,
        proofs: Vec::new(),
        lineage: Lineage::default(),
        development: None,
        traceability: Vec::new(),
        batches: Vec::new(),
        series: Vec::new(),
        requirements: Vec::new(),
        totals: Totals::default(),
        not_shown: Vec::new(),
        comparison: None,
        volatile: Volatile::default(),
    }
}

fn not_shown(record: &AuditRecord) -> Vec<String> {
    let mut lines = vec![
        "That the committed rows are the real world's, that outcomes and groups were recorded truthfully, or that nothing was left out before commitment.".to_owned(),
        "That the metrics or limits are the right ones, that the integer model equals the float model it came from, or compliance with any law.".to_owned(),
        if record.ladder.iter().any(|rung| rung.name == RungName::Origin && rung.state == RungState::Holds) {
            "Who used the signer's key, or when: the time of signing is the signer's own word.".to_owned()
        } else {
            "Who handed it over: no trusted signature establishes its origin.".to_owned()
        },
        "More than rows and weights are hidden: counts, bins, batch times and sizes are public, and counts may identify people in small groups.".to_owned(),
    ];
    if record.engagement.is_none() {
        lines.push(
            "That this is the right system, model, plan or period, or that every batch is there: no engagement says what to expect."
                .to_owned(),
        );
    }
    if record.overlays.iter().flat_map(|overlay| &overlay.changes).any(|change| change.applied) {
        lines.push(
            "That the changes overlays make to the policy are right ones: each is its owner's choice, for the rationale given.".to_owned(),
        );
    }
    if record.policy.illustrative {
        lines.push("Anything about the law: the policy is illustrative and not legal advice.".to_owned());
    }
    lines
}

fn unreadable(inputs: &Inputs<'_>, overlays: Vec<OverlaySummary>, error: &PackageError) -> AuditRecord {
    let package = PackageSummary {
        file_name: printable(inputs.file_name),
        size: inputs.package.len() as u64,
        digest: Digest::of(inputs.package),
        written_by: String::new(),
        entries: Vec::new(),
    };
    let mut record = blank(inputs, overlays, package);
    record.exit = error.exit();
    let state = if error.exit() == verifold_model::state::Exit::Rejected { ProofState::Rejected } else { ProofState::NotCheckable };
    let text = error.to_string();
    let refusal = Refusal { state, cause: error.cause(), short: text.clone(), text, place: error.place().to_owned() };
    let scope = Scope::default();
    let case = Case {
        policy: inputs.policy,
        engagement: inputs.engagement,
        evidence: Err(&refusal),
        stages: &[],
        lineage: &Lineage::default(),
        proofs: &[],
        scope: &scope,
        traceability: &[],
        changes: &[],
        label: &|_| (0, String::new()),
    };
    record.requirements = inputs.policy.requirements.iter().map(|requirement| assess(requirement, &case)).collect();
    record.ladder = headline::ladder_unread(inputs.policy, error);
    record.not_shown = not_shown(&record);
    record
}

fn assess_package(
    inputs: &Inputs<'_>,
    overlays: Vec<OverlaySummary>,
    package: &ClaimedPackage,
    store: &KeyStore,
    timed: &mut Timed<'_>,
) -> AuditRecord {
    let summary = PackageSummary {
        file_name: printable(inputs.file_name),
        size: package.size,
        digest: package.digest,
        written_by: package.written_by.clone(),
        entries: package.entries.clone(),
    };
    let mut record = blank(inputs, overlays, summary);
    // The container has at least one proof.
    let Some(first) = package.proofs.first() else { return unreadable(inputs, record.overlays, &PackageError::NoProofs) };
    let plan = &package.plan;
    // A statement that names another shape than its plan is refused without the seconds a key of that shape would cost.
    let monitored = package.proofs.iter().map(|proof| proof.statement.header.circuit);
    let mut circuits: Vec<CircuitId> = monitored.filter(|circuit| circuit.shape == plan.shape).collect();
    circuits.extend(
        package
            .stages
            .iter()
            .map(|stage| stage.statement.header())
            .filter(|h| h.statement.families().contains(&h.circuit.family))
            .map(|h| h.circuit),
    );
    circuits.sort_unstable();
    circuits.dedup();
    let derived = named_circuit(inputs.policy);
    circuits.retain(|circuit| Some(*circuit) != derived && CircuitFacts::of(*circuit).is_some() && inputs.policy.accepts(*circuit));
    if !circuits.is_empty() {
        let names: Vec<String> = circuits.iter().map(ToString::to_string).collect();
        // The checks below say why, if there is no key.
        timed.run(WorkPhase::DeriveKeys, &names.join(", "), || circuits.par_iter().for_each(|circuit| drop(store.key(*circuit))));
    }
    let checked = check_all(&package.proofs, plan, inputs.policy, store, |proof, work| {
        timed.run(WorkPhase::CheckProofs, &proofs::title(&proof.statement.header, package.period), work)
    });
    let stages: Vec<Checked<VerifiedStage>> = package
        .stages
        .iter()
        .map(|stage| {
            timed.run(WorkPhase::CheckProofs, &proofs::title(stage.statement.header(), package.period), || {
                check_stage(stage, &package.proofs, &package.stages, plan, inputs.policy, store)
            })
        })
        .collect();
    let scope = timed.run(WorkPhase::Replay, "", || {
        let mut scope = reconcile(inputs.policy, inputs.engagement, package);
        let statements = package.proofs.iter().map(|proof| &proof.statement);
        reconcile_anchors(&mut scope, inputs.policy, inputs.engagement, inputs.received, statements, plan);
        reconcile_own_period(&mut scope, inputs.policy, inputs.engagement, package);
        early_outcomes(&mut scope, package, inputs.received.reviewed_at);
        reconcile_deposits(&mut scope, inputs.policy, inputs.engagement, &record.overlays, inputs.received, &first.statement, plan);
        scope.findings.extend(documents::findings(&record));
        scope.findings.extend(changes::findings(inputs.engagement, package));
        scope
    });

    timed.run(WorkPhase::Assess, "", || {
        fill(&mut record, inputs, package, &checked, &stages, &scope);
        let origin = origin(inputs.policy, inputs.engagement, package);
        record.ladder = headline::ladder(inputs, &record, origin, &checked, &stages, &scope);
        record.not_shown = not_shown(&record);
    });
    record
}

fn fill(
    record: &mut AuditRecord,
    inputs: &Inputs<'_>,
    package: &ClaimedPackage,
    checked: &[Checked],
    stages: &[Checked<VerifiedStage>],
    scope: &Scope,
) {
    let Some(proof) = package.proofs.first() else { return };
    let statement = &proof.statement;
    let plan = &package.plan;
    let period = VerifiedPeriod::of(checked);
    let evidence = period.as_ref().ok();
    record.subject = scope.subject.map(|source| Sourced { value: statement.header.subject.clone(), source });
    record.period = scope.period.map(|source| Sourced { value: package.period, source });
    record.model = scope.model.map(|source| Sourced { value: statement.model_commitment, source });
    if let Some(engagement) = &mut record.engagement {
        engagement.expectations.clone_from(&scope.expectations);
    }
    let reference = evidence.and_then(|period| period.first().reference());
    record.plan = Some(PlanSummary {
        plan: plan.clone(),
        digest: plan.digest(),
        commitment: statement.plan_commitment,
        source: scope.plan.unwrap_or(Source::Package),
        choices: if plan.check().is_ok() { inputs.policy.plan_choices(plan, reference) } else { Vec::new() },
    });
    record.lineage = Chain::of(package, stages, checked).lineage();
    record.development = development(package, stages, &record.lineage);
    record.proofs =
        package.stages.iter().zip(stages).map(|(stage, checked)| proofs::stage_summary(stage, package, checked, inputs.policy)).collect();
    record
        .proofs
        .extend(package.proofs.iter().zip(checked).map(|(proof, checked)| proofs::proof_summary(proof, package, checked, inputs.policy)));
    record.batches = batches::batches(inputs, package, checked, scope);
    record.model_changes = changes::changes(inputs.engagement, package, checked, &record.batches);
    if evidence.is_some() {
        batches::note_receipts(&mut record.batches, package, stages);
        batches::note_matured(&mut record.batches, package, stages);
    }
    let numbered: BTreeMap<u32, (u32, String)> =
        record.batches.iter().filter_map(|batch| batch.index.map(|index| (index, (batch.number, batch.label.clone())))).collect();
    let label = |batch: &BatchStatement| {
        if batch.role == BatchRole::Test {
            return (0, "test rows".to_owned());
        }
        numbered.get(&batch.index).map_or_else(|| (batch.index, String::new()), |(number, label)| (*number, label.clone()))
    };
    if let Some(evidence) = evidence {
        record.series = batches::series(evidence);
        record.series.extend(batches::matured_series(evidence, stages));
    }
    let staged: Vec<Staged<'_>> = package
        .stages
        .iter()
        .zip(stages)
        .map(|(stage, checked)| Staged { id: &stage.id, kind: stage.kind, system: stage.system, outcome: checked.outcome.as_ref() })
        .collect();
    record.traceability = summaries(package);
    let proofs: Vec<&str> = package.proofs.iter().map(|proof| proof.id.as_str()).collect();
    let case = Case {
        policy: inputs.policy,
        engagement: inputs.engagement,
        evidence: period.as_ref().map_err(|refusal| *refusal),
        stages: &staged,
        lineage: &record.lineage,
        proofs: &proofs,
        scope,
        traceability: &record.traceability,
        changes: &record.model_changes,
        label: &label,
    };
    record.requirements = inputs.policy.requirements.iter().map(|requirement: &Requirement| assess(requirement, &case)).collect();
}

/// Entries and their size, for the integrity rung; signatures have no digest to match.
pub(crate) fn entries_text(record: &AuditRecord) -> String {
    let signatures = record.package.entries.iter().filter(|entry| entry.role == EntryRole::Signature.name()).count();
    let digested = record.package.entries.len() - signatures;
    format!("{} match, {}", counted(digested as u64, "digest", "digests"), bytes(record.package.size))
}

mod batches;
mod changes;
mod proofs;
