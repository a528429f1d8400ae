//! What carries out the workbench's commands, without a window: files of samples, the worker process, dialogs behind a
//! trait. It never verifies, never reads a package, and prints no record but those its own worker returned.
//!
//! - [`Host`]: commands in, events out
//! - [`Outlet`]: where events go; [`Dialogs`]: how a person is asked for a path
//! - [`named`], [`opened`]: what somebody asked to open
//! - [`samples`]: the audits that come with the program
//! - [`worker`]: the process that reads packages, for this host and the command line

mod host;
mod opening;
pub mod samples;
pub mod worker;

use std::{path::PathBuf, sync::Arc};

use verifold_model::workbench::{Event, Pick};

pub use host::Host;
pub use opening::{named, opened};

/// Where events go.
#[derive(Clone)]
pub struct Outlet(Arc<dyn Fn(Event) + Send + Sync>);

impl Outlet {
    /// An outlet to a function, called from several threads; it must return soon.
    pub fn new(tell: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Hands an event over.
    pub fn tell(&self, event: Event) {
        (self.0)(event);
    }
}

/// What became of a question for a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This path.
    Chosen(PathBuf),
    /// The person closed the dialog.
    Cancelled,
    /// No dialog could be shown: why, and what to do instead.
    Unavailable(String),
}

/// How a person is asked for a path.
pub trait Dialogs: Send + Sync {
    /// Asks, and waits for the answer; called on a thread of its own. `suggestion` is the name offered when saving.
    fn ask(&self, pick: Pick, suggestion: &str) -> Answer;
}

/// The title of a dialog.
pub const fn title(pick: Pick) -> &'static str {
    match pick {
        Pick::Policy => "Open policy",
        Pick::Engagement => "Open engagement",
        Pick::Package => "Open package",
        Pick::Overlay => "Add overlay",
        Pick::Key => "Trust a public key",
        Pick::Report => "Write report",
    }
}

/// What a dialog shows: a name for the kind of file, and its extension.
pub const fn kind(pick: Pick) -> (&'static str, &'static str) {
    match pick {
        Pick::Policy => ("Policy", "toml"),
        Pick::Engagement => ("Engagement", "toml"),
        Pick::Package => ("Proof package", "zkaudit"),
        Pick::Overlay => ("Overlay", "toml"),
        Pick::Key => ("Public key", "pub"),
        Pick::Report => ("PDF", "pdf"),
    }
}
