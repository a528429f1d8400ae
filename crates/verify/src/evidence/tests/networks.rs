//! What a statement about a network's training is refused for before its proof is looked at.

use verifold_model::{
    digest::{Commitment, Digest},
    network_training::NetworkTraining,
    plan::{ModelKind, ScoreDirection},
    state::Stage,
    statement::StatementKind,
    training::{TrainingSpec, TrainingSpecSchema},
};
use verifold_package::{ClaimedPackage, Limits};

use super::*;

/// A training of the network that a sample monitors, as its plan asks for it: 630 rows twice, 21 a minibatch.
fn trained(plan: &Plan, monitored: &MonitoringStatement) -> TrainingStatement {
    let features = plan.features.len();
    let commitment = |byte| Commitment::from_bytes([byte; 32]);
    let network = NetworkTraining {
        hidden: plan.shape.hidden().to_vec(),
        seed: Digest::of(b"seed"),
        feature_spreads: vec![1 << 20; features],
        layer_spreads: vec![1 << 20; 2],
        layer_rates: vec![1 << 10; 2],
        bias_rates: vec![1 << 10; 3],
    };
    let spec = TrainingSpec {
        schema: TrainingSpecSchema::V2,
        kind: ModelKind::MultilayerPerceptron,
        epochs: 2,
        scale_bits: plan.scoring.scale_bits,
        direction: plan.scoring.direction,
        centres: vec![0; features],
        initial_weights: Vec::new(),
        initial_bias: 0,
        feature_rates: vec![1 << 10; features],
        bias_rate: 0,
        rate_numerator: 1 << 20,
        rate_offset: 500,
        decay: 0,
        network: Some(network),
    };
    let circuit = "neural-training/v2@f20.w8.g4.b10.h0.n17.l16-8".parse().unwrap();
    TrainingStatement {
        header: Header { statement: StatementKind::TrainingV1, circuit, ..monitored.header.clone() },
        spec,
        rows: 630,
        row_commitment: commitment(1),
        outcome_commitment: commitment(2),
        model_commitment: monitored.model_commitment,
        steps: 2 * 30,
    }
}

#[test]
fn a_network_s_training_that_contradicts_its_plan_is_refused_by_cause() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-mlp");
    let package = ClaimedPackage::read(&std::fs::read(folder.join("package.zkaudit")).unwrap(), &Limits::default()).unwrap();
    let plan = &package.plan;
    let monitored = &package.proofs[0].statement;
    let policy = std::fs::read_to_string(folder.join("policy.toml")).unwrap();
    let keys = KeyStore::new();
    let refused = |edit: fn(&mut TrainingStatement), policy: &str| {
        let mut statement = trained(plan, monitored);
        assert!(training::replay(&statement, plan).is_ok());
        edit(&mut statement);
        let stage = ClaimedStage {
            id: "training".to_owned(),
            title: "Training".to_owned(),
            stage: Stage::Training,
            kind: StatementKind::TrainingV1,
            system: ProofSystem::NovaPastaIpa,
            statement: StageStatement::Training(Box::new(statement)),
            bytes: Vec::new(),
            further: Vec::new(),
        };
        let checked = check_stage(&stage, &package.proofs, &[], plan, &Policy::read(policy).unwrap(), &keys);
        assert!(checked.key.is_none(), "no key is derived for what contradicts itself");
        let refusal = checked.outcome.err().unwrap();
        (refusal.state, refusal.cause)
    };
    type Edit = fn(&mut TrainingStatement);
    let cases: [(&str, Edit, &str); 13] = [
        ("an epoch left out", |s| s.spec.epochs -= 1, "step-count-differs"),
        ("rows left out", |s| s.rows -= 21, "step-count-differs"),
        ("a minibatch left out", |s| s.steps -= 1, "step-count-differs"),
        ("no rows", |s| s.rows = 0, "parts-impossible"),
        ("another scale", |s| s.spec.scale_bits -= 1, "training-contradicts"),
        ("a target turned round", |s| s.spec.direction = ScoreDirection::HigherIsSafer, "training-contradicts"),
        ("a start beside the seed", |s| s.spec.initial_weights = vec![0; 20], "training-contradicts"),
        ("a layer that learns nothing", |s| s.spec.network.as_mut().unwrap().layer_rates[0] = 0, "training-contradicts"),
        ("a narrower network", |s| s.spec.network.as_mut().unwrap().hidden = vec![8, 8], "training-contradicts"),
        (
            "a scorecard's rule",
            |s| (s.spec.schema, s.spec.kind, s.spec.network) = (TrainingSpecSchema::V1, ModelKind::LogisticRegression, None),
            "training-contradicts",
        ),
        ("a scorecard's circuit", |s| s.header.circuit = "training/v1@f20.w8.g4.b10.h0.n17".parse().unwrap(), "circuit-of-another-kind"),
        ("another network's circuit", |s| s.header.circuit.shape = "f20.w8.g4.b10.h0.n17.l16".parse().unwrap(), "shape-differs"),
        ("a model that is no element", |s| s.model_commitment = Commitment::from_bytes([0xff; 32]), "commitment-not-canonical"),
    ];
    for (what, edit, cause) in cases {
        assert_eq!(refused(edit, &policy), (ProofState::Rejected, cause), "{what}");
    }
    // Under a policy that takes scorecards' trainings alone nothing is wrong with it, and nothing is believed of it.
    let scorecards = policy.replace("[[circuit]]\nfamily = \"neural-training/v2\"\n", "");
    assert_ne!(scorecards, policy);
    assert_eq!(refused(|_| (), &scorecards), (ProofState::NotCheckable, "circuit-not-accepted"));
}
