//! "It wasn't me": links in mails, and what their button does.

use sqlx::{Row, SqliteConnection};

use super::failure::unreadable;
use super::{factors, security};
use crate::flow::ports::StoreFailed;
use crate::flow::ports::account::{Alarm, AlarmUsed, EventKind, NewAlarm, REPORTED_BLOCK, Which};
use crate::limit::BlockReason;
use crate::model::{AccountId, AlarmHash, Network, Reference, Timestamp};

/// Makes a link work.
pub(super) async fn raise(connection: &mut SqliteConnection, alarm: &NewAlarm) -> Result<(), StoreFailed> {
    sqlx::query(
        "INSERT INTO alarms (hash, account, kind, network, browser, at, until, used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)",
    )
    .bind(alarm.alarm.as_bytes().as_slice())
    .bind(alarm.account.as_str())
    .bind(alarm.kind.slug())
    .bind(alarm.network.to_string())
    .bind(&alarm.browser)
    .bind(alarm.at.as_millis())
    .bind(alarm.until.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// What a link stands for, if it works.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    alarm: AlarmHash,
    now: Timestamp,
) -> Result<Option<Alarm>, StoreFailed> {
    let row =
        sqlx::query("SELECT account, kind, network, browser, at, used_at FROM alarms WHERE hash = $1 AND until > $2")
            .bind(alarm.as_bytes().as_slice())
            .bind(now.as_millis())
            .fetch_optional(connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Alarm {
        account: AccountId::of_store(row.try_get(0)?),
        kind: EventKind::of_slug(row.try_get(1)?).ok_or_else(|| unreadable("event"))?,
        network: Network::parse(row.try_get(2)?).ok_or_else(|| unreadable("network"))?,
        browser: row.try_get(3)?,
        at: Timestamp::from_millis(row.try_get(4)?),
        used_at: row.try_get::<Option<i64>, _>(5)?.map(Timestamp::from_millis),
    }))
}

/// The button behind a link; whoever comes second is only told.
pub(super) async fn consume(
    connection: &mut SqliteConnection,
    hash: AlarmHash,
    reference: Reference,
    now: Timestamp,
) -> Result<Option<AlarmUsed>, StoreFailed> {
    let Some(alarm) = load(connection, hash, now).await? else { return Ok(None) };
    let first = sqlx::query("UPDATE alarms SET used_at = $2 WHERE hash = $1 AND used_at IS NULL RETURNING hash")
        .bind(hash.as_bytes().as_slice())
        .bind(now.as_millis())
        .fetch_optional(&mut *connection)
        .await?;
    if first.is_none() {
        return Ok(Some(AlarmUsed { alarm, ended: Vec::new() }));
    }
    let account = &alarm.account;
    let ended = security::end_sessions(connection, account, Which::All).await?;
    security::forget_network(connection, account, alarm.network).await?;
    factors::forget_browsers(connection, account).await?;
    sqlx::query(
        "INSERT INTO blocks (reference, reason, account, skeleton, network, everywhere, since, until) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7)",
    )
    .bind(reference.to_string())
    .bind(BlockReason::Reported.as_str())
    .bind(account.as_str())
    .bind(account.skeleton().as_str().to_owned())
    .bind(alarm.network.to_string())
    .bind(now.as_millis())
    .bind((now + REPORTED_BLOCK).as_millis())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO account_choices (account, suspected_since) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET suspected_since = coalesce(account_choices.suspected_since, $2)",
    )
    .bind(account.as_str())
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(Some(AlarmUsed { alarm, ended }))
}
