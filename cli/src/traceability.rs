//! `verifold traceability`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use verifold_circuits::{CircuitFacts, pinned_circuits};
use verifold_model::{
    candidates::candidates,
    format::{count, counted},
    plan::ModelKind,
    protocol::{WorkerEvent, WorkerRequest},
    state::{Exit, Stage},
    traceability::{ProofUsed, Traceability},
};
use verifold_package::{ClaimedPackage, Limits, traceability, write};
use verifold_policy::{TraceabilityDraft, lint_traceability, read_traceability};

use crate::{
    failure::Failure,
    files::{self, Readers},
    host::{self, path_text},
    inspect,
    wrap::{fill, pad},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Begin a traceability specification: what the program knows is filled in, what only a person can say is marked REQUIRED.
    New {
        /// Stage of the life cycle: data, training, inference or monitoring.
        #[arg(value_parser = stage)]
        stage: Stage,
        /// Take system, circuit and proof system from this package.
        #[arg(long, value_name = "PACKAGE")]
        package: Option<PathBuf>,
        /// Where the draft goes; standard output if not given.
        #[arg(long, short, value_name = "STAGE.toml")]
        output: Option<PathBuf>,
    },
    /// Check that a document is complete and does not contradict itself.
    Check {
        /// The document.
        document: PathBuf,
    },
    /// Print a document for reading.
    Show {
        /// The document.
        document: PathBuf,
    },
    /// Add documents to a package that nobody has signed yet; its proofs stay as they are.
    Add {
        /// The package.
        package: PathBuf,
        /// The documents.
        #[arg(required = true)]
        documents: Vec<PathBuf>,
        /// Where the package goes; in place of the one given if absent.
        #[arg(long, short, value_name = "OUT.zkaudit")]
        output: Option<PathBuf>,
    },
    /// List the proof systems drafts choose among, as this program assesses them.
    Systems,
}

fn stage(text: &str) -> Result<Stage, String> {
    let names = || Stage::ALL.map(Stage::name).join(", ");
    Stage::ALL.into_iter().find(|stage| stage.name() == text).ok_or_else(|| format!("expected one of {}", names()))
}

/// A document without gaps that a package can hold.
pub(crate) fn document(path: &Path) -> Result<Traceability, Failure> {
    let document = read_traceability(&files::document("traceability specification", path)?).map_err(|error| {
        let lines: Vec<String> = error.notices.iter().map(|notice| format!("\n  {notice}")).collect();
        Failure::new(
            Exit::Malformed,
            format!("the {} cannot be used, so no package was made: {}{}", error.file, path.display(), lines.concat()),
            "fill in or mend the lines named; `verifold traceability check` names them again",
        )
    })?;
    traceability::check(&document).map_err(|error| {
        let what = format!("no package can hold the traceability specification, so none was made ({error}): {}", path.display());
        Failure::new(error.exit(), what, "shorten or retype the text named")
    })?;
    Ok(document)
}

/// Documents, one for each stage at most.
pub(crate) fn documents(paths: &[PathBuf]) -> Result<Vec<Traceability>, Failure> {
    let mut documents: Vec<Traceability> = Vec::new();
    for path in paths {
        let next = document(path)?;
        if documents.iter().any(|earlier| earlier.stage == next.stage) {
            let what =
                format!("two traceability specifications are about {}, so no package was made: {}", next.stage.name(), path.display());
            return Err(Failure::new(Exit::Usage, what, "give one for each stage"));
        }
        documents.push(next);
    }
    Ok(documents)
}

fn package(path: &Path) -> Result<ClaimedPackage, Failure> {
    ClaimedPackage::read(&files::package(path, &Limits::most())?, &Limits::most()).map_err(|error| inspect::unreadable(&error, path))
}

/// The text of a draft with what a package says; for the worker.
pub(crate) fn drafted(data: &[u8], path: &Path, stage: Stage) -> Result<String, Failure> {
    let package = ClaimedPackage::read(data, &Limits::most()).map_err(|error| inspect::unreadable(&error, path))?;
    draft(stage, Some((&package, path)))
}

fn draft(stage: Stage, from: Option<(&ClaimedPackage, &Path)>) -> Result<String, Failure> {
    let package = from.map(|(package, _)| package);
    let proof = package.and_then(|package| package.proofs.iter().find(|proof| proof.stage == stage));
    if let (Some((_, path)), None) = (from, proof) {
        let what = format!("the package has no proof of stage {}, so nothing was drafted: {}", stage.name(), path.display());
        return Err(Failure::new(Exit::Usage, what, "draft without --package, or name the stage of one of its proofs"));
    }
    let used = proof.map(|proof| ProofUsed { statement: proof.kind, system: proof.system, circuit: proof.statement.header.circuit });
    let facts = used.and_then(|used| CircuitFacts::of(used.circuit));
    let cost = facts.map_or_else(String::new, |facts| {
        format!(
            "A step of the circuit has {} constraints, padded to {}, for {} rows. Checking costs about one multiplication of that size, however many batches there are.",
            count(facts.constraints_per_step as u64),
            count(facts.padded as u64),
            facts.rows_per_step
        )
    });
    let circuits = if stage == Stage::Monitoring { pinned_circuits().map(|circuit| circuit.to_string()).collect() } else { Vec::new() };
    let draft = TraceabilityDraft {
        stage,
        system: package.map(|package| package.subject.system.clone()),
        model_category: package.map(|package| match package.plan.scoring.kind {
            ModelKind::LogisticRegression => "linear".to_owned(),
            ModelKind::MultilayerPerceptron => "multilayer-perceptron".to_owned(),
        }),
        used,
        cost,
        circuits,
    };
    Ok(draft.to_toml())
}

fn new(stage: Stage, from: Option<&Path>, output: Option<&Path>) -> Result<Exit, Failure> {
    let text = match from {
        None => draft(stage, None)?,
        // Somebody else's, perhaps.
        Some(path) => {
            let request = WorkerRequest::DraftTraceability { package: path_text(path)?, stage };
            let WorkerEvent::Told { text, .. } = host::ask(request)? else { return Err(host::unasked()) };
            text
        }
    };
    match output {
        None => print!("{text}"),
        Some(path) => {
            files::write_new(path, text.as_bytes(), Readers::All)?;
            let left = lint_traceability(&text).notices.len() as u64;
            println!("{}, {} to be filled in by a person", path.display(), counted(left, "field is", "fields are"));
        }
    }
    Ok(Exit::Met)
}

fn check(path: &Path) -> Result<Exit, Failure> {
    let lint = lint_traceability(&files::document("traceability specification", path)?);
    for notice in &lint.notices {
        println!("{}: {notice}", path.display());
    }
    if lint.value.is_none() {
        println!("{}: not complete, so no package can be made with it", counted(lint.notices.len() as u64, "error", "errors"));
        return Ok(Exit::Malformed);
    }
    let document = document(path)?;
    println!(
        "complete: {}, decision {} with {}",
        document.stage.title().to_lowercase(),
        document.decision.system,
        document.decision.circuit
    );
    Ok(Exit::Met)
}

/// A document for reading, wrapped.
pub(crate) fn printed(document: &Traceability, indent: &str) -> String {
    let paragraph = |(level, text): (u8, String)| {
        let (first, rest) = match level {
            0 => (format!("\n{indent}"), indent.to_owned()),
            1 => (format!("{indent}  "), format!("{indent}  ")),
            _ => (format!("{indent}    - "), format!("{indent}      ")),
        };
        let text = if level == 0 { text.to_uppercase() } else { text };
        fill(&first, &rest, &text)
    };
    document.paragraphs().into_iter().map(paragraph).collect()
}

fn show(path: &Path) -> Result<Exit, Failure> {
    let text = files::document("traceability specification", path)?;
    let lint = lint_traceability(&text);
    // A draft can be read as well; it says itself what is missing.
    let document: Traceability = match lint.value {
        Some(document) => document,
        None => toml::from_str(&text).map_err(|_| {
            let lines: Vec<String> = lint.notices.iter().map(|notice| format!("\n  {notice}")).collect();
            Failure::new(
                Exit::Malformed,
                format!("the document cannot be read: {}{}", path.display(), lines.concat()),
                "mend the lines named",
            )
        })?,
    };
    traceability::check(&document).map_err(|error| {
        Failure::new(
            error.exit(),
            format!("the document cannot be shown ({error}): {}", path.display()),
            "shorten or retype the text named",
        )
    })?;
    print!("{}", printed(&document, ""));
    Ok(Exit::Met)
}

fn add(path: &Path, paths: &[PathBuf], output: Option<&Path>) -> Result<Exit, Failure> {
    let package = package(path)?;
    if !package.envelopes.is_empty() {
        let what =
            format!("the package is signed, and a document more would void its signatures; it was left as it is: {}", path.display());
        return Err(Failure::new(Exit::Usage, what, "add documents to the package as it was before it was signed, then sign"));
    }
    let documents = documents(paths)?;
    for document in &documents {
        let proofs = package.proofs.iter().filter(|proof| proof.stage == document.stage);
        for proof in proofs {
            let used = ProofUsed { statement: proof.kind, system: proof.system, circuit: proof.statement.header.circuit };
            if let Some(found) = document.contradicts(used, &package.subject.system).first() {
                let what = format!(
                    "the traceability specification of {} contradicts proof {}, so nothing was added: {found}",
                    document.stage.name(),
                    proof.id
                );
                return Err(Failure::new(Exit::Usage, what, "mend the document: it says how the proof at hand was made"));
            }
        }
    }
    let mut contents = package.contents();
    contents.traceability.retain(|earlier| documents.iter().all(|document| document.stage != earlier.stage));
    contents.traceability.extend(documents);
    let bytes = write(&contents).map_err(|error| inspect::unreadable(&error, path))?;
    let output = output.unwrap_or(path);
    files::write(output, &bytes)?;
    let stages: Vec<&str> = contents.traceability.iter().map(|document| document.stage.name()).collect();
    println!("Traceability of {}: {}", stages.join(", "), output.display());
    println!("SHA-256 of the package  {}", verifold_model::digest::Digest::of(&bytes));
    Ok(Exit::Met)
}

fn systems() {
    println!("Our own assessment, not a quotation; sources stand in docs/proof-systems.md.");
    for candidate in candidates() {
        let runs = if candidate.runs_here.is_some() { "" } else { "   (this program neither makes nor checks its proofs)" };
        println!("\n{}: {}{runs}", candidate.name, candidate.title);
        for (property, holds, reason) in &candidate.scores {
            println!("  {} {} {reason}", pad(property.title(), 24), pad(holds.word(), 5));
        }
        print!(
            "{}",
            fill(
                "  Security                 ",
                "                           ",
                &format!("{}. {}", candidate.strength.words(), candidate.strength.basis)
            )
        );
    }
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::New { stage, package, output } => new(*stage, package.as_deref(), output.as_deref()),
        Command::Check { document } => check(document),
        Command::Show { document } => show(document),
        Command::Add { package, documents, output } => add(package, documents, output.as_deref()),
        Command::Systems => {
            systems();
            Ok(Exit::Met)
        }
    }
}
