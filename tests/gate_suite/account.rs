//! The account's own page under attack: the stolen password, the replayed code, another's ids, links that mail
//! programs open, a copy of the store.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mail_parser::MessageParser;
use regex::Regex;

use super::support::browser::{Ask, Browser};
use super::support::page::Page;
use super::support::panel::Account;
use super::world::{
    ALICE, BOB, CHALLENGE, World, assert_inside, assert_outside, generous, is_cleared, log_in, submit_code,
};

const ACCOUNT: &str = "/_poterne/account";
const STEP_UP: &str = "/_poterne/account/step-up";
const ENROL: &str = "/_poterne/account/enrol";
const CONFIRM_ENROL: &str = "/_poterne/account/enrol/confirm";
const RENEW: &str = "/_poterne/account/codes";
const DOWNLOAD: &str = "/_poterne/account/codes/download";
const OFF: &str = "/_poterne/account/off";
const OFF_CONFIRM: &str = "/_poterne/account/off/confirm";
const FORGET_NETWORK: &str = "/_poterne/account/networks/forget";
const END_SESSION: &str = "/_poterne/account/sessions/end";
const END_OTHERS: &str = "/_poterne/account/sessions/end-others";
const ADDRESSES: &str = "/_poterne/account/addresses";
const CONFIRM_ADDRESS: &str = "/_poterne/account/addresses/confirm";
const NOT_ME: &str = "/_poterne/not-me";
const MINUTE: Duration = Duration::from_secs(60);

/// An authenticator app with one secret, on a phone whose clock is right.
struct App {
    totp: totp_rs::Totp,
    secret: String,
}

impl App {
    fn new(secret: &str) -> Self {
        let totp =
            totp_rs::Builder::new().with_secret(totp_rs::Secret::try_from_base32(secret).unwrap()).build().unwrap();
        Self { totp, secret: secret.to_owned() }
    }

    /// What it shows so many steps from now; `ahead` is by how much the gate's clock is ahead of this machine's.
    #[expect(clippy::disallowed_methods, reason = "a phone's clock goes by the wall")]
    fn shows(&self, steps: i64, ahead: Duration) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + ahead;
        self.totp.generate(now.as_secs().checked_add_signed(30 * steps).unwrap()).to_string()
    }
}

/// Somebody with an enrolled app and backup codes.
struct Enrolled {
    app: App,
    backup: Vec<String>,
}

async fn step_up(browser: &mut Browser, account: Account) -> Page {
    let page = browser.get(STEP_UP).await;
    let form = page.form(STEP_UP).with("password", account.password);
    let answer = browser.submit(&form).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=open"), "{answer:?}");
    browser.follow(answer).await
}

fn secret_on(page: &Page) -> String {
    let text = page.text().replace("&#x2f;", "/").replace("&amp;", "&");
    let link = Regex::new(r#"otpauth://totp/[^"]*?secret=([A-Z2-7]{32})"#).unwrap();
    link.captures(&text).unwrap_or_else(|| panic!("no secret on {page:?}"))[1].to_owned()
}

fn backup_codes_on(page: &Page) -> Vec<String> {
    let code = Regex::new(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b").unwrap();
    code.find_iter(&page.text()).map(|code| code.as_str().to_owned()).collect()
}

/// Confirms a device with the code of the step before the present one, so that the present one's is good for a login.
async fn confirm(browser: &mut Browser, page: &Page, app: &App, name: &str) -> Page {
    let form = page.form(ENROL).with("name", name);
    loop {
        let before = app.shows(-1, Duration::ZERO);
        let answer = browser.submit(&form.clone().with("code", &before)).await;
        // The step may have ended on the way; then the code is two steps old.
        if answer.slug().as_deref() != Some("enrol") || app.shows(-1, Duration::ZERO) == before {
            return answer;
        }
    }
}

/// Enrols an app in a session that was cleared by a code.
async fn enrol(browser: &mut Browser, account: Account) -> Enrolled {
    step_up(browser, account).await;
    let page = browser.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("enrol"), "{page:?}");
    let app = App::new(&secret_on(&page));
    let answer = confirm(browser, &page, &app, "Phone").await;
    assert_eq!(answer.slug().as_deref(), Some("backup-codes"), "{answer:?}");
    let backup = backup_codes_on(&answer);
    assert_eq!(backup.len(), 10, "{answer:?}");
    Enrolled { app, backup }
}

async fn factor(browser: &mut Browser, code: &str) -> Page {
    let page = browser.get(CHALLENGE).await;
    assert_eq!(page.slug().as_deref(), Some("factor"), "{page:?}");
    submit_code(browser, &page.form(CHALLENGE).with("code", code)).await
}

async fn backup(browser: &mut Browser, code: &str) -> Page {
    let page = browser.get(&format!("{CHALLENGE}?with=backup")).await;
    assert_eq!(page.slug().as_deref(), Some("factor"), "{page:?}");
    submit_code(browser, &page.form(CHALLENGE).with("code", code)).await
}

/// The address of the page behind "it wasn't me", as it stands in a mail.
fn alarm_in(data: &[u8]) -> Option<String> {
    let mail = MessageParser::default().parse(data).unwrap();
    let link = Regex::new(r"https?://[^\s<>]+?(/_poterne/not-me\?alarm=[A-Za-z0-9_-]{43})").unwrap();
    let text = mail.body_text(0).unwrap();
    let target = link.captures(&text)?[1].to_owned();
    assert!(mail.body_html(0).unwrap().contains(&target), "only the text has the link");
    Some(target)
}

/// The newest link of such a kind in the mails to an account, once more than `earlier` have come.
async fn alarm_after(world: &World, account: Account, earlier: usize) -> String {
    let mut seen = earlier;
    loop {
        let alarms: Vec<_> = world
            .smtp
            .mails()
            .iter()
            .filter(|mail| mail.to.iter().any(|to| to == account.email))
            .filter_map(|mail| alarm_in(&mail.data))
            .collect();
        if alarms.len() > earlier {
            return alarms.last().unwrap().clone();
        }
        seen = world.smtp.wait_for(seen + 1).await.len();
    }
}

#[tokio::test]
async fn b66_a_stolen_password_enrols_no_phone_even_from_a_known_network() {
    let world = World::with(generous).await;
    // Network 2 is a household's: known for Alice.
    drop(world.cleared(2, ALICE).await);
    let mut thief = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut thief, ALICE).await));
    step_up(&mut thief, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let page = thief.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "no secret before the mailed code: {page:?}");
    assert!(!page.contains("otpauth:"), "{page:?}");
    world.code_after(ALICE, earlier).await;
    let made_up = [("enrolment", "AAAA"), ("name", "Mine"), ("code", "123456")];
    let form = page.form(CONFIRM_ENROL);
    let token = form.value("token").unwrap().to_owned();
    let fields: Vec<_> = made_up.into_iter().chain([("token", token.as_str())]).collect();
    assert_ne!(thief.post(ENROL, &fields).await.slug().as_deref(), Some("backup-codes"));
    let mut answer = page;
    for guess in ["000001", "000002", "000003"] {
        answer = thief.submit(&form.clone().with("code", guess)).await;
        if answer.status == 303 {
            answer = thief.follow(answer).await;
        }
    }
    assert_eq!(answer.slug().as_deref(), Some("step-up-over"), "{answer:?}");
    assert_outside(&thief).await;
    // Nothing is enrolled: the owner isn't asked for an app.
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

#[tokio::test]
async fn the_owner_in_a_known_network_enrols_with_the_mailed_code() {
    let world = World::with(generous).await;
    drop(world.cleared(2, ALICE).await);
    let mut owner = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut owner, ALICE).await));
    step_up(&mut owner, ALICE).await;
    let earlier = world.mails_to(ALICE);
    let page = owner.get(ENROL).await;
    let code = world.code_after(ALICE, earlier).await;
    let answer = owner.submit(&page.form(CONFIRM_ENROL).with("code", &code)).await;
    let page = owner.follow(answer).await;
    assert_eq!(page.slug().as_deref(), Some("enrol"), "{page:?}");
    // The used code opens nothing more, and a second session doesn't profit by it.
    let mut other = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut other, ALICE).await));
    step_up(&mut other, ALICE).await;
    assert_eq!(other.get(ENROL).await.slug().as_deref(), Some("confirm"));
}

#[tokio::test]
async fn a_code_of_the_app_counts_once_and_every_wrong_one_gets_the_same_answer() {
    let world = World::with(|setup| generous(setup).set("challenge.tries", 10)).await;
    let mut alice = world.cleared(2, ALICE).await;
    let Enrolled { app, .. } = enrol(&mut alice, ALICE).await;
    let burnt = app.shows(-1, Duration::ZERO);
    let code = app.shows(0, Duration::ZERO);
    let mut first = world.gate.browser(2);
    assert!(log_in(&mut first, ALICE).await.wants_code(), "asked from the known network too");
    assert!(is_cleared(&factor(&mut first, &code).await));
    assert_inside(&mut first, ALICE).await;

    let mut second = world.gate.browser(2);
    assert!(log_in(&mut second, ALICE).await.wants_code());
    let foreign = App::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").shows(0, Duration::ZERO);
    let notice = Regex::new(r#"(?s)id="notice"[^>]*>(.*?)</"#).unwrap();
    let number = Regex::new(r"\d+").unwrap();
    let mut answers = Vec::new();
    for wrong in [code.as_str(), burnt.as_str(), foreign.as_str(), "1234567"] {
        let answer = factor(&mut second, wrong).await;
        assert_eq!(answer.slug().as_deref(), Some("factor"), "{wrong}: {answer:?}");
        let said = notice.captures(&answer.text()).unwrap_or_else(|| panic!("no notice: {answer:?}"))[1].to_owned();
        // Only the number of tries left differs.
        answers.push(number.replace_all(&said, "n").into_owned());
        assert_outside(&second).await;
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

#[tokio::test]
async fn a_code_of_a_phone_whose_clock_is_off_is_told_so_and_not_accepted() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let Enrolled { app, .. } = enrol(&mut alice, ALICE).await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let answer = factor(&mut browser, &app.shows(10, Duration::ZERO)).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "{answer:?}");
    assert!(answer.contains("clock"), "{answer:?}");
    assert_outside(&browser).await;
}

#[tokio::test]
async fn b12_three_wrong_codes_of_the_app_block_from_a_known_network_too_and_tell_the_owner() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let Enrolled { app, .. } = enrol(&mut alice, ALICE).await;
    let mut thief = world.gate.browser(2);
    assert!(log_in(&mut thief, ALICE).await.wants_code());
    let mut answer = factor(&mut thief, "000000").await;
    for wrong in ["000001", "000002"] {
        answer = factor(&mut thief, wrong).await;
    }
    assert_eq!(answer.slug().as_deref(), Some("blocked"), "{answer:?}");
    assert_outside(&thief).await;
    let again = log_in(&mut world.gate.browser(2), ALICE).await;
    assert_eq!(again.slug().as_deref(), Some("blocked"), "{again:?}");
    // The session that was there goes on, and from elsewhere the app still opens.
    assert_inside(&mut alice, ALICE).await;
    let mut elsewhere = world.gate.browser(3);
    assert!(log_in(&mut elsewhere, ALICE).await.wants_code());
    assert!(is_cleared(&factor(&mut elsewhere, &app.shows(0, Duration::ZERO)).await));
    let told = world.smtp.mails().iter().any(|mail| {
        let text = String::from_utf8_lossy(&mail.data).into_owned();
        mail.to.iter().any(|to| to == ALICE.email) && text.contains("not-me") && alarm_in(&mail.data).is_some()
    });
    assert!(told, "the owner wasn't told");
}

#[tokio::test]
async fn one_right_code_typed_in_many_browsers_at_once_opens_one() {
    for use_backup in [false, true] {
        let world = World::with(generous).await;
        let mut alice = world.cleared(2, ALICE).await;
        let Enrolled { app, backup: codes } = enrol(&mut alice, ALICE).await;
        let mut waiting = Vec::new();
        for _ in 0..12 {
            let mut browser = world.gate.browser(2);
            assert!(log_in(&mut browser, ALICE).await.wants_code());
            waiting.push(browser);
        }
        let code = if use_backup { codes[0].clone() } else { app.shows(1, Duration::ZERO) };
        let tasks: Vec<_> = waiting
            .into_iter()
            .map(|mut browser| {
                let code = code.clone();
                tokio::spawn(async move {
                    let page = browser.get(CHALLENGE).await;
                    if !page.has_form(CHALLENGE) {
                        return (page, browser);
                    }
                    (browser.submit(&page.form(CHALLENGE).with("code", &code)).await, browser)
                })
            })
            .collect();
        let mut cleared = 0;
        for task in tasks {
            let (answer, browser) = task.await.unwrap();
            if is_cleared(&answer) {
                cleared += 1;
            } else {
                assert_outside(&browser).await;
            }
        }
        assert_eq!(cleared, 1, "backup: {use_backup}");
    }
}

#[tokio::test]
async fn a_backup_code_is_used_once_and_a_misread_one_costs_nothing() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let Enrolled { backup: codes, .. } = enrol(&mut alice, ALICE).await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let mut misread = codes[2].clone().into_bytes();
    misread[6] = if misread[6] == b'7' { b'8' } else { b'7' };
    for _ in 0..4 {
        let answer = backup(&mut browser, &String::from_utf8(misread.clone()).unwrap()).await;
        assert_eq!(answer.slug().as_deref(), Some("factor"), "{answer:?}");
        assert!(answer.contains("3 tries"), "no try was counted: {answer:?}");
    }
    assert!(is_cleared(&backup(&mut browser, &codes[2].to_lowercase().replace('-', " ")).await));
    let page = browser.get(ACCOUNT).await;
    assert!(page.contains("9"), "{page:?}");
    let mut again = world.gate.browser(2);
    assert!(log_in(&mut again, ALICE).await.wants_code());
    let answer = backup(&mut again, &codes[2]).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "{answer:?}");
    assert_outside(&again).await;
}

#[tokio::test]
async fn new_backup_codes_end_the_old_ones_and_can_be_downloaded_by_their_session_only() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let Enrolled { backup: old, .. } = enrol(&mut alice, ALICE).await;
    let page = alice.get(ACCOUNT).await;
    let page = alice.submit(&page.form(RENEW)).await;
    let new = backup_codes_on(&page);
    assert_eq!(new.len(), 10, "{page:?}");
    let form = page.form(DOWNLOAD);
    let file = alice.submit(&form).await;
    assert!(file.header("content-disposition").is_some_and(|value| value.starts_with("attachment")), "{file:?}");
    assert_eq!(file.header("cache-control"), Some("no-store"), "{file:?}");
    assert!(new.iter().all(|code| file.contains(code)), "{file:?}");
    let mut bob = world.cleared(3, BOB).await;
    step_up(&mut bob, BOB).await;
    let token = bob.get(ACCOUNT).await.forms().iter().find_map(|form| form.value("token").map(str::to_owned)).unwrap();
    let stolen = bob.post(DOWNLOAD, &[("token", &token), ("sealed", form.value("sealed").unwrap())]).await;
    assert!(!new.iter().any(|code| stolen.contains(code)), "{stolen:?}");

    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let answer = backup(&mut browser, &old[0]).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "{answer:?}");
    assert!(is_cleared(&backup(&mut browser, &new[0]).await));
}

#[tokio::test]
async fn of_two_tabs_that_enrol_the_first_confirmed_wins_and_the_other_says_so() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    step_up(&mut alice, ALICE).await;
    let (one, other) = (alice.get(ENROL).await, alice.get(ENROL).await);
    let (first, second) = (App::new(&secret_on(&one)), App::new(&secret_on(&other)));
    assert_ne!(first.secret, second.secret);
    assert_eq!(confirm(&mut alice, &one, &first, "x").await.slug().as_deref(), Some("backup-codes"));
    let late = alice.submit(&other.form(ENROL).with("name", "x").with("code", &second.shows(0, Duration::ZERO))).await;
    assert_eq!(late.slug().as_deref(), Some("enrol"), "{late:?}");
    assert_ne!(secret_on(&late), second.secret, "its secret is good for nothing any more");
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let answer = factor(&mut browser, &second.shows(0, Duration::ZERO)).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "{answer:?}");
    assert!(is_cleared(&factor(&mut browser, &first.shows(0, Duration::ZERO)).await));
}

#[tokio::test]
async fn an_abandoned_enrolment_changes_nothing() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    step_up(&mut alice, ALICE).await;
    let page = alice.get(ENROL).await;
    let wrong = page.form(ENROL).with("name", "x").with("code", "000000");
    let answer = alice.submit(&wrong).await;
    assert_eq!(secret_on(&answer), secret_on(&page), "a slip of the finger must not change the secret");
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

#[tokio::test]
async fn changes_need_the_password_the_token_and_a_page_of_the_gates_own() {
    let mut world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let token = alice.get(STEP_UP).await.form(STEP_UP).value("token").unwrap().to_owned();
    let posts: &[(&str, &[(&str, &str)])] = &[
        (RENEW, &[]),
        (FORGET_NETWORK, &[("network", "127.0.0.2")]),
        (END_OTHERS, &[]),
        (ADDRESSES, &[("address", "thief@example.test")]),
        (OFF, &[("code", "123456")]),
        (OFF_CONFIRM, &[("ticket", "AAAA")]),
        ("/_poterne/account/browsers/forget", &[]),
        ("/_poterne/account/language", &[("language", "fr")]),
    ];
    for (path, fields) in posts {
        let with_token: Vec<_> = fields.iter().copied().chain([("token", token.as_str())]).collect();
        let answer = alice.post(path, &with_token).await;
        assert_eq!(answer.slug().as_deref(), Some("step-up"), "{path} without the password: {answer:?}");
    }
    let open = step_up(&mut alice, ALICE).await;
    assert_eq!(open.slug().as_deref(), Some("account"), "{open:?}");
    for (path, fields) in posts {
        let answer = alice.post(path, fields).await;
        assert_eq!(answer.status, 403, "{path} without a token: {answer:?}");
        let with_token: Vec<_> = fields.iter().copied().chain([("token", token.as_str())]).collect();
        let elsewhere = Ask::post(path, &with_token).header("sec-fetch-site", "cross-site");
        let answer = alice.send(elsewhere).await;
        assert_eq!(answer.status, 403, "{path} from elsewhere: {answer:?}");
    }
    world.gate.pass(11 * MINUTE);
    let answer = alice.post(END_OTHERS, &[("token", &token)]).await;
    assert_eq!(answer.slug().as_deref(), Some("step-up"), "ten minutes are over: {answer:?}");
    // Nothing of it was done.
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

#[tokio::test]
async fn three_wrong_passwords_at_the_step_up_end_the_session() {
    let world = World::with(generous).await;
    let mut thief = world.cleared(2, ALICE).await;
    let form = thief.get(STEP_UP).await.form(STEP_UP);
    let mut answer = None;
    for guess in ["one", "two", "three"] {
        answer = Some(thief.submit(&form.clone().with("password", guess)).await);
    }
    let answer = answer.unwrap();
    assert_eq!(answer.slug().as_deref(), Some("step-up-over"), "{answer:?}");
    assert_outside(&thief).await;
    let right = thief.submit(&form.with("password", ALICE.password)).await;
    assert_ne!(right.status, 303, "{right:?}");
}

#[tokio::test]
async fn what_belongs_to_another_account_is_not_found() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let mut bob = world.cleared(3, BOB).await;
    let mut other = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut other, ALICE).await));
    let page = step_up(&mut alice, ALICE).await;
    let session =
        page.forms().iter().find(|form| form.target() == END_SESSION).unwrap().value("session").unwrap().to_owned();
    let page = step_up(&mut bob, BOB).await;
    let token = page.forms().iter().find_map(|form| form.value("token").map(str::to_owned)).unwrap();
    for (path, fields) in [
        (END_SESSION, [("session", session.as_str())]),
        (FORGET_NETWORK, [("network", "127.0.0.2")]),
        (END_SESSION, [("session", "AAAAAAAAAAAAAAAAAAAAAA")]),
        (END_SESSION, [("session", "not an id")]),
    ] {
        let fields: Vec<_> = fields.into_iter().chain([("token", token.as_str())]).collect();
        let answer = bob.post(path, &fields).await;
        assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=gone"), "{path}: {answer:?}");
    }
    assert_inside(&mut alice, ALICE).await;
    assert_inside(&mut other, ALICE).await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await), "her network is known still");
    // Her own id, by herself, works: the other browser is out.
    let page = alice.get(ACCOUNT).await;
    let own = page.form(END_SESSION).with("session", &session);
    let answer = alice.submit(&own).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=session-ended"), "{answer:?}");
    let outside = [&mut alice, &mut other].into_iter();
    let mut out = 0;
    for browser in outside {
        out += usize::from(super::world::who(&browser.get("/dashboard.php").await).is_none());
    }
    assert!(out >= 1, "no session ended");
}

#[tokio::test]
async fn b65_the_link_in_a_mail_does_nothing_by_itself_and_its_button_everything_once() {
    let world = World::with(generous).await;
    let alice = world.cleared(2, ALICE).await;
    let before = alarm_count(&world);
    // Somebody who reads her mail logs in from elsewhere; the mail about it goes to her as well.
    let mut thief = world.cleared(66, ALICE).await;
    let alarm = alarm_after(&world, ALICE, before.max(1)).await;
    // Mail programs open links, also again and again, also with HEAD.
    let mut scanner = world.gate.browser(9);
    for _ in 0..3 {
        let page = scanner.get(&alarm).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("not-me")), "{page:?}");
        scanner.send(Ask::new(http::Method::HEAD, &alarm)).await;
    }
    assert_inside(&mut thief, ALICE).await;
    let mut reader = world.gate.browser(9);
    let page = reader.get(&alarm).await;
    let form = page.form(NOT_ME);
    let mut many = Vec::new();
    for _ in 0..8 {
        let (form, mut reader) = (form.clone(), reader.fresh());
        many.push(tokio::spawn(async move { reader.submit(&form).await }));
    }
    for answer in many {
        let answer = answer.await.unwrap();
        assert_eq!(answer.slug().as_deref(), Some("not-me-done"), "{answer:?}");
    }
    for browser in [&thief, &alice] {
        assert_outside(browser).await;
    }
    let blocked = log_in(&mut world.gate.browser(66), ALICE).await;
    assert_eq!(blocked.slug().as_deref(), Some("blocked"), "{blocked:?}");
    assert!(log_in(&mut world.gate.browser(2), ALICE).await.wants_code(), "a code is asked from everywhere");
    for nonsense in ["", "?alarm=", "?alarm=AAAA", "?alarm=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let page = reader.get(&format!("{NOT_ME}{nonsense}")).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (404, Some("not-me-unknown")), "{page:?}");
    }
    assert!(!world.gate.logs().contains(alarm.split('=').next_back().unwrap()), "the link stands in the log");
}

fn alarm_count(world: &World) -> usize {
    world.smtp.mails().iter().filter(|mail| alarm_in(&mail.data).is_some()).count()
}

#[tokio::test]
async fn b13_another_address_needs_a_code_from_each_and_gets_codes_from_then_on() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    step_up(&mut alice, ALICE).await;
    let page = alice.get(ACCOUNT).await;
    let earlier = world.mails_to(ALICE);
    let answer = alice.submit(&page.form(ADDRESSES).with("address", "second@example.test")).await;
    let page = alice.follow(answer).await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "{page:?}");
    let first = world.code_after(ALICE, earlier).await;
    let second = super::world::code_in(&world.smtp.wait_for_mail_to("second@example.test", 0).await);
    assert_ne!(first, second);
    let form = page.form(CONFIRM_ADDRESS);
    let swapped = alice.submit(&form.clone().with("code", &second).with("second_code", &first)).await;
    assert_ne!(swapped.location().as_deref(), Some("/_poterne/account?done=address-added"), "{swapped:?}");
    let answer = alice.submit(&form.with("code", &first).with("second_code", &second)).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=address-added"), "{answer:?}");
    let seen = world.smtp.mails().iter().filter(|mail| mail.to.iter().any(|to| to == "second@example.test")).count();
    let mut elsewhere = world.gate.browser(3);
    assert!(log_in(&mut elsewhere, ALICE).await.wants_code());
    let code = super::world::code_in(&world.smtp.wait_for_mail_to("second@example.test", seen).await);
    let page = elsewhere.get(CHALLENGE).await;
    assert!(is_cleared(&elsewhere.submit(&page.form(CHALLENGE).with("code", &code)).await));
}

#[tokio::test]
async fn secrets_are_in_no_copy_of_the_store_and_in_no_log() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let Enrolled { app, backup: codes } = enrol(&mut alice, ALICE).await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    assert!(is_cleared(&backup(&mut browser, &codes[4]).await));
    let token = browser.jar.all().iter().find(|kept| kept.name == super::world::GATE_COOKIE).unwrap().value.clone();
    let alarm = alarm_after(&world, ALICE, 0).await.split('=').next_back().unwrap().to_owned();
    let raw = totp_rs::Secret::try_from_base32(&app.secret).unwrap();
    let mut secrets: Vec<Vec<u8>> =
        [app.secret.as_str(), ALICE.password, &token, &alarm].map(|s| s.as_bytes().to_vec()).into();
    secrets.push(raw.as_bytes().to_vec());
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
    let mut alice = world.cleared(2, ALICE).await;
    let Enrolled { app, backup: codes } = enrol(&mut alice, ALICE).await;
    world.gate.kill_and_restart().await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let code = app.shows(0, Duration::ZERO);
    assert!(is_cleared(&factor(&mut browser, &code).await));
    world.gate.kill_and_restart().await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    world.gate.kill_and_restart().await;
    let answer = factor(&mut browser, &code).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "a used code stays used: {answer:?}");
    assert!(is_cleared(&backup(&mut browser, &codes[0]).await));
    world.gate.kill_and_restart().await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let answer = backup(&mut browser, &codes[0]).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "{answer:?}");
}

/// Waits for a mail to this address whose subject or text has this word.
async fn mail_saying(world: &World, address: &str, word: &str) -> String {
    let mut seen = 0;
    loop {
        let mails = world.smtp.mails();
        let found = mails.iter().filter(|mail| mail.is_to(address)).map(|mail| mail.words());
        if let Some(words) = found.into_iter().find(|words| words.contains(word)) {
            return words;
        }
        seen = world.smtp.wait_for(seen.max(mails.len()) + 1).await.len();
    }
}

#[tokio::test]
async fn b71_the_billing_contact_is_told_of_changes_and_gets_no_code() {
    let accounts = "login,email,billing\nalice,alice@example.test,billing@example.test\nbob,bob@example.test,\n";
    let world = World::with(|setup| generous(setup).accounts(accounts)).await;
    let mut alice = world.cleared(2, ALICE).await;
    enrol(&mut alice, ALICE).await;
    for address in [ALICE.email, "billing@example.test"] {
        let words = mail_saying(&world, address, "Phone").await;
        for needed in ["alice", "127.0.0.2", "/_poterne/not-me?alarm="] {
            assert!(words.contains(needed), "{needed} isn't in the mail to {address}:\n{words}");
        }
    }
    assert_eq!(world.smtp.codes_to("billing@example.test"), 0);
}

#[tokio::test]
async fn one_of_two_devices_is_taken_away_with_a_code_and_the_other_goes_on() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    let first = enrol(&mut alice, ALICE).await;
    let page = alice.get(ENROL).await;
    let second = App::new(&secret_on(&page));
    let answer = confirm(&mut alice, &page, &second, "Tablet").await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=device-added"), "{answer:?}");
    // Either opens; a code of the one isn't one of the other.
    for app in [&first.app, &second] {
        let mut browser = world.gate.browser(2);
        assert!(log_in(&mut browser, ALICE).await.wants_code());
        assert!(is_cleared(&factor(&mut browser, &app.shows(0, Duration::ZERO)).await));
    }
    let page = alice.get(ACCOUNT).await;
    let link = Regex::new(r#"href="([^"]*account[^"]*off\?device=[A-Za-z0-9_-]+)""#).unwrap();
    let text = page.text().replace("&#x2f;", "/");
    let off = link.captures(&text).unwrap_or_else(|| panic!("no device to take away: {page:?}"))[1].to_owned();
    let page = alice.get(&off).await;
    assert_eq!(page.slug().as_deref(), Some("turn-off"), "{page:?}");
    // Without a code nothing goes, and a ticket can't be made up.
    let made_up = page.form(OFF).value("token").unwrap().to_owned();
    alice.post(OFF_CONFIRM, &[("token", &made_up), ("ticket", "AAAA")]).await;
    let page = alice.submit(&page.form(OFF).with("code", &second.shows(1, Duration::ZERO))).await;
    assert_eq!(page.slug().as_deref(), Some("turn-off-confirm"), "{page:?}");
    assert!(page.contains("Phone") && !page.contains("Tablet"), "{page:?}");
    let answer = alice.submit(&page.form(OFF_CONFIRM)).await;
    assert_eq!(answer.location().as_deref(), Some("/_poterne/account?done=device-removed"), "{answer:?}");
    mail_saying(&world, ALICE.email, "Phone").await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let answer = factor(&mut browser, &first.app.shows(1, Duration::ZERO)).await;
    assert_eq!(answer.slug().as_deref(), Some("factor"), "a device that went: {answer:?}");
    assert_outside(&browser).await;
}

#[tokio::test]
async fn a_session_older_than_the_owners_app_gets_no_second_factor_of_its_own() {
    let world = World::with(generous).await;
    let mut alice = world.cleared(2, ALICE).await;
    // In the known network, by the stolen password alone, before she has an app.
    let mut thief = world.gate.browser(2);
    assert!(is_cleared(&log_in(&mut thief, ALICE).await));
    step_up(&mut thief, ALICE).await;
    enrol(&mut alice, ALICE).await;
    let page = thief.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("confirm"), "{page:?}");
    let token = page.form(CONFIRM_ENROL).value("token").unwrap().to_owned();
    let answer = thief.post(RENEW, &[("token", &token)]).await;
    assert_eq!(answer.slug().as_deref(), Some("confirm"), "{answer:?}");
    assert!(backup_codes_on(&answer).is_empty(), "{answer:?}");
}
