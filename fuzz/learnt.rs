//! What earlier runs of the fuzzers learnt: an input for each part of the program that the seeds do not reach.
//!
//! `cargo xtask fuzz --keep` writes them, an archive a target.

use std::{fs::File, io::Read as _, path::PathBuf};

use flate2::read::GzDecoder;
use tar::Archive;

/// Where the archive of a target lies.
pub(crate) fn archive(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/learnt").join(format!("{target}.tar.gz"))
}

/// Inputs of a target, in the order of their names; none if nothing was kept.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    let Ok(file) = File::open(archive(target)) else { return Vec::new() };
    let mut archive = Archive::new(GzDecoder::new(file));
    let entries = archive.entries().expect("an archive");
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut bytes = Vec::new();
        entry.expect("an entry").read_to_end(&mut bytes).expect("an entry's bytes");
        bytes
    };
    entries.map(read).collect()
}
