//! The key file: made once, at the first start, and guarded from then on.
//!
//! Whoever reads it can open parked jars and make stamps; whoever loses it logs everybody out. So
//! it's never readable by others, never replaced, and never made anew behind an operator's back
//! while a store exists that belongs to another one (DESIGN R8).

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::model::MasterKey;

/// The word in front of the key, which says what the file is and in which version.
const LABEL: &str = "poterne-key-1";
/// No key file is longer, in bytes.
const MAX_LENGTH: u64 = 256;

/// The key file can't be used: all for the operator to put right.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Somebody else on this machine could have read it.
    #[error(
        "the key file {path} can be read by others (mode {mode:03o}): if nobody did, chmod 600 it, else replace it \
         and the store"
    )]
    ReadableByOthers {
        /// The key file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What's in it isn't a key.
    #[error("{path} is not a key file of Poterne, or is damaged: restore it from a backup")]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// There's a store, but its key is gone.
    #[error(
        "the key file {key} is missing, but the store {store} exists and was made with it: restore the key file, or \
         move the store away to begin with nothing (all sessions, known networks and blocks are lost with it)"
    )]
    MissingForStore {
        /// The key file.
        key: PathBuf,
        /// The store.
        store: PathBuf,
    },
    /// Not there.
    #[error("the key file {path} does not exist")]
    Missing {
        /// The key file.
        path: PathBuf,
    },
    /// It can't be read or made.
    #[error("the key file {path} can't be {deed}: {source}")]
    Io {
        /// The key file.
        path: PathBuf,
        /// "read", "made" or "replaced".
        deed: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// The key in the file at `path`.
///
/// # Errors
/// When it's missing, readable by others, or not a key file.
pub fn load(path: &Path) -> Result<MasterKey, KeyFileError> {
    let io = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing { path: path.to_owned() },
        _ => KeyFileError::Io { path: path.to_owned(), deed: "read", source },
    };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(KeyFileError::Malformed { path: path.to_owned() });
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::ReadableByOthers { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(MAX_LENGTH as usize + 1));
    match file.take(MAX_LENGTH + 1).read_to_string(&mut text) {
        Err(source) if source.kind() != io::ErrorKind::InvalidData => Err(io(source)),
        _ => parse(&text).ok_or_else(|| KeyFileError::Malformed { path: path.to_owned() }),
    }
}

/// The key in the file at `path`; makes the file, with mode 0600, if there's none.
///
/// What's there afterwards is whole and durable, also after a crash in the middle; of several
/// processes that start at once, one makes it and all get the same key.
///
/// # Errors
/// As [`load`], and when it can't be made.
pub fn load_or_create(path: &Path, rng: &mut impl CryptoRng) -> Result<MasterKey, KeyFileError> {
    match load(path) {
        Err(KeyFileError::Missing { .. }) => {}
        loaded => return loaded,
    }
    match create(path, &MasterKey::random(rng)) {
        Ok(()) => load(path),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => load(path),
        Err(source) => Err(KeyFileError::Io { path: path.to_owned(), deed: "made", source }),
    }
}

/// A fresh key in a file at `path`, where there's none yet.
pub(super) fn create_new(path: &Path, rng: &mut impl CryptoRng) -> Result<MasterKey, KeyFileError> {
    let key = MasterKey::random(rng);
    match create(path, &key) {
        Ok(()) => Ok(key),
        Err(source) => Err(KeyFileError::Io { path: path.to_owned(), deed: "made", source }),
    }
}

/// Puts the key file `from` into the place of the one at `to`: afterwards, whatever happens, one of
/// them is there, whole.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), KeyFileError> {
    fs::rename(from, to).and_then(|()| File::open(folder_of(to))?.sync_all()).map_err(|source| KeyFileError::Io {
        path: to.to_owned(),
        deed: "replaced",
        source,
    })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The key for the store at `store`: as [`load_or_create`], but never makes a key for a store that
/// exists.
///
/// # Errors
/// As [`load_or_create`], and [`KeyFileError::MissingForStore`].
pub fn load_for_store(path: &Path, store: &Path, rng: &mut impl CryptoRng) -> Result<MasterKey, KeyFileError> {
    match load(path) {
        Err(KeyFileError::Missing { .. }) if store.metadata().is_ok_and(|store| store.len() > 0) => {
            Err(KeyFileError::MissingForStore { key: path.to_owned(), store: store.to_owned() })
        }
        Err(KeyFileError::Missing { .. }) => load_or_create(path, rng),
        loaded => loaded,
    }
}

fn parse(text: &str) -> Option<MasterKey> {
    let key = text.strip_prefix(LABEL)?.strip_prefix(' ')?;
    let key = key.strip_suffix('\n').unwrap_or(key);
    let mut bytes = Zeroizing::new([0; 32]);
    let length = URL_SAFE_NO_PAD.decode_slice(key, bytes.as_mut_slice()).ok()?;
    (length == bytes.len()).then(|| MasterKey::from_bytes(*bytes))
}

/// Writes the whole file under a passing name (0600 from the start), then gives it its own name,
/// which fails if that is taken.
fn create(path: &Path, key: &MasterKey) -> io::Result<()> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .prefix(".poterne.key.")
        .permissions(PermissionsExt::from_mode(0o600))
        .tempfile_in(folder)?;
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.expose()));
    let text = Zeroizing::new(format!("{LABEL} {}\n", encoded.as_str()));
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|failed| failed.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn rng(seed: u64) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(seed)
    }

    #[test]
    fn it_is_made_once_and_read_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poterne.key");
        let made = load_or_create(&path, &mut rng(1)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_create(&path, &mut rng(2)).unwrap().expose(), made.expose());
        assert_eq!(load(&path).unwrap().expose(), made.expose());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poterne.key");
        load_or_create(&path, &mut rng(1)).unwrap();
        for mode in [0o640, 0o604, 0o666, 0o610] {
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let refused = load_or_create(&path, &mut rng(2)).err().unwrap();
            assert!(matches!(refused, KeyFileError::ReadableByOthers { mode: seen, .. } if seen == mode), "{refused}");
        }
        fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
        load(&path).unwrap();
    }

    #[test]
    fn what_is_no_key_is_never_taken_for_one_nor_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poterne.key");
        load_or_create(&path, &mut rng(1)).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let cut = good.trim_end().strip_suffix(|_| true).unwrap();
        for text in ["", "\n", "hello", cut, &format!("{good} "), &format!("{good}{good}"), &good.replace('1', "2")] {
            fs::write(&path, text).unwrap();
            assert!(matches!(load_or_create(&path, &mut rng(2)), Err(KeyFileError::Malformed { .. })), "{text:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::write(&path, [0xff; 40]).unwrap();
        assert!(matches!(load(&path), Err(KeyFileError::Malformed { .. })));
        fs::write(&path, good.trim_end()).unwrap();
        load(&path).unwrap();
    }

    #[test]
    fn no_key_is_made_for_a_store_that_has_lost_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (key, store) = (folder.path().join("k"), folder.path().join("s"));
        fs::write(&store, "something").unwrap();
        let refused = load_for_store(&key, &store, &mut rng(1)).err().unwrap();
        assert!(matches!(refused, KeyFileError::MissingForStore { .. }));
        let told = refused.to_string();
        assert!(told.contains(key.to_str().unwrap()) && told.contains(store.to_str().unwrap()), "{told}");
        assert!(!key.exists());
        fs::write(&store, "").unwrap();
        load_for_store(&key, &store, &mut rng(1)).unwrap();
        fs::write(&store, "something").unwrap();
        load_for_store(&key, &store, &mut rng(1)).unwrap();
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none/poterne.key");
        let refused = load_or_create(&path, &mut rng(1)).err().unwrap();
        assert!(matches!(refused, KeyFileError::Io { deed: "made", .. }), "{refused}");
        assert!(refused.to_string().contains("none/poterne.key"));
    }

    #[test]
    fn of_many_starts_at_once_all_get_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poterne.key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|seed| {
                    let path = &path;
                    scope.spawn(move || *load_or_create(path, &mut rng(seed)).unwrap().expose())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
