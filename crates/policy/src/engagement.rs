//! What does the auditor of this audit expect, and where is the expectation from?

use schemars::JsonSchema;
use serde::Deserialize;
use verifold_model::{
    calendar::Slot,
    deposited::Deposited,
    digest::{Commitment, Digest},
    instant::Instant,
    plan::Calendar,
    statement::Period,
};

use crate::{
    engagement_file,
    notice::{Lint, ReadError},
    policy::Pin,
    signers::TrustedSigner,
};

/// An engagement, free of contradictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    /// Identifier the auditor gave it.
    pub id: String,
    /// Title.
    pub title: String,
    /// Who audits.
    pub auditor: String,
    /// Whose system.
    pub subject: SubjectPins,
    /// Period covered.
    pub period: Option<Stated<Period>>,
    /// Commitments of the models that may have scored.
    pub models: Vec<Stated<Commitment>>,
    /// Digest of the measurement plan.
    pub plan: Option<Stated<Digest>>,
    /// Chain head of the package before.
    pub previous_chain_head: Option<Stated<Commitment>>,
    /// Batches expected.
    pub calendar: Option<Stated<ExpectedCalendar>>,
    /// Totals per batch from an independent source.
    pub controls: Option<Stated<Vec<ControlTotal>>>,
    /// Distinct providers that must have signed the package, as this engagement demands; 0 if it says nothing.
    pub origin_threshold: u32,
    /// Signers trusted in this audit; those "taken from the package" are not among them.
    pub signers: Vec<TrustedSigner>,
    /// Time-stamp authorities whose tokens count in this audit.
    pub timestamp_authorities: Vec<PinnedKey>,
    /// Keys that sign model files.
    pub model_signers: Vec<PinnedKey>,
    /// Days after its end until which a batch must have been anchored, if this engagement demands it.
    pub anchored_within_days: Option<u32>,
    /// What must have been laid down before the period began, as this engagement demands.
    pub deposited: Vec<Deposited>,
    /// Periods that earlier packages of the same system covered.
    pub earlier: Vec<Stated<Period>>,
    /// The word that no package of the same system came before; never beside one in `earlier` or a previous chain head.
    pub first_package: Option<Stated<()>>,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
}

/// The parts of a subject an engagement can pin, each for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectPins {
    /// Legal name.
    pub name: Option<Stated<String>>,
    /// Legal Entity Identifier.
    pub lei: Option<Stated<String>>,
    /// System in the party's inventory.
    pub system: Option<Stated<String>>,
    /// Model in the party's model inventory.
    pub model: Option<Stated<String>>,
}

/// A key or certificate of somebody whose word counts, known by its digest: it stands elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedKey {
    /// Whose it is.
    pub name: String,
    /// SHA-256 of it in DER: of a time-stamp authority's certificate, of a model signer's public key.
    pub digest: Digest,
    /// Where the auditor has it from; may be empty.
    pub origin: String,
}

/// Whether a value was fixed by the auditor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Status {
    /// The auditor stands behind it.
    #[default]
    #[serde(rename = "confirmed")]
    Confirmed,
    /// Drafted from the package: pins nothing.
    #[serde(rename = "taken from the package")]
    TakenFromPackage,
}

/// A value with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// Where the auditor has it from; may be empty.
    pub origin: String,
    /// Whether the auditor confirmed it.
    pub status: Status,
}

impl<T> Stated<T> {
    /// The value, if it pins.
    pub fn pinned(&self) -> Option<&T> {
        (self.status == Status::Confirmed).then_some(&self.value)
    }
}

/// Batches expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedCalendar {
    /// How they are cut.
    pub kind: Calendar,
    /// Each of them, in order.
    pub slots: Vec<Slot>,
}

/// Totals of one batch from an independent source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotal {
    /// Start of the batch.
    pub start: Instant,
    /// Rows committed.
    pub rows: Option<u64>,
    /// Rows scored.
    pub scored: Option<u64>,
    /// Rows logged as approved.
    pub approved: Option<u64>,
}

impl Engagement {
    /// Reads an engagement, refusing it for any error.
    ///
    /// # Errors
    /// Every error with line and column.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        Self::lint(text).into_result("engagement")
    }

    /// Reads an engagement with every error and warning there is to say about it.
    pub fn lint(text: &str) -> Lint<Self> {
        engagement_file::lint(text)
    }

    /// Whether a confirmed value exists; a subject needs its name or LEI, and its system, and no listed earlier package may be
    /// unconfirmed.
    pub fn pins(&self, pin: Pin) -> bool {
        fn confirmed<T>(stated: Option<&Stated<T>>) -> bool {
            stated.is_some_and(|stated| stated.pinned().is_some())
        }
        match pin {
            Pin::Subject => {
                let subject = &self.subject;
                (confirmed(subject.lei.as_ref()) || confirmed(subject.name.as_ref())) && confirmed(subject.system.as_ref())
            }
            Pin::Period => confirmed(self.period.as_ref()),
            Pin::Model => self.models.iter().any(|model| model.pinned().is_some()),
            Pin::Plan => confirmed(self.plan.as_ref()),
            Pin::Calendar => confirmed(self.calendar.as_ref()),
            Pin::ControlTotals => confirmed(self.controls.as_ref()),
            // Nothing came before a first package, which is as definite.
            Pin::PreviousChainHead => confirmed(self.previous_chain_head.as_ref()) || confirmed(self.first_package.as_ref()),
            Pin::EarlierPackages if self.earlier.is_empty() => confirmed(self.first_package.as_ref()),
            Pin::EarlierPackages => self.earlier.iter().all(|earlier| earlier.pinned().is_some()),
        }
    }

    /// Batches the auditor expects; empty unless a calendar is confirmed.
    pub fn expected_slots(&self) -> &[Slot] {
        self.calendar.as_ref().and_then(Stated::pinned).map_or(&[], |calendar| &calendar.slots)
    }

    /// The confirmed control total of the batch that starts at `start`.
    pub fn control(&self, start: Instant) -> Option<&ControlTotal> {
        self.controls.as_ref().and_then(Stated::pinned)?.iter().find(|control| control.start == start)
    }
}
