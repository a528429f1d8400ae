//! What does a specification say, and where is it wrong?
//!
//! A specification (`monitoring-spec/v1`, TOML) maps the columns of the audited party's tables to
//! the plan's terms. Unknown keys are refused. Everything that would leave a package half thought
//! through is refused here, with the line and column at fault, before any row is read.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use verifold_model::{
    decimal::Decimal,
    digest::Commitment,
    instant::Instant,
    plan::{Calendar, MissingRule, OutcomeDefinition, OutsideRule, ScoreDirection},
    statement::{Period, Subject},
};

use crate::{
    calendar::{self, Slot},
    error::ProveError,
    number::Value,
};

/// Version of the specification's own structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SpecSchema {
    /// First version.
    #[serde(rename = "monitoring-spec/v1")]
    V1,
}

/// A monitoring specification, read and checked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Version of this structure.
    pub schema: SpecSchema,
    /// Chain head of the package before this one, if there is one.
    pub previous_chain_head: Option<Commitment>,
    /// Whose system.
    pub subject: Subject,
    /// What the package covers.
    pub period: Period,
    /// Span of time of the reference rows, before the period.
    pub reference: Period,
    /// How the period is cut into batches.
    pub batches: BatchesSpec,
    /// Bounds of the step circuit.
    pub shape: ShapeSpec,
    /// Where each part of a row stands.
    pub columns: Columns,
    /// The attribute rows are grouped by.
    pub grouping: GroupingSpec,
    /// What makes an outcome bad.
    pub outcome: OutcomeDefinition,
    /// How scores become bins and decisions.
    pub scoring: ScoringSpec,
    /// Features in the order of the model's inputs.
    #[serde(rename = "feature")]
    pub features: Vec<FeatureSpec>,
}

/// How the period is cut into batches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchesSpec {
    /// `iso-week`, `month` or `free`.
    pub calendar: Calendar,
    /// The batches of a `free` calendar, in order, without overlap.
    #[serde(default, rename = "slot")]
    pub slots: Vec<Period>,
}

/// Bounds of the step circuit that data and names do not decide by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeSpec {
    /// Binary logarithm of the padded constraints of a step, 15 to 18.
    pub size_log2: u8,
    /// Group codes, 2, 4 or 8.
    pub groups: u8,
    /// Score bins, 10 or 20.
    pub bins: u8,
    /// Width of a quantised feature, 8, 12 or 16 bits.
    pub width_bits: u8,
}

/// Where each part of a row stands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Where a row's place in time comes from.
    pub time: TimeSource,
    /// Identifier of a row, needed to join outcomes from a second table.
    pub id: Option<String>,
    /// Column holding the group.
    pub group: String,
    /// Where the logged decision comes from.
    pub decision: DecisionSource,
    /// Where the outcome comes from; without it every outcome is unknown.
    pub outcome: Option<OutcomeSource>,
    /// Texts that mean "no value", besides the empty one.
    #[serde(default)]
    pub missing_values: Vec<String>,
}

/// Where a row's place in time comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "TimeText")]
pub enum TimeSource {
    /// A column holding an RFC 3339 time, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD`, UTC unless it says otherwise.
    Column(String),
    /// A column holding the number of the batch, from 1; rows then stand at the first second of their batch, in file order.
    BatchColumn(String),
    /// Every so many rows, in file order, make a batch; rows stand at its first second.
    RowsPerBatch(u32),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeText {
    column: Option<String>,
    batch_column: Option<String>,
    rows_per_batch: Option<u32>,
}

impl TryFrom<TimeText> for TimeSource {
    type Error = &'static str;

    fn try_from(text: TimeText) -> Result<Self, Self::Error> {
        match (text.column, text.batch_column, text.rows_per_batch) {
            (Some(column), None, None) => Ok(Self::Column(column)),
            (None, Some(column), None) => Ok(Self::BatchColumn(column)),
            (None, None, Some(rows)) if rows > 0 => Ok(Self::RowsPerBatch(rows)),
            _ => Err("expected one of `column`, `batch_column` and a positive `rows_per_batch`"),
        }
    }
}

/// Where the logged decision comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DecisionText")]
pub enum DecisionSource {
    /// A column and the values that mean each decision.
    Column {
        /// The column.
        column: String,
        /// Values meaning approved.
        approved: Vec<String>,
        /// Values meaning declined.
        declined: Vec<String>,
    },
    /// Every row was approved, for data that holds granted applications only.
    AllApproved,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionText {
    column: Option<String>,
    approved: Option<Vec<String>>,
    declined: Option<Vec<String>>,
    all: Option<String>,
}

impl TryFrom<DecisionText> for DecisionSource {
    type Error = &'static str;

    fn try_from(text: DecisionText) -> Result<Self, Self::Error> {
        match (text.column, text.approved, text.declined, text.all.as_deref()) {
            (Some(column), Some(approved), Some(declined), None) => Ok(Self::Column { column, approved, declined }),
            (None, None, None, Some("approved")) => Ok(Self::AllApproved),
            _ => Err("expected `column` with the values meaning `approved` and `declined`, or `all = \"approved\"`"),
        }
    }
}

/// Where the outcome comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeSource {
    /// The column, in the batches or in the outcomes table.
    pub column: String,
    /// Values meaning a good outcome.
    pub good: Vec<String>,
    /// Values meaning a bad outcome.
    pub bad: Vec<String>,
}

/// The attribute rows are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupingSpec {
    /// The attribute, for example `age band`.
    pub attribute: String,
    /// Name of the group for people whose attribute is not disclosed.
    pub not_disclosed: Option<String>,
    /// Groups in the order of their codes.
    #[serde(rename = "group")]
    pub groups: Vec<GroupSpec>,
}

/// A group and the data values that mean it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// Name in the plan and in every report.
    pub name: String,
    /// Values of the group column; the empty text stands for a missing value.
    pub values: Vec<String>,
}

/// How scores become bins and decisions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringSpec {
    /// Score units per unit of log-odds, as a power of two.
    pub scale_bits: u8,
    /// What a larger score means.
    pub direction: ScoreDirection,
    /// Inner bin edges.
    pub edges: ScoreEdges,
    /// Where approval begins or ends.
    pub cutoff: Cutoff,
    /// Expected share of bad outcomes per bin; the reference's mean predicted probability if left out.
    #[serde(default)]
    pub expected_bad: ExpectedBad,
}

/// Inner edges of the score bins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected \"reference-quantiles\" or a list of integers")]
pub enum ScoreEdges {
    /// Quantiles of the reference's scores, one of them replaced by the cut-off.
    Quantiles(QuantilesWord),
    /// Scores, strictly increasing, the cut-off among them.
    Explicit(Vec<i64>),
}

/// The word that asks for quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum QuantilesWord {
    /// Quantiles of the reference.
    #[serde(rename = "reference-quantiles")]
    ReferenceQuantiles,
}

/// Where approval begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "CutoffText")]
pub enum Cutoff {
    /// The model's own output, strictly between 0 and 1.
    Probability(f64),
    /// Its log-odds.
    LogOdds(f64),
    /// The integer score.
    Score(i64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CutoffText {
    probability: Option<f64>,
    log_odds: Option<f64>,
    score: Option<i64>,
}

impl TryFrom<CutoffText> for Cutoff {
    type Error = &'static str;

    fn try_from(text: CutoffText) -> Result<Self, Self::Error> {
        match (text.probability, text.log_odds, text.score) {
            (Some(p), None, None) if p > 0.0 && p < 1.0 => Ok(Self::Probability(p)),
            (None, Some(log_odds), None) if log_odds.is_finite() => Ok(Self::LogOdds(log_odds)),
            (None, None, Some(score)) => Ok(Self::Score(score)),
            _ => Err("expected one of `probability` (between 0 and 1), `log_odds` and `score` (an integer)"),
        }
    }
}

/// Expected share of bad outcomes per bin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(untagged, expecting = "expected \"reference-mean\" or a list of shares in millionths")]
pub enum ExpectedBad {
    /// Mean predicted probability of the reference rows in the bin.
    #[default]
    #[serde(skip)]
    ReferenceMeanByDefault,
    /// The same, said aloud.
    ReferenceMean(ReferenceMeanWord),
    /// Shares in millionths, one per bin.
    Explicit(Vec<u32>),
}

/// The word that asks for the reference's mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ReferenceMeanWord {
    /// Mean predicted probability of the reference rows in the bin.
    #[serde(rename = "reference-mean")]
    ReferenceMean,
}

/// A feature: its column and how it is quantised.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    /// Name in the plan.
    pub name: String,
    /// Column in the tables; the name if left out.
    pub column: Option<String>,
    /// Unit of the value.
    #[serde(default)]
    pub unit: String,
    /// Value that is quantised to 0.
    #[serde(default = "zero", deserialize_with = "exact")]
    pub offset: Decimal,
    /// Distance between neighbouring quantised values.
    #[serde(deserialize_with = "exact")]
    pub step: Decimal,
    /// Largest quantised value.
    pub max: u32,
    /// What happens outside `0 ..= max`.
    pub outside: OutsideRule,
    /// What happens to a missing value.
    pub missing: MissingRule,
    /// Bins of the feature's histogram, if it has one.
    pub histogram: Option<HistogramSpec>,
}

impl FeatureSpec {
    /// The column that holds the feature.
    pub fn column(&self) -> &str {
        self.column.as_deref().unwrap_or(&self.name)
    }
}

/// Inner edges of a feature's histogram.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected \"reference-quantiles\" or a list of quantised values")]
pub enum HistogramSpec {
    /// Quantiles of the reference.
    Quantiles(QuantilesWord),
    /// Quantised values, at least 1, strictly increasing.
    Explicit(Vec<u32>),
}

fn zero() -> Decimal {
    Decimal::integer(0).unwrap_or_else(|| unreachable!("zero has one digit"))
}

/// Reads `0.01`, `"0.01"` and `5` alike: TOML's floats are written decimals, and the shortest text of one is what was written.
fn exact<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a decimal number")]
    enum Written {
        Integer(i64),
        Float(f64),
        Text(String),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Integer(n) => n.to_string(),
        Written::Float(x) => x.to_string(),
        Written::Text(text) => text,
    };
    text.parse().map_err(serde::de::Error::custom)
}

impl Spec {
    /// Reads and checks a specification; `path` only says where it came from.
    ///
    /// # Errors
    /// [`ProveError::Spec`] with the line and column at fault.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ProveError> {
        let fail = |offset: usize, problem: String| {
            let (line, column) = position(text, offset);
            ProveError::Spec { path: path.to_owned(), line, column, problem }
        };
        let spec: Self =
            toml::from_str(text).map_err(|error| fail(error.span().map_or(0, |span| span.start), error.message().trim_end().to_owned()))?;
        spec.check().map_err(|(key, problem)| fail(locate(text, &key), format!("`{}`: {problem}", key.text())))?;
        Ok(spec)
    }

    /// The calendar slots of the period, in order.
    ///
    /// # Errors
    /// A sentence if the period does not begin and end where the calendar does.
    pub fn slots(&self) -> Result<Vec<Slot>, String> {
        calendar::slots(self.batches.calendar, self.period, &self.batches.slots)
    }

    fn check(&self) -> Result<(), (Key, String)> {
        let refuse = |key: Key, problem: String| Err((key, problem));
        if self.subject.lei.len() != 20 || !self.subject.lei.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
            return refuse(
                key(&["subject", "lei"]),
                format!("a Legal Entity Identifier has 20 digits and capitals, found {:?}", self.subject.lei),
            );
        }
        for (name, span) in [("period", self.period), ("reference", self.reference)] {
            if span.start >= span.end {
                return refuse(key(&[name, "end"]), "the end must lie after the start".to_owned());
            }
        }
        if self.reference.end > self.period.start {
            return refuse(key(&["reference", "end"]), "the reference must end before the period starts".to_owned());
        }
        self.slots().map_err(|problem| (key(&["batches"]), problem))?;
        let groups = self.grouping.groups.iter().map(|group| (group.name.as_str(), &group.values[..]));
        Meanings::new(groups).map_err(|problem| (key(&["grouping", "group"]), problem))?;
        if let DecisionSource::Column { approved, declined, .. } = &self.columns.decision {
            let decisions = [("approved", &approved[..]), ("declined", &declined[..])];
            Meanings::new(decisions).map_err(|problem| (key(&["columns", "decision"]), problem))?;
        }
        if let Some(outcome) = &self.columns.outcome {
            let outcomes = [("good", &outcome.good[..]), ("bad", &outcome.bad[..])];
            Meanings::new(outcomes).map_err(|problem| (key(&["columns", "outcome"]), problem))?;
        }
        if self.grouping.groups.is_empty() || self.grouping.groups.len() > usize::from(self.shape.groups) {
            return refuse(
                key(&["grouping", "group"]),
                format!("{} groups where `shape.groups` holds 1 to {}", self.grouping.groups.len(), self.shape.groups),
            );
        }
        if let Some(name) = &self.grouping.not_disclosed
            && !self.grouping.groups.iter().any(|group| group.name == *name)
        {
            return refuse(key(&["grouping", "not_disclosed"]), format!("no group is named {name:?}"));
        }
        for (i, feature) in self.features.iter().enumerate() {
            let here = |field| Key(vec![Part::Name("feature"), Part::Index(i), Part::Name(field)]);
            if feature.step.mantissa() <= 0 {
                return refuse(here("step"), "the step must be positive".to_owned());
            }
            if feature.max == 0 || u64::from(feature.max) >= 1 << self.shape.width_bits.min(32) {
                return refuse(
                    here("max"),
                    format!("must lie in 1 to {}, below 2^`shape.width_bits`", (1u64 << self.shape.width_bits.min(32)) - 1),
                );
            }
            if let Some(first) = self.features[..i].iter().position(|other| other.name == feature.name) {
                return refuse(here("name"), format!("{:?} already names feature {}", feature.name, first + 1));
            }
        }
        if !(1..=32).contains(&self.scoring.scale_bits) {
            return refuse(key(&["scoring", "scale_bits"]), format!("must lie in 1 to 32, found {}", self.scoring.scale_bits));
        }
        Ok(())
    }
}

/// Data values and the position of the meaning each stands for.
///
/// A cell matches a value that is the same text, or the same number: a table written by another
/// program may spell the code `1` as `1.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meanings {
    texts: BTreeMap<String, usize>,
    numbers: BTreeMap<Value, usize>,
}

impl Meanings {
    /// Collects the values of each meaning in order.
    ///
    /// # Errors
    /// A sentence if a meaning has no value, or a value two meanings.
    pub fn new<'a>(meanings: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Result<Self, String> {
        let (mut texts, mut numbers) = (BTreeMap::new(), BTreeMap::new());
        for (position, (name, values)) in meanings.into_iter().enumerate() {
            if values.is_empty() {
                return Err(format!("{name:?} has no data value that means it"));
            }
            for value in values {
                let earlier = texts.insert(value.trim().to_owned(), position);
                let same_number = Value::read(value.trim()).and_then(|number| numbers.insert(number, position));
                if earlier.is_some() || same_number.is_some() {
                    return Err(format!("the data value {value:?} is listed twice"));
                }
            }
        }
        Ok(Self { texts, numbers })
    }

    /// Position of the meaning of a trimmed cell.
    pub fn of(&self, cell: &str) -> Option<usize> {
        self.texts.get(cell).or_else(|| self.numbers.get(&Value::read(cell)?)).copied()
    }

    /// The values as a list for error texts, at most eight.
    pub fn listed(&self) -> String {
        let mut shown: Vec<String> = self.texts.keys().take(8).map(|text| format!("{text:?}")).collect();
        if self.texts.len() > 8 {
            shown.push("…".to_owned());
        }
        shown.join(", ")
    }
}

enum Part {
    Name(&'static str),
    Index(usize),
}

/// A path into the document, for error positions.
struct Key(Vec<Part>);

fn key(names: &[&'static str]) -> Key {
    Key(names.iter().map(|name| Part::Name(name)).collect())
}

impl Key {
    fn text(&self) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Name(name) if text.is_empty() => text.push_str(name),
                Part::Name(name) => text.push_str(&format!(".{name}")),
                Part::Index(index) => text.push_str(&format!("[{}]", index + 1)),
            }
        }
        text
    }
}

/// Byte offset of the value at a path, or of the deepest part of the path that is there.
fn locate(text: &str, path: &Key) -> usize {
    use toml::de::{DeTable, DeValue};
    let Ok(document) = DeTable::parse(text) else { return 0 };
    let mut offset = 0;
    let mut table = Some(document.get_ref());
    let mut array = None;
    for part in &path.0 {
        let next = match part {
            Part::Name(name) => table.and_then(|table| table.get(*name)),
            Part::Index(index) => array.and_then(|values: &toml::de::DeArray<'_>| values.get(*index)),
        };
        let Some(value) = next else { break };
        offset = value.span().start;
        (table, array) = match value.get_ref() {
            DeValue::Table(inner) => (Some(inner), None),
            DeValue::Array(inner) => (None, Some(inner)),
            _ => (None, None),
        };
    }
    offset
}

/// Line and column, from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A time as data tables write it, with the part of a second below it in nanoseconds.
///
/// Read are RFC 3339 with any offset, `YYYY-MM-DD HH:MM:SS[.fraction]` and `YYYY-MM-DD`, the last two in UTC.
pub(crate) fn read_time(text: &str) -> Option<(Instant, u32)> {
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};
    let normal = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => {
            let with_t = text.replacen(' ', "T", 1);
            // A zone stands behind the date's own hyphens, so look from the time on.
            let zoned = with_t.get(11..).is_some_and(|clock| clock.contains(['Z', 'z', '+', '-']));
            if zoned { with_t } else { with_t + "Z" }
        }
    };
    let at = OffsetDateTime::parse(&normal, &Rfc3339).ok()?;
    let secs = u64::try_from(at.unix_timestamp()).ok()?;
    Some((Instant::from_unix_secs(secs)?, at.nanosecond()))
}
