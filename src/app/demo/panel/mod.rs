//! A hosting company's client area as it was built around 2009: its session id exists for every
//! visitor and isn't renewed at login, a remember-me cookie logs in at any page, and any spelling
//! of a script's path runs the script.
//!
//! ```text
//! request ─ Arrived ─ body read ─ session's lock ─ Inside ─ script ─ Done ─ header … Streaming … end
//! ```
//!
//! At each named point a test can hold requests ([`DemoPanel::hold_at`]); what goes wrong with
//! answers can be chosen ([`DemoPanel::set_fault`]); every request is recorded.

mod control;
mod pages;
mod reading;
mod scripts;
mod streams;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::admin::http1::{self, Body, HangUp, answer};

use control::Control;
pub use control::{Fault, Gate, Received, Stage};
use pages::Pages;
use world::World;

/// The cookie of every visitor's session.
pub const SESSION_COOKIE: &str = "PANELSESS";
/// The cookie that logs in by itself.
pub const REMEMBER_COOKIE: &str = "panel_remember";

/// Connections at once.
const CONNECTIONS: usize = 1024;
/// Longest form that's read, in bytes.
const FORM_LIMIT: usize = 1024 * 1024;

/// How much of a form is kept in the record, in bytes: as much as a gate takes for a login.
const RECORDED_BODY: usize = 64 * 1024;

/// How the panel behaves.
#[derive(Clone, Copy, Debug)]
pub struct PanelOptions {
    /// Requests of one session wait for each other, as PHP's do.
    pub session_locking: bool,
    /// Keep what was received for [`DemoPanel::received`].
    pub recording: bool,
    /// Time between two events of `/events.php`.
    pub event_every: Duration,
}

impl Default for PanelOptions {
    fn default() -> Self {
        Self { session_locking: false, recording: true, event_every: Duration::from_secs(1) }
    }
}

/// A running panel; dropping it closes all its connections.
pub struct DemoPanel {
    /// Where it listens.
    pub addr: SocketAddr,
    panel: Arc<Panel>,
    server: JoinHandle<()>,
    _streams: DropGuard,
}

struct Panel {
    options: PanelOptions,
    world: World,
    control: Arc<Control>,
    pages: Pages,
    events: broadcast::Sender<String>,
    stopped: CancellationToken,
}

impl DemoPanel {
    /// Starts the panel on `addr` (port 0: any), on the present runtime.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn start(addr: SocketAddr, options: PanelOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let stopped = CancellationToken::new();
        let panel = Arc::new(Panel {
            options,
            world: World::new(),
            control: Arc::default(),
            pages: Pages::new().map_err(io::Error::other)?,
            events: broadcast::Sender::new(64),
            stopped: stopped.clone(),
        });
        let serving = Arc::clone(&panel);
        let server = tokio::spawn(http1::serve(listener, CONNECTIONS, move |request| {
            let panel = Arc::clone(&serving);
            async move { panel.serve(request).await }
        }));
        Ok(Self { addr, panel, server, _streams: stopped.drop_guard() })
    }

    /// What came so far, oldest first (the last 10,000).
    pub fn received(&self) -> Vec<Received> {
        self.panel.control.received()
    }

    /// Empties the record.
    pub fn forget_received(&self) {
        self.panel.control.forget_received();
    }

    /// Holds all requests for a script (`/login.php`, in any spelling) once they're inside it.
    pub fn hold(&self, path: &str) -> Gate {
        self.hold_at(path, Stage::Inside)
    }

    /// Holds all requests for a script at a point of their life.
    pub fn hold_at(&self, path: &str, stage: Stage) -> Gate {
        self.panel.control.hold(path, stage)
    }

    /// What goes wrong from here on with answers of a script, or with all (`*`); `None`: nothing.
    pub fn set_fault(&self, path: &str, fault: Option<Fault>) {
        self.panel.control.set_fault(path, fault);
    }

    /// Sends an event to all who listen at `/events.php`; how many did.
    pub fn push_event(&self, text: &str) -> usize {
        self.panel.events.send(text.to_owned()).unwrap_or(0)
    }

    /// A session that is logged in already, as one from before the gate was deployed; its id.
    pub fn session_of(&self, login: &str) -> String {
        let (id, _) = self.panel.world.session(None);
        self.panel.world.enter(&id, login);
        id
    }

    /// A remember-me token from before the gate was deployed; empty for an unknown login.
    pub fn remember_token_of(&self, login: &str) -> String {
        self.panel.world.remember(login).unwrap_or_default()
    }

    /// Who is logged in in a session.
    pub fn account_in(&self, session: &str) -> Option<String> {
        self.panel.world.account_in(session).map(|account| account.login.to_owned())
    }

    /// Whether that is the account's password now.
    pub fn password_is(&self, login: &str, password: &str) -> bool {
        self.panel.world.password_holds(login, password).is_some()
    }
}

impl Drop for DemoPanel {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A request with its body read and its session found.
struct Visit {
    parts: Parts,
    script: String,
    form: Bytes,
    upload: Option<Result<streams::Uploaded, String>>,
    upgrade: Option<hyper::upgrade::OnUpgrade>,
    session: String,
}

impl Panel {
    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
        let script = reading::script_of(request.uri().path());
        let number = self.options.recording.then(|| {
            self.control.record(Received {
                method: request.method().clone(),
                target: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
                headers: request.headers().clone(),
                body_bytes: 0,
                body: Bytes::new(),
                session: None,
                account: None,
            })
        });
        let amend = |change: &dyn Fn(&mut Received)| {
            if let Some(number) = number {
                self.control.amend(number, change);
            }
        };
        self.control.pass(&script, Stage::Arrived).await;
        if script == "/style.css" {
            return self.finish(&script, answer(StatusCode::OK, "text/css", pages::STYLE)).await;
        }

        // As under PHP, the body has been read whole before the script looks at its session.
        let (mut parts, body) = request.into_parts();
        let upgrade = parts.extensions.remove::<hyper::upgrade::OnUpgrade>();
        let mut form = Bytes::new();
        let mut upload = None;
        if script == "/upload.php" && parts.method == http::Method::POST {
            let received = streams::receive(&parts, body).await;
            let bytes = received.as_ref().map_or(0, |file| file.bytes);
            amend(&|request| request.body_bytes = bytes);
            upload = Some(received);
        } else {
            match Limited::new(body, FORM_LIMIT).collect().await {
                Ok(read) => form = read.to_bytes(),
                Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                    return Ok(answer(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "too large\n"));
                }
                Err(_) => return Err(HangUp),
            }
            amend(&|request| {
                request.body_bytes = form.len() as u64;
                request.body = form.slice(..form.len().min(RECORDED_BODY));
            });
        }

        let headers: Vec<_> = parts.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
        let jar = reading::cookies(&String::from_utf8_lossy(&headers.join(&b"; "[..])));
        let (session, fresh) = self.world.session(jar.get(SESSION_COOKIE).map(String::as_str));
        let lock = if self.options.session_locking {
            Some(self.world.session_lock(&session).lock_owned().await)
        } else {
            None
        };
        self.control.pass(&script, Stage::Inside).await;
        if parts.method == http::Method::GET
            && self.world.account_in(&session).is_none()
            && let Some(login) = jar.get(REMEMBER_COOKIE).and_then(|token| self.world.remembered(token))
        {
            self.world.enter(&session, login);
        }
        amend(&|request| {
            request.session = Some(session.clone());
            request.account = self.world.account_in(&session).map(|account| account.login.to_owned());
        });

        let visit = Visit { parts, script, form, upload, upgrade, session };
        let script = visit.script.clone();
        let session = visit.session.clone();
        let mut response = self.run(visit);
        if fresh && let Ok(cookie) = HeaderValue::from_str(&format!("{SESSION_COOKIE}={session}; path=/")) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        self.control.pass(&script, Stage::Done).await;
        drop(lock);
        self.finish(&script, response).await
    }

    /// The answer as it leaves: whole, in two halves, or broken on purpose.
    async fn finish(&self, script: &str, response: Response<Body>) -> Result<Response<Body>, HangUp> {
        let halves = self.control.holds(script, Stage::Streaming);
        let fault = self.control.fault(script);
        match fault {
            Some(Fault::HangUp) => return Err(HangUp),
            Some(Fault::Status(status)) => return Ok(answer(status, pages::HTML, format!("<h1>{status}</h1>\n"))),
            _ => {}
        }
        let endless = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
            || response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if (fault.is_none() && !halves) || endless {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let mut body = body.collect().await?.to_bytes();
        match fault {
            Some(Fault::Always200) => {
                parts.status = StatusCode::OK;
                parts.headers.remove(header::LOCATION);
            }
            Some(Fault::LongBody(more)) => {
                let mut longer = body.to_vec();
                longer.resize(longer.len().saturating_add(more), b' ');
                body = longer.into();
            }
            _ => {}
        }
        parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
        let second = body.split_off(body.len().div_ceil(2));
        let first = futures_util::stream::iter([Ok(Frame::data(body))]);
        let (control, script) = (Arc::clone(&self.control), script.to_owned());
        let rest = futures_util::stream::once(async move {
            control.pass(&script, Stage::Streaming).await;
            if fault != Some(Fault::CutBody) {
                return Ok(Frame::data(second));
            }
            // What was sent so far is only flushed when there's nothing more at the moment.
            tokio::task::yield_now().await;
            Err(HangUp)
        });
        let body = StreamBody::new(futures_util::StreamExt::chain(first, rest));
        Ok(Response::from_parts(parts, BodyExt::boxed(body)))
    }
}

#[cfg(test)]
mod tests;
