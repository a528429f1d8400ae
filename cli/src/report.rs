//! `verifold report`, and the reports other commands write.

use std::path::{Path, PathBuf};

use clap::Args;
use verifold_model::{
    format::counted,
    instant::Instant,
    protocol::{WorkerEvent, WorkerRequest},
    record::AuditRecord,
    state::Exit,
};
use verifold_report::{Options, Rendered, Standing, render};

use crate::{failure::Failure, files, host};

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

/// Renders a record; for the worker.
pub(crate) fn render_dated(record: &AuditRecord, date: Option<Instant>, verified_now: bool) -> Result<Rendered, Failure> {
    let date = date
        .or_else(files::now)
        .ok_or_else(|| Failure::new(Exit::Usage, "no report was written: this computer's clock is before 1970", "give --date"))?;
    let standing = if verified_now { Standing::Verified } else { Standing::ReadBack };
    render(record, &Options { date, standing })
        .map_err(|error| Failure::new(Exit::Usage, format!("no report was written: {error}"), "the record itself is unaffected"))
}

/// Has a record rendered by a worker and writes the PDF whole or not at all; gives its pages.
pub(crate) fn write(record: &AuditRecord, date: Option<Instant>, verified_now: bool, path: &Path) -> Result<u32, Failure> {
    let request = WorkerRequest::Report { record: Box::new(record.clone()), date, verified_now };
    let named = |failure: Failure| Failure { what: format!("{}: {}", failure.what, path.display()), ..failure };
    let WorkerEvent::Rendered { pdf, pages } = host::ask(request).map_err(named)? else { return Err(host::unasked()) };
    files::write(path, &pdf)?;
    Ok(pages)
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
