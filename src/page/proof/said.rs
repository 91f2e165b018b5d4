//! What pages and problems say.

use super::*;
use crate::flow::ports::account::EventKind;

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
        ("change-not-made", 503),
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
        ("factor", 200),
        ("factor-wrong", 422),
        ("account", 200),
        ("account-needs-login", 200),
        ("step-up", 200),
        ("step-up-wrong", 422),
        ("step-up-over", 403),
        ("enrol", 200),
        ("enrol-wrong", 422),
        ("confirm-enrol-not-yet", 429),
        ("confirm-enrol-wrong", 422),
        ("turn-off-wrong", 422),
        ("not-me", 200),
        ("not-me-unknown", 404),
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
            let awaits = matches!(sample.page, Page::Code(_) | Page::Factor(_))
                || matches!(name, "confirm-code" | "code-awaited");
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
    for file in ["moment.rs", "view.rs", "view/account.rs", "render.rs", "mail.rs"] {
        sources += &fs::read_to_string(format!("{}/src/page/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    }
    for (_, template) in files::Files::load(None).unwrap().templates() {
        sources += template;
    }
    // Keys put together from a part that varies.
    let mut composed: BTreeSet<String> = ["new-network", "network-changed"].map(|r| format!("code-{r}")).into();
    composed.extend(["queued", "unknown", "retrying", "failed"].map(|s| format!("mail-{s}")));
    composed.extend(["wrong-codes", "wrong-codes-everywhere", "support-needed"].map(|r| format!("blocked-{r}")));
    composed.insert("blocked-reported".to_owned());
    composed.extend(["new-network", "network-changed"].map(|r| format!("factor-{r}")));
    composed.extend(Language::ALL.map(|language| format!("language-{}", language.tag())));
    composed.extend(EventKind::ALL.iter().map(|kind| format!("event-{}", kind.slug())));
    composed.extend(AccountDone::ALL.iter().map(|done| format!("done-{}", done.slug())));
    for purpose in ["enrol", "renew-codes", "add-address", "new-address"] {
        let parts = ["subject", "intro", "why", "not-you"];
        composed.extend(parts.map(|part| format!("confirm-mail-{purpose}-{part}")));
    }
    let source = fs::read_to_string(format!("{}/src/page/mail.rs", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let subjects = source.split('"').filter(|text| text.starts_with("notice-")).map(|key| format!("{key}-subject"));
    composed.extend(subjects);
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

/// What each of these pages says, in both languages.
fn says(all: &[(String, Sample, Language, String)], page: &str, english: &[&str], french: &[&str]) {
    for (tag, said) in [("en", english), ("fr", french)] {
        let text = body_text(of(all, &format!("{tag} {page}")));
        for said in said {
            assert!(text.contains(said), "{tag} {page}: {said:?} in\n{text}");
        }
    }
}

#[test]
fn b56_the_factor_page_says_which_account_and_what_to_do_without_the_phone() {
    let all = rendered();
    says(
        &all,
        "factor",
        &[
            "type the 6 digits it shows for the account alice@example.test at Espace client L'Exemple & Fils",
            "Is it the right account?",
            "a new code every 30 seconds",
            "You have 3 tries left.",
            "Use one of the backup codes",
            "Contact support: they’ll tell you how to show that the account is yours, then they can turn the app off",
            "example.net/contact",
            "Cancel and use another account",
        ],
        &[
            "saisissez les 6 chiffres qu’elle affiche pour le compte alice@example.test",
            "Est-ce le bon compte ?",
            "toutes les 30 secondes",
            "Utiliser un code de secours",
            "comment prouver que le compte est à vous",
        ],
    );
    says(
        &all,
        "factor-clock-behind",
        &["your phone is about 90 seconds slow", "automatic date and time", "1 try left; one more mistake blocks"],
        &["retarde d’environ 90 secondes", "la date et l’heure automatiques", "1 essai ; après une nouvelle erreur"],
    );
    says(&all, "factor-clock-ahead", &["about 4 minutes fast", "2 tries left"], &["avance d’environ 4 minutes"]);
    says(&all, "factor-backup-misread", &["One character isn’t right", "didn’t cost you a try"], &["n’a pas été"]);
    says(&all, "factor-remember", &["for 30 days"], &["pendant 30 jours"]);
    says(&all, "factor-mail-follows", &["also e-mail you a code"], &["aussi un code par e-mail"]);
    let none = of(&all, "en factor-backup-none");
    assert!(!none.contains("name=\"code\"") && body_text(none).contains("All backup codes have been used"));
    assert!(!of(&all, "en factor-no-backup").contains("with=backup"), "nothing is offered that can't work");
}

#[test]
fn the_accounts_page_tells_what_there_is_and_changes_nothing_before_the_password() {
    let all = rendered();
    says(
        &all,
        "account-enrolled",
        &[
            "You can make changes until 10:52 (in 9 minutes)",
            "Added on 18 October 2025 at 11:43",
            "8 unused backup codes are left",
            "2 browsers aren’t asked",
            "a…e@s…e.example",
            "Firefox on Windows",
            "Safari on iPhone",
            "Unrecognised browser",
            "This session",
            "Network 2001:db8:1234:5678::/64",
            "First confirmed on 18 October 2025",
            "Login confirmed with the app’s code",
            "You told us: “It wasn’t me”",
            "Show earlier events",
        ],
        &[
            "jusqu’à 10:52 (dans 9 minutes)",
            "Ajouté le 18 octobre 2025 à 11:43",
            "8 codes de secours non utilisés",
            "Navigateur non reconnu",
            "Réseaux reconnus",
            "Vous nous avez signalé : « Ce n’était pas moi »",
        ],
    );
    for name in ["account", "account-enrolled-closed", "account-no-password", "account-suspected"] {
        for language in Language::ALL {
            let dom = Html::parse_document(of(&all, &format!("{} {name}", language.tag())));
            let forms: Vec<_> = dom.select(&selector("form")).map(|form| form.attr("action").unwrap()).collect();
            assert_eq!(forms, ["/_poterne/logout"], "{name}");
        }
    }
    says(&all, "account-no-password", &["Log out, then log in again"], &["Déconnectez-vous, puis reconnectez-vous"]);
    says(&all, "account-suspected", &["a code is asked for at every login"], &["un code est demandé à chaque"]);
    says(&all, "account-no-backup", &["All backup codes are used up"], &["Tous les codes de secours ont été"]);
    says(&all, "step-up-last", &["1 try left; one more mistake ends"], &["cette session sera fermée"]);
    says(&all, "step-up", &["for 10 minutes"], &["pendant 10 minutes"]);
    says(&all, "confirm-renew-codes", &["Before new backup codes"], &["Avant de créer de nouveaux codes de secours"]);
    says(&all, "confirm-enrol", &["Valid until 10:52"], &["Code à 6 chiffres"]);
    says(&all, "confirm-address", &["Code sent to the new address"], &["Code reçu à la nouvelle adresse"]);
}

#[test]
fn b70_b74_a_notice_of_success_stands_at_the_top() {
    let all = rendered();
    let failed = ["gone", "address-not-possible", "too-many-devices", "no-device"];
    for done in AccountDone::ALL {
        for language in Language::ALL {
            let name = format!("{} account-done-{}", language.tag(), done.slug());
            let dom = Html::parse_document(of(&all, &name));
            let notice = dom.select(&selector("main > h1 + .notice")).next().unwrap_or_else(|| panic!("{name}"));
            let warning = notice.attr("class").unwrap().contains("warning");
            assert_eq!(warning, failed.contains(&done.slug()), "{name}");
            assert_eq!(notice.attr("role"), Some(if warning { "alert" } else { "status" }), "{name}");
        }
    }
    says(&all, "backup-codes-enrolled", &["“Téléphone d’Alice” is set up"], &["« Téléphone d’Alice » est installé"]);
}

#[test]
fn b67_b68_everything_about_enrolling_is_on_one_page() {
    let all = rendered();
    says(
        &all,
        "enrol",
        &[
            "Install an authenticator app",
            "scan this picture",
            "Open in the app",
            "JBSW Y3DP EHPK 3PXP",
            "time-based (TOTP), 6 digits, 30 seconds",
            "Name this device",
            "Type the code that the app shows",
            "Whoever has this picture or key can make your codes",
            "good until 11:11",
        ],
        &["scannez cette image", "basé sur l’heure (TOTP), 6 chiffres, 30 secondes", "Ouvrir dans l’application"],
    );
    says(&all, "enrol-changed-meanwhile", &["in another tab"], &["dans un autre onglet"]);
    says(&all, "enrol-clock-behind", &["about 5 minutes slow"], &["retarde d’environ 5 minutes"]);
}

#[test]
fn b72_b73_backup_codes_are_shown_and_what_is_lost_is_said() {
    let all = rendered();
    says(
        &all,
        "backup-codes-renewed",
        &["Each works once", "shown this once", "made on Sunday 22 November 2026 at 10:43", "0A2B-3C4D-5E6F-7G8U"],
        &["qu’une fois"],
    );
    let dom = Html::parse_document(of(&all, "en backup-codes-enrolled"));
    assert_eq!(dom.select(&selector("ol.codes li code")).count(), 10);
    assert_eq!(dom.select(&selector("form[action$='/codes/download'] input[name=sealed]")).count(), 1);
    says(
        &all,
        "turn-off-confirm",
        &[
            "the password alone is enough",
            "Téléphone d’Alice, <i>tablet</i>",
            "The 8 backup codes you haven’t used stop working",
            "Remembered browsers are forgotten",
        ],
        &["le mot de passe seul suffit", "Les 8 codes de secours"],
    );
    says(
        &all,
        "turn-off-confirm-device",
        &["Your other devices and your backup codes go on"],
        &["Vos autres appareils"],
    );
}

#[test]
fn b21_b28_after_it_wasnt_me_the_page_says_what_to_do_next() {
    let all = rendered();
    says(
        &all,
        "not-me",
        &[
            "Nothing has been done yet: opening this page changes nothing",
            "Login confirmed with an e-mailed code",
            "203.0.113.7",
            "Firefox on Windows",
            "Sunday 22 November 2026 at 09:20",
            "ends every session",
        ],
        &["Rien n’a encore été fait", "ferme toutes les sessions"],
    );
    says(
        &all,
        "not-me-done",
        &[
            "2 sessions of alice@example.test were ended",
            "up-to-date antivirus",
            "Check that nobody else can read your mailbox",
            "Change your password",
            "orders and payments you didn’t make",
            "contact details are unchanged",
            "contact support",
        ],
        &["2 sessions du compte", "antivirus à jour", "commandes", "coordonnées"],
    );
    says(&all, "not-me-done-before", &["was used on 20 November at 10:43"], &["déjà servi le 20 novembre à 10:43"]);
    says(&all, "not-me-unknown", &["work for 7 days"], &["pendant 7 jours"]);
}
