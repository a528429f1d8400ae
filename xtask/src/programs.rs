//! How do commands get at the programs of this workspace?
//!
//! They are built by name, as `./x` builds them, into the folder this program runs from.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// Builds the programs of these names and says where they lie, in the same order.
///
/// # Errors
/// If they do not build.
#[expect(clippy::disallowed_methods, reason = "the folder cargo builds into is that of the running program")]
pub(crate) fn build<const N: usize>(root: &Path, names: [&str; N]) -> anyhow::Result<[PathBuf; N]> {
    // Not the path cargo gave this program: what that cargo starts would look for a toolchain of its own.
    let built = Command::new("cargo")
        .current_dir(root)
        .args(["build", "--quiet", "--locked"])
        .args(names.iter().flat_map(|name| ["--bin", *name]))
        .status()
        .context("starting cargo")?;
    ensure!(built.success(), "{} does not build", names.join(" or "));
    let own = env::current_exe().context("finding the folder of programs")?;
    Ok(names.map(|name| own.with_file_name(format!("{name}{}", env::consts::EXE_SUFFIX))))
}
