//! `[mail]`: how codes reach their owners.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::SecretString;
use url::Url;

use crate::model::EmailAddress;

use super::secret::{Inline, secret};
use super::section::{Section, Wrong};
use super::source::Node;
use super::value::{duration, one_of, parse_host, text};

/// How long one exchange with the mail server may take; a retry comes soon enough.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// How codes reach their owners.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Who writes.
    pub from: Sender,
    /// How mails leave.
    pub transport: MailTransport,
    /// Domains whose mailboxes lie behind this very gate, in lower case: never an account's only
    /// address (DESIGN §3).
    pub own_domains: Vec<String>,
    /// How long one exchange with the mail server may take.
    pub timeout: Duration,
}

/// Who writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender {
    /// The name that is shown, if there is one.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

/// How mails leave.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// To a mail server.
    Smtp(SmtpSettings),
    /// Into a folder, one `.eml` a mail: for trying out.
    Folder {
        /// The folder; made if it isn't there.
        path: PathBuf,
    },
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name, which its certificate has to carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub protection: SmtpProtection,
    /// Login and password there; `None`: without.
    pub credentials: Option<(String, SecretString)>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpProtection {
    /// `smtps://`: TLS from the first byte (port 465).
    Tls,
    /// `smtp+starttls://`: STARTTLS or nothing (port 587).
    StartTls,
    /// `smtp://`: none (port 25).
    None,
}

#[derive(Clone, Copy)]
enum Transport {
    Smtp,
    Folder,
}

/// The settings, and where a secret stands in the configuration itself.
pub(super) fn read(section: Section<'_>) -> (Option<MailSettings>, Option<Inline>) {
    let from = section.required("from", "who writes, like \"Espace client <no-reply@example.net>\"", sender);
    let choices = [("smtp", Transport::Smtp), ("folder", Transport::Folder)];
    let chosen = section.required("transport", "\"smtp\" or \"folder\"", one_of(&choices));
    let mut inline = None;
    let transport = match chosen {
        Some(Transport::Smtp) => {
            section.only_with("path", "transport = \"folder\"");
            let (smtp, found) = read_smtp(&section);
            inline = found;
            smtp.map(MailTransport::Smtp)
        }
        Some(Transport::Folder) => {
            for key in ["url", "username", "password"] {
                section.only_with(key, "transport = \"smtp\"");
            }
            let path = section.required("path", "the folder for mails, like \"mails\"", text);
            path.map(|path| MailTransport::Folder { path: section.desk.path(path) })
        }
        None => {
            let _ = ["path", "url", "username", "password"].map(|key| section.node(key));
            None
        }
    };
    let own_domains = section.list_or("own_domains", "domains", domain, Vec::new());
    let timeout = duration(Duration::from_secs(1), Duration::from_mins(2));
    let timeout = section.or("timeout", timeout, TIMEOUT);
    section.finish();
    let settings = from.zip(transport).map(|(from, transport)| MailSettings { from, transport, own_domains, timeout });
    (settings, inline)
}

fn sender(node: &Node) -> Result<Sender, Wrong> {
    let wrong = || Wrong::expected("a sender like \"Espace client <no-reply@example.net>\"");
    let mailbox: Mailbox = text(node)?.parse().map_err(|_| wrong())?;
    let address = EmailAddress::parse(mailbox.email.as_ref()).map_err(|_| wrong())?;
    Ok(Sender { name: mailbox.name, address })
}

fn domain(node: &Node) -> Result<String, Wrong> {
    let text = text(node)?;
    parse_host(text.trim_start_matches('@'))
        .filter(|domain| domain.contains('.') && !domain.starts_with('['))
        .ok_or_else(|| Wrong::expected("a mail domain like \"example.net\""))
}

fn read_smtp(section: &Section<'_>) -> (Option<SmtpSettings>, Option<Inline>) {
    let server = section.required("url", "the mail server, like \"smtp+starttls://mail.example.net:587\"", server);
    let username = section.get("username", |node| text(node).map(str::to_owned));
    let password = secret(section, "password");
    let inline = password.as_ref().and_then(|(_, inline)| inline.clone());
    let password = password.map(|(password, _)| password);
    let Some((mut settings, named)) = server else { return (None, inline) };
    if username.is_some() && named.is_some() {
        section.wrong("username", Wrong::expected("the login in url or in username, not in both"));
    }
    let has = |key| section.node(key).is_some();
    settings.credentials = match (username.or(named), password) {
        (Some(username), Some(password)) => Some((username, password)),
        (Some(_), None) if !has("password") => {
            section.desk.missing(&section.at_key("password"), "the password that belongs to the login");
            None
        }
        (None, Some(_)) if !has("username") => {
            section.desk.missing(&section.at_key("username"), "the login that belongs to the password");
            None
        }
        _ => None,
    };
    let near = matches!(settings.host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    if settings.protection == SmtpProtection::None && !near {
        if settings.credentials.is_some() {
            let wrong = Wrong::expected("smtp+starttls:// or smtps:// with a password").found("smtp://");
            section.wrong("url", wrong.hint("over smtp:// anybody on the way could read the password"));
        } else {
            let text = "smtp:// sends the codes readable to another machine; smtp+starttls:// or smtps:// don't";
            section.desk.warn(&section.at_key("url"), text);
        }
    }
    (Some(settings), inline)
}

/// The server of a URL, and the login in it. What was found isn't repeated: it may hold a password.
fn server(node: &Node) -> Result<(SmtpSettings, Option<String>), Wrong> {
    let wrong = || {
        Wrong::expected("a mail server like \"smtp+starttls://user@mail.example.net:587\" (or smtps://, or smtp://)")
    };
    let Ok(url) = Url::parse(text(node).map_err(|_| wrong().found(node.kind()))?) else {
        return Err(wrong().found("text that isn't a URL"));
    };
    let (protection, port) = match url.scheme() {
        "smtps" => (SmtpProtection::Tls, 465),
        "smtp+starttls" => (SmtpProtection::StartTls, 587),
        "smtp" => (SmtpProtection::None, 25),
        other => return Err(wrong().found(format!("the scheme {}", super::source::quoted(other)))),
    };
    if url.password().is_some() {
        let hint = "password = { file = \"smtp.password\" } in [mail] keeps it out of this line";
        return Err(wrong().found("a URL with a password in it").hint(hint));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong().found("a URL with a path or query"));
    }
    let host = url.host_str().and_then(parse_host).ok_or_else(|| wrong().found("a URL without a host name"))?;
    let named = match url.username() {
        "" => None,
        raw => {
            let name = percent_encoding::percent_decode_str(raw).decode_utf8();
            Some(name.map_err(|_| wrong().found("a login that isn't UTF-8"))?.into_owned())
        }
    };
    let port = url.port().unwrap_or(port);
    Ok((SmtpSettings { host, port, protection, credentials: None }, named))
}
