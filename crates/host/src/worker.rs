//! The worker process: `verifold worker`, one request to a process, one line of JSON per message.
//!
//! A package is parsed and verified there. Cancel, a crash or a limit ends that process and nothing
//! else; what it wrote until then concludes nothing.

use std::{
    convert::Infallible,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use verifold_model::{
    protocol::{Bounds, Stopped, WorkerEvent, WorkerRequest, overdue, read_event, stopped, write_frame},
    state::Exit,
};

/// Events a worker may say before its answer: a verification says some ten.
const MOST_NEWS: u32 = 10_000;

/// Bytes of standard error kept for the message when the worker stops.
const MOST_COMPLAINT: u64 = 4_096;

/// How often the thread that listened looks whether the worker has ended.
const REAP_EVERY: Duration = Duration::from_millis(20);

/// What arrives from a worker: events, the last of which ends the work, or that it stopped without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// An event.
    Event(WorkerEvent),
    /// It ended before a last event, or wrote something else.
    Stopped(Stopped),
}

/// A process that can be ended, as far as its host needs it.
pub(crate) trait Process: Send + 'static {
    /// Asks the system to end it; returns at once.
    fn end(&mut self);
}

impl Process for Child {
    fn end(&mut self) {
        // One that has ended already needs no ending.
        let _ = self.kill();
    }
}

/// A running worker. Dropping it ends the process at once, without waiting until it has ended.
pub struct Worker(Arc<Mutex<dyn Process>>);

/// Path of the verifier: beside this program.
///
/// # Errors
/// In words, where it was looked for.
#[expect(clippy::disallowed_methods, reason = "the host starts the verifier that was installed with it")]
pub(crate) fn verifier() -> Result<PathBuf, String> {
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
    /// Starts `program worker` with its request. What it says is told on a thread of its own, up to the last event or the
    /// word that it stopped.
    ///
    /// # Errors
    /// In words, why it could not be started.
    pub fn start(program: &Path, request: WorkerRequest, tell: impl FnMut(Said) + Send + 'static) -> Result<Self, String> {
        Self::start_program(program, &["worker"], request, longest, tell)
    }

    fn start_program(
        program: &Path,
        arguments: &[&str],
        request: WorkerRequest,
        longest: fn(Bounds) -> Duration,
        mut tell: impl FnMut(Said) + Send + 'static,
    ) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (started, starting) = mpsc::sync_channel::<Result<Arc<Mutex<Child>>, String>>(1);
        // A worker ends with the thread that started it, so that is the one that listens.
        thread::spawn(move || match spawn(&mut command) {
            Ok((child, pipes)) => {
                let process = Arc::new(Mutex::new(child));
                // Whoever waited for it is waiting still: the channel holds one.
                let _ = started.send(Ok(Arc::clone(&process)));
                drop(started);
                attend(&process, pipes, request, longest, &mut tell);
            }
            Err(problem) => drop(started.send(Err(problem))),
        });
        let failed = |problem| format!("The verifier could not be started: {problem}: {}", program.display());
        let process = starting.recv().map_err(|error| failed(error.to_string()))?.map_err(failed)?;
        Ok(Self(process))
    }

    #[cfg(test)]
    pub(crate) fn of(process: Arc<Mutex<dyn Process>>) -> Self {
        Self(process)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.0).end();
    }
}

fn lock<P: Process + ?Sized>(process: &Mutex<P>) -> MutexGuard<'_, P> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

type Pipes = (ChildStdin, ChildStdout, ChildStderr);

fn spawn(command: &mut Command) -> Result<(Child, Pipes), String> {
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(input), Some(output), Some(complaint)) => Ok((child, (input, output, complaint))),
        _ => Err("it has no pipes".to_owned()),
    }
}

/// How long a worker may take from the word that it is isolated on.
fn longest(bounds: Bounds) -> Duration {
    Duration::from_secs(bounds.wall_seconds())
}

/// Ends a worker that takes too long. The system ends one for its CPU time; one that sleeps uses none.
struct Watch {
    bounds: Bounds,
    listening: mpsc::Sender<Infallible>,
    watching: thread::JoinHandle<bool>,
}

impl Watch {
    fn begin(process: &Arc<Mutex<Child>>, bounds: Bounds, longest: Duration) -> Self {
        let process = Arc::clone(process);
        let (listening, heard) = mpsc::channel();
        let watching = thread::spawn(move || {
            // Nothing is sent: the channel closes when nobody listens to the worker any more.
            let overdue = heard.recv_timeout(longest) == Err(mpsc::RecvTimeoutError::Timeout);
            if overdue {
                lock(&process).end();
            }
            overdue
        });
        Self { bounds, listening, watching }
    }

    /// What became of the worker, if it was ended here.
    fn end(self) -> Option<Stopped> {
        drop(self.listening);
        self.watching.join().unwrap_or(false).then(|| overdue(self.bounds))
    }
}

/// Hands over the request and listens until the process has ended.
fn attend(
    process: &Arc<Mutex<Child>>,
    (mut input, output, complaint): Pipes,
    request: WorkerRequest,
    longest: fn(Bounds) -> Duration,
    told: &mut impl FnMut(Said),
) {
    let complained = thread::spawn(move || heard(complaint));
    // A request may be as large as a record. A worker that is gone already shows as the end of what it says.
    thread::spawn(move || drop(write_frame(&mut input, &request)));
    let mut watch: Option<Watch> = None;
    let mut not_isolated = vec!["the verifier did not say that it isolated itself".to_owned()];
    let mut tell = |mut said: Said| {
        match &mut said {
            // Said before anything of a package is parsed. Said again, it may be the word of whoever took the worker over.
            Said::Event(WorkerEvent::Isolated { .. }) if watch.is_some() => return,
            Said::Event(WorkerEvent::Isolated { missing, bounds }) => {
                not_isolated.clone_from(missing);
                watch = Some(Watch::begin(process, *bounds, longest(*bounds)));
            }
            Said::Event(WorkerEvent::Verified { record }) => record.volatile.isolation_missing.clone_from(&not_isolated),
            _ => {}
        }
        told(said);
    };
    let listened = listen(&mut BufReader::new(output), &mut tell);
    let stated = watch.as_ref().map(|watch| watch.bounds);
    let overdue = watch.and_then(Watch::end);
    let signal = signal(reap(process));
    match (listened, overdue) {
        (Listened::Answer, _) => {}
        (_, Some(overdue)) => told(Said::Stopped(overdue)),
        (Listened::Nonsense(cause), None) => told(Said::Stopped(Stopped { exit: Exit::NotChecked, cause })),
        (Listened::End, None) => {
            let complaint = complained.join().unwrap_or_default();
            told(Said::Stopped(stopped(signal, &complaint, stated)));
        }
    }
}

/// How listening ended.
#[derive(Debug, PartialEq, Eq)]
enum Listened {
    /// With the worker's last event.
    Answer,
    /// With the end of what it said, before a last event.
    End,
    /// With something that is no event.
    Nonsense(String),
}

/// Passes events on until the work has ended. Whoever is told may keep them all, so one that was taken over says no more than fit.
fn listen(output: &mut impl BufRead, tell: &mut impl FnMut(Said)) -> Listened {
    for _ in 0..=MOST_NEWS {
        match read_event(output) {
            Ok(None) => return Listened::End,
            Ok(Some(event)) => {
                let last = event.is_last();
                tell(Said::Event(event));
                if last {
                    return Listened::Answer;
                }
            }
            Err(cause) => return Listened::Nonsense(cause),
        }
    }
    Listened::Nonsense(format!("It said more than {MOST_NEWS} things and gave no answer."))
}

/// The beginning of a complaint; the rest is drained, so that the worker never waits for a full pipe.
fn heard(mut complaint: impl Read) -> String {
    let mut text = Vec::new();
    let _ = complaint.by_ref().take(MOST_COMPLAINT).read_to_end(&mut text);
    let _ = std::io::copy(&mut complaint, &mut std::io::sink());
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits for a process that has nothing more to say, without holding on to it.
fn reap(process: &Mutex<Child>) -> Option<ExitStatus> {
    loop {
        let mut held = lock(process);
        held.end();
        match held.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => {}
            Err(_) => return None,
        }
        drop(held);
        thread::sleep(REAP_EVERY);
    }
}

#[cfg(unix)]
fn signal(status: Option<ExitStatus>) -> Option<i32> {
    status.as_ref().and_then(std::os::unix::process::ExitStatusExt::signal)
}

#[cfg(not(unix))]
fn signal(_: Option<ExitStatus>) -> Option<i32> {
    None
}

/// Writes beside the target, then renames: nothing is ever half-written. A file that was there keeps who may read it.
///
/// # Errors
/// If it cannot be written; what was there before is unchanged.
pub fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is private; a record or report is an ordinary document, of whom the user's umask says.
        temporary.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = temporary.tempfile_in(folder)?;
    if let Ok(before) = std::fs::metadata(path) {
        std::fs::set_permissions(file.path(), before.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_there_keeps_who_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
        write(&path, b"one").unwrap();
        // As an ordinary new file of this user.
        std::fs::write(folder.path().join("other"), b"").unwrap();
        assert_eq!(mode(), folder.path().join("other").metadata().unwrap().permissions().mode() & 0o777);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        write(&path, b"two").unwrap();
        assert_eq!((mode(), std::fs::read(&path).unwrap().as_slice()), (0o640, b"two".as_slice()));
    }

    fn start(script: &str) -> (Worker, mpsc::Receiver<Said>) {
        start_for(longest, script)
    }

    fn start_for(longest: fn(Bounds) -> Duration, script: &str) -> (Worker, mpsc::Receiver<Said>) {
        let (tell, received) = mpsc::channel();
        let told = move |said| drop(tell.send(said));
        (Worker::start_program("/bin/sh".as_ref(), &["-c", script], WorkerRequest::Check, longest, told).unwrap(), received)
    }

    /// The line of a worker that says it is isolated.
    fn isolated(cpu_seconds: u64) -> String {
        format!(r#"{{"isolated":{{"missing":[],"bounds":{{"memory_bytes":4096,"cpu_seconds":{cpu_seconds}}}}}}}"#)
    }

    fn next(received: &mpsc::Receiver<Said>) -> Said {
        received.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    #[track_caller]
    fn check_stop(script: &str, exit: Exit, cause: &str) {
        let (_worker, received) = start(script);
        assert_eq!(next(&received), Said::Stopped(Stopped { exit, cause: cause.into() }));
    }

    #[test]
    fn lines_arrive_as_events() {
        let (_worker, received) =
            start(r#"read line; echo '{"ready":{"protocol":1,"program":"x"}}'; echo '{"failed":{"message":"no","hint":"","exit":3}}'"#);
        assert_eq!(next(&received), Said::Event(WorkerEvent::Ready { protocol: 1, program: "x".into() }));
        assert_eq!(next(&received), Said::Event(WorkerEvent::Failed { message: "no".into(), hint: String::new(), exit: 3 }));
    }

    #[test]
    fn a_stop_is_reported_with_its_cause() {
        check_stop("echo first >&2; echo out of paper >&2; exit 3", Exit::NotChecked, "It said: out of paper");
        check_stop("kill -XCPU $$", Exit::Limits, "It went over the limit `cpu_seconds`.");
        let (_worker, received) = start("echo hello; sleep 600");
        assert!(matches!(next(&received), Said::Stopped(stopped) if stopped.cause.contains("does not understand")));
    }

    #[test]
    fn news_without_end_is_heard_no_further() {
        let news = br#"{"phase":{"phase":"read","detail":"","done":0,"total":0}}"#;
        let mut endless = news.iter().chain(b"\n").copied().cycle();
        let mut lines = |n: usize| endless.by_ref().take(n * (news.len() + 1)).collect::<Vec<u8>>();
        let answer = b"{\"told\":{\"text\":\"done\",\"exit\":0}}\n";
        let listened = |said: &[u8]| {
            let mut told = 0;
            (listen(&mut &*said, &mut |_| told += 1), told)
        };
        let most = [lines(MOST_NEWS as usize), answer.to_vec()].concat();
        assert_eq!(listened(&most), (Listened::Answer, MOST_NEWS + 1));
        let nonsense = Listened::Nonsense("It said more than 10000 things and gave no answer.".to_owned());
        assert_eq!(listened(&[lines(MOST_NEWS as usize + 1), answer.to_vec()].concat()), (nonsense, MOST_NEWS + 1));
    }

    #[test]
    fn a_worker_that_is_dropped_ends() {
        let (worker, received) = start("exec sleep 600");
        drop(worker);
        assert!(matches!(next(&received), Said::Stopped(stopped) if stopped.cause == "It was killed."));
    }

    /// It goes over no limit of the system, and what it says of its bounds later does not count.
    #[test]
    fn a_worker_that_sleeps_is_ended() {
        let at_once = |_| Duration::ZERO;
        let (_worker, received) =
            start_for(at_once, &format!("printf '%s\\n%s\\n{{' '{}' '{}'; exec sleep 600", isolated(600), isolated(36_000)));
        let bounds = Bounds { memory_bytes: 4096, cpu_seconds: 600 };
        let isolated = Said::Event(WorkerEvent::Isolated { missing: Vec::new(), bounds });
        assert_eq!(received.iter().collect::<Vec<_>>(), [isolated, Said::Stopped(overdue(bounds))]);
    }

    #[test]
    fn a_worker_that_answers_in_time_is_heard() {
        let answer = r#"{"told":{"text":"done","exit":0}}"#;
        let (_worker, received) = start(&format!("printf '%s\\n' '{}' '{answer}'", isolated(1)));
        assert_eq!(received.iter().last().unwrap(), Said::Event(WorkerEvent::Told { text: "done".into(), exit: 0 }));
    }

    /// What a record says of isolation is what the host heard before the package was read.
    #[test]
    fn a_record_says_what_the_worker_was_not_isolated_by() {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sample-audits/cheat-altered-count/expected.record.json");
        let own = r#"{"volatile":{"finished":null,"host":"","threads":1,"isolation_missing":["its own word"],"phases":[]},"#;
        let answer = format!(r#"printf '{{"verified":{{"record":'; sed '1s/{{/{own}/' {sample} | tr -d '\n'; echo '}}}}'"#);
        for (before, missing) in [
            (isolated(600), &[][..]),
            (isolated(600).replace("[]", r#"["this kernel cannot a"]"#), &["this kernel cannot a"]),
            (r#"{"ready":{"protocol":1,"program":"x"}}"#.to_owned(), &["the verifier did not say that it isolated itself"]),
        ] {
            let (_worker, received) = start(&format!("printf '%s\\n' '{before}'; {answer}"));
            let Said::Event(WorkerEvent::Verified { record }) = received.iter().last().unwrap() else { panic!("no record") };
            assert_eq!(record.volatile.isolation_missing, missing);
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let problem = Worker::start("/no/such/program".as_ref(), WorkerRequest::Check, |_| {}).err().unwrap();
        assert!(problem.starts_with("The verifier could not be started: ") && problem.ends_with("/no/such/program"), "{problem}");
    }
}
