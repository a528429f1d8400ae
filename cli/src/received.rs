//! What an auditor has outside packages: anchors and deposits beside the engagement, signatures beside each document.

use std::{
    fs,
    path::{Path, PathBuf},
};

use verifold_model::{
    limits::{Limit, Limits},
    protocol::VerifyFiles,
    state::Exit,
};
use verifold_package::{Checkpoint, Deposit};
use verifold_policy::{Overlay, TrustedSigner};
use verifold_verify::Received;

use crate::{
    anchor, documents,
    failure::Failure,
    files::{self, File},
};

/// Folder of the anchors beside an engagement.
pub(crate) const ANCHORS: &str = "anchors";
/// Folder of the deposits beside an engagement.
pub(crate) const DEPOSITS: &str = "deposits";

/// The folder `name` beside an engagement.
pub(crate) fn beside(engagement: &Path, name: &str) -> PathBuf {
    engagement.with_file_name(name)
}

/// Makes a folder that is not there yet.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| {
        Failure::new(Exit::Usage, format!("the folder cannot be made ({error}): {}", folder.display()), "check its permissions")
    })
}

/// Everything at hand for a policy and an engagement, as bytes.
pub(crate) struct Handed {
    anchors: Vec<File>,
    tokens: Vec<File>,
    deposits: Vec<File>,
    policy_signatures: Vec<File>,
    engagement_signatures: Vec<File>,
    /// Of each overlay, in order.
    overlay_signatures: Vec<Vec<File>>,
    /// Of any of these.
    signatures: Vec<File>,
}

impl Handed {
    /// Reads what lies beside policy and engagement, and what is named.
    pub(crate) fn read(files: &VerifyFiles, limits: &Limits) -> Result<Self, Failure> {
        let mut handed = Self {
            anchors: Vec::new(),
            tokens: Vec::new(),
            deposits: Vec::new(),
            policy_signatures: documents::beside(Path::new(&files.policy), limits)?,
            engagement_signatures: Vec::new(),
            overlay_signatures: files.overlays.iter().map(|path| documents::beside(Path::new(path), limits)).collect::<Result<_, _>>()?,
            signatures: files.signatures.iter().map(|path| documents::file(Path::new(path), limits)).collect::<Result<_, _>>()?,
        };
        if let Some(engagement) = files.engagement.as_deref().map(Path::new) {
            (handed.anchors, handed.tokens) = match files.anchors.as_deref().map(Path::new) {
                // One that was named must be there.
                Some(folder) => (ANCHOR.contents(folder, limits)?, TOKEN.contents(folder, limits)?),
                None => {
                    let folder = beside(engagement, ANCHORS);
                    (ANCHOR.contents_if_there(&folder, limits)?, TOKEN.contents_if_there(&folder, limits)?)
                }
            };
            handed.deposits = DEPOSIT.contents_if_there(&beside(engagement, DEPOSITS), limits)?;
            handed.engagement_signatures = documents::beside(engagement, limits)?;
        }
        Ok(handed)
    }

    /// Parses it all.
    pub(crate) fn received(self, overlays: Vec<Overlay>, trusted: Vec<TrustedSigner>, limits: &Limits) -> Result<Received, Failure> {
        let deposit = |(path, bytes): &File| {
            Deposit::read(bytes).map_err(|error| {
                Failure::new(
                    Exit::Malformed,
                    format!("{error}, so nothing was checked: {}", path.display()),
                    "give a file that `verifold deposit` wrote, unchanged",
                )
            })
        };
        let signatures = |files: &[File]| files.iter().map(|file| documents::envelope_of(file, limits)).collect::<Result<Vec<_>, _>>();
        let mut received = Received {
            anchors: parsed(self.anchors)?,
            tokens: self.tokens.iter().map(anchor::token_of).collect::<Result<_, _>>()?,
            deposits: self.deposits.iter().map(deposit).collect::<Result<_, _>>()?,
            policy_signatures: signatures(&self.policy_signatures)?,
            engagement_signatures: signatures(&self.engagement_signatures)?,
            overlays: Vec::new(),
            reviewed_at: None,
            trusted,
        };
        for (overlay, files) in overlays.into_iter().zip(&self.overlay_signatures) {
            received.overlays.push((overlay, signatures(files)?));
        }
        for file in &self.signatures {
            documents::add(&mut received, file, limits)?;
        }
        Ok(received)
    }
}

fn parsed(anchors: Vec<File>) -> Result<Vec<Checkpoint>, Failure> {
    anchors.into_iter().map(|(path, bytes)| Ok(anchor::checkpoint_of(bytes, &path)?.0)).collect()
}

/// Every anchor in a folder; none if the folder is not there.
pub(crate) fn anchors(folder: &Path) -> Result<Vec<Checkpoint>, Failure> {
    parsed(ANCHOR.contents_if_there(folder, &Limits::most())?)
}

/// A time-stamp token, or an answer with one in it.
pub(crate) fn token(path: &Path) -> Result<File, Failure> {
    TOKEN.file(path.to_owned(), &Limits::most())
}

/// A kind of file received, and its limits.
struct Kind {
    name: &'static str,
    extension: &'static str,
    number: Limit,
    bytes: Limit,
}

const ANCHOR: Kind = Kind { name: "anchor", extension: "checkpoint", number: Limit::Anchors, bytes: Limit::AnchorBytes };
const TOKEN: Kind = Kind { name: "time-stamp token", extension: "tst", number: Limit::Tokens, bytes: Limit::TokenBytes };
const DEPOSIT: Kind = Kind { name: "deposit", extension: "deposit", number: Limit::Deposits, bytes: Limit::DepositBytes };

impl Kind {
    fn contents_if_there(&self, folder: &Path, limits: &Limits) -> Result<Vec<File>, Failure> {
        if folder.is_dir() { self.contents(folder, limits) } else { Ok(Vec::new()) }
    }

    fn contents(&self, folder: &Path, limits: &Limits) -> Result<Vec<File>, Failure> {
        let paths = listed(folder, self.extension)?;
        within(limits, self.number, paths.len(), folder)?;
        let (mut files, mut total) = (Vec::with_capacity(paths.len()), 0);
        for path in paths {
            let file = self.file(path, limits)?;
            total += file.1.len();
            // Read before the worker gives up memory: many within limits of their own could take all of it.
            within(limits, Limit::ReceivedBytes, total, folder)?;
            files.push(file);
        }
        Ok(files)
    }

    fn file(&self, path: PathBuf, limits: &Limits) -> Result<File, Failure> {
        files::received(self.name, &path, limits, self.bytes).map(|bytes| (path, bytes))
    }
}

/// Whether there is no more of something at `place` than a limit allows.
pub(crate) fn within(limits: &Limits, limit: Limit, found: usize, place: &Path) -> Result<(), Failure> {
    limits.check(limit, found as u64, &place.display().to_string()).map_err(|exceeded| {
        Failure::new(
            Exit::Limits,
            format!("nothing was checked: {exceeded}"),
            "check that this is the right folder, and take away what nobody needs",
        )
    })
}

/// Files of a folder with this extension, by name.
pub(crate) fn listed(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(
            Exit::Usage,
            format!("the folder cannot be read, so nothing was checked ({error}): {}", folder.display()),
            "check the folder and its permissions",
        )
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
