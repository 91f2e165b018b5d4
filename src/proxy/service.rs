//! pingora's phases, and what the gate decides in each.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE, UPGRADE};
use http::{HeaderValue, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session as Exchange};
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::{Error, ErrorSource, ErrorType};
use tracing::{debug, warn};

use super::asker::Asker;
use super::at_once::Seen;
use super::client::{ClientPolicy, OneClient};
use super::counts::Counts;
use super::headers::{self, HostSent};
use super::refusals::RefusalLog;
use super::reply::Reply;
use super::{request, websocket};
use crate::flow::Flows;
use crate::flow::network::OnNetwork;
use crate::gate::cookie::{self, Bearer, Outgoing, Receiver};
use crate::gate::decide::{self, Decision, Passage, Permit, Request, Standing};
use crate::gate::memo::Judged;
use crate::gate::target::Target;
use crate::login::DoorKind;
use crate::login::scan::{CredentialScan, ScanState};
use crate::model::{ClaimKey, Network, NetworkPrefix};
use crate::page::{Page, Pages, RefusalKind};
use crate::state::Session;

/// What the proxy has to know besides the flows.
#[derive(Clone, Debug)]
pub struct ProxySettings {
    /// Hosts that are served, in lower case, without port; empty: every host.
    pub hosts: Vec<String>,
    /// Who is believed about client addresses.
    pub client: ClientPolicy,
    /// What a network is.
    pub network_prefix: NetworkPrefix,
    /// Where the gate's own pages live.
    pub prefix: String,
    /// The `Host` that the panel sees; `None`: the browser's.
    pub host: Option<HeaderValue>,
    /// How long the panel may take to begin its answer, and between two pieces of it.
    pub panel_timeout: Duration,
    /// How long a connection to the panel may take.
    pub connect_timeout: Duration,
}

/// The gate, as pingora runs it.
pub struct GateProxy {
    pub(super) flows: Arc<Flows>,
    pub(super) pages: Arc<Pages>,
    pub(super) settings: ProxySettings,
    pub(super) refusals: RefusalLog,
    peer: HttpPeer,
    pub(super) one_client: OneClient,
    pub(super) counts: Counts,
}

/// What a request carries from phase to phase.
#[derive(Default)]
pub struct Course {
    pub(super) permit: Option<Permit>,
    cookie: Option<HeaderValue>,
    session: Option<Arc<Session>>,
    /// Session and cookies are those of the connection's request before: `judged` has them.
    pub(super) as_before: bool,
    claims: Vec<ClaimKey>,
    pub(super) asker: Option<Asker>,
    pub(super) judged: Option<Arc<Judged<Seen>>>,
    scan: Option<Box<CredentialScan>>,
    held: Option<Bytes>,
    logs_out: bool,
    /// The answer goes on by itself: its pieces say nothing about anybody being there.
    endless: bool,
    /// A piece of the answer has left.
    begun: bool,
    pub(super) fault: Option<Fault>,
}

impl Course {
    /// The gate session that the request is made with.
    pub(super) fn session(&self) -> Option<&Arc<Session>> {
        match &self.judged {
            Some(judged) if self.as_before => Some(&judged.session().session),
            _ => self.session.as_ref(),
        }
    }

    /// The `Cookie` line that goes up.
    fn cookie(&self) -> Option<&HeaderValue> {
        match &self.judged {
            Some(judged) if self.as_before => judged.up(),
            _ => self.cookie.as_ref(),
        }
    }
}

/// Why the gate itself broke a request off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A login claimed the request's cookies meanwhile.
    Withheld,
    /// The request's session ended before all of the request had gone up.
    EndedBefore,
    /// The request's session ended while the panel had the whole request.
    EndedMeanwhile,
    /// Credentials in the body of a request that isn't a watched door's.
    Credentials,
    /// The store can't be asked or written.
    Store,
}

const WITHHELD: ErrorType = ErrorType::Custom("answer withheld");
const ENDED: ErrorType = ErrorType::Custom("session ended");
const CREDENTIALS: ErrorType = ErrorType::Custom("credentials outside of a door");
const STORE: ErrorType = ErrorType::Custom("store unavailable");

impl GateProxy {
    /// The gate in front of the panel at `peer`.
    pub fn new(
        flows: Arc<Flows>,
        pages: Arc<Pages>,
        settings: ProxySettings,
        refusals: RefusalLog,
        mut peer: HttpPeer,
    ) -> Self {
        peer.options.connection_timeout = Some(settings.connect_timeout);
        peer.options.total_connection_timeout = Some(settings.connect_timeout);
        peer.options.read_timeout = Some(settings.panel_timeout);
        peer.options.write_timeout = Some(settings.panel_timeout);
        peer.options.idle_timeout = Some(Duration::from_secs(50));
        // `headers::apply` takes out what belongs to one hop, and more; the front has let nothing
        // pass but one `chunked` or one length.
        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::preserve();
        Self { flows, pages, settings, refusals, peer, one_client: OneClient::default(), counts: Counts::default() }
    }

    /// Where the browser stands, and the session as it goes on.
    pub(super) async fn standing(
        &self,
        session: Option<Arc<Session>>,
        network: Network,
    ) -> Result<(Standing, Option<Arc<Session>>), Reason> {
        let Some(session) = session else {
            return Ok((Standing::Anonymous, None));
        };
        if !session.is_cleared() {
            return Ok((Standing::Pending, Some(session)));
        }
        if session.network == network {
            return Ok((Standing::Cleared, Some(session)));
        }
        // What hardly ever happens waits in a box of its own: it would make every request's future big.
        match Box::pin(self.flows.on_network(&session, network)).await {
            Ok(OnNetwork::Good(session)) if self.flows.sessions.still_live(&session, self.flows.now()) => {
                Ok((Standing::Cleared, Some(session)))
            }
            Ok(OnNetwork::Good(_)) => Ok((Standing::Anonymous, None)),
            Ok(OnNetwork::Unknown | OnNetwork::Blocked(_)) => Ok((Standing::Elsewhere, Some(session))),
            Err(error) => {
                warn!(%error, "a session on another network could not be judged");
                Err(Reason::Store)
            }
        }
    }

    async fn judge(&self, exchange: &mut Exchange, course: &mut Course) -> pingora::Result<Option<Reply>> {
        let asker = self.asker(exchange);
        course.asker = Some(asker);
        let (raw, whole) = {
            let header = exchange.req_header();
            // pingora's URI can show `/` while other bytes go upstream: both views must be one.
            let seen = header.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
            (header.raw_path().to_vec(), seen.as_bytes() == header.raw_path())
        };
        let target = match Target::parse(&raw) {
            Ok(target) if whole => target,
            Ok(_) => return Ok(Some(self.refuse(exchange, &asker, RefusalKind::AmbiguousTarget))),
            Err(error) => {
                debug!(reason = error.reason(), "an ambiguous target");
                return Ok(Some(self.refuse(exchange, &asker, RefusalKind::AmbiguousTarget)));
            }
        };
        match request::host(&exchange.req_header().headers) {
            Some(host) if request::is_ours(host, &self.settings.hosts) => {}
            _ => return Ok(Some(self.refuse(exchange, &asker, RefusalKind::UnknownHost))),
        }
        let now = self.flows.now();
        let session = self.session_of(exchange, course, &asker, now);
        if let Some(own) = request::own_path(target.path(), &self.settings.prefix) {
            return Box::pin(self.own_endpoint(exchange, &asker, session, own, &target)).await.map(Some);
        }
        let (standing, session) = match self.standing(session, asker.network).await {
            Ok(found) => found,
            Err(Reason::Store) => {
                let page = Page::StoreUnavailable { reference: request::reference() };
                return Ok(Some(self.say(exchange, &asker, None, &page)));
            }
        };
        if let (Standing::Cleared, Some(session)) = (standing, &session) {
            self.flows.sessions.touch(session, now);
        }
        course.session = session;
        let header = exchange.req_header();
        let method = header.method.clone();
        let (body_length, has_body) = request::body(&header.headers);
        let request = Request {
            method: &method,
            target: &target,
            standing,
            has_body,
            body_length,
            upgrade: header.headers.contains_key(UPGRADE),
        };
        match decide::decide(&self.flows.profile, request) {
            Decision::ReadBody => Box::pin(self.at_door(exchange, course, &asker, request)).await,
            Decision::Door(door, permit) => {
                let door = door.clone();
                let through = self.through_door(exchange, course, &asker, request, door, permit, None, Bytes::new());
                Box::pin(through).await.map(Some)
            }
            other => Ok(self.settle(exchange, course, &asker, request, other)),
        }
    }

    /// Takes a decision that needs nothing more to be read: `None` lets the request go up.
    pub(super) fn settle(
        &self,
        exchange: &Exchange,
        course: &mut Course,
        asker: &Asker,
        request: Request<'_>,
        decision: Decision<'_>,
    ) -> Option<Reply> {
        let (permit, logs_out) = match decision {
            Decision::Forward(permit) => (permit, false),
            Decision::Logout(permit) => (permit, true),
            Decision::Deny(denial) => return Some(self.deny(exchange, course, asker, request, denial)),
            // Both are taken where bodies are read.
            Decision::ReadBody | Decision::Door(..) => {
                return Some(self.refuse(exchange, asker, RefusalKind::Internal));
            }
        };
        let bearer = match (permit.passage(), &course.session) {
            (Passage::Cleared, Some(session)) => Bearer::Session(session.id),
            (Passage::Open, _) => Bearer::Nobody,
            _ => Bearer::Anonymous,
        };
        if permit.scans_body() && !request::is_plainly_typed(&exchange.req_header().headers) {
            return Some(self.refuse(exchange, asker, RefusalKind::BadRequest));
        }
        if permit.scans_body() {
            course.scan = Some(Box::new(self.scan_for(exchange, request.target)));
        }
        self.counts.of(permit.passage()).increment(1);
        match (bearer, &course.session, &course.judged) {
            // The very session: one that moved to another network is another `Session`.
            (Bearer::Session(_), Some(session), Some(judged)) if Arc::ptr_eq(session, &judged.session().session) => {
                course.cookie = judged.up().cloned();
            }
            _ => {
                let chosen = self.cookies(exchange, bearer, false);
                if chosen.dropped > 0 {
                    debug!(dropped = chosen.dropped, "cookies that may not go up");
                }
                course.judged = match (bearer, &course.session) {
                    (Bearer::Session(_), Some(session)) => Judged::of(
                        asker.client,
                        asker.route.cookie_name(),
                        || cookie_lines(exchange),
                        Seen {
                            session: Arc::clone(session),
                            asker: *asker,
                            client: headers::client_value(asker.client),
                        },
                        chosen.header.clone(),
                    ),
                    _ => None,
                };
                course.cookie = chosen.header;
                course.claims = chosen.claims;
            }
        }
        course.logs_out = logs_out;
        course.permit = Some(permit);
        None
    }

    pub(super) fn cookies(&self, exchange: &Exchange, bearer: Bearer, want_values: bool) -> cookie::Selection {
        cookie::select(
            cookie_lines(exchange),
            &self.flows.profile.cookies,
            &self.flows.keys,
            bearer,
            self.flows.now(),
            want_values,
            |key| self.flows.claims.is_claimed(key),
        )
    }

    fn scan_for(&self, exchange: &Exchange, target: &Target<'_>) -> CredentialScan {
        let fields = self.flows.profile.doors.iter().filter_map(|door| {
            (door.kind == DoorKind::Login).then_some((door.username.as_deref()?, door.password.as_deref()?))
        });
        let content_type = exchange.req_header().headers.get("content-type").map(HeaderValue::as_bytes);
        CredentialScan::new(fields, target.query_pairs(), content_type)
    }

    /// Whether a request that is under way may go on, up or down (R3): not if a login has claimed
    /// its cookies meanwhile, and not if its session has ended, which is `ended` then.
    fn may_go_on(&self, course: &mut Course, ended: Fault) -> pingora::Result<()> {
        if course.claims.iter().any(|key| self.flows.claims.is_claimed(key)) {
            course.fault = Some(Fault::Withheld);
            return Error::e_explain(WITHHELD, "a login has claimed the cookies of this request");
        }
        match (&course.permit, course.session()) {
            (Some(permit), Some(session))
                if permit.passage() == Passage::Cleared
                    && !course.logs_out
                    && self.flows.sessions.has_ended(session) =>
            {
                course.fault = Some(ended);
                Error::e_explain(ENDED, "the session of this request has ended")
            }
            _ => Ok(()),
        }
    }

    /// Notes that a cleared session's request is still being made use of.
    fn used(&self, course: &Course) {
        if let (Some(permit), Some(session)) = (&course.permit, course.session())
            && permit.passage() == Passage::Cleared
        {
            self.flows.sessions.touch(session, self.flows.now());
        }
    }

    /// What a browser with a gate session gets that isn't cleared here. Cleared but on an unknown
    /// network, or cleared since the request came: what it has must not be overwritten (R7). While
    /// its login is pending it may have a fresh session: what it has is claimed, and without another
    /// one no second login could get past a panel that keeps its forms' tokens in a session.
    pub(super) fn uncleared_receiver(session: &Session) -> Receiver {
        if session.is_cleared() || session.is_over() { Receiver::Pending } else { Receiver::Anonymous }
    }

    fn receiver(course: &Course) -> Receiver {
        match (&course.permit, course.session()) {
            (Some(permit), Some(session)) if permit.passage() == Passage::Cleared => Receiver::Session(session.id),
            (_, Some(session)) => Self::uncleared_receiver(session),
            _ => Receiver::Anonymous,
        }
    }
}

/// Why a request can't be judged.
pub(super) enum Reason {
    Store,
}

/// The request's `Cookie` lines.
pub(super) fn cookie_lines(exchange: &Exchange) -> impl Iterator<Item = &[u8]> {
    exchange.req_header().headers.get_all(COOKIE).into_iter().map(HeaderValue::as_bytes)
}

#[async_trait]
impl ProxyHttp for GateProxy {
    type CTX = Course;

    fn new_ctx(&self) -> Course {
        Course::default()
    }

    fn persist_connection_context(&self, _: &Exchange, course: &Course) -> Option<Box<dyn Any + Send + Sync>> {
        let judged = course.judged.as_ref()?;
        Some(Box::new(Arc::clone(judged)))
    }

    fn on_connection_reuse(&self, _: &mut Exchange, course: &mut Course, before: Box<dyn Any + Send + Sync>) {
        course.judged = before.downcast().ok().map(|judged| *judged);
    }

    /// pingora's compression module costs allocations on every request, for nothing here.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(&self, exchange: &mut Exchange, course: &mut Course) -> pingora::Result<bool> {
        if self.judge_at_once(exchange, course) {
            return Ok(false);
        }
        match Box::pin(self.judge(exchange, course)).await? {
            Some(reply) => {
                reply.send(exchange).await?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    async fn upstream_peer(&self, exchange: &mut Exchange, _: &mut Course) -> pingora::Result<Box<HttpPeer>> {
        if websocket::is_handshake(exchange.req_header()) {
            return Ok(Box::new(websocket::websocket_peer(&self.peer)));
        }
        Ok(Box::new(self.peer.clone()))
    }

    async fn request_body_filter(
        &self,
        _: &mut Exchange,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        course: &mut Course,
    ) -> pingora::Result<()> {
        if let Err(error) = self.may_go_on(course, Fault::EndedBefore) {
            *body = None;
            return Err(error);
        }
        if body.is_some() {
            // Whoever sends is there, however long it takes.
            self.used(course);
        }
        let Some(scan) = &mut course.scan else {
            return Ok(());
        };
        let state = match body.as_deref() {
            Some(chunk) => scan.feed(chunk),
            None => ScanState::Clean,
        };
        let state = if end_of_stream && state == ScanState::Clean { scan.finish() } else { state };
        if state != ScanState::Clean {
            course.fault = Some(Fault::Credentials);
            *body = None;
            return Error::e_explain(CREDENTIALS, "a body carried a login outside of a watched door");
        }
        // The newest piece is held back until the next is clean, so that the body's end never goes
        // up before all of it was looked at: without its end, no panel takes it for whole.
        if end_of_stream {
            if let Some(held) = course.held.take() {
                let last = body.take().unwrap_or_default();
                *body = Some([held, last].concat().into());
            }
        } else {
            *body = std::mem::replace(&mut course.held, body.take()).or_else(|| Some(Bytes::new()));
        }
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Exchange,
        upstream: &mut RequestHeader,
        course: &mut Course,
    ) -> pingora::Result<()> {
        self.may_go_on(course, Fault::EndedBefore)?;
        let (Some(permit), Some(asker)) = (&course.permit, &course.asker) else {
            return Error::e_explain(ErrorType::InternalError, "nothing goes up without the gate's permit");
        };
        let client = match &course.judged {
            Some(judged) => judged.session().client.clone(),
            None => headers::client_value(asker.client),
        };
        headers::apply(upstream, &self.outward(permit, asker, &client, course.cookie()))
    }

    async fn response_filter(
        &self,
        _: &mut Exchange,
        response: &mut ResponseHeader,
        course: &mut Course,
    ) -> pingora::Result<()> {
        self.may_go_on(course, Fault::EndedMeanwhile)?;
        if course.logs_out
            && let Some(session) = course.session()
            && let Err(error) = self.flows.end(session).await
        {
            warn!(%error, "a logout could not be written");
            course.fault = Some(Fault::Store);
            return Error::e_explain(STORE, "a logout could not be written");
        }
        let kind = response.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        course.endless = response.status == StatusCode::SWITCHING_PROTOCOLS || kind.starts_with(b"text/event-stream");
        if response.headers.contains_key(SET_COOKIE) {
            self.dress(response, Self::receiver(course))?;
        }
        if course.logs_out
            && let Some(line) = course.asker.and_then(|asker| asker.route.no_gate_cookie())
        {
            response.append_header(SET_COOKIE, line)?;
        }
        Ok(())
    }

    fn response_body_filter(
        &self,
        _: &mut Exchange,
        body: &mut Option<Bytes>,
        _: bool,
        course: &mut Course,
    ) -> pingora::Result<Option<Duration>> {
        if let Err(error) = self.may_go_on(course, Fault::EndedMeanwhile) {
            *body = None;
            return Err(error);
        }
        // A download that takes long is a session in use. The first piece was counted with its request.
        if body.is_some() && std::mem::replace(&mut course.begun, true) && !course.endless {
            self.used(course);
        }
        Ok(None)
    }

    async fn fail_to_proxy(&self, exchange: &mut Exchange, error: &Error, course: &mut Course) -> FailToProxy {
        exchange.set_keepalive(None);
        let mut code = 0;
        let unanswered = exchange.as_downstream().response_written().is_none();
        if unanswered && let Some(page) = self.page_for(course, error) {
            let asker = course.asker.unwrap_or_else(|| self.asker(exchange));
            let reply = self.say(exchange, &asker, course.session().map(Arc::as_ref), &page);
            code = reply.status().as_u16();
            if let Err(error) = reply.send(exchange).await {
                debug!(%error, "nobody was there any more to be told");
            }
        }
        FailToProxy { error_code: code, can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _: &Exchange, course: &Course, error: &Error) -> bool {
        // Told in the gate's own words, or no news at all: a browser that went away.
        course.fault.is_some() || *error.esource() != ErrorSource::Internal
    }

    fn request_summary(&self, exchange: &Exchange, _: &Course) -> String {
        // Without the query: tokens and names stand there.
        format!("{} {}", exchange.req_header().method, exchange.req_header().uri.path())
    }
}

impl GateProxy {
    /// What the panel is told beside what the browser sent.
    pub(super) fn outward<'a>(
        &'a self,
        permit: &Permit,
        asker: &Asker,
        client: &'a HeaderValue,
        cookie: Option<&'a HeaderValue>,
    ) -> headers::Outgoing<'a> {
        headers::Outgoing {
            client,
            scheme: asker.scheme,
            host: self.settings.host.as_ref().map_or(HostSent::Kept, HostSent::Fixed),
            cookie,
            credential_headers: &self.flows.profile.credential_headers,
            pass_credentials: permit.passage() == Passage::Open,
        }
    }

    /// The panel's `Set-Cookie` lines as they may leave (R2).
    fn dress(&self, response: &mut ResponseHeader, receiver: Receiver) -> pingora::Result<()> {
        let now = self.flows.now();
        let lines: Vec<HeaderValue> = response.headers.get_all(SET_COOKIE).into_iter().cloned().collect();
        response.remove_header(&SET_COOKIE);
        for line in lines {
            let rules = &self.flows.profile.cookies;
            match cookie::outgoing(line.as_bytes(), rules, &self.flows.keys, receiver, now) {
                Outgoing::Keep => {
                    response.append_header(SET_COOKIE, line)?;
                }
                Outgoing::Stamped(stamped) => {
                    if let Ok(line) = HeaderValue::from_bytes(&stamped) {
                        response.append_header(SET_COOKIE, line)?;
                    }
                }
                Outgoing::Drop => {}
            }
        }
        Ok(())
    }
}
