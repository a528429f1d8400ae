//! Policies that come with the program: starting points, each marked as an illustration.

/// A policy of the library, by the identifier it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LibraryPolicy {
    /// Identifier, also the stem of its file.
    pub id: &'static str,
    /// The TOML file.
    pub text: &'static str,
}

macro_rules! library {
    ($($id:literal),* $(,)?) => {
        /// All of them, the most worked-out first.
        pub const LIBRARY: &[LibraryPolicy] =
            &[$(LibraryPolicy { id: $id, text: include_str!(concat!("../../../assets/policies/", $id, ".toml")) }),*];
    };
}

library!("eu-ai-act-credit-scoring", "eu-ai-act-life-cycle", "sr-26-2-model-risk", "iso-42001-life-cycle", "nist-ai-rmf-measure");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use verifold_model::{shape::CircuitFamily, state::Stage};

    use super::*;
    use crate::{Policy, Rule};

    #[test]
    fn every_policy_reads_without_remark_and_says_what_it_is() {
        for entry in LIBRARY {
            let lint = Policy::lint(entry.text);
            let notices: Vec<String> = lint.notices.iter().map(ToString::to_string).collect();
            assert!(notices.is_empty(), "{}: {notices:#?}", entry.id);
            let policy = lint.value.unwrap();
            assert_eq!(policy.id, entry.id);
            assert!(policy.illustrative && policy.caveat.starts_with("Illustrative"), "{}", entry.id);
            assert!(policy.requirements.iter().all(|requirement| !policy.legal_text(requirement).is_empty()), "{}", entry.id);
        }
    }

    #[test]
    fn every_policy_takes_networks_wherever_it_takes_scorecards() {
        use CircuitFamily::{NeuralCohortV1, NeuralReceiptsV1, NeuralTrainingV2, ReceiptsV1, ScoredCohortV1, TrainingV1};
        for entry in LIBRARY {
            let policy = Policy::read(entry.text).unwrap();
            let pairs = [(ScoredCohortV1, NeuralCohortV1), (TrainingV1, NeuralTrainingV2), (ReceiptsV1, NeuralReceiptsV1)];
            for requirement in &policy.requirements {
                let accepts = |family| policy.circuits_for(requirement).iter().any(|circuit| circuit.family == family);
                for (scorecards, networks) in pairs {
                    assert_eq!(accepts(scorecards), accepts(networks), "{} {}: {}", entry.id, requirement.id, networks.name());
                }
            }
            assert!(policy.circuits.iter().any(|circuit| circuit.family == NeuralTrainingV2), "{}", entry.id);
        }
    }

    #[test]
    fn every_policy_covers_all_stages_and_leaves_people_their_part() {
        for entry in LIBRARY {
            let policy = Policy::read(entry.text).unwrap();
            let stages: BTreeSet<Stage> = policy.requirements.iter().map(|requirement| requirement.stage).collect();
            assert_eq!(stages.len(), 4, "{}: {stages:?}", entry.id);
            assert!(policy.requirements.iter().filter(|r| matches!(r.rule, Rule::Judgement { .. })).count() >= 3, "{}", entry.id);
        }
    }
}
