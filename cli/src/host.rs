//! How commands ask a worker: this program is started again as `verifold worker`, with one request, and answers.
//!
//! Nothing of a package is parsed here. What the worker says about its own isolation goes to standard error.

use std::{path::Path, sync::mpsc};

use verifold_host::worker::{Said, Worker};
use verifold_model::{
    digest::Digest,
    protocol::{ClaimedRows, PROTOCOL_VERSION, Stopped, WorkPhase, WorkerEvent, WorkerRequest, isolation_note},
    state::Exit,
};

use crate::failure::Failure;

/// A path as requests carry it.
pub(crate) fn path_text(path: &Path) -> Result<String, Failure> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(Exit::Usage, format!("the path is not UTF-8, so nothing was checked: {}", path.display()), "rename it"))
}

/// Asks a worker, and gives its last event.
pub(crate) fn ask(request: WorkerRequest) -> Result<WorkerEvent, Failure> {
    let cannot = |what: String| Failure::new(Exit::NotChecked, what, "");
    #[expect(clippy::disallowed_methods, reason = "a shell starts itself")]
    let program = std::env::current_exe().map_err(|error| cannot(format!("the path of this program is not known: {error}")))?;
    let (tell, told) = mpsc::channel();
    // Dropped, and with it ended, when there is an answer.
    let _worker = Worker::start(&program, request, move |said| drop(tell.send(said))).map_err(cannot)?;
    let mut at = "starting".to_owned();
    for said in told {
        match said {
            Said::Event(WorkerEvent::Ready { protocol, program }) => {
                if protocol != PROTOCOL_VERSION {
                    return Err(cannot(format!("{program} speaks protocol {protocol}, this program {PROTOCOL_VERSION}")));
                }
            }
            Said::Event(WorkerEvent::Isolated { missing, .. }) => {
                if let Some(note) = isolation_note(&missing) {
                    eprintln!("verifold: note: {note}");
                }
            }
            Said::Event(WorkerEvent::Phase { phase, detail, .. }) => at = doing(phase, &detail),
            Said::Event(WorkerEvent::Failed { message, hint, exit }) => {
                let exit = Exit::of_code(exit).unwrap_or(Exit::NotChecked);
                return Err(Failure::new(exit, message, hint));
            }
            Said::Event(event) => return Ok(event),
            Said::Stopped(stopped) => return Err(unanswered(&at, &stopped)),
        }
    }
    Err(unasked())
}

/// What is signed in a package, by its manifest's SHA-256, and how many rows it claims each monitored batch has.
pub(crate) fn outline(package: &Path) -> Result<(Digest, Vec<ClaimedRows>), Failure> {
    match ask(WorkerRequest::Outline { package: path_text(package)? })? {
        WorkerEvent::Outline { manifest_sha256, batches } => Ok((manifest_sha256, batches)),
        _ => Err(unasked()),
    }
}

/// An answer of another kind than was asked for, or none.
pub(crate) fn unasked() -> Failure {
    Failure::new(Exit::NotChecked, "the verifier answered something that was not asked", STOPPED)
}

const STOPPED: &str = "nothing is concluded and nothing was written; treat the package as hostile until the cause is known";

fn unanswered(at: &str, stopped: &Stopped) -> Failure {
    let hint = match stopped.exit {
        Exit::Limits => "nothing is concluded and nothing was written; a package that needs so much is not checked by this program",
        _ => STOPPED,
    };
    Failure::new(stopped.exit, format!("the verifier stopped while {at}. {}", stopped.cause), hint)
}

/// What the worker is at, as it stands behind "while".
fn doing(phase: WorkPhase, detail: &str) -> String {
    let words = phase.words();
    let words = words.split_at_checked(1).map_or_else(|| words.to_owned(), |(first, rest)| first.to_lowercase() + rest);
    if detail.is_empty() { words } else { format!("{words}: {detail}") }
}

#[cfg(test)]
mod tests {
    use verifold_model::protocol::stopped;

    use super::*;

    #[test]
    fn a_stop_names_the_last_stage_and_the_limit() {
        let failure = unanswered(&doing(WorkPhase::CheckProofs, "Monitoring"), &stopped(Some(24), "", None));
        assert_eq!(failure.exit, Exit::Limits);
        assert_eq!(failure.what, "the verifier stopped while checking proofs: Monitoring. It went over the limit `cpu_seconds`.");
        assert_eq!(unanswered("starting", &stopped(Some(9), "", None)).exit, Exit::NotChecked);
    }
}
