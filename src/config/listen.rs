//! `[listen]`: where visitors come in, and whose word about them is taken.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use ipnet::IpNet;

use crate::gate::pattern::PathPattern;
use crate::model::NetworkPrefix;
use crate::proxy::front::{self, FrontSettings};

use super::desk::Wrong;
use super::section::Section;
use super::source::{Node, Value};
use super::value::{duration, host, network, number, one_of, size, socket, text};

/// Where the gate's own pages live (DESIGN §7).
pub const PREFIX: &str = "/_poterne";
/// Where visitors come in.
#[derive(Clone, Debug)]
pub struct ListenSettings {
    /// Addresses to listen on, plain HTTP.
    pub addresses: Vec<SocketAddr>,
    /// Hosts that are served, as a `Host` header carries them without the port, in lower case;
    /// IPv6 addresses in brackets. Others get 421.
    pub hosts: Vec<String>,
    /// Whose word about the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Where the client's address is found.
    pub client_address: ClientAddressSource,
    /// What "an IP" means to every rule.
    pub network_prefix: NetworkPrefix,
    /// Where the gate's own pages live: starts with `/`, doesn't end with one.
    pub prefix: String,
    /// How connections are treated.
    pub front: FrontSettings,
    /// Threads that serve visitors; `None`: as many as the machine has processors.
    pub threads: Option<NonZeroUsize>,
}

/// Where the client's address is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientAddressSource {
    /// The other end of the socket.
    Peer,
    /// `X-Forwarded-For`, from trusted proxies only.
    XForwardedFor,
    /// `Forwarded` (RFC 7239), from trusted proxies only.
    Forwarded,
}

pub(super) fn read(section: Section<'_>) -> Option<ListenSettings> {
    section.not_yet(
        "tls",
        "terminate TLS in front (nginx, HAProxy, …), name that proxy in trusted_proxies, and set client_address",
    );
    let addresses = section.list("addresses", "addresses with their port", socket);
    if addresses.as_ref().is_none_or(Vec::is_empty) && !has_mistaken(&section, "addresses") {
        section.desk.missing(&section.at_key("addresses"), "a list of addresses like [\"127.0.0.1:8443\"]");
    }
    let hosts = section.list("hosts", "host names", host);
    if hosts.as_ref().is_none_or(Vec::is_empty) && !has_mistaken(&section, "hosts") {
        section.desk.missing(&section.at_key("hosts"), "a list of the host names that visitors type");
    }
    let trusted = section.list("trusted_proxies", "networks", trusted_network).unwrap_or_default();
    let client_address = read_client_address(&section, trusted.is_empty());
    let trusted_proxies: Vec<IpNet> = values(Some(trusted));
    let network_prefix = read_network_prefix(&section);
    let settings = ListenSettings {
        addresses: values(addresses),
        hosts: values(hosts),
        client_address,
        network_prefix,
        prefix: section.or("prefix", prefix, PREFIX.to_owned()),
        front: read_front(&section, network_prefix, trusted_proxies.clone()),
        trusted_proxies,
        threads: section.or("threads", threads, None),
    };
    warn_about_plain_http(&section, &settings);
    section.finish();
    Some(settings)
}

fn read_front(section: &Section<'_>, prefix: NetworkPrefix, trusted_proxies: Vec<IpNet>) -> FrontSettings {
    FrontSettings {
        header_timeout: section.or("header_timeout", seconds(1, 120), front::HEADER_TIMEOUT),
        max_header: section.or("max_header", size(4 * 1024, 1024 * 1024), front::MAX_HEADER),
        idle_timeout: section.or("idle_timeout", seconds(1, 3600), front::IDLE_TIMEOUT),
        connections_per_network: section.or(
            "connections_per_network",
            number(1..=1_000_000),
            front::CONNECTIONS_PER_NETWORK,
        ),
        transfer_window: section.or("transfer_window", seconds(1, 3600), front::TRANSFER_WINDOW),
        least_transfer: section.or("least_transfer", least, front::LEAST_TRANSFER),
        prefix,
        trusted_proxies,
    }
}

fn least(node: &Node) -> Result<u64, Wrong> {
    size(0, 16 * 1024 * 1024)(node).map(|bytes| bytes as u64)
}

fn values<T, A>(list: Option<Vec<(T, A)>>) -> Vec<T> {
    list.unwrap_or_default().into_iter().map(|(value, _)| value).collect()
}

/// Whether a list was given that isn't simply empty: its mistakes are noted already.
fn has_mistaken(section: &Section<'_>, key: &'static str) -> bool {
    section.node(key).is_some_and(|(node, _)| !matches!(&node.value, Value::Array(nodes) if nodes.is_empty()))
}

fn seconds(min: u64, max: u64) -> impl Fn(&Node) -> Result<Duration, Wrong> {
    duration(Duration::from_secs(min), Duration::from_secs(max))
}

fn trusted_network(node: &Node) -> Result<IpNet, Wrong> {
    let network = network(node)?;
    match network.prefix_len() {
        0 => Err(Wrong::expected("the networks of your own proxies").hint("this one would trust everybody's word")),
        _ => Ok(network),
    }
}

fn read_client_address(section: &Section<'_>, no_proxies: bool) -> ClientAddressSource {
    let choices = [
        ("peer", Some(ClientAddressSource::Peer)),
        ("x-forwarded-for", Some(ClientAddressSource::XForwardedFor)),
        ("forwarded", Some(ClientAddressSource::Forwarded)),
        ("proxy-protocol", None),
    ];
    let chosen = match section.get("client_address", one_of(&choices)) {
        Some(None) => {
            let wrong = Wrong::expected("\"peer\", \"x-forwarded-for\" or \"forwarded\"").found("\"proxy-protocol\"");
            section.wrong("client_address", wrong.hint("the PROXY protocol comes in a later version"));
            return ClientAddressSource::Peer;
        }
        Some(Some(chosen)) => chosen,
        None => ClientAddressSource::Peer,
    };
    match (chosen, no_proxies) {
        (ClientAddressSource::Peer, false) => section.desk.warn(
            &section.at_key("trusted_proxies"),
            "client_address is \"peer\", so every visitor counts as the proxy and all share one network; \
             set client_address to \"x-forwarded-for\" or \"forwarded\"",
        ),
        (ClientAddressSource::XForwardedFor | ClientAddressSource::Forwarded, true)
            if section.node("trusted_proxies").is_none() =>
        {
            let wrong = Wrong::expected("trusted_proxies as well: without them nobody's word is taken");
            section
                .wrong("client_address", wrong.hint("trusted_proxies = [\"127.0.0.1\"] for a proxy on this machine"));
        }
        _ => {}
    }
    chosen
}

fn read_network_prefix(section: &Section<'_>) -> NetworkPrefix {
    let lengths = section.section("network_prefix");
    let v4 = lengths.or("v4", number(8..=32), 32_u8);
    let v6 = lengths.or("v6", number(16..=128), 64_u8);
    lengths.finish();
    NetworkPrefix::new(v4, v6).unwrap_or_default()
}

fn prefix(node: &Node) -> Result<String, Wrong> {
    let text = text(node)?;
    let pattern = PathPattern::parse(text).filter(|p| !p.is_glob() && text.len() > 1 && !text.ends_with('/'));
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b));
    match pattern {
        Some(_) if plain => Ok(text.to_owned()),
        _ => Err(Wrong::expected("a path like \"/_poterne\" that the panel doesn't use, without a slash at its end")),
    }
}

fn threads(node: &Node) -> Result<Option<NonZeroUsize>, Wrong> {
    if node.text() == Some("auto") {
        return Ok(None);
    }
    let number = number(1..=1024_usize)(node);
    number.map(NonZeroUsize::new).map_err(|_| Wrong::expected("\"auto\" or a number of threads from 1 to 1024"))
}

fn warn_about_plain_http(section: &Section<'_>, settings: &ListenSettings) {
    let reachable = settings.addresses.iter().find(|address| !address.ip().to_canonical().is_loopback());
    if let (Some(address), true) = (reachable, settings.trusted_proxies.is_empty()) {
        section.desk.warn(
            &section.at_key("addresses"),
            format!(
                "{address} takes plain HTTP from other machines, and no trusted proxy speaks HTTPS in front: \
                 passwords and codes travel readable, and browsers take the gate's __Host- cookie over HTTPS only, \
                 so nobody could log in"
            ),
        );
    }
}
