//! An accepted login becomes a session: cleared where the network is known, else pending.

use sqlx::SqliteConnection;

use super::rules::Rules;
use super::sessions::{self, SessionRow};
use super::standing::Standing;
use super::{claims, codes, factors, known};
use crate::challenge::code::code_ends_at;
use crate::flow::ports::account::Asks;
use crate::flow::ports::{CodeGrant, OpenSession, Opened, SessionState, StoreFailed};
use crate::model::Timestamp;

/// What becomes of an accepted login.
pub(super) async fn open(
    connection: &mut SqliteConnection,
    rules: &Rules,
    opening: &OpenSession,
) -> Result<Opened, StoreFailed> {
    let now = opening.now;
    let mut standing = Standing::load(connection, &opening.account, opening.network, opening.created_from, now).await?;
    let replaced = match opening.replaces {
        Some(id) => sessions::load(connection, id).await?,
        None => None,
    };
    if let Some(block) = standing.block() {
        end(connection, replaced).await?;
        return Ok(Opened::Blocked(block));
    }
    let remembered = standing.enrolled() && factors::remembers(connection, rules, opening).await?;
    let Some(asks) = standing.asks(rules, remembered) else {
        end(connection, replaced).await?;
        claims::hand_to(connection, opening.attempt, opening.session).await?;
        known::used(connection, &opening.account, opening.network, now).await?;
        let session = sessions::insert(connection, opening, SessionState::Cleared, Asks::Mail).await?;
        return Ok(Opened::Cleared(session));
    };
    let policy = &rules.challenge;
    if asks != Asks::Mail {
        end(connection, replaced).await?;
        claims::hand_to(connection, opening.attempt, opening.session).await?;
        let until = now + policy.pending_ttl;
        let session = sessions::insert(connection, opening, SessionState::Pending { until }, asks).await?;
        end_oldest(connection, opening, now).await?;
        return Ok(Opened::Pending { session, asks, grant: CodeGrant::NotWanted });
    }

    // Codes already sent in this browser for this account are worth telling apart from wrong ones.
    let replaced = match replaced {
        Some(row) if row.pending() && row.session.account == opening.account => Some(row),
        other => {
            end(connection, other).await?;
            None
        }
    };
    let grant = match standing.tallies.next_mail_at(policy, None, now) {
        _ if opening.addresses.is_empty() => CodeGrant::NoAddress,
        Some(at) => CodeGrant::NotBefore { at },
        None => CodeGrant::Granted { expires_at: code_ends_at(policy, now, now) },
    };
    // Where no mail may go out, the last one stays good: its owner has nothing else to type.
    let kept = match grant {
        CodeGrant::Granted { .. } => None,
        _ => replaced
            .as_ref()
            .filter(|row| !row.over(rules.session, now))
            .and_then(SessionRow::newest_code)
            .filter(|code| now < code.expires_at),
    };
    let until = match (&grant, kept) {
        (CodeGrant::Granted { expires_at }, _) => *expires_at,
        (_, Some(code)) => code.expires_at,
        (_, None) => now + policy.pending_ttl,
    };
    let session = sessions::insert(connection, opening, SessionState::Pending { until }, asks).await?;
    claims::hand_to(connection, opening.attempt, opening.session).await?;
    if let Some(row) = &replaced {
        let newest = kept.map(|code| code.challenge.as_bytes().as_slice());
        codes::move_all(connection, row.session.id, opening.session, newest).await?;
    }
    end(connection, replaced).await?;
    if let CodeGrant::Granted { expires_at } = grant {
        standing.tallies.count_mail(policy, now);
        standing.save(connection, rules).await?;
        codes::insert(connection, rules, opening.session, &opening.code, now, expires_at).await?;
    }
    end_oldest(connection, opening, now).await?;
    Ok(Opened::Pending { session, asks, grant })
}

async fn end(connection: &mut SqliteConnection, row: Option<SessionRow>) -> Result<(), StoreFailed> {
    if let Some(row) = row {
        sessions::delete(connection, row.session.id).await?;
    }
    Ok(())
}

/// Twenty pending logins for one account from one network; the oldest end when another begins. Each
/// keeps a parked jar for up to half an hour: without a bound, somebody with one account could fill
/// the disk by logging in again and again. A household needs two or three.
async fn end_oldest(
    connection: &mut SqliteConnection,
    opening: &OpenSession,
    now: Timestamp,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE skeleton = $1 AND network = $2 \
         AND pending_until > $3 AND id <> $4 ORDER BY created_at DESC LIMIT 1000 OFFSET 19)",
    )
    .bind(opening.account.skeleton().as_str().to_owned())
    .bind(opening.network.to_string())
    .bind(now.as_millis())
    .bind(opening.session.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}
