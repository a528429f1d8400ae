//! What the proofs of a package say about its development data.

use verifold_model::{
    cohort::BatchRole,
    development::{ColumnProfile, DatasetProfile, Development, FeatureHistogram, GroupLabels, PartHistograms, PartProfile},
    lineage::{Lineage, LinkName, LinkState},
    plan::Plan,
    preparation::{Column, PART_NAMES, PreparationStatement, PreparedPart},
    record::Standing,
    statement::{MonitoringStatement, StageStatement},
};
use verifold_package::{ClaimedPackage, ClaimedStage};

use crate::evidence::{Checked, VerifiedStage};

/// The profile of the first preparation, and histograms of its parts by the first offline-metrics proof; `None` without a
/// preparation whose statement replays. Checks stand beside the package's stages.
pub(crate) fn development(package: &ClaimedPackage, stages: &[Checked<VerifiedStage>], lineage: &Lineage) -> Option<Development> {
    let stage = |wanted: fn(&StageStatement) -> bool| {
        package
            .stages
            .iter()
            .zip(stages)
            .find(|(stage, _)| wanted(&stage.statement))
            // A statement that does not replay may have any number of columns, parts and bins.
            .filter(|(_, checked)| checked.transition.is_some())
            .map(|(stage, checked)| (stage, checked.outcome.is_ok()))
    };
    let (prepared, valid) = stage(|statement| matches!(statement, StageStatement::Preparation(_)))?;
    let StageStatement::Preparation(statement) = &prepared.statement else { return None };
    let profile = profile(prepared, standing(valid), statement, &package.plan);
    let counted = stage(|statement| matches!(statement, StageStatement::OfflineMetrics(_)));
    let histograms = counted.and_then(|(offline, valid)| {
        let StageStatement::OfflineMetrics(statement) = &offline.statement else { return None };
        // Of which rows they are is said by the link alone.
        let of_these = lineage.links.iter().any(|link| link.name == LinkName::MeasuredOnPrepared && link.state == LinkState::Holds);
        histograms(offline, standing(valid && of_these), statement, &package.plan)
    });
    Some(Development { profile, histograms })
}

const fn standing(proven: bool) -> Standing {
    if proven { Standing::Proven } else { Standing::Claimed }
}

fn profile(stage: &ClaimedStage, standing: Standing, statement: &PreparationStatement, plan: &Plan) -> DatasetProfile {
    let part = |(part, name): (&PreparedPart, &&str)| {
        let aside = |reason: usize| part.profile.set_aside.iter().filter_map(|counts| counts.get(reason)).map(|n| u64::from(*n)).sum();
        let names = plan.grouping.names.iter().zip(&part.profile.labels);
        let groups = names.map(|(name, labels)| {
            let [unknown, good, bad] = labels.map(u64::from);
            GroupLabels { name: name.clone(), unknown, good, bad }
        });
        PartProfile { name: (*name).to_owned(), rows: u64::from(part.rows), missing: aside(0), outside: aside(1), groups: groups.collect() }
    };
    let column = |(at, column): (usize, &Column)| ColumnProfile {
        name: column.name.clone(),
        domain: column.domain_words(),
        counts: statement.parts.iter().map(|part| part.profile.columns.get(at).map_or([0; 3], |counts| counts.map(u64::from))).collect(),
    };
    DatasetProfile {
        proof: stage.id.clone(),
        standing,
        parts: statement.parts.iter().zip(&PART_NAMES).map(part).collect(),
        columns: statement.preparation.columns.iter().enumerate().map(column).collect(),
    }
}

fn histograms(stage: &ClaimedStage, standing: Standing, statement: &MonitoringStatement, plan: &Plan) -> Option<PartHistograms> {
    let parts = [BatchRole::Reference, BatchRole::Test].map(|role| statement.batches.iter().find(|batch| batch.role == role));
    let [Some(training), Some(test)] = parts else { return None };
    let features = plan.histograms.iter().enumerate().filter_map(|(at, histogram)| {
        let feature = plan.features.iter().find(|feature| feature.name == histogram.feature)?;
        let counts = [training, test].map(|batch| batch.table.histograms.get(at));
        let edge = |edge: &u32| feature.plain(*edge).map_or_else(|| format!("value {edge}"), |plain| plain.to_string());
        Some(FeatureHistogram {
            feature: feature.name.clone(),
            unit: feature.unit.clone(),
            edges: histogram.edges.iter().map(edge).collect(),
            counts: counts.into_iter().map(|bins| Some(bins?.iter().map(|n| u64::from(*n)).collect())).collect::<Option<_>>()?,
        })
    });
    let features: Vec<_> = features.collect();
    (!features.is_empty()).then(|| PartHistograms { proof: stage.id.clone(), standing, features })
}
