//! `verifold sign`: a signature added to a package or laid beside a document, or an envelope made elsewhere.

use std::path::{Path, PathBuf};

use clap::Args;
use verifold_model::{instant::Instant, signer::PublicKey, state::Exit};
use verifold_package::{ClaimedPackage, Limits, SecretKey, SignError, dsse::StatedSigner, signing};

use crate::{
    anchor, documents,
    failure::Failure,
    files, inspect,
    key::{self, PassphraseSource},
    wrap::fill,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A package, whose manifest is signed, or a policy or engagement (`*.toml`), whose signature goes to a file beside it.
    pub(crate) file: PathBuf,
    /// Sign with this private key.
    #[arg(long, value_name = "KEY", required_unless_present_any = ["envelope", "statement"])]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// Add a DSSE envelope that another tool made over the bytes `--statement` wrote.
    #[arg(long, value_name = "ENVELOPE.json", conflicts_with_all = ["key", "statement", "passphrase_file", "name", "date"])]
    pub(crate) envelope: Option<PathBuf>,
    /// Sign nothing; write the exact bytes that this key would sign, as payload of a DSSE envelope, to OUT.
    #[arg(long, value_name = "PUBLIC KEY", requires = "output", conflicts_with_all = ["key", "passphrase_file"])]
    pub(crate) statement: Option<PublicKey>,
    /// Who signs; the name in KEY.pub if not given.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Time of signing that the signature states, in place of now.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) date: Option<Instant>,
    /// Where the signed package goes, in place of the unsigned one; for a document, where its signature goes.
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
}

fn refused(error: &SignError, arguments: &Arguments) -> Failure {
    let path = &arguments.file;
    match error {
        SignError::Package(error) if error.place() != "the envelope" => inspect::unreadable(error, path),
        SignError::Package(_) => Failure::new(
            Exit::Malformed,
            format!("nothing was signed: {error}"),
            "the envelope is canonical JSON (RFC 8785) around the bytes `--statement` writes",
        ),
        SignError::OtherManifest { .. } | SignError::NotSigned { .. } => Failure::new(
            Exit::Rejected,
            format!("nothing was signed: {error}"),
            "sign the bytes that `verifold sign --statement` writes for this very package",
        ),
        SignError::AlreadySigned { .. } => {
            Failure::new(Exit::Usage, format!("nothing was signed: {error}"), "one signature of a key is enough")
        }
        SignError::NoName => Failure::new(Exit::Usage, format!("nothing was signed: {error}"), "give --name"),
    }
}

/// Who signs and when, for a key at hand.
pub(crate) fn signer(arguments: &Arguments, key: &Path) -> Result<(SecretKey, String), Failure> {
    let secret = key::secret(key, &arguments.passphrase)?;
    let name = arguments.name.clone().or_else(|| key::stated_name(key, secret.public_key())).ok_or_else(no_name)?;
    Ok((secret, name))
}

pub(crate) fn no_name() -> Failure {
    Failure::new(Exit::Usage, "a signature names its signer, and no name is known, so nothing was signed", "give --name")
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.file.extension().is_some_and(|extension| extension == "toml") {
        return documents::sign(arguments);
    }
    let file = files::package(&arguments.file, &Limits::most())?;
    // Before a passphrase is asked for.
    let package = ClaimedPackage::read(&file, &Limits::most()).map_err(|error| inspect::unreadable(&error, &arguments.file))?;
    let at = || anchor::time(arguments.date);
    if let (Some(public_key), Some(output)) = (arguments.statement, &arguments.output) {
        let signer = StatedSigner { name: arguments.name.clone().ok_or_else(no_name)?, public_key };
        let payload = signing::payload(&file, signer, at()?).map_err(|error| refused(&error, arguments))?;
        files::write(output, &payload)?;
        println!("Not signed. Payload to sign, of type {}: {}", verifold_package::dsse::PAYLOAD_TYPE, output.display());
        return Ok(Exit::Met);
    }
    let signed = match (&arguments.envelope, &arguments.key) {
        (Some(envelope), _) => signing::attach(&file, &files::bytes("envelope", envelope)?),
        (None, Some(path)) => {
            let (secret, name) = signer(arguments, path)?;
            signing::sign(&file, &secret, &name, at()?)
        }
        (None, None) => {
            return Err(Failure::new(Exit::Usage, "neither a key nor an envelope is given, so nothing was signed", "give --key"));
        }
    };
    let signed = signed.map_err(|error| refused(&error, arguments))?;
    let output = arguments.output.as_ref().unwrap_or(&arguments.file);
    files::write(output, &signed)?;
    let after = ClaimedPackage::read(&signed, &Limits::most()).map_err(|error| inspect::unreadable(&error, output))?;
    let new = after.envelopes.iter().find(|envelope| !package.envelopes.contains(envelope));
    if let Some(envelope) = new {
        let stated = &envelope.statement.predicate;
        print!(
            "{}",
            fill(
                "Signed by    ",
                "             ",
                &format!("{}, {}, dated {}", stated.signer.name, stated.signer.public_key.fingerprint(), stated.signed_at)
            )
        );
    }
    println!("Manifest     {}, unchanged", after.manifest_digest);
    println!("Signatures   {}", after.envelopes.iter().map(|envelope| envelope.signatures.len()).sum::<usize>());
    println!("Package      {}", output.display());
    Ok(Exit::Met)
}
