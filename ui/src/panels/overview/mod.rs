//! What the audit found, in one screen: headline, totals, stage × requirement matrix.

mod facts;
mod model;
mod panel;

pub use facts::{engagement_ui, rung_ui};
pub use model::{AreaRow, Count, Model, Tile};
pub use panel::overview_ui;
