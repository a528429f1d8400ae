//! Batches and their metrics as a record shows them.

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use verifold_circuits::native::Link;
use verifold_model::{
    cohort::{BatchRole, BatchStatement, Outcome},
    metric::{Metric, MetricKey},
    plan::Plan,
    record::{BatchContent, BatchMatured, BatchReceipts, BatchRecord, BatchRevision, GroupLine, Point, Series, Standing},
    revision::RevisionCounts,
};
use verifold_package::ClaimedPackage;

use super::Inputs;
use crate::{
    evidence::{Checked, VerifiedStage, period::VerifiedPeriod},
    metrics::{Measured, keys, measure, measure_period, measure_revision, total},
    scope::{Scope, control_lines},
};

pub(super) fn series(period: &VerifiedPeriod<'_>) -> Vec<Series> {
    let plan = period.plan();
    let sum = total(plan, period.monitoring().map(|(batch, _)| &batch.table));
    let monitoring: Vec<_> = period.monitoring().collect();
    keys(plan)
        .into_par_iter()
        .map(|key| {
            let point = |batch: Option<u32>, found: Measured| Point { batch, value: found.value, n: found.n, undefined: found.undefined };
            let each =
                monitoring.iter().map(|(batch, reference)| point(Some(batch.index), measure(plan, &batch.table, *reference, &key, 1)));
            Series {
                title: key.to_string(),
                unit: key.metric.definition().unit,
                points: each.collect(),
                overall: sum.as_ref().map(|sum| point(None, measure_period(period, sum, &key, 1))),
                key,
            }
        })
        .collect()
}

/// Metrics of later outcomes, and those between the two outcomes, of every monitored batch that a proof speaks of.
///
/// One that speaks of some batches alone has no value over all of them.
pub(super) fn matured_series(monitored: &VerifiedPeriod<'_>, stages: &[Checked<VerifiedStage>]) -> Vec<Series> {
    let verified = || stages.iter().filter_map(|checked| checked.outcome.as_ref().ok());
    let mut series = Vec::new();
    let cohorts: Vec<_> = verified().filter_map(VerifiedStage::matured).collect();
    if let Some(matured) = VerifiedPeriod::matured(&cohorts) {
        let all = matured.monitoring().count() == monitored.monitoring().count();
        let later = self::series(&matured).into_iter().filter(|series| series.key.metric.looks_at_outcomes());
        series.extend(later.map(|series| {
            let key = MetricKey { matured: true, ..series.key };
            Series { title: key.to_string(), overall: series.overall.filter(|_| all), key, ..series }
        }));
    }
    let revisions: Vec<_> = verified().filter_map(VerifiedStage::revision).collect();
    // Without the cohort, nothing says of what the later outcomes are.
    let later = |batch: &BatchStatement| cohorts.iter().any(|cohort| cohort.statement().batch(batch.index).is_some());
    let compared = |batch: &BatchStatement| revisions.iter().find_map(|revision| revision.batch(batch.index)).filter(|_| later(batch));
    let compared: Vec<_> = monitored.monitoring().filter_map(|(batch, _)| compared(batch)).collect();
    if !compared.is_empty() {
        let all = compared.len() == monitored.monitoring().count();
        let sum = RevisionCounts::total(compared.iter().map(|batch| batch.counts)).filter(|_| all);
        series.extend(Metric::ALL.into_iter().filter(|metric| metric.definition().between_outcomes).map(|metric| {
            let point = |batch: Option<u32>, counts| {
                let found = measure_revision(counts, metric);
                Point { batch, value: found.value, n: found.n, undefined: found.undefined }
            };
            let key = MetricKey::plain(metric);
            Series {
                title: key.to_string(),
                unit: metric.definition().unit,
                points: compared.iter().map(|batch| point(Some(batch.index), &batch.counts)).collect(),
                overall: sum.as_ref().map(|sum| point(None, sum)),
                key,
            }
        }));
    }
    series
}

fn groups(plan: &Plan, batch: &BatchStatement) -> Vec<GroupLine> {
    let lines = plan.grouping.names.iter().enumerate().map(|(group, name)| {
        let sum = |wanted: &dyn Fn(usize, usize, bool) -> bool| -> u64 {
            batch
                .table
                .counts
                .iter()
                .enumerate()
                .filter_map(|(bin, groups)| groups.get(group).map(|cell| (bin, cell)))
                .flat_map(|(bin, cell)| {
                    cell.iter().enumerate().filter(move |(i, _)| wanted(bin, i / 2, i % 2 == 1)).map(|(_, n)| u64::from(*n))
                })
                .sum()
        };
        let good = Outcome::Good.code();
        GroupLine {
            name: name.clone(),
            scored: sum(&|_, _, _| true),
            model_approved: sum(&|bin, _, _| plan.scoring.approves(bin)),
            logged_approved: sum(&|_, _, logged| logged),
            good: sum(&|_, outcome, _| outcome == good),
            good_model_approved: sum(&|bin, outcome, _| outcome == good && plan.scoring.approves(bin)),
            good_logged_approved: sum(&|_, outcome, logged| outcome == good && logged),
            bad: sum(&|_, outcome, _| outcome == Outcome::Bad.code()),
            void: batch.table.void.get(group).map_or(0, |reasons| reasons.iter().map(|n| u64::from(*n)).sum()),
        }
    });
    lines.collect()
}

pub(super) fn batches(inputs: &Inputs<'_>, package: &ClaimedPackage, checked: &[Checked], scope: &Scope) -> Vec<BatchRecord> {
    let plan = &package.plan;
    // Numbers follow the calendar, so that a missing batch keeps its place.
    let all = package.proofs.iter().flat_map(|proof| &proof.statement.batches);
    let mut starts: Vec<_> = all.filter(|batch| batch.role == BatchRole::Monitoring).map(|batch| batch.start).collect();
    starts.extend(scope.missing.iter().map(|slot| slot.start));
    starts.sort_unstable();
    starts.dedup();
    let number = |start| starts.binary_search(&start).map_or(0, |at| u32::try_from(at + 1).unwrap_or(u32::MAX));
    let several = package.proofs.windows(2).any(|pair| pair[0].statement.model_commitment != pair[1].statement.model_commitment);
    let stated = package.proofs.iter().zip(checked).enumerate().flat_map(|(at, (proof, checked))| {
        let links = checked.links.iter().map(Some).chain(std::iter::repeat(None));
        proof.statement.batches.iter().zip(links).map(move |(batch, link)| (at, proof, checked, batch, link))
    });
    let mut records: Vec<BatchRecord> = stated
        .map(|(at, proof, checked, batch, link)| BatchRecord {
            index: Some(batch.index),
            role: batch.role,
            number: if batch.role == BatchRole::Reference { 0 } else { number(batch.start) },
            label: match batch.role {
                BatchRole::Reference if at > 0 => format!("reference of {}", proof.id),
                BatchRole::Reference => "reference".to_owned(),
                BatchRole::Test => "test rows".to_owned(),
                BatchRole::Monitoring => verifold_model::calendar::label(plan.calendar, batch.start, batch.end),
            },
            start: batch.start,
            end: batch.end,
            standing: if checked.outcome.is_ok() { Standing::Proven } else { Standing::Claimed },
            model: several.then_some(proof.statement.model_commitment),
            content: link.map(|link| content(plan, &proof.id, batch, *link)),
            control: inputs.engagement.map_or_else(Vec::new, |engagement| {
                if batch.role == BatchRole::Monitoring { control_lines(engagement, batch) } else { Vec::new() }
            }),
        })
        .collect();
    records.extend(scope.missing.iter().map(|slot| BatchRecord {
        index: None,
        role: BatchRole::Monitoring,
        number: number(slot.start),
        label: slot.label.clone(),
        start: slot.start,
        end: slot.end,
        standing: Standing::Missing,
        model: None,
        content: None,
        control: Vec::new(),
    }));
    // A missing batch stands where it would have stood; references, number 0, come first.
    records.sort_by_key(|batch| batch.number);
    records
}

fn content(plan: &Plan, proof: &str, batch: &BatchStatement, link: Link) -> BatchContent {
    let table = &batch.table;
    BatchContent {
        rows: u64::from(batch.rows),
        scored: table.scored(),
        void: table.voided(),
        known: table.known(),
        logged_approvals: table.logged_approvals(),
        groups: groups(plan, batch),
        table: table.clone(),
        row_commitment: batch.row_commitment,
        outcome_commitment: batch.outcome_commitment,
        receipts: None,
        matured: None,
        proof: Some(proof.to_owned()),
        table_commitment: link.table,
        chain: link.chain,
    }
}

/// Writes proven roots of receipts beside proven batches.
pub(super) fn note_receipts(batches: &mut [BatchRecord], package: &ClaimedPackage, stages: &[Checked<VerifiedStage>]) {
    for (stage, checked) in package.stages.iter().zip(stages) {
        let Ok(VerifiedStage::Receipts(receipts)) = &checked.outcome else { continue };
        for proven in &receipts.statement().batches {
            let batch = batches.iter_mut().find(|batch| batch.index == Some(proven.index));
            if let Some(content) = batch.and_then(|batch| batch.content.as_mut()) {
                content.receipts = Some(BatchReceipts { root: proven.root, proof: stage.id.clone() });
            }
        }
    }
}

/// Writes proven later outcomes, and how they differ from those of monitoring, beside proven batches.
pub(super) fn note_matured(batches: &mut [BatchRecord], package: &ClaimedPackage, stages: &[Checked<VerifiedStage>]) {
    let mut of = |index: u32, note: &dyn Fn(&mut BatchContent)| {
        let batch = batches.iter_mut().find(|batch| batch.index == Some(index));
        if let Some(content) = batch.and_then(|batch| batch.content.as_mut()) {
            note(content);
        }
    };
    for (stage, checked) in package.stages.iter().zip(stages) {
        match &checked.outcome {
            Ok(VerifiedStage::MaturedCohort(matured)) => {
                for proven in &matured.statement().batches {
                    of(proven.index, &|content| {
                        content.matured = Some(BatchMatured {
                            outcome_commitment: proven.outcome_commitment,
                            known: proven.table.known(),
                            bad: proven.table.of_outcome(Outcome::Bad),
                            proof: stage.id.clone(),
                            revision: None,
                        });
                    });
                }
            }
            Ok(VerifiedStage::OutcomeRevision(revision)) => {
                for proven in &revision.statement().batches {
                    of(proven.index, &|content| {
                        if let Some(matured) = &mut content.matured {
                            matured.revision = Some(BatchRevision { counts: proven.counts, proof: stage.id.clone() });
                        }
                    });
                }
            }
            _ => {}
        }
    }
}
