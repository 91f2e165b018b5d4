use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest login, in characters, that is taken for one; longer ones are refused, not cut.
const MAX_CHARS: usize = 254;

/// Whose panel account it is: what the evidence or the directory says, else the typed login in
/// canonical spelling (NFC, trimmed, case folded; DESIGN §3).
///
/// Two spellings of one account make one `AccountId`; known networks and sessions hang on it.
/// Counters hang on the coarser [`AccountSkeleton`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct AccountId(Arc<str>);

/// A login that can't name an account: empty, too long, or with control characters in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccount {
    /// Nothing but white space.
    #[error("the login is empty")]
    Empty,
    /// Over 254 characters.
    #[error("the login is longer than {MAX_CHARS} characters")]
    TooLong,
    /// A control character, which panels read in different ways.
    #[error("the login has a control character in it")]
    Control,
}

impl AccountId {
    /// The account that a typed or evidenced login names.
    ///
    /// # Errors
    /// When it is empty, over 254 characters, or has control characters in it.
    pub fn canonical(login: &str) -> Result<Self, InvalidAccount> {
        let trimmed = login.trim();
        if trimmed.is_empty() {
            return Err(InvalidAccount::Empty);
        }
        if trimmed.chars().count() > MAX_CHARS {
            return Err(InvalidAccount::TooLong);
        }
        if trimmed.chars().any(char::is_control) {
            return Err(InvalidAccount::Control);
        }
        let folded: String = trimmed.nfc().flat_map(char::to_lowercase).nfc().collect();
        Ok(Self(folded.into()))
    }

    /// One read back from the store, which has been through [`Self::canonical`] already. Not checked
    /// again: case folding can make a login of 254 characters longer than that.
    pub(crate) fn of_store(canonical: &str) -> Self {
        Self(canonical.into())
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that tries and mails are counted under.
    pub fn skeleton(&self) -> AccountSkeleton {
        AccountSkeleton(
            self.0
                .nfkd()
                .filter(|c| !is_combining_mark(*c) && !c.is_whitespace())
                .flat_map(char::to_lowercase)
                .collect(),
        )
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account's name with accents, widths and white space taken away, for counting only.
///
/// Panels' databases take `alicé` and full-width `ａlice` for `alice`: without this, each spelling
/// would bring new tries.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AccountSkeleton(String);

impl AccountSkeleton {
    /// The skeleton as the store keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_account_are_one() {
        let alice = AccountId::canonical("alice").unwrap();
        for typed in [" Alice ", "ALICE", "alice\t"] {
            assert_eq!(AccountId::canonical(typed).unwrap(), alice, "{typed:?}");
        }
        assert_eq!(AccountId::canonical("e\u{301}ve").unwrap(), AccountId::canonical("\u{e9}ve").unwrap());
        for counted in ["alicé", "ａlice", "ALICE", "al ice"] {
            assert_eq!(AccountId::canonical(counted).unwrap().skeleton(), alice.skeleton(), "{counted:?}");
        }
        assert_ne!(AccountId::canonical("alicé").unwrap(), alice, "accents make another account");
    }

    #[test]
    fn what_cannot_be_a_login_is_refused() {
        assert_eq!(AccountId::canonical("  "), Err(InvalidAccount::Empty));
        assert_eq!(AccountId::canonical(&"x".repeat(255)), Err(InvalidAccount::TooLong));
        assert_eq!(AccountId::canonical("ali\0ce"), Err(InvalidAccount::Control));
    }
}
