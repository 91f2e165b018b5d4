//! Codes that confirm a change inside a cleared session.

use sqlx::{Row, SqliteConnection};

use super::failure::unreadable;
use super::rules::Rules;
use super::security;
use super::sessions::{self, SessionRow};
use super::standing::Standing;
use crate::challenge::code::{Compared, Judged};
use crate::flow::ports::account::{
    ADDED_ADDRESSES_MAX, Change, ClearedBy, Confirmation, ConfirmationAnswer, ConfirmationAnswered, NewConfirmation,
};
use crate::flow::ports::{CodeGrant, NewCode, StoreFailed};
use crate::model::{ChallengeId, EmailAddress, Network, SessionId, Timestamp, TypedCode};

const ENROL: &str = "enrol";
const RENEW_CODES: &str = "renew-codes";
const ADD_ADDRESS: &str = "add-address";

/// A code as it's kept.
struct Kept {
    challenge: ChallengeId,
    hash: [u8; 32],
}

/// A row.
struct Pending {
    change: Change,
    code: Kept,
    second: Option<Kept>,
    sent_at: Timestamp,
    expires_at: Timestamp,
    failures: u32,
}

async fn load(connection: &mut SqliteConnection, session: SessionId) -> Result<Option<Pending>, StoreFailed> {
    let row = sqlx::query(
        "SELECT change, address, challenge, hash, second_challenge, second_hash, sent_at, expires_at, failures \
         FROM confirmations WHERE session = $1",
    )
    .bind(session.as_bytes().as_slice())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let kept = |challenge: &[u8], hash: &[u8]| -> Result<Kept, StoreFailed> {
        Ok(Kept {
            challenge: ChallengeId::from_slice(challenge).ok_or_else(|| unreadable("challenge"))?,
            hash: hash.try_into().map_err(|_| unreadable("code"))?,
        })
    };
    Ok(Some(Pending {
        change: match (row.try_get::<&str, _>(0)?, row.try_get::<Option<&str>, _>(1)?) {
            (ENROL, None) => Change::Enrol,
            (RENEW_CODES, None) => Change::RenewCodes,
            (ADD_ADDRESS, Some(address)) => {
                Change::AddAddress(EmailAddress::parse(address).map_err(|_| unreadable("address"))?)
            }
            _ => return Err(unreadable("change")),
        },
        code: kept(row.try_get(2)?, row.try_get(3)?)?,
        second: match (row.try_get::<Option<&[u8]>, _>(4)?, row.try_get::<Option<&[u8]>, _>(5)?) {
            (Some(challenge), Some(hash)) => Some(kept(challenge, hash)?),
            _ => None,
        },
        sent_at: Timestamp::from_millis(row.try_get(6)?),
        expires_at: Timestamp::from_millis(row.try_get(7)?),
        failures: u32::try_from(row.try_get::<i64, _>(8)?).map_err(|_| unreadable("count"))?,
    }))
}

/// A cleared session that is used where it's good, and how its account stands there.
async fn usable(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    network: Network,
    now: Timestamp,
) -> Result<Option<(SessionRow, Standing)>, StoreFailed> {
    let found = sessions::load_from(connection, session, network, now).await?;
    Ok(found.filter(|(row, _)| !row.pending() && !row.over(rules.session, now) && row.session.network == network))
}

/// Codes for a change are to be mailed.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    rules: &Rules,
    asked: &NewConfirmation,
) -> Result<CodeGrant, StoreFailed> {
    let now = asked.now;
    let Some((row, mut standing)) = usable(connection, rules, asked.session, asked.network, now).await? else {
        return Ok(CodeGrant::NotWanted);
    };
    if let Some(block) = standing.block() {
        return Ok(CodeGrant::Blocked(block));
    }
    if row.addresses.is_empty() {
        return Ok(CodeGrant::NoAddress);
    }
    let last_sent_at = load(connection, asked.session).await?.map(|before| before.sent_at);
    if let Some(at) = standing.tallies.next_mail_at(&rules.challenge, last_sent_at, now) {
        return Ok(CodeGrant::NotBefore { at });
    }
    standing.tallies.count_mail(&rules.challenge, now);
    standing.save(connection, rules).await?;
    let expires_at = now + rules.challenge.ttl;
    let (change, address) = match &asked.change {
        Change::Enrol => (ENROL, None),
        Change::RenewCodes => (RENEW_CODES, None),
        Change::AddAddress(address) => (ADD_ADDRESS, Some(address.as_address().to_string())),
    };
    let hash = |code: &NewCode| rules.keys.code_hash(code.challenge, &code.code).to_vec();
    // Failures go on counting, or each mail would bring new tries.
    sqlx::query(
        "INSERT INTO confirmations (session, change, address, challenge, hash, second_challenge, second_hash, \
                                    sent_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (session) DO UPDATE SET change = excluded.change, address = excluded.address, \
         challenge = excluded.challenge, hash = excluded.hash, second_challenge = excluded.second_challenge, \
         second_hash = excluded.second_hash, sent_at = excluded.sent_at, expires_at = excluded.expires_at",
    )
    .bind(asked.session.as_bytes().as_slice())
    .bind(change)
    .bind(address)
    .bind(asked.code.challenge.as_bytes().as_slice())
    .bind(hash(&asked.code))
    .bind(asked.second_code.as_ref().map(|code| code.challenge.as_bytes().to_vec()))
    .bind(asked.second_code.as_ref().map(hash))
    .bind(now.as_millis())
    .bind(expires_at.as_millis())
    .execute(connection)
    .await?;
    Ok(CodeGrant::Granted { expires_at })
}

/// What a session is asked to confirm.
pub(super) async fn status(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<Confirmation>, StoreFailed> {
    let Some(pending) = load(connection, session).await?.filter(|pending| now < pending.expires_at) else {
        return Ok(None);
    };
    let Some(row) = sessions::load(connection, session).await?.filter(|row| !row.pending()) else { return Ok(None) };
    let account = &row.session.account;
    let standing = Standing::load(connection, account, row.session.network, row.created_from, now).await?;
    let policy = &rules.challenge;
    Ok(Some(Confirmation {
        tries_left: tries_left(rules, &standing, pending.failures, now),
        next_mail_at: standing.tallies.next_mail_at(policy, Some(pending.sent_at), now).unwrap_or(now),
        change: pending.change,
        sent_at: pending.sent_at,
        expires_at: pending.expires_at,
    }))
}

fn tries_left(rules: &Rules, standing: &Standing, failures: u32, now: Timestamp) -> u32 {
    rules.challenge.tries.saturating_sub(failures).min(standing.tries_left(rules, now)).max(1)
}

/// The codes as typed: both are compared, whatever the first one gave.
pub(super) async fn answer(
    connection: &mut SqliteConnection,
    rules: &Rules,
    answer: &ConfirmationAnswer,
) -> Result<ConfirmationAnswered, StoreFailed> {
    let ConfirmationAnswer { session, network, now, .. } = *answer;
    let found = usable(connection, rules, session, network, now).await?;
    let Some((row, mut standing)) = found.filter(|(row, _)| row.session.account == answer.account) else {
        return Ok(ConfirmationAnswered::Expired);
    };
    if standing.block().is_some() {
        return Ok(ConfirmationAnswered::Over);
    }
    let Some(pending) = load(connection, session).await?.filter(|pending| now < pending.expires_at) else {
        return Ok(ConfirmationAnswered::Expired);
    };
    let fits = |kept: &Kept, typed: &TypedCode| rules.keys.code_matches(kept.challenge, typed, &kept.hash);
    let first = fits(&pending.code, &answer.typed);
    let second = match (&pending.second, &answer.second_typed) {
        (Some(kept), Some(typed)) => fits(kept, typed),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let compared = if first & second { Compared::Newest } else { Compared::Neither };
    let judged = standing.tallies.judge(&rules.challenge, compared, now);
    standing.save(connection, rules).await?;
    match judged {
        Judged::Right => {
            let done = make(connection, &row, pending.change).await?;
            sqlx::query("DELETE FROM confirmations WHERE session = $1")
                .bind(session.as_bytes().as_slice())
                .execute(connection)
                .await?;
            return Ok(done);
        }
        Judged::Blocks(blocks) => {
            if standing.block_for(connection, &blocks, answer.reference, now).await?.is_some() {
                sessions::delete(connection, session).await?;
                return Ok(ConfirmationAnswered::Over);
            }
        }
        Judged::Superseded { .. } | Judged::Expired | Judged::Wrong { .. } => {}
    }
    let failures = pending.failures.saturating_add(1);
    if failures >= rules.challenge.tries {
        sessions::delete(connection, session).await?;
        return Ok(ConfirmationAnswered::Over);
    }
    sqlx::query("UPDATE confirmations SET failures = $2 WHERE session = $1")
        .bind(session.as_bytes().as_slice())
        .bind(i64::from(failures))
        .execute(connection)
        .await?;
    Ok(ConfirmationAnswered::Wrong { tries_left: tries_left(rules, &standing, failures, now) })
}

/// Makes the change.
async fn make(
    connection: &mut SqliteConnection,
    row: &SessionRow,
    change: Change,
) -> Result<ConfirmationAnswered, StoreFailed> {
    match &change {
        Change::Enrol | Change::RenewCodes => {
            sqlx::query("UPDATE sessions SET cleared_by = $2 WHERE id = $1")
                .bind(row.session.id.as_bytes().as_slice())
                .bind(sessions::cleared_by_text(ClearedBy::Mail))
                .execute(connection)
                .await?;
        }
        Change::AddAddress(address) => {
            let account = &row.session.account;
            let mut added = security::choices(connection, account).await?.added_addresses;
            if added.len() >= ADDED_ADDRESSES_MAX || added.contains(address) || row.addresses.contains(address) {
                return Ok(ConfirmationAnswered::NotPossible);
            }
            added.push(address.clone());
            security::set_addresses(connection, account, &added).await?;
        }
    }
    Ok(ConfirmationAnswered::Done(change))
}
