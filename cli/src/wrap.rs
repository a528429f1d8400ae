//! Text set to a column width.

/// Most characters of a line.
pub(crate) const WIDTH: usize = 100;

/// `text` filled to [`WIDTH`], the first line behind `first`, the others behind `rest`.
pub(crate) fn fill(first: &str, rest: &str, text: &str) -> String {
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut used = first.chars().count();
    let mut fresh = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !fresh && used + 1 + length > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            rest.clone_into(&mut line);
            used = rest.chars().count();
            fresh = true;
        }
        if !fresh {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
        fresh = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

/// `text` padded with blanks to `width` characters.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let length = text.chars().count();
    format!("{text}{}", " ".repeat(width.saturating_sub(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_indent_and_width() {
        let text = fill("  - ", "    ", &"seven words here ".repeat(12));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(
            text.lines().skip(1).all(|line| line.starts_with("    seven") || line.starts_with("    words") || line.starts_with("    here"))
        );
        assert_eq!(pad("né", 4), "né  ");
    }
}
