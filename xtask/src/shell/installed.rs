//! Are files opened by their type where the packages are installed, and verified to the end?
//!
//! What a person does by a double click is done by `gio open`. A window is known to show a verified audit when it shows what
//! `verifold-workbench` draws of it into a picture; the page of the shell also says so in words.

use std::{fs, path::Path, thread};

use anyhow::{Context as _, ensure};

use super::{
    driver::{PATIENCE, PAUSE, Session, free_port},
    picture::Picture,
    place::{HOME, Place, System},
    screen::Screen,
};

/// The sample that is opened, where packages put it.
pub(crate) const SAMPLE: &str = "/usr/share/verifold/sample-audits/credit-scoring-q1";
/// How it ends.
const VERDICT: &str = "exit 0: all mandatory requirements are met";
/// Size of a window.
const WINDOW: (usize, usize) = (1280, 800);
/// Rows of a page that tell how an audit ended: rungs, verdict, counts. Below lies the pointer, and what it points at shows it.
const TOLD: usize = 340;
/// Of a thousand pixels, so many may differ, as in [`super::test`].
const DIFFERING: usize = 5;
/// The key F5 in the driver's numbering.
const VERIFY: char = '\u{e035}';

/// Opens an engagement by its type, without a network, and waits until the window shows the audit verified. Of the window, `bar` rows at
/// the top are a bar of menus. What is seen is kept in `picture`.
///
/// # Errors
/// If it never does.
pub(crate) fn verified_by_type(system: &System, theme: &str, bar: usize, picture: &Path) -> anyhow::Result<()> {
    let place = Place::There(System { network: false, ..system.clone() });
    let expected = drawn(&place, theme, WINDOW.1 - bar)?.part(0, WINDOW.0, TOLD);
    let screen = Screen::start(&place, &["sleep", "infinity"], false)?;
    open(&screen, &format!("{SAMPLE}/engagement.toml"))?;
    let mut seen = None;
    for _ in 0..PATIENCE {
        thread::sleep(PAUSE);
        let Ok(whole) = screen.picture() else { continue };
        let (differing, pixels) = whole.part(bar, WINDOW.0, TOLD).differing(&expected)?;
        seen = Some((whole.part(0, WINDOW.0, WINDOW.1), differing));
        if 1_000 * differing <= DIFFERING * pixels {
            println!(
                "opened by its type and verified: {differing} of {pixels} pixels of its upper part differ from the picture of that audit"
            );
            break;
        }
    }
    let (window, differing) = seen.context("nothing was seen of the screen")?;
    window.write(picture)?;
    let pixels = WINDOW.0 * TOLD;
    ensure!(
        1_000 * differing <= DIFFERING * pixels,
        "the window never showed the audit verified: {differing} of {pixels} pixels differ, see {}",
        picture.display()
    );
    Ok(())
}

/// What the native workbench draws of the verified sample.
fn drawn(place: &Place, theme: &str, height: usize) -> anyhow::Result<Picture> {
    let folder = place.folder()?;
    let path = folder.path().join("expected.png");
    let ended = place
        .command(Path::new("xvfb-run"))
        .args(["--auto-servernum", "--server-args", "-screen 0 1280x860x24", "verifold-workbench", SAMPLE])
        .args(["--theme", theme, "--size", &format!("{}x{height}", WINDOW.0), "--screenshot"])
        .arg(place.inside(&path))
        .status()
        .context("starting xvfb-run")?;
    ensure!(ended.success(), "the native workbench ended with {ended}");
    Picture::read(&fs::read(&path).context("the native workbench left no picture")?)
}

/// Hands files to the open shell by opening them by their types, and says how many rows of its window are its bar of menus.
///
/// # Errors
/// If they are not verified to their end.
pub(crate) fn handed_over(system: &System) -> anyhow::Result<usize> {
    // The driver is spoken to over the loopback.
    let place = Place::There(System { network: true, ..system.clone() });
    let port = free_port()?;
    let screen = Screen::start(&place, &["WebKitWebDriver", &format!("--port={port}"), "--host=127.0.0.1"], true)?;
    let session = Session::open(port, Path::new("/usr/bin/verifold-shell"))?;
    session.until("the workbench is ready", |page| page.text == "Ready" && !page.busy)?;

    // A package and a policy, each alone and away from the engagement: what ends as it does on the command line.
    for (from, to) in [("package.zkaudit", "quarter.zkaudit"), ("policy.toml", "house policy.toml")] {
        let copied = place.command(Path::new("cp")).arg(format!("{SAMPLE}/{from}")).arg(to).status().context("copying a file")?;
        ensure!(copied.success(), "cp ended with {copied}");
        open(&screen, &format!("{HOME}/{to}"))?;
    }
    let alone = place
        .command(Path::new("verifold"))
        .args(["verify", "--quiet", "--policy", "house policy.toml", "quarter.zkaudit"])
        .status()
        .context("starting verifold")?
        .code()
        .context("verifold was ended by a signal")?;
    for _ in 0..PATIENCE {
        // It verifies once both have arrived.
        session.press(&[VERIFY])?;
        thread::sleep(PAUSE);
        if session.page()?.text != "Ready" {
            break;
        }
    }
    let ended = session.until("the package alone is verified", |page| !page.busy && page.text.starts_with("Verified"))?;
    ensure!(ended.contains(&format!("· exit {alone}: ")), "expected exit {alone}, found “{ended}”");
    println!("a package and a policy, each handed over by its type: {ended}");

    open(&screen, &format!("{SAMPLE}/engagement.toml"))?;
    let ended = session.until("the audit is verified", |page| !page.busy && page.text.ends_with(VERDICT))?;
    println!("an engagement handed over by its type: {ended}");
    let inner = session.script("return innerHeight * devicePixelRatio")?.as_u64().context("the height of the page")?;
    session.close()?;
    WINDOW.1.checked_sub(usize::try_from(inner)?).context("the page is higher than its window")
}

/// What a double click does.
fn open(screen: &Screen, path: &str) -> anyhow::Result<()> {
    let ended = screen.command(Path::new("gio"))?.args(["open", path]).status().context("starting gio")?;
    ensure!(ended.success(), "gio open {path} ended with {ended}");
    Ok(())
}
