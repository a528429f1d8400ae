//! The audit record: the only serialised outcome. Screen, report, command line and exports are drawn from it.
//!
//! A record read back from disk is a claim again; whoever draws it must say so until the evidence
//! has been checked in the same run (see [`Standing`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    change::ModelChange,
    cohort::{BatchRole, BatchTable},
    decimal::Decimal,
    development::Development,
    digest::{Commitment, Digest},
    document::DocumentSignature,
    instant::Instant,
    lineage::Lineage,
    metric::{MetricKey, Unit, Value},
    plan::Plan,
    proof_system::{ProofSystem, Property, PropertyLine, Strength},
    revision::RevisionCounts,
    shape::CircuitId,
    state::{Exit, RungName, RungState, Severity, Stage, State},
    statement::{Period, StatementKind, Subject},
    tailoring::OverlaySummary,
    traceability::{Problem, Traceability},
};

/// Version of the record's structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecordSchema {
    /// First version.
    #[serde(rename = "audit-record/v1")]
    V1,
}

/// Why bytes are not an audit record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, or not of the record's structure.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A whole number that canonical JSON would round (RFC 8785, section 3.2.2.3), so that the record written again is another.
    #[error("a number in it is larger than 2^53, which none in a record is")]
    Number,
}

/// Everything one verification found.
///
/// The same policy, engagement, package and program give the same bytes, outside [`Volatile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// Version of this structure.
    pub schema: RecordSchema,
    /// Program and version that verified.
    pub program: String,
    /// The conclusion.
    pub headline: Headline,
    /// Exit code of the run.
    pub exit: Exit,
    /// The five rungs in order.
    pub ladder: Vec<Rung>,
    /// What was asked: the policy.
    pub policy: PolicySummary,
    /// Overlays that tailor the policy, in the order given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<OverlaySummary>,
    /// This audit's expectations, if an engagement was given.
    pub engagement: Option<EngagementSummary>,
    /// What was handed over.
    pub package: PackageSummary,
    /// Whose system, and whether that was pinned or taken from the package. Absent if the package could not be read.
    pub subject: Option<Sourced<Subject>>,
    /// Period covered.
    pub period: Option<Sourced<Period>>,
    /// Commitment to the model that scored; to the first, if it was changed.
    pub model: Option<Sourced<Commitment>>,
    /// Where another model took over, in time order; none if one model scored the whole period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_changes: Vec<ModelChange>,
    /// The measurement plan and who constrains what.
    pub plan: Option<PlanSummary>,
    /// Proofs in the package.
    pub proofs: Vec<ProofSummary>,
    /// The chain from raw rows to monitored batches: what is there, what is linked, what is broken.
    pub lineage: Lineage,
    /// The development data, as preparation and offline metrics count it; `None` without a preparation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<Development>,
    /// Traceability specifications in the package, claims of the provider, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traceability: Vec<TraceabilitySummary>,
    /// Batches in chain order, the reference of each model first; then expected ones that are missing, in calendar order by start.
    pub batches: Vec<BatchRecord>,
    /// Every metric the tables determine, batch by batch.
    pub series: Vec<Series>,
    /// Requirements in policy order.
    pub requirements: Vec<RequirementResult>,
    /// Counts per state.
    pub totals: Totals,
    /// What nothing in this audit shows.
    pub not_shown: Vec<String>,
    /// Differences to an earlier record, if one was given.
    pub comparison: Option<Comparison>,
    /// Everything that differs between two runs over the same inputs; absent in records kept for comparison.
    #[serde(default)]
    pub volatile: Volatile,
}

/// The conclusion: what, so what, what next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// State the headline is coloured with.
    pub state: State,
    /// The first rung that does not hold; absent when all hold or are not established.
    pub rung: Option<RungName>,
    /// The conclusion in one sentence, without a full stop.
    pub title: String,
    /// The consequence, one or two sentences.
    pub detail: String,
    /// What to do next, and who; empty if nothing.
    pub next: String,
}

/// One rung of the trust ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Which.
    pub name: RungName,
    /// Where it stands.
    pub state: RungState,
    /// One or two words: `Intact`, `Not established`, `1 rejected`.
    pub word: String,
    /// What was checked, in a few words with counts.
    pub detail: String,
    /// Every cause or check, one sentence each; the first is the headline's.
    pub findings: Vec<Finding>,
}

/// One thing a rung found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable identifier of the cause, for example `chain-differs`; the tables of tests and manual use it.
    pub cause: String,
    /// Whether it stands in the way of its rung.
    pub blocking: bool,
    /// What was found, with expected and actual values.
    pub text: String,
    /// Where: entry, batch, field; empty if the whole package.
    pub place: String,
}

/// Who fixed a value: the auditor, or the package itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The engagement pins it and it matched.
    Pinned,
    /// The engagement pins another value.
    Contradicted,
    /// Nothing pins it: shown dashed, "taken from the package".
    Package,
}

/// A value with who fixed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sourced<T> {
    /// The value in the package.
    pub value: T,
    /// Who fixed it.
    pub source: Source,
}

/// Whether a value is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// A proof checked in this run binds it.
    Proven,
    /// Read from the package; no valid proof binds it.
    Claimed,
    /// Expected, and nothing in the package speaks of it.
    Missing,
}

/// The policy in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicySummary {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// Version.
    pub version: String,
    /// Whether it is marked illustrative.
    pub illustrative: bool,
    /// SHA-256 of the policy file.
    pub digest: Digest,
    /// Signatures of the policy file at hand; none means not signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<DocumentSignature>,
    /// Counts below this are masked in the tables of PDF reports, which then do not carry their record; 0 masks nothing.
    pub min_cell: u32,
    /// Law and standards it draws on: title, version, in force from, reviewed on.
    pub sources: Vec<LegalSource>,
}

/// A law or standard a policy draws on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalSource {
    /// Short identifier that requirements cite.
    pub id: String,
    /// Title.
    pub title: String,
    /// Version or publication.
    pub version: String,
    /// Date from which it applies, `YYYY-MM-DD` or a phrase.
    pub in_force_from: String,
    /// Date on which the policy's author last looked, `YYYY-MM-DD`.
    pub reviewed_on: String,
}

/// The engagement in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngagementSummary {
    /// Identifier the auditor gave it.
    pub id: String,
    /// Title.
    pub title: String,
    /// SHA-256 of the engagement file.
    pub digest: Digest,
    /// Signatures of the engagement file at hand; none means not signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<DocumentSignature>,
    /// What it pins, with expected and found values.
    pub expectations: Vec<Expectation>,
    /// SHA-256 of each anchor at hand, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchors: Vec<Digest>,
    /// SHA-256 of each time-stamp token at hand, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Digest>,
    /// SHA-256 of each deposit at hand, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposits: Vec<Digest>,
    /// Batches its calendar expects.
    pub expected_batches: u32,
    /// Batches whose control totals it carries.
    pub control_totals: u32,
}

/// One expectation of the engagement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What: `subject.lei`, `model`, `plan`, `batch 2026-W23 rows`…
    pub what: String,
    /// Value the auditor expects.
    pub expected: String,
    /// Value in the package.
    pub found: String,
    /// Whether they agree.
    pub holds: bool,
    /// Where the auditor has it from.
    pub origin: String,
}

/// The package in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageSummary {
    /// File name without folders.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Program that wrote it, as claimed.
    pub written_by: String,
    /// Entries in order.
    pub entries: Vec<EntrySummary>,
}

/// One entry of the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntrySummary {
    /// Path inside the package.
    pub path: String,
    /// Media type.
    pub media_type: String,
    /// What it is for.
    pub role: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 computed here.
    pub digest: Digest,
}

/// The measurement plan and who constrains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSummary {
    /// The plan.
    pub plan: Plan,
    /// SHA-256 of its canonical JSON.
    pub digest: Digest,
    /// Its commitment in the proof's state.
    pub commitment: Commitment,
    /// Whether a proof binds it, and whether the engagement pins it.
    pub source: Source,
    /// Every choice, in plan order.
    pub choices: Vec<PlanChoice>,
}

/// One choice of the audited party about measuring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanChoice {
    /// Which: `score bins`, `scale`, `groups`…
    pub what: String,
    /// What was chosen, in words.
    pub chosen: String,
    /// Constraint of the policy in words; absent means chosen by the provider.
    pub constraint: Option<String>,
    /// Whether the constraint holds; true where there is none.
    pub holds: bool,
}

/// Where a proof stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProofState {
    /// Checked under a key derived here, and its final state equals the replayed one.
    Valid,
    /// Checked and refused.
    Rejected,
    /// The circuit or proof system is not one this program checks, or not one the policy accepts.
    NotCheckable,
    /// Not reached.
    NotReached,
}

impl ProofState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "Valid",
            Self::Rejected => "Rejected",
            Self::NotCheckable => "Unverifiable",
            Self::NotReached => "Not checked",
        }
    }
}

/// One proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofSummary {
    /// Identifier in the package.
    pub id: String,
    /// As read on screen.
    pub title: String,
    /// Where it stands.
    pub state: ProofState,
    /// Why, if not valid.
    pub reason: String,
    /// Life-cycle stage.
    pub stage: Stage,
    /// Kind of statement.
    pub statement: StatementKind,
    /// The statement in plain words with its values and units.
    pub plain_words: String,
    /// What a valid proof of this kind does not show.
    pub does_not_show: String,
    /// Circuit and shape.
    pub circuit: CircuitId,
    /// Proof system.
    pub system: ProofSystem,
    /// Its properties.
    pub properties: Vec<PropertyLine>,
    /// Properties the policy demands.
    pub demanded: Vec<Property>,
    /// How hard it is to prove a falsehood with it; absent in records of programs that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<Strength>,
    /// Bits of conjectured security the policy demands, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demanded_bits: Option<u32>,
    /// Digest of the public parameters derived here; absent if not derived.
    pub key_digest: Option<Digest>,
    /// Whether that digest equals the one pinned in the program; absent if none is pinned.
    pub key_pinned: Option<bool>,
    /// Constraints of one step, augmented circuit included.
    pub constraints: u64,
    /// Rows one step has room for.
    pub rows_per_step: u32,
    /// Folding steps stated.
    pub steps: u64,
    /// Bytes of the proof, of all its segments.
    pub proof_bytes: u64,
    /// Segments in chain order; empty if the proof is one piece.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentSummary>,
    /// First state, all elements.
    pub z0: Vec<Commitment>,
    /// Last state as replayed here, all elements.
    pub zn: Vec<Commitment>,
    /// Names of the state's elements.
    pub state_names: Vec<String>,
}

/// A piece of a proof, from the end of one batch to the end of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentSummary {
    /// Index of its first batch.
    pub first_batch: u32,
    /// Index of its last batch.
    pub last_batch: u32,
    /// Folding steps that its batches take.
    pub steps: u64,
    /// Bytes of its proof.
    pub proof_bytes: u64,
    /// Where it stands.
    pub state: ProofState,
}

/// A traceability specification and how it stands. What it says is claimed by the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceabilitySummary {
    /// The document.
    pub document: Traceability,
    /// SHA-256 of its entry.
    pub digest: Digest,
    /// Proofs of its stage, which it was compared with.
    pub proofs: Vec<String>,
    /// What a person has not filled in.
    pub gaps: Vec<Problem>,
    /// Where it is at odds with itself or with those proofs.
    pub contradictions: Vec<Problem>,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRecord {
    /// Position in the chain; absent for an expected batch that is missing.
    pub index: Option<u32>,
    /// Reference or monitoring.
    pub role: BatchRole,
    /// Running number among monitoring slots in calendar order, from 1; 0 for the reference.
    pub number: u32,
    /// As read on screen: `2026-W23`, `June 2026`, `reference`.
    pub label: String,
    /// First time, inclusive.
    pub start: Instant,
    /// First time after.
    pub end: Instant,
    /// Whether a proof binds it.
    pub standing: Standing,
    /// Commitment to the model that scored it; absent where one model scored the whole period, or the batch is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Commitment>,
    /// What is in it; absent if missing.
    pub content: Option<BatchContent>,
    /// Control totals of the engagement, expected against found.
    pub control: Vec<Expectation>,
}

/// The proven root over a batch's receipts: what `verifold receipt check` holds a receipt against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchReceipts {
    /// Root over one leaf for each row.
    pub root: Commitment,
    /// The proof that gives it, by its identifier in the package.
    pub proof: String,
}

/// The rows of a batch under outcomes that became known later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchMatured {
    /// Commitment to the later outcomes.
    pub outcome_commitment: Commitment,
    /// Scored rows with a known later outcome.
    pub known: u64,
    /// Those of them that are bad.
    pub bad: u64,
    /// The proof that counts them, by its identifier in the package.
    pub proof: String,
    /// Rows by earlier and later outcome; absent unless a proof checked in this run compares the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<BatchRevision>,
}

/// The rows of a batch by earlier and later outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRevision {
    /// Rows, void rows among those unknown in both.
    pub counts: RevisionCounts,
    /// The proof that counts them, by its identifier in the package.
    pub proof: String,
}

/// What is in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchContent {
    /// Rows committed.
    pub rows: u64,
    /// Rows scored.
    pub scored: u64,
    /// Rows void.
    pub void: u64,
    /// Outcomes known.
    pub known: u64,
    /// Rows logged as approved.
    pub logged_approvals: u64,
    /// Per group, in plan order.
    pub groups: Vec<GroupLine>,
    /// The table.
    pub table: BatchTable,
    /// Commitment to the row stream.
    pub row_commitment: Commitment,
    /// Commitment to the outcome stream.
    pub outcome_commitment: Commitment,
    /// Receipts of the batch; absent unless a proof checked in this run gives their root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<BatchReceipts>,
    /// The batch under later outcomes; absent unless a proof checked in this run counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matured: Option<BatchMatured>,
    /// The proof that is to bind it, by its identifier in the package; absent in records of programs that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// Commitment to the table.
    pub table_commitment: Commitment,
    /// Chain value after this batch, replayed here.
    pub chain: Commitment,
}

/// One group in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupLine {
    /// Name in the plan.
    pub name: String,
    /// Rows scored.
    pub scored: u64,
    /// Approved by the model.
    pub model_approved: u64,
    /// Logged as approved.
    pub logged_approved: u64,
    /// Known good outcomes.
    pub good: u64,
    /// Known good outcomes approved by the model.
    pub good_model_approved: u64,
    /// Known good outcomes logged as approved.
    pub good_logged_approved: u64,
    /// Known bad outcomes.
    pub bad: u64,
    /// Void rows.
    pub void: u64,
}

/// One metric over all batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Metric and parameters.
    pub key: MetricKey,
    /// As read on screen.
    pub title: String,
    /// How values are written.
    pub unit: Unit,
    /// One per monitoring batch that is not missing, in chain order.
    pub points: Vec<Point>,
    /// Over all monitoring batches together, where that is defined.
    pub overall: Option<Point>,
}

/// A metric in one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Position in the chain; absent for the overall value.
    pub batch: Option<u32>,
    /// The value; absent where undefined.
    pub value: Option<Value>,
    /// Rows it rests on.
    pub n: u64,
    /// Why it is undefined; empty if it is not.
    pub undefined: String,
}

/// A requirement with its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementResult {
    /// Identifier, for example `MO-1`.
    pub id: String,
    /// Short title.
    pub title: String,
    /// Row of the overview matrix, for example `Bias examination`.
    pub area: String,
    /// The requirement as one plain sentence, generated from its rule.
    pub sentence: String,
    /// Life-cycle stage.
    pub stage: Stage,
    /// Mandatory or advisory.
    pub severity: Severity,
    /// Audit assertion it serves: completeness, accuracy, cut-off, authorisation…
    pub assertion: String,
    /// The computed state.
    pub state: State,
    /// Satisfied, but beyond the warning level.
    pub watch: bool,
    /// Why it is in this state, one or two sentences.
    pub reason: String,
    /// Measured, as text in its unit; empty if nothing.
    pub actual: String,
    /// Limit with comparator, as text.
    pub limit: String,
    /// Room left (positive) or missing (negative), as signed text; empty if nothing.
    pub margin: String,
    /// Rows, groups or batches it rests on, as text.
    pub n: String,
    /// Metric looked at, if one is.
    pub metric: Option<MetricKey>,
    /// Limit as a number, for charts.
    pub limit_value: Option<Decimal>,
    /// Warning level as a number, for charts.
    pub warn_value: Option<Decimal>,
    /// Whether values above the limit miss it (`true`) or values below.
    pub limit_is_maximum: bool,
    /// Result per batch, where the scope is batch by batch.
    pub batches: Vec<BatchResult>,
    /// The rule with values filled in.
    pub why: WhyNode,
    /// Proofs it rests on.
    pub proofs: Vec<String>,
    /// Laws and standards with place, text ready to print.
    pub legal: Vec<String>,
    /// What its result does not show.
    pub does_not_show: String,
}

/// A requirement in one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchResult {
    /// Number of the batch among monitoring slots.
    pub number: u32,
    /// Its state.
    pub state: State,
    /// Satisfied, but beyond the warning level.
    pub watch: bool,
    /// Measured, as text.
    pub actual: String,
    /// Signed margin, as text.
    pub margin: String,
    /// Rows it rests on.
    pub n: u64,
    /// Reason, if not satisfied.
    pub reason: String,
}

/// A node of the rule, with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyNode {
    /// What is asked or measured.
    pub label: String,
    /// Aside in small type: a fraction, a closest batch; may be empty.
    pub note: String,
    /// State of this node; absent for a plain value.
    pub state: Option<State>,
    /// Measured, as text.
    pub actual: String,
    /// Limit, as text.
    pub threshold: String,
    /// Signed margin, as text.
    pub margin: String,
    /// The comparison in whole numbers, where there is one.
    pub integers: String,
    /// Parts.
    pub children: Vec<WhyNode>,
}

/// Requirements per state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// All requirements.
    pub requirements: u32,
    /// Satisfied.
    pub satisfied: u32,
    /// Of those, beyond the warning level.
    pub watch: u32,
    /// Violated.
    pub violated: u32,
    /// Rejected.
    pub rejected: u32,
    /// Unverifiable.
    pub unverifiable: u32,
    /// Uncovered.
    pub uncovered: u32,
    /// Not applicable.
    pub not_applicable: u32,
    /// Judgement open or determined not met.
    pub judgement: u32,
    /// Determined met.
    pub determined_met: u32,
    /// Mandatory requirements.
    pub mandatory: u32,
    /// Mandatory requirements settled.
    pub mandatory_settled: u32,
}

impl Totals {
    /// Counts the states of `requirements`.
    pub fn of(requirements: &[RequirementResult]) -> Self {
        let mut totals = Self::default();
        for result in requirements {
            totals.requirements += 1;
            totals.watch += u32::from(result.watch);
            let slot = match result.state {
                State::Satisfied => &mut totals.satisfied,
                State::Violated => &mut totals.violated,
                State::Rejected => &mut totals.rejected,
                State::Unverifiable => &mut totals.unverifiable,
                State::Uncovered => &mut totals.uncovered,
                State::NotApplicable => &mut totals.not_applicable,
                State::Judgement(crate::state::Judgement::Met) => &mut totals.determined_met,
                State::Judgement(_) => &mut totals.judgement,
            };
            *slot += 1;
            if result.severity == Severity::Mandatory {
                totals.mandatory += 1;
                totals.mandatory_settled += u32::from(result.state.is_settled());
            }
        }
        totals
    }

    /// Requirements settled: satisfied, not applicable, determined met.
    pub const fn settled(self) -> u32 {
        self.satisfied + self.not_applicable + self.determined_met
    }
}

/// Differences to an earlier record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// SHA-256 of the earlier record's file.
    pub against: Digest,
    /// Package digest in the earlier record.
    pub earlier_package: Digest,
    /// What else the two records are not both of: subject, period, policy, overlays, engagement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<Difference>,
    /// Requirements of which anything changed, that appeared or went.
    pub changes: Vec<Change>,
    /// Requirements whose state, value, n and demand are as before.
    pub unchanged: u32,
}

impl Comparison {
    /// What stands beside every comparison.
    pub const EARLIER: &'static str = "The earlier record was read from disk, and its evidence was not checked again.";
}

/// What one record is of, and what another is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// `subject`, `period`, `policy`, `overlays` or `engagement`.
    pub what: String,
    /// In the earlier record, as text.
    pub before: String,
    /// In this one, as text.
    pub after: String,
}

/// One requirement before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Identifier.
    pub requirement: String,
    /// `new`, `gone`, `demand changed`, or under the same demand `fixed`, `regressed` or `changed`.
    pub kind: String,
    /// State before, if it was there.
    pub before: Option<State>,
    /// State now, if it is there.
    pub after: Option<State>,
    /// Measured before: value, `watch` if beyond the warning level, n.
    pub before_actual: String,
    /// Measured now, likewise.
    pub after_actual: String,
    /// Demanded before: severity, limit, warning level, sentence; empty unless the demand changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before_demand: String,
    /// Demanded now, likewise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after_demand: String,
}

/// Everything that differs between two runs over the same inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volatile {
    /// When the run ended, if the shell knows.
    pub finished: Option<Instant>,
    /// Operating system and processor family.
    pub host: String,
    /// Worker threads.
    pub threads: u32,
    /// What the system could not take from the process that verified, each as a clause, as its host heard before the package was
    /// read; empty if isolation was whole, and in a record that no worker's host has seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub isolation_missing: Vec<String>,
    /// Phases in order.
    pub phases: Vec<Phase>,
}

/// How long one phase took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// `read`, `derive keys`, `check proof monitoring`, `replay chain`, `assess`…
    pub name: String,
    /// Elapsed, in microseconds.
    pub elapsed_micros: u64,
}

impl AuditRecord {
    /// The record without its volatile block: what two runs must agree on.
    pub fn without_volatile(&self) -> Self {
        Self { volatile: Volatile::default(), ..self.clone() }
    }

    /// Reads a record, in any layout.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: Self = crate::json::from_json(bytes)?;
        let again: Self = crate::json::from_json(&record.to_bytes())?;
        if again == record { Ok(record) } else { Err(RecordError::Number) }
    }

    /// Canonical JSON of the record, one line, ending in a newline.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = crate::digest::canonical_json(self);
        bytes.push(b'\n');
        bytes
    }
}
