//! How may a policy be tailored to one audit, and who answers for it?
//!
//! A policy is fixed before results and serves many audits. Where one of them needs another limit, the policy stays as it
//! is and an overlay says what changes: requirement, field, new value, each with a rationale, an owner and an end. It names
//! its policy by digest, so it fits no other. [`tailor`] applies what can be applied, and keeps what cannot with the reason.
//!
//! It does not establish that a rationale is a good one.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use verifold_model::{
    decimal::Decimal,
    digest::Digest,
    instant::Instant,
    metric::Metric,
    state::Severity,
    tailoring::{ChangedField, TailoredChange},
};

use crate::{
    notice::{Lint, Notices, ReadError},
    policy::{Exemption, Policy, Requirement, Rule, compares_groups},
    policy_lint::{limit_problem, warn_problem},
};

/// Version of the overlay format.
#[derive(Debug, Deserialize, JsonSchema)]
enum OverlaySchema {
    /// First version.
    #[serde(rename = "overlay/v1")]
    V1,
}

/// Changes to one policy for one audit or a few.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "Overlay")]
#[serde(deny_unknown_fields)]
pub(crate) struct OverlayFile {
    /// Version of the format.
    #[serde(rename = "schema")]
    _schema: OverlaySchema,
    /// Identifier.
    #[schemars(with = "String")]
    id: Spanned<String>,
    /// Title.
    title: String,
    /// The policy it changes.
    #[schemars(with = "PolicyRef")]
    policy: Spanned<PolicyRef>,
    /// Changes, in order.
    #[serde(default)]
    #[schemars(with = "Vec<ChangeFile>")]
    change: Vec<Spanned<ChangeFile>>,
}

/// A policy by identifier, version and digest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// Identifier.
    pub id: String,
    /// Version.
    pub version: String,
    /// SHA-256 of the policy file, as `verifold policy check` prints it.
    pub digest: Digest,
}

/// One change. Rationale, owner and end are mandatory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChangeFile {
    /// Identifier of a requirement of the policy.
    #[schemars(with = "String")]
    requirement: Spanned<String>,
    /// What of it is changed.
    field: ChangedField,
    /// The new value: a decimal in quotes for `limit` and `warn`, a whole number for `minimum_n` and `minimum_group_n`,
    /// `mandatory` or `advisory` for `severity`, `true` for `disabled`.
    #[schemars(with = "Value")]
    value: Spanned<Value>,
    /// Why.
    #[schemars(with = "String")]
    rationale: Spanned<String>,
    /// Who answers for it.
    #[schemars(with = "String")]
    owner: Spanned<String>,
    /// First time at which it holds no more.
    expires: Instant,
}

/// A value as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Value {
    /// A decimal or a word.
    Text(String),
    /// A whole number of 0 or more.
    Whole(u64),
    /// Yes or no.
    Flag(bool),
}

/// A value of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NewValue {
    Limit(Decimal),
    Warn(Decimal),
    MinimumN(u64),
    MinimumGroupN(u64),
    Severity(Severity),
    Disabled,
}

/// An overlay, free of contradictions in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// The policy it changes.
    pub policy: PolicyRef,
    /// Changes in the order of the file.
    changes: Vec<Change>,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
    policy_at: Range<usize>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    requirement: String,
    field: ChangedField,
    value: NewValue,
    rationale: String,
    owner: String,
    expires: Instant,
    at: Range<usize>,
}

impl Overlay {
    /// Reads an overlay, refusing it for any error, also against the policy it is to change.
    ///
    /// # Errors
    /// Every error with line and column.
    pub fn read(text: &str, policy: Option<&Policy>) -> Result<Self, ReadError> {
        Self::lint(text, policy).into_result("overlay")
    }

    /// Reads an overlay with all there is to say about it; against a policy, if one is given.
    pub fn lint(text: &str, policy: Option<&Policy>) -> Lint<Self> {
        let mut notices = Notices::new(text);
        let overlay = notices.parse::<OverlayFile>().map(|file| build(file, text, &mut notices));
        if let (Some(overlay), Some(policy)) = (&overlay, policy) {
            if let Some(problem) = overlay.other_policy(policy) {
                notices.error("other-policy", overlay.policy_at.clone(), problem);
            } else {
                let tried = tailor(policy, &[(overlay, None)], None);
                for (change, outcome) in overlay.changes.iter().zip(&tried.changes[0]) {
                    if !outcome.applied {
                        notices.error("change", change.at.clone(), outcome.reason.clone());
                    }
                }
            }
        }
        notices.finish(overlay)
    }

    /// Why it does not fit `policy`, if it does not.
    fn other_policy(&self, policy: &Policy) -> Option<String> {
        let PolicyRef { id, version, digest } = &self.policy;
        (*digest != policy.digest || *id != policy.id || *version != policy.version).then(|| {
            format!(
                "the overlay is for the policy {id} {version}, SHA-256 {}, and the policy at hand is {} {}, SHA-256 {}",
                digest.short(),
                policy.id,
                policy.version,
                policy.digest.short()
            )
        })
    }
}

fn build(file: OverlayFile, text: &str, notices: &mut Notices<'_>) -> Overlay {
    for (name, value) in file
        .change
        .iter()
        .flat_map(|change| [("rationale", &change.get_ref().rationale), ("owner", &change.get_ref().owner)])
        .chain([("id", &file.id)])
    {
        if value.get_ref().trim().is_empty() {
            notices.error("empty", value.span(), format!("`{name}` is empty"));
        }
    }
    if file.change.is_empty() {
        notices.error("no-change", file.id.span(), "the overlay has no [[change]]");
    }
    let policy_at = file.policy.span();
    let mut changes: Vec<Change> = Vec::new();
    for change in file.change {
        let at = change.span();
        let change = change.into_inner();
        let requirement = change.requirement.into_inner();
        if changes.iter().any(|earlier| earlier.requirement == requirement && earlier.field == change.field) {
            notices.error("changed-twice", at.clone(), format!("{} of {requirement} is changed twice", change.field.word()));
        }
        match new_value(change.field, change.value.get_ref()) {
            Some(value) => changes.push(Change {
                requirement,
                field: change.field,
                value,
                rationale: change.rationale.into_inner(),
                owner: change.owner.into_inner(),
                expires: change.expires,
                at,
            }),
            None => notices.error("value", change.value.span(), format!("`{}` takes {}", change.field.word(), change.field.takes())),
        }
    }
    Overlay {
        id: file.id.into_inner(),
        title: file.title,
        policy: file.policy.into_inner(),
        changes,
        digest: Digest::of(text.as_bytes()),
        policy_at,
    }
}

fn new_value(field: ChangedField, value: &Value) -> Option<NewValue> {
    match (field, value) {
        (ChangedField::Limit, Value::Text(text)) => text.parse().ok().map(NewValue::Limit),
        (ChangedField::Warn, Value::Text(text)) => text.parse().ok().map(NewValue::Warn),
        (ChangedField::MinimumN, Value::Whole(n)) => Some(NewValue::MinimumN(*n)),
        (ChangedField::MinimumGroupN, Value::Whole(n)) => Some(NewValue::MinimumGroupN(*n)),
        (ChangedField::Severity, Value::Text(text)) => match text.as_str() {
            "mandatory" => Some(NewValue::Severity(Severity::Mandatory)),
            "advisory" => Some(NewValue::Severity(Severity::Advisory)),
            _ => None,
        },
        (ChangedField::Disabled, Value::Flag(true)) => Some(NewValue::Disabled),
        _ => None,
    }
}

/// A policy as overlays change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tailored {
    /// The policy with every change that could be applied; its digest is still that of its file.
    pub policy: Policy,
    /// What became of each change, overlay by overlay.
    pub changes: Vec<Vec<TailoredChange>>,
}

/// When changes must still have held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Up to this first time after the audited period.
    EndOfPeriod(Instant),
    /// At the time of the review.
    Review(Instant),
}

/// Applies overlays to a policy, in order. An overlay comes with the reason why nothing of it counts, if there is one.
///
/// A change is applied whole or not at all: not if its overlay is for another policy, it has expired at `reference`,
/// another overlay has changed the same, or the requirement would contradict itself. Without a reference nothing expires.
pub fn tailor(policy: &Policy, overlays: &[(&Overlay, Option<String>)], reference: Option<Reference>) -> Tailored {
    let mut tailored = policy.clone();
    let mut changes: Vec<Vec<TailoredChange>> = Vec::new();
    let mut changed: Vec<(String, ChangedField)> = Vec::new();
    for (overlay, void) in overlays {
        let mut outcomes: Vec<TailoredChange> = Vec::new();
        for change in &overlay.changes {
            let (id, field) = (&change.requirement, change.field);
            let place = tailored.requirements.iter().position(|requirement| requirement.id == *id);
            let problem = void.clone().or_else(|| overlay.other_policy(policy)).or_else(|| expired(change, reference)).or_else(|| {
                changed.contains(&(id.clone(), field)).then(|| format!("another overlay has changed {} of {id} already", field.word()))
            });
            let outcome = match (problem, place) {
                (Some(problem), _) => Err(problem),
                (None, None) => Err(format!("the policy has no requirement {id}")),
                (None, Some(place)) => {
                    let mut requirement = tailored.requirements[place].clone();
                    change.apply(&mut requirement, &overlay.id).map(|(before, after)| (place, requirement, before, after))
                }
            };
            let mut noted = change.noted();
            match outcome {
                Ok((place, mut requirement, before, after)) => {
                    changed.push((id.clone(), field));
                    requirement.tailoring.push(format!("{} changed by overlay {} from {before} to {after}", field.word(), overlay.id));
                    tailored.requirements[place] = requirement;
                    (noted.before, noted.after, noted.applied) = (before, after, true);
                }
                Err(problem) => noted.reason = problem,
            }
            outcomes.push(noted);
        }
        changes.push(outcomes);
    }
    undo_contradictions(policy, &mut tailored, overlays, &mut changes);
    Tailored { policy: tailored, changes }
}

/// Limit and warning level change one after the other, so whether they agree shows only at the end.
fn undo_contradictions(
    policy: &Policy,
    tailored: &mut Policy,
    overlays: &[(&Overlay, Option<String>)],
    changes: &mut [Vec<TailoredChange>],
) {
    for (before, after) in policy.requirements.iter().zip(&mut tailored.requirements) {
        let Rule::Metric(rule) = &after.rule else { continue };
        let Some(problem) = rule.warn.and_then(|warn| warn_problem(rule.comparator, rule.limit, warn)) else { continue };
        *after = before.clone();
        for ((overlay, _), outcomes) in overlays.iter().zip(changes.iter_mut()) {
            for (change, outcome) in overlay.changes.iter().zip(outcomes) {
                if change.requirement == before.id && outcome.applied {
                    *outcome = TailoredChange { reason: problem.clone(), ..change.noted() };
                }
            }
        }
    }
}

fn expired(change: &Change, reference: Option<Reference>) -> Option<String> {
    let end = change.expires;
    match reference? {
        Reference::EndOfPeriod(until) => (end < until).then(|| format!("it expired on {end}, before the period ends at {until}")),
        Reference::Review(at) => (end <= at).then(|| format!("it expired on {end}, before the review at {at}")),
    }
}

impl Change {
    /// As it stands in the record while it is not applied.
    fn noted(&self) -> TailoredChange {
        TailoredChange {
            requirement: self.requirement.clone(),
            field: self.field,
            before: String::new(),
            after: match &self.value {
                NewValue::Limit(value) | NewValue::Warn(value) => value.to_string(),
                NewValue::MinimumN(n) | NewValue::MinimumGroupN(n) => n.to_string(),
                NewValue::Severity(severity) => severity_word(*severity).to_owned(),
                NewValue::Disabled => "disabled".to_owned(),
            },
            rationale: self.rationale.clone(),
            owner: self.owner.clone(),
            expires: self.expires,
            applied: false,
            reason: String::new(),
        }
    }

    /// Changes `requirement`; what stood there before, and what stands there now, or why it cannot be.
    fn apply(&self, requirement: &mut Requirement, overlay: &str) -> Result<(String, String), String> {
        let id = requirement.id.clone();
        let of_metric = || format!("{} is of metrics, and {id} is of another kind", self.field.word());
        let before = match (&self.value, &mut requirement.rule) {
            (NewValue::Severity(severity), _) => severity_word(std::mem::replace(&mut requirement.severity, *severity)).to_owned(),
            (NewValue::Disabled, _) => {
                let reason = format!("disabled by overlay {overlay}: {}", self.rationale);
                match requirement.exemption.replace(Exemption { person: self.owner.clone(), reason }) {
                    None => "in force".to_owned(),
                    Some(_) => return Err(format!("{id} is not applicable by the policy already")),
                }
            }
            (NewValue::MinimumN(n), Rule::ReferencePresent { minimum_n }) => std::mem::replace(minimum_n, *n).to_string(),
            (NewValue::MinimumN(n), Rule::Metric(rule)) if rule.key.metric != Metric::Volume => {
                std::mem::replace(&mut rule.minimum_n, *n).to_string()
            }
            (NewValue::MinimumGroupN(n), Rule::Metric(rule)) if compares_groups(rule.key.metric) => {
                rule.minimum_group_n.replace(*n).map_or_else(|| "none".to_owned(), |n| n.to_string())
            }
            (NewValue::Limit(limit), Rule::Metric(rule)) => {
                if let Some((_, problem)) = limit_problem(rule.key.metric, *limit) {
                    return Err(problem);
                }
                std::mem::replace(&mut rule.limit, *limit).to_string()
            }
            (NewValue::Warn(warn), Rule::Metric(rule)) => {
                rule.warn.replace(*warn).map_or_else(|| "none".to_owned(), |warn| warn.to_string())
            }
            (NewValue::MinimumN(_) | NewValue::MinimumGroupN(_), Rule::Metric(_)) => {
                return Err(format!("{} has no meaning for the metric of {id}", self.field.word()));
            }
            _ => return Err(of_metric()),
        };
        let after = self.noted().after;
        if before == after {
            return Err(format!("{} of {id} is {before} already", self.field.word()));
        }
        Ok((before, after))
    }
}

const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Mandatory => "mandatory",
        Severity::Advisory => "advisory",
    }
}
