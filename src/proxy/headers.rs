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
                        | "x-envoy-external-address"
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
    // Every delivery network has a name of its own for the visitor's address.
    let address = ["client-ip", "clientip", "connecting-ip", "forwarded-for"].iter().any(|end| text.ends_with(end));
    known || address || text.contains('_') || (!out.pass_credentials && out.credential_headers.contains(name))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CREDENTIALS: [HeaderName; 1] = [http::header::AUTHORIZATION];

    fn out<'a>(client: &'a HeaderValue, cookie: Option<&'a HeaderValue>) -> Outgoing<'a> {
        Outgoing {
            client,
            scheme: Scheme::Https,
            host: HostSent::Kept,
            cookie,
            credential_headers: &CREDENTIALS,
            pass_credentials: false,
        }
    }

    fn client() -> HeaderValue {
        client_value(ClientAddr::resolved("203.0.113.7".parse().unwrap()))
    }

    fn request(headers: &[(&str, &str)]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in headers {
            request.append_header((*name).to_owned(), *value).unwrap();
        }
        request
    }

    /// What goes over the wire, sorted: also shows that names and values still fit together.
    fn wire(request: &RequestHeader) -> Vec<String> {
        let mut bytes = Vec::new();
        request.header_to_h1_wire(&mut bytes);
        let mut lines: Vec<_> =
            String::from_utf8(bytes).unwrap().lines().filter(|l| !l.is_empty()).map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn what_a_browser_claims_about_itself_is_replaced_by_what_is_known() {
        let (client, cookie) = (client(), HeaderValue::from_static("PHPSESSID=1"));
        let mut request = request(&[
            ("Host", "panel.example.net"),
            ("User-Agent", "Mozilla"),
            ("Accept-Encoding", "gzip"),
            ("Cookie", "a=b"),
            ("Cookie", "c=d"),
            ("X-Forwarded-For", "1.1.1.1"),
            ("X-Forwarded-For", "2.2.2.2"),
            ("X_Forwarded_For", "1.1.1.1"),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Prefix", "/x"),
            ("X-Forwarded-User", "admin"),
            ("Forwarded", "for=1.1.1.1"),
            ("X-Real-IP", "1.1.1.1"),
            ("Client-IP", "1.1.1.1"),
            ("True-Client-IP", "1.1.1.1"),
            ("CF-Connecting-IP", "1.1.1.1"),
            ("X-Client-IP", "1.1.1.1"),
            ("X-Cluster-Client-IP", "1.1.1.1"),
            ("X-Original-URL", "/admin"),
            ("X-Rewrite-URL", "/admin"),
            ("X-HTTP-Method", "POST"),
            ("X-HTTP-Method-Override", "POST"),
            ("X-Method-Override", "POST"),
            ("X-Poterne-Account", "admin"),
            ("X_Gate_User", "admin"),
            ("Proxy", "http://evil"),
            ("Proxy-Authorization", "x"),
            ("Proxy-Connection", "keep-alive"),
            ("Connection", "keep-alive, X-Hop"),
            ("Connection", "Content-Length, Host"),
            ("X-Hop", "x"),
            ("Keep-Alive", "5"),
            ("TE", "trailers"),
            ("Trailer", "X"),
            ("Upgrade", "h2c"),
            ("HTTP2-Settings", "x"),
            ("Authorization", "Basic x"),
            ("Content-Length", "3"),
            ("X-Requested-With", "XMLHttpRequest"),
            ("X-CSRF-Token", "t"),
        ]);
        let browser = request.headers.clone();
        apply(&mut request, &out(&client, Some(&cookie))).unwrap();
        assert_eq!(
            wire(&request),
            [
                "Accept-Encoding: gzip",
                "Content-Length: 3",
                "Cookie: PHPSESSID=1",
                "Host: panel.example.net",
                "User-Agent: Mozilla",
                "X-CSRF-Token: t",
                "X-Forwarded-For: 203.0.113.7",
                "X-Forwarded-Host: panel.example.net",
                "X-Forwarded-Proto: https",
                "X-Real-IP: 203.0.113.7",
                "X-Requested-With: XMLHttpRequest",
            ]
        );
        let own = own_request(&browser, &out(&client, Some(&cookie)));
        let mut names: Vec<_> = own.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "cookie",
                "host",
                "user-agent",
                "x-csrf-token",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
                "x-real-ip",
                "x-requested-with",
            ]
        );
    }

    #[test]
    fn without_a_cookie_from_the_gate_none_goes_up() {
        let client = client();
        let mut request = request(&[("Host", "h"), ("Cookie", "a=b"), ("cookie", "c=d")]);
        apply(&mut request, &out(&client, None)).unwrap();
        assert!(!request.headers.contains_key(COOKIE));
    }

    #[test]
    fn a_permit_lets_credentials_pass_and_a_fixed_host_is_sent() {
        let (client, host) = (client(), HeaderValue::from_static("intern"));
        let out = Outgoing { pass_credentials: true, host: HostSent::Fixed(&host), ..out(&client, None) };
        let mut request = request(&[("Host", "panel.example.net"), ("Authorization", "Basic x")]);
        let browser = request.headers.clone();
        apply(&mut request, &out).unwrap();
        for headers in [&request.headers, &own_request(&browser, &out)] {
            assert_eq!(headers.get("authorization").unwrap(), "Basic x");
            assert_eq!(headers.get("host").unwrap(), "intern");
            assert_eq!(headers.get("x-forwarded-host").unwrap(), "panel.example.net");
        }
    }

    #[test]
    fn websockets_are_the_only_upgrade_and_only_for_pingora() {
        let client = client();
        for (headers, passes) in [
            (&[("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket")][..], true),
            (&[("Connection", "keep-alive"), ("Upgrade", "websocket")], false),
            (&[("Connection", "Upgrade"), ("Upgrade", "h2c")], false),
            (&[("Connection", "Upgrade"), ("Upgrade", "websocket, h2c")], false),
            (&[("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Upgrade", "h2c")], false),
        ] {
            let mut request = request(headers);
            assert!(own_request(&request.headers, &out(&client, None)).get(UPGRADE).is_none());
            apply(&mut request, &out(&client, None)).unwrap();
            assert_eq!(request.headers.contains_key(UPGRADE), passes, "{headers:?}");
            assert_eq!(request.headers.contains_key(CONNECTION), passes, "{headers:?}");
        }
        let mut post = request(&[("Connection", "Upgrade"), ("Upgrade", "websocket")]);
        post.set_method(http::Method::POST);
        apply(&mut post, &out(&client, None)).unwrap();
        assert!(!post.headers.contains_key(UPGRADE));
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => prop::sample::select(vec![
                "Host", "Cookie", "Connection", "X-Forwarded-For", "X-Forwarded-Server", "Forwarded", "X-Real-IP", "TE",
                "Authorization", "Proxy-Foo", "Upgrade", "Range", "Accept-Encoding", "If-None-Match", "Content-Type",
                "Transfer-Encoding", "X-Poterne-X", "X-Original-URL", "Keep-Alive", "Content-Length", "Accept", "Via",
            ]).prop_map(str::to_owned),
            1 => "[A-Za-z_-]{1,10}",
        ]
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(vec!["close", "upgrade", "websocket", "accept, cookie", "x-real-ip", "via"])
                .prop_map(str::to_owned),
            "[ -~]{0,10}",
        ]
    }

    proptest! {
        /// Both ways to the panel send the same, but for what only an own request leaves out.
        #[test]
        fn both_ways_send_the_same(
            headers in prop::collection::vec((name(), value()), 0..24), cookie in prop::option::of("[a-z=; ]{1,12}"),
            fixed in any::<bool>(), pass_credentials in any::<bool>(),
        ) {
            let mut request = RequestHeader::build("GET", b"/", None).unwrap();
            for (name, value) in &headers {
                request.append_header(name.clone(), value.as_str()).unwrap();
            }
            let (client, host) = (client(), HeaderValue::from_static("intern"));
            let cookie = cookie.map(|text| HeaderValue::try_from(text).unwrap());
            let host = if fixed { HostSent::Fixed(&host) } else { HostSent::Kept };
            let out = Outgoing { pass_credentials, host, ..out(&client, cookie.as_ref()) };
            let own = own_request(&request.headers, &out);
            apply(&mut request, &out).unwrap();
            // The map of spellings still fits the headers, or this panics.
            wire(&request);
            let mut forwarded = request.headers.clone();
            for name in request.headers.keys() {
                if is_dropped_from_own(name) || *name == UPGRADE || *name == CONNECTION {
                    forwarded.remove(name);
                }
            }
            prop_assert_eq!(&forwarded, &own);
            for name in own.keys() {
                prop_assert!(!name.as_str().contains('_'));
            }
            for name in ["x-forwarded-for", "x-real-ip"] {
                prop_assert_eq!(own.get_all(name).iter().collect::<Vec<_>>(), [&client]);
            }
            prop_assert_eq!(own.get_all(COOKIE).iter().collect::<Vec<_>>(), Vec::from_iter(&cookie));
        }
    }
}
