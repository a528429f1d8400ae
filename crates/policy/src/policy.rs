//! What does a policy demand?

use schemars::JsonSchema;
use serde::Deserialize;
use verifold_model::{
    decimal::Decimal,
    deposited::Deposited,
    digest::Digest,
    limits::Limits,
    lineage::LinkName,
    metric::{Metric, MetricKey},
    plan::Calendar,
    proof_system::{ProofSystem, Property},
    record::{LegalSource, PolicySummary},
    shape::{CircuitFamily, CircuitId, Shape},
    state::{Severity, Stage},
    statement::StatementKind,
};

use crate::{
    notice::{Lint, ReadError},
    policy_lint,
    sentence::Words,
    signers::TrustedSigner,
};

/// A policy, free of contradictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// Version.
    pub version: String,
    /// Whether it is an illustration and not a policy anyone stands behind.
    pub illustrative: bool,
    /// What its author warns of; printed beside the title; may be empty.
    pub caveat: String,
    /// Counts below this are masked in the tables of PDF reports, which then do not carry their record; 0 masks nothing.
    pub min_cell: u32,
    /// Laws and standards that requirements cite.
    pub sources: Vec<LegalSource>,
    /// Circuits whose proofs count; at least one.
    pub circuits: Vec<AcceptedCircuit>,
    /// Properties every proof system must have.
    pub properties: Vec<Property>,
    /// Bits of conjectured security every proof system must offer.
    pub security_bits_at_least: Option<u32>,
    /// What the engagement has to pin for the scope rung to hold.
    pub pinned: Vec<Pin>,
    /// Distinct providers that must have signed a package, as this policy demands; 0 if it says nothing.
    pub origin_threshold: u32,
    /// Signers trusted in every audit under this policy.
    pub signers: Vec<TrustedSigner>,
    /// Days after its end until which a batch must have been anchored, if this policy demands it.
    pub anchored_within_days: Option<u32>,
    /// What must have been laid down before the period began, as this policy demands.
    pub deposited: Vec<Deposited>,
    /// Limits on what packages and other received files may ask of this program.
    pub limits: Limits,
    /// Constraints on the measurement plan.
    pub plan: Vec<PlanConstraint>,
    /// Requirements in the order of the file.
    pub requirements: Vec<Requirement>,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
}

/// A circuit family whose proofs count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedCircuit {
    /// Family and version.
    pub family: CircuitFamily,
    /// Shapes accepted; empty means every shape on the menu.
    pub shapes: Vec<Shape>,
}

impl AcceptedCircuit {
    /// Whether proofs of this circuit count.
    pub fn accepts(&self, circuit: CircuitId) -> bool {
        self.family == circuit.family && (self.shapes.is_empty() || self.shapes.contains(&circuit.shape))
    }
}

/// A value the auditor can fix independently of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pin {
    /// Whose system: legal entity and system.
    Subject,
    /// The period covered.
    Period,
    /// Commitment to the model.
    Model,
    /// Digest of the measurement plan.
    Plan,
    /// Batches expected.
    Calendar,
    /// Rows per batch from an independent source.
    ControlTotals,
    /// Chain head of the package before this one.
    PreviousChainHead,
    /// Periods that earlier packages covered, or that there is none.
    EarlierPackages,
}

impl Pin {
    /// As read in sentences.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Subject => "the subject",
            Self::Period => "the period",
            Self::Model => "the model",
            Self::Plan => "the measurement plan",
            Self::Calendar => "the calendar",
            Self::ControlTotals => "the control totals",
            Self::PreviousChainHead => "the previous chain head",
            Self::EarlierPackages => "the cut-off from earlier packages",
        }
    }
}

/// What an auditor wants assured, in the terms of audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Assertion {
    /// Nothing is missing.
    Completeness,
    /// Amounts and rates are right.
    Accuracy,
    /// Everything lies in the right period.
    CutOff,
    /// What is recorded took place.
    Occurrence,
    /// It was done by whom and with what was approved.
    Authorisation,
}

impl Assertion {
    /// The word for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Completeness => "completeness",
            Self::Accuracy => "accuracy",
            Self::CutOff => "cut-off",
            Self::Occurrence => "occurrence",
            Self::Authorisation => "authorisation",
        }
    }
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Identifier, unique in the policy, for example `MO-1`.
    pub id: String,
    /// Short title.
    pub title: String,
    /// Row of the overview matrix, for example `Bias examination`.
    pub area: String,
    /// What its author adds in own words; may be empty.
    pub text: String,
    /// Audit assertion it serves.
    pub assertion: Assertion,
    /// Life-cycle stage.
    pub stage: Stage,
    /// Mandatory or advisory.
    pub severity: Severity,
    /// What is asked.
    pub rule: Rule,
    /// Values that must be pinned by the engagement for this requirement to count as satisfied.
    pub pinned: Vec<Pin>,
    /// Circuits accepted here, in place of the policy's.
    pub circuits: Option<Vec<AcceptedCircuit>>,
    /// Properties demanded here, in place of the policy's.
    pub properties: Option<Vec<Property>>,
    /// Bits of conjectured security demanded here, in place of the policy's.
    pub security_bits_at_least: Option<u32>,
    /// What a value that cannot be formed means.
    pub on_missing: OnMissing,
    /// Declared not applicable by a person.
    pub exemption: Option<Exemption>,
    /// Where it comes from.
    pub legal: Vec<LegalRef>,
    /// Replaces what its result is said not to show.
    pub does_not_show: Option<String>,
    /// How overlays have changed it, a clause a change; empty in the policy as written.
    pub tailoring: Vec<String>,
    /// What batches and groups are called in this policy.
    pub(crate) words: Words,
}

/// What it means that one value (of a batch, or over all) is undefined or rests on fewer rows than the minimum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnMissing {
    /// The requirement is uncovered.
    Uncovered,
    /// The batch is left out; if all are, the requirement is not applicable.
    NotApplicable {
        /// Why that is right.
        reason: String,
    },
}

/// Who declared a requirement not applicable, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// Name and office.
    pub person: String,
    /// Reason.
    pub reason: String,
}

/// A place in a law or standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalRef {
    /// Identifier of one of the policy's sources.
    pub source: String,
    /// Article, section or clause.
    pub place: String,
}

/// What a requirement asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A metric keeps a limit.
    Metric(MetricRule),
    /// Every batch of the engagement's calendar is proven.
    BatchesComplete,
    /// No batch lies in a period that an earlier package covered.
    NoOverlap,
    /// Rows per batch equal the engagement's control totals.
    ControlTotals,
    /// Every proof of the period is about the same model.
    ModelUnchanged,
    /// Where a model took another's place, the package holds the provider's record of exactly that change, approved by then.
    ChangeRecorded,
    /// The plan keeps every constraint of the policy.
    PlanConstraints,
    /// A reference batch is proven.
    ReferencePresent {
        /// Scored rows it must hold at least.
        minimum_n: u64,
    },
    /// A valid proof of some kind is there.
    Evidence {
        /// Kind of statement by name, for example `training/v1`; the program need not know it.
        statement: String,
    },
    /// A link of the life cycle holds.
    Link(LinkName),
    /// A complete traceability specification of the requirement's stage is in the package, at odds with nothing.
    Traceability,
    /// Only a person can decide.
    Judgement {
        /// What the person decides, as a clause: `the reference population is the right one`.
        question: String,
    },
}

/// A metric with its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricRule {
    /// Metric with its parameters.
    pub key: MetricKey,
    /// Which side of the limit is right.
    pub comparator: Comparator,
    /// The limit; a value equal to it keeps it.
    pub limit: Decimal,
    /// Beyond this level a kept limit is marked `watch`; on the right side of the limit.
    pub warn: Option<Decimal>,
    /// Which values are compared.
    pub scope: Scope,
    /// Rows a value must rest on: known outcomes where the metric needs them, committed rows for the void rate, scored rows otherwise.
    pub minimum_n: u64,
    /// Rows a group must have to be compared, counted as for `minimum_n`; smaller groups are left out, and fewer than two leave the metric undefined.
    pub minimum_group_n: Option<u64>,
    /// Batches that may miss the limit.
    pub tolerance: Tolerance,
}

/// Which side of a limit is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparator {
    /// The limit or less.
    AtMost,
    /// The limit or more.
    AtLeast,
}

impl Comparator {
    /// `≤` or `≥`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::AtMost => "≤",
            Self::AtLeast => "≥",
        }
    }

    /// `at most` or `at least`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AtMost => "at most",
            Self::AtLeast => "at least",
        }
    }
}

/// Which values of a metric are compared with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The value of each monitoring batch.
    EachBatch,
    /// The value over all monitoring batches together.
    Overall,
    /// The value of each monitoring batch; missed only when so many miss in a row (2 or more).
    Consecutive(u32),
}

/// How many batches may miss a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tolerance {
    /// None.
    #[serde(skip)]
    None,
    /// So many.
    Batches(u32),
    /// This share of the monitoring batches, rounded down.
    Share(Decimal),
}

impl Tolerance {
    /// Batches that may miss, out of `batches`.
    pub fn allowed(&self, batches: u32) -> u32 {
        match self {
            Self::None => 0,
            Self::Batches(allowed) => *allowed,
            Self::Share(share) => {
                let whole = i128::from(share.mantissa()) * i128::from(batches) / i128::from(share.denominator());
                u32::try_from(whole).unwrap_or(0).min(batches)
            }
        }
    }
}

/// A constraint on a choice of the measurement plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanConstraint {
    /// Enough score bins.
    ScoreBins {
        /// Bins.
        at_least: u32,
    },
    /// A fine enough score scale.
    ScaleBits {
        /// Bits behind the point of the log-odds.
        at_least: u32,
    },
    /// Every score bin holds a fair share of the reference batch.
    ReferenceShare {
        /// Smallest share.
        at_least: Decimal,
        /// Largest share.
        at_most: Decimal,
    },
    /// The cut-off is a bin edge. The plan's structure allows nothing else; named so that it is seen.
    CutoffIsEdge,
    /// The attribute rows are grouped by.
    Attribute {
        /// Its name.
        exactly: String,
    },
    /// The groups that are compared, all of them, in any order. One of those who did not say may stand beside them.
    Groups {
        /// Their names.
        exactly: Vec<String>,
    },
    /// Groups that must be among those of the plan, and compared.
    GroupsInclude {
        /// Their names.
        names: Vec<String>,
    },
    /// Features that must have a histogram.
    Histograms {
        /// Their names.
        include: Vec<String>,
    },
    /// How batches are cut.
    Calendar {
        /// The calendar.
        exactly: Calendar,
    },
    /// Outcomes count as known late enough.
    MaturityDays {
        /// Days after the decision.
        at_least: u32,
    },
}

/// Whether a metric compares groups.
pub(crate) const fn compares_groups(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::OverrideRateDifference | Metric::DemographicParityDifference | Metric::AdverseImpactRatio | Metric::EqualOpportunityGap
    )
}

impl Policy {
    /// Reads a policy, refusing it for any error.
    ///
    /// # Errors
    /// Every error with line and column.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        Self::lint(text).into_result("policy")
    }

    /// Reads a policy with every error and warning there is to say about it.
    pub fn lint(text: &str) -> Lint<Self> {
        policy_lint::lint(text)
    }

    /// The policy in short, for records.
    pub fn summary(&self) -> PolicySummary {
        PolicySummary {
            id: self.id.clone(),
            title: self.title.clone(),
            version: self.version.clone(),
            illustrative: self.illustrative,
            digest: self.digest,
            signatures: Vec::new(),
            min_cell: self.min_cell,
            sources: self.sources.clone(),
        }
    }

    /// Circuits whose proofs count for `requirement`.
    pub fn circuits_for<'a>(&'a self, requirement: &'a Requirement) -> &'a [AcceptedCircuit] {
        requirement.circuits.as_deref().unwrap_or(&self.circuits)
    }

    /// Properties demanded of proofs for `requirement`.
    pub fn properties_for<'a>(&'a self, requirement: &'a Requirement) -> &'a [Property] {
        requirement.properties.as_deref().unwrap_or(&self.properties)
    }

    /// Bits of conjectured security demanded of proofs for `requirement`.
    pub fn security_bits_for(&self, requirement: &Requirement) -> Option<u32> {
        requirement.security_bits_at_least.or(self.security_bits_at_least)
    }

    /// Why proofs of `system` do not count for `requirement`: the first demand that the system does not meet.
    pub fn system_refused(&self, requirement: &Requirement, system: ProofSystem) -> Option<SystemRefused> {
        refused(self.properties_for(requirement), self.security_bits_for(requirement), system)
    }

    /// Why proofs of `system` count for no requirement of this policy.
    pub fn system_refused_everywhere(&self, system: ProofSystem) -> Option<SystemRefused> {
        let mut each = self.requirements.iter().map(|requirement| self.system_refused(requirement, system));
        each.next()?.filter(|_| each.all(|refused| refused.is_some()))
    }

    /// Whether the policy-wide list accepts a circuit.
    pub fn accepts(&self, circuit: CircuitId) -> bool {
        self.circuits.iter().any(|accepted| accepted.accepts(circuit))
    }

    /// Laws and standards of a requirement, ready to print: title, place, when in force.
    pub fn legal_text(&self, requirement: &Requirement) -> Vec<String> {
        let line = |reference: &LegalRef| {
            let source = self.sources.iter().find(|source| source.id == reference.source)?;
            Some(format!("{}, {}; applies from {}", source.title, reference.place, source.in_force_from))
        };
        requirement.legal.iter().filter_map(line).collect()
    }
}

/// A demand on proof systems that one of them does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemRefused {
    /// Stable identifier of the cause.
    pub cause: &'static str,
    /// What is demanded, and what the system offers, as a clause.
    pub text: String,
}

fn refused(properties: &[Property], bits: Option<u32>, system: ProofSystem) -> Option<SystemRefused> {
    if let Some(missing) = properties.iter().find(|property| !system.has(**property)) {
        let text = format!("the policy demands {}, which {} does not have", missing.title().to_lowercase(), system.title());
        return Some(SystemRefused { cause: "property-missing", text });
    }
    let strength = system.strength();
    let bits = bits.filter(|bits| *bits > strength.conjectured_bits)?;
    let text = format!("the policy demands {bits} bits of conjectured security, and {} offers {}", system.title(), strength.words());
    Some(SystemRefused { cause: "security-too-low", text })
}

/// Why no proof system of this program meets the demands; absent if one does.
pub(crate) fn out_of_reach(properties: &[Property], bits: Option<u32>) -> Option<SystemRefused> {
    let mut each = ProofSystem::ALL.into_iter().map(|system| refused(properties, bits, system));
    each.next()?.filter(|_| each.all(|refused| refused.is_some()))
}

impl Requirement {
    /// What a result of this requirement does not show: the author's words, or those of its rule.
    pub fn does_not_show(&self) -> String {
        if let Some(text) = &self.does_not_show {
            return text.clone();
        }
        match &self.rule {
            Rule::Metric(rule) => rule.key.metric.definition().does_not_show,
            Rule::BatchesComplete => "That the rows of a batch are all the rows there were.",
            Rule::NoOverlap => "That the engagement lists every earlier package, or that no row of one stands under another time in this one.",
            Rule::ControlTotals => "That the independent source is right, or that equal totals are made of equal rows.",
            Rule::ModelUnchanged => "That the model is a good one, that it is the one in production, or that the integer model equals the float model it came from.",
            Rule::ChangeRecorded => "That the record is true, that whoever it names approved the change, or that the new model is a good one: it is the provider's word.",
            Rule::PlanConstraints => "That choices no policy constrains were made in good faith; they are listed as chosen by the provider.",
            Rule::ReferencePresent { .. } => "That the reference population is the right one to compare with.",
            Rule::Evidence { statement } => StatementKind::ALL
                .into_iter()
                .find(|kind| kind.name() == statement)
                .unwrap_or(StatementKind::MonitoringV1)
                .does_not_show(),
            Rule::Link(_) => "That either end is what its name says in the world: a link shows that two stages speak of the same committed rows or model.",
            Rule::Traceability => "That the document is true, that the people named wrote it, or that the choice is a good one: it is the provider's word, in a form that is our reconstruction of the ZKMLOps method.",
            Rule::Judgement { .. } => "Anything a proof could show: this rests on the person who determines it.",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_batches_is_rounded_down() {
        let share = |text: &str| Tolerance::Share(text.parse().unwrap());
        assert_eq!(share("0.05").allowed(24), 1);
        assert_eq!(share("0.04").allowed(24), 0);
        assert_eq!(Tolerance::Batches(3).allowed(2), 3);
    }
}
