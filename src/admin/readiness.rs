//! Whether the gate can do its work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// How the store stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreState {
    /// Not opened yet.
    Opening,
    /// The last write was committed.
    Writable,
    /// The last write failed: no new clearances; live sessions go on.
    Failing,
}

/// How the mail stands. It never makes the gate unready: another node would have the same server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MailState {
    /// Nothing was sent yet.
    Unknown,
    /// The server took the last mail, or answered the last look.
    Up,
    /// It can't be reached.
    Down,
}

/// What load balancers and supervisors are told. Clones share the same state; each part of the
/// gate reports its own.
#[derive(Clone, Default, Debug)]
pub struct Readiness(Arc<State>);

#[derive(Default, Debug)]
struct State {
    listeners: AtomicU8,
    store: AtomicU8,
    mail: AtomicU8,
}

const STARTING: u8 = 0;
const UP: u8 = 1;
const STOPPING: u8 = 2;

/// The state at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Report {
    /// Whether new users should be sent here.
    pub ready: bool,
    /// `"starting"`, `"up"` or `"stopping"`.
    pub listeners: &'static str,
    /// How the store stands.
    pub store: StoreState,
    /// How the mail stands; informational.
    pub mail: MailState,
}

impl Readiness {
    /// Nothing is up yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// All listening sockets are open. Has no effect once [`Self::stopping`] was called.
    pub fn listening(&self) {
        let _ = self.0.listeners.compare_exchange(STARTING, UP, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The gate is about to stop: no new users, please.
    pub fn stopping(&self) {
        self.0.listeners.store(STOPPING, Ordering::Release);
    }

    /// How the store stands now.
    pub fn set_store(&self, state: StoreState) {
        let value = match state {
            StoreState::Opening => STARTING,
            StoreState::Writable => UP,
            StoreState::Failing => STOPPING,
        };
        self.0.store.store(value, Ordering::Release);
    }

    /// How the mail stands now.
    pub fn set_mail(&self, state: MailState) {
        let value = match state {
            MailState::Unknown => STARTING,
            MailState::Up => UP,
            MailState::Down => STOPPING,
        };
        self.0.mail.store(value, Ordering::Release);
    }

    /// The state now.
    pub fn report(&self) -> Report {
        let listeners = match self.0.listeners.load(Ordering::Acquire) {
            STARTING => "starting",
            UP => "up",
            _ => "stopping",
        };
        let store = match self.0.store.load(Ordering::Acquire) {
            STARTING => StoreState::Opening,
            UP => StoreState::Writable,
            _ => StoreState::Failing,
        };
        let mail = match self.0.mail.load(Ordering::Acquire) {
            STARTING => MailState::Unknown,
            UP => MailState::Up,
            _ => MailState::Down,
        };
        Report { ready: listeners == "up" && store == StoreState::Writable, listeners, store, mail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_is_ready_when_it_listens_and_can_write() {
        let readiness = Readiness::new();
        assert!(!readiness.report().ready);
        readiness.listening();
        assert!(!readiness.report().ready, "the store isn't open");
        readiness.set_store(StoreState::Writable);
        assert!(readiness.report().ready);
        readiness.set_mail(MailState::Down);
        assert!(readiness.report().ready, "mail is informational");
        assert_eq!(readiness.report().mail, MailState::Down);
        readiness.set_store(StoreState::Failing);
        assert!(!readiness.report().ready);
        readiness.set_store(StoreState::Writable);
        readiness.clone().stopping();
        readiness.listening();
        assert!(!readiness.report().ready, "who stops doesn't come back");
    }
}
