//! `verifold sample draw` and `check` at the auditor's, `verifold sample open` at the audited party.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verifold_model::{
    format::{cell, count, counted},
    receipts::{Receipt, ReceiptRow},
    sample::{SampleOpenings, SampleRequest, SampleSchema, SampledRow, Vouched, VouchedRow},
    state::Exit,
};
use verifold_verify::sample::{Drawable, SampleError, Wanted, check_openings, conclude, draw};

use crate::{
    failure::Failure,
    files::{self, Readers},
    host,
    receipt::{exit, json, package, read, secrets},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Draw rows of a package to compare with their source documents: for the auditor, once the package is handed over.
    Draw(Draw),
    /// Open the rows drawn: for the audited party.
    Open(Open),
    /// Check that the rows drawn were opened as proven, and bound how many of all rows differ from their documents.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Draw {
    /// The package; its rows can be opened if it has receipts for every batch drawn from.
    #[arg(long, value_name = "P.zkaudit")]
    package: PathBuf,
    /// What nobody could foresee when the package was made, 16 bytes or more: throws of dice, a draw on the day.
    #[arg(long, value_name = "TEXT")]
    nonce: String,
    /// Rows to draw from all monitored batches together.
    #[arg(long, value_name = "K", required_unless_present = "strata", conflicts_with = "strata")]
    size: Option<usize>,
    /// Rows to draw from some batches, by their numbers, as 1-4:30. May be repeated, in order.
    #[arg(long = "stratum", value_name = "FIRST-LAST:K")]
    strata: Vec<StratumArgument>,
    /// The request, for the audited party.
    #[arg(long, short, value_name = "REQUEST.json")]
    output: PathBuf,
}

/// Batches by number, and how many rows of theirs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StratumArgument {
    first: u32,
    last: u32,
    size: usize,
}

impl std::str::FromStr for StratumArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(batches, size)| {
            let (first, last) = batches.split_once('-').unwrap_or((batches, batches));
            Some(Self { first: first.parse().ok()?, last: last.parse().ok()?, size: size.parse().ok()? })
        });
        parts.ok_or_else(|| "expected FIRST-LAST:K, such as 1-4:30".to_owned())
    }
}

#[derive(Debug, Args)]
pub(crate) struct Open {
    /// The request.
    request: PathBuf,
    /// What opens the receipts: NAME.receipts beside the package.
    #[arg(long, value_name = "MINE.receipts")]
    secrets: PathBuf,
    /// The package the request was drawn from.
    #[arg(long, value_name = "MINE.zkaudit")]
    package: PathBuf,
    /// The openings, for the auditor.
    #[arg(long, short, value_name = "OPENINGS.json")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The request.
    request: PathBuf,
    /// The openings.
    openings: PathBuf,
    /// The record of the package, as this program wrote it.
    #[arg(long, value_name = "RECORD.json")]
    record: PathBuf,
    /// Write the rows to compare with documents as a table, its column `result` to be filled in: agrees, differs or missing.
    #[arg(long, value_name = "SHEET.csv", conflicts_with = "results")]
    worksheet: Option<PathBuf>,
    /// The table filled in.
    #[arg(long, value_name = "SHEET.csv", requires = "output")]
    results: Option<PathBuf>,
    /// Confidence of the bound, in per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0)]
    confidence: f64,
    /// The conclusion, for the working papers.
    #[arg(long, short, value_name = "RESULT.json", requires = "results")]
    output: Option<PathBuf>,
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Draw(arguments) => draw_rows(arguments),
        Command::Open(arguments) => open(arguments),
        Command::Check(arguments) => check(arguments),
    }
}

fn draw_rows(arguments: &Draw) -> Result<Exit, Failure> {
    // The package is somebody else's, so a worker reads it.
    let (manifest_sha256, batches) = host::outline(&arguments.package)?;
    let batches: Vec<Drawable> = batches.iter().map(|batch| Drawable { index: batch.index, rows: batch.rows }).collect();
    let wanted: Vec<Wanted> = match arguments.size {
        Some(size) => {
            let (first, last) = batches.first().zip(batches.last()).map_or((0, 0), |(first, last)| (first.index, last.index));
            vec![Wanted { first, last, size }]
        }
        None => arguments.strata.iter().map(|s| Wanted { first: s.first, last: s.last, size: s.size }).collect(),
    };
    let request = draw(manifest_sha256, &arguments.nonce, &batches, &wanted)
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was drawn: {error}"), ""))?;
    files::write_new(&arguments.output, &json(&request)?, Readers::All)?;
    for stratum in &request.strata {
        println!(
            "Batches {} to {}: {} of {} rows drawn",
            stratum.first,
            stratum.last,
            count(stratum.rows.len() as u64),
            count(stratum.population)
        );
    }
    println!("Request {}   SHA-256 {}", arguments.output.display(), request.digest());
    println!("The numbers of rows are the package's claims; `verifold sample check` compares them with the record.");
    Ok(Exit::Met)
}

fn request(path: &Path) -> Result<SampleRequest, Failure> {
    read("request", path, "give the file that `verifold sample draw` wrote, unchanged")
}

fn open(arguments: &Open) -> Result<Exit, Failure> {
    let request = request(&arguments.request)?;
    let package = package(&arguments.package)?;
    if package.manifest_digest != request.manifest_sha256 {
        return Err(Failure::new(
            Exit::Scope,
            format!("the request was drawn from another package; nothing was opened: {}", arguments.package.display()),
            "give the package that was handed over",
        ));
    }
    let rows: Vec<SampledRow> = request.rows().collect();
    let receipts = secrets(&arguments.secrets)?
        .issue(&package, &rows)
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was opened: {error}"), ""))?;
    let openings = SampleOpenings { schema: SampleSchema::V1, request_sha256: request.digest(), receipts };
    files::write_new(&arguments.output, &json(&openings)?, Readers::Owner)?;
    println!("{} opened: {}", counted(rows.len() as u64, "row", "rows"), arguments.output.display());
    println!("It is personal data, and the model follows from enough of it: hand it over as such.");
    Ok(Exit::Met)
}

fn refused(error: &SampleError) -> Exit {
    match error {
        SampleError::Package { .. } => Exit::Scope,
        SampleError::Receipt { source, .. } => exit(source),
        SampleError::NotOpened(_) | SampleError::Results { .. } => Exit::Incomplete,
        SampleError::Confidence(_) => Exit::Usage,
        SampleError::ResultNotDrawn(_) => Exit::Malformed,
        _ => Exit::Rejected,
    }
}

fn check(arguments: &Check) -> Result<Exit, Failure> {
    let request = request(&arguments.request)?;
    let openings: SampleOpenings = read("openings", &arguments.openings, "give the file that `verifold sample open` wrote, unchanged")?;
    let (record, record_sha256) = files::record(&arguments.record)?;
    let opened = match check_openings(&request, &openings, &record) {
        Ok(opened) => opened,
        Err(error) => {
            println!("The sample does not hold: {error}");
            return Ok(refused(&error));
        }
    };
    println!("{} drawn by manifest and nonce, and opened as proven", counted(opened.len() as u64, "row", "rows"));
    println!("Record  SHA-256 {record_sha256}");
    if let Some(path) = &arguments.worksheet {
        files::write_new(path, &worksheet(&opened)?, Readers::Owner)?;
        println!("Table   {}   fill in `result` (agrees, differs, missing) and give it back with --results", path.display());
    }
    let (Some(sheet), Some(output)) = (&arguments.results, &arguments.output) else {
        return Ok(Exit::Incomplete);
    };
    let results = results(sheet)?;
    let confidence = (arguments.confidence * 10_000.0).round().clamp(0.0, 2_000_000.0) as u32;
    let result = match conclude(&request, record_sha256, confidence, &results) {
        Ok(result) => result,
        Err(error) => {
            println!("There is no conclusion yet: {error}");
            return Ok(refused(&error));
        }
    };
    files::write_new(output, &json(&result)?, Readers::Owner)?;
    for stratum in &result.strata {
        println!(
            "Batches {} to {}: {} of {} rows drawn, {}, at most {} of the batches' rows",
            stratum.first,
            stratum.last,
            count(stratum.drawn),
            count(stratum.population),
            counted(stratum.errors, "error", "errors"),
            count(stratum.at_most)
        );
    }
    println!(
        "With {} % confidence at most {} of {} rows differ from their documents or have none ({} found in {} drawn).",
        arguments.confidence,
        count(result.at_most),
        count(result.population),
        counted(result.errors, "error", "errors"),
        count(result.drawn)
    );
    println!("Result  {}", output.display());
    Ok(Exit::Met)
}

/// Columns of the table that are read back.
const COLUMNS: [&str; 4] = ["batch", "position", "result", "note"];

fn worksheet(opened: &[(SampledRow, &Receipt)]) -> Result<Vec<u8>, Failure> {
    let failed = |error: csv::Error| Failure::new(Exit::Usage, format!("the table cannot be written: {error}"), "");
    let mut sheet = csv::WriterBuilder::new().flexible(false).from_writer(Vec::new());
    let features: Vec<String> = opened
        .iter()
        .find_map(|(_, receipt)| match &receipt.row {
            ReceiptRow::Scored { features, .. } => Some(features.iter().map(|f| f.name.clone()).collect()),
            ReceiptRow::Void { .. } => None,
        })
        .unwrap_or_default();
    let mut header: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    header.extend(["time", "group", "decision on file", "void"].map(str::to_owned));
    // Names come from the package, and an auditor opens the sheet.
    header.extend(features.iter().map(|name| cell(name)));
    sheet.write_record(&header).map_err(failed)?;
    for (row, receipt) in opened {
        let mut cells = vec![row.batch.to_string(), row.position.to_string(), String::new(), String::new()];
        cells.extend([receipt.time.to_string(), cell(&receipt.group)]);
        match &receipt.row {
            ReceiptRow::Void { reason } => {
                cells.extend([String::new(), reason.words().to_owned()]);
                cells.resize(header.len(), String::new());
            }
            ReceiptRow::Scored { features, logged_approval, .. } => {
                cells.extend([if *logged_approval { "approved" } else { "declined" }.to_owned(), String::new()]);
                cells.extend(features.iter().map(|feature| feature.value.to_string()));
            }
        }
        sheet.write_record(&cells).map_err(failed)?;
    }
    sheet.into_inner().map_err(|error| Failure::new(Exit::Usage, format!("the table cannot be written: {error}"), ""))
}

fn results(path: &Path) -> Result<Vec<VouchedRow>, Failure> {
    let bytes = files::bytes("table of results", path)?;
    let wrong = |line: Option<u64>, problem: String| {
        let at = line.map_or_else(String::new, |line| format!(", line {line}"));
        Failure::new(
            Exit::Malformed,
            format!("the table of results cannot be read{at}: {problem}: {}", path.display()),
            "keep the columns batch, position, result and note as `verifold sample check --worksheet` wrote them",
        )
    };
    let mut sheet = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
    let header = sheet.headers().map_err(|error| wrong(Some(1), error.to_string()))?.clone();
    let mut places = [0; 4];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place =
            header.iter().position(|name| name.trim() == column).ok_or_else(|| wrong(Some(1), format!("there is no column {column}")))?;
    }
    let mut rows = Vec::new();
    for record in sheet.records() {
        let record = record.map_err(|error| wrong(error.position().map(csv::Position::line), error.to_string()))?;
        let line = record.position().map(csv::Position::line);
        let [batch, position, result, note] = places.map(|place| record.get(place).unwrap_or("").trim());
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong(line, format!("{text:?} is not a number")));
        let found = [Vouched::Agrees, Vouched::Differs, Vouched::Missing].into_iter().find(|known| known.name() == result);
        // A row not looked at yet has no result; the conclusion names it.
        let Some(found) = found else {
            if result.is_empty() {
                continue;
            }
            return Err(wrong(line, format!("{result:?} is none of agrees, differs, missing")));
        };
        let row = SampledRow { batch: number(batch)?, position: number(position)? };
        rows.push(VouchedRow { row, result: found, note: note.to_owned() });
    }
    Ok(rows)
}
