//! What mails say, and what never gets into them.

use super::*;
use crate::flow::ports::Notice;
use crate::model::AccountId;

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
fn a_code_for_a_change_says_what_it_is_for_and_never_calls_it_a_login() {
    let pages = pages();
    for (language, login) in
        [(Language::En, ["log in", "logging in", "login"]), (Language::Fr, ["se connecte", "connexion", "connecter"])]
    {
        for (name, mail) in sample_confirmation_mails(language) {
            let code = mail.code.code.expose().to_owned();
            let worded = pages.confirmation_mail(&mail);
            for part in [&worded.subject, &worded.text, &worded.html] {
                assert_eq!(part.matches(&code).count(), 1, "b14: {part}");
                assert!(!part.contains(['{', '}']), "{part}");
            }
            assert!(worded.subject.chars().count() < 120, "{}", worded.subject);
            let about = worded.text.split("\n\n").take(4).collect::<String>().to_lowercase() + &worded.subject;
            assert!(login.iter().all(|word| !about.contains(word)), "{name}: {about}");
            let dom = Html::parse_document(&worded.html);
            assert!(dom.errors.is_empty(), "{:?}", dom.errors);
            assert_eq!(dom.select(&selector("a, img, form, button, script, link")).count(), 0, "b65: {name}");
            let told = worded.text.contains("alice@example.test") || worded.html.contains("203.0.113.7");
            assert_eq!(told, name != "new-address", "a stranger's mailbox isn't told whose account it is");
            if name == "add-address" {
                assert!(worded.text.contains("a…e@s…e.example") && body_text(&worded.html).contains("a…e@s…e.example"));
            }
        }
    }
}

#[test]
fn b17_b65_a_notice_says_what_when_from_where_and_its_only_link_is_shown_whole() {
    let pages = pages();
    for (language, when, from) in [
        (Language::En, "Sunday 22 November 2026 at 10:42", "Firefox on Windows"),
        (Language::Fr, "dimanche 22 novembre 2026 à 10:42", "Firefox sur Windows"),
    ] {
        let mut subjects = BTreeSet::new();
        for (name, mail) in sample_notice_mails(language) {
            let worded = pages.notice_mail(&mail);
            let html = body_text(&worded.html);
            assert!(worded.subject.contains("L'Exemple & Fils") && worded.subject.chars().count() < 120);
            subjects.insert(worded.subject.clone());
            for part in [&worded.text, &html] {
                let part = part.replace(['\u{a0}', '\u{202f}'], " ");
                for said in
                    ["panel.example.net", "alice@example.test", when, "example.net/contact", "no-reply@example.net"]
                {
                    assert!(part.contains(said), "{name}: {said:?} in\n{part}");
                }
                let placed = part.contains("203.0.113.7") && part.contains(from);
                assert_eq!(placed, name != "totp-off-by-support", "{name}");
                assert!(!part.contains(['{', '}']) && !part.contains("&amp;") && !part.contains("\n\n\n"), "{part}");
            }
            let dom = Html::parse_document(&worded.html);
            assert!(dom.errors.is_empty(), "{:?}", dom.errors);
            assert_eq!(dom.select(&selector("img, form, button, script, style, link, [background]")).count(), 0);
            let links: Vec<_> = dom.select(&selector("a")).map(|a| (a.attr("href").unwrap(), text_of(a))).collect();
            match &mail.not_me {
                Some(link) => {
                    assert_eq!(links, [(link.as_str(), link.clone())], "{name}: shown whole");
                    assert!(worded.text.lines().any(|line| line == link), "{name}: on a line of its own");
                }
                None => assert!(links.is_empty() && !worded.text.contains("https://"), "{name}"),
            }
        }
        assert_eq!(subjects.len(), 11, "every notice has a subject of its own: {subjects:?}");
    }
}

#[test]
fn notices_say_what_is_new_and_what_to_do() {
    let pages = pages();
    for (name, english, french) in [
        ("totp-on", "on the device “Téléphone d’Alice”", "sur l’appareil « Téléphone d’Alice »"),
        ("totp-off-by-support", "Our support turned the authenticator app off", "Notre support a désactivé"),
        ("backup-used-few", "Make new ones on your account’s security page", "Créez-en de nouveaux"),
        ("backup-used", "7 backup codes are left", "Il en reste 7."),
        ("backup-used-last", "It was the last one", "C’était le dernier"),
        ("address-added", "a…e@s…e.example", "a…e@s…e.example"),
        ("factor-failed", "somebody knows your password", "quelqu’un connaît votre mot de passe"),
        ("new-network", "Opening it does nothing yet", "L’ouvrir ne fait encore rien"),
        ("reported", "“Login confirmed with an e-mailed code”", "« Connexion confirmée par un code reçu par e-mail »"),
    ] {
        for (language, said) in [(Language::En, english), (Language::Fr, french)] {
            let (_, mail) = sample_notice_mails(language).into_iter().find(|(known, _)| *known == name).unwrap();
            let worded = pages.notice_mail(&mail);
            let text = worded.text.replace(['\u{a0}', '\u{202f}'], " ");
            assert!(text.contains(said), "{name}: {said:?} in\n{text}");
            assert!(body_text(&worded.html).contains(said), "{name}");
        }
    }
}

#[test]
fn names_in_notices_are_words_only() {
    let pages = pages();
    let (_, mut mail) = sample_notice_mails(Language::En).remove(0);
    mail.browser = "Call +33 1 23 45 67 89".to_owned();
    mail.account = AccountId::canonical("<b>\u{202e}eve</b>").unwrap();
    let device = "<a href=//evil.test>\u{202e}click</a>\r\nX: y http://evil.test/ call@evil.test now or never again";
    mail.notice = Notice::TotpOn { device: device.to_owned() };
    let worded = pages.notice_mail(&mail);
    for part in [&worded.text, &worded.html, &worded.subject] {
        assert!(!part.contains("+33") && !part.contains('\u{202e}') && !part.contains("\r\nX"), "{part}");
        assert!(
            !part.contains("evil.test") && !part.contains("again"),
            "nothing a mail program makes a link of: {part}"
        );
    }
    let dom = Html::parse_document(&worded.html);
    assert_eq!(dom.select(&selector("a")).count(), 1, "only the link that belongs there");
    assert!(worded.text.contains("“a href evil test click a X y http evil t”"), "{}", worded.text);
}
