//! Gate sessions and the codes sent for them, as rows.

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqliteConnection};

use super::failure::unreadable;
use super::rules::Rules;
use super::standing::{Standing, standing_columns, standing_joins};
use crate::challenge::code::KeptCode;
use crate::flow::ports::account::{Asks, ClearedBy};
use crate::flow::ports::{Ended, OpenSession, SessionState, StoreFailed, StoredSession};
use crate::limit::SessionLimits;
use crate::model::{AccountId, ChallengeId, EmailAddress, Language, Network, SessionId, Timestamp, TokenHash};

/// A session's row.
pub(super) struct SessionRow {
    pub(super) session: StoredSession,
    pub(super) created_from: Option<Network>,
    pub(super) addresses: Vec<EmailAddress>,
    pub(super) language: Language,
    /// What it waits for while it's pending.
    asks: Asks,
    /// The network from which a cleared session passed the app's code on its way to the mailed one,
    /// and until when that counts.
    factor_passed: Option<(Network, Timestamp)>,
    /// Newest first.
    pub(super) codes: Vec<KeptCode>,
}

impl SessionRow {
    /// Reads it from rows over [`session_columns`], one for each code and perhaps more; `None` from
    /// no rows.
    fn of_rows(rows: &[SqliteRow]) -> Result<Option<Self>, StoreFailed> {
        let Some(first) = rows.first() else { return Ok(None) };
        let created_from = match first.try_get::<Option<&str>, _>(7)? {
            Some(text) => Some(Network::parse(text).ok_or_else(|| unreadable("network"))?),
            None => None,
        };
        let addresses = first
            .try_get::<&str, _>(8)?
            .lines()
            .map(EmailAddress::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| unreadable("address"))?;
        let mut codes: Vec<_> = rows.iter().filter_map(|row| code(row).transpose()).collect::<Result<_, _>>()?;
        codes.dedup_by_key(|code| code.challenge);
        Ok(Some(Self {
            session: stored(first)?,
            created_from,
            addresses,
            language: Language::of_tag(first.try_get(9)?).ok_or_else(|| unreadable("language"))?,
            asks: asks_of(first.try_get(15)?)?,
            factor_passed: match (first.try_get::<Option<&str>, _>(16)?, first.try_get::<Option<i64>, _>(17)?) {
                (Some(network), Some(until)) => {
                    let network = Network::parse(network).ok_or_else(|| unreadable("network"))?;
                    Some((network, Timestamp::from_millis(until)))
                }
                _ => None,
            },
            codes,
        }))
    }

    /// Whether the session is over at `now`.
    pub(super) fn over(&self, limits: SessionLimits, now: Timestamp) -> bool {
        now >= match self.session.state {
            SessionState::Pending { until } => until,
            SessionState::Cleared => limits.ends_at(self.session.created_at, self.session.last_seen_at),
        }
    }

    pub(super) fn pending(&self) -> bool {
        matches!(self.session.state, SessionState::Pending { .. })
    }

    /// What is to be shown for it from `network`, where the account stands like this; `None`:
    /// nothing, it's good there.
    pub(super) fn asks(&self, standing: &Standing, rules: &Rules, network: Network, now: Timestamp) -> Option<Asks> {
        if self.pending() {
            // Where the app's codes were turned off meanwhile, the mailed one is left.
            return Some(if standing.enrolled() { self.asks } else { Asks::Mail });
        }
        if self.session.network == network || standing.known() {
            return None;
        }
        match standing.asks(rules, false) {
            Some(Asks::FactorThenMail)
                if self.factor_passed.is_some_and(|(from, until)| from == network && now < until) =>
            {
                Some(Asks::Mail)
            }
            asks => asks,
        }
    }

    /// The code that took the place of all others, whether still valid or not.
    pub(super) fn newest_code(&self) -> Option<&KeptCode> {
        self.codes.iter().find(|code| !code.superseded)
    }
}

/// The columns that [`SessionRow::of_rows`] reads, of `sessions s LEFT JOIN codes c`.
macro_rules! session_columns {
    () => {
        "s.id, s.token, s.account, s.network, s.pending_until, s.created_at, s.last_seen_at, \
         s.created_from, s.addresses, s.language, c.challenge, c.hash, c.sent_at, c.expires_at, c.superseded, \
         s.asks, s.factor_network, s.factor_until"
    };
}

// 128 codes are more than the mail budgets let be sent in a session's life, also where each comes once
// for every block in force. The bound is written out: SQLite plans a query anew each time a LIMIT is
// bound, which took twice as long as all the rest of a decision.

/// A session with its codes. It may be over: [`SessionRow::over`] says.
pub(super) async fn load(connection: &mut SqliteConnection, id: SessionId) -> Result<Option<SessionRow>, StoreFailed> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions s LEFT JOIN codes c ON c.session = s.id WHERE s.id = $1 \
         ORDER BY c.superseded, c.sent_at DESC LIMIT 128"
    ))
    .bind(id.as_bytes().as_slice())
    .fetch_all(connection)
    .await?;
    SessionRow::of_rows(&rows)
}

/// A session with its codes, and how `network` stands for its account, in one read.
pub(super) async fn load_from(
    connection: &mut SqliteConnection,
    id: SessionId,
    network: Network,
    now: Timestamp,
) -> Result<Option<(SessionRow, Standing)>, StoreFailed> {
    // One row for each pair of a code and a block in force.
    let rows = sqlx::query(concat!(
        "SELECT ",
        session_columns!(),
        ", ",
        standing_columns!(),
        " FROM sessions s LEFT JOIN codes c ON c.session = s.id",
        standing_joins!("s.account", "s.skeleton"),
        "WHERE s.id = $1 ORDER BY c.superseded, c.sent_at DESC, c.challenge LIMIT 128"
    ))
    .bind(id.as_bytes().as_slice())
    .bind(network.to_string())
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?;
    let Some(row) = SessionRow::of_rows(&rows)? else { return Ok(None) };
    let standing = Standing::of_rows(&rows, &row.session.account, network, row.created_from)?;
    Ok(Some((row, standing)))
}

/// The columns `id, token, account, network, pending_until, created_at, last_seen_at`.
pub(super) fn stored(row: &SqliteRow) -> Result<StoredSession, StoreFailed> {
    Ok(StoredSession {
        id: SessionId::from_slice(row.try_get(0)?).ok_or_else(|| unreadable("session"))?,
        token: TokenHash::from_slice(row.try_get(1)?).ok_or_else(|| unreadable("token"))?,
        account: AccountId::of_store(row.try_get(2)?),
        network: Network::parse(row.try_get(3)?).ok_or_else(|| unreadable("network"))?,
        state: match row.try_get::<Option<i64>, _>(4)? {
            Some(until) => SessionState::Pending { until: Timestamp::from_millis(until) },
            None => SessionState::Cleared,
        },
        created_at: Timestamp::from_millis(row.try_get(5)?),
        last_seen_at: Timestamp::from_millis(row.try_get(6)?),
    })
}

fn code(row: &SqliteRow) -> Result<Option<KeptCode>, StoreFailed> {
    let Some(challenge) = row.try_get::<Option<&[u8]>, _>(10)? else { return Ok(None) };
    Ok(Some(KeptCode {
        challenge: ChallengeId::from_slice(challenge).ok_or_else(|| unreadable("challenge"))?,
        hash: row.try_get::<&[u8], _>(11)?.try_into().map_err(|_| unreadable("code"))?,
        sent_at: Timestamp::from_millis(row.try_get(12)?),
        expires_at: Timestamp::from_millis(row.try_get(13)?),
        superseded: row.try_get::<i64, _>(14)? != 0,
    }))
}

const ASKS: [(Asks, &str); 3] =
    [(Asks::Mail, "mail"), (Asks::Factor, "factor"), (Asks::FactorThenMail, "factor-then-mail")];
const CLEARED_BY: [(ClearedBy, &str); 4] = [
    (ClearedBy::Network, "network"),
    (ClearedBy::Mail, "mail"),
    (ClearedBy::Totp, "totp"),
    (ClearedBy::Backup, "backup"),
];

pub(super) fn asks_text(asks: Asks) -> &'static str {
    ASKS.iter().find(|(known, _)| *known == asks).map_or("", |(_, text)| *text)
}

fn asks_of(text: &str) -> Result<Asks, StoreFailed> {
    ASKS.iter().find(|(_, known)| *known == text).map(|(asks, _)| *asks).ok_or_else(|| unreadable("challenge"))
}

pub(super) fn cleared_by_text(by: ClearedBy) -> &'static str {
    CLEARED_BY.iter().find(|(known, _)| *known == by).map_or("", |(_, text)| *text)
}

pub(super) fn cleared_by_of(text: &str) -> Result<ClearedBy, StoreFailed> {
    CLEARED_BY.iter().find(|(_, known)| *known == text).map(|(by, _)| *by).ok_or_else(|| unreadable("clearance"))
}

/// The statement that [`bind_new`] gives its parameters $1 to $13. Of these, $1 is the session, $4 its
/// skeleton, $5 its network and $8 the instant.
macro_rules! insert_session {
    () => {
        "INSERT INTO sessions (id, token, account, skeleton, network, created_from, pending_until, created_at, \
                               last_seen_at, sealed_jar, addresses, language, browser, asks) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13)"
    };
}
pub(super) use insert_session;

/// A query whose text begins with [`insert_session`], for a new session in the given state; what is
/// parked is kept for a pending one only.
pub(super) fn bind_new<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    opening: &OpenSession,
    state: SessionState,
    asks: Asks,
) -> Query<'q, Sqlite, SqliteArguments> {
    let (pending_until, jar) = match state {
        SessionState::Pending { until } => (Some(until.as_millis()), Some(opening.sealed_jar.clone())),
        SessionState::Cleared => (None, None),
    };
    let addresses: Vec<_> = opening.addresses.iter().map(|address| address.as_address().to_string()).collect();
    query
        .bind(opening.session.as_bytes().to_vec())
        .bind(opening.token.as_bytes().to_vec())
        .bind(opening.account.as_str().to_owned())
        .bind(opening.account.skeleton().as_str().to_owned())
        .bind(opening.network.to_string())
        .bind(opening.created_from.map(|network| network.to_string()))
        .bind(pending_until)
        .bind(opening.now.as_millis())
        .bind(jar)
        .bind(addresses.join("\n"))
        .bind(opening.language.tag())
        .bind(opening.browser.clone())
        .bind(asks_text(asks))
}

/// The session that [`bind_new`] is for.
pub(super) fn opened(opening: &OpenSession, state: SessionState) -> StoredSession {
    StoredSession {
        id: opening.session,
        token: opening.token,
        account: opening.account.clone(),
        network: opening.network,
        state,
        created_at: opening.now,
        last_seen_at: opening.now,
    }
}

/// A new session in the given state.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    opening: &OpenSession,
    state: SessionState,
    asks: Asks,
) -> Result<StoredSession, StoreFailed> {
    bind_new(sqlx::query(insert_session!()), opening, state, asks).execute(connection).await?;
    Ok(opened(opening, state))
}

/// Ends a session and all that belongs to it, its claims excepted; what was parked is handed out.
pub(super) async fn delete(connection: &mut SqliteConnection, id: SessionId) -> Result<Ended, StoreFailed> {
    let row: Option<(Option<Vec<u8>>,)> = sqlx::query_as("DELETE FROM sessions WHERE id = $1 RETURNING sealed_jar")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    Ok(row.map_or_else(Ended::default, |(sealed_jar,)| Ended { existed: true, sealed_jar }))
}

/// Makes a session cleared under a new token and from `network`; gives what was parked, which the
/// store keeps no longer.
pub(super) async fn clear(
    connection: &mut SqliteConnection,
    row: &SessionRow,
    token: TokenHash,
    network: Network,
    by: ClearedBy,
    now: Timestamp,
) -> Result<(StoredSession, Option<Vec<u8>>), StoreFailed> {
    let id = row.session.id.as_bytes().as_slice();
    let (sealed_jar,): (Option<Vec<u8>>,) =
        sqlx::query_as("SELECT sealed_jar FROM sessions WHERE id = $1").bind(id).fetch_one(&mut *connection).await?;
    sqlx::query(
        "UPDATE sessions SET token = $2, network = $3, pending_until = NULL, last_seen_at = $4, sealed_jar = NULL, \
         cleared_by = $5, factor_network = NULL, factor_until = NULL, stepped_up_until = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(token.as_bytes().as_slice())
    .bind(network.to_string())
    .bind(now.as_millis())
    .bind(cleared_by_text(by))
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM codes WHERE session = $1").bind(id).execute(connection).await?;
    let session =
        StoredSession { token, network, state: SessionState::Cleared, last_seen_at: now, ..row.session.clone() };
    Ok((session, sealed_jar))
}

/// A block ends the pending session whose answer caused it, and all that are pending for the same
/// account from the same network; one that is cleared goes on from where it was. Their rows stay
/// until the purge has handed out what was parked with them, and for a while longer, so that a
/// second click on the last wrong try is told of the block too.
pub(super) async fn end_blocked(
    connection: &mut SqliteConnection,
    row: &SessionRow,
    network: Network,
    now: Timestamp,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "UPDATE sessions SET pending_until = $4 \
         WHERE pending_until > $4 AND (id = $1 OR (skeleton = $2 AND network = $3))",
    )
    .bind(row.session.id.as_bytes().as_slice())
    .bind(row.session.account.skeleton().as_str().to_owned())
    .bind(network.to_string())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
