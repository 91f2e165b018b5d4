//! One browser on its way through one running demo, and what holds for every page that it meets.
//!
//! Each walk leaves its pages in `target/screenshots`, to be looked at.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use fantoccini::Locator;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::browser::PATIENCE;
use super::chrome::{Chrome, Look};

pub const LOGIN: &str = "alice";
pub const PASSWORD: &str = "Correct-Horse-9";
pub const CHALLENGE: &str = "/_poterne/challenge";

/// A running `poterne demo`, with the addresses that it printed.
pub struct Demo {
    pub process: Child,
    pub _output: BufReader<ChildStdout>,
    /// The temporary files' folder that it was given.
    pub folder: TempDir,
    /// What it said.
    pub welcome: String,
    /// The gate, on one network.
    pub gate: String,
    /// The gate, on another network.
    pub elsewhere: String,
    pub mailbox: String,
    /// The panel without the gate.
    pub panel: String,
}

impl Demo {
    /// Starts it in a terminal of this language, and reads where everything is.
    pub fn start(locale: &str) -> Self {
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
    pub fn stop(&mut self) -> Vec<std::path::PathBuf> {
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
pub struct Words {
    pub said: BTreeMap<String, String>,
    pub language: &'static str,
}

impl Words {
    pub fn of(language: &'static str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("pages/words/{language}.ftl"));
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(['#', ' ', '}']));
        let said = lines.filter_map(|line| line.split_once(" = ")).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Self { said, language }
    }

    /// A message without variables.
    pub fn get(&self, id: &str) -> &str {
        let text = &self.said[id];
        assert!(!text.contains('{'), "{id} has variables");
        text
    }

    /// The one of two that fits the language: for the panel, and for messages with variables.
    pub fn pick<'a>(&self, french: &'a str, english: &'a str) -> &'a str {
        if self.language == "fr" { french } else { english }
    }
}

/// One browser on its way through one demo.
pub struct Walk {
    pub chrome: Chrome,
    pub demo: Demo,
    pub words: Words,
    pub name: String,
}

impl Walk {
    pub async fn start(look: Look, name: &str) -> Self {
        let locale = if look.language == "fr" { "fr_FR.UTF-8" } else { "en_GB.UTF-8" };
        let chrome = Chrome::start(look).await;
        Self { chrome, demo: Demo::start(locale), words: Words::of(look.language), name: name.to_owned() }
    }

    /// What a script in the page would say.
    pub async fn eval(&self, expression: &str) -> Value {
        let answer =
            self.chrome.devtools("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true })).await;
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until the page has a heading with this text, then looks at what holds for every page.
    pub async fn expect_page(&self, heading: &str, picture: &str) {
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
    pub async fn looks_right(&self, picture: &str) {
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
    pub async fn log_in(&self, gate: &str) {
        self.log_in_as(gate, LOGIN, PASSWORD).await;
    }

    pub async fn log_in_as(&self, gate: &str, login: &str, password: &str) {
        self.chrome.goto(&format!("{gate}login.php")).await;
        self.chrome.fill("#username", login).await;
        self.chrome.fill("#password", password).await;
        self.chrome.click("form.box button").await;
    }

    /// The page that wants a code, as somebody sees it who was just sent there.
    pub async fn expect_code_page(&self, picture: &str) {
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
    pub async fn code_field_is_ready(&self) {
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

    pub async fn type_code(&self, code: &str) {
        self.chrome.fill("#code", code).await;
        self.chrome.click(".code-form button").await;
    }

    /// Waits for the `n`th mail with a code in the mailbox and takes its code from there, in the browser; then comes back.
    /// Notices lie between them.
    pub async fn code_from_mailbox(&self, n: usize, picture: Option<&str>) -> String {
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

    pub async fn expect_inside(&self, picture: &str) {
        self.expect_page(self.words.pick("Bonjour Alice Durand", "Hello Alice Durand"), picture).await;
        assert_eq!(self.chrome.path().await, "/dashboard.php");
        let inside = self.chrome.find(".user").await.text().await.unwrap();
        assert_eq!(inside, LOGIN);
    }

    pub async fn notice(&self) -> String {
        self.chrome.find("#notice").await.text().await.unwrap()
    }

    /// Ends both, and sees that nothing of the demo stays.
    pub async fn end(mut self) {
        let welcome = self.demo.welcome.clone();
        assert!(welcome.contains(self.words.pick("Poterne tourne", "Poterne is running")), "{welcome}");
        assert_eq!(self.demo.stop(), Vec::<std::path::PathBuf>::new(), "the demo left files behind");
        self.chrome.close().await;
    }
}
