//! Messages between the page and the host: commands as JSON text in, events as the bytes of JSON out.
//!
//! The page is ours and comes with the program. Still, what it sends is limited and checked as if it were not: a command
//! is short, has a known form, and can neither name a program nor bring a record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tauri::{
    State,
    ipc::{Channel, InvokeResponseBody},
};
use verifold_host::{Dialogs, Host};
use verifold_model::workbench::{Command, Event, Menu};

/// Longest command, in bytes of JSON: as many paths of the longest length as one may name fit twice, as escaped ones need.
const LONGEST_COMMAND: usize = 512 * 1024;

/// The host, and the page it speaks to.
pub(crate) struct Bridge {
    host: Mutex<Host>,
    page: Arc<Page>,
    menus: Box<dyn Fn(Vec<Menu>) + Send + Sync>,
    keep: Box<dyn Fn(u16) + Send + Sync>,
}

/// The page, once it listens. What is said before waits.
#[derive(Default)]
pub(crate) struct Page {
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    channel: Option<Channel>,
    waiting: Vec<Event>,
}

impl Page {
    pub(crate) fn tell(&self, event: Event) {
        let mut line = lock(&self.line);
        match &line.channel {
            Some(channel) => send(channel, &event),
            None => line.waiting.push(event),
        }
    }

    fn connect(&self, channel: Channel) {
        let mut line = lock(&self.line);
        for event in line.waiting.drain(..) {
            send(&channel, &event);
        }
        line.channel = Some(channel);
    }
}

fn send(channel: &Channel, event: &Event) {
    // A page that is gone hears nothing; every event has a form as text. As bytes it is not escaped into a string on the way and
    // read out of one again.
    if let Ok(text) = serde_json::to_vec(event) {
        let _ = channel.send(InvokeResponseBody::Raw(text));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bridge {
    /// `menus` shows menus on the bar, `keep` keeps the zoom for the next start.
    pub(crate) fn new(
        dialogs: Arc<dyn Dialogs>,
        menus: impl Fn(Vec<Menu>) + Send + Sync + 'static,
        keep: impl Fn(u16) + Send + Sync + 'static,
    ) -> Self {
        let page = Arc::new(Page::default());
        let host = Host::new(crate::outlet(&page), dialogs);
        Self { host: Mutex::new(host), page, menus: Box::new(menus), keep: Box::new(keep) }
    }

    /// Tells the page of something outside it.
    pub(crate) fn tell(&self, event: Event) {
        self.page.tell(event);
    }

    /// Speaks to this page from now on.
    pub(crate) fn connect(&self, channel: Channel) {
        self.page.connect(channel);
    }

    /// Carries out a command; what comes of it is told to the page.
    ///
    /// # Errors
    /// In words, if the text is no command.
    pub(crate) fn dispatch(&self, text: &str) -> Result<(), String> {
        if text.len() > LONGEST_COMMAND {
            return Err(format!("a command of {} bytes is not read; at most {LONGEST_COMMAND} are", text.len()));
        }
        let command: Command = serde_json::from_str(text).map_err(|error| format!("not a command of this release: {error}"))?;
        match command {
            Command::Menus { .. } if command.check().is_err() => Err("menus beyond what a bar shows".to_owned()),
            Command::Menus { menus } => {
                (self.menus)(menus);
                Ok(())
            }
            Command::Keep { zoom } => {
                command.check()?;
                (self.keep)(zoom);
                Ok(())
            }
            command => {
                lock(&self.host).carry_out(command);
                Ok(())
            }
        }
    }
}

#[tauri::command]
pub(crate) fn connect(bridge: State<'_, Bridge>, events: Channel) {
    bridge.connect(events);
}

#[tauri::command]
pub(crate) fn dispatch(bridge: State<'_, Bridge>, command: String) -> Result<(), String> {
    bridge.dispatch(&command)
}

#[cfg(test)]
mod tests {
    use std::{
        path::{Path, PathBuf},
        sync::mpsc::{Receiver, channel},
        time::Duration,
    };

    use verifold_host::{Answer, Outlet};
    use verifold_model::{
        protocol::WorkerEvent,
        record::Volatile,
        workbench::{AuditFiles, LONGEST_PATH, MenuItem, Pick, RunId},
    };

    use super::*;

    struct Scripted;

    impl Dialogs for Scripted {
        fn ask(&self, pick: Pick, suggestion: &str) -> Answer {
            match pick {
                Pick::Policy => Answer::Chosen(PathBuf::from("chosen.toml")),
                Pick::Engagement | Pick::Overlay | Pick::Key => Answer::Cancelled,
                Pick::Package => Answer::Unavailable("no dialogs today".to_owned()),
                Pick::Report => Answer::Chosen(PathBuf::from(suggestion)),
            }
        }
    }

    /// Every command, each in the right form and in a wrong one.
    fn script(report: &Path) -> Vec<Command> {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-q1");
        let at = |name: &str| sample.join(name).to_string_lossy().into_owned();
        let files = AuditFiles {
            policy: at("policy.toml"),
            engagement: at("engagement.toml"),
            package: at("package.zkaudit"),
            ..AuditFiles::default()
        };
        let long = AuditFiles { policy: "p".repeat(LONGEST_PATH + 1), ..files.clone() };
        let missing = AuditFiles { package: at("nowhere.zkaudit"), ..files.clone() };
        let output = report.to_string_lossy().into_owned();
        let pick = |pick| Command::Pick { pick, suggestion: "audit.pdf".to_owned() };
        vec![
            Command::FindSamples,
            pick(Pick::Policy),
            pick(Pick::Engagement),
            pick(Pick::Package),
            pick(Pick::Report),
            Command::Report { run: RunId(1), of: RunId(2), output: output.clone() },
            Command::Verify { run: RunId(2), files: long },
            Command::Verify { run: RunId(3), files: missing },
            Command::Verify { run: RunId(4), files },
            Command::Report { run: RunId(5), of: RunId(4), output: output.clone() },
            Command::Report { run: RunId(6), of: RunId(3), output },
            Command::Report { run: RunId(7), of: RunId(4), output: "notes.txt".to_owned() },
            Command::Cancel { run: RunId(7) },
        ]
    }

    /// What a command is answered with, up to the event that ends it; what differs from run to run taken out.
    fn answer(received: &Receiver<Event>) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let mut event = received.recv_timeout(Duration::from_secs(600)).expect("an answer to every command");
            if let Event::Worker { event: WorkerEvent::Verified { record }, .. } = &mut event {
                record.volatile = Volatile::default();
            }
            let goes_on = matches!(&event, Event::Worker { event, .. } if !event.is_last());
            events.push(event);
            if !goes_on {
                return events;
            }
        }
    }

    #[test]
    fn the_same_commands_give_the_same_events_as_without_a_window() {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.pdf");

        let (events, received) = channel();
        let mut host = Host::new(Outlet::new(move |event| drop(events.send(event))), Arc::new(Scripted));
        let mut expected = Vec::new();
        for command in script(&report) {
            host.carry_out(command);
            expected.push(answer(&received));
        }

        let (events, received) = channel();
        let bridge = Bridge::new(Arc::new(Scripted), |_| {}, |_| {});
        bridge.connect(Channel::new(move |body| {
            let InvokeResponseBody::Raw(json) = body else { panic!("bytes were sent") };
            events.send(serde_json::from_slice(&json)?).expect("a listener");
            Ok(())
        }));
        for (command, expected) in script(&report).into_iter().zip(&expected) {
            bridge.dispatch(&serde_json::to_string(&command).unwrap()).unwrap();
            assert_eq!(&answer(&received), expected, "{command:?}");
        }

        let ends: Vec<&Event> = expected.iter().filter_map(|events| events.last()).collect();
        assert!(
            matches!(ends[8], Event::Worker { event: WorkerEvent::Verified { .. }, .. }),
            "run as `cargo xtask shell-test`: {:?}",
            ends[8]
        );
        assert!(matches!(ends[9], Event::Reported { .. }), "{:?}", ends[9]);
        assert!([5, 6, 10, 11].iter().all(|at| matches!(ends[*at], Event::Refused { run: Some(_), .. })));
    }

    #[test]
    fn what_is_no_command_is_not_carried_out() {
        let shown = Arc::new(Mutex::new(0));
        let count = Arc::clone(&shown);
        let bridge = Bridge::new(Arc::new(Scripted), move |menus| *lock(&count) += menus.len(), |zoom| assert_eq!(zoom, 150));
        assert!(bridge.dispatch("{}").unwrap_err().starts_with("not a command of this release"));
        assert!(bridge.dispatch(r#"{"command":"run","program":"sh"}"#).unwrap_err().starts_with("not a command of this release"));
        let long = format!(r#"{{"command":"find-samples"}}{}"#, " ".repeat(LONGEST_COMMAND));
        assert_eq!(bridge.dispatch(&long).unwrap_err(), "a command of 524314 bytes is not read; at most 524288 are");
        let menus = |lines| {
            let items = vec![MenuItem { item: 1, label: "Verify".into() }; lines];
            serde_json::to_string(&Command::Menus { menus: vec![Menu { title: "Audit".into(), items }] }).unwrap()
        };
        assert_eq!(bridge.dispatch(&menus(41)).unwrap_err(), "menus beyond what a bar shows");
        assert_eq!((bridge.dispatch(&menus(40)), *lock(&shown)), (Ok(()), 1));
        assert_eq!(bridge.dispatch(r#"{"command":"keep","zoom":150}"#), Ok(()));
        assert_eq!(
            bridge.dispatch(r#"{"command":"keep","zoom":999}"#).unwrap_err(),
            "A zoom of 999 % is not kept; it lies between 80 and 200 %."
        );
    }

    #[test]
    fn what_is_said_before_the_page_listens_waits() {
        let bridge = Bridge::new(Arc::new(Scripted), |_| {}, |_| {});
        bridge.tell(Event::Chosen { item: 1 });
        bridge.tell(Event::Chosen { item: 2 });
        let (texts, received) = channel();
        bridge.connect(Channel::new(move |body| {
            let InvokeResponseBody::Raw(json) = body else { panic!("bytes were sent") };
            texts.send(String::from_utf8(json).expect("text")).expect("a listener");
            Ok(())
        }));
        bridge.tell(Event::Chosen { item: 3 });
        let items: Vec<bool> = received.try_iter().zip(1..).map(|(text, item)| text.contains(&format!("\"item\":{item}"))).collect();
        assert_eq!(items, [true; 3]);
    }
}
