//! The development data as printed: counts masked where the policy asks for it.

use serde_json::{Value, json};
use verifold_model::{
    development::{ColumnProfile, DatasetProfile, FeatureHistogram, PartHistograms, PartProfile},
    record::{AuditRecord, Standing},
};

use crate::view::cell;

/// Profile and histograms; nothing without a preparation.
pub(crate) fn development(record: &AuditRecord) -> Option<Value> {
    let development = record.development.as_ref()?;
    let min_cell = record.policy.min_cell;
    Some(json!({
        "profile": profile(&development.profile, min_cell),
        "histograms": development.histograms.as_ref().map(|histograms| of_parts(histograms, min_cell)),
    }))
}

fn profile(profile: &DatasetProfile, min_cell: u32) -> Value {
    let part = |part: &PartProfile| {
        json!({
            "name": part.name,
            "rows": cell(part.rows, min_cell),
            "missing": cell(part.missing, min_cell),
            "outside": cell(part.outside, min_cell),
            "groups": part.groups.iter().map(|group| json!({
                "name": group.name,
                "unknown": cell(group.unknown, min_cell),
                "good": cell(group.good, min_cell),
                "bad": cell(group.bad, min_cell),
            })).collect::<Vec<_>>(),
        })
    };
    let column = |column: &ColumnProfile| {
        let counts = column.counts.iter().flatten().map(|n| cell(*n, min_cell)).collect::<Vec<_>>();
        json!({ "name": column.name, "domain": column.domain, "counts": counts })
    };
    let (clean, unclean): (Vec<_>, Vec<_>) = profile.columns.iter().partition(|column| column.is_clean());
    json!({
        "proof": profile.proof,
        "proven": profile.standing == Standing::Proven,
        "parts": profile.parts.iter().map(part).collect::<Vec<_>>(),
        "columns": unclean.into_iter().map(column).collect::<Vec<_>>(),
        "clean": clean.len(),
    })
}

fn of_parts(histograms: &PartHistograms, min_cell: u32) -> Value {
    json!({
        "proof": histograms.proof,
        "proven": histograms.standing == Standing::Proven,
        "features": histograms.features.iter().map(|histogram| feature(histogram, min_cell)).collect::<Vec<_>>(),
    })
}

/// Bins with the counts of both parts, and the length of a bar for each: its share of the part, over the largest share there is.
fn feature(histogram: &FeatureHistogram, min_cell: u32) -> Value {
    let total = |part: &[u64]| part.iter().sum::<u64>().max(1) as f64;
    // A bar would tell what is masked.
    let share = |n: u64, part: &[u64]| if n < u64::from(min_cell) { 0.0 } else { n as f64 / total(part) };
    let shares = histogram.counts.iter().flat_map(|part| part.iter().map(|n| share(*n, part)));
    let most = shares.fold(f64::MIN_POSITIVE, f64::max);
    let bins = histogram.counts.iter().map(Vec::len).max().unwrap_or(0);
    let bin = |at: usize| {
        let of = |part: &Vec<u64>| part.get(at).copied().unwrap_or(0);
        json!({
            "name": histogram.bin(at),
            "counts": histogram.counts.iter().map(|part| cell(of(part), min_cell)).collect::<Vec<_>>(),
            "bars": histogram.counts.iter().map(|part| share(of(part), part) / most).collect::<Vec<_>>(),
        })
    };
    json!({ "name": histogram.feature, "unit": histogram.unit, "bins": (0..bins).map(bin).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_count_is_masked_in_number_and_bar() {
        let histogram = FeatureHistogram {
            feature: "income".to_owned(),
            unit: "EUR".to_owned(),
            edges: vec!["300".to_owned()],
            counts: vec![vec![4, 16], vec![0, 10]],
        };
        let value = feature(&histogram, 5);
        assert_eq!(value["bins"][0], json!({ "name": "below 300", "counts": ["< 5", "0"], "bars": [0.0, 0.0] }));
        assert_eq!(value["bins"][1], json!({ "name": "300 and above", "counts": ["16", "10"], "bars": [0.8, 1.0] }));
    }
}
