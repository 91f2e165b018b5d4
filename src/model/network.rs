use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The other end of the socket: the browser, or a proxy in between.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PeerAddr(IpAddr);

impl PeerAddr {
    /// The peer of a connection; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn of(addr: SocketAddr) -> Self {
        Self(addr.ip().to_canonical())
    }

    /// Its address.
    pub fn ip(self) -> IpAddr {
        self.0
    }
}

/// The address of whoever is asking, after trusted proxies were believed and nobody else was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClientAddr(IpAddr);

impl ClientAddr {
    /// A resolved client address; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn resolved(ip: IpAddr) -> Self {
        Self(ip.to_canonical())
    }

    /// Its address.
    pub fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many leading bits of an address make its network.
///
/// By default the whole IPv4 address and the first 64 bits of an IPv6 one, which is what one
/// household or office has (DESIGN §3). `v4 = 24` helps behind carrier NAT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NetworkPrefix {
    v4: u8,
    v6: u8,
}

impl NetworkPrefix {
    /// A pair of prefix lengths, in bits: `v4` from 8 to 32, `v6` from 16 to 128.
    pub fn new(v4: u8, v6: u8) -> Option<Self> {
        ((8..=32).contains(&v4) && (16..=128).contains(&v6)).then_some(Self { v4, v6 })
    }
}

impl Default for NetworkPrefix {
    fn default() -> Self {
        Self { v4: 32, v6: 64 }
    }
}

/// What "an IP" means to every rule: the prefix that a client's address lies in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Network(IpNet);

impl Network {
    /// The network that `client` is in.
    pub fn of(client: ClientAddr, prefix: NetworkPrefix) -> Self {
        let net = match client.ip() {
            IpAddr::V4(ip) => Ipv4Net::new(ip, prefix.v4).ok().map(|net| IpNet::V4(net.trunc())),
            IpAddr::V6(ip) => Ipv6Net::new(ip, prefix.v6).ok().map(|net| IpNet::V6(net.trunc())),
        };
        Self(net.unwrap_or_else(|| IpNet::from(client.ip())))
    }

    /// A network read back from the store or from a file ("203.0.113.7" or "2001:db8::/64").
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(|net| Self(net.trunc()))
    }

    /// Whether `client` lies in this network.
    pub fn contains(&self, client: ClientAddr) -> bool {
        self.0.contains(&client.ip())
    }

    /// Whether this is unicast space that can belong to one customer on the Internet: a creation
    /// address that isn't (private, loopback, shared, documentation space) is never trusted
    /// (DESIGN §3).
    pub fn is_global_unicast(&self) -> bool {
        match self.0.addr() {
            IpAddr::V4(ip) => {
                let [a, b, ..] = ip.octets();
                !(ip.is_private()
                    || ip.is_loopback()
                    || ip.is_link_local()
                    || ip.is_broadcast()
                    || ip.is_documentation()
                    || ip.is_unspecified()
                    || ip.is_multicast()
                    || a == 0
                    || a >= 240
                    || (a == 100 && (64..128).contains(&b))
                    || (a == 198 && (b == 18 || b == 19)))
            }
            IpAddr::V6(ip) => is_global_v6(ip),
        }
    }
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // 2000::/3 is all that is allocated as global unicast; 2001:db8::/32 and 3fff::/20 are documentation.
    (first & 0xe000) == 0x2000 && !(first == 0x2001 && second == 0x0db8) && !(first == 0x3fff && second < 0x1000)
}

impl fmt::Display for Network {
    /// A single address without its length, anything wider as `address/length`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> Network {
        Network::of(ClientAddr::resolved(ip.parse().unwrap()), NetworkPrefix::default())
    }

    #[test]
    fn an_ip_is_a_v4_address_or_a_v6_slash_64() {
        assert_eq!(network("203.0.113.7").to_string(), "203.0.113.7");
        assert_eq!(network("2001:db8:1:2:3::4").to_string(), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::9"), network("2001:db8:1:2:ffff::1"));
        assert_eq!(network("::ffff:203.0.113.7"), network("203.0.113.7"), "IPv4-mapped is IPv4");
    }

    #[test]
    fn a_network_survives_the_store() {
        for ip in ["203.0.113.7", "2001:db8:1:2:3::4"] {
            assert_eq!(Network::parse(&network(ip).to_string()), Some(network(ip)));
        }
        assert_eq!(Network::parse("no network"), None);
    }

    #[test]
    fn only_global_unicast_can_be_trusted_as_a_creation_network() {
        for ip in ["8.8.8.8", "2a01:e0a::1", "91.216.107.1"] {
            assert!(network(ip).is_global_unicast(), "{ip}");
        }
        for ip in [
            "10.1.2.3",
            "127.0.0.1",
            "100.64.0.1",
            "192.168.0.1",
            "fe80::1",
            "fd00::1",
            "::1",
            "2001:db8::1",
            "0.0.0.0",
            "255.255.255.255",
        ] {
            assert!(!network(ip).is_global_unicast(), "{ip}");
        }
    }
}
