//! Counts of a batch: what a bank with a fairness or drift problem would rather have counted.

use verifold_model::cohort::{BatchStatement, BatchTable};

use super::{
    Edit,
    draw::Draw,
    sample::{Parts, Sample},
};

fn table<'a>(draw: &mut Draw, parts: &'a mut Parts) -> &'a mut BatchTable {
    &mut batch(draw, parts).table
}

fn batch<'a>(draw: &mut Draw, parts: &'a mut Parts) -> &'a mut BatchStatement {
    let at = draw.below(parts.statement.batches.len());
    &mut parts.statement.batches[at]
}

fn cell<'a>(draw: &mut Draw, table: &'a mut BatchTable) -> &'a mut u32 {
    let bin = draw.below(table.counts.len());
    let group = draw.below(table.counts[bin].len());
    &mut table.counts[bin][group][draw.below(6)]
}

/// What must be wrong with a statement whose batches contradict nothing: its chain, if its steps still fit.
pub(crate) fn chain_or_steps(sample: &Sample, parts: &Parts) -> &'static [&'static str] {
    let steps: u64 =
        parts.statement.batches.iter().map(|batch| verifold_circuits::native::steps_of(batch.rows, sample.rows_per_step)).sum();
    if steps == parts.statement.steps { &["chain-differs"] } else { &["step-count-differs"] }
}

/// Edits after which tables add up no more, and edits that keep every sum.
pub(crate) const EDITS: &[(&str, Edit)] = &[
    ("a count more", |_, draw, parts| {
        let by = u32::try_from(draw.up_to(50)).ok()?;
        let table = table(draw, parts);
        *cell(draw, table) += by;
        Some(&["table-impossible"])
    }),
    ("a count less", |_, draw, parts| {
        let table = table(draw, parts);
        let count = cell(draw, table);
        *count = u32::try_from(draw.below(usize::try_from((*count).max(1)).ok()?)).ok()?;
        Some(&["table-impossible"])
    }),
    ("a count that would spill", |_, draw, parts| {
        let table = table(draw, parts);
        *cell(draw, table) = *draw.pick(&[1 << 24, (1 << 24) + 1, (1 << 24) - 1, 1 << 31, u32::MAX]);
        Some(&["table-impossible"])
    }),
    ("another void count", |_, draw, parts| {
        let (table, group) = (table(draw, parts), draw.below(4));
        let count = &mut table.void.get_mut(group)?[draw.below(4)];
        *count = *draw.pick(&[*count + 1, count.wrapping_sub(1), 1 << 24, u32::MAX]);
        Some(&["table-impossible"])
    }),
    ("another histogram count", |_, draw, parts| {
        let table = table(draw, parts);
        let (histogram, bin) = (draw.below(table.histograms.len()), draw.below(10));
        let count = &mut table.histograms[histogram][bin];
        *count = *draw.pick(&[*count + 1, count.wrapping_sub(1), 0, 1 << 24, u32::MAX]);
        Some(&["table-impossible"])
    }),
    ("another number of rows", |_, draw, parts| {
        let rows = &mut batch(draw, parts).rows;
        *rows = *draw.pick(&[*rows + 1, *rows - 1, 0, 1 << 24, u32::MAX, *rows * 2]);
        Some(&["table-impossible"])
    }),
    ("void rows made up, with the number of rows", |sample, draw, parts| {
        let by = u32::try_from(draw.up_to(200)).ok()?;
        let batch = batch(draw, parts);
        batch.table.void[draw.below(sample.parts.plan.grouping.names.len())][draw.below(4)] += by;
        batch.rows += by;
        Some(chain_or_steps(sample, parts))
    }),
    ("declined counted as approved", |_, draw, parts| {
        let table = table(draw, parts);
        let (bin, group, outcome) = (draw.below(table.counts.len()), draw.below(4), 2 * draw.below(3));
        let cell = &mut table.counts[bin][group];
        let by = 1 + u32::try_from(draw.below(usize::try_from(cell[outcome]).ok()?.max(1))).ok()?;
        cell[outcome] = cell[outcome].checked_sub(by)?;
        cell[outcome + 1] += by;
        Some(&["chain-differs"])
    }),
    ("decisions exchanged", |_, draw, parts| {
        let table = table(draw, parts);
        let (bin, group, outcome) = (draw.below(table.counts.len()), draw.below(4), 2 * draw.below(3));
        table.counts[bin][group].swap(outcome, outcome + 1);
        Some(&["chain-differs"])
    }),
    ("outcomes exchanged", |_, draw, parts| {
        let (table, (a, b)) = (table(draw, parts), draw.two_below(3));
        let group = draw.below(4);
        let all = draw.below(2) == 0;
        let bin = draw.below(table.counts.len());
        for (at, groups) in table.counts.iter_mut().enumerate() {
            if all || at == bin {
                groups[group].swap(2 * a, 2 * b);
                groups[group].swap(2 * a + 1, 2 * b + 1);
            }
        }
        Some(&["chain-differs"])
    }),
    ("groups exchanged", |sample, draw, parts| {
        let table = table(draw, parts);
        let (a, b) = draw.two_below(sample.parts.plan.grouping.names.len());
        let (all, bin) = (draw.below(2) == 0, draw.below(table.counts.len()));
        for (at, groups) in table.counts.iter_mut().enumerate() {
            if all || at == bin {
                groups.swap(a, b);
            }
        }
        Some(&["chain-differs"])
    }),
    ("score bins exchanged", |_, draw, parts| {
        let table = table(draw, parts);
        let (a, b) = draw.two_below(table.counts.len());
        table.counts.swap(a, b);
        Some(&["chain-differs"])
    }),
    ("rows moved to another score bin", |_, draw, parts| {
        let table = table(draw, parts);
        let ((a, b), group, at) = (draw.two_below(table.counts.len()), draw.below(4), draw.below(6));
        let by = table.counts[a][group][at].min(u32::try_from(draw.up_to(5)).ok()?);
        table.counts[a][group][at] -= by;
        table.counts[b][group][at] += by;
        Some(&["chain-differs"])
    }),
    ("rows moved between any two cells", |_, draw, parts| {
        let table = table(draw, parts);
        let from = cell(draw, table);
        let by = (*from).min(u32::try_from(draw.up_to(5)).ok()?);
        *from -= by;
        *cell(draw, table) += by;
        Some(&["chain-differs"])
    }),
    ("void reasons exchanged", |_, draw, parts| {
        let (table, group, (a, b)) = (table(draw, parts), draw.below(4), draw.two_below(4));
        table.void[group].swap(a, b);
        Some(&["chain-differs"])
    }),
    ("bins of a histogram exchanged", |_, draw, parts| {
        let table = table(draw, parts);
        let histogram = draw.below(table.histograms.len());
        let (a, b) = draw.two_below(table.histograms[histogram].len());
        table.histograms[histogram].swap(a, b);
        Some(&["chain-differs"])
    }),
    ("two histograms exchanged", |_, draw, parts| {
        let table = table(draw, parts);
        let (a, b) = draw.two_below(table.histograms.len());
        table.histograms.swap(a, b);
        Some(&["chain-differs"])
    }),
    ("a histogram of another batch", |sample, draw, parts| {
        let ((a, b), histogram) = (draw.two_below(parts.statement.batches.len()), draw.below(4));
        let other = parts.statement.batches[b].table.histograms.get(histogram)?.clone();
        let batch = &mut parts.statement.batches[a];
        let adds_up = other.iter().sum::<u32>() == batch.table.histograms[histogram].iter().sum::<u32>();
        batch.table.histograms[histogram] = other;
        Some(if adds_up { chain_or_steps(sample, parts) } else { &["table-impossible"] })
    }),
    ("the table of another batch", |sample, draw, parts| {
        let (a, b) = draw.two_below(parts.statement.batches.len());
        let batches = &mut parts.statement.batches;
        let same_rows = batches[a].rows == batches[b].rows;
        batches[a].table = batches[b].table.clone();
        Some(if same_rows { chain_or_steps(sample, parts) } else { &["table-impossible"] })
    }),
    ("tables of two batches exchanged, with their rows", |_, draw, parts| {
        let (a, b) = draw.two_below(parts.statement.batches.len());
        exchange(&mut parts.statement.batches, a, b, |x, y| {
            std::mem::swap(&mut x.table, &mut y.table);
            std::mem::swap(&mut x.rows, &mut y.rows);
        });
        Some(&["chain-differs"])
    }),
];

/// Runs `with` over two different batches of a list.
pub(crate) fn exchange(batches: &mut [BatchStatement], a: usize, b: usize, with: impl FnOnce(&mut BatchStatement, &mut BatchStatement)) {
    let (first, second) = (a.min(b), a.max(b));
    let (left, right) = batches.split_at_mut(second);
    with(&mut left[first], &mut right[0]);
}
