//! Numbers as people read them: narrow spaces, true minus, fixed decimals; and which characters texts may hold.

/// Narrow no-break space between thousands.
const THIN: char = '\u{202F}';

/// `45471` as `45 471` with a narrow no-break space.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * THIN.len_utf8());
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(THIN);
        }
        out.push(digit);
    }
    out
}

/// Bytes as `322 KB`, decimal units, one place below ten.
pub fn bytes(n: u64) -> String {
    let (value, unit) = match n {
        0..1_000 => return format!("{n}{THIN}B"),
        1_000..1_000_000 => (n / 100, "KB"),
        _ => (n / 100_000, "MB"),
    };
    if value < 100 { format!("{}.{}{THIN}{unit}", value / 10, value % 10) } else { format!("{}{THIN}{unit}", count((value + 5) / 10)) }
}

/// Replaces an ASCII minus in front by the true one.
pub fn true_minus(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(rest) => format!("\u{2212}{rest}"),
        None => number.to_owned(),
    }
}

/// `1 batch`, `2 batches`: a count with its noun.
pub fn counted(n: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(n), if n == 1 { singular } else { plural })
}

/// Items that one sentence names.
const MOST_NAMED: usize = 12;

/// `a, b, c`, or with another separator; of many the first twelve, `and 3 more`.
pub fn listed<T: AsRef<str>>(items: &[T], separator: &str) -> String {
    let named: Vec<&str> = items.iter().take(MOST_NAMED).map(AsRef::as_ref).collect();
    let (named, more) = (named.join(separator), items.len().saturating_sub(MOST_NAMED));
    if more == 0 { named } else { format!("{named} and {} more", count(more as u64)) }
}

/// `batch 3`, `batches 3 to 7`: indices from the first to the last.
pub fn batches_text(first: u64, last: u64) -> String {
    if first == last { format!("batch {}", count(first)) } else { format!("batches {} to {}", count(first), count(last)) }
}

/// Whether a character has no place in a text that people read: control characters could rewrite a terminal, direction marks could
/// reorder what is read, what is not seen could make two names look alike.
pub fn is_unprintable(c: char) -> bool {
    // Line and paragraph separators, and every default ignorable code point of Unicode 17 (DerivedCoreProperties.txt): bidirectional
    // marks, embeddings, overrides and isolates; joiners, fillers, variation selectors, tags.
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// A text of others, such as a file's name, with U+FFFD for each character that has no place in it.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_unprintable(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A text as a cell that a spreadsheet does not take for a formula.
pub fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_print() {
        assert_eq!(listed(&["a", "b"], ", "), "a, b");
        let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"];
        assert_eq!(listed(&letters[..12], "; "), "a; b; c; d; e; f; g; h; i; j; k; l");
        assert_eq!(listed(&letters, ", "), "a, b, c, d, e, f, g, h, i, j, k, l and 2 more");
        assert_eq!(count(45_471), "45\u{202F}471");
        assert_eq!(count(999), "999");
        assert_eq!(bytes(141_900), "142\u{202F}KB");
        assert_eq!(bytes(1_450), "1.4\u{202F}KB");
        assert_eq!(true_minus("-0.014"), "\u{2212}0.014");
        assert_eq!([cell("=HYPERLINK(0)"), cell("income"), cell("@x")], ["'=HYPERLINK(0)", "income", "'@x"]);
    }
}
