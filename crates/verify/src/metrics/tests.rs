//! Every metric against a naive one: rows one by one, in floating point, from the definition.

use proptest::prelude::*;
use verifold_model::{
    decimal::Decimal,
    plan::{Calendar, Feature, Grouping, Histogram, MissingRule, ModelKind, OutcomeDefinition, OutsideRule, PlanSchema, Scoring},
    shape::Shape,
};

use super::*;

const BINS: usize = 10;
const GROUPS: usize = 4;
const MINIMUM: u64 = 4;

/// A row as nobody but the bank sees it; its score lies inside its bin.
#[derive(Debug, Clone)]
struct Row {
    score: f64,
    bin: usize,
    group: usize,
    outcome: usize,
    logged: bool,
    income: usize,
}

pub(crate) fn plan(direction: ScoreDirection, cutoff: u8, not_disclosed: Option<u8>) -> Plan {
    let feature = Feature {
        name: "income".to_owned(),
        unit: String::new(),
        offset: Decimal::ZERO,
        step: Decimal::ONE,
        max: 255,
        outside: OutsideRule::Void,
        missing: MissingRule::Void,
    };
    Plan {
        schema: PlanSchema::V1,
        shape: Shape::new(8, 8, 4, 10, 1, 15).unwrap(),
        features: vec![feature],
        scoring: Scoring {
            kind: ModelKind::LogisticRegression,
            scale_bits: 12,
            direction,
            edges: (1..10).map(|edge| edge * 100).collect(),
            cutoff,
            expected_bad_ppm: (0..10).map(|bin| 20_000 + 45_000 * bin).collect(),
        },
        outcome: OutcomeDefinition { bad_means: "in arrears".to_owned(), maturity_days: 90 },
        grouping: Grouping { attribute: "age".to_owned(), names: ["a", "b", "c", "d"].map(str::to_owned).to_vec(), not_disclosed },
        histograms: vec![Histogram { feature: "income".to_owned(), edges: (1..10).map(|edge| edge * 20).collect() }],
        calendar: Calendar::Free,
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // Few bins, groups and outcomes at times, so that empty cells, single classes and ties occur.
    (1..=BINS, 1..=GROUPS, 1..=3usize, 0..60usize).prop_flat_map(|(bins, groups, outcomes, count)| {
        let row = (0..bins, 0.001..0.999f64, 0..groups, 0..outcomes, any::<bool>(), 0..BINS);
        prop::collection::vec(row, count).prop_map(|rows| {
            let whole = |(bin, within, group, outcome, logged, income): (usize, f64, usize, usize, bool, usize)| Row {
                score: bin as f64 + within,
                bin,
                group,
                outcome,
                logged,
                income,
            };
            rows.into_iter().map(whole).collect()
        })
    })
}

fn tabulate(plan: &Plan, rows: &[Row], void: u32) -> BatchTable {
    let mut table = BatchTable::empty(plan);
    for row in rows {
        table.counts[row.bin][row.group][2 * row.outcome + usize::from(row.logged)] += 1;
        table.histograms[0][row.income] += 1;
    }
    table.void[1][2] = void;
    table
}

/// The definition, on rows: `None` where it divides by nothing.
struct Naive<'a> {
    plan: &'a Plan,
    rows: &'a [Row],
    reference: &'a [Row],
    void: u32,
}

impl Naive<'_> {
    fn declined(&self, row: &Row) -> bool {
        !self.plan.scoring.approves(row.bin)
    }

    fn approved(&self, row: &Row, decisions: Option<Decisions>) -> bool {
        if decisions == Some(Decisions::Logged) { row.logged } else { !self.declined(row) }
    }

    fn share(&self, part: impl Fn(&Row) -> bool, whole: impl Fn(&Row) -> bool) -> Option<f64> {
        let all = self.rows.iter().filter(|row| whole(row)).count();
        let some = self.rows.iter().filter(|row| whole(row) && part(row)).count();
        (all > 0).then(|| some as f64 / all as f64)
    }

    /// Shares of the groups that are large enough and disclosed.
    fn by_group(&self, part: impl Fn(&Row) -> bool, whole: impl Fn(&Row) -> bool) -> Vec<f64> {
        (0..GROUPS)
            .filter(|group| self.plan.grouping.not_disclosed.map(usize::from) != Some(*group))
            .filter(|group| self.rows.iter().filter(|row| row.group == *group && whole(row)).count() as u64 >= MINIMUM)
            .filter_map(|group| self.share(|row| part(row), |row| row.group == group && whole(row)))
            .collect()
    }

    fn spread(shares: &[f64]) -> Option<f64> {
        let (low, high) = shares.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), s| (low.min(*s), high.max(*s)));
        (shares.len() >= 2).then_some(high - low)
    }

    fn quotient(shares: &[f64]) -> Option<f64> {
        let (low, high) = shares.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), s| (low.min(*s), high.max(*s)));
        (shares.len() >= 2 && high > 0.0).then(|| low / high)
    }

    /// Riskier is larger.
    fn risk(&self, row: &Row) -> f64 {
        if self.plan.scoring.direction == ScoreDirection::HigherIsSafer { -row.score } else { row.score }
    }

    fn risks(&self, outcome: usize) -> Vec<f64> {
        self.rows.iter().filter(|row| row.outcome == outcome).map(|row| self.risk(row)).collect()
    }

    fn auc(&self) -> Option<f64> {
        let (goods, bads) = (self.risks(GOOD), self.risks(BAD));
        let won = |bad: &f64| {
            goods
                .iter()
                .map(|good| {
                    if bad > good {
                        1.0
                    } else if bad == good {
                        0.5
                    } else {
                        0.0
                    }
                })
                .sum::<f64>()
        };
        let pairs = goods.len() * bads.len();
        (goods.len().min(bads.len()) as u64 >= RANKED_AT_LEAST).then(|| bads.iter().map(won).sum::<f64>() / pairs as f64)
    }

    fn ks(&self) -> Option<f64> {
        let (goods, bads) = (self.risks(GOOD), self.risks(BAD));
        let below = |of: &[f64], at: f64| of.iter().filter(|risk| **risk <= at).count() as f64 / of.len() as f64;
        let largest = goods.iter().chain(&bads).map(|at| (below(&goods, *at) - below(&bads, *at)).abs()).fold(0.0, f64::max);
        (goods.len().min(bads.len()) as u64 >= RANKED_AT_LEAST).then_some(largest)
    }

    fn expected(&self, row: &Row) -> f64 {
        f64::from(self.plan.scoring.expected_bad_ppm[row.bin]) / 1e6
    }

    fn known(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.outcome != 0)
    }

    #[expect(clippy::disallowed_methods, reason = "compared with floating point on purpose")]
    fn index(&self, bin: impl Fn(&Row) -> usize) -> Option<f64> {
        let shares = |rows: &[Row]| -> Vec<f64> {
            let count = |at: usize| rows.iter().filter(|row| bin(row) == at).count() as f64 + 0.5;
            (0..BINS).map(|at| count(at) / (rows.len() as f64 + 0.5 * BINS as f64)).collect()
        };
        let (now, then) = (shares(self.rows), shares(self.reference));
        let sum = now.iter().zip(&then).map(|(p, q)| (p - q) * (p / q).ln()).sum();
        (!self.rows.is_empty() && !self.reference.is_empty()).then_some(sum)
    }

    fn value(&self, key: &MetricKey) -> Option<f64> {
        let all = |_: &Row| true;
        let bad = |row: &Row| f64::from(u8::from(row.outcome == BAD));
        let count = self.known().count() as f64;
        let mean = |of: &dyn Fn(&Row) -> f64| (count > 0.0).then(|| self.known().map(of).sum::<f64>() / count);
        match key.metric {
            Metric::Volume => Some(self.rows.len() as f64),
            Metric::VoidRate => {
                let committed = self.rows.len() as f64 + f64::from(self.void);
                (committed > 0.0).then(|| f64::from(self.void) / committed)
            }
            Metric::ApprovalRate => self.share(|row| self.approved(row, key.decisions), all),
            Metric::OverrideRate => self.share(|row| row.logged == self.declined(row), all),
            Metric::OverrideToApprove => self.share(|row| row.logged && self.declined(row), all),
            Metric::OverrideToDecline => self.share(|row| !row.logged && !self.declined(row), all),
            Metric::OverrideRateDifference => Self::spread(&self.by_group(|row| row.logged == self.declined(row), all)),
            Metric::OutcomeCoverage => self.share(|row| row.outcome != 0, all),
            Metric::Accuracy => self.share(|row| (row.outcome == BAD) == self.declined(row), |row| row.outcome != 0),
            Metric::TruePositiveRate => self.share(|row| self.declined(row), |row| row.outcome == BAD),
            Metric::FalsePositiveRate => self.share(|row| self.declined(row), |row| row.outcome == GOOD),
            Metric::Auc => self.auc(),
            Metric::Gini => self.auc().map(|auc| 2.0 * auc - 1.0),
            Metric::Ks => self.ks(),
            Metric::ObservedExpected => {
                (count > 0.0).then(|| self.known().map(bad).sum::<f64>() / self.known().map(|row| self.expected(row)).sum::<f64>())
            }
            Metric::Brier => mean(&|row| (self.expected(row) - bad(row)) * (self.expected(row) - bad(row))),
            Metric::Ece => (count > 0.0).then(|| {
                let gap =
                    |bin: usize| self.known().filter(|row| row.bin == bin).map(|row| bad(row) - self.expected(row)).sum::<f64>().abs();
                (0..BINS).map(gap).sum::<f64>() / count
            }),
            Metric::ScorePsi => self.index(|row| row.bin),
            Metric::FeatureCsi => {
                let most = (0..BINS).map(|at| self.reference.iter().filter(|row| row.income == at).count()).max();
                (most.unwrap_or(0) as f64 <= 0.9 * self.reference.len() as f64 - 1e-9).then(|| self.index(|row| row.income)).flatten()
            }
            Metric::DemographicParityDifference => Self::spread(&self.by_group(|row| self.approved(row, key.decisions), all)),
            Metric::AdverseImpactRatio => Self::quotient(&self.by_group(|row| self.approved(row, key.decisions), all)),
            Metric::EqualOpportunityGap => Self::spread(&self.by_group(|row| self.approved(row, key.decisions), |row| row.outcome == GOOD)),
            // No table has them.
            Metric::OutcomesChanged | Metric::GoodToBad | Metric::BadToGood | Metric::OutcomesWithdrawn => None,
        }
    }
}

/// Width an interval may have: only metrics that depend on the order inside a bin have one.
fn widest(metric: Metric, plan: &Plan, rows: &[Row]) -> f64 {
    let in_bin = |bin: usize, outcome: usize| rows.iter().filter(|row| row.bin == bin && row.outcome == outcome).count() as f64;
    let all = |outcome: usize| rows.iter().filter(|row| row.outcome == outcome).count() as f64;
    let tied = (0..plan.shape.bins()).map(|bin| in_bin(bin, GOOD) * in_bin(bin, BAD)).sum::<f64>() / (all(GOOD) * all(BAD)).max(1.0);
    match metric {
        Metric::Auc => tied + 3e-9,
        Metric::Gini => 2.0 * tied + 3e-9,
        // The distance inside a bin exceeds the one at its edges by no more than the bin's share of either class.
        Metric::Ks => {
            let share = |bin| (in_bin(bin, GOOD) / all(GOOD).max(1.0)).max(in_bin(bin, BAD) / all(BAD).max(1.0));
            (0..plan.shape.bins()).map(share).fold(0.0, f64::max) + 3e-9
        }
        _ => 3e-9,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_metric_encloses_the_naive_one(
        rows in rows(),
        reference in rows(),
        void in 0..5u32,
        safer in any::<bool>(),
        cutoff in 0..9u8,
        not_disclosed in prop::option::of(0..4u8),
    ) {
        let direction = if safer { ScoreDirection::HigherIsSafer } else { ScoreDirection::HigherIsRiskier };
        let plan = plan(direction, cutoff, not_disclosed);
        let (table, then) = (tabulate(&plan, &rows, void), tabulate(&plan, &reference, 0));
        let naive = Naive { plan: &plan, rows: &rows, reference: &reference, void };
        for key in keys(&plan) {
            let found = measure(&plan, &table, Some(&then), &key, MINIMUM);
            match (naive.value(&key), &found.value) {
                (None, None) => prop_assert!(!found.undefined.is_empty(), "{key}: undefined without a reason"),
                (Some(expected), Some(value)) => {
                    let (lo, hi) = (value.lo.to_f64(), value.hi.to_f64());
                    prop_assert!(lo - 1e-9 <= expected && expected <= hi + 1e-9, "{key}: {expected} is not in {lo}..{hi}");
                    prop_assert!(hi - lo <= widest(key.metric, &plan, &rows), "{key}: {lo}..{hi} is too wide");
                    prop_assert!(found.undefined.is_empty());
                }
                (expected, value) => prop_assert!(false, "{key}: naive {expected:?}, found {value:?} {}", found.undefined),
            }
        }
    }

    #[test]
    fn the_total_of_tables_is_the_table_of_all_rows(first in rows(), second in rows()) {
        let plan = plan(ScoreDirection::HigherIsRiskier, 6, None);
        let both: Vec<Row> = first.iter().chain(&second).cloned().collect();
        let tables = [tabulate(&plan, &first, 1), tabulate(&plan, &second, 2)];
        prop_assert_eq!(total(&plan, &tables), Some(tabulate(&plan, &both, 3)));
    }
}

/// What a value rests on is what it divides by, not all that is known beside it.
#[test]
fn a_value_says_what_it_rests_on() {
    let plan = plan(ScoreDirection::HigherIsRiskier, 6, None);
    let row = |outcome: usize, bin: usize, group: usize| Row { score: 0.5, bin, group, outcome, logged: true, income: 3 };
    let rows: Vec<Row> = (0..200).map(|at| row(if at < 3 { BAD } else { GOOD }, at % 10, 0)).collect();
    let of = |metric: Metric| measure(&plan, &tabulate(&plan, &rows, 0), None, &MetricKey::plain(metric), 1);
    assert_eq!((of(Metric::TruePositiveRate).n, of(Metric::FalsePositiveRate).n), (3, 197));
    for metric in [Metric::Auc, Metric::Gini, Metric::Ks] {
        assert_eq!((of(metric).value, of(metric).undefined.as_str()), (None, "3 bad outcomes are known, and ranking needs 10"));
    }
    let groups = of(Metric::EqualOpportunityGap);
    assert_eq!((groups.n, groups.left_out.len()), (197, GROUPS - 1));
    // Edges where nobody is: everything in one bin, then and now.
    let key = keys(&plan).into_iter().find(|key| key.metric == Metric::FeatureCsi).unwrap();
    let found = measure(&plan, &tabulate(&plan, &rows, 0), Some(&tabulate(&plan, &rows, 0)), &key, 1);
    assert!(found.value.is_none() && found.is_absent && found.undefined.contains("in one bin"), "{}", found.undefined);
}

/// What a plan or a reference makes undefined is no matter of too few rows.
#[test]
fn a_plan_that_leaves_nothing_to_compare_is_not_too_few_rows() {
    let mut plan = plan(ScoreDirection::HigherIsRiskier, 6, None);
    let rows: Vec<Row> =
        (0..40).map(|at| Row { score: 0.5, bin: at % 10, group: 0, outcome: 1 + at % 2, logged: true, income: 3 }).collect();
    let (table, nobody) = (tabulate(&plan, &rows, 0), tabulate(&plan, &[], 0));
    let found = measure(&plan, &table, Some(&nobody), &MetricKey::plain(Metric::ScorePsi), 1);
    assert_eq!((found.is_absent, found.undefined.as_str()), (true, "the reference has no scored row"));
    plan.scoring.expected_bad_ppm.fill(0);
    let of = |table| measure(&plan, table, None, &MetricKey::plain(Metric::ObservedExpected), 1);
    assert_eq!((of(&table).is_absent, of(&table).undefined.as_str()), (true, "the plan expects no bad outcome of these rows"));
    assert!(!of(&nobody).is_absent);
}

#[test]
fn without_a_reference_drift_is_undefined() {
    let plan = plan(ScoreDirection::HigherIsRiskier, 6, None);
    let row = Row { score: 0.5, bin: 0, group: 0, outcome: 1, logged: true, income: 3 };
    let found = measure(&plan, &tabulate(&plan, &[row], 0), None, &MetricKey::plain(Metric::ScorePsi), 1);
    assert_eq!((found.value, found.undefined.as_str()), (None, "no reference batch is proven"));
}
