//! Claimed package, policy and engagement to verified evidence and results.
