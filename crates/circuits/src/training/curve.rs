//! The logistic curve as sixteen straight segments on either side, exactly the same natively and as constraints.
//!
//! A score counts 2^−30 of a log-odds. Segment k runs from k/2 to (k + 1)/2 log-odds; its ends lie on the curve,
//! rounded to 2^−16, so that no segment departs from it by more than 0.0031. Beyond 8 log-odds the curve is cut
//! off at its value there, 2^−11.5 from certainty.

/// Segments on either side of zero.
pub(crate) const SEGMENTS: usize = 16;

/// Bits of a place inside a segment: half a log-odds.
pub(crate) const SEGMENT_BITS: usize = 29;

/// Binary places of a probability: those of [`NODES`] and those of a place.
pub(crate) const PROBABILITY_BITS: usize = 16 + SEGMENT_BITS;

/// `2^16 · (σ(k/2) − ½)`, rounded.
pub(crate) const NODES: [u64; SEGMENTS + 1] =
    [0, 8025, 15143, 20813, 24956, 27797, 29660, 30847, 31589, 32048, 32329, 32501, 32606, 32670, 32708, 32732, 32746];

/// Rise of each segment, and of the level beyond the last.
pub(crate) fn rise(segment: usize) -> u64 {
    NODES.get(segment + 1).map_or(0, |end| end - NODES[segment])
}

/// Segment of a magnitude, [`SEGMENTS`] beyond the last.
pub(crate) fn segment_of(magnitude: u64) -> usize {
    usize::try_from(magnitude >> SEGMENT_BITS).map_or(SEGMENTS, |segment| segment.min(SEGMENTS))
}

/// `2^45 · σ(score)` of a score in 2^−30 log-odds, in segments.
pub(crate) fn probability(score: i64) -> i64 {
    let magnitude = score.unsigned_abs();
    let segment = segment_of(magnitude);
    let place = magnitude & ((1 << SEGMENT_BITS) - 1);
    let distance = (NODES[segment] << SEGMENT_BITS) + rise(segment) * place;
    let half = 1i64 << (PROBABILITY_BITS - 1);
    if score < 0 { half - distance as i64 } else { half + distance as i64 }
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
        let unit = f64::from(1 << 30);
        let departure = |log_odds: f64| probability((log_odds * unit) as i64) as f64 / 32.0 / 1024.0 / unit - sigma(log_odds);
        let largest = (-4000..=4000).map(|i| departure(f64::from(i) / 400.0).abs()).fold(0.0, f64::max);
        assert!((0.0029..0.0031).contains(&largest), "{largest}");
        assert!(departure(8.0).abs() < 1e-5 && departure(-30.0) < 0.000_34);
    }

    #[test]
    fn the_curve_is_symmetric_rises_and_stays_inside_zero_and_one() {
        let one = 1i64 << PROBABILITY_BITS;
        assert_eq!(probability(0), one / 2);
        let mut before = -1;
        for score in (-10_000i64..10_000).map(|i| i * (1 << 20) + i) {
            let p = probability(score);
            assert_eq!(p + probability(-score), one);
            assert!(before <= p && 0 < p && p < one);
            before = p;
        }
        assert_eq!(probability(i64::MAX), probability(8 << 30));
    }
}
