//! How long does Cancel take, from the command to the window's answer and to the worker's death?
//!
//! The host is the workbench's own, with the real worker, cancelled while it derives keys. A click becomes the command in
//! the frame it falls into (`ui/tests/workbench.rs`), and the answer shows in the next; frames are measured elsewhere.

use std::{
    fs,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use verifold_host::{Answer, Dialogs, Host, Outlet};
use verifold_model::{
    protocol::{WorkPhase, WorkerEvent},
    workbench::{AuditFiles, Command, Event, Pick, RunId},
};

use crate::programs;

/// Arguments of `cargo xtask cancel`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Verifications to cancel
    #[arg(long, value_name = "N", default_value_t = 20)]
    rounds: u32,
}

/// How long anything may take here before something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long an answer may take: what a person takes for at once, with room for a busy machine.
const MOST_TO_ANSWER: Duration = Duration::from_millis(200);

/// How long one cancelled verification took to be answered, and to be gone.
struct Round {
    answered: Duration,
    gone: Duration,
}

/// Cancels verifications and prints medians and the longest.
///
/// # Errors
/// If a worker does not start or does not end, or an answer took longer than [`MOST_TO_ANSWER`].
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    ensure!(cfg!(target_os = "linux"), "worker processes are found in /proc, which this system does not have");
    ensure!(args.rounds > 0, "nothing to measure in no rounds");
    programs::build(root, ["verifold"])?;
    let rounds: Vec<Round> = (0..args.rounds).map(|number| round(root, number)).collect::<anyhow::Result<_>>()?;
    let line = |what: &str, of: fn(&Round) -> Duration| {
        let mut all: Vec<Duration> = rounds.iter().map(of).collect();
        all.sort_unstable();
        let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
        println!("{what}: median {:.1} ms, longest {:.1} ms", millis(all[all.len() / 2]), millis(all[all.len() - 1]));
    };
    println!("{} verifications cancelled while keys were derived", rounds.len());
    line("command to answer", |round| round.answered);
    line("command to the worker's death", |round| round.gone);
    in_time(&rounds)
}

fn in_time(rounds: &[Round]) -> anyhow::Result<()> {
    let late = rounds.iter().filter(|round| round.answered > MOST_TO_ANSWER).count();
    ensure!(late == 0, "Cancel was answered after more than {} ms in {late} of {} rounds", MOST_TO_ANSWER.as_millis(), rounds.len());
    Ok(())
}

struct Nobody;

impl Dialogs for Nobody {
    fn ask(&self, _: Pick, _: &str) -> Answer {
        Answer::Cancelled
    }
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn round(root: &Path, number: u32) -> anyhow::Result<Round> {
    let sample = root.join("sample-audits/credit-scoring-q1");
    let path = |name: &str| sample.join(name).display().to_string();
    let files = AuditFiles {
        policy: path("policy.toml"),
        engagement: path("engagement.toml"),
        package: path("package.zkaudit"),
        ..AuditFiles::default()
    };
    let (tell, told) = mpsc::channel();
    let mut host = Host::new(Outlet::new(move |event| drop(tell.send(event))), Arc::new(Nobody));
    let run = RunId(number);
    host.carry_out(Command::Verify { run, files });
    loop {
        match told.recv_timeout(PATIENCE).context("the worker says nothing")? {
            Event::Worker { event: WorkerEvent::Phase { phase: WorkPhase::DeriveKeys, .. }, .. } => break,
            Event::Worker { event: WorkerEvent::Failed { message, .. }, .. } | Event::WorkerStopped { cause: message, .. } => {
                bail!(message)
            }
            _ => {}
        }
    }
    // Not always at the same point of the work.
    thread::sleep(Duration::from_millis(u64::from(number) * 37 % 400));
    let [worker] = children()?.try_into().map_err(|found: Vec<String>| anyhow::anyhow!("expected one worker, found {}", found.len()))?;
    let begun = Instant::now();
    host.carry_out(Command::Cancel { run });
    while told.recv_timeout(PATIENCE).context("Cancel is not answered")? != (Event::Cancelled { run }) {}
    let answered = begun.elapsed();
    while runs(&worker) {
        ensure!(begun.elapsed() < PATIENCE, "the worker does not end");
        thread::sleep(Duration::from_micros(200));
    }
    Ok(Round { answered, gone: begun.elapsed() })
}

/// Processes this one started, of whichever thread.
fn children() -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for task in fs::read_dir("/proc/self/task")? {
        let listed = fs::read_to_string(task?.path().join("children"))?;
        found.extend(listed.split_whitespace().filter(|pid| runs(pid)).map(str::to_owned));
    }
    Ok(found)
}

/// Whether a process still runs: one that has ended and waits to be collected does not.
fn runs(pid: &str) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_late_answer_is_one_too_many() {
        let round = |millis| Round { answered: Duration::from_millis(millis), gone: Duration::from_secs(9) };
        assert!(in_time(&[round(1), round(200)]).is_ok());
        let problem = in_time(&[round(1), round(201)]).unwrap_err();
        assert_eq!(problem.to_string(), "Cancel was answered after more than 200 ms in 1 of 2 rounds");
    }
}
