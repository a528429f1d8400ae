//! The manifest: what it lists and what it says of proofs, written canonically.

use verifold_model::{digest::Digest, state::Stage};
use verifold_package::EntryRole;

use super::{Edit, draw::Draw, sample::Parts};

const CONTRADICTS: Option<&[&str]> = Some(&["manifest-contradicts"]);

/// Characters that do not belong in print.
const UNPRINTABLE: [&str; 6] = ["\u{1b}[2J", "\u{0}", "\u{7f}", "\u{202e}", "\u{2066}", "\n"];

fn listed(draw: &mut Draw, parts: &Parts) -> usize {
    draw.below(parts.manifest.entries.len())
}

pub(crate) const EDITS: &[(&str, Edit)] = &[
    ("another digest", |_, draw, parts| {
        let at = listed(draw, parts);
        parts.manifest.entries[at].sha256 = Digest::from_bytes(draw.bytes());
        Some(&["digest-differs"])
    }),
    ("another size", |_, draw, parts| {
        let at = listed(draw, parts);
        let size = &mut parts.manifest.entries[at].size;
        *size = *draw.pick(&[*size + 1, *size - 1, 0, 1 << 40, (1 << 53) - 1]);
        Some(&["size-differs"])
    }),
    ("another role", |_, draw, parts| {
        let at = listed(draw, parts);
        parts.manifest.entries[at].role = *draw.pick(&[EntryRole::Manifest, EntryRole::Plan, EntryRole::Statement, EntryRole::Proof]);
        CONTRADICTS
    }),
    ("another media type", |_, draw, parts| {
        let at = listed(draw, parts);
        parts.manifest.entries[at].media_type.push_str(draw.pick::<&str>(&["x", "; charset=utf-8", " "]));
        CONTRADICTS
    }),
    ("another listed path", |_, draw, parts| {
        let at = listed(draw, parts);
        parts.manifest.entries[at].path = format!("{}{}", parts.manifest.entries[at].path, draw.below(100));
        Some(&["missing-entry"])
    }),
    ("an entry that is not there", |_, draw, parts| {
        let mut extra = draw.pick(&parts.manifest.entries).clone();
        extra.path = format!("z{}.bin", draw.below(100));
        parts.manifest.entries.push(extra);
        Some(&["missing-entry"])
    }),
    ("a list in another order", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.manifest.entries.len());
        parts.manifest.entries.swap(a, b);
        CONTRADICTS
    }),
    ("an entry not listed", |_, draw, parts| {
        let at = listed(draw, parts);
        parts.manifest.entries.remove(at);
        Some(&["unlisted-entry"])
    }),
    ("an entry listed twice", |_, draw, parts| {
        let (at, copy) = (draw.below(4), draw.pick(&parts.manifest.entries).clone());
        parts.manifest.entries.insert(at, copy);
        Some(&["listed-twice"])
    }),
    ("no entries", |_, _, parts| {
        parts.manifest.entries.clear();
        Some(&["unlisted-entry"])
    }),
    ("another format", |_, draw, parts| {
        parts.manifest.schema = (*draw.pick(&["", "verifold-package/v4", "verifold-package/v1 ", "x"])).to_owned();
        Some(&["unknown-schema"])
    }),
    ("a format for other contents", |_, draw, parts| {
        parts.manifest.schema = (*draw.pick(&["verifold-package/v1", "verifold-package/v2", "verifold-package/v3"])).to_owned();
        CONTRADICTS
    }),
    ("a text that does not belong in print", |_, draw, parts| {
        let bad = *draw.pick(&UNPRINTABLE);
        let manifest = &mut parts.manifest;
        let text = match draw.below(6) {
            0 => &mut manifest.written_by,
            1 => &mut manifest.subject.name,
            2 => &mut manifest.subject.lei,
            3 => &mut manifest.subject.system,
            4 => &mut manifest.subject.model,
            _ => &mut manifest.proofs[0].title,
        };
        if draw.below(4) == 0 {
            *text = "x".repeat(201);
        } else {
            text.push_str(bad);
        }
        Some(&["text-refused"])
    }),
    ("an identifier that is none", |_, draw, parts| {
        parts.manifest.proofs[0].id = (*draw.pick(&["", "A", "a b", "../a", "ä", "a\u{0}"])).to_owned();
        CONTRADICTS
    }),
    ("an identifier that is not that of the paths", |_, draw, parts| {
        parts.manifest.proofs[0].id = format!("monitoring-{}", draw.below(1000));
        CONTRADICTS
    }),
    ("a proof that names other entries, which are not there", |_, draw, parts| {
        let id = format!("monitoring-{}", draw.below(1000));
        let proof = &mut parts.manifest.proofs[0];
        (proof.statement_path, proof.proof_path) = (format!("statements/{id}.json"), format!("proofs/{id}.bin"));
        proof.id = id;
        CONTRADICTS
    }),
    ("a path of a proof", |_, draw, parts| {
        let proof = &mut parts.manifest.proofs[0];
        match draw.below(4) {
            0 => std::mem::swap(&mut proof.statement_path, &mut proof.proof_path),
            1 => proof.statement_path = "plan.json".to_owned(),
            2 => proof.proof_path = "plan.json".to_owned(),
            _ => proof.proof_path = format!("../{}", proof.proof_path),
        }
        CONTRADICTS
    }),
    ("another stage", |_, draw, parts| {
        parts.manifest.proofs[0].stage = *draw.pick(&[Stage::Data, Stage::Training, Stage::Inference]);
        CONTRADICTS
    }),
    ("a kind of statement this program does not know", |_, draw, parts| {
        parts.manifest.proofs[0].statement = (*draw.pick(&["monitoring/v2", "", "training/v2", "MONITORING/V1"])).to_owned();
        Some(&["unknown-statement"])
    }),
    ("a proof listed as one of another kind", |_, draw, parts| {
        parts.manifest.proofs[0].statement = (*draw.pick(&["preparation/v1", "training/v1", "offline-metrics/v2"])).to_owned();
        Some(&["manifest-contradicts"])
    }),
    ("a proof system this program does not know", |_, draw, parts| {
        parts.manifest.proofs[0].system = (*draw.pick(&["none", "", "groth16", "nova-pasta-ipa "])).to_owned();
        Some(&["unknown-proof-system"])
    }),
    ("no proofs", |_, _, parts| {
        parts.manifest.proofs.clear();
        Some(&["no-proofs"])
    }),
    ("a proof listed twice", |_, draw, parts| {
        let copies = draw.up_to(32 - parts.manifest.proofs.len());
        let proof = parts.manifest.proofs[0].clone();
        parts.manifest.proofs.extend(vec![proof; copies]);
        CONTRADICTS
    }),
    ("more proofs than the limit", |_, draw, parts| {
        let copies = 32 + draw.below(100);
        let proof = parts.manifest.proofs[0].clone();
        parts.manifest.proofs.extend(vec![proof; copies]);
        Some(&["too-many-proofs"])
    }),
];
