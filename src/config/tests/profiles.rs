//! The built-in profiles, held against what the real panels answered; and how an operator's own
//! settings go over a profile.

use crate::gate::PanelProfile;
use crate::login::{AnswerView, Door, DoorKind, KeyRule, Matcher};

use super::super::BUILT_IN;
use super::*;

fn profile(name: &str) -> PanelProfile {
    let (checked, warnings) =
        load(&LEAST.replace("dokuwiki", name)).unwrap_or_else(|report| panic!("{name}:\n{report}"));
    assert_eq!(warnings, [], "{name}");
    checked.panel.profile
}

fn login(profile: &PanelProfile) -> &Door {
    profile.doors.iter().find(|door| door.kind == DoorKind::Login).unwrap()
}

fn holds(matchers: &[Matcher], status: u16, location: Option<&str>, body: &str) -> bool {
    let answer = AnswerView { status, location: location.map(str::as_bytes), body: body.as_bytes() };
    matchers.iter().any(|matcher| matcher.holds(answer))
}

fn captured(pattern: Option<&regex::bytes::Regex>, group: &str, body: &str) -> Option<String> {
    let captures = pattern?.captures(body.as_bytes())?;
    Some(String::from_utf8(captures.name(group)?.as_bytes().to_vec()).unwrap())
}

fn is_public(profile: &PanelProfile, path: &str) -> bool {
    profile.public.iter().any(|public| public.matches(path, &profile.scripts))
}

#[test]
fn every_built_in_profile_can_be_used_as_it_is() {
    for (name, text) in BUILT_IN {
        let profile = profile(name);
        assert!(profile.doors.iter().all(|door| !door.open), "{name}");
        assert!(profile.credential_headers.contains(&http::header::AUTHORIZATION), "{name}");
        assert!(profile.session_keys.contains(&"PHPSESSID".to_owned()), "{name}");
        // Every list and table of the file says why it is so.
        for (index, line) in text.lines().enumerate().filter(|(_, line)| line.starts_with('[')) {
            let explained = index == 0 || text.lines().nth(index - 1).is_some_and(|line| line.starts_with('#'));
            assert!(
                explained || matches!(line, "[panel]" | "[panel.cookies]") || line.contains("doors"),
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn dokuwiki_answers_are_told_apart() {
    let profile = profile("dokuwiki");
    let door = login(&profile);
    assert_eq!(door.query.get("do"), Some(&KeyRule::OneOf(vec![String::new(), "login".to_owned()])));
    assert_eq!(door.fields.get("u"), Some(&KeyRule::Present));
    assert!(holds(&door.accepted, 302, Some("http://127.0.0.1/doku.php?id=start"), ""));
    assert!(holds(&door.refused, 403, None, "Sorry, username or password was wrong."));
    assert!(!holds(&door.refused, 302, None, ""));
    let probe = profile.probe.as_ref().unwrap();
    let page = r#"<li class="user">Logged in as: <bdi>Alice</bdi> (<bdi>alice</bdi>)</li><input name="email" type="email" size="50" class="edit" value="alice@example.test" />"#;
    assert!(holds(&probe.inside, 200, None, page));
    assert!(!holds(&probe.inside, 200, None, r#"<form id="dw__login"><a href="/doku.php?do=logout">"#));
    assert_eq!(captured(probe.account.as_ref(), "account", page).as_deref(), Some("alice"));
    assert_eq!(captured(probe.email.as_ref(), "email", page).as_deref(), Some("alice@example.test"));
    let french = r#"<li class="user">Connecté en tant que : <bdi>bob (x)</bdi> (<bdi>alice</bdi>)</li>"#;
    assert_eq!(captured(probe.account.as_ref(), "account", french).as_deref(), Some("alice"));
    assert!(profile.anywhere);
    for open in ["/doku.php", "/lib/tpl/dokuwiki/images/logo.png", "/lib/exe/js.php", "/"] {
        assert!(is_public(&profile, open), "{open}");
    }
    for shut in [
        "/lib/exe/xmlrpc.php",
        "/lib/exe/ajax.php",
        "/lib/exe/fetch.php",
        "/feed.php",
        "/doku.php/x.css",
        "/lib/tpl/x.php",
        "/conf/users.auth.php",
        "/data/pages/start.txt",
        "/install.php",
        "/lib/tpl/dokuwiki/",
    ] {
        assert!(!is_public(&profile, shut), "{shut}");
    }
    let cookies = &profile.cookies;
    assert!(cookies.login().iter().any(|name| name.matches(b"DW56d105f87b0d8006c5fc0032852b1153")));
    assert!(!cookies.login().iter().any(|name| name.matches(b"DokuWiki")));
    assert!(["u", "p"].iter().all(|field| cookies.never().iter().any(|name| name.as_str() == *field)));
}

#[test]
fn wordpress_answers_are_told_apart() {
    let profile = profile("wordpress");
    let door = login(&profile);
    assert!(holds(&door.accepted, 302, Some("http://127.0.0.1:18001/wp-admin/"), ""));
    assert!(holds(&door.accepted, 200, None, r#"<body class="login interim-login interim-login-success">"#));
    assert!(holds(&door.refused, 200, None, r#"<div id="login_error">	<strong>Error:</strong> The password"#));
    // "Cookies are blocked", sent with valid cookies, is never an acceptance.
    assert!(!holds(&door.accepted, 200, None, r#"<div id="login_error">Cookies are blocked"#));
    assert_eq!(door.query.get("key"), Some(&KeyRule::OneOf(vec![String::new()])));
    let cookies = &profile.cookies;
    let login = |name: &[u8]| cookies.login().iter().any(|pattern| pattern.matches(name));
    let session = |name: &[u8]| cookies.session().iter().any(|pattern| pattern.matches(name));
    for name in ["wordpress_41bd0c", "wordpress_sec_41bd0c", "wordpress_logged_in_41bd0c", "wordpress_rec_41bd0c"] {
        assert!(login(name.as_bytes()) && !session(name.as_bytes()), "{name}");
    }
    // Set for any reset link, valid or not: it must never count as the proof of a login.
    assert!(session(b"wp-resetpass-41bd0c") && !login(b"wp-resetpass-41bd0c"));
    assert!(cookies.other().iter().any(|name| name.is_literal() && name.matches(b"wordpress_test_cookie")));
    let probe = profile.probe.as_ref().unwrap();
    let page = r#"<form id="your-profile" action="/wp-admin/profile.php"><input type="text" name="user_login" id="user_login" value="alice" disabled="disabled" class="regular-text" /><input type="email" name="email" id="email" aria-describedby="email-description" value="alice@example.test" class="regular-text ltr" />"#;
    assert!(holds(&probe.inside, 200, None, page));
    assert!(!holds(&probe.inside, 302, Some("/wp-login.php?redirect_to=x&reauth=1"), ""));
    assert_eq!(captured(probe.account.as_ref(), "account", page).as_deref(), Some("alice"));
    assert_eq!(captured(probe.email.as_ref(), "email", page).as_deref(), Some("alice@example.test"));
    for open in ["/wp-login.php", "/wp-admin/load-styles.php", "/wp-includes/js/zxcvbn.min.js"] {
        assert!(is_public(&profile, open), "{open}");
    }
    for shut in [
        "/",
        "/xmlrpc.php",
        "/wp-admin/",
        "/wp-admin/admin-ajax.php",
        "/wp-json/wp/v2/users",
        "/index.php",
        "/wp-content/uploads/invoice.pdf",
        "/wp-includes/js/x.php",
        "/wp-login.php/x.css",
        "/wp-cron.php",
    ] {
        assert!(!is_public(&profile, shut), "{shut}");
    }
    assert!(profile.doors.iter().any(|door| door.kind == DoorKind::Api && door.path == "/xmlrpc.php"));
}

#[test]
fn cacti_answers_are_told_apart() {
    let profile = profile("cacti");
    let door = login(&profile);
    assert!(holds(&door.accepted, 302, Some("/cacti/index.php"), ""));
    assert!(holds(
        &door.refused,
        200,
        None,
        "<div class='loginErrors'>\n\t\t\t\tAccess Denied! Login failed.\t\t\t</div>"
    ));
    assert!(
        !holds(&door.refused, 200, None, "<div class='loginErrors'>\n\t\t\t\t\t\t\t</div>"),
        "the first page's is empty"
    );
    let probe = profile.probe.as_ref().unwrap();
    let page = "Logged in as <span id='user' class='user usermenuup'>alice</span></div><div><ul class='menuoptions' style='display:none;'><li><a href='#' class='loggedInAs' style='display:none;'>Logged in as alice</a></li>";
    assert!(holds(&probe.inside, 200, None, page));
    assert_eq!(captured(probe.account.as_ref(), "account", page).as_deref(), Some("alice"));
    let guest = "Logged in as <span id='user' class='user usermenuup'>guest</span></div><div><ul class='menuoptions'><li><a href='/cacti/index.php?login=true'>Login as Regular User</a></li>";
    assert!(!holds(&probe.inside, 200, None, guest), "a guest isn't logged in");
    assert!(!holds(&probe.inside, 200, None, "<input type='password' id='login_password'>"));
    assert!(holds(&probe.inside, 302, Some("/cacti/auth_changepassword.php?ref=index.php"), ""));
    assert!(!holds(&probe.inside, 302, Some("/cacti/index.php"), ""), "an old CSRF token");
    assert!(profile.anywhere && profile.logout.is_some());
    for shut in
        ["/cacti/graph_view.php", "/cacti/remote_agent.php", "/cacti/include/config.php", "/cacti/log/cacti.log"]
    {
        assert!(!is_public(&profile, shut), "{shut}");
    }
    assert!(is_public(&profile, "/cacti/include/themes/modern/main.css"));
}

#[test]
fn the_operators_settings_go_over_the_profiles() {
    let text = with("panel", "landing = \"/doku.php?id=home\"\npublic = [\"/doku.php\"]")
        + r#"
[panel.cookies]
other = ["theme"]
[panel.probe]
path = "/doku.php?id=me"
[[panel.doors]]
kind = "api"
path = "/lib/exe/xmlrpc.php"
open = true
[[panel.doors]]
kind = "api"
path = "/own.php"
"#;
    let (checked, _) = load(&text).unwrap_or_else(|report| panic!("{report}"));
    let (own, built_in) = (checked.panel.profile, profile("dokuwiki"));
    assert_eq!(own.landing, "/doku.php?id=home");
    assert_eq!(own.login_page, built_in.login_page, "what the operator doesn't say stays");
    assert_eq!(own.public.len(), 1, "lists are replaced");
    assert_eq!(own.cookies.login(), built_in.cookies.login(), "tables are merged");
    assert_eq!(own.cookies.other()[0].as_str(), "theme");
    let (probe, before) = (own.probe.unwrap(), built_in.probe.unwrap());
    assert_eq!(probe.target, "/doku.php?id=me");
    assert_eq!(probe.account.unwrap().as_str(), before.account.unwrap().as_str());
    let paths: Vec<_> = own.doors.iter().map(|door| (door.kind, door.path.as_str(), door.open)).collect();
    assert_eq!(paths[..2], [(DoorKind::Api, "/lib/exe/xmlrpc.php", true), (DoorKind::Api, "/own.php", false)]);
    assert_eq!(own.doors.len(), built_in.doors.len() + 1, "one door took the place of the profile's");
}

#[test]
fn mistakes_in_a_profiles_file_have_its_place() {
    let folder = folder();
    let write = |text: &str| std::fs::write(folder.path().join("own.toml"), text).unwrap();
    let load = || {
        let text = LEAST.replace("\"dokuwiki\"", "\"own.toml\"");
        load_with(&text, "poterne.toml", folder.path(), None, &environment)
    };
    write(BUILT_IN[0].1);
    assert_eq!(load().unwrap().0.panel.profile.login_page, "/cacti/index.php");
    write(&BUILT_IN[0].1.replace("kind = \"logout\"", "kind = \"exit\""));
    let report = load().unwrap_err();
    let [mistake] = report.mistakes() else { panic!("{report}") };
    assert_eq!((mistake.place.file.as_str(), mistake.key.as_str()), ("own.toml", "panel.doors[2].kind"), "{report}");
    for (text, said) in [
        ("", "a profile with a table [panel]"),
        ("[panel]\nupstream = \"http://127.0.0.1\"", "this belongs in the configuration"),
        ("[panel]\n[mail]\n", "nothing but [panel]"),
        ("[panel\n", "own.toml:1:"),
    ] {
        write(text);
        let report = load().unwrap_err().to_string();
        assert!(report.contains(said), "{text}: {report}");
    }
}

#[test]
fn a_profile_without_evidence_is_refused() {
    let folder = folder();
    let own = r#"[panel]
login_page = "/login.php"
public = ["/login.php"]
[[panel.doors]]
kind = "login"
path = "/login.php"
username = "user"
password = "pass"
accepted = [{ status = 302 }]
refused = [{ status = 200 }]
"#;
    let text = LEAST.replace("\"dokuwiki\"", "\"own.toml\"");
    let load = |own: &str| {
        std::fs::write(folder.path().join("own.toml"), own).unwrap();
        load_with(&text, "poterne.toml", folder.path(), None, &environment)
    };
    let report = load(own).unwrap_err().to_string();
    assert!(report.contains("evidence of a login") && report.contains("by the status alone"), "{report}");
    assert!(load(&format!("{own}[panel.cookies]\nlogin = [\"sid\"]\n")).is_ok());
    assert!(load(&format!("{own}[panel.probe]\npath = \"/me\"\ninside = [{{ body = \"hello\" }}]\n")).is_ok());
    for key in ["username", "password", "accepted", "refused"] {
        let without: String =
            own.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        let report = load(&format!("{without}[panel.cookies]\nlogin = [\"sid\"]\n")).unwrap_err();
        assert_eq!(report.mistakes().len(), 1, "{report}");
        assert_eq!(report.mistakes()[0].key, format!("panel.doors[0].{key}"));
    }
}
