//! Store, key, mail and panel that fail: never open, always said.

use std::path::Path;
use std::process::{Command, Output};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Executor};

use super::phone::{ACCOUNT, ADDRESSES, CONFIRM_ADDRESS, step_up};
use super::support::browser::{Browser, PATIENCE};
use super::support::page::Page;
use super::support::smtp::{Action, Behaviour, Fault, SmtpServer, Stage};
use super::world::{
    ALICE, BOB, CHALLENGE, World, assert_inside, assert_outside, enter_code, is_cleared, log_in, login_form, setup,
};

fn assert_store_unavailable(page: &Page) {
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (503, Some("store-unavailable")), "{page:?}");
    assert!(page.reference().is_some() && page.header("retry-after").is_some(), "{page:?}");
}

async fn a_failing_store_clears_nobody(world: &World, inside: &mut Browser) {
    // A login on a known network and one on an unknown one; a store that is locked takes its time to say no.
    let (mut known, mut unknown) = (world.gate.browser(2), world.gate.browser(3));
    let (first, second) = tokio::join!(log_in(&mut known, ALICE), log_in(&mut unknown, ALICE));
    assert_store_unavailable(&first);
    assert_store_unavailable(&second);
    assert_outside(&known).await;
    assert_outside(&unknown).await;
    // Live sessions go on.
    assert_inside(inside, ALICE).await;
    assert_eq!(inside.get("/download.bin?size=1000").await.status, 200);
}

#[tokio::test]
async fn with_a_store_that_cant_be_written_nobody_is_cleared_and_live_sessions_go_on() {
    let world = World::new().await;
    let mut inside = world.cleared(2, ALICE).await;
    let mut pending = world.gate.browser(3);
    let code = world.to_challenge(&mut pending, BOB).await;
    let form = pending.get(CHALLENGE).await.form(CHALLENGE).with("code", &code);
    let mut other: SqliteConnection =
        SqliteConnectOptions::new().filename(world.gate.store_path()).connect().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    assert_store_unavailable(&pending.submit(&form).await);
    assert_outside(&pending).await;
    a_failing_store_clears_nobody(&world, &mut inside).await;
    other.execute("ROLLBACK").await.unwrap();
    // It comes back by itself, and nothing was lost or counted.
    assert!(is_cleared(&pending.submit(&form).await));
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

#[tokio::test]
async fn on_a_full_disk_nobody_is_cleared_and_live_sessions_go_on() {
    let world = World::new().await;
    let mut inside = world.cleared(2, ALICE).await;
    let mut pending = world.gate.browser(4);
    let code = world.to_challenge(&mut pending, BOB).await;
    let form = pending.get(CHALLENGE).await.form(CHALLENGE).with("code", &code);
    let mails = world.smtp.mails().len();
    // Not even a line of its log can be written any more.
    world.gate.fill_disk(true);
    for _ in 0..3 {
        assert_store_unavailable(&pending.submit(&form).await);
    }
    assert_outside(&pending).await;
    a_failing_store_clears_nobody(&world, &mut inside).await;
    // A logout can't be made to last; so it isn't claimed to have happened.
    assert_store_unavailable(&inside.get("/logout.php").await);
    assert_eq!(world.smtp.mails().len(), mails, "no code leaves that couldn't be kept");
    let metrics = world.gate.metrics().await;
    let failures = metrics.lines().find_map(|line| line.strip_prefix("poterne_store_failures_total ")).unwrap();
    assert!(failures.parse::<f64>().unwrap() >= 5.0, "{metrics}");
    world.gate.fill_disk(false);
    // It comes back by itself, with nothing lost and no try counted.
    assert!(is_cleared(&pending.submit(&form).await));
    assert_inside(&mut pending, BOB).await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
    assert!(inside.get("/logout.php").await.status.is_redirection());
    assert_outside(&inside).await;
}

#[tokio::test]
async fn a_read_only_store_stops_the_start_with_the_reason() {
    let mut world = World::new().await;
    world.cleared(2, ALICE).await;
    world.gate.stop();
    // What SQLite takes for "written by a newer version: to be read only", whoever the user is.
    let write_version = |version: u8| {
        let mut bytes = std::fs::read(world.gate.store_path()).unwrap();
        bytes[18] = version;
        std::fs::write(world.gate.store_path(), bytes).unwrap();
    };
    write_version(3);
    let before = std::fs::read(world.gate.store_path()).unwrap();
    let output = started(world.gate.folder());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("poterne.db") && said.contains("written"), "{said}");
    assert_eq!(std::fs::read(world.gate.store_path()).unwrap(), before, "nothing was changed");
    write_version(2);
    world.gate.start_again().await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

fn started(folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_poterne"))
        .args(["run", "--config", "poterne.toml"])
        .current_dir(folder)
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_key_file_that_isnt_the_stores_stops_the_start_with_the_reason() {
    let mut world = World::new().await;
    let other = World::new().await;
    world.cleared(2, ALICE).await;
    world.gate.stop();
    let key = world.gate.folder().join("poterne.key");
    let own = std::fs::read(&key).unwrap();
    std::fs::copy(other.gate.folder().join("poterne.key"), &key).unwrap();
    let output = started(world.gate.folder());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("does not belong to the store"), "{said}");
    // Nor is a new one made for a store that has one.
    std::fs::remove_file(&key).unwrap();
    let output = started(world.gate.folder());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("key"), "{said}");
    assert!(!key.exists(), "no key was made");
    // A key that others may read is refused as well.
    std::fs::write(&key, &own).unwrap();
    let output = started(world.gate.folder());
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    world.gate.start_again().await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
}

#[tokio::test]
async fn a_store_that_is_none_or_in_use_stops_the_start_with_the_reason() {
    let mut world = World::new().await;
    let output = started(world.gate.folder());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("in use"), "{said}");
    world.gate.stop();
    std::fs::write(world.gate.store_path(), b"not a database at all, but long enough to look at it twice").unwrap();
    let output = started(world.gate.folder());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("not a store of Poterne"), "{said}");
}

/// Loads the code page until it says this.
async fn page_saying(browser: &mut Browser, words: &str) -> Page {
    let said = tokio::time::timeout(PATIENCE, async {
        loop {
            let page = browser.get(CHALLENGE).await;
            if page.contains(words) {
                return page;
            }
        }
    });
    match said.await {
        Ok(page) => page,
        Err(_) => panic!("it never says {words}: {:?}", browser.get(CHALLENGE).await),
    }
}

const SENT: &str = "We sent it at";
const UNDER_WAY: &str = "The e-mail is on its way.";
const NOT_NOW: &str = "can’t deliver the e-mail right now";

#[tokio::test]
async fn b61_the_page_says_that_the_mail_server_is_down_and_that_the_mail_was_sent_once_it_is_back() {
    let mut world = World::new().await;
    world.cleared(2, ALICE).await;
    // Nobody answers at its address.
    let addr = world.smtp.addr;
    world.smtp = SmtpServer::start(Behaviour::default());
    while tokio::net::TcpStream::connect(addr).await.is_ok() {}
    let mut browser = world.gate.browser(3);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let page = page_saying(&mut browser, NOT_NOW).await;
    assert_eq!(page.slug().as_deref(), Some("code"), "{page:?}");
    assert!(!page.contains(SENT) && !page.contains(UNDER_WAY), "{page:?}");
    assert_outside(&browser).await;
    assert!(world.gate.metrics().await.contains("poterne_mail_up 0\n"));
    // Known networks get in meanwhile.
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
    world.smtp = SmtpServer::start_at(addr, Behaviour::default());
    let code = world.code_after(ALICE, 0).await;
    let page = page_saying(&mut browser, SENT).await;
    assert!(!page.contains(NOT_NOW) && !page.contains(UNDER_WAY), "{page:?}");
    assert!(is_cleared(&enter_code(&mut browser, &code).await));
    assert!(world.gate.metrics().await.contains("poterne_mail_up 1\n"));
}

#[tokio::test]
async fn the_page_says_sent_once_the_mail_server_took_the_mail_and_not_before() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(3);
    world.to_challenge(&mut browser, BOB).await;
    let page = page_saying(&mut browser, SENT).await;
    assert!(!page.contains(UNDER_WAY) && page.contains("b…@e…e.test"), "{page:?}");
    // This one is in the server's hands, which hasn't said yet that it took it.
    world.smtp.add_fault(Fault::always(Stage::EndOfMessage, Action::Hang));
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let page = browser.get(CHALLENGE).await;
    assert!(page.contains(UNDER_WAY) && page.contains("It goes to your address") && !page.contains(SENT), "{page:?}");
    // A gate that was killed meanwhile can't know, and doesn't pretend to.
    world.gate.kill_and_restart().await;
    let page = browser.get(CHALLENGE).await;
    assert!(page.contains("can’t tell any more whether the e-mail has left"), "{page:?}");
    assert!(!page.contains(SENT) && !page.contains(UNDER_WAY) && page.contains("/challenge/resend"), "{page:?}");
}

#[tokio::test]
async fn when_the_accounts_file_knows_no_address_the_owner_is_told_with_the_contact() {
    let world = World::with(|setup| setup.accounts("login,email\nalice,alice@example.test\n")).await;
    let mut browser = world.gate.browser(3);
    let answer = log_in(&mut browser, BOB).await;
    assert_eq!(answer.slug().as_deref(), Some("no-address"), "{answer:?}");
    assert!(answer.contains("https://example.test/contact"), "{answer:?}");
    assert_outside(&browser).await;
    // Before the password was right, nothing says so.
    let form = login_form(&mut browser, BOB).await.with("password", "wrong");
    assert!(browser.submit(&form).await.contains("login_error"));
}

#[tokio::test]
async fn an_accounts_file_that_breaks_or_goes_changes_nothing_for_who_looks_after_an_account() {
    let world = World::with(|setup| setup.set("accounts.reload", "1s")).await;
    let mut alice = world.cleared(2, ALICE).await;
    step_up(&mut alice, ALICE).await;
    let accounts = world.gate.folder().join("accounts.csv");
    let noticed = async |times: usize| {
        let seen = tokio::time::timeout(PATIENCE, async {
            while world.gate.logs().matches("what was read before stays in force").count() < times {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
        assert!(seen.await.is_ok(), "{}", world.gate.logs());
    };
    let still_there = async |alice: &mut Browser, added: &str| {
        let page = alice.get(ACCOUNT).await;
        assert_eq!((page.status.as_u16(), page.slug().as_deref()), (200, Some("account")), "{page:?}");
        assert!(page.contains("a…e@e…e.test"), "{page:?}");
        // A code goes where it went before.
        let earlier = world.mails_to(ALICE);
        let answer = alice.submit(&page.form(ADDRESSES).with("address", added)).await;
        assert_eq!(answer.location().as_deref(), Some(CONFIRM_ADDRESS), "{answer:?}");
        world.code_after(ALICE, earlier).await;
    };
    world.gate.write_accounts("login,email\nalice,not an address,and,more\n\"");
    noticed(1).await;
    still_there(&mut alice, "one@example.test").await;
    std::fs::remove_file(&accounts).unwrap();
    noticed(2).await;
    let page = alice.get(ACCOUNT).await;
    assert!(page.contains("a…e@e…e.test"), "{page:?}");
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
    std::fs::create_dir(&accounts).unwrap();
    noticed(3).await;
    world.to_challenge(&mut world.gate.browser(3), ALICE).await;
}

#[tokio::test]
async fn when_the_panel_is_down_the_page_says_so_with_a_reference() {
    let smtp = SmtpServer::start(Behaviour::default());
    let nobody = super::support::ports::free_address();
    let gate = setup(nobody, smtp.addr).start().await;
    let mut browser = gate.browser(2);
    let page = browser.get("/login.php").await;
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (502, Some("panel-down")), "{page:?}");
    assert!(page.reference().is_some(), "{page:?}");
    let page = browser.post("/login.php", &[("username", "alice"), ("password", "x")]).await;
    assert_eq!(page.slug().as_deref(), Some("panel-down"), "{page:?}");
}

#[tokio::test]
async fn a_login_fails_closed_when_the_probe_does() {
    let world = World::new().await;
    let mut browser = world.gate.browser(3);
    let form = login_form(&mut browser, ALICE).await;
    world.panel.set_fault("/dashboard.php", Some(poterne::app::demo::panel::Fault::HangUp));
    let answer = browser.submit(&form).await;
    world.panel.set_fault("/dashboard.php", None);
    assert_eq!(answer.slug().as_deref(), Some("no-verdict"), "{answer:?}");
    assert_outside(&browser).await;
    assert_eq!(world.mails_to(ALICE), 0);
    // A fresh session goes through.
    let mut fresh = world.gate.browser(3);
    let code = world.to_challenge(&mut fresh, ALICE).await;
    assert!(is_cleared(&enter_code(&mut fresh, &code).await));
}
