//! What happened on an account, for its owner to look at.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::failure::unreadable;
use crate::flow::ports::StoreFailed;
use crate::flow::ports::account::{AccountEvent, EVENTS_KEPT, EventKind};
use crate::model::{AccountId, Network, Timestamp};

// The bound is written out below: SQLite plans a query anew each time a LIMIT is bound.
const _: () = assert!(EVENTS_KEPT == 50);

/// Kinds that anybody with the password alone can cause, over and over: half of the room at most is
/// theirs, so that what somebody inside has changed can't be pushed out of sight.
macro_rules! from_outside {
    () => {
        "account = $1 AND kind IN ('code-sent', 'factor-asked', 'blocked', 'login-blocked')"
    };
}

/// Keeps events; of an account, the oldest beyond the bounds go.
pub(super) async fn record(connection: &mut SqliteConnection, events: &[AccountEvent]) -> Result<(), StoreFailed> {
    for event in events {
        sqlx::query("INSERT INTO events (account, at, kind, network, browser, detail) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(event.account.as_str())
            .bind(event.at.as_millis())
            .bind(event.kind.slug())
            .bind(event.network.to_string())
            .bind(&event.browser)
            .bind(event.detail.as_deref())
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "DELETE FROM events WHERE account = $1 AND id <= \
             (SELECT id FROM events WHERE account = $1 ORDER BY id DESC LIMIT 1 OFFSET 50)",
        )
        .bind(event.account.as_str())
        .execute(&mut *connection)
        .await?;
        sqlx::query(concat!(
            "DELETE FROM events WHERE ",
            from_outside!(),
            " AND id <= (SELECT id FROM events WHERE ",
            from_outside!(),
            " ORDER BY id DESC LIMIT 1 OFFSET 25)"
        ))
        .bind(event.account.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The events of an account, newest first.
pub(super) async fn of_account(
    connection: &mut SqliteConnection,
    account: &AccountId,
) -> Result<Vec<AccountEvent>, StoreFailed> {
    let rows = sqlx::query(
        "SELECT account, at, kind, network, browser, detail FROM events WHERE account = $1 ORDER BY id DESC LIMIT 50",
    )
    .bind(account.as_str())
    .fetch_all(connection)
    .await?;
    rows.iter().map(of_row).collect()
}

/// An event whose columns come first in a row, account to detail.
pub(super) fn of_row(row: &SqliteRow) -> Result<AccountEvent, StoreFailed> {
    Ok(AccountEvent {
        account: AccountId::of_store(row.try_get(0)?),
        at: Timestamp::from_millis(row.try_get(1)?),
        kind: EventKind::of_slug(row.try_get(2)?).ok_or_else(|| unreadable("event"))?,
        network: Network::parse(row.try_get(3)?).ok_or_else(|| unreadable("network"))?,
        browser: row.try_get(4)?,
        detail: row.try_get(5)?,
    })
}
