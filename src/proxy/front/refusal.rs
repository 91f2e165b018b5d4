use std::fmt;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http::StatusCode;

use crate::model::{Language, PeerAddr};
use crate::page::security_headers;

/// Why the front refuses a connection or a request before anybody else has seen it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RefusedReason {
    /// The network has as many connections open as it may.
    TooManyConnections,
    /// The header wasn't there when its deadline passed.
    HeaderTimeout,
    /// The header is longer than allowed, or has more than [`super::MAX_HEADER_LINES`] lines.
    HeaderTooLarge,
    /// The target is longer than [`super::MAX_TARGET`] bytes.
    TargetTooLong,
    /// The request line isn't `method SP target SP version`.
    RequestLine,
    /// The method isn't a token, or is one that is never forwarded (`CONNECT`, `TRACE`).
    Method,
    /// The target doesn't start with `/`, or has a byte in it that a target can't have.
    Target,
    /// Neither HTTP/1.0 nor HTTP/1.1.
    Version,
    /// A line ends with LF alone, or has a CR in it that ends nothing.
    LineEnding,
    /// A header line without a colon, with a name that isn't a token, or with white space before
    /// the colon.
    HeaderName,
    /// NUL or another control character in a header.
    ControlCharacter,
    /// A header value that goes on in the next line.
    Folding,
    /// `Host` is absent, there twice, or isn't a host.
    Host,
    /// Several lengths, or one that isn't a plain decimal number.
    ContentLength,
    /// `Transfer-Encoding` is anything but one `chunked`, or comes with HTTP/1.0.
    TransferEncoding,
    /// Both a length and a transfer coding.
    AmbiguousLength,
    /// A chunked body with malformed framing, with chunk extensions or with trailers.
    Chunk,
}

impl RefusedReason {
    /// All of them, for tests and for tables of messages.
    pub const ALL: [Self; 17] = [
        Self::TooManyConnections,
        Self::HeaderTimeout,
        Self::HeaderTooLarge,
        Self::TargetTooLong,
        Self::RequestLine,
        Self::Method,
        Self::Target,
        Self::Version,
        Self::LineEnding,
        Self::HeaderName,
        Self::ControlCharacter,
        Self::Folding,
        Self::Host,
        Self::ContentLength,
        Self::TransferEncoding,
        Self::AmbiguousLength,
        Self::Chunk,
    ];

    /// The name in logs and in `poterne_refused_total{reason}`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooManyConnections => "too-many-connections",
            Self::HeaderTimeout => "header-timeout",
            Self::HeaderTooLarge => "header-too-large",
            Self::TargetTooLong => "target-too-long",
            Self::RequestLine => "request-line",
            Self::Method => "method",
            Self::Target => "target",
            Self::Version => "version",
            Self::LineEnding => "line-ending",
            Self::HeaderName => "header-name",
            Self::ControlCharacter => "control-character",
            Self::Folding => "folding",
            Self::Host => "host",
            Self::ContentLength => "content-length",
            Self::TransferEncoding => "transfer-encoding",
            Self::AmbiguousLength => "ambiguous-length",
            Self::Chunk => "chunk",
        }
    }

    /// What it's answered with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooManyConnections => StatusCode::TOO_MANY_REQUESTS,
            Self::HeaderTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// When somebody with too many connections may come back, in seconds.
pub const RETRY_AFTER: u64 = 10;

impl fmt::Display for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A body whose framing was refused while it was being read: the cause inside the I/O error that
/// pingora reports; see [`refused_body`].
#[derive(Debug, thiserror::Error)]
#[error("the request's body is malformed ({0})")]
pub(super) struct BodyRefused(pub(super) RefusedReason);

/// Whether `error` says that the front refused the body of the request, and why. The request
/// deserves that reason's status then, as far as no answer has begun.
pub fn refused_body(error: &pingora::Error) -> Option<RefusedReason> {
    let io = error.root_cause().downcast_ref::<std::io::Error>()?;
    io.get_ref()?.downcast_ref::<BodyRefused>().map(|refused| refused.0)
}

/// The client moved too little for too long, in the middle of a body or of an answer: the cause
/// inside the I/O error that pingora reports; see [`too_slow`].
#[derive(Debug, thiserror::Error)]
#[error("the client is too slow")]
pub(super) struct TooSlow;

/// Whether `error` says that the client was too slow with its body or with taking an answer. It
/// deserves a 408 then, as far as no answer has begun.
pub fn too_slow(error: &pingora::Error) -> bool {
    let io = error.root_cause().downcast_ref::<std::io::Error>();
    io.and_then(std::io::Error::get_ref).is_some_and(|cause| cause.is::<TooSlow>())
}

/// A refusal, for whoever writes its page.
#[derive(Clone, Copy)]
pub struct Refused<'a> {
    /// Why.
    pub reason: RefusedReason,
    /// What came of the header, refused or unfinished as it is: good for guessing how somebody
    /// wants to be told, and for nothing else.
    pub head: &'a [u8],
    /// The other end of the socket. Nothing the request says is trusted, so this is no client
    /// address behind a trusted proxy.
    pub peer: PeerAddr,
}

/// What a refusal says.
#[derive(Clone, Debug)]
pub struct RefusalPage {
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The `Content-Language`.
    pub language: Option<Language>,
    /// The `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Bytes,
}

/// Writes the page of a refusal; called once for each, so it may draw a reference and record it. It
/// must neither block nor take long.
pub type RefusalPages = Arc<dyn Fn(Refused<'_>) -> RefusalPage + Send + Sync>;

/// A line of plain text.
pub(super) fn plain_page(refused: Refused<'_>) -> RefusalPage {
    let status = refused.reason.status();
    let body = format!("{} {} ({})\n", status.as_str(), status.canonical_reason().unwrap_or("Refused"), refused.reason);
    let retry_after = (refused.reason == RefusedReason::TooManyConnections).then_some(RETRY_AFTER);
    RefusalPage { content_type: "text/plain; charset=utf-8", language: None, retry_after, body: body.into() }
}

/// The whole answer, as it goes over the wire.
pub(super) fn answer(reason: RefusedReason, page: &RefusalPage) -> BytesMut {
    let status = reason.status();
    let mut bytes = BytesMut::with_capacity(1024 + page.body.len());
    let mut line = |parts: &[&[u8]]| {
        parts.iter().for_each(|part| bytes.put_slice(part));
        bytes.put_slice(b"\r\n");
    };
    let said = status.canonical_reason().unwrap_or("Refused");
    line(&[b"HTTP/1.1 ", status.as_str().as_bytes(), b" ", said.as_bytes()]);
    line(&[b"Content-Type: ", page.content_type.as_bytes()]);
    line(&[b"Content-Length: ", page.body.len().to_string().as_bytes()]);
    if let Some(language) = page.language {
        line(&[b"Content-Language: ", language.tag().as_bytes()]);
    }
    if let Some(seconds) = page.retry_after {
        line(&[b"Retry-After: ", seconds.to_string().as_bytes()]);
    }
    for (name, value) in security_headers() {
        line(&[name.as_str().as_bytes(), b": ", value.as_bytes()]);
    }
    line(&[b"Connection: close"]);
    line(&[]);
    bytes.put_slice(&page.body);
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_name_and_a_client_error() {
        let names: HashSet<_> = RefusedReason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(names.len(), RefusedReason::ALL.len());
        for reason in RefusedReason::ALL {
            assert!(reason.status().is_client_error(), "{reason}");
        }
    }

    #[test]
    fn the_marker_is_found_inside_pingoras_error() {
        let io = std::io::Error::new(std::io::ErrorKind::InvalidData, BodyRefused(RefusedReason::Chunk));
        let error = pingora::Error::because(pingora::ErrorType::ReadError, "when reading body", io);
        assert_eq!(refused_body(&error.into_down()), Some(RefusedReason::Chunk));
        assert_eq!(refused_body(&pingora::Error::new(pingora::ErrorType::ReadError)), None);
        let slow = |io| too_slow(&pingora::Error::because(pingora::ErrorType::ReadError, "when reading body", io));
        assert!(slow(std::io::Error::new(std::io::ErrorKind::TimedOut, TooSlow)));
        assert!(!slow(std::io::ErrorKind::TimedOut.into()), "the network's own timeout leaves nobody to be told");
    }
}
