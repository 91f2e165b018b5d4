//! How long to wait before a mail is tried again.

use std::time::Duration;

use rand::Rng;

/// Exponential back-off with jitter: the wait doubles with each failure up to a longest one, and
/// each wait is drawn from its upper half, so that mails that failed together don't return together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The longest wait of all.
    pub longest: Duration,
}

impl Default for Backoff {
    /// 2 s after the first failure, since somebody is looking at the page and waiting; 60 s at
    /// most, so that a code that lives 10 minutes still gets past a server that answers "later" for
    /// the usual 5.
    fn default() -> Self {
        Self { first: Duration::from_secs(2), longest: Duration::from_secs(60) }
    }
}

impl Backoff {
    /// The same for a mail that nobody waits for: at most 15 minutes, which still gets past a server
    /// that answers "later" four times an hour, and no server that is down for a day is knocked at by
    /// thousands each minute.
    pub fn patient(self) -> Self {
        Self { longest: self.longest.max(self.first).saturating_mul(15), ..self }
    }

    /// The wait after so many `failures` in a row (from 1): between a half and the whole of
    /// `first × 2^(failures − 1)`, of `longest` at most.
    pub fn delay(self, failures: u32, rng: &mut impl Rng) -> Duration {
        let doubled = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let half = whole / 2;
        // 2^32 steps are fine enough for any wait of minutes.
        half + half.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_lies_in_the_upper_half_of_its_doubled_and_capped_size(
            failures in 0_u32..100, first in 1_u64..5_000, longest in 5_000_u64..100_000, seed: u64,
        ) {
            let backoff = Backoff { first: Duration::from_millis(first), longest: Duration::from_millis(longest) };
            let whole = (u128::from(first) << failures.saturating_sub(1).min(60)).min(u128::from(longest));
            let whole = Duration::from_millis(u64::try_from(whole).unwrap());
            let delay = backoff.delay(failures, &mut ChaCha20Rng::seed_from_u64(seed));
            prop_assert!(delay >= whole / 2 && delay <= whole, "{:?} of {:?}", delay, whole);
        }
    }

    #[test]
    fn waits_of_mails_that_failed_together_differ() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let delays: std::collections::HashSet<_> = (0..100).map(|_| Backoff::default().delay(3, &mut rng)).collect();
        assert!(delays.len() > 90);
    }
}
