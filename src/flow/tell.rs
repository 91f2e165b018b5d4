//! Telling an account's owner: events on the account's page, notices by mail.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::Flows;
use super::ports::account::{ALARM_LASTS, AccountChoices, AccountEvent, EventKind, NewAlarm};
use super::ports::{AccountRecord, Notice, NoticeMail, StoreFailed};
use crate::model::{AccountId, AlarmToken, EmailAddress, Language, Network};

/// Waits before the directory is asked again on behalf of a notice: the mail is worth less when it
/// comes late, and nothing when it never comes.
const ASK_AGAIN: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_mins(1), Duration::from_mins(10), Duration::from_hours(1)];

/// Something that happened on an account.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Whose.
    pub account: AccountId,
    /// What.
    pub kind: EventKind,
    /// From which network.
    pub network: Network,
    /// With which browser, as it calls itself.
    pub browser: String,
    /// A device's name, a masked address, a network: what the kind speaks of.
    pub detail: Option<String>,
}

/// A notice to be mailed.
#[derive(Clone, Debug)]
pub(super) struct Notifying {
    /// What it tells.
    pub notice: Notice,
    /// What it tells of: its link "it wasn't me" is about that.
    pub of: Happening,
    /// The language of who asks, for accounts without one.
    pub fallback: Language,
    /// Somebody to be told beside those on record: an address that was just taken away.
    pub also: Vec<EmailAddress>,
}

/// Who is on record for an account, and what its owner chose.
#[derive(Clone, Debug)]
pub struct Contacts {
    /// The directory's record.
    pub record: AccountRecord,
    /// The owner's choices.
    pub choices: AccountChoices,
}

/// Nobody can say who is on record.
#[derive(Debug, thiserror::Error)]
pub enum ContactsFailed {
    /// The directory.
    #[error("{0}")]
    Directory(#[from] super::ports::DirectoryUnavailable),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreFailed),
}

impl Contacts {
    /// Where codes go: the record's addresses and the added ones (b13).
    pub fn addresses(&self) -> Vec<EmailAddress> {
        distinct(self.record.addresses.iter().chain(&self.choices.added_addresses).cloned())
    }

    /// Who is told of what happens: the same, and the billing contact (b71).
    pub fn told(&self) -> Vec<EmailAddress> {
        distinct(self.addresses().into_iter().chain(self.record.billing.clone()))
    }

    /// The owner's language, where it's known.
    pub fn language(&self) -> Option<Language> {
        self.choices.language.or(self.record.language)
    }
}

fn distinct(addresses: impl Iterator<Item = EmailAddress>) -> Vec<EmailAddress> {
    let mut kept: Vec<EmailAddress> = Vec::new();
    for address in addresses {
        if !kept.contains(&address) {
            kept.push(address);
        }
    }
    kept
}

impl Flows {
    /// Who is on record for an account.
    ///
    /// # Errors
    /// When the directory or the store can't be asked.
    pub async fn contacts(&self, account: &AccountId) -> Result<Contacts, ContactsFailed> {
        let choices = self.accounts.choices(account).await?;
        let record = self.directory.lookup(account).await.inspect_err(|_| {
            metrics::counter!("poterne_directory_errors_total").increment(1);
        })?;
        Ok(Contacts { record: record.unwrap_or_else(|| AccountRecord::unknown(account.clone())), choices })
    }

    /// Puts what happened on the account's page. What it tells of has been decided already: if the
    /// store can't keep the line, that stands.
    pub(super) async fn note(&self, happening: Happening) {
        let Happening { account, kind, network, browser, detail } = happening;
        let event = AccountEvent { account, at: self.now(), kind, network, browser, detail };
        if let Err(error) = self.accounts.record_events(vec![event]).await {
            error!(%error, kind = kind.slug(), "an event could not be kept for its account's owner");
        }
    }

    /// Mails a notice in the background.
    pub(super) fn notify(self: &Arc<Self>, notifying: Notifying) {
        let flows = Arc::clone(self);
        let at = self.now();
        tokio::spawn(async move {
            let mut waits = ASK_AGAIN.into_iter();
            let contacts = loop {
                match (flows.contacts(&notifying.of.account).await, waits.next()) {
                    (Ok(contacts), _) => break contacts,
                    (Err(error), Some(wait)) => {
                        warn!(%error, "a notice waits: nobody can say where it goes");
                        tokio::time::sleep(wait).await;
                    }
                    (Err(error), None) => {
                        error!(%error, kind = notifying.of.kind.slug(), "a notice was given up: nobody can say where it goes");
                        return;
                    }
                }
            };
            let Notifying { notice, of, fallback, also } = notifying;
            let to = distinct(contacts.told().into_iter().chain(also));
            if to.is_empty() {
                warn!(kind = of.kind.slug(), "a notice has nobody to go to");
                return;
            }
            let not_me = match notice {
                Notice::Reported { .. } => None,
                _ => flows.not_me_link(&of, at).await,
            };
            flows.courier.notify(NoticeMail {
                to,
                language: contacts.language().unwrap_or(fallback),
                notice,
                account: of.account,
                at,
                network: of.network,
                browser: of.browser,
                not_me,
            });
        });
    }

    /// A link that works before the mail with it leaves.
    async fn not_me_link(&self, of: &Happening, at: crate::model::Timestamp) -> Option<String> {
        let token = AlarmToken::random(&mut rand::rng());
        let alarm = NewAlarm {
            alarm: token.hash(),
            account: of.account.clone(),
            kind: of.kind,
            network: of.network,
            browser: of.browser.clone(),
            at,
            until: at + ALARM_LASTS,
        };
        match self.accounts.raise_alarm(alarm).await {
            Ok(()) => Some(format!("{}/not-me?alarm={}", self.policy.own_pages, token.expose())),
            Err(error) => {
                error!(%error, "a notice goes out without its link");
                None
            }
        }
    }
}
