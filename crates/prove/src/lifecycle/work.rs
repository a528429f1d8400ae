//! A folder that keeps what a run over the life cycle has finished, until its package is written.
//!
//! It holds the seed of every salt and the proof of each finished stage. A run that was stopped is given the same folder
//! and goes on; several processes are given it and prove a stage each. A proof is found by the digest of what it states and
//! checked before it is used again: nothing in the folder is believed, and other files or choices find no proof in it.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use verifold_circuits::{Keys, Salt, Transition, verify_proof};
use verifold_model::digest::{Commitment, Digest};

use crate::{error::ProveError, salts::Salts, table};

/// Version of the seed's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum WorkSchema {
    /// First version.
    #[serde(rename = "work/v1")]
    V1,
}

/// What every process on the folder shares. Holds secrets.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    schema: WorkSchema,
    seed: Commitment,
}

const SEED: &str = "seed.json";

/// What the names of files begin with that are not yet whole: a process that was killed leaves them.
const PARTIAL: &str = ".verifold-work-";

/// Whether a run wrote it: the seed, the proof of a stage, or the beginning of one.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let of_proof = name.strip_suffix(".proof").and_then(|name| name.rsplit_once('-'));
    name == SEED || name.starts_with(PARTIAL) || of_proof.is_some_and(|(_, statement)| statement.parse::<Digest>().is_ok())
}

/// The seed a folder has.
fn kept(path: &Path) -> Result<Salt, ProveError> {
    let refuse = |problem: String| ProveError::Work { path: path.to_owned(), problem };
    let kept: Seed = serde_json::from_slice(&table::bytes(path)?).map_err(|error| refuse(format!("it cannot be read ({error})")))?;
    Salt::from_bytes(*kept.seed.as_bytes()).map_err(|_| refuse("its seed is damaged".to_owned()))
}

/// The folder of a run, which need not be there yet.
pub struct Work {
    folder: PathBuf,
    salts: Salts,
}

impl Work {
    /// The salts of a folder, fresh ones where there is none yet: nothing is made or written before [`Work::settle`].
    ///
    /// # Errors
    /// [`ProveError::Work`] if the folder's seed cannot be read; [`ProveError::Io`].
    pub fn open(folder: &Path) -> Result<Self, ProveError> {
        let path = folder.join(SEED);
        let there = path.try_exists().map_err(|source| ProveError::Io { action: "look for", path: path.clone(), source })?;
        let salts = if there { Salts::of_seed(kept(&path)?) } else { Salts::fresh()? };
        Ok(Self { folder: folder.to_owned(), salts })
    }

    /// Makes the folder with the seed of these salts, unless it has one. Returns whether its seed is theirs: it is not if another
    /// process was first.
    ///
    /// # Errors
    /// [`ProveError::Work`] if the folder's seed cannot be read; [`ProveError::Io`].
    pub fn settle(&self) -> Result<bool, ProveError> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |source| ProveError::Io { action, path, source }
        };
        fs::create_dir_all(&self.folder).map_err(io("make", &self.folder))?;
        let path = self.folder.join(SEED);
        let ours = Seed { schema: WorkSchema::V1, seed: Commitment::from_bytes(*self.salts.seed().as_bytes()) };
        let text = serde_json::to_vec(&ours).map_err(|error| ProveError::Work { path: path.clone(), problem: error.to_string() })?;
        // The first process makes the seed whole or not at all; every other finds it. Temporary files are their owner's alone.
        let mut file = tempfile::Builder::new().prefix(PARTIAL).tempfile_in(&self.folder).map_err(io("make", &path))?;
        file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(io("write", &path))?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(kept(&path)?.as_bytes() == self.salts.seed().as_bytes()),
            Err(error) => Err(ProveError::Io { action: "put in place", path, source: error.error }),
        }
    }

    /// Where the salts of the run come from.
    pub const fn salts(&self) -> &Salts {
        &self.salts
    }

    fn path(&self, stage: &str, statement: Digest) -> PathBuf {
        self.folder.join(format!("{stage}-{statement}.proof"))
    }

    /// The proof of a stage, if the folder has one that holds.
    pub(super) fn proof(&self, stage: &str, statement: Digest, keys: &Keys, expected: &Transition) -> Option<Vec<u8>> {
        let proof = fs::read(self.path(stage, statement)).ok()?;
        let reached = verify_proof(keys.verifier(), expected.z0, expected.steps, &proof).ok()?;
        (reached == expected.zn).then_some(proof)
    }

    /// Keeps the proof of a stage.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub(super) fn keep(&self, stage: &str, statement: Digest, proof: &[u8]) -> Result<(), ProveError> {
        let path = self.path(stage, statement);
        let written = tempfile::Builder::new().prefix(PARTIAL).tempfile_in(&self.folder).and_then(|mut file| {
            file.write_all(proof)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        });
        written.map(drop).map_err(|source| ProveError::Io { action: "keep", path, source })
    }

    /// Removes what runs keep in the folder, and the folder if nothing else is in it: the package is written, and its secrets stand
    /// beside that. The folder may be one that somebody keeps other things in.
    ///
    /// # Errors
    /// [`ProveError::Io`].
    pub fn remove(self) -> Result<(), ProveError> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |source| ProveError::Io { action, path, source }
        };
        let mut others = false;
        for entry in fs::read_dir(&self.folder).map_err(io("list", &self.folder))? {
            let path = entry.map_err(io("list", &self.folder))?.path();
            if is_ours(&path) {
                fs::remove_file(&path).map_err(io("remove", &path))?;
            } else {
                others = true;
            }
        }
        if others { Ok(()) } else { fs::remove_dir(&self.folder).map_err(io("remove", &self.folder)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_everybody_the_same_salts_from_the_moment_a_run_settles_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("q1.work");
        let [first, slower] = [0, 1].map(|_| Work::open(&folder).unwrap());
        assert!(!folder.exists());
        assert!(first.settle().unwrap() && first.settle().unwrap());
        assert!(!slower.settle().unwrap());
        let again = Work::open(&folder).unwrap();
        assert!(again.settle().unwrap());
        assert_eq!(first.salts().seed().as_bytes(), again.salts().seed().as_bytes());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::write(folder.join(SEED), "{}").unwrap();
        assert!(matches!(Work::open(&folder), Err(ProveError::Work { .. })));
        again.remove().unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_run_did_not_write_stays_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let work = Work::open(folder.path()).unwrap();
        work.settle().unwrap();
        work.keep("training", Digest::of(b"statement"), b"proof").unwrap();
        let begun = format!("{PARTIAL}x");
        let others = ["q1.zkaudit", "q1.secrets", "notes-2026.proof", "seed.json.bak"];
        for name in others.iter().chain([&begun.as_str()]) {
            fs::write(folder.path().join(name), "kept").unwrap();
        }
        fs::create_dir(folder.path().join("rows")).unwrap();
        work.remove().unwrap();
        let mut left: Vec<String> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let mut expected: Vec<&str> = others.into_iter().chain(["rows"]).collect();
        expected.sort_unstable();
        assert_eq!(left, expected);
    }
}
