//! Are the generated pages under `docs/` what the code says?
//!
//! - `docs/schemas/*.schema.json`: JSON Schemas of every format the program reads or writes
//! - `docs/limits.md`: every limit on what others wrote
//! - `docs/cli.md`: what `verifold` and each of its commands answer to `--help`
//! - the table in `docs/circuits/scored-cohort-v1.md`: what `verifold circuits` prints
//!
//! Without `--check` they are written anew; a schema whose source is gone is deleted.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};

use verifold_model::{calendar::MAX_SLOTS, format::count, limits::Limit};
use verifold_verify::sample::MAX_DRAWN;

use crate::programs;

const CIRCUIT_PAGE: &str = "docs/circuits/scored-cohort-v1.md";
/// What stands around the generated table of the circuit page.
const TABLE_BEGIN: &str = "<!-- facts:begin (written by `verifold circuits`) -->\n";
const TABLE_END: &str = "<!-- facts:end -->";

/// Arguments of `cargo xtask docs`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if a page differs from what the code says
    #[arg(long)]
    check: bool,
}

/// Writes or checks the pages.
///
/// # Errors
/// If a page cannot be read or written, or with `--check` if one differs.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let [verifold] = programs::build(root, ["verifold"])?;
    let schemas = root.join("docs/schemas");
    let mut wanted: BTreeMap<PathBuf, String> =
        verifold_policy::schemas().into_iter().chain(verifold_package::schemas()).map(|(name, text)| (schemas.join(name), text)).collect();
    wanted.insert(root.join("docs/cli.md"), manual(&verifold)?);
    wanted.insert(root.join("docs/limits.md"), limits());
    let circuit_page = root.join(CIRCUIT_PAGE);
    let text = fs::read_to_string(&circuit_page).with_context(|| format!("reading {CIRCUIT_PAGE}"))?;
    let table = format!("```text\n{}\n```\n", said(&verifold, &["circuits"])?.trim_end());
    wanted.insert(circuit_page, with_table(&text, &table).with_context(|| format!("{CIRCUIT_PAGE} has lost the marks of its table"))?);

    let stale = stale(&schemas, &wanted)?;
    if args.check {
        let places: Vec<String> = stale.iter().map(|path| path.strip_prefix(root).unwrap_or(path).display().to_string()).collect();
        if !places.is_empty() {
            bail!("not what the code says: {}. Run `cargo xtask docs`", places.join(", "));
        }
        println!("{} generated pages are what the code says", wanted.len());
        return Ok(());
    }
    fs::create_dir_all(&schemas).with_context(|| format!("creating {}", schemas.display()))?;
    for path in &stale {
        match wanted.get(path) {
            Some(text) => fs::write(path, text),
            None => fs::remove_file(path),
        }
        .with_context(|| format!("writing {}", path.display()))?;
    }
    println!("{} of {} generated pages written", stale.len(), wanted.len());
    Ok(())
}

/// The page of limits.
fn limits() -> String {
    let mut page = String::from(
        "# Limits\n\n\
         Written by `cargo xtask docs` from `crates/model/src/limits.rs`.\n\n\
         What others wrote may ask no more of this program than stands here. Going over a limit ends a verification with exit\n\
         code 6; the message names the limit, its value, what moves it, and what was found where that was counted: a worker ended\n\
         for its memory or CPU time counted nothing. A message beyond `frame_bytes` ends with 7: it is the worker's own, and no\n\
         package's. A policy moves limits in its `[limits]` table, within the range given:\n\n\
         ```toml\n[limits]\nconstraints = 65536        # derive no larger key, whatever circuit a package names\n\
         memory_bytes = 8589934592\n```\n\n\
         | limit | counts | default | a policy may set | why |\n|---|---|---|---|---|\n",
    );
    for limit in Limit::ALL {
        let range = match (limit.is_fixed(), limit.most() == limit.default()) {
            (true, _) => "nothing else".to_owned(),
            (false, true) => format!("down to {}", count(limit.least())),
            (false, false) => format!("{} to {}", count(limit.least()), count(limit.most())),
        };
        let (key, counts, reason) = (limit.key(), limit.counts(), limit.reason());
        page.push_str(&format!("| `{key}` | {counts} | {} | {range} | {reason} |\n", count(limit.default())));
    }
    page.push_str(
        "\n`memory_bytes` and `cpu_seconds` bound the worker process and hold on Linux alone; the others hold everywhere. A file is\n\
         read to one byte beyond its limit at most, and only a regular one; a passphrase alone may come from a pipe. Entries are counted\n\
         before they are parsed. Proofs, segments, batches and steps are counted once the JSON they stand in is parsed, which `json_bytes`\n\
         bounds; signatures likewise, within `envelope_bytes`. The circuit a package names is measured against `constraints` when its\n\
         statement is read, before anything is synthesised. A package's own period has no more weeks or months than its statements may\n\
         have batches, 20 000 at most (`period-off-calendar`).\n\n\
         A worker that waits uses no CPU time. Whoever started it ends it after four times `cpu_seconds`, at least ten minutes, by the\n\
         clock and on every system, with exit code 6.\n\n\
         Commands that know no policy (`inspect`, `engagement new`, `sign`, `receipt make`, `sample`, `traceability`) read\n\
         packages up to the most any policy may set; in a worker, its memory and time are the defaults.\n\n\
         There is no limit on compression: entries of a package are stored, and a compressed one is malformed (exit code 3).\n\
         Lengths of names, paths and key identifiers, the lines of an anchor or a deposit and the number of batches in a log of\n\
         anchors, 20 000, have bounds that belong to their formats; what breaks them is malformed, too.\n\n",
    );
    page.push_str(&format!(
        "What an auditor asks for has bounds as well, which no policy moves: {} batches of an engagement's calendar (exit code 3), {}\n\
         rows of a sample (exit code 2).\n",
        count(MAX_SLOTS as u64),
        count(MAX_DRAWN as u64)
    ));
    page
}

/// The page of every command's help, in the order the program lists them.
fn manual(verifold: &Path) -> anyhow::Result<String> {
    let mut page = String::from(
        "# `verifold`, command by command\n\nWritten by `cargo xtask docs` from the program's own help. \
         Exit codes and what they mean stand under the first heading.\n",
    );
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    while !commands.is_empty() {
        let command = commands.remove(0);
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = said(verifold, &arguments)?;
        // Ahead of what waits, so that a command is followed by its own.
        let below = subcommands(&help).into_iter().map(|name| [command.as_slice(), &[name]].concat());
        commands.splice(0..0, below);
        let heading = [["verifold".to_owned()].as_slice(), &command].concat().join(" ");
        let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## `{heading}`\n\n```text\n{}\n```\n", lines.join("\n")));
    }
    Ok(page)
}

/// Names under `Commands:` in a help text.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Deeper lines continue a description.
    listed
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// What the program prints, run to a good end.
fn said(program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("starting {}", program.display()))?;
    ensure!(output.status.success(), "verifold {} ended with {}", arguments.join(" "), output.status);
    String::from_utf8(output.stdout).context("verifold did not answer in UTF-8")
}

/// The page with the table between the marks replaced; `None` if a mark is missing.
fn with_table(page: &str, table: &str) -> Option<String> {
    let (head, rest) = page.split_once(TABLE_BEGIN)?;
    let (_, tail) = rest.split_once(TABLE_END)?;
    Some(format!("{head}{TABLE_BEGIN}{table}{TABLE_END}{tail}"))
}

/// Pages that differ from what is wanted or are missing, and files of the folder that are wanted no more.
fn stale(folder: &Path, wanted: &BTreeMap<PathBuf, String>) -> anyhow::Result<Vec<PathBuf>> {
    let mut stale: Vec<PathBuf> =
        wanted.iter().filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(*text)).map(|(path, _)| path.clone()).collect();
    if folder.is_dir() {
        for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
            if !wanted.contains_key(&path) {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_differs_is_missing_or_left_over_is_stale() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("same"), "text").expect("a written file");
        fs::write(at("differs"), "old").expect("a written file");
        fs::write(at("left-over"), "text").expect("a written file");
        let wanted = ["differs", "missing", "same"].map(|name| (at(name), "text".to_owned())).into();
        assert_eq!(stale(folder.path(), &wanted).expect("a readable folder"), [at("differs"), at("missing"), at("left-over")]);
    }

    #[test]
    fn subcommands_are_read_from_help() {
        let help = "Usage: p <COMMAND>\n\nCommands:\n  verify   Verify\n             a package\n  inspect  Show\n  help     Print this\n\nOptions:\n  -h  Help\n";
        assert_eq!(subcommands(help), ["verify", "inspect"]);
        assert!(subcommands("Usage: p\n").is_empty());
    }

    #[test]
    fn the_table_stands_between_its_marks() {
        let page = |table: &str| format!("head\n{TABLE_BEGIN}{table}{TABLE_END}\ntail\n");
        assert_eq!(with_table(&page("old\n"), "new\n"), Some(page("new\n")));
        assert_eq!(with_table("head\n", "new\n"), None);
    }
}
