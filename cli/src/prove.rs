//! `verifold prove`.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant as Clock},
};

use clap::{Args, Subcommand, ValueEnum};
use verifold_model::{
    change::ChangeDraft,
    format::{bytes, count, counted},
    instant::Instant,
    state::Exit,
    statement::StatementKind,
};
use verifold_policy::read_change_record;
use verifold_prove::{
    After, Event, LifecycleRequest, LifecycleSources, MaturedRequest, OnBadRow, Progress, ReceiptsRequest, Report, Request, Sources,
    integer::QuantisationError, prove_lifecycle, prove_matured, prove_monitoring, prove_receipts, prove_stage,
};

use crate::{anchor, failure::Failure, files, segments, traceability};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prove the monitoring of a period, batch by batch.
    Monitoring(Monitoring),
    /// Split a long period into segments that are proven apart, on as many cores or machines.
    Split(segments::Split),
    /// Prove one segment of a split; `verifold join` makes a package of all.
    Segment(segments::Segment),
    /// Prove the whole life cycle: prepare development rows, train or import the model, measure on test rows, monitor; one package.
    Pipeline(Pipeline),
    /// Add receipts to a package: a proven root over one opening for each row, from the files the package was made from.
    Receipts(Receipts),
    /// Add a matured cohort to a package: its rows counted once more under outcomes known since, and the changes counted.
    Matured(Matured),
}

#[derive(Debug, Args)]
pub(crate) struct Matured {
    /// The package; it is left as it is.
    #[arg(long, value_name = "MINE.zkaudit")]
    package: PathBuf,
    /// What it left behind.
    #[arg(long, value_name = "MINE.secrets")]
    secrets: PathBuf,
    /// What is measured, and how: as for the package.
    #[arg(long, value_name = "SPEC.toml")]
    spec: PathBuf,
    /// Rows that drift is measured against, as for the package.
    #[arg(long, value_name = "REF.csv|parquet")]
    reference: PathBuf,
    /// Rows of the period, as for the package.
    #[arg(long, value_name = "BATCHES.csv|parquet|DIR")]
    batches: PathBuf,
    /// Outcomes as for the package, if they stand in a table of their own.
    #[arg(long, value_name = "OUTCOMES.csv|parquet")]
    outcomes: Option<PathBuf>,
    /// Outcomes as they are known now: a line for every row of the period, the outcome empty where it is still unknown.
    #[arg(long, value_name = "LATER.csv|parquet")]
    later: PathBuf,
    /// What becomes of a row that cannot be read, as for the package.
    #[arg(long, value_enum, default_value_t = BadRow::Stop)]
    on_bad_row: BadRow,
    /// The package with the matured cohort; the salts of the later outcomes go to OUT.matured beside it.
    #[arg(long, short, value_name = "OUT.zkaudit")]
    output: PathBuf,
    /// Replace earlier files of these names.
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Receipts {
    /// The package; it is left as it is.
    #[arg(long, value_name = "MINE.zkaudit")]
    package: PathBuf,
    /// What it left behind.
    #[arg(long, value_name = "MINE.secrets")]
    secrets: PathBuf,
    /// What is measured, and how: as for the package.
    #[arg(long, value_name = "SPEC.toml")]
    spec: PathBuf,
    /// Rows that drift is measured against, as for the package.
    #[arg(long, value_name = "REF.csv|parquet")]
    reference: PathBuf,
    /// Rows of the period, as for the package.
    #[arg(long, value_name = "BATCHES.csv|parquet|DIR")]
    batches: PathBuf,
    /// Outcomes, if they stand in a table of their own.
    #[arg(long, value_name = "OUTCOMES.csv|parquet")]
    outcomes: Option<PathBuf>,
    /// What becomes of a row that cannot be read, as for the package.
    #[arg(long, value_enum, default_value_t = BadRow::Stop)]
    on_bad_row: BadRow,
    /// Give receipts for this batch alone, by its number in the chain. May be repeated; every monitored batch otherwise.
    #[arg(long = "batch", value_name = "N")]
    only: Vec<u32>,
    /// The package with receipts; what opens them goes to OUT.receipts beside it.
    #[arg(long, short, value_name = "OUT.zkaudit")]
    output: PathBuf,
    /// Replace earlier files of these names.
    #[arg(long)]
    overwrite: bool,
}

/// Stages of a life cycle, by the identifiers of their proofs.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PipelineStage {
    /// Raw rows to prepared rows.
    Preparation,
    /// Prepared training rows to a model.
    Training,
    /// Prepared test rows counted under the model.
    OfflineMetrics,
    /// The period's batches counted under the model.
    Monitoring,
}

impl From<PipelineStage> for StatementKind {
    fn from(stage: PipelineStage) -> Self {
        match stage {
            PipelineStage::Preparation => Self::PreparationV1,
            PipelineStage::Training => Self::TrainingV1,
            PipelineStage::OfflineMetrics => Self::OfflineMetricsV2,
            PipelineStage::Monitoring => Self::MonitoringV1,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BadRow {
    /// Commit it as void, counted by reason.
    Void,
    /// Stop and list the first of them.
    Stop,
}

impl From<BadRow> for OnBadRow {
    fn from(choice: BadRow) -> Self {
        match choice {
            BadRow::Void => Self::Void,
            BadRow::Stop => Self::Stop,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Pipeline {
    /// What is measured, and how.
    #[arg(long, value_name = "SPEC.toml")]
    spec: PathBuf,
    /// How development rows are split, and how the model is trained or where its ONNX file is.
    #[arg(long, value_name = "PIPELINE.toml")]
    pipeline: PathBuf,
    /// Rows to train and to test on.
    #[arg(long, value_name = "DEV.csv|parquet")]
    development: PathBuf,
    /// Rows that drift is measured against.
    #[arg(long, value_name = "REF.csv|parquet")]
    reference: PathBuf,
    /// Rows of the period: a file, or a folder of files.
    #[arg(long, value_name = "BATCHES.csv|parquet|DIR")]
    batches: PathBuf,
    /// Outcomes, joined by the id column.
    #[arg(long, value_name = "OUTCOMES.csv|parquet")]
    outcomes: Option<PathBuf>,
    /// What becomes of a row of the period that cannot be read.
    #[arg(long, value_enum, default_value_t = BadRow::Stop)]
    on_bad_row: BadRow,
    /// The package; its secrets go to OUT.secrets beside it.
    #[arg(long, short, value_name = "OUT.zkaudit")]
    output: PathBuf,
    /// Replace an earlier package of this name.
    #[arg(long)]
    overwrite: bool,
    /// Date of the package, in place of now.
    #[arg(long, value_name = "RFC3339")]
    date: Option<Instant>,
    /// Folder that keeps finished stages until the package is written; OUT.work beside it if none is named. A run that was
    /// stopped goes on from it.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Prove this stage alone into that folder: each may have a process of its own, and a run without this then writes the package.
    #[arg(long, value_enum)]
    stage: Option<PipelineStage>,
}

#[derive(Debug, Args)]
pub(crate) struct Monitoring {
    /// What is measured, and how.
    #[arg(long, value_name = "SPEC.toml")]
    spec: PathBuf,
    /// The model, as exported by scikit-learn or PyTorch.
    #[arg(long, value_name = "MODEL.onnx")]
    model: PathBuf,
    /// Rows that drift is measured against.
    #[arg(long, value_name = "REF.csv|parquet")]
    reference: PathBuf,
    /// Rows of the period: a file, or a folder of files.
    #[arg(long, value_name = "BATCHES.csv|parquet|DIR")]
    batches: PathBuf,
    /// Outcomes, joined by the id column.
    #[arg(long, value_name = "OUTCOMES.csv|parquet")]
    outcomes: Option<PathBuf>,
    /// What becomes of a row that cannot be read.
    #[arg(long, value_enum, default_value_t = BadRow::Stop)]
    on_bad_row: BadRow,
    /// Put the proof behind those of this package, whose period it goes on from, under the same model or another; the
    /// secrets of the package stand beside it.
    #[arg(long, value_name = "EARLIER.zkaudit")]
    after: Option<PathBuf>,
    /// Why another model scores from here on: a change record, which goes into the package.
    #[arg(long, value_name = "CHANGE.toml", requires = "after")]
    change_record: Option<PathBuf>,
    /// The log that `verifold anchor make` kept: its batches are proven as they were anchored.
    #[arg(long, value_name = "LOG")]
    anchored: Option<PathBuf>,
    /// Why it is proven this way: a document for each stage, as `verifold traceability new` begins one.
    #[arg(long, value_name = "STAGE.toml", num_args = 1..)]
    traceability: Vec<PathBuf>,
    /// The package; its secrets go to OUT.secrets beside it.
    #[arg(long, short, value_name = "OUT.zkaudit")]
    output: PathBuf,
    /// Replace an earlier package of this name.
    #[arg(long)]
    overwrite: bool,
    /// Date of the package, in place of now.
    #[arg(long, value_name = "RFC3339")]
    date: Option<Instant>,
}

pub(crate) struct Spoken {
    begun: Clock,
    said: Duration,
}

impl Spoken {
    pub(crate) fn begun() -> Self {
        #[expect(clippy::disallowed_methods, reason = "shells know the time")]
        Self { begun: Clock::now(), said: Duration::ZERO }
    }
}

impl Progress for Spoken {
    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn report(&mut self, event: Event) {
        match event {
            Event::Phase(phase) => eprintln!("{:>7.1} s  {}", self.elapsed().as_secs_f64(), phase.title()),
            Event::Folded(folded) => {
                let done = folded.steps == folded.steps_total;
                // A line every two seconds is enough to see that it goes on.
                if !done && self.elapsed() < self.said + Duration::from_secs(2) {
                    return;
                }
                self.said = self.elapsed();
                let left = folded.remaining().map_or_else(String::new, |left| format!(", about {} s left", left.as_secs()));
                eprintln!(
                    "{:>7.1} s    step {} of {}, {} of {} rows, {:.0} rows/s{left}",
                    self.elapsed().as_secs_f64(),
                    count(folded.steps),
                    count(folded.steps_total),
                    count(folded.rows),
                    count(folded.rows_total),
                    folded.rows_per_sec(),
                );
            }
            Event::Kept { stage } => eprintln!("{:>7.1} s    the proof of {stage} is there already", self.elapsed().as_secs_f64()),
        }
    }
}

pub(crate) fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Monitoring(arguments) => monitoring(arguments),
        Command::Split(arguments) => segments::split(arguments),
        Command::Segment(arguments) => segments::segment(arguments),
        Command::Pipeline(arguments) => pipeline(arguments),
        Command::Receipts(arguments) => receipts(arguments),
        Command::Matured(arguments) => matured(arguments),
    }
}

pub(crate) fn created(date: Option<Instant>) -> Result<Instant, Failure> {
    date.or_else(files::now).ok_or_else(|| Failure::new(Exit::Usage, "this computer's clock is before 1970", "give --date"))
}

fn pipeline(arguments: Pipeline) -> Result<Exit, Failure> {
    let sources = LifecycleSources {
        spec: arguments.spec,
        pipeline: arguments.pipeline,
        development: arguments.development,
        reference: arguments.reference,
        batches: arguments.batches,
        outcomes: arguments.outcomes,
        on_bad_row: arguments.on_bad_row.into(),
    };
    let work = arguments.work.unwrap_or_else(|| arguments.output.with_extension("work"));
    let kept = format!("what is finished is kept, and the same command goes on from it: {}", work.display());
    if let Some(stage) = arguments.stage {
        prove_stage(&sources, &work, stage.into(), &mut Spoken::begun())
            .map_err(|error| Failure::new(Exit::Usage, format!("the stage was not proven: {error}"), ""))?;
        println!("Proven and kept: {}. The same command without --stage writes the package.", work.display());
        return Ok(Exit::Met);
    }
    let request = LifecycleRequest {
        sources,
        created: created(arguments.date)?,
        output: arguments.output,
        work,
        overwrite: arguments.overwrite,
        written_by: format!("Verifold {}", env!("CARGO_PKG_VERSION")),
    };
    let report = prove_lifecycle(&request, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("no package was written: {error}"), kept))?;
    println!("{}, {} proofs: {}", bytes(report.package_bytes), report.steps.len(), request.output.display());
    for (proof, steps) in &report.steps {
        println!("  {proof}: {} steps", count(*steps));
    }
    println!("SHA-256 of the package  {}", report.package_sha256);
    println!("model commitment        {}", report.model_commitment);
    println!("plan digest             {}", report.plan_digest);
    let [integers, float] = report.test_auc;
    println!("\nClaimed, not part of the proofs:");
    println!(
        "  {} training rows, {} test rows; {} rows left out before commitment; {} raw values stand at an end of the raw range",
        count(report.development_rows[0]),
        count(report.development_rows[1]),
        count(report.dropped),
        count(report.clipped)
    );
    println!("  area under the curve on the test rows: proven integers {integers:.4}, a float logistic regression {float:.4}");
    if let Some(both) = &report.quantisation {
        println!("  how the model came about is not proven: it was imported");
        for (name, error) in ["reference", "monitoring"].into_iter().zip(both) {
            println!("  {name}: {}", quantisation_text(error));
        }
    }
    Ok(Exit::Met)
}

fn receipts(arguments: Receipts) -> Result<Exit, Failure> {
    let request = ReceiptsRequest {
        sources: Sources {
            spec: arguments.spec,
            // What scored the rows stands in the secrets.
            model: PathBuf::new(),
            reference: arguments.reference,
            batches: arguments.batches,
            outcomes: arguments.outcomes,
            on_bad_row: arguments.on_bad_row.into(),
        },
        package: arguments.package,
        secrets: arguments.secrets,
        batches: arguments.only,
        output: arguments.output,
        overwrite: arguments.overwrite,
    };
    let report = prove_receipts(&request, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was written: {error}"), ""))?;
    println!(
        "{} for {}, proof {}, {} steps of {}: {}",
        counted(report.rows, "receipt", "receipts"),
        counted(report.batches, "batch", "batches"),
        bytes(report.proof_bytes),
        count(report.steps),
        report.circuit,
        request.output.display()
    );
    println!("SHA-256 of the package  {}", report.package_sha256);
    if report.signatures_dropped > 0 {
        println!("Its signatures were about the package without receipts: sign it again (`verifold sign`).");
    }
    println!("Keep {} with the data: it opens every row.", verifold_prove::receipts::receipts_path(&request.output).display());
    Ok(Exit::Met)
}

fn matured(arguments: Matured) -> Result<Exit, Failure> {
    let request = MaturedRequest {
        sources: Sources {
            spec: arguments.spec,
            // What scored the rows stands in the secrets.
            model: PathBuf::new(),
            reference: arguments.reference,
            batches: arguments.batches,
            outcomes: arguments.outcomes,
            on_bad_row: arguments.on_bad_row.into(),
        },
        later: arguments.later,
        package: arguments.package,
        secrets: arguments.secrets,
        output: arguments.output,
        overwrite: arguments.overwrite,
    };
    let report = prove_matured(&request, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was written: {error}"), ""))?;
    println!(
        "{} in {} under later outcomes: {}",
        counted(report.rows, "row", "rows"),
        counted(report.batches, "batch", "batches"),
        request.output.display()
    );
    for ((circuit, steps), size) in report.circuits.iter().zip(report.steps).zip(report.proof_bytes) {
        println!("  proof {}, {} steps of {circuit}", bytes(size), count(steps));
    }
    println!("SHA-256 of the package  {}", report.package_sha256);
    println!("\nRows of the period by outcome, at monitoring (down) and since (across); void rows are unknown in both:");
    println!("  {:>8} {:>10} {:>10} {:>10}", "", "unknown", "good", "bad");
    for (name, line) in ["unknown", "good", "bad"].iter().zip(report.counts.0) {
        println!("  {name:>8} {:>10} {:>10} {:>10}", count(line[0].into()), count(line[1].into()), count(line[2].into()));
    }
    if report.signatures_dropped > 0 {
        println!("Its signatures were about the package without later outcomes: sign it again (`verifold sign`).");
    }
    println!("Keep {} with the data: it opens the later outcomes.", verifold_prove::matured::matured_path(&request.output).display());
    Ok(Exit::Met)
}

fn change_record(path: &Path) -> Result<ChangeDraft, Failure> {
    read_change_record(&files::text("change record", path)?).map_err(|error| {
        let lines: Vec<String> = error.notices.iter().map(|notice| format!("\n  {notice}")).collect();
        let what = format!("the {} cannot be used, so nothing was proven: {}{}", error.file, path.display(), lines.concat());
        Failure::new(Exit::Malformed, what, "write reason, approver, date and reference; both models may be left out")
    })
}

fn monitoring(arguments: Monitoring) -> Result<Exit, Failure> {
    let created = created(arguments.date)?;
    let change = arguments.change_record.as_deref().map(change_record).transpose()?;
    let after = arguments.after.map(|package| After { package, change });
    let request = Request {
        sources: Sources {
            spec: arguments.spec,
            model: arguments.model,
            reference: arguments.reference,
            batches: arguments.batches,
            outcomes: arguments.outcomes,
            on_bad_row: arguments.on_bad_row.into(),
        },
        after,
        anchored: arguments.anchored.as_deref().map(anchor::log).transpose()?,
        traceability: traceability::documents(&arguments.traceability)?,
        output: arguments.output,
        overwrite: arguments.overwrite,
        created,
        written_by: format!("Verifold {}", env!("CARGO_PKG_VERSION")),
    };
    let report = prove_monitoring(&request, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was written: {error}"), ""))?;
    print_report(&report, &request.output);
    Ok(Exit::Met)
}

fn quantisation_text(error: &QuantisationError) -> String {
    format!(
        "integer against float model on {} rows: log-odds differ by at most {:.6}, probability by {:.6}, {} decisions differ",
        count(error.rows),
        error.max_log_odds,
        error.max_probability,
        error.decisions_differing
    )
}

/// What a run that made a package of monitoring says of it.
pub(crate) fn print_report(report: &Report, output: &Path) {
    println!(
        "{}, proof {}, {} steps{}: {}",
        bytes(report.package_bytes),
        bytes(report.proof_bytes),
        count(report.steps),
        if report.segments > 1 { format!(" in {} segments", report.segments) } else { String::new() },
        output.display()
    );
    println!("SHA-256 of the package  {}", report.package_sha256);
    println!("model commitment        {}", report.model_commitment);
    println!("plan digest             {}", report.plan_digest);
    println!("\nClaimed, not part of the proof:");
    for (name, source) in [("reference", &report.reference), ("monitoring", &report.monitoring)] {
        println!(
            "  {name}: {} rows read, {} scored, {} dropped before commitment",
            count(source.read),
            count(source.scored),
            count(source.dropped)
        );
        let error = &source.quantisation;
        println!("    {}", quantisation_text(error));
    }
    for note in &report.notes {
        println!("  {note}");
    }
}
