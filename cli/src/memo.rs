//! A record as an auditor would write it up: conclusion, ladder, requirements, what is not shown.

use verifold_model::{
    document::signed_text,
    format::{bytes, counted},
    lineage::{LineageLink, LinkState},
    record::{AuditRecord, Comparison, PlanChoice, RequirementResult, Source, Standing},
    state::{RungState, Severity, Stage, State},
};

use crate::wrap::{fill, pad};

/// Column of the details behind a requirement's state.
const STATE_WIDTH: usize = 16;

/// Causes of findings that say what agrees, or repeat what stands above the ladder.
const AGREES: [&str; 4] = ["deposited", "document-signed", "signer-established", "policy-tailored"];

fn mark(state: RungState) -> &'static str {
    match state {
        RungState::Holds => "[holds]",
        RungState::Fails => "[FAILS]",
        RungState::NotMet => "[not met]",
        RungState::NotEstablished => "[ – ]",
        RungState::NotCheckable => "[not checkable]",
        RungState::Undecided => "[undecided]",
        RungState::NotReached => "[not reached]",
    }
}

fn sourced(source: Source) -> &'static str {
    match source {
        Source::Pinned => "as the engagement expects",
        Source::Contradicted => "NOT what the engagement expects",
        Source::Package => "taken from the package",
    }
}

fn requirement(out: &mut String, result: &RequirementResult) {
    let mut word = result.state.word().to_owned();
    if result.watch {
        word.push_str(", watch");
    }
    let advisory = if result.severity == Severity::Advisory { " (advisory)" } else { "" };
    out.push_str(&format!("  {} {} {}{advisory}\n", pad(&word, STATE_WIDTH), pad(&result.id, 6), result.title));
    let mut figures = Vec::new();
    for (label, text) in [("actual", &result.actual), ("limit", &result.limit), ("margin", &result.margin), ("n", &result.n)] {
        if !text.is_empty() {
            figures.push(format!("{label} {text}"));
        }
    }
    let indent = " ".repeat(STATE_WIDTH + 10);
    if !figures.is_empty() {
        out.push_str(&fill(&indent, &indent, &figures.join("   ")));
    }
    if !result.reason.is_empty() {
        out.push_str(&fill(&indent, &indent, &result.reason));
    }
}

/// A line for each link, where a stage before monitoring has a proof; of a package without one, what later outcomes link.
fn life_cycle(out: &mut String, record: &AuditRecord) {
    let whole = record.proofs.iter().any(|proof| matches!(proof.stage, Stage::Data | Stage::Training));
    let shown = |link: &&LineageLink| whole || !link.name.is_of_every_chain();
    if !record.lineage.links.iter().any(|link| shown(&link)) {
        return;
    }
    out.push_str(&format!("\nLIFE CYCLE: {}\n", record.lineage.summary()));
    let indent = " ".repeat(STATE_WIDTH + 3);
    for link in record.lineage.links.iter().filter(shown) {
        out.push_str(&format!("  {} {}\n", pad(link.state.word(), STATE_WIDTH), link.name.title()));
        if link.state != LinkState::Holds || !link.name.is_of_every_chain() {
            out.push_str(&fill(&indent, &indent, &link.text));
        }
    }
}

/// The record as text, at most [`crate::wrap::WIDTH`] columns wide.
pub(crate) fn text(record: &AuditRecord) -> String {
    let mut out = String::new();
    let headline = &record.headline;
    out.push_str(&fill("", "", &headline.title));
    out.push_str(&fill("", "", &headline.detail));
    if !headline.next.is_empty() {
        out.push_str(&fill("Next: ", "      ", &headline.next));
    }

    out.push('\n');
    if let Some(subject) = &record.subject {
        let value = &subject.value;
        out.push_str(&fill(
            "Subject     ",
            "            ",
            &format!("{}, LEI {}, {}, model {} ({})", value.name, value.lei, value.system, value.model, sourced(subject.source)),
        ));
    }
    if let Some(period) = &record.period {
        out.push_str(&fill("Period      ", "            ", &format!("{} ({})", period.value.text(), sourced(period.source))));
    }
    if let Some(model) = &record.model {
        out.push_str(&format!("Model       {} ({})\n", model.value, sourced(model.source)));
    }
    for change in &record.model_changes {
        out.push_str(&format!("  from {}\n            {} ({})\n", change.at.date_text(), change.new_model, sourced(change.source)));
        out.push_str(&fill("            ", "            ", &format!("{}; {}", change.words(), change.record_words())));
    }
    out.push_str(&format!(
        "Package     {}, {}, SHA-256\n            {}\n",
        record.package.file_name,
        bytes(record.package.size),
        record.package.digest
    ));
    let illustrative = if record.policy.illustrative { ", illustrative, not legal advice" } else { "" };
    out.push_str(&fill(
        "Policy      ",
        "            ",
        &format!("{} {}{illustrative}, SHA-256 {}", record.policy.title, record.policy.version, record.policy.digest),
    ));
    out.push_str(&fill("            ", "            ", &signed_text(&record.policy.signatures)));
    for overlay in &record.overlays {
        out.push_str(&fill("Overlay     ", "            ", &format!("{}, {}, SHA-256 {}", overlay.id, overlay.title, overlay.digest)));
        out.push_str(&fill("            ", "            ", &signed_text(&overlay.signatures)));
        for change in &overlay.changes {
            out.push_str(&fill("            - ", "              ", &change.text()));
        }
    }
    let engagement = record.engagement.as_ref().map_or_else(
        || "none given: subject, model, plan, period and completeness are the package's own word".to_owned(),
        |engagement| format!("{}, SHA-256 {}", engagement.title, engagement.digest),
    );
    out.push_str(&fill("Engagement  ", "            ", &engagement));
    if let Some(engagement) = &record.engagement {
        out.push_str(&fill("            ", "            ", &signed_text(&engagement.signatures)));
    }

    out.push_str("\nTRUST LADDER\n");
    for (i, rung) in record.ladder.iter().enumerate() {
        out.push_str(&fill(
            &format!("  {} {} {} ", i + 1, pad(rung.name.title(), 10), pad(mark(rung.state), 16)),
            &" ".repeat(32),
            &format!("{}. {}", rung.word, rung.detail),
        ));
        // What stands in the way first. Who signed what stands above, and what agrees is in the record.
        let notes = rung.findings.iter().filter(|finding| !finding.blocking && !AGREES.contains(&finding.cause.as_str()));
        for finding in rung.findings.iter().filter(|finding| finding.blocking).chain(notes) {
            let note = if finding.blocking { "" } else { "note: " };
            let place = if finding.place.is_empty() || finding.text.contains(&finding.place) {
                String::new()
            } else {
                format!(" ({})", finding.place)
            };
            out.push_str(&fill(
                &format!("{}- ", " ".repeat(32)),
                &" ".repeat(34),
                &format!("{note}{}{place} [{}]", finding.text, finding.cause),
            ));
        }
    }

    life_cycle(&mut out, record);

    let totals = record.totals;
    out.push_str(&format!("\nREQUIREMENTS: {} of {} mandatory settled\n", totals.mandatory_settled, totals.mandatory));
    out.push_str(&fill(
        "  ",
        "  ",
        &format!(
            "satisfied {} (of those, watch {}) + not applicable {} + determined met {} = settled {} of {}; violated {}, rejected {}, unverifiable {}, uncovered {}, judgement {}",
            totals.satisfied,
            totals.watch,
            totals.not_applicable,
            totals.determined_met,
            totals.settled(),
            totals.requirements,
            totals.violated,
            totals.rejected,
            totals.unverifiable,
            totals.uncovered,
            totals.judgement,
        ),
    ));
    for (title, settled) in [("Outstanding", false), ("Settled", true)] {
        let mut part: Vec<&RequirementResult> = record.requirements.iter().filter(|result| result.state.is_settled() == settled).collect();
        if part.is_empty() {
            continue;
        }
        // Most serious first; the order of the policy among equals.
        part.sort_by_key(|result| (result.state, result.severity));
        out.push_str(&format!("\n  {title}, {}\n", counted(part.len() as u64, "requirement", "requirements")));
        for result in part {
            requirement(&mut out, result);
        }
    }

    if let Some(plan) = &record.plan {
        let mut chosen = |title: &str, choices: Vec<String>| {
            if !choices.is_empty() {
                out.push_str(&format!("\nCHOSEN BY THE PROVIDER, {title}\n"));
                choices.iter().for_each(|choice| out.push_str(&fill("  - ", "    ", choice)));
            }
        };
        let broken = plan.choices.iter().filter(|choice| !choice.holds);
        let constraint = |choice: &PlanChoice| choice.constraint.clone().unwrap_or_default();
        let broken = broken.map(|choice| format!("{} ({}); the policy: {}", choice.what, choice.chosen, constraint(choice)));
        chosen("against the policy", broken.collect());
        let free = plan.choices.iter().filter(|choice| choice.constraint.is_none());
        chosen("constrained by no policy", free.map(|choice| format!("{} ({})", choice.what, choice.chosen)).collect());
    }
    if let Some(comparison) = &record.comparison {
        out.push_str(&format!("\nCOMPARED WITH RECORD {}\n", comparison.against));
        out.push_str(&fill("  ", "  ", Comparison::EARLIER));
        for one in &comparison.differs {
            out.push_str(&fill("  ", "    ", &format!("Other {}: {} → {}", one.what, one.before, one.after)));
        }
        for change in &comparison.changes {
            let state = |state: Option<State>| state.map_or("absent", State::word);
            let indent = " ".repeat(24);
            out.push_str(&fill(
                &format!("  {} {} ", pad(&change.requirement, 6), pad(&change.kind, 14)),
                &indent,
                &format!("{} {} → {} {}", state(change.before), change.before_actual, state(change.after), change.after_actual),
            ));
            for (when, demand) in [("before", &change.before_demand), ("now", &change.after_demand)] {
                if !demand.is_empty() {
                    out.push_str(&fill(&indent, &indent, &format!("{when}: {demand}")));
                }
            }
        }
        out.push_str(&format!("  {} unchanged\n", comparison.unchanged));
    }

    out.push_str("\nWHAT THIS DOES NOT SHOW\n");
    for line in &record.not_shown {
        out.push_str(&fill("  - ", "    ", line));
    }
    let proven = record.batches.iter().filter(|batch| batch.standing == Standing::Proven).count();
    out.push_str(&format!(
        "\n{}, {proven} of {} batches proven. Exit code {}: {}.\n",
        record.program,
        record.batches.len(),
        record.exit.code(),
        record.exit.words()
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memo(sample: &str) -> String {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits").join(sample).join("expected.record.json");
        text(&serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }

    #[test]
    fn links_are_listed_where_a_stage_before_monitoring_has_a_proof() {
        let broken = memo("broken-chain");
        assert!(broken.contains("\nLIFE CYCLE: 4 of 6 links hold, 2 are broken\n"), "{broken}");
        assert!(broken.contains("  Broken           Trained model → Monitored batches\n"), "{broken}");
        assert_eq!(memo("credit-scoring-lifecycle").matches("\n  Linked  ").count(), 6);
        assert!(!memo("credit-scoring-drift").contains("LIFE CYCLE"));
    }

    #[test]
    fn what_a_satisfied_requirement_leaves_out_is_named() {
        let changed = memo("changed-model");
        assert!(changed.contains("3 of 6 batches are left out"), "{changed}");
    }

    #[test]
    fn a_comparison_begins_with_what_it_rests_on_and_shows_both_demands() {
        use verifold_model::{
            digest::Digest,
            record::{Change, Difference},
        };
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-audits/credit-scoring-drift/expected.record.json");
        let mut record: AuditRecord = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        record.comparison = Some(Comparison {
            against: Digest::of(b"earlier"),
            earlier_package: record.package.digest,
            differs: vec![Difference { what: "policy".into(), before: "P 1".into(), after: "P 2".into() }],
            changes: vec![Change {
                requirement: "MO-1".into(),
                kind: "demand changed".into(),
                before: Some(State::Violated),
                after: Some(State::Satisfied),
                before_actual: "0.629".into(),
                after_actual: "0.629".into(),
                before_demand: "mandatory, limit ≥ 0.80".into(),
                after_demand: "mandatory, limit ≥ 0.60".into(),
            }],
            unchanged: 27,
        });
        let indent = " ".repeat(24);
        let expected = [
            format!("\nCOMPARED WITH RECORD {}", Digest::of(b"earlier")),
            format!("  {}", Comparison::EARLIER),
            "  Other policy: P 1 → P 2".to_owned(),
            "  MO-1   demand changed Violated 0.629 → Satisfied 0.629".to_owned(),
            format!("{indent}before: mandatory, limit ≥ 0.80"),
            format!("{indent}now: mandatory, limit ≥ 0.60"),
            "  27 unchanged\n".to_owned(),
        ];
        let found = text(&record);
        assert!(found.contains(&expected.join("\n")), "{found}");
    }
}
