//! `verifold worker`: verification for the workbench, in a process of its own.
//!
//! Containment, not integrity: what the worker says is believed by the window that started it. Its use is
//! that a package which crashes or stalls the parser takes no window with it, and can be cancelled by killing it.

use std::{
    io::{BufRead as _, Write as _},
    path::Path,
    time::{Duration, Instant as Clock},
};

use verifold_model::{
    protocol::{PROTOCOL_VERSION, WorkPhase, WorkerEvent, WorkerRequest},
    record::AuditRecord,
    state::Exit,
};
use verifold_verify::{Inputs, KeyStore, Progress, verify};

use crate::{failure::Failure, files, received::received, report, verify::file_name};

fn say(event: &WorkerEvent) {
    let mut out = std::io::stdout().lock();
    // If nobody listens any more the next read ends the worker.
    if serde_json::to_writer(&mut out, event).is_ok() {
        let _ = out.write_all(b"\n");
        let _ = out.flush();
    }
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

fn verified(keys: &KeyStore, policy: &str, engagement: Option<&str>, package: &str) -> Result<AuditRecord, Failure> {
    let mut received = received(Path::new(policy), engagement.map(Path::new), None)?;
    let policy = files::policy(Path::new(policy))?;
    let expected = engagement.map(|path| files::engagement(Path::new(path))).transpose()?;
    received.reviewed_at = files::now();
    let path = Path::new(package);
    let bytes = files::package(path)?;
    let inputs = Inputs {
        policy: &policy,
        engagement: expected.as_ref(),
        received: &received,
        package: &bytes,
        file_name: &file_name(path),
        against: None,
    };
    #[expect(clippy::disallowed_methods, reason = "shells know the time")]
    let begun = Clock::now();
    let mut record = verify(&inputs, keys, &mut Spoken(begun));
    record.volatile.finished = files::now();
    Ok(record)
}

pub(crate) fn run() -> Result<Exit, Failure> {
    let keys = KeyStore::new();
    say(&WorkerEvent::Ready { protocol: PROTOCOL_VERSION, program: format!("Verifold {}", env!("CARGO_PKG_VERSION")) });
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::new(Exit::Usage, format!("standard input ended badly: {error}"), ""))?;
        let outcome = match serde_json::from_str(&line) {
            Ok(WorkerRequest::Verify { policy, engagement, package }) => {
                verified(&keys, &policy, engagement.as_deref(), &package).map(|record| WorkerEvent::Verified { record: Box::new(record) })
            }
            Ok(WorkerRequest::Report { record, verified_now, output }) => {
                say(&WorkerEvent::Phase { phase: WorkPhase::Report, detail: String::new(), done: 0, total: 0 });
                report::write(&record, record.volatile.finished, verified_now, Path::new(&output))
                    .map(|pages| WorkerEvent::Reported { output, pages })
            }
            Err(error) => Err(Failure::new(
                Exit::Usage,
                format!("the worker was asked something it does not understand: {error}"),
                "use workbench and worker of one version",
            )),
        };
        match outcome {
            Ok(event) => say(&event),
            Err(failure) => say(&WorkerEvent::Failed { message: failure.to_string(), exit: failure.exit.code() }),
        }
    }
    Ok(Exit::Met)
}
