//! The code: shown, typed, sent again, cancelled (DESIGN §4).

use std::sync::Arc;

use tracing::info;

use super::parked::Parked;
use super::ports::{
    Answered, ChallengeStatus, CodeAnswer, CodeGrant, CodeMail, MailStatus, NewCodeRequest, StoreFailed,
    WaitingChallenge,
};
use super::sign_in::new_code;
use super::{Flows, Released};
use crate::limit::{Block, BlockReason};
use crate::login::jar::Jar;
use crate::model::{Network, Reference, Timestamp, TypedCode};
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
    /// Not digits at all: not counted.
    NotDigits,
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

/// Who asks, and from where.
pub struct Asking {
    /// The browser's gate session.
    pub session: Arc<Session>,
    /// Where the request comes from.
    pub network: Network,
    /// The browser as it calls itself, cut to a line.
    pub browser: String,
    /// What support will look a refusal up by.
    pub reference: Reference,
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
            ChallengeStatus::Waiting(waiting) if asking.session.is_cleared() && unsent(&waiting) => {
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

    /// Takes a typed code.
    ///
    /// # Errors
    /// When the store can't be written: then nothing was counted and nobody is in.
    pub async fn answer(self: &Arc<Self>, asking: &Asking, typed: &str) -> Result<Verified, StoreFailed> {
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
            Answered::Cleared { session: stored, sealed_jar, new_network: _ } => {
                event("passed");
                info!(network = %asking.network, "a code was right: the session is cleared");
                let parked = sealed_jar.and_then(|sealed| Parked::open(&self.keys, stored.id, &sealed));
                let session = self.sessions.replace(&asking.session, stored);
                let (jar, location) = match parked {
                    Some(parked) => (parked.jar, Some(parked.location)),
                    None => (Jar::default(), None),
                };
                Verified::Released(Box::new(Released { token, session, jar, location, answer: None }))
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
                    metrics::counter!("poterne_blocks_total", "reason" => block.reason.as_str()).increment(1);
                    info!(reason = block.reason.as_str(), reference = %block.reference, network = %asking.network,
                        "wrong codes led to a block");
                }
                let (account, network) = (asking.session.account.clone(), asking.session.network);
                // The block ends what waits for a code there, so that somebody else can log in.
                self.sessions.remove_where(|session| {
                    !session.is_cleared() && session.account == account && session.network == network
                });
                if !asking.session.is_cleared() {
                    self.sessions.remove(&asking.session);
                    self.end(&asking.session).await?;
                }
                Verified::Blocked(block)
            }
            Answered::NotWanted => Verified::NotWanted,
        })
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
