//! What is said and known of a model that took another's place inside a period.
//!
//! That it happened follows from proofs: two of them, one behind the other, carry different model commitments. Why, and
//! with whose leave, is the provider's word: a [`ChangeRecord`] in the package.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::{Commitment, Digest},
    instant::Instant,
    record::{Source, Standing},
};

/// Printed wherever what a change record says is shown.
pub const CLAIMED: &str = "Claimed by the provider; no proof speaks of it";

/// Seconds by which a day begins earlier than in UTC where it begins first (UTC+14): a record gives no time zone.
const EARLIEST_DAY_SECS: u64 = 14 * 3_600;

/// Version of a change record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChangeSchema {
    /// First version.
    #[serde(rename = "change-record/v1")]
    V1,
}

/// Why a model was exchanged, as the provider says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    /// Version of this structure.
    pub schema: ChangeSchema,
    /// Commitment to the model that scored before.
    pub old_model: Commitment,
    /// Commitment to the model that scored from then on.
    pub new_model: Commitment,
    /// Why it was exchanged.
    pub reason: String,
    /// Who approved it: name, role.
    pub approver: String,
    /// When it was approved, `YYYY-MM-DD`.
    pub date: String,
    /// Where the provider keeps the decision: minutes, ticket, version of the model.
    pub reference: String,
}

/// A change record as people write it: the models may be left out where the program knows them.
///
/// The commitment to the new model is made while its first batches are proven, so that whoever approves before cannot name it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDraft {
    /// Version of this structure.
    pub schema: ChangeSchema,
    /// Commitment to the model that scored before, if it is to be held against the package.
    #[serde(default)]
    pub old_model: Option<Commitment>,
    /// Commitment to the model that scored from then on, likewise.
    #[serde(default)]
    pub new_model: Option<Commitment>,
    /// Why it was exchanged.
    pub reason: String,
    /// Who approved it: name, role.
    pub approver: String,
    /// When it was approved, `YYYY-MM-DD`.
    pub date: String,
    /// Where the provider keeps the decision: minutes, ticket, version of the model.
    pub reference: String,
}

impl ChangeDraft {
    /// The record of the change between these models.
    ///
    /// # Errors
    /// What in it names another model.
    pub fn complete(self, old: Commitment, new: Commitment) -> Result<ChangeRecord, String> {
        let Self { schema, old_model, new_model, reason, approver, date, reference } = self;
        let (old_model, new_model) = (old_model.unwrap_or(old), new_model.unwrap_or(new));
        let record = ChangeRecord { schema, old_model, new_model, reason, approver, date, reference };
        match record.contradiction(old, new) {
            None => Ok(record),
            Some(text) => Err(text),
        }
    }
}

impl ChangeRecord {
    /// Every text a person wrote, by field: name, text, whether it is one line.
    pub fn texts(&self) -> [(&'static str, &str, bool); 4] {
        [
            ("reason", &self.reason, false),
            ("approver", &self.approver, true),
            ("date", &self.date, true),
            ("reference", &self.reference, true),
        ]
    }

    /// The first field that is empty, or no date: its name, and what was expected.
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        if let Some((field, ..)) = self.texts().into_iter().find(|(_, text, _)| text.trim().is_empty()) {
            return Some((field, "a text"));
        }
        let is_date = format!("{}T00:00:00Z", self.date).parse::<Instant>().is_ok();
        (!is_date).then_some(("date", "a date such as 2026-07-13"))
    }

    /// Where the record is about another change than that between these models.
    pub fn contradiction(&self, old: Commitment, new: Commitment) -> Option<String> {
        let differs = |what: &str, said: Commitment, found: Commitment| {
            (said != found).then(|| format!("it names {said} as the {what} model, the proofs carry {found}"))
        };
        differs("old", self.old_model, old).or_else(|| differs("new", self.new_model, new))
    }
}

/// A change record in the package, and whether it is about the change it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecordSummary {
    /// The document: the provider's word.
    pub document: ChangeRecord,
    /// SHA-256 of its entry.
    pub digest: Digest,
    /// Where it names other models than the proofs carry; absent if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<String>,
}

/// One model took another's place inside the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelChange {
    /// From when on the new model scored.
    pub at: Instant,
    /// Number of the first batch under the new model, as batches are numbered in the record; 0 if it has none.
    pub batch: u32,
    /// Commitment to the model that scored before.
    pub old_model: Commitment,
    /// Commitment to the model that scored from then on.
    pub new_model: Commitment,
    /// The proof under the old model, by identifier.
    pub old_proof: String,
    /// The proof under the new model, by identifier.
    pub new_proof: String,
    /// Whether proofs checked in this run bind both.
    pub standing: Standing,
    /// Whether the engagement expects the new model.
    pub source: Source,
    /// What the provider says about it; absent if the package has no record of this change.
    pub record: Option<ChangeRecordSummary>,
}

impl ModelChange {
    /// The event in one clause, without a full stop: `the model changed on 13 Jul 2026, with batch 7: 3f2a… before, 9c11… from then on`.
    pub fn words(&self) -> String {
        let batch = if self.batch == 0 { String::new() } else { format!(", with batch {}", self.batch) };
        format!(
            "the model changed on {}{batch}: {} before, {} from then on",
            self.at.date_text(),
            self.old_model.short(),
            self.new_model.short()
        )
    }

    /// Whether its change record gives a day of approval that begins, wherever on Earth, after the new model did: nobody had
    /// approved it by then.
    pub fn approved_late(&self) -> bool {
        let day = |date: &str| format!("{date}T00:00:00Z").parse::<Instant>();
        let after = |approved: Instant| approved.unix_secs() > self.at.unix_secs() + EARLIEST_DAY_SECS;
        self.record.as_ref().is_some_and(|record| day(&record.document.date).is_ok_and(after))
    }

    /// What a change record says of it, or that there is none; without a full stop.
    pub fn record_words(&self) -> String {
        match &self.record {
            None => "no change record is in the package".to_owned(),
            Some(ChangeRecordSummary { contradiction: Some(text), .. }) => format!("its change record is about another change: {text}"),
            Some(ChangeRecordSummary { document, .. }) => format!(
                "change record, claimed by the provider: {} (approved by {}, {}{}; {})",
                document.reason.trim_end_matches('.'),
                document.approver,
                document.date,
                if self.approved_late() { ", after the change" } else { "" },
                document.reference
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(byte: u8) -> Commitment {
        Commitment::from_bytes([byte; 32])
    }

    fn record() -> ChangeRecord {
        ChangeRecord {
            schema: ChangeSchema::V1,
            old_model: model(1),
            new_model: model(2),
            reason: "Retrained on the year before.".to_owned(),
            approver: "J. Weiss, model risk".to_owned(),
            date: "2026-07-10".to_owned(),
            reference: "MRC minutes 14".to_owned(),
        }
    }

    #[test]
    fn a_record_names_one_change_and_no_other() {
        assert_eq!(record().contradiction(model(1), model(2)), None);
        assert!(record().contradiction(model(3), model(2)).unwrap().contains("as the old model"));
        assert!(record().contradiction(model(1), model(3)).unwrap().contains("as the new model"));
    }

    #[test]
    fn an_empty_field_or_a_day_that_is_none_is_named() {
        assert_eq!(record().problem(), None);
        assert_eq!(ChangeRecord { approver: " ".to_owned(), ..record() }.problem(), Some(("approver", "a text")));
        assert_eq!(ChangeRecord { date: "2026-02-30".to_owned(), ..record() }.problem(), Some(("date", "a date such as 2026-07-13")));
    }
}
