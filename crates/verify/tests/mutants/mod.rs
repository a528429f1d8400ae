//! Is every altered package refused, for the reason it should be?
//!
//! A mutant is a sample's package with one change. What a forger can compute is computed anew over it: checksums,
//! sizes, digests, the signature of a bank that cheats, and in the forged classes the commitment to the plan, the number of steps and the chain. So each
//! class meets the layer it is about.
//!
//! - [`container`]: every byte in turn, and records of the zip
//! - [`origin`]: signatures, and changes by somebody who has not the bank's key; a third of the sealed and forged ones below are signed
//!   by a stranger as well
//! - [`manifest`], [`json`]: what is listed, and how JSON is spelled
//! - [`statement`], [`tables`], [`batches`], [`plan`], [`structure`]: values and vectors, as they stand and forged
//! - [`proof`]: points, elements and lengths of the proof
//! - [`stages`]: any value of any proof, over packages with several
//! - [`cheats`]: what a cheating bank would do, each with its one cause
//! - [`development`], [`later`], [`period`]: the same of other stages, of outcomes that became known later, and of the proofs and
//!   segments of a period, [`told`] one by one
//! - [`scope`]: a package that holds, against what the auditor expects, was sent before, or demands
//! - [`judge`], [`causes`]: rung, cause, exit code and record of a mutant that was refused; every cause there is occurs
//!
//! The same seed gives the same mutants. Tests run a sample of each class, `cargo xtask mutants --full` all of them.
//! What no proof binds, but a signature alone (who wrote a package, when, under which titles), is changed by the bank
//! too, and must change no verdict. None of this shows that a proof cannot be forged by means other than these.

mod batches;
mod causes;
mod cheats;
mod container;
pub(crate) mod development;
mod draw;
mod json;
mod judge;
mod later;
mod manifest;
mod origin;
mod period;
mod plan;
mod proof;
pub(crate) mod sample;
mod scope;
mod stages;
mod statement;
mod structure;
mod tables;
mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use verifold_circuits::Transition;
use verifold_model::state::RungName;
use verifold_verify::KeyStore;

use cheats::Samples;
use draw::Draw;
use judge::{Ending, judge, judge_of_stranger};
use sample::{Parts, Sample};
use told::{Audit, Told};

/// Causes a mutant may be refused for.
type Causes = &'static [&'static str];

/// Changes parts of a package, and says what that must be refused for; nothing if what was drawn does not apply.
type Edit = fn(&Sample, &mut Draw, &mut Parts) -> Option<Causes>;

/// Makes the bytes of a package, as [`Edit`].
type Make = fn(&Sample, &mut Draw) -> Option<(Vec<u8>, Causes)>;

/// Causes that go away when everything is computed anew that can be without proving.
const FORGEABLE: Causes = &["plan-commitment-differs", "step-count-differs", "chain-differs", "proof-rejected"];

/// What becomes of a proof in segments: whatever it says of itself names the cause.
const SEGMENTED: Causes = &[
    "proof-undecodable",
    "proof-not-canonical",
    "proof-rejected",
    "final-state-differs",
    "segment-of-another-period",
    "segment-of-another-plan",
    "segment-under-another-model",
    "segment-misplaced",
    "segment-missing",
];

/// Every folder of `sample-audits`. Every class is about the first, which is honest; the others take part with fewer mutants.
const SAMPLES: [&str; 13] = [
    "credit-scoring-q1",
    "credit-scoring-drift",
    "cheat-altered-count",
    "cheat-batch-removed",
    "cheat-batch-withheld",
    "cheat-other-model-unedited",
    "cheat-other-model-consistent",
    "cheat-anchored-batches-withheld",
    "proof-system-too-weak",
    "credit-scoring-mlp",
    "credit-scoring-lifecycle",
    "broken-chain",
    "changed-model",
];

/// How the mutants of a class are made.
#[derive(Clone, Copy)]
enum Kind {
    /// Every byte, with nothing computed anew.
    Bytes,
    /// Whole files.
    Files(&'static [(&'static str, Make)]),
    /// Parts, with the manifest as edited.
    Manifest(&'static [(&'static str, Edit)]),
    /// Parts, with sizes, digests and checksums computed anew.
    Sealed(&'static [(&'static str, Edit)]),
    /// As sealed, with everything computed anew that can be without proving.
    Forged(&'static [(&'static str, Edit)]),
    /// Told one by one.
    Cheats,
    /// Anything of the packages with several proofs, with everything computed anew but proofs.
    Stages,
    /// Told one by one, over a sample of their own.
    Told(&'static Told),
    /// A proof that holds, of a weaker circuit.
    Lying,
    /// Values that a signature alone binds, changed by the one who signs.
    Unbound,
}

/// A class with the numbers of mutants of a full run and of a sampled one: of the honest sample, of each other one with one proof, of
/// each with several, which take several times as long.
struct Class {
    name: &'static str,
    kind: Kind,
    full: [usize; 3],
    sampled: [usize; 3],
}

const CLASSES: [Class; 22] = [
    Class { name: "bytes", kind: Kind::Bytes, full: [usize::MAX, 5_000, 5_000], sampled: [700, 20, 60] },
    Class { name: "container", kind: Kind::Files(container::MAKES), full: [1500, 200, 200], sampled: [81, 9, 9] },
    Class { name: "manifest", kind: Kind::Manifest(manifest::EDITS), full: [1000, 150, 150], sampled: [66, 8, 8] },
    Class { name: "origin", kind: Kind::Files(origin::MAKES), full: [600, 45, 30], sampled: [45, 0, 0] },
    Class { name: "json", kind: Kind::Files(json::MAKES), full: [2000, 250, 250], sampled: [102, 9, 9] },
    Class { name: "statement", kind: Kind::Sealed(statement::EDITS), full: [800, 100, 40], sampled: [42, 21, 1] },
    Class { name: "tables", kind: Kind::Sealed(tables::EDITS), full: [800, 100, 40], sampled: [40, 1, 0] },
    Class { name: "batches", kind: Kind::Sealed(batches::EDITS), full: [800, 100, 40], sampled: [48, 1, 0] },
    Class { name: "plan", kind: Kind::Sealed(plan::EDITS), full: [900, 100, 40], sampled: [90, 1, 1] },
    Class { name: "structure", kind: Kind::Sealed(structure::EDITS), full: [800, 100, 40], sampled: [60, 1, 1] },
    Class { name: "proof", kind: Kind::Sealed(proof::EDITS), full: [1000, 50, 30], sampled: [17, 0, 0] },
    Class { name: "statement-forged", kind: Kind::Forged(statement::EDITS), full: [100, 14, 6], sampled: [14, 0, 0] },
    Class { name: "tables-forged", kind: Kind::Forged(tables::EDITS), full: [200, 20, 8], sampled: [5, 0, 0] },
    Class { name: "batches-forged", kind: Kind::Forged(batches::EDITS), full: [200, 24, 8], sampled: [5, 0, 0] },
    Class { name: "plan-forged", kind: Kind::Forged(plan::EDITS), full: [200, 30, 8], sampled: [8, 0, 0] },
    Class { name: "stages", kind: Kind::Stages, full: [0, 0, 200], sampled: [0, 0, 3] },
    Class { name: "development", kind: Kind::Told(&development::TOLD), full: [0; 3], sampled: [0; 3] },
    Class { name: "later-outcomes", kind: Kind::Told(&later::TOLD), full: [0; 3], sampled: [0; 3] },
    Class { name: "period", kind: Kind::Told(&period::TOLD), full: [0; 3], sampled: [0; 3] },
    Class { name: "scope", kind: Kind::Told(&scope::TOLD), full: [0; 3], sampled: [0; 3] },
    Class { name: "lying-prover", kind: Kind::Lying, full: [0; 3], sampled: [0; 3] },
    Class { name: "cheats", kind: Kind::Cheats, full: [0; 3], sampled: [0; 3] },
];

/// Proves that a transition holds, in a circuit of its own.
pub(crate) type Liar = fn(&Transition) -> Vec<u8>;

/// What is to be run.
pub(crate) struct Options {
    /// What the mutants are drawn from.
    pub(crate) seed: u64,
    /// One class alone.
    pub(crate) class: Option<String>,
    /// One sample alone, in the classes that are about several.
    pub(crate) sample: Option<String>,
    /// All mutants, and not a sample of them.
    pub(crate) full: bool,
    /// Mutants verified at a time.
    pub(crate) threads: usize,
    /// Folder in which every mutant is kept, as SAMPLE--CLASS-NUMBER.zkaudit.
    pub(crate) keep: Option<PathBuf>,
    /// Proves any transition in a circuit that constrains nothing.
    pub(crate) liar: Option<Liar>,
}

impl Options {
    fn keep(&self, sample: &str, class: &Class, number: usize, package: &[u8]) {
        if let Some(folder) = &self.keep {
            fs::write(folder.join(format!("{sample}--{}-{number:05}.zkaudit", class.name)), package).unwrap();
        }
    }
}

/// One mutant to be made and judged.
struct Mutant {
    name: String,
    package: Vec<u8>,
    causes: Causes,
    /// Signed in the bank's name by somebody who has not its key.
    of_stranger: bool,
}

/// What became of a class.
#[derive(Default)]
struct Tally {
    mutants: usize,
    accepted: usize,
    crashed: usize,
    unexpected: usize,
    causes: BTreeMap<String, usize>,
    seen: BTreeSet<(RungName, String)>,
    faults: Vec<String>,
    slowest: Duration,
}

/// Runs the classes asked for over the samples in `folder`, and prints a table. Returns what is wrong, one line each.
///
/// # Panics
/// If a sample cannot be read, or no class has the name asked for.
pub(crate) fn run(folder: &Path, keys: &KeyStore, options: &Options, clock: &(dyn Fn() -> Duration + Sync)) -> Vec<String> {
    let mut samples: Vec<Sample> = SAMPLES.iter().map(|name| Sample::read(folder, name, keys)).collect();
    for at in 0..samples.len() {
        let same = samples.iter().find(|other| other.proven.is_some() && other.parts.proof == samples[at].parts.proof);
        samples[at].proven = same.and_then(|other| other.proven.clone());
    }
    let mut faults = unlisted(folder);
    let honest = &samples[0];
    let untouched = honest.verify(&honest.package, keys);
    assert!(untouched.headline.rung.is_none(), "the untouched sample passes, so that refusals are not true for the wrong reason");
    for sample in samples.iter().filter(|_| options.full && options.class.is_none()) {
        let record = sample.verify(&sample.package, keys);
        assert_eq!(record.exit, sample.exit, "{} ends as it says: {}", sample.name, record.headline.title);
    }
    println!("seed {}, {} threads", options.seed, options.threads);
    println!("{:<17} {:>7} {:>8} {:>7} {:>10} {:>9} {:>8}", "class", "mutants", "accepted", "crashed", "unexpected", "seconds", "slowest");
    let mut seen = BTreeSet::new();
    let mut ran = 0;
    let unbound = Class { name: "unbound", kind: Kind::Unbound, full: [0; 3], sampled: [0; 3] };
    let wanted = |class: &&Class| {
        let named = options.class.as_deref().is_none_or(|name| name == class.name);
        let own = if let Kind::Told(told) = class.kind { told.sample } else { SAMPLES[0] };
        let several = !matches!(class.kind, Kind::Told(_) | Kind::Cheats | Kind::Lying | Kind::Unbound);
        let can = options.liar.is_some() || !matches!(class.kind, Kind::Lying);
        named && can && (several || options.sample.as_deref().is_none_or(|name| name == own))
    };
    for class in CLASSES.iter().chain([&unbound]).filter(wanted) {
        ran += 1;
        let begun = clock();
        let tally = match class.kind {
            Kind::Unbound => unbound_values(honest, keys),
            Kind::Told(told) => tell(folder, class, told, keys, options, clock),
            _ => tally(&samples, class, keys, options, clock),
        };
        println!(
            "{:<17} {:>7} {:>8} {:>7} {:>10} {:>9.1} {:>6} ms",
            class.name,
            tally.mutants,
            tally.accepted,
            tally.crashed,
            tally.unexpected,
            (clock() - begun).as_secs_f64(),
            tally.slowest.as_millis()
        );
        for (cause, count) in &tally.causes {
            println!("    {cause} {count}");
        }
        seen.extend(tally.seen);
        if tally.mutants == 0 && options.sample.is_none() {
            faults.push(format!("{}: no mutants were made", class.name));
        }
        faults.extend(tally.faults.into_iter().map(|fault| format!("{}: {fault}", class.name)));
    }
    assert!(ran > 0, "no class has that name; the classes are {}", CLASSES.map(|class| class.name).join(", "));
    if options.class.is_none() && options.sample.is_none() {
        faults.extend(causes::unseen(&seen));
    }
    faults.extend(causes::against_sources(&folder.join("..")));
    faults
}

/// Samples that take no part.
fn unlisted(folder: &Path) -> Vec<String> {
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let names = folders.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    names.filter(|name| !SAMPLES.contains(&name.as_str())).map(|name| format!("the sample {name} takes no part")).collect()
}

/// Makes and judges all mutants of a class.
fn tally(samples: &[Sample], class: &Class, keys: &KeyStore, options: &Options, clock: &(dyn Fn() -> Duration + Sync)) -> Tally {
    let cheats = match (class.kind, options.liar) {
        (Kind::Cheats, _) => cheats::packages(&Samples(samples), options.full),
        (Kind::Lying, Some(liar)) => cheats::lied(&Samples(samples), liar),
        _ => Vec::new(),
    };
    let [of_honest, of_single, of_several] = if options.full { class.full } else { class.sampled };
    let jobs: Vec<(usize, usize)> = if matches!(class.kind, Kind::Cheats | Kind::Lying) {
        (0..cheats.len()).map(|number| (0, number)).collect()
    } else {
        let wanted = |at: usize| {
            let wanted = match samples[at].parts.is_alone() {
                _ if options.sample.as_deref().is_some_and(|name| name != samples[at].name) => 0,
                _ if at == 0 => of_honest,
                true => of_single,
                false => of_several,
            };
            if matches!(class.kind, Kind::Bytes) { wanted.min(samples[at].package.len()) } else { wanted }
        };
        (0..samples.len()).flat_map(|at| (0..wanted(at)).map(move |number| (at, number))).collect()
    };
    let records: Vec<container::Records> = samples.iter().map(|sample| container::Records::of(&sample.entries)).collect();
    let counts: Vec<usize> = (0..samples.len()).map(|at| jobs.iter().filter(|(sample, _)| *sample == at).count()).collect();
    let tally = Mutex::new(Tally::default());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((at, number)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
            let sample = &samples[at];
            let draw = &mut Draw::new(options.seed, class.name, number * samples.len() + at);
            if matches!(class.kind, Kind::Stages) {
                let Some(altered) = (0..200).find_map(|_| stages::altered(sample, number, draw)) else { continue };
                options.keep(sample.name, class, number, &altered.package);
                let begun = clock();
                let record = caught(|| sample.verify(&altered.package, keys));
                let ending = record.map_or_else(Ending::Crashed, |record| stages::judge(&record, &altered));
                let took = clock() - begun;
                tally.lock().unwrap().note(ending, took, &format!("{}, {}, number {number}", sample.name, altered.name));
                continue;
            }
            let made = match class.kind {
                Kind::Bytes => Some(flipped(sample, &records[at], number * sample.package.len() / counts[at], draw)),
                Kind::Cheats | Kind::Lying => cheats.get(number).map(|(name, package, cause)| Mutant {
                    name: (*name).to_owned(),
                    package: package.clone(),
                    causes: std::slice::from_ref(cause).to_vec().leak(),
                    of_stranger: false,
                }),
                // So that few of each sample are not the same few.
                _ => {
                    let stranger = Draw::new(options.seed, "stranger", number).below(3) == 0;
                    drawn(sample, class, number + 5 * at, draw, stranger)
                }
            };
            let Some(mutant) = made else { continue };
            options.keep(sample.name, class, number, &mutant.package);
            let begun = clock();
            let judge = if mutant.of_stranger { judge_of_stranger } else { judge };
            let ending = caught(|| sample.verify(&mutant.package, keys))
                .map_or_else(Ending::Crashed, |record| judge(&record, mutant.causes, sample.exit));
            let took = clock() - begun;
            tally.lock().unwrap().note(ending, took, &format!("{}, {}, number {number}", sample.name, mutant.name));
        }
    };
    on_threads(options.threads, work);
    tally.into_inner().unwrap()
}

/// Makes and judges the lies about a sample.
fn tell(folder: &Path, class: &Class, told: &Told, keys: &KeyStore, options: &Options, clock: &(dyn Fn() -> Duration + Sync)) -> Tally {
    let honest = Audit::read(folder, told.sample);
    if options.full {
        honest.assert_met(keys);
    }
    let (tally, next) = (Mutex::new(Tally::default()), AtomicUsize::new(0));
    let wanted = told.len(options.full);
    let work = || {
        while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < wanted) {
            let (name, must, audit) = told.told(&honest, number);
            let package = audit.package();
            options.keep(told.sample, class, number, &package);
            let begun = clock();
            let ending = caught(|| audit.verify(&package, keys)).map_or_else(Ending::Crashed, |record| told::judge(&record, must));
            let took = clock() - begun;
            tally.lock().unwrap().note(ending, took, &format!("{}, {name}", told.sample));
        }
    };
    on_threads(options.threads, work);
    tally.into_inner().unwrap()
}

/// A verification, or that a panic came out of it.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| "a panic came out of the library".to_owned())
}

fn on_threads(threads: usize, work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(&work);
        }
    });
}

impl Tally {
    /// Notes how a mutant ended.
    fn note(&mut self, ending: Ending, took: Duration, what: &str) {
        self.mutants += 1;
        self.slowest = self.slowest.max(took);
        let fault = match ending {
            Ending::Refused(causes) => {
                let words: Vec<&str> = causes.iter().map(|(_, cause)| cause.as_str()).collect();
                *self.causes.entry(words.join(", ")).or_default() += 1;
                self.seen.extend(causes);
                return;
            }
            Ending::Accepted(said) => {
                self.accepted += 1;
                format!("ACCEPTED {said}")
            }
            Ending::Crashed(said) => {
                self.crashed += 1;
                format!("CRASHED {said}")
            }
            Ending::Unexpected(said) => {
                self.unexpected += 1;
                said
            }
        };
        self.faults.push(format!("{what}: {fault}"));
    }
}

/// The package with the byte at `at` changed and nothing computed anew.
fn flipped(sample: &Sample, records: &container::Records, at: usize, draw: &mut Draw) -> Mutant {
    let mut package = sample.package.clone();
    package[at] ^= u8::try_from(draw.up_to(255)).unwrap();
    Mutant { name: format!("byte {at}"), package, causes: container::causes_at(&sample.entries, records, at), of_stranger: false }
}

/// A mutant of the kind that `number` selects; nothing if it cannot be made of this sample.
///
/// Where everything is computed anew that can be, a stranger may be asked to do it, who stands between bank and auditor.
fn drawn(sample: &Sample, class: &Class, number: usize, draw: &mut Draw, stranger: bool) -> Option<Mutant> {
    let stranger = (stranger && matches!(class.kind, Kind::Sealed(_) | Kind::Forged(_))).then(|| origin::stranger(draw));
    let sealed = |parts: &Parts| stranger.as_ref().map_or_else(|| parts.sealed(), |key| parts.sealed_by(key));
    let untouched = if stranger.is_some() { sealed(&sample.parts) } else { sample.package.clone() };
    // A draw may not apply, or change nothing; most do.
    for _ in 0..200 {
        let (name, made) = match class.kind {
            Kind::Files(makes) => {
                let (name, make) = makes[number % makes.len()];
                (name, make(sample, draw))
            }
            Kind::Manifest(edits) | Kind::Sealed(edits) | Kind::Forged(edits) => {
                // Not every edit leaves parts that can be forged, so each draw chooses anew there.
                let at = if matches!(class.kind, Kind::Forged(_)) { draw.below(edits.len()) } else { number % edits.len() };
                let (name, edit) = edits[at];
                let mut parts = sample.parts.clone();
                let causes = edit(sample, draw, &mut parts);
                let made = match (class.kind, causes) {
                    (_, None) => None,
                    (Kind::Manifest(_), Some(causes)) => Some((parts.packed(), causes)),
                    (Kind::Forged(_), Some(causes)) if causes.iter().any(|cause| !FORGEABLE.contains(cause)) => None,
                    (Kind::Forged(_), Some(_)) => match sample.forge(&mut parts) {
                        Some("final-state-differs") => Some((sealed(&parts), &["final-state-differs"] as Causes)),
                        Some(_) => Some((sealed(&parts), &["proof-rejected"] as Causes)),
                        None => None,
                    },
                    (_, Some(causes)) => Some((sealed(&parts), causes)),
                };
                (name, made)
            }
            Kind::Bytes | Kind::Cheats | Kind::Lying | Kind::Stages | Kind::Told(_) | Kind::Unbound => return None,
        };
        if let Some((package, causes)) = made
            && package != untouched
        {
            let of_proof = causes.contains(&"proof-rejected") || causes.contains(&"final-state-differs");
            let causes = if of_proof && sample.is_segmented() { SEGMENTED } else { causes };
            return Some(Mutant { name: name.to_owned(), package, causes, of_stranger: stranger.is_some() });
        }
    }
    None
}

/// Changes what a signature alone binds, as the bank, and requires the verdict to stay what it was.
fn unbound_values(honest: &Sample, keys: &KeyStore) -> Tally {
    type Change = fn(&mut Parts);
    let edits: [(&str, Change); 3] = [
        ("who wrote it", |parts| parts.manifest.written_by = "another program".to_owned()),
        ("when", |parts| parts.manifest.created = parts.manifest.period.end),
        ("a title", |parts| parts.manifest.proofs[0].title = "Online monitoring, all good".to_owned()),
    ];
    let before = honest.verify(&honest.package, keys);
    let mut tally = Tally::default();
    for (name, edit) in edits {
        let mut parts = honest.parts.clone();
        edit(&mut parts);
        let after = honest.verify(&parts.sealed(), keys);
        tally.mutants += 1;
        let same = after.exit == before.exit
            && after.headline == before.headline
            && after.requirements == before.requirements
            && after.batches == before.batches
            && after.ladder == before.ladder;
        if same {
            *tally.causes.entry("(same verdict)".to_owned()).or_default() += 1;
        } else {
            tally.unexpected += 1;
            tally.faults.push(format!("{name}: the verdict is another one"));
        }
    }
    tally
}
