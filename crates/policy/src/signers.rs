//! Whose signatures count, for what, and how many of them are needed?
//!
//! A policy lists signers that hold for every audit under it, an engagement those of one audit. Both
//! lists count together; a key in both must be inside the window of each. What is demanded is the
//! larger of the two thresholds, and at least one where a provider is listed at all: a demand can be
//! raised by the other file, never lowered.

use std::ops::Range;

use ed25519_dalek::VerifyingKey;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use verifold_model::{
    instant::Instant,
    signer::{PublicKey, SignerRole},
};

use crate::{
    engagement::{Engagement, Status},
    notice::Notices,
    policy::Policy,
};

/// A signer that is trusted for one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedSigner {
    /// Name; signers of one name are one signer, however many keys they have.
    pub name: String,
    /// What they are trusted to say.
    pub role: SignerRole,
    /// Their key, a point of the curve that is not of small order.
    pub public_key: PublicKey,
    /// First time at which a signature counts; none means any time before the end.
    pub valid_from: Option<Instant>,
    /// First time at which it counts no more; none means any time after the beginning.
    pub valid_until: Option<Instant>,
    /// Where the key is from; may be empty.
    pub origin: String,
}

impl TrustedSigner {
    /// Whether `at` lies in the window.
    pub fn is_valid_at(&self, at: Instant) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_until.is_none_or(|until| at < until)
    }

    /// Name and key in words, as a name alone could be anybody's.
    pub fn text(&self) -> String {
        format!("{}, key {}", self.name, self.public_key.fingerprint())
    }

    /// As [`Self::text`], with the role in which it is listed.
    pub fn text_with_role(&self) -> String {
        format!("{}, listed as {}", self.text(), self.role.word())
    }

    /// The window in words.
    pub fn window_text(&self) -> String {
        match (self.valid_from, self.valid_until) {
            (Some(from), Some(until)) => format!("from {from} until {until}"),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(until)) => format!("until {until}"),
            (None, None) => "at any time".to_owned(),
        }
    }
}

/// What is demanded of the origin of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginDemand<'a> {
    /// Distinct providers that must have signed; 0 demands nothing.
    pub threshold: u32,
    /// Everyone trusted, for whatever role: policy first, then engagement.
    pub signers: Vec<&'a TrustedSigner>,
}

impl<'a> OriginDemand<'a> {
    /// What policy and engagement demand together.
    pub fn of(policy: &'a Policy, engagement: Option<&'a Engagement>) -> Self {
        let of_engagement = engagement.map_or(&[][..], |engagement| &engagement.signers);
        let signers: Vec<&TrustedSigner> = policy.signers.iter().chain(of_engagement).collect();
        let listed = u32::from(signers.iter().any(|signer| signer.role == SignerRole::Provider));
        let stated = policy.origin_threshold.max(engagement.map_or(0, |engagement| engagement.origin_threshold));
        Self { threshold: stated.max(listed), signers }
    }

    /// Names of the trusted providers, each once.
    pub fn providers(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for signer in self.signers.iter().filter(|signer| signer.role == SignerRole::Provider) {
            if !names.contains(&signer.name.as_str()) {
                names.push(&signer.name);
            }
        }
        names
    }

    /// Every listing of `key`.
    pub fn listings(&self, key: PublicKey) -> impl Iterator<Item = &'a TrustedSigner> + '_ {
        self.signers.iter().copied().filter(move |signer| signer.public_key == key)
    }

    /// Whether `key` speaks for a provider at `at`: listed as one, and inside the window of each listing.
    pub fn provides(&self, key: PublicKey, at: Instant) -> bool {
        self.listings(key).any(|signer| signer.role == SignerRole::Provider) && self.listings(key).all(|signer| signer.is_valid_at(at))
    }

    /// Whether the word of `key` counts for the time `at`: an auditor's or timestamper's, nowhere listed as a provider, whose
    /// evidence it would be about, and inside the window of each listing.
    pub fn receives(&self, key: PublicKey, at: Instant) -> bool {
        let mut listings = self.listings(key).peekable();
        listings.peek().is_some() && listings.all(|signer| signer.role != SignerRole::Provider && signer.is_valid_at(at))
    }

    /// The listing of `key` that `at` lies outside of, in words: whose, which key, and when it counts.
    pub fn outside_window(&self, key: PublicKey, at: Instant) -> Option<String> {
        let listing = self.listings(key).find(|signer| !signer.is_valid_at(at))?;
        Some(format!("{}, on {at}, outside its window: it counts {}", listing.text(), listing.window_text()))
    }

    /// Keys, as often as they are listed.
    pub fn keys(&self) -> impl Iterator<Item = PublicKey> + '_ {
        self.signers.iter().map(|signer| signer.public_key)
    }
}

/// What is demanded of the origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OriginFile {
    /// Distinct trusted providers that must have signed the package, at least 1.
    #[schemars(with = "u32", range(min = 1))]
    threshold: Spanned<u32>,
}

/// A trusted signer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignerFile {
    /// Name.
    #[schemars(with = "String")]
    name: Spanned<String>,
    /// What the signer is trusted to say.
    role: SignerRole,
    /// `ed25519:` and 64 hexadecimal digits, as `verifold key show` prints it.
    #[schemars(with = "PublicKey")]
    public_key: Spanned<PublicKey>,
    /// First time at which a signature counts.
    valid_from: Option<Instant>,
    /// First time at which it counts no more.
    #[schemars(with = "Option<Instant>")]
    valid_until: Option<Spanned<Instant>>,
    /// Where the key is from.
    #[serde(default)]
    origin: String,
    /// Whether it is trusted; one taken from the package is not.
    #[serde(default)]
    status: Status,
}

/// The trusted signers of a file and its threshold, with what there is to say about them.
pub(crate) fn signers(
    notices: &mut Notices<'_>,
    origin: Option<&OriginFile>,
    files: Vec<Spanned<SignerFile>>,
) -> (u32, Vec<TrustedSigner>) {
    let mut trusted: Vec<TrustedSigner> = Vec::new();
    for file in files {
        let at = file.span();
        let SignerFile { name, role, public_key, valid_from, valid_until, origin, status } = file.into_inner();
        if name.get_ref().trim().is_empty() {
            notices.error("empty", name.span(), "`name` is empty, and a signature would be established by nobody");
        }
        check_key(notices, *public_key.get_ref(), public_key.span());
        if let (Some(from), Some(until)) = (valid_from, &valid_until)
            && from >= *until.get_ref()
        {
            notices.error("signer-window", until.span(), format!("the window ends at {}, not after its beginning {from}", until.get_ref()));
        }
        if status == Status::TakenFromPackage {
            continue;
        }
        if trusted.iter().any(|other| other.public_key == *public_key.get_ref()) {
            notices.error(
                "duplicate-key",
                public_key.span(),
                "two signers have this key, so it would not be clear whose signature it makes",
            );
        }
        if origin.trim().is_empty() {
            notices.warning("no-origin", at.clone(), "a trusted signer says in `origin` where the key is from");
        }
        if valid_from.is_none() && valid_until.is_none() {
            notices.warning("no-window", at, "without `valid_from` or `valid_until` a signature of this key counts at any time");
        }
        trusted.push(TrustedSigner {
            name: name.into_inner(),
            role,
            public_key: public_key.into_inner(),
            valid_from,
            valid_until: valid_until.map(Spanned::into_inner),
            origin,
        });
    }
    let threshold = origin.map_or(0, |origin| {
        let threshold = *origin.threshold.get_ref();
        let demand = OriginDemand { threshold, signers: trusted.iter().collect() };
        let providers = demand.providers().len() as u64;
        if threshold == 0 {
            notices.error("threshold", origin.threshold.span(), "a threshold of 0 demands nothing: leave [origin] out");
        } else if providers > 0 && u64::from(threshold) > providers {
            let text = format!("{threshold} signatures are demanded, and this file lists {providers} with the role provider");
            // The other file may list the rest.
            notices.warning("threshold", origin.threshold.span(), text);
        }
        threshold
    });
    (threshold, trusted)
}

fn check_key(notices: &mut Notices<'_>, key: PublicKey, at: Range<usize>) {
    match VerifyingKey::from_bytes(key.as_bytes()) {
        Err(_) => notices.error("weak-key", at, "these bytes are no Ed25519 public key, so no signature could ever be of it"),
        Ok(key) if key.is_weak() => {
            notices.error("weak-key", at, "this key is of small order: signatures of it can be made by anyone");
        }
        Ok(_) => {}
    }
}
