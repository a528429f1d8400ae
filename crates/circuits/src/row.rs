//! One slot of a step as constraints: what it is, what the model makes of it, where it counts.

use ff::Field;
use nova_snark::frontend::ConstraintSystem;
use verifold_model::cohort::{Outcome, VoidReason};

use crate::{
    family,
    field::{F, flag, power_of_two, to_signed},
    layout::{COUNTER_BITS, Dimensions, GROUP_SHIFT, KEY_BITS, KIND_SCORED, KIND_SHIFT, KIND_VOID, LOGGED_SHIFT, SCORED_CELLS},
    native::bin_of,
    rows::{RowKind, RowRecord},
    scorer::Scorer,
    wires::{Lc, Wires},
};

/// Factor that sets the lower edge of a bin apart from the upper one inside one element.
const EDGE_SHIFT: usize = 64;

/// The plan's edges as the rows of a step use them.
pub(crate) struct Edges {
    /// Lower edge plus `2^64` times upper edge, for each bin.
    pub(crate) pairs: Vec<Lc>,
    /// Lower edges and the end of the last bin, for hints.
    bounds: Vec<Lc>,
    /// Inner edges as integers, for hints.
    inner: Vec<i64>,
}

impl Edges {
    pub(crate) fn new(first: Lc, inner: &[Lc], last: Lc) -> Self {
        let mut bounds = vec![first];
        bounds.extend_from_slice(inner);
        bounds.push(last);
        let shift = power_of_two(EDGE_SHIFT);
        let pairs = bounds.windows(2).map(|pair| pair[0].clone().plus(&pair[1].clone().times(shift))).collect();
        let inner = inner.iter().map(|edge| to_signed(edge.value()).unwrap_or(0)).collect();
        Self { pairs, bounds, inner }
    }

    /// The bin an honest prover names for a value.
    fn hint(&self, value: F) -> usize {
        bin_of(&self.inner, to_signed(value).unwrap_or(0))
    }
}

/// What every row of a step is measured with.
pub(crate) struct Measure {
    pub(crate) dimensions: Dimensions,
    pub(crate) scorer: Scorer,
    pub(crate) score_edges: Edges,
    pub(crate) histogram_edges: Vec<Edges>,
}

/// What a slot hands to the rest of the step.
pub(crate) struct Slot {
    /// One if the slot holds a row.
    pub(crate) filled: Lc,
    /// Distance from the smallest key possible.
    pub(crate) gap: Lc,
    /// The row's key; zero in an empty slot.
    pub(crate) key: Lc,
    /// The elements the row is committed as.
    pub(crate) elements: Vec<Lc>,
    /// Key and outcome code.
    pub(crate) outcome: Lc,
    /// One in the bin the row counts in; void rows count in bin 0.
    pub(crate) counted_in: Vec<Lc>,
    /// `counted_in[bin] · cell of group`, bin by bin; for group 0 the edge pair is added to the cell.
    pub(crate) counts: Vec<Lc>,
    /// One in the bin of each histogram.
    pub(crate) histogram_bins: Vec<Vec<Lc>>,
}

/// A choice of at most one among `count`: booleans that sum to `total`, the first being what the others leave.
///
/// With `total` in `{0, 1}` and far fewer choices than the modulus, exactly `total` of them are one.
pub(crate) fn one_hot<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    family: &'static str,
    name: &dyn Fn() -> String,
    count: usize,
    hot: Option<usize>,
    total: &Lc,
) -> Vec<Lc> {
    let one = wires.one();
    let others: Vec<Lc> = (1..count).map(|i| wires.gated_wire(family, || format!("{}/{i}", name()), flag(hot == Some(i)), &one)).collect();
    let first = others.iter().fold(total.clone(), Lc::minus);
    wires.gated(family, &first, &one);
    let mut all = vec![first];
    all.extend(others);
    all
}

/// Lays down the constraints of slot `position`.
///
/// `previous` is whether the slot before holds a row, `floor` the smallest key the row may have.
pub(crate) fn slot<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    measure: &Measure,
    position: usize,
    previous: &Lc,
    floor: &Lc,
    row: Option<&RowRecord>,
) -> Slot {
    let d = measure.dimensions;
    let name = |part: &str| format!("row {position}/{part}");
    let scored_row = row.and_then(|row| match &row.kind {
        RowKind::Scored { features, logged, outcome } => Some((features, *logged, *outcome)),
        RowKind::Void(_) => None,
    });
    let void_reason = row.and_then(|row| match row.kind {
        RowKind::Void(reason) => Some(reason.code()),
        RowKind::Scored { .. } => None,
    });

    // Kind of slot.
    let filled = wires.gated_wire(family::SLOT_FILLED, || name("filled"), flag(row.is_some()), previous);
    // Scored stands second so that it is a wire: many constraints read it.
    let kind = if scored_row.is_some() { Some(1) } else { void_reason.map(|code| if code == 0 { 0 } else { code + 1 }) };
    let kinds = one_hot(wires, family::SLOT_KIND, &|| name("kind"), 1 + VoidReason::ALL.len(), kind, &filled);
    let scored = kinds[1].clone();
    let void = filled.clone().minus(&scored);
    let reasons = [&kinds[0], &kinds[2], &kinds[3], &kinds[4]];

    // Key, group, logged decision, outcome.
    let gap_value = row.map_or(F::ZERO, |row| F::from(row.key) - floor.value());
    let gap = Lc::packed(&wires.bits(family::KEY_GAP, || name("key gap"), gap_value, KEY_BITS, &filled));
    let key = wires.product(family::ROW_KEY, || name("key"), &filled, &floor.clone().plus(&gap));
    let groups = one_hot(wires, family::GROUP, &|| name("group"), d.groups, row.map(|row| usize::from(row.group)), &filled);
    let logged = wires.gated_wire(family::LOGGED, || name("logged"), flag(scored_row.is_some_and(|(_, logged, _)| logged)), &scored);
    let outcomes = one_hot(wires, family::OUTCOME, &|| name("outcome"), Outcome::ALL.len(), scored_row.map(|(.., o)| o.code()), &scored);

    // Features and score.
    let features: Vec<Lc> = (0..d.features)
        .map(|f| {
            let value = scored_row.and_then(|(features, ..)| features.get(f)).map_or(F::ZERO, |x| F::from(u64::from(*x)));
            Lc::packed(&wires.bits(family::FEATURE_BITS, || name(&format!("feature {f}")), value, d.width, &scored))
        })
        .collect();
    let score = measure.scorer.score(wires, &name, &features, &scored);

    // The row as committed.
    let mut group = Lc::zero();
    for (code, chosen) in groups.iter().enumerate().skip(1) {
        group.add(F::from(code as u64), chosen);
    }
    let elements = row_elements(d, &key, &group, &logged, &scored, reasons, &features);
    let outcome = outcome_part(&key, &outcomes);

    // The cell the row counts in, by group.
    let cell_pair = |code: usize| power_of_two(2 * code * COUNTER_BITS);
    let mut pair = Lc::zero();
    for (code, chosen) in outcomes.iter().enumerate() {
        pair.add(cell_pair(code), chosen);
    }
    let mut place = wires.one();
    place.add(power_of_two(COUNTER_BITS) - F::ONE, &logged);
    let mut cell = wires.product(family::CELL, || name("cell"), &pair, &place);
    for (code, reason) in reasons.into_iter().enumerate() {
        cell.add(power_of_two((SCORED_CELLS + code) * COUNTER_BITS), reason);
    }
    let others: Vec<Lc> =
        (1..d.groups).map(|k| wires.product(family::GROUP_CELL, || name(&format!("cell of group {k}")), &groups[k], &cell)).collect();
    let mut cells = vec![others.iter().fold(cell, Lc::minus)];
    cells.extend(others);

    // The score bin, bounds and counts in one go: the products that select the counts select the edges too.
    let hot = scored_row.map(|_| measure.score_edges.hint(score.value()));
    let bins = one_hot(wires, family::BIN, &|| name("bin"), d.bins, hot, &scored);
    let mut counted_in = bins.clone();
    counted_in[0] = counted_in[0].clone().plus(&void);
    let mut counts = Vec::with_capacity(d.count_words());
    // What remains of `edges of the chosen bin` after a void row's detour through bin 0 is taken off.
    let mut chosen_edges = Lc::zero().minus(&cells[0]);
    for (bin, counted) in counted_in.iter().enumerate() {
        for (k, cell) in cells.iter().enumerate() {
            let other = if k == 0 { cell.clone().plus(&measure.score_edges.pairs[bin]) } else { cell.clone() };
            let count = wires.product(family::COUNT, || name(&format!("count {bin}/{k}")), counted, &other);
            if k == 0 {
                chosen_edges.add(F::ONE, &count);
            }
            counts.push(count);
        }
    }
    let bounds = Bounds { family: family::BOUND_BITS, bits: d.score_bits() + 1 };
    let within = bounds.combination(wires, &|| name("score"), &measure.score_edges, &bins, &score, &scored);
    wires.enforce(family::BIN_BOUNDS, &void, &measure.score_edges.pairs[0], &chosen_edges.minus(&within));

    // Histograms.
    let mut histogram_bins = Vec::with_capacity(d.histograms);
    for (h, edges) in measure.histogram_edges.iter().enumerate() {
        let name = |part: &str| format!("row {position}/histogram {h}/{part}");
        let value = &features[h];
        let hot = scored_row.map(|_| edges.hint(value.value()));
        let bins = one_hot(wires, family::HISTOGRAM_BIN, &|| name("bin"), d.bins, hot, &scored);
        let mut chosen = Lc::zero();
        for (bin, chosen_bin) in bins.iter().enumerate().skip(1) {
            let distance = edges.pairs[bin].clone().minus(&edges.pairs[0]);
            let edge = wires.product(family::HISTOGRAM_EDGE, || name(&format!("edge {bin}")), chosen_bin, &distance);
            chosen.add(F::ONE, &edge);
        }
        let bounds = Bounds { family: family::HISTOGRAM_BOUND_BITS, bits: d.width };
        let within = bounds.combination(wires, &|| name("value"), edges, &bins, value, &scored);
        wires.enforce(family::HISTOGRAM_BOUNDS, &scored, &edges.pairs[0], &within.minus(&chosen));
        histogram_bins.push(bins);
    }

    Slot { filled, gap, key, elements, outcome, counted_in, counts, histogram_bins }
}

/// The elements a row is committed as: `row-stream/v1` as combinations.
pub(crate) fn row_elements(
    d: Dimensions,
    key: &Lc,
    group: &Lc,
    logged: &Lc,
    scored: &Lc,
    void_reasons: [&Lc; 4],
    features: &[Lc],
) -> Vec<Lc> {
    let mut elements = vec![Lc::zero(); d.row_elements()];
    elements[0].add(F::ONE, key);
    elements[0].add(power_of_two(GROUP_SHIFT), group);
    elements[0].add(power_of_two(LOGGED_SHIFT), logged);
    elements[0].add(F::from(KIND_SCORED) * power_of_two(KIND_SHIFT), scored);
    for (code, reason) in void_reasons.into_iter().enumerate() {
        elements[0].add(F::from(KIND_VOID + code as u64) * power_of_two(KIND_SHIFT), reason);
    }
    for (f, feature) in features.iter().enumerate() {
        let (element, shift) = d.place(f);
        elements[element].add(power_of_two(shift), feature);
    }
    elements
}

/// What a row puts into its element of the outcome stream: key and outcome code.
pub(crate) fn outcome_part(key: &Lc, outcomes: &[Lc]) -> Lc {
    let mut part = key.clone();
    for (code, chosen) in outcomes.iter().enumerate().skip(1) {
        part.add(F::from(code as u64) * power_of_two(KEY_BITS), chosen);
    }
    part
}

/// How a value is shown to lie in its bin.
struct Bounds {
    family: &'static str,
    /// Bits of the distance to either edge.
    bits: usize,
}

impl Bounds {
    /// `(value − above) + 2^64 · (value + below + gate)`, with fresh non-negative `above` and `below`.
    ///
    /// Equal to the edge pair of the chosen bin only if `lower = value − above` and
    /// `upper − 1 = value + below`: both halves are far smaller than 2^64.
    fn combination<CS: ConstraintSystem<F>>(
        &self,
        wires: &mut Wires<'_, CS>,
        name: &dyn Fn() -> String,
        edges: &Edges,
        bins: &[Lc],
        value: &Lc,
        gate: &Lc,
    ) -> Lc {
        let mut lower = F::ZERO;
        let mut upper = F::ZERO;
        for (bin, chosen) in bins.iter().enumerate() {
            lower += chosen.value() * edges.bounds[bin].value();
            upper += chosen.value() * edges.bounds[bin + 1].value();
        }
        let above = value.value() - lower;
        let below = upper - gate.value() - value.value();
        let one = wires.one();
        let above = Lc::packed(&wires.bits(self.family, || format!("{}/above", name()), above, self.bits, &one));
        let below = Lc::packed(&wires.bits(self.family, || format!("{}/below", name()), below, self.bits, &one));
        let high = value.clone().plus(&below).plus(gate);
        value.clone().minus(&above).plus(&high.times(power_of_two(EDGE_SHIFT)))
    }
}
