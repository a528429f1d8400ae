//! Models and data to statements, proofs and packages.
