//! `verifold report`, and the reports other commands write.

use std::path::{Path, PathBuf};

use clap::Args;
use verifold_model::{format::counted, instant::Instant, record::AuditRecord, state::Exit};
use verifold_report::{Options, Standing, render};

use crate::{failure::Failure, files};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A record that `verifold verify --record` wrote.
    record: PathBuf,
    /// Where the PDF goes.
    #[arg(long, short, value_name = "R.pdf")]
    output: PathBuf,
    /// Date of the report, in place of the record's.
    #[arg(long, value_name = "RFC3339")]
    date: Option<Instant>,
}

/// Renders a record and writes the PDF whole or not at all; gives its pages.
pub(crate) fn write(record: &AuditRecord, date: Option<Instant>, verified_now: bool, path: &Path) -> Result<u32, Failure> {
    let date = date
        .or_else(files::now)
        .ok_or_else(|| Failure::new(Exit::Usage, "no report was written: this computer's clock is before 1970", "give --date"))?;
    let standing = if verified_now { Standing::Verified } else { Standing::ReadBack };
    let rendered = render(record, &Options { date, standing }).map_err(|error| {
        Failure::new(Exit::Usage, format!("no report was written: {error}: {}", path.display()), "the record itself is unaffected")
    })?;
    files::write(path, &rendered.pdf)?;
    Ok(rendered.pages)
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (record, _) = files::record(&arguments.record)?;
    let pages = write(&record, arguments.date.or(record.volatile.finished), false, &arguments.output)?;
    println!(
        "{}, drawn from a record read back; its evidence was not re-checked: {}",
        counted(u64::from(pages), "page", "pages"),
        arguments.output.display()
    );
    Ok(Exit::Met)
}
