//! The panels by themselves, without the gate: that they are what the journeys take them for.

use super::support::browser::Browser;
use super::support::chrome::{Chrome, Look, Screen};
use super::support::panel::{ACCOUNTS, ALICE, Kind, Panel, SECRET};

#[tokio::test]
async fn dokuwiki_lets_its_accounts_in_and_nobody_else() {
    let panel = Panel::get(Kind::DokuWiki);
    for account in ACCOUNTS {
        let mut browser = Browser::new(panel.addr, 2);
        let page = browser.get("/doku.php?id=vault").await;
        assert!(!page.contains(SECRET), "{page:?}");
        let form = page.form_with("u").with("u", account.name).with("p", "wrong");
        assert_eq!(browser.submit(&form).await.status, 403);
        let answer = browser.submit(&form.with("p", account.password)).await;
        assert_eq!(answer.status, 302);
        let page = browser.follow(answer).await;
        assert!(page.contains(SECRET), "{page:?}");
        assert!(browser.jar.starting("DW").is_some());
    }
}

#[tokio::test]
async fn wordpress_lets_its_accounts_in_and_nobody_else() {
    let panel = Panel::get(Kind::WordPress);
    for account in ACCOUNTS {
        let mut browser = Browser::new(panel.addr, 2);
        assert!(!browser.visit("/?pagename=vault").await.contains(SECRET));
        let form = browser.get("/wp-login.php").await.form_with("log").with("log", account.name);
        let refused = browser.submit(&form.clone().with("pwd", "wrong")).await;
        assert!(refused.contains("login_error"), "{refused:?}");
        let answer = browser.submit(&form.with("pwd", account.password)).await;
        assert_eq!(answer.status, 302);
        assert!(browser.jar.starting("wordpress_logged_in_").is_some());
        let page = browser.follow(answer).await;
        assert!(page.status.is_success() && page.contains("wp-admin-bar-my-account"), "{page:?}");
        assert!(browser.visit("/wp-admin/edit.php").await.contains("Vault"));
    }
}

#[tokio::test]
async fn cacti_lets_its_accounts_in_and_nobody_else() {
    let panel = Panel::get(Kind::Cacti);
    for account in ACCOUNTS {
        let mut browser = Browser::new(panel.addr, 2);
        let page = browser.get("/cacti/index.php").await;
        let session = browser.jar.value("Cacti").unwrap().to_owned();
        let form = page.form_with("login_username").with("login_username", account.name);
        let refused = browser.submit(&form.clone().with("login_password", "wrong")).await;
        assert!(refused.contains("loginErrors"), "{refused:?}");
        let answer = browser.submit(&form.with("login_password", account.password)).await;
        assert_eq!(answer.status, 302);
        assert!(answer.set_cookies().is_empty(), "{answer:?}");
        let page = browser.follow(answer).await;
        assert!(page.contains(&format!("Logged in as {}", account.name)), "{page:?}");
        assert_eq!(browser.jar.value("Cacti"), Some(session.as_str()), "the session isn't renewed at login");
    }
}

#[tokio::test]
async fn chrome_logs_in_to_a_panel() {
    let panel = Panel::get(Kind::DokuWiki);
    let chrome = Chrome::start(Look::new(Screen::Phone, "fr").without_scripts()).await;
    chrome.goto(&format!("http://{}/doku.php?id=vault", panel.addr)).await;
    chrome.fill("input[name=u]", ALICE.name).await;
    chrome.fill("input[name=p]", ALICE.password).await;
    chrome.click("#dw__login button[type=submit]").await;
    chrome.find("li.user, .user").await;
    assert!(chrome.text().await.contains(SECRET));
    let picture = chrome.screenshot("support-dokuwiki").await;
    assert!(picture.metadata().unwrap().len() > 1000);
    chrome.close().await;
}
