//! Does isolation hold on this machine? What it should refuse is tried before and after.

use std::{
    fs::File,
    io::{self, Write as _},
    process::{Command, Stdio},
};

use verifold_model::{limits::Limits, protocol::Bounds};

use super::enter;
use crate::wrap::{fill, pad};

/// One attempt.
type Attempt = fn(&mut Before) -> io::Result<()>;

/// What an attempt needs from before.
struct Before {
    /// A file to open or start.
    program: io::Result<std::path::PathBuf>,
    /// A file that is open already.
    open: io::Result<File>,
    memory: usize,
}

impl Before {
    fn program(&self) -> io::Result<&std::path::Path> {
        self.program.as_deref().map_err(|error| io::Error::other(error.to_string()))
    }
}

const ATTEMPTS: [(&str, Attempt); 6] = [
    ("open a file", |before| File::open(before.program()?).map(drop)),
    ("write an open file", |before| match &mut before.open {
        Ok(file) => file.write_all(b"x"),
        Err(error) => Err(io::Error::other(error.to_string())),
    }),
    ("open a socket", |_| socket()),
    ("start a program", |before| Command::new(before.program()?).arg("--version").stdout(Stdio::null()).status().map(drop)),
    ("list a folder", |_| std::fs::read_dir(".").map(drop)),
    ("take more memory", |before| Vec::<u8>::new().try_reserve_exact(before.memory).map_err(io::Error::other)),
];

#[cfg(unix)]
fn socket() -> io::Result<()> {
    std::os::unix::net::UnixDatagram::unbound().map(drop)
}

#[cfg(not(unix))]
fn socket() -> io::Result<()> {
    Err(io::Error::other("not tried on this system"))
}

/// Becoming another program can only be tried where it is refused: elsewhere this process would be gone.
#[cfg(unix)]
fn become_another(before: &Before) -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(Command::new(before.program()?).arg("--version").exec())
}

#[cfg(not(unix))]
fn become_another(_: &Before) -> io::Result<()> {
    Err(io::Error::other("not tried on this system"))
}

/// Isolates this process; says what each layer does and what was refused, and whether everything was that should be.
pub(crate) fn run() -> (String, bool) {
    let bounds = Bounds::of(&Limits::default());
    let mut before = Before {
        #[expect(clippy::disallowed_methods, reason = "a file that is there for certain")]
        program: std::env::current_exe(),
        open: tempfile::tempfile(),
        memory: usize::try_from(bounds.memory_bytes).unwrap_or(usize::MAX).saturating_add(1),
    };
    let first: Vec<io::Result<()>> = ATTEMPTS.iter().map(|(_, attempt)| attempt(&mut before)).collect();
    let layers = enter(bounds);
    let isolated = layers.iter().all(|layer| layer.holds.is_ok());

    let mut text = String::from("Layers on this machine\n");
    for layer in &layers {
        let (Ok(words) | Err(words)) = &layer.holds;
        text.push_str(&fill(&format!("  {} ", pad(layer.name, 9)), &pad("", 12), words));
    }
    text.push_str(&format!("\n{} {} isolated\n", pad("Tried", 20), pad("before", 10)));
    let word = |done: &io::Result<()>| done.as_ref().map_or_else(|error| format!("refused: {error}"), |()| "allowed".to_owned());
    let mut holds = isolated;
    for ((name, attempt), first) in ATTEMPTS.iter().zip(&first) {
        let after = attempt(&mut before);
        // What fails anyway shows nothing.
        holds &= after.is_err() && first.is_ok();
        let first = if first.is_ok() { "allowed" } else { "refused" };
        text.push_str(&format!("  {} {} {}\n", pad(name, 18), pad(first, 10), word(&after)));
    }
    if isolated {
        let after = become_another(&before);
        holds &= after.is_err();
        text.push_str(&format!("  {} {} {}\n", pad("become a program", 18), pad("not tried", 10), word(&after)));
    }
    text.push_str(if holds {
        "\nIsolation holds: a package is parsed without any of these.\n"
    } else {
        "\nIsolation does NOT hold on this machine; `verify` says so with each package it parses.\n"
    });
    (text, holds)
}
