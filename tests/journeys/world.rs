//! A panel, the gate in front, and the mail server: what every journey starts from.

use std::sync::LazyLock;

use regex::Regex;

use super::support::browser::{Ask, Browser};
use super::support::gate::{Gate, Setup};
use super::support::page::{Form, Page};
use super::support::panel::{Account, Kind, Panel, SECRET};
use super::support::smtp::{Behaviour, SmtpServer};
pub use super::support::steps::{
    CANCEL, CHALLENGE, GATE_COOKIE, LOGOUT, RESEND, code_in, cookie_headers, enter_code, spellings, submit_code, wrong,
};

/// One panel behind its gate.
pub struct World {
    pub panel: Panel,
    pub smtp: SmtpServer,
    pub gate: Gate,
}

impl World {
    pub async fn new(kind: Kind) -> Self {
        Self::with(kind, |setup| setup).await
    }

    /// With more settings than the usual.
    pub async fn with(kind: Kind, change: impl FnOnce(Setup) -> Setup) -> Self {
        let panel = Panel::get(kind);
        let smtp = SmtpServer::start(Behaviour::default());
        let gate = change(Setup::new(&panel, smtp.addr)).start().await;
        Self { panel, smtp, gate }
    }

    /// Where mails aren't counted, for attacks that log in over and over.
    pub async fn with_mails_to_spare(kind: Kind) -> Self {
        Self::with(kind, |setup| {
            setup
                .set_toml("challenge.mails_per_network", r#"{ max = 1000, period = "1h" }"#)
                .set_toml("challenge.mails_per_account", r#"{ max = 1000, period = "1h" }"#)
        })
        .await
    }

    pub fn kind(&self) -> Kind {
        self.panel.kind
    }

    /// A browser on the network 127.0.0.`network` that goes to the panel past the gate.
    pub fn past_the_gate(&self, network: u8) -> Browser {
        Browser::new(self.panel.addr, network)
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
    pub async fn log_in_to_challenge(&self, browser: &mut Browser, account: Account) -> String {
        let earlier = self.mails_to(account);
        let answer = log_in(self.kind(), browser, account).await;
        assert!(answer.wants_code(), "{answer:?}");
        self.code_after(account, earlier).await
    }

    /// Logs in from an unknown network, code and all.
    pub async fn log_in_with_code(&self, browser: &mut Browser, account: Account) {
        let code = self.log_in_to_challenge(browser, account).await;
        let answer = enter_code(browser, &code).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        assert_inside(self.kind(), browser, account).await;
    }
}

/// The page with the panel's login form.
pub fn login_page(kind: Kind) -> &'static str {
    match kind {
        Kind::DokuWiki => "/doku.php?id=vault&do=login",
        Kind::WordPress => "/wp-login.php",
        Kind::Cacti => "/cacti/index.php",
    }
}

/// The names of the fields for login and password.
pub fn credential_fields(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::DokuWiki => ("u", "p"),
        Kind::WordPress => ("log", "pwd"),
        Kind::Cacti => ("login_username", "login_password"),
    }
}

/// The panel's login form, filled in.
pub async fn login_form(kind: Kind, browser: &mut Browser, account: Account) -> Form {
    let (login, password) = credential_fields(kind);
    let page = browser.visit(login_page(kind)).await;
    assert_eq!(page.status, 200, "{page:?}");
    page.form_with(login).with(login, account.name).with(password, account.password)
}

/// Types an account's password into the panel's form and sends it; the answer.
pub async fn log_in(kind: Kind, browser: &mut Browser, account: Account) -> Page {
    let form = login_form(kind, browser, account).await;
    browser.submit(&form).await
}

/// What only somebody inside may see, beginning with the page that tells best who that is.
pub fn protected(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::DokuWiki => &[
            "/doku.php?id=vault",
            "/doku.php?id=vault&do=edit",
            "/doku.php?id=start&do=profile",
            "/lib/exe/ajax.php?call=linkwiz&q=vault",
            "/lib/exe/xmlrpc.php",
            "/feed.php",
        ],
        Kind::WordPress => &[
            "/wp-admin/profile.php",
            "/wp-admin/",
            "/wp-admin/edit.php",
            "/index.php?rest_route=/wp/v2/users/me&context=edit",
            "/?pagename=vault",
            "/wp-admin/admin-ajax.php?action=heartbeat",
        ],
        Kind::Cacti => &[
            "/cacti/index.php",
            "/cacti/about.php",
            "/cacti/graph_view.php",
            "/cacti/auth_profile.php?action=edit",
            "/cacti/",
        ],
    }
}

/// Whom the panel takes the sender of a request for, by its answer.
pub fn who(kind: Kind, page: &Page) -> Option<String> {
    static DOKUWIKI: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"<li class="user">[^<]*<bdi>[^<]*</bdi>\s*\(<bdi>([^<]+)</bdi>\)"#).unwrap());
    static WORDPRESS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"class="display-name">([^<]+)<|"slug":"([^"]+)""#).unwrap());
    static CACTI: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"Logged in as ([a-z]+)<|class='user usermenuup'>([^<]+)<").unwrap());
    let pattern = match kind {
        Kind::DokuWiki => &DOKUWIKI,
        Kind::WordPress => &WORDPRESS,
        Kind::Cacti => &CACTI,
    };
    let text = page.text();
    let found = pattern.captures(&text)?;
    found.get(1).or(found.get(2)).map(|name| name.as_str().to_lowercase())
}

/// Whether an answer holds what only somebody inside may see.
pub fn leaks(kind: Kind, page: &Page) -> bool {
    let more: &[&str] = match kind {
        Kind::DokuWiki => &["do=logout", "name=\"newpass\""],
        Kind::WordPress => &["wp-admin-bar", "isAdmin</name>", "@example.test", "adminmenu"],
        Kind::Cacti => &["class='loggedInAs'"],
    };
    let text = page.text();
    page.slug().is_none()
        && (who(kind, page).is_some() || text.contains(SECRET) || more.iter().any(|m| text.contains(m)))
}

/// The names of cookies that authenticate at the panel begin with one of these.
pub fn login_cookies(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::DokuWiki => &["DW"],
        Kind::WordPress => &["wordpress_logged_in", "wordpress_sec", "wordpress_"],
        Kind::Cacti => &["cacti_remembers"],
    }
}

/// Whether the browser holds a cookie that proves a login at the panel.
pub fn holds_login_cookie(kind: Kind, browser: &Browser) -> bool {
    let names = browser.jar.names().into_iter().filter(|name| *name != "wordpress_test_cookie");
    names.into_iter().any(|name| login_cookies(kind).iter().any(|start| name.starts_with(start)))
}

/// Asserts that this browser is inside as this account.
pub async fn assert_inside(kind: Kind, browser: &mut Browser, account: Account) {
    let page = browser.get(protected(kind)[0]).await;
    assert_eq!(who(kind, &page).as_deref(), Some(account.name), "{page:?}");
}

/// Asserts that nothing behind the login can be had with what this browser holds: with its cookies as they are, with
/// each alone, without the gate's.
pub async fn assert_outside(kind: Kind, browser: &Browser) {
    for header in cookie_headers(browser) {
        for target in protected(kind) {
            // A browser of its own, so that what's set meanwhile doesn't mix in.
            let page = browser.fresh().send(Ask::get(target).cookies(&header)).await;
            assert!(!leaks(kind, &page), "with {header}: {page:?}");
        }
    }
}
