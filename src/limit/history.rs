use super::Quota;
use crate::model::Timestamp;

/// When something happened lately, newest first: as much of the past as a [`Quota`] needs.
///
/// It never grows past the quota's `max`, so that a row of the store stays small whatever happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<Timestamp>);

impl History {
    /// It happened again at `at`. Callers in parallel may come slightly out of order.
    pub fn record(&mut self, at: Timestamp, quota: Quota) {
        let place = self.0.partition_point(|earlier| *earlier > at);
        self.0.insert(place, at);
        self.0.truncate(usize::try_from(quota.max()).unwrap_or(usize::MAX));
    }

    /// When `quota` allows the next one; `None` for at once.
    pub fn next_at(&self, quota: Quota, now: Timestamp) -> Option<Timestamp> {
        quota.next_at(&self.0, now)
    }

    /// How many more `quota` allows now.
    pub fn left(&self, quota: Quota, now: Timestamp) -> u32 {
        let counting = self.0.iter().filter(|at| **at + quota.period() > now).count();
        quota.max().saturating_sub(u32::try_from(counting).unwrap_or(u32::MAX))
    }

    /// When nothing of it counts under `quota` any more; `None` if there is nothing.
    pub fn forgotten_at(&self, quota: Quota) -> Option<Timestamp> {
        self.0.first().map(|newest| *newest + quota.period())
    }

    /// What the store keeps: eight bytes an instant, big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|at| at.as_millis().to_be_bytes()).collect()
    }

    /// Read back from the store; `None` if the bytes aren't whole instants.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (instants, rest) = bytes.as_chunks::<8>();
        rest.is_empty().then(|| {
            Self(instants.iter().map(|instant| Timestamp::from_millis(i64::from_be_bytes(*instant))).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const QUOTA: Quota = Quota::of(3, Duration::from_millis(100));

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_newest_stay_in_order_however_they_come() {
        let mut history = History::default();
        for millis in [10, 30, 20, 5, 40] {
            history.record(at(millis), QUOTA);
        }
        assert_eq!(history, History(vec![at(40), at(30), at(20)]));
        assert_eq!(history.next_at(QUOTA, at(50)), Some(at(120)));
        assert_eq!(history.left(QUOTA, at(50)), 0);
        assert_eq!(history.left(QUOTA, at(120)), 1);
        assert_eq!(history.next_at(QUOTA, at(120)), None);
        assert_eq!(history.forgotten_at(QUOTA), Some(at(140)));
    }

    #[test]
    fn it_survives_the_store() {
        let mut history = History::default();
        assert_eq!(History::of_bytes(&history.to_bytes()), Some(History::default()));
        history.record(at(1_700_000_000_000), QUOTA);
        history.record(at(-5), QUOTA);
        assert_eq!(History::of_bytes(&history.to_bytes()), Some(history));
        assert_eq!(History::of_bytes(b"short"), None);
    }
}
