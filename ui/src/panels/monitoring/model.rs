//! Monitoring as plain data: one metric over all calendar slots, and one batch in detail.

use std::collections::BTreeMap;

use verifold_model::{
    change::ModelChange,
    cohort::BatchRole,
    format,
    metric::{Decisions, Metric, MetricKey, Unit},
    record::{AuditRecord, BatchRecord, RequirementResult, Standing},
    state::State,
};

use crate::verdict::{Form, Verdict};

/// A metric that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Position among the record's series.
    pub series: usize,
    /// Full title.
    pub title: String,
    /// Requirement that limits it, if one does.
    pub requirement: Option<String>,
}

/// Metrics in the record: those a requirement limits first.
pub fn choices(record: &AuditRecord) -> Vec<Choice> {
    let limited_by = |key: &MetricKey| record.requirements.iter().find(|r| r.metric.as_ref() == Some(key)).map(|r| r.id.clone());
    let mut list: Vec<Choice> = record
        .series
        .iter()
        .enumerate()
        .map(|(series, line)| Choice { series, title: line.title.clone(), requirement: limited_by(&line.key) })
        .collect();
    // Most serious requirement first, so that the room opens on what matters.
    let rank = |choice: &Choice| {
        let result = record.requirements.iter().enumerate().find(|(_, r)| Some(&r.id) == choice.requirement.as_ref());
        result.map_or((1, Form::Satisfied, 0), |(at, r)| (0, Form::from(r.state), at))
    };
    list.sort_by_key(rank);
    list
}

/// A metric over all slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Metric.
    pub key: MetricKey,
    /// How values are written.
    pub unit: Unit,
    /// The conclusion in one sentence.
    pub title: String,
    /// Definition of the metric.
    pub formula: String,
    /// Rows all values rest on.
    pub rows: String,
    /// Requirement that limits it.
    pub requirement: Option<String>,
    /// Limit, as number and text.
    pub limit: Option<(f64, String)>,
    /// Warning level, as number and text.
    pub warn: Option<(f64, String)>,
    /// Whether values above the limit miss it.
    pub limit_is_maximum: bool,
    /// Where another model took over, in time order.
    pub changes: Vec<Mark>,
    /// Calendar slots in order.
    pub slots: Vec<Slot>,
    /// Range of the vertical axis.
    pub range: (f64, f64),
    /// Longest text of each column of the batch table.
    pub widest: Widest,
}

/// A change of model on the chart: before which slot, and in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Position of the first slot under the new model.
    pub slot: usize,
    /// Short, for beside the line: `model changed, 9c11…04ab from here`.
    pub label: String,
    /// The event in one sentence.
    pub sentence: String,
}

impl Mark {
    fn of(change: &ModelChange, slots: &[Slot]) -> Option<Self> {
        Some(Self {
            slot: slots.iter().position(|slot| slot.number == change.batch)?,
            label: format!("model changed, {} from here", change.new_model.short()),
            sentence: format!("{}; {}", change.words(), change.record_words()),
        })
    }
}

/// What columns of the batch table hold at most, so that columns hold them all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Widest {
    /// Rows.
    pub n: String,
    /// Value.
    pub value: String,
    /// Margin.
    pub margin: String,
    /// States that occur.
    pub words: Vec<String>,
}

impl Widest {
    fn of(slots: &[Slot]) -> Self {
        let mut widest = Self::default();
        let keep = |longest: &mut String, text: &str| {
            if text.chars().count() > longest.chars().count() {
                text.clone_into(longest);
            }
        };
        for slot in slots {
            keep(&mut widest.n, &format::count(slot.n));
            if slot.value.is_some() {
                keep(&mut widest.value, &slot.text);
            }
            keep(&mut widest.margin, &slot.margin);
            if !widest.words.contains(&slot.verdict.word) {
                widest.words.push(slot.verdict.word.clone());
            }
        }
        widest
    }
}

/// One calendar slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Running number from 1.
    pub number: u32,
    /// `2026-W23`.
    pub label: String,
    /// First day, `1 Jun`.
    pub day: String,
    /// Rows the value rests on.
    pub n: u64,
    /// Lowest and highest value, where defined.
    pub value: Option<(f64, f64)>,
    /// The value as text, or why there is none.
    pub text: String,
    /// Signed margin.
    pub margin: String,
    /// State under the requirement, if one limits the metric.
    pub verdict: Verdict,
    /// Beyond the limit.
    pub beyond: bool,
    /// Whether a proof binds it.
    pub standing: Standing,
}

impl Slot {
    /// Middle of the value, for drawing.
    pub fn mid(&self) -> Option<f64> {
        self.value.map(|(lo, hi)| f64::midpoint(lo, hi))
    }
}

impl Model {
    /// One series of a record; absent if there is no such series.
    pub fn new(record: &AuditRecord, series: usize) -> Option<Self> {
        let line = record.series.get(series)?;
        let result = record.requirements.iter().find(|r| r.metric.as_ref() == Some(&line.key));
        let points: BTreeMap<u32, _> = line.points.iter().filter_map(|point| Some((point.batch?, point))).collect();
        let verdicts: BTreeMap<u32, _> = result.map(|r| r.batches.iter().map(|b| (b.number, b)).collect()).unwrap_or_default();
        let mut slots: Vec<Slot> = record
            .batches
            .iter()
            .filter(|batch| batch.role == BatchRole::Monitoring)
            .map(|batch| {
                slot(batch, batch.index.and_then(|index| points.get(&index).copied()), verdicts.get(&batch.number).copied(), line.unit)
            })
            .collect();
        slots.sort_by_key(|slot| slot.number);
        let limit = result.and_then(|r| r.limit_value.map(|v| (v.to_f64(), line.unit.text(v))));
        let warn = result.and_then(|r| r.warn_value.map(|v| (v.to_f64(), line.unit.text(v))));
        let rows: u64 = slots.iter().map(|slot| slot.n).sum();
        Some(Self {
            title: conclusion(&line.title, result, &slots),
            formula: line.key.metric.definition().formula.to_owned(),
            rows: format!("{} rows", format::count(rows)),
            requirement: result.map(|r| r.id.clone()),
            range: range(line.unit, &slots, limit.as_ref(), warn.as_ref()),
            limit_is_maximum: result.is_none_or(|r| r.limit_is_maximum),
            key: line.key.clone(),
            unit: line.unit,
            limit,
            warn,
            changes: record.model_changes.iter().filter_map(|change| Mark::of(change, &slots)).collect(),
            widest: Widest::of(&slots),
            slots,
        })
    }

    /// Numbers of slots that do not satisfy.
    pub fn not_satisfied(&self) -> Vec<usize> {
        (0..self.slots.len()).filter(|i| self.slots[*i].beyond || self.slots[*i].value.is_none()).collect()
    }
}

fn slot(
    batch: &BatchRecord,
    point: Option<&verifold_model::record::Point>,
    verdict: Option<&verifold_model::record::BatchResult>,
    unit: Unit,
) -> Slot {
    let value = point.and_then(|p| p.value.as_ref());
    let text = match (batch.standing, point, value) {
        (Standing::Missing, ..) => "no evidence".to_owned(),
        (_, _, Some(value)) => value.text(unit),
        (_, Some(point), None) => point.undefined.clone(),
        _ => "–".to_owned(),
    };
    let neutral = match batch.standing {
        Standing::Missing => Verdict { form: Form::Uncovered, word: "No evidence".into() },
        Standing::Claimed => Verdict { form: Form::Neutral, word: "Claimed".into() },
        Standing::Proven => Verdict { form: Form::Neutral, word: if value.is_some() { "No limit" } else { "Undefined" }.into() },
    };
    Slot {
        number: batch.number,
        label: batch.label.clone(),
        day: batch.start.day_text(),
        n: point.map_or(0, |p| p.n),
        value: value.map(|v| (v.lo.to_f64(), v.hi.to_f64())),
        text,
        margin: verdict.map(|v| v.margin.clone()).unwrap_or_default(),
        beyond: verdict.is_some_and(|v| v.state == State::Violated),
        verdict: verdict.map_or(neutral, Verdict::from),
        standing: batch.standing,
    }
}

fn conclusion(title: &str, result: Option<&RequirementResult>, slots: &[Slot]) -> String {
    let with = slots.iter().filter(|slot| slot.value.is_some());
    let all = with.clone().count();
    let proven = with.filter(|slot| slot.standing == Standing::Proven).count();
    let kind = if proven == all { "proven" } else { "stated" };
    let Some(result) = result else {
        return format!("{title}: no requirement limits it");
    };
    if all == 0 {
        return format!("{title}: no batch has a value");
    }
    match slots.iter().filter(|slot| slot.beyond).count() {
        0 => format!(
            "{title}: {} holds in all {}",
            result.limit,
            format::counted(all as u64, &format!("{kind} batch"), &format!("{kind} batches"))
        ),
        n => format!(
            "{title}: {} is missed in {n} of {}",
            result.limit,
            format::counted(all as u64, &format!("{kind} batch"), &format!("{kind} batches"))
        ),
    }
}

fn range(unit: Unit, slots: &[Slot], limit: Option<&(f64, String)>, warn: Option<&(f64, String)>) -> (f64, f64) {
    let marks = [limit, warn].into_iter().flatten().map(|(v, _)| *v);
    let values = slots.iter().filter_map(|s| s.value).flat_map(|(lo, hi)| [lo, hi]);
    let (mut lo, mut hi) = marks.chain(values).fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if lo > hi {
        return (0.0, 1.0);
    }
    let from_zero = lo >= 0.0 && (matches!(unit, Unit::RateDifference | Unit::Rows) || lo < hi * 0.5);
    if from_zero {
        lo = 0.0;
    }
    let room = (hi - lo).max(hi.abs() * 0.05).max(1e-6);
    if !from_zero {
        lo -= room * 0.2;
    }
    hi += room * 0.2;
    (lo, hi)
}

/// Rates of groups in one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The conclusion.
    pub title: String,
    /// Whose decisions, and what the band is.
    pub aside: String,
    /// Groups in plan order.
    pub rates: Vec<GroupRate>,
    /// Rates inside the limit, if the metric compares groups.
    pub band: Option<(f64, f64)>,
}

/// One group's approval rate.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRate {
    /// Name.
    pub name: String,
    /// Approved.
    pub approved: u64,
    /// Scored.
    pub n: u64,
    /// Approved ÷ scored; absent for an empty group.
    pub rate: Option<f64>,
    /// Wilson interval at 95 %.
    pub interval: (f64, f64),
    /// Outside the band.
    pub beyond: bool,
}

impl Groups {
    /// Approval rates in a batch, with the band that a group metric's limit leaves.
    pub fn new(batch: &BatchRecord, model: &Model) -> Option<Self> {
        let content = batch.content.as_ref()?;
        let logged = model.key.decisions == Some(Decisions::Logged);
        let mut rates: Vec<GroupRate> = content
            .groups
            .iter()
            .map(|group| {
                let approved = if logged { group.logged_approved } else { group.model_approved };
                let rate = (group.scored > 0).then(|| approved as f64 / group.scored as f64);
                GroupRate {
                    name: group.name.clone(),
                    approved,
                    n: group.scored,
                    rate,
                    interval: wilson(approved, group.scored),
                    beyond: false,
                }
            })
            .collect();
        let highest = rates.iter().filter_map(|r| r.rate).fold(f64::NAN, f64::max);
        let limit = model.limit.as_ref().map(|(limit, _)| *limit);
        let band = match (model.key.metric, limit) {
            (Metric::DemographicParityDifference, Some(limit)) => Some((highest - limit, highest)),
            (Metric::AdverseImpactRatio, Some(limit)) => Some((highest * limit, highest)),
            _ => None,
        };
        if let Some((lowest, _)) = band {
            for rate in &mut rates {
                rate.beyond = rate.rate.is_some_and(|rate| rate < lowest);
            }
        }
        let empty: Vec<&str> = rates.iter().filter(|r| r.rate.is_none()).map(|r| r.name.as_str()).collect();
        let outside: Vec<&str> = rates.iter().filter(|r| r.beyond).map(|r| r.name.as_str()).collect();
        let place = if batch.number == 0 { "Reference".to_owned() } else { format!("Batch {}", batch.number) };
        Some(Self {
            title: match (band, outside.as_slice()) {
                (None, _) => format!("{place}: approval rate by group"),
                (Some(_), []) if !empty.is_empty() => format!("{place}: no row of {}", empty.join(", ")),
                (Some(_), []) => format!("{place}: all groups within the limit"),
                (Some(_), [one]) => format!("{place}: {one} is outside the limit"),
                (Some(_), many) => format!("{place}: {} groups outside the limit", many.len()),
            },
            aside: format!("Approval rate by {} decisions, 95 % interval", if logged { "logged" } else { "model" }),
            rates,
            band,
        })
    }
}

/// Wilson score interval at 95 %.
fn wilson(part: u64, n: u64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (n as f64, part as f64 / n as f64);
    let z2 = 1.96 * 1.96;
    let center = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = 1.96 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    (center - half, center + half)
}

/// Drift of score and inputs in one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The conclusion.
    pub title: String,
    /// Score first, then inputs, largest first.
    pub bars: Vec<DriftBar>,
    /// Warning level and limit of the score's requirement, if there is one.
    pub marks: Vec<(f64, &'static str)>,
}

/// Drift of the score or of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftBar {
    /// `score`, or the input.
    pub name: String,
    /// Index.
    pub value: f64,
    /// Beyond the limit of the requirement that looks at it, if one does.
    pub beyond: bool,
}

impl Drift {
    /// Population stability of a batch against the reference; absent without a reference.
    pub fn new(record: &AuditRecord, batch: &BatchRecord) -> Option<Self> {
        let index = batch.index?;
        let of = |metric: Metric| record.series.iter().filter(move |s| s.key.metric == metric);
        let at = |series: &verifold_model::record::Series| {
            series.points.iter().find(|p| p.batch == Some(index)).and_then(|p| p.value).map(|v| f64::midpoint(v.lo.to_f64(), v.hi.to_f64()))
        };
        let bar = |series: &verifold_model::record::Series, name: String| {
            let limits = record.requirements.iter().filter(|r| r.metric.as_ref() == Some(&series.key)).filter_map(|r| r.limit_value);
            let value = at(series)?;
            Some(DriftBar { name, value, beyond: limits.into_iter().any(|limit| value > limit.to_f64()) })
        };
        let mut inputs: Vec<DriftBar> = of(Metric::FeatureCsi).filter_map(|s| bar(s, s.key.feature.clone()?.replace('_', " "))).collect();
        inputs.sort_by(|a, b| b.value.total_cmp(&a.value));
        let mut bars: Vec<DriftBar> = of(Metric::ScorePsi).filter_map(|s| bar(s, "score".to_owned())).collect();
        bars.extend(inputs);
        if bars.is_empty() {
            return None;
        }
        let asked = record.requirements.iter().find(|r| r.metric.as_ref().is_some_and(|key| key.metric == Metric::ScorePsi));
        let marks: Vec<(f64, &'static str)> = asked
            .map(|r| {
                [r.warn_value.map(|v| (v.to_f64(), "watch")), r.limit_value.map(|v| (v.to_f64(), "limit"))].into_iter().flatten().collect()
            })
            .unwrap_or_default();
        let beyond = marks.first().map(|(level, _)| (*level, bars.iter().filter(|bar| bar.value > *level).count()));
        let title = match beyond {
            Some((level, 0)) => format!("Batch {}: no drift above {level:.2}", batch.number),
            Some((level, n)) => format!("Batch {}: {n} of {} indices above {level:.2}", batch.number, bars.len()),
            None => format!("Batch {}: drift against the reference", batch.number),
        };
        Some(Self { title, bars, marks })
    }
}
