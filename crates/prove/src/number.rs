//! How is a cell's text read as a number, and a number as a quantised feature?
//!
//! Values are read as decimals, never through binary floats, so that the same text gives the same
//! integer on every machine: [`Value`] holds eighteen places behind the point, and
//! [`quantise`] divides exactly. Digits behind the eighteenth place are dropped.

use verifold_model::{decimal::Decimal, plan::Feature};

/// Places behind the point that a [`Value`] keeps.
const PLACES: u32 = 18;

/// Magnitudes from here on are cut to it: every feature's domain ends far below.
const LARGEST: i128 = 10i128.pow(18 + PLACES) - 1;

/// A number as read from data: an integer multiple of 10⁻¹⁸, at most 10¹⁸ in magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(i128);

impl Value {
    /// Reads decimal text such as `-12.50`, `+3` or `1.5e-3`; `None` if it is anything else, infinities and NaN included.
    pub fn read(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (digits, exponent) = match digits.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (digits, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        // Weight of the next digit is 10^power units of 10^-18.
        let mut power = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(PLACES);
        let mut magnitude = 0i128;
        for digit in whole.bytes().chain(fraction.bytes()) {
            power -= 1;
            if digit == b'0' {
                continue;
            }
            match u32::try_from(power) {
                // Behind the last place kept: nothing that follows counts either.
                Err(_) => break,
                Ok(power) if power > 17 + PLACES => magnitude = LARGEST,
                Ok(power) => magnitude = (magnitude + i128::from(digit - b'0') * 10i128.pow(power)).min(LARGEST),
            }
        }
        Some(Self(if negative { -magnitude } else { magnitude }))
    }
}

impl Value {
    /// Decimal places the value needs, at most 18.
    pub(crate) fn places(self) -> u32 {
        (0..PLACES).find(|places| self.0 % 10i128.pow(PLACES - places) == 0).unwrap_or(PLACES)
    }

    /// `(value − offset) / step`, rounded down; exact where the value is a multiple of `step` away from `offset`.
    pub(crate) fn steps(self, offset: Decimal, step: Decimal) -> i128 {
        (self.0 - Self::of(offset)).div_euclid(Self::of(step).max(1))
    }

    fn of(decimal: Decimal) -> i128 {
        i128::from(decimal.mantissa()) * 10i128.pow(PLACES - u32::from(decimal.places()))
    }
}

/// Where a value falls on a feature's scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantised {
    /// Inside `0 ..= max`.
    Inside(u32),
    /// Below 0.
    Below,
    /// Above `max`.
    Above,
}

/// `round((value − offset) / step)`, half away from zero, and whether it lies inside the feature's domain.
pub fn quantise(value: Value, feature: &Feature) -> Quantised {
    let distance = value.0 - Value::of(feature.offset);
    let step = Value::of(feature.step).max(1);
    let magnitude = (2 * distance.abs() + step) / (2 * step);
    match (distance < 0 && magnitude > 0, u32::try_from(magnitude)) {
        (true, _) => Quantised::Below,
        (false, Ok(quantised)) if quantised <= feature.max => Quantised::Inside(quantised),
        (false, _) => Quantised::Above,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use verifold_model::plan::{MissingRule, OutsideRule};

    use super::*;

    fn feature(offset: &str, step: &str, max: u32) -> Feature {
        Feature {
            name: "x".to_owned(),
            unit: String::new(),
            offset: offset.parse().unwrap(),
            step: step.parse().unwrap(),
            max,
            outside: OutsideRule::Void,
            missing: MissingRule::Void,
        }
    }

    #[track_caller]
    fn check(text: &str, offset: &str, step: &str, expected: Quantised) {
        assert_eq!(quantise(Value::read(text).unwrap(), &feature(offset, step, 255)), expected);
    }

    #[test]
    fn halves_round_away_from_zero() {
        check("0.5", "0", "1", Quantised::Inside(1));
        check("0.4999999999999999999999", "0", "1", Quantised::Inside(0));
        check("-0.4", "0", "1", Quantised::Inside(0));
        check("-0.5", "0", "1", Quantised::Below);
        check("0.15", "0", "0.1", Quantised::Inside(2));
        check("-3", "-10.5", "0.5", Quantised::Inside(15));
        check("255.49", "0", "1", Quantised::Inside(255));
        check("255.5", "0", "1", Quantised::Above);
    }

    #[test]
    fn reads_what_tables_hold() {
        for (text, same) in [("1e3", "1000"), ("1.50E-1", "0.15"), ("+7", "7"), ("5.", "5"), (".5", "0.5"), ("-0", "0"), ("1e-30", "0")] {
            assert_eq!(Value::read(text), Value::read(same), "{text}");
        }
        for text in ["", ".", "-", "e5", "1,5", "nan", "inf", "0x10", "1e", "1 2", "1e99999999999"] {
            assert_eq!(Value::read(text), None, "{text}");
        }
    }

    #[test]
    fn magnitudes_beyond_any_domain_are_cut() {
        check("1e300", "0", "1", Quantised::Above);
        check("-123456789012345678901234567890", "0", "1", Quantised::Below);
    }

    proptest! {
        #[test]
        fn is_monotone_and_within_half_a_step(a in -2_000_000i64..2_000_000, b in -2_000_000i64..2_000_000, offset in -5000i64..5000, step in 1i64..5000) {
            let text = |thousandths: i64| format!("{}{}.{:03}", if thousandths < 0 { "-" } else { "" }, thousandths.abs() / 1000, thousandths.abs() % 1000);
            let feature = feature(&text(offset), &text(step), 4095);
            let place = |thousandths| match quantise(Value::read(&text(thousandths)).unwrap(), &feature) {
                Quantised::Below => -1,
                Quantised::Inside(q) => i64::from(q),
                Quantised::Above => 4096,
            };
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(place(low) <= place(high));
            if (0..=4095).contains(&place(a)) {
                prop_assert!((2 * (a - offset - place(a) * step)).abs() <= step);
            }
        }
    }
}
