//! Policies: the built-in one reads as it should, and every way to get a policy wrong is named with its place.

use std::fmt::Write as _;

use verifold_model::{
    limits::Limit,
    plan::{
        Calendar, Feature, Grouping, Histogram, MissingRule, ModelKind, OutcomeDefinition, OutsideRule, Plan, PlanSchema, ScoreDirection,
        Scoring,
    },
    shape::{CircuitFamily, CircuitId, Shape},
};
use verifold_policy::{Level, Policy, Rule};

const BUILT_IN: &str = include_str!("../../../assets/policies/eu-ai-act-credit-scoring.toml");

#[test]
fn the_built_in_policy_reads_in_plain_english() {
    let policy = Policy::read(BUILT_IN).unwrap();
    let mut text = String::new();
    for requirement in &policy.requirements {
        writeln!(text, "{:<6} {}", requirement.id, requirement.sentence()).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn legal_references_name_source_place_and_date() {
    let policy = Policy::read(BUILT_IN).unwrap();
    let requirement = policy.requirements.iter().find(|requirement| requirement.id == "MO-13").unwrap();
    assert_eq!(
        policy.legal_text(requirement),
        ["AI Act, Regulation (EU) 2024/1689, Art. 12, 26(6); applies from 2 Dec 2027 for credit scoring (Annex III, point 5(b))"]
    );
}

/// A requirement that holds plans to a policy's constraints.
const CONSTRAINTS: &str = r#"id = "P"
title = "Plan"
area = "Plan"
stage = "monitoring"
severity = "mandatory"
assertion = "accuracy"
kind = "plan-constraints"
legal = [{ source = "law", place = "Art. 1" }]
"#;

/// A policy with one requirement whose keys can be replaced.
const SMALL: &str = r#"schema = "policy/v1"
id = "small"
title = "Small"
version = "1"

[[circuit]]
family = "scored-cohort/v1"

[[source]]
id = "law"
title = "A law"
version = "1"
in_force_from = "2026-01-01"
reviewed_on = "2026-01-01"

[[requirement]]
id = "A"
title = "Difference"
area = "Bias"
assertion = "accuracy"
stage = "monitoring"
severity = "mandatory"
kind = "metric"
metric = "demographic-parity-difference"
decisions = "logged"
comparator = "at-most"
limit = "0.10"
warn = "0.08"
scope = "each-batch"
minimum_n = 100
minimum_group_n = 60
legal = [{ source = "law", place = "Art. 1" }]
"#;

/// Applies `edits` (text, replacement) to the small policy and compares its notices, `line:column level cause`.
#[track_caller]
fn check(edits: &[(&str, &str)], expected: &[&str]) {
    let mut text = SMALL.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from:?} is not in the small policy");
        text = text.replacen(from, to, 1);
    }
    let lint = Policy::lint(&text);
    let found: Vec<String> =
        lint.notices.iter().map(|notice| format!("{}:{} {} {}", notice.line, notice.column, notice.level.word(), notice.cause)).collect();
    assert_eq!(found, expected, "{:#?}", lint.notices);
    assert_eq!(lint.value.is_none(), lint.notices.iter().any(|notice| notice.level == Level::Error));
}

#[test]
fn the_small_policy_has_nothing_to_remark() {
    check(&[], &[]);
}

#[test]
fn toml_that_is_not_a_policy_is_named_with_its_place() {
    check(&[("title = \"Small\"", "titel = \"Small\"")], &["3:1 error toml"]);
    check(&[("policy/v1", "policy/v2")], &["1:10 error toml"]);
    check(&[("limit = \"0.10\"", "limit = 0.10")], &["27:9 error toml"]);
    check(&[("limit = \"0.10\"", "limit = \"a tenth\"")], &["27:9 error toml"]);
    check(&[("scope = \"each-batch\"", "scope = \"every-batch\"")], &["29:9 error toml"]);
    check(&[("minimum_n = 100", "minimum = 100")], &["30:1 error toml"]);
    check(&[("version = \"1\"", "version = ")], &["4:11 error toml"]);
}

#[test]
fn keys_must_fit_the_metric() {
    check(&[("decisions = \"logged\"\n", "")], &["24:10 error decisions-missing"]);
    check(
        &[("\"demographic-parity-difference\"", "\"feature-csi\"")],
        &["24:10 error feature-missing", "25:13 error decisions-not-used", "31:19 error key-not-used"],
    );
    check(&[("decisions = \"logged\"", "decisions = \"logged\"\nfeature = \"income\"")], &["26:11 error feature-not-used"]);
    check(&[("minimum_group_n = 60\n", "")], &["24:10 warning no-minimum"]);
    check(
        &[("\"demographic-parity-difference\"\ndecisions = \"logged\"", "\"score-psi\""), ("minimum_n = 100\nminimum_group_n = 60\n", "")],
        &["24:10 warning no-minimum"],
    );
    check(
        &[
            ("\"demographic-parity-difference\"\ndecisions = \"logged\"", "\"volume\""),
            ("\"0.10\"\nwarn = \"0.08\"", "\"300.5\""),
            ("minimum_group_n = 60\n", ""),
        ],
        &["26:9 error not-whole", "28:13 error key-not-used"],
    );
}

#[test]
fn outcomes_are_named_where_a_metric_looks_at_them() {
    let metric = ("\"demographic-parity-difference\"\ndecisions = \"logged\"", "\"outcome-coverage\"\noutcomes = \"matured\"");
    let no_groups = ("minimum_group_n = 60\n", "");
    check(&[metric, no_groups], &[]);
    check(&[("decisions = \"logged\"", "decisions = \"logged\"\noutcomes = \"matured\"")], &["26:12 error outcomes-not-used"]);
    check(&[metric, no_groups, ("stage = \"monitoring\"", "stage = \"training\"")], &["25:12 error outcomes-not-used"]);
    let between = |rest: &'static str| ("\"demographic-parity-difference\"\ndecisions = \"logged\"", rest);
    let accepted = ("[[source]]", "[[circuit]]\nfamily = \"outcome-revision/v1\"\n\n[[source]]");
    check(&[between("\"good-to-bad\""), no_groups, accepted], &[]);
    check(&[between("\"good-to-bad\""), no_groups], &["17:6 warning statement-not-accepted"]);
    check(&[between("\"good-to-bad\"\noutcomes = \"matured\""), no_groups, accepted], &["28:12 error outcomes-not-used"]);
    check(
        &[between("\"good-to-bad\""), no_groups, accepted, ("stage = \"monitoring\"", "stage = \"training\"")],
        &["27:10 error stage-differs"],
    );
    check(
        &[
            (SMALL.split_once("kind = \"metric\"\n").unwrap().1.split_once("legal").unwrap().0, "outcomes = \"matured\"\n"),
            ("kind = \"metric\"", "kind = \"model-unchanged\""),
        ],
        &["24:12 error key-not-used"],
    );
}

#[test]
fn limits_must_be_able_to_decide() {
    check(&[("warn = \"0.08\"", "warn = \"0.12\"")], &["28:8 error warn-beyond-limit"]);
    check(&[("at-most", "at-least")], &["28:8 error warn-beyond-limit"]);
    check(&[("limit = \"0.10\"", "limit = \"10\"")], &["27:9 error limit-out-of-range"]);
    check(&[("scope = \"each-batch\"", "scope = { consecutive = 1 }")], &["29:9 error consecutive-too-few"]);
    check(&[("scope = \"each-batch\"", "scope = \"overall\"\ntolerance = { batches = 1 }")], &["30:13 error key-not-used"]);
    check(&[("scope = \"each-batch\"", "scope = \"each-batch\"\ntolerance = { share = \"1.5\" }")], &["30:13 error share-out-of-range"]);
    check(&[("minimum_n = 100", "minimum_n = 100\non_missing = \"not-applicable\"")], &["31:14 error key-missing"]);
    check(&[("minimum_n = 100", "minimum_n = 100\non_missing_reason = \"so\"")], &["31:21 error key-not-used"]);
}

#[test]
fn limits_on_packages_stay_within_their_range() {
    let limits = |table: &str| [SMALL, "\n[limits]\n", table].concat();
    let read = |table: &str| Policy::read(&limits(table));
    let set = read("batches = 52\nconstraints = 262144\n").unwrap().limits;
    assert_eq!((set.of(Limit::Batches), set.of(Limit::Constraints), set.of(Limit::Steps)), (52, 1 << 18, Limit::Steps.default()));
    for limit in Limit::ALL {
        let key = limit.key();
        for edge in [limit.least(), limit.most()] {
            assert_eq!(read(&format!("{key} = {edge}\n")).unwrap().limits.of(limit), edge, "{key}");
        }
        let beyond = [Some(limit.most() + 1), limit.least().checked_sub(1)];
        for beyond in beyond.into_iter().flatten() {
            let error = read(&format!("{key} = {beyond}\n")).unwrap_err();
            assert_eq!(error.notices[0].cause, "limits-range", "{error}");
            assert!(error.notices[0].text.contains(&format!("`{key}`")) && error.notices[0].column > 1, "{error}");
        }
    }
    let unknown = read("batch = 3\n").unwrap_err();
    assert_eq!(unknown.notices[0].cause, "toml");
    assert!(unknown.to_string().contains("unknown variant `batch`"), "{unknown}");
    let large = limits("").replace("family = \"scored-cohort/v1\"", "family = \"scored-cohort/v1\"\nshapes = [\"f20.w8.g4.b10.h4.n18\"]");
    let error = Policy::read(&large).unwrap_err();
    assert_eq!(error.notices[0].cause, "shape-over-limit");
    assert!(error.notices[0].text.contains("`constraints = …` under [limits] in the policy moves it, up to 262144"), "{error}");
    assert!(Policy::read(&format!("{large}constraints = 262144\n")).is_ok());
}

#[test]
fn keys_must_fit_the_kind() {
    check(&[("kind = \"metric\"\nmetric = \"demographic-parity-difference\"\n", "kind = \"metric\"\n")], &["23:8 error key-missing"]);
    let metric_keys = SMALL.split_once("kind = \"metric\"\n").unwrap().1.split_once("legal").unwrap().0;
    check(&[(metric_keys, ""), ("kind = \"metric\"", "kind = \"judgement\"")], &["23:8 error key-missing"]);
    check(&[(metric_keys, "limit = \"0.1\"\n"), ("kind = \"metric\"", "kind = \"model-unchanged\"")], &["24:9 error key-not-used"]);
    check(&[(metric_keys, ""), ("kind = \"metric\"", "kind = \"batches-complete\"")], &["17:6 warning not-pinned"]);
    let no_overlap = [(metric_keys, ""), ("kind = \"metric\"", "kind = \"no-overlap\"")];
    check(&no_overlap, &["17:6 warning not-pinned"]);
    let pinned = ("version = \"1\"", "version = \"1\"\npinned = [\"earlier-packages\"]");
    check(&[no_overlap[0], no_overlap[1], pinned], &[]);
    assert_eq!(sentence(&no_overlap), "No batch lies in a period that the engagement says an earlier package covered.");
    check(&[(metric_keys, ""), ("kind = \"metric\"", "kind = \"plan-constraints\"")], &["17:6 warning no-constraint"]);
    let evidence = |of| format!("kind = \"evidence\"\nstatement = \"{of}\"");
    check(&[(metric_keys, ""), ("kind = \"metric\"", &evidence("training/v9"))], &["17:6 warning statement-unknown"]);
    check(&[(metric_keys, ""), ("kind = \"metric\"", &evidence("training/v1"))], &["17:6 warning statement-not-accepted"]);
    check(&[(metric_keys, ""), ("kind = \"metric\"", &evidence("monitoring/v1"))], &[]);
}

/// The sentence of the small policy's requirement after `edits`.
#[track_caller]
fn sentence(edits: &[(&str, &str)]) -> String {
    let text = edits.iter().fold(SMALL.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    Policy::read(&text).unwrap().requirements[0].sentence()
}

#[test]
fn what_is_asked_of_a_proof_system_is_read_and_must_be_within_reach() {
    check(&[("version = \"1\"", "version = \"1\"\nsecurity_bits_at_least = 125")], &[]);
    check(&[("version = \"1\"", "version = \"1\"\nsecurity_bits_at_least = 126")], &["5:26 warning system-out-of-reach"]);
    check(&[("version = \"1\"", "version = \"1\"\nproperties = [\"post-quantum\"]")], &["2:6 warning system-out-of-reach"]);
    check(&[("minimum_n = 100", "security_bits_at_least = 128\nminimum_n = 100")], &["30:26 warning system-out-of-reach"]);
    check(&[("minimum_n = 100", "properties = [\"post-quantum\"]\nminimum_n = 100")], &["17:6 warning system-out-of-reach"]);
    check(&[("minimum_n = 100", "security_bits_at_least = \"high\"\nminimum_n = 100")], &["30:26 error toml"]);

    let plain = sentence(&[]);
    let demand = "properties = [\"zero-knowledge\", \"succinct\"]\nsecurity_bits_at_least = 100\nminimum_n = 100";
    assert_eq!(
        sentence(&[("minimum_n = 100", demand)]),
        format!("{plain} Its proof system is to be zero-knowledge, succinct and of at least 100 bits of conjectured security.")
    );
}

#[test]
fn names_must_be_known_and_unique() {
    let requirement = SMALL.split_once("[[requirement]]").unwrap().1;
    let twice = format!("{requirement}\n[[requirement]]{requirement}");
    check(&[(requirement, &twice)], &["35:6 error duplicate-id"]);
    check(&[("source = \"law\"", "source = \"lore\"")], &["10:6 warning source-not-cited", "32:21 error unknown-source"]);
    check(&[("id = \"A\"", "id = \"A 1\"")], &["17:6 error id-form"]);
    check(&[("area = \"Bias\"", "area = \" \"")], &["19:8 error empty"]);
    check(&[("[[circuit]]\nfamily = \"scored-cohort/v1\"\n", "")], &["2:6 error no-circuit"]);
    check(&[("version = \"1\"\n", "version = \"1\"\nillustrative = true\n")], &["2:6 warning no-caveat"]);
}

#[test]
fn plan_constraints_must_be_complete() {
    // One more that can be kept, so that the requirement has something to hold plans to.
    let another = "[[plan]]\nfield = \"maturity-days\"\nat_least = 1\n";
    let with = |constraints: &str| format!("{constraints}\n{another}\n[[requirement]]\n{CONSTRAINTS}\n[[requirement]]");
    let cases = [
        ("[[plan]]\nfield = \"score-bins\"\n", "17:9 error key-missing"),
        ("[[plan]]\nfield = \"score-bins\"\nat_least = \"2.5\"\n", "18:12 error not-whole"),
        ("[[plan]]\nfield = \"cutoff-is-edge\"\nat_least = 1\n", "18:12 error key-not-used"),
        ("[[plan]]\nfield = \"groups\"\n", "17:9 error key-missing"),
        ("[[plan]]\nfield = \"calendar\"\nexactly = \"fortnight\"\n", "18:11 error unknown-calendar"),
        ("[[plan]]\nfield = \"attribute\"\nexactly = [\"sex\", \"age\"]\n", "18:11 error one-name"),
        ("[[plan]]\nfield = \"histograms\"\ninclude = []\n", "18:11 error no-names"),
        ("[[plan]]\nfield = \"histograms\"\ninclude = [\"a\", \"a\"]\n", "18:11 error duplicate-name"),
        ("[[plan]]\nfield = \"reference-share\"\nat_least = \"0.3\"\nat_most = \"0.2\"\n", "18:12 error share-out-of-range"),
        (
            "[[plan]]\nfield = \"scale-bits\"\nat_least = 12\n[[plan]]\nfield = \"scale-bits\"\nat_least = 13\n",
            "20:9 error duplicate-constraint",
        ),
    ];
    for (constraints, expected) in cases {
        check(&[("[[requirement]]", &with(constraints))], &[expected]);
    }
    // A plan that breaks it would be found out by nobody.
    let unasked = "[[plan]]\nfield = \"scale-bits\"\nat_least = 12\n[[requirement]]";
    check(&[("[[requirement]]", unasked)], &["17:9 error constraints-unasked"]);
}

#[test]
fn a_sentence_says_what_happens_to_small_batches_and_tolerated_ones() {
    let sentence = |edits: &[(&str, &str)]| {
        let text = edits.iter().fold(SMALL.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        Policy::read(&text).unwrap().requirements.last().unwrap().sentence()
    };
    assert_eq!(
        sentence(&[]),
        "In every batch, each with at least 100 scored rows, the approval rates under logged decisions of groups with at least 60 scored rows differ by at most 0.10."
    );
    assert_eq!(
        sentence(&[(
            "minimum_n = 100",
            "minimum_n = 100\non_missing = \"not-applicable\"\non_missing_reason = \"small\"\ntolerance = { share = \"0.05\" }"
        )]),
        "In all but at most 5\u{202F}% of the batches with at least 100 scored rows, the approval rates under logged decisions of groups with at least 60 scored rows differ by at most 0.10."
    );
    assert_eq!(
        sentence(&[
            ("\"each-batch\"", "{ consecutive = 3 }"),
            ("[[circuit]]", &format!("[[plan]]\nfield = \"calendar\"\nexactly = \"month\"\n[[requirement]]\n{CONSTRAINTS}[[circuit]]"))
        ]),
        "In at least one of any 3 consecutive monthly batches, each with at least 100 scored rows, the approval rates under logged decisions of groups with at least 60 scored rows differ by at most 0.10."
    );
}

#[test]
fn circuits_are_accepted_by_family_and_shape() {
    let text = SMALL.replacen("family = \"scored-cohort/v1\"", "family = \"scored-cohort/v1\"\nshapes = [\"f20.w8.g4.b10.h4.n16\"]", 1);
    let policy = Policy::read(&text).unwrap();
    let circuit = |shape: &str| CircuitId { family: CircuitFamily::ScoredCohortV1, shape: shape.parse().unwrap() };
    assert!(policy.accepts(circuit("f20.w8.g4.b10.h4.n16")));
    assert!(!policy.accepts(circuit("f20.w8.g2.b10.h4.n16")));
    assert!(Policy::read(SMALL).unwrap().accepts(circuit("f20.w8.g2.b10.h4.n16")));
    assert!(matches!(policy.requirements[0].rule, Rule::Metric(_)));
}

fn plan() -> Plan {
    let names = ["monthly_income", "debt_to_income", "utilisation", "instalment_to_income"];
    let feature = |name: &str| Feature {
        name: name.to_owned(),
        unit: String::new(),
        offset: "0".parse().unwrap(),
        step: "1".parse().unwrap(),
        max: 255,
        outside: OutsideRule::Clamp,
        missing: MissingRule::Void,
    };
    Plan {
        schema: PlanSchema::V1,
        shape: Shape::new(20, 8, 4, 10, 4, 16).unwrap(),
        features: names.map(feature).to_vec(),
        scoring: Scoring {
            kind: ModelKind::LogisticRegression,
            scale_bits: 14,
            direction: ScoreDirection::HigherIsRiskier,
            edges: (-4..5).map(|edge| edge * 1000).collect(),
            cutoff: 7,
            expected_bad_ppm: (1..=10).map(|bin| bin * 20_000).collect(),
        },
        outcome: OutcomeDefinition { bad_means: "Ninety days past due.".to_owned(), maturity_days: 90 },
        grouping: Grouping {
            attribute: "age band".to_owned(),
            names: ["18–29", "30–44", "45–59", "60+"].map(str::to_owned).to_vec(),
            not_disclosed: None,
        },
        histograms: names.map(|name| Histogram { feature: name.to_owned(), edges: (1..10).collect() }).to_vec(),
        calendar: Calendar::IsoWeek,
    }
}

/// Names of the plan choices whose constraint does not hold.
fn missed(policy: &Policy, plan: &Plan, per_bin: Option<&[u32]>) -> Vec<String> {
    let table = per_bin.map(|per_bin| {
        let mut table = verifold_model::cohort::BatchTable::empty(plan);
        for (bin, count) in per_bin.iter().enumerate() {
            table.counts[bin][0][1] = *count;
        }
        table
    });
    policy.plan_choices(plan, table.as_ref()).into_iter().filter(|choice| !choice.holds).map(|choice| choice.what).collect()
}

#[test]
fn every_choice_of_a_plan_is_listed_and_compared() {
    let policy = Policy::read(BUILT_IN).unwrap();
    let even = [100; 10];
    assert_eq!(missed(&policy, &plan(), Some(&even)), [""; 0]);
    assert_eq!(missed(&policy, &plan(), None), ["reference share of each score bin"]);
    // 2 % and 25 % themselves keep the constraint.
    assert_eq!(missed(&policy, &plan(), Some(&[20, 250, 250, 80, 80, 80, 80, 80, 40, 40])), [""; 0]);
    assert_eq!(missed(&policy, &plan(), Some(&[19, 251, 250, 80, 80, 80, 80, 80, 40, 40])), ["reference share of each score bin"]);
    let mut coarse = plan();
    coarse.scoring.scale_bits = 11;
    coarse.grouping.names.truncate(2);
    coarse.grouping.attribute = "age".to_owned();
    coarse.histograms.pop();
    coarse.calendar = Calendar::Free;
    coarse.outcome.maturity_days = 30;
    assert_eq!(
        missed(&policy, &coarse, Some(&even)),
        ["score scale", "outcome maturity", "grouping attribute", "groups", "features with a histogram", "calendar"]
    );
    // A group that is named as that of those who did not say is in no comparison.
    let mut hidden = plan();
    hidden.grouping.not_disclosed = Some(0);
    assert_eq!(missed(&policy, &hidden, Some(&even)), ["groups"]);
    let mut table = String::new();
    for choice in policy.plan_choices(&plan(), None) {
        writeln!(table, "{} | {} | {}", choice.what, choice.chosen, choice.constraint.as_deref().unwrap_or("chosen by the provider"))
            .unwrap();
    }
    insta::assert_snapshot!(table);
}
