//! A phone with an authenticator app, and what its owner does with it at the gate.

use std::time::Duration;

use poterne::challenge::totp::{Step, TotpSecret};
use regex::Regex;

use super::support::browser::Browser;
use super::support::gate::Gate;
use super::support::page::{Form, Page};
use super::support::panel::Account;
use super::world::{CHALLENGE, LOGOUT, World, log_in, submit_code};

pub const ACCOUNT: &str = "/_poterne/account";
pub const STEP_UP: &str = "/_poterne/account/step-up";
pub const ENROL: &str = "/_poterne/account/enrol";
pub const CONFIRM_ENROL: &str = "/_poterne/account/enrol/confirm";
pub const RENEW: &str = "/_poterne/account/codes";
pub const DOWNLOAD: &str = "/_poterne/account/codes/download";
pub const OFF: &str = "/_poterne/account/off";
pub const OFF_CONFIRM: &str = "/_poterne/account/off/confirm";
pub const END_SESSION: &str = "/_poterne/account/sessions/end";
pub const END_OTHERS: &str = "/_poterne/account/sessions/end-others";
pub const FORGET_NETWORK: &str = "/_poterne/account/networks/forget";
pub const ADDRESSES: &str = "/_poterne/account/addresses";
pub const CONFIRM_ADDRESS: &str = "/_poterne/account/addresses/confirm";

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

    /// What it will show in a moment: taken already, and not spent by an enrolment of this moment.
    pub fn next_code(&self, gate: &Gate) -> String {
        self.secret.code_at(Step::at(gate.now() + Duration::from_secs(30)))
    }

    /// The form of its enrolment, filled in.
    pub fn fill_in(&self, page: &Page, name: &str, gate: &Gate) -> Form {
        page.form(ENROL).with("name", name).with("code", &self.code(gate))
    }

    /// Its secret, as it's written and as it is.
    pub fn secret(&self) -> (String, Vec<u8>) {
        (self.secret.in_groups().replace(' ', ""), self.secret.expose().to_vec())
    }
}

/// Types the password again on the account's pages.
pub async fn step_up(browser: &mut Browser, account: Account) {
    let page = browser.get(STEP_UP).await;
    assert_eq!(page.slug().as_deref(), Some("step-up"), "{page:?}");
    let answer = browser.submit(&page.form(STEP_UP).with("password", account.password)).await;
    assert_done(&answer, "open");
}

/// Whether an answer leads to the account's page, which says that this was done.
pub fn assert_done(answer: &Page, what: &str) {
    assert_eq!(answer.location(), Some(format!("{ACCOUNT}?done={what}")), "{answer:?}");
}

/// What every form of a session's own pages carries.
pub async fn form_token(browser: &mut Browser) -> String {
    let page = browser.get(ACCOUNT).await;
    page.form(LOGOUT).value("token").unwrap_or_else(|| panic!("no token in {page:?}")).to_owned()
}

/// Enrols an app; the phone, and the page with the backup codes.
pub async fn enrol(world: &World, browser: &mut Browser, name: &str) -> (Phone, Page) {
    let page = browser.get(ENROL).await;
    assert_eq!(page.slug().as_deref(), Some("enrol"), "{page:?}");
    let phone = Phone::reading(&page);
    let answer = browser.submit(&phone.fill_in(&page, name, &world.gate)).await;
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

    /// Waits for a mail to this account with these words in it; its subject and text.
    pub async fn notice_to(&self, account: Account, words: &str) -> String {
        self.smtp.wait_for_words_to(account.email, &[words]).await
    }
}

/// Logs in up to the page that asks the app's code.
pub async fn to_factor(browser: &mut Browser, account: Account) -> Page {
    let answer = log_in(browser, account).await;
    assert!(answer.wants_code(), "{answer:?}");
    let page = browser.get(CHALLENGE).await;
    assert_eq!(page.slug().as_deref(), Some("factor"), "{page:?}");
    page
}

/// Types a backup code where the app's code is asked.
pub async fn enter_backup_code(browser: &mut Browser, code: &str) -> Page {
    let page = browser.get(&format!("{CHALLENGE}?with=backup")).await;
    submit_code(browser, &page.form(CHALLENGE).with("code", code)).await
}
