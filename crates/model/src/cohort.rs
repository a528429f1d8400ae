//! Count tables of a batch: the only thing a monitoring proof discloses about rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{digest::Commitment, instant::Instant, plan::Plan};

/// Rows a batch may hold, exclusive: counters are packed with 24 bits each.
pub const MAX_ROWS: u32 = 1 << 24;

/// Most bytes of a batch label.
pub const MAX_LABEL_BYTES: usize = 32;

/// Known or unknown outcome of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Not matured, or never observed.
    Unknown,
    /// Known and good.
    Good,
    /// Known and bad, as the plan defines it.
    Bad,
}

impl Outcome {
    /// In the order of the count table.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Good, Self::Bad];

    /// Position in the count table and code in the outcome stream.
    pub const fn code(self) -> usize {
        self as usize
    }
}

/// Why a committed row was not scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VoidReason {
    /// A feature is missing and the plan gives no value to stand in.
    MissingValue,
    /// A feature lies outside its domain and the plan voids such rows.
    OutsideDomain,
    /// A value could not be read as what its column holds.
    Unreadable,
    /// The group is not one the plan names.
    UnknownGroup,
}

impl VoidReason {
    /// In the order of the void counts.
    pub const ALL: [Self; 4] = [Self::MissingValue, Self::OutsideDomain, Self::Unreadable, Self::UnknownGroup];

    /// Position in the void counts.
    pub const fn code(self) -> usize {
        self as usize
    }

    /// As read on screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::MissingValue => "missing value",
            Self::OutsideDomain => "value outside its domain",
            Self::Unreadable => "unreadable value",
            Self::UnknownGroup => "unknown group",
        }
    }
}

/// Role of a batch in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BatchRole {
    /// Rows the drift metrics compare with, in an offline-metrics proof the training rows; always the first batch.
    Reference,
    /// Rows of one calendar slot of the period.
    Monitoring,
    /// Test rows of the development data: in an offline-metrics proof, behind training rows as reference.
    Test,
}

impl BatchRole {
    /// Code absorbed into the chain.
    pub const fn code(self) -> u64 {
        match self {
            Self::Reference => 1,
            Self::Monitoring => 2,
            Self::Test => 3,
        }
    }
}

/// Counts of one score bin and group by outcome and logged decision.
///
/// Index `2·outcome + logged`, `logged` = 1 for a logged approval.
pub type Cell = [u32; 6];

/// Everything counted over the rows of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchTable {
    /// `counts[bin][group]`, over scored rows.
    pub counts: Vec<Vec<Cell>>,
    /// `void[group][reason]`, rows committed but not scored.
    pub void: Vec<[u32; 4]>,
    /// `histograms[h][bin]`, over scored rows.
    pub histograms: Vec<Vec<u32>>,
}

/// Why a table is not one the circuit could have counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A dimension differs from the plan's shape.
    #[error("{part} has length {found}, the shape has {expected}")]
    Dimension {
        /// Which part of the table.
        part: &'static str,
        /// Length the shape gives.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A count, or the sum of counts, reaches 2^24.
    #[error("{part} reaches 2^24, more than a counter holds")]
    Overflow {
        /// Which part of the table.
        part: &'static str,
    },
    /// A histogram does not sum to the scored rows.
    #[error("histogram {histogram} sums to {found}, the batch has {expected} scored rows")]
    HistogramSum {
        /// Position of the histogram.
        histogram: usize,
        /// Scored rows.
        expected: u64,
        /// Sum found.
        found: u64,
    },
    /// Rows are counted in a group that the plan does not name.
    #[error("{count} rows carry group code {group}, which the plan does not name")]
    UnnamedGroup {
        /// The code.
        group: usize,
        /// Rows counted there.
        count: u64,
    },
    /// The stated number of rows is not scored plus void.
    #[error("the batch states {stated} rows, its table counts {counted}")]
    Rows {
        /// Rows stated in the batch line.
        stated: u32,
        /// Rows counted in the table.
        counted: u64,
    },
}

impl BatchTable {
    /// A table of zeros for a plan's shape.
    pub fn empty(plan: &Plan) -> Self {
        let shape = plan.shape;
        Self {
            counts: vec![vec![[0; 6]; shape.groups()]; shape.bins()],
            void: vec![[0; 4]; shape.groups()],
            histograms: vec![vec![0; shape.bins()]; shape.histograms()],
        }
    }

    /// Rows scored.
    pub fn scored(&self) -> u64 {
        self.counts.iter().flatten().flatten().map(|n| u64::from(*n)).sum()
    }

    /// Scored rows of an outcome.
    pub fn of_outcome(&self, outcome: Outcome) -> u64 {
        let at = 2 * outcome.code();
        self.counts.iter().flatten().map(|cell| u64::from(cell[at]) + u64::from(cell[at + 1])).sum()
    }

    /// Scored rows whose outcome is known.
    pub fn known(&self) -> u64 {
        self.of_outcome(Outcome::Good) + self.of_outcome(Outcome::Bad)
    }

    /// Rows committed but not scored.
    pub fn voided(&self) -> u64 {
        self.void.iter().flatten().map(|n| u64::from(*n)).sum()
    }

    /// Rows logged as approved.
    pub fn logged_approvals(&self) -> u64 {
        self.counts.iter().flatten().map(|cell| u64::from(cell[1]) + u64::from(cell[3]) + u64::from(cell[5])).sum()
    }

    /// Checks dimensions, counter bounds and sums against a plan and the stated number of rows.
    ///
    /// Runs before anything is packed into field elements: a count of 2^24 would spill into its neighbour.
    ///
    /// # Errors
    /// [`TableError`] for the first contradiction.
    pub fn check(&self, plan: &Plan, rows: u32) -> Result<(), TableError> {
        let shape = plan.shape;
        let dimension =
            |part, found: usize, expected| if found == expected { Ok(()) } else { Err(TableError::Dimension { part, expected, found }) };
        dimension("counts", self.counts.len(), shape.bins())?;
        for bin in &self.counts {
            dimension("counts of a bin", bin.len(), shape.groups())?;
        }
        dimension("void", self.void.len(), shape.groups())?;
        dimension("histograms", self.histograms.len(), shape.histograms())?;
        for histogram in &self.histograms {
            dimension("bins of a histogram", histogram.len(), shape.bins())?;
        }
        let counted = self.scored() + self.voided();
        if rows >= MAX_ROWS || counted >= u64::from(MAX_ROWS) {
            return Err(TableError::Overflow { part: "the number of rows" });
        }
        if self.histograms.iter().flatten().any(|n| *n >= MAX_ROWS) {
            return Err(TableError::Overflow { part: "a histogram bin" });
        }
        for (h, histogram) in self.histograms.iter().enumerate() {
            let found = histogram.iter().map(|n| u64::from(*n)).sum();
            if found != self.scored() {
                return Err(TableError::HistogramSum { histogram: h, expected: self.scored(), found });
            }
        }
        for group in plan.grouping.names.len()..shape.groups() {
            let scored: u64 = self.counts.iter().flat_map(|bin| bin[group]).map(u64::from).sum();
            let count = scored + self.void[group].iter().map(|n| u64::from(*n)).sum::<u64>();
            if count > 0 {
                return Err(TableError::UnnamedGroup { group, count });
            }
        }
        if u64::from(rows) != counted {
            return Err(TableError::Rows { stated: rows, counted });
        }
        Ok(())
    }
}

/// One batch as a package states it; claimed until a proof's chain is shown to contain it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchStatement {
    /// Position in the chain, from 0; the reference, if any, is 0.
    pub index: u32,
    /// Reference or monitoring.
    pub role: BatchRole,
    /// First time of the batch, inclusive.
    pub start: Instant,
    /// First time after the batch.
    pub end: Instant,
    /// Rows committed: scored plus void.
    pub rows: u32,
    /// Commitment to the row stream.
    pub row_commitment: Commitment,
    /// Commitment to the outcome stream.
    pub outcome_commitment: Commitment,
    /// What was counted.
    pub table: BatchTable,
    /// Salt of the table commitment; opens it.
    pub table_salt: Commitment,
}
