//! Where mistakes and warnings are gathered, and what reading needs from the world.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::report::{Mistake, Report, Warning};
use super::source::{Node, Sources, Spot, Table};

/// The desk that a configuration is read at.
pub(super) struct Desk<'e> {
    sources: RefCell<Sources>,
    mistakes: RefCell<Vec<(Spot, Mistake)>>,
    warnings: RefCell<Vec<(Spot, Warning)>>,
    /// Every key that was asked for, without indexes: the tests hold the example file against it.
    known: RefCell<BTreeSet<String>>,
    /// A file has syntax errors: what is missing may only be unreadable.
    broken: Cell<bool>,
    /// The profile couldn't be read: what it would have said isn't missing.
    lost: Cell<bool>,
    base: PathBuf,
    environment: &'e dyn Fn(&str) -> Option<String>,
}

/// A key and where its value stands, to say more about it later.
#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) key: String,
    pub(super) spot: Spot,
}

/// Why a value doesn't fit.
pub(super) struct Wrong {
    expected: String,
    found: Option<String>,
    hint: Option<String>,
}

impl Wrong {
    /// What was expected; what was found is described from the value itself.
    pub(super) fn expected(what: impl Into<String>) -> Self {
        Self { expected: what.into(), found: None, hint: None }
    }

    /// What was found, in other words than the value's own.
    pub(super) fn found(mut self, what: impl Into<String>) -> Self {
        self.found = Some(what.into());
        self
    }

    /// What was found is the value itself, unless something better was said.
    pub(super) fn or_found(mut self, node: &Node) -> Self {
        self.found = self.found.or_else(|| Some(node.describe()));
        self
    }

    /// What to do.
    pub(super) fn hint(mut self, what: impl Into<String>) -> Self {
        self.hint = Some(what.into());
        self
    }
}

impl<'e> Desk<'e> {
    pub(super) fn new(base: &Path, environment: &'e dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            sources: RefCell::default(),
            mistakes: RefCell::default(),
            warnings: RefCell::default(),
            known: RefCell::default(),
            broken: Cell::new(false),
            lost: Cell::new(false),
            base: base.to_owned(),
            environment,
        }
    }

    /// Parses a file and notes its syntax errors.
    pub(super) fn parse(&self, name: &str, text: &str) -> Table {
        let (table, errors) = self.sources.borrow_mut().parse(name, text);
        for (spot, message) in errors {
            self.broken.set(true);
            let at = At { key: String::new(), spot };
            self.mistake(&at, Wrong::expected("TOML that can be read").found(message));
        }
        table
    }

    /// Notes a file that can't be read, in its own name.
    pub(super) fn unreadable(&self, name: &str, wrong: Wrong) {
        let spot = self.sources.borrow_mut().unreadable(name);
        self.mistake(&At { key: String::new(), spot }, wrong);
    }

    /// Whether a file has syntax errors.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// Notes a mistake.
    pub(super) fn mistake(&self, at: &At, wrong: Wrong) {
        let place = self.sources.borrow().place(at.spot);
        let Wrong { expected, found, hint } = wrong;
        let mistake = Mistake { place, key: at.key.clone(), expected, found, hint };
        let mut mistakes = self.mistakes.borrow_mut();
        if !mistakes.iter().any(|(_, noted)| *noted == mistake) {
            mistakes.push((at.spot, mistake));
        }
    }

    /// The profile that the operator named can't be read.
    pub(super) fn lose_profile(&self) {
        self.lost.set(true);
    }

    /// Whether the panel can't be judged as a whole.
    pub(super) fn has_half_a_panel(&self) -> bool {
        self.is_broken() || self.lost.get()
    }

    /// Notes that something has to be there, unless something else that is wrong hides it.
    pub(super) fn missing(&self, at: &At, what: impl Into<String>) {
        let of_profile = at.key.starts_with("panel.") && at.key != "panel.upstream";
        if !(self.is_broken() || of_profile && self.lost.get()) {
            self.mistake(at, Wrong::expected(what).found("nothing: the key is missing"));
        }
    }

    /// Notes something to know.
    pub(super) fn warn(&self, at: &At, text: impl Into<String>) {
        let place = self.sources.borrow().place(at.spot);
        self.warnings.borrow_mut().push((at.spot, Warning { place, key: at.key.clone(), text: text.into() }));
    }

    /// A path of the configuration: relative ones lie beside the TOML file.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.base.join(text)
    }

    /// A variable of the environment.
    pub(super) fn environment(&self, name: &str) -> Option<String> {
        (self.environment)(name)
    }

    /// Notes that a key exists.
    pub(super) fn ask(&self, key: String) {
        self.known.borrow_mut().insert(key);
    }

    /// Every key that was asked for.
    #[cfg(test)]
    pub(super) fn known(&self) -> BTreeSet<String> {
        self.known.borrow().clone()
    }

    /// All warnings, or all mistakes if there are any.
    pub(super) fn close(self) -> Result<Vec<Warning>, Report> {
        let sources = self.sources.into_inner();
        let mut mistakes = self.mistakes.into_inner();
        let mut warnings = self.warnings.into_inner();
        let syntax: Vec<Spot> = mistakes.iter().filter(|(_, m)| is_syntax(m)).map(|(spot, _)| *spot).collect();
        if !syntax.is_empty() {
            // Beside a line that can't be read, what stands on it says nothing; and after a broken
            // header, keys are read as another table's.
            let header = syntax.iter().any(|spot| sources.line(*spot).trim_start().starts_with('['));
            mistakes.retain(|(spot, mistake)| {
                is_syntax(mistake) || (!header && !syntax.iter().any(|broken| sources.same_line(*broken, *spot)))
            });
        }
        mistakes.sort_by_key(|(spot, _)| *spot);
        warnings.sort_by_key(|(spot, _)| *spot);
        match mistakes.is_empty() {
            true => Ok(warnings.into_iter().map(|(_, warning)| warning).collect()),
            false => Err(Report::new(mistakes.into_iter().map(|(_, mistake)| mistake).collect())),
        }
    }
}

fn is_syntax(mistake: &Mistake) -> bool {
    mistake.key.is_empty()
}
