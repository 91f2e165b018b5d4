//! The code: shown, typed, sent again, cancelled (DESIGN §4).

use std::sync::Arc;

use tracing::info;

use super::parked::Parked;
use super::ports::account::{Asks, EventKind};
use super::ports::{
    Answered, ChallengeStatus, CodeAnswer, CodeGrant, CodeMail, MailStatus, NewCodeRequest, Notice, StoreFailed,
    StoredSession, WaitingChallenge,
};
use super::sign_in::new_code;
use super::tell::Happening;
use super::{Flows, Released};
use crate::limit::{Block, BlockReason};
use crate::login::jar::Jar;
use crate::model::{BrowserToken, Language, Network, Reference, SessionToken, Timestamp, TypedCode};
use crate::state::Session;

/// What the code page shows.
#[derive(Debug)]
pub enum Challenge {
    /// A code is awaited.
    Waiting {
        /// How it stands.
        waiting: WaitingChallenge,
        /// What became of the newest mail; `None` when none was sent.
        mail: Option<MailStatus>,
    },
    /// The code's time is over.
    Expired,
    /// Blocked.
    Blocked(Block),
    /// The session is gone, or needs no code from here.
    NotWanted,
}

/// What became of a typed code.
#[derive(Debug)]
pub enum Verified {
    /// Right.
    Released(Box<Released>),
    /// The app's code was right; the e-mailed one comes next.
    MailNext {
        /// What this browser is remembered by from now on, if its owner asked for it.
        remembered: Option<BrowserToken>,
    },
    /// Not digits at all: not counted.
    NotDigits,
    /// Where a second factor is asked: not one by its form, not counted.
    NotAFactor(NotAFactor),
    /// Wrong and counted: the phone's clock is off.
    ClockOff {
        /// By so many seconds it's ahead; negative: behind.
        seconds: i64,
    },
    /// Wrong, and counted.
    Wrong {
        /// Tries left.
        tries_left: u32,
    },
    /// An older code: not counted.
    Superseded {
        /// When the newest was sent.
        newest_sent_at: Timestamp,
    },
    /// No code is valid any more.
    Expired,
    /// Blocked.
    Blocked(Block),
    /// The session is gone, or needs no code from here.
    NotWanted,
}

pub use super::factor::NotAFactor;

/// Who asks, and from where.
pub struct Asking {
    /// The browser's gate session.
    pub session: Arc<Session>,
    /// Where the request comes from.
    pub network: Network,
    /// The browser as it calls itself, cut to a line.
    pub browser: String,
    /// The language of the request.
    pub language: Language,
    /// What support will look a refusal up by.
    pub reference: Reference,
}

impl Asking {
    /// Something that happened to this session's account by this request.
    pub(super) fn happening(&self, kind: EventKind, detail: Option<String>) -> Happening {
        Happening {
            account: self.session.account.clone(),
            kind,
            network: self.network,
            browser: self.browser.clone(),
            detail,
        }
    }
}

impl Flows {
    /// How the challenge of a session stands. A cleared session that turned up on an unknown
    /// network gets its first code here.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn challenge(&self, asking: &Asking) -> Result<Challenge, StoreFailed> {
        let now = self.now();
        let status = self.store.challenge_status(asking.session.id, asking.network, now).await?;
        let unsent = |waiting: &WaitingChallenge| waiting.newest.is_none() && waiting.next_mail_at <= now;
        match status {
            ChallengeStatus::Waiting(waiting)
                if asking.session.is_cleared() && waiting.asks == Asks::Mail && unsent(&waiting) =>
            {
                self.send_code(asking, &waiting).await?;
                Ok(self.shown(self.store.challenge_status(asking.session.id, asking.network, now).await?))
            }
            other => Ok(self.shown(other)),
        }
    }

    fn shown(&self, status: ChallengeStatus) -> Challenge {
        match status {
            ChallengeStatus::Waiting(waiting) => {
                let mail = waiting.newest.map(|newest| self.courier.status(newest.challenge));
                Challenge::Waiting { waiting, mail }
            }
            ChallengeStatus::Expired => Challenge::Expired,
            ChallengeStatus::Blocked(block) => Challenge::Blocked(block),
            ChallengeStatus::NotWanted => Challenge::NotWanted,
        }
    }

    /// Sends another code, if the mail budget allows.
    ///
    /// # Errors
    /// When the store can't be written: then nothing is sent.
    pub async fn resend(&self, asking: &Asking) -> Result<CodeGrant, StoreFailed> {
        match self.store.challenge_status(asking.session.id, asking.network, self.now()).await? {
            // No mail before the app's code.
            ChallengeStatus::Waiting(waiting) if waiting.asks != Asks::Mail => Ok(CodeGrant::NotWanted),
            ChallengeStatus::Waiting(waiting) => self.send_code(asking, &waiting).await,
            ChallengeStatus::Blocked(block) => Ok(CodeGrant::Blocked(block)),
            ChallengeStatus::Expired | ChallengeStatus::NotWanted => Ok(CodeGrant::NotWanted),
        }
    }

    async fn send_code(&self, asking: &Asking, waiting: &WaitingChallenge) -> Result<CodeGrant, StoreFailed> {
        let now = self.now();
        let code = new_code(self.policy.challenge.digits, &mut rand::rng());
        let request = NewCodeRequest {
            session: asking.session.id,
            network: asking.network,
            code: code.clone(),
            reference: asking.reference,
            now,
        };
        let grant = self.store.new_code(request).await?;
        if let CodeGrant::Granted { expires_at } = grant {
            metrics::counter!("poterne_challenges_total", "event" => "sent").increment(1);
            self.extend_pending(&asking.session, expires_at, waiting.ends_at);
            self.note(asking.happening(EventKind::CodeSent, None)).await;
            self.courier.send(CodeMail {
                challenge: code.challenge,
                to: waiting.addresses.clone(),
                language: waiting.language,
                code: code.code,
                account: waiting.account.clone(),
                asked_at: now,
                expires_at,
                network: asking.network,
                browser: asking.browser.clone(),
            });
        }
        Ok(grant)
    }

    /// A pending login lives as long as its newest code (R7).
    fn extend_pending(&self, session: &Session, expires_at: Timestamp, ends_at: Timestamp) {
        if !session.is_cleared() {
            self.sessions.extend(session, expires_at.min(ends_at));
        }
    }

    /// Takes a typed code: the e-mailed one, or where a second factor is asked the app's or a backup
    /// code. `remember` asks to remember this browser.
    ///
    /// # Errors
    /// When the store can't be written: then nothing was counted and nobody is in.
    pub async fn answer(
        self: &Arc<Self>,
        asking: &Asking,
        typed: &str,
        remember: bool,
    ) -> Result<Verified, StoreFailed> {
        match self.store.challenge_status(asking.session.id, asking.network, self.now()).await? {
            ChallengeStatus::Waiting(waiting) if waiting.asks != Asks::Mail => {
                return self.answer_factor(asking, typed, remember).await;
            }
            ChallengeStatus::Blocked(block) => return self.blocked(asking, block, false).await,
            _ => {}
        }
        let Some(typed) = TypedCode::parse(typed) else {
            return Ok(Verified::NotDigits);
        };
        let (token, hash) = self.keys.new_token(&mut rand::rng());
        let answer = CodeAnswer {
            session: asking.session.id,
            typed,
            network: asking.network,
            new_token: hash,
            reference: asking.reference,
            now: self.now(),
        };
        let event = |event: &'static str| metrics::counter!("poterne_challenges_total", "event" => event).increment(1);
        Ok(match self.store.answer_code(answer).await? {
            Answered::Cleared { session: stored, sealed_jar, new_network } => {
                event("passed");
                info!(network = %asking.network, "a code was right: the session is cleared");
                self.passed(asking, EventKind::LoginByMail, new_network, None).await;
                Verified::Released(Box::new(self.release_session(asking, token, stored, sealed_jar)))
            }
            Answered::Wrong { tries_left } => {
                event("failed");
                Verified::Wrong { tries_left }
            }
            Answered::Superseded { newest_sent_at } => {
                event("superseded");
                Verified::Superseded { newest_sent_at }
            }
            Answered::Expired => {
                event("expired");
                Verified::Expired
            }
            Answered::Blocked { block, fresh } => {
                if fresh {
                    event("failed");
                }
                self.blocked(asking, block, fresh).await?
            }
            Answered::NotWanted => Verified::NotWanted,
        })
    }

    /// Tells of a login that was verified.
    pub(super) async fn passed(
        self: &Arc<Self>,
        asking: &Asking,
        kind: EventKind,
        new_network: bool,
        backup_left: Option<u32>,
    ) {
        self.note(asking.happening(kind, None)).await;
        if new_network {
            self.tell(asking, Notice::NewNetwork, kind, None).await;
        }
        if let Some(left) = backup_left {
            self.tell(asking, Notice::BackupUsed { left }, kind, None).await;
        }
    }

    /// Mails a notice of something that happened by this request.
    pub(super) async fn tell(
        self: &Arc<Self>,
        asking: &Asking,
        notice: Notice,
        kind: EventKind,
        detail: Option<String>,
    ) {
        self.notify(notice, asking.happening(kind, detail), asking.language, Vec::new()).await;
    }

    /// A session goes on as the store cleared it.
    pub(super) fn release_session(
        &self,
        asking: &Asking,
        token: SessionToken,
        stored: StoredSession,
        sealed_jar: Option<Vec<u8>>,
    ) -> Released {
        let parked = sealed_jar.and_then(|sealed| Parked::open(&self.keys, stored.id, &sealed));
        let session = self.sessions.replace(&asking.session, stored);
        let (jar, location) = match parked {
            Some(parked) => (parked.jar, Some(parked.location)),
            None => (Jar::default(), None),
        };
        Released { token, session, jar, location, answer: None, remembered: None }
    }

    /// An answer met a block, or caused it.
    pub(super) async fn blocked(
        self: &Arc<Self>,
        asking: &Asking,
        block: Block,
        fresh: bool,
    ) -> Result<Verified, StoreFailed> {
        if fresh {
            metrics::counter!("poterne_blocks_total", "reason" => block.reason.as_str()).increment(1);
            info!(reason = block.reason.as_str(), reference = %block.reference, network = %asking.network,
                "wrong codes led to a block");
            self.note(asking.happening(EventKind::Blocked, None)).await;
            self.tell(asking, Notice::FactorFailed, EventKind::Blocked, None).await;
        }
        let (account, network) = (asking.session.account.clone(), asking.session.network);
        // The block ends what waits for a code there, so that somebody else can log in.
        self.sessions
            .remove_where(|session| !session.is_cleared() && session.account == account && session.network == network);
        if !asking.session.is_cleared() {
            self.sessions.remove(&asking.session);
            self.end(&asking.session).await?;
        }
        Ok(Verified::Blocked(block))
    }

    /// The block that a reference names, for who wrote it down.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn block_by_reference(&self, reference: Reference) -> Result<Option<Block>, StoreFailed> {
        let record = self.store.lookup_reference(reference).await?;
        Ok(record.and_then(|record| {
            let reason = BlockReason::of_str(&record.reason)?;
            Some(Block { reason, since: record.at, until: record.until, reference })
        }))
    }

    /// Ends a session: cancelled, or logged out. What was parked is destroyed, and the panel is told.
    ///
    /// # Errors
    /// When the store can't be written; on this node the session is over all the same.
    pub async fn end(self: &Arc<Self>, session: &Session) -> Result<(), StoreFailed> {
        self.sessions.remove(session);
        let ended = self.store.end_session(session.id, self.now()).await?;
        if let Some(parked) = ended.sealed_jar.and_then(|sealed| Parked::open(&self.keys, session.id, &sealed)) {
            self.log_out_at_panel(parked);
        }
        Ok(())
    }
}
