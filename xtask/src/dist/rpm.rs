//! A tree as an RPM package, by rpmbuild.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::Context as _;

use super::{Package, VERSION, tool};

/// Packs and says the name of the file.
pub(super) fn pack(out: &Path, package: &Package, time: &str) -> anyhow::Result<String> {
    let top = out.join("rpm");
    fs::create_dir_all(&top).with_context(|| format!("creating {}", top.display()))?;
    let (name, requires) = (package.name, &package.depends.1);
    let requires = if requires.is_empty() { String::new() } else { format!("Requires: {requires}\n") };
    let paths = super::tree::files(&package.tree)?;
    // Folders that are ours alone go with the package; the others belong to the system.
    let own = ["usr/share/verifold".to_owned(), format!("usr/share/doc/{name}")];
    let folders: BTreeSet<&Path> = paths
        .iter()
        .flat_map(|path| Path::new(path).ancestors().skip(1))
        .filter(|folder| own.iter().any(|own| folder.starts_with(own)))
        .collect();
    let mut files: String = folders.iter().map(|folder| format!("%dir \"/{}\"\n", folder.display())).collect();
    files.extend(paths.iter().map(|path| format!("\"/{path}\"\n")));
    let spec = format!(
        "Name: {name}\nVersion: {VERSION}\nRelease: 1\nSummary: {}\nLicense: MIT OR Apache-2.0\n{requires}Recommends: {}\n\n\
         %description\n{}\n\n%install\nmkdir -p %{{buildroot}}\ncp -a \"{}/.\" %{{buildroot}}\n\n%files\n{files}",
        package.summary,
        package.recommends.1,
        package.description,
        package.tree.display(),
    );
    let path = top.join(format!("{name}.spec"));
    fs::write(&path, spec).with_context(|| format!("writing {}", path.display()))?;
    let mut command = Command::new("rpmbuild");
    command.args(["-bb", "--quiet", "--define"]).arg(format!("_topdir {}", top.display()));
    // The programs are stripped already, and one name for every distribution.
    for define in
        ["_build_id_links none", "__os_install_post %{nil}", "debug_package %{nil}", "_rpmfilename %{NAME}-%{VERSION}.%{ARCH}.rpm"]
    {
        command.args(["--define", define]);
    }
    for define in ["use_source_date_epoch_as_buildtime 1", "clamp_mtime_to_source_date_epoch 1", "_buildhost localhost"] {
        command.args(["--define", define]);
    }
    tool(command.arg(&path).env("SOURCE_DATE_EPOCH", time), "rpm")?;
    let made = fs::read_dir(top.join("RPMS"))
        .context("reading what rpmbuild made")?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .find(|file| file.starts_with(&format!("{name}-{VERSION}.")))
        .context("rpmbuild made no package")?;
    fs::copy(top.join("RPMS").join(&made), out.join(&made)).with_context(|| format!("copying {made}"))?;
    Ok(made)
}
