//! `verifold policy`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use verifold_model::{
    format::counted,
    state::{Exit, Severity},
};
use verifold_policy::{Level, OriginDemand, Overlay, Policy, library::LIBRARY, sentence::system_words, tailor};

use crate::{
    failure::Failure,
    files,
    wrap::{fill, pad},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a policy and print what it demands, one sentence a requirement.
    Check {
        /// The policy.
        policy: PathBuf,
        /// Check this overlay against the policy as well, and print the policy as it changes it.
        #[arg(long, value_name = "O.toml")]
        overlay: Vec<PathBuf>,
    },
    /// List the policies that come with this program.
    List,
    /// Print a policy that comes with this program, as a file to start from.
    Show {
        /// Its identifier, as `policy list` gives it.
        id: String,
    },
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Check { policy, overlay } => check(policy, overlay),
        Command::List => list(),
        Command::Show { id } => show(id),
    }
}

fn list() -> Result<Exit, Failure> {
    for entry in LIBRARY {
        let policy = Policy::read(entry.text).map_err(|error| Failure::new(Exit::Malformed, format!("{}: {error:?}", entry.id), ""))?;
        let illustrative = if policy.illustrative { ", illustrative" } else { "" };
        println!("{} {} {}{illustrative}", pad(entry.id, 26), policy.title, policy.version);
        let sources: Vec<&str> = policy.sources.iter().map(|source| source.title.as_str()).collect();
        print!("{}", fill(&pad("", 27), &pad("", 27), &sources.join("; ")));
    }
    Ok(Exit::Met)
}

fn show(id: &str) -> Result<Exit, Failure> {
    let Some(entry) = LIBRARY.iter().find(|entry| entry.id == id) else {
        let known: Vec<&str> = LIBRARY.iter().map(|entry| entry.id).collect();
        return Err(Failure::new(
            Exit::Usage,
            format!("there is no policy `{id}` in this program"),
            format!("take one of: {}", known.join(", ")),
        ));
    };
    print!("{}", entry.text);
    Ok(Exit::Met)
}

fn check(path: &Path, overlays: &[PathBuf]) -> Result<Exit, Failure> {
    let lint = Policy::lint(&files::document("policy", path)?);
    for notice in &lint.notices {
        println!("{}: {notice}", path.display());
    }
    let of = |level| lint.notices.iter().filter(|notice| notice.level == level).count() as u64;
    println!("{}, {}", counted(of(Level::Error), "error", "errors"), counted(of(Level::Warning), "warning", "warnings"));
    let Some(policy) = lint.value else { return Ok(Exit::Malformed) };
    let overlays: Vec<Overlay> = overlays.iter().map(|path| files::overlay(path, Some(&policy))).collect::<Result<_, _>>()?;
    let tailored = tailor(&policy, &overlays.iter().map(|overlay| (overlay, None)).collect::<Vec<_>>(), None);
    let policy = tailored.policy;
    let illustrative = if policy.illustrative { " (illustrative)" } else { "" };
    println!("\n{} {}{illustrative}\nSHA-256 {}\n", policy.title, policy.version, policy.digest);
    let origin = OriginDemand::of(&policy, None);
    if origin.threshold > 0 {
        println!(
            "  Origin: {} must have signed the package",
            counted(u64::from(origin.threshold), "trusted provider", "trusted providers")
        );
    }
    for signer in &origin.signers {
        let text = format!("{} ({}), {}, {}", signer.name, signer.role.word(), signer.public_key.fingerprint(), signer.window_text());
        print!("{}", fill("  Trusted: ", "           ", &text));
    }
    let demands = system_words(&policy.properties, policy.security_bits_at_least);
    if !demands.is_empty() {
        print!("{}", fill("  Proof systems are to be ", "    ", &demands));
    }
    if let Some(days) = policy.anchored_within_days {
        println!("  Anchors: every batch must have been anchored within {} of its end", counted(u64::from(days), "day", "days"));
    }
    if !policy.deposited.is_empty() {
        let words: Vec<&str> = policy.deposited.iter().map(|what| what.word()).collect();
        println!("  Laid down before the period: {}", words.join(", "));
    }
    for (overlay, changes) in overlays.iter().zip(&tailored.changes) {
        println!("  Overlay {}, {}, SHA-256 {}", overlay.id, overlay.title, overlay.digest);
        for change in changes {
            print!("{}", fill("    ", "      ", &change.text()));
        }
    }
    for requirement in &policy.requirements {
        let severity = if requirement.severity == Severity::Mandatory { "" } else { "(advisory) " };
        print!("{}", fill(&format!("  {} ", pad(&requirement.id, 6)), "         ", &format!("{severity}{}", requirement.sentence())));
    }
    Ok(Exit::Met)
}
