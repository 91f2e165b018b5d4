//! Slow hashes, bounded: so many at once, so many waiting, never on a thread that serves requests.
//!
//! An argon2id hash takes 19 MiB and tens of milliseconds of a processor. Without a bound, a burst of
//! logins would take the machine from the requests of everybody who is inside already.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use super::ports::StoreFailed;
use crate::challenge::hashing::{self, HashCost};

/// Hashes that may wait for their turn; what comes on top is turned away. At 25 ms each that's a wait
/// of six seconds on one processor: about as long as somebody stays at a page.
const WAITING: usize = 256;

/// What is hashed: wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// Makes and compares slow hashes.
#[derive(Clone)]
pub struct Hashing {
    cost: HashCost,
    at_once: Arc<Semaphore>,
    places: Arc<Semaphore>,
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
        Self { cost, at_once: Arc::new(Semaphore::new(at_once)), places: Arc::new(Semaphore::new(at_once + WAITING)) }
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

    /// Whether a secret is what `kept` was made of. Without `kept` it isn't, and it takes as long to
    /// say so.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn verify(&self, secret: Secret, kept: Option<String>) -> Result<bool, NotHashed> {
        let cost = self.cost;
        self.run(move || match kept {
            Some(kept) => hashing::verify(&secret, &kept),
            None => {
                let _as_long = hashing::hash(&secret, cost, &mut rand::rng());
                false
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotHashed> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NotHashed::Busy)?;
        let turn = Arc::clone(&self.at_once).acquire_owned().await.map_err(|_| NotHashed::Failed)?;
        let done = tokio::task::spawn_blocking(move || {
            // They go with the work, not with whoever waits for it: that one may go away.
            let _held: [OwnedSemaphorePermit; 2] = [place, turn];
            work()
        });
        done.await.map_err(|_| NotHashed::Failed)
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
