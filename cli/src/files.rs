//! Reading input files with clear errors, and writing output files whole or not at all.

use std::{
    fs::{File as OpenFile, OpenOptions},
    io::{self, Read as _, Write as _},
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

/// Bytes of a regular file that others wrote, within a limit; further limits apply when it is parsed.
pub(crate) fn received(what: &str, path: &Path, limits: &Limits, limit: Limit) -> Result<Vec<u8>, Failure> {
    let cannot = |error| unread(what, path, &error);
    let file = waitless(OpenOptions::new().read(true)).open(path).map_err(cannot)?;
    if !file.metadata().map_err(cannot)?.is_file() {
        return Err(Failure::new(
            Exit::Usage,
            format!("the {what} is a folder, a pipe or a device, not a regular file, so nothing was checked: {}", path.display()),
            "save what it gives as a file, and give that",
        ));
    }
    bounded(what, &file, path, limits, limit)
}

/// As [`text`], of something of the user's own, which may be a pipe: `--passphrase-file <(…)`.
pub(crate) fn own_text(what: &str, path: &Path) -> Result<String, Failure> {
    let file = OpenFile::open(path).map_err(|error| unread(what, path, &error))?;
    text_of(what, bounded(what, &file, path, &Limits::default(), Limit::TextBytes)?, path)
}

fn unread(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("the {what} cannot be read, so nothing was checked ({error}): {}", path.display()),
        "check the path and its permissions",
    )
}

/// A pipe that nobody writes into would be waited for as soon as it is opened.
#[cfg(unix)]
fn waitless(options: &mut OpenOptions) -> &OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
}

#[cfg(not(unix))]
fn waitless(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// Reads no more than one byte beyond the limit, however long a file says it is, and however it grows.
fn bounded(what: &str, file: &OpenFile, path: &Path, limits: &Limits, limit: Limit) -> Result<Vec<u8>, Failure> {
    let cannot = |error| unread(what, path, &error);
    let within = |found: u64| {
        limits.check(limit, found, &path.display().to_string()).map_err(|exceeded| {
            Failure::new(
                Exit::Limits,
                format!("the {what} is too large, so nothing was checked: {exceeded}"),
                "ask for a smaller one, or check that this is the right file",
            )
        })
    };
    let stated = file.metadata().map_err(cannot)?.len();
    within(stated)?;
    // Room for all at once: a passphrase is left behind in no smaller room.
    let mut bytes = Vec::with_capacity(usize::try_from(stated).unwrap_or_default());
    file.take(limits.of(limit).saturating_add(1)).read_to_end(&mut bytes).map_err(cannot)?;
    within(bytes.len() as u64)?;
    Ok(bytes)
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

/// A document in TOML, with its bytes.
pub(crate) fn document_file(what: &str, path: &Path) -> Result<File, Failure> {
    Ok((path.to_owned(), received(what, path, &Limits::default(), Limit::DocumentBytes)?))
}

/// A document in TOML.
pub(crate) fn document(what: &str, path: &Path) -> Result<String, Failure> {
    text_of(what, document_file(what, path)?.1, path)
}

/// A text that is no document.
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
    Policy::read(&document("policy", path)?).map_err(|error| unusable(&error, path))
}

/// An overlay without errors, also against the policy it is to change.
pub(crate) fn overlay(path: &Path, policy: Option<&Policy>) -> Result<Overlay, Failure> {
    Overlay::read(&document("overlay", path)?, policy).map_err(|error| unusable(&error, path))
}

/// An engagement without errors.
pub(crate) fn engagement(path: &Path) -> Result<Engagement, Failure> {
    engagement_of(document_file("engagement", path)?.1, path)
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
    let record = AuditRecord::read(bytes).map_err(|error| {
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

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone (mode 0600).
    Owner,
    /// Everybody, as of an ordinary document (mode 0644).
    All,
}

/// As [`write`], for a file that must not be there yet: another may have been sent, or filled in by hand.
pub(crate) fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    written(path, bytes, readers)?.persist_noclobber(path).map_err(|error| unwritten(&error.error, path))?;
    Ok(())
}

/// As [`write`], for a file only its owner may read, in place of what was read from it: `None` if it was not there.
pub(crate) fn replace(path: &Path, before: Option<&[u8]>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(before) = before else { return write_new(path, bytes, Readers::Owner) };
    let new = written(path, bytes, Readers::Owner)?;
    if std::fs::read(path).ok().as_deref() != Some(before) {
        return Err(Failure::new(
            Exit::Usage,
            format!("the file is no longer what was read from it, and was left as it is: {}", path.display()),
            "see what else writes it, and run the command again",
        ));
    }
    new.persist(path).map_err(|error| unwritten(&error.error, path))?;
    Ok(())
}

/// Waits until no other run holds `path`, and holds it until the file is dropped: an empty one beside it, which stays, since
/// the file itself is replaced.
pub(crate) fn hold(path: &Path) -> Result<OpenFile, Failure> {
    let lock = path.with_added_extension("lock");
    let cannot = |error: io::Error| unwritten(&error, &lock);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&lock).map_err(cannot)?;
    file.lock().map_err(cannot)?;
    Ok(file)
}

/// Whether a file, folder or link is there, a link to nothing as well.
pub(crate) fn is_there(path: &Path) -> Result<bool, Failure> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::new(
            Exit::Usage,
            format!("it cannot be seen whether a file is there ({error}): {}", path.display()),
            "check the folder and its permissions",
        )),
    }
}

fn unwritten(error: &io::Error, path: &Path) -> Failure {
    let hint = if error.kind() == io::ErrorKind::AlreadyExists {
        "give another name, or move what is there away"
    } else {
        "check the folder and its permissions"
    };
    Failure::new(Exit::Usage, format!("cannot be written ({error}); what was there before is unchanged: {}", path.display()), hint)
}

/// A temporary file beside `path` with `bytes` in it.
#[cfg_attr(not(unix), expect(unused_variables, reason = "elsewhere the folder says who may read"))]
fn written(path: &Path, bytes: &[u8], readers: Readers) -> Result<tempfile::NamedTempFile, Failure> {
    let cannot = |error: io::Error| unwritten(&error, path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(cannot)?;
    // A temporary file is its owner's alone.
    #[cfg(unix)]
    if readers == Readers::All {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(cannot)?;
    }
    Ok(file)
}

/// The time now, to the second.
pub(crate) fn now() -> Option<Instant> {
    #[expect(clippy::disallowed_methods, reason = "shells know the time")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).ok().and_then(|since| Instant::from_unix_secs(since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_whatever_it_says_of_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let limits = Limits::default().with(Limit::AnchorBytes, 4);
        let read = |path: &Path| received("anchor", path, &limits, Limit::AnchorBytes).map_err(|failure| (failure.exit, failure.what));
        std::fs::write(&path, b"four").unwrap();
        assert_eq!(read(&path).unwrap(), b"four");
        std::fs::write(&path, b"fifth").unwrap();
        let (exit, what) = read(&path).unwrap_err();
        assert_eq!(exit, Exit::Limits);
        assert!(what.contains("limit `anchor_bytes`") && what.contains("found 5"), "{what}");
        assert_eq!(read(folder.path()).unwrap_err().0, Exit::Usage);
    }

    #[test]
    fn a_file_is_new_or_replaces_what_was_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let kept = |result: Result<(), Failure>, part: &str, then: &[u8]| {
            let failure = result.unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.what.contains(part), "{}", failure.what);
            assert_eq!(std::fs::read(&path).unwrap(), then);
        };
        replace(&path, None, b"one").unwrap();
        replace(&path, Some(b"one"), b"two").unwrap();
        // Another run has begun the log, or gone on from the same one.
        kept(replace(&path, None, b"three"), "what was there before is unchanged", b"two");
        kept(replace(&path, Some(b"one"), b"three"), "no longer what was read from it", b"two");
        for readers in [Readers::Owner, Readers::All] {
            kept(write_new(&path, b"three", readers), "what was there before is unchanged", b"two");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(replace(&path, Some(b"two"), b"three").is_err() && !path.exists(), "a log taken away is not put back");
    }

    #[test]
    #[cfg(unix)]
    fn a_new_file_is_read_by_those_it_is_for_and_a_link_to_nothing_is_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        for (readers, mode) in [(Readers::Owner, 0o600), (Readers::All, 0o644)] {
            let path = folder.path().join(format!("{mode:o}"));
            write_new(&path, b"", readers).unwrap();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode);
        }
        let link = folder.path().join("link");
        assert!(!is_there(&link).unwrap());
        std::os::unix::fs::symlink("nothing", &link).unwrap();
        assert!(is_there(&link).unwrap());
        assert!(write_new(&link, b"", Readers::Owner).is_err() && !folder.path().join("nothing").exists());
    }

    /// Files of /proc say that they are empty, and a file on a share may grow while it is read.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_is_longer_than_it_says_goes_over_its_limit() {
        let limits = Limits::default().with(Limit::AnchorBytes, 4);
        let failure = received("anchor", Path::new("/proc/self/status"), &limits, Limit::AnchorBytes).unwrap_err();
        assert_eq!(failure.exit, Exit::Limits);
        assert!(failure.what.contains("found 5"), "{}", failure.what);
    }

    #[test]
    #[cfg(unix)]
    fn a_device_or_a_pipe_that_nobody_writes_into_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [&pipe, Path::new("/dev/zero")] {
            let failure = package(path, &Limits::default()).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.what.starts_with("the package is a folder, a pipe or a device, not a regular file"), "{}", failure.what);
        }
    }
}
