//! The records of the sample audits can be shown: every room, without a text cut off.

mod support;

use std::{fs, path::Path};

use support::fake::{Fake, click, files, shows, window};
use verifold_model::record::{AuditRecord, Volatile};
use verifold_ui::{place::Screen, widgets::text::take_cut_texts};

fn records() -> Vec<(String, AuditRecord)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path().join("expected.record.json");
        if let Ok(text) = fs::read_to_string(&path) {
            // What differs from run to run is not part of what is expected.
            let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
            value["volatile"] = serde_json::to_value(Volatile::default()).unwrap();
            found.push((path.display().to_string(), serde_json::from_value(value).unwrap()));
        }
    }
    found
}

#[test]
fn every_sample_can_be_walked_through() {
    for (path, record) in records() {
        let title = record.headline.title.clone();
        for size in [[1280.0, 800.0], [512.0, 350.0]] {
            let mut window = window(&Fake::with(record.clone()), size, files());
            assert!(shows(&window, &title), "{path}");
            for screen in Screen::ROOMS {
                click(&mut window, screen.title());
                assert_eq!(take_cut_texts(&window.ctx), [""; 0], "{path}, {} at {size:?}", screen.title());
            }
        }
    }
}
