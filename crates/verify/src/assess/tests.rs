//! What state a requirement is in, rule by rule: a line of the tables below is a requirement, evidence, and what must come of it.

use verifold_model::{
    calendar::Slot,
    cohort::{BatchRole, BatchStatement, BatchTable},
    digest::Commitment,
    instant::Instant,
    plan::ScoreDirection,
    proof_system::ProofSystem,
    record::{Expectation, ProofState},
    shape::{CircuitFamily, CircuitId},
    state::State,
    statement::{Header, MonitoringStatement, Period, StatementKind, Subject},
};

use super::*;
use crate::{evidence::VerifiedEvidence, metrics::tests::plan};

mod changes;
mod matured;
mod stages;

const WEEK: u64 = 7 * 86_400;
const START: u64 = 1_767_571_200; // 5 January 2026, a Monday

fn week(at: usize) -> Instant {
    Instant::from_unix_secs(START + at as u64 * WEEK).unwrap()
}

/// A batch in which `approved` of `rows` rows of each listed group are approved, by model and in the log.
fn batch(index: usize, groups: &[(u32, u32)]) -> BatchStatement {
    let plan = plan(ScoreDirection::HigherIsRiskier, 6, None);
    let mut table = BatchTable::empty(&plan);
    for (group, (approved, rows)) in groups.iter().enumerate() {
        table.counts[0][group][1] = *approved;
        table.counts[9][group][0] = rows - approved;
    }
    let zero = Commitment::from_bytes([0; 32]);
    BatchStatement {
        index: index as u32,
        role: BatchRole::Monitoring,
        start: week(index),
        end: week(index + 1),
        rows: groups.iter().map(|(_, rows)| rows).sum(),
        row_commitment: zero,
        outcome_commitment: zero,
        table,
        table_salt: zero,
    }
}

fn evidence(batches: Vec<BatchStatement>) -> VerifiedEvidence {
    let plan = plan(ScoreDirection::HigherIsRiskier, 6, None);
    let zero = Commitment::from_bytes([0; 32]);
    let subject =
        Subject { name: "Bank".to_owned(), lei: "0000MERIANBANK000010".to_owned(), system: "S".to_owned(), model: "M".to_owned() };
    let header = Header {
        statement: StatementKind::MonitoringV1,
        circuit: CircuitId { family: CircuitFamily::ScoredCohortV1, shape: plan.shape },
        subject,
        period: Period { start: week(0), end: week(batches.len()) },
        previous_chain_head: None,
    };
    let statement = MonitoringStatement { header, plan_commitment: zero, model_commitment: zero, steps: 1, chain_head: zero, batches };
    VerifiedEvidence::assumed(statement, plan)
}

fn policy(circuit: &str, keys: &str) -> Policy {
    let text = format!(
        "schema = \"policy/v1\"\nid = \"p\"\ntitle = \"P\"\nversion = \"1\"\n\n[[circuit]]\n{circuit}\n\n\
         [[source]]\nid = \"law\"\ntitle = \"A law\"\nversion = \"1\"\nin_force_from = \"2026-01-01\"\nreviewed_on = \"2026-01-01\"\n\n\
         [[requirement]]\nid = \"R-1\"\ntitle = \"R\"\narea = \"A\"\nstage = \"monitoring\"\nseverity = \"mandatory\"\n\
         assertion = \"accuracy\"\nlegal = [{{ source = \"law\", place = \"1\" }}]\n{keys}\n"
    );
    Policy::read(&text).unwrap_or_else(|error| panic!("{keys}: {error:?}"))
}

const ANY_SHAPE: &str = "family = \"scored-cohort/v1\"";

fn result_of(policy: &Policy, evidence: Result<&VerifiedEvidence, &Refusal>, scope: &Scope) -> RequirementResult {
    result_under(None, policy, evidence, scope)
}

fn result_under(
    engagement: Option<&Engagement>,
    policy: &Policy,
    evidence: Result<&VerifiedEvidence, &Refusal>,
    scope: &Scope,
) -> RequirementResult {
    let label = |batch: &BatchStatement| (batch.index + 1, format!("week {}", batch.index + 1));
    let lineage = Lineage::default();
    let period = evidence.map(VerifiedPeriod::alone);
    let case = Case {
        policy,
        engagement,
        evidence: period.as_ref().map_err(|refusal| *refusal),
        stages: &[],
        lineage: &lineage,
        proofs: &["monitoring"],
        scope,
        traceability: &[],
        changes: &[],
        label: &label,
    };
    assess(&policy.requirements[0], &case)
}

/// As a sentence, the way results carry reasons.
fn said(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Approval rates of single-group batches under an approval-rate rule.
#[track_caller]
fn rates(keys: &str, batches: &[(u32, u32)], state: State, watch: bool, reason: &str) {
    let policy = policy(ANY_SHAPE, &format!("kind = \"metric\"\nmetric = \"approval-rate\"\ndecisions = \"logged\"\n{keys}"));
    let evidence = evidence(batches.iter().enumerate().map(|(index, rate)| batch(index, &[*rate])).collect());
    let found = result_of(&policy, Ok(&evidence), &Scope::default());
    assert_eq!((found.state, found.watch, found.reason), (state, watch, said(reason)), "{keys}");
}

#[test]
fn a_limit_holds_in_each_batch_or_is_missed_by_name() {
    let least = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"each-batch\"";
    rates(least, &[(60, 100), (50, 100)], State::Satisfied, false, "");
    rates(least, &[(60, 100), (49, 100)], State::Violated, false, "1 of 2 batches miss the limit: 2 (week 2)");
    let most = "comparator = \"at-most\"\nlimit = \"0.50\"\nscope = \"each-batch\"";
    rates(most, &[(50, 100)], State::Satisfied, false, "");
    rates(most, &[(51, 100)], State::Violated, false, "1 of 1 batches miss the limit: 1 (week 1)");
}

#[test]
fn the_warning_level_watches_and_does_not_violate() {
    let rule = "comparator = \"at-least\"\nlimit = \"0.50\"\nwarn = \"0.60\"\nscope = \"each-batch\"";
    rates(rule, &[(60, 100), (70, 100)], State::Satisfied, false, "");
    rates(rule, &[(59, 100), (70, 100)], State::Satisfied, true, "1 batch is beyond the warning level");
    let overall = "comparator = \"at-least\"\nlimit = \"0.50\"\nwarn = \"0.60\"\nscope = \"overall\"";
    rates(overall, &[(55, 100)], State::Satisfied, true, "55.00\u{202f}% keeps the limit and is beyond the warning level");
}

#[test]
fn overall_looks_at_all_rows_together() {
    let rule = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"overall\"";
    rates(rule, &[(10, 100), (90, 100)], State::Satisfied, false, "");
    rates(rule, &[(10, 100), (89, 100)], State::Violated, false, "49.50\u{202f}% misses the limit ≥ 50.00\u{202f}%");
}

#[test]
fn so_many_in_a_row_violate_and_fewer_are_watched() {
    let rule = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = { consecutive = 2 }";
    let (good, bad) = ((60, 100), (40, 100));
    rates(
        rule,
        &[bad, good, bad],
        State::Satisfied,
        true,
        "2 of 3 batches miss the limit: 1 (week 1), 3 (week 3); the longest run is 1, and 2 in a row would violate the requirement",
    );
    rates(
        rule,
        &[good, bad, bad],
        State::Violated,
        false,
        "2 of 3 batches miss the limit: 2 (week 2), 3 (week 3); the longest run is 2, and 2 in a row would violate the requirement",
    );
}

#[test]
fn a_tolerance_lets_so_many_miss() {
    let rule = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"each-batch\"\ntolerance = { batches = 1 }";
    rates(rule, &[(60, 100), (40, 100)], State::Satisfied, true, "1 of 2 batches miss the limit: 2 (week 2); 1 may");
    rates(rule, &[(40, 100), (40, 100)], State::Violated, false, "2 of 2 batches miss the limit: 1 (week 1), 2 (week 2)");
    // A tolerance is of a period that mostly holds.
    rates(rule, &[(40, 100)], State::Violated, false, "1 of 1 batches miss the limit: 1 (week 1); 1 may, but no batch keeps it");
}

/// Weeks that a bank makes too small to judge neither buy the others more misses nor interrupt a run of them.
#[test]
fn a_batch_without_a_value_helps_no_other() {
    let (good, bad, few) = ((60, 100), (40, 100), (1, 2));
    let lenient = "minimum_n = 50\non_missing = \"not-applicable\"\non_missing_reason = \"Small.\"";
    let share = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"each-batch\"\ntolerance = { share = \"0.5\" }";
    let missed = "2 of 3 batches miss the limit: 1 (week 1), 2 (week 2)";
    rates(&format!("{share}\nminimum_n = 50"), &[bad, good], State::Satisfied, true, "1 of 2 batches miss the limit: 1 (week 1); 1 may");
    let left_out = "1 of 4 batches are left out, 4 (week 4): Small";
    rates(&format!("{share}\n{lenient}"), &[bad, bad, good, few], State::Violated, false, &format!("{missed}. {left_out}"));

    let run = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = { consecutive = 2 }";
    let longest = "the longest run is 2, and 2 in a row would violate the requirement";
    let counted = format!("2 of 2 batches miss the limit: 1 (week 1), 3 (week 3); {longest}");
    let no_value = "1 of 3 batches give no value: 2 (week 2) (2 rows, the policy asks for at least 50)";
    rates(&format!("{run}\nminimum_n = 50"), &[bad, few, bad], State::Violated, false, &format!("{counted}. {no_value}"));
    // Too short for a run, and nothing that keeps the limit.
    let none = "1 of 1 batches miss the limit: 1 (week 1); the longest run is 1, and no batch keeps it";
    rates(run, &[bad], State::Uncovered, false, none);
}

#[test]
fn too_few_rows_are_no_evidence_unless_the_policy_says_so() {
    let rule = "comparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"each-batch\"\nminimum_n = 50";
    rates(
        rule,
        &[(60, 100), (10, 20)],
        State::Uncovered,
        false,
        "1 of 2 batches give no value: 2 (week 2) (20 rows, the policy asks for at least 50)",
    );
    // A missed limit is not covered up by a batch without a value.
    rates(
        rule,
        &[(40, 100), (10, 20)],
        State::Violated,
        false,
        "1 of 1 batches miss the limit: 1 (week 1). 1 of 2 batches give no value: 2 (week 2) (20 rows, the policy asks for at least 50)",
    );
    let lenient = format!("{rule}\non_missing = \"not-applicable\"\non_missing_reason = \"Small weeks are skipped.\"");
    rates(&lenient, &[(60, 100), (10, 20)], State::Satisfied, false, "1 of 2 batches are left out, 2 (week 2): Small weeks are skipped");
    rates(&lenient, &[(10, 20)], State::NotApplicable, false, "1 of 1 batches are left out, 1 (week 1): Small weeks are skipped");
}

#[test]
fn an_expected_batch_that_is_missing_leaves_a_gap() {
    let policy = policy(
        ANY_SHAPE,
        "kind = \"metric\"\nmetric = \"approval-rate\"\ndecisions = \"logged\"\ncomparator = \"at-least\"\nlimit = \"0.50\"\nscope = \"each-batch\"",
    );
    let evidence = evidence(vec![batch(0, &[(60, 100)])]);
    let slot = Slot { start: week(1), end: week(2), label: "2026-W03".to_owned() };
    let scope = Scope { missing: vec![slot], ..Scope::default() };
    let found = result_of(&policy, Ok(&evidence), &scope);
    assert_eq!((found.state, found.reason), (State::Uncovered, said("1 expected batch is not in the package: 2026-W03")));
}

#[test]
fn an_interval_across_the_limit_does_not_hold() {
    let mut one = batch(0, &[(0, 0)]);
    // All good and bad outcomes share one bin: the table leaves the AUC anywhere between 0 and 1.
    one.table.counts[0][0] = [0, 0, 0, 30, 30, 0];
    let evidence = evidence(vec![one]);
    let policy = policy(ANY_SHAPE, "kind = \"metric\"\nmetric = \"auc\"\ncomparator = \"at-least\"\nlimit = \"0.70\"\nscope = \"overall\"");
    let found = result_of(&policy, Ok(&evidence), &Scope::default());
    assert_eq!(
        (found.state, found.reason),
        (State::Violated, said("the table leaves the value between 0.000 and 1.000, across the limit ≥ 0.70"))
    );
}

#[test]
fn a_group_below_the_minimum_is_left_out_aloud() {
    let rule = "kind = \"metric\"\nmetric = \"adverse-impact-ratio\"\ndecisions = \"logged\"\ncomparator = \"at-least\"\nlimit = \"0.80\"\nminimum_group_n = 50";
    let check = |scope: &str, of_c: &[u32], state: State, reason: &str| {
        let batches = of_c.iter().enumerate().map(|(at, rows)| batch(at, &[(80, 100), (75, 100), (*rows * 3 / 4, *rows), (75, 100)]));
        let policy = policy(ANY_SHAPE, &format!("{rule}\nscope = \"{scope}\""));
        let found = result_of(&policy, Ok(&evidence(batches.collect())), &Scope::default());
        assert_eq!((found.state, found.why.state, found.reason), (state, Some(state), said(reason)));
        found.n
    };
    let without = |n: usize, of: usize| format!("{n} of {of} batches compare without groups that have fewer than 50 rows in them: c");
    // In one week of two, and in all: none at all says no more than a few.
    assert_eq!(check("each-batch", &[49, 100], State::Satisfied, &without(1, 2)), "700 in 2 batches");
    for few in [49, 0] {
        let nothing = "nothing is known of c: compared in no batch";
        check("each-batch", &[few, few], State::Uncovered, &format!("{}. {nothing}", without(2, 2)));
        check("overall", &[few], State::Uncovered, "compared without groups that have fewer than 50 rows: c");
    }
    assert_eq!(check("overall", &[0, 100], State::Satisfied, ""), "700");
}

/// What a policy lets be too little to judge is rows and outcomes, not what the package leaves out.
#[test]
fn a_reference_that_is_not_there_is_not_too_few_rows() {
    let rule = "kind = \"metric\"\nmetric = \"score-psi\"\ncomparator = \"at-most\"\nlimit = \"0.2\"\nscope = \"each-batch\"\n\
                on_missing = \"not-applicable\"\non_missing_reason = \"Young models have none.\"";
    let found = result_of(&policy(ANY_SHAPE, rule), Ok(&evidence(vec![batch(0, &[(1, 2)])])), &Scope::default());
    assert_eq!(
        (found.state, found.reason),
        (State::Uncovered, said("1 of 1 batches give no value: 1 (week 1) (no reference batch is proven)"))
    );
}

#[test]
fn what_an_engagement_has_to_pin_counts_only_if_it_does() {
    let rule = "kind = \"model-unchanged\"\npinned = [\"model\"]";
    let found = result_of(&policy(ANY_SHAPE, rule), Ok(&evidence(vec![batch(0, &[(1, 2)])])), &Scope::default());
    assert_eq!(
        (found.state, found.reason),
        (State::Uncovered, said("the engagement does not pin the model, so the package's own word for it does not count"))
    );
}

/// Silence of the auditor about earlier packages is not the word that there is none.
#[test]
fn no_batch_is_of_a_period_that_an_earlier_package_covered() {
    let evidence = evidence(vec![batch(0, &[(1, 2)]), batch(1, &[(1, 2)])]);
    let policy = policy(ANY_SHAPE, "kind = \"no-overlap\"");
    let check = |tables: Option<&str>, scope: Scope, state: State, reason: &str| {
        let text = tables.map(|tables| format!("schema = \"engagement/v1\"\nid = \"E\"\ntitle = \"E\"\n{tables}"));
        let engagement = text.map(|text| Engagement::read(&text).unwrap());
        let found = result_under(engagement.as_ref(), &policy, Ok(&evidence), &scope);
        assert_eq!((found.state, found.reason), (state, said(reason)), "{tables:?}");
        found.actual
    };
    let silent = "no engagement confirms which periods earlier packages covered ([[earlier]]), or that there is none ([first_package])";
    check(None, Scope::default(), State::Uncovered, silent);
    check(Some(""), Scope::default(), State::Uncovered, silent);
    let earlier = "[[earlier]]\nstart = \"2025-01-01T00:00:00Z\"\nend = \"2026-01-12T00:00:00Z\"\norigin = \"record\"\n";
    check(Some(&format!("{earlier}status = \"taken from the package\"")), Scope::default(), State::Uncovered, silent);
    assert_eq!(check(Some(earlier), Scope::default(), State::Satisfied, ""), "2 of 2");
    let overlapping = Scope { repeated: vec![week(0)], ..Scope::default() };
    assert_eq!(check(Some(earlier), overlapping, State::Violated, "an earlier package covered batch 1 (week 1)"), "1 of 2");
    let first = "[first_package]\norigin = \"register\"\n";
    check(Some(first), Scope::default(), State::Satisfied, "");
    let expectation = |holds| Expectation {
        what: "previous chain head".into(),
        expected: "none".into(),
        found: String::new(),
        holds,
        origin: String::new(),
    };
    let continuing = |holds| Scope { expectations: vec![expectation(holds)], ..Scope::default() };
    check(Some(first), continuing(true), State::Satisfied, "");
    let contradicted = "the engagement says that this is the first package, and it continues the chain of another";
    check(Some(first), continuing(false), State::Uncovered, contradicted);
}

#[test]
fn other_circuits_than_those_accepted_are_not_checkable() {
    let rule = "kind = \"model-unchanged\"\ncircuits = [{ family = \"scored-cohort/v1\", shapes = [\"f20.w8.g4.b10.h4.n16\"] }]";
    let found = result_of(&policy(ANY_SHAPE, rule), Ok(&evidence(vec![batch(0, &[(1, 2)])])), &Scope::default());
    assert_eq!(found.state, State::Unverifiable);
    assert!(found.reason.starts_with("The requirement does not accept proofs of circuit scored-cohort/v1@f8"), "{}", found.reason);
}

#[test]
fn a_proof_system_short_of_what_is_asked_is_not_checkable() {
    let found = |keys: &str| {
        let rule = format!("kind = \"model-unchanged\"\n{keys}");
        let found = result_of(&policy(ANY_SHAPE, &rule), Ok(&evidence(vec![batch(0, &[(1, 2)])])), &Scope::default());
        (found.state, found.reason)
    };
    let met = (State::Satisfied, String::new());
    assert_eq!(found("security_bits_at_least = 125"), met);
    assert_eq!(found("properties = [\"zero-knowledge\"]"), met);
    let refused = |text: &str| (State::Unverifiable, said(text));
    assert_eq!(
        found("security_bits_at_least = 126"),
        refused(
            "the policy demands 126 bits of conjectured security, and Nova, Pallas and Vesta, IPA offers 125 bits conjectured, none proven"
        )
    );
    assert_eq!(
        found("properties = [\"post-quantum\"]"),
        refused("the policy demands post-quantum, which Nova, Pallas and Vesta, IPA does not have")
    );
}

/// One requirement may ask for more or less than the policy does; a proof that serves none is not looked at.
#[test]
fn a_proof_system_is_refused_before_the_proof_only_if_no_requirement_accepts_it() {
    let refused = |top: &str, of_requirement: &str| {
        let policy = policy(&format!("{ANY_SHAPE}\n"), &format!("kind = \"model-unchanged\"\n{of_requirement}"));
        let policy = Policy { security_bits_at_least: top.parse().ok(), ..policy };
        policy.system_refused_everywhere(ProofSystem::NovaPastaIpa).map(|refused| refused.cause)
    };
    assert_eq!(refused("", ""), None);
    assert_eq!(refused("126", ""), Some("security-too-low"));
    assert_eq!(refused("126", "security_bits_at_least = 100"), None);
    assert_eq!(refused("100", "security_bits_at_least = 126"), Some("security-too-low"));
    assert_eq!(refused("", "properties = [\"post-quantum\"]"), Some("property-missing"));
}

#[test]
fn a_person_is_asked_whatever_the_proof_says() {
    let rule = "kind = \"judgement\"\nquestion = \"the reference is right\"";
    let refusal = Refusal {
        state: ProofState::Rejected,
        cause: "proof-rejected",
        short: "the proof does not hold for its statement".to_owned(),
        text: String::new(),
        place: String::new(),
    };
    let asked = State::Judgement(Judgement::Open);
    assert_eq!(result_of(&policy(ANY_SHAPE, rule), Err(&refusal), &Scope::default()).state, asked);
    assert_eq!(result_of(&policy(ANY_SHAPE, rule), Ok(&evidence(vec![batch(0, &[(1, 2)])])), &Scope::default()).state, asked);
}

#[test]
fn a_refused_proof_is_an_alarm_for_everything_that_rests_on_it() {
    let refusal = |state| Refusal {
        state,
        cause: "proof-rejected",
        short: "the proof does not hold for its statement".to_owned(),
        text: String::new(),
        place: String::new(),
    };
    let reason = said("it has no valid evidence: the proof does not hold for its statement");
    for (rule, of_rejected, of_not_checkable) in [
        ("kind = \"model-unchanged\"", State::Rejected, State::Unverifiable),
        ("kind = \"plan-constraints\"", State::Rejected, State::Unverifiable),
        ("kind = \"batches-complete\"", State::Rejected, State::Unverifiable),
        ("kind = \"no-overlap\"", State::Rejected, State::Unverifiable),
        ("kind = \"evidence\"\nstatement = \"monitoring/v1\"", State::Rejected, State::Unverifiable),
    ] {
        let policy = policy(ANY_SHAPE, rule);
        for (proof, state) in [(ProofState::Rejected, of_rejected), (ProofState::NotCheckable, of_not_checkable)] {
            let found = result_of(&policy, Err(&refusal(proof)), &Scope::default());
            assert_eq!((found.state, &found.reason), (state, &reason), "{rule}");
        }
    }
    let absent = policy(ANY_SHAPE, "kind = \"evidence\"\nstatement = \"training/v1\"");
    assert_eq!(result_of(&absent, Err(&refusal(ProofState::Rejected)), &Scope::default()).state, State::Uncovered);
}

/// Declined rows left out leave the approvals as they were.
#[test]
fn approvals_alone_are_no_control_total() {
    let policy = policy(ANY_SHAPE, "kind = \"control-totals\"");
    let evidence = evidence(vec![batch(0, &[(40, 100)]), batch(1, &[(50, 100)])]);
    let state = |totals: [&str; 2]| {
        let batches: Vec<String> =
            totals.iter().enumerate().map(|(at, total)| format!("[[controls.batch]]\nstart = \"{}\"\n{total}\n", week(at))).collect();
        let text = format!("schema = \"engagement/v1\"\nid = \"t\"\ntitle = \"t\"\n[controls]\norigin = \"ledger\"\n{}", batches.concat());
        let engagement = Engagement::read(&text).unwrap();
        let result = result_under(Some(&engagement), &policy, Ok(&evidence), &Scope::default());
        (result.state, result.actual, result.reason)
    };
    assert_eq!(state(["rows = 100", "rows = 100\napproved = 50"]).0, State::Satisfied);
    let (uncovered, actual, reason) = state(["approved = 40", "rows = 100"]);
    assert_eq!((uncovered, actual.as_str()), (State::Uncovered, "1 of 2"));
    assert!(reason.ends_with("1 without a control total of rows."), "{reason}");
    assert_eq!(state(["approved = 40", "approved = 50"]).0, State::Uncovered);
}
