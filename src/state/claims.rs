//! Claims on anonymous session cookies (DESIGN R3).

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use super::hashed::AlreadyHashed;
use crate::model::{ClaimKey, Timestamp};

/// Which anonymous values are claimed by a login, and until when.
///
/// The map's entry decides, so that of parallel logins exactly one wins. Nothing but a post to a
/// door goes up with a body, and every such post claims; so once a value is claimed, what may still
/// be under way with it is a GET of a public page, whose answer is withheld.
#[derive(Debug, Default)]
pub struct Claims {
    claimed: DashMap<ClaimKey, Timestamp, AlreadyHashed>,
}

impl Claims {
    /// Whether a login has claimed the value. Requests that go up with a value ask before they are
    /// sent, again when the answer's header arrives, and while its body streams.
    pub fn is_claimed(&self, key: &ClaimKey) -> bool {
        self.claimed.contains_key(key)
    }

    /// Claims all of `keys` until `until`, or none: `false` if one is taken.
    pub fn claim(&self, keys: &[ClaimKey], until: Timestamp) -> bool {
        for (index, key) in keys.iter().enumerate() {
            let before = keys.get(..index).unwrap_or_default();
            if before.contains(key) {
                continue;
            }
            let free = match self.claimed.entry(*key) {
                Entry::Vacant(free) => {
                    free.insert(until);
                    true
                }
                Entry::Occupied(_) => false,
            };
            // The entry holds its part of the map: what was taken before is given back without it.
            if !free {
                self.release(before);
                return false;
            }
        }
        true
    }

    /// Takes in claims that the store knows of, whatever stood there.
    pub fn restore(&self, claims: impl IntoIterator<Item = (ClaimKey, Timestamp)>) {
        for (key, until) in claims {
            self.claimed.insert(key, until);
        }
    }

    /// A refused login's claims go.
    pub fn release(&self, keys: &[ClaimKey]) {
        for key in keys {
            self.claimed.remove(key);
        }
    }

    /// Forgets claims whose time is over.
    pub fn purge_expired(&self, now: Timestamp) {
        self.claimed.retain(|_, until| *until > now);
    }

    /// How many values are claimed.
    pub fn len(&self) -> usize {
        self.claimed.len()
    }

    /// Whether nothing is claimed.
    pub fn is_empty(&self) -> bool {
        self.claimed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    const UNTIL: Timestamp = Timestamp::from_millis(1000);

    fn key(n: u8) -> ClaimKey {
        ClaimKey::from_bytes([n; 16])
    }

    #[test]
    fn of_parallel_logins_on_one_value_one_wins() {
        for _ in 0..200 {
            let claims = Arc::new(Claims::default());
            let barrier = Arc::new(Barrier::new(8));
            let winners: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8_u8)
                    .map(|n| {
                        let (claims, barrier) = (Arc::clone(&claims), Arc::clone(&barrier));
                        scope.spawn(move || {
                            barrier.wait();
                            claims.claim(&[key(100 + n), key(1)], UNTIL)
                        })
                    })
                    .collect();
                threads.into_iter().map(|t| usize::from(t.join().unwrap())).sum()
            });
            assert_eq!(winners, 1);
            assert_eq!(claims.len(), 2, "losers leave nothing behind");
        }
    }

    #[test]
    fn all_or_none_and_one_value_sent_twice_is_one() {
        let claims = Claims::default();
        assert!(claims.claim(&[key(1), key(1)], UNTIL));
        assert!(!claims.claim(&[key(2), key(1)], UNTIL));
        assert!(!claims.is_claimed(&key(2)));
        claims.release(&[key(1)]);
        assert!(claims.claim(&[key(2), key(1)], UNTIL));
    }

    #[test]
    fn claims_end() {
        let claims = Claims::default();
        assert!(claims.claim(&[key(1)], UNTIL));
        claims.purge_expired(Timestamp::from_millis(999));
        assert!(claims.is_claimed(&key(1)));
        claims.purge_expired(UNTIL);
        assert!(claims.is_empty());
    }
}
