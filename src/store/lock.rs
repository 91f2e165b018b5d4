//! One process a store: two would decide by two clocks and hand one claim out twice.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Held as long as the store is open; the kernel takes it back from a process that dies.
///
/// It is on a file of its own: SQLite's locks on the database are lost as soon as the process
/// closes any other handle to that file.
#[derive(Debug)]
pub(super) struct StoreLock {
    _file: File,
}

/// Why the lock wasn't taken.
pub(super) enum NotLocked {
    /// Another process has it.
    Held,
    /// The file can't be made or locked.
    Io(io::Error),
}

impl StoreLock {
    pub(super) fn take(store: &Path) -> Result<Self, NotLocked> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(lock_path(store))
            .map_err(NotLocked::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(NotLocked::Held),
            Err(TryLockError::Error(error)) => Err(NotLocked::Io(error)),
        }
    }
}

/// The store's name with `.lock` behind it.
fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
