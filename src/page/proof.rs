//! Every page and mail, in every state and language, looked at as a browser would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use scraper::{ElementRef, Html, Selector};

use super::*;
use crate::challenge::ChallengePolicy;
use crate::model::Language;

pub(super) fn settings() -> Settings {
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
fn every_page_is_well_formed() {
    for (name, _, language, html) in rendered() {
        let dom = Html::parse_document(&html);
        assert!(dom.errors.is_empty(), "{name}: {:?}\n{html}", dom.errors);
        assert_eq!(dom.root_element().attr("lang"), Some(language.tag()), "{name}");
        for css in ["header", "main", "footer", "h1", "title", "meta[name=viewport]"] {
            assert_eq!(dom.select(&selector(css)).count(), 1, "{name}: one {css}");
        }
        let mut ids = BTreeSet::new();
        for element in dom.select(&selector("[id]")) {
            assert!(ids.insert(element.attr("id").unwrap().to_owned()), "{name}: an id twice");
        }
        for element in dom.select(&selector("[aria-describedby], [aria-labelledby], label[for]")) {
            for attribute in ["aria-describedby", "aria-labelledby", "for"] {
                for id in element.attr(attribute).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{name}: {attribute}={id} leads nowhere");
                }
            }
        }
        for leftover in ["{", "}", "&amp;amp;", "&amp;lt;", "&lt;bdi", "undefined", "none</"] {
            assert!(!html.contains(leftover), "{name}: {leftover} in\n{html}");
        }
    }
}

#[test]
fn every_page_holds_under_the_content_security_policy() {
    for (name, _, _, html) in rendered() {
        let dom = Html::parse_document(&html);
        for css in ["script", "style", "iframe", "object", "embed", "base", "meta[http-equiv]", "svg"] {
            assert_eq!(dom.select(&selector(css)).count(), 0, "{name}: {css}");
        }
        for element in dom.select(&selector("*")) {
            for (attribute, value) in element.value().attrs() {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {attribute}");
                let own = || value.is_empty() || value.starts_with('/') && !value.starts_with("//");
                match (element.value().name(), attribute) {
                    (_, "src" | "action" | "formaction") | ("link", "href") => assert!(own(), "{name}: {value}"),
                    ("a", "href") => {
                        assert!(own() || value.starts_with("https://example.net/contact"), "{name}: {value}");
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn every_link_to_a_static_file_finds_it() {
    let pages = pages();
    for (name, _, _, html) in rendered() {
        let dom = Html::parse_document(&html);
        let linking = selector("link[href], img[src]");
        let links = dom.select(&linking).map(|element| {
            element.attr("href").or(element.attr("src")).unwrap().strip_prefix("/_poterne/static/").unwrap().to_owned()
        });
        for link in links {
            let asset = pages.asset(&link).unwrap_or_else(|| panic!("{name}: {link}"));
            assert!(asset.etag.to_str().unwrap().starts_with('"'));
            assert!(asset.cache_control.to_str().unwrap().contains("immutable"));
        }
    }
    assert!(pages.asset("style.css").is_none(), "only by the name that its content determines");
    assert!(pages.asset("../words/fr.ftl").is_none());
}

#[test]
fn every_form_posts_to_the_gate_with_its_token() {
    let mut seen = BTreeSet::new();
    for (name, _, _, html) in rendered() {
        let dom = Html::parse_document(&html);
        for form in dom.select(&selector("form")) {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
            let action = form.attr("action").unwrap().to_owned();
            assert!(
                ["/_poterne/challenge", "/_poterne/challenge/resend", "/_poterne/challenge/cancel", "/_poterne/logout"]
                    .contains(&action.as_str()),
                "{name}: {action}"
            );
            let token = form.select(&selector("input[type=hidden][name=token]")).next().unwrap();
            assert_eq!(token.attr("value"), Some("c2FtcGxlLXRva2Vu"), "{name}");
            assert_eq!(form.select(&selector("button[type=submit]")).count(), 1, "{name}");
            seen.insert(action);
        }
    }
    assert_eq!(seen.len(), 4);
}

#[test]
fn b05_the_code_field_takes_what_people_and_browsers_put_in_it() {
    let all = rendered();
    for language in Language::ALL {
        let html = of(&all, &format!("{} code", language.tag())).to_owned();
        let dom = Html::parse_document(&html);
        let input = dom.select(&selector("input[name=code]")).next().unwrap();
        for (attribute, value) in
            [("autocomplete", "one-time-code"), ("inputmode", "numeric"), ("type", "text"), ("autofocus", "")]
        {
            assert_eq!(input.attr(attribute), Some(value), "{attribute}");
        }
        assert_eq!(input.attr("maxlength"), None, "it would cut a pasted code with spaces in it");
        assert_eq!(input.attr("pattern"), None, "the browser's own message would come in its place");
        assert_eq!(dom.select(&selector("label[for=code]")).count(), 1);
    }
}

#[test]
fn an_error_is_tied_to_the_field_and_announced() {
    let all = rendered();
    for (name, of_code) in
        [("code-wrong", true), ("code-superseded", true), ("code-not-digits", true), ("code-not-yet", false)]
    {
        for language in Language::ALL {
            let html = of(&all, &format!("{} {name}", language.tag()));
            let dom = Html::parse_document(html);
            assert_eq!(dom.select(&selector("[role=alert]")).count(), 1, "{name}");
            let input = dom.select(&selector("input[name=code]")).next().unwrap();
            let described = input.attr("aria-describedby").unwrap();
            assert_eq!(described.split_whitespace().any(|id| id == "notice"), of_code, "{name}");
            assert_eq!(input.attr("aria-invalid").is_some(), of_code, "{name}");
        }
    }
    assert!(of(&all, "en code-wrong").contains("<title>Error: "));
}

#[test]
fn the_code_page_says_where_from_whom_until_when_and_how_many_tries() {
    let all = rendered();
    let english = body_text(of(&all, "en code"));
    for said in [
        "alice@example.test",
        "a…e@e…e.test",
        "We sent it at 10:42",
        "Valid until 10:52 (in 8 minutes).",
        "You have 3 tries left.",
        "Espace client <no-reply@example.net>",
        "spam",
        "6-digit code",
        "Europe/Paris, UTC+1",
        "Add it to your contacts",
        "only the code in the newest one works",
        "isn’t a code from your bank or for a payment",
        "shared computer",
        "Is that address no longer yours",
        "Your mail provider may be slow or down",
        "Cancel and use another account",
        "example.net/contact",
    ] {
        assert!(english.contains(said), "{said:?} in\n{english}");
    }
    let french = body_text(of(&all, "fr code"));
    for said in [
        "à 10:42 à votre adresse",
        "Valable jusqu’à 10:52 (dans 8 minutes).",
        "Il vous reste 3 essais.",
        "Code à 6 chiffres",
        "courriers indésirables (spam)",
        "ni un code de votre banque, ni un code de paiement",
    ] {
        assert!(french.contains(said), "{said:?} in\n{french}");
    }
    let two = body_text(of(&all, "en code-network-changed"));
    assert!(two.contains("to your addresses") && two.contains("d…n@s…p.example"), "b13: {two}");
}

#[test]
fn b57_an_older_code_says_which_mail_to_use() {
    let all = rendered();
    assert!(body_text(of(&all, "en code-superseded")).contains("Use the code in the e-mail sent at 10:42."));
    assert!(body_text(of(&all, "fr code-superseded")).contains("Utilisez celui du message envoyé à 10:42."));
}

#[test]
fn b15_b16_a_block_says_why_until_when_and_a_contact_outside_the_login() {
    let all = rendered();
    let english = body_text(of(&all, "en blocked"));
    for said in [
        "3 wrong codes were entered for this account from your network",
        "for 1 hour",
        "11:42 (in 59 minutes)",
        "Reference",
        "example.net/contact",
        "3 tries",
        "Somebody else can log in",
        "alice@example.test",
    ] {
        assert!(english.contains(said), "{said:?} in\n{english}");
    }
    let everywhere = body_text(of(&all, "fr blocked-everywhere"));
    assert!(everywhere.contains("01:43 le 23 novembre (dans 15 heures)"), "{everywhere}");
    assert!(body_text(of(&all, "fr blocked-support")).contains("l’intervention du support"));
    assert!(body_text(of(&all, "fr blocked-nameless")).contains("dans 30 secondes"));
}

#[test]
fn no_state_of_a_page_is_beyond_words() {
    use crate::flow::ports::MailStatus;
    use crate::limit::{Block, BlockReason};
    use crate::model::Timestamp;

    let (pages, samples) = (pages(), samples());
    let now = samples[0].now;
    let Some(Page::Code(code)) = samples.iter().find(|s| s.name == "code").map(|s| s.page.clone()) else { panic!() };
    let mut states = Vec::new();
    let line = code.code.unwrap();
    let lines = [MailStatus::Queued, MailStatus::Sent, MailStatus::Retrying, MailStatus::Failed]
        .map(|mail| Some(CodeLine { mail, ..line }));
    let notices = [
        None,
        Some(CodeNotice::Wrong),
        Some(CodeNotice::Superseded { newest_sent_at: now }),
        Some(CodeNotice::NotDigits),
        Some(CodeNotice::Resent),
        Some(CodeNotice::NotYet),
        Some(CodeNotice::Expired),
    ];
    for line in lines.into_iter().chain([None]) {
        for notice in notices {
            for reason in [CodeReason::NewNetwork, CodeReason::NetworkChanged] {
                for next in [0, now.as_millis() + 90_000, i64::MAX] {
                    for (tries_left, addresses) in [(0, vec![]), (u32::MAX, vec!["x".to_owned(); 9])] {
                        let next_mail_at = Timestamp::from_millis(next);
                        let page = CodePage {
                            code: line,
                            notice,
                            reason,
                            next_mail_at,
                            tries_left,
                            addresses,
                            ..code.clone()
                        };
                        states.push(Page::Code(page));
                    }
                }
            }
        }
    }
    let reference = samples.iter().find_map(|s| s.page.reference()).unwrap();
    for reason in [BlockReason::WrongCodes, BlockReason::WrongCodesEverywhere, BlockReason::SupportNeeded] {
        for until in [None, Some(now), Some(Timestamp::from_millis(i64::MAX))] {
            for account in [None, Some("alice".to_owned())] {
                let block = Block { reason, since: now, until, reference };
                states.push(Page::Blocked(BlockedPage { account, block }));
            }
        }
    }
    for language in Language::ALL {
        for page in &states {
            let html = pages.render(page, language, now).body;
            assert!(std::str::from_utf8(&html).unwrap().contains("</main>"), "{page:?}");
        }
    }
}

/// Relative luminance and contrast, WCAG 2.2.
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |color: &str| {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(color.get(at..at + 2).unwrap(), 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    };
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn colours_keep_the_contrast_of_wcag_aa_in_light_and_dark() {
    let pages = pages();
    let style = pages.assets().find(|(name, _)| name.starts_with("style.")).unwrap().1.bytes.clone();
    let style = String::from_utf8(style.to_vec()).unwrap();
    let (light, dark) = style.split_once("prefers-color-scheme: dark").unwrap();
    for scheme in [light, dark] {
        let colors: BTreeMap<&str, &str> = scheme
            .lines()
            .filter_map(|line| line.trim().strip_suffix(';')?.strip_prefix("--")?.split_once(": "))
            .collect();
        for ground in ["ground", "paper", "note", "warning", "error"] {
            for text in ["text", "accent", "accent-strong"] {
                let contrast = contrast(colors[text], colors[ground]);
                assert!(contrast >= 4.5, "{text} on {ground}: {contrast}");
            }
        }
        for (text, ground, least) in [
            ("soft", "paper", 4.5),
            ("soft", "ground", 4.5),
            ("on-accent", "accent", 4.5),
            ("on-accent", "accent-strong", 4.5),
            ("edge", "paper", 3.0),
            ("error-edge", "paper", 3.0),
            ("accent", "ground", 3.0),
        ] {
            let contrast = contrast(colors[text], colors[ground]);
            assert!(contrast >= least, "{text} on {ground}: {contrast}");
        }
    }
}

#[test]
fn every_refusal_shows_its_reference() {
    for (name, sample, _, html) in rendered() {
        if let Some(reference) = sample.page.reference() {
            assert!(body_text(&html).contains(&reference.to_string()), "{name}");
        }
    }
}

#[test]
fn statuses_are_those_of_the_contract() {
    let pages = pages();
    let expected: BTreeMap<&str, u16> = [
        ("code", 200),
        ("code-wrong", 422),
        ("code-not-yet", 429),
        ("code-expired", 410),
        ("blocked", 403),
        ("no-verdict", 502),
        ("panel-down", 502),
        ("panel-slow", 504),
        ("store-unavailable", 503),
        ("accounts-unavailable", 503),
        ("too-many-tries", 429),
        ("confirm-code", 403),
        ("start-again", 409),
        ("log-out-first", 409),
        ("ambiguous-target", 400),
        ("bad-request", 400),
        ("body-too-large", 413),
        ("header-too-large", 431),
        ("unknown-host", 421),
        ("closed-door", 403),
        ("form-from-elsewhere", 403),
        ("not-found", 404),
        ("method-not-allowed", 405),
        ("too-many-connections", 429),
        ("too-many-requests", 429),
        ("foreign-login", 409),
    ]
    .into();
    let samples = samples();
    for (name, status) in expected {
        let sample = samples.iter().find(|sample| sample.name == name).unwrap_or_else(|| panic!("{name}"));
        let rendered = pages.render(&sample.page, Language::Fr, sample.now);
        assert_eq!(rendered.status.as_u16(), status, "{name}");
        let later = matches!(status, 429 | 503) || name == "panel-down" || name == "blocked";
        assert_eq!(rendered.retry_after.is_some(), later, "{name}");
    }
    let tries = samples.iter().find(|sample| sample.name == "too-many-tries").unwrap();
    assert_eq!(pages.render(&tries.page, Language::Fr, tries.now).retry_after, Some(400));
}

#[test]
fn scripts_get_a_problem_that_names_the_challenge() {
    let pages = pages();
    for language in Language::ALL {
        for sample in samples() {
            let rendered = pages.problem(&sample.page, language, sample.now);
            let name = sample.name;
            assert_eq!(rendered.content_type, "application/problem+json");
            let problem: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
            assert!(rendered.status.is_client_error() || rendered.status.is_server_error(), "{name}");
            assert_eq!(problem["status"], rendered.status.as_u16(), "{name}");
            assert_eq!(problem["type"], format!("urn:poterne:problem:{}", sample.page.slug()));
            for member in ["title", "detail"] {
                let said = problem[member].as_str().unwrap();
                assert!(!said.is_empty() && !said.contains(['<', '{', '&']) || said.contains("L'Exemple & Fils"));
            }
            if let Some(reference) = sample.page.reference() {
                assert_eq!(problem["reference"], reference.to_string(), "{name}");
                assert!(problem["instance"].as_str().unwrap().ends_with(&reference.to_string()));
            }
            let awaits = matches!(sample.page, Page::Code(_)) || name == "confirm-code";
            assert_eq!(problem.get("challenge").is_some(), awaits, "{name}");
            if rendered.status == 401 && !awaits {
                assert_eq!(problem["login"], "/doku.php?id=start&do=login", "{name}");
            }
        }
    }
}

#[test]
fn b14_the_code_is_in_subject_text_and_html() {
    let pages = pages();
    for language in Language::ALL {
        let mail = sample_mail(language).unwrap();
        let code = mail.code.expose().to_owned();
        let worded = pages.code_mail(&mail);
        for part in [&worded.subject, &worded.text, &worded.html] {
            assert_eq!(part.matches(&code).count(), 1, "{part}");
            assert!(!part.contains(['{', '}']), "{part}");
        }
        assert!(worded.subject.chars().count() < 120 && !worded.subject.contains(char::is_control));
        assert!(!format!("{worded:?}").contains(&code), "never in a log by accident");
        let dom = Html::parse_document(&worded.html);
        assert!(dom.errors.is_empty(), "{:?}", dom.errors);
        assert_eq!(dom.root_element().attr("lang"), Some(language.tag()));
    }
}

#[test]
fn b17_the_mail_says_who_sends_it_why_when_and_from_where() {
    let pages = pages();
    let mail = pages.code_mail(&sample_mail(Language::En).unwrap());
    let html = body_text(&mail.html);
    for said in [
        "Espace client L'Exemple & Fils",
        "panel.example.net",
        "alice@example.test",
        "Sunday 22 November 2026 at 10:42",
        "203.0.113.7",
        "Firefox on Windows",
        "valid until 10:52 (Europe/Paris, UTC+1)",
        "isn’t a code from a bank or for a payment",
        "Change it now",
        "example.net/contact",
        "Espace client <no-reply@example.net>",
    ] {
        assert!(mail.text.contains(said), "{said:?} in\n{}", mail.text);
        assert!(html.contains(said), "{said:?} in\n{html}");
    }
    assert!(!mail.text.contains("&amp;") && !mail.text.contains("&#"), "nothing is escaped in plain text");
    let french = pages.code_mail(&sample_mail(Language::Fr).unwrap());
    assert!(french.text.contains("dimanche 22 novembre 2026 à 10:42") && french.text.contains("Firefox sur Windows"));
}

#[test]
fn b64_b65_nothing_in_a_mail_acts_or_loads() {
    let pages = pages();
    for language in Language::ALL {
        let mail = pages.code_mail(&sample_mail(language).unwrap());
        let dom = Html::parse_document(&mail.html);
        for css in ["a", "img", "form", "button", "script", "style", "link", "table", "[background]"] {
            assert_eq!(dom.select(&selector(css)).count(), 0, "{css}");
        }
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains("http://") && !part.contains("https://") && !part.contains("url("), "{part}");
        }
    }
}

#[test]
fn a_strangers_words_dont_get_into_a_mail_or_a_page() {
    let pages = pages();
    let mut mail = sample_mail(Language::En).unwrap();
    mail.browser = "Call +33 1 23 45 67 89 at once \u{202e}<a href=x>".to_owned();
    mail.account = crate::model::AccountId::canonical("<b>\u{202e}eve</b>").unwrap();
    let worded = pages.code_mail(&mail);
    for part in [&worded.text, &worded.html] {
        assert!(!part.contains("+33") && !part.contains('\u{202e}'), "{part}");
    }
    assert!(worded.html.contains("&lt;b&gt;eve"));
    let mut sample = samples().into_iter().find(|sample| sample.name == "code").unwrap();
    if let Page::Code(page) = &mut sample.page {
        page.account = "\"><script>\u{202e}".to_owned();
        page.addresses = vec!["<img src=x>".to_owned()];
        page.token = "\"><form>".to_owned();
    }
    let html = pages.render(&sample.page, Language::En, sample.now).body;
    let html = String::from_utf8(html.to_vec()).unwrap();
    let dom = Html::parse_document(&html);
    assert!(dom.errors.is_empty(), "{:?}", dom.errors);
    assert_eq!(dom.select(&selector("script, img[src=x]")).count(), 0);
    assert_eq!(dom.select(&selector("input[name=token]")).next().unwrap().attr("value"), Some("\"><form>"));
}

#[test]
fn numbers_come_from_the_policy() {
    let policy = ChallengePolicy {
        digits: 8,
        tries: 5,
        ttl: std::time::Duration::from_secs(900),
        block: std::time::Duration::from_secs(5400),
        ..ChallengePolicy::default()
    };
    let pages = Pages::load(Settings { policy, ..settings() }).unwrap();
    let samples = samples();
    let shown = |name: &str| {
        let sample = samples.iter().find(|sample| sample.name == name).unwrap();
        let body = pages.render(&sample.page, Language::En, sample.now).body;
        body_text(std::str::from_utf8(&body).unwrap())
    };
    assert!(shown("code").contains("8-digit code"));
    assert!(shown("code-expired").contains("15 minutes"));
    assert!(shown("blocked").contains("5 wrong codes") && shown("blocked").contains("1 hour and 30 minutes"));
    for language in Language::ALL {
        for line in files::builtin_words(language).lines().filter(|line| !line.starts_with('#')) {
            let (selector, said) = match line.trim().strip_prefix(['[', '*']) {
                Some(variant) => variant.split_once(']').unwrap(),
                None => ("", line),
            };
            let said = said.split_once('=').map_or(said, |(_, text)| text);
            // "1er" is a word, and 4G the name of a thing.
            let said = if selector == "1" { "" } else { said };
            let said = said.replace("4G", "");
            assert!(!said.contains(|c: char| c.is_ascii_digit()), "a number in a catalogue: {line}");
        }
    }
}

/// Ids of a built-in catalogue.
fn message_ids(language: Language) -> BTreeSet<String> {
    let source = files::builtin_words(language).to_owned();
    words::ids(&fluent_bundle::FluentResource::try_new(source).unwrap()).into_iter().collect()
}

#[test]
fn catalogues_have_the_same_messages_and_every_one_is_used() {
    let (french, english) = (message_ids(Language::Fr), message_ids(Language::En));
    assert_eq!(french, english);
    let mut sources = String::new();
    for file in ["moment.rs", "view.rs", "render.rs", "mail.rs"] {
        sources += &fs::read_to_string(format!("{}/src/page/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    }
    for (_, template) in files::Files::load(None).unwrap().templates() {
        sources += template;
    }
    // Keys put together from a part that varies.
    let mut composed: BTreeSet<String> = ["new-network", "network-changed"].map(|r| format!("code-{r}")).into();
    composed.extend(["queued", "retrying", "failed"].map(|s| format!("mail-{s}")));
    composed.extend(["wrong-codes", "wrong-codes-everywhere", "support-needed"].map(|r| format!("blocked-{r}")));
    for sample in samples() {
        composed.extend(["title", "what", "next"].map(|part| format!("{}-{part}", sample.page.slug())));
    }
    for id in english {
        let quoted = [format!("'{id}'"), format!("\"{id}\"")].iter().any(|quoted| sources.contains(quoted));
        assert!(quoted || composed.contains(&id), "{id} is never said");
    }
}

fn with_directory(files: &[(&str, &str)]) -> Result<Pages, InvalidPages> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    Pages::load(Settings { directory: Some(folder.path().to_owned()), ..settings() })
}

#[test]
fn an_operators_files_are_used() {
    let own = with_directory(&[
        ("words/en.ftl", "panel-down-title = Shop’s closed\n"),
        ("static/brand.css", ":root { --accent: #7a1fa2 }"),
        ("static/shop.png", "png"),
        ("templates/layout.html", "<!doctype html>{{ asset('shop.png') }}{% block main %}{% endblock %}"),
    ])
    .unwrap();
    let sample = samples().into_iter().find(|sample| sample.name == "panel-down").unwrap();
    let english = own.render(&sample.page, Language::En, sample.now).body;
    let english = std::str::from_utf8(&english).unwrap();
    assert!(english.contains("Shop’s closed") && english.contains("/_poterne/static/shop."), "{english}");
    assert!(own.assets().any(|(name, asset)| name.starts_with("style.") && asset.bytes.ends_with(b"#7a1fa2 }")));
    let built_in = pages();
    let style = |pages: &Pages| pages.assets().find(|(n, _)| n.starts_with("style.")).unwrap().0.to_owned();
    assert_ne!(style(&own), style(&built_in), "another content has another name");
}

#[test]
fn a_broken_override_is_found_at_the_start() {
    for (name, content, expected) in [
        ("templates/message.html", "{% if %}", "templates/message.html"),
        ("templates/message.html", "{{ titel }}", "undefined"),
        ("templates/message.html", "{{ t('no-such-message') }}", "no-such-message"),
        ("templates/message.html", "{{ asset('missing.png') }}", "missing.png"),
        ("templates/code.html", "{{ t('code-valid') }}", "code-valid"),
        ("templates/mail/code.txt", "{{ t('mail-intro') }} {{ codes }}", "undefined"),
        ("words/fr.ftl", "code-label = { $digit }", "digit"),
        ("words/fr.ftl", "code-lable = x", "did you mean code-label"),
        ("words/fr.ftl", "code-label", "words/fr.ftl"),
        ("templates/mesage.html", "", "templates/message.html"),
    ] {
        let error = with_directory(&[(name, content)]).err().unwrap_or_else(|| panic!("{name}: {content}"));
        assert!(error.to_string().contains(expected), "{name}: {content}: {error}");
    }
}

#[test]
fn a_language_that_isnt_offered_falls_back() {
    let pages = Pages::load(Settings { languages: vec![Language::En], ..settings() }).unwrap();
    let rendered = pages.render(&Page::LoggedOut, Language::Fr, samples()[0].now);
    assert_eq!(rendered.language, Language::En);
    assert_eq!(pages.negotiate(Some(b"fr")), Language::En);
    assert!(pages.code_mail(&sample_mail(Language::Fr).unwrap()).subject.contains("login code"));
}

#[test]
fn the_reference_goes_along_in_a_mail_to_support() {
    let pages = Pages::load(Settings { support: "mailto:help@example.net".to_owned(), ..settings() }).unwrap();
    let sample = samples().into_iter().find(|sample| sample.name == "blocked").unwrap();
    let html = pages.render(&sample.page, Language::En, sample.now).body;
    let html = std::str::from_utf8(&html).unwrap();
    let link = format!("href=\"mailto:help@example.net?subject={}\"", sample.page.reference().unwrap());
    assert!(html.contains(&link) && html.contains(">help@example.net<"), "{html}");
}
