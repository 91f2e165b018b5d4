//! What support sees of an account and does for its owner, from the command line.

use sqlx::SqliteConnection;

use super::failure::unreadable;
use super::standing::block_of;
use super::{events, factors, notices, security};
use crate::flow::ports::account::{AccountEvent, AccountSecurity, EventKind};
use crate::flow::ports::{Notice, Notifying, StoreFailed};
use crate::limit::{Block, SessionLimits};
use crate::model::{AccountId, ClientAddr, Language, Network, NetworkPrefix, Timestamp};

/// What was lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// Blocks that held.
    pub blocks: u64,
    /// Whether the password was suspected to be stolen.
    pub suspicion: bool,
}

/// What support sees of an account.
#[derive(Debug)]
pub struct AccountReport {
    /// Blocks that hold, those that end last first.
    pub blocks: Vec<BlockedFrom>,
    /// What its owner sees.
    pub security: AccountSecurity,
}

/// A block, and where it was put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockedFrom {
    /// The block.
    pub block: Block,
    /// Where what caused it was done, and all that it holds for unless its reason says "everywhere".
    pub network: Network,
}

/// Reads it. To be asked inside one transaction.
pub(super) async fn report(
    connection: &mut SqliteConnection,
    limits: SessionLimits,
    account: &AccountId,
    now: Timestamp,
) -> Result<AccountReport, StoreFailed> {
    let rows = sqlx::query(
        "SELECT reason, since, until, reference, network FROM blocks \
         WHERE skeleton = $1 AND (until IS NULL OR until > $2) ORDER BY until IS NULL DESC, until DESC, id",
    )
    .bind(account.skeleton().as_str().to_owned())
    .bind(now.as_millis())
    .fetch_all(&mut *connection)
    .await?;
    let mut blocks = Vec::with_capacity(rows.len());
    for row in &rows {
        let network = Network::parse(sqlx::Row::try_get(row, "network")?).ok_or_else(|| unreadable("network"))?;
        blocks.extend(block_of(row)?.map(|block| BlockedFrom { block, network }));
    }
    Ok(AccountReport { blocks, security: security::of_account(connection, limits, account, now).await? })
}

/// Ends every block and the suspicion; what was counted begins anew.
pub(super) async fn lift(
    connection: &mut SqliteConnection,
    account: &AccountId,
    now: Timestamp,
) -> Result<Lifted, StoreFailed> {
    let skeleton = account.skeleton();
    let blocks = sqlx::query("UPDATE blocks SET until = $2 WHERE skeleton = $1 AND (until IS NULL OR until > $2)")
        .bind(skeleton.as_str().to_owned())
        .bind(now.as_millis())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    sqlx::query("DELETE FROM tallies WHERE skeleton = $1")
        .bind(skeleton.as_str().to_owned())
        .execute(&mut *connection)
        .await?;
    let suspicion = sqlx::query(
        "UPDATE account_choices SET suspected_since = NULL WHERE account = $1 AND suspected_since IS NOT NULL",
    )
    .bind(account.as_str())
    .execute(connection)
    .await?
    .rows_affected();
    Ok(Lifted { blocks, suspicion: suspicion > 0 })
}

/// Takes all second factors away, and tells the account's owner: on the account's page, and by mail, in
/// `language` if none is known for the account.
pub(super) async fn turn_off(
    connection: &mut SqliteConnection,
    account: &AccountId,
    language: Language,
    now: Timestamp,
) -> Result<bool, StoreFailed> {
    if !factors::turn_off(connection, account).await? {
        return Ok(false);
    }
    let event = AccountEvent {
        account: account.clone(),
        at: now,
        kind: EventKind::TotpOffBySupport,
        network: nowhere(),
        browser: String::new(),
        detail: None,
    };
    events::record(connection, std::slice::from_ref(&event)).await?;
    // Leaves when the gate runs again.
    let notice = Notifying { notice: Notice::TotpOffBySupport, of: event, fallback: language, also: Vec::new() };
    notices::keep(connection, &notice).await?;
    Ok(true)
}

/// What stands for "from no network" in an event: what an operator did on the machine itself.
fn nowhere() -> Network {
    Network::of(ClientAddr::resolved(std::net::Ipv4Addr::UNSPECIFIED.into()), NetworkPrefix::default())
}
