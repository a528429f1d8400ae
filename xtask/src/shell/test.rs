//! Does the shell do on a screen what it should?
//!
//! WebKit's own driver (package webkit2gtk-driver) starts it on a virtual screen (xvfb) with a message bus and a home of its
//! own.
//!
//! 1. messages: the same commands give the same events through the shell as through the windowless host
//! 2. the shell starts, opens its canvas and is ready
//! 3. a second start hands a sample over and ends; the first verifies it to its documented end
//! 4. every room looks as in the native workbench at the same size, reached by its keys
//! 5. of the stack the module has, the greater part was never touched
//! 6. nothing in the tree of processes opened a socket that could leave the machine
//!
//! Pictures of both are kept in `target/shell-test`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, bail, ensure};

use super::{
    build,
    driver::{PATIENCE, PAUSE, Session, free_port},
    picture::Picture,
    place::Place,
    screen::Screen,
};
use crate::{programs, wasm};

/// The sample that is opened, and how it ends.
const SAMPLE: &str = "credit-scoring-q1";
const VERDICT: &str = "exit 0: all mandatory requirements are met";
/// Rooms by their names on the command line, in the order of their keys: Ctrl and 1 to 5.
const ROOMS: [(char, &str); 5] = [('1', "overview"), ('2', "requirements"), ('3', "life-cycle"), ('4', "monitoring"), ('5', "proofs")];
/// Of a thousand pixels, so many may differ: elapsed times, and how each window says that it is offline.
const DIFFERING: usize = 5;

/// Arguments of `cargo xtask shell-test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write both windows side by side, at half their size, to this PNG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Profile of the programs; the page is always a release build
    #[arg(long, value_name = "NAME", default_value = "dev")]
    profile: String,
}

/// Builds the shell and tests it.
///
/// # Errors
/// What did not hold, or what is missing here to find out.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    needed(&["xvfb-run", "dbus-run-session", "WebKitWebDriver", "strace"])?;
    let program = build(root, &args.profile)?;
    let kept = root.join("target/shell-test");
    fs::create_dir_all(&kept).with_context(|| format!("creating {}", kept.display()))?;

    let parity =
        super::cargo(root).args(["test", "--quiet", "--locked", "--target-dir", "../target/shell", "--profile", &args.profile]).status()?;
    ensure!(parity.success(), "the shell's own tests fail");

    let [_, native] = programs::build_as(root, &args.profile, ["verifold", "verifold-workbench"])?;
    let both = on_screen(root, &program, &native, &kept)?;
    if let Some(path) = &args.picture {
        both.write(path)?;
    }
    no_network(root, &program, &kept.join("network.trace"))
}

/// Says which of these programs of a test are not here.
pub(super) fn needed(programs: &[&str]) -> anyhow::Result<()> {
    let absent = |program: &&&str| Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err();
    let absent: Vec<&str> = programs.iter().filter(absent).copied().collect();
    ensure!(absent.is_empty(), "not here: {}. On Debian: apt-get install xvfb xauth dbus webkit2gtk-driver strace", absent.join(", "));
    Ok(())
}

/// Both windows with the same audit, side by side.
fn on_screen(root: &Path, program: &Path, native: &Path, kept: &Path) -> anyhow::Result<Picture> {
    let port = free_port()?;
    let screen = Screen::start(&Place::here(root), &["WebKitWebDriver", &format!("--port={port}"), "--host=127.0.0.1"], true)?;
    let session = Session::open(port, program)?;
    session.until("the page is open", |page| page.state == "open")?;
    session.until("the workbench is ready", |page| page.text == "Ready" && !page.busy)?;
    println!("ready");
    stack(&session)?;

    let second = screen.command(program)?.arg(SAMPLE).status().context("starting the shell a second time")?;
    ensure!(second.success(), "the second start ended with {second}");
    let ended = session.until("the sample is verified", |page| !page.busy && page.text.starts_with("Verified"))?;
    ensure!(ended.ends_with(VERDICT), "expected “{VERDICT}”, found “{ended}”");
    println!("second start handed {SAMPLE} over: {ended}");

    let size = session.script("return innerWidth + 'x' + innerHeight + ' at ' + devicePixelRatio")?;
    let size = size.as_str().and_then(|size| size.strip_suffix(" at 1")).context("a pixel of the page is not one of the screen")?;
    let mut both = None;
    for (key, room) in ROOMS {
        session.press(&[CONTROL, key])?;
        let shell = settled(&session, &kept.join(format!("{room}-shell.png")))?;
        let window = native_room(root, native, size, room, &kept.join(format!("{room}-native.png")))?;
        let colours = shell.colours();
        ensure!(colours > 200, "the window shows {colours} colours in the room {room}: it stayed blank, see {}", kept.display());
        let (differing, pixels) = shell.differing(&window)?;
        ensure!(
            1_000 * differing <= DIFFERING * pixels,
            "{differing} of {pixels} pixels differ between the windows in the room {room}, see {}",
            kept.display()
        );
        println!("{room}: {colours} colours, {differing} of {pixels} pixels differ from the native workbench");
        if both.is_none() {
            // With its bar of menus, which the page does not see.
            let whole = screen.picture()?;
            both = Some(window.beside(&whole.part(0, shell.width, whole.height), 16));
        }
    }
    stack(&session)?;
    session.close()?;
    both.context("a room was looked at")
}

/// The key in the protocol's numbering.
const CONTROL: char = '\u{e009}';

/// The page once two pictures of it are the same.
fn settled(session: &Session, path: &Path) -> anyhow::Result<Picture> {
    let mut before = Vec::new();
    for _ in 0..PATIENCE {
        thread::sleep(PAUSE);
        let now = session.picture()?;
        if now == before {
            fs::write(path, &now).with_context(|| format!("writing {}", path.display()))?;
            return Picture::read(&now);
        }
        before = now;
    }
    bail!("the page never came to rest")
}

fn native_room(root: &Path, program: &Path, size: &str, room: &str, path: &Path) -> anyhow::Result<Picture> {
    let _ = fs::remove_file(path);
    let drawn = Command::new("xvfb-run")
        .current_dir(root)
        .args(["--auto-servernum", "--server-args", "-screen 0 1280x860x24"])
        .arg(program)
        .args([SAMPLE, "--theme", "light", "--size", size, "--screen", room, "--screenshot"])
        .arg(path)
        .status()
        .context("starting the native workbench")?;
    ensure!(drawn.success(), "the native workbench ended with {drawn}");
    Picture::read(&fs::read(path).with_context(|| format!("reading {}", path.display()))?)
}

/// How deep the stack has been since the module was loaded: not half of what there is. It lies at the beginning of the
/// module's memory, which is zero at first, and grows towards address 0, where the module fails.
fn stack(session: &Session) -> anyhow::Result<()> {
    let script = format!(
        "const stack = new Uint8Array((await verifold.default()).memory.buffer, 0, {}); \
         const first = stack.findIndex((byte) => byte !== 0); return first < 0 ? 0 : stack.length - first;",
        wasm::STACK
    );
    let used = session.within(&script)?.as_u64().context("a number of bytes")?;
    println!("stack of the module: {used} of {} bytes used at most", wasm::STACK);
    ensure!(0 < used && 2 * used < u64::from(wasm::STACK), "the module is near the end of its stack: give it more in `cargo xtask wasm`");
    Ok(())
}

/// A run under the system-call trace, without a driver, which would need a socket of its own.
fn no_network(root: &Path, program: &Path, trace: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(trace);
    let screen = Screen::start(
        &Place::here(root),
        &["strace", "-f", "-qq", "-e", "trace=socket,execve,write", "-o", &trace.to_string_lossy(), &program.to_string_lossy(), SAMPLE],
        false,
    )?;
    let read = || fs::read(trace).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    // The worker's last line of the run begins with these words.
    let verified = |trace: &str| trace.contains(r#""{\"verified\""#);
    for _ in 0..PATIENCE {
        if verified(&read()) {
            break;
        }
        thread::sleep(PAUSE);
    }
    drop(screen);
    let text = read();
    ensure!(verified(&text), "the traced run verified nothing, see {}", trace.display());
    ensure!(text.contains("WebKitNetworkProcess"), "the traced run started no web engine, see {}", trace.display());
    let outward: Vec<&str> =
        text.lines().filter(|line| ["AF_INET", "AF_PACKET", "AF_VSOCK"].iter().any(|family| line.contains(family))).collect();
    if !outward.is_empty() {
        bail!("sockets that could leave the machine:\n{}", outward.join("\n"));
    }
    println!("sockets in the trace: {}, none that could leave the machine", text.matches("socket(").count());
    Ok(())
}
