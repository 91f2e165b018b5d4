//! Networks that are known for an account (b9).

use sqlx::SqliteConnection;

use crate::flow::ports::StoreFailed;
use crate::model::{AccountId, Network, Timestamp};

/// Makes `network` known, or notes that it was used; then the longest unused beyond `most` go.
pub(super) async fn learn(
    connection: &mut SqliteConnection,
    account: &AccountId,
    network: Network,
    used_at: Timestamp,
    most: u32,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "INSERT INTO known_networks (account, network, known_since, last_used_at) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (account, network) DO UPDATE SET last_used_at = excluded.last_used_at \
         WHERE known_networks.last_used_at < excluded.last_used_at",
    )
    .bind(account.as_str())
    .bind(network.to_string())
    .bind(used_at.as_millis())
    .execute(&mut *connection)
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
    Ok(())
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
