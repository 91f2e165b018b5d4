//! What mails say, and what never gets into them.

use super::*;

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
