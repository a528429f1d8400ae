//! Golden parameter digests: what reviewed circuit code derives.
//!
//! A line changes only together with the circuit, with a reason in the changelog; the proving tests
//! recompute the smallest one and fail with the digest derived.

/// Circuit and digest of its public parameters.
pub(crate) const PINNED: &[(&str, &str)] = &[
    // Tests.
    ("scored-cohort/v1@f8.w8.g2.b10.h1.n15", "034345c850a35708cf0e52a0aac117aded8587daa89043c3b760acc6aa2d7f41"),
    // Samples.
    ("scored-cohort/v1@f20.w8.g4.b10.h4.n16", "026bc2f8b4ca314c7595a6b55d66af95c70b8f4fca0e88cfc611bd8d2444b14f"),
    ("scored-cohort/v1@f20.w8.g4.b10.h4.n17", "03b43fcae02484c43a1caafbf9a0da3abd83e3a596a9168ee9dd8ae6d8986190"),
];
