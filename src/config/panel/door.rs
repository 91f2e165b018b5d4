//! `[[panel.doors]]` and `[panel.probe]`: ways of presenting a password, and how to tell whether it
//! was right.

use std::collections::BTreeMap;

use http::Method;
use regex::bytes::Regex;

use crate::config::desk::Wrong;
use crate::config::section::Section;
use crate::config::source::{Node, Value};
use crate::config::value::{any_text, boolean, number, one_of, pattern, text};
use crate::gate::pattern::PathPattern;
use crate::login::{Door, DoorKind, KeyRule, Matcher, Probe};

/// Every kind of door, by its name in the configuration.
const KINDS: [(&str, DoorKind); 6] = [
    ("login", DoorKind::Login),
    ("reset", DoorKind::Reset),
    ("register", DoorKind::Register),
    ("password", DoorKind::Password),
    ("logout", DoorKind::Logout),
    ("api", DoorKind::Api),
];

/// Methods that a door of kind `api` answers to where the profile doesn't say: all.
const ALL_METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

pub(super) fn read_doors(panel: &Section<'_>, prefix: &str) -> Vec<Door> {
    panel.sections("doors").into_iter().filter_map(|section| read_door(section, prefix)).collect()
}

fn read_door(section: Section<'_>, prefix: &str) -> Option<Door> {
    let kind = section.required("kind", "what the door is for: login, reset, register, …", one_of(&KINDS));
    let path = section.required("path", "the door's path, like \"/login.php\"", |node| door_path(node, prefix));
    let methods = section.list("methods", "methods", method);
    let query = read_rules(&section, "query");
    let fields = read_rules(&section, "fields");
    let username = section.get("username", field);
    let password = section.get("password", field);
    let json = section.or("json", boolean, false);
    let accepted = read_matchers(&section, "accepted");
    let refused = read_matchers(&section, "refused");
    let open = section.or("open", boolean, false);
    let hand_over_answer = section.or("hand_over_answer", boolean, false);
    if let Some(kind) = kind {
        check_kind(&section, kind, open, hand_over_answer);
    }
    let methods = match methods {
        Some(list) if list.is_empty() => {
            section.wrong("methods", Wrong::expected("at least one method").found("none that can be used"));
            Vec::new()
        }
        Some(list) => list.into_iter().map(|(method, _)| method).collect(),
        None => match kind {
            Some(DoorKind::Api) => ALL_METHODS.to_vec(),
            Some(DoorKind::Logout) => vec![Method::GET, Method::POST],
            _ => vec![Method::POST],
        },
    };
    section.finish();
    let (kind, path) = kind.zip(path)?;
    Some(Door {
        kind,
        path,
        methods,
        query,
        fields,
        username,
        password,
        json,
        accepted,
        refused,
        open,
        hand_over_answer,
    })
}

/// What each kind needs, and what it can't have.
fn check_kind(section: &Section<'_>, kind: DoorKind, open: bool, hand_over_answer: bool) {
    let lacks = |key| section.node(key).is_none();
    if kind == DoorKind::Login {
        for (key, what) in [
            ("username", "the name of the field that carries the login"),
            ("password", "the name of the field that carries the password"),
            ("accepted", "what the panel's answer to a right password looks like, like [{ status = 302 }]"),
            ("refused", "what the panel's answer to a wrong password looks like: wrong tries are counted by it"),
        ] {
            if lacks(key) {
                section.desk.missing(&section.at_key(key), what);
            }
        }
    } else if hand_over_answer {
        section.only_with("hand_over_answer", "kind = \"login\"");
    }
    if kind != DoorKind::Api && open {
        section.only_with("open", "kind = \"api\"");
    }
}

fn door_path(node: &Node, prefix: &str) -> Result<String, Wrong> {
    let text = text(node)?;
    let pattern = PathPattern::parse(text).filter(|pattern| !pattern.is_glob());
    if pattern.is_none() {
        let expected = "a canonical path: from the root, decoded, without query, dot segments or stars";
        return Err(Wrong::expected(expected));
    }
    match is_under(text, prefix) {
        true => Err(Wrong::expected("a path of the panel").hint(format!("below {prefix} are the gate's own pages"))),
        false => Ok(text.to_owned()),
    }
}

/// Whether `path` is `prefix` or below it.
pub(super) fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn method(node: &Node) -> Result<Method, Wrong> {
    let wrong = || Wrong::expected("a method in capitals, like \"POST\"");
    let text = node.text().ok_or_else(wrong)?;
    let method = text.parse::<Method>().map_err(|_| wrong())?;
    match method == Method::CONNECT || method == Method::TRACE || text.bytes().any(|b| b.is_ascii_lowercase()) {
        true => Err(wrong()),
        false => Ok(method),
    }
}

/// The name of a form field, as the panel reads it.
fn field(node: &Node) -> Result<String, Wrong> {
    let text = text(node)?;
    match text.contains(['[', ']', '&', '=', '+', '%']) || text != text.trim() {
        true => Err(Wrong::expected("the name of a form field, decoded")),
        false => Ok(text.to_owned()),
    }
}

/// Keys that must be so: a string must be equal, `""` means absent or empty, a list any of them,
/// `true` present with any value.
fn read_rules(section: &Section<'_>, key: &'static str) -> BTreeMap<String, KeyRule> {
    let table = section.section(key);
    let mut rules = BTreeMap::new();
    for (name, node, at) in table.own_names() {
        let rule = match &node.value {
            Value::Text(_) => any_text(node).map(|text| KeyRule::OneOf(vec![text.to_owned()])),
            Value::Boolean(true) => Ok(KeyRule::Present),
            Value::Array(nodes) if !nodes.is_empty() => {
                let texts: Result<Vec<_>, _> = nodes.iter().map(|node| any_text(node).map(str::to_owned)).collect();
                texts.map(KeyRule::OneOf)
            }
            _ => Err(expected_rule()),
        };
        match rule {
            Ok(rule) => drop(rules.insert(name.to_owned(), rule)),
            Err(_) => section.desk.mistake(&at, expected_rule().found(node.describe())),
        }
    }
    rules
}

fn expected_rule() -> Wrong {
    Wrong::expected("a string (equal; \"\": absent or empty), a list of strings (any of them), or true (present)")
}

pub(super) fn read_matchers(section: &Section<'_>, key: &'static str) -> Vec<Matcher> {
    let entries = section.sections(key);
    if entries.is_empty() && section.node(key).is_some_and(|(node, _)| matches!(node.value, Value::Array(_))) {
        section.wrong(key, Wrong::expected("at least one entry").found("an empty list"));
    }
    entries
        .into_iter()
        .map(|entry| {
            let matcher = Matcher {
                status: entry.get("status", number(100..=599)),
                location: entry.get("location", pattern),
                body: entry.get("body", pattern),
                body_not: entry.get("body_not", pattern),
            };
            let given = ["status", "location", "body", "body_not"].iter().any(|key| entry.has(key));
            if !given {
                let wrong = Wrong::expected("at least one of status, location, body, body_not").found("an empty entry");
                section.desk.mistake(&entry.at(), wrong.hint("an entry without conditions never holds"));
            }
            entry.finish();
            matcher
        })
        .collect()
}

/// The probe; `None` where there is none or it can't be used, which is noted.
pub(super) fn read_probe(panel: &Section<'_>, prefix: &str) -> Option<Probe> {
    let section = panel.section("probe");
    if !section.is_given() {
        return None;
    }
    let what = "a page that shows who is logged in, like \"/profile.php\"";
    let target = section.required("path", what, |node| super::profile::target(node, prefix));
    if !section.has("inside") {
        section.desk.missing(&section.at(), "inside: what that page looks like to somebody who is logged in");
    }
    let inside = read_matchers(&section, "inside");
    for (index, matcher) in inside.iter().enumerate() {
        if matcher.body.is_none() && matcher.location.is_none() {
            let expected = format!("a body or location in entry {index}: the status alone doesn't tell who is inside");
            section.wrong("inside", Wrong::expected(expected));
        }
    }
    let account = section.get("account", |node| named(node, "account")).flatten();
    let email = section.get("email", |node| named(node, "email")).flatten();
    section.finish();
    target.map(|target| Probe { target, inside, account, email })
}

/// A pattern with a group of this name; an empty one turns a profile's off.
fn named(node: &Node, group: &str) -> Result<Option<Regex>, Wrong> {
    if node.text() == Some("") {
        return Ok(None);
    }
    let pattern = pattern(node)?;
    match pattern.capture_names().any(|name| name == Some(group)) {
        true => Ok(Some(pattern)),
        false => {
            let wrong = Wrong::expected(format!("a regular expression with a group called {group}"));
            Err(wrong.hint(format!("put the part that is wanted into (?<{group}>…)")))
        }
    }
}
