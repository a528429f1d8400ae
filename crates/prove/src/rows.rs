//! Which rows of the tables go into which batch, and as what?
//!
//! [`ingest`] reads every row, places it in time, judges its cells and sorts the rows into the
//! given slots. Rows outside every slot are dropped and counted: that count is a claim. Within a
//! batch rows stand in order of time, then of reading, and their keys say so:
//! `seconds << 24 | position within the second`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use verifold_circuits::{RowKind, RowRecord};
use verifold_model::{
    cohort::{MAX_ROWS, Outcome, VoidReason},
    instant::{Instant, SEQUENCE_BITS},
    plan::{MissingRule, OutsideRule},
};

use crate::{
    calendar::Slot,
    error::{BadRow, BadRows, ProveError},
    layout::Layout,
    number::{Quantised, Value, quantise},
    spec::{DecisionSource, Meanings, Spec, TimeSource, read_time},
    table,
};

/// A row as it will be committed, and what the float model makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedRow {
    /// What is committed and counted. A row whose group is unknown carries the code of "not disclosed" if there is one, else 0.
    pub record: RowRecord,
    /// Values in the order of the model's inputs; empty for a void row.
    pub inputs: Vec<f32>,
}

/// Rows of a source, sorted into slots.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ingested {
    /// One list per slot, in key order.
    pub batches: Vec<Vec<PreparedRow>>,
    /// Rows read.
    pub read: u64,
    /// Rows outside every slot, dropped before commitment.
    pub dropped: u64,
    /// Rows that are void because the plan's own rules for missing and outside values say so.
    pub void_by_rule: BadRows,
    /// Rows that are void because a value cannot be read or a group is unknown.
    pub bad: BadRows,
    /// Rows without a readable place in time.
    pub unplaced: BadRows,
    /// Rows whose identifier an earlier row already had.
    pub repeated_ids: u64,
}

/// Outcomes of a second table, by row identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutcomeTable {
    outcomes: BTreeMap<String, Outcome>,
    /// Whether a row that the table lacks is a bad row, in place of one whose outcome is unknown.
    of_every_row: bool,
}

impl OutcomeTable {
    /// Reads the identifier and outcome columns of the specification from `path`.
    ///
    /// # Errors
    /// [`ProveError`] if a column is missing, an outcome cannot be read, or an identifier has two different outcomes.
    pub fn read(spec: &Spec, path: &Path) -> Result<Self, ProveError> {
        let table_error = |problem: String| ProveError::Table { path: path.to_owned(), problem };
        let (Some(id), Some(source)) = (&spec.columns.id, &spec.columns.outcome) else {
            return Err(table_error("joining outcomes needs `columns.id` and `columns.outcome` in the specification".to_owned()));
        };
        let meanings = outcome_meanings(spec)?;
        let mut outcomes = BTreeMap::new();
        table::read(path, &[id, &source.column], &mut |row| {
            if let Some(torn) = row.torn {
                return Err(table_error(format!("{}, {}: {torn}", row.file, row.place)));
            }
            let [id, cell] = row.cells else { return Ok(()) };
            let outcome = outcome(present(cell, spec), &meanings)
                .map_err(|problem| table_error(format!("{}, {}, column `{}`: {problem}", row.file, row.place, source.column)))?;
            match outcomes.insert(id.clone(), outcome) {
                Some(earlier) if earlier != outcome => {
                    Err(table_error(format!("{}, {}: {id:?} has two different outcomes", row.file, row.place)))
                }
                _ => Ok(()),
            }
        })?;
        Ok(Self { outcomes, of_every_row: false })
    }

    /// The same table, said to have a line for every row it is joined to.
    #[must_use]
    pub(crate) fn of_every_row(self) -> Self {
        Self { of_every_row: true, ..self }
    }

    /// Identifiers in the table, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.outcomes.keys().map(String::as_str)
    }

    /// The outcome of a row, if the table need not have or has it.
    fn of(&self, id: &str) -> Option<Outcome> {
        let found = self.outcomes.get(id).copied();
        if self.of_every_row { found } else { Some(found.unwrap_or(Outcome::Unknown)) }
    }

    /// Identifiers in the table.
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }
}

/// Reads all rows of `path` and sorts them into `slots`, which follow each other in time.
///
/// With `outcomes`, outcomes are joined by identifier and the tables need no outcome column.
/// Where the specification gives rows no time of their own, they stand at the first second of
/// their slot; rows of a single slot need no batch number.
///
/// # Errors
/// [`ProveError`] if a table cannot be read or a batch is too large. Bad rows are no error here.
pub fn ingest(spec: &Spec, layout: &Layout, path: &Path, slots: &[Slot], outcomes: Option<&OutcomeTable>) -> Result<Ingested, ProveError> {
    let judge = Judge::new(spec, layout, outcomes, slots.len() == 1)?;
    let mut ingested = Ingested { batches: vec![Vec::new(); slots.len()], ..Ingested::default() };
    let mut placed: Vec<(Place, PreparedRow)> = Vec::new();
    let mut ids = BTreeSet::new();
    table::read(path, &judge.columns, &mut |row| {
        let number = ingested.read;
        ingested.read += 1;
        let bad = |column: Option<&str>, problem: String, reason| {
            let column = column.map(str::to_owned);
            BadRow { file: row.file.to_owned(), place: row.place, column, problem, reason }
        };
        if let Some(torn) = row.torn {
            ingested.unplaced.push(bad(None, torn.to_owned(), None));
            return Ok(());
        }
        let place = match judge.place(row.cells, number, slots) {
            Ok(Some(place)) => place,
            Ok(None) => {
                ingested.dropped += 1;
                return Ok(());
            }
            Err((column, problem)) => {
                ingested.unplaced.push(bad(Some(column), problem, None));
                return Ok(());
            }
        };
        if let Some(id) = judge.id(row.cells)
            && !ids.insert(id.to_owned())
        {
            ingested.repeated_ids += 1;
        }
        let (group, kind, inputs) = match judge.judge(row.cells) {
            (group, Ok((kind, inputs))) => (group, kind, inputs),
            (group, Err(Fault { reason, column, problem })) => {
                let row = bad(Some(column), problem, Some(reason));
                match reason {
                    VoidReason::MissingValue | VoidReason::OutsideDomain => ingested.void_by_rule.push(row),
                    VoidReason::Unreadable | VoidReason::UnknownGroup => ingested.bad.push(row),
                }
                (group, RowKind::Void(reason), Vec::new())
            }
        };
        placed.push((place, PreparedRow { record: RowRecord { key: 0, group, kind }, inputs }));
        Ok(())
    })?;
    // Stable: rows of one moment keep the order they were read in.
    placed.sort_by_key(|(place, _)| (place.at, place.nanos));

    let (mut second, mut sequence) = (None, 0u64);
    for (Place { at, slot, .. }, mut row) in placed {
        sequence = if second == Some(at) { sequence + 1 } else { 0 };
        second = Some(at);
        if sequence >> SEQUENCE_BITS != 0 {
            return Err(ProveError::TooManyRows { rows: sequence + 1, place: format!("stand at {at}") });
        }
        row.record.key = at.first_key() | sequence;
        ingested.batches[slot].push(row);
    }
    for (slot, rows) in slots.iter().zip(&ingested.batches) {
        if rows.len() as u64 >= u64::from(MAX_ROWS) {
            return Err(ProveError::TooManyRows {
                rows: rows.len() as u64,
                place: format!("are in the batch from {} to {}", slot.start, slot.end),
            });
        }
    }
    Ok(ingested)
}

/// A cell's text, or nothing if it stands for a missing value.
fn present<'a>(cell: &'a str, spec: &Spec) -> Option<&'a str> {
    (!cell.is_empty() && !spec.columns.missing_values.iter().any(|missing| missing == cell)).then_some(cell)
}

fn outcome_meanings(spec: &Spec) -> Result<Meanings, ProveError> {
    let source = spec.columns.outcome.iter();
    meanings(source.flat_map(|outcome| [("good", &outcome.good[..]), ("bad", &outcome.bad[..])]))
}

/// A specification that was read has been through the same check; one built by hand may not have.
fn meanings<'a>(meanings: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Result<Meanings, ProveError> {
    Meanings::new(meanings).map_err(|problem| ProveError::Reference { problem })
}

fn outcome(cell: Option<&str>, meanings: &Meanings) -> Result<Outcome, String> {
    match cell {
        None => Ok(Outcome::Unknown),
        Some(cell) => match meanings.of(cell) {
            Some(0) => Ok(Outcome::Good),
            Some(_) => Ok(Outcome::Bad),
            None => Err(format!("{cell:?} is no outcome; the outcomes are {} and an empty cell for unknown", meanings.listed())),
        },
    }
}

/// Where a row stands in time.
#[derive(Clone, Copy)]
struct Place {
    at: Instant,
    nanos: u32,
    /// Position of the slot that holds it.
    slot: usize,
}

/// Why a row is void.
struct Fault<'a> {
    reason: VoidReason,
    column: &'a str,
    problem: String,
}

/// Reads cells as the specification says.
struct Judge<'a> {
    spec: &'a Spec,
    layout: &'a Layout,
    outcomes: Option<&'a OutcomeTable>,
    single_slot: bool,
    columns: Vec<&'a str>,
    time: Option<usize>,
    id: Option<usize>,
    group: usize,
    decision: Option<usize>,
    outcome: Option<usize>,
    first_feature: usize,
    groups: Meanings,
    decisions: Meanings,
    outcome_meanings: Meanings,
}

impl<'a> Judge<'a> {
    fn new(spec: &'a Spec, layout: &'a Layout, outcomes: Option<&'a OutcomeTable>, single_slot: bool) -> Result<Self, ProveError> {
        let mut columns: Vec<&'a str> = Vec::new();
        let mut want = |column: &'a str| {
            columns.push(column);
            columns.len() - 1
        };
        let time = match &spec.columns.time {
            TimeSource::Column(column) => Some(want(column)),
            TimeSource::BatchColumn(column) if !single_slot => Some(want(column)),
            TimeSource::BatchColumn(_) | TimeSource::RowsPerBatch(_) => None,
        };
        let id = spec.columns.id.as_deref().filter(|_| outcomes.is_some() || !single_slot).map(&mut want);
        let group = want(&spec.columns.group);
        let decision = match &spec.columns.decision {
            DecisionSource::Column { column, .. } => Some(want(column)),
            DecisionSource::AllApproved => None,
        };
        let outcome = spec.columns.outcome.as_ref().filter(|_| outcomes.is_none()).map(|source| want(&source.column));
        let first_feature = columns.len();
        columns.extend(spec.features.iter().map(|feature| feature.column()));
        let decisions = match &spec.columns.decision {
            DecisionSource::Column { approved, declined, .. } => meanings([("approved", &approved[..]), ("declined", &declined[..])])?,
            DecisionSource::AllApproved => meanings([])?,
        };
        let groups = meanings(spec.grouping.groups.iter().map(|group| (group.name.as_str(), &group.values[..])))?;
        let outcome_meanings = outcome_meanings(spec)?;
        Ok(Self {
            spec,
            layout,
            outcomes,
            single_slot,
            columns,
            time,
            id,
            group,
            decision,
            outcome,
            first_feature,
            groups,
            decisions,
            outcome_meanings,
        })
    }

    fn id<'c>(&self, cells: &'c [String]) -> Option<&'c str> {
        self.id.map(|at| cells[at].as_str())
    }

    /// Time and slot of a row; `None` if it lies outside every slot.
    fn place(&self, cells: &[String], number: u64, slots: &[Slot]) -> Result<Option<Place>, (&'a str, String)> {
        let at_slot = |slot: Option<usize>| Ok(slot.and_then(|slot| Some(Place { at: slots.get(slot)?.start, nanos: 0, slot })));
        let timed = |at: usize| (self.columns[at], cells[at].as_str());
        match (&self.spec.columns.time, self.time.map(timed)) {
            (TimeSource::Column(_), Some((column, cell))) => {
                let (at, nanos) = read_time(cell)
                    .ok_or_else(|| (column, format!("{cell:?} is no time; expected RFC 3339, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD`")))?;
                let index = slots.partition_point(|slot| slot.end <= at);
                Ok(slots.get(index).filter(|slot| slot.start <= at).map(|_| Place { at, nanos, slot: index }))
            }
            (TimeSource::BatchColumn(_), Some((column, cell))) => {
                let batch = cell.parse::<usize>().or_else(|_| cell.trim_end_matches('0').trim_end_matches('.').parse::<usize>());
                let batch = batch
                    .ok()
                    .filter(|batch| *batch > 0)
                    .ok_or_else(|| (column, format!("{cell:?} is no batch number; batches are counted from 1")))?;
                at_slot(Some(batch - 1))
            }
            (TimeSource::RowsPerBatch(rows), _) if !self.single_slot => at_slot(usize::try_from(number / u64::from(*rows)).ok()),
            _ => at_slot(Some(0)),
        }
    }

    /// Group code of a row, and either what is scored of it and the model's inputs, or why it is void.
    fn judge(&self, cells: &[String]) -> (u8, Result<(RowKind, Vec<f32>), Fault<'a>>) {
        let fault = |reason, at: usize, problem| Fault { reason, column: self.columns[at], problem };
        match self.group(cells) {
            Ok(group) => (group, self.scored(cells).map_err(|(reason, at, problem)| fault(reason, at, problem))),
            Err(problem) => {
                let undisclosed =
                    self.spec.grouping.groups.iter().position(|group| Some(&group.name) == self.spec.grouping.not_disclosed.as_ref());
                let code = undisclosed.and_then(|code| u8::try_from(code).ok()).unwrap_or(0);
                (code, Err(fault(VoidReason::UnknownGroup, self.group, problem)))
            }
        }
    }

    fn group(&self, cells: &[String]) -> Result<u8, String> {
        let cell = present(&cells[self.group], self.spec);
        // A group may be the one that missing values stand for, so the bare cell is looked up.
        let found = self.groups.of(&cells[self.group]).or_else(|| cell.is_none().then(|| self.groups.of("")).flatten());
        found.and_then(|group| u8::try_from(group).ok()).ok_or_else(|| match cell {
            Some(text) => format!("{text:?} is no group; the groups are {}", self.groups.listed()),
            None => format!("no group; the groups are {}", self.groups.listed()),
        })
    }

    /// Logged decision and outcome of a row.
    fn known(&self, cells: &[String]) -> Result<(bool, Outcome), (VoidReason, usize, String)> {
        let cell = |at: usize| present(&cells[at], self.spec);
        let logged = match self.decision {
            None => true,
            Some(at) => match cell(at).map(|text| (text, self.decisions.of(text))) {
                Some((_, Some(meaning))) => meaning == 0,
                Some((text, None)) => {
                    return Err((
                        VoidReason::Unreadable,
                        at,
                        format!("{text:?} is no decision; the decisions are {}", self.decisions.listed()),
                    ));
                }
                None => return Err((VoidReason::Unreadable, at, format!("no decision; the decisions are {}", self.decisions.listed()))),
            },
        };
        let outcome = match (self.outcomes, self.outcome) {
            (Some(outcomes), _) => {
                // Without an identifier nothing is joined.
                let id = self.id(cells).unwrap_or_default();
                outcomes.of(id).ok_or_else(|| {
                    let problem = format!("{id:?} has no line in the table of outcomes; where nothing is known its cell stays empty");
                    (VoidReason::Unreadable, self.id.unwrap_or(self.group), problem)
                })?
            }
            (None, Some(at)) => outcome(cell(at), &self.outcome_meanings).map_err(|problem| (VoidReason::Unreadable, at, problem))?,
            (None, None) => Outcome::Unknown,
        };
        Ok((logged, outcome))
    }

    fn scored(&self, cells: &[String]) -> Result<(RowKind, Vec<f32>), (VoidReason, usize, String)> {
        let cell = |at: usize| present(&cells[at], self.spec);
        let (logged, outcome) = self.known(cells)?;
        let mut features = vec![0; self.layout.features.len()];
        let mut inputs = vec![0f32; self.layout.features.len()];
        // In the table's order, so that the first fault named is the first one met by a reader.
        let mut plan_position = vec![0; inputs.len()];
        for (position, input) in self.layout.model_position.iter().enumerate() {
            plan_position[*input] = position;
        }
        for input in 0..inputs.len() {
            let (at, position) = (self.first_feature + input, plan_position[input]);
            let feature = &self.layout.features[position];
            let Some(text) = cell(at) else {
                let MissingRule::Value(value) = feature.missing else {
                    return Err((VoidReason::MissingValue, at, "no value".to_owned()));
                };
                features[position] = value;
                inputs[input] = (feature.offset.to_f64() + feature.step.to_f64() * f64::from(value)) as f32;
                continue;
            };
            let (Some(value), Ok(float)) = (Value::read(text), text.parse::<f64>()) else {
                return Err((VoidReason::Unreadable, at, format!("{text:?} is no number")));
            };
            inputs[input] = float as f32;
            features[position] = match (quantise(value, feature), feature.outside) {
                (Quantised::Inside(q), _) => q,
                (Quantised::Below, OutsideRule::Clamp) => 0,
                (Quantised::Above, OutsideRule::Clamp) => feature.max,
                (Quantised::Below | Quantised::Above, OutsideRule::Void) => {
                    return Err((
                        VoidReason::OutsideDomain,
                        at,
                        format!(
                            "{text} lies outside the domain: {} to {} steps of {} above {}",
                            0, feature.max, feature.step, feature.offset
                        ),
                    ));
                }
            };
        }
        Ok((RowKind::Scored { features, logged, outcome }, inputs))
    }
}

/// A development row as read: nothing judged but what it says.
pub(crate) struct RawCells {
    pub(crate) id: String,
    pub(crate) group: u8,
    pub(crate) logged: bool,
    pub(crate) outcome: Outcome,
    /// In plan order; `None` where the value is missing.
    pub(crate) values: Vec<Option<Value>>,
}

/// Reads development rows: their values, but not what a plan makes of them.
pub(crate) struct RowReader<'a> {
    judge: Judge<'a>,
    id: usize,
}

impl<'a> RowReader<'a> {
    /// `id` is the column that identifies a row.
    pub(crate) fn new(spec: &'a Spec, layout: &'a Layout, id: &'a str) -> Result<Self, ProveError> {
        let mut judge = Judge::new(spec, layout, None, true)?;
        judge.columns.push(id);
        let id = judge.columns.len() - 1;
        Ok(Self { judge, id })
    }

    pub(crate) fn columns(&self) -> &[&'a str] {
        &self.judge.columns
    }

    /// Reads one row, or says which cell cannot be read.
    pub(crate) fn read(&self, cells: &[String]) -> Result<RawCells, String> {
        let judge = &self.judge;
        let named = |at: usize, problem: String| format!("column `{}`: {problem}", judge.columns[at]);
        let group = judge.group(cells).map_err(|problem| named(judge.group, problem))?;
        let (logged, outcome) = judge.known(cells).map_err(|(_, at, problem)| named(at, problem))?;
        let values = judge.layout.model_position.iter().map(|input| {
            let at = judge.first_feature + input;
            let Some(text) = present(&cells[at], judge.spec) else { return Ok(None) };
            Value::read(text).map(Some).ok_or_else(|| named(at, format!("{text:?} is no number")))
        });
        Ok(RawCells { id: cells[self.id].clone(), group, logged, outcome, values: values.collect::<Result<_, String>>()? })
    }
}
