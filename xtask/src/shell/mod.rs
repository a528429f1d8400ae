//! The desktop shell: builds it, opens it, checks that it compiles.
//!
//! - [`test`]: does it do on a screen what it should?
//! - [`bench`]: how fast is it, and how large, beside the native workbench?
//! - [`installed`]: are files opened by their type where it is installed?
//! - [`place`], [`screen`], [`driver`], [`picture`], [`processes`]: where programs run, a virtual screen, the page driven from
//!   outside, what is seen and known of both
//!
//! It is a workspace of its own under `src-tauri`, as it needs GTK and WebKit where everything else needs a C compiler.
//! Its products lie in `target/shell`, with the verifier beside it as on an installed system.

pub(crate) mod bench;
mod driver;
pub(crate) mod installed;
mod picture;
pub(crate) mod place;
mod processes;
mod screen;
pub(crate) mod test;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::{programs, wasm};

const ABSENT: &str = "GTK and WebKit to build with are not here. On Debian: apt-get install libwebkit2gtk-4.1-dev";

/// Arguments of `cargo xtask shell`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files to open, or the name of a sample
    #[arg(default_value = "credit-scoring-q1")]
    open: Vec<String>,
    /// Check that it compiles and keeps its lints, and open nothing; where the packages for that are missing, say so and end
    /// well
    #[arg(long)]
    check: bool,
}

/// Builds the shell and opens it, or checks it.
///
/// # Errors
/// If it does not build, or ends badly.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    if args.check {
        return check(root);
    }
    let program = build(root, "dev")?;
    let ended =
        Command::new(&program).current_dir(root).args(&args.open).status().with_context(|| format!("starting {}", program.display()))?;
    ensure!(ended.success(), "the shell ended with {ended}");
    Ok(())
}

fn check(root: &Path) -> anyhow::Result<()> {
    if !has_webkit() {
        println!("NOT CHECKED: {ABSENT}");
        return Ok(());
    }
    // The page is taken in at compile time; its frame will do for a check.
    wasm::copy_page(root)?;
    for arguments in [["fmt", "--check"].as_slice(), &["clippy", "--quiet", "--locked", "--all-targets"]] {
        let mut cargo = cargo(root);
        cargo.args(arguments);
        if arguments.first() == Some(&"clippy") {
            cargo.args(["--target-dir", "../target/shell", "--", "--deny", "warnings"]);
        }
        ensure!(cargo.status().context("starting cargo")?.success(), "the shell fails cargo {}", arguments.join(" "));
    }
    println!("the shell compiles");
    Ok(())
}

/// Builds the page, the verifier and the shell in a profile, and says where the shell lies, the verifier beside it.
///
/// # Errors
/// If something does not build.
pub(crate) fn build(root: &Path, profile: &str) -> anyhow::Result<PathBuf> {
    ensure!(has_webkit(), "{ABSENT}");
    wasm::run(root, &wasm::Args::default())?;
    let built = cargo(root)
        .args(["build", "--quiet", "--locked", "--profile", profile, "--target-dir", "../target/shell"])
        .status()
        .context("starting cargo")?;
    ensure!(built.success(), "the shell does not build");
    let folder = root.join("target/shell").join(if profile == "dev" { "debug" } else { profile });
    let [verifier] = programs::build_as(root, profile, ["verifold"])?;
    for folder in [&folder, &folder.join("deps")] {
        let beside = folder.join("verifold");
        if fs::read_link(&beside).ok().as_ref() != Some(&verifier) {
            let _ = fs::remove_file(&beside);
            link(&verifier, &beside).with_context(|| format!("putting the verifier at {}", beside.display()))?;
        }
    }
    Ok(folder.join("verifold-shell"))
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::copy(from, to.with_extension(std::env::consts::EXE_EXTENSION)).map(drop)
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root.join("src-tauri"));
    cargo
}

/// Whether what the shell links against is installed. Other systems bring their web engine.
fn has_webkit() -> bool {
    !cfg!(target_os = "linux")
        || Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"]).status().is_ok_and(|found| found.success())
}
