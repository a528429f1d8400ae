//! Are opened rows the ones drawn and proven, and what do the documents say?

use verifold_model::{
    cohort::BatchRole,
    digest::Digest,
    receipts::Receipt,
    record::AuditRecord,
    sample::{SampleOpenings, SampleRequest, SampleResult, SampleSchema, SampledRow, Stratum, StratumResult, VouchedRow},
};

use super::{
    bound::{PPM, at_most},
    draw::{DrawError, Drawable, Wanted, draw},
};
use crate::receipts::{ReceiptError, check_receipt, manifest_digest};

/// Why openings or results are not those of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// The request was drawn from another package than the record is of.
    #[error("the request was drawn from the package with manifest {request}, the record is of {}", .record.map_or_else(|| "one without a manifest".to_owned(), |digest| digest.to_string()))]
    Package {
        /// Manifest of the request.
        request: Digest,
        /// Manifest of the record.
        record: Option<Digest>,
    },
    /// The request cannot be drawn from the record's batches.
    #[error("the request cannot be drawn again: {0}")]
    Draw(#[from] DrawError),
    /// Manifest and nonce draw other rows.
    #[error("manifest and nonce draw other rows than the request names, first in stratum {stratum}")]
    NotDrawn {
        /// Number of the stratum, from 1.
        stratum: usize,
    },
    /// The openings answer another request.
    #[error("the openings answer request {found}, this one is {expected}")]
    OtherRequest {
        /// The request's digest.
        expected: Digest,
        /// As the openings say.
        found: Digest,
    },
    /// A row drawn was not opened.
    #[error("row {} of batch {} was drawn and is not opened", .0.position, .0.batch)]
    NotOpened(SampledRow),
    /// A row was opened that was not drawn, or not in this place.
    #[error("opening {number} is row {} of batch {}; drawn was {}", .found.position, .found.batch, .expected.map_or_else(|| "no further row".to_owned(), |row| format!("row {} of batch {}", row.position, row.batch)))]
    OtherRow {
        /// Number of the opening, from 1.
        number: usize,
        /// The row drawn.
        expected: Option<SampledRow>,
        /// The row opened.
        found: SampledRow,
    },
    /// An opening is not one of the record's rows.
    #[error("row {} of batch {}: {source}", .row.position, .row.batch)]
    Receipt {
        /// The row.
        row: SampledRow,
        /// What is wrong with its receipt.
        source: ReceiptError,
    },
    /// A row has no result, or two.
    #[error("row {} of batch {} has {found} results, where one is needed", .row.position, .row.batch)]
    Results {
        /// The row.
        row: SampledRow,
        /// Results found.
        found: usize,
    },
    /// A result is about a row that was not drawn.
    #[error("there is a result for row {} of batch {}, which was not drawn", .0.position, .0.batch)]
    ResultNotDrawn(SampledRow),
    /// The confidence is none.
    #[error("a confidence of {0} millionths is not between 0.5 and 0.999999")]
    Confidence(u32),
}

/// The monitored batches of a record whose receipts are proven: what can be drawn from and opened.
pub fn drawable(record: &AuditRecord) -> Vec<Drawable> {
    let batch = |batch: &verifold_model::record::BatchRecord| {
        let content = batch.content.as_ref().filter(|content| content.receipts.is_some() && batch.role == BatchRole::Monitoring)?;
        Some(Drawable { index: batch.index?, rows: u32::try_from(content.rows).ok()? })
    };
    record.batches.iter().filter_map(batch).collect()
}

/// Checks that the request is what its nonce draws from the record's batches, and that every row drawn is opened as proven.
///
/// Returns the receipts in the request's order.
///
/// # Errors
/// [`SampleError`] for the first contradiction.
pub fn check_openings<'o>(
    request: &SampleRequest,
    openings: &'o SampleOpenings,
    record: &AuditRecord,
) -> Result<Vec<(SampledRow, &'o Receipt)>, SampleError> {
    let manifest = manifest_digest(record);
    if manifest != Some(request.manifest_sha256) {
        return Err(SampleError::Package { request: request.manifest_sha256, record: manifest });
    }
    let wanted = |stratum: &Stratum| Wanted { first: stratum.first, last: stratum.last, size: stratum.rows.len() };
    let wanted: Vec<Wanted> = request.strata.iter().map(wanted).collect();
    let again = draw(request.manifest_sha256, &request.nonce, &drawable(record), &wanted)?;
    if let Some(at) = (0..again.strata.len()).find(|&at| again.strata[at] != request.strata[at]) {
        return Err(SampleError::NotDrawn { stratum: at + 1 });
    }
    let expected = request.digest();
    if openings.request_sha256 != expected {
        return Err(SampleError::OtherRequest { expected, found: openings.request_sha256 });
    }
    let rows: Vec<SampledRow> = request.rows().collect();
    let mut opened = Vec::with_capacity(rows.len());
    for (at, receipt) in openings.receipts.iter().enumerate() {
        let found = SampledRow { batch: receipt.batch.index, position: receipt.position };
        let expected = rows.get(at).copied();
        if expected != Some(found) {
            return Err(SampleError::OtherRow { number: at + 1, expected, found });
        }
        check_receipt(receipt, record).map_err(|source| SampleError::Receipt { row: found, source })?;
        opened.push((found, receipt));
    }
    match rows.get(opened.len()) {
        Some(row) => Err(SampleError::NotOpened(*row)),
        None => Ok(opened),
    }
}

/// What the results for every row drawn say about all rows, at a confidence in millionths.
///
/// Strata have bounds of their own; each is taken at the confidence that leaves their sum the one asked for (the
/// chances of missing add up to at most what is left).
///
/// # Errors
/// [`SampleError`] if a row has no result or two, or a result no row.
pub fn conclude(
    request: &SampleRequest,
    record_sha256: Digest,
    confidence_ppm: u32,
    results: &[VouchedRow],
) -> Result<SampleResult, SampleError> {
    if !(PPM / 2..PPM).contains(&confidence_ppm) {
        return Err(SampleError::Confidence(confidence_ppm));
    }
    let mut rows = Vec::new();
    for row in request.rows() {
        let mut found = results.iter().filter(|result| result.row == row);
        match (found.next(), found.count()) {
            (Some(result), 0) => rows.push(result.clone()),
            (first, more) => return Err(SampleError::Results { row, found: usize::from(first.is_some()) + more }),
        }
    }
    if let Some(result) = results.iter().find(|result| request.rows().all(|row| row != result.row)) {
        return Err(SampleError::ResultNotDrawn(result.row));
    }
    let strata_count = u32::try_from(request.strata.len()).unwrap_or(u32::MAX).max(1);
    let each = PPM - (PPM - confidence_ppm) / strata_count;
    let strata: Vec<StratumResult> = request
        .strata
        .iter()
        .map(|stratum| {
            let drawn = stratum.rows.len() as u64;
            let errors = rows.iter().filter(|result| result.result.is_error() && stratum.rows.contains(&result.row)).count() as u64;
            let Stratum { first, last, population, .. } = *stratum;
            StratumResult { first, last, population, drawn, errors, at_most: at_most(population, drawn, errors, each) }
        })
        .collect();
    let sum = |of: fn(&StratumResult) -> u64| strata.iter().map(of).sum();
    Ok(SampleResult {
        schema: SampleSchema::V1,
        request_sha256: request.digest(),
        record_sha256,
        confidence_ppm,
        population: sum(|stratum| stratum.population),
        drawn: sum(|stratum| stratum.drawn),
        errors: sum(|stratum| stratum.errors),
        at_most: sum(|stratum| stratum.at_most),
        strata,
        rows,
    })
}
