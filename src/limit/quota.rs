//! So many times in so long a period, counted over a sliding window.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::model::Timestamp;

/// At most `max` times in any `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    max: NonZeroU32,
    period: Duration,
}

impl Quota {
    /// A quota; a `max` of zero counts as one, since nothing at all is not a quota but a closed door.
    pub const fn of(max: u32, period: Duration) -> Self {
        let max = match NonZeroU32::new(max) {
            Some(max) => max,
            None => NonZeroU32::MIN,
        };
        Self { max, period }
    }

    /// How many times.
    pub const fn max(self) -> u32 {
        self.max.get()
    }

    /// In how long.
    pub const fn period(self) -> Duration {
        self.period
    }

    /// When the next one is allowed, given the instants of earlier ones, newest first (only the
    /// newest `max` matter): `None` for at once.
    pub fn next_at(self, newest_first: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
        let oldest_that_counts = newest_first.get(self.max.get() as usize - 1)?;
        let free = *oldest_that_counts + self.period;
        (free > now).then_some(free)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the plain definition: never more than `max` in any window of `period`.
        #[test]
        fn no_window_ever_holds_more_than_the_quota(
            max in 1_u32..5, period in 1_u64..1000, steps in prop::collection::vec(0_i64..400, 1..60),
        ) {
            let quota = Quota::of(max, Duration::from_millis(period));
            let mut now = Timestamp::from_millis(0);
            let mut granted: Vec<Timestamp> = Vec::new();
            for step in steps {
                now = now + Duration::from_millis(step.unsigned_abs());
                let newest_first: Vec<_> = granted.iter().rev().copied().collect();
                let in_window = granted.iter().filter(|at| now.since(**at) < quota.period()).count();
                match quota.next_at(&newest_first, now) {
                    None => { prop_assert!(in_window < max as usize); granted.push(now); }
                    Some(at) => { prop_assert!(in_window >= max as usize); prop_assert!(at > now); }
                }
            }
        }
    }
}
