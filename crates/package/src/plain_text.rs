//! May a text from a package be printed?
//!
//! Package texts reach terminals, screens and reports; none needs characters that are not seen.

use verifold_model::{
    format::is_unprintable,
    plan::{Grouping, Plan},
    preparation::Preparation,
    statement::Subject,
};

use crate::error::PackageError;

/// Most bytes of a name or title.
const MAX_NAME_BYTES: usize = 200;
/// Most bytes of a sentence.
const MAX_SENTENCE_BYTES: usize = 2_000;

fn check(path: &str, field: &str, text: &str, limit: usize) -> Result<(), PackageError> {
    let refuse = |problem| Err(PackageError::TextRefused { path: path.to_owned(), field: field.to_owned(), problem });
    if text.len() > limit {
        return refuse(format!("has {} bytes, the limit is {limit}", text.len()));
    }
    match text.chars().find(|c| is_unprintable(*c)) {
        Some(c) => refuse(format!("holds the unprintable character U+{:04X}", u32::from(c))),
        None => Ok(()),
    }
}

/// Checks a name or title.
pub(crate) fn check_name(path: &str, field: &str, text: &str) -> Result<(), PackageError> {
    check(path, field, text, MAX_NAME_BYTES)
}

/// Checks a sentence or paragraph.
pub(crate) fn check_sentence(path: &str, field: &str, text: &str) -> Result<(), PackageError> {
    check(path, field, text, MAX_SENTENCE_BYTES)
}

/// Checks every text of a subject.
pub(crate) fn check_subject(path: &str, subject: &Subject) -> Result<(), PackageError> {
    for (field, text) in [
        ("subject.name", &subject.name),
        ("subject.lei", &subject.lei),
        ("subject.system", &subject.system),
        ("subject.model", &subject.model),
    ] {
        check_name(path, field, text)?;
    }
    Ok(())
}

/// Checks every text of a plan.
pub(crate) fn check_plan(path: &str, plan: &Plan) -> Result<(), PackageError> {
    for (i, feature) in plan.features.iter().enumerate() {
        check_name(path, &format!("features[{i}].name"), &feature.name)?;
        check_name(path, &format!("features[{i}].unit"), &feature.unit)?;
    }
    check(path, "outcome.bad_means", &plan.outcome.bad_means, MAX_SENTENCE_BYTES)?;
    check_grouping(path, "", &plan.grouping)?;
    for (i, histogram) in plan.histograms.iter().enumerate() {
        check_name(path, &format!("histograms[{i}].feature"), &histogram.feature)?;
    }
    Ok(())
}

fn check_grouping(path: &str, prefix: &str, grouping: &Grouping) -> Result<(), PackageError> {
    check_name(path, &format!("{prefix}grouping.attribute"), &grouping.attribute)?;
    for (i, name) in grouping.names.iter().enumerate() {
        check_name(path, &format!("{prefix}grouping.names[{i}]"), name)?;
    }
    Ok(())
}

/// Checks every text of preparation rules.
pub(crate) fn check_preparation(path: &str, preparation: &Preparation) -> Result<(), PackageError> {
    for (i, column) in preparation.columns.iter().enumerate() {
        check_name(path, &format!("preparation.columns[{i}].name"), &column.name)?;
        check_name(path, &format!("preparation.columns[{i}].unit"), &column.unit)?;
    }
    check_grouping(path, "preparation.", &preparation.grouping)
}
