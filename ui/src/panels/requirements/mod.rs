//! Every requirement, and why it is in its state.

mod model;
mod panel;
mod why;

pub use model::{Line, Model, Order, WhyRow, why_rows};
pub use panel::{View, requirements_ui};
pub use why::why_ui;
