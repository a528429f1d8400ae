//! Commands of the workbench carried out on this computer.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use verifold_model::{
    protocol::{VerifyFiles, WorkerEvent, WorkerRequest},
    record::AuditRecord,
    state::Exit,
    workbench::{AuditFiles, Command, Event, Pick, RunId},
};

use crate::{
    Answer, Dialogs, Outlet, samples,
    worker::{Said, Worker, verifier, write},
};

/// The record verified last, with the run that verified it: what a report may be made of.
type Kept = Arc<Mutex<Option<(RunId, Box<AuditRecord>)>>>;

/// A host without a window.
pub struct Host {
    outlet: Outlet,
    dialogs: Arc<dyn Dialogs>,
    worker: Option<Worker>,
    kept: Kept,
}

impl Host {
    /// A host that reports to this outlet and asks through these dialogs.
    pub fn new(outlet: Outlet, dialogs: Arc<dyn Dialogs>) -> Self {
        let kept = Kept::default();
        let keeper = Arc::clone(&kept);
        let outlet = Outlet::new(move |event| {
            if let Some((run, record)) = event.verified() {
                *keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some((run, Box::new(record.clone())));
            }
            outlet.tell(event);
        });
        Self { outlet, dialogs, worker: None, kept }
    }

    /// Carries out a command; returns at once. What comes of it arrives at the outlet.
    pub fn carry_out(&mut self, command: Command) {
        if let Err(message) = command.check() {
            return self.outlet.tell(Event::Refused { run: command.run(), message });
        }
        match command {
            Command::FindSamples => {
                let outlet = self.outlet.clone();
                thread::spawn(move || outlet.tell(Event::Samples { samples: samples::find() }));
            }
            Command::Verify { run, files } => self.verify(run, &files),
            Command::Cancel { run } => {
                self.stop();
                self.outlet.tell(Event::Cancelled { run });
            }
            Command::Report { run, of, output } => self.report(run, of, output),
            Command::Pick { pick, suggestion } => self.pick(pick, suggestion),
            // Menus belong to a window, and so does what it keeps.
            Command::Menus { .. } | Command::Keep { .. } => {}
        }
    }

    fn verify(&mut self, run: RunId, files: &AuditFiles) {
        let engagement = Some(files.engagement.trim().to_owned()).filter(|path| !path.is_empty());
        let (policy, package) = (files.policy.trim().to_owned(), files.package.trim().to_owned());
        let (overlays, trust) = (files.overlays.clone(), files.trusted.clone());
        let files = VerifyFiles { policy, engagement, package, overlays, trust, ..VerifyFiles::default() };
        self.start(run, WorkerRequest::Verify { files }, None);
    }

    /// Prints a record this host was given by its worker. One that came from anywhere else could not be said to have
    /// been verified.
    fn report(&mut self, run: RunId, of: RunId, output: String) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept.filter(|(verified, _)| *verified == of) {
            Some((_, record)) => {
                let date = record.volatile.finished;
                self.start(run, WorkerRequest::Report { record, date, verified_now: true }, Some(output.trim().into()));
            }
            None => {
                let message = "This audit is not the one verified last, so no report of it is written. Verify it again.".to_owned();
                self.outlet.tell(Event::Refused { run: Some(run), message });
            }
        }
    }

    /// Starts a worker; a report it renders is written to `report`.
    fn start(&mut self, run: RunId, request: WorkerRequest, report: Option<PathBuf>) {
        // The one before is ended first: two would share this computer's cores.
        self.stop();
        let outlet = self.outlet.clone();
        let tell = move |said| outlet.tell(event(run, said, report.as_deref()));
        match verifier().and_then(|program| Worker::start(&program, request, tell)) {
            Ok(worker) => self.worker = Some(worker),
            Err(cause) => self.outlet.tell(Event::WorkerStopped { run, cause }),
        }
    }

    /// Ends the worker without waiting for it: what it still says carries the number of its run.
    fn stop(&mut self) {
        drop(self.worker.take());
    }

    fn pick(&self, pick: Pick, suggestion: String) {
        let (outlet, dialogs) = (self.outlet.clone(), Arc::clone(&self.dialogs));
        thread::spawn(move || {
            let (path, problem) = match dialogs.ask(pick, &suggestion) {
                Answer::Chosen(path) => (Some(path.to_string_lossy().into_owned()), String::new()),
                Answer::Cancelled => (None, String::new()),
                Answer::Unavailable(problem) => (None, problem),
            };
            outlet.tell(Event::Picked { pick, path, problem });
        });
    }
}

/// What a worker said, as the workbench hears it. A report is written here, so that it is there when the workbench does.
fn event(run: RunId, said: Said, report: Option<&Path>) -> Event {
    match (said, report) {
        (Said::Event(WorkerEvent::Rendered { pdf, pages }), Some(path)) => match write(path, &pdf) {
            Ok(()) => Event::Reported { run, output: path.display().to_string(), pages },
            Err(error) => {
                let message = format!("The report cannot be written ({error}); what was there before is unchanged: {}", path.display());
                let hint = "check the folder and its permissions".to_owned();
                Event::Worker { run, event: WorkerEvent::Failed { message, hint, exit: Exit::Usage.code() } }
            }
        },
        (Said::Event(event), _) => Event::Worker { run, event },
        (Said::Stopped(stopped), _) => Event::WorkerStopped { run, cause: stopped.cause },
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;
    use crate::worker::Process;

    struct Scripted(Answer);

    impl Dialogs for Scripted {
        fn ask(&self, _pick: Pick, _suggestion: &str) -> Answer {
            self.0.clone()
        }
    }

    fn host(answer: Answer) -> (Host, mpsc::Receiver<Event>) {
        let (events, received) = mpsc::channel();
        (Host::new(Outlet::new(move |event| drop(events.send(event))), Arc::new(Scripted(answer))), received)
    }

    #[track_caller]
    fn check(answer: Answer, command: Command, expected: &Event) {
        let (mut host, received) = host(answer);
        host.carry_out(command);
        assert_eq!(received.recv_timeout(Duration::from_secs(10)).as_ref(), Ok(expected));
    }

    const RUN: RunId = RunId(4);

    #[test]
    fn a_record_nobody_verified_is_not_printed() {
        let message = "This audit is not the one verified last, so no report of it is written. Verify it again.".to_owned();
        check(
            Answer::Cancelled,
            Command::Report { run: RUN, of: RunId(3), output: "a.pdf".into() },
            &Event::Refused { run: Some(RUN), message },
        );
    }

    #[test]
    fn a_command_of_the_wrong_form_is_refused() {
        let message = "A policy and a package are needed to verify.".to_owned();
        check(Answer::Cancelled, Command::Verify { run: RUN, files: AuditFiles::default() }, &Event::Refused { run: Some(RUN), message });
    }

    #[test]
    fn a_dialog_is_answered() {
        let pick = |path, problem: &str| Event::Picked { pick: Pick::Policy, path, problem: problem.to_owned() };
        let command = Command::Pick { pick: Pick::Policy, suggestion: String::new() };
        check(Answer::Chosen(PathBuf::from("p.toml")), command.clone(), &pick(Some("p.toml".to_owned()), ""));
        check(Answer::Cancelled, command.clone(), &pick(None, ""));
        check(Answer::Unavailable("no portal".to_owned()), command, &pick(None, "no portal"));
    }

    /// A process that is asked to end, and has not got round to it.
    #[derive(Default)]
    struct Lingering {
        asked: bool,
    }

    impl Process for Lingering {
        fn end(&mut self) {
            self.asked = true;
        }
    }

    /// Nothing in the process says that it has ended, so a host that waited for that would wait for ever.
    #[test]
    fn cancel_does_not_wait_for_the_worker_to_end() {
        let process = Arc::new(Mutex::new(Lingering::default()));
        let (mut host, received) = host(Answer::Cancelled);
        host.worker = Some(Worker::of(process.clone()));
        host.carry_out(Command::Cancel { run: RUN });
        assert_eq!(received.try_recv(), Ok(Event::Cancelled { run: RUN }));
        assert!(process.lock().unwrap().asked);
    }

    #[test]
    fn a_report_is_there_when_the_workbench_hears_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let rendered = || Said::Event(WorkerEvent::Rendered { pdf: b"%PDF".to_vec(), pages: 2 });
        let path = folder.path().join("report.pdf");
        assert_eq!(event(RUN, rendered(), Some(&path)), Event::Reported { run: RUN, output: path.display().to_string(), pages: 2 });
        assert_eq!(std::fs::read(&path).unwrap(), b"%PDF");
        let nowhere = folder.path().join("no/such/folder.pdf");
        let Event::Worker { event: WorkerEvent::Failed { message, .. }, .. } = event(RUN, rendered(), Some(&nowhere)) else {
            panic!("it was written")
        };
        assert!(message.contains("cannot be written") && message.contains("folder.pdf"), "{message}");
    }

    #[test]
    fn cancelling_nothing_is_answered() {
        check(Answer::Cancelled, Command::Cancel { run: RUN }, &Event::Cancelled { run: RUN });
    }
}
