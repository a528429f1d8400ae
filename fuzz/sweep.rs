//! Every single alteration of texts in turn: at each word, every value of another kind, space, the word or its phrase
//! left out or repeated, the end of the text; the same within each object made a list and each word made a variant's object.
//!
//! What reads a field is compiled anew for each type it is read into, so that chance takes hours over what a walk does in seconds.
//! Words in a like place of a like object are read by the same code: the walk takes one of them.

use std::{collections::BTreeSet, ffi::OsStr, fs, ops::Range};

use super::alter::{Draw, VALUES, as_list, is_name, line, phrase, put, spans};

/// Alterations of a word besides another value.
const OTHERS: usize = 15;

/// Alterations at each word.
pub(crate) const AT_A_WORD: usize = VALUES.len() + OTHERS;

/// A text, its words, and those of them not yet altered in every way: the last next, from this alteration on.
struct Walk {
    text: Vec<u8>,
    spans: Vec<Range<usize>>,
    words: Vec<usize>,
    next: usize,
}

impl Walk {
    /// Through the words in places not yet known.
    fn of(text: Vec<u8>, known: &mut BTreeSet<Place>) -> Self {
        let spans = spans(&text);
        let places = places(&text, &spans);
        let words = (0..spans.len()).filter(|at| known.insert(places[*at].clone())).collect();
        Self { text, spans, words, next: 0 }
    }

    /// Through an object made a list: its own values, which order tells apart, and in them what is in places not yet known.
    fn as_list(&self, open: usize, known: &mut BTreeSet<Place>) -> Self {
        let (at, list) = as_list(&self.text, &self.spans, open, usize::MAX);
        self.with(at, &list, known)
    }

    /// Through a word made an object: the other spelling of a variant without fields.
    fn as_variant(&self, at: usize, known: &mut BTreeSet<Place>) -> Self {
        let word = String::from_utf8_lossy(&self.text[self.spans[at].clone()]).into_owned();
        let is_json = self.text.windows(2).any(|two| two == b"\":");
        let object = if is_json { format!("{{{word}:null}}") } else { format!("{{{word} = {{}}}}") };
        self.with(self.spans[at].clone(), object.as_bytes(), known)
    }

    /// Through this text with another part: its own words, and in them what is in places not yet known.
    fn with(&self, at: Range<usize>, new: &[u8], known: &mut BTreeSet<Place>) -> Self {
        let (mut text, part) = (self.text.clone(), at.start..at.start + new.len());
        put(&mut text, at, new);
        let spans = spans(&text);
        let places = places(&text, &spans);
        let (mut words, mut depth) = (Vec::new(), 0_usize);
        for at in (0..spans.len()).filter(|at| part.contains(&spans[*at].start)) {
            let opens = usize::from(b"{[".contains(&text[spans[at].start]));
            let closes = usize::from(b"}]".contains(&text[spans[at].start]));
            if depth + opens - closes.min(depth) < 2 || known.insert(places[at].clone()) {
                words.push(at);
            }
            depth = (depth + opens).saturating_sub(closes);
        }
        Self { text, spans, words, next: 0 }
    }

    /// Whether a word is a text that may be one of an enumeration.
    fn may_be_variant(&self, at: usize) -> bool {
        let word = &self.text[self.spans[at].clone()];
        let of_one = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_/.:".contains(byte);
        // Not a digest.
        let inside = word.len() > 2 && word.len() < 48 && word[0] == b'"' && word[1..word.len() - 1].iter().all(of_one);
        inside && !is_name(&self.text, &self.spans, at)
    }
}

/// A walk through the texts of a folder.
pub(crate) struct Sweep {
    /// Texts not yet at their end.
    walks: Vec<Walk>,
}

impl Sweep {
    /// Of the texts a corpus begins with: the seeds, their objects made lists, and what was learnt.
    pub(crate) fn of(corpus: &OsStr) -> Self {
        let mut texts: Vec<(bool, String)> = Vec::new();
        for entry in fs::read_dir(corpus).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if (name.starts_with("seed-") || name.starts_with("learnt-"))
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                texts.push((name.starts_with("learnt-"), text));
            }
        }
        // What was learnt adds to the walk what the seeds do not hold.
        texts.sort();
        let (mut walks, mut known) = (Vec::new(), BTreeSet::new());
        for (learnt, text) in texts {
            let whole = Walk::of(text.into_bytes(), &mut known);
            let objects = whole.words.iter().filter(|at| !learnt && whole.text[whole.spans[**at].start] == b'{');
            walks.extend(objects.map(|open| whole.as_list(*open, &mut known)).collect::<Vec<_>>());
            let variants = whole.words.iter().filter(|at| !learnt && whole.may_be_variant(**at));
            walks.extend(variants.map(|at| whole.as_variant(*at, &mut known)).collect::<Vec<_>>());
            walks.push(whole);
        }
        Self { walks }
    }

    /// The next alteration of a text drawn at random, so that quiet at any time is quiet everywhere; none after the last.
    pub(crate) fn next(&mut self, draw: &mut Draw) -> Option<Vec<u8>> {
        while !self.walks.is_empty() {
            let at = draw.below(self.walks.len());
            let walk = &mut self.walks[at];
            if let Some(word) = walk.words.last().copied() {
                let altered = altered(&walk.text, &walk.spans, word, walk.next);
                walk.next = (walk.next + 1) % AT_A_WORD;
                if walk.next == 0 {
                    walk.words.pop();
                }
                return Some(altered);
            }
            drop(self.walks.swap_remove(at));
        }
        None
    }
}

/// Where a word stands: in what, and among what.
type Place = Vec<u8>;

/// Where each word stands: its fields and table by their names, and the words around it, of values their kinds alone.
fn places(text: &[u8], spans: &[Range<usize>]) -> Vec<Place> {
    let word = |at: usize| &text[spans[at].clone()];
    let kind = |at: usize| match word(at) {
        name if is_name(text, spans, at) => name,
        [b'0'..=b'9', ..] => b"0",
        // A word of an enumeration, perhaps.
        [b'"', inner @ .., b'"'] if !inner.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-') => b"\"\"",
        other => other,
    };
    // What each word stands in: a text that begins with this name, a table of this header, the values of these fields.
    let first = (0..spans.len()).find(|at| is_name(text, spans, *at)).map_or(&b""[..], word);
    let mut open: Vec<(&[u8], &[u8])> = Vec::new();
    let mut within: Vec<Vec<&[u8]>> = Vec::new();
    let (mut header, mut name): (Range<usize>, &[u8]) = (0..0, b"");
    for (at, span) in spans.iter().enumerate() {
        if open.is_empty() && word(at) == b"[" && line(text, span.start).start == span.start {
            header = line(text, span.start);
        }
        if is_name(text, spans, at) {
            name = word(at);
        }
        match word(at) {
            _ if span.start < header.end => {}
            bracket @ (b"{" | b"[") => open.push(match open.last() {
                Some((b"[", list)) => (bracket, list),
                _ => (bracket, name),
            }),
            b"}" | b"]" => drop(open.pop()),
            _ => {}
        }
        // Two are enough, with the words around.
        let fields = open[open.len().saturating_sub(2)..].iter().map(|(_, name)| *name);
        within.push([first, &text[header.clone()]].into_iter().chain(fields).collect());
    }
    let near = |at: usize| (at.saturating_sub(4)..spans.len().min(at + 2)).map(kind);
    let place = |at: usize| within[at].iter().copied().chain(near(at)).collect::<Vec<_>>().join(&0);
    (0..spans.len()).map(place).collect()
}

/// An alteration, by its number, of a text at one of its words.
pub(crate) fn altered(text: &[u8], spans: &[Range<usize>], at: usize, number: usize) -> Vec<u8> {
    let word = spans[at].clone();
    let mut new = text.to_vec();
    match number {
        0 => new.truncate(word.start),
        1 => new.truncate(word.end),
        2 => put(&mut new, word, b""),
        3 => put(&mut new, phrase(text, spans, at), b""),
        4 => {
            let again = text[phrase(text, spans, at)].to_vec();
            put(&mut new, word.start..word.start, &again);
        }
        space @ 5..9 => put(&mut new, word.start..word.start, &[b" \n\t\r"[space - 5]]),
        9 => {
            new.truncate(word.start);
            new.push(b' ');
        }
        // A letter otherwise written, two made others, one left out, one more: what is compared by its length, then in pieces.
        10..OTHERS => {
            let quote = usize::from(text[word.start] == b'"' && word.len() > 2);
            let inner = word.start + quote..word.end - quote;
            let (first, last) = (inner.start..inner.start + 1, inner.end - 1..inner.end);
            match number {
                10 => put(&mut new, first.clone(), format!("\\u{:04x}", text[first.start]).as_bytes()),
                11 => put(&mut new, first, b"Q"),
                12 => put(&mut new, last, b"Q"),
                13 => put(&mut new, last, b""),
                _ => put(&mut new, last.end..last.end, b"Q"),
            }
        }
        value => {
            // In place of an object or a list, not of its bracket.
            let whole = if b"{[".contains(&text[word.start]) { phrase(text, spans, at) } else { word };
            let comma = usize::from(text[whole.clone()].ends_with(b","));
            put(&mut new, whole.start..whole.end - comma, VALUES[value - OTHERS].as_bytes());
        }
    }
    new
}
