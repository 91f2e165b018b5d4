//! The account's own page: what can be done there, and by whom.

use std::time::Duration;

use regex::Regex;

use super::phone::{
    ACCOUNT, ADDRESSES, CONFIRM_ADDRESS, CONFIRM_ENROL, DOWNLOAD, END_OTHERS, END_SESSION, ENROL, FORGET_NETWORK, OFF,
    OFF_CONFIRM, Phone, RENEW, STEP, STEP_UP, assert_done, codes_on, enrol, form_token, step_up, to_factor,
};
use super::support::browser::Ask;
use super::support::panel::Account;
use super::world::{
    ALICE, BOB, CHALLENGE, World, assert_inside, assert_outside, code_in, enter_code, fields, generous, is_cleared,
    log_in, wrong,
};

#[tokio::test]
async fn b66_the_page_is_read_with_a_cleared_session_and_changed_after_the_password() {
    let world = World::new().await;
    let mut stranger = world.gate.browser(5);
    assert_eq!(stranger.get(ACCOUNT).await.slug().as_deref(), Some("account-needs-login"));
    world.to_challenge(&mut stranger, BOB).await;
    assert!(stranger.get(ACCOUNT).await.wants_code(), "a pending login reads nothing");
    let mut browser = world.cleared(2, ALICE).await;
    let page = browser.get(ACCOUNT).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("account")), "{page:?}");
    assert!(page.contains("127.0.0.2") && !page.contains(ALICE.email), "{page:?}");
    let token = form_token(&mut browser).await;
    let posts: [(&str, &str, &str); 11] = [
        (FORGET_NETWORK, "network", "127.0.0.2"),
        (END_SESSION, "session", "x"),
        (END_OTHERS, "x", ""),
        ("/_poterne/account/browsers/forget", "x", ""),
        (ADDRESSES, "address", "thief@example.test"),
        ("/_poterne/account/addresses/remove", "id", "x"),
        ("/_poterne/account/language", "language", "fr"),
        (ENROL, "code", "123456"),
        (RENEW, "x", ""),
        (OFF, "code", "123456"),
        (OFF_CONFIRM, "ticket", "x"),
    ];
    for (path, field, value) in posts {
        let answer = browser.post(path, &[("token", &token), (field, value)]).await;
        assert_eq!(answer.slug().as_deref(), Some("step-up"), "{path} without the password: {answer:?}");
    }
    step_up(&mut browser, ALICE).await;
    for (path, field, value) in posts {
        let unsigned = browser.post(path, &[(field, value)]).await;
        assert_eq!(unsigned.slug().as_deref(), Some("form-from-elsewhere"), "{path} without a token: {unsigned:?}");
        let elsewhere = Ask::post(path, &[("token", &token), (field, value)]).header("sec-fetch-site", "cross-site");
        let answer = browser.send(elsewhere).await;
        assert_eq!(answer.slug().as_deref(), Some("form-from-elsewhere"), "{path} from elsewhere: {answer:?}");
    }
    // Nothing of it was done.
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
    let form = browser.get(ACCOUNT).await.form(FORGET_NETWORK);
    assert_done(&browser.submit(&form).await, "network-forgotten");
    assert!(log_in(&mut world.gate.browser(2), ALICE).await.wants_code(), "it's forgotten");
}

#[tokio::test]
async fn what_the_password_opened_is_closed_again_ten_minutes_later() {
    let mut world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    let form = browser.get(ACCOUNT).await.form(FORGET_NETWORK);
    world.gate.pass(Duration::from_secs(590));
    assert_eq!(browser.get(STEP_UP).await.location(), Some(format!("{ACCOUNT}?done=open")), "not yet");
    world.gate.pass(Duration::from_secs(11));
    let answer = browser.submit(&form).await;
    assert_eq!(answer.slug().as_deref(), Some("step-up"), "{answer:?}");
    assert!(!browser.get(ACCOUNT).await.has_form(FORGET_NETWORK));
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await), "nothing of it was done");
}

#[tokio::test]
async fn b66_three_wrong_passwords_end_the_session_and_loading_the_page_again_costs_no_try() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    let token = form_token(&mut browser).await;
    let wrong_page = format!("{STEP_UP}?after=wrong");
    let page = browser.get(&wrong_page).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("step-up")), "nothing was wrong: {page:?}");
    for left in ["2 tries left", "1 try left"] {
        let answer = browser.post(STEP_UP, &[("token", &token), ("password", "Wrong-Horse-9")]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, Some(wrong_page.clone())), "{answer:?}");
        for _ in 0..4 {
            let page = browser.get(&wrong_page).await;
            assert_eq!((page.status.as_u16(), page.slug().as_deref()), (422, Some("step-up")), "{page:?}");
            assert!(page.contains(left), "{page:?}");
        }
    }
    let answer = browser.post(STEP_UP, &[("token", &token), ("password", "Wrong-Horse-9")]).await;
    assert_eq!(answer.slug().as_deref(), Some("step-up-over"), "{answer:?}");
    assert_eq!(browser.get(ACCOUNT).await.slug().as_deref(), Some("account-needs-login"));
    assert_outside(&browser).await;
    // The right one comes too late.
    let late = browser.post(STEP_UP, &[("token", &token), ("password", ALICE.password)]).await;
    assert_eq!(late.slug().as_deref(), Some("account-needs-login"), "{late:?}");
}

#[tokio::test]
async fn a_wrong_password_is_said_also_where_changes_are_open_already_and_a_right_one_ends_the_count() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    let form = browser.get(STEP_UP).await.form(STEP_UP);
    step_up(&mut browser, ALICE).await;
    for left in ["2 tries left", "1 try left"] {
        let answer = browser.submit(&form.clone().with("password", "Wrong-Horse-9")).await;
        assert!(browser.follow(answer).await.contains(left));
    }
    assert_done(&browser.submit(&form.clone().with("password", ALICE.password)).await, "open");
    let answer = browser.submit(&form.with("password", "Wrong-Horse-9")).await;
    assert!(browser.follow(answer).await.contains("2 tries left"));
}

#[tokio::test]
async fn b67_b73_an_app_is_enrolled_used_and_turned_off_with_mails_on_both() {
    let mut world = World::new().await;
    let (mut browser, phone, codes) = world.enrolled(2, ALICE).await;
    world.notice_to(ALICE, "My phone").await;
    let page = browser.get(ACCOUNT).await;
    assert!(page.contains("My phone"), "{page:?}");
    // The codes aren't shown again, but their page can be made a file of.
    assert!(!page.contains(&codes[0]));
    world.gate.pass(STEP);
    let page = browser.get(OFF).await;
    let answer = browser.submit(&page.form(OFF).with("code", &phone.code(&world.gate))).await;
    assert_eq!(answer.slug().as_deref(), Some("turn-off-confirm"), "{answer:?}");
    let confirm = answer.form(OFF_CONFIRM);
    let forged = browser.submit(&confirm.clone().with("ticket", "AAAA")).await;
    assert_done(&forged, "gone");
    let answer = browser.submit(&confirm).await;
    assert_done(&answer, "off");
    world.notice_to(ALICE, "turned off").await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await), "the password alone, from a known network");
}

#[tokio::test]
async fn b72_backup_codes_are_downloaded_and_renewed_at_once() {
    let mut world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    let (_, page) = enrol(&world, &mut browser, "").await;
    let old = codes_on(&page);
    let file = browser.submit(&page.form(DOWNLOAD)).await;
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"), "{file:?}");
    assert!(file.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
    assert_eq!(file.header("cache-control"), Some("no-store"), "{file:?}");
    assert!(old.iter().all(|code| file.contains(code)), "{file:?}");
    let form = browser.get(ACCOUNT).await.form(RENEW);
    let renewed = browser.submit(&form).await;
    let new = codes_on(&renewed);
    assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)), "{renewed:?}");
    world.gate.pass(STEP);
    let mut again = world.gate.browser(2);
    assert!(log_in(&mut again, ALICE).await.wants_code());
    assert!(!is_cleared(&enter_code(&mut again, &old[0]).await));
    assert!(is_cleared(&enter_code(&mut again, &new[0]).await));
}

#[tokio::test]
async fn a_stolen_password_in_a_known_network_enrols_nothing_without_the_mailbox() {
    let world = World::with(generous).await;
    let mut owner = world.cleared(2, ALICE).await;
    // Somebody in the same network, with the password.
    let mut thief = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut thief, ALICE).await));
    step_up(&mut thief, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let page = thief.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "{page:?}");
    let code = code_in(&world.smtp.wait_for_mail_to(ALICE.email, earlier).await);
    assert!(!page.contains("otpauth:"), "no secret before the mailed code: {page:?}");
    let token = page.form(CONFIRM_ENROL).value("token").unwrap().to_owned();
    let answer = thief.post(ENROL, &[("token", &token), ("enrolment", "x"), ("code", "123456")]).await;
    assert_eq!(answer.slug().as_deref(), Some("confirm"), "the form itself is no way around: {answer:?}");
    for nth in 1..=3 {
        let answer = thief.post(CONFIRM_ENROL, &[("token", &token), ("code", &wrong(&code, nth))]).await;
        if nth == 3 {
            assert_eq!(answer.slug().as_deref(), Some("step-up-over"), "{answer:?}");
        } else {
            assert_eq!(answer.location().as_deref(), Some("/_poterne/account/enrol?after=wrong"), "{answer:?}");
        }
    }
    assert_outside(&thief).await;
    assert_inside(&mut owner, ALICE).await;
    // The owner, in the same position, isn't asked for an app and types the code that came by mail.
    let mut again = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut again, ALICE).await));
    step_up(&mut again, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let page = again.get(ENROL).await;
    let code = code_in(&world.smtp.wait_for_mail_to(ALICE.email, earlier).await);
    let form = page.form(CONFIRM_ENROL).with("code", &code);
    assert_eq!(again.submit(&form).await.location().as_deref(), Some(ENROL));
    // Another session doesn't profit by it.
    let mut other = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut other, ALICE).await));
    step_up(&mut other, ALICE).await;
    assert_eq!(other.get(ENROL).await.slug().as_deref(), Some("confirm"));
    let (_, page) = enrol(&world, &mut again, "Phone").await;
    assert_eq!(page.slug().as_deref(), Some("backup-codes"), "{page:?}");
}

#[tokio::test]
async fn of_two_tabs_the_first_confirmed_wins_and_the_other_says_so() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    let other = browser.get(ENROL).await;
    let abandoned = Phone::reading(&other);
    let (first, page) = enrol(&world, &mut browser, "First").await;
    assert_eq!(page.slug().as_deref(), Some("backup-codes"), "{page:?}");
    let late = browser.submit(&abandoned.fill_in(&other, "Second", &world.gate)).await;
    assert_eq!((late.status.as_u16(), late.slug().as_deref()), (422, Some("enrol")), "{late:?}");
    assert!(late.contains("changed in another tab"), "{late:?}");
    assert_ne!(Phone::reading(&late).secret(), abandoned.secret(), "its secret is good for nothing any more");
    let account = browser.get(ACCOUNT).await;
    assert!(account.contains("First") && !account.contains("Second"));
    let mut again = world.gate.browser(2);
    to_factor(&mut again, ALICE).await;
    assert!(!is_cleared(&enter_code(&mut again, &abandoned.next_code(&world.gate)).await));
    assert!(is_cleared(&enter_code(&mut again, &first.next_code(&world.gate)).await));
}

#[tokio::test]
async fn nothing_of_another_account_is_there() {
    let world = World::new().await;
    let other = world.cleared(4, ALICE).await;
    let (mut alice, _, _) = world.enrolled(2, ALICE).await;
    drop(other);
    let mut bob = world.cleared(3, BOB).await;
    step_up(&mut bob, BOB).await;
    let page = alice.get(ACCOUNT).await;
    let session = page.form(END_SESSION).value("session").unwrap().to_owned();
    let device = Regex::new(r"off\?device=([\w-]{22})").unwrap().captures(&page.text()).unwrap()[1].to_owned();
    let token = form_token(&mut bob).await;
    let gone = Some("/_poterne/account?done=gone".to_owned());
    for (path, field, value) in [
        ("/sessions/end", "session", session.as_str()),
        ("/sessions/end", "session", "x"),
        ("/networks/forget", "network", "127.0.0.2"),
        ("/addresses/remove", "id", "x"),
        ("/off", "device", device.as_str()),
    ] {
        let answer = bob.post(&format!("{ACCOUNT}{path}"), &[("token", &token), (field, value)]).await;
        assert_eq!(answer.location(), gone, "{path}: {answer:?}");
    }
    assert_eq!(bob.get(&format!("{OFF}?device={device}")).await.location(), gone);
    assert_inside(&mut alice, ALICE).await;
    assert_inside(&mut bob, BOB).await;
    assert!(alice.get(ACCOUNT).await.contains(r#"<strong class="network">127.0.0.2</strong>"#), "it's known still");
}

#[tokio::test]
async fn sessions_are_ended_one_by_one_and_all_others_at_once() {
    let world = World::new().await;
    let mut mine = world.cleared(2, ALICE).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let mut other = world.gate.browser(2);
        assert!(is_cleared(&log_in(&mut other, ALICE).await));
        others.push(other);
    }
    step_up(&mut mine, ALICE).await;
    let page = mine.get(ACCOUNT).await;
    let form = page.form(END_SESSION);
    let answer = mine.submit(&form).await;
    assert_done(&answer, "session-ended");
    let mut living = 0;
    for other in &mut others {
        living += usize::from(other.get("/dashboard.php").await.status.is_success());
    }
    assert_eq!(living, 2);
    let form = mine.get(ACCOUNT).await.form(END_OTHERS);
    assert_done(&mine.submit(&form).await, "others-ended");
    for other in &mut others {
        assert!(!other.get("/dashboard.php").await.status.is_success());
    }
    assert_inside(&mut mine, ALICE).await;
}

#[tokio::test]
async fn b13_a_second_address_needs_codes_from_both() {
    const NEW: Account = Account { email: "second@example.test", ..ALICE };
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let form = browser.get(ACCOUNT).await.form(ADDRESSES).with("address", NEW.email);
    let answer = browser.submit(&form).await;
    assert_eq!(answer.location().as_deref(), Some(CONFIRM_ADDRESS), "{answer:?}");
    let page = browser.get(CONFIRM_ADDRESS).await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "{page:?}");
    assert!(!page.contains(NEW.email), "{page:?}");
    let first = code_in(&world.smtp.wait_for_mail_to(ALICE.email, earlier).await);
    let second = code_in(&world.smtp.wait_for_mail_to(NEW.email, 0).await);
    let form = page.form(CONFIRM_ADDRESS);
    // One code twice, or the two mixed up, isn't both.
    for (one, other) in [(&first, &wrong(&second, 1)), (&second, &first)] {
        let answer = browser.submit(&form.clone().with("code", one).with("second_code", other)).await;
        assert_eq!(answer.location().as_deref(), Some("/_poterne/account/addresses/confirm?after=wrong"), "{answer:?}");
    }
    let answer = browser.submit(&form.with("code", &first).with("second_code", &second)).await;
    assert_done(&answer, "address-added");
    world.notice_to(NEW, "address").await;
    // Codes go to both from now on.
    let (earlier, at_new) = (world.mails_to(ALICE), world.mails_to(NEW));
    let mut elsewhere = world.gate.browser(4);
    assert!(log_in(&mut elsewhere, ALICE).await.wants_code());
    world.smtp.wait_for_mail_to(ALICE.email, earlier).await;
    let code = code_in(&world.smtp.wait_for_mail_to(NEW.email, at_new).await);
    assert!(is_cleared(&enter_code(&mut elsewhere, &code).await));
    // Taken away, with a mail to it too.
    let form = browser.get(ACCOUNT).await.form("/_poterne/account/addresses/remove");
    assert_done(&browser.submit(&form).await, "address-removed");
    world.notice_to(NEW, "removed").await;
}

#[tokio::test]
async fn b64_b65_it_was_not_me_does_nothing_by_its_link_and_everything_by_its_button_once() {
    let world = World::new().await;
    let mut thief = world.cleared(3, ALICE).await;
    let mail = world.notice_to(ALICE, "/not-me?alarm=").await;
    let link = Regex::new(r"https?://[^\s]+/not-me\?alarm=[\w-]{43}").unwrap().find(&mail).unwrap().as_str().to_owned();
    assert!(link.starts_with(&format!("http://{}/_poterne/not-me?alarm=", world.gate.addr)), "{link}");
    let path = &link[link.find("/_poterne").unwrap()..];
    // Mail scanners open links, from anywhere.
    let mut owner = world.gate.browser(9);
    for _ in 0..3 {
        let page = owner.get(path).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("not-me")), "{page:?}");
    }
    assert_inside(&mut thief, ALICE).await;
    let form = owner.get(path).await.form("/_poterne/not-me");
    let elsewhere = Ask::post("/_poterne/not-me", &fields(&form)).header("sec-fetch-site", "cross-site");
    assert_eq!(owner.send(elsewhere).await.slug().as_deref(), Some("form-from-elsewhere"));
    let done = owner.submit(&form).await;
    assert_eq!((done.status.as_u16(), done.slug().as_deref()), (200, Some("not-me-done")), "{done:?}");
    assert!(!thief.get("/dashboard.php").await.status.is_success());
    let blocked = log_in(&mut world.gate.browser(3), ALICE).await;
    assert_eq!(blocked.slug().as_deref(), Some("blocked"), "{blocked:?}");
    // The password is suspected: a code from everywhere.
    assert!(log_in(&mut world.gate.browser(9), ALICE).await.wants_code());
    let again = owner.submit(&form).await;
    assert_eq!(again.slug().as_deref(), Some("not-me-done"), "{again:?}");
    assert_eq!(owner.get("/_poterne/not-me?alarm=AAAA").await.slug().as_deref(), Some("not-me-unknown"));
}

#[tokio::test]
async fn the_owners_language_is_that_of_pages_and_mails() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    let form = browser.get(ACCOUNT).await.form("/_poterne/account/language").with("language", "fr");
    let answer = browser.submit(&form).await;
    assert_done(&answer, "language");
    assert_eq!(browser.get(ACCOUNT).await.header("content-language"), Some("fr"));
    let mut elsewhere = world.gate.browser(4);
    assert!(log_in(&mut elsewhere, ALICE).await.wants_code());
    assert_eq!(elsewhere.get(CHALLENGE).await.header("content-language"), Some("fr"));
}

#[tokio::test]
async fn enrolment_can_be_switched_off() {
    let world = World::with(|setup| setup.set("totp.enabled", false)).await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    assert_eq!(browser.get(ENROL).await.status.as_u16(), 404);
    assert!(!browser.get(ACCOUNT).await.contains("/account/enrol"));
}
