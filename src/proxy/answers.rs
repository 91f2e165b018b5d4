//! Every refusal and every break-off, and the page it becomes: who reads this sees all that a user
//! can meet.

use pingora::proxy::Session as Exchange;
use pingora::{Error, ErrorSource, ErrorType};
use tracing::warn;

use super::asker::Asker;
use super::reply::Reply;
use super::request;
use super::service::{Course, Fault, GateProxy};
use crate::flow::ports::RefusalRecord;
use crate::gate::decide::{Caller, Denial, Request, Standing};
use crate::limit::Block;
use crate::model::Reference;
use crate::page::{BlockedPage, Elsewhere, LogOutFirst, Page, Refusal, RefusalKind};
use crate::state::Session;

impl GateProxy {
    /// A page of the gate's own, or a problem for a script; recorded if it's a refusal.
    pub(super) fn say(&self, exchange: &Exchange, asker: &Asker, session: Option<&Session>, page: &Page) -> Reply {
        let now = self.flows.now();
        if let Some(reference) = page.reference() {
            let header = exchange.req_header();
            self.refusals.record(RefusalRecord {
                reference,
                at: now,
                reason: page.slug().to_owned(),
                status: page.status().as_u16(),
                account: session.map(|session| session.account.clone()),
                network: asker.network,
                request: format!("{} {}", header.method, header.uri.path().chars().take(200).collect::<String>()),
                until: page.retry_at(),
            });
        }
        let language = self.language_of(exchange, asker);
        Reply::page(match request::caller(&exchange.req_header().headers) {
            Caller::Navigation => self.pages.render(page, language, now),
            Caller::Script => self.pages.problem(page, language, now),
        })
    }

    pub(super) fn refuse(&self, exchange: &Exchange, asker: &Asker, kind: RefusalKind) -> Reply {
        let refusal = Refusal { kind, reference: request::reference(), retry_at: None };
        self.say(exchange, asker, None, &Page::Refused(refusal))
    }

    pub(super) fn deny(
        &self,
        exchange: &Exchange,
        course: &Course,
        asker: &Asker,
        request: Request<'_>,
        denial: Denial,
    ) -> Reply {
        metrics::counter!("poterne_requests_total", "decision" => denial.as_str()).increment(1);
        let session = course.session().map(AsRef::as_ref);
        let reference = request::reference();
        let first = match request.standing {
            Standing::Pending | Standing::Elsewhere => Elsewhere::EnterCode,
            Standing::Anonymous | Standing::Cleared => Elsewhere::LogIn,
        };
        let page = match (denial, request::caller(&exchange.req_header().headers)) {
            (Denial::LogIn, Caller::Navigation) => {
                let wanted = request::encoded(request.target.raw());
                return Reply::redirect(&self.flows.profile.login_page.replace("{target}", &wanted));
            }
            (Denial::Challenge, Caller::Navigation) => {
                return Reply::redirect(&format!("{}/challenge", self.settings.prefix));
            }
            (Denial::LogIn | Denial::Challenge | Denial::Unsent, _) => Page::ConfirmElsewhere { first, reference },
            (Denial::ClosedDoor, _) => {
                Page::Refused(Refusal { kind: RefusalKind::ClosedDoor, reference, retry_at: None })
            }
            (Denial::LogOutFirst, _) => self.log_out_first(session, reference),
            (Denial::AmbiguousForm, _) => {
                Page::Refused(Refusal { kind: RefusalKind::BadRequest, reference, retry_at: None })
            }
            (Denial::FormOnly, _) => Page::Refused(Refusal { kind: RefusalKind::FormOnly, reference, retry_at: None }),
            (Denial::TooLarge, _) => {
                Page::Refused(Refusal { kind: RefusalKind::BodyTooLarge, reference, retry_at: None })
            }
        };
        self.say(exchange, asker, session, &page)
    }

    pub(super) fn log_out_first(&self, session: Option<&Session>, reference: Reference) -> Page {
        match session {
            Some(session) => Page::LogOutFirst(LogOutFirst {
                token: self.flows.keys.form_token(session.id),
                account: session.account.to_string(),
                reference,
            }),
            None => Page::Refused(Refusal { kind: RefusalKind::ClosedDoor, reference, retry_at: None }),
        }
    }

    /// The page for a request that broke off, if one can still be shown.
    pub(super) fn page_for(&self, course: &Course, error: &Error) -> Option<Page> {
        let reference = request::reference();
        let refused = |kind| Some(Page::Refused(Refusal { kind, reference, retry_at: None }));
        match course.fault {
            Some(Fault::Withheld) => return Some(Page::StartAgain { reference }),
            Some(Fault::EndedBefore) => return Some(Page::ConfirmElsewhere { first: Elsewhere::LogIn, reference }),
            Some(Fault::EndedMeanwhile) => {
                return Some(Page::ConfirmElsewhere { first: Elsewhere::LogInAndLook, reference });
            }
            Some(Fault::Credentials) => {
                return Some(self.log_out_first(course.session().map(AsRef::as_ref), reference));
            }
            Some(Fault::Store) => return Some(Page::StoreUnavailable { reference }),
            None => {}
        }
        if super::front::refused_body(error).is_some() {
            return refused(RefusalKind::BadRequest);
        }
        if super::front::too_slow(error) {
            return refused(RefusalKind::SlowRequest);
        }
        let timed_out =
            matches!(error.etype(), ErrorType::ReadTimedout | ErrorType::WriteTimedout | ErrorType::ConnectTimedout);
        match error.esource() {
            ErrorSource::Upstream => {
                let kind = if timed_out { "slow" } else { "down" };
                metrics::counter!("poterne_panel_errors_total", "kind" => kind).increment(1);
                warn!(%reference, error = %error.etype().as_str(), "the panel didn't answer");
                Some(if timed_out { Page::PanelSlow { reference } } else { Page::PanelDown { reference } })
            }
            ErrorSource::Downstream => match error.etype() {
                ErrorType::WriteError
                | ErrorType::ReadError
                | ErrorType::ConnectionClosed
                | ErrorType::WriteTimedout => None,
                ErrorType::ReadTimedout => refused(RefusalKind::SlowRequest),
                _ => refused(RefusalKind::BadRequest),
            },
            ErrorSource::Internal | ErrorSource::Unset => {
                warn!(%reference, error = %error.etype().as_str(), "a fault of the gate's own");
                refused(RefusalKind::Internal)
            }
        }
    }

    /// A block's page. It ends the gate's cookie, so that somebody else can log in.
    pub(super) fn blocked(&self, account: Option<String>, block: Block) -> Page {
        Page::Blocked(BlockedPage { account, block })
    }
}
