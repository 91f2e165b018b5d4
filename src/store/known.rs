//! Networks that are known for an account (b9).

use sqlx::SqliteConnection;

use crate::flow::ports::StoreFailed;
use crate::model::{AccountId, Network, Timestamp};

/// Makes `network` known, or notes that it was used; then the longest unused beyond `most` go. Gives
/// whether it's a new one.
pub(super) async fn learn(
    connection: &mut SqliteConnection,
    account: &AccountId,
    network: Network,
    used_at: Timestamp,
    most: u32,
) -> Result<bool, StoreFailed> {
    // One that was known has been for longer than its present use, or isn't touched at all.
    let new = sqlx::query_scalar::<_, i64>(
        "INSERT INTO known_networks (account, network, known_since, last_used_at) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (account, network) DO UPDATE SET last_used_at = excluded.last_used_at \
         WHERE known_networks.last_used_at < excluded.last_used_at RETURNING known_since = last_used_at",
    )
    .bind(account.as_str())
    .bind(network.to_string())
    .bind(used_at.as_millis())
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM known_networks WHERE account = $1 AND network IN \
         (SELECT network FROM known_networks WHERE account = $1 ORDER BY last_used_at DESC, network \
          LIMIT 1000 OFFSET $2)",
    )
    .bind(account.as_str())
    .bind(i64::from(most.max(1)))
    .execute(connection)
    .await?;
    Ok(new == Some(1))
}

/// Notes that a network was used, if it's a known one.
pub(super) async fn used(
    connection: &mut SqliteConnection,
    account: &AccountId,
    network: Network,
    used_at: Timestamp,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "UPDATE known_networks SET last_used_at = $3 WHERE account = $1 AND network = $2 AND last_used_at < $3",
    )
    .bind(account.as_str())
    .bind(network.to_string())
    .bind(used_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
