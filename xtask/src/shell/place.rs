//! Where a program runs: here, or in another system that lies in a folder of this one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

/// Here, in this folder, or in another system.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Here(PathBuf),
    There(System),
}

impl Place {
    /// In the root of the repository.
    pub(super) fn here(root: &Path) -> Self {
        Self::Here(root.to_owned())
    }

    /// A program, there started by a person in their home.
    pub(super) fn command(&self, program: &Path) -> Command {
        match self {
            Self::Here(root) => {
                let mut command = Command::new(program);
                command.current_dir(root);
                command
            }
            Self::There(system) => system.as_person(program),
        }
    }

    /// A new folder that programs can write to.
    pub(super) fn folder(&self) -> anyhow::Result<tempfile::TempDir> {
        let parent = match self {
            Self::Here(root) => root.join("target"),
            Self::There(system) => system.folder.join("tmp"),
        };
        let folder = tempfile::tempdir_in(parent).context("creating a folder for the screen")?;
        #[cfg(unix)]
        if let Self::There(_) = self {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).context("opening the folder to all")?;
        }
        Ok(folder)
    }

    /// A path as programs see it.
    pub(super) fn inside(&self, path: &Path) -> PathBuf {
        match self {
            Self::There(System { folder, .. }) => path.strip_prefix(folder).map_or(path.to_owned(), |path| Path::new("/").join(path)),
            Self::Here(_) => path.to_owned(),
        }
    }
}

/// A system in a folder, with a person who has no rights.
#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) folder: PathBuf,
    /// Without, a program sees no interface but its own loop, which is down.
    pub(crate) network: bool,
}

/// The person, and where they live.
pub(crate) const PERSON: &str = "auditor";
pub(crate) const HOME: &str = "/srv/auditor";

/// Mounts what programs need, which vanishes with the last of them, and goes in.
const ENTER: &str = r#"mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm" && exec chroot --userspec="$1" "$0" "${@:2}""#;

impl System {
    /// A program started by the person, in their home.
    pub(crate) fn as_person(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.enter(PERSON);
        command.args(["env", &format!("--chdir={HOME}")]).arg(program.as_ref()).env("HOME", HOME);
        command
    }

    /// A program with all rights.
    pub(crate) fn as_root(&self, program: &str) -> Command {
        let mut command = self.enter("root");
        command.arg(program).env("HOME", "/").env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    fn enter(&self, person: &str) -> Command {
        let mut command = Command::new("unshare");
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LANG", "C.UTF-8");
        command.arg("--mount").args((!self.network).then_some("--net")).args(["--", "bash", "-c", ENTER]).arg(&self.folder).arg(person);
        command
    }
}
