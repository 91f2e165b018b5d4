//! Restarts and purges change nothing: a store that sees many of them answers like one that sees none.

use std::fmt::Debug;
use std::time::Duration;

use poterne::flow::ports::*;
use poterne::model::SessionId;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::bed::{Bed, Engine, HOUR, MINUTE, Sqlite, net};

const ACCOUNTS: [&str; 3] = ["alice", "alicé", "bob"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_restarts_and_purges_change_no_decision() {
    for seed in 0..4 {
        story(seed, || Box::new(Sqlite::fresh())).await;
    }
}

/// A random story told to two stores, one of which is restarted and purged now and then.
async fn story(seed: u64, engine: impl Fn() -> Box<dyn Engine>) {
    let mut chance = ChaCha20Rng::seed_from_u64(seed);
    let (mut calm, mut shaken) = (Bed::new(engine()).await, Bed::new(engine()).await);
    // What the story can come back to: sessions with their codes, newest last.
    let mut logins: Vec<(SessionId, Vec<String>)> = Vec::new();
    for turn in 0..150 {
        match chance.random_range(0..30) {
            0 => shaken.reopen().await,
            1 => {
                shaken.purge().await;
            }
            _ => {}
        }
        let wait = match chance.random_range(0..10) {
            0 => 20 * MINUTE,
            1 => HOUR,
            2..=4 => 2 * MINUTE,
            _ => Duration::from_millis(chance.random_range(0..5000)),
        };
        calm.wait(wait);
        shaken.wait(wait);
        let event = chance.random_range(0..20);
        let network = net(chance.random_range(0..4));
        let account = ACCOUNTS[chance.random_range(0..ACCOUNTS.len())];
        let pick =
            |chance: &mut ChaCha20Rng, len: usize| len.checked_sub(1 + chance.random_range(0..4.min(len.max(1))));
        let old = pick(&mut chance, logins.len());
        let draw = chance.next_u64();
        let mut outcomes = Vec::new();
        let mut opened = None;
        let mut sent = None;
        for bed in [&mut calm, &mut shaken] {
            outcomes.push(match (event, old) {
                (0..=4, _) | (_, None) => {
                    let mut opening = bed.opening(account, network);
                    opening.created_from = (draw % 8 == 0).then(|| net(3));
                    opening.replaces = old.filter(|_| draw % 3 == 0).and_then(|old| logins.get(old)).map(|old| old.0);
                    let login = bed.open(opening).await;
                    opened = Some((login.session, vec![login.code]));
                    normal(&login.opened)
                }
                (5..=8, Some(old)) => normal(&bed.wrong(logins[old].0, network).await),
                (9..=12, Some(old)) => {
                    let (session, codes) = &logins[old];
                    let typed = &codes[usize::try_from(draw).unwrap_or(0) % codes.len()];
                    normal(&bed.answer(*session, typed, network).await)
                }
                (13..=14, Some(old)) => {
                    let (code, grant) = bed.another(logins[old].0, network).await;
                    sent = Some((old, code));
                    normal(&grant)
                }
                (15, Some(old)) => normal(&bed.status(logins[old].0, network).await),
                (16, _) => normal(&bed.standing(account, network).await),
                (17, Some(old)) => {
                    let session = logins[old].0;
                    bed.store.touch_sessions(vec![SessionTouch { session, seen_at: bed.now, network }]).await.unwrap();
                    String::new()
                }
                (18, Some(old)) => {
                    let key = poterne::model::ClaimKey::from_bytes([(draw % 40) as u8; 16]);
                    normal(&bed.claim(&[key], Some(logins[old].0)).await.1)
                }
                (_, Some(_)) => {
                    let mut sessions = bed.load().await.sessions;
                    sessions.sort_by_key(|session| session.id);
                    format!("{sessions:?}")
                }
            });
        }
        let said = |text: &str| outcomes.iter().any(|outcome| outcome == text);
        assert!(
            outcomes[0] == outcomes[1] || (said(GONE) && said(OVER)),
            "seed {seed}, turn {turn}, event {event}:\n{}\n{}",
            outcomes[0],
            outcomes[1]
        );
        logins.extend(opened);
        if let Some((old, code)) = sent {
            logins[old].1.push(code);
        }
    }
}

const GONE: &str = "NotWanted";
const OVER: &str = "over";

/// An outcome as text. A session that is over is forgotten some day; until then it says more.
fn normal(outcome: &impl Debug) -> String {
    let text = format!("{outcome:?}");
    if text == "Expired" || text.ends_with("fresh: false }") || text.starts_with("Blocked(Block") {
        OVER.to_owned()
    } else {
        text
    }
}
