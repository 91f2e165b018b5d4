//! A way around a race in pingora 0.9.1 that closes websockets at once.
//!
//! When a panel's 101 is read before pingora has handled the end of its own empty request body, it
//! takes that end for the tunnel's (cloudflare/pingora#946). On a busy machine, with the panel on
//! the same host, that was one handshake in five. The order is decided where pingora first looks
//! at the panel's socket: if there's nothing to be read yet, the end of the body comes first. So
//! websockets go over a socket that says "not yet" the first time it's asked after a write, and
//! has itself asked again at once.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::http::RequestHeader;
use pingora::protocols::l4::ext::set_tcp_keepalive;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, OkOrErr, OrErr, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// How long a panel may be silent on a websocket: a page that waits for news may wait long. Peers
/// that vanished are noticed by TCP.
const SILENCE: Duration = Duration::from_secs(3600);

/// When the peer's options don't say how long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether this asks for a websocket, the only upgrade that is ever forwarded: over any other
/// (`h2c`) requests could be sent that nobody looks at.
pub fn is_handshake(request: &RequestHeader) -> bool {
    request.version == http::Version::HTTP_11
        && request.method == http::Method::GET
        && super::headers::asks_for_websocket(&request.headers)
}

/// The peer to use instead of `peer` for a websocket handshake.
pub fn websocket_peer(peer: &HttpPeer) -> HttpPeer {
    static HANDSHAKES: AtomicU64 = AtomicU64::new(0);
    let mut peer = peer.clone();
    // A tunnel's connection is never used again. One whose handshake was declined could be, but
    // pingora's pool can't tell such sockets apart; a key of its own and no time keep it out.
    peer.group_key = HANDSHAKES.fetch_add(1, Ordering::Relaxed) | 1 << 63;
    peer.options.idle_timeout = Some(Duration::ZERO);
    peer.options.read_timeout = peer.options.read_timeout.map(|timeout| timeout.max(SILENCE));
    let timeout = peer.options.total_connection_timeout.or(peer.options.connection_timeout);
    peer.options.custom_l4 = Some(Arc::new(PatientConnect { timeout: timeout.unwrap_or(CONNECT_TIMEOUT) }));
    peer
}

#[derive(Debug)]
struct PatientConnect {
    timeout: Duration,
}

#[async_trait]
impl L4Connect for PatientConnect {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let socket: Box<dyn VirtualSocket> = match address {
            SocketAddr::Inet(address) => {
                Box::new(Patient::new(within(self.timeout, TcpStream::connect(address)).await?))
            }
            SocketAddr::Unix(address) => {
                let path = address.as_pathname().or_err(ErrorType::ConnectError, "the socket has no path")?;
                Box::new(Patient::new(within(self.timeout, UnixStream::connect(path)).await?))
            }
        };
        Ok(VirtualSocketStream::new(socket).into())
    }
}

async fn within<S>(timeout: Duration, connecting: impl Future<Output = io::Result<S>>) -> Result<S> {
    match tokio::time::timeout(timeout, connecting).await {
        Ok(connected) => connected.or_err(ErrorType::ConnectError, "connecting for a websocket"),
        Err(_) => Error::e_explain(ErrorType::ConnectTimedout, "connecting for a websocket"),
    }
}

/// What pingora may want to set on a socket.
trait SocketOptions {
    fn set(&self, option: VirtualSockOpt) -> io::Result<()>;
}

impl SocketOptions for TcpStream {
    fn set(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.set_nodelay(true),
            VirtualSockOpt::KeepAlive(keepalive) => set_tcp_keepalive(self, &keepalive).map_err(io::Error::other),
            _ => Ok(()),
        }
    }
}

impl SocketOptions for UnixStream {
    fn set(&self, _: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

struct Patient<S> {
    socket: S,
    /// Something was written, and nobody has asked for an answer since.
    wrote: bool,
}

impl<S> Patient<S> {
    fn new(socket: S) -> Self {
        Self { socket, wrote: false }
    }
}

impl<S> fmt::Debug for Patient<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patient").field("wrote", &self.wrote).finish_non_exhaustive()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.wrote) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.socket).poll_read(cx, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote = true;
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + SocketOptions + Unpin + Send + Sync> VirtualSocket for Patient<S> {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        self.socket.set(option)
    }
}
