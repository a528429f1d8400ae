//! What did the audited party commit to, batch by batch, before anyone asked?
//!
//! An anchor is a checkpoint of a log (C2SP `tlog-checkpoint`, a signed note): number of batches, root of the
//! Merkle tree (RFC 6962, § 2.1) over their row commitments, and the batches added since the last one. The provider
//! signs it when a batch closes. Whoever receives it cosigns it with the time (C2SP `tlog-cosignature`), and that
//! time is the receiver's word, not the provider's. Kept outside the package, anchors say what must be in it.
//!
//! A log belongs to one system and one period. [`Checkpoint::read`] accepts one spelling, within limits.
//! It does not establish that the batches anchored are all there were, or that their rows are true.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use verifold_model::{
    digest::{Commitment, Digest},
    instant::Instant,
    limits::Limit,
    signer::PublicKey,
    statement::{Period, Subject},
};

use crate::{
    key::SecretKey,
    note::{self, Note},
};

/// Most bytes of a checkpoint: a first one over a year of daily batches takes 50 kB.
const MAX_BYTES: u64 = Limit::AnchorBytes.most();
/// Most batches of a log, as of a package.
const MAX_BATCHES: u64 = Limit::Batches.most();

/// What the names of logs begin with.
const LOGS: &str = "verifold/";
/// Most bytes of a log's name: every byte of the longest LEI and system encoded.
const MAX_NAME_BYTES: usize = 1_250;

/// A batch as anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchoredBatch {
    /// First time, inclusive.
    pub start: Instant,
    /// First time after.
    pub end: Instant,
    /// Commitment to its row stream, as the statement of the package will have it.
    pub row_commitment: Commitment,
}

impl AnchoredBatch {
    fn line(&self) -> String {
        format!("batch {} {} {}", self.start, self.end, self.row_commitment)
    }

    fn parse(line: &str) -> Option<Self> {
        let parts: Vec<&str> = line.strip_prefix("batch ")?.split(' ').collect();
        let [start, end, commitment] = parts[..] else { return None };
        Some(Self { start: start.parse().ok()?, end: end.parse().ok()?, row_commitment: commitment.parse().ok()? })
    }
}

/// A Merkle tree (RFC 6962, § 2.1) that grows batch by batch; a leaf is the line that announces the batch.
///
/// It keeps the roots of the whole subtrees its leaves make up, largest first, so that the roots of a log as it grew cost
/// fewer than two hashes a batch, and one for each kept subtree whenever a root is asked for.
#[derive(Debug, Default)]
pub struct MerkleTree {
    /// Height and root of each.
    whole: Vec<(u32, Digest)>,
}

impl MerkleTree {
    /// Adds the next batch.
    pub fn push(&mut self, batch: &AnchoredBatch) {
        let mut last = (0, hash(&[&[0], batch.line().as_bytes()]));
        while let Some((height, left)) = self.whole.pop_if(|(height, _)| *height == last.0) {
            last = (height + 1, node(left, last.1));
        }
        self.whole.push(last);
    }

    /// The root over every batch added so far.
    pub fn root(&self) -> Digest {
        let roots = self.whole.iter().rev().map(|(_, root)| *root);
        roots.reduce(|right, left| node(left, right)).unwrap_or_else(|| hash(&[]))
    }
}

fn node(left: Digest, right: Digest) -> Digest {
    hash(&[&[1], left.as_bytes(), right.as_bytes()])
}

fn hash(parts: &[&[u8]]) -> Digest {
    #[cfg(test)]
    tests::HASHED.set(tests::HASHED.get() + 1);
    Digest::of(&parts.concat())
}

/// The root of the Merkle tree over `batches`.
pub fn root(batches: &[AnchoredBatch]) -> Digest {
    let mut tree = MerkleTree::default();
    batches.iter().for_each(|batch| tree.push(batch));
    tree.root()
}

/// The name of the log of a system and a period: LEI, system and the period's first day, percent-encoded where a name may not hold it.
pub fn log_name(subject: &Subject, period: Period) -> String {
    let day = &period.start.to_string()[..10];
    format!("{LOGS}{}/{}/{day}", encoded(&subject.lei), encoded(&subject.system))
}

/// Whether a log is one of this LEI and of this system, as far as they are given.
pub fn is_log_of(name: &str, lei: Option<&str>, system: Option<&str>) -> bool {
    let all = name.strip_prefix(LOGS).and_then(|rest| rest.rsplit_once('/')).map_or("", |(all, _)| all);
    lei.is_none_or(|lei| all.strip_prefix(&encoded(lei)).is_some_and(|rest| rest.starts_with('/')))
        && system.is_none_or(|system| all.strip_suffix(&encoded(system)).is_some_and(|rest| rest.ends_with('/')))
}

fn encoded(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        if is_plain(byte) {
            name.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/')
}

/// Whether a text could be what [`log_name`] gives.
fn is_log_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(|byte| is_plain(byte) || byte == b'%')
}

/// A checkpoint as received. Its signatures have not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Batches in the log.
    pub size: u64,
    /// Root over all of them.
    pub root: Digest,
    /// The last of them, added since the checkpoint before.
    pub added: Vec<AnchoredBatch>,
    /// When it was made, in the provider's word.
    pub stated_at: Instant,
    /// SHA-256 of the text.
    pub digest: Digest,
    /// SHA-256 of the text as its provider handed it over, up to its first signature line: what a time-stamp authority sees.
    pub as_signed: Digest,
    note: Note,
}

/// Why a text is not a checkpoint, or cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint of batches: {problem}")]
pub struct CheckpointError {
    /// What is wrong, and where.
    pub problem: String,
}

fn refuse<T>(problem: impl Into<String>) -> Result<T, CheckpointError> {
    Err(CheckpointError { problem: problem.into() })
}

impl Checkpoint {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// If it is not in the one form of an anchor, or exceeds a limit.
    pub fn read(text: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::read(text, MAX_BYTES).map_err(|problem| CheckpointError { problem })?;
        let lines: Vec<&str> = note.body().lines().collect();
        let [origin, size, root, stated, batches @ ..] = &lines[..] else {
            return refuse("expected the lines origin, size, root and time, then one for each batch added");
        };
        if !is_log_name(origin) {
            return refuse(format!("line 1: the name of a log has 1 to {MAX_NAME_BYTES} letters, digits and `-._/%`"));
        }
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == *size && (1..=MAX_BATCHES).contains(number));
        let Some(number) = number else { return refuse(format!("line 2: expected a number of batches from 1 to {MAX_BATCHES}")) };
        let hash = BASE64.decode(root).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let Some(hash) = hash else { return refuse("line 3: expected a root of 32 bytes in base64") };
        let Some(stated_at) = stated.strip_prefix("time ").and_then(|time| time.parse().ok()) else {
            return refuse("line 4: expected `time` and an RFC 3339 time in UTC");
        };
        let mut added: Vec<AnchoredBatch> = Vec::new();
        for (i, line) in batches.iter().enumerate() {
            let Some(batch) = AnchoredBatch::parse(line) else {
                return refuse(format!("line {}: expected `batch`, its start, its end and its row commitment", i + 5));
            };
            if batch.start >= batch.end || added.last().is_some_and(|before| before.end > batch.start) {
                return refuse(format!("line {}: batches end after they start, stand in order and do not overlap", i + 5));
            }
            added.push(batch);
        }
        if added.is_empty() || added.len() as u64 > number {
            return refuse(format!("{} added batches, of {number} in the log", added.len()));
        }
        let origin = (*origin).to_owned();
        let before = note.body().len() + 1;
        let signature = text[before..].split_inclusive(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
        let as_signed = Digest::of(&text[..before + signature]);
        Ok(Self { origin, size: number, root: Digest::from_bytes(hash), added, stated_at, digest: Digest::of(text), as_signed, note })
    }

    /// Makes and signs the checkpoint of a log: all its batches, of which the last `added` are new.
    ///
    /// # Errors
    /// If what comes of it could not be read back.
    pub fn sign(origin: &str, batches: &[AnchoredBatch], added: usize, at: Instant, key: &SecretKey) -> Result<String, CheckpointError> {
        let mut body = format!("{origin}\n{}\n{}\ntime {at}\n", batches.len(), BASE64.encode(root(batches).as_bytes()));
        for batch in &batches[batches.len().saturating_sub(added)..] {
            body.push_str(&format!("{}\n", batch.line()));
        }
        let text = note::signed(&body, origin, key);
        Self::read(text.as_bytes()).map(|_| text)
    }

    /// The text with a cosignature added: "I, `name`, had this at `at`."
    ///
    /// # Errors
    /// If the name has a space or plus, or there are too many signatures.
    pub fn cosigned(text: &str, name: &str, at: Instant, key: &SecretKey) -> Result<String, CheckpointError> {
        let checkpoint = Self::read(text.as_bytes())?;
        let text = format!("{text}{}", note::cosignature(checkpoint.note.body(), name, at, key));
        Self::read(text.as_bytes()).map(|_| text)
    }

    /// Whether the log's own key `key` signed it.
    pub fn is_signed_by(&self, key: PublicKey) -> bool {
        self.note.is_signed_by(&self.origin, key)
    }

    /// Earliest time at which the holder of `key` cosigned it, if they did.
    pub fn cosigned_at(&self, key: PublicKey) -> Option<Instant> {
        self.note.cosigned_at(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        /// Hashes computed by this thread.
        pub(super) static HASHED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }

    fn batches(n: u64) -> Vec<AnchoredBatch> {
        let at = |day: u64| Instant::from_unix_secs(day * 86_400).unwrap();
        (0..n)
            .map(|day| AnchoredBatch {
                start: at(day),
                end: at(day + 1),
                row_commitment: Commitment::from_bytes([day.to_le_bytes()[0]; 32]),
            })
            .collect()
    }

    fn key(n: u8) -> SecretKey {
        SecretKey::from_seed(&[n; 32].into())
    }

    fn at(time: &str) -> Instant {
        time.parse().unwrap()
    }

    /// RFC 6962, § 2.1, by its own recursion: the left half is the largest power of two smaller than the number.
    fn by_the_standard(batches: &[AnchoredBatch]) -> Digest {
        match batches {
            [] => Digest::of(b""),
            [one] => Digest::of(&[&[0], one.line().as_bytes()].concat()),
            many => {
                let (left, right) = many.split_at(1 << (many.len() - 1).ilog2());
                let (left, right) = (by_the_standard(left), by_the_standard(right));
                Digest::of(&[&[1], left.as_bytes().as_slice(), right.as_bytes()].concat())
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_standard() {
        let batches = batches(70);
        for n in 0..=batches.len() {
            assert_eq!(root(&batches[..n]), by_the_standard(&batches[..n]), "{n} batches");
        }
        assert_eq!(root(&[]).to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    /// A root after every batch, as of a log with an anchor a batch: not one tree after the other.
    #[test]
    fn roots_of_a_growing_log_cost_a_few_hashes_a_batch() {
        for n in [1_000, 4_000] {
            let batches = batches(n);
            let before = HASHED.get();
            let mut tree = MerkleTree::default();
            for batch in &batches {
                tree.push(batch);
                let _ = tree.root();
            }
            let a_batch = (HASHED.get() - before) as f64 / n as f64;
            // Two to add it, and at most one for each power of two in the number of batches.
            assert!(a_batch < 2.0 + f64::from(n.ilog2() + 1), "{a_batch} hashes a batch");
        }
    }

    #[test]
    fn a_checkpoint_is_signed_by_its_provider_and_timed_by_its_receiver() {
        let made = Checkpoint::sign("verifold/LEI/System/1970-01-01", &batches(3), 2, at("1970-01-04T06:00:00Z"), &key(1)).unwrap();
        let received = Checkpoint::cosigned(&made, "halm-partner", at("1970-01-04T07:00:00Z"), &key(2)).unwrap();
        let read = Checkpoint::read(received.as_bytes()).unwrap();
        assert_eq!((read.size, read.added.len()), (3, 2));
        assert!(read.is_signed_by(key(1).public_key()) && !read.is_signed_by(key(2).public_key()));
        assert_eq!(read.cosigned_at(key(2).public_key()), Some(at("1970-01-04T07:00:00Z")));
        assert_eq!(read.cosigned_at(key(1).public_key()), None);
        let before = Checkpoint::read(made.as_bytes()).unwrap();
        assert_eq!(before.cosigned_at(key(2).public_key()), None);
        // A cosignature changes the file, and not what its provider handed over.
        assert_eq!((before.as_signed, before.as_signed != read.digest), (before.digest, true));
        assert_eq!(read.as_signed, before.as_signed);
    }

    /// A log's name is printed, and says whose it is.
    #[test]
    fn the_name_of_a_log_is_plain_and_tells_its_system() {
        let read = |name: &str| {
            let made = Checkpoint::sign(name, &batches(1), 1, at("1970-01-04T06:00:00Z"), &key(1));
            made.and_then(|text| Checkpoint::read(text.as_bytes())).is_ok()
        };
        let long = |bytes: usize| "x".repeat(bytes);
        assert!(read("verifold/LEI/Retail%20scorecard/1970-01-01") && read(&long(MAX_NAME_BYTES)));
        for refused in ["", "verifold/LEI/Retail\u{202E}/1970-01-01", "verifold/LEI/R\u{e9}tail", "a b", "a+b", &long(MAX_NAME_BYTES + 1)] {
            assert!(!read(refused), "{refused:?}");
        }
        let name = "verifold/LEI/Retail%20scorecard/1970-01-01";
        for (lei, system, expected) in [
            (Some("LEI"), Some("Retail scorecard"), true),
            (None, Some("Retail scorecard"), true),
            (Some("LEI"), None, true),
            (Some("lei"), None, false),
            (Some("LE"), None, false),
            (None, Some("scorecard"), false),
            (Some("LEI"), Some("Retail"), false),
        ] {
            assert_eq!(is_log_of(name, lei, system), expected, "{lei:?} {system:?}");
        }
        let other = "other/LEI/Retail%20scorecard/1970-01-01";
        assert!(!is_log_of(other, Some("LEI"), None) && !is_log_of(other, None, Some("Retail scorecard")) && is_log_of(other, None, None));
    }

    /// Every byte of a signed checkpoint matters: altered it cannot be read, or a signature fails.
    #[test]
    fn an_altered_checkpoint_is_not_believed() {
        let made = Checkpoint::sign("verifold/LEI/System/1970-01-01", &batches(3), 2, at("1970-01-04T06:00:00Z"), &key(1)).unwrap();
        let received = Checkpoint::cosigned(&made, "halm-partner", at("1970-01-04T07:00:00Z"), &key(2)).unwrap();
        for position in 0..received.len() {
            let mut altered = received.clone().into_bytes();
            altered[position] ^= 1;
            if let Ok(read) = Checkpoint::read(&altered) {
                let both = read.is_signed_by(key(1).public_key()) && read.cosigned_at(key(2).public_key()).is_some();
                assert!(!both, "byte {position}");
            }
        }
    }
}
