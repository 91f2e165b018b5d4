//! What the flows need from the world: a store, a directory, a courier for mails, the panel.

pub mod account;
mod event;
mod mail;
mod notice;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::limit::{Block, Quota};
use crate::model::{
    AccountId, AttemptId, BrowserHash, ChallengeId, ClaimKey, EmailAddress, Language, Network, OneTimeCode, Reference,
    SessionId, Timestamp, TokenHash, TypedCode,
};
use account::Asks;

pub use mail::{CodeMail, ConfirmationMail, ConfirmationPurpose, Courier, MailStatus, NoticeMail, Receipt};
pub use notice::{Notice, NoticeId, Notifying};

// ── The store ──────────────────────────────────────────────────────────────────────────────────

/// The store could not do what was asked; nothing of it was done. Whatever depended on it must not
/// happen (DESIGN R8).
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreFailed(pub String);

/// What must last. Every method commits before it returns; every limit, lock and single use is
/// decided inside one transaction, so that of parallel callers exactly one wins.
///
/// What it costs to be wrong: a claim given twice lets an attacker ride on a victim's login; a try
/// not counted lets a code be guessed; a token found after its session's end lets somebody stay in.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// All that the hot maps start from: live sessions and claims.
    async fn load(&self, now: Timestamp) -> Result<HotState, StoreFailed>;

    /// Claims all `keys` for `attempt`, or none (DESIGN R3). A key that `released_by` (the session
    /// that the login is made in, which ends with it) owns may be taken over from it.
    async fn claim(&self, claim: NewClaim) -> Result<ClaimOutcome, StoreFailed>;

    /// A refused login: its claims go.
    async fn release_claims(&self, attempt: AttemptId) -> Result<(), StoreFailed>;

    /// An accepted login: makes the gate session, cleared if the network is known for the account,
    /// else pending with its first code; hands it the attempt's claims; ends `replaces`. A blocked
    /// account+network gets no session, and the claims stay.
    async fn open_session(&self, opening: OpenSession) -> Result<Opened, StoreFailed>;

    /// How a session's challenge stands when seen from `network`, for the code page.
    async fn challenge_status(
        &self,
        session: SessionId,
        network: Network,
        now: Timestamp,
    ) -> Result<ChallengeStatus, StoreFailed>;

    /// Another code for a session: for a pending login, or for a cleared session that turned up
    /// from an unknown network. The codes before it are superseded.
    async fn new_code(&self, request: NewCodeRequest) -> Result<CodeGrant, StoreFailed>;

    /// A typed code: counted, compared and used up in one transaction. At success the session is
    /// cleared under `new_token`, the networks of login and answer become known, and the counters
    /// of wrong codes end.
    async fn answer_code(&self, answer: CodeAnswer) -> Result<Answered, StoreFailed>;

    /// How `network` stands for `account`: for a cleared session that changed its network.
    async fn network_standing(
        &self,
        account: &AccountId,
        network: Network,
        created_from: Option<Network>,
        now: Timestamp,
    ) -> Result<NetworkStanding, StoreFailed>;

    /// Ends a session. What was parked with it is deleted and handed out one last time, so that the
    /// panel can be told to log it out (DESIGN R7). Its claims stay.
    async fn end_session(&self, session: SessionId, now: Timestamp) -> Result<Ended, StoreFailed>;

    /// Last use (and present network) of cleared sessions, written now and then in one go.
    async fn touch_sessions(&self, touches: Vec<SessionTouch>) -> Result<(), StoreFailed>;

    /// A wrong password from a network: counted, and if the quota is used up, when the next try is
    /// allowed.
    async fn record_wrong_password(
        &self,
        network: Network,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreFailed>;

    /// When a network that used up its quota of wrong passwords may try again; `None` for now.
    async fn password_retry_at(
        &self,
        network: Network,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreFailed>;

    /// Refusals that users were shown, for support to look up. The newest are kept, up to a bound.
    async fn record_refusals(&self, refusals: Vec<RefusalRecord>) -> Result<(), StoreFailed>;

    /// The refusal or block with this reference.
    async fn lookup_reference(&self, reference: Reference) -> Result<Option<RefusalRecord>, StoreFailed>;

    /// Writes down that it's `now`: shows whether the store can still be written, and keeps a gate
    /// that starts again from starting in the past.
    async fn note_time(&self, now: Timestamp) -> Result<(), StoreFailed>;

    /// Deletes some of what has expired, in a small step that stalls nobody. Call again at once
    /// while the number of rows isn't zero, and every minute or so in any case: it also notes how late
    /// it is, so that no restart sets the gate's clock back.
    async fn purge_expired(&self, now: Timestamp) -> Result<Purged, StoreFailed>;
}

/// What an ended session leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Whether it was there.
    pub existed: bool,
    /// What was parked with it, still encrypted.
    pub sealed_jar: Option<Vec<u8>>,
}

/// What one step of purging took away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// How many rows went.
    pub rows: u64,
    /// What was parked with pending sessions that ended, still encrypted.
    pub jars: Vec<(SessionId, Vec<u8>)>,
}

/// What the hot maps start from.
#[derive(Debug, Default)]
pub struct HotState {
    /// Sessions that live, pending and cleared.
    pub sessions: Vec<StoredSession>,
    /// Claims in force, and when each ends.
    pub claims: Vec<(ClaimKey, Timestamp)>,
}

/// A gate session as the store knows it.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Its lasting identity.
    pub id: SessionId,
    /// What its present token is found by.
    pub token: TokenHash,
    /// Whose it is.
    pub account: AccountId,
    /// The network it was last seen from and is good for.
    pub network: Network,
    /// Pending or cleared.
    pub state: SessionState,
    /// When the login was accepted.
    pub created_at: Timestamp,
    /// Last use.
    pub last_seen_at: Timestamp,
}

/// Where a session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionState {
    /// The panel accepted the password; the owner isn't recognised yet. Ends at `until` at the latest.
    Pending {
        /// The end of its newest code, 30 minutes after the login at most (DESIGN R7).
        until: Timestamp,
    },
    /// The owner is recognised.
    Cleared,
}

/// A request for claims.
#[derive(Clone, Debug)]
pub struct NewClaim {
    /// Who claims.
    pub attempt: AttemptId,
    /// What is claimed.
    pub keys: Vec<ClaimKey>,
    /// A session whose claims may be taken over.
    pub released_by: Option<SessionId>,
    /// When.
    pub now: Timestamp,
    /// When the claims end.
    pub until: Timestamp,
}

/// What became of a request for claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimOutcome {
    /// All are this attempt's now.
    Claimed,
    /// At least one is somebody else's; none was taken.
    Taken,
}

/// A login that the panel accepted.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// The session to be made.
    pub session: SessionId,
    /// The hash of the token that its browser will get.
    pub token: TokenHash,
    /// The attempt whose claims it takes over.
    pub attempt: AttemptId,
    /// Whose it is.
    pub account: AccountId,
    /// Where the login came from.
    pub network: Network,
    /// The account's creation network, if it's to be trusted (b8).
    pub created_from: Option<Network>,
    /// The parked jar, already encrypted.
    pub sealed_jar: Vec<u8>,
    /// Addresses the code would go to; empty: nobody to send it to.
    pub addresses: Vec<EmailAddress>,
    /// The language of pages and mails for this login.
    pub language: Language,
    /// The browser, as it calls itself, cut to a line.
    pub browser: String,
    /// The code for the case that one is needed.
    pub code: NewCode,
    /// A session of the same browser that ends with this login. If it was pending for the same
    /// account, its codes become superseded ones of this session (two tabs, two mails).
    pub replaces: Option<SessionId>,
    /// What remembers this browser, if it says that it is remembered.
    pub remembered: Option<BrowserHash>,
    /// The reference for the case that it's blocked.
    pub reference: Reference,
    /// When.
    pub now: Timestamp,
}

/// A code to be sent: only its hash is kept.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Its identity.
    pub challenge: ChallengeId,
    /// Its digits; the store keeps a hash only.
    pub code: OneTimeCode,
}

/// What became of an accepted login.
#[derive(Clone, Debug)]
pub enum Opened {
    /// The network is known: the session is cleared already.
    Cleared(StoredSession),
    /// The network is unknown: the session is pending.
    Pending {
        /// The session.
        session: StoredSession,
        /// What it waits for.
        asks: Asks,
        /// Whether the code may be mailed; [`CodeGrant::NotWanted`] where the app's comes first.
        grant: CodeGrant,
    },
    /// This account is blocked from this network, or from every unknown one.
    Blocked(Block),
}

/// A request for another code.
#[derive(Clone, Debug)]
pub struct NewCodeRequest {
    /// The session.
    pub session: SessionId,
    /// Where it's asked from.
    pub network: Network,
    /// The code.
    pub code: NewCode,
    /// The reference for the case that it's blocked.
    pub reference: Reference,
    /// When.
    pub now: Timestamp,
}

/// Whether a code may be mailed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeGrant {
    /// Yes: it's recorded and valid until then.
    Granted {
        /// When the code ends.
        expires_at: Timestamp,
    },
    /// Not yet: 60 s have not passed, or the mail budget is used up.
    NotBefore {
        /// When the next is possible.
        at: Timestamp,
    },
    /// The account has no address.
    NoAddress,
    /// Blocked.
    Blocked(Block),
    /// The session is gone or needs no code.
    NotWanted,
}

/// How a challenge stands.
#[derive(Clone, Debug)]
pub enum ChallengeStatus {
    /// A code is awaited.
    Waiting(WaitingChallenge),
    /// Its newest code's time is over, or the pending login's. Never for a cleared session: that one
    /// waits, without a newest code, and can ask for another.
    Expired,
    /// Blocked.
    Blocked(Block),
    /// The session is gone or needs no code from this network.
    NotWanted,
}

/// A challenge that waits for its code.
#[derive(Clone, Debug)]
pub struct WaitingChallenge {
    /// Whose.
    pub account: AccountId,
    /// What is awaited.
    pub asks: Asks,
    /// Backup codes that aren't used, where a second factor is awaited.
    pub backup_left: u32,
    /// The newest code, if one was ever granted.
    pub newest: Option<SentCode>,
    /// Where codes go.
    pub addresses: Vec<EmailAddress>,
    /// Tries left before the block.
    pub tries_left: u32,
    /// When the next mail is possible (in the past: now).
    pub next_mail_at: Timestamp,
    /// When the pending login ends at the latest.
    pub ends_at: Timestamp,
    /// The language of the login.
    pub language: Language,
}

/// A code that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentCode {
    /// Its identity, to ask the courier what became of the mail.
    pub challenge: ChallengeId,
    /// When.
    pub sent_at: Timestamp,
    /// Until when it's valid.
    pub expires_at: Timestamp,
}

/// A typed code.
#[derive(Clone, Debug)]
pub struct CodeAnswer {
    /// The session it's typed for.
    pub session: SessionId,
    /// What was typed.
    pub typed: TypedCode,
    /// Where from.
    pub network: Network,
    /// The hash of the token that the session gets at clearance.
    pub new_token: TokenHash,
    /// The reference for the case that it's blocked.
    pub reference: Reference,
    /// When.
    pub now: Timestamp,
}

/// What became of a typed code.
#[derive(Clone, Debug)]
pub enum Answered {
    /// Right: the session is cleared.
    Cleared {
        /// The session, under its new token.
        session: StoredSession,
        /// What was parked, still encrypted; `None` when nothing was (a changed network).
        sealed_jar: Option<Vec<u8>>,
        /// Whether the network wasn't known before.
        new_network: bool,
    },
    /// Wrong, and counted.
    Wrong {
        /// Tries left before the block.
        tries_left: u32,
    },
    /// An older code: not counted; the newest was sent then.
    Superseded {
        /// When the newest code was sent.
        newest_sent_at: Timestamp,
    },
    /// No code is valid any more.
    Expired,
    /// Blocked, now or before. A fresh block ended the session that was answered for if it was
    /// pending, and all others that were pending for the same account from the same network; a
    /// cleared session goes on from where it was cleared.
    Blocked {
        /// The block.
        block: Block,
        /// Whether this very answer caused it.
        fresh: bool,
    },
    /// The session is gone or needs no code.
    NotWanted,
}

/// How a network stands for an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NetworkStanding {
    /// Verified before, or the creation network.
    Known,
    /// Never verified.
    Unknown,
    /// Blocked for this account.
    Blocked(Block),
}

/// A cleared session was used.
#[derive(Clone, Debug)]
pub struct SessionTouch {
    /// Which.
    pub session: SessionId,
    /// When last.
    pub seen_at: Timestamp,
    /// From which network it's good now.
    pub network: Network,
}

/// A refusal that a user was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRecord {
    /// What the user reads out.
    pub reference: Reference,
    /// When.
    pub at: Timestamp,
    /// Why, as logs and metrics name it.
    pub reason: String,
    /// The status that was answered.
    pub status: u16,
    /// Whose account, if the panel or the directory vouched for it.
    pub account: Option<AccountId>,
    /// Where the request came from.
    pub network: Network,
    /// Method and path, without the query.
    pub request: String,
    /// Until when it holds, for blocks.
    pub until: Option<Timestamp>,
}

// ── The directory ──────────────────────────────────────────────────────────────────────────────

/// The directory can't be asked: a clear page, never a way in.
#[derive(Debug, thiserror::Error)]
#[error("the directory of accounts can't be asked: {0}")]
pub struct DirectoryUnavailable(pub String);

/// What is on record for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecord {
    /// The account's own name, which counts from here on.
    pub account: AccountId,
    /// Where codes go (b4, b13); those behind this very gate are left out already.
    pub addresses: Vec<EmailAddress>,
    /// The customer's language, where known.
    pub language: Option<Language>,
    /// Customer type: "individual", "company", "association" or what the operator calls it.
    pub customer_type: Option<String>,
    /// The network the account was created from, if it may be trusted (b8).
    pub created_from: Option<Network>,
    /// The billing contact, who is told of what happens to the account's security (b52, b71).
    pub billing: Option<EmailAddress>,
}

impl AccountRecord {
    /// Of an account that the directory doesn't know.
    pub const fn unknown(account: AccountId) -> Self {
        Self { account, addresses: Vec::new(), language: None, customer_type: None, created_from: None, billing: None }
    }
}

/// Where accounts' addresses are looked up (DESIGN §3).
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// The record of `account`; `None` when there is none. Answers within its own deadline.
    async fn lookup(&self, account: &AccountId) -> Result<Option<AccountRecord>, DirectoryUnavailable>;
}

// ── The panel ──────────────────────────────────────────────────────────────────────────────────

/// A request that the gate makes itself: a login relay, a probe, a logout. Its headers come from
/// the one function that makes upstream headers.
///
/// `Debug` shows neither query, header values nor body: they hold passwords and cookies.
#[derive(Clone)]
pub struct PanelRequest {
    /// Method.
    pub method: http::Method,
    /// Path and query, byte for byte as judged.
    pub target: String,
    /// All headers, `Host` included; `Content-Length` is set from the body.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// The longest body that is read, in bytes.
    pub max_body: usize,
}

/// The panel's answer, read whole.
///
/// `Debug` shows neither header values nor body: they hold the cookies that a login gained.
#[derive(Clone)]
pub struct PanelAnswer {
    /// Status.
    pub status: http::StatusCode,
    /// Headers, hop-by-hop ones taken out.
    pub headers: http::HeaderMap,
    /// The body, decoded from `Content-Encoding` never: the gate asks for none.
    pub body: Bytes,
}

impl fmt::Debug for PanelRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split(['?', '#']).next().unwrap_or_default();
        write!(f, "PanelRequest({} {path}, {} bytes)", self.method, self.body.len())
    }
}

impl fmt::Debug for PanelAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PanelAnswer({}, {} bytes)", self.status.as_u16(), self.body.len())
    }
}

/// Why there's no answer of the panel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelFailed {
    /// No connection: nothing was sent.
    #[error("the panel can't be reached: {0}")]
    Unreachable(String),
    /// Something was sent, but no whole answer came back in time.
    #[error("the panel did not answer: {0}")]
    NoAnswer(String),
    /// The answer's body is longer than allowed.
    #[error("the panel's answer is longer than {0} bytes")]
    TooLong(usize),
}

/// The panel, for requests that the gate makes itself.
#[async_trait]
pub trait Panel: Send + Sync + 'static {
    /// Sends one request and reads its whole answer. Never follows redirects, never retries.
    async fn send(&self, request: PanelRequest) -> Result<PanelAnswer, PanelFailed>;
}
