//! How do the stages of a life cycle hang together? Artefacts, and the links between the proofs that speak of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{digest::Commitment, record::Standing, state::Stage};

/// The chain from raw rows to monitored batches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// Everything the chain is about, in life-cycle order, whether it is there or not; later outcomes only where a proof speaks of them.
    pub artefacts: Vec<Artefact>,
    /// One for each [`LinkName`], in order; that of later outcomes only with these. Empty if the package could not be read.
    pub links: Vec<LineageLink>,
}

impl Lineage {
    /// How many links stand where, without a full stop: `5 of 6 links hold, 1 is broken`.
    pub fn summary(&self) -> String {
        let count = |state| self.links.iter().filter(|link| link.state == state).count();
        let all = self.links.len();
        if all == 0 {
            return "no link could be looked at".to_owned();
        }
        let mut text = format!("{} of {all} links hold", count(LinkState::Holds));
        for (state, words) in [(LinkState::Broken, "broken"), (LinkState::Claimed, "only claimed"), (LinkState::Missing, "not covered")] {
            match count(state) {
                0 => {}
                1 => text.push_str(&format!(", 1 is {words}")),
                n => text.push_str(&format!(", {n} are {words}")),
            }
        }
        text
    }
}

/// What a link goes from or to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArtefactKind {
    /// Raw development rows.
    RawRows,
    /// Prepared rows to train on.
    TrainingRows,
    /// Prepared rows to test on.
    TestRows,
    /// The trained model.
    Model,
    /// Counts of the test rows under a model.
    OfflineMetrics,
    /// Monitored batches.
    Batches,
    /// Monitored batches once more, under outcomes that became known later.
    LaterOutcomes,
}

impl ArtefactKind {
    /// As read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::RawRows => "Raw rows",
            Self::TrainingRows => "Training rows",
            Self::TestRows => "Test rows",
            Self::Model => "Trained model",
            Self::OfflineMetrics => "Offline metrics",
            Self::Batches => "Monitored batches",
            Self::LaterOutcomes => "Later outcomes",
        }
    }

    /// Life-cycle stage it belongs to.
    pub const fn stage(self) -> Stage {
        match self {
            Self::RawRows | Self::TrainingRows | Self::TestRows => Stage::Data,
            Self::Model | Self::OfflineMetrics => Stage::Training,
            Self::Batches | Self::LaterOutcomes => Stage::Monitoring,
        }
    }
}

/// One thing the chain is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Artefact {
    /// What it is.
    pub kind: ArtefactKind,
    /// Whether a proof checked in this run binds it.
    pub standing: Standing,
    /// The proof that makes it, by identifier; absent if missing.
    pub proof: Option<String>,
    /// Its commitment: rows, model, or head of the chain of batches; absent if missing.
    pub digest: Option<Commitment>,
    /// Sizes, in a few words; empty if missing.
    pub detail: String,
}

/// The links of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkName {
    /// Training rows are raw rows, prepared.
    PreparedTraining,
    /// Test rows are raw rows, prepared.
    PreparedTest,
    /// The model was trained on the prepared training rows.
    TrainedOnPrepared,
    /// Offline metrics count the prepared test rows, beside the prepared training rows.
    MeasuredOnPrepared,
    /// Offline metrics are those of the trained model.
    MeasuredTrained,
    /// The monitored model is the trained one.
    MonitoredTrained,
    /// Later outcomes are of the monitored rows, under the monitored model.
    LaterOfMonitored,
}

impl LinkName {
    /// In life-cycle order.
    pub const ALL: [Self; 7] = [
        Self::PreparedTraining,
        Self::PreparedTest,
        Self::TrainedOnPrepared,
        Self::MeasuredOnPrepared,
        Self::MeasuredTrained,
        Self::MonitoredTrained,
        Self::LaterOfMonitored,
    ];

    /// Whether every chain has it: outcomes that became known later are no gap where a package does not have them.
    pub const fn is_of_every_chain(self) -> bool {
        !matches!(self, Self::LaterOfMonitored)
    }

    /// From what to what.
    pub const fn ends(self) -> (ArtefactKind, ArtefactKind) {
        match self {
            Self::PreparedTraining => (ArtefactKind::RawRows, ArtefactKind::TrainingRows),
            Self::PreparedTest => (ArtefactKind::RawRows, ArtefactKind::TestRows),
            Self::TrainedOnPrepared => (ArtefactKind::TrainingRows, ArtefactKind::Model),
            Self::MeasuredOnPrepared => (ArtefactKind::TestRows, ArtefactKind::OfflineMetrics),
            Self::MeasuredTrained => (ArtefactKind::Model, ArtefactKind::OfflineMetrics),
            Self::MonitoredTrained => (ArtefactKind::Model, ArtefactKind::Batches),
            Self::LaterOfMonitored => (ArtefactKind::Batches, ArtefactKind::LaterOutcomes),
        }
    }

    /// As read on screen: from what to what.
    pub fn title(self) -> String {
        let (earlier, later) = self.ends();
        format!("{} → {}", earlier.title(), later.title())
    }

    /// What the link says when it holds, without a full stop.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PreparedTraining => "The training rows are the committed raw rows, prepared by the stated rules",
            Self::PreparedTest => "The test rows are the committed raw rows that follow, prepared by the same rules",
            Self::TrainedOnPrepared => "The model was trained on exactly the prepared training rows",
            Self::MeasuredOnPrepared => "The offline metrics count exactly the prepared test rows, and beside them the training rows",
            Self::MeasuredTrained => "The offline metrics are those of the trained model",
            Self::MonitoredTrained => "The model that scored the monitored batches is the trained one",
            Self::LaterOfMonitored => "The later outcomes are those of the monitored rows, scored by the same model",
        }
    }
}

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Both ends are proven and carry the same commitments.
    Holds,
    /// Both ends carry the same commitments, but a proof that binds one of them is not valid.
    Claimed,
    /// The ends carry different commitments.
    Broken,
    /// An end is not in the package.
    Missing,
}

impl LinkState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "Linked",
            Self::Claimed => "Claimed",
            Self::Broken => "Broken",
            Self::Missing => "Not covered",
        }
    }
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineageLink {
    /// Which.
    pub name: LinkName,
    /// Where it stands.
    pub state: LinkState,
    /// Commitments compared: what, as the earlier stage has it, as the later one has it.
    pub compared: Vec<LinkedValue>,
    /// Proofs it rests on, by identifier.
    pub proofs: Vec<String>,
    /// What was found, in one sentence without a full stop.
    pub text: String,
}

/// One commitment at both ends of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkedValue {
    /// What it commits to: `rows`, `outcomes`, `later outcomes`, `model`.
    pub what: String,
    /// As the earlier stage states it.
    pub earlier: Commitment,
    /// As the later stage states it.
    pub later: Commitment,
}
