//! What does the workbench look like now?
//!
//! Every room of a sample audit, light and dark, drawn by the program itself into
//! `docs/images`. Without a display the program runs on a virtual one (`xvfb-run`).
//!
//! The pictures are for people: elapsed times stand on them, so no two runs give the same bytes.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::programs;

/// Rooms by the name the workbench knows them by.
const ROOMS: &[&str] = &["welcome", "overview", "requirements", "life-cycle", "monitoring", "proofs"];

const THEMES: &[&str] = &["light", "dark"];

/// Arguments of `cargo xtask screens`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder for the pictures
    #[arg(long, value_name = "FOLDER", default_value = "docs/images")]
    to: PathBuf,
    /// The sample audit to show, in place of credit-scoring-drift and, for the chain, credit-scoring-lifecycle
    #[arg(long, value_name = "NAME")]
    sample: Option<String>,
    /// Size of the window in points
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x800")]
    size: String,
    /// Zoom in percent
    #[arg(long, value_name = "PERCENT", default_value = "100")]
    zoom: String,
    /// Only this room
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(ROOMS))]
    room: Option<String>,
}

/// Builds the programs and draws the pictures.
///
/// # Errors
/// If a program does not build or start, or leaves no picture.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    // Both: the workbench verifies in a worker process, which is `verifold`.
    let [_, workbench] = programs::build(root, ["verifold", "verifold-workbench"])?;
    let folder = root.join(&args.to);
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;

    for room in ROOMS.iter().filter(|room| args.room.as_deref().is_none_or(|only| only == **room)) {
        for theme in THEMES {
            let picture = folder.join(format!("{room}-{theme}.png"));
            // A picture of an earlier run must not pass for one of this run.
            if picture.exists() {
                fs::remove_file(&picture).with_context(|| format!("removing {}", picture.display()))?;
            }
            let mut command = on_a_display(&workbench);
            command.current_dir(root);
            if *room != "welcome" {
                // The chain has something to show where every stage has a proof.
                let sample = args.sample.as_deref().unwrap_or(if *room == "life-cycle" {
                    "credit-scoring-lifecycle"
                } else {
                    "credit-scoring-drift"
                });
                command.arg(sample);
            }
            command.args(["--screen", room, "--theme", theme, "--size", &args.size, "--zoom", &args.zoom]);
            let ended = command.arg("--screenshot").arg(&picture).status().with_context(|| format!("starting {}", workbench.display()))?;
            ensure!(ended.success() && picture.is_file(), "the workbench left no picture of {room} ({theme}): it ended with {ended}");
            println!("{}", picture.strip_prefix(root).unwrap_or(&picture).display());
        }
    }
    Ok(())
}

/// The program on the display at hand, or on a virtual one.
#[expect(clippy::disallowed_methods, reason = "whether there is a display is known from the environment alone")]
fn on_a_display(program: &Path) -> Command {
    if env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some() {
        return Command::new(program);
    }
    let mut command = Command::new("xvfb-run");
    command.args(["--auto-servernum", "--server-args", "-screen 0 2560x1600x24"]).arg(program);
    command
}
