//! `verifold-workbench`: the workbench in a window of its own.
//!
//! `verifold-workbench [POLICY] [PACKAGE] [ENGAGEMENT]` opens an audit at once; without
//! arguments it opens on the welcome room. The remaining options draw one screen into a PNG and end, or measure frames.

mod native;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use verifold_host::named;
use verifold_ui::{backend::AuditFiles, place::Screen};

/// How the program is called.
const USAGE: &str = "Usage: verifold-workbench [POLICY] [PACKAGE] [ENGAGEMENT] [OVERLAY]... [KEY.pub]... [--engagement FILE]
       [--screen NAME] [--theme light|dark|system] [--zoom PERCENT] [--size WIDTHxHEIGHT] [--select ID] [--screenshot OUT.png]
       [--pace FRAMES]

Files are told apart by name: *.zkaudit, *engagement*.toml, *overlay*.toml, *.toml, *.pub. Instead, the name of a sample,
a folder, or an engagement alone opens the audit that lies there.";

/// What the command line asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arguments {
    files: AuditFiles,
    screen: Option<Screen>,
    theme: Option<egui::ThemePreference>,
    zoom: Option<u16>,
    size: Option<[f32; 2]>,
    select: Option<String>,
    screenshot: Option<PathBuf>,
    pace: Option<usize>,
}

impl Arguments {
    fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut read = Self::default();
        let mut plain = Vec::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--engagement" => plain.extend([argument.clone(), value()?]),
                "--screen" => {
                    let name = value()?;
                    read.screen = Some(Screen::named(&name).ok_or_else(|| format!("--screen: no room is named {name:?}"))?);
                }
                "--theme" => {
                    read.theme = Some(match value()?.as_str() {
                        "light" => egui::ThemePreference::Light,
                        "dark" => egui::ThemePreference::Dark,
                        "system" => egui::ThemePreference::System,
                        other => return Err(format!("--theme: expected light, dark or system, found {other:?}")),
                    });
                }
                "--zoom" => {
                    let text = value()?;
                    let percent = text.trim_end_matches('%').parse();
                    read.zoom = Some(percent.map_err(|_| format!("--zoom: expected a percentage, found {text:?}"))?);
                }
                "--size" => {
                    let text = value()?;
                    let parse = |part: &str| part.parse::<f32>().ok().filter(|side| (200.0..=8_000.0).contains(side));
                    let sides = text.split_once('x').and_then(|(w, h)| Some([parse(w)?, parse(h)?]));
                    read.size = Some(sides.ok_or_else(|| format!("--size: expected WIDTHxHEIGHT, found {text:?}"))?);
                }
                "--select" => read.select = Some(value()?),
                "--screenshot" => read.screenshot = Some(value()?.into()),
                "--pace" => {
                    let text = value()?;
                    let frames = text.parse().ok().filter(|frames| (1..=100_000).contains(frames));
                    read.pace = Some(frames.ok_or_else(|| format!("--pace: expected 1 to 100000 frames, found {text:?}"))?);
                }
                flag if flag.starts_with("--") => return Err(format!("unknown option {flag}")),
                _ => plain.push(argument),
            }
        }
        // Relative paths stay as they were typed: the worker runs in the same folder.
        read.files = named(plain, Path::new(""))?;
        Ok(read)
    }
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a shell reads its arguments and says why it cannot start"
)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("verifold-workbench: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match native::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("verifold-workbench: {problem}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_are_read_or_refused_by_name() {
        let both = read("p.toml q.zkaudit --engagement e.toml --zoom 150%").unwrap();
        assert_eq!(
            (both.files.policy.as_str(), both.files.package.as_str(), both.files.engagement.as_str()),
            ("p.toml", "q.zkaudit", "e.toml")
        );
        assert_eq!(both.zoom, Some(150));
        assert!(read("credit-scoring-q1").unwrap().files.is_complete());
        assert_eq!(read("--screen cellar").unwrap_err(), "--screen: no room is named \"cellar\"");
        assert_eq!(read("--size 3").unwrap_err(), "--size: expected WIDTHxHEIGHT, found \"3\"");
        assert_eq!(read("--pace 0").unwrap_err(), "--pace: expected 1 to 100000 frames, found \"0\"");
        assert!(read("a b").is_err() && read("--theme").is_err() && read("--colour").is_err());
    }
}
