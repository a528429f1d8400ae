//! What proofs say about the development data: a profile of its raw rows, histograms of the prepared ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::Standing;

/// Development data as a package states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Development {
    /// Counts of the raw rows, by a preparation proof.
    pub profile: DatasetProfile,
    /// Histograms of the prepared rows, by an offline-metrics proof; `None` without one, or if the plan has no histograms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histograms: Option<PartHistograms>,
}

/// Counts of the raw rows. Extremes that were observed are not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetProfile {
    /// Proof that counted.
    pub proof: String,
    /// Proven if that proof is valid.
    pub standing: Standing,
    /// Training rows, then test rows.
    pub parts: Vec<PartProfile>,
    /// One for each column, in the plan's order.
    pub columns: Vec<ColumnProfile>,
}

/// Rows of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartProfile {
    /// What the part is called.
    pub name: String,
    /// Rows, those set aside among them.
    pub rows: u64,
    /// Rows set aside for a missing value.
    pub missing: u64,
    /// Rows set aside for a value outside its domain, with none missing.
    pub outside: u64,
    /// Rows by group and label, those set aside among them.
    pub groups: Vec<GroupLabels>,
}

/// Rows of one group by label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupLabels {
    /// Name of the group.
    pub name: String,
    /// Rows without a label.
    pub unknown: u64,
    /// Rows labelled good.
    pub good: u64,
    /// Rows labelled bad.
    pub bad: u64,
}

/// Values of one raw column that are not inside its declared domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnProfile {
    /// Name, that of the plan's feature.
    pub name: String,
    /// Ends of the declared domain, in the unit, as in `-24 to 12024 EUR`.
    pub domain: String,
    /// For each part: values below, above, missing.
    pub counts: Vec<[u64; 3]>,
}

impl ColumnProfile {
    /// Whether every value of every part is inside the domain.
    pub fn is_clean(&self) -> bool {
        self.counts.iter().flatten().all(|n| *n == 0)
    }
}

/// Prepared rows that were scored, counted by feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartHistograms {
    /// Proof that counted.
    pub proof: String,
    /// Proven if that proof is valid and the rows it counted are those prepared.
    pub standing: Standing,
    /// One for each feature that the plan draws a histogram of.
    pub features: Vec<FeatureHistogram>,
}

/// Rows by value of one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureHistogram {
    /// Name of the feature.
    pub feature: String,
    /// Unit of its values, empty if it has none.
    pub unit: String,
    /// Where each bin but the first begins, in the unit; a value equal to an edge lies above it.
    pub edges: Vec<String>,
    /// For each part, training rows then test rows: rows in each bin.
    pub counts: Vec<Vec<u64>>,
}

impl FeatureHistogram {
    /// What values lie in a bin, as in `300 to below 600`.
    pub fn bin(&self, index: usize) -> String {
        let edge = |at: Option<usize>| at.and_then(|at| self.edges.get(at));
        match (edge(index.checked_sub(1)), edge(Some(index))) {
            (None, None) => "all".to_owned(),
            (None, Some(above)) => format!("below {above}"),
            (Some(from), Some(above)) => format!("{from} to below {above}"),
            (Some(from), None) => format!("{from} and above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_named_by_their_edges() {
        let histogram = |edges: &[&str]| FeatureHistogram {
            feature: "income".to_owned(),
            unit: "EUR".to_owned(),
            edges: edges.iter().map(|edge| (*edge).to_owned()).collect(),
            counts: vec![vec![0; edges.len() + 1]; 2],
        };
        let bins = |edges: &[&str]| (0..=edges.len()).map(|at| histogram(edges).bin(at)).collect::<Vec<_>>();
        assert_eq!(bins(&["300", "600"]), ["below 300", "300 to below 600", "600 and above"]);
        assert_eq!(bins(&["300"]), ["below 300", "300 and above"]);
        assert_eq!(bins(&[]), ["all"]);
    }
}
