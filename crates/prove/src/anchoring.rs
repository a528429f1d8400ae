//! How does a batch come to be anchored, and proven later as it was anchored?
//!
//! When a batch closes, [`AnchorLog::extend`] commits to its rows with a salt that the log keeps. Outcomes come later
//! and have a stream of their own, so the row commitment stays what it was. [`AnchorLog::apply`] gives the salts to
//! the prover, and refuses rows that have changed since. The log holds salts: it belongs with the secrets.

use serde::{Deserialize, Serialize};
use verifold_circuits::{BatchRows, RowStream, Salt};
use verifold_model::{
    cohort::BatchRole,
    digest::{Commitment, Digest},
    instant::Instant,
    plan::Plan,
};
use verifold_package::{AnchoredBatch, anchor::log_name};

use crate::{error::ProveError, monitoring::Prepared};

/// Version of the log's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnchorLogSchema {
    /// First version.
    #[serde(rename = "anchor-log/v1")]
    V1,
}

/// What has been anchored of one system and period. Holds secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorLog {
    /// Version of this structure.
    pub schema: AnchorLogSchema,
    /// Name of the log.
    pub name: String,
    /// Digest of the row schema the batches were committed under.
    pub row_schema: Digest,
    /// How many of the batches an anchor was written for; the next one announces the rest.
    pub announced: usize,
    /// Batches in order.
    pub batches: Vec<LoggedBatch>,
}

/// A batch of the log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedBatch {
    /// First time, inclusive.
    pub start: Instant,
    /// First time after.
    pub end: Instant,
    /// Salt of the row stream: a secret.
    pub row_salt: Commitment,
    /// Commitment to the row stream.
    pub row_commitment: Commitment,
}

impl AnchorLog {
    /// An empty log of what `prepared` is about.
    pub fn new(prepared: &Prepared) -> Self {
        Self {
            schema: AnchorLogSchema::V1,
            name: log_name(&prepared.header.subject, prepared.header.period),
            row_schema: prepared.plan.row_schema_digest(),
            announced: 0,
            batches: Vec::new(),
        }
    }

    /// The batches as a checkpoint announces them.
    pub fn anchored(&self) -> Vec<AnchoredBatch> {
        let batch = |b: &LoggedBatch| AnchoredBatch { start: b.start, end: b.end, row_commitment: b.row_commitment };
        self.batches.iter().map(batch).collect()
    }

    /// Adds every batch that ended at `through` or before and is not in the log yet; returns how many are to be announced.
    ///
    /// # Errors
    /// [`ProveError::Anchors`] if the log is of something else, or rows anchored earlier have changed.
    pub fn extend(&mut self, prepared: &mut Prepared, through: Instant) -> Result<usize, ProveError> {
        self.apply(prepared)?;
        self.add(&prepared.plan, &prepared.batches, through)
    }

    fn add(&mut self, plan: &Plan, batches: &[BatchRows], through: Instant) -> Result<usize, ProveError> {
        if self.announced > self.batches.len() {
            return Err(ProveError::Anchors { problem: "the log announces more batches than it holds".to_owned() });
        }
        let before = self.batches.len();
        let closed = batches.iter().filter(|batch| batch.role == BatchRole::Monitoring && batch.end <= through);
        for batch in closed.skip(before) {
            self.batches.push(LoggedBatch {
                start: batch.start,
                end: batch.end,
                row_salt: Commitment::from_bytes(*batch.row_salt.as_bytes()),
                row_commitment: commitment(plan, batch),
            });
        }
        Ok(self.batches.len() - self.announced)
    }

    /// Gives every batch of the log its salt, and checks that it is still the batch that was anchored.
    ///
    /// # Errors
    /// [`ProveError::Anchors`] names the batch that differs.
    pub fn apply(&self, prepared: &mut Prepared) -> Result<(), ProveError> {
        let refuse = |problem: String| Err(ProveError::Anchors { problem });
        let name = log_name(&prepared.header.subject, prepared.header.period);
        if self.name != name {
            return refuse(format!("the log is that of {}, the specification's is {name}", self.name));
        }
        self.salt(&prepared.plan, &mut prepared.batches)
    }

    fn salt(&self, plan: &Plan, batches: &mut [BatchRows]) -> Result<(), ProveError> {
        let refuse = |problem: String| Err(ProveError::Anchors { problem });
        if self.row_schema != plan.row_schema_digest() {
            return refuse("columns, their quantisation or groups have changed since the first anchor".to_owned());
        }
        let mut monitoring = batches.iter_mut().filter(|batch| batch.role == BatchRole::Monitoring);
        for logged in &self.batches {
            let Some(batch) = monitoring.next().filter(|batch| batch.start == logged.start && batch.end == logged.end) else {
                return refuse(format!("the batch from {} to {} was anchored and is not in the calendar now", logged.start, logged.end));
            };
            batch.row_salt = Salt::from_bytes(*logged.row_salt.as_bytes())
                .map_err(|_| ProveError::Anchors { problem: format!("the salt of the batch from {} is damaged", logged.start) })?;
            if commitment(plan, batch) != logged.row_commitment {
                return refuse(format!("the rows of the batch from {} to {} are not those that were anchored", logged.start, logged.end));
            }
        }
        Ok(())
    }
}

/// The row commitment a statement will have.
fn commitment(plan: &Plan, batch: &BatchRows) -> Commitment {
    let mut stream = RowStream::new(plan.shape, plan.row_schema_digest(), &batch.row_salt);
    batch.rows.iter().for_each(|row| stream.push(row));
    stream.commitment()
}

#[cfg(test)]
mod tests {
    use verifold_circuits::{RowKind, RowRecord};
    use verifold_model::{cohort::Outcome, shape::Shape};

    use super::*;
    use crate::synthetic;

    fn at(week: u64) -> Instant {
        Instant::from_unix_secs(946_857_600 + week * 7 * 86_400).unwrap()
    }

    fn week(plan: &Plan, week: u64, role: BatchRole) -> BatchRows {
        let row = |sequence| RowRecord {
            key: at(week).first_key() + sequence,
            group: 0,
            kind: RowKind::Scored { features: vec![1; plan.features.len()], logged: true, outcome: Outcome::Unknown },
        };
        let salt = || Salt::random().unwrap();
        let rows = (0..3).map(row).collect();
        BatchRows { role, start: at(week), end: at(week + 1), rows, row_salt: salt(), outcome_salt: salt(), table_salt: salt() }
    }

    /// A reference and four weeks, read anew as every run does: the rows are the same, the salts fresh.
    fn read(plan: &Plan) -> Vec<BatchRows> {
        (0..5).map(|n| week(plan, n, if n == 0 { BatchRole::Reference } else { BatchRole::Monitoring })).collect()
    }

    #[test]
    fn a_batch_is_proven_with_the_commitment_it_was_anchored_with() {
        let plan = synthetic::plan(Shape::new(8, 8, 2, 10, 1, 15).unwrap());
        let empty = AnchorLog {
            schema: AnchorLogSchema::V1,
            name: "verifold/test".to_owned(),
            row_schema: plan.row_schema_digest(),
            announced: 0,
            batches: Vec::new(),
        };
        let mut log = empty.clone();
        assert_eq!(log.add(&plan, &read(&plan), at(1)).unwrap(), 0, "the reference is not anchored, and no week has closed");
        assert_eq!(log.add(&plan, &read(&plan), at(3)).unwrap(), 2);
        log.announced = 2;
        // Another run, with outcomes that were not known before: the same commitments.
        let mut batches = read(&plan);
        for row in &mut batches[1].rows {
            if let RowKind::Scored { outcome, .. } = &mut row.kind {
                *outcome = Outcome::Bad;
            }
        }
        log.salt(&plan, &mut batches).unwrap();
        assert_eq!(log.add(&plan, &batches, at(5)).unwrap(), 2);
        let commitments: Vec<Commitment> = batches[1..].iter().map(|batch| commitment(&plan, batch)).collect();
        assert_eq!(log.anchored().iter().map(|batch| batch.row_commitment).collect::<Vec<_>>(), commitments);

        let refused = |log: &AnchorLog, batches: &mut [BatchRows]| log.salt(&plan, batches).unwrap_err().to_string();
        let mut changed = read(&plan);
        changed[2].rows.pop();
        assert!(refused(&log, &mut changed).ends_with("are not those that were anchored"));
        assert!(refused(&log, &mut read(&plan)[..3]).ends_with("is not in the calendar now"));
        let other = AnchorLog { row_schema: Digest::of(b"other"), ..empty };
        assert!(refused(&other, &mut read(&plan)).contains("have changed since the first anchor"));
    }
}
