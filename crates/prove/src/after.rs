//! How does a period go on in a package that holds proofs already, and what if another model scores from now on?
//!
//! The next proof begins where the last one ends: its header holds that one's chain head, its batches are numbered on, its
//! period begins where that one's ends. Subject and plan are the package's. A model that scored before keeps its salt, and
//! its commitment with it; if another scored last, that is a change of model, which a change record can speak to.
//!
//! Every proof of the package is verified here before anything is put behind it.

use std::path::PathBuf;

use verifold_circuits::{Keys, Salt, native, verify_proof};
use verifold_model::{
    change::{ChangeDraft, ChangeRecord},
    digest::Commitment,
    limits::Limits,
    plan::Plan,
    statement::MonitoringStatement,
};
use verifold_package::{ClaimedChange, ClaimedPackage, Contents, change};

use crate::{
    error::ProveError,
    fold::stop_if_cancelled,
    monitoring::{Prepared, secrets_path},
    progress::Progress,
    secrets::{ModelSecrets, OpenedModel, Secrets, kept, model_of},
    table,
};

/// A package whose period goes on.
#[derive(Clone)]
pub struct After {
    /// The package; its secrets stand beside it.
    pub package: PathBuf,
    /// Why another model scores from now on, if one does; put into the package.
    pub change: Option<ChangeDraft>,
}

/// The package as read, with what the next proof takes over from it.
pub(crate) struct Before {
    path: PathBuf,
    package: ClaimedPackage,
    secrets: Secrets,
    change: Option<ChangeDraft>,
}

impl Before {
    pub(crate) fn read(after: &After) -> Result<Self, ProveError> {
        let path = after.package.clone();
        let refuse = |problem: String| ProveError::After { path: path.clone(), problem };
        let package = ClaimedPackage::read(&table::bytes(&path)?, &Limits::most()).map_err(|error| refuse(error.to_string()))?;
        if let Some(stage) = package.stages.iter().find(|stage| stage.kind.is_about_later_outcomes()) {
            let kind = stage.kind.name();
            let problem = format!(
                "it holds a proof of kind {kind}; take the package without it, and add later outcomes when the last model has its proof"
            );
            return Err(refuse(problem));
        }
        let beside = secrets_path(&path);
        let secrets: Secrets = serde_json::from_slice(&table::bytes(&beside)?)
            .map_err(|error| refuse(format!("its secrets cannot be read ({error}): {}", beside.display())))?;
        let shape = package.plan.shape;
        let opened = |model: OpenedModel<'_>| {
            let salt = Salt::from_bytes(*model.model_salt.as_bytes()).ok()?;
            Some(native::model_commitment(shape, &model_of(model.weights, model.bias, model.layers, shape), &salt))
        };
        let committed = package.proofs.iter().map(|proof| Some(proof.statement.model_commitment));
        if !secrets.models().map(opened).eq(committed) {
            return Err(refuse(format!("the secrets beside it open other models than it commits to: {}", beside.display())));
        }
        Ok(Self { path, package, secrets, change: after.change.clone() })
    }

    fn refuse(&self, problem: impl Into<String>) -> ProveError {
        ProveError::After { path: self.path.clone(), problem: problem.into() }
    }

    fn last(&self) -> Result<&MonitoringStatement, ProveError> {
        self.package.proofs.last().map(|proof| &proof.statement).ok_or_else(|| self.refuse("it holds no monitoring proof"))
    }

    /// Gives prepared rows their place behind the package's: plan, chain, numbers, and the salt of a model that is the same.
    pub(crate) fn place(&self, prepared: &mut Prepared) -> Result<(), ProveError> {
        let last = self.last()?;
        let header = &mut prepared.header;
        if header.subject != last.header.subject {
            return Err(self.refuse("the specification names another subject than the package"));
        }
        if header.period.start != last.header.period.end {
            let problem = format!(
                "the specification's period begins {}, the package's ends {}: one must begin where the other ends",
                header.period.start, last.header.period.end
            );
            return Err(self.refuse(problem));
        }
        if let Some(stated) = header.previous_chain_head.filter(|stated| *stated != last.chain_head) {
            let problem = format!("the specification's previous chain head is {stated}, the package ends at {}", last.chain_head);
            return Err(self.refuse(problem));
        }
        header.previous_chain_head = Some(last.chain_head);
        if let Some(what) = differing(&self.package.plan, &prepared.plan) {
            let problem = format!(
                "specification and model give another measurement plan than the package has: {what} differ; one plan holds for all proofs of a package"
            );
            return Err(self.refuse(problem));
        }
        prepared.plan = self.package.plan.clone();
        let batches: usize = self.package.proofs.iter().map(|proof| proof.statement.batches.len()).sum();
        prepared.first_index = u32::try_from(batches).map_err(|_| self.refuse("it has more batches than can be numbered"))?;
        let (weights, bias, layers) = kept(&prepared.model);
        let before = self.secrets.models().find(|before| (before.weights, before.bias, before.layers) == (&weights, bias, &layers));
        if let Some(same) = before {
            prepared.model_salt =
                Salt::from_bytes(*same.model_salt.as_bytes()).map_err(|_| self.refuse("a salt of its secrets is damaged"))?;
        }
        prepared.notes.push(
            "The measurement plan is that of the package continued: score bins and the shares expected in them were set under its first model."
                .to_owned(),
        );
        Ok(())
    }

    /// The change record as it goes into the package, for a proof under the model `new`; `None` without one.
    pub(crate) fn recorded(&self, new: Commitment) -> Result<Option<ChangeRecord>, ProveError> {
        let old = self.last()?.model_commitment;
        let Some(draft) = &self.change else { return Ok(None) };
        if old == new {
            return Err(self.refuse("the model is the one that scored before, so there is no change for a change record to be about"));
        }
        let record = draft.clone().complete(old, new).map_err(|problem| self.refuse(format!("the change record: {problem}")))?;
        change::check("the change record", &record).map_err(|error| self.refuse(error.to_string()))?;
        Ok(Some(record))
    }

    /// One model has one reference, or no reader believes what its drift is measured against.
    pub(crate) fn has_reference_of(&self, next: &MonitoringStatement) -> Result<(), ProveError> {
        let same_model = self.package.proofs.iter().filter(|proof| proof.statement.model_commitment == next.model_commitment);
        for proof in same_model {
            if let (Some(theirs), Some(ours)) = (proof.statement.reference(), next.reference())
                && theirs != ours
            {
                let problem = format!(
                    "the reference is another than that of its proof {}, under the same model: give the rows that were the reference there",
                    proof.id
                );
                return Err(self.refuse(problem));
            }
        }
        Ok(())
    }

    /// Verifies every proof of the package, as a reader will.
    pub(crate) fn verify(&self, keys: &Keys, progress: &dyn Progress) -> Result<(), ProveError> {
        let mut first = 0;
        for proof in &self.package.proofs {
            let refuse = |problem: String| self.refuse(format!("its proof {} does not hold: {problem}", proof.id));
            let replay = native::replay_from(first, &proof.statement, &self.package.plan).map_err(|error| refuse(error.to_string()))?;
            for (batches, bytes) in proof.segments() {
                stop_if_cancelled(progress)?;
                let transition = replay.segment(&proof.statement, batches).ok_or_else(|| refuse("a segment holds no batch".to_owned()))?;
                let reached =
                    verify_proof(keys.verifier(), transition.z0, transition.steps, bytes).map_err(|error| refuse(error.to_string()))?;
                if reached != transition.zn {
                    return Err(refuse("it leads to another state than its statement".to_owned()));
                }
            }
            first += proof.statement.batches.len() as u32;
        }
        Ok(())
    }

    /// The package with one more proof behind its own; that is the one of `next`.
    pub(crate) fn join(&self, mut next: Contents, record: Option<ChangeRecord>) -> Result<Contents, ProveError> {
        let mut whole = self.package.contents();
        let id = format!("monitoring-{}", whole.proofs.len() + 1);
        for mut proof in next.proofs.drain(..) {
            proof.title = format!("{} from {}", proof.title, proof.statement.header.period.start.date_text());
            proof.id.clone_from(&id);
            whole.period.end = proof.statement.header.period.end;
            whole.proofs.push(proof);
        }
        whole.changes.extend(record.map(|record| ClaimedChange { proof: id, record }));
        // A stage has one specification: a newer one takes the place of the one before.
        whole.traceability.retain(|document| next.traceability.iter().all(|newer| newer.stage != document.stage));
        whole.traceability.append(&mut next.traceability);
        Ok(Contents { written_by: next.written_by, created: next.created, ..whole })
    }

    /// The secrets of the package that [`Self::join`] gives: its own, and those of the proof behind them.
    pub(crate) fn secrets(&self, next: Secrets) -> Secrets {
        let Secrets { package_sha256, weights, bias, layers, model_salt, batches, .. } = next;
        let mut whole = Secrets { package_sha256, ..self.secrets.clone() };
        whole.further.push(ModelSecrets { weights, bias, layers, model_salt, batches });
        whole
    }
}

/// What two plans differ in, beside numbers that are read off reference rows: those are the package's.
fn differing(package: &Plan, derived: &Plan) -> Option<&'static str> {
    let (ours, theirs) = (&package.scoring, &derived.scoring);
    let cutoff = |plan: &Plan| plan.scoring.edges.get(usize::from(plan.scoring.cutoff)).copied();
    let histograms = |plan: &Plan| plan.histograms.iter().map(|histogram| histogram.feature.clone()).collect::<Vec<_>>();
    let scoring = (ours.kind, ours.scale_bits, ours.direction) != (theirs.kind, theirs.scale_bits, theirs.direction);
    [
        (package.shape != derived.shape, "the circuit's shapes"),
        (package.features != derived.features, "features"),
        (scoring || cutoff(package) != cutoff(derived), "scale, score direction or cut-off"),
        (package.outcome != derived.outcome, "definitions of the outcome"),
        (package.grouping != derived.grouping, "groups"),
        (histograms(package) != histograms(derived), "histograms"),
        (package.calendar != derived.calendar, "calendars"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}
