//! Which rows are drawn? Rows that nobody could foresee when the package was made, and anybody can draw again.
//!
//! Seed: SHA-256 of `verifold sample v1`, the manifest's digest and the auditor's nonce. Number c of stratum s: the first
//! eight bytes, big-endian, of SHA-256 of seed, s (4 bytes) and c (8 bytes). Numbers from the largest multiple of the
//! population on are passed over, the others are taken modulo the population; a row drawn before is passed over too.

use std::collections::BTreeSet;

use verifold_model::{
    digest::Digest,
    sample::{SampleRequest, SampleSchema, SampledRow, Stratum},
};

/// What the seed begins with.
const DOMAIN: &[u8] = b"verifold sample v1";

/// Fewest bytes of a nonce.
pub const MIN_NONCE_BYTES: usize = 16;

/// Most bytes of a nonce.
pub const MAX_NONCE_BYTES: usize = 256;

/// Most rows of one sample: beyond, one would look at all of them.
pub const MAX_DRAWN: usize = 10_000;

/// A batch that can be drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawable {
    /// Index of the batch.
    pub index: u32,
    /// Its rows.
    pub rows: u32,
}

/// How many rows are wanted from which batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Index of the first batch.
    pub first: u32,
    /// Index of the last batch.
    pub last: u32,
    /// Rows to draw.
    pub size: usize,
}

/// Why nothing was drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// The nonce could be guessed, or is no nonce.
    #[error("the nonce has {0} bytes, where {MIN_NONCE_BYTES} to {MAX_NONCE_BYTES} are asked for")]
    Nonce(usize),
    /// There is no stratum.
    #[error("nothing is to be drawn")]
    Nothing,
    /// A stratum does not follow the one before it.
    #[error("batches {first} to {last} do not follow the stratum before")]
    Order {
        /// First batch.
        first: u32,
        /// Last batch.
        last: u32,
    },
    /// A stratum has fewer rows than are to be drawn.
    #[error("{size} rows are to be drawn from the {population} rows of batches {first} to {last}")]
    Size {
        /// First batch.
        first: u32,
        /// Last batch.
        last: u32,
        /// Rows there.
        population: u64,
        /// Rows wanted.
        size: usize,
    },
    /// More rows are wanted than one sample holds.
    #[error("{0} rows are more than the {MAX_DRAWN} of one sample")]
    TooMany(usize),
}

/// Draws rows, the same ones for the same manifest, nonce and strata.
///
/// # Errors
/// [`DrawError`].
pub fn draw(manifest_sha256: Digest, nonce: &str, batches: &[Drawable], wanted: &[Wanted]) -> Result<SampleRequest, DrawError> {
    if !(MIN_NONCE_BYTES..=MAX_NONCE_BYTES).contains(&nonce.len()) {
        return Err(DrawError::Nonce(nonce.len()));
    }
    if wanted.is_empty() {
        return Err(DrawError::Nothing);
    }
    let total = wanted.iter().map(|stratum| stratum.size).fold(0, usize::saturating_add);
    if total > MAX_DRAWN {
        return Err(DrawError::TooMany(total));
    }
    let seed = Digest::of(&[DOMAIN, manifest_sha256.as_bytes(), nonce.as_bytes()].concat());
    let mut strata: Vec<Stratum> = Vec::with_capacity(wanted.len());
    for (number, Wanted { first, last, size }) in (0u32..).zip(wanted.iter().copied()) {
        if first > last || strata.last().is_some_and(|before| before.last >= first) {
            return Err(DrawError::Order { first, last });
        }
        let inside: Vec<Drawable> = batches.iter().copied().filter(|batch| (first..=last).contains(&batch.index)).collect();
        let population: u64 = inside.iter().map(|batch| u64::from(batch.rows)).sum();
        if size == 0 || size as u64 > population {
            return Err(DrawError::Size { first, last, population, size });
        }
        let mut places = BTreeSet::new();
        let mut counter = 0u64;
        while places.len() < size {
            if let Some(place) = number_below(population, seed, number, counter) {
                places.insert(place);
            }
            counter += 1;
        }
        strata.push(Stratum { first, last, population, rows: places.into_iter().filter_map(|place| row_at(&inside, place)).collect() });
    }
    Ok(SampleRequest { schema: SampleSchema::V1, manifest_sha256, nonce: nonce.to_owned(), strata })
}

/// Number `counter` of a stratum, evenly below `bound`; `None` if this one is passed over.
fn number_below(bound: u64, seed: Digest, stratum: u32, counter: u64) -> Option<u64> {
    let block = Digest::of(&[&seed.as_bytes()[..], &stratum.to_be_bytes(), &counter.to_be_bytes()].concat());
    let number = block.as_bytes().iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let whole = (1u128 << 64) / u128::from(bound) * u128::from(bound);
    (u128::from(number) < whole).then_some(number % bound)
}

/// The row at a place of the batches laid end to end.
fn row_at(batches: &[Drawable], mut place: u64) -> Option<SampledRow> {
    for batch in batches {
        match u32::try_from(place) {
            Ok(position) if position < batch.rows => return Some(SampledRow { batch: batch.index, position }),
            _ => place -= u64::from(batch.rows),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "6 3 1 4 4 2 5 6 1 dice";

    fn batches() -> Vec<Drawable> {
        [(1, 40), (2, 0), (3, 25), (4, 1), (7, 300)].map(|(index, rows)| Drawable { index, rows }).to_vec()
    }

    fn drawn(manifest: &[u8], nonce: &str, wanted: &[Wanted]) -> Result<SampleRequest, DrawError> {
        draw(Digest::of(manifest), nonce, &batches(), wanted)
    }

    #[test]
    fn the_draw_is_the_same_again_and_another_for_another_package_nonce_or_stratum() {
        let all = [Wanted { first: 0, last: u32::MAX, size: 20 }];
        let request = drawn(b"package", NONCE, &all).unwrap();
        assert_eq!(drawn(b"package", NONCE, &all).unwrap(), request);
        assert_ne!(drawn(b"packages", NONCE, &all).unwrap().strata, request.strata);
        assert_ne!(drawn(b"package", "another nonce of 26 bytes!", &all).unwrap().strata, request.strata);
        assert_eq!((request.strata[0].population, request.strata[0].rows.len()), (366, 20));
        let two = drawn(b"package", NONCE, &[Wanted { first: 1, last: 3, size: 30 }, Wanted { first: 4, last: 7, size: 30 }]).unwrap();
        assert_eq!(two.strata.iter().map(|s| s.population).collect::<Vec<_>>(), [65, 301]);
        assert!(two.strata[1].rows.iter().all(|row| row.batch >= 4));
    }

    #[test]
    fn a_drawn_row_is_a_row_and_drawn_once_and_all_can_be_drawn() {
        let request = drawn(b"package", NONCE, &[Wanted { first: 1, last: 7, size: 366 }]).unwrap();
        let rows: BTreeSet<SampledRow> = request.rows().collect();
        assert_eq!(rows.len(), 366);
        let sizes = batches();
        assert!(rows.iter().all(|row| sizes.iter().any(|batch| batch.index == row.batch && row.position < batch.rows)));
    }

    #[test]
    fn every_row_is_drawn_about_as_often_as_every_other() {
        let mut hits = [0u32; 4];
        for trial in 0..2000 {
            let nonce = format!("trial number {trial:08}");
            let request =
                draw(Digest::of(b"p"), &nonce, &[Drawable { index: 1, rows: 4 }], &[Wanted { first: 1, last: 1, size: 1 }]).unwrap();
            hits[request.strata[0].rows[0].position as usize] += 1;
        }
        // 500 expected each, standard deviation 19: the bound is five of them, and the draw is a constant.
        assert!(hits.iter().all(|n| (405..595).contains(n)), "{hits:?}");
    }

    #[test]
    fn a_draw_written_out_stays_what_it_is() {
        let request = drawn(b"package", NONCE, &[Wanted { first: 1, last: 7, size: 5 }]).unwrap();
        let rows: Vec<(u32, u32)> = request.rows().map(|row| (row.batch, row.position)).collect();
        // Computed once from the description above with another program.
        assert_eq!(rows, [(1, 23), (7, 37), (7, 83), (7, 138), (7, 260)]);
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let wanted = |first, last, size| Wanted { first, last, size };
        assert_eq!(drawn(b"p", "short", &[wanted(1, 7, 5)]), Err(DrawError::Nonce(5)));
        assert_eq!(drawn(b"p", NONCE, &[]), Err(DrawError::Nothing));
        assert_eq!(drawn(b"p", NONCE, &[wanted(3, 1, 5)]), Err(DrawError::Order { first: 3, last: 1 }));
        assert_eq!(drawn(b"p", NONCE, &[wanted(1, 3, 5), wanted(3, 7, 5)]), Err(DrawError::Order { first: 3, last: 7 }));
        assert_eq!(drawn(b"p", NONCE, &[wanted(2, 2, 1)]), Err(DrawError::Size { first: 2, last: 2, population: 0, size: 1 }));
        assert_eq!(drawn(b"p", NONCE, &[wanted(4, 4, 0)]), Err(DrawError::Size { first: 4, last: 4, population: 1, size: 0 }));
        assert_eq!(drawn(b"p", NONCE, &[wanted(1, 7, 10_001)]), Err(DrawError::TooMany(10_001)));
    }
}
