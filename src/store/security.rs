//! What an account's owner looks after: open sessions, known networks, addresses, language.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::failure::unreadable;
use super::{events, factors};
use crate::flow::ports::StoreFailed;
use crate::flow::ports::account::{AccountChoices, AccountSecurity, Device, KnownNetwork, SessionLine, Which};
use crate::limit::SessionLimits;
use crate::model::{AccountId, DeviceId, EmailAddress, Language, Network, SessionId, Timestamp};

/// Changes with every change of an account's factors.
pub(super) async fn generation(connection: &mut SqliteConnection, account: &AccountId) -> Result<u64, StoreFailed> {
    let generation: Option<i64> = sqlx::query_scalar("SELECT generation FROM account_choices WHERE account = $1")
        .bind(account.as_str())
        .fetch_optional(connection)
        .await?;
    u64::try_from(generation.unwrap_or(0)).map_err(|_| unreadable("generation"))
}

/// Everything that the account's page shows. To be asked inside one transaction.
pub(super) async fn of_account(
    connection: &mut SqliteConnection,
    limits: SessionLimits,
    account: &AccountId,
    now: Timestamp,
) -> Result<AccountSecurity, StoreFailed> {
    let devices = devices(connection, account).await?;
    let backup_left = if devices.is_empty() { None } else { Some(factors::backup_left(connection, account).await?) };
    let remembered: i64 =
        sqlx::query_scalar("SELECT count(*) FROM remembered_browsers WHERE account = $1 AND until > $2")
            .bind(account.as_str())
            .bind(now.as_millis())
            .fetch_one(&mut *connection)
            .await?;
    Ok(AccountSecurity {
        generation: generation(connection, account).await?,
        devices,
        backup_left,
        networks: networks(connection, account).await?,
        sessions: sessions(connection, limits, account, now).await?,
        events: events::of_account(connection, account).await?,
        choices: choices(connection, account).await?,
        remembered_browsers: u32::try_from(remembered).map_err(|_| unreadable("count"))?,
    })
}

async fn devices(connection: &mut SqliteConnection, account: &AccountId) -> Result<Vec<Device>, StoreFailed> {
    let rows = sqlx::query(
        "SELECT id, name, added_at, last_used_at FROM totp_devices WHERE account = $1 ORDER BY added_at, id",
    )
    .bind(account.as_str())
    .fetch_all(connection)
    .await?;
    let device = |row: &SqliteRow| {
        Ok(Device {
            id: DeviceId::from_slice(row.try_get(0)?).ok_or_else(|| unreadable("device"))?,
            name: row.try_get(1)?,
            added_at: Timestamp::from_millis(row.try_get(2)?),
            last_used_at: Timestamp::from_millis(row.try_get(3)?),
        })
    };
    rows.iter().map(device).collect()
}

async fn networks(connection: &mut SqliteConnection, account: &AccountId) -> Result<Vec<KnownNetwork>, StoreFailed> {
    let rows = sqlx::query(
        "SELECT network, known_since, last_used_at FROM known_networks WHERE account = $1 \
         ORDER BY last_used_at DESC, network",
    )
    .bind(account.as_str())
    .fetch_all(connection)
    .await?;
    let network = |row: &SqliteRow| {
        Ok(KnownNetwork {
            network: Network::parse(row.try_get(0)?).ok_or_else(|| unreadable("network"))?,
            since: Timestamp::from_millis(row.try_get(1)?),
            last_used_at: Timestamp::from_millis(row.try_get(2)?),
        })
    };
    rows.iter().map(network).collect()
}

async fn sessions(
    connection: &mut SqliteConnection,
    limits: SessionLimits,
    account: &AccountId,
    now: Timestamp,
) -> Result<Vec<SessionLine>, StoreFailed> {
    // What is shown of somebody with thousands of them; all can be ended all the same.
    let rows = sqlx::query(
        "SELECT id, network, browser, created_at, last_seen_at FROM sessions \
         WHERE account = $1 AND pending_until IS NULL AND last_seen_at > $2 AND created_at > $3 \
         ORDER BY last_seen_at DESC, id LIMIT 100",
    )
    .bind(account.as_str())
    .bind(now.before(limits.idle).as_millis())
    .bind(now.before(limits.max).as_millis())
    .fetch_all(connection)
    .await?;
    let session = |row: &SqliteRow| {
        Ok(SessionLine {
            id: SessionId::from_slice(row.try_get(0)?).ok_or_else(|| unreadable("session"))?,
            network: Network::parse(row.try_get(1)?).ok_or_else(|| unreadable("network"))?,
            browser: row.try_get(2)?,
            created_at: Timestamp::from_millis(row.try_get(3)?),
            last_seen_at: Timestamp::from_millis(row.try_get(4)?),
        })
    };
    rows.iter().map(session).collect()
}

/// What counts at each login, besides what is asked.
pub(super) async fn choices(
    connection: &mut SqliteConnection,
    account: &AccountId,
) -> Result<AccountChoices, StoreFailed> {
    let row = sqlx::query(
        "SELECT added_addresses, language, suspected_since, \
         EXISTS (SELECT 1 FROM totp_devices d WHERE d.account = o.account) \
         FROM account_choices o WHERE account = $1",
    )
    .bind(account.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(AccountChoices::default()) };
    let language = match row.try_get::<Option<&str>, _>(1)? {
        Some(tag) => Some(Language::of_tag(tag).ok_or_else(|| unreadable("language"))?),
        None => None,
    };
    Ok(AccountChoices {
        added_addresses: addresses_of(row.try_get(0)?)?,
        language,
        suspected_since: row.try_get::<Option<i64>, _>(2)?.map(Timestamp::from_millis),
        enrolled: row.try_get(3)?,
    })
}

fn addresses_of(lines: &str) -> Result<Vec<EmailAddress>, StoreFailed> {
    lines.lines().map(EmailAddress::parse).collect::<Result<_, _>>().map_err(|_| unreadable("address"))
}

/// The addresses that get codes besides those on record, from now on.
pub(super) async fn set_addresses(
    connection: &mut SqliteConnection,
    account: &AccountId,
    addresses: &[EmailAddress],
) -> Result<(), StoreFailed> {
    let lines: Vec<_> = addresses.iter().map(|address| address.as_address().to_string()).collect();
    sqlx::query(
        "INSERT INTO account_choices (account, added_addresses) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET added_addresses = excluded.added_addresses",
    )
    .bind(account.as_str())
    .bind(lines.join("\n"))
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an added address away; `false` if it wasn't there.
pub(super) async fn remove_address(
    connection: &mut SqliteConnection,
    account: &AccountId,
    address: &EmailAddress,
) -> Result<bool, StoreFailed> {
    let mut addresses = choices(connection, account).await?.added_addresses;
    let before = addresses.len();
    addresses.retain(|added| added != address);
    if addresses.len() == before {
        return Ok(false);
    }
    set_addresses(connection, account, &addresses).await?;
    Ok(true)
}

/// The language of pages and mails.
pub(super) async fn set_language(
    connection: &mut SqliteConnection,
    account: &AccountId,
    language: Language,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "INSERT INTO account_choices (account, language) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET language = excluded.language",
    )
    .bind(account.as_str())
    .bind(language.tag())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets a known network; `false` if it wasn't known.
pub(super) async fn forget_network(
    connection: &mut SqliteConnection,
    account: &AccountId,
    network: Network,
) -> Result<bool, StoreFailed> {
    let gone = sqlx::query("DELETE FROM known_networks WHERE account = $1 AND network = $2")
        .bind(account.as_str())
        .bind(network.to_string())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

/// Ends sessions of an account and hands out what was parked with them.
pub(super) async fn end_sessions(
    connection: &mut SqliteConnection,
    account: &AccountId,
    which: Which,
) -> Result<Vec<(SessionId, Option<Vec<u8>>)>, StoreFailed> {
    let (one, sql) = match which {
        Which::Only(one) => (Some(one), "DELETE FROM sessions WHERE account = $1 AND id = $2 RETURNING id, sealed_jar"),
        Which::AllBut(one) => {
            (Some(one), "DELETE FROM sessions WHERE account = $1 AND id <> $2 RETURNING id, sealed_jar")
        }
        Which::All => (None, "DELETE FROM sessions WHERE account = $1 AND $2 IS NULL RETURNING id, sealed_jar"),
    };
    let rows = sqlx::query(sql)
        .bind(account.as_str())
        .bind(one.map(|session| session.as_bytes().to_vec()))
        .fetch_all(connection)
        .await?;
    let ended = |row: &SqliteRow| {
        let id = SessionId::from_slice(row.try_get(0)?).ok_or_else(|| unreadable("session"))?;
        Ok((id, row.try_get(1)?))
    };
    rows.iter().map(ended).collect()
}
