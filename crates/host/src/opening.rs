//! What did somebody ask to open, on a command line, in a file manager or by dropping files on the window?

use std::path::Path;

use verifold_model::workbench::{AuditFiles, Event};

use crate::samples;

/// The files these arguments name: packages, policies, engagements, overlays and keys by their names, or the name of a sample alone.
/// `--engagement FILE` names one whatever it is called. Relative paths are taken from `folder`.
///
/// # Errors
/// In words, what an argument is not.
pub fn named(arguments: impl IntoIterator<Item = String>, folder: &Path) -> Result<AuditFiles, String> {
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
        && !name.contains('.')
    {
        let sample = samples::find().into_iter().find(|sample| sample.name == *name);
        return sample.map(|sample| sample.files).ok_or_else(|| format!("no sample audit is named {name}"));
    }
    for path in plain {
        files.sort(within(&path))?;
    }
    Ok(files)
}

/// The same as an event.
pub fn opened(arguments: impl IntoIterator<Item = String>, folder: &Path) -> Event {
    match named(arguments, folder) {
        Ok(files) => Event::Opened { files, problem: String::new() },
        Err(problem) => Event::Opened { files: AuditFiles::default(), problem },
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
}
