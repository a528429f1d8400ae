//! What did somebody ask to open, on a command line, in a file manager or by dropping files on the window?

use std::path::Path;

use verifold_model::workbench::{AuditFiles, Event};

use crate::samples;

/// The files these arguments name: packages, policies, engagements, overlays and keys by their names; alone, a folder with an
/// audit or an engagement inside one, or the name of a sample. `--engagement FILE` names one whatever it is called. Relative
/// paths are taken from `folder`.
///
/// # Errors
/// In words, what an argument is not.
pub fn named(arguments: impl IntoIterator<Item = String>, folder: &Path) -> Result<AuditFiles, String> {
    read(arguments, folder).map(|(files, _)| files)
}

/// The same, with whether they are an audit of their own rather than single files.
fn read(arguments: impl IntoIterator<Item = String>, folder: &Path) -> Result<(AuditFiles, bool), String> {
    let mut files = AuditFiles::default();
    let within = |path: &str| folder.join(path).to_string_lossy().into_owned();
    let mut plain = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--engagement" => files.engagement = within(&arguments.next().ok_or("--engagement needs a value")?),
            option if option.starts_with("--") => return Err(format!("unknown option {option}")),
            _ => plain.push(argument),
        }
    }
    if let [name] = plain.as_slice()
        && folder.join(name).is_dir()
    {
        return samples::audit_in(&folder.join(name))
            .map(|audit| (with(files, audit), true))
            .ok_or_else(|| format!("{name} is no folder of an audit: it holds neither a policy.toml nor one package (*.zkaudit)."));
    }
    if let [name] = plain.as_slice()
        && !name.contains('.')
    {
        let sample = samples::find().into_iter().find(|sample| sample.name == *name);
        return sample.map(|sample| (with(files, sample.files), true)).ok_or_else(|| format!("no sample audit is named {name}"));
    }
    let alone = plain.len() == 1;
    let mut whole = false;
    for path in plain {
        files.sort(within(&path))?;
    }
    // An engagement is opened with what it is about, if that lies beside it.
    if alone && !files.engagement.is_empty() {
        let beside = Path::new(&files.engagement).parent().map(|parent| if parent == Path::new("") { Path::new(".") } else { parent });
        let beside = beside.and_then(samples::audit_in);
        whole = beside.is_some();
        files = AuditFiles { engagement: files.engagement, ..beside.unwrap_or_default() };
    }
    Ok((files, whole))
}

/// An audit, with the engagement that was named beside it in the place of its own.
fn with(named: AuditFiles, audit: AuditFiles) -> AuditFiles {
    let engagement = if named.engagement.is_empty() { audit.engagement } else { named.engagement };
    AuditFiles { engagement, ..audit }
}

/// The same as an event.
pub fn opened(arguments: impl IntoIterator<Item = String>, folder: &Path) -> Event {
    match read(arguments, folder) {
        Ok((files, whole)) => Event::Opened { files, whole, problem: String::new() },
        Err(problem) => Event::Opened { files: AuditFiles::default(), whole: false, problem },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<[&str; 3], &str>) {
        let found = named(line.split_whitespace().map(str::to_owned), Path::new("desk"));
        let at = |name: &str| if name.is_empty() { String::new() } else { Path::new("desk").join(name).to_string_lossy().into_owned() };
        let expected = expected.map(|[policy, engagement, package]| AuditFiles {
            policy: at(policy),
            engagement: at(engagement),
            package: at(package),
            ..AuditFiles::default()
        });
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn arguments_are_sorted_by_their_names() {
        check("", Ok(["", "", ""]));
        check("q.zkaudit", Ok(["", "", "q.zkaudit"]));
        check("q.zkaudit p.toml my-engagement.toml", Ok(["p.toml", "my-engagement.toml", "q.zkaudit"]));
        check("p.toml q.zkaudit --engagement e.toml", Ok(["p.toml", "e.toml", "q.zkaudit"]));
        check(
            "notes.txt",
            Err("notes.txt is neither a package (*.zkaudit), a policy, engagement or overlay (*.toml), nor a public key (*.pub)."),
        );
        check("cellar", Err("no sample audit is named cellar"));
        check("--engagement", Err("--engagement needs a value"));
        check("--colour red", Err("unknown option --colour"));
    }

    #[test]
    fn a_folder_or_its_engagement_opens_the_audit_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let audit = parent.path().join("2026 Q3");
        std::fs::create_dir(&audit).unwrap();
        let named = |name: &str| named([name.to_owned()], parent.path());
        let at = |name: &str| audit.join(name).to_string_lossy().into_owned();
        let files = |policy: &str, engagement: &str, package: &str| AuditFiles {
            policy: if policy.is_empty() { String::new() } else { at(policy) },
            engagement: if engagement.is_empty() { String::new() } else { at(engagement) },
            package: if package.is_empty() { String::new() } else { at(package) },
            ..AuditFiles::default()
        };
        assert_eq!(
            named("2026 Q3").unwrap_err(),
            "2026 Q3 is no folder of an audit: it holds neither a policy.toml nor one package (*.zkaudit)."
        );
        let put = |names: &[&str]| names.iter().for_each(|name| std::fs::write(at(name), "").unwrap());
        put(&["bank-engagement.toml"]);
        assert_eq!(named("2026 Q3/bank-engagement.toml"), Ok(files("", "bank-engagement.toml", "")));
        put(&["policy.toml", "one.zkaudit"]);
        assert_eq!(named("2026 Q3/bank-engagement.toml"), Ok(files("policy.toml", "bank-engagement.toml", "one.zkaudit")));
        assert_eq!(named("2026 Q3"), Ok(files("policy.toml", "", "one.zkaudit")));
        let line = ["2026 Q3", "--engagement", "mine.toml"].map(str::to_owned);
        let mine = parent.path().join("mine.toml").to_string_lossy().into_owned();
        let with_mine = AuditFiles { engagement: mine, ..files("policy.toml", "", "one.zkaudit") };
        assert_eq!(super::named(line, parent.path()), Ok(with_mine), "not the folder's own");
        // Which of two, a person says.
        put(&["engagement.toml", "two.zkaudit"]);
        assert_eq!(named("2026 Q3"), Ok(files("policy.toml", "engagement.toml", "")));
        assert_eq!(named("2026 Q3/one.zkaudit"), Ok(files("", "", "one.zkaudit")));
    }

    #[test]
    fn a_folder_or_its_engagement_is_a_whole_audit_and_single_files_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let audit = parent.path().join("audit");
        std::fs::create_dir(&audit).unwrap();
        let put = |name: &str| std::fs::write(audit.join(name), "").unwrap();
        #[track_caller]
        fn check(folder: &Path, line: &str, expected: bool) {
            let event = opened(line.split_whitespace().map(str::to_owned), folder);
            assert!(matches!(event, Event::Opened { whole, .. } if whole == expected), "{line}: {event:?}");
        }
        put("engagement.toml");
        check(parent.path(), "audit", false);
        check(parent.path(), "audit/engagement.toml", false);
        put("policy.toml");
        check(parent.path(), "audit", true);
        check(parent.path(), "audit/engagement.toml", true);
        check(parent.path(), "audit/policy.toml", false);
        check(parent.path(), "audit/policy.toml audit/engagement.toml", false);
        check(parent.path(), "audit/notes.txt", false);
    }
}
