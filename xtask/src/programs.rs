//! How do commands get at the programs of this workspace?
//!
//! They are built by name, as `./x` builds them, into the folder this program runs from.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// Builds the programs of these names and says where they lie, in the same order.
///
/// # Errors
/// If they do not build.
pub(crate) fn build<const N: usize>(root: &Path, names: [&str; N]) -> anyhow::Result<[PathBuf; N]> {
    build_as(root, "dev", names)
}

/// The same in a profile.
///
/// # Errors
/// If they do not build.
#[expect(clippy::disallowed_methods, reason = "the folder cargo builds into is that of the running program")]
pub(crate) fn build_as<const N: usize>(root: &Path, profile: &str, names: [&str; N]) -> anyhow::Result<[PathBuf; N]> {
    // Not the path cargo gave this program: what that cargo starts would look for a toolchain of its own.
    let built = Command::new("cargo")
        .current_dir(root)
        .args(["build", "--quiet", "--locked", "--profile", profile])
        .args(names.iter().flat_map(|name| ["--bin", *name]))
        .status()
        .context("starting cargo")?;
    ensure!(built.success(), "{} does not build", names.join(" or "));
    let own = env::current_exe().context("finding the folder of programs")?;
    let folder = own.ancestors().nth(2).context("finding the folder of programs")?;
    let folder = folder.join(if profile == "dev" { "debug" } else { profile });
    Ok(names.map(|name| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))))
}

/// Runs a command of this program in a build with the feature `pack`.
///
/// # Errors
/// If it does not build, or fails.
pub(crate) fn with_pack(root: &Path, command: &[&str], arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> anyhow::Result<()> {
    let done = Command::new("cargo")
        .current_dir(root)
        // Apart, so that it does not take the place of this program.
        .args(["run", "--quiet", "--locked", "--package", "xtask", "--no-default-features", "--features", "pack"])
        .args(["--target-dir", "target/pack", "--"])
        .args(command)
        .args(arguments)
        .status()
        .context("starting cargo")?;
    ensure!(done.success(), "{} failed", command.join(" "));
    Ok(())
}
