//! A panel on hyper, a proxy in front of it, and a client that sends exactly the bytes it's told.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use pingora::ErrorType;
use pingora::http::ResponseHeader;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use poterne::proxy::front::{
    Front, FrontSettings, RefusalPages, RunningServer, ServeSettings, bind, http_proxy, refused_body, spawn,
};
use poterne::proxy::websocket::{is_handshake, websocket_peer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// How long a test waits for something that must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the panel saw.
#[derive(Default)]
pub struct Seen {
    /// Requests whose header arrived: method and target.
    pub begun: Mutex<Vec<String>>,
    /// Requests that were read whole: method, target, bytes of body.
    pub whole: Mutex<Vec<String>>,
    pub connections: AtomicUsize,
    /// Lets a request to `/held` go on.
    pub release: Notify,
    /// A request to `/held` has arrived.
    pub held: Notify,
}

pub struct World {
    pub seen: Arc<Seen>,
    pub front: SocketAddr,
    pub server: Option<RunningServer>,
}

struct Plain {
    panel: HttpPeer,
}

#[async_trait]
impl ProxyHttp for Plain {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, session: &mut Session, (): &mut ()) -> pingora::Result<Box<HttpPeer>> {
        let websocket = is_handshake(session.req_header());
        Ok(Box::new(if websocket { websocket_peer(&self.panel) } else { self.panel.clone() }))
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &pingora::Error, (): &mut ()) -> FailToProxy {
        let status = match (refused_body(error), error.etype()) {
            (Some(reason), _) => reason.status().as_u16(),
            (None, ErrorType::HTTPStatus(status)) => *status,
            _ => 502,
        };
        session.set_keepalive(None);
        if session.response_written().is_none() {
            let mut header = ResponseHeader::build(status, None).unwrap();
            header.insert_header("Content-Length", "5").unwrap();
            let _ = session.write_response_header(Box::new(header), false).await;
            let _ = session.write_response_body(Some(Bytes::from_static(b"oops\n")), true).await;
        }
        FailToProxy { error_code: status, can_reuse_downstream: false }
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(FrontSettings { trusted_proxies: Vec::new(), ..FrontSettings::default() }, None).await
    }

    pub async fn with(settings: FrontSettings, pages: Option<RefusalPages>) -> Self {
        let seen = Arc::new(Seen::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let panel = listener.local_addr().unwrap();
        tokio::spawn(serve_panel(listener, Arc::clone(&seen)));
        let proxy = http_proxy(Plain { panel: HttpPeer::new(panel, false, String::new()) }, 2);
        let mut front = Front::new(proxy, settings);
        if let Some(pages) = pages {
            front = front.with_refusal_pages(pages);
        }
        let sockets = bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let server = spawn(front, sockets, ServeSettings { threads: 2, grace_period: PATIENCE }).unwrap();
        Self { seen, front: server.addresses()[0], server: Some(server) }
    }

    pub async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.front).await.unwrap(), buffer: Vec::new() }
    }

    /// One request on a connection of its own; everything that comes back until the end.
    pub async fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect().await;
        client.write(bytes).await;
        client.answer().await
    }

    pub fn begun(&self) -> Vec<String> {
        self.seen.begun.lock().unwrap().clone()
    }

    pub fn whole(&self) -> Vec<String> {
        self.seen.whole.lock().unwrap().clone()
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub struct Client {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    async fn more(&mut self) -> usize {
        tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await.expect("no answer").unwrap_or(0)
    }

    /// The next answer's header.
    pub async fn head(&mut self) -> (u16, String) {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
                return (head[9..12].parse().unwrap(), head);
            }
            assert!(self.more().await > 0, "closed with {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// The next `len` bytes.
    pub async fn exactly(&mut self, len: usize) -> Vec<u8> {
        while self.buffer.len() < len {
            assert!(self.more().await > 0, "closed with {:?}", String::from_utf8_lossy(&self.buffer));
        }
        self.buffer.drain(..len).collect()
    }

    /// The next answer, with a length, with chunks, or up to the end of the connection.
    pub async fn answer(&mut self) -> Answer {
        let (status, head) = self.head().await;
        let mut answer = Answer { status, head, body: Vec::new() };
        if let Some(length) = answer.header("content-length") {
            answer.body = self.exactly(length.parse().unwrap()).await;
        } else if answer.header("transfer-encoding").is_some() {
            loop {
                let chunk = self.chunk().await;
                if chunk.is_empty() {
                    break;
                }
                answer.body.extend(chunk);
            }
        } else {
            while self.more().await > 0 {}
            answer.body = std::mem::take(&mut self.buffer);
        }
        answer
    }

    pub async fn chunk(&mut self) -> Vec<u8> {
        let size = loop {
            if let Some(end) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                break usize::from_str_radix(std::str::from_utf8(&line[..end]).unwrap(), 16).unwrap();
            }
            assert!(self.more().await > 0);
        };
        let mut data = self.exactly(size + 2).await;
        data.truncate(size);
        data
    }

    /// Whether the server closes without another byte.
    pub async fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && self.more().await == 0
    }
}

type Body = BoxBody<Bytes, Infallible>;

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}

async fn serve_panel(listener: tokio::net::TcpListener, seen: Arc<Seen>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        seen.connections.fetch_add(1, Ordering::Relaxed);
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&seen)));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
    }
}

async fn answer(mut request: Request<Incoming>, seen: Arc<Seen>) -> Result<Response<Body>, Infallible> {
    let line = format!("{} {}", request.method(), request.uri());
    seen.begun.lock().unwrap().push(line.clone());
    Ok(match request.uri().path() {
        "/early" => Response::builder().status(413).body(full("too large")).unwrap(),
        "/held" => {
            seen.held.notify_one();
            seen.release.notified().await;
            Response::new(full("released"))
        }
        "/events" => {
            let events = futures_util::stream::unfold((0, Arc::clone(&seen)), |(n, seen)| async move {
                if n > 0 {
                    seen.release.notified().await;
                }
                (n < 3).then(|| (Ok(Frame::data(Bytes::from(format!("data: {n}\n\n")))), (n + 1, seen)))
            });
            Response::builder()
                .header("content-type", "text/event-stream")
                .body(BodyExt::boxed(StreamBody::new(events)))
                .unwrap()
        }
        "/large" => {
            let chunks =
                futures_util::stream::iter(0..256).map(|_| Ok(Frame::data(Bytes::from(vec![b'x'; 64 * 1024]))));
            Response::new(BodyExt::boxed(StreamBody::new(chunks)))
        }
        "/range" => Response::builder()
            .status(206)
            .header("content-range", "bytes 2-4/10")
            .header("x-asked", request.headers().get("range").cloned().unwrap())
            .body(full("cde"))
            .unwrap(),
        "/ws" if request.headers().contains_key("upgrade") => {
            if request.uri().query() == Some("held") {
                seen.held.notify_one();
                seen.release.notified().await;
            }
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut stream = TokioIo::new(upgraded.await.unwrap());
                let mut buffer = [0; 1024];
                while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                    stream.write_all(&buffer[..n]).await.unwrap();
                }
            });
            Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .body(full(""))
                .unwrap()
        }
        _ => match request.into_body().collect().await {
            Ok(body) => {
                let body = body.to_bytes();
                seen.whole.lock().unwrap().push(format!("{line} {}", body.len()));
                Response::new(full(format!("{line} {} {:?}", body.len(), &body[..body.len().min(32)])))
            }
            Err(_) => Response::builder().status(400).body(full("cut")).unwrap(),
        },
    })
}
