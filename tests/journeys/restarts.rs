//! What a power cut or an update may not change (R8).

use super::support::panel::{ALICE, Kind};
use super::world::{CHALLENGE, World, assert_inside, assert_outside, enter_code, log_in, submit_code, wrong};

pub async fn killed_at_every_step_of_the_journey(kind: Kind) {
    let mut world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    // After the login: the pending session stays pending, its code stays good.
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    world.gate.kill_and_restart().await;
    assert_outside(kind, &browser).await;
    let form = browser.get(CHALLENGE).await.form(CHALLENGE).with("code", &code);
    let pending = browser.twin();
    assert_eq!(submit_code(&mut browser, &form).await.status, 303);
    // After the code: the session goes on, and what the code released stays released once.
    world.gate.kill_and_restart().await;
    assert_inside(kind, &mut browser, ALICE).await;
    let mut thief = pending.twin();
    assert_ne!(submit_code(&mut thief, &form).await.status, 303, "a used code stays used");
    assert_outside(kind, &thief).await;
    // The network stays known.
    let mut again = world.gate.browser(2);
    assert!(!log_in(kind, &mut again, ALICE).await.wants_code());
    assert_inside(kind, &mut again, ALICE).await;
    // After a logout: over stays over.
    let held = again.twin();
    super::challenge::log_out(kind, &mut again).await;
    world.gate.kill_and_restart().await;
    assert_outside(kind, &held).await;
}

pub async fn killed_between_wrong_codes_nobody_gets_a_new_try(kind: Kind) {
    let mut world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    for nth in 1..=2 {
        assert_eq!(enter_code(&mut browser, &wrong(&code, nth)).await.status, 422);
        world.gate.kill_and_restart().await;
    }
    let page = browser.get(CHALLENGE).await;
    assert!(page.contains("1 try left"), "{page:?}");
    let blocked = submit_code(&mut browser, &page.form(CHALLENGE).with("code", &wrong(&code, 3))).await;
    assert_eq!(blocked.slug().as_deref(), Some("blocked"), "{blocked:?}");
    world.gate.kill_and_restart().await;
    assert_ne!(submit_code(&mut browser, &page.form(CHALLENGE).with("code", &code)).await.status, 303);
    let answer = log_in(kind, &mut world.gate.browser(2), ALICE).await;
    assert_eq!(answer.slug().as_deref(), Some("blocked"), "{answer:?}");
    assert_eq!(answer.reference(), blocked.reference(), "support finds the same block");
}

pub async fn restarted_in_order_in_the_middle(kind: Kind) {
    let mut world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    assert!(world.gate.stop().success(), "{}", world.gate.logs());
    world.gate.start_again().await;
    assert_eq!(enter_code(&mut browser, &code).await.status, 303);
    world.gate.restart().await;
    assert_inside(kind, &mut browser, ALICE).await;
}
