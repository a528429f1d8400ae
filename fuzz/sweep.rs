//! Every single alteration of texts, one after the other: at each word, every value of another kind, space, the word or its phrase
//! left out or repeated, the end of the text; the same within each object made a list.
//!
//! What reads a field is compiled anew for each type it is read into, so that chance takes hours over what a walk does in seconds.

use std::{ffi::OsStr, fs, ops::Range};

use super::alter::{VALUES, as_list, phrase, put, spans};

/// Alterations of a word besides another value.
const OTHERS: usize = 9;

/// A walk through the texts of a folder.
pub(crate) struct Sweep {
    /// Texts, each with the part of it that is walked through.
    texts: Vec<(Vec<u8>, Range<usize>)>,
    text: usize,
    next: usize,
}

impl Sweep {
    /// Of the texts a corpus begins with: the seeds, their objects made lists, and what was learnt, the short ones first.
    pub(crate) fn of(corpus: &OsStr) -> Self {
        let mut found = Vec::new();
        for entry in fs::read_dir(corpus).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let seed = name.to_string_lossy().starts_with("seed-");
            if (seed || name.to_string_lossy().starts_with("learnt-"))
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                found.push((!seed, text.len(), text.into_bytes()));
            }
        }
        found.sort();
        let whole = |(.., text): &(bool, usize, Vec<u8>)| (text.clone(), 0..text.len());
        let (seeds, learnt) = found.split_at(found.partition_point(|(learnt, ..)| !learnt));
        let mut texts: Vec<_> = seeds.iter().map(whole).collect();
        for (.., seed) in seeds {
            let spans = spans(seed);
            for open in (0..spans.len()).filter(|at| seed[spans[*at].start] == b'{') {
                let (at, list) = as_list(seed, &spans, open, usize::MAX);
                let mut text = seed.clone();
                let start = at.start;
                put(&mut text, at, &list);
                texts.push((text, start..start + list.len()));
            }
        }
        texts.extend(learnt.iter().map(whole));
        Self { texts, text: 0, next: 0 }
    }
}

impl Iterator for Sweep {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let (text, part) = self.texts.get(self.text)?;
            if let Some(altered) = altered(text, part, self.next) {
                self.next += 1;
                return Some(altered);
            }
            (self.text, self.next) = (self.text + 1, 0);
        }
    }
}

/// The alteration of this number of a part of a text, or none if there are fewer.
fn altered(text: &[u8], part: &Range<usize>, number: usize) -> Option<Vec<u8>> {
    let spans = spans(text);
    let first = spans.partition_point(|span| span.start < part.start);
    let at = first + number / (VALUES.len() + OTHERS);
    let word = spans.get(at).filter(|span| span.end <= part.end)?.clone();
    let mut new = text.to_vec();
    match number % (VALUES.len() + OTHERS) {
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
