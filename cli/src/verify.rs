//! `verifold verify`.

use std::{
    path::PathBuf,
    time::{Duration, Instant as Clock},
};

use clap::{Args, ValueEnum};
use verifold_model::{instant::Instant, protocol::WorkPhase, record::AuditRecord, state::Exit};
use verifold_verify::{Inputs, KeyStore, Progress, verify};

use crate::{documents, failure::Failure, files, memo, received::received, report, wrap::fill};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An auditor's memo.
    Text,
    /// The audit record.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What is demanded.
    #[arg(long, value_name = "P.toml")]
    policy: PathBuf,
    /// What the auditor of this audit expects; without it nothing about subject, model, plan and completeness is established.
    #[arg(long, value_name = "E.toml")]
    engagement: Option<PathBuf>,
    /// Folder of the anchors received, in place of `anchors` beside the engagement.
    #[arg(long, value_name = "DIR", requires = "engagement")]
    anchors: Option<PathBuf>,
    /// Tailor the policy: changes of limits, each with rationale, owner and end. Several are applied in order.
    #[arg(long, value_name = "O.toml")]
    overlay: Vec<PathBuf>,
    /// A further signature of policy, overlay or engagement; those beside each are found without it.
    #[arg(long, value_name = "SIG.dsse.json")]
    signature: Vec<PathBuf>,
    /// Trust this public key for signatures of policy, overlays and engagement; the engagement's auditors are, but for itself.
    #[arg(long, value_name = "KEY.pub")]
    trust: Vec<PathBuf>,
    /// What was handed over.
    package: PathBuf,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the audit record here.
    #[arg(long, value_name = "R.json")]
    record: Option<PathBuf>,
    /// Write a PDF report here.
    #[arg(long, value_name = "R.pdf")]
    report: Option<PathBuf>,
    /// Compare with an earlier record.
    #[arg(long, value_name = "R0.json")]
    against: Option<PathBuf>,
    /// Date of the record and the report, in place of now.
    #[arg(long, value_name = "RFC3339")]
    date: Option<Instant>,
    /// Print the conclusion only.
    #[arg(long, short)]
    quiet: bool,
}

/// The clock of a run; says nothing on the way.
pub(crate) struct Silent(Clock);

impl Silent {
    pub(crate) fn begun() -> Self {
        #[expect(clippy::disallowed_methods, reason = "shells know the time")]
        Self(Clock::now())
    }
}

impl Progress for Silent {
    fn phase(&mut self, _: WorkPhase, _: &str, _: u32, _: u32) {}

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The name of a file without its folders.
pub(crate) fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let policy = files::policy(&arguments.policy)?;
    let engagement = arguments.engagement.as_deref().map(files::engagement).transpose()?;
    let mut received = received(&arguments.policy, arguments.engagement.as_deref(), arguments.anchors.as_deref())?;
    for path in &arguments.overlay {
        received.overlays.push((files::overlay(path, Some(&policy))?, documents::beside(path)?));
    }
    received.reviewed_at = arguments.date.or_else(files::now);
    for path in &arguments.signature {
        documents::add(&mut received, path)?;
    }
    received.trusted = arguments.trust.iter().map(|path| documents::trusted(path)).collect::<Result<_, _>>()?;
    let against = arguments.against.as_deref().map(files::record).transpose()?;
    let package = files::package(&arguments.package)?;
    let inputs = Inputs {
        policy: &policy,
        engagement: engagement.as_ref(),
        received: &received,
        package: &package,
        file_name: &file_name(&arguments.package),
        against: against.as_ref().map(|(record, digest)| (record, *digest)),
    };
    let mut record = verify(&inputs, &KeyStore::new(), &mut Silent::begun());
    record.volatile.finished = arguments.date.or_else(files::now);

    if let Some(path) = &arguments.record {
        files::write(path, &record.to_bytes())?;
    }
    if let Some(path) = &arguments.report {
        report::write(&record, record.volatile.finished, true, path)?;
    }
    print(arguments, &record);
    Ok(record.exit)
}

fn print(arguments: &Arguments, record: &AuditRecord) {
    match (arguments.quiet, arguments.format) {
        (true, _) => print!("{}", fill("", "", &format!("{}.", record.headline.title))),
        (false, Format::Text) => print!("{}", memo::text(record)),
        (false, Format::Json) => print!("{}", String::from_utf8_lossy(&record.to_bytes())),
    }
}
