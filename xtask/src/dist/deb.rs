//! A tree as a Debian package, by dpkg-deb.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};

use super::{Package, VERSION, tool};

/// Packs and says the name of the file.
pub(super) fn pack(out: &Path, package: &Package, time: &str) -> anyhow::Result<String> {
    let said = Command::new("dpkg").arg("--print-architecture").output().context("starting dpkg")?;
    let architecture = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    // Beside the tree, which the other kind of package shares.
    let folder = out.join("deb").join(package.name);
    copy(&package.tree, &folder)?;
    fs::create_dir_all(folder.join("DEBIAN")).context("creating DEBIAN")?;
    let description: String = package.description.lines().map(|line| format!(" {line}\n")).collect();
    let control = format!(
        "Package: {}\nVersion: {VERSION}\nArchitecture: {architecture}\nMaintainer: Verifold <nobody@verifold.invalid>\n\
         Installed-Size: {}\nDepends: {}\nRecommends: {}\nSection: misc\nPriority: optional\nDescription: {}\n{description}",
        package.name,
        super::tree::size(&folder)? / 1024,
        package.depends.0,
        package.recommends.0,
        package.summary,
    );
    fs::write(folder.join("DEBIAN/control"), control).context("writing DEBIAN/control")?;
    // With these an installed system can tell what was altered (dpkg --verify).
    let sums = Command::new("md5sum").current_dir(&folder).args(super::tree::files(&package.tree)?).output().context("starting md5sum")?;
    ensure!(sums.status.success(), "md5sum: {}", String::from_utf8_lossy(&sums.stderr).trim());
    fs::write(folder.join("DEBIAN/md5sums"), sums.stdout).context("writing DEBIAN/md5sums")?;
    let name = format!("{}_{VERSION}_{architecture}.deb", package.name);
    let mut command = Command::new("dpkg-deb");
    command.args(["--root-owner-group", "-Zxz", "--build"]).arg(&folder).arg(out.join(&name)).env("SOURCE_DATE_EPOCH", time);
    tool(&mut command, "dpkg")?;
    Ok(name)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a file has a name")?);
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}
