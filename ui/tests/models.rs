//! What each room says, as text.

mod support;

use std::fmt::Write as _;

use support::{
    Story,
    lifecycle::{Chain, life_cycle},
    malformed, record,
};
use verifold_model::{
    change::ModelChange,
    digest::Commitment,
    proof_system::Property,
    record::{AuditRecord, BatchResult, ProofState, SegmentSummary, Source, Standing, Volatile},
    state::State,
};
use verifold_ui::{
    panels::{
        lifecycle::{self, Covered},
        monitoring::{self, Choice, Drift, Groups, svg},
        overview, proofs,
        requirements::{self, Line, Order, why_rows},
    },
    tokens::look,
    verdict::{Form, Verdict},
};

fn overview_text(record: &AuditRecord) -> String {
    let model = overview::Model::new(record);
    let mut text = format!("{:?} {}\n{}\n\n", model.form, model.title, model.detail);
    for count in &model.counts {
        let _ = writeln!(text, "{} of {} {}", count.n, count.of, count.word);
    }
    let _ = writeln!(text, "{}\n", model.formula);
    for (stage, settled) in &model.stages {
        let _ = writeln!(text, "{stage}: {settled}");
    }
    for row in &model.areas {
        let _ = writeln!(text, "\n{} ({})", row.area, row.law);
        for tile in row.cells.iter().flatten() {
            let _ = writeln!(text, "  [{} {} {}] {}", tile.id, tile.verdict.word, tile.value, tile.sentence);
        }
    }
    text
}

fn requirements_text(record: &AuditRecord, order: Order, filter: &str) -> String {
    let model = requirements::Model::new(record, order, filter);
    let mut text = format!("{}\n", model.settled);
    for line in &model.lines {
        let _ = match line {
            Line::Group(title, count) => writeln!(text, "{title}, {count}"),
            Line::Requirement { id, verdict, title, actual, limit, margin, missed } => {
                writeln!(text, "  {:<16}{id:<6}{title} | {actual} | {limit} | {margin}{}", verdict.word, if *missed { " !" } else { "" })
            }
        };
    }
    text
}

fn monitoring_text(record: &AuditRecord, metric: &str) -> String {
    let choice = monitoring::choices(record).into_iter().find(|choice| choice.title == metric).unwrap();
    let model = monitoring::Model::new(record, &choice).unwrap();
    let mut text = format!("{}\n{} | {} | {:?} | {:?}\n", model.title, model.formula, model.rows, model.limit, model.warn);
    for slot in &model.slots {
        let _ = writeln!(
            text,
            "{:>3} {:<8}{:<7}{:>5}  {:<14}{:<10}{}{}",
            slot.number,
            slot.label,
            slot.day,
            slot.n,
            slot.text,
            slot.margin,
            slot.verdict.word,
            if slot.beyond { " !" } else { "" }
        );
    }
    let batch = record.batches.iter().find(|batch| batch.number == 17).unwrap();
    let groups = Groups::new(batch, &model).unwrap();
    let _ = writeln!(text, "\n{} | {} | {:.4?}", groups.title, groups.aside, groups.band);
    for group in &groups.rates {
        let _ = writeln!(
            text,
            "  {} {} of {} {:.4?} in {:.4?}{}",
            group.name,
            group.approved,
            group.n,
            group.rate,
            group.interval,
            if group.beyond { " !" } else { "" }
        );
    }
    let drift = Drift::new(record, batch).unwrap();
    let _ = writeln!(text, "{} {:?}", drift.title, drift.marks);
    for bar in &drift.bars {
        let _ = writeln!(text, "  {} {:.3}{}", bar.name, bar.value, if bar.beyond { " !" } else { "" });
    }
    text
}

#[test]
fn overview_with_findings() {
    insta::assert_snapshot!(overview_text(&record(Story::Findings)));
}

#[test]
fn overview_of_an_honest_period() {
    insta::assert_snapshot!(overview_text(&record(Story::Honest)));
}

#[test]
fn overview_of_a_file_that_is_no_package() {
    insta::assert_snapshot!(overview_text(&malformed()));
}

#[test]
fn requirements_in_each_order() {
    let record = record(Story::Findings);
    let text: String = Order::ALL.map(|order| format!("— {}\n{}", order.title(), requirements_text(&record, order, ""))).join("\n");
    insta::assert_snapshot!(text);
}

#[test]
fn requirements_that_match_a_filter() {
    insta::assert_snapshot!(requirements_text(&record(Story::Findings), Order::State, "drift"));
    assert!(requirements::Model::new(&record(Story::Findings), Order::State, "no such thing").lines.is_empty());
}

#[test]
fn the_rule_of_a_violated_requirement() {
    let record = record(Story::Findings);
    let result = record.requirements.iter().find(|r| r.id == "MO-1").unwrap();
    let text: String = why_rows(&result.why)
        .iter()
        .map(|row| {
            format!(
                "{}{} {} | {} | {} | {} {}\n",
                "  ".repeat(row.depth),
                row.node.label,
                row.node.note,
                row.node.actual,
                row.node.threshold,
                row.node.margin,
                row.node.integers
            )
        })
        .collect();
    insta::assert_snapshot!(text);
}

#[test]
fn monitoring_of_a_difference() {
    insta::assert_snapshot!(monitoring_text(&record(Story::Findings), "Approval-rate difference, model decisions"));
}

#[test]
fn monitoring_of_a_ratio_without_limit() {
    insta::assert_snapshot!(monitoring_text(&record(Story::Findings), "Adverse-impact ratio, model decisions"));
}

#[test]
fn monitoring_opens_on_the_most_serious_metric() {
    let record = record(Story::Findings);
    let first = monitoring::choices(&record).swap_remove(0);
    assert_eq!(first.requirement.as_deref(), Some("MO-1"));
    assert!(monitoring::Model::new(&record, &Choice { series: 999, ..first }).is_none());
}

/// What a sample comes to.
fn sample(name: &str) -> AuditRecord {
    let path = format!("{}/../sample-audits/{name}/expected.record.json", env!("CARGO_MANIFEST_DIR"));
    let mut value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // What differs from run to run is not part of what is expected.
    value["volatile"] = serde_json::to_value(Volatile::default()).unwrap();
    serde_json::from_value(value).unwrap()
}

fn monitored(record: &AuditRecord, requirement: &str) -> monitoring::Model {
    let choice = monitoring::choices(record).into_iter().find(|choice| choice.requirement.as_deref() == Some(requirement)).unwrap();
    monitoring::Model::new(record, &choice).unwrap()
}

#[test]
fn a_conclusion_speaks_of_the_batches_its_requirement_judges() {
    let mut record = sample("credit-scoring-q1");
    let check = |record: &AuditRecord, requirement: &str, expected: &str| {
        assert_eq!(monitored(record, requirement).title, expected);
    };
    check(&record, "MO-1", "Adverse-impact ratio, logged decisions: ≥ 0.80 holds in all 24 proven batches");
    check(
        &record,
        "IN-3",
        "Override-rate difference: 0.0098 over all batches together, ≤ 0.05 (IN-3), satisfied; single batches are not judged",
    );
    check(&record, "MO-9", "AUC: 0.765–0.857 over all batches together, ≥ 0.70 (MO-9), satisfied; single batches are not judged");
    check(
        &sample("credit-scoring-lifecycle"),
        "TR-6",
        "AUC: 0.797–0.880 over the test rows, ≥ 0.70 (TR-6), satisfied; single batches are not judged",
    );
    check(&record, "MO-10", "AUC: ≥ 0.65 holds in 11 proven batches; 13 are left out");
    let auc = |record: &mut AuditRecord, of: fn(&mut BatchResult)| {
        record.requirements.iter_mut().find(|r| r.id == "MO-10").unwrap().batches.iter_mut().for_each(of);
    };
    auc(&mut record, |batch| {
        if batch.number == 3 {
            batch.state = State::Violated;
        }
    });
    check(&record, "MO-10", "AUC: ≥ 0.65 is missed in 1 of 11 proven batches; 13 are left out");
    let beyond: Vec<u32> = monitored(&record, "MO-10").slots.iter().filter(|slot| slot.beyond).map(|slot| slot.number).collect();
    assert_eq!(beyond, [3]);
    auc(&mut record, |batch| batch.state = State::NotApplicable);
    check(&record, "MO-10", "AUC: no batch is judged by ≥ 0.65; 24 are left out");
    record.requirements.iter_mut().find(|r| r.id == "MO-9").unwrap().actual.clear();
    check(&record, "MO-9", "AUC: MO-9 is satisfied; single batches are not judged");
}

#[test]
fn a_limit_of_the_whole_period_is_none_of_single_batches() {
    let record = sample("credit-scoring-q1");
    let model = monitored(&record, "IN-3");
    assert!(model.slots[0].value.unwrap().0 > 0.1, "beyond 0.05, were single batches judged");
    assert_eq!((model.limit, model.warn, model.judges_batches), (None, None, false));
    assert!(model.slots.iter().all(|slot| slot.verdict.word == "Not judged" && !slot.beyond));
    let drawing = svg(&monitored(&record, "IN-3"), look(false));
    assert!(drawing.contains("single batches are not judged") && !drawing.contains("limit ≤"), "{drawing}");
}

#[test]
fn a_metric_is_first_under_a_violated_requirement_then_under_one_that_judges_batches() {
    let mut record = sample("credit-scoring-q1");
    let first = |record: &AuditRecord| monitoring::choices(record).into_iter().find(|choice| choice.title == "AUC").unwrap().requirement;
    assert_eq!(first(&record).as_deref(), Some("MO-10"));
    record.requirements.iter_mut().find(|r| r.id == "MO-9").unwrap().state = State::Violated;
    assert_eq!(first(&record).as_deref(), Some("MO-9"));
    record.requirements.iter_mut().find(|r| r.id == "MO-10").unwrap().state = State::Violated;
    assert_eq!(first(&record).as_deref(), Some("MO-10"));
}

#[test]
fn batches_left_out_are_not_satisfied() {
    let record = sample("credit-scoring-q1");
    let model = monitored(&record, "MO-10");
    assert_eq!(model.outstanding().len(), 13);
    let left_out = model.slots.iter().find(|slot| slot.value.is_some() && !slot.is_judged()).unwrap();
    let batch = record.batches.iter().find(|batch| batch.number == left_out.number).unwrap();
    assert_eq!(Groups::new(batch, &model).unwrap().band, None);
}

fn lifecycle_text(record: &AuditRecord) -> String {
    let model = lifecycle::Model::new(record);
    let mut text = format!("{:?} {}\n{}\n\n", model.form, model.title, model.detail);
    for lane in &model.lanes {
        let _ = writeln!(text, "{}: {} ({:?})", lane.stage.title(), lane.proofs, lane.verdict.form);
    }
    for node in &model.nodes {
        let _ = writeln!(text, "[{}] {} {}", node.verdict.word, node.sentence, node.proof.as_deref().unwrap_or("–"));
    }
    for edge in &model.edges {
        let _ = writeln!(text, "{:?} {} | {} | {}", edge.state, edge.digest, edge.label, edge.sentence);
    }
    let _ = writeln!(text, "{:?}\n\n{}", model.legend, model.coverage);
    for row in &model.rows {
        let cells: Vec<String> = row
            .cells
            .iter()
            .map(|cell| match cell {
                Covered::NotAsked => "·".to_owned(),
                Covered::Gap { ids } => format!("GAP {}", ids.join(" ")),
                Covered::Evidence { ids, verdict } => format!("{:?} {} {}", verdict.form, verdict.word, ids.join(" ")),
            })
            .collect();
        let _ = writeln!(text, "  {}: {}", row.area, cells.join(" | "));
    }
    text
}

#[test]
fn a_whole_chain() {
    insta::assert_snapshot!(lifecycle_text(&life_cycle(Chain::Whole)));
}

#[test]
fn a_broken_chain() {
    insta::assert_snapshot!(lifecycle_text(&life_cycle(Chain::Broken)));
}

#[test]
fn a_chain_with_a_rejected_proof() {
    insta::assert_snapshot!(lifecycle_text(&life_cycle(Chain::Claimed)));
}

#[test]
fn a_chain_without_offline_metrics() {
    insta::assert_snapshot!(lifecycle_text(&life_cycle(Chain::Partial)));
}

#[test]
fn monitoring_without_a_chain() {
    insta::assert_snapshot!(lifecycle_text(&record(Story::Findings)));
    assert!(lifecycle::Model::new(&malformed()).nodes.is_empty());
}

#[test]
fn the_chain_opens_on_what_is_broken() {
    use verifold_model::lineage::LinkName;
    let first = |record: &AuditRecord| lifecycle::Model::new(record).first_link();
    assert_eq!(first(&life_cycle(Chain::Broken)), Some(LinkName::MonitoredTrained));
    let mut twice = life_cycle(Chain::Broken);
    twice.lineage.links[4].state = verifold_model::lineage::LinkState::Broken;
    assert_eq!(lifecycle::Model::new(&twice).title, "What was measured and monitored is not the model that was trained");
    assert_eq!(first(&life_cycle(Chain::Partial)), Some(LinkName::MonitoredTrained));
    assert_eq!(first(&record(Story::Honest)), None, "links that nothing covers have no digests to show");
    assert_eq!(lifecycle::link_named("measured-on-prepared"), Some(LinkName::MeasuredOnPrepared));
    assert_eq!(lifecycle::link_named("measured"), None);
}

#[test]
fn proofs_in_words() {
    let text = |record: &AuditRecord| {
        let model = proofs::Model::new(record);
        let rows: String = model
            .rows
            .iter()
            .map(|row| {
                format!("  {} {} {} {} {} {} {}\n", row.verdict.word, row.title, row.circuit, row.note, row.steps, row.size, row.bytes)
            })
            .collect();
        format!("{}\n{rows}", model.title)
    };
    insta::assert_snapshot!([record(Story::Findings), record(Story::Honest), malformed()].iter().map(text).collect::<String>());
}

#[test]
fn a_proof_system_against_what_is_demanded() {
    let mut record = record(Story::Honest);
    let proof = &mut record.proofs[0];
    proof.demanded_bits = Some(128);
    proof.demanded.push(Property::PostQuantum);
    let rows = proofs::property_rows(proof);
    let found: Vec<String> = rows.iter().map(|row| format!("{:?} {} | {} | {}", row.form, row.title, row.word, row.asked)).collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn segments_are_listed_with_their_batches_and_with_what_was_refused() {
    let mut record = record(Story::Honest);
    let proof = &mut record.proofs[0];
    assert_eq!(proofs::segment_lines(proof), [""; 0], "a proof in one piece has none");
    let segment = |first_batch, last_batch, state| SegmentSummary { first_batch, last_batch, steps: 1, proof_bytes: 11_880, state };
    proof.segments = vec![segment(0, 0, ProofState::Valid), segment(1, 24, ProofState::Valid)];
    assert_eq!(proofs::segment_lines(proof), ["1: batch 0, 1 step", "2: batches 1 to 24, 1 step"]);
    proof.state = ProofState::Rejected;
    proof.segments[1].state = ProofState::Rejected;
    assert_eq!(proofs::segment_lines(proof), ["1: batch 0, 1 step, valid", "2: batches 1 to 24, 1 step, rejected"]);
}

#[test]
fn a_change_of_model_stands_on_the_chart_in_the_chain_and_among_the_facts() {
    let mut record = record(Story::Honest);
    let model = |byte| Commitment::from_bytes([byte; 32]);
    record.model_changes.push(ModelChange {
        at: record.batches[13].start,
        batch: 13,
        old_model: model(1),
        new_model: model(2),
        old_proof: "monitoring".to_owned(),
        new_proof: "monitoring-2".to_owned(),
        standing: Standing::Proven,
        source: Source::Package,
        record: None,
    });
    let monitored = monitoring::Model::new(&record, &monitoring::choices(&record)[0]).unwrap();
    let [mark] = monitored.changes.as_slice() else { panic!("{:?}", monitored.changes) };
    assert_eq!((mark.slot, mark.label.as_str()), (12, "model changed, 0202…0202 from here"));
    assert!(mark.sentence.ends_with("no change record is in the package"), "{}", mark.sentence);
    let [change] = &lifecycle::Model::new(&record).changes[..] else { panic!("one change") };
    assert!(
        change.starts_with("Change of model: the model changed on ") && change.contains(", with batch 13: 0101…0101 before"),
        "{change}"
    );
}

#[test]
fn a_document_stands_as_a_claim_or_as_what_it_contradicts() {
    let of = |story| proofs::standing(&record(story).traceability[0]);
    assert_eq!(of(Story::Honest), Verdict { form: Form::Neutral, word: "Complete, claimed".to_owned() });
    assert_eq!(of(Story::Findings), Verdict { form: Form::Violated, word: "Contradicts".to_owned() });
}
