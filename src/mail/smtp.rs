//! Talking to a mail server.

use std::error::Error as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Severity;
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};
use tokio_rustls::rustls::pki_types::ServerName;

use super::compose::Parcel;
use super::health::MailTrouble;
use super::outbox::{Failure, MailSetupFailed};
use super::{SmtpSecurity, SmtpSettings};

/// How long a server has to answer QUIT.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// A mail server and the connections to it that are free.
pub(super) struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    free: Mutex<Vec<Free>>,
}

/// A connection between two mails: its last one was answered, so nothing is left to be read.
struct Free {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    /// Reads the certificates and the password; doesn't connect.
    pub(super) fn new(settings: SmtpSettings) -> Result<Self, MailSetupFailed> {
        let tls = match settings.access.server().security() {
            SmtpSecurity::Plain => None,
            SmtpSecurity::StartTls | SmtpSecurity::Tls => Some(tls_parameters(&settings)?),
        };
        let credentials = match (settings.access.server().user(), settings.access.password()) {
            (Some(user), Some(password)) => {
                Some(Credentials::new(user.to_owned(), password.expose_secret().to_owned()))
            }
            _ => None,
        };
        let hello = match &settings.hello {
            None => ClientId::default(),
            Some(name) if ServerName::try_from(name.as_str()).is_ok() && name.parse::<std::net::IpAddr>().is_err() => {
                ClientId::Domain(name.clone())
            }
            Some(_) => return Err(MailSetupFailed::Hello),
        };
        Ok(Self { settings, tls, credentials, hello, free: Mutex::default() })
    }

    /// Hands one mail over. Cancelling it closes the connection.
    pub(super) async fn deliver(&self, parcel: &Parcel) -> Result<(), Failure> {
        let from = parcel.from.as_address().clone();
        let to = parcel.to.as_address().clone();
        let envelope = Envelope::new(Some(from), vec![to]).map_err(|_| Failure::refused(None))?;
        let mut connection = self.connection().await?;
        let answer = connection.send(&envelope, &parcel.bytes).await.map_err(|error| in_transaction(&error))?;
        if answer.code().severity != Severity::PositiveCompletion {
            return Err(Failure::server(MailTrouble::Protocol, "an unexpected answer to the message"));
        }
        self.keep(connection);
        Ok(())
    }

    /// Connects, authenticates and keeps the connection for the next mail.
    pub(super) async fn probe(&self) -> Result<(), Failure> {
        let connection = self.connection().await?;
        self.keep(connection);
        Ok(())
    }

    /// Closes connections that weren't used for long.
    pub(super) async fn close_unused(&self) {
        let idle = self.settings.idle;
        let unused: Vec<_> = self.lock().extract_if(.., |free| free.since.elapsed() >= idle).collect();
        take_leave(unused).await;
    }

    /// Closes all free connections.
    pub(super) async fn close_all(&self) {
        let all = std::mem::take(&mut *self.lock());
        take_leave(all).await;
    }

    /// How long one try may take.
    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Failure> {
        loop {
            let free = self.lock().pop();
            match free {
                Some(free) if free.since.elapsed() >= self.settings.idle => {}
                Some(Free { mut connection, .. }) => {
                    // The server may have closed it meanwhile; that isn't this mail's failure.
                    if connection.test_connected().await {
                        return Ok(connection);
                    }
                }
                None => return self.connect().await,
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let server = self.settings.access.server();
        let at_once = if server.security() == SmtpSecurity::Tls { self.tls.clone() } else { None };
        // Half the time at most for one address, so that a name's second address has its turn.
        let for_one = Some(self.settings.timeout / 2);
        let target = (server.host(), server.port());
        let mut connection = AsyncSmtpConnection::connect_tokio1(target, for_one, &self.hello, at_once, None)
            .await
            .map_err(|error| before_transaction(&error, MailTrouble::Refused))?;
        if server.security() == SmtpSecurity::StartTls {
            if !connection.can_starttls() {
                return Err(Failure::server(MailTrouble::NoStartTls, "the server doesn't offer STARTTLS"));
            }
            let Some(tls) = self.tls.clone() else {
                return Err(Failure::server(MailTrouble::Tls, "TLS isn't set up"));
            };
            connection
                .starttls(tls, &self.hello)
                .await
                .map_err(|error| before_transaction(&error, MailTrouble::Refused))?;
        }
        if let Some(credentials) = &self.credentials {
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .await
                .map_err(|error| before_transaction(&error, MailTrouble::Authentication))?;
        }
        Ok(connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut free = self.lock();
        if !connection.has_broken() && free.len() < self.settings.connections {
            free.push(Free { connection, since: Instant::now() });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Free>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says QUIT on each connection, without insisting on an answer.
async fn take_leave(connections: Vec<Free>) {
    for Free { mut connection, .. } in connections {
        let _ = timeout(QUIT_TIMEOUT, connection.abort()).await;
    }
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, MailSetupFailed> {
    let mut builder = TlsParameters::builder(settings.access.server().host().to_owned());
    if let Some(path) = &settings.extra_roots {
        let failed = |reason: String| MailSetupFailed::Roots { path: path.clone(), reason };
        let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let certificates = Certificate::from_pem(&pem).map_err(|error| failed(error.to_string()))?;
        if !pem.windows(BEGIN_CERTIFICATE.len()).any(|window| window == BEGIN_CERTIFICATE) {
            return Err(failed("there's no PEM certificate in it".to_owned()));
        }
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().map_err(|error| MailSetupFailed::Tls(error.to_string()))
}

const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What an error means while a connection is being made: the server's trouble, never the mail's.
/// `on_reply` is what a negative answer means at this point.
fn before_transaction(error: &SmtpError, on_reply: MailTrouble) -> Failure {
    match error.status() {
        Some(code) => Failure::server(on_reply, format!("the server answers {}", u16::from(code))),
        None => broken(error),
    }
}

/// What an error means once a mail was offered: the server's answer about this mail and recipient,
/// unless the connection broke or the server is closing (421).
fn in_transaction(error: &SmtpError) -> Failure {
    let Some(code) = error.status() else { return broken(error) };
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    match u16::from(code) {
        421 => Failure::server(MailTrouble::Refused, "the server answers 421"),
        code if error.is_permanent() => Failure::refused(Some(with_enhanced(code, &words))),
        code => Failure::Later(with_enhanced(code, &words)),
    }
}

fn broken(error: &SmtpError) -> Failure {
    if error.is_timeout() {
        return Failure::server(MailTrouble::Timeout, "no connection in time");
    }
    // Words of the server aren't repeated: they may hold an address. Those of the system and of
    // the TLS library are what the operator needs.
    let reason = || {
        let mut words = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            words.push(cause.to_string());
            source = cause.source();
        }
        words.dedup();
        words.join(": ")
    };
    if error.is_tls() {
        Failure::server(MailTrouble::Tls, reason())
    } else if error.is_response() {
        Failure::server(MailTrouble::Protocol, "an answer that isn't SMTP, or none")
    } else if error.is_client() {
        Failure::server(MailTrouble::Protocol, "the server lacks something that's needed")
    } else {
        let reason = reason();
        // A handshake that fails comes as an I/O error.
        let tls = ["certificate", "handshake", "alert", "InvalidContentType"].iter().any(|word| reason.contains(word));
        Failure::server(if tls { MailTrouble::Tls } else { MailTrouble::Connection }, reason)
    }
}

/// The reply code, with the enhanced status code (RFC 3463) if the words begin with one: `550 5.1.1`.
fn with_enhanced(code: u16, words: &str) -> String {
    let first = words.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = first.split('.').collect();
    let is_number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() == 3 && parts.iter().all(is_number) { format!("{code} {first}") } else { code.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_shown_by_its_codes_only() {
        for (words, shown) in [
            ("5.1.1 <alice@example.test>: Recipient address rejected", "550 5.1.1"),
            ("<alice@example.test> unknown", "550"),
            ("5.1.alice@example.test", "550"),
            ("", "550"),
        ] {
            assert_eq!(with_enhanced(550, words), shown);
        }
    }
}
