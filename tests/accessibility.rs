//! Every page and mail, in both languages, through an accessibility checker (axe-core) in a real browser, at phone width:
//! WCAG 2.2 AA and good practice, in light and in dark colours.

#![cfg(test)]

#[path = "support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use poterne::challenge::ChallengePolicy;
use poterne::model::Language;
use poterne::page::{Pages, Settings, Zone, sample_mail, samples};
use serde_json::{Value, json};
use support::chrome::{Chrome, Look, Screen};
use tempfile::TempDir;

/// Everything of WCAG up to 2.2 AA.
const WCAG: [&str; 5] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// What is run in a page, with the rules' tags as its argument.
const RUN: &str = r"
const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: arguments[0] })
   .then(result => done({ violations: result.violations, passes: result.passes.length }),
         error => done({ failed: String(error) }));";

/// The checker's source; `scripts/axe-core` gets it where it isn't there.
fn axe() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/axe-core");
    let output = Command::new(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(String::from_utf8(output.stdout).unwrap().trim()).unwrap()
}

/// Every page and mail as a file, in both languages.
fn gallery(folder: &TempDir) -> Vec<PathBuf> {
    let pages = Pages::load(Settings {
        languages: Language::ALL.to_vec(),
        brand: "Espace client Exemple".to_owned(),
        support: "https://example.net/contact".to_owned(),
        sender: "Espace client <no-reply@example.net>".to_owned(),
        prefix: "/_poterne".to_owned(),
        panel_host: "panel.example.net".to_owned(),
        login: "/login".to_owned(),
        landing: "/".to_owned(),
        policy: ChallengePolicy::default(),
        zone: Zone::UTC,
        directory: None,
    })
    .unwrap();
    for (name, asset) in pages.assets() {
        fs::write(folder.path().join(name), &asset.bytes).unwrap();
    }
    let mut files = Vec::new();
    let mut write = |name: String, html: &str| {
        let path = folder.path().join(name);
        fs::write(&path, html).unwrap();
        files.push(path);
    };
    for language in Language::ALL {
        for sample in samples() {
            let page = pages.render(&sample.page, language, sample.now);
            let html = String::from_utf8(page.body.to_vec()).unwrap().replace("\"/_poterne/static/", "\"");
            write(format!("{}-{}.html", sample.name, language.tag()), &html);
        }
        let mail = pages.code_mail(&sample_mail(language).unwrap());
        write(format!("mail-{}.html", language.tag()), &mail.html);
    }
    files
}

/// What axe-core finds on a page, in words.
fn found(result: &Value) -> String {
    let mut words = String::new();
    assert_eq!(result["failed"], Value::Null, "axe-core didn't run");
    // A page on which nothing was looked at would be flawless too.
    assert!(result["passes"].as_u64().unwrap() > 5, "{result}");
    for violation in result["violations"].as_array().unwrap() {
        for node in violation["nodes"].as_array().unwrap() {
            let (id, help) = (violation["id"].as_str().unwrap(), violation["help"].as_str().unwrap());
            writeln!(words, "  {id}: {help}\n    {}\n    {}", node["html"], node["failureSummary"]).unwrap();
        }
    }
    words
}

async fn check(look: Look) {
    let folder = TempDir::new().unwrap();
    let (axe, files) = (axe(), gallery(&folder));
    let chrome = Chrome::start(look).await;
    let mut all = String::new();
    for file in &files {
        chrome.goto(&format!("file://{}", file.display())).await;
        chrome.client.execute(&axe, vec![]).await.unwrap();
        // A mail is shown inside a mail program's page, whose landmarks and headings aren't ours.
        let mail = file.file_name().unwrap().to_string_lossy().starts_with("mail");
        let rules: Vec<_> = WCAG.into_iter().chain((!mail).then_some("best-practice")).collect();
        let result = chrome.client.execute_async(RUN, vec![json!(rules)]).await.unwrap();
        let words = found(&result);
        if !words.is_empty() {
            writeln!(all, "{}:\n{words}", file.file_name().unwrap().display()).unwrap();
        }
    }
    chrome.close().await;
    assert!(all.is_empty(), "\n{all}");
}

#[tokio::test]
async fn chrome_finds_every_page_accessible_on_a_phone() {
    check(Look::new(Screen::Phone, "fr")).await;
}

#[tokio::test]
async fn chrome_finds_every_page_accessible_in_dark_colours() {
    check(Look::new(Screen::Phone, "en").dark()).await;
}

/// The checker itself is looked at: a page with a flaw isn't taken for a good one.
#[tokio::test]
async fn chrome_notices_an_input_without_a_label() {
    let folder = TempDir::new().unwrap();
    let page = "<!doctype html><html lang=en><title>x</title><main><h1>x</h1><form><input name=a></form></main></html>";
    let path = folder.path().join("flawed.html");
    fs::write(&path, page).unwrap();
    let chrome = Chrome::start(Look::new(Screen::Phone, "en")).await;
    chrome.goto(&format!("file://{}", path.display())).await;
    chrome.client.execute(&axe(), vec![]).await.unwrap();
    let result = chrome.client.execute_async(RUN, vec![json!(WCAG)]).await.unwrap();
    chrome.close().await;
    let ids: Vec<_> = result["violations"].as_array().unwrap().iter().map(|violation| &violation["id"]).collect();
    assert_eq!(ids, [&json!("label")]);
}
