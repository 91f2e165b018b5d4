//! Backup codes: made, shown once, downloaded (b72).

use std::sync::Arc;
use std::time::Duration;

use super::super::Flows;
use super::super::ports::account::EventKind;
use super::super::ports::{Notice, StoreFailed};
use super::needs_mail;
use super::sealed::{self, Purpose};
use super::step_up::SteppedUp;
use crate::challenge::backup::BackupCode;
use crate::model::{SessionId, Timestamp};
use crate::state::Session;

/// How long the page that shows codes can be made a file of.
const DOWNLOAD_LASTS: Duration = Duration::from_hours(1);

/// Backup codes that were made just now: the only time that they're seen.
pub struct FreshCodes {
    /// The codes, in groups of four.
    pub codes: Vec<String>,
    /// What the download's form carries of them, sealed.
    pub sealed: String,
    /// When they were made.
    pub made_at: Timestamp,
}

/// What became of a wish for new codes.
#[derive(Debug)]
pub enum Renewed {
    /// They take the place of all old ones.
    Codes(FreshCodes),
    /// A mailed code comes first.
    MailFirst,
    /// Without a device there are none.
    NoDevice,
}

impl std::fmt::Debug for FreshCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FreshCodes(…)")
    }
}

impl Flows {
    /// A set of codes and its hashes, slot 0 first.
    pub(super) async fn fresh_codes(&self, session: &Session) -> Result<(FreshCodes, Vec<String>), StoreFailed> {
        let set = BackupCode::set(&mut rand::rng());
        let secrets = set.iter().map(BackupCode::secret).collect();
        let hashes = self.hashing.hash_all(secrets).await?;
        let codes: Vec<String> = set.iter().map(BackupCode::expose).collect();
        let made_at = self.now();
        let content = zeroize::Zeroizing::new(codes.join("\n"));
        let sealed = sealed::seal(&self.keys, Purpose::Codes, session.id, made_at, content.as_bytes());
        Ok((FreshCodes { codes, sealed, made_at }, hashes))
    }

    /// New codes in place of all old ones.
    ///
    /// # Errors
    /// When the store can't be written, or too many hashes wait: then the old ones stay.
    pub async fn renew_codes(self: &Arc<Self>, by: &SteppedUp) -> Result<Renewed, StoreFailed> {
        let asking = by.asking();
        let account = &asking.session.account;
        if self.accounts.security(account, self.now()).await?.devices.is_empty() {
            return Ok(Renewed::NoDevice);
        }
        if needs_mail(by.cleared_by()) {
            return Ok(Renewed::MailFirst);
        }
        let (codes, hashes) = self.fresh_codes(&asking.session).await?;
        if !self.accounts.replace_backup_codes(account, hashes, self.now()).await? {
            return Ok(Renewed::NoDevice);
        }
        metrics::counter!("poterne_factors_total", "event" => "codes-renewed").increment(1);
        self.note(asking.happening(EventKind::BackupRenewed, None)).await;
        self.tell(asking, Notice::BackupRenewed, EventKind::BackupRenewed, None).await;
        Ok(Renewed::Codes(codes))
    }

    /// The codes that a page of this session showed a short while ago, one a line.
    pub fn codes_shown(&self, session: SessionId, sealed: &str) -> Option<(Timestamp, Vec<String>)> {
        let (at, content) = sealed::open(&self.keys, Purpose::Codes, session, sealed)?;
        if self.now() >= at + DOWNLOAD_LASTS {
            return None;
        }
        let text = std::str::from_utf8(&content).ok()?;
        Some((at, text.lines().map(str::to_owned).collect()))
    }
}
