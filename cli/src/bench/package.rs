//! Verifying packages, whole and in parts.

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant as Clock},
};

use serde::Serialize;
use verifold_circuits::{DecodedProof, VerifierKey, native, native::State, verify_proof};
use verifold_model::{
    format::{bytes, count},
    protocol::WorkPhase,
    record::ProofState,
    shape::CircuitId,
    state::Exit,
};
use verifold_package::ClaimedPackage;
use verifold_policy::{Engagement, Policy};
use verifold_verify::{Inputs, KeyStore, Progress, Received, verify};

use super::timing::{Samples, Timing};
use crate::{failure::Failure, files, verify::file_name};

/// Rounds of the command run as a process of its own: each derives its keys anew.
const COLD_ROUNDS: u32 = 3;

/// The clock of a run; says nothing on the way.
struct Silent(Clock);

impl Silent {
    fn begun() -> Self {
        #[expect(clippy::disallowed_methods, reason = "shells know the time")]
        Self(Clock::now())
    }
}

impl Progress for Silent {
    fn phase(&mut self, _: WorkPhase, _: &str, _: u32, _: u32) {}

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A package ready to be verified again and again.
pub(super) struct Subject<'a> {
    path: &'a Path,
    file: Vec<u8>,
    claimed: ClaimedPackage,
    inputs: (&'a Policy, Option<&'a Engagement>),
    keys: KeyStore,
    key: Arc<VerifierKey>,
    decoded: DecodedProof,
    z0: State,
}

/// Where the command run cold finds its files.
pub(super) struct Cold<'a> {
    pub(super) policy: &'a Path,
    pub(super) engagement: Option<&'a Path>,
}

/// What verifying one package costs.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    file: String,
    file_bytes: u64,
    circuit: CircuitId,
    batches: usize,
    steps: u64,
    proof_bytes: usize,
    /// nova-snark's verification of the decoded proof, and nothing else.
    bare: Timing,
    /// Proof bytes checked, decoded and verified.
    proof_check: Timing,
    /// Initial and final state recomputed from the statement.
    replay: Timing,
    /// From the file's bytes to the audit record.
    verify: Timing,
    /// `verifold verify` as a process of its own, which derives its keys; wall time.
    cold: Timing,
    /// CPU time of the replay over batches, in microseconds.
    replay_per_batch: f64,
    /// CPU time of the whole verification over the bare one.
    verify_over_bare: f64,
}

/// What the number of batches does to the proof check.
#[derive(Debug, Serialize)]
pub(super) struct Flatness {
    circuit: CircuitId,
    most_batches: usize,
    fewest_batches: usize,
    ratio: f64,
}

/// Reads packages, derives their keys and checks that they verify: nothing is timed that fails.
pub(super) fn subjects<'a>(
    paths: &'a [std::path::PathBuf],
    policy: &'a Policy,
    engagement: Option<&'a Engagement>,
) -> Result<Vec<Subject<'a>>, Failure> {
    paths.iter().map(|path| subject(path, policy, engagement)).collect()
}

fn subject<'a>(path: &'a Path, policy: &'a Policy, engagement: Option<&'a Engagement>) -> Result<Subject<'a>, Failure> {
    let file = files::package(path, &policy.limits)?;
    let unusable = |exit: Exit, text: &str| Failure::new(exit, format!("{}: {text}", path.display()), "measure a package that verifies");
    let keys = KeyStore::new();
    let inputs = Inputs { policy, engagement, received: &Received::default(), package: &file, file_name: &file_name(path), against: None };
    let record = verify(&inputs, &keys, &mut Silent::begun());
    if record.proofs.is_empty() || record.proofs.iter().any(|proof| proof.state != ProofState::Valid) {
        return Err(unusable(record.exit, &record.headline.title));
    }
    let claimed = ClaimedPackage::read(&file, &policy.limits).map_err(|error| unusable(error.exit(), &error.to_string()))?;
    let Some(proof) = claimed.proofs.first() else { return Err(unusable(Exit::Malformed, "there is no proof")) };
    if !proof.further.is_empty() {
        return Err(unusable(Exit::Usage, "its proof has several segments; what is measured is a proof in one piece"));
    }
    let refused = |text: String| unusable(Exit::Rejected, &text);
    let key = keys.key(proof.statement.header.circuit).map_err(|error| refused(error.to_string()))?;
    let decoded = DecodedProof::decode(&key, &proof.bytes).map_err(|error| refused(error.to_string()))?;
    let z0 = native::replay(&proof.statement, &claimed.plan).map_err(|error| refused(error.to_string()))?.z0;
    Ok(Subject { path, claimed, inputs: (policy, engagement), keys, key, decoded, z0, file })
}

/// Measures all subjects in turn, round by round.
pub(super) fn measure(subjects: &[Subject<'_>], cold: &Cold<'_>, rounds: u32) -> Result<Vec<Figures>, Failure> {
    #[derive(Default)]
    struct Rounds {
        bare: Samples,
        proof_check: Samples,
        replay: Samples,
        verify: Samples,
        cold: Samples,
    }
    let mut all: Vec<Rounds> = subjects.iter().map(|_| Rounds::default()).collect();
    for round in 0..rounds {
        for (subject, times) in subjects.iter().zip(&mut all) {
            let Some(proof) = subject.claimed.proofs.first() else { continue };
            let Subject { key, z0, .. } = subject;
            let steps = proof.statement.steps;
            let failed = |text: &str| Failure::new(Exit::Rejected, format!("{}: {text} while measuring", subject.path.display()), "");
            times.bare.time(|| subject.decoded.verify(key, z0, steps)).map_err(|error| failed(&error.to_string()))?;
            times.proof_check.time(|| verify_proof(key, z0, steps, &proof.bytes)).map_err(|error| failed(&error.to_string()))?;
            times.replay.time(|| native::replay(&proof.statement, &subject.claimed.plan)).map_err(|error| failed(&error.to_string()))?;
            let (policy, engagement) = subject.inputs;
            let inputs =
                Inputs { policy, engagement, received: &Received::default(), package: &subject.file, file_name: "", against: None };
            let record = times.verify.time(|| verify(&inputs, &subject.keys, &mut Silent::begun()));
            if record.proofs.iter().any(|proof| proof.state != ProofState::Valid) {
                return Err(failed(&record.headline.title));
            }
            if round < COLD_ROUNDS {
                times.cold.time(|| run_cold(subject.path, cold))?;
            }
        }
    }
    let figures = subjects.iter().zip(all).filter_map(|(subject, times)| {
        let proof = subject.claimed.proofs.first()?;
        let batches = proof.statement.batches.len();
        let (bare, proof_check, replay) = (times.bare.spread(), times.proof_check.spread(), times.replay.spread());
        let (verify, mut cold) = (times.verify.spread(), times.cold.spread());
        // The CPU time of another process is not ours.
        cold.cpu = None;
        Some(Figures {
            file: file_name(subject.path),
            file_bytes: subject.file.len() as u64,
            circuit: proof.statement.header.circuit,
            batches,
            steps: proof.statement.steps,
            proof_bytes: proof.bytes.len(),
            replay_per_batch: replay.cost() / batches as f64,
            verify_over_bare: verify.cost() / bare.cost(),
            bare,
            proof_check,
            replay,
            verify,
            cold,
        })
    });
    Ok(figures.collect())
}

fn run_cold(package: &Path, cold: &Cold<'_>) -> Result<(), Failure> {
    let failed = |text: String| Failure::new(Exit::NotChecked, format!("running this program again: {text}"), "");
    #[expect(clippy::disallowed_methods, reason = "a shell starts itself")]
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut command = Command::new(program);
    command.arg("verify").arg("--quiet").arg("--policy").arg(cold.policy);
    if let Some(engagement) = cold.engagement {
        command.arg("--engagement").arg(engagement);
    }
    command.arg(package).output().map(|_| ()).map_err(|error| failed(error.to_string()))
}

/// Compares the packages with most and fewest batches, if they share a circuit.
pub(super) fn flatness(packages: &[Figures]) -> Option<Flatness> {
    let most = packages.iter().max_by_key(|package| package.batches)?;
    let fewest = packages.iter().filter(|package| package.circuit == most.circuit).min_by_key(|package| package.batches)?;
    (most.batches != fewest.batches).then(|| Flatness {
        circuit: most.circuit,
        most_batches: most.batches,
        fewest_batches: fewest.batches,
        ratio: most.proof_check.cost() / fewest.proof_check.cost(),
    })
}

impl Figures {
    pub(super) fn print(&self) {
        println!(
            "\n{}, {}: {} batches, {} steps, proof {}, {}",
            self.file,
            bytes(self.file_bytes),
            count(self.batches as u64),
            count(self.steps),
            bytes(self.proof_bytes as u64),
            self.circuit
        );
        println!("  bare proof        {}", self.bare.text());
        println!("  proof check       {}", self.proof_check.text());
        println!("  chain replay      {}", self.replay.text());
        println!("  whole verify      {}", self.verify.text());
        println!("  cold command      {}", self.cold.text());
        println!("  chain replay per batch {:.0} µs CPU; whole verify over bare proof {:.2}", self.replay_per_batch, self.verify_over_bare);
    }
}

impl Flatness {
    pub(super) fn print(&self) {
        println!(
            "\nproof check of {} batches over {} batches, {}: {:.2}",
            count(self.most_batches as u64),
            count(self.fewest_batches as u64),
            self.circuit,
            self.ratio
        );
    }
}
