//! What a statement says about its batches besides their counts: position, role, times, commitments, salts, order.

use verifold_model::{cohort::BatchRole, digest::Commitment};

use super::{
    Edit,
    draw::Draw,
    sample::Parts,
    statement::{beyond_the_modulus, moved, other_element},
    tables::{chain_or_steps, exchange},
};

/// The commitment fields of a batch.
const COMMITMENTS: usize = 3;

fn commitment(parts: &mut Parts, batch: usize, which: usize) -> &mut Commitment {
    let batch = &mut parts.statement.batches[batch];
    match which {
        0 => &mut batch.row_commitment,
        1 => &mut batch.outcome_commitment,
        _ => &mut batch.table_salt,
    }
}

fn any(draw: &mut Draw, parts: &Parts) -> usize {
    draw.below(parts.statement.batches.len())
}

/// A batch behind the reference.
fn monitoring(draw: &mut Draw, parts: &Parts) -> usize {
    draw.up_to(parts.statement.batches.len() - 1)
}

fn renumber(parts: &mut Parts) {
    for (index, batch) in (0..).zip(&mut parts.statement.batches) {
        batch.index = index;
    }
}

pub(crate) const EDITS: &[(&str, Edit)] = &[
    ("another index", |_, draw, parts| {
        let at = any(draw, parts);
        let index = &mut parts.statement.batches[at].index;
        *index = *draw.pick(&[*index + 1, index.wrapping_sub(1), u32::MAX, *index + (1 << 16)]);
        Some(&["batch-index-differs"])
    }),
    ("the reference as a monitoring batch", |_, _, parts| {
        parts.statement.batches[0].role = BatchRole::Monitoring;
        Some(&["chain-differs"])
    }),
    ("a monitoring batch as a reference", |_, draw, parts| {
        let at = monitoring(draw, parts);
        parts.statement.batches[at].role = BatchRole::Reference;
        Some(&["reference-not-first"])
    }),
    ("a later start", |_, draw, parts| {
        let at = any(draw, parts);
        let start = &mut parts.statement.batches[at].start;
        *start = moved(*start, i64::try_from(draw.up_to(604_799)).ok()?)?;
        Some(&["chain-differs"])
    }),
    ("an earlier end", |_, draw, parts| {
        let at = any(draw, parts);
        let end = &mut parts.statement.batches[at].end;
        *end = moved(*end, -i64::try_from(draw.up_to(604_799)).ok()?)?;
        Some(&["chain-differs"])
    }),
    ("an earlier start", |_, draw, parts| {
        let at = any(draw, parts);
        let by = -i64::try_from(draw.up_to(604_800)).ok()?;
        let start = moved(parts.statement.batches[at].start, by)?;
        parts.statement.batches[at].start = start;
        let overlaps = at > 0 && start < parts.statement.batches[at - 1].end;
        Some(if overlaps { &["batches-overlap"] } else { &["chain-differs"] })
    }),
    ("a later end", |_, draw, parts| {
        let at = any(draw, parts);
        let by = i64::try_from(draw.up_to(604_800)).ok()?;
        let end = moved(parts.statement.batches[at].end, by)?;
        parts.statement.batches[at].end = end;
        let overlaps = parts.statement.batches.get(at + 1).is_some_and(|next| next.start < end);
        Some(if overlaps { &["batches-overlap"] } else { &["chain-differs"] })
    }),
    ("a batch that ends where it starts, or before", |_, draw, parts| {
        let at = any(draw, parts);
        let batch = &mut parts.statement.batches[at];
        batch.end = moved(batch.start, -i64::try_from(draw.below(1000)).ok()?)?;
        Some(&["batch-ends-before-start"])
    }),
    ("every batch at another time", |_, draw, parts| {
        let by = *draw.pick(&[-604_800, 604_800, 86_400, -1, 31_536_000]);
        for batch in &mut parts.statement.batches {
            (batch.start, batch.end) = (moved(batch.start, by)?, moved(batch.end, by)?);
        }
        Some(&["chain-differs"])
    }),
    ("another commitment or salt", |_, draw, parts| {
        let (at, which) = (any(draw, parts), draw.below(COMMITMENTS));
        *commitment(parts, at, which) = other_element(draw);
        Some(&["chain-differs"])
    }),
    ("a bit of a commitment or salt", |_, draw, parts| {
        let (at, which) = (any(draw, parts), draw.below(COMMITMENTS));
        let mut bytes = *commitment(parts, at, which).as_bytes();
        bytes[1 + draw.below(31)] ^= 1 << draw.below(8);
        *commitment(parts, at, which) = Commitment::from_bytes(bytes);
        Some(&["chain-differs"])
    }),
    ("a commitment or salt of zero", |_, draw, parts| {
        let (at, which) = (any(draw, parts), draw.below(COMMITMENTS));
        *commitment(parts, at, which) = Commitment::from_bytes([0; 32]);
        Some(&["chain-differs"])
    }),
    ("a commitment or salt beyond the modulus", |_, draw, parts| {
        let (at, which) = (any(draw, parts), draw.below(COMMITMENTS));
        *commitment(parts, at, which) = beyond_the_modulus(draw);
        Some(&["commitment-not-canonical"])
    }),
    ("commitments of two batches exchanged", |_, draw, parts| {
        let ((a, b), which) = (draw.two_below(parts.statement.batches.len()), draw.below(COMMITMENTS));
        let (first, second) = (*commitment(parts, a, which), *commitment(parts, b, which));
        *commitment(parts, a, which) = second;
        *commitment(parts, b, which) = first;
        Some(&["chain-differs"])
    }),
    ("rows and outcomes of a batch exchanged", |_, draw, parts| {
        let at = any(draw, parts);
        let batch = &mut parts.statement.batches[at];
        std::mem::swap(&mut batch.row_commitment, &mut batch.outcome_commitment);
        Some(&["chain-differs"])
    }),
    ("openings of two batches exchanged: table, rows and salt", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.statement.batches.len());
        exchange(&mut parts.statement.batches, a, b, |x, y| {
            std::mem::swap(&mut x.table, &mut y.table);
            std::mem::swap(&mut x.rows, &mut y.rows);
            std::mem::swap(&mut x.table_salt, &mut y.table_salt);
        });
        Some(&["chain-differs"])
    }),
    ("two batches exchanged, index and all", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.statement.batches.len());
        parts.statement.batches.swap(a, b);
        Some(&["batch-index-differs"])
    }),
    ("two batches exchanged and renumbered", |_, draw, parts| {
        let last = parts.statement.batches.len() - 1;
        let (a, b) = draw.two_below(last);
        parts.statement.batches.swap(1 + a, 1 + b);
        renumber(parts);
        Some(&["batches-overlap"])
    }),
    ("two batches exchanged at their places", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.statement.batches.len());
        exchange(&mut parts.statement.batches, a, b, |x, y| {
            std::mem::swap(x, y);
            std::mem::swap(&mut x.index, &mut y.index);
            std::mem::swap(&mut x.role, &mut y.role);
            std::mem::swap(&mut x.start, &mut y.start);
            std::mem::swap(&mut x.end, &mut y.end);
        });
        Some(&["chain-differs"])
    }),
    ("a batch left out", |_, draw, parts| {
        let last = parts.statement.batches.len() - 1;
        let at = draw.below(last);
        parts.statement.batches.remove(at);
        Some(&["batch-index-differs"])
    }),
    ("a batch left out and the rest renumbered", |_, draw, parts| {
        let at = monitoring(draw, parts);
        parts.statement.batches.remove(at);
        renumber(parts);
        Some(&["step-count-differs"])
    }),
    ("a batch twice", |_, draw, parts| {
        let at = any(draw, parts);
        let copy = parts.statement.batches[at].clone();
        parts.statement.batches.insert(at, copy);
        Some(&["batch-index-differs"])
    }),
    ("a batch twice, renumbered", |_, draw, parts| {
        let at = monitoring(draw, parts);
        let copy = parts.statement.batches[at].clone();
        parts.statement.batches.insert(at, copy);
        renumber(parts);
        Some(&["batches-overlap"])
    }),
    ("a batch cut in two", |sample, draw, parts| {
        let at = monitoring(draw, parts);
        let (start, half) = (parts.statement.batches[at].start, i64::try_from(draw.up_to(604_799)).ok()?);
        let mut copy = parts.statement.batches[at].clone();
        copy.start = moved(start, half)?;
        parts.statement.batches[at].end = copy.start;
        parts.statement.batches.insert(at + 1, copy);
        renumber(parts);
        Some(chain_or_steps(sample, parts))
    }),
];
