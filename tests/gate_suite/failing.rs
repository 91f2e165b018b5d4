//! Store, key, mail and panel that fail: never open, always said.

use std::path::Path;
use std::process::{Command, Output};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Executor};

use super::support::page::Page;
use super::support::smtp::{Action, Behaviour, Fault, SmtpServer, Stage};
use super::world::{
    ALICE, BOB, CHALLENGE, World, assert_inside, assert_outside, enter_code, is_cleared, log_in, login_form, setup,
};

fn assert_store_unavailable(page: &Page) {
    assert_eq!((page.status.as_u16(), page.slug().as_deref()), (503, Some("store-unavailable")), "{page:?}");
    assert!(page.reference().is_some() && page.header("retry-after").is_some(), "{page:?}");
}

async fn a_failing_store_clears_nobody(world: &World, inside: &mut super::support::browser::Browser) {
    // A login on a known network, a login on an unknown one, a code.
    assert_store_unavailable(&log_in(&mut world.gate.browser(2), ALICE).await);
    let mut unknown = world.gate.browser(3);
    assert_store_unavailable(&log_in(&mut unknown, ALICE).await);
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

/// A disk of its own, as full as wanted.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where this user may not mount one.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no byte.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.path().join("full")).unwrap();
        for size in [65536, 4096, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.path().join("full")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

#[tokio::test]
async fn on_a_full_disk_nobody_is_cleared_and_live_sessions_go_on() {
    let Some(disk) = SmallDisk::new() else {
        // Where nobody may mount one, the lock of the test above shows the same.
        return;
    };
    let path = disk.path().join("poterne.db").display().to_string();
    let world = World::with(|setup| setup.set("store.path", path)).await;
    let mut inside = world.cleared(2, ALICE).await;
    disk.fill();
    // What the write-ahead log has room for already may still be written; then it's over.
    let mut last = log_in(&mut world.gate.browser(3), BOB).await;
    for _ in 0..200 {
        if last.status == 503 {
            break;
        }
        last = log_in(&mut world.gate.browser(3), BOB).await;
    }
    assert_store_unavailable(&last);
    a_failing_store_clears_nobody(&world, &mut inside).await;
    disk.free();
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

#[tokio::test]
async fn when_the_mail_server_is_down_the_page_says_so_and_known_networks_get_in() {
    let world = World::new().await;
    world.cleared(2, ALICE).await;
    world.smtp.add_fault(Fault::always(Stage::Mail, Action::Reply("451 4.3.0 try later".to_owned())));
    let mut browser = world.gate.browser(3);
    assert!(log_in(&mut browser, ALICE).await.wants_code());
    let said = tokio::time::timeout(std::time::Duration::from_secs(40), async {
        loop {
            let page = browser.get(CHALLENGE).await;
            if page.contains("hasn’t left") || page.contains("couldn’t") || page.contains("mail server") {
                return page;
            }
        }
    })
    .await;
    let page = said.unwrap_or_else(|_| panic!("the page never said it"));
    assert!(page.slug().as_deref() == Some("code"), "{page:?}");
    assert_outside(&browser).await;
    assert!(is_cleared(&log_in(&mut world.gate.browser(2), ALICE).await));
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
