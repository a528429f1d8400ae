//! A host that answers from memory.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use egui_kittest::{Harness, kittest::Queryable};
use verifold_model::{
    limits::Limits,
    protocol::{Bounds, PROTOCOL_VERSION, WorkPhase, WorkerEvent},
    record::AuditRecord,
    state::Exit,
};
use verifold_ui::{
    backend::{AuditFiles, Backend, Command, Event, Sample},
    style,
    workbench::Workbench,
};

/// What a test sees of the host, and tells it.
#[derive(Default)]
pub struct Desk {
    pub sent: Vec<Command>,
    pub events: VecDeque<Event>,
    /// Record a verification ends with; without one it stays under way.
    pub record: Option<AuditRecord>,
    pub samples: Vec<Sample>,
    /// What the worker says it could not be isolated by.
    pub missing: Vec<String>,
}

/// The fake host.
#[derive(Clone, Default)]
pub struct Fake(pub Rc<RefCell<Desk>>);

impl Fake {
    pub fn with(record: AuditRecord) -> Self {
        let fake = Self::default();
        fake.0.borrow_mut().record = Some(record);
        fake
    }

    pub fn tell(&self, event: Event) {
        self.0.borrow_mut().events.push_back(event);
    }
}

impl Backend for Fake {
    fn send(&mut self, command: Command) {
        let mut desk = self.0.borrow_mut();
        let run = command.run().unwrap_or_default();
        let worker = |event| Event::Worker { run, event };
        match &command {
            Command::FindSamples => {
                let samples = desk.samples.clone();
                desk.events.push_back(Event::Samples { samples });
            }
            Command::Verify { .. } => {
                desk.events.push_back(worker(WorkerEvent::Ready { protocol: PROTOCOL_VERSION, program: "verifold 0.1.0".into() }));
                let missing = desk.missing.clone();
                desk.events.push_back(worker(WorkerEvent::Isolated { missing, bounds: Bounds::of(&Limits::default()) }));
                desk.events.push_back(worker(WorkerEvent::Phase {
                    phase: WorkPhase::CheckProofs,
                    detail: "Batches 1–24".into(),
                    done: 1,
                    total: 3,
                }));
                if let Some(record) = desk.record.clone() {
                    desk.events.push_back(worker(WorkerEvent::Verified { record: Box::new(record) }));
                }
            }
            Command::Cancel { .. } => desk.events.push_back(Event::Cancelled { run }),
            Command::Report { output, .. } => desk.events.push_back(Event::Reported { run, output: output.clone(), pages: 12 }),
            Command::Pick { .. } | Command::Menus { .. } | Command::Keep { .. } => {}
        }
        desk.sent.push(command);
    }

    fn poll(&mut self) -> Option<Event> {
        self.0.borrow_mut().events.pop_front()
    }
}

pub fn files() -> AuditFiles {
    AuditFiles { policy: "policy.toml".into(), package: "merian.zkaudit".into(), ..AuditFiles::default() }
}

pub fn sample() -> Sample {
    Sample {
        name: "honest".into(),
        title: "Honest lender".into(),
        summary: "All proofs hold.".into(),
        expected: Some(Exit::Met),
        package_bytes: 46_000,
        files: files(),
    }
}

pub type Window<'a> = Harness<'a, Workbench>;

/// A window of a size in points, on a host, with files.
pub fn window(fake: &Fake, size: [f32; 2], files: AuditFiles) -> Window<'static> {
    let workbench = Workbench::new(Box::new(fake.clone()), files);
    let mut window = Harness::builder()
        .with_size(egui::vec2(size[0], size[1]))
        .with_theme(egui::Theme::Light)
        .with_context_setup(style::install)
        .with_max_steps(12)
        .build_ui_state(|ui, workbench: &mut Workbench| workbench.show(ui), workbench);
    window.run_steps(4);
    window
}

/// Clicks what has this name, and lets the window settle.
#[track_caller]
pub fn click(window: &mut Window<'_>, name: &str) {
    window.get_by_label(name).click();
    window.run_steps(4);
}

/// Clicks the first whose name contains this text.
#[track_caller]
pub fn click_containing(window: &mut Window<'_>, text: &str) {
    let node = window.get_all_by_label_contains(text).next().expect("something with this name");
    node.click();
    window.run_steps(4);
}

/// Whether something has a name containing this text.
pub fn shows(window: &Window<'_>, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}
