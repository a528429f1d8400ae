//! How are CSV files, Parquet files and folders of them read as one table of texts?
//!
//! [`read`] walks the files of a path in name order and hands out the wanted columns of each row
//! as trimmed text, the same text whichever format held the value, so that the same data give the
//! same commitments. Nothing is interpreted here beyond that.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use parquet::{
    basic::{LogicalType, TimeUnit},
    errors::ParquetError,
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
    schema::types::Type,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::error::{ProveError, RowPlace};

/// A row of the wanted columns.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Name of the file, without its folder.
    pub file: &'a str,
    /// Where in the file.
    pub place: RowPlace,
    /// The cells in the order of the wanted columns, trimmed; empty where a value is missing.
    pub cells: &'a [String],
    /// Why the row's cells cannot be told apart, if so; they are all empty then.
    pub torn: Option<&'a str>,
}

/// Reads every row of a file, or of all files of a folder in name order.
///
/// `columns` are the wanted columns; the same one may be named twice.
///
/// # Errors
/// [`ProveError::Io`], [`ProveError::Table`], [`ProveError::MissingColumn`], or whatever `visit` returns.
pub fn read(path: &Path, columns: &[&str], visit: &mut dyn FnMut(Row<'_>) -> Result<(), ProveError>) -> Result<(), ProveError> {
    for file in files(path)? {
        match kind(&file)? {
            Kind::Csv => read_csv(&file, columns, visit)?,
            Kind::Parquet => read_parquet(&file, columns, visit)?,
        }
    }
    Ok(())
}

/// Whether every file of a path has a column.
///
/// # Errors
/// [`ProveError::Io`] or [`ProveError::Table`] if a header cannot be read.
pub fn has_column(path: &Path, column: &str) -> Result<bool, ProveError> {
    for file in files(path)? {
        let names = match kind(&file)? {
            Kind::Csv => csv_columns(&file, &mut csv_reader(&file)?)?,
            Kind::Parquet => parquet_columns(&parquet_reader(&file)?),
        };
        if !names.iter().any(|name| name == column) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads all bytes of a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, ProveError> {
    fs::read(path).map_err(|source| ProveError::Io { action: "read", path: path.to_owned(), source })
}

enum Kind {
    Csv,
    Parquet,
}

fn kind(file: &Path) -> Result<Kind, ProveError> {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "csv" => Ok(Kind::Csv),
        "parquet" => Ok(Kind::Parquet),
        _ => Err(ProveError::Table {
            path: file.to_owned(),
            problem: format!("expected a file ending in .csv or .parquet, found .{extension}"),
        }),
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, ProveError> {
    let io = |source| ProveError::Io { action: "read", path: path.to_owned(), source };
    if !fs::metadata(path).map_err(io)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(io)? {
        let entry = entry.map_err(io)?;
        // Editors and sync tools leave hidden files behind; they are not data.
        if !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    if found.is_empty() {
        return Err(ProveError::Table { path: path.to_owned(), problem: "the folder holds no files".to_owned() });
    }
    found.sort();
    Ok(found)
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

fn missing(file: &Path, column: &str, found: Vec<String>) -> ProveError {
    ProveError::MissingColumn { path: file.to_owned(), column: column.to_owned(), found }
}

/// Positions of the wanted columns; a name used twice in a header would make a cell ambiguous.
fn positions(file: &Path, columns: &[&str], names: &[String]) -> Result<Vec<usize>, ProveError> {
    columns
        .iter()
        .map(|column| {
            let mut at = names.iter().enumerate().filter(|(_, name)| name == column).map(|(position, _)| position);
            match (at.next(), at.next()) {
                (Some(position), None) => Ok(position),
                (Some(_), Some(_)) => {
                    Err(ProveError::Table { path: file.to_owned(), problem: format!("two columns are named `{column}`") })
                }
                (None, _) => Err(missing(file, column, names.to_vec())),
            }
        })
        .collect()
}

fn csv_reader(file: &Path) -> Result<csv::Reader<File>, ProveError> {
    // Row widths are checked here, so that a short row is a bad row with a place and not the end of reading.
    csv::ReaderBuilder::new().flexible(true).from_path(file).map_err(|error| csv_error(file, error))
}

fn csv_columns(file: &Path, reader: &mut csv::Reader<File>) -> Result<Vec<String>, ProveError> {
    let header = reader.headers().map_err(|error| csv_error(file, error))?;
    // Spreadsheets put a byte-order mark in front of the first name.
    Ok(header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect())
}

fn csv_error(file: &Path, error: csv::Error) -> ProveError {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => ProveError::Io { action: "read", path: file.to_owned(), source },
        _ => ProveError::Table { path: file.to_owned(), problem: text },
    }
}

fn read_csv(file: &Path, columns: &[&str], visit: &mut dyn FnMut(Row<'_>) -> Result<(), ProveError>) -> Result<(), ProveError> {
    let mut reader = csv_reader(file)?;
    let names = csv_columns(file, &mut reader)?;
    let positions = positions(file, columns, &names)?;
    let name = name_of(file);
    let mut record = csv::ByteRecord::new();
    let mut cells = vec![String::new(); columns.len()];
    while reader.read_byte_record(&mut record).map_err(|error| csv_error(file, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let mut torn = None;
        for (cell, position) in cells.iter_mut().zip(&positions) {
            cell.clear();
            match record.get(*position).map(std::str::from_utf8) {
                Some(Ok(text)) => cell.push_str(text.trim()),
                Some(Err(_)) => torn = Some(format!("column `{}` is not UTF-8", names[*position])),
                None => {}
            }
        }
        if record.len() != names.len() {
            torn = Some(format!("{} fields where the header has {}", record.len(), names.len()));
        }
        if torn.is_some() {
            cells.iter_mut().for_each(String::clear);
        }
        visit(Row { file: &name, place: RowPlace::Line(line), cells: &cells, torn: torn.as_deref() })?;
    }
    Ok(())
}

fn parquet_error(file: &Path, error: &ParquetError) -> ProveError {
    ProveError::Table { path: file.to_owned(), problem: format!("not readable as Parquet: {error}") }
}

fn parquet_reader(file: &Path) -> Result<SerializedFileReader<File>, ProveError> {
    let handle = File::open(file).map_err(|source: io::Error| ProveError::Io { action: "read", path: file.to_owned(), source })?;
    SerializedFileReader::new(handle).map_err(|error| parquet_error(file, &error))
}

fn parquet_columns(reader: &SerializedFileReader<File>) -> Vec<String> {
    reader.metadata().file_metadata().schema().get_fields().iter().map(|field| field.name().to_owned()).collect()
}

fn read_parquet(file: &Path, columns: &[&str], visit: &mut dyn FnMut(Row<'_>) -> Result<(), ProveError>) -> Result<(), ProveError> {
    let reader = parquet_reader(file)?;
    let names = parquet_columns(&reader);
    let positions = positions(file, columns, &names)?;
    let schema = reader.metadata().file_metadata().schema();
    // Read in the file's order and each column once, whatever order they are wanted in.
    let mut projected = positions.clone();
    projected.sort_unstable();
    projected.dedup();
    let fields: Vec<_> = projected.iter().map(|position| schema.get_fields()[*position].clone()).collect();
    if let Some(nested) = fields.iter().find(|field| !field.is_primitive()) {
        return Err(ProveError::Table { path: file.to_owned(), problem: format!("column `{}` holds nested values", nested.name()) });
    }
    let units: Vec<Option<i128>> = fields.iter().map(|field| nanoseconds_per_tick(field)).collect();
    let order: Vec<usize> = positions.iter().filter_map(|position| projected.iter().position(|other| other == position)).collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build().map_err(|error| parquet_error(file, &error))?;
    let rows = reader.get_row_iter(Some(projection)).map_err(|error| parquet_error(file, &error))?;
    let name = name_of(file);
    let mut cells = vec![String::new(); columns.len()];
    for (number, row) in (1..).zip(rows) {
        let row = row.map_err(|error| parquet_error(file, &error))?;
        let texts: Vec<String> = row.get_column_iter().zip(&units).map(|((_, field), unit)| text(field, *unit)).collect();
        let mut torn = None;
        for (cell, at) in cells.iter_mut().zip(&order) {
            cell.clear();
            match texts.get(*at) {
                Some(text) => cell.push_str(text.trim()),
                None => torn = Some("fewer values than the schema has columns"),
            }
        }
        visit(Row { file: &name, place: RowPlace::Row(number), cells: &cells, torn })?;
    }
    Ok(())
}

/// Length of a tick of a timestamp column that the row interface hands out as bare integers.
fn nanoseconds_per_tick(column: &Type) -> Option<i128> {
    match column.get_basic_info().logical_type_ref() {
        Some(LogicalType::Timestamp(timestamp)) => Some(match timestamp.unit {
            TimeUnit::MILLIS => 1_000_000,
            TimeUnit::MICROS => 1_000,
            TimeUnit::NANOS => 1,
        }),
        _ => None,
    }
}

/// A value as the CSV writer of the same data would write it.
fn text(field: &Field, nanoseconds_per_tick: Option<i128>) -> String {
    let moment = |nanos: i128| {
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| field.to_string())
    };
    if let (Field::Long(ticks), Some(length)) = (field, nanoseconds_per_tick) {
        return moment(i128::from(*ticks) * length);
    }
    match field {
        Field::Null => String::new(),
        Field::Double(x) if x.is_nan() => String::new(),
        Field::Float(x) if x.is_nan() => String::new(),
        Field::Double(x) => x.to_string(),
        Field::Float(x) => x.to_string(),
        Field::Str(text) => text.clone(),
        Field::TimestampMillis(millis) => moment(i128::from(*millis) * 1_000_000),
        Field::TimestampMicros(micros) => moment(i128::from(*micros) * 1_000),
        Field::Date(days) => OffsetDateTime::UNIX_EPOCH
            .checked_add(time::Duration::days(i64::from(*days)))
            .map_or_else(|| field.to_string(), |at| at.date().to_string()),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        other => other.to_string(),
    }
}
