//! One fuzzer for all targets: `VERIFOLD_TARGET` says which, so that everything is instrumented and built once.
#![no_main]

use std::sync::{Mutex, OnceLock, PoisonError};

#[expect(dead_code, reason = "bytes are altered by the engine itself")]
#[path = "alter.rs"]
mod alter;

#[path = "sweep.rs"]
mod sweep;

#[path = "targets.rs"]
mod targets;

use alter::Draw;
use sweep::Sweep;

fn chosen() -> fn(&[u8]) {
    static CHOSEN: OnceLock<fn(&[u8])> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let name = std::env::var("VERIFOLD_TARGET").unwrap_or_default();
        let all = targets::TARGETS.iter().copied().chain([("proof", targets::proof as fn(&[u8]))]);
        match all.into_iter().find(|(known, _)| *known == name) {
            Some((_, target)) => target,
            None => panic!("VERIFOLD_TARGET names no target: {name:?}"),
        }
    })
}

// Keys and samples are got ready before the clock of the first input runs.
libfuzzer_sys::fuzz_target!(init: chosen()(&[]), |data: &[u8]| chosen()(data));

/// What a file beside the corpus holds, which a variable names; nothing if there is none.
fn beside(variable: &str) -> String {
    std::env::var_os(variable).and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default()
}

/// Puts as much there as there is room for; how much that is.
fn put(data: &mut [u8], new: &[u8]) -> usize {
    let length = new.len().min(data.len());
    data[..length].copy_from_slice(&new[..length]);
    length
}

// Engines alter bytes, which seldom leaves a text of its format. Of four texts one is altered by the engine and one by words at
// random; two are next in the walk through every single alteration, or after its end divided between these.
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    static KNOWN: OnceLock<Vec<String>> = OnceLock::new();
    static SWEEP: OnceLock<Mutex<Sweep>> = OnceLock::new();
    let draw = &mut Draw(u64::from(seed));
    let sweep = SWEEP.get_or_init(|| {
        let corpus = std::env::var_os("VERIFOLD_CORPUS").unwrap_or_default();
        Mutex::new(Sweep::of(&corpus, &beside("VERIFOLD_ENUMERATIONS")))
    });
    if seed / 2 % 2 == 0
        && let Some(altered) = sweep.lock().unwrap_or_else(PoisonError::into_inner).next(draw)
    {
        return put(data, &altered);
    }
    if seed % 2 == 0 || std::str::from_utf8(&data[..size]).is_err() {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let known = KNOWN.get_or_init(|| beside("VERIFOLD_WORDS").lines().map(|line| line.trim_matches('"').to_owned()).collect());
    let altered = alter::words(&data[..size], known, draw);
    put(data, &altered)
});
