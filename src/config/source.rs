//! Files of TOML as trees whose every value knows where it stands.
//!
//! The tree is the reader's own and not serde's, for two reasons: a value keeps its place when a
//! profile and the operator's file are merged, and reading goes on after a mistake.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest file that is read, in bytes; a configuration is some hundred lines.
pub(super) const MAX_FILE: usize = 1024 * 1024;

/// A point in one of the files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Spot {
    file: usize,
    offset: usize,
}

/// A point as people look it up: lines and columns count from 1, columns in characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file's name, as it was given.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// The files that were read, to turn spots into places.
#[derive(Default)]
pub(super) struct Sources {
    files: Vec<(String, String)>,
}

impl Sources {
    /// Parses a file; its syntax errors come with their spots. The tree holds what could be read
    /// in spite of them.
    pub(super) fn parse(&mut self, name: &str, text: &str) -> (Table, Vec<(Spot, String)>) {
        // An editor's byte order mark is no mistake.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file = self.files.len();
        self.files.push((name.to_owned(), text.to_owned()));
        let (document, errors) = DeTable::parse_recoverable(text);
        let errors = errors
            .iter()
            .map(|e| {
                let offset = e.span().map_or(0, |span| span.start);
                (Spot { file, offset }, e.message().replace('\n', ", "))
            })
            .collect();
        (Table::of(file, document.span(), document.get_ref()), errors)
    }

    /// A file that can't be parsed at all, for a mistake that has no place in it.
    pub(super) fn unreadable(&mut self, name: &str) -> Spot {
        self.files.push((name.to_owned(), String::new()));
        Spot { file: self.files.len() - 1, offset: 0 }
    }

    /// Where a spot is.
    pub(super) fn place(&self, spot: Spot) -> Place {
        let Some((name, text)) = self.files.get(spot.file) else {
            return Place { file: String::new(), line: 1, column: 1 };
        };
        let before = text.get(..spot.offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Place { file: name.clone(), line, column }
    }

    /// The text of the line that a spot is on.
    pub(super) fn line(&self, spot: Spot) -> &str {
        let line = self.place(spot).line;
        self.files.get(spot.file).and_then(|(_, text)| text.lines().nth(line - 1)).unwrap_or_default()
    }

    /// Whether two spots are on one line of one file.
    pub(super) fn same_line(&self, a: Spot, b: Spot) -> bool {
        a.file == b.file && self.place(a).line == self.place(b).line
    }
}

/// A value and where it stands. Not printable: it may be a secret.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) spot: Spot,
    /// Which element of its array it is, in its own file.
    pub(super) index: usize,
    pub(super) value: Value,
}

/// A value of TOML.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    /// `None`: more than 64 bits.
    Integer(Option<i64>),
    Float,
    Boolean(bool),
    Date,
    Array(Vec<Node>),
    Table(Table),
}

/// A table and where it begins.
#[derive(Clone, Default)]
pub(super) struct Table {
    pub(super) spot: Spot,
    pub(super) entries: BTreeMap<String, Entry>,
}

/// What stands at a key.
#[derive(Clone)]
pub(super) struct Entry {
    /// Where the key stands.
    pub(super) key: Spot,
    pub(super) node: Node,
}

impl Table {
    fn of(file: usize, span: Range<usize>, table: &DeTable<'_>) -> Self {
        let entries = table
            .iter()
            .map(|(key, value)| {
                let entry = Entry { key: Spot { file, offset: key.span().start }, node: Node::of(file, 0, value) };
                (key.get_ref().to_string(), entry)
            })
            .collect();
        Self { spot: Spot { file, offset: span.start }, entries }
    }
}

impl Node {
    fn of(file: usize, index: usize, value: &Spanned<DeValue<'_>>) -> Self {
        let span = value.span();
        let spot = Spot { file, offset: span.start };
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
            DeValue::Float(_) => Value::Float,
            DeValue::Boolean(yes) => Value::Boolean(*yes),
            DeValue::Datetime(_) => Value::Date,
            DeValue::Array(nodes) => {
                Value::Array(nodes.iter().enumerate().map(|(i, n)| Self::of(file, i, n)).collect())
            }
            DeValue::Table(table) => Value::Table(Table::of(file, span, table)),
        };
        Self { spot, index, value }
    }

    /// The text, if it's one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, with its value where that is short, for "found …".
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Text(text) => quoted(text),
            Value::Integer(Some(number)) => format!("the number {number}"),
            Value::Boolean(yes) => yes.to_string(),
            Value::Array(nodes) if nodes.is_empty() => "an empty list".to_owned(),
            _ => self.kind().to_owned(),
        }
    }

    /// What it is, without its value: for secrets.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a string",
            Value::Integer(Some(_)) => "a number",
            Value::Integer(None) => "a number of more than 64 bits",
            Value::Float => "a number with a decimal point",
            Value::Boolean(_) => "true or false",
            Value::Date => "a date",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Text in quotes, cut to 60 characters, control characters made visible.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().count() > 60 {
        shown.push('…');
    }
    format!("\"{shown}\"")
}
