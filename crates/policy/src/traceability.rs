//! How is a traceability specification written down, and what does one begin with?
//!
//! People write TOML; a package carries the same document as canonical JSON. A draft states what the program knows and
//! marks what only a person can say; a document with such marks left is refused, each with its place.

use std::{
    fmt::{self, Write as _},
    ops::Range,
};

use toml::de::DeTable;
use verifold_model::{
    candidates::{CandidateSystem, Holds, candidates},
    proof_system::Property,
    state::Stage,
    traceability::{CLAIMED, MODEL_CATEGORIES, ProofUsed, REQUIRED, Traceability},
};

use crate::{
    draft::quoted,
    notice::{Lint, Notices, ReadError},
};

/// Reads a traceability specification with everything there is to say about it.
pub fn lint_traceability(text: &str) -> Lint<Traceability> {
    let mut notices = Notices::new(text);
    let value = notices.parse::<Traceability>();
    if let (Some(document), Ok(root)) = (&value, DeTable::parse(text)) {
        for gap in document.gaps() {
            notices.error("unfilled", place(root.get_ref(), &gap.field), gap.to_string());
        }
        for contradiction in document.contradictions() {
            notices.error("contradiction", place(root.get_ref(), &contradiction.field), contradiction.to_string());
        }
    }
    notices.finish(value)
}

/// Reads a traceability specification, refusing it for any error: a field that is to be filled in is one.
///
/// # Errors
/// Every error with line and column.
pub fn read_traceability(text: &str) -> Result<Traceability, ReadError> {
    lint_traceability(text).into_result("traceability specification")
}

/// Where a field such as `candidate[2].scores.succinct.reason` stands, or the nearest that is there around it.
fn place(root: &DeTable<'_>, field: &str) -> Range<usize> {
    let mut found = 0..0;
    let mut table = Some(root);
    for part in field.split('.') {
        let (key, index) = match part.split_once('[') {
            Some((key, rest)) => (key, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let Some((_, value)) = table.and_then(|table| table.iter().find(|(known, _)| known.get_ref() == key)) else { break };
        let item = index.and_then(|index| value.get_ref().as_array()?.get(index));
        let value = item.unwrap_or(value);
        found = value.span();
        table = value.get_ref().as_table();
    }
    found
}

/// What the program knows when a document is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceabilityDraft {
    /// Stage of the life cycle.
    pub stage: Stage,
    /// Identifier of the system, if a package says it.
    pub system: Option<String>,
    /// One of [`MODEL_CATEGORIES`], if a package says it.
    pub model_category: Option<String>,
    /// The proof of this stage, if a package has one.
    pub used: Option<ProofUsed>,
    /// What a step of its circuit costs, as a sentence; empty if there is no such proof.
    pub cost: String,
    /// Circuits to choose from otherwise.
    pub circuits: Vec<String>,
}

impl TraceabilityDraft {
    /// The draft as TOML.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write_to(&mut text);
        text
    }

    fn write_to(&self, out: &mut String) -> fmt::Result {
        // The system used, or the one this program would use.
        let all = candidates();
        let chosen = all
            .iter()
            .find(|candidate| self.used.is_none_or(|used| candidate.runs_here == Some(used.system)) && candidate.runs_here.is_some());
        let used = self.used.as_ref();
        let or = |known: Option<String>, wanted: &str| quoted(&known.unwrap_or_else(|| format!("{REQUIRED}: {wanted}")));

        writeln!(out, "# Traceability specification: why this stage is proven the way it is. {CLAIMED}.")?;
        writeln!(out, "#")?;
        writeln!(
            out,
            "# What the program knows is filled in. Replace every text that begins with {REQUIRED}; `verifold traceability check`"
        )?;
        writeln!(out, "# names those that are left, and refuses the document until none is.")?;
        writeln!(out)?;
        writeln!(out, "schema = \"traceability/v1\"")?;
        writeln!(out, "stage = \"{}\"", self.stage.name())?;
        writeln!(out, "title = {}", quoted(&format!("How {} is proven", self.stage.title().to_lowercase())))?;
        writeln!(out, "version = \"1\"")?;
        writeln!(out, "system = {}", or(self.system.clone(), "identifier of the system in your inventory, as in the package"))?;

        writeln!(out, "\n[context]")?;
        writeln!(out, "objective = {}", or(None, "what is to be verified, and for whom"))?;
        writeln!(out, "# One of: {}", MODEL_CATEGORIES.join(", "))?;
        writeln!(out, "model_category = {}", or(self.model_category.clone(), "one of the categories above"))?;
        writeln!(out, "statement = {}", or(used.map(|used| used.statement.name().to_owned()), "kind of statement, such as monitoring/v1"))?;
        writeln!(out, "confidential = {}", or(None, "what must stay hidden from whoever verifies"))?;

        writeln!(out, "\n# What the choice has to respect. Properties under `demands` must be held in full by the system chosen:")?;
        writeln!(out, "# {}.", Property::ALL.map(Property::name).join(", "))?;
        writeln!(out, "[[constraint]]")?;
        writeln!(out, "text = {}", or(None, "a constraint, such as who verifies, when, on what computer, under which law"))?;
        writeln!(out, "demands = []")?;

        writeln!(out, "\n# Candidates with this program's own assessment of each. Correct what you see otherwise, and say why.")?;
        for candidate in &all {
            candidate_to(out, candidate)?;
        }

        writeln!(out, "\n[decision]")?;
        writeln!(out, "system = {}", or(chosen.map(|chosen| chosen.name.to_owned()), "name of the candidate chosen"))?;
        let circuits = match self.circuits.as_slice() {
            [] => "circuit and shape; this program has none for this stage".to_owned(),
            listed => format!("circuit and shape, such as {}", listed.join(", ")),
        };
        writeln!(out, "circuit = {}", or(used.map(|used| used.circuit.to_string()), &circuits))?;
        writeln!(out, "rationale = {}", or(None, "why this one, against the constraints above"))?;

        writeln!(out, "\n# What follows from the choice, good and bad, and what you do about it.")?;
        for consequence in self.consequences(chosen) {
            writeln!(out, "[[consequence]]\ntext = {}", quoted(&consequence))?;
        }
        writeln!(out, "[[consequence]]\ntext = {}", or(None, "what your organisation does about the consequences above"))?;

        writeln!(out, "\n# Name and office, and the day of their agreement as YYYY-MM-DD.")?;
        for role in ["solution_architect", "ml_engineer"] {
            writeln!(out, "[roles.{role}]")?;
            writeln!(out, "name = {}", or(None, "name and office"))?;
            writeln!(out, "agreed_on = {}", or(None, "day"))?;
        }
        Ok(())
    }
}

impl TraceabilityDraft {
    /// What the program can say of the system chosen: what it costs, what it lacks, and how strong it is.
    fn consequences(&self, chosen: Option<&CandidateSystem>) -> Vec<String> {
        let mut said = Vec::new();
        if let Some(chosen) = chosen {
            let lacking = chosen.scores.iter().filter(|(_, holds, _)| *holds != Holds::Yes);
            said.extend(lacking.map(|(property, holds, reason)| format!("{}: {}. {reason}.", property.title(), holds.word())));
            said.push(format!("Security: {}. {}.", chosen.strength.words(), chosen.strength.basis));
        }
        said.extend(Some(self.cost.clone()).filter(|cost| !cost.is_empty()));
        said
    }
}

fn candidate_to(out: &mut String, candidate: &CandidateSystem) -> fmt::Result {
    writeln!(out, "\n[[candidate]]")?;
    writeln!(out, "system = {}", quoted(candidate.name))?;
    writeln!(out, "title = {}", quoted(candidate.title))?;
    writeln!(out, "strength = {}", quoted(&format!("{}. {}", candidate.strength.words(), candidate.strength.basis)))?;
    let wanted = if candidate.runs_here.is_some() {
        "what speaks for it and against it here"
    } else {
        "what speaks for it and against it here; this program neither makes nor checks its proofs"
    };
    writeln!(out, "assessment = {}", quoted(&format!("{REQUIRED}: {wanted}")))?;
    writeln!(out, "[candidate.scores]")?;
    for (property, holds, reason) in &candidate.scores {
        writeln!(out, "{} = {{ holds = \"{}\", reason = {} }}", property.name(), holds.word(), quoted(reason))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> TraceabilityDraft {
        TraceabilityDraft {
            stage: Stage::Monitoring,
            system: Some("Retail \"scorecard\"".to_owned()),
            model_category: Some("linear".to_owned()),
            used: None,
            cost: "A step costs much.".to_owned(),
            circuits: vec!["scored-cohort/v1@f20.w8.g4.b10.h4.n17".to_owned()],
        }
    }

    /// Notices as `line:column cause`, behind the line each is about.
    fn notices(text: &str) -> Vec<String> {
        let said = |notice: &crate::Notice| {
            let line = text.lines().nth(notice.line as usize - 1).unwrap_or_default();
            let at: String = line.chars().skip(notice.column as usize - 1).take(12).collect();
            let key = line.split(" = ").next().unwrap_or_default();
            format!("{key} {at} {}", notice.cause)
        };
        lint_traceability(text).notices.iter().map(said).collect()
    }

    #[test]
    fn a_draft_names_by_place_what_only_a_person_can_say() {
        let text = draft().to_toml();
        let found = notices(&text);
        let filled = ["objective", "confidential", "text", "assessment", "rationale", "circuit", "statement", "name", "agreed_on"];
        for key in filled {
            let named = |notice: &String| notice.starts_with(&format!("{key} \"REQUIRED: ")) && notice.ends_with(" unfilled");
            assert!(found.iter().any(named), "{key}: {found:#?}");
        }
        let marks = text.lines().filter(|line| line.contains("= \"REQUIRED")).count();
        assert_eq!(found.len(), marks, "{found:#?}");
        assert!(read_traceability(&text).is_err());
    }

    /// A draft as a person would fill it in.
    fn filled() -> String {
        let lines = draft().to_toml().replace("REQUIRED: day", "2026-05-20");
        let lines = lines.replace("REQUIRED: circuit and shape, such as ", "");
        lines.replace("REQUIRED: kind of statement, such as ", "").replace("REQUIRED: ", "Said: ")
    }

    #[test]
    fn a_draft_filled_in_is_a_document() {
        let document = read_traceability(&filled()).unwrap();
        assert_eq!((document.system.as_str(), document.decision.system.as_str()), ("Retail \"scorecard\"", "nova-pasta-ipa"));
        assert_eq!(document.decision.circuit, "scored-cohort/v1@f20.w8.g4.b10.h4.n17");
        assert!(document.consequence.iter().any(|consequence| consequence.text.starts_with("Post-quantum: no.")));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let check = |from: &str, to: &str, expected: &[&str]| {
            let text = filled();
            assert!(text.contains(from), "{from}");
            assert_eq!(notices(&text.replacen(from, to, 1)), expected, "{from} to {to}");
        };
        check("version = ", "revision = ", &["revision revision = \" toml"]);
        check("stage = \"monitoring\"", "stage = \"later\"", &["stage \"later\" toml"]);
        check("demands = []", "demands = [\"post-quantum\"]", &["demands [\"post-quant contradiction"]);
        check("[roles.ml_engineer]", "[roles.engineer]", &["[roles.engineer] engineer] toml"]);
        check("\"2026-05-20\"", "\"in May\"", &["agreed_on \"in May\" contradiction"]);
        check("model_category = \"linear\"", "model_category = \"\"", &["model_category \"\" unfilled"]);
        check("system = \"nova-pasta-ipa\"", "system = \"nova\"", &["system \"nova-pasta- contradiction"]);
    }
}
