//! A plan's own rounding of raw values, as exact fractions: where its domain lies, and the affine map that follows it.
//!
//! A plan rounds a plain value to `round((value − offset) / step)`, half away from zero, and takes for its domain whatever becomes
//! `0 ..= max` so. Inside the domain that is `floor((slope · r + intercept) / unit)` of the raw value r, with the half in the intercept.

use crate::{
    decimal::Decimal,
    plan::Feature,
    preparation::{MAP_BITS, MISSING},
};

/// One, in units of the map's fraction.
const ONE: i128 = 1 << MAP_BITS;

/// A feature's rounding of a column of raw values: `floor((slope · r + intercept) / unit)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounding {
    slope: i128,
    intercept: i128,
    unit: i128,
    max: u32,
}

impl Rounding {
    /// For raw values that stand for `offset + r · step`; `None` if a number leaves 128 bits or a step is not positive.
    pub(super) fn new(feature: &Feature, offset: Decimal, step: Decimal) -> Option<Self> {
        let places = [feature.offset, feature.step, offset, step].map(Decimal::places).into_iter().fold(0, u8::max);
        // At most 18 digits and 12 more places: below 2^100.
        let scaled = |decimal: Decimal| i128::from(decimal.mantissa()) * 10i128.pow(u32::from(places - decimal.places()));
        let (slope, unit) = (2 * scaled(step), 2 * scaled(feature.step));
        if slope <= 0 || unit <= 0 {
            return None;
        }
        let intercept = 2 * (scaled(offset) - scaled(feature.offset)) + scaled(feature.step);
        let common = gcd(gcd(slope, unit), intercept);
        Some(Self { slope: slope / common, intercept: intercept / common, unit: unit / common, max: feature.max })
    }

    /// The first and the last raw value of the plan's domain; `None` if there is none, or if raw values do not reach beyond
    /// both ends: a value outside would have nothing to stand for it.
    pub(super) fn domain(&self) -> Option<(u32, u32)> {
        // Above minus one half, and below max and one half: both ends open, as halves are rounded away from zero.
        let low = (-self.intercept).div_euclid(self.slope) + 1;
        let end = self.unit.checked_mul(i128::from(self.max) + 1)?.checked_sub(self.intercept)?;
        let high = (end - 1).div_euclid(self.slope);
        let (low, high) = (u32::try_from(low).ok()?, u32::try_from(high).ok()?);
        (low > 0 && low <= high && high < MISSING - 1).then_some((low, high))
    }

    /// What the plan rounds a raw value of its domain to.
    pub(super) fn rounded(&self, raw: u32) -> i128 {
        // A slope below 2^101 and 24 bits.
        (self.slope * i128::from(raw) + self.intercept).div_euclid(self.unit)
    }

    /// By how much a map, before rounding down, exceeds the plan's fraction at a raw value: in units of 1 / (2^24 · `unit`).
    fn excess(&self, multiplier: i128, addend: i128, raw: u32) -> Option<i128> {
        let map = multiplier.checked_mul(i128::from(raw))?.checked_add(addend)?.checked_mul(self.unit)?;
        map.checked_sub((self.slope * i128::from(raw)).checked_add(self.intercept)?.checked_mul(ONE)?)
    }

    /// Excesses that change no rounding: from the first to before the second.
    ///
    /// Remainders of `slope · r + intercept` by `unit` come in steps of their common divisor: no fraction lies nearer than
    /// the smallest to the integer below it, nor nearer than one step to the one above.
    fn harmless(&self) -> Option<(i128, i128)> {
        let step = gcd(self.slope, self.unit);
        let smallest = self.intercept.rem_euclid(step);
        Some((smallest.checked_mul(-ONE)?, (step - smallest).checked_mul(ONE)?))
    }

    /// Multiplier and addend of a map over the domain: the plan's rounding exactly, if there is such a map, else nowhere below it
    /// and one above it for values that lie just below a half. `None` if a number leaves its range.
    pub(super) fn map(&self, low: u32, high: u32) -> Option<(u64, i64)> {
        let below = self.slope.checked_mul(ONE)?.div_euclid(self.unit);
        let (from, to) = self.harmless()?;
        let anchored = |multiplier: i128| {
            let least =
                [low, high].map(|raw| self.excess(multiplier, 0, raw)).into_iter().collect::<Option<Vec<_>>>()?.into_iter().min()?;
            // The smallest addend with which no excess is below the first harmless one.
            let addend = -(least - from).div_euclid(self.unit);
            Some((multiplier, addend))
        };
        let exact = |(multiplier, addend): &(i128, i128)| {
            [low, high].iter().all(|raw| self.excess(*multiplier, *addend, *raw).is_some_and(|excess| (from..to).contains(&excess)))
        };
        // With the smaller factor the excess falls towards the last raw value: that one is rounded as the plan rounds it, so
        // nothing passes `max`; halves, which data are full of, are too.
        let found = [below, below + 1].into_iter().filter_map(anchored).find(exact).or_else(|| anchored(below));
        let (multiplier, addend) = found?;
        Some((u64::try_from(multiplier).ok()?, i64::try_from(addend).ok()?))
    }

    /// Whether a map gives the plan's rounding at every raw value from `low` to `high`.
    pub(super) fn is_exact(&self, multiplier: u64, addend: i64, (low, high): (u32, u32)) -> Option<bool> {
        let (from, to) = self.harmless()?;
        let at = |raw| self.excess(multiplier.into(), addend.into(), raw);
        Some((from..to).contains(&at(low)?) && (from..to).contains(&at(high)?))
    }

    /// Whether a map stays within one of the plan's rounding from `low` to `high`: both are straight, so their ends tell.
    pub(super) fn is_near(&self, multiplier: u64, addend: i64, (low, high): (u32, u32)) -> Option<bool> {
        let (one, at) = (self.unit.checked_mul(ONE)?, |raw| self.excess(multiplier.into(), addend.into(), raw));
        Some(at(low)?.abs() < one && at(high)?.abs() < one)
    }
}

/// Greatest common divisor; of the magnitudes, and positive unless both are zero.
const fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
