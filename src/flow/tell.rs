//! Telling an account's owner: events on the account's page, notices by mail.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::Flows;
use super::ports::account::{ALARM_LASTS, AccountChoices, AccountEvent, EventKind, NewAlarm};
use super::ports::{AccountRecord, Notice, NoticeId, NoticeMail, Notifying, StoreFailed};
use crate::model::{AccountId, AlarmToken, EmailAddress, Language, Network, Timestamp};

/// How long a notice is tried, from its beginning or the gate's last start: what happened to an account
/// doesn't lose its worth as a code does, and mail servers that are down or ask to come back later are
/// done with that within a day.
const NOTICE_TRIED_FOR: Duration = Duration::from_hours(24);

/// Waits before a notice is tried once more that nobody could say an address for, or that the outbox had
/// no room for: the mail is worth less when it comes late.
const TRY_AGAIN: [Duration; 3] = [Duration::from_secs(5), Duration::from_mins(1), Duration::from_mins(10)];
/// And from then on.
const TRY_AGAIN_LATER: Duration = Duration::from_hours(1);

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

impl Happening {
    fn at(self, at: Timestamp) -> AccountEvent {
        let Self { account, kind, network, browser, detail } = self;
        AccountEvent { account, at, kind, network, browser, detail }
    }
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
        let event = happening.at(self.now());
        let kind = event.kind.slug();
        if let Err(error) = self.accounts.record_events(vec![event]).await {
            error!(%error, kind, "an event could not be kept for its account's owner");
        }
    }

    /// Keeps a notice, and mails it in the background. `also` are told beside those on record.
    pub(super) async fn notify(
        self: &Arc<Self>,
        notice: Notice,
        of: Happening,
        fallback: Language,
        also: Vec<EmailAddress>,
    ) {
        let notifying = Notifying { notice, of: of.at(self.now()), fallback, also };
        let kept = self.accounts.keep_notice(notifying.clone()).await;
        if let Err(error) = &kept {
            error!(%error, kind = notifying.of.kind.slug(), "a notice is lost if the gate stops before it has left");
        }
        self.mail(kept.ok(), notifying);
    }

    /// Mails the notices that hadn't left when the gate was stopped.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn resume_notices(self: &Arc<Self>) -> Result<(), StoreFailed> {
        let kept = self.accounts.notices_kept().await?;
        if !kept.is_empty() {
            info!(notices = kept.len(), "notices that hadn't left are mailed now");
        }
        for (id, notifying) in kept {
            self.mail(Some(id), notifying);
        }
        Ok(())
    }

    fn mail(self: &Arc<Self>, kept: Option<NoticeId>, notifying: Notifying) {
        let flows = Arc::clone(self);
        tokio::spawn(async move {
            let until = flows.now() + NOTICE_TRIED_FOR;
            let mut waits = TRY_AGAIN.into_iter().chain(std::iter::repeat(TRY_AGAIN_LATER));
            while !flows.mailed(&notifying, until).await {
                let wait = waits.next().unwrap_or(TRY_AGAIN_LATER);
                if flows.now() + wait >= until {
                    error!(kind = notifying.of.kind.slug(), "a notice was given up");
                    break;
                }
                tokio::time::sleep(wait).await;
            }
            if let Some(kept) = kept
                && let Err(error) = flows.accounts.notice_left(kept).await
            {
                warn!(%error, "a notice that has left may be mailed once more");
            }
        });
    }

    /// One try: whether nothing more will become of the notice.
    async fn mailed(self: &Arc<Self>, notifying: &Notifying, until: Timestamp) -> bool {
        let Notifying { notice, of, fallback, also } = notifying;
        let contacts = match self.contacts(&of.account).await {
            Ok(contacts) => contacts,
            Err(error) => {
                warn!(%error, "a notice waits: nobody can say where it goes");
                return false;
            }
        };
        let to = distinct(contacts.told().into_iter().chain(also.iter().cloned()));
        if to.is_empty() {
            warn!(kind = of.kind.slug(), "a notice has nobody to go to");
            return true;
        }
        let not_me = match notice {
            Notice::Reported { .. } | Notice::TotpOffBySupport => None,
            _ => self.not_me_link(of).await,
        };
        let (receipt, taken) = oneshot::channel();
        let mail = NoticeMail {
            to,
            language: contacts.language().unwrap_or(*fallback),
            notice: notice.clone(),
            account: of.account.clone(),
            at: of.at,
            network: of.network,
            browser: of.browser.clone(),
            not_me,
            until,
        };
        self.courier.notify(mail, receipt);
        taken.await.is_ok()
    }

    /// A link that works before the mail with it leaves.
    async fn not_me_link(&self, of: &AccountEvent) -> Option<String> {
        let token = AlarmToken::random(&mut rand::rng());
        let alarm = NewAlarm {
            alarm: token.hash(),
            account: of.account.clone(),
            kind: of.kind,
            network: of.network,
            browser: of.browser.clone(),
            at: of.at,
            until: of.at + ALARM_LASTS,
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
