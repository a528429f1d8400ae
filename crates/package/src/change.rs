//! Where does a package keep records of changes of model, and may they be printed?
//!
//! A record stands at `changes/PROOF.json`, for the monitoring proof that begins with the new model, as the canonical JSON of
//! what people wrote as TOML. Where no model changes there is none. Whether it names the right models is not asked here.

use verifold_model::change::ChangeRecord;

use crate::{
    claimed::{ClaimedChange, ClaimedProof, read_canonical},
    container::RawEntry,
    error::PackageError,
    manifest::{change_path, contradicts},
    plain_text::{check_name, check_sentence},
};

/// Whether a package could hold a record: asked before the work of proving.
///
/// # Errors
/// What reading the package would find: a text that is missing, too long, or cannot be printed; a day that is none.
pub fn check(path: &str, record: &ChangeRecord) -> Result<(), PackageError> {
    if let Some((field, expected)) = record.problem() {
        return Err(PackageError::TextRefused { path: path.to_owned(), field: field.to_owned(), problem: format!("is not {expected}") });
    }
    for (field, text, is_name) in record.texts() {
        let check = if is_name { check_name } else { check_sentence };
        check(path, field, text)?;
    }
    Ok(())
}

/// The records of a package, in the order of its proofs; roles have been checked.
pub(crate) fn read_all(entries: &[RawEntry<'_>], proofs: &[ClaimedProof]) -> Result<Vec<ClaimedChange>, PackageError> {
    let mut changes = Vec::new();
    for pair in proofs.windows(2) {
        let [before, proof] = pair else { continue };
        let path = change_path(&proof.id);
        let Some(entry) = entries.iter().find(|entry| entry.path == path) else { continue };
        if before.statement.model_commitment == proof.statement.model_commitment {
            let expected = format!("a record only where the model changes; {} and {} have one model", before.id, proof.id);
            return Err(contradicts(format!("entries: {path}"), &expected, "a change record"));
        }
        let record: ChangeRecord = read_canonical(&path, entry.bytes)?;
        check(&path, &record)?;
        changes.push(ClaimedChange { proof: proof.id.clone(), record });
    }
    Ok(changes)
}
