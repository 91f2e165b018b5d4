//! Mail: an [`Outbox`] that takes mails out without ever making its caller wait, over SMTP or into
//! a folder.
//!
//! ```text
//! send ─► bounded queue ─► one task a recipient ─► carrier (SMTP, folder)
//!                              ▲         │ taken            ─► Sent
//!                              │         │ 5xx, too late    ─► Failed
//!                              └─ waits ─┘ unreachable, 4xx ─► Retrying, until the deadline
//! ```
//!
//! Three things are deliberate:
//! - **No silent downgrade.** `smtp+starttls://` means STARTTLS or nothing, and a password crosses
//!   an unencrypted connection only to this very machine.
//! - **A connection that didn't finish is thrown away.** lettre's own pool takes a connection back
//!   when an attempt is cancelled in the middle, and the next mail would then read the answers that
//!   belong to the last one, down to a "taken" that never was. So connections are kept here, and
//!   only one whose last mail was answered is used again.
//! - **Addresses are masked in the log**, and a server's words (they tend to repeat the address)
//!   are never logged: only its codes are.

mod backoff;
mod compose;
mod folder;
mod health;
mod ledger;
mod outbox;
mod sender;
mod settings;
mod smtp;

pub use backoff::Backoff;
pub use health::{Health, MailTrouble, ServerState};
pub use outbox::{Clock, MailSetupFailed, Message, Outbox};
pub use sender::{InvalidSender, Sender};
pub use settings::{
    InvalidSmtp, InvalidSmtpServer, Settings, SmtpAccess, SmtpSecurity, SmtpServer, SmtpSettings, Transport,
};
