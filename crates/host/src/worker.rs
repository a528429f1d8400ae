//! The worker process: `verifold worker` beside this program, one line of JSON per message.
//!
//! A package is parsed and verified there. Cancel, a crash or a limit ends that process and nothing
//! else; what it wrote until then concludes nothing.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use verifold_model::{
    protocol::{WorkerEvent, WorkerRequest},
    workbench::{Event, RunId},
};

use crate::Outlet;

/// Bytes of standard error kept for the message when the worker stops.
const MOST_COMPLAINT: u64 = 4_096;

/// A running worker.
pub(crate) struct Worker {
    child: Child,
    input: Option<ChildStdin>,
}

/// Path of the verifier: beside this program.
#[expect(clippy::disallowed_methods, reason = "the host starts the verifier that was installed with it")]
fn verifier() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("The path of this program is not known: {error}"))?;
    let name = format!("verifold{}", std::env::consts::EXE_SUFFIX);
    let beside = own.with_file_name(&name);
    if beside.is_file() {
        return Ok(beside);
    }
    Err(format!(
        "The verifier was not found. Expected it beside this program: {}. In a source tree, build it with: cargo build --package verifold-cli",
        beside.display()
    ))
}

impl Worker {
    /// Starts a worker with one request; its lines arrive at the outlet.
    ///
    /// # Errors
    /// Why it could not be started.
    pub(crate) fn start(run: RunId, request: &WorkerRequest, outlet: Outlet) -> Result<Self, String> {
        Self::start_program(verifier()?, &["worker"], run, request, outlet)
    }

    fn start_program(program: PathBuf, arguments: &[&str], run: RunId, request: &WorkerRequest, outlet: Outlet) -> Result<Self, String> {
        let mut child = Command::new(&program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("The verifier could not be started: {error}: {}", program.display()))?;
        let (Some(mut input), Some(output), Some(complaint)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err("The verifier was started without its pipes".to_owned());
        };
        let mut line = serde_json::to_vec(request).map_err(|error| format!("The request could not be written: {error}"))?;
        line.push(b'\n');
        let said = Arc::new(Mutex::new(String::new()));
        let listener = {
            let said = Arc::clone(&said);
            thread::spawn(move || {
                let mut text = Vec::new();
                let mut complaint = complaint;
                // Keep the beginning, drain the rest, so that the worker never blocks on a full pipe.
                if complaint.by_ref().take(MOST_COMPLAINT).read_to_end(&mut text).is_ok()
                    && let Ok(mut said) = said.lock()
                {
                    *said = String::from_utf8_lossy(&text).trim().to_owned();
                }
                let _ = std::io::copy(&mut complaint, &mut std::io::sink());
            })
        };
        thread::spawn(move || {
            let ended = listen(BufReader::new(output), run, &outlet);
            if !ended {
                let _ = listener.join();
                let said = said.lock().map(|said| said.clone()).unwrap_or_default();
                let last = said.lines().last().unwrap_or_default().to_owned();
                let cause = if last.is_empty() { "It gave no reason.".to_owned() } else { format!("It said: {last}") };
                outlet.tell(Event::WorkerStopped { run, cause });
            }
        });
        // A worker that is gone already is reported by the reading thread.
        let _ = input.write_all(&line).and_then(|()| input.flush());
        Ok(Self { child, input: Some(input) })
    }

    /// Ends the process at once.
    pub(crate) fn kill(mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Closing its input lets an idle worker end; one still at work must not outlive the window.
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes lines on until the work has ended; false if they end before.
fn listen(output: impl BufRead, run: RunId, outlet: &Outlet) -> bool {
    for line in output.lines() {
        let Ok(line) = line else { return false };
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<WorkerEvent>(&line) {
            Ok(event) => {
                let last = matches!(event, WorkerEvent::Verified { .. } | WorkerEvent::Reported { .. } | WorkerEvent::Failed { .. });
                outlet.tell(Event::Worker { run, event });
                if last {
                    return true;
                }
            }
            Err(error) => {
                outlet.tell(Event::WorkerStopped { run, cause: format!("It wrote a line this workbench does not understand: {error}") });
                return true;
            }
        }
    }
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    const RUN: RunId = RunId(3);

    fn start(script: &str) -> (Worker, mpsc::Receiver<Event>) {
        let (events, received) = mpsc::channel();
        let outlet = Outlet::new(move |event| drop(events.send(event)));
        let request = WorkerRequest::Verify { policy: "p".into(), engagement: None, package: "q".into() };
        (Worker::start_program("/bin/sh".into(), &["-c", script], RUN, &request, outlet).unwrap(), received)
    }

    fn next(received: &mpsc::Receiver<Event>) -> Event {
        received.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    #[test]
    fn lines_arrive_as_events() {
        let (_worker, received) =
            start(r#"read line; echo '{"event":"ready","protocol":1,"program":"x"}'; echo '{"event":"failed","message":"no","exit":3}'"#);
        assert_eq!(next(&received), Event::Worker { run: RUN, event: WorkerEvent::Ready { protocol: 1, program: "x".into() } });
        assert_eq!(next(&received), Event::Worker { run: RUN, event: WorkerEvent::Failed { message: "no".into(), exit: 3 } });
    }

    #[test]
    fn a_crash_is_reported_with_its_last_words() {
        let (_worker, received) = start("echo first >&2; echo out of memory >&2; exit 3");
        assert_eq!(next(&received), Event::WorkerStopped { run: RUN, cause: "It said: out of memory".into() });
    }

    #[test]
    fn a_line_that_is_no_message_is_reported() {
        let (_worker, received) = start("echo hello; sleep 30");
        assert!(matches!(next(&received), Event::WorkerStopped { cause, .. } if cause.contains("does not understand")));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the promise is about elapsed time")]
    fn cancel_ends_the_process_at_once() {
        let (worker, _received) = start("exec sleep 30");
        let before = std::time::Instant::now();
        worker.kill();
        assert!(before.elapsed() < Duration::from_millis(200), "{:?}", before.elapsed());
    }
}
