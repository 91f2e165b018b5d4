//! Codes: sent, seen, answered.

use sqlx::SqliteConnection;

use super::rules::Rules;
use super::sessions::{self, SessionRow};
use super::standing::Standing;
use super::{factors, known};
use crate::challenge::code::{Judged, code_ends_at, compare};
use crate::flow::ports::account::{Asks, ClearedBy};
use crate::flow::ports::{
    Answered, ChallengeStatus, CodeAnswer, CodeGrant, NewCode, NewCodeRequest, SentCode, StoreFailed, StoredSession,
    WaitingChallenge,
};
use crate::limit::Block;
use crate::model::{Network, SessionId, Timestamp, TokenHash};

/// What a session's challenge is, before anything is decided.
pub(super) enum Seen {
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
pub(super) struct Wanted {
    pub(super) row: SessionRow,
    /// What is awaited.
    pub(super) asks: Asks,
    /// That of the network where answers are counted.
    pub(super) standing: Standing,
    /// Where answers are counted and blocks are made.
    pub(super) counted_at: Network,
}

pub(super) async fn see(
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
    let Some(asks) = row.asks(&standing, rules, network, now) else { return Ok(Seen::NotWanted) };
    let mut counted_at = network;
    if standing.known() && !standing.enrolled() {
        // Without an app, blocks are only made for unknown networks: what is typed at a known one for
        // a login from elsewhere counts where that login came from, or it would not count at all.
        counted_at = row.session.network;
        standing = Standing::load(connection, &row.session.account, counted_at, row.created_from, now).await?;
    }
    Ok(Seen::Wanted(Box::new(Wanted { row, asks, standing, counted_at })))
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
    let Wanted { row, asks, standing, .. } = *wanted;
    let policy = &rules.challenge;
    let backup_left = match asks {
        Asks::Mail => 0,
        Asks::Factor | Asks::FactorThenMail => factors::backup_left(connection, &row.session.account).await?,
    };
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
        tries_left: standing.tries_left(rules, now),
        next_mail_at: standing.tallies.next_mail_at(policy, last_sent_at, now).unwrap_or(now),
        ends_at,
        language: row.language,
        account: row.session.account,
        asks,
        backup_left,
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
    let Wanted { row, asks, mut standing, .. } = *wanted;
    if asks != Asks::Mail {
        return Ok(CodeGrant::NotWanted);
    }
    mail(connection, rules, &row, &mut standing, &request.code, now).await
}

/// Another code for a session, if the mail budget of the account allows; it takes the place of all
/// that were sent before.
pub(super) async fn mail(
    connection: &mut SqliteConnection,
    rules: &Rules,
    row: &SessionRow,
    standing: &mut Standing,
    code: &NewCode,
    now: Timestamp,
) -> Result<CodeGrant, StoreFailed> {
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
    supersede_all(connection, row.session.id).await?;
    insert(connection, rules, row.session.id, code, now, expires_at).await?;
    sqlx::query("UPDATE sessions SET pending_until = $2 WHERE id = $1 AND pending_until IS NOT NULL")
        .bind(row.session.id.as_bytes().as_slice())
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
    let Wanted { row, asks, mut standing, counted_at } = *wanted;
    if asks != Asks::Mail {
        return Ok(Answered::NotWanted);
    }
    let compared = compare(&row.codes, now, |code| rules.keys.code_matches(code.challenge, &answer.typed, &code.hash));
    let judged = standing.tallies.judge(&rules.challenge, compared, now);
    standing.save(connection, rules).await?;
    Ok(match judged {
        Judged::Right => {
            let recognised =
                recognise(connection, rules, &row, answer.network, answer.new_token, ClearedBy::Mail, now).await?;
            let Recognised { session, sealed_jar, new_network } = recognised;
            Answered::Cleared { session, sealed_jar, new_network }
        }
        Judged::Superseded { newest_sent_at } => Answered::Superseded { newest_sent_at },
        Judged::Expired => Answered::Expired,
        Judged::Wrong { tries_left } => Answered::Wrong { tries_left },
        Judged::Blocks(blocks) => match standing.block_for(connection, &blocks, answer.reference, now).await? {
            Some(block) => {
                sessions::end_blocked(connection, &row, counted_at, now).await?;
                Answered::Blocked { block, fresh: true }
            }
            None => Answered::Wrong { tries_left: standing.tries_left(rules, now) },
        },
    })
}

/// A session whose owner was recognised.
pub(super) struct Recognised {
    pub(super) session: StoredSession,
    pub(super) sealed_jar: Option<Vec<u8>>,
    pub(super) new_network: bool,
}

/// The owner is recognised: the session is cleared, the networks are known from now on.
pub(super) async fn recognise(
    connection: &mut SqliteConnection,
    rules: &Rules,
    row: &SessionRow,
    network: Network,
    new_token: TokenHash,
    by: ClearedBy,
    now: Timestamp,
) -> Result<Recognised, StoreFailed> {
    let account = &row.session.account;
    let most = rules.challenge.known_networks;
    let mut new_network = false;
    if row.pending() && row.session.network != network {
        let login_network = row.session.network;
        new_network |= known::learn(connection, account, login_network, row.session.created_at, most).await?
            && row.created_from != Some(login_network);
        sqlx::query("UPDATE tallies SET failures = 0, failed_at = NULL WHERE skeleton = $1 AND network = $2")
            .bind(account.skeleton().as_str().to_owned())
            .bind(login_network.to_string())
            .execute(&mut *connection)
            .await?;
    }
    new_network |= known::learn(connection, account, network, now, most).await? && row.created_from != Some(network);
    let (session, sealed_jar) = sessions::clear(connection, row, new_token, network, by, now).await?;
    Ok(Recognised { session, sealed_jar, new_network })
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
