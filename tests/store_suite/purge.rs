use poterne::flow::ports::*;

use crate::bed::{Bed, DAY, HOUR, MINUTE, SECOND, net};

suite! {
    purging_takes_nothing_that_still_counts
    purging_goes_in_small_steps_and_ends
    purging_leaves_decisions_alone
}

async fn purging_takes_nothing_that_still_counts(mut bed: Bed) {
    bed.learn("alice", net(1)).await;
    let pending = bed.login("alice", net(2)).await;
    bed.wrong(pending.session, net(2)).await;
    let block = bed.block("bob", net(3)).await;
    let key = bed.key();
    bed.claim(&[key], None).await;
    bed.wait(9 * MINUTE);
    assert_eq!(bed.purge().await, 1, "what was parked with the blocked login");
    assert_eq!(bed.waiting(pending.session, net(2)).await.tries_left, 2);
    assert_eq!(bed.standing("bob", net(3)).await, NetworkStanding::Blocked(block));
    assert_eq!(bed.claim(&[key], None).await.1, ClaimOutcome::Taken);
    bed.pass(&pending, net(2)).await;
}

async fn purging_goes_in_small_steps_and_ends(mut bed: Bed) {
    for n in 0..600 {
        let opening = bed.opening(&format!("customer{n}"), net(n));
        bed.open(opening).await;
        let key = bed.key();
        bed.claim(&[key], None).await;
    }
    bed.wait(3 * DAY);
    let mut steps = Vec::new();
    loop {
        match bed.store.purge_expired(bed.now).await.unwrap().rows {
            0 => break,
            gone => steps.push(gone),
        }
    }
    assert!(steps.len() > 4 && steps.iter().all(|gone| *gone <= 1000), "{steps:?}");
    let state = bed.load().await;
    assert!(state.sessions.is_empty() && state.claims.is_empty());
    assert_eq!(bed.purge().await, 0);
}

async fn purging_leaves_decisions_alone(mut bed: Bed) {
    for n in 0..500 {
        let opening = bed.opening(&format!("old{n}"), net(n));
        bed.open(opening).await;
    }
    bed.wait(2 * HOUR);
    let fresh: Vec<_> = {
        let mut fresh = Vec::new();
        for n in 0..20 {
            fresh.push(bed.login(&format!("new{n}"), net(n)).await);
        }
        fresh
    };
    let (store, now) = (bed.store.clone(), bed.now);
    let purging = tokio::spawn(async move { while store.purge_expired(now).await.unwrap().rows > 0 {} });
    bed.wait(SECOND);
    for (n, login) in (0..).zip(&fresh) {
        bed.pass(login, net(n)).await;
    }
    purging.await.unwrap();
    assert_eq!(bed.load().await.sessions.len(), 20);
}
