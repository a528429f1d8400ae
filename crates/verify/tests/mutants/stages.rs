//! Packages with several proofs, altered: any value of any statement or proof, with everything computed anew over it that a bank
//! can: sizes, digests, checksums and its signature.
//!
//! What exactly each is refused for is the other classes' matter; here a refusal is one of the causes there are, the proof
//! altered is none that holds, and nothing is settled green.

use serde_json::Value;
use verifold_model::{
    record::{AuditRecord, ProofState},
    state::{Exit, RungName},
};

use super::{
    causes::exit_of,
    draw::Draw,
    judge::{Ending, expected_exit},
    sample::{Entry, Sample, bank, sealed},
};

/// An altered package, and the proof that must not hold any more, if it is one.
pub(crate) struct Altered {
    pub(crate) name: &'static str,
    pub(crate) package: Vec<u8>,
    proof: Option<String>,
}

/// The entries the manifest lists, with one replaced.
fn with(sample: &Sample, at: usize, bytes: Vec<u8>) -> Vec<u8> {
    let mut entries = sample.entries.clone();
    entries[at].1 = bytes;
    resealed(sample, entries)
}

fn resealed(sample: &Sample, entries: Vec<Entry>) -> Vec<u8> {
    let manifest = &sample.parts.manifest;
    let listed = entries.into_iter().filter(|(path, _)| manifest.entries.iter().any(|entry| entry.path == *path));
    sealed(manifest, listed.collect(), &bank())
}

/// A mutant of the kind `number` selects; nothing if what was drawn changes nothing.
pub(crate) fn altered(sample: &Sample, number: usize, draw: &mut Draw) -> Option<Altered> {
    let (name, make) = MAKES[number % MAKES.len()];
    let (package, proof) = make(sample, draw)?;
    (package != sample.package).then_some(Altered { name, package, proof })
}

/// Positions of entries in a folder of the package.
fn in_folder(sample: &Sample, folder: &str) -> Vec<usize> {
    (0..sample.entries.len()).filter(|at| sample.entries[*at].0.starts_with(folder)).collect()
}

/// Whether a mutant was refused.
pub(crate) fn judge(record: &AuditRecord, altered: &Altered) -> Ending {
    let said = &record.headline.title;
    let Some(rung) = record.headline.rung else { return Ending::Accepted(said.clone()) };
    let believed = altered.proof.as_ref().is_some_and(|id| record.proofs.iter().any(|p| p.id == *id && p.state == ProofState::Valid));
    if believed || record.exit == Exit::Met || rung > RungName::Proof {
        return Ending::Accepted(said.clone());
    }
    let finding = record.ladder.iter().find(|r| r.name == rung).and_then(|r| r.findings.iter().find(|finding| finding.blocking));
    match finding {
        Some(finding) if exit_of(rung, &finding.cause).is_some() && !finding.text.is_empty() => {
            if expected_exit(record, rung, Exit::Met) == record.exit {
                Ending::Refused(vec![(rung, finding.cause.clone())])
            } else {
                Ending::Unexpected(format!("{} on rung {rung:?}, exit {:?}", finding.cause, record.exit))
            }
        }
        Some(finding) => Ending::Unexpected(format!("no known cause: {} ({})", finding.cause, finding.text)),
        None => Ending::Unexpected(format!("rung {rung:?} names no cause: {said}")),
    }
}

type Make = fn(&Sample, &mut Draw) -> Option<(Vec<u8>, Option<String>)>;

/// Identifier of the proof an entry belongs to.
fn id_of(path: &str) -> Option<String> {
    let name = path.split_once('/')?.1;
    name.split_once('.').map(|(id, _)| id.to_owned())
}

/// Every value of a document that holds no other, in order.
fn leaves<'v>(value: &'v mut Value, found: &mut Vec<&'v mut Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| leaves(item, found)),
        Value::Object(fields) => fields.values_mut().for_each(|field| leaves(field, found)),
        leaf => found.push(leaf),
    }
}

/// Every list of a document that is not empty, in order.
fn lists<'v>(value: &'v mut Value, found: &mut Vec<&'v mut Vec<Value>>, wanted: &mut dyn FnMut() -> bool) {
    match value {
        Value::Array(items) => {
            if !items.is_empty() && wanted() {
                found.push(items);
            } else {
                items.iter_mut().for_each(|item| lists(item, found, wanted));
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| lists(field, found, wanted)),
        _ => {}
    }
}

fn another(leaf: &mut Value, draw: &mut Draw) -> Option<()> {
    *leaf = match &*leaf {
        Value::Number(number) => {
            let n = number.as_i64()?;
            let step = *draw.pick(&[1, -1, 7, -n, 1 << 20, i64::from(u32::MAX)]);
            n.checked_add(step)?.into()
        }
        Value::Bool(b) => (!b).into(),
        Value::Null => draw.pick(&[Value::from("x"), Value::from(1), Value::from(false)]).clone(),
        Value::String(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            let at = draw.below(letters.len().max(1));
            match draw.below(3) {
                0 => letters.insert(at, '0'),
                1 if !letters.is_empty() => drop(letters.remove(at)),
                _ => *letters.get_mut(at)? = *draw.pick(&['0', '1', '9', 'a', 'f', 'z', '-']),
            }
            letters.into_iter().collect::<String>().into()
        }
        Value::Array(_) | Value::Object(_) => return None,
    };
    Some(())
}

/// A document with an edit, canonical again.
fn edited(bytes: &[u8], edit: impl FnOnce(&mut Value) -> Option<()>) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    edit(&mut value)?;
    Some(verifold_model::digest::canonical_json(&value))
}

/// A statement with an edit; its proof must not hold.
fn statement(sample: &Sample, draw: &mut Draw, edit: fn(&mut Value, &mut Draw) -> Option<()>) -> Option<(Vec<u8>, Option<String>)> {
    let at = *draw.pick(&in_folder(sample, "statements/"));
    let (path, bytes) = &sample.entries[at];
    Some((with(sample, at, edited(bytes, |value| edit(value, draw))?), id_of(path)))
}

/// A proof with an edit; it must not hold.
fn proof(sample: &Sample, draw: &mut Draw, edit: fn(&mut Vec<u8>, &mut Draw)) -> Option<(Vec<u8>, Option<String>)> {
    let at = *draw.pick(&in_folder(sample, "proofs/"));
    let (path, bytes) = &sample.entries[at];
    let mut bytes = bytes.clone();
    edit(&mut bytes, draw);
    Some((with(sample, at, bytes), id_of(path)))
}

/// Two entries of a folder exchange their contents; neither proof may hold.
fn exchanged(sample: &Sample, draw: &mut Draw, folder: &str) -> Option<(Vec<u8>, Option<String>)> {
    let listed = in_folder(sample, folder);
    let (a, b) = draw.two_below(listed.len());
    let (a, b) = (listed[a], listed[b]);
    let mut entries = sample.entries.clone();
    let first = entries[a].1.clone();
    entries[a].1 = std::mem::replace(&mut entries[b].1, first);
    Some((resealed(sample, entries), id_of(&sample.entries[a].0)))
}

const MAKES: &[(&str, Make)] = &[
    ("a value of a statement", |sample, draw| {
        statement(sample, draw, |value, draw| {
            let mut found = Vec::new();
            leaves(value, &mut found);
            let at = draw.below(found.len());
            another(found.swap_remove(at), draw)
        })
    }),
    ("an item of a list of a statement", |sample, draw| {
        statement(sample, draw, |value, draw| {
            let mut found = Vec::new();
            lists(value, &mut found, &mut || draw.below(3) == 0);
            let at = draw.below(found.len().max(1));
            let list = found.into_iter().nth(at)?;
            let (from, to) = (draw.below(list.len()), draw.below(list.len()));
            match draw.below(3) {
                0 => drop(list.remove(from)),
                1 => list.insert(to, list[from].clone()),
                _ => list.swap(from, to),
            }
            Some(())
        })
    }),
    ("a statement in another spelling", |sample, draw| {
        let at = *draw.pick(&in_folder(sample, "statements/"));
        let (path, bytes) = &sample.entries[at];
        let mut bytes = bytes.clone();
        let place = draw.below(bytes.len());
        match draw.below(3) {
            0 => bytes.insert(place, *draw.pick(b" \n\t\"}]0,")),
            1 => bytes.truncate(place),
            _ => bytes[place] ^= 1 << draw.below(7),
        }
        Some((with(sample, at, bytes), id_of(path)))
    }),
    ("a byte of a proof", |sample, draw| {
        proof(sample, draw, |bytes, draw| {
            let at = draw.below(bytes.len());
            bytes[at] ^= draw.up_to(255) as u8;
        })
    }),
    ("32 bytes of a proof", |sample, draw| {
        proof(sample, draw, |bytes, draw| {
            let (to, other) = (draw.below(bytes.len() - 32), draw.bytes());
            let from = draw.below(bytes.len() - 32);
            let value = if draw.below(2) == 0 { other.to_vec() } else { bytes[from..from + 32].to_vec() };
            bytes[to..to + 32].copy_from_slice(&value);
        })
    }),
    ("a proof cut off or drawn out", |sample, draw| {
        proof(sample, draw, |bytes, draw| match draw.below(3) {
            0 => bytes.truncate(draw.below(bytes.len())),
            1 => bytes.extend(draw.bytes()),
            _ => drop(bytes.drain(..draw.up_to(64))),
        })
    }),
    ("a length inside a proof", |sample, draw| {
        proof(sample, draw, |bytes, draw| {
            let small = |bytes: &[u8], at: usize| bytes[at + 1..at + 8].iter().all(|byte| *byte == 0) && (1..=20).contains(&bytes[at]);
            let prefixes: Vec<usize> = (0..bytes.len() - 8).filter(|at| small(bytes, *at)).collect();
            let at = *draw.pick(&prefixes);
            let length = *draw.pick(&[0, 1, 2, 15, 16, 17, 1 << 32, u64::MAX, u64::from(bytes[at]) + 1]);
            bytes[at..at + 8].copy_from_slice(&length.to_le_bytes());
        })
    }),
    ("proofs exchanged", |sample, draw| exchanged(sample, draw, "proofs/")),
    ("statements exchanged", |sample, draw| exchanged(sample, draw, "statements/")),
    ("a value of the plan", |sample, draw| {
        let at = sample.entries.iter().position(|(path, _)| path == "plan.json")?;
        let plan = edited(&sample.entries[at].1, |value| {
            let mut found = Vec::new();
            leaves(value, &mut found);
            let place = draw.below(found.len());
            another(found.swap_remove(place), draw)
        });
        Some((with(sample, at, plan?), Some("monitoring".to_owned())))
    }),
];
