//! What changed since an earlier record?

use verifold_model::{
    digest::Digest,
    record::{AuditRecord, Change, Comparison},
};

/// Differences between an earlier record and this one, requirement by requirement.
pub(crate) fn compare(earlier: &AuditRecord, against: Digest, now: &AuditRecord) -> Comparison {
    let mut changes = Vec::new();
    let mut unchanged = 0;
    for result in &now.requirements {
        let before = earlier.requirements.iter().find(|old| old.id == result.id);
        let kind = match before {
            None => "new",
            Some(old) if old.state == result.state && old.actual == result.actual => {
                unchanged += 1;
                continue;
            }
            Some(old) if !old.state.is_settled() && result.state.is_settled() => "fixed",
            Some(old) if old.state.is_settled() && !result.state.is_settled() => "regressed",
            Some(_) => "changed",
        };
        changes.push(Change {
            requirement: result.id.clone(),
            kind: kind.to_owned(),
            before: before.map(|old| old.state),
            after: Some(result.state),
            before_actual: before.map_or_else(String::new, |old| old.actual.clone()),
            after_actual: result.actual.clone(),
        });
    }
    for old in earlier.requirements.iter().filter(|old| now.requirements.iter().all(|result| result.id != old.id)) {
        changes.push(Change {
            requirement: old.id.clone(),
            kind: "gone".to_owned(),
            before: Some(old.state),
            after: None,
            before_actual: old.actual.clone(),
            after_actual: String::new(),
        });
    }
    Comparison { against, earlier_package: earlier.package.digest, changes, unchanged }
}
