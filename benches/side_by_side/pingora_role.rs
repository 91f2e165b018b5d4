//! pingora's proxy, bare and behind the front, each in a process of its own.
//!
//! Both are built in the same program, with the same allocator, the same runtime and the same
//! headers added; so the difference is the front's reading and the rule for headers.

use std::net::SocketAddr;
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderValue;
use parking_lot::Mutex;
use pingora::http::RequestHeader;
use pingora::modules::http::HttpModules;
use pingora::proxy::{HttpProxy, ProxyHttp, Session};
use pingora::server::Fds;
use pingora::server::configuration::ServerConf;
use pingora::services::Service as _;
use pingora::services::listening::Service;
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use poterne::model::{ClientAddr, PeerAddr};
use poterne::proxy::client::{self, ClientPolicy};
use poterne::proxy::front::{Front, FrontSettings, ServeSettings, bind, http_proxy, spawn};
use poterne::proxy::headers::{HostSent, Outgoing, apply, client_value};

/// Runs `role` ("bare", "deadlines" or "front") on `address` in front of `panel` until the process is ended.
pub fn run(role: &str, address: &str, panel: &str) {
    let address: SocketAddr = address.parse().expect("an address");
    let panel: SocketAddr = panel.parse().expect("an address");
    match role {
        "bare" => bare(address, HttpPeer::new(panel, false, String::new())),
        "deadlines" => bare(address, with_deadlines(panel)),
        "front" => front(address, panel),
        other => panic!("no role {other}"),
    }
}

struct Bare {
    panel: HttpPeer,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(self.panel.clone()))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        (): &mut (),
    ) -> pingora::Result<()> {
        let client = session.client_addr().and_then(|address| address.as_inet()).expect("a TCP peer").ip();
        let client = HeaderValue::try_from(client.to_string()).expect("an address");
        if let Some(host) = request.headers.get(http::header::HOST).cloned() {
            request.insert_header("X-Forwarded-Host", host)?;
        }
        request.insert_header("X-Forwarded-For", client.clone())?;
        request.insert_header("X-Forwarded-Proto", HeaderValue::from_static("http"))?;
        request.insert_header("X-Real-IP", client)
    }
}

/// The panel with the deadlines that nobody would go without: to connect, to read, to write, and
/// until a connection that isn't used is closed. Each costs pingora a timer.
fn with_deadlines(panel: SocketAddr) -> HttpPeer {
    let mut peer = HttpPeer::new(panel, false, String::new());
    peer.options.connection_timeout = Some(Duration::from_secs(5));
    peer.options.total_connection_timeout = Some(Duration::from_secs(5));
    peer.options.read_timeout = Some(Duration::from_secs(60));
    peer.options.write_timeout = Some(Duration::from_secs(60));
    peer.options.idle_timeout = Some(Duration::from_secs(50));
    peer
}

fn bare(address: SocketAddr, panel: HttpPeer) {
    let conf = Arc::new(ServerConf { threads: 1, ..ServerConf::default() });
    let mut proxy = HttpProxy::new(Bare { panel }, conf);
    proxy.handle_init_modules();
    let mut service = Service::new("bare".to_owned(), proxy);
    service.add_tcp(&address.to_string());
    let socket = bind(&[address]).expect("a socket").remove(0);
    socket.set_nonblocking(true).expect("a socket");
    let mut fds = Fds::new();
    fds.add(address.to_string(), socket.into_raw_fd());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    runtime.block_on(async move {
        let _ =
            tokio::spawn(async move { service.start_service(Some(Arc::new(Mutex::new(fds))), stopped, 1).await }).await;
    });
    drop(stop);
}

struct Behind {
    panel: HttpPeer,
    policy: ClientPolicy,
}

#[async_trait]
impl ProxyHttp for Behind {
    type CTX = Option<ClientAddr>;

    fn new_ctx(&self) -> Self::CTX {
        None
    }

    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn upstream_peer(&self, session: &mut Session, client: &mut Self::CTX) -> pingora::Result<Box<HttpPeer>> {
        let peer = PeerAddr::of(*session.client_addr().and_then(|address| address.as_inet()).expect("a TCP peer"));
        *client = Some(client::resolve(peer, &session.req_header().headers, &self.policy));
        Ok(Box::new(self.panel.clone()))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        client: &mut Self::CTX,
    ) -> pingora::Result<()> {
        let client = client_value(client.expect("resolved before"));
        let cookie = session.req_header().headers.get(http::header::COOKIE);
        let out = Outgoing {
            client: &client,
            scheme: client::Scheme::Http,
            host: HostSent::Kept,
            cookie,
            credential_headers: &[http::header::AUTHORIZATION],
            pass_credentials: false,
        };
        apply(request, &out)
    }
}

fn front(address: SocketAddr, panel: SocketAddr) {
    let mut panel = HttpPeer::new(panel, false, String::new());
    panel.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::preserve();
    let proxy = http_proxy(Behind { panel, policy: ClientPolicy::default() }, 1);
    let front = Front::new(proxy, FrontSettings::default());
    let settings = ServeSettings { threads: 1, grace_period: Duration::ZERO };
    let _server = spawn(front, bind(&[address]).expect("a socket"), settings).expect("a server");
    loop {
        std::thread::park();
    }
}
