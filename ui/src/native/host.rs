//! Commands of the workbench carried out on this computer.

use std::sync::{
    Arc,
    mpsc::{self, Receiver},
};

use verifold_model::protocol::WorkerRequest;
use verifold_ui::backend::{Backend, Command, Event};

use super::{
    dialogs, samples,
    worker::{Outlet, Worker},
};

/// The host of the native window.
pub(super) struct NativeHost {
    outlet: Outlet,
    received: Receiver<Event>,
    worker: Option<Worker>,
}

impl NativeHost {
    pub(super) fn new(ctx: egui::Context) -> Self {
        let (events, received) = mpsc::channel();
        let wake = Arc::new(move || ctx.request_repaint());
        Self { outlet: Outlet { events, wake }, received, worker: None }
    }

    fn start(&mut self, request: &WorkerRequest) {
        self.stop();
        match Worker::start(request, self.outlet.clone()) {
            Ok(worker) => self.worker = Some(worker),
            Err(cause) => self.outlet.tell(Event::WorkerStopped { cause }),
        }
    }

    /// Ends the worker and drops what it had said but nobody has read.
    fn stop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.kill();
            // Its last words would be taken for those of the next one: from here on events go another way.
            // What others had to say meanwhile is kept.
            let (events, received) = mpsc::channel();
            let old = std::mem::replace(&mut self.received, received);
            self.outlet = Outlet { events, wake: Arc::clone(&self.outlet.wake) };
            for event in old.try_iter().filter(|event| !matches!(event, Event::Worker { .. } | Event::WorkerStopped { .. })) {
                self.outlet.tell(event);
            }
        }
    }
}

impl Backend for NativeHost {
    fn send(&mut self, command: Command) {
        match command {
            Command::FindSamples => {
                let outlet = self.outlet.clone();
                std::thread::spawn(move || outlet.tell(Event::Samples { samples: samples::find() }));
            }
            Command::Verify { files } => {
                let engagement = Some(files.engagement.trim().to_owned()).filter(|path| !path.is_empty());
                let request =
                    WorkerRequest::Verify { policy: files.policy.trim().to_owned(), engagement, package: files.package.trim().to_owned() };
                self.start(&request);
            }
            Command::Cancel => {
                self.stop();
                self.outlet.tell(Event::Cancelled);
            }
            Command::Report { record, output } => self.start(&WorkerRequest::Report { record, verified_now: true, output }),
            Command::Pick { pick, suggestion } => dialogs::pick(pick, suggestion, self.outlet.clone()),
        }
    }

    fn poll(&mut self) -> Option<Event> {
        self.received.try_recv().ok()
    }
}
