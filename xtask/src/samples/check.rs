//! Does every sample end with its exit code and its record?
//!
//! Samples are verified by the command-line program itself, as an auditor would.

use std::{path::Path, process::Command};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::programs;

use super::{Places, read_text, stories::Story, write_if_changed};

/// What a verification ended with.
struct Ended {
    exit: i32,
    /// Causes of everything that stands in the way of a rung.
    causes: Vec<String>,
    /// The record without its volatile block.
    record: String,
}

/// Compares every sample with what is expected of it.
pub(super) fn run(places: &Places, stories: &[&Story]) -> anyhow::Result<()> {
    let [program] = programs::build(&places.root, ["verifold"])?;
    let mut faults = Vec::new();
    for story in stories {
        let folder = places.samples.join(story.name);
        let ended = verify(&program, &folder)?;
        let expected_exit = read_text(&folder.join("expected.exit"))?;
        let expected_record = read_text(&folder.join("expected.record.json"))?;
        if expected_exit.trim() != story.exit.to_string() {
            faults.push(format!("{}: expected.exit says {}, the story {}", story.name, expected_exit.trim(), story.exit));
        }
        faults.extend(ended.faults(story));
        if let Some((line, expected, found)) = first_difference(&expected_record, &ended.record) {
            faults.push(format!(
                "{}: the record differs from expected.record.json in line {line}: expected `{expected}`, found `{found}`",
                story.name
            ));
        }
        println!("{}: exit code {}, {}", story.name, ended.exit, story.outcome);
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{} samples end as expected", stories.len());
    Ok(())
}

/// Writes the records the samples end with now; refuses one that ends with another exit code than its story.
pub(super) fn write_expected(places: &Places, stories: &[&Story]) -> anyhow::Result<()> {
    let [program] = programs::build(&places.root, ["verifold"])?;
    let mut faults = Vec::new();
    for story in stories {
        let folder = places.samples.join(story.name);
        let ended = verify(&program, &folder)?;
        let found = ended.faults(story);
        if found.is_empty() {
            write_if_changed(&folder.join("expected.record.json"), ended.record.as_bytes())?;
            println!("{}: exit code {}, {}", story.name, ended.exit, story.outcome);
        }
        faults.extend(found);
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

fn verify(program: &Path, folder: &Path) -> anyhow::Result<Ended> {
    let scratch = tempfile::tempdir()?;
    let record = scratch.path().join("record.json");
    let output = Command::new(program)
        .args(["verify", "--quiet", "--policy"])
        .arg(folder.join("policy.toml"))
        .arg("--engagement")
        .arg(folder.join("engagement.toml"))
        .arg("--record")
        .arg(&record)
        .arg(folder.join("package.zkaudit"))
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    let exit = output.status.code().context("verifold was killed")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let text =
        std::fs::read_to_string(&record).with_context(|| format!("exit code {exit} and no record for {}: {said}", folder.display()))?;
    let mut record: Value = serde_json::from_str(&text)?;
    if let Some(fields) = record.as_object_mut() {
        fields.remove("volatile");
    }
    let mut text = String::new();
    write_value(&mut text, &record, 0);
    text.push('\n');
    Ok(Ended { exit, causes: blocking_causes(&record), record: text })
}

fn blocking_causes(record: &Value) -> Vec<String> {
    let rungs = record["ladder"].as_array().into_iter().flatten();
    let findings = rungs.filter_map(|rung| rung["findings"].as_array()).flatten();
    findings.filter(|finding| finding["blocking"] == true).filter_map(|finding| finding["cause"].as_str()).map(str::to_owned).collect()
}

impl Ended {
    /// What is not as the story tells it.
    fn faults(&self, story: &Story) -> Vec<String> {
        let mut faults = Vec::new();
        if self.exit != i32::from(story.exit) {
            faults.push(format!("{}: ended with exit code {}, its story with {}", story.name, self.exit, story.exit));
        }
        let named = if story.cause.is_empty() { self.causes.is_empty() } else { self.causes.iter().any(|cause| cause == story.cause) };
        if !named {
            faults.push(format!("{}: the cause should be `{}`, the record names {}", story.name, story.cause, self.causes.join(", ")));
        }
        faults
    }
}

/// Longest line that a value is kept on.
const LINE: usize = 160;

/// Writes JSON with one line for whatever fits on it: a table of counts is read by rows, and a difference is still one line.
fn write_value(text: &mut String, value: &Value, depth: usize) {
    let compact = value.to_string();
    let (open, close, items): (_, _, Vec<(String, &Value)>) = match value {
        Value::Array(items) => ('[', ']', items.iter().map(|item| (String::new(), item)).collect()),
        Value::Object(fields) => ('{', '}', fields.iter().map(|(key, item)| (format!("{}: ", Value::from(key.as_str())), item)).collect()),
        _ => ('"', '"', Vec::new()),
    };
    if items.is_empty() || compact.len() + 2 * depth <= LINE {
        text.push_str(&compact);
        return;
    }
    text.push(open);
    for (position, (key, item)) in items.into_iter().enumerate() {
        text.push_str(if position == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth + 1));
        text.push_str(&key);
        write_value(text, item, depth + 1);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

/// First line, from 1, in which two texts differ, with both versions of it.
fn first_difference<'a>(expected: &'a str, found: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let (mut left, mut right) = (expected.lines(), found.lines());
    for line in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (left, right) if left != right => return Some((line, left.unwrap_or("nothing").trim(), right.unwrap_or("nothing").trim())),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(path: &str) -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        serde_json::from_str(&read_text(&path).unwrap()).unwrap()
    }

    /// `auc`, `approval-rate/logged`, `feature-csi/utilisation`: as the independent script names metrics.
    fn metric_name(key: &Value) -> String {
        let metric = key["metric"].as_str().unwrap();
        match key["decisions"].as_str().or(key["feature"].as_str()) {
            Some(parameter) => format!("{metric}/{parameter}"),
            None => metric.to_owned(),
        }
    }

    /// Compares one point of the record; returns whether there was a value to compare.
    #[track_caller]
    fn agrees(name: &str, place: &str, point: &Value, expected: &Value) -> bool {
        let Some(expected) = expected.as_f64() else {
            assert!(point["value"].is_null(), "{name}, {place}: undefined for the script, {} in the record", point["value"]);
            return false;
        };
        let bound =
            |which: &str| point["value"][which].as_str().unwrap_or_else(|| panic!("{name}, {place}: no value")).parse::<f64>().unwrap();
        // Bounds are rounded outwards to nine places, the script's values to twelve.
        assert!(
            bound("lo") - 1e-11 <= expected && expected <= bound("hi") + 1e-11,
            "{name}, {place}: {expected} is not in {}",
            point["value"]
        );
        if let (Some(numerator), Some(denominator)) =
            (point["value"]["exact"]["numerator"].as_i64(), point["value"]["exact"]["denominator"].as_i64())
        {
            assert!((numerator as f64 / denominator as f64 - expected).abs() < 1e-9, "{name}, {place}");
        }
        true
    }

    /// What a person determines, met or not, is never computed; everything else somebody can see in a sample.
    #[test]
    fn every_state_a_verification_gives_occurs_in_a_sample() {
        let mut found = std::collections::BTreeSet::new();
        for story in &crate::samples::stories::STORIES {
            let record = committed(&format!("sample-audits/{}/expected.record.json", story.name));
            for result in record["requirements"].as_array().unwrap() {
                found.insert(result["state"].to_string());
                found.extend((result["watch"] == true).then(|| "watch".to_owned()));
            }
            found.extend(record["lineage"]["links"].as_array().unwrap().iter().map(|link| format!("link {}", link["state"])));
        }
        use verifold_model::state::{Judgement, State};
        let states = [
            State::Rejected,
            State::Violated,
            State::Uncovered,
            State::Unverifiable,
            State::Judgement(Judgement::Open),
            State::NotApplicable,
            State::Satisfied,
        ];
        let mut wanted: Vec<String> = states.iter().map(|state| serde_json::to_string(state).unwrap()).collect();
        wanted.extend(["watch", "link \"holds\"", "link \"broken\"", "link \"missing\""].map(str::to_owned));
        let missing: Vec<&String> = wanted.iter().filter(|state| !found.contains(*state)).collect();
        assert!(missing.is_empty(), "no sample shows {missing:?}");
    }

    #[test]
    fn records_of_both_kinds_of_model_agree_with_the_independent_script() {
        agrees_throughout("credit-scoring-q1", "expected-metrics.json", 550);
        agrees_throughout("credit-scoring-mlp", "expected-network-metrics.json", 150);
    }

    #[track_caller]
    fn agrees_throughout(sample: &str, expected: &str, least: usize) {
        let expected = committed(&format!("scripts/data/{expected}"));
        let record = committed(&format!("sample-audits/{sample}/expected.record.json"));
        let batches = expected["batches"].as_array().unwrap();
        assert_eq!(record["batches"].as_array().unwrap().len(), batches.len());
        for (expected, found) in batches.iter().zip(record["batches"].as_array().unwrap()) {
            assert_eq!(expected["start"], found["start"]);
            assert_eq!(expected["table"]["rows"], found["content"]["rows"], "{}", expected["start"]);
            for part in ["counts", "void", "histograms"] {
                assert_eq!(expected["table"][part], found["content"]["table"][part], "{part} of {}", expected["start"]);
            }
        }
        let mut names = Vec::new();
        let mut compared = 0;
        for series in record["series"].as_array().unwrap() {
            let name = metric_name(&series["key"]);
            for point in series["points"].as_array().unwrap() {
                let batch = &batches[usize::try_from(point["batch"].as_u64().unwrap()).unwrap()];
                compared += usize::from(agrees(&name, batch["start"].as_str().unwrap(), point, &batch["metrics"][&name]));
            }
            if !series["overall"].is_null() {
                compared += usize::from(agrees(&name, "overall", &series["overall"], &expected["overall"][&name]));
            }
            names.push(name);
        }
        for name in expected["overall"].as_object().unwrap().keys() {
            assert!(names.contains(name), "the record has no series {name}");
        }
        assert!(compared > least, "only {compared} values were compared");
    }

    #[test]
    fn every_policy_and_engagement_reads_with_the_notices_it_deserves() {
        let places = Places::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        for story in &crate::samples::stories::STORIES {
            let folder = places.samples.join(story.name);
            let policy = verifold_policy::Policy::lint(&read_text(&folder.join("policy.toml")).unwrap());
            let engagement = verifold_policy::Engagement::lint(&read_text(&folder.join("engagement.toml")).unwrap());
            // A policy that asks for more than the program offers is told so.
            let causes: &[&str] = if story.edit == crate::samples::stories::Edit::StricterPolicy { &["system-out-of-reach"] } else { &[] };
            assert_eq!(policy.notices.iter().map(|notice| notice.cause).collect::<Vec<_>>(), causes, "{}", story.name);
            assert_eq!(engagement.notices, [], "{}", story.name);
            // Who received anchors has no calendar to compare with.
            let slots = match story.proof {
                crate::samples::stories::Proof::Anchored(_) => 0,
                crate::samples::stories::Proof::Network => 5,
                crate::samples::stories::Proof::Changed => 6,
                _ => 24,
            };
            assert_eq!(engagement.value.map(|engagement| engagement.expected_slots().len()), Some(slots));
            let package = crate::samples::packages::read(&places, story).unwrap();
            let reference = package.proofs[0].statement.batches.first().map(|batch| &batch.table);
            for choice in policy.value.unwrap().plan_choices(&package.plan, reference) {
                assert!(choice.holds, "{}: {} is {}, the policy says {:?}", story.name, choice.what, choice.chosen, choice.constraint);
            }
        }
    }

    #[test]
    fn what_fits_on_a_line_stays_on_it() {
        let value = serde_json::json!({ "counts": [[1, 2], [3, 4]], "text": "a \" b", "long": vec!["x".repeat(50); 4], "none": {} });
        let mut text = String::new();
        write_value(&mut text, &value, 0);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.contains("\n  \"counts\": [[1,2],[3,4]],\n"), "{text}");
    }

    #[test]
    fn a_difference_is_named_by_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, "b", "c")));
        assert_eq!(first_difference("a\n", "a\nc\n"), Some((2, "nothing", "c")));
    }
}
