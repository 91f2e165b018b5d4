//! The account's own page and what can be done there, under `{prefix}/account`; and `{prefix}/not-me`.

mod confirming;
mod enrolment;
mod off;
mod report;

use std::sync::Arc;

use http::Method;
use pingora::proxy::Session as Exchange;
use tracing::warn;

use super::after::{After, parameter};
use super::asker::Asker;
use super::endpoints::without_gate_cookie;
use super::reply::Reply;
use super::request;
use super::service::GateProxy;
use crate::flow::account::{Factor, NotOpen, Overview, SteppedUp, SteppingUp, TurnedOff, Wanted};
use crate::flow::ports::StoreFailed;
use crate::flow::ports::account::{ADDED_ADDRESSES_MAX, STEP_UP_TRIES};
use crate::gate::decide::{Caller, Standing};
use crate::gate::target::Target;
use crate::login::Form;
use crate::model::{Language, Network, SessionId};
use crate::page::{
    AccountDone, AccountPage, AddressLine, DeviceLine, Elsewhere, EventLine, NetworkLine, OpenSessionLine, Page,
    RefusalKind, StepUpPage,
};
use crate::state::Session;

/// Paths below `/account` that only take posts. Who loads one again comes from a page that a post led
/// to: on to the account's page.
const POST_ONLY: [&str; 13] = [
    "/enrol/confirm",
    "/enrol/resend",
    "/codes/confirm",
    "/codes/resend",
    "/codes/download",
    "/off/confirm",
    "/networks/forget",
    "/sessions/end",
    "/sessions/end-others",
    "/browsers/forget",
    "/addresses/resend",
    "/addresses/remove",
    "/language",
];

/// A form of the gate's own, read field by field.
struct Posted(Form);

impl Posted {
    fn text(&self, name: &str) -> &str {
        self.0.value(name).ok().flatten().unwrap_or_default()
    }

    fn bytes(&self, name: &str) -> &[u8] {
        self.0.bytes(name).ok().flatten().unwrap_or_default()
    }
}

/// Who is at the account's page.
struct Visit<'a> {
    exchange: &'a Exchange,
    asker: Asker,
    session: Arc<Session>,
    target: &'a Target<'a>,
}

impl GateProxy {
    /// Answers a request for the account's page or below; `path` is what follows `/account`.
    pub(super) async fn account(
        &self,
        exchange: &mut Exchange,
        asker: &Asker,
        session: Option<Arc<Session>>,
        path: &str,
        target: &Target<'_>,
    ) -> pingora::Result<Reply> {
        let method = exchange.req_header().method.clone();
        let reads = matches!(method, Method::GET | Method::HEAD);
        let read_too =
            matches!(path, "" | "/step-up" | "/enrol" | "/codes" | "/off" | "/addresses" | "/addresses/confirm");
        if !read_too && !POST_ONLY.contains(&path) {
            return Ok(self.refuse(exchange, asker, RefusalKind::NotFound));
        }
        if !reads && (method != Method::POST || path.is_empty()) {
            return Ok(self.refuse(exchange, asker, RefusalKind::MethodNotAllowed));
        }
        let session = match self.inside(exchange, asker, session, reads).await {
            Ok(session) => session,
            Err(reply) => return Ok(reply),
        };
        let asker = self.in_chosen_language(asker, &session).await;
        if reads {
            let visit = Visit { exchange, asker, session, target };
            return Ok(match path {
                "" => self.show_account(&visit).await,
                "/step-up" => self.show_step_up(&visit).await,
                "/enrol" => self.show_enrolment(&visit).await,
                "/codes" => self.show_waiting(&visit, Factor::BackupCodes.into()).await,
                "/off" => self.show_turn_off(&visit).await,
                "/addresses/confirm" => self.show_waiting(&visit, Wanted::Address).await,
                _ => self.done(None),
            });
        }
        let form = match self.own_form(exchange, &asker).await? {
            Ok(form) => Posted(form),
            Err(reply) => return Ok(reply),
        };
        if !self.flows.keys.form_token_matches(session.id, form.text("token")) {
            return Ok(self.refuse(exchange, &asker, RefusalKind::FormFromElsewhere));
        }
        let visit = Visit { exchange, asker, session, target };
        Ok(match path {
            "/step-up" => self.step_up(&visit, &form).await,
            // Nothing is changed by it: its page was shown to this very session.
            "/codes/download" => self.download_codes(&visit, &form),
            _ => match self.flows.stepped_up(self.asking(exchange, &asker, Arc::clone(&visit.session))).await {
                Ok(by) => self.change(&visit, &by, path, &form).await,
                Err(not) => self.not_open(&visit, not),
            },
        })
    }

    /// The cleared session of whoever asks, on a network where it's good.
    async fn inside(
        &self,
        exchange: &Exchange,
        asker: &Asker,
        session: Option<Arc<Session>>,
        reads: bool,
    ) -> Result<Arc<Session>, Reply> {
        let reference = request::reference();
        match self.standing(session, asker.network).await {
            Ok((Standing::Cleared, Some(session))) => {
                self.flows.sessions.touch(&session, self.flows.now());
                Ok(session)
            }
            Ok((Standing::Pending | Standing::Elsewhere, Some(_)))
                if reads && request::caller(&exchange.req_header().headers) == Caller::Navigation =>
            {
                Err(Reply::redirect(&format!("{}/challenge", self.settings.prefix)))
            }
            Ok((Standing::Pending | Standing::Elsewhere, Some(session))) => {
                let page = Page::ConfirmElsewhere { first: Elsewhere::EnterCode, reference };
                Err(self.say(exchange, asker, Some(&session), &page))
            }
            Ok(_) => Err(self.say(exchange, asker, None, &Page::AccountNeedsLogin)),
            Err(_) => Err(self.say(exchange, asker, None, &Page::ChangeNotMade { reference })),
        }
    }

    /// Every change: the password was typed again.
    async fn change(&self, visit: &Visit<'_>, by: &SteppedUp, path: &str, form: &Posted) -> Reply {
        let flows = &self.flows;
        let told = match path {
            "/enrol" => return self.enrol(visit, by, form).await,
            "/enrol/confirm" => return self.confirm(visit, by, form, Factor::Device.into()).await,
            "/enrol/resend" => return self.resend(visit, by, Factor::Device.into()).await,
            "/addresses" => return self.send_confirmation(visit, flows.add_address(by, form.text("address")).await),
            "/addresses/confirm" => return self.confirm(visit, by, form, Wanted::Address).await,
            "/addresses/resend" => return self.resend(visit, by, Wanted::Address).await,
            "/codes" => return self.renew_codes(visit, by).await,
            "/codes/confirm" => return self.confirm(visit, by, form, Factor::BackupCodes.into()).await,
            "/codes/resend" => return self.resend(visit, by, Factor::BackupCodes.into()).await,
            "/off" => return self.begin_turn_off(visit, by, form).await,
            "/off/confirm" => flows.turn_off(by, form.text("ticket")).await.map(|turned| match turned {
                TurnedOff::Everything => AccountDone::TurnedOff,
                TurnedOff::Device => AccountDone::DeviceRemoved,
                TurnedOff::Again => AccountDone::Gone,
            }),
            "/networks/forget" => match Network::parse(form.text("network")) {
                Some(network) => {
                    flows.forget_network(by, network).await.map(|done| or_gone(done, AccountDone::NetworkForgotten))
                }
                None => Ok(AccountDone::Gone),
            },
            "/sessions/end" => match SessionId::of_text(form.text("session")) {
                Some(id) if id == visit.session.id => {
                    return self.end(visit.exchange, &visit.asker, &visit.session, &Page::LoggedOut).await;
                }
                Some(id) => flows.end_one(by, id).await.map(|done| or_gone(done, AccountDone::SessionEnded)),
                None => Ok(AccountDone::Gone),
            },
            "/sessions/end-others" => flows.end_others(by).await.map(|()| AccountDone::OthersEnded),
            "/browsers/forget" => flows.forget_browsers(by).await.map(|()| AccountDone::BrowsersForgotten),
            "/addresses/remove" => {
                flows.remove_address(by, form.text("id")).await.map(|done| or_gone(done, AccountDone::AddressRemoved))
            }
            "/language" => match Language::of_tag(form.text("language")) {
                Some(language) => {
                    flows.choose_language(by, language).await.map(|done| or_gone(done, AccountDone::LanguageChanged))
                }
                None => Ok(AccountDone::Gone),
            },
            _ => return self.refuse(visit.exchange, &visit.asker, RefusalKind::NotFound),
        };
        match told {
            Ok(done) => self.done(Some(done)),
            Err(error) => self.store_failed(visit, &error),
        }
    }

    /// Back to the account's page, which says what was done.
    fn done(&self, done: Option<AccountDone>) -> Reply {
        let query = done.map(|done| format!("?done={}", done.slug())).unwrap_or_default();
        Reply::redirect(&format!("{}/account{query}", self.settings.prefix))
    }

    /// A page of these, for scripts too: there's nothing a script could do with less.
    fn show(&self, visit: &Visit<'_>, page: &Page) -> Reply {
        if page.reference().is_some() {
            return self.say(visit.exchange, &visit.asker, Some(&visit.session), page);
        }
        let language = self.language_of(visit.exchange, &visit.asker);
        Reply::page(self.pages.render(page, language, self.flows.now()))
    }

    fn store_failed(&self, visit: &Visit<'_>, error: &StoreFailed) -> Reply {
        let reference = request::reference();
        warn!(%error, %reference, "an account's page could not be shown, or a change not be made");
        self.show(visit, &Page::ChangeNotMade { reference })
    }

    fn not_open(&self, visit: &Visit<'_>, not: NotOpen) -> Reply {
        match not {
            NotOpen::StepUp { has_password, .. } => self.show(visit, &self.step_up_page(visit, has_password, None)),
            NotOpen::Gone => self.gone(visit),
            NotOpen::Store(error) => self.store_failed(visit, &error),
        }
    }

    /// The session ended meanwhile.
    fn gone(&self, visit: &Visit<'_>) -> Reply {
        self.flows.sessions.remove(&visit.session);
        let reply = self.say(visit.exchange, &visit.asker, None, &Page::AccountNeedsLogin);
        without_gate_cookie(reply, &visit.asker)
    }

    /// The session was ended by what was typed in it.
    fn session_over(&self, visit: &Visit<'_>) -> Reply {
        let reply = self.show(visit, &Page::StepUpOver { reference: request::reference() });
        without_gate_cookie(reply, &visit.asker)
    }

    fn token(&self, visit: &Visit<'_>) -> String {
        self.flows.keys.form_token(visit.session.id)
    }

    // ── the page ──

    async fn show_account(&self, visit: &Visit<'_>) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        match self.flows.overview(&asking).await {
            Ok(Some(overview)) => self.show(visit, &self.account_page(visit, overview)),
            Ok(None) => self.gone(visit),
            Err(error) => self.store_failed(visit, &error),
        }
    }

    fn account_page(&self, visit: &Visit<'_>, overview: Overview) -> Page {
        let open_until = overview.open_until();
        let Overview { account, session, on_record, now: _ } = overview;
        let added = &account.choices.added_addresses;
        let record_lines = on_record.iter().flatten().map(|address| AddressLine { masked: address.masked(), id: None });
        let added_lines = added
            .iter()
            .map(|address| AddressLine { masked: address.masked(), id: Some(self.flows.keys.address_id(address)) });
        let addresses: Vec<AddressLine> = record_lines.chain(added_lines).collect();
        Page::Account(Box::new(AccountPage {
            token: self.token(visit),
            account: visit.session.account.to_string(),
            done: parameter(visit.target, "done").and_then(|slug| AccountDone::of_slug(&slug)),
            open_until,
            has_password: session.has_password,
            may_enrol: self.flows.policy.enrolment,
            devices: account
                .devices
                .into_iter()
                .map(|device| DeviceLine {
                    id: device.id.to_text(),
                    name: device.name,
                    added_at: device.added_at,
                    last_used_at: device.last_used_at,
                })
                .collect(),
            backup_left: account.backup_left,
            remembered_browsers: account.remembered_browsers,
            networks: account
                .networks
                .into_iter()
                .map(|known| NetworkLine {
                    network: known.network.to_string(),
                    since: known.since,
                    last_used_at: known.last_used_at,
                    current: known.network == visit.asker.network,
                })
                .collect(),
            sessions: account
                .sessions
                .into_iter()
                .map(|line| OpenSessionLine {
                    id: line.id.to_text(),
                    browser: line.browser,
                    network: line.network.to_string(),
                    created_at: line.created_at,
                    last_seen_at: line.last_seen_at,
                    current: line.id == visit.session.id,
                })
                .collect(),
            events: account
                .events
                .into_iter()
                .map(|event| EventLine {
                    kind: event.kind,
                    at: event.at,
                    network: event.network.to_string(),
                    browser: event.browser,
                    detail: event.detail,
                })
                .collect(),
            addresses_known: on_record.is_some(),
            may_add_address: on_record.is_some() && added.len() < ADDED_ADDRESSES_MAX && !addresses.is_empty(),
            addresses,
            language: account.choices.language,
            suspected_since: account.choices.suspected_since,
        }))
    }

    // ── step-up ──

    fn step_up_page(&self, visit: &Visit<'_>, has_password: bool, wrong: Option<u32>) -> Page {
        let account = visit.session.account.to_string();
        Page::StepUp(StepUpPage { token: self.token(visit), account, has_password, wrong })
    }

    async fn show_step_up(&self, visit: &Visit<'_>) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        let was_wrong = |tries_left: u32| {
            let said = parameter(visit.target, "after").and_then(|after| After::of_str(&after)) == Some(After::Wrong);
            (said && tries_left < STEP_UP_TRIES).then_some(tries_left)
        };
        match self.flows.stepped_up(asking).await {
            Ok(by) => match was_wrong(by.tries_left()) {
                wrong @ Some(_) => self.show(visit, &self.step_up_page(visit, true, wrong)),
                None => self.done(Some(AccountDone::SteppedUp)),
            },
            Err(NotOpen::StepUp { has_password, tries_left }) => {
                self.show(visit, &self.step_up_page(visit, has_password, was_wrong(tries_left)))
            }
            Err(not) => self.not_open(visit, not),
        }
    }

    async fn step_up(&self, visit: &Visit<'_>, form: &Posted) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        let place = format!("{}/account/step-up", self.settings.prefix);
        match self.flows.step_up(&asking, form.bytes("password")).await {
            Ok(SteppingUp::Open) => self.done(Some(AccountDone::SteppedUp)),
            // On to a page that can be loaded again without costing a try.
            Ok(SteppingUp::Wrong) => Reply::redirect(&format!("{place}?after={}", After::Wrong.to_text())),
            Ok(SteppingUp::Nothing | SteppingUp::NoPassword) => Reply::redirect(&place),
            Ok(SteppingUp::Over) => self.session_over(visit),
            Err(error) => self.store_failed(visit, &error),
        }
    }
}

const fn or_gone(done: bool, what: AccountDone) -> AccountDone {
    if done { what } else { AccountDone::Gone }
}
