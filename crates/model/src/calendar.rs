//! Which batches does a calendar cut a period into?

use crate::{instant::Instant, plan::Calendar, statement::Period};

/// Most batches a calendar may expect: as many as a package may hold by default, and then some.
pub const MAX_SLOTS: usize = 100_000;

const DAY_SECS: u64 = 86_400;

/// One batch that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// First time, inclusive.
    pub start: Instant,
    /// First time after.
    pub end: Instant,
    /// As read on screen.
    pub label: String,
}

/// The slots that `kind` cuts `span` into. A free calendar has none: its slots are listed.
///
/// # Errors
/// One sentence on a boundary that does not fit, or on too many slots.
pub fn slots(kind: Calendar, span: Period) -> Result<Vec<Slot>, String> {
    let (fits, boundary): (fn(Instant) -> bool, _) = match kind {
        Calendar::IsoWeek => (Instant::starts_iso_week, "on a Monday at 00:00:00 UTC"),
        Calendar::Month => (Instant::starts_month, "on the first of a month at 00:00:00 UTC"),
        Calendar::Free => return Err("a free calendar has no slots of its own: list them".to_owned()),
    };
    for (what, at) in [("start", span.start), ("end", span.end)] {
        if !fits(at) {
            return Err(format!("with this calendar the {what} must lie {boundary}, it is {at}"));
        }
    }
    if span.end <= span.start {
        return Err(format!("the end {} does not lie after the start {}", span.end, span.start));
    }
    let mut slots = Vec::new();
    let mut start = span.start;
    while start < span.end {
        if slots.len() == MAX_SLOTS {
            return Err(format!("the calendar expects more than {MAX_SLOTS} batches"));
        }
        let days = match kind {
            Calendar::IsoWeek => 7..=7,
            Calendar::Month | Calendar::Free => 28..=31,
        };
        let next = days.filter_map(|days| Instant::from_unix_secs(start.unix_secs() + days * DAY_SECS)).find(|at| fits(*at));
        let Some(end) = next else { return Err(format!("no slot can begin after {start}")) };
        slots.push(Slot { start, end, label: label(kind, start, end) });
        start = end;
    }
    Ok(slots)
}

/// What a batch is called: `2026-W23`, `June 2026`, or first and last day.
pub fn label(kind: Calendar, start: Instant, end: Instant) -> String {
    match kind {
        Calendar::IsoWeek => start.iso_week_text(),
        Calendar::Month => month_text(start),
        Calendar::Free => Period { start, end }.text(),
    }
}

fn month_text(at: Instant) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let date = at.date_text();
    let month_and_year = date.split_once(' ').map_or(date.as_str(), |(_, rest)| rest);
    let full = month_and_year.split_once(' ').and_then(|(month, year)| {
        let name = MONTHS.iter().find(|name| name.starts_with(month))?;
        Some(format!("{name} {year}"))
    });
    full.unwrap_or_else(|| month_and_year.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Period {
        let at = |date: &str| format!("{date}T00:00:00Z").parse().unwrap();
        Period { start: at(start), end: at(end) }
    }

    #[test]
    fn weeks_and_months_are_cut_where_they_begin() {
        let weeks = slots(Calendar::IsoWeek, span("2026-06-01", "2026-11-16")).unwrap();
        assert_eq!(weeks.len(), 24);
        assert_eq!((weeks[0].label.as_str(), weeks[23].label.as_str()), ("2026-W23", "2026-W46"));
        let months = slots(Calendar::Month, span("2024-01-01", "2025-01-01")).unwrap();
        assert_eq!(months.len(), 12);
        assert_eq!((months[1].label.as_str(), months[1].end), ("February 2024", months[2].start));
        assert_eq!(months[1].end.unix_secs() - months[1].start.unix_secs(), 29 * DAY_SECS);
        assert_eq!(label(Calendar::Free, weeks[0].start, weeks[0].end), "1 Jun 2026 – 7 Jun 2026");
    }

    #[test]
    fn a_boundary_off_the_calendar_is_named() {
        let error = slots(Calendar::IsoWeek, span("2026-06-02", "2026-11-16")).unwrap_err();
        assert_eq!(error, "with this calendar the start must lie on a Monday at 00:00:00 UTC, it is 2026-06-02T00:00:00Z");
        assert!(slots(Calendar::Month, span("2026-06-01", "2026-06-01")).is_err());
    }
}
