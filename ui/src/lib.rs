//! The egui audit workbench, library and native binary.
