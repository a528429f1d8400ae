//! Has a step of a circuit room for a row? Asked before tables are read, and answered with what would have.

use verifold_circuits::CircuitFacts;
use verifold_model::shape::{CircuitFamily, CircuitId, Shape};

/// Feature columns and sizes on the menu of shapes.
const FEATURES: [u8; 5] = [8, 16, 20, 32, 64];
const SIZES: [u8; 4] = [15, 16, 17, 18];

/// A shape like another with other feature columns and another size, if the menu has it.
fn resized(shape: Shape, features: u8, size_log2: u8) -> Option<Shape> {
    let narrow = |number: usize| u8::try_from(number).ok();
    let (width, groups) = (narrow(shape.width_bits())?, narrow(shape.groups())?);
    let resized = Shape::new(features, width, groups, narrow(shape.bins())?, narrow(shape.histograms())?, size_log2).ok()?;
    resized.with_hidden(shape.hidden()).ok()
}

/// Sizes whose steps have room for a row, with how many: for a shape of so many feature columns.
fn sizes(family: CircuitFamily, shape: Shape, features: u8) -> Vec<(u8, usize)> {
    let rows = |size: u8| CircuitFacts::of(CircuitId { family, shape: resized(shape, features, size)? }).map(|facts| facts.rows_per_step);
    SIZES.into_iter().filter_map(|size| Some((size, rows(size)?))).collect()
}

/// Rows of a step.
///
/// # Errors
/// That there is no room for one, and which sizes have it.
pub(crate) fn rows_of_step(family: CircuitFamily, shape: Shape) -> Result<usize, String> {
    let circuit = CircuitId { family, shape };
    if let Some(facts) = CircuitFacts::of(circuit) {
        return Ok(facts.rows_per_step);
    }
    let layers: Vec<String> = shape.hidden().iter().map(|neurons| format!("{neurons}-")).collect();
    let model = if layers.is_empty() { String::new() } else { format!(" of a network {}-{}1", shape.features(), layers.concat()) };
    let here = format!("a step of 2^{} constraints has no room for a row{model} under {}", shape.size_log2(), family.name());
    let fitting = sizes(family, shape, u8::try_from(shape.features()).unwrap_or(u8::MAX));
    let Some((last, before)) = fitting.split_last() else {
        return Err(format!(
            "{here}, nor has any larger one: choose {}",
            if layers.is_empty() { "fewer features" } else { "fewer neurons" }
        ));
    };
    let text = |(size, rows): &(u8, usize)| format!("{size} ({rows} rows a step)");
    let several = if before.is_empty() { String::new() } else { format!("{} or ", before.iter().map(text).collect::<Vec<_>>().join(", ")) };
    Err(format!("{here}: `size_log2` has to be {several}{}", text(last)))
}

/// Whether preparation has circuits for rows of a shape, at any size.
///
/// # Errors
/// That it has none, and for how many features it has some.
pub(crate) fn preparable(shape: Shape, features: usize) -> Result<(), String> {
    let prepared = |columns: &u8| {
        let sized = |size: u8| {
            // Rows are prepared alike for every model: without hidden layers, score bins or histograms of its shape.
            let narrow = |number: usize| u8::try_from(number).ok();
            let rows = Shape::new(*columns, narrow(shape.width_bits())?, narrow(shape.groups())?, 10, 0, size).ok()?;
            CircuitFacts::of(CircuitId { family: CircuitFamily::PreparationV1, shape: rows })
        };
        SIZES.into_iter().any(|size| sized(size).is_some())
    };
    if FEATURES.iter().filter(|columns| usize::from(**columns) == shape.features()).any(prepared) {
        return Ok(());
    }
    let ranges = (0..FEATURES.len()).filter(|at| prepared(&FEATURES[*at])).map(|at| {
        let from = at.checked_sub(1).map_or(1, |before| FEATURES[before] + 1);
        format!("{from} to {}", FEATURES[at])
    });
    let (found, ranges) = (verifold_model::format::counted(features as u64, "feature", "features"), ranges.collect::<Vec<_>>());
    let instead = "`verifold prove monitoring` proves the monitoring alone, with a model from a file";
    let width = shape.width_bits();
    Err(if ranges.is_empty() {
        format!("no circuit prepares features of {width} bits: set `width_bits` of `[shape]` to 8; or {instead}")
    } else {
        format!(
            "no circuit prepares rows of {found} of {width} bits; list {} features, more columns of the tables among them; or {instead}",
            ranges.join(" or ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        text.parse().unwrap()
    }

    #[test]
    fn what_has_no_room_is_told_what_has() {
        let check = |family, text: &str, expected: Result<usize, &str>| {
            assert_eq!(rows_of_step(family, shape(text)), expected.map_err(str::to_owned), "{text}");
        };
        use CircuitFamily::{NeuralCohortV1, NeuralTrainingV2};
        check(NeuralTrainingV2, "f20.w8.g4.b10.h0.n17.l16-8", Ok(21));
        check(
            NeuralTrainingV2,
            "f20.w8.g4.b10.h0.n16.l16-8",
            Err("a step of 2^16 constraints has no room for a row of a network 20-16-8-1 under neural-training/v2: \
                 `size_log2` has to be 17 (21 rows a step) or 18 (84 rows a step)"),
        );
        check(
            NeuralTrainingV2,
            "f20.w8.g4.b10.h0.n18.l64-32",
            Err("a step of 2^18 constraints has no room for a row of a network 20-64-32-1 under neural-training/v2, \
                 nor has any larger one: choose fewer neurons"),
        );
        check(
            NeuralCohortV1,
            "f20.w8.g4.b10.h4.n17.l64-32",
            Err("a step of 2^17 constraints has no room for a row of a network 20-64-32-1 under neural-cohort/v1: \
                 `size_log2` has to be 18 (21 rows a step)"),
        );
    }

    #[test]
    fn rows_that_no_circuit_prepares_are_named_with_those_that_one_does() {
        for (text, features, expected) in [
            ("f20.w8.g4.b10.h0.n16", 20, None),
            ("f20.w8.g4.b20.h4.n17", 20, None),
            ("f20.w8.g4.b10.h1.n17.l16-8", 20, None),
            ("f8.w8.g4.b10.h0.n16", 1, Some("no circuit prepares rows of 1 feature of 8 bits; list 17 to 20")),
            ("f16.w8.g4.b10.h0.n16", 12, Some("no circuit prepares rows of 12 features of 8 bits; list 17 to 20")),
        ] {
            let found = preparable(shape(text), features).err();
            assert_eq!(found.is_some(), expected.is_some(), "{text}");
            if let (Some(found), Some(expected)) = (found, expected) {
                assert!(found.contains(expected), "{found}");
            }
        }
    }
}
