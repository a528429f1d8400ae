//! Is everything in the package that was anchored while it was made, as it was anchored?
//!
//! Anchors are the auditor's evidence, received outside the package. Those a trusted provider signed for the log of
//! this system and period are put together again batch by batch; then every batch anchored must be in the package
//! with the same rows. Where policy or engagement demand it, every batch must have been anchored, and received in time:
//! by the clock of an auditor or timestamper who cosigned, or of a time-stamp authority whose certificate the engagement
//! pins, never by the provider's.
//!
//! It does not establish that a batch was complete when it was anchored.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use verifold_model::{
    calendar::{Slot, label},
    cohort::{BatchRole, BatchStatement},
    digest::Digest,
    format::counted,
    instant::Instant,
    plan::Plan,
    record::Finding,
    signer::SignerRole,
    statement::{MonitoringStatement, Period},
};
use verifold_package::{
    AnchoredBatch, Checkpoint, TokenError,
    anchor::{MerkleTree, log_name, root},
};
use verifold_policy::{Engagement, OriginDemand, Policy, Stated, anchored_within_days};

use crate::{run::Received, scope::Scope};

const DAY_SECS: u64 = 86_400;

/// A position of the log: the batch, and when it was first received.
struct Position {
    batch: AnchoredBatch,
    received: Option<Instant>,
}

/// Compares the statements of a period with the anchors received for them; each has a log of its own.
pub(crate) fn reconcile_anchors<'s>(
    scope: &mut Scope,
    policy: &Policy,
    engagement: Option<&Engagement>,
    received: &Received,
    statements: impl IntoIterator<Item = &'s MonitoringStatement>,
    plan: &Plan,
) {
    let statements: Vec<&MonitoringStatement> = statements.into_iter().collect();
    let demanded = anchored_within_days(policy, engagement);
    let mut note = |cause: &str, blocking: bool, text: String, place: String| {
        scope.findings.push(Finding { cause: cause.to_owned(), blocking, text, place });
    };
    let anchors = &received.anchors;
    let stamped = stamped(engagement, received, &mut note);
    if anchors.is_empty() {
        if let Some(days) = demanded {
            let text = format!("Batches must be anchored within {}, and no anchor is at hand", counted(u64::from(days), "day", "days"));
            note("no-anchors", true, text, String::new());
        }
        return;
    }
    for statement in &statements {
        against_log(scope, policy, engagement, received, &stamped, (statement, &statements), plan);
    }
}

/// Compares one statement of a period with the log of its anchors.
fn against_log(
    scope: &mut Scope,
    policy: &Policy,
    engagement: Option<&Engagement>,
    received: &Received,
    stamped: &[(Digest, Instant)],
    (statement, statements): (&MonitoringStatement, &[&MonitoringStatement]),
    plan: &Plan,
) {
    let demanded = anchored_within_days(policy, engagement);
    let anchors = &received.anchors;
    let mut note = |cause: &str, blocking: bool, text: String, place: String| {
        scope.findings.push(Finding { cause: cause.to_owned(), blocking, text, place });
    };
    let named = |batch: &AnchoredBatch| label(plan.calendar, batch.start, batch.end);
    let days_of = |batch: &AnchoredBatch| Period { start: batch.start, end: batch.end }.text();

    // The log as far as trusted checkpoints tell it.
    let trusted = OriginDemand::of(policy, engagement);
    let name = log_name(&statement.header.subject, statement.header.period);
    let mut kept: Vec<&Checkpoint> = Vec::new();
    let mut log: BTreeMap<u64, Position> = BTreeMap::new();
    let mut histories: Vec<(u64, Digest, Digest)> = Vec::new();
    for checkpoint in anchors {
        if checkpoint.origin != name {
            // Spoken of once, with the first statement, unless it is another's log.
            let ours = |other: &&MonitoringStatement| checkpoint.origin == log_name(&other.header.subject, other.header.period);
            if statements.iter().any(ours) || !statements.first().is_some_and(|first| std::ptr::eq(*first, statement)) {
                continue;
            }
            let text = format!("An anchor belongs to the log {}, not to that of this package, {name}; it was not used", checkpoint.origin);
            note("anchor-of-other-log", false, text, checkpoint.digest.short());
            continue;
        }
        let provider = |role| role == SignerRole::Provider;
        let signed = trusted.signers.iter().filter(|signer| provider(signer.role) && signer.is_valid_at(checkpoint.stated_at));
        if !signed.into_iter().any(|signer| checkpoint.is_signed_by(signer.public_key)) {
            let text = format!("The anchor of {} batches is not signed by a trusted provider; it was not used", checkpoint.size);
            note("anchor-not-trusted", false, text, checkpoint.digest.short());
            continue;
        }
        let receivers = trusted.signers.iter().filter(|signer| !provider(signer.role));
        let times = receivers.filter_map(|signer| checkpoint.cosigned_at(signer.public_key).filter(|at| signer.is_valid_at(*at)));
        let stamps = stamped.iter().filter(|(imprint, _)| *imprint == checkpoint.as_signed).map(|(_, at)| *at);
        let received = times.chain(stamps).min();
        let first = checkpoint.size - checkpoint.added.len() as u64;
        for (position, batch) in (first..).zip(&checkpoint.added) {
            let known = log.entry(position).or_insert_with(|| Position { batch: batch.clone(), received });
            if known.batch == *batch {
                known.received = known.received.into_iter().chain(received).min();
            } else {
                histories.push((position, root(slice::from_ref(&known.batch)), root(slice::from_ref(batch))));
            }
        }
        kept.push(checkpoint);
    }
    for (position, ours, theirs) in histories {
        let text = format!(
            "The provider anchored two histories: its batch {} is {} in one anchor and {} in another",
            position + 1,
            ours.short(),
            theirs.short()
        );
        note("anchor-history-differs", true, text, String::new());
    }
    let size = kept.iter().map(|checkpoint| checkpoint.size).max().unwrap_or(0);
    let mut before: Option<&AnchoredBatch> = None;
    let mut missing: Vec<String> = Vec::new();
    for position in 0..size {
        match log.get(&position) {
            None => missing.push((position + 1).to_string()),
            Some(known) => {
                if before.is_some_and(|before| before.end > known.batch.start) {
                    let text = format!("The anchored batch {} begins before the one anchored before it ends", named(&known.batch));
                    note("anchored-batches-overlap", true, text, named(&known.batch));
                }
                before = Some(&known.batch);
            }
        }
    }
    if !missing.is_empty() {
        let text = format!("Anchors are missing: of the {size} batches anchored, {} are not known here", missing.join(", "));
        note("anchor-gap", demanded.is_some(), text, String::new());
    }
    // Roots as far as every batch before is known: behind a gap there is nothing to compare.
    let mut roots: Vec<Digest> = Vec::new();
    let mut tree = MerkleTree::default();
    for (_, known) in (0..).zip(log.iter()).take_while(|(expected, (position, _))| expected == *position).map(|(_, known)| known) {
        tree.push(&known.batch);
        roots.push(tree.root());
    }
    for checkpoint in kept {
        let root = usize::try_from(checkpoint.size - 1).ok().and_then(|last| roots.get(last));
        if root.is_some_and(|root| *root != checkpoint.root) {
            let text = format!("The anchor of {} batches has another root than its batches", checkpoint.size);
            note("anchor-root-differs", true, text, checkpoint.digest.short());
        }
    }

    // The package against the log.
    let span = engagement.and_then(|engagement| engagement.period.as_ref()).and_then(Stated::pinned).unwrap_or(&statement.header.period);
    let monitoring = || statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring);
    let there: BTreeMap<(Instant, Instant), &BatchStatement> = monitoring().map(|batch| ((batch.start, batch.end), batch)).collect();
    let mut withheld: Vec<Slot> = Vec::new();
    for Position { batch: anchored, received } in log.values() {
        let when = received.map_or_else(|| "at a time nobody trusted vouches for".to_owned(), |at| format!("on {}", at.date_text()));
        let Some(batch) = there.get(&(anchored.start, anchored.end)) else {
            if anchored.start >= span.start && anchored.end <= span.end {
                let text =
                    format!("batch {} ({}) was anchored, received {when}, and is not in the package", named(anchored), days_of(anchored));
                note("anchored-batch-missing", true, text, named(anchored));
                withheld.push(Slot { start: anchored.start, end: anchored.end, label: named(anchored) });
            }
            continue;
        };
        if batch.row_commitment != anchored.row_commitment {
            let text = format!(
                "batch {}: the proof is over other rows than were anchored, received {when}: expected {}, found {}",
                named(anchored),
                anchored.row_commitment.short(),
                batch.row_commitment.short()
            );
            note("anchored-rows-differ", true, text, named(anchored));
        }
        if let Some(days) = demanded {
            let until = Instant::from_unix_secs(anchored.end.unix_secs() + u64::from(days) * DAY_SECS);
            if received.is_none_or(|at| until.is_some_and(|until| at > until)) {
                let text = format!(
                    "batch {} ended on {} and was to be anchored within {}; its anchor was received {when}",
                    named(anchored),
                    anchored.end.date_text(),
                    counted(u64::from(days), "day", "days")
                );
                note("anchored-late", true, text, named(anchored));
            }
        }
    }
    let known: BTreeSet<(Instant, Instant)> = log.values().map(|known| (known.batch.start, known.batch.end)).collect();
    let mut anchored = 0;
    for batch in monitoring() {
        if known.contains(&(batch.start, batch.end)) {
            anchored += 1;
        } else if demanded.is_some() {
            let name = label(plan.calendar, batch.start, batch.end);
            let days = Period { start: batch.start, end: batch.end }.text();
            note("batch-not-anchored", true, format!("batch {name} ({days}) was not anchored"), name);
        }
    }
    let (before, of) = scope.anchored.unwrap_or_default();
    scope.anchored = Some((before + anchored, of + monitoring().count()));
    // Missing from the calendar and missing from the log is missing once.
    withheld.retain(|slot| !scope.missing.iter().any(|known| known.start == slot.start && known.end == slot.end));
    scope.missing.extend(withheld);
}

/// What the tokens say of anchors, as far as an authority of the engagement issued them: digest of the anchor as signed, and
/// when it was there at the latest.
fn stamped(
    engagement: Option<&Engagement>,
    received: &Received,
    note: &mut impl FnMut(&str, bool, String, String),
) -> Vec<(Digest, Instant)> {
    let authorities = engagement.map_or(&[][..], |engagement| &engagement.timestamp_authorities);
    let mut stamped = Vec::new();
    for token in &received.tokens {
        if !received.anchors.iter().any(|anchor| anchor.as_signed == token.imprint) {
            let text =
                format!("A time-stamp token is over another file than any anchor here, SHA-256 {}; it was not used", token.imprint.short());
            note("token-of-other-file", false, text, token.digest.short());
            continue;
        }
        let tried: Vec<Result<Instant, TokenError>> = authorities.iter().map(|authority| token.seen_by(authority.digest)).collect();
        if let Some(at) = tried.iter().flatten().min() {
            stamped.push((token.imprint, *at));
            continue;
        }
        // What is wrong with a token of a known authority says more than that it is of no other.
        let errors = || tried.iter().filter_map(|tried| tried.as_ref().err());
        let error = errors().find(|error| !matches!(error, TokenError::MissingCertificate { .. })).or_else(|| errors().next());
        let why = error.map_or_else(|| "the engagement pins no time-stamp authority".to_owned(), ToString::to_string);
        note("token-not-trusted", false, format!("A time-stamp token was not used: {why}"), token.digest.short());
    }
    stamped
}

#[cfg(test)]
mod tests;
