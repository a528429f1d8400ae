//! Points in time as whole seconds, and calendar dates, without a clock or a time zone but UTC.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Bits of a row key below its seconds: rows within one second are told apart by a sequence number.
pub const SEQUENCE_BITS: u32 = 24;

/// A point in time in UTC, whole seconds since 1970-01-01, at most 2^40 − 1; written as RFC 3339 with `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Instant(u64);

/// Why a text is not an [`Instant`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-06-01T00:00:00Z (RFC 3339, UTC, whole seconds, 1970 or later), found {found:?}")]
pub struct InstantError {
    /// What stood there, cut to 40 characters.
    pub found: String,
}

impl Instant {
    /// Last second that RFC 3339's four-digit years can write.
    const MAX: u64 = 253_402_300_799;

    /// From seconds since 1970-01-01T00:00:00Z; `None` after the year 9999.
    pub const fn from_unix_secs(secs: u64) -> Option<Self> {
        if secs <= Self::MAX { Some(Self(secs)) } else { None }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn unix_secs(self) -> u64 {
        self.0
    }

    /// The smallest row key at this time: seconds in the upper 40 bits, sequence 0.
    pub const fn first_key(self) -> u64 {
        self.0 << SEQUENCE_BITS
    }

    fn date_time(self) -> OffsetDateTime {
        #[expect(clippy::expect_used, reason = "the constructor keeps seconds within four-digit years")]
        OffsetDateTime::from_unix_timestamp(self.0.cast_signed()).expect("in range by construction")
    }

    /// The date as people read it: `21 Nov 2026`.
    pub fn date_text(self) -> String {
        let date = self.date_time().date();
        let month = date.month().to_string();
        format!("{} {} {}", date.day(), &month[..3], date.year())
    }

    /// Day and month only, `21 Nov`, for axes.
    pub fn day_text(self) -> String {
        let date = self.date_time().date();
        format!("{} {}", date.day(), &date.month().to_string()[..3])
    }

    /// The ISO 8601 week, `2026-W23`.
    pub fn iso_week_text(self) -> String {
        let (year, week, _) = self.date_time().date().to_iso_week_date();
        format!("{year}-W{week:02}")
    }

    /// Whether this is a Monday at 00:00:00.
    pub fn starts_iso_week(self) -> bool {
        let at = self.date_time();
        at.weekday() == time::Weekday::Monday && self.0.is_multiple_of(86_400)
    }

    /// Whether this is the first of a month at 00:00:00.
    pub fn starts_month(self) -> bool {
        self.date_time().day() == 1 && self.0.is_multiple_of(86_400)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date_time().format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({self})")
    }
}

impl FromStr for Instant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, InstantError> {
        let refuse = || InstantError { found: text.chars().take(40).collect() };
        let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| refuse())?;
        let instant = u64::try_from(at.unix_timestamp()).ok().and_then(Self::from_unix_secs).ok_or_else(refuse)?;
        // One spelling: fractions and other offsets would be silently dropped.
        if instant.to_string() == text { Ok(instant) } else { Err(refuse()) }
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_one_spelling() {
        let monday: Instant = "2026-06-01T00:00:00Z".parse().unwrap();
        assert_eq!(monday.date_text(), "1 Jun 2026");
        assert_eq!(monday.iso_week_text(), "2026-W23");
        assert!(monday.starts_iso_week() && monday.starts_month());
        for off in ["2026-06-01T00:00:00+00:00", "2026-06-01T00:00:00.5Z", "2026-06-01", "1969-12-31T23:59:59Z"] {
            assert!(off.parse::<Instant>().is_err(), "{off}");
        }
    }
}
