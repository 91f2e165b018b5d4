//! What is changed at once: networks, sessions, browsers, the language.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::Flows;
use super::super::parked::Parked;
use super::super::ports::StoreFailed;
use super::super::ports::account::{EventKind, Which};
use super::step_up::SteppedUp;
use crate::model::{AccountId, Language, Network, SessionId};

impl Flows {
    /// Forgets a known network; `false` if it isn't known.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn forget_network(self: &Arc<Self>, by: &SteppedUp, network: Network) -> Result<bool, StoreFailed> {
        let asking = by.asking();
        let done = self.accounts.forget_network(&asking.session.account, network).await?;
        if done {
            self.note(asking.happening(EventKind::NetworkForgotten, Some(network.to_string()))).await;
        }
        Ok(done)
    }

    /// Ends one session of this account; `false` if there's none like it.
    ///
    /// # Errors
    /// When the store can't be written; on this node the session is over all the same.
    pub async fn end_one(self: &Arc<Self>, by: &SteppedUp, session: SessionId) -> Result<bool, StoreFailed> {
        let asking = by.asking();
        let owner = &asking.session.account;
        let lines = self.accounts.security(owner, self.now()).await?.sessions;
        let from = lines.iter().find(|line| line.id == session).map(|line| line.network.to_string());
        self.sessions.remove_where(|live| live.id == session && live.account == *owner);
        let ended = self.accounts.end_sessions(owner, Which::Only(session), self.now()).await?;
        let done = !ended.is_empty();
        self.over(owner, ended);
        if done {
            self.note(asking.happening(EventKind::SessionEnded, from)).await;
        }
        Ok(done)
    }

    /// Ends all other sessions of this account, pending ones too.
    ///
    /// # Errors
    /// When the store can't be written; on this node they're over all the same.
    pub async fn end_others(self: &Arc<Self>, by: &SteppedUp) -> Result<(), StoreFailed> {
        let asking = by.asking();
        let (owner, own) = (&asking.session.account, asking.session.id);
        self.sessions.remove_where(|live| live.id != own && live.account == *owner);
        let ended = self.accounts.end_sessions(owner, Which::AllBut(own), self.now()).await?;
        // Those that began between the two steps.
        self.over(owner, ended);
        self.note(asking.happening(EventKind::OthersEnded, None)).await;
        Ok(())
    }

    /// Sessions that the store has ended: here they end too, and the panel is told of what was parked.
    pub(super) fn over(self: &Arc<Self>, owner: &AccountId, ended: Vec<(SessionId, Option<Vec<u8>>)>) {
        let ids: HashSet<SessionId> = ended.iter().map(|(id, _)| *id).collect();
        self.sessions.remove_where(|live| live.account == *owner && ids.contains(&live.id));
        for (id, sealed) in ended {
            if let Some(parked) = sealed.and_then(|sealed| Parked::open(&self.keys, id, &sealed)) {
                self.log_out_at_panel(parked);
            }
        }
    }

    /// Forgets every browser that is remembered for this account.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn forget_browsers(self: &Arc<Self>, by: &SteppedUp) -> Result<(), StoreFailed> {
        let asking = by.asking();
        if self.accounts.forget_browsers(&asking.session.account).await? > 0 {
            self.note(asking.happening(EventKind::BrowsersForgotten, None)).await;
        }
        Ok(())
    }

    /// The language that the owner wants; `false` if it isn't offered.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn choose_language(&self, by: &SteppedUp, language: Language) -> Result<bool, StoreFailed> {
        if !self.policy.languages.contains(&language) {
            return Ok(false);
        }
        self.accounts.set_language(&by.asking().session.account, language).await?;
        Ok(true)
    }

    /// The language that the owner of an account chose, for the gate's own pages; `None` also while
    /// the store can't be asked.
    pub async fn chosen_language(&self, account: &AccountId) -> Option<Language> {
        self.accounts.choices(account).await.ok()?.language
    }
}
