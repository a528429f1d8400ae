//! How fast are both windows, and how large?
//!
//! Both show the same audit at the same size on a virtual screen without a graphics processor.
//!
//! - start: from starting the process until the screen shows more than a blank window, rounds of both in turn
//! - frames: the rooms in turn without a rest, measured by the workbench itself (`verifold_ui::pace`), the same code in both,
//!   tours of both in turn
//! - memory and CPU time: of all processes of a window, from the kernel; the screen's server is not counted
//!
//! What a page shows is drawn by processes of the web engine, which share libraries: memory is counted in proportional shares
//! (PSS).

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{
    build,
    driver::{PATIENCE, Session, free_port},
    place::Place,
    processes::{cpu, share, tree},
    screen::{Held, Screen},
    test::needed,
};
use crate::programs;

/// Arguments of `cargo xtask shell-bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Policy, package and engagement, or the name of a sample
    #[arg(default_value = "credit-scoring-q1")]
    open: Vec<String>,
    /// Frames of the tour of the rooms
    #[arg(long, default_value_t = 500)]
    frames: u32,
    /// Starts of each
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// Tours of each
    #[arg(long, default_value_t = 3)]
    tours: u32,
    /// Profile of the programs; the page is always a release build
    #[arg(long, value_name = "NAME", default_value = "dev")]
    profile: String,
    /// Another build of the shell, with a verifier beside it, measured in the same turns: what does an idea gain?
    #[arg(long, value_name = "PROGRAM")]
    other: Option<PathBuf>,
}

/// More colours than the ground of a window and a line of words have.
const DRAWN: usize = 200;
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How often the page is asked whether the tour is over; asking costs it a little.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Builds both windows and measures them.
///
/// # Errors
/// If something is missing, or a window does not show what it should.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    needed(&["xvfb-run", "dbus-run-session", "WebKitWebDriver"])?;
    let shell = build(root, &args.profile)?;
    let [_, native] = programs::build_as(root, &args.profile, ["verifold", "verifold-workbench"])?;

    let mut windows = vec![Window::new("native", native), Window::new("shell", shell)];
    windows.extend(args.other.iter().map(|program| Window::new("other", program.clone())));

    let screen = Screen::start(&Place::here(root), &["sleep", "infinity"], false)?;
    for _ in 0..args.rounds {
        for window in &mut windows {
            let time = start(&screen, &window.program)?;
            window.starts.push(time.as_secs_f64());
        }
    }
    drop(screen);
    for _ in 0..args.tours {
        let mut size = None;
        for window in windows.iter_mut().skip(1) {
            let (tour, of) = shell_tour(root, &window.program, args)?;
            window.tours.push(tour);
            size.get_or_insert(of);
        }
        let tour = native_tour(root, &windows[0].program, args, &size.context("the size of a page")?)?;
        windows[0].tours.push(tour);
    }

    let figures: Vec<[f64; 4]> = windows.iter().map(|window| window.report(args.frames)).collect();
    for (window, of) in windows.iter().zip(&figures).skip(1) {
        for (at, what) in ["start", "interval", "CPU a frame", "memory"].into_iter().enumerate() {
            println!("{} over native, {what}: {:.1}", window.name, of[at] / figures[0][at]);
        }
    }
    Ok(())
}

/// A program that shows the workbench, and what was found of it.
struct Window {
    name: &'static str,
    program: PathBuf,
    starts: Vec<f64>,
    tours: Vec<Tour>,
}

impl Window {
    const fn new(name: &'static str, program: PathBuf) -> Self {
        Self { name, program, starts: Vec::new(), tours: Vec::new() }
    }

    /// Prints medians, and returns those that are compared: start, interval, CPU time of a frame, memory.
    fn report(&self, frames: u32) -> [f64; 4] {
        let (name, rounds, tours) = (self.name, self.starts.len(), self.tours.len());
        let least = self.starts.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.starts.iter().copied().fold(0.0, f64::max);
        let begun = median(self.starts.clone());
        println!("{name}: first picture after {begun:.2} s (median of {rounds}, {least:.2} to {most:.2})");
        let of = |what: &str, which: &str| median(self.tours.iter().filter_map(|tour| tour.found[what][which].as_f64()).collect());
        let [mean, middle, p99, drawing] = [of("interval", "mean"), of("interval", "median"), of("interval", "p99"), of("drawing", "mean")];
        let cpu = 1e3 * median(self.tours.iter().map(|tour| tour.cpu).collect());
        let memory = median(self.tours.iter().map(|tour| tour.memory as f64 / 1e6).collect());
        let processes = self.tours.first().map_or(0, |tour| tour.processes);
        println!(
            "{name}: {tours} tours of {frames} frames: interval {mean:.1} ms mean, {middle:.1} median, {p99:.1} p99; drawing {drawing:.1} ms \
             mean; CPU {cpu:.1} ms a frame; memory {memory:.0} MB in {processes} processes"
        );
        [begun, mean, cpu, memory]
    }
}

/// The middle value; of two in the middle the greater.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Time from starting a program to its first picture on an empty screen.
#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn start(screen: &Screen, program: &Path) -> anyhow::Result<Duration> {
    until(screen, |colours| colours < 3).context("the screen was not empty before")?;
    let mut command = screen.command(program)?;
    let begun = Instant::now();
    let _program = Held::start(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
    until(screen, |colours| colours > DRAWN).with_context(|| format!("{} shows nothing", program.display()))?;
    Ok(begun.elapsed())
}

fn until(screen: &Screen, holds: impl Fn(usize) -> bool) -> anyhow::Result<()> {
    for _ in 0..10 * PATIENCE {
        if screen.picture().is_ok_and(|picture| holds(picture.colours())) {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
    anyhow::bail!("waited too long")
}

/// What a tour found.
struct Tour {
    found: Value,
    /// CPU seconds a frame.
    cpu: f64,
    /// Bytes.
    memory: u64,
    processes: usize,
}

fn native_tour(root: &Path, program: &Path, args: &Args, size: &str) -> anyhow::Result<Tour> {
    let screen = Screen::start(&Place::here(root), &["sleep", "infinity"], false)?;
    let mut command = screen.command(program)?;
    command.args(&args.open).args(["--theme", "light", "--size", size, "--pace", &args.frames.to_string()]);
    let mut window = Held::start(command.stdout(Stdio::piped()))?;
    let id = window.0.id();
    let mut said = BufReader::new(window.0.stdout.take().context("what the workbench says")?);
    let mut line = String::new();
    said.read_line(&mut line).context("waiting for the tour to begin")?;
    ensure!(line.trim() == "begun", "the native workbench began no tour: {line:?}");
    let before = cpu(id);
    line.clear();
    said.read_line(&mut line).context("waiting for the tour to end")?;
    tour(serde_json::from_str(&line).context("what the tour found")?, id, before)
}

fn shell_tour(root: &Path, program: &Path, args: &Args) -> anyhow::Result<(Tour, String)> {
    let port = free_port()?;
    let screen = Screen::start(&Place::here(root), &["WebKitWebDriver", &format!("--port={port}"), "--host=127.0.0.1"], true)?;
    let session = Session::open(port, program)?;
    session.until("the workbench is ready", |page| page.text == "Ready" && !page.busy)?;
    let second = screen.command(program)?.args(&args.open).status().context("starting the shell a second time")?;
    ensure!(second.success(), "the second start ended with {second}");
    session.until("the audit is verified", |page| !page.busy && page.text.starts_with("Verified"))?;
    let size = session.script("return innerWidth + 'x' + innerHeight")?.as_str().unwrap_or_default().to_owned();
    let own = fs::canonicalize(program).context("the shell's path")?;
    let runs = |id: &u32| fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|exe| exe == own);
    let id = tree(screen.process()).into_iter().find(runs).context("the shell's process")?;

    let before = cpu(id);
    session.within(&format!("boot.page.pace({});", args.frames))?;
    for _ in 0..PATIENCE {
        thread::sleep(ASK_EVERY);
        if let Some(found) = session.within("return boot.page.paced() ?? null;")?.as_str() {
            let tour = tour(serde_json::from_str(found).context("what the tour found")?, id, before)?;
            session.close()?;
            return Ok((tour, size));
        }
    }
    anyhow::bail!("waited too long for the tour")
}

fn tour(found: Value, id: u32, before: f64) -> anyhow::Result<Tour> {
    let frames = found["frames"].as_f64().context("a number of frames")?;
    let processes = tree(id);
    let memory = processes.iter().filter_map(|id| share(*id)).sum();
    Ok(Tour { cpu: (cpu(id) - before) / frames, found, memory, processes: processes.len() })
}
