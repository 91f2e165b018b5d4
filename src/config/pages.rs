//! `[pages]`, `[admin]`, `[log]`: what users, operators and their tools see.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use crate::model::{EmailAddress, Language};
use crate::page::Zone;

use super::desk::Wrong;
use super::listen::ListenSettings;
use super::section::Section;
use super::source::{Node, Value, quoted};
use super::store::must_have_folder;
use super::value::{boolean, one_of, socket, text};

/// Languages of the pages; the first is the fallback (DESIGN §7).
pub const LANGUAGES: [Language; 2] = [Language::Fr, Language::En];
/// The operators' socket, beside the configuration.
pub const SOCKET: &str = "poterne.sock";
/// Longest name that pages and mails carry, in characters: it stands in a subject line.
const MAX_BRAND: usize = 80;

/// What users see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PagesSettings {
    /// Languages, each once; the first is the fallback.
    pub languages: Vec<Language>,
    /// The name that users know the panel by.
    pub brand: String,
    /// Where users find help: an `https:`, `http:`, `mailto:` or `tel:` URL.
    pub support: String,
    /// The zone that pages and mails show times in.
    pub zone: Zone,
    /// Templates of the operator's own, over the built-in ones.
    pub directory: Option<PathBuf>,
    /// Where visitors reach the gate, for links in mails: scheme, host and port, without a slash at
    /// its end. Never taken from a request: its `Host` is the sender's to choose.
    pub url: String,
}

/// What operators use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdminSettings {
    /// The socket for operators' commands.
    pub socket: PathBuf,
    /// Where metrics and health are answered; `None`: nowhere.
    pub metrics: Option<SocketAddr>,
}

/// How the gate writes about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogSettings {
    /// Lines for people or for machines.
    pub format: LogFormat,
    /// The least severe lines that are written.
    pub level: tracing::Level,
    /// Whether e-mail addresses stand in the log in full; else masked.
    pub addresses: bool,
}

/// Lines for people or for machines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// One readable line an event.
    Text,
    /// One JSON object an event.
    Json,
}

pub(super) fn read_pages(section: Section<'_>, listen: Option<&ListenSettings>) -> Option<PagesSettings> {
    let languages = read_languages(&section);
    let brand = section.required("brand", "the name that users know the panel by", brand);
    let what = "where users find help without logging in, like \"https://example.net/contact\"";
    let support = section.required("support", what, support);
    let zone = section.get("timezone", zone).unwrap_or_else(Zone::system);
    let directory = section.get("directory", text).map(|name| section.desk.path(name));
    if let Some(path) = directory.as_ref().filter(|path| !path.is_dir()) {
        let found = format!("{}, which isn't one", path.display());
        section.wrong("directory", Wrong::expected("a folder").found(found));
    }
    let url = read_url(&section, listen);
    section.finish();
    brand.zip(support).map(|(brand, support)| PagesSettings { languages, brand, support, zone, directory, url })
}

/// Where visitors reach the gate: as written, else by the first host; over HTTPS, unless that host is
/// this machine and nobody else can come.
fn read_url(section: &Section<'_>, listen: Option<&ListenSettings>) -> String {
    let written = section.get("url", address);
    let Some(listen) = listen else { return String::new() };
    if let Some(url) = written {
        let host = url.host_str().unwrap_or_default();
        if !listen.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            let wrong = Wrong::expected("an address of one of listen.hosts").found(quoted(host));
            section.wrong("url", wrong.hint("links in mails would lead to a host that the gate answers with 421"));
        }
        return url.as_str().trim_end_matches('/').to_owned();
    }
    let host = listen.hosts.first().map(String::as_str).unwrap_or_default();
    let local = is_this_machine(host)
        && listen.trusted_proxies.is_empty()
        && listen.addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
    match listen.addresses.first().filter(|_| local) {
        Some(address) => format!("http://{host}:{}", address.port()),
        None => format!("https://{host}"),
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// A site's address without anything behind it.
fn address(node: &Node) -> Result<Url, Wrong> {
    let wrong = || Wrong::expected("where visitors reach the panel, like \"https://panel.example.net\"");
    let url = Url::parse(text(node)?).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let plain = url.has_host() && url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "https" | "http") && bare && plain { Ok(url) } else { Err(wrong()) }
}

fn read_languages(section: &Section<'_>) -> Vec<Language> {
    let choices = Language::ALL.map(|language| (language.tag(), language));
    let Some(list) = section.list("languages", "languages", one_of(&choices)) else { return LANGUAGES.to_vec() };
    let mut languages = Vec::new();
    for (language, at) in list {
        if languages.contains(&language) {
            section.desk.mistake(&at, Wrong::expected("each language once").found(format!("\"{}\"", language.tag())));
        }
        languages.push(language);
    }
    if section.node("languages").is_some_and(|(node, _)| matches!(&node.value, Value::Array(list) if list.is_empty())) {
        section.wrong("languages", Wrong::expected("at least one language").found("an empty list"));
    }
    languages
}

/// Line and paragraph separators, and marks that turn the direction of text: they make one text look
/// like another in a subject line (UAX #9).
fn is_odd(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn zone(node: &Node) -> Result<Zone, Wrong> {
    match text(node)? {
        "system" => Ok(Zone::system()),
        name => name.parse().map_err(|_| Wrong::expected("\"system\", \"UTC\" or a zone like \"Europe/Paris\"")),
    }
}

fn brand(node: &Node) -> Result<String, Wrong> {
    let text = text(node)?.trim();
    match text.chars().count() > MAX_BRAND || text.chars().any(is_odd) {
        true => Err(Wrong::expected(format!("one line of at most {MAX_BRAND} characters, written in one direction"))),
        false => Ok(text.to_owned()),
    }
}

fn support(node: &Node) -> Result<String, Wrong> {
    let wrong =
        || Wrong::expected("a URL like \"https://example.net/contact\", \"mailto:help@example.net\" or \"tel:+33…\"");
    let url = Url::parse(text(node)?).map_err(|_| wrong())?;
    let fits = match url.scheme() {
        "https" | "http" => url.has_host() && url.username().is_empty() && url.password().is_none(),
        "mailto" => EmailAddress::parse(url.path()).is_ok(),
        "tel" => url.path().bytes().any(|b| b.is_ascii_digit()),
        _ => false,
    };
    if fits { Ok(url.into()) } else { Err(wrong()) }
}

pub(super) fn read_admin(section: Section<'_>) -> AdminSettings {
    let socket_path = section.desk.path(section.or("socket", text, SOCKET));
    must_have_folder(&section, "socket", &socket_path);
    let metrics = section.get("metrics", socket);
    if let Some(address) = metrics.filter(|address| !address.ip().is_loopback()) {
        let text = format!("{address} isn't a loopback address: whoever reaches it can read the gate's numbers");
        section.desk.warn(&section.at_key("metrics"), text);
    }
    section.finish();
    AdminSettings { socket: socket_path, metrics }
}

pub(super) fn read_log(section: Section<'_>) -> LogSettings {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let levels = [
        ("error", tracing::Level::ERROR),
        ("warn", tracing::Level::WARN),
        ("info", tracing::Level::INFO),
        ("debug", tracing::Level::DEBUG),
    ];
    let settings = LogSettings {
        format: section.or("format", one_of(&formats), LogFormat::Text),
        level: section.or("level", one_of(&levels), tracing::Level::INFO),
        addresses: section.or("addresses", boolean, false),
    };
    section.finish();
    settings
}
