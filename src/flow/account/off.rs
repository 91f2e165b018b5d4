//! Second factors are taken away: a code, then a second confirmation that says what is lost (b73).

use std::sync::Arc;
use std::time::Duration;

use tracing::info;

use super::super::Flows;
use super::super::factor::{NotAFactor, TypedFactor};
use super::super::ports::account::{AccountSecurity, Device, EventKind, FactorAnswer, FactorAnswered, FactorUse};
use super::super::ports::{Notice, StoreFailed};
use super::sealed::{self, Purpose};
use super::step_up::SteppedUp;
use crate::limit::Block;
use crate::model::DeviceId;

/// How long the second confirmation can wait.
const TICKET_LASTS: Duration = Duration::from_mins(10);

/// What is turned off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// All of it; the last device is all of it.
    Everything,
    /// One of several devices.
    Device(Device),
}

/// What became of the code.
#[derive(Debug)]
pub enum OffStep {
    /// Right: the second confirmation.
    Confirm {
        /// What goes.
        what: What,
        /// That the code was given, sealed.
        ticket: String,
        /// Names of the devices that go.
        devices: Vec<String>,
        /// Unused backup codes that go.
        backup_left: u32,
    },
    /// Not a code by its form; not counted.
    NotAFactor(NotAFactor),
    /// Wrong, and counted.
    Wrong {
        /// Tries left before the block.
        tries_left: u32,
        /// By how many seconds the phone's clock is ahead, if it's off.
        clock_off: Option<i64>,
    },
    /// Blocked.
    Blocked {
        /// The block.
        block: Block,
        /// Whether this very code caused it: the session is over.
        fresh: bool,
    },
    /// What was to be turned off isn't there.
    Gone,
}

/// What the second confirmation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedOff {
    /// All is off.
    Everything,
    /// One device is away.
    Device,
    /// The confirmation is too old, or things have changed since: from the start.
    Again,
}

impl What {
    fn of(account: &AccountSecurity, device: Option<DeviceId>) -> Option<Self> {
        match device {
            _ if account.devices.is_empty() => None,
            None => Some(Self::Everything),
            Some(id) => {
                let device = account.devices.iter().find(|device| device.id == id)?;
                Some(if account.devices.len() == 1 { Self::Everything } else { Self::Device(device.clone()) })
            }
        }
    }
}

impl Flows {
    /// What a request to turn off is about; `None` if that isn't there.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn to_turn_off(&self, by: &SteppedUp, device: Option<DeviceId>) -> Result<Option<What>, StoreFailed> {
        let account = self.accounts.security(&by.asking().session.account, self.now()).await?;
        Ok(What::of(&account, device))
    }

    /// The code for it.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn begin_turn_off(
        self: &Arc<Self>,
        by: &SteppedUp,
        device: Option<DeviceId>,
        typed: &str,
    ) -> Result<OffStep, StoreFailed> {
        let event = |event: &'static str| metrics::counter!("poterne_factors_total", "event" => event).increment(1);
        let asking = by.asking();
        let owner = &asking.session.account;
        if self.to_turn_off(by, device).await?.is_none() {
            return Ok(OffStep::Gone);
        }
        let typed = match TypedFactor::parse(typed) {
            Ok(typed) => typed,
            Err(not) => return Ok(OffStep::NotAFactor(not)),
        };
        let answer = FactorAnswer {
            session: asking.session.id,
            network: asking.network,
            used_for: FactorUse::Confirm,
            reference: asking.reference,
            now: self.now(),
        };
        match self.judge_factor(owner, answer, typed).await? {
            FactorAnswered::Confirmed { backup_left } => {
                if let Some(left) = backup_left {
                    self.tell(asking, Notice::BackupUsed { left }, EventKind::LoginByBackup, None).await;
                }
            }
            FactorAnswered::Wrong { tries_left, clock_off } => {
                event("failed");
                return Ok(OffStep::Wrong { tries_left, clock_off });
            }
            FactorAnswered::Blocked { block, fresh } => {
                if fresh {
                    event("failed");
                    self.blocked(asking, block, true).await?;
                    self.end(&asking.session).await?;
                }
                return Ok(OffStep::Blocked { block, fresh });
            }
            FactorAnswered::Cleared { .. }
            | FactorAnswered::MailNext { .. }
            | FactorAnswered::Expired
            | FactorAnswered::NotWanted => return Ok(OffStep::Gone),
        }
        // As it is after the code: a backup code is used up by now.
        let account = self.accounts.security(owner, self.now()).await?;
        let Some(what) = What::of(&account, device) else { return Ok(OffStep::Gone) };
        let (names, id) = match &what {
            What::Everything => (account.devices.iter().map(|device| device.name.clone()).collect(), None),
            What::Device(device) => (vec![device.name.clone()], Some(device.id)),
        };
        let mut content = account.generation.to_be_bytes().to_vec();
        content.extend(id.iter().flat_map(|id| id.as_bytes()));
        let ticket = sealed::seal(&self.keys, Purpose::Ticket, asking.session.id, self.now(), &content);
        let backup_left = match what {
            What::Everything => account.backup_left.unwrap_or_default(),
            What::Device(_) => 0,
        };
        Ok(OffStep::Confirm { what, ticket, devices: names, backup_left })
    }

    /// The second confirmation.
    ///
    /// # Errors
    /// When the store can't be written: then nothing was turned off.
    pub async fn turn_off(self: &Arc<Self>, by: &SteppedUp, ticket: &str) -> Result<TurnedOff, StoreFailed> {
        let asking = by.asking();
        let owner = &asking.session.account;
        let now = self.now();
        let Some((at, content)) = sealed::open(&self.keys, Purpose::Ticket, asking.session.id, ticket) else {
            return Ok(TurnedOff::Again);
        };
        let Some((generation, id)) = content.split_first_chunk::<8>() else { return Ok(TurnedOff::Again) };
        let account = self.accounts.security(owner, now).await?;
        if now >= at + TICKET_LASTS || u64::from_be_bytes(*generation) != account.generation {
            return Ok(TurnedOff::Again);
        }
        let device = if id.is_empty() {
            None
        } else {
            let named = account.devices.iter().find(|device| device.id.as_bytes() == id);
            let Some(device) = named else { return Ok(TurnedOff::Again) };
            Some(device)
        };
        let (done, turned, kind, notice, detail) = match device {
            None => (
                self.accounts.turn_off(owner, now).await?,
                TurnedOff::Everything,
                EventKind::TotpOff,
                Notice::TotpOff,
                None,
            ),
            Some(device) => (
                self.accounts.remove_device(owner, device.id, now).await?,
                TurnedOff::Device,
                EventKind::DeviceRemoved,
                Notice::DeviceRemoved { device: device.name.clone() },
                Some(device.name.clone()),
            ),
        };
        if !done {
            return Ok(TurnedOff::Again);
        }
        metrics::counter!("poterne_factors_total", "event" => "turned-off").increment(1);
        info!(network = %asking.network, kind = kind.slug(), "second factors were taken away by their owner");
        self.note(asking.happening(kind, detail.clone())).await;
        self.tell(asking, notice, kind, detail).await;
        Ok(turned)
    }
}
