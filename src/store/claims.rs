//! Claims on the values of panel cookies (DESIGN R3).
//!
//! A claim is *held* by an attempt until the verdict is in, *owned* by a session after it, or both
//! when the attempt is made inside that session:
//!
//! ```text
//! (free) ──claim──► held by A ──accepted──► owned by S ──claim, released by S──► held by B, owned by S
//!    ▲                  │                       ▲                                  │            │
//!    └────refused───────┘                       └───────────────refused────────────┘            │
//!                                                               owned by T ◄────accepted────────┘
//! ```
//!
//! A refused login inside a session gives the value back to that session and never frees it: the
//! panel may have elevated it already, and a free value passes without any code.

use sqlx::SqliteConnection;

use super::writer::Fate;
use crate::flow::ports::{ClaimOutcome, NewClaim, StoreFailed};
use crate::model::{AttemptId, SessionId};

/// Claims all keys or none.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    claim: &NewClaim,
) -> Result<Fate<ClaimOutcome>, StoreFailed> {
    let mut keys = claim.keys.clone();
    // In one order, so that on an engine with row locks two attempts can't wait for each other.
    keys.sort_unstable();
    keys.dedup();
    for (at, key) in keys.into_iter().enumerate() {
        let taken = sqlx::query(
            "INSERT INTO claims (claim, attempt, session, ends_at) VALUES ($1, $2, NULL, $3) \
             ON CONFLICT (claim) DO UPDATE SET attempt = excluded.attempt, \
                 session = CASE WHEN claims.ends_at <= $4 THEN NULL ELSE claims.session END, \
                 ends_at = CASE WHEN claims.ends_at > excluded.ends_at THEN claims.ends_at ELSE excluded.ends_at END \
             WHERE claims.ends_at <= $4 OR (claims.attempt IS NULL AND claims.session = $5) \
                OR claims.attempt = excluded.attempt",
        )
        .bind(key.as_bytes().as_slice())
        .bind(claim.attempt.as_bytes().as_slice())
        .bind(claim.until.as_millis())
        .bind(claim.now.as_millis())
        .bind(claim.released_by.map(|session| session.as_bytes().to_vec()))
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if taken == 0 {
            let taken = ClaimOutcome::Taken;
            return Ok(if at == 0 { Fate::Keep(taken) } else { Fate::Undo(taken) });
        }
    }
    Ok(Fate::Keep(ClaimOutcome::Claimed))
}

/// A refused login: what it held is free again, or its session's as before.
pub(super) async fn release(connection: &mut SqliteConnection, attempt: AttemptId) -> Result<(), StoreFailed> {
    sqlx::query("DELETE FROM claims WHERE attempt = $1 AND session IS NULL")
        .bind(attempt.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE claims SET attempt = NULL WHERE attempt = $1")
        .bind(attempt.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// An accepted login: what the attempt held is its session's. Both are parameters.
macro_rules! hand_claims_to {
    ($attempt:literal, $session:literal) => {
        concat!("UPDATE claims SET session = ", $session, ", attempt = NULL WHERE attempt = ", $attempt)
    };
}
pub(super) use hand_claims_to;

/// The same, as a statement of its own.
pub(super) async fn hand_to(
    connection: &mut SqliteConnection,
    attempt: AttemptId,
    session: SessionId,
) -> Result<(), StoreFailed> {
    sqlx::query(hand_claims_to!("$1", "$2"))
        .bind(attempt.as_bytes().as_slice())
        .bind(session.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}
