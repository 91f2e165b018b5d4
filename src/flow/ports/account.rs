//! What the store keeps for an account's owner: second factors, events, open sessions, addresses.

use std::time::Duration;

use async_trait::async_trait;

pub use super::event::{AccountEvent, EventKind};
use super::{CodeGrant, NewCode, NoticeId, Notifying, StoreFailed, StoredSession};
use crate::challenge::totp::{Step, TotpSecret};
use crate::limit::Block;
use crate::model::{
    AccountId, AlarmHash, BrowserHash, DeviceId, EmailAddress, Language, Network, Reference, SessionId, Timestamp,
    TokenHash, TypedCode,
};

/// The rules of second factors besides the numbers of the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FactorPolicy {
    /// Whether an unknown network asks an enrolled account for the e-mailed code as well, after the
    /// app's (`totp.mail_too`; default no).
    pub mail_too: bool,
    /// How long a browser is remembered that its owner asked for (`totp.remember_for`); `None`: never.
    pub remember_for: Option<Duration>,
}

/// How long a step-up lasts.
pub const STEP_UP_LASTS: Duration = Duration::from_mins(10);
/// Wrong passwords at the step-up that end the session (as many as wrong codes block).
pub const STEP_UP_TRIES: u32 = 3;
/// Events that are kept for an account's owner to look at.
pub const EVENTS_KEPT: u32 = 50;
/// How long the link in a mail that says "it wasn't me" works.
pub const ALARM_LASTS: Duration = Duration::from_hours(7 * 24);
/// How long the network stays blocked for the account after "it wasn't me"; support lifts it earlier.
pub const REPORTED_BLOCK: Duration = Duration::from_hours(30 * 24);
/// Devices that an account may enrol.
pub const DEVICES_MAX: usize = 10;
/// Addresses that an account's owner may add.
pub const ADDED_ADDRESSES_MAX: usize = 3;

/// What a session waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Asks {
    /// The e-mailed code.
    Mail,
    /// A code of the app, or a backup code.
    Factor,
    /// A code of the app or a backup code, then the e-mailed code.
    FactorThenMail,
}

/// What a session was cleared by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ClearedBy {
    /// Nothing but the password: its network was known, or its browser remembered.
    Network,
    /// The e-mailed code.
    Mail,
    /// A code of the app.
    Totp,
    /// A backup code.
    Backup,
}

impl ClearedBy {
    /// Whether the owner showed more than the password.
    pub const fn by_code(self) -> bool {
        !matches!(self, Self::Network)
    }
}

/// What the store keeps about accounts' owners. As with [`super::Store`], every method commits
/// before it returns, and every single use is decided inside one transaction.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    // ── second factors at a login, and to confirm a change ──

    /// A typed code of the app: compared with every device of the session's account, its step burnt,
    /// a failure counted into the same tallies and blocks as wrong e-mailed codes. With
    /// [`FactorUse::Clear`] success clears the session (or moves it on to the e-mailed code) and
    /// makes the networks of login and answer known.
    async fn answer_totp(&self, answer: FactorAnswer, typed: TypedCode) -> Result<FactorAnswered, StoreFailed>;

    /// Whether a backup code may be tried for this session now, and the hash to compare with. To be
    /// asked under the account's turn, so that wrong ones are counted one after the other.
    async fn backup_candidate(
        &self,
        session: SessionId,
        network: Network,
        used_for: FactorUse,
        slot: u8,
        now: Timestamp,
    ) -> Result<BackupCandidate, StoreFailed>;

    /// The outcome of comparing a backup code with `against`: used up if it was `right` and is still
    /// there unused (else wrong), counted if wrong.
    async fn answer_backup(
        &self,
        answer: FactorAnswer,
        slot: u8,
        against: String,
        right: bool,
    ) -> Result<FactorAnswered, StoreFailed>;

    // ── step-up ──

    /// Keeps the hash of the password that the panel accepted for this session, until it ends.
    async fn keep_password_hash(&self, session: SessionId, hash: String) -> Result<(), StoreFailed>;

    /// A try at the step-up: counted before it's evaluated. To be called before the hash is compared.
    async fn begin_step_up(&self, session: SessionId, now: Timestamp) -> Result<StepUpTry, StoreFailed>;

    /// The right password: the count ends, and changes are open until `until`.
    async fn finish_step_up(&self, session: SessionId, until: Timestamp) -> Result<(), StoreFailed>;

    /// How a cleared session stands with regard to changes; `None` if it's gone.
    async fn session_security(&self, session: SessionId) -> Result<Option<SessionSecurity>, StoreFailed>;

    // ── the account ──

    /// Everything that the account's page shows.
    async fn security(&self, account: &AccountId, now: Timestamp) -> Result<AccountSecurity, StoreFailed>;

    /// What the owner chose that counts at each login: added addresses, language, suspicion.
    async fn choices(&self, account: &AccountId) -> Result<AccountChoices, StoreFailed>;

    /// Enrols a device. Nothing changes if the account's factors have changed since
    /// `enrolment.generation` was read.
    async fn enrol(&self, enrolment: Enrolment) -> Result<Enrolled, StoreFailed>;

    /// Takes a device away; with the last one everything of [`Self::turn_off`] goes. `false` if it
    /// isn't this account's.
    async fn remove_device(&self, account: &AccountId, device: DeviceId, now: Timestamp) -> Result<bool, StoreFailed>;

    /// Takes all devices, backup codes and remembered browsers away; `false` if there were none.
    async fn turn_off(&self, account: &AccountId, now: Timestamp) -> Result<bool, StoreFailed>;

    /// Replaces all backup codes by these hashes (slot 0 first); `false` if no device is enrolled.
    async fn replace_backup_codes(
        &self,
        account: &AccountId,
        hashes: Vec<String>,
        now: Timestamp,
    ) -> Result<bool, StoreFailed>;

    /// Forgets a known network; `false` if it wasn't known.
    async fn forget_network(&self, account: &AccountId, network: Network) -> Result<bool, StoreFailed>;

    /// Ends sessions of an account; what was parked with them is handed out, still encrypted.
    async fn end_sessions(
        &self,
        account: &AccountId,
        which: Which,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, Option<Vec<u8>>)>, StoreFailed>;

    /// Forgets every browser that is remembered for an account; gives how many.
    async fn forget_browsers(&self, account: &AccountId) -> Result<u64, StoreFailed>;

    /// The language that the owner wants for pages and mails.
    async fn set_language(&self, account: &AccountId, language: Language) -> Result<(), StoreFailed>;

    /// Takes an added address away; `false` if it wasn't there.
    async fn remove_address(&self, account: &AccountId, address: &EmailAddress) -> Result<bool, StoreFailed>;

    /// Events for the owner to look at; the newest [`EVENTS_KEPT`] of an account are kept.
    async fn record_events(&self, events: Vec<AccountEvent>) -> Result<(), StoreFailed>;

    // ── codes that confirm a change ──

    /// Codes for a change are to be mailed: the mail budget of the account is asked, and they're
    /// recorded; earlier ones for the same session and change are superseded.
    async fn begin_confirmation(&self, confirmation: NewConfirmation) -> Result<CodeGrant, StoreFailed>;

    /// What a session is asked to confirm, if anything.
    async fn confirmation(&self, session: SessionId, now: Timestamp) -> Result<Option<Confirmation>, StoreFailed>;

    /// The codes of a confirmation as typed: compared, counted and used up in one transaction. At
    /// success the change is made: a session counts as cleared by [`ClearedBy::Mail`], or an address
    /// is added.
    async fn answer_confirmation(&self, answer: ConfirmationAnswer) -> Result<ConfirmationAnswered, StoreFailed>;

    // ── "it wasn't me" ──

    /// Keeps a notice until [`Self::notice_left`] says that it has left, over restarts.
    async fn keep_notice(&self, notice: Notifying) -> Result<NoticeId, StoreFailed>;

    /// Nothing more will become of a notice.
    async fn notice_left(&self, notice: NoticeId) -> Result<(), StoreFailed>;

    /// The notices that haven't left yet, oldest first.
    async fn notices_kept(&self) -> Result<Vec<(NoticeId, Notifying)>, StoreFailed>;

    /// Makes a link for a mail work.
    async fn raise_alarm(&self, alarm: NewAlarm) -> Result<(), StoreFailed>;

    /// What a link stands for; `None` if there's none, or it's over.
    async fn alarm(&self, alarm: AlarmHash, now: Timestamp) -> Result<Option<Alarm>, StoreFailed>;

    /// The button behind a link: ends the account's sessions, forgets the network, blocks it for the
    /// account, marks the password as suspected, forgets remembered browsers. Once for each link.
    async fn use_alarm(
        &self,
        alarm: AlarmHash,
        reference: Reference,
        now: Timestamp,
    ) -> Result<Option<AlarmUsed>, StoreFailed>;
}

/// What a typed second factor is for.
#[derive(Clone, Debug)]
pub enum FactorUse {
    /// To clear the session under a new token.
    Clear {
        /// The hash of that token.
        new_token: TokenHash,
        /// Remember this browser by this.
        remember: Option<BrowserHash>,
        /// The code to be mailed if the e-mailed code comes next ([`Asks::FactorThenMail`]).
        next_code: NewCode,
    },
    /// To confirm a change inside a cleared session.
    Confirm,
}

/// A typed second factor, without the code itself.
#[derive(Clone, Debug)]
pub struct FactorAnswer {
    /// The session it's typed for.
    pub session: SessionId,
    /// Where from.
    pub network: Network,
    /// What for.
    pub used_for: FactorUse,
    /// The reference for the case that it's blocked.
    pub reference: Reference,
    /// When.
    pub now: Timestamp,
}

/// What became of a typed second factor.
#[derive(Clone, Debug)]
pub enum FactorAnswered {
    /// Right: the session is cleared.
    Cleared {
        /// The session, under its new token.
        session: StoredSession,
        /// What was parked, still encrypted; `None` when nothing was.
        sealed_jar: Option<Vec<u8>>,
        /// Backup codes left, if this was one.
        backup_left: Option<u32>,
        /// Whether the network wasn't known before.
        new_network: bool,
    },
    /// Right: the e-mailed code comes next. The session stays pending under its token.
    MailNext {
        /// The session as it goes on.
        session: StoredSession,
        /// Whether the code may be mailed.
        grant: CodeGrant,
        /// Where to.
        addresses: Vec<EmailAddress>,
        /// In which language.
        language: Language,
        /// Backup codes left, if this was one.
        backup_left: Option<u32>,
    },
    /// Right: the change is confirmed.
    Confirmed {
        /// Backup codes left, if this was one.
        backup_left: Option<u32>,
    },
    /// Wrong (replayed, old, malformed, another's), and counted.
    Wrong {
        /// Tries left before the block.
        tries_left: u32,
        /// The code belongs to a step further away: by how many seconds the phone is ahead
        /// (negative: behind). Counted nevertheless.
        clock_off: Option<i64>,
    },
    /// The pending login is over.
    Expired,
    /// Blocked, now or before: as [`super::Answered::Blocked`]. A fresh block at
    /// [`FactorUse::Confirm`] ends the session.
    Blocked {
        /// The block.
        block: Block,
        /// Whether this very answer caused it.
        fresh: bool,
    },
    /// The session is gone or asks for nothing like it.
    NotWanted,
}

/// Whether a backup code may be tried.
#[derive(Clone, Debug)]
pub enum BackupCandidate {
    /// Yes: compare with this hash. Without one (used up, or none made) it's wrong.
    Try(Option<String>),
    /// No.
    Not(FactorAnswered),
}

/// A try at the step-up.
#[derive(Clone, Debug)]
pub enum StepUpTry {
    /// It's counted: compare with this hash.
    Compare {
        /// The hash of the password.
        hash: String,
        /// Tries left after this one; none: a wrong password ends the session.
        tries_left: u32,
    },
    /// No password is known for this session: it was logged in without one, or the hash isn't
    /// there yet.
    NoPassword,
    /// The tries are used up, or the session is gone.
    Over,
}

/// How a cleared session stands with regard to changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSecurity {
    /// What it was cleared by.
    pub cleared_by: ClearedBy,
    /// Whether its password can be compared.
    pub has_password: bool,
    /// Until when changes are open.
    pub stepped_up_until: Option<Timestamp>,
    /// Wrong passwords that may still be typed before the session ends.
    pub tries_left: u32,
}

/// Everything that the account's page shows, from one read.
#[derive(Clone, Debug, Default)]
pub struct AccountSecurity {
    /// Changes with every change of the factors.
    pub generation: u64,
    /// Enrolled devices, oldest first.
    pub devices: Vec<Device>,
    /// Backup codes that aren't used; `None` without any device.
    pub backup_left: Option<u32>,
    /// Known networks, last used first.
    pub networks: Vec<KnownNetwork>,
    /// Cleared sessions that live, last used first.
    pub sessions: Vec<SessionLine>,
    /// The latest events, newest first.
    pub events: Vec<AccountEvent>,
    /// What the owner chose.
    pub choices: AccountChoices,
    /// Browsers that skip the app's code.
    pub remembered_browsers: u32,
}

/// What an account's owner chose, and what is suspected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChoices {
    /// Addresses that get codes too (b13).
    pub added_addresses: Vec<EmailAddress>,
    /// The language of pages and mails.
    pub language: Option<Language>,
    /// Since when the password is suspected to be stolen: then no network is known.
    pub suspected_since: Option<Timestamp>,
    /// Whether a device is enrolled.
    pub enrolled: bool,
}

/// An enrolled device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its identity.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: String,
    /// When it was confirmed.
    pub added_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Timestamp,
}

/// A known network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownNetwork {
    /// Which.
    pub network: Network,
    /// Since when.
    pub since: Timestamp,
    /// Last use.
    pub last_used_at: Timestamp,
}

/// A session, as its owner is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLine {
    /// Which.
    pub id: SessionId,
    /// Where it is.
    pub network: Network,
    /// The browser, as it calls itself.
    pub browser: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Last use.
    pub last_seen_at: Timestamp,
}

/// A device to be enrolled, its code checked.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Whose.
    pub account: AccountId,
    /// Its identity.
    pub device: DeviceId,
    /// What its owner calls it, one line.
    pub name: String,
    /// The secret; the store keeps it encrypted.
    pub secret: TotpSecret,
    /// The step of the code that confirmed it: burnt.
    pub step: Step,
    /// The [`AccountSecurity::generation`] that the enrolment began with.
    pub generation: u64,
    /// Hashes of fresh backup codes, for the account's first device; else empty and the codes stay.
    pub backup_hashes: Vec<String>,
    /// When.
    pub now: Timestamp,
}

/// What became of an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// The device counts from now on.
    Done,
    /// The account's factors have changed meanwhile (in another tab): nothing was done.
    ChangedMeanwhile,
    /// There are [`DEVICES_MAX`] already.
    TooMany,
}

/// Which sessions of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// One.
    Only(SessionId),
    /// All but one.
    AllBut(SessionId),
    /// All, pending ones too.
    All,
}

/// What an e-mailed code is to confirm inside a cleared session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// An enrolment, in a session that was cleared without a code.
    Enrol,
    /// New backup codes, in such a session.
    RenewCodes,
    /// Another address for codes: a code to those there are and one to the new one.
    AddAddress(EmailAddress),
}

/// Codes to be mailed for a change.
#[derive(Clone, Debug)]
pub struct NewConfirmation {
    /// The session that asks.
    pub session: SessionId,
    /// Where it's asked from.
    pub network: Network,
    /// What for.
    pub change: Change,
    /// The code for the addresses there are.
    pub code: NewCode,
    /// The code for the new address.
    pub second_code: Option<NewCode>,
    /// When.
    pub now: Timestamp,
}

/// A confirmation that waits for its codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// What for.
    pub change: Change,
    /// When the codes were sent.
    pub sent_at: Timestamp,
    /// Until when they're valid.
    pub expires_at: Timestamp,
    /// When others can be sent.
    pub next_mail_at: Timestamp,
    /// Tries left.
    pub tries_left: u32,
}

/// The codes of a confirmation as typed.
#[derive(Clone, Debug)]
pub struct ConfirmationAnswer {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
    /// Where from.
    pub network: Network,
    /// The code from the addresses there are.
    pub typed: TypedCode,
    /// The code from the new address.
    pub second_typed: Option<TypedCode>,
    /// The reference for the case that it's blocked.
    pub reference: Reference,
    /// When.
    pub now: Timestamp,
}

/// What became of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfirmationAnswered {
    /// Right, and the change is made.
    Done(Change),
    /// One of them is wrong; counted.
    Wrong {
        /// Tries left.
        tries_left: u32,
    },
    /// Nothing is valid (any more).
    Expired,
    /// Too many wrong ones: the confirmation is over, and the session with it.
    Over,
    /// There are [`ADDED_ADDRESSES_MAX`] already, or it's there already.
    NotPossible,
}

/// A link for a mail.
#[derive(Clone, Debug)]
pub struct NewAlarm {
    /// What it's found by.
    pub alarm: AlarmHash,
    /// Whose.
    pub account: AccountId,
    /// What the mail told of.
    pub kind: EventKind,
    /// The network that it told of.
    pub network: Network,
    /// The browser that it told of.
    pub browser: String,
    /// When that happened.
    pub at: Timestamp,
    /// Until when the link works.
    pub until: Timestamp,
}

/// What a link stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Whose.
    pub account: AccountId,
    /// What the mail told of.
    pub kind: EventKind,
    /// From which network.
    pub network: Network,
    /// With which browser.
    pub browser: String,
    /// When.
    pub at: Timestamp,
    /// When its button was used, if it was.
    pub used_at: Option<Timestamp>,
}

/// What the button behind a link did.
#[derive(Clone, Debug)]
pub struct AlarmUsed {
    /// What it was about; its [`Alarm::used_at`] says whether it was used before: then nothing was
    /// done this time.
    pub alarm: Alarm,
    /// Sessions that ended, and what was parked with them.
    pub ended: Vec<(SessionId, Option<Vec<u8>>)>,
}
