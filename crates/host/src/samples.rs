//! Sample audits: folders inside `sample-audits`, beside the program, in the working folder or above it, or where
//! they are installed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use verifold_model::{
    state::Exit,
    workbench::{AuditFiles, Sample},
};

const FOLDER: &str = "sample-audits";
/// From the folder of an installed program to its data.
const INSTALLED: &str = "../share/verifold";

/// Samples of the first folder found: honest ones first, then what is proven but broken, then cheats.
#[expect(clippy::disallowed_methods, reason = "a host looks where it was started and where it is installed")]
pub fn find() -> Vec<Sample> {
    let beside = std::env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    let working = std::env::current_dir().ok();
    let above = beside.iter().chain(&working).flat_map(|folder| folder.ancestors()).map(Path::to_owned);
    let places = above.chain(beside.iter().map(|folder| folder.join(INSTALLED))).map(|folder| folder.join(FOLDER));
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
    let (title, summary) = fs::read_to_string(folder.join("README.md")).map(|text| heading_and_paragraph(&text)).unwrap_or_default();
    let expected = fs::read_to_string(folder.join("expected.exit")).ok().and_then(|text| text.trim().parse::<u8>().ok());
    Some(Sample {
        title: if title.is_empty() { name.clone() } else { title },
        summary,
        expected: expected.and_then(|code| Exit::PRECEDENCE.into_iter().find(|exit| exit.code() == code)),
        package_bytes: fs::metadata(&files.package).map(|meta| meta.len()).unwrap_or_default(),
        files,
        name,
    })
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
    fn a_readme_gives_title_and_summary() {
        let text = "# Drifting approvals\n\nApproval rates drift *apart*\nin weeks 17 and 18.\n\n## More\nrest\n";
        assert_eq!(
            heading_and_paragraph(text),
            ("Drifting approvals".to_owned(), "Approval rates drift apart in weeks 17 and 18.".to_owned())
        );
        assert_eq!(heading_and_paragraph(""), (String::new(), String::new()));
    }
}
