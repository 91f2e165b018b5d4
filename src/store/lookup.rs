//! Looking things up from another process, while the gate runs or not: for the command line.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::migrate::{self, Format};
use super::open::{self, OpenFailed, of_sql};
use super::refusals;
use super::support::{self, AccountReport};
use crate::flow::ports::{RefusalRecord, StoreFailed};
use crate::limit::SessionLimits;
use crate::model::{AccountId, Reference, Timestamp};

/// A store opened for reading only: needs no key, takes no lock, changes nothing.
pub struct Lookup {
    connection: SqliteConnection,
    format: i64,
}

/// Opens the store at `path` for looking things up.
///
/// # Errors
/// When it isn't there, isn't a store, is of a newer format, or can't be read.
pub async fn open_readonly(path: &Path) -> Result<Lookup, OpenFailed> {
    let sql = |error| of_sql(path, &error);
    let mut connection = open::options(path).read_only(true).connect().await.map_err(sql)?;
    match migrate::format(&mut connection).await.map_err(sql)? {
        Format::Version(0) | Format::Foreign => Err(OpenFailed::NotAStore { path: path.to_owned() }),
        Format::Version(found) if found > migrate::KNOWN => {
            Err(OpenFailed::Newer { path: path.to_owned(), found, known: migrate::KNOWN })
        }
        Format::Version(format) => Ok(Lookup { connection, format }),
    }
}

impl Lookup {
    /// The refusal or block with this reference.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn reference(&mut self, reference: Reference) -> Result<Option<RefusalRecord>, StoreFailed> {
        refusals::find(&mut self.connection, reference).await
    }

    /// What support sees of an account.
    ///
    /// # Errors
    /// When the store can't be read, or is of a format from before there was such a thing.
    pub async fn account(
        &mut self,
        account: &AccountId,
        limits: SessionLimits,
        now: Timestamp,
    ) -> Result<AccountReport, StoreFailed> {
        if self.format < migrate::KNOWN {
            let older = "it has the format of an older version: start the gate of this version once";
            return Err(StoreFailed(older.to_owned()));
        }
        let mut reading = self.connection.begin().await?;
        support::report(&mut reading, limits, account, now).await
    }

    /// The latest instant that the store was ever decided by.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn high_water(&mut self) -> Result<Timestamp, StoreFailed> {
        let latest = sqlx::query_scalar("SELECT high_water FROM clock").fetch_one(&mut self.connection).await?;
        Ok(Timestamp::from_millis(latest))
    }

    /// Closes it.
    ///
    /// # Errors
    /// When SQLite has something to say about it.
    pub async fn close(self) -> Result<(), StoreFailed> {
        Ok(self.connection.close().await?)
    }
}
