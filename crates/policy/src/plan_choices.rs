//! Which choices of a measurement plan does the policy constrain, and which did the provider make alone?
//!
//! Every choice is listed, so that a convenient one cannot pass unseen: one score bin makes every
//! stability index 0, and merged groups make every impact ratio 1.

use verifold_model::{
    cohort::BatchTable,
    decimal::Decimal,
    format,
    plan::{MissingRule, OutsideRule, Plan, ScoreDirection},
    record::PlanChoice,
};

use crate::{
    policy::{PlanConstraint, Policy},
    sentence::{calendar_words, percent},
};

impl Policy {
    /// Every choice of `plan` in plan order, with the policy's constraint on it, if there is one, and whether it holds.
    ///
    /// `reference` is the verified table of the reference batch, checked against the plan; without it, constraints on shares of the reference do not hold.
    pub fn plan_choices(&self, plan: &Plan, reference: Option<&BatchTable>) -> Vec<PlanChoice> {
        let scoring = &plan.scoring;
        let names = |features: Vec<&str>| if features.is_empty() { "none".to_owned() } else { features.join(", ") };
        let free = |what: &str, chosen: String| PlanChoice { what: what.to_owned(), chosen, constraint: None, holds: true };
        vec![
            free(
                "features",
                format!("{}: {}", plan.features.len(), names(plan.features.iter().map(|feature| feature.name.as_str()).collect())),
            ),
            free("quantisation", format!("each feature in at most {} bits, offset and step as listed", plan.shape.width_bits())),
            free("values outside the domain", outside_words(plan)),
            free("missing values", missing_words(plan)),
            self.constrained(
                "score scale",
                format!("2^{} score units per unit of log-odds", scoring.scale_bits),
                plan,
                reference,
                |constraint| matches!(constraint, PlanConstraint::ScaleBits { .. }),
            ),
            free(
                "score direction",
                match scoring.direction {
                    ScoreDirection::HigherIsRiskier => "a higher score is riskier: approved below the cut-off".to_owned(),
                    ScoreDirection::HigherIsSafer => "a higher score is safer: approved from the cut-off on".to_owned(),
                },
            ),
            self.constrained("score bins", format!("{}", plan.shape.bins()), plan, reference, |constraint| {
                matches!(constraint, PlanConstraint::ScoreBins { .. })
            }),
            self.constrained("reference share of each score bin", reference_words(reference), plan, reference, |constraint| {
                matches!(constraint, PlanConstraint::ReferenceShare { .. })
            }),
            self.constrained("cut-off", cutoff_words(plan), plan, reference, |constraint| {
                matches!(constraint, PlanConstraint::CutoffIsEdge)
            }),
            free("expected bad share per bin", expected_words(plan)),
            free("bad outcome", plan.outcome.bad_means.clone()),
            self.constrained(
                "outcome maturity",
                format::counted(plan.outcome.maturity_days.into(), "day", "days"),
                plan,
                reference,
                |constraint| matches!(constraint, PlanConstraint::MaturityDays { .. }),
            ),
            self.constrained("grouping attribute", plan.grouping.attribute.clone(), plan, reference, |constraint| {
                matches!(constraint, PlanConstraint::Attribute { .. })
            }),
            self.constrained("groups", group_words(plan), plan, reference, |constraint| {
                matches!(constraint, PlanConstraint::Groups { .. } | PlanConstraint::GroupsInclude { .. })
            }),
            self.constrained(
                "features with a histogram",
                names(plan.histograms.iter().map(|histogram| histogram.feature.as_str()).collect()),
                plan,
                reference,
                |constraint| matches!(constraint, PlanConstraint::Histograms { .. }),
            ),
            free("histogram edges", "as listed in the plan".to_owned()),
            self.constrained("calendar", calendar_words(plan.calendar).to_owned(), plan, reference, |constraint| {
                matches!(constraint, PlanConstraint::Calendar { .. })
            }),
        ]
    }

    fn constrained(
        &self,
        what: &str,
        chosen: String,
        plan: &Plan,
        reference: Option<&BatchTable>,
        is_about: impl Fn(&PlanConstraint) -> bool,
    ) -> PlanChoice {
        let constraint = self.plan.iter().find(|constraint| is_about(constraint));
        PlanChoice {
            what: what.to_owned(),
            chosen,
            constraint: constraint.map(PlanConstraint::words),
            holds: constraint.is_none_or(|constraint| constraint.holds(plan, reference)),
        }
    }
}

impl PlanConstraint {
    /// Whether a plan keeps the constraint; `reference` as for [`Policy::plan_choices`].
    pub fn holds(&self, plan: &Plan, reference: Option<&BatchTable>) -> bool {
        let groups = &plan.grouping.names;
        // No metric compares the group of those who did not say: calling a group that would hide it.
        let compared = |name: &String| {
            let code = groups.iter().position(|group| group == name);
            code.is_some_and(|code| plan.grouping.not_disclosed.map(usize::from) != Some(code))
        };
        match self {
            Self::ScoreBins { at_least } => u32::try_from(plan.shape.bins()).is_ok_and(|bins| bins >= *at_least),
            Self::ScaleBits { at_least } => u32::from(plan.scoring.scale_bits) >= *at_least,
            Self::ReferenceShare { at_least, at_most } => reference.is_some_and(|table| {
                let (bins, scored) = bin_counts(table);
                scored > 0
                    && bins.iter().all(|count| share_is_at_least(*count, scored, *at_least) && share_is_at_most(*count, scored, *at_most))
            }),
            Self::CutoffIsEdge => usize::from(plan.scoring.cutoff) < plan.scoring.edges.len(),
            Self::Attribute { exactly } => plan.grouping.attribute == *exactly,
            Self::Groups { exactly } => {
                groups.iter().filter(|name| compared(name)).count() == exactly.len() && exactly.iter().all(compared)
            }
            Self::GroupsInclude { names } => names.iter().all(compared),
            Self::Histograms { include } => include.iter().all(|name| plan.histograms.iter().any(|histogram| histogram.feature == *name)),
            Self::Calendar { exactly } => plan.calendar == *exactly,
            Self::MaturityDays { at_least } => plan.outcome.maturity_days >= *at_least,
        }
    }
}

/// Scored rows per score bin, and in all.
fn bin_counts(table: &BatchTable) -> (Vec<u64>, u64) {
    let bins: Vec<u64> = table.counts.iter().map(|bin| bin.iter().flatten().map(|count| u64::from(*count)).sum()).collect();
    let scored = bins.iter().sum();
    (bins, scored)
}

fn share_is_at_least(count: u64, of: u64, share: Decimal) -> bool {
    share.cmp_ratio(count.into(), of.into()).is_le()
}

fn share_is_at_most(count: u64, of: u64, share: Decimal) -> bool {
    share.cmp_ratio(count.into(), of.into()).is_ge()
}

fn reference_words(reference: Option<&BatchTable>) -> String {
    let Some(table) = reference else { return "no reference batch is proven".to_owned() };
    let (bins, scored) = bin_counts(table);
    let hundredths = |count: Option<&u64>| {
        let basis_points = count.copied().unwrap_or(0).saturating_mul(10_000).checked_div(scored)?;
        Decimal::new(i64::try_from(basis_points).ok()?, 4).map(percent)
    };
    match (hundredths(bins.iter().min()), hundredths(bins.iter().max())) {
        (Some(least), Some(most)) => format!("{least} to {most} of {}", format::counted(scored, "scored row", "scored rows")),
        _ => "the reference batch has no scored rows".to_owned(),
    }
}

fn outside_words(plan: &Plan) -> String {
    let void = plan.features.iter().filter(|feature| feature.outside == OutsideRule::Void).count() as u64;
    let clamped = plan.features.len() as u64 - void;
    format!(
        "replaced by the nearest end in {}, row void in {}",
        format::counted(clamped, "feature", "features"),
        format::counted(void, "feature", "features")
    )
}

fn missing_words(plan: &Plan) -> String {
    let void = plan.features.iter().filter(|feature| feature.missing == MissingRule::Void).count() as u64;
    let replaced = plan.features.len() as u64 - void;
    format!(
        "replaced by a fixed value in {}, row void in {}",
        format::counted(replaced, "feature", "features"),
        format::counted(void, "feature", "features")
    )
}

fn cutoff_words(plan: &Plan) -> String {
    let cutoff = usize::from(plan.scoring.cutoff);
    match plan.scoring.edges.get(cutoff) {
        Some(edge) => {
            let score = format::true_minus(&edge.to_string());
            format!("score {score}, the edge between bins {} and {}", cutoff + 1, cutoff + 2)
        }
        None => format!("edge {}, which the plan does not have", cutoff + 1),
    }
}

fn expected_words(plan: &Plan) -> String {
    let text = |ppm: Option<&u32>| Decimal::new(ppm.copied().unwrap_or(0).into(), 6).map_or_else(String::new, percent);
    let shares = &plan.scoring.expected_bad_ppm;
    format!("{} to {}", text(shares.iter().min()), text(shares.iter().max()))
}

fn group_words(plan: &Plan) -> String {
    let names = plan.grouping.names.join(", ");
    match plan.grouping.not_disclosed.and_then(|code| plan.grouping.names.get(usize::from(code))) {
        Some(name) => format!("{names}; not disclosed is {name}"),
        None => names,
    }
}
