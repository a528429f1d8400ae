//! Untrusted bytes to and from a claimed package.
