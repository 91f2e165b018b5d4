//! What pages and problems say.

use super::*;

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
        ("code-awaited", 403),
        ("session-over", 403),
        ("start-again", 409),
        ("log-out-first", 409),
        ("ambiguous-target", 400),
        ("bad-request", 400),
        ("body-too-large", 413),
        ("header-too-large", 431),
        ("target-too-long", 414),
        ("form-only", 415),
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
            let awaits = matches!(sample.page, Page::Code(_)) || matches!(name, "confirm-code" | "code-awaited");
            assert_eq!(problem.get("challenge").is_some(), awaits, "{name}");
            if rendered.status == 401 && !awaits {
                assert_eq!(problem["login"], "/doku.php?id=start&do=login", "{name}");
            }
        }
    }
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
    composed.extend(["queued", "unknown", "retrying", "failed"].map(|s| format!("mail-{s}")));
    composed.extend(["wrong-codes", "wrong-codes-everywhere", "support-needed"].map(|r| format!("blocked-{r}")));
    for sample in samples() {
        composed.extend(["title", "what", "next"].map(|part| format!("{}-{part}", sample.page.slug())));
    }
    for id in english {
        let quoted = [format!("'{id}'"), format!("\"{id}\"")].iter().any(|quoted| sources.contains(quoted));
        assert!(quoted || composed.contains(&id), "{id} is never said");
    }
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
