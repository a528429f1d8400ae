//! The native twin: everything a step circuit computes, on plain values.
//!
//! - [`plan_commitment`], [`model_commitment`]: the openings every step repeats
//! - [`count`]: the table of a batch
//! - [`table_commitment`], [`chain_link`]: what the end of a batch adds to the chain
//! - [`replay`]: the public states before the first and after the last step, from the statement alone
//!
//! [`replay`] is what a verifier runs; it never sees a row, a weight or a proof, and establishes nothing
//! about a statement before [`crate::verify_proof`] has accepted a proof between the two states.

use std::ops::Range;

use ff::Field;
use rayon::prelude::*;
use verifold_model::{
    cohort::{BatchRole, BatchStatement, BatchTable, TableError},
    digest::Commitment,
    instant::Instant,
    plan::{Plan, PlanError},
    shape::Shape,
    statement::{Header, MonitoringStatement},
};

use crate::{
    families::Transition,
    field::{F, NotCanonical, power_of_two, signed, to_commitment, to_element, truncated},
    layout::{COUNTER_BITS, COUNTERS_PER_WORD, Dimensions, SCORED_CELLS},
    model::AnyModel,
    open::OpenBatch,
    poseidon::{hash8, hash24},
    rows::{Model, RowKind, RowRecord},
    salt::Salt,
    streams::{outcome_commitment, row_commitment},
    tags,
};

/// Elements of the public state.
pub(crate) const ARITY: usize = 7;

/// The state between two steps, as a proof shows it at both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Header element: subject, period, circuit.
    pub header: Commitment,
    /// Commitment to the plan.
    pub plan: Commitment,
    /// Commitment to the model.
    pub model: Commitment,
    /// Chain over closed batches; the header element before the first.
    pub chain: Commitment,
    /// Batches closed so far.
    pub index: u64,
    /// First key a new batch may use: the end of the last closed batch.
    pub key_floor: u64,
    /// Hash of the open batch; zero when none is open.
    pub open: Commitment,
}

/// The value of [`State::open`] between batches.
pub const NOTHING_OPEN: Commitment = Commitment::from_bytes([0; 32]);

impl State {
    pub(crate) fn elements(&self) -> Result<[F; ARITY], NotCanonical> {
        Ok([
            to_element(self.header)?,
            to_element(self.plan)?,
            to_element(self.model)?,
            to_element(self.chain)?,
            F::from(self.index),
            F::from(self.key_floor),
            to_element(self.open)?,
        ])
    }
}

/// A plan as elements, in the order they are absorbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlanOpening {
    pub(crate) document: F,
    pub(crate) schema: F,
    pub(crate) used_features: usize,
    /// Inner score edges, then inner edges of each histogram.
    pub(crate) edges: Vec<i64>,
}

impl PlanOpening {
    pub(crate) fn of(plan: &Plan) -> Self {
        let histogram_edges = plan.histograms.iter().flat_map(|h| h.edges.iter().map(|e| i64::from(*e)));
        Self {
            document: truncated(plan.digest()),
            schema: truncated(plan.row_schema_digest()),
            used_features: plan.features.len(),
            edges: plan.scoring.edges.iter().copied().chain(histogram_edges).collect(),
        }
    }

    pub(crate) fn commitment(&self) -> F {
        let mask = if self.used_features == 64 { u64::MAX } else { (1 << self.used_features) - 1 };
        let mut elements = vec![self.document, self.schema, F::from(mask)];
        elements.extend(self.edges.iter().map(|edge| signed(*edge)));
        hash24(tags::PLAN, &elements)
    }
}

/// The commitment to a plan: its document, its row schema and every number the circuit uses of it.
pub fn plan_commitment(plan: &Plan) -> Commitment {
    to_commitment(PlanOpening::of(plan).commitment())
}

/// The salted commitment to a model, its weights filled up with zeros to the shape's features and neurons.
pub fn model_commitment(shape: Shape, model: &AnyModel, salt: &Salt) -> Commitment {
    to_commitment(model.element(Dimensions::without_rows(shape), salt.element()))
}

pub(crate) fn model_element(features: usize, model: &Model, salt: F) -> F {
    let mut elements: Vec<F> = model.weights.iter().map(|w| signed(*w)).collect();
    elements.resize(features, F::ZERO);
    elements.extend([signed(model.bias), salt]);
    hash24(tags::MODEL, &elements)
}

/// The header element: the lower 250 bits of the header's digest.
pub fn header_element(header: &Header) -> Commitment {
    to_commitment(truncated(header.digest()))
}

/// Counts rows as the circuit does.
///
/// Rows, model and plan must have passed their checks, and there must be fewer than 2^24 rows.
pub fn count(plan: &Plan, model: &AnyModel, rows: &[RowRecord]) -> BatchTable {
    let mut table = BatchTable::empty(plan);
    let edges = PlanOpening::of(plan).edges;
    for row in rows {
        count_row(&mut table, &edges, plan.shape.bins() - 1, model, row);
    }
    table
}

/// The bin of `value` between `inner` edges: as many as there are edges at or below it.
pub(crate) fn bin_of(inner: &[i64], value: i64) -> usize {
    inner.partition_point(|edge| *edge <= value)
}

pub(crate) fn count_row(table: &mut BatchTable, edges: &[i64], inner: usize, model: &AnyModel, row: &RowRecord) {
    let group = usize::from(row.group);
    match &row.kind {
        RowKind::Void(reason) => table.void[group][reason.code()] += 1,
        RowKind::Scored { features, logged, outcome } => {
            let (score_edges, histogram_edges) = edges.split_at(inner);
            let bin = bin_of(score_edges, model.score(features));
            table.counts[bin][group][2 * outcome.code() + usize::from(*logged)] += 1;
            for (histogram, (edges, value)) in table.histograms.iter_mut().zip(histogram_edges.chunks(inner).zip(features)) {
                histogram[bin_of(edges, i64::from(*value))] += 1;
            }
        }
    }
}

/// A table as the words the circuit carries: `bins × groups` count words, bin by bin, then histogram words.
///
/// A count word holds its six cells; the words of bin 0 hold the group's void counts above them.
pub(crate) fn table_words(table: &BatchTable) -> Vec<F> {
    let pack = |counts: &mut dyn DoubleEndedIterator<Item = u32>| {
        counts.rev().fold(F::ZERO, |word, n| word * power_of_two(COUNTER_BITS) + F::from(u64::from(n)))
    };
    let mut words = Vec::new();
    for (bin, groups) in table.counts.iter().enumerate() {
        for (group, cell) in groups.iter().enumerate() {
            debug_assert_eq!(cell.len(), SCORED_CELLS);
            let void = if bin == 0 { table.void[group] } else { [0; 4] };
            words.push(pack(&mut cell.iter().copied().chain(void)));
        }
    }
    for histogram in &table.histograms {
        words.extend(histogram.chunks(COUNTERS_PER_WORD).map(|counts| pack(&mut counts.iter().copied())));
    }
    words
}

/// The salted commitment to a table whose counts have been checked to lie below 2^24.
///
/// # Errors
/// [`NotCanonical`] if the salt is not a field element.
pub fn table_commitment(table: &BatchTable, salt: Commitment) -> Result<Commitment, NotCanonical> {
    Ok(to_commitment(table_element(to_element(salt)?, &table_words(table))))
}

pub(crate) fn table_element(salt: F, words: &[F]) -> F {
    let mut elements = vec![salt];
    elements.extend_from_slice(words);
    hash8(tags::TABLE, &elements)
}

/// The chain after one more batch, whose table has the commitment `table`.
///
/// # Errors
/// [`NotCanonical`] for a commitment that is not a field element.
pub fn chain_link(chain: Commitment, batch: &BatchStatement, table: Commitment) -> Result<Commitment, NotCanonical> {
    let elements = [
        to_element(chain)?,
        F::from(u64::from(batch.index)),
        F::from(batch.role.code()),
        F::from(batch.start.first_key()),
        F::from(batch.end.first_key()),
        to_element(batch.row_commitment)?,
        to_element(batch.outcome_commitment)?,
        to_element(table)?,
    ];
    Ok(to_commitment(hash8(tags::CHAIN, &elements)))
}

/// The chain after the batch whose last step has run, as the circuit computes it.
pub(crate) fn link_element(chain: F, index: F, batch: &OpenBatch, table: F) -> F {
    let rows = row_commitment(batch.row_accumulator, batch.rows);
    let outcomes = outcome_commitment(batch.outcome_accumulator, batch.rows);
    hash8(tags::CHAIN, &[chain, index, F::from(batch.role), F::from(batch.start), F::from(batch.end), rows, outcomes, table])
}

/// The state before the first step.
///
/// `index` is the number of batches that earlier proofs of the period closed.
pub fn initial_state(header: Commitment, plan: Commitment, model: Commitment, index: u64) -> State {
    State { header, plan, model, chain: header, index, key_floor: 0, open: NOTHING_OPEN }
}

/// Steps a batch of `rows` rows takes at `rows_per_step`; an empty batch takes one.
pub const fn steps_of(rows: u32, rows_per_step: usize) -> u64 {
    let steps = (rows as u64).div_ceil(rows_per_step as u64);
    if steps == 0 { 1 } else { steps }
}

/// What a statement says a proof goes from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// State before the first step.
    pub z0: State,
    /// State after the last step.
    pub zn: State,
    /// Steps between them.
    pub steps: u64,
    /// Commitments recomputed on the way, batch by batch.
    pub links: Vec<Link>,
}

impl Replay {
    /// The same as every family has it.
    pub fn transition(&self) -> Transition {
        let names = ["header", "plan", "model", "chain", "batch index", "key floor", "open batch"];
        Transition { z0: self.z0.into(), zn: self.zn.into(), steps: self.steps, names }
    }

    /// What a segment goes from and to: a proof of the batches at these positions alone.
    ///
    /// `statement` is the one that was replayed. Its segments, each beginning where the one before ends, join to
    /// [`Replay::transition`]. `None` for no batches, or some that the statement does not have.
    pub fn segment(&self, statement: &MonitoringStatement, batches: Range<usize>) -> Option<Transition> {
        let rows_per_step = Dimensions::of(statement.header.circuit.shape)?.rows;
        let inside = statement.batches.get(batches.clone()).filter(|inside| !inside.is_empty())?;
        Some(Transition {
            z0: self.after(statement, batches.start)?.into(),
            zn: self.after(statement, batches.end)?.into(),
            steps: inside.iter().map(|batch| steps_of(batch.rows, rows_per_step)).sum(),
            ..self.transition()
        })
    }

    /// The state between two batches, `closed` of them behind it.
    pub(crate) fn after(&self, statement: &MonitoringStatement, closed: usize) -> Option<State> {
        let Some(last) = closed.checked_sub(1) else { return Some(self.z0) };
        let (batch, link) = (statement.batches.get(last)?, self.links.get(last)?);
        Some(State { chain: link.chain, index: self.z0.index + closed as u64, key_floor: batch.end.first_key(), ..self.z0 })
    }
}

/// What a batch adds to the chain, as recomputed from the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Commitment to its table.
    pub table: Commitment,
    /// Chain behind it.
    pub chain: Commitment,
}

/// Why a statement contradicts itself or its plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The plan is not one a circuit can be run with.
    #[error("plan: {0}")]
    Plan(PlanError),
    /// The statement's circuit and the plan name different shapes.
    #[error("the statement's circuit has shape {circuit}, the plan {plan}")]
    Shape {
        /// Shape of the circuit.
        circuit: Shape,
        /// Shape of the plan.
        plan: Shape,
    },
    /// Not one chunk of rows fits into a step of this shape.
    #[error("shape {0} leaves no room for rows")]
    NoRoom(Shape),
    /// The stated plan commitment is not the plan's.
    #[error("the plan commits to {found}, the statement says {stated}")]
    PlanCommitment {
        /// As stated.
        stated: Commitment,
        /// As computed from the plan.
        found: Commitment,
    },
    /// There is no batch.
    #[error("the statement has no batches")]
    NoBatches,
    /// A batch stands at another position than it says.
    #[error("batch {position} says it has index {stated}")]
    Index {
        /// Index that its position gives.
        position: usize,
        /// As stated.
        stated: u32,
    },
    /// A reference batch stands behind the first position.
    #[error("batch {position} has role reference; only the first may")]
    Role {
        /// Position in the list.
        position: usize,
    },
    /// A batch does not end after it starts.
    #[error("batch {position} ends at {end}, not after its start {start}")]
    Empty {
        /// Position in the list.
        position: usize,
        /// Stated start.
        start: Instant,
        /// Stated end.
        end: Instant,
    },
    /// A batch starts before the one before it ends.
    #[error("batch {position} starts at {start}, before the batch before it ends at {previous_end}")]
    Overlap {
        /// Position in the list.
        position: usize,
        /// Stated start.
        start: Instant,
        /// Stated end of the batch before.
        previous_end: Instant,
    },
    /// A table is not one the circuit could have counted.
    #[error("batch {position}: {source}")]
    Table {
        /// Position in the list.
        position: usize,
        /// What is wrong with it.
        source: TableError,
    },
    /// A commitment is not a field element.
    #[error("{place}: {source}")]
    NotCanonical {
        /// Which commitment.
        place: String,
        /// The commitment.
        source: NotCanonical,
    },
    /// The number of steps does not follow from the batches.
    #[error("the batches take {computed} steps, the statement says {stated}")]
    Steps {
        /// As stated.
        stated: u64,
        /// Sum over batches.
        computed: u64,
    },
    /// The stated head of the chain is not what the batches chain to.
    #[error("the batches chain to {computed}, the statement says {stated}")]
    ChainHead {
        /// As stated.
        stated: Commitment,
        /// As recomputed.
        computed: Commitment,
    },
}

/// Recomputes the states that a proof of `statement` must go from and to.
///
/// Checks the plan, dimensions and counter bounds before anything is packed, that batches are numbered,
/// ordered and do not overlap, that a reference stands first, and that steps and chain head are those the
/// batches give. Table commitments are computed in parallel.
///
/// # Errors
/// [`ReplayError`] for the first contradiction.
pub fn replay(statement: &MonitoringStatement, plan: &Plan) -> Result<Replay, ReplayError> {
    replay_from(0, statement, plan)
}

/// As [`replay`], for a statement whose batches follow those that earlier proofs of the period closed: `first` of them.
///
/// # Errors
/// As [`replay`].
pub fn replay_from(first: u32, statement: &MonitoringStatement, plan: &Plan) -> Result<Replay, ReplayError> {
    plan.check().map_err(ReplayError::Plan)?;
    let shape = statement.header.circuit.shape;
    if shape != plan.shape {
        return Err(ReplayError::Shape { circuit: shape, plan: plan.shape });
    }
    let rows_per_step = Dimensions::of(shape).ok_or(ReplayError::NoRoom(shape))?.rows;
    let found = plan_commitment(plan);
    if found != statement.plan_commitment {
        return Err(ReplayError::PlanCommitment { stated: statement.plan_commitment, found });
    }
    to_element(statement.model_commitment).map_err(|source| ReplayError::NotCanonical { place: "model commitment".into(), source })?;
    let Some(last) = statement.batches.last() else { return Err(ReplayError::NoBatches) };

    let mut steps = 0;
    for (position, batch) in statement.batches.iter().enumerate() {
        if u64::from(batch.index) != u64::from(first) + position as u64 {
            return Err(ReplayError::Index { position: first as usize + position, stated: batch.index });
        }
        if batch.role == BatchRole::Reference && position > 0 {
            return Err(ReplayError::Role { position });
        }
        if batch.start >= batch.end {
            return Err(ReplayError::Empty { position, start: batch.start, end: batch.end });
        }
        if let Some(previous) = position.checked_sub(1).and_then(|i| statement.batches.get(i))
            && batch.start < previous.end
        {
            return Err(ReplayError::Overlap { position, start: batch.start, previous_end: previous.end });
        }
        batch.table.check(plan, batch.rows).map_err(|source| ReplayError::Table { position, source })?;
        steps += steps_of(batch.rows, rows_per_step);
    }
    if steps != statement.steps {
        return Err(ReplayError::Steps { stated: statement.steps, computed: steps });
    }

    let place = |position: usize| move |source| ReplayError::NotCanonical { place: format!("batch {position}"), source };
    let tables: Vec<Commitment> = statement
        .batches
        .par_iter()
        .enumerate()
        .map(|(position, batch)| table_commitment(&batch.table, batch.table_salt).map_err(place(position)))
        .collect::<Result<_, _>>()?;
    let header = header_element(&statement.header);
    let z0 = initial_state(header, statement.plan_commitment, statement.model_commitment, u64::from(first));
    let mut chain = z0.chain;
    let mut links = Vec::with_capacity(tables.len());
    for (position, (batch, table_commitment)) in statement.batches.iter().zip(tables).enumerate() {
        chain = chain_link(chain, batch, table_commitment).map_err(place(position))?;
        links.push(Link { table: table_commitment, chain });
    }
    if chain != statement.chain_head {
        return Err(ReplayError::ChainHead { stated: statement.chain_head, computed: chain });
    }
    let zn = State { chain, index: z0.index + statement.batches.len() as u64, key_floor: last.end.first_key(), ..z0 };
    Ok(Replay { z0, zn, steps, links })
}
