//! How does a signer keep a key?
//!
//! A [`SecretKey`] leaves this module only encrypted: PKCS#8 with PBES2, scrypt and AES-256-CBC
//! (RFC 5958, RFC 8018, RFC 7914) in PEM, which OpenSSL reads too. The cost of scrypt is the largest that
//! stays within the 32 MiB OpenSSL allows it: a guess takes 16 MiB and about half a second; the passphrase does the rest.

use ed25519_dalek::{Signer as _, SigningKey, pkcs8::KeypairBytes};
use pkcs8::{EncryptedPrivateKeyInfo, LineEnding, PrivateKeyInfo, der::Decode as _, der::pem::PemLabel as _, pkcs5::pbes2};
use verifold_model::signer::PublicKey;
use zeroize::Zeroizing;

/// Fewest characters of a passphrase: a key file may be guessed at for years, on other computers.
pub const MIN_PASSPHRASE_CHARS: usize = 12;

/// scrypt's N = 2^14, r and p: above N = 2^14, r = 8, p = 5, which OWASP's Password Storage Cheat Sheet counts as
/// equal to N = 2^17, r = 8, p = 1.
const SCRYPT_COST: (u8, u32, u32) = (14, 8, 8);

/// Most bytes of memory that opening a file may take: the file says how many, and may come from others.
const MOST_MEMORY: u64 = 1 << 30;

/// Most work that opening a file may take, as a multiple of what [`SCRYPT_COST`] takes.
const MOST_WORK: u64 = 64;

/// Most rounds of PBKDF2: ten times those OWASP's Password Storage Cheat Sheet asks for.
const MOST_ROUNDS: u32 = 10_000_000;

/// An Ed25519 private key; cleared from memory when dropped.
pub struct SecretKey(SigningKey);

/// Why a private key cannot be made, kept or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Randomness(String),
    /// The passphrase is too short.
    #[error("a passphrase has at least {MIN_PASSPHRASE_CHARS} characters, this one has {found}")]
    ShortPassphrase {
        /// Characters found.
        found: usize,
    },
    /// The file is no encrypted private key in PEM.
    #[error("the file is not an encrypted private key (PKCS#8, PEM): {0}")]
    NotAKeyFile(String),
    /// Opening the file takes more memory or time than is given to it.
    #[error("it says that opening it takes more memory or time than a key file may")]
    TooCostly,
    /// The passphrase does not open the file, or the file is damaged.
    #[error("the passphrase does not open the key, or the file is damaged")]
    WrongPassphrase,
    /// What is inside is not an Ed25519 private key.
    #[error("the file holds another kind of key than Ed25519")]
    OtherKind,
}

impl SecretKey {
    /// A key from the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn random() -> Result<Self, KeyError> {
        Ok(Self::from_seed(&random::<32>()?))
    }

    /// The key of a 32-byte seed (RFC 8032, § 5.1.5).
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key to hand out.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// The key as a PEM file under a passphrase.
    ///
    /// # Errors
    /// If the passphrase is too short or there is no randomness for its salt.
    pub fn to_pem(&self, passphrase: &str) -> Result<Zeroizing<String>, KeyError> {
        let found = passphrase.chars().count();
        if found < MIN_PASSPHRASE_CHARS {
            return Err(KeyError::ShortPassphrase { found });
        }
        let (salt, iv) = (random::<16>()?, random::<16>()?);
        let bytes = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        #[expect(clippy::expect_used, reason = "constants within the library's own limits, and a key of fixed size")]
        let pem = {
            let (log_n, r, p) = SCRYPT_COST;
            let cost = pkcs8::pkcs5::scrypt::Params::new(log_n, r, p, 32).expect("valid scrypt parameters");
            let scheme = pbes2::Parameters::scrypt_aes256cbc(cost, salt.as_slice(), &iv).expect("valid PBES2 parameters");
            // The inner document is an octet string inside an octet string (RFC 8410, § 7).
            let mut inner = Zeroizing::new([0u8; 34]);
            inner[..2].copy_from_slice(&[0x04, 0x20]);
            inner[2..].copy_from_slice(&bytes.secret_key);
            let info = PrivateKeyInfo::new(ed25519_dalek::pkcs8::ALGORITHM_ID, inner.as_slice());
            let document = info.encrypt_with_params(scheme, passphrase).expect("a key small enough to encrypt");
            document.to_pem(EncryptedPrivateKeyInfo::PEM_LABEL, LineEnding::LF).expect("a document has a PEM form")
        };
        Ok(pem)
    }

    /// Reads a PEM file with its passphrase.
    ///
    /// # Errors
    /// If it is no such file, the passphrase is wrong, or the key of another kind.
    pub fn from_pem(pem: &str, passphrase: &str) -> Result<Self, KeyError> {
        let (label, document) = pkcs8::SecretDocument::from_pem(pem).map_err(|error| KeyError::NotAKeyFile(error.to_string()))?;
        if label != EncryptedPrivateKeyInfo::PEM_LABEL {
            return Err(KeyError::NotAKeyFile(format!("it holds a {}", label.escape_debug())));
        }
        let info = EncryptedPrivateKeyInfo::from_der(document.as_bytes()).map_err(|error| KeyError::NotAKeyFile(error.to_string()))?;
        if let Some(scheme) = info.encryption_algorithm.pbes2()
            && !is_affordable(&scheme.kdf)
        {
            return Err(KeyError::TooCostly);
        }
        let opened = info.decrypt(passphrase).map_err(|_| KeyError::WrongPassphrase)?;
        let info = PrivateKeyInfo::from_der(opened.as_bytes()).map_err(|_| KeyError::WrongPassphrase)?;
        let key = SigningKey::try_from(info).map_err(|_| KeyError::OtherKind)?;
        Ok(Self(key))
    }
}

/// Whether what a file says of its key derivation is within what is given to it.
fn is_affordable(kdf: &pbes2::Kdf<'_>) -> bool {
    match kdf {
        pbes2::Kdf::Scrypt(cost) => {
            let (log_n, own_r, own_p) = SCRYPT_COST;
            let [n, r, p] = [cost.cost_parameter, cost.block_size.into(), cost.parallelization.into()];
            // RFC 7914, § 2: a vector of N blocks for the mixing, and p blocks that are mixed, each of 128 · r bytes.
            let memory = n.saturating_add(p).saturating_mul(r).saturating_mul(128);
            let work = n.saturating_mul(r).saturating_mul(p);
            let own_work = (u64::from(own_r) * u64::from(own_p)) << log_n;
            memory <= MOST_MEMORY && work <= own_work.saturating_mul(MOST_WORK)
        }
        pbes2::Kdf::Pbkdf2(cost) => cost.iteration_count <= MOST_ROUNDS,
        // Kinds that the library may come to know.
        _ => false,
    }
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, KeyError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| KeyError::Randomness(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_with_its_passphrase_only() {
        let key = SecretKey::random().unwrap();
        let pem = key.to_pem("correct horse battery").unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        assert_eq!(SecretKey::from_pem(&pem, "correct horse battery").unwrap().public_key(), key.public_key());
        assert_eq!(SecretKey::from_pem(&pem, "correct horse batteries").err(), Some(KeyError::WrongPassphrase));
        assert_eq!(key.to_pem("short").err(), Some(KeyError::ShortPassphrase { found: 5 }));
        assert!(matches!(SecretKey::from_pem("ed25519:", "x"), Err(KeyError::NotAKeyFile(_))));
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        assert!(matches!(SecretKey::from_pem(public, "x"), Err(KeyError::NotAKeyFile(_))));
    }

    /// Scrypt takes its memory before it knows whether the passphrase is right.
    #[test]
    fn a_file_that_takes_all_memory_to_open_is_not_opened() {
        let opened = |cost_parameter, block_size, parallelization| {
            let salt = b"salt".as_slice();
            let kdf = pbes2::Kdf::Scrypt(pbes2::ScryptParams { salt, cost_parameter, block_size, parallelization, key_length: None });
            let parameters = pbes2::Parameters { kdf, encryption: pbes2::EncryptionScheme::Aes256Cbc { iv: &[0; 16] } };
            let info = EncryptedPrivateKeyInfo { encryption_algorithm: parameters.into(), encrypted_data: &[0; 48] };
            let pem = pkcs8::SecretDocument::encode_msg(&info).unwrap().to_pem(EncryptedPrivateKeyInfo::PEM_LABEL, LineEnding::LF);
            SecretKey::from_pem(&pem.unwrap(), "x").err()
        };
        assert_eq!(opened(1 << 4, 8, 1), Some(KeyError::WrongPassphrase));
        for (n, r, p) in [(1 << 21, 8, 1), (1 << 20, 8, 9), (1 << 40, 8, 1), (1 << 62, u16::MAX, u16::MAX), (2, 8_000, 4_000)] {
            assert_eq!(opened(n, r, p), Some(KeyError::TooCostly), "{n} {r} {p}");
        }
    }
}
