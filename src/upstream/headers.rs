//! Which headers belong to one connection only.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, StatusCode};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Takes out what speaks about the connection and not about the message (RFC 9110 §7.6.1),
/// everything that `Connection` names included.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, PROXY_AUTHENTICATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE]
    {
        headers.remove(name);
    }
}

/// Makes a request's headers fit this one exchange: its length from the body, nothing asked for that
/// the gate couldn't follow (an interim answer, a compressed body, another protocol).
pub(super) fn for_request(headers: &mut HeaderMap, method: &Method, body: &Bytes) {
    strip_hop_by_hop(headers);
    headers.remove(EXPECT);
    headers.remove(CONTENT_LENGTH);
    if !body.is_empty() || !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Makes an answer's headers fit the body that was read, whatever framing it came in.
pub(super) fn for_answer(headers: &mut HeaderMap, method: &Method, status: StatusCode, body: &Bytes) {
    strip_hop_by_hop(headers);
    if *method == Method::HEAD || status == StatusCode::NOT_MODIFIED {
        return;
    }
    if status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_LENGTH);
    } else {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn what_belongs_to_the_connection_goes() {
        let mut headers = map(&[
            ("connection", "close, X-Own"),
            ("keep-alive", "timeout=5"),
            ("x-own", "1"),
            ("x-other", "2"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("set-cookie", "a=1"),
        ]);
        for_answer(&mut headers, &Method::GET, StatusCode::OK, &Bytes::from_static(b"12345"));
        assert_eq!(headers, map(&[("x-other", "2"), ("set-cookie", "a=1"), ("content-length", "5")]));
    }

    #[test]
    fn a_length_is_said_where_there_is_a_body() {
        let body = Bytes::from_static(b"a=b");
        for (method, body, length) in [
            (Method::POST, body.clone(), Some("3")),
            (Method::POST, Bytes::new(), Some("0")),
            (Method::GET, Bytes::new(), None),
            (Method::GET, body, Some("3")),
        ] {
            let mut headers =
                map(&[("content-length", "99"), ("transfer-encoding", "chunked"), ("expect", "100-continue")]);
            for_request(&mut headers, &method, &body);
            assert_eq!(headers.get(CONTENT_LENGTH).map(|v| v.to_str().unwrap()), length, "{method}");
            assert!(!headers.contains_key(TRANSFER_ENCODING) && !headers.contains_key(EXPECT));
        }
    }
}
