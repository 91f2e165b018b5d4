//! What users were shown a reference for: refusals and blocks.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::failure::unreadable;
use crate::flow::ports::{RefusalRecord, StoreFailed};
use crate::model::{AccountId, Network, Reference, Timestamp};

/// Refusals that are kept, the newest: about 20 MiB, and at least a day's worth for a panel of
/// 100,000 customers; a flood of refusals can't fill the disk.
pub(super) const KEPT: i64 = 100_000;
/// The status of a block's page, where the refusal itself wasn't recorded.
const BLOCKED: u16 = 403;

/// The statement that keeps so many refusals: a flood of them must not keep the writer busy, and most
/// of a statement's time is the way to the engine's thread and back.
macro_rules! rows {
    (64) => { concat!(rows!(8), rows!(+8), rows!(+8), rows!(+8), rows!(+8), rows!(+8), rows!(+8), rows!(+8)) };
    (8) => { concat!(rows!(1), rows!(+1), rows!(+1), rows!(+1), rows!(+1), rows!(+1), rows!(+1), rows!(+1)) };
    (+8) => { concat!(rows!(+1), rows!(+1), rows!(+1), rows!(+1), rows!(+1), rows!(+1), rows!(+1), rows!(+1)) };
    (+1) => { ", (?, ?, ?, ?, ?, ?, ?, ?)" };
    (1) => {
        "INSERT INTO refusals (reference, at, reason, status, account, network, request, until) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    };
}

async fn insert(
    connection: &mut SqliteConnection,
    sql: &'static str,
    refusals: &[RefusalRecord],
) -> Result<(), StoreFailed> {
    let mut query = sqlx::query(sql);
    for refusal in refusals {
        query = query
            .bind(refusal.reference.to_string())
            .bind(refusal.at.as_millis())
            .bind(&refusal.reason)
            .bind(i64::from(refusal.status))
            .bind(refusal.account.as_ref().map(AccountId::as_str))
            .bind(refusal.network.to_string())
            .bind(&refusal.request)
            .bind(refusal.until.map(Timestamp::as_millis));
    }
    query.execute(connection).await?;
    Ok(())
}

/// Keeps refusals; as many of the oldest go as are too many.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    refusals: &[RefusalRecord],
    kept: i64,
) -> Result<(), StoreFailed> {
    let mut rest = refusals;
    for (size, sql) in [(64, rows!(64)), (8, rows!(8)), (1, rows!(1))] {
        while let Some((chunk, after)) = rest.split_at_checked(size) {
            insert(connection, sql, chunk).await?;
            rest = after;
        }
    }
    sqlx::query(
        "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals \
         WHERE id <= (SELECT max(id) FROM refusals) - $1 ORDER BY id LIMIT $2)",
    )
    .bind(kept)
    // Twice as many as came, so that a lowered bound is reached some day too.
    .bind(i64::try_from(refusals.len()).unwrap_or(i64::MAX).saturating_mul(2))
    .execute(connection)
    .await?;
    Ok(())
}

/// The refusal with this reference, and until when it holds if it's a block.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    reference: Reference,
) -> Result<Option<RefusalRecord>, StoreFailed> {
    let refusal = sqlx::query(
        "SELECT at, reason, status, account, network, request, until FROM refusals WHERE reference = $1 \
         ORDER BY id DESC LIMIT 1",
    )
    .bind(reference.to_string())
    .fetch_optional(&mut *connection)
    .await?
    .map(|row| of_refusal(reference, &row))
    .transpose()?;
    let block = sqlx::query(
        "SELECT since, reason, account, network, until FROM blocks WHERE reference = $1 \
         ORDER BY until IS NULL DESC, until DESC LIMIT 1",
    )
    .bind(reference.to_string())
    .fetch_optional(connection)
    .await?
    .map(|row| of_block(reference, &row))
    .transpose()?;
    Ok(match (refusal, block) {
        // The refusal knows the request, the block knows whose and until when, lifted or not.
        (Some(refusal), Some(block)) => {
            Some(RefusalRecord { status: refusal.status, request: refusal.request, ..block })
        }
        (refusal, block) => refusal.or(block),
    })
}

fn of_refusal(reference: Reference, row: &SqliteRow) -> Result<RefusalRecord, StoreFailed> {
    Ok(RefusalRecord {
        reference,
        at: Timestamp::from_millis(row.try_get(0)?),
        reason: row.try_get(1)?,
        status: u16::try_from(row.try_get::<i64, _>(2)?).map_err(|_| unreadable("status"))?,
        account: row.try_get::<Option<&str>, _>(3)?.map(AccountId::of_store),
        network: network(row.try_get(4)?)?,
        request: row.try_get(5)?,
        until: row.try_get::<Option<i64>, _>(6)?.map(Timestamp::from_millis),
    })
}

fn of_block(reference: Reference, row: &SqliteRow) -> Result<RefusalRecord, StoreFailed> {
    Ok(RefusalRecord {
        reference,
        at: Timestamp::from_millis(row.try_get(0)?),
        reason: row.try_get(1)?,
        status: BLOCKED,
        account: Some(AccountId::of_store(row.try_get(2)?)),
        network: network(row.try_get(3)?)?,
        request: String::new(),
        until: row.try_get::<Option<i64>, _>(4)?.map(Timestamp::from_millis),
    })
}

fn network(text: &str) -> Result<Network, StoreFailed> {
    Network::parse(text).ok_or_else(|| unreadable("network"))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use sqlx::Connection;

    use super::*;

    #[tokio::test]
    async fn only_the_newest_so_many_are_kept() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql(include_str!("migrations/0001.sql")).execute(&mut connection).await.unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let refusals: Vec<_> = (0..200)
            .map(|n| RefusalRecord {
                reference: Reference::random(&mut rng),
                at: Timestamp::from_millis(n),
                reason: "closed-door".to_owned(),
                status: 403,
                account: None,
                network: Network::parse("203.0.113.7").unwrap(),
                request: "POST /xmlrpc.php".to_owned(),
                until: None,
            })
            .collect();
        for (batch, so_many) in refusals.chunks(30).zip([30, 60, 90, 120, 150, 180, 200]) {
            record(&mut connection, batch, 50).await.unwrap();
            let (kept,): (i64,) =
                sqlx::query_as("SELECT count(*) FROM refusals").fetch_one(&mut connection).await.unwrap();
            assert_eq!(kept, so_many.min(50));
        }
        for (n, refusal) in refusals.iter().enumerate() {
            assert_eq!(find(&mut connection, refusal.reference).await.unwrap().is_some(), n >= 150, "{n}");
        }
    }
}
