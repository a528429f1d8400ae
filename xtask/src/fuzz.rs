//! The long run of the fuzzers: the functions of `fuzz/targets.rs` under libFuzzer, seeded from the sample audits.
//!
//! A target runs for so many minutes of processor time, and on while it still finds edges, so that the figures mean the same on a
//! busy machine. A table at the end gives, for each, inputs executed, edges of the program reached, and the time without a new one.
//!
//! Needs cargo-fuzz (`cargo install cargo-fuzz`). Instrumentation is asked of the toolchain at hand; sanitizers are not used,
//! as the code is free of `unsafe`. What it finds stays in `fuzz/artifacts`, what it learnt in `fuzz/corpus`; `--keep` puts the
//! part of that which reaches something new into `fuzz/learnt`, which later runs, and a test, begin with.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use flate2::{Compression, GzBuilder};
use serde_json::Value;

#[expect(dead_code, clippy::expect_used, reason = "the names of the targets are wanted; the targets say what must hold")]
#[path = "../../fuzz/targets.rs"]
mod targets;

#[expect(clippy::expect_used, reason = "without samples there is nothing to begin with")]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

#[expect(clippy::expect_used, reason = "what is kept must be readable")]
#[path = "../../fuzz/learnt.rs"]
mod learnt;

/// Arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Targets; all if none is named
    targets: Vec<String>,
    /// Minutes of processor time for each, at least
    #[arg(long, value_name = "N", default_value_t = 20)]
    minutes: u32,
    /// Minutes of processor time without a new edge, after which a target that had its time ends
    #[arg(long, value_name = "N", default_value_t = 5)]
    quiet: u32,
    /// Targets at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    processes: usize,
    /// Keep what was learnt, for later runs and the test of parsers
    #[arg(long)]
    keep: bool,
    /// Run the fuzzer as it was built last
    #[arg(long)]
    as_built: bool,
}

/// Runs the targets one after the other.
///
/// # Errors
/// If a target is unknown, cannot be built, crashes, or still finds edges when its time is over.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let known: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).chain(["proof"]).collect();
    for name in &args.targets {
        ensure!(known.contains(&name.as_str()), "there is no target {name}; there are {}", known.join(", "));
    }
    let chosen = known.iter().filter(|name| args.targets.is_empty() || args.targets.iter().any(|wanted| wanted == *name));
    let fuzzer = root.join("fuzz/target/x86_64-unknown-linux-gnu/release/parsers");
    if !args.as_built {
        let built = Command::new("cargo")
            .current_dir(root.join("fuzz"))
            // Coverage instrumentation is not asked of stable toolchains otherwise.
            .env("RUSTC_BOOTSTRAP", "1")
            // What comparisons compare teaches little here, where words are known and digests made anew, and costs a third of the time.
            .args(["fuzz", "build", "--target", "x86_64-unknown-linux-gnu", "--sanitizer", "none", "--no-trace-compares", "parsers"])
            .status()
            .context("starting cargo fuzz: install it with `cargo install cargo-fuzz`")?;
        ensure!(built.success(), "the fuzzer was not built");
    }
    let waiting: Mutex<Vec<&str>> = Mutex::new(chosen.rev().copied().collect());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let runs = thread::scope(|scope| {
        let workers: Vec<_> = (0..args.processes.max(1))
            .map(|_| {
                scope.spawn(|| {
                    let mut runs = Vec::new();
                    while let Some(name) = next() {
                        let run = fuzz(root, &fuzzer, name, args)?;
                        println!("{}", run.line);
                        if args.keep && run.ended {
                            keep(root, &fuzzer, name)?;
                        }
                        runs.push(run);
                    }
                    anyhow::Ok(runs)
                })
            })
            .collect();
        let mut runs = Vec::new();
        for worker in workers {
            runs.extend(worker.join().map_err(|_| anyhow::anyhow!("a fuzzer's watch ended badly"))??);
        }
        anyhow::Ok(runs)
    })?;
    println!("\ntarget         CPU min  of it quiet  executions   edges");
    for run in &runs {
        println!("{}", run.line);
    }
    let crashed: Vec<&str> = runs.iter().filter(|run| !run.ended).map(|run| run.name.as_str()).collect();
    if !crashed.is_empty() {
        bail!("inputs that should not be: {}; see fuzz/artifacts", crashed.join(", "));
    }
    let restless: Vec<&str> = runs.iter().filter(|run| !run.quiet).map(|run| run.name.as_str()).collect();
    ensure!(restless.is_empty(), "still finding edges after three times their time: {}", restless.join(", "));
    Ok(())
}

/// What became of a target.
struct Run {
    name: String,
    /// Stopped by the watch, rather than by an input that should not be.
    ended: bool,
    /// Had its time, and found no edge for long enough before its end.
    quiet: bool,
    line: String,
}

/// Runs one target until it has had its time and has been quiet for long enough, at most three times its time.
fn fuzz(root: &Path, fuzzer: &Path, name: &str, args: &Args) -> anyhow::Result<Run> {
    let (corpus, artifacts) = (root.join("fuzz/corpus").join(name), root.join("fuzz/artifacts").join(name));
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    let seeds = seeds::of(name);
    for (at, input) in seeds.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{at}")), input)?;
    }
    for (at, input) in learnt::of(name).iter().enumerate() {
        fs::write(corpus.join(format!("learnt-{at}")), input)?;
    }
    // Beside the corpus, for the engine and for alterations by words; none needs an escape.
    let dictionary = corpus.with_extension("dict");
    let lines: String = words(root, &seeds)?.iter().map(|word| format!("\"{word}\"\n")).collect();
    fs::write(&dictionary, &lines).with_context(|| format!("writing {}", dictionary.display()))?;
    let enumerations = corpus.with_extension("enumerations");
    let each: Vec<String> = self::enumerations(root)?.iter().map(|words| words.iter().cloned().collect::<Vec<_>>().join(" ")).collect();
    fs::write(&enumerations, each.join("\n")).with_context(|| format!("writing {}", enumerations.display()))?;
    // The engine takes an empty dictionary for a mistake.
    let of_words = (!lines.is_empty()).then(|| format!("-dict={}", dictionary.display()));
    // Long inputs run seldom: room for two of the longest seed.
    let longest = seeds.iter().map(Vec::len).max().unwrap_or_default().max(2_000) * 2;
    let mut child = Command::new(fuzzer)
        .env("VERIFOLD_TARGET", name)
        .env("VERIFOLD_WORDS", &dictionary)
        .env("VERIFOLD_ENUMERATIONS", &enumerations)
        .env("VERIFOLD_CORPUS", &corpus)
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(of_words)
        .arg(format!("-max_len={longest}"))
        // Alterations are of whole texts from the first.
        .arg("-len_control=0")
        // Wall time, on a machine that may be busy.
        .args(["-timeout=120", "-rss_limit_mb=4096"])
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", fuzzer.display()))?;
    let process = child.id();
    let errors = BufReader::new(child.stderr.take().context("it has no standard error")?);
    let (say, said) = mpsc::channel();
    let listener = thread::spawn(move || {
        for line in errors.lines().map_while(Result::ok) {
            if say.send(line).is_err() {
                break;
            }
        }
    });
    let (wanted, quiet) = (f64::from(args.minutes) * 60.0, f64::from(args.quiet) * 60.0);
    let (mut executions, mut edges, mut found, mut spent) = (0_u64, 0_u64, 0.0_f64, 0.0_f64);
    let (mut stopped, mut rested) = (false, false);
    loop {
        match said.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                if let Some((count, covered)) = progress(&line) {
                    executions = count;
                    if covered > edges {
                        edges = covered;
                        found = cpu_seconds(process).unwrap_or(spent);
                    }
                } else if line.contains("ERROR") || line.contains("panicked") {
                    println!("{name}: {line}");
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        spent = cpu_seconds(process).unwrap_or(spent);
        rested |= !stopped && spent >= wanted && spent - found >= quiet;
        if !stopped && (rested || spent >= 3.0 * wanted) {
            stopped = Command::new("kill").args(["-INT", &process.to_string()]).status()?.success();
        }
    }
    child.wait()?;
    listener.join().map_err(|_| anyhow::anyhow!("a fuzzer's messages were not read to their end"))?;
    let line = format!(
        "{name:<15} {:>6.1} {:>12.1} {executions:>11} {edges:>7}{}",
        spent / 60.0,
        (spent - found) / 60.0,
        match (stopped, rested) {
            (false, _) => "  STOPPED",
            (true, false) => "  NOT QUIET",
            (true, true) => "",
        }
    );
    Ok(Run { name: name.to_owned(), ended: stopped, quiet: rested, line })
}

/// Archives the inputs of a corpus that reach what its seeds do not, the smallest for each edge, in the same bytes each time.
fn keep(root: &Path, fuzzer: &Path, name: &str) -> anyhow::Result<()> {
    let corpus = root.join("fuzz/corpus").join(name);
    let chosen = tempfile::tempdir().context("a scratch folder")?;
    let seeds = seeds::of(name);
    for (at, input) in seeds.iter().enumerate() {
        fs::write(chosen.path().join(format!("seed-{at}")), input)?;
    }
    let merged = Command::new(fuzzer)
        .env("VERIFOLD_TARGET", name)
        // Not how often a part runs.
        .args(["-merge=1", "-use_counters=0"])
        .args([chosen.path(), &corpus])
        .output()
        .with_context(|| format!("starting {}", fuzzer.display()))?;
    ensure!(merged.status.success(), "{name}: {}", String::from_utf8_lossy(&merged.stderr));
    let mut inputs = Vec::new();
    for file in fs::read_dir(chosen.path())? {
        let path = file?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-")) {
            inputs.push(fs::read(path)?);
        }
    }
    // Likes beside likes: an archive of a tenth of the size.
    inputs.sort();
    let archive = learnt::archive(name);
    let beside = archive.with_extension("new");
    fs::create_dir_all(root.join("fuzz/learnt"))?;
    let mut builder = tar::Builder::new(GzBuilder::new().mtime(0).write(File::create(&beside)?, Compression::best()));
    for (at, input) in inputs.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_size(input.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, format!("{at:05}"), input.as_slice())?;
    }
    builder.into_inner()?.finish()?.sync_all()?;
    fs::rename(&beside, &archive).with_context(|| format!("writing {}", archive.display()))?;
    println!("{name:<15} keeps {} inputs", inputs.len());
    Ok(())
}

/// Words of these inputs and of the formats, for a fuzzer to put together: field names, words of enumerations, keys of TOML.
fn words(root: &Path, seeds: &[Vec<u8>]) -> anyhow::Result<BTreeSet<String>> {
    fn of_schema(value: &Value, words: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match (name.as_str(), value) {
                        ("properties", Value::Object(properties)) => words.extend(properties.keys().cloned()),
                        ("const", Value::String(word)) => drop(words.insert(word.clone())),
                        ("enum", Value::Array(all)) => words.extend(all.iter().filter_map(Value::as_str).map(str::to_owned)),
                        _ => {}
                    }
                    of_schema(value, words);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| of_schema(item, words)),
            _ => {}
        }
    }
    let of_seeds = seeds.iter().filter_map(|seed| std::str::from_utf8(seed).ok()).flat_map(|text| {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c)))
            .filter(|word| (2..=32).contains(&word.len()) && word.starts_with(|c: char| c.is_ascii_lowercase()))
    });
    let found: BTreeSet<String> = of_seeds.map(str::to_owned).collect();
    let mut all = found.clone();
    for schema in schemas(root)? {
        let mut words = BTreeSet::new();
        of_schema(&schema, &mut words);
        // A format of which the seeds use little is another format.
        if words.intersection(&found).count() * 2 >= words.len() {
            all.append(&mut words);
        }
    }
    Ok(all)
}

/// The words of each enumeration in the schemas.
fn enumerations(root: &Path) -> anyhow::Result<BTreeSet<BTreeSet<String>>> {
    /// The word or words that a schema allows.
    fn allowed(schema: &Value) -> impl Iterator<Item = &str> {
        let of_list = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        of_list.chain(schema.get("const")).filter_map(Value::as_str)
    }
    fn words<'a>(schemas: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
        schemas.flat_map(allowed).map(str::to_owned).collect()
    }
    fn collect(schema: &Value, found: &mut BTreeSet<BTreeSet<String>>) {
        found.insert(words([schema].into_iter()));
        for kind in ["oneOf", "anyOf"] {
            let Some(kinds) = schema.get(kind).and_then(Value::as_array) else { continue };
            found.insert(words(kinds.iter()));
            // Those told apart by the word in one of their fields.
            let fields = || kinds.iter().filter_map(|kind| kind.get("properties")?.as_object()).flatten();
            found.extend(fields().map(|(name, _)| words(fields().filter(|(other, _)| *other == name).map(|(_, schema)| schema))));
        }
        match schema {
            Value::Object(fields) => fields.values().for_each(|schema| collect(schema, found)),
            Value::Array(items) => items.iter().for_each(|schema| collect(schema, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for schema in schemas(root)? {
        collect(&schema, &mut found);
    }
    found.retain(|words| words.len() > 1);
    Ok(found)
}

/// The schemas of all formats.
fn schemas(root: &Path) -> anyhow::Result<Vec<Value>> {
    let files = fs::read_dir(root.join("docs/schemas")).context("listing the schemas")?;
    files
        .map(|file| {
            let path = file?.path();
            serde_json::from_slice(&fs::read(&path)?).with_context(|| format!("reading {}", path.display()))
        })
        .collect()
}

/// Inputs executed and edges reached, of a line like `#4096 pulse cov: 812 ft: …`.
fn progress(line: &str) -> Option<(u64, u64)> {
    let (count, rest) = line.strip_prefix('#')?.split_once(|c: char| c.is_whitespace())?;
    let covered = rest.split_once("cov: ")?.1.split_whitespace().next()?;
    Some((count.parse().ok()?, covered.parse().ok()?))
}

/// Processor time of a running process, in seconds: fields 14 and 15 of `/proc/PID/stat`, in hundredths (proc(5)).
fn cpu_seconds(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: u32 = fields.next()?.parse::<u32>().ok()? + fields.next()?.parse::<u32>().ok()?;
    Some(f64::from(ticks) / 100.0)
}
