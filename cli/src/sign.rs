//! `verifold sign`: a signature added to a package or laid beside a document, or an envelope made elsewhere.

use std::path::{Path, PathBuf};

use clap::Args;
use verifold_model::{
    instant::Instant,
    limits::Limit,
    protocol::{WorkerEvent, WorkerRequest},
    signer::PublicKey,
    state::Exit,
};
use verifold_package::{ClaimedPackage, Limits, SecretKey, SignError, dsse::StatedSigner, signing};

use crate::{
    anchor, documents,
    failure::Failure,
    files,
    host::{self, path_text},
    inspect,
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

fn refused(error: &SignError, path: &Path) -> Failure {
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
    // Somebody else's, if an auditor signs. Before a passphrase is asked for.
    let (manifest, _) = host::outline(&arguments.file)?;
    let at = || anchor::time(arguments.date);
    let refused = |error: SignError| refused(&error, &arguments.file);
    if let (Some(public_key), Some(output)) = (arguments.statement, &arguments.output) {
        let signer = StatedSigner { name: arguments.name.clone().ok_or_else(no_name)?, public_key };
        let payload = signing::payload(manifest, signer, at()?).map_err(refused)?;
        files::write(output, &payload)?;
        println!("Not signed. Payload to sign, of type {}: {}", verifold_package::dsse::PAYLOAD_TYPE, output.display());
        return Ok(Exit::Met);
    }
    let envelope = match (&arguments.envelope, &arguments.key) {
        (Some(envelope), _) => files::bytes("envelope", envelope)?,
        (None, Some(path)) => {
            let (secret, name) = signer(arguments, path)?;
            signing::envelope(manifest, &secret, &name, at()?).map_err(refused)?
        }
        (None, None) => {
            return Err(Failure::new(Exit::Usage, "neither a key nor an envelope is given, so nothing was signed", "give --key"));
        }
    };
    let request = WorkerRequest::Attach { package: path_text(&arguments.file)?, envelope };
    let WorkerEvent::Signed { package, text } = host::ask(request)? else { return Err(host::unasked()) };
    let output = arguments.output.as_ref().unwrap_or(&arguments.file);
    files::write(output, &package)?;
    // The one the key signed, by this process: what a worker says of it afterwards proves nothing.
    println!("Manifest     {manifest}");
    print!("{text}");
    println!("Package      {}", output.display());
    Ok(Exit::Met)
}

/// A package with an envelope added, and what is now signed; for the worker.
pub(crate) fn attached(data: &[u8], path: &Path, envelope: &[u8]) -> Result<WorkerEvent, Failure> {
    let package = signing::attach(data, envelope).map_err(|error| refused(&error, path))?;
    // Two characters a byte, and room for the rest of the message.
    if package.len() as u64 > Limit::FrameBytes.most() / 2 - (1 << 16) {
        let what = format!("the package is larger than a worker can hand back, so nothing was signed: {}", path.display());
        let hint = format!("the limit is `{}`, which nobody can move; sign several packages of shorter periods", Limit::FrameBytes.key());
        return Err(Failure::new(Exit::Limits, what, hint));
    }
    let after = ClaimedPackage::read(&package, &Limits::most()).map_err(|error| inspect::unreadable(&error, path))?;
    let before = ClaimedPackage::read(data, &Limits::most()).map_err(|error| inspect::unreadable(&error, path))?;
    let new = after.envelopes.iter().find(|envelope| !before.envelopes.contains(envelope));
    let by = new.map_or_else(String::new, |new| {
        let stated = &new.statement.predicate;
        let text = format!("{}, {}, dated {}", stated.signer.name, stated.signer.public_key.fingerprint(), stated.signed_at);
        fill("Signed by    ", "             ", &text)
    });
    let signatures: usize = after.envelopes.iter().map(|envelope| envelope.signatures.len()).sum();
    let text = format!("{by}Signatures   {signatures}\n");
    Ok(WorkerEvent::Signed { package, text })
}
