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

/// Says a text, in which others may have had a word, as it may go to a terminal.
pub(crate) fn say(text: fmt::Arguments<'_>) {
    keep(io::stdout().lock().write_all(printable(&text.to_string()).as_bytes()));
}

/// As [`say`], to standard error.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
    // Nowhere is left to say that this failed.
    let _ = io::stderr().lock().write_all(printable(&text.to_string()).as_bytes());
}

/// Says JSON of one line: the same values, with characters escaped that a terminal might take for more than text.
pub(crate) fn say_json(json: &str) {
    keep(io::stdout().lock().write_all(escaped(json).as_bytes()));
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

/// A text with U+FFFD for each character that could steer a terminal, line by line.
fn printable(text: &str) -> String {
    text.split('\n').map(format::printable).collect::<Vec<_>>().join("\n")
}

/// Such characters stand in strings alone, the end of the line apart.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && format::is_unprintable(c) {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_steers_the_terminal() {
        assert_eq!(printable("one\n\u{1b}[2J\u{202e}two\n"), "one\n\u{fffd}[2J\u{fffd}two\n");
    }

    #[test]
    fn json_that_is_said_holds_the_same_values() {
        let value = serde_json::json!({ "a\u{9b}": "\u{202e}\u{e0001}é\u{1b}" });
        let said = escaped(&format!("{value}\n"));
        assert!(said.is_ascii() || said.replace('é', "").is_ascii(), "{said}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&said).unwrap(), value);
    }
}
