//! How many rows of a population may be wrong, when so many of a sample are?
//!
//! Rows are drawn without replacement, so the number of wrong ones in the sample follows the hypergeometric law. The
//! bound is the exact one-sided confidence limit by inversion of the test (C. J. Clopper and E. S. Pearson, *The use of
//! confidence or fiducial limits illustrated in the case of the binomial*, Biometrika 26, 1934, carried over to a finite
//! population): the largest number of wrong rows under which so few in the sample are still as likely as the confidence
//! leaves room for. Integers alone are compared, so that every machine finds the same bound.

use num_bigint::BigUint;

/// Millionths of one.
pub(crate) const PPM: u32 = 1_000_000;

/// Upper bound of wrong rows among `population`, when `errors` of `drawn` are, at a confidence in millionths.
///
/// Nothing drawn leaves the population as its bound. `errors ≤ drawn ≤ population`, or the nearest that is.
pub fn at_most(population: u64, drawn: u64, errors: u64, confidence_ppm: u32) -> u64 {
    let drawn = drawn.min(population);
    let errors = errors.min(drawn);
    let all = binomial(population, drawn) * BigUint::from(PPM.saturating_sub(confidence_ppm));
    // P(at most `errors` in the sample) falls as more are wrong: the largest number above the level is searched for.
    let (mut above, mut below) = (errors, population - (drawn - errors) + 1);
    while below - above > 1 {
        let middle = above + (below - above) / 2;
        if ways(population, drawn, errors, middle) * BigUint::from(PPM) > all { above = middle } else { below = middle }
    }
    above
}

/// Samples with at most `errors` wrong rows, when `wrong` of the population are.
fn ways(population: u64, drawn: u64, errors: u64, wrong: u64) -> BigUint {
    let right = population - wrong;
    let fewest = drawn.saturating_sub(right);
    (fewest..=errors.min(wrong)).map(|found| binomial(wrong, found) * binomial(right, drawn - found)).sum()
}

/// `n` over `k`.
fn binomial(n: u64, k: u64) -> BigUint {
    if k > n {
        return BigUint::ZERO;
    }
    let k = k.min(n - k);
    (0..k).fold(BigUint::from(1u32), |product, i| product * BigUint::from(n - i) / BigUint::from(i + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Samples of exactly `found` wrong rows.
    fn exactly(population: u64, drawn: u64, found: u64, wrong: u64) -> BigUint {
        binomial(wrong, found) * binomial(population - wrong, drawn.saturating_sub(found))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        /// What a confidence limit promises: whatever the truth, samples whose bound misses it are at most as likely as the rest.
        #[test]
        fn the_bound_covers_the_truth_as_often_as_it_says(population in 1u64..40, drawn in 0u64..40, confidence in 500_000u32..999_000) {
            let drawn = drawn.min(population);
            for wrong in 0..=population {
                let covered: BigUint = (drawn.saturating_sub(population - wrong)..=drawn.min(wrong))
                    .filter(|found| at_most(population, drawn, *found, confidence) >= wrong)
                    .map(|found| exactly(population, drawn, found, wrong))
                    .sum();
                prop_assert!(covered * BigUint::from(PPM) >= binomial(population, drawn) * BigUint::from(confidence), "{} wrong", wrong);
            }
        }

        #[test]
        fn more_errors_more_confidence_or_fewer_draws_never_lower_it(population in 2u64..200, drawn in 1u64..60, errors in 0u64..10) {
            let drawn = drawn.min(population - 1);
            let errors = errors.min(drawn - 1);
            let bound = at_most(population, drawn, errors, 950_000);
            prop_assert!((errors..=population).contains(&bound));
            prop_assert!(at_most(population, drawn, errors + 1, 950_000) >= bound);
            prop_assert!(at_most(population, drawn, errors, 990_000) >= bound);
            prop_assert!(at_most(population, drawn + 1, errors, 950_000) <= bound);
        }
    }

    #[test]
    fn figures_that_can_be_looked_up() {
        // Everything looked at: what was found is what there is.
        assert_eq!(at_most(100, 100, 3, 950_000), 3);
        // Nothing looked at: nothing is known.
        assert_eq!(at_most(100, 0, 0, 950_000), 100);
        // The auditor's rule of 59: no error in 59 draws from a large population bounds the rate below 5 % at 95 %.
        assert!(at_most(1_000_000, 59, 0, 950_000) < 50_000);
        assert!(at_most(1_000_000, 58, 0, 950_000) >= 50_000);
        // One error in 93 does the same (Clopper and Pearson's limit is 4.998 %).
        assert!(at_most(10_000_000, 93, 1, 950_000) < 500_000);
        assert!(at_most(10_000_000, 92, 1, 950_000) >= 500_000);
    }
}
