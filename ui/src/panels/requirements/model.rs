//! Requirements as plain data: the list in an order, and the rule tree laid flat.

use verifold_model::{
    record::{AuditRecord, RequirementResult, WhyNode},
    state::{Judgement, Stage, State},
};

use crate::{
    panels::act_and_place,
    verdict::{Form, Verdict},
};

/// How the list is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Outstanding before settled, most serious first.
    #[default]
    State,
    /// By life-cycle stage.
    Stage,
    /// By legal reference.
    Law,
}

impl Order {
    /// All, as offered.
    pub const ALL: [Self; 3] = [Self::State, Self::Stage, Self::Law];

    /// As read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::State => "State",
            Self::Stage => "Stage",
            Self::Law => "Law",
        }
    }
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// "15 of 21 settled".
    pub settled: String,
    /// Lines in order.
    pub lines: Vec<Line>,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Title and count.
    Group(String, String),
    /// A requirement.
    Requirement {
        /// Identifier.
        id: String,
        /// State.
        verdict: Verdict,
        /// Short title.
        title: String,
        /// Measured.
        actual: String,
        /// Limit with comparator.
        limit: String,
        /// Signed margin.
        margin: String,
        /// Whether the limit is missed.
        missed: bool,
    },
}

impl Model {
    /// From a record, in an order, only those a filter matches.
    pub fn new(record: &AuditRecord, order: Order, filter: &str) -> Self {
        let wanted = filter.trim().to_lowercase();
        let matches = |r: &&RequirementResult| {
            wanted.is_empty()
                || [&r.id, &r.title, &r.area].iter().any(|text| text.to_lowercase().contains(&wanted))
                || r.state.word().to_lowercase().contains(&wanted)
                || r.legal.iter().any(|law| law.to_lowercase().contains(&wanted))
        };
        let found: Vec<&RequirementResult> = record.requirements.iter().filter(matches).collect();
        let all = record.requirements.len();
        let mut groups: Vec<(String, Vec<&RequirementResult>)> = Vec::new();
        match order {
            Order::State => {
                let (settled, mut outstanding): (Vec<&RequirementResult>, Vec<&RequirementResult>) =
                    found.iter().partition(|r| r.state.is_settled());
                outstanding.sort_by_key(|r: &&RequirementResult| Form::from(r.state));
                groups.push(("Outstanding".into(), outstanding));
                groups.push(("Settled".into(), settled));
            }
            Order::Stage => {
                for stage in Stage::ALL {
                    groups.push((stage.title().into(), found.iter().filter(|r| r.stage == stage).copied().collect()));
                }
            }
            Order::Law => {
                for result in &found {
                    let law = result.legal.first().map(|legal| act_and_place(legal));
                    let law =
                        law.map_or_else(|| "No legal reference".to_owned(), |(act, place)| format!("{act} {place}").trim_end().to_owned());
                    match groups.iter_mut().find(|(title, _)| *title == law) {
                        Some((_, list)) => list.push(result),
                        None => groups.push((law, vec![result])),
                    }
                }
            }
        }
        let mut lines = Vec::new();
        for (title, list) in groups.into_iter().filter(|(_, list)| !list.is_empty()) {
            lines.push(Line::Group(title, format!("{} of {all}", list.len())));
            lines.extend(list.into_iter().map(line));
        }
        Self { settled: format!("{} of {all} settled", record.totals.settled()), lines }
    }

    /// Position of a requirement in the list.
    pub fn position(&self, wanted: &str) -> Option<usize> {
        self.lines.iter().position(|line| matches!(line, Line::Requirement { id, .. } if id == wanted))
    }
}

fn line(result: &RequirementResult) -> Line {
    let dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let verdict = match result.state {
        State::Judgement(Judgement::Open) => Verdict { form: Form::Judgement, word: "Judgement".into() },
        State::Judgement(Judgement::Met) => Verdict { form: Form::Determined, word: "Determined".into() },
        _ => result.into(),
    };
    Line::Requirement {
        id: result.id.clone(),
        verdict,
        title: result.title.clone(),
        actual: dash(&result.actual),
        limit: dash(&result.limit),
        margin: dash(&result.margin),
        missed: result.state == State::Violated,
    }
}

/// A node of the rule with its depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyRow {
    /// Levels below the root.
    pub depth: usize,
    /// The node, without its children.
    pub node: WhyNode,
}

/// The rule tree in reading order.
pub fn why_rows(root: &WhyNode) -> Vec<WhyRow> {
    let mut rows = Vec::new();
    let mut stack = vec![(0, root)];
    while let Some((depth, node)) = stack.pop() {
        rows.push(WhyRow { depth, node: WhyNode { children: Vec::new(), ..node.clone() } });
        stack.extend(node.children.iter().rev().map(|child| (depth + 1, child)));
    }
    rows
}
