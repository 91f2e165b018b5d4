//! What happens on an account, by its name.

use crate::model::{AccountId, Network, Timestamp};

/// Something that happened on an account, for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// From which network.
    pub network: Network,
    /// With which browser, as it calls itself.
    pub browser: String,
    /// A device's name, a masked address, a network: what the kind speaks of.
    pub detail: Option<String>,
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident $slug:literal)*) => {
        /// What happened on an account.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name in the store and the catalogues.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug),* }
            }

            /// The kind that [`Self::slug`] names.
            pub fn of_slug(slug: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
            }
        }
    };
}

event_kinds! {
    /// A login from a known network: straight in.
    LoginKnown "login-known"
    /// The e-mailed code was right.
    LoginByMail "login-by-mail"
    /// The app's code was right.
    LoginByTotp "login-by-totp"
    /// A backup code was right.
    LoginByBackup "login-by-backup"
    /// A right password, and a code was mailed.
    CodeSent "code-sent"
    /// A right password, and the app's code was asked.
    FactorAsked "factor-asked"
    /// Wrong codes led to a block.
    Blocked "blocked"
    /// A right password met a block.
    LoginBlocked "login-blocked"
    /// A session was ended by its owner.
    SessionEnded "session-ended"
    /// All other sessions were ended by the owner.
    OthersEnded "others-ended"
    /// The first device was enrolled.
    TotpOn "totp-on"
    /// The app's codes were turned off.
    TotpOff "totp-off"
    /// Support turned the app's codes off.
    TotpOffBySupport "totp-off-by-support"
    /// Another device was enrolled.
    DeviceAdded "device-added"
    /// A device was taken away.
    DeviceRemoved "device-removed"
    /// New backup codes were made.
    BackupRenewed "backup-renewed"
    /// An address was added.
    AddressAdded "address-added"
    /// An added address was taken away.
    AddressRemoved "address-removed"
    /// A known network was forgotten.
    NetworkForgotten "network-forgotten"
    /// Remembered browsers were forgotten.
    BrowsersForgotten "browsers-forgotten"
    /// Wrong passwords at the step-up ended the session.
    StepUpFailed "step-up-failed"
    /// "It wasn't me."
    Reported "reported"
}
