//! Proofs as plain data.

use verifold_model::{
    format,
    proof_system::PropertyLine,
    record::{AuditRecord, ProofState, ProofSummary, SegmentSummary},
};

use crate::verdict::{Form, Verdict};

/// The table of proofs with its conclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The conclusion in one sentence.
    pub title: String,
    /// Proofs in package order.
    pub rows: Vec<ProofRow>,
}

/// One proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofRow {
    /// Identifier.
    pub id: String,
    /// Where it stands.
    pub verdict: Verdict,
    /// Title of the statement.
    pub title: String,
    /// Circuit family.
    pub circuit: String,
    /// Why it is not valid.
    pub note: String,
    /// Folding steps.
    pub steps: String,
    /// Padded constraints, as a power of two.
    pub size: String,
    /// Bytes.
    pub bytes: String,
}

impl Model {
    /// From a record.
    pub fn new(record: &AuditRecord) -> Self {
        let count = |state| record.proofs.iter().filter(|proof| proof.state == state).count();
        let all = record.proofs.len();
        let mut title = match all {
            0 => "No proof could be read".to_owned(),
            _ => format!(
                "{} of {} valid",
                count(ProofState::Valid),
                if all == 1 { "1 proof is".to_owned() } else { format!("{all} proofs are") }
            ),
        };
        for (state, one, many) in [
            (ProofState::Rejected, "is rejected", "are rejected"),
            (ProofState::NotCheckable, "cannot be checked here", "cannot be checked here"),
            (ProofState::NotReached, "was not reached", "were not reached"),
        ] {
            match count(state) {
                0 => {}
                1 => title.push_str(&format!(", 1 {one}")),
                n => title.push_str(&format!(", {n} {many}")),
            }
        }
        let rows = record
            .proofs
            .iter()
            .map(|proof| ProofRow {
                id: proof.id.clone(),
                verdict: proof.state.into(),
                title: proof.title.clone(),
                circuit: proof.circuit.family.name().to_owned(),
                note: proof.reason.clone(),
                steps: format::count(proof.steps),
                size: power(proof.circuit.shape.size_log2()),
                bytes: format!("{}\u{202F}B", format::count(proof.proof_bytes)),
            })
            .collect();
        Self { title, rows }
    }
}

/// The segments of a proof, a line each: batches, steps, and the state if it is not that of the whole.
pub fn segment_lines(proof: &ProofSummary) -> Vec<String> {
    let line = |(number, segment): (usize, &SegmentSummary)| {
        let batches = format::batches_text(segment.first_batch.into(), segment.last_batch.into());
        let state = match (proof.state, segment.state) {
            (ProofState::Valid, _) | (_, ProofState::NotReached) => String::new(),
            (_, state) => format!(", {}", state.word().to_lowercase()),
        };
        format!("{number}: {batches}, {}{state}", format::counted(segment.steps, "step", "steps"))
    };
    (1..).zip(&proof.segments).map(line).collect()
}

/// A property of a proof system, or its strength, against what the policy demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyRow {
    /// What is asked.
    pub title: String,
    /// Why it is so, or what it rests on.
    pub reason: String,
    /// Yes, no, or a number of bits.
    pub word: String,
    /// How it weighs: had, missing though demanded, missing and not asked for.
    pub form: Form,
    /// What the policy demands of it.
    pub asked: String,
}

/// The properties in their order, then the strength.
pub fn property_rows(proof: &ProofSummary) -> Vec<PropertyRow> {
    let form = |holds, demanded| match (holds, demanded) {
        (true, _) => Form::Satisfied,
        (false, true) => Form::Violated,
        (false, false) => Form::Neutral,
    };
    let property = |line: &PropertyLine| {
        let demanded = proof.demanded.contains(&line.property);
        PropertyRow {
            title: line.property.title().to_owned(),
            reason: line.reason.clone(),
            word: if line.holds { "Yes" } else { "No" }.to_owned(),
            form: form(line.holds, demanded),
            asked: if demanded { "demanded" } else { "not asked" }.to_owned(),
        }
    };
    let strength = proof.strength.as_ref().map(|strength| PropertyRow {
        title: "Security, bits".to_owned(),
        reason: format!("{}. {}", strength.words(), strength.basis),
        word: strength.conjectured_bits.to_string(),
        form: match proof.demanded_bits {
            Some(bits) => form(strength.conjectured_bits >= bits, true),
            None => Form::Neutral,
        },
        asked: proof.demanded_bits.map_or_else(|| "not asked".to_owned(), |bits| format!("≥ {bits}")),
    });
    proof.properties.iter().map(property).chain(strength).collect()
}

/// `2¹⁷`.
pub(super) fn power(log2: u32) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised: String = log2.to_string().bytes().map(|b| digits[usize::from(b - b'0')]).collect();
    format!("2{raised}")
}
