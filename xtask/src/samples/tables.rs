//! Which tables would the bank and its ledger have?
//!
//! | file | rows |
//! |---|---|
//! | `development.csv` | what the scorecard is trained on, second half of 2025 |
//! | `reference.csv` | a sample of the same population, what drift is measured against |
//! | `honest.csv` | the period, an ordinary half-year |
//! | `drift.csv` | the period; from [`BROKEN_FROM_WEEK`] on a broker changes who applies |
//! | `network.csv` | the period's first weeks, as a network decides them |
//! | `changed.csv` | the period's first weeks, decided by one scorecard and then by its successor |
//! | `changed-later.csv` | what is known of their outcomes two months later |
//!
//! The same seed gives the same bytes on every machine. Decisions of the period are those of the
//! committed scorecard, or network, with a caseworker's overrides.

use std::path::Path;

use anyhow::Context as _;
use verifold_model::{instant::Instant, statement::Period};
use verifold_prove::{onnx::FloatModel, spec::Spec};

use super::{
    Places,
    ledger::{Deciders, Ledger, Overrides},
    population::{Conditions, DAY, FEATURES, draw},
    random::Random,
    read_text, write_if_changed,
};

/// Chosen once; another one gives another bank.
const SEED: u64 = 20_260_601;

const DEVELOPMENT_ROWS: usize = 12_000;
const REFERENCE_ROWS: usize = 2_000;
const LIFECYCLE_ROWS: usize = 3_000;

/// First week of the period, from 1, in which the broker is at work.
pub(super) const BROKEN_FROM_WEEK: u64 = 15;

/// Writes every table under `target/samples`; those of the period need the committed scorecard.
pub(super) fn write(places: &Places) -> anyhow::Result<()> {
    let spec_path = places.inputs.join("monitoring.toml");
    let development = half_year_before_the_period()?;
    write_table(places, "development", &development_rows("development", DEVELOPMENT_ROWS, development)?)?;
    write_table(places, "reference", &development_rows("reference", REFERENCE_ROWS, development)?)?;
    if !spec_path.exists() {
        println!("no specification yet: run scripts/train_scorecard.py on {}", places.scratch.join("development.csv").display());
        return Ok(());
    }
    let spec = Spec::parse(&read_text(&spec_path)?, &spec_path)?;
    let model = float_model(&places.inputs.join("retail-scorecard-4.2.onnx"))?;
    write_table(places, "honest", &period_rows(&spec, &model, false)?)?;
    write_table(places, "drift", &period_rows(&spec, &model, true)?)?;
    let spec_path = places.inputs.join("network-monitoring.toml");
    if !spec_path.exists() {
        println!("no specification for a network yet: run scripts/train_network.py on {}", path(places, "development").display());
        return Ok(());
    }
    let spec = Spec::parse(&read_text(&spec_path)?, &spec_path)?;
    let network = float_model(&places.inputs.join("retail-network-1.0.onnx"))?;
    write_table(places, "network", &network_rows(&spec, &network)?)
}

/// A committed model over the features of the tables.
fn float_model(path: &Path) -> anyhow::Result<FloatModel> {
    let names: Vec<&str> = FEATURES.iter().map(|column| column.name).collect();
    Ok(FloatModel::read(&std::fs::read(path).with_context(|| format!("reading {}", path.display()))?, &names, path)?)
}

/// Where the table of that name stands.
pub(super) fn path(places: &Places, name: &str) -> std::path::PathBuf {
    places.scratch.join(name).with_extension("csv")
}

fn write_table(places: &Places, name: &str, content: &[u8]) -> anyhow::Result<()> {
    write_if_changed(&path(places, name), content)
}

fn half_year_before_the_period() -> anyhow::Result<Period> {
    Ok(Period { start: "2025-07-01T00:00:00Z".parse()?, end: "2026-01-01T00:00:00Z".parse()? })
}

/// The day the period's tables are drawn from the bank's systems.
fn extraction() -> anyhow::Result<Instant> {
    Ok("2026-11-16T00:00:00Z".parse()?)
}

fn development_rows(name: &str, count: usize, span: Period) -> anyhow::Result<Vec<u8>> {
    let mut random = Random::stream(SEED, name);
    let applications = draw(&mut random, &Conditions::USUAL, count, span.start.unix_secs(), span.end.unix_secs());
    let mut ledger = Ledger::new("D25")?;
    ledger.record(&mut random, &applications, &Deciders::Guideline, &Overrides::USUAL, extraction()?.unix_secs())?;
    ledger.into_bytes()
}

/// Development rows of the sample over all stages: as many as are proven in minutes.
pub(super) fn write_lifecycle_development(places: &Places) -> anyhow::Result<()> {
    let span = half_year_before_the_period()?;
    write_table(places, "lifecycle-development", &development_rows("lifecycle development", LIFECYCLE_ROWS, span)?)
}

/// The period as decided by a model of coefficients and intercept on plain values.
pub(super) fn write_lifecycle_period(places: &Places, spec: &Spec, coefficients: &[f64], intercept: f64) -> anyhow::Result<()> {
    write_table(places, "lifecycle", &decided_rows(spec, &linear(coefficients, intercept), false)?)
}

fn period_rows(spec: &Spec, model: &FloatModel, drift: bool) -> anyhow::Result<Vec<u8>> {
    decided_rows(spec, &linear(&model.numbers.coefficients, model.numbers.intercept), drift)
}

/// The period as decided by a network.
#[expect(clippy::cast_possible_truncation, reason = "networks take what ONNX gives them: single precision")]
fn network_rows(spec: &Spec, network: &FloatModel) -> anyhow::Result<Vec<u8>> {
    decided_rows(spec, &|inputs| network.numbers.log_odds(&inputs.iter().map(|input| *input as f32).collect::<Vec<f32>>()), false)
}

/// Log-odds by coefficients and intercept on plain values.
fn linear(coefficients: &[f64], intercept: f64) -> impl Fn(&[f64]) -> f64 {
    move |inputs| intercept + coefficients.iter().zip(inputs).map(|(weight, value)| weight * value).sum::<f64>()
}

fn decided_rows(spec: &Spec, log_odds: &dyn Fn(&[f64]) -> f64, drift: bool) -> anyhow::Result<Vec<u8>> {
    rows_by_week(spec, &|_| log_odds, drift, extraction()?)
}

/// The period with outcomes as they are known on a day; who decides may change from week to week, counted from 0.
fn rows_by_week<'a>(
    spec: &Spec,
    log_odds: &dyn Fn(u64) -> &'a dyn Fn(&[f64]) -> f64,
    drift: bool,
    known_on: Instant,
) -> anyhow::Result<Vec<u8>> {
    let cutoff = spec.scoring.cutoff.log_odds(spec.scoring.scale_bits);
    let mut ledger = Ledger::new("R26")?;
    let (mut start, mut week) = (spec.period.start.unix_secs(), 0);
    while start < spec.period.end.unix_secs() {
        // A stream per week, so that the ordinary weeks are the same in both tables.
        let mut random = Random::stream(SEED, &format!("week {week}"));
        let count = (512.0 + 18.0 * random.normal()).round().clamp(470.0, 560.0) as usize;
        let broken = drift && week + 1 >= BROKEN_FROM_WEEK;
        let mut conditions = if broken { Conditions::BROKER } else { Conditions::USUAL };
        conditions.creditworthiness += 0.03 * random.normal();
        let applications = draw(&mut random, &conditions, count, start, start + 7 * DAY);
        let overrides = if broken { Overrides::WARY_OF_THE_YOUNG } else { Overrides::USUAL };
        let deciders = Deciders::Model { log_odds: log_odds(week), cutoff };
        ledger.record(&mut random, &applications, &deciders, &overrides, known_on.unix_secs())?;
        start += 7 * DAY;
        week += 1;
    }
    ledger.into_bytes()
}

/// Weeks that the sample with a change of model has before the change.
pub(super) const WEEKS_BEFORE_CHANGE: u64 = 4;

/// The period with a change of model, as the bank had it when it proved it, and what is known of its outcomes since.
///
/// Of those not found at first some are, and of a few the bureau says otherwise now.
pub(super) fn write_changed(places: &Places, spec: &Spec) -> anyhow::Result<()> {
    let models = ["retail-scorecard-4.2.onnx", "retail-scorecard-4.3.onnx"].map(|name| float_model(&places.inputs.join(name)));
    let [before, after] = models;
    let (before, after) = (before?.numbers, after?.numbers);
    let (before, after) = (linear(&before.coefficients, before.intercept), linear(&after.coefficients, after.intercept));
    let by_week = |week: u64| -> &dyn Fn(&[f64]) -> f64 { if week < WEEKS_BEFORE_CHANGE { &before } else { &after } };
    let then = rows_by_week(spec, &by_week, false, "2026-09-21T00:00:00Z".parse()?)?;
    let now = rows_by_week(spec, &by_week, false, extraction()?)?;
    let mut later = csv::Writer::from_writer(Vec::new());
    later.write_record(["application_id", "outcome"])?;
    let mut random = Random::stream(SEED, "later outcomes");
    let (mut earlier, mut known) = (csv::Reader::from_reader(then.as_slice()), csv::Reader::from_reader(now.as_slice()));
    for (earlier, known) in earlier.records().zip(known.records()) {
        let (earlier, known) = (earlier?, known?);
        let last = |row: &csv::StringRecord| row.get(row.len() - 1).unwrap_or_default().to_owned();
        let (before, found) = (last(&earlier), last(&known));
        let (turned, traced) = (random.chance(0.012), random.chance(0.5));
        let outcome = match (before.as_str(), found.as_str()) {
            ("good", _) if turned => "bad",
            ("bad", _) if turned => "good",
            ("", "") if traced => "good",
            (_, found) => found,
        };
        later.write_record([known.get(0).unwrap_or_default(), outcome])?;
    }
    write_table(places, "changed", &then)?;
    write_table(places, "changed-later", &later.into_inner().context("writing a table in memory")?)
}

/// Rows of a table per slot, as someone counts them who knows the file and not the prover.
pub(super) fn rows_per_slot(table: &Path, slots: &[Period]) -> anyhow::Result<Vec<u64>> {
    let mut counts = vec![0; slots.len()];
    let mut reader = csv::Reader::from_path(table).with_context(|| format!("reading {}", table.display()))?;
    let column = reader.headers()?.iter().position(|name| name == "decided_at").context("no column decided_at")?;
    for row in reader.records() {
        let at: Instant = row?.get(column).unwrap_or_default().parse()?;
        if let Some(slot) = slots.iter().position(|slot| slot.start <= at && at < slot.end) {
            counts[slot] += 1;
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_tables_are_the_same_on_every_machine() {
        let span = half_year_before_the_period().unwrap();
        let digest = verifold_model::digest::Digest::of(&development_rows("reference", 200, span).unwrap());
        assert_eq!(digest.short(), "acd1…6933");
    }

    #[test]
    fn weeks_before_the_break_are_the_same_in_both_tables() {
        let places = Places::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let spec_path = places.inputs.join("monitoring.toml");
        let spec = Spec::parse(&read_text(&spec_path).unwrap(), &spec_path).unwrap();
        let model = float_model(&places.inputs.join("retail-scorecard-4.2.onnx")).unwrap();
        let [honest, drift] = [false, true].map(|drift| String::from_utf8(period_rows(&spec, &model, drift).unwrap()).unwrap());
        let same = honest.lines().zip(drift.lines()).take_while(|(a, b)| a == b).last().unwrap().0;
        // The last common row is of week 14, which ends on Monday, 7 September.
        assert!(same.contains(",2026-09-0"), "{same}");
        assert_eq!(honest.lines().count(), 12_188);
    }
}
