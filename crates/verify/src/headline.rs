//! The trust ladder, the conclusion and the exit code: said once, from what the other modules found.

use verifold_model::{
    document::SignatureState,
    format::{counted, listed},
    lineage::LinkState,
    record::{AuditRecord, Finding, Headline, ProofState, RequirementResult, Rung, Source},
    state::{Exit, Judgement, RungName, RungState, Severity, State},
};
use verifold_package::PackageError;
use verifold_policy::{Policy, anchored_within_days};

use crate::{
    assess::sentence,
    evidence::{Checked, Refusal, VerifiedStage},
    run::{Inputs, entries_text},
    scope::Scope,
};

/// A headline that concludes nothing; replaced before a record leaves this crate.
pub(crate) const fn none() -> Headline {
    Headline { state: State::Uncovered, rung: None, title: String::new(), detail: String::new(), next: String::new() }
}

fn rung(name: RungName, state: RungState, word: impl Into<String>, detail: impl Into<String>, findings: Vec<Finding>) -> Rung {
    Rung { name, state, word: word.into(), detail: detail.into(), findings }
}

fn blocking(cause: &str, text: impl Into<String>, place: impl Into<String>) -> Finding {
    Finding { cause: cause.to_owned(), blocking: true, text: text.into(), place: place.into() }
}

/// The ladder of a package that could not be read.
pub(crate) fn ladder_unread(policy: &Policy, error: &PackageError) -> Vec<Rung> {
    let word = match error.exit() {
        Exit::Limits => "Over a limit",
        Exit::NotChecked => "Unknown format",
        _ => "Broken",
    };
    let state = if error.exit() == Exit::NotChecked { RungState::NotCheckable } else { RungState::Fails };
    let unreached = |name| rung(name, RungState::NotReached, "Not reached", "the package could not be read", Vec::new());
    let mandatory = policy.requirements.iter().filter(|r| r.severity == Severity::Mandatory).count() as u64;
    vec![
        rung(
            RungName::Integrity,
            state,
            word,
            "the package cannot be relied on",
            vec![blocking(error.cause(), error.to_string(), error.place())],
        ),
        unreached(RungName::Origin),
        unreached(RungName::Proof),
        unreached(RungName::Scope),
        rung(
            RungName::Policy,
            RungState::NotReached,
            "Not reached",
            format!("{} without evidence", counted(mandatory, "mandatory requirement", "mandatory requirements")),
            Vec::new(),
        ),
    ]
}

/// The ladder of a package that was read.
pub(crate) fn ladder(
    inputs: &Inputs<'_>,
    record: &AuditRecord,
    origin: Rung,
    checked: &[Checked],
    stages: &[Checked<VerifiedStage>],
    scope: &Scope,
) -> Vec<Rung> {
    let refused = checked.iter().find_map(|checked| checked.outcome.as_ref().err());
    vec![
        rung(RungName::Integrity, RungState::Holds, "Intact", entries_text(record), Vec::new()),
        origin,
        proof_rung(record, checked, stages),
        scope_rung(inputs, record, refused, scope),
        policy_rung(record, refused),
    ]
}

fn proof_rung(record: &AuditRecord, checked: &[Checked], stages: &[Checked<VerifiedStage>]) -> Rung {
    let total = record.proofs.len() as u64;
    let mut findings = Vec::new();
    let (mut rejected, mut unknown) = (0, 0u64);
    // Monitoring first: most rests on it.
    let monitoring = || checked.iter().filter_map(|checked| checked.outcome.as_ref().err());
    for (refusal, needed) in monitoring().map(|refusal| (refusal, true)).chain(stages.iter().filter_map(|stage| {
        // A proof of a stage that the policy asks nothing of stands in nobody's way.
        stage.outcome.as_ref().err().map(|refusal| (refusal, refusal.cause != "circuit-not-accepted"))
    })) {
        findings.push(Finding { blocking: needed, ..blocking(refusal.cause, refusal.text.clone(), refusal.place.clone()) });
        match refusal.state {
            ProofState::Rejected | ProofState::Valid => rejected += 1,
            ProofState::NotCheckable if needed => unknown += 1,
            ProofState::NotCheckable | ProofState::NotReached => {}
        }
    }
    let broken: Vec<_> = record.lineage.links.iter().filter(|link| link.state == LinkState::Broken).collect();
    findings.extend(broken.iter().map(|link| blocking("link-broken", link.text.clone(), link.proofs.join(", "))));
    findings.sort_by_key(|finding| !finding.blocking);
    let valid = record.proofs.iter().filter(|proof| proof.state == ProofState::Valid).count();
    let proofs = counted(total, "proof", "proofs");
    if monitoring().any(|refusal| refusal.state == ProofState::NotReached) {
        return rung(RungName::Proof, RungState::NotReached, "Not reached", format!("{valid} of {proofs} valid"), findings);
    }
    if rejected > 0 || !broken.is_empty() {
        let word = if rejected > 0 { format!("{rejected} rejected") } else { "Chain broken".to_owned() };
        return rung(RungName::Proof, RungState::Fails, word, format!("{valid} of {proofs} valid"), findings);
    }
    if monitoring().next().is_some() {
        return rung(
            RungName::Proof,
            RungState::NotCheckable,
            format!("{unknown} not checkable"),
            format!("{valid} of {proofs} valid"),
            findings,
        );
    }
    let steps = record.proofs.iter().filter(|proof| proof.state == ProofState::Valid).map(|proof| proof.steps).sum();
    let detail = format!("{valid} of {proofs} proven, {}", counted(steps, "step", "steps"));
    if unknown == 0 {
        rung(RungName::Proof, RungState::Holds, "Valid", detail, findings)
    } else {
        rung(RungName::Proof, RungState::NotCheckable, format!("{unknown} not checkable"), detail, findings)
    }
}

fn scope_rung(inputs: &Inputs<'_>, record: &AuditRecord, refused: Option<&Refusal>, scope: &Scope) -> Rung {
    let mut findings = scope.findings.clone();
    findings.sort_by_key(|finding| !finding.blocking);
    if refused.is_some() {
        // Differences are still worth knowing, but nothing is settled on claims.
        return rung(RungName::Scope, RungState::NotReached, "Not reached", "rests on the proof", findings);
    }
    if findings.iter().any(|finding| finding.blocking) {
        let differing = findings.iter().filter(|finding| finding.blocking).count() as u64;
        let word = match (scope.missing.len(), differing) {
            (0, _) => "Differs".to_owned(),
            (1, _) => "1 batch missing".to_owned(),
            (n, _) => format!("{n} batches missing"),
        };
        return rung(
            RungName::Scope,
            RungState::Fails,
            word,
            format!("{} from what is expected", counted(differing, "difference", "differences")),
            findings,
        );
    }
    let sources = [scope.subject, scope.period, scope.model, scope.plan];
    let pinned = sources.iter().filter(|source| **source == Some(Source::Pinned)).count();
    let Some(engagement) = &record.engagement else {
        return rung(RungName::Scope, RungState::NotEstablished, "Not established", "no engagement given", findings);
    };
    // Anchors of the last day count as well, unless somebody said how early they have to be.
    let timely = anchored_within_days(inputs.policy, inputs.engagement).map_or(", no matter when", |_| "");
    let anchored = scope.anchored.map_or_else(String::new, |(n, of)| format!(", {n} of {of} anchored{timely}"));
    let detail = format!("{pinned} of 4 pinned, {} of {} batches{anchored}", engagement.expected_batches, engagement.expected_batches);
    let wanted = inputs.policy.pinned.iter().any(|pin| !inputs.engagement.is_some_and(|e| e.pins(*pin)));
    if pinned == 0 || wanted {
        return rung(RungName::Scope, RungState::NotEstablished, "Not established", detail, findings);
    }
    rung(RungName::Scope, RungState::Holds, "As expected", detail, findings)
}

fn policy_rung(record: &AuditRecord, refused: Option<&Refusal>) -> Rung {
    let totals = verifold_model::record::Totals::of(&record.requirements);
    let applied = record.overlays.iter().flat_map(|overlay| &overlay.changes).filter(|change| change.applied).count() as u64;
    let tailored =
        if applied == 0 { String::new() } else { format!(", of a policy tailored by {}", counted(applied, "change", "changes")) };
    let detail = format!("{} of {} mandatory settled{tailored}", totals.mandatory_settled, totals.mandatory);
    let mandatory = || record.requirements.iter().filter(|result| result.severity == Severity::Mandatory);
    let finding = |result: &RequirementResult, cause: &str| {
        blocking(cause, format!("{}, {}: {}", result.id, result.title, result.reason), result.id.clone())
    };
    if refused.is_some() {
        return rung(RungName::Policy, RungState::NotReached, "Not reached", "rests on the proof", Vec::new());
    }
    // Proofs that hold, of things that contradict each other: the gravest first.
    let rejected: Vec<Finding> =
        mandatory().filter(|result| result.state == State::Rejected).map(|result| finding(result, "requirement-rejected")).collect();
    if !rejected.is_empty() {
        return rung(RungName::Policy, RungState::Fails, "Contradicted", detail, rejected);
    }
    let missed: Vec<Finding> = mandatory()
        .filter(|result| matches!(result.state, State::Violated | State::Judgement(Judgement::NotMet)))
        .map(|result| finding(result, "requirement-violated"))
        .collect();
    if !missed.is_empty() {
        return rung(RungName::Policy, RungState::NotMet, "Not met", detail, missed);
    }
    let cause =
        |result: &RequirementResult| if result.state == State::Unverifiable { "requirement-unverifiable" } else { "requirement-open" };
    let mut unsettled: Vec<_> = mandatory().filter(|result| !result.state.is_settled()).collect();
    // What cannot be checked here comes first: it decides the exit code.
    unsettled.sort_by_key(|result| result.state != State::Unverifiable);
    let open: Vec<Finding> = unsettled.into_iter().map(|result| finding(result, cause(result))).collect();
    if open.is_empty() {
        rung(RungName::Policy, RungState::Holds, "Met", detail, Vec::new())
    } else {
        rung(RungName::Policy, RungState::Undecided, "Undecided", detail, open)
    }
}

/// Fills in headline and exit code from the ladder and the requirements.
pub(crate) fn conclude(record: &mut AuditRecord, policy: &Policy) {
    record.exit = exit(record);
    let first = record.ladder.iter().find(|rung| !matches!(rung.state, RungState::Holds | RungState::NotEstablished)).cloned();
    record.headline = match first {
        Some(rung) => failed(record, &rung),
        None => held(record, policy),
    };
}

fn exit(record: &AuditRecord) -> Exit {
    // Of a package that could not be read, what reading it came to: [`PackageError::exit`] sorts the causes.
    let mut candidates = vec![record.exit];
    for rung in &record.ladder {
        match (rung.name, rung.state) {
            (RungName::Origin, RungState::Fails) => candidates.push(Exit::Origin),
            (RungName::Proof, RungState::Fails) => candidates.push(Exit::Rejected),
            (RungName::Scope, RungState::Fails) => candidates.push(Exit::Scope),
            (_, RungState::NotCheckable) => candidates.push(Exit::NotChecked),
            _ => {}
        }
    }
    for result in record.requirements.iter().filter(|result| result.severity == Severity::Mandatory) {
        candidates.extend(match result.state {
            State::Rejected => Some(Exit::Rejected),
            State::Violated | State::Judgement(Judgement::NotMet) => Some(Exit::Violated),
            State::Unverifiable => Some(Exit::NotChecked),
            State::Uncovered | State::Judgement(Judgement::Open) => Some(Exit::Incomplete),
            State::Judgement(Judgement::Met) | State::NotApplicable | State::Satisfied => None,
        });
    }
    Exit::first_of(&candidates)
}

fn failed(record: &AuditRecord, rung: &Rung) -> Headline {
    let first = rung.findings.iter().find(|finding| finding.blocking);
    let text = first.map_or_else(String::new, |finding| sentence(&finding.text));
    let provider = record.subject.as_ref().map_or("the audited party", |subject| subject.value.name.as_str());
    let without = record.requirements.iter().filter(|result| matches!(result.state, State::Rejected | State::Unverifiable)).count() as u64;
    let headline = |state, title: String, detail: String, next: String| Headline { state, rung: Some(rung.name), title, detail, next };
    match (rung.name, rung.state) {
        (RungName::Integrity, RungState::NotCheckable) => headline(
            State::Unverifiable,
            "The package is of a kind this program does not know, so nothing was checked".into(),
            text,
            format!("Ask {provider} which program version wrote it, and use that version or a later one."),
        ),
        (RungName::Integrity, _) => headline(
            State::Rejected,
            "The package is not intact, so nothing in it is evidence".into(),
            text,
            format!("Ask {provider} for the package again and compare its SHA-256 over another channel."),
        ),
        (RungName::Proof, RungState::NotCheckable) => headline(
            State::Unverifiable,
            format!("The proof could not be checked here, so {} no evidence", counted(without, "requirement has", "requirements have")),
            text,
            format!("Ask {provider} for a proof of a circuit and proof system the policy accepts."),
        ),
        (RungName::Proof, _) if first.is_some_and(|finding| finding.cause == "link-broken") => headline(
            State::Rejected,
            "The chain is broken: two proofs do not speak of the same rows, outcomes or model".into(),
            text,
            format!(
                "Treat the stages as unrelated. Ask {provider} which rows, outcomes and model each of the two is about, and for proofs that link."
            ),
        ),
        (RungName::Proof, _) => headline(
            State::Rejected,
            format!("The proof is rejected, so {} no valid evidence", counted(without, "requirement has", "requirements have")),
            text,
            format!(
                "Treat every value in the package as unproven. Ask {provider} to explain and to hand over a package whose proof is valid."
            ),
        ),
        (RungName::Scope, _) => headline(
            State::Rejected,
            scope_title(record, rung),
            text,
            match first.map_or("", |finding| finding.cause.as_str()) {
                "deposited-by-own-word" => {
                    "Verify with --trust and the key of whoever laid it down, if you know it to be theirs.".to_owned()
                }
                "changed-since-deposit" | "deposited-late" | "not-deposited" => {
                    "Verify with what was laid down before the period, or say in the working papers why it was changed.".to_owned()
                }
                "document-not-as-signed" | "document-signature-invalid" => {
                    "Verify with the document as it was signed, or have whoever stands behind it sign this one.".to_owned()
                }
                _ => format!("Ask {provider} for what is missing or for an explanation of each difference."),
            },
        ),
        (RungName::Policy, RungState::NotMet) => {
            let n = rung.findings.len() as u64;
            let ids: Vec<&str> = rung.findings.iter().map(|finding| finding.place.as_str()).collect();
            headline(
                State::Violated,
                format!(
                    "{} violated on proven values: {}",
                    counted(n, "mandatory requirement is", "mandatory requirements are"),
                    listed(&ids, ", ")
                ),
                text,
                format!("Write a finding for each, and ask {provider} for causes and corrective action."),
            )
        }
        (RungName::Policy, RungState::Fails) => {
            let ids: Vec<&str> = rung.findings.iter().map(|finding| finding.place.as_str()).collect();
            headline(
                State::Rejected,
                format!("Evidence for {} contradicts what was monitored", listed(&ids, ", ")),
                text,
                format!("Treat the evidence as untrustworthy, and ask {provider} which of the two is true."),
            )
        }
        (RungName::Policy, _) if first.is_some_and(|finding| finding.cause == "requirement-unverifiable") => {
            let of = |finding: &&Finding| finding.cause == "requirement-unverifiable";
            let ids: Vec<&str> = rung.findings.iter().filter(of).map(|finding| finding.place.as_str()).collect();
            headline(
                State::Unverifiable,
                format!(
                    "{} be checked here: {}",
                    counted(ids.len() as u64, "mandatory requirement cannot", "mandatory requirements cannot"),
                    listed(&ids, ", ")
                ),
                text,
                format!("Ask {provider} for a proof that the policy accepts, or whoever owns the policy whether it asks too much."),
            )
        }
        (RungName::Policy, _) => {
            let ids: Vec<&str> = rung.findings.iter().map(|finding| finding.place.as_str()).collect();
            headline(
                State::Uncovered,
                format!(
                    "{} undecided: {}",
                    counted(ids.len() as u64, "mandatory requirement is", "mandatory requirements are"),
                    listed(&ids, ", ")
                ),
                text,
                "Obtain the missing evidence, or have a person determine what only a person can.".into(),
            )
        }
        (RungName::Origin, _) => origin_headline(provider, first, text),
    }
}

fn origin_headline(provider: &str, first: Option<&Finding>, detail: String) -> Headline {
    let (state, title, next) = match first.map_or("", |finding| finding.cause.as_str()) {
        "signature-invalid" => (
            State::Rejected,
            "A signature of the package is invalid, so nobody stands behind it",
            format!("Ask {provider} for the package again, and compare its SHA-256 over another channel."),
        ),
        "signature-of-other-manifest" => (
            State::Rejected,
            "A signature in the package belongs to another package, so nobody stands behind this one",
            format!("Ask {provider} for the package again, and compare its SHA-256 over another channel."),
        ),
        "signer-not-trusted" => (
            State::Unverifiable,
            "The package is signed, but its signer is not trusted",
            format!("Compare the key's fingerprint with {provider} over another channel before listing it as trusted."),
        ),
        "signer-outside-window" => (
            State::Uncovered,
            "The package is signed by a trusted signer, but outside the key's validity window",
            format!("Ask {provider} for a signature of a key in force, and why this one was used."),
        ),
        "threshold-not-met" => (
            State::Uncovered,
            "The package is signed by fewer trusted signers than demanded",
            format!("Ask {provider} for the signatures that are missing."),
        ),
        _ => (
            State::Uncovered,
            "The package is not signed by anyone whose signature is demanded",
            format!("Ask {provider} for a signed package."),
        ),
    };
    Headline { state, rung: Some(RungName::Origin), title: title.into(), detail, next }
}

fn scope_title(record: &AuditRecord, rung: &Rung) -> String {
    let has = |cause: &str| rung.findings.iter().any(|finding| finding.blocking && finding.cause == cause);
    let places = |cause: &str| {
        rung.findings.iter().filter(|finding| finding.cause == cause).map(|finding| finding.place.as_str()).collect::<Vec<_>>()
    };
    let named = |cause: &str, what: &str, singular: &str, plural: &str| {
        let batches = places(cause);
        format!("The proof is valid, but {what}{}: {}", counted(batches.len() as u64, singular, plural), listed(&batches, ", "))
    };
    if has("subject-differs") {
        "The proof is valid, but about another subject than the engagement expects".into()
    } else if has("model-differs") {
        "The proof is valid, but another model scored than the engagement expects".into()
    } else if has("model-changed") {
        let model = record.model_changes.iter().find(|change| change.source == Source::Contradicted);
        let since = model.map_or_else(String::new, |change| format!(" on {}", change.at.date_text()));
        format!("The proof is valid, but the model changed{since} to one that the engagement does not expect")
    } else if has("plan-differs") {
        "The proof is valid, but under another measurement plan than the engagement expects".into()
    } else if has("batch-missing") {
        named("batch-missing", "", "batch is expected and missing", "batches are expected and missing")
    } else if has("anchored-batch-missing") {
        named("anchored-batch-missing", "", "batch was anchored and is missing", "batches were anchored and are missing")
    } else if has("anchored-rows-differ") {
        named("anchored-rows-differ", "over other rows than were anchored in ", "batch", "batches")
    } else if has("changed-since-deposit") {
        let changed = places("changed-since-deposit");
        let were = if changed.len() == 1 { "was changed since it was" } else { "were changed since they were" };
        format!("The proof is valid, but the {} {were} laid down", changed.join(" and "))
    } else if has("document-not-as-signed") || has("document-signature-invalid") {
        let mut bad = [places("document-not-as-signed"), places("document-signature-invalid")].concat();
        bad.dedup();
        let are = if bad.len() == 1 { "is not the one that was signed" } else { "are not those that were signed" };
        format!("The proof is valid, but the {} {are}", bad.join(" and "))
    } else if has("control-without-batch") {
        let of_source =
            ["batch is counted by the independent source and missing", "batches are counted by the independent source and missing"];
        named("control-without-batch", "", of_source[0], of_source[1])
    } else if has("batch-off-calendar") || has("period-off-calendar") {
        let what = if has("batch-off-calendar") { "batches are not those" } else { "period is not one" };
        format!("The proof is valid, but its {what} of the plan's calendar")
    } else if has("outcome-before-maturity") {
        "The proof is valid, but it counts good outcomes before they could be known".into()
    } else if has("control-total-differs") {
        "The proof is valid, but its counts differ from the control totals".into()
    } else {
        let n =
            record.ladder.iter().filter(|r| r.name == RungName::Scope).flat_map(|r| &r.findings).filter(|finding| finding.blocking).count()
                as u64;
        format!("The proof is valid, but not about what the engagement expects: {}", counted(n, "difference", "differences"))
    }
}

fn held(record: &AuditRecord, policy: &Policy) -> Headline {
    let totals = record.totals;
    let batches = record.batches.iter().filter(|batch| batch.number > 0).count() as u64;
    let mut detail = format!(
        "{} proven and checked on this computer. {} of {} mandatory requirements of {} are settled.",
        sentence(&counted(batches, "batch is", "batches are")).trim_end_matches('.'),
        totals.mandatory_settled,
        totals.mandatory,
        policy.title,
    );
    for overlay in &record.overlays {
        let applied = overlay.changes.iter().filter(|change| change.applied).count() as u64;
        if applied > 0 {
            let signed = overlay.signatures.iter().any(|signature| signature.state == SignatureState::Trusted);
            let by = if signed { "" } else { ", which nobody trusted has signed" };
            detail.push_str(&format!(" The policy is changed in {} by overlay {}{by}.", counted(applied, "place", "places"), overlay.id));
        }
    }
    let open = totals.requirements - totals.settled();
    if open > 0 {
        detail.push_str(&format!(
            " {} open.",
            sentence(&counted(u64::from(open), "advisory requirement is", "advisory requirements are")).trim_end_matches('.')
        ));
    }
    let of_mandatory = record.requirements.iter().filter(|result| result.severity == Severity::Mandatory);
    let inapplicable = of_mandatory.filter(|result| result.state == State::NotApplicable).count() as u32;
    let unestablished: Vec<&str> =
        record.ladder.iter().filter(|rung| rung.state == RungState::NotEstablished).map(|rung| rung.name.title()).collect();
    if !unestablished.is_empty() {
        detail.push_str(&format!(" Not established: {}.", unestablished.join(", ").to_lowercase()));
    }
    Headline {
        state: State::Satisfied,
        rung: None,
        title: met(totals.mandatory, inapplicable),
        detail,
        next: if unestablished.is_empty() {
            String::new()
        } else {
            "Confirm on another channel what is not established before relying on the result.".to_owned()
        },
    }
}

/// That every mandatory requirement is settled, and how many of them by what was proven.
fn met(mandatory: u32, inapplicable: u32) -> String {
    let met = mandatory.saturating_sub(inapplicable);
    match (met, inapplicable) {
        (0, _) => "No mandatory requirement applies, so none is missed".to_owned(),
        (1, 0) => "The one mandatory requirement is met on proven values".to_owned(),
        (_, 0) => format!("All {met} mandatory requirements are met on proven values"),
        (_, others) => {
            let met = counted(u64::from(met), "mandatory requirement is", "mandatory requirements are");
            format!("{met} met on proven values, {others} {}", if others == 1 { "does not apply" } else { "do not apply" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_apply_is_not_met() {
        assert_eq!(met(1, 0), "The one mandatory requirement is met on proven values");
        assert_eq!(met(14, 0), "All 14 mandatory requirements are met on proven values");
        assert_eq!(met(14, 2), "12 mandatory requirements are met on proven values, 2 do not apply");
        assert_eq!(met(2, 1), "1 mandatory requirement is met on proven values, 1 does not apply");
        assert_eq!(met(2, 2), "No mandatory requirement applies, so none is missed");
    }
}
