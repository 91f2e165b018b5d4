//! Looking things up from another process, while the gate runs or not: for the command line.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::migrate::{self, Format};
use super::open::{self, OpenFailed, of_sql};
use super::refusals;
use crate::flow::ports::{RefusalRecord, StoreFailed};
use crate::model::Reference;

/// A store opened for reading only: needs no key, takes no lock, changes nothing.
pub struct Lookup {
    connection: SqliteConnection,
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
        Format::Version(_) => Ok(Lookup { connection }),
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

    /// Closes it.
    ///
    /// # Errors
    /// When SQLite has something to say about it.
    pub async fn close(self) -> Result<(), StoreFailed> {
        Ok(self.connection.close().await?)
    }
}
