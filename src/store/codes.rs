//! Codes: sent, seen, answered.

use sqlx::SqliteConnection;

use super::known;
use super::rules::Rules;
use super::sessions::{self, SessionRow};
use super::standing::Standing;
use crate::challenge::code::{Judged, code_ends_at, compare};
use crate::flow::ports::{
    Answered, ChallengeStatus, CodeAnswer, CodeGrant, NewCode, NewCodeRequest, SentCode, StoreFailed, WaitingChallenge,
};
use crate::limit::Block;
use crate::model::{Network, SessionId, Timestamp};

/// What a session's challenge is, before anything is decided.
enum Seen {
    /// There's no session, or it needs no code from this network.
    NotWanted,
    /// The network is blocked.
    Blocked(Block),
    /// The pending login is over.
    Over,
    /// A code is awaited.
    Wanted(Box<Wanted>),
}

/// A session that awaits a code.
struct Wanted {
    row: SessionRow,
    /// That of the network where answers are counted.
    standing: Standing,
    /// Where answers are counted and blocks are made.
    counted_at: Network,
}

async fn see(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    network: Network,
    now: Timestamp,
) -> Result<Seen, StoreFailed> {
    let Some((row, mut standing)) = sessions::load_from(connection, session, network, now).await? else {
        return Ok(Seen::NotWanted);
    };
    let over = row.over(rules.session, now);
    if !row.pending() && (over || row.session.network == network) {
        return Ok(Seen::NotWanted);
    }
    if let Some(block) = standing.block() {
        return Ok(Seen::Blocked(block));
    }
    if over {
        return Ok(Seen::Over);
    }
    let mut counted_at = network;
    if standing.known() {
        if !row.pending() {
            return Ok(Seen::NotWanted);
        }
        // Blocks are only made for unknown networks: what is typed at a known one for a login from
        // elsewhere counts where that login came from, or it would not count at all.
        counted_at = row.session.network;
        standing = Standing::load(connection, &row.session.account, counted_at, row.created_from, now).await?;
    }
    Ok(Seen::Wanted(Box::new(Wanted { row, standing, counted_at })))
}

/// How a session's challenge stands when seen from `network`.
pub(super) async fn status(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    network: Network,
    now: Timestamp,
) -> Result<ChallengeStatus, StoreFailed> {
    let wanted = match see(connection, rules, session, network, now).await? {
        Seen::NotWanted => return Ok(ChallengeStatus::NotWanted),
        Seen::Blocked(block) => return Ok(ChallengeStatus::Blocked(block)),
        Seen::Over => return Ok(ChallengeStatus::Expired),
        Seen::Wanted(wanted) => wanted,
    };
    let Wanted { row, standing, .. } = *wanted;
    let policy = &rules.challenge;
    // A pending login ends with its newest code; a cleared session that changed its network lives on,
    // and an old code of another such change says nothing.
    let newest = row.newest_code().filter(|code| now < code.expires_at);
    let ends_at = if row.pending() {
        row.session.created_at + policy.pending_ttl
    } else {
        rules.session.ends_at(row.session.created_at, row.session.last_seen_at)
    };
    let last_sent_at = newest.map(|code| code.sent_at);
    Ok(ChallengeStatus::Waiting(WaitingChallenge {
        newest: newest.map(|code| SentCode {
            challenge: code.challenge,
            sent_at: code.sent_at,
            expires_at: code.expires_at,
        }),
        tries_left: standing.tallies.tries_left(policy, now),
        next_mail_at: standing.tallies.next_mail_at(policy, last_sent_at, now).unwrap_or(now),
        ends_at,
        language: row.language,
        account: row.session.account,
        addresses: row.addresses,
    }))
}

/// Another code for a session.
pub(super) async fn send_another(
    connection: &mut SqliteConnection,
    rules: &Rules,
    request: &NewCodeRequest,
) -> Result<CodeGrant, StoreFailed> {
    let now = request.now;
    let wanted = match see(connection, rules, request.session, request.network, now).await? {
        Seen::NotWanted | Seen::Over => return Ok(CodeGrant::NotWanted),
        Seen::Blocked(block) => return Ok(CodeGrant::Blocked(block)),
        Seen::Wanted(wanted) => wanted,
    };
    let Wanted { row, mut standing, .. } = *wanted;
    if row.addresses.is_empty() {
        return Ok(CodeGrant::NoAddress);
    }
    let last_sent_at = row.newest_code().map(|code| code.sent_at);
    if let Some(at) = standing.tallies.next_mail_at(&rules.challenge, last_sent_at, now) {
        return Ok(CodeGrant::NotBefore { at });
    }
    standing.tallies.count_mail(&rules.challenge, now);
    standing.save(connection, rules).await?;
    let expires_at = if row.pending() {
        code_ends_at(&rules.challenge, row.session.created_at, now)
    } else {
        now + rules.challenge.ttl
    };
    supersede_all(connection, request.session).await?;
    insert(connection, rules, request.session, &request.code, now, expires_at).await?;
    sqlx::query("UPDATE sessions SET pending_until = $2 WHERE id = $1 AND pending_until IS NOT NULL")
        .bind(request.session.as_bytes().as_slice())
        .bind(expires_at.as_millis())
        .execute(connection)
        .await?;
    Ok(CodeGrant::Granted { expires_at })
}

/// A typed code: compared, counted and used up.
pub(super) async fn answer(
    connection: &mut SqliteConnection,
    rules: &Rules,
    answer: &CodeAnswer,
) -> Result<Answered, StoreFailed> {
    let now = answer.now;
    let wanted = match see(connection, rules, answer.session, answer.network, now).await? {
        Seen::NotWanted => return Ok(Answered::NotWanted),
        Seen::Blocked(block) => return Ok(Answered::Blocked { block, fresh: false }),
        Seen::Over => return Ok(Answered::Expired),
        Seen::Wanted(wanted) => wanted,
    };
    let Wanted { row, mut standing, counted_at } = *wanted;
    let compared = compare(&row.codes, now, |code| rules.keys.code_matches(code.challenge, &answer.typed, &code.hash));
    let judged = standing.tallies.judge(&rules.challenge, compared, now);
    standing.save(connection, rules).await?;
    Ok(match judged {
        Judged::Right => recognise(connection, rules, row, answer).await?,
        Judged::Superseded { newest_sent_at } => Answered::Superseded { newest_sent_at },
        Judged::Expired => Answered::Expired,
        Judged::Wrong { tries_left } => Answered::Wrong { tries_left },
        Judged::Blocks(blocks) => {
            let block = standing.block_for(connection, &blocks, answer.reference, now).await?;
            sessions::end_blocked(connection, &row, counted_at, now).await?;
            Answered::Blocked { block, fresh: true }
        }
    })
}

/// The owner is recognised: the session is cleared, the networks are known from now on.
async fn recognise(
    connection: &mut SqliteConnection,
    rules: &Rules,
    row: SessionRow,
    answer: &CodeAnswer,
) -> Result<Answered, StoreFailed> {
    let account = &row.session.account;
    let most = rules.challenge.known_networks;
    if row.pending() && row.session.network != answer.network {
        let login_network = row.session.network;
        known::learn(connection, account, login_network, row.session.created_at, most).await?;
        sqlx::query("UPDATE tallies SET failures = 0, failed_at = NULL WHERE skeleton = $1 AND network = $2")
            .bind(account.skeleton().as_str().to_owned())
            .bind(login_network.to_string())
            .execute(&mut *connection)
            .await?;
    }
    known::learn(connection, account, answer.network, answer.now, most).await?;
    let (session, sealed_jar) = sessions::clear(connection, &row, answer.new_token, answer.network, answer.now).await?;
    Ok(Answered::Cleared { session, sealed_jar })
}

/// The statement that keeps a code's hash as the newest of its session. The others must be
/// [superseded](supersede_all) before.
macro_rules! insert_code {
    ($challenge:literal, $session:literal, $hash:literal, $sent_at:literal, $expires_at:literal) => {
        concat!(
            "INSERT INTO codes (challenge, session, hash, sent_at, expires_at, superseded) VALUES (",
            $challenge,
            ", ",
            $session,
            ", ",
            $hash,
            ", ",
            $sent_at,
            ", ",
            $expires_at,
            ", 0)"
        )
    };
}
pub(super) use insert_code;

/// The same, as a statement of its own.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    code: &NewCode,
    sent_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreFailed> {
    sqlx::query(insert_code!("$1", "$2", "$3", "$4", "$5"))
        .bind(code.challenge.as_bytes().as_slice())
        .bind(session.as_bytes().as_slice())
        .bind(rules.keys.code_hash(code.challenge, &code.code).to_vec())
        .bind(sent_at.as_millis())
        .bind(expires_at.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// A newer code takes the place of all that were sent for `session`.
async fn supersede_all(connection: &mut SqliteConnection, session: SessionId) -> Result<(), StoreFailed> {
    sqlx::query("UPDATE codes SET superseded = 1 WHERE session = $1 AND superseded = 0")
        .bind(session.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// The codes of a login that `to` takes the place of become its own. Except `newest`, they're
/// superseded there.
pub(super) async fn move_all(
    connection: &mut SqliteConnection,
    from: SessionId,
    to: SessionId,
    newest: Option<&[u8]>,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "UPDATE codes SET session = $2, superseded = CASE WHEN challenge = $3 THEN 0 ELSE 1 END WHERE session = $1",
    )
    .bind(from.as_bytes().as_slice())
    .bind(to.as_bytes().as_slice())
    .bind(newest)
    .execute(connection)
    .await?;
    Ok(())
}
