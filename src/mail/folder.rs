//! A folder that takes mails, one `.eml` file each.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::compose::Parcel;
use crate::model::Timestamp;

/// Writes mails into a folder. A file is there whole or not at all, for its owner's eyes only, and
/// names sort in the order of writing.
#[derive(Clone)]
pub(super) struct Folder {
    path: Arc<Path>,
    written: Arc<AtomicU64>,
}

impl Folder {
    /// The folder at `path`, made (0700) if it isn't there.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !fs::metadata(&path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path: path.into(), written: Arc::default() })
    }

    /// Writes one mail. `id` keeps files of several processes apart.
    pub(super) async fn put(&self, parcel: Arc<Parcel>, id: u128, now: Timestamp) -> io::Result<()> {
        let folder = self.clone();
        tokio::task::spawn_blocking(move || folder.write(&parcel, id, now)).await.map_err(io::Error::other)?
    }

    fn write(&self, parcel: &Parcel, id: u128, now: Timestamp) -> io::Result<()> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let name = format!("{:013}-{number:06}-{id:032x}", now.as_millis().max(0));
        let unfinished = self.path.join(format!(".{name}.part"));
        let result = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(&parcel.bytes).and_then(|()| file.sync_data()))
            .and_then(|()| fs::rename(&unfinished, self.path.join(format!("{name}.eml"))));
        if result.is_err() {
            // Best effort: the error that counts is the first one.
            let _ = fs::remove_file(&unfinished);
        }
        result
    }
}
