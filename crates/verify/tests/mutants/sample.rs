//! What is mutated: a sample audit, taken apart so that any part can be changed and the rest computed anew over it.

use std::{fs, path::Path, time::Duration};

use verifold_circuits::{
    CircuitFacts,
    native::{self, Replay},
};
use verifold_model::{
    digest::{Commitment, Digest, canonical_json},
    plan::Plan,
    protocol::WorkPhase,
    record::AuditRecord,
    signer::SignerRole,
    state::Exit,
    statement::MonitoringStatement,
};
use verifold_package::{Checkpoint, Limits, Manifest, SecretKey, container, signing};
use verifold_policy::{Engagement, Policy};
use verifold_verify::{Inputs, KeyStore, Progress, Received, verify};

/// A path and its bytes.
pub(crate) type Entry = (String, Vec<u8>);

/// A sample audit with its package in parts.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) policy: Policy,
    pub(crate) engagement: Engagement,
    pub(crate) received: Received,
    /// What a verification of it ends with.
    pub(crate) exit: Exit,
    pub(crate) package: Vec<u8>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) parts: Parts,
    /// What the proof in the package is a proof of, as far as another sample's statement tells.
    pub(crate) proven: Option<Replay>,
    /// Rows a step takes.
    pub(crate) rows_per_step: usize,
    /// Where the proof has length prefixes, and what they say.
    pub(crate) prefixes: Vec<(usize, u64)>,
    /// Where the proof has 32-byte points and elements.
    pub(crate) elements: Vec<usize>,
}

/// The contents of a package: its first monitoring proof as types, all others as they stand.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) manifest: Manifest,
    pub(crate) plan: Plan,
    pub(crate) statement: MonitoringStatement,
    pub(crate) proof: Vec<u8>,
    /// Of other proofs and of further segments, and what is said of changes.
    pub(crate) others: Vec<Entry>,
}

struct NoClock;

impl Progress for NoClock {
    fn phase(&mut self, _: WorkPhase, _: &str, _: u32, _: u32) {}

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// Verifies a package as an auditor with this policy, engagement and evidence would.
pub(crate) fn verified(
    policy: &Policy,
    engagement: Option<&Engagement>,
    received: &Received,
    package: &[u8],
    keys: &KeyStore,
) -> AuditRecord {
    let inputs = Inputs { policy, engagement, received, package, file_name: "package.zkaudit", against: None };
    verify(&inputs, keys, &mut NoClock)
}

impl Sample {
    /// Reads a folder of `sample-audits`. Derives the key of its circuit, if that has not been done.
    ///
    /// # Panics
    /// If the folder does not hold a sample.
    pub(crate) fn read(folder: &Path, name: &'static str, keys: &KeyStore) -> Self {
        let folder = folder.join(name);
        let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let package = fs::read(folder.join("package.zkaudit")).unwrap();
        let entries = entries_of(&package);
        let content = |path: &str| entries.iter().find(|(entry, _)| entry == path).unwrap().1.clone();
        let parts = Parts {
            manifest: serde_json::from_slice(&content(MANIFEST)).unwrap(),
            plan: serde_json::from_slice(&content(PLAN)).unwrap(),
            statement: serde_json::from_slice(&content(STATEMENT)).unwrap(),
            proof: content(PROOF),
            others: entries.iter().filter(|(path, _)| is_other(path)).cloned().collect(),
        };
        // As packed and signed by the bank whose key is at hand here.
        let package = {
            let unsigned = signing::unsigned(&package).unwrap();
            let again = parts.sealed();
            assert_eq!(signing::unsigned(&again).unwrap(), unsigned, "{name}: taken apart and put together again is the same");
            again
        };
        let entries = entries_of(&package);
        let replay = native::replay(&parts.statement, &parts.plan).unwrap();
        let circuit = parts.statement.header.circuit;
        let key = keys.key(circuit).unwrap();
        let check = |bytes: &[u8]| verifold_circuits::verify_proof(&key, replay.z0, replay.steps, bytes);
        let proven = check(&parts.proof).is_ok().then(|| replay.clone());
        let (prefixes, elements) =
            layout(&parts.proof, &|bytes| matches!(check(bytes), Err(verifold_circuits::ProofError::Structure { .. })));
        Self {
            name,
            policy: Policy::read(&text("policy.toml")).unwrap(),
            engagement: trusting_the_bank(&text("engagement.toml")),
            received: Received { anchors: anchors(&folder.join("anchors")), ..Received::default() },
            exit: text("expected.exit").trim().parse().ok().and_then(Exit::of_code).unwrap(),
            package,
            entries,
            rows_per_step: CircuitFacts::of(circuit).unwrap().rows_per_step,
            parts,
            proven,
            prefixes,
            elements,
        }
    }

    /// Verifies `package` as this sample's auditor would.
    pub(crate) fn verify(&self, package: &[u8], keys: &KeyStore) -> AuditRecord {
        verified(&self.policy, Some(&self.engagement), &self.received, package, keys)
    }

    /// Position of an entry in the package.
    pub(crate) fn at(&self, path: &str) -> usize {
        self.entries.iter().position(|(entry, _)| entry == path).unwrap()
    }

    /// Position of the bank's envelope.
    pub(crate) fn signature(&self) -> usize {
        self.at(&signing::envelope_path(bank().public_key()))
    }

    /// Positions of the entries that the manifest lists.
    pub(crate) fn listed(&self) -> Vec<usize> {
        (1..self.entries.len()).filter(|at| *at != self.signature()).collect()
    }

    /// Whether the first monitoring proof is one of several segments.
    pub(crate) fn is_segmented(&self) -> bool {
        self.parts.others.iter().any(|(path, _)| path.starts_with("proofs/monitoring."))
    }

    /// Makes every value that can be computed without proving fit the edited parts: commitment to the plan, steps and chain.
    ///
    /// Returns what the verifier must find wrong with the proof then, or nothing if the parts contradict each other still.
    pub(crate) fn forge(&self, parts: &mut Parts) -> Option<&'static str> {
        self.forge_with(parts, self.rows_per_step)
    }

    /// As [`Sample::forge`], in a circuit that takes other rows a step.
    pub(crate) fn forge_with(&self, parts: &mut Parts, rows_per_step: usize) -> Option<&'static str> {
        parts.plan.check().ok()?;
        let statement = &mut parts.statement;
        statement.plan_commitment = native::plan_commitment(&parts.plan);
        statement.steps = statement.batches.iter().map(|batch| native::steps_of(batch.rows, rows_per_step)).sum();
        statement.chain_head = chain_head(statement)?;
        let replay = native::replay(statement, &parts.plan).ok()?;
        let Some(proven) = &self.proven else { return Some("proof-rejected") };
        if replay == *proven {
            return None;
        }
        // A proof that is one of the first state and the steps leads somewhere; the verifier sees that it is elsewhere.
        let same_start = replay.z0 == proven.z0 && replay.steps == proven.steps;
        Some(if same_start { "final-state-differs" } else { "proof-rejected" })
    }
}

/// Where the batches of a statement chain to, if its tables can be packed.
fn chain_head(statement: &MonitoringStatement) -> Option<Commitment> {
    let mut chain = native::header_element(&statement.header);
    for batch in &statement.batches {
        if batch.table.counts.iter().flatten().flatten().chain(batch.table.void.iter().flatten()).any(|n| *n >= 1 << 24) {
            return None;
        }
        let table = native::table_commitment(&batch.table, batch.table_salt).ok()?;
        chain = native::chain_link(chain, batch, table).ok()?;
    }
    Some(chain)
}

impl Parts {
    /// The package of these parts, sizes and digests listed anew.
    pub(crate) fn sealed(&self) -> Vec<u8> {
        sealed(&self.manifest, self.contents(), &bank())
    }

    /// The same, signed by somebody else.
    pub(crate) fn sealed_by(&self, key: &SecretKey) -> Vec<u8> {
        sealed(&self.manifest, self.contents(), key)
    }

    /// The package of these parts with the manifest as it stands.
    pub(crate) fn packed(&self) -> Vec<u8> {
        signed(canonical_json(&self.manifest), self.contents(), &bank())
    }

    fn contents(&self) -> Vec<Entry> {
        let mut contents = self.others.clone();
        contents.push((PLAN.to_owned(), canonical_json(&self.plan)));
        contents.push((PROOF.to_owned(), self.proof.clone()));
        contents.push((STATEMENT.to_owned(), canonical_json(&self.statement)));
        contents.sort_unstable();
        contents
    }

    /// Whether the package holds one proof, in one piece.
    pub(crate) fn is_alone(&self) -> bool {
        self.others.is_empty()
    }
}

/// A container of `manifest` and `contents`, with the sizes and digests of those that it lists.
pub(crate) fn sealed(manifest: &Manifest, contents: Vec<Entry>, key: &SecretKey) -> Vec<u8> {
    let mut manifest = manifest.clone();
    for listed in &mut manifest.entries {
        if let Some((_, bytes)) = contents.iter().find(|(path, _)| *path == listed.path) {
            listed.size = bytes.len() as u64;
            listed.sha256 = Digest::of(bytes);
        }
    }
    signed(canonical_json(&manifest), contents, key)
}

/// A container of `manifest` and `contents`, signed by the bank, as one that cheats signs what it hands over, or in its name.
pub(crate) fn signed(manifest: Vec<u8>, mut contents: Vec<Entry>, key: &SecretKey) -> Vec<u8> {
    let envelope = signing::envelope(Digest::of(&manifest), key, "Merian Bank AG", SIGNED_AT.parse().unwrap()).unwrap();
    let path = signing::envelope_path(key.public_key());
    let at = contents.iter().take_while(|(other, _)| *other < path).count();
    contents.insert(at, (path, envelope));
    contents.insert(0, ("manifest.json".to_owned(), manifest));
    container::encode(&contents)
}

/// The key of the bank in these trials.
pub(crate) fn bank() -> SecretKey {
    SecretKey::from_seed(&[7; 32].into())
}

/// Inside the window in which the samples trust their bank's key.
pub(crate) const SIGNED_AT: &str = "2026-11-17T08:30:00Z";

/// An engagement whose auditor trusts this bank's key as the sample's bank's own, which signed the anchors.
pub(crate) fn trusting_the_bank(text: &str) -> Engagement {
    let mut engagement = Engagement::read(text).unwrap();
    let mut signer = engagement.signers.iter().find(|signer| signer.role == SignerRole::Provider).unwrap().clone();
    signer.public_key = bank().public_key();
    engagement.signers.push(signer);
    engagement
}

/// The anchors a sample's auditor received.
pub(crate) fn anchors(folder: &Path) -> Vec<Checkpoint> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    files.map(|file| Checkpoint::read(&fs::read(file.unwrap().path()).unwrap()).unwrap()).collect()
}

/// The entries of a sample that its manifest lists.
pub(crate) fn listed(sample: &Sample) -> Vec<Entry> {
    sample.listed().into_iter().map(|at| sample.entries[at].clone()).collect()
}

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const PLAN: &str = "plan.json";
/// Of the first monitoring proof.
pub(crate) const PROOF: &str = "proofs/monitoring.bin";
/// Of the first monitoring proof.
pub(crate) const STATEMENT: &str = "statements/monitoring.json";

fn is_other(path: &str) -> bool {
    ![MANIFEST, PLAN, PROOF, STATEMENT].contains(&path) && !path.starts_with("signatures/")
}

/// The entries of a well-formed container.
pub(crate) fn entries_of(package: &[u8]) -> Vec<Entry> {
    let entries = container::decode(package, &Limits::default()).unwrap();
    entries.iter().map(|entry| (entry.path.to_owned(), entry.bytes.to_vec())).collect()
}

/// Length prefixes of a proof, as positions and values, and the positions of everything between them.
fn layout(proof: &[u8], is_structure: &dyn Fn(&[u8]) -> bool) -> (Vec<(usize, u64)>, Vec<usize>) {
    let word = |at: usize| u64::from_le_bytes(proof[at..at + 8].try_into().unwrap());
    let small = (0..proof.len() - 8).filter(|at| (1..=20).contains(&word(*at)));
    let held = small.filter(|at| {
        let mut other = proof.to_vec();
        other[*at] += 1;
        is_structure(&other)
    });
    let prefixes: Vec<(usize, u64)> = held.map(|at| (at, word(at))).collect();
    let mut elements = Vec::new();
    let mut at = 0;
    for next in prefixes.iter().map(|(next, _)| *next).chain([proof.len()]) {
        assert_eq!((next - at) % 32, 0, "prefixes stand between whole elements");
        elements.extend((at..next).step_by(32));
        at = next + 8;
    }
    (prefixes, elements)
}
