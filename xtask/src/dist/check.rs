//! Do the packages install, open what they should, and leave nothing? Tried in a minimal Debian made for it (debootstrap).
//!
//! 1. `verifold` installs where there is nothing but what apt-get needs, and verifies a sample there
//! 2. manual pages, completions, menu entries and file types are ones the system's own tools take
//! 3. an engagement opened by its type is verified by the native workbench; and by the shell, once that is installed
//! 4. package, policy and engagement opened by their types are handed to the open shell, and verified to their end
//! 5. after a purge, nothing is left but what belongs to the person
//! 6. RPM packages hold the same files, and go as they came
//!
//! Windows run without any network. For packages of Debian and for the driver of the page there is one.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use super::tree::files;
use crate::shell::{
    installed::{SAMPLE, handed_over, verified_by_type},
    place::{HOME, PERSON, System},
};

/// What tries them out: a virtual screen with a message bus, the opener of files, readers of what is installed.
const TOOLS: [&str; 10] =
    ["appstream", "bash-completion", "dbus", "desktop-file-utils", "fish", "libglib2.0-bin", "man-db", "xauth", "xvfb", "zsh"];
/// Beside them, once the shell has brought its web engine: the driver of its page.
const DRIVER: &str = "webkit2gtk-driver";

/// Types of files and what they are to be known by.
const TYPES: [(&str, &str); 3] = [
    ("package.zkaudit", "application/vnd.verifold.zkaudit"),
    ("policy.toml", "application/vnd.verifold.policy+toml"),
    ("engagement.toml", "application/vnd.verifold.engagement+toml"),
];

/// Checks what lies in `out`. `system` is a minimal Debian to copy in place of making one.
///
/// # Errors
/// What did not hold, or what is missing here to find out.
pub(super) fn run(root: &Path, out: &Path, without_shell: bool, system: Option<&Path>) -> anyhow::Result<()> {
    let user = said(Command::new("id").arg("-u"))?;
    ensure!(user.trim() == "0", "a system is made and entered for this, which needs the rights of root. Start it with sudo.");
    let workbench = package(out, "verifold_", ".deb")?;
    let shell = if without_shell { None } else { Some(package(out, "verifold-shell_", ".deb")?) };
    let folder = root.join("target/dist-check");
    println!("makes a minimal Debian in {}, installs the packages there, and removes it at the end", folder.display());
    remove(&folder)?;
    match system {
        Some(system) => done(Command::new("cp").arg("--archive").arg(system).arg(&folder))?,
        None => done(Command::new("debootstrap").args(["--variant=minbase", "bookworm"]).arg(&folder))
            .context("is debootstrap here? On Debian: apt-get install debootstrap")?,
    }
    let system = System { folder: folder.clone(), network: true };
    done(system.as_root("useradd").args(["--create-home", "--home-dir", HOME, PERSON]))?;
    done(system.as_root("apt-get").args(["--quiet", "update"]))?;
    let before = listed(&system)?;

    install(&system, &workbench)?;
    let paths = ["policy.toml", "engagement.toml", "package.zkaudit"].map(|name| format!("{SAMPLE}/{name}"));
    let offline = System { network: false, ..system.clone() };
    done(offline.as_person("verifold").args(["verify", "--quiet", "--policy", &paths[0], "--engagement", &paths[1], &paths[2]]))?;
    println!("verifold installs in a minimal system and verifies there");
    apt(&system, &TOOLS)?;
    documents(&system)?;
    verified_by_type(&system, "dark", 0, &out.join("native-by-type.png"))?;

    if let Some(shell) = &shell {
        install(&system, shell)?;
        let linked = said(system.as_root("ldd").arg("/usr/bin/verifold-shell"))?;
        ensure!(!linked.contains("not found"), "the shell lacks libraries:\n{linked}");
        apt(&system, &[DRIVER])?;
        let bar = handed_over(&system)?;
        verified_by_type(&system, "light", bar, &out.join("shell-by-type.png"))?;
    }

    purged(&system, &before)?;
    remove(&folder)?;
    for name in std::iter::once("verifold").chain(shell.map(|_| "verifold-shell")) {
        rpm(out, name, &folder)?;
    }
    Ok(())
}

/// Installs a package of ours with all it asks for and wishes for.
fn install(system: &System, package: &Path) -> anyhow::Result<()> {
    let name = package.file_name().context("a package has a name")?;
    let inside = Path::new("/var/cache/apt").join(name);
    fs::copy(package, system.folder.join("var/cache/apt").join(name)).with_context(|| format!("copying {}", package.display()))?;
    done(system.as_root("apt-get").args(["--quiet", "--yes", "install"]).arg(&inside))?;
    println!("apt-get installed {}", name.to_string_lossy());
    Ok(())
}

fn apt(system: &System, packages: &[&str]) -> anyhow::Result<()> {
    done(system.as_root("apt-get").args(["--quiet", "--yes", "--no-install-recommends", "install"]).args(packages))
}

/// Manual pages, completions, menu entries, catalogue and file types, by those who read them.
fn documents(system: &System) -> anyhow::Result<()> {
    let pages = said(system.as_root("find").args(["/usr/share/man/man1", "-name", "verifold*"]))?;
    let pages: Vec<&str> = pages.lines().collect();
    ensure!(pages.len() > 2, "only {} manual pages are installed", pages.len());
    for page in &pages {
        let read =
            system.as_person("man").args(["--warnings", "--local-file", page]).stdout(Stdio::null()).output().context("starting man")?;
        ensure!(read.status.success() && read.stderr.is_empty(), "man, of {page}: {}", String::from_utf8_lossy(&read.stderr).trim());
    }
    // Each shell in its own way: does it offer `verify` after `verifold `?
    for (shell, script) in [
        (
            "bash",
            "source /usr/share/bash-completion/bash_completion; _completion_loader verifold; COMP_WORDS=(verifold ver) COMP_CWORD=1; \
                  $(complete -p verifold | sed 's/.*-F \\([^ ]*\\).*/\\1/') verifold ver verifold; echo \"${COMPREPLY[@]}\"",
        ),
        ("zsh", "autoload -Uz compinit; compinit -D; [ $_comps[verifold] = _verifold ] && autoload +X _verifold && functions _verifold"),
        ("fish", "complete --do-complete 'verifold ver'"),
    ] {
        let offered = said(system.as_person(shell).args(["-c", script]))?;
        ensure!(offered.contains("verify"), "{shell} completes nothing: {offered:?}");
    }
    done(system.as_person("desktop-file-validate").arg("/usr/share/applications/verifold.desktop"))?;
    done(system.as_person("appstreamcli").args(["validate", "--no-net", "/usr/share/metainfo/org.verifold.workbench.metainfo.xml"]))?;
    for (file, kind) in TYPES {
        let known = said(system.as_person("gio").args(["info", "--attributes", "standard::content-type", &format!("{SAMPLE}/{file}")]))?;
        ensure!(known.contains(&format!("content-type: {kind}")), "{file} is not known as {kind}: {known}");
    }
    println!(
        "{} manual pages, completions of three shells, menu entry, catalogue and {} file types are in order",
        pages.len(),
        TYPES.len()
    );
    Ok(())
}

/// Takes all away again, and says what is left.
fn purged(system: &System, before: &BTreeSet<String>) -> anyhow::Result<()> {
    done(system.as_root("apt-get").args(["--quiet", "--yes", "--purge", "autoremove", "verifold*", DRIVER]).args(TOOLS))?;
    // By name or by what stands in them, whatever they are, but for caches and logs of other programs.
    let named = said(system.as_root("find").args([
        "/",
        "-xdev",
        "-ipath",
        "*verifold*",
        "-not",
        "-path",
        "/var/cache/*",
        "-not",
        "-path",
        &format!("{HOME}/*"),
        "-print",
    ]))?;
    ensure!(named.is_empty(), "left after a purge:\n{named}");
    let holding = system
        .as_root("grep")
        .args(["--recursive", "--files-with-matches", "--ignore-case", "verifold", "/etc", "/usr", "/var/lib"])
        .output()
        .context("starting grep")?;
    let holding = String::from_utf8_lossy(&holding.stdout).into_owned();
    ensure!(holding.is_empty(), "these files still know of it:\n{holding}");
    let left: Vec<String> = listed(system)?.difference(before).cloned().collect();
    println!("purged: no file with its name or with its name inside; left by libraries and tools that came along: {left:?}");
    let kept = said(system.as_root("find").args([HOME, "-type", "f", "-newer", "/etc/passwd"]))?;
    println!("the person keeps:\n{kept}");
    Ok(())
}

/// What lies in a system, without its logs, lists of packages, homes and moments.
fn listed(system: &System) -> anyhow::Result<BTreeSet<String>> {
    let mut find = system.as_root("find");
    find.args(["/", "-xdev", "("]);
    for (at, passed) in ["/home", "/proc", "/dev", "/tmp", "/run", "/var/log", "/var/cache/apt", "/var/lib/apt"].into_iter().enumerate() {
        find.args((at > 0).then_some("-o")).args(["-path", passed]);
    }
    Ok(said(find.args([")", "-prune", "-o", "-print"]))?.lines().map(str::to_owned).collect())
}

/// An RPM package holds what the Debian one holds, installs into an empty folder, and leaves it empty.
fn rpm(out: &Path, name: &str, folder: &Path) -> anyhow::Result<()> {
    let (debian, package) = (package(out, &format!("{name}_"), ".deb")?, package(out, &format!("{name}-{}", super::VERSION), ".rpm")?);
    let (unpacked, installed) = (folder.join("debian"), folder.join("rpm"));
    fs::create_dir_all(&installed).with_context(|| format!("creating {}", installed.display()))?;
    done(Command::new("dpkg-deb").arg("--extract").arg(&debian).arg(&unpacked))?;
    let expected = files(&unpacked)?;
    let rpm = || {
        let mut rpm = Command::new("rpm");
        rpm.arg("--root").arg(&installed).args(["--define", "_dbpath /var/lib/rpm"]);
        rpm
    };
    done(rpm().args(["--install", "--nodeps"]).arg(&package))?;
    done(rpm().args(["--verify", "--nodeps", name]))?;
    // What rpm keeps of its own is not counted.
    let found: Vec<String> = files(&installed)?.into_iter().filter(|path| !path.starts_with("var/lib/rpm/")).collect();
    ensure!(found == expected, "{name}: the packages install different files: {found:?} and {expected:?}");
    for path in &expected {
        let same = fs::read(installed.join(path)).ok() == fs::read(unpacked.join(path)).ok();
        ensure!(same, "{name}: {path} differs between the packages");
    }
    done(rpm().args(["--erase", "--nodeps", name]))?;
    let left = said(Command::new("find").arg(&installed).args(["-name", "*verifold*"]))?;
    ensure!(left.is_empty(), "{name}: left after erasing:\n{left}");
    println!("{name} as RPM: the {} files of the Debian package, byte for byte; nothing with its name left after erasing", expected.len());
    remove(folder)
}

/// The package in a folder whose name begins and ends so.
fn package(out: &Path, begins: &str, ends: &str) -> anyhow::Result<PathBuf> {
    let found = fs::read_dir(out).ok().into_iter().flatten().flatten().map(|entry| entry.path()).find(|path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with(begins) && name.ends_with(ends)
    });
    found.with_context(|| format!("no {begins}*{ends} in {}; `cargo xtask dist` makes it", out.display()))
}

/// Removes a system; nothing is mounted in it outside the programs that run there.
fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(())
}

/// Runs a command to a good end.
fn done(command: &mut Command) -> anyhow::Result<()> {
    said(command).map(drop)
}

/// What a command says.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let words: Vec<String> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy().into_owned()).collect();
    let ended = command.stdin(Stdio::null()).output().with_context(|| format!("starting {}", words[0]))?;
    let (out, problem) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    ensure!(ended.status.success(), "{}: {}\n{}\n{}", words.join(" "), ended.status, out.trim(), problem.trim());
    Ok(out.into_owned())
}
