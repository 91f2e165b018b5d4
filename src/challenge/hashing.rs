//! Slow hashes of what people type, for what must be checked later and can be guessed offline.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::CryptoRng;

/// The cost of a hash: argon2id with 19 MiB, two passes, one lane (the OWASP password storage cheat
/// sheet's first choice for memory that is shared with other work).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for HashCost {
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2 }
    }
}

/// A hash can't be made: the memory isn't there, or the cost makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("argon2 failed")]
pub struct HashFailed;

/// Hashes `secret` with a fresh salt of 128 bits into the PHC string format. Takes tens of
/// milliseconds of computing: never on a thread that serves requests.
///
/// # Errors
/// When argon2 refuses the cost.
pub fn hash(secret: &[u8], cost: HashCost, rng: &mut impl CryptoRng) -> Result<String, HashFailed> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let params = Params::new(cost.memory, cost.passes, 1, None).map_err(|_| HashFailed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_with_salt(secret, &salt).map(|hash| hash.to_string()).map_err(|_| HashFailed)
}

/// Whether `secret` is what was hashed, in constant time; a text that isn't a hash fits nothing.
/// Costs what [`hash`] costs.
pub fn verify(secret: &[u8], kept: &str) -> bool {
    Argon2::default().verify_password(secret, kept).is_ok()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn what_was_hashed_is_recognised() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let cost = HashCost { memory: 64, passes: 1 };
        let kept = hash("pässwörd ".as_bytes(), cost, &mut rng).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{kept}");
        assert!(verify("pässwörd ".as_bytes(), &kept));
        for other in ["pässwörd", "", "PÄSSWÖRD "] {
            assert!(!verify(other.as_bytes(), &kept), "{other}");
        }
        assert!(!verify(b"x", "not a hash"));
        assert_ne!(hash(b"x", cost, &mut rng).unwrap(), hash(b"x", cost, &mut rng).unwrap(), "salted");
    }

    #[test]
    fn the_default_cost_is_that_of_owasp() {
        let kept = hash(b"x", HashCost::default(), &mut ChaCha20Rng::seed_from_u64(2)).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    }
}
