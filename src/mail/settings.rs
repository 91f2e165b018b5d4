//! Where mails go and how.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tokio_rustls::rustls::pki_types::ServerName;

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

/// A mail server and who logs in there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpServer {
    security: SmtpSecurity,
    host: String,
    port: u16,
    user: Option<String>,
}

/// What can't name a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmtpServer {
    /// No host, or one that no certificate could name.
    #[error("the mail server's name isn't a host name or address")]
    Host,
    /// A user that can't be sent as one.
    #[error("the user at the mail server is empty or has a control character in it")]
    User,
}

impl SmtpServer {
    /// A server. `host` is a name or an address, an IPv6 address with or without brackets.
    ///
    /// # Errors
    /// When the host isn't one, or the user is empty or has a control character in it.
    pub fn new(security: SmtpSecurity, host: &str, port: u16, user: Option<String>) -> Result<Self, InvalidSmtpServer> {
        let host = host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')).unwrap_or(host).to_ascii_lowercase();
        ServerName::try_from(host.as_str()).map_err(|_| InvalidSmtpServer::Host)?;
        if user.as_ref().is_some_and(|user| user.is_empty() || user.chars().any(char::is_control)) {
            return Err(InvalidSmtpServer::User);
        }
        Ok(Self { security, host, port, user })
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
    #[error("there's a password for the mail server, but no user")]
    NoUser,
    /// Somebody to log in but no password.
    #[error("there's a user for the mail server, but no password")]
    NoPassword,
    /// A password that anybody on the way could read.
    #[error("smtp:// would send the password unencrypted to another machine; use smtp+starttls:// or smtps://")]
    PasswordInClear,
}

impl SmtpAccess {
    /// A server and its password.
    ///
    /// # Errors
    /// When the password and the server's user don't go together, or the password would travel in
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
    fn a_server_has_a_name_that_a_certificate_could_bear() {
        for (host, shown) in [
            ("Mail.Example.net", "mail.example.net:25"),
            ("127.0.0.1", "127.0.0.1:25"),
            ("[::1]", "[::1]:25"),
            ("::1", "[::1]:25"),
        ] {
            assert_eq!(SmtpServer::new(SmtpSecurity::Plain, host, 25, None).unwrap().to_string(), shown);
        }
        for host in ["", "ma il", "mail\r\nX", "mail/x", "user@mail"] {
            let refused = SmtpServer::new(SmtpSecurity::Tls, host, 465, None);
            assert_eq!(refused, Err(InvalidSmtpServer::Host), "{host:?}");
        }
        for user in ["", "a\r\nb", "a\0"] {
            let refused = SmtpServer::new(SmtpSecurity::Tls, "mail.example.net", 465, Some(user.to_owned()));
            assert_eq!(refused, Err(InvalidSmtpServer::User), "{user:?}");
        }
    }

    #[test]
    fn a_password_goes_with_a_user_and_never_in_clear_to_another_machine() {
        use SmtpSecurity::{Plain, StartTls, Tls};
        let access = |security, host: &str, user: Option<&str>, password: Option<&str>| {
            let server = SmtpServer::new(security, host, 25, user.map(str::to_owned)).unwrap();
            SmtpAccess::new(server, password.map(SecretString::from)).map(|_| ())
        };
        let (user, password) = (Some("u"), Some("p"));
        assert_eq!(access(Plain, "mail.test", None, None), Ok(()));
        assert_eq!(access(Tls, "mail.test", user, password), Ok(()));
        assert_eq!(access(StartTls, "mail.test", user, password), Ok(()));
        for near in ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(access(Plain, near, user, password), Ok(()), "{near}");
        }
        assert_eq!(access(Plain, "mail.test", user, password), Err(InvalidSmtp::PasswordInClear));
        assert_eq!(access(Tls, "mail.test", None, password), Err(InvalidSmtp::NoUser));
        assert_eq!(access(Tls, "mail.test", user, None), Err(InvalidSmtp::NoPassword));
        let server = SmtpServer::new(Tls, "mail.test", 465, Some("u".to_owned())).unwrap();
        let shown = SmtpAccess::new(server, Some("hush-hush".into())).unwrap();
        assert!(!format!("{shown:?}").contains("hush-hush"));
    }
}
