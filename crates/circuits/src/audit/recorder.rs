//! A constraint system that keeps everything: constraints with their family, wires with name and value.

use std::collections::BTreeSet;

use ff::Field;
use nova_snark::{
    frontend::{ConstraintSystem, Index, LinearCombination, SynthesisError, Variable, num::AllocatedNum},
    traits::circuit::StepCircuit,
};

use crate::{field::F, native::ARITY, step::Step, wires::Overrides};

/// A step circuit whose wires tests may alter.
pub(crate) trait Audited: StepCircuit<F> {
    fn overrides(&self) -> Option<&Overrides>;
}

impl Audited for Step {
    fn overrides(&self) -> Option<&Overrides> {
        self.overrides.as_deref()
    }
}

/// One constraint `a · b = c` over wires; wire 0 is the constant one.
pub(crate) struct Constraint {
    pub(crate) family: String,
    pub(crate) a: Vec<(usize, F)>,
    pub(crate) b: Vec<(usize, F)>,
    pub(crate) c: Vec<(usize, F)>,
}

/// A step as constraints, names and values.
pub(crate) struct Recorder {
    pub(crate) constraints: Vec<Constraint>,
    /// Name of each wire; wires of nova-snark's gadgets carry the path of their namespace.
    pub(crate) names: Vec<String>,
    pub(crate) values: Vec<F>,
    path: Vec<String>,
}

impl Recorder {
    /// Synthesises a step on a state, with the step's overrides in force.
    pub(crate) fn run<C: Audited>(step: &C, z: &[F; ARITY]) -> (Self, Vec<F>) {
        let mut recorder = Self { constraints: Vec::new(), names: vec!["one".into()], values: vec![F::ONE], path: Vec::new() };
        let numbers: Vec<_> = z
            .iter()
            .enumerate()
            .map(|(i, value)| {
                let wire = recorder.alloc(|| format!("z {i}"), || Ok(*value)).unwrap();
                AllocatedNum::from_parts(wire, Some(*value))
            })
            .collect();
        let outputs = step.synthesize(&mut recorder, &numbers).unwrap();
        if let Some(overrides) = step.overrides() {
            for (wire, change) in overrides.moved.lock().unwrap().drain(..) {
                recorder.values[position(wire)] += change;
            }
        }
        let outputs = outputs.iter().map(|n| recorder.values[position(n.get_variable())]).collect();
        (recorder, outputs)
    }

    pub(crate) fn evaluate(&self, combination: &[(usize, F)]) -> F {
        combination.iter().map(|(wire, c)| self.values[*wire] * c).sum()
    }

    /// Families with at least one violated constraint.
    pub(crate) fn violated(&self) -> BTreeSet<&str> {
        let broken = |c: &&Constraint| self.evaluate(&c.a) * self.evaluate(&c.b) != self.evaluate(&c.c);
        self.constraints.iter().filter(broken).map(|c| c.family.as_str()).collect()
    }

    /// Families in the circuit.
    pub(crate) fn families(&self) -> BTreeSet<&str> {
        self.constraints.iter().map(|c| c.family.as_str()).collect()
    }
}

fn position(wire: Variable) -> usize {
    match wire.get_unchecked() {
        Index::Input(_) => 0,
        Index::Aux(i) => i + 1,
    }
}

fn terms(combination: &LinearCombination<F>) -> Vec<(usize, F)> {
    combination.iter().filter(|(_, c)| !bool::from(c.is_zero())).map(|(wire, c)| (position(wire), *c)).collect()
}

impl ConstraintSystem<F> for Recorder {
    type Root = Self;

    fn alloc<V, A, AR>(&mut self, annotation: A, value: V) -> Result<Variable, SynthesisError>
    where
        V: FnOnce() -> Result<F, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        let name = annotation().into();
        let prefix = if self.path.is_empty() { String::new() } else { self.path.join("/") + "/" };
        self.names.push(prefix + &name);
        self.values.push(value()?);
        Ok(Variable::new_unchecked(Index::Aux(self.values.len() - 2)))
    }

    fn alloc_input<V, A, AR>(&mut self, _: A, _: V) -> Result<Variable, SynthesisError>
    where
        V: FnOnce() -> Result<F, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        unreachable!("a step circuit has no inputs of its own")
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
        LB: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
        LC: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
    {
        let [a, b, c] = [a(LinearCombination::zero()), b(LinearCombination::zero()), c(LinearCombination::zero())];
        let family = self.path.first().expect("every constraint stands in a family").clone();
        self.constraints.push(Constraint { family, a: terms(&a), b: terms(&b), c: terms(&c) });
    }

    fn push_namespace<NR, N>(&mut self, name: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
        self.path.push(name().into());
    }

    fn pop_namespace(&mut self) {
        self.path.pop();
    }

    fn get_root(&mut self) -> &mut Self {
        self
    }
}
