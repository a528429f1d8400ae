//! One slot of a step as constraints: a raw row, the prepared row it becomes, what of it is counted.

use ff::Field;
use nova_snark::frontend::ConstraintSystem;
use verifold_model::{
    cohort::Outcome,
    preparation::{MAP_BITS, MISSING, RAW_BITS, Region},
};

use super::{
    family,
    native::{REASON_SHIFT, VALUE_SHIFT},
    step::{Column, Rules},
    witness::PreparedRow,
};
use crate::{
    field::{F, flag, little_endian, power_of_two, signed},
    layout::{COUNTER_BITS, Dimensions, GROUP_SHIFT, KEY_BITS, KIND_SCORED, KIND_SHIFT, KIND_VOID, LOGGED_SHIFT},
    row::one_hot,
    wires::{Lc, Wires},
};

/// What a slot hands to the rest of the step.
pub(crate) struct Slot {
    /// One if the slot holds a row.
    pub(crate) filled: Lc,
    /// Distance from the smallest key possible.
    pub(crate) gap: Lc,
    /// The row's key; zero in an empty slot.
    pub(crate) key: Lc,
    /// The elements the raw and the prepared row are committed as.
    pub(crate) raw: Vec<Lc>,
    pub(crate) prepared: Vec<Lc>,
    /// Key and outcome code of the raw and of the prepared row.
    pub(crate) raw_outcome: Lc,
    pub(crate) outcome: Lc,
    /// What is added to the word of each group.
    pub(crate) cells: Vec<Lc>,
    /// For each column: one if its value lies below, above, or is missing.
    pub(crate) outside: Vec<[Lc; 3]>,
}

/// What one column of a row yields.
struct Value {
    raw: Lc,
    prepared: Lc,
    /// Below, above, missing.
    outside: [Lc; 3],
    /// One where the value is a reason to set the row aside: missing, outside.
    reasons: [Lc; 2],
}

fn column<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    rules: &Column,
    width: usize,
    name: &dyn Fn(&str) -> String,
    filled: &Lc,
    value: Option<(u32, Region)>,
) -> Value {
    // Two booleans choose the region: below, above, both of them missing, neither inside.
    let region = value.map(|(_, region)| region);
    let chosen = |others: [Region; 2]| flag(region.is_some_and(|region| others.contains(&region)));
    let low = wires.gated_wire(family::REGION, || name("region/low"), chosen([Region::Below, Region::Missing]), filled);
    let high = wires.gated_wire(family::REGION, || name("region/high"), chosen([Region::Above, Region::Missing]), filled);
    let missing = wires.product(family::REGION, || name("missing"), &low, &high);
    let [low_only, high_only] = [low.clone().minus(&missing), high.clone().minus(&missing)];
    let inside = filled.clone().minus(&low_only).minus(&high_only).minus(&missing);
    let mut rule = Lc::zero();
    for (i, region) in [&low_only, &high_only, &missing].into_iter().enumerate() {
        let change = rules.regions[i + 1].clone().minus(&rules.regions[0]);
        rule.add(F::ONE, &wires.product(family::RULE, || name(&format!("rule {}", i + 1)), region, &change));
    }

    // A value is where its region begins and how far it lies in: no other element can stand for it. In the region above
    // the domain the distance is taken from the upper end, which is the same in all columns.
    let one = wires.one();
    let [near, far] = value.map_or([F::ZERO; 2], |(raw, region)| distances(rules, raw, region));
    let near = Lc::packed(&wires.bits(family::BOUND_BITS, || name("near"), near, RAW_BITS as usize, &one));
    let far = Lc::packed(&wires.bits(family::BOUND_BITS, || name("far"), far, RAW_BITS as usize, &one));
    let within = wires.product(family::RAW, || name("within"), &inside, &rules.low.clone().plus(&near));
    let beyond = wires.product(family::RAW, || name("beyond"), &low.minus(&high), &near);
    let top = F::from(u64::from(MISSING));
    let raw = within.clone().plus(&beyond).plus(&high_only.clone().times(top - F::ONE)).plus(&missing.clone().times(top));
    let mapped = wires.product(family::MAPPED, || name("mapped"), &rules.multiplier, &within);

    // What an honest prover fills in: the parts of the chosen region's element.
    let hint = region.map_or(Hint::default(), |region| Hint::of(rules, region, mapped.value()));
    let prepared = Lc::packed(&wires.bits(family::PREPARED_BITS, || name("prepared"), hint.prepared, width, &one));
    let remainder = Lc::packed(&wires.bits(family::REMAINDER_BITS, || name("remainder"), hint.remainder, MAP_BITS as usize, &one));
    let reasons = [0, 1].map(|i| wires.gated_wire(family::REASON, || name(&format!("reason {i}")), flag(hint.reason == Some(i)), &one));

    // One equation says it all: its parts are bounded, and far enough apart that each holds on its own. In an empty
    // slot no region is chosen, and all of them are zero.
    let span = near.plus(&far);
    let made = prepared.clone().times(power_of_two(MAP_BITS as usize)).plus(&remainder).minus(&mapped).times(power_of_two(VALUE_SHIFT));
    let reason = reasons[0].clone().plus(&reasons[1].clone().times(F::from(2))).times(power_of_two(REASON_SHIFT));
    let sum = span.plus(&made).plus(&reason).minus(&rule);
    wires.enforce(family::COLUMN, filled, &rules.regions[0], &sum);
    Value { raw, prepared, outside: [low_only, high_only, missing], reasons }
}

/// Distances of a raw value to the ends of its region, in the order the circuit takes them.
fn distances(rules: &Column, raw: u32, region: Region) -> [F; 2] {
    let part = &rules.parts[region as usize];
    let (start, end) = (i64::from(raw) - part.low, part.high - i64::from(raw));
    let (near, far) = if region == Region::Above { (end, start) } else { (start, end) };
    [signed(near), signed(far)]
}

/// The honest values of what a rule makes.
#[derive(Default)]
struct Hint {
    prepared: F,
    remainder: F,
    reason: Option<usize>,
}

impl Hint {
    fn of(rules: &Column, region: Region, mapped: F) -> Self {
        let part = &rules.parts[region as usize];
        let value = part.value + wide(mapped);
        Self { prepared: low_bits(value >> MAP_BITS), remainder: low_bits(value & ((1 << MAP_BITS) - 1)), reason: part.reason }
    }
}

fn low_bits(value: i128) -> F {
    F::from(u64::try_from(value).unwrap_or(0))
}

/// Whether `count`, a sum of at most 64 booleans, is not zero; exact both ways.
fn any<CS: ConstraintSystem<F>>(wires: &mut Wires<'_, CS>, name: &dyn Fn(&str) -> String, count: &Lc) -> Lc {
    let inverse_value = Option::<F>::from(count.value().invert()).unwrap_or(F::ZERO);
    let inverse = wires.wire(|| name("inverse"), inverse_value);
    let met = wires.product(family::SET_ASIDE, || name("met"), count, &inverse);
    let unmet = wires.one().minus(&met);
    wires.enforce(family::SET_ASIDE, &unmet, count, &Lc::zero());
    // Of the inverses of zero, only zero: no wire is left open.
    wires.enforce(family::SET_ASIDE, &unmet, &inverse, &Lc::zero());
    met
}

/// Lays down the constraints of slot `position`.
///
/// `previous` is whether the slot before holds a row, `floor` the smallest key the row may have.
pub(crate) fn slot<CS: ConstraintSystem<F>>(
    wires: &mut Wires<'_, CS>,
    rules: &Rules,
    (d, raw_layout): (Dimensions, Dimensions),
    position: usize,
    previous: &Lc,
    floor: &Lc,
    row: Option<&PreparedRow>,
) -> Slot {
    let name = |part: &str| format!("row {position}/{part}");
    let filled = wires.gated_wire(family::SLOT_FILLED, || name("filled"), flag(row.is_some()), previous);
    let gap_value = row.map_or(F::ZERO, |row| F::from(row.raw.key) - floor.value());
    let gap = Lc::packed(&wires.bits(family::KEY_GAP, || name("key gap"), gap_value, KEY_BITS, &filled));
    let key = wires.product(family::ROW_KEY, || name("key"), &filled, &floor.clone().plus(&gap));
    let groups = one_hot(wires, family::GROUP, &|| name("group"), d.groups, row.map(|row| usize::from(row.raw.group)), &filled);
    let logged = wires.gated_wire(family::LOGGED, || name("logged"), flag(row.is_some_and(|row| row.raw.logged)), &filled);
    let hot = row.map(|row| row.raw.outcome.code());
    let outcomes = one_hot(wires, family::OUTCOME, &|| name("outcome"), Outcome::ALL.len(), hot, &filled);

    let values: Vec<Value> = rules
        .columns
        .iter()
        .enumerate()
        .map(|(c, rules)| {
            // A column the rules do not have holds zeros, inside its domain.
            let value = row.map(|row| row.raw.values.get(c).copied().zip(row.regions.get(c).copied()).unwrap_or((0, Region::Inside)));
            column(wires, rules, d.width, &|part| name(&format!("column {c}/{part}")), &filled, value)
        })
        .collect();

    // Set aside if any column says so, and only then; a missing value comes first.
    let count = |reason: usize| Lc::sum(values.iter().map(|value| &value.reasons[reason]));
    let missing = any(wires, &|part| name(&format!("missing/{part}")), &count(0));
    let outside = any(wires, &|part| name(&format!("outside/{part}")), &count(1));
    let present = wires.one().minus(&missing);
    let outside = wires.product(family::VOID_KIND, || name("void outside"), &outside, &present);
    let kept = filled.clone().minus(&missing).minus(&outside);

    // Both rows as committed.
    let mut head = key.clone();
    for (code, group) in groups.iter().enumerate().skip(1) {
        head.add(F::from(code as u64) * power_of_two(GROUP_SHIFT), group);
    }
    let kind = |lc: &Lc, code: u64| lc.clone().times(F::from(code) * power_of_two(KIND_SHIFT));
    let mut raw = vec![Lc::zero(); raw_layout.row_elements()];
    raw[0] = head.clone().plus(&logged.clone().times(power_of_two(LOGGED_SHIFT))).plus(&kind(&filled, KIND_SCORED));
    let mut features = vec![Lc::zero(); d.row_elements()];
    for (c, value) in values.iter().enumerate() {
        let (element, shift) = raw_layout.place(c);
        raw[element].add(power_of_two(shift), &value.raw);
        let (element, shift) = d.place(c);
        features[element].add(power_of_two(shift), &value.prepared);
    }
    features[0].add(power_of_two(LOGGED_SHIFT), &logged);
    let mut prepared: Vec<Lc> =
        features.iter().enumerate().map(|(i, packed)| wires.product(family::KEPT, || name(&format!("kept {i}")), &kept, packed)).collect();
    prepared[0] = prepared[0]
        .clone()
        .plus(&head)
        .plus(&kind(&kept, KIND_SCORED))
        .plus(&kind(&missing, KIND_VOID))
        .plus(&kind(&outside, KIND_VOID + 1));

    let mut code = Lc::zero();
    for (i, chosen) in outcomes.iter().enumerate().skip(1) {
        code.add(F::from(i as u64), chosen);
    }
    let kept_code = wires.product(family::KEPT, || name("kept outcome"), &kept, &code);
    let raw_outcome = key.clone().plus(&code.times(power_of_two(KEY_BITS)));
    let outcome = key.clone().plus(&kept_code.times(power_of_two(KEY_BITS)));

    // What is counted.
    let mut cell = Lc::zero();
    for (code, chosen) in outcomes.iter().chain([&missing, &outside]).enumerate() {
        cell.add(power_of_two(code * COUNTER_BITS), chosen);
    }
    let others: Vec<Lc> =
        (1..d.groups).map(|k| wires.product(family::GROUP_CELL, || name(&format!("cell of group {k}")), &groups[k], &cell)).collect();
    let mut cells = vec![others.iter().fold(cell, Lc::minus)];
    cells.extend(others);
    let outside = values.into_iter().map(|value| value.outside).collect();
    Slot { filled, gap, key, raw, prepared, raw_outcome, outcome, cells, outside }
}

/// The integer a small element stands for; for hints alone.
pub(crate) fn wide(element: F) -> i128 {
    let magnitude = |e: F| {
        let bytes = little_endian(e);
        let (low, high) = bytes.split_at(15);
        let mut all = [0; 16];
        all[..15].copy_from_slice(low);
        high.iter().all(|b| *b == 0).then(|| i128::from_le_bytes(all))
    };
    magnitude(element).or_else(|| magnitude(-element).map(|n| -n)).unwrap_or(0)
}
