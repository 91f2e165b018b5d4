use std::time::Duration;

use poterne::flow::ports::*;

use crate::bed::{Bed, HOUR, MINUTE, SECOND, net};

suite! {
    b03_a_right_code_clears_the_session_under_a_new_token
    b57_a_code_works_once
    b11_a_code_is_valid_ten_minutes
    b57_only_the_newest_code_is_valid_and_an_older_one_costs_no_try
    r7_a_pending_login_ends_after_half_an_hour_whatever_is_sent
    b57_two_tabs_two_mails
    two_tabs_and_no_mail_left_keep_the_last_code_good
    another_login_kills_no_code
    a_code_is_bound_to_its_login
    b13_all_addresses_are_shown_and_none_means_no_code
    a_code_is_valid_from_any_unblocked_network_and_both_become_known
    a_cancelled_login_takes_its_code_along
    the_code_page_shows_what_is_left
    b10_a_changed_network_asks_for_a_code_and_moves_the_session
    an_unknown_session_wants_no_code
}

async fn b03_a_right_code_clears_the_session_under_a_new_token(mut bed: Bed) {
    let opening = bed.opening("alice", net(1));
    let old_token = opening.token;
    let login = bed.open(opening).await;
    let Opened::Pending { session, grant, .. } = &login.opened else { panic!("{:?}", login.opened) };
    assert_eq!(*grant, CodeGrant::Granted { expires_at: bed.now + 10 * MINUTE });
    assert_eq!(session.state, SessionState::Pending { until: bed.now + 10 * MINUTE });
    assert_eq!(bed.load().await.sessions.len(), 1);

    bed.wait(MINUTE);
    let (cleared, jar) = bed.pass(&login, net(1)).await;
    assert_eq!(jar.as_deref(), Some(b"the parked jar".as_slice()));
    assert_eq!((cleared.id, cleared.state, cleared.network), (login.session, SessionState::Cleared, net(1)));
    assert_ne!(cleared.token, old_token, "R1: a planted token is worth nothing");
    let sessions = bed.load().await.sessions;
    assert_eq!(sessions.len(), 1);
    assert_eq!((sessions[0].token, sessions[0].state), (cleared.token, SessionState::Cleared));
    assert_eq!((sessions[0].created_at, sessions[0].last_seen_at), (bed.now.before(MINUTE), bed.now));
}

async fn b57_a_code_works_once(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    bed.pass(&login, net(1)).await;
    for from in [net(1), net(2)] {
        let again = bed.answer(login.session, &login.code, from).await;
        assert!(!matches!(again, Answered::Cleared { .. }), "{again:?}");
    }
}

async fn b11_a_code_is_valid_ten_minutes(mut bed: Bed) {
    let (first, second) = (bed.login("alice", net(1)).await, bed.login("bob", net(1)).await);
    bed.wait(10 * MINUTE - Duration::from_millis(1));
    bed.pass(&first, net(1)).await;
    bed.wait(Duration::from_millis(1));
    for typed in [second.code.as_str(), "12345678"] {
        let answered = bed.answer(second.session, typed, net(1)).await;
        assert!(matches!(answered, Answered::Expired), "{answered:?}");
    }
    assert!(matches!(bed.status(second.session, net(1)).await, ChallengeStatus::Expired));
    assert!(matches!(bed.another(second.session, net(1)).await.1, CodeGrant::NotWanted), "log in again");
    assert_eq!(bed.load().await.sessions.len(), 1);
    let again = bed.login("bob", net(1)).await;
    assert_eq!(bed.waiting(again.session, net(1)).await.tries_left, 3, "a late code costs nothing");
}

async fn b57_only_the_newest_code_is_valid_and_an_older_one_costs_no_try(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    bed.wait(MINUTE);
    let (newer, grant) = bed.another(login.session, net(1)).await;
    assert_eq!(grant, CodeGrant::Granted { expires_at: bed.now + 10 * MINUTE });
    let sent_at = bed.now;
    bed.wait(MINUTE);
    for _ in 0..10 {
        match bed.answer(login.session, &login.code, net(1)).await {
            Answered::Superseded { newest_sent_at } => assert_eq!(newest_sent_at, sent_at),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bed.waiting(login.session, net(1)).await.tries_left, 3);
    assert!(matches!(bed.answer(login.session, &newer, net(1)).await, Answered::Cleared { .. }));
}

async fn r7_a_pending_login_ends_after_half_an_hour_whatever_is_sent(mut bed: Bed) {
    bed.policy.mails_per_network = poterne::limit::Quota::of(10, HOUR);
    bed.reopen().await;
    let login = bed.login("alice", net(1)).await;
    let end = bed.now + 30 * MINUTE;
    for _ in 0..3 {
        bed.wait(9 * MINUTE);
        let (_, grant) = bed.another(login.session, net(1)).await;
        assert_eq!(grant, CodeGrant::Granted { expires_at: end.min(bed.now + 10 * MINUTE) });
        assert_eq!(bed.waiting(login.session, net(1)).await.ends_at, end);
    }
    bed.wait(3 * MINUTE);
    assert_eq!(bed.now, end);
    assert!(matches!(bed.status(login.session, net(1)).await, ChallengeStatus::Expired));
}

async fn b57_two_tabs_two_mails(mut bed: Bed) {
    let first = bed.login("alice", net(1)).await;
    bed.wait(5 * SECOND);
    let mut opening = bed.opening("alice", net(1));
    opening.replaces = Some(first.session);
    let second = bed.open(opening).await;
    assert!(matches!(second.opened, Opened::Pending { grant: CodeGrant::Granted { .. }, .. }));
    assert_eq!(bed.load().await.sessions.len(), 1, "the first login is over");
    assert!(matches!(bed.answer(first.session, &first.code, net(1)).await, Answered::NotWanted));
    match bed.answer(second.session, &first.code, net(1)).await {
        Answered::Superseded { newest_sent_at } => assert_eq!(newest_sent_at, bed.now),
        other => panic!("{other:?}"),
    }
    assert_eq!(bed.waiting(second.session, net(1)).await.tries_left, 3);
    bed.pass(&second, net(1)).await;
}

async fn two_tabs_and_no_mail_left_keep_the_last_code_good(mut bed: Bed) {
    let mut last = bed.login("alice", net(1)).await;
    for _ in 0..2 {
        bed.wait(MINUTE);
        let mut opening = bed.opening("alice", net(1));
        opening.replaces = Some(last.session);
        last = bed.open(opening).await;
    }
    let sent_at = bed.now;
    bed.wait(MINUTE);
    let mut opening = bed.opening("alice", net(1));
    opening.replaces = Some(last.session);
    let fourth = bed.open(opening).await;
    let Opened::Pending { session, grant: CodeGrant::NotBefore { at }, .. } = &fourth.opened else {
        panic!("{:?}", fourth.opened)
    };
    assert_eq!(*at, bed.now + 57 * MINUTE);
    assert_eq!(session.state, SessionState::Pending { until: sent_at + 10 * MINUTE });
    let waiting = bed.waiting(fourth.session, net(1)).await;
    assert_eq!(waiting.newest.map(|code| (code.challenge, code.sent_at)), Some((last.challenge, sent_at)));
    assert!(matches!(bed.answer(fourth.session, &fourth.code, net(1)).await, Answered::Wrong { .. }), "never sent");
    assert!(matches!(bed.answer(fourth.session, &last.code, net(1)).await, Answered::Cleared { .. }));
}

async fn another_login_kills_no_code(mut bed: Bed) {
    let mine = bed.login("alice", net(1)).await;
    let theirs = bed.login("alice", net(2)).await;
    let beside = bed.login("alice", net(1)).await;
    for _ in 0..3 {
        bed.wrong(theirs.session, net(2)).await;
    }
    bed.store.end_session(beside.session, bed.now).await.unwrap();
    bed.pass(&mine, net(1)).await;
}

async fn a_code_is_bound_to_its_login(mut bed: Bed) {
    let mine = bed.login("alice", net(1)).await;
    let theirs = bed.login("alice", net(2)).await;
    let other = bed.login("bob", net(1)).await;
    assert!(matches!(bed.answer(theirs.session, &mine.code, net(2)).await, Answered::Wrong { .. }));
    assert!(matches!(bed.answer(other.session, &mine.code, net(1)).await, Answered::Wrong { .. }));
    let mut opening = bed.opening("mallory", net(1));
    opening.replaces = Some(mine.session);
    let replaced = bed.open(opening).await;
    assert!(matches!(bed.answer(replaced.session, &mine.code, net(1)).await, Answered::Wrong { .. }));
}

async fn b13_all_addresses_are_shown_and_none_means_no_code(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let waiting = bed.waiting(login.session, net(1)).await;
    let addresses: Vec<_> = waiting.addresses.iter().map(|address| address.as_address().to_string()).collect();
    assert_eq!(addresses, ["alice@example.test", "a.home@example.test"]);

    let mut opening = bed.opening("bob", net(1));
    opening.addresses.clear();
    let login = bed.open(opening).await;
    let Opened::Pending { session, grant: CodeGrant::NoAddress, .. } = &login.opened else {
        panic!("{:?}", login.opened)
    };
    assert_eq!(session.state, SessionState::Pending { until: bed.now + 30 * MINUTE });
    assert_eq!(bed.another(login.session, net(1)).await.1, CodeGrant::NoAddress);
    assert!(matches!(bed.answer(login.session, &login.code, net(1)).await, Answered::Expired));
    assert_eq!(bed.waiting(login.session, net(1)).await.tries_left, 3);
}

async fn a_code_is_valid_from_any_unblocked_network_and_both_become_known(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let (cleared, _) = bed.pass(&login, net(2)).await;
    assert_eq!(cleared.network, net(2));
    for network in [net(1), net(2)] {
        assert_eq!(bed.standing("alice", network).await, NetworkStanding::Known);
    }
    assert_eq!(bed.standing("bob", net(1)).await, NetworkStanding::Unknown);

    let login = bed.login("alice", net(3)).await;
    bed.block("alice", net(4)).await;
    assert!(matches!(bed.answer(login.session, &login.code, net(4)).await, Answered::Blocked { fresh: false, .. }));
    bed.pass(&login, net(3)).await;
}

async fn a_cancelled_login_takes_its_code_along(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    assert!(bed.store.end_session(login.session, bed.now).await.unwrap().existed);
    assert!(!bed.store.end_session(login.session, bed.now).await.unwrap().existed);
    assert!(matches!(bed.answer(login.session, &login.code, net(1)).await, Answered::NotWanted));
    assert!(bed.load().await.sessions.is_empty());
}

async fn the_code_page_shows_what_is_left(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let sent = SentCode { challenge: login.challenge, sent_at: bed.now, expires_at: bed.now + 10 * MINUTE };
    let ends_at = bed.now + 30 * MINUTE;
    bed.wait(SECOND);
    for tries_left in [3, 2, 1] {
        let waiting = bed.waiting(login.session, net(1)).await;
        assert_eq!(waiting.newest, Some(sent));
        assert_eq!(waiting.tries_left, tries_left);
        assert_eq!(waiting.next_mail_at, sent.sent_at + MINUTE);
        assert_eq!(waiting.ends_at, ends_at);
        assert_eq!(waiting.language, poterne::model::Language::Fr);
        assert_eq!(waiting.account.as_str(), "alice");
        bed.wrong(login.session, net(1)).await;
    }
    assert!(matches!(bed.status(login.session, net(1)).await, ChallengeStatus::Blocked(_)));
}

async fn b10_a_changed_network_asks_for_a_code_and_moves_the_session(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    let (cleared, _) = bed.pass(&login, net(1)).await;
    assert!(matches!(bed.status(login.session, net(1)).await, ChallengeStatus::NotWanted));
    assert!(matches!(bed.answer(login.session, "123456", net(1)).await, Answered::NotWanted));

    bed.wait(2 * MINUTE);
    let waiting = bed.waiting(login.session, net(2)).await;
    assert_eq!((waiting.newest, waiting.next_mail_at), (None, bed.now));
    assert!(matches!(bed.answer(login.session, &login.code, net(2)).await, Answered::Expired), "none was asked for");
    let (code, grant) = bed.another(login.session, net(2)).await;
    assert_eq!(grant, CodeGrant::Granted { expires_at: bed.now + 10 * MINUTE });
    assert!(matches!(bed.wrong(login.session, net(2)).await, Answered::Wrong { tries_left: 2 }));
    match bed.answer(login.session, &code, net(2)).await {
        Answered::Cleared { session, sealed_jar, .. } => {
            assert_eq!((session.network, sealed_jar), (net(2), None));
            assert_ne!(session.token, cleared.token);
            assert_eq!(session.created_at, cleared.created_at, "a new network is no new day");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bed.standing("alice", net(2)).await, NetworkStanding::Known);
    assert!(matches!(bed.status(login.session, net(1)).await, ChallengeStatus::NotWanted), "known: goes on");

    let (_, grant) = bed.another(login.session, net(3)).await;
    assert!(matches!(grant, CodeGrant::Granted { .. }));
    bed.wait(11 * MINUTE);
    assert!(matches!(bed.answer(login.session, "123456", net(3)).await, Answered::Expired));
    assert_eq!(bed.waiting(login.session, net(3)).await.newest, None, "it can ask again without a new login");
    assert!(matches!(bed.another(login.session, net(3)).await.1, CodeGrant::Granted { .. }));
}

async fn an_unknown_session_wants_no_code(mut bed: Bed) {
    let session = poterne::model::SessionId::random(&mut bed.rng);
    assert!(matches!(bed.status(session, net(1)).await, ChallengeStatus::NotWanted));
    assert_eq!(bed.another(session, net(1)).await.1, CodeGrant::NotWanted);
    assert!(matches!(bed.answer(session, "123456", net(1)).await, Answered::NotWanted));
}
