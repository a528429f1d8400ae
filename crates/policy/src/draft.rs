//! What does an engagement begin with? A draft in which every value is marked as taken from the
//! package, so that nothing counts until the auditor has confirmed it from another source.

use std::fmt::{self, Write as _};

use verifold_model::{
    digest::{Commitment, Digest},
    format::printable,
    instant::Instant,
    plan::Calendar,
    signer::PublicKey,
    statement::{Period, Subject},
};

use crate::engagement::Engagement;

/// What a package claims about the matters an engagement pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// File name of the package, without folders.
    pub package_file: String,
    /// SHA-256 of the package.
    pub package_digest: Digest,
    /// Whose system.
    pub subject: Subject,
    /// Period covered.
    pub period: Period,
    /// Model commitments in the order of the proofs.
    pub models: Vec<Commitment>,
    /// Digest of the measurement plan.
    pub plan_digest: Digest,
    /// Chain head of the package before, if one is named.
    pub previous_chain_head: Option<Commitment>,
    /// How batches are cut.
    pub calendar: Calendar,
    /// Monitoring batches.
    pub batches: Vec<DraftBatch>,
    /// Whoever the package's signatures say signed it, each key once.
    pub signers: Vec<DraftSigner>,
}

/// A signer as a package claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftSigner {
    /// Name.
    pub name: String,
    /// Key.
    pub public_key: PublicKey,
}

/// A monitoring batch as a package claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftBatch {
    /// First time, inclusive.
    pub start: Instant,
    /// First time after.
    pub end: Instant,
    /// Rows committed.
    pub rows: u64,
    /// Rows scored.
    pub scored: u64,
    /// Rows logged as approved.
    pub approved: u64,
}

const UNCONFIRMED: &str = "origin = \"\"\nstatus = \"taken from the package\"\n";

impl Engagement {
    /// The TOML text of an engagement drafted from a package. It reads without error and pins nothing.
    pub fn draft(draft: &Draft) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = draft.write_to(&mut text);
        text
    }
}

impl Draft {
    fn write_to(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "# Drafted from {}", printable(&self.package_file))?;
        writeln!(out, "# SHA-256 {}", self.package_digest)?;
        writeln!(out, "#")?;
        writeln!(out, "# Every value below is what the package says of itself, and pins nothing. For each: compare it with a source the")?;
        writeln!(out, "# audited party did not write for this package, correct it, name the source in `origin`, and set `status` to")?;
        writeln!(out, "# \"confirmed\". Delete what you cannot confirm.")?;
        writeln!(out)?;
        writeln!(out, "schema = \"engagement/v1\"")?;
        writeln!(out, "id = \"draft\"")?;
        writeln!(out, "title = {}", quoted(&format!("{}, {}, {}", self.subject.name, self.subject.system, self.period.text())))?;
        writeln!(out, "auditor = \"\"")?;

        writeln!(out, "\n# Engagement letter, GLEIF record, the party's system and model inventories.")?;
        writeln!(out, "[subject]")?;
        for (key, value) in
            [("name", &self.subject.name), ("lei", &self.subject.lei), ("system", &self.subject.system), ("model", &self.subject.model)]
        {
            writeln!(out, "{key} = {{ value = {}, origin = \"\", status = \"taken from the package\" }}", quoted(value))?;
        }

        writeln!(out, "\n# Engagement letter. The end is exclusive.")?;
        write!(out, "[period]\nstart = \"{}\"\nend = \"{}\"\n{UNCONFIRMED}", self.period.start, self.period.end)?;

        writeln!(out, "\n# Model inventory: the commitment filed when the model was approved.")?;
        for model in &self.models {
            write!(out, "[[model]]\ncommitment = \"{model}\"\n{UNCONFIRMED}")?;
        }

        writeln!(out, "\n# Measurement plan filed before the period began.")?;
        write!(out, "[plan]\ndigest = \"{}\"\n{UNCONFIRMED}", self.plan_digest)?;

        if let Some(head) = &self.previous_chain_head {
            writeln!(out, "\n# Record of the audit before this one.")?;
            write!(out, "[previous]\nchain_head = \"{head}\"\n{UNCONFIRMED}")?;
        }

        writeln!(
            out,
            "\n# Earlier packages of this system, from the records of their audits: for each an [[earlier]] with start, end and origin."
        )?;
        writeln!(out, "# If there was none: [first_package] with an origin. A package cannot vouch for either.")?;

        writeln!(out, "\n# The batches to expect. With \"iso-week\" or \"month\" they follow from the period.")?;
        writeln!(out, "[calendar]")?;
        match self.calendar {
            Calendar::IsoWeek => write!(out, "kind = \"iso-week\"\n{UNCONFIRMED}")?,
            Calendar::Month => write!(out, "kind = \"month\"\n{UNCONFIRMED}")?,
            Calendar::Free => {
                write!(out, "kind = \"free\"\n{UNCONFIRMED}")?;
                for batch in &self.batches {
                    write!(out, "[[calendar.slot]]\nstart = \"{}\"\nend = \"{}\"\n", batch.start, batch.end)?;
                }
            }
        }

        if !self.signers.is_empty() {
            writeln!(out, "\n# Who may hand the package over. Compare fingerprints with the audited party over another channel.")?;
            for DraftSigner { name, public_key } in &self.signers {
                write!(out, "[[signer]]\n# fingerprint {}\nname = {}\nrole = \"provider\"\n", public_key.fingerprint(), quoted(name))?;
                write!(out, "public_key = \"{public_key}\"\n{UNCONFIRMED}")?;
            }
        }

        writeln!(
            out,
            "\n# Totals from a system that does not feed the package, such as the loan ledger. From the package they control nothing."
        )?;
        write!(out, "[controls]\n{UNCONFIRMED}")?;
        for batch in &self.batches {
            let DraftBatch { start, rows, scored, approved, .. } = batch;
            write!(out, "[[controls.batch]]\nstart = \"{start}\"\nrows = {rows}\nscored = {scored}\napproved = {approved}\n")?;
        }
        Ok(())
    }
}

/// A TOML string, quoted and escaped by the TOML writer itself.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
