//! What is wrong with a policy or engagement file, and where?

use std::{fmt, ops::Range};

use toml::de::{DeTable, DeValue};
use verifold_model::format::is_unprintable;

/// How much a notice weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The file cannot be used.
    Error,
    /// The file can be used; its author probably meant something else.
    Warning,
}

impl Level {
    /// As written in front of a notice.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Error or warning.
    pub level: Level,
    /// Stable identifier of the cause, for example `duplicate-id`.
    pub cause: &'static str,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What was found, and what it should be.
    pub text: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}, column {}: {} [{}]", self.level.word(), self.line, self.column, self.text, self.cause)
    }
}

/// Everything found in a file, and its value if there was no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint<T> {
    /// The value; absent if there is an error.
    pub value: Option<T>,
    /// Errors and warnings in the order of the file.
    pub notices: Vec<Notice>,
}

impl<T> Lint<T> {
    /// The value, or the errors.
    ///
    /// # Errors
    /// [`ReadError`] with every error of the file.
    pub fn into_result(self, file: &'static str) -> Result<T, ReadError> {
        let errors = || self.notices.iter().filter(|notice| notice.level == Level::Error).cloned().collect();
        match self.value {
            Some(value) => Ok(value),
            None => Err(ReadError { file, notices: errors() }),
        }
    }
}

/// Why a file cannot be used: at least one error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {file} cannot be used: {}", .notices.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ReadError {
    /// Kind of file: `policy`, `engagement` or `overlay`.
    pub file: &'static str,
    /// Its errors, in the order of the file.
    pub notices: Vec<Notice>,
}

/// Notices that are kept of a file: nobody mends more at once, and finding where each stands takes a look through the file.
const MOST: usize = 200;

/// Collects notices against the text they are about.
pub(crate) struct Notices<'a> {
    source: &'a str,
    found: Vec<Notice>,
    /// The weightiest of those beyond [`MOST`].
    more: Option<Level>,
}

impl<'a> Notices<'a> {
    pub(crate) const fn new(source: &'a str) -> Self {
        Self { source, found: Vec::new(), more: None }
    }

    fn push(&mut self, level: Level, cause: &'static str, at: Range<usize>, text: String) {
        if self.found.len() == MOST {
            self.more = Some(self.more.map_or(level, |more| more.min(level)));
            return;
        }
        let before = self.source.get(..at.start).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let number = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        self.found.push(Notice {
            level,
            cause,
            line: number(before.matches('\n').count()),
            column: number(before[line_start..].chars().count()),
            text,
        });
    }

    pub(crate) fn error(&mut self, cause: &'static str, at: Range<usize>, text: impl Into<String>) {
        self.push(Level::Error, cause, at, text.into());
    }

    pub(crate) fn warning(&mut self, cause: &'static str, at: Range<usize>, text: impl Into<String>) {
        self.push(Level::Warning, cause, at, text.into());
    }

    /// Reads TOML into `T`; a syntax error, unknown key or wrong value becomes the only notice. Texts hold no unprintable characters.
    pub(crate) fn parse<T: serde::de::DeserializeOwned>(&mut self) -> Option<T> {
        match toml::from_str(self.source) {
            Ok(value) => {
                if let Ok(table) = DeTable::parse(self.source) {
                    self.check_texts(&table.span(), &DeValue::Table(table.into_inner()));
                }
                Some(value)
            }
            Err(error) => {
                let message = error.message().trim_end().replace('\n', ", ");
                self.error("toml", error.span().unwrap_or(0..0), message);
                None
            }
        }
    }

    /// An escape puts into a text what cannot be seen in the file. Paragraphs have lines, which end as the file's do.
    fn check_texts(&mut self, at: &Range<usize>, value: &DeValue<'_>) {
        match value {
            DeValue::String(text) => {
                if let Some(c) = text.replace("\r\n", "\n").chars().find(|c| is_unprintable(*c) && !['\n', '\t'].contains(c)) {
                    self.error("unprintable", at.clone(), format!("the text holds the unprintable character U+{:04X}", u32::from(c)));
                }
            }
            DeValue::Array(items) => items.iter().for_each(|item| self.check_texts(&item.span(), item.get_ref())),
            DeValue::Table(entries) => entries.values().for_each(|entry| self.check_texts(&entry.span(), entry.get_ref())),
            _ => {}
        }
    }

    /// Ends the collection: the value counts only if there is no error.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Lint<T> {
        self.found.sort_by_key(|notice| (notice.line, notice.column));
        if let (Some(level), Some(last)) = (self.more, self.found.last()) {
            let text = format!("there is more to say than these {MOST}");
            self.found.push(Notice { level, cause: "more", line: last.line, column: last.column, text });
        }
        let usable = self.found.iter().all(|notice| notice.level != Level::Error);
        Lint { value: value.filter(|_| usable), notices: self.found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_beyond_the_notices_kept_still_counts() {
        let mut notices = Notices::new("a");
        (0..MOST + 1).for_each(|_| notices.warning("w", 0..1, "so"));
        let lint = notices.finish(Some(()));
        assert_eq!((lint.value, lint.notices.len()), (Some(()), MOST + 1));
        assert_eq!(lint.notices[MOST].to_string(), "warning: line 1, column 1: there is more to say than these 200 [more]");
        let mut notices = Notices::new("a");
        (0..MOST + 1).for_each(|_| notices.warning("w", 0..1, "so"));
        notices.error("e", 0..1, "no");
        assert_eq!(notices.finish(Some(())).value, None);
    }

    #[test]
    fn columns_count_characters() {
        let mut notices = Notices::new("a = \"é\"\nb = é é x");
        notices.error("toml", 18..19, "here");
        assert_eq!(notices.finish::<()>(None).notices[0].to_string(), "error: line 2, column 8: here [toml]");
    }
}
