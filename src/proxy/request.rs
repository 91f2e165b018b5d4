//! What a request says about itself, read once.

use http::header::{ACCEPT, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE, USER_AGENT};
use http::{HeaderMap, HeaderName};

use crate::gate::decide::Caller;
use crate::model::Reference;

/// Longest browser name that is shown in a mail, in characters.
const BROWSER_MAX: usize = 120;

static REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
static FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// How the caller wants to be answered: a page for a browser that navigates, a status and a JSON
/// problem for a script.
pub fn caller(headers: &HeaderMap) -> Caller {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if headers.contains_key(UPGRADE) || text(&REQUESTED_WITH).eq_ignore_ascii_case("xmlhttprequest") {
        return Caller::Script;
    }
    match text(&FETCH_MODE) {
        "navigate" => return Caller::Navigation,
        "" => {}
        _ => return Caller::Script,
    }
    // Browsers that send no Sec-Fetch-Mode (Safari before 16.4) ask for HTML when they navigate.
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") || accept.is_empty() { Caller::Navigation } else { Caller::Script }
}

/// The browser as it calls itself: one line of printable characters, cut.
pub fn browser(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default();
    agent.chars().filter(|c| !c.is_control()).take(BROWSER_MAX).collect()
}

/// The body's length, if it was told, and whether there is a body at all.
pub fn body(headers: &HeaderMap) -> (Option<u64>, bool) {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    let chunked = headers.contains_key(TRANSFER_ENCODING);
    (length.filter(|_| !chunked), chunked || length.is_some_and(|length| length > 0))
}

/// The `Host`, if there is exactly one readable one.
pub fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// Whether `host` (with any port) is one of `hosts`, which are in lower case. An empty list takes
/// every host.
pub fn is_ours(host: &str, hosts: &[String]) -> bool {
    hosts.is_empty() || hosts.iter().any(|own| own.eq_ignore_ascii_case(name_of(host)))
}

/// A host without its port: `example.net:80`, `[::1]:80`.
pub fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

/// The rest of a path under the gate's own prefix, which nothing of the panel lies below.
pub fn own_path<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Whether a body can be searched: one type at most, and not packed.
pub fn is_plainly_typed(headers: &HeaderMap) -> bool {
    !headers.contains_key("content-encoding") && headers.get_all("content-type").into_iter().count() <= 1
}

/// A fresh reference, for a refusal.
pub fn reference() -> Reference {
    Reference::random(&mut rand::rng())
}

/// Every byte that isn't unreserved, percent-encoded: for a target inside a query.
pub fn encoded(target: &str) -> String {
    let mut out = String::with_capacity(target.len() + 16);
    for byte in target.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_browser_that_navigates_gets_a_page_and_a_script_a_problem() {
        let cases: &[(&[(&str, &str)], Caller)] = &[
            (&[("sec-fetch-mode", "navigate"), ("accept", "*/*")], Caller::Navigation),
            (&[("sec-fetch-mode", "cors"), ("accept", "text/html")], Caller::Script),
            (&[("accept", "text/html,application/xhtml+xml;q=0.9")], Caller::Navigation),
            (&[("accept", "application/json")], Caller::Script),
            (&[("accept", "*/*")], Caller::Script),
            (&[], Caller::Navigation),
            (&[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")], Caller::Script),
            (&[("upgrade", "websocket"), ("sec-fetch-mode", "navigate")], Caller::Script),
        ];
        for (lines, expected) in cases {
            let lines: Vec<_> = lines.iter().map(|(n, v)| (*n, *v)).collect();
            let map: HeaderMap = lines
                .iter()
                .map(|(n, v)| (n.parse::<http::HeaderName>().unwrap(), v.parse::<http::HeaderValue>().unwrap()))
                .collect();
            assert_eq!(caller(&map), *expected, "{lines:?}");
        }
    }

    #[test]
    fn hosts_are_compared_without_port_and_case() {
        let own = vec!["panel.example.net".to_owned(), "[::1]".to_owned()];
        for host in ["panel.example.net", "PANEL.example.net:8443", "[::1]:80", "[::1]"] {
            assert!(is_ours(host, &own), "{host}");
        }
        for host in ["panel.example.net.evil.example", "evil.example", "", "panel.example.net:x", "[::2]:80"] {
            assert!(!is_ours(host, &own), "{host}");
        }
        assert!(is_ours("anything", &[]));
    }

    #[test]
    fn the_host_must_be_there_once() {
        assert_eq!(host(&headers(&[("host", "a")])), Some("a"));
        assert_eq!(host(&headers(&[])), None);
        let mut twice = headers(&[("host", "a")]);
        twice.append("host", http::HeaderValue::from_static("b"));
        assert_eq!(host(&twice), None);
    }
}
