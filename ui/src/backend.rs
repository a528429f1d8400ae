//! The border between the workbench and its host.
//!
//! The egui code is the same on every host. What touches files, processes or dialogs is behind
//! [`Backend`]; nothing here can verify.

pub use verifold_model::workbench::{AuditFiles, Command, Event, Menu, MenuItem, Pick, RunId, Sample, add};

/// A host: something that carries out commands and reports what happened.
pub trait Backend {
    /// Hands over a command; returns at once.
    fn send(&mut self, command: Command);
    /// The next event, if one has arrived.
    fn poll(&mut self) -> Option<Event>;
}
