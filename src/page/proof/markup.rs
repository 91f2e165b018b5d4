//! Markup: well-formed, under the policy, usable by everybody.

use super::*;

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
fn no_state_of_a_page_is_beyond_words() {
    use crate::flow::ports::MailStatus;
    use crate::limit::{Block, BlockReason};
    use crate::model::Timestamp;

    let (pages, samples) = (pages(), samples());
    let now = samples[0].now;
    let Some(Page::Code(code)) = samples.iter().find(|s| s.name == "code").map(|s| s.page.clone()) else { panic!() };
    let mut states = Vec::new();
    let line = code.code.unwrap();
    let lines = [MailStatus::Queued, MailStatus::Unknown, MailStatus::Sent, MailStatus::Retrying, MailStatus::Failed]
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
