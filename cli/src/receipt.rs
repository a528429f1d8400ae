//! `verifold receipt make` at the audited party, `verifold receipt check` at the applicant's.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verifold_model::{
    format::counted,
    instant::{Instant, SEQUENCE_BITS},
    json::from_json,
    receipts::{Receipt, ReceiptRow},
    record::Source,
    sample::SampledRow,
    state::Exit,
};
use verifold_package::{ClaimedPackage, Limits};
use verifold_prove::receipts::ReceiptSecrets;
use verifold_verify::{ReceiptError, check_receipt};

use crate::{
    failure::Failure,
    files::{self, Readers},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the receipts of rows, for those the rows are about: for the audited party.
    Make(Make),
    /// Check one's own receipt against the record an auditor has published: what was on file, scored and decided is what was proven.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Make {
    /// What opens the receipts: OUT.receipts beside the package.
    #[arg(long, value_name = "MINE.receipts")]
    secrets: PathBuf,
    /// The package with the receipts proof.
    #[arg(long, value_name = "MINE.zkaudit")]
    package: PathBuf,
    /// Rows, by their time and, where several share a second, a number behind it: 2026-03-02T10:11:12Z/3. May be repeated.
    #[arg(long = "key", value_name = "TIME[/N]", required = true)]
    keys: Vec<RowKey>,
    /// The receipt; with several keys, a folder for them.
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The receipt.
    receipt: PathBuf,
    /// The record the auditor has published.
    #[arg(long, value_name = "RECORD.json")]
    record: PathBuf,
}

/// The key of a row as people write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowKey(u64);

impl std::str::FromStr for RowKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (time, sequence) = text.split_once('/').unwrap_or((text, "0"));
        let time: Instant = time.parse().map_err(|error| format!("{error}"))?;
        let sequence: u32 = sequence.parse().map_err(|_| format!("{sequence:?} is not a number"))?;
        if sequence >> SEQUENCE_BITS != 0 {
            return Err(format!("{sequence} is not below 2^{SEQUENCE_BITS}"));
        }
        Ok(Self(time.first_key() + u64::from(sequence)))
    }
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Make(arguments) => make(arguments),
        Command::Check(arguments) => check(arguments),
    }
}

/// What opens the receipts of a package.
pub(crate) fn secrets(path: &Path) -> Result<ReceiptSecrets, Failure> {
    serde_json::from_slice(&files::bytes("file of receipts", path)?).map_err(|error| {
        Failure::new(
            Exit::Malformed,
            format!("what opens the receipts cannot be read ({error}): {}", path.display()),
            "give the file NAME.receipts that `verifold prove receipts` wrote",
        )
    })
}

/// A package, read and not verified.
pub(crate) fn package(path: &Path) -> Result<ClaimedPackage, Failure> {
    ClaimedPackage::read(&files::package(path, &Limits::most())?, &Limits::most())
        .map_err(|error| Failure::new(error.exit(), format!("{error}: {}", path.display()), "ask for the package again"))
}

fn make(arguments: &Make) -> Result<Exit, Failure> {
    let (secrets, package) = (secrets(&arguments.secrets)?, package(&arguments.package)?);
    let mut rows = Vec::new();
    for RowKey(key) in &arguments.keys {
        match secrets.rows_with_key(*key).as_slice() {
            [row] => rows.push(*row),
            _ => {
                let time = Instant::from_unix_secs(key >> SEQUENCE_BITS).map_or_else(|| key.to_string(), |time| time.to_string());
                let what = format!("no row of {time}, number {}, has a receipt; nothing was written", key & ((1 << SEQUENCE_BITS) - 1));
                return Err(Failure::new(Exit::Usage, what, "rows of one second are numbered in the order of the file, from 0"));
            }
        }
    }
    let receipts =
        secrets.issue(&package, &rows).map_err(|error| Failure::new(Exit::Usage, format!("nothing was written: {error}"), ""))?;
    let several = receipts.len() > 1;
    if several {
        std::fs::create_dir_all(&arguments.output).map_err(|error| {
            Failure::new(Exit::Usage, format!("the folder cannot be made ({error}): {}", arguments.output.display()), "")
        })?;
    }
    let name = |row: &SampledRow| format!("receipt-{}-{}.json", row.batch, row.position);
    let paths: Vec<PathBuf> =
        rows.iter().map(|row| if several { arguments.output.join(name(row)) } else { arguments.output.clone() }).collect();
    // All or none, but for a file that appears in between.
    for path in &paths {
        if files::is_there(path)? {
            let what = format!("a file is there already, so nothing was written: {}", path.display());
            return Err(Failure::new(Exit::Usage, what, "give another name, or move what is there away"));
        }
    }
    for (path, receipt) in paths.iter().zip(&receipts) {
        files::write_new(path, &json(receipt)?, Readers::Owner)?;
    }
    println!("{} written: {}", counted(receipts.len() as u64, "receipt", "receipts"), arguments.output.display());
    let enough =
        if secrets.layers.is_empty() { "as many as the model has weights give the model" } else { "enough of them give the network" };
    println!("Each is personal data, and shows a score beside the values scored: {enough} away.");
    Ok(Exit::Met)
}

/// A value as a file people may look into.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Failure::new(Exit::Usage, error.to_string(), ""))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A file of JSON, with what it is in words.
pub(crate) fn read<T: serde::de::DeserializeOwned>(what: &str, path: &Path, hint: &str) -> Result<T, Failure> {
    from_json(&files::bytes(what, path)?)
        .map_err(|error| Failure::new(Exit::Malformed, format!("the {what} cannot be read ({error}): {}", path.display()), hint))
}

/// Who says so, where it is not the auditor.
const fn standing(source: Source) -> &'static str {
    match source {
        Source::Pinned => "",
        Source::Contradicted => ", as the package says; the auditor expected another",
        Source::Package => ", as the package says; the auditor fixed none",
    }
}

/// Exit code of what a receipt is refused for: what contradicts a proof is an alarm, what nobody proved is not.
pub(crate) const fn exit(error: &ReceiptError) -> Exit {
    match error {
        ReceiptError::NoPlan | ReceiptError::Unproven { .. } | ReceiptError::NoReceipts { .. } => Exit::NotChecked,
        ReceiptError::NoBatch { .. } | ReceiptError::RootNotProven { same_package: false, .. } => Exit::Scope,
        _ => Exit::Rejected,
    }
}

fn check(arguments: &Check) -> Result<Exit, Failure> {
    let receipt: Receipt = read("receipt", &arguments.receipt, "give the file the audited party gave out, unchanged")?;
    let (record, digest) = files::record(&arguments.record)?;
    let batch = match check_receipt(&receipt, &record) {
        Ok(batch) => batch,
        Err(error) => {
            println!("The receipt does not hold ({}): {error}", error.cause());
            println!("Record  SHA-256 {digest}");
            return Ok(exit(&error));
        }
    };
    println!("The receipt holds: this row was committed, scored and decided as it says.");
    if let Some(subject) = &record.subject {
        println!("From    {}, {}{}", subject.value.name, subject.value.system, standing(subject.source));
    }
    println!(
        "Batch   {} ({} to {}), row {} of {}",
        batch.label,
        batch.start,
        batch.end,
        receipt.position + 1,
        batch.content.as_ref().map_or(0, |content| content.rows)
    );
    println!("Time    {}", receipt.time);
    println!("Group   {}", receipt.group);
    match &receipt.row {
        ReceiptRow::Void { reason } => println!("Void    not scored: {}", reason.words()),
        ReceiptRow::Scored { features, score, model_approves, logged_approval } => {
            for feature in features {
                println!("{}", format!("        {} = {} {}", feature.name, feature.value, feature.unit).trim_end());
            }
            println!("Score   {score}");
            println!("Model   {}", if *model_approves { "approves" } else { "declines" });
            println!("On file {}", if *logged_approval { "approved" } else { "declined" });
        }
    }
    println!("Record  SHA-256 {digest}: compare it with what the auditor published");
    println!("{}", verifold_model::statement::StatementKind::ReceiptsV1.does_not_show());
    Ok(Exit::Met)
}
