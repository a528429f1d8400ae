//! The logistic curve as sixteen straight segments on either side, exactly the same natively and as constraints.
//!
//! Segment k runs from k/2 to (k + 1)/2 log-odds; its ends lie on the curve, rounded to 2^−16, so that no segment
//! departs from it by more than 0.0031. Beyond 8 log-odds the curve is cut off at its value there, 2^−11.5 from certainty.
//! How finely scores are read is a [`Curve`]'s.

/// Segments on either side of zero.
pub(crate) const SEGMENTS: usize = 16;

/// The resolution a curve is read at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Curve {
    /// Bits of a place inside a segment, half a log-odds: a score counts 2^−(segment_bits + 1) of a log-odds.
    pub(crate) segment_bits: usize,
    /// Lowest bits of a place that are left off.
    pub(crate) dropped: usize,
}

/// `2^16 · (σ(k/2) − ½)`, rounded.
pub(crate) const NODES: [u64; SEGMENTS + 1] =
    [0, 8025, 15143, 20813, 24956, 27797, 29660, 30847, 31589, 32048, 32329, 32501, 32606, 32670, 32708, 32732, 32746];

/// Rise of each segment, and of the level beyond the last.
pub(crate) fn rise(segment: usize) -> u64 {
    NODES.get(segment + 1).map_or(0, |end| end - NODES[segment])
}

impl Curve {
    /// `training/v1`: scores in 2^−30 log-odds, nothing left off.
    pub(crate) const SCORECARD: Self = Self { segment_bits: 29, dropped: 0 };
    /// `neural-training/v2`: scores in 2^−24 log-odds, read to 2^−9.
    pub(crate) const NETWORK: Self = Self { segment_bits: 23, dropped: 15 };

    /// Bits of a place that count.
    pub(crate) const fn kept(self) -> usize {
        self.segment_bits - self.dropped
    }

    /// Binary places of a probability: those of [`NODES`] and those of a place.
    pub(crate) const fn probability_bits(self) -> usize {
        16 + self.kept()
    }

    /// Segment of a magnitude, [`SEGMENTS`] beyond the last.
    pub(crate) fn segment_of(self, magnitude: u64) -> usize {
        usize::try_from(magnitude >> self.segment_bits).map_or(SEGMENTS, |segment| segment.min(SEGMENTS))
    }

    /// `2^probability_bits · σ(score)`, in segments.
    pub(crate) fn probability(self, score: i64) -> i64 {
        let magnitude = score.unsigned_abs();
        let segment = self.segment_of(magnitude);
        let place = (magnitude & ((1 << self.segment_bits) - 1)) >> self.dropped;
        let distance = (NODES[segment] << self.kept()) + rise(segment) * place;
        let half = 1i64 << (self.probability_bits() - 1);
        if score < 0 { half - distance as i64 } else { half + distance as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test within 10^−4; nothing of it is recorded")]
    fn sigma(log_odds: f64) -> f64 {
        1.0 / (1.0 + (-log_odds).exp())
    }

    #[test]
    fn nodes_lie_on_the_curve_and_segments_near_it() {
        for (k, node) in NODES.iter().enumerate() {
            assert_eq!(*node as f64, ((sigma(k as f64 / 2.0) - 0.5) * 65_536.0).round());
        }
        for (curve, least, most) in [(Curve::SCORECARD, 0.0029, 0.0031), (Curve::NETWORK, 0.0029, 0.0035)] {
            let power = |bits: usize| (1u64 << bits) as f64;
            let departure = |log_odds: f64| {
                let score = (log_odds * power(curve.segment_bits + 1)) as i64;
                curve.probability(score) as f64 / power(curve.probability_bits()) - sigma(log_odds)
            };
            let largest = (-4000..=4000).map(|i| departure(f64::from(i) / 400.0).abs()).fold(0.0, f64::max);
            assert!((least..most).contains(&largest), "{largest}");
            assert!(departure(8.0).abs() < 1e-5 && departure(-30.0) < 0.000_34);
        }
    }

    #[test]
    fn the_curve_is_symmetric_rises_and_stays_inside_zero_and_one() {
        for curve in [Curve::SCORECARD, Curve::NETWORK] {
            let one = 1i64 << curve.probability_bits();
            assert_eq!(curve.probability(0), one / 2);
            let mut before = -1;
            for score in (-10_000i64..10_000).map(|i| (i * (1 << 20) + i) >> (29 - curve.segment_bits)) {
                let p = curve.probability(score);
                assert_eq!(p + curve.probability(-score), one);
                assert!(before <= p && 0 < p && p < one);
                before = p;
            }
            assert_eq!(curve.probability(i64::MAX), curve.probability(16 << curve.segment_bits));
        }
    }
}
