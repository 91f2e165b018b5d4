use proptest::prelude::*;

use super::*;

const URLENCODED: Option<&[u8]> = Some(b"application/x-www-form-urlencoded");

fn read(body: &str, name: &str) -> Result<Option<String>, Ambiguous> {
    let form = Form::parse(URLENCODED, body.as_bytes()).unwrap();
    form.value(name).map(|value| value.map(str::to_owned))
}

#[test]
fn a_field_sent_once_under_its_name_is_read() {
    let table = [
        ("log=alice&pwd=x", "log", Some("alice")),
        ("log=alice&log=alice", "log", Some("alice")),
        ("%6cog=al%69ce", "log", Some("alice")),
        ("log=a+b%2Bc", "log", Some("a b+c")),
        ("log=", "log", Some("")),
        ("log", "log", Some("")),
        ("log=a=b", "log", Some("a=b")),
        ("&&log=alice&&", "log", Some("alice")),
        ("pwd=x", "log", None),
        ("", "log", None),
        ("login[user]=alice&login[pass]=x", "login[user]", Some("alice")),
        ("pwd=100%&log=alice", "log", Some("alice")),
        ("pwd=a;b&log=alice", "log", Some("alice")),
        ("log=caf%c3%a9", "log", Some("café")),
    ];
    for (body, name, expected) in table {
        assert_eq!(read(body, name), Ok(expected.map(str::to_owned)), "{body}");
    }
}

#[test]
fn r10_what_panels_read_in_different_ways_has_no_value() {
    let table = [
        ("log=bob&log=alice", Ambiguous::Repeated),
        ("log=bob&+log=bob", Ambiguous::Respelt),
        ("+log=alice", Ambiguous::Respelt),
        ("log+=alice", Ambiguous::Respelt),
        ("log%00x=alice", Ambiguous::Respelt),
        ("log=bob&log%00x=alice", Ambiguous::Respelt),
        ("log[=alice", Ambiguous::Respelt),
        ("log[]=alice", Ambiguous::Respelt),
        ("log=bob&log[x]=alice", Ambiguous::Respelt),
        ("LOG=alice", Ambiguous::Respelt),
        ("%09log=alice", Ambiguous::Respelt),
        ("log=al%ice", Ambiguous::Encoding),
        ("log=%", Ambiguous::Encoding),
        ("log=%ff", Ambiguous::Encoding),
        ("log=alice%00bob", Ambiguous::Encoding),
        ("log=bob;log=alice", Ambiguous::Separator),
        ("x=1;log=alice", Ambiguous::Separator),
        ("log=bob&x=1;log=alice", Ambiguous::Separator),
        ("log;x=alice", Ambiguous::Separator),
    ];
    for (body, expected) in table {
        assert_eq!(read(body, "log"), Err(expected), "{body}");
    }
    assert_eq!(read("user.name=alice", "user_name"), Err(Ambiguous::Respelt));
    assert_eq!(read("user[name=alice", "user_name"), Err(Ambiguous::Respelt));
    assert_eq!(read("login=bob&login[user]=alice", "login[user]"), Err(Ambiguous::Respelt));
    assert_eq!(
        Form::parse(URLENCODED, b"%u006cog=alice").err(),
        Some(InvalidForm::Name),
        "a letter for IIS, itself for PHP"
    );
}

#[test]
fn content_types_are_read_in_their_plain_spelling_only() {
    let table: &[(&str, Option<InvalidForm>)] = &[
        ("application/x-www-form-urlencoded", None),
        ("Application/X-WWW-Form-URLencoded", None),
        ("application/x-www-form-urlencoded; charset=UTF-8", None),
        ("application/x-www-form-urlencoded;charset=\"utf-8\"", None),
        ("application/x-www-form-urlencoded; charset=ibm037", Some(InvalidForm::Charset)),
        ("application/x-www-form-urlencoded; charset=utf-7", Some(InvalidForm::Charset)),
        ("application/x-www-form-urlencoded; charset=utf-8; charset=ibm037", Some(InvalidForm::UnknownType)),
        ("application/x-www-form-urlencoded, text/plain", Some(InvalidForm::UnknownType)),
        ("application/x-www-form-urlencoded junk", Some(InvalidForm::UnknownType)),
        ("application/x-www-form-urlencoded;", Some(InvalidForm::UnknownType)),
        ("application/x-www-form-urlencoded\t", Some(InvalidForm::UnknownType)),
        ("multipart/form-data", Some(InvalidForm::UnknownType)),
        ("multipart/form-data; boundary=", Some(InvalidForm::UnknownType)),
        ("multipart/form-data; xboundary=a; boundary=b", Some(InvalidForm::UnknownType)),
        ("multipart/form-data; Boundary=a", Some(InvalidForm::UnknownType)),
        ("multipart/form-data; boundary=a b", Some(InvalidForm::UnknownType)),
        ("multipart/mixed; boundary=a", Some(InvalidForm::UnknownType)),
        ("text/plain", Some(InvalidForm::UnknownType)),
        ("", Some(InvalidForm::UnknownType)),
    ];
    for (header, expected) in table {
        assert_eq!(Form::parse(Some(header.as_bytes()), b"").err(), *expected, "{header}");
    }
    assert_eq!(Form::parse(None, b"").err(), Some(InvalidForm::UnknownType));
}

#[test]
fn a_form_that_names_another_character_set_is_refused() {
    assert!(Form::parse(URLENCODED, b"_charset_=UTF-8&log=a").is_ok());
    assert_eq!(Form::parse(URLENCODED, b"_charset_=utf-7&log=a").err(), Some(InvalidForm::Charset));
    assert_eq!(Form::parse(URLENCODED, b"_charset_=utf-8&_charset_[]=utf-7").err(), Some(InvalidForm::Charset));
}

#[test]
fn bodies_are_bounded() {
    let long = vec![b'a'; MAX_BODY + 1];
    assert_eq!(Form::parse(URLENCODED, &long).err(), Some(InvalidForm::TooLong));
    let fields = |count: usize| vec!["a=1"; count].join("&");
    assert!(Form::parse(URLENCODED, fields(MAX_FIELDS).as_bytes()).is_ok());
    assert_eq!(Form::parse(URLENCODED, fields(MAX_FIELDS + 1).as_bytes()).err(), Some(InvalidForm::TooManyFields));
    assert_eq!(Form::parse(URLENCODED, &vec![b'&'; 2000]).err(), Some(InvalidForm::TooManyFields));
    assert_eq!(Form::parse(URLENCODED, &vec![b';'; 2000]).err(), Some(InvalidForm::TooManyFields));
    let query = fields(MAX_FIELDS + 1);
    assert_eq!(value_in(query_pairs(&query), "log"), Err(Ambiguous::TooMany));
}

fn json(body: &str, name: &str) -> Result<Option<String>, Ambiguous> {
    let form = Form::parse(Some(b"application/json"), body.as_bytes()).unwrap();
    form.value(name).map(|value| value.map(str::to_owned))
}

#[test]
fn json_logins_are_objects_of_texts() {
    let alice = Ok(Some("alice".to_owned()));
    assert_eq!(json(r#"{"user":"alice","password":"x"}"#, "user"), alice);
    assert_eq!(json(r#"{"\u0075ser":"al\u0069ce"}"#, "user"), alice);
    assert_eq!(json(r#"{"user":"alice","user":"alice"}"#, "user"), alice);
    assert_eq!(json(r#"{"user":"bob","user":"alice"}"#, "user"), Err(Ambiguous::Repeated));
    assert_eq!(json(r#"{"user":"bob","User":"alice"}"#, "user"), Err(Ambiguous::Respelt));
    assert_eq!(json(r#"{"user":"bob","user\u0000":"alice"}"#, "user"), Err(Ambiguous::Respelt));
    assert_eq!(json(r#"{"user":["alice"]}"#, "user"), Err(Ambiguous::NotText));
    assert_eq!(json(r#"{"user":{"$ne":null}}"#, "user"), Err(Ambiguous::NotText));
    assert_eq!(json(r#"{"user":null}"#, "user"), Err(Ambiguous::NotText));
    assert_eq!(json(r#"{"x":[{"user":"bob"}]}"#, "user"), Ok(None));
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    for body in ["", "[]", "\"a\"", "{} x", "\u{feff}{}", "{'a':1}", "{\"a\":1,}", r#"{"a":"\ud800"}"#, &deep] {
        assert_eq!(Form::parse(Some(b"application/json"), body.as_bytes()).err(), Some(InvalidForm::Json), "{body}");
    }
}

fn multipart(body: &str) -> Result<Form, InvalidForm> {
    let header = b"multipart/form-data; boundary=----WebKitFormBoundaryAb12";
    Form::parse(Some(header), body.replace('\n', "\r\n").replace("@@", "----WebKitFormBoundaryAb12").as_bytes())
}

#[test]
fn multipart_of_browsers_is_read() {
    let form = multipart(
        "--@@\nContent-Disposition: form-data; name=\"log\"\n\nalice\n\
         --@@\ncontent-disposition: form-data; name=\"pwd\"\nContent-Type: text/plain; charset=utf-8\n\na\nb\n\
         --@@\nContent-Disposition: form-data; name=\"empty\"\n\n\n\
         --@@\nContent-Disposition: form-data; name=\"picture\"; filename=\"a;b'.png\"\nContent-Type: image/png\n\n\0\n\
         --@@--\n",
    )
    .unwrap();
    assert_eq!(form.value("log"), Ok(Some("alice")));
    assert_eq!(form.value("pwd"), Ok(Some("a\r\nb")));
    assert_eq!(form.value("empty"), Ok(Some("")));
    assert_eq!(form.value("picture"), Err(Ambiguous::NotText));
    assert!(multipart("--@@--").is_ok(), "a form without fields");
}

#[test]
fn r10_sloppy_multipart_is_refused() {
    let good = "--@@\nContent-Disposition: form-data; name=\"log\"\n\nalice\n--@@--\n";
    assert!(multipart(good).is_ok());
    let table = [
        ("unquoted name", good.replace("\"log\"", "log")),
        ("single quotes", good.replace("\"log\"", "'log'")),
        ("two names", good.replace("\"log\"", "\"x\"; name=\"log\"")),
        ("extended name", good.replace("name=\"log\"", "name=\"x\"; name*=utf-8''log")),
        ("extended file name", good.replace("\"log\"", "\"log\"; filename*=utf-8''x")),
        ("upper case", good.replace("name=", "NAME=")),
        ("escaped quote", good.replace("\"log\"", "\"lo\\\"g\"")),
        ("percent", good.replace("\"log\"", "\"%6cog\"")),
        ("tail after the name", good.replace("\"log\"", "\"log\" ")),
        ("no space", good.replace("; name", ";name")),
        ("other disposition", good.replace("form-data", "attachment")),
        ("folded header", good.replace("; name", ";\n name")),
        ("repeated header", good.replace("\n\nalice", "\nContent-Disposition: form-data; name=\"x\"\n\nalice")),
        ("encoded part", good.replace("\n\nalice", "\nContent-Transfer-Encoding: base64\n\nalice")),
        ("unknown header", good.replace("\n\nalice", "\nX-Y: z\n\nalice")),
        ("other type", good.replace("\n\nalice", "\nContent-Type: application/json\n\nalice")),
        ("no header", good.replace("Content-Disposition: form-data; name=\"log\"\n", "")),
        ("control in a name", good.replace("log", "lo\tg")),
        ("preamble", format!("x\n{good}")),
        ("empty preamble", format!("\n{good}")),
        ("epilogue", format!("{good}x")),
        ("no end", good.replace("--@@--\n", "")),
        ("no last dashes", good.replace("@@--\n", "@@\n")),
        ("boundary within a line", good.replace("alice", "al--@@ice")),
        ("longer boundary", good.replace("\n--@@--", "\n--@@x\n--@@--")),
        ("space after the boundary", good.replace("--@@\n", "--@@ \n")),
        ("long header", good.replace("log", &"l".repeat(3000))),
    ];
    for (what, body) in table {
        assert!(multipart(&body).is_err(), "{what}");
    }
    let bare = good.replace("@@", "----WebKitFormBoundaryAb12");
    let header = b"multipart/form-data; boundary=----WebKitFormBoundaryAb12";
    assert!(Form::parse(Some(header), bare.as_bytes()).is_err(), "bare line feeds");
    let charset = multipart(&good.replace("\n\nalice", "\nContent-Type: text/plain; charset=utf-7\n\nalice"));
    assert_eq!(charset.err(), Some(InvalidForm::Charset));
}

#[test]
fn values_are_not_shown() {
    let form = Form::parse(URLENCODED, b"log=alice&pwd=hunter2").unwrap();
    let shown = format!("{form:?} {:?}", query_pairs("pwd=hunter2").next());
    assert!(shown.contains("pwd") && !shown.contains("alice") && !shown.contains("hunter2"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_are_a_form_or_refused(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        for header in [b"application/x-www-form-urlencoded".as_slice(), b"application/json", b"multipart/form-data; boundary=a"] {
            if let Ok(form) = Form::parse(Some(header), &body) {
                let _ = form.value("log");
            }
            let _ = Form::parse(Some(&body), &body);
        }
    }

    #[test]
    fn what_a_browser_encodes_is_what_is_read(name in "[b-y][a-zA-Z0-9_é:-]{0,10}", value in "\\PC{0,20}") {
        let encode = |text: &str| -> String {
            text.bytes().map(|byte| match byte {
                b' ' => "+".to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            }).collect()
        };
        let body = format!("a=1&{}={}&z", encode(&name), encode(&value));
        let form = Form::parse(URLENCODED, body.as_bytes()).unwrap();
        prop_assert_eq!(form.value(&name), Ok(Some(value.as_str())));
    }
}
