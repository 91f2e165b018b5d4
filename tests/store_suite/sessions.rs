use std::time::Duration;

use poterne::flow::ports::*;

use crate::bed::{Bed, HOUR, MINUTE, net};

suite! {
    everything_about_a_session_survives_a_restart
    a_session_ends_after_an_idle_hour_or_a_day
    touches_keep_a_session_and_its_network
    a_touch_never_clears_or_revives
    a_new_login_ends_the_session_of_its_browser
    one_network_holds_so_many_pending_logins_of_an_account
    a_token_is_given_once
    r7_what_was_parked_is_handed_out_once_when_a_pending_login_ends
}

async fn everything_about_a_session_survives_a_restart(mut bed: Bed) {
    // Case folding makes this one longer than a login may be typed.
    let account = "İ".repeat(254);
    let mut opening = bed.opening(&account, net(1));
    opening.created_from = Some(net(3));
    let login = bed.open(opening).await;
    let pending = bed.load().await.sessions;
    let before = bed.waiting(login.session, net(1)).await;
    bed.reopen().await;
    assert_eq!(format!("{:?}", bed.load().await.sessions), format!("{pending:?}"));
    assert_eq!(format!("{:?}", bed.waiting(login.session, net(1)).await), format!("{before:?}"));
    let (cleared, jar) = bed.pass(&login, net(1)).await;
    assert!(jar.is_some());
    bed.reopen().await;
    assert_eq!(format!("{:?}", bed.load().await.sessions), format!("{:?}", [cleared]));
    assert!(matches!(bed.status(login.session, net(3)).await, ChallengeStatus::NotWanted));
}

async fn a_session_ends_after_an_idle_hour_or_a_day(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    bed.pass(&login, net(1)).await;
    let opened_at = bed.now;
    let live = async |bed: &Bed| bed.load().await.sessions.len() == 1;
    bed.wait(HOUR - Duration::from_millis(1));
    assert!(live(&bed).await);
    while bed.now < opened_at + 23 * HOUR {
        let touch = SessionTouch { session: login.session, seen_at: bed.now, network: net(1) };
        bed.store.touch_sessions(vec![touch]).await.unwrap();
        bed.wait(HOUR / 2);
        assert!(live(&bed).await);
    }
    let touch = SessionTouch { session: login.session, seen_at: bed.now, network: net(1) };
    bed.store.touch_sessions(vec![touch]).await.unwrap();
    bed.now = opened_at + 24 * HOUR;
    assert!(!live(&bed).await);
    assert!(matches!(bed.status(login.session, net(2)).await, ChallengeStatus::NotWanted));
    assert!(matches!(bed.another(login.session, net(2)).await.1, CodeGrant::NotWanted));
}

async fn touches_keep_a_session_and_its_network(mut bed: Bed) {
    let mut touches = Vec::new();
    let mut sessions = Vec::new();
    for n in 0..300 {
        let mut opening = bed.opening(&format!("customer{n}"), net(n));
        opening.created_from = Some(net(n));
        let Opened::Cleared(session) = bed.open(opening).await.opened else { panic!() };
        touches.push(SessionTouch { session: session.id, seen_at: bed.now + MINUTE, network: net(n + 1) });
        sessions.push(session.id);
    }
    bed.wait(MINUTE);
    bed.store.touch_sessions(touches).await.unwrap();
    let late = SessionTouch { session: sessions[0], seen_at: bed.now.before(MINUTE), network: net(0) };
    bed.store.touch_sessions(vec![late]).await.unwrap();
    bed.reopen().await;
    let loaded = bed.load().await.sessions;
    assert_eq!(loaded.len(), 300);
    for session in loaded {
        let n = sessions.iter().position(|id| *id == session.id).unwrap();
        assert_eq!((session.last_seen_at, session.network), (bed.now, net(u32::try_from(n).unwrap() + 1)));
    }
    bed.store.touch_sessions(Vec::new()).await.unwrap();
}

async fn a_touch_never_clears_or_revives(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let touch = |bed: &Bed| vec![SessionTouch { session: login.session, seen_at: bed.now, network: net(2) }];
    bed.wait(MINUTE);
    bed.store.touch_sessions(touch(&bed)).await.unwrap();
    let sessions = bed.load().await.sessions;
    assert!(matches!(sessions[0].state, SessionState::Pending { .. }));
    assert_eq!(sessions[0].network, net(1));
    bed.store.end_session(login.session, bed.now).await.unwrap();
    bed.store.touch_sessions(touch(&bed)).await.unwrap();
    assert!(bed.load().await.sessions.is_empty());
}

async fn a_new_login_ends_the_session_of_its_browser(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    bed.block("mallory", net(3)).await;
    // Cleared by a known network, pending, or blocked: the old one is over each time.
    for (n, (account, from)) in (0..).zip([("alice", net(1)), ("alice", net(2)), ("mallory", net(3))]) {
        for was_cleared in [false, true] {
            let old = bed.login(&format!("bob{n}{was_cleared}"), net(9)).await;
            if was_cleared {
                bed.pass(&old, net(9)).await;
            }
            let mut opening = bed.opening(account, from);
            opening.replaces = Some(old.session);
            bed.open(opening).await;
            assert!(bed.load().await.sessions.iter().all(|session| session.id != old.session));
            assert!(matches!(bed.answer(old.session, &old.code, net(9)).await, Answered::NotWanted));
        }
    }
}

async fn one_network_holds_so_many_pending_logins_of_an_account(mut bed: Bed) {
    let elsewhere = bed.login("alice", net(2)).await;
    let mut last = None;
    for _ in 0..40 {
        let opening = bed.opening("alice", net(1));
        last = Some(bed.open(opening).await);
        bed.wait(Duration::from_millis(1));
    }
    let sessions = bed.load().await.sessions;
    assert_eq!(sessions.len(), 21);
    assert!(sessions.iter().any(|session| session.id == elsewhere.session), "nobody elsewhere loses anything");
    assert!(last.is_some_and(|last| sessions.iter().any(|session| session.id == last.session)));
}

async fn a_token_is_given_once(mut bed: Bed) {
    let first = bed.opening("alice", net(1));
    let mut second = bed.opening("bob", net(1));
    second.token = first.token;
    bed.open(first).await;
    assert!(bed.store.open_session(second).await.is_err());
    assert_eq!(bed.load().await.sessions.len(), 1);
}

async fn r7_what_was_parked_is_handed_out_once_when_a_pending_login_ends(mut bed: Bed) {
    let parked = Some(b"the parked jar".to_vec());
    let cancelled = bed.login("alice", net(1)).await;
    let ended = bed.store.end_session(cancelled.session, bed.now).await.unwrap();
    assert_eq!(ended, Ended { existed: true, sealed_jar: parked.clone() });
    assert_eq!(bed.store.end_session(cancelled.session, bed.now).await.unwrap(), Ended::default());

    let cleared = bed.login("bob", net(1)).await;
    bed.pass(&cleared, net(1)).await;
    let ended = bed.store.end_session(cleared.session, bed.now).await.unwrap();
    assert_eq!(ended, Ended { existed: true, sealed_jar: None }, "its browser has it");

    // More than a step takes, and one that a block ended.
    let mut expected = Vec::new();
    for n in 0..50 {
        expected.push(bed.login(&format!("customer{n}"), net(n)).await.session);
    }
    let blocked = bed.login("carol", net(1)).await;
    for _ in 0..3 {
        bed.wrong(blocked.session, net(1)).await;
    }
    let purged = bed.store.purge_expired(bed.now).await.unwrap();
    assert_eq!(purged.jars, [(blocked.session, parked.clone().unwrap())]);
    // The gate was down for a day: the rows are long over, and still nothing is skipped.
    bed.wait(24 * HOUR);
    bed.reopen().await;
    let mut handed_out = Vec::new();
    loop {
        let purged = bed.store.purge_expired(bed.now).await.unwrap();
        assert!(purged.jars.iter().all(|(_, jar)| Some(jar) == parked.as_ref()));
        handed_out.extend(purged.jars.into_iter().map(|(session, _)| session));
        if purged.rows == 0 {
            break;
        }
    }
    handed_out.sort_unstable();
    expected.sort_unstable();
    assert_eq!(handed_out, expected);
}
