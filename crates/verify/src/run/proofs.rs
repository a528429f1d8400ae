//! Proofs as a record shows them: what each says in plain words, under which key, in what state.

use std::sync::Arc;

use verifold_circuits::{CircuitFacts, VerifierKey, pinned_digest};
use verifold_model::{
    cohort::BatchRole,
    digest::Digest,
    format::{count, counted},
    plan::{ModelKind, Plan},
    preparation::{PART_NAMES, PreparedPart},
    record::{ProofState, ProofSummary},
    statement::{Header, Period, StageStatement, StatementKind},
    training::TrainingStatement,
};
use verifold_package::{ClaimedPackage, ClaimedProof, ClaimedStage};
use verifold_policy::Policy;

use crate::evidence::{Checked, VerifiedStage, segments};

/// What scored the rows: a network is named with its layers, which the circuit fixes.
fn model(plan: &Plan) -> String {
    match plan.scoring.kind {
        ModelKind::LogisticRegression => "The model behind one commitment".to_owned(),
        ModelKind::MultilayerPerceptron => format!("One {} behind one commitment", plan.model_words()),
    }
}

pub(super) fn proof_summary(proof: &ClaimedProof, package: &ClaimedPackage, checked: &Checked, policy: &Policy) -> ProofSummary {
    let plan = &package.plan;
    let statement = &proof.statement;
    let rows: u64 = statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring).map(|batch| u64::from(batch.rows)).sum();
    let monitoring = statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring).count() as u64;
    let reference = statement.batches.iter().find(|batch| batch.role == BatchRole::Reference);
    let with_reference = reference.map_or_else(String::new, |batch| format!(" after a reference of {} rows", count(u64::from(batch.rows))));
    let plain_words = format!(
        "{} between {} form one unbroken chain of {} committed applications{with_reference}. {} scored every row that is not void. \
         For each batch, the disclosed table counts rows by score bin, outcome, group and logged decision, and void rows by reason.",
        counted(monitoring, "batch", "batches"),
        statement.header.period.text(),
        count(rows),
        model(plan),
    );
    let mut segments = segments::listed(proof);
    for (segment, state) in segments.iter_mut().zip(&checked.segments) {
        segment.state = *state;
    }
    ProofSummary {
        proof_bytes: proof.proof_bytes(),
        segments,
        ..summary(proof, checked, (policy, package.period), (&statement.header, statement.steps), plain_words)
    }
}

/// A proof other than monitoring's.
pub(super) fn stage_summary(
    stage: &ClaimedStage,
    package: &ClaimedPackage,
    checked: &Checked<VerifiedStage>,
    policy: &Policy,
) -> ProofSummary {
    let plan = &package.plan;
    let plain_words = match &stage.statement {
        StageStatement::Preparation(statement) => {
            let rows = |part: &PreparedPart| count(u64::from(part.rows));
            let parts: Vec<String> = PART_NAMES.iter().zip(&statement.parts).map(|(name, part)| format!("{} {name}", rows(part))).collect();
            format!(
                "Committed raw rows, none twice and in the order of their pseudonyms, became {}. Every row stands where it stood: each value was imputed, clipped \
                 and mapped by the stated rules, and a row was set aside if and only if a rule says so. Labels, rows set aside, and values outside \
                 each declared domain are counted.",
                parts.join(", then "),
            )
        }
        StageStatement::Training(statement) => {
            let TrainingStatement { spec, steps, .. } = &**statement;
            let (model, chosen) = match &spec.network {
                None => ("model".to_owned(), "learning rates, centres and ridge, from initial weights of zero".to_owned()),
                Some(network) => (
                    format!("network with {} hidden neurons", network.hidden.iter().map(u8::to_string).collect::<Vec<_>>().join(" and ")),
                    format!("learning rates, centres and the seed of the initial weights, {}", network.seed.short()),
                ),
            };
            format!(
                "The {model} behind the stated commitment came out of {} of minibatch descent over the committed rows, in their committed order, {} \
                 minibatches in all, and its integer weights are those that scored the cohorts of every proof with the same model \
                 commitment. The rule, SHA-256 {}, is the provider's choice: {chosen}.",
                counted(u64::from(spec.epochs), "epoch", "epochs"),
                count(*steps),
                spec.digest().short(),
            )
        }
        StageStatement::Receipts(statement) => {
            let rows = statement.batches.iter().map(|batch| u64::from(batch.rows)).sum();
            format!(
                "Each of {} committed rows of {} has one salted leaf that holds the row and its score under the monitored model, in row order. \
                 The roots over the leaves are public: whoever is given the opening of a leaf can check it by hashing.",
                count(rows),
                counted(statement.batches.len() as u64, "monitored batch", "monitored batches"),
            )
        }
        StageStatement::MaturedCohort(statement) => {
            let rows = statement.batches.iter().map(|batch| u64::from(batch.rows)).sum();
            let batches = statement.batches.len() as u64;
            format!(
                "The same {} committed rows of {}, under the same model, are counted once more with outcomes that were committed later. \
                 The row commitments are those of the monitoring proof, so that no row was left out, added or changed; the disclosed tables \
                 count rows by score bin, later outcome, group and logged decision.",
                count(rows),
                counted(batches, "batch", "batches"),
            )
        }
        StageStatement::OutcomeRevision(statement) => {
            let rows = statement.batches.iter().map(|batch| u64::from(batch.rows)).sum();
            format!(
                "Each of {} committed rows of {} is counted by both of its outcomes: unknown, good or bad as committed at monitoring, and as \
                 committed for the matured cohort. Both outcome commitments are those of the other two proofs, row by row under the same keys.",
                count(rows),
                counted(statement.batches.len() as u64, "batch", "batches"),
            )
        }
        StageStatement::OfflineMetrics(statement) => {
            let rows = |role| count(statement.batches.iter().filter(|batch| batch.role == role).map(|batch| u64::from(batch.rows)).sum());
            format!(
                "{} scored every one of {} committed training rows and {} committed test rows that is not void. The disclosed tables count \
                 each by score bin, label, group and logged decision, by value of the features that the plan draws histograms of, and \
                 void rows by reason.",
                model(plan),
                rows(BatchRole::Reference),
                rows(BatchRole::Test),
            )
        }
    };
    summary(stage, checked, (policy, package.period), (stage.statement.header(), stage.statement.steps()), plain_words)
}

/// What a proof is called: by its kind, and one behind the first of the period by its own beginning too. A package's title for it is
/// the provider's word, and would stand as a heading over what is proven.
pub(super) fn title(header: &Header, period: Period) -> String {
    let of_part = header.statement == StatementKind::MonitoringV1 || header.statement.is_about_later_outcomes();
    let title = header.statement.title();
    if of_part && header.period.start != period.start {
        format!("{title} from {}", header.period.start.date_text())
    } else {
        title.to_owned()
    }
}

fn summary<S, T>(
    proof: &ClaimedProof<S>,
    checked: &Checked<T>,
    (policy, period): (&Policy, Period),
    (header, steps): (&Header, u64),
    plain_words: String,
) -> ProofSummary {
    let circuit = header.circuit;
    let facts = CircuitFacts::of(circuit);
    let key: Option<&Arc<VerifierKey>> = checked.key.as_ref();
    let digest = key.map(|key| key.digest());
    let (state, reason) = match &checked.outcome {
        Ok(_) => (ProofState::Valid, String::new()),
        Err(refusal) => (refusal.state, refusal.text.clone()),
    };
    let transition = checked.transition.as_ref();
    ProofSummary {
        id: proof.id.clone(),
        title: title(header, period),
        state,
        reason,
        stage: proof.stage,
        statement: proof.kind,
        plain_words,
        does_not_show: proof.kind.does_not_show().to_owned(),
        circuit,
        system: proof.system,
        properties: proof.system.properties(),
        demanded: policy.properties.clone(),
        strength: Some(proof.system.strength()),
        demanded_bits: policy.security_bits_at_least,
        key_digest: digest.map(|digest| Digest::from_bytes(*digest.as_bytes())),
        key_pinned: digest.and_then(|digest| pinned_digest(circuit).map(|pinned| pinned == digest)),
        constraints: facts.as_ref().map_or(0, |facts| facts.constraints_per_step as u64),
        rows_per_step: facts.as_ref().map_or(0, |facts| u32::try_from(facts.rows_per_step).unwrap_or(u32::MAX)),
        steps,
        proof_bytes: proof.bytes.len() as u64,
        segments: Vec::new(),
        z0: transition.map_or_else(Vec::new, |t| t.z0.0.to_vec()),
        zn: transition.map_or_else(Vec::new, |t| t.zn.0.to_vec()),
        state_names: transition.map_or_else(Vec::new, |t| t.names.map(str::to_owned).to_vec()),
    }
}
