//! Secrets that whoever has them may use: links in mails, remembered browsers, passwords.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

macro_rules! bearer {
    ($(#[$doc:meta])* $token:ident, $(#[$hash_doc:meta])* $hash:ident, $context:literal) => {
        $(#[$doc])*
        #[derive(Zeroize, ZeroizeOnDrop)]
        pub struct $token([u8; 32]);

        $(#[$hash_doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $hash([u8; 32]);

        impl $token {
            /// A fresh one: 256 random bits.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                let mut bytes = [0; 32];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// One that came back; `None` if it can't be one.
            pub fn parse(text: &[u8]) -> Option<Self> {
                let mut bytes = [0; 32];
                (text.len() == 43 && URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? == 32)
                    .then_some(Self(bytes))
            }

            /// The text for its owner only.
            pub fn expose(&self) -> String {
                URL_SAFE_NO_PAD.encode(self.0)
            }

            /// What it's found by.
            pub fn hash(&self) -> $hash {
                $hash(blake3::derive_key($context, &self.0))
            }
        }

        impl fmt::Debug for $token {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($token), "(…)"))
            }
        }

        impl $hash {
            /// One read back from the store.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes that the store keeps.
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }
    };
}

bearer! {
    /// What the link "it wasn't me" in a mail carries.
    AlarmToken,
    /// What such a link is found by. The store keeps nothing else of it.
    AlarmHash, "poterne 2026 alarm link"
}
bearer! {
    /// What a remembered browser carries in a cookie.
    BrowserToken,
    /// What a remembered browser is found by. The store keeps nothing else of it.
    BrowserHash, "poterne 2026 remembered browser"
}

/// A password as it was typed: compared or hashed, then wiped. Not printable.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password(Vec<u8>);

impl Password {
    /// Longest that is hashed, in bytes: far more than anybody types, too little to keep a
    /// processor busy with.
    pub const MAX: usize = 1024;

    /// A typed password; `None` if it's empty or longer than [`Self::MAX`].
    pub fn of(typed: &[u8]) -> Option<Self> {
        (!typed.is_empty() && typed.len() <= Self::MAX).then(|| Self(typed.to_vec()))
    }

    /// The bytes, to be hashed only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn a_token_comes_back_as_it_went() {
        let token = AlarmToken::random(&mut ChaCha20Rng::seed_from_u64(1));
        let text = token.expose();
        assert_eq!(AlarmToken::parse(text.as_bytes()).map(|token| token.hash()), Some(token.hash()));
        for other in ["", "x", text.get(1..).unwrap(), &format!("{text}A")] {
            assert!(AlarmToken::parse(other.as_bytes()).is_none(), "{other}");
        }
        assert!(!format!("{token:?}").contains(&text));
    }

    #[test]
    fn a_password_is_bounded_and_not_printable() {
        assert!(Password::of(b"").is_none());
        assert!(Password::of(&[b'x'; 1025]).is_none());
        assert_eq!(format!("{:?}", Password::of(b"secret").unwrap()), "Password(…)");
    }
}
