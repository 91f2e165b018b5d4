//! Where the panel is.

use std::fmt;

/// The panel's address: host, port, and whether it's spoken to over TLS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upstream {
    tls: bool,
    host: String,
    port: u16,
}

impl Upstream {
    /// A panel. `host` is a name or an address, an IPv6 address with or without brackets.
    pub fn new(tls: bool, host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')).unwrap_or(host);
        Self { tls, host: bare.to_owned(), port }
    }

    /// Whether it's spoken to over TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Host name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Upstream {
    /// Host and port, as in an authority.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_stands_in_brackets_only_beside_its_port() {
        for (host, bare, shown) in [
            ("panel.internal", "panel.internal", "panel.internal:80"),
            ("[::1]", "::1", "[::1]:80"),
            ("::1", "::1", "[::1]:80"),
        ] {
            let upstream = Upstream::new(false, host, 80);
            assert_eq!((upstream.host(), upstream.to_string().as_str()), (bare, shown));
        }
    }
}
