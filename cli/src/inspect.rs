//! `verifold inspect`: claims, shown without believing them.

use std::path::{Path, PathBuf};

use clap::Args;
use verifold_model::{
    cohort::BatchRole,
    format::{bytes, count},
    protocol::{WorkerEvent, WorkerRequest},
    state::Exit,
};
use verifold_package::{ClaimedPackage, Limits, PackageError};

use crate::{
    failure::Failure,
    host::{self, path_text},
    out::printable,
    traceability,
    wrap::{fill, pad},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The package.
    package: PathBuf,
}

/// A package that cannot be read, as a failure of a command that needs it.
pub(crate) fn unreadable(error: &PackageError, path: &Path) -> Failure {
    let place = if error.place().is_empty() { String::new() } else { format!(", at {}", error.place()) };
    Failure::new(
        error.exit(),
        format!("the package cannot be read [{}]{place}: {error}: {}", error.cause(), path.display()),
        "ask the audited party for the package again, and compare SHA-256 digests on another channel",
    )
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let request = WorkerRequest::Inspect { package: path_text(&arguments.package)? };
    let WorkerEvent::Told { text, .. } = host::ask(request)? else { return Err(host::unasked()) };
    print!("{}", printable(&text));
    Ok(Exit::Met)
}

/// What is printed; for the worker.
pub(crate) fn text(data: &[u8], path: &Path) -> Result<String, Failure> {
    let package = ClaimedPackage::read(data, &Limits::default()).map_err(|error| unreadable(&error, path))?;
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line("CLAIMED, nothing below has been verified; `verifold verify` does that\n".to_owned());
    line(format!("Package   {}, {}", crate::verify::file_name(path), bytes(package.size)));
    line(format!("SHA-256   {}", package.digest));
    line(format!("Written   by {}, dated {}", package.written_by, package.created));
    let subject = &package.subject;
    let words = format!("{}, LEI {}, {}, model {}", subject.name, subject.lei, subject.system, subject.model);
    line(fill("Subject   ", "          ", &words).trim_end().to_owned());
    line(format!("Period    {}", package.period.text()));
    line(format!("Plan      {}\n", package.plan.digest()));
    line("ENTRIES   (digests of entries are recomputed and match the manifest)".to_owned());
    for entry in &package.entries {
        line(format!("  {} {} {} {}", pad(&entry.path, 40), pad(&bytes(entry.size), 10), entry.digest.short(), entry.role));
    }
    for envelope in &package.envelopes {
        let stated = &envelope.statement.predicate;
        let kept = if envelope.statement.manifest() == package.manifest_digest { "this manifest" } else { "ANOTHER manifest" };
        line(format!("\nSIGNATURE of {kept}, dated {}, by {}", stated.signed_at, stated.signer.name));
        line(fill("  key  ", "       ", &stated.signer.public_key.fingerprint().to_string()).trim_end().to_owned());
    }
    for document in &package.traceability {
        line(format!(
            "\nTRACEABILITY of {}, claimed by the provider, as the rest; not compared with the proofs here",
            document.stage.name()
        ));
        line(traceability::printed(document, "  ").trim_end().to_owned());
    }
    for proof in &package.proofs {
        let statement = &proof.statement;
        line(format!("\nPROOF     {}: {}", proof.id, proof.title));
        line(format!("  statement {}, circuit {}, {}", proof.kind.name(), statement.header.circuit, proof.system.title()));
        line(fill("  strength  ", "            ", &proof.system.strength().words()).trim_end().to_owned());
        line(format!("  {} steps, proof {}", count(statement.steps), bytes(proof.bytes.len() as u64)));
        line(format!("  model  {}", statement.model_commitment));
        line(format!("  chain  {}", statement.chain_head));
        line(format!("  batch  {} {} {} {} approvals logged", pad("from", 12), pad("to", 12), pad("rows", 9), pad("scored", 9)));
        for batch in &statement.batches {
            let role = if batch.role == BatchRole::Reference { ", reference" } else { "" };
            line(format!(
                "  {} {} {} {} {} {}{role}",
                pad(&batch.index.to_string(), 6),
                pad(&batch.start.date_text(), 12),
                pad(&batch.end.date_text(), 12),
                pad(&count(u64::from(batch.rows)), 9),
                pad(&count(batch.table.scored()), 9),
                count(batch.table.logged_approvals()),
            ));
        }
    }
    Ok(text)
}
