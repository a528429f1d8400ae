//! How is an engagement written down? The TOML structure, and its reading.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use verifold_model::{
    calendar::{Slot, label, slots},
    digest::{Commitment, Digest},
    instant::Instant,
    plan::Calendar,
    statement::Period,
};

use crate::{
    anchoring::{AnchorsFile, DepositedFile, within_days},
    engagement::{ControlTotal, Engagement, ExpectedCalendar, PinnedKey, Stated, Status, SubjectPins},
    notice::{Lint, Notices},
    signers::{OriginFile, SignerFile, signers},
};

/// Version of the engagement format.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) enum EngagementSchema {
    /// First version.
    #[serde(rename = "engagement/v1")]
    V1,
}

/// What the auditor of one audit expects, written independently of the package.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "Engagement")]
#[serde(deny_unknown_fields)]
pub(crate) struct EngagementFile {
    /// Version of the format.
    #[serde(rename = "schema")]
    _schema: EngagementSchema,
    /// Identifier.
    id: String,
    /// Title.
    title: String,
    /// Who audits.
    #[serde(default)]
    auditor: String,
    /// Whose system.
    #[serde(default)]
    subject: SubjectFile,
    /// Period covered.
    #[schemars(with = "Option<PeriodFile>")]
    period: Option<Spanned<PeriodFile>>,
    /// Models that may have scored.
    #[serde(default)]
    #[schemars(with = "Vec<ModelFile>")]
    model: Vec<Spanned<ModelFile>>,
    /// Measurement plan.
    #[schemars(with = "Option<PlanPin>")]
    plan: Option<Spanned<PlanPin>>,
    /// Package before this one.
    #[schemars(with = "Option<PreviousFile>")]
    previous: Option<Spanned<PreviousFile>>,
    /// Batches expected.
    #[schemars(with = "Option<CalendarFile>")]
    calendar: Option<Spanned<CalendarFile>>,
    /// What is demanded of the origin of the package.
    origin: Option<OriginFile>,
    /// Signers trusted in this audit.
    #[serde(default)]
    #[schemars(with = "Vec<SignerFile>")]
    signer: Vec<Spanned<SignerFile>>,
    /// Time-stamp authorities whose tokens (RFC 3161) count as a time of receipt of anchors.
    #[serde(default)]
    #[schemars(with = "Vec<AuthorityFile>")]
    timestamp_authority: Vec<Spanned<AuthorityFile>>,
    /// Keys that sign model files (OpenSSF Model Signing), for `verifold model check`.
    #[serde(default)]
    #[schemars(with = "Vec<ModelSignerFile>")]
    model_signer: Vec<Spanned<ModelSignerFile>>,
    /// Demands that batches were anchored while they were made.
    anchors: Option<AnchorsFile>,
    /// Demands that documents were laid down before the period.
    deposited: Option<DepositedFile>,
    /// Periods that earlier packages of the same system covered: no batch may lie in one of them again.
    #[serde(default)]
    #[schemars(with = "Vec<PeriodFile>")]
    earlier: Vec<Spanned<PeriodFile>>,
    /// The word that no package of the same system came before this one; instead of `[[earlier]]`, since an empty list says nothing.
    #[schemars(with = "Option<FirstFile>")]
    first_package: Option<Spanned<FirstFile>>,
    /// Totals per batch from an independent source.
    #[schemars(with = "Option<ControlsFile>")]
    controls: Option<Spanned<ControlsFile>>,
}

/// Whose system; each part is pinned for itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SubjectFile {
    /// Legal name.
    #[schemars(with = "Option<TextFile>")]
    name: Option<Spanned<TextFile>>,
    /// Legal Entity Identifier.
    #[schemars(with = "Option<TextFile>")]
    lei: Option<Spanned<TextFile>>,
    /// System in the party's inventory.
    #[schemars(with = "Option<TextFile>")]
    system: Option<Spanned<TextFile>>,
    /// Model in the party's model inventory.
    #[schemars(with = "Option<TextFile>")]
    model: Option<Spanned<TextFile>>,
}

/// A text with its origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TextFile {
    /// The text.
    value: String,
    /// Where the auditor has it from.
    #[serde(default)]
    origin: String,
    /// Whether it pins.
    #[serde(default)]
    status: Status,
}

/// A span of time with its origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PeriodFile {
    /// First second inside.
    start: Instant,
    /// First second after.
    end: Instant,
    /// Where the auditor has it from.
    #[serde(default)]
    origin: String,
    /// Whether it pins.
    #[serde(default)]
    status: Status,
}

/// A model commitment with its origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    /// The commitment.
    commitment: Commitment,
    /// Where the auditor has it from.
    #[serde(default)]
    origin: String,
    /// Whether it pins.
    #[serde(default)]
    status: Status,
}

/// A plan digest with its origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlanPin {
    /// SHA-256 of the plan's canonical JSON.
    digest: Digest,
    /// Where the auditor has it from.
    #[serde(default)]
    origin: String,
    /// Whether it pins.
    #[serde(default)]
    status: Status,
}

/// The chain head of the package before, with its origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PreviousFile {
    /// The chain head.
    chain_head: Commitment,
    /// Where the auditor has it from.
    #[serde(default)]
    origin: String,
    /// Whether it pins.
    #[serde(default)]
    status: Status,
}

/// That there is no package before, with its origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FirstFile {
    /// Where the auditor has it from.
    #[serde(default)]
    origin: String,
    /// Whether it pins.
    #[serde(default)]
    status: Status,
}

/// Batches expected: cut by a calendar out of the period, or listed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    /// How batches are cut; `free` needs every slot listed.
    kind: Calendar,
    /// Slots, for a free calendar.
    #[serde(default)]
    slot: Vec<SlotFile>,
    /// Where the auditor has it from.
    #[serde(default)]
    origin: String,
    /// Whether it pins.
    #[serde(default)]
    status: Status,
}

/// One listed slot.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SlotFile {
    /// First second inside.
    start: Instant,
    /// First second after.
    end: Instant,
    /// As read on screen; its days if not given.
    label: Option<String>,
}

/// Totals per batch with their origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ControlsFile {
    /// Where the auditor has them from.
    #[serde(default)]
    origin: String,
    /// Whether they pin.
    #[serde(default)]
    status: Status,
    /// One per batch.
    #[serde(default)]
    #[schemars(with = "Vec<ControlFile>")]
    batch: Vec<Spanned<ControlFile>>,
}

/// Totals of one batch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ControlFile {
    /// Start of the batch.
    start: Instant,
    /// Rows committed.
    rows: Option<u64>,
    /// Rows scored.
    scored: Option<u64>,
    /// Rows logged as approved.
    approved: Option<u64>,
}

/// A time-stamp authority.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuthorityFile {
    /// Name.
    name: String,
    /// SHA-256 of the certificate in DER, 64 hexadecimal digits: `openssl x509 -in CERT.pem -outform DER | sha256sum`.
    certificate: Digest,
    /// Where the auditor has the certificate from.
    #[serde(default)]
    origin: String,
}

/// Who signs model files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelSignerFile {
    /// Name.
    name: String,
    /// SHA-256 of the public key in DER, 64 hexadecimal digits: `openssl pkey -pubin -in KEY.pub -outform DER | sha256sum`.
    key: Digest,
    /// Where the auditor has the key from.
    #[serde(default)]
    origin: String,
}

/// A value with its origin; one that pins without saying where it is from is remarked on.
fn stated<T>(notices: &mut Notices<'_>, at: Range<usize>, value: T, origin: String, status: Status) -> Stated<T> {
    if status == Status::Confirmed && origin.trim().is_empty() {
        notices.warning("no-origin", at, "a confirmed value says in `origin` where the auditor has it from");
    }
    Stated { value, origin, status }
}

fn text(notices: &mut Notices<'_>, file: Option<Spanned<TextFile>>) -> Option<Stated<String>> {
    let file = file?;
    let at = file.span();
    let TextFile { value, origin, status } = file.into_inner();
    Some(stated(notices, at, value, origin, status))
}

fn span(notices: &mut Notices<'_>, period: Spanned<PeriodFile>) -> Stated<Period> {
    let at = period.span();
    let PeriodFile { start, end, origin, status } = period.into_inner();
    if start >= end {
        notices.error("period", at.clone(), format!("the period ends at {end}, not after its start {start}"));
    }
    stated(notices, at, Period { start, end }, origin, status)
}

/// The slots of a calendar table, or a notice why there are none.
///
/// Weeks and months cut out of a period that nobody confirmed are as many as the package likes: nobody can confirm them.
fn expected(
    notices: &mut Notices<'_>,
    calendar: Spanned<CalendarFile>,
    period: Option<&Stated<Period>>,
) -> Option<Stated<ExpectedCalendar>> {
    let at = calendar.span();
    let CalendarFile { kind, slot, origin, status } = calendar.into_inner();
    let listed: Vec<Slot> = slot
        .into_iter()
        .map(|s| Slot { start: s.start, end: s.end, label: s.label.unwrap_or_else(|| label(kind, s.start, s.end)) })
        .collect();
    let slots = match (kind, period) {
        (Calendar::Free, _) if listed.is_empty() => {
            notices.error("calendar", at.clone(), "a free calendar needs [[calendar.slot]] tables with start and end");
            return None;
        }
        (Calendar::Free, _) => {
            if listed.iter().any(|slot| slot.start >= slot.end) || listed.windows(2).any(|pair| pair[1].start < pair[0].end) {
                notices.error("calendar", at.clone(), "slots must end after they start, stand in order and not overlap");
                return None;
            }
            listed
        }
        (_, _) if !listed.is_empty() => {
            notices.error("calendar", at.clone(), "only a free calendar lists slots; this one cuts them out of the period");
            return None;
        }
        (_, None) => {
            notices.error("calendar", at.clone(), "a calendar of weeks or months needs [period] to cut");
            return None;
        }
        (_, Some(period)) => match slots(kind, period.value) {
            Ok(slots) => slots,
            Err(problem) => {
                notices.error("calendar", at.clone(), problem);
                return None;
            }
        },
    };
    if status == Status::Confirmed && kind != Calendar::Free && period.is_some_and(|period| period.pinned().is_none()) {
        let text = "confirmed, but cut from a period that is taken from the package, which so chooses how many batches are expected; \
                    confirm [period] first";
        notices.error("unconfirmed-period", at.clone(), text);
    }
    Some(stated(notices, at, ExpectedCalendar { kind, slots }, origin, status))
}

/// Reads an engagement with all there is to say about it.
pub(crate) fn lint(source: &str) -> Lint<Engagement> {
    let mut notices = Notices::new(source);
    let Some(file) = notices.parse::<EngagementFile>() else { return notices.finish(None) };
    let period = file.period.map(|period| span(&mut notices, period));
    let first_package = file.first_package.map(|first| {
        let at = first.span();
        let before =
            [(!file.earlier.is_empty(), "[[earlier]] lists one"), (file.previous.is_some(), "[previous] names the chain head of one")];
        for (_, other) in before.into_iter().filter(|(contradicts, _)| *contradicts) {
            let text = format!("`first_package` says that no package came before, and {other}; delete one of the two");
            notices.error("first-package", at.clone(), text);
        }
        let FirstFile { origin, status } = first.into_inner();
        stated(&mut notices, at, (), origin, status)
    });
    let earlier: Vec<Stated<Period>> = file.earlier.into_iter().map(|period| span(&mut notices, period)).collect();
    let anchored_within_days = within_days(&mut notices, file.anchors.as_ref());
    let calendar = file.calendar.and_then(|calendar| expected(&mut notices, calendar, period.as_ref()));
    let controls = file.controls.map(|controls| {
        let at = controls.span();
        let ControlsFile { origin, status, batch } = controls.into_inner();
        let totals = control_totals(&mut notices, batch, calendar.as_ref());
        stated(&mut notices, at, totals, origin, status)
    });
    let authority = |file: Spanned<AuthorityFile>| {
        let (at, AuthorityFile { name, certificate, origin }) = (file.span(), file.into_inner());
        (at, PinnedKey { name, digest: certificate, origin })
    };
    let signer = |file: Spanned<ModelSignerFile>| {
        let (at, ModelSignerFile { name, key, origin }) = (file.span(), file.into_inner());
        (at, PinnedKey { name, digest: key, origin })
    };
    let timestamp_authorities = pinned(&mut notices, "certificate", file.timestamp_authority.into_iter().map(authority));
    let model_signers = pinned(&mut notices, "key", file.model_signer.into_iter().map(signer));
    let (origin_threshold, signers) = signers(&mut notices, file.origin.as_ref(), file.signer);
    let SubjectFile { name, lei, system, model } = file.subject;
    let engagement = Engagement {
        id: file.id,
        title: file.title,
        auditor: file.auditor,
        subject: SubjectPins {
            name: text(&mut notices, name),
            lei: text(&mut notices, lei),
            system: text(&mut notices, system),
            model: text(&mut notices, model),
        },
        period,
        models: file
            .model
            .into_iter()
            .map(|model| {
                let at = model.span();
                let ModelFile { commitment, origin, status } = model.into_inner();
                stated(&mut notices, at, commitment, origin, status)
            })
            .collect(),
        plan: file.plan.map(|plan| {
            let at = plan.span();
            let PlanPin { digest, origin, status } = plan.into_inner();
            stated(&mut notices, at, digest, origin, status)
        }),
        previous_chain_head: file.previous.map(|previous| {
            let at = previous.span();
            let PreviousFile { chain_head, origin, status } = previous.into_inner();
            stated(&mut notices, at, chain_head, origin, status)
        }),
        calendar,
        controls,
        origin_threshold,
        signers,
        timestamp_authorities,
        model_signers,
        anchored_within_days,
        deposited: file.deposited.map_or_else(Vec::new, |deposited| deposited.before_period),
        earlier,
        first_package,
        digest: Digest::of(source.as_bytes()),
    };
    notices.finish(Some(engagement))
}

/// Each with its own digest, which `what` names.
fn pinned(notices: &mut Notices<'_>, what: &str, keys: impl Iterator<Item = (Range<usize>, PinnedKey)>) -> Vec<PinnedKey> {
    let mut pinned: Vec<PinnedKey> = Vec::new();
    for (at, key) in keys {
        if key.name.trim().is_empty() {
            notices.error("empty", at.clone(), "`name` is empty, and nobody's word would be believed");
        }
        if pinned.iter().any(|other| other.digest == key.digest) {
            notices.error("duplicate-key", at.clone(), format!("this {what} is listed twice"));
        }
        if key.origin.trim().is_empty() {
            notices.warning("no-origin", at, format!("say in `origin` where this {what} is from"));
        }
        pinned.push(key);
    }
    pinned
}

/// The totals in file order; each of its own batch, and of an expected one.
fn control_totals(
    notices: &mut Notices<'_>,
    batches: Vec<Spanned<ControlFile>>,
    calendar: Option<&Stated<ExpectedCalendar>>,
) -> Vec<ControlTotal> {
    let mut totals: Vec<ControlTotal> = Vec::new();
    for batch in batches {
        let at = batch.span();
        let ControlFile { start, rows, scored, approved } = batch.into_inner();
        if totals.iter().any(|total| total.start == start) {
            notices.error("duplicate-control", at.clone(), format!("the batch starting {start} has two control totals"));
        }
        if let Some(calendar) = calendar
            && !calendar.value.slots.iter().any(|slot| slot.start == start)
        {
            notices.error("stray-control", at, format!("no expected batch starts at {start}"));
        }
        totals.push(ControlTotal { start, rows, scored, approved });
    }
    totals
}
