//! Golden parameter digests: what reviewed circuit code derives.
//!
//! A line changes only together with the circuit, with a reason in the changelog; the proving tests
//! recompute the smallest one and fail with the digest derived.

/// Circuit and digest of its public parameters.
pub(crate) const PINNED: &[(&str, &str)] = &[];
