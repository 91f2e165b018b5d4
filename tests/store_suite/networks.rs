use poterne::flow::ports::*;
use poterne::model::AccountId;

use crate::bed::{Bed, DAY, MINUTE, SECOND, net};

suite! {
    b09_a_verified_network_is_never_asked_again
    b08_the_creation_network_is_known_from_the_start
    known_is_for_one_account
    b09_at_most_so_many_are_kept_and_the_longest_unused_goes
    using_a_network_keeps_it
}

async fn b09_a_verified_network_is_never_asked_again(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    bed.reopen().await;
    bed.wait(1000 * DAY);
    bed.purge().await;
    let opening = bed.opening("Alice", net(1));
    let Opened::Cleared(session) = bed.open(opening).await.opened else { panic!() };
    assert_eq!((session.state, session.network), (SessionState::Cleared, net(1)));
    assert!(matches!(bed.status(session.id, net(1)).await, ChallengeStatus::NotWanted));
    assert_eq!(bed.load().await.sessions.len(), 1);
    bed.login("alice", net(2)).await;
}

async fn b08_the_creation_network_is_known_from_the_start(mut bed: Bed) {
    let mut opening = bed.opening("alice", net(1));
    opening.created_from = Some(net(1));
    assert!(matches!(bed.open(opening).await.opened, Opened::Cleared(_)));
    let mut opening = bed.opening("alice", net(2));
    opening.created_from = Some(net(1));
    let login = bed.open(opening).await;
    assert!(matches!(login.opened, Opened::Pending { .. }));
    bed.pass(&login, net(2)).await;
    assert!(matches!(bed.status(login.session, net(1)).await, ChallengeStatus::NotWanted), "also for a change to it");
    let account = AccountId::canonical("alice").unwrap();
    let standing = bed.store.network_standing(&account, net(1), Some(net(1)), bed.now).await.unwrap();
    assert_eq!(standing, NetworkStanding::Known);
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Unknown, "only as long as the directory says so");
}

async fn known_is_for_one_account(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    for other in ["alicé", "bob"] {
        let opening = bed.opening(other, net(1));
        assert!(matches!(bed.open(opening).await.opened, Opened::Pending { .. }), "{other}");
    }
}

async fn b09_at_most_so_many_are_kept_and_the_longest_unused_goes(mut bed: Bed) {
    bed.policy.known_networks = 3;
    bed.reopen().await;
    for n in 1..=3 {
        bed.learn("alice", net(n)).await;
        bed.wait(MINUTE);
    }
    bed.learn("bob", net(9)).await;
    let opening = bed.opening("alice", net(1));
    assert!(matches!(bed.open(opening).await.opened, Opened::Cleared(_)));
    bed.wait(SECOND);
    bed.learn("alice", net(4)).await;
    for (n, known) in [(1, true), (2, false), (3, true), (4, true)] {
        assert_eq!(bed.standing("alice", net(n)).await == NetworkStanding::Known, known, "{n}");
    }
    assert_eq!(bed.standing("bob", net(9)).await, NetworkStanding::Known);
}

async fn using_a_network_keeps_it(mut bed: Bed) {
    bed.policy.known_networks = 2;
    bed.reopen().await;
    let login = bed.login("alice", net(1)).await;
    bed.pass(&login, net(1)).await;
    bed.wait(MINUTE);
    bed.learn("alice", net(2)).await;
    bed.wait(MINUTE);
    let touch = SessionTouch { session: login.session, seen_at: bed.now, network: net(1) };
    bed.store.touch_sessions(vec![touch]).await.unwrap();
    bed.wait(MINUTE);
    bed.learn("alice", net(3)).await;
    assert_eq!(bed.standing("alice", net(1)).await, NetworkStanding::Known);
    assert_eq!(bed.standing("alice", net(2)).await, NetworkStanding::Unknown);
}
