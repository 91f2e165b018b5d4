//! Mail domains whose mailboxes are read through the gate.

use crate::model::EmailAddress;

/// Domains whose mailboxes lie behind this very gate (`mail.own_domains`): somebody who waits for a
/// code can't look into them, so no code goes there (DESIGN §3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnDomains {
    exact: Vec<String>,
    /// With a leading dot.
    below: Vec<String>,
}

/// Text that isn't a mail domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` isn't a domain like example.net, or *.example.net for all below it")]
pub struct InvalidDomain(pub String);

impl OwnDomains {
    /// Domains as operators write them: `example.net` means addresses `…@example.net` and no
    /// others; `*.example.net` means those of every domain below it.
    ///
    /// # Errors
    /// The first that isn't a domain.
    pub fn parse(domains: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, InvalidDomain> {
        let mut own = Self::default();
        for text in domains {
            let text = text.as_ref();
            let invalid = || InvalidDomain(text.to_owned());
            let trimmed = text.trim().trim_end_matches('.');
            let (below, name) = match trimmed.strip_prefix("*.") {
                Some(name) => (true, name),
                None => (false, trimmed),
            };
            let name = idna::domain_to_ascii_strict(name).map_err(|_| invalid())?;
            // An address in it is the proof that mail could be sent there.
            EmailAddress::parse(&format!("postmaster@{name}")).map_err(|_| invalid())?;
            if below { own.below.push(format!(".{name}")) } else { own.exact.push(name) }
        }
        Ok(own)
    }

    /// Whether the mailbox of `address` lies behind the gate.
    pub fn serve(&self, address: &EmailAddress) -> bool {
        let domain = address.domain();
        self.exact.iter().any(|own| own == domain) || self.below.iter().any(|own| domain.ends_with(own.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_behind_the_gate_are_told_by_their_domain() {
        let own = OwnDomains::parse(["Example.NET", "*.example.org", "hébergeur.test."]).unwrap();
        for (address, serves) in [
            ("a@example.net", true),
            ("a@EXAMPLE.net", true),
            ("a@mail.example.net", false),
            ("a@notexample.net", false),
            ("a@mail.example.org", true),
            ("a@deep.mail.example.org", true),
            ("a@example.org", false),
            ("a@xn--hbergeur-b1a.test", true),
        ] {
            assert_eq!(own.serve(&EmailAddress::parse(address).unwrap()), serves, "{address}");
        }
        for text in ["", "*", "*.", "a@b.test", "a b.test", "exa_mple..net", "*.*.net"] {
            assert_eq!(OwnDomains::parse([text]), Err(InvalidDomain(text.to_owned())), "{text:?}");
        }
    }
}
