//! Into which batches does a calendar cut a period?
//!
//! Every slot of the calendar inside the period is a batch, with or without rows: a slot left out
//! would be a gap an auditor has to ask about.

use verifold_model::{calendar, limits::Limit, plan::Calendar, statement::Period};

/// Most batches of a period: one in a package is the reference.
#[expect(clippy::cast_possible_truncation, reason = "the limit is small")]
const MAX_SLOTS: usize = Limit::Batches.most() as usize - 1;

/// A calendar slot: the span of time of one batch.
pub type Slot = Period;

/// The slots of the calendar that make up `period`; `free` are the slots of a free calendar.
///
/// # Errors
/// A sentence that says which boundary does not fit.
pub fn slots(kind: Calendar, period: Period, free: &[Slot]) -> Result<Vec<Slot>, String> {
    if kind != Calendar::Free && !free.is_empty() {
        return Err("batches are listed only under the calendar `free`".to_owned());
    }
    if kind == Calendar::Free {
        return free_slots(period, free);
    }
    let slots = calendar::slots(kind, period)?;
    if slots.len() > MAX_SLOTS {
        return Err(format!("the calendar has {} batches in the period, a package holds at most {MAX_SLOTS}", slots.len()));
    }
    Ok(slots.into_iter().map(|slot| Slot { start: slot.start, end: slot.end }).collect())
}

fn free_slots(period: Period, free: &[Slot]) -> Result<Vec<Slot>, String> {
    if free.is_empty() || free.len() > MAX_SLOTS {
        return Err(format!("the calendar `free` needs 1 to {MAX_SLOTS} batches, listed as [[batches.slot]]"));
    }
    for (i, slot) in free.iter().enumerate() {
        if slot.start >= slot.end {
            return Err(format!("batch {} ends at {}, not after its start", i + 1, slot.end));
        }
        if slot.start < period.start || slot.end > period.end {
            return Err(format!("batch {} reaches outside the period", i + 1));
        }
        if i > 0 && slot.start < free[i - 1].end {
            return Err(format!("batch {} starts before batch {i} ends", i + 1));
        }
    }
    Ok(free.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Period {
        let at = |date: &str| format!("{date}T00:00:00Z").parse().unwrap();
        Period { start: at(start), end: at(end) }
    }

    #[track_caller]
    fn check(calendar: Calendar, period: Period, free: &[Slot], expected: Result<usize, &str>) {
        let found = slots(calendar, period, free);
        if let Ok(slots) = &found {
            assert!(slots.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
        assert_eq!(found.as_ref().map(Vec::len).map_err(String::as_str), expected);
    }

    #[test]
    fn a_period_is_cut_where_the_calendar_says() {
        check(Calendar::IsoWeek, span("2026-01-05", "2026-06-22"), &[], Ok(24));
        check(Calendar::Month, span("2024-01-01", "2026-01-01"), &[], Ok(24));
        check(
            Calendar::Free,
            span("2026-01-01", "2026-02-01"),
            &[span("2026-01-03", "2026-01-04"), span("2026-01-05", "2026-02-01")],
            Ok(2),
        );
    }

    #[test]
    fn a_boundary_that_does_not_fit_is_named() {
        check(
            Calendar::IsoWeek,
            span("2026-01-01", "2026-06-22"),
            &[],
            Err("with this calendar the start must lie on a Monday at 00:00:00 UTC, it is 2026-01-01T00:00:00Z"),
        );
        check(
            Calendar::Month,
            span("2026-01-01", "2026-06-22"),
            &[],
            Err("with this calendar the end must lie on the first of a month at 00:00:00 UTC, it is 2026-06-22T00:00:00Z"),
        );
        let overlapping = [span("2026-01-03", "2026-01-05"), span("2026-01-04", "2026-01-06")];
        check(Calendar::Free, span("2026-01-01", "2026-02-01"), &overlapping, Err("batch 2 starts before batch 1 ends"));
        check(Calendar::Month, span("2026-01-01", "2026-02-01"), &overlapping, Err("batches are listed only under the calendar `free`"));
    }
}
