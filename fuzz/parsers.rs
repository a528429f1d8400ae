//! One fuzzer for all targets: `VERIFOLD_TARGET` says which, so that everything is instrumented and built once.
#![no_main]

use std::sync::OnceLock;

#[path = "targets.rs"]
mod targets;

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
