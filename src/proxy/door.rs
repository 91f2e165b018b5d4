//! The login tap: a door's post is read whole, judged, and relayed by the gate itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, ORIGIN, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue};
use pingora::proxy::Session as Exchange;
use tracing::{debug, error};

use super::asker::Asker;
use super::headers;
use super::release::parked_cookies;
use super::reply::Reply;
use super::request;
use super::service::{Course, GateProxy, cookie_lines};
use crate::flow::ports::PanelAnswer;
use crate::flow::sign_in::{LoginAttempt, SignIn, TurnedAway};
use crate::flow::{Flows, Released};
use crate::gate::cookie::{self, Bearer, Outgoing, Receiver};
use crate::gate::decide::{self, Caller, DOOR_BODY_LIMIT, Decision, Permit, Request, Standing};
use crate::gate::knock::{self, Typed};
use crate::login::{Door, DoorKind, Form, InvalidForm};
use crate::model::{BrowserToken, Password, Reference};
use crate::page::{Page, RefusalKind};

/// How long a door's body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What a body came to.
pub(super) enum Body {
    /// It's whole.
    Whole(Bytes),
    /// It's longer than allowed.
    TooLong,
    /// It didn't arrive in time, or not at all.
    Missing,
}

/// Whether no panel takes a body of this type for a form, however it spells its types.
fn is_no_form(content_type: Option<&HeaderValue>) -> bool {
    content_type.is_none_or(|value| !value.as_bytes().to_ascii_lowercase().windows(4).any(|part| part == b"form"))
}

/// Reads a body whole, so that it can still be forwarded afterwards.
pub(super) async fn read_whole(exchange: &mut Exchange, most: usize) -> pingora::Result<Body> {
    let downstream = exchange.as_downstream_mut();
    downstream.enable_retry_buffering();
    if downstream.req_header().headers.get("expect").is_some() {
        downstream.write_continue_response().await?;
    }
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(piece) = downstream.read_request_body().await? {
            if body.len() + piece.len() > most {
                return Ok(Body::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Body::Whole(body.freeze()))
    };
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(read) => read,
        Err(_) => Ok(Body::Missing),
    }
}

impl GateProxy {
    /// A post to a door's path: read, judged again, and taken through or forwarded.
    pub(super) async fn at_door(
        &self,
        exchange: &mut Exchange,
        course: &mut Course,
        asker: &Asker,
        request: Request<'_>,
    ) -> pingora::Result<Option<Reply>> {
        let sent = &exchange.req_header().headers;
        if sent.contains_key(CONTENT_ENCODING) || sent.get_all(CONTENT_TYPE).into_iter().count() > 1 {
            // Bodies of doors are never inflated (R10), and of two types panels take this or that.
            return Ok(Some(self.refuse(exchange, asker, RefusalKind::BadRequest)));
        }
        let content_type = sent.get(CONTENT_TYPE).cloned();
        let body = match read_whole(exchange, DOOR_BODY_LIMIT).await? {
            Body::Whole(body) => body,
            Body::TooLong => return Ok(Some(self.refuse(exchange, asker, RefusalKind::BodyTooLarge))),
            Body::Missing => return Ok(Some(self.refuse(exchange, asker, RefusalKind::SlowRequest))),
        };
        let form = match Form::parse(content_type.as_ref().map(HeaderValue::as_bytes), &body) {
            Ok(form) => Some(form),
            // A cleared session may post what isn't a form to a script that is also a door.
            Err(_) if request.standing == Standing::Cleared && is_no_form(content_type.as_ref()) => None,
            Err(error) => {
                debug!(reason = error.reason(), "a door's form can't be read");
                let kind = match error {
                    InvalidForm::UnknownType => RefusalKind::FormOnly,
                    _ => RefusalKind::BadRequest,
                };
                return Ok(Some(self.refuse(exchange, asker, kind)));
            }
        };
        match decide::decide_post(&self.flows.profile, request, form.as_ref()) {
            Decision::Door(door, permit) => {
                let door = door.clone();
                self.through_door(exchange, course, asker, request, door, permit, form.as_ref(), body).await.map(Some)
            }
            other => Ok(self.settle(exchange, course, asker, request, other)),
        }
    }

    /// Relays a door's post in a task that the client can't cancel, and answers by its verdict.
    #[expect(clippy::too_many_arguments, reason = "all of it is one request; a struct would only rename it")]
    pub(super) async fn through_door(
        &self,
        exchange: &mut Exchange,
        course: &mut Course,
        asker: &Asker,
        request: Request<'_>,
        door: Door,
        permit: Permit,
        form: Option<&Form>,
        body: Bytes,
    ) -> pingora::Result<Reply> {
        let reference = request::reference();
        let Ok(Typed { username: typed, password }) = knock::typed(&door, request.target, form) else {
            return Ok(self.refuse(exchange, asker, RefusalKind::BadRequest));
        };
        self.counts.of(permit.passage()).increment(1);
        let bearer = match course.session() {
            Some(session) if request.standing == Standing::Cleared => Bearer::Session(session.id),
            _ => Bearer::Anonymous,
        };
        let chosen = self.cookies(exchange, bearer, true);
        let header = exchange.req_header();
        let client = headers::client_value(asker.client);
        let relayed =
            headers::own_request(&header.headers, &self.outward(&permit, asker, &client, chosen.header.as_ref()));
        let mut own_headers = headers::own_request(&header.headers, &self.outward(&permit, asker, &client, None));
        for posted in [CONTENT_TYPE, ORIGIN, EXPECT] {
            own_headers.remove(posted);
        }
        let attempt = LoginAttempt {
            method: request.method.clone(),
            target: request.target.raw().to_owned(),
            headers: relayed,
            own_headers,
            body,
            host: request::host(&header.headers).unwrap_or_default().to_owned(),
            sent: chosen.values,
            claims: chosen.claims,
            network: asker.network,
            language: self.language(exchange),
            browser: request::browser(&header.headers),
            // A session that turned up on an unknown network isn't this browser's to end.
            present: course.session().cloned().filter(|_| request.standing != Standing::Elsewhere),
            reference,
            typed,
            password: password.filter(|_| door.kind == DoorKind::Login).and_then(|typed| Password::of(&typed)),
            remembered: asker.route.remembered(cookie_lines(exchange)),
            door,
            permit,
        };
        let flows: Arc<Flows> = Arc::clone(&self.flows);
        let outcome = tokio::spawn(flows.sign_in(attempt)).await;
        let receiver = match course.session() {
            Some(session) if request.standing != Standing::Cleared => Self::uncleared_receiver(session),
            _ => Receiver::Anonymous,
        };
        Ok(match outcome {
            Ok(SignIn::Answered(answer)) => self.panels_own(answer, receiver),
            Ok(SignIn::Cleared(released)) => self.released(asker, released),
            Ok(SignIn::Pending { token, session }) => {
                let reply = match request::caller(&exchange.req_header().headers) {
                    Caller::Navigation => Reply::redirect(&format!("{}/challenge", self.settings.prefix)),
                    Caller::Script => {
                        let page = Page::CodeAwaited { reference };
                        self.say(exchange, asker, Some(&session), &page)
                    }
                };
                match asker.route.gate_cookie(&token) {
                    Some(line) => reply.with_cookie(line),
                    None => reply,
                }
            }
            Ok(SignIn::Turned(turned)) => self.turned_away(exchange, asker, course, turned, reference),
            Err(error) => {
                error!(%error, %reference, "a login's task broke");
                self.refuse(exchange, asker, RefusalKind::Internal)
            }
        })
    }

    /// Every way in which a login leads nowhere, as a page.
    fn turned_away(
        &self,
        exchange: &Exchange,
        asker: &Asker,
        course: &Course,
        turned: TurnedAway,
        reference: Reference,
    ) -> Reply {
        let session = course.session().map(AsRef::as_ref);
        let page = match turned {
            TurnedAway::TooMany { retry_at } => Page::TooManyTries { retry_at, reference },
            TurnedAway::StartAgain => Page::StartAgain { reference },
            TurnedAway::LogOutFirst => self.log_out_first(session, reference),
            TurnedAway::NoVerdict => Page::NoVerdict { reference },
            TurnedAway::NoAddress { account } => Page::NoAddress { account, reference },
            TurnedAway::Blocked { account, block } => self.blocked(Some(account), block),
            TurnedAway::AccountsUnavailable => Page::AccountsUnavailable { reference },
            TurnedAway::StoreUnavailable => Page::StoreUnavailable { reference },
            TurnedAway::PanelUnreachable => Page::PanelDown { reference },
            TurnedAway::PanelSilent => Page::PanelSlow { reference },
        };
        self.say(exchange, asker, session, &page)
    }

    /// A session was cleared: its new token, the parked cookies, and on to where it was going.
    pub(super) fn released(&self, asker: &Asker, released: Released) -> Reply {
        let now = self.flows.now();
        let location = released.location.as_deref().unwrap_or(&self.flows.profile.landing);
        let mut reply = match released.answer {
            Some(mut answer) => {
                // They're in the jar, with all that the login led to.
                answer.headers.remove(SET_COOKIE);
                self.panels_own(answer, Receiver::Session(released.session.id))
            }
            None => Reply::redirect(location),
        };
        let rules = &self.flows.profile.cookies;
        for line in parked_cookies(&released.jar, rules, &self.flows.keys, released.session.id, now) {
            reply = reply.with_cookie(line);
        }
        reply = self.remembering(reply, asker, released.remembered.as_ref());
        match asker.route.gate_cookie(&released.token) {
            Some(line) => reply.with_cookie(line),
            None => reply,
        }
    }

    /// The same, and the browser is remembered by `token` from now on.
    pub(super) fn remembering(&self, reply: Reply, asker: &Asker, token: Option<&BrowserToken>) -> Reply {
        let lasts = self.flows.policy.factors.remember_for;
        match token.zip(lasts).and_then(|(token, lasts)| asker.route.browser_cookie(token, lasts)) {
            Some(line) => reply.with_cookie(line),
            None => reply,
        }
    }

    /// The panel's own answer to a door's post, with what may leave of its cookies.
    fn panels_own(&self, answer: PanelAnswer, receiver: Receiver) -> Reply {
        let now = self.flows.now();
        let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::with_capacity(answer.headers.len());
        for (name, value) in &answer.headers {
            if *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING {
                continue;
            }
            if *name != SET_COOKIE {
                headers.push((name.clone(), value.clone()));
                continue;
            }
            let rules = &self.flows.profile.cookies;
            match cookie::outgoing(value.as_bytes(), rules, &self.flows.keys, receiver, now) {
                Outgoing::Keep => headers.push((SET_COOKIE, value.clone())),
                Outgoing::Stamped(line) => {
                    headers.extend(HeaderValue::from_bytes(&line).ok().map(|line| (SET_COOKIE, line)));
                }
                Outgoing::Drop => {}
            }
        }
        Reply::panel(answer.status, headers, answer.body)
    }
}
