//! A directory in a file, and its reloading.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use tokio::runtime::Handle;

use super::accounts::{Accounts, Builder, Remarks};
use super::{CreationNetworks, InvalidAccountsFile, OwnDomains, csv_file, toml_file};
use crate::flow::ports::{AccountRecord, Directory, DirectoryUnavailable};
use crate::model::AccountId;

/// How often a file is looked at where nothing else is said; a change is in force after the second
/// look.
pub const RELOAD_EVERY: Duration = Duration::from_secs(10);
/// Largest file, in bytes: some four million accounts.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Lines that a warning names.
const NAMED_LINES: usize = 10;

/// Where the accounts are and how their lines are judged.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file: TOML if it's called `….toml`, CSV else.
    pub path: PathBuf,
    /// Mailboxes behind the gate.
    pub own_domains: OwnDomains,
    /// Which creation networks are trusted.
    pub creation: CreationNetworks,
}

/// Accounts from a CSV or TOML file. A changed file is read anew by [`Self::reload`]; one with
/// mistakes changes nothing.
pub struct FileDirectory {
    settings: Settings,
    accounts: ArcSwap<Accounts>,
    watch: Mutex<Watch>,
}

/// What the last looks at the file showed.
struct Watch {
    /// The state of the file that was judged last, for good or bad; `None`: it was gone.
    judged: Option<Signature>,
    /// The state at the last look.
    seen: Option<Signature>,
}

/// Tells two states of a file apart without reading it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Signature {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What came of a look at the file.
#[derive(Debug)]
pub enum Reload {
    /// Nothing new.
    Unchanged,
    /// It has changed since the last look, and is read when it has stayed the same until the next:
    /// somebody may be writing it.
    Settling,
    /// Read and in force.
    Replaced {
        /// So many accounts.
        accounts: usize,
    },
    /// It can't be used; what was in force stays.
    Kept(InvalidAccountsFile),
}

impl FileDirectory {
    /// Reads the file.
    ///
    /// # Errors
    /// When it can't be read, or with all mistakes in it.
    pub fn open(settings: Settings) -> Result<Self, InvalidAccountsFile> {
        let (accounts, remarks, signature) = load(&settings)?;
        tell(&settings.path, accounts.len(), &remarks);
        if accounts.len() == 0 {
            tracing::warn!(file = %settings.path.display(), "there are no accounts in the file");
        }
        let watch = Mutex::new(Watch { judged: Some(signature), seen: Some(signature) });
        Ok(Self { settings, accounts: ArcSwap::from_pointee(accounts), watch })
    }

    /// Looks at the file every so often, in a task on `runtime` that ends with the directory.
    pub fn keep_fresh(self: &Arc<Self>, every: Duration, runtime: &Handle) {
        let watched = Arc::downgrade(self);
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(directory) = watched.upgrade() else { break };
                if tokio::task::spawn_blocking(move || directory.reload()).await.is_err() {
                    break;
                }
            }
        });
    }

    /// One look at the file: reads it if it has changed and is at rest. Blocks while it reads.
    /// Mistakes are logged once, until the file changes again.
    pub fn reload(&self) -> Reload {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let path = &self.settings.path;
        let present = match std::fs::metadata(path) {
            Ok(metadata) => Some(Signature::of(&metadata)),
            Err(error) => {
                let news = watch.judged.take().is_some();
                watch.seen = None;
                if !news {
                    return Reload::Unchanged;
                }
                return kept(InvalidAccountsFile::Unreadable { path: path.clone(), error });
            }
        };
        if present == watch.judged {
            watch.seen = present;
            return Reload::Unchanged;
        }
        if present != watch.seen {
            watch.seen = present;
            return Reload::Settling;
        }
        match load(&self.settings) {
            Err(InvalidAccountsFile::Changing { .. }) => Reload::Settling,
            Err(error) => {
                watch.judged = present;
                kept(error)
            }
            Ok((accounts, _, signature)) if accounts.len() == 0 && self.accounts.load().len() > 0 => {
                watch.judged = Some(signature);
                kept(InvalidAccountsFile::Emptied { path: path.clone() })
            }
            Ok((accounts, remarks, signature)) => {
                let count = accounts.len();
                self.accounts.store(Arc::new(accounts));
                (watch.judged, watch.seen) = (Some(signature), Some(signature));
                tell(path, count, &remarks);
                Reload::Replaced { accounts: count }
            }
        }
    }
}

#[async_trait]
impl Directory for FileDirectory {
    async fn lookup(&self, account: &AccountId) -> Result<Option<AccountRecord>, DirectoryUnavailable> {
        Ok(self.accounts.load().record(account))
    }
}

impl Signature {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

fn kept(error: InvalidAccountsFile) -> Reload {
    tracing::warn!(%error, "the file of accounts can't be used; what was read before stays in force");
    Reload::Kept(error)
}

fn load(settings: &Settings) -> Result<(Accounts, Remarks, Signature), InvalidAccountsFile> {
    let (bytes, signature) = read(&settings.path)?;
    let mut builder = Builder::new(&settings.own_domains, settings.creation);
    if settings.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        toml_file::read(&bytes, &mut builder);
    } else {
        csv_file::read(&bytes, &mut builder);
    }
    let (accounts, remarks) =
        builder.finish().map_err(|mistakes| InvalidAccountsFile::Mistakes { path: settings.path.clone(), mistakes })?;
    Ok((accounts, remarks, signature))
}

/// The file's bytes, and the state in which they were read.
fn read(path: &Path) -> Result<(Vec<u8>, Signature), InvalidAccountsFile> {
    let unreadable = |error| InvalidAccountsFile::Unreadable { path: path.to_owned(), error };
    // Looked at before it's opened: opening a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(std::io::Error::other("not a regular file")));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let before = Signature::of(&file.metadata().map_err(unreadable)?);
    let mut bytes = Vec::with_capacity(usize::try_from(before.size.min(MAX_BYTES)).unwrap_or(0));
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(InvalidAccountsFile::TooLarge { path: path.to_owned(), max: MAX_BYTES });
    }
    let after = Signature::of(&file.metadata().map_err(unreadable)?);
    if before != after || bytes.len() as u64 != after.size {
        return Err(InvalidAccountsFile::Changing { path: path.to_owned() });
    }
    Ok((bytes, after))
}

fn tell(path: &Path, accounts: usize, remarks: &Remarks) {
    let file = path.display();
    tracing::info!(%file, accounts, "accounts read");
    if !remarks.behind_gate.is_empty() {
        let lines: Vec<String> = remarks.behind_gate.iter().take(NAMED_LINES).map(ToString::to_string).collect();
        tracing::warn!(
            %file,
            accounts = remarks.behind_gate.len(),
            first_lines = lines.join(", "),
            "accounts whose only addresses lie behind this gate: no code can be sent to them"
        );
    }
    if remarks.without_address > remarks.behind_gate.len() {
        let accounts = remarks.without_address - remarks.behind_gate.len();
        tracing::warn!(%file, accounts, "accounts without an address: no code can be sent to them");
    }
    if remarks.private_networks > 0 {
        let accounts = remarks.private_networks;
        tracing::info!(%file, accounts, "creation networks that aren't public are not trusted");
    }
    if remarks.shared_networks > 0 {
        let accounts = remarks.shared_networks;
        tracing::info!(%file, accounts, "creation networks that too many accounts share are not trusted");
    }
}
