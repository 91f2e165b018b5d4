//! Free ports that stay free for a while.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A loopback address whose port is free, from below the range that the system gives to outgoing connections: a server
/// that is stopped finds it free again when it's restarted.
pub fn free_address() -> SocketAddr {
    for _ in 0..500 {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, rand::random_range(10_000..20_000)));
        if TcpListener::bind(addr).is_ok() {
            return addr;
        }
    }
    panic!("no free port on the loopback address");
}
