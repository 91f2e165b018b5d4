//! Many requests at once: what may happen once happens once.

use futures_util::future::join_all;

use super::support::page::Page;
use super::support::panel::{ALICE, BOB, Kind};
use super::world::{
    CHALLENGE, World, assert_inside, assert_outside, enter_code, log_in, login_form, submit_code, wrong,
};

async fn roomy(kind: Kind) -> World {
    World::with(kind, |setup| setup.set("listen.connections_per_network", 4096)).await
}

pub async fn of_a_thousand_guesses_at_once_three_are_looked_at(kind: Kind) {
    let world = roomy(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(CHALLENGE);
    let guesses = (1..=1000).map(|nth| {
        let mut twin = browser.twin();
        let form = form.clone().with("code", &wrong(&code, nth));
        async move { twin.submit(&form).await }
    });
    let answers = join_all(guesses).await;
    let leads = |answer: &Page, to: &str| answer.location().is_some_and(|location| location.starts_with(to));
    assert!(answers.iter().all(|answer| answer.status != 303 || leads(answer, CHALLENGE)));
    let counted = answers.iter().filter(|answer| leads(answer, "/_poterne/challenge?after=wrong")).count();
    assert_eq!(counted, 2, "two wrong codes, and the third blocks");
    // The right one is one guess too many.
    assert_ne!(submit_code(&mut browser, &form.with("code", &code)).await.status, 303);
    assert_outside(kind, &browser).await;
    assert_eq!(log_in(kind, &mut world.gate.browser(2), ALICE).await.slug().as_deref(), Some("blocked"));
}

pub async fn the_right_code_wins_once(kind: Kind) {
    let world = roomy(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(CHALLENGE).with("code", &code);
    let tries = (0..100).map(|_| {
        let mut twin = browser.twin();
        let form = form.clone();
        async move { (submit_code(&mut twin, &form).await, twin) }
    });
    let mut winners = Vec::new();
    for (answer, twin) in join_all(tries).await {
        if answer.status == 303 {
            winners.push(twin);
        } else {
            assert_outside_shortly(kind, &twin).await;
        }
    }
    assert_eq!(winners.len(), 1);
    assert_inside(kind, &mut winners[0], ALICE).await;
}

/// One look is enough where a hundred browsers are asked.
async fn assert_outside_shortly(kind: Kind, browser: &super::support::browser::Browser) {
    let page = browser.twin().get(super::world::protected(kind)[0]).await;
    assert!(!super::world::leaks(kind, &page), "{page:?}");
}

pub async fn of_two_logins_on_one_session_neither_gets_the_others(kind: Kind) {
    let world = World::with_mails_to_spare(kind).await;
    for round in 0..5 {
        let mut alice = world.gate.browser(10 + round);
        let form = login_form(kind, &mut alice, ALICE).await;
        let (login, password) = super::world::credential_fields(kind);
        let other = form.clone().with(login, BOB.name).with(password, BOB.password);
        let mut bob = alice.twin();
        let earlier = [ALICE, BOB].map(|account| world.mails_to(account));
        let (first, second) = tokio::join!(alice.submit(&form), bob.submit(&other));
        assert_outside(kind, &alice).await;
        assert_outside(kind, &bob).await;
        // Either the second has to start again, or it went up without the session that the first had claimed: then each
        // ends as itself, and never as the other.
        let logins = [(first, alice, ALICE), (second, bob, BOB)];
        for ((answer, mut browser, account), earlier) in logins.into_iter().zip(earlier) {
            if answer.wants_code() {
                let code = world.code_after(account, earlier).await;
                assert_eq!(enter_code(&mut browser, &code).await.status, 303);
                assert_inside(kind, &mut browser, account).await;
            } else {
                assert_eq!(answer.slug().as_deref(), Some("start-again"), "{answer:?}");
            }
        }
    }
}
