//! What the policy asks, and what the tables answer.

use verifold_model::{
    cohort::BatchRole,
    decimal::Decimal,
    format,
    metric::{Decisions, Metric, MetricKey, Value},
    record::{BatchRecord, BatchResult, GroupLine, RequirementResult, Series, Standing, WhyNode},
    state::{Judgement, Severity, Stage, State},
};

use super::Story;
use super::metrics::decimal;

/// What is asked of one metric.
struct Ask {
    id: &'static str,
    title: &'static str,
    area: &'static str,
    stage: Stage,
    key: MetricKey,
    limit: &'static str,
    warn: Option<&'static str>,
    maximum: bool,
}

fn measured(ask: &Ask, batches: &[BatchRecord], series: &[Series]) -> RequirementResult {
    let unit = ask.key.metric.definition().unit;
    let line = series.iter().find(|s| s.key == ask.key).unwrap();
    let limit: Decimal = ask.limit.parse().unwrap();
    let warn = ask.warn.map(|w| w.parse::<Decimal>().unwrap());
    let missed = |v: &Value, limit: Decimal| if ask.maximum { v.hi > limit } else { v.lo < limit };
    let margin = |v: &Value| {
        let room = if ask.maximum { limit.to_f64() - v.hi.to_f64() } else { v.lo.to_f64() - limit.to_f64() };
        let text = unit.text(decimal(room));
        if room > 0.0 { format!("+{text}") } else { text }
    };
    let mut results = Vec::new();
    let mut worst: Option<(&Value, &BatchRecord)> = None;
    for batch in batches.iter().filter(|b| b.role == BatchRole::Monitoring) {
        let point = line.points.iter().find(|p| p.batch.is_some() && p.batch == batch.index);
        let result = match point.and_then(|p| p.value.as_ref().map(|v| (p, v))) {
            Some((point, v)) => {
                let worse = worst.is_none_or(|(w, _)| if ask.maximum { v.hi > w.hi } else { v.lo < w.lo });
                if worse {
                    worst = Some((v, batch));
                }
                let state = if missed(v, limit) { State::Violated } else { State::Satisfied };
                let reason = if state == State::Violated { format!("{} is beyond the limit", v.text(unit)) } else { String::new() };
                let watch = state == State::Satisfied && warn.is_some_and(|w| missed(v, w));
                BatchResult { number: batch.number, state, watch, actual: v.text(unit), margin: margin(v), n: point.n, reason }
            }
            None => BatchResult {
                number: batch.number,
                state: State::Uncovered,
                watch: false,
                actual: String::new(),
                margin: String::new(),
                n: 0,
                reason: if batch.standing == Standing::Missing {
                    "no evidence in the package".into()
                } else {
                    "no outcome has matured".into()
                },
            },
        };
        results.push(result);
    }
    results.sort_by_key(|r| r.number);
    let count = |state| results.iter().filter(|r| r.state == state).count();
    let (violated, held, all) = (count(State::Violated), count(State::Satisfied), results.len());
    let watch = results.iter().any(|r| r.watch) && violated == 0;
    let state = if violated > 0 { State::Violated } else { State::Satisfied };
    let sign = if ask.maximum { '≤' } else { '≥' };
    let (value, at) = worst.unwrap();
    let quiet = WhyNode {
        label: String::new(),
        note: String::new(),
        state: None,
        actual: String::new(),
        threshold: String::new(),
        margin: String::new(),
        integers: String::new(),
        children: Vec::new(),
    };
    let threshold = format!("{sign} {}", unit.text(limit));
    let node = |result: &BatchResult| WhyNode {
        label: format!("batch {}", result.number),
        note: result.reason.clone(),
        state: Some(result.state),
        actual: result.actual.clone(),
        threshold: threshold.clone(),
        margin: result.margin.clone(),
        ..quiet.clone()
    };
    let mut children: Vec<WhyNode> = results.iter().filter(|r| r.state == State::Violated).map(node).collect();
    if let (Some(first), Some(content)) = (children.first_mut(), &at.content)
        && ask.key.metric == Metric::DemographicParityDifference
    {
        let mut lines: Vec<&GroupLine> = content.groups.iter().collect();
        lines.sort_by_key(|g| std::cmp::Reverse(g.model_approved * 1_000_000 / g.scored));
        let (hi, lo) = (lines[0], lines[3]);
        let rate = |g: &GroupLine| format!("{:.4}", g.model_approved as f64 / g.scored as f64);
        first.integers = format!(
            "10 × ({}·{} − {}·{}) = {} > {}",
            hi.model_approved,
            lo.scored,
            lo.model_approved,
            hi.scored,
            format::count(10 * (hi.model_approved * lo.scored - lo.model_approved * hi.scored)),
            format::count(hi.scored * lo.scored)
        );
        first.children = vec![
            WhyNode {
                label: "rows in the smallest group".into(),
                state: Some(State::Satisfied),
                actual: lines.iter().map(|g| g.scored).min().unwrap().to_string(),
                threshold: "≥ 100".into(),
                margin: format!("+{}", lines.iter().map(|g| g.scored).min().unwrap() - 100),
                ..quiet.clone()
            },
            WhyNode {
                label: "highest − lowest rate".into(),
                state: Some(State::Violated),
                actual: value.text(unit),
                threshold: threshold.clone(),
                margin: margin(value),
                children: vec![
                    WhyNode {
                        label: format!("highest: {}", hi.name),
                        note: format!("{} / {}", hi.model_approved, hi.scored),
                        actual: rate(hi),
                        ..quiet.clone()
                    },
                    WhyNode {
                        label: format!("lowest: {}", lo.name),
                        note: format!("{} / {}", lo.model_approved, lo.scored),
                        actual: rate(lo),
                        ..quiet.clone()
                    },
                ],
                ..quiet.clone()
            },
        ];
    }
    let number = |text: &str| {
        text.trim_start_matches('+')
            .split(['\u{202F}', '–'])
            .next()
            .unwrap_or_default()
            .replace('\u{2212}', "-")
            .parse::<f64>()
            .unwrap_or(f64::MAX)
    };
    let closest =
        results.iter().filter(|r| r.state == State::Satisfied).min_by(|a, b| number(&a.margin).total_cmp(&number(&b.margin))).unwrap();
    let uncovered = count(State::Uncovered);
    if uncovered > 0 {
        children.push(WhyNode {
            label: format::counted(uncovered as u64, "batch", "batches"),
            note: "no value there".into(),
            state: Some(State::Uncovered),
            threshold: threshold.clone(),
            ..quiet.clone()
        });
    }
    children.push(WhyNode {
        label: format::counted(held as u64, "batch holds", "batches hold"),
        note: format!("closest: batch {}", closest.number),
        state: Some(State::Satisfied),
        actual: closest.actual.clone(),
        threshold: threshold.clone(),
        margin: closest.margin.clone(),
        ..quiet.clone()
    });
    let title = ask.key.metric.definition().title;
    RequirementResult {
        id: ask.id.into(),
        title: ask.title.into(),
        area: ask.area.into(),
        sentence: format!(
            "In every weekly batch with at least 100 rows in each group, {} is {} {}.",
            title.to_lowercase(),
            if ask.maximum { "at most" } else { "at least" },
            unit.text(limit)
        ),
        stage: ask.stage,
        severity: Severity::Mandatory,
        assertion: "accuracy".into(),
        state,
        watch,
        reason: match violated {
            0 if watch => format!("The limit holds in every batch, but batch {} is beyond the warning level.", at.number),
            0 => format!("The limit holds in all {held} batches with a value; the closest is batch {}.", at.number),
            _ => format!(
                "Checked and missed in {violated} of {} batches. The furthest is {} in batch {}.",
                violated + held,
                value.text(unit),
                at.number
            ),
        },
        actual: value.text(unit),
        limit: threshold.clone(),
        margin: margin(value),
        n: format!("{} batches", violated + held),
        metric: Some(ask.key.clone()),
        limit_value: Some(limit),
        warn_value: warn,
        limit_is_maximum: ask.maximum,
        why: WhyNode {
            label: "every batch".into(),
            state: Some(state),
            actual: format!("{held} of {all}"),
            threshold: format!("{all} of {all}"),
            children,
            ..quiet
        },
        batches: results,
        proofs: vec!["monitoring".into()],
        legal: vec![
            "AI Act Art. 10(2)(f), 26(5), applies from 2 Dec 2027".into(),
            "EBA/GL/2020/06 § 4.3.4, applies since 30 Jun 2021".into(),
        ],
        does_not_show: ask.key.metric.definition().does_not_show.into(),
    }
}

#[expect(clippy::too_many_arguments, reason = "one line per requirement in the table below")]
pub(super) fn plain(
    id: &str,
    title: &str,
    area: &str,
    stage: Stage,
    severity: Severity,
    state: State,
    actual: &str,
    limit: &str,
    reason: &str,
) -> RequirementResult {
    RequirementResult {
        id: id.into(),
        title: title.into(),
        area: area.into(),
        sentence: format!("{title}."),
        stage,
        severity,
        assertion: "authorisation".into(),
        state,
        watch: false,
        reason: reason.into(),
        actual: actual.into(),
        limit: limit.into(),
        margin: String::new(),
        n: String::new(),
        metric: None,
        limit_value: None,
        warn_value: None,
        limit_is_maximum: true,
        batches: Vec::new(),
        why: WhyNode {
            label: title.to_lowercase(),
            note: String::new(),
            state: Some(state),
            actual: actual.into(),
            threshold: limit.into(),
            margin: String::new(),
            integers: String::new(),
            children: Vec::new(),
        },
        proofs: if state == State::Rejected {
            vec!["challenger".into()]
        } else if matches!(state, State::Satisfied) {
            vec!["monitoring".into()]
        } else {
            Vec::new()
        },
        legal: vec!["AI Act Art. 14(4), 26(2), applies from 2 Dec 2027".into()],
        does_not_show: "What the people concerned did with what they saw.".into(),
    }
}

pub(super) fn requirements(story: Story, batches: &[BatchRecord], series: &[Series]) -> Vec<RequirementResult> {
    let findings = story == Story::Findings;
    let either = |bad: State, good: State| if findings { bad } else { good };
    let person = |open: bool| State::Judgement(if open { Judgement::Open } else { Judgement::Met });
    let by = |metric, decisions| MetricKey { metric, decisions: Some(decisions), feature: None, matured: false };
    let csi = |feature: &str| MetricKey { metric: Metric::FeatureCsi, decisions: None, feature: Some(feature.into()), matured: false };
    let ask = |id, title, area, stage, key, limit, warn, maximum| {
        measured(&Ask { id, title, area, stage, key, limit, warn, maximum }, batches, series)
    };
    let proven = batches.iter().filter(|b| b.role == BatchRole::Monitoring && b.content.is_some()).count();
    use Severity::{Advisory, Mandatory};
    use Stage::{Data, Inference, Monitoring, Training};
    let mut list = vec![
        ask("DA-1", "Rows set aside are few", "Data governance", Data, MetricKey::plain(Metric::VoidRate), "0.02", Some("0.01"), true),
        plain(
            "DA-2",
            "The reference population is the right one",
            "Appropriateness",
            Data,
            Mandatory,
            person(findings),
            if findings { "open" } else { "met" },
            "a person",
            "Only a person can decide this.",
        ),
        plain(
            "TR-1",
            "AUC on the committed test set",
            "Accuracy",
            Training,
            if findings { Mandatory } else { Advisory },
            either(State::Uncovered, State::NotApplicable),
            "",
            "≥ 0.750",
            if findings {
                "The package holds no statement about training."
            } else {
                "The policy asks for it only in the year of training."
            },
        ),
        plain(
            "TR-2",
            "Robust to declared perturbation",
            "Robustness, drift",
            Training,
            Mandatory,
            either(State::Unverifiable, State::NotApplicable),
            "",
            "≥ 0.950",
            if findings {
                "The proof system is not one this program checks."
            } else {
                "The policy asks for it only in the year of training."
            },
        ),
        plain(
            "TR-3",
            "Metrics and limits are appropriate",
            "Appropriateness",
            Training,
            Mandatory,
            State::Judgement(Judgement::Met),
            "adequate",
            "a person",
            "Determined met by S. Okafor on 12 Nov 2026.",
        ),
        ask("IN-1", "Override rate", "Human oversight", Inference, MetricKey::plain(Metric::OverrideRate), "0.08", Some("0.06"), true),
        plain(
            "IN-2",
            "One model scored every batch",
            "Model identity",
            Inference,
            Mandatory,
            State::Satisfied,
            "equal",
            "equal",
            "One model commitment stands in every step of the proof.",
        ),
        plain(
            "IN-3",
            "The challenger scored nothing",
            "Model identity",
            Inference,
            Mandatory,
            either(State::Rejected, State::Satisfied),
            if findings { "0 of 1" } else { "1 of 1" },
            "1 of 1",
            if findings {
                "The final state of proof “challenger” differs from the replayed one at element 3, chain."
            } else {
                "Its proof is valid."
            },
        ),
        plain(
            "IN-4",
            "Human oversight is effective",
            "Human oversight",
            Inference,
            Mandatory,
            person(findings),
            if findings { "open" } else { "met" },
            "a person",
            "Only a person can decide this.",
        ),
        ask(
            "MO-1",
            "Approval-rate difference, age bands",
            "Bias examination",
            Monitoring,
            by(Metric::DemographicParityDifference, Decisions::Model),
            "0.10",
            Some("0.09"),
            true,
        ),
        ask(
            "MO-2",
            "Adverse-impact ratio, logged decisions",
            "Bias examination",
            Monitoring,
            by(Metric::AdverseImpactRatio, Decisions::Logged),
            "0.75",
            None,
            false,
        ),
        ask(
            "MO-3",
            "Score drift against the reference",
            "Robustness, drift",
            Monitoring,
            MetricKey::plain(Metric::ScorePsi),
            "0.25",
            Some("0.10"),
            true,
        ),
        ask("MO-4", "Input drift, utilisation", "Robustness, drift", Monitoring, csi("utilisation"), "0.25", Some("0.05"), true),
        plain(
            "MO-5",
            "Every week is covered",
            "Records",
            Monitoring,
            Mandatory,
            either(State::Uncovered, State::Satisfied),
            &format!("{proven} of 24"),
            "24 of 24",
            if findings {
                "Batch 21, 2026-W43, is expected by the engagement and not in the package."
            } else {
                "Every expected week is proven."
            },
        ),
        ask("MO-6", "AUC on matured outcomes", "Accuracy", Monitoring, MetricKey::plain(Metric::Auc), "0.60", Some("0.65"), false),
        plain(
            "MO-7",
            "Equal-opportunity gap",
            "Bias examination",
            Monitoring,
            Advisory,
            State::NotApplicable,
            "",
            "≤ 0.0500",
            "The policy asks for it only where outcomes of a whole year have matured.",
        ),
        ask("MO-8", "Volume suffices", "Records", Monitoring, MetricKey::plain(Metric::Volume), "500", None, false),
        plain(
            "MO-9",
            "Control totals agree",
            "Records",
            Monitoring,
            Mandatory,
            State::Satisfied,
            &format!("{proven} of {proven}"),
            "all",
            "Rows per batch equal the ledger’s.",
        ),
    ];
    list.last_mut().unwrap().assertion = "completeness".into();
    list
}
