//! Profiles: what is known about a panel, under what the operator says about his.
//!
//! A profile is a file whose only table is `[panel]`, so that every line of it can be carried over
//! into the operator's own file. Tables are merged key by key, lists are replaced as a whole. Of
//! the doors, the operator's come first, and one of the same kind and path takes the place of the
//! profile's.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::desk::{At, Desk, Wrong};
use crate::config::section::nearest;
use crate::config::source::{Entry, MAX_FILE, Node, Table, Value, quoted};

/// The built-in profiles, by name.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("cacti", include_str!("../../../config/panels/cacti.toml")),
    ("dokuwiki", include_str!("../../../config/panels/dokuwiki.toml")),
    ("wordpress", include_str!("../../../config/panels/wordpress.toml")),
];

/// What is about the operator's own installation: a profile can't say it.
const INSTALLATION: [&str; 6] = ["upstream", "profile", "mode", "host", "timeouts", "max_login_answer"];

/// The operator's `[panel]` over the profile that it names.
pub(in crate::config) fn merged(desk: &Desk<'_>, root: &Table) -> Table {
    let mut root = root.clone();
    let Some(Entry { node: Node { value: Value::Table(panel), .. }, .. }) = root.entries.get_mut("panel") else {
        return root;
    };
    let Some(Node { value: Value::Text(name), spot, .. }) = panel.entries.get("profile").map(|entry| &entry.node)
    else {
        return root;
    };
    let at = At { key: "panel.profile".to_owned(), spot: *spot };
    match find(desk, &at, name) {
        Some(profile) => merge(panel, profile),
        None => desk.lose_profile(),
    }
    root
}

/// The `[panel]` table of a profile.
fn find(desk: &Desk<'_>, at: &At, name: &str) -> Option<Table> {
    let (file, text) = match BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
        Some((_, text)) => (format!("built-in profile {name}"), (*text).to_owned()),
        None if name.contains('/') || Path::new(name).extension().is_some() => {
            let path = desk.path(name);
            match read_file(&path) {
                Ok(text) => (name.to_owned(), text),
                Err(why) => {
                    let wrong = Wrong::expected("a profile's file").found(format!("{}: {why}", path.display()));
                    desk.mistake(at, wrong);
                    return None;
                }
            }
        }
        None => {
            let names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let wrong = Wrong::expected(format!("a built-in profile ({}) or a path", names.join(", ")));
            let wrong = wrong.found(quoted(name));
            desk.mistake(
                at,
                match nearest(name, &names) {
                    Some(near) => wrong.hint(format!("did you mean \"{near}\"?")),
                    None => wrong.hint(format!("a profile of your own is named by its path, \"./{name}.toml\"")),
                },
            );
            return None;
        }
    };
    let mut profile = desk.parse(&file, &text);
    for (key, entry) in profile.entries.iter().filter(|(key, _)| *key != "panel") {
        let wrong = Wrong::expected("a profile with nothing but [panel]").found(format!("the key {}", quoted(key)));
        desk.mistake(&At { key: key.clone(), spot: entry.key }, wrong);
    }
    let panel = match profile.entries.remove("panel") {
        Some(Entry { node: Node { value: Value::Table(panel), .. }, .. }) => panel,
        _ => {
            let wrong = Wrong::expected("a profile with a table [panel]").found("none");
            desk.mistake(&At { key: "panel".to_owned(), spot: profile.spot }, wrong);
            return None;
        }
    };
    let (installation, known): (BTreeMap<_, _>, BTreeMap<_, _>) =
        panel.entries.into_iter().partition(|(key, _)| INSTALLATION.contains(&key.as_str()));
    for (key, entry) in installation {
        let wrong = Wrong::expected("what is true of every such panel").found(format!("the key {}", quoted(&key)));
        let at = At { key: format!("panel.{key}"), spot: entry.key };
        desk.mistake(&at, wrong.hint("this belongs in the configuration that names the profile"));
    }
    Some(Table { spot: panel.spot, entries: known })
}

/// A bounded file of UTF-8 text.
pub(in crate::config) fn read_file(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_FILE as u64 {
        return Err(format!("it's over {} bytes", MAX_FILE));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

fn merge(over: &mut Table, under: Table) {
    for (key, entry) in under.entries {
        let Some(given) = over.entries.get_mut(&key) else {
            over.entries.insert(key, entry);
            continue;
        };
        match (&mut given.node.value, entry.node.value) {
            (Value::Table(over), Value::Table(under)) => merge(over, under),
            (Value::Array(over), Value::Array(under)) if key == "doors" => {
                let doors = under.into_iter().filter(|door| !over.iter().any(|own| same_door(own, door)));
                let kept: Vec<_> = doors.collect();
                over.extend(kept);
            }
            _ => {}
        }
    }
}

fn same_door(a: &Node, b: &Node) -> bool {
    let name = |node: &Node| match &node.value {
        Value::Table(table) => {
            let text = |key| table.entries.get(key).and_then(|entry| entry.node.text()).map(str::to_owned);
            text("kind").zip(text("path"))
        }
        _ => None,
    };
    name(a).is_some_and(|a| Some(a) == name(b))
}
