//! What operators see of the store: how long commits take, how many decisions share one, what failed.

use std::time::Instant;

use crate::flow::ports::StoreFailed;

/// Takes the time of one commit, from its first decision to its end on the disk.
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a measurement at the edge: nothing is decided by it")]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// The commit is durable; it held so many decisions.
    pub(super) fn committed(self, decisions: usize) {
        metrics::histogram!("poterne_store_commit_seconds").record(self.0.elapsed());
        metrics::counter!("poterne_store_decisions_total").increment(decisions as u64);
    }
}

/// So many decisions of one commit failed, the first of them like this: none of them happened. One
/// line in the log however many they are, since a full disk fails them all.
pub(super) fn failed(decisions: usize, first: &StoreFailed) {
    metrics::counter!("poterne_store_failures_total").increment(decisions as u64);
    tracing::error!(decisions, error = %first, "decisions were not stored");
}
