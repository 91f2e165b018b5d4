use std::time::Duration;

use poterne::flow::ports::*;
use poterne::limit::{BlockReason, Quota};
use poterne::model::AccountId;

use crate::bed::{Bed, HOUR, MINUTE, net};

suite! {
    b12_the_third_wrong_code_blocks_for_an_hour_then_three_new_tries
    b12_neither_a_resend_nor_a_new_login_renews_the_tries
    b12_failures_are_forgotten_an_hour_after_the_last
    a_right_code_gives_the_tries_back
    a_block_ends_what_is_pending_there_and_nothing_else
    a_second_click_on_the_last_try_is_told_of_the_block_too
    a_block_is_for_one_account_and_one_network
    spellings_of_one_account_share_their_tries
    ten_wrong_codes_from_everywhere_close_unknown_networks_until_one_is_an_hour_old
    a_hundred_in_a_row_need_support
    a_known_network_goes_on_through_every_block
    b15_a_block_keeps_its_reference_and_end_over_restarts
    failures_at_a_known_network_count_where_the_login_came_from
    a_blocked_change_of_network_leaves_the_session_where_it_was
}

async fn b12_the_third_wrong_code_blocks_for_an_hour_then_three_new_tries(mut bed: Bed) {
    for _ in 0..2 {
        let login = bed.login("alice", net(1)).await;
        assert!(matches!(bed.wrong(login.session, net(1)).await, Answered::Wrong { tries_left: 2 }));
        bed.wait(MINUTE);
        assert!(matches!(bed.wrong(login.session, net(1)).await, Answered::Wrong { tries_left: 1 }));
        let block = match bed.wrong(login.session, net(1)).await {
            Answered::Blocked { block, fresh: true } => block,
            other => panic!("{other:?}"),
        };
        assert_eq!((block.reason, block.since), (BlockReason::WrongCodes, bed.now));
        assert_eq!(block.until, Some(bed.now + HOUR));
        assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Blocked(block));
        bed.wait(HOUR - Duration::from_millis(1));
        let opening = bed.opening("alice", net(1));
        assert!(matches!(bed.open(opening).await.opened, Opened::Blocked(seen) if seen == block));
        assert!(bed.load().await.sessions.is_empty());
        bed.wait(Duration::from_millis(1));
        assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Unknown);
    }
}

async fn b12_neither_a_resend_nor_a_new_login_renews_the_tries(mut bed: Bed) {
    let first = bed.login("alice", net(1)).await;
    bed.wrong(first.session, net(1)).await;
    bed.wait(MINUTE);
    bed.another(first.session, net(1)).await;
    assert_eq!(bed.waiting(first.session, net(1)).await.tries_left, 2);
    bed.wrong(first.session, net(1)).await;
    let mut opening = bed.opening("alice", net(1));
    opening.replaces = Some(first.session);
    let second = bed.open(opening).await;
    assert_eq!(bed.waiting(second.session, net(1)).await.tries_left, 1);
    assert!(matches!(bed.wrong(second.session, net(1)).await, Answered::Blocked { fresh: true, .. }));
}

async fn b12_failures_are_forgotten_an_hour_after_the_last(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    bed.wrong(login.session, net(1)).await;
    bed.wait(5 * MINUTE);
    bed.wrong(login.session, net(1)).await;
    bed.wait(HOUR - Duration::from_millis(1));
    let login = bed.login("alice", net(1)).await;
    assert_eq!(bed.waiting(login.session, net(1)).await.tries_left, 1);
    bed.wait(Duration::from_millis(1));
    assert_eq!(bed.waiting(login.session, net(1)).await.tries_left, 3);
}

async fn a_right_code_gives_the_tries_back(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    bed.wrong(login.session, net(1)).await;
    bed.wrong(login.session, net(1)).await;
    bed.pass(&login, net(2)).await;
    let login = bed.login("alice", net(3)).await;
    let waiting = bed.waiting(login.session, net(3)).await;
    assert_eq!(waiting.tries_left, 3);
}

async fn a_block_ends_what_is_pending_there_and_nothing_else(mut bed: Bed) {
    let beside = bed.login("alice", net(1)).await;
    let elsewhere = bed.login("alice", net(2)).await;
    let somebody = bed.login("bob", net(1)).await;
    bed.block("alice", net(1)).await;
    let live: Vec<_> = bed.load().await.sessions.iter().map(|session| session.id).collect();
    assert_eq!(live.len(), 2);
    assert!(live.contains(&elsewhere.session) && live.contains(&somebody.session));
    bed.wait(MINUTE);
    assert!(matches!(bed.status(beside.session, net(2)).await, ChallengeStatus::Expired));
    assert!(!matches!(bed.answer(beside.session, &beside.code, net(2)).await, Answered::Cleared { .. }));
    bed.pass(&elsewhere, net(2)).await;
    bed.pass(&somebody, net(1)).await;
}

async fn a_second_click_on_the_last_try_is_told_of_the_block_too(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    for _ in 0..2 {
        bed.wrong(login.session, net(1)).await;
    }
    let Answered::Blocked { block, fresh: true } = bed.wrong(login.session, net(1)).await else { panic!() };
    for typed in ["12345678", &login.code] {
        match bed.answer(login.session, typed, net(1)).await {
            Answered::Blocked { block: seen, fresh: false } => assert_eq!(seen, block),
            other => panic!("{other:?}"),
        }
    }
    bed.wait(HOUR);
    for from in [net(1), net(2)] {
        let answered = bed.answer(login.session, &login.code, from).await;
        assert!(matches!(answered, Answered::Expired | Answered::NotWanted), "{answered:?}");
    }
}

async fn a_block_is_for_one_account_and_one_network(mut bed: Bed) {
    bed.block("alice", net(1)).await;
    assert_eq!(bed.standing("alice", net(2)).await, NetworkStanding::Unknown);
    assert_eq!(bed.standing("bob", net(1)).await, NetworkStanding::Unknown);
    bed.learn("bob", net(1)).await;
    bed.learn("alice", net(2)).await;
    assert!(matches!(bed.standing("alice", net(1)).await, NetworkStanding::Blocked(_)), "not lifted by a success");
}

async fn spellings_of_one_account_share_their_tries(mut bed: Bed) {
    for (spelling, tries_left) in [("alice", 2), ("alicé", 1)] {
        let login = bed.login(spelling, net(1)).await;
        let answered = bed.wrong(login.session, net(1)).await;
        assert!(matches!(answered, Answered::Wrong { tries_left: left } if left == tries_left));
    }
    let login = bed.login("ａlice", net(1)).await;
    assert!(matches!(bed.wrong(login.session, net(1)).await, Answered::Blocked { fresh: true, .. }));
    assert!(matches!(bed.standing("Alice", net(1)).await, NetworkStanding::Blocked(_)));
}

async fn ten_wrong_codes_from_everywhere_close_unknown_networks_until_one_is_an_hour_old(mut bed: Bed) {
    bed.learn("alice", net(100)).await;
    let early = bed.login("alice", net(50)).await;
    let first_at = bed.now;
    for n in 1..=4 {
        let login = bed.login("alice", net(n)).await;
        for _ in 0..2 {
            assert!(matches!(bed.wrong(login.session, net(n)).await, Answered::Wrong { .. }));
        }
        bed.wait(MINUTE);
    }
    let login = bed.login("alice", net(5)).await;
    assert_eq!(bed.waiting(login.session, net(5)).await.tries_left, 2, "of three here, two are left everywhere");
    bed.wrong(login.session, net(5)).await;
    let Answered::Blocked { block, fresh: true } = bed.wrong(login.session, net(5)).await else { panic!() };
    assert_eq!((block.reason, block.until), (BlockReason::WrongCodesEverywhere, Some(first_at + HOUR)));

    // The right code of an honest login from an unknown network isn't accepted either.
    let answered = bed.answer(early.session, &early.code, net(50)).await;
    assert!(matches!(answered, Answered::Blocked { fresh: false, block: seen } if seen == block));
    let opening = bed.opening("alice", net(77));
    assert!(matches!(bed.open(opening).await.opened, Opened::Blocked(seen) if seen == block));
    assert!(matches!(bed.another(early.session, net(50)).await.1, CodeGrant::Blocked(seen) if seen == block));
    let opening = bed.opening("alice", net(100));
    assert!(matches!(bed.open(opening).await.opened, Opened::Cleared(_)), "known networks keep working");

    bed.now = first_at + HOUR;
    let login = bed.login("alice", net(77)).await;
    assert_eq!(bed.waiting(login.session, net(77)).await.tries_left, 2, "the two that are an hour old are free");
}

async fn a_hundred_in_a_row_need_support(mut bed: Bed) {
    bed.policy.wrong_per_account = Quota::of(1000, HOUR);
    bed.policy.mails_per_account = Quota::of(1000, HOUR);
    bed.reopen().await;
    bed.learn("alice", net(1000)).await;
    let mut last = None;
    for n in 0..50 {
        let login = bed.login("alice", net(n)).await;
        for _ in 0..2 {
            last = Some(bed.wrong(login.session, net(n)).await);
        }
        bed.wait(24 * HOUR);
    }
    let Some(Answered::Blocked { block, fresh: true }) = last else { panic!("{last:?}") };
    assert_eq!((block.reason, block.until), (BlockReason::SupportNeeded, None));
    bed.wait(1000 * 24 * HOUR);
    bed.purge().await;
    bed.reopen().await;
    assert_eq!(bed.standing("ALICE", net(7)).await, NetworkStanding::Blocked(block));
    assert_eq!(bed.standing("alice", net(1000)).await, NetworkStanding::Known);
}

async fn a_known_network_goes_on_through_every_block(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let account = AccountId::canonical("carol").unwrap();
    bed.block("carol", net(2)).await;
    let created_there = bed.store.network_standing(&account, net(2), Some(net(2)), bed.now).await.unwrap();
    assert_eq!(created_there, NetworkStanding::Known);
    for n in 10..13 {
        bed.block("alice", net(n)).await;
        bed.wait(MINUTE);
    }
    let login = bed.login("alice", net(14)).await;
    assert!(matches!(bed.wrong(login.session, net(14)).await, Answered::Blocked { .. }));
    let opening = bed.opening("alice", net(1));
    assert!(matches!(bed.open(opening).await.opened, Opened::Cleared(_)));
}

async fn b15_a_block_keeps_its_reference_and_end_over_restarts(mut bed: Bed) {
    let block = bed.block("alice", net(1)).await;
    bed.reopen().await;
    bed.wait(30 * MINUTE);
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Blocked(block));
    let found = bed.store.lookup_reference(block.reference).await.unwrap().unwrap();
    assert_eq!((found.reason.as_str(), found.at, found.until), ("wrong-codes", block.since, block.until));
    assert_eq!((found.account, found.network), (Some(AccountId::canonical("alice").unwrap()), net(1)));
}

async fn failures_at_a_known_network_count_where_the_login_came_from(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let login = bed.login("alice", net(2)).await;
    for _ in 0..2 {
        assert!(matches!(bed.wrong(login.session, net(1)).await, Answered::Wrong { .. }));
    }
    assert_eq!(bed.waiting(login.session, net(2)).await.tries_left, 1);
    assert!(matches!(bed.wrong(login.session, net(1)).await, Answered::Blocked { fresh: true, .. }));
    assert!(matches!(bed.standing("alice", net(2)).await, NetworkStanding::Blocked(_)));
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Known);
}

async fn a_blocked_change_of_network_leaves_the_session_where_it_was(mut bed: Bed) {
    let login = bed.login("alice", net(1)).await;
    bed.pass(&login, net(1)).await;
    let (code, _) = bed.another(login.session, net(2)).await;
    for _ in 0..3 {
        bed.wrong(login.session, net(2)).await;
    }
    assert!(matches!(bed.answer(login.session, &code, net(2)).await, Answered::Blocked { fresh: false, .. }));
    let sessions = bed.load().await.sessions;
    assert_eq!((sessions.len(), sessions[0].state, sessions[0].network), (1, SessionState::Cleared, net(1)));
    assert!(matches!(bed.status(login.session, net(1)).await, ChallengeStatus::NotWanted), "goes on there");
    assert!(matches!(bed.status(login.session, net(2)).await, ChallengeStatus::Blocked(_)));
}
