//! One slot of a step as constraints: the row as committed, its score, its leaf.

use ff::Field;
use nova_snark::frontend::ConstraintSystem;
use verifold_model::cohort::VoidReason;

use super::{family as own, tree::leaf_fits_four};
use crate::{
    family,
    field::{F, flag, power_of_two},
    layout::{Dimensions, GROUP_SHIFT, KIND_SCORED, KIND_SHIFT, KIND_VOID, LOGGED_SHIFT},
    poseidon::{hash4_circuit, hash8_circuit},
    row::one_hot,
    rows::{RowKind, RowRecord},
    scorer::Scorer,
    tags,
    wires::{Lc, Wires},
};

/// A row with the salt of its leaf.
#[derive(Clone)]
pub(crate) struct LeafRow {
    pub(crate) row: RowRecord,
    pub(crate) salt: F,
}

/// What a slot hands to the rest of the step.
pub(crate) struct Slot {
    /// One if the slot holds a row.
    pub(crate) filled: Lc,
    /// The elements the row is committed as.
    pub(crate) elements: Vec<Lc>,
    /// The row's leaf; zero in an empty slot.
    pub(crate) leaf: Lc,
}

/// Lays down the constraints of slot `position`; `previous` is whether the slot before holds a row.
pub(crate) fn slot<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    d: Dimensions,
    scorer: &Scorer,
    position: usize,
    previous: &Lc,
    row: Option<&LeafRow>,
) -> Slot {
    let name = |part: &str| format!("row {position}/{part}");
    let scored_row = row.and_then(|row| match &row.row.kind {
        RowKind::Scored { features, logged, .. } => Some((features, *logged)),
        RowKind::Void(_) => None,
    });
    let void_reason = row.and_then(|row| match row.row.kind {
        RowKind::Void(reason) => Some(reason.code()),
        RowKind::Scored { .. } => None,
    });

    // Kind of slot; scored stands second so that it is a wire.
    let filled = wires.gated_wire(family::SLOT_FILLED, || name("filled"), flag(row.is_some()), previous);
    let kind = if scored_row.is_some() { Some(1) } else { void_reason.map(|code| if code == 0 { 0 } else { code + 1 }) };
    let kinds = one_hot(wires, family::SLOT_KIND, &|| name("kind"), 1 + VoidReason::ALL.len(), kind, &filled);
    let scored = kinds[1].clone();
    let reasons = [&kinds[0], &kinds[2], &kinds[3], &kinds[4]];

    // The row as committed. Key, group and logged decision are not told apart here: what their bits mean is for
    // whoever opens the leaf.
    let head_value = row.map_or(F::ZERO, |row| {
        let logged = scored_row.is_some_and(|(_, logged)| logged);
        F::from(row.row.key) + F::from(u64::from(row.row.group)) * power_of_two(GROUP_SHIFT) + flag(logged) * power_of_two(LOGGED_SHIFT)
    });
    let head = Lc::packed(&wires.bits(own::ROW_HEAD, || name("head"), head_value, KIND_SHIFT, &filled));
    let features: Vec<Lc> = (0..d.features)
        .map(|f| {
            let value = scored_row.and_then(|(features, _)| features.get(f)).map_or(F::ZERO, |x| F::from(u64::from(*x)));
            Lc::packed(&wires.bits(family::FEATURE_BITS, || name(&format!("feature {f}")), value, d.width, &scored))
        })
        .collect();
    let mut elements = vec![Lc::zero(); d.row_elements()];
    elements[0].add(F::ONE, &head);
    elements[0].add(F::from(KIND_SCORED) * power_of_two(KIND_SHIFT), &scored);
    for (code, reason) in reasons.into_iter().enumerate() {
        elements[0].add(F::from(KIND_VOID + code as u64) * power_of_two(KIND_SHIFT), reason);
    }
    for (f, feature) in features.iter().enumerate() {
        let (element, shift) = d.place(f);
        elements[element].add(power_of_two(shift), feature);
    }

    let score = scorer.score(wires, &name, &features, &scored);
    let mut inputs = vec![wires.wire(|| name("salt"), row.map_or(F::ZERO, |row| row.salt))];
    inputs.extend_from_slice(&elements);
    inputs.push(score);
    let hash = if leaf_fits_four(d) {
        hash4_circuit(wires, own::HASH_LEAF, &name("leaf"), tags::RECEIPT_LEAF, &inputs)
    } else {
        hash8_circuit(wires, own::HASH_LEAF, &name("leaf"), tags::RECEIPT_LEAF, &inputs)
    };
    let leaf = wires.product(own::LEAF, || name("leaf"), &filled, &hash);
    Slot { filled, elements, leaf }
}
