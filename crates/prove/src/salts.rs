//! Where do salts come from? One seed for each run, so that a run taken up again commits to the same rows the same way.

use verifold_circuits::Salt;

use crate::error::ProveError;

/// The salts of a run. Holds the secret they all come from.
#[derive(Debug, Clone)]
pub struct Salts(Salt);

impl Salts {
    /// Salts that nobody has drawn before.
    ///
    /// # Errors
    /// [`ProveError::Proof`] if the operating system gives no randomness.
    pub fn fresh() -> Result<Self, ProveError> {
        let seed = Salt::random().map_err(|error| ProveError::Proof { step: "drawing a seed", problem: error.to_string() })?;
        Ok(Self(seed))
    }

    /// The salts of an earlier run.
    pub const fn of_seed(seed: Salt) -> Self {
        Self(seed)
    }

    /// The seed, to keep.
    pub const fn seed(&self) -> &Salt {
        &self.0
    }

    /// The salt of one thing; another name gives another salt.
    pub(crate) fn of(&self, what: &str) -> Salt {
        self.0.derive(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_each_thing_its_own_salt_again_and_again() {
        let salts = Salts::fresh().unwrap();
        let again = Salts::of_seed(Salt::from_bytes(*salts.seed().as_bytes()).unwrap());
        let bytes = |salts: &Salts, what: &str| *salts.of(what).as_bytes();
        assert_eq!(bytes(&salts, "rows of batch 1"), bytes(&again, "rows of batch 1"));
        assert_ne!(bytes(&salts, "rows of batch 1"), bytes(&salts, "rows of batch 2"));
        assert_ne!(bytes(&salts, "rows of batch 1"), bytes(&Salts::fresh().unwrap(), "rows of batch 1"));
    }
}
