//! Signatures of policies, overlays and engagements: made by `verifold sign`, found beside each document by `verifold verify`.

use std::path::{Path, PathBuf};

use verifold_model::{
    digest::Digest,
    document::DocumentKind,
    limits::{Limit, Limits},
    signer::{PublicKey, SignerRole},
    state::Exit,
};
use verifold_package::{
    DocumentEnvelope, PackageError,
    document::{DocumentStatement, EXTENSION, envelope},
    dsse::StatedSigner,
};
use verifold_policy::TrustedSigner;
use verifold_verify::Received;

use crate::{
    anchor,
    failure::Failure,
    files::{self, File, Readers},
    key,
    received::{listed, within},
    sign::{self, Arguments},
    verify::file_name,
    wrap::fill,
};

fn unreadable(error: &PackageError) -> Failure {
    Failure::new(
        error.exit(),
        format!("a signature of a document cannot be read, so nothing was checked: {error}"),
        "give a file that `verifold sign` wrote, unchanged, or take it away",
    )
}

/// A file that holds a signature.
pub(crate) fn file(path: &Path, limits: &Limits) -> Result<File, Failure> {
    Ok((path.to_owned(), files::received("signature", path, limits, Limit::EnvelopeBytes)?))
}

/// The signature in a file.
pub(crate) fn envelope_of((path, bytes): &File, limits: &Limits) -> Result<DocumentEnvelope, Failure> {
    DocumentEnvelope::read(&path.display().to_string(), bytes, limits).map_err(|error| unreadable(&error))
}

/// Signatures in files beside a document: `NAME.KEY.dsse.json`.
pub(crate) fn beside(document: &Path, limits: &Limits) -> Result<Vec<File>, Failure> {
    let folder = match document.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let prefix = format!("{}.", file_name(document));
    let mut paths = listed(folder, "json")?;
    paths.retain(|path| {
        let name = file_name(path);
        name.starts_with(&prefix) && name.ends_with(EXTENSION)
    });
    within(limits, Limit::Envelopes, paths.len(), document)?;
    paths.iter().map(|path| file(path, limits)).collect()
}

/// Adds the signature in a file to those of the document it says it is of.
pub(crate) fn add(received: &mut Received, file: &File, limits: &Limits) -> Result<(), Failure> {
    let envelope = envelope_of(file, limits)?;
    match envelope.statement.predicate.document {
        DocumentKind::Policy => received.policy_signatures.push(envelope),
        DocumentKind::Engagement => received.engagement_signatures.push(envelope),
        DocumentKind::Overlay => {
            let of = received.overlays.iter_mut().find(|(overlay, _)| overlay.digest == envelope.statement.document());
            let Some((_, signatures)) = of else {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("the signature is of an overlay that is not given, so nothing was checked: {}", file.0.display()),
                    "give the overlay it was made over with --overlay",
                ));
            };
            signatures.push(envelope);
        }
    }
    Ok(())
}

/// A key the auditor trusts for documents by naming its file.
pub(crate) fn trusted(path: &Path) -> Result<TrustedSigner, Failure> {
    let (public_key, name) = key::public(path)?;
    let name = if name.is_empty() { public_key.fingerprint().key_id()[..16].to_owned() } else { name };
    let origin = format!("--trust {}", file_name(path));
    Ok(TrustedSigner { name, role: SignerRole::Auditor, public_key, valid_from: None, valid_until: None, origin })
}

/// Kind and digest of a document that is without errors.
fn document(path: &Path) -> Result<(DocumentKind, Digest), Failure> {
    #[derive(serde::Deserialize)]
    struct Schema {
        schema: String,
    }
    let text = files::document("document", path)?;
    let schema = toml::from_str::<Schema>(&text).map(|file| file.schema).unwrap_or_default();
    match schema.as_str() {
        "policy/v1" => Ok((DocumentKind::Policy, files::policy(path)?.digest)),
        "engagement/v1" => Ok((DocumentKind::Engagement, files::engagement(path)?.digest)),
        "overlay/v1" => Ok((DocumentKind::Overlay, files::overlay(path, None)?.digest)),
        _ => Err(Failure::new(
            Exit::Malformed,
            format!(
                "the file says by no `schema` that it is a policy, an overlay or an engagement, so nothing was signed: {}",
                path.display()
            ),
            "sign a policy (schema = \"policy/v1\"), an overlay (\"overlay/v1\"), an engagement (\"engagement/v1\") or a package",
        )),
    }
}

/// `verifold sign` on a document.
pub(crate) fn sign(arguments: &Arguments) -> Result<Exit, Failure> {
    let path = &arguments.file;
    let (kind, digest) = document(path)?;
    let name = file_name(path);
    if let (Some(public_key), Some(output)) = (arguments.statement, &arguments.output) {
        let signer = StatedSigner { name: arguments.name.clone().ok_or_else(sign::no_name)?, public_key };
        let payload = DocumentStatement::new(kind, &name, digest, signer, anchor::time(arguments.date)?).payload();
        files::write(output, &payload)?;
        println!("Not signed. Payload to sign, of type {}: {}", verifold_package::dsse::PAYLOAD_TYPE, output.display());
        return Ok(Exit::Met);
    }
    let made = match (&arguments.envelope, &arguments.key) {
        (Some(envelope), _) => files::bytes("envelope", envelope)?,
        (None, Some(key)) => {
            let (secret, signer) = sign::signer(arguments, key)?;
            envelope(kind, &name, digest, &secret, &signer, anchor::time(arguments.date)?)
        }
        (None, None) => {
            return Err(Failure::new(Exit::Usage, "neither a key nor an envelope is given, so nothing was signed", "give --key"));
        }
    };
    let read = DocumentEnvelope::read("the envelope", &made, &Limits::most()).map_err(|error| unreadable(&error))?;
    let stated = &read.statement.predicate;
    let refused = |problem: &str| {
        Failure::new(
            Exit::Rejected,
            format!("nothing was signed: {problem}: {}", path.display()),
            "sign the bytes that `verifold sign --statement` writes for this very document",
        )
    };
    if (stated.document, read.statement.document()) != (kind, digest) {
        return Err(refused("the envelope is about another document"));
    }
    if !read.is_whole() {
        return Err(refused("no signature of the envelope is of the key its statement names"));
    }
    let output = arguments.output.clone().unwrap_or_else(|| place(path, stated.signer.public_key));
    if files::is_there(&output)? {
        let what = format!("a signature of this key is there already and was left alone: {}", output.display());
        return Err(Failure::new(
            Exit::Usage,
            what,
            "one signature of a key is enough; if the document has changed since, take the old one away",
        ));
    }
    files::write_new(&output, &made, Readers::All)?;
    let by = format!("{}, {}, dated {}", stated.signer.name, stated.signer.public_key.fingerprint(), stated.signed_at);
    print!("{}", fill("Signed by    ", "             ", &by));
    println!("{:<12} {digest}", format!("{}{}", kind.word()[..1].to_uppercase(), &kind.word()[1..]));
    println!("Signature    {}", output.display());
    Ok(Exit::Met)
}

/// Where the signature of `key` lies beside a document.
fn place(document: &Path, key: PublicKey) -> PathBuf {
    let name = format!("{}.{}{EXTENSION}", file_name(document), &key.fingerprint().key_id()[..16]);
    document.with_file_name(name)
}
