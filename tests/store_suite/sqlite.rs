//! What only the embedded engine has: a file, its key, its lock, its disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use futures_util::future::join_all;
use poterne::challenge::ChallengePolicy;
use poterne::flow::ports::*;
use poterne::limit::Quota;
use poterne::model::{Keys, MasterKey, Reference, Timestamp};
use poterne::store::support::Lifted;
use poterne::store::{OpenFailed, SqliteStore, lookup};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::bed::{Bed, HOUR, MINUTE, Sqlite, net, open, settings, start};

fn db(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("poterne.db")
}

async fn refused(path: &Path) -> OpenFailed {
    match open(path).await {
        Ok(_) => panic!("opened"),
        Err(failed) => failed,
    }
}

#[tokio::test]
async fn the_files_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&db(&folder)).await.unwrap();
    store.purge_expired(start()).await.unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        seen += 1;
    }
    assert_eq!(seen, 4, "database, WAL, shared memory, lock");
}

#[tokio::test]
async fn r8_a_key_that_does_not_belong_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    open(&db(&folder)).await.unwrap().close().await;
    let mut other = settings(&db(&folder), &ChallengePolicy::default());
    other.keys = Keys::derive(&MasterKey::from_bytes([8; 32]));
    other.key_path = folder.path().join("other.key");
    let failed = SqliteStore::open(other).await.err().unwrap();
    assert!(matches!(failed, OpenFailed::WrongKey { .. }), "{failed}");
    let told = failed.to_string();
    assert!(told.contains("other.key") && told.contains("poterne.db"), "{told}");
    open(&db(&folder)).await.unwrap();
}

#[tokio::test]
async fn one_process_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&db(&folder)).await.unwrap();
    assert!(matches!(refused(&db(&folder)).await, OpenFailed::InUse { .. }));
    store.close().await;
    open(&db(&folder)).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none/poterne.db");
    assert!(matches!(refused(&missing).await, OpenFailed::NoFolder { .. }));
    assert!(matches!(refused(folder.path()).await, OpenFailed::NotAStore { .. }));

    let text = folder.path().join("text");
    fs::write(&text, "just a file, and no database at all, long enough for a header".repeat(100)).unwrap();
    let failed = refused(&text).await;
    assert!(matches!(failed, OpenFailed::NotAStore { .. }), "{failed}");
    assert!(failed.to_string().contains("text"));

    let cut = folder.path().join("cut.db");
    open(&cut).await.unwrap().close().await;
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let failed = refused(&cut).await;
    assert!(matches!(failed, OpenFailed::Damaged { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_file_of_another_program_or_a_newer_version_is_left_alone() {
    use sqlx::ConnectOptions;
    let folder = tempfile::tempdir().unwrap();
    let path = db(&folder);
    let foreign = folder.path().join("foreign.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().create_if_missing(true);
    let mut connection = options.clone().filename(&foreign).connect().await.unwrap();
    sqlx::query("CREATE TABLE wp_users (id INTEGER)").execute(&mut connection).await.unwrap();
    let failed = refused(&foreign).await;
    assert!(matches!(failed, OpenFailed::NotAStore { .. }), "{failed}");
    assert!(matches!(lookup::open_readonly(&foreign).await, Err(OpenFailed::NotAStore { .. })));

    open(&path).await.unwrap().close().await;
    let mut connection = options.filename(&path).connect().await.unwrap();
    sqlx::query("PRAGMA user_version = 1000").execute(&mut connection).await.unwrap();
    let failed = refused(&path).await;
    assert!(matches!(failed, OpenFailed::Newer { found: 1000, .. }), "{failed}");
    assert!(matches!(lookup::open_readonly(&path).await, Err(OpenFailed::Newer { .. })));
}

#[tokio::test]
async fn the_clock_never_starts_before_the_last_decision() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&db(&folder)).await.unwrap();
    assert_eq!(store.clock_floor(), Timestamp::from_millis(0));
    let quota = Quota::of(3, HOUR);
    store.record_wrong_password(net(1), quota, start() + HOUR).await.unwrap();
    store.record_wrong_password(net(1), quota, start()).await.unwrap();
    store.close().await;
    let store = open(&db(&folder)).await.unwrap();
    assert_eq!(store.clock_floor(), start() + HOUR);
    store.purge_expired(start() + 2 * HOUR).await.unwrap();
    store.close().await;
    assert_eq!(open(&db(&folder)).await.unwrap().clock_floor(), start() + 2 * HOUR, "a quiet gate's clock goes on");
}

#[tokio::test]
async fn after_closing_everything_fails_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&db(&folder)).await.unwrap());
    let quota = Quota::of(1000, HOUR);
    let counting: Vec<_> = (0..100)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.record_wrong_password(net(1), quota, start()).await.is_ok() })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let mut acknowledged = 0;
    for counted in counting {
        acknowledged += u32::from(counted.await.unwrap());
    }
    assert!(store.record_wrong_password(net(1), quota, start()).await.is_err());
    assert!(store.password_retry_at(net(1), quota, start()).await.is_err());
    assert!(!folder.path().join("poterne.db-wal").exists(), "closed in good order");
    let store = open(&db(&folder)).await.unwrap();
    let full = Quota::of(acknowledged.max(1), HOUR);
    assert_eq!(store.password_retry_at(net(1), full, start()).await.unwrap().is_some(), acknowledged > 0);
    let more = Quota::of(acknowledged + 1, HOUR);
    assert_eq!(store.password_retry_at(net(1), more, start()).await.unwrap(), None);
}

#[tokio::test]
async fn a_reference_is_found_while_the_gate_runs_and_when_it_does_not() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&db(&folder)).await.unwrap());
    bed.store = store.clone();
    let block = bed.block("alice", net(1)).await;
    let mut found = Vec::new();
    for running in [true, false] {
        if !running {
            store.close().await;
        }
        let mut lookup = lookup::open_readonly(&db(&folder)).await.unwrap();
        found.push(lookup.reference(block.reference).await.unwrap().unwrap());
        assert_eq!(lookup.reference(Reference::random(&mut bed.rng)).await.unwrap(), None);
        lookup.close().await.unwrap();
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0].until, block.until);
    let missing = lookup::open_readonly(&folder.path().join("none.db")).await.err().unwrap();
    assert!(missing.to_string().contains("none.db"), "{missing}");
    assert!(!folder.path().join("none.db").exists());
}

#[tokio::test]
async fn operators_lift_blocks() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&db(&folder)).await.unwrap());
    bed.store = store.clone();
    let block = bed.block("alice", net(1)).await;
    bed.block("bob", net(1)).await;
    bed.wait(MINUTE);
    let alice = poterne::model::AccountId::canonical("alice").unwrap();
    assert_eq!(store.lift_blocks(&alice, bed.now).await.unwrap(), Lifted { blocks: 1, suspicion: false });
    assert_eq!(store.lift_blocks(&alice, bed.now).await.unwrap(), Lifted { blocks: 0, suspicion: false });
    let login = bed.login("alice", net(1)).await;
    assert_eq!(bed.waiting(login.session, net(1)).await.tries_left, 3);
    assert!(matches!(bed.standing("bob", net(1)).await, NetworkStanding::Blocked(_)));
    let record = store.lookup_reference(block.reference).await.unwrap().unwrap();
    assert_eq!(record.until, Some(bed.now), "support still finds it");
}

#[tokio::test]
async fn no_code_and_no_jar_can_be_read_from_the_files() {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&db(&folder)).await.unwrap());
    bed.store = store.clone();
    let plaintext = b"DokuWiki=7f3a91c0d2e84b65aa10; DW68700bfd16c2027de7de74a5a8202a6f=secret";
    let mut secrets: Vec<Vec<u8>> = vec![plaintext.to_vec()];
    for n in 0..20 {
        let mut opening = bed.opening(&format!("customer{n}"), net(n));
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(n));
        opening.sealed_jar = bed.keys.seal(opening.session.as_bytes(), plaintext, &mut rng);
        secrets.push(opening.code.code.expose().as_bytes().to_vec());
        let login = bed.open(opening).await;
        if n % 2 == 0 {
            let (session, jar) = bed.pass(&login, net(n)).await;
            let opened = bed.keys.open(session.id.as_bytes(), &jar.unwrap()).unwrap();
            assert_eq!(opened.as_slice(), plaintext);
        }
        let (code, _) = {
            bed.wait(MINUTE);
            bed.another(login.session, net(n)).await
        };
        secrets.push(code.into_bytes());
    }
    let search = |secrets: &[Vec<u8>]| {
        for entry in fs::read_dir(folder.path()).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == secret);
                assert!(!found, "{:?}", String::from_utf8_lossy(secret));
            }
        }
    };
    search(&secrets);
    store.close().await;
    search(&secrets);
}

/// A disk that is full, as far as SQLite can tell: the file may not grow.
#[tokio::test]
async fn a_full_disk_fails_decisions_whole_and_reading_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut small = settings(&db(&folder), &ChallengePolicy::default());
    small.page_limit = Some(120);
    // Only ending sessions makes room there.
    fill_up(SqliteStore::open(small).await.unwrap(), || {}).await;
}

/// A disk of one mebibyte, where the commit itself fails; only root can have one.
#[tokio::test]
async fn a_really_full_disk_fails_decisions_whole_and_reading_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return;
    }
    let _mount = Mount(folder.path());
    let more = || {
        let resized = Command::new("mount").args(["-o", "remount,size=16m"]).arg(folder.path()).status();
        assert!(resized.unwrap().success());
    };
    fill_up(open(&db(&folder)).await.unwrap(), more).await;
}

struct Mount<'a>(&'a Path);

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).output();
    }
}

async fn fill_up(store: SqliteStore, make_room: impl FnOnce()) {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let store = Arc::new(store);
    bed.store = store.clone();
    bed.learn("known", net(999)).await;
    let waiting = bed.login("waiting", net(998)).await;
    let mut opened = Vec::new();
    let mut failed = 0;
    for round in 0..40 {
        // Several at once, so that they share commits.
        let openings: Vec<_> = (0..10)
            .map(|n| {
                let mut opening = bed.opening(&format!("customer{}", round * 10 + n), net(round * 10 + n));
                opening.sealed_jar = vec![7; 3000];
                opening
            })
            .collect();
        let sessions: Vec<_> = openings.iter().map(|opening| opening.session).collect();
        let outcomes = join_all(openings.into_iter().map(|opening| store.open_session(opening))).await;
        for (session, outcome) in sessions.into_iter().zip(outcomes) {
            match outcome {
                Ok(_) => opened.push(session),
                Err(_) => failed += 1,
            }
        }
    }
    assert!(opened.len() > 20 && failed > 100, "{} opened, {failed} failed", opened.len());

    // Reading goes on, and all that was acknowledged is there, nothing else.
    let mut live: Vec<_> = bed.load().await.sessions.into_iter().map(|session| session.id).collect();
    live.retain(|id| *id != waiting.session);
    for session in &opened {
        assert!(live.contains(session));
    }
    assert_eq!(live.len(), opened.len() + 1, "and the one that was learnt");
    assert_eq!(bed.standing("known", net(999)).await, NetworkStanding::Known);
    assert_eq!(bed.waiting(waiting.session, net(998)).await.tries_left, 3);
    for n in 0..10 {
        let answer = bed.typed(waiting.session, "99999999", net(n));
        // Counted or failed, but never let through.
        let answered = store.answer_code(answer).await;
        assert!(!matches!(answered, Ok(Answered::Cleared { .. })));
    }

    // With room again the door works again, without a restart.
    make_room();
    for session in opened {
        store.end_session(session, bed.now).await.unwrap();
    }
    bed.wait(2 * HOUR);
    bed.learn("again", net(5)).await;
}
