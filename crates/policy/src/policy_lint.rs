//! Does a policy file make sense? Turns the TOML structure into a [`Policy`], naming every
//! contradiction with its place on the way.

use std::ops::Range;

use toml::Spanned;
use verifold_model::{
    decimal::Decimal,
    digest::Digest,
    metric::{Metric, MetricKey, Unit},
    plan::Calendar,
    record::LegalSource,
    shape::CircuitFamily,
    state::Stage,
    statement::StatementKind,
};

use crate::{
    anchoring::within_days,
    limits_file::{check_shapes, limits},
    notice::{Lint, Notices},
    policy::{
        AcceptedCircuit, Comparator, LegalRef, MetricRule, OnMissing, Pin, PlanConstraint, Policy, Requirement, Rule, Scope, Tolerance,
        compares_groups, out_of_reach,
    },
    policy_file::{
        Bound, CircuitFile, Names, OnMissingFile, OutcomesFile, PlanField, PlanFile, PolicyFile, RequirementFile, RuleKind, SourceFile,
    },
    sentence::Words,
    signers::signers,
};

/// Reads and checks a policy.
pub(crate) fn lint(text: &str) -> Lint<Policy> {
    let mut notices = Notices::new(text);
    let value = notices.parse::<PolicyFile>().map(|file| build(file, text, &mut notices));
    notices.finish(value)
}

/// Builds the policy as far as it goes; it counts only if no error is noted.
fn build(file: PolicyFile, text: &str, notices: &mut Notices<'_>) -> Policy {
    check_id(&file.id, notices);
    for (name, value) in [("title", &file.title), ("version", &file.version)] {
        check_not_empty(name, value, notices);
    }
    if file.illustrative && file.caveat.trim().is_empty() {
        notices.warning("no-caveat", file.id.span(), "an illustrative policy says in `caveat` what it must not be used for");
    }
    if file.circuit.is_empty() {
        notices.error("no-circuit", file.id.span(), "no [[circuit]] is accepted, so no proof could count");
    }
    let sources = sources(&file.source, &file.requirement, notices);
    let plan = plan_constraints(&file.plan, notices);
    let (origin_threshold, signers) = signers(notices, file.origin.as_ref(), file.signer);
    let anchored_within_days = within_days(notices, file.anchors.as_ref());
    let limits = limits(file.limits, notices);
    let circuits = file.circuit.iter().chain(file.requirement.iter().flat_map(|requirement| requirement.circuits.iter().flatten()));
    check_shapes(circuits, &limits, notices);
    let circuits: Vec<AcceptedCircuit> = file.circuit.into_iter().map(accepted).collect();
    let words = Words::of(&plan);
    for (i, requirement) in file.requirement.iter().enumerate() {
        if file.requirement[..i].iter().any(|earlier| earlier.id.get_ref() == requirement.id.get_ref()) {
            notices.error("duplicate-id", requirement.id.span(), format!("two requirements have the id {:?}", requirement.id.get_ref()));
        }
    }
    if file.requirement.is_empty() {
        notices.error("no-requirement", file.id.span(), "the policy has no [[requirement]]");
    }
    if let Some(first) = file.plan.first()
        && !plan.is_empty()
        && !file.requirement.iter().any(|requirement| *requirement.kind.get_ref() == RuleKind::PlanConstraints)
    {
        let text =
            "no requirement of kind \"plan-constraints\" holds a plan to [[plan]], and the sentences of others speak as if it kept it";
        notices.error("constraints-unasked", first.field.span(), text);
    }
    let bits = |bits: Option<&Spanned<u32>>| bits.map(|bits| *bits.get_ref());
    let of_policy = bits(file.security_bits_at_least.as_ref());
    if let Some(refused) = out_of_reach(&file.properties, of_policy) {
        let at = file.security_bits_at_least.as_ref().map_or_else(|| file.id.span(), Spanned::span);
        notices.warning("system-out-of-reach", at, format!("no proof of this program could count: {}", refused.text));
    }
    let requirements = file
        .requirement
        .into_iter()
        .filter_map(|requirement| {
            let at = requirement.id.span();
            if requirement.properties.is_some() || requirement.security_bits_at_least.is_some() {
                let properties = requirement.properties.as_deref().unwrap_or(&file.properties);
                let bits = bits(requirement.security_bits_at_least.as_ref()).or(of_policy);
                if let Some(refused) = out_of_reach(properties, bits) {
                    let at = requirement.security_bits_at_least.as_ref().map_or_else(|| at.clone(), Spanned::span);
                    notices.warning("system-out-of-reach", at, format!("no proof of this program could count here: {}", refused.text));
                }
            }
            let built = build_requirement(requirement, &sources, &words, notices)?;
            warn_of_evidence(&built, at.clone(), &circuits, notices);
            warn_of_what_cannot_be_met(&built, at, &file.pinned, &plan, notices);
            Some(built)
        })
        .collect();
    Policy {
        id: file.id.into_inner(),
        title: file.title.into_inner(),
        version: file.version.into_inner(),
        illustrative: file.illustrative,
        caveat: file.caveat,
        min_cell: file.min_cell,
        sources,
        circuits,
        properties: file.properties,
        security_bits_at_least: file.security_bits_at_least.map(Spanned::into_inner),
        pinned: file.pinned,
        origin_threshold,
        signers,
        anchored_within_days,
        deposited: file.deposited.map_or_else(Vec::new, |deposited| deposited.before_period),
        limits,
        plan,
        requirements,
        digest: Digest::of(text.as_bytes()),
    }
}

fn accepted(circuit: CircuitFile) -> AcceptedCircuit {
    AcceptedCircuit { family: circuit.family, shapes: circuit.shapes.into_iter().map(Spanned::into_inner).collect() }
}

fn check_not_empty(name: &str, value: &Spanned<String>, notices: &mut Notices<'_>) {
    if value.get_ref().trim().is_empty() {
        notices.error("empty", value.span(), format!("`{name}` is empty"));
    }
}

fn check_id(id: &Spanned<String>, notices: &mut Notices<'_>) {
    let text = id.get_ref();
    if text.is_empty() || text.len() > 48 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        notices.error("id-form", id.span(), format!("an id has 1 to 48 letters, digits, hyphens, dots or underscores, found {text:?}"));
    }
}

fn sources(listed: &[SourceFile], requirements: &[RequirementFile], notices: &mut Notices<'_>) -> Vec<LegalSource> {
    for (i, source) in listed.iter().enumerate() {
        let id = source.id.get_ref();
        check_id(&source.id, notices);
        if listed[..i].iter().any(|earlier| earlier.id.get_ref() == id) {
            notices.error("duplicate-id", source.id.span(), format!("two sources have the id {id:?}"));
        } else if !requirements.iter().flat_map(|requirement| &requirement.legal).any(|reference| reference.source.get_ref() == id) {
            notices.warning("source-not-cited", source.id.span(), format!("no requirement cites the source {id:?}"));
        }
    }
    let model = |source: &SourceFile| LegalSource {
        id: source.id.get_ref().clone(),
        title: source.title.clone(),
        version: source.version.clone(),
        in_force_from: source.in_force_from.clone(),
        reviewed_on: source.reviewed_on.clone(),
    };
    listed.iter().map(model).collect()
}

// Plan constraints

fn plan_constraints(listed: &[PlanFile], notices: &mut Notices<'_>) -> Vec<PlanConstraint> {
    for (i, constraint) in listed.iter().enumerate() {
        if listed[..i].iter().any(|earlier| earlier.field.get_ref() == constraint.field.get_ref()) {
            notices.error("duplicate-constraint", constraint.field.span(), "this choice of the plan is constrained twice");
        }
    }
    listed.iter().filter_map(|constraint| plan_constraint(constraint, notices)).collect()
}

fn plan_constraint(file: &PlanFile, notices: &mut Notices<'_>) -> Option<PlanConstraint> {
    let at = file.field.span();
    let field = *file.field.get_ref();
    let (least, most, only, among) = match field {
        PlanField::ScoreBins | PlanField::ScaleBits | PlanField::MaturityDays => (true, false, false, false),
        PlanField::ReferenceShare => (true, true, false, false),
        PlanField::CutoffIsEdge => (false, false, false, false),
        PlanField::Attribute | PlanField::Calendar => (false, false, true, false),
        PlanField::Groups => (false, false, file.include.is_none(), file.exactly.is_none()),
        PlanField::Histograms => (false, false, false, true),
    };
    let places = [
        ("at_least", least, file.at_least.as_ref().map(Spanned::span)),
        ("at_most", most, file.at_most.as_ref().map(Spanned::span)),
        ("exactly", only, file.exactly.as_ref().map(Spanned::span)),
        ("include", among, file.include.as_ref().map(Spanned::span)),
    ];
    let mut complete = true;
    for (key, wanted, found) in places {
        match (wanted, found) {
            (false, Some(place)) => notices.error("key-not-used", place, format!("`{key}` has no meaning for this field")),
            (true, None) if field != PlanField::Groups => {
                notices.error("key-missing", at.clone(), format!("this field needs `{key}`"));
                complete = false;
            }
            _ => {}
        }
    }
    if !complete {
        return None;
    }
    match field {
        PlanField::ScoreBins => Some(PlanConstraint::ScoreBins { at_least: whole(file.at_least.as_ref()?, notices)? }),
        PlanField::ScaleBits => Some(PlanConstraint::ScaleBits { at_least: whole(file.at_least.as_ref()?, notices)? }),
        PlanField::MaturityDays => Some(PlanConstraint::MaturityDays { at_least: whole(file.at_least.as_ref()?, notices)? }),
        PlanField::ReferenceShare => {
            let (at_least, at_most) = (file.at_least.as_ref()?, file.at_most.as_ref()?);
            let (low, high) = (at_least.get_ref().0, at_most.get_ref().0);
            if low.mantissa() < 0 || low > high || high.cmp_ratio(1, 1).is_gt() {
                notices.error("share-out-of-range", at_least.span(), "shares need 0 ≤ at_least ≤ at_most ≤ 1");
            }
            Some(PlanConstraint::ReferenceShare { at_least: low, at_most: high })
        }
        PlanField::CutoffIsEdge => Some(PlanConstraint::CutoffIsEdge),
        PlanField::Attribute => Some(PlanConstraint::Attribute { exactly: single(file.exactly.as_ref()?, notices)? }),
        PlanField::Calendar => {
            let names = file.exactly.as_ref()?;
            let exactly = match single(names, notices)?.as_str() {
                "iso-week" => Calendar::IsoWeek,
                "month" => Calendar::Month,
                "free" => Calendar::Free,
                other => {
                    notices.error("unknown-calendar", names.span(), format!("expected iso-week, month or free, found {other:?}"));
                    return None;
                }
            };
            Some(PlanConstraint::Calendar { exactly })
        }
        PlanField::Groups => match (&file.exactly, &file.include) {
            (Some(exactly), None) => Some(PlanConstraint::Groups { exactly: several(exactly, notices)? }),
            (None, Some(include)) => Some(PlanConstraint::GroupsInclude { names: several(include, notices)? }),
            _ => {
                notices.error("key-missing", at, "groups are constrained by either `exactly` or `include`");
                None
            }
        },
        PlanField::Histograms => Some(PlanConstraint::Histograms { include: several(file.include.as_ref()?, notices)? }),
    }
}

fn whole(bound: &Spanned<Bound>, notices: &mut Notices<'_>) -> Option<u32> {
    let value = bound.get_ref().0;
    let number = if value.places() == 0 { u32::try_from(value.mantissa()).ok() } else { None };
    if number.is_none() {
        notices.error("not-whole", bound.span(), format!("expected a whole number of 0 or more, found {value}"));
    }
    number
}

fn single(names: &Spanned<Names>, notices: &mut Notices<'_>) -> Option<String> {
    match names.get_ref().0.as_slice() {
        [name] => Some(name.clone()),
        several => {
            notices.error("one-name", names.span(), format!("expected one name, found {}", several.len()));
            None
        }
    }
}

fn several(names: &Spanned<Names>, notices: &mut Notices<'_>) -> Option<Vec<String>> {
    let list = &names.get_ref().0;
    if list.is_empty() {
        notices.error("no-names", names.span(), "expected at least one name");
        return None;
    }
    if let Some(twice) = (1..list.len()).find(|&i| list[..i].contains(&list[i])) {
        notices.error("duplicate-name", names.span(), format!("{:?} is named twice", list[twice]));
    }
    Some(list.clone())
}

// Requirements

fn build_requirement(file: RequirementFile, sources: &[LegalSource], words: &Words, notices: &mut Notices<'_>) -> Option<Requirement> {
    check_id(&file.id, notices);
    for (name, value) in [("title", &file.title), ("area", &file.area)] {
        check_not_empty(name, value, notices);
    }
    for reference in &file.legal {
        if !sources.iter().any(|source| source.id == *reference.source.get_ref()) {
            notices.error("unknown-source", reference.source.span(), format!("no [[source]] has the id {:?}", reference.source.get_ref()));
        }
    }
    check_keys(&file, notices);
    let on_missing = on_missing(&file, notices);
    let rule = rule(&file, notices)?;
    Some(Requirement {
        id: file.id.into_inner(),
        title: file.title.into_inner(),
        area: file.area.into_inner(),
        text: file.text,
        assertion: file.assertion,
        stage: file.stage,
        severity: file.severity,
        rule,
        pinned: file.pinned,
        circuits: file.circuits.map(|circuits| circuits.into_iter().map(accepted).collect()),
        properties: file.properties,
        security_bits_at_least: file.security_bits_at_least.map(Spanned::into_inner),
        on_missing,
        exemption: file.not_applicable,
        legal: file.legal.into_iter().map(|reference| LegalRef { source: reference.source.into_inner(), place: reference.place }).collect(),
        does_not_show: file.does_not_show,
        tailoring: Vec::new(),
        words: words.clone(),
    })
}

/// Names keys that have no meaning for the kind of rule.
fn check_keys(file: &RequirementFile, notices: &mut Notices<'_>) {
    let kind = *file.kind.get_ref();
    let metric = kind == RuleKind::Metric;
    let places: [(&str, bool, Option<Range<usize>>); 15] = [
        ("metric", metric, file.metric.as_ref().map(Spanned::span)),
        ("decisions", metric, file.decisions.as_ref().map(Spanned::span)),
        ("feature", metric, file.feature.as_ref().map(Spanned::span)),
        ("outcomes", metric, file.outcomes.as_ref().map(Spanned::span)),
        ("comparator", metric, file.comparator.as_ref().map(Spanned::span)),
        ("limit", metric, file.limit.as_ref().map(Spanned::span)),
        ("warn", metric, file.warn.as_ref().map(Spanned::span)),
        ("scope", metric, file.scope.as_ref().map(Spanned::span)),
        ("minimum_n", metric || kind == RuleKind::ReferencePresent, file.minimum_n.as_ref().map(Spanned::span)),
        ("minimum_group_n", metric, file.minimum_group_n.as_ref().map(Spanned::span)),
        ("tolerance", metric, file.tolerance.as_ref().map(Spanned::span)),
        ("on_missing", metric, file.on_missing.as_ref().map(Spanned::span)),
        ("statement", kind == RuleKind::Evidence, file.statement.as_ref().map(Spanned::span)),
        ("link", kind == RuleKind::Link, file.link.as_ref().map(Spanned::span)),
        ("question", kind == RuleKind::Judgement, file.question.as_ref().map(Spanned::span)),
    ];
    for (key, used, found) in places {
        if let Some(place) = found
            && !used
        {
            notices.error("key-not-used", place, format!("`{key}` has no meaning for kind `{}`", kind.name()));
        }
    }
}

fn on_missing(file: &RequirementFile, notices: &mut Notices<'_>) -> OnMissing {
    let choice = file.on_missing.as_ref().map_or(OnMissingFile::Uncovered, |choice| *choice.get_ref());
    let reason = file.on_missing_reason.as_ref().filter(|reason| !reason.get_ref().trim().is_empty());
    match (choice, reason) {
        (OnMissingFile::Uncovered, None) => OnMissing::Uncovered,
        (OnMissingFile::Uncovered, Some(reason)) => {
            notices.error("key-not-used", reason.span(), "`on_missing_reason` belongs to `on_missing = \"not-applicable\"`");
            OnMissing::Uncovered
        }
        (OnMissingFile::NotApplicable, Some(reason)) => OnMissing::NotApplicable { reason: reason.get_ref().clone() },
        (OnMissingFile::NotApplicable, None) => {
            let at = file.on_missing.as_ref().map_or_else(|| file.id.span(), Spanned::span);
            notices.error("key-missing", at, "`not-applicable` needs `on_missing_reason`: why it is right to leave such batches out");
            OnMissing::Uncovered
        }
    }
}

fn rule(file: &RequirementFile, notices: &mut Notices<'_>) -> Option<Rule> {
    match file.kind.get_ref() {
        RuleKind::Metric => metric_rule(file, notices).map(Rule::Metric),
        RuleKind::BatchesComplete => Some(Rule::BatchesComplete),
        RuleKind::NoOverlap => Some(Rule::NoOverlap),
        RuleKind::ControlTotals => Some(Rule::ControlTotals),
        RuleKind::ModelUnchanged => Some(Rule::ModelUnchanged),
        RuleKind::ChangeRecorded => Some(Rule::ChangeRecorded),
        RuleKind::PlanConstraints => Some(Rule::PlanConstraints),
        RuleKind::ReferencePresent => {
            Some(Rule::ReferencePresent { minimum_n: needed("minimum_n", file.minimum_n.as_ref(), file, notices).map(|n| *n.get_ref())? })
        }
        RuleKind::Evidence => {
            let statement = needed("statement", file.statement.as_ref(), file, notices)?;
            check_not_empty("statement", statement, notices);
            Some(Rule::Evidence { statement: statement.get_ref().clone() })
        }
        RuleKind::Link => Some(Rule::Link(*needed("link", file.link.as_ref(), file, notices)?.get_ref())),
        RuleKind::Traceability => Some(Rule::Traceability),
        RuleKind::Judgement => {
            let question = needed("question", file.question.as_ref(), file, notices)?;
            check_not_empty("question", question, notices);
            Some(Rule::Judgement { question: question.get_ref().trim().trim_end_matches('.').to_owned() })
        }
    }
}

fn needed<'f, T>(key: &str, found: Option<&'f Spanned<T>>, file: &RequirementFile, notices: &mut Notices<'_>) -> Option<&'f Spanned<T>> {
    if found.is_none() {
        notices.error("key-missing", file.kind.span(), format!("kind `{}` needs `{key}`", file.kind.get_ref().name()));
    }
    found
}

fn metric_rule(file: &RequirementFile, notices: &mut Notices<'_>) -> Option<MetricRule> {
    let metric = needed("metric", file.metric.as_ref(), file, notices);
    let comparator = needed("comparator", file.comparator.as_ref(), file, notices);
    let limit = needed("limit", file.limit.as_ref(), file, notices);
    let scope = needed("scope", file.scope.as_ref(), file, notices);
    let (metric_at, metric) = (metric?.span(), *metric?.get_ref());
    let definition = metric.definition();

    match (&file.decisions, definition.by_decisions) {
        (None, true) => notices.error("decisions-missing", metric_at.clone(), "this metric needs `decisions`: \"model\" or \"logged\""),
        (Some(decisions), false) => {
            notices.error("decisions-not-used", decisions.span(), "this metric does not look at decisions of one kind");
        }
        _ => {}
    }
    match (&file.feature, metric == Metric::FeatureCsi) {
        (None, true) => notices.error("feature-missing", metric_at.clone(), "the input CSI needs `feature`"),
        (Some(feature), false) => notices.error("feature-not-used", feature.span(), "only the input CSI is about a feature"),
        _ => {}
    }
    if let Some(outcomes) = &file.outcomes {
        let problem = if definition.between_outcomes {
            Some("this metric compares the outcomes of monitoring with those of the matured cohort")
        } else if !metric.looks_at_outcomes() {
            Some("this metric does not look at outcomes")
        } else if file.stage != Stage::Monitoring {
            Some("only monitored batches have outcomes that mature")
        } else {
            None
        };
        if let Some(problem) = problem {
            notices.error("outcomes-not-used", outcomes.span(), problem);
        }
    }
    if definition.between_outcomes && file.stage != Stage::Monitoring {
        notices.error("stage-differs", metric_at.clone(), "this metric is about monitored batches: its stage is `monitoring`");
    }
    let groups = compares_groups(metric);
    match (&file.minimum_group_n, groups) {
        (Some(minimum), false) => notices.error("key-not-used", minimum.span(), "this metric does not compare groups"),
        (None, true) => {
            notices.warning("no-minimum", metric_at.clone(), "without `minimum_group_n` the rate of a handful of rows can decide");
        }
        _ => {}
    }
    match (&file.minimum_n, metric == Metric::Volume) {
        (Some(minimum), true) => notices.error("key-not-used", minimum.span(), "the volume is itself the number of rows"),
        (None, false) if !groups => {
            notices.warning("no-minimum", metric_at, "without `minimum_n` a value over a handful of rows can decide");
        }
        _ => {}
    }
    let (comparator, limit_at, limit, scope_at, scope) =
        (*comparator?.get_ref(), limit?.span(), *limit?.get_ref(), scope?.span(), *scope?.get_ref());
    if let Some((cause, problem)) = limit_problem(metric, limit) {
        notices.error(cause, limit_at, problem);
    }
    if let Some(warn) = &file.warn
        && let Some(problem) = warn_problem(comparator, limit, *warn.get_ref())
    {
        notices.error("warn-beyond-limit", warn.span(), problem);
    }
    if let Scope::Consecutive(0 | 1) = scope {
        notices.error("consecutive-too-few", scope_at, "`consecutive` is 2 or more; for 1 use \"each-batch\"");
    }
    if let Some(tolerance) = &file.tolerance {
        if scope != Scope::EachBatch {
            notices.error("key-not-used", tolerance.span(), "`tolerance` belongs to the scope \"each-batch\"");
        }
        if let Tolerance::Share(share) = tolerance.get_ref()
            && (share.mantissa() < 0 || share.cmp_ratio(1, 1).is_ge())
        {
            notices.error("share-out-of-range", tolerance.span(), format!("a share of batches lies between 0 and 1, found {share}"));
        }
    }
    Some(MetricRule {
        key: MetricKey {
            metric,
            decisions: file.decisions.as_ref().map(|decisions| *decisions.get_ref()),
            feature: file.feature.as_ref().map(|feature| feature.get_ref().clone()),
            matured: file.outcomes.as_ref().is_some_and(|outcomes| *outcomes.get_ref() == OutcomesFile::Matured),
        },
        comparator,
        limit,
        warn: file.warn.as_ref().map(|warn| *warn.get_ref()),
        scope,
        minimum_n: file.minimum_n.as_ref().map_or(0, |minimum| *minimum.get_ref()),
        minimum_group_n: file.minimum_group_n.as_ref().map(|minimum| *minimum.get_ref()),
        tolerance: file.tolerance.as_ref().map_or(Tolerance::None, |tolerance| *tolerance.get_ref()),
    })
}

/// Why a warning level does not go with its limit, if it does not.
pub(crate) fn warn_problem(comparator: Comparator, limit: Decimal, warn: Decimal) -> Option<String> {
    let right_side = match comparator {
        Comparator::AtMost => warn < limit,
        Comparator::AtLeast => warn > limit,
    };
    (!right_side)
        .then(|| format!("a warning comes before the limit: with {} {limit} it lies on the other side of {warn}", comparator.words()))
}

/// Why a limit decides nothing, if it does not: cause and text. It lies outside the values the metric can take.
pub(crate) fn limit_problem(metric: Metric, limit: Decimal) -> Option<(&'static str, String)> {
    let (low, high) = match metric {
        Metric::Volume | Metric::ObservedExpected | Metric::ScorePsi | Metric::FeatureCsi => (0, None),
        Metric::Gini => (-1, Some(1)),
        _ => (0, Some(1)),
    };
    if limit.cmp_ratio(low, 1).is_lt() || high.is_some_and(|high| limit.cmp_ratio(high, 1).is_gt()) {
        let range = high.map_or_else(|| format!("{low} or more"), |high| format!("between {low} and {high}"));
        let hint = if metric.definition().unit == Unit::Percent { "; percentages are written as shares, \"0.08\" for 8 %" } else { "" };
        Some(("limit-out-of-range", format!("values of this metric are {range}, the limit is {limit}{hint}")))
    } else if metric == Metric::Volume && limit.places() > 0 {
        Some(("not-whole", format!("a volume is a whole number of rows, the limit is {limit}")))
    } else {
        None
    }
}

/// Warns of a kind of proof that nobody can make, or that the policy would not accept.
fn warn_of_evidence(requirement: &Requirement, at: Range<usize>, circuits: &[AcceptedCircuit], notices: &mut Notices<'_>) {
    if let Rule::Metric(rule) = &requirement.rule
        && rule.key.metric.definition().between_outcomes
        && !requirement.circuits.as_deref().unwrap_or(circuits).iter().any(|c| c.family == CircuitFamily::OutcomeRevisionV1)
    {
        let family = CircuitFamily::OutcomeRevisionV1.name();
        notices.warning("statement-not-accepted", at, format!("no [[circuit]] accepts {family}, so this cannot be satisfied"));
        return;
    }
    let Rule::Evidence { statement } = &requirement.rule else { return };
    let Some(kind) = StatementKind::ALL.into_iter().find(|kind| kind.name() == statement) else {
        let known: Vec<&str> = StatementKind::ALL.iter().map(|kind| kind.name()).collect();
        let text = format!("this program knows no statement of kind {statement:?}, so this is uncovered; it knows {}", known.join(", "));
        notices.warning("statement-unknown", at, text);
        return;
    };
    let accepted = requirement.circuits.as_deref().unwrap_or(circuits);
    if !accepted.iter().any(|accepted| kind.families().contains(&accepted.family)) {
        let text = format!("no [[circuit]] accepts proofs of kind {statement}, so this cannot be satisfied");
        notices.warning("statement-not-accepted", at, text);
    }
}

/// Warns of requirements that the rest of the policy leaves without what they rest on.
fn warn_of_what_cannot_be_met(
    requirement: &Requirement,
    at: Range<usize>,
    pinned: &[Pin],
    plan: &[PlanConstraint],
    notices: &mut Notices<'_>,
) {
    let needs = match &requirement.rule {
        Rule::BatchesComplete => Some(Pin::Calendar),
        Rule::NoOverlap => Some(Pin::EarlierPackages),
        Rule::ControlTotals => Some(Pin::ControlTotals),
        _ => None,
    };
    for pin in needs.iter().chain(&requirement.pinned) {
        if !pinned.contains(pin) {
            notices.warning(
                "not-pinned",
                at.clone(),
                format!("rests on {}, which the policy's `pinned` does not demand of engagements", pin.words()),
            );
        }
    }
    if let Rule::PlanConstraints = requirement.rule
        && plan.is_empty()
    {
        notices.warning("no-constraint", at.clone(), "the policy has no [[plan]] constraint that could be kept or missed");
    }
    if let Rule::Metric(rule) = &requirement.rule
        && rule.key.metric == Metric::FeatureCsi
        && let Some(feature) = &rule.key.feature
        && !plan.iter().any(|constraint| matches!(constraint, PlanConstraint::Histograms { include } if include.contains(feature)))
    {
        notices.warning(
            "histogram-not-demanded",
            at,
            format!("no [[plan]] constraint demands a histogram of {feature:?}; without one this is uncovered"),
        );
    }
}
