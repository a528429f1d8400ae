//! The step circuit of receipts: up to R rows of one batch, their stream extended and their leaves hashed to a root.
//!
//! In order: open plan and model; lay down the slots ([`super::slot`]); extend the row stream; hash the leaves; link the
//! step's root, and at the end of a batch its row commitment, into the chain. The written argument is
//! docs/circuits/receipts-v1.md.

use std::sync::Arc;

use ff::Field;
use nova_snark::{
    frontend::{ConstraintSystem, SynthesisError, num::AllocatedNum},
    traits::circuit::StepCircuit,
};

use super::{
    family as own,
    slot::{LeafRow, Slot, slot},
};
use crate::{
    family,
    field::{F, flag},
    layout::Dimensions,
    model::AnyModel,
    native::{ARITY, PlanOpening},
    poseidon::{hash4_circuit, hash24_circuit},
    step::{Context, select},
    tags,
    wires::{Lc, Wires},
};

/// One step with its witness. Holds secrets: it stays with the prover.
#[derive(Clone)]
pub struct ReceiptsStep {
    pub(crate) context: Arc<Context>,
    /// The step closes its batch.
    pub(crate) last: bool,
    pub(crate) row_salt: F,
    pub(crate) rows: Vec<LeafRow>,
    /// The state after the step, as the native twin has it.
    pub(crate) after: [F; ARITY],
    #[cfg(test)]
    pub(crate) overrides: Option<Arc<crate::wires::Overrides>>,
}

impl ReceiptsStep {
    /// A step without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(dimensions: Dimensions) -> Self {
        let edges = vec![0; dimensions.inner_edges() * (1 + dimensions.histograms)];
        let plan = PlanOpening { document: F::ZERO, schema: F::ZERO, used_features: 0, edges };
        let context = Context::new(dimensions, plan, AnyModel::blank(dimensions), F::ZERO);
        Self {
            context: Arc::new(context),
            last: true,
            row_salt: F::ZERO,
            rows: Vec::new(),
            after: [F::ZERO; ARITY],
            #[cfg(test)]
            overrides: None,
        }
    }

    /// Rows this step gives leaves.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

impl StepCircuit<F> for ReceiptsStep {
    fn arity(&self) -> usize {
        ARITY
    }

    fn synthesize<CS: ConstraintSystem<F>>(&self, cs: &mut CS, z: &[AllocatedNum<F>]) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
        let [header, plan, model, chain, stream, rows, open] = z else {
            return Err(SynthesisError::IncompatibleLengthVector(format!("{} state elements, expected {ARITY}", z.len())));
        };
        let d = self.context.dimensions;
        #[cfg(not(test))]
        let wires = &mut Wires::new(cs);
        #[cfg(test)]
        let wires = &mut Wires::new(cs).with_overrides(self.overrides.as_deref());
        let [plan_in, model_in, chain_in, stream_in, rows_in, open_in] =
            [plan, model, chain, stream, rows, open].map(|n| wires.existing(n));
        let one = wires.one();
        let zero = Lc::zero();

        let last = wires.gated_wire(family::STEP_FLAGS, || "last".into(), flag(self.last), &one);
        let (schema, used, _) = self.context.open_plan(wires, &plan_in);
        let scorer = self.context.open_model(wires, &model_in, &used);

        // Between batches stream and count are zero, so that a fresh stream is added to nothing.
        let first = one.clone().minus(&open_in);
        let row_salt = wires.wire(|| "row salt".into(), self.row_salt);
        let no_rows = hash4_circuit(wires, family::HASH_ROWS, "start", tags::ROWS, &[schema, row_salt]);
        let begun = wires.product(family::FRESH_ROW_STREAM, || "begun stream".into(), &first, &no_rows);
        let mut stream = stream_in.plus(&begun);

        let mut slots: Vec<Slot> = Vec::with_capacity(d.rows);
        for position in 0..d.rows {
            let previous = slots.last().map_or_else(|| one.clone(), |slot| slot.filled.clone());
            slots.push(slot(wires, d, &scorer, position, &previous, self.rows.get(position)));
        }
        let open_after = one.clone().minus(&last);
        wires.enforce(family::FULL, &open_after, &one.clone().minus(&slots[d.rows - 1].filled), &zero);
        let counted = rows_in.plus(&Lc::sum(slots.iter().map(|slot| &slot.filled)));

        for (i, block) in slots.chunks(d.block_rows()).enumerate() {
            let mut inputs = vec![stream.clone()];
            inputs.extend(block.iter().flat_map(|slot| slot.elements.iter().cloned()));
            let extended = hash24_circuit(wires, family::HASH_ROWS, &format!("block {i}"), tags::ROW_BLOCK, &inputs);
            stream = select(wires, family::ROW_SELECT, &|| format!("row stream {i}"), &block[0].filled, &extended, &stream);
        }
        let nodes: Vec<Lc> = slots
            .chunks(d.chunk())
            .enumerate()
            .map(|(i, chunk)| {
                let leaves: Vec<Lc> = chunk.iter().map(|slot| slot.leaf.clone()).collect();
                hash24_circuit(wires, own::HASH_NODE, &format!("node {i}"), tags::RECEIPT_NODE, &leaves)
            })
            .collect();
        let root = hash24_circuit(wires, own::HASH_STEP, "root", tags::RECEIPT_STEP, &nodes);

        let commitment = hash4_circuit(wires, family::HASH_ROWS, "end", tags::ROWS_END, &[stream.clone(), counted.clone()]);
        let closed_commitment = wires.product(own::CLOSED_COMMITMENT, || "closed commitment".into(), &last, &commitment);
        let closed_rows = wires.product(own::CLOSED_ROWS, || "closed rows".into(), &last, &counted);
        let link = [chain_in, root, closed_commitment, closed_rows.clone()];
        let link = hash4_circuit(wires, family::HASH_CHAIN, "link", tags::RECEIPT_LINK, &link);

        // The state handed on.
        let (chain_out, lc) = wires.number(|| "next/chain".into(), link.value());
        wires.equal(family::CHAIN, &link, &lc);
        let (stream_out, lc) = wires.number(|| "next/row stream".into(), open_after.value() * stream.value());
        wires.enforce(own::NEXT_STREAM, &open_after, &stream, &lc);
        let still_open = counted.minus(&closed_rows);
        let (rows_out, lc) = wires.number(|| "next/rows".into(), still_open.value());
        wires.equal(own::NEXT_ROWS, &still_open, &lc);
        let (open_out, lc) = wires.number(|| "next/open".into(), open_after.value());
        wires.equal(own::NEXT_OPEN, &open_after, &lc);

        Ok(vec![header.clone(), plan.clone(), model.clone(), chain_out, stream_out, rows_out, open_out])
    }
}
