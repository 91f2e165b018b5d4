use proptest::prelude::*;

use super::AmbiguousTarget as Refused;
use super::*;
use crate::gate::doors::door_path_matches;

/// What becomes of a target, for a panel with a door at `/wp-login.php`.
#[derive(Debug, PartialEq)]
enum Judged {
    Door,
    Elsewhere,
    Refused(AmbiguousTarget),
}

fn judge(door: &str, raw: &[u8]) -> Judged {
    match Target::parse(raw) {
        Err(refused) => Judged::Refused(refused),
        Ok(target) if door_path_matches(door, target.path()) => Judged::Door,
        Ok(_) => Judged::Elsewhere,
    }
}

#[test]
fn r9_every_spelling_of_a_door_is_that_door_or_a_refusal() {
    use Judged::{Door, Refused as No};
    let table: &[(&str, Judged)] = &[
        // What the three common PHP servers run as the script (DESIGN R9).
        ("/login.php", Door),
        ("//login.php", No(Refused::EmptySegment)),
        ("/login.php/", Door),
        ("/login.php//", No(Refused::EmptySegment)),
        ("/login.php/x.css", Door),
        ("/login.php/a/b/c.js", Door),
        ("/./login.php", No(Refused::DotSegment)),
        ("/a/../login.php", No(Refused::DotSegment)),
        ("/%6cogin.php", Door),
        ("/login%2ephp", Door),
        ("/login%2Ephp", Door),
        ("/%6C%6F%67%69%6E%2E%70%68%70", Door),
        ("/login.php%2fx", No(Refused::EncodedSlash)),
        ("/%2flogin.php", No(Refused::EncodedSlash)),
        ("/pub/..%2flogin.php", No(Refused::EncodedSlash)),
        ("/pub/..%2Flogin.php", No(Refused::EncodedSlash)),
        // panels/wordpress/variants.txt, with this door's name.
        ("/x/../login.php", No(Refused::DotSegment)),
        ("/LOGIN.PHP", Door),
        ("/login.php?action=lostpassword", Door),
        ("/login.php?x=/assets/a.css", Door),
        ("/admin/../login.php", No(Refused::DotSegment)),
        ("/login.php;a=b", No(Refused::Parameters)),
        // Encoded dots, in every mixture.
        ("/%2e/login.php", No(Refused::DotSegment)),
        ("/a/%2e%2e/login.php", No(Refused::DotSegment)),
        ("/a/.%2e/login.php", No(Refused::DotSegment)),
        ("/a/%2e./login.php", No(Refused::DotSegment)),
        ("/a/..;x/login.php", No(Refused::Parameters)),
        ("/a/..%3bx/login.php", No(Refused::Parameters)),
        ("/a/..", No(Refused::DotSegment)),
        ("/.", No(Refused::DotSegment)),
        ("/a/...", No(Refused::DotSegment)),
        ("/a/.%20./login.php", No(Refused::DotSegment)),
        ("/%20/login.php", No(Refused::DotSegment)),
        // Encoded twice.
        ("/%256cogin.php", No(Refused::DoubleEncoding)),
        ("/a/%252e%252e/login.php", No(Refused::DoubleEncoding)),
        ("/%25%36%63ogin.php", No(Refused::DoubleEncoding)),
        ("/%25u006cogin.php", No(Refused::DoubleEncoding)),
        // Not UTF-8: overlong slash and dot, lone bytes, surrogates.
        ("/pub/..%c0%aflogin.php", No(Refused::Utf8)),
        ("/pub/%c0%ae%c0%ae/login.php", No(Refused::Utf8)),
        ("/%e0%80%aflogin.php", No(Refused::Utf8)),
        ("/caf%e9", No(Refused::Utf8)),
        ("/%ed%a0%80", No(Refused::Utf8)),
        // Controls, NUL, line ends.
        ("/login.php%00.css", No(Refused::Control)),
        ("/login.php%0d%0a", No(Refused::Control)),
        ("/login.php%7f", No(Refused::Control)),
        ("/login.php%c2%85", No(Refused::Control)),
        // What isn't percent-encoding.
        ("/login%2", No(Refused::Percent)),
        ("/login%", No(Refused::Percent)),
        ("/%u006cogin.php", No(Refused::Percent)),
        ("/%zzlogin.php", No(Refused::Percent)),
        ("/%+6login.php", No(Refused::Percent)),
        // Windows.
        ("/a\\..\\login.php", No(Refused::Backslash)),
        ("/a%5c..%5clogin.php", No(Refused::Backslash)),
        ("/login.php.", Door),
        ("/login.php%20", Door),
        ("/login.php.%20.", Door),
        ("/login.php::$DATA", Door),
        // Look-alikes.
        ("/a%ef%bc%8flogin.php", No(Refused::Lookalike)),
        ("/%ef%bc%8e%ef%bc%8e/login.php", No(Refused::Lookalike)),
        ("/a/%e2%80%a5/login.php", No(Refused::Lookalike)),
        ("/a%ef%bc%bclogin.php", No(Refused::Lookalike)),
        ("/%ef%bc%85%36cogin.php", No(Refused::Lookalike)),
        ("/a%ef%bc%9bx", No(Refused::Lookalike)),
        ("/%ef%bd%8cogin.php", Door),
        ("/login%ef%bc%8ephp", Door),
        // Apache before 2.4.60 with PHP-FPM.
        ("/login.php%3fx.css", No(Refused::QuestionMark)),
        // MultiViews, try_files.
        ("/login", Door),
        ("/login/x", Door),
        // No target at all.
        ("", No(Refused::NotOrigin)),
        ("*", No(Refused::NotOrigin)),
        ("login.php", No(Refused::NotOrigin)),
        ("@b/login.php", No(Refused::NotOrigin)),
        ("http://panel/login.php", No(Refused::NotOrigin)),
        ("panel:443", No(Refused::NotOrigin)),
        (" /login.php", No(Refused::NotOrigin)),
        ("?a", No(Refused::NotOrigin)),
        ("/login.php ", No(Refused::Byte)),
        ("/login.php\t", No(Refused::Byte)),
        ("/login.php\0", No(Refused::Byte)),
        ("/login.php#x", No(Refused::Byte)),
        ("/x?y#/login.php", No(Refused::Byte)),
        ("/ｌogin.php", No(Refused::Byte)),
        ("/login.php?a=\"", No(Refused::Byte)),
        ("/<login.php>", No(Refused::Byte)),
        ("///", No(Refused::EmptySegment)),
    ];
    for (raw, expected) in table {
        assert_eq!(&judge("/login.php", raw.as_bytes()), expected, "{raw}");
    }
}

#[test]
fn other_paths_are_not_the_door() {
    for raw in
        ["/", "/index.php", "/login.phps", "/xlogin.php", "/a/login.php", "/login.html", "/loginx", "/?/login.php"]
    {
        assert_eq!(judge("/login.php", raw.as_bytes()), Judged::Elsewhere, "{raw}");
    }
}

#[test]
fn a_door_is_matched_with_its_folder_its_formats_and_its_slash() {
    let table = [
        ("/login/index.php", "/login/", true),
        ("/login/index.php", "/login", true),
        ("/login/index.php", "/", false),
        ("/login/index.php", "/login/other.php", false),
        ("/index.php", "/", true),
        ("/index.php", "/index", true),
        ("/index.php", "/x", false),
        ("/admin/login/", "/admin/login", true),
        ("/admin/login", "/admin/login/", true),
        ("/admin/login/", "/Admin/Login", true),
        ("/admin/login/", "/admin/login/x", false),
        ("/admin/login/", "/admin", false),
        ("/login", "/login.json", true),
        ("/login", "/login.json/x", false),
        ("/login", "/logins", false),
        ("/", "/", true),
        ("/", "/x", false),
        ("/api.v1/login", "/api.v1/login", true),
        ("/api.v1/login", "/api.v1/login/x", false),
        ("/api.v1/login", "/api.v1", false),
        ("/wiki/Special:UserLogin", "/wiki/special:userlogin", true),
        ("/wiki/Special:UserLogin", "/wiki/Special:Search", false),
        ("/été.php", "/ÉTÉ.php/x", true),
    ];
    for (door, path, expected) in table {
        assert_eq!(door_path_matches(door, path), expected, "{door} {path}");
    }
}

#[test]
fn what_browsers_send_is_read_as_it_is() {
    let table = [
        ("/", "/", None),
        ("/?", "/", Some("")),
        ("/a/b/", "/a/b/", None),
        ("/caf%C3%A9.pdf?x=%zz", "/café.pdf", Some("x=%zz")),
        ("/100%25", "/100%", None),
        ("/50%25%20off", "/50% off", None),
        ("/~alice/a+b,c=d&e:f@g!$'()*|^`{}[]", "/~alice/a+b,c=d&e:f@g!$'()*|^`{}[]", None),
        ("/x?a=b?c/../d;e\\f", "/x", Some("a=b?c/../d;e\\f")),
        ("/.well-known/x", "/.well-known/x", None),
        ("/a..b/..c/d..", "/a..b/..c/d..", None),
        ("/%E2%80%A6suite", "/…suite", None),
    ];
    for (raw, path, query) in table {
        let target = Target::parse(raw.as_bytes()).unwrap_or_else(|refused| panic!("{raw}: {refused}"));
        assert_eq!((target.raw(), target.path(), target.query()), (raw, path, query));
    }
}

#[test]
fn nothing_is_copied_when_nothing_is_encoded() {
    assert!(matches!(Target::parse(b"/a/b?c=%20").unwrap().path, Cow::Borrowed(_)));
    assert!(Target::parse(&b"/a".repeat(MAX_TARGET)).is_err());
}

#[test]
fn the_query_is_not_shown() {
    let shown = format!("{:?}", Target::parse(b"/login?password=hunter2").unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
        let slashed = [b"/".as_slice(), &raw].concat();
        for raw in [raw.as_slice(), &slashed] {
            if let Ok(target) = Target::parse(raw) {
                prop_assert_eq!(target.raw().as_bytes(), raw);
                prop_assert!(target.path().starts_with('/'));
                prop_assert_eq!(target.query_pairs().count() > 1000, false);
                // Reading the canonical path again changes nothing.
                let again = target.path().replace('%', "%25").replace(' ', "%20");
                if let Ok(again) = Target::parse(again.as_bytes()) {
                    prop_assert_eq!(again.path(), target.path());
                }
            }
        }
    }

    /// A path that is passed at a glance is one that a closer look passes, and the same.
    #[test]
    fn r9_the_glance_passes_what_the_closer_look_passes(
        pieces in proptest::collection::vec(prop_oneof![
            6 => proptest::sample::select(vec!["/", "/", "a", ".", "..", ".x", "x.", "?", "%41", "%", ";", "\\", ":", "~", "`"])
                .prop_map(str::to_owned),
            1 => "[!-~]{1,3}",
        ], 0..10)
    ) {
        let raw = format!("/{}", pieces.concat());
        let (path, query) = raw.split_once('?').map_or((raw.as_str(), None), |(path, query)| (path, Some(query)));
        let closer = Target::parse_path(&raw, path, query);
        if is_simple(path) {
            prop_assert!(closer.is_ok(), "{raw}");
        }
        if let Ok(target) = Target::parse(raw.as_bytes()) {
            prop_assert_eq!(Ok(&target), closer.as_ref());
        }
    }

    #[test]
    fn paths_of_hostile_pieces_never_hide_a_dot_segment(
        pieces in proptest::collection::vec(prop_oneof![
            Just("/"), Just("."), Just("%2e"), Just("%2f"), Just("a"), Just("%25"), Just("2e"), Just("%5c"),
            Just(";"), Just("%c0%ae"), Just("%ef%bc%8e"), Just("%ef%bc%8f"), Just("login.php"), Just("%00"), Just("%"),
        ], 0..12)
    ) {
        let raw = format!("/{}", pieces.concat());
        if let Ok(target) = Target::parse(raw.as_bytes()) {
            for segment in target.path().split('/') {
                prop_assert!(segment != "." && segment != "..");
            }
            prop_assert!(!target.path().contains("//") && !target.path().contains('\\'));
        }
    }
}
