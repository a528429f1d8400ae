//! The border between the workbench and its host: commands out, events in, both plain data.
//!
//! The egui code is the same on every host. What touches files, processes or dialogs is behind
//! [`Backend`]; nothing here can verify.

use serde::{Deserialize, Serialize};
use verifold_model::{protocol::WorkerEvent, record::AuditRecord, state::Exit};

/// The three files of an audit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFiles {
    /// Path of the policy.
    pub policy: String,
    /// Path of the engagement; empty if there is none.
    pub engagement: String,
    /// Path of the package.
    pub package: String,
}

impl AuditFiles {
    /// Whether there is enough to verify.
    pub fn is_complete(&self) -> bool {
        !self.policy.trim().is_empty() && !self.package.trim().is_empty()
    }
}

/// Which file a dialog asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// A policy.
    Policy,
    /// An engagement.
    Engagement,
    /// A package.
    Package,
    /// Where the report goes.
    Report,
}

/// A sample audit that comes with the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Name of its folder.
    pub name: String,
    /// First heading of its README.
    pub title: String,
    /// First paragraph of its README.
    pub summary: String,
    /// Outcome it is documented to have; absent if it states none.
    pub expected: Option<Exit>,
    /// Bytes of its package.
    pub package_bytes: u64,
    /// Its files.
    pub files: AuditFiles,
}

/// What the workbench asks of its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Look for sample audits; answered by [`Event::Samples`].
    FindSamples,
    /// Verify; answered by [`Event::Worker`] lines or [`Event::WorkerStopped`].
    Verify {
        /// What to verify.
        files: AuditFiles,
    },
    /// End the verification under way at once; answered by [`Event::Cancelled`].
    Cancel,
    /// Render a record as PDF; answered like [`Command::Verify`].
    Report {
        /// The record.
        record: Box<AuditRecord>,
        /// Path of the PDF.
        output: String,
    },
    /// Ask a person for a path; answered by [`Event::Picked`].
    Pick {
        /// Which file.
        pick: Pick,
        /// Name offered when saving; empty otherwise.
        suggestion: String,
    },
}

/// What the host tells the workbench.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// Sample audits found; empty if there are none.
    Samples {
        /// In order of name.
        samples: Vec<Sample>,
    },
    /// A line from the worker.
    Worker {
        /// What it said.
        event: WorkerEvent,
    },
    /// The worker ended without saying how its work ended, or could not be started.
    WorkerStopped {
        /// What is known about the cause.
        cause: String,
    },
    /// The worker was ended on request.
    Cancelled,
    /// A dialog closed.
    Picked {
        /// Which file was asked for.
        pick: Pick,
        /// The path; absent if the dialog was cancelled or none could be shown.
        path: Option<String>,
        /// Why no dialog could be shown; empty otherwise.
        problem: String,
    },
}

/// A host: something that carries out commands and reports what happened.
pub trait Backend {
    /// Hands over a command; returns at once.
    fn send(&mut self, command: Command);
    /// The next event, if one has arrived.
    fn poll(&mut self) -> Option<Event>;
}
