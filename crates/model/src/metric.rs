//! Metrics auditors know, each with its definition and source. All follow from a batch's count table.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{decimal::Decimal, format};

/// A metric computed from verified tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Rows scored.
    Volume,
    /// Void rows ÷ committed rows.
    VoidRate,
    /// Approved ÷ scored.
    ApprovalRate,
    /// Rows whose logged decision differs from the model's ÷ scored.
    OverrideRate,
    /// Model declined, logged approved ÷ scored.
    OverrideToApprove,
    /// Model approved, logged declined ÷ scored.
    OverrideToDecline,
    /// Largest minus smallest override rate among groups.
    OverrideRateDifference,
    /// Rows with a known outcome ÷ scored.
    OutcomeCoverage,
    /// (approved and good + declined and bad) ÷ known.
    Accuracy,
    /// Declined ÷ bad.
    TruePositiveRate,
    /// Declined ÷ good.
    FalsePositiveRate,
    /// Area under the ROC curve of the score against the known outcome.
    Auc,
    /// 2·AUC − 1.
    Gini,
    /// Kolmogorov–Smirnov distance between the scores of good and bad.
    Ks,
    /// Bad outcomes observed ÷ expected under the plan's share per bin.
    ObservedExpected,
    /// Mean squared difference between the expected share of a row's bin and its outcome.
    Brier,
    /// Expected calibration error over the score bins.
    Ece,
    /// Population stability index of the score bins against the reference batch.
    ScorePsi,
    /// The same index for the bins of one feature.
    FeatureCsi,
    /// Largest minus smallest approval rate among groups.
    DemographicParityDifference,
    /// Smallest ÷ largest approval rate among groups.
    AdverseImpactRatio,
    /// Largest minus smallest approval rate among groups, over rows with a known good outcome.
    EqualOpportunityGap,
    /// Known outcomes that became another one, or unknown, in the matured cohort ÷ outcomes known at monitoring.
    OutcomesChanged,
    /// Good at monitoring and bad in the matured cohort ÷ good at monitoring.
    GoodToBad,
    /// Bad at monitoring and good in the matured cohort ÷ bad at monitoring.
    BadToGood,
    /// Known at monitoring and unknown in the matured cohort ÷ known at monitoring.
    OutcomesWithdrawn,
}

/// Which decisions a metric looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decisions {
    /// The decision that follows from the score bin.
    Model,
    /// The decision the audited party logged.
    Logged,
}

impl Decisions {
    /// As an adjective in sentences.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Logged => "logged",
        }
    }
}

/// How a metric's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Whole rows.
    Rows,
    /// A share, written in percent with two places.
    Percent,
    /// A difference of rates, four places.
    RateDifference,
    /// A ratio, an area or an index, three places.
    Ratio,
}

/// Everything fixed about a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// As read on screen.
    pub title: &'static str,
    /// Formula in words.
    pub formula: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// How values are written.
    pub unit: Unit,
    /// Whether a [`Decisions`] must be named.
    pub by_decisions: bool,
    /// Whether it needs known outcomes.
    pub needs_outcomes: bool,
    /// Whether it compares with the reference batch.
    pub needs_reference: bool,
    /// Whether it compares the outcomes of monitoring with those of the matured cohort, and so rests on a proof that does.
    pub between_outcomes: bool,
    /// What a value of this metric does not show.
    pub does_not_show: &'static str,
}

impl Metric {
    /// In the order of this page.
    pub const ALL: [Self; 26] = [
        Self::Volume,
        Self::VoidRate,
        Self::ApprovalRate,
        Self::OverrideRate,
        Self::OverrideToApprove,
        Self::OverrideToDecline,
        Self::OverrideRateDifference,
        Self::OutcomeCoverage,
        Self::Accuracy,
        Self::TruePositiveRate,
        Self::FalsePositiveRate,
        Self::Auc,
        Self::Gini,
        Self::Ks,
        Self::ObservedExpected,
        Self::Brier,
        Self::Ece,
        Self::ScorePsi,
        Self::FeatureCsi,
        Self::DemographicParityDifference,
        Self::AdverseImpactRatio,
        Self::EqualOpportunityGap,
        Self::OutcomesChanged,
        Self::GoodToBad,
        Self::BadToGood,
        Self::OutcomesWithdrawn,
    ];

    /// The definition.
    pub const fn definition(self) -> Definition {
        const fn define(
            title: &'static str,
            formula: &'static str,
            source: &'static str,
            unit: Unit,
            does_not_show: &'static str,
        ) -> Definition {
            Definition {
                title,
                formula,
                source,
                unit,
                by_decisions: false,
                needs_outcomes: false,
                needs_reference: false,
                between_outcomes: false,
                does_not_show,
            }
        }
        const fn decisions(definition: Definition) -> Definition {
            Definition { by_decisions: true, ..definition }
        }
        const fn outcomes(definition: Definition) -> Definition {
            Definition { needs_outcomes: true, ..definition }
        }
        const fn reference(definition: Definition) -> Definition {
            Definition { needs_reference: true, ..definition }
        }
        const fn revision(title: &'static str, formula: &'static str) -> Definition {
            const CHANGES: &str =
                "Why an outcome changed, or which of the two is true. Outcomes that became known count under outcome coverage, not here.";
            let plain = define(title, formula, "count of rows by both outcomes", Unit::Percent, CHANGES);
            Definition { needs_outcomes: true, between_outcomes: true, ..plain }
        }
        const DISPARITY: &str = "Why rates differ, whether the difference is unlawful, or that recorded groups are right. The limit is the institution's; EU law sets no number.";
        const OUTCOMES: &str = "That recorded outcomes are true, or anything about rows whose outcome is not known yet.";
        const DRIFT: &str =
            "Why the population moved, or that the reference population is the right one. Rule-of-thumb limits ignore sample size.";
        const PLAIN: &str = "That committed rows are all the rows there were.";
        match self {
            Self::Volume => define("Volume", "rows scored", "count table", Unit::Rows, PLAIN),
            Self::VoidRate => define(
                "Void rate",
                "void rows ÷ committed rows",
                "count table",
                Unit::Percent,
                "Whether the rows were rightly set aside, or rows dropped before commitment.",
            ),
            Self::ApprovalRate => decisions(define("Approval rate", "approved ÷ scored", "count table", Unit::Percent, PLAIN)),
            Self::OverrideRate => define(
                "Override rate",
                "logged decision differs from model decision ÷ scored",
                "EBA/GL/2020/06 § 4.3.4",
                Unit::Percent,
                "Who overrode, why, and whether rightly.",
            ),
            Self::OverrideToApprove => define(
                "Overrides to approve",
                "model declined and logged approved ÷ scored",
                "EBA/GL/2020/06 § 4.3.4",
                Unit::Percent,
                "Who overrode, why, and whether rightly.",
            ),
            Self::OverrideToDecline => define(
                "Overrides to decline",
                "model approved and logged declined ÷ scored",
                "EBA/GL/2020/06 § 4.3.4",
                Unit::Percent,
                "Who overrode, why, and whether rightly.",
            ),
            Self::OverrideRateDifference => define(
                "Override-rate difference",
                "largest − smallest override rate among groups",
                "count table",
                Unit::RateDifference,
                DISPARITY,
            ),
            Self::OutcomeCoverage => define("Outcome coverage", "known outcomes ÷ scored", "count table", Unit::Percent, OUTCOMES),
            Self::Accuracy => outcomes(define(
                "Accuracy",
                "(approved and good + declined and bad) ÷ known outcomes, by the model's decision",
                "ISO/IEC TS 4213:2022",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::TruePositiveRate => outcomes(define(
                "True-positive rate",
                "declined ÷ bad, by the model's decision",
                "ISO/IEC TS 4213:2022",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::FalsePositiveRate => outcomes(define(
                "False-positive rate",
                "declined ÷ good, by the model's decision",
                "ISO/IEC TS 4213:2022",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::Auc => outcomes(define(
                "AUC",
                "share of (good, bad) pairs the score ranks rightly, of ten outcomes of each kind at least; pairs within one bin count between none and all",
                "Hanley and McNeil 1982; interval from bins",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::Gini => outcomes(define("Gini", "2·AUC − 1", "Hanley and McNeil 1982; interval from bins", Unit::Ratio, OUTCOMES)),
            Self::Ks => outcomes(define(
                "KS",
                "largest distance between the score distributions of good and bad, of ten outcomes each at least; exact at bin edges, bounded inside bins",
                "Kolmogorov–Smirnov two-sample statistic",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::ObservedExpected => outcomes(define(
                "Observed / expected",
                "bad outcomes ÷ Σ known outcomes in bin × expected share of the bin",
                "ECB validation reporting 2019, calibration",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::Brier => outcomes(define(
                "Brier score",
                "mean of (expected share of the bin − outcome)²",
                "Brier 1950, binned",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::Ece => outcomes(define(
                "Calibration error",
                "Σ |bad in bin − known in bin × expected share| ÷ known",
                "Naeini, Cooper and Hauskrecht 2015",
                Unit::Ratio,
                OUTCOMES,
            )),
            Self::ScorePsi => reference(define(
                "Score PSI",
                "Σ (p − q)·ln(p ÷ q) over score bins, p now, q reference, each count with ½ added",
                "Siddiqi 2006; ½ added so that empty bins are defined",
                Unit::Ratio,
                DRIFT,
            )),
            Self::FeatureCsi => reference(define(
                "Input CSI",
                "Σ (p − q)·ln(p ÷ q) over the feature's bins, p now, q reference, each count with ½ added",
                "Siddiqi 2006; ½ added so that empty bins are defined",
                Unit::Ratio,
                DRIFT,
            )),
            Self::DemographicParityDifference => decisions(define(
                "Approval-rate difference",
                "largest − smallest approval rate among groups",
                "ISO/IEC TR 24027:2021, demographic parity",
                Unit::RateDifference,
                DISPARITY,
            )),
            Self::AdverseImpactRatio => decisions(define(
                "Adverse-impact ratio",
                "smallest ÷ largest approval rate among groups",
                "29 CFR 1607.4(D), a screening rule for employment",
                Unit::Ratio,
                DISPARITY,
            )),
            Self::EqualOpportunityGap => decisions(outcomes(define(
                "Equal-opportunity gap",
                "largest − smallest approval rate among groups, over known good outcomes",
                "Hardt, Price and Srebro 2016",
                Unit::RateDifference,
                DISPARITY,
            ))),
            Self::OutcomesChanged => revision("Changed outcomes", "known at monitoring and another or unknown since ÷ known at monitoring"),
            Self::GoodToBad => revision("Good outcomes turned bad", "good at monitoring and bad since ÷ good at monitoring"),
            Self::BadToGood => revision("Bad outcomes turned good", "bad at monitoring and good since ÷ bad at monitoring"),
            Self::OutcomesWithdrawn => revision("Withdrawn outcomes", "known at monitoring and unknown since ÷ known at monitoring"),
        }
    }
}

/// A metric with its parameters: what a series or a requirement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricKey {
    /// The metric.
    pub metric: Metric,
    /// Decisions looked at, exactly where the definition asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Decisions>,
    /// Feature looked at, exactly for [`Metric::FeatureCsi`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Whether outcomes are those of the matured cohort, in place of those committed at monitoring.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub matured: bool,
}

impl MetricKey {
    /// A metric without parameters.
    pub const fn plain(metric: Metric) -> Self {
        Self { metric, decisions: None, feature: None, matured: false }
    }
}

impl Metric {
    /// Whether its value changes with the outcomes of a table.
    pub const fn looks_at_outcomes(self) -> bool {
        matches!(self, Self::OutcomeCoverage) || self.definition().needs_outcomes
    }
}

impl fmt::Display for MetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric.definition().title)?;
        if let Some(decisions) = self.decisions {
            write!(f, ", {} decisions", decisions.word())?;
        }
        if let Some(feature) = &self.feature {
            write!(f, ", {feature}")?;
        }
        if self.matured {
            f.write_str(", matured outcomes")?;
        }
        Ok(())
    }
}

/// A fraction of integers, not reduced: what was counted over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fraction {
    /// Above the line.
    pub numerator: i64,
    /// Below the line, positive.
    pub denominator: i64,
}

/// A measured value: the true value lies in `lo ..= hi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// Lower bound, rounded down to nine places.
    pub lo: Decimal,
    /// Upper bound, rounded up to nine places.
    pub hi: Decimal,
    /// The exact value, where the table determines it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<Fraction>,
}

/// `numerator / denominator · 10^places`, rounded half away from zero; the denominator is positive.
fn rounded(numerator: i128, denominator: i128, places: u32) -> i128 {
    let scaled = numerator * 10i128.pow(places);
    let half = denominator / 2;
    if scaled >= 0 { (scaled + half) / denominator } else { (scaled - half) / denominator }
}

fn fixed(units: i128, places: u32) -> String {
    let sign = if units < 0 { "\u{2212}" } else { "" };
    let unit = 10u128.pow(places);
    let magnitude = units.unsigned_abs();
    if places == 0 {
        return format!("{sign}{magnitude}");
    }
    format!("{sign}{}.{:0width$}", magnitude / unit, magnitude % unit, width = places as usize)
}

impl Unit {
    /// Digits behind the point.
    pub const fn places(self) -> u32 {
        match self {
            Self::Rows => 0,
            Self::Percent => 2,
            Self::RateDifference => 4,
            Self::Ratio => 3,
        }
    }

    /// A decimal in this unit, rounded to its places, true minus.
    pub fn text(self, value: Decimal) -> String {
        let (numerator, denominator) = (i128::from(value.mantissa()), i128::from(value.denominator()));
        match self {
            Self::Rows => {
                let rows = rounded(numerator, denominator, 0);
                if rows < 0 { fixed(rows, 0) } else { format::count(u64::try_from(rows).unwrap_or(u64::MAX)) }
            }
            Self::Percent => format!("{}\u{202F}%", fixed(rounded(numerator * 100, denominator, self.places()), self.places())),
            Self::RateDifference | Self::Ratio => fixed(rounded(numerator, denominator, self.places()), self.places()),
        }
    }
}

impl Value {
    /// As written on screen: one number, or `lo–hi` where they differ at the unit's places.
    pub fn text(&self, unit: Unit) -> String {
        let (lo, hi) = (unit.text(self.lo), unit.text(self.hi));
        if lo == hi || self.exact.is_some() { unit.text(self.mid()) } else { format!("{lo}–{hi}") }
    }

    /// The middle of the interval, for drawing and for one-number display.
    pub fn mid(&self) -> Decimal {
        let sum = i64::midpoint(self.lo.mantissa(), self.hi.mantissa());
        if self.lo.places() == self.hi.places() { Decimal::new(sum, self.lo.places()).unwrap_or(self.lo) } else { self.lo }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_their_unit() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(Unit::Percent.text(decimal("0.042")), "4.20\u{202F}%");
        assert_eq!(Unit::RateDifference.text(decimal("-0.01404")), "\u{2212}0.0140");
        assert_eq!(Unit::Rows.text(decimal("1979")), "1\u{202F}979");
        let interval = Value { lo: decimal("0.781000000"), hi: decimal("0.803000000"), exact: None };
        assert_eq!(interval.text(Unit::Ratio), "0.781–0.803");
    }

    #[test]
    fn every_metric_is_listed_once() {
        for (i, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric as usize, i);
        }
    }
}
