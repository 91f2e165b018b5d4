//! The example file shows every setting, and its defaults are the code's.

use std::collections::BTreeSet;

use super::super::desk::Desk;
use super::super::source::{Node, Table, Value};
use super::*;

const EXAMPLE: &str = include_str!("../../../config/poterne.toml");

/// Lines that begin with `#` and a key at once show a default.
fn with_defaults() -> String {
    EXAMPLE
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| is_setting(rest)).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n")
}

/// The same, and lines that begin with `# ` and a key or header: settings without a default.
fn with_everything() -> String {
    with_defaults()
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n")
}

fn is_setting(line: &str) -> bool {
    let key = line.split(" = ").next().unwrap_or_default();
    let is_pair = line.contains(" = ") && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_pair || (line.starts_with('[') && line.ends_with(']'))
}

#[test]
fn the_example_is_a_configuration_without_mistakes() {
    let (checked, warnings) = load(EXAMPLE).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(warnings, []);
    assert_eq!(checked.listen.hosts, ["panel.example.net"]);
    assert_eq!(checked.panel.profile_name.as_deref(), Some("dokuwiki"));
}

#[test]
fn the_defaults_it_shows_are_the_codes() {
    let shown = with_defaults();
    assert!(shown.lines().count() == EXAMPLE.lines().count() && shown != EXAMPLE);
    let folder = folder();
    let load = |text: &str| {
        let loaded = load_with(text, "poterne.toml", folder.path(), None, &environment);
        format!("{:#?}", loaded.unwrap_or_else(|report| panic!("{report}")).0)
    };
    assert_eq!(load(&shown), load(EXAMPLE));
}

#[test]
fn it_shows_every_setting_there_is() {
    let folder = folder();
    let text = with_everything();
    let desk = Desk::new(folder.path(), &environment);
    super::super::read(&desk, &text, "poterne.toml", None);
    let known: BTreeSet<_> = desk.known().iter().map(|key| matcher(key)).collect();
    let shown: BTreeSet<_> = keys_of(&desk.parse("poterne.toml", &text)).iter().map(|key| matcher(key)).collect();
    let missing: Vec<_> = known.difference(&shown).filter(|key| !key.ends_with(".env")).collect();
    assert_eq!(missing, Vec::<&String>::new(), "settings that config/poterne.toml doesn't show");
    assert!(known.len() > 80, "{}", known.len());

    // What it shows is right, but for what comes later and for what belongs to other choices.
    let report = desk.close().unwrap_err();
    let keys: Vec<_> = report.mistakes().iter().map(|mistake| mistake.key.as_str()).collect();
    assert_eq!(keys, ["listen.tls", "known_networks.unused_for", "mail.path", "store.url"], "{report}");
}

/// Matchers have the same keys wherever they stand: it's enough to show each once.
fn matcher(key: &str) -> String {
    match key.rsplit_once('.') {
        Some((list, own)) if ["accepted", "refused", "inside"].iter().any(|name| list.ends_with(name)) => {
            own.to_owned()
        }
        _ => key.to_owned(),
    }
}

fn keys_of(table: &Table) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (key, entry) in &table.entries {
        keys.insert(key.clone());
        keys.extend(keys_within(&entry.node).into_iter().map(|inner| format!("{key}.{inner}")));
    }
    keys
}

fn keys_within(node: &Node) -> BTreeSet<String> {
    match &node.value {
        Value::Table(table) => keys_of(table),
        Value::Array(nodes) => nodes.iter().flat_map(keys_within).collect(),
        _ => BTreeSet::new(),
    }
}
