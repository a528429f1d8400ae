//! Verifier keys of this run: derived from circuit code, kept in memory, never read from anywhere.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use verifold_circuits::{KeyError, VerifierKey};
use verifold_model::shape::CircuitId;

/// Keys by circuit, each derived once and shared.
#[derive(Default)]
pub struct KeyStore {
    keys: Mutex<BTreeMap<CircuitId, Arc<VerifierKey>>>,
}

impl KeyStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key of a circuit, derived now if it has not been.
    ///
    /// Nothing is locked while a key is derived: derivation runs on the thread pool, whose idle threads may come here
    /// again. Two threads that ask at once may both derive; they get equal keys.
    ///
    /// # Errors
    /// [`KeyError`] if the shape has no room for rows, or the derived key is not the pinned one.
    pub fn key(&self, circuit: CircuitId) -> Result<Arc<VerifierKey>, KeyError> {
        // A panic while holding the lock leaves the map as it was: keys are inserted whole.
        let keys = || self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys().get(&circuit) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(VerifierKey::derive(circuit)?);
        Ok(Arc::clone(keys().entry(circuit).or_insert(key)))
    }
}
