//! Is everything in the package that was anchored while it was made, as it was anchored?
//!
//! Anchors are the auditor's evidence, received outside the package. Those a trusted provider signed for the log of
//! this system and period are put together again batch by batch; then every batch anchored must be in the package
//! with the same rows. So must those of other logs of the system, of which a package could have moved its period away,
//! as far as the package [owes](Owed) them. Where policy or engagement demand it, every batch must have been anchored,
//! and received in time: by the clock of an auditor or timestamper who cosigned, or of a time-stamp authority whose
//! certificate the engagement pins, never by the provider's.
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
    format::{counted, listed},
    instant::Instant,
    plan::Plan,
    record::Finding,
    statement::{MonitoringStatement, Period},
};
use verifold_package::{
    AnchoredBatch, Checkpoint, TokenError,
    anchor::{MerkleTree, log_name, root},
};
use verifold_policy::{Engagement, OriginDemand, PinnedKey, Policy, Stated, anchored_within_days};

use crate::{run::Received, scope::Scope};

const DAY_SECS: u64 = 86_400;

/// When something was there at the latest, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) by: String,
}

/// A position of the log: the batch, and when it was first received.
struct Position {
    batch: AnchoredBatch,
    received: Option<Arrival>,
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
    let known: BTreeSet<(Instant, Instant)> = statements
        .iter()
        .flat_map(|statement| against_log(scope, policy, engagement, received, &stamped, (statement, &statements), plan))
        .collect();
    let there = monitored(&statements);
    scope.anchored = Some((there.keys().filter(|times| known.contains(times)).count(), there.len()));
    if demanded.is_some() {
        for (start, end) in there.into_keys().filter(|times| !known.contains(times)) {
            let (name, days) = (label(plan.calendar, start, end), Period { start, end }.text());
            let text = format!("batch {name} ({days}) was not anchored");
            scope.findings.push(Finding { cause: "batch-not-anchored".into(), blocking: true, text, place: name });
        }
    }
    against_other_logs(scope, policy, engagement, received, (&statements, &known), plan);
}

/// What of all that was anchored the package owes. A batch across a boundary is owed: whoever anchors chooses where it begins and ends.
enum Owed<'e> {
    /// Whatever shares a moment with the period the engagement pins.
    Within(&'e Period),
    /// Whatever shares one with a slot of its calendar, where it pins none.
    Slots(&'e [Slot]),
    /// Where it confirms neither, the package itself says where it ends: all but what these earlier packages covered.
    AllBut(Vec<&'e Period>),
}

impl<'e> Owed<'e> {
    fn of(engagement: Option<&'e Engagement>) -> Self {
        let Some(engagement) = engagement else { return Self::AllBut(Vec::new()) };
        match engagement.period.as_ref().and_then(Stated::pinned) {
            Some(period) => Self::Within(period),
            None if !engagement.expected_slots().is_empty() => Self::Slots(engagement.expected_slots()),
            None => Self::AllBut(engagement.earlier.iter().filter_map(Stated::pinned).collect()),
        }
    }

    fn has(&self, anchored: &AnchoredBatch) -> bool {
        let inside = |period: &Period| anchored.start >= period.start && anchored.end <= period.end;
        match self {
            Self::Within(period) => meets(anchored, (period.start, period.end)),
            Self::Slots(slots) => slots.iter().any(|slot| meets(anchored, (slot.start, slot.end))),
            Self::AllBut(earlier) => !earlier.iter().any(|period| inside(period)),
        }
    }

    /// What is said of a batch that was anchored and is not there.
    fn withheld(&self, anchored: &AnchoredBatch, named: &str, received: &str) -> String {
        let days = Period { start: anchored.start, end: anchored.end }.text();
        let why = match self {
            Self::AllBut(_) => "; the engagement pins no period, so whatever was anchored is owed",
            Self::Within(_) | Self::Slots(_) => "",
        };
        format!("batch {named} ({days}) was anchored, {received}, and is not in the package{why}")
    }
}

/// Whether a batch shares a moment with what begins and ends then.
fn meets(anchored: &AnchoredBatch, (start, end): (Instant, Instant)) -> bool {
    anchored.start < end && start < anchored.end
}

fn when(received: Option<&Arrival>) -> String {
    received.map_or_else(
        || "received at a time nobody trusted vouches for".to_owned(),
        |Arrival { at, by }| format!("received on {} by {by}", at.date_text()),
    )
}

/// Monitored batches of all statements, by their time.
fn monitored<'s>(statements: &[&'s MonitoringStatement]) -> BTreeMap<(Instant, Instant), &'s BatchStatement> {
    let all = statements.iter().flat_map(|statement| &statement.batches).filter(|batch| batch.role == BatchRole::Monitoring);
    all.map(|batch| ((batch.start, batch.end), batch)).collect()
}

fn rows_differ(anchored: &AnchoredBatch, found: &BatchStatement, named: &str, received: &str) -> String {
    format!(
        "batch {named}: the proof is over other rows than were anchored, {received}: expected {}, found {}",
        anchored.row_commitment.short(),
        found.row_commitment.short()
    )
}

/// Looks in anchors of other logs of the system for batches that this package owes: a package that moves its period has another log.
///
/// A log of another system is no concern of this package, unless it covers what the package's own log does not: then what was
/// anchored may be its batches, under another spelling of its name.
fn against_other_logs(
    scope: &mut Scope,
    policy: &Policy,
    engagement: Option<&Engagement>,
    received: &Received,
    (statements, known): (&[&MonitoringStatement], &BTreeSet<(Instant, Instant)>),
    plan: &Plan,
) {
    let trusted = OriginDemand::of(policy, engagement);
    let own: Vec<String> = statements.iter().map(|statement| log_name(&statement.header.subject, statement.header.period)).collect();
    // The name of a log ends with the day its period begins.
    let system = |name: &str| name.rsplit_once('/').map(|(system, _)| system.to_owned());
    let (there, owed) = (monitored(statements), Owed::of(engagement));
    // Two logs may have other rows for one time: then the package disagrees with one of them.
    let mut found: BTreeMap<(Instant, Instant), Vec<(&str, &AnchoredBatch)>> = BTreeMap::new();
    let beside = |batch: &AnchoredBatch| {
        let pinned = matches!(owed, Owed::Within(_) | Owed::Slots(_)) && owed.has(batch);
        (pinned || there.keys().any(|times| meets(batch, *times))) && !known.iter().any(|times| meets(batch, *times))
    };
    let mut others: BTreeMap<&str, (u64, BTreeSet<Instant>)> = BTreeMap::new();
    for checkpoint in received.anchors.iter().filter(|checkpoint| !own.contains(&checkpoint.origin)) {
        let ours = own.iter().any(|name| system(name) == system(&checkpoint.origin));
        let (anchors, covered) = others.entry(checkpoint.origin.as_str()).or_default();
        *anchors += 1;
        if !trusted.keys().any(|key| trusted.provides(key, checkpoint.stated_at) && checkpoint.is_signed_by(key)) {
            continue;
        }
        if ours {
            for batch in checkpoint.added.iter().filter(|batch| owed.has(batch)) {
                let told = found.entry((batch.start, batch.end)).or_default();
                if told.iter().all(|(_, other)| other.row_commitment != batch.row_commitment) {
                    told.push((checkpoint.origin.as_str(), batch));
                }
            }
        } else {
            covered.extend(checkpoint.added.iter().filter(|batch| beside(batch)).map(|batch| batch.start));
        }
    }
    for (origin, (anchors, covered)) in others {
        let (anchors, own) = (counted(anchors, "anchor is", "anchors are"), listed(&own, ", "));
        let mut text = format!("{anchors} of the log {origin}, not of that of this package, {own}");
        if let Some(first) = covered.first() {
            let batches = counted(covered.len() as u64, "batch", "batches");
            text.push_str(&format!(
                "; with {batches} from {} on for times of which the package's own log knows nothing",
                first.date_text()
            ));
        }
        scope.findings.push(Finding { cause: "anchor-of-other-log".into(), blocking: !covered.is_empty(), text, place: String::new() });
    }
    for (times, (origin, anchored)) in found.into_iter().flat_map(|(times, all)| all.into_iter().map(move |one| (times, one))) {
        let (named, log) = (label(plan.calendar, anchored.start, anchored.end), format!("in the log {origin}"));
        let (cause, text) = match there.get(&times) {
            Some(batch) if batch.row_commitment == anchored.row_commitment => continue,
            Some(batch) => ("anchored-rows-differ", rows_differ(anchored, batch, &named, &log)),
            None => ("anchored-batch-missing", owed.withheld(anchored, &named, &log)),
        };
        scope.findings.push(Finding { cause: cause.into(), blocking: true, text, place: named.clone() });
        let known = scope.missing.iter().any(|known| (known.start, known.end) == times);
        if !known && !there.contains_key(&times) {
            scope.missing.push(Slot { start: anchored.start, end: anchored.end, label: named });
        }
    }
}

/// Compares the log of a statement's period with the package; gives the times of what was anchored.
fn against_log(
    scope: &mut Scope,
    policy: &Policy,
    engagement: Option<&Engagement>,
    received: &Received,
    stamped: &[(Digest, Arrival)],
    (statement, statements): (&MonitoringStatement, &[&MonitoringStatement]),
    plan: &Plan,
) -> Vec<(Instant, Instant)> {
    let demanded = anchored_within_days(policy, engagement);
    let anchors = &received.anchors;
    let mut note = |cause: &str, blocking: bool, text: String, place: String| {
        scope.findings.push(Finding { cause: cause.to_owned(), blocking, text, place });
    };
    let named = |batch: &AnchoredBatch| label(plan.calendar, batch.start, batch.end);

    // The log as far as trusted checkpoints tell it.
    let trusted = OriginDemand::of(policy, engagement);
    let name = log_name(&statement.header.subject, statement.header.period);
    let mut kept: Vec<&Checkpoint> = Vec::new();
    let mut log: BTreeMap<u64, Position> = BTreeMap::new();
    let mut histories: Vec<(u64, Digest, Digest)> = Vec::new();
    for checkpoint in anchors.iter().filter(|checkpoint| checkpoint.origin == name) {
        if !trusted.keys().any(|key| trusted.provides(key, checkpoint.stated_at) && checkpoint.is_signed_by(key)) {
            let mut known = trusted.signers.iter().filter(|signer| checkpoint.is_signed_by(signer.public_key));
            let by = known.clone().find_map(|signer| trusted.outside_window(signer.public_key, checkpoint.stated_at));
            let by = by.or_else(|| known.next().map(|signer| signer.text_with_role()));
            let by = by.map_or_else(|| "not signed by a trusted provider".to_owned(), |by| format!("signed by {by}"));
            let text = format!("The anchor of {} batches is {by}; it was not used", checkpoint.size);
            note("anchor-not-trusted", false, text, checkpoint.digest.short());
            continue;
        }
        let times = trusted.signers.iter().filter_map(|signer| {
            let at = checkpoint.cosigned_at(signer.public_key).filter(|at| trusted.receives(signer.public_key, *at))?;
            Some(Arrival { at, by: signer.text() })
        });
        let stamps = stamped.iter().filter(|(imprint, _)| *imprint == checkpoint.as_signed).map(|(_, arrival)| arrival.clone());
        let received = times.chain(stamps).min();
        let first = checkpoint.size - checkpoint.added.len() as u64;
        for (position, batch) in (first..).zip(&checkpoint.added) {
            let known = log.entry(position).or_insert_with(|| Position { batch: batch.clone(), received: received.clone() });
            if known.batch == *batch {
                known.received = known.received.take().into_iter().chain(received.clone()).min();
            } else {
                histories.push((position, root(slice::from_ref(&known.batch)), root(slice::from_ref(batch))));
            }
        }
        kept.push(checkpoint);
    }
    let mut of_size: BTreeMap<u64, Digest> = BTreeMap::new();
    for checkpoint in kept.iter().filter(|_| histories.is_empty()) {
        let known = *of_size.entry(checkpoint.size).or_insert(checkpoint.root);
        if known != checkpoint.root {
            let (batches, ours, theirs) = (counted(checkpoint.size, "batch", "batches"), known.short(), checkpoint.root.short());
            let text =
                format!("The provider anchored two histories: of {batches} the root is {ours} in one anchor and {theirs} in another");
            note("anchor-history-differs", true, text, String::new());
        }
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
        let text = format!("Anchors are missing: of the {size} batches anchored, {} are not known here", listed(&missing, ", "));
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

    // The package against the log: one in several proofs may have a batch in another than that of the log.
    let (there, owed) = (monitored(statements), Owed::of(engagement));
    let mut absent: Vec<Slot> = Vec::new();
    for Position { batch: anchored, received } in log.values() {
        let Some(batch) = there.get(&(anchored.start, anchored.end)) else {
            if owed.has(anchored) {
                let text = owed.withheld(anchored, &named(anchored), &when(received.as_ref()));
                note("anchored-batch-missing", true, text, named(anchored));
                absent.push(Slot { start: anchored.start, end: anchored.end, label: named(anchored) });
            }
            continue;
        };
        if batch.row_commitment != anchored.row_commitment {
            let text = rows_differ(anchored, batch, &named(anchored), &when(received.as_ref()));
            note("anchored-rows-differ", true, text, named(anchored));
        }
        if let Some(days) = demanded {
            let until = Instant::from_unix_secs(anchored.end.unix_secs() + u64::from(days) * DAY_SECS);
            if received.as_ref().is_none_or(|arrival| until.is_some_and(|until| arrival.at > until)) {
                let text = format!(
                    "batch {} ended on {} and was to be anchored within {}; its anchor was {}",
                    named(anchored),
                    anchored.end.date_text(),
                    counted(u64::from(days), "day", "days"),
                    when(received.as_ref())
                );
                note("anchored-late", true, text, named(anchored));
            }
        }
    }
    // Missing from the calendar and missing from the log is missing once.
    absent.retain(|slot| !scope.missing.iter().any(|known| known.start == slot.start && known.end == slot.end));
    scope.missing.extend(absent);
    log.values().map(|known| (known.batch.start, known.batch.end)).collect()
}

/// What the tokens say of anchors, as far as an authority of the engagement issued them: digest of the anchor as signed, and
/// when it was there at the latest.
fn stamped(
    engagement: Option<&Engagement>,
    received: &Received,
    note: &mut impl FnMut(&str, bool, String, String),
) -> Vec<(Digest, Arrival)> {
    let authorities = engagement.map_or(&[][..], |engagement| &engagement.timestamp_authorities);
    let mut stamped = Vec::new();
    for token in &received.tokens {
        if !received.anchors.iter().any(|anchor| anchor.as_signed == token.imprint) {
            let text =
                format!("A time-stamp token is over another file than any anchor here, SHA-256 {}; it was not used", token.imprint.short());
            note("token-of-other-file", false, text, token.digest.short());
            continue;
        }
        let seen = |authority: &PinnedKey| {
            let by = || format!("{}, certificate {}", authority.name, authority.digest.short());
            token.seen_by(authority.digest).map(|at| Arrival { at, by: by() })
        };
        let tried: Vec<Result<Arrival, TokenError>> = authorities.iter().map(seen).collect();
        if let Some(arrival) = tried.iter().flatten().min() {
            stamped.push((token.imprint, arrival.clone()));
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
