//! Does a proof in several segments hold, and if not, what is wrong with which of them?
//!
//! The states between segments are replayed from the statement; every segment must lead from the one before it to the
//! one behind it. So the first state of a segment is the last state that the segment before was verified to reach, and
//! every element of it is compared: subject and period, plan, model, chain, batch index, last key, no open batch.
//!
//! What a refused proof says of itself is looked at only to name the cause; it never makes a refusal smaller.

use std::{collections::BTreeMap, ops::Range};

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use verifold_circuits::{
    CircuitFacts, PublicState, Transition, VerifierKey, claimed_final_state,
    native::{Replay, steps_of},
    verify_proof,
};
use verifold_model::{
    digest::Digest,
    format::batches_text,
    record::{ProofState, SegmentSummary},
    statement::MonitoringStatement,
};
use verifold_package::ClaimedProof;

use super::{Refusal, check_transition, refusal};

/// Batches before a segment at whose ends it is asked whether a refused proof begins there; an answer takes a hash or two.
const SOUGHT: usize = 256;

/// Positions of the batches of a segment, and its proof.
pub(super) type Segment<'a> = (Range<usize>, &'a [u8]);

/// The segments as the package has them, none checked yet; empty if there is but one.
pub(crate) fn listed(proof: &ClaimedProof) -> Vec<SegmentSummary> {
    if proof.further.is_empty() {
        return Vec::new();
    }
    let batches = &proof.statement.batches;
    let rows_per_step = CircuitFacts::of(proof.statement.header.circuit).map(|facts| facts.rows_per_step);
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(proof.statement.first_index());
    let summary = |(range, bytes): Segment<'_>| SegmentSummary {
        first_batch: narrow(range.start),
        last_batch: narrow(range.end.saturating_sub(1)),
        steps: rows_per_step.map_or(0, |rows| batches[range].iter().map(|batch| steps_of(batch.rows, rows)).sum()),
        proof_bytes: bytes.len() as u64,
        state: ProofState::NotReached,
    };
    proof.segments().map(summary).collect()
}

/// What each segment is to go from and to.
pub(super) fn transitions(replay: &Replay, statement: &MonitoringStatement, segments: &[Segment<'_>]) -> Result<Vec<Transition>, Refusal> {
    let mut seen = BTreeMap::new();
    let transition = |(i, (range, bytes)): (usize, &Segment<'_>)| {
        if let Some(earlier) = seen.insert(Digest::of(bytes), i) {
            let text = format!("the proof of segment {} is that of segment {} once more: {}", i + 1, earlier + 1, of(range));
            return Err(refusal(ProofState::Rejected, "segment-repeated", place(i), text));
        }
        replay.segment(statement, range.clone()).ok_or_else(|| {
            let text = format!("segment {} holds no batch of the statement", i + 1);
            refusal(ProofState::Rejected, "segment-missing", place(i), text)
        })
    };
    segments.iter().enumerate().map(transition).collect()
}

/// Checks all segments, in parallel; in chain order, what became of each.
pub(super) fn check(
    key: &VerifierKey,
    replay: &Replay,
    statement: &MonitoringStatement,
    segments: &[Segment<'_>],
    transitions: &[Transition],
) -> Vec<Result<(), Refusal>> {
    segments
        .par_iter()
        .zip(transitions)
        .enumerate()
        .map(|(i, ((range, bytes), transition))| {
            check_transition(key, transition, bytes).map_err(|refused| {
                let nameable = matches!(refused.cause, "proof-rejected" | "final-state-differs");
                let claimed = claimed_final_state(key, bytes).filter(|_| nameable);
                let named = claimed.and_then(|claimed| {
                    named(i, range, transitions, &claimed)
                        .or_else(|| beginning_elsewhere(key, replay, statement, i, range, bytes, &claimed))
                });
                named.unwrap_or_else(|| Refusal {
                    text: format!("segment {} of {}, {}: {}", i + 1, segments.len(), of(range), refused.text),
                    place: place(i),
                    ..refused
                })
            })
        })
        .collect()
}

fn place(position: usize) -> String {
    format!("segment {}", position + 1)
}

fn of(range: &Range<usize>) -> String {
    batches_text(range.start as u64, range.end.saturating_sub(1) as u64)
}

/// The cause that follows from the state a refused proof says it leads to.
fn named(position: usize, range: &Range<usize>, transitions: &[Transition], claimed: &PublicState) -> Option<Refusal> {
    let expected = &transitions.get(position)?.zn;
    let differs = |element: usize| claimed.0[element] != expected.0[element];
    let (cause, what) = if differs(0) {
        ("segment-of-another-period", "is a proof about another subject, period or circuit".to_owned())
    } else if differs(1) {
        ("segment-of-another-plan", "is a proof under another measurement plan".to_owned())
    } else if differs(2) {
        (
            "segment-under-another-model",
            format!("was scored by another model than the statement's: it commits to {}, the statement to {}", claimed.0[2], expected.0[2]),
        )
    } else if let Some(other) = transitions.iter().position(|other| other.zn == *claimed).filter(|other| *other != position) {
        ("segment-misplaced", format!("is a proof that ends where segment {} is to end", other + 1))
    } else if differs(4) {
        ("segment-missing", "is a proof that ends behind another batch: a segment was left out, or cut elsewhere".to_owned())
    } else {
        return None;
    };
    let text = format!("segment {} of {}, {}, does not hold, and by its own word {what}", position + 1, transitions.len(), of(range));
    Some(refusal(ProofState::Rejected, cause, place(position), text))
}

/// A proof that ends where it should, and begins at the end of another batch: checked, not claimed.
fn beginning_elsewhere(
    key: &VerifierKey,
    replay: &Replay,
    statement: &MonitoringStatement,
    position: usize,
    range: &Range<usize>,
    bytes: &[u8],
    claimed: &PublicState,
) -> Option<Refusal> {
    let begins = |first: &usize| {
        let Some(Transition { z0, zn, steps, .. }) = replay.segment(statement, *first..range.end) else { return false };
        *first != range.start && zn == *claimed && verify_proof(key, z0, steps, bytes).as_ref() == Ok(claimed)
    };
    let first = (0..range.end).rev().take(SOUGHT).find(begins)?;
    let text = format!(
        "segment {} begins with batch {first}, not where its place begins, with batch {}: a segment was left out, or cut elsewhere",
        position + 1,
        range.start
    );
    Some(refusal(ProofState::Rejected, "segment-missing", place(position), text))
}

#[cfg(test)]
mod tests {
    use verifold_model::digest::Commitment;

    use super::*;

    /// Header, plan, model, chain, index, key floor, open batch.
    fn state(chain: u8, index: u8) -> PublicState {
        PublicState([1, 2, 3, chain, index, index, 0].map(|byte| Commitment::from_bytes([byte; 32])))
    }

    /// Three segments, of batches 0 and 1, 2, 3 and 4.
    fn transitions() -> Vec<Transition> {
        let ends = [(1, 0), (12, 2), (13, 3), (15, 5)];
        let names = ["header", "plan", "model", "chain", "batch index", "key floor", "open batch"];
        let between = |pair: &[(u8, u8)]| Transition { z0: state(pair[0].0, pair[0].1), zn: state(pair[1].0, pair[1].1), steps: 1, names };
        ends.windows(2).map(between).collect()
    }

    #[test]
    fn what_a_refused_segment_says_of_itself_names_the_cause() {
        let found = |claimed: PublicState| named(1, &(2..3), &transitions(), &claimed);
        let other = |element: usize| {
            let mut claimed = state(13, 3);
            claimed.0[element] = Commitment::from_bytes([9; 32]);
            claimed
        };
        let cause = |claimed| found(claimed).map(|refusal| (refusal.cause, refusal.place));
        let of = |cause| Some((cause, "segment 2".to_owned()));
        assert_eq!(cause(state(13, 3)), None, "it ends where it should: nothing follows from that");
        assert_eq!(cause(other(0)), of("segment-of-another-period"));
        assert_eq!(cause(other(1)), of("segment-of-another-plan"));
        assert_eq!(cause(other(2)), of("segment-under-another-model"));
        assert_eq!(cause(other(3)), None, "other rows in the same batches");
        assert_eq!(cause(state(15, 5)), of("segment-misplaced"));
        assert_eq!(cause(state(12, 2)), of("segment-misplaced"));
        assert_eq!(cause(state(14, 4)), of("segment-missing"));
        let text = found(state(15, 5)).unwrap().text;
        assert_eq!(text, "segment 2 of 3, batch 2, does not hold, and by its own word is a proof that ends where segment 3 is to end");
    }
}
