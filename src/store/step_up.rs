//! The password once more, before security settings change.

use sqlx::{Row, SqliteConnection};

use super::rules::Rules;
use super::sessions;
use crate::flow::ports::StoreFailed;
use crate::flow::ports::account::{STEP_UP_TRIES, SessionSecurity, StepUpTry};
use crate::model::{SessionId, Timestamp};

/// Keeps the hash of the password that a session was logged in with.
pub(super) async fn keep_password_hash(
    connection: &mut SqliteConnection,
    session: SessionId,
    hash: &str,
) -> Result<(), StoreFailed> {
    sqlx::query("UPDATE sessions SET password_hash = $2 WHERE id = $1")
        .bind(session.as_bytes().as_slice())
        .bind(hash)
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts a try, if one is left; only then there's a hash to compare with.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    now: Timestamp,
) -> Result<StepUpTry, StoreFailed> {
    let Some(row) = sessions::load(connection, session).await? else { return Ok(StepUpTry::Over) };
    if row.pending() || row.over(rules.session, now) {
        return Ok(StepUpTry::Over);
    }
    let counted = sqlx::query(
        "UPDATE sessions SET step_up_failures = step_up_failures + 1 \
         WHERE id = $1 AND password_hash IS NOT NULL AND step_up_failures < $2 \
         RETURNING password_hash, step_up_failures",
    )
    .bind(session.as_bytes().as_slice())
    .bind(i64::from(STEP_UP_TRIES))
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(counted) = counted {
        return Ok(StepUpTry::Compare { hash: counted.try_get(0)?, tries_left: tries_left(counted.try_get(1)?) });
    }
    let no_password: bool = sqlx::query_scalar("SELECT password_hash IS NULL FROM sessions WHERE id = $1")
        .bind(session.as_bytes().as_slice())
        .fetch_one(connection)
        .await?;
    Ok(if no_password { StepUpTry::NoPassword } else { StepUpTry::Over })
}

fn tries_left(failures: i64) -> u32 {
    STEP_UP_TRIES.saturating_sub(u32::try_from(failures).unwrap_or(STEP_UP_TRIES))
}

/// The password was right: changes are open until `until`.
pub(super) async fn finish(
    connection: &mut SqliteConnection,
    session: SessionId,
    until: Timestamp,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "UPDATE sessions SET step_up_failures = 0, stepped_up_until = $2 WHERE id = $1 AND pending_until IS NULL",
    )
    .bind(session.as_bytes().as_slice())
    .bind(until.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// How a cleared session stands with regard to changes.
pub(super) async fn security(
    connection: &mut SqliteConnection,
    session: SessionId,
) -> Result<Option<SessionSecurity>, StoreFailed> {
    let row = sqlx::query(
        "SELECT cleared_by, password_hash IS NOT NULL, stepped_up_until, step_up_failures FROM sessions \
         WHERE id = $1 AND pending_until IS NULL",
    )
    .bind(session.as_bytes().as_slice())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SessionSecurity {
        cleared_by: sessions::cleared_by_of(row.try_get(0)?)?,
        has_password: row.try_get(1)?,
        stepped_up_until: row.try_get::<Option<i64>, _>(2)?.map(Timestamp::from_millis),
        tries_left: tries_left(row.try_get(3)?),
    }))
}
