//! `verifold inspect`: claims, shown without believing them.

use std::path::{Path, PathBuf};

use clap::Args;
use verifold_model::{
    change,
    cohort::{BatchRole, Outcome},
    format::{batches_text, bytes, count, counted},
    plan::Plan,
    preparation::{PART_NAMES, PreparationStatement},
    protocol::{WorkerEvent, WorkerRequest},
    receipts::ReceiptsStatement,
    revision::RevisionStatement,
    state::Exit,
    statement::{Header, MonitoringStatement, StageStatement, StatementKind},
    training::{RATE_SHIFT, TrainingStatement},
};
use verifold_package::{ClaimedPackage, ClaimedProof, Limits, PackageError};

use crate::{
    failure::Failure,
    host::{self, path_text},
    traceability,
    wrap::{fill, pad},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The package.
    package: PathBuf,
}

/// A package that cannot be read, as a failure of a command that needs it.
pub(crate) fn unreadable(error: &PackageError, path: &Path) -> Failure {
    let place = if error.place().is_empty() { String::new() } else { format!(", at {}", error.place()) };
    Failure::new(
        error.exit(),
        format!("the package cannot be read [{}]{place}: {error}: {}", error.cause(), path.display()),
        "ask the audited party for the package again, and compare SHA-256 digests on another channel",
    )
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let request = WorkerRequest::Inspect { package: path_text(&arguments.package)? };
    let WorkerEvent::Told { text, .. } = host::ask(request)? else { return Err(host::unasked()) };
    print!("{text}");
    Ok(Exit::Met)
}

/// What is printed; for the worker.
pub(crate) fn text(data: &[u8], path: &Path) -> Result<String, Failure> {
    let package = ClaimedPackage::read(data, &Limits::most()).map_err(|error| unreadable(&error, path))?;
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line("CLAIMED, nothing below has been verified; `verifold verify` does that\n".to_owned());
    line(format!("Package   {}, {}", crate::verify::file_name(path), bytes(package.size)));
    line(format!("SHA-256   {}", package.digest));
    line(format!("Written   by {}, dated {}", package.written_by, package.created));
    let subject = &package.subject;
    let words = format!("{}, LEI {}, {}, model {}", subject.name, subject.lei, subject.system, subject.model);
    line(fill("Subject   ", "          ", &words).trim_end().to_owned());
    line(format!("Period    {}", package.period.text()));
    line(format!("Plan      {}\n", package.plan.digest()));
    line("ENTRIES   (digests of entries are recomputed and match the manifest)".to_owned());
    for entry in &package.entries {
        line(format!("  {} {} {} {}", pad(&entry.path, 40), pad(&bytes(entry.size), 10), entry.digest.short(), entry.role));
    }
    for envelope in &package.envelopes {
        let stated = &envelope.statement.predicate;
        let kept = if envelope.statement.manifest() == package.manifest_digest { "this manifest" } else { "ANOTHER manifest" };
        line(format!("\nSIGNATURE of {kept}, dated {}, by {}", stated.signed_at, stated.signer.name));
        line(fill("  key  ", "       ", &stated.signer.public_key.fingerprint().to_string()).trim_end().to_owned());
    }
    for document in &package.traceability {
        line(format!(
            "\nTRACEABILITY of {}, claimed by the provider, as the rest; not compared with the proofs here",
            document.stage.name()
        ));
        line(traceability::printed(document, "  ").trim_end().to_owned());
    }
    for stage in &package.stages {
        line(head(stage, stage.statement.header(), stage.statement.steps()) + stage_text(&stage.statement, &package.plan).trim_end());
    }
    for pair in package.proofs.windows(2) {
        let [before, proof] = pair else { continue };
        let (old, new) = (before.statement.model_commitment, proof.statement.model_commitment);
        if old == new {
            continue;
        }
        let since = proof.statement.header.period.start.date_text();
        line(format!(
            "\nCHANGE OF MODEL from {since} on, as stated by {} and {}\n  before    {old}\n  from then {new}",
            before.id, proof.id
        ));
        match package.changes.iter().find(|change| change.proof == proof.id).map(|change| &change.record) {
            None => line("  no change record is in the package".to_owned()),
            Some(record) => {
                let text = format!(
                    "{} (approved by {}, {}; {})",
                    record.reason.trim_end_matches('.'),
                    record.approver,
                    record.date,
                    record.reference
                );
                line(fill("  record    ", "            ", &text).trim_end().to_owned());
                line(format!("            {}; not compared with the proofs here", change::CLAIMED.to_lowercase()));
            }
        }
    }
    for proof in &package.proofs {
        line(head(proof, &proof.statement.header, proof.statement.steps) + &segments(proof) + cohort(&proof.statement).trim_end());
    }
    Ok(text)
}

/// What a proof is said to be, and its size.
fn head<S>(proof: &ClaimedProof<S>, header: &Header, steps: u64) -> String {
    let mut out = format!("\nPROOF     {}: {}, {}\n", proof.id, proof.title, proof.stage.title());
    out.push_str(&format!("  statement {}, circuit {}, {}\n", proof.kind.name(), header.circuit, proof.system.title()));
    out.push_str(&fill("  strength  ", "            ", &proof.system.strength().words()));
    out.push_str(&format!("  {} steps, proof {}\n", count(steps), bytes(proof.proof_bytes())));
    out
}

/// How many segments a proof has, and their batches; nothing of a proof in one piece.
fn segments(proof: &ClaimedProof) -> String {
    if proof.further.is_empty() {
        return String::new();
    }
    let last = |end: usize| end.saturating_sub(1) as u64;
    let ranges: Vec<String> = proof.segments().map(|(batches, _)| batches_text(batches.start as u64, last(batches.end))).collect();
    fill("  segments  ", "            ", &format!("{}, proven apart: {}", ranges.len(), ranges.join("; ")))
}

/// What a proof other than monitoring's states: sizes, commitments, rules.
fn stage_text(statement: &StageStatement, plan: &Plan) -> String {
    match statement {
        StageStatement::Preparation(statement) => preparation(statement, plan),
        StageStatement::Training(statement) => training(statement),
        StageStatement::OfflineMetrics(statement) => cohort(statement),
        StageStatement::MaturedCohort(statement) => matured(statement),
        StageStatement::Receipts(statement) => receipts(statement),
        StageStatement::OutcomeRevision(statement) => revision(statement),
    }
}

fn preparation(statement: &PreparationStatement, plan: &Plan) -> String {
    let mut out = String::new();
    for (name, part) in PART_NAMES.iter().zip(&statement.parts) {
        let [missing, outside] = part.profile.set_aside.iter().fold([0u64; 2], |sum, group| [0, 1].map(|i| sum[i] + u64::from(group[i])));
        out.push_str(&format!(
            "  {name}: {}, of which {} set aside ({} for a missing value, {} for one outside its domain)\n",
            count(u64::from(part.rows)),
            count(part.profile.dropped()),
            count(missing),
            count(outside),
        ));
        out.push_str(&format!("    rows      {}\n    outcomes  {}\n", part.row_commitment, part.outcome_commitment));
    }
    if let Some(last) = statement.parts.last() {
        out.push_str(&format!("  raw rows    {}\n", last.raw_row_commitment));
    }
    let sentences = statement.preparation.sentences(plan);
    out.push_str(&format!("  rules, {}:\n", counted(sentences.len() as u64, "column", "columns")));
    for sentence in sentences {
        out.push_str(&fill("    ", "      ", &sentence));
    }
    out
}

fn training(statement: &TrainingStatement) -> String {
    let spec = &statement.spec;
    let rows = counted(u64::from(statement.rows), "row", "rows");
    let epochs = counted(u64::from(spec.epochs), "epoch", "epochs");
    let minibatches = counted(statement.steps, "minibatch", "minibatches");
    let mut out = format!("  {rows} in {epochs}, {minibatches}\n");
    let rate = format!("learning rate {} / ({} + minibatches done)", spec.rate_numerator, spec.rate_offset);
    let rest = match &spec.network {
        None => format!("and decay {}, in units of 2^-{RATE_SHIFT}", spec.decay),
        Some(network) => {
            let neurons: Vec<String> = network.hidden.iter().map(u8::to_string).collect();
            format!("for a network of {} hidden neurons, initial weights from seed {}", neurons.join(" and "), network.seed)
        }
    };
    out.push_str(&fill("  rule      ", "            ", &format!("{rate} {rest}; SHA-256 of the whole rule {}", spec.digest())));
    out.push_str(&format!("  rows      {}\n  outcomes  {}\n", statement.row_commitment, statement.outcome_commitment));
    out.push_str(&format!("  model     {}\n", statement.model_commitment));
    out
}

/// Batches with a root over the openings of their rows.
fn receipts(statement: &ReceiptsStatement) -> String {
    let mut out = format!("  model  {}\n  batch  {} root of the receipts\n", statement.model_commitment, pad("rows", 9));
    for batch in &statement.batches {
        out.push_str(&format!("  {} {} {}\n", pad(&batch.index.to_string(), 6), pad(&count(u64::from(batch.rows)), 9), batch.root));
    }
    out
}

/// How many rows of each batch changed from which outcome to which.
fn revision(statement: &RevisionStatement) -> String {
    use verifold_model::cohort::Outcome::{Bad, Good, Unknown};
    let columns = ["rows", "became known", "good to bad", "bad to good", "withdrawn"];
    let mut out = format!("  batch  {}\n", columns.map(|column| pad(column, 12)).join(" ").trim_end());
    for batch in &statement.batches {
        let of = |earlier, later| u64::from(batch.counts.of(earlier, later));
        let numbers = [
            u64::from(batch.rows),
            of(Unknown, Good) + of(Unknown, Bad),
            of(Good, Bad),
            of(Bad, Good),
            of(Good, Unknown) + of(Bad, Unknown),
        ];
        let line = numbers.map(|n| pad(&count(n), 12)).join(" ");
        out.push_str(&format!("  {} {}\n", pad(&batch.index.to_string(), 6), line.trim_end()));
    }
    out
}

/// How many outcomes of each batch are known now, and how many of those are bad.
fn matured(statement: &MonitoringStatement) -> String {
    let mut out = format!("  model  {}\n  chain  {}\n", statement.model_commitment, statement.chain_head);
    let columns = ["from", "to", "scored", "known now", "bad"];
    out.push_str(&format!("  batch  {}\n", columns.map(|column| pad(column, 12)).join(" ").trim_end()));
    for batch in &statement.batches {
        let bad = count(batch.table.of_outcome(Outcome::Bad));
        let cells = [
            batch.start.date_text(),
            batch.end.date_text(),
            count(batch.table.scored()),
            count(batch.table.known()),
            if batch.role == BatchRole::Reference { format!("{bad}, reference") } else { bad },
        ];
        out.push_str(&format!("  {} {}\n", pad(&batch.index.to_string(), 6), cells.map(|cell| pad(&cell, 12)).join(" ").trim_end()));
    }
    out
}

/// Model and batches of a scored cohort.
fn cohort(statement: &MonitoringStatement) -> String {
    let offline = statement.header.statement == StatementKind::OfflineMetricsV2;
    let mut out = format!("  model  {}\n  chain  {}\n", statement.model_commitment, statement.chain_head);
    out.push_str(&format!("  batch  {} {} {} {} approvals logged\n", pad("from", 12), pad("to", 12), pad("rows", 9), pad("scored", 9)));
    for batch in &statement.batches {
        // Keys of development rows are pseudonyms: their span is no time.
        let (from, to) = if offline { ("–".to_owned(), "–".to_owned()) } else { (batch.start.date_text(), batch.end.date_text()) };
        let role = match batch.role {
            BatchRole::Reference if offline => ", training rows",
            BatchRole::Reference => ", reference",
            BatchRole::Test => ", test rows",
            BatchRole::Monitoring => "",
        };
        out.push_str(&format!(
            "  {} {} {} {} {} {}{role}\n",
            pad(&batch.index.to_string(), 6),
            pad(&from, 12),
            pad(&to, 12),
            pad(&count(u64::from(batch.rows)), 9),
            pad(&count(batch.table.scored()), 9),
            count(batch.table.logged_approvals()),
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_statements_are_listed_with_sizes_and_rules() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-lifecycle/package.zkaudit");
        let package = ClaimedPackage::read(&std::fs::read(path).unwrap(), &Limits::most()).unwrap();
        let texts: Vec<String> = package.stages.iter().map(|stage| stage_text(&stage.statement, &package.plan)).collect();
        let [preparation, training, offline, receipts] = texts.as_slice() else { panic!("{texts:?}") };
        assert!(preparation.contains("  training rows: 2\u{202F}079, of which ") && preparation.contains(" set aside ("), "{preparation}");
        assert!(preparation.contains("  rules, 20 columns:\n") && preparation.contains(" is mapped to "), "{preparation}");
        assert!(training.contains("2\u{202F}079 rows in 12 epochs, 240 minibatches"), "{training}");
        assert!(offline.contains("913") && offline.contains(", test rows"), "{offline}");
        assert!(receipts.contains("root of the receipts") && receipts.lines().count() == 26, "{receipts}");
    }
}
