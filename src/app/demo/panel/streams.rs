//! What isn't a page: uploads, downloads with ranges, server-sent events, websockets.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt, stream};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyDataStream, BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::sync::broadcast;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::world::hex;
use super::{Panel, Visit, reading};
use crate::admin::http1::{Body, HangUp, answer};

/// The download's length, in bytes, unless `?size=` says otherwise.
const DOWNLOAD: u64 = 1024 * 1024;
/// The longest download that can be asked for.
const LONGEST_DOWNLOAD: u64 = 16 * 1024 * 1024 * 1024;
/// The pattern that downloads repeat: byte `n` is `n % 251`, so that shifted ranges show.
const PERIOD: u64 = 251;
/// How much is sent at once.
const CHUNK: u64 = 64 * 1024;

/// A file that was uploaded: nothing of it is kept but this.
#[derive(serde::Serialize)]
pub(super) struct Uploaded {
    name: String,
    pub(super) bytes: u64,
    sha256: String,
}

/// Reads an upload of any length without keeping it.
pub(super) async fn receive(parts: &Parts, body: Incoming) -> Result<Uploaded, String> {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|e| e.to_string())?;
    let mut form = multer::Multipart::new(BodyDataStream::new(body), boundary);
    let mut uploaded = None;
    while let Some(mut field) = form.next_field().await.map_err(|e| e.to_string())? {
        let is_file = field.name() == Some("file");
        let name = field.file_name().unwrap_or("fichier").to_owned();
        let (mut bytes, mut hash) = (0_u64, Sha256::new());
        while let Some(chunk) = field.chunk().await.map_err(|e| e.to_string())? {
            bytes = bytes.saturating_add(chunk.len() as u64);
            hash.update(&chunk);
        }
        if is_file {
            uploaded = Some(Uploaded { name, bytes, sha256: hex(&hash.finalize()) });
        }
    }
    uploaded.ok_or_else(|| "no file".to_owned())
}

/// `/download.bin`, whole or one range of it.
pub(super) fn download(parts: &Parts) -> Response<Body> {
    let query = reading::fields(parts.uri.query().unwrap_or_default().as_bytes());
    let size = query.get("size").and_then(|size| size.parse().ok()).unwrap_or(DOWNLOAD).min(LONGEST_DOWNLOAD);
    let wanted = parts.headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (status, first, end, content_range) = match reading::range(wanted, size) {
        Err(()) => {
            let mut response = answer(StatusCode::RANGE_NOT_SATISFIABLE, "text/plain", "");
            insert(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return response;
        }
        Ok(Some((first, last))) => {
            (StatusCode::PARTIAL_CONTENT, first, last.saturating_add(1), Some(format!("bytes {first}-{last}/{size}")))
        }
        Ok(None) => (StatusCode::OK, 0, size, None),
    };
    let chunks = stream::unfold(first, move |at| async move {
        let next = at.saturating_add(CHUNK).min(end);
        (at < end).then(|| (Ok::<_, HangUp>(Frame::data(pattern(at, next))), next))
    });
    let mut response = Response::new(BodyExt::boxed(StreamBody::new(chunks)));
    *response.status_mut() = status;
    insert(&mut response, header::CONTENT_TYPE, "application/octet-stream");
    insert(&mut response, header::CONTENT_DISPOSITION, "attachment; filename=\"sauvegarde.bin\"");
    insert(&mut response, header::ACCEPT_RANGES, "bytes");
    insert(&mut response, header::CONTENT_LENGTH, &end.saturating_sub(first).to_string());
    if let Some(range) = content_range {
        insert(&mut response, header::CONTENT_RANGE, &range);
    }
    response
}

fn pattern(first: u64, end: u64) -> Bytes {
    (first..end).map(|at| u8::try_from(at % PERIOD).unwrap_or(0)).collect::<BytesMut>().freeze()
}

fn insert(response: &mut Response<Body>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Where the next event comes from.
struct Events {
    number: u64,
    last: Option<u64>,
    ticks: Interval,
    pushed: broadcast::Receiver<String>,
}

impl Events {
    /// The next event; `None` at the end.
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, HangUp>, Self)> {
        self.number = self.number.saturating_add(1);
        let number = self.number;
        let text = match self.last {
            Some(last) if number > last => return None,
            Some(_) => format!("event: tick\ndata: {number}\n\n"),
            None => tokio::select! {
                biased;
                pushed = self.pushed.recv() => match pushed {
                    Ok(text) => format!("event: message\ndata: {}\n\n", text.replace('\n', " ")),
                    Err(broadcast::error::RecvError::Lagged(lost)) => format!(": {lost} lost\n\n"),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                _ = self.ticks.tick() => format!("event: tick\ndata: {number}\n\n"),
            },
        };
        Some((Ok(Frame::data(text.into())), self))
    }
}

impl Panel {
    /// `/events.php`: one tick at once, then one a second until the client goes, and what tests
    /// push in between; with `?n=3` three ticks at once and the end.
    pub(super) fn events(&self, parts: &Parts) -> Response<Body> {
        let query = reading::fields(parts.uri.query().unwrap_or_default().as_bytes());
        let mut ticks = tokio::time::interval(self.options.event_every.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let events = Events {
            number: 0,
            last: query.get("n").and_then(|n| n.parse().ok()),
            ticks,
            pushed: self.events.subscribe(),
        };
        let body = StreamBody::new(stream::unfold(events, Events::next));
        let mut response = Response::new(BodyExt::boxed(body));
        insert(&mut response, header::CONTENT_TYPE, "text/event-stream");
        insert(&mut response, header::CACHE_CONTROL, "no-cache");
        response
    }

    /// `/ws`: sends every message back.
    pub(super) fn websocket(&self, visit: Visit) -> Response<Body> {
        let request = http::Request::from_parts(visit.parts, ());
        let empty = || Empty::new().map_err(|never| match never {}).boxed();
        let (Ok(response), Some(upgrade)) = (create_response_with_body(&request, empty), visit.upgrade) else {
            let mut response = answer(StatusCode::UPGRADE_REQUIRED, "text/plain", "websocket only\n");
            insert(&mut response, header::UPGRADE, "websocket");
            return response;
        };
        let stopped = self.stopped.clone();
        tokio::spawn(async move {
            let echo = async {
                let Ok(upgraded) = upgrade.await else { return };
                let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
                while let Some(Ok(message)) = socket.next().await {
                    if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                        break;
                    }
                }
            };
            stopped.run_until_cancelled(echo).await;
        });
        response
    }
}
