//! The made-up record the other tests draw is itself self-consistent.

mod support;

use support::{
    Story,
    lifecycle::{Chain, life_cycle},
    malformed, record,
};
use verifold_model::{
    record::{AuditRecord, Totals},
    state::State,
};

#[test]
fn the_fixture_counts_what_it_lists() {
    let chains = [Chain::Whole, Chain::Broken, Chain::Claimed, Chain::Partial].map(life_cycle);
    for record in [record(Story::Honest), record(Story::Findings), malformed()].into_iter().chain(chains) {
        assert_eq!(record.totals, Totals::of(&record.requirements));
        let bytes = record.to_bytes();
        assert_eq!(serde_json::from_slice::<AuditRecord>(&bytes).unwrap(), record);
    }
    assert_eq!(record(Story::Honest).totals.mandatory_settled, record(Story::Honest).totals.mandatory);
}

#[test]
fn the_story_with_findings_has_every_state() {
    let record = record(Story::Findings);
    for state in [State::Rejected, State::Violated, State::Uncovered, State::Unverifiable, State::NotApplicable, State::Satisfied] {
        assert!(record.requirements.iter().any(|r| r.state == state), "{state:?}");
    }
    let violated: Vec<u32> = record
        .requirements
        .iter()
        .find(|r| r.id == "MO-1")
        .unwrap()
        .batches
        .iter()
        .filter(|b| b.state == State::Violated)
        .map(|b| b.number)
        .collect();
    assert_eq!(violated, [17, 18]);
}
