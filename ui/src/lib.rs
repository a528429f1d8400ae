//! The audit workbench. It shows what a record says and sends commands; it cannot verify anything
//! and never opens a file, a process or a connection itself: hosts do, behind [`backend::Backend`].
//!
//! - [`workbench`]: the whole state, one reducer, one frame
//! - [`shell`]: bars, ladder, tree, palette around the rooms
//! - [`panels`]: the rooms, each a model (plain data from the record) and a panel that draws it
//! - [`action`], [`place`]: everything a person can ask for; where they are and what is selected
//! - [`pace`]: how long a frame takes
//! - [`verdict`], [`tokens`], [`style`], [`icons`], [`widgets`]: how it looks

pub mod action;
pub mod backend;
pub mod icons;
pub mod pace;
pub mod panels;
pub mod place;
pub mod shell;
pub mod style;
pub mod tokens;
pub mod verdict;
#[cfg(target_arch = "wasm32")]
mod web;
pub mod widgets;
pub mod workbench;
