//! Metrics of the count tables, in floating point.

use verifold_model::{
    cohort::BatchRole,
    decimal::Decimal,
    metric::{Decisions, Fraction, Metric, MetricKey, Value},
    plan::Plan,
    record::{BatchContent, BatchRecord, GroupLine, Point, Series},
};

use super::tables::FEATURES;

pub(super) fn decimal(value: f64) -> Decimal {
    Decimal::new((value * 1e9).round() as i64, 9).unwrap()
}

fn interval(lo: f64, hi: f64) -> Value {
    Value { lo: decimal(lo), hi: decimal(hi), exact: None }
}

fn ratio(numerator: i64, denominator: i64) -> Option<Value> {
    (denominator > 0).then(|| {
        let value = decimal(numerator as f64 / denominator as f64);
        Value { lo: value, hi: value, exact: Some(Fraction { numerator, denominator }) }
    })
}

#[expect(clippy::disallowed_methods, reason = "made-up numbers for tests, not a record that is kept")]
fn psi(now: &[u64], reference: &[u64]) -> f64 {
    let total = |bins: &[u64]| bins.iter().map(|n| *n as f64 + 0.5).sum::<f64>();
    let (n, m) = (total(now), total(reference));
    now.iter()
        .zip(reference)
        .map(|(a, b)| {
            let (p, q) = ((*a as f64 + 0.5) / n, (*b as f64 + 0.5) / m);
            (p - q) * (p / q).ln()
        })
        .sum()
}

pub(super) fn value(plan: &Plan, reference: &BatchContent, content: &BatchContent, key: &MetricKey) -> (Option<Value>, u64) {
    let signed = |n: u64| i64::try_from(n).unwrap();
    let rates = |part: fn(&GroupLine) -> u64, of: fn(&GroupLine) -> u64| -> Option<(f64, f64)> {
        let rates: Vec<f64> = content.groups.iter().filter(|g| of(g) > 0).map(|g| part(g) as f64 / of(g) as f64).collect();
        let lo = rates.iter().copied().reduce(f64::min)?;
        Some((lo, rates.iter().copied().reduce(f64::max)?))
    };
    let scored: fn(&GroupLine) -> u64 = |g| g.scored;
    let approved: fn(&GroupLine) -> u64 = match key.decisions {
        Some(Decisions::Logged) => |g| g.logged_approved,
        _ => |g| g.model_approved,
    };
    let overrides = content
        .table
        .counts
        .iter()
        .enumerate()
        .flat_map(|(bin, row)| row.iter().map(move |cell| (bin, cell)))
        .map(|(bin, cell)| {
            let offset = usize::from(!plan.scoring.approves(bin));
            u64::from(cell[offset] + cell[offset + 2] + cell[offset + 4])
        })
        .sum::<u64>();
    let scores = |content: &BatchContent| -> Vec<u64> {
        content.table.counts.iter().map(|row| row.iter().flatten().map(|n| u64::from(*n)).sum()).collect()
    };
    let n = content.scored;
    let exact = |lo: f64| interval(lo, lo);
    match key.metric {
        Metric::Volume => (ratio(signed(n), 1), n),
        Metric::VoidRate => (ratio(signed(content.void), signed(content.rows)), content.rows),
        Metric::ApprovalRate => (ratio(signed(content.groups.iter().map(approved).sum()), signed(n)), n),
        Metric::OverrideRate => (ratio(signed(overrides), signed(n)), n),
        Metric::OutcomeCoverage => (ratio(signed(content.known), signed(n)), n),
        Metric::DemographicParityDifference => (rates(approved, scored).map(|(lo, hi)| exact(hi - lo)), n),
        Metric::AdverseImpactRatio => (rates(approved, scored).map(|(lo, hi)| exact(lo / hi)), n),
        Metric::ScorePsi => {
            let v = psi(&scores(content), &scores(reference));
            (Some(interval(v, v + 1e-9)), n)
        }
        Metric::FeatureCsi => {
            let h = FEATURES.iter().position(|f| Some(*f) == key.feature.as_deref()).unwrap();
            let wide = |c: &BatchContent| -> Vec<u64> { c.table.histograms[h].iter().map(|n| u64::from(*n)).collect() };
            let v = psi(&wide(content), &wide(reference));
            (Some(interval(v, v + 1e-9)), n)
        }
        Metric::Auc => {
            if content.known == 0 {
                return (None, 0);
            }
            let of = |first: usize| -> Vec<f64> {
                content.table.counts.iter().map(|row| row.iter().map(|c| f64::from(c[first] + c[first + 1])).sum()).collect()
            };
            let (good, bad) = (of(2), of(4));
            let (mut won, mut tied) = (0.0, 0.0);
            for (i, g) in good.iter().enumerate() {
                won += g * bad[..i].iter().sum::<f64>();
                tied += g * bad[i];
            }
            let pairs = good.iter().sum::<f64>() * bad.iter().sum::<f64>();
            (Some(interval(won / pairs, (won + tied) / pairs)), content.known)
        }
        _ => (None, n),
    }
}

pub(super) fn keys() -> Vec<MetricKey> {
    let by = |metric, decisions| MetricKey { metric, decisions: Some(decisions), feature: None, matured: false };
    let mut keys = vec![
        MetricKey::plain(Metric::Volume),
        MetricKey::plain(Metric::VoidRate),
        by(Metric::ApprovalRate, Decisions::Model),
        by(Metric::ApprovalRate, Decisions::Logged),
        MetricKey::plain(Metric::OverrideRate),
        MetricKey::plain(Metric::OutcomeCoverage),
        MetricKey::plain(Metric::Auc),
        MetricKey::plain(Metric::ScorePsi),
        by(Metric::DemographicParityDifference, Decisions::Model),
        by(Metric::DemographicParityDifference, Decisions::Logged),
        by(Metric::AdverseImpactRatio, Decisions::Model),
        by(Metric::AdverseImpactRatio, Decisions::Logged),
    ];
    keys.extend(FEATURES[..4].iter().map(|f| MetricKey {
        metric: Metric::FeatureCsi,
        decisions: None,
        feature: Some((*f).into()),
        matured: false,
    }));
    keys
}

pub(super) fn series(plan: &Plan, batches: &[BatchRecord]) -> Vec<Series> {
    let reference = batches[0].content.as_ref().unwrap();
    keys()
        .into_iter()
        .map(|key| Series {
            title: key.to_string(),
            unit: key.metric.definition().unit,
            points: batches
                .iter()
                .filter(|b| b.role == BatchRole::Monitoring)
                .filter_map(|b| Some((b.index, b.content.as_ref()?)))
                .map(|(batch, content)| {
                    let (value, n) = value(plan, reference, content, &key);
                    let undefined = if value.is_some() { String::new() } else { "no outcome has matured".into() };
                    Point { batch, value, n, undefined }
                })
                .collect(),
            overall: None,
            key,
        })
        .collect()
}
