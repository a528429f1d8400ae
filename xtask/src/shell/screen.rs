//! A virtual screen with a message bus and a home of its own, and what stands on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context as _, bail, ensure};

use super::{
    driver::{PATIENCE, PAUSE},
    picture::Picture,
    place::Place,
    processes::tree,
};

/// The side of the screen at which a window of 1280×800 and a bar of menus fit.
const SIZE: &str = "1280x860x24";

/// Programs on a virtual screen; ended with everything they started.
pub(super) struct Screen {
    child: Child,
    place: Place,
    folder: tempfile::TempDir,
}

impl Screen {
    /// Starts a command on a new screen. `driven` admits a driver to the window.
    pub(super) fn start(place: &Place, command: &[&str], driven: bool) -> anyhow::Result<Self> {
        let folder = place.folder()?;
        let frame = format!("-screen 0 {SIZE} -fbdir {}", place.inside(folder.path()).display());
        let mut screen = place.command(Path::new("xvfb-run"));
        screen.args(["--auto-servernum", "--server-args", &frame, "dbus-run-session", "--"]).args(command);
        home(place, &mut screen, folder.path());
        screen.stdout(Stdio::null()).stderr(Stdio::null()).env("TAURI_WEBVIEW_AUTOMATION", if driven { "true" } else { "false" });
        Ok(Self { child: group(&mut screen).spawn().context("starting xvfb-run")?, place: place.clone(), folder })
    }

    /// A program to be started on this screen: it sees the same bus and the same home.
    pub(super) fn command(&self, program: &Path) -> anyhow::Result<Command> {
        let mut command = self.place.command(program);
        for name in ["DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"] {
            command.env(name, self.variable(name)?);
        }
        home(&self.place, &mut command, self.folder.path());
        Ok(command)
    }

    /// The process everything on the screen was started by.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// A variable of the environment of the last program of the chain, once it runs: screen and bus have added theirs.
    fn variable(&self, name: &str) -> anyhow::Result<String> {
        for _ in 0..PATIENCE {
            for process in tree(self.process()).into_iter().rev() {
                let Ok(variables) = fs::read(format!("/proc/{process}/environ")) else { continue };
                let variables = String::from_utf8_lossy(&variables).into_owned();
                if let Some(value) = variables.split('\0').find_map(|line| line.strip_prefix(name)?.strip_prefix('=')) {
                    return Ok(value.to_owned());
                }
            }
            thread::sleep(PAUSE);
        }
        bail!("no process on the virtual screen has {name}")
    }

    /// What stands on the screen now. The server keeps it in a file, in the form of xwd (X11/XWDFile.h, version 7).
    pub(super) fn picture(&self) -> anyhow::Result<Picture> {
        let bytes = fs::read(self.folder.path().join("Xvfb_screen0")).context("reading the screen")?;
        let word = |at: usize| -> anyhow::Result<usize> {
            let four = bytes.get(4 * at..4 * at + 4).and_then(|four| four.try_into().ok()).context("the screen is cut off")?;
            Ok(u32::from_be_bytes(four) as usize)
        };
        let (header, width, height, line, colours) = (word(0)?, word(4)?, word(5)?, word(12)?, word(19)?);
        ensure!(word(1)? == 7 && word(7)? == 0 && word(11)? == 32, "the screen is not of 32 bits a pixel, lowest byte first");
        let pixels = bytes.get(header + 12 * colours..).filter(|pixels| pixels.len() >= height * line).context("the screen is cut off")?;
        let rows = pixels.chunks_exact(line).take(height);
        let rgb = rows.flat_map(|row| row.chunks_exact(4).take(width).flat_map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]])).collect();
        Ok(Picture { width, height, rgb })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A program that ends with this value, and with it what it started.
pub(super) struct Held(pub(super) Child);

impl Held {
    /// Starts a program so.
    pub(super) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = PathBuf::from(command.get_program());
        Ok(Self(group(command).spawn().with_context(|| format!("starting {}", name.display()))?))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

/// Nothing of the person's is read, and nothing is left with them; in a system made for a test the person is one of its own.
fn home(place: &Place, command: &mut Command, folder: &Path) {
    if let Place::There(_) = place {
        return;
    }
    for (variable, name) in [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")] {
        command.env(variable, folder.join(name));
    }
}

fn group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

fn end(child: &mut Child) {
    let _ = Command::new("kill").args(["--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
    let _ = child.wait();
}
