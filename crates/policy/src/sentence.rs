//! How does a requirement read? One plain English sentence, generated from its rule, so that what
//! is read and what is checked cannot drift apart.

use verifold_model::{
    decimal::Decimal,
    format,
    metric::{Decisions, Metric, Unit},
    plan::Calendar,
    proof_system::Property,
    state::Stage,
    statement::StatementKind,
};

use crate::policy::{MetricRule, OnMissing, Pin, PlanConstraint, Requirement, Rule, Scope, Tolerance, compares_groups};

/// The batch of such a calendar in a sentence.
const fn batch_word(kind: Option<Calendar>) -> &'static str {
    match kind {
        Some(Calendar::IsoWeek) => "weekly batch",
        Some(Calendar::Month) => "monthly batch",
        Some(Calendar::Free) | None => "batch",
    }
}

/// What batches and groups are called: follows from the policy's constraints on the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    calendar: Option<Calendar>,
    attribute: Option<String>,
}

impl Words {
    pub(crate) fn of(plan: &[PlanConstraint]) -> Self {
        let mut words = Self { calendar: None, attribute: None };
        for constraint in plan {
            match constraint {
                PlanConstraint::Calendar { exactly } => words.calendar = Some(*exactly),
                PlanConstraint::Attribute { exactly } => words.attribute = Some(exactly.clone()),
                _ => {}
            }
        }
        words
    }

    fn batch(&self) -> &'static str {
        batch_word(self.calendar)
    }

    fn batches(&self) -> String {
        format!("{}es", self.batch())
    }

    fn groups(&self) -> String {
        self.attribute.as_ref().map_or_else(|| "groups".to_owned(), |attribute| format!("groups by {attribute}"))
    }
}

impl Requirement {
    /// The requirement as one sentence with its full stop.
    pub fn sentence(&self) -> String {
        let words = &self.words;
        let pinned = |pin: Pin, clause: &'static str| if self.pinned.contains(&pin) { clause } else { "" };
        let sentence = match &self.rule {
            Rule::Metric(rule) => self.metric_sentence(rule),
            Rule::BatchesComplete => format!("Every {} that the engagement's calendar expects is in the proof.", words.batch()),
            Rule::NoOverlap => {
                format!("No {} lies in a period that the engagement says an earlier package covered.", words.batch())
            }
            Rule::ControlTotals => {
                format!(
                    "The rows proven in every {} equal the control totals that the auditor has from an independent source.",
                    words.batch()
                )
            }
            Rule::ModelUnchanged => {
                format!(
                    "One model scored every batch of the period{}.",
                    pinned(Pin::Model, ", and it is the model that the engagement pins")
                )
            }
            Rule::ChangeRecorded => {
                "Wherever another model took over inside the period, the package holds a change record that names both models and an \
                 approval no later than that day."
                    .to_owned()
            }
            Rule::PlanConstraints => {
                format!(
                    "The measurement plan keeps every constraint of this policy{}.",
                    pinned(Pin::Plan, ", and it is the plan that the engagement pins")
                )
            }
            Rule::ReferencePresent { minimum_n } => {
                format!(
                    "The reference batch is in the proof and holds at least {}.",
                    format::counted(*minimum_n, "scored row", "scored rows")
                )
            }
            Rule::Evidence { statement } if OF_BATCHES.iter().any(|kind| statement == kind.name()) => {
                format!("The package holds a valid proof of kind {statement}, over the rows of every monitored batch.")
            }
            Rule::Evidence { statement } => format!("The package holds a valid proof of kind {statement}."),
            Rule::Link(link) => format!("{}.", link.words()),
            Rule::Traceability => format!(
                "The package holds a complete traceability specification of {} that names the proof system and the circuit used.",
                self.stage.title().to_lowercase()
            ),
            Rule::Judgement { question } => format!("A person determines that {question}."),
        };
        let demands = system_words(self.properties.as_deref().unwrap_or_default(), self.security_bits_at_least);
        if demands.is_empty() { sentence } else { format!("{sentence} Its proof system is to be {demands}.") }
    }

    fn metric_sentence(&self, rule: &MetricRule) -> String {
        let words = &self.words;
        let minimum = format!("at least {} {}", format::count(rule.minimum_n), rows_word(rule.key.metric));
        // A batch below the minimum either leaves the requirement uncovered ("each with") or is left out ("with").
        let with = match (rule.minimum_n, rule.scope, &self.on_missing) {
            (0, ..) => String::new(),
            (_, Scope::Overall, _) => format!(", with {minimum},"),
            (_, Scope::EachBatch | Scope::Consecutive(_), OnMissing::Uncovered) => format!(", each with {minimum},"),
            (_, Scope::EachBatch | Scope::Consecutive(_), OnMissing::NotApplicable { .. }) => format!(" with {minimum}"),
        };
        let place = match (rule.scope, rule.tolerance) {
            (Scope::EachBatch, Tolerance::None) => format!("In every {}", words.batch()),
            (Scope::EachBatch, Tolerance::Batches(n)) => {
                format!("In all but at most {} of the {}", format::count(n.into()), words.batches())
            }
            (Scope::EachBatch, Tolerance::Share(share)) => format!("In all but at most {} of the {}", percent(share), words.batches()),
            (Scope::Overall, _) if self.stage == Stage::Training => "Over the test rows".to_owned(),
            (Scope::Overall, _) => "Over all batches of the period together".to_owned(),
            (Scope::Consecutive(k), _) => format!("In at least one of any {} consecutive {}", format::count(k.into()), words.batches()),
        };
        let comma = if with.ends_with(',') { "" } else { "," };
        let reference = if self.stage == Stage::Training { "the training rows" } else { "the reference batch" };
        let matured = if rule.key.matured { ", by the outcomes of the matured cohort" } else { "" };
        format!("{place}{with}{comma} {}{matured}.", clause(rule, &words.groups(), reference))
    }
}

/// Demands on a proof system, behind "is to be"; empty without any.
pub fn system_words(properties: &[Property], bits: Option<u32>) -> String {
    let mut words: Vec<String> = properties.iter().map(|property| property.demand_words().to_owned()).collect();
    words.extend(bits.map(|bits| format!("of at least {bits} bits of conjectured security")));
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// Kinds of statement about rows that a monitoring proof committed to.
const OF_BATCHES: [StatementKind; 3] = [StatementKind::ReceiptsV1, StatementKind::MaturedCohortV1, StatementKind::OutcomeRevisionV1];

/// What the rows are called that a metric rests on.
const fn rows_word(metric: Metric) -> &'static str {
    match metric {
        Metric::VoidRate => "committed rows",
        Metric::OutcomesChanged | Metric::OutcomesWithdrawn => "outcomes known at monitoring",
        Metric::GoodToBad => "outcomes good at monitoring",
        Metric::BadToGood => "outcomes bad at monitoring",
        _ if metric.definition().needs_outcomes => "known outcomes",
        _ => "scored rows",
    }
}

/// What a group's rows are called under a metric.
const fn group_rows_word(metric: Metric) -> &'static str {
    match metric {
        Metric::EqualOpportunityGap => "known good outcomes",
        _ => "scored rows",
    }
}

/// The metric and its limit as a clause.
fn clause(rule: &MetricRule, groups: &str, reference: &str) -> String {
    let metric = rule.key.metric;
    let bound = format!("{} {}", rule.comparator.words(), limit_text(metric, rule.limit));
    let under = match rule.key.decisions {
        Some(Decisions::Model) => " under the model's decisions",
        Some(Decisions::Logged) => " under logged decisions",
        None => "",
    };
    let groups = match rule.minimum_group_n.filter(|_| compares_groups(metric)) {
        Some(minimum) => format!("{groups} with at least {} {}", format::count(minimum), group_rows_word(metric)),
        None => groups.to_owned(),
    };
    match metric {
        Metric::Volume => format!("{bound} rows are scored"),
        Metric::VoidRate => format!("{bound} of committed rows are void"),
        Metric::ApprovalRate => format!("the approval rate{under} is {bound}"),
        Metric::OverrideRate => format!("{bound} of scored rows are logged with another decision than the model's"),
        Metric::OverrideToApprove => format!("{bound} of scored rows are declined by the model and logged as approved"),
        Metric::OverrideToDecline => format!("{bound} of scored rows are approved by the model and logged as declined"),
        Metric::OverrideRateDifference => format!("the override rates of {groups} differ by {bound}"),
        Metric::OutcomeCoverage => format!("the outcome of {bound} of scored rows is known"),
        Metric::Accuracy => format!("the accuracy of the model's decisions is {bound}"),
        Metric::TruePositiveRate => format!("the share of bad outcomes that the model declines is {bound}"),
        Metric::FalsePositiveRate => format!("the share of good outcomes that the model declines is {bound}"),
        Metric::Auc => format!("the AUC of the score is {bound}"),
        Metric::Gini => format!("the Gini coefficient of the score is {bound}"),
        Metric::Ks => format!("the KS statistic of the score is {bound}"),
        Metric::ObservedExpected => format!("bad outcomes are {bound} times as many as expected"),
        Metric::Brier => format!("the Brier score of the expected shares per bin is {bound}"),
        Metric::Ece => format!("the calibration error of the expected shares per bin is {bound}"),
        Metric::ScorePsi => format!("the PSI of the score against {reference} is {bound}"),
        Metric::FeatureCsi => {
            format!("the CSI of the input {} against {reference} is {bound}", rule.key.feature.as_deref().unwrap_or_default())
        }
        Metric::DemographicParityDifference => format!("the approval rates{under} of {groups} differ by {bound}"),
        Metric::AdverseImpactRatio => format!("the lowest approval rate{under} among {groups} is {bound} times the highest"),
        Metric::OutcomesChanged => format!("{bound} of outcomes known at monitoring are another or unknown in the matured cohort"),
        Metric::GoodToBad => format!("{bound} of outcomes good at monitoring are bad in the matured cohort"),
        Metric::BadToGood => format!("{bound} of outcomes bad at monitoring are good in the matured cohort"),
        Metric::OutcomesWithdrawn => format!("{bound} of outcomes known at monitoring are unknown in the matured cohort"),
        Metric::EqualOpportunityGap => format!("the approval rates{under} of good outcomes among {groups} differ by {bound}"),
    }
}

/// A limit as its author wrote it; shares as percentages.
fn limit_text(metric: Metric, limit: Decimal) -> String {
    match metric.definition().unit {
        Unit::Rows => u64::try_from(limit.mantissa()).map_or_else(|_| limit.to_string(), format::count),
        Unit::Percent => percent(limit),
        Unit::RateDifference | Unit::Ratio => format::true_minus(&limit.to_string()),
    }
}

/// `0.08` as `8 %`, `0.025` as `2.5 %`: exact, without zeros behind.
pub(crate) fn percent(share: Decimal) -> String {
    let scaled = i128::from(share.mantissa()) * 100;
    let unit = i128::from(share.denominator());
    let sign = if scaled < 0 { "\u{2212}" } else { "" };
    let (whole, rest) = (scaled.abs() / unit, scaled.abs() % unit);
    if rest == 0 {
        return format!("{sign}{whole}\u{202F}%");
    }
    let digits = format!("{rest:0width$}", width = usize::from(share.places()));
    format!("{sign}{whole}.{}\u{202F}%", digits.trim_end_matches('0'))
}

impl MetricRule {
    /// The limit with its comparator, as the author wrote it: `≤ 0.10`, `≥ 95 %`.
    pub fn limit_text(&self) -> String {
        format!("{} {}", self.comparator.symbol(), limit_text(self.key.metric, self.limit))
    }
}

impl PlanConstraint {
    /// The constraint in a few words, for the table of plan choices.
    pub fn words(&self) -> String {
        match self {
            Self::ScoreBins { at_least } => format!("at least {at_least}"),
            Self::ScaleBits { at_least } => format!("at least 2^{at_least} score units per unit of log-odds"),
            Self::ReferenceShare { at_least, at_most } => {
                format!("each bin {} to {} of the reference", percent(*at_least), percent(*at_most))
            }
            Self::CutoffIsEdge => "a bin edge".to_owned(),
            Self::Attribute { exactly } => format!("exactly {exactly}"),
            Self::Groups { exactly } => format!("exactly {}, all compared", exactly.join(", ")),
            Self::GroupsInclude { names } => format!("among them {}, compared", names.join(", ")),
            Self::Histograms { include } => format!("among them {}", include.join(", ")),
            Self::Calendar { exactly } => calendar_words(*exactly).to_owned(),
            Self::MaturityDays { at_least } => {
                format!("at least {} after the decision", format::counted((*at_least).into(), "day", "days"))
            }
        }
    }
}

/// A calendar as a choice.
pub(crate) const fn calendar_words(calendar: Calendar) -> &'static str {
    match calendar {
        Calendar::IsoWeek => "one batch per ISO week",
        Calendar::Month => "one batch per calendar month",
        Calendar::Free => "batches cut by the provider",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_in_percent_exactly() {
        for (share, text) in [("0.08", "8"), ("0.025", "2.5"), ("1", "100"), ("0.0005", "0.05"), ("0.5", "50"), ("0.125", "12.5")] {
            assert_eq!(percent(share.parse().unwrap()), format!("{text}\u{202F}%"));
        }
    }
}
