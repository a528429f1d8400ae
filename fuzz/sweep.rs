//! Every single alteration of texts in turn: at each word, every value of another kind, space, the word or its phrase
//! left out or repeated, the end of the text or of what encloses the word, other letters, other words of its enumeration; the same
//! within each object made a list and each word made a variant's object.
//!
//! What reads a field is compiled anew for each type it is read into, so that chance takes hours over what a walk does in seconds.
//! Words in a like place of a like object are read by the same code: the walk takes one of them.

use std::{collections::BTreeSet, ffi::OsStr, fs, ops::Range};

use super::alter::{Draw, VALUES, as_list, is_name, line, phrase, put, spans};

/// What may stand in the place of a name or a mark, besides texts: each is refused like any other of its kind.
const MARKS: [&str; 8] = ["null", "0", "{}", "[]", ",", ":", "}", "]"];

/// In the place of digits within a text: none, too many, no number.
const DIGITS: [&str; 3] = ["", "99999999999999999999", "-"];

/// A part of a text, and what is put there.
pub(crate) type Edit = (Range<usize>, Vec<u8>);

/// A text, its words, those of them not yet altered in every way, and the edits at the one before that are still to come.
struct Walk {
    text: Vec<u8>,
    spans: Vec<Range<usize>>,
    words: Vec<usize>,
    edits: Vec<Edit>,
}

impl Walk {
    /// Through the words in places not yet known.
    fn of(text: Vec<u8>, known: &mut BTreeSet<Place>) -> Self {
        let spans = spans(&text);
        let places = places(&text, &spans);
        let words = (0..spans.len()).filter(|at| known.insert(places[*at].clone())).collect();
        Self { text, spans, words, edits: Vec::new() }
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
        Self { text, spans, words, edits: Vec::new() }
    }

    /// Whether a word is a text that may be one of an enumeration.
    fn may_be_variant(&self, at: usize) -> bool {
        is_word(&self.text[self.spans[at].clone()]) && !is_name(&self.text, &self.spans, at)
    }

    /// The next alteration, until the last word is done.
    fn next(&mut self, enumerations: &[Vec<String>]) -> Option<Vec<u8>> {
        while self.edits.is_empty() {
            self.edits = edits(&self.text, &self.spans, self.words.pop()?, enumerations);
        }
        let (part, new) = self.edits.pop()?;
        let mut text = self.text.clone();
        put(&mut text, part, &new);
        Some(text)
    }
}

/// Whether this is a text like those of enumerations, and not a digest.
fn is_word(word: &[u8]) -> bool {
    let of_one = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_/.:".contains(byte);
    word.len() > 2 && word.len() < 48 && word[0] == b'"' && word[1..word.len() - 1].iter().all(of_one)
}

/// A walk through the texts of a folder.
pub(crate) struct Sweep {
    /// Texts not yet at their end.
    walks: Vec<Walk>,
    /// Words that may stand in each other's place.
    enumerations: Vec<Vec<String>>,
}

impl Sweep {
    /// Of the texts a corpus begins with: the seeds, their objects made lists, and what was learnt. Words of an enumeration share a line.
    pub(crate) fn of(corpus: &OsStr, enumerations: &str) -> Self {
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
        let enumerations = enumerations.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
        Self { walks, enumerations }
    }

    /// The next alteration of a text drawn at random, so that quiet at any time is quiet everywhere; none after the last.
    pub(crate) fn next(&mut self, draw: &mut Draw) -> Option<Vec<u8>> {
        while !self.walks.is_empty() {
            let at = draw.below(self.walks.len());
            let altered = self.walks[at].next(&self.enumerations);
            if altered.is_some() {
                return altered;
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

/// Every single alteration of a text at one of its words.
pub(crate) fn edits(text: &[u8], spans: &[Range<usize>], at: usize, enumerations: &[Vec<String>]) -> Vec<Edit> {
    let (word, phrase, end) = (spans[at].clone(), phrase(text, spans, at), text.len());
    let mut edits = vec![
        (word.start..end, Vec::new()),
        (word.start..end, b" ".to_vec()),
        (word.end..end, Vec::new()),
        (word.clone(), Vec::new()),
        (phrase.clone(), Vec::new()),
        (word.start..word.start, text[phrase.clone()].to_vec()),
    ];
    edits.extend(b" \n\t\r".map(|space| (word.start..word.start, vec![space])));
    let closed = closed(text, spans, at);
    if let Some(closed) = closed {
        // Half an object, a shorter list.
        let before = at.checked_sub(1).map(|before| spans[before].clone()).filter(|before| text[before.start] == b',');
        edits.push((before.map_or(word.start, |comma| comma.start)..closed, Vec::new()));
    }
    let is_name = is_name(text, spans, at);
    if is_name && let Some(closed) = closed {
        edits.extend(orders(text, spans, at, closed));
    }
    if is_name || b":,=}]".contains(&text[word.start]) {
        let texts = VALUES.into_iter().filter(|value| is_name && value.starts_with('"'));
        edits.extend(MARKS.into_iter().chain(texts).map(|new| (word.clone(), new.into())));
    } else {
        // In place of an object or a list, not of its bracket.
        let whole = if b"{[".contains(&text[word.start]) { phrase } else { word.clone() };
        let whole = whole.start..whole.end - usize::from(text[whole.clone()].ends_with(b","));
        edits.extend(VALUES.map(|new| (whole.clone(), new.into())));
        if let Some(closed) = closed {
            // Empty, and let go again when what encloses it does not end as it must.
            edits
                .extend(["null", "\"\"", "[]"].map(|new| (whole.start..closed, [new.as_bytes(), &text[whole.end..closed], b"Q"].concat())));
        }
    }
    edits.extend(letters(&text[word.clone()], word.start));
    if is_word(&text[word.clone()]) {
        let inner = &text[word.start + 1..word.end - 1];
        if !is_name {
            edits.extend(digits(inner, word.start + 1));
        }
        for others in enumerations.iter().filter(|words| words.iter().any(|known| known.as_bytes() == inner)) {
            for other in others.iter().filter(|other| other.as_bytes() != inner) {
                edits.push((word.clone(), format!("\"{other}\"").into_bytes()));
                edits.push((word.clone(), [b"\"", escaped(other.as_bytes()).as_slice(), b"\""].concat()));
            }
        }
    }
    edits
}

/// A field twice or broken after all others of its object, and without any: what was read of them by then is let go.
fn orders(text: &[u8], spans: &[Range<usize>], at: usize, closed: usize) -> Vec<Edit> {
    let phrase = phrase(text, spans, at);
    if phrase.end > closed {
        // Nothing after its colon.
        return Vec::new();
    }
    let field = &text[phrase.start..phrase.end - usize::from(text[phrase.clone()].ends_with(b","))];
    let broken = [&text[spans[at].clone()], b":Q"].concat();
    let others = text[phrase.end..closed].trim_ascii();
    let comma = if others.is_empty() { &b""[..] } else { b"," };
    let mut orders = vec![(closed..closed, [b",", field].concat()), (phrase.start..closed, [others, comma, &broken].concat())];
    if let Some(opened) = opened(text, spans, at) {
        orders.push((opened..closed, field.to_vec()));
        orders.push((opened..closed, [field, b"Q"].concat()));
    }
    orders
}

/// Where what encloses a word begins, behind its bracket.
fn opened(text: &[u8], spans: &[Range<usize>], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for span in spans[..at].iter().rev() {
        match text[span.start] {
            b'}' | b']' => depth += 1,
            b'{' | b'[' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some(span.end),
            },
            _ => {}
        }
    }
    None
}

/// Where the bracket stands that closes what encloses a word.
fn closed(text: &[u8], spans: &[Range<usize>], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for span in &spans[at..] {
        match text[span.start] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some(span.start),
            },
            _ => {}
        }
    }
    None
}

/// A word with its first letter written as a number.
fn escaped(word: &[u8]) -> Vec<u8> {
    [format!("\\u{:04x}", word[0]).as_bytes(), &word[1..]].concat()
}

/// A letter made another, left out, or one more, spelt plainly or with an escape: what is compared by its length, then in pieces.
fn letters(word: &[u8], start: usize) -> Vec<Edit> {
    let quote = usize::from(word[0] == b'"' && word.len() > 2);
    let inner = &word[quote..word.len() - quote];
    let (without_first, without_last) = (&inner[1..], &inner[..inner.len() - 1]);
    let changed = [[b"Q", without_first].concat(), [without_last, b"Q"].concat(), without_last.to_vec(), [inner, b"Q"].concat()];
    let mut spelt = changed.to_vec();
    if quote > 0 {
        spelt.push(escaped(inner));
        spelt.extend(changed.iter().filter(|word| !word.is_empty()).map(|word| escaped(word)));
    }
    let place = start + quote..start + word.len() - quote;
    spelt.into_iter().map(|new| (place.clone(), new)).collect()
}

/// The first digits in a word, and the last, made others.
fn digits(word: &[u8], start: usize) -> Vec<Edit> {
    let is_digit = |at: &usize| word[*at].is_ascii_digit();
    let Some(first) = (0..word.len()).find(is_digit) else { return Vec::new() };
    let first = first..(first..word.len()).find(|at| !is_digit(at)).unwrap_or(word.len());
    let last = (0..word.len()).rfind(is_digit).map_or(first.end, |last| last + 1);
    let last = (0..last).rfind(|at| !is_digit(at)).map_or(0, |before| before + 1)..last;
    let places = BTreeSet::from([(first.start, first.end), (last.start, last.end)]);
    let edit = |(from, to), new: &str| (start + from..start + to, new.into());
    places.into_iter().flat_map(|place| DIGITS.map(|new| edit(place, new))).collect()
}
