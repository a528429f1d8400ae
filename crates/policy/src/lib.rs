//! Policies and engagements: TOML to types, linter, plain-English sentences.
