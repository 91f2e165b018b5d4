//! A real browser walks the demo: in French and in English, on a phone and on a desk, with and without scripts.
//!
//! Each walk leaves its pages in `target/screenshots`, to be looked at.

#![cfg(test)]
#![allow(clippy::string_slice, reason = "a journey fails loudly")]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use fantoccini::Locator;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use support::browser::PATIENCE;
use support::chrome::{Chrome, Look, Screen};
use tempfile::TempDir;

const LOGIN: &str = "alice";
const PASSWORD: &str = "Correct-Horse-9";
const CHALLENGE: &str = "/_poterne/challenge";

/// A running `poterne demo`, with the addresses that it printed.
struct Demo {
    process: Child,
    _output: BufReader<ChildStdout>,
    /// The temporary files' folder that it was given.
    folder: TempDir,
    /// What it said.
    welcome: String,
    /// The gate, on one network.
    gate: String,
    /// The gate, on another network.
    elsewhere: String,
    mailbox: String,
    /// The panel without the gate.
    panel: String,
}

impl Demo {
    /// Starts it in a terminal of this language, and reads where everything is.
    fn start(locale: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("poterne-browser.").tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_poterne"))
            .args(["demo", "--port", "0"])
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env("LANG", locale)
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut welcome = String::new();
        while !welcome.lines().any(|line| line.starts_with("Ctrl-C")) {
            assert_ne!(output.read_line(&mut welcome).unwrap(), 0, "the demo ended early:\n{welcome}");
        }
        let found = regex::Regex::new(r"http://(?:127\.0\.0\.1|localhost|\[::1\]):\d+/").unwrap();
        let mut urls = found.find_iter(&welcome).map(|url| url.as_str().to_owned());
        let (gate, mailbox, panel) = (urls.next().unwrap(), urls.next().unwrap(), urls.next().unwrap());
        let elsewhere = urls.find(|url| url.contains("[::1]")).unwrap_or_else(|| panic!("no IPv6 here:\n{welcome}"));
        Self { process, _output: output, folder, welcome, gate, elsewhere, mailbox, panel }
    }

    /// Ctrl-C; what is left of its files.
    fn stop(&mut self) -> Vec<std::path::PathBuf> {
        kill(Pid::from_raw(i32::try_from(self.process.id()).unwrap()), Signal::SIGINT).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}");
        std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// The words that the walk looks for, from the very catalogue that customers read.
struct Words {
    said: BTreeMap<String, String>,
    language: &'static str,
}

impl Words {
    fn of(language: &'static str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pages/words/{language}.ftl"));
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(['#', ' ', '}']));
        let said = lines.filter_map(|line| line.split_once(" = ")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Self { said, language }
    }

    /// A message without variables.
    fn get(&self, id: &str) -> &str {
        let text = &self.said[id];
        assert!(!text.contains('{'), "{id} has variables");
        text
    }

    /// The one of two that fits the language: for the panel, and for messages with variables.
    fn pick<'a>(&self, french: &'a str, english: &'a str) -> &'a str {
        if self.language == "fr" { french } else { english }
    }
}

/// One browser on its way through one demo.
struct Walk {
    chrome: Chrome,
    demo: Demo,
    words: Words,
    name: String,
}

impl Walk {
    async fn start(look: Look, name: &str) -> Self {
        let locale = if look.language == "fr" { "fr_FR.UTF-8" } else { "en_GB.UTF-8" };
        let chrome = Chrome::start(look).await;
        Self { chrome, demo: Demo::start(locale), words: Words::of(look.language), name: name.to_owned() }
    }

    /// What a script in the page would say.
    async fn eval(&self, expression: &str) -> Value {
        let answer =
            self.chrome.devtools("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true })).await;
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until the page has a heading with this text, then looks at what holds for every page.
    async fn expect_page(&self, heading: &str, picture: &str) {
        let waiting = async {
            loop {
                if let Ok(found) = self.chrome.client.find(Locator::Css("h1")).await
                    && found.text().await.is_ok_and(|text| text == heading)
                {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            self.chrome.screenshot(&format!("{}-failed", self.name)).await;
            let (path, text) = (self.chrome.path().await, self.chrome.text().await);
            panic!("no page “{heading}” but {path}:\n{text}");
        }
        self.looks_right(picture).await;
    }

    /// What holds for every page; and its picture.
    async fn looks_right(&self, picture: &str) {
        let shot = self.chrome.screenshot(&format!("{}-{picture}", self.name)).await;
        assert!(!self.chrome.overflows().await, "wider than the screen: {}", shot.display());
        let facts = self
            .eval(
                "({ lang: document.documentElement.lang, headings: document.querySelectorAll('h1').length, \
                   sheets: [...document.styleSheets].length, background: getComputedStyle(document.body).backgroundColor })",
            )
            .await;
        assert_eq!(facts["lang"], self.words.language, "{picture}");
        assert_eq!(facts["headings"], 1, "{picture}");
        assert_ne!(facts["background"], "rgba(0, 0, 0, 0)", "{picture} came without its style: {facts}");
    }

    /// Types login and password on the panel's own form.
    async fn log_in(&self, gate: &str) {
        self.log_in_as(gate, LOGIN, PASSWORD).await;
    }

    async fn log_in_as(&self, gate: &str, login: &str, password: &str) {
        self.chrome.goto(&format!("{gate}login.php")).await;
        self.chrome.fill("#username", login).await;
        self.chrome.fill("#password", password).await;
        self.chrome.click("form.box button").await;
    }

    /// The page that wants a code, as somebody sees it who was just sent there.
    async fn expect_code_page(&self, picture: &str) {
        self.expect_page(self.words.get("code-title"), picture).await;
        assert_eq!(self.chrome.path().await, CHALLENGE);
        let text = self.chrome.text().await;
        assert!(!text.contains("alice@example.test"), "the whole address is shown:\n{text}");
        let shown = [
            LOGIN,
            "a…e@e…e.test",
            "no-reply@example.test",
            self.words.get("help-spam"),
            self.words.get("cancel-submit"),
        ];
        for needed in shown {
            assert!(text.contains(needed), "{needed}:\n{text}");
        }
        self.code_field_is_ready().await;
    }

    /// The one field: focused, and told to phones and password managers for what it is.
    async fn code_field_is_ready(&self) {
        let field = self
            .eval(
                "(() => { const all = [...document.querySelectorAll('input:not([type=hidden])')], it = all[0]; return { \
                   count: all.length, focused: document.activeElement === it, name: it.name, \
                   autocomplete: it.autocomplete, inputmode: it.inputMode, value: it.value, \
                   label: it.labels[0].innerText, width: it.getBoundingClientRect().width, \
                   top: it.getBoundingClientRect().top, hint: it.getAttribute('aria-describedby').split(' ') \
                     .every(id => document.getElementById(id)) } })()",
            )
            .await;
        assert_eq!(field["count"], 1, "{field}");
        assert_eq!(field["focused"], true, "{field}");
        assert_eq!(field["name"], "code", "{field}");
        assert_eq!(field["autocomplete"], "one-time-code", "{field}");
        assert_eq!(field["inputmode"], "numeric", "{field}");
        assert_eq!(field["value"], "", "what was typed stands there again: {field}");
        assert_eq!(field["label"], self.words.pick("Code à 6 chiffres", "6-digit code"), "{field}");
        assert_eq!(field["hint"], true, "{field}");
    }

    async fn type_code(&self, code: &str) {
        self.chrome.fill("#code", code).await;
        self.chrome.click(".code-form button").await;
    }

    /// Waits for the `n`th mail with a code in the mailbox and takes its code from there, in the browser; then comes back.
    /// Notices lie between them.
    async fn code_from_mailbox(&self, n: usize, picture: Option<&str>) -> String {
        let back = self.chrome.client.current_url().await.unwrap();
        let waiting = async {
            loop {
                self.chrome.goto(&self.demo.mailbox).await;
                if self.eval("document.querySelectorAll('.card .code').length").await == n {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let arrived = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(arrived.is_ok(), "no mail with a code, number {n}");
        let code = self.chrome.find(".card .code").await.text().await.unwrap();
        assert_eq!(code.len(), 6, "{code:?}");
        if let Some(picture) = picture {
            self.looks_right(&format!("{picture}-list")).await;
            let subject = self.chrome.find(".card:has(.code) .subject").await.text().await.unwrap();
            assert!(subject.contains(&code), "{subject}");
            self.chrome.click(".card:has(.code) .subject").await;
            self.chrome.find("iframe").await;
            self.looks_right(picture).await;
            let text = self.chrome.text().await;
            for needed in [code.as_str(), "no-reply@example.test", LOGIN, "127.0.0.1"] {
                assert!(text.contains(needed), "{needed} isn't in the mail:\n{text}");
            }
            let letter = self.chrome.find("iframe").await;
            letter.enter_frame().await.unwrap();
            let letter = self.chrome.text().await;
            self.chrome.client.clone().enter_parent_frame().await.unwrap();
            assert!(letter.contains(&code), "the code isn't in the HTML part:\n{letter}");
        }
        self.chrome.goto(back.as_str()).await;
        code
    }

    async fn expect_inside(&self, picture: &str) {
        self.expect_page(self.words.pick("Bonjour Alice Durand", "Hello Alice Durand"), picture).await;
        assert_eq!(self.chrome.path().await, "/dashboard.php");
        let inside = self.chrome.find(".user").await.text().await.unwrap();
        assert_eq!(inside, LOGIN);
    }

    async fn notice(&self) -> String {
        self.chrome.find("#notice").await.text().await.unwrap()
    }

    /// Ends both, and sees that nothing of the demo stays.
    async fn end(mut self) {
        let welcome = self.demo.welcome.clone();
        assert!(welcome.contains(self.words.pick("Poterne tourne", "Poterne is running")), "{welcome}");
        assert_eq!(self.demo.stop(), Vec::<std::path::PathBuf>::new(), "the demo left files behind");
        self.chrome.close().await;
    }
}

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
