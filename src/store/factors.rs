//! Second factors: the app's codes, backup codes, browsers that skip them.
//!
//! Everything about a typed one is decided in one job of the writer: what it fits, that its step or
//! slot wasn't used, that the session still waits for it, what a wrong one costs.

use sqlx::{Row, SqliteConnection};

use super::codes::{self, Recognised, Seen, Wanted};
use super::failure::unreadable;
use super::rules::Rules;
use super::sessions::{self, SessionRow};
use super::standing::Standing;
use crate::challenge::code::{Compared as Typed, Judged};
use crate::challenge::totp::{self, Compared, Step, TotpSecret};
use crate::flow::ports::account::{
    Asks, BackupCandidate, ClearedBy, DEVICES_MAX, Enrolled, Enrolment, FactorAnswer, FactorAnswered, FactorUse,
};
use crate::flow::ports::{CodeGrant, OpenSession, SessionState, StoreFailed, StoredSession};
use crate::model::{AccountId, BrowserHash, DeviceId, Network, SessionId, Timestamp, TypedCode};

/// A session that may be shown a second factor now.
struct Awaiting {
    row: SessionRow,
    standing: Standing,
    /// Where a wrong one counts.
    counted_at: Network,
    /// Whether the e-mailed code comes after it.
    then_mail: bool,
}

/// Whether `session` may be shown a second factor from `network`, or what there's to say instead.
async fn admit(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    network: Network,
    used_for: &FactorUse,
    now: Timestamp,
) -> Result<Result<Box<Awaiting>, FactorAnswered>, StoreFailed> {
    match used_for {
        FactorUse::Clear { .. } => Ok(match codes::see(connection, rules, session, network, now).await? {
            Seen::NotWanted => Err(FactorAnswered::NotWanted),
            Seen::Blocked(block) => Err(FactorAnswered::Blocked { block, fresh: false }),
            Seen::Over => Err(FactorAnswered::Expired),
            Seen::Wanted(wanted) => {
                let Wanted { row, asks, standing, counted_at } = *wanted;
                match asks {
                    Asks::Mail => Err(FactorAnswered::NotWanted),
                    Asks::Factor | Asks::FactorThenMail => {
                        let then_mail = asks == Asks::FactorThenMail;
                        Ok(Box::new(Awaiting { row, standing, counted_at, then_mail }))
                    }
                }
            }
        }),
        FactorUse::Confirm => {
            let Some((row, standing)) = sessions::load_from(connection, session, network, now).await? else {
                return Ok(Err(FactorAnswered::NotWanted));
            };
            let usable = !row.pending() && !row.over(rules.session, now) && row.session.network == network;
            if !usable || !standing.enrolled() {
                return Ok(Err(FactorAnswered::NotWanted));
            }
            if let Some(block) = standing.block() {
                return Ok(Err(FactorAnswered::Blocked { block, fresh: false }));
            }
            Ok(Ok(Box::new(Awaiting { row, standing, counted_at: network, then_mail: false })))
        }
    }
}

/// A typed code of the app.
pub(super) async fn answer_totp(
    connection: &mut SqliteConnection,
    rules: &Rules,
    answer: &FactorAnswer,
    typed: &TypedCode,
) -> Result<FactorAnswered, StoreFailed> {
    let FactorAnswer { session, network, used_for, now, .. } = answer;
    let awaiting = match admit(connection, rules, *session, *network, used_for, *now).await? {
        Ok(awaiting) => awaiting,
        Err(answered) => return Ok(answered),
    };
    let found = compare_all(connection, rules, &awaiting.row.session.account, typed, *now).await?;
    let clock_off = match found {
        Found::Fits(device, step) if burn(connection, device, step, *now).await? => {
            return right(connection, rules, *awaiting, answer, ClearedBy::Totp, None).await;
        }
        Found::ClockOff { seconds } => Some(seconds),
        Found::Fits(..) | Found::No => None,
    };
    wrong(connection, rules, *awaiting, answer, clock_off).await
}

/// What a typed code is among the devices of an account.
enum Found {
    /// The code of this step of that device.
    Fits(DeviceId, Step),
    /// One of a device whose clock is off.
    ClockOff { seconds: i64 },
    /// None.
    No,
}

/// Compares with every device, whatever the others gave.
async fn compare_all(
    connection: &mut SqliteConnection,
    rules: &Rules,
    account: &AccountId,
    typed: &TypedCode,
    now: Timestamp,
) -> Result<Found, StoreFailed> {
    let rows =
        sqlx::query("SELECT id, sealed_secret, last_step FROM totp_devices WHERE account = $1 ORDER BY added_at, id")
            .bind(account.as_str())
            .fetch_all(connection)
            .await?;
    let (mut ids, mut devices) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        let device = DeviceId::from_slice(row.try_get(0)?).ok_or_else(|| unreadable("device"))?;
        let opened = rules.keys.open_totp(account, device, row.try_get(1)?).map_err(|_| unreadable("TOTP secret"))?;
        let secret = TotpSecret::from_slice(&opened).ok_or_else(|| unreadable("TOTP secret"))?;
        let last = u64::try_from(row.try_get::<i64, _>(2)?).map_err(|_| unreadable("TOTP step"))?;
        ids.push(device);
        devices.push((secret, Some(Step::of_number(last))));
    }
    let (at, compared) = totp::compare_all(&devices, typed, now);
    Ok(match (compared, ids.get(at)) {
        (Compared::Fits(step), Some(device)) => Found::Fits(*device, step),
        (Compared::ClockOff { seconds }, _) => Found::ClockOff { seconds },
        _ => Found::No,
    })
}

/// Uses a step up; `false` if it or a later one was used before.
async fn burn(
    connection: &mut SqliteConnection,
    device: DeviceId,
    step: Step,
    now: Timestamp,
) -> Result<bool, StoreFailed> {
    let burnt = sqlx::query(
        "UPDATE totp_devices SET last_step = $2, last_used_at = $3 WHERE id = $1 AND last_step < $2 RETURNING id",
    )
    .bind(device.as_bytes().as_slice())
    .bind(i64::try_from(step.number()).map_err(|_| unreadable("TOTP step"))?)
    .bind(now.as_millis())
    .fetch_optional(connection)
    .await?;
    Ok(burnt.is_some())
}

/// Whether a backup code may be tried, and what it's to be compared with.
pub(super) async fn backup_candidate(
    connection: &mut SqliteConnection,
    rules: &Rules,
    session: SessionId,
    network: Network,
    used_for: &FactorUse,
    slot: u8,
    now: Timestamp,
) -> Result<BackupCandidate, StoreFailed> {
    let awaiting = match admit(connection, rules, session, network, used_for, now).await? {
        Ok(awaiting) => awaiting,
        Err(answered) => return Ok(BackupCandidate::Not(answered)),
    };
    let hash = sqlx::query_scalar("SELECT hash FROM backup_codes WHERE account = $1 AND slot = $2 AND used_at IS NULL")
        .bind(awaiting.row.session.account.as_str())
        .bind(i64::from(slot))
        .fetch_optional(connection)
        .await?;
    Ok(BackupCandidate::Try(hash))
}

/// The outcome of comparing a backup code.
pub(super) async fn answer_backup(
    connection: &mut SqliteConnection,
    rules: &Rules,
    answer: &FactorAnswer,
    slot: u8,
    against: &str,
    fits: bool,
) -> Result<FactorAnswered, StoreFailed> {
    let FactorAnswer { session, network, used_for, now, .. } = answer;
    let awaiting = match admit(connection, rules, *session, *network, used_for, *now).await? {
        Ok(awaiting) => awaiting,
        Err(answered) => return Ok(answered),
    };
    let account = awaiting.row.session.account.clone();
    let used = fits && {
        // What is used up needs no hash any more.
        let used = sqlx::query(
            "UPDATE backup_codes SET used_at = $4, hash = '' \
             WHERE account = $1 AND slot = $2 AND hash = $3 AND used_at IS NULL RETURNING slot",
        )
        .bind(account.as_str())
        .bind(i64::from(slot))
        .bind(against)
        .bind(now.as_millis())
        .fetch_optional(&mut *connection)
        .await?;
        used.is_some()
    };
    if used {
        let left = backup_left(connection, &account).await?;
        right(connection, rules, *awaiting, answer, ClearedBy::Backup, Some(left)).await
    } else {
        wrong(connection, rules, *awaiting, answer, None).await
    }
}

/// Backup codes of an account that aren't used.
pub(super) async fn backup_left(connection: &mut SqliteConnection, account: &AccountId) -> Result<u32, StoreFailed> {
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM backup_codes WHERE account = $1 AND used_at IS NULL")
        .bind(account.as_str())
        .fetch_one(connection)
        .await?;
    u32::try_from(left).map_err(|_| unreadable("count"))
}

/// A right factor: the session is cleared, or goes on to the e-mailed code, or the change is confirmed.
async fn right(
    connection: &mut SqliteConnection,
    rules: &Rules,
    awaiting: Awaiting,
    answer: &FactorAnswer,
    by: ClearedBy,
    backup_left: Option<u32>,
) -> Result<FactorAnswered, StoreFailed> {
    let Awaiting { row, mut standing, then_mail, .. } = awaiting;
    let FactorAnswer { network, now, .. } = *answer;
    let FactorUse::Clear { new_token, remember, next_code } = &answer.used_for else {
        standing.tallies.forgive();
        standing.save(connection, rules).await?;
        return Ok(FactorAnswered::Confirmed { backup_left });
    };
    // Also where a mailed code follows: that one is never skipped, the factor was shown.
    if let (Some(browser), Some(lasts)) = (remember, rules.factors.remember_for) {
        remember_browser(connection, &row.session.account, *browser, now + lasts).await?;
    }
    if then_mail {
        // Wrong codes aren't forgiven here: who has the phone must not buy guesses at the mailed code.
        let session = await_mail(connection, rules, &row, network, now).await?;
        let grant = codes::mail(connection, rules, &row, &mut standing, next_code, now).await?;
        let session = match (&grant, session.state) {
            (CodeGrant::Granted { expires_at }, SessionState::Pending { .. }) => {
                StoredSession { state: SessionState::Pending { until: *expires_at }, ..session }
            }
            _ => session,
        };
        let SessionRow { addresses, language, .. } = row;
        return Ok(FactorAnswered::MailNext { session, grant, addresses, language, backup_left });
    }
    standing.tallies.forgive();
    standing.save(connection, rules).await?;
    let Recognised { session, sealed_jar, new_network } =
        codes::recognise(connection, rules, &row, network, *new_token, by, now).await?;
    Ok(FactorAnswered::Cleared { session, sealed_jar, backup_left, new_network })
}

/// The e-mailed code comes next: for a pending login whatever network it's typed from, for a cleared
/// session that turned up elsewhere from that network only, and as long as a pending login would live.
async fn await_mail(
    connection: &mut SqliteConnection,
    rules: &Rules,
    row: &SessionRow,
    network: Network,
    now: Timestamp,
) -> Result<StoredSession, StoreFailed> {
    sqlx::query(
        "UPDATE sessions SET asks = CASE WHEN pending_until IS NULL THEN asks ELSE $2 END, \
         factor_network = CASE WHEN pending_until IS NULL THEN $3 END, \
         factor_until = CASE WHEN pending_until IS NULL THEN $4 END WHERE id = $1",
    )
    .bind(row.session.id.as_bytes().as_slice())
    .bind(sessions::asks_text(Asks::Mail))
    .bind(network.to_string())
    .bind((now + rules.challenge.pending_ttl).as_millis())
    .execute(connection)
    .await?;
    Ok(row.session.clone())
}

/// A wrong factor: counted, and perhaps the last for now.
async fn wrong(
    connection: &mut SqliteConnection,
    rules: &Rules,
    awaiting: Awaiting,
    answer: &FactorAnswer,
    clock_off: Option<i64>,
) -> Result<FactorAnswered, StoreFailed> {
    let Awaiting { row, mut standing, counted_at, .. } = awaiting;
    let now = answer.now;
    let judged = standing.tallies.judge(&rules.challenge, Typed::Neither, now);
    standing.save(connection, rules).await?;
    let block = match judged {
        Judged::Blocks(blocks) => standing.block_for(connection, &blocks, answer.reference, now).await?,
        _ => None,
    };
    let Some(block) = block else {
        return Ok(FactorAnswered::Wrong { tries_left: standing.tries_left(rules, now), clock_off });
    };
    sessions::end_blocked(connection, &row, counted_at, now).await?;
    if matches!(answer.used_for, FactorUse::Confirm) {
        sessions::delete(connection, row.session.id).await?;
    }
    Ok(FactorAnswered::Blocked { block, fresh: true })
}

// ── Remembered browsers ────────────────────────────────────────────────────────────────────────

/// Whether the browser that a login came from is remembered for its account.
pub(super) async fn remembers(
    connection: &mut SqliteConnection,
    rules: &Rules,
    opening: &OpenSession,
) -> Result<bool, StoreFailed> {
    let (Some(browser), Some(_)) = (opening.remembered, rules.factors.remember_for) else { return Ok(false) };
    let found = sqlx::query("SELECT 1 FROM remembered_browsers WHERE hash = $1 AND account = $2 AND until > $3")
        .bind(browser.as_bytes().as_slice())
        .bind(opening.account.as_str())
        .bind(opening.now.as_millis())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

async fn remember_browser(
    connection: &mut SqliteConnection,
    account: &AccountId,
    browser: BrowserHash,
    until: Timestamp,
) -> Result<(), StoreFailed> {
    sqlx::query(
        "INSERT INTO remembered_browsers (hash, account, until) VALUES ($1, $2, $3) \
         ON CONFLICT (hash) DO UPDATE SET account = excluded.account, until = excluded.until",
    )
    .bind(browser.as_bytes().as_slice())
    .bind(account.as_str())
    .bind(until.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets every remembered browser of an account; gives how many.
pub(super) async fn forget_browsers(
    connection: &mut SqliteConnection,
    account: &AccountId,
) -> Result<u64, StoreFailed> {
    let gone = sqlx::query("DELETE FROM remembered_browsers WHERE account = $1")
        .bind(account.as_str())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected())
}

// ── Changes ────────────────────────────────────────────────────────────────────────────────────

/// Enrols a device, its secret sealed already.
pub(super) async fn enrol(
    connection: &mut SqliteConnection,
    rules: &Rules,
    enrolment: &Enrolment,
    sealed_secret: &[u8],
) -> Result<Enrolled, StoreFailed> {
    let account = &enrolment.account;
    let devices = count_devices(connection, account).await?;
    let generation = i64::try_from(enrolment.generation).map_err(|_| unreadable("generation"))?;
    if super::security::generation(connection, account).await? != enrolment.generation {
        return Ok(Enrolled::ChangedMeanwhile);
    }
    if devices >= DEVICES_MAX {
        return Ok(Enrolled::TooMany);
    }
    sqlx::query(
        "INSERT INTO account_choices (account, generation) VALUES ($1, $2 + 1) \
         ON CONFLICT (account) DO UPDATE SET generation = excluded.generation",
    )
    .bind(account.as_str())
    .bind(generation)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO totp_devices (id, account, name, sealed_secret, last_step, added_at, last_used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(enrolment.device.as_bytes().as_slice())
    .bind(account.as_str())
    .bind(&enrolment.name)
    .bind(sealed_secret)
    .bind(i64::try_from(enrolment.step.number()).map_err(|_| unreadable("TOTP step"))?)
    .bind(enrolment.now.as_millis())
    .execute(&mut *connection)
    .await?;
    if devices == 0 {
        store_backup_codes(connection, account, &enrolment.backup_hashes).await?;
        // A login that waits for the mailed code alone isn't enough any more.
        let asks = if rules.factors.mail_too { Asks::FactorThenMail } else { Asks::Factor };
        sqlx::query("UPDATE sessions SET asks = $2 WHERE account = $1 AND pending_until IS NOT NULL")
            .bind(account.as_str())
            .bind(sessions::asks_text(asks))
            .execute(connection)
            .await?;
    }
    Ok(Enrolled::Done)
}

async fn count_devices(connection: &mut SqliteConnection, account: &AccountId) -> Result<usize, StoreFailed> {
    let devices: i64 = sqlx::query_scalar("SELECT count(*) FROM totp_devices WHERE account = $1")
        .bind(account.as_str())
        .fetch_one(connection)
        .await?;
    usize::try_from(devices).map_err(|_| unreadable("count"))
}

async fn store_backup_codes(
    connection: &mut SqliteConnection,
    account: &AccountId,
    hashes: &[String],
) -> Result<(), StoreFailed> {
    sqlx::query("DELETE FROM backup_codes WHERE account = $1").bind(account.as_str()).execute(&mut *connection).await?;
    for (slot, hash) in (0_i64..).zip(hashes) {
        sqlx::query("INSERT INTO backup_codes (account, slot, hash, used_at) VALUES ($1, $2, $3, NULL)")
            .bind(account.as_str())
            .bind(slot)
            .bind(hash)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Replaces all backup codes; `false` without any device.
pub(super) async fn replace_backup_codes(
    connection: &mut SqliteConnection,
    account: &AccountId,
    hashes: &[String],
) -> Result<bool, StoreFailed> {
    if count_devices(connection, account).await? == 0 {
        return Ok(false);
    }
    store_backup_codes(connection, account, hashes).await?;
    changed(connection, account).await?;
    Ok(true)
}

/// Takes a device away, and all the rest with the last one; `false` if it isn't this account's.
pub(super) async fn remove_device(
    connection: &mut SqliteConnection,
    account: &AccountId,
    device: DeviceId,
) -> Result<bool, StoreFailed> {
    let gone = sqlx::query("DELETE FROM totp_devices WHERE id = $1 AND account = $2")
        .bind(device.as_bytes().as_slice())
        .bind(account.as_str())
        .execute(&mut *connection)
        .await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    if count_devices(connection, account).await? == 0 {
        clear_factors(connection, account).await?;
    }
    changed(connection, account).await?;
    Ok(true)
}

/// Takes all second factors of an account away; `false` if there were none.
pub(super) async fn turn_off(connection: &mut SqliteConnection, account: &AccountId) -> Result<bool, StoreFailed> {
    if count_devices(connection, account).await? == 0 {
        return Ok(false);
    }
    clear_factors(connection, account).await?;
    changed(connection, account).await?;
    Ok(true)
}

async fn clear_factors(connection: &mut SqliteConnection, account: &AccountId) -> Result<(), StoreFailed> {
    for sql in [
        "DELETE FROM totp_devices WHERE account = $1",
        "DELETE FROM backup_codes WHERE account = $1",
        "DELETE FROM remembered_browsers WHERE account = $1",
    ] {
        sqlx::query(sql).bind(account.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The account's factors have changed.
async fn changed(connection: &mut SqliteConnection, account: &AccountId) -> Result<(), StoreFailed> {
    sqlx::query(
        "INSERT INTO account_choices (account, generation) VALUES ($1, 1) \
         ON CONFLICT (account) DO UPDATE SET generation = account_choices.generation + 1",
    )
    .bind(account.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
