//! What runs now and then: last uses written, expired rows purged, sessions logged out.

use std::sync::Arc;

use tracing::error;

use super::Flows;
use super::parked::Parked;
use super::ports::StoreFailed;

impl Flows {
    /// Fills the hot maps from the store, before the first request.
    ///
    /// # Errors
    /// When the store can't be read: then the gate must not start.
    pub async fn warm_up(&self) -> Result<(), StoreFailed> {
        let hot = self.store.load(self.now()).await?;
        self.claims.restore(hot.claims);
        for session in hot.sessions {
            self.sessions.insert(session);
        }
        Ok(())
    }

    /// Writes the last uses of sessions to the store.
    pub async fn flush_touches(&self) {
        let touched = self.sessions.take_touched();
        if !touched.is_empty()
            && let Err(error) = self.store.touch_sessions(touched).await
        {
            error!(%error, "the last uses of sessions could not be written");
        }
    }

    /// Purges what has expired, in small steps, here and in the store; the panel is told to log
    /// parked sessions out.
    pub async fn purge(self: &Arc<Self>) {
        let now = self.now();
        self.sessions.purge_expired(now);
        self.claims.purge_expired(now);
        loop {
            match self.store.purge_expired(now).await {
                Ok(purged) => {
                    for (session, sealed) in purged.jars {
                        if let Some(parked) = Parked::open(&self.keys, session, &sealed) {
                            self.log_out_at_panel(parked);
                        }
                    }
                    if purged.rows == 0 {
                        return;
                    }
                }
                Err(error) => {
                    error!(%error, "expired rows could not be purged");
                    return;
                }
            }
        }
    }
}
