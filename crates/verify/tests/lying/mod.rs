//! A lying prover: a circuit that constrains nothing of a batch, and its proof of whatever is stated.
//!
//! It has the size and the public values of the whole circuit, so that its proof has the length and the form of an honest one; what
//! is left to refuse it is the key, derived from the whole circuit. That a circuit with one family of constraints left out is
//! refused the same way is the matter of `circuits`, which alone can leave one out.

use bincode::{config, serde::encode_to_vec};
use ff::{Field as _, PrimeField as _};
use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    nova::{CompressedSNARK, PublicParams, RecursiveSNARK},
    provider::{PallasEngine, VestaEngine, ipa_pc::EvaluationEngine},
    spartan::snark::RelaxedR1CSSNARK,
    traits::{Engine, circuit::StepCircuit, snark::RelaxedR1CSSNARKTrait},
};
use verifold_circuits::{PublicState, Transition};

type E1 = PallasEngine;
type E2 = VestaEngine;
type S1 = RelaxedR1CSSNARK<E1, EvaluationEngine<E1>>;
type S2 = RelaxedR1CSSNARK<E2, EvaluationEngine<E2>>;
type F = <E1 as Engine>::Scalar;

/// Enough to fill more than half of 2^15 constraints, the least there are, beside those of nova-snark.
const SQUARINGS: usize = 14_000;

/// A step that leads wherever its prover says.
#[derive(Clone)]
struct Anywhere {
    after: Vec<F>,
}

impl StepCircuit<F> for Anywhere {
    fn arity(&self) -> usize {
        self.after.len()
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        let mut square = z[0].clone();
        for i in 0..SQUARINGS {
            square = square.square(cs.namespace(|| format!("square {i}")))?;
        }
        self.after.iter().enumerate().map(|(i, value)| AllocatedNum::alloc(cs.namespace(|| format!("after {i}")), || Ok(*value))).collect()
    }
}

fn elements(state: &PublicState) -> Vec<F> {
    let element = |bytes: &[u8; 32]| {
        let mut bytes = *bytes;
        bytes.reverse();
        F::from_repr(bytes.into()).unwrap()
    };
    state.0.iter().map(|commitment| element(commitment.as_bytes())).collect()
}

/// The bytes of a proof of a transition, which holds under the key of the circuit it is made with.
pub(crate) fn proof_of(transition: &Transition) -> Vec<u8> {
    let (before, after) = (elements(&transition.z0), elements(&transition.zn));
    let steps = usize::try_from(transition.steps).unwrap();
    let blank = Anywhere { after: vec![F::ZERO; after.len()] };
    let parameters = PublicParams::<E1, E2, Anywhere>::setup(&blank, &*S1::ck_floor(), &*S2::ck_floor()).unwrap();
    let (prover, verifier) = CompressedSNARK::<_, _, _, S1, S2>::setup(&parameters).unwrap();
    let step = Anywhere { after: after.clone() };
    let mut running = RecursiveSNARK::new(&parameters, &step, &before).unwrap();
    for _ in 0..steps {
        running.prove_step(&parameters, &step).unwrap();
    }
    let proof = CompressedSNARK::prove(&parameters, &prover, &running).unwrap();
    // So that it is not refused for another reason.
    assert_eq!(proof.verify(&verifier, steps, &before).unwrap(), after);
    encode_to_vec(&proof, config::legacy()).unwrap()
}
