//! Wrong passwords from a network, over all accounts.

use sqlx::{Row, SqliteConnection};

use super::standing::history;
use crate::flow::ports::StoreFailed;
use crate::limit::{History, Quota};
use crate::model::{Network, Timestamp};

/// Counts one; gives when the next try is allowed, if not at once.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    network: Network,
    quota: Quota,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreFailed> {
    let mut failures = load(connection, network).await?;
    failures.record(now, quota);
    let forgotten_at = failures.forgotten_at(quota).unwrap_or(now);
    sqlx::query(
        "INSERT INTO wrong_passwords (network, failures, forgotten_at) VALUES ($1, $2, $3) \
         ON CONFLICT (network) DO UPDATE SET failures = excluded.failures, forgotten_at = excluded.forgotten_at",
    )
    .bind(network.to_string())
    .bind(failures.to_bytes())
    .bind(forgotten_at.as_millis())
    .execute(connection)
    .await?;
    Ok(failures.next_at(quota, now))
}

/// When the next try is allowed; `None` for now.
pub(super) async fn retry_at(
    connection: &mut SqliteConnection,
    network: Network,
    quota: Quota,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreFailed> {
    Ok(load(connection, network).await?.next_at(quota, now))
}

async fn load(connection: &mut SqliteConnection, network: Network) -> Result<History, StoreFailed> {
    let row = sqlx::query("SELECT failures FROM wrong_passwords WHERE network = $1")
        .bind(network.to_string())
        .fetch_optional(connection)
        .await?;
    match row {
        Some(row) => history(row.try_get(0)?),
        None => Ok(History::default()),
    }
}
