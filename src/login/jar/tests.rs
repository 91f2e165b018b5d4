use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_350_000_000);

fn cookie(header: &str) -> SetCookie {
    SetCookie::parse(header.as_bytes()).unwrap_or_else(|| panic!("{header}"))
}

/// A jar of the cookies sent and the `Set-Cookie`s of an answer to `/login/index.php`.
fn jar(sent: &[(&str, &str)], set: &[&str]) -> Jar {
    let mut jar = Jar::sent(sent.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))).unwrap();
    for header in set {
        jar.receive(cookie(header), "/login/index.php", NOW).unwrap();
    }
    jar
}

fn header(jar: &Jar, path: &str) -> String {
    jar.cookie_header(path).map(|header| String::from_utf8(header).unwrap()).unwrap_or_default()
}

#[test]
fn a_header_is_read_as_browsers_read_it() {
    let parsed = cookie("sid=\"a b\" ; Path=/x; path=/y; DOMAIN=.Example.NET; secure; HttpOnly; Max-Age=5; Future=1");
    assert_eq!((parsed.name(), parsed.value()), (b"sid".as_slice(), b"\"a b\"".as_slice()));
    assert_eq!((parsed.path(), parsed.domain()), (Some(b"/y".as_slice()), Some(b"example.net".as_slice())));
    assert!(parsed.secure() && parsed.http_only() && !parsed.deletes(NOW));
    for header in ["", "sid", "=x", "; path=/", " = x", "sid; x=y", "sid=a\nb", "sid=\0", "sid=\x7f"] {
        assert!(SetCookie::parse(header.as_bytes()).is_none(), "{header:?}");
    }
    assert_eq!(cookie("a=b=c").value(), b"b=c");
    assert_eq!(cookie("a=").value(), b"");
    assert_eq!(cookie("a=;x").value(), b"");
    assert_eq!(cookie("a=x; path=relative").path(), None);
    assert_eq!(cookie("a=x; path=/a; path").path(), None, "the last one counts");
}

#[test]
fn another_value_changes_nothing_else() {
    let table = [
        ("sid=old; path=/; HttpOnly", "sid=new; path=/; HttpOnly"),
        ("sid = old ;Path = /; SameSite=Lax;;x", "sid = new ;Path = /; SameSite=Lax;;x"),
        ("sid=; Partitioned", "sid=new; Partitioned"),
        ("sid=", "sid=new"),
        ("a%3d=\"q\"", "a%3d=new"),
    ];
    for (before, after) in table {
        assert_eq!(cookie(before).with_value(b"new"), after.as_bytes(), "{before}");
    }
}

#[test]
fn deletions_are_seen() {
    let table = [
        ("a=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly", true),
        ("a=%20; expires=Wed, 22-Nov-2025 12:00:00 GMT; path=/", true),
        ("a=x; Max-Age=0", true),
        ("a=x; Max-Age=-99999999999999999999", true),
        ("a=x; Max-Age=99999999999999999999", false),
        ("a=x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT", false),
        ("a=x; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=60", false),
        ("a=x; Max-Age=0; Expires=Fri, 31-Dec-9999 23:59:59 GMT", true),
        ("a=x; Max-Age=0; Max-Age=60", false),
        ("a=x; Max-Age=0; Max-Age=1.5", true),
        ("a=x; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Expires=soon", true),
        ("a=x; Expires=0", false),
        ("a=x", false),
        ("a=", false),
    ];
    for (header, expected) in table {
        assert_eq!(cookie(header).deletes(NOW), expected, "{header}");
    }
}

#[test]
fn r6_only_the_final_jar_says_what_was_gained() {
    let login = |name: &[u8]| name.starts_with(b"DW") || name.starts_with(b"wordpress_logged_in_");
    let gone = "DW5=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly";
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], bool);
    let table: &[Case<'_>] = &[
        (&[], &["DW5=abc; path=/; HttpOnly"], true),
        (&[("DW5", "old")], &["DW5=new; path=/"], true),
        (&[("DW5", "same")], &["DW5=same; path=/"], false),
        (&[("DW5", "old")], &[], false),
        (&[], &[gone], false),
        (&[], &["DW5=abc; path=/", gone], false),
        (&[], &[gone, "DW5=abc; path=/"], true),
        (&[], &["DW5=abc; path=/doku", gone], true),
        (&[], &["DW5=; path=/"], false),
        (&[], &["DW5=\"\"; path=/"], false),
        (&[], &["DokuWiki=abc; path=/"], false),
        (&[], &["wordpress_test_cookie=WP%20Cookie%20check; path=/"], false),
        (&[], &["wordpress_logged_in_41bd=alice%7C1795522176; path=/; HttpOnly"], true),
    ];
    for (sent, set, expected) in table {
        assert_eq!(jar(sent, set).gained(login), *expected, "{set:?}");
    }
}

#[test]
fn the_probe_gets_what_a_browser_would_send() {
    let filled = jar(
        &[("Cacti", "s1"), ("lang", "fr")],
        &["a=1; path=/", "b=2; path=/admin", "c=3", "d=4; path=/login/", "Cacti=s2; path=/", "lang=x; Max-Age=0"],
    );
    let table = [
        ("/", "a=1; Cacti=s2"),
        ("/admin", "b=2; a=1; Cacti=s2"),
        ("/admin/x.php", "b=2; a=1; Cacti=s2"),
        ("/administration", "a=1; Cacti=s2"),
        ("/login", "c=3; a=1; Cacti=s2"),
        ("/login/x", "d=4; c=3; a=1; Cacti=s2"),
    ];
    for (path, expected) in table {
        assert_eq!(header(&filled, path), expected, "{path}");
    }
    assert_eq!(filled.untouched().count(), 0);
    let untouched = jar(&[("Cacti", "s1"), ("x", "\"q;\"")], &[]);
    assert_eq!(header(&untouched, "/cacti/"), "Cacti=s1; x=\"q;\"");
    assert_eq!(untouched.untouched().next(), Some((b"Cacti".as_slice(), b"s1".as_slice())));
    assert_eq!(jar(&[], &[]).cookie_header("/"), None);
}

#[test]
fn cookies_without_a_path_get_the_folder_of_the_request() {
    let table = [("/", "/"), ("/x", "/"), ("/a/b", "/a"), ("/a/b/", "/a/b"), ("", "/"), ("x/y", "/")];
    for (request, expected) in table {
        assert_eq!(default_path(request.as_bytes()), expected.as_bytes(), "{request}");
    }
}

#[test]
fn a_jar_is_bounded() {
    let mut full = Jar::default();
    for index in 0..MAX_COOKIES {
        full.receive(cookie(&format!("c{index}=1")), "/", NOW).unwrap();
    }
    assert_eq!(full.receive(cookie("more=1"), "/", NOW), Err(JarFull));
    assert_eq!(full.receive(cookie("c1=2"), "/", NOW), Ok(()), "a name that is there already");
    let long = format!("a={}", "x".repeat(15_000));
    let mut heavy = Jar::default();
    for path in ["/1", "/2", "/3", "/4"] {
        heavy.receive(cookie(&format!("{long}; path={path}")), "/", NOW).unwrap();
    }
    let before = heavy.clone();
    assert_eq!(heavy.receive(cookie(&format!("{long}; path=/5")), "/", NOW), Err(JarFull));
    assert!(heavy == before);
    assert!(Jar::sent([(b"a".as_slice(), vec![b'x'; MAX_BYTES].as_slice())]).is_err());
    assert!(SetCookie::parse(format!("a={}", "x".repeat(20_000)).as_bytes()).is_none());
}

#[test]
fn a_parked_jar_comes_back_as_it_was() {
    let parked = jar(&[("Cacti", "s1"), ("", "x")], &["a=1; path=/", "b=deleted; Max-Age=0", "c=\u{e9}"]);
    let bytes = parked.serialize();
    let back = Jar::deserialize(&bytes).unwrap();
    assert!(back == parked);
    assert_eq!(back.set_cookies().map(SetCookie::header).collect::<Vec<_>>().len(), 3);
    for cut in 0..bytes.len() {
        assert_eq!(Jar::deserialize(&bytes[..cut]).err(), Some(InvalidParkedJar), "cut at {cut}");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(Jar::deserialize(&longer).is_err());
    let next_version = [[2].as_slice(), &bytes[1..]].concat();
    assert!(Jar::deserialize(&next_version).is_err());
}

#[test]
fn values_are_not_shown() {
    let shown = format!("{:?} {:?}", jar(&[("sid", "s3cret")], &["a=s3cret"]), cookie("a=s3cret; path=/"));
    assert!(shown.contains("sid") && !shown.contains("s3cret"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_are_a_cookie_or_none(header in proptest::collection::vec(any::<u8>(), 0..100), value in "[ -:<-~]{0,9}") {
        if let Some(parsed) = SetCookie::parse(&header) {
            prop_assert_eq!(parsed.header(), &header);
            let changed = SetCookie::parse(&parsed.with_value(value.trim().as_bytes())).unwrap();
            prop_assert_eq!(changed.value(), value.trim().as_bytes());
            prop_assert_eq!((changed.name(), changed.path(), changed.deletes(NOW)), (parsed.name(), parsed.path(), parsed.deletes(NOW)));
        }
    }

    #[test]
    fn any_bytes_are_a_jar_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60), version in any::<bool>()) {
        let bytes = if version { [[1].as_slice(), &bytes].concat() } else { bytes };
        if let Ok(jar) = Jar::deserialize(&bytes) {
            let again = jar.serialize();
            prop_assert_eq!(again.as_slice(), bytes.as_slice());
        }
    }

    #[test]
    fn attributes_of_any_kind_do_no_harm(pieces in proptest::collection::vec(prop_oneof![
        Just("; path=/"), Just("; Path"), Just("; max-age=0"), Just(";Max-Age=-"), Just("; expires=Thu, 01 Jan 1970 00:00:01 GMT"),
        Just(";;"), Just("="), Just("; domain=."), Just("; Expires=99999 99:99:99"), Just(" "), Just("; secure=x"),
    ], 0..8)) {
        let header = format!("a=b{}", pieces.concat());
        let mut jar = Jar::default();
        if let Some(cookie) = SetCookie::parse(header.as_bytes()) {
            jar.receive(cookie, "/x", NOW).unwrap();
            prop_assert!(Jar::deserialize(&jar.serialize()).unwrap() == jar);
        }
    }
}
