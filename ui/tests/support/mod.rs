//! A made-up but self-consistent audit record: every value follows from the count tables built here.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod fake;
pub mod lifecycle;

use verifold_model::{
    candidates::{CandidateSystem, candidates},
    cohort::{BatchRole, BatchTable},
    decimal::Decimal,
    digest::{Commitment, Digest},
    format,
    instant::Instant,
    lineage::Lineage,
    metric::{Decisions, Fraction, Metric, MetricKey, Value},
    plan::{
        Calendar, Feature, Grouping, Histogram, MissingRule, ModelKind, OutcomeDefinition, OutsideRule, Plan, PlanSchema, ScoreDirection,
        Scoring,
    },
    proof_system::{ProofSystem, Property},
    record::{
        AuditRecord, BatchContent, BatchRecord, BatchResult, EngagementSummary, EntrySummary, Expectation, Finding, GroupLine, Headline,
        LegalSource, PackageSummary, Phase, PlanChoice, PlanSummary, Point, PolicySummary, ProofState, ProofSummary, RecordSchema,
        RequirementResult, Rung, Series, Source, Sourced, Standing, Totals, TraceabilitySummary, Volatile, WhyNode,
    },
    shape::{CircuitFamily, CircuitId, Shape},
    state::{Exit, Judgement, RungName, RungState, Severity, Stage, State},
    statement::{Period, StatementKind, Subject},
    traceability::{
        Candidate, Consequence, Constraint, Context, Decision, ProofUsed, Role, Roles, Score, Scores, Traceability, TraceabilitySchema,
    },
};

const WEEK: u64 = 7 * 86_400;
const FIRST_MONDAY: &str = "2026-06-01T00:00:00Z";
const BINS: usize = 10;
const GROUPS: [&str; 4] = ["Age 18–29", "Age 30–44", "Age 45–59", "Age 60+"];
const FEATURES: [&str; 20] = [
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

/// What went on in the made-up period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Nothing went wrong; what cannot be proven is settled by people.
    Honest,
    /// Weeks 17 and 18 treat one group worse, week 21 is missing, one proof is rejected, one is foreign.
    Findings,
}

/// A record of 24 weekly batches and a reference, with 18 requirements.
pub fn record(story: Story) -> AuditRecord {
    let plan = plan();
    let batches = batches(&plan, story);
    let series = series(&plan, &batches);
    let requirements = requirements(story, &batches, &series);
    let totals = Totals::of(&requirements);
    let subject = Subject {
        name: "Merian Bank AG".into(),
        lei: "529900MERIANBANK0A42".into(),
        system: "retail-scorecard".into(),
        model: "Retail scorecard 4.2".into(),
    };
    let first: Instant = FIRST_MONDAY.parse().unwrap();
    let period = Period { start: first, end: Instant::from_unix_secs(first.unix_secs() + 24 * WEEK).unwrap() };
    let proofs = proofs(story, &batches);
    let entries = entries(&proofs);
    let traceability = vec![traceability(story, &proofs[0])];
    AuditRecord {
        lineage: lifecycle::monitoring_alone(&batches),
        development: None,
        schema: RecordSchema::V1,
        program: "verifold 0.1.0".into(),
        headline: headline(story, totals),
        exit: if story == Story::Honest { Exit::Met } else { Exit::Rejected },
        ladder: ladder(story, &entries, totals),
        policy: PolicySummary {
            id: "eu-credit-scoring".into(),
            title: "Credit scoring, EU, illustrative".into(),
            version: "1.3.0".into(),
            illustrative: true,
            digest: Digest::of(b"policy"),
            signatures: Vec::new(),
            min_cell: 5,
            sources: vec![
                LegalSource {
                    id: "ai-act".into(),
                    title: "Regulation (EU) 2024/1689, Artificial Intelligence Act".into(),
                    version: "OJ L, 12.7.2024".into(),
                    in_force_from: "2027-12-02 for high-risk systems".into(),
                    reviewed_on: "2026-11-02".into(),
                },
                LegalSource {
                    id: "eba".into(),
                    title: "EBA/GL/2020/06, Loan origination and monitoring".into(),
                    version: "29.5.2020".into(),
                    in_force_from: "2021-06-30".into(),
                    reviewed_on: "2026-11-02".into(),
                },
            ],
        },
        overlays: Vec::new(),
        model_changes: Vec::new(),
        engagement: Some(engagement(&subject, story)),
        package: PackageSummary {
            file_name: "merian-bank-2026-h2.zkaudit".into(),
            size: entries.iter().map(|entry| entry.size).sum::<u64>() + 1_900,
            digest: Digest::of(b"package"),
            written_by: "verifold 0.1.0".into(),
            entries,
        },
        subject: Some(Sourced { value: subject, source: Source::Pinned }),
        period: Some(Sourced { value: period, source: Source::Pinned }),
        model: Some(Sourced { value: field("model"), source: if story == Story::Honest { Source::Pinned } else { Source::Package } }),
        plan: Some(PlanSummary {
            digest: plan.digest(),
            commitment: field("plan"),
            source: Source::Package,
            choices: vec![
                choice("score bins", "10 bins", Some("at least 10")),
                choice("cut-off", "a bin edge, approve from bin 5", Some("a bin edge")),
                choice("scale", "2^12 score units per log-odds", Some("at least 2^12")),
                choice("groups", "age band: 18–29, 30–44, 45–59, 60+", Some("age bands with these names")),
                choice("calendar", "ISO weeks", Some("ISO weeks")),
                choice("outcome", "90 days past due within 12 months", None),
                choice("expected share of bad outcomes", "one share for each score bin", None),
                choice("histogram edges", "utilisation, income, bureau score, delinquencies", None),
            ],
            plan,
        }),
        proofs,
        traceability,
        batches,
        series,
        requirements,
        totals,
        not_shown: vec![
            "That the committed rows are those of real applicants, that groups and outcomes were recorded truthfully, or that nothing was left out before commitment.".into(),
            "That the metrics and limits are the right ones, or that any law is complied with.".into(),
            "That the integer model equals the float model it was made from.".into(),
        ],
        comparison: None,
        volatile: Volatile {
            finished: Some("2026-11-21T09:14:03Z".parse().unwrap()),
            host: "linux, x86_64".into(),
            threads: 4,
            phases: [("read", 4_120), ("derive keys", 1_310_000), ("check proof monitoring", 853_000), ("replay chain", 11_200), ("assess", 3_900)]
                .map(|(name, elapsed_micros)| Phase { name: name.into(), elapsed_micros })
                .to_vec(),
        },
    }
}

/// A record of a package that is not a container at all: nothing below the first rung was reached.
pub fn malformed() -> AuditRecord {
    let mut record = record(Story::Honest);
    record.subject = None;
    record.period = None;
    record.model = None;
    record.plan = None;
    record.proofs.clear();
    record.batches.clear();
    record.lineage = Lineage::default();
    record.series.clear();
    record.package.entries.clear();
    for requirement in &mut record.requirements {
        let person = matches!(requirement.state, State::Judgement(_));
        requirement.state = if person { State::Judgement(Judgement::Open) } else { State::Uncovered };
        requirement.watch = false;
        requirement.reason = "The package could not be read, so there is no evidence.".into();
        requirement.actual.clear();
        requirement.margin.clear();
        requirement.n.clear();
        requirement.batches.clear();
        requirement.proofs.clear();
        requirement.why = WhyNode {
            state: Some(requirement.state),
            actual: String::new(),
            margin: String::new(),
            children: Vec::new(),
            ..requirement.why.clone()
        };
    }
    record.totals = Totals::of(&record.requirements);
    record.exit = Exit::Malformed;
    let cause = "the central directory of the container is cut off: 22 bytes expected at offset 9 140, 7 found";
    record.ladder = RungName::ALL
        .map(|name| match name {
            RungName::Integrity => Rung {
                name,
                state: RungState::Fails,
                word: "Malformed".into(),
                detail: "not a proof package".into(),
                findings: vec![Finding { cause: "container-malformed".into(), blocking: true, text: cause.into(), place: String::new() }],
            },
            _ => Rung {
                name,
                state: RungState::NotReached,
                word: "Not reached".into(),
                detail: "the package could not be read".into(),
                findings: Vec::new(),
            },
        })
        .to_vec();
    record.headline = Headline {
        state: State::Rejected,
        rung: Some(RungName::Integrity),
        title: "The file is not a proof package".into(),
        detail: format!("{}{}. Nothing in it was checked.", cause[..1].to_uppercase(), &cause[1..]),
        next: "Ask for the package again and compare its SHA-256 with the sender.".into(),
    };
    record
}

fn field(name: &str) -> Commitment {
    let mut bytes = *Digest::of(name.as_bytes()).as_bytes();
    bytes[0] &= 0x3f;
    Commitment::from_bytes(bytes)
}

fn choice(what: &str, chosen: &str, constraint: Option<&str>) -> PlanChoice {
    PlanChoice { what: what.into(), chosen: chosen.into(), constraint: constraint.map(Into::into), holds: true }
}

fn plan() -> Plan {
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

fn table(plan: &Plan, seed: u64, rows: u64, matured: bool, unfair: bool) -> BatchTable {
    let mut table = BatchTable::empty(plan);
    let mut stream = Stream(seed);
    let mut drawn = [seed * 41, seed * 59, seed * 83, seed * 97];
    const SCORE: [u64; BINS] = [30, 65, 100, 125, 150, 165, 140, 110, 75, 40];
    const SHARES: [u64; 4] = [205, 296, 276, 223];
    let pick = |stream: &mut Stream, weights: &[u64]| {
        let mut at = stream.next(weights.iter().sum());
        weights
            .iter()
            .position(|w| {
                if at < *w {
                    true
                } else {
                    at -= w;
                    false
                }
            })
            .unwrap()
    };
    for row in 0..rows {
        let group = pick(&mut stream, &SHARES);
        if row % 457 == 456 {
            table.void[group][usize::from(stream.next(2) == 1)] += 1;
            continue;
        }
        // Most rows are spread evenly over the bins, a third at random: groups then differ by a few points only.
        drawn[group] += 618;
        let mut at = drawn[group] % 1000;
        let mut bin = if stream.next(3) == 0 {
            pick(&mut stream, &SCORE)
        } else {
            SCORE
                .iter()
                .position(|w| {
                    if at < *w {
                        true
                    } else {
                        at -= w;
                        false
                    }
                })
                .unwrap()
        };
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

fn groups(plan: &Plan, table: &BatchTable) -> Vec<GroupLine> {
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

fn batches(plan: &Plan, story: Story) -> Vec<BatchRecord> {
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
            known: table.counts.iter().flatten().map(|c| u64::from(c[2] + c[3] + c[4] + c[5])).sum(),
            logged_approvals: table.logged_approvals(),
            groups: groups(plan, &table),
            row_commitment: field(&format!("rows {number}")),
            outcome_commitment: field(&format!("outcomes {number}")),
            receipts: None,
            matured: None,
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

fn decimal(value: f64) -> Decimal {
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

fn value(plan: &Plan, reference: &BatchContent, content: &BatchContent, key: &MetricKey) -> (Option<Value>, u64) {
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

fn keys() -> Vec<MetricKey> {
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

fn series(plan: &Plan, batches: &[BatchRecord]) -> Vec<Series> {
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
fn plain(
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

fn requirements(story: Story, batches: &[BatchRecord], series: &[Series]) -> Vec<RequirementResult> {
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

fn proofs(story: Story, batches: &[BatchRecord]) -> Vec<ProofSummary> {
    let names: Vec<String> =
        ["header", "plan", "model", "chain", "batch index", "last key", "open rows", "open table"].map(Into::into).to_vec();
    let state = |prefix: &str| names.iter().map(|name| field(&format!("{prefix} {name}"))).collect::<Vec<_>>();
    let proven = batches.iter().filter(|b| b.content.is_some() && b.role == BatchRole::Monitoring).count();
    let rows: u64 = batches.iter().filter(|b| b.role == BatchRole::Monitoring).filter_map(|b| b.content.as_ref()).map(|c| c.scored).sum();
    let make = |id: &str, title: &str, proof_state: ProofState, reason: &str, steps| ProofSummary {
        id: id.into(),
        title: title.into(),
        state: proof_state,
        reason: reason.into(),
        stage: Stage::Monitoring,
        statement: StatementKind::MonitoringV1,
        plain_words: format!(
            "{proven} weekly batches between 1 Jun 2026 and 15 Nov 2026 form one unbroken chain of {} applications, after a reference of 12\u{202F}000. One model scored every one of them. For each batch, the disclosed table counts them by score bin, outcome, age band and logged decision.",
            format::count(rows)
        ),
        does_not_show: StatementKind::MonitoringV1.does_not_show().into(),
        circuit: CircuitId { family: CircuitFamily::ScoredCohortV1, shape: Shape::new(20, 8, 4, 10, 4, 17).unwrap() },
        system: ProofSystem::NovaPastaIpa,
        properties: ProofSystem::NovaPastaIpa.properties(),
        demanded: vec![
            Property::NonInteractive,
            Property::TransparentSetup,
            Property::StandardRepresentation,
            Property::Succinct,
            Property::ZeroKnowledge,
        ],
        strength: Some(ProofSystem::NovaPastaIpa.strength()),
        demanded_bits: Some(120),
        key_digest: (proof_state != ProofState::NotCheckable).then(|| Digest::of(b"key")),
        key_pinned: (proof_state != ProofState::NotCheckable).then_some(true),
        constraints: 129_309,
        rows_per_step: 190,
        steps,
        proof_bytes: 11_880,
        segments: Vec::new(),
        z0: state("z0"),
        zn: state(id),
        state_names: names.clone(),
    };
    let mut proofs = vec![make("monitoring", "Batches 1–24", ProofState::Valid, "", 322)];
    if story == Story::Findings {
        proofs.push(make(
            "challenger",
            "Challenger, batches 1–24",
            ProofState::Rejected,
            "the final state differs at element 3, chain",
            322,
        ));
        proofs.push(make("robustness", "Robustness", ProofState::NotCheckable, "the policy does not accept this circuit", 68));
    }
    proofs
}

/// The bank's decision record: complete, or about another circuit.
fn traceability(story: Story, proof: &ProofSummary) -> TraceabilitySummary {
    let candidate = |of: &CandidateSystem, assessment: &str| {
        let mut scores = of.scores.iter().map(|(_, holds, reason)| Score { holds: *holds, reason: reason.clone() });
        let mut next = || scores.next().unwrap();
        Candidate {
            system: of.name.into(),
            title: of.title.into(),
            strength: of.strength.words(),
            assessment: assessment.into(),
            scores: Scores {
                non_interactive: next(),
                transparent_setup: next(),
                standard_representation: next(),
                succinct: next(),
                post_quantum: next(),
                zero_knowledge: next(),
            },
        }
    };
    let all = candidates();
    let circuit = if story == Story::Honest { proof.circuit.to_string() } else { "scored-cohort/v1@f8.w8.g2.b10.h1.n15".into() };
    let person = |name: &str| Role { name: name.into(), agreed_on: "2026-05-20".into() };
    let document = Traceability {
        schema: TraceabilitySchema::V1,
        stage: Stage::Monitoring,
        title: "How the retail scorecard is monitored".into(),
        version: "1.1".into(),
        system: "retail-scorecard".into(),
        context: Context {
            objective: "That approval rates, drift and calibration of each week follow from committed applications, for an auditor who may see neither applications nor weights.".into(),
            model_category: "linear".into(),
            statement: "monitoring/v1".into(),
            confidential: "Applications, and the weights of the scorecard.".into(),
        },
        constraint: vec![Constraint {
            text: "The auditor verifies offline, on a laptop, months later, and trusts no ceremony.".into(),
            demands: vec![Property::NonInteractive, Property::TransparentSetup],
        }],
        candidate: vec![
            candidate(&all[0], "Folds week after week into one proof of 12 kB, which a laptop checks in a second."),
            candidate(&all[1], "Post-quantum, but one proof a week, and no folding at the time of the decision."),
            candidate(&all[2], "Rejected for its ceremony."),
        ],
        decision: Decision {
            system: all[0].name.into(),
            circuit,
            rationale: "One proof for a year of weeks, no ceremony, and a verifier that needs no key from us.".into(),
        },
        consequence: vec![Consequence { text: "Not post-quantum: the decision is reviewed every year, next in May 2027.".into() }],
        roles: Roles {
            solution_architect: person("I. Vellacott, IT architecture"),
            ml_engineer: person("S. Orrin, credit models"),
        },
    };
    let used = ProofUsed { statement: proof.statement, system: proof.system, circuit: proof.circuit };
    TraceabilitySummary {
        digest: Digest::of_canonical(&document),
        proofs: vec![proof.id.clone()],
        gaps: document.gaps(),
        contradictions: document.contradicts(used, "retail-scorecard"),
        document,
    }
}

fn entries(proofs: &[ProofSummary]) -> Vec<EntrySummary> {
    let entry = |path: String, media_type: &str, role: &str, size| EntrySummary {
        digest: Digest::of(path.as_bytes()),
        path,
        media_type: media_type.into(),
        role: role.into(),
        size,
    };
    let mut list = vec![
        entry("manifest.json".into(), "application/json", "manifest", 1_912),
        entry("plan.json".into(), "application/json", "plan", 5_120),
    ];
    for proof in proofs {
        list.push(entry(format!("statements/{}.json", proof.id), "application/json", "statement", 98_244));
        list.push(entry(format!("proofs/{}.bin", proof.id), "application/octet-stream", "proof", proof.proof_bytes));
    }
    list
}

fn engagement(subject: &Subject, story: Story) -> EngagementSummary {
    let expect = |what: &str, expected: &str, found: &str| Expectation {
        what: what.into(),
        expected: expected.into(),
        found: found.into(),
        holds: expected == found,
        origin: "model inventory, 3 Nov 2026".into(),
    };
    let mut expectations = vec![
        expect("subject.lei", &subject.lei, &subject.lei),
        expect("subject.system", &subject.system, &subject.system),
        expect("period", "1 Jun 2026 – 15 Nov 2026", "1 Jun 2026 – 15 Nov 2026"),
    ];
    if story == Story::Findings {
        expectations.push(expect("batch 2026-W43", "in the package", "missing"));
    } else {
        expectations.push(expect("model", &field("model").to_string(), &field("model").to_string()));
    }
    EngagementSummary {
        id: "merian-2026-h2".into(),
        title: "Merian Bank AG, second half of 2026".into(),
        digest: Digest::of(b"engagement"),
        signatures: Vec::new(),
        expectations,
        anchors: Vec::new(),
        tokens: Vec::new(),
        deposits: Vec::new(),
        expected_batches: 24,
        control_totals: 24,
    }
}

fn headline(story: Story, totals: Totals) -> Headline {
    match story {
        Story::Honest => Headline {
            state: State::Satisfied,
            rung: None,
            title: format!("All {} mandatory requirements are settled on proven values", totals.mandatory),
            detail: "Every expected batch is there, under the expected model. Origin is not established: the package carries no signature.".into(),
            next: "Review the choices no policy constrains before signing off.".into(),
        },
        Story::Findings => Headline {
            state: State::Rejected,
            rung: Some(RungName::Proof),
            title: "1 of 3 proofs is rejected, so IN-3 has no valid evidence".into(),
            detail: "The chain of the other valid proof stands. On what is proven, the policy is not met: approval rates of age bands differ by more than 0.10 in batches 17 and 18 (MO-1).".into(),
            next: "Ask Merian Bank for a corrected proof of “challenger” and for batch 21.".into(),
        },
    }
}

fn ladder(story: Story, entries: &[EntrySummary], totals: Totals) -> Vec<Rung> {
    let bad = story == Story::Findings;
    let rung = |name, state, word: &str, detail: String, findings: Vec<(&str, bool, &str, &str)>| Rung {
        name,
        state,
        word: word.into(),
        detail,
        findings: findings
            .into_iter()
            .map(|(cause, blocking, text, place)| Finding { cause: cause.into(), blocking, text: text.into(), place: place.into() })
            .collect(),
    };
    vec![
        rung(
            RungName::Integrity,
            RungState::Holds,
            "Intact",
            format!("{0} of {0} entries match their digests", entries.len()),
            vec![("entries-match", false, "Every entry has the size and SHA-256 the manifest states.", "")],
        ),
        rung(
            RungName::Origin,
            RungState::NotEstablished,
            "Not established",
            "no signature in the package".into(),
            vec![("no-signature", false, "The package carries no signature, so nothing shows who made it.", "")],
        ),
        if bad {
            rung(
                RungName::Proof,
                RungState::Fails,
                "1 rejected",
                "1 of 3 valid · 1 not checkable".into(),
                vec![
                    (
                        "final-state-differs",
                        true,
                        "The final state differs from the replayed one at element 3, chain: expected 3b03…4fc7, found 9112…01aa.",
                        "proofs/challenger.bin",
                    ),
                    ("circuit-not-accepted", true, "The policy accepts no circuit for statement “robustness”.", "proofs/robustness.bin"),
                ],
            )
        } else {
            rung(
                RungName::Proof,
                RungState::Holds,
                "Valid",
                "1 of 1 valid under a key derived here".into(),
                vec![(
                    "proof-valid",
                    false,
                    "Proof “monitoring” is valid, and all 8 elements of its final state equal the replayed ones.",
                    "proofs/monitoring.bin",
                )],
            )
        },
        if bad {
            rung(
                RungName::Scope,
                RungState::Fails,
                "1 batch missing",
                "23 of 24 expected batches".into(),
                vec![
                    (
                        "batch-missing",
                        true,
                        "Batch 2026-W43 (19 Oct 2026 – 25 Oct 2026) is expected by the engagement's calendar and not in the package.",
                        "batch 21",
                    ),
                    ("model-not-pinned", false, "The engagement names no model: the commitment is taken from the package.", "model"),
                ],
            )
        } else {
            rung(
                RungName::Scope,
                RungState::Holds,
                "As engaged",
                "24 of 24 expected batches, totals agree".into(),
                vec![("scope-agrees", false, "Subject, model, period and all 24 control totals agree with the engagement.", "")],
            )
        },
        rung(
            RungName::Policy,
            if bad { RungState::NotMet } else { RungState::Holds },
            if bad { "Not met" } else { "Met" },
            format!("{} of {} mandatory settled", totals.mandatory_settled, totals.mandatory),
            vec![],
        ),
    ]
}
