//! What tests hold in their hands: points where requests wait, faults, and the record of what came.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tokio::sync::watch;

/// How many requests are kept in the record; the oldest go first.
const RECORDED: usize = 10_000;

/// Where in a request's life it waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Its header has come, nothing was read or done yet.
    Arrived,
    /// Its body was read and it holds its session's lock (with `session_locking`), but hasn't looked
    /// at the session yet.
    Inside,
    /// What it does is done; its answer hasn't left. It still holds the lock.
    Done,
    /// The answer's header and the first half of its body have left.
    Streaming,
}

/// What goes wrong with an answer, after the script has done its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection is closed without an answer.
    HangUp,
    /// The header and half of the body, then the connection is closed.
    CutBody,
    /// The body is followed by that many spaces.
    LongBody(usize),
    /// Status 200 and no `Location`, the rest as it was.
    Always200,
    /// An error page with this status, and nothing of the real answer.
    Status(StatusCode),
}

/// A request that reached the panel.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method.
    pub method: Method,
    /// Path and query, as they came.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
    /// How long the body was, in bytes; 0 while it's being read.
    pub body_bytes: u64,
    /// The body of a form, its first 64 KiB; empty for uploads.
    pub body: Bytes,
    /// The session that the script ran in; `None` while it hasn't.
    pub session: Option<String>,
    /// Who was logged in there when the script looked.
    pub account: Option<String>,
}

impl Received {
    /// All `Cookie` headers, joined.
    pub fn cookies(&self) -> String {
        let all: Vec<_> = self.headers.get_all(http::header::COOKIE).iter().map(|v| v.as_bytes()).collect();
        String::from_utf8_lossy(&all.join(&b"; "[..])).into_owned()
    }
}

#[derive(Debug)]
struct Hold {
    path: String,
    stage: Stage,
    arrivals: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

/// A point where requests for one path wait until it's released; dropping it releases it too.
#[derive(Debug)]
pub struct Gate {
    hold: Arc<Hold>,
    control: Arc<Control>,
}

impl Gate {
    /// Returns once a request is waiting (or has waited) here.
    pub async fn reached(&self) {
        self.reached_by(1).await;
    }

    /// Returns once `requests` requests have come here.
    pub async fn reached_by(&self, requests: usize) {
        // The sender lives in `self`, so this can't fail.
        let _ = self.hold.arrivals.subscribe().wait_for(|arrived| *arrived >= requests).await;
    }

    /// Lets all go on, those that come later too.
    pub fn release(self) {}
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.control.lock().holds.retain(|hold| !Arc::ptr_eq(hold, &self.hold));
        self.hold.open.send_replace(true);
    }
}

#[derive(Debug, Default)]
pub(super) struct Control(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    holds: Vec<Arc<Hold>>,
    faults: Vec<(String, Fault)>,
    received: std::collections::VecDeque<Received>,
    /// How many were dropped from the front of `received`.
    forgotten: usize,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(self: &Arc<Self>, path: &str, stage: Stage) -> Gate {
        let hold = Arc::new(Hold {
            path: path.to_owned(),
            stage,
            arrivals: watch::Sender::new(0),
            open: watch::Sender::new(false),
        });
        self.lock().holds.push(Arc::clone(&hold));
        Gate { hold, control: Arc::clone(self) }
    }

    /// Waits here if the test wants it.
    pub(super) async fn pass(&self, path: &str, stage: Stage) {
        while let Some(hold) = self.holding(path, stage) {
            hold.arrivals.send_modify(|arrived| *arrived = arrived.saturating_add(1));
            // The sender lives in `hold`, so this can't fail.
            let _ = hold.open.subscribe().wait_for(|open| *open).await;
        }
    }

    /// Whether somebody would wait here.
    pub(super) fn holds(&self, path: &str, stage: Stage) -> bool {
        self.holding(path, stage).is_some()
    }

    fn holding(&self, path: &str, stage: Stage) -> Option<Arc<Hold>> {
        self.lock().holds.iter().find(|hold| hold.path == path && hold.stage == stage).cloned()
    }

    pub(super) fn set_fault(&self, path: &str, fault: Option<Fault>) {
        let mut inner = self.lock();
        inner.faults.retain(|(at, _)| at != path);
        inner.faults.extend(fault.map(|fault| (path.to_owned(), fault)));
    }

    pub(super) fn fault(&self, path: &str) -> Option<Fault> {
        let inner = self.lock();
        inner.faults.iter().find(|(at, _)| at == path || at == "*").map(|(_, fault)| *fault)
    }

    /// Records a request; the number is for [`Self::amend`].
    pub(super) fn record(&self, request: Received) -> usize {
        let mut inner = self.lock();
        if inner.received.len() == RECORDED {
            inner.received.pop_front();
            inner.forgotten += 1;
        }
        inner.received.push_back(request);
        inner.forgotten + inner.received.len() - 1
    }

    /// Adds what is known of a request only later.
    pub(super) fn amend(&self, number: usize, change: impl FnOnce(&mut Received)) {
        let mut inner = self.lock();
        let place = number.checked_sub(inner.forgotten);
        if let Some(request) = place.and_then(|place| inner.received.get_mut(place)) {
            change(request);
        }
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.lock().received.iter().cloned().collect()
    }

    pub(super) fn forget_received(&self) {
        let mut inner = self.lock();
        inner.forgotten += inner.received.len();
        inner.received.clear();
    }
}
