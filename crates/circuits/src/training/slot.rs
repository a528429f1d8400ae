//! One slot of a minibatch as constraints: the committed row, its score, its error, its share of the gradient.

use ff::Field;
use nova_snark::frontend::ConstraintSystem;
use verifold_model::cohort::{Outcome, VoidReason};

use super::{
    curve::{NODES, PROBABILITY_BITS, SEGMENT_BITS, SEGMENTS, rise, segment_of},
    family,
    rule::trained_score_bits,
};
use crate::{
    field::{F, flag, power_of_two, to_signed},
    layout::{Dimensions, KEY_BITS},
    row::{one_hot, outcome_part, row_elements},
    rows::{RowKind, RowRecord},
    wires::{Lc, Wires},
};

/// Bits of a row's group code.
pub(crate) const GROUP_BITS: usize = 3;

/// What every row of a minibatch is scored with.
pub(crate) struct Scorer {
    pub(crate) dimensions: Dimensions,
    pub(crate) weights: Vec<Lc>,
    /// The score of features that are all zero.
    pub(crate) base: Lc,
    /// One if bad outcomes are the target, zero if good ones are.
    pub(crate) riskier: Lc,
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
    /// `2^45 · (probability − target)`; zero unless the outcome is known.
    pub(crate) error: Lc,
    /// Error times each feature.
    pub(crate) gradient: Vec<Lc>,
}

/// Lays down the constraints of slot `position`.
///
/// `previous` is whether the slot before holds a row, `floor` the smallest key the row may have.
pub(crate) fn slot<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    scorer: &Scorer,
    position: usize,
    previous: &Lc,
    floor: &Lc,
    row: Option<&RowRecord>,
) -> Slot {
    let d = scorer.dimensions;
    let name = |part: &str| format!("row {position}/{part}");
    let one = wires.one();
    let scored_row = row.and_then(|row| match &row.kind {
        RowKind::Scored { features, logged, outcome } => Some((features, *logged, *outcome)),
        RowKind::Void(_) => None,
    });
    let void_reason = row.and_then(|row| match row.kind {
        RowKind::Void(reason) => Some(reason.code()),
        RowKind::Scored { .. } => None,
    });

    // The row as committed, read as `scored-cohort/v1` reads it.
    let filled = wires.gated_wire(family::SLOT_FILLED, || name("filled"), flag(row.is_some()), previous);
    let kind = if scored_row.is_some() { Some(1) } else { void_reason.map(|code| if code == 0 { 0 } else { code + 1 }) };
    let kinds = one_hot(wires, family::SLOT_KIND, &|| name("kind"), 1 + VoidReason::ALL.len(), kind, &filled);
    let scored = kinds[1].clone();
    let reasons = [&kinds[0], &kinds[2], &kinds[3], &kinds[4]];
    let gap_value = row.map_or(F::ZERO, |row| F::from(row.key) - floor.value());
    let gap = Lc::packed(&wires.bits(family::KEY_GAP, || name("key gap"), gap_value, KEY_BITS, &filled));
    let key = wires.product(family::ROW_KEY, || name("key"), &filled, &floor.clone().plus(&gap));
    let group_value = row.map_or(F::ZERO, |row| F::from(u64::from(row.group)));
    let group = Lc::packed(&wires.bits(family::GROUP, || name("group"), group_value, GROUP_BITS, &filled));
    let logged = wires.gated_wire(family::LOGGED, || name("logged"), flag(scored_row.is_some_and(|(_, logged, _)| logged)), &scored);
    let outcomes = one_hot(wires, family::OUTCOME, &|| name("outcome"), Outcome::ALL.len(), scored_row.map(|(.., o)| o.code()), &scored);
    let features: Vec<Lc> = (0..d.features)
        .map(|f| {
            let value = scored_row.and_then(|(features, ..)| features.get(f)).map_or(F::ZERO, |x| F::from(u64::from(*x)));
            Lc::packed(&wires.bits(family::FEATURE_BITS, || name(&format!("feature {f}")), value, d.width, &scored))
        })
        .collect();
    let elements = row_elements(d, &key, &group, &logged, &scored, reasons, &features);
    let outcome = outcome_part(&key, &outcomes);

    // The score; only rows with a known outcome go on from here.
    let mut score = scorer.base.clone();
    for (f, feature) in features.iter().enumerate() {
        let product = wires.product(family::SCORE, || name(&format!("product {f}")), &scorer.weights[f], feature);
        score.add(F::ONE, &product);
    }
    let (good, bad) = (&outcomes[Outcome::Good.code()], &outcomes[Outcome::Bad.code()]);
    let known = good.clone().plus(bad);
    let is_known = known.value() == F::ONE;
    let score_value = to_signed(score.value()).unwrap_or(0);

    // Its sign, and its magnitude as segment and place.
    let negative = wires.gated_wire(family::SIGN, || name("negative"), flag(is_known && score_value < 0), &one);
    let sign = known.clone().minus(&negative.clone().times(F::from(2)));
    let magnitude = wires.product(family::MAGNITUDE, || name("magnitude"), &score, &sign);
    let magnitude_value = to_signed(magnitude.value()).and_then(|m| u64::try_from(m).ok()).unwrap_or(0);
    let hot = segment_of(magnitude_value);
    let segments = one_hot(wires, family::SEGMENT, &|| name("segment"), SEGMENTS + 1, is_known.then_some(hot), &known);
    let place_value = F::from(magnitude_value & ((1 << SEGMENT_BITS) - 1));
    let place = Lc::packed(&wires.bits(family::SEGMENT_BITS, || name("place"), place_value, SEGMENT_BITS, &one));
    let beyond_value = F::from((magnitude_value >> SEGMENT_BITS).saturating_sub(SEGMENTS as u64));
    let beyond = wires.bits(family::SEGMENT_BITS, || name("beyond"), beyond_value, beyond_bits(d), &one);
    let beyond = Lc::packed(&beyond);
    let inside = one.minus(&segments[SEGMENTS]);
    wires.enforce(family::BEYOND, &beyond, &inside, &Lc::zero());
    let (mut number, mut start, mut slope) = (beyond, Lc::zero(), Lc::zero());
    for (k, chosen) in segments.iter().enumerate() {
        number.add(F::from(k as u64), chosen);
        start.add(F::from(NODES[k] << SEGMENT_BITS), chosen);
        slope.add(F::from(rise(k)), chosen);
    }
    wires.equal(family::SEGMENT_SUM, &place.clone().plus(&number.times(power_of_two(SEGMENT_BITS))), &magnitude);

    // Probability less target.
    let distance = wires.product(family::CURVE, || name("rise"), &slope, &place).plus(&start);
    let turned = wires.product(family::TARGET, || name("turned"), &scorer.riskier, &bad.clone().minus(good));
    let target = good.clone().plus(&turned);
    let mut constant = known.times(power_of_two(PROBABILITY_BITS - 1));
    constant.add(-power_of_two(PROBABILITY_BITS), &target);
    let error = wires.wire(|| name("error"), sign.value() * distance.value() + constant.value());
    wires.enforce(family::ERROR, &sign, &distance, &error.clone().minus(&constant));
    let gradient = features
        .iter()
        .enumerate()
        .map(|(f, feature)| wires.product(family::GRADIENT, || name(&format!("gradient {f}")), &error, feature))
        .collect();

    Slot { filled, gap, key, elements, outcome, error, gradient }
}

/// Bits of how many segments beyond the curve a score may lie: enough for every score.
pub(crate) const fn beyond_bits(d: Dimensions) -> usize {
    trained_score_bits(d) - SEGMENT_BITS
}
