use futures_util::future::join_all;
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::model::{Language, SessionId};

use crate::bed::{Bed, DAY, HOUR, MINUTE, account, net};

suite! {
    b66_the_password_is_compared_three_times_at_most
    b66_of_a_thousand_tries_at_once_three_are_counted_over_restarts_too
    a_right_password_opens_changes_and_ends_the_count
    a_session_without_a_password_says_so
    the_password_s_hash_ends_with_its_session
    a_session_that_moves_has_to_step_up_again
    fifty_events_are_kept_the_newest_ones
    who_knows_the_password_alone_pushes_no_change_out_of_sight
    events_of_a_year_ago_go
    open_sessions_are_shown_and_ended
    known_networks_are_shown_and_forgotten
    the_owner_s_language_stays
    everything_is_there_after_a_restart
}

async fn straight_in(bed: &mut Bed, hash: &str) -> SessionId {
    let session = bed.cleared("alice", net(1)).await;
    bed.store.keep_password_hash(session, hash.to_owned()).await.unwrap();
    session
}

async fn b66_the_password_is_compared_three_times_at_most(mut bed: Bed) {
    let session = straight_in(&mut bed, "a hash").await;
    for left in [2, 1, 0] {
        match bed.store.begin_step_up(session, bed.now).await.unwrap() {
            StepUpTry::Compare { hash, tries_left } => assert_eq!((hash.as_str(), tries_left), ("a hash", left)),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(bed.store.begin_step_up(session, bed.now).await.unwrap(), StepUpTry::Over));
}

async fn b66_of_a_thousand_tries_at_once_three_are_counted_over_restarts_too(mut bed: Bed) {
    let session = straight_in(&mut bed, "a hash").await;
    let tries = join_all((0..1000).map(|_| bed.store.begin_step_up(session, bed.now))).await;
    let counted = tries.iter().filter(|t| matches!(t.as_ref().unwrap(), StepUpTry::Compare { .. })).count();
    assert_eq!(counted, 3);
    bed.reopen().await;
    assert!(matches!(bed.store.begin_step_up(session, bed.now).await.unwrap(), StepUpTry::Over));
}

async fn a_right_password_opens_changes_and_ends_the_count(mut bed: Bed) {
    let session = straight_in(&mut bed, "a hash").await;
    let security = bed.store.session_security(session).await.unwrap().unwrap();
    assert_eq!((security.has_password, security.stepped_up_until), (true, None));
    for _ in 0..3 {
        bed.store.begin_step_up(session, bed.now).await.unwrap();
    }
    let until = bed.now + STEP_UP_LASTS;
    bed.store.finish_step_up(session, until).await.unwrap();
    bed.reopen().await;
    let security = bed.store.session_security(session).await.unwrap().unwrap();
    assert_eq!(security.stepped_up_until, Some(until));
    let again = bed.store.begin_step_up(session, bed.now).await.unwrap();
    assert!(matches!(again, StepUpTry::Compare { tries_left: 2, .. }), "{again:?}");
}

async fn a_session_without_a_password_says_so(mut bed: Bed) {
    let session = bed.cleared("alice", net(1)).await;
    assert!(matches!(bed.store.begin_step_up(session, bed.now).await.unwrap(), StepUpTry::NoPassword));
    let pending = bed.login("alice", net(2)).await;
    bed.store.keep_password_hash(pending.session, "a hash".to_owned()).await.unwrap();
    assert!(matches!(bed.store.begin_step_up(pending.session, bed.now).await.unwrap(), StepUpTry::Over), "pending");
    assert_eq!(bed.store.session_security(pending.session).await.unwrap(), None);
    bed.store.finish_step_up(pending.session, bed.now + HOUR).await.unwrap();
    bed.pass(&pending, net(2)).await;
    let security = bed.store.session_security(pending.session).await.unwrap().unwrap();
    assert_eq!((security.has_password, security.stepped_up_until), (true, None), "nothing was opened before clearance");
    assert_eq!(security.cleared_by, ClearedBy::Mail);
    let nobody = SessionId::random(&mut bed.rng);
    assert!(matches!(bed.store.begin_step_up(nobody, bed.now).await.unwrap(), StepUpTry::Over));
    bed.wait(HOUR);
    assert!(matches!(bed.store.begin_step_up(session, bed.now).await.unwrap(), StepUpTry::Over), "idle too long");
}

async fn the_password_s_hash_ends_with_its_session(mut bed: Bed) {
    let session = straight_in(&mut bed, "a hash").await;
    bed.store.end_session(session, bed.now).await.unwrap();
    assert!(matches!(bed.store.begin_step_up(session, bed.now).await.unwrap(), StepUpTry::Over));
    bed.store.keep_password_hash(session, "late".to_owned()).await.unwrap();
    assert!(matches!(bed.store.begin_step_up(session, bed.now).await.unwrap(), StepUpTry::Over));
}

async fn a_session_that_moves_has_to_step_up_again(mut bed: Bed) {
    let session = straight_in(&mut bed, "a hash").await;
    bed.store.finish_step_up(session, bed.now + STEP_UP_LASTS).await.unwrap();
    let (code, _) = bed.another(session, net(2)).await;
    assert!(matches!(bed.answer(session, &code, net(2)).await, Answered::Cleared { .. }));
    let security = bed.store.session_security(session).await.unwrap().unwrap();
    assert_eq!((security.has_password, security.stepped_up_until), (true, None));
}

fn event(bed: &Bed, name: &str, n: u32) -> AccountEvent {
    AccountEvent {
        account: account(name),
        at: bed.now,
        kind: EventKind::ALL[n as usize % EventKind::ALL.len()],
        network: net(n),
        browser: "Firefox on Linux".to_owned(),
        detail: n.is_multiple_of(2).then(|| format!("no. {n}")),
    }
}

async fn fifty_events_are_kept_the_newest_ones(mut bed: Bed) {
    bed.store.record_events(vec![event(&bed, "bob", 7)]).await.unwrap();
    for batch in 0..4 {
        bed.wait(MINUTE);
        let events = (0..40).map(|n| event(&bed, "alice", batch * 40 + n)).collect();
        bed.store.record_events(events).await.unwrap();
    }
    bed.reopen().await;
    let events = bed.security("alice").await.events;
    assert_eq!(events.len(), 50);
    let newest: Vec<_> = (0..50).map(|n| net(159 - n)).collect();
    assert_eq!(events.iter().map(|event| event.network).collect::<Vec<_>>(), newest);
    assert_eq!(events[0], event(&bed, "alice", 159));
    assert_eq!(bed.security("bob").await.events.len(), 1, "nobody's flood takes others' away");
    // One flood in one go.
    let events = (0..1000).map(|n| event(&bed, "alice", n)).collect();
    bed.store.record_events(events).await.unwrap();
    let events = bed.security("alice").await.events;
    assert_eq!((events.len(), events[0].network, events[49].network), (50, net(999), net(950)));
}

async fn who_knows_the_password_alone_pushes_no_change_out_of_sight(mut bed: Bed) {
    let of = |kind, n| AccountEvent { kind, ..event(&bed, "alice", n) };
    let changes = [EventKind::AddressAdded, EventKind::DeviceAdded, EventKind::LoginByMail];
    let mut events: Vec<_> = changes.into_iter().map(|kind| of(kind, 1)).collect();
    let flood = [EventKind::CodeSent, EventKind::FactorAsked, EventKind::LoginBlocked, EventKind::Blocked];
    events.extend((0..400).map(|n| of(flood[n as usize % flood.len()], n)));
    bed.store.record_events(events).await.unwrap();
    bed.reopen().await;
    let kept: Vec<_> = bed.security("alice").await.events.iter().map(|event| event.kind).collect();
    assert_eq!(kept.len(), 25 + changes.len());
    assert!(changes.iter().all(|kind| kept.contains(kind)), "{kept:?}");
}

async fn events_of_a_year_ago_go(mut bed: Bed) {
    bed.store.record_events(vec![event(&bed, "alice", 1)]).await.unwrap();
    bed.wait(300 * DAY);
    bed.store.record_events(vec![event(&bed, "alice", 2)]).await.unwrap();
    bed.purge().await;
    assert_eq!(bed.security("alice").await.events.len(), 2);
    bed.wait(67 * DAY);
    bed.purge().await;
    assert_eq!(bed.security("alice").await.events.len(), 1);
}

async fn open_sessions_are_shown_and_ended(mut bed: Bed) {
    let first = bed.cleared("alice", net(1)).await;
    bed.wait(MINUTE);
    let second = bed.cleared("alice", net(2)).await;
    bed.wait(MINUTE);
    let third = bed.cleared("alice", net(2)).await;
    let pending = bed.login("alice", net(3)).await;
    bed.cleared("bob", net(1)).await;
    let sessions = bed.security("alice").await.sessions;
    assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [third, second, first]);
    assert_eq!((sessions[1].network, sessions[1].browser.as_str()), (net(2), "Firefox on Linux"));
    assert_eq!(sessions[1].created_at, bed.now.before(MINUTE));
    let ended = bed.store.end_sessions(&account("alice"), Which::Only(second), bed.now).await.unwrap();
    assert_eq!(ended, [(second, None)]);
    assert!(bed.store.end_sessions(&account("alice"), Which::Only(second), bed.now).await.unwrap().is_empty());
    let ended = bed.store.end_sessions(&account("alice"), Which::AllBut(third), bed.now).await.unwrap();
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(ended.contains(&(pending.session, Some(b"the parked jar".to_vec()))));
    bed.reopen().await;
    assert_eq!(bed.security("alice").await.sessions.len(), 1);
    assert_eq!(bed.store.end_sessions(&account("alice"), Which::All, bed.now).await.unwrap(), [(third, None)]);
    assert_eq!(bed.load().await.sessions.len(), 1, "bob's");
    bed.wait(HOUR);
    assert!(bed.security("bob").await.sessions.is_empty(), "over by idleness, though not purged");
}

async fn known_networks_are_shown_and_forgotten(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    bed.wait(HOUR);
    bed.learn("alice", net(2)).await;
    bed.wait(HOUR);
    let opening = bed.opening("alice", net(1));
    bed.open(opening).await;
    let networks = bed.security("alice").await.networks;
    assert_eq!(networks[0], KnownNetwork { network: net(1), since: bed.now.before(2 * HOUR), last_used_at: bed.now });
    assert_eq!(networks[1].network, net(2));
    assert!(bed.store.forget_network(&account("alice"), net(1)).await.unwrap());
    assert!(!bed.store.forget_network(&account("alice"), net(1)).await.unwrap());
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Unknown);
    bed.login("alice", net(1)).await;
}

async fn the_owner_s_language_stays(mut bed: Bed) {
    assert_eq!(bed.store.choices(&account("alice")).await.unwrap(), AccountChoices::default());
    bed.store.set_language(&account("alice"), Language::En).await.unwrap();
    bed.store.set_language(&account("alice"), Language::Fr).await.unwrap();
    bed.reopen().await;
    assert_eq!(bed.store.choices(&account("alice")).await.unwrap().language, Some(Language::Fr));
    assert_eq!(bed.store.choices(&account("bob")).await.unwrap().language, None);
}

async fn everything_is_there_after_a_restart(mut bed: Bed) {
    bed.enrol("alice").await;
    bed.store.set_language(&account("alice"), Language::En).await.unwrap();
    bed.store.record_events(vec![event(&bed, "alice", 1)]).await.unwrap();
    let token = bed.raise("alice", net(9)).await;
    bed.press(&token).await.unwrap();
    let before = format!("{:?}", bed.security("alice").await);
    bed.reopen().await;
    assert_eq!(format!("{:?}", bed.security("alice").await), before);
    assert!(bed.store.alarm(token.hash(), bed.now).await.unwrap().unwrap().used_at.is_some());
}
