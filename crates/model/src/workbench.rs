//! Messages between the workbench and its host: [`Command`]s out, [`Event`]s in, both plain data.
//!
//! The workbench draws and asks; a host touches files, processes and dialogs. A host believes nothing about a
//! command but its form ([`Command::check`]): records travel to the workbench only, and are printed by the number of
//! the run they came from.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{protocol::WorkerEvent, record::AuditRecord, state::Exit};

/// Longest path a command may carry, in bytes: what Linux takes, and more than other systems do.
pub const LONGEST_PATH: usize = 4_096;

/// A piece of work, numbered by the workbench. What a host reports carries the number, so that the last words of one
/// run are never taken for those of the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u32);

/// Most overlays, and most trusted keys, that a command may name.
pub const MOST_FURTHER_FILES: usize = 20;

/// The files of an audit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditFiles {
    /// Path of the policy; empty if there is none yet.
    pub policy: String,
    /// Path of the engagement; empty if there is none.
    pub engagement: String,
    /// Path of the package; empty if there is none yet.
    pub package: String,
    /// Paths of overlays that tailor the policy, in this order.
    #[serde(default)]
    pub overlays: Vec<String>,
    /// Paths of public keys trusted for signatures of policy, overlays and engagement.
    #[serde(default)]
    pub trusted: Vec<String>,
}

impl AuditFiles {
    /// Whether there is enough to verify.
    pub fn is_complete(&self) -> bool {
        !self.policy.trim().is_empty() && !self.package.trim().is_empty()
    }

    /// Takes over what the other names, file by file; a whole audit is assigned instead.
    pub fn replace(&mut self, other: Self) {
        for (mine, new) in [(&mut self.policy, other.policy), (&mut self.engagement, other.engagement), (&mut self.package, other.package)]
        {
            if !new.is_empty() {
                *mine = new;
            }
        }
        for (mine, new) in [(&mut self.overlays, other.overlays), (&mut self.trusted, other.trusted)] {
            for path in new {
                add(mine, path);
            }
        }
    }

    /// Sorts a file by its name: `*.zkaudit` is a package, `*.pub` a trusted key, `*engagement*.toml` an engagement,
    /// `*overlay*.toml` an overlay, another `*.toml` a policy.
    ///
    /// # Errors
    /// In words, if the name is none of these.
    pub fn sort(&mut self, path: String) -> Result<(), String> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
        if name.ends_with(".zkaudit") {
            self.package = path;
        } else if name.ends_with(".pub") {
            add(&mut self.trusted, path);
        } else if name.ends_with(".toml") && name.contains("engagement") {
            self.engagement = path;
        } else if name.ends_with(".toml") && name.contains("overlay") {
            add(&mut self.overlays, path);
        } else if name.ends_with(".toml") {
            self.policy = path;
        } else {
            return Err(format!(
                "{name} is neither a package (*.zkaudit), a policy, engagement or overlay (*.toml), nor a public key (*.pub)."
            ));
        }
        Ok(())
    }
}

/// Adds a path that is not there yet.
pub fn add(paths: &mut Vec<String>, path: String) {
    if !paths.contains(&path) {
        paths.push(path);
    }
}

/// Which file a dialog asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// A policy.
    Policy,
    /// An engagement.
    Engagement,
    /// A package.
    Package,
    /// An overlay.
    Overlay,
    /// A public key to trust.
    Key,
    /// Where the report goes.
    Report,
}

/// A sample audit that comes with the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Name of its folder.
    pub name: String,
    /// First heading of its README.
    pub title: String,
    /// First paragraph of its README.
    pub summary: String,
    /// Outcome it is documented to have; absent if it states none.
    pub expected: Option<Exit>,
    /// Bytes of its package.
    pub package_bytes: u64,
    /// Its files.
    pub files: AuditFiles,
}

/// A menu of the window's menu bar, as the workbench wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// On the bar.
    pub title: String,
    /// From top to bottom.
    pub items: Vec<MenuItem>,
}

/// A line of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MenuItem {
    /// What [`Event::Chosen`] says when it is chosen.
    pub item: u32,
    /// What it does, with its keys.
    pub label: String,
}

/// Least and greatest zoom, in percent.
pub const ZOOM_PERCENT: RangeInclusive<u16> = 80..=200;

/// Most menus, and most lines of one.
pub const MOST_MENU_ITEMS: usize = 40;
/// Longest label, in bytes.
pub const LONGEST_LABEL: usize = 100;

/// What the workbench asks of its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Look for sample audits; answered by [`Event::Samples`].
    FindSamples,
    /// Verify; answered by [`Event::Worker`] lines, [`Event::WorkerStopped`] or [`Event::Refused`].
    Verify {
        /// This run.
        run: RunId,
        /// What to verify.
        files: AuditFiles,
    },
    /// End a run at once; answered by [`Event::Cancelled`].
    Cancel {
        /// Which.
        run: RunId,
    },
    /// Print the record a run has verified; answered by [`Event::Reported`], or as [`Command::Verify`] if it fails.
    Report {
        /// This run.
        run: RunId,
        /// The run whose record is printed.
        of: RunId,
        /// Path of the PDF; ends in `.pdf`.
        output: String,
    },
    /// Ask a person for a path; answered by [`Event::Picked`].
    Pick {
        /// Which file.
        pick: Pick,
        /// Name offered when saving; empty otherwise.
        suggestion: String,
    },
    /// Show these menus on the bar of the window, if the host has one; answered by [`Event::Chosen`] when a person
    /// chooses from them.
    Menus {
        /// From left to right.
        menus: Vec<Menu>,
    },
    /// Keep this for the next start, if the host keeps anything; answered by [`Event::Kept`] there.
    Keep {
        /// Zoom in percent, within [`ZOOM_PERCENT`].
        zoom: u16,
    },
}

impl Command {
    /// Whether its form is one that a host carries out.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::FindSamples | Self::Cancel { .. } => Ok(()),
            Self::Verify { files, .. } => {
                check_path("policy", &files.policy)?;
                check_path("engagement", &files.engagement)?;
                check_path("package", &files.package)?;
                for (what, paths) in [("overlay", &files.overlays), ("key", &files.trusted)] {
                    if paths.len() > MOST_FURTHER_FILES {
                        return Err(format!("There are {} {what} paths; at most {MOST_FURTHER_FILES} are taken.", paths.len()));
                    }
                    paths.iter().try_for_each(|path| check_path(what, path))?;
                }
                if files.is_complete() { Ok(()) } else { Err("A policy and a package are needed to verify.".to_owned()) }
            }
            Self::Report { output, .. } => {
                check_path("report", output)?;
                // A host writes nothing but reports, and replaces nothing but reports.
                if output.trim().to_lowercase().ends_with(".pdf") {
                    Ok(())
                } else {
                    Err("The path of a report must end in .pdf. Choose such a name.".to_owned())
                }
            }
            Self::Pick { suggestion, .. } => check_path("suggested name", suggestion),
            Self::Menus { menus } => {
                let sizes = std::iter::once(menus.len()).chain(menus.iter().map(|menu| menu.items.len()));
                let labels = menus.iter().flat_map(|menu| std::iter::once(&menu.title).chain(menu.items.iter().map(|item| &item.label)));
                if sizes.max() > Some(MOST_MENU_ITEMS) || labels.map(String::len).max() > Some(LONGEST_LABEL) {
                    return Err(format!("A menu has more than {MOST_MENU_ITEMS} lines, or one longer than {LONGEST_LABEL} bytes."));
                }
                Ok(())
            }
            Self::Keep { zoom } if ZOOM_PERCENT.contains(zoom) => Ok(()),
            Self::Keep { zoom } => Err(format!("A zoom of {zoom} % is not kept; it lies between 80 and 200 %.")),
        }
    }

    /// The run it begins or ends, if any.
    pub const fn run(&self) -> Option<RunId> {
        match self {
            Self::Verify { run, .. } | Self::Cancel { run } | Self::Report { run, .. } => Some(*run),
            Self::FindSamples | Self::Pick { .. } | Self::Menus { .. } | Self::Keep { .. } => None,
        }
    }
}

fn check_path(what: &str, path: &str) -> Result<(), String> {
    if path.len() > LONGEST_PATH {
        return Err(format!("The {what} path has {} bytes; at most {LONGEST_PATH} are taken. Choose a shorter one.", path.len()));
    }
    match path.chars().find(|c| c.is_control()) {
        Some(found) => Err(format!("The {what} path holds the control character {found:?}. Choose the file again.")),
        None => Ok(()),
    }
}

/// What the host tells the workbench.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// Sample audits found; empty if there are none.
    Samples {
        /// Honest ones first.
        samples: Vec<Sample>,
    },
    /// Files named on the command line, dropped on the window or opened elsewhere.
    Opened {
        /// What was named; the rest is empty.
        files: AuditFiles,
        /// Whether they are an audit of their own, as of a folder or a sample: nothing of the audit before is kept beside them.
        whole: bool,
        /// What was named and is none of these; empty if there is nothing of the kind.
        problem: String,
    },
    /// A line from the worker.
    Worker {
        /// The run it is about.
        run: RunId,
        /// What it said.
        event: WorkerEvent,
    },
    /// The report is written.
    Reported {
        /// The run that made it.
        run: RunId,
        /// Where.
        output: String,
        /// Pages.
        pages: u32,
    },
    /// The worker ended without saying how its work ended, or could not be started.
    WorkerStopped {
        /// Its run.
        run: RunId,
        /// What is known about the cause.
        cause: String,
    },
    /// The host did not do what was asked.
    Refused {
        /// The run that was to be, if any.
        run: Option<RunId>,
        /// What is wrong with it, and what to do.
        message: String,
    },
    /// The worker was ended on request.
    Cancelled {
        /// Its run.
        run: RunId,
    },
    /// A dialog closed.
    Picked {
        /// Which file was asked for.
        pick: Pick,
        /// The path; absent if the dialog was cancelled or none could be shown.
        path: Option<String>,
        /// Why no dialog could be shown; empty otherwise.
        problem: String,
    },
    /// What was kept at an earlier start.
    Kept {
        /// As in [`Command::Keep`].
        zoom: u16,
    },
    /// A person chose from a menu.
    Chosen {
        /// [`MenuItem::item`].
        item: u32,
    },
}

impl Event {
    /// The record, if this is the end of a verification.
    pub const fn verified(&self) -> Option<(RunId, &AuditRecord)> {
        match self {
            Self::Worker { run, event: WorkerEvent::Verified { record } } => Some((*run, record)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: RunId = RunId(1);

    #[track_caller]
    fn check(command: &Command, expected: &str) {
        assert_eq!(command.check().err().unwrap_or_default(), expected);
    }

    fn verify(policy: &str, package: &str) -> Command {
        Command::Verify { run: RUN, files: AuditFiles { policy: policy.into(), package: package.into(), ..AuditFiles::default() } }
    }

    fn report(output: &str) -> Command {
        Command::Report { run: RUN, of: RUN, output: output.into() }
    }

    #[test]
    fn a_command_is_carried_out_if_its_form_is_right() {
        check(&Command::FindSamples, "");
        check(&verify("p.toml", "q.zkaudit"), "");
        check(&verify("p.toml", " "), "A policy and a package are needed to verify.");
        check(&verify("p.toml", "a\nb"), "The package path holds the control character '\\n'. Choose the file again.");
        check(&verify("p.toml", &"q".repeat(5_000)), "The package path has 5000 bytes; at most 4096 are taken. Choose a shorter one.");
        check(&report("papers/Audit.PDF"), "");
        check(&report(".bashrc"), "The path of a report must end in .pdf. Choose such a name.");
        check(
            &Command::Pick { pick: Pick::Report, suggestion: "a\0.pdf".into() },
            "The suggested name path holds the control character '\\0'. Choose the file again.",
        );
        check(&Command::Keep { zoom: 200 }, "");
        check(&Command::Keep { zoom: 79 }, "A zoom of 79 % is not kept; it lies between 80 and 200 %.");
    }

    #[test]
    fn overlays_and_keys_have_limits_too() {
        let with = |overlays: usize, key: &str| Command::Verify {
            run: RUN,
            files: AuditFiles {
                policy: "p.toml".into(),
                package: "q.zkaudit".into(),
                overlays: vec!["o.toml".into(); overlays],
                trusted: vec![key.into()],
                ..AuditFiles::default()
            },
        };
        check(&with(20, "a.pub"), "");
        check(&with(21, "a.pub"), "There are 21 overlay paths; at most 20 are taken.");
        check(&with(0, "a\n.pub"), "The key path holds the control character '\\n'. Choose the file again.");
    }

    #[test]
    fn menus_have_limits() {
        let menus = |title: &str, lines| {
            let items = vec![MenuItem { item: 0, label: "Verify".into() }; lines];
            Command::Menus { menus: vec![Menu { title: title.into(), items }] }
        };
        check(&menus("Audit", 40), "");
        let problem = "A menu has more than 40 lines, or one longer than 100 bytes.";
        check(&menus("Audit", 41), problem);
        check(&menus(&"A".repeat(101), 1), problem);
    }

    #[test]
    fn a_command_with_anything_unknown_is_not_read() {
        let read = |text: &str| serde_json::from_str::<Command>(text);
        assert_eq!(read(r#"{"command":"cancel","run":7}"#).unwrap(), Command::Cancel { run: RunId(7) });
        assert!(read(r#"{"command":"cancel","run":7,"record":{}}"#).is_err());
        assert!(read(r#"{"command":"report","run":7,"record":{},"output":"a.pdf"}"#).is_err());
        assert!(read(r#"{"command":"erase"}"#).is_err());
    }

    #[test]
    fn files_are_sorted_by_name() {
        let mut files = AuditFiles::default();
        for path in ["a/policy.toml", "b\\Engagement-2026.toml", "c.ZKAUDIT", "my-overlay.toml", "cco.key.pub", "my-overlay.toml"] {
            files.sort(path.into()).unwrap();
        }
        assert_eq!(
            files,
            AuditFiles {
                policy: "a/policy.toml".into(),
                engagement: "b\\Engagement-2026.toml".into(),
                package: "c.ZKAUDIT".into(),
                overlays: vec!["my-overlay.toml".into()],
                trusted: vec!["cco.key.pub".into()],
            }
        );
        assert_eq!(
            files.sort("d/notes.txt".into()).unwrap_err(),
            "notes.txt is neither a package (*.zkaudit), a policy, engagement or overlay (*.toml), nor a public key (*.pub)."
        );
        let mut kept = files.clone();
        kept.replace(AuditFiles { package: "new.zkaudit".into(), ..AuditFiles::default() });
        assert_eq!(kept, AuditFiles { package: "new.zkaudit".into(), ..files });
    }
}
