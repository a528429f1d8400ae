//! What does a requirement say? One plain English sentence, generated from its rule.

use verifold_model::{
    decimal::Decimal,
    metric::{Decisions, Metric, Unit},
    plan::Calendar,
};

use crate::policy::{MetricRule, PlanConstraint, Requirement, Rule, Scope, Tolerance};

/// What batches and groups are called in a policy, as its plan constraints fix them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// `weekly batch`, `monthly batch` or `batch`.
    batch: &'static str,
    /// `age band groups` or `groups`.
    groups: String,
}

impl Words {
    pub(crate) fn of(constraints: &[PlanConstraint]) -> Self {
        let calendar = constraints.iter().find_map(|c| if let PlanConstraint::Calendar { exactly } = c { Some(*exactly) } else { None });
        let attribute = constraints.iter().find_map(|c| if let PlanConstraint::Attribute { exactly } = c { Some(exactly) } else { None });
        Self {
            batch: match calendar {
                Some(Calendar::IsoWeek) => "weekly batch",
                Some(Calendar::Month) => "monthly batch",
                Some(Calendar::Free) | None => "batch",
            },
            groups: attribute.map_or_else(|| "groups".to_owned(), |attribute| format!("{attribute} groups")),
        }
    }
}

fn limit_text(unit: Unit, limit: Decimal) -> String {
    match unit {
        // As written in the policy: 0.10 stays 0.10.
        Unit::RateDifference | Unit::Ratio => limit.to_string(),
        Unit::Percent | Unit::Rows => unit.text(limit),
    }
}

fn subject(rule: &MetricRule, words: &Words) -> String {
    let key = &rule.key;
    let decisions = key.decisions.map(Decisions::word).unwrap_or_default();
    let groups = &words.groups;
    match key.metric {
        Metric::DemographicParityDifference => format!("the difference between the highest and lowest approval rate of {groups} under {decisions} decisions"),
        Metric::AdverseImpactRatio => format!("the lowest approval rate of {groups} divided by the highest, under {decisions} decisions,"),
        Metric::EqualOpportunityGap => format!("the difference between approval rates of {groups} among known good outcomes, under {decisions} decisions,"),
        Metric::OverrideRateDifference => format!("the difference between the highest and lowest override rate of {groups}"),
        Metric::ApprovalRate => format!("the approval rate under {decisions} decisions"),
        Metric::Volume => "the number of scored rows".to_owned(),
        Metric::FeatureCsi => format!("the input CSI of {} against the reference", key.feature.as_deref().unwrap_or("the feature")),
        Metric::ScorePsi => "the score PSI against the reference".to_owned(),
        Metric::Auc | Metric::Gini | Metric::Ks => format!("the {} of the score", key.metric.definition().title),
        other => format!("the {}", other.definition().title.to_lowercase()),
    }
}

fn metric_sentence(rule: &MetricRule, words: &Words) -> String {
    let definition = rule.key.metric.definition();
    let rows = if definition.needs_outcomes { "known outcomes" } else { "rows" };
    let mut conditions = Vec::new();
    if rule.minimum_n > 1 {
        conditions.push(format!("at least {} {rows}", rule.minimum_n));
    }
    if let Some(n) = rule.minimum_group_n {
        conditions.push(format!("at least {n} {rows} in each group compared"));
    }
    let with = if conditions.is_empty() { String::new() } else { format!(" with {}", conditions.join(" and ")) };
    let place = match rule.scope {
        Scope::EachBatch => format!("In every {}{with}", words.batch),
        Scope::Overall => format!("Over all batches together{with}"),
        Scope::Consecutive(k) => format!("In no {k} consecutive {}es{with} may it fail that", words.batch),
    };
    let verb = format!("is {} {}", rule.comparator.words(), limit_text(definition.unit, rule.limit));
    let tolerance = match rule.tolerance {
        Tolerance::None => String::new(),
        Tolerance::Batches(1) => "; one batch may miss it".to_owned(),
        Tolerance::Batches(n) => format!("; {n} batches may miss it"),
        Tolerance::Share(share) => format!("; {} of the batches may miss it", Unit::Percent.text(share)),
    };
    let comma = if matches!(rule.scope, Scope::Consecutive(_)) { "" } else { "," };
    format!("{place}{comma} {} {verb}{tolerance}.", subject(rule, words))
}

impl Requirement {
    /// The requirement as one plain English sentence.
    pub fn sentence(&self) -> String {
        match &self.rule {
            Rule::Metric(rule) => metric_sentence(rule, &self.words),
            Rule::BatchesComplete => format!("Every {} the engagement expects is proven, and none besides.", self.words.batch),
            Rule::ControlTotals => "In every batch, the proven counts equal the engagement's control totals from an independent source.".to_owned(),
            Rule::ModelUnchanged => "One and the same committed model scored every row of the period.".to_owned(),
            Rule::PlanConstraints => "The measurement plan keeps every constraint of this policy.".to_owned(),
            Rule::ReferencePresent { minimum_n } => format!("A reference batch of at least {minimum_n} scored rows is proven under the same model."),
            Rule::Evidence { statement } => format!("A valid proof of kind {statement} is in the package."),
            Rule::Judgement { question } => format!("A person determines that {question}."),
        }
    }
}
