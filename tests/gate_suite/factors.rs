//! Second factors at the login: the app's code, backup codes, remembered browsers.

use std::time::Duration;

use poterne::challenge::totp::{Step, TotpSecret};
use regex::Regex;

use super::support::browser::Browser;
use super::support::gate::Gate;
use super::support::page::Page;
use super::support::panel::Account;
use super::world::{
    ALICE, BOB, CHALLENGE, LOGOUT, World, assert_inside, assert_outside, code_in, enter_code, is_cleared, log_in,
    submit_code, wrong,
};

pub const ACCOUNT: &str = "/_poterne/account";
pub const STEP_UP: &str = "/_poterne/account/step-up";
pub const ENROL: &str = "/_poterne/account/enrol";
pub const OFF: &str = "/_poterne/account/off";

/// A step of the app's codes, and a little more.
pub const STEP: Duration = Duration::from_secs(31);

/// An authenticator app.
pub struct Phone {
    secret: TotpSecret,
    /// By how many seconds its clock is ahead.
    pub ahead: i64,
}

impl Phone {
    /// Reads the secret from the page of an enrolment, as its owner would type it.
    pub fn reading(page: &Page) -> Self {
        let text = page.text();
        let secret = Regex::new(r#"<code class="secret"[^>]*>([A-Z2-7 ]+)</code>"#).unwrap();
        let groups = &secret.captures(&text).unwrap_or_else(|| panic!("no secret in {page:?}"))[1];
        let mut bytes = Vec::new();
        let (mut bits, mut held) = (0_u32, 0);
        for letter in groups.bytes().filter(|b| *b != b' ') {
            let value = if letter >= b'A' { letter - b'A' } else { letter - b'2' + 26 };
            bits = (bits << 5) | u32::from(value);
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push((bits >> held) as u8);
                bits &= (1 << held) - 1;
            }
        }
        Self { secret: TotpSecret::from_slice(&bytes).unwrap(), ahead: 0 }
    }

    /// What it shows now.
    pub fn code(&self, gate: &Gate) -> String {
        let seconds = Duration::from_secs(self.ahead.unsigned_abs());
        let now = if self.ahead >= 0 { gate.now() + seconds } else { gate.now().before(seconds) };
        self.secret.code_at(Step::at(now))
    }
}

/// Types the password again on the account's pages.
pub async fn step_up(browser: &mut Browser, account: Account) {
    // Its hash is computed in the background of the login.
    for _ in 0..200 {
        let page = browser.get(STEP_UP).await;
        assert_eq!(page.slug().as_deref(), Some("step-up"), "{page:?}");
        if page.has_form(STEP_UP) {
            let answer = browser.submit(&page.form(STEP_UP).with("password", account.password)).await;
            assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=open"), "{answer:?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the password's hash never came");
}

/// Enrols an app; the phone, and the page with the backup codes.
pub async fn enrol(world: &World, browser: &mut Browser, name: &str) -> (Phone, Page) {
    let page = browser.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("enrol"), "{page:?}");
    let phone = Phone::reading(&page);
    let form = page.form(ENROL).with("name", name).with("code", &phone.code(&world.gate));
    let answer = browser.submit(&form).await;
    (phone, answer)
}

/// The backup codes on a page.
pub fn codes_on(page: &Page) -> Vec<String> {
    let code = Regex::new(r"<code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</code>").unwrap();
    code.captures_iter(&page.text()).map(|found| found[1].to_owned()).collect()
}

impl World {
    /// Somebody who logged in with a mailed code and enrolled an app; the backup codes too.
    pub async fn enrolled(&self, network: u8, account: Account) -> (Browser, Phone, Vec<String>) {
        let mut browser = self.cleared(network, account).await;
        step_up(&mut browser, account).await;
        let (phone, page) = enrol(self, &mut browser, "My phone").await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("backup-codes")), "{page:?}");
        let codes = codes_on(&page);
        assert_eq!(codes.len(), 10, "{page:?}");
        (browser, phone, codes)
    }
}

/// Logs in up to the page that asks the app's code.
async fn to_factor(browser: &mut Browser, account: Account) -> Page {
    let answer = log_in(browser, account).await;
    assert!(answer.wants_code(), "{answer:?}");
    let page = browser.get(CHALLENGE).await;
    assert_eq!(page.slug().as_deref(), Some("factor"), "{page:?}");
    page
}

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
    let mut world = World::new().await;
    let (_, phone, _) = world.enrolled(2, ALICE).await;
    // The one that confirmed the enrolment is burnt.
    let burnt = phone.code(&world.gate);
    let mut again = world.gate.browser(2);
    to_factor(&mut again, ALICE).await;
    let replayed = enter_code(&mut again, &burnt).await;
    assert_eq!((replayed.status.as_u16(), replayed.slug().as_deref()), (422, Some("factor")), "{replayed:?}");
    world.gate.pass(STEP);
    let right = phone.code(&world.gate);
    let malformed = enter_code(&mut again, "1234567").await;
    assert_eq!(malformed.slug().as_deref(), Some("factor"));
    // Two wrong ones were counted; a right one ends the count.
    assert!(is_cleared(&enter_code(&mut again, &right).await));
}

#[tokio::test]
async fn b12_three_wrong_codes_of_the_app_block_also_from_a_known_network_and_the_owner_is_told() {
    let mut world = World::new().await;
    let (_, phone, _) = world.enrolled(2, ALICE).await;
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
    world.notice_to(ALICE, "wrong codes").await;
    // Elsewhere she still gets in: the block is that network's.
    let mut elsewhere = world.gate.browser(3);
    to_factor(&mut elsewhere, ALICE).await;
    assert!(is_cleared(&enter_code(&mut elsewhere, &right).await));
}

#[tokio::test]
async fn a_phone_whose_clock_is_off_is_told_so_and_not_let_in() {
    let mut world = World::new().await;
    let (_, mut phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(Duration::from_secs(900));
    phone.ahead = -120;
    let mut again = world.gate.browser(2);
    to_factor(&mut again, ALICE).await;
    let form = again.get(CHALLENGE).await.form(CHALLENGE).with("code", &phone.code(&world.gate));
    let answer = again.submit(&form).await;
    let next = answer.location().unwrap();
    assert!(next.starts_with("/_poterne/challenge?after=clock-"), "{answer:?}");
    assert!(again.get(&next).await.contains("2 minutes"), "{:?}", again.get(&next).await);
    assert_outside(&again).await;
}

#[tokio::test]
async fn b72_a_backup_code_lets_in_once_from_an_unknown_network_too() {
    let mut world = World::new().await;
    let (_, _, codes) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mut lost = world.gate.browser(3);
    to_factor(&mut lost, ALICE).await;
    let page = lost.get("/_poterne/challenge?with=backup").await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    assert!(is_cleared(&submit_code(&mut lost, &page.form(CHALLENGE).with("code", &typed)).await));
    assert_inside(&mut lost, ALICE).await;
    world.notice_to(ALICE, "backup code").await;
    let mut again = world.gate.browser(3);
    to_factor(&mut again, ALICE).await;
    let answer = enter_code(&mut again, &codes[3]).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (422, Some("factor")), "{answer:?}");
    // A slip of the pen isn't counted, however often.
    let misread = format!("{}{}", &codes[4][..18], if codes[4].ends_with('7') { '8' } else { '7' });
    for _ in 0..4 {
        assert_eq!(enter_code(&mut again, &misread).await.slug().as_deref(), Some("factor"));
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
    let mut world = World::with(super::world::generous).await;
    let (_, phone, _) = world.enrolled(2, ALICE).await;
    world.gate.pass(STEP);
    let mut browsers = Vec::new();
    for _ in 0..20 {
        let mut browser = world.gate.browser(2);
        let page = to_factor(&mut browser, ALICE).await;
        browsers.push((browser, page.form(CHALLENGE)));
    }
    let code = phone.code(&world.gate);
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
    let ahead = world.gate.now();
    world.gate.kill_and_restart().await;
    let behind = ahead.since(world.gate.now());
    world.gate.pass(behind);
    let mut late = world.gate.browser(3);
    to_factor(&mut late, ALICE).await;
    let answer = enter_code(&mut late, &code).await;
    assert!(!is_cleared(&answer), "{answer:?}");
}
