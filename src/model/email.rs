use std::fmt;

/// An address that codes can be sent to: ASCII, one mailbox, nothing that could end a header line.
///
/// `Debug` shows the masked form, so that a log line never carries a whole address by accident.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(lettre::Address);

/// Text that isn't one plain ASCII address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address (one ASCII address like name@example.net)")]
pub struct InvalidEmail;

impl EmailAddress {
    /// One plain address, white space around it taken off, the domain in lower case.
    ///
    /// # Errors
    /// When it isn't an address, isn't ASCII (look-alike letters would send a code elsewhere), or
    /// is over 254 bytes (RFC 5321 §4.5.3.1.3).
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if !text.is_ascii() || text.len() > 254 || text.bytes().any(|b| b.is_ascii_control() || b == b' ') {
            return Err(InvalidEmail);
        }
        let (user, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        if user.starts_with('"') || domain.starts_with('[') {
            return Err(InvalidEmail);
        }
        lettre::Address::new(user, domain.to_ascii_lowercase()).map(Self).map_err(|_| InvalidEmail)
    }

    /// The address in full, for the envelope and the message only.
    pub fn as_address(&self) -> &lettre::Address {
        &self.0
    }

    /// What is behind the `@`, in lower case.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// Enough for its owner to recognise it, too little for anybody else: `a…e@e…e.test`.
    pub fn masked(&self) -> String {
        let domain = self.0.domain();
        let masked = match domain.rsplit_once('.') {
            Some((name, top)) => format!("{}.{top}", ends(name)),
            None => ends(domain),
        };
        format!("{}@{masked}", ends(self.0.user()))
    }
}

/// First and last letter with an ellipsis between; of three letters or less only the first.
fn ends(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next_back()) {
        (Some(first), Some(last)) if text.chars().count() > 3 => format!("{first}…{last}"),
        (Some(first), _) => format!("{first}…"),
        (None, _) => "…".to_owned(),
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_masked() {
        for (full, masked) in [
            ("alice@example.test", "a…e@e…e.test"),
            ("bob@ex.fr", "b…@e….fr"),
            ("a.very.long.name@mail.example.co.uk", "a…e@m…o.uk"),
        ] {
            let address = EmailAddress::parse(full).unwrap();
            assert_eq!(address.masked(), masked);
            assert_eq!(format!("{address:?}"), masked);
        }
    }

    #[test]
    fn nothing_can_be_smuggled_into_a_header() {
        for text in [
            "",
            "alice",
            "alice@",
            "@example.test",
            "a@b\r\nBcc: c@d",
            "a b@c.test",
            "a@b.test,c@d.test",
            "alicé@example.test",
            "alice@exаmple.test",
            "<alice@example.test>",
            "\"a@b\"@c.test",
            "a@[127.0.0.1]",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
    }
}
