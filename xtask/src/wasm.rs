//! The workbench for the page of the desktop shell: compiled to WebAssembly, with its script, into `target/web`.
//!
//! The compiler is rustup's if it has the target, else Debian's packages rustc-web, cargo-web and rust-web-src with lld-19,
//! which bring the standard library as source. Both keep their products in `target/wasm`, apart from the programs'.
//! The script that loads the module is written by wasm-bindgen as a library, behind the feature `pack`: it
//! takes minutes to compile, and little else needs it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::programs;

const TARGET: &str = "wasm32-unknown-unknown";

/// The page around the canvas.
const PAGE: &str = "src-tauri/web";

/// Where the page is put together, from the root.
pub(crate) const SITE: &str = "target/web";

/// Bytes of stack of the module.
pub(crate) const STACK: u32 = 8 << 20;

/// Arguments of `cargo xtask wasm`.
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Check that it compiles, and write nothing
    #[arg(long)]
    check: bool,
    /// Where there is no compiler for it, say so and end well
    #[arg(long)]
    if_possible: bool,
}

/// Builds the page.
///
/// # Errors
/// If there is no compiler for it, or if it does not compile.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    let Some(mut cargo) = compiler()? else {
        ensure!(args.if_possible, "{ABSENT}");
        println!("NOT CHECKED: {ABSENT}");
        return Ok(());
    };
    cargo.current_dir(root).args(if args.check { ["check", "--quiet"].as_slice() } else { &["rustc", "--release"] });
    cargo.args(["--locked", "--package", "verifold-workbench", "--lib", "--target", TARGET, "--target-dir", "target/wasm"]);
    if !args.check {
        // A page loads a library of C form; the programs link the same crate as a Rust one.
        cargo.args(["--crate-type", "cdylib"]);
        // Names are taken out after binding, which needs to see them.
        cargo.env("CARGO_PROFILE_RELEASE_STRIP", "false");
        // A thread of a program has 8 MiB of stack where the linker would give a page one.
        cargo.args(["--", "-C", &format!("link-arg=-zstack-size={STACK}")]);
    }
    ensure!(cargo.status().context("starting cargo")?.success(), "the workbench does not compile for {TARGET}");
    if args.check {
        println!("the workbench compiles for {TARGET}");
        return Ok(());
    }

    let site = root.join(SITE);
    if site.exists() {
        fs::remove_dir_all(&site).with_context(|| format!("emptying {}", site.display()))?;
    }
    fs::create_dir_all(&site).with_context(|| format!("creating {}", site.display()))?;
    let module = root.join("target/wasm").join(TARGET).join("release/verifold_ui.wasm");
    programs::with_pack(root, &["bindgen"], [&module, &site])?;
    copy_page(root)?;
    let size = fs::metadata(site.join("verifold_bg.wasm")).context("the module is not where it was written")?.len();
    println!("{SITE}: the workbench as a page, {:.1} MB of WebAssembly", size as f64 / 1e6);
    Ok(())
}

/// Puts the page itself in place, without the module.
///
/// # Errors
/// If a file cannot be copied.
pub(crate) fn copy_page(root: &Path) -> anyhow::Result<()> {
    let site = root.join(SITE);
    fs::create_dir_all(&site).with_context(|| format!("creating {}", site.display()))?;
    for entry in fs::read_dir(root.join(PAGE)).with_context(|| format!("reading {PAGE}"))? {
        let path = entry.with_context(|| format!("reading {PAGE}"))?.path();
        if let Some(name) = path.file_name() {
            fs::copy(&path, site.join(name)).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}

const ABSENT: &str = "no compiler for wasm32-unknown-unknown. With rustup: rustup target add wasm32-unknown-unknown. \
                      On Debian: apt-get install rustc-web cargo-web rust-web-src lld-19";

/// A cargo that can build for the page, if there is one here.
fn compiler() -> anyhow::Result<Option<Command>> {
    let own = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output().context("starting rustc")?;
    if own.status.success() && Path::new(String::from_utf8_lossy(&own.stdout).trim()).is_dir() {
        return Ok(Some(Command::new("cargo")));
    }
    let (bin, linker) = (Path::new("/usr/bin"), Path::new("/usr/bin/wasm-ld-19"));
    let std_source = Path::new("/usr/lib/rustlib/src/rust/library/std/Cargo.toml");
    if !linker.is_file() || !std_source.is_file() || !bin.join("cargo").is_file() {
        return Ok(None);
    }
    let mut cargo = Command::new(bin.join("cargo"));
    let path = env::join_paths(std::iter::once(PathBuf::from(bin)).chain(path_of_this_process())).context("a folder of programs")?;
    cargo.env("PATH", path).env("RUSTC", bin.join("rustc"));
    // The standard library is compiled with ours; stable compilers do that only if told so.
    cargo.env("RUSTC_BOOTSTRAP", "1").args(["-Z", "build-std=std,panic_abort"]);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    Ok(Some(cargo))
}

#[expect(clippy::disallowed_methods, reason = "programs are started by a command of development")]
fn path_of_this_process() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// Arguments of the inner command that writes the script.
#[derive(clap::Args)]
pub(crate) struct BindgenArgs {
    module: PathBuf,
    site: PathBuf,
}

/// Writes the module for the page and the script that loads it.
///
/// # Errors
/// If the module is none, or was bound by another version.
#[cfg(feature = "pack")]
pub(crate) fn bindgen(args: &BindgenArgs) -> anyhow::Result<()> {
    wasm_bindgen_cli_support::Bindgen::new()
        .web(true)?
        .input_path(&args.module)
        .out_name("verifold")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&args.site)
        .with_context(|| format!("binding {}", args.module.display()))
}

/// Says that this build cannot.
///
/// # Errors
/// Always.
#[cfg(not(feature = "pack"))]
pub(crate) fn bindgen(args: &BindgenArgs) -> anyhow::Result<()> {
    anyhow::bail!("built without the feature pack, so {} is not bound into {}", args.module.display(), args.site.display())
}
