//! One slot of a minibatch as constraints: the committed row, its score, its error, its share of the gradient.

use ff::Field;
use nova_snark::frontend::ConstraintSystem;
use verifold_model::cohort::{Outcome, VoidReason};

use super::{
    curve::{Curve, NODES, SEGMENTS, rise},
    epoch::Taken,
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

/// A row as committed, whatever is trained on it.
pub(crate) struct Committed {
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
    /// Zero unless the row is scored.
    pub(crate) features: Vec<Lc>,
    /// One if the row is scored and its outcome good.
    good: Lc,
    /// One if the row is scored and its outcome bad.
    bad: Lc,
}

/// What a slot hands to the rest of a scorecard's step.
pub(crate) struct Slot {
    pub(crate) row: Committed,
    /// `2^45 · (probability − target)`; zero unless the outcome is known.
    pub(crate) error: Lc,
    /// Error times each feature.
    pub(crate) gradient: Vec<Lc>,
}

/// Reads the row of slot `position` as `scored-cohort/v1` reads it; `taken` is what the step took over.
///
/// `before` is the slot before.
pub(crate) fn committed<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    d: Dimensions,
    position: usize,
    taken: &Taken,
    before: Option<&Committed>,
    row: Option<&RowRecord>,
) -> Committed {
    let (previous, floor) = match before {
        None => (&wires.one(), &taken.next_key),
        // While slots are filled the next key is one above the last; behind the last row it no longer matters.
        Some(slot) => (&slot.filled, &slot.key.clone().plus(&wires.one())),
    };
    let name = |part: &str| format!("row {position}/{part}");
    let scored_row = row.and_then(|row| match &row.kind {
        RowKind::Scored { features, logged, outcome } => Some((features, *logged, *outcome)),
        RowKind::Void(_) => None,
    });
    let void_reason = row.and_then(|row| match row.kind {
        RowKind::Void(reason) => Some(reason.code()),
        RowKind::Scored { .. } => None,
    });

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
    let [good, bad] = [Outcome::Good, Outcome::Bad].map(|known| outcomes[known.code()].clone());
    Committed { filled, gap, key, elements, outcome, features, good, bad }
}

/// Lays down the constraints of a scorecard's slot `position`, whose row is `row`.
pub(crate) fn slot<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, scorer: &Scorer, position: usize, row: Committed) -> Slot {
    let d = scorer.dimensions;
    let name = |part: &str| format!("row {position}/{part}");
    let mut score = scorer.base.clone();
    for (f, feature) in row.features.iter().enumerate() {
        let product = wires.product(family::SCORE, || name(&format!("product {f}")), &scorer.weights[f], feature);
        score.add(F::ONE, &product);
    }
    let error = error(wires, Curve::SCORECARD, beyond_bits(d), &name, &row, &scorer.riskier, &score);
    let gradient = row
        .features
        .iter()
        .enumerate()
        .map(|(f, feature)| wires.product(family::GRADIENT, || name(&format!("gradient {f}")), &error, feature))
        .collect();
    Slot { row, error, gradient }
}

/// `2^probability_bits · (probability − target)` of a row with a known outcome and this score, zero of any other.
///
/// The score's magnitude lies below `2^(segment_bits + beyond_bits)`; `riskier` is one if bad outcomes are the target.
pub(crate) fn error<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    curve: Curve,
    beyond_bits: usize,
    name: &dyn Fn(&str) -> String,
    row: &Committed,
    riskier: &Lc,
    score: &Lc,
) -> Lc {
    let one = wires.one();
    let Committed { good, bad, .. } = row;
    let known = good.clone().plus(bad);
    let is_known = known.value() == F::ONE;
    let score_value = to_signed(score.value()).unwrap_or(0);

    // Its sign, and its magnitude as segment and place.
    let negative = wires.gated_wire(family::SIGN, || name("negative"), flag(is_known && score_value < 0), &one);
    let sign = known.clone().minus(&negative.clone().times(F::from(2)));
    let magnitude = wires.product(family::MAGNITUDE, || name("magnitude"), score, &sign);
    let magnitude_value = to_signed(magnitude.value()).and_then(|m| u64::try_from(m).ok()).unwrap_or(0);
    let bits = curve.segment_bits;
    let hot = curve.segment_of(magnitude_value);
    let segments = one_hot(wires, family::SEGMENT, &|| name("segment"), SEGMENTS + 1, is_known.then_some(hot), &known);
    let place_value = F::from(magnitude_value & ((1 << bits) - 1));
    let place = wires.bits(family::SEGMENT_BITS, || name("place"), place_value, bits, &one);
    let beyond_value = F::from((magnitude_value >> bits).saturating_sub(SEGMENTS as u64));
    let beyond = wires.bits(family::SEGMENT_BITS, || name("beyond"), beyond_value, beyond_bits, &one);
    let beyond = Lc::packed(&beyond);
    let inside = one.minus(&segments[SEGMENTS]);
    wires.enforce(family::BEYOND, &beyond, &inside, &Lc::zero());
    let (mut number, mut start, mut slope) = (beyond, Lc::zero(), Lc::zero());
    for (k, chosen) in segments.iter().enumerate() {
        number.add(F::from(k as u64), chosen);
        start.add(F::from(NODES[k] << curve.kept()), chosen);
        slope.add(F::from(rise(k)), chosen);
    }
    wires.equal(family::SEGMENT_SUM, &Lc::packed(&place).plus(&number.times(power_of_two(bits))), &magnitude);

    // Probability less target.
    let place = Lc::packed(&place[curve.dropped..]);
    let distance = wires.product(family::CURVE, || name("rise"), &slope, &place).plus(&start);
    let turned = wires.product(family::TARGET, || name("turned"), riskier, &bad.clone().minus(good));
    let target = good.clone().plus(&turned);
    let mut constant = known.times(power_of_two(curve.probability_bits() - 1));
    constant.add(-power_of_two(curve.probability_bits()), &target);
    let error = wires.wire(|| name("error"), sign.value() * distance.value() + constant.value());
    wires.enforce(family::ERROR, &sign, &distance, &error.clone().minus(&constant));
    error
}

/// Bits of how many segments beyond the curve a score may lie: enough for every score.
pub(crate) const fn beyond_bits(d: Dimensions) -> usize {
    trained_score_bits(d) - Curve::SCORECARD.segment_bits
}
