//! `verifold key new` and `verifold key show`: keys that sign, and the fingerprints people compare.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verifold_model::{format::is_unprintable, signer::PublicKey, state::Exit};
use verifold_package::{KeyError, SecretKey, key::MIN_PASSPHRASE_CHARS};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    files::{self, Readers},
    wrap::fill,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a signing key under a passphrase; its public key goes to KEY.pub beside it.
    New {
        /// Where the private key goes, encrypted (PKCS#8, scrypt), readable by its owner alone.
        #[arg(long, short, value_name = "KEY")]
        output: PathBuf,
        /// Whose key it is, as signatures will say.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        passphrase: PassphraseSource,
    },
    /// Show the fingerprint of a key, and the lines that make a policy or engagement trust it.
    Show {
        /// A private key, or the public key beside it.
        #[arg(value_name = "KEY|PUB")]
        key: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseSource,
    },
}

/// Where a passphrase comes from.
#[derive(Debug, Args)]
pub(crate) struct PassphraseSource {
    /// Read the passphrase from the first line of this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseSource {
    /// The passphrase, asked for on the terminal (twice if `new`) unless a file is given. Never shown.
    fn read(&self, new: bool) -> Result<Zeroizing<String>, Failure> {
        if let Some(path) = &self.passphrase_file {
            let text = Zeroizing::new(files::own_text("passphrase file", path)?);
            return Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()));
        }
        let ask = |prompt: &str| {
            rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| {
                Failure::new(Exit::Usage, format!("no passphrase could be read from the terminal ({error})"), "give --passphrase-file")
            })
        };
        let first = ask("Passphrase: ")?;
        if new && *first != *ask("Passphrase again: ")? {
            return Err(Failure::new(Exit::Usage, "the two passphrases differ, and no key was made", "try again"));
        }
        Ok(first)
    }
}

/// The public key's file beside a private key's.
fn public_path(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn unusable(error: &KeyError, path: &Path) -> Failure {
    let (exit, hint) = match error {
        KeyError::NotAKeyFile(_) | KeyError::OtherKind => (Exit::Malformed, "give a file that `verifold key new` wrote"),
        KeyError::TooCostly => (Exit::Limits, "ask whoever made it for one that `verifold key new` wrote"),
        KeyError::WrongPassphrase => (Exit::Usage, "check the passphrase"),
        KeyError::ShortPassphrase { .. } => (Exit::Usage, "choose a longer one: whoever copies the file can guess for years"),
        KeyError::Randomness(_) => (Exit::Usage, "make keys on another computer"),
    };
    Failure::new(exit, format!("the key cannot be used: {error}: {}", path.display()), hint)
}

/// A private key, opened with its passphrase.
pub(crate) fn secret(path: &Path, passphrase: &PassphraseSource) -> Result<SecretKey, Failure> {
    let pem = Zeroizing::new(files::text("key", path)?);
    SecretKey::from_pem(&pem, &passphrase.read(false)?).map_err(|error| unusable(&error, path))
}

/// Key and name of a public key's file: `ed25519:…` and the name on one line.
pub(crate) fn public(path: &Path) -> Result<(PublicKey, String), Failure> {
    let text = files::text("public key", path)?;
    let line = text.trim_end();
    let (key, name) = line.split_once(' ').unwrap_or((line, ""));
    let key = key.parse().map_err(|error| {
        Failure::new(
            Exit::Malformed,
            format!("the public key cannot be read ({error}): {}", path.display()),
            "give a file that `verifold key new` wrote",
        )
    })?;
    Ok((key, name.to_owned()))
}

/// The name in the public key's file beside `key`, if that is there and of the same key.
pub(crate) fn stated_name(key: &Path, of: PublicKey) -> Option<String> {
    public(&public_path(key)).ok().filter(|(public, name)| *public == of && !name.is_empty()).map(|(_, name)| name)
}

fn show(key: PublicKey, name: &str) {
    println!("Fingerprint (SHA-256 of the public key), to be compared over another channel");
    print!("{}", fill("  ", "  ", &key.fingerprint().to_string()));
    println!("\nFor a policy or an engagement that is to trust it; fill in what is empty");
    println!("  [[signer]]");
    println!("  name = {}", toml::Value::String(name.to_owned()));
    println!("  role = \"provider\"");
    println!("  public_key = \"{key}\"");
    println!("  valid_from = \"\"   # for example 2026-01-01T00:00:00Z");
    println!("  valid_until = \"\"");
    println!("  origin = \"\"       # where you have the key from");
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::New { output, name, passphrase } => new(output, name, passphrase),
        Command::Show { key, passphrase } => {
            let (public, name) = match public(key) {
                Ok(found) => found,
                Err(_) if files::text("key", key)?.contains("PRIVATE KEY") => {
                    let public = secret(key, passphrase)?.public_key();
                    (public, stated_name(key, public).unwrap_or_default())
                }
                Err(failure) => return Err(failure),
            };
            show(public, &name);
            Ok(Exit::Met)
        }
    }
}

fn new(output: &Path, name: &str, passphrase: &PassphraseSource) -> Result<Exit, Failure> {
    let name = name.trim();
    if name.is_empty() || name.chars().any(is_unprintable) {
        return Err(Failure::new(Exit::Usage, "`--name` needs a printable name, and no key was made", "name whose key it is"));
    }
    let public = public_path(output);
    for path in [output, &public] {
        if files::is_there(path)? {
            let what = format!("a file is there already and was left alone, so no key was made: {}", path.display());
            return Err(Failure::new(Exit::Usage, what, "give another name: a key that is overwritten is lost"));
        }
    }
    if passphrase.passphrase_file.is_none() {
        println!(
            "The passphrase protects the key file wherever it is copied to; at least {MIN_PASSPHRASE_CHARS} characters. It is not shown."
        );
    }
    let key = SecretKey::random().map_err(|error| unusable(&error, output))?;
    let pem = key.to_pem(&passphrase.read(true)?).map_err(|error| unusable(&error, output))?;
    files::write_new(output, pem.as_bytes(), Readers::Owner)?;
    files::write_new(&public, format!("{} {name}\n", key.public_key()).as_bytes(), Readers::All)?;
    println!("Private key  {}   keep it, and its passphrase apart from it; there is no way to recover either", output.display());
    println!("Public key   {}   hand it to your auditor\n", public.display());
    show(key.public_key(), name);
    Ok(Exit::Met)
}
