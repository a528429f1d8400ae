//! Overview as plain data.

use verifold_model::{
    record::{AuditRecord, RequirementResult, Totals},
    state::{Judgement, Severity, Stage, State},
};

use crate::{
    panels::act_and_place,
    verdict::{Form, Verdict},
};

/// Everything the overview shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// How the headline is marked.
    pub form: Form,
    /// The conclusion.
    pub title: String,
    /// Consequence and next step.
    pub detail: String,
    /// Counts per state, settled first.
    pub counts: Vec<Count>,
    /// How the total is made up.
    pub formula: String,
    /// Stages with how many are settled.
    pub stages: [(&'static str, String); 4],
    /// Rows of the matrix in order of first appearance.
    pub areas: Vec<AreaRow>,
}

/// One count.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// How many.
    pub n: u32,
    /// Of how many.
    pub of: u32,
    /// What is counted; absent for the total.
    pub form: Option<Form>,
    /// The word.
    pub word: &'static str,
}

/// One row of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaRow {
    /// Requirement area.
    pub area: String,
    /// Legal reference of its first requirement, without dates.
    pub law: String,
    /// Tiles per stage.
    pub cells: [Vec<Tile>; 4],
}

/// One requirement in the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Identifier.
    pub id: String,
    /// State.
    pub verdict: Verdict,
    /// Measured value, or nothing.
    pub value: String,
    /// The sentence the tile is read as.
    pub sentence: String,
}

impl Model {
    /// From a record.
    pub fn new(record: &AuditRecord) -> Self {
        let headline = &record.headline;
        let detail = [headline.detail.as_str(), headline.next.as_str()]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(" ");
        Self {
            form: headline.state.into(),
            title: headline.title.clone(),
            detail,
            counts: counts(record.totals),
            formula: formula(record.totals),
            stages: Stage::ALL.map(|stage| {
                let of: Vec<&RequirementResult> = record.requirements.iter().filter(|r| r.stage == stage).collect();
                let settled = of.iter().filter(|r| r.state.is_settled()).count();
                (stage.title(), if of.is_empty() { "nothing asked".into() } else { format!("{settled} of {} settled", of.len()) })
            }),
            areas: areas(&record.requirements),
        }
    }
}

fn counts(totals: Totals) -> Vec<Count> {
    let of = totals.requirements;
    let line = |n, form, word| Count { n, of, form, word };
    let mut counts = vec![line(totals.settled(), None, "Settled")];
    counts.extend(
        [
            line(totals.satisfied, Some(Form::Satisfied), "Satisfied"),
            line(totals.violated, Some(Form::Violated), "Violated"),
            line(totals.rejected, Some(Form::Rejected), "Rejected"),
            line(totals.unverifiable, Some(Form::Unverifiable), "Unverifiable"),
            line(totals.uncovered, Some(Form::Uncovered), "Uncovered"),
            line(totals.not_applicable, Some(Form::Neutral), "Not applicable"),
            line(totals.judgement, Some(Form::Judgement), "Judgement"),
            line(totals.determined_met, Some(Form::Determined), "Determined"),
        ]
        .into_iter()
        .filter(|count| count.n > 0),
    );
    counts
}

fn formula(totals: Totals) -> String {
    format!(
        "Settled = satisfied {} + not applicable {} + determined met {} = {} of {}. Mandatory only: {} of {}. Green needs {} of {}.{}",
        totals.satisfied,
        totals.not_applicable,
        totals.determined_met,
        totals.settled(),
        totals.requirements,
        totals.mandatory_settled,
        totals.mandatory,
        totals.mandatory,
        totals.mandatory,
        if totals.watch == 0 { String::new() } else { format!(" {} satisfied beyond the warning level.", totals.watch) },
    )
}

fn areas(requirements: &[RequirementResult]) -> Vec<AreaRow> {
    let mut rows: Vec<AreaRow> = Vec::new();
    for result in requirements {
        let at = rows.iter().position(|row| row.area == result.area).unwrap_or_else(|| {
            let law = result
                .legal
                .first()
                .map(|legal| act_and_place(legal))
                .map(|(act, place)| if place.is_empty() { act } else { place }.to_owned())
                .unwrap_or_default();
            rows.push(AreaRow { area: result.area.clone(), law, cells: Default::default() });
            rows.len() - 1
        });
        let stage = Stage::ALL.iter().position(|stage| *stage == result.stage).unwrap_or_default();
        rows[at].cells[stage].push(tile(result));
    }
    rows
}

fn tile(result: &RequirementResult) -> Tile {
    let verdict = match result.state {
        // Short words for the matrix; the value beside them says the rest.
        State::Judgement(Judgement::Open) => Verdict { form: Form::Judgement, word: "Judgement".into() },
        State::Judgement(Judgement::Met) => Verdict { form: Form::Determined, word: "Determined".into() },
        State::Satisfied if result.watch => Verdict { form: Form::Satisfied, word: "Watch".into() },
        state => state.into(),
    };
    let value = match result.state {
        State::Satisfied | State::Violated | State::Rejected | State::Uncovered => result.actual.clone(),
        State::Judgement(Judgement::Open) => "open".into(),
        State::Judgement(Judgement::Met) => "met".into(),
        State::Judgement(Judgement::NotMet) => "not met".into(),
        State::Unverifiable | State::NotApplicable => String::new(),
    };
    let advisory = if result.severity == Severity::Advisory { ", advisory" } else { "" };
    let actual = if result.actual.is_empty() { String::new() } else { format!(", {}", result.actual) };
    Tile {
        id: result.id.clone(),
        value,
        sentence: format!("{}, {}{advisory}, {}{actual}", result.id, Verdict::from(result).word.to_lowercase(), result.title),
        verdict,
    }
}
