//! `verifold circuits`: what each circuit costs.

use clap::Args;
use verifold_circuits::{CircuitFacts, pinned_circuits, pinned_digest};
use verifold_model::{format::count, shape::CircuitId, state::Exit};

use crate::{failure::Failure, wrap::pad};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Circuits to list, such as scored-cohort/v1@f20.w8.g4.b10.h4.n16; the pinned ones if none is given.
    circuits: Vec<CircuitId>,
    /// JSON in place of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let circuits: Vec<CircuitId> = if arguments.circuits.is_empty() { pinned_circuits().collect() } else { arguments.circuits.clone() };
    let mut facts = Vec::new();
    for circuit in circuits {
        facts.push(CircuitFacts::of(circuit).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                format!("shape {} leaves no room for rows", circuit.shape),
                "take a larger n: the power of two a step is padded to",
            )
        })?);
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&facts).map_err(|error| Failure::new(Exit::Usage, error.to_string(), ""))?;
        println!("{text}");
        return Ok(Exit::Met);
    }
    println!(
        "{} {} {} {} {} pinned key digest",
        pad("circuit", 46),
        pad("rows/step", 10),
        pad("per row", 8),
        pad("per step", 10),
        pad("padded", 8)
    );
    for facts in facts {
        let circuit = facts.circuit;
        println!(
            "{} {} {} {} {} {}",
            pad(&circuit.to_string(), 46),
            pad(&facts.rows_per_step.to_string(), 10),
            pad(&format!("{}.{}", facts.millis_per_row / 1000, facts.millis_per_row % 1000 / 100), 8),
            pad(&count(facts.constraints_per_step as u64), 10),
            pad(&count(facts.padded as u64), 8),
            pinned_digest(circuit).map_or_else(|| "not pinned".to_owned(), |digest| digest.to_string()),
        );
    }
    println!("\nConstraints; a row's include its share of both streams. Verification costs about one multiplication of the padded size.");
    Ok(Exit::Met)
}
