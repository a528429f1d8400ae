//! The made-up audit with a proof for each stage, and one whose chain is broken.

use verifold_model::{
    development::{ColumnProfile, DatasetProfile, Development, FeatureHistogram, GroupLabels, PartHistograms, PartProfile},
    digest::Commitment,
    lineage::{Artefact, ArtefactKind, Lineage, LineageLink, LinkName, LinkState, LinkedValue},
    record::{AuditRecord, BatchRecord, Finding, Headline, ProofState, ProofSummary, Standing, Totals},
    shape::{CircuitFamily, CircuitId},
    state::{Exit, RungName, RungState, Severity, Stage, State},
    statement::StatementKind,
};

use super::{Story, field, record, requirements::plain};

/// What became of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Every link holds.
    Whole,
    /// Monitoring opens another model than training produced.
    Broken,
    /// The training proof is rejected, though its commitments agree.
    Claimed,
    /// No offline metrics are in the package.
    Partial,
}

fn artefact(kind: ArtefactKind, proof: &str, detail: &str) -> Artefact {
    Artefact { kind, standing: Standing::Proven, proof: Some(proof.into()), digest: Some(field(kind.title())), detail: detail.into() }
}

fn missing(kind: ArtefactKind) -> Artefact {
    Artefact { kind, standing: Standing::Missing, proof: None, digest: None, detail: String::new() }
}

fn batches(records: &[BatchRecord]) -> Artefact {
    let there: Vec<_> = records.iter().filter(|batch| batch.number > 0).filter_map(|batch| batch.content.as_ref()).collect();
    let rows = verifold_model::format::count(there.iter().map(|content| content.rows).sum());
    artefact(ArtefactKind::Batches, "monitoring", &format!("{} batches, {rows} rows", there.len()))
}

fn uncovered(name: LinkName, absent: &str) -> LineageLink {
    LineageLink {
        name,
        state: LinkState::Missing,
        compared: Vec::new(),
        proofs: Vec::new(),
        text: format!("no {absent} proof is in the package"),
    }
}

/// The chain of a package that holds monitoring alone.
pub fn monitoring_alone(records: &[BatchRecord]) -> Lineage {
    let kinds =
        [ArtefactKind::RawRows, ArtefactKind::TrainingRows, ArtefactKind::TestRows, ArtefactKind::Model, ArtefactKind::OfflineMetrics];
    let links = LinkName::ALL.into_iter().filter(|name| name.is_of_every_chain()).map(|name| {
        let absent = if matches!(name, LinkName::MeasuredTrained | LinkName::MonitoredTrained) { "training" } else { "preparation" };
        uncovered(name, absent)
    });
    Lineage { artefacts: kinds.map(missing).into_iter().chain([batches(records)]).collect(), links: links.collect() }
}

/// The honest period with proofs of every stage but inference.
pub fn life_cycle(chain: Chain) -> AuditRecord {
    let mut record = record(Story::Honest);
    let monitoring = record.proofs.remove(0);
    let trained = if chain == Chain::Claimed { ProofState::Rejected } else { ProofState::Valid };
    let mut proofs = vec![
        stage_proof(&monitoring, StatementKind::PreparationV1, "preparation", "Development rows 2024", ProofState::Valid),
        stage_proof(&monitoring, StatementKind::TrainingV1, "training", "Training run", trained),
    ];
    if chain != Chain::Partial {
        proofs.push(stage_proof(&monitoring, StatementKind::OfflineMetricsV2, "offline", "Offline metrics", ProofState::Valid));
    }
    proofs.push(monitoring);
    record.proofs = proofs;
    record.lineage = lineage(chain, &record.batches);
    record.development = Some(development(chain));
    record.requirements.extend(requirements(chain, &record.lineage));
    record.totals = Totals::of(&record.requirements);
    conclude(&mut record, chain);
    record
}

fn stage_proof(like: &ProofSummary, kind: StatementKind, id: &str, title: &str, state: ProofState) -> ProofSummary {
    let family = kind.families()[0];
    let plain_words = match kind {
        StatementKind::PreparationV1 => {
            "50\u{202F}964 raw development rows of Merian Bank AG became 40\u{202F}771 training and 10\u{202F}193 test rows by the stated rules; 1\u{202F}154 were set aside and stay in place as void rows."
        }
        StatementKind::TrainingV1 => {
            "A scorecard of 20 weights and a bias came out of 40 epochs of minibatch descent over the committed training rows, by the stated rule."
        }
        _ => {
            "10\u{202F}193 committed test rows were scored by one committed model; the disclosed table counts them by score bin, outcome, age band and logged decision."
        }
    };
    ProofSummary {
        id: id.into(),
        title: title.into(),
        state,
        reason: if state == ProofState::Valid { String::new() } else { "the final state differs at element 3, chain".into() },
        stage: kind.stage(),
        statement: kind,
        plain_words: plain_words.into(),
        does_not_show: kind.does_not_show().into(),
        circuit: CircuitId { family, shape: like.circuit.shape },
        steps: if family == CircuitFamily::TrainingV1 { 8_585 } else { 268 },
        ..like.clone()
    }
}

/// What the proofs say of the development rows: two columns of twenty are not clean; two features have histograms.
fn development(chain: Chain) -> Development {
    let part = |name: &str, rows: u64| PartProfile {
        name: name.into(),
        rows,
        missing: rows / 60,
        outside: rows / 200,
        groups: ["18–34", "35–49", "50–64", "65 and over"]
            .map(|name| GroupLabels { name: name.into(), unknown: rows / 400, good: rows / 5, bad: rows / 21 })
            .into(),
    };
    let column = |name: &str, domain: &str, counts: [u64; 3]| ColumnProfile {
        name: name.into(),
        domain: domain.into(),
        counts: vec![counts, counts.map(|n| n / 4)],
    };
    let histogram = |feature: &str, unit: &str, step: u64| FeatureHistogram {
        feature: feature.into(),
        unit: unit.into(),
        edges: (1..10).map(|at| (at * step).to_string()).collect(),
        counts: vec![(0..10).map(|at| 900 + 700 * at * (9 - at)).collect(), (0..10).map(|at| 200 + 160 * at * (10 - at)).collect()],
    };
    let histograms = PartHistograms {
        proof: "offline".into(),
        standing: Standing::Proven,
        features: vec![histogram("monthly_income", "EUR", 1200), histogram("enquiries_6m", "", 2)],
    };
    let mut columns = vec![
        column("monthly_income", "-24 to 12024 EUR", [0, 317, 41]),
        column("months_since_delinquency", "0 to 120 months", [0, 0, 38_204]),
    ];
    columns.extend((0..18).map(|at| column(&format!("column_{at}"), "0 to 240", [0; 3])));
    Development {
        profile: DatasetProfile {
            proof: "preparation".into(),
            standing: Standing::Proven,
            parts: vec![part("training rows", 40_771), part("test rows", 10_193)],
            columns,
        },
        histograms: (chain != Chain::Partial).then_some(histograms),
    }
}

fn lineage(chain: Chain, records: &[BatchRecord]) -> Lineage {
    let mut artefacts = vec![
        artefact(ArtefactKind::RawRows, "preparation", "50\u{202F}964 rows, 20 columns"),
        artefact(ArtefactKind::TrainingRows, "preparation", "40\u{202F}771 rows, 923 set aside"),
        artefact(ArtefactKind::TestRows, "preparation", "10\u{202F}193 rows, 231 set aside"),
        artefact(ArtefactKind::Model, "training", "40 epochs, 8\u{202F}585 minibatches"),
        artefact(ArtefactKind::OfflineMetrics, "offline", "10\u{202F}193 rows counted"),
        batches(records),
    ];
    let value = |what: &str, earlier: Commitment, later: Commitment| LinkedValue { what: what.into(), earlier, later };
    let same = |what: &str, of: &str| value(what, field(of), field(of));
    let holds = |name: LinkName, proofs: &[&str], compared| LineageLink {
        name,
        state: LinkState::Holds,
        compared,
        proofs: proofs.iter().map(|id| (*id).to_owned()).collect(),
        text: name.words().into(),
    };
    let mut links = vec![
        holds(LinkName::PreparedTraining, &["preparation"], Vec::new()),
        holds(LinkName::PreparedTest, &["preparation"], Vec::new()),
        holds(
            LinkName::TrainedOnPrepared,
            &["preparation", "training"],
            vec![same("rows", "training rows"), same("outcomes", "training outcomes")],
        ),
        holds(
            LinkName::MeasuredOnPrepared,
            &["preparation", "offline"],
            vec![same("rows", "test rows"), same("outcomes", "test outcomes")],
        ),
        holds(LinkName::MeasuredTrained, &["training", "offline"], vec![same("model", "model")]),
        holds(LinkName::MonitoredTrained, &["training", "monitoring"], vec![same("model", "model")]),
    ];
    match chain {
        Chain::Whole => {}
        Chain::Broken => {
            let (trained, monitored) = (field("model"), field("another model"));
            let link = &mut links[5];
            link.state = LinkState::Broken;
            link.text = format!("the chain is broken: model {trained} in training, {monitored} in monitoring");
            link.compared = vec![value("model", trained, monitored)];
        }
        Chain::Claimed => {
            artefacts[3].standing = Standing::Claimed;
            for link in links.iter_mut().filter(|link| link.proofs.iter().any(|id| id == "training")) {
                link.state = LinkState::Claimed;
                link.text = "the commitments agree, but the proof training that would bind them is not valid".into();
            }
        }
        Chain::Partial => {
            artefacts[4] = missing(ArtefactKind::OfflineMetrics);
            links[3] = uncovered(LinkName::MeasuredOnPrepared, "offline-metrics");
            links[4] = uncovered(LinkName::MeasuredTrained, "offline-metrics");
        }
    }
    Lineage { artefacts, links }
}

fn requirements(chain: Chain, lineage: &Lineage) -> Vec<verifold_model::record::RequirementResult> {
    let asked = [
        ("DA-4", "Raw rows are prepared by stated rules", "Data governance", Stage::Data, LinkName::PreparedTraining),
        ("TR-4", "Trained on the prepared rows", "Traceability", Stage::Training, LinkName::TrainedOnPrepared),
        ("TR-5", "Measured on the prepared test rows", "Traceability", Stage::Training, LinkName::MeasuredOnPrepared),
        ("MO-10", "The monitored model is the trained one", "Traceability", Stage::Monitoring, LinkName::MonitoredTrained),
    ];
    let result = |(id, title, area, stage, name): (&str, &str, &str, Stage, LinkName)| {
        let link = lineage.links.iter().find(|link| link.name == name).unwrap();
        let state = match link.state {
            LinkState::Holds => State::Satisfied,
            LinkState::Broken | LinkState::Claimed => State::Rejected,
            LinkState::Missing => State::Uncovered,
        };
        let severity = if chain == Chain::Partial { Severity::Advisory } else { Severity::Mandatory };
        let mut result = plain(id, title, area, stage, severity, state, &link.state.word().to_lowercase(), "linked", &link.text);
        result.proofs.clone_from(&link.proofs);
        result
    };
    asked.map(result).to_vec()
}

fn conclude(record: &mut AuditRecord, chain: Chain) {
    let (totals, proofs) = (record.totals, record.proofs.len());
    record.ladder[4].detail = format!("{} of {} mandatory settled", totals.mandatory_settled, totals.mandatory);
    let proof = &mut record.ladder[2];
    proof.detail = format!("{proofs} of {proofs} valid under keys derived here");
    record.headline.title = format!("All {} mandatory requirements are settled on proven values", totals.mandatory);
    if !matches!(chain, Chain::Broken | Chain::Claimed) {
        return;
    }
    let link = record.lineage.links.iter().rev().find(|link| link.state != LinkState::Holds).unwrap();
    proof.state = RungState::Fails;
    proof.word = if chain == Chain::Broken { "1 link broken" } else { "1 rejected" }.into();
    proof.findings = vec![Finding {
        cause: if chain == Chain::Broken { "link-broken" } else { "final-state-differs" }.into(),
        blocking: true,
        text: link.text.clone(),
        place: link.proofs.join(", "),
    }];
    record.exit = Exit::Rejected;
    record.headline = Headline {
        state: State::Rejected,
        rung: Some(RungName::Proof),
        title: "The chain is broken: two stages speak of different rows or models".into(),
        detail: link.text.clone(),
        next: "Treat the stages as unrelated.".into(),
    };
    record.ladder[4].state = RungState::NotMet;
    record.ladder[4].word = "Not met".into();
}
