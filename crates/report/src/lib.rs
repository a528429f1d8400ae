//! Audit records as PDF reports that can be archived: PDF/A-3a and PDF/UA-1. Each names its record by digest; the record itself is
//! attached unless the policy has small counts masked, all of which it holds.
//! This crate never verifies, never reads a file or a clock, and never loads anything from a network:
//! fonts and template are part of the program, and everything else is the record.
//!
//! - [`render`]: record to PDF
//! - `view`: what is printed, as text, tables masked where the policy asks for it
//! - `chain`: the chain from raw rows to monitored batches, as SVG
//! - `charts`: one chart per monitored metric, as SVG
//! - `world`: the only files the typesetter can see

mod chain;
mod charts;
mod development;
mod view;
mod world;

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use verifold_model::{digest::Digest, instant::Instant, record::AuditRecord};

/// Whether the evidence behind a record was checked in the run that prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Verified in this run.
    Verified,
    /// Read back from disk: a claim again, and the cover says so.
    ReadBack,
}

/// What a report depends on besides the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Date of the report; PDF/A demands one.
    pub date: Instant,
    /// Whether the evidence was checked in this run.
    pub standing: Standing,
}

/// A finished report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// Its pages.
    pub pages: u32,
}

/// Why a report could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The typesetter refused the document.
    #[error("the report could not be typeset: {0}")]
    Typeset(String),
    /// A chart could not be drawn.
    #[error("the chart of {metric} could not be drawn: {reason}")]
    Chart {
        /// Which metric.
        metric: String,
        /// What the drawing library says.
        reason: String,
    },
}

fn messages(errors: &[SourceDiagnostic]) -> ReportError {
    let lines: Vec<String> = errors.iter().map(|error| error.message.to_string()).collect();
    ReportError::Typeset(lines.join("; "))
}

/// Renders a record; the same record and options give the same bytes.
///
/// # Errors
/// [`ReportError`] if a chart or the document cannot be made; nothing is partly written, as nothing is written.
pub fn render(record: &AuditRecord, options: &Options) -> Result<Rendered, ReportError> {
    let bytes = record.to_bytes();
    let (data, charts) = view::of(record, Digest::of(&bytes), options)?;
    let world = world::World::new(data, charts, (!view::masks(record)).then_some(bytes));
    let document = typst::compile::<PagedDocument>(&world).output.map_err(|errors| messages(&errors))?;
    let standards =
        PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1]).map_err(|error| ReportError::Typeset(error.message().to_string()))?;
    let timestamp = datetime(options.date).map(Timestamp::new_utc);
    let settings = PdfOptions {
        ident: Smart::Custom(record.package.digest.to_string()),
        creator: Smart::Custom(Some(record.program.clone())),
        timestamp,
        standards,
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &settings).map_err(|errors| messages(&errors))?;
    Ok(Rendered { pdf, pages: u32::try_from(document.pages().len()).unwrap_or(u32::MAX) })
}

fn datetime(at: Instant) -> Option<Datetime> {
    let at = time::OffsetDateTime::from_unix_timestamp(i64::try_from(at.unix_secs()).ok()?).ok()?;
    Datetime::from_ymd_hms(at.year(), at.month().into(), at.day(), at.hour(), at.minute(), at.second())
}
