//! `verifold engagement new`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use verifold_model::{
    cohort::BatchRole,
    protocol::{WorkerEvent, WorkerRequest},
    state::Exit,
};
use verifold_package::{ClaimedPackage, Limits};
use verifold_policy::{Draft, DraftBatch, DraftSigner, Engagement};

use crate::{
    failure::Failure,
    files::{self, Readers},
    host::{self, path_text},
    inspect,
    verify::file_name,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Draft an engagement from a package: every value is marked "taken from the package" and pins nothing until the auditor confirms it.
    New {
        /// The package.
        package: PathBuf,
        /// Where the draft goes; standard output if not given.
        #[arg(long, short, value_name = "E.toml")]
        output: Option<PathBuf>,
    },
}

/// The text of a draft; for the worker.
pub(crate) fn draft(data: &[u8], path: &Path) -> Result<String, Failure> {
    let package = ClaimedPackage::read(data, &Limits::most()).map_err(|error| inspect::unreadable(&error, path))?;
    let mut models = Vec::new();
    for proof in &package.proofs {
        if !models.contains(&proof.statement.model_commitment) {
            models.push(proof.statement.model_commitment);
        }
    }
    let batches = package.proofs.iter().flat_map(|proof| &proof.statement.batches).filter(|batch| batch.role == BatchRole::Monitoring);
    let mut signers: Vec<DraftSigner> = Vec::new();
    for signer in package.envelopes.iter().map(|envelope| &envelope.statement.predicate.signer) {
        if !signers.iter().any(|other| other.public_key == signer.public_key) {
            signers.push(DraftSigner { name: signer.name.clone(), public_key: signer.public_key });
        }
    }
    Ok(Engagement::draft(&Draft {
        package_file: file_name(path),
        package_digest: package.digest,
        subject: package.subject.clone(),
        period: package.period,
        models,
        plan_digest: package.plan.digest(),
        previous_chain_head: package.proofs.first().and_then(|proof| proof.statement.header.previous_chain_head),
        calendar: package.plan.calendar,
        batches: batches
            .map(|batch| DraftBatch {
                start: batch.start,
                end: batch.end,
                rows: u64::from(batch.rows),
                scored: batch.table.scored(),
                approved: batch.table.logged_approvals(),
            })
            .collect(),
        signers,
    }))
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    let Command::New { package, output } = command;
    let request = WorkerRequest::Draft { package: path_text(package)? };
    let WorkerEvent::Told { text, .. } = host::ask(request)? else { return Err(host::unasked()) };
    match output {
        Some(path) => {
            files::write_new(path, text.as_bytes(), Readers::All)?;
            println!("Drafted, with every value marked \"taken from the package\"; confirm or replace each: {}", path.display());
        }
        None => print!("{text}"),
    }
    Ok(Exit::Met)
}
