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

/// Text that isn't a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSender {
    /// The address isn't one.
    #[error("not a sender (an address, or a name and an address like `Client area <no-reply@example.net>`)")]
    Address,
    /// The name has a control character in it, or one of `<` and `>`.
    #[error("the sender's name has a line break, another control character, `<` or `>` in it")]
    Name,
    /// The name is too long.
    #[error("the sender's name is longer than {MAX_NAME} characters")]
    TooLong,
}

impl Sender {
    /// A sender as operators write it: `Name <address>`, `"Name" <address>` or an address alone.
    ///
    /// # Errors
    /// When the address isn't one, or the name couldn't stand in a header as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidSender> {
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Self { name: None, address: address(text)? });
        };
        let address = address(rest.strip_suffix('>').ok_or(InvalidSender::Address)?)?;
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(name).trim();
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

fn address(text: &str) -> Result<EmailAddress, InvalidSender> {
    EmailAddress::parse(text).map_err(|_| InvalidSender::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_taken_as_operators_write_it() {
        for (text, name) in [
            ("no-reply@example.net", None),
            ("<no-reply@example.net>", None),
            ("Espace client <no-reply@example.net>", Some("Espace client")),
            ("\"Exemple, SARL\" <no-reply@example.net>", Some("Exemple, SARL")),
            ("  Hébergeur   <no-reply@EXAMPLE.net> ", Some("Hébergeur")),
        ] {
            let sender = Sender::parse(text).unwrap();
            assert_eq!(sender.name(), name, "{text}");
            assert_eq!(sender.address().as_address().to_string(), "no-reply@example.net");
        }
    }

    #[test]
    fn a_sender_cannot_bring_headers_along() {
        for text in [
            "",
            "Espace client",
            "Espace client <no-reply@example.net",
            "Espace\r\nBcc: eve@example.org <no-reply@example.net>",
            "Espace <no-reply@example.net\r\nBcc: eve@example.org>",
            "Espace <eve@example.org> <no-reply@example.net>",
            "Espace <no-reply@example.net> eve",
            "Esp\0ace <no-reply@example.net>",
        ] {
            assert!(Sender::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(Sender::parse(&format!("{} <a@b.test>", "x".repeat(101))), Err(InvalidSender::TooLong));
    }
}
