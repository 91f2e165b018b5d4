//! The one place where outcomes become answers of the gate's own.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER,
    SET_COOKIE,
};
use http::{HeaderName, HeaderValue, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session as Exchange;

use crate::page::{Asset, Rendered, security_headers};

/// An answer of the gate's own.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Reply {
    /// A page, or a problem for a script.
    pub fn page(rendered: Rendered) -> Self {
        let mut reply = Self { status: rendered.status, headers: security_headers().to_vec(), body: rendered.body };
        reply.put(CONTENT_TYPE, HeaderValue::from_static(rendered.content_type));
        reply.put(CONTENT_LANGUAGE, HeaderValue::from_static(rendered.language.tag()));
        if let Some(seconds) = rendered.retry_after {
            reply.put(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }

    /// "See other": on to a path of this host.
    pub fn redirect(path: &str) -> Self {
        let mut reply =
            Self { status: StatusCode::SEE_OTHER, headers: security_headers().to_vec(), body: Bytes::new() };
        match HeaderValue::from_str(path) {
            Ok(location) => reply.put(LOCATION, location),
            Err(_) => reply.put(LOCATION, HeaderValue::from_static("/")),
        }
        reply
    }

    /// A file of the gate's own pages, to be kept by browsers: its name changes with its content.
    pub fn asset(asset: Asset) -> Self {
        let mut reply = Self { status: StatusCode::OK, headers: security_headers().to_vec(), body: asset.bytes };
        reply.put(CONTENT_TYPE, asset.content_type);
        reply.put(CACHE_CONTROL, asset.cache_control);
        reply.put(ETAG, asset.etag);
        reply
    }

    /// A text file to be kept by its reader, and by nobody else. `name` is plain ASCII.
    pub fn download(name: &'static str, text: String) -> Self {
        let mut reply = Self { status: StatusCode::OK, headers: security_headers().to_vec(), body: text.into() };
        reply.put(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            reply.put(CONTENT_DISPOSITION, disposition);
        }
        reply
    }

    /// The panel's own answer to a door's post, with the cookies it may leave with.
    pub fn panel(status: StatusCode, headers: Vec<(HeaderName, HeaderValue)>, body: Bytes) -> Self {
        Self { status, headers, body }
    }

    /// The same with another cookie for the browser.
    #[must_use]
    pub fn with_cookie(mut self, line: HeaderValue) -> Self {
        self.headers.push((SET_COOKIE, line));
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    fn put(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.retain(|(present, _)| *present != name);
        self.headers.push((name, value));
    }

    /// Sends it. A body that the request still has is not read: the connection ends then.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn send(self, exchange: &mut Exchange) -> pingora::Result<()> {
        // Without a second map for the names' spelling: theirs is the usual one.
        let mut header = ResponseHeader::build_no_case(self.status, Some(self.headers.len() + 2))?;
        for (name, value) in self.headers {
            header.append_header(name, value)?;
        }
        let bodiless = self.status == StatusCode::NO_CONTENT || self.status == StatusCode::NOT_MODIFIED;
        if !bodiless {
            header.insert_header(CONTENT_LENGTH, HeaderValue::from(self.body.len()))?;
        }
        if !exchange.as_downstream_mut().is_body_done() {
            exchange.set_keepalive(None);
        }
        let silent = bodiless || exchange.req_header().method == http::Method::HEAD || self.body.is_empty();
        exchange.write_response_header(Box::new(header), silent).await?;
        if !silent {
            exchange.write_response_body(Some(self.body), true).await?;
        }
        Ok(())
    }
}
