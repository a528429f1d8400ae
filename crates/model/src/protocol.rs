//! Messages between a host and its worker process: frames of one JSON value on a line, bounded and versioned.
//!
//! The worker (`verifold worker`) reads one [`WorkerRequest`] from standard input, isolates itself, writes
//! [`WorkerEvent`]s to standard output and ends. It returns records, never evidence. Killing it is the way to cancel.
//! [`read_event`] reads a frame; [`stopped`] says what it means that a worker ended without a last one.

use std::io::{self, BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    instant::Instant,
    limits::{Limit, Limits},
    record::AuditRecord,
    state::{Exit, Stage},
};

/// Version both sides must agree on.
pub const PROTOCOL_VERSION: u32 = 5;

const MAX_FRAME_BYTES: u64 = Limit::FrameBytes.most();

/// Most bytes of a line that does not end the work. A phase takes a hundred; what isolation misses, some more.
const MAX_NEWS_BYTES: usize = 64 << 10;

/// Names of the events for which [`WorkerEvent::is_last`] holds.
const ANSWERS: [&str; 6] = ["verified", "told", "outline", "signed", "rendered", "failed"];

/// What a host asks of a worker; one to a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorkerRequest {
    /// Verify a package. Answered by [`WorkerEvent::Verified`].
    Verify {
        /// What to verify, and by what.
        files: VerifyFiles,
    },
    /// Say what a package claims. Answered by [`WorkerEvent::Told`].
    Inspect {
        /// Path of the package.
        package: String,
    },
    /// Draft an engagement from a package. Answered by [`WorkerEvent::Told`].
    Draft {
        /// Path of the package.
        package: String,
    },
    /// Check that a signed model file is the one behind a model commitment. Answered by [`WorkerEvent::Told`].
    CheckModel {
        /// What to look at.
        files: ModelFiles,
    },
    /// Draft a traceability specification from a package. Answered by [`WorkerEvent::Told`].
    DraftTraceability {
        /// Path of the package.
        package: String,
        /// Stage it is about.
        stage: Stage,
    },
    /// Say what is signed in a package, and what rows a sample can be drawn from. Answered by [`WorkerEvent::Outline`].
    Outline {
        /// Path of the package.
        package: String,
    },
    /// Add an envelope to a package. Answered by [`WorkerEvent::Signed`].
    Attach {
        /// Path of the package.
        package: String,
        /// Bytes of the DSSE envelope.
        #[serde(with = "hex")]
        envelope: Vec<u8>,
    },
    /// Isolate, and try what that should refuse. Answered by [`WorkerEvent::Told`].
    Check,
    /// Render a record as PDF. Answered by [`WorkerEvent::Rendered`].
    Report {
        /// The record.
        record: Box<AuditRecord>,
        /// Date of the report.
        date: Option<Instant>,
        /// Whether the record was verified by this program in this run.
        verified_now: bool,
    },
}

/// Paths of what a check of a model file looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFiles {
    /// The model, ONNX.
    pub model: String,
    /// Its signature.
    pub bundle: String,
    /// The key it was signed with.
    pub key: String,
    /// The record whose model commitment is meant.
    pub record: String,
    /// What opens the commitment.
    pub opening: Option<String>,
    /// The engagement, which says whose the key is.
    pub engagement: Option<String>,
}

/// Paths of what a verification looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyFiles {
    /// The policy; its signatures are looked for beside it.
    pub policy: String,
    /// The engagement, if any; its signatures and what was received are looked for beside it.
    pub engagement: Option<String>,
    /// Folder of anchors in place of the one beside the engagement.
    pub anchors: Option<String>,
    /// Overlays that tailor the policy, in this order; their signatures are looked for beside each.
    pub overlays: Vec<String>,
    /// Further signatures of policy, overlays or engagement.
    pub signatures: Vec<String>,
    /// Public keys trusted for signatures of policy, overlays and engagement.
    pub trust: Vec<String>,
    /// An earlier record to compare with.
    pub against: Option<String>,
    /// The package.
    pub package: String,
    /// When the audit is reviewed, in place of now.
    pub reviewed_at: Option<Instant>,
}

/// A phase of verification. The key of the one circuit a policy may name is derived before the package is read, others after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkPhase {
    /// Reading policy, engagement and package; digests.
    Read,
    /// Deriving verifier keys from circuit code.
    DeriveKeys,
    /// Checking proofs.
    CheckProofs,
    /// Replaying chains and reconciling scope.
    Replay,
    /// Assessing requirements.
    Assess,
    /// Writing a report.
    Report,
}

impl WorkPhase {
    /// As read in the status bar.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Read => "Reading the package",
            Self::DeriveKeys => "Deriving verifier keys",
            Self::CheckProofs => "Checking proofs",
            Self::Replay => "Replaying the chain",
            Self::Assess => "Assessing requirements",
            Self::Report => "Writing the report",
        }
    }
}

/// How many rows a package claims a batch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedRows {
    /// Index of the batch.
    pub index: u32,
    /// Its rows.
    pub rows: u32,
}

/// Ten minutes: ten times what the slowest sample takes on a busy machine.
const LEAST_WALL_SECONDS: u64 = 600;

/// What a worker may use of the computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Seconds of CPU time, all threads together.
    pub cpu_seconds: u64,
}

impl Bounds {
    /// The bounds that limits leave.
    pub const fn of(limits: &Limits) -> Self {
        Self { memory_bytes: limits.of(Limit::MemoryBytes), cpu_seconds: limits.of(Limit::CpuSeconds) }
    }

    /// Seconds after which its host ends a worker whatever CPU time it used: four times `cpu_seconds`, at least ten minutes.
    ///
    /// One that only computes is done by then if it gets a quarter of one processor, and so is one with a small limit on
    /// a computer that is busy with other things. One that sleeps uses no CPU time, and would stay for ever.
    pub const fn wall_seconds(self) -> u64 {
        let wall = self.cpu_seconds.saturating_mul(4);
        if wall < LEAST_WALL_SECONDS { LEAST_WALL_SECONDS } else { wall }
    }
}

/// What the worker says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorkerEvent {
    /// First line: the worker is up.
    Ready {
        /// [`PROTOCOL_VERSION`].
        protocol: u32,
        /// Program and version.
        program: String,
    },
    /// The worker has given up what it does not need. Before this it has parsed nothing of a package.
    Isolated {
        /// What this system could not take from it, each as a clause; empty if nothing is missing.
        missing: Vec<String>,
        /// What it may use.
        bounds: Bounds,
    },
    /// A phase began.
    Phase {
        /// Which.
        phase: WorkPhase,
        /// What exactly, for example a proof's title; may be empty.
        detail: String,
        /// Done so far.
        done: u32,
        /// Of so many; 0 if not countable.
        total: u32,
    },
    /// Verification ended with a record.
    Verified {
        /// The outcome.
        record: Box<AuditRecord>,
    },
    /// An answer in words.
    Told {
        /// The text, ready to print.
        text: String,
        /// Exit code of the command that asked.
        exit: u8,
    },
    /// What a package claims: what a signature is of, and the rows a sample can be drawn from.
    Outline {
        /// SHA-256 of the package's manifest.
        manifest_sha256: Digest,
        /// Monitored batches in the package's order.
        batches: Vec<ClaimedRows>,
    },
    /// The package with an envelope added; the host writes it.
    Signed {
        /// Bytes of the package.
        #[serde(with = "hex")]
        package: Vec<u8>,
        /// Who signed what, ready to print.
        text: String,
    },
    /// The report is rendered; the host writes it.
    Rendered {
        /// Bytes of the PDF.
        #[serde(with = "hex")]
        pdf: Vec<u8>,
        /// Pages.
        pages: u32,
    },
    /// The audit could not be done: unreadable policy, file not found.
    Failed {
        /// What, where, consequence.
        message: String,
        /// What to do next; may be empty.
        hint: String,
        /// Exit code the command line would give.
        exit: u8,
    },
}

impl WorkerEvent {
    /// Whether the work has ended with this event.
    pub const fn is_last(&self) -> bool {
        match self {
            Self::Ready { .. } | Self::Isolated { .. } | Self::Phase { .. } => false,
            Self::Verified { .. }
            | Self::Told { .. }
            | Self::Outline { .. }
            | Self::Signed { .. }
            | Self::Rendered { .. }
            | Self::Failed { .. } => true,
        }
    }
}

/// What a host shows where isolation is incomplete; `missing` as in [`WorkerEvent::Isolated`]. `None` if nothing is missing.
pub fn isolation_note(missing: &[String]) -> Option<String> {
    (!missing.is_empty()).then(|| format!("{}; the package was parsed without it", missing.join("; ")))
}

/// Writes one frame.
///
/// # Errors
/// If the other side is gone.
pub fn write_frame<T: Serialize>(out: &mut impl Write, message: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// Reads one line of at most [`MAX_FRAME_BYTES`], without its end; `None` at the end of the stream.
///
/// # Errors
/// If reading fails, the line is longer, or the stream ends within it: half a frame is none.
pub fn read_frame(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    read_rest(Vec::new(), input)
}

/// As [`read_frame`], of a line of which the beginning has been read.
fn read_rest(mut line: Vec<u8>, input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    if !line.ends_with(b"\n") {
        input.take(MAX_FRAME_BYTES.saturating_sub(line.len() as u64)).read_until(b'\n', &mut line)?;
    }
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() as u64 + 1 >= MAX_FRAME_BYTES => {
            Err(io::Error::other(format!("a line is longer than {MAX_FRAME_BYTES} bytes")))
        }
        Some(_) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the last line is cut off")),
    }
}

/// Reads the worker's next event; `None` at the end of the stream.
///
/// # Errors
/// In words, what is wrong with what it wrote. Only an answer may be long: there is one, and news of any length could go on for ever.
pub fn read_event(input: &mut impl BufRead) -> Result<Option<WorkerEvent>, String> {
    let badly = |error: io::Error| format!("What it wrote ends badly: {error}.");
    let mut beginning = Vec::new();
    input.by_ref().take(MAX_NEWS_BYTES as u64 + 1).read_until(b'\n', &mut beginning).map_err(badly)?;
    if beginning.len() > MAX_NEWS_BYTES && !beginning.ends_with(b"\n") && !begins_answer(&beginning) {
        return Err(format!("It wrote a line of more than {MAX_NEWS_BYTES} bytes that is no answer."));
    }
    let Some(line) = read_rest(beginning, input).map_err(badly)? else { return Ok(None) };
    let event = crate::json::from_json(&line).map_err(|error| format!("It wrote a line this program does not understand: {error}."))?;
    Ok(Some(event))
}

/// Whether a line begins as an event does that ends the work.
fn begins_answer(line: &[u8]) -> bool {
    let Some(line) = line.strip_prefix(b"{\"") else { return false };
    ANSWERS.iter().any(|name| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"\"")))
}

/// Why a worker ended without a last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// [`Exit::Limits`] if it was stopped at a limit, otherwise [`Exit::NotChecked`].
    pub exit: Exit,
    /// The cause as a sentence.
    pub cause: String,
}

/// Signals by which Linux and other Unix systems end a process that went over its limits.
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;

/// What became of a worker that its host ended after [`Bounds::wall_seconds`].
pub fn overdue(bounds: Bounds) -> Stopped {
    let (limit, allowed) = (Limit::CpuSeconds, bounds.cpu_seconds);
    let cause = format!(
        "It had not ended after {} s, the longest that the limit `{}` leaves it, which is {allowed}; {}.",
        bounds.wall_seconds(),
        limit.key(),
        limit.way_up(allowed)
    );
    Stopped { exit: Exit::Limits, cause }
}

/// Reads the cause from the signal that ended the worker, if one did, and from what it wrote to standard error; `bounds`
/// are those it said it had.
pub fn stopped(signal: Option<i32>, said: &str, bounds: Option<Bounds>) -> Stopped {
    let over = |limit: Limit, value: fn(Bounds) -> u64| {
        let value = bounds.map(value).map_or_else(String::new, |value| format!(", which is {value}; {}", limit.way_up(value)));
        format!("It went over the limit `{}`{value}.", limit.key())
    };
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let words = if last.is_empty() { String::new() } else { format!(" It said: {last}") };
    // Rust's own words when an allocation fails, before it aborts.
    if said.contains("memory allocation of") {
        return Stopped { exit: Exit::Limits, cause: over(Limit::MemoryBytes, |bounds| bounds.memory_bytes) + &words };
    }
    match signal {
        Some(SIGXCPU) => Stopped { exit: Exit::Limits, cause: over(Limit::CpuSeconds, |bounds| bounds.cpu_seconds) },
        Some(SIGXFSZ) => Stopped { exit: Exit::NotChecked, cause: "It tried to write a file.".to_owned() },
        Some(SIGABRT) => Stopped { exit: Exit::NotChecked, cause: format!("It aborted.{words}") },
        Some(SIGKILL) => Stopped { exit: Exit::NotChecked, cause: format!("It was killed.{words}") },
        Some(signal) => Stopped { exit: Exit::NotChecked, cause: format!("It crashed with signal {signal}.{words}") },
        None if words.is_empty() => Stopped { exit: Exit::NotChecked, cause: "It gave no reason.".to_owned() },
        None => Stopped { exit: Exit::NotChecked, cause: words.trim_start().to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_frame_is_none() {
        let ready = WorkerEvent::Ready { protocol: PROTOCOL_VERSION, program: "x".into() };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &ready).unwrap();
        write_frame(&mut bytes, &WorkerEvent::Rendered { pdf: b"%PDF".to_vec(), pages: 1 }).unwrap();
        for end in 0..=bytes.len() {
            let mut input = &bytes[..end];
            let whole = bytes[..end].iter().filter(|byte| **byte == b'\n').count();
            for _ in 0..whole {
                assert!(read_event(&mut input).unwrap().is_some());
            }
            match input {
                [] => assert_eq!(read_event(&mut input), Ok(None)),
                _ => assert_eq!(read_event(&mut input), Err("What it wrote ends badly: the last line is cut off.".to_owned())),
            }
        }
    }

    #[test]
    fn only_an_answer_may_be_long() {
        let read = |event: &WorkerEvent| {
            let mut bytes = Vec::new();
            write_frame(&mut bytes, event).unwrap();
            read_event(&mut bytes.as_slice())
        };
        let phase = |length| WorkerEvent::Phase { phase: WorkPhase::Read, detail: "a".repeat(length), done: 0, total: 0 };
        let around = serde_json::to_vec(&phase(0)).unwrap().len();
        assert!(read(&phase(MAX_NEWS_BYTES - around)).is_ok());
        let problem = read(&phase(MAX_NEWS_BYTES - around + 1)).unwrap_err();
        assert_eq!(problem, "It wrote a line of more than 65536 bytes that is no answer.");
        assert!(read(&WorkerEvent::Told { text: "a".repeat(MAX_NEWS_BYTES), exit: 0 }).is_ok());
    }

    #[test]
    fn an_answer_is_known_by_its_name_before_it_is_read() {
        let (text, sha256) = (String::new, Digest::from_bytes([0; 32]));
        let record = include_bytes!("../../../sample-audits/cheat-altered-count/expected.record.json");
        let record = Box::new(AuditRecord::read(record).unwrap());
        let events = [
            WorkerEvent::Ready { protocol: 1, program: text() },
            WorkerEvent::Isolated { missing: Vec::new(), bounds: Bounds { memory_bytes: 1, cpu_seconds: 1 } },
            WorkerEvent::Phase { phase: WorkPhase::Read, detail: text(), done: 0, total: 0 },
            WorkerEvent::Verified { record },
            WorkerEvent::Told { text: text(), exit: 0 },
            WorkerEvent::Outline { manifest_sha256: sha256, batches: Vec::new() },
            WorkerEvent::Signed { package: Vec::new(), text: text() },
            WorkerEvent::Rendered { pdf: Vec::new(), pages: 1 },
            WorkerEvent::Failed { message: text(), hint: text(), exit: 3 },
        ];
        assert_eq!(events.iter().filter(|event| event.is_last()).count(), ANSWERS.len());
        for event in events {
            assert_eq!(begins_answer(&serde_json::to_vec(&event).unwrap()), event.is_last(), "{event:?}");
        }
        assert!(!begins_answer(b"{\"tolds\":") && !begins_answer(b"told"));
    }

    #[test]
    fn what_stopped_a_worker_decides_the_exit_code() {
        let check = |signal, said: &str, exit, part: &str| {
            let stopped = stopped(signal, said, Some(Bounds { memory_bytes: 4096, cpu_seconds: 600 }));
            assert_eq!(stopped.exit, exit, "{said}");
            assert!(stopped.cause.contains(part), "{stopped:?}");
        };
        check(Some(SIGXCPU), "", Exit::Limits, "limit `cpu_seconds`, which is 600; `cpu_seconds = …` under [limits]");
        check(Some(SIGABRT), "memory allocation of 12 bytes failed\n", Exit::Limits, "limit `memory_bytes`, which is 4096; ");
        check(Some(SIGABRT), "thread 'main' has overflowed its stack\n", Exit::NotChecked, "aborted");
        check(Some(SIGKILL), "", Exit::NotChecked, "killed");
        check(Some(SIGXFSZ), "", Exit::NotChecked, "write a file");
        check(Some(11), "", Exit::NotChecked, "signal 11");
        check(None, "first\nlast\n\n", Exit::NotChecked, "It said: last");
        check(None, "", Exit::NotChecked, "no reason");
    }

    #[test]
    fn a_worker_has_four_times_its_cpu_time_and_never_less_than_ten_minutes() {
        let wall = |cpu_seconds| Bounds { memory_bytes: 4096, cpu_seconds }.wall_seconds();
        assert_eq!([1, 150, 151, 600, u64::MAX].map(wall), [600, 600, 604, 2_400, u64::MAX]);
        let stopped = overdue(Bounds { memory_bytes: 4096, cpu_seconds: 600 });
        assert_eq!(stopped.exit, Exit::Limits);
        let longest = "It had not ended after 2400 s, the longest that the limit `cpu_seconds` leaves it, which is 600; ";
        assert_eq!(stopped.cause, format!("{longest}`cpu_seconds = …` under [limits] in the policy moves it, up to 36000."));
    }

    #[test]
    fn nothing_missing_needs_no_note() {
        assert_eq!(isolation_note(&[]), None);
        let note = isolation_note(&["this kernel cannot a".to_owned(), "this kernel cannot b".to_owned()]).unwrap();
        assert_eq!(note, "this kernel cannot a; this kernel cannot b; the package was parsed without it");
    }
}
