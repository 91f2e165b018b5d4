//! The password again, before anything is changed (b66).

use std::sync::Arc;

use tracing::info;

use super::super::Flows;
use super::super::hashing::Secret;
use super::super::ports::StoreFailed;
use super::super::ports::account::{ClearedBy, EventKind, STEP_UP_LASTS, SessionSecurity, StepUpTry};
use super::super::verify::Asking;
use crate::model::{Password, SessionId, Timestamp};

/// Proof that this session's password was typed again a short while ago: every change asks for it.
pub struct SteppedUp {
    asking: Asking,
    until: Timestamp,
    cleared_by: ClearedBy,
    tries_left: u32,
}

/// Why nothing can be changed now.
#[derive(Debug)]
pub enum NotOpen {
    /// The password comes first.
    StepUp {
        /// Whether it can be compared; if not: log out and in again.
        has_password: bool,
        /// Tries left before the session ends.
        tries_left: u32,
    },
    /// The session is gone.
    Gone,
    /// The store can't be asked.
    Store(StoreFailed),
}

/// What became of a password typed at the step-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SteppingUp {
    /// Changes are open.
    Open,
    /// Nothing that could be a password: not counted.
    Nothing,
    /// Wrong, and counted.
    Wrong,
    /// No password is known for this session: log out and in again.
    NoPassword,
    /// The session is over.
    Over,
}

impl SteppedUp {
    /// Who asks, and from where.
    pub fn asking(&self) -> &Asking {
        &self.asking
    }

    /// Until when changes are open.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Tries left for the password, should it be asked again.
    pub fn tries_left(&self) -> u32 {
        self.tries_left
    }

    /// What the session was cleared by.
    pub(super) fn cleared_by(&self) -> ClearedBy {
        self.cleared_by
    }
}

impl Flows {
    /// How a cleared session stands with regard to changes; `None` if it's gone. Who comes straight
    /// from a login waits for the password's hash, which is made behind it.
    pub(super) async fn session_security(&self, session: SessionId) -> Result<Option<SessionSecurity>, StoreFailed> {
        let security = self.accounts.session_security(session).await?;
        if security.as_ref().is_some_and(|security| !security.has_password) && self.hashing.wait_for(session).await {
            return self.accounts.session_security(session).await;
        }
        Ok(security)
    }

    /// Whether this session may change something now.
    ///
    /// # Errors
    /// When it may not, or the store can't be asked.
    pub async fn stepped_up(&self, asking: Asking) -> Result<SteppedUp, NotOpen> {
        let security = self.session_security(asking.session.id).await.map_err(NotOpen::Store)?;
        let security = security.ok_or(NotOpen::Gone)?;
        let SessionSecurity { cleared_by, has_password, stepped_up_until, tries_left } = security;
        match stepped_up_until.filter(|until| self.now() < *until) {
            Some(until) => Ok(SteppedUp { asking, until, cleared_by, tries_left }),
            None => Err(NotOpen::StepUp { has_password, tries_left }),
        }
    }

    /// Compares a password with that of this session's login. It's counted before it's compared, but
    /// only once it has its place among those that are compared: what can't be judged costs no try.
    ///
    /// # Errors
    /// When the store can't be written, or too many passwords wait to be compared.
    pub async fn step_up(self: &Arc<Self>, asking: &Asking, typed: &[u8]) -> Result<SteppingUp, StoreFailed> {
        let outcome = |outcome: &'static str| {
            metrics::counter!("poterne_step_up_total", "outcome" => outcome).increment(1);
        };
        let Some(password) = Password::of(typed) else { return Ok(SteppingUp::Nothing) };
        self.hashing.wait_for(asking.session.id).await;
        let place = self.hashing.reserve().inspect_err(|_| outcome("busy"))?;
        let (hash, tries_left) = match self.accounts.begin_step_up(asking.session.id, self.now()).await? {
            StepUpTry::Compare { hash, tries_left } => (hash, tries_left),
            StepUpTry::NoPassword => {
                outcome("no-password");
                return Ok(SteppingUp::NoPassword);
            }
            StepUpTry::Over => {
                self.end(&asking.session).await?;
                return Ok(SteppingUp::Over);
            }
        };
        let right = self.hashing.verify_at(place, Secret::new(password.expose().to_vec()), Some(hash)).await?;
        if right {
            self.accounts.finish_step_up(asking.session.id, self.now() + STEP_UP_LASTS).await?;
            outcome("passed");
            return Ok(SteppingUp::Open);
        }
        outcome("failed");
        if tries_left > 0 {
            return Ok(SteppingUp::Wrong);
        }
        info!(network = %asking.network, reference = %asking.reference, "wrong passwords at the step-up ended a session");
        self.note(asking.happening(EventKind::StepUpFailed, None)).await;
        self.end(&asking.session).await?;
        Ok(SteppingUp::Over)
    }
}
