//! The main road, the same on every panel: password, code, in.

use std::time::Duration;

use super::support::panel::{ALICE, BOB, Kind};
use super::world::{
    CANCEL, CHALLENGE, GATE_COOKIE, LOGOUT, RESEND, World, assert_inside, assert_outside, code_in, enter_code,
    holds_login_cookie, log_in, login_form, protected, submit_code, wrong,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

pub async fn b1_b3_b5_an_unknown_network_needs_the_mailed_code(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let answer = log_in(kind, &mut browser, ALICE).await;
    assert!(answer.wants_code(), "{answer:?}");
    assert!(!holds_login_cookie(kind, &browser), "{:?}", browser.jar);
    let pending = browser.jar.value(GATE_COOKIE).unwrap().to_owned();
    assert_outside(kind, &browser).await;

    // Wherever the browser goes meanwhile, it's led to the page that wants the code.
    let elsewhere = browser.get(protected(kind).last().unwrap()).await;
    assert!(elsewhere.wants_code() || elsewhere.status == 200, "{elsewhere:?}");
    let page = browser.get(CHALLENGE).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("code")), "{page:?}");
    assert!(!page.contains(ALICE.email), "the address is masked: {page:?}");

    let mail = world.smtp.wait_for_mail_to(ALICE.email, 0).await;
    assert_eq!(mail.to, [ALICE.email]);
    let code = code_in(&mail);
    let answer = submit_code(&mut browser, &page.form(CHALLENGE).with("code", &code)).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_ne!(browser.jar.value(GATE_COOKIE), Some(pending.as_str()), "a new token at clearance (R1)");
    let landed = browser.follow(answer).await;
    assert!(landed.status.is_success() && landed.slug().is_none(), "{landed:?}");
    assert_inside(kind, &mut browser, ALICE).await;

    // The token from before the code is dead.
    let mut old = browser.fresh();
    for kept in browser.jar.all() {
        old.jar.plant(&kept.name, if kept.name == GATE_COOKIE { &pending } else { &kept.value });
    }
    assert_outside(kind, &old).await;
    assert_eq!(world.mails_to(ALICE), 1);
}

pub async fn b9_b10_a_verified_network_is_never_asked_again_and_another_is(kind: Kind) {
    let world = World::new(kind).await;
    world.log_in_with_code(&mut world.gate.browser(2), ALICE).await;
    let mut again = world.gate.browser(2);
    let answer = log_in(kind, &mut again, ALICE).await;
    assert!(answer.status.is_redirection() && !answer.wants_code(), "{answer:?}");
    assert_inside(kind, &mut again, ALICE).await;
    assert_eq!(world.mails_to(ALICE), 1);

    let mut from_elsewhere = world.gate.browser(3);
    assert!(log_in(kind, &mut from_elsewhere, ALICE).await.wants_code());
    // What is known for alice is nothing for bob.
    assert!(log_in(kind, &mut world.gate.browser(2), BOB).await.wants_code());
}

pub async fn b11_a_code_is_valid_for_ten_minutes(kind: Kind) {
    let mut world = World::new(kind).await;
    let mut in_time = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut in_time, ALICE).await;
    world.gate.pass(9 * MINUTE);
    assert_eq!(enter_code(&mut in_time, &code).await.status, 303);

    let mut late = world.gate.browser(3);
    let code = world.log_in_to_challenge(&mut late, ALICE).await;
    let form = late.get(CHALLENGE).await.form(CHALLENGE).with("code", &code);
    world.gate.pass(11 * MINUTE);
    let answer = submit_code(&mut late, &form).await;
    assert!(!answer.status.is_redirection(), "{answer:?}");
    assert!(matches!(answer.slug().as_deref(), Some("code-expired" | "explain")), "{answer:?}");
    assert_outside(kind, &late).await;
    // Only a new login helps, and it does.
    world.log_in_with_code(&mut late, ALICE).await;
}

pub async fn b12_the_third_wrong_code_blocks_this_account_from_this_network_for_an_hour(kind: Kind) {
    let mut world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    for nth in 1..=2 {
        let answer = enter_code(&mut browser, &wrong(&code, nth)).await;
        assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (422, Some("code")), "{answer:?}");
    }
    let form = browser.get(CHALLENGE).await.form(CHALLENGE);
    let answer = submit_code(&mut browser, &form.clone().with("code", &wrong(&code, 3))).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (403, Some("blocked")), "{answer:?}");
    let reference = answer.reference().unwrap_or_else(|| panic!("no reference in {answer:?}"));
    let shown = browser.get(&format!("/_poterne/blocked?reference={reference}")).await;
    assert_eq!(shown.slug().as_deref(), Some("blocked"), "{shown:?}");

    // The right code comes too late, and a new login meets the block.
    assert_ne!(submit_code(&mut browser, &form.with("code", &code)).await.status, 303);
    assert_outside(kind, &browser).await;
    let mut again = world.gate.browser(2);
    let answer = log_in(kind, &mut again, ALICE).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (403, Some("blocked")), "{answer:?}");
    assert_outside(kind, &again).await;
    assert_eq!(world.mails_to(ALICE), 1, "nothing is mailed for a blocked login");

    // Nobody else is concerned: not the account elsewhere, not another account here.
    world.log_in_with_code(&mut world.gate.browser(3), ALICE).await;
    world.log_in_with_code(&mut world.gate.browser(2), BOB).await;

    // An hour later there are three new tries.
    world.gate.pass(HOUR + MINUTE);
    let mut later = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut later, ALICE).await;
    for nth in 1..=2 {
        assert_eq!(enter_code(&mut later, &wrong(&code, nth)).await.slug().as_deref(), Some("code"));
    }
    assert_eq!(enter_code(&mut later, &code).await.status, 303);
    assert_inside(kind, &mut later, ALICE).await;
}

pub async fn b12_a_new_login_or_a_new_mail_gives_no_new_tries(kind: Kind) {
    let mut world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    assert_eq!(enter_code(&mut browser, &wrong(&code, 1)).await.status, 422);
    world.gate.pass(2 * MINUTE);
    let resent = browser.get(CHALLENGE).await.form(RESEND);
    assert_eq!(submit_code(&mut browser, &resent).await.slug().as_deref(), Some("code"));
    let code = world.code_after(ALICE, 1).await;
    assert_eq!(enter_code(&mut browser, &wrong(&code, 1)).await.status, 422);
    let mut again = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut again, ALICE).await;
    let answer = enter_code(&mut again, &wrong(&code, 1)).await;
    assert_eq!(answer.slug().as_deref(), Some("blocked"), "{answer:?}");
}

pub async fn b57_a_resent_code_replaces_the_one_before(kind: Kind) {
    let mut world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let first = world.log_in_to_challenge(&mut browser, ALICE).await;
    let form = browser.get(CHALLENGE).await.form(RESEND);
    let too_early = submit_code(&mut browser, &form).await;
    assert_eq!((too_early.status.as_u16(), too_early.slug().as_deref()), (429, Some("code")), "{too_early:?}");
    assert!(too_early.header("retry-after").is_some(), "{too_early:?}");
    assert_eq!(world.mails_to(ALICE), 1);

    world.gate.pass(61 * Duration::from_secs(1));
    let resent = submit_code(&mut browser, &form).await;
    assert_eq!((resent.status.as_u16(), resent.slug().as_deref()), (200, Some("code")), "{resent:?}");
    let second = world.code_after(ALICE, 1).await;
    if first != second {
        let superseded = enter_code(&mut browser, &first).await;
        assert_eq!((superseded.status.as_u16(), superseded.slug().as_deref()), (422, Some("code")), "{superseded:?}");
        assert!(superseded.contains("newer code") && superseded.contains("3 tries left"), "{superseded:?}");
    }
    assert_eq!(enter_code(&mut browser, &second).await.status, 303);
    assert_inside(kind, &mut browser, ALICE).await;
}

pub async fn two_tabs_with_two_mails_take_the_newest_code_and_the_older_one_costs_no_try(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    // Both tabs had the login form before either was sent.
    let form = login_form(kind, &mut browser, ALICE).await;
    assert!(browser.submit(&form).await.wants_code());
    let first = world.code_after(ALICE, 0).await;
    let answer = browser.submit(&form).await;
    assert!(answer.wants_code(), "{answer:?}");
    let second = world.code_after(ALICE, 1).await;
    if first != second {
        let superseded = enter_code(&mut browser, &first).await;
        assert_eq!(superseded.status, 422, "{superseded:?}");
        assert!(superseded.contains("newer code") && superseded.contains("3 tries left"), "{superseded:?}");
    }
    assert_eq!(enter_code(&mut browser, &second).await.status, 303);
    assert_inside(kind, &mut browser, ALICE).await;
}

pub async fn what_is_no_code_costs_no_try_and_spaces_are_forgiven(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    for typed in ["", "hello", "12a456"] {
        let answer = enter_code(&mut browser, typed).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.contains("3 tries left"), "{answer:?}");
    }
    assert_eq!(enter_code(&mut browser, &format!(" {} {} ", &code[..3], &code[3..])).await.status, 303);
    assert_inside(kind, &mut browser, ALICE).await;
}

pub async fn a_cancelled_login_is_over_and_somebody_else_can_log_in(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    let page = browser.get(CHALLENGE).await;
    let (cancel, answer) = (page.form(CANCEL), page.form(CHALLENGE).with("code", &code));
    let cancelled = browser.submit(&cancel).await;
    assert_eq!(cancelled.slug().as_deref(), Some("cancelled"), "{cancelled:?}");
    assert_ne!(submit_code(&mut browser, &answer).await.status, 303);
    assert_outside(kind, &browser).await;
    world.log_in_with_code(&mut browser, BOB).await;
}

pub async fn the_panels_logout_ends_the_gates_session_too(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    world.log_in_with_code(&mut browser, ALICE).await;
    let held = browser.twin();
    log_out(kind, &mut browser).await;
    assert_outside(kind, &browser).await;
    // Nor do the cookies from before the logout work (some panels' would).
    assert_outside(kind, &held).await;
    let answer = log_in(kind, &mut browser, ALICE).await;
    assert!(answer.status.is_redirection() && !answer.wants_code(), "the network is known: {answer:?}");
}

/// Logs out as a user does: with the panel's own link.
pub async fn log_out(kind: Kind, browser: &mut super::support::browser::Browser) {
    let page = browser.get(protected(kind)[0]).await;
    let link = match kind {
        Kind::DokuWiki => link_with(&page.text(), "do=logout"),
        Kind::WordPress => link_with(&page.text(), "action=logout"),
        Kind::Cacti => "/cacti/logout.php".to_owned(),
    };
    let answer = browser.get(&link).await;
    assert!(answer.status.is_redirection() || answer.status.is_success(), "{answer:?}");
}

fn link_with(text: &str, part: &str) -> String {
    let link = text.split(['"', '\'']).find(|piece| piece.contains(part) && piece.contains('/')).unwrap();
    let link = link.replace("&amp;", "&").replace("&#038;", "&");
    match link.split_once("://") {
        Some((_, rest)) => rest[rest.find('/').unwrap()..].to_owned(),
        None => link,
    }
}

pub async fn a_login_as_somebody_else_inside_a_session_must_log_out_first(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    // The form was open in another tab when alice's login went through.
    let form = login_form(kind, &mut browser.fresh(), BOB).await;
    world.log_in_with_code(&mut browser, ALICE).await;
    let answer = browser.submit(&form).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (409, Some("log-out-first")), "{answer:?}");
    assert_inside(kind, &mut browser, ALICE).await;
    let out = browser.submit(&answer.form(LOGOUT)).await;
    assert_eq!(out.slug().as_deref(), Some("logged-out"), "{out:?}");
    assert_outside(kind, &browser).await;
    world.log_in_with_code(&mut browser, BOB).await;
}

pub async fn a_wrong_password_is_the_panels_to_refuse_and_sends_no_mail(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let (_, password) = super::world::credential_fields(kind);
    let form = login_form(kind, &mut browser, ALICE).await.with(password, "wrong");
    let answer = browser.submit(&form).await;
    assert!(answer.slug().is_none() && !answer.status.is_redirection(), "the panel's own answer: {answer:?}");
    assert!(browser.jar.value(GATE_COOKIE).is_none());
    // The same form, corrected, goes through.
    let answer = log_in(kind, &mut browser, ALICE).await;
    assert!(answer.wants_code(), "{answer:?}");
    world.code_after(ALICE, 0).await;
    assert_eq!(world.smtp.mails().len(), 1);
}

pub async fn the_network_may_change_between_login_and_code_and_both_become_known(kind: Kind) {
    let world = World::new(kind).await;
    let browser = world.gate.browser(2);
    let mut first = browser.twin();
    let code = world.log_in_to_challenge(&mut first, ALICE).await;
    let mut moved = first.moved_to(3);
    assert_eq!(enter_code(&mut moved, &code).await.status, 303);
    assert_inside(kind, &mut moved, ALICE).await;
    for network in [2, 3] {
        let answer = log_in(kind, &mut world.gate.browser(network), ALICE).await;
        assert!(!answer.wants_code(), "127.0.0.{network} is known now: {answer:?}");
    }
    assert_eq!(world.mails_to(ALICE), 1);
}

pub async fn a_session_that_turns_up_on_an_unknown_network_needs_a_code(kind: Kind) {
    let world = World::new(kind).await;
    let mut home = world.gate.browser(2);
    world.log_in_with_code(&mut home, ALICE).await;
    let mut away = home.moved_to(3);
    assert_outside(kind, &away).await;
    let answer = away.get(protected(kind)[1]).await;
    assert!(answer.wants_code() || answer.slug().is_none(), "{answer:?}");
    let page = away.get(CHALLENGE).await;
    assert_eq!(page.slug().as_deref(), Some("code"), "{page:?}");
    let code = world.code_after(ALICE, 1).await;
    let answer = enter_code(&mut away, &code).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_inside(kind, &mut away, ALICE).await;
    // Back where it was known already, nothing is asked.
    let mut back = away.moved_to(2);
    assert_inside(kind, &mut back, ALICE).await;
    assert_eq!(world.mails_to(ALICE), 2);
}

pub async fn a_page_without_a_login_explains_itself(kind: Kind) {
    let world = World::new(kind).await;
    let mut browser = world.gate.browser(2);
    let page = browser.get(CHALLENGE).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("explain")), "{page:?}");
    assert!(browser.jar.value(GATE_COOKIE).is_none(), "visitors get no session (R1)");
    let page = browser.get("/_poterne/nothing-here").await;
    assert_eq!(page.status, 404, "{page:?}");
}
