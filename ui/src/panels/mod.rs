//! The rooms. Each is a model, plain data made from the record, and a panel that draws it.

pub mod monitoring;
pub mod overview;
pub mod proofs;
pub mod requirements;
pub mod welcome;

use crate::action::Action;

/// What a frame's clicks ask for, in order; carried out after drawing.
pub type Asked = Vec<Action>;
