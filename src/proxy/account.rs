//! The account's own page and what can be done there, under `{prefix}/account`; and `{prefix}/not-me`.

use std::sync::Arc;

use http::Method;
use pingora::proxy::Session as Exchange;
use tracing::warn;

use super::after::{After, parameter};
use super::endpoints::without_gate_cookie;
use super::qr;
use super::reply::Reply;
use super::request;
use super::service::{Asker, GateProxy};
use crate::flow::account::{
    Adding, AddressesFailed, AlarmLooked, Confirmed, Confirming, EnrolForm, EnrolStep, FreshCodes, NotOpen, OffStep,
    Overview, SteppedUp, SteppingUp, TurnedOff, What,
};
use crate::flow::ports::StoreFailed;
use crate::flow::ports::account::{ADDED_ADDRESSES_MAX, Alarm, Change};
use crate::gate::decide::{Caller, Standing};
use crate::gate::target::Target;
use crate::login::Form;
use crate::model::{DeviceId, EmailAddress, Language, Network, SessionId};
use crate::page::{
    AccountDone, AccountPage, AddressLine, BackupCodesPage, BlockedPage, ConfirmChange, ConfirmNotice, ConfirmPage,
    DeviceLine, Elsewhere, EnrolNotice, EnrolPage, EventLine, NetworkLine, NotMeDonePage, NotMePage, OpenSessionLine,
    Page, RefusalKind, StepUpPage, TurnOff, TurnOffConfirmPage, TurnOffPage,
};
use crate::state::Session;

/// Paths below `/account` that only take posts. Who loads one again comes from a page that a post led
/// to: on to the account's page.
const POST_ONLY: [&str; 12] = [
    "/enrol/confirm",
    "/enrol/resend",
    "/codes",
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
        let read_too = matches!(path, "" | "/step-up" | "/enrol" | "/off" | "/addresses" | "/addresses/confirm");
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
                "/off" => self.show_turn_off(&visit).await,
                "/addresses/confirm" => self.show_address(&visit).await,
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
            Ok((Standing::Pending | Standing::Elsewhere, Some(_))) if reads && asker.caller == Caller::Navigation => {
                Err(Reply::redirect(&format!("{}/challenge", self.settings.prefix)))
            }
            Ok((Standing::Pending | Standing::Elsewhere, Some(session))) => {
                let page = Page::ConfirmElsewhere { first: Elsewhere::EnterCode, reference };
                Err(self.say(exchange, asker, Some(&session), &page))
            }
            Ok(_) => Err(self.say(exchange, asker, None, &Page::AccountNeedsLogin)),
            Err(_) => Err(self.say(exchange, asker, None, &Page::StoreUnavailable { reference })),
        }
    }

    /// Every change: the password was typed again.
    async fn change(&self, visit: &Visit<'_>, by: &SteppedUp, path: &str, form: &Posted) -> Reply {
        let flows = &self.flows;
        let told = match path {
            "/enrol" => return self.enrol(visit, by, form).await,
            "/enrol/confirm" => return self.confirm(visit, by, form, true).await,
            "/enrol/resend" => return self.send_confirmation(visit, flows.resend_confirmation(by, true).await),
            "/addresses" => return self.send_confirmation(visit, flows.add_address(by, form.text("address")).await),
            "/addresses/confirm" => return self.confirm(visit, by, form, false).await,
            "/addresses/resend" => {
                return self.send_confirmation(visit, flows.resend_confirmation(by, false).await);
            }
            "/codes" => match flows.renew_codes(by).await {
                Ok(Some(codes)) => return self.show(visit, &self.codes_page(visit, codes, None)),
                Ok(None) => Ok(AccountDone::NoDevice),
                Err(error) => Err(error),
            },
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
        match page.reference() {
            Some(_) => self.say(visit.exchange, &visit.asker, Some(&visit.session), page),
            None => Reply::page(self.pages.render(page, visit.asker.language, self.flows.now())),
        }
    }

    fn store_failed(&self, visit: &Visit<'_>, error: &StoreFailed) -> Reply {
        warn!(%error, "a change of an account could not be made");
        self.show(visit, &Page::StoreUnavailable { reference: request::reference() })
    }

    fn not_open(&self, visit: &Visit<'_>, not: NotOpen) -> Reply {
        match not {
            NotOpen::StepUp { has_password } => self.show(visit, &self.step_up_page(visit, has_password, None)),
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
            may_add_address: added.len() < ADDED_ADDRESSES_MAX && !addresses.is_empty(),
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
        match self.flows.stepped_up(asking).await {
            Ok(_) => self.done(Some(AccountDone::SteppedUp)),
            Err(not) => self.not_open(visit, not),
        }
    }

    async fn step_up(&self, visit: &Visit<'_>, form: &Posted) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        match self.flows.step_up(&asking, form.bytes("password")).await {
            Ok(SteppingUp::Open) => self.done(Some(AccountDone::SteppedUp)),
            Ok(SteppingUp::Nothing) => self.show(visit, &self.step_up_page(visit, true, None)),
            Ok(SteppingUp::Wrong { tries_left }) => self.show(visit, &self.step_up_page(visit, true, Some(tries_left))),
            Ok(SteppingUp::NoPassword) => self.show(visit, &self.step_up_page(visit, false, None)),
            Ok(SteppingUp::Over) => self.session_over(visit),
            Err(error) => self.store_failed(visit, &error),
        }
    }

    // ── enrolment ──

    async fn show_enrolment(&self, visit: &Visit<'_>) -> Reply {
        if !self.flows.policy.enrolment {
            return self.refuse(visit.exchange, &visit.asker, RefusalKind::NotFound);
        }
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        let by = match self.flows.stepped_up(asking).await {
            Ok(by) => by,
            Err(not) => return self.not_open(visit, not),
        };
        match self.flows.begin_enrolment(&by).await {
            Ok(step) => self.enrolment(visit, &by, step, String::new()).await,
            Err(error) => self.store_failed(visit, &error),
        }
    }

    async fn enrol(&self, visit: &Visit<'_>, by: &SteppedUp, form: &Posted) -> Reply {
        if !self.flows.policy.enrolment {
            return self.refuse(visit.exchange, &visit.asker, RefusalKind::NotFound);
        }
        let name = form.text("name");
        match self.flows.confirm_enrolment(by, form.text("enrolment"), name, form.text("code")).await {
            Ok(step) => self.enrolment(visit, by, step, name.to_owned()).await,
            Err(error) => self.store_failed(visit, &error),
        }
    }

    async fn enrolment(&self, visit: &Visit<'_>, by: &SteppedUp, step: EnrolStep, name: String) -> Reply {
        let (form, notice) = match step {
            EnrolStep::MailFirst => {
                let confirming = self.flows.confirming_enrolment(by).await;
                return self.show_confirmation(visit, confirming);
            }
            EnrolStep::TooMany => return self.done(Some(AccountDone::TooManyDevices)),
            EnrolStep::Added => return self.done(Some(AccountDone::DeviceAdded)),
            EnrolStep::First { name, codes } => return self.show(visit, &self.codes_page(visit, codes, Some(name))),
            EnrolStep::Form(form) => (form, None),
            EnrolStep::Wrong(form) => (form, Some(EnrolNotice::Wrong)),
            EnrolStep::ClockOff { form, seconds } => (form, Some(EnrolNotice::ClockOff { seconds })),
            EnrolStep::NotDigits(form) => (form, Some(EnrolNotice::NotDigits)),
            EnrolStep::Fresh(form) => (form, Some(EnrolNotice::Fresh)),
            EnrolStep::ChangedMeanwhile(form) => (form, Some(EnrolNotice::ChangedMeanwhile)),
        };
        let EnrolForm { account, issuer, secret, link, sealed, first, ends_at } = *form;
        self.show(
            visit,
            &Page::Enrol(Box::new(EnrolPage {
                token: self.token(visit),
                account,
                issuer,
                qr: qr::svg(&link),
                secret,
                link,
                enrolment: sealed,
                name,
                first,
                ends_at,
                notice,
            })),
        )
    }

    fn codes_page(&self, visit: &Visit<'_>, codes: FreshCodes, enrolled: Option<String>) -> Page {
        let FreshCodes { codes, sealed, made_at } = codes;
        let account = visit.session.account.to_string();
        Page::BackupCodes(BackupCodesPage { token: self.token(visit), account, codes, sealed, enrolled, made_at })
    }

    fn download_codes(&self, visit: &Visit<'_>, form: &Posted) -> Reply {
        let Some((made_at, codes)) = self.flows.codes_shown(visit.session.id, form.text("sealed")) else {
            return self.done(Some(AccountDone::Gone));
        };
        let date = jiff::Timestamp::from_millisecond(made_at.as_millis())
            .map(|at| at.strftime("%Y-%m-%d").to_string())
            .unwrap_or_default();
        let head = format!("{}\r\n{}\r\n{date}\r\n\r\n", self.flows.policy.issuer, visit.session.account);
        let lines: String = codes.iter().map(|code| format!("{code}\r\n")).collect();
        Reply::download("backup-codes.txt", head + &lines)
    }

    // ── mailed codes ──

    async fn show_address(&self, visit: &Visit<'_>) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        match self.flows.stepped_up(asking).await {
            Ok(by) => {
                let confirming = self.flows.confirming_address(&by).await;
                self.show_confirmation(visit, confirming)
            }
            Err(not) => self.not_open(visit, not),
        }
    }

    /// Codes were asked for: on to their page.
    fn send_confirmation(&self, visit: &Visit<'_>, adding: Result<Adding, AddressesFailed>) -> Reply {
        if let Ok(Adding::Confirming(confirming)) = &adding
            && let Some(waiting) = &confirming.waiting
        {
            let after = if confirming.sent == Some(false) { "?after=later" } else { "?after=sent" };
            let after =
                if visit.target.path().ends_with("/resend") || confirming.sent == Some(false) { after } else { "" };
            return Reply::redirect(&format!("{}{}{after}", self.settings.prefix, page_of(&waiting.change)));
        }
        self.show_confirmation(visit, adding)
    }

    fn show_confirmation(&self, visit: &Visit<'_>, adding: Result<Adding, AddressesFailed>) -> Reply {
        let reference = request::reference();
        let page = match adding {
            Ok(Adding::Confirming(confirming)) => self.confirm_page(visit, *confirming),
            Ok(Adding::NotPossible) => return self.done(Some(AccountDone::AddressNotPossible)),
            Ok(Adding::Gone) => return self.done(Some(AccountDone::Gone)),
            Ok(Adding::NoAddress) => Page::NoAddress { account: visit.session.account.to_string(), reference },
            Ok(Adding::Blocked(block)) => {
                Page::Blocked(BlockedPage { account: Some(visit.session.account.to_string()), block })
            }
            Err(AddressesFailed::Store(error)) => return self.store_failed(visit, &error),
            Err(AddressesFailed::Directory(error)) => {
                warn!(%error, "codes for a change could not be sent without the directory");
                Page::AccountsUnavailable { reference }
            }
        };
        self.show(visit, &page)
    }

    fn confirm_page(&self, visit: &Visit<'_>, confirming: Confirming) -> Page {
        let Confirming { waiting, change, addresses, next_mail_at, sent } = confirming;
        let notice = match sent {
            Some(false) => Some(ConfirmNotice::NotYet),
            _ => parameter(visit.target, "after").and_then(|after| After::of_str(&after)?.confirm_notice()),
        };
        Page::Confirm(Box::new(ConfirmPage {
            token: self.token(visit),
            account: visit.session.account.to_string(),
            change: match change {
                Change::Enrol => ConfirmChange::Enrol,
                Change::AddAddress(address) => ConfirmChange::AddAddress { address: address.masked() },
            },
            addresses: addresses.iter().map(EmailAddress::masked).collect(),
            sent_at: waiting.as_ref().map(|waiting| waiting.sent_at),
            expires_at: waiting.as_ref().map(|waiting| waiting.expires_at),
            next_mail_at,
            tries_left: waiting.map_or(self.flows.policy.challenge.tries, |waiting| waiting.tries_left),
            notice,
        }))
    }

    async fn confirm(&self, visit: &Visit<'_>, by: &SteppedUp, form: &Posted, enrolling: bool) -> Reply {
        let second = (!enrolling).then(|| form.text("second_code"));
        let place = if enrolling { "/account/enrol" } else { "/account/addresses/confirm" };
        let after = match self.flows.confirm_change(by, form.text("code"), second).await {
            Ok(Confirmed::Done(Change::Enrol)) => return Reply::redirect(&format!("{}{place}", self.settings.prefix)),
            Ok(Confirmed::Done(Change::AddAddress(_))) => return self.done(Some(AccountDone::AddressAdded)),
            Ok(Confirmed::NotPossible) => return self.done(Some(AccountDone::AddressNotPossible)),
            Ok(Confirmed::Over) => return self.session_over(visit),
            Ok(Confirmed::NotDigits) => After::NotDigits,
            Ok(Confirmed::Wrong) => After::Wrong,
            Ok(Confirmed::Expired) => After::Expired,
            Err(error) => return self.store_failed(visit, &error),
        };
        Reply::redirect(&format!("{}{place}?after={}", self.settings.prefix, after.to_text()))
    }

    // ── turning off ──

    async fn show_turn_off(&self, visit: &Visit<'_>) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        let by = match self.flows.stepped_up(asking).await {
            Ok(by) => by,
            Err(not) => return self.not_open(visit, not),
        };
        let Ok(device) = device_of(parameter(visit.target, "device").as_deref()) else {
            return self.done(Some(AccountDone::Gone));
        };
        match self.flows.to_turn_off(&by, device).await {
            Ok(Some(what)) => {
                let after = parameter(visit.target, "after").and_then(|text| After::of_str(&text));
                let page = Page::TurnOff(TurnOffPage {
                    token: self.token(visit),
                    account: visit.session.account.to_string(),
                    what: shown_what(what),
                    backup: parameter(visit.target, "with").is_some_and(|with| with == "backup"),
                    tries_left: parameter(visit.target, "left").and_then(|left| left.parse().ok()).filter(|n| *n < 100),
                    notice: after.and_then(After::factor_notice),
                });
                self.show(visit, &page)
            }
            Ok(None) => self.done(Some(AccountDone::Gone)),
            Err(error) => self.store_failed(visit, &error),
        }
    }

    async fn begin_turn_off(&self, visit: &Visit<'_>, by: &SteppedUp, form: &Posted) -> Reply {
        let named = parameter(visit.target, "device").unwrap_or_else(|| form.text("device").to_owned());
        let backup = !form.text("backup").is_empty() || parameter(visit.target, "with").is_some_and(|w| w == "backup");
        let Ok(device) = device_of(Some(&named)) else { return self.done(Some(AccountDone::Gone)) };
        let (after, left) = match self.flows.begin_turn_off(by, device, form.text("code")).await {
            Ok(OffStep::Confirm { what, ticket, devices, backup_left }) => {
                let page = Page::TurnOffConfirm(TurnOffConfirmPage {
                    token: self.token(visit),
                    account: visit.session.account.to_string(),
                    what: shown_what(what),
                    ticket,
                    devices,
                    backup_left,
                });
                return self.show(visit, &page);
            }
            Ok(OffStep::Gone) => return self.done(Some(AccountDone::Gone)),
            Ok(OffStep::Blocked { block, fresh }) => {
                let account = Some(visit.session.account.to_string());
                let reply = self.show(visit, &Page::Blocked(BlockedPage { account, block }));
                return if fresh { without_gate_cookie(reply, &visit.asker) } else { reply };
            }
            Ok(OffStep::NotAFactor(not)) => (After::of_no_factor(not, backup), None),
            Ok(OffStep::Wrong { tries_left, clock_off }) => {
                (clock_off.map_or(After::Wrong, After::ClockOff), Some(tries_left))
            }
            Err(error) => return self.store_failed(visit, &error),
        };
        // A browser is sent there: loading the page once more must not type the code again.
        let mut query = format!("?after={}", after.to_text());
        if let Some(device) = device {
            query += &format!("&device={}", device.to_text());
        }
        if backup {
            query += "&with=backup";
        }
        if let Some(left) = left {
            query += &format!("&left={left}");
        }
        Reply::redirect(&format!("{}/account/off{query}", self.settings.prefix))
    }

    // ── "it wasn't me" ──

    /// The page behind a link in a mail. Nothing is done by opening it: mail security does so too.
    pub(super) async fn show_alarm(&self, exchange: &Exchange, asker: &Asker, target: &Target<'_>) -> Reply {
        let token = parameter(target, "alarm").unwrap_or_default();
        let page = match self.flows.look_at_alarm(&token).await {
            Ok(AlarmLooked::Ready(alarm)) => {
                let Alarm { account, kind, network, browser, at, used_at: _ } = alarm;
                let (account, network) = (account.to_string(), network.to_string());
                Page::NotMe(NotMePage { alarm: token, account, kind, network, browser, at })
            }
            Ok(AlarmLooked::Used(alarm)) => self.reported_page(&alarm, 0, true),
            Ok(AlarmLooked::Unknown) => Page::NotMeUnknown,
            Err(error) => {
                warn!(%error, "a link \"it wasn't me\" could not be looked up");
                let page = Page::StoreUnavailable { reference: request::reference() };
                return self.say(exchange, asker, None, &page);
            }
        };
        Reply::page(self.pages.render(&page, asker.language, self.flows.now()))
    }

    /// The button on that page. The link is all the authority that it needs.
    pub(super) async fn report(
        &self,
        exchange: &mut Exchange,
        asker: &Asker,
        session: Option<Arc<Session>>,
    ) -> pingora::Result<Reply> {
        let form = match self.own_form(exchange, asker).await? {
            Ok(form) => Posted(form),
            Err(reply) => return Ok(reply),
        };
        let browser = request::browser(&exchange.req_header().headers);
        let reference = request::reference();
        let token = form.text("alarm");
        let reported = self.flows.report(token, asker.network, browser, asker.language, reference).await;
        Ok(match reported {
            Ok(Some(reported)) => {
                let page = self.reported_page(&reported.alarm, reported.ended, reported.before);
                let reply = Reply::page(self.pages.render(&page, asker.language, self.flows.now()));
                let own = session.is_some_and(|session| session.account == reported.alarm.account);
                if own && !reported.before { without_gate_cookie(reply, asker) } else { reply }
            }
            Ok(None) => Reply::page(self.pages.render(&Page::NotMeUnknown, asker.language, self.flows.now())),
            Err(error) => {
                warn!(%error, "\"it wasn't me\" could not be taken");
                self.say(exchange, asker, None, &Page::StoreUnavailable { reference })
            }
        })
    }

    fn reported_page(&self, alarm: &Alarm, ended: usize, before: bool) -> Page {
        Page::NotMeDone(NotMeDonePage {
            account: alarm.account.to_string(),
            network: alarm.network.to_string(),
            ended,
            used_at: alarm.used_at.unwrap_or_else(|| self.flows.now()),
            before,
        })
    }
}

const fn or_gone(done: bool, what: AccountDone) -> AccountDone {
    if done { what } else { AccountDone::Gone }
}

/// Where a change's codes are typed.
const fn page_of(change: &Change) -> &'static str {
    match change {
        Change::Enrol => "/account/enrol",
        Change::AddAddress(_) => "/account/addresses/confirm",
    }
}

/// A device as a form or an address names it; none at all means everything.
fn device_of(text: Option<&str>) -> Result<Option<DeviceId>, ()> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => DeviceId::of_text(text).map(Some).ok_or(()),
    }
}

fn shown_what(what: What) -> TurnOff {
    match what {
        What::Everything => TurnOff::Everything,
        What::Device(device) => TurnOff::Device { id: device.id.to_text(), name: device.name },
    }
}
