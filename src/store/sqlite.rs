use std::sync::Arc;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::{Row, Sqlite, SqliteConnection, SqlitePool};

use super::open::{self, OpenFailed, Settings};
use super::rules::Rules;
use super::support::{self, Lifted};
use super::writer::{Fate, Writer};
use super::{claims, codes, known, logins, passwords, purge, refusals, sessions};
use crate::flow::ports::{
    Answered, ChallengeStatus, ClaimOutcome, CodeAnswer, CodeGrant, Ended, HotState, NetworkStanding, NewClaim,
    NewCodeRequest, OpenSession, Opened, Purged, RefusalRecord, SessionTouch, Store, StoreFailed,
};
use crate::limit::Quota;
use crate::model::{AccountId, AttemptId, ClaimKey, Language, Network, Reference, SessionId, Timestamp};
use crate::store::failure::unreadable;
use crate::store::standing::Standing;

/// Background rows that are written in one job: a few milliseconds, so that decisions that come in
/// the meantime don't wait for thousands.
pub(super) const BACKGROUND_STEP: usize = 128;

/// The embedded store: one SQLite file, one process.
///
/// The writer has a thread of its own; dropping the store ends it after the jobs that wait, and
/// [`close`](Self::close) waits for that.
pub struct SqliteStore {
    pub(super) writer: Writer,
    readers: SqlitePool,
    pub(super) rules: Arc<Rules>,
    clock_floor: Timestamp,
}

impl SqliteStore {
    /// Opens the store, which is made if there's none.
    ///
    /// # Errors
    /// When it can't be written, isn't a store, is of a newer format, is in use by another process,
    /// or belongs to another key.
    pub async fn open(settings: Settings) -> Result<Self, OpenFailed> {
        let opened = open::open(&settings).await?;
        let writer = Writer::start(opened.connection, opened.high_water, opened.guard)
            .map_err(|error| OpenFailed::Other { path: settings.path.clone(), reason: error.to_string() })?;
        let Settings { keys, challenge, session, factors, .. } = settings;
        Ok(Self {
            writer,
            readers: opened.readers,
            rules: Arc::new(Rules { keys, challenge, session, factors }),
            clock_floor: opened.high_water,
        })
    }

    /// The latest instant that was ever decided by, when the store was opened. The gate's clock must
    /// not start before it: a wall clock that was set back must neither lengthen a code nor a block.
    pub fn clock_floor(&self) -> Timestamp {
        self.clock_floor
    }

    /// Does what waits, takes nothing more, and closes the file. Every call after it fails.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Lifts every block of `account` and the suspicion of its password, and lets it begin anew: for
    /// operators, once support knows who asks.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn lift_blocks(&self, account: &AccountId, now: Timestamp) -> Result<Lifted, StoreFailed> {
        self.writer
            .decide(Some(now), (account.clone(), now), |connection, given| {
                Box::pin(async move { support::lift(connection, &given.0, given.1).await.map(Fate::Keep) })
            })
            .await
    }

    /// Takes all second factors of `account` away and writes that down for its owner: for operators,
    /// once support knows that who asks has lost the phone (b75). `false` if there were none.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn turn_off_by_support(
        &self,
        account: &AccountId,
        language: Language,
        now: Timestamp,
    ) -> Result<bool, StoreFailed> {
        self.writer
            .decide(Some(now), (account.clone(), language, now), |connection, given| {
                Box::pin(async move { support::turn_off(connection, &given.0, given.1, given.2).await.map(Fate::Keep) })
            })
            .await
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules)
    }

    pub(super) async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreFailed> {
        Ok(self.readers.acquire().await?)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self, now: Timestamp) -> Result<HotState, StoreFailed> {
        let mut reader = self.reader().await?;
        let limits = self.rules.session;
        let mut sessions = Vec::new();
        let rows = sqlx::query(
            "SELECT id, token, account, network, pending_until, created_at, last_seen_at FROM sessions \
             WHERE pending_until > $1 OR (pending_until IS NULL AND last_seen_at > $2 AND created_at > $3)",
        )
        .bind(now.as_millis())
        .bind(now.before(limits.idle).as_millis())
        .bind(now.before(limits.max).as_millis())
        .fetch_all(&mut *reader)
        .await?;
        for row in &rows {
            sessions.push(sessions::stored(row)?);
        }
        let rows = sqlx::query("SELECT claim, ends_at FROM claims WHERE ends_at > $1")
            .bind(now.as_millis())
            .fetch_all(&mut *reader)
            .await?;
        let mut claims = Vec::with_capacity(rows.len());
        for row in &rows {
            let key = ClaimKey::from_slice(row.try_get(0)?).ok_or_else(|| unreadable("claim"))?;
            claims.push((key, Timestamp::from_millis(row.try_get(1)?)));
        }
        Ok(HotState { sessions, claims })
    }

    async fn claim(&self, claim: NewClaim) -> Result<ClaimOutcome, StoreFailed> {
        self.writer
            .decide(Some(claim.now), claim, |connection, claim| {
                Box::pin(async move { claims::claim(connection, &claim).await })
            })
            .await
    }

    async fn release_claims(&self, attempt: AttemptId) -> Result<(), StoreFailed> {
        self.writer
            .decide(None, attempt, |connection, attempt| {
                Box::pin(async move { claims::release(connection, *attempt).await.map(Fate::Keep) })
            })
            .await
    }

    async fn open_session(&self, opening: OpenSession) -> Result<Opened, StoreFailed> {
        self.writer
            .decide(Some(opening.now), (self.rules(), opening), |connection, given| {
                Box::pin(async move { logins::open(connection, &given.0, &given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn challenge_status(
        &self,
        session: SessionId,
        network: Network,
        now: Timestamp,
    ) -> Result<ChallengeStatus, StoreFailed> {
        codes::status(&mut *self.reader().await?, &self.rules, session, network, now).await
    }

    async fn new_code(&self, request: NewCodeRequest) -> Result<CodeGrant, StoreFailed> {
        self.writer
            .decide(Some(request.now), (self.rules(), request), |connection, given| {
                Box::pin(async move { codes::send_another(connection, &given.0, &given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn answer_code(&self, answer: CodeAnswer) -> Result<Answered, StoreFailed> {
        self.writer
            .decide(Some(answer.now), (self.rules(), answer), |connection, given| {
                Box::pin(async move { codes::answer(connection, &given.0, &given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn network_standing(
        &self,
        account: &AccountId,
        network: Network,
        created_from: Option<Network>,
        now: Timestamp,
    ) -> Result<NetworkStanding, StoreFailed> {
        let mut reader = self.reader().await?;
        Ok(Standing::load(&mut reader, account, network, created_from, now).await?.of_network())
    }

    async fn end_session(&self, session: SessionId, now: Timestamp) -> Result<Ended, StoreFailed> {
        self.writer
            .decide(Some(now), session, |connection, session| {
                Box::pin(async move { sessions::delete(connection, *session).await.map(Fate::Keep) })
            })
            .await
    }

    async fn touch_sessions(&self, mut touches: Vec<SessionTouch>) -> Result<(), StoreFailed> {
        while !touches.is_empty() {
            let chunk = touches.split_off(touches.len().saturating_sub(BACKGROUND_STEP));
            let latest = chunk.iter().map(|touch| touch.seen_at).max();
            self.writer
                .in_background(latest, chunk, |connection, chunk| {
                    Box::pin(async move {
                        for touch in chunk.iter() {
                            touched(connection, touch).await?;
                        }
                        Ok(Fate::Keep(()))
                    })
                })
                .await?;
        }
        Ok(())
    }

    async fn record_wrong_password(
        &self,
        network: Network,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreFailed> {
        self.writer
            .decide(Some(now), (network, quota, now), |connection, given| {
                let (network, quota, now) = *given;
                Box::pin(async move { passwords::record(connection, network, quota, now).await.map(Fate::Keep) })
            })
            .await
    }

    async fn password_retry_at(
        &self,
        network: Network,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreFailed> {
        passwords::retry_at(&mut *self.reader().await?, network, quota, now).await
    }

    async fn record_refusals(&self, mut refusals: Vec<RefusalRecord>) -> Result<(), StoreFailed> {
        while !refusals.is_empty() {
            // From the front: the newest must stay the newest.
            let rest = refusals.split_off(refusals.len().min(BACKGROUND_STEP));
            let chunk = std::mem::replace(&mut refusals, rest);
            self.writer
                .in_background(None, chunk, |connection, chunk| {
                    Box::pin(async move { refusals::record(connection, &chunk, refusals::KEPT).await.map(Fate::Keep) })
                })
                .await?;
        }
        Ok(())
    }

    async fn lookup_reference(&self, reference: Reference) -> Result<Option<RefusalRecord>, StoreFailed> {
        refusals::find(&mut *self.reader().await?, reference).await
    }

    async fn note_time(&self, now: Timestamp) -> Result<(), StoreFailed> {
        self.writer.in_background(Some(now), (), |_, _| Box::pin(async { Ok(Fate::Keep(())) })).await
    }

    async fn purge_expired(&self, now: Timestamp) -> Result<Purged, StoreFailed> {
        self.writer
            .in_background(Some(now), (self.rules(), now), |connection, given| {
                Box::pin(async move { purge::step(connection, &given.0, given.1).await.map(Fate::Keep) })
            })
            .await
    }
}

/// One use of a cleared session, unless a later one is written already.
async fn touched(connection: &mut SqliteConnection, touch: &SessionTouch) -> Result<(), StoreFailed> {
    let row = sqlx::query(
        "UPDATE sessions SET last_seen_at = $2, network = $3 \
         WHERE id = $1 AND pending_until IS NULL AND last_seen_at < $2 RETURNING account",
    )
    .bind(touch.session.as_bytes().as_slice())
    .bind(touch.seen_at.as_millis())
    .bind(touch.network.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = row {
        let account = AccountId::of_store(row.try_get(0)?);
        known::used(connection, &account, touch.network, touch.seen_at).await?;
    }
    Ok(())
}
