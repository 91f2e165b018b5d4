//! What a report says of each mistake.

use super::*;

/// The one mistake of the least configuration with these lines in this section.
fn one(section: &str, lines: &str) -> (String, String) {
    let text = with(section, lines);
    let report = match load(&text) {
        Err(report) => report,
        Ok(_) => panic!("[{section}] {lines} was taken"),
    };
    let [mistake] = report.mistakes() else { panic!("not one mistake for [{section}] {lines}:\n{report}") };
    // Its place is that of the key's value, or its header's.
    let line = text.lines().nth(mistake.place.line - 1).unwrap();
    let rest: String = line.chars().skip(mistake.place.column - 1).collect();
    assert!(!rest.is_empty(), "{mistake}");
    (mistake.key.clone(), mistake.to_string())
}

#[test]
fn the_least_is_enough() {
    let (checked, warnings) = load(LEAST).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(warnings, []);
    assert_eq!(checked.challenge, crate::challenge::ChallengePolicy::default());
    assert_eq!(checked.store.path.file_name().unwrap(), "poterne.db");
    assert_eq!(checked.listen.prefix, "/_poterne");
}

/// What mails lead to is never anybody's to choose but the operator's.
#[test]
fn links_lead_to_the_first_host_unless_it_is_said() {
    let url = |text: &str| load(text).unwrap_or_else(|report| panic!("{report}")).0.pages.url;
    assert_eq!(url(LEAST), "https://panel.example.net");
    for (hosts, expected) in [
        ("[\"127.0.0.1\"]", "http://127.0.0.1:8443"),
        ("[\"localhost\", \"panel.example.net\"]", "http://localhost:8443"),
        ("[\"[::1]\"]", "http://[::1]:8443"),
    ] {
        assert_eq!(url(&LEAST.replace("[\"panel.example.net\"]", hosts)), expected);
    }
    let local = LEAST
        .replace("[\"panel.example.net\"]", "[\"127.0.0.1\"]\ntrusted_proxies = [\"127.0.0.1\"]")
        .replace("trusted_proxies", "client_address = \"x-forwarded-for\"\ntrusted_proxies");
    assert_eq!(url(&local), "https://127.0.0.1", "a proxy in front speaks HTTPS");
    for (written, expected) in [
        ("https://panel.example.net/", "https://panel.example.net"),
        ("http://PANEL.example.net:8080", "http://panel.example.net:8080"),
    ] {
        assert_eq!(url(&with("pages", &format!("url = \"{written}\""))), expected);
    }
}

#[test]
fn remembering_browsers_is_off_and_lasts_a_month() {
    let factors = |text: &str| load(text).unwrap_or_else(|report| panic!("{report}")).0.totp.factors;
    assert_eq!(factors(LEAST), crate::flow::ports::account::FactorPolicy::default());
    let month = std::time::Duration::from_hours(30 * 24);
    assert_eq!(factors(&with("totp", "remember = true")).remember_for, Some(month));
    assert_eq!(factors(&with("totp", "remember_for = \"7d\"")).remember_for, None);
}

#[test]
fn each_mistake_names_its_key_and_what_was_expected() {
    for (section, lines, key, said) in [
        // Unknown keys and words, with the nearest known name.
        ("listen", "adresses = []", "listen.adresses", "did you mean addresses?"),
        ("challenge", "digit = 6", "challenge.digit", "did you mean digits?"),
        ("challange", "digits = 6", "challange", "did you mean challenge?"),
        ("log", "format = \"jason\"", "log.format", "did you mean \"json\"?"),
        ("panel", "profile = \"dokuwki\"", "panel.profile", "did you mean \"dokuwiki\"?"),
        ("panel", "profile = \"roundcube\"", "panel.profile", "./roundcube.toml"),
        ("pages", "languages = [\"fr\", \"de\"]", "pages.languages[1]", "one of \"fr\", \"en\""),
        // Wrong types.
        ("challenge", "digits = \"six\"", "challenge.digits", "found:    \"six\""),
        ("challenge", "digits = 6.5", "challenge.digits", "a number with a decimal point"),
        ("challenge", "digits = 99999999999999999999", "challenge.digits", "expected: a whole number from 6 to 10"),
        ("challenge", "ttl = 600", "challenge.ttl", "a duration like \"10m\""),
        ("log", "addresses = \"no\"", "log.addresses", "true or false"),
        ("pages", "brand = \"a\\u202eb\"", "pages.brand", "one direction"),
        ("listen", "hosts = \"panel.example.net\"", "listen.hosts", "a list of host names"),
        ("listen", "network_prefix = 24", "listen.network_prefix", "a table"),
        ("panel", "doors = [\"login\"]", "panel.doors[0]", "a table"),
        // Bad values.
        ("totp", "remember = true\nremember_for = \"10m\"", "totp.remember_for", "from 1h to 365d"),
        ("totp", "issuer = \"a: b\"", "totp.issuer", "without colons"),
        ("totp", "enabeld = true", "totp.enabeld", "did you mean enabled?"),
        ("pages", "url = \"https://elsewhere.example/\"", "pages.url", "one of listen.hosts"),
        ("pages", "url = \"https://panel.example.net/panel\"", "pages.url", "https://panel.example.net"),
        ("pages", "url = \"panel.example.net\"", "pages.url", "where visitors reach the panel"),
        ("challenge", "digits = 4", "challenge.digits", "from 6 to 10"),
        ("challenge", "ttl = \"2h\"", "challenge.ttl", "from 1m to 30m"),
        ("challenge", "block = \"soon\"", "challenge.block", "\"soon\""),
        ("listen", "max_header = \"64 KB\"", "listen.max_header", "KiB"),
        ("listen", "trusted_proxies = [\"10.0.0.1/8\"]", "listen.trusted_proxies[0]", "\"10.0.0.0/8\""),
        ("listen", "trusted_proxies = [\"0.0.0.0/0\"]", "listen.trusted_proxies[0]", "trust everybody"),
        ("listen", "addresses = [\"localhost:80\"]", "listen.addresses[0]", "127.0.0.1"),
        ("listen", "addresses = []", "listen.addresses", "a list of addresses"),
        ("listen", "hosts = [\"https://panel.example.net/\"]", "listen.hosts[0]", "write \"panel.example.net\""),
        ("listen", "hosts = [\"panel.example.net:443\"]", "listen.hosts[0]", "write \"panel.example.net\""),
        ("listen", "network_prefix = { v4 = 33 }", "listen.network_prefix.v4", "from 8 to 32"),
        ("listen", "prefix = \"_poterne\"", "listen.prefix", "\"_poterne\""),
        ("listen", "prefix = \"/\"", "listen.prefix", "a path like"),
        ("listen", "threads = 0", "listen.threads", "\"auto\""),
        ("panel", "upstream = \"127.0.0.1:8080\"", "panel.upstream", "http://127.0.0.1:8080"),
        ("panel", "upstream = \"http://127.0.0.1:8080/panel\"", "panel.upstream", "their own path"),
        ("panel", "upstream = \"http://u:p@127.0.0.1\"", "panel.upstream", "a login in it"),
        ("panel", "host = \"a b\"", "panel.host", "\"keep\""),
        ("panel", "landing = \"//evil.example\"", "panel.landing", "a canonical path"),
        ("panel", "landing = \"/_poterne/account\"", "panel.landing", "the gate's own pages"),
        ("panel", "login_page = \"/x/{target}\"", "panel.login_page", "in the query"),
        ("panel", "session_keys = [5]", "panel.session_keys[0]", "a string"),
        ("panel", "credential_headers = [\"cookie\"]", "panel.credential_headers[0]", "without this one"),
        ("panel", "scripts = [\"php\"]", "panel.scripts[0]", "with its dot"),
        ("panel.cookies", "session = [\"a;b\"]", "panel.cookies.session[0]", "a cookie's name"),
        ("panel.cookies", "session = [\"*\"]", "panel.cookies.session[0]", "a cookie's name"),
        ("panel.cookies", "session = [\"__Host-*\"]", "panel.cookies.session[0]", "the gate's own cookie"),
        ("panel.probe", "account = '(?<name>x)'", "panel.probe.account", "a group called account"),
        ("panel.probe", "account = '(?<account>x'", "panel.probe.account", "unclosed group"),
        ("panel.probe", "inside = []", "panel.probe.inside", "at least one entry"),
        ("panel.probe", "inside = [{ status = 200 }]", "panel.probe.inside", "the status alone"),
        ("accounts", "source = \"file\"\npath = \"accounts.txt\"", "accounts.path", ".csv or .toml"),
        ("accounts", "source = \"file\"\npath = \"missing.csv\"", "accounts.path", "No such file"),
        ("mail", "from = \"nobody\"", "mail.from", "a sender like"),
        ("mail", "from = \"A <alicé@example.net>\"", "mail.from", "a sender like"),
        ("mail", "own_domains = [\"local\"]", "mail.own_domains[0]", "a mail domain"),
        ("mail", "path = \"missing/mails\"", "mail.path", "a folder that exists"),
        ("mail", "path = \"accounts.csv\"", "mail.path", "a file"),
        ("pages", "support = \"example.net\"", "pages.support", "https://"),
        ("pages", "support = \"javascript:alert(1)\"", "pages.support", "https://"),
        ("pages", "brand = \"a\\nb\"", "pages.brand", "control characters"),
        ("pages", "directory = \"missing\"", "pages.directory", "a folder"),
        ("pages", "timezone = \"Paris\"", "pages.timezone", "\"Europe/Paris\""),
        ("store", "path = \"missing/poterne.db\"", "store.path", "a folder that exists"),
        ("store", "key = { file = \"poterne.db\" }", "store.key", "a file of its own"),
        // What comes later is named so.
        ("listen", "tls = { certificate = \"a\", key = \"b\" }", "listen.tls", "terminate TLS in front"),
        ("listen", "client_address = \"proxy-protocol\"", "listen.client_address", "comes in a later version"),
        ("panel", "mode = \"observe\"", "panel.mode", "comes in a later version"),
        ("panel", "upstream = \"https://127.0.0.1\"", "panel.upstream", "comes in a later version"),
        ("accounts", "source = \"sql\"", "accounts.source", "comes in a later version"),
        ("store", "url = \"postgres://\"", "store.url", "it comes in a later version"),
        ("store", "key = { env = \"KEY\" }", "store.key.env", "the key lives in a file"),
        ("known_networks", "unused_for = \"180d\"", "known_networks.unused_for", "it comes in a later version"),
        // Settings that contradict one another.
        ("listen", "client_address = \"forwarded\"", "listen.client_address", "nobody's word"),
        ("challenge", "ttl = \"20m\"\npending_ttl = \"10m\"", "challenge.ttl", "at most pending_ttl, 10m"),
        ("challenge", "resend_after = \"10m\"", "challenge.resend_after", "shorter than ttl"),
        ("challenge", "tries = 10\nwrong_per_account = { max = 5 }", "challenge.wrong_per_account", "at least tries"),
        ("session", "idle = \"2d\"", "session.idle", "at most session.max, 1d"),
        ("accounts", "path = \"accounts.csv\"", "accounts.path", "it belongs to source = \"file\""),
        ("mail", "url = \"smtp://mail.example.net\"", "mail.url", "it belongs to transport = \"smtp\""),
        ("panel", "serves_mail = true", "mail", "own_domains"),
        ("admin", "metrics = \"127.0.0.1:8443\"", "admin.metrics", "an address of its own"),
        ("panel", "upstream = \"http://127.0.0.1:8443\"", "panel.upstream", "the gate itself"),
        // Rules of profiles.
        ("panel", "login_page = \"/login.php\"", "panel.login_page", "listed under public"),
        ("panel", "public = [\"/doku.php\", \"/lib/*.php\"]", "panel.public[1]", "named one by one"),
        ("panel", "public = [\"/doku.php\", \"/doku.php/**\"]", "panel.public[1]", "named one by one"),
        ("panel", "public = [\"/doku.php\", \"/**\"]", "panel.public[1]", "the whole panel"),
        ("panel", "public = [\"/doku.php\", \"/_poterne/x\"]", "panel.public[1]", "the gate's own pages"),
        ("panel", "public = [\"/doku.php\", \"/a/../b\"]", "panel.public[1]", "a canonical path"),
        ("panel", "public = [\"/doku.php\", \"/lib/exe/xmlrpc.php\"]", "panel.public", "a closed door"),
        ("panel.cookies", "other = [\"DW*\"]", "panel.cookies.other[0]", "which meets \"DW*\" of login"),
        ("panel.cookies", "other = [\"DokuWiki\"]", "panel.cookies.other[0]", "which meets \"DokuWiki\" of session"),
        ("panel.cookies", "session = [\"DW*\"]", "panel.cookies.session[0]", "under login as well"),
    ] {
        let (found, text) = one(section, lines);
        assert_eq!(found, key, "{text}");
        assert!(text.contains(said), "{lines}: no {said:?} in\n{text}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let report = load("").unwrap_err();
    let expected = [
        "listen.addresses",
        "listen.hosts",
        "panel.upstream",
        "panel.login_page",
        "panel.doors",
        "panel.cookies",
        "accounts.source",
        "mail.from",
        "mail.transport",
        "pages.brand",
        "pages.support",
    ];
    let found: Vec<_> = report.mistakes().iter().map(|mistake| mistake.key.as_str()).collect();
    assert_eq!(found, expected, "{report}");
}

#[test]
fn every_mistake_is_in_one_report_in_the_order_of_its_lines() {
    let report = load(
        r#"[listen]
addresses = ["0.0.0.0:80", 5]
host = ["panel.example.net"]
[panel]
upstream = "ftp://panel"
profile = "dokuwiki"
[[panel.doors]]
kind = "logn"
path = "/a//b"
query = { do = 5 }
accepted = [{}, { status = 99, body = "(" }]
[accounts]
source = "file"
[mail]
transport = "smtp"
url = "imap://mail.example.net"
"#,
    )
    .unwrap_err();
    assert_eq!(
        keys(&report),
        [
            // Missing with their whole section: the file's own beginning.
            "1:1 pages.brand",
            "1:1 pages.support",
            "1:2 listen.hosts",
            "2:28 listen.addresses[1]",
            "3:1 listen.host",
            "5:12 panel.upstream",
            "8:8 panel.doors[0].kind",
            "9:8 panel.doors[0].path",
            "10:16 panel.doors[0].query.do",
            "11:13 panel.doors[0].accepted[0]",
            "11:28 panel.doors[0].accepted[1].status",
            "11:39 panel.doors[0].accepted[1].body",
            "12:2 accounts.path",
            "14:2 mail.from",
            "16:7 mail.url",
        ],
        "{report}"
    );
}

#[test]
fn it_reads_like_a_compilers_message() {
    let report = load(&with("challenge", "digit = 6")).unwrap_err();
    assert_eq!(
        report.to_string(),
        "poterne.toml:17:1: error in challenge.digit\n    \
         expected: a setting of [challenge]: block, digits, mails_per_account, mails_per_network, pending_ttl, \
         resend_after, support_after, tries, ttl, wrong_per_account\n    \
         found:    the unknown key \"digit\"\n    \
         hint:     did you mean digits?\n\n1 mistake; nothing was started"
    );
}

#[test]
fn columns_are_characters() {
    let report = load(&with("pages", "brand = \"é\", 5")).unwrap_err();
    assert_eq!(keys(&report).len(), 1, "{report}");
    let report = load(&with("listen", "hosts = [\"é.example\", 5]")).unwrap_err();
    assert_eq!(keys(&report), ["3:23 listen.hosts[1]"], "{report}");
}

#[test]
fn syntax_errors_are_all_listed_and_hide_no_more_than_they_must() {
    let text = LEAST.replace("brand = \"Panel\"", "brand = Panel") + "[log]\nformat = \"jsn\"\nlevel =\n";
    let report = load(&text).unwrap_err();
    let lines: Vec<_> = report.mistakes().iter().map(|m| (m.place.line, m.key.as_str())).collect();
    assert_eq!(lines, [(14, ""), (17, "log.format"), (18, "")], "{report}");

    // After a broken header, keys would be called unknown in a table that isn't theirs.
    let report = load(&LEAST.replace("[mail]", "[mail")).unwrap_err();
    assert!(report.mistakes().iter().all(|mistake| mistake.key.is_empty()), "{report}");

    let report = load(&LEAST.replace("[mail]", "[listen]")).unwrap_err();
    assert!(report.to_string().contains("duplicate key"), "{report}");
}

#[test]
fn files_that_cannot_be_read_are_reported() {
    let report = super::super::load(Path::new("/nonexistent/poterne.toml")).unwrap_err();
    assert!(report.to_string().contains("/nonexistent/poterne.toml:1:1: error"), "{report}");
    assert!(report.to_string().contains("No such file"), "{report}");
    let (key, text) = one("panel", "profile = \"./missing.toml\"");
    assert!(key == "panel.profile" && text.contains("No such file"), "{text}");
}

const SMTP: &str = "transport = \"smtp\"\nurl = \"smtp+starttls://mail.example.net\"\nusername = \"me\"\n";

/// The least with a mail server instead of a folder.
fn smtp(lines: &str) -> String {
    with("mail", &format!("{SMTP}{lines}")).replace("path = \"mails\"\n", "")
}

#[test]
fn secrets_come_from_three_places() {
    use secrecy::ExposeSecret;
    for (lines, expected) in [
        ("password = \"hunter2-inline\"", "hunter2-inline"),
        ("password = { file = \"smtp.password\" }", "hunter2-from-a-file"),
        ("password = { env = \"SMTP_PASSWORD\" }", "hunter2-from-the-environment"),
    ] {
        let (checked, _) = load(&smtp(lines)).unwrap_or_else(|report| panic!("{report}"));
        let crate::mail::Transport::Smtp(smtp) = &checked.mail.transport else { panic!("not SMTP") };
        let (server, password) = (smtp.access.server(), smtp.access.password().unwrap());
        assert_eq!((server.user(), password.expose_secret()), (Some("me"), expected));
        assert_eq!((server.host(), server.port()), ("mail.example.net", 587));
        assert!(!format!("{checked:?}").contains("hunter2"), "secrets don't print");
    }
    for (lines, said) in [
        ("password = { file = \"missing\" }", "No such file"),
        ("password = { env = \"MISSING\" }", "MISSING: it isn't set"),
        ("password = { file = \"smtp.password\", env = \"SMTP_PASSWORD\" }", "exactly one"),
        ("password = {}", "exactly one"),
        ("password = { fil = \"smtp.password\" }", "did you mean file?"),
        ("password = 5", "found:    a number"),
        ("password = \"\"", "it's empty"),
        ("", "but no password"),
    ] {
        let report = load(&smtp(lines)).unwrap_err();
        assert!(report.to_string().contains(said), "{lines}: {report}");
    }
}

#[test]
fn no_report_repeats_a_secret() {
    for lines in [
        "password = [\"hunter2\"]",
        "password = \"hunter2\\n\"",
        "pasword = \"hunter2\"",
        "password = \"hunter2",
        "password = { file = \"smtp.password\" }\nurl = \"smtps://me:hunter2@mail.example.net\"",
        "password = { file = \"smtp.password\" }\nurl = \"imaps://me:hunter2@mail.example.net\"",
        "password = { file = \"smtp.password\" }\nurl = \"hunter2 is no url\"",
        "password = hunter2",
    ] {
        let text = smtp(lines);
        let report = load(&text).unwrap_err();
        assert!(!report.to_string().contains("hunter2"), "{lines}: {report}");
        assert!(!format!("{report:?}").contains("hunter2"), "{lines}");
    }
}

#[test]
fn what_works_but_may_hurt_is_a_warning() {
    for (section, lines, key, said) in [
        ("listen", "addresses = [\"0.0.0.0:80\"]", "listen.addresses", "plain HTTP from other machines"),
        ("listen", "trusted_proxies = [\"10.0.0.0/8\"]", "listen.trusted_proxies", "counts as the proxy"),
        ("pages", "support = \"https://panel.example.net/help\"", "pages.support", "can't reach help"),
        ("admin", "metrics = \"0.0.0.0:9464\"", "admin.metrics", "can read the gate's numbers"),
    ] {
        let (_, warnings) = load(&with(section, lines)).unwrap_or_else(|report| panic!("{report}"));
        let [warning] = &warnings[..] else { panic!("not one warning for {lines}: {warnings:?}") };
        assert_eq!(warning.key, key);
        assert!(warning.to_string().contains(said), "{warning}");
    }
    let own = with("pages", "support = \"mailto:help@example.net\"")
        .replace("[pages]", "own_domains = [\"Example.NET\"]\n[pages]");
    assert_eq!(load(&own).unwrap().1[0].key, "pages.support");
    let plain = smtp("").replace("smtp+starttls", "smtp").replace("username = \"me\"\n", "");
    assert!(load(&plain).unwrap().1[0].text.contains("readable"));
    let plain = smtp("password = \"x\"").replace("smtp+starttls", "smtp");
    assert!(load(&plain).unwrap_err().to_string().contains("would send the password unencrypted"));
}

#[test]
fn a_secret_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let open = |name: &str, mode| {
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let config = folder.path().join("poterne.toml");
    std::fs::write(&config, smtp("password = { file = \"smtp.password\" }")).unwrap();
    open("smtp.password", 0o644);
    open("poterne.toml", 0o644);
    let (_, warnings) = super::super::load(&config).unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].key == "mail.password" && warnings[0].text.contains("chmod 600"));
    open("smtp.password", 0o640);
    assert_eq!(super::super::load(&config).unwrap().1, []);
    // With the secret in it, the configuration itself is meant.
    std::fs::write(&config, smtp("password = \"hunter2\"")).unwrap();
    let (_, warnings) = super::super::load(&config).unwrap();
    assert!(warnings[0].text.contains("poterne.toml can be read by other users"), "{warnings:?}");
    open("poterne.toml", 0o600);
    assert_eq!(super::super::load(&config).unwrap().1, []);
    std::fs::write(folder.path().join("poterne.key"), "x").unwrap();
    open("poterne.key", 0o604);
    assert_eq!(super::super::load(&config).unwrap().1[0].key, "store.key.file");
}
