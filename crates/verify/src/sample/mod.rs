//! Do committed rows agree with their source documents? As many as are drawn are looked up by people; the rest is bounded.
//!
//! - [`draw`]: which rows, once the package is in the auditor's hands
//! - [`check_openings`]: are the rows handed over the ones drawn, and the ones proven?
//! - [`conclude`]: what the comparison with documents says of all rows, by [`at_most`]

mod bound;
mod check;
mod draw;

pub use bound::at_most;
pub use check::{SampleError, check_openings, conclude, drawable};
pub use draw::{DrawError, Drawable, MAX_DRAWN, MAX_NONCE_BYTES, MIN_NONCE_BYTES, Wanted, draw};
