//! How much may a package ask of the program that reads it?

/// Bounds that hold before and while a package is read.
///
/// Chosen here, from what the largest honest packages need; whoever reads may choose others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file. 64 MiB: two statements of the largest size allowed, and their proofs.
    pub file_bytes: u64,
    /// Entries. 256: manifest, plan, and two for each proof, with room for later kinds.
    pub entries: usize,
    /// Bytes of one JSON entry. 32 MiB: 20 000 batches at 10 bins, 4 groups and 4 histograms of some hundred rows take about 26 MB.
    pub json_bytes: u64,
    /// Bytes of one proof. 64 KiB: compressed Nova proofs of every shape on the menu stay below 16 kB.
    pub proof_bytes: u64,
    /// Bytes of one signature envelope. 16 KiB: eight signatures around a statement with the longest name take 4 kB.
    pub envelope_bytes: u64,
    /// Bytes of one traceability specification. 64 KiB: ten candidates with a paragraph each take 20 kB.
    pub traceability_bytes: u64,
    /// Signature envelopes. 16: signers of one package, each of whom may sign alone.
    pub envelopes: usize,
    /// Proofs. 32: a change of model every week of half a year.
    pub proofs: usize,
    /// Batches of one statement. 20 000: twice what verification is measured with; daily batches of 50 years.
    pub batches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            entries: 256,
            json_bytes: 32 << 20,
            proof_bytes: 64 << 10,
            envelope_bytes: 16 << 10,
            traceability_bytes: 64 << 10,
            envelopes: 16,
            proofs: 32,
            batches: 20_000,
        }
    }
}
