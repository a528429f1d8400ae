//! Poseidon at three widths, natively and as constraints: wide for bulk, narrow for short inputs.
//!
//! The sponge pattern is one absorb of all inputs and one squeeze; the tag of [`crate::tags`] is the
//! domain separator. Constants are derived once per process.

use std::sync::OnceLock;

use generic_array::typenum::{U4, U8, U24};
use nova_snark::frontend::{
    ConstraintSystem, PoseidonConstants,
    gadgets::poseidon::{IOPattern, Simplex, Sponge, SpongeAPI, SpongeCircuit, SpongeOp, SpongeTrait, Strength},
};

use crate::{
    field::F,
    wires::{Lc, Wires},
};

fn pattern(inputs: usize) -> IOPattern {
    IOPattern(vec![SpongeOp::Absorb(inputs as u32), SpongeOp::Squeeze(1)])
}

macro_rules! poseidon {
    ($arity:ty, $constants:ident, $native:ident, $circuit:ident) => {
        fn $constants() -> &'static PoseidonConstants<F, $arity> {
            static CONSTANTS: OnceLock<PoseidonConstants<F, $arity>> = OnceLock::new();
            CONSTANTS.get_or_init(|| Sponge::<F, $arity>::api_constants(Strength::Standard))
        }

        /// The hash of `inputs` under `tag`.
        pub(crate) fn $native(tag: u32, inputs: &[F]) -> F {
            let mut sponge = Sponge::new_with_constants($constants(), Simplex);
            sponge.start(pattern(inputs.len()), Some(tag), &mut ());
            SpongeAPI::absorb(&mut sponge, inputs.len() as u32, inputs, &mut ());
            SpongeAPI::squeeze(&mut sponge, 1, &mut ())[0]
        }

        /// The same hash as constraints, all under `family`; `name` tells hashes of one family apart.
        pub(crate) fn $circuit<CS: ConstraintSystem<F>>(
            wires: &mut Wires<'_, CS>,
            family: &'static str,
            name: &str,
            tag: u32,
            inputs: &[Lc],
        ) -> Lc {
            let elements: Vec<_> = inputs.iter().map(|input| wires.element(input)).collect();
            let output = {
                let mut space = wires.space(family);
                let mut sponge = SpongeCircuit::new_with_constants($constants(), Simplex);
                sponge.start(pattern(inputs.len()), Some(tag), &mut space);
                SpongeAPI::absorb(&mut sponge, inputs.len() as u32, &elements, &mut space);
                SpongeAPI::squeeze(&mut sponge, 1, &mut space).swap_remove(0)
            };
            wires.squeezed(family, name, &output)
        }
    };
}

poseidon!(U4, constants4, hash4, hash4_circuit);
poseidon!(U8, constants8, hash8, hash8_circuit);
poseidon!(U24, constants24, hash24, hash24_circuit);

/// Permutations that a hash of `inputs` elements costs at an arity.
pub(crate) const fn permutations(inputs: usize, arity: usize) -> usize {
    inputs.div_ceil(arity)
}
