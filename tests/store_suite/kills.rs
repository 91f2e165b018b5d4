//! What a process that is killed leaves behind.
//!
//! Each test starts this very binary again as a child that decides things on a store and writes a
//! line for each one that was acknowledged. It's killed (SIGKILL) in the middle; then the store is
//! opened here, and everything that was acknowledged must still hold. The child's randomness comes
//! from a seed, so that both sides know the same sessions and codes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use poterne::flow::ports::*;
use poterne::limit::Quota;
use rand::SeedableRng;

use crate::bed::{Bed, HOUR, Login, MINUTE, Sqlite, net, open};

const STORE: &str = "POTERNE_TEST_KILLED_STORE";
const CHILD: u64 = 1;
const AFTER: u64 = 2;

/// Does nothing unless it was started as the child of a test here.
async fn child(scenario: impl AsyncFnOnce(&mut Bed)) {
    let Ok(path) = std::env::var(STORE) else { return };
    let mut bed = bed_on(Path::new(&path), CHILD).await;
    scenario(&mut bed).await;
    say("done");
    // The parent kills; nothing may be tidied up before.
    std::future::pending::<()>().await;
}

/// Written past the test harness, which would keep it back.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ack {line}").unwrap();
    out.flush().unwrap();
}

/// A bed on the store at `path`. The child takes the seed that a twin of it can take too; who comes
/// after it takes another, or would make the child's sessions again.
async fn bed_on(path: &Path, seed: u64) -> Bed {
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    bed.store = Arc::new(open(path).await.unwrap());
    bed.rng = SeedableRng::seed_from_u64(seed);
    bed
}

fn start(scenario: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("kills::{scenario}"), "--nocapture"])
        .env(STORE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs the child, kills it right after it acknowledged `lines` lines; gives all that it said.
fn kill_after(scenario: &str, path: &Path, lines: usize) -> Vec<String> {
    let mut child = start(scenario, path);
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    // The harness may write on the same line before the first one.
    for line in out.lines().map_while(Result::ok) {
        if let Some((_, ack)) = line.split_once("ack ") {
            said.push(ack.to_owned());
        }
        if said.len() == lines {
            child.kill().unwrap();
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.len() >= lines, "the child ended early: {said:?}");
    said
}

// ── Between wrong guesses ─────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn child_guesses() {
    child(async |bed| {
        let login = bed.login("alice", net(1)).await;
        say("login");
        for n in 1..=3 {
            bed.wrong(login.session, net(1)).await;
            say(&format!("wrong {n}"));
        }
    })
    .await;
}

#[tokio::test]
async fn r8_a_kill_between_wrong_guesses_gives_nobody_a_new_try() {
    for lines in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poterne.db");
        let wrong = kill_after("child_guesses", &path, lines).iter().filter(|line| line.starts_with("wrong")).count();
        let mut bed = bed_on(&path, AFTER).await;
        let standing = bed.standing("alice", net(1)).await;
        if wrong >= 3 {
            assert!(matches!(standing, NetworkStanding::Blocked(_)));
            continue;
        }
        // The child may have gone one further than it could say.
        let mut answered = Vec::new();
        if matches!(standing, NetworkStanding::Unknown) {
            let login = bed.login("alice", net(1)).await;
            while let Answered::Wrong { .. } = bed.wrong(login.session, net(1)).await {
                answered.push(());
            }
        }
        assert!(answered.len() < 3 - wrong, "{wrong} before the kill, {} after it", answered.len());
        assert!(matches!(bed.standing("alice", net(1)).await, NetworkStanding::Blocked(_)));
    }
}

// ── At every step of the journey ──────────────────────────────────────────────────────────────

/// The steps of one login, said one by one.
async fn journey(bed: &mut Bed, say: impl Fn(&str)) -> (Login, poterne::model::ClaimKey) {
    let key = bed.key();
    let (attempt, _) = bed.claim(&[key], None).await;
    say("claimed");
    let mut opening = bed.opening("alice", net(1));
    opening.attempt = attempt;
    let login = bed.open(opening).await;
    say("pending");
    bed.answer(login.session, &login.code, net(1)).await;
    say("cleared");
    (login, key)
}

#[tokio::test]
async fn child_journey() {
    child(async |bed| {
        journey(bed, say).await;
    })
    .await;
}

#[tokio::test]
async fn r8_a_kill_at_any_step_loses_nothing_and_lets_nobody_in() {
    // What the child made, by the same seed.
    let mut twin = Bed::new(Box::new(Sqlite::fresh())).await;
    twin.rng = SeedableRng::seed_from_u64(CHILD);
    let (login, key) = journey(&mut twin, |_| {}).await;
    for lines in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poterne.db");
        let said = kill_after("child_journey", &path, lines);
        let mut bed = bed_on(&path, AFTER).await;
        assert_eq!(bed.claim(&[key], None).await.1, ClaimOutcome::Taken, "a claim stays a claim");
        let state = bed.load().await;
        let session = state.sessions.iter().find(|session| session.id == login.session);
        if said.iter().any(|line| line == "cleared") {
            assert_eq!(session.map(|session| session.state), Some(SessionState::Cleared));
            assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Known, "known stays known");
            let again = bed.answer(login.session, &login.code, net(2)).await;
            assert!(!matches!(again, Answered::Cleared { .. }), "a used code stays used");
        } else if said.iter().any(|line| line == "pending") {
            let state = session.map(|session| session.state);
            match state {
                Some(SessionState::Pending { .. }) => {
                    let (_, jar) = bed.pass(&login, net(1)).await;
                    assert!(jar.is_some(), "a pending login goes on");
                }
                // The child was one step further than it could say.
                Some(SessionState::Cleared) => {
                    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Known);
                }
                None => panic!("an acknowledged login is lost"),
            }
        }
    }
}

// ── Under load ────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_crowd() {
    child(async |bed| {
        let quota = Quota::of(4000, HOUR);
        let (store, now) = (bed.store.clone(), bed.now);
        let crowd: Vec<_> = (0..32)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    for _ in 0..100 {
                        store.record_wrong_password(net(n), quota, now).await.unwrap();
                        say(&format!("counted {n}"));
                    }
                })
            })
            .collect();
        for task in crowd {
            task.await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn r8_a_kill_under_load_loses_nothing_that_was_acknowledged() {
    for lines in [1, 50, 700] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poterne.db");
        let said = kill_after("child_crowd", &path, lines);
        let bed = bed_on(&path, AFTER).await;
        for n in 0..32 {
            let line = format!("counted {n}");
            let acknowledged = u32::try_from(said.iter().filter(|said| **said == line).count()).unwrap();
            let at_least = async |count| {
                let quota = Quota::of(count, HOUR);
                bed.store.password_retry_at(net(n), quota, bed.now).await.unwrap().is_some()
            };
            assert!(acknowledged == 0 || at_least(acknowledged).await, "{n}: {acknowledged} acknowledged");
            // One more may have been committed without having been said.
            assert!(!at_least(acknowledged + 2).await, "{n}: counted more often than asked");
        }
    }
}

#[tokio::test]
async fn r8_a_kill_in_the_middle_of_blocks_keeps_them_and_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poterne.db");
    kill_after("child_guesses", &path, 4);
    let store = open(&path).await.unwrap();
    assert_eq!(store.clock_floor(), crate::bed::start());
    store.close().await;
    let mut bed = bed_on(&path, AFTER).await;
    bed.wait(59 * MINUTE);
    assert!(matches!(bed.standing("alice", net(1)).await, NetworkStanding::Blocked(_)));
}
