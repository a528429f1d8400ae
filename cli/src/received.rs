//! What an auditor has outside packages: anchors and deposits beside the engagement, signatures beside each document.

use std::{
    fs,
    path::{Path, PathBuf},
};

use verifold_model::state::Exit;
use verifold_package::{Checkpoint, Deposit};
use verifold_verify::Received;

use crate::{anchor, documents, failure::Failure, files};

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

/// Everything at hand for a policy and an engagement; anchors from another folder if one is given.
pub(crate) fn received(policy: &Path, engagement: Option<&Path>, other_anchors: Option<&Path>) -> Result<Received, Failure> {
    let policy_signatures = documents::beside(policy)?;
    let Some(engagement) = engagement else { return Ok(Received { policy_signatures, ..Received::default() }) };
    let anchors = match other_anchors {
        // One that was named must be there.
        Some(folder) => listed(folder, "checkpoint")?.iter().map(|path| Ok(anchor::checkpoint(path)?.0)).collect::<Result<_, Failure>>()?,
        None => anchors(&beside(engagement, ANCHORS))?,
    };
    Ok(Received {
        anchors,
        deposits: deposits(&beside(engagement, DEPOSITS))?,
        policy_signatures,
        engagement_signatures: documents::beside(engagement)?,
        ..Received::default()
    })
}

/// Every anchor in a folder; none if the folder is not there.
pub(crate) fn anchors(folder: &Path) -> Result<Vec<Checkpoint>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    listed(folder, "checkpoint")?.iter().map(|path| Ok(anchor::checkpoint(path)?.0)).collect()
}

fn deposits(folder: &Path) -> Result<Vec<Deposit>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let read = |path: &PathBuf| {
        Deposit::read(&files::bytes("deposit", path)?).map_err(|error| {
            Failure::new(
                Exit::Malformed,
                format!("{error}, so nothing was checked: {}", path.display()),
                "give a file that `verifold deposit` wrote, unchanged",
            )
        })
    };
    listed(folder, "deposit")?.iter().map(read).collect()
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
