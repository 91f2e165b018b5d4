use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::CryptoRng;
use zeroize::Zeroizing;

use super::{AccountId, DeviceId, Keys, SessionId};

/// The first byte of what is sealed: XChaCha20-Poly1305 under the key of its purpose, a random nonce
/// of 24 bytes behind the version. It is authenticated too.
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
    /// Encrypts a parked jar for the store (DESIGN R7, §5). `aad` says where it belongs (a session's
    /// identity): put anywhere else it doesn't open. 41 bytes longer than the plaintext.
    pub fn seal(&self, aad: &[u8], plaintext: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        seal(self.jar(), aad, plaintext, rng)
    }

    /// What [`Self::seal`] encrypted for the same `aad`.
    ///
    /// # Errors
    /// When it wasn't sealed with this key for this `aad`, or isn't whole.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        open(self.jar(), aad, sealed)
    }

    /// Encrypts a TOTP secret for the store: it opens for this device of this account only.
    pub fn seal_totp(&self, account: &AccountId, device: DeviceId, secret: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        seal(self.totp(), &place_of(account, device), secret, rng)
    }

    /// What [`Self::seal_totp`] encrypted for the same device.
    ///
    /// # Errors
    /// When it wasn't sealed with this key for this device of this account, or isn't whole.
    pub fn open_totp(
        &self,
        account: &AccountId,
        device: DeviceId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        open(self.totp(), &place_of(account, device), sealed)
    }

    /// Encrypts what a form of the gate's own is to carry to the browser and back, as text. `purpose`
    /// says which form: a ticket of one isn't taken by another, nor from another session.
    pub fn seal_ticket(&self, session: SessionId, purpose: &str, plaintext: &[u8], rng: &mut impl CryptoRng) -> String {
        URL_SAFE_NO_PAD.encode(seal(self.ticket(), &form_of(session, purpose), plaintext, rng))
    }

    /// What [`Self::seal_ticket`] encrypted for the same session and purpose.
    ///
    /// # Errors
    /// When it wasn't sealed with this key for this form of this session, or isn't whole.
    pub fn open_ticket(
        &self,
        session: SessionId,
        purpose: &str,
        ticket: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let sealed = URL_SAFE_NO_PAD.decode(ticket).map_err(|_| Unsealable)?;
        open(self.ticket(), &form_of(session, purpose), &sealed)
    }
}

fn place_of(account: &AccountId, device: DeviceId) -> Vec<u8> {
    [device.as_bytes().as_slice(), account.as_str().as_bytes()].concat()
}

fn form_of(session: SessionId, purpose: &str) -> Vec<u8> {
    [session.as_bytes().as_slice(), purpose.as_bytes()].concat()
}

fn seal(key: &[u8; 32], aad: &[u8], plaintext: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    let aad = versioned(aad);
    let payload = Payload { msg: plaintext, aad: &aad };
    // The only error there is: a plaintext of 256 GiB. What comes out then can't be opened.
    let ciphertext = XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
    let mut sealed = Vec::with_capacity(1 + NONCE + ciphertext.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    sealed
}

fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
    let (version, rest) = sealed.split_first().ok_or(Unsealable)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
    if *version != VERSION || ciphertext.len() < TAG {
        return Err(Unsealable);
    }
    let aad = versioned(aad);
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
        .map(Zeroizing::new)
        .map_err(|_| Unsealable)
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

    #[test]
    fn a_totp_secret_opens_for_its_device_of_its_account_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let keys = Keys::derive(&MasterKey::random(&mut rng));
        let (alice, bob) = (AccountId::canonical("alice").unwrap(), AccountId::canonical("bob").unwrap());
        let (one, two) = (DeviceId::random(&mut rng), DeviceId::random(&mut rng));
        let sealed = keys.seal_totp(&alice, one, &[9; 20], &mut rng);
        assert_eq!(keys.open_totp(&alice, one, &sealed).unwrap().as_slice(), [9; 20]);
        assert_eq!(keys.open_totp(&bob, one, &sealed), Err(Unsealable), "a row put into another account");
        assert_eq!(keys.open_totp(&alice, two, &sealed), Err(Unsealable));
        assert_eq!(keys.open(&place_of(&alice, one), &sealed), Err(Unsealable), "a key a purpose");
    }

    #[test]
    fn a_ticket_is_for_one_form_of_one_session() {
        let mut rng = ChaCha20Rng::seed_from_u64(8);
        let keys = Keys::derive(&MasterKey::random(&mut rng));
        let (mine, other) = (SessionId::random(&mut rng), SessionId::random(&mut rng));
        let ticket = keys.seal_ticket(mine, "enrol", b"secret", &mut rng);
        assert!(ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{ticket}");
        assert_eq!(keys.open_ticket(mine, "enrol", &ticket).unwrap().as_slice(), b"secret");
        for (session, purpose, ticket) in [
            (other, "enrol", ticket.as_str()),
            (mine, "turn-off", &ticket),
            (mine, "enrol", ticket.get(1..).unwrap()),
            (mine, "enrol", ""),
        ] {
            assert_eq!(keys.open_ticket(session, purpose, ticket), Err(Unsealable));
        }
    }
}
