//! What can be wrong with a file of accounts.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::model::InvalidAccount;

/// Mistakes that a report names; the rest are counted.
const NAMED: usize = 50;

/// A file of accounts that can't be used. Mistakes are all in it, with their lines.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAccountsFile {
    /// It can't be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It's larger than any file of accounts should be.
    #[error("{}: larger than {max} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size, in bytes.
        max: u64,
    },
    /// It was being written while it was read.
    #[error("{}: being written just now", path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// There was an account before, and there's none in it now.
    #[error("{}: no accounts in it any more", path.display())]
    Emptied {
        /// The file.
        path: PathBuf,
    },
    /// There are mistakes in it.
    #[error("{}", Report { path, mistakes })]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// All of them, in the order of lines.
        mistakes: Vec<Mistake>,
    },
}

/// One mistake and where it is. It never repeats an address: these reports go to the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Mistake {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub what: AccountMistake,
}

/// What is wrong with an account, or with the header line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountMistake {
    /// Not text.
    #[error("not UTF-8")]
    NotUtf8,
    /// A control character within a field; a quote that isn't closed makes one of the next lines.
    #[error("a line break or another control character in a field (is a quote left open?)")]
    Control,
    /// Just one field.
    #[error("only one field; expected login,email[,email2][,language][,type][,created_from][,billing]")]
    OneField,
    /// Just one field, with semicolons in it.
    #[error("fields are separated by commas here, not by semicolons")]
    Semicolons,
    /// More fields than columns.
    #[error("{found} fields, but there are only {columns} columns")]
    TooManyFields {
        /// How many there are.
        found: usize,
        /// How many there can be.
        columns: usize,
    },
    /// The header names a column that there isn't.
    #[error("unknown column `{name}`{}; known are login, email, email2 … email9, language, type, created_from, billing", nearest.as_ref().map(|n| format!(" (do you mean `{n}`?)")).unwrap_or_default())]
    UnknownColumn {
        /// The column.
        name: String,
        /// The known name nearest to it.
        nearest: Option<&'static str>,
    },
    /// The header names a column twice.
    #[error("column `{0}` is there twice")]
    ColumnTwice(String),
    /// The header lacks a column.
    #[error("column `{0}` is missing")]
    ColumnMissing(&'static str),
    /// The login can't name an account.
    #[error("{0}")]
    Login(#[from] InvalidAccount),
    /// An account with this login was there already.
    #[error("the same login as in line {first} (logins are compared without regard to case)")]
    SameLogin {
        /// Where.
        first: u64,
    },
    /// An address isn't one.
    #[error("e-mail address {0} isn't one ASCII address like name@example.net")]
    Email(usize),
    /// Too many addresses.
    #[error("more than {0} e-mail addresses")]
    TooManyEmails(usize),
    /// The language isn't a language tag.
    #[error("the language isn't a tag like fr or en-GB")]
    Language,
    /// The customer type is too long.
    #[error("the customer type is longer than {0} characters")]
    TypeTooLong(usize),
    /// The billing contact isn't an address.
    #[error("the billing address isn't one ASCII address like name@example.net")]
    Billing,
    /// Not an address or network.
    #[error("created_from isn't an IP address")]
    CreatedFrom,
    /// A network of another size than those that clients are told apart by.
    #[error("created_from is a network of another length than listen.network_prefix; write an address")]
    CreatedFromWidth,
    /// The file isn't TOML, or has a key that isn't known, or a value of the wrong kind.
    #[error("{0}")]
    Toml(String),
}

struct Report<'a> {
    path: &'a PathBuf,
    mistakes: &'a [Mistake],
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.mistakes.len();
        write!(f, "{}: {count} {}", self.path.display(), if count == 1 { "mistake" } else { "mistakes" })?;
        for mistake in self.mistakes.iter().take(NAMED) {
            write!(f, "\n  {mistake}")?;
        }
        if count > NAMED {
            write!(f, "\n  and {} more", count - NAMED)?;
        }
        Ok(())
    }
}
