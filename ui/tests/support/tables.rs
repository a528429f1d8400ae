//! The plan, and the count tables of its batches.

use verifold_model::{
    cohort::{BatchRole, BatchTable},
    decimal::Decimal,
    format,
    instant::Instant,
    plan::{
        Calendar, Feature, Grouping, Histogram, MissingRule, ModelKind, OutcomeDefinition, OutsideRule, Plan, PlanSchema, ScoreDirection,
        Scoring,
    },
    record::{BatchContent, BatchRecord, Expectation, GroupLine, Standing},
    shape::Shape,
};

use super::{Story, field};

pub(super) const WEEK: u64 = 7 * 86_400;
pub(super) const FIRST_MONDAY: &str = "2026-06-01T00:00:00Z";
const BINS: usize = 10;
const GROUPS: [&str; 4] = ["Age 18–29", "Age 30–44", "Age 45–59", "Age 60+"];
pub(super) const FEATURES: [&str; 20] = [
    "utilisation",
    "income",
    "bureau_score",
    "delinquencies",
    "tenure",
    "age_of_oldest_account",
    "open_accounts",
    "inquiries_6m",
    "loan_amount",
    "term_months",
    "debt_to_income",
    "employment_years",
    "residence_years",
    "savings_balance",
    "overdraft_days",
    "card_limit",
    "mortgage_share",
    "existing_customer",
    "channel_online",
    "salary_account",
];
pub(super) fn plan() -> Plan {
    let shape = Shape::new(20, 8, 4, 10, 4, 17).unwrap();
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    Plan {
        schema: PlanSchema::V1,
        shape,
        features: FEATURES
            .iter()
            .map(|name| Feature {
                name: (*name).into(),
                unit: String::new(),
                offset: decimal("0"),
                step: decimal("0.01"),
                max: 255,
                outside: OutsideRule::Clamp,
                missing: MissingRule::Void,
            })
            .collect(),
        scoring: Scoring {
            kind: ModelKind::LogisticRegression,
            scale_bits: 12,
            direction: ScoreDirection::HigherIsSafer,
            edges: vec![-3200, -1800, -900, -200, 900, 2100, 3300, 4700, 6500],
            cutoff: 3,
            expected_bad_ppm: vec![420_000, 310_000, 240_000, 180_000, 120_000, 85_000, 60_000, 40_000, 25_000, 12_000],
        },
        outcome: OutcomeDefinition { bad_means: "90 days past due within 12 months of the decision".into(), maturity_days: 84 },
        grouping: Grouping { attribute: "age band".into(), names: GROUPS.map(Into::into).to_vec(), not_disclosed: None },
        histograms: FEATURES[..4]
            .iter()
            .map(|feature| Histogram { feature: (*feature).into(), edges: (1..10).map(|k| k * 25).collect() })
            .collect(),
        calendar: Calendar::IsoWeek,
    }
}

/// A small deterministic generator; quality does not matter here, repeatability does.
struct Stream(u64);

impl Stream {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// The part that a number below the sum of these weights falls into.
fn part_of(weights: &[u64], mut at: u64) -> usize {
    let falls = |weight: &u64| {
        let inside = at < *weight;
        at = at.saturating_sub(*weight);
        inside
    };
    weights.iter().position(falls).unwrap()
}

pub(super) fn table(plan: &Plan, seed: u64, rows: u64, matured: bool, unfair: bool) -> BatchTable {
    let mut table = BatchTable::empty(plan);
    let mut stream = Stream(seed);
    let mut drawn = [seed * 41, seed * 59, seed * 83, seed * 97];
    const SCORE: [u64; BINS] = [30, 65, 100, 125, 150, 165, 140, 110, 75, 40];
    const SHARES: [u64; 4] = [205, 296, 276, 223];
    let pick = |stream: &mut Stream, weights: &[u64]| part_of(weights, stream.next(weights.iter().sum()));
    for row in 0..rows {
        let group = pick(&mut stream, &SHARES);
        if row % 457 == 456 {
            table.void[group][usize::from(stream.next(2) == 1)] += 1;
            continue;
        }
        // Most rows are spread evenly over the bins, a third at random: groups then differ by a few points only.
        drawn[group] += 618;
        let mut bin = if stream.next(3) == 0 { pick(&mut stream, &SCORE) } else { part_of(&SCORE, drawn[group] % 1000) };
        if group == 0 && unfair && bin == 4 && stream.next(100) < 68 {
            bin -= 1;
        }
        let approved = plan.scoring.approves(bin);
        let logged = if stream.next(1000) < 38 { !approved } else { approved };
        let outcome = if !matured || stream.next(100) < 6 {
            0
        } else if stream.next(1_000_000) < u64::from(plan.scoring.expected_bad_ppm[bin]) {
            2
        } else {
            1
        };
        table.counts[bin][group][2 * outcome + usize::from(logged)] += 1;
        for (h, histogram) in table.histograms.iter_mut().enumerate() {
            let spread = pick(&mut stream, &SCORE);
            let shift = usize::from(unfair && h == 0 && row % 3 == 0);
            histogram[(spread + shift).min(9)] += 1;
        }
    }
    table
}

pub(super) fn groups(plan: &Plan, table: &BatchTable) -> Vec<GroupLine> {
    let sum = |group: usize, outcomes: &[usize], model: bool, logged: bool| -> u64 {
        let mut n = 0;
        for (bin, row) in table.counts.iter().enumerate() {
            if model && !plan.scoring.approves(bin) {
                continue;
            }
            for outcome in outcomes {
                n += u64::from(row[group][2 * outcome + 1]) + if logged { 0 } else { u64::from(row[group][2 * outcome]) };
            }
        }
        n
    };
    plan.grouping
        .names
        .iter()
        .enumerate()
        .map(|(g, name)| GroupLine {
            name: name.clone(),
            scored: sum(g, &[0, 1, 2], false, false),
            model_approved: sum(g, &[0, 1, 2], true, false),
            logged_approved: sum(g, &[0, 1, 2], false, true),
            good: sum(g, &[1], false, false),
            good_model_approved: sum(g, &[1], true, false),
            good_logged_approved: sum(g, &[1], false, true),
            bad: sum(g, &[2], false, false),
            void: table.void[g].iter().map(|n| u64::from(*n)).sum(),
        })
        .collect()
}

pub(super) fn batches(plan: &Plan, story: Story) -> Vec<BatchRecord> {
    let first = FIRST_MONDAY.parse::<Instant>().unwrap().unix_secs();
    let at = |secs| Instant::from_unix_secs(secs).unwrap();
    let mut out = Vec::new();
    let mut missing = Vec::new();
    let mut index = 0;
    for number in 0..=24u32 {
        let (start, end, rows) = if number == 0 {
            (first - 26 * WEEK, first, 12_000)
        } else {
            (first + u64::from(number - 1) * WEEK, first + u64::from(number) * WEEK, 1_950 + u64::from(number) * 37 % 60)
        };
        let label = if number == 0 { "reference".to_owned() } else { at(start).iso_week_text() };
        let role = if number == 0 { BatchRole::Reference } else { BatchRole::Monitoring };
        let found = Expectation {
            what: format!("batch {label} rows"),
            expected: format::count(rows),
            found: if story == Story::Findings && number == 21 { "–".into() } else { format::count(rows) },
            holds: !(story == Story::Findings && number == 21),
            origin: "core banking ledger, 18 Nov 2026".into(),
        };
        let control = if number == 0 { Vec::new() } else { vec![found] };
        if story == Story::Findings && number == 21 {
            missing.push(BatchRecord {
                index: None,
                role,
                number,
                label,
                start: at(start),
                end: at(end),
                standing: Standing::Missing,
                model: None,
                content: None,
                control,
            });
            continue;
        }
        let table = table(plan, 7 + u64::from(number), rows, number <= 12, story == Story::Findings && matches!(number, 17 | 18));
        let content = BatchContent {
            rows,
            scored: table.scored(),
            void: table.voided(),
            known: table.known(),
            logged_approvals: table.logged_approvals(),
            groups: groups(plan, &table),
            row_commitment: field(&format!("rows {number}")),
            outcome_commitment: field(&format!("outcomes {number}")),
            receipts: None,
            matured: None,
            proof: Some("monitoring".into()),
            table_commitment: field(&format!("table {number}")),
            chain: field(&format!("chain {number}")),
            table,
        };
        out.push(BatchRecord {
            index: Some(index),
            role,
            number,
            label,
            start: at(start),
            end: at(end),
            standing: Standing::Proven,
            model: None,
            content: Some(content),
            control,
        });
        index += 1;
    }
    out.extend(missing);
    out
}
