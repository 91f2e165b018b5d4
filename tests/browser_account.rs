//! People look after their own account, in a real browser: an app enrolled by the QR code on the screen, a login with
//! it, the phone lost, a backup code used, all of it turned off. Without scripts, on a phone, in French and in English.

#![cfg(test)]
#![allow(clippy::string_slice, reason = "a journey fails loudly")]

#[path = "support/mod.rs"]
mod support;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use fantoccini::Locator;
use support::chrome::{Look, Screen};
use support::walk::{CHALLENGE, LOGIN, PASSWORD, Walk};

/// Seconds of a step of an authenticator app.
const STEP: u64 = 30;

/// What the QR codes in a picture say.
fn read_qr(picture: &Path) -> Vec<String> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(picture).unwrap()));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    let mut grey = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let at = y * info.line_size + x * samples;
        let own = &pixels[at..at + samples.min(3)];
        u8::try_from(own.iter().map(|value| u32::from(*value)).sum::<u32>() / own.len() as u32).unwrap()
    });
    grey.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, content)| content).collect()
}

/// What an app shows for a secret, by a program that isn't ours, so many steps from now.
#[expect(clippy::disallowed_methods, reason = "a phone's clock goes by the wall")]
fn app(secret: &str, steps: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / STEP * STEP;
    let at = now.checked_add_signed(steps * i64::try_from(STEP).unwrap()).unwrap();
    let output = Command::new("oathtool").args(["--totp", "-b", "--now", &format!("@{at}"), secret]).output();
    let output = output.unwrap_or_else(|error| panic!("oathtool: {error} (scripts/install-packages test)"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A parameter of an `otpauth://` link.
fn parameter(link: &str, name: &str) -> String {
    let link = url::Url::parse(link).unwrap();
    link.query_pairs().find(|(key, _)| key == name).unwrap_or_else(|| panic!("no {name} in {link}")).1.into_owned()
}

/// The page whose main part has this name is there; looked at, and its picture.
async fn arrive(walk: &Walk, slug: &str, picture: &str) {
    walk.chrome.find(&format!("main.{slug}")).await;
    walk.looks_right(picture).await;
}

async fn account(walk: &Walk, path: &str) {
    walk.chrome.goto(&format!("{}_poterne/account{path}", walk.demo.gate)).await;
}

/// Sends the form that goes to `action`.
async fn send(walk: &Walk, action: &str) {
    walk.chrome.click(&format!("form[action='/_poterne{action}'] button[type=submit]")).await;
}

async fn fill(walk: &Walk, action: &str, field: &str, text: &str) {
    walk.chrome.fill(&format!("form[action='/_poterne{action}'] [name={field}]"), text).await;
}

/// Enters the account's page and opens changes with the password.
async fn step_up(walk: &Walk, picture: &str) {
    account(walk, "").await;
    arrive(walk, "account", &format!("{picture}-closed")).await;
    walk.chrome.click("a[href='/_poterne/account/step-up']").await;
    arrive(walk, "step-up", &format!("{picture}-password")).await;
    fill(walk, "/account/step-up", "password", PASSWORD).await;
    send(walk, "/account/step-up").await;
    arrive(walk, "account", &format!("{picture}-open")).await;
}

async fn log_out(walk: &Walk) {
    walk.chrome.goto(&format!("{}dashboard.php", walk.demo.gate)).await;
    walk.chrome.click("#logout").await;
    walk.chrome.find("#username").await;
}

async fn the_whole_walk(look: Look, name: &str) {
    let walk = Walk::start(look, name).await;
    let Walk { chrome, demo, words, .. } = &walk;

    // In by the e-mailed code: whoever enrols a phone has shown more than a password.
    walk.log_in(&demo.gate).await;
    walk.expect_code_page("01-code").await;
    let code = walk.code_from_mailbox(1, None).await;
    walk.type_code(&code).await;
    walk.expect_inside("02-inside").await;

    // The panel's own link leads to the account's page, which asks for the password before a change.
    chrome.click("a[href='/_poterne/account']").await;
    arrive(&walk, "account", "03-account").await;
    chrome.click("a[href='/_poterne/account/step-up']").await;
    fill(&walk, "/account/step-up", "password", "not this one").await;
    send(&walk, "/account/step-up").await;
    chrome.find("#notice").await;
    arrive(&walk, "step-up", "03-wrong-password").await;
    step_up(&walk, "04-account").await;

    // The app is enrolled by what a camera sees on the screen.
    chrome.click("a[href='/_poterne/account/enrol']").await;
    arrive(&walk, "enrol", "05-enrol").await;
    let seen = read_qr(&chrome.screenshot(&format!("{name}-06-qr")).await);
    let [link] = &seen[..] else { panic!("{} QR codes are seen", seen.len()) };
    let on_page = chrome.find("a[href^='otpauth:']").await.attr("href").await.unwrap().unwrap();
    assert_eq!(*link, on_page, "the QR code isn't the link");
    let secret = parameter(link, "secret");
    // Who can't scan it finds the key beneath.
    chrome.click("details summary").await;
    let text = chrome.text().await;
    let typed_off: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(typed_off.contains(&secret), "b68: the secret can't be read on the page:\n{text}");
    assert!(text.contains(LOGIN), "{text}");
    fill(&walk, "/account/enrol", "name", "Téléphone d’Alice").await;
    fill(&walk, "/account/enrol", "code", "000000").await;
    send(&walk, "/account/enrol").await;
    arrive(&walk, "enrol", "07-wrong").await;
    assert!(read_qr(&chrome.screenshot(&format!("{name}-08-qr-again")).await) == seen, "the secret has changed");
    // Of the three steps that an app's clock may be at, each is good once: the one before, now, and the one after.
    loop {
        let before = app(&secret, -1);
        fill(&walk, "/account/enrol", "code", &before).await;
        send(&walk, "/account/enrol").await;
        // The step may have ended on the way; then the code is two steps old.
        chrome.find("main.backup-codes, main.enrol").await;
        if app(&secret, -1) == before || chrome.client.find(Locator::Css("main.backup-codes")).await.is_ok() {
            break;
        }
    }
    arrive(&walk, "backup-codes", "09-backup-codes").await;
    let text = chrome.text().await;
    let shape = regex::Regex::new(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b").unwrap();
    let codes: Vec<_> = shape.find_iter(&text).map(|code| code.as_str().to_owned()).collect();
    assert_eq!(codes.len(), 10, "b72:\n{text}");

    // From now on the app is asked, from the known network too.
    log_out(&walk).await;
    walk.log_in(&demo.gate).await;
    arrive(&walk, "factor", "10-factor").await;
    assert_eq!(chrome.path().await, CHALLENGE);
    fill(&walk, "/challenge", "code", &wrong(&app(&secret, 0))).await;
    send(&walk, "/challenge").await;
    arrive(&walk, "factor", "11-factor-wrong").await;
    let code = app(&secret, 0);
    fill(&walk, "/challenge", "code", &format!("{} {}", &code[..3], &code[3..])).await;
    send(&walk, "/challenge").await;
    walk.expect_inside("12-inside").await;

    // The phone is lost.
    log_out(&walk).await;
    walk.log_in(&demo.gate).await;
    arrive(&walk, "factor", "13-factor").await;
    chrome.click("a[href$='with=backup']").await;
    arrive(&walk, "factor", "14-backup").await;
    let copied = codes[3].to_lowercase().replace('-', " ");
    fill(&walk, "/challenge", "code", &copied).await;
    send(&walk, "/challenge").await;
    walk.expect_inside("15-inside").await;

    // All of it is turned off: password, a code, and once more.
    step_up(&walk, "16-account").await;
    let text = chrome.text().await;
    assert!(text.contains("Téléphone d’Alice"), "{text}");
    account(&walk, "/off?with=backup").await;
    arrive(&walk, "turn-off", "17-turn-off").await;
    fill(&walk, "/account/off", "code", &codes[9]).await;
    send(&walk, "/account/off").await;
    arrive(&walk, "turn-off-confirm", "18-turn-off-confirm").await;
    let text = chrome.text().await;
    assert!(text.contains("Téléphone d’Alice") && text.contains('8'), "b73: what is lost isn't said:\n{text}");
    send(&walk, "/account/off/confirm").await;
    arrive(&walk, "account", "19-off").await;
    log_out(&walk).await;
    walk.log_in(&demo.gate).await;
    walk.expect_inside("20-no-code").await;

    // What happened is on the account's page.
    account(&walk, "").await;
    arrive(&walk, "account", "21-events").await;
    let events = chrome.text().await;
    assert!(events.contains("127.0.0.1") || events.contains("::1"), "{}:\n{events}", words.language);
    walk.end().await;
}

/// Another code of six digits.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 500_001) % 1_000_000)
}

#[tokio::test]
async fn b66_to_b74_an_app_is_enrolled_used_lost_and_turned_off_on_a_phone_in_french() {
    the_whole_walk(Look::new(Screen::Phone, "fr").without_scripts(), "account-fr-phone").await;
}

#[tokio::test]
async fn b66_to_b74_an_app_is_enrolled_used_lost_and_turned_off_at_a_desk_in_english() {
    the_whole_walk(Look::new(Screen::Desktop, "en").without_scripts(), "account-en-desk").await;
}
