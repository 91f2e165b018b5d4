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
    /// Whether the client is always the peer, whatever a request says.
    pub fn is_peer(&self) -> bool {
        self.trusted.is_empty()
    }

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
    let (name, hop_of): (_, HopOf) = match policy.source {
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

/// Reads one element of a list.
type HopOf = fn(&[u8]) -> Option<Hop>;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(source: ClientSource) -> ClientPolicy {
        let trusted = ["10.0.0.0/8", "fd00::/8"].iter().map(|net| net.parse().unwrap()).collect();
        ClientPolicy { trusted, source }
    }

    fn peer(ip: &str) -> PeerAddr {
        PeerAddr::of(SocketAddr::new(ip.parse().unwrap(), 4711))
    }

    fn headers(name: &str, lines: &[&str]) -> HeaderMap {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        lines.iter().map(|line| (name.clone(), HeaderValue::from_bytes(line.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn x_forwarded_for_is_walked_from_the_right() {
        for (from, lines, client) in [
            ("10.0.0.1", &["203.0.113.7"][..], "203.0.113.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("198.51.100.1", &["203.0.113.7"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.7, 10.0.0.2", "10.0.0.3"], "203.0.113.7"),
            ("10.0.0.1", &["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
            ("10.0.0.1", &["203.0.113.7:443"], "203.0.113.7"),
            ("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
            ("::ffff:10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("fd00::1", &["203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7,, ,10.0.0.2,"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["203.0.113.7\t"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.07"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7:99999"], "10.0.0.1"),
            ("10.0.0.1", &["[2001:db8::1"], "10.0.0.1"),
            ("10.0.0.1", &["[2001:db8::1]x"], "10.0.0.1"),
            ("10.0.0.1", &["fe80::1%eth0"], "10.0.0.1"),
            ("10.0.0.1", &["\u{e9}"], "10.0.0.1"),
        ] {
            let resolved =
                resolve(peer(from), &headers("x-forwarded-for", lines), &policy(ClientSource::XForwardedFor));
            assert_eq!(resolved.to_string(), client, "{from} {lines:?}");
        }
    }

    #[test]
    fn forwarded_is_walked_from_the_right() {
        for (lines, client, scheme_says) in [
            (&["for=203.0.113.7"][..], "203.0.113.7", Scheme::Http),
            (&["for=203.0.113.7;proto=https;by=10.0.0.1"], "203.0.113.7", Scheme::Https),
            (&["Proto=HTTPS; For=\"[2001:db8::1]:4711\""], "2001:db8::1", Scheme::Https),
            (&["for=203.0.113.7;proto=https, for=10.0.0.2;proto=http"], "203.0.113.7", Scheme::Https),
            (&["for=1.1.1.1;proto=https", "for=203.0.113.7;proto=http"], "203.0.113.7", Scheme::Http),
            (&["for=unknown, for=10.0.0.2"], "10.0.0.2", Scheme::Http),
            (&["for=_hidden"], "10.0.0.1", Scheme::Http),
            (&["for=1.1.1.1;for=2.2.2.2"], "10.0.0.1", Scheme::Http),
            (&["by=10.0.0.1"], "10.0.0.1", Scheme::Http),
            (&["for=1.1.1.1;proto=gopher"], "10.0.0.1", Scheme::Http),
            (&["for"], "10.0.0.1", Scheme::Http),
            (&["for=\"1.1.1.1, for=203.0.113.7"], "203.0.113.7", Scheme::Http),
            (&["for=\"1.1.1.1", "for=203.0.113.7"], "203.0.113.7", Scheme::Http),
            (&["for=1.1.1.1, for=\"203.0.113.7:80\";ext=\"a,b;c\""], "203.0.113.7", Scheme::Http),
            (&["for=\"203.\\113.7\""], "10.0.0.1", Scheme::Http),
        ] {
            let headers = headers("forwarded", lines);
            let policy = policy(ClientSource::Forwarded);
            assert_eq!(resolve(peer("10.0.0.1"), &headers, &policy).to_string(), client, "{lines:?}");
            assert_eq!(scheme(peer("10.0.0.1"), &headers, &policy), scheme_says, "{lines:?}");
        }
    }

    #[test]
    fn x_forwarded_proto_counts_from_trusted_peers_only() {
        let policy = policy(ClientSource::XForwardedFor);
        for (from, lines, says) in [
            ("10.0.0.1", &["https"][..], Scheme::Https),
            ("10.0.0.1", &["HTTPS"], Scheme::Https),
            ("10.0.0.1", &["https, http"], Scheme::Http),
            ("10.0.0.1", &["https", "http"], Scheme::Http),
            ("10.0.0.1", &["http,https"], Scheme::Https),
            ("10.0.0.1", &["ftp"], Scheme::Http),
            ("10.0.0.1", &[], Scheme::Http),
            ("198.51.100.1", &["https"], Scheme::Http),
        ] {
            assert_eq!(scheme(peer(from), &headers("x-forwarded-proto", lines), &policy), says, "{from} {lines:?}");
        }
    }

    #[test]
    fn one_private_address_for_all_is_said_once() {
        let warned = |clients: &mut dyn Iterator<Item = &str>| {
            let one = OneClient::default();
            clients.filter_map(|ip| one.observe(ClientAddr::resolved(ip.parse().unwrap()))).count()
        };
        assert_eq!(warned(&mut std::iter::repeat_n("10.0.0.1", 5000)), 1);
        assert_eq!(warned(&mut std::iter::repeat_n("127.0.0.1", 999)), 0, "not enough to tell");
        assert_eq!(warned(&mut std::iter::repeat_n("203.0.113.7", 5000)), 0, "a public one may be an office");
        assert_eq!(warned(&mut std::iter::once("203.0.113.7").chain(std::iter::repeat_n("10.0.0.1", 5000))), 0);
        assert_eq!(warned(&mut std::iter::once("10.0.0.2").chain(std::iter::repeat_n("10.0.0.1", 5000))), 0);
    }

    fn source() -> impl Strategy<Value = ClientSource> {
        prop_oneof![Just(ClientSource::Peer), Just(ClientSource::XForwardedFor), Just(ClientSource::Forwarded)]
    }

    /// What somebody may write into a header: addresses, pairs, and rubbish with quotes in it.
    fn written() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("10.0.0.1".to_owned()),
            Just("for=10.0.0.1".to_owned()),
            Just("for=\"[fd00::1]:1\";proto=https".to_owned()),
            Just("203.0.113.9".to_owned()),
            Just("for=203.0.113.9".to_owned()),
            "[\"\\\\,;=a-z0-9:. \\[\\]]{0,12}",
        ];
        prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.join(","))
    }

    proptest! {
        /// Nothing that an untrusted peer sends changes the answer.
        #[test]
        fn an_untrusted_peer_is_the_client(source in source(), lines in prop::collection::vec(written(), 0..4)) {
            let mut sent = HeaderMap::new();
            for line in &lines {
                for name in [&X_FORWARDED_FOR, &X_FORWARDED_PROTO, &FORWARDED] {
                    sent.append(name, HeaderValue::from_str(line).unwrap());
                }
            }
            let from = peer("198.51.100.1");
            prop_assert_eq!(resolve(from, &sent, &policy(source)).ip(), from.ip());
            prop_assert_eq!(scheme(from, &sent, &policy(source)), Scheme::Http);
        }

        /// Whatever a client writes, in lines of its own or in front of what the proxy appends to
        /// the same line, it stays who the proxy says it is.
        #[test]
        fn forged_elements_on_the_left_change_nothing(
            lines in prop::collection::vec(written(), 0..3), same_line in written(), v6 in any::<bool>(), middle in any::<bool>(),
        ) {
            let client = if v6 { "2001:db8::7" } else { "203.0.113.7" };
            for source in [ClientSource::XForwardedFor, ClientSource::Forwarded] {
                let (name, honest) = match source {
                    ClientSource::Forwarded if v6 => (&FORWARDED, format!("for=\"[{client}]:4711\";proto=http")),
                    ClientSource::Forwarded => (&FORWARDED, format!("for={client};proto=http")),
                    _ => (&X_FORWARDED_FOR, client.to_owned()),
                };
                let hop = if source == ClientSource::Forwarded { ", for=10.0.0.2" } else { ", 10.0.0.2" };
                let mut sent = HeaderMap::new();
                for line in &lines {
                    sent.append(name, HeaderValue::from_str(line).unwrap());
                }
                let honest = format!("{same_line}, {honest}{}", if middle { hop } else { "" });
                sent.append(name, HeaderValue::from_str(&honest).unwrap());
                prop_assert_eq!(resolve(peer("10.0.0.1"), &sent, &policy(source)).to_string(), client);
                if source == ClientSource::Forwarded {
                    prop_assert_eq!(scheme(peer("10.0.0.1"), &sent, &policy(source)), Scheme::Http);
                }
            }
        }
    }
}
