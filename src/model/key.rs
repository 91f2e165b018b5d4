use rand::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    AccountSkeleton, ChallengeId, ClaimKey, EmailAddress, InvalidToken, OneTimeCode, SessionId, SessionToken,
    TokenHash, TypedCode,
};

/// The 256-bit key of the key file, from which every other key is derived.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// A fresh key, for the first start.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// A key read from its file.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the key file only.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The gate's keys, one for each purpose, all derived from the [`MasterKey`] (BLAKE3's key
/// derivation mode, a context string each), so that no use of one says anything about another.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    id: [u8; 16],
    token: [u8; 32],
    stamp: [u8; 16],
    claim: [u8; 32],
    code: [u8; 32],
    jar: [u8; 32],
    form: [u8; 32],
    totp: [u8; 32],
    ticket: [u8; 32],
}

impl Keys {
    /// The keys that belong to `master`.
    pub fn derive(master: &MasterKey) -> Self {
        let key = |purpose: &str| blake3::derive_key(&format!("poterne 2026 {purpose}"), master.expose());
        let mut id = [0; 16];
        id.copy_from_slice(&key("key id")[..16]);
        let mut stamp = [0; 16];
        stamp.copy_from_slice(&key("cookie stamp")[..16]);
        Self {
            id,
            token: key("session token"),
            stamp,
            claim: key("claim"),
            code: key("one-time code"),
            jar: key("parked jar"),
            form: key("form token"),
            totp: key("totp secret"),
            ticket: key("form ticket"),
        }
    }

    /// What the store keeps to notice a key file that isn't its own (DESIGN R8). Public.
    pub fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// The key of the cookie stamps.
    pub fn stamp(&self) -> &[u8; 16] {
        &self.stamp
    }

    /// The key that parked jars are encrypted with.
    pub fn jar(&self) -> &[u8; 32] {
        &self.jar
    }

    /// The key that TOTP secrets are encrypted with.
    pub(super) fn totp(&self) -> &[u8; 32] {
        &self.totp
    }

    /// The key that tickets in forms are encrypted with.
    pub(super) fn ticket(&self) -> &[u8; 32] {
        &self.ticket
    }

    /// A fresh session token, and the hash that the session is found by.
    pub fn new_token(&self, rng: &mut impl CryptoRng) -> (SessionToken, TokenHash) {
        SessionToken::generate(&self.token, rng)
    }

    /// The hash that a gate cookie's value is looked up by.
    ///
    /// # Errors
    /// When the gate never made that value: no look-up is worth it.
    pub fn verify_token(&self, text: &[u8]) -> Result<TokenHash, InvalidToken> {
        SessionToken::verify(&self.token, text)
    }

    /// What a claim on a panel's cookie is made on.
    pub fn claim_key(&self, name: &[u8], value: &[u8]) -> ClaimKey {
        let mut hasher = blake3::Hasher::new_keyed(&self.claim);
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name).update(value);
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        ClaimKey::from_bytes(key)
    }

    /// What is kept of a code: its keyed hash, bound to the one challenge it was made for. A copy of
    /// the store alone can't be searched for the million codes there are.
    pub fn code_hash(&self, challenge: ChallengeId, code: &OneTimeCode) -> [u8; 32] {
        self.hash_digits(challenge, code.expose())
    }

    /// Whether `typed` is the code whose hash is kept, in constant time.
    pub fn code_matches(&self, challenge: ChallengeId, typed: &TypedCode, kept: &[u8; 32]) -> bool {
        self.hash_digits(challenge, typed.expose()).ct_eq(kept).into()
    }

    fn hash_digits(&self, challenge: ChallengeId, digits: &str) -> [u8; 32] {
        *blake3::Hasher::new_keyed(&self.code)
            .update(challenge.as_bytes())
            .update(digits.as_bytes())
            .finalize()
            .as_bytes()
    }

    /// The token that the gate's own forms carry, bound to the session: a post without it comes
    /// from somebody else's page.
    pub fn form_token(&self, session: SessionId) -> String {
        blake3::keyed_hash(&self.form, session.as_bytes()).to_hex().chars().take(32).collect()
    }

    /// Whether a posted form token is that of `session`, in constant time.
    pub fn form_token_matches(&self, session: SessionId, posted: &str) -> bool {
        self.form_token(session).as_bytes().ct_eq(posted.as_bytes()).into()
    }

    /// What an address is called in a form of the gate's own, where it's shown masked: equal for equal
    /// addresses, says nothing about the rest of it.
    pub fn address_id(&self, address: &EmailAddress) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.form);
        hasher.update(b"address ").update(address.as_address().to_string().as_bytes());
        hasher.finalize().to_hex().chars().take(32).collect()
    }

    /// A stand-in for an account's name in logs and metrics of attempts that nobody vouched for:
    /// equal for equal accounts, says nothing about the name.
    pub fn pseudonym(&self, account: &AccountSkeleton) -> String {
        blake3::keyed_hash(&self.form, account.as_str().as_bytes()).to_hex().chars().take(12).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn a_code_is_bound_to_its_challenge() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let keys = Keys::derive(&MasterKey::random(&mut rng));
        let (one, two) = (ChallengeId::random(&mut rng), ChallengeId::random(&mut rng));
        let code = OneTimeCode::random(6, &mut rng);
        let typed = TypedCode::parse(code.expose()).unwrap();
        let kept = keys.code_hash(one, &code);
        assert!(keys.code_matches(one, &typed, &kept));
        assert!(!keys.code_matches(two, &typed, &kept));
    }

    #[test]
    fn name_and_value_of_a_claim_do_not_run_into_each_other() {
        let keys = Keys::derive(&MasterKey::from_bytes([1; 32]));
        assert_ne!(keys.claim_key(b"ab", b"c"), keys.claim_key(b"a", b"bc"));
    }
}
