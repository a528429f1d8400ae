//! Was a mutant refused, where it should be, and for the reason it should be?

use verifold_model::{
    record::{AuditRecord, BatchRecord, ProofState, ProofSummary, Standing},
    state::{Exit, RungName, RungState, Stage, State},
    statement::StatementKind,
};

use super::causes::exit_of;

/// How a mutant ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Refused for causes it may be refused for, on these rungs.
    Refused(Vec<(RungName, String)>),
    /// Believed: every mandatory requirement met, or a proof held valid that should not be.
    Accepted(String),
    /// Refused, but not as it should be, or with a record that misleads.
    Unexpected(String),
    /// A panic came out of the library.
    Crashed(String),
}

/// Judges the record of a mutant that must be refused for one of `allowed`; `untouched` is what its sample ends with.
pub(crate) fn judge(record: &AuditRecord, allowed: &[&str], untouched: Exit) -> Ending {
    let headline = &record.headline;
    let Some(name) = headline.rung else { return Ending::Accepted(headline.title.clone()) };
    if record.exit == Exit::Met {
        return Ending::Accepted(headline.title.clone());
    }
    let first = record
        .ladder
        .iter()
        .find(|rung| rung.name == name)
        .and_then(|rung| rung.findings.iter().find(|finding| finding.blocking).map(|finding| (rung.state, finding)));
    let Some((state, finding)) = first else { return Ending::Unexpected(format!("rung {name:?} names no cause")) };
    let cause = finding.cause.as_str();
    if !allowed.contains(&cause) {
        let said = format!("{cause} on rung {name:?}, not one of {allowed:?}: {}", finding.text);
        let believed = name > RungName::Proof;
        return if believed { Ending::Accepted(said) } else { Ending::Unexpected(said) };
    }
    let mut faults = Vec::new();
    if exit_of(name, cause).is_none() || expected_exit(record, name, untouched) != record.exit {
        faults.push(format!("{cause} on rung {name:?} with exit {:?}", record.exit));
    }
    if finding.text.is_empty() {
        faults.push("the finding has no text".to_owned());
    }
    if name == RungName::Origin
        && untouched != Exit::Rejected
        && !record.ladder.iter().any(|rung| rung.name == RungName::Proof && rung.state == RungState::Holds)
    {
        faults.push("the proof is not concluded for itself".to_owned());
    }
    if matches!(name, RungName::Integrity | RungName::Proof) {
        faults.extend(beliefs(record, state));
    }
    if faults.is_empty() {
        Ending::Refused(vec![(name, cause.to_owned())])
    } else {
        Ending::Unexpected(format!("{cause}: {}", faults.join("; ")))
    }
}

/// Judges what somebody without the bank's key signed in its name: its origin is refused, and whatever else is wrong with it too.
pub(crate) fn judge_of_stranger(record: &AuditRecord, allowed: &[&str], untouched: Exit) -> Ending {
    if record.headline.rung == Some(RungName::Integrity) {
        return judge(record, allowed, untouched);
    }
    let origin = record.ladder.iter().filter(|rung| rung.name == RungName::Origin).flat_map(|rung| &rung.findings);
    if !origin.into_iter().any(|finding| finding.blocking && finding.cause == "signer-not-trusted") {
        return Ending::Accepted("as signed by somebody who is trusted".to_owned());
    }
    // The rest, as if nobody had asked who signed.
    let mut rest = record.clone();
    rest.ladder.retain(|rung| rung.name != RungName::Origin);
    let Some(next) = rest.ladder.iter().find(|rung| rung.findings.iter().any(|finding| finding.blocking)) else {
        return Ending::Accepted("nothing but its origin is refused".to_owned());
    };
    (rest.headline.rung, rest.headline.state) =
        (Some(next.name), if next.state == RungState::NotCheckable { State::Unverifiable } else { State::Rejected });
    rest.exit = expected_exit(&rest, next.name, untouched);
    if record.exit != Exit::first_of(&[Exit::Origin, rest.exit]) {
        return Ending::Unexpected(format!("exit {:?}, where its origin and {:?} are refused", record.exit, rest.headline.rung));
    }
    judge(&rest, allowed, untouched)
}

/// What a record must end with by what stands in the way on its first rung that fails: the gravest, as of several proofs others fall
/// too. Who signed is asked beside all else, which is as it was.
pub(crate) fn expected_exit(record: &AuditRecord, name: RungName, untouched: Exit) -> Exit {
    let findings = record.ladder.iter().filter(|rung| rung.name == name).flat_map(|rung| &rung.findings);
    let mut exits: Vec<Exit> = findings.filter(|finding| finding.blocking).filter_map(|finding| exit_of(name, &finding.cause)).collect();
    if name == RungName::Origin {
        exits.push(untouched);
    }
    Exit::first_of(&exits)
}

/// What a record says although nothing in its package is proven.
fn beliefs(record: &AuditRecord, state: RungState) -> Vec<String> {
    let mut faults = Vec::new();
    // A further proof that is not read leaves the first one, which is valid, as evidence.
    let unread = record.proofs.len() > 1 && state == RungState::NotCheckable;
    let expected = if state == RungState::NotCheckable { State::Unverifiable } else { State::Rejected };
    if record.headline.state != expected {
        faults.push(format!("the headline says {:?}", record.headline.state));
    }
    let later = record.ladder.iter().filter(|rung| rung.name > RungName::Origin && Some(rung.name) != record.headline.rung);
    faults.extend(
        later.filter(|rung| !unread && rung.state != RungState::NotReached).map(|rung| format!("rung {:?} is {:?}", rung.name, rung.state)),
    );
    // Proofs of other stages may hold, and what rests on them.
    let assessed = record.requirements.iter().filter(|result| matches!(result.state, State::Satisfied | State::Violated));
    let assessed = assessed.filter(|result| record.proofs.len() < 2 || result.stage == Stage::Monitoring);
    faults.extend(assessed.filter(|_| !unread).map(|result| format!("{} is {}", result.id, result.state.word())));
    // Of several monitoring proofs, one that is valid proves its own batches, and no other's.
    let valid = |id: &String| {
        let own = |proof: &&ProofSummary| proof.id == *id && proof.statement == StatementKind::MonitoringV1;
        record.proofs.iter().find(own).is_some_and(|proof| proof.state == ProofState::Valid)
    };
    let own = |batch: &BatchRecord| batch.content.as_ref().and_then(|content| content.proof.as_ref()).is_some_and(valid);
    let proven = record.batches.iter().any(|batch| batch.standing == Standing::Proven && !own(batch));
    if !unread && (!record.series.is_empty() || proven) {
        faults.push("values are called proven".to_owned());
    }
    faults
}
