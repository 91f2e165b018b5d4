//! The account's own page: what can be done there, and by whom.

use super::factors::{ACCOUNT, ENROL, OFF, STEP, STEP_UP, codes_on, enrol, step_up};
use super::support::browser::Ask;
use super::support::panel::Account;
use super::world::{
    ALICE, BOB, CHALLENGE, World, assert_inside, code_in, enter_code, fields, is_cleared, log_in, wrong,
};
use regex::Regex;

impl World {
    /// Waits for a mail to this account with these words in it; its subject and text.
    pub async fn notice_to(&self, account: Account, words: &str) -> String {
        self.smtp.wait_for_words_to(account.email, words).await
    }
}

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
    // Without the password every change leads to it.
    let token = browser.get(ACCOUNT).await.form("/_poterne/logout").value("token").unwrap().to_owned();
    for (path, field, value) in [
        ("/networks/forget", "network", "127.0.0.2"),
        ("/sessions/end-others", "x", ""),
        ("/addresses", "address", "new@example.test"),
        ("/language", "language", "fr"),
        ("/enrol", "code", "123456"),
        ("/codes", "x", ""),
        ("/off/confirm", "ticket", "x"),
    ] {
        let answer = browser.post(&format!("{ACCOUNT}{path}"), &[("token", &token), (field, value)]).await;
        assert_eq!(answer.slug().as_deref(), Some("step-up"), "{path}: {answer:?}");
        let unsigned = browser.post(&format!("{ACCOUNT}{path}"), &[(field, value)]).await;
        assert_eq!(unsigned.slug().as_deref(), Some("form-from-elsewhere"), "{path}: {unsigned:?}");
    }
    step_up(&mut browser, ALICE).await;
    let form = browser.get(ACCOUNT).await.form("/_poterne/account/networks/forget");
    let elsewhere = Ask::post(&form.target(), &fields(&form)).header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(elsewhere).await.slug().as_deref(), Some("form-from-elsewhere"));
    let answer = browser.submit(&form).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=network-forgotten"), "{answer:?}");
    assert!(log_in(&mut world.gate.browser(2), ALICE).await.wants_code(), "it's forgotten");
}

#[tokio::test]
async fn b66_three_wrong_passwords_end_the_session() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    let token = browser.get(ACCOUNT).await.form("/_poterne/logout").value("token").unwrap().to_owned();
    for slug in ["step-up", "step-up", "step-up-over"] {
        let answer = browser.post(STEP_UP, &[("token", &token), ("password", "Wrong-Horse-9")]).await;
        assert_eq!(answer.slug().as_deref(), Some(slug), "{answer:?}");
    }
    assert_eq!(browser.get(ACCOUNT).await.slug().as_deref(), Some("account-needs-login"));
    assert!(!browser.get("/dashboard.php").await.status.is_success());
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
    let confirm = answer.form("/_poterne/account/off/confirm");
    let forged = browser.submit(&confirm.clone().with("ticket", "AAAA")).await;
    assert_eq!(forged.location().as_deref(), Some("/_poterne/account?done=gone"), "{forged:?}");
    let answer = browser.submit(&confirm).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=off"), "{answer:?}");
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
    let file = browser.submit(&page.form("/_poterne/account/codes/download")).await;
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"), "{file:?}");
    assert!(file.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
    assert!(old.iter().all(|code| file.contains(code)), "{file:?}");
    let form = browser.get(ACCOUNT).await.form("/_poterne/account/codes");
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
    let world = World::new().await;
    let mut owner = world.cleared(2, ALICE).await;
    // Somebody in the same network, with the password.
    let mut thief = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut thief, ALICE).await));
    step_up(&mut thief, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let page = thief.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "{page:?}");
    let code = code_in(&world.smtp.wait_for_mail_to(ALICE.email, earlier).await);
    let token = page.form("/_poterne/account/enrol/confirm").value("token").unwrap().to_owned();
    let answer = thief.post(ENROL, &[("token", &token), ("enrolment", "x"), ("code", "123456")]).await;
    assert_eq!(answer.slug().as_deref(), Some("confirm"), "the form itself is no way around: {answer:?}");
    for nth in 1..=3 {
        let answer =
            thief.post("/_poterne/account/enrol/confirm", &[("token", &token), ("code", &wrong(&code, nth))]).await;
        if nth == 3 {
            assert_eq!(answer.slug().as_deref(), Some("step-up-over"), "{answer:?}");
        } else {
            assert_eq!(answer.location().as_deref(), Some("/_poterne/account/enrol?after=wrong"), "{answer:?}");
        }
    }
    assert!(!thief.get("/dashboard.php").await.status.is_success(), "the session is over");
    assert_inside(&mut owner, ALICE).await;
    // The owner, in the same position, types the code that came by mail.
    let mut again = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut again, ALICE).await));
    step_up(&mut again, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let page = again.get(ENROL).await;
    let code = code_in(&world.smtp.wait_for_mail_to(ALICE.email, earlier).await);
    let form = page.form("/_poterne/account/enrol/confirm").with("code", &code);
    assert_eq!(again.submit(&form).await.location().as_deref(), Some(ENROL));
    let (_, page) = enrol(&world, &mut again, "Phone").await;
    assert_eq!(page.slug().as_deref(), Some("backup-codes"), "{page:?}");
}

#[tokio::test]
async fn of_two_tabs_the_first_confirmed_wins_and_the_other_says_so() {
    let world = World::new().await;
    let mut browser = world.cleared(2, ALICE).await;
    step_up(&mut browser, ALICE).await;
    let other = browser.get(ENROL).await;
    let abandoned = super::factors::Phone::reading(&other);
    let (_, page) = enrol(&world, &mut browser, "First").await;
    assert_eq!(page.slug().as_deref(), Some("backup-codes"), "{page:?}");
    let answer = browser.submit(&other.form(ENROL).with("code", &abandoned.code(&world.gate))).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (422, Some("enrol")), "{answer:?}");
    let account = browser.get(ACCOUNT).await;
    assert!(account.contains("First"));
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
    let session = page.form("/_poterne/account/sessions/end").value("session").unwrap().to_owned();
    let device = Regex::new(r"off\?device=([\w-]{22})").unwrap().captures(&page.text()).unwrap()[1].to_owned();
    let token = bob.get(ACCOUNT).await.form("/_poterne/logout").value("token").unwrap().to_owned();
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
    let form = page.form("/_poterne/account/sessions/end");
    let answer = mine.submit(&form).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=session-ended"), "{answer:?}");
    let mut living = 0;
    for other in &mut others {
        living += usize::from(other.get("/dashboard.php").await.status.is_success());
    }
    assert_eq!(living, 2);
    let form = mine.get(ACCOUNT).await.form("/_poterne/account/sessions/end-others");
    assert_eq!(mine.submit(&form).await.location().as_deref(), Some("/_poterne/account?done=others-ended"));
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
    let form = browser.get(ACCOUNT).await.form("/_poterne/account/addresses").with("address", NEW.email);
    let answer = browser.submit(&form).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account/addresses/confirm"), "{answer:?}");
    let page = browser.get("/_poterne/account/addresses/confirm").await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "{page:?}");
    assert!(!page.contains(NEW.email), "{page:?}");
    let first = code_in(&world.smtp.wait_for_mail_to(ALICE.email, earlier).await);
    let second = code_in(&world.smtp.wait_for_mail_to(NEW.email, 0).await);
    let form = page.form("/_poterne/account/addresses/confirm");
    // One code twice, or the two mixed up, isn't both.
    let answer = browser.submit(&form.clone().with("code", &first).with("second_code", &wrong(&second, 1))).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account/addresses/confirm?after=wrong"), "{answer:?}");
    let answer = browser.submit(&form.with("code", &first).with("second_code", &second)).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=address-added"), "{answer:?}");
    world.notice_to(NEW, "address").await;
    // Codes go to both from now on.
    let (earlier, at_new) = (world.mails_to(ALICE), world.mails_to(NEW));
    assert!(log_in(&mut world.gate.browser(4), ALICE).await.wants_code());
    world.smtp.wait_for_mail_to(ALICE.email, earlier).await;
    world.smtp.wait_for_mail_to(NEW.email, at_new).await;
    // Taken away, with a mail to it too.
    let form = browser.get(ACCOUNT).await.form("/_poterne/account/addresses/remove");
    assert_eq!(browser.submit(&form).await.location().as_deref(), Some("/_poterne/account?done=address-removed"));
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
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=language"), "{answer:?}");
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
