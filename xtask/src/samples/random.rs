//! Where does chance come from, so that every machine draws the same population?
//!
//! SplitMix64 (Steele, Lea and Flood 2014) over named streams, and distributions made of IEEE 754
//! basic arithmetic alone: platform mathematics differs in its last bits, and one applicant who
//! falls on the other side of a rounding would change a whole file.
//!
//! Nothing here is fit for salts or keys.

/// A stream of pseudo-random numbers.
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a seed and a name; streams of different names are unrelated, so one can grow without shifting another.
    pub(crate) fn stream(seed: u64, name: &str) -> Self {
        // FNV-1a spreads the name over the state; SplitMix64 mixes it from there.
        let state = name.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(state)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in `0 .. 1`.
    pub(crate) fn uniform(&mut self) -> f64 {
        // 53 bits are what a double holds exactly.
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number in `low ..= high`, each equally likely.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low + 1) as f64;
        low + (self.uniform() * span) as i64
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Mean 0, variance 1: twelve uniform numbers less their mean, within ±6.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// Log-normal with the given median; `spread` is the standard deviation of the logarithm.
    pub(crate) fn around(&mut self, median: f64, spread: f64) -> f64 {
        let deviation = self.normal();
        median * exp(spread * deviation)
    }

    /// Poisson with the given mean, by multiplying uniform numbers (Knuth); for means below about 20.
    pub(crate) fn poisson(&mut self, mean: f64) -> i64 {
        let limit = exp(-mean);
        let mut product = self.uniform();
        let mut count = 0;
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    /// A position in `weights`, each as likely as its weight among all.
    pub(crate) fn among(&mut self, weights: &[f64]) -> usize {
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        for (position, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return position;
            }
        }
        weights.len().saturating_sub(1)
    }
}

/// The exponential function from basic arithmetic: a Taylor polynomial near zero, squared eight times.
pub(crate) fn exp(x: f64) -> f64 {
    let small = x / 256.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..=12 {
        term *= small / f64::from(n);
        sum += term;
    }
    for _ in 0..8 {
        sum *= sum;
    }
    sum
}

/// The logistic function.
pub(crate) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + exp(-log_odds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_on_every_machine() {
        let mut random = Random::stream(7, "week 1");
        assert_eq!([random.next(), random.next()], [8_110_278_087_305_099_696, 3_953_595_860_485_167_879]);
    }

    #[test]
    fn the_exponential_is_close_where_it_is_used() {
        for (x, expected) in [(0.0, 1.0), (1.0, std::f64::consts::E), (-2.0, 0.135_335_283_236_612_7), (5.5, 244.691_932_264_220_4)] {
            assert!((exp(x) / expected - 1.0).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut random = Random::stream(1, "moments");
        let draws: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        let counts = (0..20_000).map(|_| random.poisson(1.3)).sum::<i64>() as f64 / 20_000.0;
        assert!((counts - 1.3).abs() < 0.04, "{counts}");
        let picks = (0..20_000).filter(|_| random.among(&[1.0, 3.0]) == 1).count() as f64 / 20_000.0;
        assert!((picks - 0.75).abs() < 0.02, "{picks}");
    }
}
