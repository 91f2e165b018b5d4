//! What's wrong with a configuration, all of it, for a tired operator.

use std::fmt;

use super::source::Place;

/// One mistake: where, which key, what was expected, what was found. No secret is ever in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// The dotted key, `panel.doors[0].path`; empty where a file can't be read or parsed.
    pub key: String,
    /// What was expected there.
    pub expected: String,
    /// What was found; `None` where something is missing.
    pub found: Option<String>,
    /// The nearest known name, or what to do.
    pub hint: Option<String>,
}

/// Every mistake of a configuration, in the order of the files' lines.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Report {
    mistakes: Vec<Mistake>,
}

/// Something that works but that the operator should know of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// The dotted key.
    pub key: String,
    /// What may go wrong, and what to do.
    pub text: String,
}

impl Report {
    pub(super) fn new(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes }
    }

    /// The mistakes.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match self.key.as_str() {
            "" => writeln!(f, "error")?,
            key => writeln!(f, "error in {key}")?,
        }
        write!(f, "    expected: {}", self.expected)?;
        if let Some(found) = &self.found {
            write!(f, "\n    found:    {found}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n    hint:     {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: warning about {}\n    {}", self.place, self.key, self.text)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.mistakes {
            writeln!(f, "{mistake}\n")?;
        }
        match self.mistakes.len() {
            1 => f.write_str("1 mistake; nothing was started"),
            many => write!(f, "{many} mistakes; nothing was started"),
        }
    }
}
