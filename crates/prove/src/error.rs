//! Why a package could not be made.

use std::{fmt, io, path::PathBuf};

use verifold_model::{cohort::VoidReason, instant::Instant, plan::PlanError};

/// Bad rows shown in full; the rest are counted.
pub const BAD_ROWS_SHOWN: usize = 20;

/// Where a row stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowPlace {
    /// Line of a text file, from 1, the header included.
    Line(u64),
    /// Row of a Parquet file, from 1.
    Row(u64),
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// A row that cannot be scored, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadRow {
    /// File name without its folder.
    pub file: String,
    /// Where in the file.
    pub place: RowPlace,
    /// Column at fault; `None` if the cells cannot be told apart.
    pub column: Option<String>,
    /// What is wrong, and what was expected.
    pub problem: String,
    /// Reason under which the row is committed as void; `None` if it cannot even be placed in time.
    pub reason: Option<VoidReason>,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.file, self.place)?;
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Bad rows found while reading: the first [`BAD_ROWS_SHOWN`], and how many there are in all.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadRows {
    /// The first ones in reading order.
    pub first: Vec<BadRow>,
    /// All of them.
    pub count: u64,
}

impl BadRows {
    pub(crate) fn push(&mut self, row: BadRow) {
        if self.first.len() < BAD_ROWS_SHOWN {
            self.first.push(row);
        }
        self.count += 1;
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.truncate(BAD_ROWS_SHOWN);
    }
}

impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.first {
            write!(f, "\n  {row}")?;
        }
        match self.count.saturating_sub(self.first.len() as u64) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Why a package could not be made. Nothing is written when one is returned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The specification is not what `monitoring-spec/v1` describes.
    #[error("{problem}\n  at line {line}, column {column} of {}", path.display())]
    Spec {
        /// The specification.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A traceability specification speaks of another proof than the one to be made.
    #[error("the traceability specification of {stage} contradicts the proof that is to be made: {problem}")]
    Traceability {
        /// Its stage.
        stage: &'static str,
        /// The field, what it states, and what the proof has.
        problem: String,
    },
    /// A proof cannot be put behind those of a package.
    #[error("{problem}\n  in the package to be continued {}", path.display())]
    After {
        /// The package.
        path: PathBuf,
        /// What does not follow from it, and what was expected.
        problem: String,
    },
    /// The model is none this program can read.
    #[error("{problem}\n  in the model {}", path.display())]
    Model {
        /// The ONNX file.
        path: PathBuf,
        /// What was found, by node, and what is read.
        problem: String,
    },
    /// A weight leaves the 16 bits the circuit gives it.
    #[error("the integer weight of feature `{feature}` would be {weight}, weights hold -32768 to 32767; {}", scale_text(*scale_bits, *fitting_scale_bits))]
    WeightRange {
        /// Feature whose weight is largest.
        feature: String,
        /// What rounding gives.
        weight: i64,
        /// Scale asked for.
        scale_bits: u8,
        /// Largest scale at which every weight fits; `None` if the feature's step is too coarse for any.
        fitting_scale_bits: Option<u8>,
    },
    /// A network does not fit the circuit's integers.
    #[error("{problem}")]
    Network {
        /// Which number, and what to do.
        problem: String,
    },
    /// The integer intercept leaves its bound.
    #[error(
        "the integer intercept would be {bias}, its magnitude must stay below 2^{bits}: choose feature offsets nearer to the data or a smaller `scoring.scale_bits`"
    )]
    BiasRange {
        /// What rounding gives.
        bias: i64,
        /// Binary logarithm of the bound.
        bits: u32,
    },
    /// A file could not be read or written.
    #[error("cannot {action}: {source}\n  {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file is not a table of the kind its name promises.
    #[error("{problem}\n  in {}", path.display())]
    Table {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A column the specification names is not in the file.
    #[error("no column `{column}`; the columns are {}\n  in {}", found.join(", "), path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column asked for.
        column: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// Rows have no readable time, so no batch can hold them, not even as void.
    #[error("{} cannot be placed in time and can be neither scored nor committed as void:{rows}", rows_text(rows.count))]
    UnplacedRows {
        /// The rows.
        rows: BadRows,
    },
    /// Bad rows, and the run was told to stop on them.
    #[error("{} cannot be scored; correct them, or commit them as void with `--on-bad-row void`:{rows}", rows_text(rows.count))]
    BadRows {
        /// The rows.
        rows: BadRows,
    },
    /// A batch holds more rows than a counter can count, or a second more than can be told apart.
    #[error("{rows} rows {place}; at most 16777215 can be counted")]
    TooManyRows {
        /// How many.
        rows: u64,
        /// Which batch or second.
        place: String,
    },
    /// The reference leaves something undefined that the plan needs.
    #[error("{problem}")]
    Reference {
        /// What, and what to do.
        problem: String,
    },
    /// The plan that follows from the specification contradicts itself.
    #[error("the specification leads to a plan that cannot be: {0}")]
    Plan(#[from] PlanError),
    /// The extracted coefficients and the model's own run differ: this program misread the graph.
    #[error(
        "the coefficients read from the graph give a probability of {extracted:.6} where the model itself gives {model:.6} (row {row} of those scored): the graph does more than it seems to; nothing was written"
    )]
    Extraction {
        /// Position among the scored rows, from 1.
        row: usize,
        /// From the extracted coefficients.
        extracted: f64,
        /// From the model's own run.
        model: f64,
    },
    /// Running the float model failed.
    #[error("the float model does not run: {problem}\n  in the model {}", path.display())]
    FloatRun {
        /// The ONNX file.
        path: PathBuf,
        /// What the runtime said.
        problem: String,
    },
    /// Good outcomes that cannot be known yet, by the plan's own definition: whoever verifies would stop at them.
    #[error(
        "batch {batch} has {good} good outcomes, and with `maturity_days` of {days} none could be known by {created}: leave them unknown until they are"
    )]
    EarlyOutcomes {
        /// First such batch.
        batch: String,
        /// Good outcomes in it.
        good: u64,
        /// Days the plan lets pass.
        days: u32,
        /// When the package is made.
        created: Instant,
    },
    /// The data do not fit what was anchored.
    #[error("the anchors: {problem}")]
    Anchors {
        /// What differs.
        problem: String,
    },
    /// Later outcomes cannot be added to a package.
    #[error("matured cohort: {problem}")]
    Matured {
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Receipts cannot be made or given out.
    #[error("the receipts: {problem}")]
    Receipts {
        /// What stands in the way.
        problem: String,
    },
    /// A model commitment cannot be opened.
    #[error("the opening: {problem}")]
    Opening {
        /// What stands in the way.
        problem: String,
    },
    /// The folder of a run that was stopped cannot be used.
    #[error("the seed of the stopped run cannot be used: {problem}; remove its folder to begin anew, or name another with `--work`\n  {}", path.display())]
    Work {
        /// The seed.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A segment cannot be proven or joined.
    #[error("{problem}\n  {}", path.display())]
    Segment {
        /// The split, or the segment's file.
        path: PathBuf,
        /// What stands in the way, and what to do.
        problem: String,
    },
    /// Segments of a split are not among those to be joined.
    #[error(
        "{} not there: prove {} with `verifold prove segment --segment N/{of}` for N = {}, then join again; what is proven already is kept",
        if missing.len() == 1 { "a segment is" } else { "segments are" },
        if missing.len() == 1 { "it" } else { "them" },
        missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    SegmentsMissing {
        /// Their numbers, from 1.
        missing: Vec<usize>,
        /// Segments of the split.
        of: usize,
    },
    /// Two independent computations of the same fact differ: a defect in this program, not in the data.
    #[error("two independent computations of {what} disagree in batch {batch}: this is a defect of the program; nothing was written")]
    Disagreement {
        /// What was computed twice.
        what: &'static str,
        /// Index of the batch in the chain.
        batch: u32,
    },
    /// The proof could not be made, or does not verify.
    #[error("{step}: {problem}")]
    Proof {
        /// Which step of proving.
        step: &'static str,
        /// What the proof system said.
        problem: String,
    },
    /// The package could not be assembled.
    #[error("the package cannot be assembled: {0}")]
    Package(String),
    /// A file to be written is already there.
    #[error("already exists, and may hold the only copy of salts or of a proof; move it away, or replace it with `--overwrite`\n  {}", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The caller asked to stop.
    #[error("cancelled; nothing was written")]
    Cancelled,
}

fn rows_text(count: u64) -> String {
    verifold_model::format::counted(count, "row", "rows")
}

pub(crate) fn scale_text(scale_bits: u8, fitting: Option<u8>) -> String {
    match fitting {
        Some(fitting) => format!("with this model and these steps `scoring.scale_bits` may be at most {fitting}, it is {scale_bits}"),
        None => "no `scoring.scale_bits` makes it fit: give the feature a smaller step".to_owned(),
    }
}
