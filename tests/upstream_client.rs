//! The gate's own requests, against servers that send bytes as they like.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

#[path = "support/tls.rs"]
mod tls;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poterne::flow::ports::{Panel, PanelAnswer, PanelFailed, PanelRequest};
use poterne::upstream::{HyperPanel, PanelSetupFailed, Settings, Upstream};
use tls::TestCertificate;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What a server does once it has read a request.
#[derive(Clone)]
enum Step {
    Write(&'static [u8]),
    /// A byte at a time, each in a packet of its own if the kernel agrees.
    Drip(&'static [u8]),
    /// These bytes again and again, as long as somebody takes them.
    Flood(&'static [u8]),
    /// Nothing more, the connection left open.
    Hang,
    /// Closed with a reset.
    Reset,
}

struct Server {
    upstream: Upstream,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Connections that the client has closed.
    closed: watch::Receiver<usize>,
}

impl Server {
    async fn start(steps: Vec<Step>) -> Self {
        Self::start_with(steps, None).await
    }

    async fn start_with(steps: Vec<Step>, certificate: Option<TestCertificate>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Upstream::new(certificate.is_some(), "127.0.0.1", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (closes, closed) = watch::channel(0);
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (steps, kept, closes) = (steps.clone(), Arc::clone(&kept), closes.clone());
                let certificate = certificate.clone();
                if steps.iter().any(|step| matches!(step, Step::Reset)) {
                    // Makes the close a reset.
                    stream.set_zero_linger().unwrap();
                }
                tokio::spawn(async move {
                    match certificate {
                        None => serve(stream, steps, kept).await,
                        Some(certificate) => {
                            if let Ok(stream) = certificate.acceptor().accept(stream).await {
                                serve(stream, steps, kept).await;
                            }
                        }
                    }
                    closes.send_modify(|count| *count += 1);
                });
            }
        });
        Self { upstream, requests, closed }
    }

    fn panel(&self) -> HyperPanel {
        HyperPanel::new(Settings::new(self.upstream.clone())).unwrap()
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    async fn closed_by_client(&mut self) {
        tokio::time::timeout(Duration::from_secs(30), self.closed.wait_for(|count| *count > 0)).await.unwrap().unwrap();
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, steps: Vec<Step>, requests: Arc<Mutex<Vec<Vec<u8>>>>) {
    let mut request = Vec::new();
    let whole = |request: &[u8]| {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let head = String::from_utf8_lossy(&request[..end.unwrap_or(0)]).to_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        end.is_some_and(|end: usize| request.len() >= end + length)
    };
    while !whole(&request) {
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&more[..length]),
        }
    }
    requests.lock().unwrap().push(request);
    for step in steps {
        match step {
            Step::Write(bytes) => {
                if stream.write_all(bytes).await.is_err() {
                    return;
                }
            }
            Step::Drip(bytes) => {
                for byte in bytes {
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            }
            Step::Flood(bytes) => while stream.write_all(bytes).await.is_ok() {},
            Step::Hang => {
                // Until the client closes.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
            Step::Reset => return,
        }
        let _ = stream.flush().await;
    }
    let _ = stream.shutdown().await;
}

fn request(method: Method, target: &str, body: &'static [u8]) -> PanelRequest {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("panel.example.net"));
    headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.7"));
    PanelRequest {
        method,
        target: target.to_owned(),
        headers,
        body: Bytes::from_static(body),
        timeout: Duration::from_secs(30),
        max_body: 1024,
    }
}

fn get() -> PanelRequest {
    request(Method::GET, "/", b"")
}

async fn answer(bytes: &'static [u8]) -> Result<PanelAnswer, PanelFailed> {
    let server = Server::start(vec![Step::Write(bytes)]).await;
    let result = server.panel().send(get()).await;
    assert_eq!(server.requests().len(), 1, "never sent again");
    result
}

#[tokio::test]
async fn a_login_goes_out_as_it_was_judged() {
    let server =
        Server::start(vec![Step::Write(b"HTTP/1.1 302 Found\r\nLocation: /in\r\nContent-Length: 0\r\n\r\n")]).await;
    let mut login = request(Method::POST, "//a/./%6cogin.php?x=%20&&y={z}|", b"u=alice&p=Correct-Horse-9");
    for (name, value) in [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", "7"),
        ("transfer-encoding", "chunked"),
        ("expect", "100-continue"),
        ("connection", "keep-alive, x-own"),
        ("x-own", "1"),
        ("accept-encoding", "gzip, br"),
        ("cookie", "a=1; b=\"2\""),
    ] {
        login.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let answer = server.panel().send(login).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(answer.headers["location"], "/in");
    let sent = server.requests().remove(0);
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("POST //a/./%6cogin.php?x=%20&&y={z}| HTTP/1.1"));
    let mut headers: Vec<_> = lines.map(str::to_owned).collect();
    headers.sort();
    assert_eq!(
        headers,
        [
            "accept-encoding: identity",
            "connection: close",
            "content-length: 25",
            "content-type: application/x-www-form-urlencoded",
            "cookie: a=1; b=\"2\"",
            "host: panel.example.net",
            "x-forwarded-for: 203.0.113.7",
        ]
    );
    assert_eq!(body, "u=alice&p=Correct-Horse-9");
}

#[test]
fn no_password_and_no_cookie_is_shown_by_debug() {
    let mut login = request(Method::POST, "/login.php?p=hush-a", b"p=hush-b");
    login.headers.insert("cookie", HeaderValue::from_static("sid=hush-c"));
    assert_eq!(format!("{login:?}"), "PanelRequest(POST /login.php, 8 bytes)");
    let answer = PanelAnswer { status: StatusCode::OK, headers: login.headers, body: login.body };
    assert_eq!(format!("{answer:?}"), "PanelAnswer(200, 8 bytes)");
}

#[tokio::test]
async fn a_target_that_would_change_on_the_way_is_not_sent() {
    let server = Server::start(vec![Step::Write(b"HTTP/1.1 204 No Content\r\n\r\n")]).await;
    for target in ["", "login.php", "*", "/a#b", "http://other.test/", "/a b", "/a\r\nX: y", "/a\0"] {
        let result = server.panel().send(request(Method::GET, target, b"")).await;
        assert!(matches!(result, Err(PanelFailed::Unreachable(_))), "{target:?}: {result:?}");
    }
    assert!(server.requests().is_empty());
    for target in ["/?", "/a?b?c", "//", "/a;b=c", "/é?é", "/%00", "/*"] {
        server.panel().send(request(Method::GET, target, b"")).await.unwrap();
        let sent = server.requests().pop().unwrap();
        assert!(sent.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{sent}");
    }
}

#[tokio::test]
async fn answers_come_in_every_framing() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nSet-Cookie: early=1\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nConnection: Keep-Alive, X-Own\r\nX-Own: 1\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        let answer = answer(bytes).await.unwrap();
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"hello"[..]), "{shown}");
        assert_eq!(answer.headers.len(), 1, "{shown}: {:?}", answer.headers);
        assert_eq!(answer.headers["content-length"], "5");
    }
}

#[tokio::test]
async fn answers_without_a_body() {
    let found =
        answer(b"HTTP/1.1 302 Found\r\nLocation: http://other.test/\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert_eq!(found.headers["location"], "http://other.test/", "redirects are not followed");
    let gone = answer(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    assert!(gone.headers.is_empty() && gone.body.is_empty());
    let server = Server::start(vec![Step::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n"), Step::Hang]).await;
    let head = server.panel().send(request(Method::HEAD, "/", b"")).await.unwrap();
    assert_eq!(head.headers["content-length"], "4096");
}

#[tokio::test]
async fn cookies_keep_their_order_and_their_bytes() {
    let bytes = b"HTTP/1.1 200 OK\r\nset-cookie: a=1; Path=/; HttpOnly\r\nX: y\r\nSet-Cookie: A=\"q, r\"; expires=Thu, 01 Jan 1970\r\n\
        SET-COOKIE: a=; Max-Age=0\r\nSet-Cookie: b=caf\xc3\xa9%00;;\xff\r\nSet-Cookie: \r\nContent-Length: 0\r\n\r\n";
    let answer = answer(bytes).await.unwrap();
    let cookies: Vec<&[u8]> = answer.headers.get_all("set-cookie").iter().map(HeaderValue::as_bytes).collect();
    assert_eq!(
        cookies,
        [
            &b"a=1; Path=/; HttpOnly"[..],
            b"A=\"q, r\"; expires=Thu, 01 Jan 1970",
            b"a=; Max-Age=0",
            b"b=caf\xc3\xa9%00;;\xff",
            b""
        ]
    );
}

#[tokio::test]
async fn what_is_no_whole_answer_is_none() {
    for bytes in [
        &b""[..],
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"hello",
    ] {
        let result = answer(bytes).await;
        assert!(matches!(result, Err(PanelFailed::NoAnswer(_))), "{}: {result:?}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_reset_in_the_middle_is_no_answer() {
    for steps in [vec![Step::Reset], vec![Step::Write(b"HTTP/1.1 200 OK\r\n\r\nhel"), Step::Reset]] {
        let server = Server::start(steps).await;
        let result = server.panel().send(get()).await;
        assert!(matches!(result, Err(PanelFailed::NoAnswer(_))), "{result:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_dripping_answer_is_read_and_a_flood_of_interim_answers_is_not() {
    let server = Server::start(vec![Step::Drip(
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    )])
    .await;
    assert_eq!(server.panel().send(get()).await.unwrap().body, "hello");

    let flood = Server::start(vec![Step::Flood(b"HTTP/1.1 103 Early Hints\r\n\r\n")]).await;
    let short = PanelRequest { timeout: Duration::from_millis(200), ..get() };
    assert!(matches!(flood.panel().send(short).await, Err(PanelFailed::NoAnswer(_))));
}

#[tokio::test]
async fn an_answer_that_is_not_whole_in_time_is_none_and_its_connection_is_closed() {
    for steps in [
        vec![Step::Hang],
        vec![Step::Write(b"HTTP/1.1 200 OK\r\nSet-Cook"), Step::Hang],
        vec![Step::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), Step::Hang],
        vec![Step::Write(b"HTTP/1.1 200 OK\r\n\r\nhello"), Step::Hang],
        vec![Step::Write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), Step::Hang],
    ] {
        let mut server = Server::start(steps).await;
        let short = PanelRequest { timeout: Duration::from_millis(200), ..get() };
        let result = server.panel().send(short).await;
        assert!(matches!(result, Err(PanelFailed::NoAnswer(_))), "{result:?}");
        server.closed_by_client().await;
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_beyond_its_bound_is_dropped_with_its_connection() {
    for steps in [
        vec![Step::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n"), Step::Hang],
        vec![Step::Write(b"HTTP/1.1 200 OK\r\n\r\n"), Step::Flood(b"x")],
        vec![
            Step::Write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Step::Flood(b"10\r\n0123456789abcdef\r\n"),
        ],
    ] {
        let mut server = Server::start(steps).await;
        assert_eq!(server.panel().send(get()).await.unwrap_err(), PanelFailed::TooLong(1024));
        server.closed_by_client().await;
    }
    let exact = Server::start(vec![Step::Write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]).await;
    assert!(exact.panel().send(PanelRequest { max_body: 5, ..get() }).await.is_ok());
    assert!(exact.panel().send(PanelRequest { max_body: 4, ..get() }).await.is_err());
}

#[tokio::test]
async fn an_endless_head_is_no_answer() {
    for flood in [&b"X-Filler: 0123456789\r\n"[..], b"0123456789"] {
        let server = Server::start(vec![Step::Write(b"HTTP/1.1 200 OK\r\nX: "), Step::Flood(flood)]).await;
        assert!(matches!(server.panel().send(get()).await, Err(PanelFailed::NoAnswer(_))));
    }
}

#[tokio::test]
async fn an_early_answer_to_a_large_login_is_read() {
    static BODY: [u8; 65536] = [b'x'; 65536];
    let server = Server::start(vec![Step::Write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")]).await;
    let answer = server.panel().send(request(Method::POST, "/login", &BODY)).await.unwrap();
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn only_a_panel_that_was_told_nothing_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let gone = HyperPanel::new(Settings::new(Upstream::new(false, "127.0.0.1", port))).unwrap();
    assert!(matches!(gone.send(get()).await, Err(PanelFailed::Unreachable(_))));

    // A server that never finishes its handshake has been told nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls = Upstream::new(true, "127.0.0.1", silent.local_addr().unwrap().port());
    let waiting = HyperPanel::new(Settings::new(tls)).unwrap();
    let short = PanelRequest { timeout: Duration::from_millis(100), ..get() };
    assert!(matches!(waiting.send(short).await, Err(PanelFailed::Unreachable(_))));

    // Two logins in a row on a panel that closes without a word: each is sent once, on its own connection.
    let closing = Server::start(Vec::new()).await;
    let panel = closing.panel();
    for _ in 0..2 {
        let result = panel.send(request(Method::POST, "/login", b"p=x")).await;
        assert!(matches!(result, Err(PanelFailed::NoAnswer(_))), "{result:?}");
    }
    assert_eq!(closing.requests().len(), 2);
}

#[tokio::test]
async fn over_tls_the_panel_must_prove_its_name() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let certificate = TestCertificate::for_names(&["127.0.0.1", "panel.internal"]);
    let mut roots = tempfile::NamedTempFile::new().unwrap();
    roots.write_all(certificate.authority_pem.as_bytes()).unwrap();
    let server = Server::start_with(vec![Step::Write(bytes)], Some(certificate)).await;
    let settings = Settings { extra_roots: Some(roots.path().into()), ..Settings::new(server.upstream.clone()) };
    for (name, fine) in [(None, true), (Some("panel.internal"), true), (Some("other.internal"), false)] {
        let panel = HyperPanel::new(Settings { server_name: name.map(str::to_owned), ..settings.clone() }).unwrap();
        let result = panel.send(get()).await;
        assert_eq!(result.is_ok(), fine, "{name:?}: {result:?}");
        assert!(fine || matches!(result, Err(PanelFailed::Unreachable(_))));
    }
    let untrusting = HyperPanel::new(Settings { extra_roots: None, ..settings.clone() });
    if let Ok(panel) = untrusting {
        assert!(matches!(panel.send(get()).await, Err(PanelFailed::Unreachable(_))));
    }
    let odd = HyperPanel::new(Settings { server_name: Some("no name".into()), ..settings.clone() });
    assert!(matches!(odd, Err(PanelSetupFailed::ServerName(_))));
    let missing = HyperPanel::new(Settings { extra_roots: Some("/nonexistent.pem".into()), ..settings });
    assert!(matches!(missing, Err(PanelSetupFailed::Roots { .. })));
    assert_eq!(server.requests().len(), 2, "nothing was sent to a panel that couldn't prove its name");
}
