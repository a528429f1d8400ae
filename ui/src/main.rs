//! workbench
fn main() {}
