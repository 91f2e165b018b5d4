//! Which door a request knocks at, and with what (DESIGN R5).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use http::Method;
use zeroize::Zeroizing;

use crate::login::form::{Ambiguous, Form, pick, value_in};
use crate::login::{Door, DoorKind, KeyRule};

use super::doors::Here;
use super::target::Target;

/// What a request is to the doors of a panel.
#[derive(Clone, Copy, Debug)]
pub enum Knock<'d> {
    /// It knocks at this door: path, method, query and fields fit. A closed `api` door is among
    /// these, whatever the method.
    Door(&'d Door),
    /// It may or may not, depending on who reads it: refused with 400.
    Ambiguous(Ambiguous),
    /// A door's path, but none of the doors there fits.
    ClosedPath {
        /// The first door at this path.
        door: &'d Door,
        /// It carries the credentials of a door at this path: refused in every state. Otherwise
        /// it's refused without a cleared session, and forwarded with one.
        credentials: bool,
    },
    /// No door is meant: the path is another one, or it's a plain `GET` or `HEAD`.
    None,
}

/// Which of the doors at the path of `target` (the most specific first) is meant. `form` is the
/// body, if [`needs_body`] asked for it.
pub fn knock<'d>(here: &Here<'d, '_>, method: &Method, target: &Target<'_>, form: Option<&Form>) -> Knock<'d> {
    if here.is_empty() {
        return Knock::None;
    }
    let here = || here.doors();
    for door in here().filter(|door| takes(door, method)) {
        match fits(door, target, form) {
            Fit::Yes => return Knock::Door(door),
            Fit::No => {}
            Fit::Unclear(ambiguous) => return Knock::Ambiguous(ambiguous),
        }
    }
    // A form that could change the password and doesn't (a profile page, saved) brings nobody in: it's what a cleared
    // session may post.
    let brings_in = |door: &&Door| door.kind != DoorKind::Password && carries_credentials(door, target, form);
    if let Some(door) = here().find(brings_in) {
        return Knock::ClosedPath { door, credentials: true };
    }
    match here().next() {
        Some(door) if !is_plain(method) => Knock::ClosedPath { door, credentials: false },
        _ => Knock::None,
    }
}

/// Whether the body must be read whole before [`knock`] can say: anything but a plain `GET` or
/// `HEAD` to the path of a door whose form counts.
pub fn needs_body(here: &Here<'_, '_>, method: &Method) -> bool {
    !is_plain(method) && here.doors().any(|door| door.kind != DoorKind::Api || !door.fields.is_empty())
}

/// Login and password as they were typed.
#[derive(Clone, Default)]
pub struct Typed {
    /// The login.
    pub username: Option<String>,
    /// The password, in the panel's own character set.
    pub password: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Typed {
    /// Without both: people type passwords into the wrong field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// The login and password that a request brings to `door`, in the form or the query.
///
/// # Errors
/// When panels could read one of them in different ways.
pub fn typed(door: &Door, target: &Target<'_>, form: Option<&Form>) -> Result<Typed, Ambiguous> {
    let username = match &door.username {
        Some(field) => one_of_both(field, target, form)?
            .map(|value| String::from_utf8(value.to_vec()).map_err(|_| Ambiguous::Encoding))
            .transpose()?,
        None => None,
    };
    let password = match &door.password {
        Some(field) => one_of_both(field, target, form)?.map(|value| Zeroizing::new(value.into_owned())),
        None => None,
    };
    Ok(Typed { username, password })
}

/// A field's value, which may be in the query or the form, or in both if it's the same.
fn one_of_both<'a>(
    field: &str,
    target: &Target<'a>,
    form: Option<&'a Form>,
) -> Result<Option<Cow<'a, [u8]>>, Ambiguous> {
    let in_form = form.map(|form| form.bytes(field)).transpose()?.flatten();
    let in_query = pick(target.query_pairs(), field)?.map(|pair| pair.into_value());
    match (in_form, in_query) {
        (Some(form), Some(query)) if *query != *form => Err(Ambiguous::Twofold),
        (Some(value), _) => Ok(Some(Cow::Borrowed(value))),
        (None, value) => Ok(value),
    }
}

/// Whether a method neither has a body nor changes anything.
fn is_plain(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn takes(door: &Door, method: &Method) -> bool {
    let listed = |method: &Method| door.methods.contains(method);
    let closed_api = door.kind == DoorKind::Api && !door.open && !is_plain(method);
    door.methods.is_empty() || closed_api || listed(method) || (method == Method::HEAD && listed(&Method::GET))
}

enum Fit {
    Yes,
    No,
    Unclear(Ambiguous),
}

fn fits(door: &Door, target: &Target<'_>, form: Option<&Form>) -> Fit {
    let query = rules(&door.query, |key| value_in(target.query_pairs(), key));
    let fields = rules(&door.fields, |key| match form {
        Some(form) => form.value(key).map(|value| value.map(Cow::Borrowed)),
        None => Ok(None),
    });
    match (query, fields) {
        (Fit::No, _) | (_, Fit::No) => Fit::No,
        (Fit::Unclear(ambiguous), _) | (_, Fit::Unclear(ambiguous)) => Fit::Unclear(ambiguous),
        (Fit::Yes, Fit::Yes) => Fit::Yes,
    }
}

/// One rule that certainly fails decides, even if another is unclear.
fn rules<'v>(
    rules: &BTreeMap<String, KeyRule>,
    value: impl Fn(&str) -> Result<Option<Cow<'v, str>>, Ambiguous>,
) -> Fit {
    let mut unclear = None;
    for (key, rule) in rules {
        match value(key) {
            Ok(value) if rule.holds(value.as_deref()) => {}
            Ok(_) => return Fit::No,
            Err(ambiguous) => unclear = Some(ambiguous),
        }
    }
    unclear.map_or(Fit::Yes, Fit::Unclear)
}

/// Whether the field that makes a login a login is there, under any name that a panel takes for it.
fn carries_credentials(door: &Door, target: &Target<'_>, form: Option<&Form>) -> bool {
    let Some(field) = door.password.as_ref().or(door.username.as_ref()) else { return false };
    target.query_pairs().any(|pair| pair.meets(field))
        || form.is_some_and(|form| form.fields().any(|pair| pair.meets(field)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::doors::Doors;

    fn rule(key: &str, values: &[&str]) -> (String, KeyRule) {
        (key.to_owned(), KeyRule::OneOf(values.iter().map(|value| (*value).to_owned()).collect()))
    }

    fn door(kind: DoorKind, path: &str, methods: &[Method]) -> Door {
        Door {
            kind,
            path: path.to_owned(),
            methods: methods.to_vec(),
            query: BTreeMap::new(),
            fields: BTreeMap::new(),
            username: None,
            password: None,
            accepted: Vec::new(),
            refused: Vec::new(),
            open: false,
            hand_over_answer: false,
            json: false,
        }
    }

    /// WordPress: a reset door before the login door, and a closed XML-RPC.
    fn wordpress() -> Doors {
        let reset = Door {
            query: BTreeMap::from([rule("action", &["lostpassword", "rp", "resetpass"])]),
            username: Some("user_login".to_owned()),
            ..door(DoorKind::Reset, "/wp-login.php", &[Method::GET, Method::POST])
        };
        let login = Door {
            query: BTreeMap::from([rule("action", &["", "login"])]),
            username: Some("log".to_owned()),
            password: Some("pwd".to_owned()),
            ..door(DoorKind::Login, "/wp-login.php", &[Method::POST])
        };
        let password = Door {
            fields: BTreeMap::from([("pass1".to_owned(), KeyRule::Present)]),
            password: Some("pass1".to_owned()),
            ..door(DoorKind::Password, "/wp-admin/profile.php", &[Method::POST])
        };
        vec![reset, login, password, door(DoorKind::Api, "/xmlrpc.php", &[Method::POST])].into()
    }

    /// DokuWiki: any request with `u` on doku.php, by GET too.
    fn dokuwiki() -> Doors {
        let credentials = |door: Door| Door { username: Some("u".to_owned()), password: Some("p".to_owned()), ..door };
        vec![
            Door {
                fields: BTreeMap::from([("u".to_owned(), KeyRule::Present)]),
                ..credentials(door(DoorKind::Login, "/doku.php", &[Method::POST]))
            },
            Door {
                query: BTreeMap::from([("u".to_owned(), KeyRule::Present)]),
                ..credentials(door(DoorKind::Login, "/doku.php", &[Method::GET]))
            },
        ]
        .into()
    }

    fn form(body: &str) -> Form {
        Form::parse(Some(b"application/x-www-form-urlencoded"), body.as_bytes()).unwrap()
    }

    fn tell(doors: &Doors, method: &str, target: &str, body: Option<&str>) -> String {
        let form = body.map(form);
        let target = Target::parse(target.as_bytes()).unwrap();
        match knock(&doors.at(target.path()), &Method::from_bytes(method.as_bytes()).unwrap(), &target, form.as_ref()) {
            Knock::Door(door) => format!("{:?}", door.kind),
            Knock::Ambiguous(ambiguous) => ambiguous.reason().to_owned(),
            Knock::ClosedPath { credentials: true, .. } => "closed".to_owned(),
            Knock::ClosedPath { credentials: false, .. } => "unlisted".to_owned(),
            Knock::None => "none".to_owned(),
        }
    }

    #[test]
    fn r5_the_most_specific_door_that_fits_is_meant() {
        let table = [
            ("POST", "/wp-login.php", Some("log=alice&pwd=x"), "Login"),
            ("POST", "/wp-login.php?action=login", Some("log=alice&pwd=x"), "Login"),
            ("POST", "/wp-login.php?action=", Some("log=alice&pwd=x"), "Login"),
            ("POST", "/wp-login.php/x.css?x=/assets/a.css", Some("log=alice&pwd=x"), "Login"),
            ("POST", "/WP-LOGIN.PHP", Some("log=alice&pwd=x"), "Login"),
            ("POST", "/wp-login.php?action=lostpassword", Some("user_login=alice"), "Reset"),
            ("GET", "/wp-login.php?action=rp&key=k&login=alice", None, "Reset"),
            ("HEAD", "/wp-login.php?action=rp&key=k&login=alice", None, "Reset"),
            ("GET", "/wp-login.php", None, "none"),
            ("GET", "/wp-login.php?action=logout", None, "none"),
            ("POST", "/wp-login.php?action=postpass", Some("post_password=x"), "unlisted"),
            ("POST", "/wp-login.php?action=postpass", Some("log=alice&pwd=x"), "closed"),
            ("PUT", "/wp-login.php", Some("log=alice&pwd=x"), "closed"),
            ("PUT", "/wp-login.php", Some("a=b"), "unlisted"),
            ("GET", "/wp-login.php?log=alice&pwd=x", None, "closed"),
            ("GET", "/wp-login.php?%50wd%00=x", None, "closed"),
            ("POST", "/wp-login.php?action=login&action=rp", Some("log=alice&pwd=x"), "field_repeated"),
            ("POST", "/wp-login.php?action[]=rp", Some("log=alice&pwd=x"), "field_respelt"),
            ("POST", "/wp-login.php?+action=rp", Some("log=alice&pwd=x"), "field_respelt"),
            ("POST", "/wp-login.php?a;action=rp", Some("log=alice&pwd=x"), "field_separator"),
            ("POST", "/wp-login.php?action=%ff", Some("log=alice&pwd=x"), "field_encoding"),
            ("POST", "/wp-login.php?%u0061ction=rp", Some("log=alice&pwd=x"), "field_encoding"),
            ("POST", "/xmlrpc.php", None, "Api"),
            ("BREW", "/xmlrpc.php", None, "Api"),
            ("POST", "/xmlrpc", None, "Api"),
            ("GET", "/xmlrpc.php?rsd", None, "none"),
            ("POST", "/wp-admin/profile.php", Some("nickname=al&pass1=new"), "Password"),
            ("POST", "/wp-admin/profile.php", Some("nickname=al&pass1="), "unlisted"),
            ("POST", "/wp-comments-post.php", Some("pwd=x"), "none"),
        ];
        let doors = wordpress();
        for (method, target, body, expected) in table {
            assert_eq!(tell(&doors, method, target, body), expected, "{method} {target} {body:?}");
        }
    }

    #[test]
    fn r5_a_panel_that_takes_credentials_with_any_request() {
        let table = [
            ("POST", "/doku.php?id=start&do=login", Some("u=alice&p=x"), "Login"),
            ("POST", "/doku.php?id=start", Some("u=alice&p=x&do=profile"), "Login"),
            ("GET", "/doku.php?id=start&u=alice&p=x", None, "Login"),
            ("POST", "/doku.php?u=alice&p=x", Some("id=start"), "closed"),
            ("POST", "/doku.php", Some("u=&p=x"), "closed"),
            ("POST", "/doku.php", Some("u[]=alice&p=x"), "field_respelt"),
            ("POST", "/doku.php?id=start", Some("do[save]=1&wikitext=hello"), "unlisted"),
            ("GET", "/doku.php?id=start&do=search&q=a", None, "none"),
        ];
        let doors = dokuwiki();
        for (method, target, body, expected) in table {
            assert_eq!(tell(&doors, method, target, body), expected, "{method} {target} {body:?}");
        }
    }

    #[test]
    fn only_forms_at_a_doors_path_are_read_whole() {
        let doors = wordpress();
        let table = [
            ("POST", "/wp-login.php", true),
            ("POST", "/wp-login.php/x", true),
            ("PUT", "/wp-login.php?action=rp", true),
            ("GET", "/wp-login.php", false),
            ("POST", "/index.php", false),
            ("POST", "/xmlrpc.php", false),
        ];
        for (method, target, expected) in table {
            let target = Target::parse(target.as_bytes()).unwrap();
            assert_eq!(needs_body(&doors.at(target.path()), &method.parse().unwrap()), expected, "{target:?}");
        }
    }

    #[test]
    fn r10_credentials_are_read_from_form_and_query() {
        let doors = wordpress();
        let login = &doors[1];
        let read = |target: &str, body: &str| {
            let typed = typed(login, &Target::parse(target.as_bytes()).unwrap(), Some(&form(body)))?;
            Ok((typed.username, typed.password.map(|password| password.to_vec())))
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(read("/x", "log=al%69ce&pwd=a+b%e9"), Ok((text("alice"), Some(b"a b\xe9".to_vec()))));
        assert_eq!(read("/x?log=alice", "log=alice&pwd=x"), Ok((text("alice"), Some(b"x".to_vec()))));
        assert_eq!(read("/x?log=bob", "log=alice&pwd=x"), Err(Ambiguous::Twofold));
        assert_eq!(read("/x?log[]=bob", "log=alice&pwd=x"), Err(Ambiguous::Respelt));
        assert_eq!(read("/x?log=alice", "pwd=x"), Ok((text("alice"), Some(b"x".to_vec()))));
        assert_eq!(read("/x", ""), Ok((None, None)));
        assert_eq!(read("/x", "log=%e9&pwd=x"), Err(Ambiguous::Encoding));
        let shown = format!("{:?}", typed(login, &Target::parse(b"/x").unwrap(), Some(&form("log=alice&pwd=s3"))));
        assert!(!shown.contains("alice") && !shown.contains("s3"), "{shown}");
    }
}
