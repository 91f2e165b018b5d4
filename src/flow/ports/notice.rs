//! Notices: what the owner of an account is told by mail, and how one lasts until it has left.

use super::account::{AccountEvent, EventKind};
use crate::model::{EmailAddress, Language};

/// What a notice tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The first device was enrolled.
    TotpOn {
        /// Its name.
        device: String,
    },
    /// The app's codes were turned off.
    TotpOff,
    /// Support turned the app's codes off.
    TotpOffBySupport,
    /// Another device was enrolled.
    DeviceAdded {
        /// Its name.
        device: String,
    },
    /// A device was taken away.
    DeviceRemoved {
        /// Its name.
        device: String,
    },
    /// New backup codes were made.
    BackupRenewed,
    /// A backup code was used.
    BackupUsed {
        /// How many are left.
        left: u32,
    },
    /// An address was added.
    AddressAdded {
        /// It, masked.
        address: String,
    },
    /// An added address was taken away.
    AddressRemoved {
        /// It, masked.
        address: String,
    },
    /// A login from a network that was unknown.
    NewNetwork,
    /// Three wrong second factors after a right password, never passed.
    FactorFailed,
    /// "It wasn't me": what was done.
    Reported {
        /// What was reported.
        what: EventKind,
    },
}

impl Notice {
    /// How the store calls it, and what it's about.
    pub fn to_words(&self) -> (&'static str, String) {
        match self {
            Self::TotpOn { device } => ("totp-on", device.clone()),
            Self::TotpOff => ("totp-off", String::new()),
            Self::TotpOffBySupport => ("totp-off-by-support", String::new()),
            Self::DeviceAdded { device } => ("device-added", device.clone()),
            Self::DeviceRemoved { device } => ("device-removed", device.clone()),
            Self::BackupRenewed => ("backup-renewed", String::new()),
            Self::BackupUsed { left } => ("backup-used", left.to_string()),
            Self::AddressAdded { address } => ("address-added", address.clone()),
            Self::AddressRemoved { address } => ("address-removed", address.clone()),
            Self::NewNetwork => ("new-network", String::new()),
            Self::FactorFailed => ("factor-failed", String::new()),
            Self::Reported { what } => ("reported", what.slug().to_owned()),
        }
    }

    /// The notice that [`Self::to_words`] gave these for.
    pub fn of_words(name: &str, about: &str) -> Option<Self> {
        let about = || about.to_owned();
        Some(match name {
            "totp-on" => Self::TotpOn { device: about() },
            "totp-off" => Self::TotpOff,
            "totp-off-by-support" => Self::TotpOffBySupport,
            "device-added" => Self::DeviceAdded { device: about() },
            "device-removed" => Self::DeviceRemoved { device: about() },
            "backup-renewed" => Self::BackupRenewed,
            "backup-used" => Self::BackupUsed { left: about().parse().ok()? },
            "address-added" => Self::AddressAdded { address: about() },
            "address-removed" => Self::AddressRemoved { address: about() },
            "new-network" => Self::NewNetwork,
            "factor-failed" => Self::FactorFailed,
            "reported" => Self::Reported { what: EventKind::of_slug(&about())? },
            _ => return None,
        })
    }
}

/// A notice to be mailed, kept in the store until its mails were taken or given up: a mail server that
/// is down and a gate that is started again lose none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifying {
    /// What it tells.
    pub notice: Notice,
    /// What it tells of: its link "it wasn't me" is about that.
    pub of: AccountEvent,
    /// The language of who asked, for accounts without one.
    pub fallback: Language,
    /// Somebody to be told beside those on record: an address that was just taken away.
    pub also: Vec<EmailAddress>,
}

/// Which of the notices that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeId(i64);

impl NoticeId {
    /// As the store numbers it.
    pub const fn of_number(number: i64) -> Self {
        Self(number)
    }

    /// The store's number.
    pub const fn number(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_comes_back_from_its_words() {
        let device = || "Téléphone 📱\nd'Alice".to_owned();
        let address = || "a***@example.test".to_owned();
        let notices = [
            Notice::TotpOn { device: device() },
            Notice::TotpOff,
            Notice::TotpOffBySupport,
            Notice::DeviceAdded { device: device() },
            Notice::DeviceRemoved { device: device() },
            Notice::BackupRenewed,
            Notice::BackupUsed { left: 2 },
            Notice::AddressAdded { address: address() },
            Notice::AddressRemoved { address: address() },
            Notice::NewNetwork,
            Notice::FactorFailed,
            Notice::Reported { what: EventKind::DeviceAdded },
        ];
        for notice in notices {
            let (name, about) = notice.to_words();
            assert_eq!(Notice::of_words(name, &about), Some(notice));
        }
        assert_eq!(Notice::of_words("backup-used", "many"), None);
        assert_eq!(Notice::of_words("reported", "nothing"), None);
        assert_eq!(Notice::of_words("else", ""), None);
    }
}
