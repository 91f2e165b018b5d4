use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use tokio::sync::Notify;

use crate::model::Network;

/// Who is connected: how many connections each network has, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Seats {
    by_network: DashMap<Network, u32>,
    taken: AtomicUsize,
    left: Notify,
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    network: Option<Network>,
}

impl Seats {
    /// A place for a connection from `network`, of which it may have `most` at once; `None` when it
    /// has them. Without a network there's always one.
    pub fn take(self: &Arc<Self>, network: Option<Network>, most: u32) -> Option<Seat> {
        if let Some(network) = network {
            let mut count = self.by_network.entry(network).or_insert(0);
            if *count >= most {
                return None;
            }
            *count += 1;
        }
        self.taken.fetch_add(1, Ordering::AcqRel);
        Some(Seat { seats: Arc::clone(self), network })
    }

    /// How many connections there are.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// Waits until there's none.
    pub async fn emptied(&self) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.taken() == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            if let Some(mut count) = self.seats.by_network.get_mut(&network) {
                *count = count.saturating_sub(1);
            }
            self.seats.by_network.remove_if(&network, |_, count| *count == 0);
        }
        if self.seats.taken.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.seats.left.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_seats_and_gives_them_back() {
        let seats = Arc::new(Seats::default());
        let here = Network::parse("203.0.113.7");
        let there = Network::parse("2001:db8::/64");
        let first = seats.take(here, 2).unwrap();
        let _second = seats.take(here, 2).unwrap();
        assert!(seats.take(here, 2).is_none());
        assert!(seats.take(there, 2).is_some(), "another network isn't concerned");
        drop(first);
        let _third = seats.take(here, 2).unwrap();
        let trusted: Vec<_> = (0..10).filter_map(|_| seats.take(None, 2)).collect();
        assert_eq!((trusted.len(), seats.taken()), (10, 12));
        assert_eq!(seats.by_network.len(), 1, "nothing is kept of who left");
    }

    #[tokio::test]
    async fn emptied_waits_for_the_last_one() {
        let seats = Arc::new(Seats::default());
        seats.emptied().await;
        let seat = seats.take(None, 1);
        let waiting = tokio::spawn({
            let seats = Arc::clone(&seats);
            async move { seats.emptied().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(seat);
        waiting.await.unwrap();
    }
}
