//! The life cycle as plain data.

use serde::{
    Deserialize as _,
    de::value::{Error, StrDeserializer},
};
use verifold_model::{
    change::ModelChange,
    development::Development,
    digest::Commitment,
    format::counted,
    lineage::{Artefact, ArtefactKind, LineageLink, LinkName, LinkState, LinkedValue},
    record::{AuditRecord, ProofState, RequirementResult, Standing},
    state::{Severity, Stage},
    statement::StatementKind,
};

use crate::verdict::{Form, Verdict};

/// Most batches drawn one by one in their box.
const MOST_SLOTS: usize = 60;

/// Everything the room shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// How the conclusion is marked.
    pub form: Form,
    /// The conclusion in one sentence.
    pub title: String,
    /// Consequence and what to do.
    pub detail: String,
    /// One for each stage, in order.
    pub lanes: [Lane; 4],
    /// One for each artefact, in life-cycle order; empty if nothing could be read.
    pub nodes: Vec<Node>,
    /// One for each link, in order; empty if nothing could be read.
    pub edges: Vec<Edge>,
    /// How many links stand where, in the order of the legend: proven, claimed, broken, not covered.
    pub legend: [usize; 4],
    /// Each change of model in one sentence, and what the provider says of it.
    pub changes: Vec<String>,
    /// The development data, if a preparation counts it.
    pub development: Option<Development>,
    /// What the board says in one sentence.
    pub coverage: String,
    /// Areas of requirements in policy order.
    pub rows: Vec<Row>,
}

/// A stage with its proofs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Stage.
    pub stage: Stage,
    /// How many of its proofs are valid.
    pub proofs: String,
    /// Where the worst of them stands.
    pub verdict: Verdict,
    /// The first proof, if there is one.
    pub proof: Option<String>,
}

/// An artefact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: ArtefactKind,
    /// Sizes; empty if missing.
    pub detail: String,
    /// Where it stands.
    pub verdict: Verdict,
    /// Read from the package, bound by no valid proof.
    pub claimed: bool,
    /// The proof that makes it; absent if missing.
    pub proof: Option<String>,
    /// Whether the link that leads to it is broken.
    pub cut_off: bool,
    /// Batches in calendar order, where there are few enough to draw each; of the batches alone.
    pub slots: Vec<Standing>,
    /// The sentence it is read as.
    pub sentence: String,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Which.
    pub name: LinkName,
    /// Where it stands.
    pub state: LinkState,
    /// The first digest on it, short; empty if nothing is compared.
    pub digest: String,
    /// What is compared, or why nothing is.
    pub label: String,
    /// The sentence it is read as.
    pub sentence: String,
}

/// One area of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Requirement area.
    pub area: String,
    /// One for each stage.
    pub cells: [Covered; 4],
}

/// One cell of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covered {
    /// The policy asks nothing here.
    NotAsked,
    /// The policy asks, and the package holds no evidence.
    Gap {
        /// Requirements, by identifier.
        ids: Vec<String>,
    },
    /// There is evidence, or none is needed: a person decides, or it lies outside the scope.
    Evidence {
        /// Requirements, by identifier, the most serious first.
        ids: Vec<String>,
        /// How many are settled, marked by the most serious.
        verdict: Verdict,
    },
}

impl Model {
    /// From a record.
    pub fn new(record: &AuditRecord) -> Self {
        let lineage = &record.lineage;
        let (form, title, detail) = conclude(record);
        let count = |state| lineage.links.iter().filter(|link| link.state == state).count();
        let rows = rows(&record.requirements);
        Self {
            form,
            title,
            detail,
            lanes: Stage::ALL.map(|stage| lane(record, stage)),
            nodes: lineage.artefacts.iter().map(|artefact| node(record, artefact)).collect(),
            edges: lineage.links.iter().map(edge).collect(),
            legend: [LinkState::Holds, LinkState::Claimed, LinkState::Broken, LinkState::Missing].map(count),
            changes: record.model_changes.iter().map(changed).collect(),
            development: record.development.clone(),
            coverage: coverage(&rows),
            rows,
        }
    }

    /// The link to look at first: broken, else claimed, else the last that holds.
    pub fn first_link(&self) -> Option<LinkName> {
        let of = |state| self.edges.iter().rev().find(|edge| edge.state == state);
        of(LinkState::Broken).or_else(|| of(LinkState::Claimed)).or_else(|| of(LinkState::Holds)).map(|edge| edge.name)
    }
}

fn changed(change: &ModelChange) -> String {
    let words = change.words();
    let claimed = if change.standing == Standing::Proven { "" } else { "as claimed by the package, " };
    format!("Change of model: {claimed}{words}; {}.", change.record_words())
}

/// A link by its name on the command line, `monitored-trained`.
pub fn link_named(name: &str) -> Option<LinkName> {
    LinkName::deserialize(StrDeserializer::<Error>::new(name)).ok()
}

/// From what to what, short enough for the head of a pane.
pub fn link_head(name: LinkName) -> String {
    let word = |kind| match kind {
        ArtefactKind::Model => "Model",
        ArtefactKind::OfflineMetrics => "Metrics",
        ArtefactKind::Batches => "Batches",
        kind => kind.title(),
    };
    let (earlier, later) = name.ends();
    format!("{} → {}", word(earlier), word(later))
}

/// First and last four digits.
pub(super) fn short(value: Commitment) -> String {
    let full = value.to_string();
    match (full.get(..4), full.len().checked_sub(4).and_then(|at| full.get(at..))) {
        (Some(first), Some(last)) => format!("{first}…{last}"),
        _ => full,
    }
}

/// The first value that differs, else the first.
pub(super) fn shown(link: &LineageLink) -> Option<&LinkedValue> {
    link.compared.iter().find(|value| value.earlier != value.later).or(link.compared.first())
}

fn conclude(record: &AuditRecord) -> (Form, String, String) {
    let links = &record.lineage.links;
    let count = |state| links.iter().filter(|link| link.state == state).count();
    let (holds, claimed, broken, all) = (count(LinkState::Holds), count(LinkState::Claimed), count(LinkState::Broken), links.len());
    let missing = missing_stages(record);
    if links.is_empty() {
        let detail = "The package could not be read far enough. The first rung of the ladder says where reading ended.";
        return (Form::Uncovered, "No chain of artefacts could be read".into(), detail.into());
    }
    if let Some(link) = links.iter().find(|link| link.state == LinkState::Broken) {
        let proven = link.proofs.iter().all(|id| record.proofs.iter().any(|proof| proof.id == *id && proof.state == ProofState::Valid));
        let valid = if proven { "Each proof is valid on its own, but " } else { "" };
        let detail = format!(
            "{valid}{broken} of {all} links {} broken: the stages speak of different rows or models. Ask which rows and which model are meant, and for proofs that link.",
            if broken == 1 { "is" } else { "are" },
        );
        let is_broken = |name| links.iter().any(|link| link.name == name && link.state == LinkState::Broken);
        let title = if is_broken(LinkName::MeasuredTrained) && is_broken(LinkName::MonitoredTrained) {
            "What was measured and monitored is not the model that was trained"
        } else {
            broken_words(link.name)
        };
        return (Form::Rejected, title.into(), sentence_case(&detail));
    }
    if holds == all {
        return (
            Form::Satisfied,
            "No link is broken: one chain from raw rows to the last batch".into(),
            "Each line is a commitment that valid proofs at both of its ends state.".into(),
        );
    }
    let gap = if missing.is_empty() { String::new() } else { format!(" The package holds no proof of {}.", listed(&missing)) };
    if claimed > 0 {
        let rejected = links
            .iter()
            .filter(|link| link.state == LinkState::Claimed)
            .flat_map(|link| &link.proofs)
            .any(|id| record.proofs.iter().any(|proof| proof.id == *id && proof.state == ProofState::Rejected));
        return (
            if rejected { Form::Rejected } else { Form::Unverifiable },
            record.lineage.summary(),
            format!("A claimed link agrees on both sides, but a proof that would bind one of them is not valid.{gap}"),
        );
    }
    if holds == 0 {
        let there: Vec<_> = record.lineage.artefacts.iter().filter(|artefact| artefact.standing != Standing::Missing).collect();
        let title = match there.as_slice() {
            [] => "No stage of the life cycle has a proof in the package".to_owned(),
            [only] => format!("{} stand alone: nothing links them to an earlier stage", only.kind.title()),
            _ => "The stages in the package are not linked to each other".to_owned(),
        };
        return (
            Form::Uncovered,
            title,
            format!("{gap} Nothing is known of how the model came to be, nor from which rows.").trim().to_owned(),
        );
    }
    (Form::Uncovered, record.lineage.summary(), format!("No link is broken.{gap}"))
}

/// What the package has no proof of, as read inside a sentence.
fn missing_stages(record: &AuditRecord) -> Vec<&'static str> {
    let absent = |kind| record.lineage.artefacts.iter().any(|a| a.kind == kind && a.standing == Standing::Missing);
    [
        (ArtefactKind::RawRows, "preparation"),
        (ArtefactKind::Model, "training"),
        (ArtefactKind::OfflineMetrics, "offline metrics"),
        (ArtefactKind::Batches, "monitoring"),
    ]
    .into_iter()
    .filter(|(kind, _)| absent(*kind))
    .map(|(_, words)| words)
    .collect()
}

/// `a`, `a or b`, `a, b or c`.
fn listed(words: &[&str]) -> String {
    match words {
        [first @ .., before, last] => [first, &[&format!("{before} or {last}")]].concat().join(", "),
        _ => words.concat(),
    }
}

const fn broken_words(name: LinkName) -> &'static str {
    match name {
        LinkName::PreparedTraining => "The training rows are not the committed raw rows, prepared",
        LinkName::PreparedTest => "The test rows are not the committed raw rows, prepared",
        LinkName::TrainedOnPrepared => "The model was trained on other rows than the prepared ones",
        LinkName::MeasuredOnPrepared => "The offline metrics count other rows than the prepared ones",
        LinkName::MeasuredTrained => "The offline metrics are those of another model than the one trained",
        LinkName::MonitoredTrained => "Monitoring used another model than the one trained",
        LinkName::LaterOfMonitored => "The later outcomes are not of the monitored rows, or were compared with others",
    }
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn lane(record: &AuditRecord, stage: Stage) -> Lane {
    let proofs: Vec<_> = record.proofs.iter().filter(|proof| proof.stage == stage).collect();
    let valid = proofs.iter().filter(|proof| proof.state == ProofState::Valid).count();
    let words = match (proofs.len(), valid) {
        (0, _) => "no proof".to_owned(),
        (_, 0) => "no valid proof".to_owned(),
        (n, _) if n == valid => format!("{} valid", counted(n as u64, "proof", "proofs")),
        (n, _) => format!("{valid} of {} valid", counted(n as u64, "proof", "proofs")),
    };
    let verdict = proofs.iter().map(|proof| standing(proof.state)).min_by_key(|verdict| verdict.form);
    Lane {
        stage,
        proofs: words,
        verdict: verdict.unwrap_or(Verdict { form: Form::Uncovered, word: "No proof in the package".into() }),
        // Proofs of later outcomes stand in front of the monitoring they are about.
        proof: proofs.iter().find(|proof| proof.statement == StatementKind::MonitoringV1).or(proofs.first()).map(|proof| proof.id.clone()),
    }
}

/// Where what a proof makes stands.
fn standing(state: ProofState) -> Verdict {
    let (form, word) = match state {
        ProofState::Valid => (Form::Satisfied, "Proven"),
        ProofState::Rejected => (Form::Rejected, "Proof rejected"),
        ProofState::NotCheckable => (Form::Unverifiable, "Not checkable"),
        ProofState::NotReached => (Form::Neutral, "Claimed"),
    };
    Verdict { form, word: word.into() }
}

fn node(record: &AuditRecord, artefact: &Artefact) -> Node {
    let proof = artefact.proof.as_ref().and_then(|id| record.proofs.iter().find(|proof| proof.id == *id));
    let verdict = match (artefact.standing, proof.map(|proof| proof.state)) {
        (Standing::Proven, _) => standing(ProofState::Valid),
        (Standing::Missing, _) => Verdict { form: Form::Uncovered, word: "No proof in the package".into() },
        (Standing::Claimed, Some(state @ (ProofState::Rejected | ProofState::NotCheckable))) => standing(state),
        (Standing::Claimed, _) => standing(ProofState::NotReached),
    };
    let cut_off = record.lineage.links.iter().any(|link| link.state == LinkState::Broken && link.name.ends().1 == artefact.kind);
    let monitored = || record.batches.iter().filter(|batch| batch.number > 0);
    let mut slots = Vec::new();
    if artefact.kind == ArtefactKind::Batches && artefact.standing != Standing::Missing && monitored().count() <= MOST_SLOTS {
        let mut numbered: Vec<_> = monitored().map(|batch| (batch.number, batch.standing)).collect();
        numbered.sort_unstable();
        slots = numbered.into_iter().map(|(_, standing)| standing).collect();
    }
    let sentence = format!("Artefact {}, {}", artefact.kind.title().to_lowercase(), verdict.word.to_lowercase());
    let verdict = if cut_off && artefact.standing == Standing::Proven {
        Verdict { form: Form::Rejected, word: "Link broken".into() }
    } else {
        verdict
    };
    let detail = if artefact.detail.is_empty() { String::new() } else { format!(", {}", artefact.detail) };
    let broken = if cut_off { ", its link is broken" } else { "" };
    Node {
        kind: artefact.kind,
        detail: artefact.detail.clone(),
        claimed: artefact.standing == Standing::Claimed,
        proof: proof.map(|proof| proof.id.clone()),
        cut_off,
        slots,
        sentence: format!("{sentence}{detail}{broken}"),
        verdict,
    }
}

fn edge(link: &LineageLink) -> Edge {
    let whats: Vec<&str> = link.compared.iter().map(|value| value.what.as_str()).collect();
    let label = match link.state {
        LinkState::Missing => "not covered".to_owned(),
        LinkState::Broken => shown(link).map_or_else(|| "differs".to_owned(), |value| format!("{} differ", value.what)),
        LinkState::Holds | LinkState::Claimed if whats.is_empty() => "one proof".to_owned(),
        LinkState::Holds | LinkState::Claimed => match whats.as_slice() {
            // More do not fit on a line of the chain; the inspector lists them.
            many if many.len() > 2 => format!("{} commitments", many.len()),
            few => few.join(", "),
        },
    };
    let digest = match (link.state, shown(link)) {
        (LinkState::Holds | LinkState::Claimed, Some(value)) => short(value.earlier),
        _ => String::new(),
    };
    Edge {
        name: link.name,
        state: link.state,
        digest,
        label: label.replace("model differ", "model differs"),
        sentence: format!("Link {}, {}: {}", link.name.title(), link.state.word().to_lowercase(), link.text),
    }
}

fn rows(requirements: &[RequirementResult]) -> Vec<Row> {
    let mut areas: Vec<&str> = Vec::new();
    for result in requirements {
        if !areas.contains(&result.area.as_str()) {
            areas.push(&result.area);
        }
    }
    let cell = |area: &str, stage| {
        let mut asked: Vec<_> = requirements.iter().filter(|result| result.area == area && result.stage == stage).collect();
        asked.sort_by_key(|result| (Form::from(result.state), result.severity == Severity::Advisory));
        let ids = asked.iter().map(|result| result.id.clone()).collect();
        let Some(form) = asked.first().map(|result| Form::from(result.state)) else { return Covered::NotAsked };
        if asked.iter().all(|result| Form::from(result.state) == Form::Uncovered) {
            return Covered::Gap { ids };
        }
        let settled = asked.iter().filter(|result| result.state.is_settled()).count();
        // Where all is settled, what was proven stands before what lies outside the scope.
        let proven =
            form == Form::Neutral && settled == asked.len() && asked.iter().any(|result| Form::from(result.state) == Form::Satisfied);
        let form = if proven { Form::Satisfied } else { form };
        Covered::Evidence { ids, verdict: Verdict { form, word: format!("{settled} of {} settled", asked.len()) } }
    };
    areas.into_iter().map(|area| Row { area: area.to_owned(), cells: Stage::ALL.map(|stage| cell(area, stage)) }).collect()
}

fn coverage(rows: &[Row]) -> String {
    let cells = || rows.iter().flat_map(|row| &row.cells);
    let asked = cells().filter(|cell| **cell != Covered::NotAsked).count();
    let gaps = cells().filter(|cell| matches!(cell, Covered::Gap { .. })).count();
    if asked == 0 {
        return "The policy asks nothing".into();
    }
    let of = format!("Of {} on the board, the policy asks something in {asked}", counted(4 * rows.len() as u64, "cell", "cells"));
    match gaps {
        0 => format!("{of}; none of them is a gap"),
        1 => format!("{of}; 1 is a gap, with no evidence in the package"),
        n => format!("{of}; {n} are gaps, with no evidence in the package"),
    }
}
