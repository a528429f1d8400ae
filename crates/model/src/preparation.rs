//! What a preparation proof states: how raw development rows became the rows a model is trained and tested on.
//!
//! The rules are public and part of the statement. A prepared row stands at the same position as its raw row;
//! a row that meets a declared reason to be set aside stays in place as a void row, so that nothing can be
//! dropped quietly and order is kept.

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

/// Bits of a raw value.
pub const RAW_BITS: u32 = 24;

/// Raw value that stands for a missing one.
pub const MISSING: u32 = (1 << RAW_BITS) - 1;

/// Bits behind the point of the affine map: `prepared = floor((multiplier · raw + addend) / 2^24)`.
pub const MAP_BITS: u32 = 24;

/// Keys of development rows lie below this: pseudonyms of 61 bits.
pub const KEY_LIMIT: u64 = 1 << 61;

/// The span of the one batch of an offline-metrics statement: every key below [`KEY_LIMIT`], as instants.
///
/// Keys of development rows are pseudonyms, not times; the span says no more than that they are in range.
pub fn test_span() -> Option<(Instant, Instant)> {
    Some((Instant::from_unix_secs(0)?, Instant::from_unix_secs(KEY_LIMIT >> crate::instant::SEQUENCE_BITS)?))
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
    /// The column that prepares a plan's feature: its rounding, its rule for missing values, its rule at the ends.
    ///
    /// `offset` and `step` say what raw values stand for, `low` and `high` the raw domain. `None` if a number leaves
    /// the ranges above.
    pub fn for_feature(feature: &Feature, offset: Decimal, step: Decimal, low: u32, high: u32) -> Option<Self> {
        // prepared = round((offset + r·step − feature.offset) / feature.step), exactly up to the rounding of two factors.
        let scale = |numerator: i128, denominator: i128| -> Option<i128> {
            let doubled = numerator.checked_mul(1 << (MAP_BITS + 1))?.checked_div(denominator)?;
            Some((doubled + 1).div_euclid(2))
        };
        let common = |a: Decimal, b: Decimal| -> Option<(i128, i128)> {
            let (da, db) = (i128::from(a.denominator()), i128::from(b.denominator()));
            Some((i128::from(a.mantissa()).checked_mul(db)?, i128::from(b.mantissa()).checked_mul(da)?))
        };
        let (step_raw, step_feature) = common(step, feature.step)?;
        let multiplier = scale(step_raw, step_feature)?;
        let (offset_raw, offset_feature) = common(offset, feature.offset)?;
        let offsets = i128::from(offset.denominator()).checked_mul(i128::from(feature.offset.denominator()))?;
        let difference = (offset_raw - offset_feature).checked_mul(i128::from(feature.step.denominator()))?;
        // A quarter of a raw step on top: halves are rounded up whatever the factors lost, and nothing else moves.
        let addend = scale(difference, offsets.checked_mul(i128::from(feature.step.mantissa()))?)? + (1 << (MAP_BITS - 1)) + multiplier / 4;
        let mut column = Self {
            name: feature.name.clone(),
            unit: feature.unit.clone(),
            offset,
            step,
            low,
            high,
            multiplier: u64::try_from(multiplier).ok()?,
            addend: i64::try_from(addend).ok()?,
            below: Rule::Void,
            above: Rule::Void,
            missing: match feature.missing {
                MissingRule::Void => Rule::Void,
                MissingRule::Value(value) => Rule::Value(value),
            },
        };
        if feature.outside == OutsideRule::Clamp {
            column.below = Rule::Value(column.mapped(low)?);
            column.above = Rule::Value(column.mapped(high)?);
        }
        Some(column)
    }

    /// The value a raw one stands for, if it fits a decimal.
    pub fn stands_for(&self, raw: u32) -> Option<Decimal> {
        let places = self.offset.places().max(self.step.places());
        let scaled = |decimal: Decimal| decimal.mantissa().checked_mul(10i64.checked_pow(u32::from(places - decimal.places()))?);
        Decimal::new(scaled(self.offset)?.checked_add(scaled(self.step)?.checked_mul(i64::from(raw))?)?, places)
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

    /// Checks that prepared rows are what a plan measures: layout, groups, features in order, and the plan's own
    /// rounding to within one unit at both ends of each domain.
    ///
    /// # Errors
    /// [`PreparationError`] for the first difference.
    pub fn check_against(&self, plan: &Plan) -> Result<(), PreparationError> {
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
            for raw in [column.low, column.high] {
                let exact = exact_quantised(feature, column, raw);
                let found = column.mapped(raw).map(i128::from);
                if exact.zip(found).is_none_or(|(exact, found)| (exact - found).abs() > 1) {
                    return refuse(
                        format!("columns[{i}].multiplier"),
                        format!("maps raw {raw} to {}, the plan's rounding gives {}", text(found), text(exact)),
                    );
                }
            }
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

    /// What a value of each column becomes, in one sentence a column.
    pub fn sentences(&self) -> Vec<String> {
        let rule = |rule: Rule| match rule {
            Rule::Void => "sets the row aside".to_owned(),
            Rule::Value(value) => format!("becomes {value}"),
        };
        let line = |column: &Column| {
            let value = |raw: u32| column.stands_for(raw).map_or_else(|| format!("raw {raw}"), |value| value.to_string());
            let unit = if column.unit.is_empty() { String::new() } else { format!(" {}", column.unit) };
            format!(
                "{}: {} to {}{unit} is mapped to {} to {}; below {}, above {}, missing {}",
                column.name,
                value(column.low),
                value(column.high),
                text(column.mapped(column.low).map(i128::from)),
                text(column.mapped(column.high).map(i128::from)),
                rule(column.below),
                rule(column.above),
                rule(column.missing),
            )
        };
        self.columns.iter().map(line).collect()
    }
}

fn text(value: Option<i128>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

/// `round((value − feature.offset) / feature.step)` for the value a raw one stands for, half away from zero.
fn exact_quantised(feature: &Feature, column: &Column, raw: u32) -> Option<i128> {
    let fraction = |decimal: Decimal| (i128::from(decimal.mantissa()), i128::from(decimal.denominator()));
    let ((o, od), (s, sd)) = (fraction(column.offset), fraction(column.step));
    let ((fo, fod), (fs, fsd)) = (fraction(feature.offset), fraction(feature.step));
    // value − feature.offset, over od·sd·fod.
    let value = o.checked_mul(sd)?.checked_mul(fod)?.checked_add(i128::from(raw).checked_mul(s)?.checked_mul(od)?.checked_mul(fod)?)?;
    let difference = value.checked_sub(fo.checked_mul(od)?.checked_mul(sd)?)?;
    let numerator = difference.checked_mul(fsd)?.checked_mul(2)?;
    let denominator = od.checked_mul(sd)?.checked_mul(fod)?.checked_mul(fs)?;
    let doubled = numerator.checked_div(denominator)?;
    Some(if doubled >= 0 { (doubled + 1) / 2 } else { (doubled - 1) / 2 })
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
