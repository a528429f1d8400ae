//! `verifold deposit`: policy, overlays, plan and engagement laid down before the period they are about.

use std::path::PathBuf;

use clap::Args;
use verifold_model::{deposited::Deposited, instant::Instant, state::Exit};
use verifold_package::Deposit;
use verifold_policy::{OriginDemand, Stated, TrustedSigner};

use crate::{
    anchor,
    failure::Failure,
    files::{self, Readers},
    key::{self, PassphraseSource},
    received::{self, DEPOSITS},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The policy that will be applied.
    #[arg(long, value_name = "P.toml")]
    policy: PathBuf,
    /// The engagement: it, and the plan it pins, are laid down as well; the deposit is filed beside it.
    #[arg(long, value_name = "E.toml")]
    engagement: PathBuf,
    /// An overlay that will change the policy; any number.
    #[arg(long, value_name = "O.toml")]
    overlay: Vec<PathBuf>,
    /// Cosign with this private key, which policy or engagement lists as an auditor's or timestamper's.
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// Time of the deposit, in place of now.
    #[arg(long, value_name = "RFC3339")]
    date: Option<Instant>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let at = anchor::time(arguments.date)?;
    let policy = files::policy(&arguments.policy)?;
    let engagement = files::engagement(&arguments.engagement)?;
    let secret = key::secret(&arguments.key, &arguments.passphrase)?;
    let public_key = secret.public_key();
    if !OriginDemand::of(&policy, Some(&engagement)).receives(public_key, at) {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "no auditor or timestamper with this key is listed at {at}, so its time would count for nothing; nothing was laid down"
            ),
            format!("list public_key = \"{public_key}\" as [[signer]] with role \"auditor\""),
        ));
    }
    let mut digests = vec![(Deposited::Policy, policy.digest)];
    digests.extend(engagement.plan.as_ref().and_then(Stated::pinned).map(|plan| (Deposited::Plan, *plan)));
    digests.push((Deposited::Engagement, engagement.digest));
    for path in &arguments.overlay {
        digests.push((Deposited::Overlay, files::overlay(path, Some(&policy))?.digest));
    }
    let text = Deposit::cosigned(&digests, &public_key.fingerprint().key_id()[..16], at, &secret)
        .map_err(|error| Failure::new(Exit::Usage, format!("nothing was laid down: {error}"), ""))?;
    let folder = received::beside(&arguments.engagement, DEPOSITS);
    let path = folder.join(format!("{}.deposit", at.to_string().replace(':', "")));
    if files::is_there(&path)? {
        let what = format!("a deposit of this time is there already and was left alone: {}", path.display());
        return Err(Failure::new(Exit::Usage, what, "wait a second"));
    }
    received::make(&folder)?;
    files::write_new(&path, text.as_bytes(), Readers::All)?;
    for (what, digest) in &digests {
        println!("{:<11} {digest}", what.word());
    }
    println!("Laid down  {at}, cosigned by {}", public_key.fingerprint());
    let alone = |signers: &[TrustedSigner]| signers.iter().any(|signer| signer.public_key == public_key);
    let own_word = match (alone(&policy.signers), alone(&engagement.signers)) {
        (true, false) => Some("the policy"),
        (false, true) => Some("the engagement"),
        _ => None,
    };
    if let Some(document) = own_word {
        println!(
            "Note       only {document} lists this key, and none vouches for itself: verify with --trust KEY.pub for {document} to count"
        );
    }
    println!("Filed      {}   a copy with somebody else makes the time worth more", path.display());
    Ok(Exit::Met)
}
