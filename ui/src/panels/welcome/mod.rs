//! Choosing what to audit: policy, engagement, package, or a sample.

mod panel;

pub use panel::welcome_ui;
