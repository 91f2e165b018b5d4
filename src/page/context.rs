//! What a page says, as plain values.

mod account;

use http::StatusCode;

use crate::flow::ports::MailStatus;
use crate::limit::Block;
use crate::model::{Reference, Timestamp};

pub use account::{
    AccountDone, AccountPage, AddressLine, BackupCodesPage, ConfirmChange, ConfirmNotice, ConfirmPage, DeviceLine,
    EnrolNotice, EnrolPage, EventLine, FactorNotice, FactorPage, NetworkLine, NotMeDonePage, NotMePage,
    OpenSessionLine, StepUpPage, TurnOff, TurnOffConfirmPage, TurnOffPage,
};

/// Everything an end user can be shown.
///
/// None of these tells whether an account exists: what names an account is shown only after the
/// panel accepted its password.
#[derive(Clone, Debug)]
pub enum Page {
    /// The form that waits for a code.
    Code(CodePage),
    /// The code's time is over, and the pending login with it (b11).
    CodeExpired,
    /// The account is blocked from here (b12, b15).
    Blocked(BlockedPage),
    /// The password was right, but the account has no address that a code could go to (b6).
    NoAddress {
        /// The account, as its owner knows it.
        account: String,
        /// What support looks it up by.
        reference: Reference,
    },
    /// `/challenge` without anything pending: says what that page is for.
    ExplainChallenge,
    /// The pending login was given up on request.
    Cancelled,
    /// Somebody logs in as someone else inside a cleared session (DESIGN R5).
    LogOutFirst(LogOutFirst),
    /// The session was ended on request.
    LoggedOut,
    /// A form was sent to the panel by a browser that isn't cleared (any more).
    ConfirmElsewhere {
        /// What's to be done in another tab before the form is sent again.
        first: Elsewhere,
        /// What support looks it up by.
        reference: Reference,
    },
    /// A script logged in: the password was right, and a code is awaited (DESIGN R7). Browsers that
    /// navigate are sent to the code page instead.
    CodeAwaited {
        /// What support looks it up by.
        reference: Reference,
    },
    /// The browser's panel session is claimed by another login (DESIGN R3).
    StartAgain {
        /// What support looks it up by.
        reference: Reference,
    },
    /// The panel's answer to a login said neither yes nor no (DESIGN R6).
    NoVerdict {
        /// What support looks it up by.
        reference: Reference,
    },
    /// Too many wrong passwords from this network.
    TooManyTries {
        /// When the next try is allowed.
        retry_at: Timestamp,
        /// What support looks it up by.
        reference: Reference,
    },
    /// The directory of accounts can't be asked.
    AccountsUnavailable {
        /// What support looks it up by.
        reference: Reference,
    },
    /// The account's own pages can't show or change anything now: the store doesn't answer, or too many passwords wait
    /// to be compared. Its owner stays logged in.
    ChangeNotMade {
        /// What support looks it up by.
        reference: Reference,
    },
    /// The store can't be written to or read.
    StoreUnavailable {
        /// What support looks it up by.
        reference: Reference,
    },
    /// The panel can't be reached.
    PanelDown {
        /// What support looks it up by.
        reference: Reference,
    },
    /// The panel didn't answer in time.
    PanelSlow {
        /// What support looks it up by.
        reference: Reference,
    },
    /// The form that waits for a code of the app, or a backup code.
    Factor(FactorPage),
    /// The account's own page.
    Account(Box<AccountPage>),
    /// `/account` without a cleared session.
    AccountNeedsLogin,
    /// The password is asked again before a change (b66).
    StepUp(StepUpPage),
    /// Wrong passwords at the step-up, or wrong codes for a change, ended the session.
    StepUpOver {
        /// What support looks it up by.
        reference: Reference,
    },
    /// A device is to be enrolled.
    Enrol(Box<EnrolPage>),
    /// A change waits for codes sent by mail.
    Confirm(Box<ConfirmPage>),
    /// Backup codes, shown once.
    BackupCodes(BackupCodesPage),
    /// Second factors are to be taken away: a code is asked.
    TurnOff(TurnOffPage),
    /// The second confirmation.
    TurnOffConfirm(TurnOffConfirmPage),
    /// Behind the link "it wasn't me".
    NotMe(NotMePage),
    /// Its button was used.
    NotMeDone(NotMeDonePage),
    /// Its link doesn't work (any more).
    NotMeUnknown,
    /// A request that isn't served.
    Refused(Refusal),
}

/// The form that waits for a code.
#[derive(Clone, Debug)]
pub struct CodePage {
    /// What the forms carry against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// Where codes go, masked.
    pub addresses: Vec<String>,
    /// Why a code is asked for.
    pub reason: CodeReason,
    /// The newest code; `None` when none could be sent yet (the mail budget is used up).
    pub code: Option<CodeLine>,
    /// Tries left before the block.
    pub tries_left: u32,
    /// When the next mail is possible (in the past: now).
    pub next_mail_at: Timestamp,
    /// When the pending login ends at the latest.
    pub ends_at: Timestamp,
    /// What became of the last thing that was done here.
    pub notice: Option<CodeNotice>,
}

/// A code that was sent.
#[derive(Clone, Copy, Debug)]
pub struct CodeLine {
    /// When.
    pub sent_at: Timestamp,
    /// Until when it's valid.
    pub expires_at: Timestamp,
    /// What became of its mail.
    pub mail: MailStatus,
}

/// Why a code is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeReason {
    /// A login from a network that is unknown for the account.
    NewNetwork,
    /// The network changed in the middle of a session.
    NetworkChanged,
}

/// What became of the last thing that was done on the code page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeNotice {
    /// The code is wrong; it was counted.
    Wrong,
    /// An older code; not counted.
    Superseded {
        /// When the newest was sent.
        newest_sent_at: Timestamp,
    },
    /// What was typed isn't made of digits; not counted.
    NotDigits,
    /// Another code was sent.
    Resent,
    /// Another code can't be sent yet.
    NotYet,
    /// The code's time is over; another one can be asked for (a changed network).
    Expired,
}

/// A block, for who just ran into it.
#[derive(Clone, Debug)]
pub struct BlockedPage {
    /// The account, as its owner knows it; shown after the panel accepted its password only.
    pub account: Option<String>,
    /// The block.
    pub block: Block,
}

/// "Log out first".
#[derive(Clone, Debug)]
pub struct LogOutFirst {
    /// What the form carries against requests from elsewhere.
    pub token: String,
    /// Who is logged in on this browser.
    pub account: String,
    /// What support looks it up by.
    pub reference: Reference,
}

/// What's to be done in another tab before a form is sent again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Elsewhere {
    /// A code has to be entered.
    EnterCode,
    /// A login has to be made.
    LogIn,
    /// A login has to be made, and a look taken at whether the panel did what was sent.
    LogInAndLook,
}

/// A request that isn't served.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// What support looks it up by.
    pub reference: Reference,
    /// When it may be tried again, where that is known.
    pub retry_at: Option<Timestamp>,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $kind:ident $slug:literal $status:ident)*) => {
        /// Why a request isn't served.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum RefusalKind {
            $($(#[$doc])* $kind,)*
        }

        impl RefusalKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name in the catalogues, in problems for scripts, in logs and metrics.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug),* }
            }

            /// The status that is answered.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status),* }
            }
        }
    };
}

refusals! {
    /// The target can be read in more than one way (DESIGN R9).
    AmbiguousTarget "ambiguous-target" BAD_REQUEST
    /// The request or its form can't be read, or could be read in two ways (DESIGN R10).
    BadRequest "bad-request" BAD_REQUEST
    /// The request didn't arrive in time.
    SlowRequest "slow-request" REQUEST_TIMEOUT
    /// A login in a format that the panel doesn't read.
    FormOnly "form-only" UNSUPPORTED_MEDIA_TYPE
    /// The body is longer than a door takes.
    BodyTooLarge "body-too-large" PAYLOAD_TOO_LARGE
    /// The header is longer than taken (a browser with too many cookies).
    HeaderTooLarge "header-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE
    /// The target is longer than taken.
    TargetTooLong "target-too-long" URI_TOO_LONG
    /// The host isn't one of ours.
    UnknownHost "unknown-host" MISDIRECTED_REQUEST
    /// A way of logging in that is closed (DESIGN R5).
    ClosedDoor "closed-door" FORBIDDEN
    /// A form of the gate that didn't come from the gate's own page.
    FormFromElsewhere "form-from-elsewhere" FORBIDDEN
    /// Nothing is there, under the gate's own prefix.
    NotFound "not-found" NOT_FOUND
    /// The method isn't one that this page takes.
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED
    /// More connections at once than one network may have.
    TooManyConnections "too-many-connections" TOO_MANY_REQUESTS
    /// More requests than one network may make.
    TooManyRequests "too-many-requests" TOO_MANY_REQUESTS
    /// A scripted login as someone else inside a cleared session (DESIGN R5).
    ForeignLogin "foreign-login" CONFLICT
    /// A fault of the gate itself.
    Internal "internal" INTERNAL_SERVER_ERROR
}

impl Page {
    /// The name in the catalogues, in problems for scripts, in logs and metrics.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::CodeExpired => "code-expired",
            Self::Blocked(_) => "blocked",
            Self::NoAddress { .. } => "no-address",
            Self::ExplainChallenge => "explain",
            Self::Cancelled => "cancelled",
            Self::LogOutFirst(_) => "log-out-first",
            Self::LoggedOut => "logged-out",
            Self::ConfirmElsewhere { first: Elsewhere::EnterCode, .. } => "confirm-code",
            Self::ConfirmElsewhere { first: Elsewhere::LogIn, .. } => "confirm-login",
            Self::ConfirmElsewhere { first: Elsewhere::LogInAndLook, .. } => "session-over",
            Self::CodeAwaited { .. } => "code-awaited",
            Self::StartAgain { .. } => "start-again",
            Self::NoVerdict { .. } => "no-verdict",
            Self::TooManyTries { .. } => "too-many-tries",
            Self::AccountsUnavailable { .. } => "accounts-unavailable",
            Self::StoreUnavailable { .. } => "store-unavailable",
            Self::ChangeNotMade { .. } => "change-not-made",
            Self::PanelDown { .. } => "panel-down",
            Self::PanelSlow { .. } => "panel-slow",
            Self::Factor(_) => "factor",
            Self::Account(_) => "account",
            Self::AccountNeedsLogin => "account-needs-login",
            Self::StepUp(_) => "step-up",
            Self::StepUpOver { .. } => "step-up-over",
            Self::Enrol(_) => "enrol",
            Self::Confirm(_) => "confirm",
            Self::BackupCodes(_) => "backup-codes",
            Self::TurnOff(_) => "turn-off",
            Self::TurnOffConfirm(_) => "turn-off-confirm",
            Self::NotMe(_) => "not-me",
            Self::NotMeDone(_) => "not-me-done",
            Self::NotMeUnknown => "not-me-unknown",
            Self::Refused(refusal) => refusal.kind.slug(),
        }
    }

    /// The status of the HTML page.
    ///
    /// A code that isn't taken is 422: browsers show the page as any other, and password managers
    /// read a 4xx as "this wasn't accepted", so that none offers to keep a wrong code as a
    /// password. (A 401 would need `WWW-Authenticate`, and makes some of them ask.)
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Code(page) => match page.notice {
                Some(CodeNotice::Wrong | CodeNotice::Superseded { .. } | CodeNotice::NotDigits) => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
                Some(CodeNotice::NotYet) => StatusCode::TOO_MANY_REQUESTS,
                Some(CodeNotice::Resent | CodeNotice::Expired) | None => StatusCode::OK,
            },
            Self::ExplainChallenge | Self::Cancelled | Self::LoggedOut => StatusCode::OK,
            Self::Factor(FactorPage { notice: Some(_), .. })
            | Self::TurnOff(TurnOffPage { notice: Some(_), .. })
            | Self::StepUp(StepUpPage { wrong: Some(_), .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Enrol(page) if page.notice.is_some() => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Confirm(page) => match page.notice {
                Some(ConfirmNotice::Wrong | ConfirmNotice::NotDigits | ConfirmNotice::Expired) => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
                Some(ConfirmNotice::NotYet) => StatusCode::TOO_MANY_REQUESTS,
                Some(ConfirmNotice::Resent) | None => StatusCode::OK,
            },
            Self::Factor(_)
            | Self::Account(_)
            | Self::AccountNeedsLogin
            | Self::StepUp(_)
            | Self::Enrol(_)
            | Self::BackupCodes(_)
            | Self::TurnOff(_)
            | Self::TurnOffConfirm(_)
            | Self::NotMe(_)
            | Self::NotMeDone(_) => StatusCode::OK,
            Self::StepUpOver { .. } => StatusCode::FORBIDDEN,
            Self::NotMeUnknown => StatusCode::NOT_FOUND,
            Self::CodeExpired => StatusCode::GONE,
            Self::Blocked(_) | Self::NoAddress { .. } | Self::ConfirmElsewhere { .. } | Self::CodeAwaited { .. } => {
                StatusCode::FORBIDDEN
            }
            Self::LogOutFirst(_) | Self::StartAgain { .. } => StatusCode::CONFLICT,
            Self::NoVerdict { .. } | Self::PanelDown { .. } => StatusCode::BAD_GATEWAY,
            Self::PanelSlow { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::AccountsUnavailable { .. } | Self::StoreUnavailable { .. } | Self::ChangeNotMade { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Refused(refusal) => refusal.kind.status(),
        }
    }

    /// What support looks it up by, where there is something to look up.
    pub fn reference(&self) -> Option<Reference> {
        match self {
            Self::Blocked(page) => Some(page.block.reference),
            Self::LogOutFirst(page) => Some(page.reference),
            Self::Refused(refusal) => Some(refusal.reference),
            Self::NoAddress { reference, .. }
            | Self::ConfirmElsewhere { reference, .. }
            | Self::CodeAwaited { reference }
            | Self::StartAgain { reference }
            | Self::NoVerdict { reference }
            | Self::TooManyTries { reference, .. }
            | Self::AccountsUnavailable { reference }
            | Self::StoreUnavailable { reference }
            | Self::ChangeNotMade { reference }
            | Self::PanelDown { reference }
            | Self::PanelSlow { reference } => Some(*reference),
            Self::StepUpOver { reference } => Some(*reference),
            _ => None,
        }
    }

    /// When it may be tried again, where that is known.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::TooManyTries { retry_at, .. } => Some(*retry_at),
            Self::Blocked(page) => page.block.until,
            Self::Code(CodePage { notice: Some(CodeNotice::NotYet), next_mail_at, .. }) => Some(*next_mail_at),
            Self::Confirm(page) if page.notice == Some(ConfirmNotice::NotYet) => Some(page.next_mail_at),
            Self::Refused(refusal) => refusal.retry_at,
            _ => None,
        }
    }
}
