//! A mailbox that can be read in the browser: the mails that the demo's gate wrote into a folder.
//!
//! Whoever can read it can read codes, so it's for loopback only: it answers to loopback names and
//! addresses alone (a web site that points its own name at 127.0.0.1 gets 421), runs no script, and
//! shows HTML mails in a frame that can do nothing.

mod folder;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::words;
use crate::admin::http1::{self, Body, answer};
use folder::Folder;

/// Connections at once.
const CONNECTIONS: usize = 64;
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
/// Nothing is loaded from anywhere, nothing runs; the mail's own styles may show. The frame with
/// the mail inherits this.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A running mailbox; dropping it closes it.
pub struct Mailbox {
    /// Where it listens.
    pub addr: SocketAddr,
    server: JoinHandle<()>,
}

struct Reader {
    folder: Folder,
    pages: Environment<'static>,
    /// Where the demo's users log in: the empty mailbox leads there.
    gate: String,
}

impl Mailbox {
    /// Starts a mailbox on `addr` (port 0: any), on the present runtime, for the `.eml` files in
    /// `folder`. `gate` is the address where the demo's users log in.
    ///
    /// # Errors
    /// When the address isn't a loopback one or can't be listened on.
    pub async fn start(addr: SocketAddr, folder: PathBuf, gate: String) -> io::Result<Self> {
        if !addr.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a mailbox with codes listens on loopback only"));
        }
        let mut pages = words::environment();
        for (name, source) in [
            ("base.html", include_str!("../../../../demo/mailbox/base.html")),
            ("list.html", include_str!("../../../../demo/mailbox/list.html")),
            ("mail.html", include_str!("../../../../demo/mailbox/mail.html")),
        ] {
            pages.add_template(name, source).map_err(io::Error::other)?;
        }
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let reader = Arc::new(Reader { folder: Folder::new(folder), pages, gate });
        let server = tokio::spawn(http1::serve(listener, CONNECTIONS, move |request| {
            let reader = Arc::clone(&reader);
            async move { Ok(reader.respond(request).await) }
        }));
        Ok(Self { addr, server })
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Reader {
    async fn respond(&self, request: Request<Incoming>) -> Response<Body> {
        let mut response = if !is_local(&request) {
            answer(StatusCode::MISDIRECTED_REQUEST, TEXT, "this mailbox is on this computer only\n")
        } else if request.method() != Method::GET && request.method() != Method::HEAD {
            answer(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET or HEAD\n")
        } else {
            self.page(&request).await
        };
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    async fn page(&self, request: &Request<Incoming>) -> Response<Body> {
        let lang = words::language(request.headers()).tag();
        let path = request.uri().path();
        let (status, rendered) = if path == "/" {
            let mails = match self.folder.list().await {
                Ok(mails) => mails,
                Err(error) => return unreadable(&error),
            };
            let gate = &self.gate;
            (StatusCode::OK, self.render("list.html", context! { lang, gate, mails => Serde(mails) }))
        } else if let Some(id) = path.strip_prefix("/mail/") {
            let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
            match self.folder.read(id).await {
                Ok(Some(mail)) => (StatusCode::OK, self.render("mail.html", context! { lang, mail => Serde(mail) })),
                Ok(None) => return answer(StatusCode::NOT_FOUND, TEXT, "no such mail\n"),
                Err(error) => return unreadable(&error),
            }
        } else {
            return answer(StatusCode::NOT_FOUND, TEXT, "not found\n");
        };
        match rendered {
            Ok(html) => answer(status, HTML, html),
            Err(error) => answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        }
    }

    fn render(&self, template: &str, context: minijinja::Value) -> Result<String, minijinja::Error> {
        self.pages.get_template(template)?.render(context)
    }
}

fn unreadable(error: &io::Error) -> Response<Body> {
    answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("the mail folder can't be read: {error}\n"))
}

/// Whether the browser calls this computer by one of its own names.
fn is_local(request: &Request<Incoming>) -> bool {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
