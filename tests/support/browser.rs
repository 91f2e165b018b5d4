//! A client that behaves as a browser: one network, one cookie jar, a kept connection, the headers that browsers send.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};

use super::jar::Jar;
use super::page::{Form, Page};
use super::raw::RawConnection;

/// How long any one exchange may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// A browser on one network. Every address of 127.0.0.0/8 is another network to the gate.
pub struct Browser {
    server: SocketAddr,
    from: Ipv4Addr,
    pub jar: Jar,
    pub language: String,
    pub user_agent: String,
    kept: Option<SendRequest<Full<Bytes>>>,
}

/// A request that is about to be sent.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: Method,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    cookies: Option<String>,
    scripted: bool,
}

impl Ask {
    pub fn new(method: Method, target: &str) -> Self {
        let target = target.to_owned();
        Self { method, target, headers: Vec::new(), body: Vec::new(), cookies: None, scripted: false }
    }

    pub fn get(target: &str) -> Self {
        Self::new(Method::GET, target)
    }

    pub fn post(target: &str, fields: &[(&str, &str)]) -> Self {
        Self::new(Method::POST, target).content("application/x-www-form-urlencoded", encode(fields).as_bytes())
    }

    pub fn content(self, kind: &str, body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..self }.header("content-type", kind)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// This `Cookie` header instead of the jar's.
    pub fn cookies(self, header: &str) -> Self {
        Self { cookies: Some(header.to_owned()), ..self }
    }

    /// As a page's script sends it, not as a navigation.
    pub fn scripted(self) -> Self {
        Self { scripted: true, ..self }
    }
}

/// `application/x-www-form-urlencoded`.
pub fn encode(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect::<Vec<_>>().join("&")
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            b' ' => "+".to_owned(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Browser({} with {:?})", self.from, self.jar)
    }
}

impl Browser {
    /// A fresh browser on the network 127.0.0.`network`.
    pub fn new(server: SocketAddr, network: u8) -> Self {
        Self {
            server,
            from: Ipv4Addr::new(127, 0, 0, network),
            jar: Jar::default(),
            language: "en".to_owned(),
            user_agent: USER_AGENT.to_owned(),
            kept: None,
        }
    }

    /// The same browser, cookies and all, on another network.
    pub fn moved_to(&self, network: u8) -> Self {
        Self { from: Ipv4Addr::new(127, 0, 0, network), ..self.twin() }
    }

    /// Another browser on the same network, with a copy of the cookies.
    pub fn twin(&self) -> Self {
        Self {
            server: self.server,
            from: self.from,
            jar: self.jar.clone(),
            language: self.language.clone(),
            user_agent: self.user_agent.clone(),
            kept: None,
        }
    }

    /// Another browser on the same network, without cookies.
    pub fn fresh(&self) -> Self {
        Self { jar: Jar::default(), ..self.twin() }
    }

    pub fn language(mut self, language: &str) -> Self {
        language.clone_into(&mut self.language);
        self
    }

    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// Goes to a page; redirects aren't followed.
    pub async fn get(&mut self, target: &str) -> Page {
        self.send(Ask::get(target)).await
    }

    /// Sends a form; redirects aren't followed.
    pub async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Ask::post(target, fields)).await
    }

    /// Sends a form that was found on a page.
    pub async fn submit(&mut self, form: &Form) -> Page {
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let target = form.target();
        if form.method == "post" {
            return self.post(&target, &fields).await;
        }
        let path = target.split('?').next().unwrap_or(&target);
        self.get(&format!("{path}?{}", encode(&fields))).await
    }

    /// Follows redirects to their end, ten at most.
    pub async fn follow(&mut self, page: Page) -> Page {
        let mut page = page;
        for _ in 0..10 {
            if !page.status.is_redirection() {
                return page;
            }
            let Some(next) = page.location() else { return page };
            page = self.get(&next).await;
        }
        panic!("redirects without end, at last to {page:?}");
    }

    /// Goes to a page and wherever it leads.
    pub async fn visit(&mut self, target: &str) -> Page {
        let page = self.get(target).await;
        self.follow(page).await
    }

    /// Sends anything.
    pub async fn send(&mut self, ask: Ask) -> Page {
        let request = self.request(&ask);
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let (parts, body) = answer.unwrap_or_else(|_| panic!("no answer to {ask:?}")).into_parts();
        let page = Page { target: ask.target, status: parts.status, headers: parts.headers, body };
        for line in page.set_cookies() {
            self.jar.take(&line, &page.target);
        }
        page
    }

    /// A new connection on which bytes go out as they are.
    pub async fn connect(&self) -> RawConnection {
        RawConnection::new(self.stream().await)
    }

    /// A request of which every byte of the target counts; `None` if the server closed without an answer. Cookies go
    /// out as they would for `/`, with those for narrower paths.
    pub async fn raw(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Page> {
        let mut connection = self.connect().await;
        connection.write(&self.raw_head(method, target, headers, Some(body.len()))).await;
        connection.write(body).await;
        connection.finish(target).await
    }

    /// The head of a request, as bytes.
    pub fn raw_head(&self, method: &str, target: &str, headers: &[(&str, &str)], length: Option<usize>) -> Vec<u8> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.server);
        head += &format!("User-Agent: {}\r\nAccept-Language: {}\r\n", self.user_agent, self.language);
        let has = |wanted: &str| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if !has("cookie") && !self.jar.is_empty() {
            let pairs: Vec<String> =
                self.jar.all().iter().map(|kept| format!("{}={}", kept.name, kept.value)).collect();
            head += &format!("Cookie: {}\r\n", pairs.join("; "));
        }
        if method == "POST" && !has("content-type") {
            head += "Content-Type: application/x-www-form-urlencoded\r\n";
        }
        if let Some(length) = length.filter(|length| *length > 0 || method == "POST")
            && !has("content-length")
            && !has("transfer-encoding")
        {
            head += &format!("Content-Length: {length}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        (head + "\r\n").into_bytes()
    }

    fn request(&self, ask: &Ask) -> Request<Full<Bytes>> {
        let origin = format!("http://{}", self.server);
        let mut request = Request::new(Full::new(Bytes::from(ask.body.clone())));
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = ask.target.parse().unwrap_or_else(|_| panic!("not a target: {}", ask.target));
        let mut set = |name: &str, value: &str| {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        };
        set("host", &self.server.to_string());
        set("user-agent", &self.user_agent);
        set("accept-language", &self.language);
        set("accept-encoding", "identity");
        set("sec-fetch-site", "same-origin");
        if ask.scripted {
            set("accept", "*/*");
            set("sec-fetch-mode", "cors");
            set("sec-fetch-dest", "empty");
        } else {
            set("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
            set("sec-fetch-mode", "navigate");
            set("sec-fetch-dest", "document");
            set("sec-fetch-user", "?1");
            set("upgrade-insecure-requests", "1");
        }
        if ask.method != Method::GET && ask.method != Method::HEAD {
            set("origin", &origin);
        }
        if let Some(cookies) = ask.cookies.clone().or_else(|| self.jar.header(&ask.target)).filter(|c| !c.is_empty()) {
            set("cookie", &cookies);
        }
        for (name, value) in &ask.headers {
            set(name, value);
        }
        request
    }

    async fn stream(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(SocketAddr::from((self.from, 0))).unwrap();
        let stream = socket.connect(self.server).await;
        let stream = stream.unwrap_or_else(|error| panic!("no connection to {}: {error}", self.server));
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Over the kept connection if there's one that still lives, else over a new one.
    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> http::Response<Bytes> {
        let mut request = request;
        if let Some(mut sender) = self.kept.take()
            && sender.ready().await.is_ok()
        {
            match sender.try_send_request(request).await {
                Ok(answer) => return self.read(answer, sender).await,
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => panic!("the kept connection broke: {}", error.into_error()),
                },
            }
        }
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(self.stream().await)).await.unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        self.read(answer, sender).await
    }

    async fn read(
        &mut self,
        answer: http::Response<hyper::body::Incoming>,
        sender: SendRequest<Full<Bytes>>,
    ) -> http::Response<Bytes> {
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap_or_else(|error| panic!("the answer broke off: {error:?}")).to_bytes();
        self.kept = Some(sender);
        http::Response::from_parts(parts, body)
    }
}
