//! Mailed codes that confirm a change inside a session: a device, new backup codes, another address (b13).

use std::sync::Arc;

use tracing::info;

use super::super::Flows;
use super::super::ports::account::{
    ADDED_ADDRESSES_MAX, Change, Confirmation, ConfirmationAnswer, ConfirmationAnswered, EventKind, NewConfirmation,
};
use super::super::ports::{
    CodeGrant, CodeMail, ConfirmationMail, ConfirmationPurpose, DirectoryUnavailable, NewCode, Notice, StoreFailed,
};
use super::super::sign_in::new_code;
use super::super::tell::{Contacts, ContactsFailed};
use super::step_up::SteppedUp;
use crate::limit::Block;
use crate::model::{EmailAddress, Timestamp, TypedCode};

/// Where codes can't be sent or judged.
#[derive(Debug, thiserror::Error)]
pub enum AddressesFailed {
    /// The directory can't be asked.
    #[error("{0}")]
    Directory(DirectoryUnavailable),
    /// The store can't be asked or written.
    #[error("{0}")]
    Store(#[from] StoreFailed),
}

impl From<ContactsFailed> for AddressesFailed {
    fn from(error: ContactsFailed) -> Self {
        match error {
            ContactsFailed::Directory(error) => Self::Directory(error),
            ContactsFailed::Store(error) => Self::Store(error),
        }
    }
}

/// A change that waits for its codes, as its page shows it.
#[derive(Debug)]
pub struct Confirming {
    /// How it stands; `None` while no code could be sent for it yet.
    pub waiting: Option<Confirmation>,
    /// What for.
    pub change: Change,
    /// Where the first code goes.
    pub addresses: Vec<EmailAddress>,
    /// When codes can be sent (again).
    pub next_mail_at: Timestamp,
    /// What became of sending some just now, if that was tried.
    pub sent: Option<bool>,
}

/// What became of codes being asked for.
#[derive(Debug)]
pub enum Adding {
    /// They're on their way, or can't be yet: the page says.
    Confirming(Box<Confirming>),
    /// The address can't be added.
    NotPossible,
    /// The account has no address that a code could go to.
    NoAddress,
    /// Blocked.
    Blocked(Block),
    /// The session is gone, or there's nothing to be confirmed.
    Gone,
}

/// A second factor that waits for a mailed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// A device.
    Device,
    /// New backup codes.
    BackupCodes,
}

impl Factor {
    const fn change(self) -> Change {
        match self {
            Self::Device => Change::Enrol,
            Self::BackupCodes => Change::RenewCodes,
        }
    }
}

/// Which change somebody is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A second factor.
    Factor(Factor),
    /// Another address.
    Address,
}

impl From<Factor> for Wanted {
    fn from(factor: Factor) -> Self {
        Self::Factor(factor)
    }
}

impl Wanted {
    fn is(self, change: &Change) -> bool {
        match self {
            Self::Factor(factor) => *change == factor.change(),
            Self::Address => matches!(change, Change::AddAddress(_)),
        }
    }
}

/// What became of typed codes.
#[derive(Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// Right, and the change is made.
    Done(Change),
    /// Not digits; not counted.
    NotDigits,
    /// One of them is wrong, and counted.
    Wrong,
    /// Nothing is valid (any more).
    Expired,
    /// Too many wrong ones: the session is over.
    Over,
    /// The address can't be added (any more).
    NotPossible,
}

impl Flows {
    /// A code is asked before a second factor: it's sent here, if none is on its way.
    ///
    /// # Errors
    /// When the store or the directory can't be asked.
    pub async fn confirm_factor(self: &Arc<Self>, by: &SteppedUp, factor: Factor) -> Result<Adding, AddressesFailed> {
        match self.confirming_change(by, factor.into()).await? {
            Adding::Gone => self.ask_codes(by, factor.change()).await,
            waits => Ok(waits),
        }
    }

    /// How a change that waits for its codes stands; nothing is sent.
    ///
    /// # Errors
    /// When the store or the directory can't be asked.
    pub async fn confirming_change(&self, by: &SteppedUp, wanted: Wanted) -> Result<Adding, AddressesFailed> {
        match self.waiting(by).await? {
            Some(waiting) if wanted.is(&waiting.change) => {
                self.confirming(by, waiting.change.clone(), Some(waiting), None).await
            }
            _ => Ok(Adding::Gone),
        }
    }

    /// What is shown when the code for a second factor came too late: others are sent when they're asked for.
    ///
    /// # Errors
    /// When the store or the directory can't be asked.
    pub async fn confirming_too_late(&self, by: &SteppedUp, factor: Factor) -> Result<Adding, AddressesFailed> {
        match self.confirming_change(by, factor.into()).await? {
            Adding::Gone => self.confirming(by, factor.change(), None, None).await,
            waits => Ok(waits),
        }
    }

    /// Other codes for what waits already.
    ///
    /// # Errors
    /// When the store can't be written or the directory not be asked: then nothing is sent.
    pub async fn resend_confirmation(
        self: &Arc<Self>,
        by: &SteppedUp,
        wanted: Wanted,
    ) -> Result<Adding, AddressesFailed> {
        match (self.waiting(by).await?, wanted) {
            (Some(waiting), wanted) if wanted.is(&waiting.change) => self.ask_codes(by, waiting.change).await,
            // Its codes are too old to be there still.
            (_, Wanted::Factor(factor)) => self.ask_codes(by, factor.change()).await,
            (_, Wanted::Address) => Ok(Adding::Gone),
        }
    }

    /// Another address for codes: a code goes there, and another to those there are.
    ///
    /// # Errors
    /// When the store can't be written or the directory not be asked: then nothing is sent.
    pub async fn add_address(self: &Arc<Self>, by: &SteppedUp, typed: &str) -> Result<Adding, AddressesFailed> {
        let Ok(address) = EmailAddress::parse(typed) else { return Ok(Adding::NotPossible) };
        let contacts = self.contacts_of(by.asking()).await?;
        let full = contacts.choices.added_addresses.len() >= ADDED_ADDRESSES_MAX;
        if full || (self.behind_gate)(&address) || contacts.addresses().iter().any(|known| same(known, &address)) {
            return Ok(Adding::NotPossible);
        }
        self.ask_codes(by, Change::AddAddress(address)).await
    }

    async fn waiting(&self, by: &SteppedUp) -> Result<Option<Confirmation>, StoreFailed> {
        self.accounts.confirmation(by.asking().session.id, self.now()).await
    }

    async fn confirming(
        &self,
        by: &SteppedUp,
        change: Change,
        waiting: Option<Confirmation>,
        sent: Option<(bool, Timestamp)>,
    ) -> Result<Adding, AddressesFailed> {
        let addresses = self.contacts_of(by.asking()).await?.addresses();
        let next_mail_at = match (&waiting, sent) {
            (_, Some((false, at))) => at,
            (Some(waiting), _) => waiting.next_mail_at,
            (None, _) => self.now(),
        };
        let sent = sent.map(|(sent, _)| sent);
        Ok(Adding::Confirming(Box::new(Confirming { waiting, change, addresses, next_mail_at, sent })))
    }

    async fn ask_codes(self: &Arc<Self>, by: &SteppedUp, change: Change) -> Result<Adding, AddressesFailed> {
        let asking = by.asking();
        let contacts = self.contacts_of(asking).await?;
        if contacts.addresses().is_empty() {
            return Ok(Adding::NoAddress);
        }
        let (code, second_code) = {
            let mut rng = rand::rng();
            let digits = self.policy.challenge.digits;
            let second = matches!(change, Change::AddAddress(_)).then(|| new_code(digits, &mut rng));
            (new_code(digits, &mut rng), second)
        };
        let now = self.now();
        let confirmation = NewConfirmation {
            session: asking.session.id,
            network: asking.network,
            change: change.clone(),
            code: code.clone(),
            second_code: second_code.clone(),
            now,
        };
        match self.accounts.begin_confirmation(confirmation).await? {
            CodeGrant::Granted { expires_at } => {
                self.mail_confirmation(by, &contacts, &change, code, second_code, expires_at);
                self.note(asking.happening(EventKind::CodeSent, None)).await;
                let waiting = self.waiting(by).await?;
                self.confirming(by, change, waiting, Some((true, now))).await
            }
            CodeGrant::NotBefore { at } => {
                let waiting = self.waiting(by).await?.filter(|waiting| waiting.change == change);
                self.confirming(by, change, waiting, Some((false, at))).await
            }
            CodeGrant::NoAddress => Ok(Adding::NoAddress),
            CodeGrant::Blocked(block) => Ok(Adding::Blocked(block)),
            CodeGrant::NotWanted => Ok(Adding::Gone),
        }
    }

    fn mail_confirmation(
        &self,
        by: &SteppedUp,
        contacts: &Contacts,
        change: &Change,
        code: NewCode,
        second_code: Option<NewCode>,
        expires_at: Timestamp,
    ) {
        let asking = by.asking();
        let mail = |code: NewCode, to: Vec<EmailAddress>, purpose: ConfirmationPurpose| {
            metrics::counter!("poterne_challenges_total", "event" => "sent").increment(1);
            self.courier.confirm(ConfirmationMail {
                code: CodeMail {
                    challenge: code.challenge,
                    to,
                    language: contacts.language().unwrap_or(asking.language),
                    code: code.code,
                    account: asking.session.account.clone(),
                    asked_at: self.now(),
                    expires_at,
                    network: asking.network,
                    browser: asking.browser.clone(),
                },
                purpose,
            });
        };
        match change {
            Change::Enrol => mail(code, contacts.addresses(), ConfirmationPurpose::Enrol),
            Change::RenewCodes => mail(code, contacts.addresses(), ConfirmationPurpose::RenewCodes),
            Change::AddAddress(address) => {
                let purpose = ConfirmationPurpose::AddAddress { address: address.masked() };
                mail(code, contacts.addresses(), purpose);
                if let Some(second) = second_code {
                    mail(second, vec![address.clone()], ConfirmationPurpose::NewAddress);
                }
            }
        }
    }

    /// Takes the typed codes of what waits: one, or for an address two.
    ///
    /// # Errors
    /// When the store can't be written: then nothing was counted nor changed.
    pub async fn confirm_change(
        self: &Arc<Self>,
        by: &SteppedUp,
        wanted: Wanted,
        typed: &str,
        second_typed: &str,
    ) -> Result<Confirmed, StoreFailed> {
        let asking = by.asking();
        // One code never confirms what wants two, and the other way round.
        let second_typed = (wanted == Wanted::Address).then(|| TypedCode::parse(second_typed).ok_or(())).transpose();
        let (Some(typed), Ok(second_typed)) = (TypedCode::parse(typed), second_typed) else {
            return Ok(Confirmed::NotDigits);
        };
        match self.waiting(by).await? {
            Some(waiting) if wanted.is(&waiting.change) => {}
            _ => return Ok(Confirmed::Expired),
        }
        let answer = ConfirmationAnswer {
            session: asking.session.id,
            account: asking.session.account.clone(),
            network: asking.network,
            typed,
            second_typed,
            reference: asking.reference,
            now: self.now(),
        };
        let event = |event: &'static str| metrics::counter!("poterne_challenges_total", "event" => event).increment(1);
        Ok(match self.accounts.answer_confirmation(answer).await? {
            ConfirmationAnswered::Done(change) => {
                event("passed");
                if let Change::AddAddress(address) = &change {
                    let address = address.masked();
                    info!(network = %asking.network, "an address for codes was added by its account's owner");
                    self.note(asking.happening(EventKind::AddressAdded, Some(address.clone()))).await;
                    let notice = Notice::AddressAdded { address: address.clone() };
                    self.tell(asking, notice, EventKind::AddressAdded, Some(address)).await;
                }
                Confirmed::Done(change)
            }
            ConfirmationAnswered::Wrong { .. } => {
                event("failed");
                Confirmed::Wrong
            }
            ConfirmationAnswered::Expired => {
                event("expired");
                Confirmed::Expired
            }
            ConfirmationAnswered::Over => {
                event("failed");
                info!(network = %asking.network, reference = %asking.reference, "wrong codes for a change ended a session");
                self.note(asking.happening(EventKind::StepUpFailed, None)).await;
                self.end(&asking.session).await?;
                Confirmed::Over
            }
            ConfirmationAnswered::NotPossible => Confirmed::NotPossible,
        })
    }

    /// Takes an added address away, by what its form calls it; `false` if there's none like it.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn remove_address(self: &Arc<Self>, by: &SteppedUp, id: &str) -> Result<bool, StoreFailed> {
        let asking = by.asking();
        let owner = &asking.session.account;
        let added = self.accounts.choices(owner).await?.added_addresses;
        let Some(address) = added.into_iter().find(|address| self.keys.address_id(address) == id) else {
            return Ok(false);
        };
        if !self.accounts.remove_address(owner, &address).await? {
            return Ok(false);
        }
        let masked = address.masked();
        let of = asking.happening(EventKind::AddressRemoved, Some(masked.clone()));
        self.note(of.clone()).await;
        let notice = Notice::AddressRemoved { address: masked };
        self.notify(notice, of, asking.language, vec![address]).await;
        Ok(true)
    }
}

/// Whether two addresses are one mailbox's, as far as anybody can tell: hardly any server tells cases
/// apart.
fn same(one: &EmailAddress, other: &EmailAddress) -> bool {
    let (one, other): (&str, &str) = (one.as_address().as_ref(), other.as_address().as_ref());
    one.eq_ignore_ascii_case(other)
}
