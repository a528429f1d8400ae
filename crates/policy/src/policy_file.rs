//! How is a policy written down? The TOML structure, before anything is made of it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;
use verifold_model::{
    decimal::Decimal,
    lineage::LinkName,
    metric::{Decisions, Metric},
    proof_system::Property,
    shape::{CircuitFamily, Shape},
    state::{Severity, Stage},
};

use crate::{
    anchoring::{AnchorsFile, DepositedFile},
    limits_file::LimitsFile,
    policy::{Assertion, Comparator, Exemption, Pin, Scope, Tolerance},
    signers::{OriginFile, SignerFile},
};

/// Version of the policy format.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) enum PolicySchema {
    /// First version.
    #[serde(rename = "policy/v1")]
    V1,
}

/// A compliance policy: requirements with their legal basis, accepted circuits, and constraints on the measurement plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "Policy")]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyFile {
    /// Version of the format.
    #[serde(rename = "schema")]
    pub(crate) _schema: PolicySchema,
    /// Identifier.
    #[schemars(with = "String")]
    pub(crate) id: Spanned<String>,
    /// Title.
    #[schemars(with = "String")]
    pub(crate) title: Spanned<String>,
    /// Version.
    #[schemars(with = "String")]
    pub(crate) version: Spanned<String>,
    /// Whether it is an illustration only.
    #[serde(default)]
    pub(crate) illustrative: bool,
    /// What the author warns of.
    #[serde(default)]
    pub(crate) caveat: String,
    /// Counts below this are masked in the tables of PDF reports, which then do not carry their record.
    #[serde(default)]
    pub(crate) min_cell: u32,
    /// What the engagement has to pin.
    #[serde(default)]
    pub(crate) pinned: Vec<Pin>,
    /// Properties every proof system must have.
    #[serde(default)]
    pub(crate) properties: Vec<Property>,
    /// Bits of conjectured security every proof system must offer.
    #[schemars(with = "Option<u32>")]
    pub(crate) security_bits_at_least: Option<Spanned<u32>>,
    /// Laws and standards.
    #[serde(default)]
    pub(crate) source: Vec<SourceFile>,
    /// Circuits whose proofs count.
    #[serde(default)]
    pub(crate) circuit: Vec<CircuitFile>,
    /// What is demanded of the origin of a package; without it, and without listed providers, nothing is.
    pub(crate) origin: Option<OriginFile>,
    /// Demands that batches were anchored while they were made.
    pub(crate) anchors: Option<AnchorsFile>,
    /// Demands that documents were laid down before the period.
    pub(crate) deposited: Option<DepositedFile>,
    /// Signers trusted in every audit under this policy.
    #[serde(default)]
    #[schemars(with = "Vec<SignerFile>")]
    pub(crate) signer: Vec<Spanned<SignerFile>>,
    /// Limits on what packages and other received files may ask of this program.
    pub(crate) limits: Option<LimitsFile>,
    /// Constraints on the measurement plan.
    #[serde(default)]
    pub(crate) plan: Vec<PlanFile>,
    /// Requirements.
    #[serde(default)]
    pub(crate) requirement: Vec<RequirementFile>,
}

/// A law or standard.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceFile {
    /// Identifier that requirements cite.
    #[schemars(with = "String")]
    pub(crate) id: Spanned<String>,
    /// Title.
    pub(crate) title: String,
    /// Version or publication.
    pub(crate) version: String,
    /// Date from which it applies, `YYYY-MM-DD`, or a phrase.
    pub(crate) in_force_from: String,
    /// Date of the author's last look at it, `YYYY-MM-DD`.
    pub(crate) reviewed_on: String,
}

/// A circuit family.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CircuitFile {
    /// Family and version.
    pub(crate) family: CircuitFamily,
    /// Shapes; none means every shape on the menu.
    #[serde(default)]
    #[schemars(with = "Vec<Shape>")]
    pub(crate) shapes: Vec<Spanned<Shape>>,
}

/// A choice of the plan that a policy can constrain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PlanField {
    /// Number of score bins: `at_least`.
    ScoreBins,
    /// Bits of the score scale: `at_least`.
    ScaleBits,
    /// Share of the reference batch in each score bin: `at_least`, `at_most`.
    ReferenceShare,
    /// The cut-off, always a bin edge: nothing else.
    CutoffIsEdge,
    /// Attribute rows are grouped by: `exactly`.
    Attribute,
    /// Group names: `exactly` or `include`.
    Groups,
    /// Features with a histogram: `include`.
    Histograms,
    /// Calendar of batches: `exactly`.
    Calendar,
    /// Days until an outcome is known: `at_least`.
    MaturityDays,
}

/// A constraint on the plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanFile {
    /// The choice constrained.
    #[schemars(with = "PlanField")]
    pub(crate) field: Spanned<PlanField>,
    /// Smallest value allowed.
    #[schemars(with = "Option<Bound>")]
    pub(crate) at_least: Option<Spanned<Bound>>,
    /// Largest value allowed.
    #[schemars(with = "Option<Bound>")]
    pub(crate) at_most: Option<Spanned<Bound>>,
    /// The only value or set of names allowed.
    #[schemars(with = "Option<Names>")]
    pub(crate) exactly: Option<Spanned<Names>>,
    /// Names that must be there.
    #[schemars(with = "Option<Names>")]
    pub(crate) include: Option<Spanned<Names>>,
}

/// A whole number, or a decimal in quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound(pub(crate) Decimal);

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Bound;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number such as 10, or a decimal in quotes such as \"0.02\"")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Bound, E> {
                Decimal::integer(value).map(Bound).ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Bound, E> {
                value.parse().map(Bound).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Bound {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "description": "A whole number, or a decimal in quotes." })
    }
}

/// One name, or a list of names.
#[derive(Debug, Clone)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name in quotes, or a list of names")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Names, E> {
                Ok(Names(vec![value.to_owned()]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut sequence: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = sequence.next_element()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Names {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" }, "description": "A name, or a list of names." })
    }
}

/// What kind of rule a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RuleKind {
    /// A metric keeps a limit.
    Metric,
    /// Every batch of the engagement's calendar is proven.
    BatchesComplete,
    /// No batch lies in a period that the engagement says an earlier package covered.
    NoOverlap,
    /// Rows per batch equal the engagement's control totals.
    ControlTotals,
    /// Every proof is about the same model.
    ModelUnchanged,
    /// Every change of model has a change record in the package, approved by then.
    ChangeRecorded,
    /// The plan keeps the policy's constraints.
    PlanConstraints,
    /// A reference batch is proven.
    ReferencePresent,
    /// A valid proof of a kind is there.
    Evidence,
    /// A link of the life cycle holds.
    Link,
    /// A complete traceability specification of the stage is in the package and contradicts nothing.
    Traceability,
    /// Only a person can decide.
    Judgement,
}

impl RuleKind {
    /// As written in the file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::BatchesComplete => "batches-complete",
            Self::NoOverlap => "no-overlap",
            Self::ControlTotals => "control-totals",
            Self::ModelUnchanged => "model-unchanged",
            Self::ChangeRecorded => "change-recorded",
            Self::PlanConstraints => "plan-constraints",
            Self::ReferencePresent => "reference-present",
            Self::Evidence => "evidence",
            Self::Link => "link",
            Self::Traceability => "traceability",
            Self::Judgement => "judgement",
        }
    }
}

/// What a value that cannot be formed means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnMissingFile {
    /// The requirement is uncovered.
    Uncovered,
    /// The batch is left out.
    NotApplicable,
}

/// Whose outcomes a metric looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OutcomesFile {
    /// Those committed at monitoring.
    Monitored,
    /// Those of the matured cohort, committed later to the same rows.
    Matured,
}

/// A place in a law or standard.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegalFile {
    /// Identifier of a source.
    #[schemars(with = "String")]
    pub(crate) source: Spanned<String>,
    /// Article, section or clause.
    pub(crate) place: String,
}

/// A requirement. Which of the optional keys belong to it depends on `kind`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequirementFile {
    /// Identifier, unique in the policy.
    #[schemars(with = "String")]
    pub(crate) id: Spanned<String>,
    /// Short title.
    #[schemars(with = "String")]
    pub(crate) title: Spanned<String>,
    /// Row of the overview.
    #[schemars(with = "String")]
    pub(crate) area: Spanned<String>,
    /// The author's own words.
    #[serde(default)]
    pub(crate) text: String,
    /// Audit assertion.
    pub(crate) assertion: Assertion,
    /// Life-cycle stage.
    pub(crate) stage: Stage,
    /// Mandatory or advisory.
    pub(crate) severity: Severity,
    /// Kind of rule.
    #[schemars(with = "RuleKind")]
    pub(crate) kind: Spanned<RuleKind>,
    /// Metric (kind `metric`).
    #[schemars(with = "Option<Metric>")]
    pub(crate) metric: Option<Spanned<Metric>>,
    /// Decisions looked at, for metrics of decisions.
    #[schemars(with = "Option<Decisions>")]
    pub(crate) decisions: Option<Spanned<Decisions>>,
    /// Feature looked at, for the input CSI.
    #[schemars(with = "Option<String>")]
    pub(crate) feature: Option<Spanned<String>>,
    /// Outcomes looked at (kind `metric`, stage `monitoring`); those of monitoring if not given.
    #[schemars(with = "Option<OutcomesFile>")]
    pub(crate) outcomes: Option<Spanned<OutcomesFile>>,
    /// Side of the limit that is right (kind `metric`).
    #[schemars(with = "Option<Comparator>")]
    pub(crate) comparator: Option<Spanned<Comparator>>,
    /// Limit as a decimal in quotes (kind `metric`).
    #[schemars(with = "Option<Decimal>")]
    pub(crate) limit: Option<Spanned<Decimal>>,
    /// Warning level as a decimal in quotes.
    #[schemars(with = "Option<Decimal>")]
    pub(crate) warn: Option<Spanned<Decimal>>,
    /// Values compared (kind `metric`).
    #[schemars(with = "Option<Scope>")]
    pub(crate) scope: Option<Spanned<Scope>>,
    /// Rows a value must rest on (kinds `metric`, `reference-present`).
    #[schemars(with = "Option<u64>")]
    pub(crate) minimum_n: Option<Spanned<u64>>,
    /// Rows a group must have to be compared.
    #[schemars(with = "Option<u64>")]
    pub(crate) minimum_group_n: Option<Spanned<u64>>,
    /// Batches that may miss the limit.
    #[schemars(with = "Option<Tolerance>")]
    pub(crate) tolerance: Option<Spanned<Tolerance>>,
    /// Kind of statement (kind `evidence`).
    #[schemars(with = "Option<String>")]
    pub(crate) statement: Option<Spanned<String>>,
    /// Link of the life cycle (kind `link`).
    #[schemars(with = "Option<LinkName>")]
    pub(crate) link: Option<Spanned<LinkName>>,
    /// What a person decides, as a clause (kind `judgement`).
    #[schemars(with = "Option<String>")]
    pub(crate) question: Option<Spanned<String>>,
    /// Values the engagement must pin for this to be satisfied.
    #[serde(default)]
    pub(crate) pinned: Vec<Pin>,
    /// Circuits accepted here, in place of the policy's.
    pub(crate) circuits: Option<Vec<CircuitFile>>,
    /// Properties demanded here, in place of the policy's.
    pub(crate) properties: Option<Vec<Property>>,
    /// Bits of conjectured security demanded here, in place of the policy's.
    #[schemars(with = "Option<u32>")]
    pub(crate) security_bits_at_least: Option<Spanned<u32>>,
    /// What a value that cannot be formed means; `uncovered` if not given.
    #[schemars(with = "Option<OnMissingFile>")]
    pub(crate) on_missing: Option<Spanned<OnMissingFile>>,
    /// Why `not-applicable` is right.
    #[schemars(with = "Option<String>")]
    pub(crate) on_missing_reason: Option<Spanned<String>>,
    /// Declared not applicable by a person.
    pub(crate) not_applicable: Option<Exemption>,
    /// Laws and standards.
    #[serde(default)]
    pub(crate) legal: Vec<LegalFile>,
    /// Replaces what its result is said not to show.
    pub(crate) does_not_show: Option<String>,
}
