//! Second factors at the login: the app's code, backup codes, remembered browsers.

use std::time::Duration;

use regex::Regex;

use super::phone::{ACCOUNT, STEP, enter_backup_code, to_factor};
use super::world::{
    ALICE, BOB, CHALLENGE, LOGOUT, World, assert_inside, assert_outside, code_in, enter_code, generous, is_cleared,
    log_in, submit_code, wrong,
};

#[tokio::test]
async fn who_enrolled_an_app_is_asked_for_its_code_and_no_mail_goes_out() {
    let mut world = World::new().await;
    let (browser, phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mails = world.mails_to(ALICE);
    // From the known network too, and from an unknown one without another code.
    for network in [2, 3] {
        let mut again = world.gate.browser(network);
        to_factor(&mut again, ALICE).await;
        assert_outside(&again).await;
        let answer = enter_code(&mut again, &phone.code(&world.gate)).await;
        assert!(is_cleared(&answer), "{answer:?}");
        assert_inside(&mut again, ALICE).await;
        world.gate.pass(STEP);
    }
    assert_eq!(world.mails_to(ALICE), mails);
    drop(browser);
    // Another account isn't touched by it.
    world.to_challenge(&mut world.gate.browser(2), BOB).await;
}

#[tokio::test]
async fn a_code_is_good_once_and_replayed_old_foreign_or_malformed_ones_get_one_answer() {
    let mut world = World::with(|setup| generous(setup).set("challenge.tries", 10)).await;
    let (_, phone, _) = world.enrolled(2, ALICE).await;
    let (_, others, _) = world.enrolled(3, BOB).await;
    // The one that confirmed the enrolment is burnt.
    let burnt = phone.code(&world.gate);
    world.gate.pass(STEP);
    let spent = phone.code(&world.gate);
    let mut first = world.gate.browser(2);
    to_factor(&mut first, ALICE).await;
    assert!(is_cleared(&enter_code(&mut first, &spent).await));
    let mut again = world.gate.browser(2);
    to_factor(&mut again, ALICE).await;
    let notice = Regex::new(r#"(?s)id="notice"[^>]*>(.*?)</"#).unwrap();
    let number = Regex::new(r"\d+").unwrap();
    let mut said = Vec::new();
    for refused in [spent.as_str(), burnt.as_str(), others.code(&world.gate).as_str(), "1234567"] {
        let answer = enter_code(&mut again, refused).await;
        assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (422, Some("factor")), "{refused}: {answer:?}");
        let text = notice.captures(&answer.text()).unwrap_or_else(|| panic!("no notice: {answer:?}"))[1].to_owned();
        // Only the number of tries left differs.
        said.push(number.replace_all(&text, "n").into_owned());
        assert_outside(&again).await;
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:#?}");
    world.gate.pass(STEP);
    // A right one ends the count.
    assert!(is_cleared(&enter_code(&mut again, &phone.code(&world.gate)).await));
}

#[tokio::test]
async fn b12_three_wrong_codes_of_the_app_block_also_from_a_known_network_and_the_owner_is_told() {
    let mut world = World::new().await;
    let (mut owner, phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mut again = world.gate.browser(2);
    to_factor(&mut again, ALICE).await;
    let right = phone.code(&world.gate);
    for nth in 1..3 {
        let answer = enter_code(&mut again, &wrong(&right, nth * 1111)).await;
        assert_eq!(answer.slug().as_deref(), Some("factor"), "{answer:?}");
    }
    let blocked = enter_code(&mut again, &wrong(&right, 4444)).await;
    assert_eq!((blocked.status.as_u16(), blocked.slug().as_deref()), (403, Some("blocked")), "{blocked:?}");
    let answer = log_in(&mut world.gate.browser(2), ALICE).await;
    assert_eq!(answer.slug().as_deref(), Some("blocked"), "{answer:?}");
    assert_outside(&again).await;
    let told = world.notice_to(ALICE, "wrong codes").await;
    assert!(told.contains("/_poterne/not-me?alarm="), "{told}");
    // The session that was there goes on, and elsewhere she still gets in: the block is that network's.
    assert_inside(&mut owner, ALICE).await;
    let mut elsewhere = world.gate.browser(3);
    to_factor(&mut elsewhere, ALICE).await;
    assert!(is_cleared(&enter_code(&mut elsewhere, &right).await));
}

#[tokio::test]
async fn a_phone_whose_clock_is_off_is_told_so_and_not_let_in() {
    let mut world = World::new().await;
    let (_, mut phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(Duration::from_secs(900));
    let mut again = world.gate.browser(2);
    to_factor(&mut again, ALICE).await;
    for (ahead, words) in [(-120, "2 minutes"), (300, "5 minutes")] {
        phone.ahead = ahead;
        let form = again.get(CHALLENGE).await.form(CHALLENGE).with("code", &phone.code(&world.gate));
        let answer = again.submit(&form).await;
        let next = answer.location().unwrap();
        assert!(next.starts_with("/_poterne/challenge?after=clock"), "{answer:?}");
        let page = again.get(&next).await;
        assert!(page.contains("clock") && page.contains(words), "{page:?}");
        assert_outside(&again).await;
    }
}

#[tokio::test]
async fn b72_a_backup_code_lets_in_once_from_an_unknown_network_too() {
    let mut world = World::new().await;
    let (_, _, codes) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mut lost = world.gate.browser(3);
    to_factor(&mut lost, ALICE).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    assert!(is_cleared(&enter_backup_code(&mut lost, &typed).await));
    assert_inside(&mut lost, ALICE).await;
    let page = lost.get(ACCOUNT).await;
    assert!(page.contains("9 unused backup codes are left"), "{page:?}");
    world.notice_to(ALICE, "backup code").await;
    let mut again = world.gate.browser(3);
    to_factor(&mut again, ALICE).await;
    let answer = enter_code(&mut again, &codes[3]).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (422, Some("factor")), "{answer:?}");
    assert_outside(&again).await;
    // A slip of the pen isn't counted, however often.
    let misread = format!("{}{}", &codes[4][..18], if codes[4].ends_with('7') { '8' } else { '7' });
    for _ in 0..4 {
        let answer = enter_backup_code(&mut again, &misread).await;
        assert!(answer.slug().as_deref() == Some("factor") && answer.contains("2 tries"), "{answer:?}");
    }
    assert!(is_cleared(&enter_code(&mut again, &codes[4]).await));
}

#[tokio::test]
async fn a_remembered_browser_skips_the_app_but_never_the_network() {
    let mut world = World::with(|setup| setup.set("totp.remember", true)).await;
    let (_, phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mut browser = world.gate.browser(2);
    let page = to_factor(&mut browser, ALICE).await;
    let form = page.form(CHALLENGE).with("code", &phone.code(&world.gate)).with("remember", "1");
    let answer = submit_code(&mut browser, &form).await;
    assert!(is_cleared(&answer), "{answer:?}");
    assert!(browser.jar.all().iter().any(|kept| kept.name == "poterne-browser"), "{answer:?}");
    assert_inside(&mut browser, ALICE).await;
    for request in world.panel.received() {
        assert!(!format!("{request:?}").contains("poterne-browser"), "{request:?}");
    }
    let page = browser.get(ACCOUNT).await;
    browser.submit(&page.form(LOGOUT)).await;
    // Straight in from the network that's known, not from another, and not for somebody else.
    let mut moved = browser.moved_to(3);
    to_factor(&mut moved, ALICE).await;
    assert!(is_cleared(&log_in(&mut browser, ALICE).await));
    let mut other = world.gate.browser(2);
    to_factor(&mut other, ALICE).await;
}

#[tokio::test]
async fn with_mail_too_an_unknown_network_asks_for_both() {
    let mut world = World::with(|setup| setup.set("totp.mail_too", true)).await;
    let (_, phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mut browser = world.gate.browser(3);
    to_factor(&mut browser, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let answer = enter_code(&mut browser, &phone.code(&world.gate)).await;
    assert_eq!(answer.slug().as_deref(), Some("code"), "{answer:?}");
    assert_outside(&browser).await;
    let code = code_in(&world.smtp.wait_for_mail_to(ALICE.email, earlier).await);
    assert!(is_cleared(&enter_code(&mut browser, &code).await));
    assert_inside(&mut browser, ALICE).await;
}

#[tokio::test]
async fn an_enrolled_session_on_an_unknown_network_is_asked_for_the_app() {
    let mut world = World::new().await;
    let (browser, phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mut moved = browser.moved_to(3);
    assert!(moved.get("/dashboard.php").await.wants_code());
    assert!(moved.get(ACCOUNT).await.wants_code());
    let page = moved.get(CHALLENGE).await;
    assert_eq!(page.slug().as_deref(), Some("factor"), "{page:?}");
    assert!(is_cleared(&enter_code(&mut moved, &phone.code(&world.gate)).await));
    assert_inside(&mut moved, ALICE).await;
}

#[tokio::test]
async fn a_thousand_posts_of_one_right_code_let_one_in_over_a_restart_too() {
    let mut world = World::with(generous).await;
    let (_, phone, _) = world.enrolled(2, ALICE).await;
    let mut browsers = Vec::new();
    for _ in 0..20 {
        let mut browser = world.gate.browser(2);
        let page = to_factor(&mut browser, ALICE).await;
        browsers.push((browser, page.form(CHALLENGE)));
    }
    let code = phone.next_code(&world.gate);
    let mut tasks = Vec::new();
    for (browser, form) in &browsers {
        for _ in 0..50 {
            let (mut browser, form) = (browser.twin(), form.clone().with("code", &code));
            tasks.push(tokio::spawn(async move { is_cleared(&browser.submit(&form).await) }));
        }
    }
    let mut cleared = 0;
    for task in tasks {
        cleared += usize::from(task.await.unwrap());
    }
    assert_eq!(cleared, 1);
    world.gate.kill_and_restart().await;
    let mut late = world.gate.browser(3);
    to_factor(&mut late, ALICE).await;
    let answer = enter_code(&mut late, &code).await;
    assert!(!is_cleared(&answer), "{answer:?}");
}
