//! The account's own pages while something that they need is down: said honestly, nothing lost, nothing open.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail loudly"
)]

#[path = "support/flows.rs"]
mod building;
#[path = "support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use poterne::flow::Flows;
use poterne::flow::hashing::Place;
use poterne::proxy::front::RunningServer;

use building::Told;
use support::browser::Browser;
use support::page::Page;
use support::steps::{LOGOUT, enter_code, is_cleared};

const ACCOUNT: &str = "/_poterne/account";
const STEP_UP: &str = "/_poterne/account/step-up";
const ENROL: &str = "/_poterne/account/enrol";
const ADDRESSES: &str = "/_poterne/account/addresses";
const PASSWORD: &str = "Correct-Horse-9";

/// The gate, with a world around it that does as told.
struct World {
    told: Arc<Told>,
    flows: Arc<Flows>,
    server: RunningServer,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told = Arc::new(Told::default());
        let checked = building::settings("wordpress", building::PROBE);
        let flows = building::flows(&checked, folder.path(), told.around()).await;
        // No request of these tests is forwarded.
        let server = building::serve(&checked, &flows, support::ports::free_address());
        Self { told, flows, server, _folder: folder }
    }

    /// A browser that logged in from an unknown network, with the mailed code.
    async fn cleared(&self, network: u8) -> Browser {
        let mut browser = Browser::new(self.server.addresses()[0], network);
        let answer = log_in(&mut browser).await;
        assert!(answer.wants_code(), "{answer:?}");
        let code = self.told.codes().pop().unwrap();
        let answer = enter_code(&mut browser, &code).await;
        assert!(is_cleared(&answer), "{answer:?}");
        // Its password's hash is made by then, and nothing is under way.
        assert!(browser.get(STEP_UP).await.has_form(STEP_UP));
        browser
    }

    /// A browser that logged in from a known network, with the password alone.
    async fn by_password(&self, network: u8) -> Browser {
        let mut browser = Browser::new(self.server.addresses()[0], network);
        let answer = log_in(&mut browser).await;
        assert!(is_cleared(&answer), "{answer:?}");
        browser
    }

    fn set_directory(&self, down: bool) {
        self.told.directory_is_down.store(down, Ordering::Release);
    }

    /// As many passwords wait to be hashed as may, until this is dropped.
    fn busy(&self) -> Vec<Place> {
        let mut places = Vec::new();
        while let Ok(place) = self.flows.hashing.reserve() {
            places.push(place);
        }
        places
    }
}

async fn log_in(browser: &mut Browser) -> Page {
    browser.post("/wp-login.php", &[("log", "alice"), ("pwd", PASSWORD), ("testcookie", "1")]).await
}

async fn type_password(browser: &mut Browser, password: &str) -> Page {
    let page = browser.get(STEP_UP).await;
    browser.submit(&page.form(STEP_UP).with("password", password)).await
}

fn assert_unavailable(page: &Page, slug: &str) {
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (503, Some(slug)), "{page:?}");
    assert!(page.reference().is_some() && page.header("retry-after").is_some(), "{page:?}");
}

#[tokio::test]
async fn while_the_directory_is_down_the_account_pages_say_so_and_change_what_they_can() {
    let world = World::new().await;
    let mut browser = world.cleared(2).await;
    let mut other = world.by_password(2).await;
    for browser in [&mut browser, &mut other] {
        assert_eq!(type_password(browser, PASSWORD).await.location(), Some(format!("{ACCOUNT}?done=open")));
    }
    let page = browser.get(ACCOUNT).await;
    assert!(page.contains("a…e@e…e.test") && page.has_form(ADDRESSES), "{page:?}");
    let add = page.form(ADDRESSES).with("address", "second@example.test");
    let sent = world.told.codes().len();

    world.set_directory(true);
    let page = browser.get(ACCOUNT).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("account")), "{page:?}");
    assert!(page.contains("isn’t answering at the moment") && page.contains("They haven’t been changed"), "{page:?}");
    assert!(!page.contains("no e-mail address on record"), "it isn't known whether there's none: {page:?}");
    assert!(!page.has_form(ADDRESSES) && !page.contains("example.test"), "{page:?}");
    // What needs nobody's address is done.
    let form = page.form("/_poterne/account/language").with("language", "fr");
    assert_eq!(browser.submit(&form).await.location(), Some(format!("{ACCOUNT}?done=language")));
    // What needs one isn't, and nothing is sent anywhere.
    browser.language = "en".to_owned();
    assert_unavailable(&browser.submit(&add).await, "accounts-unavailable");
    for _ in 0..2 {
        assert_unavailable(&other.get(ENROL).await, "accounts-unavailable");
    }
    assert_eq!(world.told.codes().len(), sent);
    let login = log_in(&mut Browser::new(world.server.addresses()[0], 2)).await;
    assert_unavailable(&login, "accounts-unavailable");

    world.set_directory(false);
    // It all goes on where it was: the sessions, what the password opened, the form that was sent before.
    let page = browser.get(ACCOUNT).await;
    assert!(page.contains("a…e@e…e.test") && page.has_form(ADDRESSES), "{page:?}");
    assert_eq!(browser.submit(&add).await.location(), Some(format!("{ADDRESSES}/confirm")));
    assert_eq!(world.told.codes().len(), sent + 2, "one to each of the two");
    assert_eq!(other.get(ENROL).await.slug().as_deref(), Some("confirm"));
    assert_eq!(world.told.codes().len(), sent + 3);
}

#[tokio::test]
async fn a_login_goes_on_when_its_password_cant_be_hashed_and_the_account_page_says_what_to_do() {
    let world = World::new().await;
    world.cleared(2).await;
    let busy = world.busy();
    let mut browser = world.by_password(2).await;
    let page = browser.get(STEP_UP).await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("step-up")), "{page:?}");
    assert!(!page.has_form(STEP_UP) && page.has_form(LOGOUT), "{page:?}");
    assert!(page.contains("when we had too much to do. Log out, then log in again"), "{page:?}");
    drop(busy);
    // It stays so for this session; the next has its password.
    assert!(!browser.get(STEP_UP).await.has_form(STEP_UP));
    let page = browser.get(ACCOUNT).await;
    assert!(page.contains("Log out, then log in again with your password"), "{page:?}");
    browser.submit(&page.form(LOGOUT)).await;
    let mut again = world.by_password(2).await;
    assert_eq!(type_password(&mut again, PASSWORD).await.location(), Some(format!("{ACCOUNT}?done=open")));
}

#[tokio::test]
async fn a_password_that_cant_be_compared_for_now_costs_no_try_and_is_told_to_wait() {
    let world = World::new().await;
    let mut browser = world.cleared(2).await;
    let form = browser.get(STEP_UP).await.form(STEP_UP);
    let busy = world.busy();
    // More often than there are tries, right and wrong.
    for password in [PASSWORD, "wrong", PASSWORD, "wrong", PASSWORD] {
        let answer = browser.submit(&form.clone().with("password", password)).await;
        assert_unavailable(&answer, "change-not-made");
        assert!(answer.contains("has too much to do") && answer.contains("Try again in a few minutes"), "{answer:?}");
        assert!(answer.contains(r#"href="/_poterne/account""#), "{answer:?}");
    }
    drop(busy);
    let wrong = type_password(&mut browser, "wrong").await;
    assert!(browser.follow(wrong).await.contains("You have 2 tries left"));
    assert_eq!(type_password(&mut browser, PASSWORD).await.location(), Some(format!("{ACCOUNT}?done=open")));
}
