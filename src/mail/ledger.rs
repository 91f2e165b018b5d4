//! What became of the mails for each challenge.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::flow::ports::MailStatus;
use crate::model::{ChallengeId, Timestamp};

/// How long after its deadline a mail's end can still be asked for: the page that asks may be a
/// reload behind.
const LINGER: Duration = Duration::from_secs(600);

/// Where one message of a mail stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Waiting for its first try, or in it.
    Queued,
    /// Failed at least once and is tried again.
    Retrying,
    /// Taken.
    Sent,
    /// Given up.
    Failed,
}

/// How many messages of one challenge stand where.
#[derive(Default)]
struct Entry {
    ends_at: Option<Timestamp>,
    queued: u32,
    retrying: u32,
    sent: u32,
    failed: u32,
}

impl Entry {
    fn of(&mut self, phase: Phase) -> &mut u32 {
        match phase {
            Phase::Queued => &mut self.queued,
            Phase::Retrying => &mut self.retrying,
            Phase::Sent => &mut self.sent,
            Phase::Failed => &mut self.failed,
        }
    }
}

/// A bounded memory of mails: entries go some time after their deadline, and when there are too
/// many, the one whose deadline is nearest goes first.
pub(super) struct Ledger {
    entries: HashMap<ChallengeId, Entry>,
    by_end: BTreeSet<(Timestamp, ChallengeId)>,
    max: usize,
}

impl Ledger {
    /// One for at most `max` challenges.
    pub(super) fn new(max: usize) -> Self {
        Self { entries: HashMap::new(), by_end: BTreeSet::new(), max: max.max(1) }
    }

    /// One more message for `challenge`, in `phase`.
    pub(super) fn begin(&mut self, challenge: ChallengeId, phase: Phase, deadline: Timestamp, now: Timestamp) {
        self.purge(now);
        let entry = self.entries.entry(challenge).or_default();
        *entry.of(phase) += 1;
        let ends_at = entry.ends_at.map_or(deadline, |earlier| earlier.max(deadline));
        if let Some(earlier) = entry.ends_at.replace(ends_at) {
            self.by_end.remove(&(earlier, challenge));
        }
        self.by_end.insert((ends_at, challenge));
        while self.entries.len() > self.max {
            let Some((_, oldest)) = self.by_end.pop_first() else { break };
            self.entries.remove(&oldest);
        }
    }

    /// A message of `challenge` goes on from one phase to another.
    pub(super) fn advance(&mut self, challenge: ChallengeId, from: Phase, to: Phase) {
        if let Some(entry) = self.entries.get_mut(&challenge) {
            let count = entry.of(from);
            *count = count.saturating_sub(1);
            *entry.of(to) += 1;
        }
    }

    /// How the mail for `challenge` stands, all its messages taken together.
    pub(super) fn status(&self, challenge: ChallengeId) -> MailStatus {
        match self.entries.get(&challenge) {
            None => MailStatus::Unknown,
            Some(Entry { retrying: 1.., .. }) => MailStatus::Retrying,
            Some(Entry { queued: 1.., .. }) => MailStatus::Queued,
            Some(Entry { failed: 1.., .. }) => MailStatus::Failed,
            Some(_) => MailStatus::Sent,
        }
    }

    /// Whether there's anything known about `challenge`.
    pub(super) fn knows(&self, challenge: ChallengeId) -> bool {
        self.entries.contains_key(&challenge)
    }

    fn purge(&mut self, now: Timestamp) {
        while let Some((ends_at, challenge)) = self.by_end.first().copied() {
            if ends_at + LINGER > now {
                break;
            }
            self.by_end.pop_first();
            self.entries.remove(&challenge);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn ids(count: usize) -> Vec<ChallengeId> {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        (0..count).map(|_| ChallengeId::random(&mut rng)).collect()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    #[test]
    fn b13_a_mail_to_two_addresses_is_sent_when_both_were_taken() {
        use Phase::*;
        for (phases, status) in [
            ([Queued, Queued], MailStatus::Queued),
            ([Sent, Queued], MailStatus::Queued),
            ([Sent, Retrying], MailStatus::Retrying),
            ([Queued, Retrying], MailStatus::Retrying),
            ([Failed, Retrying], MailStatus::Retrying),
            ([Failed, Queued], MailStatus::Queued),
            ([Sent, Failed], MailStatus::Failed),
            ([Failed, Failed], MailStatus::Failed),
            ([Sent, Sent], MailStatus::Sent),
        ] {
            let mut ledger = Ledger::new(10);
            let id = ids(1)[0];
            for _ in phases {
                ledger.begin(id, Queued, at(600), at(0));
            }
            for phase in phases {
                ledger.advance(id, Queued, phase);
            }
            assert_eq!(ledger.status(id), status, "{phases:?}");
        }
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_what_is_over() {
        let mut ledger = Ledger::new(3);
        let ids = ids(5);
        for (i, id) in ids.iter().enumerate() {
            ledger.begin(*id, Phase::Failed, at(600 + i as i64), at(0));
        }
        assert_eq!(ids.iter().map(|id| ledger.knows(*id)).collect::<Vec<_>>(), [false, false, true, true, true]);
        assert_eq!(ledger.status(ids[0]), MailStatus::Unknown);
        ledger.begin(ids[0], Phase::Queued, at(9000), at(603) + LINGER);
        assert_eq!(ids.iter().map(|id| ledger.knows(*id)).collect::<Vec<_>>(), [true, false, false, false, true]);
        assert_eq!(ledger.entries.len(), ledger.by_end.len());
    }
}
