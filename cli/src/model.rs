//! `verifold model open` at the audited party, `verifold model check` at the auditor's.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use verifold_model::{
    digest::Digest,
    format::counted,
    json::from_json,
    limits::{Limit, Limits},
    protocol::{ModelFiles, WorkerEvent, WorkerRequest},
    record::{ProofState, ProofSummary, Source},
    state::Exit,
    statement::StatementKind,
};
use verifold_package::{ModelKey, ModelSignature, ModelSignatureError};
use verifold_policy::Engagement;
use verifold_prove::ModelOpening;

use crate::{
    failure::Failure,
    files::{self, File, Readers},
    host::{self, path_text},
    wrap,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open a package's model commitment to somebody who has the model: for the audited party. Its salt goes into the file.
    Open(Open),
    /// Check that a signed model file (OpenSSF Model Signing) is the one behind the model commitment of a record.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Open {
    /// What the package left behind.
    #[arg(long, value_name = "MINE.secrets")]
    secrets: PathBuf,
    /// What is measured, and how: as for the package.
    #[arg(long, value_name = "SPEC.toml")]
    spec: PathBuf,
    /// The opening, readable by its owner alone.
    #[arg(long, short, value_name = "OUT.opening")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The model file.
    #[arg(long, value_name = "MODEL.onnx")]
    model: PathBuf,
    /// Its signature, as `model_signing sign key` wrote it.
    #[arg(long, value_name = "MODEL.sig")]
    bundle: PathBuf,
    /// The public key it was signed with, in PEM.
    #[arg(long, value_name = "KEY.pub")]
    key: PathBuf,
    /// The record of `verifold verify` whose model commitment is meant.
    #[arg(long, value_name = "RECORD.json")]
    record: PathBuf,
    /// What the audited party opened the commitment with; without it, nothing binds the file to the record.
    #[arg(long, value_name = "MODEL.opening")]
    opening: Option<PathBuf>,
    /// The engagement that lists the key as [[model_signer]].
    #[arg(long, value_name = "E.toml")]
    engagement: Option<PathBuf>,
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Open(arguments) => open(arguments),
        Command::Check(arguments) => check(arguments),
    }
}

fn open(arguments: &Open) -> Result<Exit, Failure> {
    let opening = ModelOpening::of(&arguments.spec, &arguments.secrets).map_err(|error| {
        Failure::new(Exit::Usage, format!("nothing was written: {error}"), "give the files the package was made from and left behind")
    })?;
    let cannot = |error: serde_json::Error| Failure::new(Exit::NotChecked, error.to_string(), "");
    let mut text = serde_json::to_vec_pretty(&opening).map_err(cannot)?;
    text.push(b'\n');
    files::write_new(&arguments.output, &text, Readers::Owner)?;
    println!("Opening of the model commitment {}: {}", opening.model_commitment, arguments.output.display());
    println!("With it, guesses at the model can be tried: give it to those alone who have the model file already.");
    Ok(Exit::Met)
}

fn check(arguments: &Check) -> Result<Exit, Failure> {
    let other = |path: &Option<PathBuf>| path.as_deref().map(path_text).transpose();
    let files = ModelFiles {
        model: path_text(&arguments.model)?,
        bundle: path_text(&arguments.bundle)?,
        key: path_text(&arguments.key)?,
        record: path_text(&arguments.record)?,
        opening: other(&arguments.opening)?,
        engagement: other(&arguments.engagement)?,
    };
    let WorkerEvent::Told { text, exit } = host::ask(WorkerRequest::CheckModel { files })? else { return Err(host::unasked()) };
    print!("{text}");
    Ok(Exit::of_code(exit).unwrap_or(Exit::NotChecked))
}

/// What a check looks at, as bytes; for the worker.
pub(crate) struct Handed {
    model: File,
    bundle: File,
    key: File,
    record: File,
    opening: Option<File>,
    engagement: Option<File>,
}

/// What was found, line by line, each under the word that says what it is worth.
#[derive(Default)]
struct Findings {
    text: String,
    exits: Vec<Exit>,
}

impl Findings {
    fn say(&mut self, word: &str, sentence: &str) {
        let first = format!("{word:<12}");
        self.text.push_str(&wrap::fill(&first, &" ".repeat(first.len()), sentence));
    }

    fn fail(&mut self, exit: Exit, word: &str, sentence: &str) {
        self.exits.push(exit);
        self.say(word, sentence);
    }
}

impl Handed {
    /// Reads the files.
    pub(crate) fn read(files: &ModelFiles) -> Result<Self, Failure> {
        let read = |what: &str, path: &String| files::file(what, Path::new(path));
        let of = |what: &str, path: &String, limit: Limit| {
            let path = PathBuf::from(path);
            files::received(what, &path, &Limits::default(), limit).map(|bytes| (path, bytes))
        };
        Ok(Self {
            model: read("model", &files.model)?,
            bundle: of("model signature", &files.bundle, Limit::ModelSignatureBytes)?,
            key: of("public key", &files.key, Limit::ModelKeyBytes)?,
            record: read("record", &files.record)?,
            opening: files.opening.as_ref().map(|path| read("opening", path)).transpose()?,
            engagement: files.engagement.as_ref().map(|path| files::document_file("engagement", Path::new(path))).transpose()?,
        })
    }

    /// Checks everything at hand and says so, what holds as well as what does not.
    pub(crate) fn check(self) -> Result<(String, Exit), Failure> {
        let engagement = self.engagement.map(|(path, bytes)| files::engagement_of(bytes, &path)).transpose()?;
        let (record, _) = files::record_of(&self.record.1, &self.record.0)?;
        let signature = ModelSignature::read(&self.bundle.1).map_err(|error| unreadable(&error, &self.bundle.0, BUNDLE_HINT))?;
        let key = ModelKey::read(&self.key.1).map_err(|error| unreadable(&error, &self.key.0, KEY_HINT))?;
        let opening: Option<(PathBuf, ModelOpening)> = self.opening.map(|(path, bytes)| opening(path, &bytes)).transpose()?;

        let mut found = Findings::default();
        let signed = signature.is_signed_by(&key);
        if signed {
            found.say(
                "Checked",
                &format!(
                    "the signature over {} holds under the key {}",
                    counted(signature.files.len() as u64, "file", "files"),
                    key.fingerprint
                ),
            );
            found.signer(&key, engagement.as_ref());
        } else {
            found.fail(Exit::Rejected, "Rejected", &format!("the signature does not hold under the key {}", key.fingerprint));
        }
        let digest = Digest::of(&self.model.1);
        match signature.file(digest) {
            Some(file) => found.say("Checked", &format!("the model file is the one listed as {:?}, SHA-256 {digest}", file.name)),
            None => found.fail(Exit::Rejected, "Rejected", &format!("the model file, SHA-256 {digest}, is none of those listed")),
        }

        let Some(model) = &record.model else {
            found.fail(Exit::NotChecked, "Unchecked", "the record names no model commitment: its package could not be read");
            return Ok(found.conclude(None));
        };
        let bound = match (&opening, &record.plan) {
            (None, _) => {
                found.fail(
                    Exit::Incomplete,
                    "Claimed",
                    &format!("that this file is behind the model commitment {}: nothing at hand opens it", model.value),
                );
                false
            }
            (Some(_), None) => {
                found.fail(Exit::NotChecked, "Unchecked", "the record holds no plan, so the file could not be rounded");
                false
            }
            (Some((path, opening)), Some(plan)) => match opening.commitment_of(&self.model.1, &self.model.0, &plan.plan) {
                Ok(commitment) if commitment == model.value => {
                    found.say(
                        "Checked",
                        &format!("the file's coefficients, rounded by the plan of the record, and the salt of the opening give the model commitment {commitment}"),
                    );
                    found.say("Claimed", &format!("the order in which the file takes its inputs: {}", opening.inputs.join(", ")));
                    true
                }
                Ok(commitment) => {
                    found.fail(
                        Exit::Rejected,
                        "Rejected",
                        &format!("file and opening give the model commitment {commitment}, the record has {}", model.value),
                    );
                    false
                }
                Err(error) => {
                    found.fail(Exit::NotChecked, "Unchecked", &format!("{error} ({})", path.display()));
                    false
                }
            },
        };
        let is_about = |proof: &ProofSummary| {
            let place = proof.state_names.iter().position(|name| name == "model");
            place.and_then(|place| proof.z0.get(place)) == Some(&model.value)
        };
        if record
            .proofs
            .iter()
            .any(|proof| proof.statement == StatementKind::MonitoringV1 && proof.state == ProofState::Valid && is_about(proof))
        {
            found.say("Recorded", "a valid proof of monitoring is about that commitment; it was not verified again here");
        } else {
            found.fail(Exit::Incomplete, "Claimed", "the model commitment: the record has no valid proof of monitoring about it");
        }
        match model.source {
            Source::Pinned => found.say("Recorded", "the engagement of that record pins the commitment"),
            Source::Package => found.say("Claimed", "that the commitment is of the model in use: the engagement of that record pins none"),
            Source::Contradicted => {
                found.fail(Exit::Scope, "Recorded", "the engagement of that record pins another commitment: it is about another model");
            }
        }
        Ok(found.conclude(Some(bound && signed)))
    }
}

const BUNDLE_HINT: &str = "give the file that `model_signing sign key` wrote, unchanged";
const KEY_HINT: &str = "give the public key as its holder handed it over: openssl pkey -in KEY -pubout";

fn opening(path: PathBuf, bytes: &[u8]) -> Result<(PathBuf, ModelOpening), Failure> {
    match from_json(bytes) {
        Ok(opening) => Ok((path, opening)),
        Err(error) => Err(Failure::new(
            Exit::Malformed,
            format!("the opening cannot be read ({error}), so nothing was checked: {}", path.display()),
            "give the file that `verifold model open` wrote, unchanged",
        )),
    }
}

fn unreadable(error: &ModelSignatureError, path: &Path, hint: &str) -> Failure {
    let exit = match error {
        ModelSignatureError::TooLarge(_) => Exit::Limits,
        ModelSignatureError::NotByKey | ModelSignatureError::OtherKind { .. } | ModelSignatureError::OtherKey => Exit::NotChecked,
        ModelSignatureError::RootDiffers { .. } => Exit::Rejected,
        ModelSignatureError::Malformed(_) | ModelSignatureError::KeyMalformed(_) => Exit::Malformed,
    };
    Failure::new(exit, format!("{error}, so nothing was checked: {}", path.display()), hint)
}

impl Findings {
    /// Who the engagement says holds the key.
    fn signer(&mut self, key: &ModelKey, engagement: Option<&Engagement>) {
        let Some(engagement) = engagement else {
            return self.fail(Exit::Origin, "Unknown", "who holds the key: no engagement was given");
        };
        match engagement.model_signers.iter().find(|signer| signer.digest == key.fingerprint) {
            Some(signer) => {
                let origin = if signer.origin.trim().is_empty() { "it does not say from where" } else { &signer.origin };
                self.say("Trusted", &format!("the engagement lists the key as that of {} ({origin})", signer.name));
            }
            None => self.fail(Exit::Origin, "Unknown", "who holds the key: the engagement does not list it as [[model_signer]]"),
        }
    }

    /// The conclusion; `bound` says whether signature and commitment hold, and is absent where there was no commitment.
    fn conclude(mut self, bound: Option<bool>) -> (String, Exit) {
        let exit = Exit::first_of(&self.exits);
        let conclusion = match (exit, bound) {
            (Exit::Met, _) => "The signed model file is the one behind the model commitment of the record.",
            (Exit::Rejected, _) => "Rejected: what was handed over contradicts itself or the record.",
            (_, Some(true)) => "The model file is the one behind the model commitment of the record; what else is missing stands above.",
            _ => "Nothing here shows that the model file is the one behind the model commitment of the record.",
        };
        self.text.insert_str(0, &format!("{conclusion}\n\n"));
        self.text.push('\n');
        self.say(
            "Not shown",
            "when the file was signed, that its signer approved more than its bytes, what rounding to integers loses, and that other files listed are what they say.",
        );
        (self.text, exit)
    }
}
