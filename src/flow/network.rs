//! A cleared session on another network (DESIGN §4, b10).

use std::sync::Arc;

use tracing::info;

use super::ports::{NetworkStanding, SessionTouch, StoreFailed};
use super::{Flows, OnNetworkChange};
use crate::limit::Block;
use crate::model::Network;
use crate::state::Session;

/// How a cleared session stands on the network that it turned up on.
#[derive(Debug)]
pub enum OnNetwork {
    /// It goes on.
    Good(Arc<Session>),
    /// A code is asked first.
    Unknown,
    /// This network is blocked for this account.
    Blocked(Block),
}

impl Flows {
    /// How a cleared `session` stands on `network`. The session isn't changed unless it goes on: a
    /// stolen token that turns up elsewhere doesn't disturb its owner.
    ///
    /// # Errors
    /// When the store can't be asked: then nobody goes on from there.
    pub async fn on_network(&self, session: &Arc<Session>, network: Network) -> Result<OnNetwork, StoreFailed> {
        if session.network == network {
            return Ok(OnNetwork::Good(Arc::clone(session)));
        }
        let now = self.now();
        let mut standing = self.store.network_standing(&session.account, network, None, now).await?;
        if standing == NetworkStanding::Unknown
            && let Ok(Some(record)) = self.directory.lookup(&session.account).await
            && record.created_from.is_some()
        {
            standing = self.store.network_standing(&session.account, network, record.created_from, now).await?;
        }
        match (standing, self.policy.on_network_change) {
            (NetworkStanding::Blocked(block), _) => Ok(OnNetwork::Blocked(block)),
            (NetworkStanding::Unknown, OnNetworkChange::Challenge) => Ok(OnNetwork::Unknown),
            (NetworkStanding::Known, _) | (NetworkStanding::Unknown, OnNetworkChange::Allow) => {
                let touch = SessionTouch { session: session.id, seen_at: now, network };
                self.store.touch_sessions(vec![touch]).await?;
                info!(%network, "a session goes on from another network");
                Ok(OnNetwork::Good(self.sessions.move_to(session, network, now)))
            }
        }
    }
}
