//! Refusals that users were shown, on their way to the log and the store.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{error, info};

use crate::flow::ports::{RefusalRecord, Store};
use crate::model::{Network, Timestamp};

/// How many refusals may wait to be written. What comes on top is in the log only.
const WAITING: usize = 4096;
/// How many are written at once.
const BATCH: usize = 256;

/// How long the first of a batch waits for others: in a flood every commit then holds many. Nobody can
/// read a reference out to support in that time.
const GATHER: Duration = Duration::from_millis(50);

/// Refusals of one network that are kept in a minute: more than the people behind one address read out
/// to support, and so few that whoever sends thousands neither keeps the store busy nor pushes the
/// refusals of others out of it. What comes on top is in the log only.
const SHARE: u64 = 120;
/// How many networks have a share of their own at a time; those that meet in one share it.
const SHARES: usize = 4096;

/// Takes refusals down without making anybody wait.
#[derive(Clone, Debug)]
pub struct RefusalLog {
    queue: mpsc::Sender<RefusalRecord>,
    shares: Arc<Shares>,
}

/// How much of its share each network has used: a minute in the upper half of a number, what was kept
/// in that minute in the lower.
#[derive(Debug)]
struct Shares {
    used: Vec<AtomicU64>,
    hasher: RandomState,
}

impl Shares {
    fn new() -> Self {
        Self { used: (0..SHARES).map(|_| AtomicU64::new(0)).collect(), hasher: RandomState::new() }
    }

    /// Takes one out of a network's share, if anything is left of it.
    fn take(&self, network: Network, at: Timestamp) -> bool {
        let place = usize::try_from(self.hasher.hash_one(network)).unwrap_or_default() % SHARES;
        let minute = u64::try_from(at.as_secs()).unwrap_or_default() / 60;
        self.used.get(place).is_some_and(|used| {
            let taken = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| match used & 0xffff_ffff {
                _ if used >> 32 != minute => Some(minute << 32 | 1),
                SHARE.. => None,
                _ => Some(used + 1),
            });
            taken.is_ok()
        })
    }
}

/// The other end: writes refusals to the store.
#[derive(Debug)]
pub struct RefusalQueue {
    waiting: mpsc::Receiver<RefusalRecord>,
}

impl RefusalLog {
    /// A log, and the queue that somebody has to [`RefusalQueue::run`].
    pub fn new() -> (Self, RefusalQueue) {
        let (queue, waiting) = mpsc::channel(WAITING);
        (Self { queue, shares: Arc::new(Shares::new()) }, RefusalQueue { waiting })
    }

    /// Counts a refusal and notes it.
    pub fn record(&self, refusal: RefusalRecord) {
        metrics::counter!("poterne_refused_total", "reason" => refusal.reason.clone()).increment(1);
        self.note(refusal);
    }

    /// Notes a refusal that was counted already: one line in the log, and one row in the store unless
    /// its network has had many this minute.
    pub fn note(&self, refusal: RefusalRecord) {
        info!(
            reference = %refusal.reference,
            reason = %refusal.reason,
            status = refusal.status,
            network = %refusal.network,
            request = %refusal.request,
            "refused"
        );
        if !self.shares.take(refusal.network, refusal.at) || self.queue.try_send(refusal).is_err() {
            metrics::counter!("poterne_refusals_unrecorded_total").increment(1);
        }
    }
}

impl RefusalQueue {
    /// Writes what comes until every [`RefusalLog`] is gone.
    pub async fn run(mut self, store: std::sync::Arc<dyn Store>) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.waiting.recv_many(&mut batch, BATCH).await > 0 {
            if batch.len() < BATCH {
                tokio::time::sleep(GATHER).await;
                while batch.len() < BATCH
                    && let Ok(refusal) = self.waiting.try_recv()
                {
                    batch.push(refusal);
                }
            }
            if let Err(error) = store.record_refusals(std::mem::take(&mut batch)).await {
                error!(%error, "refusals could not be recorded; they are in the log only");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::model::Reference;

    fn refusal(network: &str, at: i64) -> RefusalRecord {
        RefusalRecord {
            reference: Reference::random(&mut ChaCha20Rng::seed_from_u64(1)),
            at: Timestamp::from_millis(at),
            reason: "closed-door".to_owned(),
            status: 403,
            account: None,
            network: Network::parse(network).unwrap(),
            request: "POST /xmlrpc.php".to_owned(),
            until: None,
        }
    }

    fn kept(queue: &mut RefusalQueue) -> u64 {
        std::iter::from_fn(|| queue.waiting.try_recv().ok()).count() as u64
    }

    #[test]
    fn who_sends_thousands_pushes_nobody_out() {
        let (log, mut queue) = RefusalLog::new();
        let minute = 30_000_000 * 60_000;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..2_000).for_each(|n| log.record(refusal("203.0.113.7", minute + n))));
            }
        });
        assert_eq!(kept(&mut queue), SHARE, "four threads share one share");
        // Another network may meet the first one in its place, hardly twenty of them.
        for n in 1..=20 {
            log.record(refusal(&format!("198.51.100.{n}"), minute + 59_999));
        }
        assert!(kept(&mut queue) >= 15);
        log.record(refusal("203.0.113.7", minute + 60_000));
        assert_eq!(kept(&mut queue), 1, "the next minute");
    }
}
