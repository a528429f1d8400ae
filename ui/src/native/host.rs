//! The host of the native window: the windowless one, with a queue that wakes the window.

use std::sync::{
    Arc,
    mpsc::{self, Receiver},
};

use verifold_host::{Host, Outlet};
use verifold_ui::backend::{Backend, Command, Event};

use super::dialogs::Portal;

/// The host of the native window.
pub(super) struct NativeHost {
    host: Host,
    received: Receiver<Event>,
}

impl NativeHost {
    pub(super) fn new(ctx: egui::Context) -> Self {
        let (events, received) = mpsc::channel();
        let outlet = Outlet::new(move |event| {
            // The receiver is gone only while the window closes.
            if events.send(event).is_ok() {
                ctx.request_repaint();
            }
        });
        Self { host: Host::new(outlet, Arc::new(Portal)), received }
    }
}

impl Backend for NativeHost {
    fn send(&mut self, command: Command) {
        self.host.carry_out(command);
    }

    fn poll(&mut self) -> Option<Event> {
        self.received.try_recv().ok()
    }
}
