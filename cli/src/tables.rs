//! Arguments of every command that reads the rows of a period.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use verifold_prove::{OnBadRow, RowSources};

/// Specification and tables.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// What is measured, and how.
    #[arg(long, value_name = "SPEC.toml")]
    spec: PathBuf,
    /// Rows that drift is measured against.
    #[arg(long, value_name = "REF.csv|parquet")]
    reference: PathBuf,
    /// Rows of the period: a file, or a folder of files.
    #[arg(long, value_name = "BATCHES.csv|parquet|DIR")]
    batches: PathBuf,
    /// Outcomes, joined by the id column.
    #[arg(long, value_name = "OUTCOMES.csv|parquet")]
    outcomes: Option<PathBuf>,
}

impl From<Tables> for RowSources {
    fn from(tables: Tables) -> Self {
        let Tables { spec, reference, batches, outcomes } = tables;
        Self { spec, reference, batches, outcomes }
    }
}

/// Specification and tables, and what becomes of rows in them that cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Rows {
    #[command(flatten)]
    pub(crate) tables: Tables,
    /// What becomes of a row that cannot be read.
    #[arg(long, value_enum, default_value_t = BadRow::Stop)]
    pub(crate) on_bad_row: BadRow,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BadRow {
    /// Commit it as void, counted by reason.
    Void,
    /// Stop and list the first of them.
    Stop,
}

impl From<BadRow> for OnBadRow {
    fn from(choice: BadRow) -> Self {
        match choice {
            BadRow::Void => Self::Void,
            BadRow::Stop => Self::Stop,
        }
    }
}
