//! What operators rely on: accounts, mails, languages, logs, metrics.

use mail_parser::MessageParser;

use super::support::gate::Setup;
use super::support::panel::{ALICE, BOB, Kind};
use super::support::smtp::{Action, Fault, Received, Stage};
use super::world::{CHALLENGE, World, assert_inside, code_in, enter_code, log_in};

const KIND: Kind = Kind::DokuWiki;

fn accounts(rows: &str) -> String {
    format!("login,email,email2,language,type,created_from\n{rows}\n")
}

#[tokio::test]
async fn b13_a_code_goes_to_both_addresses() {
    let csv = accounts("alice,alice@example.test,second@example.test,en,,");
    let world = World::with(KIND, |setup: Setup| setup.accounts(&csv)).await;
    let mut browser = world.gate.browser(2);
    assert!(log_in(KIND, &mut browser, ALICE).await.wants_code());
    let first = code_in(&world.smtp.wait_for_mail_to(ALICE.email, 0).await);
    let second = code_in(&world.smtp.wait_for_mail_to("second@example.test", 0).await);
    assert_eq!(first, second);
    assert_eq!(enter_code(&mut browser, &second).await.status, 303);
}

#[tokio::test]
async fn b6_an_account_without_an_address_is_told_so_after_its_password_was_right() {
    let csv = accounts("bob,bob@example.test,,en,,");
    let world = World::with(KIND, |setup: Setup| setup.accounts(&csv)).await;
    let mut browser = world.gate.browser(2);
    let answer = log_in(KIND, &mut browser, ALICE).await;
    assert_eq!((answer.status.as_u16(), answer.slug().as_deref()), (403, Some("no-address")), "{answer:?}");
    assert!(answer.reference().is_some() && answer.contains("https://example.test/contact"), "{answer:?}");
    super::world::assert_outside(KIND, &browser).await;
    assert!(world.smtp.mails().is_empty());
    // The list is kept up while the gate runs.
    world.gate.write_accounts(&accounts("alice,alice@example.test,,en,,"));
    let mut world = world;
    world.gate.pass(std::time::Duration::from_secs(60));
    let mut browser = world.gate.browser(2);
    let deadline = tokio::time::timeout(super::support::browser::PATIENCE, async {
        while !log_in(KIND, &mut browser, ALICE).await.wants_code() {
            browser = browser.fresh();
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    });
    assert!(deadline.await.is_ok(), "the new list was never read: {}", world.gate.logs());
}

fn html_of(mail: &Received) -> String {
    MessageParser::default().parse(&mail.data).unwrap().body_html(0).unwrap().into_owned()
}

#[tokio::test]
async fn pages_and_mails_speak_the_users_language() {
    let csv = accounts("alice,alice@example.test,,fr,,\nbob,bob@example.test,,,,");
    let world = World::with(KIND, |setup: Setup| setup.accounts(&csv)).await;
    let mut browser = world.gate.browser(2).language("fr-FR,fr;q=0.9,en;q=0.5");
    assert!(log_in(KIND, &mut browser, BOB).await.wants_code());
    let page = browser.get(CHALLENGE).await;
    assert_eq!(page.header("content-language"), Some("fr"), "{page:?}");
    assert!(page.contains("<html lang=\"fr\">"));
    let mail = world.smtp.wait_for_mail_to(BOB.email, 0).await;
    assert!(html_of(&mail).contains("lang=\"fr\""), "{}", html_of(&mail));

    // The account's language, where it's known, for the mail; the browser's for the page.
    let mut browser = world.gate.browser(3).language("en");
    assert!(log_in(KIND, &mut browser, ALICE).await.wants_code());
    let mail = world.smtp.wait_for_mail_to(ALICE.email, 0).await;
    assert!(html_of(&mail).contains("lang=\"fr\""), "{}", html_of(&mail));
}

#[tokio::test]
async fn b61_while_mail_is_down_the_page_says_so_and_the_code_comes_when_it_is_back() {
    let world = World::new(KIND).await;
    world.smtp.add_fault(Fault::always(Stage::Mail, Action::Reply("451 4.3.2 closed for today".into())));
    let mut browser = world.gate.browser(2);
    assert!(log_in(KIND, &mut browser, ALICE).await.wants_code());
    let told = tokio::time::timeout(super::support::browser::PATIENCE, async {
        while !browser.get(CHALLENGE).await.contains("can’t deliver") {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    assert!(told.await.is_ok(), "the page never says it: {:?}", browser.get(CHALLENGE).await);
    world.smtp.heal();
    let code = code_in(&world.smtp.wait_for_mail_to(ALICE.email, 0).await);
    assert_eq!(enter_code(&mut browser, &code).await.status, 303);
    assert_inside(KIND, &mut browser, ALICE).await;
}

#[tokio::test]
async fn logs_and_metrics_tell_what_happens_and_no_secrets() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    let code = world.log_in_to_challenge(&mut browser, ALICE).await;
    let wrong = super::world::wrong(&code, 1);
    enter_code(&mut browser, &wrong).await;
    enter_code(&mut browser, &code).await;
    assert_inside(KIND, &mut browser, ALICE).await;
    let mut secrets = vec![code, wrong, ALICE.password.to_owned(), ALICE.email.to_owned()];
    secrets.extend(browser.jar.all().iter().map(|kept| kept.value.clone()).filter(|value| value.len() > 5));
    let logs = world.gate.logs();
    let metrics = world.gate.metrics().await;
    for secret in secrets {
        assert!(!logs.contains(&secret), "{secret} stands in the log: {logs}");
        assert!(!metrics.contains(&secret), "{secret} stands in the metrics");
    }
    for name in ["poterne_requests_total", "poterne_logins_total", "poterne_challenges_total"] {
        assert!(metrics.contains(name), "no {name} in {metrics}");
    }
}
