//! One verification from bytes to record.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use verifold_circuits::{CircuitFacts, VerifierKey, native::Link, pinned_digest};
use verifold_model::{
    cohort::{BatchRole, BatchStatement, Outcome},
    digest::Digest,
    format::{bytes, count, counted},
    instant::Instant,
    lineage::Lineage,
    plan::Plan,
    preparation::{PART_NAMES, PreparedPart},
    protocol::WorkPhase,
    record::{
        AuditRecord, BatchContent, BatchReceipts, BatchRecord, EngagementSummary, GroupLine, PackageSummary, Phase, PlanSummary, Point,
        PolicySummary, ProofState, ProofSummary, RecordSchema, Series, Source, Sourced, Standing, Totals, Volatile,
    },
    shape::CircuitId,
    state::{RungName, RungState},
    statement::{Header, MonitoringStatement, StageStatement},
    tailoring::OverlaySummary,
    training::TrainingStatement,
};
use verifold_package::{
    Checkpoint, ClaimedPackage, ClaimedProof, ClaimedStage, Deposit, DocumentEnvelope, EntryRole, Limits, PackageError,
};
use verifold_policy::{Engagement, Overlay, Policy, Requirement, TrustedSigner};

use crate::{
    anchors::reconcile_anchors,
    assess::{Case, Staged, assess},
    compare::compare,
    deposits::reconcile_deposits,
    documents,
    evidence::{Checked, Refusal, VerifiedEvidence, VerifiedStage, check, check_stage},
    headline,
    keys::KeyStore,
    lineage::Chain,
    metrics::{keys, measure, total},
    origin::origin,
    scope::{Scope, control_lines, reconcile},
    traceability::summaries,
};

/// What the auditor has outside packages, each in any order.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Anchors: commitments to batches.
    pub anchors: Vec<Checkpoint>,
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
    let read = timed.run(WorkPhase::Read, "", || ClaimedPackage::read(inputs.package, &Limits::default()));
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
        plan: None,
        proofs: Vec::new(),
        lineage: Lineage::default(),
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
        file_name: inputs.file_name.to_owned(),
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
        proof: "",
        scope: &scope,
        traceability: &[],
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
        file_name: inputs.file_name.to_owned(),
        size: package.size,
        digest: package.digest,
        written_by: package.written_by.clone(),
        entries: package.entries.clone(),
    };
    let mut record = blank(inputs, overlays, summary);
    // The container has at least one proof; more than one monitoring proof in a package is not read yet.
    let Some((proof, others)) = package.proofs.split_first() else { return unreadable(inputs, record.overlays, &PackageError::NoProofs) };
    let plan = &package.plan;
    let circuit = proof.statement.header.circuit;
    // A statement that names another shape than its plan is refused without the seconds a key of that shape would cost.
    let mut circuits = if circuit.shape == plan.shape { vec![circuit] } else { Vec::new() };
    circuits.extend(
        package.stages.iter().map(|stage| stage.statement.header()).filter(|h| h.circuit.family == h.statement.family()).map(|h| h.circuit),
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
    let checked = timed.run(WorkPhase::CheckProofs, &proof.title, || check(proof, plan, inputs.policy, store));
    let stages: Vec<Checked<VerifiedStage>> = package
        .stages
        .iter()
        .map(|stage| timed.run(WorkPhase::CheckProofs, &stage.title, || check_stage(stage, &proof.statement, plan, inputs.policy, store)))
        .collect();
    let scope = timed.run(WorkPhase::Replay, "", || {
        let mut scope = reconcile(inputs.policy, inputs.engagement, &proof.statement, plan);
        reconcile_anchors(&mut scope, inputs.policy, inputs.engagement, &inputs.received.anchors, &proof.statement, plan);
        reconcile_deposits(&mut scope, inputs.policy, inputs.engagement, &inputs.received.deposits, &proof.statement, plan);
        scope.findings.extend(documents::findings(&record));
        scope
    });

    timed.run(WorkPhase::Assess, "", || {
        fill(&mut record, inputs, package, &checked, &stages, &scope);
        record.proofs.extend(others.iter().map(|other| unread_proof(other, inputs.policy)));
        let origin = origin(inputs.policy, inputs.engagement, package);
        record.ladder = headline::ladder(inputs, &record, origin, &checked, &stages, &scope, others.len());
        record.not_shown = not_shown(&record);
    });
    record
}

/// A further proof, which this program does not combine with the first.
fn unread_proof(proof: &ClaimedProof, policy: &Policy) -> ProofSummary {
    let reason = "this program reads one monitoring proof from a package; values of further ones are not used".to_owned();
    ProofSummary { state: ProofState::NotCheckable, reason, ..proof_summary(proof, None, policy) }
}

fn fill(
    record: &mut AuditRecord,
    inputs: &Inputs<'_>,
    package: &ClaimedPackage,
    checked: &Checked,
    stages: &[Checked<VerifiedStage>],
    scope: &Scope,
) {
    let Some(proof) = package.proofs.first() else { return };
    let statement = &proof.statement;
    let plan = &package.plan;
    let evidence = checked.outcome.as_ref().ok();
    record.subject = scope.subject.map(|source| Sourced { value: statement.header.subject.clone(), source });
    record.period = scope.period.map(|source| Sourced { value: statement.header.period, source });
    record.model = scope.model.map(|source| Sourced { value: statement.model_commitment, source });
    if let Some(engagement) = &mut record.engagement {
        engagement.expectations.clone_from(&scope.expectations);
    }
    let reference = evidence.and_then(VerifiedEvidence::reference);
    record.plan = Some(PlanSummary {
        plan: plan.clone(),
        digest: plan.digest(),
        commitment: statement.plan_commitment,
        source: scope.plan.unwrap_or(Source::Package),
        choices: if plan.check().is_ok() { inputs.policy.plan_choices(plan, reference) } else { Vec::new() },
    });
    record.lineage = Chain::of(package, stages, checked).lineage();
    record.proofs = package.stages.iter().zip(stages).map(|(stage, checked)| stage_summary(stage, checked, inputs.policy)).collect();
    record.proofs.push(proof_summary(proof, Some(checked), inputs.policy));
    record.batches = batches(inputs, statement, plan, checked, scope);
    if evidence.is_some() {
        note_receipts(&mut record.batches, package, stages);
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
        record.series = series(evidence);
    }
    let staged: Vec<Staged<'_>> = package
        .stages
        .iter()
        .zip(stages)
        .map(|(stage, checked)| Staged { id: &stage.id, kind: stage.kind, outcome: checked.outcome.as_ref() })
        .collect();
    record.traceability = summaries(package);
    let case = Case {
        policy: inputs.policy,
        engagement: inputs.engagement,
        evidence: checked.outcome.as_ref(),
        stages: &staged,
        lineage: &record.lineage,
        proof: &proof.id,
        scope,
        traceability: &record.traceability,
        label: &label,
    };
    record.requirements = inputs.policy.requirements.iter().map(|requirement: &Requirement| assess(requirement, &case)).collect();
}

fn series(evidence: &VerifiedEvidence) -> Vec<Series> {
    let plan = evidence.plan();
    let reference = evidence.reference();
    let sum = total(plan, evidence.monitoring().map(|batch| &batch.table));
    let monitoring: Vec<&BatchStatement> = evidence.monitoring().collect();
    keys(plan)
        .into_par_iter()
        .map(|key| {
            let point = |batch: Option<u32>, table| {
                let found = measure(plan, table, reference, &key, 1);
                Point { batch, value: found.value, n: found.n, undefined: found.undefined }
            };
            Series {
                title: key.to_string(),
                unit: key.metric.definition().unit,
                points: monitoring.iter().map(|batch| point(Some(batch.index), &batch.table)).collect(),
                overall: sum.as_ref().map(|sum| point(None, sum)),
                key,
            }
        })
        .collect()
}

fn groups(plan: &Plan, batch: &BatchStatement) -> Vec<GroupLine> {
    let lines = plan.grouping.names.iter().enumerate().map(|(group, name)| {
        let sum = |wanted: &dyn Fn(usize, usize, bool) -> bool| -> u64 {
            batch
                .table
                .counts
                .iter()
                .enumerate()
                .filter_map(|(bin, groups)| groups.get(group).map(|cell| (bin, cell)))
                .flat_map(|(bin, cell)| {
                    cell.iter().enumerate().filter(move |(i, _)| wanted(bin, i / 2, i % 2 == 1)).map(|(_, n)| u64::from(*n))
                })
                .sum()
        };
        let good = Outcome::Good.code();
        GroupLine {
            name: name.clone(),
            scored: sum(&|_, _, _| true),
            model_approved: sum(&|bin, _, _| plan.scoring.approves(bin)),
            logged_approved: sum(&|_, _, logged| logged),
            good: sum(&|_, outcome, _| outcome == good),
            good_model_approved: sum(&|bin, outcome, _| outcome == good && plan.scoring.approves(bin)),
            good_logged_approved: sum(&|_, outcome, logged| outcome == good && logged),
            bad: sum(&|_, outcome, _| outcome == Outcome::Bad.code()),
            void: batch.table.void.get(group).map_or(0, |reasons| reasons.iter().map(|n| u64::from(*n)).sum()),
        }
    });
    lines.collect()
}

fn batches(inputs: &Inputs<'_>, statement: &MonitoringStatement, plan: &Plan, checked: &Checked, scope: &Scope) -> Vec<BatchRecord> {
    let standing = if checked.outcome.is_ok() { Standing::Proven } else { Standing::Claimed };
    // Numbers follow the calendar, so that a missing batch keeps its place.
    let mut starts: Vec<_> =
        statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring).map(|batch| batch.start).collect();
    starts.extend(scope.missing.iter().map(|slot| slot.start));
    starts.sort_unstable();
    starts.dedup();
    let number = |start| starts.binary_search(&start).map_or(0, |at| u32::try_from(at + 1).unwrap_or(u32::MAX));
    let mut records: Vec<BatchRecord> = statement
        .batches
        .iter()
        .zip(checked.links.iter().map(Some).chain(std::iter::repeat(None)))
        .map(|(batch, link)| BatchRecord {
            index: Some(batch.index),
            role: batch.role,
            number: if batch.role == BatchRole::Reference { 0 } else { number(batch.start) },
            label: match batch.role {
                BatchRole::Reference => "reference".to_owned(),
                BatchRole::Test => "test rows".to_owned(),
                BatchRole::Monitoring => verifold_model::calendar::label(plan.calendar, batch.start, batch.end),
            },
            start: batch.start,
            end: batch.end,
            standing,
            content: link.map(|link| content(plan, batch, *link)),
            control: inputs.engagement.map_or_else(Vec::new, |engagement| {
                if batch.role == BatchRole::Monitoring { control_lines(engagement, batch) } else { Vec::new() }
            }),
        })
        .collect();
    records.extend(scope.missing.iter().map(|slot| BatchRecord {
        index: None,
        role: BatchRole::Monitoring,
        number: number(slot.start),
        label: slot.label.clone(),
        start: slot.start,
        end: slot.end,
        standing: Standing::Missing,
        content: None,
        control: Vec::new(),
    }));
    // A missing batch stands where it would have stood; the reference, number 0, comes first.
    records.sort_by_key(|batch| batch.number);
    records
}

fn content(plan: &Plan, batch: &BatchStatement, link: Link) -> BatchContent {
    let table = &batch.table;
    BatchContent {
        rows: u64::from(batch.rows),
        scored: table.scored(),
        void: table.voided(),
        known: table.counts.iter().flatten().map(|cell| cell[2..].iter().map(|n| u64::from(*n)).sum::<u64>()).sum(),
        logged_approvals: table.logged_approvals(),
        groups: groups(plan, batch),
        table: table.clone(),
        row_commitment: batch.row_commitment,
        outcome_commitment: batch.outcome_commitment,
        receipts: None,
        table_commitment: link.table,
        chain: link.chain,
    }
}

/// Writes proven roots of receipts beside proven batches.
fn note_receipts(batches: &mut [BatchRecord], package: &ClaimedPackage, stages: &[Checked<VerifiedStage>]) {
    for (stage, checked) in package.stages.iter().zip(stages) {
        let Ok(VerifiedStage::Receipts(receipts)) = &checked.outcome else { continue };
        for proven in &receipts.statement().batches {
            let batch = batches.iter_mut().find(|batch| batch.index == Some(proven.index));
            if let Some(content) = batch.and_then(|batch| batch.content.as_mut()) {
                content.receipts = Some(BatchReceipts { root: proven.root, proof: stage.id.clone() });
            }
        }
    }
}

fn proof_summary(proof: &ClaimedProof, checked: Option<&Checked>, policy: &Policy) -> ProofSummary {
    let statement = &proof.statement;
    let rows: u64 = statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring).map(|batch| u64::from(batch.rows)).sum();
    let monitoring = statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring).count() as u64;
    let reference = statement.batches.iter().find(|batch| batch.role == BatchRole::Reference);
    let with_reference = reference.map_or_else(String::new, |batch| format!(" after a reference of {} rows", count(u64::from(batch.rows))));
    let plain_words = format!(
        "{} between {} form one unbroken chain of {} committed applications{with_reference}. The model behind one commitment scored every row that is not void. \
         For each batch, the disclosed table counts rows by score bin, outcome, group and logged decision, and void rows by reason.",
        counted(monitoring, "batch", "batches"),
        statement.header.period.text(),
        count(rows),
    );
    summary(proof, checked, policy, (&statement.header, statement.steps), plain_words)
}

/// A proof of a stage before monitoring.
fn stage_summary(stage: &ClaimedStage, checked: &Checked<VerifiedStage>, policy: &Policy) -> ProofSummary {
    let plain_words = match &stage.statement {
        StageStatement::Preparation(statement) => {
            let rows = |part: &PreparedPart| format!("{} ({} set aside)", count(u64::from(part.rows)), count(part.profile.dropped()));
            let parts: Vec<String> = PART_NAMES.iter().zip(&statement.parts).map(|(name, part)| format!("{} {name}", rows(part))).collect();
            format!(
                "Committed raw rows, none twice and in the order of their pseudonyms, became {}. Every row stands where it stood: each value was imputed, clipped \
                 and mapped by the stated rules, and a row was set aside if and only if a rule says so. Labels, rows set aside, and values outside \
                 each declared domain are counted.",
                parts.join(", then "),
            )
        }
        StageStatement::Training(statement) => {
            let TrainingStatement { spec, rows, steps, .. } = &**statement;
            format!(
                "The model behind the stated commitment came out of {} of minibatch descent over {} committed rows, in their committed order, {} \
                 minibatches in all: initial weights, learning rate, centres and decay are those of the public specification, and the integer weights \
                 are those that scored the cohorts of every proof with the same model commitment.",
                counted(u64::from(spec.epochs), "epoch", "epochs"),
                count(u64::from(*rows)),
                count(*steps),
            )
        }
        StageStatement::Receipts(statement) => {
            let rows = statement.batches.iter().map(|batch| u64::from(batch.rows)).sum();
            format!(
                "Each of {} committed rows of {} has one salted leaf that holds the row and its score under the monitored model, in row order. \
                 The roots over the leaves are public: whoever is given the opening of a leaf can check it by hashing.",
                count(rows),
                counted(statement.batches.len() as u64, "monitored batch", "monitored batches"),
            )
        }
        StageStatement::OfflineMetrics(statement) => {
            let rows = statement.batches.first().map_or(0, |batch| u64::from(batch.rows));
            format!(
                "The model behind one commitment scored every one of {} committed test rows that is not void. The disclosed table counts them by \
                 score bin, label, group and logged decision, and void rows by reason.",
                count(rows),
            )
        }
    };
    summary(stage, Some(checked), policy, (stage.statement.header(), stage.statement.steps()), plain_words)
}

fn summary<S, T>(
    proof: &ClaimedProof<S>,
    checked: Option<&Checked<T>>,
    policy: &Policy,
    (header, steps): (&Header, u64),
    plain_words: String,
) -> ProofSummary {
    let circuit = header.circuit;
    let facts = CircuitFacts::of(circuit);
    let key: Option<&Arc<VerifierKey>> = checked.and_then(|checked| checked.key.as_ref());
    let digest = key.map(|key| key.digest());
    let (state, reason) = match checked.map(|checked| &checked.outcome) {
        Some(Ok(_)) => (ProofState::Valid, String::new()),
        Some(Err(refusal)) => (refusal.state, refusal.text.clone()),
        None => (ProofState::NotReached, String::new()),
    };
    let transition = checked.and_then(|checked| checked.transition.as_ref());
    ProofSummary {
        id: proof.id.clone(),
        title: proof.title.clone(),
        state,
        reason,
        stage: proof.stage,
        statement: proof.kind,
        plain_words,
        does_not_show: proof.kind.does_not_show().to_owned(),
        circuit,
        system: proof.system,
        properties: proof.system.properties(),
        demanded: policy.properties.clone(),
        strength: Some(proof.system.strength()),
        demanded_bits: policy.security_bits_at_least,
        key_digest: digest.map(|digest| Digest::from_bytes(*digest.as_bytes())),
        key_pinned: digest.and_then(|digest| pinned_digest(circuit).map(|pinned| pinned == digest)),
        constraints: facts.as_ref().map_or(0, |facts| facts.constraints_per_step as u64),
        rows_per_step: facts.as_ref().map_or(0, |facts| u32::try_from(facts.rows_per_step).unwrap_or(u32::MAX)),
        steps,
        proof_bytes: proof.bytes.len() as u64,
        z0: transition.map_or_else(Vec::new, |t| t.z0.0.to_vec()),
        zn: transition.map_or_else(Vec::new, |t| t.zn.0.to_vec()),
        state_names: transition.map_or_else(Vec::new, |t| t.names.map(str::to_owned).to_vec()),
    }
}

/// Entries and their size, for the integrity rung; signatures have no digest to match.
pub(crate) fn entries_text(record: &AuditRecord) -> String {
    let signatures = record.package.entries.iter().filter(|entry| entry.role == EntryRole::Signature.name()).count();
    let digested = record.package.entries.len() - signatures;
    format!("{} match, {}", counted(digested as u64, "digest", "digests"), bytes(record.package.size))
}
