//! Messages between the workbench and its worker process: one JSON value per line, versioned.
//!
//! The worker (`verifold worker`) reads [`WorkerRequest`]s from standard input and writes
//! [`WorkerEvent`]s to standard output. It returns records, never evidence. Killing it is the way to cancel.

use serde::{Deserialize, Serialize};

use crate::record::AuditRecord;

/// Version both sides must agree on.
pub const PROTOCOL_VERSION: u32 = 1;

/// What the workbench asks of the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorkerRequest {
    /// Verify a package.
    Verify {
        /// Path of the policy.
        policy: String,
        /// Path of the engagement, if any.
        engagement: Option<String>,
        /// Path of the package.
        package: String,
    },
    /// Render a record as PDF.
    Report {
        /// The record.
        record: Box<AuditRecord>,
        /// Whether the record was verified by this worker's program in this session.
        verified_now: bool,
        /// Where the PDF goes; replaced atomically.
        output: String,
    },
}

/// A phase of verification, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkPhase {
    /// Reading policy, engagement and package; digests.
    Read,
    /// Deriving verifier keys from circuit code.
    DeriveKeys,
    /// Checking proofs.
    CheckProofs,
    /// Replaying chains and reconciling scope.
    Replay,
    /// Assessing requirements.
    Assess,
    /// Writing a report.
    Report,
}

impl WorkPhase {
    /// As read in the status bar.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Read => "Reading the package",
            Self::DeriveKeys => "Deriving verifier keys",
            Self::CheckProofs => "Checking proofs",
            Self::Replay => "Replaying the chain",
            Self::Assess => "Assessing requirements",
            Self::Report => "Writing the report",
        }
    }
}

/// What the worker says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorkerEvent {
    /// First line: the worker is up.
    Ready {
        /// [`PROTOCOL_VERSION`].
        protocol: u32,
        /// Program and version.
        program: String,
    },
    /// A phase began.
    Phase {
        /// Which.
        phase: WorkPhase,
        /// What exactly, for example a proof's title; may be empty.
        detail: String,
        /// Done so far.
        done: u32,
        /// Of so many; 0 if not countable.
        total: u32,
    },
    /// Verification ended with a record.
    Verified {
        /// The outcome.
        record: Box<AuditRecord>,
    },
    /// The report is written.
    Reported {
        /// Where.
        output: String,
        /// Pages.
        pages: u32,
    },
    /// The audit could not be done: unreadable policy, file not found.
    Failed {
        /// What, where, consequence, what to do next.
        message: String,
        /// Exit code the command line would give.
        exit: u8,
    },
}
