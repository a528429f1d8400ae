//! The chain from raw rows to monitored batches, and which areas of the policy each stage covers.

mod board;
mod development;
mod diagram;
mod link;
mod model;
mod panel;

pub use link::link_ui;
pub use model::{Covered, Edge, Lane, Model, Node, Row, link_head, link_named};
pub use panel::lifecycle_ui;
