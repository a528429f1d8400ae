//! Are the generated pages under `docs/` what the code says?
//!
//! - `docs/schemas/*.schema.json`: JSON Schemas of every format the program reads or writes
//!
//! Without `--check` they are written anew; a generated file whose source is gone is deleted.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// Arguments of `cargo xtask docs`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if a page differs from what the code says
    #[arg(long)]
    check: bool,
}

/// Writes or checks the pages.
///
/// # Errors
/// If a page cannot be read or written, or with `--check` if one differs.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let folder = root.join("docs/schemas");
    let wanted: BTreeMap<PathBuf, String> =
        verifold_policy::schemas().into_iter().chain(verifold_package::schemas()).map(|(name, text)| (folder.join(name), text)).collect();
    let stale = stale(&folder, &wanted)?;
    if args.check {
        let places: Vec<String> = stale.iter().map(|path| path.strip_prefix(root).unwrap_or(path).display().to_string()).collect();
        if !places.is_empty() {
            bail!("not what the code says: {}. Run `cargo xtask docs`", places.join(", "));
        }
        println!("{} generated pages are what the code says", wanted.len());
        return Ok(());
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    for path in &stale {
        match wanted.get(path) {
            Some(text) => fs::write(path, text),
            None => fs::remove_file(path),
        }
        .with_context(|| format!("writing {}", path.display()))?;
    }
    println!("{} of {} generated pages written", stale.len(), wanted.len());
    Ok(())
}

/// Pages that differ from what is wanted, are missing, or are wanted no more.
fn stale(folder: &Path, wanted: &BTreeMap<PathBuf, String>) -> anyhow::Result<Vec<PathBuf>> {
    let mut stale: Vec<PathBuf> =
        wanted.iter().filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(*text)).map(|(path, _)| path.clone()).collect();
    if folder.is_dir() {
        for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
            if !wanted.contains_key(&path) {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_differs_is_missing_or_left_over_is_stale() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("same"), "text").expect("a written file");
        fs::write(at("differs"), "old").expect("a written file");
        fs::write(at("left-over"), "text").expect("a written file");
        let wanted = ["differs", "missing", "same"].map(|name| (at(name), "text".to_owned())).into();
        assert_eq!(stale(folder.path(), &wanted).expect("a readable folder"), [at("differs"), at("missing"), at("left-over")]);
    }
}
