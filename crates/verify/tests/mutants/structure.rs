//! Vectors emptied, shortened and lengthened, in JSON and inside the proof: what code indexes without looking.

use super::{Edit, draw::Draw};

/// Empties, shortens or lengthens a vector; 0, 1, 2 in that order.
fn resize<T: Clone>(draw: &mut Draw, vector: &mut Vec<T>, how: usize) {
    match how {
        0 => vector.clear(),
        1 => vector.truncate(vector.len().saturating_sub(draw.up_to(2))),
        _ => {
            let item = draw.pick(vector).clone();
            vector.extend(vec![item; draw.up_to(3)]);
        }
    }
}

const IMPOSSIBLE: Option<&[&str]> = Some(&["table-impossible"]);
const CONTRADICTS: Option<&[&str]> = Some(&["plan-contradicts"]);

pub(crate) const EDITS: &[(&str, Edit)] = &[
    ("no batches", |sample, _, parts| {
        parts.statement.batches.clear();
        // Segments begin with batches that are there.
        Some(if sample.is_segmented() { &["manifest-contradicts"] } else { &["no-batches"] })
    }),
    ("batches cut off", |sample, draw, parts| {
        let kept = draw.up_to(parts.statement.batches.len() - 1);
        parts.statement.batches.truncate(kept);
        Some(if sample.is_segmented() { &["manifest-contradicts", "step-count-differs"] } else { &["step-count-differs"] })
    }),
    ("batches repeated", |_, draw, parts| {
        resize(draw, &mut parts.statement.batches, 2);
        Some(&["batch-index-differs"])
    }),
    ("score bins of a table", |_, draw, parts| {
        let (at, how) = (draw.below(parts.statement.batches.len()), draw.below(3));
        resize(draw, &mut parts.statement.batches[at].table.counts, how);
        IMPOSSIBLE
    }),
    ("groups of a score bin", |_, draw, parts| {
        let (at, how) = (draw.below(parts.statement.batches.len()), draw.below(3));
        let counts = &mut parts.statement.batches[at].table.counts;
        let bin = draw.below(counts.len());
        resize(draw, &mut counts[bin], how);
        IMPOSSIBLE
    }),
    ("void counts", |_, draw, parts| {
        let (at, how) = (draw.below(parts.statement.batches.len()), draw.below(3));
        resize(draw, &mut parts.statement.batches[at].table.void, how);
        IMPOSSIBLE
    }),
    ("histograms of a table", |_, draw, parts| {
        let (at, how) = (draw.below(parts.statement.batches.len()), draw.below(3));
        resize(draw, &mut parts.statement.batches[at].table.histograms, how);
        IMPOSSIBLE
    }),
    ("bins of a histogram", |_, draw, parts| {
        let (at, how) = (draw.below(parts.statement.batches.len()), draw.below(3));
        let histograms = &mut parts.statement.batches[at].table.histograms;
        let histogram = draw.below(histograms.len());
        resize(draw, &mut histograms[histogram], how);
        IMPOSSIBLE
    }),
    ("every table of the statement", |_, draw, parts| {
        let how = draw.below(2);
        for batch in &mut parts.statement.batches {
            resize(draw, &mut batch.table.counts, how);
            resize(draw, &mut batch.table.histograms, how);
            resize(draw, &mut batch.table.void, how);
        }
        IMPOSSIBLE
    }),
    ("no features, or features repeated", |_, draw, parts| {
        let how = *draw.pick(&[0, 2]);
        resize(draw, &mut parts.plan.features, how);
        CONTRADICTS
    }),
    ("score edges", |_, draw, parts| {
        let how = draw.below(3);
        resize(draw, &mut parts.plan.scoring.edges, how);
        CONTRADICTS
    }),
    ("expected shares", |_, draw, parts| {
        let how = draw.below(3);
        resize(draw, &mut parts.plan.scoring.expected_bad_ppm, how);
        CONTRADICTS
    }),
    ("no groups, or groups repeated", |_, draw, parts| {
        let how = *draw.pick(&[0, 2]);
        resize(draw, &mut parts.plan.grouping.names, how);
        CONTRADICTS
    }),
    ("histograms of the plan", |_, draw, parts| {
        let how = draw.below(3);
        resize(draw, &mut parts.plan.histograms, how);
        CONTRADICTS
    }),
    ("edges of a histogram", |_, draw, parts| {
        let (at, how) = (draw.below(parts.plan.histograms.len()), draw.below(3));
        resize(draw, &mut parts.plan.histograms[at].edges, how);
        CONTRADICTS
    }),
    ("a proof cut off", |_, draw, parts| {
        let kept = draw.below(parts.proof.len());
        parts.proof.truncate(kept);
        Some(&["proof-length-differs"])
    }),
    ("a proof with bytes behind", |_, draw, parts| {
        let more = *draw.pick(&[1, 8, 32, 1000, (64 << 10) - parts.proof.len()]);
        parts.proof.resize(parts.proof.len() + more, draw.next() as u8);
        Some(&["proof-length-differs"])
    }),
    ("a proof above the limit", |_, draw, parts| {
        parts.proof.resize((64 << 10) + draw.up_to(1000), 0);
        Some(&["entry-too-large"])
    }),
    ("a length prefix of the proof", |sample, draw, parts| {
        let (at, length) = *draw.pick(&sample.prefixes);
        let claimed = *draw.pick(&[0, length - 1, length + 1, length << 8, length << 56, 1 << 40, u64::MAX]);
        parts.proof[at..at + 8].copy_from_slice(&claimed.to_le_bytes());
        Some(&["proof-structure-differs"])
    }),
    ("a vector of the proof with its prefix, the total length kept", |sample, draw, parts| {
        let (at, length) = *draw.pick(&sample.prefixes);
        let (total, from) = (parts.proof.len(), at + 8);
        let claimed = match draw.below(3) {
            0 => {
                parts.proof.drain(from..(from + 32 * usize::try_from(length).ok()?).min(total));
                0
            }
            1 => {
                parts.proof.drain(from..from + 32);
                length - 1
            }
            _ => {
                let item = parts.proof[from..from + 32].to_vec();
                parts.proof.splice(from..from, item);
                length + 1
            }
        };
        parts.proof[at..from].copy_from_slice(&claimed.to_le_bytes());
        if draw.below(4) == 0 {
            return Some(&["proof-length-differs"]);
        }
        parts.proof.resize(total, 0);
        Some(&["proof-structure-differs"])
    }),
];
