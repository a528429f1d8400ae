//! Reading input files with clear errors, and writing output files whole or not at all.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use verifold_model::{
    digest::Digest,
    instant::Instant,
    limits::{Limit, Limits},
    record::AuditRecord,
    state::Exit,
};
use verifold_policy::{Engagement, Overlay, Policy, ReadError};

use crate::failure::Failure;

/// Bytes of a file that others wrote, within a limit; further limits apply when it is parsed.
pub(crate) fn received(what: &str, path: &Path, limits: &Limits, limit: Limit) -> Result<Vec<u8>, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(
            Exit::Usage,
            format!("the {what} cannot be read, so nothing was checked ({error}): {}", path.display()),
            "check the path and its permissions",
        )
    };
    limits.check(limit, fs::metadata(path).map_err(cannot)?.len(), &path.display().to_string()).map_err(|exceeded| {
        Failure::new(
            Exit::Limits,
            format!("the {what} is too large, so nothing was checked: {exceeded}"),
            "ask for a smaller one, or check that this is the right file",
        )
    })?;
    fs::read(path).map_err(cannot)
}

/// Bytes of a package.
pub(crate) fn package(path: &Path, limits: &Limits) -> Result<Vec<u8>, Failure> {
    received("package", path, limits, Limit::PackageBytes)
}

/// A file with its bytes.
pub(crate) type File = (PathBuf, Vec<u8>);

/// A small file with its bytes.
pub(crate) fn file(what: &str, path: &Path) -> Result<File, Failure> {
    Ok((path.to_owned(), bytes(what, path)?))
}

/// Bytes of a small file.
pub(crate) fn bytes(what: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    received(what, path, &Limits::default(), Limit::TextBytes)
}

/// Text of a policy or engagement.
pub(crate) fn text(what: &str, path: &Path) -> Result<String, Failure> {
    text_of(what, bytes(what, path)?, path)
}

/// As [`text`], of bytes read from `path`.
pub(crate) fn text_of(what: &str, bytes: Vec<u8>, path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        Failure::new(
            Exit::Malformed,
            format!("the {what} is not UTF-8 text (byte {}): {}", error.utf8_error().valid_up_to(), path.display()),
            "save it as UTF-8",
        )
    })
}

fn unusable(error: &ReadError, path: &Path) -> Failure {
    let lines: Vec<String> = error.notices.iter().map(|notice| format!("\n  {notice}")).collect();
    Failure::new(
        Exit::Malformed,
        format!("the {} cannot be used, so nothing was checked: {}{}", error.file, path.display(), lines.concat()),
        "mend the lines named; `verifold policy check` shows warnings as well",
    )
}

/// A policy without errors.
pub(crate) fn policy(path: &Path) -> Result<Policy, Failure> {
    Policy::read(&text("policy", path)?).map_err(|error| unusable(&error, path))
}

/// An overlay without errors, also against the policy it is to change.
pub(crate) fn overlay(path: &Path, policy: Option<&Policy>) -> Result<Overlay, Failure> {
    Overlay::read(&text("overlay", path)?, policy).map_err(|error| unusable(&error, path))
}

/// An engagement without errors.
pub(crate) fn engagement(path: &Path) -> Result<Engagement, Failure> {
    engagement_of(bytes("engagement", path)?, path)
}

/// As [`engagement`], of bytes read from `path`.
pub(crate) fn engagement_of(bytes: Vec<u8>, path: &Path) -> Result<Engagement, Failure> {
    Engagement::read(&text_of("engagement", bytes, path)?).map_err(|error| unusable(&error, path))
}

/// A record read back: a claim again.
pub(crate) fn record(path: &Path) -> Result<(AuditRecord, Digest), Failure> {
    record_of(&bytes("record", path)?, path)
}

/// As [`record`], of bytes read from `path`.
pub(crate) fn record_of(bytes: &[u8], path: &Path) -> Result<(AuditRecord, Digest), Failure> {
    let record = serde_json::from_slice(bytes).map_err(|error| {
        Failure::new(
            Exit::Malformed,
            format!("the record cannot be read ({error}): {}", path.display()),
            "give a file that `verifold verify --record` wrote",
        )
    })?;
    Ok((record, Digest::of(bytes)))
}

/// Writes beside the target, then renames: nothing is ever half-written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    verifold_host::worker::write(path, bytes).map_err(|error| unwritten(&error, path))
}

/// As [`write`], for a file only its owner may read (mode 0600).
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    written(path, bytes)?.persist(path).map_err(|error| unwritten(&error.error, path))?;
    Ok(())
}

/// As [`write_private`], for a file that must not be there yet.
pub(crate) fn write_new_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    written(path, bytes)?.persist_noclobber(path).map_err(|error| unwritten(&error.error, path))?;
    Ok(())
}

fn unwritten(error: &std::io::Error, path: &Path) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("cannot be written ({error}); what was there before is unchanged: {}", path.display()),
        "check the folder and its permissions",
    )
}

/// A temporary file beside `path`, readable by its owner alone, with `bytes` in it.
fn written(path: &Path, bytes: &[u8]) -> Result<tempfile::NamedTempFile, Failure> {
    let cannot = |error: std::io::Error| unwritten(&error, path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(cannot)?;
    Ok(file)
}

/// The time now, to the second.
pub(crate) fn now() -> Option<Instant> {
    #[expect(clippy::disallowed_methods, reason = "shells know the time")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).ok().and_then(|since| Instant::from_unix_secs(since.as_secs()))
}
