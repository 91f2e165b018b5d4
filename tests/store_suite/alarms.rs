use futures_util::future::join_all;
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::limit::BlockReason;
use poterne::model::{AlarmToken, BrowserToken, Reference, TypedCode};

use crate::bed::{Bed, DAY, HOUR, MINUTE, account, net};
use crate::owner_bed::is_cleared;

suite! {
    it_was_not_me_ends_blocks_forgets_and_suspects
    of_a_hundred_presses_one_acts
    looking_at_a_link_does_nothing
    a_link_ends_after_seven_days
    a_suspected_password_is_asked_for_a_code_from_everywhere
    a_phone_that_an_intruder_enrolled_is_worth_nothing_once_it_was_reported
    a_reported_network_is_blocked_for_an_app_too_and_where_the_account_was_created
}

async fn it_was_not_me_ends_blocks_forgets_and_suspects(mut bed: Bed) {
    bed.factors.remember_for = Some(30 * DAY);
    bed.reopen().await;
    bed.learn("alice", net(1)).await;
    bed.learn("alice", net(66)).await;
    bed.learn("bob", net(66)).await;
    let pending = bed.login("alice", net(3)).await;
    let token = bed.raise("alice", net(66)).await;
    let phone = bed.enrol("alice").await;
    let browser = BrowserToken::random(&mut bed.rng);
    let login = bed.asked("alice", net(1), Asks::Factor).await;
    let used_for = bed.clear_remembering(browser.hash());
    let answer = bed.factor(login.session, net(1), used_for);
    let code = TypedCode::parse(&phone.shows(&bed)).unwrap();
    assert!(is_cleared(&bed.store.answer_totp(answer, code).await.unwrap()));
    bed.store.turn_off(&account("carol"), bed.now).await.unwrap();
    assert_eq!(bed.security("alice").await.remembered_browsers, 1);
    bed.wait(MINUTE);

    let used = bed.press(&token).await.unwrap();
    assert_eq!((used.alarm.kind, used.alarm.network, used.alarm.used_at), (EventKind::LoginByMail, net(66), None));
    assert_eq!(used.ended.len(), 4, "two by mail, one by app, and the pending one");
    let jars: Vec<_> = used.ended.iter().filter(|(_, jar)| jar.is_some()).collect();
    assert_eq!(jars.len(), 1);
    assert_eq!(jars[0].0, pending.session, "what was parked can be logged out");
    bed.reopen().await;
    let left = bed.load().await.sessions;
    assert!(left.iter().all(|session| session.account == account("bob")), "only others' sessions are left");
    assert_eq!(left.len(), 1);
    let security = bed.security("alice").await;
    assert_eq!(security.choices.suspected_since, Some(bed.now));
    assert_eq!(security.remembered_browsers, 0);
    assert_eq!(security.networks.iter().map(|known| known.network).collect::<Vec<_>>(), [net(1)]);
    match bed.standing("alice", net(66)).await {
        NetworkStanding::Blocked(block) => {
            assert_eq!((block.reason, block.until), (BlockReason::Reported, Some(bed.now + REPORTED_BLOCK)));
            let found = bed.store.lookup_reference(block.reference).await.unwrap().unwrap();
            assert_eq!((found.reason.as_str(), found.account), ("reported", Some(account("alice"))));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bed.standing("bob", net(66)).await, NetworkStanding::Known);
    bed.wait(REPORTED_BLOCK);
    assert_eq!(bed.standing("alice", net(66)).await, NetworkStanding::Unknown);
}

async fn of_a_hundred_presses_one_acts(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let token = bed.raise("alice", net(1)).await;
    let presses: Vec<_> = (0..100).map(|_| Reference::random(&mut bed.rng)).collect();
    let (hash, now) = (token.hash(), bed.now);
    let uses = join_all(presses.into_iter().map(|reference| bed.store.use_alarm(hash, reference, now))).await;
    let uses: Vec<_> = uses.into_iter().map(|used| used.unwrap().unwrap()).collect();
    assert_eq!(uses.iter().filter(|used| used.alarm.used_at.is_none()).count(), 1);
    assert_eq!(uses.iter().map(|used| used.ended.len()).sum::<usize>(), 1);
    bed.reopen().await;
    bed.wait(HOUR);
    let again = bed.press(&token).await.unwrap();
    assert_eq!((again.alarm.used_at, again.ended.len()), (Some(now), 0), "told that it was done");
}

async fn looking_at_a_link_does_nothing(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let token = bed.raise("alice", net(1)).await;
    for _ in 0..3 {
        let alarm = bed.store.alarm(token.hash(), bed.now).await.unwrap().unwrap();
        assert_eq!((alarm.account, alarm.used_at), (account("alice"), None));
    }
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Known);
    assert_eq!(bed.load().await.sessions.len(), 1);
    let other = AlarmToken::random(&mut bed.rng);
    assert_eq!(bed.store.alarm(other.hash(), bed.now).await.unwrap(), None);
    assert!(bed.press(&other).await.is_none());
}

async fn a_link_ends_after_seven_days(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let token = bed.raise("alice", net(1)).await;
    bed.wait(ALARM_LASTS);
    assert_eq!(bed.store.alarm(token.hash(), bed.now).await.unwrap(), None);
    assert!(bed.press(&token).await.is_none());
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Known);
    assert!(bed.purge().await > 0);
    bed.now = bed.now.before(DAY);
    assert!(bed.press(&token).await.is_none(), "gone for good");
}

async fn a_suspected_password_is_asked_for_a_code_from_everywhere(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let token = bed.raise("alice", net(66)).await;
    bed.press(&token).await.unwrap();
    for _ in 0..2 {
        let mut opening = bed.opening("alice", net(1));
        opening.created_from = Some(net(1));
        let login = bed.open(opening).await;
        assert!(matches!(login.opened, Opened::Pending { asks: Asks::Mail, .. }), "{:?}", login.opened);
        match bed.answer(login.session, &login.code, net(1)).await {
            Answered::Cleared { new_network, .. } => assert!(!new_network, "nothing new about it"),
            other => panic!("{other:?}"),
        }
        bed.wait(MINUTE);
    }
    // A session that goes to another network on record is asked too.
    bed.wait(HOUR);
    let login = bed.login("alice", net(1)).await;
    bed.pass(&login, net(1)).await;
    bed.wait(HOUR / 2);
    assert_eq!(bed.waiting(login.session, net(2)).await.asks, Asks::Mail);
}

async fn a_phone_that_an_intruder_enrolled_is_worth_nothing_once_it_was_reported(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let intruders = bed.enrol("alice").await;
    let token = bed.raise("alice", net(66)).await;
    bed.press(&token).await.unwrap();
    for from in [net(67), net(1)] {
        let login = bed.asked("alice", from, Asks::FactorThenMail).await;
        let code = intruders.shows(&bed);
        let answered = bed.totp(login.session, from, &code).await;
        assert!(matches!(answered, FactorAnswered::MailNext { .. }), "the owner's mailbox is asked: {answered:?}");
        bed.wait(MINUTE);
    }
}

async fn a_reported_network_is_blocked_for_an_app_too_and_where_the_account_was_created(mut bed: Bed) {
    let phone = bed.enrol("alice").await;
    bed.learn_by_app("alice", net(66), &phone).await;
    for name in ["alice", "bob"] {
        let token = bed.raise(name, net(66)).await;
        bed.press(&token).await.unwrap();
        let mut opening = bed.opening(name, net(66));
        opening.created_from = Some(net(66));
        let login = bed.open(opening).await;
        assert!(matches!(login.opened, Opened::Blocked(block) if block.reason == BlockReason::Reported));
    }
}
