//! What is installed where, by the Filesystem Hierarchy Standard and the specifications of freedesktop.org.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::tidy::libraries;

/// Sides of the icons there are.
const ICONS: [u32; 7] = [16, 32, 48, 64, 128, 256, 512];

/// Command line and native workbench.
pub(super) fn workbench(root: &Path, tree: &Path, [verifold, workbench]: &[PathBuf; 2]) -> anyhow::Result<PathBuf> {
    let put = Put { tree };
    put.program(verifold)?;
    put.program(workbench)?;
    let linux = root.join("assets/linux");
    put.file(&linux.join("verifold.desktop"), "usr/share/applications/verifold.desktop")?;
    put.file(&linux.join("verifold.xml"), "usr/share/mime/packages/verifold.xml")?;
    put.file(&linux.join("org.verifold.workbench.metainfo.xml"), "usr/share/metainfo/org.verifold.workbench.metainfo.xml")?;
    for side in ICONS {
        let icon = root.join(format!("icons/verifold-{side}.png"));
        put.file(&icon, &format!("usr/share/icons/hicolor/{side}x{side}/apps/verifold.png"))?;
    }
    put.file(&root.join("assets/logo.svg"), "usr/share/icons/hicolor/scalable/apps/verifold.svg")?;
    for (shell, path) in [
        ("bash", "usr/share/bash-completion/completions/verifold"),
        ("zsh", "usr/share/zsh/vendor-completions/_verifold"),
        ("fish", "usr/share/fish/vendor_completions.d/verifold.fish"),
    ] {
        let script = Command::new(verifold).args(["completions", shell]).output().context("asking for completions")?;
        ensure!(script.status.success(), "verifold completions {shell} ended with {}", script.status);
        put.bytes(&script.stdout, path)?;
    }
    let manual = tree.join("usr/share/man/man1");
    fs::create_dir_all(&manual).context("creating the folder of the manual")?;
    let written = Command::new(verifold).arg("man").arg(&manual).status().context("asking for the manual")?;
    ensure!(written.success(), "verifold man ended with {written}");
    put.file(&linux.join("verifold-workbench.1"), "usr/share/man/man1/verifold-workbench.1")?;
    for page in files(&manual)? {
        zip(&manual.join(page))?;
    }
    samples(root, &put)?;
    documents(root, &put, "verifold", &["verifold-cli", "verifold-workbench"], root)?;
    Ok(tree.to_owned())
}

/// The Tauri shell, beside the command line that the other package brings.
pub(super) fn shell(root: &Path, tree: &Path, program: &Path) -> anyhow::Result<PathBuf> {
    let put = Put { tree };
    put.program(program)?;
    put.file(&root.join("assets/linux/verifold-shell.desktop"), "usr/share/applications/verifold-shell.desktop")?;
    let page = "usr/share/man/man1/verifold-shell.1";
    put.file(&root.join("assets/linux/verifold-shell.1"), page)?;
    zip(&tree.join(page))?;
    documents(root, &put, "verifold-shell", &["verifold-shell"], &root.join("src-tauri"))?;
    Ok(tree.to_owned())
}

/// The sample audits, without what only a test compares.
fn samples(root: &Path, put: &Put<'_>) -> anyhow::Result<()> {
    let folder = root.join("sample-audits");
    for path in files(&folder)?.iter().filter(|path| !path.ends_with("expected.record.json")) {
        put.file(&folder.join(path), &format!("usr/share/verifold/sample-audits/{path}"))?;
    }
    Ok(())
}

fn documents(root: &Path, put: &Put<'_>, package: &str, programs: &[&str], workspace: &Path) -> anyhow::Result<()> {
    let folder = format!("usr/share/doc/{package}");
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("reading {name}"));
    let copyright = format!(
        "Verifold is licensed under MIT or Apache-2.0, at your choice. Fonts: see the end. Libraries: THIRD-PARTY.txt.\n\n{}\n{}\n{}\n{}\n{}\n",
        read("LICENSE-MIT")?,
        read("LICENSE-APACHE")?,
        read("assets/fonts/LICENSE-Inter.txt")?,
        read("assets/fonts/LICENSE-JetBrainsMono.txt")?,
        read("assets/fonts/LICENSE-Phosphor.txt")?,
    );
    put.bytes(copyright.as_bytes(), &format!("{folder}/copyright"))?;
    let mut list = String::from("Libraries in these programs, with versions and licences.\n\n");
    for (name, version, licence) in libraries(workspace, programs)? {
        list.push_str(&format!("{name} {version}: {licence}\n"));
    }
    put.bytes(list.as_bytes(), &format!("{folder}/THIRD-PARTY.txt"))?;
    put.file(&root.join("CHANGELOG.md"), &format!("{folder}/changelog"))?;
    zip(&put.tree.join(format!("{folder}/changelog")))
}

/// Puts files into a tree.
struct Put<'a> {
    tree: &'a Path,
}

impl Put<'_> {
    fn program(&self, from: &Path) -> anyhow::Result<()> {
        let name = from.file_name().context("a program has a name")?.to_string_lossy();
        let to = format!("usr/bin/{name}");
        self.file(from, &to)?;
        mode(&self.tree.join(to), 0o755)
    }

    fn file(&self, from: &Path, to: &str) -> anyhow::Result<()> {
        self.bytes(&fs::read(from).with_context(|| format!("reading {}", from.display()))?, to)
    }

    fn bytes(&self, bytes: &[u8], to: &str) -> anyhow::Result<()> {
        let path = self.tree.join(to);
        let folder = path.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        mode(&path, 0o644)
    }
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(|| format!("setting the mode of {}", path.display()))
}

#[cfg(not(unix))]
fn mode(_path: &Path, _mode: u32) -> anyhow::Result<()> {
    anyhow::bail!("packages for Linux are made on Linux")
}

/// Compresses a file in place, without its time and name.
fn zip(path: &Path) -> anyhow::Result<()> {
    super::tool(Command::new("gzip").args(["--best", "--no-name", "--force"]).arg(path), "gzip")
}

/// Paths of the files below a folder, from it, in order.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("reading {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                found.push(relative.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Bytes of the files below a folder.
pub(super) fn size(folder: &Path) -> anyhow::Result<u64> {
    files(folder)?.iter().map(|path| Ok(fs::metadata(folder.join(path))?.len())).sum()
}
