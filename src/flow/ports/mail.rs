//! Mails before they're put into words, and who takes them out.

use tokio::sync::oneshot;

use super::Notice;
use crate::model::{AccountId, ChallengeId, EmailAddress, Language, Network, OneTimeCode, Timestamp};

/// A mail with a code, before it's put into words.
#[derive(Clone, Debug)]
pub struct CodeMail {
    /// Which challenge it's for.
    pub challenge: ChallengeId,
    /// To whom; the same mail to each, one message an address.
    pub to: Vec<EmailAddress>,
    /// In which language.
    pub language: Language,
    /// The code.
    pub code: OneTimeCode,
    /// The account, as its owner knows it.
    pub account: AccountId,
    /// When the login was.
    pub asked_at: Timestamp,
    /// Until when the code is valid; also the end of all retries.
    pub expires_at: Timestamp,
    /// From which network the login came.
    pub network: Network,
    /// The browser, as it calls itself, cut to a line.
    pub browser: String,
}

/// A code that confirms a change, before it's put into words.
#[derive(Clone, Debug)]
pub struct ConfirmationMail {
    /// As for a login; `to` is where this code goes.
    pub code: CodeMail,
    /// What it's for.
    pub purpose: ConfirmationPurpose,
}

/// What a code confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfirmationPurpose {
    /// An authenticator app is to be enrolled.
    Enrol,
    /// New backup codes are to be made.
    RenewCodes,
    /// An address is to be added; the mail goes to those there are.
    AddAddress {
        /// The new one, masked.
        address: String,
    },
    /// This very address is to be added.
    NewAddress,
}

/// A notice of what happened to an account, before it's put into words.
#[derive(Clone, Debug)]
pub struct NoticeMail {
    /// To whom: the account's addresses, and the billing contact where it's known (b71).
    pub to: Vec<EmailAddress>,
    /// In which language.
    pub language: Language,
    /// What happened.
    pub notice: Notice,
    /// The account, as its owner knows it.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// From which network.
    pub network: Network,
    /// The browser, as it calls itself, cut to a line.
    pub browser: String,
    /// The whole address of the page behind "it wasn't me"; none for what support did.
    pub not_me: Option<String>,
    /// Until when it's tried.
    pub until: Timestamp,
}

/// Told once nothing more will become of a notice: at each address it was taken, or refused for good,
/// or its time was over. Dropped without a word, it wasn't taken everywhere.
pub type Receipt = oneshot::Sender<()>;

/// What became of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailStatus {
    /// Under way.
    Queued,
    /// Not known any more: it may have left before the gate was started again, or be lost.
    Unknown,
    /// Taken by the mail server for every address.
    Sent,
    /// The server can't be reached or says "later"; it's tried again.
    Retrying,
    /// Refused for good, or the code's time was over.
    Failed,
}

/// Takes mails out. Never makes the caller wait.
pub trait Courier: Send + Sync + 'static {
    /// Takes a mail over.
    fn send(&self, mail: CodeMail);
    /// Takes a code for a change over.
    fn confirm(&self, mail: ConfirmationMail);
    /// Takes a notice over: tried for longer than a code, since it doesn't lose its worth.
    fn notify(&self, mail: NoticeMail, receipt: Receipt);
    /// What became of the mail for a challenge.
    fn status(&self, challenge: ChallengeId) -> MailStatus;
}
