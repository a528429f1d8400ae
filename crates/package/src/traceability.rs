//! Where does a package keep traceability specifications, and may they be printed?
//!
//! A document stands at `traceability/STAGE.json`, one for each stage at most, as the canonical JSON of what people wrote
//! as TOML. Whether it is complete, or agrees with the proofs, is not asked here.

use verifold_model::{
    digest::canonical_json,
    limits::{Limit, Limits},
    state::Stage,
    traceability::Traceability,
};

use crate::{
    claimed::read_canonical,
    container::RawEntry,
    error::PackageError,
    manifest::contradicts,
    plain_text::{check_name, check_sentence},
};

/// Path of the document of a stage.
pub fn path(stage: Stage) -> String {
    format!("traceability/{}.json", stage.name())
}

/// Stage of the document at a path; `None` if it is not the path of one.
pub(crate) fn stage_of(path: &str) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| self::path(*stage) == path)
}

/// Whether a package could hold a document: asked before the work of proving.
///
/// # Errors
/// What reading the package would find: too long a text, one that cannot be printed, too many of them.
pub fn check(document: &Traceability) -> Result<(), PackageError> {
    let path = path(document.stage);
    check_texts(&path, document)?;
    Ok(Limits::most().check(Limit::TraceabilityBytes, canonical_json(document).len() as u64, &path)?)
}

fn check_texts(path: &str, document: &Traceability) -> Result<(), PackageError> {
    for field in document.texts() {
        let check = if field.is_name { check_name } else { check_sentence };
        check(path, &field.field, field.text)?;
    }
    Ok(())
}

pub(crate) fn read(entry: &RawEntry<'_>) -> Result<Traceability, PackageError> {
    let document: Traceability = read_canonical(entry.path, entry.bytes)?;
    check_texts(entry.path, &document)?;
    match stage_of(entry.path) {
        Some(stage) if stage != document.stage => {
            Err(contradicts(format!("entries: {}", entry.path), &format!("a document about {}", stage.name()), document.stage.name()))
        }
        _ => Ok(document),
    }
}
