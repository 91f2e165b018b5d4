//! A small HTTP/1 listener for what the gate serves beside the proxy: metrics, and the demo's panel
//! and mailbox.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How long a connection may take for a request's header, and stay idle between requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait after a failed accept (no file descriptors left), so that it doesn't spin.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The body of an answer; an error in it breaks the connection off.
pub(crate) type Body = BoxBody<Bytes, HangUp>;

/// The connection is to be closed without (the rest of) an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
pub(crate) struct HangUp;

/// Answers the connections of `listener`, at most `connections` at once, until the future is
/// dropped; then they all end.
pub(crate) async fn serve<H, F>(listener: TcpListener, connections: usize, handler: H)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Body>, HangUp>> + Send + 'static,
{
    let seats = Arc::new(Semaphore::new(connections));
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        // Small answers, and events that must not wait for company.
        let _ = stream.set_nodelay(true);
        let handler = handler.clone();
        open.spawn(async move {
            let _seat = seat;
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service_fn(handler))
                .with_upgrades();
            if let Err(error) = connection.await {
                tracing::debug!(error = &error as &dyn std::error::Error, "a connection broke off");
            }
        });
    }
}

/// An answer whose body is known.
pub(crate) fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
