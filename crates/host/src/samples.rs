//! Sample audits: folders inside `sample-audits`, beside the program or above it, where they are installed, or else in the
//! working folder or above it.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use verifold_model::{
    state::Exit,
    workbench::{AuditFiles, Sample},
};

const FOLDER: &str = "sample-audits";
/// Bytes of a README or an expected exit code; the samples' have two thousand at most.
const MOST_TEXT: u64 = 64 << 10;
/// From the folder of an installed program to its data.
const INSTALLED: &str = "../share/verifold";

/// Samples of the first folder found: honest ones first, then what is proven but broken, then cheats.
#[expect(clippy::disallowed_methods, reason = "a host looks where it was started and where it is installed")]
pub fn find() -> Vec<Sample> {
    let beside = std::env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    let working = std::env::current_dir().ok();
    let above = |folder: &Option<PathBuf>| folder.iter().flat_map(|folder| folder.ancestors()).map(Path::to_owned).collect::<Vec<_>>();
    // The working folder may be one that somebody sent.
    let installed = beside.iter().map(|folder| folder.join(INSTALLED));
    let places = above(&beside).into_iter().chain(installed).chain(above(&working)).map(|folder| folder.join(FOLDER));
    let mut samples =
        places.filter(|folder| folder.is_dir()).map(|folder| inside(&folder)).find(|samples| !samples.is_empty()).unwrap_or_default();
    samples.sort_by_key(order);
    samples
}

fn order(sample: &Sample) -> (u8, bool, String) {
    (sample.expected.map_or(u8::MAX, Exit::code), sample.name.starts_with("cheat"), sample.name.clone())
}

fn inside(folder: &Path) -> Vec<Sample> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| sample(&entry.path())).collect()
}

fn sample(folder: &Path) -> Option<Sample> {
    let name = folder.file_name()?.to_string_lossy().into_owned();
    let files = audit_in(folder).filter(AuditFiles::is_complete)?;
    let (title, summary) = small_text(&folder.join("README.md")).map(|text| heading_and_paragraph(&text)).unwrap_or_default();
    let expected = small_text(&folder.join("expected.exit")).and_then(|text| text.trim().parse::<u8>().ok());
    Some(Sample {
        title: if title.is_empty() { name.clone() } else { title },
        summary,
        expected: expected.and_then(|code| Exit::PRECEDENCE.into_iter().find(|exit| exit.code() == code)),
        package_bytes: fs::metadata(&files.package).map(|meta| meta.len()).unwrap_or_default(),
        files,
        name,
    })
}

/// Text of a regular file of at most [`MOST_TEXT`] bytes: the folder may be one that somebody sent.
fn small_text(path: &Path) -> Option<String> {
    let is_small = |path: &Path| fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST_TEXT);
    let file = is_small(path).then(|| fs::File::open(path).ok()).flatten()?;
    let mut text = String::new();
    file.take(MOST_TEXT).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The audit in a folder: `policy.toml`, `engagement.toml`, and the package if there is exactly one. Absent if there is
/// neither a policy nor such a package.
pub(crate) fn audit_in(folder: &Path) -> Option<AuditFiles> {
    let packages =
        fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.extension() == Some("zkaudit".as_ref()));
    let packages: Vec<PathBuf> = packages.take(2).collect();
    let there = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    let text = |path: Option<PathBuf>| path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    let package = if packages.len() == 1 { packages.into_iter().next() } else { None };
    let files = AuditFiles {
        policy: text(there("policy.toml")),
        engagement: text(there("engagement.toml")),
        package: text(package),
        ..AuditFiles::default()
    };
    (!files.policy.is_empty() || !files.package.is_empty()).then_some(files)
}

/// First heading and first paragraph of a README, without marks of emphasis.
fn heading_and_paragraph(text: &str) -> (String, String) {
    let plain = |line: &str| line.replace(['`', '*'], "");
    let mut lines = text.lines().map(str::trim);
    let title = lines.by_ref().find_map(|line| line.strip_prefix("# ")).map(plain).unwrap_or_default();
    let paragraph: Vec<String> =
        lines.skip_while(|line| line.is_empty() || line.starts_with('#')).take_while(|line| !line.is_empty()).map(plain).collect();
    (title, paragraph.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_too_long_to_be_a_readme_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("README.md");
        fs::write(&path, "# A\n\nb\n").unwrap();
        assert_eq!(small_text(&path).as_deref(), Some("# A\n\nb\n"));
        fs::File::options().write(true).open(&path).unwrap().set_len(MOST_TEXT + 1).unwrap();
        assert_eq!(small_text(&path), None);
        assert_eq!(small_text(folder.path()), None);
        #[cfg(unix)]
        assert_eq!(small_text(Path::new("/dev/zero")), None);
    }

    #[test]
    fn a_readme_gives_title_and_summary() {
        let text = "# Drifting approvals\n\nApproval rates drift *apart*\nin weeks 17 and 18.\n\n## More\nrest\n";
        assert_eq!(
            heading_and_paragraph(text),
            ("Drifting approvals".to_owned(), "Approval rates drift apart in weeks 17 and 18.".to_owned())
        );
        assert_eq!(heading_and_paragraph(""), (String::new(), String::new()));
    }
}
