//! `verifold anchor make` at the audited party, `verifold anchor request` and `add` at the auditor's.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verifold_model::{
    format::counted,
    instant::Instant,
    json::from_json,
    limits::{Limit, Limits},
    signer::SignerRole,
    state::Exit,
};
use verifold_package::{Checkpoint, CheckpointError, Token, TokenError, anchor::is_log_of, timestamp};
use verifold_policy::{Engagement, Stated};
use verifold_prove::{AnchorLog, Sources, monitoring::prepare};

use crate::{
    failure::Failure,
    files::{self, File, Readers},
    key::{self, PassphraseSource},
    prove::Spoken,
    received::{self, ANCHORS},
    tables::Rows,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Commit to every batch that has closed since the last anchor, and sign that: for the audited party, whenever a batch closes.
    Make(Make),
    /// Write the request that asks a time-stamp authority (RFC 3161) when it saw an anchor; nothing is sent anywhere.
    Request(Request),
    /// Receive an anchor: check it, cosign it with the time, and file it beside the engagement.
    Add(Add),
}

#[derive(Debug, Args)]
pub(crate) struct Make {
    #[command(flatten)]
    rows: Rows,
    /// The model, as for `verifold prove`.
    #[arg(long, value_name = "MODEL.onnx")]
    model: PathBuf,
    /// What was anchored so far, with its salts: kept secret, and given to `verifold prove --anchored`. Begun if not there.
    #[arg(long, value_name = "LOG")]
    log: PathBuf,
    /// Sign with this private key.
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// Anchor what had closed at this time, in place of now; the anchor states it.
    #[arg(long, value_name = "RFC3339")]
    date: Option<Instant>,
    /// Where the anchor goes, to be handed to the auditor.
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The anchor as received.
    anchor: PathBuf,
    /// The engagement it is for, which lists the provider's key and this auditor's.
    #[arg(long, value_name = "E.toml")]
    engagement: PathBuf,
    /// Cosign with this private key, which the engagement lists as an auditor's or timestamper's.
    #[arg(long, value_name = "KEY", required_unless_present = "token")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// File this answer of a time-stamp authority with it, whose certificate the engagement pins; also to an anchor filed before.
    #[arg(long, value_name = "R.tsr|tst")]
    token: Option<PathBuf>,
    /// Time of receipt, in place of now.
    #[arg(long, value_name = "RFC3339")]
    date: Option<Instant>,
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    /// The anchor as received.
    anchor: PathBuf,
    /// Where the request goes, to be sent to the authority as `application/timestamp-query`.
    #[arg(long, short, value_name = "OUT.tsq")]
    output: PathBuf,
}

pub(crate) fn time(given: Option<Instant>) -> Result<Instant, Failure> {
    given.or_else(files::now).ok_or_else(|| Failure::new(Exit::Usage, "this computer's clock is before 1970", "give --date"))
}

/// A log that `verifold anchor make` wrote.
pub(crate) fn log(path: &Path) -> Result<AnchorLog, Failure> {
    log_of(&files::bytes("anchor log", path)?, path)
}

/// As [`log`], of bytes read from `path`.
fn log_of(bytes: &[u8], path: &Path) -> Result<AnchorLog, Failure> {
    from_json(bytes).map_err(|error| {
        Failure::new(
            Exit::Malformed,
            format!("the anchor log cannot be read ({error}): {}", path.display()),
            "give the file that `verifold anchor make` wrote",
        )
    })
}

fn malformed(error: &CheckpointError, path: &Path) -> Failure {
    Failure::new(
        Exit::Malformed,
        format!("{error}: {}", path.display()),
        "give a file that `verifold anchor make` or `add` wrote, unchanged",
    )
}

/// An anchor with its text.
pub(crate) fn checkpoint(path: &Path) -> Result<(Checkpoint, String), Failure> {
    checkpoint_of(files::received("anchor", path, &Limits::most(), Limit::AnchorBytes)?, path)
}

/// As [`checkpoint`], of bytes read from `path`.
pub(crate) fn checkpoint_of(bytes: Vec<u8>, path: &Path) -> Result<(Checkpoint, String), Failure> {
    let text = files::text_of("anchor", bytes, path)?;
    let read = Checkpoint::read(text.as_bytes()).map_err(|error| malformed(&error, path))?;
    Ok((read, text))
}

pub(crate) fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Make(arguments) => make(arguments),
        Command::Request(arguments) => request(&arguments),
        Command::Add(arguments) => add(&arguments),
    }
}

fn make(arguments: Make) -> Result<Exit, Failure> {
    let at = time(arguments.date)?;
    let sources = Sources { rows: arguments.rows.tables.into(), on_bad_row: arguments.rows.on_bad_row.into(), model: arguments.model };
    let failed = |error| Failure::new(Exit::Usage, format!("nothing was anchored: {error}"), "");
    let mut prepared = prepare(&sources, &mut Spoken::begun()).map_err(failed)?;
    // Before the log is read: a person may have to be asked, and others go on meanwhile.
    let secret = key::secret(&arguments.key, &arguments.passphrase)?;
    let path = followed(&arguments.log)?;
    // Of two runs at once the second finds the batches of the first, and commits none of them under other salts.
    let _held = files::hold(&path)?;
    let before = if files::is_there(&path)? { Some(files::bytes("anchor log", &path)?) } else { None };
    let mut log = before.as_deref().map_or_else(|| Ok(AnchorLog::new(&prepared)), |bytes| log_of(bytes, &path))?;
    let added = log.extend(&mut prepared, at).map_err(failed)?;
    if added == 0 {
        println!("No batch has closed since the last anchor; nothing was written.");
        return Ok(Exit::Met);
    }
    if files::is_there(&arguments.output)? {
        return Err(Failure::new(
            Exit::Usage,
            format!("a file is there already and was left alone, so nothing was anchored: {}", arguments.output.display()),
            "give each anchor a name of its own: the auditor needs them all",
        ));
    }
    let text = Checkpoint::sign(&log.name, &log.anchored(), added, at, &secret).map_err(|error| malformed(&error, &arguments.output))?;
    let kept = |log: &AnchorLog| {
        serde_json::to_vec_pretty(log).map_err(|error| Failure::new(Exit::Usage, format!("nothing was anchored: {error}"), ""))
    };
    // First what opens the commitments: an anchor whose salts are lost could never be proven.
    let salted = kept(&log)?;
    files::replace(&path, before.as_deref(), &salted)?;
    files::write_new(&arguments.output, text.as_bytes(), Readers::All)?;
    // What was not announced before this point is announced again.
    log.announced = log.batches.len();
    files::replace(&path, Some(&salted), &kept(&log)?)?;
    println!("{} anchored, {} in all; log {}", counted(added as u64, "batch", "batches"), log.batches.len(), log.name);
    println!("Key     {}", secret.public_key().fingerprint());
    println!("Secret  {}   salts: keep it with the data", arguments.log.display());
    println!("Anchor  {}   hand it to your auditor now: only what is received counts", arguments.output.display());
    Ok(Exit::Met)
}

/// Where a link to the log leads, since a link that is replaced leaves two logs; a log that is to be begun has no link.
fn followed(log: &Path) -> Result<PathBuf, Failure> {
    if !files::is_there(log)? {
        return Ok(log.to_owned());
    }
    log.canonicalize().map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("the anchor log cannot be read ({error}), so nothing was anchored: {}", log.display()),
            "mount or restore what it links to: a log begun anew has other salts",
        )
    })
}

fn add(arguments: &Add) -> Result<Exit, Failure> {
    let engagement = files::engagement(&arguments.engagement)?;
    let (anchor, text) = checkpoint(&arguments.anchor)?;
    let provider = engagement.signers.iter().find(|signer| signer.role == SignerRole::Provider && anchor.is_signed_by(signer.public_key));
    let Some(provider) = provider else {
        return Err(Failure::new(
            Exit::Origin,
            format!("the anchor is not signed by a provider the engagement trusts, and was not filed: {}", arguments.anchor.display()),
            "compare fingerprints with the audited party over another channel, and list its key as [[signer]]",
        ));
    };
    if !provider.is_valid_at(anchor.stated_at) {
        return Err(Failure::new(
            Exit::Origin,
            format!(
                "the anchor is dated {}, and the key of {} counts {}; it was not filed",
                anchor.stated_at,
                provider.name,
                provider.window_text()
            ),
            "ask for an anchor signed with a key in force",
        ));
    }
    let pinned = |part: &Option<Stated<String>>| part.as_ref().and_then(Stated::pinned).cloned();
    let (lei, system) = (pinned(&engagement.subject.lei), pinned(&engagement.subject.system));
    if !is_log_of(&anchor.origin, lei.as_deref(), system.as_deref()) {
        let expected = [lei.map(|lei| format!("LEI {lei}")), system.map(|system| format!("system {system}"))];
        return Err(Failure::new(
            Exit::Scope,
            format!(
                "the anchor is of the log {}, and the engagement is about {}; it was not filed",
                anchor.origin,
                expected.into_iter().flatten().collect::<Vec<_>>().join(", ")
            ),
            "ask for an anchor whose log has the same spelling: under another it counts for nothing",
        ));
    }
    let folder = received::beside(&arguments.engagement, ANCHORS);
    let path = folder.join(format!("{:06}.checkpoint", anchor.size));
    let filed = if files::is_there(&path)? { Some(checkpoint(&path)?.0) } else { None };
    if let Some(filed) = &filed
        && (arguments.key.is_some() || filed.as_signed != anchor.as_signed)
    {
        let what =
            format!("an anchor of {} is filed already and was left alone: {}", counted(anchor.size, "batch", "batches"), path.display());
        return Err(Failure::new(Exit::Usage, what, "if the two differ, file this one under another name: it is evidence"));
    }
    let token = arguments.token.as_deref().map(|path| stamped(&engagement, &anchor, path)).transpose()?;
    let token_path = folder.join(format!("{:06}.tst", anchor.size));
    if token.is_some() && files::is_there(&token_path)? {
        let what = format!("a token over this anchor is filed already and was left alone: {}", token_path.display());
        return Err(Failure::new(Exit::Usage, what, "file a further one under another name"));
    }
    let before = received::anchors(&folder)?.iter().map(|earlier| earlier.size).filter(|size| *size < anchor.size).max().unwrap_or(0);
    let cosigned = match &arguments.key {
        Some(key) => {
            let (text, receiver) = cosign(arguments, &engagement, key, &text)?;
            Some((text, receiver))
        }
        None => None,
    };
    received::make(&folder)?;
    if filed.is_none() {
        files::write_new(&path, cosigned.as_ref().map_or(text.as_bytes(), |(text, _)| text.as_bytes()), Readers::All)?;
    }
    if let Some((token, _)) = &token {
        files::write_new(&token_path, &token.bytes, Readers::All)?;
    }
    println!("Log       {}", anchor.origin);
    println!("Signed    by {} ({}), dated {} by it", provider.name, provider.public_key.fingerprint(), anchor.stated_at);
    if let Some((_, receiver)) = &cosigned {
        println!("Received  {receiver}");
    }
    if let Some((token, seen)) = &token {
        println!("Stamped   {seen}, SHA-256 {}", token.digest);
    }
    for batch in &anchor.added {
        println!("Batch     {} to {}, rows {}", batch.start, batch.end, batch.row_commitment.short());
    }
    let first = anchor.size - anchor.added.len() as u64;
    if first > before {
        println!("Gap       batches {} to {first} were anchored before and are not filed here: ask for those anchors", before + 1);
    }
    println!("Filed     {}", path.display());
    if token.is_some() {
        println!("Filed     {}", token_path.display());
    }
    Ok(Exit::Met)
}

/// The anchor with a cosignature of an auditor or timestamper the engagement lists, and who received it when.
fn cosign(arguments: &Add, engagement: &Engagement, key: &Path, text: &str) -> Result<(String, String), Failure> {
    let at = time(arguments.date)?;
    let secret = key::secret(key, &arguments.passphrase)?;
    let public_key = secret.public_key();
    let receiver = engagement.signers.iter().find(|signer| signer.public_key == public_key && signer.role != SignerRole::Provider);
    let Some(receiver) = receiver.filter(|receiver| receiver.is_valid_at(at)) else {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "the engagement lists no auditor or timestamper with this key at {at}, so its time would count for nothing; nothing was filed"
            ),
            format!("list public_key = \"{public_key}\" as [[signer]] with role \"auditor\""),
        ));
    };
    let cosigned = Checkpoint::cosigned(text, &public_key.fingerprint().key_id()[..16], at, &secret)
        .map_err(|error| malformed(&error, &arguments.anchor))?;
    Ok((cosigned, format!("{at}, cosigned by {} ({})", receiver.name, public_key.fingerprint())))
}

fn request(arguments: &Request) -> Result<Exit, Failure> {
    let (anchor, _) = checkpoint(&arguments.anchor)?;
    files::write(&arguments.output, &timestamp::request(anchor.as_signed))?;
    println!("Anchor    {}, SHA-256 {}", counted(anchor.size, "batch", "batches"), anchor.as_signed);
    println!("Request   {}   send it to the authority, and file its answer with `verifold anchor add --token`", arguments.output.display());
    Ok(Exit::Met)
}

/// A time-stamp token, or an authority's answer with one in it.
pub(crate) fn token_of((path, bytes): &File) -> Result<Token, Failure> {
    let read = Token::read(bytes).or_else(|error| {
        Token::of_response(bytes).map_err(|other| if path.extension().is_some_and(|found| found == "tsr") { other } else { error })
    });
    read.map_err(|error| {
        let exit = if matches!(error, TokenError::TooLarge { .. }) { Exit::Limits } else { Exit::Malformed };
        Failure::new(
            exit,
            format!("{error}, so nothing was checked: {}", path.display()),
            "give the authority's answer as received, to a request of `verifold anchor request`",
        )
    })
}

/// The token in `path` over `anchor`, and which authority of the engagement saw it when.
fn stamped(engagement: &Engagement, anchor: &Checkpoint, path: &Path) -> Result<(Token, String), Failure> {
    let token = token_of(&received::token(path)?)?;
    if token.imprint != anchor.as_signed {
        return Err(Failure::new(
            Exit::Rejected,
            format!(
                "the token is over another file: expected SHA-256 {}, found {}; nothing was filed: {}",
                anchor.as_signed,
                token.imprint,
                path.display()
            ),
            "ask the authority with a request for this very anchor",
        ));
    }
    for authority in &engagement.timestamp_authorities {
        if let Ok(at) = token.seen_by(authority.digest) {
            return Ok((token, format!("{at} by {}", authority.name)));
        }
    }
    let why: Vec<String> = engagement
        .timestamp_authorities
        .iter()
        .filter_map(|authority| Some(format!("{}: {}", authority.name, token.seen_by(authority.digest).err()?)))
        .collect();
    let why = if why.is_empty() { "it pins none".to_owned() } else { why.join("; ") };
    let carried: Vec<String> = token.certificates().into_iter().map(|(digest, name)| format!("{digest} ({name:?})")).collect();
    Err(Failure::new(
        Exit::Origin,
        format!("the token is of no time-stamp authority the engagement pins ({why}), and nothing was filed: {}", path.display()),
        format!(
            "compare the certificate with the authority's own publication before pinning it as [[timestamp_authority]]; the token carries {}",
            carried.join(", ")
        ),
    ))
}
