//! A table of the configuration, read key by key.
//!
//! Each reading says what it expects; what doesn't fit is noted with its place and the reading goes
//! on, so that one report holds every mistake. What nobody asked for is an unknown key.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::desk::{At, Desk, Wrong};
use super::source::{Entry, Node, Spot, Table, Value, quoted};

/// One table, or the absence of one: its keys are then all at their defaults.
pub(super) struct Section<'a> {
    pub(super) desk: &'a Desk<'a>,
    key: String,
    spot: Spot,
    table: Option<&'a Table>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The whole of a file.
    pub(super) fn root(desk: &'a Desk<'a>, table: &'a Table) -> Self {
        Self { desk, key: String::new(), spot: table.spot, table: Some(table), asked: RefCell::default() }
    }

    /// Where the section begins.
    pub(super) fn at(&self) -> At {
        At { key: self.key.clone(), spot: self.spot }
    }

    /// A place for a key of this section: its value's, or the section's own.
    pub(super) fn at_key(&self, key: &str) -> At {
        let spot = self.table.and_then(|t| t.entries.get(key)).map_or(self.spot, |entry| entry.node.spot);
        At { key: self.dotted(key), spot }
    }

    /// Whether the operator wrote the section.
    pub(super) fn is_given(&self) -> bool {
        self.table.is_some()
    }

    fn dotted(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }

    fn ask(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        let plain: String = self.dotted(key).split('[').map(|part| part.rsplit(']').next().unwrap_or(part)).collect();
        self.desk.ask(plain);
        self.table?.entries.get(key)
    }

    /// The value of a key, and where it stands.
    pub(super) fn node(&self, key: &'static str) -> Option<(&'a Node, At)> {
        self.ask(key).map(|entry| (&entry.node, At { key: self.dotted(key), spot: entry.node.spot }))
    }

    /// The value of a key as `read` understands it; `None` if it's absent or wrong, and wrong is
    /// noted.
    pub(super) fn get<T>(&self, key: &'static str, read: impl FnOnce(&'a Node) -> Result<T, Wrong>) -> Option<T> {
        let (node, at) = self.node(key)?;
        match read(node) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.desk.mistake(&at, wrong.or_found(node));
                None
            }
        }
    }

    /// The value of a key, or its default.
    pub(super) fn or<T>(&self, key: &'static str, read: impl FnOnce(&'a Node) -> Result<T, Wrong>, default: T) -> T {
        self.get(key, read).unwrap_or(default)
    }

    /// The value of a key that has to be there.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&'a Node) -> Result<T, Wrong>,
    ) -> Option<T> {
        if !self.has(key) {
            self.desk.missing(&At { key: self.dotted(key), spot: self.spot }, what);
        }
        self.get(key, read)
    }

    /// A list: each element as `read` understands it. Wrong elements are noted one by one.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        what: &str,
        mut read: impl FnMut(&'a Node) -> Result<T, Wrong>,
    ) -> Option<Vec<(T, At)>> {
        let (node, at) = self.node(key)?;
        let Value::Array(nodes) = &node.value else {
            self.desk.mistake(&at, Wrong::expected(format!("a list of {what}")).found(node.describe()));
            return None;
        };
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            let at = At { key: format!("{}[{}]", at.key, node.index), spot: node.spot };
            match read(node) {
                Ok(value) => values.push((value, at)),
                Err(wrong) => {
                    self.desk.mistake(&at, wrong.or_found(node));
                }
            }
        }
        Some(values)
    }

    /// The same, the values alone, or the default.
    pub(super) fn list_or<T>(
        &self,
        key: &'static str,
        what: &str,
        read: impl FnMut(&'a Node) -> Result<T, Wrong>,
        default: Vec<T>,
    ) -> Vec<T> {
        self.list(key, what, read).map_or(default, |list| list.into_iter().map(|(value, _)| value).collect())
    }

    /// A table within this one.
    pub(super) fn section(&self, key: &'static str) -> Section<'a> {
        let entry = self.ask(key);
        let table = entry.and_then(|entry| match &entry.node.value {
            Value::Table(table) => Some(table),
            _ => {
                let at = At { key: self.dotted(key), spot: entry.node.spot };
                let wrong = Wrong::expected(format!("a table, [{}]", at.key)).found(entry.node.describe());
                self.desk.mistake(&at, wrong);
                None
            }
        });
        // A header's own place says more than that of a dotted key's first part.
        let spot = entry.map_or(self.spot, |entry| table.map_or(entry.key, |table| table.spot.max(entry.key)));
        Section { desk: self.desk, key: self.dotted(key), spot, table, asked: RefCell::default() }
    }

    /// The tables of a list of tables.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some((node, at)) = self.node(key) else { return Vec::new() };
        let what = format!("a list of tables, [[{}]] or {key} = [{{ … }}]", at.key);
        let Value::Array(nodes) = &node.value else {
            self.desk.mistake(&at, Wrong::expected(what).found(node.describe()));
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(nodes.len());
        for node in nodes {
            let at = At { key: format!("{}[{}]", at.key, node.index), spot: node.spot };
            let Value::Table(table) = &node.value else {
                self.desk.mistake(&at, Wrong::expected("a table").found(node.describe()));
                continue;
            };
            let At { key, spot } = at;
            sections.push(Section { desk: self.desk, key, spot, table: Some(table), asked: RefCell::default() });
        }
        sections
    }

    /// All keys of a table whose keys are the operator's own names.
    pub(super) fn own_names(&self) -> Vec<(&'a str, &'a Node, At)> {
        let entries = self.table.into_iter().flat_map(|table| &table.entries);
        entries.map(|(key, e)| (key.as_str(), &e.node, At { key: self.dotted(key), spot: e.node.spot })).collect()
    }

    /// A key that is planned but does nothing in this version: accepting it would be a lie.
    pub(super) fn not_yet(&self, key: &'static str, instead: &str) {
        if let Some((_, at)) = self.node(key) {
            let expected = format!("no {key} setting: it comes in a later version");
            self.desk.mistake(&at, Wrong::expected(expected).hint(instead));
        }
    }

    /// A key that has a meaning only with another setting.
    pub(super) fn only_with(&self, key: &'static str, condition: &str) {
        if let Some((_, at)) = self.node(key) {
            self.desk.mistake(&at, Wrong::expected(format!("no {key} here: it belongs to {condition}")));
        }
    }

    /// Notes a mistake about a key, or about the section if the key is absent.
    pub(super) fn wrong(&self, key: &str, wrong: Wrong) {
        self.desk.mistake(&self.at_key(key), wrong);
    }

    /// Whether the operator wrote the key; asking doesn't make it known.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.entries.contains_key(key))
    }

    /// Whether the key stands there with just this text; asking doesn't make it known.
    pub(super) fn has_text(&self, key: &str, text: &str) -> bool {
        self.table.and_then(|table| table.entries.get(key)).is_some_and(|entry| entry.node.text() == Some(text))
    }

    /// Notes every key that nobody asked for, and ends the reading.
    pub(super) fn finish(self) {
        self.report_unknown();
    }

    /// Notes every key that nobody asked for.
    pub(super) fn report_unknown(&self) {
        let asked = self.asked.borrow();
        let Some(table) = self.table else { return };
        for (key, entry) in &table.entries {
            if asked.contains(&key.as_str()) {
                continue;
            }
            let full = if self.key.is_empty() { key.clone() } else { format!("{}.{key}", self.key) };
            let known = asked.iter().copied().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
            let here = if self.key.is_empty() { "the file".to_owned() } else { format!("[{}]", self.key) };
            let mut wrong = Wrong::expected(format!("a setting of {here}: {}", known.join(", ")))
                .found(format!("the unknown key {}", quoted(key)));
            if let Some(near) = nearest(key, &known) {
                wrong = wrong.hint(format!("did you mean {near}?"));
            }
            self.desk.mistake(&At { key: full, spot: entry.key }, wrong);
        }
    }
}

/// The known name that somebody most likely meant, if one is near enough.
pub(super) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    if name.chars().count() > 64 {
        return None;
    }
    let name = name.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.replace('-', "_")), *candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
