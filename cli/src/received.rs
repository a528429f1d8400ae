//! What an auditor has outside packages: anchors and deposits beside the engagement, signatures beside each document.

use std::{
    fs,
    path::{Path, PathBuf},
};

use verifold_model::{protocol::VerifyFiles, state::Exit};
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
/// Most files read from such a folder: an anchor for each batch a package may hold.
const MAX_FILES: usize = 20_000;

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
    pub(crate) fn read(files: &VerifyFiles) -> Result<Self, Failure> {
        let mut handed = Self {
            anchors: Vec::new(),
            deposits: Vec::new(),
            policy_signatures: documents::beside(Path::new(&files.policy))?,
            engagement_signatures: Vec::new(),
            overlay_signatures: files.overlays.iter().map(|path| documents::beside(Path::new(path))).collect::<Result<_, _>>()?,
            signatures: files.signatures.iter().map(|path| files::file("signature", Path::new(path))).collect::<Result<_, _>>()?,
        };
        if let Some(engagement) = files.engagement.as_deref().map(Path::new) {
            handed.anchors = match &files.anchors {
                // One that was named must be there.
                Some(folder) => contents(Path::new(folder), "anchor", "checkpoint")?,
                None => contents_if_there(&beside(engagement, ANCHORS), "anchor", "checkpoint")?,
            };
            handed.deposits = contents_if_there(&beside(engagement, DEPOSITS), "deposit", "deposit")?;
            handed.engagement_signatures = documents::beside(engagement)?;
        }
        Ok(handed)
    }

    /// Parses it all.
    pub(crate) fn received(self, overlays: Vec<Overlay>, trusted: Vec<TrustedSigner>) -> Result<Received, Failure> {
        let deposit = |(path, bytes): &File| {
            Deposit::read(bytes).map_err(|error| {
                Failure::new(
                    Exit::Malformed,
                    format!("{error}, so nothing was checked: {}", path.display()),
                    "give a file that `verifold deposit` wrote, unchanged",
                )
            })
        };
        let signatures = |files: &[File]| files.iter().map(documents::envelope_of).collect::<Result<Vec<_>, _>>();
        let mut received = Received {
            anchors: parsed(self.anchors)?,
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
            documents::add(&mut received, file)?;
        }
        Ok(received)
    }
}

fn parsed(anchors: Vec<File>) -> Result<Vec<Checkpoint>, Failure> {
    anchors.into_iter().map(|(path, bytes)| Ok(anchor::checkpoint_of(bytes, &path)?.0)).collect()
}

/// Every anchor in a folder; none if the folder is not there.
pub(crate) fn anchors(folder: &Path) -> Result<Vec<Checkpoint>, Failure> {
    parsed(contents_if_there(folder, "anchor", "checkpoint")?)
}

fn contents_if_there(folder: &Path, what: &str, extension: &str) -> Result<Vec<File>, Failure> {
    if folder.is_dir() { contents(folder, what, extension) } else { Ok(Vec::new()) }
}

fn contents(folder: &Path, what: &str, extension: &str) -> Result<Vec<File>, Failure> {
    listed(folder, extension)?.iter().map(|path| files::file(what, path)).collect()
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
    if paths.len() > MAX_FILES {
        let what = format!("{} files, the limit is {MAX_FILES}: {}", paths.len(), folder.display());
        return Err(Failure::new(Exit::Limits, what, "check that this is the right folder"));
    }
    paths.sort();
    Ok(paths)
}
