//! Which hash is which: one domain separator per use of Poseidon.
//!
//! A tag enters the sponge's capacity together with the number of absorbed elements, so hashes under
//! different tags, arities or lengths never meet. Values are part of the formats named in the docs of
//! each item: changing one makes a new version.

/// Plan commitment: document digest, schema digest, mask of used features, score edges, histogram edges.
pub const PLAN: u32 = 0x5646_0001;

/// Model commitment: weights in feature order, bias, salt.
pub const MODEL: u32 = 0x5646_0002;

/// Model commitment of a network (`neural-cohort/v1`): architecture, packed weights, packed biases, salt.
pub const NETWORK: u32 = 0x5646_0003;

/// Start of a row stream (`row-stream/v1`): schema digest, salt.
pub const ROWS: u32 = 0x5646_0011;

/// One block of a row stream: accumulator, row elements, zeros behind the last row.
pub const ROW_BLOCK: u32 = 0x5646_0012;

/// End of a row stream: accumulator, number of rows.
pub const ROWS_END: u32 = 0x5646_0013;

/// Start of an outcome stream (`outcome-stream/v1`): schema digest, salt.
pub const OUTCOMES: u32 = 0x5646_0021;

/// One block of an outcome stream: accumulator, seven elements of three rows each.
pub const OUTCOME_BLOCK: u32 = 0x5646_0022;

/// End of an outcome stream: accumulator, number of rows.
pub const OUTCOMES_END: u32 = 0x5646_0023;

/// Count table: salt (zero while a batch is open), count words, histogram words.
pub const TABLE: u32 = 0x5646_0031;

/// State of an open batch: table, role, start, end, row accumulator, outcome accumulator, rows, next key.
pub const STATE: u32 = 0x5646_0032;

/// Link of the batch chain: previous link, index, role, start, end, row commitment, outcome commitment, table commitment.
pub const CHAIN: u32 = 0x5646_0033;

/// Leaf of a receipt (`receipts/v1`): salt, row elements, score.
pub const RECEIPT_LEAF: u32 = 0x5646_0061;

/// Node over the leaves of one chunk of rows, zeros behind the last.
pub const RECEIPT_NODE: u32 = 0x5646_0062;

/// Root of one step: its nodes.
pub const RECEIPT_STEP: u32 = 0x5646_0063;

/// Level above the step roots: eight of the level below, zeros behind the last.
pub const RECEIPT_TOP: u32 = 0x5646_0064;

/// Link of the receipts chain: previous link, step root, then row commitment and rows of the batch the step closes, or zeros.
pub const RECEIPT_LINK: u32 = 0x5646_0065;

/// Salt of a leaf from the prover's seed: SHA-256 of this text, seed, batch index, position.
pub const RECEIPT_SALT: &str = "verifold receipt salt v1";
/// The salts of a run, from its seed: the prover's own affair.
pub const DERIVED_SALT: &str = "verifold derived salt v1";

/// Rule of a training (`training/v1`): document digest, schema digest, target, scale, learning rate, decay, centres, initial weights, rates.
pub const TRAINING_SPEC: u32 = 0x5646_0071;

/// Rows and outcomes a model is trained on: row commitment, outcome commitment.
pub const TRAINING_DATA: u32 = 0x5646_0072;

/// State of a training: weights, bias, row accumulator, outcome accumulator, rows of the epoch, next key.
pub const TRAINING_STATE: u32 = 0x5646_0073;

/// Rule of a network's training (`neural-training/v2`): document digest, schema digest, target, scale, learning rate, centres, rates.
pub const NEURAL_TRAINING_SPEC: u32 = 0x5646_0074;

/// State of a network's training: packed weights, packed biases, row accumulator, outcome accumulator, rows of the epoch, next key.
pub const NEURAL_TRAINING_STATE: u32 = 0x5646_0075;

/// Preparation rules: document digest, raw schema digest, prepared schema digest, five elements a column.
pub const RULES: u32 = 0x5646_0041;

/// Profile of a part: salt (zero while the part is open), words.
pub const PROFILE: u32 = 0x5646_0042;

/// State of a preparation: profile, raw row and outcome accumulators, prepared row and outcome accumulators, rows of the part, next key.
pub const PREPARING: u32 = 0x5646_0043;

/// Link of the chain of parts: previous link, index, rows, prepared row and outcome commitments, profile commitment, raw row and outcome commitments.
pub const PART: u32 = 0x5646_0044;

/// Link of the revisions chain (`outcome-revision/v1`): previous link, earlier and later outcome commitment, counts.
pub const REVISION_LINK: u32 = 0x5646_0081;
