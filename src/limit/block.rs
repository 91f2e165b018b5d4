//! A block: why, until when, under which reference.

use crate::model::{Reference, Timestamp};

/// Why somebody is blocked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BlockReason {
    /// The third wrong code for this account from this network (b12).
    WrongCodes,
    /// Too many wrong codes for this account from everywhere: no code is accepted from unknown
    /// networks for a while (ASVS 6.6.3).
    WrongCodesEverywhere,
    /// So many wrong codes in a row that only support helps (NIST SP 800-63B-4 §3.2.2).
    SupportNeeded,
    /// "It wasn't me": the owner reported what was done from this network (b25). Holds whether the
    /// network is known or not.
    Reported,
}

impl BlockReason {
    /// The name in the store, the logs and the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongCodes => "wrong-codes",
            Self::WrongCodesEverywhere => "wrong-codes-everywhere",
            Self::SupportNeeded => "support-needed",
            Self::Reported => "reported",
        }
    }

    /// Whether it holds for every network that isn't known for the account, not for one only.
    pub const fn everywhere(self) -> bool {
        match self {
            Self::WrongCodes | Self::Reported => false,
            Self::WrongCodesEverywhere | Self::SupportNeeded => true,
        }
    }

    /// The reason that [`Self::as_str`] names.
    pub fn of_str(name: &str) -> Option<Self> {
        [Self::WrongCodes, Self::WrongCodesEverywhere, Self::SupportNeeded, Self::Reported]
            .into_iter()
            .find(|r| r.as_str() == name)
    }
}

/// A block in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// Why.
    pub reason: BlockReason,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` for "until support lifts it".
    pub until: Option<Timestamp>,
    /// What support looks it up by.
    pub reference: Reference,
}

impl Block {
    /// Whether it holds at `now`: from `since` on, and not at `until` any more.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Of several blocks the one to tell the user about: that which ends last.
    pub fn lasting_longest(blocks: impl IntoIterator<Item = Self>) -> Option<Self> {
        blocks.into_iter().max_by_key(|block| (block.until.is_none(), block.until))
    }
}
