//! What a monitoring proof states, as the package writes it down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cohort::{BatchRole, BatchStatement, BatchTable, Outcome},
    digest::{Commitment, Digest},
    instant::Instant,
    plan::Plan,
    preparation::PreparationStatement,
    receipts::ReceiptsStatement,
    revision::RevisionStatement,
    shape::{CircuitFamily, CircuitId},
    state::Stage,
    training::TrainingStatement,
};

/// Statement kinds with their version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum StatementKind {
    /// Scored cohorts counted batch by batch over a period, under one model.
    #[serde(rename = "monitoring/v1")]
    MonitoringV1,
    /// One opening for each row of batches that a monitoring proof committed to.
    #[serde(rename = "receipts/v1")]
    ReceiptsV1,
    /// The batches of a monitoring statement counted once more, under outcomes that became known later.
    #[serde(rename = "matured-cohort/v1")]
    MaturedCohortV1,
    /// How many rows of monitored batches went from which outcome to which between monitoring and the matured cohort.
    #[serde(rename = "outcome-revision/v1")]
    OutcomeRevisionV1,
    /// A model's integers out of cyclic minibatch descent over committed rows.
    #[serde(rename = "training/v1")]
    TrainingV1,
    /// Raw development rows prepared by public rules, with a profile of them, in a training and a test part.
    #[serde(rename = "preparation/v1")]
    PreparationV1,
    /// A scored cohort under one model: training rows, as reference, then test rows.
    #[serde(rename = "offline-metrics/v2")]
    OfflineMetricsV2,
}

impl StatementKind {
    /// Every kind, in the order packages have them: by life cycle, and what is about monitored batches before monitoring.
    pub const ALL: [Self; 7] = [
        Self::PreparationV1,
        Self::TrainingV1,
        Self::OfflineMetricsV2,
        Self::ReceiptsV1,
        Self::MaturedCohortV1,
        Self::OutcomeRevisionV1,
        Self::MonitoringV1,
    ];

    /// As written in packages and policies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MonitoringV1 => "monitoring/v1",
            Self::ReceiptsV1 => "receipts/v1",
            Self::MaturedCohortV1 => "matured-cohort/v1",
            Self::OutcomeRevisionV1 => "outcome-revision/v1",
            Self::TrainingV1 => "training/v1",
            Self::PreparationV1 => "preparation/v1",
            Self::OfflineMetricsV2 => "offline-metrics/v2",
        }
    }

    /// As read on screen; whatever title a package gives its proof is its own word.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MonitoringV1 => "Online monitoring",
            Self::ReceiptsV1 => "Receipts",
            Self::MaturedCohortV1 => "Matured cohort",
            Self::OutcomeRevisionV1 => "Changed outcomes",
            Self::TrainingV1 => "Training",
            Self::PreparationV1 => "Preparation of development rows",
            Self::OfflineMetricsV2 => "Offline metrics",
        }
    }

    /// Position in [`Self::ALL`]: proofs stand in this order in a package.
    pub const fn position(self) -> u8 {
        match self {
            Self::PreparationV1 => 0,
            Self::TrainingV1 => 1,
            Self::OfflineMetricsV2 => 2,
            Self::ReceiptsV1 => 3,
            Self::MaturedCohortV1 => 4,
            Self::OutcomeRevisionV1 => 5,
            Self::MonitoringV1 => 6,
        }
    }

    /// Whether it is about outcomes that became known after monitoring: a package may hold one for each monitoring proof.
    pub const fn is_about_later_outcomes(self) -> bool {
        matches!(self, Self::MaturedCohortV1 | Self::OutcomeRevisionV1)
    }

    /// The life-cycle stage a proof of this kind belongs to.
    pub const fn stage(self) -> Stage {
        match self {
            Self::MonitoringV1 | Self::MaturedCohortV1 | Self::OutcomeRevisionV1 => Stage::Monitoring,
            Self::ReceiptsV1 => Stage::Inference,
            Self::PreparationV1 => Stage::Data,
            Self::TrainingV1 | Self::OfflineMetricsV2 => Stage::Training,
        }
    }

    /// The circuit families that prove statements of this kind; a proof of another family says nothing about them.
    pub const fn families(self) -> &'static [CircuitFamily] {
        match self {
            Self::MonitoringV1 | Self::OfflineMetricsV2 | Self::MaturedCohortV1 => {
                &[CircuitFamily::ScoredCohortV1, CircuitFamily::NeuralCohortV1]
            }
            Self::OutcomeRevisionV1 => &[CircuitFamily::OutcomeRevisionV1],
            Self::ReceiptsV1 => &[CircuitFamily::ReceiptsV1, CircuitFamily::NeuralReceiptsV1],
            Self::TrainingV1 => &[CircuitFamily::TrainingV1, CircuitFamily::NeuralTrainingV2],
            Self::PreparationV1 => &[CircuitFamily::PreparationV1],
        }
    }

    /// What a valid proof of this kind leaves open; printed wherever its results are.
    pub const fn does_not_show(self) -> &'static str {
        match self {
            Self::MonitoringV1 => {
                "That the committed rows are the real world's, that outcomes and groups were recorded truthfully, or that nothing was left out before commitment. \
                 That values keep to the plan's domain, or rows are void by its rules: a receipt or a drawn row shows that of one row. \
                 That the metrics or limits are the right ones, that the integer model equals the float model it came from, or that any law is complied with. \
                 Counts, bins, batch times and sizes are public; only rows and weights stay hidden."
            }
            Self::ReceiptsV1 => {
                "That a row is a real person's, or that its values, group and logged decision are true: whoever is given a receipt compares them with what they know. \
                 That everybody with a row has been given a receipt, or that nobody was left out before commitment. That the score was the reason for the decision. \
                 Receipts show scores beside the values scored: people who put enough of theirs together, of a scorecard as many as it has weights, can work the model out."
            }
            Self::MaturedCohortV1 => {
                "That the later outcomes are true, that they are all that were known when they were committed, or when that was. \
                 That outcomes still unknown will resemble those known: rows whose outcome comes late are often unlike the others. \
                 That the committed rows are the real world's, that the metrics or limits are the right ones, or that any law is complied with. \
                 Counts and bins are public under both outcomes; only rows and weights stay hidden."
            }
            Self::OutcomeRevisionV1 => {
                "That either outcome of a row is true, why it changed, or who changed it. That no outcome changed and changed back in between, \
                 or that no third stream of outcomes exists. Which rows changed: only how many of each batch did is public."
            }
            Self::PreparationV1 => {
                "That the raw rows are the real world's or all there were, that labels are true, or that the pseudonyms which order the rows were honestly formed. \
                 That the rules, the domain or the split into training and test rows were chosen well, or before anything was seen of the results. \
                 That raw columns of like name hold the same measurement everywhere. Profile counts, rules and sizes are public; only rows stay hidden."
            }
            Self::OfflineMetricsV2 => {
                "That the test rows resemble those the system will meet, that their labels are true, or that the test rows were never looked at while the model was chosen. \
                 That the model is as good as its values on training rows, to which it was fitted. \
                 That the metrics or limits are the right ones, or that the integer model equals the float model it came from. \
                 Counts, bins and the upper bits of the pseudonym at which test rows begin are public; only rows and weights stay hidden."
            }
            Self::TrainingV1 => {
                "That the committed rows are the real world's, that outcomes were recorded truthfully, or that nothing was left out before commitment. \
                 That seed, order, features or hyper-parameters were not tried many times and the most convenient kept, that rates were large \
                 enough to learn much, that the model is accurate or fair, that rows of later evaluations were not among those trained on, or that any law is complied with. \
                 Centres, rates, number of rows and steps are public; only rows and weights stay hidden."
            }
        }
    }
}

/// Whose system is audited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Legal name of the audited party.
    pub name: String,
    /// Legal Entity Identifier (ISO 17442), 20 characters.
    pub lei: String,
    /// Identifier of the system in the party's own inventory.
    pub system: String,
    /// Identifier of the model in the party's model inventory.
    pub model: String,
}

/// A span of time, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First second inside.
    pub start: Instant,
    /// First second after.
    pub end: Instant,
}

impl Period {
    /// As people read it: first and last day.
    pub fn text(self) -> String {
        let last = Instant::from_unix_secs(self.end.unix_secs().saturating_sub(1)).unwrap_or(self.end);
        format!("{} – {}", self.start.date_text(), last.date_text())
    }
}

/// What the header element of the proof's state is a digest of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Kind and version of the statement.
    pub statement: StatementKind,
    /// Circuit and shape.
    pub circuit: CircuitId,
    /// Whose system.
    pub subject: Subject,
    /// What the package covers; the reference may lie before it.
    pub period: Period,
    /// Chain head of the package before this one, for continuity; absent for the first.
    pub previous_chain_head: Option<Commitment>,
}

impl Header {
    /// SHA-256 of the canonical JSON; its lower 250 bits are the header element.
    pub fn digest(&self) -> Digest {
        Digest::of_canonical(self)
    }
}

/// Everything public about one monitoring proof. Claimed until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitoringStatement {
    /// Subject, period, circuit.
    pub header: Header,
    /// Commitment to the plan.
    pub plan_commitment: Commitment,
    /// Commitment to the model that scored every row.
    pub model_commitment: Commitment,
    /// Folding steps.
    pub steps: u64,
    /// Value of the chain after the last batch.
    pub chain_head: Commitment,
    /// Batches in order; the reference first.
    pub batches: Vec<BatchStatement>,
}

/// What a proof other than the monitoring proof states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum StageStatement {
    /// Raw rows prepared: `preparation/v1`.
    Preparation(Box<PreparationStatement>),
    /// A model trained on prepared rows: `training/v1`, whose circuit is `neural-training/v2` for a network.
    Training(Box<TrainingStatement>),
    /// Training rows and test rows counted under a model: `offline-metrics/v2`.
    OfflineMetrics(Box<MonitoringStatement>),
    /// One opening for each row of monitored batches: `receipts/v1`.
    Receipts(Box<ReceiptsStatement>),
    /// Monitored batches under later outcomes: `matured-cohort/v1`.
    MaturedCohort(Box<MonitoringStatement>),
    /// Outcomes of monitored rows compared: `outcome-revision/v1`.
    OutcomeRevision(Box<RevisionStatement>),
}

impl StageStatement {
    /// Kind and version.
    pub const fn kind(&self) -> StatementKind {
        match self {
            Self::Preparation(_) => StatementKind::PreparationV1,
            Self::Training(_) => StatementKind::TrainingV1,
            Self::OfflineMetrics(_) => StatementKind::OfflineMetricsV2,
            Self::Receipts(_) => StatementKind::ReceiptsV1,
            Self::MaturedCohort(_) => StatementKind::MaturedCohortV1,
            Self::OutcomeRevision(_) => StatementKind::OutcomeRevisionV1,
        }
    }

    /// Subject, period, circuit.
    pub fn header(&self) -> &Header {
        match self {
            Self::Preparation(statement) => &statement.header,
            Self::Training(statement) => &statement.header,
            Self::OfflineMetrics(statement) => &statement.header,
            Self::Receipts(statement) => &statement.header,
            Self::MaturedCohort(statement) => &statement.header,
            Self::OutcomeRevision(statement) => &statement.header,
        }
    }

    /// Folding steps.
    pub fn steps(&self) -> u64 {
        match self {
            Self::Preparation(statement) => statement.steps,
            Self::Training(statement) => statement.steps,
            Self::OfflineMetrics(statement) => statement.steps,
            Self::Receipts(statement) => statement.steps,
            Self::MaturedCohort(statement) => statement.steps,
            Self::OutcomeRevision(statement) => statement.steps,
        }
    }
}

impl MonitoringStatement {
    /// Index of the first batch: 0, or behind the batches that earlier proofs of the period closed.
    pub fn first_index(&self) -> u32 {
        self.batches.first().map_or(0, |batch| batch.index)
    }

    /// The table of the reference, if the first batch is one.
    pub fn reference(&self) -> Option<&BatchTable> {
        self.batches.first().filter(|batch| batch.role == BatchRole::Reference).map(|batch| &batch.table)
    }

    /// Monitored batches with good outcomes, and how many, of which not even the first row had matured at `known_by`.
    ///
    /// A bad outcome shows itself early, a good one not before the last of [`maturity_days`](crate::plan::OutcomeDefinition).
    pub fn early_outcomes(&self, plan: &Plan, known_by: Instant) -> impl Iterator<Item = (&BatchStatement, u64)> {
        const DAY_SECS: u64 = 86_400;
        let matures = u64::from(plan.outcome.maturity_days) * DAY_SECS;
        let early = move |batch: &&BatchStatement| {
            batch.role == BatchRole::Monitoring && batch.start.unix_secs().saturating_add(matures) > known_by.unix_secs()
        };
        self.batches.iter().filter(early).map(|batch| (batch, batch.table.of_outcome(Outcome::Good))).filter(|(_, good)| *good > 0)
    }

    /// A batch by its number in the package, in a statement that numbers its batches one after the other.
    pub fn batch(&self, index: u32) -> Option<&BatchStatement> {
        let at = usize::try_from(index.checked_sub(self.first_index())?).ok()?;
        self.batches.get(at).filter(|batch| batch.index == index)
    }

    /// Whether the roles of the batches are those of its kind: training rows as reference, then test rows in offline metrics; no
    /// test rows otherwise.
    pub fn roles_fit(&self) -> bool {
        match self.header.statement {
            StatementKind::OfflineMetricsV2 => {
                matches!(self.batches.as_slice(), [training, test] if training.role == BatchRole::Reference && test.role == BatchRole::Test)
            }
            _ => self.batches.iter().all(|batch| batch.role != BatchRole::Test),
        }
    }
}
