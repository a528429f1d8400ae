//! Proofs, the specification they are traced to, and the entries of the package.

use verifold_model::{
    candidates::{CandidateSystem, candidates},
    cohort::BatchRole,
    digest::Digest,
    format,
    proof_system::{ProofSystem, Property},
    record::{BatchRecord, EntrySummary, ProofState, ProofSummary, TraceabilitySummary},
    shape::{CircuitFamily, CircuitId, Shape},
    state::Stage,
    statement::StatementKind,
    traceability::{
        Candidate, Consequence, Constraint, Context, Decision, ProofUsed, Role, Roles, Score, Scores, Traceability, TraceabilitySchema,
    },
};

use super::{Story, field};

pub(super) fn proofs(story: Story, batches: &[BatchRecord]) -> Vec<ProofSummary> {
    let names: Vec<String> =
        ["header", "plan", "model", "chain", "batch index", "last key", "open rows", "open table"].map(Into::into).to_vec();
    let state = |prefix: &str| names.iter().map(|name| field(&format!("{prefix} {name}"))).collect::<Vec<_>>();
    let proven = batches.iter().filter(|b| b.content.is_some() && b.role == BatchRole::Monitoring).count();
    let rows: u64 = batches.iter().filter(|b| b.role == BatchRole::Monitoring).filter_map(|b| b.content.as_ref()).map(|c| c.scored).sum();
    let make = |id: &str, title: &str, proof_state: ProofState, reason: &str, steps| ProofSummary {
        id: id.into(),
        title: title.into(),
        state: proof_state,
        reason: reason.into(),
        stage: Stage::Monitoring,
        statement: StatementKind::MonitoringV1,
        plain_words: format!(
            "{proven} weekly batches between 1 Jun 2026 and 15 Nov 2026 form one unbroken chain of {} applications, after a reference of 12\u{202F}000. One model scored every one of them. For each batch, the disclosed table counts them by score bin, outcome, age band and logged decision.",
            format::count(rows)
        ),
        does_not_show: StatementKind::MonitoringV1.does_not_show().into(),
        circuit: CircuitId { family: CircuitFamily::ScoredCohortV1, shape: Shape::new(20, 8, 4, 10, 4, 17).unwrap() },
        system: ProofSystem::NovaPastaIpa,
        properties: ProofSystem::NovaPastaIpa.properties(),
        demanded: vec![
            Property::NonInteractive,
            Property::TransparentSetup,
            Property::StandardRepresentation,
            Property::Succinct,
            Property::ZeroKnowledge,
        ],
        strength: Some(ProofSystem::NovaPastaIpa.strength()),
        demanded_bits: Some(120),
        key_digest: (proof_state != ProofState::NotCheckable).then(|| Digest::of(b"key")),
        key_pinned: (proof_state != ProofState::NotCheckable).then_some(true),
        constraints: 129_309,
        rows_per_step: 190,
        steps,
        proof_bytes: 11_880,
        segments: Vec::new(),
        z0: state("z0"),
        zn: state(id),
        state_names: names.clone(),
    };
    let mut proofs = vec![make("monitoring", "Batches 1–24", ProofState::Valid, "", 322)];
    if story == Story::Findings {
        proofs.push(make(
            "challenger",
            "Challenger, batches 1–24",
            ProofState::Rejected,
            "the final state differs at element 3, chain",
            322,
        ));
        proofs.push(make("robustness", "Robustness", ProofState::NotCheckable, "the policy does not accept this circuit", 68));
    }
    proofs
}

/// The bank's decision record: complete, or about another circuit.
pub(super) fn traceability(story: Story, proof: &ProofSummary) -> TraceabilitySummary {
    let candidate = |of: &CandidateSystem, assessment: &str| {
        let mut scores = of.scores.iter().map(|(_, holds, reason)| Score { holds: *holds, reason: reason.clone() });
        let mut next = || scores.next().unwrap();
        Candidate {
            system: of.name.into(),
            title: of.title.into(),
            strength: of.strength.words(),
            assessment: assessment.into(),
            scores: Scores {
                non_interactive: next(),
                transparent_setup: next(),
                standard_representation: next(),
                succinct: next(),
                post_quantum: next(),
                zero_knowledge: next(),
            },
        }
    };
    let all = candidates();
    let circuit = if story == Story::Honest { proof.circuit.to_string() } else { "scored-cohort/v1@f8.w8.g2.b10.h1.n15".into() };
    let person = |name: &str| Role { name: name.into(), agreed_on: "2026-05-20".into() };
    let document = Traceability {
        schema: TraceabilitySchema::V1,
        stage: Stage::Monitoring,
        title: "How the retail scorecard is monitored".into(),
        version: "1.1".into(),
        system: "retail-scorecard".into(),
        context: Context {
            objective: "That approval rates, drift and calibration of each week follow from committed applications, for an auditor who may see neither applications nor weights.".into(),
            model_category: "linear".into(),
            statement: "monitoring/v1".into(),
            confidential: "Applications, and the weights of the scorecard.".into(),
        },
        constraint: vec![Constraint {
            text: "The auditor verifies offline, on a laptop, months later, and trusts no ceremony.".into(),
            demands: vec![Property::NonInteractive, Property::TransparentSetup],
        }],
        candidate: vec![
            candidate(&all[0], "Folds week after week into one proof of 12 kB, which a laptop checks in a second."),
            candidate(&all[1], "Post-quantum, but one proof a week, and no folding at the time of the decision."),
            candidate(&all[2], "Rejected for its ceremony."),
        ],
        decision: Decision {
            system: all[0].name.into(),
            circuit,
            rationale: "One proof for a year of weeks, no ceremony, and a verifier that needs no key from us.".into(),
        },
        consequence: vec![Consequence { text: "Not post-quantum: the decision is reviewed every year, next in May 2027.".into() }],
        roles: Roles {
            solution_architect: person("I. Vellacott, IT architecture"),
            ml_engineer: person("S. Orrin, credit models"),
        },
    };
    let used = ProofUsed { statement: proof.statement, system: proof.system, circuit: proof.circuit };
    TraceabilitySummary {
        digest: Digest::of_canonical(&document),
        proofs: vec![proof.id.clone()],
        gaps: document.gaps(),
        contradictions: document.contradicts(used, "retail-scorecard"),
        document,
    }
}

pub(super) fn entries(proofs: &[ProofSummary]) -> Vec<EntrySummary> {
    let entry = |path: String, media_type: &str, role: &str, size| EntrySummary {
        digest: Digest::of(path.as_bytes()),
        path,
        media_type: media_type.into(),
        role: role.into(),
        size,
    };
    let mut list = vec![
        entry("manifest.json".into(), "application/json", "manifest", 1_912),
        entry("plan.json".into(), "application/json", "plan", 5_120),
    ];
    for proof in proofs {
        list.push(entry(format!("statements/{}.json", proof.id), "application/json", "statement", 98_244));
        list.push(entry(format!("proofs/{}.bin", proof.id), "application/octet-stream", "proof", proof.proof_bytes));
    }
    list
}
