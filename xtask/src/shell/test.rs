//! Does the shell do on a screen what it should?
//!
//! WebKit's own driver (package webkit2gtk-driver) starts it on a virtual screen (xvfb) with a message bus of its own. The
//! canvas has no parts a driver could name, so what is read is the sentence the page keeps for those who cannot see it.
//!
//! 1. messages: the same commands give the same events through the shell as through the windowless host
//! 2. the shell starts, opens its canvas and is ready
//! 3. a second start hands a sample over and ends; the first verifies it to its documented end
//! 4. the window is not blank; what it showed is kept in `target/shell-test`
//! 5. nothing in the tree of processes opened a socket that could leave the machine

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};

use super::build;

/// The sample that is opened, and how it ends.
const SAMPLE: &str = "credit-scoring-q1";
const VERDICT: &str = "exit 0: all mandatory requirements are met";
/// How often the page is asked, and how often at most: verification takes seconds, a minute on a slow machine.
const PAUSE: Duration = Duration::from_millis(250);
const PATIENCE: usize = 1_200;
/// How long the driver may take over one request; the longest is starting the shell.
const ANSWER: Duration = Duration::from_secs(120);

/// Builds the shell and tests it.
///
/// # Errors
/// What did not hold, or what is missing here to find out.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    for program in ["xvfb-run", "dbus-run-session", "WebKitWebDriver", "strace"] {
        ensure!(
            Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok(),
            "{program} is not here. On Debian: apt-get install xvfb xauth dbus webkit2gtk-driver strace"
        );
    }
    let program = build(root, "dev")?;
    let kept = root.join("target/shell-test");
    fs::create_dir_all(&kept).with_context(|| format!("creating {}", kept.display()))?;

    let parity = super::cargo(root).args(["test", "--quiet", "--locked", "--target-dir", "../target/shell"]).status()?;
    ensure!(parity.success(), "the shell's own tests fail");

    on_screen(root, &program, &kept.join("workbench.png"))?;
    no_network(root, &program, &kept.join("network.trace"))
}

fn on_screen(root: &Path, program: &Path, picture: &Path) -> anyhow::Result<()> {
    let port = free_port()?;
    let driver = Screen::start(root, &["WebKitWebDriver", &format!("--port={port}"), "--host=127.0.0.1"])?;
    let session = Session::open(port, program)?;
    session.until("the page is open", |page| page.state == "open")?;
    session.until("the workbench is ready", |page| page.text == "Ready" && !page.busy)?;
    println!("ready");

    // On the same bus: the window's own process knows its address.
    let second = Command::new(program)
        .current_dir(root)
        .arg(SAMPLE)
        .env("DBUS_SESSION_BUS_ADDRESS", driver.variable("DBUS_SESSION_BUS_ADDRESS")?)
        .env("DISPLAY", driver.variable("DISPLAY")?)
        .env("XAUTHORITY", driver.variable("XAUTHORITY").unwrap_or_default())
        .status()
        .context("starting the shell a second time")?;
    ensure!(second.success(), "the second start ended with {second}");
    let ended = session.until("the sample is verified", |page| !page.busy && page.text.starts_with("Verified"))?;
    ensure!(ended.ends_with(VERDICT), "expected “{VERDICT}”, found “{ended}”");
    println!("second start handed {SAMPLE} over: {ended}");

    let bytes = base64::engine::general_purpose::STANDARD.decode(session.get("screenshot")?.as_str().context("a picture")?)?;
    fs::write(picture, &bytes).with_context(|| format!("writing {}", picture.display()))?;
    let colours = colours(&bytes)?;
    ensure!(colours > 200, "the window shows {colours} colours: it stayed blank, see {}", picture.display());
    println!("the window shows {colours} colours: {}", picture.strip_prefix(root).unwrap_or(picture).display());
    session.close()
}

/// A run under the system-call trace, without a driver, which would need a socket of its own.
fn no_network(root: &Path, program: &Path, trace: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_file(trace);
    let screen = Screen::start(
        root,
        &["strace", "-f", "-qq", "-e", "trace=socket,execve,write", "-o", &trace.to_string_lossy(), &program.to_string_lossy(), SAMPLE],
    )?;
    let read = || fs::read(trace).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    // The worker's last line of the run begins with these words.
    let verified = |trace: &str| trace.contains(r#""{\"event\":\"verified\""#);
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

/// Programs on a virtual screen with a message bus of their own; ended with everything they started.
struct Screen {
    child: Child,
}

impl Screen {
    fn start(root: &Path, command: &[&str]) -> anyhow::Result<Self> {
        let mut screen = Command::new("xvfb-run");
        screen
            .current_dir(root)
            .args(["--auto-servernum", "--server-args", "-screen 0 1280x860x24", "dbus-run-session", "--"])
            .args(command)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env("TAURI_WEBVIEW_AUTOMATION", if command.contains(&"strace") { "false" } else { "true" });
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut screen, 0);
        Ok(Self { child: screen.spawn().context("starting xvfb-run")? })
    }

    /// A variable of the environment of the last program of the chain: screen and bus have added theirs.
    fn variable(&self, name: &str) -> anyhow::Result<String> {
        let group = self.child.id();
        let listed = Command::new("ps").args(["-o", "pid=", "--sort=-pid", "-g", &group.to_string()]).output().context("starting ps")?;
        for process in String::from_utf8_lossy(&listed.stdout).split_whitespace() {
            let Ok(variables) = fs::read(format!("/proc/{process}/environ")) else { continue };
            let variables = String::from_utf8_lossy(&variables).into_owned();
            if let Some(value) = variables.split('\0').find_map(|line| line.strip_prefix(name)?.strip_prefix('=')) {
                return Ok(value.to_owned());
            }
        }
        bail!("no process on the virtual screen has {name}")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// What the page says of itself.
struct Said {
    state: String,
    busy: bool,
    text: String,
}

/// A session of the WebDriver protocol (W3C WebDriver, 6.2 and 13 to 17).
struct Session {
    port: u16,
    id: String,
}

impl Session {
    fn open(port: u16, program: &Path) -> anyhow::Result<Self> {
        let wanted = json!({"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": {"binary": program, "args": []}}}});
        // Until the driver listens, and no longer: what it then says of the session stands.
        for _ in 0..PATIENCE {
            if request(port, "GET", "/status", None).is_ok() {
                break;
            }
            thread::sleep(PAUSE);
        }
        let session = request(port, "POST", "/session", Some(&wanted)).context("the driver opened no session")?;
        Ok(Self { port, id: session["sessionId"].as_str().context("a session without a name")?.to_owned() })
    }

    fn get(&self, what: &str) -> anyhow::Result<Value> {
        request(self.port, "GET", &format!("/session/{}/{what}", self.id), None)
    }

    fn page(&self) -> anyhow::Result<Said> {
        let script = "const s = document.getElementById('status'); \
                      return s ? [document.body.dataset.state || '', document.body.dataset.busy === 'true', s.textContent] : null";
        let said = request(self.port, "POST", &format!("/session/{}/execute/sync", self.id), Some(&json!({"script": script, "args": []})))?;
        let text = |at: usize| said[at].as_str().unwrap_or_default().to_owned();
        Ok(Said { state: text(0), busy: said[1].as_bool().unwrap_or(true), text: text(2) })
    }

    fn until(&self, what: &str, holds: impl Fn(&Said) -> bool) -> anyhow::Result<String> {
        let mut last = String::new();
        for _ in 0..PATIENCE {
            let said = self.page()?;
            ensure!(said.state != "failed", "the page failed: {}", said.text);
            if holds(&said) {
                return Ok(said.text);
            }
            last = said.text;
            thread::sleep(PAUSE);
        }
        bail!("waited too long until {what}; the page says “{last}”")
    }

    fn close(self) -> anyhow::Result<()> {
        request(self.port, "DELETE", &format!("/session/{}", self.id), None).map(drop)
    }
}

/// One request over HTTP/1.1 to the driver on this machine.
#[expect(clippy::disallowed_types, reason = "a driver on this machine is spoken to over the loopback; this program does not ship")]
fn request(port: u16, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).context("the driver does not listen")?;
    stream.set_read_timeout(Some(ANSWER)).context("setting how long to wait for an answer")?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
    // The driver keeps the connection open, so the length it states is all there is to go by.
    let mut answer = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while answer.read_line(&mut line).context("the driver gave no answer")? > 2 {
        if let Some((name, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().with_context(|| format!("{name} of the answer"))?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body).context("the driver broke off")?;
    let body = &String::from_utf8_lossy(&body);
    let mut value: Value = serde_json::from_str(body).with_context(|| format!("the driver answered {body:?}"))?;
    if let Some(error) = value["value"]["error"].as_str() {
        bail!("the driver says {error}: {}", value["value"]["message"]);
    }
    Ok(value["value"].take())
}

#[expect(clippy::disallowed_types, reason = "a driver on this machine is spoken to over the loopback; this program does not ship")]
fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Different colours in a picture, every seventh pixel looked at.
fn colours(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().context("the picture is no PNG")?;
    let mut pixels = vec![0; reader.output_buffer_size().context("the picture is too large")?];
    let size = reader.next_frame(&mut pixels).context("the picture is cut off")?.color_type.samples();
    Ok(pixels.chunks_exact(size).step_by(7).collect::<BTreeSet<_>>().len())
}
