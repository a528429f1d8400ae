//! The state of the workbench, the one place that changes it, and the frame that draws it.

use egui::{Context, Key, Modifiers, ThemePreference, Ui};
use verifold_model::{
    protocol::{PROTOCOL_VERSION, WorkPhase, WorkerEvent, isolation_note},
    record::AuditRecord,
    state::{RungName, State},
    workbench::ZOOM_PERCENT,
};

use crate::{
    action::Action,
    backend::{AuditFiles, Backend, Command, Event, Pick, RunId, Sample, add},
    panels::{Asked, lifecycle, monitoring, overview, proofs, requirements},
    place::{History, Place, Screen, Selection},
    shell,
};

/// The workbench.
pub struct Workbench {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) files: AuditFiles,
    pub(crate) run: Run,
    /// The run begun last; what is reported of an earlier one is past.
    begun: RunId,
    /// What the worker of that run could not be isolated by, if anything.
    isolation: Option<String>,
    pub(crate) audit: Option<Audit>,
    pub(crate) history: History,
    pub(crate) samples: Option<Vec<Sample>>,
    pub(crate) view: Views,
    pub(crate) palette: Option<shell::Palette>,
    pub(crate) report: Option<ReportSheet>,
    pub(crate) drawer: bool,
    pub(crate) problem: Option<String>,
    /// In percent.
    pub(crate) zoom: u16,
    /// Named outside the window while a verification was under way.
    waiting: Option<Named>,
}

/// What was named outside the window.
struct Named {
    files: AuditFiles,
    /// Whether they are an audit of their own.
    whole: bool,
    /// What was named and is no file of an audit.
    problem: String,
}

/// What persons set in rooms.
#[derive(Debug, Default)]
pub(crate) struct Views {
    pub(crate) requirements: requirements::View,
    pub(crate) monitoring: monitoring::View,
}

/// What the worker is at.
#[derive(Debug, Clone, PartialEq)]
pub enum Run {
    /// Nothing under way.
    Idle,
    /// Verifying.
    Verifying(Progress),
    /// Ended on request; nothing was concluded.
    Cancelled {
        /// What was under way.
        during: String,
    },
    /// The audit could not be done, or the worker stopped.
    Failed {
        /// What, where, what to do next.
        message: String,
    },
}

/// How far verification has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Seconds of interface time at which it began.
    pub since: f64,
    /// Seconds it has taken up to the last frame.
    pub elapsed: f64,
    /// Phase under way, if one was announced.
    pub phase: Option<WorkPhase>,
    /// What exactly.
    pub detail: String,
    /// Done and total; total 0 if not countable.
    pub done: (u32, u32),
    /// Phases ended, with seconds.
    pub ended: Vec<(WorkPhase, f64)>,
}

impl Progress {
    /// The phase, in words.
    pub fn title(&self) -> &'static str {
        self.phase.map_or("Starting the verifier", WorkPhase::words)
    }

    /// What is going on, in words.
    pub fn words(&self) -> String {
        let phase = self.title();
        if self.detail.is_empty() { phase.to_owned() } else { format!("{phase}: {}", self.detail) }
    }
}

/// A verified record with what the rooms draw from it.
#[derive(Debug)]
pub struct Audit {
    /// The record.
    pub record: AuditRecord,
    /// The run that verified it.
    pub run: RunId,
    /// Seconds the run took.
    pub elapsed: f64,
    /// What the worker could not be isolated by, if anything.
    pub isolation: Option<String>,
    pub(crate) overview: overview::Model,
    pub(crate) lifecycle: lifecycle::Model,
    pub(crate) proofs: proofs::Model,
    pub(crate) choices: Vec<monitoring::Choice>,
    requirements: Option<(requirements::View, requirements::Model)>,
    monitoring: Option<(usize, monitoring::Model)>,
}

impl Audit {
    fn new(record: AuditRecord, run: RunId, elapsed: f64, isolation: Option<String>) -> Self {
        Self {
            isolation,
            overview: overview::Model::new(&record),
            lifecycle: lifecycle::Model::new(&record),
            proofs: proofs::Model::new(&record),
            choices: monitoring::choices(&record),
            requirements: None,
            monitoring: None,
            record,
            run,
            elapsed,
        }
    }

    /// Brings the models that depend on what a person set up to date.
    fn refresh(&mut self, view: &Views) {
        if self.requirements.as_ref().is_none_or(|(made_for, _)| *made_for != view.requirements) {
            let model = requirements::Model::new(&self.record, view.requirements.order, &view.requirements.filter);
            self.requirements = Some((view.requirements.clone(), model));
        }
        let at = view.monitoring.choice;
        if self.monitoring.as_ref().is_none_or(|(made_for, _)| *made_for != at) {
            let model = self.choices.get(at).and_then(|choice| monitoring::Model::new(&self.record, choice));
            self.monitoring = model.map(|model| (at, model));
        }
    }

    pub(crate) fn requirements(&self) -> Option<&requirements::Model> {
        self.requirements.as_ref().map(|(_, model)| model)
    }

    pub(crate) fn monitoring(&self) -> Option<&monitoring::Model> {
        self.monitoring.as_ref().map(|(_, model)| model)
    }

    /// Position of a requirement's metric among the choices.
    fn choice(&self, requirement: &str) -> Option<usize> {
        self.choices.iter().position(|choice| choice.requirement.as_deref() == Some(requirement))
    }
}

/// The sheet that asks where the report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportSheet {
    pub(crate) path: String,
    pub(crate) state: ReportState,
}

/// How far the report has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReportState {
    Asking,
    Writing,
    Written { pages: u32 },
    Failed { message: String },
}

impl Workbench {
    /// A workbench on a host, with files chosen on the command line; verifies at once if they suffice.
    pub fn new(backend: Box<dyn Backend>, files: AuditFiles) -> Self {
        let start = files.is_complete();
        let mut workbench = Self {
            backend,
            files,
            run: Run::Idle,
            begun: RunId::default(),
            isolation: None,
            audit: None,
            history: History::new(Place { screen: Screen::Welcome, selection: Selection::Engagement }),
            samples: None,
            view: Views::default(),
            palette: None,
            report: None,
            drawer: false,
            problem: None,
            zoom: 100,
            waiting: None,
        };
        workbench.backend.send(Command::FindSamples);
        if start {
            workbench.verify(0.0);
        }
        workbench
    }

    /// What the worker is at.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The audit shown, if one has been verified.
    pub fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    /// Whether something is under way: verification, or the search for samples.
    pub fn is_waiting(&self) -> bool {
        self.samples.is_none()
            || matches!(self.run, Run::Verifying(_))
            || self.report.as_ref().is_some_and(|sheet| sheet.state == ReportState::Writing)
    }

    /// What is under way or how the last run ended, in one sentence.
    pub fn status(&self) -> String {
        match (&self.run, &self.audit) {
            (Run::Verifying(progress), _) => progress.words(),
            (Run::Failed { .. }, _) => "The audit could not be done".to_owned(),
            (Run::Cancelled { .. }, _) => "Cancelled, nothing is concluded".to_owned(),
            (Run::Idle, Some(audit)) => {
                let exit = audit.record.exit;
                let isolation = if audit.isolation.is_some() { " · not fully isolated: see Proofs" } else { "" };
                format!("Verified in {:.1} s · exit {}: {}{isolation}", audit.elapsed, exit.code(), exit.words())
            }
            (Run::Idle, None) => "Ready".to_owned(),
        }
    }

    /// Where the person is.
    pub fn here(&self) -> &Place {
        self.history.here()
    }

    /// Goes to a room once there is an audit; before, stays at the welcome room.
    pub fn open_on(&mut self, screen: Screen) {
        if screen == Screen::Welcome {
            self.history.go(Place { screen, selection: Selection::Engagement });
        } else if let Some(audit) = &self.audit {
            let selection = Self::default_selection(audit, screen, &self.view);
            self.history.go(Place { screen, selection });
        }
    }

    /// Selects a requirement, proof, link, batch number or rung by its name, as on the command line.
    pub fn select_named(&mut self, name: &str, ctx: &Context) {
        let Some(audit) = &self.audit else { return };
        let record = &audit.record;
        let rung = RungName::ALL.into_iter().find(|rung| rung.title().eq_ignore_ascii_case(name));
        let batch = name.parse().ok().filter(|number| record.batches.iter().any(|b| b.number == *number));
        let selection = match (rung, batch) {
            (Some(rung), _) => Selection::Rung(rung),
            (_, Some(number)) => Selection::Batch(number),
            _ if record.requirements.iter().any(|r| r.id == name) => Selection::Requirement(name.to_owned()),
            _ if record.proofs.iter().any(|p| p.id == name) => Selection::Proof(name.to_owned()),
            _ => match lifecycle::link_named(name) {
                Some(link) => Selection::Link(link),
                None => return,
            },
        };
        self.act(Action::Select(selection), ctx);
    }

    /// Sets the zoom, in percent, to the nearest there is.
    pub fn set_zoom(&mut self, zoom: u16) {
        self.zoom = zoom.clamp(*ZOOM_PERCENT.start(), *ZOOM_PERCENT.end());
    }

    /// Takes in what the host reports and draws a frame.
    pub fn show(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let zoom = f32::from(self.zoom) / 100.0;
        if (ctx.zoom_factor() - zoom).abs() > 1e-3 {
            ctx.set_zoom_factor(zoom);
        }
        let now = ctx.input(|input| input.time);
        let mut asked = Asked::new();
        while let Some(event) = self.backend.poll() {
            self.take(event, now, &mut asked);
        }
        if !matches!(self.run, Run::Verifying(_))
            && let Some(named) = self.waiting.take()
        {
            self.opened(named, now);
        }
        if let Run::Verifying(progress) = &mut self.run {
            progress.elapsed = now - progress.since;
            // The only unasked-for repaint: elapsed time while work runs.
            ctx.request_repaint_after(std::time::Duration::from_millis(100));
        }
        self.keys(&ctx, &mut asked);
        self.dropped(&ctx, &mut asked);
        if let Some(audit) = &mut self.audit {
            audit.refresh(&self.view);
        }
        shell::frame_ui(self, ui, &mut asked);
        for action in asked {
            self.act(action, &ctx);
        }
    }

    fn take(&mut self, event: Event, now: f64, asked: &mut Asked) {
        match event {
            Event::Samples { samples } => self.samples = Some(samples),
            Event::Opened { files, whole, problem } => self.opened(Named { files, whole, problem }, now),
            Event::Worker { run, .. }
            | Event::WorkerStopped { run, .. }
            | Event::Refused { run: Some(run), .. }
            | Event::Reported { run, .. }
            | Event::Cancelled { run }
                if run != self.begun => {}
            Event::Worker { event, .. } => self.heard(event, now),
            Event::Reported { output, pages, .. } => {
                if let Some(sheet) = &mut self.report {
                    sheet.path = output;
                    sheet.state = ReportState::Written { pages };
                }
            }
            Event::Refused { run: None, message } => self.problem = Some(message),
            Event::Refused { message, .. } => self.failed(message),
            Event::WorkerStopped { cause, .. } => {
                if let Some(sheet) = self.report.as_mut().filter(|sheet| sheet.state == ReportState::Writing) {
                    sheet.state = ReportState::Failed { message: format!("The verifier stopped while writing the report. {cause}") };
                } else if let Run::Verifying(progress) = &self.run {
                    let at = progress.words();
                    self.run = Run::Failed { message: format!("The verifier stopped during “{at}”. Nothing is concluded. {cause}") };
                }
            }
            Event::Cancelled { .. } => {
                if let Run::Verifying(progress) = &self.run {
                    self.run = Run::Cancelled { during: progress.words() };
                }
            }
            Event::Kept { zoom } => self.set_zoom(zoom),
            Event::Picked { pick, path, problem } => self.picked(pick, path, problem),
            Event::Chosen { item } => asked.extend(usize::try_from(item).ok().and_then(|item| Action::LISTED.get(item).cloned())),
        }
    }

    fn heard(&mut self, event: WorkerEvent, now: f64) {
        match event {
            WorkerEvent::Ready { protocol, program } => {
                if protocol != PROTOCOL_VERSION {
                    self.backend.send(Command::Cancel { run: self.begun });
                    self.run = Run::Failed {
                        message: format!(
                            "The verifier {program} speaks protocol {protocol}, this workbench {PROTOCOL_VERSION}. Install both from one release."
                        ),
                    };
                }
            }
            WorkerEvent::Phase { phase, detail, done, total } => {
                if let Run::Verifying(progress) = &mut self.run {
                    if let Some(before) = progress.phase.filter(|before| *before != phase) {
                        let spent: f64 = progress.ended.iter().map(|(_, secs)| secs).sum();
                        progress.ended.push((before, (now - progress.since - spent).max(0.0)));
                    }
                    progress.phase = Some(phase);
                    progress.detail = detail;
                    progress.done = (done, total);
                }
            }
            WorkerEvent::Verified { record } => {
                let elapsed = if let Run::Verifying(progress) = &self.run { now - progress.since } else { return };
                self.run = Run::Idle;
                self.problem = None;
                self.show_record(*record, elapsed);
            }
            WorkerEvent::Isolated { missing, .. } => self.isolation = isolation_note(&missing),
            WorkerEvent::Failed { message, hint, .. } => {
                self.failed(if hint.is_empty() { message } else { format!("{message}\nWhat to do: {hint}") });
            }
            // The host writes reports, and this window asks for no text and signs nothing.
            WorkerEvent::Rendered { .. } | WorkerEvent::Told { .. } | WorkerEvent::Outline { .. } | WorkerEvent::Signed { .. } => {}
        }
    }

    fn failed(&mut self, message: String) {
        match &mut self.report {
            Some(sheet) if sheet.state == ReportState::Writing => sheet.state = ReportState::Failed { message },
            _ => self.run = Run::Failed { message },
        }
    }

    /// Takes over files named outside the window, and verifies them if they suffice by themselves.
    fn opened(&mut self, named: Named, now: f64) {
        if matches!(self.run, Run::Verifying(_)) {
            // Not under the hands of a verification: when it has ended.
            self.waiting = Some(named);
            return;
        }
        self.problem = Some(named.problem).filter(|problem| !problem.is_empty());
        let suffice = named.files.is_complete();
        if named.whole {
            // What one client's audit rests on, an engagement or a trusted key, is not lent to the next.
            self.files = named.files;
        } else {
            self.files.replace(named.files);
        }
        self.run = Run::Idle;
        self.history.go(Place { screen: Screen::Welcome, selection: Selection::Engagement });
        if suffice {
            self.verify(now);
        }
    }

    fn show_record(&mut self, record: AuditRecord, elapsed: f64) {
        let audit = Audit::new(record, self.begun, elapsed, self.isolation.take());
        self.view.monitoring.choice = 0;
        self.audit = Some(audit);
        let screen = match self.here().screen {
            Screen::Welcome => Screen::Overview,
            other => other,
        };
        let selection = self.audit.as_ref().map_or(Selection::Engagement, |audit| Self::default_selection(audit, screen, &self.view));
        self.history.go(Place { screen, selection });
    }

    fn default_selection(audit: &Audit, screen: Screen, view: &Views) -> Selection {
        let record = &audit.record;
        match screen {
            Screen::Welcome | Screen::Overview => Selection::Engagement,
            Screen::Requirements => {
                let model = requirements::Model::new(record, requirements::Order::State, "");
                let first = model.lines.iter().find_map(|line| match line {
                    requirements::Line::Requirement { id, .. } => Some(id.clone()),
                    requirements::Line::Group(..) => None,
                });
                first.map_or(Selection::Engagement, Selection::Requirement)
            }
            Screen::Lifecycle => audit.lifecycle.first_link().map_or(Selection::Engagement, Selection::Link),
            Screen::Monitoring => {
                let id = audit.choices.get(view.monitoring.choice).and_then(|choice| choice.requirement.as_ref());
                let result = record.requirements.iter().find(|r| Some(&r.id) == id);
                let batch = result.and_then(|r| r.batches.iter().find(|b| b.state == State::Violated)).map(|b| b.number);
                let first = record.batches.iter().map(|b| b.number).find(|n| *n > 0);
                batch.or(first).map_or(Selection::Engagement, Selection::Batch)
            }
            Screen::Proofs => record.proofs.first().map_or(Selection::Engagement, |proof| Selection::Proof(proof.id.clone())),
        }
    }

    fn picked(&mut self, pick: Pick, path: Option<String>, problem: String) {
        if !problem.is_empty() {
            match &mut self.report {
                Some(sheet) if pick == Pick::Report => sheet.state = ReportState::Failed { message: problem },
                _ => self.problem = Some(problem),
            }
        }
        let Some(path) = path else { return };
        self.problem = None;
        match pick {
            Pick::Policy => self.files.policy = path,
            Pick::Engagement => self.files.engagement = path,
            Pick::Package => self.files.package = path,
            Pick::Overlay => add(&mut self.files.overlays, path),
            Pick::Key => add(&mut self.files.trusted, path),
            Pick::Report => {
                if let Some(sheet) = &mut self.report {
                    sheet.path = path;
                    sheet.state = ReportState::Asking;
                }
                return;
            }
        }
        if !matches!(self.run, Run::Verifying(_)) {
            self.history.go(Place { screen: Screen::Welcome, selection: Selection::Engagement });
        }
    }

    fn begin(&mut self) -> RunId {
        self.begun = RunId(self.begun.0.wrapping_add(1));
        self.begun
    }

    fn verify(&mut self, now: f64) {
        if !self.files.is_complete() || matches!(self.run, Run::Verifying(_)) {
            return;
        }
        // What was concluded before is not about what is being checked now.
        self.audit = None;
        self.report = None;
        self.problem = None;
        self.isolation = None;
        self.run =
            Run::Verifying(Progress { since: now, elapsed: 0.0, phase: None, detail: String::new(), done: (0, 0), ended: Vec::new() });
        let run = self.begin();
        self.backend.send(Command::Verify { run, files: self.files.clone() });
    }

    /// Carries out an action: the only place where state changes on request.
    pub fn act(&mut self, action: Action, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        match action {
            Action::Go(Screen::Welcome) => {
                if !matches!(self.run, Run::Verifying(_)) {
                    self.run = Run::Idle;
                    self.history.go(Place { screen: Screen::Welcome, selection: Selection::Engagement });
                }
            }
            Action::Go(screen) => {
                if let Some(audit) = &self.audit {
                    let here = self.history.here().selection.clone();
                    let fits = matches!(
                        (screen, &here),
                        (Screen::Requirements, Selection::Requirement(_))
                            | (Screen::Lifecycle, Selection::Link(_))
                            | (Screen::Monitoring, Selection::Batch(_))
                            | (Screen::Proofs, Selection::Proof(_))
                    );
                    let selection = if fits { here } else { Self::default_selection(audit, screen, &self.view) };
                    self.drawer = false;
                    self.history.go(Place { screen, selection });
                }
            }
            Action::Select(selection) => {
                let screen = self.here().screen;
                // Batches and proofs are drawn in the main pane too; the rest only in the inspector.
                self.drawer |= matches!(selection, Selection::Requirement(_) | Selection::Rung(_) | Selection::Link(_));
                self.history.go(Place { screen, selection });
            }
            Action::Open(screen, selection) => {
                self.palette = None;
                self.drawer = matches!(selection, Selection::Requirement(_));
                self.history.go(Place { screen, selection });
            }
            Action::ShowMetric(requirement, batch) => {
                if let Some(choice) = self.audit.as_ref().and_then(|audit| audit.choice(&requirement)) {
                    self.view.monitoring.choice = choice;
                    self.act(Action::Open(Screen::Monitoring, Selection::Batch(batch)), ctx);
                }
            }
            Action::Browse(pick) => {
                let suggestion = self.report.as_ref().filter(|_| pick == Pick::Report).map(|sheet| sheet.path.clone()).unwrap_or_default();
                self.backend.send(Command::Pick { pick, suggestion });
            }
            Action::Verify => self.verify(now),
            Action::VerifyFiles(files) => {
                if !matches!(self.run, Run::Verifying(_)) {
                    self.files = files;
                    self.verify(now);
                }
            }
            Action::Cancel => {
                if matches!(self.run, Run::Verifying(_)) {
                    self.backend.send(Command::Cancel { run: self.begun });
                }
            }
            Action::Report => {
                if let Some(audit) = &self.audit {
                    self.palette = None;
                    let stem = audit.record.package.file_name.trim_end_matches(".zkaudit").to_owned();
                    self.report = Some(ReportSheet { path: format!("{stem}-report.pdf"), state: ReportState::Asking });
                }
            }
            Action::WriteReport => {
                if let (Some(sheet), Some(audit)) = (&mut self.report, &self.audit)
                    && !sheet.path.trim().is_empty()
                {
                    sheet.state = ReportState::Writing;
                    let (of, output) = (audit.run, sheet.path.trim().to_owned());
                    let run = self.begin();
                    self.backend.send(Command::Report { run, of, output });
                }
            }
            Action::Dismiss => {
                if self.palette.take().is_none() && self.report.take().is_none() {
                    self.drawer = false;
                }
            }
            Action::Back => self.history.back(),
            Action::Forward => self.history.forward(),
            Action::PreviousBatch => self.step_batch(false),
            Action::NextBatch => self.step_batch(true),
            Action::Palette => self.palette = if self.palette.is_some() { None } else { Some(shell::Palette::default()) },
            Action::Inspector => self.drawer = !self.drawer,
            Action::ZoomIn => self.zoom_to(self.zoom / 10 * 10 + 10),
            Action::ZoomOut => self.zoom_to((self.zoom - 1) / 10 * 10),
            Action::ZoomReset => self.zoom_to(100),
            Action::Theme(preference) => ctx.set_theme(preference),
        }
    }

    /// Sets the zoom as a person wants it, now and at the next start.
    fn zoom_to(&mut self, zoom: u16) {
        self.set_zoom(zoom);
        self.backend.send(Command::Keep { zoom: self.zoom });
    }

    fn step_batch(&mut self, forward: bool) {
        let Some(audit) = &self.audit else { return };
        let Selection::Batch(number) = self.history.here().selection else { return };
        let mut numbers: Vec<u32> = audit.record.batches.iter().map(|b| b.number).filter(|n| *n > 0).collect();
        numbers.sort_unstable();
        let next = if forward { numbers.iter().find(|n| **n > number) } else { numbers.iter().rev().find(|n| **n < number) };
        if let Some(next) = next {
            let screen = self.here().screen;
            self.history.go(Place { screen, selection: Selection::Batch(*next) });
        }
    }

    fn keys(&self, ctx: &Context, asked: &mut Asked) {
        let typing = ctx.egui_wants_keyboard_input();
        for action in Action::LISTED {
            let Some(shortcut) = action.offer().and_then(|offer| offer.shortcut) else { continue };
            if ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
                asked.push(action);
            }
        }
        // Ctrl and = is Ctrl and + without Shift on many keyboards.
        if ctx.input_mut(|input| input.consume_key(Modifiers::CTRL, Key::Equals)) {
            asked.push(Action::ZoomIn);
        }
        if ctx.input(|input| input.key_pressed(Key::Escape)) {
            let over = self.palette.is_some() || self.report.is_some();
            asked.push(if !over && matches!(self.run, Run::Verifying(_)) { Action::Cancel } else { Action::Dismiss });
        }
        if !typing && self.palette.is_none() && self.here().screen == Screen::Monitoring && ctx.memory(|memory| memory.focused().is_none())
        {
            if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowLeft)) {
                asked.push(Action::PreviousBatch);
            }
            if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowRight)) {
                asked.push(Action::NextBatch);
            }
        }
    }

    fn dropped(&mut self, ctx: &Context, asked: &mut Asked) {
        let dropped = ctx.input(|input| input.raw.dropped_files.clone());
        if dropped.is_empty() || matches!(self.run, Run::Verifying(_)) {
            return;
        }
        for path in dropped.into_iter().map(|file| file.path().to_string_lossy().into_owned()) {
            if let Err(problem) = self.files.sort(path) {
                self.problem = Some(problem);
            }
        }
        asked.push(Action::Go(Screen::Welcome));
    }

    /// Light, dark or as the system, as set now.
    pub(crate) fn theme_preference(ctx: &Context) -> ThemePreference {
        ctx.options(|options| options.theme_preference)
    }
}
