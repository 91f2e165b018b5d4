//! Every page and mail, in every state and language, looked at as a browser would.

mod mail;
mod markup;
mod overrides;
mod said;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use scraper::{ElementRef, Html, Selector};

use crate::challenge::ChallengePolicy;
use crate::model::Language;
use crate::page::*;

pub(in crate::page) fn settings() -> Settings {
    Settings {
        languages: Language::ALL.to_vec(),
        brand: "Espace client L'Exemple & Fils".to_owned(),
        support: "https://example.net/contact".to_owned(),
        sender: "Espace client <no-reply@example.net>".to_owned(),
        prefix: "/_poterne".to_owned(),
        panel_host: "panel.example.net".to_owned(),
        login: "/doku.php?id=start&do=login".to_owned(),
        landing: "/".to_owned(),
        policy: ChallengePolicy::default(),
        zone: "Europe/Paris".parse().unwrap(),
        directory: None,
    }
}

fn pages() -> Pages {
    Pages::load(settings()).unwrap()
}

/// Every page in every language, with a name for the failure's message.
fn rendered() -> Vec<(String, Sample, Language, String)> {
    let pages = pages();
    let mut all = Vec::new();
    for language in Language::ALL {
        for sample in samples() {
            let rendered = pages.render(&sample.page, language, sample.now);
            assert_eq!(rendered.language, language);
            assert_eq!(rendered.content_type, "text/html; charset=utf-8");
            let html = String::from_utf8(rendered.body.to_vec()).unwrap();
            all.push((format!("{} {}", language.tag(), sample.name), sample, language, html));
        }
    }
    all
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap()
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A page's text as a person sees it, spaces of all widths made equal.
fn body_text(html: &str) -> String {
    let dom = Html::parse_document(html);
    text_of(dom.select(&selector("body")).next().unwrap())
}

fn of<'a>(all: &'a [(String, Sample, Language, String)], name: &str) -> &'a str {
    &all.iter().find(|(known, ..)| known == name).unwrap_or_else(|| panic!("no page {name}")).3
}

#[test]
fn pages_are_shared_by_all_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Pages>();
}
