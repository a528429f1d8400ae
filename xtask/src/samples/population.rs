//! Who applies for credit at a bank that does not exist?
//!
//! Every applicant is drawn from a latent creditworthiness and an age; features follow from both
//! with noise, and default from features and creditworthiness by a logistic law, so that a model can
//! rank applicants but never knows them. [`Conditions`] say how a batch differs from the rest.
//!
//! The population is invented: it resembles retail credit in ranges and in what moves with what, and
//! estimates nothing about real people. Age is recorded for grouping and is no feature.

use super::random::{Random, exp, probability};

/// A column of numbers that the model may look at.
pub(super) struct Column {
    /// Header in the tables.
    pub(super) name: &'static str,
    /// Digits behind the point.
    pub(super) places: u32,
}

const fn column(name: &'static str, places: u32) -> Column {
    Column { name, places }
}

/// The features in the order of the model's inputs.
pub(super) const FEATURES: [Column; 20] = [
    column("monthly_income", 0),
    column("debt_to_income", 1),
    column("utilisation", 1),
    column("months_at_job", 0),
    column("months_at_bank", 0),
    column("months_at_address", 0),
    column("oldest_account_months", 0),
    column("open_accounts", 0),
    column("enquiries_6m", 0),
    column("delinquencies_24m", 0),
    column("worst_arrears_days", 0),
    column("months_since_delinquency", 0),
    column("loan_amount", 0),
    column("term_months", 0),
    column("loan_to_income", 1),
    column("instalment_to_income", 1),
    column("savings", 0),
    column("tenant", 0),
    column("dependants", 0),
    column("products_held", 0),
];

/// Position of the feature that is empty for most applicants: they were never delinquent.
const MONTHS_SINCE_DELINQUENCY: usize = 11;

/// What the model is given where `months_since_delinquency` is empty; the measurement plan says the same.
pub(super) const NEVER_DELINQUENT_MONTHS: f64 = 120.0;

/// Age bands as the tables write them.
pub(super) const AGE_BANDS: [&str; 4] = ["18-29", "30-44", "45-59", "60+"];

/// Seconds of a day.
pub(super) const DAY: u64 = 86_400;

/// A recorded application.
pub(super) struct Application {
    /// Seconds since 1970 of the decision.
    pub(super) decided_at: u64,
    /// Position in [`AGE_BANDS`].
    pub(super) age_band: usize,
    /// Values in units of the last digit its column writes; `None` where there is nothing to record.
    pub(super) features: [Option<i64>; FEATURES.len()],
    /// Whether the applicant defaults, as the credit bureau will know once the outcome has matured.
    pub(super) defaults: bool,
}

impl Application {
    /// The features as the deployed model reads them.
    pub(super) fn inputs(&self) -> impl Iterator<Item = f64> {
        self.features.iter().zip(&FEATURES).map(|(value, column)| match value {
            Some(units) => *units as f64 / 10i64.pow(column.places) as f64,
            None => NEVER_DELINQUENT_MONTHS,
        })
    }
}

/// How the applicants of a batch differ from the population the model was developed on.
#[derive(Clone, Copy)]
pub(super) struct Conditions {
    /// Added to everyone's creditworthiness, in standard deviations.
    pub(super) creditworthiness: f64,
    /// Share of each age band, not normalised.
    pub(super) age_bands: [f64; 4],
    /// Everyone's income is multiplied by this.
    pub(super) income: f64,
    /// Share of the youngest band that a loan broker sends.
    pub(super) brokered_young: f64,
}

impl Conditions {
    /// The population the model was developed on.
    pub(super) const USUAL: Self = Self { creditworthiness: 0.0, age_bands: [0.25, 0.33, 0.25, 0.17], income: 1.0, brokered_young: 0.0 };

    /// A loan broker for young people with little income begins to send applicants, and incomes fall in general.
    pub(super) const BROKER: Self =
        Self { creditworthiness: -0.50, age_bands: [0.31, 0.30, 0.23, 0.16], income: 0.78, brokered_young: 0.40 };
}

/// Draws `count` applications with decisions between `start` and `end`, in order of time.
pub(super) fn draw(random: &mut Random, conditions: &Conditions, count: usize, start: u64, end: u64) -> Vec<Application> {
    let mut times: Vec<u64> = (0..count).map(|_| decision_time(random, start, end)).collect();
    times.sort_unstable();
    times.into_iter().map(|decided_at| applicant(random, conditions, decided_at)).collect()
}

/// Busy on working days between eight and eight, quiet at the weekend and at night; `start` is a Monday or the first of a month.
fn decision_time(random: &mut Random, start: u64, end: u64) -> u64 {
    let days = (end - start) / DAY;
    loop {
        let day = start + random.whole(0, days as i64 - 1).unsigned_abs() * DAY;
        // 1 January 1970 was a Thursday.
        let weekday = (day / DAY + 3) % 7;
        let kept = [1.0, 1.0, 0.95, 0.95, 0.9, 0.35, 0.2][weekday as usize];
        let hour = random.among(&[
            0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.6, 1.5, 4.0, 6.0, 7.0, 7.0, 5.5, 6.0, 6.5, 6.5, 6.0, 5.5, 4.5, 3.5, 2.5, 1.8, 1.0, 0.5,
        ]);
        let within = random.whole(0, 3_599).unsigned_abs();
        if random.chance(kept) {
            return day + hour as u64 * 3_600 + within;
        }
    }
}

fn applicant(random: &mut Random, conditions: &Conditions, decided_at: u64) -> Application {
    let band = random.among(&conditions.age_bands);
    let brokered = band == 0 && random.chance(conditions.brokered_young);
    let age = match band {
        0 => random.whole(18, 29),
        1 => random.whole(30, 44),
        2 => random.whole(45, 59),
        _ => random.whole(60, 78),
    } as f64;
    let worth = random.normal() + conditions.creditworthiness + if brokered { -0.9 } else { 0.0 };

    // Months since something began cannot exceed the time since one could begin it.
    let since = |random: &mut Random, median: f64, spread: f64, lean: f64, from_age: f64| {
        (random.around(median, spread) * exp(lean * worth)).min((age - from_age) * 12.0).max(0.0)
    };
    let months_at_job = since(random, 64.0, 0.8, 0.22, 17.0);
    let months_at_bank = since(random, if brokered { 3.0 } else { 66.0 }, 0.8, 0.12, 12.0);
    let months_at_address = since(random, 52.0, 0.8, 0.10, 0.0);
    let oldest_account = since(random, 96.0, 0.55, 0.20, 16.0);

    let income_of_band = [0.93, 1.05, 1.08, 0.97][band];
    let broker_income = if brokered { 0.62 } else { 1.0 };
    let income =
        (random.around(2_500.0, 0.36) * exp(0.12 * worth) * income_of_band * broker_income * conditions.income).clamp(650.0, 24_000.0);
    let debt_to_income = (random.around(26.0, 0.42) * exp(-0.20 * worth)).min(120.0);
    let utilisation = 108.0 * probability(-0.55 + 1.05 * random.normal() - 0.60 * worth);

    let open_accounts = 1 + random.poisson(2.6);
    let enquiries = random.poisson(exp(-0.05 - 0.45 * worth)) + if brokered { 1 } else { 0 };
    let delinquencies = random.poisson(exp(-1.75 - 0.95 * worth)).min(12);
    let (worst_arrears, months_since) = if delinquencies > 0 {
        let thirties = 1 + random.poisson(0.4 + 0.25 * delinquencies as f64).min(5);
        (thirties * 30 - random.whole(0, 25), Some(random.whole(1, 24)))
    } else if random.chance(0.12) {
        (0, Some(random.whole(25, 110)))
    } else {
        (0, None)
    };

    // Nobody is offered a form for more than fourteen months of income.
    let loan = (random.around(9_500.0, 0.55).min(14.0 * income) / 100.0).round().clamp(10.0, 500.0) * 100.0;
    let terms = [12.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0];
    let long = (loan / 12_000.0).min(2.5);
    let term = terms[random.among(&[1.0, 1.6, 2.0, 1.0 + long, 0.6 + 1.4 * long, 0.2 + long, 0.1 + long])];
    // A level instalment at about five percent a year.
    let instalment = loan * (1.0 / term + 0.0023);
    let loan_to_income = 100.0 * loan / (12.0 * income);
    let instalment_to_income = 100.0 * instalment / income;
    let savings = if random.chance(0.14) { 0.0 } else { (random.around(2_400.0, 1.0) * exp(0.40 * worth)).min(60_000.0) };
    let tenant = i64::from(random.chance([0.78, 0.58, 0.45, 0.38][band]));
    let dependants = random.poisson([0.25, 1.1, 0.7, 0.1][band]).min(6);
    let products = 1 + random.poisson(if brokered { 0.1 } else { 0.9 }).min(6);

    let log_odds = -3.25
        + 0.50 * (delinquencies.min(3) as f64)
        + 0.013 * (utilisation - 40.0)
        + 0.024 * (debt_to_income - 28.0)
        + 0.20 * (enquiries.min(6) as f64 - 1.0)
        + 0.026 * (instalment_to_income.min(60.0) - 10.0)
        - 0.0055 * (months_at_job.min(120.0) - 50.0)
        - 0.00018 * (income.min(6_000.0) - 2_600.0)
        + 0.006 * worst_arrears as f64
        - 0.45 * worth
        + 0.60 * random.normal();
    let defaults = random.chance(probability(log_odds));

    let round = |value: f64, position: usize| Some((value * 10i64.pow(FEATURES[position].places) as f64).round() as i64);
    let whole = |value: i64| Some(value);
    let features = [
        round(income, 0),
        round(debt_to_income, 1),
        round(utilisation, 2),
        round(months_at_job, 3),
        round(months_at_bank, 4),
        round(months_at_address, 5),
        round(oldest_account, 6),
        whole(open_accounts),
        whole(enquiries),
        whole(delinquencies),
        whole(worst_arrears),
        months_since,
        round(loan, 12),
        round(term, 13),
        round(loan_to_income, 14),
        round(instalment_to_income, 15),
        round((savings / 10.0).round() * 10.0, 16),
        whole(tenant),
        whole(dependants),
        whole(products),
    ];
    debug_assert!(features.iter().enumerate().all(|(position, value)| value.is_some() || position == MONTHS_SINCE_DELINQUENCY));
    Application { decided_at, age_band: band, features, defaults }
}
