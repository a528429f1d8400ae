//! `verifold prove`.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant as Clock},
};

use clap::{Args, Subcommand};
use verifold_model::{
    change::ChangeDraft,
    format::{bytes, count, counted},
    instant::Instant,
    state::Exit,
    statement::StatementKind,
};
use verifold_policy::read_change_record;
use verifold_prove::{
    After, Event, LifecycleRequest, LifecycleSources, MaturedRequest, Progress, ReceiptsRequest, Report, Request, Sources,
    integer::QuantisationError, prove_lifecycle, prove_matured, prove_monitoring, prove_receipts, prove_stage,
};

use crate::{anchor, failure::Failure, files, segments, tables::Rows, traceability};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prove the monitoring of a period, batch by batch.
    Monitoring(Monitoring),
    /// Split a long period into segments that are proven apart, on as many cores or machines.
    Split(segments::Split),
    /// Prove one segment of a split; `verifold join` makes a package of all.
    Segment(segments::Segment),
    /// Prove the preparation of development rows, and their profile, alone: a stage of a life cycle.
    Preparation(Stage),
    /// Prove the training of the model alone: a stage of a life cycle.
    Training(Stage),
    /// Prove the offline metrics, counts of training and test rows under the model, alone: a stage of a life cycle.
    Metrics(Stage),
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
    #[command(flatten)]
    rows: Rows,
    /// Outcomes as they are known now: a line for every row of the period, the outcome empty where it is still unknown.
    #[arg(long, value_name = "LATER.csv|parquet")]
    later: PathBuf,
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
    #[command(flatten)]
    rows: Rows,
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

/// Where the model of a life cycle comes from.
#[derive(Debug, Args)]
pub(crate) struct Development {
    /// How development rows are split, and how the model is trained or where its ONNX file is.
    #[arg(long, value_name = "PIPELINE.toml")]
    pipeline: PathBuf,
    /// Rows to train and to test on.
    #[arg(long, value_name = "DEV.csv|parquet")]
    development: PathBuf,
}

/// Files a life cycle is proven from.
#[derive(Debug, Args)]
pub(crate) struct Lifecycle {
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    development: Development,
}

impl From<Lifecycle> for LifecycleSources {
    fn from(files: Lifecycle) -> Self {
        let Lifecycle { rows: Rows { tables, on_bad_row }, development: Development { pipeline, development } } = files;
        Self { rows: tables.into(), on_bad_row: on_bad_row.into(), pipeline, development }
    }
}

/// One stage of a life cycle, for `verifold prove pipeline` to find.
#[derive(Debug, Args)]
pub(crate) struct Stage {
    #[command(flatten)]
    files: Lifecycle,
    /// Folder that keeps finished stages: the one that `verifold prove pipeline --work` is given.
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Pipeline {
    #[command(flatten)]
    files: Lifecycle,
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
    /// stopped goes on from it, and so from stages proven by themselves.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Monitoring {
    #[command(flatten)]
    rows: Rows,
    /// The model, as exported by scikit-learn or PyTorch.
    #[arg(long, value_name = "MODEL.onnx", required_unless_present = "work")]
    model: Option<PathBuf>,
    /// Prove it alone, as the stage of a life cycle, under the model that comes from these files: no package is written, and
    /// `verifold prove pipeline` finds the proof in this folder.
    #[arg(long, value_name = "DIR", requires_all = ["pipeline", "development"])]
    #[arg(conflicts_with_all = ["model", "after", "anchored", "traceability", "output", "overwrite", "date"])]
    work: Option<PathBuf>,
    /// With --work: how development rows are split, and how the model is trained or where its ONNX file is.
    #[arg(long, value_name = "PIPELINE.toml", requires = "work")]
    pipeline: Option<PathBuf>,
    /// With --work: rows to train and to test on.
    #[arg(long, value_name = "DEV.csv|parquet", requires = "work")]
    development: Option<PathBuf>,
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
    #[arg(long, short, value_name = "OUT.zkaudit", required_unless_present = "work")]
    output: Option<PathBuf>,
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
        Command::Preparation(arguments) => stage(arguments, StatementKind::PreparationV1),
        Command::Training(arguments) => stage(arguments, StatementKind::TrainingV1),
        Command::Metrics(arguments) => stage(arguments, StatementKind::OfflineMetricsV2),
        Command::Pipeline(arguments) => pipeline(arguments),
        Command::Receipts(arguments) => receipts(arguments),
        Command::Matured(arguments) => matured(arguments),
    }
}

pub(crate) fn created(date: Option<Instant>) -> Result<Instant, Failure> {
    date.or_else(files::now).ok_or_else(|| Failure::new(Exit::Usage, "this computer's clock is before 1970", "give --date"))
}

fn stage(arguments: Stage, kind: StatementKind) -> Result<Exit, Failure> {
    prove_stage(&arguments.files.into(), &arguments.work, kind, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("the stage was not proven: {error}"), ""))?;
    println!("Proven and kept: {}. `verifold prove pipeline` with this --work goes on from it.", arguments.work.display());
    Ok(Exit::Met)
}

fn pipeline(arguments: Pipeline) -> Result<Exit, Failure> {
    let sources = arguments.files.into();
    let work = arguments.work.unwrap_or_else(|| arguments.output.with_extension("work"));
    let request = LifecycleRequest {
        sources,
        created: created(arguments.date)?,
        output: arguments.output,
        work,
        overwrite: arguments.overwrite,
        written_by: format!("Verifold {}", env!("CARGO_PKG_VERSION")),
    };
    let report = prove_lifecycle(&request, &mut Spoken::begun()).map_err(|error| {
        let work = &request.work;
        // What was refused has left nothing to go on from.
        let kept = if work.exists() {
            format!("what is finished is kept, and the same command goes on from it: {}", work.display())
        } else {
            String::new()
        };
        Failure::new(Exit::Usage, format!("no package was written: {error}"), kept)
    })?;
    println!("{}, {} proofs: {}", bytes(report.package_bytes), report.steps.len(), request.output.display());
    if request.work.exists() {
        println!("Remove {}: it could not be removed here, and holds a seed that must stay secret.", request.work.display());
    }
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
        rows: arguments.rows.tables.into(),
        on_bad_row: arguments.rows.on_bad_row.into(),
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
        rows: arguments.rows.tables.into(),
        on_bad_row: arguments.rows.on_bad_row.into(),
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
    read_change_record(&files::document("change record", path)?).map_err(|error| {
        let lines: Vec<String> = error.notices.iter().map(|notice| format!("\n  {notice}")).collect();
        let what = format!("the {} cannot be used, so nothing was proven: {}{}", error.file, path.display(), lines.concat());
        Failure::new(Exit::Malformed, what, "write reason, approver, date and reference; both models may be left out")
    })
}

fn monitoring(arguments: Monitoring) -> Result<Exit, Failure> {
    let Monitoring { rows, model, work, pipeline, development, output, .. } = arguments;
    let (model, output) = match (work, pipeline, development, model, output) {
        (Some(work), Some(pipeline), Some(development), ..) => {
            let files = Lifecycle { rows, development: Development { pipeline, development } };
            return stage(Stage { files, work }, StatementKind::MonitoringV1);
        }
        (.., Some(model), Some(output)) => (model, output),
        _ => {
            let hint = "give --model and --output, or --pipeline, --development and --work";
            return Err(Failure::new(Exit::Usage, "neither a package nor a stage is asked for", hint));
        }
    };
    let created = created(arguments.date)?;
    let change = arguments.change_record.as_deref().map(change_record).transpose()?;
    let after = arguments.after.map(|package| After { package, change });
    let request = Request {
        sources: Sources { rows: rows.tables.into(), on_bad_row: rows.on_bad_row.into(), model },
        after,
        anchored: arguments.anchored.as_deref().map(anchor::log).transpose()?,
        traceability: traceability::documents(&arguments.traceability)?,
        output,
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
