//! Commands of the workbench carried out on this computer.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use verifold_model::{
    protocol::WorkerRequest,
    record::AuditRecord,
    workbench::{AuditFiles, Command, Event, Pick, RunId},
};

use crate::{Answer, Dialogs, Outlet, samples, worker::Worker};

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
            // Menus belong to a window.
            Command::Menus { .. } => {}
        }
    }

    fn verify(&mut self, run: RunId, files: &AuditFiles) {
        let engagement = Some(files.engagement.trim().to_owned()).filter(|path| !path.is_empty());
        let request =
            WorkerRequest::Verify { policy: files.policy.trim().to_owned(), engagement, package: files.package.trim().to_owned() };
        self.start(run, &request);
    }

    /// Prints a record this host was given by its worker. One that came from anywhere else could not be said to have
    /// been verified.
    fn report(&mut self, run: RunId, of: RunId, output: String) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept.filter(|(verified, _)| *verified == of) {
            Some((_, record)) => self.start(run, &WorkerRequest::Report { record, verified_now: true, output: output.trim().to_owned() }),
            None => {
                let message = "This audit is not the one verified last, so no report of it is written. Verify it again.".to_owned();
                self.outlet.tell(Event::Refused { run: Some(run), message });
            }
        }
    }

    fn start(&mut self, run: RunId, request: &WorkerRequest) {
        // The one before ends first: two would share this computer's cores.
        self.stop();
        match Worker::start(run, request, self.outlet.clone()) {
            Ok(worker) => self.worker = Some(worker),
            Err(cause) => self.outlet.tell(Event::WorkerStopped { run, cause }),
        }
    }

    fn stop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.kill();
        }
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

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, sync::mpsc, time::Duration};

    use super::*;

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

    #[test]
    fn cancelling_nothing_is_answered() {
        check(Answer::Cancelled, Command::Cancel { run: RUN }, &Event::Cancelled { run: RUN });
    }
}
