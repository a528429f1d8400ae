//! Linear combinations of wires with their values: the layer every gadget is written in.
//!
//! Bits are ordinary wires, a range check is a linear combination of gated bits, and every constraint
//! stands in a named family, so that a test can take one family away and see what becomes provable.
//! While a witness is being computed no combinations are built; only values flow.

use ff::Field;
use nova_snark::frontend::{ConstraintSystem, Elt, LinearCombination, Namespace, Variable, num::AllocatedNum, num::Num};

use crate::field::{F, little_endian, power_of_two};

/// A linear combination of wires and its value under the current assignment.
#[derive(Clone, Debug)]
pub(crate) struct Lc {
    value: F,
    terms: Vec<(Variable, F)>,
}

impl Lc {
    pub(crate) const fn zero() -> Self {
        Self { value: F::ZERO, terms: Vec::new() }
    }

    pub(crate) fn value(&self) -> F {
        self.value
    }

    /// Adds `coefficient · other`.
    pub(crate) fn add(&mut self, coefficient: F, other: &Self) {
        self.value += coefficient * other.value;
        self.terms.extend(other.terms.iter().map(|(wire, c)| (*wire, *c * coefficient)));
    }

    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.value += other.value;
        self.terms.extend_from_slice(&other.terms);
        self
    }

    pub(crate) fn minus(mut self, other: &Self) -> Self {
        self.add(-F::ONE, other);
        self
    }

    pub(crate) fn times(mut self, coefficient: F) -> Self {
        self.value *= coefficient;
        for (_, c) in &mut self.terms {
            *c *= coefficient;
        }
        self
    }

    /// `Σ 2^i · bits[i]`.
    pub(crate) fn packed(bits: &[Self]) -> Self {
        let mut sum = Self::zero();
        let mut weight = F::ONE;
        for bit in bits {
            sum.add(weight, bit);
            weight = weight.double();
        }
        sum
    }

    /// The sum of combinations.
    pub(crate) fn sum<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::zero();
        for part in parts {
            sum.add(F::ONE, part);
        }
        sum
    }

    fn combination(&self) -> LinearCombination<F> {
        self.terms.iter().fold(LinearCombination::zero(), |sum, (wire, c)| sum + (*c, *wire))
    }
}

/// Values to put in place of honest ones, by wire name, and a family to leave out; only tests can.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// Wire or hash name to value.
    pub(crate) values: std::collections::BTreeMap<String, F>,
    /// Wires whose recorded value has to move so that an overridden hash output is what it says.
    pub(crate) moved: std::sync::Mutex<Vec<(Variable, F)>>,
    /// Family that is not enforced: what a prover with a weaker circuit would leave out.
    pub(crate) left_out: Option<&'static str>,
}

/// A constraint system seen through linear combinations and named families.
pub(crate) struct Wires<'a, CS> {
    cs: &'a mut CS,
    /// Whether constraints are wanted; a witness generator needs values only.
    structured: bool,
    one: Lc,
    #[cfg(test)]
    overrides: Option<&'a Overrides>,
}

impl<'a, CS: ConstraintSystem<F>> Wires<'a, CS> {
    pub(crate) fn new(cs: &'a mut CS) -> Self {
        let structured = !cs.is_witness_generator();
        let terms = if structured { vec![(CS::one(), F::ONE)] } else { Vec::new() };
        Self {
            cs,
            structured,
            one: Lc { value: F::ONE, terms },
            #[cfg(test)]
            overrides: None,
        }
    }

    #[cfg(test)]
    pub(crate) fn with_overrides(mut self, overrides: Option<&'a Overrides>) -> Self {
        self.overrides = overrides;
        self
    }

    /// The constant `value`.
    pub(crate) fn constant(&self, value: F) -> Lc {
        self.one.clone().times(value)
    }

    /// The constant one.
    pub(crate) fn one(&self) -> Lc {
        self.one.clone()
    }

    /// A number that stands in the constraint system already.
    pub(crate) fn existing(&self, number: &AllocatedNum<F>) -> Lc {
        let terms = if self.structured { vec![(number.get_variable(), F::ONE)] } else { Vec::new() };
        // Without an assignment (synthesis of the shape) every value is zero.
        Lc { value: number.get_value().unwrap_or(F::ZERO), terms }
    }

    /// A new wire.
    pub(crate) fn wire(&mut self, name: impl Fn() -> String, value: F) -> Lc {
        let value = self.overridden(&name).unwrap_or(value);
        #[expect(clippy::expect_used, reason = "the closure always gives a value, and no constraint system used here fails otherwise")]
        let wire = self.cs.alloc(name, || Ok(value)).expect("a value is given");
        Lc { value, terms: if self.structured { vec![(wire, F::ONE)] } else { Vec::new() } }
    }

    /// A new wire as nova-snark's own number, for the outputs of a step.
    pub(crate) fn number(&mut self, name: impl Fn() -> String, value: F) -> (AllocatedNum<F>, Lc) {
        let value = self.overridden(&name).unwrap_or(value);
        #[expect(clippy::expect_used, reason = "as for a wire")]
        let variable = self.cs.alloc(name, || Ok(value)).expect("a value is given");
        let lc = Lc { value, terms: if self.structured { vec![(variable, F::ONE)] } else { Vec::new() } };
        (AllocatedNum::from_parts(variable, Some(value)), lc)
    }

    /// Enforces `a · b = c`.
    pub(crate) fn enforce(&mut self, family: &'static str, a: &Lc, b: &Lc, c: &Lc) {
        #[cfg(test)]
        if self.overrides.is_some_and(|overrides| overrides.left_out == Some(family)) {
            return;
        }
        if self.structured {
            self.cs.namespace(|| family).enforce(|| "", |_| a.combination(), |_| b.combination(), |_| c.combination());
        }
    }

    /// Enforces `a = b`.
    pub(crate) fn equal(&mut self, family: &'static str, a: &Lc, b: &Lc) {
        let one = self.one();
        self.enforce(family, &one, a, b);
    }

    /// A new wire holding `a · b`.
    pub(crate) fn product(&mut self, family: &'static str, name: impl Fn() -> String, a: &Lc, b: &Lc) -> Lc {
        let product = self.wire(name, a.value * b.value);
        self.enforce(family, a, b, &product);
        product
    }

    /// Enforces `x ∈ {0, gate}`: a boolean where the gate is one, zero where it is zero.
    pub(crate) fn gated(&mut self, family: &'static str, x: &Lc, gate: &Lc) {
        if self.structured {
            self.enforce(family, x, &x.clone().minus(gate), &Lc::zero());
        }
    }

    /// A new wire in `{0, gate}`.
    pub(crate) fn gated_wire(&mut self, family: &'static str, name: impl Fn() -> String, value: F, gate: &Lc) -> Lc {
        let wire = self.wire(name, value);
        self.gated(family, &wire, gate);
        wire
    }

    /// `count` new wires in `{0, gate}` for the lowest bits of `value`, lowest first.
    pub(crate) fn bits(&mut self, family: &'static str, name: impl Fn() -> String, value: F, count: usize, gate: &Lc) -> Vec<Lc> {
        let bytes = little_endian(value);
        (0..count)
            .map(|i| {
                let bit = crate::field::flag(bytes[i / 8] >> (i % 8) & 1 == 1);
                self.gated_wire(family, || format!("{}/bit {i}", name()), bit, gate)
            })
            .collect()
    }

    /// Enforces `0 ≤ x < 2^count` at `count` constraints: the top bit is what the others leave.
    pub(crate) fn range(&mut self, family: &'static str, name: impl Fn() -> String, x: &Lc, count: usize) {
        let one = self.one();
        let low = self.bits(family, name, x.value, count - 1, &one);
        let scale: F = Option::from(power_of_two(count - 1).invert()).unwrap_or(F::ZERO);
        let top = x.clone().minus(&Lc::packed(&low)).times(scale);
        self.gated(family, &top, &one);
    }

    /// A combination as an input of a Poseidon circuit.
    pub(crate) fn element(&self, lc: &Lc) -> Elt<F> {
        let Some(((first, c), rest)) = lc.terms.split_first() else { return Elt::num_from_fr::<CS>(lc.value) };
        // nova-snark keeps value and combination of a `Num` in step by itself: the first term carries
        // the whole value, the others none.
        let share = if *c == F::ONE { lc.value } else { lc.value * c.invert().unwrap_or(F::ZERO) };
        let mut sum = Num::from(AllocatedNum::from_parts(*first, Some(share))).scale(*c);
        for (wire, c) in rest {
            sum = sum.add(&Num::from(AllocatedNum::from_parts(*wire, None)).scale(*c));
        }
        Elt::Num(sum)
    }

    /// The namespace of a family, for gadgets of nova-snark.
    pub(crate) fn space(&mut self, family: &'static str) -> Namespace<'_, F, CS::Root> {
        self.cs.namespace(|| family)
    }

    /// What a Poseidon circuit squeezed, as a combination.
    pub(crate) fn squeezed(&self, family: &'static str, name: &str, output: &Elt<F>) -> Lc {
        let value = output.val().unwrap_or(F::ZERO);
        let terms = if self.structured { output.lc().iter().map(|(wire, c)| (wire, *c)).collect() } else { Vec::new() };
        let lc = Lc { value, terms };
        self.moved_output(family, name, lc)
    }

    #[cfg(not(test))]
    fn overridden(&self, _name: &impl Fn() -> String) -> Option<F> {
        None
    }

    #[cfg(test)]
    fn overridden(&self, name: &impl Fn() -> String) -> Option<F> {
        self.overrides.and_then(|overrides| overrides.values.get(&name()).copied())
    }

    #[cfg(not(test))]
    fn moved_output(&self, _family: &'static str, _name: &str, lc: Lc) -> Lc {
        lc
    }

    /// Puts an overridden hash output in place by moving one wire that only the output depends on.
    #[cfg(test)]
    fn moved_output(&self, family: &'static str, name: &str, mut lc: Lc) -> Lc {
        if let Some(overrides) = self.overrides
            && let Some(value) = overrides.values.get(&format!("{family}/{name}"))
        {
            let (wire, coefficient) = *lc.terms.iter().find(|(wire, _)| *wire != CS::one()).unwrap();
            overrides.moved.lock().unwrap().push((wire, (*value - lc.value) * coefficient.invert().unwrap()));
            lc.value = *value;
        }
        lc
    }
}
