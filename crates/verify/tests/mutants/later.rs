//! What a cheating bank would do to outcomes that became known later, over a period with two models: told one by one, each
//! with all the causes it must be refused for, or with what it must leave uncovered.
//!
//! Everything is computed anew over an edit that can be without proving: chains, steps, digests, the bank's signature.

use verifold_circuits::{
    native::{self, ReplayError},
    revision::{self, RevisionReplayError},
};
use verifold_model::{
    revision::RevisionStatement,
    statement::{MonitoringStatement, StageStatement},
};
use verifold_package::Contents;

use super::told::{
    Lie,
    Must::{BeRefused, LeaveUncovered},
    Told,
};

/// Position of a proof that is not of monitoring.
fn at(contents: &Contents, id: &str) -> usize {
    contents.stages.iter().position(|stage| stage.id == id).unwrap()
}

fn cohort<'c>(contents: &'c mut Contents, id: &str) -> &'c mut MonitoringStatement {
    let at = at(contents, id);
    match &mut contents.stages[at].statement {
        StageStatement::MaturedCohort(statement) => statement,
        other => panic!("{}", other.kind().name()),
    }
}

fn changes<'c>(contents: &'c mut Contents, id: &str) -> &'c mut RevisionStatement {
    let at = at(contents, id);
    match &mut contents.stages[at].statement {
        StageStatement::OutcomeRevision(statement) => statement,
        other => panic!("{}", other.kind().name()),
    }
}

/// Computes steps and chain of both statements about a period anew, as far as they follow from what is stated.
fn chained(contents: &mut Contents, number: &str) {
    let plan = contents.plan.clone();
    let matured = cohort(contents, &format!("matured{number}"));
    let first = matured.batches.first().map_or(0, |batch| batch.index);
    loop {
        match native::replay_from(first, matured, &plan) {
            Err(ReplayError::ChainHead { computed, .. }) => matured.chain_head = computed,
            Err(ReplayError::Steps { computed, .. }) => matured.steps = computed,
            _ => break,
        }
    }
    let revised = changes(contents, &format!("revision{number}"));
    loop {
        match revision::replay(revised, &plan) {
            Err(RevisionReplayError::ChainHead { computed, .. }) => revised.chain_head = computed,
            Err(RevisionReplayError::Steps { computed, .. }) => revised.steps = computed,
            _ => break,
        }
    }
}

/// A row that was good and turned bad is told as good. Returns the number of its batch.
fn hide_a_change(revised: &mut RevisionStatement) -> u32 {
    let batch = revised.batches.iter_mut().skip(1).find(|batch| batch.counts.0[1][2] > 0).unwrap();
    batch.counts.0[1][2] -= 1;
    batch.counts.0[1][1] += 1;
    batch.index
}

/// The lies over a period with two models and a matured cohort for each.
pub(crate) const TOLD: Told = Told { sample: "changed-model", packages: CHANGES, audits: &[], few: 9 };

const CHANGES: &[Lie<Contents>] = &[
    ("a change hidden", BeRefused(&["chain-differs"], "revision"), |c| {
        hide_a_change(changes(c, "revision"));
    }),
    ("a change hidden, the chain forged", BeRefused(&["revision-contradicts-tables"], "revision"), |c| {
        hide_a_change(changes(c, "revision"));
        chained(c, "");
    }),
    ("coverage raised: unknown outcomes called good", BeRefused(&["final-state-differs", "revision-contradicts-tables"], "matured"), |c| {
        for cell in cohort(c, "matured").batches.iter_mut().flat_map(|batch| batch.table.counts.iter_mut().flatten()) {
            *cell = [0, 0, cell[2] + cell[0], cell[3] + cell[1], cell[4], cell[5]];
        }
        chained(c, "");
    }),
    ("the changes of the other period's proof", BeRefused(&["proof-rejected"], "revision"), |c| {
        let (here, there) = (at(c, "revision"), at(c, "revision-2"));
        c.stages[here].bytes = c.stages[there].bytes.clone();
    }),
    ("later outcomes told as earlier, and earlier as later", BeRefused(&["link-broken", "revision-of-other-outcomes"], "revision"), |c| {
        for batch in &mut changes(c, "revision").batches {
            std::mem::swap(&mut batch.earlier, &mut batch.later);
            let counts = batch.counts.0;
            batch.counts.0 = [0, 1, 2].map(|earlier| [0, 1, 2].map(|later| counts[later][earlier]));
        }
        chained(c, "");
    }),
    ("a cohort left out", LeaveUncovered("MO-18"), |c| drop(c.stages.remove(at(c, "matured")))),
    ("the changes left out", LeaveUncovered("MO-19"), |c| drop(c.stages.remove(at(c, "revision-2")))),
    ("a cohort under the other model", BeRefused(&["link-broken", "matured-of-other-rows"], "matured"), |c| {
        cohort(c, "matured").model_commitment = c.proofs[1].statement.model_commitment;
        chained(c, "");
    }),
    ("a batch of the changes twice", BeRefused(&["revision-contradicts"], "revision"), |c| {
        let batch = changes(c, "revision").batches[0].clone();
        changes(c, "revision").batches.insert(0, batch);
    }),
    // A full run alone.
    ("the changes of the other period's statement and proof", BeRefused(&["link-broken", "revision-of-other-outcomes"], "revision"), |c| {
        let (here, there) = (at(c, "revision"), at(c, "revision-2"));
        c.stages[here].bytes = c.stages[there].bytes.clone();
        let other = changes(c, "revision-2").clone();
        let ours = changes(c, "revision");
        *ours = RevisionStatement { header: ours.header.clone(), ..other };
        for (batch, index) in ours.batches.iter_mut().zip(0..) {
            batch.index = index;
        }
        chained(c, "");
    }),
    ("a change hidden in counts and table", BeRefused(&["final-state-differs", "final-state-differs"], "revision"), |c| {
        let index = hide_a_change(changes(c, "revision"));
        let matured = cohort(c, "matured");
        let batch = matured.batches.iter_mut().find(|batch| batch.index == index).unwrap();
        let cell = batch.table.counts.iter_mut().flatten().find(|cell| cell[5] > 0).unwrap();
        cell[5] -= 1;
        cell[3] += 1;
        chained(c, "");
    }),
    ("nothing changed: the earlier outcomes told as later", BeRefused(&["link-broken", "revision-of-other-outcomes"], "revision"), |c| {
        for batch in &mut changes(c, "revision").batches {
            batch.later = batch.earlier;
        }
        chained(c, "");
    }),
    (
        "the earlier outcomes counted as later",
        BeRefused(&["final-state-differs", "link-broken", "revision-of-other-outcomes"], "matured"),
        |c| {
            let monitored = c.proofs[0].statement.batches.clone();
            for (batch, monitored) in cohort(c, "matured").batches.iter_mut().zip(monitored) {
                batch.outcome_commitment = monitored.outcome_commitment;
            }
            chained(c, "");
        },
    ),
    ("a cohort of another subject's rows", BeRefused(&["link-broken", "matured-of-other-rows"], "matured"), |c| {
        let other = c.proofs[1].statement.batches[1].row_commitment;
        cohort(c, "matured").batches[1].row_commitment = other;
        chained(c, "");
    }),
    (
        "a week of a cohort left out, so that the next takes its place",
        // What changed was counted between the outcomes of the week that is gone.
        BeRefused(&["link-broken", "matured-of-other-rows", "revision-of-other-outcomes"], "matured"),
        |c| {
            let matured = cohort(c, "matured");
            drop(matured.batches.remove(2));
            (0..).zip(&mut matured.batches).for_each(|(index, batch)| batch.index = index);
            chained(c, "");
        },
    ),
    ("the last week of a cohort left out", BeRefused(&["proof-rejected"], "matured"), |c| {
        cohort(c, "matured").batches.pop();
        chained(c, "");
    }),
    ("the proofs of both cohorts exchanged", BeRefused(&["proof-rejected", "proof-rejected"], "matured-2"), |c| {
        let (here, there) = (at(c, "matured"), at(c, "matured-2"));
        let bytes = c.stages[here].bytes.clone();
        c.stages[here].bytes = std::mem::replace(&mut c.stages[there].bytes, bytes);
    }),
    ("a cohort numbered as if it were the first", BeRefused(&["batch-index-differs"], "matured-2"), |c| {
        (0..).zip(&mut cohort(c, "matured-2").batches).for_each(|(index, batch)| batch.index = index);
    }),
];
