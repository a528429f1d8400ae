//! What was fixed before results were known?
//!
//! A deposit is a note of digests, cosigned with the time by an auditor or timestamper: "These were laid down at that
//! time." A policy or plan that was changed afterwards has another digest, and shows. The time is its receiver's word.
//! It does not establish that nothing else was deposited beside it.

use verifold_model::{deposited::Deposited, digest::Digest, instant::Instant, limits::Limit, signer::PublicKey};

use crate::{
    key::SecretKey,
    note::{self, Note},
};

/// Most bytes of a deposit.
const MAX_BYTES: u64 = Limit::DepositBytes.most();
/// First line of every deposit.
const FIRST_LINE: &str = "verifold/deposit/v1";
/// Most digests of a deposit.
const MAX_DIGESTS: usize = 64;

/// A deposit as received. Its cosignatures have not been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// What was laid down, in the order of the note.
    pub digests: Vec<(Deposited, Digest)>,
    /// SHA-256 of the text.
    pub digest: Digest,
    note: Note,
}

/// Why a text is not a deposit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a deposit: {problem}")]
pub struct DepositError {
    /// What is wrong, and where.
    pub problem: String,
}

impl Deposit {
    /// Reads a deposit.
    ///
    /// # Errors
    /// If it is not in the one form of a deposit, or exceeds a limit.
    pub fn read(text: &[u8]) -> Result<Self, DepositError> {
        let refuse = |problem: String| DepositError { problem };
        let note = Note::read(text, MAX_BYTES).map_err(refuse)?;
        let mut lines = note.body().lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(refuse(format!("line 1: expected {FIRST_LINE}")));
        }
        let digests: Vec<(Deposited, Digest)> = lines
            .enumerate()
            .map(|(i, line)| {
                parse(line).ok_or_else(|| refuse(format!("line {}: expected policy, overlay, plan or engagement, and a SHA-256", i + 2)))
            })
            .collect::<Result<_, _>>()?;
        if !(1..=MAX_DIGESTS).contains(&digests.len()) {
            return Err(refuse(format!("expected 1 to {MAX_DIGESTS} digests, found {}", digests.len())));
        }
        Ok(Self { digests, digest: Digest::of(text), note })
    }

    /// Makes a deposit, cosigned by its receiver.
    ///
    /// # Errors
    /// If what comes of it could not be read back.
    pub fn cosigned(digests: &[(Deposited, Digest)], name: &str, at: Instant, key: &SecretKey) -> Result<String, DepositError> {
        let mut body = format!("{FIRST_LINE}\n");
        for (what, digest) in digests {
            body.push_str(&format!("{} {digest}\n", what.word()));
        }
        let text = format!("{body}\n{}", note::cosignature(&body, name, at, key));
        Self::read(text.as_bytes()).map(|_| text)
    }

    /// Earliest time at which the holder of `key` cosigned it, if they did.
    pub fn cosigned_at(&self, key: PublicKey) -> Option<Instant> {
        self.note.cosigned_at(key)
    }
}

fn parse(line: &str) -> Option<(Deposited, Digest)> {
    let (word, digest) = line.split_once(' ')?;
    let what = Deposited::ALL.into_iter().find(|what| what.word() == word)?;
    Some((what, digest.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deposit_has_its_time_from_whoever_received_it() {
        let key = SecretKey::from_seed(&[1; 32].into());
        let at = "2026-05-29T10:00:00Z".parse().unwrap();
        let digests = [(Deposited::Policy, Digest::of(b"policy")), (Deposited::Plan, Digest::of(b"plan"))];
        let text = Deposit::cosigned(&digests, "halm-partner", at, &key).unwrap();
        let read = Deposit::read(text.as_bytes()).unwrap();
        assert_eq!((read.digests.as_slice(), read.cosigned_at(key.public_key())), (digests.as_slice(), Some(at)));
        for position in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[position] ^= 1;
            assert!(!Deposit::read(&altered).is_ok_and(|read| read.cosigned_at(key.public_key()).is_some()), "byte {position}");
        }
        assert!(Deposit::cosigned(&[], "n", at, &key).is_err());
    }
}
