//! The account's own page: read with a cleared session, changed after the password was typed again.
//!
//! ```text
//! cleared session ──> overview
//!        └─ password again (step_up) ──> SteppedUp, for 10 minutes
//!               ├─ enrol: form (nothing kept) ── code of the app ──> device, backup codes
//!               ├─ off: code of the app or a backup code ── ticket ── second confirmation ──> gone
//!               ├─ addresses: two mailed codes ──> added
//!               └─ networks, sessions, browsers, language
//! ```
//!
//! What names something of another account is answered as what isn't there.

mod addresses;
mod alarm;
mod codes;
mod enrol;
mod off;
mod open;
mod sealed;
mod step_up;

use tracing::warn;

use super::Flows;
use super::ports::StoreFailed;
use super::ports::account::{AccountSecurity, ClearedBy, SessionSecurity};
use super::tell::{Contacts, ContactsFailed};
use super::verify::Asking;
use crate::model::{EmailAddress, Timestamp};

pub use addresses::{Adding, AddressesFailed, Confirmed, Confirming, Factor, Wanted};
pub use alarm::{AlarmLooked, Reported};
pub use codes::{FreshCodes, Renewed};
pub use enrol::{EnrolForm, EnrolStep};
pub use off::{OffStep, TurnedOff, What};
pub use step_up::{NotOpen, SteppedUp, SteppingUp};

/// Everything that the account's page shows.
#[derive(Debug)]
pub struct Overview {
    /// What the store keeps.
    pub account: AccountSecurity,
    /// How this session stands with regard to changes.
    pub session: SessionSecurity,
    /// Addresses of the customer record; `None` while the directory can't be asked.
    pub on_record: Option<Vec<EmailAddress>>,
    /// When.
    pub now: Timestamp,
}

impl Overview {
    /// Until when changes are open, if they are.
    pub fn open_until(&self) -> Option<Timestamp> {
        self.session.stepped_up_until.filter(|until| self.now < *until)
    }
}

impl Flows {
    /// Everything that the account's page shows; `None` if the session is gone.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn overview(&self, asking: &Asking) -> Result<Option<Overview>, StoreFailed> {
        let now = self.now();
        let Some(session) = self.session_security(asking.session.id).await? else {
            return Ok(None);
        };
        let mut account = self.accounts.security(&asking.session.account, now).await?;
        // Last uses reach the store a while later.
        for line in &mut account.sessions {
            if line.id == asking.session.id {
                line.last_seen_at = now;
            }
        }
        let on_record = match self.directory.lookup(&asking.session.account).await {
            Ok(record) => Some(record.map(|record| record.addresses).unwrap_or_default()),
            Err(error) => {
                metrics::counter!("poterne_directory_errors_total").increment(1);
                warn!(%error, "an account's page is shown without the addresses on record");
                None
            }
        };
        Ok(Some(Overview { account, session, on_record, now }))
    }

    async fn contacts_of(&self, asking: &Asking) -> Result<Contacts, ContactsFailed> {
        self.contacts(&asking.session.account).await
    }
}

/// Whether a mailed code is asked before a device is enrolled or backup codes are made: whoever stole
/// a password and sits in a known network must not get a second factor of their own. It's asked
/// beside other devices too: such a session may be older than the owner's first one.
const fn needs_mail(cleared_by: ClearedBy) -> bool {
    !cleared_by.by_code()
}
