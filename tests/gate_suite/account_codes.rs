//! Mailed codes that come before a second factor, in a session that the password alone opened.

use std::time::Duration;

use super::phone::{
    ACCOUNT, CONFIRM_ENROL, ENROL, RENEW, STEP, assert_done, codes_on, enrol, enter_backup_code, step_up, to_factor,
};
use super::support::browser::Browser;
use super::support::page::Page;
use super::world::{ALICE, World, assert_inside, assert_outside, code_in, generous, is_cleared, log_in, wrong};

const RESEND_ENROL: &str = "/_poterne/account/enrol/resend";
const CONFIRM_CODES: &str = "/_poterne/account/codes/confirm";
const RESEND_CODES: &str = "/_poterne/account/codes/resend";
const MINUTE: Duration = Duration::from_secs(61);

/// A session on a known network that the password alone opened, with the password typed again.
async fn by_password(world: &World) -> Browser {
    let mut browser = world.gate.browser(2);
    let answer = log_in(&mut browser, ALICE).await;
    assert!(is_cleared(&answer), "{answer:?}");
    step_up(&mut browser, ALICE).await;
    browser
}

/// The page that wants the mailed code before an enrolment, and that code.
async fn asked_for_code(world: &World, browser: &mut Browser) -> (Page, String) {
    let earlier = world.mails_to(ALICE);
    let page = browser.get(ENROL).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("confirm")), "{page:?}");
    (page, world.code_after(ALICE, earlier).await)
}

fn assert_leads_to(answer: &Page, place: &str, after: &str) {
    assert_eq!(answer.location(), Some(format!("{place}?after={after}")), "{answer:?}");
}

#[tokio::test]
async fn b57_another_code_is_sent_after_a_minute_not_before_and_only_the_newest_counts() {
    let mut world = World::with(generous).await;
    world.cleared(2, ALICE).await;
    let mut browser = by_password(&world).await;
    let (page, first) = asked_for_code(&world, &mut browser).await;
    let sent = world.mails_to(ALICE);
    let resend = page.form(RESEND_ENROL);
    let answer = browser.submit(&resend).await;
    assert_leads_to(&answer, ENROL, "later");
    let page = browser.follow(answer).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (429, Some("confirm")), "{page:?}");
    assert!(page.contains("too early") && page.header("retry-after").is_some(), "{page:?}");
    // Nor does loading the page send one.
    for _ in 0..3 {
        assert_eq!(browser.get(ENROL).await.slug().as_deref(), Some("confirm"));
    }
    world.gate.pass(MINUTE);
    let answer = browser.submit(&resend).await;
    assert_leads_to(&answer, ENROL, "sent");
    let page = browser.follow(answer).await;
    assert!(page.contains("New codes are on their way"), "{page:?}");
    let second = world.code_after(ALICE, sent).await;
    assert_eq!(world.mails_to(ALICE), sent + 1, "one mail a resend");
    let form = page.form(CONFIRM_ENROL);
    if first != second {
        let answer = browser.submit(&form.clone().with("code", &first)).await;
        assert_leads_to(&answer, ENROL, "wrong");
    }
    let answer = browser.submit(&form.with("code", &second)).await;
    assert_eq!(answer.location().as_deref(), Some(ENROL), "{answer:?}");
    assert_eq!(browser.get(ENROL).await.slug().as_deref(), Some("enrol"));
}

#[tokio::test]
async fn b12_a_new_code_brings_no_new_tries_and_the_last_wrong_one_ends_the_session() {
    let mut world = World::with(generous).await;
    world.cleared(2, ALICE).await;
    let mut thief = by_password(&world).await;
    let (page, code) = asked_for_code(&world, &mut thief).await;
    let form = page.form(CONFIRM_ENROL);
    // What can't be a code costs nothing.
    for nonsense in ["", "abc", "one two"] {
        let answer = thief.submit(&form.clone().with("code", nonsense)).await;
        let page = thief.follow(answer).await;
        assert!(page.status == 422 && page.contains("3 tries left"), "{nonsense:?}: {page:?}");
    }
    for (nth, left) in [(1, "2 tries left"), (2, "1 try left")] {
        let answer = thief.submit(&form.clone().with("code", &wrong(&code, nth))).await;
        assert_leads_to(&answer, ENROL, "wrong");
        for _ in 0..2 {
            let page = thief.get(&format!("{ENROL}?after=wrong")).await;
            assert!(page.status == 422 && page.contains(left), "{page:?}");
        }
        world.gate.pass(MINUTE);
        let earlier = world.mails_to(ALICE);
        let page = thief.submit(&page.form(RESEND_ENROL)).await;
        let page = thief.follow(page).await;
        assert!(page.contains(left), "a new mail brings new tries: {page:?}");
        world.code_after(ALICE, earlier).await;
    }
    let newest = code_in(&world.smtp.mails().into_iter().rfind(|mail| mail.carries_code()).unwrap());
    let answer = thief.submit(&form.clone().with("code", &wrong(&newest, 1))).await;
    assert_eq!(answer.slug().as_deref(), Some("step-up-over"), "{answer:?}");
    assert_outside(&thief).await;
    let answer = thief.submit(&form.with("code", &newest)).await;
    assert_eq!(answer.slug().as_deref(), Some("account-needs-login"), "{answer:?}");
}

#[tokio::test]
async fn b12_ten_wrong_codes_in_session_after_session_block_the_account_for_unknown_networks() {
    let world = World::with(generous).await;
    let mut owner = world.cleared(2, ALICE).await;
    let mut typed = 0;
    for session in 0..8 {
        assert!(log_in(&mut world.gate.browser(5), ALICE).await.wants_code(), "after {typed} wrong codes");
        let mut thief = by_password(&world).await;
        let (page, code) = asked_for_code(&world, &mut thief).await;
        // Three in the first session, and where three were wrong, one in each that follows.
        let tries = if session == 0 { 3 } else { 1 };
        for nth in 1..=tries {
            let answer = thief.submit(&page.form(CONFIRM_ENROL).with("code", &wrong(&code, nth))).await;
            assert_eq!(answer.slug().as_deref() == Some("step-up-over"), nth == tries, "{answer:?}");
            typed += 1;
        }
        assert_outside(&thief).await;
    }
    assert_eq!(typed, 10);
    let elsewhere = log_in(&mut world.gate.browser(5), ALICE).await;
    assert_eq!(elsewhere.slug().as_deref(), Some("blocked"), "{elsewhere:?}");
    // Who was inside stays, and the known network goes on.
    assert_inside(&mut owner, ALICE).await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

#[tokio::test]
async fn b11_a_code_that_came_too_late_is_said_and_another_one_is_sent_when_its_asked_for() {
    let mut world = World::with(|setup| generous(setup).set("challenge.ttl", "2m")).await;
    world.cleared(2, ALICE).await;
    let mut browser = by_password(&world).await;
    let (page, code) = asked_for_code(&world, &mut browser).await;
    let sent = world.mails_to(ALICE);
    world.gate.pass(Duration::from_secs(121));
    let answer = browser.submit(&page.form(CONFIRM_ENROL).with("code", &code)).await;
    assert_leads_to(&answer, ENROL, "expired");
    for _ in 0..2 {
        let page = browser.get(&format!("{ENROL}?after=expired")).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (422, Some("confirm")), "{page:?}");
        assert!(page.contains("a code lasts 2 minutes") && !page.has_form(CONFIRM_ENROL), "{page:?}");
        assert!(page.has_form(RESEND_ENROL), "{page:?}");
    }
    assert_eq!(world.mails_to(ALICE), sent, "nobody asked for another");
    let page = browser.get(&format!("{ENROL}?after=expired")).await;
    let answer = browser.submit(&page.form(RESEND_ENROL)).await;
    let page = browser.follow(answer).await;
    let code = world.code_after(ALICE, sent).await;
    let answer = browser.submit(&page.form(CONFIRM_ENROL).with("code", &code)).await;
    assert_eq!(answer.location().as_deref(), Some(ENROL), "{answer:?}");
}

#[tokio::test]
async fn b72_new_backup_codes_in_a_session_opened_by_the_password_alone_want_a_mailed_code_of_their_own() {
    let mut world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let mut other = by_password(&world).await;
    step_up(&mut alice, ALICE).await;
    let (_, page) = enrol(&world, &mut alice, "Phone").await;
    let old = codes_on(&page);
    let earlier = world.mails_to(ALICE);
    let renew = other.get(ACCOUNT).await.form(RENEW);
    let answer = other.submit(&renew).await;
    assert_eq!(answer.location().as_deref(), Some(RENEW), "{answer:?}");
    let page = other.follow(answer).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("confirm")), "{page:?}");
    assert!(page.contains("Before new backup codes are made") && !page.contains("app is set up"), "{page:?}");
    let mail = world.smtp.wait_for_words_to(ALICE.email, &["make new backup codes"]).await;
    assert!(!mail.contains("set up") && mail.contains("no backup codes are made"), "{mail}");
    let code = world.code_after(ALICE, earlier).await;
    other.language = "fr".to_owned();
    let french = other.get(RENEW).await;
    assert!(french.contains("Avant de créer de nouveaux codes de secours"), "{french:?}");
    other.language = "en".to_owned();
    // A wrong one, the page again, the code in the wrong place: no codes, and no more mails.
    let form = page.form(CONFIRM_CODES);
    let answer = other.submit(&form.clone().with("code", &wrong(&code, 1))).await;
    assert_leads_to(&answer, RENEW, "wrong");
    assert!(other.follow(answer).await.contains("2 tries left"));
    let token = form.value("token").unwrap().to_owned();
    let answer = other.post(CONFIRM_ENROL, &[("token", &token), ("code", &code)]).await;
    assert_leads_to(&answer, ENROL, "expired");
    let answer = other.submit(&page.form(RESEND_CODES)).await;
    assert_leads_to(&answer, RENEW, "later");
    assert_eq!(world.mails_to(ALICE), earlier + 1);
    let page = other.submit(&form.clone().with("code", &code)).await;
    let new = codes_on(&page);
    assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)), "{page:?}");
    world.notice_to(ALICE, "new backup codes were made").await;
    // The mailed code is spent: the same form again makes no others.
    let answer = other.submit(&form.with("code", &code)).await;
    assert_leads_to(&answer, RENEW, "expired");
    // And its page, where nothing waits any more, leads back.
    assert_eq!(other.get(RENEW).await.location(), Some(format!("{ACCOUNT}?done=gone")));
    world.gate.pass(STEP);
    let mut again = world.gate.browser(2);
    to_factor(&mut again, ALICE).await;
    assert!(!is_cleared(&enter_backup_code(&mut again, &old[0]).await));
    assert!(is_cleared(&enter_backup_code(&mut again, &new[0]).await));
    // The session counts as one that was cleared by a code: the next ones need no mail.
    let page = other.submit(&renew).await;
    assert_eq!(codes_on(&page).len(), 10, "{page:?}");
    // In a session where there's no device, there's nothing to renew.
    let mut bob = world.cleared(3, super::world::BOB).await;
    step_up(&mut bob, super::world::BOB).await;
    let token = super::phone::form_token(&mut bob).await;
    assert_done(&bob.post(RENEW, &[("token", &token)]).await, "no-device");
}
