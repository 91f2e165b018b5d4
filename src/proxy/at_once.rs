//! What is known from the request before on the same connection, and the short way that it opens.

use std::sync::Arc;

use http::HeaderValue;
use http::header::UPGRADE;
use pingora::proxy::Session as Exchange;

use super::asker::Asker;
use super::request;
use super::service::{Course, GateProxy, cookie_lines};
use crate::gate::decide::{self, Decision, Passage, Permit, Request, Standing};
use crate::gate::memo::Judged;
use crate::gate::target::Target;
use crate::model::Timestamp;
use crate::state::Session;

/// The session of a connection's requests, and what else of them stays the same.
pub(super) struct Seen {
    pub session: Arc<Session>,
    pub asker: Asker,
    /// The client, as headers name it.
    pub client: HeaderValue,
}

impl GateProxy {
    /// What nearly every request of a cleared session is: the same cookies as a moment ago on this
    /// connection, for what goes up. `false` leaves everything to [`GateProxy::judge`], which looks
    /// at it from the beginning.
    pub(super) fn judge_at_once(&self, exchange: &Exchange, course: &mut Course) -> bool {
        let Some(judged) = &course.judged else { return false };
        let Some((asker, permit)) = self.as_before(exchange, judged) else { return false };
        self.counts.of(Passage::Cleared).increment(1);
        course.asker = Some(asker);
        course.permit = Some(permit);
        course.as_before = true;
        true
    }

    /// Who asks, and the permit, if it's the same session's request for what goes up. Nothing that
    /// others write too is written here but a session's last use.
    fn as_before(&self, exchange: &Exchange, judged: &Judged<Seen>) -> Option<(Asker, Permit)> {
        let header = exchange.req_header();
        let seen = judged.session();
        // A connection has one peer; who else could be meant is written in headers.
        let asker = if self.settings.client.is_peer() { seen.asker } else { self.asker(exchange) };
        let session = &seen.session;
        let now = self.flows.now();
        let same = judged.is_for(asker.client, asker.route.cookie_name(), cookie_lines(exchange))
            && self.flows.sessions.still_live(session, now)
            && session.is_cleared()
            && session.network == asker.network;
        let whole = header.uri.path_and_query().is_some_and(|seen| seen.as_str().as_bytes() == header.raw_path());
        let ours = request::host(&header.headers).is_some_and(|host| request::is_ours(host, &self.settings.hosts));
        if !(same && whole && ours) {
            return None;
        }
        let target = Target::parse(header.raw_path()).ok()?;
        if request::own_path(target.path(), &self.settings.prefix).is_some() {
            return None;
        }
        let (body_length, has_body) = request::body(&header.headers);
        let request = Request {
            method: &header.method,
            target: &target,
            standing: Standing::Cleared,
            has_body,
            body_length,
            upgrade: header.headers.contains_key(UPGRADE),
        };
        let Decision::Forward(permit) = decide::decide(&self.flows.profile, request) else { return None };
        if permit.passage() != Passage::Cleared || permit.scans_body() {
            return None;
        }
        self.flows.sessions.touch(session, now);
        Some((asker, permit))
    }

    /// The gate session that the request's cookie names: the one that it named a request ago on this
    /// connection if nothing has changed, else by its token.
    pub(super) fn session_of(
        &self,
        exchange: &Exchange,
        course: &mut Course,
        asker: &Asker,
        now: Timestamp,
    ) -> Option<Arc<Session>> {
        let name = asker.route.cookie_name();
        if let Some(judged) = &course.judged {
            let session = &judged.session().session;
            if judged.is_for(asker.client, name, cookie_lines(exchange)) && self.flows.sessions.still_live(session, now)
            {
                return Some(Arc::clone(session));
            }
            course.judged = None;
        }
        self.flows.sessions.named_in(cookie_lines(exchange), name, &self.flows.keys, now)
    }
}
