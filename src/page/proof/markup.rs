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
        for css in ["script", "style", "iframe", "object", "embed", "base", "meta[http-equiv]", "svg:not(.qr)"] {
            assert_eq!(dom.select(&selector(css)).count(), 0, "{name}: {css}");
        }
        for element in dom.select(&selector("*")) {
            for (attribute, value) in element.value().attrs() {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {attribute}");
                let own = || value.is_empty() || value.starts_with('/') && !value.starts_with("//");
                match (element.value().name(), attribute) {
                    (_, "src" | "action" | "formaction") | ("link", "href") => assert!(own(), "{name}: {value}"),
                    ("a", "href") => {
                        let app = name.contains(" enrol") && value.starts_with("otpauth://totp/");
                        assert!(app || own() || value.starts_with("https://example.net/contact"), "{name}: {value}");
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

/// Where forms of the gate's own go, below its prefix.
const ACTIONS: [&str; 23] = [
    "challenge",
    "challenge/resend",
    "challenge/cancel",
    "logout",
    "not-me",
    "account/step-up",
    "account/enrol",
    "account/enrol/confirm",
    "account/enrol/resend",
    "account/codes",
    "account/codes/confirm",
    "account/codes/resend",
    "account/codes/download",
    "account/off",
    "account/off/confirm",
    "account/networks/forget",
    "account/sessions/end",
    "account/sessions/end-others",
    "account/browsers/forget",
    "account/addresses",
    "account/addresses/confirm",
    "account/addresses/resend",
    "account/addresses/remove",
];

#[test]
fn every_form_posts_to_the_gate_with_its_token() {
    let mut expected: BTreeSet<String> = ACTIONS.map(|action| format!("/_poterne/{action}")).into();
    expected.insert("/_poterne/account/language".to_owned());
    let mut seen = BTreeSet::new();
    for (name, _, _, html) in rendered() {
        let dom = Html::parse_document(&html);
        for form in dom.select(&selector("form")) {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
            assert_eq!(form.attr("enctype"), None, "{name}");
            let action = form.attr("action").unwrap().to_owned();
            assert!(expected.contains(&action), "{name}: {action}");
            let token = form.select(&selector("input[type=hidden][name=token]")).next();
            if action == "/_poterne/not-me" {
                // It works without a session: what the mail's link carried stands for the token.
                assert!(token.is_none(), "{name}");
                let alarm = form.select(&selector("input[type=hidden][name=alarm]")).next().unwrap();
                assert!(alarm.attr("value").unwrap().len() > 40, "{name}");
            } else {
                assert_eq!(token.unwrap().attr("value"), Some("c2FtcGxlLXRva2Vu"), "{name}: {action}");
            }
            assert_eq!(form.select(&selector("button")).count(), 1, "{name}");
            assert_eq!(form.select(&selector("button[type=submit]")).count(), 1, "{name}");
            seen.insert(action);
        }
    }
    assert_eq!(seen, expected, "every form is on some page");
}

#[test]
fn every_field_and_button_has_a_name_of_its_own() {
    for (name, _, _, html) in rendered() {
        let dom = Html::parse_document(&html);
        for field in dom.select(&selector("input:not([type=hidden]):not([hidden]), select, textarea")) {
            let label = format!("label[for={}]", field.attr("id").unwrap_or_else(|| panic!("{name}: no id")));
            let label = dom.select(&selector(&label)).next().unwrap_or_else(|| panic!("{name}: no label"));
            assert!(!text_of(label).is_empty(), "{name}");
        }
        let mut named = BTreeSet::new();
        let pressed = selector("main button, main a.button");
        for button in dom.select(&pressed) {
            let said = text_of(button);
            assert!(!said.is_empty(), "{name}");
            assert!(named.insert(said.clone()), "{name}: two things to press are called {said}");
        }
        for image in dom.select(&selector("[role=img]")) {
            assert!(!image.attr("aria-label").unwrap_or_default().is_empty(), "{name}");
        }
        assert!(dom.select(&selector("img:not([alt])")).next().is_none(), "{name}");
    }
}

#[test]
fn the_keyboard_goes_through_a_page_in_its_order() {
    for (name, _, _, html) in rendered() {
        let dom = Html::parse_document(&html);
        assert_eq!(dom.select(&selector("[tabindex], [accesskey]")).count(), 0, "{name}");
        let fields = selector("input:not([type=hidden]):not([hidden]), button, select");
        let reached: Vec<_> = dom.select(&fields).collect();
        // Only to the field that the page is about, and only where nothing has to be read before it.
        let focused: Vec<_> = reached.iter().filter(|element| element.attr("autofocus").is_some()).collect();
        assert!(focused.len() <= 1, "{name}");
        if let (Some(first), Some(focused)) = (reached.first(), focused.first())
            && !name.contains(" enrol")
        {
            assert_eq!(first.attr("id"), focused.attr("id"), "{name}: the keyboard starts where the page does");
        }
        let headings = selector("h1, h2, h3, h4");
        let levels: Vec<u8> = dom.select(&headings).map(|h| h.value().name().as_bytes()[1] - b'0').collect();
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: a level of headings is skipped");
    }
}

#[test]
fn strangers_words_stay_words() {
    for (name, _, _, html) in rendered() {
        // A browser's name of itself is never repeated: it could be a message to the account's owner.
        assert!(!html.contains("+33") && !html.contains("URGENT") && !html.contains("onerror"), "{name}");
        let dom = Html::parse_document(&html);
        assert_eq!(dom.select(&selector("main b, main i, main script, main img, main style")).count(), 0, "{name}");
    }
    let all = rendered();
    let page = of(&all, "en account-enrolled");
    assert!(body_text(page).contains("<script>alert('tablet')</script>-of-the-office"), "a device's name is shown");
    assert!(body_text(page).contains("Another device was added: Téléphone <b>d’Alice</b>"));
    let dom = Html::parse_document(of(&all, "en enrol-wrong"));
    assert_eq!(dom.select(&selector("#name")).next().unwrap().attr("value"), Some("Pixel \"<9>\""));
}

#[test]
fn second_factors_are_asked_for_in_fields_that_take_them() {
    let all = rendered();
    let code: &[(&str, Option<&str>)] = &[
        ("name", Some("code")),
        ("type", Some("text")),
        ("inputmode", Some("numeric")),
        ("autocomplete", Some("one-time-code")),
        ("maxlength", None),
        ("pattern", None),
    ];
    let backup: &[(&str, Option<&str>)] = &[
        ("name", Some("code")),
        ("inputmode", None),
        ("autocomplete", Some("off")),
        ("spellcheck", Some("false")),
        ("autocapitalize", Some("characters")),
    ];
    let password: &[(&str, Option<&str>)] =
        &[("name", Some("password")), ("type", Some("password")), ("autocomplete", Some("current-password"))];
    let two: &[(&str, Option<&str>)] = &[("name", Some("second_code")), ("inputmode", Some("numeric"))];
    for (name, field, expected) in [
        ("factor", "code", code),
        ("factor-backup", "code", backup),
        ("enrol", "code", code),
        ("turn-off", "code", code),
        ("turn-off-backup", "code", backup),
        ("confirm-enrol", "code", code),
        ("confirm-address", "second_code", two),
        ("step-up", "password", password),
    ] {
        for language in Language::ALL {
            let dom = Html::parse_document(of(&all, &format!("{} {name}", language.tag())));
            let input = dom.select(&selector(&format!("input#{field}"))).next().unwrap();
            for (attribute, value) in expected {
                assert_eq!(input.attr(attribute), *value, "{name}: {attribute}");
            }
            assert!(input.attr("required").is_some(), "{name}");
            let with_backup = dom.select(&selector("input[type=hidden][name=backup][value='1']")).count();
            assert_eq!(with_backup, usize::from(name.ends_with("-backup")), "{name}");
        }
    }
    let step_up = Html::parse_document(of(&all, "en step-up"));
    let username = step_up.select(&selector("input[hidden][autocomplete=username]")).next().unwrap();
    assert_eq!(username.attr("value"), Some("alice@example.test"), "password managers know whose password it is");
    let remember = Html::parse_document(of(&all, "en factor-remember"));
    let remember = remember.select(&selector("input[name=remember][type=checkbox]")).next().unwrap();
    assert_eq!((remember.attr("value"), remember.attr("checked")), (Some("1"), None));
    assert!(!of(&all, "en factor").contains("name=\"remember\""), "offered only where operators want it");
    let device = Html::parse_document(of(&all, "en turn-off-device"));
    assert_eq!(device.select(&selector("input[type=hidden][name=device]")).count(), 1);
    let link = device.select(&selector("section a.button")).next().unwrap().attr("href").unwrap();
    assert_eq!(link, "/_poterne/account/off?device=AAAAAAAAAAAAAAAAAAAAAA&with=backup");
}

#[test]
fn b67_the_qr_code_is_the_link_and_says_what_it_is() {
    let all = rendered();
    for name in ["fr enrol", "en enrol", "en enrol-another", "fr enrol-fresh"] {
        let dom = Html::parse_document(of(&all, name));
        let frame = dom.select(&selector("[role=img][aria-label]")).next().unwrap();
        let svg = frame.select(&selector("svg.qr")).next().unwrap();
        let allowed = ["class", "xmlns", "viewbox", "width", "height", "shape-rendering", "aria-hidden", "focusable"];
        for (attribute, _) in svg.value().attrs() {
            assert!(allowed.contains(&attribute.to_ascii_lowercase().as_str()), "{name}: {attribute}");
        }
        let fills: Vec<_> = svg.select(&selector("path")).map(|path| path.attr("fill").unwrap()).collect();
        assert_eq!(fills, ["#ffffff", "#000000"], "{name}: black on white, in dark mode too");
        let link = dom.select(&selector("a[href^='otpauth:']")).next().unwrap().attr("href").unwrap();
        let ink = svg.select(&selector(".qr-ink")).next().unwrap().attr("d").unwrap();
        assert!(crate::page::qr_svg(link).unwrap().contains(&format!("d=\"{ink}\"")), "{name}");
        let secret = text_of(dom.select(&selector("code.secret")).next().unwrap());
        assert!(secret.split(' ').all(|group| group.len() == 4), "b68: {secret}");
        assert!(link.contains(&secret.replace(' ', "")), "{name}");
    }
}

#[test]
fn an_error_of_a_second_factor_is_tied_to_its_field_and_announced() {
    let all = rendered();
    for (name, field) in [
        ("factor-wrong", "code"),
        ("factor-clock-ahead", "code"),
        ("factor-backup-misread", "code"),
        ("enrol-wrong", "code"),
        ("confirm-enrol-wrong", "code"),
        ("confirm-address-wrong", "second_code"),
        ("turn-off-wrong", "code"),
        ("step-up-wrong", "password"),
    ] {
        for language in Language::ALL {
            let html = of(&all, &format!("{} {name}", language.tag()));
            let dom = Html::parse_document(html);
            assert_eq!(dom.select(&selector("[role=alert]")).count(), 1, "{name}");
            let input = dom.select(&selector(&format!("#{field}"))).next().unwrap();
            assert!(input.attr("aria-describedby").unwrap().split(' ').any(|id| id == "notice"), "{name}");
            assert_eq!(input.attr("aria-invalid"), Some("true"), "{name}");
            let title = text_of(dom.select(&selector("title")).next().unwrap());
            assert!(title.starts_with("Err"), "{name}: {title}");
        }
    }
}

#[test]
fn every_own_page_leads_to_the_accounts_security() {
    for (name, sample, _, html) in rendered() {
        let dom = Html::parse_document(&html);
        let link = dom.select(&selector("footer a[href='/_poterne/account']")).count();
        let none = matches!(sample.page, Page::Blocked(_)) || name.ends_with("unknown-host");
        assert_eq!(link, usize::from(!none), "{name}");
    }
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
    for reason in
        [BlockReason::WrongCodes, BlockReason::WrongCodesEverywhere, BlockReason::SupportNeeded, BlockReason::Reported]
    {
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
            ("paper", "error-edge", 4.5),
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
