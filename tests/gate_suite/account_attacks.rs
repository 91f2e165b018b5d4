//! The account's own page under attack: the code typed everywhere at once, the session that was there before, links
//! that mail programs open, a copy of the store, a kill.

use futures_util::future::join_all;
use regex::Regex;

use super::phone::{
    ACCOUNT, CONFIRM_ENROL, DOWNLOAD, ENROL, OFF, OFF_CONFIRM, Phone, RENEW, STEP, assert_done, codes_on, enrol,
    enter_backup_code, form_token, step_up, to_factor,
};
use super::support::browser::Ask;
use super::support::panel::Account;
use super::world::{
    ALICE, BOB, GATE_COOKIE, World, assert_inside, assert_outside, enter_code, generous, is_cleared, log_in,
};

const NOT_ME: &str = "/_poterne/not-me";

/// The path of the page behind "it wasn't me", from the newest mail to an account that says so.
async fn alarm_to(world: &World, account: Account, words: &str) -> String {
    let link = Regex::new(r"https?://[^\s<>]+?(/_poterne/not-me\?alarm=[A-Za-z0-9_-]{43})").unwrap();
    let mail = world.smtp.wait_for_words_to(account.email, &[words, "alarm="]).await;
    link.captures(&mail).unwrap_or_else(|| panic!("no link in {mail}"))[1].to_owned()
}

#[tokio::test]
async fn one_backup_code_typed_in_many_browsers_at_once_opens_one() {
    let world = World::with(generous).await;
    let (_, _, codes) = world.enrolled(2, ALICE).await;
    let mut waiting = Vec::new();
    for _ in 0..12 {
        let mut browser = world.gate.browser(2);
        to_factor(&mut browser, ALICE).await;
        waiting.push(browser);
    }
    let tries = waiting.into_iter().map(|mut browser| {
        let code = codes[0].clone();
        async move { (enter_code(&mut browser, &code).await, browser) }
    });
    let mut cleared = 0;
    for (answer, browser) in join_all(tries).await {
        if is_cleared(&answer) {
            cleared += 1;
        } else {
            assert_outside(&browser).await;
        }
    }
    assert_eq!(cleared, 1);
}

#[tokio::test]
async fn backup_codes_are_downloaded_by_the_session_that_saw_them_only() {
    let world = World::with(generous).await;
    let (mut alice, _, _) = world.enrolled(2, ALICE).await;
    let form = alice.get(ACCOUNT).await.form(RENEW);
    let page = alice.submit(&form).await;
    let codes = codes_on(&page);
    assert_eq!(codes.len(), 10, "{page:?}");
    let sealed = page.form(DOWNLOAD).value("sealed").unwrap().to_owned();
    let mut bob = world.cleared(3, BOB).await;
    step_up(&mut bob, BOB).await;
    let token = form_token(&mut bob).await;
    let stolen = bob.post(DOWNLOAD, &[("token", &token), ("sealed", &sealed)]).await;
    assert!(!codes.iter().any(|code| stolen.contains(code)), "{stolen:?}");
    assert_done(&stolen, "gone");
    let file = alice.submit(&page.form(DOWNLOAD)).await;
    assert!(codes.iter().all(|code| file.contains(code)), "{file:?}");
}

#[tokio::test]
async fn an_abandoned_enrolment_changes_nothing() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    step_up(&mut alice, ALICE).await;
    let page = alice.get(ENROL).await;
    let phone = Phone::reading(&page);
    let slip = phone.fill_in(&page, "x", &world.gate).with("code", "000000");
    let answer = alice.submit(&slip).await;
    assert_eq!(Phone::reading(&answer).secret(), phone.secret(), "a slip of the finger must not change the secret");
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

#[tokio::test]
async fn b65_the_link_in_a_mail_does_nothing_by_itself_and_its_button_everything_once_however_often_its_pressed() {
    let world = World::with(generous).await;
    let alice = world.cleared(2, ALICE).await;
    // Somebody who reads her mail logs in from elsewhere; the mail about it goes to her as well.
    let mut thief = world.cleared(66, ALICE).await;
    let alarm = alarm_to(&world, ALICE, "127.0.0.66").await;
    // Mail programs open links, also again and again, also with HEAD.
    let mut scanner = world.gate.browser(9);
    for _ in 0..3 {
        let page = scanner.get(&alarm).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("not-me")), "{page:?}");
        scanner.send(Ask::new(http::Method::HEAD, &alarm)).await;
    }
    assert_inside(&mut thief, ALICE).await;
    let mut reader = world.gate.browser(9);
    let form = reader.get(&alarm).await.form(NOT_ME);
    let presses = (0..8).map(|_| {
        let (form, mut reader) = (form.clone(), reader.fresh());
        async move { reader.submit(&form).await }
    });
    for answer in join_all(presses).await {
        assert_eq!(answer.slug().as_deref(), Some("not-me-done"), "{answer:?}");
    }
    for browser in [&thief, &alice] {
        assert_outside(browser).await;
    }
    let blocked = log_in(&mut world.gate.browser(66), ALICE).await;
    assert_eq!(blocked.slug().as_deref(), Some("blocked"), "{blocked:?}");
    assert!(log_in(&mut world.gate.browser(2), ALICE).await.wants_code(), "a code is asked from everywhere");
    world.notice_to(ALICE, "was reported").await;
    for nonsense in ["", "?alarm=", "?alarm=AAAA", "?alarm=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let page = reader.get(&format!("{NOT_ME}{nonsense}")).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (404, Some("not-me-unknown")), "{page:?}");
    }
    let told = world.smtp.mails().into_iter().filter(|mail| mail.words().contains("was reported"));
    assert_eq!(told.count(), 1, "she's told once");
    assert!(!world.gate.logs().contains(alarm.split('=').next_back().unwrap()), "the link stands in the log");
}

#[tokio::test]
async fn secrets_are_in_no_copy_of_the_store_and_in_no_log() {
    let world = World::with(generous).await;
    let (_, phone, codes) = world.enrolled(2, ALICE).await;
    let mut browser = world.gate.browser(2);
    to_factor(&mut browser, ALICE).await;
    assert!(is_cleared(&enter_backup_code(&mut browser, &codes[4]).await));
    let token = browser.jar.value(GATE_COOKIE).unwrap().to_owned();
    let alarm = alarm_to(&world, ALICE, "backup code was used").await.split('=').next_back().unwrap().to_owned();
    let (written, raw) = phone.secret();
    let mut secrets: Vec<Vec<u8>> =
        [written.as_str(), ALICE.password, &token, &alarm].map(|s| s.as_bytes().to_vec()).into();
    secrets.push(raw);
    for code in &codes {
        secrets.push(code.as_bytes().to_vec());
        secrets.push(code.replace('-', "").into_bytes());
    }
    let store = world.gate.store_path();
    let mut looked = 0;
    for ending in ["", "-wal"] {
        let path = format!("{}{ending}", store.display());
        let Ok(bytes) = std::fs::read(&path) else { continue };
        looked += bytes.len();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_slice());
            assert!(!found, "{} stands in {path}", String::from_utf8_lossy(secret));
        }
    }
    assert!(looked > 10_000, "only {looked} bytes were looked at");
    let logs = world.gate.logs();
    for secret in secrets.iter().filter_map(|secret| std::str::from_utf8(secret).ok()) {
        assert!(!logs.contains(secret), "{secret} stands in the log");
    }
}

#[tokio::test]
async fn what_was_enrolled_and_used_survives_a_kill() {
    let mut world = World::with(generous).await;
    let (_, phone, codes) = world.enrolled(2, ALICE).await;
    world.gate.kill_and_restart().await;
    let mut browser = world.gate.browser(2);
    to_factor(&mut browser, ALICE).await;
    let code = phone.next_code(&world.gate);
    assert!(is_cleared(&enter_code(&mut browser, &code).await));
    world.gate.kill_and_restart().await;
    let mut browser = world.gate.browser(2);
    to_factor(&mut browser, ALICE).await;
    world.gate.kill_and_restart().await;
    let answer = enter_code(&mut browser, &code).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "a used code stays used: {answer:?}");
    assert!(is_cleared(&enter_backup_code(&mut browser, &codes[0]).await));
    world.gate.kill_and_restart().await;
    let mut browser = world.gate.browser(2);
    to_factor(&mut browser, ALICE).await;
    let answer = enter_backup_code(&mut browser, &codes[0]).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "so does a backup code: {answer:?}");
}

#[tokio::test]
async fn b71_the_billing_contact_is_told_of_changes_and_gets_no_code() {
    let accounts = "login,email,billing\nalice,alice@example.test,billing@example.test\nbob,bob@example.test,\n";
    let world = World::with(|setup| generous(setup).accounts(accounts)).await;
    let _browser = world.enrolled(2, ALICE).await;
    for address in [ALICE.email, "billing@example.test"] {
        let words = world.smtp.wait_for_words_to(address, &["My phone"]).await;
        for needed in ["alice", "127.0.0.2", "/_poterne/not-me?alarm="] {
            assert!(words.contains(needed), "{needed} isn't in the mail to {address}:\n{words}");
        }
    }
    assert_eq!(world.smtp.codes_to("billing@example.test"), 0);
}

#[tokio::test]
async fn one_of_two_devices_is_taken_away_with_a_code_and_the_other_goes_on() {
    let mut world = World::with(generous).await;
    let (mut alice, first, _) = world.enrolled(2, ALICE).await;
    let (second, answer) = enrol(&world, &mut alice, "Tablet").await;
    assert_done(&answer, "device-added");
    world.gate.pass(STEP);
    // Either opens.
    for phone in [&first, &second] {
        let mut browser = world.gate.browser(2);
        to_factor(&mut browser, ALICE).await;
        assert!(is_cleared(&enter_code(&mut browser, &phone.code(&world.gate)).await));
    }
    world.gate.pass(STEP);
    let page = alice.get(ACCOUNT).await;
    let devices = Regex::new(r"off\?device=[\w-]{22}").unwrap();
    let off: Vec<String> = devices.find_iter(&page.text()).map(|found| found.as_str().to_owned()).collect();
    assert_eq!(off.len(), 2, "{page:?}");
    let page = alice.get(&format!("{ACCOUNT}/{}", off[0])).await;
    assert_eq!(page.slug().as_deref(), Some("turn-off"), "{page:?}");
    // Without a code nothing goes, and a ticket can't be made up.
    let token = page.form(OFF).value("token").unwrap().to_owned();
    assert_done(&alice.post(OFF_CONFIRM, &[("token", &token), ("ticket", "AAAA")]).await, "gone");
    let page = alice.submit(&page.form(OFF).with("code", &second.code(&world.gate))).await;
    assert_eq!(page.slug().as_deref(), Some("turn-off-confirm"), "{page:?}");
    assert!(page.contains("My phone") && !page.contains("Tablet"), "{page:?}");
    assert_done(&alice.submit(&page.form(OFF_CONFIRM)).await, "device-removed");
    world.notice_to(ALICE, "removed").await;
    world.gate.pass(STEP);
    let mut browser = world.gate.browser(2);
    to_factor(&mut browser, ALICE).await;
    let answer = enter_code(&mut browser, &first.code(&world.gate)).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "a device that went: {answer:?}");
    assert_outside(&browser).await;
    assert!(is_cleared(&enter_code(&mut browser, &second.code(&world.gate)).await));
}

#[tokio::test]
async fn a_session_older_than_the_owners_app_gets_no_second_factor_of_its_own() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    // In the known network, by the stolen password alone, before she has an app.
    let mut thief = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut thief, ALICE).await));
    step_up(&mut thief, ALICE).await;
    step_up(&mut alice, ALICE).await;
    let (_, page) = enrol(&world, &mut alice, "Phone").await;
    assert_eq!(page.slug().as_deref(), Some("backup-codes"), "{page:?}");
    let page = thief.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "{page:?}");
    let token = page.form(CONFIRM_ENROL).value("token").unwrap().to_owned();
    let answer = thief.post(RENEW, &[("token", &token)]).await;
    assert_eq!(answer.slug().as_deref(), Some("confirm"), "{answer:?}");
    assert!(codes_on(&answer).is_empty(), "{answer:?}");
}
