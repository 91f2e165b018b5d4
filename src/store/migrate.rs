//! The store's format: which one a file has, and how it becomes the newest.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::open::{OpenFailed, Settings, of_sql};
use crate::model::Timestamp;

/// Says in the file's header that it's a store of Poterne ("Ptrn"; `PRAGMA application_id`).
const APPLICATION: i64 = 0x5074_726e;

/// Each makes the next format from the one before; a file's format is how many were applied
/// (`PRAGMA user_version`). Never changed once released, only added to.
const MIGRATIONS: [&str; 3] =
    [include_str!("migrations/0001.sql"), include_str!("migrations/0002.sql"), include_str!("migrations/0003.sql")];

/// The newest format that this version knows.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Brings the store to the newest format, after checking that it may be touched at all.
pub(super) async fn migrate(connection: &mut SqliteConnection, settings: &Settings) -> Result<(), OpenFailed> {
    let path = &settings.path;
    let found = format(connection).await.map_err(|error| of_sql(path, &error))?;
    match found {
        Format::Foreign => Err(OpenFailed::NotAStore { path: path.clone() }),
        Format::Version(found) if found > KNOWN => Err(OpenFailed::Newer { path: path.clone(), found, known: KNOWN }),
        Format::Version(found) => {
            if found > 0 {
                check_key(connection, settings).await?;
            }
            let applied = usize::try_from(found).unwrap_or(0);
            for (before, migration) in MIGRATIONS.iter().enumerate().skip(applied) {
                apply(connection, before + 1, migration).await.map_err(|error| of_sql(path, &error))?;
            }
            check_key(connection, settings).await
        }
    }
}

/// Whose file it is, and in which format.
pub(super) enum Format {
    /// A new file (0), or a store in this format.
    Version(i64),
    /// Another program's database.
    Foreign,
}

/// The format of the file behind `connection`.
pub(super) async fn format(connection: &mut SqliteConnection) -> Result<Format, sqlx::Error> {
    let (application,): (i64,) = sqlx::query_as("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let (version,): (i64,) = sqlx::query_as("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let (tables,): (i64,) = sqlx::query_as("SELECT count(*) FROM sqlite_master").fetch_one(&mut *connection).await?;
    Ok(match (application, version, tables) {
        (APPLICATION, version, _) => Format::Version(version),
        (0, 0, 0) => Format::Version(0),
        _ => Format::Foreign,
    })
}

async fn apply(connection: &mut SqliteConnection, version: usize, migration: &'static str) -> Result<(), sqlx::Error> {
    let script = format!(
        "BEGIN IMMEDIATE;\n{migration}\nPRAGMA application_id = {APPLICATION};\nPRAGMA user_version = {version};\nCOMMIT;"
    );
    // Made of this file's own constants only.
    let applied = sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *connection).await;
    if applied.is_err() {
        // Fails when SQLite gave the transaction up already, which is what's wanted.
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
    }
    applied.map(|_| ())
}

/// Keeps the key's identity in a new store; in an old one, compares it (DESIGN R8).
async fn check_key(connection: &mut SqliteConnection, settings: &Settings) -> Result<(), OpenFailed> {
    let (kept,): (Vec<u8>,) = sqlx::query_as(
        "INSERT INTO settings (name, value) VALUES ('key id', $1) ON CONFLICT (name) DO UPDATE SET name = excluded.name \
         RETURNING value",
    )
    .bind(settings.keys.id().as_slice())
    .fetch_one(connection)
    .await
    .map_err(|error| of_sql(&settings.path, &error))?;
    if kept == settings.keys.id() {
        Ok(())
    } else {
        Err(OpenFailed::WrongKey { key: settings.key_path.clone(), store: settings.path.clone() })
    }
}

/// Writes something, so that a store that can't be written is noticed at the start; gives the
/// latest instant that the store was ever decided by.
pub(super) async fn check_writable(connection: &mut SqliteConnection) -> Result<Timestamp, sqlx::Error> {
    let (high_water,): (i64,) =
        sqlx::query_as("UPDATE clock SET high_water = high_water RETURNING high_water").fetch_one(connection).await?;
    Ok(Timestamp::from_millis(high_water))
}
