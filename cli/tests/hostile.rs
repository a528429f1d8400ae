//! The parsers of untrusted bytes on the samples' own files, altered at random: none panics, none accepts a second spelling.
//!
//! The long run of the same functions is `cargo xtask fuzz`.

#[expect(clippy::expect_used, dead_code, reason = "the targets say what must hold; one needs a key and is for the long run")]
#[path = "../../fuzz/targets.rs"]
mod targets;

#[expect(clippy::expect_used, reason = "without samples there is nothing to alter")]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

#[path = "../../fuzz/alter.rs"]
mod alter;

#[expect(clippy::expect_used, reason = "what is kept must be readable")]
#[path = "../../fuzz/learnt.rs"]
mod learnt;

#[expect(dead_code, reason = "the walk through all of them is for the long run")]
#[path = "../../fuzz/sweep.rs"]
mod sweep;

use std::{collections::BTreeSet, fs, path::Path};

use alter::Draw;
use serde_json::Value;
use targets::TARGETS;
use verifold_model::record::{AuditRecord, RecordError};
use verifold_policy::{Engagement, Overlay, Policy};

/// Alterations of each kind for each target, shared among its seeds; the same in every run.
const ALTERATIONS: usize = 300;

/// Steps of the walk through single alterations, for each seed: each at the next word, and of another kind.
const STEPS: usize = 40;

/// What once made a target fail, as the fuzzers wrote it; none if nothing ever did.
fn crashed(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/crashed").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("what is kept must be readable")).collect()
}

#[test]
fn parsers_of_untrusted_bytes_neither_panic_nor_accept_two_spellings() {
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        assert!(!seeds.is_empty(), "{name} has no seed");
        crashed(name).iter().chain(&learnt::of(name)).for_each(|input| target(input));
        let mut draw = Draw(1);
        for seed in &seeds {
            target(seed);
            let is_text = std::str::from_utf8(seed).is_ok();
            if is_text {
                let spans = alter::spans(seed);
                for step in 0..STEPS.min(spans.len()) {
                    let edits = sweep::edits(seed, &spans, step, &[]);
                    let (part, new) = edits[step % edits.len()].clone();
                    let mut altered = seed.clone();
                    alter::put(&mut altered, part, &new);
                    target(&altered);
                }
            }
            for _ in 0..ALTERATIONS.div_ceil(seeds.len()) {
                target(&alter::bytes(seed, &mut draw));
                if is_text {
                    target(&alter::words(seed, &[], &mut draw));
                }
            }
        }
    }
}

/// Written again it would be another record.
#[test]
fn a_record_of_numbers_that_canonical_json_rounds_is_refused() {
    let [input] = &crashed("record")[..] else { panic!("one is kept") };
    assert!(serde_json::from_slice::<AuditRecord>(input).is_ok());
    assert!(matches!(AuditRecord::read(input), Err(RecordError::Number)));
}

/// A text that its parser refuses would leave most of the parser to chance.
#[test]
fn texts_with_every_field_of_their_formats_are_accepted() {
    let policy = Policy::lint(seeds::WHOLE_POLICY);
    assert!(policy.value.is_some(), "{:?}", policy.notices);
    let engagement = Engagement::lint(seeds::WHOLE_ENGAGEMENT);
    assert!(engagement.value.is_some(), "{:?}", engagement.notices);
    let of_sample = Policy::read(targets::POLICY).unwrap();
    let overlay = Overlay::lint(&seeds::overlay(), Some(&of_sample));
    assert!(overlay.value.is_some(), "{:?}", overlay.notices);
}

/// A field that no seed has is read by code that chance hardly reaches.
#[test]
fn records_to_begin_with_have_every_field_of_their_format() {
    fn fields(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(parts) => {
                for (part, schema) in parts {
                    match (part.as_str(), schema) {
                        // A field may be called so itself.
                        ("properties", Value::Object(properties)) => {
                            found.extend(properties.keys().cloned());
                            properties.values().for_each(|schema| fields(schema, found));
                        }
                        _ => fields(schema, found),
                    }
                }
            }
            Value::Array(schemas) => schemas.iter().for_each(|schema| fields(schema, found)),
            _ => {}
        }
    }
    let schema = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/record.schema.json")).unwrap();
    let mut known = BTreeSet::new();
    fields(&serde_json::from_slice(&schema).unwrap(), &mut known);
    assert!(known.len() > 100, "{known:?}");
    let seeds: Vec<String> = seeds::of("record").into_iter().map(|seed| String::from_utf8(seed).unwrap()).collect();
    let missing: Vec<_> = known.iter().filter(|name| !seeds.iter().any(|seed| seed.contains(&format!("\"{name}\":")))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
