//! `verifold worker`: one request, carried out in a process of its own that has given up what it does not need.
//!
//! In order: the request is read from standard input; the files it names are read as bytes; the policy, which is the
//! auditor's, is parsed for its limits; the process isolates itself ([`isolation`]); only then is anything parsed that
//! others wrote. The key of the circuit the policy names is derived before that, too, where it names one circuit of one shape
//! (decision 15).
//!
//! Containment, not integrity: what the worker says is believed by whoever started it. Its use is that a package which
//! crashes, stalls or takes over the parser takes nothing else with it, and can be cancelled by killing it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant as Clock},
};

use clap::Args;
use verifold_model::{
    cohort::BatchRole,
    instant::Instant,
    json::from_json,
    limits::Limits,
    protocol::{Bounds, ClaimedRows, PROTOCOL_VERSION, VerifyFiles, WorkPhase, WorkerEvent, WorkerRequest, read_frame, write_frame},
    state::Exit,
};
use verifold_package::ClaimedPackage;
use verifold_policy::{Overlay, Policy, TrustedSigner};
use verifold_verify::{Inputs, KeyStore, Progress, verify};

use crate::{
    documents, engagement,
    failure::Failure,
    files::{self, File},
    host, inspect, isolation, model,
    received::Handed,
    report, sign, traceability,
    verify::file_name,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print what isolation this machine gives a worker, and try seven things that it should refuse.
    #[arg(long)]
    check: bool,
}

fn say(event: &WorkerEvent) {
    // If nobody listens any more, nobody is told so.
    let _ = write_frame(&mut std::io::stdout().lock(), event);
}

struct Spoken(Clock);

impl Progress for Spoken {
    fn phase(&mut self, phase: WorkPhase, detail: &str, done: u32, total: u32) {
        say(&WorkerEvent::Phase { phase, detail: detail.to_owned(), done, total });
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.check {
        return check();
    }
    say(&WorkerEvent::Ready { protocol: PROTOCOL_VERSION, program: format!("Verifold {}", env!("CARGO_PKG_VERSION")) });
    let misunderstood = |problem: String| {
        let what = format!("the worker was asked something it does not understand: {problem}");
        Failure::new(Exit::Usage, what, "use programs of one version")
    };
    let frame = read_frame(&mut std::io::stdin().lock()).map_err(|error| misunderstood(error.to_string()));
    let event = frame.and_then(|frame| {
        // Nothing was asked.
        let Some(frame) = frame else { return Ok(None) };
        let request = from_json(&frame).map_err(|error| misunderstood(error.to_string()))?;
        answer(request).map(Some)
    });
    match event {
        Ok(Some(event)) => say(&event),
        Ok(None) => {}
        Err(failure) => say(&WorkerEvent::Failed { message: failure.what, hint: failure.hint, exit: failure.exit.code() }),
    }
    Ok(Exit::Met)
}

fn answer(request: WorkerRequest) -> Result<WorkerEvent, Failure> {
    match request {
        WorkerRequest::Verify { files } => {
            say(&WorkerEvent::Phase { phase: WorkPhase::Read, detail: String::new(), done: 0, total: 0 });
            Verification::read(files)?.run()
        }
        WorkerRequest::Inspect { package } => {
            let path = Path::new(&package);
            let data = files::package(path, &Limits::most())?;
            isolate(&Limits::default());
            inspect::text(&data, path).map(told)
        }
        WorkerRequest::Draft { package } => {
            let path = Path::new(&package);
            let data = files::package(path, &Limits::most())?;
            isolate(&Limits::default());
            engagement::draft(&data, path).map(told)
        }
        WorkerRequest::DraftTraceability { package, stage } => {
            let path = Path::new(&package);
            let data = files::package(path, &Limits::most())?;
            isolate(&Limits::default());
            traceability::drafted(&data, path, stage).map(told)
        }
        WorkerRequest::Outline { package } => {
            let path = Path::new(&package);
            let data = files::package(path, &Limits::most())?;
            isolate(&Limits::default());
            outline(&data, path)
        }
        WorkerRequest::Attach { package, envelope } => {
            let path = Path::new(&package);
            let data = files::package(path, &Limits::most())?;
            isolate(&Limits::default());
            sign::attached(&data, path, &envelope)
        }
        WorkerRequest::Report { record, date, verified_now } => {
            isolate(&Limits::default());
            say(&WorkerEvent::Phase { phase: WorkPhase::Report, detail: String::new(), done: 0, total: 0 });
            let rendered = report::render_dated(&record, date, verified_now)?;
            Ok(WorkerEvent::Rendered { pdf: rendered.pdf, pages: rendered.pages })
        }
        WorkerRequest::CheckModel { files } => {
            let handed = model::Handed::read(&files)?;
            isolate(&Limits::default());
            let (text, exit) = handed.check()?;
            Ok(WorkerEvent::Told { text, exit: exit.code() })
        }
        WorkerRequest::Check => {
            let (text, holds) = isolation::check::run();
            Ok(WorkerEvent::Told { text, exit: if holds { Exit::Met } else { Exit::NotChecked }.code() })
        }
    }
}

/// What a package claims that other commands need to know of it.
fn outline(data: &[u8], path: &Path) -> Result<WorkerEvent, Failure> {
    let package = ClaimedPackage::read(data, &Limits::most()).map_err(|error| inspect::unreadable(&error, path))?;
    let batches = package.proofs.iter().flat_map(|proof| &proof.statement.batches);
    let monitored = batches.filter(|batch| batch.role == BatchRole::Monitoring);
    let batches = monitored.map(|batch| ClaimedRows { index: batch.index, rows: batch.rows }).collect();
    Ok(WorkerEvent::Outline { manifest_sha256: package.manifest_digest, batches })
}

fn told(text: String) -> WorkerEvent {
    WorkerEvent::Told { text, exit: Exit::Met.code() }
}

fn isolate(limits: &Limits) {
    let bounds = Bounds::of(limits);
    let layers = isolation::enter(bounds);
    say(&WorkerEvent::Isolated { missing: isolation::missing(&layers), bounds });
}

/// Everything a verification looks at: the auditor's policy, overlays and keys parsed, all else as bytes.
struct Verification {
    policy: Policy,
    overlays: Vec<Overlay>,
    trusted: Vec<TrustedSigner>,
    engagement: Option<File>,
    handed: Handed,
    reviewed_at: Option<Instant>,
    against: Option<File>,
    package: File,
}

impl Verification {
    fn read(files: VerifyFiles) -> Result<Self, Failure> {
        let policy = files::policy(Path::new(&files.policy))?;
        let handed = Handed::read(&files, &policy.limits)?;
        let path = PathBuf::from(files.package);
        let overlay = |path: &String| files::overlay(Path::new(path), Some(&policy));
        Ok(Self {
            overlays: files.overlays.iter().map(overlay).collect::<Result<_, _>>()?,
            reviewed_at: files.reviewed_at.or_else(files::now),
            trusted: files.trust.iter().map(|path| documents::trusted(Path::new(path))).collect::<Result<_, _>>()?,
            engagement: files.engagement.map(|path| files::document_file("engagement", Path::new(&path))).transpose()?,
            handed,
            against: files.against.map(|path| files::file("record", Path::new(&path))).transpose()?,
            package: (path.clone(), files::package(&path, &policy.limits)?),
            policy,
        })
    }

    fn run(self) -> Result<WorkerEvent, Failure> {
        isolate(&self.policy.limits);
        let engagement = self.engagement.map(|(path, bytes)| files::engagement_of(bytes, &path)).transpose()?;
        let mut received = self.handed.received(self.overlays, self.trusted, &self.policy.limits)?;
        received.reviewed_at = self.reviewed_at;
        let against = self.against.map(|(path, bytes)| files::record_of(&bytes, &path)).transpose()?;
        let (path, package) = self.package;
        let inputs = Inputs {
            policy: &self.policy,
            engagement: engagement.as_ref(),
            received: &received,
            package: &package,
            file_name: &file_name(&path),
            against: against.as_ref().map(|(record, digest)| (record, *digest)),
        };
        #[expect(clippy::disallowed_methods, reason = "shells know the time")]
        let begun = Clock::now();
        let mut record = verify(&inputs, &KeyStore::new(), &mut Spoken(begun));
        record.volatile.finished = files::now();
        Ok(WorkerEvent::Verified { record: Box::new(record) })
    }
}

fn check() -> Result<Exit, Failure> {
    let WorkerEvent::Told { text, exit } = host::ask(WorkerRequest::Check)? else { return Err(host::unasked()) };
    print!("{text}");
    Ok(Exit::of_code(exit).unwrap_or(Exit::NotChecked))
}
