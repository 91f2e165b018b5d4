//! A login, from the claim to the verdict and the gate's session (DESIGN R3, R6, R7).

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use rand::CryptoRng;
use tracing::{error, info, warn};

use super::hashing::Secret;
use super::landing::after_login;
use super::parked::Parked;
use super::ports::account::{Asks, EventKind};
use super::ports::{
    AccountRecord, ClaimOutcome, CodeGrant, CodeMail, NewClaim, NewCode, OpenSession, Opened, PanelAnswer, PanelFailed,
    PanelRequest, StoreFailed,
};
use super::tell::{Contacts, Happening};
use super::{Flows, Released};
use crate::gate::cookie::CookieKind;
use crate::gate::decide::Permit;
use crate::limit::Block;
use crate::login::jar::{Jar, SetCookie};
use crate::login::verdict::{self, ProbeSeen, Probed, Verdict};
use crate::login::{AnswerView, Door, Probe};
use crate::model::{
    AccountId, AttemptId, BrowserHash, ChallengeId, ClaimKey, EmailAddress, Language, Network, OneTimeCode, Password,
    Reference, SessionId, SessionToken, Timestamp,
};
use crate::state::Session;

/// A post to a watched door, judged and ready to go up.
pub struct LoginAttempt {
    /// The gate's leave.
    pub permit: Permit,
    /// The door.
    pub door: Door,
    /// The login as it was typed, if the door has one.
    pub typed: Option<String>,
    /// The password as the panel reads it, if this is a login.
    pub password: Option<Password>,
    /// What remembers this browser, if it says that it is remembered.
    pub remembered: Option<BrowserHash>,
    /// Method and target, byte for byte as judged.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// All headers that go up, `Cookie` included.
    pub headers: HeaderMap,
    /// The headers for the gate's own requests on this browser's behalf, without cookies.
    pub own_headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The `Host` that the browser uses.
    pub host: String,
    /// The panel's cookies that go up, as the panel knows them.
    pub sent: Vec<(Vec<u8>, Vec<u8>)>,
    /// The anonymous session values among them.
    pub claims: Vec<ClaimKey>,
    /// Where the login comes from.
    pub network: Network,
    /// The language of pages and mails.
    pub language: Language,
    /// The browser as it calls itself, cut to a line.
    pub browser: String,
    /// The gate session that the browser has already: it ends with this login.
    pub present: Option<Arc<Session>>,
    /// What support will look this attempt up by.
    pub reference: Reference,
}

/// What became of a login.
#[derive(Debug)]
pub enum SignIn {
    /// The panel refused it (or it was a reset or registration that logged nobody in): its own
    /// answer, for the browser.
    Answered(PanelAnswer),
    /// The network is known: straight in.
    Cleared(Released),
    /// The network is unknown: a code is awaited.
    Pending {
        /// The token for the browser.
        token: SessionToken,
        /// The pending session.
        session: Arc<Session>,
    },
    /// Nobody gets in by it.
    Turned(TurnedAway),
}

/// Why a login leads nowhere.
#[derive(Debug)]
pub enum TurnedAway {
    /// Too many wrong passwords from this network.
    TooMany {
        /// When the next try is allowed.
        retry_at: Timestamp,
    },
    /// The browser's session is claimed by another login: start again with a fresh one.
    StartAgain,
    /// Another account's password inside a cleared session: log out first.
    LogOutFirst,
    /// The panel's answer says neither yes nor no.
    NoVerdict,
    /// The account has no address that a code could go to.
    NoAddress {
        /// The account, as its owner knows it.
        account: String,
    },
    /// Blocked.
    Blocked {
        /// The account, as its owner knows it.
        account: String,
        /// The block.
        block: Block,
    },
    /// The directory can't be asked.
    AccountsUnavailable,
    /// The store can't be written.
    StoreUnavailable,
    /// The panel can't be reached; nothing was sent.
    PanelUnreachable,
    /// The panel didn't answer in time, or at too great a length.
    PanelSilent,
}

impl From<StoreFailed> for TurnedAway {
    fn from(error: StoreFailed) -> Self {
        error!(%error, "a login could not go on without the store");
        Self::StoreUnavailable
    }
}

/// A login that the panel accepted, with all that it brought.
struct Accepted {
    account: Option<String>,
    jar: Jar,
    location: String,
    answer: Option<PanelAnswer>,
}

impl Flows {
    /// Takes a login through. Runs in a task of its own, so that a client that goes away changes
    /// nothing about it (DESIGN R3).
    pub async fn sign_in(self: Arc<Self>, attempt: LoginAttempt) -> SignIn {
        match self.try_sign_in(attempt).await {
            Ok(done) => done,
            Err(turned) => SignIn::Turned(turned),
        }
    }

    async fn try_sign_in(self: &Arc<Self>, attempt: LoginAttempt) -> Result<SignIn, TurnedAway> {
        let quota = self.policy.wrong_passwords;
        if let Some(retry_at) = self.store.password_retry_at(attempt.network, quota, self.now()).await? {
            return Err(TurnedAway::TooMany { retry_at });
        }
        let id = AttemptId::random(&mut rand::rng());
        let mut claims = self.claim(id, &attempt).await?;
        if attempt.present.as_ref().is_some_and(|session| session.is_cleared()) {
            // Values that a session had may be anybody's by now: they're never free again.
            claims.clear();
        }
        let answer = match self.panel.send(self.relay(&attempt)).await {
            Ok(answer) => answer,
            Err(error) => {
                warn!(%error, door = %attempt.door.path, "a login got no answer of the panel");
                if let PanelFailed::Unreachable(_) = error {
                    self.release(id, &claims).await?;
                    return Err(TurnedAway::PanelUnreachable);
                }
                return Err(TurnedAway::PanelSilent);
            }
        };
        let Some(mut jar) = self.first_jar(&attempt, &answer) else {
            warn!(reference = %attempt.reference, "the panel set more cookies at a login than a browser would keep");
            return Err(TurnedAway::NoVerdict);
        };
        let view = view_of(&answer);
        let gained = jar.gained(|name| self.profile.cookies.classify(name) == CookieKind::Login);
        let probed = match &self.profile.probe {
            None => Probed::NotConfigured,
            Some(_) if !verdict::wants_probe(&attempt.door, view, gained) => Probed::NotWanted,
            Some(probe) => self.probe(probe, &attempt, &mut jar).await.map_or(Probed::Failed, Probed::Seen),
        };
        match verdict::judge(&attempt.door, view, gained, probed) {
            Verdict::Refused => {
                self.release(id, &claims).await?;
                self.store.record_wrong_password(attempt.network, quota, self.now()).await?;
                metrics::counter!("poterne_logins_total", "outcome" => "refused").increment(1);
                Ok(SignIn::Answered(answer))
            }
            Verdict::Passed => {
                self.release(id, &claims).await?;
                Ok(SignIn::Answered(answer))
            }
            Verdict::NoVerdict(why) => {
                warn!(reason = why.reason(), status = view.status, door = %attempt.door.path, reference = %attempt.reference,
                    "the panel's answer to a login says neither yes nor no; is its profile right?");
                metrics::counter!("poterne_no_verdict_total", "reason" => why.reason()).increment(1);
                self.log_out_at_panel(attempt.park(jar, String::new()));
                Err(TurnedAway::NoVerdict)
            }
            Verdict::Accepted { account, .. } => {
                let location = after_login(
                    answer.headers.get(LOCATION).map(HeaderValue::as_bytes),
                    &attempt.host,
                    &attempt.target,
                    &self.profile.landing,
                );
                let answer = attempt.door.hand_over_answer.then_some(answer).filter(is_short_json);
                self.admit(id, attempt, Accepted { account, jar, location, answer }).await
            }
        }
    }

    /// Claims the values that the login goes up with (R3). A login inside a cleared session ends
    /// that session first, and takes its values over.
    async fn claim(&self, id: AttemptId, attempt: &LoginAttempt) -> Result<Vec<ClaimKey>, TurnedAway> {
        let now = self.now();
        let until = now + self.policy.claim_ttl;
        let inside = attempt.present.as_ref().filter(|session| session.is_cleared());
        let mut claim = NewClaim { attempt: id, keys: attempt.claims.clone(), released_by: None, now, until };
        if let Some(session) = inside {
            let own = attempt.typed.as_deref().and_then(|typed| AccountId::canonical(typed).ok());
            if own.as_ref() != Some(&session.account) {
                return Err(TurnedAway::LogOutFirst);
            }
            claim.released_by = Some(session.id);
            claim.keys.extend(
                attempt
                    .sent
                    .iter()
                    .filter(|(name, _)| self.profile.cookies.classify(name) == CookieKind::Session)
                    .map(|(name, value)| self.keys.claim_key(name, value)),
            );
            let keys = claim.keys.clone();
            if self.store.claim(claim).await? == ClaimOutcome::Taken {
                return Err(TurnedAway::StartAgain);
            }
            self.claims.restore(keys.iter().map(|key| (*key, until)));
            self.sessions.remove(session);
            self.store.end_session(session.id, now).await?;
            return Ok(keys);
        }
        let keys = claim.keys.clone();
        if keys.is_empty() {
            return Ok(keys);
        }
        if !self.claims.claim(&keys, until) {
            return Err(TurnedAway::StartAgain);
        }
        match self.store.claim(claim).await {
            Ok(ClaimOutcome::Claimed) => Ok(keys),
            Ok(ClaimOutcome::Taken) => {
                // The store knows of a claim that the hot map has lost: the value stays closed.
                Err(TurnedAway::StartAgain)
            }
            Err(error) => {
                self.claims.release(&keys);
                Err(error.into())
            }
        }
    }

    async fn release(&self, id: AttemptId, claims: &[ClaimKey]) -> Result<(), TurnedAway> {
        // Without this, the claims on a cleared session's values would go in the store, and with the
        // next restart here too.
        if !claims.is_empty() {
            self.store.release_claims(id).await?;
            self.claims.release(claims);
        }
        Ok(())
    }

    /// The jar after the login's own answer; `None` if it's more than a browser would keep.
    fn first_jar(&self, attempt: &LoginAttempt, answer: &PanelAnswer) -> Option<Jar> {
        let sent = attempt.sent.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let mut jar = Jar::sent(sent).ok()?;
        self.receive(&mut jar, answer, &attempt.target).then_some(jar)
    }

    fn receive(&self, jar: &mut Jar, answer: &PanelAnswer, target: &str) -> bool {
        let path = target.split('?').next().unwrap_or_default();
        let now = self.now();
        answer.headers.get_all(SET_COOKIE).into_iter().all(|line| match SetCookie::parse(line.as_bytes()) {
            Some(cookie) => jar.receive(cookie, path, now).is_ok(),
            None => true,
        })
    }

    fn relay(&self, attempt: &LoginAttempt) -> PanelRequest {
        PanelRequest {
            method: attempt.method.clone(),
            target: attempt.target.clone(),
            headers: attempt.headers.clone(),
            body: attempt.body.clone(),
            timeout: self.policy.relay_timeout,
            max_body: self.policy.relay_max_body,
        }
    }

    /// Fetches the page that shows who is inside, with the cookies that the login has led to.
    async fn probe(&self, probe: &Probe, attempt: &LoginAttempt, jar: &mut Jar) -> Option<ProbeSeen> {
        let mut headers = attempt.own_headers.clone();
        let path = probe.target.split('?').next().unwrap_or_default();
        if let Some(cookies) = jar.cookie_header(path).and_then(|line| HeaderValue::from_bytes(&line).ok()) {
            headers.insert(COOKIE, cookies);
        }
        let request = PanelRequest {
            method: Method::GET,
            target: probe.target.clone(),
            headers,
            body: Bytes::new(),
            timeout: self.policy.probe_timeout,
            max_body: self.policy.relay_max_body,
        };
        match self.panel.send(request).await {
            Ok(answer) => {
                if !self.receive(jar, &answer, &probe.target) {
                    return None;
                }
                Some(verdict::read_probe(probe, view_of(&answer)))
            }
            Err(error) => {
                warn!(%error, "the probe got no answer of the panel");
                None
            }
        }
    }

    /// The panel accepted: whose is it, is the network known, and if not, where does the code go?
    async fn admit(
        self: &Arc<Self>,
        id: AttemptId,
        attempt: LoginAttempt,
        accepted: Accepted,
    ) -> Result<SignIn, TurnedAway> {
        let named = accepted.account.as_deref().or(attempt.typed.as_deref()).unwrap_or_default();
        let Ok(account) = AccountId::canonical(named) else {
            warn!(reference = %attempt.reference, "the panel accepted a login that names no account");
            self.log_out_at_panel(attempt.park(accepted.jar, accepted.location));
            return Err(TurnedAway::NoVerdict);
        };
        let record = match self.directory.lookup(&account).await {
            Ok(record) => record,
            Err(error) => {
                metrics::counter!("poterne_directory_errors_total").increment(1);
                error!(%error, "a login could not go on without the directory");
                self.log_out_at_panel(attempt.park(accepted.jar, accepted.location));
                return Err(TurnedAway::AccountsUnavailable);
            }
        };
        let record = record.unwrap_or_else(|| AccountRecord::unknown(account));
        let choices = match self.accounts.choices(&record.account).await {
            Ok(choices) => choices,
            Err(error) => {
                self.log_out_at_panel(attempt.park(accepted.jar, accepted.location));
                return Err(error.into());
            }
        };
        let contacts = Contacts { record, choices };
        let (record, language) = (&contacts.record, contacts.language().unwrap_or(attempt.language));
        let addresses = contacts.addresses();
        let (opening, token, parked) = {
            let mut rng = rand::rng();
            let session = SessionId::random(&mut rng);
            let (token, hash) = self.keys.new_token(&mut rng);
            let parked = attempt.park(accepted.jar, accepted.location);
            let opening = OpenSession {
                session,
                token: hash,
                attempt: id,
                account: record.account.clone(),
                network: attempt.network,
                created_from: record.created_from,
                sealed_jar: parked.seal(&self.keys, session, &mut rng),
                addresses: addresses.clone(),
                language,
                browser: attempt.browser.clone(),
                code: new_code(self.policy.challenge.digits, &mut rng),
                replaces: attempt.present.as_ref().filter(|session| !session.is_cleared()).map(|session| session.id),
                remembered: attempt.remembered,
                reference: attempt.reference,
                now: self.now(),
            };
            (opening, token, parked)
        };
        let code = opening.code.clone();
        let answer = accepted.answer;
        let opened = match self.store.open_session(opening).await {
            Ok(opened) => opened,
            Err(error) => {
                self.log_out_at_panel(parked);
                return Err(error.into());
            }
        };
        if let Some(replaced) = &attempt.present {
            self.sessions.remove(replaced);
        }
        let happened = |kind| Happening {
            account: record.account.clone(),
            kind,
            network: attempt.network,
            browser: attempt.browser.clone(),
            detail: None,
        };
        match opened {
            Opened::Cleared(stored) => {
                metrics::counter!("poterne_logins_total", "outcome" => "known-network").increment(1);
                self.note(happened(EventKind::LoginKnown)).await;
                self.keep_password(stored.id, attempt.password);
                let session = self.sessions.insert(stored);
                Ok(SignIn::Cleared(Released {
                    token,
                    session,
                    jar: parked.jar,
                    location: Some(parked.location),
                    answer,
                    remembered: None,
                }))
            }
            Opened::Pending { session, asks: Asks::Mail, grant: CodeGrant::NoAddress } => {
                metrics::counter!("poterne_logins_total", "outcome" => "no-address").increment(1);
                warn!(reference = %attempt.reference, "an account without an address can't be sent a code");
                self.store.end_session(session.id, self.now()).await?;
                self.log_out_at_panel(parked);
                Err(TurnedAway::NoAddress { account: record.account.to_string() })
            }
            Opened::Pending { session, asks, grant } => {
                metrics::counter!("poterne_logins_total", "outcome" => "pending").increment(1);
                if asks != Asks::Mail {
                    metrics::counter!("poterne_factors_total", "event" => "asked").increment(1);
                    self.note(happened(EventKind::FactorAsked)).await;
                }
                if let CodeGrant::Granted { expires_at } = grant {
                    self.note(happened(EventKind::CodeSent)).await;
                    self.mail_code(code, record, addresses, language, &attempt, expires_at);
                }
                self.keep_password(session.id, attempt.password);
                let session = self.sessions.insert(session);
                Ok(SignIn::Pending { token, session })
            }
            Opened::Blocked(block) => {
                metrics::counter!("poterne_logins_total", "outcome" => "blocked").increment(1);
                info!(reason = block.reason.as_str(), reference = %block.reference, "a login met a block");
                self.note(happened(EventKind::LoginBlocked)).await;
                self.log_out_at_panel(parked);
                Err(TurnedAway::Blocked { account: record.account.to_string(), block })
            }
        }
    }

    /// Hashes the password of an evidenced login in the background, for the step-up of this session.
    /// Only the account's own page waits for it; without it that page says to log in again.
    fn keep_password(self: &Arc<Self>, session: SessionId, password: Option<Password>) {
        let Some(password) = password else { return };
        let flows = Arc::clone(self);
        let under_way = self.hashing.begin(session);
        tokio::spawn(async move {
            let _until_kept = under_way;
            let secret = Secret::new(password.expose().to_vec());
            drop(password);
            match flows.hashing.hash(secret).await {
                Ok(hash) => {
                    if let Err(error) = flows.accounts.keep_password_hash(session, hash).await {
                        error!(%error, "a session can't be stepped up: its password's hash could not be kept");
                    }
                }
                Err(error) => {
                    metrics::counter!("poterne_step_up_total", "outcome" => "no-hash").increment(1);
                    warn!(%error, "a session can't be stepped up: its password could not be hashed");
                }
            }
        });
    }

    fn mail_code(
        &self,
        code: NewCode,
        record: &AccountRecord,
        to: Vec<EmailAddress>,
        language: Language,
        attempt: &LoginAttempt,
        expires_at: Timestamp,
    ) {
        metrics::counter!("poterne_challenges_total", "event" => "sent").increment(1);
        self.courier.send(CodeMail {
            challenge: code.challenge,
            to,
            language,
            code: code.code,
            account: record.account.clone(),
            asked_at: self.now(),
            expires_at,
            network: attempt.network,
            browser: attempt.browser.clone(),
        });
    }
}

impl LoginAttempt {
    fn park(&self, jar: Jar, location: String) -> Parked {
        let own_headers = self
            .own_headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect();
        Parked { jar, location, own_headers }
    }
}

/// A fresh code for a fresh challenge.
pub(super) fn new_code(digits: u8, rng: &mut impl CryptoRng) -> NewCode {
    NewCode { challenge: ChallengeId::random(rng), code: OneTimeCode::random(digits, rng) }
}

/// An answer that a door may hand over to a scripted login (R7): JSON of 4 KiB at most.
fn is_short_json(answer: &PanelAnswer) -> bool {
    let json = answer.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    json && answer.body.len() <= 4096
}

fn view_of(answer: &PanelAnswer) -> AnswerView<'_> {
    AnswerView {
        status: answer.status.as_u16(),
        location: answer.headers.get(LOCATION).map(HeaderValue::as_bytes),
        body: &answer.body,
    }
}
