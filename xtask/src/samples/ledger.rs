//! What does the bank write down about its applicants, and when does it learn how they turned out?
//!
//! A [`Ledger`] is a table of recorded applications: decisions with a caseworker's overrides,
//! outcomes that the credit bureau knows by now, and the few cells that no record is ever free of.

use anyhow::Context as _;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    population::{AGE_BANDS, Application, DAY, FEATURES},
    random::Random,
};

/// Days from a decision to the day its outcome is known; the measurement plan says the same.
pub(super) const MATURITY_DAYS: u64 = 90;

/// Share of matured applicants whom the bureau finds.
const FOUND_BY_BUREAU: f64 = 0.97;

/// Who decides, before a caseworker looks.
pub(super) enum Deciders<'a> {
    /// The rules of thumb in force before there was a model.
    Guideline,
    /// A model: approve below the cut-off in log-odds of default.
    Model {
        /// Log-odds of an applicant, from one value per feature.
        log_odds: &'a dyn Fn(&[f64]) -> f64,
        /// First log-odds that are declined.
        cutoff: f64,
    },
}

impl Deciders<'_> {
    fn approve(&self, application: &Application) -> bool {
        match self {
            Self::Guideline => {
                let inputs: Vec<f64> = application.inputs().collect();
                // Delinquencies, debt to income, instalment to income: positions as in `FEATURES`.
                inputs[9] < 2.0 && inputs[1] < 52.0 && inputs[15] < 32.0
            }
            Self::Model { log_odds, cutoff } => log_odds(&application.inputs().collect::<Vec<f64>>()) < *cutoff,
        }
    }
}

/// How often a caseworker decides otherwise.
#[derive(Clone, Copy)]
pub(super) struct Overrides {
    /// Of the declined, the share approved all the same.
    pub(super) to_approve: f64,
    /// Of the approved, the share declined all the same, by age band.
    pub(super) to_decline: [f64; 4],
}

impl Overrides {
    /// Overrides that do not look at age.
    pub(super) const USUAL: Self = Self { to_approve: 0.14, to_decline: [0.025; 4] };

    /// The branches distrust brokered applications and send many young applicants away.
    pub(super) const WARY_OF_THE_YOUNG: Self = Self { to_approve: 0.10, to_decline: [0.10, 0.025, 0.025, 0.025] };
}

/// A table of recorded applications.
pub(super) struct Ledger {
    writer: csv::Writer<Vec<u8>>,
    rows: u64,
    id_prefix: String,
}

impl Ledger {
    /// An empty table whose applications are numbered behind `id_prefix`.
    pub(super) fn new(id_prefix: &str) -> anyhow::Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = ["application_id", "decided_at", "age_band"].into_iter().chain(FEATURES.iter().map(|column| column.name));
        writer.write_record(names.chain(["decision", "outcome"]))?;
        Ok(Self { writer, rows: 0, id_prefix: id_prefix.to_owned() })
    }

    /// Records applications; outcomes are those known at `extracted_at`.
    pub(super) fn record(
        &mut self,
        random: &mut Random,
        applications: &[Application],
        deciders: &Deciders<'_>,
        overrides: &Overrides,
        extracted_at: u64,
    ) -> anyhow::Result<()> {
        for application in applications {
            self.rows += 1;
            let recommended = deciders.approve(application);
            let overridden =
                if recommended { random.chance(overrides.to_decline[application.age_band]) } else { random.chance(overrides.to_approve) };
            let matured = application.decided_at + MATURITY_DAYS * DAY <= extracted_at;
            let known = random.chance(FOUND_BY_BUREAU) && matured;
            let outcome = match (known, application.defaults) {
                (false, _) => "",
                (true, false) => "good",
                (true, true) => "bad",
            };
            let mut cells = vec![
                format!("{}-{:06}", self.id_prefix, self.rows),
                time_text(application.decided_at)?,
                AGE_BANDS[application.age_band].to_owned(),
            ];
            cells.extend(
                application
                    .features
                    .iter()
                    .zip(&FEATURES)
                    .map(|(value, column)| value.map_or_else(String::new, |units| decimal_text(units, column.places))),
            );
            spoil(random, &mut cells);
            cells.extend([if recommended != overridden { "approved" } else { "declined" }, outcome].map(str::to_owned));
            self.writer.write_record(cells)?;
        }
        Ok(())
    }

    /// The table as CSV.
    pub(super) fn into_bytes(self) -> anyhow::Result<Vec<u8>> {
        self.writer.into_inner().context("writing a table in memory")
    }
}

/// What goes wrong in a few rows out of a thousand, each a different reason to set a row aside.
fn spoil(random: &mut Random, cells: &mut [String]) {
    let (band, income, debt_to_income, utilisation) = (2, 3, 4, 5);
    match random.among(&[0.9954, 0.0022, 0.0010, 0.0010, 0.0004]) {
        1 => cells[income].clear(),
        // A code for "refused to say" that an older system left behind.
        2 => "-9".clone_into(&mut cells[debt_to_income]),
        3 => "n/a".clone_into(&mut cells[utilisation]),
        4 => "unknown".clone_into(&mut cells[band]),
        _ => {}
    }
}

fn time_text(unix_secs: u64) -> anyhow::Result<String> {
    Ok(OffsetDateTime::from_unix_timestamp(i64::try_from(unix_secs)?)?.format(&Rfc3339)?)
}

fn decimal_text(units: i64, places: u32) -> String {
    let unit = 10i64.pow(places);
    match places {
        0 => units.to_string(),
        _ => format!("{}.{:0width$}", units / unit, units % unit, width = places as usize),
    }
}
