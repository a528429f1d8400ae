//! How long does a frame take? The rooms of an audit in turn, one frame after another without a rest.
//!
//! The same on every host, so that hosts can be compared. Time is the host's, as the toolkit hands it over: a page may round
//! it to milliseconds, so a mean says more than a percentile there.

use egui::Context;
use serde::Serialize;

use crate::{place::Screen, workbench::Workbench};

/// Frames for which one room is shown.
const STAY: usize = 20;

/// A tour under way.
#[derive(Debug)]
pub struct Pace {
    frames: usize,
    before: Option<f64>,
    intervals: Vec<f64>,
    drawing: Vec<f64>,
}

/// What a tour found, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// Frames measured.
    pub frames: usize,
    /// From one frame to the next.
    pub interval: Spread,
    /// Of that, spent in this program: layout, tessellation, handing over to the graphics library.
    pub drawing: Spread,
}

/// Mean, median and 99th percentile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Half of the values are at most this.
    pub median: f64,
    /// 99 of 100 values are at most this.
    pub p99: f64,
}

impl Pace {
    /// A tour of so many frames, which begins when there is an audit and nothing is under way.
    pub fn new(frames: usize) -> Self {
        Self { frames, before: None, intervals: Vec::new(), drawing: Vec::new() }
    }

    /// Whether the first frame has been seen.
    pub fn has_begun(&self) -> bool {
        self.before.is_some()
    }

    /// After each frame: notes how long it took (`seconds` in the program, if the host knows) and asks for the next. Returns
    /// what was found with the last frame; the tour is then over.
    pub fn look(&mut self, workbench: &mut Workbench, ctx: &Context, seconds: Option<f32>) -> Option<Found> {
        ctx.request_repaint();
        if workbench.is_waiting() || workbench.audit().is_none() {
            return None;
        }
        let now = ctx.input(|input| input.time);
        if let Some(before) = self.before.replace(now) {
            self.intervals.push((now - before) * 1e3);
            self.drawing.extend(seconds.map(|seconds| f64::from(seconds) * 1e3));
        }
        let seen = self.intervals.len();
        if seen < self.frames {
            workbench.open_on(Screen::ROOMS[seen / STAY % Screen::ROOMS.len()]);
            return None;
        }
        Some(Found { frames: seen, interval: Spread::of(&self.intervals), drawing: Spread::of(&self.drawing) })
    }
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        // Nearest rank: the smallest value that so many are at most.
        let rank = |part: usize| sorted.get((sorted.len() * part).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
        let mean = sorted.iter().sum::<f64>() / sorted.len().max(1) as f64;
        Self { mean, median: rank(50), p99: rank(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_by_nearest_rank() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(Spread::of(&values), Spread { mean: 100.5, median: 100.0, p99: 198.0 });
        assert_eq!(Spread::of(&[7.0]), Spread { mean: 7.0, median: 7.0, p99: 7.0 });
        assert_eq!(Spread::of(&[]), Spread { mean: 0.0, median: 0.0, p99: 0.0 });
    }
}
