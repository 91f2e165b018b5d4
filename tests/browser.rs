//! A real browser walks the demo: in French and in English, on a phone and on a desk, with and without scripts.
//!
//! Each walk leaves its pages in `target/screenshots`, to be looked at.

#![cfg(test)]
#![allow(clippy::string_slice, reason = "a journey fails loudly")]

#[path = "support/mod.rs"]
mod support;

use support::chrome::{Look, Screen};
use support::walk::{LOGIN, PASSWORD, Walk};

/// Six digits that aren't these, different ones for each `n`.
fn wrong(code: &str, n: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 7 * n) % 1_000_000)
}

/// The whole story: a code the first time, none the second, and a block for whoever guesses.
async fn the_whole_walk(look: Look, name: &str) {
    let walk = Walk::start(look, name).await;
    let Walk { chrome, demo, words, .. } = &walk;

    // From the panel's front door to its login form, by its own links.
    chrome.goto(&demo.gate).await;
    walk.looks_right("01-home").await;
    chrome.click(".button").await;
    walk.expect_page(words.pick("Espace client", "Client area"), "02-login").await;

    // The right password isn't enough.
    walk.log_in(&demo.gate).await;
    walk.expect_code_page("03-code").await;
    let code = walk.code_from_mailbox(1, Some("04-mail")).await;
    walk.expect_code_page("05-code-again").await;

    // A wrong code says so and costs a try; letters cost none; the right one is taken as people copy it.
    walk.type_code(&wrong(&code, 1)).await;
    walk.expect_page(words.get("code-title"), "06-wrong").await;
    let notice = walk.notice().await;
    assert!(notice.contains(words.pick("Il vous reste 2 essais", "You have 2 tries left")), "{notice}");
    walk.code_field_is_ready().await;
    walk.type_code("abc").await;
    walk.expect_page(words.get("code-title"), "07-letters").await;
    let notice = walk.notice().await;
    assert!(notice.contains(words.pick("n’a pas été décompté", "didn’t cost you a try")), "{notice}");
    chrome.fill("#code", &format!(" {} {}\n", &code[..3], &code[3..])).await;
    walk.expect_inside("08-inside").await;

    // The network is known now.
    chrome.click("#logout").await;
    chrome.find("#username").await;
    walk.log_in(&demo.gate).await;
    walk.expect_inside("09-no-code").await;

    // Another network isn't; this login is cancelled, by somebody who has second thoughts.
    walk.log_in(&demo.elsewhere).await;
    walk.expect_code_page("10-elsewhere").await;
    let cancelled = walk.code_from_mailbox(2, None).await;
    chrome.click("form[action$='/cancel'] button").await;
    walk.expect_page(words.get("cancelled-title"), "11-cancelled").await;
    chrome.click(".actions a").await;
    chrome.find("#username").await;

    // The next one is guessed at, three times; the cancelled code is no help.
    walk.log_in(&demo.elsewhere).await;
    walk.expect_code_page("12-elsewhere-again").await;
    let code = walk.code_from_mailbox(3, None).await;
    let guesses = [if cancelled == code { wrong(&code, 3) } else { cancelled }, wrong(&code, 1), wrong(&code, 2)];
    for (guess, left) in guesses.iter().zip([2, 1]) {
        walk.type_code(guess).await;
        walk.expect_page(words.get("code-title"), &format!("13-guess-{left}-left")).await;
        let (notice, left) = (walk.notice().await, left.to_string());
        assert!(notice.contains(&left), "{notice}");
    }
    walk.type_code(&guesses[2]).await;
    walk.expect_page(words.get("blocked-title"), "14-blocked").await;
    let text = chrome.text().await;
    let reference = chrome.find(".reference").await.text().await.unwrap();
    assert!(regex::Regex::new("^[0-9A-Z]{4}-[0-9A-Z]{4}$").unwrap().is_match(&reference), "{reference}");
    for needed in [words.get("blocked-unchanged"), words.get("reference-label"), "support@example.test", LOGIN] {
        assert!(text.contains(needed), "{needed}:\n{text}");
    }
    assert!(text.contains(words.pick("59 minutes", "59 minutes")) || text.contains(words.pick("1 heure", "1 hour")));

    // The right password and the right code come too late there, and everything goes on at home.
    walk.log_in(&demo.elsewhere).await;
    walk.expect_page(words.get("blocked-title"), "15-still-blocked").await;
    chrome.goto(&format!("{}dashboard.php", demo.gate)).await;
    walk.expect_inside("16-home-goes-on").await;

    // The same panel without the gate: the password alone opens it. Looking there ends nothing here.
    walk.log_in(&demo.panel).await;
    walk.expect_inside("17-unprotected").await;
    chrome.goto(&format!("{}dashboard.php", demo.gate)).await;
    walk.expect_inside("18-home-still").await;

    walk.end().await;
}

#[tokio::test]
async fn chrome_walks_the_demo_in_french_on_a_desk() {
    the_whole_walk(Look::new(Screen::Desktop, "fr"), "fr-desk").await;
}

#[tokio::test]
async fn chrome_walks_the_demo_in_french_on_a_phone() {
    the_whole_walk(Look::new(Screen::Phone, "fr"), "fr-phone").await;
}

#[tokio::test]
async fn chrome_walks_the_demo_in_english_on_a_desk() {
    the_whole_walk(Look::new(Screen::Desktop, "en"), "en-desk").await;
}

#[tokio::test]
async fn chrome_walks_the_demo_in_english_on_a_phone() {
    the_whole_walk(Look::new(Screen::Phone, "en").dark(), "en-phone-dark").await;
}

#[tokio::test]
async fn chrome_walks_the_demo_without_scripts() {
    the_whole_walk(Look::new(Screen::Phone, "fr").without_scripts(), "fr-phone-no-scripts").await;
}

/// The pages that the story doesn't pass: nothing pending, too early for another mail, an older tab, somebody else's
/// login inside a session.
async fn the_side_roads(look: Look, name: &str) {
    let walk = Walk::start(look, name).await;
    let Walk { chrome, demo, words, .. } = &walk;

    // The page that wants a code, without a login.
    chrome.goto(&format!("{}_poterne/challenge", demo.gate)).await;
    walk.expect_page(words.get("explain-title"), "01-explained").await;

    // A page that needs a login, asked for without one: it's where the login leads in the end.
    chrome.goto(&format!("{}password.php", demo.gate)).await;
    walk.expect_page(words.pick("Espace client", "Client area"), "02-sent-to-login").await;
    chrome.fill("#username", LOGIN).await;
    chrome.fill("#password", PASSWORD).await;
    chrome.click("form.box button").await;
    walk.expect_code_page("03-code").await;

    // Another mail at once: the page says from when.
    chrome.click("form[action$='/resend'] button").await;
    walk.expect_page(words.get("code-title"), "04-too-early").await;
    let notice = walk.notice().await;
    assert!(notice.contains(words.pick("Il est trop tôt", "It’s too early")), "{notice}");
    let code = walk.code_from_mailbox(1, None).await;

    // The panel can't be reached with the login that waits.
    chrome.goto(&format!("{}dashboard.php", demo.gate)).await;
    walk.expect_code_page("05-still-a-code").await;
    walk.type_code(&code).await;
    walk.expect_page(words.pick("Changer de mot de passe", "Change the password"), "06-where-it-led").await;

    // A used code's page, with the button “back”.
    chrome.goto(&format!("{}_poterne/challenge", demo.gate)).await;
    walk.expect_inside("07-nothing-to-enter").await;

    // Somebody else's login inside this session isn't passed on.
    walk.log_in_as(&demo.gate, "bob", "Battery-Staple-7").await;
    walk.expect_page(words.get("log-out-first-title"), "08-log-out-first").await;
    assert!(chrome.text().await.contains(LOGIN));
    chrome.click("form[action$='/logout'] button").await;
    walk.expect_page(words.get("logged-out-title"), "09-logged-out").await;
    chrome.goto(&format!("{}dashboard.php", demo.gate)).await;
    walk.expect_page(words.pick("Espace client", "Client area"), "10-login-again").await;

    // A page that isn't there, and a way in that is closed.
    chrome.goto(&format!("{}_poterne/nowhere", demo.gate)).await;
    walk.looks_right("11-nowhere").await;
    assert!(chrome.text().await.contains(words.get("reference-label")));

    walk.end().await;
}

#[tokio::test]
async fn chrome_takes_the_side_roads_in_french_on_a_phone() {
    the_side_roads(Look::new(Screen::Phone, "fr"), "fr-phone-side").await;
}

#[tokio::test]
async fn chrome_takes_the_side_roads_in_english_on_a_desk() {
    the_side_roads(Look::new(Screen::Desktop, "en"), "en-desk-side").await;
}
