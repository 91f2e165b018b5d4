//! Opening a store: whose it is, whether this version can read it, whether it can be written.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use log::LevelFilter;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};

use super::lock::{NotLocked, StoreLock};
use super::migrate;
use super::processor::Processor;
use crate::challenge::ChallengePolicy;
use crate::flow::ports::account::FactorPolicy;
use crate::limit::SessionLimits;
use crate::model::{Keys, Timestamp};

/// How long a statement waits for SQLite's own locks. Only the command line's look-ups and the
/// checkpoints they hold up can ever make anybody wait.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that read: the pages that show how a challenge stands, and look-ups.
const READERS: u32 = 4;
/// More than there are different statements.
const STATEMENTS: usize = 200;

/// What a store needs to be opened.
pub struct Settings {
    /// The database file.
    pub path: PathBuf,
    /// Where `keys` came from, for the message when they don't belong to the store.
    pub key_path: PathBuf,
    /// The gate's keys.
    pub keys: Keys,
    /// The numbers of the e-mailed code.
    pub challenge: ChallengePolicy,
    /// The rules of second factors.
    pub factors: FactorPolicy,
    /// How long sessions live.
    pub session: SessionLimits,
    /// The longest that the database file may grow, in pages of 4 KiB; `None`: as far as the disk goes.
    pub page_limit: Option<u32>,
}

/// The store can't be opened: all for the operator to put right.
#[derive(Debug, thiserror::Error)]
pub enum OpenFailed {
    /// The folder isn't there.
    #[error("the folder of the store {path} does not exist: make it, owned by the user that runs Poterne")]
    NoFolder {
        /// The store.
        path: PathBuf,
    },
    /// The file or its folder can't be written.
    #[error("the store {path} or its folder can't be written: {reason}")]
    NotWritable {
        /// The store.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is something else.
    #[error("{path} is not a store of Poterne: name another file, or move this one away")]
    NotAStore {
        /// The store.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("the store {path} is damaged ({reason}): restore it from a backup")]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// A newer Poterne wrote it.
    #[error(
        "the store {path} was written by a newer version of Poterne (format {found}, this version knows up to \
         {known}): run that version, or restore a backup from before"
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The key file belongs to another store.
    #[error(
        "the key file {key} does not belong to the store {store}: name the key file that the store was made with, or \
         another store"
    )]
    WrongKey {
        /// The key file.
        key: PathBuf,
        /// The store.
        store: PathBuf,
    },
    /// Another process has it open.
    #[error("the store {path} is in use by another process: only one Poterne can run on it")]
    InUse {
        /// The store.
        path: PathBuf,
    },
    /// No room.
    #[error("there is no room on the disk of the store {path}")]
    DiskFull {
        /// The store.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the store {path} can't be opened: {reason}")]
    Other {
        /// The store.
        path: PathBuf,
        /// What the system or SQLite says.
        reason: String,
    },
}

/// What an opened store consists of.
pub(super) struct Opened {
    pub(super) connection: SqliteConnection,
    pub(super) processor: Processor,
    pub(super) readers: SqlitePool,
    pub(super) high_water: Timestamp,
    pub(super) guard: StoreLock,
}

pub(super) async fn open(settings: &Settings) -> Result<Opened, OpenFailed> {
    let path = &settings.path;
    let guard = prepare_file(path)?;
    let options = options(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // The WAL is given back to the disk after a burst; 64 MiB is two hundred full commits.
        .pragma("journal_size_limit", "67108864")
        // Pages go from the WAL to the file every 16 MiB. At SQLite's own 4 MiB that was every second
        // commit of a burst, each time with two more flushes, and a page that many commits change was
        // written as many times.
        .pragma("wal_autocheckpoint", "4096")
        // What is destroyed (a parked jar) isn't left lying in free pages.
        .pragma("secure_delete", "fast")
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-16384");
    let options = match settings.page_limit {
        Some(pages) => options.pragma("max_page_count", pages.to_string()),
        None => options,
    };
    let sql = |error| of_sql(path, &error);
    let processor = Processor::current();
    let mut connection = processor.connect(options).await.map_err(sql)?;
    migrate::migrate(&mut connection, settings).await?;
    let high_water = migrate::check_writable(&mut connection).await.map_err(sql)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(BUSY_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(self::options(path).read_only(true))
        .await
        .map_err(sql)?;
    Ok(Opened { connection, processor, readers, high_water, guard })
}

/// What every connection has in common.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .log_statements(LevelFilter::Off)
}

/// Takes the lock on a store.
pub(super) fn lock(path: &Path) -> Result<StoreLock, OpenFailed> {
    StoreLock::take(path).map_err(|not_locked| match not_locked {
        NotLocked::Held => OpenFailed::InUse { path: path.to_owned() },
        NotLocked::Io(error) => of_io(path, &error),
    })
}

/// Makes the file, for its owner only, if it isn't there, and takes the lock. SQLite gives its
/// other files the same permissions.
fn prepare_file(path: &Path) -> Result<StoreLock, OpenFailed> {
    if path.is_dir() {
        return Err(OpenFailed::NotAStore { path: path.to_owned() });
    }
    let guard = lock(path)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = File::open(folder.unwrap_or(Path::new(".")));
            folder.and_then(|folder| folder.sync_all()).map_err(|error| of_io(path, &error))?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(of_io(path, &error)),
    }
    Ok(guard)
}

fn of_io(path: &Path, error: &io::Error) -> OpenFailed {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => OpenFailed::NoFolder { path },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            OpenFailed::NotWritable { path, reason: error.to_string() }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => OpenFailed::DiskFull { path },
        _ => OpenFailed::Other { path, reason: error.to_string() },
    }
}

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>) in an operator's words.
pub(super) fn of_sql(path: &Path, error: &sqlx::Error) -> OpenFailed {
    let path = path.to_owned();
    let reason = error.to_string();
    let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i32>().ok());
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => OpenFailed::InUse { path },
        Some(8 | 14 | 23) => OpenFailed::NotWritable { path, reason },
        Some(11) => OpenFailed::Damaged { path, reason },
        Some(13) => OpenFailed::DiskFull { path },
        Some(26) => OpenFailed::NotAStore { path },
        _ => OpenFailed::Other { path, reason },
    }
}
