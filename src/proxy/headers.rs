//! The headers that go to the panel: one rule for both ways there, pingora's and the gate's own
//! requests.
//!
//! What a browser says about who it is, where it comes from and how its request should be read
//! instead is dropped; what the gate knows is put in its place. PHP and its kind read `X-Real-IP`
//! and `X_Real_IP` as the same name, so a name with an underscore never passes.

use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use pingora::http::RequestHeader;

use crate::model::ClientAddr;

use super::client::Scheme;

/// What the panel is told beside what the browser sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Who asks, from [`client_value`]; the same value serves a whole connection.
    pub client: &'a HeaderValue,
    /// How the browser reached us.
    pub scheme: Scheme,
    /// The `Host` that the panel gets.
    pub host: HostSent<'a>,
    /// The one `Cookie` line, as the gate decided it. The browser's own never pass.
    pub cookie: Option<&'a HeaderValue>,
    /// Headers that carry credentials (`authorization` and its kin): dropped.
    pub credential_headers: &'a [HeaderName],
    /// The permit lets them pass: an `api` door that the operator opened.
    pub pass_credentials: bool,
}

/// Which `Host` the panel gets.
#[derive(Clone, Copy, Debug)]
pub enum HostSent<'a> {
    /// The browser's: panels make links with it.
    Kept,
    /// Always this one.
    Fixed(&'a HeaderValue),
}

/// A client's address as a header's value.
pub fn client_value(client: ClientAddr) -> HeaderValue {
    // An address is always a valid value; the fallback is there for the type.
    HeaderValue::try_from(client.to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// Makes the headers of a request that pingora forwards, in place. To be called in
/// `upstream_request_filter`, after pingora's own sanitiser; with `HttpUpstreamRequestPolicy::preserve`
/// that one does nothing, and this does all.
///
/// # Errors
/// When a header can't be set, which pingora's types allow for.
pub fn apply(request: &mut RequestHeader, out: &Outgoing<'_>) -> pingora::Result<()> {
    let websocket = super::websocket::is_handshake(request);
    let named = Named::of(&request.headers);
    let dropped: Vec<HeaderName> =
        request.headers.keys().filter(|name| is_dropped(name, out) || named.contains(name)).cloned().collect();
    for name in &dropped {
        request.remove_header(name);
    }
    if websocket {
        request.insert_header("Connection", HeaderValue::from_static("Upgrade"))?;
        request.insert_header("Upgrade", HeaderValue::from_static("websocket"))?;
    }
    match out.cookie {
        Some(cookie) => request.insert_header("Cookie", cookie)?,
        None => drop(request.remove_header(&COOKIE)),
    }
    if let Some(host) = request.headers.get(HOST).cloned() {
        request.insert_header("X-Forwarded-Host", host)?;
    }
    if let HostSent::Fixed(host) = out.host {
        request.insert_header("Host", host)?;
    }
    request.insert_header("X-Forwarded-For", out.client)?;
    request.insert_header("X-Forwarded-Proto", out.scheme.value())?;
    request.insert_header("X-Real-IP", out.client)
}

/// Makes the headers of a request of the gate's own (a login relay, a probe, a logout) from those
/// of the browser's request that it's made for. Nothing is asked for encoded, in part or on
/// condition, since the answer has to be read; and framing is left to who sends it.
pub fn own_request(browser: &HeaderMap, out: &Outgoing<'_>) -> HeaderMap {
    let named = Named::of(browser);
    let mut headers = HeaderMap::with_capacity(browser.keys_len() + 6);
    for (name, value) in browser {
        if !(is_dropped(name, out) || named.contains(name) || is_dropped_from_own(name) || *name == COOKIE) {
            headers.append(name.clone(), value.clone());
        }
    }
    if let Some(cookie) = out.cookie {
        headers.insert(COOKIE, cookie.clone());
    }
    if let Some(host) = headers.get(HOST).cloned() {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    if let HostSent::Fixed(host) = out.host {
        headers.insert(HOST, host.clone());
    }
    headers.insert(HeaderName::from_static("x-forwarded-for"), out.client.clone());
    headers.insert(HeaderName::from_static("x-forwarded-proto"), out.scheme.value());
    headers.insert(HeaderName::from_static("x-real-ip"), out.client.clone());
    headers
}

/// Whether these headers ask to go on as a websocket.
pub fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let mut upgrades = headers.get_all(UPGRADE).iter();
    let websocket = upgrades.next().is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    websocket
        && upgrades.next().is_none()
        && headers.get_all(CONNECTION).iter().flat_map(tokens).any(|token| token.eq_ignore_ascii_case(b"upgrade"))
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii)
}

/// Headers that `Connection` names: they're for the next hop, which is us.
struct Named(Vec<HeaderName>);

impl Named {
    fn of(headers: &HeaderMap) -> Self {
        let boring = |token: &[u8]| {
            token.is_empty() || token.eq_ignore_ascii_case(b"keep-alive") || token.eq_ignore_ascii_case(b"close")
        };
        let named = headers.get_all(CONNECTION).iter().flat_map(tokens).filter(|token| !boring(token));
        // Framing and host aren't a client's to take back.
        let kept = [CONTENT_LENGTH, TRANSFER_ENCODING, HOST];
        Self(named.filter_map(|token| HeaderName::from_bytes(token).ok()).filter(|name| !kept.contains(name)).collect())
    }

    fn contains(&self, name: &HeaderName) -> bool {
        self.0.contains(name)
    }
}

/// Whether a browser's header never reaches the panel.
fn is_dropped(name: &HeaderName, out: &Outgoing<'_>) -> bool {
    let text = name.as_str();
    let known = match text.as_bytes().first() {
        Some(b'x') => {
            text.starts_with("x-forwarded")
                || text.starts_with("x-poterne")
                || matches!(
                    text,
                    "x-real-ip"
                        | "x-client-ip"
                        | "x-cluster-client-ip"
                        | "x-remote-ip"
                        | "x-remote-addr"
                        | "x-remote-user"
                        | "x-originating-ip"
                        | "x-original-forwarded-for"
                        | "x-original-host"
                        | "x-original-method"
                        | "x-original-url"
                        | "x-original-uri"
                        | "x-rewrite-url"
                        | "x-host"
                        | "x-http-host-override"
                        | "x-http-method"
                        | "x-http-method-override"
                        | "x-method-override"
                        | "x-proxyuser-ip"
                )
        }
        Some(b'c') => matches!(text, "connection" | "client-ip" | "cf-connecting-ip" | "cf-connecting-ipv6"),
        // `Proxy` becomes the environment's HTTP_PROXY in CGI programs ("httpoxy").
        Some(b'p') => text.starts_with("proxy"),
        Some(b't') => matches!(text, "te" | "trailer" | "true-client-ip"),
        Some(b'f') => matches!(text, "forwarded" | "forwarded-for" | "fastly-client-ip"),
        Some(b'k') => text == "keep-alive",
        Some(b'u') => text == "upgrade",
        Some(b'h') => text == "http2-settings",
        _ => false,
    };
    known || text.contains('_') || (!out.pass_credentials && out.credential_headers.contains(name))
}

/// What a request of the gate's own can't have from the browser's.
fn is_dropped_from_own(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "accept-encoding"
            | "content-length"
            | "expect"
            | "if-match"
            | "if-modified-since"
            | "if-none-match"
            | "if-range"
            | "if-unmodified-since"
            | "range"
            | "transfer-encoding"
    ) || name.as_str().starts_with("sec-websocket")
}
