//! What follows from a verified count table: each metric exactly, or as an interval that encloses it.
//!
//! Definitions and sources are those of [`verifold_model::metric`]. Groups below a minimum, and the group of
//! people who do not disclose the attribute, are left out of comparisons between groups: the first are too
//! small to speak of, the second is not a group that shares the attribute. A group without any row is below every minimum.

use verifold_model::{
    cohort::{BatchTable, Outcome},
    metric::{Decisions, Metric, MetricKey, Value},
    plan::{Plan, ScoreDirection},
    revision::RevisionCounts,
};

use crate::{
    evidence::period::VerifiedPeriod,
    fixed::{Ratio, between, exact, stability_index},
};

/// A group's share in a comparison between groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupShare {
    /// Name in the plan.
    pub name: String,
    /// Rows counted for it.
    pub part: u64,
    /// Rows it is a share of.
    pub whole: u64,
}

/// A metric of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The value; absent where undefined.
    pub value: Option<Value>,
    /// Rows it rests on: of a rate its denominator, of a comparison between groups the rows of those compared.
    pub n: u64,
    /// Why it is undefined; empty if it is not.
    pub undefined: String,
    /// What it compares with is not there, whatever the number of rows.
    pub is_absent: bool,
    /// Groups compared, highest share first; empty for metrics that compare none.
    pub groups: Vec<GroupShare>,
    /// Groups with fewer rows than the minimum, or none, that take no part in the comparison.
    pub left_out: Vec<GroupShare>,
}

/// Every key of a count table that a plan determines, in the order of [`Metric::ALL`]; metrics between two outcomes are no table's.
pub fn keys(plan: &Plan) -> Vec<MetricKey> {
    let mut keys = Vec::new();
    for metric in Metric::ALL {
        if metric == Metric::FeatureCsi {
            keys.extend(plan.histograms.iter().map(|h| MetricKey {
                metric,
                decisions: None,
                feature: Some(h.feature.clone()),
                matured: false,
            }));
        } else if metric.definition().by_decisions {
            keys.extend([Decisions::Model, Decisions::Logged].map(|decisions| MetricKey {
                metric,
                decisions: Some(decisions),
                feature: None,
                matured: false,
            }));
        } else if !metric.definition().between_outcomes {
            keys.push(MetricKey::plain(metric));
        }
    }
    keys
}

/// A table with what it was counted under.
struct Counted<'a> {
    plan: &'a Plan,
    table: &'a BatchTable,
}

/// Groups that are compared, and those too small for it.
struct Shares {
    compared: Vec<GroupShare>,
    left_out: Vec<GroupShare>,
}

/// One cell of a count table with its coordinates.
struct CellOf {
    bin: usize,
    group: usize,
    outcome: usize,
    logged: bool,
    rows: u64,
}

/// Fewest good outcomes, and fewest bad ones, that a ranking of the ones against the others is formed from: of a handful, which a
/// provider could choose to know, it says nothing.
pub const RANKED_AT_LEAST: u64 = 10;

/// A reference with this share of its rows, in tenths, in one bin of a feature's histogram is no measure of drift.
const ONE_BIN_TENTHS: u64 = 9;

const GOOD: usize = 1;
const BAD: usize = 2;

impl Counted<'_> {
    fn cells(&self) -> impl Iterator<Item = CellOf> + '_ {
        self.table.counts.iter().enumerate().flat_map(|(bin, groups)| {
            groups.iter().enumerate().flat_map(move |(group, cell)| {
                cell.iter().enumerate().map(move |(i, rows)| CellOf {
                    bin,
                    group,
                    outcome: i / 2,
                    logged: i % 2 == 1,
                    rows: u64::from(*rows),
                })
            })
        })
    }

    fn sum(&self, wanted: impl Fn(&CellOf) -> bool) -> u64 {
        self.cells().filter(|cell| wanted(cell)).map(|cell| cell.rows).sum()
    }

    fn declines(&self, cell: &CellOf) -> bool {
        !self.plan.scoring.approves(cell.bin)
    }

    fn approved(&self, decisions: Option<Decisions>, cell: &CellOf) -> bool {
        match decisions {
            Some(Decisions::Logged) => cell.logged,
            Some(Decisions::Model) | None => !self.declines(cell),
        }
    }

    fn overridden(&self, cell: &CellOf) -> bool {
        cell.logged == self.declines(cell)
    }

    fn per_bin(&self, wanted: impl Fn(&CellOf) -> bool) -> Vec<u64> {
        let mut bins = vec![0; self.table.counts.len()];
        for cell in self.cells().filter(|cell| wanted(cell)) {
            bins[cell.bin] += cell.rows;
        }
        bins
    }

    /// Shares of the groups with `minimum` rows or more, highest first, and those of smaller groups.
    fn shares(&self, part: impl Fn(&CellOf) -> bool, whole: impl Fn(&CellOf) -> bool, minimum: u64) -> Shares {
        let grouping = &self.plan.grouping;
        let (mut compared, left_out): (Vec<GroupShare>, Vec<GroupShare>) = (0..grouping.names.len())
            .filter(|group| grouping.not_disclosed.map(usize::from) != Some(*group))
            .map(|group| GroupShare {
                name: grouping.names[group].clone(),
                part: self.sum(|cell| cell.group == group && whole(cell) && part(cell)),
                whole: self.sum(|cell| cell.group == group && whole(cell)),
            })
            .partition(|share| share.whole >= minimum.max(1));
        compared.sort_by(|a, b| (u128::from(b.part) * u128::from(a.whole)).cmp(&(u128::from(a.part) * u128::from(b.whole))));
        Shares { compared, left_out }
    }

    /// Good and bad outcomes per bin, from the least to the most risky.
    fn outcomes_by_risk(&self) -> (Vec<u64>, Vec<u64>) {
        let mut good = self.per_bin(|cell| cell.outcome == GOOD);
        let mut bad = self.per_bin(|cell| cell.outcome == BAD);
        if self.plan.scoring.direction == ScoreDirection::HigherIsSafer {
            good.reverse();
            bad.reverse();
        }
        (good, bad)
    }
}

fn undefined(n: u64, reason: impl Into<String>) -> Measured {
    Measured { value: None, n, undefined: reason.into(), is_absent: false, groups: Vec::new(), left_out: Vec::new() }
}

/// Undefined, as what it compares with is not in the package or the plan.
fn absent(n: u64, reason: &str) -> Measured {
    Measured { is_absent: true, ..undefined(n, reason) }
}

fn defined(n: u64, value: Option<Value>, otherwise: &str) -> Measured {
    match value {
        Some(value) => Measured { value: Some(value), ..undefined(n, "") },
        None => undefined(n, otherwise),
    }
}

/// Spread between the highest and the lowest share, or their quotient.
fn compare(shares: Shares, minimum: u64, quotient: bool) -> Measured {
    let Shares { compared: groups, left_out } = shares;
    let n = groups.iter().map(|group| group.whole).sum();
    let (Some(high), Some(low)) = (groups.first(), groups.last()) else {
        return Measured { left_out, ..undefined(n, format!("no group has {} rows or more", minimum.max(1))) };
    };
    if groups.len() < 2 {
        return Measured { groups, left_out, ..undefined(n, format!("fewer than two groups have {} rows or more", minimum.max(1))) };
    }
    let product = |a: u64, b: u64| i128::from(a) * i128::from(b);
    let ratio = if quotient {
        Ratio::new(product(low.part, high.whole), product(low.whole, high.part))
    } else {
        Ratio::new(product(high.part, low.whole) - product(low.part, high.whole), product(high.whole, low.whole))
    };
    match ratio {
        Some(ratio) => Measured { value: Some(exact(ratio)), groups, left_out, ..undefined(n, "") },
        None => Measured { groups, left_out, ..undefined(n, "no group has an approval, so there is nothing to divide by") },
    }
}

fn is_in_one_bin(bins: &[u64]) -> bool {
    let (most, all) = (bins.iter().max().copied().unwrap_or(0), bins.iter().sum::<u64>());
    most * 10 >= all * ONE_BIN_TENTHS
}

/// Area under the ROC curve as bounds of its numerator over good × bad.
fn ranked_pairs(good: &[u64], bad: &[u64]) -> (i128, i128, i128) {
    let mut below = 0;
    let (mut concordant, mut tied) = (0i128, 0i128);
    for (g, b) in good.iter().zip(bad) {
        concordant += i128::from(*b) * below;
        tied += i128::from(*b) * i128::from(*g);
        below += i128::from(*g);
    }
    let pairs = below * bad.iter().map(|b| i128::from(*b)).sum::<i128>();
    (concordant, concordant + tied, pairs)
}

/// Kolmogorov–Smirnov distance: exact at bin edges, bounded inside bins.
fn distance(good: &[u64], bad: &[u64]) -> Option<Value> {
    let all = |bins: &[u64]| bins.iter().map(|n| i128::from(*n)).sum::<i128>();
    let (goods, bads) = (all(good), all(bad));
    let (mut g, mut b, mut at_edges, mut inside) = (0i128, 0i128, 0i128, 0i128);
    for (more_good, more_bad) in good.iter().zip(bad) {
        let (next_g, next_b) = (g + i128::from(*more_good), b + i128::from(*more_bad));
        at_edges = at_edges.max((next_g * bads - next_b * goods).abs());
        // Inside the bin all of its good may come before its bad, or the other way round.
        inside = inside.max((next_g * bads - b * goods).abs()).max((g * bads - next_b * goods).abs());
        (g, b) = (next_g, next_b);
    }
    let pairs = goods * bads;
    Some(between(Ratio::new(at_edges, pairs)?, Ratio::new(inside.max(at_edges), pairs)?))
}

/// Measures `key` on `table`, against `reference` where it compares with one.
///
/// `minimum_group` is the least number of rows of a group that takes part in comparisons.
pub fn measure(plan: &Plan, table: &BatchTable, reference: Option<&BatchTable>, key: &MetricKey, minimum_group: u64) -> Measured {
    const PPM: i128 = 1_000_000;
    let t = Counted { plan, table };
    let scored = table.scored();
    let known = t.sum(|cell| cell.outcome != 0);
    let good = t.sum(|cell| cell.outcome == GOOD);
    let bad = known - good;
    let share = |part: u64, whole: u64, what: &str| defined(whole, Ratio::of(part, whole).map(exact), what);
    let (no_rows, no_outcomes) = ("no row is scored", "no outcome is known");
    let both = "good and bad outcomes are both needed";
    match key.metric {
        Metric::Volume => defined(scored, Ratio::of(scored, 1).map(exact), no_rows),
        Metric::VoidRate => share(table.voided(), scored + table.voided(), "no row is committed"),
        Metric::ApprovalRate => share(t.sum(|cell| t.approved(key.decisions, cell)), scored, no_rows),
        Metric::OverrideRate => share(t.sum(|cell| t.overridden(cell)), scored, no_rows),
        Metric::OverrideToApprove => share(t.sum(|cell| t.declines(cell) && cell.logged), scored, no_rows),
        Metric::OverrideToDecline => share(t.sum(|cell| !t.declines(cell) && !cell.logged), scored, no_rows),
        Metric::OutcomeCoverage => share(known, scored, no_rows),
        Metric::OverrideRateDifference => compare(t.shares(|cell| t.overridden(cell), |_| true, minimum_group), minimum_group, false),
        Metric::DemographicParityDifference => {
            compare(t.shares(|cell| t.approved(key.decisions, cell), |_| true, minimum_group), minimum_group, false)
        }
        Metric::AdverseImpactRatio => {
            compare(t.shares(|cell| t.approved(key.decisions, cell), |_| true, minimum_group), minimum_group, true)
        }
        Metric::EqualOpportunityGap => {
            let groups = t.shares(|cell| t.approved(key.decisions, cell), |cell| cell.outcome == GOOD, minimum_group);
            compare(groups, minimum_group, false)
        }
        Metric::Accuracy => {
            let right = t.sum(|cell| (cell.outcome == GOOD && !t.declines(cell)) || (cell.outcome == BAD && t.declines(cell)));
            share(right, known, no_outcomes)
        }
        Metric::TruePositiveRate => share(t.sum(|cell| cell.outcome == BAD && t.declines(cell)), bad, "no bad outcome is known"),
        Metric::FalsePositiveRate => share(t.sum(|cell| cell.outcome == GOOD && t.declines(cell)), good, "no good outcome is known"),
        Metric::Auc | Metric::Gini | Metric::Ks if good.min(bad) > 0 && good.min(bad) < RANKED_AT_LEAST => {
            let (rarer, few) = if bad < good { ("bad", bad) } else { ("good", good) };
            let outcomes = if few == 1 { "outcome is" } else { "outcomes are" };
            undefined(known, format!("{few} {rarer} {outcomes} known, and ranking needs {RANKED_AT_LEAST}"))
        }
        Metric::Auc | Metric::Gini => {
            let (goods, bads) = t.outcomes_by_risk();
            let (lo, hi, pairs) = ranked_pairs(&goods, &bads);
            let bound = |wins: i128| if key.metric == Metric::Gini { Ratio::new(2 * wins - pairs, pairs) } else { Ratio::new(wins, pairs) };
            defined(known, bound(lo).zip(bound(hi)).map(|(lo, hi)| between(lo, hi)), both)
        }
        Metric::Ks => {
            let (goods, bads) = t.outcomes_by_risk();
            defined(known, distance(&goods, &bads), both)
        }
        Metric::ObservedExpected | Metric::Brier | Metric::Ece => {
            let knowns = t.per_bin(|cell| cell.outcome != 0);
            let bads = t.per_bin(|cell| cell.outcome == BAD);
            let bins = || {
                knowns
                    .iter()
                    .zip(&bads)
                    .zip(&plan.scoring.expected_bad_ppm)
                    .map(|((k, b), p)| (i128::from(*k), i128::from(*b), i128::from(*p)))
            };
            let expected: i128 = bins().map(|(k, _, p)| k * p).sum();
            if key.metric == Metric::ObservedExpected && known > 0 && expected == 0 {
                return absent(known, "the plan expects no bad outcome of these rows");
            }
            let ratio = match key.metric {
                Metric::ObservedExpected => Ratio::new(i128::from(bad) * PPM, expected),
                Metric::Brier => {
                    Ratio::new(bins().map(|(k, b, p)| b * (PPM - p) * (PPM - p) + (k - b) * p * p).sum(), i128::from(known) * PPM * PPM)
                }
                _ => Ratio::new(bins().map(|(k, b, p)| (b * PPM - k * p).abs()).sum(), i128::from(known) * PPM),
            };
            defined(known, ratio.map(exact), no_outcomes)
        }
        Metric::ScorePsi | Metric::FeatureCsi => {
            let Some(reference) = reference else { return absent(scored, "no reference batch is proven") };
            let of = |table: &BatchTable| match &key.feature {
                None => Some(Counted { plan, table }.per_bin(|_| true)),
                Some(feature) => {
                    let at = plan.histograms.iter().position(|h| h.feature == *feature)?;
                    Some(table.histograms.get(at)?.iter().map(|n| u64::from(*n)).collect())
                }
            };
            match (of(table), of(reference)) {
                _ if reference.scored() == 0 => absent(scored, "the reference has no scored row"),
                _ if scored == 0 => undefined(scored, no_rows),
                // Edges beyond nearly all values would see no drift of them. Shares of score bins are the policy's to bound.
                (Some(_), Some(then)) if key.feature.is_some() && is_in_one_bin(&then) => {
                    absent(scored, "the plan's histogram has nearly all of the reference in one bin, and would show no drift")
                }
                (Some(now), Some(then)) => defined(scored, Some(stability_index(&now, &then)), no_rows),
                _ => absent(scored, "the plan has no histogram of this feature"),
            }
        }
        Metric::OutcomesChanged | Metric::GoodToBad | Metric::BadToGood | Metric::OutcomesWithdrawn => {
            undefined(known, "a count table has one outcome of each row, and this compares two")
        }
    }
}

/// Measures a metric between two outcomes of the same rows; any other is undefined.
pub fn measure_revision(counts: &RevisionCounts, metric: Metric) -> Measured {
    use Outcome::{Bad, Good, Unknown};
    let moved = |earlier, later| u64::from(counts.of(earlier, later));
    let known = counts.earlier(Good) + counts.earlier(Bad);
    let withdrawn = moved(Good, Unknown) + moved(Bad, Unknown);
    let none = "no outcome was known at monitoring";
    let (part, whole, otherwise) = match metric {
        Metric::OutcomesChanged => (moved(Good, Bad) + moved(Bad, Good) + withdrawn, known, none),
        Metric::OutcomesWithdrawn => (withdrawn, known, none),
        Metric::GoodToBad => (moved(Good, Bad), counts.earlier(Good), "no outcome was good at monitoring"),
        Metric::BadToGood => (moved(Bad, Good), counts.earlier(Bad), "no outcome was bad at monitoring"),
        _ => return undefined(0, "it does not compare two outcomes"),
    };
    defined(whole, Ratio::of(part, whole).map(exact), otherwise)
}

/// A metric of a whole period, whose tables sum to `sum`.
///
/// Drift over all of it is undefined where its proofs have several models or references: score bins are filled by a model.
pub(crate) fn measure_period(period: &VerifiedPeriod<'_>, sum: &BatchTable, key: &MetricKey, minimum_group: u64) -> Measured {
    if key.metric.definition().needs_reference && period.reference().is_none() && period.first().reference().is_some() {
        return absent(sum.scored(), "its models have a reference each, so drift is measured batch by batch");
    }
    measure(period.plan(), sum, period.reference(), key, minimum_group)
}

/// The sum of tables of one plan, as one table over all their rows; `None` if a sum leaves 32 bits.
pub fn total<'a>(plan: &Plan, tables: impl IntoIterator<Item = &'a BatchTable>) -> Option<BatchTable> {
    let mut sum = BatchTable::empty(plan);
    let add = |into: &mut u32, n: u32| into.checked_add(n).map(|n| *into = n);
    for table in tables {
        let into =
            sum.counts.iter_mut().flatten().flatten().chain(sum.void.iter_mut().flatten()).chain(sum.histograms.iter_mut().flatten());
        let from = table.counts.iter().flatten().flatten().chain(table.void.iter().flatten()).chain(table.histograms.iter().flatten());
        for (into, n) in into.zip(from) {
            add(into, *n)?;
        }
    }
    Some(sum)
}

#[cfg(test)]
pub(crate) mod tests;
