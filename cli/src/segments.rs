//! `verifold prove split`, `verifold prove segment`, `verifold join`.

use std::path::PathBuf;

use clap::Args;
use verifold_model::{
    format::{batches_text, count},
    instant::Instant,
    state::Exit,
};
use verifold_prove::{JoinRequest, PartOutcome, SegmentRequest, Sources, SplitRequest};

use crate::{
    anchor,
    failure::Failure,
    prove::{Spoken, created, print_report},
    tables::{Rows, Tables},
    traceability,
};

#[derive(Debug, Args)]
pub(crate) struct Split {
    #[command(flatten)]
    rows: Rows,
    /// The model, as exported by scikit-learn or PyTorch.
    #[arg(long, value_name = "MODEL.onnx")]
    model: PathBuf,
    /// The log that `verifold anchor make` kept: its batches are proven as they were anchored.
    #[arg(long, value_name = "LOG")]
    anchored: Option<PathBuf>,
    /// How many segments.
    #[arg(long, value_name = "K")]
    segments: usize,
    /// The split, which every job is given; it holds salts and the integer model.
    #[arg(long, short, value_name = "OUT.zksplit")]
    output: PathBuf,
    /// Replace an earlier split of this name; its segments are of no use then.
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Segment {
    /// The split.
    #[arg(long, value_name = "SPLIT.zksplit")]
    split: PathBuf,
    /// Which segment, from 1, and how many there are.
    #[arg(long, value_name = "I/K", value_parser = numbered)]
    segment: (usize, usize),
    #[command(flatten)]
    tables: Tables,
    /// The segment's file; if it is there already, nothing is done.
    #[arg(long, short, value_name = "OUT.zkseg")]
    output: PathBuf,
    /// Prove the segment anew.
    #[arg(long)]
    overwrite: bool,
}

fn numbered(text: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| text.parse().ok().filter(|number| *number > 0);
    text.split_once('/')
        .and_then(|(segment, segments)| Some((number(segment)?, number(segments)?)))
        .filter(|(segment, segments)| segment <= segments)
        .ok_or_else(|| "expected the number of a segment and of all, such as 3/8".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// Segments, in any order: files that `verifold prove segment` wrote.
    #[arg(required = true, value_name = "PART.zkseg")]
    parts: Vec<PathBuf>,
    /// The split they were proven from.
    #[arg(long, value_name = "SPLIT.zksplit")]
    split: PathBuf,
    /// Why it is proven this way: a document for each stage, as `verifold traceability new` begins one.
    #[arg(long, value_name = "STAGE.toml")]
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

pub(crate) fn split(arguments: Split) -> Result<Exit, Failure> {
    let request = SplitRequest {
        sources: Sources { rows: arguments.rows.tables.into(), on_bad_row: arguments.rows.on_bad_row.into(), model: arguments.model },
        anchored: arguments.anchored.as_deref().map(anchor::log).transpose()?,
        segments: arguments.segments,
        output: arguments.output,
        overwrite: arguments.overwrite,
    };
    let split = verifold_prove::split(&request, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was written: {error}"), ""))?;
    println!("{}: holds salts and the integer model; give it to the jobs, and to nobody else", request.output.display());
    println!("segment  batches    steps");
    for (number, batches) in (1..).zip(split.segments()) {
        let range = format!("{}\u{2013}{}", batches.start, batches.end - 1);
        println!("{number:>7}  {range:<9}  {}", count(split.steps(batches)));
    }
    Ok(Exit::Met)
}

pub(crate) fn segment(arguments: Segment) -> Result<Exit, Failure> {
    let (segment, segments) = arguments.segment;
    let request = SegmentRequest {
        rows: arguments.tables.into(),
        split: arguments.split,
        segment,
        segments,
        output: arguments.output,
        overwrite: arguments.overwrite,
    };
    let outcome = verifold_prove::prove_segment(&request, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was written: {error}"), ""))?;
    let (header, words) = match &outcome {
        PartOutcome::Proven(header) => (header, "proven"),
        PartOutcome::Kept(header) => (header, "was there already, nothing was done"),
    };
    println!(
        "segment {segment} of {segments}, {}, {} steps: {words}: {}",
        batches_text(header.first_batch.into(), header.last_batch.into()),
        count(header.steps),
        request.output.display()
    );
    Ok(Exit::Met)
}

pub(crate) fn join(arguments: Join) -> Result<Exit, Failure> {
    let request = JoinRequest {
        split: arguments.split,
        parts: arguments.parts,
        traceability: traceability::documents(&arguments.traceability)?,
        output: arguments.output,
        overwrite: arguments.overwrite,
        created: created(arguments.date)?,
        written_by: format!("Verifold {}", env!("CARGO_PKG_VERSION")),
    };
    let report = verifold_prove::join(&request, &mut Spoken::begun())
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was written: {error}"), ""))?;
    print_report(&report, &request.output);
    Ok(Exit::Met)
}
