//! The gate's own pages, under its prefix (DESIGN §7).

use std::sync::Arc;

use http::Method;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderValue};
use pingora::proxy::Session as Exchange;
use tracing::warn;

use super::after::{After, Shown};
use super::asker::Asker;
use super::door::{Body, read_whole};
use super::reply::Reply;
use super::request;
use super::service::GateProxy;
use crate::flow::ports::account::Asks;
use crate::flow::ports::{CodeGrant, SessionState, WaitingChallenge};
use crate::flow::verify::{Asking, Challenge, Verified};
use crate::gate::decide::Caller;
use crate::gate::target::Target;
use crate::limit::Block;
use crate::login::Form;
use crate::model::Reference;
use crate::page::{BlockedPage, CodeLine, CodePage, CodeReason, FactorPage, Page, RefusalKind};
use crate::state::Session;

/// The longest form of the gate's own, in bytes: a code and a token.
const FORM_LIMIT: usize = 4096;

impl GateProxy {
    /// Answers a request under the prefix; `path` is what follows it.
    pub(super) async fn own_endpoint(
        &self,
        exchange: &mut Exchange,
        asker: &Asker,
        session: Option<Arc<Session>>,
        path: &str,
        target: &Target<'_>,
    ) -> pingora::Result<Reply> {
        let method = exchange.req_header().method.clone();
        let reads = matches!(method, Method::GET | Method::HEAD);
        metrics::counter!("poterne_requests_total", "decision" => "own-page").increment(1);
        Ok(match path {
            "/challenge" if reads => {
                let shown = Shown::of(target);
                self.show_challenge(exchange, asker, session, shown).await
            }
            "/blocked" if reads => self.show_block(exchange, asker, target).await,
            "/not-me" if reads => self.show_alarm(exchange, asker, target).await,
            "/not-me" if method == Method::POST => self.report(exchange, asker, session).await?,
            "/account" => self.account(exchange, asker, session, "", target).await?,
            "/challenge" | "/challenge/resend" | "/challenge/cancel" | "/logout" if method == Method::POST => {
                let form = match self.own_form(exchange, asker).await? {
                    Ok(form) => form,
                    Err(reply) => return Ok(reply),
                };
                let Some(session) = session else {
                    return Ok(self.say(exchange, asker, None, &Page::ExplainChallenge));
                };
                let token = form.value("token").ok().flatten().unwrap_or_default();
                if !self.flows.keys.form_token_matches(session.id, token) {
                    return Ok(self.refuse(exchange, asker, RefusalKind::FormFromElsewhere));
                }
                match path {
                    "/challenge" => self.take_code(exchange, asker, session, target, &form).await,
                    "/challenge/resend" => self.send_again(exchange, asker, session).await,
                    "/challenge/cancel" => self.end(exchange, asker, &session, &Page::Cancelled).await,
                    _ => self.end(exchange, asker, &session, &Page::LoggedOut).await,
                }
            }
            "/challenge" | "/challenge/resend" | "/challenge/cancel" | "/logout" | "/blocked" | "/not-me" => {
                self.refuse(exchange, asker, RefusalKind::MethodNotAllowed)
            }
            _ if path.starts_with("/account/") => {
                let rest = path.strip_prefix("/account").unwrap_or_default();
                self.account(exchange, asker, session, rest, target).await?
            }
            _ => match path.strip_prefix("/static/").and_then(|name| self.pages.asset(name)) {
                Some(asset) if reads => Reply::asset(asset),
                Some(_) => self.refuse(exchange, asker, RefusalKind::MethodNotAllowed),
                None => self.refuse(exchange, asker, RefusalKind::NotFound),
            },
        })
    }

    /// One of the gate's own forms: posted by its own page, short, and of the one type there is.
    pub(super) async fn own_form(
        &self,
        exchange: &mut Exchange,
        asker: &Asker,
    ) -> pingora::Result<Result<Form, Reply>> {
        if from_elsewhere(&exchange.req_header().headers) {
            return Ok(Err(self.refuse(exchange, asker, RefusalKind::FormFromElsewhere)));
        }
        let content_type = exchange.req_header().headers.get(CONTENT_TYPE).cloned();
        let body = match read_whole(exchange, FORM_LIMIT).await? {
            Body::Whole(body) => body,
            Body::TooLong => return Ok(Err(self.refuse(exchange, asker, RefusalKind::BodyTooLarge))),
            Body::Missing => return Ok(Err(self.refuse(exchange, asker, RefusalKind::SlowRequest))),
        };
        Ok(Form::parse(content_type.as_ref().map(HeaderValue::as_bytes), &body)
            .map_err(|_| self.refuse(exchange, asker, RefusalKind::BadRequest)))
    }

    pub(super) fn asking(&self, exchange: &Exchange, asker: &Asker, session: Arc<Session>) -> Asking {
        Asking {
            session,
            network: asker.network,
            browser: request::browser(&exchange.req_header().headers),
            language: self.language_of(exchange, asker),
            reference: request::reference(),
        }
    }

    async fn show_challenge(
        &self,
        exchange: &Exchange,
        asker: &Asker,
        session: Option<Arc<Session>>,
        shown: Shown,
    ) -> Reply {
        let Some(session) = session else {
            return self.say(exchange, asker, None, &Page::ExplainChallenge);
        };
        if session.is_cleared() && session.network == asker.network {
            return Reply::redirect(&self.flows.profile.landing);
        }
        let asking = self.asking(exchange, asker, session);
        let asker = &self.in_chosen_language(asker, &asking.session).await;
        let page = match self.flows.challenge(&asking).await {
            Ok(Challenge::Waiting { waiting, .. }) if waiting.asks != Asks::Mail => {
                self.factor_page(&asking.session, waiting, shown)
            }
            Ok(Challenge::Waiting { waiting, mail }) => self.code_page(&asking.session, waiting, mail, shown.after),
            Ok(Challenge::Expired) => Page::CodeExpired,
            Ok(Challenge::Blocked(block)) => return self.blocked_out(exchange, asker, &asking.session, block),
            // Cleared meanwhile, in another tab.
            Ok(Challenge::NotWanted) if asking.session.is_cleared() => {
                return Reply::redirect(&self.flows.profile.landing);
            }
            Ok(Challenge::NotWanted) => Page::ExplainChallenge,
            Err(error) => {
                warn!(%error, "a code page could not be shown");
                Page::StoreUnavailable { reference: asking.reference }
            }
        };
        self.say(exchange, asker, Some(&asking.session), &page)
    }

    fn code_page(
        &self,
        session: &Session,
        waiting: WaitingChallenge,
        mail: Option<crate::flow::ports::MailStatus>,
        after: Option<After>,
    ) -> Page {
        let newest_sent_at = waiting.newest.map(|newest| newest.sent_at);
        Page::Code(CodePage {
            token: self.flows.keys.form_token(session.id),
            account: waiting.account.to_string(),
            addresses: waiting.addresses.iter().map(crate::model::EmailAddress::masked).collect(),
            reason: reason_of(session),
            code: waiting.newest.zip(mail).map(|(newest, mail)| CodeLine {
                sent_at: newest.sent_at,
                expires_at: newest.expires_at,
                mail,
            }),
            tries_left: waiting.tries_left,
            next_mail_at: waiting.next_mail_at,
            ends_at: waiting.ends_at,
            notice: after.and_then(|after| after.notice(newest_sent_at)),
        })
    }

    /// The form for a code of the app, or a backup code.
    fn factor_page(&self, session: &Session, waiting: WaitingChallenge, shown: Shown) -> Page {
        Page::Factor(FactorPage {
            token: self.flows.keys.form_token(session.id),
            account: waiting.account.to_string(),
            reason: reason_of(session),
            backup: shown.backup,
            backup_left: waiting.backup_left,
            tries_left: waiting.tries_left,
            ends_at: waiting.ends_at,
            mail_follows: waiting.asks == Asks::FactorThenMail,
            remember_for: self.flows.policy.factors.remember_for,
            notice: shown.after.and_then(After::factor_notice),
        })
    }

    async fn take_code(
        &self,
        exchange: &Exchange,
        asker: &Asker,
        session: Arc<Session>,
        target: &Target<'_>,
        form: &Form,
    ) -> Reply {
        let field = |name: &str| form.value(name).ok().flatten().unwrap_or_default();
        let remember = !field("remember").is_empty();
        let backup = Shown::of(target).backup || !field("backup").is_empty() || field("with") == "backup";
        let asking = self.asking(exchange, asker, session);
        let after = match self.flows.answer(&asking, field("code"), remember).await {
            Ok(Verified::Released(released)) => return self.released(asker, *released),
            Ok(Verified::MailNext { remembered }) => {
                let reply = self.to_challenge(exchange, asker, asking.session, Shown::default()).await;
                return self.remembering(reply, asker, remembered.as_ref());
            }
            Ok(Verified::Blocked(block)) => return self.blocked_out(exchange, asker, &asking.session, block),
            Ok(Verified::Expired) if asking.session.is_cleared() => After::Expired,
            Ok(Verified::Expired) => {
                return self.say(exchange, asker, Some(&asking.session), &Page::CodeExpired);
            }
            Ok(Verified::NotWanted) => {
                return self.show_challenge(exchange, asker, Some(asking.session), Shown::default()).await;
            }
            Ok(Verified::NotDigits) => After::NotDigits,
            Ok(Verified::NotAFactor(not)) => After::of_no_factor(not, backup),
            Ok(Verified::ClockOff { seconds }) => After::ClockOff(seconds),
            Ok(Verified::Wrong { .. }) => After::Wrong,
            Ok(Verified::Superseded { .. }) => After::Superseded,
            Err(error) => {
                warn!(%error, "a code could not be judged");
                let page = Page::StoreUnavailable { reference: asking.reference };
                return self.say(exchange, asker, Some(&asking.session), &page);
            }
        };
        self.to_challenge(exchange, asker, asking.session, Shown { after: Some(after), backup }).await
    }

    /// Shows the challenge again. A browser is sent there, so that loading the page once more
    /// doesn't type the same wrong code again.
    async fn to_challenge(&self, exchange: &Exchange, asker: &Asker, session: Arc<Session>, shown: Shown) -> Reply {
        match request::caller(&exchange.req_header().headers) {
            Caller::Navigation => Reply::redirect(&format!("{}/challenge{}", self.settings.prefix, shown.query())),
            Caller::Script => {
                // It may go on under another state.
                let session = self.flows.sessions.lookup(&session.token, self.flows.now()).unwrap_or(session);
                self.show_challenge(exchange, asker, Some(session), shown).await
            }
        }
    }

    /// The same asker, in the language that the account's owner chose.
    pub(super) async fn in_chosen_language(&self, asker: &Asker, session: &Session) -> Asker {
        Asker { chosen: self.flows.chosen_language(&session.account).await, ..*asker }
    }

    async fn send_again(&self, exchange: &Exchange, asker: &Asker, session: Arc<Session>) -> Reply {
        let asking = self.asking(exchange, asker, session);
        let after = match self.flows.resend(&asking).await {
            Ok(CodeGrant::Granted { .. }) => After::Resent,
            Ok(CodeGrant::NotBefore { .. }) => After::NotYet,
            Ok(CodeGrant::Blocked(block)) => return self.blocked_out(exchange, asker, &asking.session, block),
            Ok(CodeGrant::NoAddress | CodeGrant::NotWanted) => {
                return self.show_challenge(exchange, asker, Some(asking.session), Shown::default()).await;
            }
            Err(error) => {
                warn!(%error, "a code could not be sent again");
                let page = Page::StoreUnavailable { reference: asking.reference };
                return self.say(exchange, asker, Some(&asking.session), &page);
            }
        };
        self.to_challenge(exchange, asker, asking.session, Shown { after: Some(after), backup: false }).await
    }

    pub(super) async fn end(&self, exchange: &Exchange, asker: &Asker, session: &Session, page: &Page) -> Reply {
        let reply = match self.flows.end(session).await {
            Ok(()) => self.say(exchange, asker, None, page),
            Err(error) => {
                warn!(%error, "a session's end could not be written");
                let page = Page::StoreUnavailable { reference: request::reference() };
                self.say(exchange, asker, None, &page)
            }
        };
        without_gate_cookie(reply, asker)
    }

    /// A block's page. A pending session ends with it, so that somebody else at the same computer
    /// can log in; a cleared one goes on where it's known.
    pub(super) fn blocked_out(&self, exchange: &Exchange, asker: &Asker, session: &Session, block: Block) -> Reply {
        let page = Page::Blocked(BlockedPage { account: Some(session.account.to_string()), block });
        let reply = self.say(exchange, asker, Some(session), &page);
        if session.is_cleared() { reply } else { without_gate_cookie(reply, asker) }
    }

    /// `/blocked?reference=…`: the page of a block once more, for who wrote its reference down.
    async fn show_block(&self, exchange: &Exchange, asker: &Asker, target: &Target<'_>) -> Reply {
        let typed = target.query().and_then(|query| query.strip_prefix("reference=")).unwrap_or_default();
        let Ok(reference) = Reference::parse(typed) else {
            return self.refuse(exchange, asker, RefusalKind::NotFound);
        };
        match self.flows.block_by_reference(reference).await {
            Ok(Some(block)) => {
                let page = Page::Blocked(BlockedPage { account: None, block });
                Reply::page(self.pages.render(&page, self.language(exchange), self.flows.now()))
            }
            Ok(None) => self.refuse(exchange, asker, RefusalKind::NotFound),
            Err(error) => {
                warn!(%error, "a block could not be looked up");
                let page = Page::StoreUnavailable { reference: request::reference() };
                self.say(exchange, asker, None, &page)
            }
        }
    }
}

const fn reason_of(session: &Session) -> CodeReason {
    match session.state {
        SessionState::Cleared => CodeReason::NetworkChanged,
        SessionState::Pending { .. } => CodeReason::NewNetwork,
    }
}

pub(super) fn without_gate_cookie(reply: Reply, asker: &Asker) -> Reply {
    match asker.route.no_gate_cookie() {
        Some(line) => reply.with_cookie(line),
        None => reply,
    }
}

/// Whether a post comes from another site's page, as far as the browser says: a second wall behind
/// the form's token and the cookie's `SameSite`.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match (headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()), request::host(headers)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_none_or(|(_, origin)| !origin.eq_ignore_ascii_case(host))
        }
        (None, _) => false,
        (Some(_), None) => true,
    }
}
