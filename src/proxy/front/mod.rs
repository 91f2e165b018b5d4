//! The outermost part: connections, and the strict reading of what comes over them.
//!
//! pingora's own server reads a request's header without a deadline for the whole of it, takes
//! many a header that others read differently, keeps idle connections for ever and counts nobody.
//! The [`Front`] stands between its listeners and its proxy: it seats each connection, reads and
//! checks every header by itself, and then lets pingora work on a stream that contains just that
//! one request (`screen`).

mod framing;
mod head;
mod pace;
mod refusal;
mod screen;
mod seats;
mod serve;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use ipnet::IpNet;
use pingora::apps::{HttpPersistentSettings, HttpServerApp, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::{ALPN, Stream};
use pingora::server::ShutdownWatch;
use tokio::time::{Instant, Sleep};

use crate::model::{ClientAddr, Network, NetworkPrefix, PeerAddr};

pub use head::{MAX_HEADER_LINES, MAX_TARGET};
pub use refusal::{RETRY_AFTER, RefusalPage, RefusalPages, Refused, RefusedReason, refused_body, too_slow};
pub use serve::{BindFailed, RunningServer, ServeSettings, StartFailed, bind, build_service, http_proxy, spawn};

use pace::Pace;
use screen::Screened;
use seats::Seats;

/// One deadline for a request's whole header: plenty even over a bad mobile line, while a client
/// that sends a byte now and then would hold a connection for ever.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest header; browsers stay below 16 KiB, panels with many cookies below 32.
pub const MAX_HEADER: usize = 64 * 1024;
/// How long a kept connection may wait for its next request.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Connections from one network at a time: a browser has six open to one host, and an office behind
/// one address has many browsers; a flood doesn't fit.
pub const CONNECTIONS_PER_NETWORK: u32 = 256;
/// How long a client may be waited for while it moves less than [`LEAST_TRANSFER`].
pub const TRANSFER_WINDOW: Duration = Duration::from_secs(60);
/// What must move in a [`TRANSFER_WINDOW`], in bytes: a hundredth of what the slowest modem did.
pub const LEAST_TRANSFER: u64 = 2048;

/// How connections are treated.
#[derive(Clone, Debug)]
pub struct FrontSettings {
    /// From the connection or the header's first byte to the header's end.
    pub header_timeout: Duration,
    /// The longest header, request line included, in bytes.
    pub max_header: usize,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Duration,
    /// Connections that one network may have open.
    pub connections_per_network: u32,
    /// What a network is.
    pub prefix: NetworkPrefix,
    /// Proxies in front of us: their connections carry many clients and aren't counted.
    pub trusted_proxies: Vec<IpNet>,
    /// A client that makes us wait for so long, while sending a body or taking an answer, must
    /// meanwhile have moved [`Self::least_transfer`] bytes.
    pub transfer_window: Duration,
    /// Bytes in one [`Self::transfer_window`]; zero never cuts a client off.
    pub least_transfer: u64,
}

impl Default for FrontSettings {
    /// What `[listen]` says where an operator says nothing.
    fn default() -> Self {
        Self {
            header_timeout: HEADER_TIMEOUT,
            max_header: MAX_HEADER,
            idle_timeout: IDLE_TIMEOUT,
            connections_per_network: CONNECTIONS_PER_NETWORK,
            prefix: NetworkPrefix::default(),
            trusted_proxies: Vec::new(),
            transfer_window: TRANSFER_WINDOW,
            least_transfer: LEAST_TRANSFER,
        }
    }
}

/// Stands in front of an HTTP application, pingora's proxy, and lets nothing through to it that
/// could be read in two ways.
pub struct Front<A> {
    app: Arc<A>,
    settings: FrontSettings,
    seats: Arc<Seats>,
    pages: RefusalPages,
}

/// What comes next on a connection.
enum Next {
    Request(BytesMut),
    Refuse(RefusedReason),
    Close,
}

impl<A: HttpServerApp + Send + Sync + 'static> Front<A> {
    /// A front for `app`.
    pub fn new(app: Arc<A>, settings: FrontSettings) -> Self {
        Self { app, settings, seats: Arc::default(), pages: Arc::new(refusal::plain_page) }
    }

    /// Lets `pages` write what refusals say.
    #[must_use]
    pub fn with_refusal_pages(mut self, pages: RefusalPages) -> Self {
        self.pages = pages;
        self
    }

    /// The network that a connection is counted for.
    fn counted_network(&self, peer: PeerAddr) -> Option<Network> {
        let trusted = self.settings.trusted_proxies.iter().any(|net| net.contains(&peer.ip()));
        (!trusted).then(|| Network::of(ClientAddr::resolved(peer.ip()), self.settings.prefix))
    }

    async fn connection(&self, mut connection: Box<Screened>, peer: PeerAddr, shutdown: &ShutdownWatch) {
        let timer = tokio::time::sleep(self.settings.header_timeout);
        tokio::pin!(timer);
        let stopping = stopping(shutdown.clone());
        tokio::pin!(stopping);
        let mut persistent: Option<HttpPersistentSettings> = None;
        loop {
            let first = persistent.is_none();
            let head = match self.next(&mut connection, first, timer.as_mut(), stopping.as_mut()).await {
                Next::Request(head) => head,
                Next::Refuse(reason) => return self.refuse(connection, reason, peer).await,
                Next::Close => return,
            };
            let mut session = ServerSession::new_http1(connection);
            if let Some(settings) = persistent {
                settings.apply_to_session(&mut session);
            }
            // The stream itself watches over the client's pace, also where pingora doesn't. Its own
            // timeout would cut a websocket that is silent for a minute.
            session.set_read_timeout(None);
            session.set_pipelined_prefix(head);
            let Some(reused) = self.app.process_new_http(session, shutdown).await else { return };
            let (stream, settings) = reused.consume();
            let Ok(same) = stream.into_any().downcast::<Screened>() else { return };
            connection = same;
            if !connection.is_between() {
                return;
            }
            let Some(settings) = settings else { return };
            persistent = Some(settings);
        }
    }

    /// Reads the next header, checks it and takes it out of the stream.
    async fn next(
        &self,
        connection: &mut Screened,
        first: bool,
        mut timer: Pin<&mut Sleep>,
        mut stopping: Pin<&mut impl Future<Output = ()>>,
    ) -> Next {
        let mut scan = head::Scan::default();
        let mut begun = !connection.pending().is_empty();
        if !first {
            let wait = if begun { self.settings.header_timeout } else { self.settings.idle_timeout };
            timer.as_mut().reset(Instant::now() + wait);
        }
        loop {
            if !connection.pending().is_empty() {
                match scan.advance(connection.pending(), self.settings.max_header) {
                    Ok(Some(head)) => return Next::Request(connection.begin(&head)),
                    Ok(None) => {}
                    Err(reason) => return Next::Refuse(reason),
                }
                if !begun && !first {
                    timer.as_mut().reset(Instant::now() + self.settings.header_timeout);
                }
                begun = true;
            }
            tokio::select! {
                biased;
                read = connection.fill() => match read {
                    Ok(0) | Err(_) => return Next::Close,
                    Ok(_) => {}
                },
                () = timer.as_mut() => {
                    return if begun { Next::Refuse(RefusedReason::HeaderTimeout) } else { Next::Close };
                }
                () = stopping.as_mut(), if !begun => return Next::Close,
            }
        }
    }

    async fn refuse(&self, mut connection: Box<Screened>, reason: RefusedReason, peer: PeerAddr) {
        count(reason);
        let page = (self.pages)(Refused { reason, peer, head: connection.pending() });
        // Whoever doesn't take a page of a few kilobytes within seconds doesn't want it.
        let _ =
            tokio::time::timeout(Duration::from_secs(5), connection.refuse(reason, &refusal::answer(reason, &page)))
                .await;
    }

    /// One write and the end: no waiting.
    async fn turn_away(&self, stream: Stream, peer: PeerAddr) {
        let reason = RefusedReason::TooManyConnections;
        count(reason);
        let mut connection = Screened::new(stream, None, self.pace());
        // What has already arrived is taken off the socket, so that closing it resets nothing.
        let _ = tokio::time::timeout(Duration::from_millis(1), connection.fill()).await;
        let page = (self.pages)(Refused { reason, peer, head: connection.pending() });
        let answer = refusal::answer(reason, &page);
        let _ = tokio::time::timeout(Duration::from_secs(1), connection.refuse(reason, &answer)).await;
        connection.abandon();
    }

    fn pace(&self) -> Pace {
        Pace::new(self.settings.transfer_window, self.settings.least_transfer)
    }
}

/// Ready once the server is to stop.
async fn stopping(mut shutdown: ShutdownWatch) {
    while !*shutdown.borrow_and_update() {
        if shutdown.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn count(reason: RefusedReason) {
    metrics::counter!("poterne_refused_total", "reason" => reason.as_str()).increment(1);
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> ServerApp for Front<A> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let digest = stream.get_socket_digest()?;
        let peer = PeerAddr::of(*digest.peer_addr()?.as_inet()?);
        let Some(seat) = self.seats.take(self.counted_network(peer), self.settings.connections_per_network) else {
            self.turn_away(stream, peer).await;
            return None;
        };
        if matches!(stream.selected_alpn_proto(), Some(ALPN::H2)) {
            // HTTP/2 frames its requests; there's no header text to be read in two ways.
            let rest = self.app.process_new(stream, shutdown).await;
            drop(seat);
            return rest;
        }
        self.connection(Box::new(Screened::new(stream, Some(seat), self.pace())), peer, shutdown).await;
        None
    }

    async fn cleanup(&self) {
        self.app.http_cleanup().await;
    }
}
