//! Gate sessions by the hash of their token.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dashmap::DashMap;

use super::hashed::AlreadyHashed;
use crate::flow::ports::{SessionState, SessionTouch, StoredSession};
use crate::gate::cookie::gate_tokens;
use crate::limit::SessionLimits;
use crate::model::{AccountId, Keys, Network, SessionId, Timestamp, TokenHash};

/// Last use is written to the store only if it moved by so much: a busy session costs no more than
/// an idle one, and a crash makes a session end earlier, never later.
const TOUCH_STEP: Duration = Duration::from_secs(15);

/// Uses within so many milliseconds count as one: the requests of one page write nothing.
const USE_STEP: i64 = 500;

const LIVE: u8 = 0;
/// Goes on under a new token, a new network or a new state.
const REPLACED: u8 = 1;
/// Nobody may use it, and what is still under way for it must not be answered.
const ENDED: u8 = 2;

/// One gate session. It never changes but for its last use: a new token, a new network or a new
/// state is a new `Session`, and the old one is marked as over, so that whoever still holds it
/// notices.
#[derive(Debug)]
pub struct Session {
    /// Its lasting identity.
    pub id: SessionId,
    /// What its token is found by.
    pub token: TokenHash,
    /// Whose it is.
    pub account: AccountId,
    /// The network it's good for.
    pub network: Network,
    /// Pending or cleared.
    pub state: SessionState,
    /// When the login was accepted.
    pub created_at: Timestamp,
    last_seen: AtomicI64,
    written: AtomicI64,
    standing: AtomicU8,
}

impl Session {
    fn of(stored: StoredSession) -> Self {
        Self {
            id: stored.id,
            token: stored.token,
            account: stored.account,
            network: stored.network,
            state: stored.state,
            created_at: stored.created_at,
            last_seen: AtomicI64::new(stored.last_seen_at.as_millis()),
            written: AtomicI64::new(stored.last_seen_at.as_millis()),
            standing: AtomicU8::new(LIVE),
        }
    }

    /// Whether it's the account owner's, recognised.
    pub fn is_cleared(&self) -> bool {
        matches!(self.state, SessionState::Cleared)
    }

    /// Whether it has ended or was replaced since it was looked up: a new request has to look again.
    pub fn is_over(&self) -> bool {
        self.standing.load(Ordering::Acquire) != LIVE
    }

    fn stop(&self, standing: u8) {
        // What has ended stays ended.
        self.standing.fetch_max(standing, Ordering::AcqRel);
    }

    /// When it was last used.
    pub fn last_seen_at(&self) -> Timestamp {
        Timestamp::from_millis(self.last_seen.load(Ordering::Relaxed))
    }

    fn ends_by(&self, limits: SessionLimits, now: Timestamp) -> bool {
        match self.state {
            SessionState::Pending { until } => now >= until,
            SessionState::Cleared => now >= limits.ends_at(self.created_at, self.last_seen_at()),
        }
    }
}

/// All live gate sessions.
#[derive(Debug)]
pub struct Sessions {
    by_token: DashMap<TokenHash, Arc<Session>, AlreadyHashed>,
    touched: Mutex<Vec<Arc<Session>>>,
    limits: SessionLimits,
}

impl Sessions {
    /// None yet.
    pub fn new(limits: SessionLimits) -> Self {
        Self { by_token: DashMap::default(), touched: Mutex::new(Vec::new()), limits }
    }

    /// Takes a session in, as the store has it; what stood under its token before is over.
    pub fn insert(&self, stored: StoredSession) -> Arc<Session> {
        let session = Arc::new(Session::of(stored));
        if let Some(old) = self.by_token.insert(session.token, Arc::clone(&session)) {
            old.stop(REPLACED);
        }
        session
    }

    /// A session goes on as `stored`, under another token; the old token is unknown from now on.
    pub fn replace(&self, old: &Session, stored: StoredSession) -> Arc<Session> {
        let session = self.insert(stored);
        if old.token != session.token {
            old.stop(REPLACED);
            self.by_token.remove_if(&old.token, |_, present| present.id == old.id);
        }
        session
    }

    /// A pending session lives on until `until`: a newer code was sent for it.
    pub fn extend(&self, session: &Session, until: Timestamp) {
        if let Some(mut present) = self.by_token.get_mut(&session.token)
            && present.id == session.id
            && let SessionState::Pending { until: before } = present.state
            && before < until
        {
            let extended = Session::of(StoredSession {
                id: present.id,
                token: present.token,
                account: present.account.clone(),
                network: present.network,
                state: SessionState::Pending { until },
                created_at: present.created_at,
                last_seen_at: present.last_seen_at(),
            });
            present.stop(REPLACED);
            *present = Arc::new(extended);
        }
    }

    /// A session goes on from another network. If it was replaced or ended meanwhile, that stands.
    pub fn move_to(&self, session: &Arc<Session>, network: Network, now: Timestamp) -> Arc<Session> {
        let mut moved = Arc::clone(session);
        if let Some(mut present) = self.by_token.get_mut(&session.token)
            && present.id == session.id
        {
            if present.network != network {
                let stored = StoredSession {
                    id: session.id,
                    token: session.token,
                    account: session.account.clone(),
                    network,
                    state: session.state,
                    created_at: session.created_at,
                    last_seen_at: now,
                };
                present.stop(REPLACED);
                *present = Arc::new(Session::of(stored));
            }
            moved = Arc::clone(&present);
        }
        moved
    }

    /// The live session with this token, if there is one.
    pub fn lookup(&self, token: &TokenHash, now: Timestamp) -> Option<Arc<Session>> {
        let session = Arc::clone(self.by_token.get(token)?.value());
        self.still_live(&session, now).then_some(session)
    }

    /// The live session that the gate's own cookie (called `cookie_name`) in `lines` names. Two
    /// cookies that name two live sessions name none: one of them was planted.
    pub fn named_in<'a>(
        &self,
        lines: impl Iterator<Item = &'a [u8]>,
        cookie_name: &'a str,
        keys: &Keys,
        now: Timestamp,
    ) -> Option<Arc<Session>> {
        let mut found: Option<Arc<Session>> = None;
        for token in lines.flat_map(|line| gate_tokens(line, cookie_name)) {
            let Ok(hash) = keys.verify_token(token) else { continue };
            let Some(session) = self.lookup(&hash, now) else { continue };
            match &found {
                Some(other) if other.id != session.id => return None,
                _ => found = Some(session),
            }
        }
        found
    }

    /// Whether a session that was looked up before still lives at `now`.
    pub fn still_live(&self, session: &Session, now: Timestamp) -> bool {
        if session.is_over() {
            return false;
        }
        if session.ends_by(self.limits, now) {
            self.remove(session);
            return false;
        }
        true
    }

    /// Whether a session that was looked up before has ended since: what is still under way for it
    /// goes no further. One that goes on from another network, under its token, hasn't; one that got
    /// a new token has, as far as the old one's holder is concerned (DESIGN R1).
    pub fn has_ended(&self, session: &Session) -> bool {
        match session.standing.load(Ordering::Acquire) {
            LIVE => false,
            ENDED => true,
            _ => self.by_token.get(&session.token).is_none_or(|present| present.id != session.id),
        }
    }

    /// Notes that a cleared session was used.
    pub fn touch(&self, session: &Arc<Session>, now: Timestamp) {
        let before = session.last_seen.load(Ordering::Relaxed);
        if now.as_millis() - before < USE_STEP {
            return;
        }
        let before = session.last_seen.fetch_max(now.as_millis(), Ordering::Relaxed);
        let written = session.written.load(Ordering::Relaxed);
        let step = i64::try_from(TOUCH_STEP.as_millis()).unwrap_or(i64::MAX);
        // Only the use that crosses the step queues the session, so that it's queued once.
        if before - written < step && now.as_millis() - written >= step {
            self.touched.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(session));
        }
    }

    /// What was used since the last call, to be written to the store.
    pub fn take_touched(&self) -> Vec<SessionTouch> {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        touched
            .into_iter()
            .filter(|session| !session.is_over())
            .map(|session| {
                let seen_at = session.last_seen_at();
                session.written.store(seen_at.as_millis(), Ordering::Relaxed);
                SessionTouch { session: session.id, seen_at, network: session.network }
            })
            .collect()
    }

    /// A session's end: from now on its token is unknown.
    pub fn remove(&self, session: &Session) {
        session.stop(ENDED);
        // It may have been replaced since it was looked up: who holds the newer one has to notice.
        if let Some((_, present)) = self.by_token.remove_if(&session.token, |_, present| present.id == session.id) {
            present.stop(ENDED);
        }
    }

    /// Ends every session that `condition` holds for; for rare events, since it looks at all.
    pub fn remove_where(&self, condition: impl Fn(&Session) -> bool) -> usize {
        let before = self.by_token.len();
        self.by_token.retain(|_, session| {
            let ends = condition(session);
            if ends {
                session.stop(ENDED);
            }
            !ends
        });
        before.saturating_sub(self.by_token.len())
    }

    /// Forgets sessions whose time is over.
    pub fn purge_expired(&self, now: Timestamp) -> usize {
        self.remove_where(|session| session.ends_by(self.limits, now))
    }

    /// How many there are: pending, cleared.
    pub fn count(&self) -> (usize, usize) {
        self.by_token.iter().fold((0, 0), |(pending, cleared), session| {
            if session.is_cleared() { (pending, cleared + 1) } else { (pending + 1, cleared) }
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::model::{Keys, MasterKey};

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn stored(seed: u64, state: SessionState) -> StoredSession {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let keys = Keys::derive(&MasterKey::from_bytes([1; 32]));
        StoredSession {
            id: SessionId::random(&mut rng),
            token: keys.new_token(&mut rng).1,
            account: AccountId::canonical("alice").unwrap(),
            network: Network::parse("203.0.113.7").unwrap(),
            state,
            created_at: START,
            last_seen_at: START,
        }
    }

    #[test]
    fn a_session_ends_when_idle_and_at_its_longest() {
        let sessions = Sessions::new(SessionLimits::default());
        let token = stored(1, SessionState::Cleared).token;
        let session = sessions.insert(stored(1, SessionState::Cleared));
        let mut now = START;
        for _ in 0..24 {
            now = now + Duration::from_secs(3599);
            assert!(sessions.lookup(&token, now).is_some());
            sessions.touch(&session, now);
        }
        assert!(sessions.lookup(&token, START + Duration::from_secs(24 * 3600)).is_none(), "24 h at most");
        assert!(session.is_over());

        let session = sessions.insert(stored(2, SessionState::Cleared));
        assert!(sessions.lookup(&session.token, START + Duration::from_secs(3600)).is_none(), "1 h idle");
    }

    #[test]
    fn a_pending_session_ends_with_its_code() {
        let sessions = Sessions::new(SessionLimits::default());
        let until = START + Duration::from_secs(600);
        let session = sessions.insert(stored(1, SessionState::Pending { until }));
        assert!(sessions.lookup(&session.token, START + Duration::from_secs(599)).is_some());
        assert!(sessions.lookup(&session.token, until).is_none());
    }

    #[test]
    fn use_is_written_once_a_step() {
        let sessions = Sessions::new(SessionLimits::default());
        let session = sessions.insert(stored(1, SessionState::Cleared));
        for second in 0..40 {
            sessions.touch(&session, START + Duration::from_secs(second));
        }
        assert_eq!(sessions.take_touched().len(), 1);
        assert!(sessions.take_touched().is_empty());
        sessions.touch(&session, START + Duration::from_secs(41));
        assert!(sessions.take_touched().is_empty());
        sessions.touch(&session, START + Duration::from_secs(60));
        let touched = sessions.take_touched();
        assert_eq!(touched.first().map(|t| t.seen_at), Some(START + Duration::from_secs(60)));
    }

    #[test]
    fn a_replaced_session_is_over_for_who_still_holds_it() {
        let sessions = Sessions::new(SessionLimits::default());
        let old = sessions.insert(stored(1, SessionState::Cleared));
        let new = sessions.insert(StoredSession {
            network: Network::parse("203.0.113.8").unwrap(),
            ..stored(1, SessionState::Cleared)
        });
        assert!(old.is_over() && !new.is_over());
        sessions.remove(&new);
        assert!(sessions.lookup(&new.token, START).is_none());
    }
}
