//! What a preparation proof states: how raw development rows became the rows a model is trained and tested on.
//!
//! The rules are public and part of the statement. A prepared row stands at the same position as its raw row;
//! a row that meets a declared reason to be set aside stays in place as a void row, so that nothing can be
//! dropped quietly and order is kept.

mod rounding;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cohort::MAX_ROWS,
    decimal::Decimal,
    digest::{Commitment, Digest},
    instant::Instant,
    plan::{Feature, Grouping, MissingRule, OutsideRule, Plan},
    shape::Shape,
    statement::Header,
};

use self::rounding::Rounding;

/// Bits of a raw value.
pub const RAW_BITS: u32 = 24;

/// Raw value that stands for a missing one.
pub const MISSING: u32 = (1 << RAW_BITS) - 1;

/// Bits behind the point of the affine map: `prepared = floor((multiplier · raw + addend) / 2^24)`.
pub const MAP_BITS: u32 = 24;

/// Keys of development rows lie below this: pseudonyms of 61 bits.
pub const KEY_LIMIT: u64 = 1 << 61;

/// The spans of the two batches of an offline-metrics statement, training and test rows, as instants: together every key below
/// [`KEY_LIMIT`], parted between the last key of the former and the first of the latter.
///
/// Keys of development rows are pseudonyms, not times; the spans say no more than that they are in range and in order. `None`
/// if the two keys are so close that no instant lies between them, which of n rows happens to one in 2^37 ÷ n.
pub fn spans(last_training: u64, first_test: u64) -> Option<[(Instant, Instant); 2]> {
    let instant = |key: u64| Instant::from_unix_secs(key >> crate::instant::SEQUENCE_BITS);
    let parted = instant(first_test)?;
    (parted.first_key() > last_training).then_some(())?;
    Some([(instant(0)?, parted), (parted, instant(KEY_LIMIT)?)])
}

/// Rows of every part but the last come in multiples of this, so that a prefix of the raw rows ends with a block.
pub const PART_MULTIPLE: u32 = 21;

/// Version of the preparation's own structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PreparationSchema {
    /// First version.
    #[serde(rename = "preparation/v1")]
    V1,
}

/// How raw rows become prepared ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preparation {
    /// Version of this structure.
    pub schema: PreparationSchema,
    /// Layout of prepared rows (features, width, groups) and size of a step; bins 10 and histograms 0, which stand for nothing here.
    pub shape: Shape,
    /// One for each prepared feature, in order.
    pub columns: Vec<Column>,
    /// The attribute rows are grouped by; the plan's.
    pub grouping: Grouping,
}

/// One raw column, and the prepared feature it becomes.
///
/// A raw value `r` stands for `offset + r · step`; [`MISSING`] for none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name, that of the plan's feature.
    pub name: String,
    /// Unit of the raw value, empty if it has none.
    pub unit: String,
    /// Value that raw 0 stands for.
    pub offset: Decimal,
    /// Distance between neighbouring raw values; positive.
    pub step: Decimal,
    /// Smallest raw value of the declared domain.
    pub low: u32,
    /// Largest raw value of the declared domain, below [`MISSING`].
    pub high: u32,
    /// Factor of the affine map, below 2^40.
    pub multiplier: u64,
    /// Summand of the affine map, in units of 2^−24; magnitude below 2^48.
    pub addend: i64,
    /// What becomes of a row whose value lies below the domain.
    pub below: Rule,
    /// What becomes of a row whose value lies above the domain.
    pub above: Rule,
    /// What becomes of a row whose value is missing.
    pub missing: Rule,
}

/// What becomes of a value that the map is not for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The row is set aside: it stays in place as a void row.
    Void,
    /// This prepared value stands in for it.
    Value(u32),
}

impl Rule {
    /// What it does, as in "a value below sets the row aside".
    fn words(self) -> String {
        match self {
            Self::Void => "sets the row aside".to_owned(),
            Self::Value(value) => format!("becomes {value}"),
        }
    }
}

/// What a plan does with values below its domain, above it, and missing.
fn rules(feature: &Feature) -> [Rule; 3] {
    let outside = |end| match feature.outside {
        OutsideRule::Void => Rule::Void,
        OutsideRule::Clamp => Rule::Value(end),
    };
    let missing = match feature.missing {
        MissingRule::Void => Rule::Void,
        MissingRule::Value(value) => Rule::Value(value),
    };
    [outside(0), outside(feature.max), missing]
}

/// What one value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Inside the domain.
    Inside,
    /// Below it.
    Below,
    /// Above it.
    Above,
    /// Missing.
    Missing,
}

/// Why a preparation contradicts itself or the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("preparation field `{field}`: {problem}")]
pub struct PreparationError {
    /// Where, as a path such as `columns[3].low`.
    pub field: String,
    /// What is wrong and what it should be.
    pub problem: String,
}

fn refuse<T>(field: impl Into<String>, problem: impl Into<String>) -> Result<T, PreparationError> {
    Err(PreparationError { field: field.into(), problem: problem.into() })
}

impl Column {
    /// The column that prepares a plan's feature: its domain, its rounding, its rules for values outside and missing ones.
    ///
    /// `offset` and `step` say what raw values stand for. Where no map of these bits rounds as the plan does, which takes some
    /// hundred thousand raw values, the map is nowhere below the plan's rounding, and one above it for values that lie just
    /// below a half. `None` if a number leaves the ranges above.
    pub fn for_feature(feature: &Feature, offset: Decimal, step: Decimal) -> Option<Self> {
        let rounding = Rounding::new(feature, offset, step)?;
        let (low, high) = rounding.domain()?;
        let (multiplier, addend) = rounding.map(low, high)?;
        let [below, above, missing] = rules(feature);
        let column = Self {
            name: feature.name.clone(),
            unit: feature.unit.clone(),
            offset,
            step,
            low,
            high,
            multiplier,
            addend,
            below,
            above,
            missing,
        };
        column.check_against(feature).is_ok().then_some(column)
    }

    /// Checks that the column does to raw values what the plan does to plain ones.
    ///
    /// # Errors
    /// The field that differs, and how.
    fn check_against(&self, feature: &Feature) -> Result<(), (&'static str, String)> {
        if self.unit != feature.unit {
            return Err(("unit", format!("{:?}, the plan's feature is in {:?}", self.unit, feature.unit)));
        }
        let rounding = Rounding::new(feature, self.offset, self.step);
        let Some((rounding, domain)) = rounding.and_then(|rounding| Some((rounding, rounding.domain()?))) else {
            return Err(("step", "raw values do not reach from below the plan's domain to above it".to_owned()));
        };
        // A narrower domain sets rows aside, or levels them, that the plan would measure.
        for (field, found, expected) in [("low", self.low, domain.0), ("high", self.high, domain.1)] {
            if found != expected {
                return Err((field, format!("{found}, the plan's domain has its end at raw {expected}")));
            }
        }
        for ((field, found), expected) in
            [("below", self.below), ("above", self.above), ("missing", self.missing)].into_iter().zip(rules(feature))
        {
            if found != expected {
                return Err((field, format!("such a value {}; by the plan it {}", found.words(), expected.words())));
            }
        }
        if self.mapped(self.high).is_none_or(|value| value > feature.max)
            || !rounding.is_near(self.multiplier, self.addend, domain).unwrap_or(false)
        {
            let ends = [self.low, self.high];
            let [found, exact] =
                [ends.map(|raw| text(self.mapped(raw).map(i128::from))), ends.map(|raw| rounding.rounded(raw).to_string())];
            let problem = format!(
                "maps raw {} .. {} to {}; the plan's rounding gives {}, and a map may lie less than one beside it",
                self.low,
                self.high,
                found.join(" .. "),
                exact.join(" .. ")
            );
            return Err(("multiplier", problem));
        }
        Ok(())
    }

    /// Whether the map gives the plan's rounding at every raw value of the domain.
    pub fn rounds_as(&self, feature: &Feature) -> bool {
        Rounding::new(feature, self.offset, self.step)
            .and_then(|rounding| rounding.is_exact(self.multiplier, self.addend, (self.low, self.high)))
            .unwrap_or(false)
    }

    /// The value a raw one stands for, if it fits a decimal.
    pub fn stands_for(&self, raw: u32) -> Option<Decimal> {
        let places = self.offset.places().max(self.step.places());
        let scaled = |decimal: Decimal| decimal.mantissa().checked_mul(10i64.checked_pow(u32::from(places - decimal.places()))?);
        Decimal::new(scaled(self.offset)?.checked_add(scaled(self.step)?.checked_mul(i64::from(raw))?)?, places)
    }

    /// The declared domain, as in `-24 to 12024 EUR`.
    pub fn domain_words(&self) -> String {
        let value = |raw: u32| self.stands_for(raw).map_or_else(|| format!("raw {raw}"), |value| value.to_string());
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        format!("{} to {}{unit}", value(self.low), value(self.high))
    }

    /// Where a raw value lies.
    pub const fn region(&self, raw: u32) -> Region {
        if raw == MISSING {
            Region::Missing
        } else if raw < self.low {
            Region::Below
        } else if raw > self.high {
            Region::Above
        } else {
            Region::Inside
        }
    }

    /// The affine map at a raw value; `None` below zero or beyond 32 bits.
    pub fn mapped(&self, raw: u32) -> Option<u32> {
        let scaled = i128::from(self.multiplier) * i128::from(raw) + i128::from(self.addend);
        u32::try_from(scaled >> MAP_BITS).ok()
    }

    /// What becomes of a raw value: the prepared one, or the reason to set the row aside.
    pub fn prepared(&self, raw: u32) -> (Region, Rule) {
        let region = self.region(raw);
        let rule = match region {
            Region::Inside => self.mapped(raw).map_or(Rule::Void, Rule::Value),
            Region::Below => self.below,
            Region::Above => self.above,
            Region::Missing => self.missing,
        };
        (region, rule)
    }
}

impl Preparation {
    /// Checks everything the circuit takes for granted.
    ///
    /// # Errors
    /// [`PreparationError`] for the first contradiction.
    pub fn check(&self) -> Result<(), PreparationError> {
        let shape = self.shape;
        if shape.bins() != 10 || shape.histograms() != 0 {
            return refuse("shape", "a preparation has no bins: they are written b10.h0");
        }
        if self.columns.is_empty() || self.columns.len() > shape.features() {
            return refuse("columns", format!("{} columns where the shape holds 1 to {}", self.columns.len(), shape.features()));
        }
        let names = &self.grouping.names;
        if names.is_empty() || names.len() > shape.groups() {
            return refuse("grouping.names", format!("1 to {} groups", shape.groups()));
        }
        let largest = (1u32 << shape.width_bits()) - 1;
        for (i, column) in self.columns.iter().enumerate() {
            let here = |field: &str| format!("columns[{i}].{field}");
            if column.name.is_empty() || column.name.len() > 64 || self.columns[..i].iter().any(|other| other.name == column.name) {
                return refuse(here("name"), "a name of 1 to 64 bytes, used once");
            }
            if column.step.mantissa() <= 0 {
                return refuse(here("step"), "positive");
            }
            if column.low > column.high || column.high >= MISSING {
                return refuse(here("high"), format!("at least low, and below {MISSING}"));
            }
            if column.multiplier >= 1 << 40 || column.addend.unsigned_abs() >= 1 << 48 {
                return refuse(here("multiplier"), "multiplier below 2^40, magnitude of the addend below 2^48");
            }
            // The map does not fall, so its ends bound it.
            if [column.low, column.high].iter().any(|raw| column.mapped(*raw).is_none_or(|value| value > largest)) {
                return refuse(here("multiplier"), format!("maps the domain into 0 .. {largest}"));
            }
            for (field, rule) in [("below", column.below), ("above", column.above), ("missing", column.missing)] {
                if matches!(rule, Rule::Value(value) if value > largest) {
                    return refuse(here(field), format!("a value stands in 0 .. {largest}"));
                }
            }
        }
        Ok(())
    }

    /// Checks that prepared rows are laid out as a plan's are: shape, groups, features in order.
    ///
    /// What the circuit takes for granted; what the rules do to values is up to [`Self::check_against`].
    ///
    /// # Errors
    /// [`PreparationError`] for the first difference.
    pub fn check_layout(&self, plan: &Plan) -> Result<(), PreparationError> {
        let (ours, theirs) = (self.shape, plan.shape);
        if (ours.features(), ours.width_bits(), ours.groups()) != (theirs.features(), theirs.width_bits(), theirs.groups()) {
            return refuse("shape", format!("rows are laid out as {ours}, the plan measures {theirs}"));
        }
        if self.grouping != plan.grouping {
            return refuse("grouping", "not the plan's");
        }
        if self.columns.len() != plan.features.len() {
            return refuse("columns", format!("{} columns, the plan has {} features", self.columns.len(), plan.features.len()));
        }
        for (i, (column, feature)) in self.columns.iter().zip(&plan.features).enumerate() {
            if column.name != feature.name {
                return refuse(format!("columns[{i}].name"), format!("{:?}, the plan's feature is {:?}", column.name, feature.name));
            }
        }
        Ok(())
    }

    /// Checks that prepared rows are what a plan measures: its layout, and for each feature the plan's own domain, its rules for
    /// values outside and missing ones, and a map that lies less than one beside its rounding and nowhere above `max`.
    ///
    /// # Errors
    /// [`PreparationError`] for the first difference.
    pub fn check_against(&self, plan: &Plan) -> Result<(), PreparationError> {
        self.check_layout(plan)?;
        for (i, (column, feature)) in self.columns.iter().zip(&plan.features).enumerate() {
            column.check_against(feature).or_else(|(field, problem)| refuse(format!("columns[{i}].{field}"), problem))?;
        }
        Ok(())
    }

    /// SHA-256 of the canonical JSON.
    pub fn digest(&self) -> Digest {
        Digest::of_canonical(self)
    }

    /// Digest of the raw row schema: what raw values stand for; it opens the raw streams.
    pub fn raw_schema_digest(&self) -> Digest {
        let columns: Vec<_> = self.columns.iter().map(|c| (&c.name, &c.unit, c.offset, c.step)).collect();
        Digest::of_canonical(&(columns, self.shape.features(), RAW_BITS, &self.grouping))
    }

    /// What a value of each column becomes, in one sentence a column, and how that compares with the plan's rounding.
    pub fn sentences(&self, plan: &Plan) -> Vec<String> {
        let line = |(column, feature): (&Column, &Feature)| {
            let rounding =
                if column.rounds_as(feature) { "as the plan rounds" } else { "at some values one beside what the plan rounds to" };
            format!(
                "{}: {} is mapped to {} to {}, {rounding}; below {}, above {}, missing {}",
                column.name,
                column.domain_words(),
                text(column.mapped(column.low).map(i128::from)),
                text(column.mapped(column.high).map(i128::from)),
                column.below.words(),
                column.above.words(),
                column.missing.words(),
            )
        };
        self.columns.iter().zip(&plan.features).map(line).collect()
    }
}

fn text(value: Option<i128>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

/// Counts over the raw rows of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `labels[group][outcome]`: unknown, good, bad; over all rows.
    pub labels: Vec<[u32; 3]>,
    /// `set_aside[group][reason]`: missing value, value outside its domain; a row with both counts as missing.
    pub set_aside: Vec<[u32; 2]>,
    /// `columns[column]`: values below, above, missing; over all rows.
    pub columns: Vec<[u32; 3]>,
}

impl Profile {
    /// A profile of no rows.
    pub fn empty(shape: Shape) -> Self {
        Self { labels: vec![[0; 3]; shape.groups()], set_aside: vec![[0; 2]; shape.groups()], columns: vec![[0; 3]; shape.features()] }
    }

    /// Rows counted.
    pub fn rows(&self) -> u64 {
        self.labels.iter().flatten().map(|n| u64::from(*n)).sum()
    }

    /// Rows set aside.
    pub fn dropped(&self) -> u64 {
        self.set_aside.iter().flatten().map(|n| u64::from(*n)).sum()
    }

    /// Checks dimensions and bounds before anything is packed.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self, preparation: &Preparation, rows: u32) -> Result<(), String> {
        let shape = preparation.shape;
        for (part, found, expected) in [
            ("labels", self.labels.len(), shape.groups()),
            ("set_aside", self.set_aside.len(), shape.groups()),
            ("columns", self.columns.len(), shape.features()),
        ] {
            if found != expected {
                return Err(format!("{part} has length {found}, the shape has {expected}"));
            }
        }
        if rows >= MAX_ROWS || self.labels.iter().flatten().chain(self.set_aside.iter().flatten()).any(|n| *n >= MAX_ROWS) {
            return Err("a count reaches 2^24, more than a counter holds".to_owned());
        }
        if self.rows() != u64::from(rows) {
            return Err(format!("labels sum to {}, the part has {rows} rows", self.rows()));
        }
        for (group, (labels, dropped)) in self.labels.iter().zip(&self.set_aside).enumerate() {
            let (all, dropped) = (labels.iter().map(|n| u64::from(*n)).sum::<u64>(), dropped.iter().map(|n| u64::from(*n)).sum::<u64>());
            if dropped > all {
                return Err(format!("group {group} has {all} rows, of which {dropped} are said to be set aside"));
            }
            if all > 0 && group >= preparation.grouping.names.len() {
                return Err(format!("{all} rows carry group code {group}, which the preparation does not name"));
            }
        }
        for (column, counts) in self.columns.iter().enumerate() {
            if counts.iter().map(|n| u64::from(*n)).sum::<u64>() > u64::from(rows) {
                return Err(format!("column {column} counts more values than there are rows"));
            }
        }
        Ok(())
    }
}

/// One part of the development rows: first those to train on, then those to test on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreparedPart {
    /// Rows of this part, set aside or not.
    pub rows: u32,
    /// Commitment to its prepared rows.
    pub row_commitment: Commitment,
    /// Commitment to the outcomes of its prepared rows; unknown for rows set aside.
    pub outcome_commitment: Commitment,
    /// Commitment to all raw rows up to the end of this part.
    pub raw_row_commitment: Commitment,
    /// Commitment to the outcomes of all raw rows up to the end of this part.
    pub raw_outcome_commitment: Commitment,
    /// Counts over the raw rows of this part.
    pub profile: Profile,
    /// Salt of the profile's commitment, disclosed with it.
    pub profile_salt: Commitment,
}

/// Everything public about one preparation proof. Claimed until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreparationStatement {
    /// Subject, period of the development data, circuit.
    pub header: Header,
    /// The rules.
    pub preparation: Preparation,
    /// Training rows, then test rows.
    pub parts: Vec<PreparedPart>,
    /// Folding steps.
    pub steps: u64,
    /// Value of the chain after the last part.
    pub chain_head: Commitment,
}

/// What the parts of a preparation are called, in order.
pub const PART_NAMES: [&str; 2] = ["training rows", "test rows"];
