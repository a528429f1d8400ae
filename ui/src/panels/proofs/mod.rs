//! What is proven, in plain words, and by which circuit.

mod circuit;
mod model;
mod panel;
mod traceability;

pub use circuit::circuit_ui;
pub use model::{Model, ProofRow, PropertyRow, property_rows, segment_lines};
pub use panel::proofs_ui;
pub use traceability::{standing, traceability_ui};
