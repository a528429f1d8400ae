//! Exact decimal numbers: limits, scales and measured values without binary floats.

use std::{cmp::Ordering, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most digits after the point that a [`Decimal`] may have.
pub const MAX_PLACES: u8 = 12;

/// A decimal number `mantissa / 10^places`, as written: `0.10` keeps its two places.
///
/// At most 18 digits in all and [`MAX_PLACES`] behind the point, so that sums and comparisons
/// stay within 128-bit integers. Serialised as a string.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(with = "String")]
pub struct Decimal {
    mantissa: i64,
    places: u8,
}

/// Why a text is not a [`Decimal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal number such as 0.10, at most 18 digits with {MAX_PLACES} behind the point; found {found:?}")]
pub struct DecimalError {
    /// What stood there, cut to 40 characters.
    pub found: String,
}

impl Decimal {
    /// `mantissa / 10^places`; `None` if `places` is above [`MAX_PLACES`] or the mantissa has more than 18 digits.
    pub const fn new(mantissa: i64, places: u8) -> Option<Self> {
        if places > MAX_PLACES || mantissa.unsigned_abs() >= 10u64.pow(18) {
            return None;
        }
        Some(Self { mantissa, places })
    }

    /// Zero, without places.
    pub const ZERO: Self = Self { mantissa: 0, places: 0 };

    /// One, without places.
    pub const ONE: Self = Self { mantissa: 1, places: 0 };

    /// A whole number of at most 18 digits.
    pub const fn integer(value: i64) -> Option<Self> {
        Self::new(value, 0)
    }

    /// The integer in front of the power of ten.
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// Digits behind the point.
    pub const fn places(self) -> u8 {
        self.places
    }

    /// `10^places`.
    pub const fn denominator(self) -> i64 {
        10i64.pow(self.places as u32)
    }

    /// Compares exactly with the fraction `numerator / denominator`, `denominator > 0`.
    ///
    /// # Panics
    /// If the denominator is not positive, or the products leave 128 bits (operands above 2^63 do not occur).
    pub fn cmp_ratio(self, numerator: i128, denominator: i128) -> Ordering {
        assert!(denominator > 0, "a ratio has a positive denominator");
        (i128::from(self.mantissa) * denominator).cmp(&(numerator * i128::from(self.denominator())))
    }

    /// The nearest binary float, for drawing only.
    #[expect(clippy::cast_precision_loss, reason = "only pixels depend on it")]
    pub fn to_f64(self) -> f64 {
        self.mantissa as f64 / self.denominator() as f64
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_ratio(i128::from(other.mantissa), i128::from(other.denominator()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        let unit = self.denominator().unsigned_abs();
        if self.places == 0 {
            write!(f, "{sign}{digits}")
        } else {
            write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit, width = usize::from(self.places))
        }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let refuse = || DecimalError { found: text.chars().take(40).collect() };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
            return Err(refuse());
        }
        let places = u8::try_from(fraction.len()).map_err(|_| refuse())?;
        let magnitude: i64 = format!("{whole}{fraction}").parse().map_err(|_| refuse())?;
        Self::new(if negative { -magnitude } else { magnitude }, places).ok_or_else(refuse)
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        for text in ["0.10", "-3", "12.000000000001", "0", "-0.5"] {
            assert_eq!(text.parse::<Decimal>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        for text in ["", ".5", "5.", "1e3", "+1", "0.0000000000001", "9999999999999999999"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn compares_by_value() {
        let tenth: Decimal = "0.10".parse().unwrap();
        assert_eq!(tenth, "0.1".parse().unwrap());
        assert_eq!(tenth.cmp_ratio(1, 10), Ordering::Equal);
        assert_eq!(tenth.cmp_ratio(11, 100), Ordering::Less);
    }
}
