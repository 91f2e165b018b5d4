use proptest::prelude::*;

use super::*;
use crate::login::form::{Form, query_pairs};

const MULTIPART: &str = "multipart/form-data; boundary=xyz";

fn scan(query: &str, content_type: &str, chunks: &[&[u8]]) -> ScanState {
    let fields = [("u", "p"), ("login_username", "login_password")];
    let mut scan = CredentialScan::new(fields, query_pairs(query), Some(content_type.as_bytes()));
    for chunk in chunks {
        scan.feed(chunk);
    }
    scan.finish()
}

#[test]
fn r5_credentials_are_found_in_queries_and_forms() {
    use ScanState::{Clean, Found};
    let table = [
        ("u=alice&p=x", "", Found),
        ("u=alice", "p=x", Found),
        ("p=x&a=1", "b=2&u=alice", Found),
        ("", "u=alice&p=x", Found),
        ("", "u&p", Found),
        ("", "a=1&+++u=alice&%70=x", Found),
        ("", "%20%20u%00z=alice&p[]=x", Found),
        ("", "u[=alice&p[x][y]=x", Found),
        ("", "U=alice&P=x", Found),
        ("", "a=1;u=alice;p=x", Found),
        ("", "login_username=alice&login.password=x", Found),
        ("", "login+username=alice&login[password=x", Found),
        ("", "login_username=alice&p=x", Clean),
        ("u=alice", "a=p&b=%26p=x", Clean),
        ("", "u=alice&pp=x&xp=1", Clean),
        ("id=start&do=edit", "wikitext=u=alice%26p=x", Clean),
        ("", "u%=1&p%=2", Clean),
        ("", "%u0075=1", Found),
        ("", "", Clean),
    ];
    for (query, body, expected) in table {
        let form = "application/x-www-form-urlencoded";
        assert_eq!(scan(query, form, &[body.as_bytes()]), expected, "{query} {body}");
        let bytes: Vec<_> = body.as_bytes().chunks(1).collect();
        assert_eq!(scan(query, form, &bytes), expected, "{query} {body}, byte by byte");
    }
}

#[test]
fn r5_credentials_are_found_in_sloppy_multipart() {
    use ScanState::{Clean, Found, Unreadable};
    let part = |disposition: &str| format!("--xyz\r\nContent-Disposition: form-data; {disposition}\r\n\r\nvalue\r\n");
    let user = part("name=\"u\"");
    let table = [
        ("as browsers write it", part("name=\"p\""), Found),
        ("bare", part("name=p"), Found),
        ("single quotes", part("name='p'"), Found),
        ("spaces", part("  name = p ; x"), Found),
        ("upper case", part("NAME=\"p\""), Found),
        ("the last name", part("name=\"x\"; name=\"p\""), Found),
        ("the first name", part("name=\"p\"; name=\"x\""), Found),
        ("escaped", part("name=\"\\\"\\\\p\"; name=\"p"), Found),
        ("leading spaces", part("name=\"  p\""), Found),
        ("an array", part("name=\"p[]\""), Found),
        ("folded", "--xyz\r\nContent-Disposition: form-data;\r\n name=p\r\n\r\nvalue\r\n".to_owned(), Found),
        ("no colon", "--xyz\r\nContent-Disposition: form-data\r\n;name=p\r\n\r\nvalue\r\n".to_owned(), Found),
        ("bare line feeds", "--xyz\nCONTENT-DISPOSITION:name=p\n\nvalue\n".to_owned(), Found),
        ("a preamble", format!("preamble\r\n\r\n{}", part("name=p")), Found),
        ("after the end", format!("--xyz--\r\nepilogue\r\n{}", part("name=p")), Found),
        ("NUL after the boundary", part("name=p").replace("xyz\r", "xyz\0 junk\r"), Found),
        ("NUL ends the header", part("name=p").replace("\r\n\r\n", "\r\n\0x\r\n"), Found),
        ("a boundary in the header", part("name=p\r\nX: --xyz\r\nY: 1"), Found),
        ("a boundary in a line", format!("x{}", part("name=p")), Found),
        ("in a value", part("name=\"x\"").replace("value", "name=\"p\""), Clean),
        ("a file with a form in it", part("name=\"x\"; filename=\"name=p\"").replace("value", "<input name=\"p\">"), {
            Clean
        }),
        ("another header", part("name=\"x\"\r\nX-Name: name=\"p\""), Clean),
        ("longer boundary", part("name=\"p\"").replace("xyz", "xyzz"), Clean),
        ("a long line", part(&format!("x={}; name=p", "y".repeat(6000))), Unreadable),
        ("a long header", format!("--xyz\r\n{}", "X: y\r\n".repeat(5000)), Unreadable),
        ("many boundaries in one header", format!("--xyz\r\n{}", "X: --xyz\r\n".repeat(20)), Unreadable),
    ];
    for (what, other, expected) in table {
        let body = format!("{user}{other}--xyz--\r\n");
        assert_eq!(scan("", MULTIPART, &[body.as_bytes()]), expected, "{what}");
        let pieces: Vec<_> = body.as_bytes().chunks(3).collect();
        assert_eq!(scan("", MULTIPART, &pieces), expected, "{what}, in pieces");
    }
    let cut_off = format!("{user}--xyz\r\nContent-Disposition: form-data; name=p\r\n");
    assert_eq!(scan("", MULTIPART, &[cut_off.as_bytes()]), Found, "PHP takes what came for a whole header");
}

#[test]
fn boundaries_are_read_where_all_agree() {
    let table: &[(&str, Option<&str>)] = &[
        ("multipart/form-data; boundary=xyz", Some("xyz")),
        ("multipart/form-data; boundary=\"x;,y\"; charset=utf-8", Some("x;,y")),
        ("multipart/form-data; charset=utf-8; Boundary====12==", Some("===12==")),
        ("multipart/form-data;boundary=xyz,abc", Some("xyz")),
        ("multipart/form-data; boundary=----WebKitFormBoundaryAb12", Some("----WebKitFormBoundaryAb12")),
        ("multipart/form-data; BOUNDARY=----WebKitFormBoundaryAb12", Some("----WebKitFormBoundaryAb12")),
        ("multipart/form-data; BOUNDARY=boundary=x", None),
        ("multipart/form-data; boundary=a; boundary=b", None),
        ("multipart/form-data; x=\"; boundary=a\"; boundary=b", None),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"xyz", None),
        ("multipart/form-data; boundary = xyz", None),
        ("multipart/form-data; boundary=x y", None),
        ("multipart/form-data; xboundary=a; boundary=b", None),
    ];
    for (header, expected) in table {
        assert_eq!(multipart::boundary(header.as_bytes()), expected.map(str::as_bytes), "{header}");
        let state = if expected.is_some() { ScanState::Clean } else { ScanState::Unreadable };
        assert_eq!(scan("", header, &[]), state, "{header}");
    }
}

#[test]
fn other_bodies_have_nothing_to_find() {
    for content_type in ["application/json", "text/plain", "", "multipart/mixed; boundary=xyz"] {
        assert_eq!(scan("", content_type, &[b"u=alice&p=x"]), ScanState::Clean);
        assert!(!CredentialScan::new([("u", "p")], query_pairs(""), Some(content_type.as_bytes())).reads_body());
        assert_eq!(scan("u=alice&p=x", content_type, &[]), ScanState::Found);
    }
    for content_type in ["Application/x-www-form-URLENCODED, x", " application/x-www-form-urlencoded junk"] {
        assert_eq!(scan("", content_type, &[b"u=alice&p=x"]), ScanState::Found, "PHP reads this one");
    }
}

#[test]
fn cookies_count_where_the_caller_says_so() {
    let mut scan = CredentialScan::new([("u", "p")], query_pairs("u=alice"), None);
    assert_eq!(scan.state(), ScanState::Clean);
    scan.see_name(b"p");
    assert_eq!(scan.state(), ScanState::Found);
}

#[test]
fn memory_is_constant() {
    let mut scan = CredentialScan::new([("u", "p")], query_pairs(""), Some(b"application/x-www-form-urlencoded"));
    for _ in 0..100 {
        scan.feed(&[b'u'; 10_000]);
    }
    let Body::UrlEncoded(stream) = &scan.body else { panic!("another body") };
    assert!(format!("{stream:?}").len() < 10_000);
    assert_eq!(scan.finish(), ScanState::Clean);
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("--xyz"),
        Just("\r\n"),
        Just("\n"),
        Just("Content-Disposition: form-data; "),
        Just("name=\"u\""),
        Just("name=p"),
        Just("; filename=\"f\""),
        Just("--"),
        Just("u"),
        Just("p"),
        Just("&"),
        Just("="),
        Just("+"),
        Just("%75"),
        Just("%"),
        Just("%00"),
        Just("["),
        Just("]"),
        Just(";"),
        Just("\0"),
        Just(" "),
        Just("-"),
        Just("--xyz\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\n"),
    ]
}

proptest! {
    #[test]
    fn how_the_body_is_cut_changes_nothing(pieces in proptest::collection::vec(piece(), 0..40), size in 1..20usize) {
        let body = pieces.concat();
        for content_type in [MULTIPART, "application/x-www-form-urlencoded"] {
            let whole = scan("", content_type, &[body.as_bytes()]);
            let cut: Vec<_> = body.as_bytes().chunks(size).collect();
            prop_assert_eq!(scan("", content_type, &cut), whole);
        }
    }

    #[test]
    fn what_the_form_has_the_scan_finds(pieces in proptest::collection::vec(piece(), 0..40)) {
        let body = pieces.concat();
        for content_type in [MULTIPART, "application/x-www-form-urlencoded"] {
            let Ok(form) = Form::parse(Some(content_type.as_bytes()), body.as_bytes()) else { continue };
            if [form.bytes("u"), form.bytes("p")].iter().all(|value| *value != Ok(None)) {
                prop_assert_eq!(scan("", content_type, &[body.as_bytes()]), ScanState::Found);
            }
        }
    }

    #[test]
    fn any_bytes_can_be_scanned(body in proptest::collection::vec(any::<u8>(), 0..400), header in "\\PC{0,40}") {
        for content_type in [MULTIPART, "application/x-www-form-urlencoded", &header, &format!("multipart/form-data;{header}")] {
            scan("", content_type, &[&body]);
        }
    }
}
