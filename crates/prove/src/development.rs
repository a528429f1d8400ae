//! From a table of development rows to raw rows: what is committed before anything is prepared or trained.
//!
//! Raw values are whole multiples of each column's finest unit, so nothing is rounded on the way in. Rows are ordered
//! by a keyed pseudonym of their identifier: neither the order nor the split into training and test rows is chosen
//! row by row. That the pseudonyms were formed so is the prover's word.

use std::{collections::BTreeMap, path::Path};

use verifold_circuits::preparation::RawRow;
use verifold_model::{
    decimal::Decimal,
    digest::Digest,
    plan::{Feature, Grouping},
    preparation::{Column, KEY_LIMIT, MISSING, PART_MULTIPLE, Preparation, PreparationSchema},
    shape::Shape,
};

use crate::{error::ProveError, layout::Layout, monitoring::OnBadRow, number::Value, rows::RowReader, spec::Spec, table};

/// Raw steps in front of the value that becomes 0, if half a step of the feature is not more: room for values below the domain.
const MARGIN: i64 = 1 << 12;

/// Development rows, ordered and split, with the rules that prepare them.
pub(crate) struct Development {
    /// The rules: the plan's own rounding and treatment of missing and outside values.
    pub(crate) preparation: Preparation,
    /// Rows to train on, then rows to test on.
    pub(crate) parts: [Vec<RawRow>; 2],
    /// Values beyond the raw range of 24 bits, which stand at its ends. Claimed.
    pub(crate) clipped: u64,
    /// Rows whose group, decision, outcome or a value cannot be read, left out before commitment. Claimed.
    pub(crate) dropped: u64,
}

/// Where development rows come from, and how they are read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    /// A CSV or Parquet file, or a folder of them.
    pub(crate) path: &'a Path,
    /// Column that identifies a row.
    pub(crate) id: &'a str,
    /// Share of rows to train on, in percent.
    pub(crate) share: u32,
    /// Key of the pseudonyms.
    pub(crate) key: &'a [u8; 32],
    /// What becomes of a row that cannot be read: left out, or the end of it.
    pub(crate) on_bad_row: OnBadRow,
}

/// The finest decimal unit in which every value of a column with so many places, and the value that becomes 0, can be written.
fn unit(places: u32, offset: Decimal) -> Option<Decimal> {
    let mut offset = (offset.mantissa(), offset.places());
    while offset.1 > 0 && offset.0 % 10 == 0 {
        offset = (offset.0 / 10, offset.1 - 1);
    }
    Decimal::new(1, u8::try_from(places).ok()?.max(offset.1))
}

/// The key of a row: the first eight bytes of SHA-256 over a secret key and the row's identifier, modulo 2^61.
fn pseudonym(key: &[u8; 32], id: &str) -> u64 {
    let digest = Digest::of(&[key.as_slice(), id.as_bytes()].concat());
    let mut high = [0; 8];
    high.copy_from_slice(&digest.as_bytes()[..8]);
    u64::from_be_bytes(high) % KEY_LIMIT
}

/// The column that prepares a feature from raw values in a unit, with room in front of them for values below the domain.
fn column(feature: &Feature, unit: Decimal) -> Option<Column> {
    let places = unit.places().max(feature.offset.places()).max(feature.step.places());
    let scaled = |decimal: Decimal| decimal.mantissa().checked_mul(10i64.checked_pow(u32::from(places - decimal.places()))?);
    let unit_scaled = scaled(unit)?;
    let margin = (scaled(feature.step)? / 2 / unit_scaled + 1).max(MARGIN);
    let offset = scaled(feature.offset)?.checked_sub(unit_scaled.checked_mul(margin)?)?;
    Column::for_feature(feature, Decimal::new(offset, places)?, unit)
}

impl Development {
    /// Reads development rows.
    ///
    /// # Errors
    /// [`ProveError`] if the table cannot be read, a cell is no value of its column, an identifier stands twice, or a
    /// feature's domain does not fit 24 bits.
    pub(crate) fn read(spec: &Spec, layout: &Layout, shape: Shape, source: &Source<'_>) -> Result<Self, ProveError> {
        let Source { path, id, share, key, on_bad_row } = *source;
        let refuse = |problem: String| ProveError::Table { path: path.to_owned(), problem };
        let reader = RowReader::new(spec, layout, id)?;
        let mut rows = Vec::new();
        let mut dropped = 0;
        let mut places = vec![0u32; layout.features.len()];
        table::read(path, reader.columns(), &mut |row| {
            let here = |problem: String| refuse(format!("{}, {}: {problem}", row.file, row.place));
            if let Some(torn) = row.torn {
                return Err(here(torn.to_owned()));
            }
            let read = match reader.read(row.cells) {
                Ok(read) => read,
                Err(_) if on_bad_row == OnBadRow::Void => {
                    dropped += 1;
                    return Ok(());
                }
                Err(problem) => return Err(here(format!("{problem}; with `--on-bad-row void` such rows are left out and counted"))),
            };
            for (places, value) in places.iter_mut().zip(&read.values) {
                *places = (*places).max(value.map_or(0, Value::places));
            }
            rows.push(read);
            Ok(())
        })?;
        let mut columns = Vec::with_capacity(layout.features.len());
        for (feature, places) in layout.features.iter().zip(&places) {
            let column = unit(*places, feature.offset).and_then(|unit| column(feature, unit));
            columns.push(
                column.ok_or_else(|| {
                    refuse(format!("feature `{}`: its domain in steps of 10^-{places} does not fit 24 bits", feature.name))
                })?,
            );
        }
        let mut ordered = BTreeMap::new();
        let mut clipped = 0;
        for row in rows {
            let values = row.values.iter().zip(&columns).map(|(value, column)| match value {
                None => MISSING,
                Some(value) => {
                    let raw = value.steps(column.offset, column.step);
                    let inside = raw.clamp(0, i128::from(MISSING) - 1);
                    clipped += u64::from(inside != raw);
                    u32::try_from(inside).unwrap_or(0)
                }
            });
            let values = values.collect();
            let raw = RawRow { key: pseudonym(key, &row.id), group: row.group, values, logged: row.logged, outcome: row.outcome };
            if ordered.insert(raw.key, raw).is_some() {
                return Err(refuse(format!("identifier {:?} stands twice", row.id)));
            }
        }
        let mut training: Vec<RawRow> = ordered.into_values().collect();
        let wanted = training.len() * share as usize / 100;
        let test = training.split_off((wanted - wanted % PART_MULTIPLE as usize).min(training.len()));
        if training.is_empty() || test.is_empty() {
            return Err(refuse(format!("{share} % of its rows leave nothing to train or to test on")));
        }
        let names = spec.grouping.groups.iter().map(|group| group.name.clone()).collect::<Vec<_>>();
        let not_disclosed = names.iter().position(|name| Some(name) == spec.grouping.not_disclosed.as_ref());
        let preparation = Preparation {
            schema: PreparationSchema::V1,
            shape,
            columns,
            grouping: Grouping {
                attribute: spec.grouping.attribute.clone(),
                names,
                not_disclosed: not_disclosed.and_then(|code| u8::try_from(code).ok()),
            },
        };
        Ok(Self { preparation, parts: [training, test], clipped, dropped })
    }
}
