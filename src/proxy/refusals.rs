//! Refusals that users were shown, on their way to the log and the store.

use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{error, info};

use crate::flow::ports::{RefusalRecord, Store};

/// How many refusals may wait to be written. What comes on top is in the log only.
const WAITING: usize = 4096;
/// How many are written at once.
const BATCH: usize = 256;

/// How long the first of a batch waits for others: in a flood every commit then holds many. Nobody can
/// read a reference out to support in that time.
const GATHER: Duration = Duration::from_millis(50);

/// Takes refusals down without making anybody wait.
#[derive(Clone, Debug)]
pub struct RefusalLog {
    queue: mpsc::Sender<RefusalRecord>,
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
        (Self { queue }, RefusalQueue { waiting })
    }

    /// Counts a refusal and notes it.
    pub fn record(&self, refusal: RefusalRecord) {
        metrics::counter!("poterne_refused_total", "reason" => refusal.reason.clone()).increment(1);
        self.note(refusal);
    }

    /// Notes a refusal that was counted already: one line in the log, one row in the store.
    pub fn note(&self, refusal: RefusalRecord) {
        info!(
            reference = %refusal.reference,
            reason = %refusal.reason,
            status = refusal.status,
            network = %refusal.network,
            request = %refusal.request,
            "refused"
        );
        if self.queue.try_send(refusal).is_err() {
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
