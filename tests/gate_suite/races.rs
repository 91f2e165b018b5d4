//! Many requests at once: what may happen once happens once.

use futures_util::future::join_all;

use super::world::{
    ALICE, BOB, CHALLENGE, PANEL_COOKIE, World, assert_inside, assert_outside, enter_code, generous, is_cleared,
    log_in, login_form, submit_code, wrong,
};

#[tokio::test]
async fn of_a_thousand_guesses_at_once_three_are_looked_at() {
    let world = World::with(generous).await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(CHALLENGE);
    let guesses = (0..200).map(|lane| {
        let mut twin = browser.twin();
        let (form, code) = (form.clone(), code.clone());
        async move {
            let mut answers = Vec::new();
            for nth in 0..5 {
                answers.push(twin.submit(&form.clone().with("code", &wrong(&code, lane * 5 + nth + 1))).await);
            }
            answers
        }
    });
    let answers: Vec<_> = join_all(guesses).await.into_iter().flatten().collect();
    assert_eq!(answers.len(), 1000);
    assert!(!answers.iter().any(is_cleared));
    let wrong_said = |page: &&super::support::page::Page| page.location().is_some_and(|at| at.ends_with("after=wrong"));
    assert_eq!(answers.iter().filter(wrong_said).count(), 2, "two wrong codes, and the third blocks");
    assert!(!is_cleared(&browser.submit(&form.with("code", &code)).await), "the right one is one guess too many");
    assert_outside(&browser).await;
    assert_eq!(log_in(&mut world.gate.browser(2), ALICE).await.slug().as_deref(), Some("blocked"));
}

#[tokio::test]
async fn the_right_code_among_wrong_ones_wins_at_most_once() {
    for round in 0..3 {
        let world = World::with(generous).await;
        let mut browser = world.gate.browser(2);
        let code = world.to_challenge(&mut browser, ALICE).await;
        let form = browser.get(CHALLENGE).await.form(CHALLENGE);
        let tries = (0..60).map(|nth| {
            let mut twin = browser.twin();
            // Two wrong ones at most, or three could block before the right one comes.
            let typed = if nth < 2 && round > 0 { wrong(&code, nth + 1) } else { code.clone() };
            let form = form.clone().with("code", &typed);
            async move { (twin.submit(&form).await, twin) }
        });
        let mut winners = Vec::new();
        for (answer, mut twin) in join_all(tries).await {
            if is_cleared(&answer) && !twin.get("/dashboard.php").await.status.is_redirection() {
                winners.push(twin);
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        assert_inside(&mut winners[0], ALICE).await;
        assert_outside(&browser).await;
    }
}

#[tokio::test]
async fn of_two_logins_on_one_session_id_the_second_goes_up_without_it_and_the_panel_asks_again() {
    let world = World::with(generous).await;
    for _ in 0..10 {
        let mut alice = world.gate.browser(2);
        let form = login_form(&mut alice, ALICE).await;
        let mut bob = alice.twin();
        let other = form.clone().with("username", BOB.name).with("password", BOB.password);
        let hold = world.panel.hold("/login.php");
        // The panel has one of them in its hands when the other comes.
        let first = tokio::spawn(async move { (alice.submit(&form).await, alice) });
        hold.reached().await;
        let second = tokio::spawn(async move { (bob.submit(&other).await, bob) });
        hold.reached_by(2).await;
        hold.release();
        let ((first, alice), (second, bob)) = (first.await.unwrap(), second.await.unwrap());
        assert!(first.wants_code(), "{first:?}");
        // The value is claimed: it doesn't go up a second time, and the panel asks again.
        assert!(second.status == 200 && second.slug().is_none() && second.contains("id=\"login_error\""), "{second:?}");
        let received = world.panel.received();
        let posts: Vec<_> = received.iter().filter(|request| request.method == http::Method::POST).collect();
        assert_eq!(posts.len(), 2, "{posts:?}");
        assert!(posts[0].cookies().contains(PANEL_COOKIE) && !posts[1].cookies().contains(PANEL_COOKIE), "{posts:?}");
        world.panel.forget_received();
        assert_outside(&alice).await;
        assert_outside(&bob).await;
    }
}

#[tokio::test]
async fn of_logins_on_one_session_id_at_the_same_instant_one_goes_through_and_the_others_are_told() {
    let world = World::with(generous).await;
    let mut told = 0;
    for _ in 0..5 {
        let mut alice = world.gate.browser(2);
        let form = login_form(&mut alice, ALICE).await;
        let tries = (0..12).map(|nth| {
            let mut twin = alice.twin();
            let account = if nth % 2 == 0 { ALICE } else { BOB };
            let form = form.clone().with("username", account.name).with("password", account.password);
            async move { (twin.submit(&form).await, twin) }
        });
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|(answer, _)| answer.wants_code()).count(), 1, "{answers:?}");
        for (answer, browser) in &answers {
            if !answer.wants_code() {
                // Either both were looked at before one had the session, or the panel never got it a second time and
                // asks again.
                match answer.slug().as_deref() {
                    Some("start-again") => {
                        assert!(answer.status == 409 && answer.reference().is_some(), "{answer:?}");
                        assert!(answer.contains("type your login and password again"), "{answer:?}");
                        told += 1;
                    }
                    None => assert!(answer.status == 200 && answer.contains("id=\"login_error\""), "{answer:?}"),
                    Some(_) => panic!("{answer:?}"),
                }
            }
            assert_outside(browser).await;
        }
    }
    assert!(told > 0, "no two were ever at the same instant");
}

#[tokio::test]
async fn two_tabs_with_two_mails_the_older_code_says_which_mail_and_costs_no_try() {
    let world = World::with(generous).await;
    let mut browser = world.gate.browser(2);
    let first = world.to_challenge(&mut browser, ALICE).await;
    // The second tab logs in again: a login page on the same cookies.
    let mut tab = browser.twin();
    let answer = log_in(&mut tab, ALICE).await;
    assert!(answer.wants_code(), "{answer:?}");
    let second = world.code_after(ALICE, 1).await;
    browser.jar = tab.jar.clone();
    if first != second {
        for _ in 0..4 {
            let older = enter_code(&mut browser, &first).await;
            assert_eq!(older.status, 422, "{older:?}");
            assert!(older.contains("newer code") && older.contains("3 tries left"), "{older:?}");
        }
    }
    assert!(is_cleared(&enter_code(&mut browser, &second).await));
    assert_inside(&mut browser, ALICE).await;
}

#[tokio::test]
async fn another_login_elsewhere_kills_neither_a_pending_login_nor_its_code() {
    let world = World::with(generous).await;
    let mut owner = world.gate.browser(2);
    let code = world.to_challenge(&mut owner, ALICE).await;
    let mut attacker = world.gate.browser(66);
    for _ in 0..3 {
        world.to_challenge(&mut attacker.fresh(), ALICE).await;
    }
    let theirs = world.to_challenge(&mut attacker, ALICE).await;
    // Nor does the owner's code open the attacker's login.
    if code != theirs {
        assert!(!is_cleared(&enter_code(&mut attacker, &code).await));
    }
    assert!(is_cleared(&enter_code(&mut owner, &code).await));
    assert_outside(&attacker).await;
}

#[tokio::test]
async fn a_code_typed_while_the_login_is_cancelled_comes_to_one_of_both() {
    let world = World::with(generous).await;
    for _ in 0..5 {
        let mut browser = world.gate.browser(2);
        if !log_in(&mut browser, BOB).await.wants_code() {
            break;
        }
        let mails = world.mails_to(BOB);
        let _ = mails;
        let page = browser.get(CHALLENGE).await;
        let code = world.code_after(BOB, mails.saturating_sub(1)).await;
        let mut twin = browser.twin();
        let typed = page.form(CHALLENGE).with("code", &code);
        let cancel = page.form(super::world::CANCEL);
        let (typed, _) = tokio::join!(submit_code(&mut browser, &typed), twin.submit(&cancel));
        if is_cleared(&typed) {
            // It was first; then the session is a cleared one, or was ended by the cancellation.
            let page = browser.get("/dashboard.php").await;
            assert!(super::world::who(&page) == Some(BOB.name) || page.status.is_redirection(), "{page:?}");
        } else {
            assert_outside(&browser).await;
        }
        assert_outside(&twin).await;
    }
}
