use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::CryptoRng;
use zeroize::Zeroizing;

use super::Keys;

/// The first byte of what is sealed: XChaCha20-Poly1305 under the jar key, a random nonce of
/// 24 bytes behind the version. It is authenticated too.
const VERSION: u8 = 1;
const NONCE: usize = 24;
/// The authentication tag at the end, in bytes.
const TAG: usize = 16;

/// What was sealed can't be opened: another key, another place, a changed byte, or cut short.
/// There's nothing to be told about which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was encrypted can't be opened with this key, at this place")]
pub struct Unsealable;

impl Keys {
    /// Encrypts `plaintext` for the store (DESIGN R7, §5). `aad` says where it belongs (a session's
    /// identity): put anywhere else it doesn't open. 41 bytes longer than the plaintext.
    pub fn seal(&self, aad: &[u8], plaintext: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let aad = versioned(aad);
        let payload = Payload { msg: plaintext, aad: &aad };
        // The only error there is: a plaintext of 256 GiB. What comes out then can't be opened.
        let ciphertext =
            XChaCha20Poly1305::new(self.jar().into()).encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        let mut sealed = Vec::with_capacity(1 + NONCE + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        sealed
    }

    /// What [`Self::seal`] encrypted for the same `aad`.
    ///
    /// # Errors
    /// When it wasn't sealed with this key for this `aad`, or isn't whole.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (version, rest) = sealed.split_first().ok_or(Unsealable)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
        if *version != VERSION || ciphertext.len() < TAG {
            return Err(Unsealable);
        }
        let aad = versioned(aad);
        XChaCha20Poly1305::new(self.jar().into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| Unsealable)
    }
}

fn versioned(aad: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + aad.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(aad);
    bytes
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::model::MasterKey;

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let keys = Keys::derive(&MasterKey::random(&mut rng));
        let sealed = keys.seal(b"session 1", b"PHPSESSID=abcdef", &mut rng);
        assert_eq!(sealed.len(), 16 + 41);
        assert_eq!(keys.open(b"session 1", &sealed).unwrap().as_slice(), b"PHPSESSID=abcdef");
        assert_eq!(keys.open(b"session 2", &sealed), Err(Unsealable));
        let others = Keys::derive(&MasterKey::random(&mut rng));
        assert_eq!(others.open(b"session 1", &sealed), Err(Unsealable));
        assert_ne!(keys.seal(b"session 1", b"PHPSESSID=abcdef", &mut rng), sealed, "a nonce is used once");
        assert!(keys.open(b"", &keys.seal(b"", b"", &mut rng)).unwrap().is_empty());
    }

    #[test]
    fn no_changed_or_missing_byte_goes_unnoticed() {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let keys = Keys::derive(&MasterKey::random(&mut rng));
        let sealed = keys.seal(b"x", b"secret", &mut rng);
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert_eq!(keys.open(b"x", &changed), Err(Unsealable), "byte {i} changed");
            assert_eq!(keys.open(b"x", &sealed[..i]), Err(Unsealable), "cut to {i} bytes");
        }
    }
}
