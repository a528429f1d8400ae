//! What an outcome-revision statement is about, and what one is refused for, each by its own name.

mod fixture;

use fixture::{circuit, matured, plan, revision, witness};
use verifold_circuits::{
    NotCanonical,
    revision::{RevisedRow, RevisedRows, RevisionReplayError, RevisionWitness, RevisionWitnessError, replay, revision_shape},
};
use verifold_model::{
    cohort::Outcome,
    digest::Commitment,
    plan::Plan,
    revision::{RevisionCounts, RevisionCountsError, RevisionStatement},
};

const SHAPE: &str = "f8.w8.g2.b10.h1.n15";

#[test]
fn the_streams_are_those_of_the_monitored_and_of_the_matured_cohort() {
    for (shape, features) in [(SHAPE, 5), ("f32.w8.g4.b20.h4.n17", 30), ("f8.w8.g2.b10.h1.n15.l8", 5)] {
        let (monitoring, matured) = (witness(circuit(shape), features), matured(circuit(shape), features));
        let (monitoring, matured) = (monitoring.statement(), matured.statement());
        let revision = revision(shape, features);
        assert_eq!(monitoring.plan_commitment, matured.plan_commitment);
        assert_eq!(monitoring.model_commitment, matured.model_commitment);
        for ((ours, earlier), later) in revision.statement().batches.iter().zip(&monitoring.batches).zip(&matured.batches) {
            assert_eq!(earlier.row_commitment, later.row_commitment, "{shape}");
            assert_ne!(earlier.outcome_commitment, later.outcome_commitment, "{shape}");
            assert_eq!((ours.index, ours.rows, ours.earlier), (earlier.index, earlier.rows, earlier.outcome_commitment), "{shape}");
            assert_eq!((ours.rows, ours.later), (later.rows, later.outcome_commitment), "{shape}");
            for (table, of) in [(&earlier.table, 0), (&later.table, 1)] {
                for outcome in [Outcome::Good, Outcome::Bad] {
                    let at = 2 * outcome.code();
                    let scored: u32 = table.counts.iter().flatten().map(|cell| cell[at] + cell[at + 1]).sum();
                    let counted = if of == 0 { ours.counts.earlier(outcome) } else { ours.counts.later(outcome) };
                    assert_eq!(counted, u64::from(scored), "{shape}");
                }
            }
        }
        let last = revision.statement().batches[2].counts;
        assert!(last.0.iter().flatten().all(|n| *n > 0), "the rows say little: {last:?}");
        assert_eq!(revision.statement().batches.len(), monitoring.batches.len());
    }
}

#[track_caller]
fn check_replay(edit: impl FnOnce(&mut RevisionStatement, &mut Plan), expected: impl FnOnce(&RevisionStatement) -> RevisionReplayError) {
    let honest = revision(SHAPE, 5);
    let (mut statement, mut plan) = (honest.statement().clone(), honest.plan().clone());
    assert!(replay(&statement, &plan).is_ok());
    edit(&mut statement, &mut plan);
    assert_eq!(replay(&statement, &plan), Err(expected(honest.statement())));
}

#[test]
fn each_contradiction_of_a_statement_is_named() {
    let beyond = Commitment::from_bytes([0xff; 32]);
    let other = Commitment::from_bytes([7; 32]);
    check_replay(
        |_, plan| plan.features.clear(),
        |_| {
            let mut plan = plan(circuit(SHAPE), 5);
            plan.features.clear();
            RevisionReplayError::Plan(plan.check().unwrap_err())
        },
    );
    // Rows of two elements stand in blocks of 20: another circuit.
    let wide = "f32.w8.g2.b10.h0.n15".parse().unwrap();
    let wanted = revision_shape(&plan(circuit(SHAPE), 5), 15).unwrap();
    check_replay(|s, _| s.header.circuit.shape = wide, |_| RevisionReplayError::Shape { circuit: wide, wanted });
    check_replay(|s, _| s.batches.clear(), |_| RevisionReplayError::NoBatches);
    check_replay(|s, _| s.batches.swap(0, 1), |_| RevisionReplayError::Order { previous: 1, index: 0 });
    check_replay(|s, _| s.batches[1].index = 0, |_| RevisionReplayError::Order { previous: 0, index: 0 });
    let counts = |index, source| RevisionReplayError::Counts { index, source };
    check_replay(|s, _| s.batches[2].rows = 1 << 24, |_| counts(2, RevisionCountsError::Overflow));
    check_replay(|s, _| s.batches[2].counts.0[1][2] = 1 << 24, |_| counts(2, RevisionCountsError::Overflow));
    check_replay(
        |s, _| s.batches[2].rows += 1,
        |s| counts(2, RevisionCountsError::Rows { stated: s.batches[2].rows + 1, counted: u64::from(s.batches[2].rows) }),
    );
    for edit in [|s: &mut RevisionStatement, c| s.batches[2].earlier = c, |s: &mut RevisionStatement, c| s.batches[2].later = c] {
        let source = NotCanonical { commitment: beyond };
        check_replay(|s, _| edit(s, beyond), |_| RevisionReplayError::NotCanonical { place: "batch 2".into(), source });
    }
    check_replay(|s, _| s.steps += 1, |s| RevisionReplayError::Steps { stated: s.steps + 1, computed: s.steps });
    check_replay(|s, _| s.chain_head = other, |s| RevisionReplayError::ChainHead { stated: other, computed: s.chain_head });
    for edit in [
        |s: &mut RevisionStatement| s.batches[0].later = Commitment::from_bytes([7; 32]),
        |s: &mut RevisionStatement| {
            // One row that turned from good to bad is said to have stayed good.
            s.batches[2].counts.0[1][2] -= 1;
            s.batches[2].counts.0[1][1] += 1;
        },
        |s: &mut RevisionStatement| s.header.subject.model.push('x'),
    ] {
        let honest = revision(SHAPE, 5);
        let mut statement = honest.statement().clone();
        edit(&mut statement);
        let found = replay(&statement, honest.plan());
        assert!(matches!(found, Err(RevisionReplayError::ChainHead { .. })), "{found:?}");
    }
}

#[test]
fn no_witness_is_made_of_what_contradicts_itself() {
    let honest = revision(SHAPE, 5);
    let header = honest.statement().header.clone();
    let rows = |index| RevisedRows {
        index,
        rows: vec![RevisedRow { key: 1, earlier: Outcome::Good, later: Outcome::Bad }],
        earlier_salt: fixture::salt(1),
        later_salt: fixture::salt(2),
    };
    let new = |batches| RevisionWitness::new(header.clone(), honest.plan().clone(), batches).err();
    assert_eq!(new(vec![rows(0)]), None);
    assert_eq!(new(vec![]), Some(RevisionWitnessError::Statement(RevisionReplayError::NoBatches)));
    let order = RevisionReplayError::Order { previous: 3, index: 3 };
    assert_eq!(new(vec![rows(3), rows(3)]), Some(RevisionWitnessError::Statement(order)));
}

#[test]
fn counts_add_up_and_do_not_spill() {
    let some = RevisionCounts([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    assert_eq!((some.rows(), some.earlier(Outcome::Good), some.later(Outcome::Good)), (45, 15, 15));
    assert_eq!(some.of(Outcome::Good, Outcome::Bad), 6);
    assert_eq!(RevisionCounts::total([some, some]), Some(RevisionCounts(some.0.map(|line| line.map(|n| 2 * n)))));
    let most = RevisionCounts([[u32::MAX, 0, 0], [0; 3], [0; 3]]);
    assert_eq!(RevisionCounts::total([most, some]), None);
}
