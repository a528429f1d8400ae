//! What did the invented bank commit to week by week, before it left weeks out?
//!
//! The anchors of a sample are made when it is proven, for their salts go into the proof. Afterwards they are only
//! signed anew, which changes nothing as long as the keys are the same.

use anyhow::{Context as _, ensure};
use verifold_model::instant::Instant;
use verifold_package::{AnchoredBatch, Checkpoint, SecretKey};
use verifold_prove::{AnchorLog, monitoring::Prepared};

use super::{Places, read_text, stories::Story, write_if_changed};

/// Seconds from the end of a week to the bank's anchor, and to its receipt.
const MADE_AFTER: u64 = 6 * 3_600;
const RECEIVED_AFTER: u64 = 9 * 3_600;

/// Who signs, and who receives.
pub(super) struct Keys {
    /// The bank's.
    pub(super) bank: SecretKey,
    /// The auditor's.
    pub(super) auditor: SecretKey,
}

/// Anchors every week of the period, then takes the weeks at the positions `withheld` out of what is proven.
pub(super) fn anchor_and_withhold(
    places: &Places,
    story: &Story,
    prepared: &mut Prepared,
    withheld: &[usize],
    keys: &Keys,
) -> anyhow::Result<()> {
    let mut log = AnchorLog::new(prepared);
    let end = prepared.header.period.end;
    log.extend(prepared, end)?;
    write(places, story, &log.name, &log.anchored(), keys)?;
    for position in withheld.iter().rev() {
        // The reference stands in front of the period's batches.
        ensure!(position + 1 < prepared.batches.len(), "there is no batch {position} to withhold");
        prepared.batches.remove(position + 1);
    }
    Ok(())
}

/// Signs the anchors a sample has with the keys at hand.
pub(super) fn sign_again(places: &Places, story: &Story, keys: &Keys) -> anyhow::Result<()> {
    let mut batches = Vec::new();
    let mut name = None;
    while let Ok(text) = read_text(&path(places, story, batches.len() + 1)) {
        let checkpoint = Checkpoint::read(text.as_bytes())?;
        batches.extend(checkpoint.added);
        name = Some(checkpoint.origin);
    }
    write(places, story, &name.context("the sample has no anchors")?, &batches, keys)
}

fn path(places: &Places, story: &Story, size: usize) -> std::path::PathBuf {
    places.samples.join(story.name).join(format!("anchors/{size:06}.checkpoint"))
}

fn write(places: &Places, story: &Story, name: &str, batches: &[AnchoredBatch], keys: &Keys) -> anyhow::Result<()> {
    let receiver = keys.auditor.public_key().fingerprint().key_id();
    for (i, last) in batches.iter().enumerate() {
        let after = |secs| Instant::from_unix_secs(last.end.unix_secs() + secs).context("a time after the year 9999");
        let made = Checkpoint::sign(name, &batches[..=i], 1, after(MADE_AFTER)?, &keys.bank)?;
        let received = Checkpoint::cosigned(&made, &receiver[..16], after(RECEIVED_AFTER)?, &keys.auditor)?;
        write_if_changed(&path(places, story, i + 1), received.as_bytes())?;
    }
    Ok(())
}
