//! The demo's panel, the gate in front, and the mail server: what every test starts from.

use std::net::SocketAddr;

use poterne::app::demo::{DemoPanel, PanelOptions};

use super::support::browser::{Ask, Browser};
use super::support::gate::{Gate, Setup};
use super::support::page::{Form, Page};
use super::support::panel::Account;
pub use super::support::panel::{ALICE, BOB};
use super::support::smtp::{Behaviour, SmtpServer};
pub use super::support::steps::{
    CANCEL, CHALLENGE, GATE_COOKIE, LOGOUT, RESEND, code_in, cookie_headers, enter_code, fields, is_cleared, spellings,
    submit_code, wrong,
};

pub const PANEL_COOKIE: &str = "PANELSESS";
pub const REMEMBER: &str = "panel_remember";

/// What only somebody inside may see, on the panel's pages and in its answers to scripts.
const SECRETS: &[&str] = &[
    "class=\"user\"",
    "Alice Durand",
    "Bob Martin",
    "EX-20417",
    "EX-20522",
    "name=\"again\"",
    "name=\"file\"",
    "\"account\":",
    "event: tick",
];

/// The paths that show them.
pub const PROTECTED: &[&str] =
    &["/dashboard.php", "/password.php", "/upload.php", "/api/me", "/events.php?n=1", "/download.bin?size=1000"];

/// One panel behind its gate.
pub struct World {
    pub panel: DemoPanel,
    pub smtp: SmtpServer,
    pub gate: Gate,
}

/// The settings of the demo, in front of whatever listens at `panel`.
pub fn setup(panel: SocketAddr, smtp: SocketAddr) -> Setup {
    Setup::bare(panel, smtp)
        .accounts("login,email,language\nalice,alice@example.test,\nbob,bob@example.test,\n")
        .set("panel.login_page", "/login.php?next={target}")
        .set("panel.landing", "/dashboard.php")
        .set_toml("panel.public", r#"["/", "/login.php", "/style.css"]"#)
        .set_toml("panel.cookies.session", r#"["PANELSESS"]"#)
        .set_toml("panel.cookies.login", r#"["panel_remember"]"#)
        .set_toml("panel.cookies.other", r#"["lang"]"#)
        .set_toml("panel.doors", DOORS)
        .set("panel.probe.path", "/dashboard.php")
        .set_toml("panel.probe.inside", r#"[{ status = 200, body = '<strong class="user">' }]"#)
        .set("panel.probe.account", r#"<strong class="user">(?<account>[^<]+)</strong>"#)
        .set("panel.logout.path", "/logout.php")
}

const DOORS: &str = r#"[
    { kind = "login", path = "/login.php", methods = ["POST"], username = "username", password = "password",
      accepted = [{ status = 302, location = '^/' }], refused = [{ status = 200, body = 'id="login_error"' }] },
    { kind = "password", path = "/password.php", methods = ["POST"], password = "new",
      accepted = [{ status = 200, body = 'id="password_changed"' }],
      refused = [{ status = 200, body = 'id="password_error"' }] },
    { kind = "logout", path = "/logout.php", methods = ["GET", "POST"] },
]"#;

impl World {
    pub async fn new() -> Self {
        Self::with(|setup| setup).await
    }

    /// With more settings than the usual.
    pub async fn with(change: impl FnOnce(Setup) -> Setup) -> Self {
        Self::on(PanelOptions::default(), change).await
    }

    /// With a panel whose requests of one session wait for each other.
    pub async fn locking() -> Self {
        Self::on(PanelOptions { session_locking: true, ..PanelOptions::default() }, |setup| setup).await
    }

    pub async fn on(options: PanelOptions, change: impl FnOnce(Setup) -> Setup) -> Self {
        let panel = DemoPanel::start(([127, 0, 0, 1], 0).into(), options).await.unwrap();
        let smtp = SmtpServer::start(Behaviour::default());
        let gate = change(setup(panel.addr, smtp.addr)).start().await;
        Self { panel, smtp, gate }
    }

    /// Mails with a code to this account.
    pub fn mails_to(&self, account: Account) -> usize {
        self.smtp.codes_to(account.email)
    }

    /// The code in the newest mail to this account, once more than `earlier` have come.
    pub async fn code_after(&self, account: Account, earlier: usize) -> String {
        code_in(&self.smtp.wait_for_mail_to(account.email, earlier).await)
    }

    /// Logs in from an unknown network, up to the page that wants a code; the code.
    pub async fn to_challenge(&self, browser: &mut Browser, account: Account) -> String {
        let earlier = self.mails_to(account);
        let answer = log_in(browser, account).await;
        assert!(answer.wants_code(), "{answer:?}");
        self.code_after(account, earlier).await
    }

    /// Logs in from an unknown network, code and all.
    pub async fn clear(&self, browser: &mut Browser, account: Account) {
        let code = self.to_challenge(browser, account).await;
        let answer = enter_code(browser, &code).await;
        assert!(is_cleared(&answer), "{answer:?}");
        assert_inside(browser, account).await;
    }

    /// A browser that is inside as this account.
    pub async fn cleared(&self, network: u8, account: Account) -> Browser {
        let mut browser = self.gate.browser(network);
        self.clear(&mut browser, account).await;
        browser
    }

    /// How many requests for a script reached the panel.
    pub fn reached(&self, script: &str) -> usize {
        self.panel.received().iter().filter(|request| request.target.contains(script)).count()
    }
}

/// Mail and wrong passwords to spare, for attacks that log in over and over.
pub fn generous(setup: Setup) -> Setup {
    let plenty = r#"{ max = 10000, period = "1h" }"#;
    setup
        .set_toml("challenge.mails_per_network", plenty)
        .set_toml("challenge.mails_per_account", plenty)
        .set_toml("limits.wrong_passwords_per_network", plenty)
        .set("listen.connections_per_network", 4096)
}

/// The panel's login form, filled in.
pub async fn login_form(browser: &mut Browser, account: Account) -> Form {
    let page = browser.visit("/login.php").await;
    assert_eq!(page.status, 200, "{page:?}");
    page.form("/login.php").with("username", account.name).with("password", account.password)
}

/// Types an account's password into the panel's form and sends it; the answer.
pub async fn log_in(browser: &mut Browser, account: Account) -> Page {
    let form = login_form(browser, account).await;
    browser.submit(&form).await
}

/// Whether an answer holds what only somebody inside may see.
pub fn shows_inside(page: &Page) -> bool {
    let text = page.text();
    let download = page.target.contains("/download.bin") && page.status.is_success();
    page.slug().is_none() && (download || SECRETS.iter().any(|secret| text.contains(secret)))
}

/// Whom the panel takes the sender of a request for, by its answer.
pub fn who(page: &Page) -> Option<&'static str> {
    let text = page.text();
    let is = |account: Account| {
        text.contains(&format!("<strong class=\"user\">{}</strong>", account.name))
            || text.contains(&format!("\"account\":\"{}\"", account.name))
    };
    [ALICE, BOB].into_iter().find(|account| is(*account)).map(|account| account.name)
}

pub async fn assert_inside(browser: &mut Browser, account: Account) {
    let page = browser.get("/dashboard.php").await;
    assert_eq!(who(&page), Some(account.name), "{page:?}");
}

/// Asserts that nothing behind the login can be had with what this browser holds: with its cookies as they are, with
/// each alone, without the gate's.
pub async fn assert_outside(browser: &Browser) {
    let mut client = browser.fresh();
    for header in cookie_headers(browser) {
        for target in PROTECTED.iter().chain(&["/", "/login.php"]) {
            let page = client.send(Ask::get(target).cookies(&header)).await;
            assert!(!shows_inside(&page), "with {header}: {page:?}");
        }
    }
}

/// The panel's cookies that authenticate, in an answer.
pub fn authenticating(page: &Page) -> Vec<String> {
    let deletes = |line: &str| line.to_lowercase().contains("1970") || line.to_lowercase().contains("max-age=0");
    page.set_cookies()
        .into_iter()
        .filter(|line| (line.starts_with(PANEL_COOKIE) || line.starts_with(REMEMBER)) && !deletes(line))
        .collect()
}
