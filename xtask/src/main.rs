//! One door for development: `cargo xtask COMMAND`.
//!
//! - [`tidy`]: does the tree keep the rules that no compiler knows?
//! - [`docs`]: are the generated pages what the code says?
//! - [`samples`]: where do the sample audits come from, and do they still end as they should?
//! - [`bench_fixture`]: the packages that verification is measured with
//! - [`mutants`]: is every altered package refused, for the reason it should be?
//! - [`kills`]: does a verification that is killed leave anything half-written?
//! - [`cancel`]: how long does Cancel take?
//! - [`fuzz`]: does a parser of untrusted bytes fall over what nobody thought of?
//! - [`sbom`]: what is inside the programs we hand out?
//! - [`screens`]: what does the workbench look like now?
//! - [`icons`]: the application's icons, from its logo
//! - [`dist`]: packages, checksums, release notes
//! - [`wasm`]: the workbench for the page of the desktop shell; [`shell`]: that shell, opened, checked, tested, measured
//!
//! A command lives in the module of its name, with its arguments and one `run`. Commands that need our own crates
//! stand behind the feature `fixtures`, those of the shell and of packages, which need the model alone, behind `window`, so that
//! `cargo tidy` answers before those crates compile.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program answers on standard output")]

#[cfg(feature = "fixtures")]
mod bench_fixture;
#[cfg(feature = "fixtures")]
mod cancel;
#[cfg(feature = "window")]
mod dist;
#[cfg(feature = "fixtures")]
mod docs;
#[cfg(feature = "fixtures")]
mod fuzz;
mod icons;
#[cfg(feature = "fixtures")]
mod kills;
#[cfg(feature = "fixtures")]
mod mutants;
mod programs;
#[cfg(feature = "fixtures")]
mod samples;
mod sbom;
mod screens;
#[cfg(feature = "window")]
mod shell;
mod tidy;
mod wasm;

use std::{path::Path, process::ExitCode};

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "One door for development")]
enum Command {
    /// Check the rules that no compiler knows: crate arrows, dependencies, words, links
    Tidy,
    /// Write the generated pages under docs/
    #[cfg(feature = "fixtures")]
    Docs(docs::Args),
    /// Write the sample audits, or check that they end as they should
    #[cfg(feature = "fixtures")]
    Samples(samples::Args),
    /// Prove the packages that verification is measured with; takes tens of minutes
    #[cfg(feature = "fixtures")]
    BenchFixture(bench_fixture::Args),
    /// Alter the sample audits in thousands of ways, and check that each is refused for its reason
    #[cfg(feature = "fixtures")]
    Mutants(mutants::Args),
    /// Kill verifications at random points, and check that they leave nothing half-written
    #[cfg(feature = "fixtures")]
    Kills(kills::Args),
    /// Measure how long Cancel takes, to the window's answer and to the worker's death
    #[cfg(feature = "fixtures")]
    Cancel(cancel::Args),
    /// Run the parsers of untrusted bytes under a coverage-guided fuzzer
    #[cfg(feature = "fixtures")]
    Fuzz(fuzz::Args),
    /// Write a bill of materials (CycloneDX) for each program that is handed out
    Sbom(sbom::Args),
    /// Draw the rooms of the workbench into docs/images
    Screens(screens::Args),
    /// Draw the application's icons from its logo
    Icons(icons::Args),
    /// Compile the workbench for the page of the desktop shell
    Wasm(wasm::Args),
    /// Open the desktop shell, or check that it compiles
    #[cfg(feature = "window")]
    Shell(shell::Args),
    /// Pack the programs for Debian and RPM systems, with checksums and release notes
    #[cfg(feature = "window")]
    Dist(dist::Args),
    /// Test the desktop shell on a virtual screen
    #[cfg(feature = "window")]
    ShellTest(shell::test::Args),
    /// Measure start, frames and memory of both windows on a virtual screen
    #[cfg(feature = "window")]
    ShellBench(shell::bench::Args),
    /// Write the script around a compiled module; `wasm` calls it
    #[command(hide = true)]
    Bindgen(wasm::BindgenArgs),
}

fn main() -> ExitCode {
    let root = workspace_root();
    let done = match Command::parse() {
        Command::Tidy => tidy::run(root),
        #[cfg(feature = "fixtures")]
        Command::Docs(args) => docs::run(root, &args),
        #[cfg(feature = "fixtures")]
        Command::Samples(args) => samples::run(root, &args),
        #[cfg(feature = "fixtures")]
        Command::Mutants(args) => mutants::run(root, &args),
        #[cfg(feature = "fixtures")]
        Command::Kills(args) => kills::run(root, &args),
        #[cfg(feature = "fixtures")]
        Command::Cancel(args) => cancel::run(root, &args),
        #[cfg(feature = "fixtures")]
        Command::Fuzz(args) => fuzz::run(root, &args),
        Command::Sbom(args) => sbom::run(root, &args),
        Command::Screens(args) => screens::run(root, &args),
        Command::Icons(args) => icons::run(root, &args),
        Command::Wasm(args) => wasm::run(root, &args),
        #[cfg(feature = "window")]
        Command::Shell(args) => shell::run(root, &args),
        #[cfg(feature = "window")]
        Command::Dist(args) => dist::run(root, &args),
        #[cfg(feature = "window")]
        Command::ShellTest(args) => shell::test::run(root, &args),
        #[cfg(feature = "window")]
        Command::ShellBench(args) => shell::bench::run(root, &args),
        Command::Bindgen(args) => wasm::bindgen(&args),
        #[cfg(feature = "fixtures")]
        Command::BenchFixture(args) => bench_fixture::run(root, &args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace: the folder above this crate.
fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
