use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A fresh one: 128 random bits, never met twice.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                let mut bytes = [0; 16];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// One read back from the store.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes that the store keeps.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), URL_SAFE_NO_PAD.encode(self.0))
            }
        }
    };
}

/// Identities that stand in a form of the gate's own.
macro_rules! impl_text_id {
    ($($name:ident)*) => {$(
        impl $name {
            /// The text for a form.
            pub fn to_text(self) -> String {
                URL_SAFE_NO_PAD.encode(self.0)
            }

            /// One that a form carried back.
            pub fn of_text(text: &str) -> Option<Self> {
                let mut bytes = [0; 16];
                (URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? == 16).then_some(Self(bytes))
            }
        }
    )*};
}

random_id! {
    /// A gate session, from the accepted login to its end; it stays the same when the token that
    /// the browser holds is renewed at clearance. Not a secret, never shown to anybody.
    SessionId
}
random_id! {
    /// One login attempt: what claims belong to until its verdict is in.
    AttemptId
}
random_id! {
    /// One code that was sent, for one pending session.
    ChallengeId
}

random_id! {
    /// An enrolled authenticator app. Not a secret.
    DeviceId
}
impl_text_id! { SessionId DeviceId }

/// A panel cookie's name and value, hashed with a key: what a claim is made on (DESIGN R3).
///
/// Only the hash is kept, so that the store holds nothing that the panel would accept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClaimKey([u8; 16]);

impl ClaimKey {
    /// One made by [`super::Keys::claim_key`], or read back from the store.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// One read back from the store.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes that the store keeps.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// What a user reads out to support so that one command finds the refusal: eight characters in two
/// groups, from an alphabet without look-alikes (Crockford's base 32), 40 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reference(u64);

/// Text that isn't a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reference (eight letters and digits, like 7K2M-Q9XD)")]
pub struct InvalidReference;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Reference {
    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(rng.next_u64() & 0xff_ffff_ffff)
    }

    /// A reference as somebody typed it: any case, with or without the hyphen, `O` for `0`, `I` or
    /// `L` for `1`.
    ///
    /// # Errors
    /// When it isn't eight characters of the alphabet.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let mut value = 0_u64;
        let mut length = 0;
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let upper = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|a| char::from(*a) == upper).ok_or(InvalidReference)?;
            value = (value << 5) | digit as u64;
            length += 1;
            if length > 8 {
                return Err(InvalidReference);
            }
        }
        if length == 8 { Ok(Self(value)) } else { Err(InvalidReference) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in (0..8).rev() {
            let digit = (self.0 >> (group * 5)) & 31;
            let letter = ALPHABET.get(digit as usize).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
            if group == 4 {
                f.write_str("-")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn a_reference_is_found_however_it_is_read_out() {
        let reference = Reference::random(&mut ChaCha20Rng::seed_from_u64(7));
        let shown = reference.to_string();
        assert_eq!(shown.len(), 9);
        for typed in
            [shown.clone(), shown.to_lowercase(), shown.replace('-', " "), shown.replace('0', "o").replace('1', "L")]
        {
            assert_eq!(Reference::parse(&typed), Ok(reference), "{typed}");
        }
        for typed in ["", "7K2M", "7K2M-Q9XDA", "7K2M-Q9X!"] {
            assert_eq!(Reference::parse(typed), Err(InvalidReference), "{typed}");
        }
    }
}
