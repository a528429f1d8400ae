//! `verifold verify`: asks a worker, and shows what it answers.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use verifold_model::{
    instant::Instant,
    protocol::{VerifyFiles, WorkerEvent, WorkerRequest},
    record::AuditRecord,
    state::Exit,
};

use crate::{
    failure::Failure,
    files,
    host::{self, path_text},
    memo, out, report,
    wrap::fill,
};

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

/// The name of a file without its folders.
pub(crate) fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let one = |path: &Option<PathBuf>| path.as_deref().map(path_text).transpose();
    let all = |paths: &[PathBuf]| paths.iter().map(|path| path_text(path)).collect::<Result<Vec<String>, Failure>>();
    let files = VerifyFiles {
        policy: path_text(&arguments.policy)?,
        engagement: one(&arguments.engagement)?,
        anchors: one(&arguments.anchors)?,
        overlays: all(&arguments.overlay)?,
        signatures: all(&arguments.signature)?,
        trust: all(&arguments.trust)?,
        against: one(&arguments.against)?,
        package: path_text(&arguments.package)?,
        reviewed_at: arguments.date,
    };
    let WorkerEvent::Verified { mut record } = host::ask(WorkerRequest::Verify { files })? else { return Err(host::unasked()) };
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
        (false, Format::Json) => out::say_json(&String::from_utf8_lossy(&record.to_bytes())),
    }
}
