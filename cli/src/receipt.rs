//! `verifold receipt check`, at the applicant's.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verifold_model::{
    receipts::{Receipt, ReceiptRow},
    state::Exit,
};
use verifold_package::{ClaimedPackage, Limits};
use verifold_verify::{ReceiptError, check_receipt};

use crate::{failure::Failure, files};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check one's own receipt against the record an auditor has published: what was on file, scored and decided is what was proven.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The receipt.
    receipt: PathBuf,
    /// The record the auditor has published.
    #[arg(long, value_name = "RECORD.json")]
    record: PathBuf,
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Check(arguments) => check(arguments),
    }
}

/// A package, read and not verified.
pub(crate) fn package(path: &Path) -> Result<ClaimedPackage, Failure> {
    ClaimedPackage::read(&files::package(path)?, &Limits::default())
        .map_err(|error| Failure::new(error.exit(), format!("{error}: {}", path.display()), "ask for the package again"))
}

/// A value as a file people may look into.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Failure::new(Exit::Usage, error.to_string(), ""))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A file of JSON, with what it is in words.
pub(crate) fn read<T: serde::de::DeserializeOwned>(what: &str, path: &Path, hint: &str) -> Result<T, Failure> {
    serde_json::from_slice(&files::bytes(what, path)?)
        .map_err(|error| Failure::new(Exit::Malformed, format!("the {what} cannot be read ({error}): {}", path.display()), hint))
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
    println!("Whose   {}, {}", record.subject.as_ref().map_or("", |subject| &subject.value.name), record.policy.title);
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
                println!("        {} = {} {}", feature.name, feature.value, feature.unit);
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
