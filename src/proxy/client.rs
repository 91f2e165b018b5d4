//! Who is asking: the socket's peer, or whom a trusted proxy names (DESIGN §3).
//!
//! Lists are walked from the right, where the nearest proxy writes; each element is believed only
//! if the one who wrote it is trusted. What a client wrote itself is further left and never looked
//! at.

use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::model::{ClientAddr, PeerAddr};

/// Whose word is taken about the client's address.
#[derive(Clone, Debug, Default)]
pub struct ClientPolicy {
    /// Proxies in front of us; empty: nobody.
    pub trusted: Vec<IpNet>,
    /// Where they write the address.
    pub source: ClientSource,
}

/// Where a trusted proxy writes the client's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClientSource {
    /// Nowhere: the peer is the client.
    #[default]
    Peer,
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// How a browser reached the first of us.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Its name as a header's value.
    pub(super) const fn value(self) -> HeaderValue {
        HeaderValue::from_static(self.as_str())
    }

    fn parse(text: &[u8]) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme.as_str().as_bytes()))
    }
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl ClientPolicy {
    fn trusts(&self, ip: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&ip))
    }
}

/// The address that a request counts for.
pub fn resolve(peer: PeerAddr, headers: &HeaderMap, policy: &ClientPolicy) -> ClientAddr {
    walk(peer, headers, policy).0
}

/// How the browser reached the first trusted proxy, as far as that one says; else in the clear,
/// which is how it reached us if we don't do TLS ourselves.
pub fn scheme(peer: PeerAddr, headers: &HeaderMap, policy: &ClientPolicy) -> Scheme {
    if !policy.trusts(peer.ip()) {
        return Scheme::Http;
    }
    if policy.source == ClientSource::Forwarded {
        return walk(peer, headers, policy).1.unwrap_or(Scheme::Http);
    }
    // The rightmost is what the nearest proxy wrote.
    let last = headers.get_all(&X_FORWARDED_PROTO).iter().next_back();
    let last = last.and_then(|line| line.as_bytes().rsplit(|b| *b == b',').next());
    last.and_then(|text| Scheme::parse(text.trim_ascii())).unwrap_or(Scheme::Http)
}

/// The client, and the scheme that was written beside it.
fn walk(peer: PeerAddr, headers: &HeaderMap, policy: &ClientPolicy) -> (ClientAddr, Option<Scheme>) {
    let mut at = peer.ip();
    let mut scheme = None;
    let (name, hop_of): (_, fn(&[u8]) -> Option<Hop>) = match policy.source {
        ClientSource::Peer => return (ClientAddr::resolved(at), None),
        ClientSource::XForwardedFor => (&X_FORWARDED_FOR, |element| Hop::of_node(element, None)),
        ClientSource::Forwarded => (&FORWARDED, Hop::of_forwarded),
    };
    // No header, or nobody's word to be taken: the usual cases, without any work.
    if policy.trusted.is_empty() {
        return (ClientAddr::resolved(at), None);
    }
    'lines: for line in headers.get_all(name).iter().rev() {
        let mut rest = line.as_bytes();
        loop {
            if !policy.trusts(at) {
                break 'lines;
            }
            let (before, element) = last_element(rest);
            // Empty elements are allowed in a list, and mean nothing.
            if !element.is_empty() {
                let Some(hop) = hop_of(element) else { break 'lines };
                at = hop.ip;
                scheme = hop.scheme;
            }
            match before {
                Some(before) => rest = before,
                None => break,
            }
        }
    }
    (ClientAddr::resolved(at), scheme)
}

/// What one proxy wrote.
struct Hop {
    ip: IpAddr,
    scheme: Option<Scheme>,
}

impl Hop {
    /// An address with or without port; `None` for `unknown`, obfuscated names and nonsense.
    fn of_node(node: &[u8], scheme: Option<Scheme>) -> Option<Self> {
        let text = std::str::from_utf8(node).ok()?;
        let ip = match text.strip_prefix('[') {
            Some(bracketed) => match bracketed.split_once(']')? {
                (ip, "") => IpAddr::V6(ip.parse().ok()?),
                (ip, port) if is_port(port.strip_prefix(':')?) => IpAddr::V6(ip.parse().ok()?),
                _ => return None,
            },
            None => match text.parse::<IpAddr>() {
                Ok(ip) => ip,
                Err(_) => IpAddr::V4(match text.parse().ok()? {
                    SocketAddr::V4(address) => *address.ip(),
                    SocketAddr::V6(_) => return None,
                }),
            },
        };
        Some(Self { ip: ip.to_canonical(), scheme })
    }

    /// An element of `Forwarded`: pairs, of which exactly one is `for`.
    fn of_forwarded(element: &[u8]) -> Option<Self> {
        let mut node = None;
        let mut scheme = None;
        let mut rest = Some(element);
        while let Some(pairs) = rest {
            let (before, pair) = split_last(pairs, b';');
            rest = before;
            let pair = pair.trim_ascii();
            if pair.is_empty() {
                continue;
            }
            let equals = pair.iter().position(|b| *b == b'=')?;
            let (key, value) = pair.split_at_checked(equals)?;
            let value = unquoted(value.get(1..)?)?;
            if key.eq_ignore_ascii_case(b"for") {
                if node.replace(value).is_some() {
                    return None;
                }
            } else if key.eq_ignore_ascii_case(b"proto") {
                scheme = Some(Scheme::parse(value)?);
            }
        }
        Self::of_node(node?, scheme)
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// The inside of a quoted string, or a value without quotes. Addresses need no escapes, so what
/// has them isn't one.
fn unquoted(value: &[u8]) -> Option<&[u8]> {
    let inside = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.strip_suffix(b"\"")?,
        None => value,
    };
    (!inside.contains(&b'"') && !inside.contains(&b'\\')).then_some(inside)
}

/// What is right of the last comma that isn't within quotes, and what is left of it.
fn last_element(list: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let (before, last) = split_last(list, b',');
    (before, last.trim_ascii())
}

/// Looks from the right, so that an open quote further left, where a client writes, swallows
/// nothing of what a proxy wrote.
fn split_last(list: &[u8], separator: u8) -> (Option<&[u8]>, &[u8]) {
    let mut quoted = false;
    let found = list.iter().rposition(|b| {
        quoted ^= *b == b'"';
        *b == separator && !quoted
    });
    match found.and_then(|at| list.split_at_checked(at)) {
        Some((before, rest)) => (Some(before), rest.get(1..).unwrap_or_default()),
        None => (None, list),
    }
}

/// Finds out when all the world seems to come from one private address: then somebody has put a
/// proxy in front and not said so, and rules about networks mean nothing (everybody shares one).
#[derive(Debug, Default)]
pub struct OneClient {
    first: OnceLock<IpAddr>,
    seen: AtomicU32,
}

/// So many requests from one address say something; a single browser makes a few dozen for a page.
const ENOUGH: u32 = 1000;

/// More clients than one were seen, or the warning was given.
const SETTLED: u32 = u32::MAX;

impl OneClient {
    /// Counts a request; the address to warn of, once.
    pub fn observe(&self, client: ClientAddr) -> Option<IpAddr> {
        let seen = self.seen.load(Ordering::Relaxed);
        if seen == SETTLED {
            return None;
        }
        let first = *self.first.get_or_init(|| client.ip());
        if first != client.ip() || !is_private(first) {
            self.seen.store(SETTLED, Ordering::Relaxed);
            return None;
        }
        if seen < ENOUGH {
            // Requests at the same moment may count as one; it's about magnitude.
            let _ = self.seen.compare_exchange(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed);
            return None;
        }
        let mine = self.seen.compare_exchange(seen, SETTLED, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        mine.then_some(first)
    }

    /// The same, saying it in the log.
    pub fn warn(&self, client: ClientAddr) {
        if let Some(address) = self.observe(client) {
            tracing::warn!(
                %address,
                "every request so far came from one private address: is there a proxy in front that \
                 listen.trusted_proxies doesn't name? Until it does, all customers count as one network: \
                 a code typed by one makes it known, a block of one stops all"
            );
        }
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
