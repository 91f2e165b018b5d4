//! One request and its answer over one connection.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use http::uri::{PathAndQuery, Uri};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::headers;
use crate::flow::ports::{PanelAnswer, PanelFailed, PanelRequest};

/// Longest head of an answer, in bytes; panels with dozens of cookies stay far below.
const MAX_HEAD: usize = 256 * 1024;
/// Most headers in an answer: what the proxy's own path takes.
const MAX_HEADERS: usize = 256;

/// The request as it's going to be written.
///
/// # Errors
/// When the target couldn't be sent byte for byte as it was judged.
pub(super) fn prepare(request: PanelRequest) -> Result<Request<Full<Bytes>>, PanelFailed> {
    let unfit = || PanelFailed::Unreachable("the target can't be sent as it was judged".to_owned());
    let target = PathAndQuery::try_from(request.target.as_str()).map_err(|_| unfit())?;
    let uri = Uri::from(target);
    // Parsing drops a fragment, for one.
    if !request.target.starts_with('/') || uri.to_string() != request.target {
        return Err(unfit());
    }
    let mut prepared = Request::new(Full::new(request.body.clone()));
    *prepared.uri_mut() = uri;
    *prepared.headers_mut() = request.headers;
    headers::for_request(prepared.headers_mut(), &request.method, &request.body);
    *prepared.method_mut() = request.method;
    Ok(prepared)
}

/// Sends the request and reads the answer whole. Cancelling it closes the connection.
pub(super) async fn run(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    max_body: usize,
) -> Result<PanelAnswer, PanelFailed> {
    let method = request.method().clone();
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| no_answer(&error))?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(|error| no_answer(&error))?;
        let (mut head, body) = answer.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(PanelFailed::NoAnswer("it switches to another protocol".to_owned()));
        }
        let body = read(body, max_body).await?;
        headers::for_answer(&mut head.headers, &method, head.status, &body);
        Ok(PanelAnswer { status: head.status, headers: head.headers, body })
    };
    // The connection moves only while it's polled; it may end before its last bytes are read here.
    tokio::pin!(answer, connection);
    let mut connected = true;
    loop {
        tokio::select! {
            biased;
            result = &mut answer => break result,
            // What ended it reaches the answer too.
            _ = &mut connection, if connected => connected = false,
        }
    }
}

async fn read(mut body: Incoming, max: usize) -> Result<Bytes, PanelFailed> {
    let too_long = |length: u64| length > u64::try_from(max).unwrap_or(u64::MAX);
    if too_long(body.size_hint().lower()) {
        return Err(PanelFailed::TooLong(max));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers are of no use to anybody here.
        if let Ok(data) = frame.map_err(|error| no_answer(&error))?.into_data() {
            if whole.len().saturating_add(data.len()) > max {
                return Err(PanelFailed::TooLong(max));
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}

fn no_answer(error: &hyper::Error) -> PanelFailed {
    PanelFailed::NoAnswer(words(error))
}

/// An error with its causes.
pub(super) fn words(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.ends_with(&cause_words) {
            words = format!("{words}: {cause_words}");
        }
        source = cause.source();
    }
    words
}
