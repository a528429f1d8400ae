//! The worker as the system sees it, and what is left of it when it is killed.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use verifold_model::{
    limits::Limits,
    protocol::{Bounds, VerifyFiles, WorkPhase, WorkerEvent, WorkerRequest, read_event, write_frame},
};

fn sample(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-q1").join(file)
}

fn verifold(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_verifold"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A worker that ends with the test.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Each attempt is allowed before isolation and refused after it, so the refusals are isolation's doing.
#[test]
fn what_the_worker_does_not_need_is_refused() {
    let output = verifold(&["worker", "--check"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let lines = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    for attempt in ["open a file", "write an open file", "open a socket", "start a program", "list a folder", "take more memory"] {
        let line = text.lines().find(|line| line.trim_start().starts_with(attempt)).unwrap_or_else(|| panic!("{attempt}: {text}"));
        assert!(line.contains("allowed") && line.contains("refused"), "{line}");
    }
    assert_eq!((lines("allowed"), lines("refused: ")), (6, 7), "{text}");
    assert!(text.contains("become a program   not tried  refused: Operation not permitted"), "{text}");
}

/// Nothing of a package is parsed before the event that says the worker is isolated, and the system agrees that it is.
#[test]
fn a_package_is_parsed_by_an_isolated_process_alone() {
    let mut worker = Worker(verifold(&["worker"]).spawn().unwrap());
    let text = |file| sample(file).to_str().unwrap().to_owned();
    let files = VerifyFiles {
        policy: text("policy.toml"),
        engagement: Some(text("engagement.toml")),
        package: text("package.zkaudit"),
        ..VerifyFiles::default()
    };
    write_frame(&mut worker.0.stdin.take().unwrap(), &WorkerRequest::Verify { files }).unwrap();
    let mut events = BufReader::new(worker.0.stdout.take().unwrap());
    let mut next = || read_event(&mut events).unwrap().unwrap();
    assert!(matches!(next(), WorkerEvent::Ready { .. }));
    assert!(matches!(next(), WorkerEvent::Phase { phase: WorkPhase::Read, .. }));
    assert_eq!(next(), WorkerEvent::Isolated { missing: Vec::new(), bounds: Bounds::of(&Limits::default()) });
    // The next phase is the first that works.
    assert!(matches!(next(), WorkerEvent::Phase { .. }));
    let proc = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", worker.0.id())).unwrap();
    let status = proc("status");
    for line in ["Seccomp:\t2", "Seccomp_filters:\t2", "NoNewPrivs:\t1"] {
        assert!(status.contains(line), "{line} is not in {status}");
    }
    let limits = proc("limits");
    for (limit, value) in [("Max file size", "0"), ("Max core file size", "0"), ("Max open files", "3")] {
        let line = limits.lines().find(|line| line.starts_with(limit)).unwrap();
        let found: Vec<&str> = line[limit.len()..].split_whitespace().take(2).collect();
        assert_eq!(found, [value, value], "{limit}");
    }
    for limit in ["Max cpu time", "Max data size", "Max address space"] {
        assert!(!limits.lines().find(|line| line.starts_with(limit)).unwrap().contains("unlimited"), "{limits}");
    }
}

/// Ends a command's worker with a signal while it derives keys, which takes seconds.
fn stopped_by(signal: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.json");
    fs::write(&record, "earlier").unwrap();
    let mut command = verifold(&["verify", "--format", "json", "--policy"]);
    command.arg(sample("policy.toml")).arg("--record").arg(&record).arg(sample("package.zkaudit"));
    let child = command.spawn().unwrap();
    let worker = loop {
        // A thread's own children; each is listed with the thread that started it.
        let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        let children = |task: std::io::Result<fs::DirEntry>| fs::read_to_string(task.ok()?.path().join("children")).ok();
        let children = tasks.filter_map(children).collect::<String>();
        let busy = |pid: &&str| fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| status.contains("Seccomp:\t2"));
        if let Some(pid) = children.split_whitespace().find(busy) {
            break pid.to_owned();
        }
        assert!(Path::new(&format!("/proc/{}", child.id())).exists(), "it ended before it had a worker");
    };
    assert!(Command::new("kill").args(["-s", signal, &worker]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.is_empty(), "something was concluded");
    assert_eq!(fs::read_to_string(&record).unwrap(), "earlier");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_worker_that_is_stopped_concludes_nothing_and_says_where_it_was() {
    let (exit, said) = stopped_by("KILL");
    assert_eq!(exit, 7, "{said}");
    assert!(said.contains("the verifier stopped while ") && said.contains("It was killed."), "{said}");
    let (exit, said) = stopped_by("XCPU");
    assert_eq!(exit, 6, "{said}");
    assert!(said.contains("It went over the limit `cpu_seconds`"), "{said}");
}

#[test]
fn a_worker_asked_nonsense_says_so() {
    let mut worker = Worker(verifold(&["worker"]).spawn().unwrap());
    worker.0.stdin.take().unwrap().write_all(b"{\"sing\":{}}\n").unwrap();
    let last = BufReader::new(worker.0.stdout.take().unwrap()).lines().last().unwrap().unwrap();
    assert!(last.contains("does not understand") && last.contains("\"exit\":2"), "{last}");
}

#[test]
fn a_reader_that_goes_away_is_no_fault_and_a_full_disk_is_one() {
    let mut child = verifold(&["policy", "show", "eu-ai-act-credit-scoring"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
    let full = fs::File::create("/dev/full").unwrap();
    let output = verifold(&["policy", "show", "eu-ai-act-credit-scoring"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("what was printed is not whole"));
}
