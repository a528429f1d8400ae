//! Metrics batch by batch: the line with its limit, the batches, groups and drift of one of them.

mod bars;
mod batch;
mod chart;
mod export;
mod model;
mod panel;
mod unmeasured;

pub use batch::batch_ui;
pub use export::{csv, svg};
pub use model::{Choice, Drift, DriftBar, GroupRate, Groups, Model, Slot, choices};
pub use panel::{View, monitoring_ui};
pub use unmeasured::unmeasured_ui;
