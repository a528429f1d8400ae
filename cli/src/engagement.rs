//! `verifold engagement`: what an auditor expects, checked or drafted.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use verifold_model::{
    cohort::BatchRole,
    deposited::Deposited,
    format::counted,
    protocol::{WorkerEvent, WorkerRequest},
    state::Exit,
};
use verifold_package::{ClaimedPackage, Limits};
use verifold_policy::{Draft, DraftBatch, DraftSigner, Engagement, Level, Stated};

use crate::{
    failure::Failure,
    files::{self, Readers},
    host::{self, path_text},
    inspect,
    verify::file_name,
    wrap::{fill, pad},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check an engagement and print what it fixes and what it leaves to the package.
    Check {
        /// The engagement.
        engagement: PathBuf,
    },
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
    match command {
        Command::Check { engagement } => check(engagement),
        Command::New { package, output } => new(package, output.as_deref()),
    }
}

fn new(package: &Path, output: Option<&Path>) -> Result<Exit, Failure> {
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

fn check(path: &Path) -> Result<Exit, Failure> {
    let lint = Engagement::lint(&files::document("engagement", path)?);
    for notice in &lint.notices {
        println!("{}: {notice}", path.display());
    }
    let of = |level| lint.notices.iter().filter(|notice| notice.level == level).count() as u64;
    println!("{}, {}", counted(of(Level::Error), "error", "errors"), counted(of(Level::Warning), "warning", "warnings"));
    let Some(engagement) = lint.value else { return Ok(Exit::Malformed) };
    println!("\n{}, {}\nSHA-256 {}", engagement.id, engagement.title, engagement.digest);
    let (mut fixed, mut open) = (Vec::new(), Vec::new());
    for line in lines(&engagement) {
        if line.fixed { fixed.push(line) } else { open.push(line) }
    }
    for (heading, lines) in
        [("Fixed by the auditor, whatever a package says", fixed), ("Left open: nothing is compared or demanded here", open)]
    {
        if !lines.is_empty() {
            println!("\n{heading}");
        }
        for Line { what, text, .. } in lines {
            print!("{}", fill(&format!("  {} ", pad(what, 20)), "                       ", &text));
        }
    }
    Ok(Exit::Met)
}

/// What an engagement says of one thing.
struct Line {
    what: &'static str,
    fixed: bool,
    text: String,
}

/// Everything an engagement can fix, in the order of its file.
fn lines(engagement: &Engagement) -> Vec<Line> {
    let mut lines = Vec::new();
    let subject = &engagement.subject;
    for (what, stated) in [("Name", &subject.name), ("LEI", &subject.lei), ("System", &subject.system), ("Model's name", &subject.model)] {
        lines.push(line(what, stated.as_ref(), String::clone));
    }
    lines.push(line("Period", engagement.period.as_ref(), |period| period.text()));
    lines.extend(several("Model", engagement.models.iter().map(|model| line("Model", Some(model), ToString::to_string))));
    lines.push(line("Plan", engagement.plan.as_ref(), ToString::to_string));
    lines.push(line("Previous chain head", engagement.previous_chain_head.as_ref(), ToString::to_string));
    if let Some(first) = &engagement.first_package {
        lines.push(line("Earlier packages", Some(first), |()| "none: this is the first".to_owned()));
    } else {
        let of_each = engagement.earlier.iter().map(|earlier| line("Earlier packages", Some(earlier), |period| period.text()));
        lines.extend(several("Earlier packages", of_each));
    }
    lines.push(line("Batches", engagement.calendar.as_ref(), |calendar| {
        let ends = [calendar.slots.first(), calendar.slots.last()].map(|slot| slot.map_or("", |slot| slot.label.as_str()));
        format!("{}, {} to {}", counted(calendar.slots.len() as u64, "batch", "batches"), ends[0], ends[1])
    }));
    lines.push(line("Control totals", engagement.controls.as_ref(), |controls| {
        format!("of {}", counted(controls.len() as u64, "batch", "batches"))
    }));
    lines.push(demand(
        "Signatures",
        (engagement.origin_threshold > 0).then(|| {
            format!("{} must have signed the package", counted(engagement.origin_threshold.into(), "trusted provider", "trusted providers"))
        }),
    ));
    lines.push(demand(
        "Anchors",
        engagement
            .anchored_within_days
            .map(|days| format!("every batch must have been anchored within {} of its end", counted(days.into(), "day", "days"))),
    ));
    let words: Vec<&str> = engagement.deposited.iter().copied().map(Deposited::word).collect();
    lines.push(demand("Before the period", (!words.is_empty()).then(|| format!("laid down: {}", words.join(", ")))));
    for signer in &engagement.signers {
        let text = format!("{}, {}{}", signer.text_with_role(), signer.window_text(), from(&signer.origin));
        lines.push(Line { what: "Trusted", fixed: true, text });
    }
    for (what, keys) in [("Time stamps from", &engagement.timestamp_authorities), ("Model files from", &engagement.model_signers)] {
        for key in keys {
            lines.push(Line { what, fixed: true, text: format!("{}, SHA-256 {}{}", key.name, key.digest, from(&key.origin)) });
        }
    }
    lines
}

fn line<T>(what: &'static str, stated: Option<&Stated<T>>, text: impl Fn(&T) -> String) -> Line {
    let fixed = stated.is_some_and(|stated| stated.pinned().is_some());
    let text = match stated {
        None => "not said".to_owned(),
        Some(stated) if fixed => format!("{}{}", text(&stated.value), from(&stated.origin)),
        Some(stated) => format!("{}, taken from the package", text(&stated.value)),
    };
    Line { what, fixed, text }
}

/// The lines of a list, or that it is empty.
fn several(what: &'static str, lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let lines: Vec<Line> = lines.collect();
    if lines.is_empty() { vec![line::<()>(what, None, |()| String::new())] } else { lines }
}

fn demand(what: &'static str, text: Option<String>) -> Line {
    Line { what, fixed: text.is_some(), text: text.unwrap_or_else(|| "not demanded here; the policy may".to_owned()) }
}

fn from(origin: &str) -> String {
    if origin.is_empty() { String::new() } else { format!(" ({origin})") }
}
