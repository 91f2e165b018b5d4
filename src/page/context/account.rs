//! What the account's own pages say, as plain values.

use std::time::Duration;

use crate::flow::ports::account::EventKind;
use crate::model::{Language, Timestamp};

use super::CodeReason;

/// The form that waits for a code of the app, or a backup code.
#[derive(Clone, Debug)]
pub struct FactorPage {
    /// What the forms carry against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// Why a code is asked for.
    pub reason: CodeReason,
    /// Whether the field is for a backup code (`/challenge?with=backup`), not for the app's.
    pub backup: bool,
    /// Backup codes that aren't used.
    pub backup_left: u32,
    /// Tries left before the block.
    pub tries_left: u32,
    /// When the pending login ends.
    pub ends_at: Timestamp,
    /// Whether the e-mailed code comes next.
    pub mail_follows: bool,
    /// For how long this browser can be remembered; `None`: that isn't offered.
    pub remember_for: Option<Duration>,
    /// What became of the last try.
    pub notice: Option<FactorNotice>,
}

/// What became of a typed second factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactorNotice {
    /// Wrong; counted.
    Wrong,
    /// Wrong and counted; the phone's clock is off by so much (negative: behind).
    ClockOff {
        /// Seconds that it's ahead.
        seconds: i64,
    },
    /// Not digits at all; not counted.
    NotDigits,
    /// Not a backup code by its form; not counted.
    NotABackupCode,
    /// A backup code with a character misread; not counted.
    Misread,
}

/// The account's own page.
#[derive(Clone, Debug)]
pub struct AccountPage {
    /// What the forms carry against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// What was done just now (b70, b74).
    pub done: Option<AccountDone>,
    /// Until when changes are open; `None`: the password is asked first.
    pub open_until: Option<Timestamp>,
    /// Whether the password can be asked for; if not: log out and in again.
    pub has_password: bool,
    /// Whether a device can be enrolled (`totp.enabled`).
    pub may_enrol: bool,
    /// Enrolled devices.
    pub devices: Vec<DeviceLine>,
    /// Backup codes that aren't used; `None` without a device.
    pub backup_left: Option<u32>,
    /// Browsers that skip the app's code.
    pub remembered_browsers: u32,
    /// Known networks, last used first.
    pub networks: Vec<NetworkLine>,
    /// Open sessions, last used first.
    pub sessions: Vec<OpenSessionLine>,
    /// The latest events, newest first.
    pub events: Vec<EventLine>,
    /// Where codes go.
    pub addresses: Vec<AddressLine>,
    /// Whether those on record are among them: not while the directory can't be asked.
    pub addresses_known: bool,
    /// Whether another address can be added.
    pub may_add_address: bool,
    /// The language that was chosen, if one was.
    pub language: Option<Language>,
    /// Since when the password is suspected to be stolen.
    pub suspected_since: Option<Timestamp>,
}

/// A device.
#[derive(Clone, Debug)]
pub struct DeviceLine {
    /// For its form.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub added_at: Timestamp,
    /// Last use.
    pub last_used_at: Timestamp,
}

/// A known network.
#[derive(Clone, Debug)]
pub struct NetworkLine {
    /// As people read it, and for its form.
    pub network: String,
    /// Since when.
    pub since: Timestamp,
    /// Last use.
    pub last_used_at: Timestamp,
    /// Whether this request comes from there.
    pub current: bool,
}

/// An open session.
#[derive(Clone, Debug)]
pub struct OpenSessionLine {
    /// For its form.
    pub id: String,
    /// The browser, as it calls itself.
    pub browser: String,
    /// Where it is.
    pub network: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Last use.
    pub last_seen_at: Timestamp,
    /// Whether it's this one.
    pub current: bool,
}

/// An event.
#[derive(Clone, Debug)]
pub struct EventLine {
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// From which network.
    pub network: String,
    /// With which browser, as it calls itself.
    pub browser: String,
    /// What the kind speaks of.
    pub detail: Option<String>,
}

/// An address that codes go to.
#[derive(Clone, Debug)]
pub struct AddressLine {
    /// It, masked.
    pub masked: String,
    /// For the form that takes it away: added ones have it, those on the customer record don't.
    pub id: Option<String>,
}

macro_rules! dones {
    ($($(#[$doc:meta])* $done:ident $slug:literal)*) => {
        /// What was done just now on the account's page; it stands in the page's address, as words only.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum AccountDone {
            $($(#[$doc])* $done,)*
        }

        impl AccountDone {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$done),*];

            /// The name in the page's address and in the catalogues.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$done => $slug),* }
            }

            /// The one that [`Self::slug`] names.
            pub fn of_slug(slug: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|done| done.slug() == slug)
            }
        }
    };
}

dones! {
    /// Changes are open.
    SteppedUp "open"
    /// The app's codes are off (b74).
    TurnedOff "off"
    /// Another device was added.
    DeviceAdded "device-added"
    /// A device was taken away.
    DeviceRemoved "device-removed"
    /// A network was forgotten.
    NetworkForgotten "network-forgotten"
    /// A session was ended.
    SessionEnded "session-ended"
    /// All other sessions were ended.
    OthersEnded "others-ended"
    /// Remembered browsers were forgotten.
    BrowsersForgotten "browsers-forgotten"
    /// An address was added.
    AddressAdded "address-added"
    /// An address was taken away.
    AddressRemoved "address-removed"
    /// The address can't be added: it isn't one, it's there already, or it's behind this very gate.
    AddressNotPossible "address-not-possible"
    /// The language was changed.
    LanguageChanged "language"
    /// What was to be changed isn't there any more.
    Gone "gone"
    /// No more devices can be enrolled.
    TooManyDevices "too-many-devices"
    /// New backup codes can only be made with a device.
    NoDevice "no-device"
}

/// The password is asked again before a change.
#[derive(Clone, Debug)]
pub struct StepUpPage {
    /// What the form carries against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// Whether the password can be asked for; if not: log out and in again.
    pub has_password: bool,
    /// After a wrong one: tries left before the session ends.
    pub wrong: Option<u32>,
}

/// A device is to be enrolled: everything on one page (b67).
#[derive(Clone, Debug)]
pub struct EnrolPage {
    /// What the form carries against requests from elsewhere.
    pub token: String,
    /// The account, as the app will name it.
    pub account: String,
    /// The issuer, as the app will name it.
    pub issuer: String,
    /// The QR code: an SVG made here, without styles of its own (class names only).
    pub qr: String,
    /// The secret in groups of four (b68).
    pub secret: String,
    /// The `otpauth://` link, for phones.
    pub link: String,
    /// What the form carries of the enrolment, sealed.
    pub enrolment: String,
    /// The name typed so far.
    pub name: String,
    /// Whether it's the account's first device.
    pub first: bool,
    /// Until when the form is good.
    pub ends_at: Timestamp,
    /// What became of the last try.
    pub notice: Option<EnrolNotice>,
}

/// What became of a try to confirm a device. None is counted: the secret is on the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EnrolNotice {
    /// The code doesn't fit.
    Wrong,
    /// The phone's clock is off by so much (negative: behind).
    ClockOff {
        /// Seconds that it's ahead.
        seconds: i64,
    },
    /// Not digits.
    NotDigits,
    /// The form was too old: this is a fresh secret.
    Fresh,
    /// The account's devices were changed meanwhile, in another tab: this is a fresh secret.
    ChangedMeanwhile,
}

/// A change waits for codes sent by mail.
#[derive(Clone, Debug)]
pub struct ConfirmPage {
    /// What the forms carry against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// What for.
    pub change: ConfirmChange,
    /// Where the first code went, masked.
    pub addresses: Vec<String>,
    /// When; `None`: no code could be sent yet.
    pub sent_at: Option<Timestamp>,
    /// Until when the codes are valid.
    pub expires_at: Option<Timestamp>,
    /// When others can be sent (in the past: now).
    pub next_mail_at: Timestamp,
    /// Tries left before the session ends.
    pub tries_left: u32,
    /// What became of the last try.
    pub notice: Option<ConfirmNotice>,
}

/// What mailed codes are to confirm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConfirmChange {
    /// A device, in a session that was cleared without a code.
    Enrol,
    /// New backup codes, in such a session.
    RenewCodes,
    /// An address; a second code went there.
    AddAddress {
        /// It, masked.
        address: String,
    },
}

/// What became of typed codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConfirmNotice {
    /// One of them is wrong; counted.
    Wrong,
    /// Not digits.
    NotDigits,
    /// They were too old.
    Expired,
    /// Others were sent.
    Resent,
    /// Others can't be sent yet.
    NotYet,
}

/// Backup codes, shown once (b72).
#[derive(Clone, Debug)]
pub struct BackupCodesPage {
    /// What the form carries against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// The codes.
    pub codes: Vec<String>,
    /// What the download's form carries of them, sealed.
    pub sealed: String,
    /// The device that was just enrolled as the account's first (b70); `None`: codes were renewed.
    pub enrolled: Option<String>,
    /// When they were made.
    pub made_at: Timestamp,
}

/// Second factors are to be taken away: a code is asked.
#[derive(Clone, Debug)]
pub struct TurnOffPage {
    /// What the form carries against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// What goes.
    pub what: TurnOff,
    /// Whether a backup code's field is shown.
    pub backup: bool,
    /// Tries left before a block.
    pub tries_left: Option<u32>,
    /// What became of the last try.
    pub notice: Option<FactorNotice>,
}

/// What is turned off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TurnOff {
    /// All of it (also: the last device).
    Everything,
    /// One of several devices.
    Device {
        /// For the form.
        id: String,
        /// What its owner calls it.
        name: String,
    },
}

/// The second confirmation, which says what is lost (b73).
#[derive(Clone, Debug)]
pub struct TurnOffConfirmPage {
    /// What the form carries against requests from elsewhere.
    pub token: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// What goes.
    pub what: TurnOff,
    /// What the form carries: that a code was given just now, sealed.
    pub ticket: String,
    /// Names of the devices that go.
    pub devices: Vec<String>,
    /// Unused backup codes that go.
    pub backup_left: u32,
}

/// Behind the link "it wasn't me": nothing has been done yet (b65).
#[derive(Clone, Debug)]
pub struct NotMePage {
    /// What the link carried; the form carries it on.
    pub alarm: String,
    /// The account, as its owner knows it.
    pub account: String,
    /// What the mail told of.
    pub kind: EventKind,
    /// From which network.
    pub network: String,
    /// With which browser, as it calls itself.
    pub browser: String,
    /// When.
    pub at: Timestamp,
}

/// The button was used.
#[derive(Clone, Debug)]
pub struct NotMeDonePage {
    /// The account, as its owner knows it.
    pub account: String,
    /// The network that is blocked now.
    pub network: String,
    /// Sessions that ended.
    pub ended: usize,
    /// When it was used; earlier than now if it was used before.
    pub used_at: Timestamp,
    /// Whether that was before: nothing was done this time.
    pub before: bool,
}
