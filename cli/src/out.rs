//! Standard output and error of every command: a reader that goes away early, as `head` does, is no fault of ours.
//!
//! The macros below stand in for those of the standard library, which panic when a pipe is closed. A disk that is full
//! is another matter: [`finish`] says so, and nobody takes half an answer for a whole one.

use std::{
    fmt,
    io::{self, ErrorKind, Write as _},
    sync::{Mutex, PoisonError},
};

use verifold_model::format;

/// The first failure to write that was not a closed pipe.
static UNWRITTEN: Mutex<Option<io::Error>> = Mutex::new(None);

macro_rules! print {
    ($($text:tt)*) => { $crate::out::say(format_args!($($text)*)) };
}

macro_rules! println {
    ($($text:tt)*) => { $crate::out::say(format_args!("{}\n", format_args!($($text)*))) };
}

macro_rules! eprintln {
    ($($text:tt)*) => { $crate::out::complain(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) fn say(text: fmt::Arguments<'_>) {
    keep(io::stdout().lock().write_fmt(text));
}

pub(crate) fn complain(text: fmt::Arguments<'_>) {
    // Nowhere is left to say that this failed.
    let _ = io::stderr().lock().write_fmt(text);
}

fn keep(done: io::Result<()>) {
    if let Err(error) = done
        && error.kind() != ErrorKind::BrokenPipe
    {
        UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Writes what is still held back.
///
/// # Errors
/// The first failure of this or an earlier write, unless nobody was reading any more.
pub(crate) fn finish() -> io::Result<()> {
    keep(io::stdout().lock().flush());
    UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
}

/// Text from a worker as it may go to a terminal, line by line.
pub(crate) fn printable(text: &str) -> String {
    text.split('\n').map(format::printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_worker_cannot_steer_the_terminal() {
        assert_eq!(printable("one\n\u{1b}[2J\u{202e}two\n"), "one\n\u{fffd}[2J\u{fffd}two\n");
    }
}
