//! Does every file say only what belongs in the repository, and open with what it is for?
//!
//! - no path or package host of the machine it was written on
//! - no unfinished work: placeholder macros and notes to self
//! - colours only in `assets/tokens.toml`
//! - a source module opens with its documentation
//! - a link in a page leads to a file
//!
//! It looks at the files git tracks or would track, as text; binary files are passed over.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, bail};

use super::Finding;

/// Text that may stand in no file, with the reason. Written in halves so that this file passes its own check.
const BANNED: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/tm", "p/"), "a path of one machine: ask for a temporary folder"),
    (concat!("/Us", "ers/"), "a path of one machine"),
    (concat!("C:\\Us", "ers"), "a path of one machine"),
    (concat!("index", "-url"), "the package host of one machine"),
    (concat!("replace", "-with"), "the package host of one machine"),
    (concat!("arti", "factory"), "the package host of one machine"),
    (concat!("to", "do!("), "unfinished work"),
    (concat!("unimple", "mented!("), "unfinished work"),
    (concat!("db", "g!("), "a note to self"),
    (concat!("TO", "DO"), "a note to self"),
    (concat!("FIX", "ME"), "a note to self"),
    (concat!("XX", "X"), "a note to self"),
];

/// Where colours are written down; everything that draws reads them from there.
const TOKENS: &str = "assets/tokens.toml";

pub(super) fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for name in files(root)? {
        let path = root.join(&name);
        // A file deleted from the tree and not yet from the index has nothing to say.
        let Ok(bytes) = fs::read(&path) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        findings.extend(banned_text(&name, &text));
        findings.extend(colours(&name, &text));
        findings.extend(undocumented(&name, &text));
        findings.extend(dead_links(&name, &text, &|target| path.parent().is_some_and(|folder| folder.join(target).exists())));
    }
    Ok(findings)
}

/// Files that git tracks, or would if they were added.
fn files(root: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("starting git, which names the files to read")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut names: Vec<String> = names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        bail!("git names no file");
    }
    Ok(names)
}

fn banned_text(name: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in lines(text) {
        for (word, reason) in BANNED.iter().filter(|(word, _)| line.contains(word)) {
            findings.push(Finding::new(format!("{name}:{number}"), format!("{word:?} may not stand here: {reason}")));
        }
    }
    findings
}

/// Colour literals: `#` with six or eight hexadecimal digits, or an egui colour from numbers.
///
/// The unit tests at the end of a Rust file may hold some: they show what a colour looks like, and nothing draws them.
fn colours(name: &str, text: &str) -> Vec<Finding> {
    let drawn = [".rs", ".typ", ".toml", ".css", ".html"].iter().any(|ending| name.ends_with(ending));
    if !drawn || name == TOKENS {
        return Vec::new();
    }
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    lines(text)
        .filter(|(_, line)| has_hex_colour(line) || has_numeric_colour(line))
        .map(|(number, _)| Finding::new(format!("{name}:{number}"), format!("a colour stands here; colours live in {TOKENS}")))
        .collect()
}

fn has_hex_colour(line: &str) -> bool {
    line.split('#').skip(1).any(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        let ends = rest.chars().nth(digits).is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
        ends && matches!(digits, 6 | 8)
    })
}

fn has_numeric_colour(line: &str) -> bool {
    ["from_rgb(", "from_rgba_premultiplied(", "from_rgba_unmultiplied(", "from_gray("]
        .iter()
        .any(|call| line.split(call).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
}

/// A module of ours without `//!` at its head.
fn undocumented(name: &str, text: &str) -> Option<Finding> {
    let is_source = name.ends_with(".rs") && (name.starts_with("src/") || name.contains("/src/"));
    (is_source && !text.starts_with("//!")).then(|| Finding::new(name, "opens without module documentation: say which question it answers"))
}

/// Relative links of a Markdown page for which `exists` says no.
fn dead_links(name: &str, text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    if !name.ends_with(".md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut fenced = false;
    for (number, line) in lines(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let Some((target, _)) = rest.split_once(')') else { continue };
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !target.contains("://") && !target.starts_with("mailto:") && !exists(file) {
                findings.push(Finding::new(format!("{name}:{number}"), format!("links to {file}, which is not there")));
            }
        }
    }
    findings
}

/// Lines with their numbers from one.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(findings: impl IntoIterator<Item = Finding>, places: &[&str]) {
        let found: Vec<String> = findings.into_iter().map(|f| f.place).collect();
        assert_eq!(found, places);
    }

    #[test]
    fn every_banned_word_is_found_where_it_stands() {
        for (word, _) in BANNED {
            check(banned_text("a.md", &format!("fine\nsome {word}thing\n")), &["a.md:2"]);
        }
        check(banned_text("a.md", "a path/to/nowhere in particular\n"), &[]);
    }

    #[test]
    fn colours_live_in_the_tokens() {
        let hex = concat!("fill = \"#", "1A2b3c\"");
        let numeric = concat!("Color32::from_", "rgb(1, 2, 3)");
        check(colours("ui/src/a.rs", hex), &["ui/src/a.rs:1"]);
        check(colours("ui/src/a.rs", &format!("\n{numeric}")), &["ui/src/a.rs:2"]);
        check(colours("report/a.typ", hex), &["report/a.typ:1"]);
        check(colours(TOKENS, hex), &[]);
        check(colours("a.svg", hex), &[]);
    }

    #[test]
    fn what_only_looks_like_a_colour_passes() {
        check(colours("a.rs", "#[derive(Debug)] Color32::from_rgb(r, g, b) r#\"abcdef\"# \"#abc\" '#' #abcdefg"), &[]);
        check(colours("a.rs", concat!("#[cfg(test)]\nmod tests { \"#", "1a2b3c\" }")), &[]);
    }

    #[test]
    fn a_module_opens_with_its_documentation() {
        check(undocumented("crates/a/src/lib.rs", "//! What is a?\n"), &[]);
        check(undocumented("crates/a/src/lib.rs", "use std::fmt;\n"), &["crates/a/src/lib.rs"]);
        check(undocumented("crates/a/tests/b.rs", "use std::fmt;\n"), &[]);
    }

    #[test]
    fn a_link_leads_to_a_file() {
        let page = "[here](a.md#part) [there](b.md)\n[out](https://example.org) [down](#part)\n```\n[code](c.md)\n```\n";
        check(dead_links("README.md", page, &|target| target == "a.md"), &["README.md:1"]);
    }
}
