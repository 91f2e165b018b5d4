//! The state machine of a one-time code: what a typed code means, what it costs, what blocks.
//!
//! Two tallies are kept, both by the account's skeleton: one for the account from one network, one
//! for the account from everywhere. A typed code is first [compared](compare) with those sent for
//! its session, then [judged](Tallies::judge):
//!
//! ```text
//! newest ──────────────► Right        the account's tallies start anew
//! an older one ────────► Superseded   nothing is counted
//! none, nothing valid ─► Expired      nothing is counted: there was nothing to guess
//! none ────────────────► Wrong        counted; tries left
//!                   └──► Blocks       counted; the third from here, the tenth in an hour,
//!                                     or the hundredth in a row
//! ```

use crate::limit::{BlockReason, History};
use crate::model::{ChallengeId, Timestamp};

use super::ChallengePolicy;

/// A code that was sent, as it's kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCode {
    /// Its identity, which its hash is bound to.
    pub challenge: ChallengeId,
    /// Its keyed hash.
    pub hash: [u8; 32],
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether a newer one took its place. At most one code of a session isn't superseded.
    pub superseded: bool,
}

/// What a typed code is, among the codes of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The newest, and valid.
    Newest,
    /// An older one; the newest, which is valid, was sent then.
    Superseded {
        /// When the newest was sent.
        newest_sent_at: Timestamp,
    },
    /// None of them, while the newest is valid.
    Neither,
    /// There's no valid code to compare with.
    NothingValid,
}

/// Compares a typed code with all codes of its session. `matches` compares in constant time and is
/// called for every code, whatever the others gave.
pub fn compare(codes: &[KeptCode], now: Timestamp, mut matches: impl FnMut(&KeptCode) -> bool) -> Compared {
    let mut newest = None;
    let mut older_matches = false;
    for code in codes {
        let matched = matches(code);
        if code.superseded {
            older_matches |= matched;
        } else {
            newest = Some((code, matched));
        }
    }
    match newest {
        Some((code, _)) if now >= code.expires_at => Compared::NothingValid,
        None => Compared::NothingValid,
        Some((_, true)) => Compared::Newest,
        Some((code, false)) if older_matches => Compared::Superseded { newest_sent_at: code.sent_at },
        Some(_) => Compared::Neither,
    }
}

/// What counts for one account from one network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkTally {
    /// Wrong codes since the last block or success.
    pub failures: u32,
    /// When the last of them was typed.
    pub failed_at: Option<Timestamp>,
    /// Mails that were sent.
    pub mails: History,
}

/// What counts for one account from everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountTally {
    /// Wrong codes since the last right one.
    pub in_a_row: u32,
    /// The latest wrong codes.
    pub failures: History,
    /// Mails that were sent.
    pub mails: History,
}

/// Both tallies that a typed code and a mail are counted in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// For the account from this network.
    pub network: NetworkTally,
    /// For the account from everywhere.
    pub account: AccountTally,
}

/// A block to be put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewBlock {
    /// Why, which also says whether it's for one network or for all unknown ones.
    pub reason: BlockReason,
    /// Until when; `None` for "until support lifts it".
    pub until: Option<Timestamp>,
}

/// What a typed code leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Right: the tallies of wrong codes were ended.
    Right,
    /// An older one: nothing was counted.
    Superseded {
        /// When the newest was sent.
        newest_sent_at: Timestamp,
    },
    /// Nothing is valid: nothing was counted.
    Expired,
    /// Wrong, and counted.
    Wrong {
        /// Tries left before a block of any kind; at least one.
        tries_left: u32,
    },
    /// Wrong, counted, and the last one for now: these blocks are to be put up.
    Blocks(Vec<NewBlock>),
}

impl Tallies {
    /// What a typed code leads to; counts it if it counts.
    ///
    /// To be asked only when no block is in force for the answering network.
    pub fn judge(&mut self, policy: &ChallengePolicy, compared: Compared, now: Timestamp) -> Judged {
        match compared {
            Compared::Newest => {
                self.forgive();
                Judged::Right
            }
            Compared::Superseded { newest_sent_at } => Judged::Superseded { newest_sent_at },
            Compared::NothingValid => Judged::Expired,
            Compared::Neither => {
                let blocks = self.count_failure(policy, now);
                if blocks.is_empty() {
                    Judged::Wrong { tries_left: self.tries_left(policy, now) }
                } else {
                    Judged::Blocks(blocks)
                }
            }
        }
    }

    /// Ends the tallies of wrong codes; those of mails stay.
    pub fn forgive(&mut self) {
        self.network.failures = 0;
        self.network.failed_at = None;
        self.account.in_a_row = 0;
        self.account.failures = History::default();
    }

    fn count_failure(&mut self, policy: &ChallengePolicy, now: Timestamp) -> Vec<NewBlock> {
        self.network.failures = self.network.failures_at(policy, now).saturating_add(1);
        self.network.failed_at = self.network.failed_at.max(Some(now));
        self.account.failures.record(now, policy.wrong_per_account);
        self.account.in_a_row = self.account.in_a_row.saturating_add(1);

        let mut blocks = Vec::new();
        if self.network.failures >= policy.tries {
            blocks.push(NewBlock { reason: BlockReason::WrongCodes, until: Some(now + policy.block) });
        }
        if self.account.in_a_row >= policy.support_after {
            blocks.push(NewBlock { reason: BlockReason::SupportNeeded, until: None });
        } else if let Some(until) = self.account.failures.next_at(policy.wrong_per_account, now) {
            blocks.push(NewBlock { reason: BlockReason::WrongCodesEverywhere, until: Some(until) });
        }
        blocks
    }

    /// Tries left before a block of any kind, given that none is in force: at least one.
    pub fn tries_left(&self, policy: &ChallengePolicy, now: Timestamp) -> u32 {
        let here = policy.tries.saturating_sub(self.network.failures_at(policy, now));
        let everywhere = self.account.failures.left(policy.wrong_per_account, now);
        let in_a_row = policy.support_after.saturating_sub(self.account.in_a_row);
        here.min(everywhere).min(in_a_row).max(1)
    }

    /// When the next mail is possible, given when the last of this session was sent; `None` for now.
    pub fn next_mail_at(
        &self,
        policy: &ChallengePolicy,
        last_sent_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let resend_at = last_sent_at.map(|sent_at| sent_at + policy.resend_after).filter(|at| *at > now);
        resend_at
            .max(self.network.mails.next_at(policy.mails_per_network, now))
            .max(self.account.mails.next_at(policy.mails_per_account, now))
    }

    /// A mail goes out.
    pub fn count_mail(&mut self, policy: &ChallengePolicy, now: Timestamp) {
        self.network.mails.record(now, policy.mails_per_network);
        self.account.mails.record(now, policy.mails_per_account);
    }
}

impl NetworkTally {
    /// Tries left before a block of this network alone: what counts where blocks for everywhere
    /// don't hold. At least one.
    pub fn tries_left(&self, policy: &ChallengePolicy, now: Timestamp) -> u32 {
        policy.tries.saturating_sub(self.failures_at(policy, now)).max(1)
    }

    /// Wrong codes that count at `now`: they're forgotten when [`ChallengePolicy::block`] has passed
    /// since the last one.
    fn failures_at(&self, policy: &ChallengePolicy, now: Timestamp) -> u32 {
        match self.failed_at {
            Some(last) if now < last + policy.block => self.failures,
            _ => 0,
        }
    }

    /// When nothing in it counts any more; `None` for already.
    pub fn forgotten_at(&self, policy: &ChallengePolicy) -> Option<Timestamp> {
        self.failed_at.map(|last| last + policy.block).max(self.mails.forgotten_at(policy.mails_per_network))
    }
}

impl AccountTally {
    /// When nothing in it counts any more. Wrong codes in a row have no end of their own: the
    /// hundredth counts however slowly they came (NIST SP 800-63B-4 §3.2.2).
    pub fn forgotten_at(&self, policy: &ChallengePolicy) -> Option<Timestamp> {
        if self.in_a_row > 0 {
            return Some(Timestamp::from_millis(i64::MAX));
        }
        self.mails.forgotten_at(policy.mails_per_account)
    }
}

/// When a code sent now for a pending login of `created_at` ends: after its own time, with the
/// pending login at the latest.
pub fn code_ends_at(policy: &ChallengePolicy, created_at: Timestamp, now: Timestamp) -> Timestamp {
    (now + policy.ttl).min(created_at + policy.pending_ttl)
}

#[cfg(test)]
#[path = "code_tests.rs"]
mod tests;
