//! Why was it proven this way? A decision record for each stage of the life cycle, written by people at the provider.
//!
//! The form is our reconstruction of the ZKMLOps method (Scaramuzza and others, arXiv:2505.20136 and 2510.26576, of
//! which abstracts and reviews were at hand): a solution architect picks the stage and the constraints, a machine-learning
//! engineer the model's category, candidates are scored on the properties of their proof systems, and the choice is put
//! down with its consequences. A document is a claim of the provider. [`Traceability::gaps`] and
//! [`Traceability::contradictions`] say what in it is missing or at odds with the proofs; that it is true, nothing does.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    candidates::Holds,
    instant::Instant,
    proof_system::{ProofSystem, Property},
    shape::CircuitId,
    state::Stage,
    statement::StatementKind,
};

/// What a field begins with that a person still has to fill in.
pub const REQUIRED: &str = "REQUIRED";

/// Where a document comes from and what it is worth: stands wherever one is shown.
pub const CLAIMED: &str = "Claimed by the provider; the form is our reconstruction of the ZKMLOps method";

/// Categories of models that a decision can be about.
pub const MODEL_CATEGORIES: [&str; 7] =
    ["linear", "decision-tree", "multilayer-perceptron", "convolutional-network", "recurrent-network", "transformer", "other"];

/// Version of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TraceabilitySchema {
    /// First version.
    #[serde(rename = "traceability/v1")]
    V1,
}

/// A traceability specification: how a stage of the life cycle is proven, and why in this way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traceability {
    /// Version of the format.
    pub schema: TraceabilitySchema,
    /// Stage of the life cycle.
    pub stage: Stage,
    /// Title.
    pub title: String,
    /// Version of this document.
    pub version: String,
    /// Identifier of the system in the provider's inventory, as in the package's subject.
    pub system: String,
    /// What is to be shown, and about what kind of model.
    pub context: Context,
    /// What the choice has to respect.
    #[serde(default)]
    pub constraint: Vec<Constraint>,
    /// Proof systems considered.
    #[serde(default)]
    pub candidate: Vec<Candidate>,
    /// The choice.
    pub decision: Decision,
    /// What follows from it, good and bad.
    #[serde(default)]
    pub consequence: Vec<Consequence>,
    /// Who decided.
    pub roles: Roles,
}

/// What is to be shown, and about what kind of model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// What is to be verified, for whom.
    pub objective: String,
    /// One of [`MODEL_CATEGORIES`].
    pub model_category: String,
    /// Kind of statement, for example `monitoring/v1`.
    pub statement: String,
    /// What must stay hidden from whoever verifies.
    pub confidential: String,
}

/// What the choice has to respect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// The constraint.
    pub text: String,
    /// Properties that the proof system chosen must have for it.
    #[serde(default)]
    pub demands: Vec<Property>,
}

/// A proof system considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Short name, for example `nova-pasta-ipa`.
    pub system: String,
    /// Name with its ingredients.
    pub title: String,
    /// Bits and what they rest on.
    pub strength: String,
    /// What speaks for it and against it here.
    pub assessment: String,
    /// Its properties.
    pub scores: Scores,
}

/// A score on each property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scores {
    /// One message, checked later by anyone.
    pub non_interactive: Score,
    /// No secret ceremony that could forge proofs.
    pub transparent_setup: Score,
    /// Statements compile from a standard constraint system.
    pub standard_representation: Score,
    /// Short proofs and cheap verification.
    pub succinct: Score,
    /// No discrete-logarithm or pairing assumption.
    pub post_quantum: Score,
    /// The proof reveals nothing beyond its statement.
    pub zero_knowledge: Score,
}

impl Scores {
    /// The score on a property.
    pub const fn of(&self, property: Property) -> &Score {
        match property {
            Property::NonInteractive => &self.non_interactive,
            Property::TransparentSetup => &self.transparent_setup,
            Property::StandardRepresentation => &self.standard_representation,
            Property::Succinct => &self.succinct,
            Property::PostQuantum => &self.post_quantum,
            Property::ZeroKnowledge => &self.zero_knowledge,
        }
    }
}

/// Whether a candidate has a property, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Whether.
    pub holds: Holds,
    /// Why.
    pub reason: String,
}

/// The choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The candidate chosen, by its short name.
    pub system: String,
    /// Circuit and shape, for example `scored-cohort/v1@f20.w8.g4.b10.h4.n17`.
    pub circuit: String,
    /// Why this one.
    pub rationale: String,
}

/// What follows from the choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consequence {
    /// The consequence.
    pub text: String,
}

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Chose stage, constraints and proof system.
    pub solution_architect: Role,
    /// Answers for what is said about the model.
    pub ml_engineer: Role,
}

/// A person in a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Name and office.
    pub name: String,
    /// Day of their agreement, `YYYY-MM-DD`.
    pub agreed_on: String,
}

/// Something missing in a document, or at odds with itself or the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Where: `candidate[2].assessment`, `decision.circuit`.
    pub field: String,
    /// What is wrong with it, as a clause.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.text)
    }
}

fn problem(field: impl Into<String>, text: impl Into<String>) -> Problem {
    Problem { field: field.into(), text: text.into() }
}

/// A text of a document, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextField<'a> {
    /// Where it stands.
    pub field: String,
    /// The text.
    pub text: &'a str,
    /// Whether it is a name or a word; a sentence otherwise.
    pub is_name: bool,
}

/// A proof that a document can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofUsed {
    /// Kind of statement.
    pub statement: StatementKind,
    /// Proof system.
    pub system: ProofSystem,
    /// Circuit and shape.
    pub circuit: CircuitId,
}

impl Traceability {
    /// Every text, in reading order.
    pub fn texts(&self) -> Vec<TextField<'_>> {
        fn text<'a>(texts: &mut Vec<TextField<'a>>, field: impl Into<String>, text: &'a str, is_name: bool) {
            texts.push(TextField { field: field.into(), text, is_name });
        }
        let mut texts = Vec::new();
        let list = &mut texts;
        text(list, "title", &self.title, true);
        text(list, "version", &self.version, true);
        text(list, "system", &self.system, true);
        text(list, "context.objective", &self.context.objective, false);
        text(list, "context.model_category", &self.context.model_category, true);
        text(list, "context.statement", &self.context.statement, true);
        text(list, "context.confidential", &self.context.confidential, false);
        for (i, constraint) in self.constraint.iter().enumerate() {
            text(list, format!("constraint[{i}].text"), &constraint.text, false);
        }
        for (i, candidate) in self.candidate.iter().enumerate() {
            text(list, format!("candidate[{i}].system"), &candidate.system, true);
            text(list, format!("candidate[{i}].title"), &candidate.title, true);
            text(list, format!("candidate[{i}].strength"), &candidate.strength, false);
            text(list, format!("candidate[{i}].assessment"), &candidate.assessment, false);
            for property in Property::ALL {
                text(list, format!("candidate[{i}].scores.{}.reason", property.name()), &candidate.scores.of(property).reason, false);
            }
        }
        text(list, "decision.system", &self.decision.system, true);
        text(list, "decision.circuit", &self.decision.circuit, true);
        text(list, "decision.rationale", &self.decision.rationale, false);
        for (i, consequence) in self.consequence.iter().enumerate() {
            text(list, format!("consequence[{i}].text"), &consequence.text, false);
        }
        for (role, person) in self.roles.each() {
            text(list, format!("roles.{role}.name"), &person.name, true);
            text(list, format!("roles.{role}.agreed_on"), &person.agreed_on, true);
        }
        texts
    }

    /// What a person still has to fill in, in reading order; a document without gaps is complete.
    pub fn gaps(&self) -> Vec<Problem> {
        let mut gaps: Vec<Problem> = self
            .texts()
            .into_iter()
            .filter(|field| is_unfilled(field.text))
            .map(|field| problem(field.field, "is to be filled in by a person"))
            .collect();
        for (field, listed, least) in
            [("constraint", self.constraint.len(), 1), ("candidate", self.candidate.len(), 2), ("consequence", self.consequence.len(), 1)]
        {
            if listed < least {
                gaps.push(problem(field, format!("lists {listed}, a decision record has at least {least}")));
            }
        }
        gaps
    }

    /// Where a document contradicts itself.
    pub fn contradictions(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let category = &self.context.model_category;
        if !is_unfilled(category) && !MODEL_CATEGORIES.contains(&category.as_str()) {
            found.push(problem("context.model_category", format!("is none of {}", MODEL_CATEGORIES.join(", "))));
        }
        for (i, candidate) in self.candidate.iter().enumerate() {
            if self.candidate[..i].iter().any(|earlier| earlier.system == candidate.system) {
                found.push(problem(format!("candidate[{i}].system"), format!("lists {} a second time", candidate.system)));
            }
        }
        match self.chosen() {
            Some((_, chosen)) => {
                for (i, constraint) in self.constraint.iter().enumerate() {
                    for demand in constraint.demands.iter().filter(|demand| chosen.scores.of(**demand).holds != Holds::Yes) {
                        let text = format!("demands {}, which the candidate chosen does not have in full", demand.name());
                        found.push(problem(format!("constraint[{i}].demands"), text));
                    }
                }
            }
            None if is_unfilled(&self.decision.system) => {}
            None => found.push(problem("decision.system", format!("{} is not among the candidates", self.decision.system))),
        }
        for (role, person) in self.roles.each() {
            if !is_unfilled(&person.agreed_on) && !is_day(&person.agreed_on) {
                found.push(problem(format!("roles.{role}.agreed_on"), "is not a day such as 2026-05-20"));
            }
        }
        found
    }

    /// Where a document contradicts a proof of its stage, or the system that proof is about.
    pub fn contradicts(&self, used: ProofUsed, system: &str) -> Vec<Problem> {
        let mut found = Vec::new();
        let circuit = used.circuit.to_string();
        for (field, stated, actual) in [
            ("system", self.system.as_str(), system),
            ("context.statement", self.context.statement.as_str(), used.statement.name()),
            ("decision.system", self.decision.system.as_str(), used.system.name()),
            ("decision.circuit", self.decision.circuit.as_str(), circuit.as_str()),
        ] {
            if !is_unfilled(stated) && stated != actual {
                found.push(problem(field, format!("states {stated}, the package has {actual}")));
            }
        }
        if let Some((i, chosen)) = self.chosen()
            && chosen.system == used.system.name()
        {
            for line in used.system.properties() {
                if (chosen.scores.of(line.property).holds == Holds::Yes) != line.holds {
                    let stated = chosen.scores.of(line.property).holds.word();
                    let text = format!("says {stated}, this program says {}", if line.holds { "yes" } else { "no" });
                    found.push(problem(format!("candidate[{i}].scores.{}", line.property.name()), text));
                }
            }
        }
        found
    }

    /// The candidate chosen, with its position.
    pub fn chosen(&self) -> Option<(usize, &Candidate)> {
        self.candidate.iter().enumerate().find(|(_, candidate)| candidate.system == self.decision.system)
    }

    /// The document for reading: paragraphs in order, each with its level; 0 is a heading.
    pub fn paragraphs(&self) -> Vec<(u8, String)> {
        let mut text = vec![(0, self.title.clone())];
        let mut say = |level: u8, line: String| text.push((level, line));
        say(1, format!("{CLAIMED}."));
        say(1, format!("Version {}, about the system {}. Stage: {}.", self.version, self.system, self.stage.title()));
        say(0, "Context".to_owned());
        say(1, self.context.objective.clone());
        say(1, format!("Model: {}. Statement: {}.", self.context.model_category, self.context.statement));
        say(1, format!("Stays hidden: {}", self.context.confidential));
        say(0, "Constraints".to_owned());
        for constraint in &self.constraint {
            let demands: Vec<&str> = constraint.demands.iter().map(|demand| demand.name()).collect();
            let demands = if demands.is_empty() { String::new() } else { format!(" [demands {}]", demands.join(", ")) };
            say(1, format!("{}{demands}", constraint.text));
        }
        say(0, "Candidates".to_owned());
        for candidate in &self.candidate {
            let chosen = if candidate.system == self.decision.system { ", chosen" } else { "" };
            say(1, format!("{} ({}{chosen})", candidate.title, candidate.system));
            for property in Property::ALL {
                let score = candidate.scores.of(property);
                say(2, format!("{}: {}. {}", property.title(), score.holds.word(), score.reason));
            }
            say(2, format!("Strength: {}", candidate.strength));
            say(2, format!("Assessment: {}", candidate.assessment));
        }
        say(0, "Decision".to_owned());
        say(1, format!("{}, circuit {}", self.decision.system, self.decision.circuit));
        say(1, self.decision.rationale.clone());
        say(0, "Consequences".to_owned());
        for consequence in &self.consequence {
            say(1, consequence.text.clone());
        }
        say(0, "Decided by".to_owned());
        for (role, person) in self.roles.each() {
            say(1, format!("{}: {}, {}", role_title(role), person.name, person.agreed_on));
        }
        text
    }
}

impl Roles {
    /// Each role by its key.
    pub const fn each(&self) -> [(&'static str, &Role); 2] {
        [("solution_architect", &self.solution_architect), ("ml_engineer", &self.ml_engineer)]
    }
}

/// A role as read on screen.
pub fn role_title(key: &str) -> &'static str {
    if key == "ml_engineer" { "Machine-learning engineer" } else { "IT solution architect" }
}

/// Whether a text still says that a person has to fill it in, or nothing.
pub fn is_unfilled(text: &str) -> bool {
    text.trim().is_empty() || text.trim_start().starts_with(REQUIRED)
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && format!("{text}T00:00:00Z").parse::<Instant>().is_ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        candidates::candidates,
        shape::{CircuitFamily, Shape},
    };

    fn used() -> ProofUsed {
        let circuit = CircuitId { family: CircuitFamily::ScoredCohortV1, shape: Shape::new(20, 8, 4, 10, 4, 17).unwrap() };
        ProofUsed { statement: StatementKind::MonitoringV1, system: ProofSystem::NovaPastaIpa, circuit }
    }

    fn complete() -> Traceability {
        let candidate = |of: &crate::candidates::CandidateSystem| {
            let score = |at: usize| Score { holds: of.scores[at].1, reason: of.scores[at].2.clone() };
            Candidate {
                system: of.name.to_owned(),
                title: of.title.to_owned(),
                strength: of.strength.words(),
                assessment: "Considered.".to_owned(),
                scores: Scores {
                    non_interactive: score(0),
                    transparent_setup: score(1),
                    standard_representation: score(2),
                    succinct: score(3),
                    post_quantum: score(4),
                    zero_knowledge: score(5),
                },
            }
        };
        let person = || Role { name: "A. Person, Office".to_owned(), agreed_on: "2026-05-20".to_owned() };
        Traceability {
            schema: TraceabilitySchema::V1,
            stage: Stage::Monitoring,
            title: "Monitoring".to_owned(),
            version: "1".to_owned(),
            system: "S".to_owned(),
            context: Context {
                objective: "Approval rates by group, for the auditor.".to_owned(),
                model_category: "linear".to_owned(),
                statement: "monitoring/v1".to_owned(),
                confidential: "Rows and weights.".to_owned(),
            },
            constraint: vec![Constraint { text: "No ceremony.".to_owned(), demands: vec![Property::TransparentSetup] }],
            candidate: candidates().iter().map(candidate).collect(),
            decision: Decision {
                system: "nova-pasta-ipa".to_owned(),
                circuit: used().circuit.to_string(),
                rationale: "It folds.".to_owned(),
            },
            consequence: vec![Consequence { text: "Not post-quantum.".to_owned() }],
            roles: Roles { solution_architect: person(), ml_engineer: person() },
        }
    }

    #[track_caller]
    fn check(edit: impl FnOnce(&mut Traceability), expected: &[&str]) {
        let mut document = complete();
        edit(&mut document);
        let mut found = document.gaps();
        found.extend(document.contradictions());
        found.extend(document.contradicts(used(), "S"));
        assert_eq!(found.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), expected, "{found:#?}");
    }

    #[test]
    fn a_complete_document_that_agrees_has_no_problem() {
        check(|_| {}, &[]);
    }

    #[test]
    fn what_a_person_has_to_fill_in_is_a_gap() {
        check(|d| d.context.objective = "REQUIRED: what is to be shown".to_owned(), &["context.objective"]);
        check(|d| d.roles.ml_engineer.agreed_on = " ".to_owned(), &["roles.ml_engineer.agreed_on"]);
        check(|d| d.decision.circuit = "REQUIRED".to_owned(), &["decision.circuit"]);
        check(|d| d.context.model_category = "REQUIRED".to_owned(), &["context.model_category"]);
        check(|d| d.consequence.clear(), &["consequence"]);
        check(|d| d.constraint.clear(), &["constraint"]);
        check(|d| d.candidate.truncate(1), &["candidate"]);
        check(|d| d.candidate[3].scores.succinct.reason.clear(), &["candidate[3].scores.succinct.reason"]);
    }

    #[test]
    fn a_document_must_not_contradict_itself() {
        check(|d| d.context.model_category = "tree".to_owned(), &["context.model_category"]);
        check(|d| d.candidate[2].system = "ezkl".to_owned(), &["candidate[4].system"]);
        check(|d| d.constraint[0].demands.push(Property::PostQuantum), &["constraint[0].demands"]);
        check(|d| d.roles.ml_engineer.agreed_on = "20 May 2026".to_owned(), &["roles.ml_engineer.agreed_on"]);
        check(|d| d.roles.ml_engineer.agreed_on = "2026-02-30".to_owned(), &["roles.ml_engineer.agreed_on"]);
    }

    #[test]
    fn a_document_must_not_contradict_the_proof() {
        check(|d| d.decision.system = "groth16".to_owned(), &["decision.system", "decision.system"]);
        // A demand that Groth16 does not meet, and not the system used.
        check(|d| d.decision.system = "groth16-bn254".to_owned(), &["constraint[0].demands", "decision.system"]);
        check(|d| d.decision.circuit = "scored-cohort/v1@f8.w8.g2.b10.h1.n15".to_owned(), &["decision.circuit"]);
        check(|d| d.context.statement = "training/v1".to_owned(), &["context.statement"]);
        check(|d| d.system = "T".to_owned(), &["system"]);
        check(|d| d.candidate[0].scores.post_quantum.holds = Holds::Yes, &["candidate[0].scores.post-quantum"]);
        check(|d| d.candidate[0].scores.succinct.holds = Holds::Part, &["candidate[0].scores.succinct"]);
    }

    #[test]
    fn every_text_is_read_aloud() {
        let document = complete();
        let aloud: String = document.paragraphs().into_iter().map(|(_, text)| text + "\n").collect();
        for field in document.texts() {
            assert!(aloud.contains(field.text), "{}", field.field);
        }
    }
}
