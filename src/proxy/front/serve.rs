//! Sockets, threads, and a stop that lets requests end.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use pingora::apps::HttpServerApp;
use pingora::listeners::TcpSocketOptions;
use pingora::protocols::TcpKeepalive;
use pingora::proxy::{HttpProxy, ProxyHttp};
use pingora::server::configuration::ServerConf;
use pingora::server::{Fds, ListenFds};
use pingora::services::Service as _;
use pingora::services::listening::Service;
use tokio::sync::watch;

use super::Front;

/// An address that can't be listened on: the operator's to solve.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {source}")]
pub struct BindFailed {
    /// Which.
    pub address: SocketAddr,
    /// Why not.
    pub source: std::io::Error,
}

/// The server can't be started: the machine gives no thread, or a socket is unusable.
#[derive(Debug, thiserror::Error)]
#[error("the server can't be started: {0}")]
pub struct StartFailed(#[from] std::io::Error);

/// How a server runs.
#[derive(Clone, Copy, Debug)]
pub struct ServeSettings {
    /// Threads that handle requests.
    pub threads: usize,
    /// How long requests under way may go on after the stop. An open websocket or event stream
    /// uses all of it.
    pub grace_period: Duration,
}

impl Default for ServeSettings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, grace_period: Duration::from_secs(20) }
    }
}

/// Binds all `addresses`, or none. Port 0 takes a free port.
///
/// # Errors
/// [`BindFailed`] for the first address that can't be had.
pub fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, BindFailed> {
    addresses
        .iter()
        .map(|address| TcpListener::bind(address).map_err(|source| BindFailed { address: *address, source }))
        .collect()
}

/// pingora's proxy for `inner`, as a [`Front`] wants it: a request that met a connection which the
/// panel had just closed is tried once more, and no module that nobody asked for runs.
pub fn http_proxy<SV>(inner: SV, threads: usize) -> Arc<HttpProxy<SV>>
where
    SV: ProxyHttp + Send + Sync + 'static,
    SV::CTX: Send + Sync,
{
    let conf = ServerConf { threads, max_retries: 2, ..ServerConf::default() };
    let mut proxy = HttpProxy::new(inner, Arc::new(conf));
    proxy.handle_init_modules();
    Arc::new(proxy)
}

/// The pingora service that listens on `addresses` and hands every connection to `front`, to be
/// added to a pingora `Server`. Sockets that are bound already go to it through [`ListenFds`],
/// under the same address.
pub fn build_service<A>(front: Front<A>, addresses: &[SocketAddr], threads: usize) -> Service<Front<A>>
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let mut service = Service::new("poterne".to_owned(), front);
    service.threads = Some(threads);
    for address in addresses {
        let mut options = TcpSocketOptions::default();
        // A peer that vanished without a word is noticed after two minutes, also behind a silent
        // websocket.
        options.tcp_keepalive = Some(TcpKeepalive {
            idle: Duration::from_secs(60),
            interval: Duration::from_secs(15),
            count: 4,
            user_timeout: Duration::from_secs(120),
        });
        service.add_tcp_with_settings(&address.to_string(), options);
    }
    service
}

/// A server that runs in threads of its own until it's stopped.
#[derive(Debug)]
pub struct RunningServer {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl RunningServer {
    /// Where it listens, in the order of the sockets.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops to listen, at once and without waiting; idle connections are closed, and requests
    /// under way may end.
    pub fn begin_stop(&self) {
        let _ = self.stop.send(true);
    }

    /// Stops, and waits until the last request has ended or the grace period is over. Blocks: not
    /// to be called on a thread that runs async tasks.
    pub fn stop(mut self) {
        self.begin_stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.begin_stop();
    }
}

/// Serves `front` on `sockets` (from [`bind`]).
///
/// Not by pingora's `Server`: that one always sleeps its whole grace period, and exits the process
/// when a socket can't be had.
///
/// # Errors
/// [`StartFailed`] when there's no thread to be had or a socket is unusable.
pub fn spawn<A>(
    front: Front<A>,
    sockets: Vec<TcpListener>,
    settings: ServeSettings,
) -> Result<RunningServer, StartFailed>
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let mut addresses = Vec::with_capacity(sockets.len());
    let mut fds = Fds::new();
    for socket in sockets {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        addresses.push(address);
        fds.add(address.to_string(), socket.into_raw_fd());
    }
    let fds: ListenFds = Arc::new(Mutex::new(fds));
    let seats = Arc::clone(&front.seats);
    let mut service = build_service(front, &addresses, settings.threads);
    let (stop, stopped) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.threads)
        .thread_name("poterne-proxy")
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new().name("poterne-front".to_owned()).spawn(move || {
        runtime.block_on(async {
            // Returns when the sockets are closed.
            let serving = tokio::spawn(async move { service.start_service(Some(fds), stopped, 1).await });
            if serving.await.is_err() {
                tracing::error!("the proxy's service ended by a panic");
            }
            if tokio::time::timeout(settings.grace_period, seats.emptied()).await.is_err() {
                tracing::warn!(connections = seats.taken(), "the grace period is over: connections are cut");
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
    })?;
    Ok(RunningServer { addresses, stop, thread: Some(thread) })
}
