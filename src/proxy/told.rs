//! What the front's refusals say: a page with a reference, although nothing of the request counts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;

use super::front::{MAX_HEADER_LINES, RETRY_AFTER, RefusalPage, RefusalPages, Refused, RefusedReason};
use super::refusals::RefusalLog;
use super::request;
use crate::flow::ports::RefusalRecord;
use crate::gate::decide::Caller;
use crate::model::{ClientAddr, Network, NetworkPrefix, Reference, Timestamp};
use crate::page::{Page, Pages, Refusal, RefusalKind};

/// How long a network with too many connections is told the same reference: whoever opens
/// thousands must not fill log and store by it.
const SAME_REFERENCE: Duration = Duration::from_secs(RETRY_AFTER);
/// How many networks are remembered for that.
const REMEMBERED: usize = 1024;

/// Writes the pages of refusals and records them.
pub fn refusal_pages(
    pages: Arc<Pages>,
    log: RefusalLog,
    prefix: NetworkPrefix,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
) -> RefusalPages {
    let crowded: Mutex<HashMap<Network, (Reference, Timestamp)>> = Mutex::default();
    Arc::new(move |refused: Refused<'_>| {
        let now = clock();
        let network = Network::of(ClientAddr::resolved(refused.peer.ip()), prefix);
        let head = Head::read(refused.head);
        let fresh = request::reference();
        let reference = match refused.reason {
            RefusedReason::TooManyConnections => known(&mut crowded.lock(), network, fresh, now),
            _ => fresh,
        };
        if reference == fresh {
            log.note(RefusalRecord {
                reference,
                at: now,
                reason: refused.reason.as_str().to_owned(),
                status: refused.reason.status().as_u16(),
                account: None,
                network,
                request: head.request.unwrap_or_else(|| "(unreadable)".to_owned()),
                until: None,
            });
        }
        let kind = kind(refused.reason);
        let retry_at = (kind == RefusalKind::TooManyConnections).then(|| now + SAME_REFERENCE);
        let page = Page::Refused(Refusal { kind, reference, retry_at });
        let language = pages.negotiate(head.fields.get(ACCEPT_LANGUAGE).map(HeaderValue::as_bytes));
        let rendered = match request::caller(&head.fields) {
            Caller::Navigation => pages.render(&page, language, now),
            Caller::Script => pages.problem(&page, language, now),
        };
        RefusalPage {
            content_type: rendered.content_type,
            language: Some(rendered.language),
            retry_after: rendered.retry_after,
            body: rendered.body,
        }
    })
}

/// The reference that this network was told a moment ago, else `fresh`.
fn known(
    crowded: &mut HashMap<Network, (Reference, Timestamp)>,
    network: Network,
    fresh: Reference,
    now: Timestamp,
) -> Reference {
    if let Some((reference, at)) = crowded.get(&network)
        && now < *at + SAME_REFERENCE
    {
        return *reference;
    }
    if crowded.len() >= REMEMBERED {
        crowded.clear();
    }
    crowded.insert(network, (fresh, now));
    fresh
}

fn kind(reason: RefusedReason) -> RefusalKind {
    match reason {
        RefusedReason::TooManyConnections => RefusalKind::TooManyConnections,
        RefusedReason::HeaderTimeout => RefusalKind::SlowRequest,
        RefusedReason::HeaderTooLarge => RefusalKind::HeaderTooLarge,
        RefusedReason::TargetTooLong => RefusalKind::TargetTooLong,
        RefusedReason::RequestLine
        | RefusedReason::Method
        | RefusedReason::Target
        | RefusedReason::Version
        | RefusedReason::LineEnding
        | RefusedReason::HeaderName
        | RefusedReason::ControlCharacter
        | RefusedReason::Folding
        | RefusedReason::Host
        | RefusedReason::ContentLength
        | RefusedReason::TransferEncoding
        | RefusedReason::AmbiguousLength
        | RefusedReason::Chunk => RefusalKind::BadRequest,
    }
}

/// What can be read of a header that was refused: for the choice of words, never for a decision.
struct Head {
    request: Option<String>,
    fields: HeaderMap,
}

impl Head {
    fn read(bytes: &[u8]) -> Self {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let request = lines.next().and_then(request_line);
        let mut fields = HeaderMap::new();
        // Of an HTTP/2 preface, a TLS handshake or noise nothing counts.
        if request.is_some() {
            for line in lines.take(MAX_HEADER_LINES).take_while(|line| !line.is_empty()) {
                let mut parts = line.splitn(2, |byte| *byte == b':');
                if let (Some(name), Some(value)) = (parts.next(), parts.next())
                    && let Ok(name) = HeaderName::from_bytes(name)
                    && let Ok(value) = HeaderValue::from_bytes(value.trim_ascii())
                {
                    fields.append(name, value);
                }
            }
        }
        Self { request, fields }
    }
}

/// Method and path, without the query; `None` if it doesn't look like that.
fn request_line(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line.get(..line.len().min(400))?).ok()?;
    let (method, rest) = line.split_once(' ')?;
    let path = rest.split([' ', '?', '#']).next()?;
    let plain = method.bytes().all(|b| b.is_ascii_uppercase()) && method.len() <= 24;
    let path = path.get(..path.len().min(200))?;
    (plain && path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic())).then(|| format!("{method} {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_refused_header_what_can_be_read_is_read_and_no_query_with_it() {
        let head = Head::read(b"GET /a?token=secret HTTP/1.1\r\nBad name: x\r\nAccept-Language: fr\r\nX: a\0b\r\nHo");
        assert_eq!(head.request.as_deref(), Some("GET /a"));
        assert_eq!(head.fields.get("accept-language").unwrap(), "fr");
        assert_eq!(head.fields.len(), 1);
        for noise in [&b""[..], b"\x16\x03\x01\n", b"G\xff /x\n", b"PRI * HTTP/2.0", b"GET http://h/ HTTP/1.1", b"x"] {
            assert_eq!(Head::read(noise).request, None, "{noise:?}");
        }
        let long = Head::read(format!("GET /{} HTTP/1.1", "x".repeat(20_000)).as_bytes());
        assert_eq!(long.request.map(|request| request.len()), Some(204));
    }

    #[test]
    fn a_network_with_too_many_connections_is_told_one_reference_for_a_while() {
        let (here, there) = (Network::parse("203.0.113.7").unwrap(), Network::parse("203.0.113.8").unwrap());
        let at = |seconds: i64| Timestamp::from_millis(1_800_000_000_000 + seconds * 1000);
        let mut crowded = HashMap::new();
        let [first, second, third] = [(); 3].map(|()| request::reference());
        assert_eq!(known(&mut crowded, here, first, at(0)), first);
        assert_eq!(known(&mut crowded, here, second, at(9)), first);
        assert_eq!(known(&mut crowded, there, second, at(9)), second);
        assert_eq!(known(&mut crowded, here, third, at(10)), third);
    }

    #[test]
    fn the_page_of_every_reason_has_the_status_of_the_reason() {
        for reason in RefusedReason::ALL {
            assert_eq!(kind(reason).status(), reason.status(), "{reason}");
        }
    }
}
