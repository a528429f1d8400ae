//! Metrics batch by batch: the line with its limit, the batches, groups and drift of one of them.

mod batch;
mod bars;
mod chart;
mod model;
mod panel;

pub use batch::batch_ui;
pub use model::{Choice, Drift, GroupRate, Groups, Model, Slot, choices};
pub use panel::{View, monitoring_ui};
