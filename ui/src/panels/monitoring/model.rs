//! Monitoring as plain data: one metric over all calendar slots, and one batch in detail.

use std::collections::BTreeMap;

use verifold_model::{
    change::ModelChange,
    cohort::BatchRole,
    format,
    metric::{Decisions, Metric, MetricKey, Unit},
    record::{AuditRecord, BatchRecord, RequirementResult, Standing},
    state::{Stage, State},
};

use crate::verdict::{Form, Verdict};

/// A metric that can be shown, with one requirement that limits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Position among the record's series.
    pub series: usize,
    /// Full title.
    pub title: String,
    /// Requirement that limits it, if one does.
    pub requirement: Option<String>,
}

/// Metrics in the record, once for each requirement that limits them: violated before others, then those that judge batches.
pub fn choices(record: &AuditRecord) -> Vec<Choice> {
    let mut list: Vec<(Rank, Choice)> = Vec::new();
    for (series, line) in record.series.iter().enumerate() {
        let choice = |requirement| Choice { series, title: line.title.clone(), requirement };
        let limits: Vec<_> = record.requirements.iter().enumerate().filter(|(_, r)| r.metric.as_ref() == Some(&line.key)).collect();
        if limits.is_empty() {
            list.push((rank(None), choice(None)));
        }
        list.extend(limits.into_iter().map(|(at, r)| (rank(Some((at, r))), choice(Some(r.id.clone())))));
    }
    list.sort_by_key(|(rank, _)| *rank);
    list.into_iter().map(|(_, choice)| choice).collect()
}

/// Most serious requirement first, so that the room opens on what matters; among equals one that judges batches, then policy order.
type Rank = (bool, Form, bool, usize);

fn rank(limit: Option<(usize, &RequirementResult)>) -> Rank {
    limit.map_or((true, Form::Satisfied, true, 0), |(at, r)| (false, r.state.into(), !judges_batches(r), at))
}

/// Whether a requirement has results for monitored batches. Those of the training stage are about test rows.
fn judges_batches(result: &RequirementResult) -> bool {
    result.stage != Stage::Training && !result.batches.is_empty()
}

/// The requirement that judges batches by a metric: a violated one first, then in policy order.
fn judge<'a>(record: &'a AuditRecord, key: &MetricKey) -> Option<&'a RequirementResult> {
    let judges = record.requirements.iter().filter(|r| r.metric.as_ref() == Some(key) && judges_batches(r));
    judges.min_by_key(|r| r.state != State::Violated)
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
    /// Whether that requirement judges single batches, rather than all of them together or test rows.
    pub judges_batches: bool,
    /// Limit of a batch, as number and text.
    pub limit: Option<(f64, String)>,
    /// Warning level of a batch, as number and text.
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
    /// State under the requirement, if it judges the batch; absent otherwise.
    pub state: Option<State>,
    /// The same as drawn, or why there is none.
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

    /// Whether the limit is kept or missed here.
    pub const fn is_judged(&self) -> bool {
        matches!(self.state, Some(State::Satisfied | State::Violated))
    }
}

impl Model {
    /// One series of a record under one requirement; absent if there is no such series.
    pub fn new(record: &AuditRecord, choice: &Choice) -> Option<Self> {
        let line = record.series.get(choice.series)?;
        let result = choice.requirement.as_ref().and_then(|id| record.requirements.iter().find(|r| r.id == *id));
        // A limit of anything else is not one that a batch could keep or miss.
        let judging = result.filter(|r| judges_batches(r));
        let points: BTreeMap<u32, _> = line.points.iter().filter_map(|point| Some((point.batch?, point))).collect();
        let verdicts: BTreeMap<u32, _> = judging.map(|r| r.batches.iter().map(|b| (b.number, b)).collect()).unwrap_or_default();
        let mut slots: Vec<Slot> = record
            .batches
            .iter()
            .filter(|batch| batch.role == BatchRole::Monitoring)
            .map(|batch| {
                let point = batch.index.and_then(|index| points.get(&index).copied());
                slot(batch, point, verdicts.get(&batch.number).copied(), line.unit, result.is_some())
            })
            .collect();
        slots.sort_by_key(|slot| slot.number);
        let limit = judging.and_then(|r| r.limit_value.map(|v| (v.to_f64(), line.unit.text(v))));
        let warn = judging.and_then(|r| r.warn_value.map(|v| (v.to_f64(), line.unit.text(v))));
        let rows: u64 = slots.iter().map(|slot| slot.n).sum();
        Some(Self {
            title: conclusion(&line.title, result, &slots),
            formula: line.key.metric.definition().formula.to_owned(),
            rows: format!("{} rows", format::count(rows)),
            requirement: result.map(|r| r.id.clone()),
            judges_batches: judging.is_some(),
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

    /// Positions of slots that do not satisfy; of slots without a value where single batches are not judged.
    pub fn outstanding(&self) -> Vec<usize> {
        let settled = |slot: &Slot| if self.judges_batches { slot.state == Some(State::Satisfied) } else { slot.value.is_some() };
        (0..self.slots.len()).filter(|i| !settled(&self.slots[*i])).collect()
    }
}

fn slot(
    batch: &BatchRecord,
    point: Option<&verifold_model::record::Point>,
    verdict: Option<&verifold_model::record::BatchResult>,
    unit: Unit,
    is_limited: bool,
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
        Standing::Proven => {
            let word = match (value, is_limited) {
                (None, _) => "Undefined",
                (Some(_), true) => "Not judged",
                (Some(_), false) => "No limit",
            };
            Verdict { form: Form::Neutral, word: word.into() }
        }
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
        state: verdict.map(|v| v.state),
        verdict: verdict.map_or(neutral, Verdict::from),
        standing: batch.standing,
    }
}

fn conclusion(title: &str, result: Option<&RequirementResult>, slots: &[Slot]) -> String {
    let Some(result) = result else {
        return format!("{title}: no requirement limits it");
    };
    if !judges_batches(result) {
        return format!("{title}: {}; single batches are not judged", together(result));
    }
    let of = |state: State| slots.iter().filter(|slot| slot.state == Some(state)).count();
    let (held, missed, left_out) = (of(State::Satisfied), of(State::Violated), of(State::NotApplicable));
    let judged = held + missed;
    let kind = if slots.iter().filter(|slot| slot.is_judged()).all(|slot| slot.standing == Standing::Proven) { "proven" } else { "stated" };
    let uncovered = slots.len() - judged - left_out;
    let rest: String = [(left_out, "left out"), (uncovered, "uncovered")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("; {n} {} {word}", if n == 1 { "is" } else { "are" }))
        .collect();
    let batches = format::counted(judged as u64, &format!("{kind} batch"), &format!("{kind} batches"));
    let limit = &result.limit;
    match (judged, missed) {
        (0, _) => format!("{title}: no batch is judged by {limit}{rest}"),
        (_, 0) if rest.is_empty() => format!("{title}: {limit} holds in all {batches}"),
        (_, 0) => format!("{title}: {limit} holds in {batches}{rest}"),
        _ => format!("{title}: {limit} is missed in {missed} of {batches}{rest}"),
    }
}

/// What a requirement that judges no single batch comes to.
fn together(result: &RequirementResult) -> String {
    let word = Verdict::from(result).word.to_lowercase();
    if matches!(result.actual.as_str(), "" | "–") {
        return format!("{} is {word}", result.id);
    }
    let over = if result.stage == Stage::Training { "the test rows" } else { "all batches together" };
    format!("{} over {over}, {} ({}), {word}", result.actual, result.limit, result.id)
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
        // A batch that is left out neither keeps the limit nor misses it.
        let is_judged = model.slots.iter().any(|slot| slot.number == batch.number && slot.is_judged());
        let limit = model.limit.as_ref().map(|(limit, _)| *limit).filter(|_| is_judged);
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
    /// Warning level and limit of the requirement that judges batches by the score, if there is one.
    pub marks: Vec<(f64, &'static str)>,
}

/// Drift of the score or of one input.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftBar {
    /// `score`, or the input.
    pub name: String,
    /// Index.
    pub value: f64,
    /// Beyond the limit of a requirement that judges batches by it.
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
            let mut limits = record.requirements.iter().filter(|r| r.metric.as_ref() == Some(&series.key) && judges_batches(r));
            let misses = |r: &RequirementResult| r.batches.iter().any(|b| b.number == batch.number && b.state == State::Violated);
            Some(DriftBar { name, value: at(series)?, beyond: limits.any(misses) })
        };
        let mut inputs: Vec<DriftBar> = of(Metric::FeatureCsi).filter_map(|s| bar(s, s.key.feature.clone()?.replace('_', " "))).collect();
        inputs.sort_by(|a, b| b.value.total_cmp(&a.value));
        let mut bars: Vec<DriftBar> = of(Metric::ScorePsi).filter_map(|s| bar(s, "score".to_owned())).collect();
        bars.extend(inputs);
        if bars.is_empty() {
            return None;
        }
        let asked = of(Metric::ScorePsi).next().and_then(|series| judge(record, &series.key));
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
