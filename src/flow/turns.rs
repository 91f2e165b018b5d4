//! One at a time an account: for what can't be decided inside one transaction, since a slow hash lies
//! in the middle of it.

use std::sync::{Arc, Weak};

use dashmap::DashMap;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::model::AccountId;

/// Whose turn it is, account by account.
#[derive(Debug, Default)]
pub struct Turns {
    of: DashMap<AccountId, Weak<Mutex<()>>>,
}

/// An account's turn, or a place in the queue for it; over when dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Arc<Turns>,
    account: AccountId,
    // Dropped before the look at who else is there: see `Drop`.
    lock: Option<Arc<Mutex<()>>>,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else has the turn of `account`.
    pub async fn take(self: &Arc<Self>, account: &AccountId) -> Turn {
        let lock = {
            let mut place = self.of.entry(account.clone()).or_default();
            place.upgrade().unwrap_or_else(|| {
                let lock = Arc::new(Mutex::new(()));
                *place = Arc::downgrade(&lock);
                lock
            })
        };
        // Made before the wait: who gives up waiting leaves nothing behind.
        let mut turn =
            Turn { turns: Arc::clone(self), account: account.clone(), lock: Some(Arc::clone(&lock)), held: None };
        turn.held = Some(lock.lock_owned().await);
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        self.lock = None;
        self.turns.of.remove_if(&self.account, |_, place| place.strong_count() == 0);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn turns_come_one_after_the_other_and_leave_nothing_behind() {
        let turns = Arc::new(Turns::default());
        let (alice, bob) = (AccountId::canonical("alice").unwrap(), AccountId::canonical("bob").unwrap());
        let first = turns.take(&alice).await;
        let mut second = Box::pin(turns.take(&alice));
        assert!((&mut second).now_or_never().is_none());
        drop(turns.take(&bob).await);
        drop(first);
        drop(second.await);
        let held = turns.take(&alice).await;
        let mut gives_up = Box::pin(turns.take(&alice));
        assert!((&mut gives_up).now_or_never().is_none());
        drop(held);
        drop(gives_up);
        assert!(turns.of.is_empty());
    }
}
