//! A store of an older format opens, and nothing in it is lost.

use std::path::Path;
use std::sync::Arc;

use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::model::{OneTimeCode, SessionId, Timestamp};
use poterne::store::lookup;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

use crate::bed::{Bed, MINUTE, Sqlite, account, keys, net, open};

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

/// A store as version 0.1.0 left it: a cleared session of alice's, a pending one of bob's, a block of
/// carol's.
async fn of_format_1(bed: &mut Bed, path: &Path) -> (SessionId, SessionId, OneTimeCode) {
    let mut connection = raw(path).await;
    let schema = include_str!("../../src/store/migrations/0001.sql");
    sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
    sqlx::raw_sql("PRAGMA application_id = 0x5074726e; PRAGMA user_version = 1; PRAGMA journal_mode = wal")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("INSERT INTO settings (name, value) VALUES ('key id', $1)")
        .bind(keys().id().as_slice())
        .execute(&mut connection)
        .await
        .unwrap();
    let now = bed.now.as_millis();
    let mut ids = Vec::new();
    for (name, network, pending) in [("alice", 1, None), ("bob", 2, Some(now + 600_000))] {
        let id = SessionId::random(&mut bed.rng);
        sqlx::query(
            "INSERT INTO sessions (id, token, account, skeleton, network, created_from, pending_until, created_at, \
             last_seen_at, sealed_jar, addresses, language, browser) \
             VALUES ($1, $2, $3, $3, $4, NULL, $5, $6, $6, $7, 'a@example.test', 'fr', 'Firefox')",
        )
        .bind(id.as_bytes().as_slice())
        .bind(bed.keys.new_token(&mut bed.rng).1.as_bytes().as_slice())
        .bind(name)
        .bind(net(network).to_string())
        .bind(pending)
        .bind(now)
        .bind(pending.map(|_| b"a parked jar".to_vec()))
        .execute(&mut connection)
        .await
        .unwrap();
        ids.push(id);
    }
    let code = bed.new_code();
    sqlx::query("INSERT INTO codes VALUES ($1, $2, $3, $4, $5, 0)")
        .bind(code.challenge.as_bytes().as_slice())
        .bind(ids[1].as_bytes().as_slice())
        .bind(bed.keys.code_hash(code.challenge, &code.code).to_vec())
        .bind(now)
        .bind(now + 600_000)
        .execute(&mut connection)
        .await
        .unwrap();
    for sql in [
        "INSERT INTO known_networks VALUES ('alice', '198.51.0.1', 1, 1)",
        "INSERT INTO blocks (reference, reason, account, skeleton, network, everywhere, since, until) \
         VALUES ('7K2M-Q9XD', 'support-needed', 'carol', 'carol', '198.51.0.3', 1, 1, NULL)",
    ] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
    (ids[0], ids[1], code.code)
}

#[tokio::test]
async fn a_store_of_format_1_opens_with_its_live_sessions_codes_and_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poterne.db");
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    let (cleared, pending, code) = of_format_1(&mut bed, &path).await;
    let mut before = lookup::open_readonly(&path).await.unwrap();
    let refused = before.account(&account("alice"), Default::default(), bed.now).await.unwrap_err();
    assert!(refused.to_string().contains("older version"), "{refused}");
    before.close().await.unwrap();

    for _ in 0..2 {
        let store = Arc::new(open(&path).await.unwrap());
        let sessions = store.load(bed.now).await.unwrap().sessions;
        assert_eq!(sessions.len(), 2);
        store.close().await;
    }
    let store = Arc::new(open(&path).await.unwrap());
    bed.store = store.clone();
    let security = store.session_security(cleared).await.unwrap().unwrap();
    assert_eq!(
        security,
        SessionSecurity { cleared_by: ClearedBy::Network, has_password: false, stepped_up_until: None, tries_left: 3 }
    );
    assert_eq!(bed.waiting(pending, net(2)).await.asks, Asks::Mail);
    let answered = bed.answer(pending, code.expose(), net(2)).await;
    assert!(matches!(&answered, Answered::Cleared { sealed_jar: Some(jar), .. } if jar == b"a parked jar"));
    assert!(matches!(bed.standing("carol", net(9)).await, NetworkStanding::Blocked(_)));
    let opening = bed.opening("alice", net(1));
    assert!(matches!(bed.open(opening).await.opened, Opened::Cleared(_)));
    bed.wait(MINUTE);
    bed.enrol("alice").await;
    bed.asked("alice", net(1), Asks::Factor).await;
    store.close().await;
    let (version,): (i64,) = sqlx::query_as("PRAGMA user_version").fetch_one(&mut raw(&path).await).await.unwrap();
    assert_eq!(version, 3);
}

/// Half of it would be worse than none: a table that's there already stands for whatever may go wrong.
#[tokio::test]
async fn a_migration_that_fails_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poterne.db");
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    of_format_1(&mut bed, &path).await;
    let mut connection = raw(&path).await;
    sqlx::raw_sql("CREATE TABLE confirmations (in_the_way)").execute(&mut connection).await.unwrap();
    assert!(open(&path).await.is_err());
    sqlx::raw_sql("DROP TABLE confirmations").execute(&mut connection).await.unwrap();
    let (version,): (i64,) = sqlx::query_as("PRAGMA user_version").fetch_one(&mut connection).await.unwrap();
    assert_eq!(version, 1);
    sqlx::Connection::close(connection).await.unwrap();
    let store = open(&path).await.unwrap();
    assert_eq!(store.load(Timestamp::from_millis(bed.now.as_millis())).await.unwrap().sessions.len(), 2);
    store.close().await;
}
