//! The parsers of untrusted bytes on the samples' own files, altered at random: none panics, none accepts a second spelling.
//!
//! The long run of the same functions is `cargo xtask fuzz`.

#[expect(clippy::expect_used, dead_code, reason = "the targets say what must hold; one needs a key and is for the long run")]
#[path = "../../fuzz/targets.rs"]
mod targets;

#[expect(clippy::expect_used, reason = "without samples there is nothing to alter")]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

use targets::TARGETS;

/// Alterations for each target, shared among its seeds; the same in every run.
const ALTERATIONS: usize = 300;

/// Numbers without a pattern that matters here (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// One to four of: a bit flipped, bytes removed, repeated or overwritten, a digit made another.
fn altered(seed: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=draw.below(4) {
        let at = draw.below(bytes.len());
        let length = draw.below(16).min(bytes.len() - at);
        match draw.below(5) {
            _ if bytes.is_empty() => bytes.push(draw.next() as u8),
            0 => bytes[at] ^= 1 << draw.below(8),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let again = bytes[at..at + length].to_vec();
                let to = draw.below(bytes.len());
                drop(bytes.splice(to..to, again));
            }
            3 => bytes[at..at + length].fill_with(|| draw.next() as u8),
            _ => {
                let digits: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
                if let Some(digit) = digits.get(draw.below(digits.len())) {
                    bytes[*digit] = b'0' + draw.below(10) as u8;
                }
            }
        }
    }
    bytes
}

#[test]
fn parsers_of_untrusted_bytes_neither_panic_nor_accept_two_spellings() {
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        assert!(!seeds.is_empty(), "{name} has no seed");
        let mut draw = Draw(1);
        for seed in &seeds {
            target(seed);
            for _ in 0..ALTERATIONS.div_ceil(seeds.len()) {
                target(&altered(seed, &mut draw));
            }
        }
    }
}
