//! How does a long run report, and how is it stopped?

use std::time::Duration;

/// What the caller gives a run: a clock, an ear, and a way to stop it.
pub trait Progress {
    /// Time since some fixed moment; never decreasing.
    fn elapsed(&self) -> Duration;

    /// Hears what the run is doing.
    fn report(&mut self, event: Event);

    /// Whether to stop. Asked between rows of work that take about a second; compressing cannot be interrupted.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A part of the run that takes noticeable time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reading specification, model and tables.
    Reading,
    /// Running the float model on every row.
    Comparing,
    /// Committing to rows, counting them natively, twice.
    Committing,
    /// Deriving keys from circuit code.
    DerivingKeys,
    /// Folding step after step.
    Folding,
    /// Compressing what was folded, and verifying it.
    Compressing,
    /// Verifying the proof as a reader of the package would.
    Verifying,
    /// Reading segments and comparing them with their split.
    Joining,
    /// Writing package, secrets and report.
    Writing,
}

impl Phase {
    /// As read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Reading => "Reading specification, model and tables",
            Self::Comparing => "Comparing the integer model with the float model",
            Self::Committing => "Committing to rows and counting natively",
            Self::DerivingKeys => "Deriving keys from circuit code",
            Self::Folding => "Folding",
            Self::Compressing => "Compressing the proof",
            Self::Verifying => "Verifying the proof",
            Self::Joining => "Reading segments",
            Self::Writing => "Writing",
        }
    }
}

/// What a run says while it is going on.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A phase begins.
    Phase(Phase),
    /// Steps have been folded.
    Folded(Folded),
    /// The proof of a stage is there from a run that was stopped.
    Kept {
        /// The stage's identifier in the package.
        stage: &'static str,
    },
}

/// How far folding has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Folded {
    /// Steps folded.
    pub steps: u64,
    /// Steps to fold in all.
    pub steps_total: u64,
    /// Rows folded.
    pub rows: u64,
    /// Rows to fold in all.
    pub rows_total: u64,
    /// Time spent folding.
    pub elapsed: Duration,
}

impl Folded {
    /// Rows folded per second so far; 0 before any time has passed.
    pub fn rows_per_sec(&self) -> f64 {
        let secs = self.elapsed.as_secs_f64();
        if secs > 0.0 { self.rows as f64 / secs } else { 0.0 }
    }

    /// Time left at the pace of the steps so far, which all cost the same; `None` before the first.
    pub fn remaining(&self) -> Option<Duration> {
        let left = self.steps_total.saturating_sub(self.steps) as f64;
        (self.steps > 0).then(|| self.elapsed.mul_f64(left / self.steps as f64))
    }
}
