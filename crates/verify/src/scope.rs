//! Is it the right system, model, plan and period, and is everything expected there?
//!
//! Only confirmed values of the engagement are compared. What it does not pin is marked as taken from the
//! package; what the policy wants pinned and is not leaves the rung unestablished.

use std::collections::BTreeSet;

use verifold_model::{
    calendar::{Slot, label, slots},
    cohort::{BatchRole, BatchStatement},
    digest::Commitment,
    format::counted,
    instant::Instant,
    limits::Limit,
    plan::Calendar,
    record::{Expectation, Finding, Source},
    statement::{MonitoringStatement, Period, StageStatement, Subject},
};
use verifold_package::ClaimedPackage;
use verifold_policy::{Engagement, Pin, Policy, Stated};

/// What comparing with the engagement found.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) findings: Vec<Finding>,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) subject: Option<Source>,
    pub(crate) period: Option<Source>,
    pub(crate) model: Option<Source>,
    pub(crate) plan: Option<Source>,
    /// Slots with no batch in the statement.
    pub(crate) missing: Vec<Slot>,
    /// Monitoring batches that were anchored, of how many; absent without anchors.
    pub(crate) anchored: Option<(usize, usize)>,
    /// Starts of batches no slot expects.
    pub(crate) unexpected: Vec<Instant>,
    /// Starts of batches in a period that an earlier package covered.
    pub(crate) repeated: Vec<Instant>,
    /// Starts of batches whose control totals differ.
    pub(crate) uncontrolled: Vec<Instant>,
    /// Starts of control totals of which the package has no batch.
    pub(crate) unbatched: Vec<Instant>,
}

impl Scope {
    /// Whether `pin` is confirmed by the engagement and agrees with the package.
    pub(crate) fn holds(&self, pin: Pin, engagement: Option<&Engagement>) -> Result<(), String> {
        if !engagement.is_some_and(|engagement| engagement.pins(pin)) {
            return Err(format!("the engagement does not pin {}, so the package's own word for it does not count", pin.words()));
        }
        let other_head = || self.expectations.iter().any(|e| e.what == PREVIOUS && !e.holds);
        let contradicted = match pin {
            Pin::Subject => self.subject == Some(Source::Contradicted),
            Pin::Period => self.period == Some(Source::Contradicted),
            Pin::Model => self.model == Some(Source::Contradicted),
            Pin::Plan => self.plan == Some(Source::Contradicted),
            Pin::Calendar => !self.missing.is_empty() || !self.unexpected.is_empty(),
            Pin::ControlTotals => !self.uncontrolled.is_empty() || !self.unbatched.is_empty(),
            Pin::PreviousChainHead => other_head(),
            Pin::EarlierPackages => !self.repeated.is_empty() || engagement.is_some_and(|e| e.earlier.is_empty()) && other_head(),
        };
        if contradicted { Err(format!("the package contradicts the engagement on {}", pin.words())) } else { Ok(()) }
    }
}

const PREVIOUS: &str = "previous chain head";

/// Compares one value and notes the outcome.
struct Comparing<'a> {
    scope: &'a mut Scope,
}

impl Comparing<'_> {
    fn value(&mut self, cause: &'static str, what: &str, expected: &str, found: &str, origin: &str) -> bool {
        let holds = expected == found;
        self.scope.expectations.push(Expectation {
            what: what.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
            holds,
            origin: origin.to_owned(),
        });
        if !holds {
            self.scope.findings.push(Finding {
                cause: cause.to_owned(),
                blocking: true,
                text: format!("{what}: the engagement expects {expected}, the package has {found}"),
                place: what.to_owned(),
            });
        }
        holds
    }

    fn stated(&mut self, cause: &'static str, what: &str, stated: Option<&Stated<String>>, found: &str) -> Option<bool> {
        let stated = stated?;
        let expected = stated.pinned()?;
        Some(self.value(cause, what, expected, found, &stated.origin))
    }
}

fn source(outcomes: &[Option<bool>]) -> Source {
    if outcomes.contains(&Some(false)) {
        Source::Contradicted
    } else if outcomes.contains(&Some(true)) {
        Source::Pinned
    } else {
        Source::Package
    }
}

/// Compares the statements of a period, in time order, and their plan with the engagement and the policy's demands.
pub(crate) fn reconcile(policy: &Policy, engagement: Option<&Engagement>, package: &ClaimedPackage) -> Scope {
    let mut scope = Scope::default();
    for proof in &package.proofs {
        let period = proof.statement.header.period;
        for batch in proof.statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring) {
            if batch.start < period.start || batch.end > period.end {
                scope.findings.push(Finding {
                    cause: "batch-outside-period".into(),
                    blocking: true,
                    text: format!(
                        "a monitoring batch from {} to {} lies outside the stated period {}",
                        batch.start,
                        batch.end,
                        period.text()
                    ),
                    place: format!("batch {}", batch.index),
                });
            }
        }
    }
    off_calendar(&mut scope, policy, package);
    if let (Some(engagement), Some(first)) = (engagement, package.proofs.first()) {
        compare(&mut scope, engagement, package, &first.statement);
    } else {
        scope.subject = Some(Source::Package);
        scope.period = Some(Source::Package);
        scope.model = Some(Source::Package);
        scope.plan = Some(Source::Package);
    }
    for pin in &policy.pinned {
        if !engagement.is_some_and(|engagement| engagement.pins(*pin)) {
            scope.findings.push(Finding {
                cause: "not-pinned".into(),
                blocking: false,
                text: format!("the policy wants {} pinned by the engagement; it is taken from the package", pin.words()),
                place: String::new(),
            });
        }
    }
    scope
}

/// Notes monitoring batches that are not what the plan calls a batch: every limit that holds in each week is judged on weeks. A
/// period that is not one of whole batches could hide a gap at its ends.
fn off_calendar(scope: &mut Scope, policy: &Policy, package: &ClaimedPackage) {
    let calendar = package.plan.calendar;
    let what = match calendar {
        Calendar::IsoWeek => "an ISO week",
        Calendar::Month => "a calendar month",
        Calendar::Free => return,
    };
    if let Err(problem) = own_slots(policy, package) {
        scope.findings.push(Finding {
            cause: "period-off-calendar".into(),
            blocking: true,
            text: format!("the package's period is not cut into what the plan calls a batch, {what}: {problem}"),
            place: "period".into(),
        });
    }
    let batches = package.proofs.iter().flat_map(|proof| &proof.statement.batches);
    for batch in batches.filter(|batch| batch.role == BatchRole::Monitoring) {
        let whole = slots(calendar, Period { start: batch.start, end: batch.end });
        if !whole.is_ok_and(|slots| slots.len() == 1) {
            scope.findings.push(Finding {
                cause: "batch-off-calendar".into(),
                blocking: true,
                text: format!("a monitoring batch from {} to {} is not {what}, which the plan says every batch is", batch.start, batch.end),
                place: format!("batch {}", batch.index),
            });
        }
    }
}

/// What the calendar cuts the package's own period into: no more than batches are allowed, as each that is missing is named.
fn own_slots(policy: &Policy, package: &ClaimedPackage) -> Result<Vec<Slot>, String> {
    let slots = slots(package.plan.calendar, package.period)?;
    let (found, proofs) = (slots.len() as u64, package.proofs.len() as u64);
    let allowed = policy.limits.of(Limit::Batches).saturating_mul(proofs).min(Limit::Batches.most());
    if found <= allowed { Ok(slots) } else { Err(format!("it would be {found} of them, and a package may have {allowed}")) }
}

/// Notes weeks or months of the package's own period that are not there, where no auditor says which to expect.
///
/// After everything that says more of a batch that is missing.
pub(crate) fn reconcile_own_period(scope: &mut Scope, policy: &Policy, engagement: Option<&Engagement>, package: &ClaimedPackage) {
    if engagement.is_some_and(|engagement| !engagement.expected_slots().is_empty()) {
        return;
    }
    let batches = package.proofs.iter().flat_map(|proof| &proof.statement.batches);
    let monitored = batches.filter(|batch| batch.role == BatchRole::Monitoring);
    let there: BTreeSet<(Instant, Instant)> = monitored.map(|batch| (batch.start, batch.end)).collect();
    let known: BTreeSet<Instant> = scope.missing.iter().map(|slot| slot.start).collect();
    for slot in own_slots(policy, package).unwrap_or_default() {
        if there.contains(&(slot.start, slot.end)) || known.contains(&slot.start) {
            continue;
        }
        if !scope.unbatched.contains(&slot.start) {
            let days = Period { start: slot.start, end: slot.end }.text();
            scope.findings.push(Finding {
                cause: "batch-missing".into(),
                blocking: true,
                text: format!("batch {} ({days}) is of the package's own period and not in the package", slot.label),
                place: slot.label.clone(),
            });
        }
        scope.missing.push(slot);
    }
}

/// Notes batches that count good outcomes before the first of their rows could have matured, by the plan's own number of days.
///
/// As of the review, and of the day the package says it was made; later outcomes were added to it on a day that it does not say.
pub(crate) fn early_outcomes(scope: &mut Scope, package: &ClaimedPackage, reviewed_at: Option<Instant>) {
    let made = reviewed_at.map_or(package.created, |at| at.min(package.created));
    let monitored = package.proofs.iter().map(|proof| (&proof.statement, Some(made)));
    let matured = package.stages.iter().filter_map(|stage| match &stage.statement {
        StageStatement::MaturedCohort(cohort) => Some((cohort.as_ref(), reviewed_at)),
        _ => None,
    });
    for (cohort, known_by) in monitored.chain(matured) {
        let Some(known_by) = known_by else { continue };
        for (batch, good) in cohort.early_outcomes(&package.plan, known_by) {
            let name = label(package.plan.calendar, batch.start, batch.end);
            let text = format!(
                "batch {name} counts {} that could not be known on {}: the plan lets {} pass first",
                counted(good, "good outcome", "good outcomes"),
                known_by.date_text(),
                counted(u64::from(package.plan.outcome.maturity_days), "day", "days")
            );
            scope.findings.push(Finding { cause: "outcome-before-maturity".into(), blocking: true, text, place: name });
        }
    }
}

fn compare(scope: &mut Scope, engagement: &Engagement, package: &ClaimedPackage, first: &MonitoringStatement) {
    let header = &first.header;
    let batches = package.proofs.iter().flat_map(|proof| &proof.statement.batches);
    let monitoring: Vec<&BatchStatement> = batches.filter(|batch| batch.role == BatchRole::Monitoring).collect();
    let mut comparing = Comparing { scope };
    let Subject { name, lei, system, model } = &header.subject;
    let pins = &engagement.subject;
    let parts = [
        comparing.stated("subject-differs", "subject name", pins.name.as_ref(), name),
        comparing.stated("subject-differs", "subject LEI", pins.lei.as_ref(), lei),
        comparing.stated("subject-differs", "system", pins.system.as_ref(), system),
        comparing.stated("subject-differs", "model inventory id", pins.model.as_ref(), model),
    ];
    // Shown as one: a part nobody pinned would pass for one that was.
    let subject = match source(&parts) {
        Source::Pinned if parts.contains(&None) => Source::Package,
        source => source,
    };
    let span = |period: &Period| format!("{} to {}", period.start, period.end);
    let period = source(&[engagement.period.as_ref().and_then(|stated| {
        stated.pinned().map(|expected| comparing.value("period-differs", "period", &span(expected), &span(&package.period), &stated.origin))
    })]);
    let plan_source = source(&[engagement.plan.as_ref().and_then(|stated| {
        stated.pinned().map(|expected| {
            comparing.value("plan-differs", "measurement plan", &expected.to_string(), &package.plan.digest().to_string(), &stated.origin)
        })
    })]);
    let models: Vec<(&Commitment, &str)> =
        engagement.models.iter().filter_map(|stated| stated.pinned().map(|model| (model, stated.origin.as_str()))).collect();
    let mut model = Vec::new();
    for (at, proof) in package.proofs.iter().enumerate() {
        let found = proof.statement.model_commitment;
        if package.proofs[..at].iter().any(|earlier| earlier.statement.model_commitment == found) {
            continue;
        }
        let (cause, what) = match at {
            0 => ("model-differs", "model commitment".to_owned()),
            _ => ("model-changed", format!("model commitment from {} on", proof.statement.header.period.start.date_text())),
        };
        model.push(models.first().map(|first| {
            let (expected, origin) = models.iter().find(|(model, _)| **model == found).unwrap_or(first);
            comparing.value(cause, &what, &expected.to_string(), &found.to_string(), origin)
        }));
    }
    let model = source(&model);
    let found = header.previous_chain_head.map_or_else(|| "none".to_owned(), |head| head.to_string());
    let differs = "previous-chain-head-differs";
    if let Some(stated) = &engagement.previous_chain_head
        && let Some(expected) = stated.pinned()
    {
        comparing.value(differs, PREVIOUS, &expected.to_string(), &found, &stated.origin);
    }
    // What continues nothing has no chain head before it.
    if let Some(stated) = engagement.first_package.as_ref().filter(|stated| stated.pinned().is_some()) {
        comparing.value(differs, PREVIOUS, "none", &found, &stated.origin);
    }
    let slots = engagement.expected_slots();
    let covered = |slot: &Slot| monitoring.iter().any(|batch| batch.start == slot.start && batch.end == slot.end);
    scope.missing = slots.iter().filter(|slot| !covered(slot)).cloned().collect();
    if !slots.is_empty() {
        scope.unexpected = monitoring
            .iter()
            .filter(|batch| !slots.iter().any(|slot| slot.start == batch.start && slot.end == batch.end))
            .map(|batch| batch.start)
            .collect();
    }
    for slot in &scope.missing {
        let control = engagement.control(slot.start).and_then(|control| control.rows);
        let rows = control.map_or_else(String::new, |rows| format!("; the engagement's control totals have {rows} rows there"));
        scope.findings.push(Finding {
            cause: "batch-missing".into(),
            blocking: true,
            text: format!(
                "batch {} ({}) is expected and not in the package{rows}",
                slot.label,
                Period { start: slot.start, end: slot.end }.text()
            ),
            place: slot.label.clone(),
        });
    }
    let span = engagement.period.as_ref().and_then(Stated::pinned);
    for control in engagement.controls.as_ref().and_then(Stated::pinned).map_or(&[][..], Vec::as_slice) {
        let start = control.start;
        let outside = span.is_some_and(|period| start < period.start || start >= period.end);
        let earlier = engagement.earlier.iter().filter_map(Stated::pinned).any(|period| start >= period.start && start < period.end);
        if outside || earlier || monitoring.iter().any(|batch| batch.start == start) {
            continue;
        }
        scope.unbatched.push(start);
        // Missing from the calendar and without its total is missing once.
        if !scope.missing.iter().any(|slot| slot.start == start) {
            let rows = control.rows.map_or_else(String::new, |rows| format!(" {rows} rows"));
            let text = format!("the independent source counts{rows} in a batch starting {}, and the package has none", start.date_text());
            scope.findings.push(Finding { cause: "control-without-batch".into(), blocking: true, text, place: start.date_text() });
        }
    }
    for batch in &monitoring {
        for earlier in engagement.earlier.iter().filter_map(Stated::pinned) {
            if batch.start < earlier.end && earlier.start < batch.end {
                scope.repeated.push(batch.start);
                scope.findings.push(Finding {
                    cause: "batch-of-earlier-package".into(),
                    blocking: true,
                    text: format!(
                        "the batch of {} lies in a period that an earlier package covered, {}",
                        Period { start: batch.start, end: batch.end }.text(),
                        earlier.text()
                    ),
                    place: format!("batch {}", batch.index),
                });
            }
        }
    }
    scope.repeated.dedup();
    for start in &scope.unexpected {
        scope.findings.push(Finding {
            cause: "batch-unexpected".into(),
            blocking: true,
            text: format!("a batch starting {start} is in the package and not in the engagement's calendar"),
            place: start.to_string(),
        });
    }
    for batch in &monitoring {
        for line in control_lines(engagement, batch) {
            if !line.holds {
                scope.uncontrolled.push(batch.start);
                scope.findings.push(Finding {
                    cause: "control-total-differs".into(),
                    blocking: true,
                    text: format!(
                        "batch starting {}: the independent source counts {} {}, the proof {}",
                        batch.start.date_text(),
                        line.expected,
                        line.what,
                        line.found
                    ),
                    place: format!("batch {}", batch.index),
                });
            }
        }
    }
    scope.uncontrolled.dedup();
    scope.subject = Some(subject);
    scope.period = Some(period);
    scope.model = Some(model);
    scope.plan = Some(plan_source);
}

/// The control totals of a batch against what is counted in it.
pub(crate) fn control_lines(engagement: &Engagement, batch: &BatchStatement) -> Vec<Expectation> {
    let Some(control) = engagement.control(batch.start) else { return Vec::new() };
    let origin = engagement.controls.as_ref().map_or_else(String::new, |stated| stated.origin.clone());
    [
        ("rows", control.rows, u64::from(batch.rows)),
        ("scored rows", control.scored, batch.table.scored()),
        ("approvals", control.approved, batch.table.logged_approvals()),
    ]
    .into_iter()
    .filter_map(|(what, expected, found)| {
        let expected = expected?;
        Some(Expectation {
            what: what.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
            holds: expected == found,
            origin: origin.clone(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests;
