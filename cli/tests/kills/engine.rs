//! A verification is killed at points drawn at random: what it was to write is there whole, or as it was before.
//!
//! Killed is the worker, the command, or both. Three packages are verified: one that is refused at once, so that most of
//! the time goes into reading and the report, one whose key is derived, and one that is no package.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use verifold_model::record::AuditRecord;

/// What was in the files before.
const EARLIER: &[u8] = b"earlier";

/// Numbers without a pattern that matters here (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

/// What is verified, where, and how long that takes when nobody interferes.
struct Subject {
    package: PathBuf,
    exit: i32,
    takes: Duration,
}

/// Verifications begun for each kill asked for, before it is a fault that too few met a worker.
const MOST_TRIES: u32 = 20;

/// How the kills of a run ended.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Verifications begun.
    pub(crate) tries: u32,
    /// Kills that met a worker still running.
    pub(crate) hits: u32,
    /// Commands that said their worker stopped.
    pub(crate) stopped: u32,
    /// Commands that were killed themselves.
    pub(crate) killed: u32,
    /// Commands that were through before.
    pub(crate) finished: u32,
    /// Temporary files left beside the target; no reader takes one for a record or a report.
    pub(crate) leftovers: u32,
    /// What should not be, in words.
    pub(crate) faults: Vec<String>,
}

/// Verifies the sample audits with `program` and kills, until `kills` of the kills have met a worker still running: some come after
/// its end, and some spare it for the command. One verification in `slow` derives a key, the first two alone if that is 0.
///
/// # Panics
/// If a sample cannot be verified undisturbed, or a file of the scratch folder cannot be written.
#[expect(clippy::disallowed_methods, reason = "kills are spread over the time a verification takes")]
pub(crate) fn run(program: &Path, samples: &Path, kills: u32, slow: u32, seed: u64) -> Tally {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let sample = samples.join("credit-scoring-q1");
    let whole = fs::read(sample.join("package.zkaudit")).expect("the sample package");
    let written = |name: &str, bytes: &[u8]| {
        let path = scratch.path().join(name);
        fs::write(&path, bytes).expect("a scratch file");
        path
    };
    let packages = [written("whole.zkaudit", &whole), written("cut.zkaudit", &whole[..whole.len() / 2]), written("none.zkaudit", b"none")];
    let desk = Desk { program, sample: &sample, scratch: scratch.path() };
    let subjects = packages.map(|package| {
        let begun = Instant::now();
        let output = desk.start(&package, true).wait_with_output().expect("an undisturbed run");
        let takes = begun.elapsed();
        let exit = output.status.code().expect("an undisturbed run ends by itself");
        Subject { package, exit, takes }
    });
    let mut draw = Draw(seed);
    let mut tally = Tally::default();
    while tally.hits < kills {
        let kill = tally.tries;
        if kill == kills.saturating_mul(MOST_TRIES) {
            tally.faults.push(format!("of {kill} kills, {} met a worker", tally.hits));
            break;
        }
        tally.tries += 1;
        // The first two are killed as soon as their worker is seen deriving a key, so that a worker and a command are
        // killed at work whatever the speed of the machine: no drawn moment is sure to be one.
        let seen = kill < 2;
        let slow = seen || (slow > 0 && kill % slow == 0);
        let subject = if slow { &subjects[0] } else { &subjects[1 + (kill % 2) as usize] };
        let report = draw.below(2) == 0;
        // Beyond the end, too: what is through must be whole.
        let most = if report { subject.takes * 5 / 4 } else { subject.takes / 2 };
        let delay = Duration::from_micros(draw.below(u64::try_from(most.as_micros()).unwrap_or(u64::MAX)));
        let victim = if seen { u64::from(kill) } else { draw.below(3) };
        for name in [RECORD, REPORT] {
            fs::write(scratch.path().join(name), EARLIER).expect("a scratch file");
        }
        let mut child = desk.start(&subject.package, report);
        if seen {
            while workers(child.id()).is_empty() {
                assert_eq!(child.try_wait().expect("a command can be asked"), None, "it ended before its worker was seen");
                thread::sleep(Duration::from_millis(1));
            }
        } else {
            thread::sleep(delay);
        }
        if victim != 1 {
            let met = workers(child.id()).iter().filter(|worker| end(worker)).count();
            tally.hits += u32::from(met > 0);
        }
        if victim != 0 {
            let _ = child.kill();
        }
        let output = child.wait_with_output().expect("an output");
        let moment = if seen { "its worker seen".to_owned() } else { format!("after {} µs", delay.as_micros()) };
        desk.judge(subject, report, &output, &format!("kill {kill}, {moment}"), &mut tally);
        desk.sweep(&mut tally);
    }
    tally
}

const RECORD: &str = "record.json";
const REPORT: &str = "report.pdf";

struct Desk<'a> {
    program: &'a Path,
    sample: &'a Path,
    scratch: &'a Path,
}

impl Desk<'_> {
    fn start(&self, package: &Path, report: bool) -> Child {
        let mut command = Command::new(self.program);
        command.args(["verify", "--format", "json", "--policy"]).arg(self.sample.join("policy.toml"));
        command.arg("--record").arg(self.scratch.join(RECORD));
        if report {
            command.arg("--report").arg(self.scratch.join(REPORT));
        }
        command.arg(package).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// Removes temporary files that a run left, and counts them.
    fn sweep(&self, tally: &mut Tally) {
        for path in fs::read_dir(self.scratch).expect("the scratch folder").flatten().map(|entry| entry.path()) {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".tmp")) {
                tally.leftovers += 1;
                fs::remove_file(path).expect("a temporary file goes");
            }
        }
    }

    /// Looks at all that a run may have left.
    fn judge(&self, subject: &Subject, report: bool, output: &Output, what: &str, tally: &mut Tally) {
        let mut fault = |text: String| tally.faults.push(format!("{what}, {}: {text}", subject.package.display()));
        let read = |name: &str| fs::read(self.scratch.join(name)).unwrap_or_default();
        let (record, pdf, said) = (read(RECORD), read(REPORT), String::from_utf8_lossy(&output.stderr).into_owned());
        let is_record = |bytes: &[u8]| serde_json::from_slice::<AuditRecord>(bytes).is_ok();
        if record != EARLIER && !is_record(&record) {
            fault(format!("a record of {} bytes is not whole", record.len()));
        }
        if pdf != EARLIER && !(pdf.starts_with(b"%PDF") && pdf.trim_ascii_end().ends_with(b"%%EOF")) {
            fault(format!("a report of {} bytes is not whole", pdf.len()));
        }
        if pdf != EARLIER && record == EARLIER {
            fault("a report without its record".to_owned());
        }
        match output.status.code() {
            // A command killed while it prints has printed a part; its reader knows from how it ended.
            None => tally.killed += 1,
            Some(7) if said.contains("the verifier stopped while ") => {
                tally.stopped += 1;
                if !output.stdout.is_empty() {
                    fault("a verdict was printed though the verifier stopped".to_owned());
                }
            }
            Some(exit) if exit == subject.exit => {
                tally.finished += 1;
                if !is_record(&output.stdout) || record == EARLIER || (report && pdf == EARLIER) {
                    fault("it ended well and not everything is there".to_owned());
                }
            }
            Some(exit) => fault(format!("exit code {exit}: {said}")),
        }
    }
}

/// Processes started by a process, as the system lists them.
fn workers(parent: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    children.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Kills a process; whether it was there and had not ended before.
fn end(pid: &str) -> bool {
    // State follows the name in parentheses: Z is one that has ended and that nobody has asked after yet (proc(5)).
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_running = stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']));
    let killed = Command::new("kill").args(["-s", "KILL", pid]).stderr(Stdio::null()).status();
    is_running && killed.is_ok_and(|status| status.success())
}
