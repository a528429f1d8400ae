//! Chance that can be repeated: the same seed draws the same mutants on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to choose places and values.
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream of a seed; `part` keeps streams of one seed apart.
    pub(crate) fn new(seed: u64, part: &str, number: usize) -> Self {
        let mixed = part.bytes().fold(seed, |mix, byte| (mix ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut draw = Self(mixed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        draw.next();
        draw
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        assert!(end > 0, "there must be something to draw from");
        usize::try_from(self.next() % end as u64).unwrap_or(0)
    }

    /// A number in `1..=last`.
    pub(crate) fn up_to(&mut self, last: usize) -> usize {
        1 + self.below(last)
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Two different numbers in `0..end`.
    pub(crate) fn two_below(&mut self, end: usize) -> (usize, usize) {
        let first = self.below(end);
        (first, (first + self.up_to(end - 1)) % end)
    }

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.next() as u8)
    }
}
