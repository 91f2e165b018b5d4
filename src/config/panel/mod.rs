//! `[panel]`: the panel behind the gate, by a profile and what the operator says over it.

mod door;
mod merge;
mod profile;
mod rules;

use std::time::Duration;

use crate::gate::PanelProfile;
use crate::upstream::Upstream;

use super::desk::Wrong;
use super::section::Section;
use super::source::{Node, quoted};
use super::value::{duration, one_of, parse_host, size, text};

pub use merge::BUILT_IN;
pub(super) use merge::{merged, read_file};

/// How long a connection to the panel may take: it's on the same machine or network.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the panel may be silent before and within an answer; PHP's own limit is 30 s, and
/// exports take longer.
pub const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How long the relay of a login may take; then there's no verdict (DESIGN §4).
pub const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a probe or a logout of the gate's own may take.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer to a login, in bytes; then there's no verdict (DESIGN §4).
pub const MAX_LOGIN_ANSWER: usize = 1024 * 1024;
/// The panel behind the gate.
#[derive(Clone, Debug)]
pub struct PanelSettings {
    /// Where it is; plain HTTP in this version.
    pub upstream: Upstream,
    /// What it's told as `Host`.
    pub host: HostHeader,
    /// The profile that the operator named: a built-in one's name or a path.
    pub profile_name: Option<String>,
    /// What the gate knows about it.
    pub profile: PanelProfile,
    /// How long it may take.
    pub timeouts: PanelTimeouts,
    /// The longest answer to a login, in bytes.
    pub max_login_answer: usize,
}

/// What the panel is told as `Host`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HostHeader {
    /// What the browser said.
    Keep,
    /// Always this.
    Fixed(String),
}

/// How long the panel may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PanelTimeouts {
    /// To connect.
    pub connect: Duration,
    /// Between two reads of an answer, the first included.
    pub read: Duration,
    /// For the whole relay of a login.
    pub login: Duration,
    /// For a probe or a logout of the gate's own.
    pub probe: Duration,
}

/// Reads the merged section. `prefix` is where the gate's own pages live.
pub(super) fn read(section: Section<'_>, prefix: &str) -> Option<PanelSettings> {
    let upstream = section.required("upstream", "where the panel is, like \"http://127.0.0.1:8080\"", upstream);
    // Looked up before the merge; here it's only known.
    let profile_name = section.get("profile", text).map(str::to_owned);
    if let Some("observe") = section.get("mode", one_of(&[("enforce", "enforce"), ("observe", "observe")])) {
        let wrong = Wrong::expected("\"enforce\"").found("\"observe\"");
        section.wrong("mode", wrong.hint("observing comes in a later version; try the gate on a second port first"));
    }
    let host = section.or("host", host_header, HostHeader::Keep);
    let timeouts = read_timeouts(&section.section("timeouts"));
    let max_login_answer = section.or("max_login_answer", size(4 * 1024, 16 * 1024 * 1024), MAX_LOGIN_ANSWER);
    let profile = profile::read(&section, prefix);
    section.finish();
    let (upstream, profile) = upstream.zip(profile)?;
    Some(PanelSettings { upstream, host, profile_name, profile, timeouts, max_login_answer })
}

fn upstream(node: &Node) -> Result<Upstream, Wrong> {
    let wrong = || Wrong::expected("the panel's address like \"http://127.0.0.1:8080\"");
    let text = text(node)?;
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    match url.scheme() {
        "http" => {}
        "https" => return Err(wrong().hint("TLS to the panel comes in a later version")),
        "unix" => return Err(wrong().hint("sockets come in a later version")),
        "localhost" => return Err(wrong().hint(format!("write \"http://{text}\""))),
        _ => return Err(wrong()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong().found("an address with a login in it"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let hint = "requests keep their own path; a panel in a folder is named so in login_page, public and doors";
        return Err(wrong().hint(hint));
    }
    let host = url.host_str().and_then(parse_host).ok_or_else(wrong)?;
    Ok(Upstream::new(false, &host, url.port().unwrap_or(80)))
}

fn host_header(node: &Node) -> Result<HostHeader, Wrong> {
    let text = text(node)?;
    if text == "keep" {
        return Ok(HostHeader::Keep);
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') && (host.starts_with('[') || !host.contains(':')) => {
            (host, Some(port))
        }
        _ => (text, None),
    };
    let port = port.map(str::parse::<u16>).transpose();
    match (parse_host(host), port) {
        (Some(host), Ok(None)) => Ok(HostHeader::Fixed(host)),
        (Some(host), Ok(Some(port))) => Ok(HostHeader::Fixed(format!("{host}:{port}"))),
        _ => Err(Wrong::expected("\"keep\" or a host name like \"panel.internal\"").found(quoted(text))),
    }
}

fn read_timeouts(section: &Section<'_>) -> PanelTimeouts {
    let upto = |seconds| duration(Duration::from_millis(100), Duration::from_secs(seconds));
    let timeouts = PanelTimeouts {
        connect: section.or("connect", upto(60), CONNECT_TIMEOUT),
        read: section.or("read", upto(3600), READ_TIMEOUT),
        login: section.or("login", upto(120), LOGIN_TIMEOUT),
        probe: section.or("probe", upto(60), PROBE_TIMEOUT),
    };
    section.report_unknown();
    timeouts
}
