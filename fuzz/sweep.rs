//! Every single alteration of texts in turn: at each word, every value of another kind, space, the word or its phrase
//! left out or repeated, the end of the text; the same within each object made a list.
//!
//! What reads a field is compiled anew for each type it is read into, so that chance takes hours over what a walk does in seconds.

use std::{ffi::OsStr, fs, ops::Range};

use super::alter::{Draw, VALUES, as_list, phrase, put, spans};

/// Alterations of a word besides another value.
const OTHERS: usize = 9;

/// A walk through the texts of a folder.
pub(crate) struct Sweep {
    /// Texts not yet at their end: each with the part of it that is walked through, and the number of its next alteration.
    texts: Vec<(Vec<u8>, Range<usize>, usize)>,
}

impl Sweep {
    /// Of the texts a corpus begins with: the seeds, their objects made lists, and what was learnt.
    pub(crate) fn of(corpus: &OsStr) -> Self {
        let mut texts = Vec::new();
        for entry in fs::read_dir(corpus).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let seed = name.to_string_lossy().starts_with("seed-");
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            let text = text.into_bytes();
            let spans = spans(&text);
            for open in (0..spans.len()).filter(|at| seed && text[spans[*at].start] == b'{') {
                let (at, list) = as_list(&text, &spans, open, usize::MAX);
                let (mut altered, start) = (text.clone(), at.start);
                put(&mut altered, at, &list);
                texts.push((altered, start..start + list.len(), 0));
            }
            if seed || name.to_string_lossy().starts_with("learnt-") {
                let whole = 0..text.len();
                texts.push((text, whole, 0));
            }
        }
        Self { texts }
    }

    /// The next alteration of a text drawn at random, so that quiet at any time is quiet everywhere; none after the last.
    pub(crate) fn next(&mut self, draw: &mut Draw) -> Option<Vec<u8>> {
        while !self.texts.is_empty() {
            let at = draw.below(self.texts.len());
            let (text, part, next) = &mut self.texts[at];
            if let Some(altered) = altered(text, part, *next) {
                *next += 1;
                return Some(altered);
            }
            drop(self.texts.swap_remove(at));
        }
        None
    }
}

/// Alterations at each word.
pub(crate) const AT_A_WORD: usize = VALUES.len() + OTHERS;

/// The alteration of this number of a part of a text, or none if there are fewer.
pub(crate) fn altered(text: &[u8], part: &Range<usize>, number: usize) -> Option<Vec<u8>> {
    let spans = spans(text);
    let first = spans.partition_point(|span| span.start < part.start);
    let at = first + number / AT_A_WORD;
    let word = spans.get(at).filter(|span| span.end <= part.end)?.clone();
    let mut new = text.to_vec();
    match number % AT_A_WORD {
        0 => new.truncate(word.start),
        1 => new.truncate(word.end),
        2 => put(&mut new, word, b""),
        3 => put(&mut new, phrase(text, &spans, at), b""),
        4 => {
            let again = text[phrase(text, &spans, at)].to_vec();
            put(&mut new, word.start..word.start, &again);
        }
        space @ 5..OTHERS => put(&mut new, word.start..word.start, &[b" \n\t\r"[space - 5]]),
        value => put(&mut new, word, VALUES[value - OTHERS].as_bytes()),
    }
    Some(new)
}
