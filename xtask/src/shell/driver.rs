//! The page driven from outside, by WebKit's driver (W3C WebDriver).
//!
//! The canvas has no parts a driver could name, so what is read is the sentence the page keeps for those who cannot see it.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};

/// How often the page is asked, and how often at most: verification takes seconds, a minute on a slow machine.
pub(super) const PAUSE: Duration = Duration::from_millis(250);
pub(super) const PATIENCE: usize = 1_200;
/// How long the driver may take over one request; the longest is starting the shell.
const ANSWER: Duration = Duration::from_secs(120);

/// What the page says of itself.
pub(super) struct Said {
    pub(super) state: String,
    pub(super) busy: bool,
    pub(super) text: String,
}

/// A session of the WebDriver protocol (W3C WebDriver, 6.2 and 13 to 17).
pub(super) struct Session {
    port: u16,
    id: String,
}

impl Session {
    /// Starts the program under the driver on this port.
    pub(super) fn open(port: u16, program: &Path) -> anyhow::Result<Self> {
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

    pub(super) fn get(&self, what: &str) -> anyhow::Result<Value> {
        request(self.port, "GET", &format!("/session/{}/{what}", self.id), None)
    }

    pub(super) fn post(&self, what: &str, body: &Value) -> anyhow::Result<Value> {
        request(self.port, "POST", &format!("/session/{}/{what}", self.id), Some(body))
    }

    /// What a script returns.
    pub(super) fn script(&self, script: &str) -> anyhow::Result<Value> {
        self.post("execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a script of the page's own modules returns: `boot` and `verifold` are their exports.
    pub(super) fn within(&self, script: &str) -> anyhow::Result<Value> {
        let script = format!(
            "const done = arguments[0], at = (name) => import(new URL(name, location.href).href); \
             Promise.all([at('boot.js'), at('verifold.js')]).then(async ([boot, verifold]) => {{ {script} }}) \
             .then(done, (problem) => done('failed: ' + problem))"
        );
        let said = self.post("execute/async", &json!({"script": script, "args": []}))?;
        match said.as_str().and_then(|text| text.strip_prefix("failed: ")) {
            Some(problem) => bail!("a script failed on the page: {problem}"),
            None => Ok(said),
        }
    }

    /// Presses keys together, by their code points in the protocol (17.4.2), and lets go.
    pub(super) fn press(&self, keys: &[char]) -> anyhow::Result<()> {
        let event = |kind: &str, key: &char| json!({"type": kind, "value": key.to_string()});
        let down = keys.iter().map(|key| event("keyDown", key));
        let actions: Vec<Value> = down.chain(keys.iter().rev().map(|key| event("keyUp", key))).collect();
        self.post("actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]})).map(drop)
    }

    /// The page as a PNG.
    pub(super) fn picture(&self) -> anyhow::Result<Vec<u8>> {
        let said = self.get("screenshot")?;
        base64::engine::general_purpose::STANDARD.decode(said.as_str().context("a picture")?).context("a picture in base 64")
    }

    /// What the page says now.
    pub(super) fn page(&self) -> anyhow::Result<Said> {
        let said = self.script(
            "const s = document.getElementById('status'); \
             return s ? [document.body.dataset.state || '', document.body.dataset.busy === 'true', s.textContent] : null",
        )?;
        let text = |at: usize| said[at].as_str().unwrap_or_default().to_owned();
        Ok(Said { state: text(0), busy: said[1].as_bool().unwrap_or(true), text: text(2) })
    }

    /// Waits until the page says what is waited for, and returns its sentence.
    pub(super) fn until(&self, what: &str, holds: impl Fn(&Said) -> bool) -> anyhow::Result<String> {
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

    pub(super) fn close(self) -> anyhow::Result<()> {
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
/// A port nobody listens on.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
