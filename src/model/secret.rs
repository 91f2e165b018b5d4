use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::text::{MAC_CHARS, MacText};

/// Random part of a session token, in bytes: no less than 256 bits (DESIGN R1), and a whole number of
/// characters.
const RANDOM: usize = 33;
/// The same in the cookie, in characters.
const RANDOM_CHARS: usize = RANDOM / 3 * 4;
/// The keyed check of another token that follows its random part, in bytes.
const CHECK: usize = 16;
/// A token as it stands in the cookie, in characters: the random part, then the check.
const TOKEN_CHARS: usize = RANDOM_CHARS + MAC_CHARS;

/// The gate session's bearer secret: 264 random bits and a keyed check of them, in the cookie only. By
/// the check, a token that the gate never made costs no look-up.
///
/// Whoever has it is the session, so it's wiped when dropped, isn't printable, and is never kept:
/// the store and the maps know its [`TokenHash`] only.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SessionToken {
    text: [u8; TOKEN_CHARS],
}

/// Text that can't be a token of this gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this gate")]
pub struct InvalidToken;

/// What a session is looked up by: the keyed hash of its token's random part.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TokenHash([u8; 16]);

impl TokenHash {
    /// One read back from the store.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes that the store keeps.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl SessionToken {
    /// A fresh token and the hash it's found by. `key` is the gate's token key.
    pub(super) fn generate(key: &[u8; 32], rng: &mut impl CryptoRng) -> (Self, TokenHash) {
        let mut bytes = Zeroizing::new([0; RANDOM]);
        rng.fill_bytes(bytes.as_mut());
        let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()));
        let (check, hash) = derive(key, random.as_bytes());
        let mut text = [0; TOKEN_CHARS];
        let (start, end) = text.split_at_mut(RANDOM_CHARS);
        start.copy_from_slice(random.as_bytes());
        end.copy_from_slice(&check.chars());
        (Self { text }, hash)
    }

    /// The hash that a cookie's value is looked up by, if the gate made that value. The characters
    /// are hashed as they are: another spelling of the same bits is another token, and none.
    pub(super) fn verify(key: &[u8; 32], text: &[u8]) -> Result<TokenHash, InvalidToken> {
        let (random, sent) = text.split_last_chunk().ok_or(InvalidToken)?;
        if random.len() != RANDOM_CHARS {
            return Err(InvalidToken);
        }
        let (check, hash) = derive(key, random);
        if check.is(sent) { Ok(hash) } else { Err(InvalidToken) }
    }

    /// The text for the cookie.
    pub fn expose(&self) -> String {
        self.text.iter().copied().map(char::from).collect()
    }
}

/// One keyed hash gives both halves: the check that travels, and the hash that is kept.
///
/// BLAKE3, and not the faster SipHash of the cookies' stamps: what is kept must lead nobody back to the
/// token, even if the key gets lost together with the store, and a MAC promises nothing once its key is
/// known.
fn derive(key: &[u8; 32], random: &[u8]) -> (MacText, TokenHash) {
    let hash = blake3::keyed_hash(key, random);
    let mut check = [0; CHECK];
    let mut kept = [0; 16];
    check.copy_from_slice(&hash.as_bytes()[..CHECK]);
    kept.copy_from_slice(&hash.as_bytes()[CHECK..]);
    (MacText::of(u128::from_le_bytes(check)), TokenHash(kept))
}

/// A code as it's made and mailed: decimal digits, wiped when dropped, not printable.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct OneTimeCode {
    digits: String,
}

impl OneTimeCode {
    /// A fresh code of `digits` decimal digits, each value equally likely. `digits` is 6 to 10
    /// (checked in the configuration); what lies outside is brought to that range.
    pub fn random(digits: u8, rng: &mut impl CryptoRng) -> Self {
        let digits = digits.clamp(6, 10);
        let range = 10_u64.pow(u32::from(digits));
        // Values past the last whole multiple of the range would make small codes likelier.
        let fair = u64::MAX - u64::MAX % range;
        let value = loop {
            let value = rng.next_u64();
            if value < fair {
                break value % range;
            }
        };
        Self { digits: format!("{value:0width$}", width = usize::from(digits)) }
    }

    /// The digits, for the mail only.
    pub fn expose(&self) -> &str {
        &self.digits
    }
}

/// What somebody typed into the code field: decimal digits with the spaces and hyphens taken out,
/// 1 to 16 of them.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TypedCode {
    digits: String,
}

impl TypedCode {
    /// The digits of a typed code. Spaces of any kind, hyphens and full-width digits are accepted;
    /// `None` if anything else is in it, or nothing, or more than 16 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = String::with_capacity(16);
        for c in text.chars().take(64) {
            match c {
                '0'..='9' => digits.push(c),
                '０'..='９' => digits.push(char::from(b'0' + (c as u32 - '０' as u32) as u8)),
                '-' | '\u{2010}'..='\u{2014}' | '\u{200b}' => {}
                c if c.is_whitespace() => {}
                _ => return None,
            }
            if digits.len() > 16 {
                return None;
            }
        }
        (!digits.is_empty()).then_some(Self { digits })
    }

    /// The digits, to be hashed and compared.
    pub fn expose(&self) -> &str {
        &self.digits
    }
}

macro_rules! opaque {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
opaque!(SessionToken OneTimeCode TypedCode);

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn a_token_is_recognised_and_a_forged_one_is_not() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (token, hash) = SessionToken::generate(&KEY, &mut rng);
        let text = token.expose();
        assert_eq!(text.len(), TOKEN_CHARS);
        assert_eq!(SessionToken::verify(&KEY, text.as_bytes()), Ok(hash));
        assert_eq!(SessionToken::verify(&[8; 32], text.as_bytes()), Err(InvalidToken));
        for i in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[i] = if forged[i] == b'A' { b'B' } else { b'A' };
            assert_eq!(SessionToken::verify(&KEY, &forged), Err(InvalidToken), "byte {i}");
        }
        assert_eq!(SessionToken::verify(&KEY, b""), Err(InvalidToken));
        assert!(!format!("{token:?}").contains(text.as_str()));
    }

    #[test]
    fn a_code_has_its_digits_and_leading_zeros() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let codes: Vec<_> = (0..2000).map(|_| OneTimeCode::random(6, &mut rng)).collect();
        assert!(codes.iter().all(|c| c.expose().len() == 6 && c.expose().bytes().all(|b| b.is_ascii_digit())));
        assert!(codes.iter().any(|c| c.expose().starts_with('0')));
    }

    #[test]
    fn b05_a_code_is_accepted_as_people_type_it() {
        for typed in ["123456", " 123 456 ", "123-456", "１２３４５６", "123\u{a0}456", "123\u{2011}456"] {
            assert_eq!(TypedCode::parse(typed).unwrap().expose(), "123456", "{typed:?}");
        }
        for typed in ["", "   ", "12a456", "12345678901234567"] {
            assert!(TypedCode::parse(typed).is_none(), "{typed:?}");
        }
    }
}
