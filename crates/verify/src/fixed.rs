//! Fractions and logarithms in integers, with bounds that hold.
//!
//! Nothing here uses floating point: a record must not depend on a platform's rounding.

use verifold_model::{
    decimal::Decimal,
    metric::{Fraction, Value},
};

/// Decimal places of a measured bound.
const PLACES: u8 = 9;
const NANO: i128 = 1_000_000_000;

/// Bits behind the point of a fixed-point logarithm.
const LN_BITS: u32 = 56;

/// Error of [`ln`] in units of `2^-56`, generously: 30 series terms and 30 multiples of ln 2, each truncated once or twice.
const LN_ERROR: i128 = 256;

/// `numerator / denominator` with a positive denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ratio {
    pub(crate) numerator: i128,
    pub(crate) denominator: i128,
}

impl Ratio {
    /// `None` for a denominator that is not positive.
    pub(crate) const fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator > 0 { Some(Self { numerator, denominator }) } else { None }
    }

    /// Counts of rows as a ratio.
    pub(crate) fn of(numerator: u64, denominator: u64) -> Option<Self> {
        Self::new(i128::from(numerator), i128::from(denominator))
    }

    fn floor(self) -> i128 {
        (self.numerator * NANO).div_euclid(self.denominator)
    }

    fn ceil(self) -> i128 {
        -(-self.numerator * NANO).div_euclid(self.denominator)
    }

    fn fraction(self) -> Option<Fraction> {
        Some(Fraction { numerator: i64::try_from(self.numerator).ok()?, denominator: i64::try_from(self.denominator).ok()? })
    }
}

fn nano(units: i128) -> Decimal {
    let limit = 10i128.pow(18) - 1;
    // Counts are below 2^24, so no metric comes near a billion; the clamp only keeps the type honest.
    i64::try_from(units.clamp(-limit, limit)).ok().and_then(|units| Decimal::new(units, PLACES)).unwrap_or(Decimal::ZERO)
}

/// An exactly known value.
pub(crate) fn exact(ratio: Ratio) -> Value {
    Value { lo: nano(ratio.floor()), hi: nano(ratio.ceil()), exact: ratio.fraction() }
}

/// A value known to lie between two ratios.
pub(crate) fn between(lo: Ratio, hi: Ratio) -> Value {
    if lo == hi { exact(lo) } else { Value { lo: nano(lo.floor()), hi: nano(hi.ceil()), exact: None } }
}

/// `ln(x)` of a positive integer below `2^63` in units of `2^-56`, within [`LN_ERROR`].
///
/// With `x = 2^k·m`, `1 ≤ m < 2`: `ln x = k·ln 2 + 2·artanh((m − 1)/(m + 1))`, whose argument is at most 1/3,
/// so 30 terms leave less than `3^-60`.
fn ln(x: u64) -> i128 {
    const LN_2: i128 = 49_946_518_145_322_872; // ⌊ln 2 · 2^56⌋
    let exponent = i128::from(x.ilog2());
    let one = 1i128 << LN_BITS;
    let mantissa = (i128::from(x) << LN_BITS) >> x.ilog2();
    let t = ((mantissa - one) << LN_BITS) / (mantissa + one);
    let square = (t * t) >> LN_BITS;
    let mut power = t;
    let mut sum = 0;
    for i in 0..30 {
        sum += power / (2 * i + 1);
        power = (power * square) >> LN_BITS;
    }
    exponent * LN_2 + 2 * sum
}

/// The population stability index of two histograms with ½ added to each count.
///
/// `Σ (p − q)·ln(p / q)`, `p = (2a + 1)/(2Σa + B)`, `q = (2r + 1)/(2Σr + B)`; counts below 2^24, at most 20 bins.
pub(crate) fn stability_index(now: &[u64], reference: &[u64]) -> Value {
    let bins = now.len() as u64;
    let (n, m) = (2 * now.iter().sum::<u64>() + bins, 2 * reference.iter().sum::<u64>() + bins);
    let mut sum = 0i128;
    for (a, r) in now.iter().zip(reference) {
        let (p, q) = (2 * a + 1, 2 * r + 1);
        // (p/n − q/m)·ln(p·m / (q·n)) with the denominators n·m kept aside.
        let difference = i128::from(p) * i128::from(m) - i128::from(q) * i128::from(n);
        let logarithm = ln(p) + ln(m) - ln(q) - ln(n);
        sum += difference * logarithm;
    }
    let scaled = sum.div_euclid(i128::from(n) * i128::from(m));
    // |p − q| sums to at most 2 over the bins, and each logarithm of a quotient carries four errors.
    let slack = 2 * 4 * LN_ERROR + 1;
    let unit = 1i128 << LN_BITS;
    let lo = ((scaled - slack).max(0) * NANO).div_euclid(unit);
    let hi = -(-(scaled + slack) * NANO).div_euclid(unit);
    Value { lo: nano(lo), hi: nano(hi), exact: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, clippy::disallowed_methods, reason = "compared with floating point on purpose")]
    fn logarithms_are_within_their_error() {
        for x in [1u64, 2, 3, 7, 10, 1_001, 65_537, (1 << 24) - 1, 1 << 33, (1 << 51) + 12_345] {
            let found = ln(x) as f64 / (1u64 << LN_BITS) as f64;
            assert!((found - (x as f64).ln()).abs() < 1e-13, "{x}: {found}");
        }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, clippy::disallowed_methods, reason = "compared with floating point on purpose")]
    fn the_stability_index_encloses_the_float_one() {
        let (now, reference) = ([10u64, 0, 55, 120, 31], [100u64, 7, 300, 700, 90]);
        let (n, m) = (now.iter().sum::<u64>() as f64 + 2.5, reference.iter().sum::<u64>() as f64 + 2.5);
        let float: f64 = now
            .iter()
            .zip(reference)
            .map(|(a, r)| {
                let (p, q) = ((*a as f64 + 0.5) / n, (r as f64 + 0.5) / m);
                (p - q) * (p / q).ln()
            })
            .sum();
        let value = stability_index(&now, &reference);
        assert!(value.lo.to_f64() <= float + 1e-12 && float <= value.hi.to_f64() + 1e-12, "{float} in {value:?}");
        assert!(value.hi.mantissa() - value.lo.mantissa() <= 2);
        assert_eq!(stability_index(&now, &now).lo.mantissa(), 0);
    }

    #[test]
    fn bounds_round_outward() {
        let third = exact(Ratio::of(1, 3).unwrap());
        assert_eq!((third.lo.mantissa(), third.hi.mantissa()), (333_333_333, 333_333_334));
        let minus = exact(Ratio::new(-1, 3).unwrap());
        assert_eq!((minus.lo.mantissa(), minus.hi.mantissa()), (-333_333_334, -333_333_333));
    }
}
