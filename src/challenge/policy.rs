//! The numbers of the e-mailed code, in one place; pages, mails and documentation take them here.

use std::time::Duration;

use crate::limit::Quota;

/// The rules of the e-mailed code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengePolicy {
    /// Decimal digits of a code (ASVS 6.5.5 asks for 20 bits of entropy together with a limit on tries).
    pub digits: u8,
    /// How long a code is valid (b11, b59: 10 minutes; ASVS 6.6.2).
    pub ttl: Duration,
    /// The failure that blocks the account from this network (b12: the third).
    pub tries: u32,
    /// How long that block lasts (b12: 1 hour), and how long a wrong code counts.
    pub block: Duration,
    /// When the next mail can be asked for.
    pub resend_after: Duration,
    /// Mails for one account from one network, first ones included.
    pub mails_per_network: Quota,
    /// Mails for one account from everywhere, first ones included.
    pub mails_per_account: Quota,
    /// Wrong codes for one account from everywhere before no code is accepted from unknown
    /// networks (ASVS 6.6.3).
    pub wrong_per_account: Quota,
    /// Wrong codes in a row for one account after which only support helps (NIST SP 800-63B-4
    /// §3.2.2: 100).
    pub support_after: u32,
    /// How long a pending login lives at most (DESIGN R7).
    pub pending_ttl: Duration,
    /// Networks kept for an account; the longest unused goes first (b9).
    pub known_networks: u32,
}

impl Default for ChallengePolicy {
    fn default() -> Self {
        let hour = Duration::from_secs(3600);
        Self {
            digits: 6,
            ttl: Duration::from_secs(600),
            tries: 3,
            block: hour,
            resend_after: Duration::from_secs(60),
            mails_per_network: Quota::of(3, hour),
            mails_per_account: Quota::of(10, hour),
            wrong_per_account: Quota::of(10, hour),
            support_after: 100,
            pending_ttl: Duration::from_secs(1800),
            known_networks: 100,
        }
    }
}
