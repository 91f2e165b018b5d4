//! Who mails come from.

use crate::model::EmailAddress;

/// Longest shown name, in characters: what mail programs show at most.
const MAX_NAME: usize = 100;

/// The name and address in `From`, checked so that nothing in it can become another header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender {
    name: Option<String>,
    address: EmailAddress,
}

/// A name that can't stand in `From`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSender {
    /// The name has a control character in it, or one of `<` and `>`.
    #[error("the sender's name has a line break, another control character, `<` or `>` in it")]
    Name,
    /// The name is too long.
    #[error("the sender's name is longer than {MAX_NAME} characters")]
    TooLong,
}

impl Sender {
    /// A sender; an empty name counts as none.
    ///
    /// # Errors
    /// When the name couldn't stand in a header as it is.
    pub fn new(name: Option<&str>, address: EmailAddress) -> Result<Self, InvalidSender> {
        let name = name.unwrap_or_default().trim();
        if name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '\u{2028}' | '\u{2029}')) {
            return Err(InvalidSender::Name);
        }
        if name.chars().count() > MAX_NAME {
            return Err(InvalidSender::TooLong);
        }
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }

    /// The name that mail programs show, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address; it isn't a secret, and pages say whose mail to look for (b17).
    pub fn address(&self) -> &EmailAddress {
        &self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(name: Option<&str>) -> Result<Sender, InvalidSender> {
        Sender::new(name, EmailAddress::parse("no-reply@example.net").unwrap())
    }

    #[test]
    fn a_sender_has_a_name_that_cannot_bring_headers_along() {
        for (name, shown) in [
            (None, None),
            (Some("  "), None),
            (Some(" Espace client "), Some("Espace client")),
            (Some("Exemple, SARL \"e\""), Some("Exemple, SARL \"e\"")),
            (Some("Hébergeur"), Some("Hébergeur")),
        ] {
            assert_eq!(sender(name).unwrap().name(), shown, "{name:?}");
        }
        for name in
            ["Espace\r\nBcc: eve@example.org", "Espace\rX", "Esp\0ace", "Espace <eve@example.org>", "a\u{2028}b"]
        {
            assert_eq!(sender(Some(name)), Err(InvalidSender::Name), "{name:?}");
        }
        assert_eq!(sender(Some(&"x".repeat(101))), Err(InvalidSender::TooLong));
    }
}
