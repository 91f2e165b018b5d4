//! Notices reach an account's owner whatever happens between.

use std::time::Duration;

use super::support::smtp::{Action, Fault, Stage};
use super::world::{ALICE, World, enter_code, is_cleared};

/// Notices in the store that haven't left.
async fn kept(world: &World) -> i64 {
    let url = format!("sqlite://{}?mode=ro", world.gate.store_path().display());
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let (kept,) = sqlx::query_as("SELECT count(*) FROM notices").fetch_one(&mut connection).await.unwrap();
    kept
}

/// The mail server is down while somebody gets in from a new network, and the gate is killed before the
/// server is back: the owner is told all the same, once, with a link that works.
#[tokio::test]
async fn b71_a_notice_survives_a_mail_server_that_is_down_and_a_kill() {
    let mut world = World::new().await;
    let mut browser = world.gate.browser(2);
    let code = world.to_challenge(&mut browser, ALICE).await;
    let before = world.smtp.commands().iter().filter(|command| command.starts_with("RCPT")).count();
    world.smtp.add_fault(Fault::always(Stage::Rcpt, Action::Reply("451 4.7.1 later".to_owned())));
    assert!(is_cleared(&enter_code(&mut browser, &code).await));
    assert_eq!(kept(&world).await, 1, "kept before the answer left");
    world.smtp.wait_for_command("RCPT", before + 1).await;
    world.gate.kill();
    assert_eq!(world.smtp.mails().len(), 1, "the code alone");
    world.smtp.heal();
    world.gate.start_again().await;
    let words = world.smtp.wait_for_words_to(ALICE.email, &["login from a new network"]).await;
    let link = words.split_whitespace().find(|word| word.contains("/not-me?alarm=")).unwrap();
    let path = &link[link.find("/_poterne/").unwrap()..];
    assert_eq!(world.gate.browser(9).get(path).await.slug().as_deref(), Some("not-me"));
    // What has left is forgotten a moment after the server took it.
    let forgotten = async {
        while kept(&world).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), forgotten).await.unwrap();
    world.gate.kill_and_restart().await;
    // Another mail comes after whatever the start would have sent again.
    world.to_challenge(&mut world.gate.browser(3), ALICE).await;
    let told = world.smtp.mails().iter().filter(|mail| mail.words().contains("login from a new network")).count();
    assert_eq!(told, 1);
}
