//! Which plan follows from a specification and the reference rows?
//!
//! Score bins are quantiles of the reference's integer scores with the cut-off in place of the
//! nearest of them, so that the decision is a function of the bin; expected shares are the float
//! model's own mean predicted probabilities. Whatever the specification gives explicitly is taken
//! as it stands. [`Plan::check`] has the last word.

use verifold_circuits::{AnyModel, RowKind};
use verifold_model::plan::{Grouping, Histogram, ModelKind, Plan, PlanSchema, ScoreDirection, Scoring};

use crate::{
    error::ProveError,
    integer::{probability, units},
    layout::Layout,
    rows::PreparedRow,
    spec::{ExpectedBad, HistogramSpec, ScoreEdges, Spec},
};

/// The plan of a specification.
///
/// `reference` are the reference rows; `probabilities` the float model's outputs for the scored ones, in order.
///
/// # Errors
/// [`ProveError::Reference`] if the reference has no scored row or an explicit cut-off is no edge;
/// [`ProveError::Plan`] if the outcome contradicts itself.
pub fn derive(
    spec: &Spec,
    layout: &Layout,
    model: &AnyModel,
    reference: &[PreparedRow],
    probabilities: &[f64],
) -> Result<Plan, ProveError> {
    let rows: Vec<&[u32]> = reference
        .iter()
        .filter_map(|row| match &row.record.kind {
            RowKind::Scored { features, .. } => Some(&features[..]),
            RowKind::Void(_) => None,
        })
        .collect();
    if rows.is_empty() {
        return Err(ProveError::Reference {
            problem: "the reference holds no row that can be scored, so nothing can be compared with it".to_owned(),
        });
    }
    let (shape, bins) = (layout.shape, layout.shape.bins());
    let scores: Vec<i64> = rows.iter().map(|row| model.score(row)).collect();
    let bound = 1i64 << Plan::score_bits(shape);
    let cutoff_score = spec.scoring.cutoff.score(spec.scoring.scale_bits);
    let (edges, cutoff) = match &spec.scoring.edges {
        ScoreEdges::Quantiles(_) => {
            let mut edges = quantile_edges(scores.clone(), bins, 1 - bound, bound - 1);
            let nearest = (0..edges.len()).min_by_key(|at| edges[*at].abs_diff(cutoff_score)).unwrap_or(0);
            if let Some(edge) = edges.get_mut(nearest) {
                *edge = cutoff_score;
            }
            (edges, nearest)
        }
        ScoreEdges::Explicit(edges) => {
            let at = edges.iter().position(|edge| *edge == cutoff_score).ok_or_else(|| ProveError::Reference {
                problem: format!("the cut-off is the score {cutoff_score}, which is none of `scoring.edges`: the model's decision must be a function of the bin"),
            })?;
            (edges.clone(), at)
        }
    };
    let expected_bad_ppm = match &spec.scoring.expected_bad {
        ExpectedBad::Explicit(shares) => shares.clone(),
        ExpectedBad::ReferenceMean(_) | ExpectedBad::ReferenceMeanByDefault => expected_bad(spec, &edges, &scores, probabilities),
    };
    let top = (1u32 << shape.width_bits()) - 1;
    let histograms = layout
        .histograms
        .iter()
        .enumerate()
        .map(|(at, histogram)| Histogram {
            feature: layout.features[at].name.clone(),
            edges: match histogram {
                HistogramSpec::Explicit(edges) => edges.clone(),
                HistogramSpec::Quantiles(_) => {
                    let values = rows.iter().map(|row| i64::from(row[at])).collect();
                    let edges = quantile_edges(values, bins, 1, i64::from(top));
                    edges.into_iter().map(|edge| u32::try_from(edge).unwrap_or(top)).collect()
                }
            },
        })
        .collect();
    let names: Vec<String> = spec.grouping.groups.iter().map(|group| group.name.clone()).collect();
    let not_disclosed = names.iter().position(|name| Some(name) == spec.grouping.not_disclosed.as_ref());
    let plan = Plan {
        schema: PlanSchema::V1,
        shape,
        features: layout.features.clone(),
        scoring: Scoring {
            kind: ModelKind::of(shape),
            scale_bits: spec.scoring.scale_bits,
            direction: spec.scoring.direction,
            edges,
            // At most 19 edges, so the index fits; the plan's check refuses an index that is none.
            cutoff: u8::try_from(cutoff).unwrap_or(u8::MAX),
            expected_bad_ppm,
        },
        outcome: spec.outcome.clone(),
        grouping: Grouping {
            attribute: spec.grouping.attribute.clone(),
            names,
            not_disclosed: not_disclosed.and_then(|code| u8::try_from(code).ok()),
        },
        histograms,
        calendar: spec.batches.calendar,
    };
    plan.check()?;
    Ok(plan)
}

/// The bin of a score.
pub(crate) fn bin_of<T: PartialOrd>(edges: &[T], value: T) -> usize {
    edges.partition_point(|edge| *edge <= value)
}

/// Mean predicted share of bad outcomes per bin, in millionths.
///
/// A bin without reference rows takes the model's probability in its middle, or at its one edge.
fn expected_bad(spec: &Spec, edges: &[i64], scores: &[i64], probabilities: &[f64]) -> Vec<u32> {
    let bad = |p: f64| match spec.scoring.direction {
        ScoreDirection::HigherIsRiskier => p,
        ScoreDirection::HigherIsSafer => 1.0 - p,
    };
    let mut sums = vec![(0u64, 0.0); edges.len() + 1];
    for (score, p) in scores.iter().zip(probabilities) {
        let (n, sum) = &mut sums[bin_of(edges, *score)];
        *n += 1;
        *sum += bad(*p);
    }
    let scale = units(spec.scoring.scale_bits);
    sums.into_iter()
        .enumerate()
        .map(|(bin, (n, sum))| {
            let share = if n > 0 {
                sum / n as f64
            } else {
                let ends: Vec<f64> =
                    [bin.checked_sub(1), Some(bin)].into_iter().flatten().filter_map(|at| edges.get(at)).map(|edge| *edge as f64).collect();
                bad(probability(ends.iter().sum::<f64>() / ends.len().max(1) as f64 / scale))
            };
            (share.clamp(0.0, 1.0) * 1e6).round() as u32
        })
        .collect()
}

/// `bins − 1` strictly increasing edges within `lowest ..= highest` that cut `values` as evenly as their ties allow.
///
/// An edge is always a value that occurs, but for those that fill up: with fewer distinct values
/// than bins every value has a bin of its own, and the bins left over stay empty beside them.
fn quantile_edges(mut values: Vec<i64>, bins: usize, lowest: i64, highest: i64) -> Vec<i64> {
    values.sort_unstable();
    // Every value but the smallest can begin a bin; beside it, the number of values below.
    let starts: Vec<(i64, usize)> = (1..values.len())
        .filter(|at| values[*at] != values[*at - 1] && (lowest..=highest).contains(&values[*at]))
        .map(|at| (values[at], at))
        .collect();
    let wanted = bins.saturating_sub(1);
    let mut edges = Vec::with_capacity(wanted);
    if starts.len() <= wanted {
        edges.extend(starts.iter().map(|(value, _)| *value));
    } else {
        let (mut next, mut below) = (0, 0);
        for k in 0..wanted {
            let target = below + (values.len() - below) / (bins - k);
            // Leave a start for each edge still to come.
            let last = starts.len() - (wanted - k);
            let chosen = (next..=last).min_by_key(|at| starts[*at].1.abs_diff(target)).unwrap_or(last);
            edges.push(starts[chosen].0);
            (next, below) = (chosen + 1, starts[chosen].1);
        }
    }
    let mut above = edges.last().map_or(lowest, |edge| edge + 1);
    while edges.len() < wanted && above <= highest {
        edges.push(above);
        above += 1;
    }
    let mut below = edges.first().map_or(highest, |edge| edge - 1);
    while edges.len() < wanted && below >= lowest {
        edges.insert(0, below);
        below -= 1;
    }
    let mut between = lowest;
    while edges.len() < wanted && between <= highest {
        if let Err(at) = edges.binary_search(&between) {
            edges.insert(at, between);
        }
        between += 1;
    }
    edges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(values: &[i64], bins: usize, expected: &[i64]) {
        assert_eq!(quantile_edges(values.to_vec(), bins, 1, 255), expected);
    }

    #[test]
    fn values_without_ties_are_cut_evenly() {
        check(&(0..100).collect::<Vec<_>>(), 10, &[10, 20, 30, 40, 50, 60, 70, 80, 90]);
    }

    #[test]
    fn few_distinct_values_have_a_bin_each() {
        check(&[0, 0, 1, 1, 1, 3], 5, &[1, 3, 4, 5]);
        check(&[255; 7], 4, &[1, 2, 3]);
        check(&[254, 255], 4, &[253, 254, 255]);
        check(&[], 3, &[1, 2]);
    }

    #[test]
    fn a_common_value_takes_one_bin_and_the_rest_share_the_others() {
        let mut values = vec![0; 90];
        values.extend(1..=20);
        check(&values, 5, &[1, 6, 11, 16]);
    }

    proptest! {
        #[test]
        fn edges_are_strictly_increasing_and_in_range(values in proptest::collection::vec(0i64..=255, 0..200), twenty: bool) {
            let bins = if twenty { 20 } else { 10 };
            let edges = quantile_edges(values, bins, 1, 255);
            prop_assert_eq!(edges.len(), bins - 1);
            prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(edges[0] >= 1 && edges[bins - 2] <= 255);
        }
    }
}
