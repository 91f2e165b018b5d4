use poterne::flow::ports::ClaimOutcome::{Claimed, Taken};
use poterne::flow::ports::Opened;

use crate::bed::{Bed, HOUR, SECOND, net};

suite! {
    r3_a_claim_is_exclusive_and_all_or_none
    r3_a_refused_login_frees_what_it_claimed
    r3_no_verdict_keeps_the_claim
    r3_an_accepted_logins_claims_outlive_their_session
    r3_a_session_may_be_logged_in_again_once_at_a_time
    r3_a_refused_login_inside_a_session_never_frees_its_claims
    r3_nobody_elses_session_releases_a_claim
    r3_a_claim_ends_at_its_own_time_and_is_never_shortened
    r3_claims_survive_a_restart
}

async fn r3_a_claim_is_exclusive_and_all_or_none(mut bed: Bed) {
    let (one, two, three) = (bed.key(), bed.key(), bed.key());
    assert_eq!(bed.claim(&[one, two], None).await.1, Claimed);
    assert_eq!(bed.claim(&[one], None).await.1, Taken);
    for keys in [[three, two], [two, three]] {
        assert_eq!(bed.claim(&keys, None).await.1, Taken);
    }
    assert_eq!(bed.claim(&[three, three], None).await.1, Claimed, "nothing of a refused claim was kept");
    let mut claims: Vec<_> = bed.load().await.claims.into_iter().map(|(key, _)| key).collect();
    claims.sort_unstable();
    let mut all = vec![one, two, three];
    all.sort_unstable();
    assert_eq!(claims, all);
}

async fn r3_a_refused_login_frees_what_it_claimed(mut bed: Bed) {
    let (one, other) = (bed.key(), bed.key());
    let (attempt, _) = bed.claim(&[one], None).await;
    bed.claim(&[other], None).await;
    bed.store.release_claims(attempt).await.unwrap();
    assert_eq!(bed.claim(&[one], None).await.1, Claimed);
    assert_eq!(bed.claim(&[other], None).await.1, Taken, "another attempt's claim stays");
}

async fn r3_no_verdict_keeps_the_claim(mut bed: Bed) {
    let key = bed.key();
    bed.claim(&[key], None).await;
    bed.reopen().await;
    bed.wait(47 * HOUR);
    bed.purge().await;
    assert_eq!(bed.claim(&[key], None).await.1, Taken);
}

async fn r3_an_accepted_logins_claims_outlive_their_session(mut bed: Bed) {
    let key = bed.key();
    let (attempt, _) = bed.claim(&[key], None).await;
    let mut opening = bed.opening("alice", net(1));
    opening.attempt = attempt;
    let login = bed.open(opening).await;
    assert!(matches!(login.opened, Opened::Pending { .. }));
    bed.store.release_claims(attempt).await.unwrap();
    assert_eq!(bed.claim(&[key], None).await.1, Taken, "too late to release");
    assert!(bed.store.end_session(login.session, bed.now).await.unwrap().existed);
    assert_eq!(bed.claim(&[key], None).await.1, Taken, "the panel may still accept that value");
    assert_eq!(bed.load().await.claims.len(), 1);
}

async fn r3_a_session_may_be_logged_in_again_once_at_a_time(mut bed: Bed) {
    let (key, fresh) = (bed.key(), bed.key());
    let (attempt, _) = bed.claim(&[key], None).await;
    let mut opening = bed.opening("alice", net(1));
    opening.attempt = attempt;
    let first = bed.open(opening).await;

    let (attempt, outcome) = bed.claim(&[key, fresh], Some(first.session)).await;
    assert_eq!(outcome, Claimed);
    assert_eq!(bed.claim(&[key], Some(first.session)).await.1, Taken, "a double click");
    let mut opening = bed.opening("alice", net(1));
    (opening.attempt, opening.replaces) = (attempt, Some(first.session));
    let second = bed.open(opening).await;
    assert_eq!(bed.claim(&[key], Some(first.session)).await.1, Taken, "it's the new session's now");
    assert_eq!(bed.claim(&[key, fresh], Some(second.session)).await.1, Claimed);
}

async fn r3_a_refused_login_inside_a_session_never_frees_its_claims(mut bed: Bed) {
    let (key, fresh) = (bed.key(), bed.key());
    let (attempt, _) = bed.claim(&[key], None).await;
    let mut opening = bed.opening("alice", net(1));
    opening.attempt = attempt;
    let login = bed.open(opening).await;
    let (again, outcome) = bed.claim(&[key, fresh], Some(login.session)).await;
    assert_eq!(outcome, Claimed);
    bed.store.release_claims(again).await.unwrap();
    assert_eq!(bed.claim(&[key], None).await.1, Taken, "the panel has elevated this value already");
    assert_eq!(bed.claim(&[fresh], None).await.1, Claimed);
    assert_eq!(bed.claim(&[key], Some(login.session)).await.1, Claimed, "its own session may try again");
}

async fn r3_nobody_elses_session_releases_a_claim(mut bed: Bed) {
    let (key, held) = (bed.key(), bed.key());
    let (attempt, _) = bed.claim(&[key], None).await;
    let mut opening = bed.opening("alice", net(1));
    opening.attempt = attempt;
    bed.open(opening).await;
    bed.claim(&[held], None).await;
    let other = bed.login("mallory", net(2)).await;
    for key in [key, held] {
        assert_eq!(bed.claim(&[key], Some(other.session)).await.1, Taken);
    }
}

async fn r3_a_claim_ends_at_its_own_time_and_is_never_shortened(mut bed: Bed) {
    let key = bed.key();
    let (attempt, _) = bed.claim(&[key], None).await;
    let mut opening = bed.opening("alice", net(1));
    opening.attempt = attempt;
    let login = bed.open(opening).await;
    let mut shorter = bed.claiming(&[key], Some(login.session));
    shorter.until = bed.now + SECOND;
    assert_eq!(bed.store.claim(shorter).await.unwrap(), Claimed);
    assert_eq!(bed.load().await.claims, [(key, bed.now + 48 * HOUR)]);
    bed.wait(48 * HOUR);
    assert!(bed.load().await.claims.is_empty());
    assert_eq!(bed.claim(&[key], None).await.1, Claimed, "also before the purge came by");
    assert_eq!(bed.claim(&[key], Some(login.session)).await.1, Taken, "nothing of the old owner is left");
}

async fn r3_claims_survive_a_restart(mut bed: Bed) {
    let (held, owned) = (bed.key(), bed.key());
    bed.claim(&[held], None).await;
    let (attempt, _) = bed.claim(&[owned], None).await;
    let mut opening = bed.opening("alice", net(1));
    opening.attempt = attempt;
    bed.open(opening).await;
    bed.reopen().await;
    assert_eq!(bed.load().await.claims.len(), 2);
    for key in [held, owned] {
        assert_eq!(bed.claim(&[key], None).await.1, Taken);
    }
}
