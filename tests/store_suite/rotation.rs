//! Another key in the place of the one there is, crashes on the way included.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use poterne::challenge::ChallengePolicy;
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::model::{Keys, MasterKey};
use poterne::store::rotation::{self, Rotated, RotationFailed, waiting_at};
use poterne::store::{OpenFailed, Settings, SqliteStore, key_file};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::bed::{Bed, MINUTE, Sqlite, net, settings};
use crate::owner_bed::{Phone, is_cleared};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn store(&self) -> PathBuf {
        self.folder.path().join("poterne.db")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("poterne.key")
    }

    /// As the gate opens it: a change of the key that was interrupted is finished first.
    async fn settings(&self) -> Settings {
        rotation::heal(&self.key(), &self.store()).await.unwrap();
        Settings {
            keys: Keys::derive(&key_file::load(&self.key()).unwrap()),
            key_path: self.key(),
            ..settings(&self.store(), &ChallengePolicy::default())
        }
    }

    async fn open(&self, bed: &mut Bed) -> Arc<SqliteStore> {
        let settings = self.settings().await;
        bed.keys = settings.keys.clone();
        let store = Arc::new(SqliteStore::open(settings).await.unwrap());
        bed.store = store.clone();
        store
    }

    async fn rotate(&self) -> Result<Rotated, RotationFailed> {
        rotation::rotate(&self.settings().await, &mut rand::rng()).await
    }
}

/// A place where alice has a phone and is logged in, knows a network and has used a backup code, and
/// bob's login waits.
async fn lived_in(bed: &mut Bed) -> (Place, Phone) {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    key_file::load_or_create(&place.key(), &mut ChaCha20Rng::seed_from_u64(5)).unwrap();
    let store = place.open(bed).await;
    let phone = bed.enrol("alice").await;
    bed.cleared_by_app("alice", net(1), &phone).await;
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let used_for = bed.clear();
    assert!(is_cleared(&bed.backup(login.session, net(1), used_for, &phone.backup[0]).await));
    bed.login("bob", net(2)).await;
    bed.block("carol", net(3)).await;
    store.close().await;
    (place, phone)
}

/// All that must be so after a change of the key, whoever finished it.
async fn check(bed: &mut Bed, place: &Place, phone: &Phone) {
    let store = place.open(bed).await;
    assert!(bed.load().await.sessions.is_empty(), "everybody logs in again");
    assert!(matches!(bed.standing("carol", net(3)).await, NetworkStanding::Blocked(_)));
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Known);
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    // The step that was used stays used, what the app shows next is good, and so are the codes on paper.
    let used = phone.shows(bed);
    assert!(!is_cleared(&bed.totp(login.session, net(1), &used).await));
    bed.wait(MINUTE);
    let code = phone.shows(bed);
    assert!(is_cleared(&bed.totp(login.session, net(1), &code).await));
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let used_for = bed.clear();
    assert!(!is_cleared(&bed.backup(login.session, net(1), used_for, &phone.backup[0]).await));
    let used_for = bed.clear();
    assert!(is_cleared(&bed.backup(login.session, net(1), used_for, &phone.backup[1]).await));
    store.close().await;
    let names: Vec<_> = fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{names:?}");
    assert_eq!(fs::metadata(place.key()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_new_key_keeps_phones_and_networks_and_ends_sessions() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let (place, phone) = lived_in(&mut bed).await;
    let old = fs::read(place.key()).unwrap();
    assert_eq!(place.rotate().await.unwrap(), Rotated { secrets: 1, sessions: 4 });
    assert_ne!(fs::read(place.key()).unwrap(), old);
    check(&mut bed, &place, &phone).await;
    // The old key is worth nothing any more.
    fs::write(place.key(), old).unwrap();
    let refused = SqliteStore::open(place.settings().await).await.err().unwrap();
    assert!(matches!(refused, OpenFailed::WrongKey { .. }), "{refused}");
}

#[tokio::test]
async fn a_crash_between_the_commit_and_the_renaming_is_healed_at_the_next_start() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let (place, phone) = lived_in(&mut bed).await;
    let old = fs::read(place.key()).unwrap();
    place.rotate().await.unwrap();
    // What a crash there would have left.
    fs::rename(place.key(), waiting_at(&place.key())).unwrap();
    fs::write(place.key(), &old).unwrap();
    fs::set_permissions(place.key(), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(rotation::heal(&place.key(), &place.store()).await.unwrap());
    assert!(!rotation::heal(&place.key(), &place.store()).await.unwrap(), "once");
    check(&mut bed, &place, &phone).await;
}

#[tokio::test]
async fn a_crash_before_the_commit_changes_nothing() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let (place, phone) = lived_in(&mut bed).await;
    // Written, and never in force.
    key_file::load_or_create(&waiting_at(&place.key()), &mut ChaCha20Rng::seed_from_u64(6)).unwrap();
    let old = fs::read(place.key()).unwrap();
    assert!(!rotation::heal(&place.key(), &place.store()).await.unwrap());
    assert_eq!(fs::read(place.key()).unwrap(), old);
    let store = place.open(&mut bed).await;
    assert_eq!(bed.load().await.sessions.len(), 3, "alice's two and bob's, as before; carol's ended with the block");
    store.close().await;
    // The next change goes past what was left.
    place.rotate().await.unwrap();
    check(&mut bed, &place, &phone).await;
}

#[tokio::test]
async fn no_key_is_changed_while_the_gate_runs() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let (place, _) = lived_in(&mut bed).await;
    let old = fs::read(place.key()).unwrap();
    let store = place.open(&mut bed).await;
    let settings = Settings {
        keys: bed.keys.clone(),
        key_path: place.key(),
        ..settings(&place.store(), &ChallengePolicy::default())
    };
    let refused = rotation::rotate(&settings, &mut rand::rng()).await.unwrap_err();
    assert!(matches!(refused, RotationFailed::Open(OpenFailed::InUse { .. })), "{refused}");
    assert_eq!(fs::read(place.key()).unwrap(), old);
    assert!(!waiting_at(&place.key()).exists());
    store.close().await;
}

#[tokio::test]
async fn a_waiting_key_of_another_store_is_left_alone() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    assert!(!rotation::heal(&place.key(), &place.store()).await.unwrap(), "nothing is there");
    key_file::load_or_create(&waiting_at(&place.key()), &mut ChaCha20Rng::seed_from_u64(6)).unwrap();
    assert!(!rotation::heal(&place.key(), &place.store()).await.unwrap(), "no store");
    assert!(!Path::new(&place.store()).exists());
    let other = Keys::derive(&MasterKey::from_bytes([9; 32]));
    let settings = Settings { keys: other, ..settings(&place.store(), &ChallengePolicy::default()) };
    SqliteStore::open(settings).await.unwrap().close().await;
    assert!(!rotation::heal(&place.key(), &place.store()).await.unwrap(), "another's store");
    assert!(!place.key().exists());
}
