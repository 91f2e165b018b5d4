//! The gate killed at every step: nobody gets a new try, nobody a way in, and nobody loses his place.

use super::support::browser::Ask;
use super::world::{
    ALICE, BOB, CANCEL, CHALLENGE, World, assert_inside, assert_outside, enter_code, fields, generous, is_cleared,
    log_in, login_form, submit_code, wrong,
};

#[tokio::test]
async fn r8_killed_at_every_step_of_the_journey_it_goes_on_where_it_was() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(2);
    let form = login_form(&mut browser, ALICE).await;
    world.gate.kill_and_restart().await;
    // An anonymous session is still good.
    assert!(browser.submit(&form).await.wants_code());
    let code = world.code_after(ALICE, 0).await;
    world.gate.kill_and_restart().await;
    // A pending session stays pending, and its claim holds.
    assert_outside(&browser).await;
    let page = browser.get(CHALLENGE).await;
    assert_eq!(page.slug().as_deref(), Some("code"), "{page:?}");
    world.gate.kill_and_restart().await;
    let before = browser.twin();
    let answer = browser.submit(&page.form(CHALLENGE).with("code", &code)).await;
    assert!(is_cleared(&answer), "{answer:?}");
    world.gate.kill_and_restart().await;
    assert_inside(&mut browser, ALICE).await;
    // The used code stays used, the old token dead.
    let mut twin = before.twin();
    assert!(!is_cleared(&twin.submit(&page.form(CHALLENGE).with("code", &code)).await));
    assert_outside(&before).await;
    // The network stays known.
    let mut again = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut again, ALICE).await));
    world.gate.kill_and_restart().await;
    assert_inside(&mut again, ALICE).await;
    // A logout stays one.
    let held = again.twin();
    again.get("/logout.php").await;
    world.gate.kill_and_restart().await;
    assert_outside(&held).await;
    assert_inside(&mut browser, ALICE).await;
    assert_eq!(world.mails_to(ALICE), 1);
}

#[tokio::test]
async fn r8_killed_between_wrong_codes_nobody_gets_a_new_try() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(CHALLENGE);
    for nth in 1..=2 {
        let answer = browser.submit(&form.clone().with("code", &wrong(&code, nth))).await;
        assert!(!is_cleared(&answer), "{answer:?}");
        // At once, before anything else could be written.
        world.gate.kill_and_restart().await;
    }
    let page = browser.get(CHALLENGE).await;
    assert!(page.contains("1 try left") || page.contains("last try"), "{page:?}");
    let blocked = submit_code(&mut browser, &form.clone().with("code", &wrong(&code, 3))).await;
    assert_eq!(blocked.slug().as_deref(), Some("blocked"), "{blocked:?}");
    world.gate.kill_and_restart().await;
    assert!(!is_cleared(&browser.submit(&form.with("code", &code)).await));
    let answer = log_in(&mut world.gate.browser(2), ALICE).await;
    assert_eq!(answer.slug().as_deref(), Some("blocked"), "{answer:?}");
    assert_eq!(answer.reference(), blocked.reference(), "support finds the same block");
    assert!(log_in(&mut world.gate.browser(3), ALICE).await.wants_code());
}

#[tokio::test]
async fn r8_killed_while_the_panel_judges_a_login_its_session_stays_claimed() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(66);
    let form = login_form(&mut browser, ALICE).await;
    let twin = browser.twin();
    let body = super::support::browser::encode(&fields(&form));
    let hold = world.panel.hold_at("/login.php", poterne::app::demo::panel::Stage::Done);
    let mut connection = browser.connect().await;
    connection.write(&browser.raw_head("POST", "/login.php", &[], Some(body.len()))).await;
    connection.write(body.as_bytes()).await;
    hold.reached().await;
    world.gate.kill();
    hold.release();
    world.gate.start_again().await;
    // The panel logged that session in; nobody ever saw a verdict.
    let session = world.panel.received().into_iter().rev().find_map(|request| request.session).unwrap();
    assert_eq!(world.panel.account_in(&session).as_deref(), Some(ALICE.name));
    assert_outside(&twin).await;
    assert_outside(&browser).await;
    let again = browser.submit(&form).await;
    assert!(!again.wants_code() && !is_cleared(&again), "{again:?}");
    assert_eq!(world.mails_to(ALICE), 0);
    // A fresh session goes through.
    world.clear(&mut world.gate.browser(66), ALICE).await;
}

#[tokio::test]
async fn r8_killed_in_a_burst_of_guesses_no_more_than_three_were_looked_at() {
    let mut world = World::with(generous).await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(CHALLENGE);
    let mut said_wrong = 0;
    for round in 0..3 {
        let mut lanes = Vec::new();
        for lane in 0..20 {
            let mut connection = browser.connect().await;
            let typed = form.clone().with("code", &wrong(&code, 1 + round * 20 + lane));
            let body = super::support::browser::encode(&fields(&typed));
            connection.write(&browser.raw_head("POST", CHALLENGE, &[("Accept", "text/html")], Some(body.len()))).await;
            connection.write(body.as_bytes()).await;
            lanes.push(connection);
        }
        // One answer has come; the others are under way when it's killed.
        let mut answers = Vec::new();
        let mut lanes = lanes.into_iter();
        answers.extend(lanes.next().unwrap().finish(CHALLENGE).await);
        world.gate.kill();
        for lane in lanes {
            answers.extend(lane.finish(CHALLENGE).await);
        }
        said_wrong += answers.iter().filter(|page| page.location().is_some_and(|at| at.ends_with("wrong"))).count();
        assert!(!answers.iter().any(is_cleared));
        world.gate.start_again().await;
    }
    assert!(said_wrong <= 2, "{said_wrong}");
    assert!(!is_cleared(&browser.submit(&form.with("code", &code)).await));
    assert_eq!(log_in(&mut world.gate.browser(2), ALICE).await.slug().as_deref(), Some("blocked"));
}

#[tokio::test]
async fn r8_a_cancelled_login_stays_cancelled_and_the_mail_budget_spent() {
    let mut world = World::new().await;
    for sent in 1..=3 {
        let mut browser = world.gate.browser(2);
        let code = world.to_challenge(&mut browser, BOB).await;
        let page = browser.get(CHALLENGE).await;
        let held = browser.twin();
        browser.submit(&page.form(CANCEL)).await;
        world.gate.kill_and_restart().await;
        let mut twin = held.twin();
        let late = twin.send(Ask::post(CHALLENGE, &fields(&page.form(CHALLENGE).with("code", &code)))).await;
        assert!(!is_cleared(&late), "{late:?}");
        assert_outside(&held).await;
        assert_eq!(world.mails_to(BOB), sent);
        // Mails follow each other at the earliest after a minute.
        world.gate.pass(std::time::Duration::from_secs(90));
    }
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, BOB).await.wants_code());
    let page = browser.get(CHALLENGE).await;
    assert_eq!(page.slug().as_deref(), Some("code"), "{page:?}");
    assert_eq!(world.mails_to(BOB), 3, "the fourth waits");
}

#[tokio::test]
async fn stopped_in_order_and_started_again_everybody_is_where_he_was() {
    let mut world = World::new().await;
    let mut inside = world.cleared(2, ALICE).await;
    let mut pending = world.gate.browser(3);
    let code = world.to_challenge(&mut pending, BOB).await;
    assert!(world.gate.stop().success(), "{}", world.gate.logs());
    world.gate.start_again().await;
    assert_inside(&mut inside, ALICE).await;
    assert!(is_cleared(&enter_code(&mut pending, &code).await));
}
