//! `verifold inspect`: claims, shown without believing them.

use std::path::PathBuf;

use clap::Args;
use verifold_model::{
    cohort::BatchRole,
    format::{bytes, count},
    state::Exit,
};
use verifold_package::{ClaimedPackage, Limits, PackageError};

use crate::{
    failure::Failure,
    files, traceability,
    wrap::{fill, pad},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The package.
    package: PathBuf,
}

/// A package that cannot be read, as a failure of a command that needs it.
pub(crate) fn unreadable(error: &PackageError, path: &std::path::Path) -> Failure {
    let place = if error.place().is_empty() { String::new() } else { format!(", at {}", error.place()) };
    Failure::new(
        error.exit(),
        format!("the package cannot be read [{}]{place}: {error}: {}", error.cause(), path.display()),
        "ask the audited party for the package again, and compare SHA-256 digests on another channel",
    )
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let data = files::package(&arguments.package)?;
    let package = ClaimedPackage::read(&data, &Limits::default()).map_err(|error| unreadable(&error, &arguments.package))?;
    println!("CLAIMED, nothing below has been verified; `verifold verify` does that\n");
    println!("Package   {}, {}", crate::verify::file_name(&arguments.package), bytes(package.size));
    println!("SHA-256   {}", package.digest);
    println!("Written   by {}, dated {}", package.written_by, package.created);
    let subject = &package.subject;
    print!(
        "{}",
        fill("Subject   ", "          ", &format!("{}, LEI {}, {}, model {}", subject.name, subject.lei, subject.system, subject.model))
    );
    println!("Period    {}", package.period.text());
    println!("Plan      {}\n", package.plan.digest());
    println!("ENTRIES   (digests of entries are recomputed and match the manifest)");
    for entry in &package.entries {
        println!("  {} {} {} {}", pad(&entry.path, 40), pad(&bytes(entry.size), 10), entry.digest.short(), entry.role);
    }
    for envelope in &package.envelopes {
        let stated = &envelope.statement.predicate;
        let kept = if envelope.statement.manifest() == package.manifest_digest { "this manifest" } else { "ANOTHER manifest" };
        println!("\nSIGNATURE of {kept}, dated {}, by {}", stated.signed_at, stated.signer.name);
        print!("{}", fill("  key  ", "       ", &stated.signer.public_key.fingerprint().to_string()));
    }
    for document in &package.traceability {
        println!("\nTRACEABILITY of {}, claimed by the provider, as the rest; not compared with the proofs here", document.stage.name());
        traceability::print(document, "  ");
    }
    for proof in &package.proofs {
        let statement = &proof.statement;
        println!("\nPROOF     {}: {}", proof.id, proof.title);
        println!("  statement {}, circuit {}, {}", proof.kind.name(), statement.header.circuit, proof.system.title());
        print!("{}", fill("  strength  ", "            ", &proof.system.strength().words()));
        println!("  {} steps, proof {}", count(statement.steps), bytes(proof.bytes.len() as u64));
        println!("  model  {}", statement.model_commitment);
        println!("  chain  {}", statement.chain_head);
        println!("  batch  {} {} {} {} approvals logged", pad("from", 12), pad("to", 12), pad("rows", 9), pad("scored", 9));
        for batch in &statement.batches {
            let role = if batch.role == BatchRole::Reference { ", reference" } else { "" };
            println!(
                "  {} {} {} {} {} {}{role}",
                pad(&batch.index.to_string(), 6),
                pad(&batch.start.date_text(), 12),
                pad(&batch.end.date_text(), 12),
                pad(&count(u64::from(batch.rows)), 9),
                pad(&count(batch.table.scored()), 9),
                count(batch.table.logged_approvals()),
            );
        }
    }
    Ok(Exit::Met)
}
