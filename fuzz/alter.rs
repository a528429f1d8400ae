//! Alterations of inputs, drawn at random: of their bytes, and of texts by their words, so that most stay texts of their format.

use std::ops::Range;

/// Values at the borders of what fields hold, and of kinds they do not.
pub(crate) const VALUES: [&str; 54] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "-1",
    "+1",
    "0.5",
    "-0.0",
    "1e400",
    "5e-324",
    "1.00000000000000011102230246251565404236316680908203125",
    "123456789012345678901234567890.5e-10",
    "1e23",
    "123456789.5",
    "2.2250738585072014e-308",
    "4503599627370497.5",
    "nan",
    "255",
    "65536",
    "16777216",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "\"\"",
    "\"0\"",
    "\"a\"",
    "\"é\"",
    "\"\\u0000\"",
    "\"\\u0061b\"",
    "'a'",
    "\"\"\"a\"\"\"",
    "0x10",
    "1_000",
    "inf",
    "0b1",
    "2026-06-15",
    "06:30:00.5",
    "2026-06-15T06:30:00.123456789+01:00",
    "\"\"\"\r\n\ta\"\"\"",
    "\"..\"",
    "\"2026-02-30T00:00:00Z\"",
    "\"2026-06-15T06:00:00Z\"",
    "\"0000000000000000000000000000000000000000000000000000000000000000\"",
    "\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"",
    "[]",
    "[[]]",
    "{}",
    ",",
    ":",
];

/// Characters on both sides of the borders between those that can be seen and those that cannot.
const CHARACTERS: &str = "\u{7F}\u{9F}\u{A0}\u{AD}\u{AE}\u{34F}\u{350}\u{61C}\u{61D}\u{115F}\u{1160}\u{1161}\u{17B4}\u{17B5}\u{17B6}\
    \u{180A}\u{180B}\u{180F}\u{1810}\u{200A}\u{200B}\u{200F}\u{2010}\u{2027}\u{2028}\u{202E}\u{202F}\u{205F}\u{2060}\u{206F}\u{2070}\
    \u{3000}\u{3164}\u{3165}\u{D7FF}\u{FDFF}\u{FE00}\u{FE0F}\u{FE10}\u{FEFE}\u{FEFF}\u{FFA0}\u{FFA1}\u{FFEF}\u{FFF0}\u{FFF8}\u{FFF9}\
    \u{1BC9F}\u{1BCA0}\u{1BCA3}\u{1BCA4}\u{1D172}\u{1D173}\u{1D17A}\u{1D17B}\u{DFFFF}\u{E0000}\u{E0FFF}\u{E1000}\u{10FFFF}";

/// Numbers without a pattern that matters here (splitmix64).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below this one; 0 below none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// One to four of: a bit flipped, bytes removed, repeated or overwritten, a digit made another.
pub(crate) fn bytes(input: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=draw.below(4) {
        let at = draw.below(bytes.len());
        let length = draw.below(16).min(bytes.len() - at);
        match draw.below(5) {
            _ if bytes.is_empty() => bytes.push(draw.next() as u8),
            0 => bytes[at] ^= 1 << draw.below(8),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let again = bytes[at..at + length].to_vec();
                let to = draw.below(bytes.len());
                drop(bytes.splice(to..to, again));
            }
            3 => bytes[at..at + length].fill_with(|| draw.next() as u8),
            _ => {
                let digits: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
                if let Some(digit) = digits.get(draw.below(digits.len())) {
                    bytes[*digit] = b'0' + draw.below(10) as u8;
                }
            }
        }
    }
    bytes
}

/// One to three of: a word, a value with its field, or a line made another, removed, repeated or moved; the rest cut off; space or an
/// odd character put in; an object made a list of its values. The words put in are values of [`VALUES`], those of the input itself, and these.
pub(crate) fn words(input: &[u8], known: &[String], draw: &mut Draw) -> Vec<u8> {
    let mut text = input.to_vec();
    for _ in 0..=draw.below(3) {
        let spans = spans(&text);
        if spans.is_empty() {
            text.extend_from_slice(VALUES[draw.below(VALUES.len())].as_bytes());
            continue;
        }
        let (one, other) = (draw.below(spans.len()), draw.below(spans.len()));
        let word = spans[one].clone();
        match draw.below(13) {
            0 => put(&mut text, word, VALUES[draw.below(VALUES.len())].as_bytes()),
            1 if !known.is_empty() => {
                let new = &known[draw.below(known.len())];
                let new = if text[word.start] == b'"' { format!("\"{new}\"") } else { new.clone() };
                put(&mut text, word, new.as_bytes());
            }
            2 => {
                let new = text[spans[other].clone()].to_vec();
                put(&mut text, word, &new);
            }
            3 => {
                let phrase = phrase(&text, &spans, one);
                put(&mut text, phrase, b"");
            }
            4 | 5 => {
                let from = phrase(&text, &spans, other);
                let to = if draw.below(2) == 0 { phrase(&text, &spans, one) } else { word.start..word.start };
                let new = text[from].to_vec();
                put(&mut text, to, &new);
            }
            6 => {
                let number = std::str::from_utf8(&text[word.clone()]).ok().and_then(|word| word.parse::<u128>().ok());
                if let Some(number) = number {
                    let new = match draw.below(4) {
                        0 => number.saturating_add(1),
                        1 => number.saturating_sub(1),
                        2 => number.saturating_mul(2),
                        _ => number / 2,
                    };
                    put(&mut text, word, new.to_string().as_bytes());
                }
            }
            7 => text.truncate(if draw.below(2) == 0 { word.start } else { word.end }),
            8 => put(&mut text, word.start..word.start, &[b" \n\t\r"[draw.below(4)]]),
            9 => {
                let which = draw.below(CHARACTERS.chars().count());
                let new: String = CHARACTERS.chars().skip(which).take(1).collect();
                put(&mut text, word.start + 1..word.start + 1, new.as_bytes());
            }
            10 => {
                if let Some(open) = (one..spans.len()).find(|at| text[spans[*at].start] == b'{') {
                    let most = if draw.below(2) == 0 { usize::MAX } else { draw.below(12) };
                    let (at, list) = as_list(&text, &spans, open, most);
                    put(&mut text, at, &list);
                }
            }
            _ => {
                let from = line(&text, spans[other].start);
                let to = line(&text, word.start);
                let new = text[from].to_vec();
                match draw.below(3) {
                    0 => put(&mut text, to, b""),
                    1 => put(&mut text, to.start..to.start, &new),
                    _ => put(&mut text, to, &new),
                }
            }
        }
    }
    text
}

pub(crate) fn put(text: &mut Vec<u8>, at: Range<usize>, new: &[u8]) {
    drop(text.splice(at, new.iter().copied()));
}

/// Where words stand: strings in their quotes, runs of what names and numbers are made of, and every other byte but space.
pub(crate) fn spans(text: &[u8]) -> Vec<Range<usize>> {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+.".contains(&byte) || byte >= 0x80;
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at;
        at += 1;
        if text[start].is_ascii_whitespace() {
            continue;
        }
        if text[start] == b'"' {
            while at < text.len() && text[at] != b'"' {
                at += if text[at] == b'\\' { 2 } else { 1 };
            }
            at = (at + 1).min(text.len());
        } else if of_name(text[start]) {
            while at < text.len() && of_name(text[at]) {
                at += 1;
            }
        }
        found.push(start..at);
    }
    found
}

/// Whether a word is the name of the field whose value follows, in JSON or TOML.
pub(crate) fn is_name(text: &[u8], spans: &[Range<usize>], at: usize) -> bool {
    spans.get(at + 1).is_some_and(|next| matches!(text[next.start], b':' | b'='))
}

/// The word, or what its bracket encloses; with a field's name, its value, and the comma that parts it from the next.
pub(crate) fn phrase(text: &[u8], spans: &[Range<usize>], at: usize) -> Range<usize> {
    let is = |at: usize, what: u8| spans.get(at).is_some_and(|span| text[span.start] == what);
    let mut last = at;
    if is_name(text, spans, at) && at + 2 < spans.len() {
        last = at + 2;
    }
    let mut open = 0_usize;
    for (here, span) in spans.iter().enumerate().skip(last) {
        match text[span.start] {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        last = here;
        if open == 0 {
            break;
        }
    }
    if is(last + 1, b',') {
        last += 1;
    }
    spans[at].start..spans[last].end
}

/// Where the object opened by a word stands, and the list of its values, at most so many.
pub(crate) fn as_list(text: &[u8], spans: &[Range<usize>], open: usize, most: usize) -> (Range<usize>, Vec<u8>) {
    let (mut list, mut values, mut depth, mut at) = (Vec::new(), 0, 0_usize, open);
    while let Some(span) = spans.get(at) {
        at += 1;
        match text[span.start] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ if depth == 1 && is_name(text, spans, at - 1) => {
                (at, values) = (at + 1, values + 1);
                continue;
            }
            _ => {}
        }
        match (at - 1 == open, depth) {
            (true, _) => list.push(b'['),
            (false, 0) => {
                list.push(b']');
                break;
            }
            // Not the comma before a value that is left out.
            (_, 1) if text[span.start] == b',' && values >= most => {}
            _ if values <= most => list.extend_from_slice(&text[span.clone()]),
            _ => {}
        }
    }
    (spans[open].start..spans[at - 1].end, list)
}

/// The line around a place, with its end.
pub(crate) fn line(text: &[u8], at: usize) -> Range<usize> {
    let start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let end = text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |newline| at + newline + 1);
    start..end
}
