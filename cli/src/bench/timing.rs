//! Wall and CPU time of one piece of work, and medians over several.

use std::time::{Duration, Instant as Clock};

use serde::Serialize;

/// CPU time of all threads of this process, where the system tells.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

/// Rounds of one piece of work.
#[derive(Debug, Default)]
pub(super) struct Samples {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Samples {
    /// Runs the work once more.
    pub(super) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let cpu = cpu_time();
        #[expect(clippy::disallowed_methods, reason = "a shell measures")]
        let begun = Clock::now();
        let result = work();
        self.wall.push(begun.elapsed());
        if let (Some(before), Some(after)) = (cpu, cpu_time()) {
            self.cpu.push(after.saturating_sub(before));
        }
        result
    }

    pub(super) fn spread(self) -> Timing {
        Timing { wall: Spread::of(self.wall).unwrap_or_default(), cpu: Spread::of(self.cpu) }
    }
}

/// Wall time, and CPU time of all threads where the system tells.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Timing {
    pub(super) wall: Spread,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpu: Option<Spread>,
}

impl Timing {
    /// Median of CPU time, or of wall time where there is no other.
    pub(super) fn cost(&self) -> f64 {
        self.cpu.unwrap_or(self.wall).median
    }

    pub(super) fn text(&self) -> String {
        match self.cpu {
            Some(cpu) => format!("{:<38} CPU {}", self.wall.text(), cpu.text()),
            None => self.wall.text(),
        }
    }
}

/// Median, least and most, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let micros = |time: &Duration| time.as_nanos() as f64 / 1000.0;
        let (least, most) = (times.first()?, times.last()?);
        let (low, high) = (times.get((times.len() - 1) / 2)?, times.get(times.len() / 2)?);
        Some(Self { median: f64::midpoint(micros(low), micros(high)), least: micros(least), most: micros(most) })
    }

    fn text(&self) -> String {
        let unit = if self.most >= 1e6 { (1e6, "s") } else { (1e3, "ms") };
        let digits = |value: f64| format!("{:.3}", value / unit.0);
        format!("{} {} ({}–{})", digits(self.median), unit.1, digits(self.least), digits(self.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_lie_in_the_middle() {
        let of = |times: &[u64]| Spread::of(times.iter().map(|t| Duration::from_micros(*t)).collect()).unwrap();
        assert_eq!((of(&[5, 1, 9]).median, of(&[5, 1, 9]).least, of(&[5, 1, 9]).most), (5.0, 1.0, 9.0));
        assert_eq!(of(&[4, 2]).median, 3.0);
        assert!(Spread::of(Vec::new()).is_none());
    }
}
