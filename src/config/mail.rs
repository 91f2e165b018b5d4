//! `[mail]`: how codes reach their owners.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::directory::OwnDomains;
use crate::mail::{Sender, SmtpAccess, SmtpSecurity, SmtpServer, SmtpSettings, Transport};
use crate::model::EmailAddress;

use super::desk::Wrong;
use super::secret::{Inline, secret};
use super::section::Section;
use super::source::{Node, quoted};
use super::value::{duration, number, one_of, parse_host, text};

/// How codes reach their owners: what [`crate::mail::Settings::new`] takes, and what the directory
/// has to know about mailboxes.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Who writes.
    pub from: Sender,
    /// How mails leave.
    pub transport: Transport,
    /// Domains whose mailboxes lie behind this very gate: never an account's only address (DESIGN
    /// §3).
    pub own_domains: OwnDomains,
}

/// What `transport` says.
#[derive(Clone, Copy)]
enum Way {
    Smtp,
    Folder,
}

/// Keys that belong to a mail server only.
const SMTP_KEYS: [&str; 7] = ["url", "username", "password", "timeout", "connections", "hello", "ca"];

/// The settings, and where a secret stands in the configuration itself.
pub(super) fn read(section: Section<'_>) -> (Option<MailSettings>, Option<Inline>) {
    let from = section.required("from", "who writes, like \"Espace client <no-reply@example.net>\"", sender);
    let choices = [("smtp", Way::Smtp), ("folder", Way::Folder)];
    let mut inline = None;
    let transport = match section.required("transport", "\"smtp\" or \"folder\"", one_of(&choices)) {
        Some(Way::Smtp) => {
            section.only_with("path", "transport = \"folder\"");
            let (smtp, found) = read_smtp(&section);
            inline = found;
            smtp.map(Transport::Smtp)
        }
        Some(Way::Folder) => {
            for key in SMTP_KEYS {
                section.only_with(key, "transport = \"smtp\"");
            }
            read_folder(&section).map(|path| Transport::Folder { path })
        }
        None => {
            // Known, so that they aren't called unknown beside the mistake about the transport.
            let _ = SMTP_KEYS.map(|key| section.node(key));
            let _ = section.node("path");
            None
        }
    };
    let own_domains = section.list_or("own_domains", "domains", domain, Vec::new());
    // Each one was parsed on its own, for its place.
    let own_domains = OwnDomains::parse(own_domains).unwrap_or_default();
    section.finish();
    let settings = from.zip(transport).map(|(from, transport)| MailSettings { from, transport, own_domains });
    (settings, inline)
}

/// A sender as operators write it: `Name <address>`, `"Name" <address>` or an address alone.
fn sender(node: &Node) -> Result<Sender, Wrong> {
    let wrong = || Wrong::expected("a sender like \"Espace client <no-reply@example.net>\"");
    let text = text(node)?.trim();
    let (name, address) = match text.rsplit_once('<') {
        Some((name, rest)) => (Some(name.trim()), rest.strip_suffix('>').ok_or_else(wrong)?),
        None => (None, text),
    };
    let address = EmailAddress::parse(address).map_err(|_| wrong())?;
    let name = name.map(|name| name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name));
    Sender::new(name, address).map_err(|error| wrong().found(format!("{}: {error}", node.describe())))
}

fn domain(node: &Node) -> Result<&str, Wrong> {
    let text = text(node)?;
    let expected = "a mail domain like \"example.net\", or \"*.example.net\" for all below it";
    match OwnDomains::parse([text]) {
        Ok(_) if text.contains('.') => Ok(text),
        _ => Err(Wrong::expected(expected)),
    }
}

/// The folder for mails: made if it isn't there, so its own folder has to be.
fn read_folder(section: &Section<'_>) -> Option<PathBuf> {
    let path = section.desk.path(section.required("path", "the folder for mails, like \"mails\"", text)?);
    let parent = path.parent().is_some_and(|parent| parent.as_os_str().is_empty() || parent.is_dir());
    if path.exists() && !path.is_dir() {
        section.wrong("path", Wrong::expected("a folder").found(format!("{}, a file", path.display())));
    } else if !parent {
        let wrong = Wrong::expected("a folder in a folder that exists").found(path.display().to_string());
        section.wrong("path", wrong);
    }
    Some(path)
}

fn read_smtp(section: &Section<'_>) -> (Option<SmtpSettings>, Option<Inline>) {
    let named = section.get("username", text);
    let server = section
        .required("url", "the mail server, like \"smtp+starttls://mail.example.net:587\"", |node| server(node, named));
    let password = secret(section, "password");
    let inline = password.as_ref().and_then(|(_, inline)| inline.clone());
    let usable = password.is_some() || !section.has("password");
    let access = server.filter(|_| usable).and_then(|server| {
        warn_about_clear_text(section, &server, password.is_none());
        let key = if password.is_some() { "url" } else { "password" };
        SmtpAccess::new(server, password.map(|(password, _)| password))
            .map_err(|error| {
                let wrong = Wrong::expected("a server, a login and a password that go together");
                section.wrong(key, wrong.found(error.to_string()));
            })
            .ok()
    });
    let settings = access.map(|access| {
        let default = SmtpSettings::new(access);
        let timeout = duration(Duration::from_secs(1), Duration::from_mins(2));
        SmtpSettings {
            timeout: section.or("timeout", timeout, default.timeout),
            connections: section.or("connections", number(1..=100), default.connections),
            hello: section.get("hello", super::value::host),
            extra_roots: section.get("ca", text).map(|name| section.desk.path(name)),
            ..default
        }
    });
    for key in ["timeout", "connections", "hello", "ca"] {
        let _ = section.node(key);
    }
    if let Some(path) = settings.as_ref().and_then(|s| s.extra_roots.as_ref()).filter(|path| !path.is_file()) {
        let wrong =
            Wrong::expected("a file of certificates (PEM)").found(format!("{}, which isn't one", path.display()));
        section.wrong("ca", wrong);
    }
    (settings, inline)
}

/// The server of a URL, with the login that stands in it or beside it: `smtp+starttls://`,
/// `smtps://` or `smtp://`. What was found isn't repeated: it may hold a password.
fn server(node: &Node, named: Option<&str>) -> Result<SmtpServer, Wrong> {
    let wrong = || {
        Wrong::expected("a mail server like \"smtp+starttls://user@mail.example.net:587\" (or smtps://, or smtp://)")
    };
    let Ok(url) = Url::parse(text(node).map_err(|_| wrong().found(node.kind()))?) else {
        return Err(wrong().found("text that isn't a URL"));
    };
    let (security, port) = match url.scheme() {
        "smtps" => (SmtpSecurity::Tls, 465),
        "smtp+starttls" => (SmtpSecurity::StartTls, 587),
        "smtp" => (SmtpSecurity::Plain, 25),
        other => return Err(wrong().found(format!("the scheme {}", quoted(other)))),
    };
    if url.password().is_some() {
        let hint = "password = { file = \"smtp.password\" } in [mail] keeps it out of this line";
        return Err(wrong().found("a URL with a password in it").hint(hint));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong().found("a URL with a path or query"));
    }
    let user = match (url.username(), named) {
        ("", named) => named.map(str::to_owned),
        (_, Some(_)) => return Err(wrong().found("a login in the URL, and another one in username")),
        (user, None) => {
            let user = percent_decode_str(user).decode_utf8();
            Some(user.map_err(|_| wrong().found("a login that isn't UTF-8"))?.into_owned())
        }
    };
    let host = url.host_str().and_then(parse_host).ok_or_else(|| wrong().found("a URL without a host name"))?;
    SmtpServer::new(security, &host, url.port().unwrap_or(port), user).map_err(|error| wrong().found(error.to_string()))
}

fn warn_about_clear_text(section: &Section<'_>, server: &SmtpServer, anonymous: bool) {
    let near = server.host() == "localhost"
        || server.host().parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    if server.security() == SmtpSecurity::Plain && anonymous && !near {
        let text = "smtp:// sends the codes readable to another machine; smtp+starttls:// and smtps:// don't";
        section.desk.warn(&section.at_key("url"), text);
    }
}
