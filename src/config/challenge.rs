//! `[challenge]`, `[known_networks]`, `[limits]`, `[session]`: the numbers.
//!
//! Their defaults stand in [`ChallengePolicy`], [`SessionLimits`] and here, each once (DESIGN §4).

use std::time::Duration;

use crate::challenge::ChallengePolicy;
use crate::flow::OnNetworkChange;
use crate::limit::{Quota, SessionLimits};

use super::desk::Wrong;
use super::section::Section;
use super::source::Node;
use super::value::{duration, number, one_of, quota, show_duration};

/// Wrong passwords from one network over all accounts: more than a household's bad day, far less
/// than guessing needs (DESIGN §4).
pub const WRONG_PASSWORDS_PER_NETWORK: Quota = Quota::of(20, Duration::from_mins(10));

/// How long the gate's sessions live, and what a change of network does to them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionPolicy {
    /// How long they live.
    pub limits: SessionLimits,
    /// What happens when a session turns up from an unknown network.
    pub on_network_change: OnNetworkChange,
}

/// Limits on what comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitsSettings {
    /// Wrong passwords from one network over all accounts; then 429.
    pub wrong_passwords_per_network: Quota,
}

fn between(min: Duration, max: Duration) -> impl Fn(&Node) -> Result<Duration, Wrong> {
    duration(min, max)
}

pub(super) fn read_challenge(section: Section<'_>, known_networks: Section<'_>) -> ChallengePolicy {
    let default = ChallengePolicy::default();
    let (second, minute, hour) = (Duration::from_secs(1), Duration::from_mins(1), Duration::from_hours(1));
    let policy = ChallengePolicy {
        // Six digits hold 20 bits; more than ten nobody types.
        digits: section.or("digits", number(6..=10), default.digits),
        // Under a minute no mail arrives in time; over half an hour ASVS 6.6.2 isn't met.
        ttl: section.or("ttl", between(minute, hour / 2), default.ttl),
        tries: section.or("tries", number(1..=10), default.tries),
        block: section.or("block", between(minute, hour * 24 * 7), default.block),
        resend_after: section.or("resend_after", between(second, hour / 2), default.resend_after),
        mails_per_network: quota(&section, "mails_per_network", default.mails_per_network),
        mails_per_account: quota(&section, "mails_per_account", default.mails_per_account),
        wrong_per_account: quota(&section, "wrong_per_account", default.wrong_per_account),
        support_after: section.or("support_after", number(10..=1000), default.support_after),
        pending_ttl: section.or("pending_ttl", between(minute, hour), default.pending_ttl),
        known_networks: known_networks.or("max", number(1..=10_000), default.known_networks),
    };
    known_networks
        .not_yet("unused_for", "a verified network stays known; the longest unused goes first at the maximum");
    known_networks.finish();
    if policy.ttl > policy.pending_ttl {
        let wrong = Wrong::expected(format!("a time of at most pending_ttl, {}", show_duration(policy.pending_ttl)));
        section.wrong("ttl", wrong.found(show_duration(policy.ttl)));
    }
    if policy.resend_after >= policy.ttl {
        let wrong = Wrong::expected(format!("a time shorter than ttl, {}", show_duration(policy.ttl)));
        section.wrong("resend_after", wrong.found(show_duration(policy.resend_after)));
    }
    if policy.wrong_per_account.max() < policy.tries {
        let wrong = Wrong::expected(format!("at least tries, {}", policy.tries));
        section.wrong("wrong_per_account", wrong.found(policy.wrong_per_account.max().to_string()));
    }
    if policy.support_after < policy.wrong_per_account.max() {
        let wrong = Wrong::expected(format!("at least wrong_per_account.max, {}", policy.wrong_per_account.max()));
        section.wrong("support_after", wrong.found(policy.support_after.to_string()));
    }
    if policy.mails_per_account.max() < policy.mails_per_network.max() {
        let wrong = Wrong::expected(format!("at least mails_per_network.max, {}", policy.mails_per_network.max()));
        section.wrong("mails_per_account", wrong.found(policy.mails_per_account.max().to_string()));
    }
    section.finish();
    policy
}

pub(super) fn read_session(section: Section<'_>) -> SessionPolicy {
    let (minute, day) = (Duration::from_mins(1), Duration::from_hours(24));
    let default = SessionLimits::default();
    let limits = SessionLimits {
        idle: section.or("idle", between(minute, day * 30), default.idle),
        max: section.or("max", between(minute, day * 30), default.max),
    };
    if limits.idle > limits.max {
        let wrong = Wrong::expected(format!("a time of at most session.max, {}", show_duration(limits.max)));
        section.wrong("idle", wrong.found(show_duration(limits.idle)));
    }
    let changes = [("challenge", OnNetworkChange::Challenge), ("allow", OnNetworkChange::Allow)];
    let on_network_change = section.or("on_network_change", one_of(&changes), OnNetworkChange::Challenge);
    section.finish();
    SessionPolicy { limits, on_network_change }
}

pub(super) fn read_limits(section: Section<'_>) -> LimitsSettings {
    let wrong_passwords = quota(&section, "wrong_passwords_per_network", WRONG_PASSWORDS_PER_NETWORK);
    section.finish();
    LimitsSettings { wrong_passwords_per_network: wrong_passwords }
}
