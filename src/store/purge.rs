//! What has expired goes, a little at a time, so that nobody's decision waits for it.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::refusals;
use super::rules::Rules;
use crate::flow::ports::{Purged, StoreFailed};
use crate::model::{SessionId, Timestamp};

/// Rows that go in one step: a few milliseconds of the writer's time.
const STEP: u64 = 250;
/// Jars that are handed out in one step: the panel is told about each.
const JARS: i64 = 20;
/// How long refusals, and blocks that are over, can be looked up: support answers within days (b18),
/// and nobody should be remembered for longer than that takes.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long events of an account are kept that nobody has logged in to since: a year, as long as
/// connection logs may be kept at most where the law says something about it.
const EVENTS_REMEMBERED: Duration = Duration::from_secs(366 * 24 * 3600);

/// Deletes up to [`STEP`] rows, and hands out what was parked with pending sessions that ended.
pub(super) async fn step(
    connection: &mut SqliteConnection,
    rules: &Rules,
    now: Timestamp,
) -> Result<Purged, StoreFailed> {
    let just_now = now.as_millis();
    // For half an hour after its end a pending login can still be told "expired" or "blocked".
    let pending_over = now.before(rules.challenge.pending_ttl).as_millis();
    let idle = now.before(rules.session.idle).as_millis();
    let aged = now.before(rules.session.max).as_millis();
    let remembered = now.before(REMEMBERED).as_millis();

    // Each takes the instant and how many rows at most.
    let steps: [(&'static str, i64); 14] = [
        (
            "DELETE FROM sessions WHERE id IN \
             (SELECT id FROM sessions WHERE pending_until <= $1 AND sealed_jar IS NULL LIMIT $2)",
            pending_over,
        ),
        (
            "DELETE FROM sessions WHERE id IN \
             (SELECT id FROM sessions WHERE last_seen_at <= $1 AND pending_until IS NULL LIMIT $2)",
            idle,
        ),
        (
            "DELETE FROM sessions WHERE id IN \
             (SELECT id FROM sessions WHERE created_at <= $1 AND pending_until IS NULL LIMIT $2)",
            aged,
        ),
        (
            "DELETE FROM codes WHERE challenge IN (SELECT challenge FROM codes WHERE expires_at <= $1 LIMIT $2)",
            pending_over,
        ),
        // Those with a wrong try go with their session: the tries must not come back.
        (
            "DELETE FROM confirmations WHERE session IN \
             (SELECT session FROM confirmations WHERE expires_at <= $1 AND failures = 0 LIMIT $2)",
            pending_over,
        ),
        (
            "DELETE FROM remembered_browsers WHERE hash IN \
             (SELECT hash FROM remembered_browsers WHERE until <= $1 LIMIT $2)",
            just_now,
        ),
        ("DELETE FROM alarms WHERE hash IN (SELECT hash FROM alarms WHERE until <= $1 LIMIT $2)", just_now),
        // By number, which is by time: nothing else has to be looked at.
        (
            "DELETE FROM events WHERE id IN \
             (SELECT id FROM (SELECT id, at FROM events ORDER BY id LIMIT $2) WHERE at <= $1)",
            now.before(EVENTS_REMEMBERED).as_millis(),
        ),
        ("DELETE FROM claims WHERE claim IN (SELECT claim FROM claims WHERE ends_at <= $1 LIMIT $2)", just_now),
        (
            "DELETE FROM tallies WHERE (skeleton, network) IN \
             (SELECT skeleton, network FROM tallies WHERE forgotten_at <= $1 LIMIT $2)",
            just_now,
        ),
        (
            "DELETE FROM wrong_passwords WHERE network IN \
             (SELECT network FROM wrong_passwords WHERE forgotten_at <= $1 LIMIT $2)",
            just_now,
        ),
        ("DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE until <= $1 LIMIT $2)", remembered),
        ("DELETE FROM refusals WHERE id IN (SELECT id FROM refusals WHERE at <= $1 LIMIT $2)", remembered),
        (
            "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals \
             WHERE id <= (SELECT max(id) FROM refusals) - $1 ORDER BY id LIMIT $2)",
            refusals::KEPT,
        ),
    ];
    let jars = take_jars(connection, now).await?;
    let mut gone = jars.len() as u64;
    for (sql, bound) in steps {
        let left = STEP.saturating_sub(gone);
        if left == 0 {
            break;
        }
        gone += sqlx::query(sql)
            .bind(bound)
            .bind(i64::try_from(left).unwrap_or(i64::MAX))
            .execute(&mut *connection)
            .await?
            .rows_affected();
    }
    Ok(Purged { rows: gone, jars })
}

/// The jars of pending sessions whose time is over: destroyed here, so that they can be logged out.
async fn take_jars(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<Vec<(SessionId, Vec<u8>)>, StoreFailed> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT id, sealed_jar FROM sessions WHERE pending_until <= $1 AND sealed_jar IS NOT NULL LIMIT $2",
    )
    .bind(now.as_millis())
    .bind(JARS)
    .fetch_all(&mut *connection)
    .await?;
    let mut jars = Vec::with_capacity(rows.len());
    for (id, jar) in rows {
        sqlx::query("UPDATE sessions SET sealed_jar = NULL WHERE id = $1").bind(&id).execute(&mut *connection).await?;
        jars.extend(SessionId::from_slice(&id).map(|id| (id, jar)));
    }
    Ok(jars)
}
