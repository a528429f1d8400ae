//! How do a package and its secrets reach the disk, all or nothing?
//!
//! Temporary files are made in the target folder before any work is done, so that a folder that
//! cannot be written is found out at once. [`Outputs::commit`] fills and renames them: secrets
//! first, the package last, so that a package on disk always has its secrets beside it.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    error::ProveError,
    monitoring::{report_path, secrets_path},
};

/// The files of a run, not yet there; the package is the last.
pub(crate) struct Outputs {
    overwrite: bool,
    folder: PathBuf,
    files: Vec<Pending>,
}

struct Pending {
    path: PathBuf,
    file: NamedTempFile,
}

impl Outputs {
    /// Prepares the files of `package`: beside `NAME.zkaudit` stand `NAME.secrets` and `NAME.claimed.json`.
    pub(crate) fn prepare(package: &Path, overwrite: bool) -> Result<Self, ProveError> {
        Self::beside(package, [(secrets_path(package), true), (report_path(package), false)], overwrite)
    }

    /// Prepares a package and files beside it, private ones among them.
    pub(crate) fn beside<const N: usize>(package: &Path, beside: [(PathBuf, bool); N], overwrite: bool) -> Result<Self, ProveError> {
        Self::of(beside.into_iter().chain([(package.to_owned(), false)]).collect(), overwrite)
    }

    /// Prepares one file, readable by its owner alone if it is private.
    pub(crate) fn alone(path: &Path, private: bool, overwrite: bool) -> Result<Self, ProveError> {
        Self::of(vec![(path.to_owned(), private)], overwrite)
    }

    /// Prepares files that stand in one folder, each private or not.
    fn of(files: Vec<(PathBuf, bool)>, overwrite: bool) -> Result<Self, ProveError> {
        let folder = files.last().and_then(|(path, _)| path.parent()).filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let pending = |path: PathBuf, private: bool| {
            if !overwrite && path.exists() {
                return Err(ProveError::Exists { path });
            }
            let file = temporary(&folder, private).map_err(|source| ProveError::Io { action: "write to", path: folder.clone(), source })?;
            Ok(Pending { path, file })
        };
        let files = files.into_iter().map(|(path, private)| pending(path, private)).collect::<Result<_, _>>()?;
        Ok(Self { overwrite, folder, files })
    }

    /// Writes all files, or none: those beside the package in the order they were prepared in, then the package.
    pub(crate) fn commit<const N: usize>(self, beside: [&[u8]; N], package: &[u8]) -> Result<(), ProveError> {
        let mut files: Vec<(Pending, &[u8])> = self.files.into_iter().zip(beside.into_iter().chain([package])).collect();
        for (pending, bytes) in &mut files {
            let written = pending.file.write_all(bytes).and_then(|()| pending.file.as_file().sync_all());
            written.map_err(|source| ProveError::Io { action: "write", path: pending.path.clone(), source })?;
        }
        let mut placed = Vec::new();
        for (Pending { path, file }, _) in files {
            let renamed = if self.overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
            if let Err(error) = renamed {
                // A file that replaced another cannot be taken back; without leave to overwrite none did.
                if !self.overwrite {
                    placed.iter().for_each(|path: &PathBuf| drop(fs::remove_file(path)));
                }
                return Err(ProveError::Io { action: "put in place", path, source: error.error });
            }
            placed.push(path);
        }
        sync_folder(&self.folder);
        Ok(())
    }
}

fn temporary(folder: &Path, private: bool) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".verifold-");
    #[cfg(unix)]
    if !private {
        use std::os::unix::fs::PermissionsExt;
        // As any program creates files, the user's mask taken off; the crate's own default is for the owner alone.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = private;
    builder.tempfile_in(folder)
}

/// Makes the renames durable; some file systems cannot, and the files themselves are synced already.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_files_are_written_and_the_secrets_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("q1.zkaudit");
        Outputs::prepare(&package, false).unwrap().commit([b"secrets", b"report"], b"package").unwrap();
        assert_eq!(fs::read(&package).unwrap(), b"package");
        assert_eq!(fs::read(folder.path().join("q1.secrets")).unwrap(), b"secrets");
        assert_eq!(fs::read(folder.path().join("q1.claimed.json")).unwrap(), b"report");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.path().join("q1.secrets")).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(matches!(Outputs::prepare(&package, false), Err(ProveError::Exists { .. })));
        Outputs::prepare(&package, true).unwrap().commit([b"s", b"r"], b"again").unwrap();
        assert_eq!(fs::read(&package).unwrap(), b"again");
    }

    #[test]
    fn an_abandoned_run_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Outputs::prepare(&folder.path().join("q1.zkaudit"), false).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_kept_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("q1.zkaudit");
        let outputs = Outputs::prepare(&package, false).unwrap();
        fs::write(&package, "theirs").unwrap();
        assert!(matches!(outputs.commit([b"s", b"r"], b"p"), Err(ProveError::Io { action: "put in place", .. })));
        assert_eq!(fs::read(&package).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
