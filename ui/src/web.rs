//! The workbench on a page: the desktop shell around the page is its host.
//!
//! The page's script makes a [`Page`] of two functions, hands it what the shell says ([`Page::deliver`]), and opens it on a
//! canvas. Messages cross as JSON, commands as text and events as its bytes, so that numbers keep all their digits.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use js_sys::Function;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::HtmlCanvasElement;

use crate::{
    action::menus,
    backend::{AuditFiles, Backend, Command, Event},
    pace::Pace,
    style,
    workbench::Workbench,
};

/// What the shell has said, and the window to wake when it says more.
#[derive(Default)]
struct Inbox {
    events: VecDeque<Event>,
    window: Option<egui::Context>,
    pace: Option<Pace>,
    paced: Option<String>,
}

/// The workbench before and behind its canvas.
#[wasm_bindgen]
pub struct Page {
    inbox: Rc<RefCell<Inbox>>,
    send: Function,
    tell: Function,
}

#[wasm_bindgen]
impl Page {
    /// `send` takes a command; `tell` takes a sentence on what goes on, for those who cannot see the canvas, and whether
    /// something is under way. Both are called often and must return at once.
    #[wasm_bindgen(constructor)]
    pub fn new(send: Function, tell: Function) -> Self {
        Self { inbox: Rc::default(), send, tell }
    }

    /// Takes in an event, as UTF-8.
    ///
    /// # Errors
    /// If it is none: page and shell are of two releases.
    pub fn deliver(&self, event: &[u8]) -> Result<(), JsValue> {
        let event =
            serde_json::from_slice(event).map_err(|error| JsValue::from(format!("the shell said what is not understood: {error}")))?;
        let mut inbox = self.inbox.borrow_mut();
        inbox.events.push_back(event);
        if let Some(window) = &inbox.window {
            window.request_repaint();
        }
        Ok(())
    }

    /// Shows the rooms in turn for so many frames; [`Page::paced`] then says how long they took.
    pub fn pace(&self, frames: usize) {
        let mut inbox = self.inbox.borrow_mut();
        (inbox.pace, inbox.paced) = (Some(Pace::new(frames)), None);
        if let Some(window) = &inbox.window {
            window.request_repaint();
        }
    }

    /// What the tour begun last found, as JSON, once it is over.
    pub fn paced(&self) -> Option<String> {
        self.inbox.borrow().paced.clone()
    }

    /// Draws on the canvas from now on.
    ///
    /// # Errors
    /// If there is no WebGL.
    pub async fn open(&self, canvas: HtmlCanvasElement) -> Result<(), JsValue> {
        let (inbox, send, tell) = (Rc::clone(&self.inbox), self.send.clone(), self.tell.clone());
        let runner = eframe::WebRunner::new();
        let app = move |creation: &eframe::CreationContext<'_>| {
            style::install(&creation.egui_ctx);
            inbox.borrow_mut().window = Some(creation.egui_ctx.clone());
            let mut host = Shell { inbox: Rc::clone(&inbox), send };
            host.send(Command::Menus { menus: menus() });
            let workbench = Workbench::new(Box::new(host), AuditFiles::default());
            Ok(Box::new(App { workbench, inbox, tell, told: None }) as Box<dyn eframe::App>)
        };
        runner.start(canvas, eframe::WebOptions::default(), Box::new(app)).await
    }
}

struct Shell {
    inbox: Rc<RefCell<Inbox>>,
    send: Function,
}

impl Backend for Shell {
    fn send(&mut self, command: Command) {
        // Plain data always has a form as text; what the script does with it is answered by events.
        if let Ok(text) = serde_json::to_string(&command) {
            let _ = self.send.call1(&JsValue::NULL, &text.into());
        }
    }

    fn poll(&mut self) -> Option<Event> {
        self.inbox.borrow_mut().events.pop_front()
    }
}

struct App {
    workbench: Workbench,
    inbox: Rc<RefCell<Inbox>>,
    tell: Function,
    told: Option<(String, bool)>,
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.workbench.show(ui);
        let status = (self.workbench.status(), self.workbench.is_waiting());
        if self.told.as_ref() != Some(&status) {
            let _ = self.tell.call2(&JsValue::NULL, &status.0.as_str().into(), &status.1.into());
            self.told = Some(status);
        }
        let mut inbox = self.inbox.borrow_mut();
        let found = inbox.pace.as_mut().and_then(|pace| pace.look(&mut self.workbench, ui.ctx(), frame.info().cpu_usage));
        if let Some(found) = found {
            (inbox.pace, inbox.paced) = (None, serde_json::to_string(&found).ok());
        }
    }
}
