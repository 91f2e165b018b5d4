//! The stream that pingora gets: it never sees a byte that isn't its own.
//!
//! ```text
//!            header checked                 body taken whole
//!  Between ───────────────▶ Body(framing) ──────────────────▶ Between
//!                            │      │
//!                            │      └── framing malformed ──▶ Refused
//!                            └── 101 answered ──────────────▶ Raw
//! ```
//!
//! A request's header is read and checked before pingora is started on it; pingora gets exactly
//! these bytes, and then, as the body, exactly the bytes that the framing allots to it. What the
//! client sent beyond that waits here until the next header is due. So there's no second opinion
//! on where a request ends, and a pipelined request is neither lost nor smuggled.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::SslDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::framing::Framing;
use super::head::Head;
use super::pace::Pace;
use super::refusal::{BodyRefused, RefusedReason};
use super::seats::Seat;

/// Read from the socket at once, at least: a browser's header fits.
const READ_AHEAD: usize = 4096;

/// How long a connection is read on after an early answer, so that the client reads the answer
/// instead of meeting a reset (RFC 9112 §9.6), and how much.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_BYTES: u64 = 16 * 1024 * 1024;

enum Inbound {
    Between,
    Body(Framing),
    Refused(RefusedReason),
    Raw,
}

/// A client's connection.
pub(super) struct Screened {
    /// Always there, until it's dropped.
    inner: Option<Stream>,
    /// Read from the socket, and not yet handed on.
    buffer: BytesMut,
    inbound: Inbound,
    /// An upgrade was asked for, and no final answer has been written yet.
    awaits_switch: bool,
    /// Something was written since the last header.
    answering: bool,
    pace: Pace,
    seat: Option<Seat>,
}

impl Screened {
    pub fn new(inner: Stream, seat: Option<Seat>, pace: Pace) -> Self {
        Self {
            inner: Some(inner),
            buffer: BytesMut::new(),
            inbound: Inbound::Between,
            awaits_switch: false,
            answering: false,
            pace,
            seat,
        }
    }

    /// What is there of the next header.
    pub fn pending(&self) -> &[u8] {
        &self.buffer
    }

    /// Reads more of a header; zero at the connection's end. Nothing is lost when it's cancelled.
    pub async fn fill(&mut self) -> io::Result<usize> {
        let inner = self.inner.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        if self.buffer.capacity() - self.buffer.len() < READ_AHEAD / 4 {
            self.buffer.reserve(READ_AHEAD);
        }
        inner.read_buf(&mut self.buffer).await
    }

    /// Takes out a header that passed, and from here on hands out its body.
    pub fn begin(&mut self, head: &Head) -> BytesMut {
        self.inbound = if head.framing.is_done() { Inbound::Between } else { Inbound::Body(head.framing) };
        self.awaits_switch = head.upgrade;
        self.answering = false;
        // The common case keeps the buffer as it is, without a second reference to it.
        if self.buffer.len() == head.len { std::mem::take(&mut self.buffer) } else { self.buffer.split_to(head.len) }
    }

    /// Whether the last request was taken whole, so that what follows can only be a header.
    pub fn is_between(&self) -> bool {
        matches!(self.inbound, Inbound::Between)
    }

    /// Writes the last answer on this connection.
    pub async fn refuse(&mut self, reason: RefusedReason, answer: &[u8]) -> io::Result<()> {
        self.inbound = Inbound::Refused(reason);
        self.write_all(answer).await?;
        self.flush().await
    }

    /// Closes without waiting for what the client still sends.
    pub fn abandon(&mut self) {
        self.answering = false;
    }

    /// The body's next bytes, up to its end.
    fn poll_body(&mut self, mut framing: Framing, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let outcome = if self.buffer.is_empty() {
            let before = out.filled().len();
            let Some(inner) = self.inner.as_mut() else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
            if Pin::new(inner).poll_read(cx, out)?.is_pending() {
                self.pace.wait(cx)?;
                return Poll::Pending;
            }
            let fresh = out.filled().get(before..).unwrap_or_default();
            self.pace.moved(fresh.len());
            let outcome = framing.take(fresh);
            if let Ok(taken) = outcome {
                self.buffer.extend_from_slice(fresh.get(taken..).unwrap_or_default());
                out.set_filled(before + taken);
            }
            outcome
        } else {
            let ready = self.buffer.get(..out.remaining()).unwrap_or(&self.buffer);
            let outcome = framing.take(ready);
            if let Ok(taken) = outcome {
                out.put_slice(ready.get(..taken).unwrap_or_default());
                self.buffer.advance(taken);
            }
            outcome
        };
        match outcome {
            Ok(_) => {
                self.inbound = if framing.is_done() { Inbound::Between } else { Inbound::Body(framing) };
                Poll::Ready(Ok(()))
            }
            Err(reason) => {
                super::count(reason);
                self.inbound = Inbound::Refused(reason);
                Poll::Ready(Err(body_refused(reason)))
            }
        }
    }

    /// pingora listens for the client's leaving while it waits for the panel. Whatever arrives
    /// meanwhile is the next request's and stays here.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.buffer.is_empty() {
            // Nobody needs to be woken: this request ends by its answer.
            return Poll::Pending;
        }
        match ready!(pin!(self.fill()).poll(cx))? {
            0 => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }

    /// After a 101 the bytes are somebody else's protocol.
    fn poll_raw(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() {
            let Some(inner) = self.inner.as_mut() else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
            return Pin::new(inner).poll_read(cx, out);
        }
        let len = self.buffer.len().min(out.remaining());
        out.put_slice(self.buffer.get(..len).unwrap_or_default());
        self.buffer.advance(len);
        Poll::Ready(Ok(()))
    }

    /// pingora writes each status line at the start of a buffer of its own.
    fn watch_for_switch(&mut self, written: &[u8]) {
        if self.awaits_switch {
            if written.starts_with(b"HTTP/1.1 101") {
                self.inbound = Inbound::Raw;
                self.awaits_switch = false;
            } else if written.starts_with(b"HTTP/1.") && !written.starts_with(b"HTTP/1.1 1") {
                self.awaits_switch = false;
            }
        }
    }

    fn paced<T>(
        &mut self,
        poll: Poll<io::Result<T>>,
        moved: impl Fn(&T) -> usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match &poll {
            Poll::Ready(Ok(done)) => self.pace.moved(moved(done)),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.pace.wait(cx)?,
        }
        poll
    }
}

fn body_refused(reason: RefusedReason) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, BodyRefused(reason))
}

impl AsyncRead for Screened {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.inbound {
            Inbound::Between => self.poll_idle(cx),
            Inbound::Body(framing) => self.poll_body(framing, cx, out),
            Inbound::Raw => self.poll_raw(cx, out),
            Inbound::Refused(reason) => Poll::Ready(Err(body_refused(reason))),
        }
    }
}

impl AsyncWrite for Screened {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let Some(inner) = this.inner.as_mut() else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        let poll = Pin::new(inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(_)) = poll {
            this.answering = true;
            this.watch_for_switch(bytes);
        }
        this.paced(poll, |written| *written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let Some(inner) = this.inner.as_mut() else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        let poll = Pin::new(inner).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(_)) = poll {
            this.answering = true;
            this.watch_for_switch(bufs.first().map_or(&[][..], |first| first));
        }
        this.paced(poll, |written| *written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(inner) = self.inner.as_mut() else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        let poll = Pin::new(inner).poll_flush(cx);
        self.paced(poll, |()| 0, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(inner) = self.inner.as_mut() else { return Poll::Ready(Ok(())) };
        let poll = Pin::new(inner).poll_shutdown(cx);
        self.paced(poll, |()| 0, cx)
    }
}

impl Drop for Screened {
    /// An answer that was given before the request was read whole would be wiped out by the reset
    /// that closing causes; so somebody reads on for a moment. The seat stays taken meanwhile.
    fn drop(&mut self) {
        let unread = matches!(self.inbound, Inbound::Body(_) | Inbound::Refused(_));
        if let (Some(inner), true, true) = (self.inner.take(), unread, self.answering) {
            let seat = self.seat.take();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    let _ = tokio::time::timeout(LINGER, linger(inner)).await;
                    drop(seat);
                });
            }
        }
    }
}

async fn linger(mut stream: Stream) -> io::Result<()> {
    AsyncWriteExt::shutdown(&mut stream).await?;
    let mut rest = stream.take(LINGER_BYTES);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(|_| ())
}

impl fmt::Debug for Screened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screened").field("buffered", &self.buffer.len()).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Shutdown for Screened {
    async fn shutdown(&mut self) {
        // While something is unread, dropping does it more gently.
        if self.is_between()
            && let Some(inner) = self.inner.as_mut()
        {
            Shutdown::shutdown(inner.as_mut()).await;
        }
    }
}

#[async_trait::async_trait]
impl Peek for Screened {}

impl UniqueID for Screened {
    fn id(&self) -> UniqueIDType {
        self.inner.as_ref().map_or(-1, |inner| inner.id())
    }
}

impl Ssl for Screened {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.as_ref()?.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.as_ref()?.selected_alpn_proto()
    }
}

impl GetTimingDigest for Screened {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.as_ref().map(|inner| inner.get_timing_digest()).unwrap_or_default()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.inner.as_ref().map(|inner| inner.get_read_pending_time()).unwrap_or_default()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.inner.as_ref().map(|inner| inner.get_write_pending_time()).unwrap_or_default()
    }
}

impl GetProxyDigest for Screened {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.inner.as_ref()?.get_proxy_digest()
    }
}

impl GetSocketDigest for Screened {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.as_ref()?.get_socket_digest()
    }
}
