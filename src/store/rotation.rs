//! Another key in the place of the one there is.
//!
//! ```text
//! new key written beside the old, as `<key>.new` ─► one transaction ─► `<key>.new` renamed to `<key>`
//! ```
//!
//! The transaction encrypts anew what must stay, drops what hangs on the old key (whoever is logged in
//! logs in again), and keeps the new key's identity. A crash before it leaves all as it was; one
//! between it and the renaming is [healed](heal) at the next start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rand::CryptoRng;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};

use super::failure::unreadable;
use super::key_file::{self, KeyFileError};
use super::open::{self, OpenFailed, Settings, of_sql};
use crate::flow::ports::StoreFailed;
use crate::model::{AccountId, DeviceId, Keys, MasterKey};

/// The key wasn't changed; the old one is in force.
#[derive(Debug, thiserror::Error)]
pub enum RotationFailed {
    /// The store can't be opened, because the gate runs, or for what else.
    #[error(transparent)]
    Open(#[from] OpenFailed),
    /// The new key can't be written, or given its name.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The store can't be written.
    #[error(transparent)]
    Store(#[from] StoreFailed),
}

/// What a change of the key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Secrets of authenticator apps that were encrypted anew.
    pub secrets: u64,
    /// Sessions that ended, pending ones too.
    pub sessions: u64,
}

/// Where the new key waits until the store is its own.
pub fn waiting_at(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Makes a new key and puts it into the place of the one that `settings` names. Nobody else may have
/// the store open.
///
/// # Errors
/// When the store can't be opened or written, or the key file can't be made: then nothing is changed.
/// Where only its renaming fails, [`heal`] does the rest.
pub async fn rotate(settings: &Settings, rng: &mut impl CryptoRng) -> Result<Rotated, RotationFailed> {
    let mut opened = open::open(settings).await?;
    opened.readers.close().await;
    let waiting = waiting_at(&settings.key_path);
    // The key file fits the store: what waits beside it is from a change that wasn't made.
    match fs::remove_file(&waiting) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(KeyFileError::Io { path: waiting, deed: "replaced", source }.into());
        }
        _ => {}
    }
    let master = key_file::create_new(&waiting, rng)?;
    let rotated = change(&mut opened.connection, settings, &Keys::derive(&master), rng).await;
    let closed = opened.connection.close().await;
    let rotated = rotated?;
    key_file::rename(&waiting, &settings.key_path)?;
    closed.map_err(StoreFailed::from)?;
    drop(opened.guard);
    Ok(rotated)
}

/// The one transaction.
async fn change(
    connection: &mut SqliteConnection,
    settings: &Settings,
    new: &Keys,
    rng: &mut impl CryptoRng,
) -> Result<Rotated, StoreFailed> {
    // What the old key opens isn't left lying in free pages.
    sqlx::query("PRAGMA secure_delete = on").execute(&mut *connection).await?;
    let mut changing = connection.begin_with("BEGIN IMMEDIATE").await?;
    let rows = sqlx::query("SELECT id, account, sealed_secret FROM totp_devices").fetch_all(&mut *changing).await?;
    for row in &rows {
        let device = DeviceId::from_slice(row.try_get(0)?).ok_or_else(|| unreadable("device"))?;
        let account = AccountId::of_store(row.try_get(1)?);
        let opened = settings.keys.open_totp(&account, device, row.try_get(2)?);
        let secret = opened.map_err(|_| unreadable("TOTP secret"))?;
        sqlx::query("UPDATE totp_devices SET sealed_secret = $2 WHERE id = $1")
            .bind(device.as_bytes().as_slice())
            .bind(new.seal_totp(&account, device, &secret, rng))
            .execute(&mut *changing)
            .await?;
    }
    // Tokens, codes, claims and parked jars are worth nothing without the key they were made with;
    // codes and confirmations go with their sessions.
    let sessions = sqlx::query("DELETE FROM sessions").execute(&mut *changing).await?.rows_affected();
    sqlx::query("DELETE FROM claims").execute(&mut *changing).await?;
    sqlx::query("UPDATE settings SET value = $1 WHERE name = 'key id'")
        .bind(new.id().as_slice())
        .execute(&mut *changing)
        .await?;
    changing.commit().await?;
    Ok(Rotated { secrets: rows.len() as u64, sessions })
}

/// Finishes a change of the key that was interrupted between its transaction and the renaming: then
/// the store belongs to the key that waits. Gives whether that was so. To be called before the key is
/// loaded.
///
/// # Errors
/// When the key that waits can't be read or given its name, or the store can't be asked.
pub async fn heal(key: &Path, store: &Path) -> Result<bool, RotationFailed> {
    let waiting = waiting_at(key);
    let master = match key_file::load(&waiting) {
        Ok(master) => master,
        Err(KeyFileError::Missing { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    // Nobody may be changing the key right now.
    let _guard = open::lock(store)?;
    if !belongs(&master, store).await? {
        return Ok(false);
    }
    key_file::rename(&waiting, key)?;
    Ok(true)
}

/// Whether the store's own key is `master`.
async fn belongs(master: &MasterKey, store: &Path) -> Result<bool, OpenFailed> {
    if !store.exists() {
        return Ok(false);
    }
    let sql = |error| of_sql(store, &error);
    let mut connection = open::options(store).create_if_missing(false).connect().await.map_err(sql)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = 'settings'")
        .fetch_one(&mut connection)
        .await
        .map_err(sql)?;
    let kept: Option<Vec<u8>> = if tables == 0 {
        None
    } else {
        sqlx::query_scalar("SELECT value FROM settings WHERE name = 'key id'")
            .fetch_optional(&mut connection)
            .await
            .map_err(sql)?
    };
    connection.close().await.map_err(sql)?;
    Ok(kept.as_deref() == Some(Keys::derive(master).id().as_slice()))
}
