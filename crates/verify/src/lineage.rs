//! Do the stages hang together? Commitments compared across proofs, from raw rows to monitored batches.
//!
//! A link holds only if proofs checked in this run bind both of its ends. Two that differ are an alarm whatever
//! became of the proofs; one that is not there leaves the link uncovered.

use verifold_model::{
    cohort::BatchRole,
    digest::Commitment,
    format::{count, counted},
    lineage::{Artefact, ArtefactKind, Lineage, LineageLink, LinkName, LinkState, LinkedValue},
    preparation::{PreparationStatement, PreparedPart},
    record::Standing,
    revision::RevisionStatement,
    statement::{MonitoringStatement, StageStatement},
    training::TrainingStatement,
};
use verifold_package::{ClaimedPackage, ClaimedStage};

use crate::evidence::{Checked, VerifiedStage};

mod later;

/// A statement with what became of its proof.
struct Stated<'a, S> {
    proof: &'a str,
    valid: bool,
    statement: &'a S,
}

/// The stage statements of a package, at most one of each kind but those of monitoring.
pub(crate) struct Chain<'a> {
    preparation: Option<Stated<'a, PreparationStatement>>,
    training: Option<Stated<'a, TrainingStatement>>,
    offline: Option<Stated<'a, MonitoringStatement>>,
    /// In time order.
    monitoring: Vec<Stated<'a, MonitoringStatement>>,
    /// Monitored batches under later outcomes, in time order.
    matured: Vec<Stated<'a, MonitoringStatement>>,
    /// What changed between both outcomes, in time order.
    revisions: Vec<Stated<'a, RevisionStatement>>,
}

impl<'a> Chain<'a> {
    /// The first statement of each kind; checks stand beside the package's stages.
    pub(crate) fn of(package: &'a ClaimedPackage, stages: &[Checked<VerifiedStage>], monitoring: &[Checked]) -> Self {
        let mut chain =
            Self { preparation: None, training: None, offline: None, monitoring: Vec::new(), matured: Vec::new(), revisions: Vec::new() };
        for (stage, checked) in package.stages.iter().zip(stages) {
            let ClaimedStage { id, statement, .. } = stage;
            let valid = checked.outcome.is_ok();
            match statement {
                StageStatement::Preparation(statement) => {
                    chain.preparation.get_or_insert(Stated { proof: id, valid, statement });
                }
                StageStatement::Training(statement) => {
                    chain.training.get_or_insert(Stated { proof: id, valid, statement });
                }
                // They make nothing that a later stage uses; their link to monitoring is part of their own check.
                StageStatement::Receipts(_) => {}
                StageStatement::MaturedCohort(statement) => chain.matured.push(Stated { proof: id, valid, statement }),
                StageStatement::OutcomeRevision(statement) => chain.revisions.push(Stated { proof: id, valid, statement }),
                StageStatement::OfflineMetrics(statement) => {
                    chain.offline.get_or_insert(Stated { proof: id, valid, statement });
                }
            }
        }
        let monitored = package.proofs.iter().zip(monitoring);
        chain.monitoring = monitored
            .map(|(proof, checked)| Stated { proof: &proof.id, valid: checked.outcome.is_ok(), statement: &proof.statement })
            .collect();
        chain
    }

    /// The chain as it stands.
    pub(crate) fn lineage(&self) -> Lineage {
        let mut lineage = Lineage {
            artefacts: self.artefacts(),
            links: LinkName::ALL.into_iter().filter(|name| name.is_of_every_chain()).map(|name| self.link(name)).collect(),
        };
        if !self.matured.is_empty() || !self.revisions.is_empty() {
            lineage.artefacts.push(self.later_outcomes());
            lineage.links.push(self.link(LinkName::LaterOfMonitored));
        }
        lineage
    }

    fn artefacts(&self) -> Vec<Artefact> {
        let part = |kind, index: usize| {
            let preparation = self.preparation.as_ref()?;
            let part = preparation.statement.parts.get(index)?;
            // How many of them are set aside stands in the profile, where small numbers are masked.
            Some(artefact(preparation, kind, part.row_commitment, counted(u64::from(part.rows), "row", "rows")))
        };
        let raw = self.preparation.as_ref().and_then(|preparation| {
            let parts = &preparation.statement.parts;
            let rows = parts.iter().map(|part| u64::from(part.rows)).sum();
            let detail = format!(
                "{}, {}",
                counted(rows, "row", "rows"),
                counted(preparation.statement.preparation.columns.len() as u64, "column", "columns")
            );
            Some(artefact(preparation, ArtefactKind::RawRows, parts.last()?.raw_row_commitment, detail))
        });
        let model = self.training.as_ref().map(|training| {
            let epochs = counted(u64::from(training.statement.spec.epochs), "epoch", "epochs");
            let detail = format!("{epochs}, {}", counted(training.statement.steps, "minibatch", "minibatches"));
            artefact(training, ArtefactKind::Model, training.statement.model_commitment, detail)
        });
        let offline = self.offline.as_ref().and_then(|offline| {
            let batch = offline.statement.batches.iter().find(|batch| batch.role == BatchRole::Test)?;
            let detail = format!("{} counted", counted(u64::from(batch.rows), "test row", "test rows"));
            Some(artefact(offline, ArtefactKind::OfflineMetrics, offline.statement.chain_head, detail))
        });
        // The head of the last chain stands for those before it, which it goes on from.
        let batches = self.monitoring.last().map(|last| {
            let all = || self.monitoring.iter().flat_map(|stated| &stated.statement.batches);
            let monitored = || all().filter(|batch| batch.role == BatchRole::Monitoring);
            let rows = monitored().map(|batch| u64::from(batch.rows)).sum();
            let changes =
                self.monitoring.windows(2).filter(|pair| pair[0].statement.model_commitment != pair[1].statement.model_commitment);
            let changed = match changes.count() as u64 {
                0 => String::new(),
                n => format!(", {}", counted(n, "change of model", "changes of model")),
            };
            let detail = format!("{}, {}{changed}", counted(monitored().count() as u64, "batch", "batches"), counted(rows, "row", "rows"));
            let valid = self.monitoring.iter().all(|stated| stated.valid);
            artefact(
                &Stated { proof: last.proof, valid, statement: last.statement },
                ArtefactKind::Batches,
                last.statement.chain_head,
                detail,
            )
        });
        let found = [
            (ArtefactKind::RawRows, raw),
            (ArtefactKind::TrainingRows, part(ArtefactKind::TrainingRows, 0)),
            (ArtefactKind::TestRows, part(ArtefactKind::TestRows, 1)),
            (ArtefactKind::Model, model),
            (ArtefactKind::OfflineMetrics, offline),
            (ArtefactKind::Batches, batches),
        ];
        found.into_iter().map(|(kind, artefact)| artefact.unwrap_or_else(|| absent(kind))).collect()
    }

    fn link(&self, name: LinkName) -> LineageLink {
        let part = |index: usize| self.preparation.as_ref().and_then(|preparation| preparation.statement.parts.get(index));
        let prepared = self.preparation.as_ref().map(End::of);
        let trained = self.training.as_ref().map(End::of);
        let offline = self.offline.as_ref().map(End::of);
        let model_of = |later: Option<&Stated<'_, MonitoringStatement>>| {
            let (training, later) = (self.training.as_ref()?, later?);
            Some(vec![value("model", training.statement.model_commitment, later.statement.model_commitment)])
        };
        match name {
            // One proof has both ends.
            LinkName::PreparedTraining | LinkName::PreparedTest => one_proof(name, prepared),
            LinkName::TrainedOnPrepared => {
                let values = part(0).zip(self.training.as_ref()).map(|(part, training)| {
                    vec![
                        value("rows", part.row_commitment, training.statement.row_commitment),
                        value("outcomes", part.outcome_commitment, training.statement.outcome_commitment),
                    ]
                });
                let link = two_proofs(name, (prepared, "preparation"), (trained, "training"), values);
                // A proof of training binds the commitment and the minibatches of an epoch, not how full the last of them is.
                match part(0).zip(self.training.as_ref()) {
                    Some((part, training)) if part.rows != training.statement.rows && link.state != LinkState::Broken => {
                        let (ours, theirs) = (u64::from(part.rows), u64::from(training.statement.rows));
                        let text = format!(
                            "the chain is broken: the same commitment is said to be of {} in {} and of {} in {}",
                            counted(ours, "row", "rows"),
                            prepared.map_or("", |end| end.proof),
                            count(theirs),
                            training.proof,
                        );
                        LineageLink { state: LinkState::Broken, text, ..link }
                    }
                    _ => link,
                }
            }
            LinkName::MeasuredTrained => {
                two_proofs(name, (trained, "training"), (offline, "offline-metrics"), model_of(self.offline.as_ref()))
            }
            LinkName::MonitoredTrained => {
                // Of several monitored models, that of the first batches, unless the one trained is a later one.
                let model = self.training.as_ref().map(|training| training.statement.model_commitment);
                let of_it = self.monitoring.iter().find(|stated| Some(stated.statement.model_commitment) == model);
                let monitoring = of_it.or(self.monitoring.first());
                let link = two_proofs(name, (trained, "training"), (monitoring.map(End::of), "monitoring"), model_of(monitoring));
                let other = self.monitoring.iter().find(|stated| Some(stated.statement.model_commitment) != model);
                match other.filter(|_| link.state == LinkState::Holds) {
                    None => link,
                    Some(other) => {
                        let text = format!(
                            "the batches of {} were scored by model {}, whose training is not in the package; those of {} by the one trained",
                            other.proof,
                            other.statement.model_commitment,
                            monitoring.map_or("", |stated| stated.proof),
                        );
                        LineageLink { state: LinkState::Missing, text, ..link }
                    }
                }
            }
            LinkName::LaterOfMonitored => self.later_link(),
            LinkName::MeasuredOnPrepared => {
                let batch = |role| self.offline.as_ref()?.statement.batches.iter().find(|batch| batch.role == role);
                let of = |part: Option<&PreparedPart>, role, words: [&str; 2]| {
                    let (part, batch) = (part?, batch(role)?);
                    let rows = value(words[0], part.row_commitment, batch.row_commitment);
                    Some(vec![rows, value(words[1], part.outcome_commitment, batch.outcome_commitment)])
                };
                let test = of(part(1), BatchRole::Test, ["rows", "outcomes"]);
                let training = of(part(0), BatchRole::Reference, ["training rows", "outcomes of training rows"]);
                let values = test.zip(training).map(|(test, training)| [test, training].concat());
                two_proofs(name, (prepared, "preparation"), (offline, "offline-metrics"), values)
            }
        }
    }
}

fn artefact<S>(stated: &Stated<'_, S>, kind: ArtefactKind, digest: Commitment, detail: String) -> Artefact {
    let standing = if stated.valid { Standing::Proven } else { Standing::Claimed };
    Artefact { kind, standing, proof: Some(stated.proof.to_owned()), digest: Some(digest), detail }
}

const fn absent(kind: ArtefactKind) -> Artefact {
    Artefact { kind, standing: Standing::Missing, proof: None, digest: None, detail: String::new() }
}

/// One end of a link.
#[derive(Clone, Copy)]
struct End<'a> {
    proof: &'a str,
    valid: bool,
}

impl<'a> End<'a> {
    const fn of<S>(stated: &Stated<'a, S>) -> Self {
        Self { proof: stated.proof, valid: stated.valid }
    }
}

fn value(what: &str, earlier: Commitment, later: Commitment) -> LinkedValue {
    LinkedValue { what: what.to_owned(), earlier, later }
}

fn missing(name: LinkName, text: impl Into<String>) -> LineageLink {
    LineageLink { name, state: LinkState::Missing, compared: Vec::new(), proofs: Vec::new(), text: text.into() }
}

fn one_proof(name: LinkName, end: Option<End<'_>>) -> LineageLink {
    let Some(End { proof, valid }) = end else { return missing(name, "no preparation proof is in the package") };
    let (state, text) = if valid {
        (LinkState::Holds, name.words().to_owned())
    } else {
        (LinkState::Claimed, format!("the proof {proof} that would bind both ends is not valid"))
    };
    LineageLink { name, state, compared: Vec::new(), proofs: vec![proof.to_owned()], text }
}

fn two_proofs(
    name: LinkName,
    (earlier, earlier_kind): (Option<End<'_>>, &str),
    (later, later_kind): (Option<End<'_>>, &str),
    values: Option<Vec<LinkedValue>>,
) -> LineageLink {
    let (Some(earlier), Some(later)) = (earlier, later) else {
        let absent = if earlier.is_none() { earlier_kind } else { later_kind };
        return missing(name, format!("no {absent} proof is in the package"));
    };
    let Some(compared) = values else { return missing(name, format!("the {earlier_kind} or the {later_kind} statement lacks its part")) };
    let proofs = vec![earlier.proof.to_owned(), later.proof.to_owned()];
    let differing: Vec<String> = compared
        .iter()
        .filter(|value| value.earlier != value.later)
        .map(|value| format!("{} {} in {}, {} in {}", value.what, value.earlier, earlier.proof, value.later, later.proof))
        .collect();
    let (state, text) = if !differing.is_empty() {
        (LinkState::Broken, format!("the chain is broken: {}", differing.join("; ")))
    } else if earlier.valid && later.valid {
        (LinkState::Holds, name.words().to_owned())
    } else {
        let invalid = if earlier.valid { later.proof } else { earlier.proof };
        (LinkState::Claimed, format!("the commitments agree, but the proof {invalid} that would bind them is not valid"))
    };
    LineageLink { name, state, compared, proofs, text }
}
