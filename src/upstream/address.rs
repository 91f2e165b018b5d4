//! Where the panel is.

use std::fmt;

use url::{Host, Url};

/// The panel's address: scheme, host and port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upstream {
    tls: bool,
    host: String,
    port: u16,
}

/// A URL that doesn't name a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUpstream {
    /// Not a URL, or of another scheme.
    #[error("not a URL like http://127.0.0.1:8080 or https://panel.example.net")]
    NotAUrl,
    /// A path, a query, a fragment, or a user.
    #[error("only scheme, host and port can be given")]
    Trailing,
}

impl Upstream {
    /// A panel by its URL: `http://host:port` or `https://host:port`; the port is 80 or 443 where
    /// none is given.
    ///
    /// # Errors
    /// When it's something else, or more than that.
    pub fn parse(url: &str) -> Result<Self, InvalidUpstream> {
        let url = Url::parse(url.trim()).map_err(|_| InvalidUpstream::NotAUrl)?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(InvalidUpstream::NotAUrl),
        };
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(InvalidUpstream::Trailing);
        }
        let host = match url.host().ok_or(InvalidUpstream::NotAUrl)? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let port = url.port_or_known_default().ok_or(InvalidUpstream::NotAUrl)?;
        Ok(Self { tls, host, port })
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
    fn a_panel_is_named_by_scheme_host_and_port() {
        for (url, tls, shown) in [
            ("http://127.0.0.1:8080", false, "127.0.0.1:8080"),
            ("http://panel.internal/", false, "panel.internal:80"),
            ("https://Panel.Example.net", true, "panel.example.net:443"),
            ("https://[::1]:8443", true, "[::1]:8443"),
        ] {
            let upstream = Upstream::parse(url).unwrap();
            assert_eq!((upstream.is_tls(), upstream.to_string().as_str()), (tls, shown), "{url}");
        }
        for (url, error) in [
            ("", InvalidUpstream::NotAUrl),
            ("127.0.0.1:8080", InvalidUpstream::NotAUrl),
            ("ftp://panel", InvalidUpstream::NotAUrl),
            ("http://", InvalidUpstream::NotAUrl),
            ("http://panel:99999", InvalidUpstream::NotAUrl),
            ("http://panel/app", InvalidUpstream::Trailing),
            ("http://panel/?x", InvalidUpstream::Trailing),
            ("http://panel/#x", InvalidUpstream::Trailing),
            ("http://user@panel/", InvalidUpstream::Trailing),
            ("http://:pw@panel/", InvalidUpstream::Trailing),
        ] {
            assert_eq!(Upstream::parse(url), Err(error), "{url}");
        }
    }
}
