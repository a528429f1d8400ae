//! The native twin: what the step circuit computes, on plain values.

use ff::Field;
use verifold_model::{
    cohort::MAX_ROWS,
    digest::{Commitment, Digest},
    plan::Plan,
    preparation::{
        Column, MAP_BITS, MISSING, PART_MULTIPLE, PART_NAMES, Preparation, PreparationError, PreparationStatement, PreparedPart, Profile,
        RAW_BITS, Region, Rule,
    },
    shape::Shape,
};

use crate::{
    families::{PublicState, Transition, counter},
    field::{F, NotCanonical, power_of_two, signed, to_commitment, to_element, truncated},
    layout::{COUNTER_BITS, COUNTERS_PER_WORD, Dimensions},
    native::{NOTHING_OPEN, header_element},
    poseidon::{hash8, hash24},
    preparation::size,
    tags,
};

/// First bit of what a region makes of a value, and of its reason, in its element.
pub(crate) const VALUE_SHIFT: usize = 64;
pub(crate) const REASON_SHIFT: usize = 140;
/// Counters of a column: below, above, missing.
pub(crate) const COLUMN_COUNTERS: usize = 3;
/// Columns whose counters share a word.
pub(crate) const COLUMNS_PER_WORD: usize = COUNTERS_PER_WORD / COLUMN_COUNTERS;

/// The loop bounds of a preparation step: prepared rows, and raw rows of the same columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) prepared: Dimensions,
    pub(crate) raw: Dimensions,
}

impl Layout {
    /// The layout of a shape, or `None` if its streams do not share a chunk of rows, or no chunk fits.
    pub(crate) fn of(shape: Shape) -> Option<Self> {
        if shape.bins() != 10 || shape.histograms() != 0 || shape.hidden_layers() != 0 {
            return None;
        }
        let mut layout = Self::without_rows(Dimensions::without_rows(shape))?;
        layout.prepared.rows = size::rows_within(layout, 1 << shape.size_log2())?;
        Some(layout)
    }

    pub(crate) fn without_rows(prepared: Dimensions) -> Option<Self> {
        let raw = Dimensions { width: RAW_BITS as usize, ..prepared };
        let aligned = prepared.chunk() == PART_MULTIPLE as usize && raw.chunk() == prepared.chunk();
        aligned.then_some(Self { prepared, raw })
    }

    pub(crate) const fn group_words(self) -> usize {
        self.prepared.groups
    }

    pub(crate) const fn profile_words(self) -> usize {
        self.group_words() + self.prepared.features.div_ceil(COLUMNS_PER_WORD)
    }
}

/// What a column's rules are as elements: one for each region, the start of the domain, the factor of the map.
///
/// A region's element holds how far its ends lie apart, what it adds to `2^24 · prepared`, and its reason to set a row
/// aside (1 missing, 2 outside): all of them numbers the verifier knows. A region without values has span −1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnOpening {
    /// Inside, below, above, missing.
    pub(crate) regions: [F; 4],
    pub(crate) low: F,
    pub(crate) multiplier: F,
}

impl ColumnOpening {
    pub(crate) fn of(column: &Column) -> Self {
        let region = |low: i64, high: i64, value: i64, reason: u64| {
            signed(high - low) + signed(value) * power_of_two(VALUE_SHIFT) + F::from(reason) * power_of_two(REASON_SHIFT)
        };
        let fixed = |low: i64, high: i64, rule: Rule, reason: u64| match rule {
            Rule::Void => region(low, high, 0, reason),
            Rule::Value(value) => region(low, high, i64::from(value) << MAP_BITS, 0),
        };
        let (low, high, missing) = (i64::from(column.low), i64::from(column.high), i64::from(MISSING));
        Self {
            regions: [
                region(low, high, column.addend, 0),
                fixed(0, low - 1, column.below, 2),
                fixed(high + 1, missing - 1, column.above, 2),
                fixed(missing, missing, column.missing, 1),
            ],
            low: signed(low),
            multiplier: F::from(column.multiplier),
        }
    }

    /// Of a column that the preparation does not have: only the value 0 is in it.
    pub(crate) fn unused() -> Self {
        Self { regions: [F::ZERO, -F::ONE, -F::ONE, -F::ONE], low: F::ZERO, multiplier: F::ZERO }
    }
}

/// Rules as elements, in the order they are absorbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RulesOpening {
    pub(crate) document: F,
    pub(crate) raw_schema: F,
    pub(crate) schema: F,
    pub(crate) columns: Vec<ColumnOpening>,
}

impl RulesOpening {
    pub(crate) fn of(preparation: &Preparation, features: usize, schema: Digest) -> Self {
        let mut columns: Vec<_> = preparation.columns.iter().map(ColumnOpening::of).collect();
        columns.resize(features, ColumnOpening::unused());
        Self {
            document: truncated(preparation.digest()),
            raw_schema: truncated(preparation.raw_schema_digest()),
            schema: truncated(schema),
            columns,
        }
    }

    pub(crate) fn elements(&self) -> Vec<F> {
        let mut elements = vec![self.document, self.raw_schema, self.schema];
        for column in &self.columns {
            elements.extend(column.regions);
            elements.extend([column.low, column.multiplier]);
        }
        elements
    }

    pub(crate) fn commitment(&self) -> F {
        hash24(tags::RULES, &self.elements())
    }
}

/// The commitment to preparation rules and to the schema of the rows they make.
pub fn rules_commitment(preparation: &Preparation, schema: Digest) -> Commitment {
    to_commitment(RulesOpening::of(preparation, preparation.shape.features(), schema).commitment())
}

/// A profile as the words the circuit carries: one a group (labels, then rows set aside), then columns by threes.
pub(crate) fn profile_words(profile: &Profile) -> Vec<F> {
    let pack = |counts: &mut dyn DoubleEndedIterator<Item = u32>| {
        counts.rev().fold(F::ZERO, |word, n| word * power_of_two(COUNTER_BITS) + F::from(u64::from(n)))
    };
    let groups = profile
        .labels
        .iter()
        .zip(&profile.set_aside)
        .map(|(labels, aside)| pack(&mut labels.iter().chain(aside).copied().collect::<Vec<_>>().into_iter()));
    let mut words: Vec<F> = groups.collect();
    words.extend(
        profile
            .columns
            .chunks(COLUMNS_PER_WORD)
            .map(|columns| pack(&mut columns.iter().flatten().copied().collect::<Vec<_>>().into_iter())),
    );
    words
}

pub(crate) fn profile_element(salt: F, words: &[F]) -> F {
    let mut elements = vec![salt];
    elements.extend_from_slice(words);
    hash8(tags::PROFILE, &elements)
}

/// The salted commitment to a profile whose counts have been checked to lie below 2^24.
///
/// # Errors
/// [`NotCanonical`] if the salt is not a field element.
pub fn profile_commitment(profile: &Profile, salt: Commitment) -> Result<Commitment, NotCanonical> {
    Ok(to_commitment(profile_element(to_element(salt)?, &profile_words(profile))))
}

/// What becomes of a raw row's values: prepared ones, or the reason to set it aside.
///
/// A row with a missing and an outside value, both reasons to set it aside, counts as missing.
pub(crate) fn prepare(columns: &[Column], values: &[u32]) -> (Vec<Region>, Result<Vec<u32>, usize>) {
    let mut regions = Vec::with_capacity(columns.len());
    let mut prepared = Vec::with_capacity(columns.len());
    let mut reasons = [false; 2];
    for (column, raw) in columns.iter().zip(values) {
        let (region, rule) = column.prepared(*raw);
        regions.push(region);
        match rule {
            Rule::Value(value) => prepared.push(value),
            Rule::Void => reasons[usize::from(region != Region::Missing)] = true,
        }
    }
    let outcome = reasons.iter().position(|met| *met).map_or(Ok(prepared), Err);
    (regions, outcome)
}

/// Why a preparation statement contradicts itself or the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreparationReplayError {
    /// The rules contradict themselves, or the plan.
    #[error("{0}")]
    Rules(#[from] PreparationError),
    /// The circuit's shape is not the rules', or no rows fit into it.
    #[error("the statement's circuit has shape {circuit}, its rules {rules}, or no rows fit into it")]
    Shape {
        /// Shape of the circuit.
        circuit: Shape,
        /// Shape of the rules.
        rules: Shape,
    },
    /// There are not exactly two parts.
    #[error("{found} parts where training rows and test rows are stated")]
    Parts {
        /// Parts found.
        found: usize,
    },
    /// A part's rows are not a number a part can have.
    #[error("the {part} number {rows}: a part has 1 to 2^24 − 1, the training rows a multiple of {PART_MULTIPLE}")]
    Rows {
        /// Name of the part.
        part: &'static str,
        /// Its rows.
        rows: u32,
    },
    /// A profile is not one the circuit could have counted.
    #[error("profile of the {part}: {problem}")]
    Profile {
        /// Name of the part.
        part: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A commitment is not a field element.
    #[error("{part}: {source}")]
    NotCanonical {
        /// Name of the part.
        part: &'static str,
        /// The commitment.
        source: NotCanonical,
    },
    /// The number of steps does not follow from the parts.
    #[error("the parts take {computed} steps, the statement says {stated}")]
    Steps {
        /// As stated.
        stated: u64,
        /// Sum over parts.
        computed: u64,
    },
    /// The stated head of the chain is not what the parts chain to.
    #[error("the parts chain to {computed}, the statement says {stated}")]
    ChainHead {
        /// As stated.
        stated: Commitment,
        /// As recomputed.
        computed: Commitment,
    },
}

/// The chain after one more part.
///
/// # Errors
/// [`NotCanonical`] for a commitment that is not a field element.
pub(crate) fn part_link(chain: F, index: u64, part: &PreparedPart) -> Result<F, NotCanonical> {
    let profile = profile_commitment(&part.profile, part.profile_salt)?;
    Ok(hash8(
        tags::PART,
        &[
            chain,
            F::from(index),
            F::from(u64::from(part.rows)),
            to_element(part.row_commitment)?,
            to_element(part.outcome_commitment)?,
            to_element(profile)?,
            to_element(part.raw_row_commitment)?,
            to_element(part.raw_outcome_commitment)?,
        ],
    ))
}

/// The state before the first step.
pub(crate) fn initial_state(header: Commitment, rules: Commitment) -> PublicState {
    PublicState([header, rules, NOTHING_OPEN, header, counter(0), counter(0), NOTHING_OPEN])
}

/// Recomputes the states that a proof of `statement` must go from and to.
///
/// Checks the rules against themselves and the plan, and every profile's bounds before anything is packed.
///
/// # Errors
/// [`PreparationReplayError`] for the first contradiction.
pub fn replay(statement: &PreparationStatement, plan: &Plan) -> Result<Transition, PreparationReplayError> {
    let PreparationStatement { header, preparation, parts, steps, chain_head } = statement;
    preparation.check()?;
    preparation.check_layout(plan)?;
    let shape = header.circuit.shape;
    let layout = Layout::of(shape).filter(|_| shape == preparation.shape);
    let layout = layout.ok_or(PreparationReplayError::Shape { circuit: shape, rules: preparation.shape })?;
    if parts.len() != PART_NAMES.len() {
        return Err(PreparationReplayError::Parts { found: parts.len() });
    }
    let first = header_element(header);
    let not_canonical = |part: &'static str| move |source| PreparationReplayError::NotCanonical { part, source };
    let mut chain = to_element(first).map_err(not_canonical("header"))?;
    let (mut total, mut computed) = (0u64, 0u64);
    for (index, (part, name)) in parts.iter().zip(PART_NAMES).enumerate() {
        let whole = index + 1 == parts.len() || part.rows.is_multiple_of(PART_MULTIPLE);
        if part.rows == 0 || part.rows >= MAX_ROWS || !whole {
            return Err(PreparationReplayError::Rows { part: name, rows: part.rows });
        }
        part.profile.check(preparation, part.rows).map_err(|problem| PreparationReplayError::Profile { part: name, problem })?;
        chain = part_link(chain, index as u64, part).map_err(not_canonical(name))?;
        total += u64::from(part.rows);
        computed += u64::from(part.rows).div_ceil(layout.prepared.rows as u64);
    }
    if computed != *steps {
        return Err(PreparationReplayError::Steps { stated: *steps, computed });
    }
    let chain = to_commitment(chain);
    if chain != *chain_head {
        return Err(PreparationReplayError::ChainHead { stated: *chain_head, computed: chain });
    }
    let rules = rules_commitment(preparation, plan.row_schema_digest());
    let z0 = initial_state(first, rules);
    let zn = PublicState([first, rules, NOTHING_OPEN, chain, counter(parts.len() as u64), counter(total), NOTHING_OPEN]);
    let names = ["header", "rules", "reserved", "chain of parts", "parts", "rows", "open state"];
    Ok(Transition { z0, zn, steps: *steps, names })
}
