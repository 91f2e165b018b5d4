//! Where mails go and how.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Url;

use super::{Backoff, Sender};

/// Mails waiting or under way at once before new ones are refused: some 20 KiB each.
const QUEUE: usize = 10_000;
/// How often a server that is down is looked at, so that the state on pages is true without a mail.
const PROBE_EVERY: Duration = Duration::from_secs(15);

/// What an [`Outbox`](super::Outbox) is made from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who mails come from.
    pub from: Sender,
    /// Where they go.
    pub transport: Transport,
    /// Messages waiting or under way at once; one more is refused.
    pub queue: usize,
    /// Waits between tries.
    pub backoff: Backoff,
    /// How often to look whether a server that is down is back; the first look is at the start.
    /// `None`: only mails tell.
    pub probe_every: Option<Duration>,
}

impl Settings {
    /// Settings with the default numbers.
    pub fn new(from: Sender, transport: Transport) -> Self {
        Self { from, transport, queue: QUEUE, backoff: Backoff::default(), probe_every: Some(PROBE_EVERY) }
    }
}

/// What carries mails away.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A mail server.
    Smtp(SmtpSettings),
    /// One `.eml` file a mail, for the demo and for tests.
    Folder {
        /// The folder; it's made if its parent is there.
        path: PathBuf,
    },
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpSecurity {
    /// `smtp://`: not at all. For a relay on the same machine or network.
    Plain,
    /// `smtp+starttls://`: turned on by STARTTLS before anything else; a server that doesn't offer
    /// it gets no mail and no password.
    StartTls,
    /// `smtps://`: TLS from the first byte.
    Tls,
}

/// A mail server as its URL names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpServer {
    security: SmtpSecurity,
    host: String,
    port: u16,
    user: Option<String>,
}

/// A URL that doesn't name a mail server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmtpUrl {
    /// Not a URL at all.
    #[error("not a URL like smtp+starttls://user@mail.example.net:587")]
    NotAUrl,
    /// Another scheme.
    #[error("`{0}://` isn't a way to send mail; smtp+starttls://, smtps:// and smtp:// are")]
    Scheme(String),
    /// No host, or one that no certificate could name.
    #[error("the mail server's name is missing or isn't a host name or address")]
    Host,
    /// A password, which doesn't belong in a URL that is shown in logs and reports.
    #[error("the URL has a password in it; give it as `password` instead")]
    Password,
    /// A path, a query or a fragment.
    #[error("nothing can follow the host and port")]
    Trailing,
}

impl SmtpServer {
    /// A server by its URL: `smtp+starttls://user@host:587`, `smtps://user@host:465`,
    /// `smtp://host:25`; those are also the ports when none is given.
    ///
    /// # Errors
    /// When the URL isn't one of these, or carries a password or anything after the port.
    pub fn parse(url: &str) -> Result<Self, InvalidSmtpUrl> {
        let url = Url::parse(url.trim()).map_err(|_| InvalidSmtpUrl::NotAUrl)?;
        let (security, port) = match url.scheme() {
            "smtp" => (SmtpSecurity::Plain, 25),
            "smtp+starttls" => (SmtpSecurity::StartTls, 587),
            "smtps" => (SmtpSecurity::Tls, 465),
            other => return Err(InvalidSmtpUrl::Scheme(other.to_owned())),
        };
        if url.password().is_some() {
            return Err(InvalidSmtpUrl::Password);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidSmtpUrl::Trailing);
        }
        let host = url.host_str().ok_or(InvalidSmtpUrl::Host)?;
        let host = host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')).unwrap_or(host).to_ascii_lowercase();
        ServerName::try_from(host.as_str()).map_err(|_| InvalidSmtpUrl::Host)?;
        let user = percent_decode_str(url.username()).decode_utf8().map_err(|_| InvalidSmtpUrl::NotAUrl)?;
        if user.chars().any(char::is_control) {
            return Err(InvalidSmtpUrl::NotAUrl);
        }
        let user = (!user.is_empty()).then(|| user.into_owned());
        Ok(Self { security, port: url.port().unwrap_or(port), host, user })
    }

    /// How the connection is protected.
    pub fn security(&self) -> SmtpSecurity {
        self.security
    }

    /// Host name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The login at the server, if there is one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
    }
}

impl fmt::Display for SmtpServer {
    /// Host and port, for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A mail server with the password that goes with its user.
#[derive(Clone, Debug)]
pub struct SmtpAccess {
    server: SmtpServer,
    password: Option<SecretString>,
}

/// How to talk to a mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The server and the password for it.
    pub access: SmtpAccess,
    /// How long one try may take, from connecting to the server's last word.
    pub timeout: Duration,
    /// Connections at once, so that one mail that hangs doesn't hold the others.
    pub connections: usize,
    /// How long an unused connection is kept. Servers close theirs after 300 s (RFC 5321
    /// §4.5.3.2.7); many are less patient.
    pub idle: Duration,
    /// The name given in `EHLO`; the machine's own where absent.
    pub hello: Option<String>,
    /// A PEM file of certificates that are trusted besides the system's, for a server with a
    /// certificate of one's own making.
    pub extra_roots: Option<PathBuf>,
}

/// A mail server and a password that don't go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmtp {
    /// A password but nobody to log in.
    #[error("there's a password, but the URL names no user (smtp+starttls://user@host)")]
    NoUser,
    /// Somebody to log in but no password.
    #[error("the URL names a user, but there's no `password`")]
    NoPassword,
    /// A password that anybody on the way could read.
    #[error("smtp:// would send the password unencrypted to another machine; use smtp+starttls:// or smtps://")]
    PasswordInClear,
}

impl SmtpAccess {
    /// A server and its password.
    ///
    /// # Errors
    /// When the password and the URL's user don't go together, or the password would travel in
    /// clear to another machine.
    pub fn new(server: SmtpServer, password: Option<SecretString>) -> Result<Self, InvalidSmtp> {
        match (server.user(), &password) {
            (None, Some(_)) => return Err(InvalidSmtp::NoUser),
            (Some(_), None) => return Err(InvalidSmtp::NoPassword),
            (Some(_), Some(_)) if server.security() == SmtpSecurity::Plain && !server.is_this_machine() => {
                return Err(InvalidSmtp::PasswordInClear);
            }
            _ => {}
        }
        Ok(Self { server, password })
    }

    /// The server.
    pub fn server(&self) -> &SmtpServer {
        &self.server
    }

    /// The password of its user.
    pub fn password(&self) -> Option<&SecretString> {
        self.password.as_ref()
    }
}

impl SmtpSettings {
    /// A server with the default numbers: 10 s a try, 4 connections, unused ones kept for 30 s.
    pub fn new(access: SmtpAccess) -> Self {
        Self {
            access,
            timeout: Duration::from_secs(10),
            connections: 4,
            idle: Duration::from_secs(30),
            hello: None,
            extra_roots: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_its_url() {
        for (url, security, host, port, user) in [
            ("smtp://mail.example.net", SmtpSecurity::Plain, "mail.example.net", 25, None),
            ("smtp+starttls://mail.example.net", SmtpSecurity::StartTls, "mail.example.net", 587, None),
            ("smtps://Mail.Example.net/", SmtpSecurity::Tls, "mail.example.net", 465, None),
            (
                "smtp+starttls://poterne@mail.example.net:2525",
                SmtpSecurity::StartTls,
                "mail.example.net",
                2525,
                Some("poterne"),
            ),
            (
                "smtps://no-reply@example.net@mail.example.net",
                SmtpSecurity::Tls,
                "mail.example.net",
                465,
                Some("no-reply@example.net"),
            ),
            ("smtps://a%40b%2Fc@mail.example.net", SmtpSecurity::Tls, "mail.example.net", 465, Some("a@b/c")),
            ("smtp://127.0.0.1:1025", SmtpSecurity::Plain, "127.0.0.1", 1025, None),
            ("smtp://[::1]:1025", SmtpSecurity::Plain, "::1", 1025, None),
        ] {
            let server = SmtpServer::parse(url).unwrap();
            assert_eq!(
                (server.security(), server.host(), server.port(), server.user()),
                (security, host, port, user),
                "{url}"
            );
        }
        assert_eq!(SmtpServer::parse("smtp://[::1]:1025").unwrap().to_string(), "[::1]:1025");
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for (url, error) in [
            ("mail.example.net:25", InvalidSmtpUrl::Scheme("mail.example.net".into())),
            ("", InvalidSmtpUrl::NotAUrl),
            ("http://mail.example.net", InvalidSmtpUrl::Scheme("http".into())),
            ("smtp://", InvalidSmtpUrl::Host),
            ("smtp://ma il.example.net", InvalidSmtpUrl::NotAUrl),
            ("smtp://mail.example.net:99999", InvalidSmtpUrl::NotAUrl),
            ("smtp://m%0d%0ail", InvalidSmtpUrl::Host),
            ("smtps://user:secret@mail.example.net", InvalidSmtpUrl::Password),
            ("smtps://mail.example.net?tls=opportunistic", InvalidSmtpUrl::Trailing),
            ("smtps://mail.example.net/x", InvalidSmtpUrl::Trailing),
        ] {
            assert_eq!(SmtpServer::parse(url), Err(error), "{url}");
        }
    }

    #[test]
    fn a_password_goes_with_a_user_and_never_in_clear_to_another_machine() {
        let settings = |url: &str, password: Option<&str>| {
            SmtpAccess::new(SmtpServer::parse(url).unwrap(), password.map(SecretString::from)).map(|_| ())
        };
        assert_eq!(settings("smtp://mail.example.net", None), Ok(()));
        assert_eq!(settings("smtps://u@mail.example.net", Some("p")), Ok(()));
        assert_eq!(settings("smtp+starttls://u@mail.example.net", Some("p")), Ok(()));
        assert_eq!(settings("smtp://u@127.0.0.1", Some("p")), Ok(()));
        assert_eq!(settings("smtp://u@localhost", Some("p")), Ok(()));
        assert_eq!(settings("smtp://u@mail.example.net", Some("p")), Err(InvalidSmtp::PasswordInClear));
        assert_eq!(settings("smtps://mail.example.net", Some("p")), Err(InvalidSmtp::NoUser));
        assert_eq!(settings("smtps://u@mail.example.net", None), Err(InvalidSmtp::NoPassword));
        let shown = SmtpAccess::new(SmtpServer::parse("smtps://u@h.test").unwrap(), Some("hush-hush".into())).unwrap();
        assert!(!format!("{shown:?}").contains("hush-hush"));
    }
}
