//! Slow hashes, bounded: so many at once, so many waiting, never on a thread that serves requests,
//! and behind those on a busy processor.
//!
//! An argon2id hash takes 19 MiB and tens of milliseconds of a processor. Without a bound, a burst of
//! logins would take the machine from the requests of everybody who is inside already; without the
//! lowest priority, a request that becomes ready while a hash runs would wait for some milliseconds.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tracing::{debug, error};
use zeroize::Zeroizing;

use super::ports::StoreFailed;
use crate::challenge::hashing::{self, HashCost};
use crate::model::SessionId;

/// Hashes that may wait for their turn; what comes on top is turned away. At 25 ms each that's a wait
/// of six seconds on one processor: about as long as somebody stays at a page.
const WAITING: usize = 256;

/// How long somebody waits at most for a hash that is under way: as long as a full queue takes, and more.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is hashed: wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// Makes and compares slow hashes.
#[derive(Clone)]
pub struct Hashing {
    cost: HashCost,
    at_once: Arc<Semaphore>,
    places: Arc<Semaphore>,
    under_way: Arc<DashMap<SessionId, watch::Receiver<()>>>,
    jobs: Sender<Job>,
}

type Job = Box<dyn FnOnce() + Send>;

/// The lowest priority of the usual policy.
const NICE: i32 = 19;

/// A place among those that may wait: taken before something is counted that a full queue must not cost.
pub struct Place(OwnedSemaphorePermit);

/// The hash of a session's password is being made, until this is dropped.
pub struct UnderWay {
    hashing: Hashing,
    session: SessionId,
    _over: watch::Sender<()>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.hashing.under_way.remove(&self.session);
    }
}

/// A hash wasn't made or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHashed {
    /// Too many wait already.
    #[error("too many hashes wait already")]
    Busy,
    /// argon2 failed, or its task did.
    #[error("a hash could not be computed")]
    Failed,
}

impl From<NotHashed> for StoreFailed {
    /// For whoever asked it's the same as a store that can't answer: nothing was decided, and another
    /// try a little later may succeed.
    fn from(error: NotHashed) -> Self {
        Self(error.to_string())
    }
}

impl Hashing {
    /// At most `at_once` hashes at a time, each of this cost.
    pub fn new(cost: HashCost, at_once: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            cost,
            at_once: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + WAITING)),
            under_way: Arc::default(),
            jobs: start_threads(at_once),
        }
    }

    /// Says that the hash of this session's password is being made and kept.
    pub fn begin(&self, session: SessionId) -> UnderWay {
        let (over, seen) = watch::channel(());
        self.under_way.insert(session, seen);
        UnderWay { hashing: self.clone(), session, _over: over }
    }

    /// Waits for the hash of this session's password if it's being made; `false` at once if it isn't.
    pub async fn wait_for(&self, session: SessionId) -> bool {
        let Some(mut seen) = self.under_way.get(&session).map(|entry| entry.value().clone()) else { return false };
        // Nothing is ever sent: what is waited for is the sender's end.
        tokio::time::timeout(PATIENCE, seen.changed()).await.is_ok()
    }

    /// Half of the machine's processors, at the default cost.
    pub fn of_machine() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new(HashCost::default(), processors / 2)
    }

    /// Hashes a secret.
    ///
    /// # Errors
    /// When too many wait, or argon2 fails.
    pub async fn hash(&self, secret: Secret) -> Result<String, NotHashed> {
        self.hash_all(vec![secret]).await?.pop().ok_or(NotHashed::Failed)
    }

    /// Hashes several, one after the other, as one piece of work.
    ///
    /// # Errors
    /// When too many wait, or argon2 fails.
    pub async fn hash_all(&self, secrets: Vec<Secret>) -> Result<Vec<String>, NotHashed> {
        let cost = self.cost;
        self.run(move || {
            let mut rng = rand::rng();
            secrets.iter().map(|secret| hashing::hash(secret, cost, &mut rng).map_err(|_| NotHashed::Failed)).collect()
        })
        .await?
    }

    /// A place in the queue.
    ///
    /// # Errors
    /// When too many wait.
    pub fn reserve(&self) -> Result<Place, NotHashed> {
        Arc::clone(&self.places).try_acquire_owned().map(Place).map_err(|_| NotHashed::Busy)
    }

    /// Whether a secret is what `kept` was made of. Without `kept` it isn't, and it takes as long to
    /// say so.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn verify(&self, secret: Secret, kept: Option<String>) -> Result<bool, NotHashed> {
        self.verify_at(self.reserve()?, secret, kept).await
    }

    /// The same, at a place that was taken before.
    ///
    /// # Errors
    /// When the hash can't be computed.
    pub async fn verify_at(&self, place: Place, secret: Secret, kept: Option<String>) -> Result<bool, NotHashed> {
        let cost = self.cost;
        self.run_at(place, move || match kept {
            Some(kept) => hashing::verify(&secret, &kept),
            None => {
                let _as_long = hashing::hash(&secret, cost, &mut rand::rng());
                false
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotHashed> {
        self.run_at(self.reserve()?, work).await
    }

    async fn run_at<T: Send + 'static>(
        &self,
        Place(place): Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotHashed> {
        let turn = Arc::clone(&self.at_once).acquire_owned().await.map_err(|_| NotHashed::Failed)?;
        let (done, result) = oneshot::channel();
        let job = move || {
            // They go with the work, not with whoever waits for it: that one may go away.
            let held: [OwnedSemaphorePermit; 2] = [place, turn];
            let value = work();
            drop(held);
            let _nobody_waits_any_more = done.send(value);
        };
        self.jobs.send(Box::new(job)).map_err(|_| NotHashed::Failed)?;
        result.await.map_err(|_| NotHashed::Failed)
    }
}

/// Threads of their own, since a priority that was lowered can't be raised again. They end when the
/// last [`Hashing`] is dropped.
fn start_threads(count: usize) -> Sender<Job> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..count {
        let queue = Arc::clone(&queue);
        let started = std::thread::Builder::new().name("poterne-hash".to_owned()).spawn(move || serve(&queue));
        if let Err(error) = started {
            // With no thread at all, every hash fails and says so.
            error!(%error, "a thread for hashing passwords can't be started");
        }
    }
    jobs
}

/// Puts the calling thread behind everything else. A thread of Linux' idle policy is put off its
/// processor as soon as any other wants it; one that is merely nice keeps it to the end of its slice,
/// some milliseconds. Where neither can be had, hashes are made all the same.
fn give_way() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle) {
        debug!(?error, "no idle scheduling for hashes");
        if let Err(error) = rustix::process::nice(NICE) {
            debug!(%error, "hashes run like everything else");
        }
    }
}

fn serve(queue: &Mutex<Receiver<Job>>) {
    give_way();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            error!("a hash ended in a mistake of the program");
        }
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hashing").field("cost", &self.cost).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashCost = HashCost { memory: 64, passes: 1 };

    fn secret(text: &str) -> Secret {
        Zeroizing::new(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn who_comes_straight_from_a_login_waits_for_its_hash() {
        let hashing = Hashing::new(CHEAP, 1);
        let session = SessionId::random(&mut rand::rng());
        assert!(!hashing.wait_for(session).await, "nothing is under way");
        let under_way = hashing.begin(session);
        let waiting = tokio::spawn({
            let hashing = hashing.clone();
            async move { hashing.wait_for(session).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(under_way);
        assert!(waiting.await.unwrap());
        assert!(!hashing.wait_for(session).await, "it's over");
    }

    #[tokio::test]
    async fn what_was_hashed_is_recognised_and_nothing_is_nobodys() {
        let hashing = Hashing::new(CHEAP, 1);
        let kept = hashing.hash(secret("a")).await.unwrap();
        assert_eq!(hashing.verify(secret("a"), Some(kept.clone())).await, Ok(true));
        assert_eq!(hashing.verify(secret("b"), Some(kept)).await, Ok(false));
        assert_eq!(hashing.verify(secret("a"), None).await, Ok(false));
        let all = hashing.hash_all(vec![secret("x"), secret("y")]).await.unwrap();
        assert_eq!(hashing.verify(secret("y"), all.get(1).cloned()).await, Ok(true), "in order");
    }

    #[tokio::test]
    async fn at_most_so_many_run_and_so_many_wait() {
        let hashing = Hashing::new(CHEAP, 1);
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let first = {
            let hashing = hashing.clone();
            tokio::spawn(async move { hashing.run(move || gate.recv().is_ok()).await })
        };
        while hashing.at_once.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let hashing = hashing.clone();
                tokio::spawn(async move { hashing.run(|| true).await })
            })
            .collect();
        while hashing.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hashing.hash(secret("too many")).await, Err(NotHashed::Busy));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        for task in waiting {
            assert_eq!(task.await.unwrap(), Ok(true));
        }
        assert!(hashing.hash(secret("now")).await.is_ok());
    }
}
