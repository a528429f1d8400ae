//! Requirements that rest on stages before monitoring: what links and models make of a value that is proven in itself.

use verifold_model::{
    lineage::{LineageLink, LinkName, LinkState},
    state::Stage,
};
use verifold_policy::Exemption;

use super::*;
use crate::evidence::{VerifiedEvidence, VerifiedReceipts, VerifiedStage, tests::receipts};

/// 60 of 100 test rows approved, under a model with this commitment.
fn measured(model: u8) -> VerifiedEvidence {
    let mut evidence = evidence(vec![batch(0, &[(60, 100)])]);
    evidence = VerifiedEvidence::assumed(
        MonitoringStatement { model_commitment: Commitment::from_bytes([model; 32]), ..evidence.statement().clone() },
        evidence.plan().clone(),
    );
    evidence
}

fn link(name: LinkName, state: LinkState) -> LineageLink {
    LineageLink { name, state, compared: Vec::new(), proofs: vec!["offline-metrics".to_owned()], text: format!("link {}", state.word()) }
}

fn found(policy: &Policy, monitored: u8, tested: u8, links: Vec<LineageLink>) -> RequirementResult {
    found_under(policy, [monitored; 2], tested, links)
}

/// With a first proof of monitoring under one model, and one more under another.
fn found_under(policy: &Policy, monitored: [u8; 2], tested: u8, links: Vec<LineageLink>) -> RequirementResult {
    let ([first, second], tested) = (monitored.map(measured), VerifiedStage::OfflineMetrics(Box::new(measured(tested))));
    let lineage = Lineage { artefacts: Vec::new(), links };
    let staged =
        Staged { id: "offline-metrics", kind: StatementKind::OfflineMetricsV2, system: ProofSystem::NovaPastaIpa, outcome: Ok(&tested) };
    let case = Case {
        policy,
        engagement: None,
        evidence: Ok(&VerifiedPeriod::assumed(&first, &[&second])),
        stages: &[staged],
        lineage: &lineage,
        proofs: &["monitoring", "monitoring-2"],
        scope: &Scope::default(),
        traceability: &[],
        changes: &[],
        label: &|_| (0, "test rows".to_owned()),
    };
    assess(&policy.requirements[0], &case)
}

/// A policy whose one requirement stands at the training stage.
fn training_policy(keys: &str) -> Policy {
    let mut policy = policy(ANY_SHAPE, keys);
    policy.requirements[0].stage = Stage::Training;
    policy
}

fn offline_policy() -> Policy {
    training_policy(
        "kind = \"metric\"\nmetric = \"approval-rate\"\ndecisions = \"logged\"\ncomparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"overall\"",
    )
}

fn exempted(mut policy: Policy) -> Policy {
    policy.requirements[0].exemption = Some(Exemption { person: "A. Auditor".to_owned(), reason: "bought model".to_owned() });
    policy
}

#[test]
fn test_rows_count_for_the_monitored_model_alone() {
    let holds = || vec![link(LinkName::MeasuredOnPrepared, LinkState::Holds)];
    let same = found(&offline_policy(), 1, 1, holds());
    assert_eq!((same.state, same.reason.as_str(), same.proofs.as_slice()), (State::Satisfied, "", &["offline-metrics".to_owned()][..]));
    for policy in [offline_policy(), exempted(offline_policy())] {
        let other = found(&policy, 2, 1, holds());
        assert_eq!(other.state, State::Rejected);
        for model in ["01".repeat(32), "02".repeat(32)] {
            assert!(other.reason.contains(&model), "{}", other.reason);
        }
    }
}

#[test]
fn rows_that_are_not_shown_to_be_test_rows_cover_nothing() {
    let unshown = "Nothing shows that the rows counted are those set apart to test on: ";
    for (state, expected, said) in [
        (LinkState::Broken, State::Rejected, "L"),
        (LinkState::Claimed, State::Uncovered, unshown),
        (LinkState::Missing, State::Uncovered, unshown),
    ] {
        let result = found(&offline_policy(), 1, 1, vec![link(LinkName::MeasuredOnPrepared, state)]);
        assert_eq!(result.state, expected);
        assert!(result.reason.starts_with(said) && result.reason.ends_with(&format!("ink {}.", state.word())), "{}", result.reason);
    }
    assert_eq!(found(&offline_policy(), 1, 1, Vec::new()).state, State::Uncovered);
    let exempt = found(&exempted(offline_policy()), 1, 1, Vec::new());
    assert_eq!((exempt.state, exempt.reason.as_str()), (State::NotApplicable, "A. Auditor: bought model."));
}

#[test]
fn a_broken_link_is_not_exempted_away() {
    let policy = exempted(training_policy("kind = \"link\"\nlink = \"monitored-trained\""));
    let of = |state| found(&policy, 1, 1, vec![link(LinkName::MonitoredTrained, state)]).state;
    assert_eq!(of(LinkState::Broken), State::Rejected);
    assert_eq!(of(LinkState::Missing), State::NotApplicable);
}

#[test]
fn a_link_holds_by_proofs_that_the_requirement_takes() {
    let mut policy = training_policy("kind = \"link\"\nlink = \"measured-trained\"");
    for (proof, state) in [("offline-metrics", State::Unverifiable), ("monitoring", State::Unverifiable), ("other", State::Satisfied)] {
        let link = || vec![LineageLink { proofs: vec![proof.to_owned()], ..link(LinkName::MeasuredTrained, LinkState::Holds) }];
        policy.requirements[0].security_bits_at_least = None;
        assert_eq!(found(&policy, 1, 1, link()).state, State::Satisfied);
        policy.requirements[0].security_bits_at_least = Some(200);
        assert_eq!(found(&policy, 1, 1, link()).state, state, "{proof}");
    }
}

#[test]
fn a_proof_of_a_stage_offers_what_the_requirement_demands() {
    let of = |keys: &str| {
        let policy = training_policy(&format!("kind = \"evidence\"\nstatement = \"offline-metrics/v2\"\n{keys}"));
        found(&policy, 1, 1, Vec::new()).state
    };
    assert_eq!(of(""), State::Satisfied);
    assert_eq!(of("security_bits_at_least = 126"), State::Unverifiable);
    assert_eq!(of("circuits = [{ family = \"training/v1\" }]"), State::Unverifiable);
}

/// No link compares the two where the training is not in the package.
#[test]
fn a_test_of_another_model_is_no_evidence_about_the_monitored_one() {
    let policy = training_policy("kind = \"evidence\"\nstatement = \"offline-metrics/v2\"");
    let of = |monitored| found_under(&policy, monitored, 1, Vec::new());
    assert_eq!(of([1, 1]).state, State::Satisfied);
    assert_eq!(of([2, 2]).state, State::Rejected);
    let some = of([1, 2]);
    assert_eq!(some.state, State::Uncovered);
    assert!(some.reason.ends_with(&format!("by model {}, of which no test is in the package.", "02".repeat(32))), "{}", some.reason);
}

#[test]
fn receipts_are_evidence_only_for_every_monitored_batch() {
    let policy = training_policy("kind = \"evidence\"\nstatement = \"receipts/v1\"\ncircuits = [{ family = \"receipts/v1\" }]");
    let monitored = evidence(vec![batch(0, &[(60, 100)]), batch(1, &[(50, 100)])]);
    let of = |indices: &[u32], monitoring: Result<&VerifiedPeriod<'_>, &Refusal>| {
        let mut statement = receipts(monitored.statement());
        statement.batches.retain(|batch| indices.contains(&batch.index));
        let receipts = VerifiedStage::Receipts(Box::new(VerifiedReceipts::assumed(statement)));
        let staged = Staged { id: "receipts", kind: StatementKind::ReceiptsV1, system: ProofSystem::NovaPastaIpa, outcome: Ok(&receipts) };
        let case = Case {
            policy: &policy,
            engagement: None,
            evidence: monitoring,
            stages: &[staged],
            lineage: &Lineage::default(),
            proofs: &["monitoring"],
            scope: &Scope::default(),
            traceability: &[],
            changes: &[],
            label: &|batch| (batch.index + 1, format!("week {}", batch.index + 1)),
        };
        let result = assess(&policy.requirements[0], &case);
        (result.state, result.reason)
    };
    assert_eq!(of(&[0, 1], Ok(&VerifiedPeriod::alone(&monitored))), (State::Satisfied, String::new()));
    let short = "1 of 2 batches have receipts; the first without is 2 (week 2).".to_owned();
    assert_eq!(of(&[0], Ok(&VerifiedPeriod::alone(&monitored))), (State::Uncovered, short));
    let refusal = Refusal {
        state: ProofState::Rejected,
        cause: "proof-rejected",
        short: "the proof does not hold for its statement".to_owned(),
        text: String::new(),
        place: String::new(),
    };
    assert_eq!(of(&[0, 1], Err(&refusal)).0, State::Rejected);
}
