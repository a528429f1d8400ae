//! What is handed out: packages for Debian and for RPM systems, bills of materials, checksums, release notes.
//!
//! - [`tree`]: what is installed where
//! - [`deb`], [`rpm`]: the same tree as packages, by the tools of those systems
//! - [`check`]: installed, used and taken away in a system made for it
//!
//! Two packages: `verifold` with the command line and the native workbench, which needs nothing but a C library until it
//! opens a window, and `verifold-shell` with the Tauri shell, which needs GTK and WebKit. No step uses the network. Times
//! inside are those of the last commit, so that one source gives one package.

mod check;
mod deb;
mod rpm;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::{programs, sbom, shell};

/// Arguments of `cargo xtask dist`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Profile of the programs
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,
    /// Leave the Tauri shell out
    #[arg(long)]
    without_shell: bool,
    /// Make nothing: check what was made, in a minimal Debian made for it. Needs root, debootstrap, rpm, and Debian's archive
    #[arg(long)]
    check: bool,
    /// A minimal Debian that debootstrap made, to check in a copy of
    #[arg(long, value_name = "FOLDER", requires = "check")]
    system: Option<PathBuf>,
}

/// A package: what stands in its description, and its tree.
struct Package {
    name: &'static str,
    summary: &'static str,
    description: &'static str,
    /// Needed and wished for, as Debian and as RPM name them.
    depends: (String, String),
    recommends: (&'static str, &'static str),
    tree: PathBuf,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Builds the programs and packs them into `target/dist`.
///
/// # Errors
/// If something does not build, or a tool is missing.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let out = root.join("target/dist");
    if args.check {
        return check::run(root, &out, args.without_shell, args.system.as_deref());
    }
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("emptying {}", out.display()))?;
    }
    let programs = programs::build_as(root, &args.profile, ["verifold", "verifold-workbench"])?;
    let shell = if args.without_shell { None } else { Some(shell::build(root, &args.profile)?) };

    let mut packages = vec![Package {
        name: "verifold",
        summary: "Audit workbench for zero-knowledge proofs about machine-learning systems",
        description: "Opens a compliance policy and a proof package, verifies every proof locally\n\
                      and offline, and shows which requirements are satisfied, by which evidence,\n\
                      and what no proof can settle. Command line and workbench.",
        depends: ("libc6, libgcc-s1".to_owned(), String::new()),
        recommends: (
            "libx11-6, libx11-xcb1, libxcursor1, libxi6, libxrandr2, libxkbcommon-x11-0, libgl1, libegl1, shared-mime-info",
            "libX11.so.6()(64bit), libX11-xcb.so.1()(64bit), libXcursor.so.1()(64bit), libXi.so.6()(64bit), \
             libXrandr.so.2()(64bit), libxkbcommon-x11.so.0()(64bit), libGL.so.1()(64bit), libEGL.so.1()(64bit)",
        ),
        tree: tree::workbench(root, &out.join("tree/verifold"), &programs)?,
    }];
    if let Some(program) = shell {
        packages.push(Package {
            name: "verifold-shell",
            summary: "Verifold's workbench in a Tauri window",
            description: "The workbench of the package verifold in a window with menus, which takes\n\
                          files from later starts.",
            depends: (
                format!("verifold (= {VERSION}), libc6, libgcc-s1, libgtk-3-0, libwebkit2gtk-4.1-0"),
                format!("verifold = {VERSION}"),
            ),
            recommends: ("dbus-user-session | dbus-x11", "dbus"),
            tree: tree::shell(root, &out.join("tree/verifold-shell"), &program)?,
        });
    }

    let time = commit_time(root)?;
    let mut made = Vec::new();
    for package in &packages {
        made.push(deb::pack(&out, package, &time)?);
        made.push(rpm::pack(&out, package, &time)?);
    }
    let notes = release_notes(&fs::read_to_string(root.join("CHANGELOG.md")).context("reading CHANGELOG.md")?)
        .context("CHANGELOG.md has no section of a version")?;
    fs::write(out.join("RELEASE-NOTES.md"), notes).context("writing RELEASE-NOTES.md")?;
    let packed = made.len();
    made.extend(sbom::write(root, &out)?);
    checksums(&out, &made)?;
    for name in &made {
        println!("{} ({} KB)", name, fs::metadata(out.join(name))?.len() / 1000);
    }
    println!("target/dist: {packed} packages, {} bills of materials, SHA256SUMS, RELEASE-NOTES.md", made.len() - packed);
    Ok(())
}

/// Seconds since 1970 at which the last commit was made.
fn commit_time(root: &Path) -> anyhow::Result<String> {
    let said = Command::new("git").current_dir(root).args(["log", "-1", "--format=%ct"]).output().context("starting git")?;
    let time = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    ensure!(time.parse::<u64>().is_ok(), "git does not say when the last commit was made");
    Ok(time)
}

/// The newest section of the changelog.
fn release_notes(changelog: &str) -> Option<String> {
    let (_, rest) = changelog.split_once("\n## ")?;
    let section = rest.split("\n## ").next()?.trim_end();
    Some(format!("# Verifold {VERSION}\n\n{}\n", section.split_once('\n')?.1.trim()))
}

fn checksums(out: &Path, names: &[String]) -> anyhow::Result<()> {
    let mut lines = String::new();
    for name in names {
        let bytes = fs::read(out.join(name)).with_context(|| format!("reading {name}"))?;
        lines.push_str(&format!("{}  {name}\n", verifold_model::digest::Digest::of(&bytes)));
    }
    fs::write(out.join("SHA256SUMS"), lines).context("writing SHA256SUMS")
}

/// Runs a tool of packaging to a good end.
fn tool(command: &mut Command, package: &str) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().with_context(|| format!("starting {name}; on Debian: apt-get install {package}"))?;
    ensure!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_section_becomes_the_notes() {
        let notes = release_notes("# Changelog\n\nWords.\n\n## Unreleased\n\nFirst.\n\n- one\n\n## 0.0.1\n\n- older\n");
        assert_eq!(notes, Some(format!("# Verifold {VERSION}\n\nFirst.\n\n- one\n")));
        assert_eq!(release_notes("# Changelog\n"), None);
    }
}
